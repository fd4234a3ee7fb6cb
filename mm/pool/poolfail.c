/*
 * Failure injection: in the checked build a thread can ask that its own n-th allocation fails.
 *
 * Whatever takes memory may be refused it, and then has to give back all that it took before, undo
 * what it changed and return a status. Such paths hardly ever run, so they are where leaks live. A
 * test makes them run: it arms its thread with n, calls a service, and finds everything as it was;
 * for n = 1, 2, 3, ..., until the service gets through without a refusal (tests/failures).
 *
 * What counts as an allocation is every place where Mm can be out of something:
 *
 *      pool                     MiAllocatePool
 *      system addresses         MiReserveSystemRange: kernel stacks, pages for the pools
 *      commit charge            MiChargeCommitment
 *      a page of memory         MiAllocatePage, MiAllocateZeroedPage: page tables, page faults
 *
 * Only the armed thread is refused anything, and only for what it does itself: DPCs and interrupts
 * that happen to run on its stack do not count. Windows' relative is Driver Verifier's low
 * resources simulation, which refuses at random; here a failure can be had again by its number.
 */
#include "mip.h"

#if DBG

#define MI_FAILING_THREADS 32

/* Touched by its thread only, but for Thread, by which an entry is taken and given back. */
typedef struct _MI_FAILING_THREAD {
    PKTHREAD volatile Thread; /* NULL: free */
    MM_ALLOCATION_FAILURE Failure;
} MI_FAILING_THREAD;

static MI_FAILING_THREAD MiFailing[MI_FAILING_THREADS];
volatile LONG MiFailingThreads;

static MI_FAILING_THREAD *MiFindFailing(PKTHREAD Thread) {
    for (ULONG i = 0; i < MI_FAILING_THREADS; i++) {
        if (MiFailing[i].Thread == Thread) {
            return &MiFailing[i];
        }
    }
    return NULL;
}

static MI_FAILING_THREAD *MiClaimFailing(PKTHREAD Thread) {
    for (ULONG i = 0; i < MI_FAILING_THREADS; i++) {
        if (InterlockedCompareExchangePointer((PVOID volatile *)&MiFailing[i].Thread, Thread,
                                              NULL) == NULL) {
            InterlockedIncrement(&MiFailingThreads);
            return &MiFailing[i];
        }
    }
    return NULL;
}

VOID MmStopAllocationFailures(VOID) {
    MI_FAILING_THREAD *Entry = MiFindFailing(KeGetCurrentThread());
    if (Entry != NULL) {
        InterlockedDecrement(&MiFailingThreads);
        Entry->Thread = NULL;
    }
}

NTSTATUS MmSetAllocationFailure(_In_opt_ const MM_ALLOCATION_FAILURE *New,
                                _Out_ PMM_ALLOCATION_FAILURE Old) {
    MI_FAILING_THREAD *Entry = MiFindFailing(KeGetCurrentThread());
    *Old = Entry != NULL ? Entry->Failure : (MM_ALLOCATION_FAILURE){0};
    if (New == NULL) {
        MmStopAllocationFailures();
        return STATUS_SUCCESS;
    }
    if (Entry == NULL) {
        Entry = MiClaimFailing(KeGetCurrentThread());
    }
    if (Entry == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Entry->Failure = (MM_ALLOCATION_FAILURE){.First = New->First, .Number = New->Number};
    return STATUS_SUCCESS;
}

/* Somebody is armed: is it this thread, and is this allocation one that it wants refused? */
BOOLEAN MiCountAllocation(VOID) {
    if (KeGetCurrentIrql() > DISPATCH_LEVEL || KeGetCurrentPrcb()->DpcRoutineActive) {
        return TRUE;
    }
    MI_FAILING_THREAD *Entry = MiFindFailing(KeGetCurrentThread());
    if (Entry == NULL) {
        return TRUE;
    }
    PMM_ALLOCATION_FAILURE Failure = &Entry->Failure;
    ULONG Number = ++Failure->Allocations;
    if (Failure->First == 0 || Number < Failure->First ||
        Number - Failure->First >= Failure->Number) {
        return TRUE;
    }
    Failure->Refused++;
    return FALSE;
}

#endif
