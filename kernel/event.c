/*
 * Events. A notification event stays signalled and lets everybody through; a synchronisation event
 * lets one waiter through and is reset by that.
 */
#include "ki.h"

VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State) {
    KiInitializeHeader(&Event->Header, (UCHAR)(EventNotificationObject + Type), sizeof(KEVENT),
                       State);
}

LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait) {
    UNREFERENCED_PARAMETER(Wait);
    ASSERT_IRQL(<= DISPATCH_LEVEL);
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(&Event->Header);
    LONG Previous = Event->Header.SignalState;
    Event->Header.SignalState = 1;
    if (!Previous && Event->Header.WaitListHead.Flink != &Event->Header.WaitListHead)
        KiWaitTest(&Event->Header, Increment);
    KiReleaseObjectLock(&Event->Header);
    KiExitDispatcher(OldIrql);
    return Previous;
}

LONG NTAPI KeResetEvent(PRKEVENT Event) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(&Event->Header);
    LONG Previous = Event->Header.SignalState;
    Event->Header.SignalState = 0;
    KiReleaseObjectLock(&Event->Header);
    KeLowerIrql(OldIrql);
    return Previous;
}

VOID NTAPI KeClearEvent(PRKEVENT Event) {
    (VOID) KeResetEvent(Event);
}

/* Lets through who waits now (all, or one), and leaves the event reset. */
LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait) {
    UNREFERENCED_PARAMETER(Wait);
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(&Event->Header);
    LONG Previous = Event->Header.SignalState;
    Event->Header.SignalState = 1;
    KiWaitTest(&Event->Header, Increment);
    Event->Header.SignalState = 0;
    KiReleaseObjectLock(&Event->Header);
    KiExitDispatcher(OldIrql);
    return Previous;
}

LONG NTAPI KeReadStateEvent(PRKEVENT Event) {
    return *(volatile LONG *)&Event->Header.SignalState;
}
