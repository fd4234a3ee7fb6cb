/*
 * Spin locks: taken at DISPATCH_LEVEL, held for a few instructions, never across a wait.
 *
 * A plain lock's word is 0 when free; who wants it tries until it is. That is the cheapest lock
 * there is while nobody else wants it, and unfair when many do: whoever is nearest to the memory
 * wins. A queued lock (Mellor-Crummey and Scott's) serves its comers in order. Its word names the
 * handle of the latest; each comer hangs its own handle behind that of the one before and waits on
 * a word in its own, so a release touches one other processor's cache and not all of them.
 *
 * The checked build stores the owning thread (with bit 0 set) in the word of a plain lock, and
 * tells lockcheck.c of each acquire and release, which stops where a rule is broken.
 */
#include "ki.h"

#if DBG
#define LOCK_VALUE ((ULONG_PTR)KeGetCurrentThread() | 1)
#else
#define LOCK_VALUE 1
#endif

VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock) {
    *SpinLock = 0;
    KeForgetSpinLocks(SpinLock, sizeof(*SpinLock));
}

/* --- plain --------------------------------------------------------------------------------------
 */

static BOOLEAN KiTrySpinLock(PKSPIN_LOCK SpinLock) {
    ULONG_PTR Free = 0;
    return __atomic_compare_exchange_n(SpinLock, &Free, LOCK_VALUE, FALSE, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock) {
    ASSERT_IRQL(>= DISPATCH_LEVEL);
    if (!KiTrySpinLock(SpinLock))
        return FALSE;
    KiLockTaken(SpinLock, KiClassUnnamed);
    return TRUE;
}

BOOLEAN NTAPI KeTestSpinLock(PKSPIN_LOCK SpinLock) {
    if (*(volatile KSPIN_LOCK *)SpinLock == 0)
        return TRUE;
    YieldProcessor();
    return FALSE;
}

/* At the level of Class, or, if that is not named, at DISPATCH_LEVEL or above. */
VOID KiAcquireSpinLock(PKSPIN_LOCK SpinLock, KI_LOCK_CLASS Class) {
    UNREFERENCED_PARAMETER(Class);
    KiLockWanted(SpinLock, Class);
    while (!KiTrySpinLock(SpinLock))
        while (*(volatile ULONG_PTR *)SpinLock) /* reading leaves the line where it is */
            YieldProcessor();
    KiLockWaitedFor(SpinLock, Class);
}

VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock) {
    KiAcquireSpinLock(SpinLock, KiClassUnnamed);
}

VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock) {
    KiLockReleased(SpinLock);
    __atomic_store_n(SpinLock, 0, __ATOMIC_RELEASE);
}

KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KeAcquireSpinLockAtDpcLevel(SpinLock);
    return OldIrql;
}

VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql) {
    KeReleaseSpinLockFromDpcLevel(SpinLock);
    KeLowerIrql(NewIrql);
}

/* --- queued -------------------------------------------------------------------------------------
 */

/* The holder, or the one before in the queue, hands the lock over by clearing the waiting bit. */
static VOID KiWaitInQueue(PKSPIN_LOCK_QUEUE Before, PKSPIN_LOCK_QUEUE Mine) {
    Mine->Lock |= LOCK_QUEUE_WAIT;
    __atomic_store_n(&Before->Next, Mine, __ATOMIC_RELEASE);
    while (__atomic_load_n(&Mine->Lock, __ATOMIC_ACQUIRE) & LOCK_QUEUE_WAIT)
        YieldProcessor();
}

VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock,
                                                    PKLOCK_QUEUE_HANDLE LockHandle) {
    PKSPIN_LOCK_QUEUE Mine = &LockHandle->LockQueue;
    KiLockWanted(SpinLock, KiClassUnnamed);
    Mine->Next = NULL;
    Mine->Lock = (ULONG_PTR)SpinLock;
    PKSPIN_LOCK_QUEUE Before =
        (PKSPIN_LOCK_QUEUE)__atomic_exchange_n(SpinLock, (ULONG_PTR)Mine, __ATOMIC_ACQ_REL);
    if (Before) {
        KiLockQueued(Mine);
        KiWaitInQueue(Before, Mine);
    }
    Mine->Lock = (ULONG_PTR)SpinLock | LOCK_QUEUE_OWNER;
    KiLockWaitedFor(SpinLock, KiClassUnnamed);
}

VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle) {
    PKSPIN_LOCK_QUEUE Mine = &LockHandle->LockQueue;
    PKSPIN_LOCK SpinLock = (PKSPIN_LOCK)(Mine->Lock & ~(ULONG_PTR)LOCK_QUEUE_OWNER);
    PKSPIN_LOCK_QUEUE Next = __atomic_load_n(&Mine->Next, __ATOMIC_ACQUIRE);
    KiLockReleased(SpinLock);
    if (!Next) {
        ULONG_PTR Last = (ULONG_PTR)Mine;
        if (__atomic_compare_exchange_n(SpinLock, &Last, 0, FALSE, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
            return;
        while (!(Next = __atomic_load_n(&Mine->Next, __ATOMIC_ACQUIRE))) /* it is on its way */
            YieldProcessor();
    }
    __atomic_store_n(&Next->Lock, (ULONG_PTR)SpinLock, __ATOMIC_RELEASE);
}

VOID NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle) {
    LockHandle->OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(SpinLock, LockHandle);
}

VOID NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle) {
    KIRQL OldIrql = LockHandle->OldIrql;
    KeReleaseInStackQueuedSpinLockFromDpcLevel(LockHandle);
    KeLowerIrql(OldIrql);
}
