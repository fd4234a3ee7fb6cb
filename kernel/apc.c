/*
 * Asynchronous procedure calls: functions that run in the context of one thread.
 *
 *   special kernel   as soon as the thread is below APC_LEVEL (NormalRoutine NULL)
 *   normal kernel    the same, unless it is in a critical region or runs another one
 *   user             on the way back to user mode, once the thread has waited alertably
 *
 * A thread that is to end gets a user APC whose kernel routine ends it; for that one the wait need
 * not be alertable (KiForceUserApc). All lists are guarded by ThreadLock.
 */
#include "ki.h"
#include "rtlexcept.h"

PVOID KeUserExceptionDispatcher;
PVOID KeUserApcDispatcher;
PVOID KeUserCallbackDispatcher;
PVOID KeRaiseUserExceptionDispatcher;

VOID NTAPI KeInitializeApc(PRKAPC Apc, PKTHREAD Thread, KAPC_ENVIRONMENT Environment,
                           PKKERNEL_ROUTINE KernelRoutine, PKRUNDOWN_ROUTINE RundownRoutine,
                           PKNORMAL_ROUTINE NormalRoutine, KPROCESSOR_MODE ApcMode,
                           PVOID NormalContext) {
    UNREFERENCED_PARAMETER(Environment);
    *Apc = (KAPC){.Type = ApcObject,
                  .Size = sizeof(KAPC),
                  .Thread = Thread,
                  .KernelRoutine = KernelRoutine,
                  .RundownRoutine = RundownRoutine,
                  .NormalRoutine = NormalRoutine,
                  .NormalContext = NormalRoutine ? NormalContext : NULL,
                  .ApcMode = NormalRoutine ? ApcMode : KernelMode};
}

/* Special kernel APCs go before normal ones, each kind in order of arrival. */
static VOID KiQueueApc(PKAPC Apc) {
    PLIST_ENTRY Head = &Apc->Thread->ApcState.ApcListHead[(UCHAR)Apc->ApcMode];
    PLIST_ENTRY Before = Head;
    if (Apc->ApcMode == KernelMode && !Apc->NormalRoutine) {
        Before = Head->Flink;
        while (Before != Head && !CONTAINING_RECORD(Before, KAPC, ApcListEntry)->NormalRoutine)
            Before = Before->Flink;
    }
    InsertTailList(Before, &Apc->ApcListEntry);
    Apc->Inserted = TRUE;
}

static BOOLEAN KiKernelApcDeliverable(PKTHREAD Thread, PKAPC Apc) {
    if (Thread->SpecialApcDisable)
        return FALSE;
    return !Apc->NormalRoutine ||
           (!Thread->KernelApcDisable && !Thread->ApcState.KernelApcInProgress);
}

/* ThreadLock held: the first kernel APC, if there is one, may run now. */
BOOLEAN KiKernelApcReady(PKTHREAD Thread) {
    PLIST_ENTRY Head = &Thread->ApcState.ApcListHead[KernelMode];
    return Head->Flink != Head &&
           KiKernelApcDeliverable(Thread, CONTAINING_RECORD(Head->Flink, KAPC, ApcListEntry));
}

/* ThreadLock held. */
VOID KiInsertQueueApc(PKAPC Apc, KPRIORITY Increment) {
    PKTHREAD Thread = Apc->Thread;
    KiQueueApc(Apc);
    if (Apc->ApcMode == UserMode) {
        if (Thread->State == Waiting && Thread->WaitMode == UserMode && Thread->Alertable) {
            Thread->ApcState.UserApcPending = TRUE;
            KiUnwaitThread(Thread, STATUS_USER_APC, Increment);
        }
        return;
    }
    Thread->ApcState.KernelApcPending = TRUE;
    if (Thread == KeGetCurrentThread())
        HalRequestSoftwareInterrupt(APC_LEVEL);
    else if (Thread->State != Waiting)
        KiInterruptThread(Thread, IPI_APC);
    else if (Thread->WaitIrql < APC_LEVEL && KiKernelApcDeliverable(Thread, Apc))
        KiUnwaitThread(Thread, STATUS_KERNEL_APC, Increment);
}

BOOLEAN NTAPI KeInsertQueueApc(PRKAPC Apc, PVOID SystemArgument1, PVOID SystemArgument2,
                               KPRIORITY Increment) {
    PKTHREAD Thread = Apc->Thread;
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireThreadLock(Thread);
    BOOLEAN Inserted = Thread->ApcQueueable && !Apc->Inserted;
    if (Inserted) {
        Apc->SystemArgument1 = SystemArgument1;
        Apc->SystemArgument2 = SystemArgument2;
        KiInsertQueueApc(Apc, Increment);
    }
    KiReleaseThreadLock(Thread);
    KiExitDispatcher(OldIrql);
    return Inserted;
}

