/*
 * timerqueue.c - timers whose callbacks run on threads of the pool
 *
 * All timers of the process that are set are in one list, ordered by due time; one thread sleeps
 * until the first of them is due. A queue is only a group: what is deleted together.
 */

#include "tpp.h"

typedef struct _RTLP_TIMER_QUEUE {
    RTLP_POOL_OBJECT Object;
    LIST_ENTRY Timers;
} RTLP_TIMER_QUEUE, *PRTLP_TIMER_QUEUE;

typedef struct _RTLP_TIMER {
    RTLP_POOL_OBJECT Object;
    PRTLP_TIMER_QUEUE Queue;
    LIST_ENTRY QueueLinks;
    LIST_ENTRY DueLinks; /* in RtlpDueTimers while Set */
    ULONG64 DueTime;
    ULONG Period;
    BOOLEAN Set;
    BOOLEAN Expired; /* it has fired, and was to fire once */
} RTLP_TIMER, *PRTLP_TIMER;

static LIST_ENTRY RtlpDueTimers = {&RtlpDueTimers, &RtlpDueTimers};
static RTL_CONDITION_VARIABLE RtlpTimersChanged;
static BOOLEAN RtlpTimerThreadRuns;

/* The queue of timers that are created without one; its reference is never dropped. */
static RTLP_TIMER_QUEUE RtlpDefaultQueue = {
    .Object = {.Type = RtlpTimerQueueObject, .References = 1},
    .Timers = {&RtlpDefaultQueue.Timers, &RtlpDefaultQueue.Timers},
};

/* ---- The list and its thread ---- */

static VOID RtlpSetTimer(_Inout_ PRTLP_TIMER Timer, _In_ ULONG64 DueTime) {
    PLIST_ENTRY Link = RtlpDueTimers.Flink;

    if (DueTime == RTLP_NEVER) {
        return;
    }
    while (Link != &RtlpDueTimers &&
           CONTAINING_RECORD(Link, RTLP_TIMER, DueLinks)->DueTime <= DueTime) {
        Link = Link->Flink;
    }
    Timer->DueTime = DueTime;
    Timer->Set = TRUE;
    InsertTailList(Link, &Timer->DueLinks);
    RtlWakeConditionVariable(&RtlpTimersChanged);
}

static VOID RtlpCancelTimer(_Inout_ PRTLP_TIMER Timer) {
    if (Timer->Set) {
        RemoveEntryList(&Timer->DueLinks);
        Timer->Set = FALSE;
    }
}

/* The timer is due: sets it again if it is periodic, then calls its routine. */
static VOID RtlpFireTimer(_Inout_ PRTLP_TIMER Timer, _In_ ULONG64 Now) {
    RtlpCancelTimer(Timer);
    if (Timer->Period != 0) {
        /* Periods that have passed without a callback are left out. */
        ULONG64 Next = RtlpPoolTimeAfter(Timer->DueTime, Timer->Period);
        RtlpSetTimer(Timer, Next > Now ? Next : RtlpPoolTimeAfter(Now, Timer->Period));
    } else {
        Timer->Expired = TRUE;
    }
    RtlpFireObject(&Timer->Object, TRUE, (Timer->Object.Flags & WT_EXECUTEINTIMERTHREAD) != 0);
}

static NTSTATUS NTAPI RtlpTimerThread(_In_opt_ PVOID Parameter) {
    ULONG64 IdleEnd = 0;

    UNREFERENCED_PARAMETER(Parameter);
    RtlAcquireSRWLockExclusive(&RtlpPoolLock);
    for (;;) {
        ULONG64 Now = RtlpPoolTime();
        PRTLP_TIMER First = CONTAINING_RECORD(RtlpDueTimers.Flink, RTLP_TIMER, DueLinks);

        if (!IsListEmpty(&RtlpDueTimers)) {
            IdleEnd = 0;
            if (First->DueTime <= Now) {
                RtlpFireTimer(First, Now);
            } else {
                RtlpSleepUntil(&RtlpTimersChanged, First->DueTime);
            }
        } else if (IdleEnd == 0) {
            IdleEnd = RtlpPoolTimeAfter(Now, RTLP_IDLE_SECONDS * 1000);
        } else if (Now < IdleEnd) {
            RtlpSleepUntil(&RtlpTimersChanged, IdleEnd);
        } else {
            break;
        }
    }
    RtlpTimerThreadRuns = FALSE;
    RtlReleaseSRWLockExclusive(&RtlpPoolLock);
    return STATUS_SUCCESS;
}

