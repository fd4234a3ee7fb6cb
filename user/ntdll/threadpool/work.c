/*
 * work.c - work items, the worker threads, and the life of pool objects
 */

#include "tpp.h"

typedef struct _RTLP_WORK_ITEM {
    LIST_ENTRY Links;
    WORKERCALLBACKFUNC Function; /* NULL: a callback of Object */
    PVOID Context;
    PRTLP_POOL_OBJECT Object;
    BOOLEAN TimedOut;
} RTLP_WORK_ITEM, *PRTLP_WORK_ITEM;

RTL_SRWLOCK RtlpPoolLock;

static LIST_ENTRY RtlpWorkItems = {&RtlpWorkItems, &RtlpWorkItems};
static ULONG RtlpWorkItemCount, RtlpWorkerCount, RtlpIdleWorkers;
static RTL_CONDITION_VARIABLE RtlpWorkAvailable;
static RTL_CONDITION_VARIABLE RtlpObjectGone;

/* ---- Time and threads ---- */

/* RtlpPoolTime - time that only goes forward, in units of 100 ns. */
ULONG64 RtlpPoolTime(VOID) {
    LARGE_INTEGER Counter, Frequency;

    NtQueryPerformanceCounter(&Counter, &Frequency);
    return (ULONG64)(Counter.QuadPart / Frequency.QuadPart * 10000000 +
                     Counter.QuadPart % Frequency.QuadPart * 10000000 / Frequency.QuadPart);
}

/* RtlpPoolTimeAfter - Now and so many milliseconds; RTLP_INFINITE is never. */
ULONG64 RtlpPoolTimeAfter(_In_ ULONG64 Now, _In_ ULONG Milliseconds) {
    return Milliseconds == RTLP_INFINITE ? RTLP_NEVER : Now + (ULONG64)Milliseconds * 10000;
}

/* RtlpStartPoolThread - a thread of the pool. Its stack is what the program's header says. */
NTSTATUS RtlpStartPoolThread(_In_ PUSER_THREAD_START_ROUTINE Routine, _In_opt_ PVOID Parameter) {
    return RtlCreateUserThread(NtCurrentProcess(), NULL, FALSE, 0, 0, 0, (PVOID)Routine, Parameter,
                               NULL, NULL);
}

/* RtlpSleepUntil - waits to be woken, but not longer than Time; without the lock meanwhile. */
VOID RtlpSleepUntil(_Inout_ PRTL_CONDITION_VARIABLE Variable, _In_ ULONG64 Time) {
    LARGE_INTEGER Timeout = {.QuadPart = 0};
    ULONG64 Now = RtlpPoolTime();

    if (Time > Now) {
        Timeout.QuadPart = -(LONGLONG)(Time - Now);
        RtlSleepConditionVariableSRW(Variable, &RtlpPoolLock, Time == RTLP_NEVER ? NULL : &Timeout,
                                     0);
    }
}

/* ---- Pool objects ---- */

/* RtlpDereferenceObject - the last reference frees the object, and tells who waits for that. */
VOID RtlpDereferenceObject(_In_ PRTLP_POOL_OBJECT Object) {
    Object->References--;
    if (Object->References != 0) {
        return;
    }
    if (Object->CompletionEvent != NULL) {
        NtSetEvent(Object->CompletionEvent, NULL);
    }
    if (Object->Done != NULL) {
        *Object->Done = TRUE;
        RtlWakeAllConditionVariable(&RtlpObjectGone);
    }
    Object->Free(Object);
}

/*
 * RtlpDeleteObject - the program lets go of its handle.
 *
 * Pending: callbacks have not ended yet. CompletionEvent is as the program gave it.
 */
NTSTATUS RtlpDeleteObject(_In_ PRTLP_POOL_OBJECT Object, _In_ BOOLEAN Pending,
                          _In_opt_ HANDLE CompletionEvent) {
    BOOLEAN Done = FALSE;

    Object->Deleted = TRUE;
    if (CompletionEvent != INVALID_HANDLE_VALUE) {
        Object->CompletionEvent = CompletionEvent;
        RtlpDereferenceObject(Object);
        return Pending ? STATUS_PENDING : STATUS_SUCCESS;
    }
    Object->Done = &Done;
    RtlpDereferenceObject(Object);
    while (!Done) {
        RtlpSleepUntil(&RtlpObjectGone, RTLP_NEVER);
    }
    return STATUS_SUCCESS;
}

/* Calls the routine; the lock is not held meanwhile. */
static VOID RtlpRunObject(_In_ PRTLP_POOL_OBJECT Object, _In_ BOOLEAN TimedOut) {
    RtlReleaseSRWLockExclusive(&RtlpPoolLock);
    Object->Routine(Object->Context, TimedOut);
    RtlAcquireSRWLockExclusive(&RtlpPoolLock);
    Object->Outstanding--;
    RtlpDereferenceObject(Object);
}

