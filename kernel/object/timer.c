/*
 * Timers: objects that the clock signals.
 *
 * A set timer is in the timer table (timertable.c) of the processor that set it. Each clock
 * interrupt is followed by a look at the table at DISPATCH_LEVEL (trap.c), which takes out what is
 * due, signals it, queues its DPC, and sets it again if it is periodic.
 *
 * A timer's own lock bit guards the timer, TimerLock the table. The expiry comes from the table to
 * the timer, against the order of the locks, so it only tries the timer's lock, and lets go and
 * comes again when somebody holds it.
 *
 * Timers run by interrupt time. One that was set to a system time (TIMER_ABSOLUTE) has been turned
 * into interrupt time, and moves when the system time is set. KiAbsoluteTimeLock makes these two
 * exclude each other; it comes between the timer's lock and TimerLock.
 */
#include "ki.h"

static KSPIN_LOCK KiAbsoluteTimeLock;

VOID KiInitializeTimers(PKPRCB Prcb) {
    KeInitializeSpinLock(&Prcb->TimerLock);
    KiInitializeTimerTable(&Prcb->TimerTable, KeQueryInterruptTime());
}

VOID NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type) {
    memset(Timer, 0, sizeof(*Timer));
    KiInitializeHeader(&Timer->Header, (UCHAR)(TimerNotificationObject + Type), sizeof(KTIMER), 0);
    InitializeListHead(&Timer->TimerListEntry);
}

VOID NTAPI KeInitializeTimer(PKTIMER Timer) {
    KeInitializeTimerEx(Timer, NotificationTimer);
}

LONGLONG KiComputeDueTime(LARGE_INTEGER Timeout) {
    LONGLONG Now = (LONGLONG)KeQueryInterruptTime();
    if (Timeout.QuadPart <= 0)
        return Timeout.QuadPart < Now - MAXLONGLONG ? MAXLONGLONG : Now - Timeout.QuadPart;
    LARGE_INTEGER SystemTime;
    KeQuerySystemTime(&SystemTime);
    LONGLONG Left = Timeout.QuadPart - SystemTime.QuadPart;
    return Left <= 0 ? Now : Now + Left;
}

BOOLEAN KiInsertTimer(PKTIMER Timer, LONGLONG DueTime) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    Timer->DueTime.QuadPart = (ULONGLONG)DueTime;
    if (DueTime <= (LONGLONG)KeQueryInterruptTime())
        return FALSE;
    Timer->Processor = (USHORT)Prcb->Number;
    KiAcquireSpinLock(&Prcb->TimerLock, KiClassTimerTable);
    KiInsertTimerTable(&Prcb->TimerTable, Timer);
    Timer->Header.Inserted = TRUE;
    KeReleaseSpinLockFromDpcLevel(&Prcb->TimerLock);
    return TRUE;
}

BOOLEAN KiInsertAbsoluteTimer(PKTIMER Timer, LARGE_INTEGER SystemTime) {
    KiAcquireSpinLock(&KiAbsoluteTimeLock, KiClassAbsoluteTime);
    Timer->Header.TimerControlFlags |= TIMER_ABSOLUTE;
    BOOLEAN Inserted = KiInsertTimer(Timer, KiComputeDueTime(SystemTime));
    KeReleaseSpinLockFromDpcLevel(&KiAbsoluteTimeLock);
    return Inserted;
}

BOOLEAN KiRemoveTimer(PKTIMER Timer) {
    if (!Timer->Header.Inserted)
        return FALSE;
    PKPRCB Prcb = KiProcessorBlock[Timer->Processor];
    KiAcquireSpinLock(&Prcb->TimerLock, KiClassTimerTable);
    BOOLEAN Inserted = Timer->Header.Inserted;
    if (Inserted) {
        RemoveEntryList(&Timer->TimerListEntry);
        Timer->Header.Inserted = FALSE;
    }
    KeReleaseSpinLockFromDpcLevel(&Prcb->TimerLock);
    return Inserted;
}

/*
 * Timer's lock held: it is due. Its DPC is queued before the lock is released: when KeCancelTimer
 * has had the lock, the DPC is in a queue, where KeRemoveQueueDpc and KeFlushQueuedDpcs find it, or
 * it runs already. Queued later, it could come behind the flush, in memory that has been freed.
 */
