/*
 * nttimer.c - timers
 *
 * A timer object is a KTIMER, which Ke signals when it is due, and an APC for the thread that set
 * it. The way of that APC: the KTIMER's DPC queues it, the thread's next alertable wait delivers
 * it.
 *
 *   set with an APC       the timer is in the thread's list, and the list holds a reference on it
 *   its APC is queued     the queue holds another one
 *   it leaves the list    cancelled, set again, delivered for the last time, or the thread ends
 *
 * Locks: ETIMER.Lock, then ETHREAD.ActiveTimerListLock, then Ke's. The DPC takes ETIMER.Lock too,
 * so after a cancellation under that lock no APC is on its way but one that is being delivered; its
 * kernel routine looks, and lets it drop.
 */
#include "exp.h"
#include "ntapi.h"
#include "ob.h"
#include "ps.h"

#define TIMER_APC_INCREMENT 0

/* The fields from DpcUsed on are this kernel's own; those before lie where Windows has them. */
typedef struct _ETIMER {
    KTIMER KeTimer;
    KSPIN_LOCK Lock;
    KAPC TimerApc;
    KDPC TimerDpc;
    LIST_ENTRY ActiveTimerListEntry; /* ETHREAD.ActiveTimerListHead of TimerApc.Thread */
    ULONG Period;                    /* Lock */
    UCHAR ApcAssociated : 1;         /* in that list (Lock) */
    UCHAR Reserved1[0x43];
    BOOLEAN DpcUsed; /* TimerDpc has been given to KeTimer (Lock) */
} ETIMER, *PETIMER;
#define OFFSETS_TIMER
#include "offsets.h"

POBJECT_TYPE ExTimerObjectType;

/* Lock held: out of the thread's list. The caller drops the list's reference. */
static VOID ExpDisassociateTimer(PETIMER Timer) {
    PETHREAD Thread = (PETHREAD)Timer->TimerApc.Thread;
    KeAcquireSpinLockAtDpcLevel(&Thread->ActiveTimerListLock);
    RemoveEntryList(&Timer->ActiveTimerListEntry);
    KeReleaseSpinLockFromDpcLevel(&Thread->ActiveTimerListLock);
    Timer->ApcAssociated = FALSE;
}

/* Lock held: stops the timer and everything that it has set going. Returns the references to drop.
 */
static ULONG ExpStopTimer(PETIMER Timer, PBOOLEAN WasSet) {
    ULONG References = 0;
    *WasSet = KeCancelTimer(&Timer->KeTimer);
    if (Timer->ApcAssociated) {
        KeRemoveQueueDpc(&Timer->TimerDpc);
        References = KeRemoveQueueApc(&Timer->TimerApc) ? 2 : 1;
        ExpDisassociateTimer(Timer);
    }
    return References;
}

static VOID ExpDropReferences(PETIMER Timer, ULONG References) {
    while (References-- > 0) {
        ObfDereferenceObject(Timer);
    }
}

/* The timer is due, and has an APC. It may be queued still from the last time. */
static VOID ExpTimerDpcRoutine(PKDPC Dpc, PVOID Context, PVOID SystemArgument1,
                               PVOID SystemArgument2) {
    PETIMER Timer = Context;
    LARGE_INTEGER Now;
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    KeQuerySystemTime(&Now);
    KeAcquireSpinLockAtDpcLevel(&Timer->Lock);
    if (Timer->ApcAssociated && ObReferenceObjectSafe(Timer) &&
        !KeInsertQueueApc(&Timer->TimerApc, (PVOID)(ULONG_PTR)Now.LowPart,
                          (PVOID)(LONG_PTR)Now.HighPart, TIMER_APC_INCREMENT)) {
        ObDereferenceObjectDeferDelete(Timer);
    }
    KeReleaseSpinLockFromDpcLevel(&Timer->Lock);
}

/* In the thread, before its APC routine is called: unless the timer was cancelled meanwhile. */
static VOID ExpTimerApcRoutine(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext,
                               PVOID *SystemArgument1, PVOID *SystemArgument2) {
    PETIMER Timer = CONTAINING_RECORD(Apc, ETIMER, TimerApc);
    ULONG References = 1;
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&Timer->Lock);
    if (!Timer->ApcAssociated || Timer->TimerApc.Thread != KeGetCurrentThread()) {
        *NormalRoutine = NULL;
    } else if (Timer->Period == 0) {
        ExpDisassociateTimer(Timer);
        References = 2;
    }
    KeReleaseSpinLock(&Timer->Lock, OldIrql);
    while (References-- > 0) {
        ObDereferenceObjectDeferDelete(Timer);
    }
}