/* Takes Apc out of its queue. FALSE: it was in none, or its kernel routine is about to run. */
BOOLEAN KeRemoveQueueApc(PKAPC Apc) {
    PKTHREAD Thread = Apc->Thread;
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireThreadLock(Thread);
    BOOLEAN Removed = Apc->Inserted;
    if (Removed) {
        RemoveEntryList(&Apc->ApcListEntry);
        Apc->Inserted = FALSE;
    }
    KiReleaseThreadLock(Thread);
    KeLowerIrql(OldIrql);
    return Removed;
}

/* Queues a user APC ahead of all others and has it delivered at the next return to user mode, out
   of any wait in user mode. For ending a thread. */
BOOLEAN KeForceUserApc(PKAPC Apc) {
    PKTHREAD Thread = Apc->Thread;
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireThreadLock(Thread);
    BOOLEAN Inserted = Thread->ApcQueueable && !Apc->Inserted;
    if (Inserted) {
        InsertHeadList(&Thread->ApcState.ApcListHead[UserMode], &Apc->ApcListEntry);
        Apc->Inserted = TRUE;
        Thread->ApcState.UserApcPending = TRUE;
        if (Thread->State != Waiting)
            KiInterruptThread(Thread, IPI_APC);
        else if (Thread->WaitMode == UserMode)
            KiUnwaitThread(Thread, STATUS_USER_APC, 0);
    }
    KiReleaseThreadLock(Thread);
    KiExitDispatcher(OldIrql);
    return Inserted;
}

/* The next kernel APC that may run now, out of its list, or NULL. */
static PKAPC KiTakeKernelApc(PKTHREAD Thread) {
    PLIST_ENTRY Head = &Thread->ApcState.ApcListHead[KernelMode];
    PKAPC Apc = NULL;
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireThreadLock(Thread);
    if (Head->Flink != Head) {
        Apc = CONTAINING_RECORD(Head->Flink, KAPC, ApcListEntry);
        if (KiKernelApcDeliverable(Thread, Apc)) {
            RemoveEntryList(&Apc->ApcListEntry);
            Apc->Inserted = FALSE;
        } else {
            Apc = NULL;
        }
    }
    Thread->ApcState.KernelApcPending = Head->Flink != Head;
    KiReleaseThreadLock(Thread);
    KeLowerIrql(OldIrql);
    return Apc;
}

/* IRQL <= APC_LEVEL; kernel routines run at APC_LEVEL, normal routines at PASSIVE_LEVEL. */
VOID KiDeliverKernelApcs(VOID) {
    PKTHREAD Thread = KeGetCurrentThread();
    KIRQL OldIrql = KeGetCurrentIrql();
    PKAPC Apc;
    KiWriteIrql(APC_LEVEL);
    while ((Apc = KiTakeKernelApc(Thread)) != NULL) {
        PKNORMAL_ROUTINE Normal = Apc->NormalRoutine;
        PVOID Context = Apc->NormalContext;
        PVOID Argument1 = Apc->SystemArgument1, Argument2 = Apc->SystemArgument2;
        Apc->KernelRoutine(Apc, &Normal, &Context, &Argument1, &Argument2);
        if (!Normal)
            continue;
        Thread->ApcState.KernelApcInProgress = TRUE;
        KiWriteIrql(PASSIVE_LEVEL);
        Normal(Context, Argument1, Argument2);
        KiWriteIrql(APC_LEVEL);
        Thread->ApcState.KernelApcInProgress = FALSE;
    }
    KiWriteIrql(OldIrql);
}

/*
 * What ntdll!KiUserApcDispatcher finds at rsp: a CONTEXT, whose home fields carry the call, and the
 * machine frame by which its unwind data lead on into the interrupted code.
 */
typedef struct _KUSER_APC_FRAME {
    CONTEXT Context;
    ULONG64 Unused[4];
    MACHINE_FRAME MachineFrame;
} KUSER_APC_FRAME;
static_assert(offsetof(KUSER_APC_FRAME, MachineFrame) == 0x4F0, "ntdll's dispatch.asm");

