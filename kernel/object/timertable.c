/*
 * The timer table: a clock face of 256 hands, one table per processor.
 *
 * A hand stands for 13.1 ms, and a timer lies in the list of the hand that its expiry time falls
 * on, once around the face or many times. So setting and cancelling are a list insertion and
 * removal, however many timers there are. Each hand keeps a time before which nothing of it is due
 * (a timer that is cancelled leaves it as it was: it is then only too early), and when the clock
 * has come to a hand whose time has passed, its list is gone through once: what is due goes to the
 * list of expired timers, and the hand's time is found anew.
 *
 * Timers expire in the order of their due times, those of equal times in the order in which they
 * were set. Nothing limits how many are due at once, so they are sorted by merging.
 *
 * A timer may be late by its tolerable delay. It then expires at the next multiple of a power of
 * two not above that delay, together with others like it. DueTime itself stays as it was asked for,
 * so a periodic timer does not drift.
 *
 * KPRCB.TimerLock guards a table. Nothing here knows of it: this file also runs on the host.
 */
#include "ki.h"

#define HAND_SHIFT 17 /* a hand is 2^17 * 100 ns */

VOID KiInitializeTimerTable(PKTIMER_TABLE Table, ULONG64 Now) {
    Table->Hand = Now >> HAND_SHIFT;
    InitializeListHead(&Table->ExpiredListHead);
    for (ULONG i = 0; i < TIMER_TABLE_SIZE; i++) {
        InitializeListHead(&Table->TimerEntries[i].Entry);
        Table->TimerEntries[i].Time = MAXULONG64;
    }
}

UCHAR KiEncodeTolerableDelay(ULONG64 Delay) {
    return Delay ? (UCHAR)((63 - __builtin_clzll(Delay)) << TIMER_TOLERABLE_SHIFT) : 0;
}

ULONG64 KiExpiryTime(PKTIMER Timer) {
    ULONG64 Mask = (1ull << (Timer->Header.TimerControlFlags >> TIMER_TOLERABLE_SHIFT)) - 1;
    return (Timer->DueTime.QuadPart + Mask) & ~Mask;
}

/* What is due already goes to the hand that is looked at next. */
VOID KiInsertTimerTable(PKTIMER_TABLE Table, PKTIMER Timer) {
    ULONG64 Time = KiExpiryTime(Timer), Hand = Time >> HAND_SHIFT;
    PKTIMER_TABLE_ENTRY Entry = &Table->TimerEntries[max(Hand, Table->Hand) % TIMER_TABLE_SIZE];
    InsertTailList(&Entry->Entry, &Timer->TimerListEntry);
    Entry->Time = min(Entry->Time, Time);
}

static PKTIMER KiTimerOf(PLIST_ENTRY Entry) {
    return CONTAINING_RECORD(Entry, KTIMER, TimerListEntry);
}

/* Two lists in order, linked by Flink alone and ended by NULL, become one. */
static PLIST_ENTRY KiMergeTimers(PLIST_ENTRY First, PLIST_ENTRY Second) {
    LIST_ENTRY Head;
    PLIST_ENTRY Last = &Head;
    while (First && Second) {
        PLIST_ENTRY *Next =
            KiTimerOf(First)->DueTime.QuadPart <= KiTimerOf(Second)->DueTime.QuadPart ? &First
                                                                                      : &Second;
        Last->Flink = *Next;
        Last = *Next;
        *Next = Last->Flink;
    }
    Last->Flink = First ? First : Second;
    return Head.Flink;
}

/* By due time. Runs[n] is a sorted list of 2^n timers, or none: as one counts in binary. */
static VOID KiSortTimers(PLIST_ENTRY Head) {
    PLIST_ENTRY Runs[32] = {NULL}, Sorted = NULL, Next;
    Head->Blink->Flink = NULL;
    for (PLIST_ENTRY Entry = Head->Flink; Entry; Entry = Next) {
        ULONG i = 0;
        Next = Entry->Flink;
        Entry->Flink = NULL;
        for (; Runs[i]; Runs[i++] = NULL)
            Entry = KiMergeTimers(Runs[i], Entry);
        Runs[i] = Entry;
    }
    for (ULONG i = 0; i < RTL_NUMBER_OF(Runs); i++)
        Sorted = KiMergeTimers(Runs[i], Sorted);
    InitializeListHead(Head);
    for (; Sorted; Sorted = Next) {
        Next = Sorted->Flink;
        InsertTailList(Head, Sorted);
    }
}

/* Moves what is due from a hand to the expired timers. */
static VOID KiScanHand(PKTIMER_TABLE Table, PKTIMER_TABLE_ENTRY Hand, ULONG64 Now) {
    PLIST_ENTRY Next;
    Hand->Time = MAXULONG64;
    for (PLIST_ENTRY Entry = Hand->Entry.Flink; Entry != &Hand->Entry; Entry = Next) {
        ULONG64 Time = KiExpiryTime(KiTimerOf(Entry));
        Next = Entry->Flink;
        if (Time > Now) {
            Hand->Time = min(Hand->Time, Time);
            continue;
        }
        RemoveEntryList(Entry);
        InsertTailList(&Table->ExpiredListHead, Entry);
    }
}

VOID KiCollectExpiredTimers(PKTIMER_TABLE Table, ULONG64 Now) {
    ULONG64 Last = Now >> HAND_SHIFT, Hand = Table->Hand;
    if (Last - Hand >= TIMER_TABLE_SIZE)
        Hand = Last - TIMER_TABLE_SIZE + 1;
    for (; Hand <= Last; Hand++) {
        PKTIMER_TABLE_ENTRY Entry = &Table->TimerEntries[Hand % TIMER_TABLE_SIZE];
        if (Entry->Time <= Now)
            KiScanHand(Table, Entry, Now);
    }
    Table->Hand = Last;
    if (!IsListEmpty(&Table->ExpiredListHead))
        KiSortTimers(&Table->ExpiredListHead);
}

VOID KiShiftAbsoluteTimers(PKTIMER_TABLE Table, LONGLONG Delta) {
    LIST_ENTRY Moved;
    InitializeListHead(&Moved);
    for (ULONG i = 0; i < TIMER_TABLE_SIZE; i++) {
        PLIST_ENTRY Head = &Table->TimerEntries[i].Entry, Next;
        for (PLIST_ENTRY Entry = Head->Flink; Entry != Head; Entry = Next) {
            Next = Entry->Flink;
            if (!(KiTimerOf(Entry)->Header.TimerControlFlags & TIMER_ABSOLUTE))
                continue;
            RemoveEntryList(Entry);
            InsertTailList(&Moved, Entry);
        }
    }
    while (!IsListEmpty(&Moved)) {
        PKTIMER Timer = KiTimerOf(RemoveHeadList(&Moved));
        LONGLONG Due = (LONGLONG)Timer->DueTime.QuadPart - Delta;
        Timer->DueTime.QuadPart = (ULONG64)max(Due, 0);
        KiInsertTimerTable(Table, Timer);
    }
}
