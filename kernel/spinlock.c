/*
 * Spin locks: taken at DISPATCH_LEVEL, held for a few instructions, never across a wait.
 *
 * A lock word is 0 when free. The checked build stores the owning thread (with bit 0 set) in it,
 * and stops when a thread takes a lock twice or gives back one that it does not own.
 */
#include "ki.h"

#if DBG
#define LOCK_VALUE ((ULONG_PTR)KeGetCurrentThread() | 1)
#else
#define LOCK_VALUE 1
#endif

VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock) {
    *SpinLock = 0;
}

BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock) {
    ASSERT_IRQL(>= DISPATCH_LEVEL);
    ULONG_PTR Free = 0;
    return __atomic_compare_exchange_n(SpinLock, &Free, LOCK_VALUE, FALSE, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock) {
#if DBG
    if (*(volatile ULONG_PTR *)SpinLock == LOCK_VALUE)
        KeBugCheckEx(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)SpinLock, 0, 0, 0);
#endif
    while (!KeTryToAcquireSpinLockAtDpcLevel(SpinLock))
        while (*(volatile ULONG_PTR *)SpinLock) /* reading leaves the line where it is */
            YieldProcessor();
}

VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock) {
#if DBG
    if (*SpinLock != LOCK_VALUE)
        KeBugCheckEx(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)SpinLock, *SpinLock, 0, 0);
#endif
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
