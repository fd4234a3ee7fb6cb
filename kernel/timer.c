/*
 * Timers: a table of 256 hands per processor, as a clock face on which a timer's due time names its
 * place. Setting and cancelling are a list insertion and removal. Each clock interrupt looks
 * whether the hands that it has passed hold a timer, and has a DPC interrupt take out what is due.
 *
 * A timer's own lock bit guards the timer, TimerLock the table. The expiry comes from the table to
 * the timer, against the order of the locks, so it only tries the timer's lock, and lets go and
 * comes again when somebody holds it.
 */
#include "ki.h"

#define HAND_SHIFT 17 /* a hand is 2^17 * 100 ns = 13.1 ms */

VOID KiInitializeTimerTable(PKPRCB Prcb) {
    KeInitializeSpinLock(&Prcb->TimerLock);
    for (ULONG i = 0; i < TIMER_TABLE_SIZE; i++)
        InitializeListHead(&Prcb->TimerTable[i]);
    Prcb->TimerHand = (ULONG)(KeQueryInterruptTime() >> HAND_SHIFT);
}

VOID NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type) {
    memset(Timer, 0, sizeof(*Timer));
    KiInitializeHeader(&Timer->Header, (UCHAR)(TimerNotificationObject + Type), sizeof(KTIMER), 0);
    InitializeListHead(&Timer->TimerListEntry);
}

VOID NTAPI KeInitializeTimer(PKTIMER Timer) {
    KeInitializeTimerEx(Timer, NotificationTimer);
}

/* Timer's lock held. FALSE if the time has passed already. */
BOOLEAN KiInsertTimer(PKTIMER Timer, LARGE_INTEGER DueTime) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    if (DueTime.QuadPart <= (LONGLONG)KeQueryInterruptTime())
        return FALSE;
    Timer->DueTime.QuadPart = (ULONGLONG)DueTime.QuadPart;
    Timer->Processor = (USHORT)Prcb->Number;
    KiAcquireSpinLock(&Prcb->TimerLock, KiClassTimerTable);
    InsertTailList(&Prcb->TimerTable[(DueTime.QuadPart >> HAND_SHIFT) % TIMER_TABLE_SIZE],
                   &Timer->TimerListEntry);
    Timer->Header.Inserted = TRUE;
    KeReleaseSpinLockFromDpcLevel(&Prcb->TimerLock);
    return TRUE;
}

/* Timer's lock held. TRUE if it was in the table. */
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

/* Timer's lock held: it is due. Returns the DPC to queue once the lock is given back. */
static PKDPC KiSignalTimer(PKTIMER Timer) {
    Timer->Header.SignalState = 1;
    KiWaitTest(&Timer->Header, 0);
    if (Timer->Period) {
        LARGE_INTEGER Next = {.QuadPart =
                                  (LONGLONG)Timer->DueTime.QuadPart + Timer->Period * 10000ll};
        LONGLONG Now = (LONGLONG)KeQueryInterruptTime();
        if (Next.QuadPart <= Now) /* ticks that were missed are not made up for */
            Next.QuadPart = Now + 1;
        KiInsertTimer(Timer, Next);
    }
    return Timer->Dpc;
}

BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc) {
    LONGLONG Now = (LONGLONG)KeQueryInterruptTime();
    LARGE_INTEGER Due;
    PKDPC Expired = NULL;

    if (DueTime.QuadPart < 0) {
        Due.QuadPart = DueTime.QuadPart < Now - MAXLONGLONG ? MAXLONGLONG : Now - DueTime.QuadPart;
    } else {
        LARGE_INTEGER SystemTime;
        KeQuerySystemTime(&SystemTime);
        Due.QuadPart = Now + (DueTime.QuadPart - SystemTime.QuadPart);
    }
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(&Timer->Header);
    BOOLEAN WasInserted = KiRemoveTimer(Timer);
    Timer->Header.SignalState = 0;
    Timer->Dpc = Dpc;
    Timer->Period = (ULONG)max(Period, 0);
    if (!KiInsertTimer(Timer, Due)) {
        Timer->DueTime.QuadPart = (ULONGLONG)Now;
        Expired = KiSignalTimer(Timer);
    }
    KiReleaseObjectLock(&Timer->Header);
    if (Expired)
        KeInsertQueueDpc(Expired, NULL, NULL);
    KiExitDispatcher(OldIrql);
    return WasInserted;
}

BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc) {
    return KeSetTimerEx(Timer, DueTime, 0, Dpc);
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

/* A timer of Hand that is due, locked and out of the table, or NULL. */
static PKTIMER KiTakeDueTimer(PKPRCB Prcb, ULONG Hand, ULONG64 Now) {
    PLIST_ENTRY Head = &Prcb->TimerTable[Hand % TIMER_TABLE_SIZE];
    for (;;) {
        PKTIMER Due = NULL;
        KiAcquireSpinLock(&Prcb->TimerLock, KiClassTimerTable);
        for (PLIST_ENTRY Entry = Head->Flink; Entry != Head && !Due; Entry = Entry->Flink) {
            PKTIMER Timer = CONTAINING_RECORD(Entry, KTIMER, TimerListEntry);
            Due = Timer->DueTime.QuadPart <= Now ? Timer : NULL;
        }
        if (!Due || KiTryObjectLock(&Due->Header)) {
            if (Due) {
                RemoveEntryList(&Due->TimerListEntry);
                Due->Header.Inserted = FALSE;
            }
            KeReleaseSpinLockFromDpcLevel(&Prcb->TimerLock);
            return Due;
        }
        KeReleaseSpinLockFromDpcLevel(&Prcb->TimerLock);
        YieldProcessor();
    }
}

/* DISPATCH_LEVEL, asked for by the clock interrupt. */
VOID KiTimerExpiration(VOID) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    ULONG64 Now = KeQueryInterruptTime();
    ULONG Last = (ULONG)(Now >> HAND_SHIFT), Hand = Prcb->TimerHand;
    if (Last - Hand >= TIMER_TABLE_SIZE)
        Hand = Last - TIMER_TABLE_SIZE + 1;
    for (;; Hand++) {
        PKTIMER Timer;
        while ((Timer = KiTakeDueTimer(Prcb, Hand, Now)) != NULL) {
            PKDPC Dpc = KiSignalTimer(Timer);
            KiReleaseObjectLock(&Timer->Header);
            if (Dpc)
                KeInsertQueueDpc(Dpc, NULL, NULL);
        }
        if (Hand == Last)
            break;
    }
    Prcb->TimerHand = Last;
}