static VOID KiInitializeUserApc(PKEXCEPTION_FRAME ExceptionFrame, PKTRAP_FRAME TrapFrame,
                                PKNORMAL_ROUTINE NormalRoutine, PVOID NormalContext,
                                PVOID SystemArgument1, PVOID SystemArgument2) {
    KUSER_APC_FRAME Frame = {.Context.ContextFlags = CONTEXT_FULL | CONTEXT_SEGMENTS};
    NTSTATUS Status = STATUS_SUCCESS;

    KeContextFromKframes(TrapFrame, ExceptionFrame, &Frame.Context);
    Frame.Context.P1Home = (ULONG64)NormalContext;
    Frame.Context.P2Home = (ULONG64)SystemArgument1;
    Frame.Context.P3Home = (ULONG64)SystemArgument2;
    Frame.Context.P4Home = (ULONG64)NormalRoutine;
    Frame.MachineFrame.Rip = Frame.Context.Rip;
    Frame.MachineFrame.SegCs = Frame.Context.SegCs;
    Frame.MachineFrame.EFlags = Frame.Context.EFlags;
    Frame.MachineFrame.Rsp = Frame.Context.Rsp;
    Frame.MachineFrame.SegSs = Frame.Context.SegSs;
    ULONG64 Stack = (Frame.Context.Rsp - sizeof(Frame)) & ~0xFull;
    __try {
        CopyToUser((PVOID)Stack, &Frame, sizeof(Frame));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    if (!NT_SUCCESS(Status)) {
        KeUpcalls.TerminateCurrentProcess(Status);
        return;
    }
    KeEnterUserRoutine(TrapFrame, KeUserApcDispatcher, Stack);
}

PKAPC KeTakeUserApc(PKTHREAD Thread) {
    PLIST_ENTRY Head = &Thread->ApcState.ApcListHead[UserMode];
    PKAPC Apc = NULL;
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireThreadLock(Thread);
    Thread->ApcState.UserApcPending = FALSE;
    if (Head->Flink != Head) {
        Apc = CONTAINING_RECORD(Head->Flink, KAPC, ApcListEntry);
        RemoveEntryList(&Apc->ApcListEntry);
        Apc->Inserted = FALSE;
    }
    KiReleaseThreadLock(Thread);
    KeLowerIrql(OldIrql);
    return Apc;
}

/* On the way to user mode (KiExceptionExit), interrupts off. Sets the frames up for one user APC.
 */
VOID KiDeliverUserApc(ULONG64 Unused, PKTRAP_FRAME TrapFrame, PKEXCEPTION_FRAME ExceptionFrame) {
    PKTHREAD Thread = KeGetCurrentThread();
    UNREFERENCED_PARAMETER(Unused);

    _enable_interrupts();
    PKAPC Apc = KeTakeUserApc(Thread);
    if (Apc) {
        PKNORMAL_ROUTINE Normal = Apc->NormalRoutine;
        PVOID Context = Apc->NormalContext;
        PVOID Argument1 = Apc->SystemArgument1, Argument2 = Apc->SystemArgument2;
        KiWriteIrql(APC_LEVEL);
        Apc->KernelRoutine(Apc, &Normal, &Context, &Argument1, &Argument2);
        KiWriteIrql(PASSIVE_LEVEL);
        if (Normal)
            KiInitializeUserApc(ExceptionFrame, TrapFrame, Normal, Context, Argument1, Argument2);
    }
    _disable_interrupts();
}

BOOLEAN NTAPI KeTestAlertThread(KPROCESSOR_MODE AlertMode) {
    PKTHREAD Thread = KeGetCurrentThread();
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireThreadLock(Thread);
    BOOLEAN Alerted = Thread->Alerted[(UCHAR)AlertMode];
    Thread->Alerted[(UCHAR)AlertMode] = FALSE;
    PLIST_ENTRY Head = &Thread->ApcState.ApcListHead[UserMode];
    if (!Alerted && AlertMode == UserMode && Head->Flink != Head)
        Thread->ApcState.UserApcPending = TRUE;
    KiReleaseThreadLock(Thread);
    KeLowerIrql(OldIrql);
    return Alerted;
}

BOOLEAN NTAPI KeAlertThread(PKTHREAD Thread, KPROCESSOR_MODE AlertMode) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireThreadLock(Thread);
    BOOLEAN Alerted = Thread->Alerted[(UCHAR)AlertMode];
    if (!Alerted && !(Thread->State == Waiting && Thread->Alertable &&
                      Thread->WaitMode >= AlertMode && KiUnwaitThread(Thread, STATUS_ALERTED, 2)))
        Thread->Alerted[(UCHAR)AlertMode] = TRUE;
    KiReleaseThreadLock(Thread);
    KiExitDispatcher(OldIrql);
    return Alerted;
}

/* --- regions that hold kernel APCs off -----------------------------------------------------------
 */

/* The current thread has allowed APCs again: those that waited for that run now, or once its IRQL
   has fallen. */
DECLSPEC_RARE VOID KiCheckPendingApcs(VOID) {
    PKTHREAD Thread = KeGetCurrentThread();
    if (Thread->SpecialApcDisable || !Thread->ApcState.KernelApcPending)
        return;
    if (KeGetCurrentIrql() < APC_LEVEL)
        KiDeliverKernelApcs();
    else
        HalRequestSoftwareInterrupt(APC_LEVEL);
}

