/* locks.c - spin locks and queued spin locks: levels, exclusion, order of service */
#include "kmtest.h"
#include "ntrtl.h"
#include "ob.h"
#include "ps.h"

#define ROUNDS 3000

static KSPIN_LOCK Lock;

KMT_TEST(lock_raises_and_lowers) {
    KIRQL Old = 77;
    KeInitializeSpinLock(&Lock);
    KMT_CHECK(KeTestSpinLock(&Lock));
    KeAcquireSpinLock(&Lock, &Old);
    KMT_CHECK(Old == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
    KMT_CHECK(!KeTestSpinLock(&Lock) && !KeTryToAcquireSpinLockAtDpcLevel(&Lock));
    KeReleaseSpinLock(&Lock, Old);
    KMT_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL && KeTestSpinLock(&Lock));
    KeRaiseIrql(APC_LEVEL, &Old);
    KIRQL Inner = KeAcquireSpinLockRaiseToDpc(&Lock);
    KMT_CHECK(Inner == APC_LEVEL);
    KeReleaseSpinLock(&Lock, Inner);
    KMT_CHECK(KeGetCurrentIrql() == APC_LEVEL);
    KeLowerIrql(Old);
}

KMT_TEST(lock_is_tried) {
    KIRQL Old = KeRaiseIrqlToDpcLevel();
    KeInitializeSpinLock(&Lock);
    KMT_CHECK(KeTryToAcquireSpinLockAtDpcLevel(&Lock));
    KMT_CHECK(!KeTryToAcquireSpinLockAtDpcLevel(&Lock));
    KeReleaseSpinLockFromDpcLevel(&Lock);
    KMT_CHECK(KeTryToAcquireSpinLockAtDpcLevel(&Lock));
    KeReleaseSpinLockFromDpcLevel(&Lock);
    KeLowerIrql(Old);
}

KMT_TEST(lock_queued_raises_and_lowers) {
    KLOCK_QUEUE_HANDLE Handle, Inner;
    KSPIN_LOCK Second = 0;
    KeInitializeSpinLock(&Lock);
    KeAcquireInStackQueuedSpinLock(&Lock, &Handle);
    KMT_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL && !KeTestSpinLock(&Lock));
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&Second, &Inner);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&Inner);
    KMT_CHECK(Second == 0 && KeGetCurrentIrql() == DISPATCH_LEVEL);
    KeReleaseInStackQueuedSpinLock(&Handle);
    KMT_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL && Lock == 0);
}

/* --- several processors -------------------------------------------------------------------------
 */

static struct {
    KLOCK_QUEUE_HANDLE Handles[MAXIMUM_PROCESSORS];
    volatile LONG Ready, Inside, Broken, Go;
    volatile ULONG Count; /* only ever changed by the holder */
    volatile LONG Served;
    LONG Order[MAXIMUM_PROCESSORS];
} Race;

static VOID Contend(PVOID Number) {
    KeSetAffinityThread(KeGetCurrentThread(), 1ull << (ULONG_PTR)Number);
    for (ULONG Round = 0; Round < ROUNDS; Round++) {
        KLOCK_QUEUE_HANDLE Handle;
        KeAcquireInStackQueuedSpinLock(&Lock, &Handle);
        if (InterlockedIncrement(&Race.Inside) != 1) {
            Race.Broken++;
        }
        Race.Count = Race.Count + 1;
        InterlockedDecrement(&Race.Inside);
        KeReleaseInStackQueuedSpinLock(&Handle);
    }
}

/* A thread on each processor from First on; waits for the end of all unless While is to be called
   meanwhile. */
static VOID OnProcessors(ULONG First, PKSTART_ROUTINE Routine, VOID (*While)(VOID)) {
    PVOID Threads[MAXIMUM_PROCESSORS];
    ULONG Count = KeQueryActiveProcessorCount(NULL);
    for (ULONG i = First; i < Count; i++) {
        HANDLE Handle;
        PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine,
                             (PVOID)(ULONG_PTR)i);
        ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, NULL, KernelMode, &Threads[i], NULL);
        ObCloseHandle(Handle, KernelMode);
    }
    if (While != NULL) {
        While();
    }
    for (ULONG i = First; i < Count; i++) {
        KeWaitForSingleObject(Threads[i], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Threads[i]);
    }
}

