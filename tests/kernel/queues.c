/* queues.c - tests of KQUEUE: order, waits, the concurrency value, the end of a queue */
#include "kmtest.h"
#include "ntrtl.h"
#include "ps.h"
#include "ob.h"

#define WORKERS 4

typedef struct _ITEM {
    LIST_ENTRY Link;
    ULONG Number;
} ITEM;

static PLIST_ENTRY Poll(PKQUEUE Queue) {
    LARGE_INTEGER Now = {.QuadPart = 0};
    return KeRemoveQueue(Queue, KernelMode, &Now);
}

static ULONG NumberOf(PLIST_ENTRY Entry) {
    return (ULONG_PTR)Entry < 0x10000 ? 0 : CONTAINING_RECORD(Entry, ITEM, Link)->Number;
}

KMT_TEST(queue_keeps_order) {
    KQUEUE Queue;
    ITEM Items[3] = {{.Number = 1}, {.Number = 2}, {.Number = 3}};
    KeInitializeQueue(&Queue, 1);
    KMT_CHECK(Poll(&Queue) == (PLIST_ENTRY)(LONG_PTR)STATUS_TIMEOUT);
    KMT_CHECK(KeInsertQueue(&Queue, &Items[0].Link) == 0);
    KMT_CHECK(KeInsertQueue(&Queue, &Items[1].Link) == 1);
    KMT_CHECK(KeInsertHeadQueue(&Queue, &Items[2].Link) == 2);
    KMT_CHECK(KeReadStateQueue(&Queue) == 3);
    KMT_CHECK(NumberOf(Poll(&Queue)) == 3);
    KMT_CHECK(NumberOf(Poll(&Queue)) == 1);
    KMT_CHECK(NumberOf(Poll(&Queue)) == 2);
    KMT_CHECK(Poll(&Queue) == (PLIST_ENTRY)(LONG_PTR)STATUS_TIMEOUT);
    KMT_CHECK(Queue.CurrentCount == 1); /* this thread */
    KMT_CHECK(KeRundownQueue(&Queue) == NULL);
}

KMT_TEST(queue_thread_changes_queues) {
    KQUEUE First, Second;
    KeInitializeQueue(&First, 1);
    KeInitializeQueue(&Second, 1);
    Poll(&First);
    KMT_CHECK(First.CurrentCount == 1);
    Poll(&Second);
    KMT_CHECK(First.CurrentCount == 0 && Second.CurrentCount == 1);
    KeRundownQueue(&First);
    KeRundownQueue(&Second);
}

KMT_TEST(queue_rundown_gives_back_what_is_left) {
    KQUEUE Queue;
    ITEM Items[3] = {{.Number = 1}, {.Number = 2}, {.Number = 3}};
    KeInitializeQueue(&Queue, 1);
    for (ULONG i = 0; i < 3; i++) {
        KeInsertQueue(&Queue, &Items[i].Link);
    }
    PLIST_ENTRY First = KeRundownQueue(&Queue);
    KMT_CHECK(NumberOf(First) == 1 && NumberOf(First->Flink) == 2);
    KMT_CHECK(NumberOf(First->Blink) == 3 && First->Blink->Flink == First);
    KMT_CHECK(KeReadStateQueue(&Queue) == 0);
}

/* --- workers
 * --------------------------------------------------------------------------------------- */

typedef struct _SHOP {
    KQUEUE Queue;
    KEVENT Gate; /* an item with an odd number waits for it */
    KEVENT AllDone;
    volatile LONG AtWork; /* workers with an item that have not begun to wait */
    volatile LONG MostAtWork;
    volatile LONG Joined, Taken, Finished, Expected, Abandoned;
} SHOP;

static VOID NoteAtWork(SHOP *Shop) {
    LONG Now = InterlockedIncrement(&Shop->AtWork), Most;
    while (Now > (Most = Shop->MostAtWork)) {
        InterlockedCompareExchange(&Shop->MostAtWork, Now, Most);
    }
}

static VOID ShopWork(SHOP *Shop, PLIST_ENTRY Entry) {
    NoteAtWork(Shop);
    InterlockedIncrement(&Shop->Taken);
    InterlockedDecrement(&Shop->AtWork);
    if (NumberOf(Entry) % 2 != 0) {
        KeWaitForSingleObject(&Shop->Gate, Executive, KernelMode, FALSE, NULL);
    } else {
        KeStallExecutionProcessor(20);
    }
    if (InterlockedIncrement(&Shop->Finished) == Shop->Expected) {
        KeSetEvent(&Shop->AllDone, 0, FALSE);
    }
}