VOID NTAPI KeEnterCriticalRegion(VOID) {
    KeEnterCriticalRegionThread(KeGetCurrentThread());
}

VOID NTAPI KeLeaveCriticalRegion(VOID) {
    KeLeaveCriticalRegionThread(KeGetCurrentThread());
}

VOID NTAPI KeEnterGuardedRegion(VOID) {
    KeGetCurrentThread()->SpecialApcDisable--;
}

VOID NTAPI KeLeaveGuardedRegion(VOID) {
    PKTHREAD Thread = KeGetCurrentThread();
    if (++Thread->SpecialApcDisable == 0)
        KiCheckPendingApcs();
}

/* Unwinding, see rtlexcept.h. */
VOID RtlpHoldApcs(VOID) {
    KeEnterGuardedRegion();
}

VOID RtlpReleaseApcs(VOID) {
    KeLeaveGuardedRegion();
}

VOID RtlpReleaseApcsAtJump(VOID) {
    PKTHREAD Thread = KeGetCurrentThread();
    _disable_interrupts();
    if (++Thread->SpecialApcDisable == 0 && Thread->ApcState.KernelApcPending) {
        HalRequestSoftwareInterrupt(APC_LEVEL);
    }
}

BOOLEAN NTAPI KeAreApcsDisabled(VOID) {
    return KeGetCurrentThread()->CombinedApcDisable != 0;
}

/* --- suspension: a normal kernel APC that waits
 * --------------------------------------------------- */

static VOID KiSuspendNop(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext,
                         PVOID *SystemArgument1, PVOID *SystemArgument2) {
    UNREFERENCED_PARAMETER(Apc);
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
}

static VOID KiSuspendThread(PVOID Context, PVOID SystemArgument1, PVOID SystemArgument2) {
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    KeWaitForSingleObject(&KeGetCurrentThread()->SuspendEvent, Suspended, KernelMode, FALSE, NULL);
}

VOID KiInitializeSuspend(PKTHREAD Thread) {
    KeInitializeApc(&Thread->SchedulerApc, Thread, OriginalApcEnvironment, KiSuspendNop, NULL,
                    KiSuspendThread, KernelMode, NULL);
    KeInitializeEvent(&Thread->SuspendEvent, SynchronizationEvent, FALSE);
}

/* Returns the previous count. Raises STATUS_SUSPEND_COUNT_EXCEEDED. */
ULONG NTAPI KeSuspendThread(PKTHREAD Thread) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireThreadLock(Thread);
    ULONG Previous = (ULONG)Thread->SuspendCount;
    BOOLEAN Exceeded = Previous == MAXIMUM_SUSPEND_COUNT;
    if (!Exceeded && Thread->ApcQueueable) {
        Thread->SuspendCount++;
        if (Previous == 0 && !Thread->SchedulerApc.Inserted)
            KiInsertQueueApc(&Thread->SchedulerApc, 0);
    }
    KiReleaseThreadLock(Thread);
    KiExitDispatcher(OldIrql);
    if (Exceeded)
        RtlRaiseStatus(STATUS_SUSPEND_COUNT_EXCEEDED);
    return Previous;
}

ULONG NTAPI KeResumeThread(PKTHREAD Thread) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireThreadLock(Thread);
    ULONG Previous = (ULONG)Thread->SuspendCount;
    BOOLEAN Wake = FALSE;
    if (Previous) {
        Wake = --Thread->SuspendCount == 0;
        if (Wake && Thread->SchedulerApc.Inserted) { /* it had not come to wait yet */
            RemoveEntryList(&Thread->SchedulerApc.ApcListEntry);
            Thread->SchedulerApc.Inserted = FALSE;
            Wake = FALSE;
        }
    }
    KiReleaseThreadLock(Thread);
    KiExitDispatcher(OldIrql);
    if (Wake)
        KeSetEvent(&Thread->SuspendEvent, 0, FALSE);
    return Previous;
}

/* However often it was suspended: it is to end. */
VOID KeForceResumeThread(PKTHREAD Thread) {
    while (KeResumeThread(Thread) > 1)
        ;
}

/* The current thread ends: what is queued from now on is refused. PASSIVE_LEVEL. */
VOID KeStopApcs(PKTHREAD Thread) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireThreadLock(Thread);
    Thread->ApcQueueable = FALSE;
    KiReleaseThreadLock(Thread);
    KeLowerIrql(OldIrql);
    KiCheckPendingApcs(); /* what came before: its interrupt may be on the way still */
}
