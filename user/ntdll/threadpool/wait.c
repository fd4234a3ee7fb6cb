/*
 * wait.c - registered waits: a callback when an object is signalled
 *
 * A thread can wait for 64 objects. So there are wait threads, each with up to 63 waits and an event
 * by which it learns that its list has changed. It waits through handles of the pool's: the program
 * may close its own at any time.
 *
 * A wait whose callback is queued and has not begun is left out until it begins. An object that
 * stays signalled thus has at most one call in the queue.
 */

#include "tpp.h"

#define RTLP_WAITS_OF_A_THREAD  (MAXIMUM_WAIT_OBJECTS - 1)
#define RTLP_RETRY_MILLISECONDS 100

typedef struct _RTLP_WAIT_THREAD {
    LIST_ENTRY Links; /* in RtlpWaitThreads */
    LIST_ENTRY Waits;
    ULONG Count;
    HANDLE Event;
} RTLP_WAIT_THREAD, *PRTLP_WAIT_THREAD;

typedef struct _RTLP_WAIT {
    RTLP_POOL_OBJECT Object;
    LIST_ENTRY Links; /* in its thread's list */
    HANDLE Handle;
    ULONG Milliseconds;
    ULONG64 DueTime;
    BOOLEAN Finished; /* it has fired, and was to fire once */
} RTLP_WAIT, *PRTLP_WAIT;

/* What a wait thread waits for at a time: its event first. */
typedef struct _RTLP_WAIT_SET {
    ULONG Count;
    HANDLE Handles[MAXIMUM_WAIT_OBJECTS];
    PRTLP_WAIT Waits[MAXIMUM_WAIT_OBJECTS];
    ULONG64 DueTime; /* the earliest */
} RTLP_WAIT_SET, *PRTLP_WAIT_SET;

static RTL_CONDITION_VARIABLE RtlpNoEvent; /* never woken */
static LIST_ENTRY RtlpWaitThreads = {&RtlpWaitThreads, &RtlpWaitThreads};

static VOID RtlpFreeWait(_In_ PRTLP_POOL_OBJECT Object) {
    PRTLP_WAIT Wait = CONTAINING_RECORD(Object, RTLP_WAIT, Object);

    Object->Type = 0;
    NtClose(Wait->Handle);
    RtlFreeHeap(LdrpHeap(), 0, Wait);
}

/* ---- The wait threads ---- */

/* Lets go of the waits that were deleted, and collects those that are to be waited for. */
static VOID RtlpCollectWaits(_Inout_ PRTLP_WAIT_THREAD Thread, _Out_ PRTLP_WAIT_SET Set) {
    PLIST_ENTRY Link = Thread->Waits.Flink;

    Set->Count = 1;
    Set->Handles[0] = Thread->Event;
    Set->DueTime = RTLP_NEVER;
    while (Link != &Thread->Waits) {
        PRTLP_WAIT Wait = CONTAINING_RECORD(Link, RTLP_WAIT, Links);

        Link = Link->Flink;
        if (Wait->Object.Deleted) {
            RemoveEntryList(&Wait->Links);
            Thread->Count--;
            Wait->Object.BegunEvent = NULL;
            RtlpDereferenceObject(&Wait->Object);
        } else if (Wait->Object.Queued == 0 && !Wait->Finished) {
            Set->Handles[Set->Count] = Wait->Handle;
            Set->Waits[Set->Count] = Wait;
            Set->DueTime = min(Set->DueTime, Wait->DueTime);
            Set->Count++;
        }
    }
}

static VOID RtlpFireWait(_Inout_ PRTLP_WAIT Wait, _In_ BOOLEAN TimedOut, _In_ ULONG64 Now) {
    BOOLEAN Once = (Wait->Object.Flags & WT_EXECUTEONLYONCE) != 0;
    BOOLEAN Here = (Wait->Object.Flags & WT_EXECUTEINWAITTHREAD) != 0;

    if (Wait->Object.Deleted) {
        return;
    }
    Wait->DueTime = RtlpPoolTimeAfter(Now, Wait->Milliseconds);
    Wait->Finished = Once;
    RtlpFireObject(&Wait->Object, TimedOut, Here);
}

