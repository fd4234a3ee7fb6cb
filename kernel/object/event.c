/*
 * Events. A notification event stays signalled and lets everybody through; a synchronisation event
 * lets one waiter through and is reset by that.
 */
#include "ki.h"

VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State) {
    KiInitializeHeader(&Event->Header, (UCHAR)(EventNotificationObject + Type), sizeof(KEVENT),
                       State);
}

/* Somebody waits, or the caller will. DISPATCH_LEVEL, the event's lock held: it is given back. */
static __attribute__((noinline)) LONG KiSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait,
                                                 KIRQL OldIrql) {
    LONG Previous = Event->Header.SignalState;
    Event->Header.SignalState = 1;
    if (!Previous)
        KiWaitTest(&Event->Header, Increment);
    KiReleaseObjectLock(&Event->Header);
    KiExitSignal(OldIrql, Wait);
    return Previous;
}

/* Another processor has its lock. */
static __attribute__((noinline)) LONG KiSetBusyEvent(PRKEVENT Event, KPRIORITY Increment,
                                                     BOOLEAN Wait, KIRQL OldIrql) {
    KiAcquireObjectLock(&Event->Header);
    return KiSetEvent(Event, Increment, Wait, OldIrql);
}

LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait) {
    ASSERT_IRQL(<= DISPATCH_LEVEL);
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    if (!KiAcquireFreeObjectLock(&Event->Header))
        return KiSetBusyEvent(Event, Increment, Wait, OldIrql);
    if (!Wait && Event->Header.WaitListHead.Flink == &Event->Header.WaitListHead) {
        LONG Previous = Event->Header.SignalState;
        Event->Header.SignalState = 1;
        KiReleaseObjectLock(&Event->Header);
        KeLowerIrql(OldIrql); /* nobody was woken */
        return Previous;
    }
    return KiSetEvent(Event, Increment, Wait, OldIrql);
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
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(&Event->Header);
    LONG Previous = Event->Header.SignalState;
    if (!Previous) { /* a set event has let through whom it can */
        Event->Header.SignalState = 1;
        KiWaitTest(&Event->Header, Increment);
    }
    Event->Header.SignalState = 0;
    KiReleaseObjectLock(&Event->Header);
    KiExitSignal(OldIrql, Wait);
    return Previous;
}

LONG NTAPI KeReadStateEvent(PRKEVENT Event) {
    return *(volatile LONG *)&Event->Header.SignalState;
}
