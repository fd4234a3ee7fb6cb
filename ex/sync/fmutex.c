/*
 * fmutex.c - fast mutexes
 *
 * Count is 1 when the mutex is free. To acquire is to decrement it: who arrives at 0 owns the
 * mutex, anybody else waits for Event, and the owner who leaves and finds that Count was below 0
 * sets Event for one of them, handing the mutex over. The owner runs at APC_LEVEL, so that it can
 * be neither suspended nor terminated (WDK, "Fast Mutexes"); with the Unsafe functions the caller
 * has seen to that itself. Not recursive.
 */
#include "exp.h"

VOID ExInitializeFastMutex(_Out_ PFAST_MUTEX FastMutex) {
    FastMutex->Count = 1;
    FastMutex->Owner = NULL;
    FastMutex->Contention = 0;
    FastMutex->OldIrql = PASSIVE_LEVEL;
    KeInitializeEvent(&FastMutex->Event, SynchronizationEvent, FALSE);
}

VOID ExAcquireFastMutexUnsafe(_Inout_ PFAST_MUTEX FastMutex) {
    ASSERT(FastMutex->Owner != KeGetCurrentThread());
    if (InterlockedDecrement(&FastMutex->Count) != 0) {
        InterlockedIncrement(&FastMutex->Contention);
        KeWaitForSingleObject(&FastMutex->Event, WrFastMutex, KernelMode, FALSE, NULL);
    }
    FastMutex->Owner = KeGetCurrentThread();
}

VOID ExReleaseFastMutexUnsafe(_Inout_ PFAST_MUTEX FastMutex) {
    ASSERT(FastMutex->Owner == KeGetCurrentThread());
    FastMutex->Owner = NULL;
    if (InterlockedIncrement(&FastMutex->Count) <= 0) {
        KeSetEvent(&FastMutex->Event, 1, FALSE);
    }
}

/* IRQL <= APC_LEVEL; returns at APC_LEVEL. */
VOID ExAcquireFastMutex(_Inout_ PFAST_MUTEX FastMutex) {
    ASSERT_IRQL(<= APC_LEVEL);
    KIRQL OldIrql = KfRaiseIrql(APC_LEVEL);
    ExAcquireFastMutexUnsafe(FastMutex);
    FastMutex->OldIrql = OldIrql;
}

/* Returns to the IRQL of the acquirer. */
VOID ExReleaseFastMutex(_Inout_ PFAST_MUTEX FastMutex) {
    KIRQL OldIrql = (KIRQL)FastMutex->OldIrql;
    ExReleaseFastMutexUnsafe(FastMutex);
    KeLowerIrql(OldIrql);
}

/* Acquires the mutex if it is free. */
BOOLEAN ExTryToAcquireFastMutex(_Inout_ PFAST_MUTEX FastMutex) {
    KIRQL OldIrql = KfRaiseIrql(APC_LEVEL);
    if (InterlockedCompareExchange(&FastMutex->Count, 0, 1) != 1) {
        KeLowerIrql(OldIrql);
        return FALSE;
    }
    FastMutex->Owner = KeGetCurrentThread();
    FastMutex->OldIrql = OldIrql;
    return TRUE;
}