/* The thread's end came before the APC. */
static VOID ExpTimerApcRundown(PKAPC Apc) {
    ObfDereferenceObject(CONTAINING_RECORD(Apc, ETIMER, TimerApc));
}

/* The first timer of the current thread's list, referenced; NULL when there is none left. */
static PETIMER ExpFirstTimer(VOID) {
    PETHREAD Thread = PsGetCurrentThread();
    PETIMER Timer = NULL;
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&Thread->ActiveTimerListLock);
    if (!IsListEmpty(&Thread->ActiveTimerListHead)) {
        Timer = CONTAINING_RECORD(Thread->ActiveTimerListHead.Flink, ETIMER, ActiveTimerListEntry);
        ObReferenceObject(Timer);
    }
    KeReleaseSpinLock(&Thread->ActiveTimerListLock, OldIrql);
    return Timer;
}

VOID ExTimerRundown(VOID) {
    PETIMER Timer;
    while ((Timer = ExpFirstTimer()) != NULL) {
        BOOLEAN WasSet;
        ULONG References = 0;
        KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&Timer->Lock);
        if (Timer->ApcAssociated && Timer->TimerApc.Thread == KeGetCurrentThread()) {
            References = ExpStopTimer(Timer, &WasSet);
        }
        KeReleaseSpinLock(&Timer->Lock, OldIrql);
        ExpDropReferences(Timer, References + 1);
    }
}

/*
 * The last reference has gone, so no thread has it in its list: only the KTIMER may still be set.
 * The DPC holds no reference. On another processor it may be running still, at the latest waiting
 * for the lock, which is in the memory that is about to be freed.
 */
static VOID ExpDeleteTimer(PVOID Object) {
    PETIMER Timer = Object;
    KeCancelTimer(&Timer->KeTimer);
    if (Timer->DpcUsed) {
        KeRemoveQueueDpcEx(&Timer->TimerDpc, TRUE);
    }
}

NTSTATUS ExpInitializeTimers(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Timer");
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .DispatcherBody = TRUE,
        .InvalidAttributes = OBJ_OPENLINK,
        .GenericMapping = {STANDARD_RIGHTS_READ | TIMER_QUERY_STATE,
                           STANDARD_RIGHTS_WRITE | TIMER_MODIFY_STATE,
                           STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, TIMER_ALL_ACCESS},
        .ValidAccessMask = TIMER_ALL_ACCESS,
        .PoolType = NonPagedPoolNx,
        .DefaultNonPagedPoolCharge = sizeof(ETIMER),
        .DeleteProcedure = ExpDeleteTimer,
    };
    return ObCreateObjectType(&Name, &Initializer, NULL, &ExTimerObjectType);
}

static VOID ExpInitializeTimer(PVOID Object, const VOID *Type) {
    PETIMER Timer = Object;
    KeInitializeTimerEx(&Timer->KeTimer, *(const TIMER_TYPE *)Type);
    KeInitializeDpc(&Timer->TimerDpc, ExpTimerDpcRoutine, Timer);
    KeInitializeSpinLock(&Timer->Lock);
    Timer->ApcAssociated = FALSE;
    Timer->DpcUsed = FALSE;
    Timer->Period = 0;
}

/* STATUS_INVALID_PARAMETER_4 for a bad type. Source: Windows SDK, CreateWaitableTimer; phnt. */
/* STATUS_INVALID_PARAMETER_4 for a bad type. Source: Windows SDK, CreateWaitableTimer; phnt. */
NTSTATUS NTAPI NtCreateTimer(_Out_ PHANDLE TimerHandle, _In_ ACCESS_MASK DesiredAccess,
                             _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                             _In_ TIMER_TYPE TimerType) {
    if (TimerType != NotificationTimer && TimerType != SynchronizationTimer) {
        return ObRefuseHandle(TimerHandle, STATUS_INVALID_PARAMETER_4);
    }
    return ObCreateObjectHandle(TimerHandle, DesiredAccess, ObjectAttributes, ExTimerObjectType,
                                sizeof(ETIMER), ExpInitializeTimer, &TimerType);
}