static VOID KiSignalTimer(PKTIMER Timer) {
    Timer->Header.SignalState = 1;
    KiWaitTest(&Timer->Header, 0);
    if (Timer->Period) {
        LONGLONG Next = (LONGLONG)Timer->DueTime.QuadPart + Timer->Period * 10000ll;
        Timer->Header.TimerControlFlags &= (UCHAR)~TIMER_ABSOLUTE;
        /* Periods that were missed are not made up for. Again if time went on in between. */
        while (!KiInsertTimer(Timer, max(Next, (LONGLONG)KeQueryInterruptTime() + 1))) {
        }
    }
    if (Timer->Dpc != NULL) {
        KeInsertQueueDpc(Timer->Dpc, NULL, NULL);
    }
}

BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period,
                                    ULONG TolerableDelay, PKDPC Dpc) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(&Timer->Header);
    BOOLEAN WasInserted = KiRemoveTimer(Timer);
    Timer->Header.SignalState = 0;
    Timer->Header.TimerControlFlags = KiEncodeTolerableDelay(TolerableDelay * 10000ull);
    Timer->Dpc = Dpc;
    Timer->Period = Period;
    BOOLEAN Inserted = DueTime.QuadPart > 0 ? KiInsertAbsoluteTimer(Timer, DueTime)
                                            : KiInsertTimer(Timer, KiComputeDueTime(DueTime));
    if (!Inserted)
        KiSignalTimer(Timer);
    KiReleaseObjectLock(&Timer->Header);
    KiExitDispatcher(OldIrql);
    return WasInserted;
}

BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc) {
    return KeSetCoalescableTimer(Timer, DueTime, (ULONG)max(Period, 0), 0, Dpc);
}

BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc) {
    return KeSetCoalescableTimer(Timer, DueTime, 0, 0, Dpc);
}

BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(&Timer->Header);
    BOOLEAN WasInserted = KiRemoveTimer(Timer);
    Timer->Period = 0;
    KiReleaseObjectLock(&Timer->Header);
    KeLowerIrql(OldIrql);
    return WasInserted;
}

BOOLEAN NTAPI KeReadStateTimer(PKTIMER Timer) {
    return *(volatile LONG *)&Timer->Header.SignalState != 0;
}

/* The first of the expired timers, locked and out of the table, or NULL. */
static PKTIMER KiTakeExpiredTimer(PKPRCB Prcb) {
    PLIST_ENTRY Head = &Prcb->TimerTable.ExpiredListHead;
    for (;;) {
        PKTIMER Timer = NULL;
        KiAcquireSpinLock(&Prcb->TimerLock, KiClassTimerTable);
        if (!IsListEmpty(Head))
            Timer = CONTAINING_RECORD(Head->Flink, KTIMER, TimerListEntry);
        BOOLEAN Done = !Timer || KiTryObjectLock(&Timer->Header);
        if (Timer && Done) {
            RemoveEntryList(&Timer->TimerListEntry);
            Timer->Header.Inserted = FALSE;
        }
        KeReleaseSpinLockFromDpcLevel(&Prcb->TimerLock);
        if (Done)
            return Timer;
        YieldProcessor();
    }
}

/* DISPATCH_LEVEL, asked for by the clock interrupt. */
VOID KiTimerExpiration(VOID) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    PKTIMER Timer;
    KiAcquireSpinLock(&Prcb->TimerLock, KiClassTimerTable);
    KiCollectExpiredTimers(&Prcb->TimerTable, KeQueryInterruptTime());
    KeReleaseSpinLockFromDpcLevel(&Prcb->TimerLock);
    while ((Timer = KiTakeExpiredTimer(Prcb)) != NULL) {
        KiSignalTimer(Timer);
        KiReleaseObjectLock(&Timer->Header);
    }
}

/* What is due by the system time is due sooner, or later, by what that is set forward, or back. */
VOID KeSetSystemTime(PLARGE_INTEGER NewTime) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireSpinLock(&KiAbsoluteTimeLock, KiClassAbsoluteTime);
    LONGLONG Delta = KiChangeSystemTime(NewTime);
    for (ULONG i = 0; i < KeNumberProcessors; i++) {
        PKPRCB Prcb = KiProcessorBlock[i];
        KiAcquireSpinLock(&Prcb->TimerLock, KiClassTimerTable);
        KiShiftAbsoluteTimers(&Prcb->TimerTable, Delta);
        KeReleaseSpinLockFromDpcLevel(&Prcb->TimerLock);
    }
    KeReleaseSpinLock(&KiAbsoluteTimeLock, OldIrql);
}