static NTSTATUS RtlpProvideTimerThread(VOID) {
    NTSTATUS Status = STATUS_SUCCESS;

    if (!RtlpTimerThreadRuns) {
        Status = RtlpStartPoolThread(RtlpTimerThread, NULL);
        RtlpTimerThreadRuns = NT_SUCCESS(Status);
    }
    return Status;
}

/* ---- Queues ---- */

static PRTLP_TIMER_QUEUE RtlpTimerQueueOf(_In_opt_ HANDLE Handle) {
    PRTLP_TIMER_QUEUE Queue = Handle;

    if (Queue == NULL) {
        return &RtlpDefaultQueue;
    }
    return Queue->Object.Type == RtlpTimerQueueObject ? Queue : NULL;
}

static VOID RtlpFreeTimerQueue(_In_ PRTLP_POOL_OBJECT Object) {
    Object->Type = 0;
    RtlFreeHeap(LdrpHeap(), 0, CONTAINING_RECORD(Object, RTLP_TIMER_QUEUE, Object));
}

NTSTATUS NTAPI RtlCreateTimerQueue(_Out_ PHANDLE TimerQueueHandle) {
    PRTLP_TIMER_QUEUE Queue =
        RtlAllocateHeap(LdrpHeap(), HEAP_ZERO_MEMORY, sizeof(RTLP_TIMER_QUEUE));

    if (Queue == NULL) {
        return STATUS_NO_MEMORY;
    }
    Queue->Object.Type = RtlpTimerQueueObject;
    Queue->Object.References = 1;
    Queue->Object.Free = RtlpFreeTimerQueue;
    InitializeListHead(&Queue->Timers);
    *TimerQueueHandle = Queue;
    return STATUS_SUCCESS;
}

/* The timer is out of its lists and lives only as long as its callbacks. */
static VOID RtlpDetachTimer(_Inout_ PRTLP_TIMER Timer) {
    RtlpCancelTimer(Timer);
    RemoveEntryList(&Timer->QueueLinks);
    InitializeListHead(&Timer->QueueLinks);
}

