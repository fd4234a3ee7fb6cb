/*
 * Queues: entries that a group of threads works off, with no more of them at work than makes sense.
 *
 * A thread that takes an entry belongs to the queue from then on, until it takes one from another
 * queue or ends. CurrentCount says how many of a queue's threads are not waiting for anything;
 * MaximumCount, the concurrency value, is how many there should be: as a rule the number of
 * processors. An entry is given out only while CurrentCount is below MaximumCount. When a thread
 * that works on an entry has to wait (for a page, a lock, another request), CurrentCount falls, and
 * another thread of the queue gets its turn; when that wait ends there may be one too many for a
 * while, so the next entry waits until one has come back for it. Threads are taken from the end of
 * the list of those that wait: the last one has its stack and caches still warm.
 *
 * SignalState is the number of entries, so a queue can also be waited on like any other object:
 * such a wait ends when there is an entry, and takes none.
 *
 * Locks. The queue's lock bit guards its lists. CurrentCount rises where a wait ends, with other
 * locks held, so it is changed with interlocked operations. KTHREAD.Queue is changed with both the
 * queue's lock and ThreadLock; who comes from the thread to its queue goes against the order of
 * locks, and only tries (KiLockThreadQueue).
 */
#include "ki.h"

VOID NTAPI KeInitializeQueue(PRKQUEUE Queue, ULONG Count) {
    KiInitializeHeader(&Queue->Header, QueueObject, sizeof(KQUEUE), 0);
    InitializeListHead(&Queue->EntryListHead);
    InitializeListHead(&Queue->ThreadListHead);
    Queue->CurrentCount = 0;
    Queue->MaximumCount = Count ? Count : KeNumberProcessors;
}

LONG NTAPI KeReadStateQueue(PRKQUEUE Queue) {
    return *(volatile LONG *)&Queue->Header.SignalState;
}

/* --- queue locked
 * --------------------------------------------------------------------------------- */

static PLIST_ENTRY KiTakeEntry(PKQUEUE Queue) {
    PLIST_ENTRY Entry = RemoveHeadList(&Queue->EntryListHead);
    Entry->Flink = NULL;
    Queue->Header.SignalState--;
    return Entry;
}

/* The thread that began to wait for an entry last, out of the list, or NULL. */
static PKTHREAD KiTakeWaiter(PKQUEUE Queue) {
    PLIST_ENTRY Head = &Queue->Header.WaitListHead;
    for (PLIST_ENTRY Link = Head->Blink; Link != Head; Link = Link->Blink) {
        PKWAIT_BLOCK Block = CONTAINING_RECORD(Link, KWAIT_BLOCK, WaitListEntry);
        if (Block->WaitType != WaitDequeue)
            continue;
        RemoveEntryList(&Block->WaitListEntry);
        Block->BlockState = WaitBlockInactive;
        return Block->Thread;
    }
    return NULL;
}

/* Gives entries to waiting threads, as many as may be at work. */
static VOID KiServeWaiters(PKQUEUE Queue) {
    PKTHREAD Thread;
    while (Queue->Header.SignalState > 0 && Queue->CurrentCount < Queue->MaximumCount &&
           (Thread = KiTakeWaiter(Queue)) != NULL) {
        KiAcquireThreadLock(Thread);
        if (KiUnwaitThread(Thread, (LONG_PTR)Queue->EntryListHead.Flink, 0)) /* counts it */
            KiTakeEntry(Queue);
        KiReleaseThreadLock(Thread);
    }
}

LONG_PTR KiTryDequeue(PKQUEUE Queue, PKTHREAD Thread) {
    if (Thread->Queue != &Queue->Header)
        return STATUS_ABANDONED; /* run down since it joined */
    if (Queue->Header.SignalState > 0 && Queue->CurrentCount <= Queue->MaximumCount) /* itself */
        return (LONG_PTR)KiTakeEntry(Queue);
    return STATUS_PENDING;
}

static VOID KiSetThreadQueue(PKTHREAD Thread, PKQUEUE Queue) {
    KiAcquireThreadLock(Thread);
    Thread->Queue = (PDISPATCHER_HEADER)Queue;
    KiReleaseThreadLock(Thread);
}

/* --- from a thread to its queue
 * -------------------------------------------------------------------- */

/* Thread's queue, locked, or NULL. */
static PKQUEUE KiLockThreadQueue(PKTHREAD Thread) {
    for (;;) {
        KiAcquireThreadLock(Thread);
        PKQUEUE Queue = (PKQUEUE)Thread->Queue;
        BOOLEAN Done = !Queue || KiTryObjectLock(&Queue->Header);
        KiReleaseThreadLock(Thread);
        if (Done)
            return Queue;
        YieldProcessor();
    }
}