static VOID ShopWorker(PVOID Context) {
    SHOP *Shop = Context;
    PLIST_ENTRY Entry = Poll(&Shop->Queue);
    InterlockedIncrement(&Shop->Joined);
    while (Entry != (PLIST_ENTRY)(LONG_PTR)STATUS_ABANDONED) {
        if (Entry != (PLIST_ENTRY)(LONG_PTR)STATUS_TIMEOUT) {
            ShopWork(Shop, Entry);
        }
        Entry = KeRemoveQueue(&Shop->Queue, KernelMode, NULL);
    }
    InterlockedIncrement(&Shop->Abandoned);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static BOOLEAN StartWorkers(SHOP *Shop, ULONG Concurrency, HANDLE Threads[WORKERS]) {
    RtlZeroMemory(Shop, sizeof(*Shop));
    KeInitializeQueue(&Shop->Queue, Concurrency);
    KeInitializeEvent(&Shop->Gate, NotificationEvent, FALSE);
    KeInitializeEvent(&Shop->AllDone, NotificationEvent, FALSE);
    for (ULONG i = 0; i < WORKERS; i++) {
        if (!NT_SUCCESS(PsCreateSystemThread(&Threads[i], THREAD_ALL_ACCESS, NULL, NULL, NULL,
                                             ShopWorker, Shop))) {
            return FALSE;
        }
    }
    return TRUE;
}

static BOOLEAN Until(volatile LONG *Value, LONG Wanted) {
    LARGE_INTEGER Nap = {.QuadPart = -200000};
    for (ULONG Try = 0; Try < 500 && *Value != Wanted; Try++) {
        KeDelayExecutionThread(KernelMode, FALSE, &Nap);
    }
    return *Value == Wanted;
}

/* All workers wait: who has joined and does not wait is counted. */
static BOOLEAN AllWait(SHOP *Shop) {
    return Until(&Shop->Joined, WORKERS) && Until((volatile LONG *)&Shop->Queue.CurrentCount, 0);
}

/* The rundown is for those who are in the queue then: who comes later would wait for ever. */
static VOID EndWorkers(SHOP *Shop, HANDLE Threads[WORKERS]) {
    PVOID Objects[WORKERS];
    KWAIT_BLOCK Blocks[WORKERS];
    for (ULONG i = 0; i < WORKERS; i++) {
        ObReferenceObjectByHandle(Threads[i], SYNCHRONIZE, NULL, KernelMode, &Objects[i], NULL);
        ObCloseHandle(Threads[i], KernelMode);
    }
    KMT_CHECK(AllWait(Shop));
    KMT_CHECK(KeRundownQueue(&Shop->Queue) == NULL);
    KeWaitForMultipleObjects(WORKERS, Objects, WaitAll, Executive, KernelMode, FALSE, NULL, Blocks);
    for (ULONG i = 0; i < WORKERS; i++) {
        ObDereferenceObject(Objects[i]);
    }
    KMT_CHECK(Shop->Abandoned == WORKERS);
}

KMT_TEST(queue_waiters_get_every_entry_once) {
    static SHOP Shop;
    static ITEM Items[200];
    HANDLE Threads[WORKERS];
    KMT_CHECK(StartWorkers(&Shop, 2, Threads));
    Shop.Expected = 200;
    for (ULONG i = 0; i < 200; i++) {
        Items[i].Number = 2 * i + 2;
        KeInsertQueue(&Shop.Queue, &Items[i].Link);
    }
    KMT_CHECK(KeWaitForSingleObject(&Shop.AllDone, Executive, KernelMode, FALSE, NULL) ==
              STATUS_SUCCESS);
    KMT_CHECK(Shop.Taken == 200 && Shop.MostAtWork <= 2);
    KMT_CHECK(KeReadStateQueue(&Shop.Queue) == 0);
    EndWorkers(&Shop, Threads);
}

/* Concurrency 1: a worker that waits makes room for the next, up to all of them; then no more. */
KMT_TEST(queue_gives_the_turn_on_when_a_thread_waits) {
    static SHOP Shop;
    static ITEM Items[WORKERS + 2];
    HANDLE Threads[WORKERS];
    KMT_CHECK(StartWorkers(&Shop, 1, Threads));
    KMT_CHECK(AllWait(&Shop));
    Shop.Expected = WORKERS + 2;
    for (ULONG i = 0; i < WORKERS + 2; i++) {
        Items[i].Number = 2 * i + 1;
        KeInsertQueue(&Shop.Queue, &Items[i].Link);
    }
    KMT_CHECK(Until(&Shop.Taken, WORKERS));
    KMT_CHECK(Until((volatile LONG *)&Shop.Queue.CurrentCount, 0)); /* the last has begun to wait */
    KMT_CHECK(KeReadStateQueue(&Shop.Queue) == 2);
    KeSetEvent(&Shop.Gate, 0, FALSE);
    KMT_CHECK(KeWaitForSingleObject(&Shop.AllDone, Executive, KernelMode, FALSE, NULL) ==
              STATUS_SUCCESS);
    KMT_CHECK(Shop.Taken == WORKERS + 2 && Shop.MostAtWork <= WORKERS);
    EndWorkers(&Shop, Threads);
}

KMT_TEST(queue_is_signalled_while_it_has_entries) {
    KQUEUE Queue;
    ITEM Item = {.Number = 1};
    LARGE_INTEGER Now = {.QuadPart = 0};
    KeInitializeQueue(&Queue, 1);
    KMT_CHECK(KeWaitForSingleObject(&Queue, Executive, KernelMode, FALSE, &Now) == STATUS_TIMEOUT);
    KeInsertQueue(&Queue, &Item.Link);
    KMT_CHECK(KeWaitForSingleObject(&Queue, Executive, KernelMode, FALSE, &Now) == STATUS_SUCCESS);
    KMT_CHECK(KeReadStateQueue(&Queue) == 1);
    KMT_CHECK(NumberOf(KeRundownQueue(&Queue)) == 1);
}