NTSTATUS NTAPI RtlDeleteTimerQueueEx(_In_ HANDLE TimerQueueHandle,
                                     _In_opt_ HANDLE CompletionEvent) {
    PRTLP_TIMER_QUEUE Queue = TimerQueueHandle;
    NTSTATUS Status;

    if (Queue == NULL || RtlpTimerQueueOf(Queue) == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    RtlAcquireSRWLockExclusive(&RtlpPoolLock);
    while (!IsListEmpty(&Queue->Timers)) {
        PRTLP_TIMER Timer = CONTAINING_RECORD(Queue->Timers.Flink, RTLP_TIMER, QueueLinks);

        RtlpDetachTimer(Timer);
        RtlpDeleteObject(&Timer->Object, FALSE, NULL);
    }
    Status = RtlpDeleteObject(&Queue->Object, Queue->Object.References > 1, CompletionEvent);
    RtlReleaseSRWLockExclusive(&RtlpPoolLock);
    return Status;
}

NTSTATUS NTAPI RtlDeleteTimerQueue(_In_ HANDLE TimerQueueHandle) {
    return RtlDeleteTimerQueueEx(TimerQueueHandle, NULL);
}

/* ---- Timers ---- */

static VOID RtlpFreeTimer(_In_ PRTLP_POOL_OBJECT Object) {
    PRTLP_TIMER Timer = CONTAINING_RECORD(Object, RTLP_TIMER, Object);
    PRTLP_TIMER_QUEUE Queue = Timer->Queue;

    Object->Type = 0;
    RtlFreeHeap(LdrpHeap(), 0, Timer);
    RtlpDereferenceObject(&Queue->Object);
}

static PRTLP_TIMER RtlpAllocateTimer(_In_ WAITORTIMERCALLBACKFUNC Callback, _In_opt_ PVOID Context,
                                     _In_ ULONG Period, _In_ ULONG Flags) {
    PRTLP_TIMER Timer = RtlAllocateHeap(LdrpHeap(), HEAP_ZERO_MEMORY, sizeof(RTLP_TIMER));

    if (Timer != NULL) {
        Timer->Object.Type = RtlpTimerObject;
        Timer->Object.References = 1;
        Timer->Object.Flags = Flags;
        Timer->Object.Routine = Callback;
        Timer->Object.Context = Context;
        Timer->Object.Free = RtlpFreeTimer;
        Timer->Period = Flags & WT_EXECUTEONLYONCE ? 0 : Period;
    }
    return Timer;
}

NTSTATUS NTAPI RtlCreateTimer(_In_opt_ HANDLE TimerQueueHandle, _Out_ PHANDLE Handle,
                              _In_ WAITORTIMERCALLBACKFUNC Callback, _In_opt_ PVOID Context,
                              _In_ ULONG DueTime, _In_ ULONG Period, _In_ ULONG Flags) {
    PRTLP_TIMER_QUEUE Queue = RtlpTimerQueueOf(TimerQueueHandle);
    PRTLP_TIMER Timer;
    NTSTATUS Status;

    if (Queue == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    Timer = RtlpAllocateTimer(Callback, Context, Period, Flags);
    if (Timer == NULL) {
        return STATUS_NO_MEMORY;
    }
    RtlAcquireSRWLockExclusive(&RtlpPoolLock);
    Status = RtlpProvideTimerThread();
    if (NT_SUCCESS(Status)) {
        Timer->Queue = Queue;
        Queue->Object.References++;
        InsertTailList(&Queue->Timers, &Timer->QueueLinks);
        *Handle = Timer;
        RtlpSetTimer(Timer, RtlpPoolTimeAfter(RtlpPoolTime(), DueTime));
    }
    RtlReleaseSRWLockExclusive(&RtlpPoolLock);
    if (!NT_SUCCESS(Status)) {
        RtlFreeHeap(LdrpHeap(), 0, Timer);
    }
    return Status;
}

NTSTATUS NTAPI RtlUpdateTimer(_In_opt_ HANDLE TimerQueueHandle, _In_ HANDLE TimerHandle,
                              _In_ ULONG DueTime, _In_ ULONG Period) {
    PRTLP_TIMER Timer = TimerHandle;
    NTSTATUS Status;

    if (RtlpTimerQueueOf(TimerQueueHandle) == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    RtlAcquireSRWLockExclusive(&RtlpPoolLock);
    Status = RtlpProvideTimerThread();
    if (NT_SUCCESS(Status) && !Timer->Expired && !Timer->Object.Deleted) {
        RtlpCancelTimer(Timer);
        Timer->Period = Timer->Object.Flags & WT_EXECUTEONLYONCE ? 0 : Period;
        RtlpSetTimer(Timer, RtlpPoolTimeAfter(RtlpPoolTime(), DueTime));
    }
    RtlReleaseSRWLockExclusive(&RtlpPoolLock);
    return Status;
}

NTSTATUS NTAPI RtlDeleteTimer(_In_opt_ HANDLE TimerQueueHandle, _In_ HANDLE TimerToCancel,
                              _In_opt_ HANDLE CompletionEvent) {
    PRTLP_TIMER Timer = TimerToCancel;
    NTSTATUS Status;

    if (RtlpTimerQueueOf(TimerQueueHandle) == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    if (Timer == NULL) {
        return STATUS_INVALID_PARAMETER_1;
    }
    if (Timer->Object.Type != RtlpTimerObject || Timer->Object.Deleted) {
        return STATUS_INVALID_HANDLE;
    }
    RtlAcquireSRWLockExclusive(&RtlpPoolLock);
    RtlpDetachTimer(Timer);
    Status = RtlpDeleteObject(&Timer->Object, Timer->Object.Outstanding != 0, CompletionEvent);
    RtlReleaseSRWLockExclusive(&RtlpPoolLock);
    return Status;
}