/* Waits without the lock, then calls what is due. */
static VOID RtlpWaitForSet(_In_ PRTLP_WAIT_SET Set) {
    ULONG64 Now = RtlpPoolTime();
    LARGE_INTEGER Timeout = {.QuadPart = Set->DueTime > Now ? -(LONGLONG)(Set->DueTime - Now) : 0};
    NTSTATUS Status;
    ULONG Index;

    RtlReleaseSRWLockExclusive(&RtlpPoolLock);
    Status = NtWaitForMultipleObjects(Set->Count, Set->Handles, WaitAny, FALSE,
                                      Set->DueTime == RTLP_NEVER ? NULL : &Timeout);
    RtlAcquireSRWLockExclusive(&RtlpPoolLock);
    Index = (ULONG)Status & ~(ULONG)STATUS_ABANDONED_WAIT_0;
    Now = RtlpPoolTime();
    if (NT_SUCCESS(Status) && Status != STATUS_TIMEOUT && Index < Set->Count) {
        if (Index != 0) {
            RtlpFireWait(Set->Waits[Index], FALSE, Now);
        }
        return;
    }
    if (!NT_SUCCESS(Status)) {
        /* The program has closed handles that are not its own. */
        RtlpSleepUntil(&RtlpNoEvent, RtlpPoolTimeAfter(Now, RTLP_RETRY_MILLISECONDS));
    }
    for (ULONG i = 1; i < Set->Count; i++) {
        if (Set->Waits[i]->DueTime <= Now) {
            RtlpFireWait(Set->Waits[i], TRUE, Now);
        }
    }
}

static NTSTATUS NTAPI RtlpWaitThread(_In_opt_ PVOID Parameter) {
    PRTLP_WAIT_THREAD Thread = Parameter;
    ULONG64 IdleEnd = RTLP_NEVER;
    RTLP_WAIT_SET Set;

    RtlAcquireSRWLockExclusive(&RtlpPoolLock);
    for (;;) {
        RtlpCollectWaits(Thread, &Set);
        if (Thread->Count != 0) {
            IdleEnd = RTLP_NEVER;
        } else if (IdleEnd == RTLP_NEVER) {
            IdleEnd = RtlpPoolTimeAfter(RtlpPoolTime(), RTLP_IDLE_SECONDS * 1000);
        } else if (RtlpPoolTime() >= IdleEnd) {
            break;
        }
        Set.DueTime = min(Set.DueTime, IdleEnd);
        RtlpWaitForSet(&Set);
    }
    RemoveEntryList(&Thread->Links);
    RtlReleaseSRWLockExclusive(&RtlpPoolLock);
    NtClose(Thread->Event);
    RtlFreeHeap(LdrpHeap(), 0, Thread);
    return STATUS_SUCCESS;
}

static NTSTATUS RtlpCreateWaitThread(_Out_ PRTLP_WAIT_THREAD *Created) {
    PRTLP_WAIT_THREAD Thread =
        RtlAllocateHeap(LdrpHeap(), HEAP_ZERO_MEMORY, sizeof(RTLP_WAIT_THREAD));
    NTSTATUS Status;

    *Created = Thread;
    if (Thread == NULL) {
        return STATUS_NO_MEMORY;
    }
    InitializeListHead(&Thread->Waits);
    Status = NtCreateEvent(&Thread->Event, EVENT_ALL_ACCESS, NULL, SynchronizationEvent, FALSE);
    if (NT_SUCCESS(Status)) {
        Status = RtlpStartPoolThread(RtlpWaitThread, Thread);
        if (NT_SUCCESS(Status)) {
            InsertTailList(&RtlpWaitThreads, &Thread->Links);
            return STATUS_SUCCESS;
        }
        NtClose(Thread->Event);
    }
    RtlFreeHeap(LdrpHeap(), 0, Thread);
    return Status;
}

