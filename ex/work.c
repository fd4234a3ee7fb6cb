/*
 * work.c - work items
 *
 * Code that runs at DISPATCH_LEVEL, or with locks held, leaves what it cannot do there to a worker
 * thread: it queues a WORK_QUEUE_ITEM, and a system thread at PASSIVE_LEVEL calls its routine. An
 * item is in the queue at most once at a time; it may be queued again, or freed, from the moment
 * its routine is called. (WDK, "System Worker Threads"; simplified: the queue types differ in name
 * only.)
 */
#include "exp.h"
#include "ntrtl.h"

static KSPIN_LOCK ExpWorkLock; /* guards the list */
static LIST_ENTRY ExpWorkList = {&ExpWorkList, &ExpWorkList};
static KSEMAPHORE ExpWorkSemaphore; /* its count is the length of the list */

VOID ExpInitializeWork(VOID) {
    KeInitializeSpinLock(&ExpWorkLock);
    KeNameSpinLock(&ExpWorkLock, KiClassWorkQueue);
    KeInitializeSemaphore(&ExpWorkSemaphore, 0, MAXLONG);
}

VOID ExInitializeWorkItem(_Out_ PWORK_QUEUE_ITEM Item, _In_ PWORKER_THREAD_ROUTINE Routine,
                          _In_opt_ PVOID Context) {
    Item->WorkerRoutine = Routine;
    Item->Parameter = Context;
    Item->List.Flink = NULL;
}

VOID ExQueueWorkItem(_Inout_ PWORK_QUEUE_ITEM WorkItem, _In_ WORK_QUEUE_TYPE QueueType) {
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&ExpWorkLock);
    InsertTailList(&ExpWorkList, &WorkItem->List);
    KeReleaseSpinLock(&ExpWorkLock, OldIrql);
    KeReleaseSemaphore(&ExpWorkSemaphore, 0, 1, FALSE);
}

/* The routine of a worker thread; init starts one or more with PsCreateSystemThread. Never returns.
 */
VOID ExWorkerThread(_In_opt_ PVOID StartContext) {
    for (;;) {
        KeWaitForSingleObject(&ExpWorkSemaphore, WrQueue, KernelMode, FALSE, NULL);
        KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&ExpWorkLock);
        PLIST_ENTRY Entry = RemoveHeadList(&ExpWorkList);
        KeReleaseSpinLock(&ExpWorkLock, OldIrql);
        PWORK_QUEUE_ITEM Item = CONTAINING_RECORD(Entry, WORK_QUEUE_ITEM, List);
        Item->List.Flink = NULL;
        Item->WorkerRoutine(Item->Parameter);
    }
}