NTSTATUS NTAPI NtOpenTimer(_Out_ PHANDLE TimerHandle, _In_ ACCESS_MASK DesiredAccess,
                           _In_ POBJECT_ATTRIBUTES ObjectAttributes) {
    return ObOpenObjectHandle(TimerHandle, DesiredAccess, ObjectAttributes, ExTimerObjectType);
}

/* Lock held: from now on the timer's APC is for the current thread. */
static VOID ExpAssociateTimer(PETIMER Timer, PVOID ApcRoutine, PVOID Context) {
    PETHREAD Thread = PsGetCurrentThread();
    KeInitializeApc(&Timer->TimerApc, &Thread->Tcb, CurrentApcEnvironment, ExpTimerApcRoutine,
                    ExpTimerApcRundown, (PKNORMAL_ROUTINE)ApcRoutine, UserMode, Context);
    ObReferenceObject(Timer);
    KeAcquireSpinLockAtDpcLevel(&Thread->ActiveTimerListLock);
    InsertTailList(&Thread->ActiveTimerListHead, &Timer->ActiveTimerListEntry);
    KeReleaseSpinLockFromDpcLevel(&Thread->ActiveTimerListLock);
    Timer->ApcAssociated = TRUE;
    Timer->DpcUsed = TRUE;
}

/* Returns the state before. */
static BOOLEAN ExpSetTimer(PETIMER Timer, const TIMER_SET_COALESCABLE_TIMER_INFO *Set) {
    BOOLEAN WasSet;
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&Timer->Lock);
    ULONG References = ExpStopTimer(Timer, &WasSet);
    BOOLEAN State = KeReadStateTimer(&Timer->KeTimer);
    Timer->Period = (LONG)Set->Period;
    if (Set->TimerApcRoutine != NULL) {
        ExpAssociateTimer(Timer, (PVOID)Set->TimerApcRoutine, Set->TimerContext);
    }
    KeSetCoalescableTimer(&Timer->KeTimer, Set->DueTime, Set->Period, Set->TolerableDelay,
                          Set->TimerApcRoutine != NULL ? &Timer->TimerDpc : NULL);
    KeReleaseSpinLock(&Timer->Lock, OldIrql);
    ExpDropReferences(Timer, References);
    return State;
}

static NTSTATUS ExpReferenceTimer(HANDLE Handle, ACCESS_MASK Access, PETIMER *Timer) {
    return ObReferenceObjectByHandle(Handle, Access, ExTimerObjectType, ExGetPreviousMode(),
                                     (PVOID *)Timer, NULL);
}

/* What Set says, all of it captured, its PreviousState probed. */
static NTSTATUS ExpSetTimerByHandle(HANDLE Handle, const TIMER_SET_COALESCABLE_TIMER_INFO *Set) {
    PETIMER Timer;
    if ((LONG)Set->Period < 0) {
        return STATUS_INVALID_PARAMETER_6;
    }
    NTSTATUS Status = ExpReferenceTimer(Handle, TIMER_MODIFY_STATE, &Timer);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    BOOLEAN State = ExpSetTimer(Timer, Set);
    ObfDereferenceObject(Timer);
    return Set->PreviousState != NULL
               ? ObReturnInformation(Set->PreviousState, &State, sizeof(State), NULL)
               : STATUS_SUCCESS;
}

/*
 * STATUS_INVALID_PARAMETER_6: a negative period. STATUS_TIMER_RESUME_IGNORED: set, but there is no
 * sleep that it could end. Source: Windows SDK, SetWaitableTimer; phnt.
 */