/* A wait thread that has room; a new one if all are full. */
static NTSTATUS RtlpProvideWaitThread(_Out_ PRTLP_WAIT_THREAD *Found) {
    for (PLIST_ENTRY Link = RtlpWaitThreads.Flink; Link != &RtlpWaitThreads; Link = Link->Flink) {
        *Found = CONTAINING_RECORD(Link, RTLP_WAIT_THREAD, Links);
        if ((*Found)->Count < RTLP_WAITS_OF_A_THREAD) {
            return STATUS_SUCCESS;
        }
    }
    return RtlpCreateWaitThread(Found);
}

/* ---- Registration ---- */

static NTSTATUS RtlpInsertWait(_Inout_ PRTLP_WAIT Wait) {
    PRTLP_WAIT_THREAD Thread;
    NTSTATUS Status = RtlpProvideWaitThread(&Thread);

    if (NT_SUCCESS(Status)) {
        InsertTailList(&Thread->Waits, &Wait->Links);
        Thread->Count++;
        Wait->Object.References++;
        Wait->Object.BegunEvent = Thread->Event;
        Wait->DueTime = RtlpPoolTimeAfter(RtlpPoolTime(), Wait->Milliseconds);
        NtSetEvent(Thread->Event, NULL);
    }
    return Status;
}

NTSTATUS NTAPI RtlRegisterWait(_Out_ PHANDLE WaitHandle, _In_ HANDLE Object,
                               _In_ WAITORTIMERCALLBACKFUNC Callback, _In_opt_ PVOID Context,
                               _In_ ULONG Milliseconds, _In_ ULONG Flags) {
    PRTLP_WAIT Wait = RtlAllocateHeap(LdrpHeap(), HEAP_ZERO_MEMORY, sizeof(RTLP_WAIT));
    NTSTATUS Status;

    if (Wait == NULL) {
        return STATUS_NO_MEMORY;
    }
    Status = NtDuplicateObject(NtCurrentProcess(), Object, NtCurrentProcess(), &Wait->Handle,
                               SYNCHRONIZE, 0, 0);
    if (!NT_SUCCESS(Status)) {
        RtlFreeHeap(LdrpHeap(), 0, Wait);
        return Status;
    }
    Wait->Object.Type = RtlpWaitObject;
    Wait->Object.References = 1;
    Wait->Object.Flags = Flags;
    Wait->Object.Routine = Callback;
    Wait->Object.Context = Context;
    Wait->Object.Free = RtlpFreeWait;
    Wait->Milliseconds = Milliseconds;
    RtlAcquireSRWLockExclusive(&RtlpPoolLock);
    *WaitHandle = Wait;
    Status = RtlpInsertWait(Wait);
    if (!NT_SUCCESS(Status)) {
        *WaitHandle = NULL;
        RtlpDereferenceObject(&Wait->Object);
    }
    RtlReleaseSRWLockExclusive(&RtlpPoolLock);
    return Status;
}

NTSTATUS NTAPI RtlDeregisterWaitEx(_In_ HANDLE WaitHandle, _In_opt_ HANDLE CompletionEvent) {
    PRTLP_WAIT Wait = WaitHandle;
    NTSTATUS Status;

    if (Wait == NULL || Wait->Object.Type != RtlpWaitObject || Wait->Object.Deleted) {
        return STATUS_INVALID_HANDLE;
    }
    RtlAcquireSRWLockExclusive(&RtlpPoolLock);
    if (Wait->Object.BegunEvent != NULL) {
        NtSetEvent(Wait->Object.BegunEvent, NULL);
    }
    Status = RtlpDeleteObject(&Wait->Object, Wait->Object.Outstanding != 0, CompletionEvent);
    RtlReleaseSRWLockExclusive(&RtlpPoolLock);
    return Status;
}

NTSTATUS NTAPI RtlDeregisterWait(_In_ HANDLE WaitHandle) {
    return RtlDeregisterWaitEx(WaitHandle, NULL);
}