/* ---- Workers ---- */

static VOID RtlpRunItem(_In_ PRTLP_WORK_ITEM Item) {
    PRTLP_POOL_OBJECT Object = Item->Object;

    if (Item->Function != NULL) {
        RtlReleaseSRWLockExclusive(&RtlpPoolLock);
        Item->Function(Item->Context);
        RtlAcquireSRWLockExclusive(&RtlpPoolLock);
        return;
    }
    Object->Queued--;
    if (Object->BegunEvent != NULL) {
        NtSetEvent(Object->BegunEvent, NULL);
    }
    RtlpRunObject(Object, Item->TimedOut);
}

/* Waits for an item; NULL when none has come for RTLP_IDLE_SECONDS. */
static PRTLP_WORK_ITEM RtlpNextItem(VOID) {
    ULONG64 End = RtlpPoolTimeAfter(RtlpPoolTime(), RTLP_IDLE_SECONDS * 1000);
    PRTLP_WORK_ITEM Item;

    RtlpIdleWorkers++;
    while (IsListEmpty(&RtlpWorkItems) && RtlpPoolTime() < End) {
        RtlpSleepUntil(&RtlpWorkAvailable, End);
    }
    RtlpIdleWorkers--;
    if (IsListEmpty(&RtlpWorkItems)) {
        return NULL;
    }
    Item = CONTAINING_RECORD(RemoveHeadList(&RtlpWorkItems), RTLP_WORK_ITEM, Links);
    RtlpWorkItemCount--;
    return Item;
}

static NTSTATUS NTAPI RtlpWorkerThread(_In_opt_ PVOID Parameter) {
    PRTLP_WORK_ITEM Item;

    UNREFERENCED_PARAMETER(Parameter);
    RtlAcquireSRWLockExclusive(&RtlpPoolLock);
    while ((Item = RtlpNextItem()) != NULL) {
        RtlpRunItem(Item);
        RtlFreeHeap(LdrpHeap(), 0, Item);
    }
    RtlpWorkerCount--;
    RtlReleaseSRWLockExclusive(&RtlpPoolLock);
    return STATUS_SUCCESS;
}

/* An idle worker is woken, or a new one made. Fails only if there is no worker at all. */
static NTSTATUS RtlpProvideWorker(VOID) {
    NTSTATUS Status = STATUS_SUCCESS;

    if (RtlpWorkItemCount <= RtlpIdleWorkers) {
        RtlWakeConditionVariable(&RtlpWorkAvailable);
    } else if (RtlpWorkerCount < RTLP_MAXIMUM_WORKERS) {
        Status = RtlpStartPoolThread(RtlpWorkerThread, NULL);
        if (NT_SUCCESS(Status)) {
            RtlpWorkerCount++;
        }
    }
    return RtlpWorkerCount != 0 ? STATUS_SUCCESS : Status;
}

static NTSTATUS RtlpQueueItem(_In_ const RTLP_WORK_ITEM *Template) {
    PRTLP_WORK_ITEM Item = RtlAllocateHeap(LdrpHeap(), 0, sizeof(RTLP_WORK_ITEM));
    NTSTATUS Status;

    if (Item == NULL) {
        return STATUS_NO_MEMORY;
    }
    *Item = *Template;
    InsertTailList(&RtlpWorkItems, &Item->Links);
    RtlpWorkItemCount++;
    Status = RtlpProvideWorker();
    if (!NT_SUCCESS(Status)) {
        RemoveEntryList(&Item->Links);
        RtlpWorkItemCount--;
        RtlFreeHeap(LdrpHeap(), 0, Item);
    }
    return Status;
}

/*
 * RtlpFireObject - queues a call of the object's routine, or calls it on this thread (Here, or there
 * is no memory to queue it). The caller has a reference if it needs the object afterwards.
 */
VOID RtlpFireObject(_In_ PRTLP_POOL_OBJECT Object, _In_ BOOLEAN TimedOut, _In_ BOOLEAN Here) {
    RTLP_WORK_ITEM Item = {.Object = Object, .TimedOut = TimedOut};

    Object->References++;
    Object->Outstanding++;
    if (!Here && NT_SUCCESS(RtlpQueueItem(&Item))) {
        Object->Queued++;
    } else {
        RtlpRunObject(Object, TimedOut);
    }
}

NTSTATUS NTAPI RtlQueueWorkItem(_In_ WORKERCALLBACKFUNC Function, _In_opt_ PVOID Context,
                                _In_ ULONG Flags) {
    RTLP_WORK_ITEM Item = {.Function = Function, .Context = Context};
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Flags);
    RtlAcquireSRWLockExclusive(&RtlpPoolLock);
    Status = RtlpQueueItem(&Item);
    RtlReleaseSRWLockExclusive(&RtlpPoolLock);
    return Status;
}