NTSTATUS NTAPI NtSetTimer(_In_ HANDLE TimerHandle, _In_ PLARGE_INTEGER DueTime,
                          _In_opt_ PTIMER_APC_ROUTINE TimerApcRoutine, _In_opt_ PVOID TimerContext,
                          _In_ BOOLEAN ResumeTimer, _In_opt_ LONG Period,
                          _Out_opt_ PBOOLEAN PreviousState) {
    TIMER_SET_COALESCABLE_TIMER_INFO Set = {.TimerApcRoutine = TimerApcRoutine,
                                            .TimerContext = TimerContext,
                                            .Period = (ULONG)Period,
                                            .PreviousState = PreviousState};
    __try {
        Set.DueTime.QuadPart = (LONGLONG)ReadULong64FromUser(DueTime);
        if (PreviousState != NULL) {
            ProbeForWrite(PreviousState, sizeof(BOOLEAN), 1);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    NTSTATUS Status = ExpSetTimerByHandle(TimerHandle, &Set);
    return NT_SUCCESS(Status) && ResumeTimer ? STATUS_TIMER_RESUME_IGNORED : Status;
}

/*
 * The same with a tolerable delay: TimerSetCoalescableTimer. STATUS_INVALID_INFO_CLASS,
 * STATUS_INFO_LENGTH_MISMATCH. Source: phnt; Windows SDK, SetWaitableTimerEx.
 */
NTSTATUS NTAPI NtSetTimerEx(_In_ HANDLE TimerHandle,
                            _In_ TIMER_SET_INFORMATION_CLASS TimerSetInformationClass,
                            _Inout_ PVOID TimerSetInformation,
                            _In_ ULONG TimerSetInformationLength) {
    TIMER_SET_COALESCABLE_TIMER_INFO Set;
    if (TimerSetInformationClass != TimerSetCoalescableTimer) {
        return STATUS_INVALID_INFO_CLASS;
    }
    if (TimerSetInformationLength != sizeof(Set)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    __try {
        CopyFromUser(&Set, TimerSetInformation, sizeof(Set));
        if (Set.PreviousState != NULL) {
            ProbeForWrite(Set.PreviousState, sizeof(BOOLEAN), 1);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    NTSTATUS Status = ExpSetTimerByHandle(TimerHandle, &Set);
    return NT_SUCCESS(Status) && Set.WakeContext != NULL ? STATUS_TIMER_RESUME_IGNORED : Status;
}

/* The signal state stays as it is. Source: Windows SDK, CancelWaitableTimer; phnt. */
NTSTATUS NTAPI NtCancelTimer(_In_ HANDLE TimerHandle, _Out_opt_ PBOOLEAN CurrentState) {
    PETIMER Timer;
    BOOLEAN WasSet;
    NTSTATUS Status = STATUS_SUCCESS;
    if (CurrentState != NULL) {
        Status = ObProbeForWrite(CurrentState, sizeof(BOOLEAN), 1);
    }
    if (NT_SUCCESS(Status)) {
        Status = ExpReferenceTimer(TimerHandle, TIMER_MODIFY_STATE, &Timer);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&Timer->Lock);
    ULONG References = ExpStopTimer(Timer, &WasSet);
    KeReleaseSpinLock(&Timer->Lock, OldIrql);
    BOOLEAN State = KeReadStateTimer(&Timer->KeTimer);
    ExpDropReferences(Timer, References + 1);
    if (CurrentState != NULL) {
        Status = ObReturnInformation(CurrentState, &State, sizeof(State), NULL);
    }
    return Status;
}

/* RemainingTime: 100 ns until it is due, negative since it was. Source: phnt. */
NTSTATUS NTAPI NtQueryTimer(_In_ HANDLE TimerHandle,
                            _In_ TIMER_INFORMATION_CLASS TimerInformationClass,
                            _Out_ PVOID TimerInformation, _In_ ULONG TimerInformationLength,
                            _Out_opt_ PULONG ReturnLength) {
    TIMER_BASIC_INFORMATION Information = {0};
    PETIMER Timer;
    if (TimerInformationClass != TimerBasicInformation) {
        return STATUS_INVALID_INFO_CLASS;
    }
    if (TimerInformationLength != sizeof(Information)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    NTSTATUS Status = ObProbeForWrite(TimerInformation, sizeof(Information), sizeof(ULONG));
    if (NT_SUCCESS(Status)) {
        Status = ExpReferenceTimer(TimerHandle, TIMER_QUERY_STATE, &Timer);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Information.RemainingTime.QuadPart =
        (LONGLONG)(Timer->KeTimer.DueTime.QuadPart - KeQueryInterruptTime());
    Information.TimerState = KeReadStateTimer(&Timer->KeTimer);
    ObfDereferenceObject(Timer);
    return ObReturnInformation(TimerInformation, &Information, sizeof(Information), ReturnLength);
}