KMT_TEST(lock_queued_excludes) {
    RtlZeroMemory(&Race, sizeof(Race));
    KeInitializeSpinLock(&Lock);
    OnProcessors(0, Contend, NULL);
    KMT_CHECK(Race.Broken == 0 && Race.Count == ROUNDS * KeQueryActiveProcessorCount(NULL));
    KMT_CHECK(Lock == 0);
}

static VOID ComeWhenCalled(PVOID Number) {
    KeSetAffinityThread(KeGetCurrentThread(), 1ull << (ULONG_PTR)Number);
    KIRQL Old = KeRaiseIrqlToDpcLevel();
    InterlockedIncrement(&Race.Ready);
    while (Race.Go != (LONG)(ULONG_PTR)Number) {
        YieldProcessor();
    }
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&Lock, &Race.Handles[(ULONG_PTR)Number]);
    Race.Order[Race.Served++] = (LONG)(ULONG_PTR)Number;
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&Race.Handles[(ULONG_PTR)Number]);
    KeLowerIrql(Old);
}

/* Holds the lock and calls the others, the highest first, each when the one before is in the queue:
   the lock's word names the last. */
static VOID CallInTurn(VOID) {
    KLOCK_QUEUE_HANDLE Handle;
    LONG Count = (LONG)KeQueryActiveProcessorCount(NULL);
    while (Race.Ready != Count - 1) {
        YieldProcessor();
    }
    KeAcquireInStackQueuedSpinLock(&Lock, &Handle);
    for (LONG Number = Count - 1; Number > 0; Number--) {
        Race.Go = Number;
        while (*(volatile KSPIN_LOCK *)&Lock != (KSPIN_LOCK)&Race.Handles[Number]) {
            YieldProcessor();
        }
    }
    KeReleaseInStackQueuedSpinLock(&Handle);
}

KMT_TEST(lock_queued_serves_in_order) {
    ULONG Count = KeQueryActiveProcessorCount(NULL);
    KeSetAffinityThread(KeGetCurrentThread(), 1);
    for (ULONG Round = 0; Round < 10; Round++) {
        RtlZeroMemory(&Race, sizeof(Race));
        KeInitializeSpinLock(&Lock);
        OnProcessors(1, ComeWhenCalled, CallInTurn);
        KMT_CHECK(Race.Served == (LONG)Count - 1 && Lock == 0);
        for (ULONG i = 0; i + 1 < Count; i++) {
            KMT_CHECK(Race.Order[i] == (LONG)(Count - 1 - i));
        }
    }
    KeSetAffinityThread(KeGetCurrentThread(), KeQueryActiveProcessors());
}

/* --- what the checked build has learned, and forgets --------------------------------------------
 */

static VOID Nest(PKSPIN_LOCK Outer, PKSPIN_LOCK Inner) {
    KIRQL Old;
    KeAcquireSpinLock(Outer, &Old);
    KeAcquireSpinLockAtDpcLevel(Inner);
    KeReleaseSpinLockFromDpcLevel(Inner);
    KeReleaseSpinLock(Outer, Old);
}

/* A wrong memory of either would be a bugcheck. */
KMT_TEST(lock_order_is_forgotten_with_the_lock) {
    static KSPIN_LOCK First, Second;
    ULONG Same = 0;
    Nest(&First, &Second);
    KeInitializeSpinLock(&First);
    Nest(&Second, &First);
    for (ULONG Try = 0; Try < 20; Try++) {
        PKSPIN_LOCK Old = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, KMT_TAG);
        Nest(Old, &Second);
        ExFreePoolWithTag(Old, KMT_TAG);
        PKSPIN_LOCK New = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, KMT_TAG);
        Same += New == Old;
        Nest(&Second, New);
        ExFreePoolWithTag(New, KMT_TAG);
    }
    KMT_CHECK(Same != 0); /* or nothing was tested */
}