VOID KiActivateQueue(PKTHREAD Thread) {
    PKQUEUE Queue = KiLockThreadQueue(Thread);
    if (Queue) {
        KiServeWaiters(Queue);
        KiReleaseObjectLock(&Queue->Header);
    }
}

/* The current thread belongs to no queue any more. IRQL <= DISPATCH_LEVEL. */
VOID KiLeaveQueue(PKTHREAD Thread) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    PKQUEUE Queue = KiLockThreadQueue(Thread);
    if (Queue) {
        KiSetThreadQueue(Thread, NULL);
        RemoveEntryList(&Thread->QueueListEntry);
        InterlockedDecrement(&Queue->CurrentCount);
        KiServeWaiters(Queue);
        KiReleaseObjectLock(&Queue->Header);
    }
    KiExitDispatcher(OldIrql);
}

static VOID KiJoinQueue(PKTHREAD Thread, PKQUEUE Queue) {
    if (Thread->Queue == &Queue->Header)
        return;
    KiLeaveQueue(Thread);
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(&Queue->Header);
    KiSetThreadQueue(Thread, Queue);
    InsertTailList(&Queue->ThreadListHead, &Thread->QueueListEntry);
    InterlockedIncrement(&Queue->CurrentCount);
    KiReleaseObjectLock(&Queue->Header);
    KeLowerIrql(OldIrql);
}

/* --- the calls
 * ------------------------------------------------------------------------------------ */

static LONG KiInsertQueue(PKQUEUE Queue, PLIST_ENTRY Entry, BOOLEAN Head) {
    ASSERT_IRQL(<= DISPATCH_LEVEL);
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(&Queue->Header);
    LONG Previous = Queue->Header.SignalState++;
    if (Head)
        InsertHeadList(&Queue->EntryListHead, Entry);
    else
        InsertTailList(&Queue->EntryListHead, Entry);
    KiServeWaiters(Queue);
    KiWaitTest(&Queue->Header, 0);
    KiReleaseObjectLock(&Queue->Header);
    KiExitDispatcher(OldIrql);
    return Previous;
}

LONG NTAPI KeInsertQueue(PRKQUEUE Queue, PLIST_ENTRY Entry) {
    return KiInsertQueue(Queue, Entry, FALSE);
}

LONG NTAPI KeInsertHeadQueue(PRKQUEUE Queue, PLIST_ENTRY Entry) {
    return KiInsertQueue(Queue, Entry, TRUE);
}

PLIST_ENTRY KeRemoveQueueAlertable(PRKQUEUE Queue, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                   PLARGE_INTEGER Timeout) {
    PKTHREAD Thread = KeGetCurrentThread();
    PVOID Object = Queue;
    KiJoinQueue(Thread, Queue);
    KI_WAIT Wait = {.Count = 1,
                    .Objects = &Object,
                    .Blocks = Thread->WaitBlock,
                    .Type = WaitDequeue,
                    .Reason = WrQueue,
                    .Mode = WaitMode,
                    .Alertable = Alertable,
                    .Timeout = Timeout};
    return (PLIST_ENTRY)KiWait(&Wait);
}

PLIST_ENTRY NTAPI KeRemoveQueue(PRKQUEUE Queue, KPROCESSOR_MODE WaitMode, PLARGE_INTEGER Timeout) {
    return KeRemoveQueueAlertable(Queue, WaitMode, FALSE, Timeout);
}

PLIST_ENTRY NTAPI KeRundownQueue(PRKQUEUE Queue) {
    PLIST_ENTRY First = NULL;
    PKTHREAD Thread;
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(&Queue->Header);
    while (Queue->ThreadListHead.Flink != &Queue->ThreadListHead)
        KiSetThreadQueue(
            CONTAINING_RECORD(RemoveHeadList(&Queue->ThreadListHead), KTHREAD, QueueListEntry),
            NULL);
    while ((Thread = KiTakeWaiter(Queue)) != NULL) {
        KiAcquireThreadLock(Thread);
        KiUnwaitThread(Thread, STATUS_ABANDONED, 0);
        KiReleaseThreadLock(Thread);
    }
    if (Queue->EntryListHead.Flink != &Queue->EntryListHead) {
        First = Queue->EntryListHead.Flink;
        RemoveEntryList(&Queue->EntryListHead);
        InitializeListHead(&Queue->EntryListHead);
    }
    Queue->Header.SignalState = 0;
    KiReleaseObjectLock(&Queue->Header);
    KiExitDispatcher(OldIrql);
    return First;
}
