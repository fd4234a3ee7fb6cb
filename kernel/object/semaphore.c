/*
 * Semaphores: a count that releases raise, up to a limit, and each wait lowers by one.
 */
#include "ki.h"

VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit) {
    KiInitializeHeader(&Semaphore->Header, SemaphoreObject, sizeof(KSEMAPHORE), Count);
    Semaphore->Limit = Limit;
}

LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment,
                              BOOLEAN Wait) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(&Semaphore->Header);
    LONG Previous = Semaphore->Header.SignalState;
    if (Adjustment <= 0 || Adjustment > Semaphore->Limit - Previous) {
        KiReleaseObjectLock(&Semaphore->Header);
        KeLowerIrql(OldIrql);
        RtlRaiseStatus(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    }
    Semaphore->Header.SignalState = Previous + Adjustment;
    KiWaitTest(&Semaphore->Header, Increment);
    KiReleaseObjectLock(&Semaphore->Header);
    KiExitSignal(OldIrql, Wait);
    return Previous;
}

LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore) {
    return *(volatile LONG *)&Semaphore->Header.SignalState;
}
