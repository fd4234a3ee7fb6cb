/*
 * The ready queues of a processor: 32 lists, one a priority, and a summary with a bit for each that
 * holds a thread. The highest bit names the best thread.
 *
 * Nothing here looks at the processor that runs it: a KPRCB and its threads are all there is, so a
 * model of the queues runs on the host against this very code (tests/host/test_ready.c). PrcbLock
 * is held by every caller.
 */
#include "ki.h"

VOID KiInitializeReadyQueues(PKPRCB Prcb) {
    Prcb->ReadySummary = 0;
    for (ULONG i = 0; i < MAXIMUM_PRIORITY; i++)
        InitializeListHead(&Prcb->DispatcherReadyListHead[i]);
}

/* A preempted thread has not used up its quantum: it goes to the front. */
VOID KiInsertReady(PKPRCB Prcb, PKTHREAD Thread, BOOLEAN Front) {
    PLIST_ENTRY Head = &Prcb->DispatcherReadyListHead[(UCHAR)Thread->Priority];
    Thread->State = Ready;
    Thread->WaitTime = (ULONG)KeTickCountStorage;
    Prcb->ReadySummary |= 1u << Thread->Priority;
    if (Front)
        InsertHeadList(Head, &Thread->WaitListEntry);
    else
        InsertTailList(Head, &Thread->WaitListEntry);
}

VOID KiRemoveReady(PKPRCB Prcb, PKTHREAD Thread) {
    PLIST_ENTRY Head = &Prcb->DispatcherReadyListHead[(UCHAR)Thread->Priority];
    RemoveEntryList(&Thread->WaitListEntry);
    if (Head->Flink == Head)
        Prcb->ReadySummary &= ~(1u << Thread->Priority);
}

/* The best ready thread of at least priority Floor, taken out of its queue, or NULL. */
PKTHREAD KiSelectReady(PKPRCB Prcb, KPRIORITY Floor) {
    ULONG Candidates = Floor > HIGH_PRIORITY ? 0 : Prcb->ReadySummary & (~0u << Floor);
    if (!Candidates)
        return NULL;
    ULONG Priority = 31 - (ULONG)__builtin_clz(Candidates);
    PKTHREAD Thread =
        CONTAINING_RECORD(Prcb->DispatcherReadyListHead[Priority].Flink, KTHREAD, WaitListEntry);
    KiRemoveReady(Prcb, Thread);
    return Thread;
}

/* The best ready thread that may run on a processor of Set, taken out of its queue, or NULL. */
PKTHREAD KiSelectReadyFor(PKPRCB Prcb, KAFFINITY Set) {
    for (ULONG Left = Prcb->ReadySummary; Left;) {
        ULONG Priority = 31 - (ULONG)__builtin_clz(Left);
        PLIST_ENTRY Head = &Prcb->DispatcherReadyListHead[Priority];
        for (PLIST_ENTRY Entry = Head->Flink; Entry != Head; Entry = Entry->Flink) {
            PKTHREAD Thread = CONTAINING_RECORD(Entry, KTHREAD, WaitListEntry);
            if (Thread->Affinity.Mask & Set) {
                KiRemoveReady(Prcb, Thread);
                return Thread;
            }
        }
        Left &= ~(1u << Priority);
    }
    return NULL;
}

/* The priority that a newcomer must beat. The idle thread is below all, and so is one that stops.
 */
KPRIORITY KiRunningPriority(PKPRCB Prcb) {
    PKTHREAD Thread = Prcb->NextThread ? Prcb->NextThread : Prcb->CurrentThread;
    return Thread == Prcb->IdleThread || Thread->State == Waiting || Thread->State == Terminated
               ? -1
               : Thread->Priority;
}

VOID KiSetStandby(PKPRCB Prcb, PKTHREAD Thread) {
    Thread->State = Standby;
    Prcb->NextThread = Thread;
    Prcb->RunningPriority = Thread->Priority;
}

/* Priorities have changed, so another thread may be the one to run next. TRUE if there is one that
   the processor has not been told of. */
BOOLEAN KiChooseAgain(PKPRCB Prcb) {
    PKTHREAD Old = Prcb->NextThread;
    if (Old) {
        Prcb->NextThread = NULL;
        KiInsertReady(Prcb, Old, TRUE);
    }
    PKTHREAD Next = KiSelectReady(Prcb, KiRunningPriority(Prcb) + 1);
    if (!Next)
        return FALSE;
    KiSetStandby(Prcb, Next);
    return Next != Old;
}
