/*
 * A thread from its creation to its deletion.
 *
 * Its kernel stack cannot be freed by itself, since it stands on it to the last: the reaper, a
 * system thread, waits until the processor has left it, frees it and drops the reference that kept
 * the thread alive while it ran.
 */
#include "psp.h"

/* The time stamp counter when the first thread of user mode was about to go there. */
ULONG64 PsFirstUserTsc;

static PETHREAD PspReaperList; /* ETHREAD.ReaperLink */
static KSPIN_LOCK PspReapLock;
static KEVENT PspReapEvent;

/* First code of a system thread, at APC_LEVEL. */
static VOID PspSystemThreadStartup(PKSTART_ROUTINE StartRoutine, PVOID StartContext) {
    KeLowerIrql(PASSIVE_LEVEL);
    StartRoutine(StartContext);
    PspExitThread(STATUS_SUCCESS);
}

/*
 * First code of a thread of user mode, at APC_LEVEL, to which it returns. What it is to start with stands in its trap
 * frame; that goes onto the user stack as a CONTEXT, and the thread begins in ntdll instead:
 * LdrInitializeThunk(Context, base of ntdll), which continues with the context when it is done.
 */
static VOID PspUserThreadStartup(PKSTART_ROUTINE StartRoutine, PVOID StartContext) {
    PETHREAD Thread = PsGetCurrentThread();
    PKTRAP_FRAME TrapFrame = KeGetTrapFrame(&Thread->Tcb);
    PKEXCEPTION_FRAME ExceptionFrame = (PKEXCEPTION_FRAME)TrapFrame - 1;
    DECLSPEC_ALIGN(16) CONTEXT Context = {.ContextFlags = CONTEXT_FULL | CONTEXT_SEGMENTS};
    NTSTATUS Status = STATUS_SUCCESS;
    UNREFERENCED_PARAMETER(StartRoutine);
    UNREFERENCED_PARAMETER(StartContext);

    KeEnterCriticalRegion();
    KeLowerIrql(PASSIVE_LEVEL);
    KeLeaveCriticalRegion(); /* a suspension from before the start takes effect here */
    KeContextFromKframes(TrapFrame, ExceptionFrame, &Context);
    ULONG64 Stack = (Context.Rsp - sizeof(CONTEXT)) & ~0xFull;
    __try {
        CopyToUser((PVOID)Stack, &Context, sizeof(Context));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    if (!NT_SUCCESS(Status) || Thread->Terminated)
        PspExitThread(Thread->Terminated ? Thread->ExitStatus : Status);
    if (!PsFirstUserTsc)
        PsFirstUserTsc = __builtin_readcyclecounter();
    /* From here until it is in user mode, no other thread reads or sets its context. */
    KfRaiseIrql(APC_LEVEL);
    /* As if called: below the context are the home of four registers and a return address. */
    KeEnterUserRoutine(TrapFrame, PspLoaderInitRoutine, Stack - 0x28);
    TrapFrame->Rcx = Stack;
    TrapFrame->Rdx = (ULONG64)PspSystemDll.Base;
}

static VOID PspInitializeThreadFields(ETHREAD *Thread, const PSP_THREAD_PARAMETERS *Parameters) {
    Thread->Cid.UniqueProcess = Parameters->Process->UniqueProcessId;
    Thread->StartAddress = Parameters->StartAddress;
    Thread->Win32StartAddress = Parameters->StartAddress;
    Thread->UserStackAllocation = Parameters->UserStackAllocation;
    Thread->ExitStatus = STATUS_PENDING;
    Thread->Tcb.SystemThread = Parameters->Context == NULL;
    InitializeListHead(&Thread->ActiveTimerListHead);
    KeInitializeSpinLock(&Thread->ActiveTimerListLock);
    KeInitializeEvent(&Thread->AlertByThreadId, SynchronizationEvent, FALSE);
    KeQuerySystemTime(&Thread->CreateTime);
}

/* Enters the thread into its process, unless that ends already. */
static NTSTATUS PspInsertThread(ETHREAD *Thread) {
    EPROCESS *Process = PsGetThreadProcess(Thread);
    NTSTATUS Status = STATUS_PROCESS_IS_TERMINATING;
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&Process->ProcessLock);
    if (!Process->ProcessExiting) {
        InsertTailList(&Process->ThreadListHead, &Thread->ThreadListEntry);
        Process->ActiveThreads++;
        Thread->ThreadInserted = TRUE;
        Status = STATUS_SUCCESS;
    }
    ExReleasePushLockExclusive(&Process->ProcessLock);
    KeLeaveCriticalRegion();
    return Status;
}

NTSTATUS PspCreateThread(const PSP_THREAD_PARAMETERS *Parameters, ETHREAD **NewThread) {
    PVOID Object;
    NTSTATUS Status = ObCreateObject(KernelMode, PsThreadType, NULL, KernelMode, NULL,
                                     sizeof(ETHREAD), 0, 0, &Object);
    if (!NT_SUCCESS(Status))
        return Status;
    ETHREAD *Thread = Object;
    PVOID Stack = MmCreateKernelStack(FALSE, 0);
    if (!Stack) {
        ObDereferenceObject(Thread);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitThread(&Thread->Tcb, Stack, KERNEL_STACK_SIZE,
                 Parameters->Context ? PspUserThreadStartup : PspSystemThreadStartup,
                 Parameters->StartRoutine, Parameters->StartContext, Parameters->Context,
                 Parameters->Teb, &Parameters->Process->Pcb);
    PspInitializeThreadFields(Thread, Parameters);
    ObReferenceObject(Parameters->Process);
    Thread->Cid.UniqueThread = PspCreateCid(Thread);
    Status = Thread->Cid.UniqueThread ? PspInsertThread(Thread) : STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(Thread);
        return Status;
    }
    ObReferenceObject(Thread); /* until the reaper has its stack */
    if (Parameters->CreateSuspended)
        KeSuspendThread(&Thread->Tcb);
    *NewThread = Thread;
    return STATUS_SUCCESS;
}

VOID PspReadyThread(ETHREAD *Thread) {
    KeStartThread(&Thread->Tcb);
    KeReadyThread(&Thread->Tcb);
}

/* The type's delete procedure. */
VOID PspThreadDelete(PVOID Object) {
    ETHREAD *Thread = Object;
    EPROCESS *Process = PsGetThreadProcess(Thread);
    PspDeleteCid(Thread->Cid.UniqueThread);
    if (Thread->ThreadInserted) {
        KeEnterCriticalRegion();
        ExAcquirePushLockExclusive(&Process->ProcessLock);
        RemoveEntryList(&Thread->ThreadListEntry);
        ExReleasePushLockExclusive(&Process->ProcessLock);
        KeLeaveCriticalRegion();
    }
    if (Thread->Tcb.StackBase)
        MmDeleteKernelStack(Thread->Tcb.StackBase, FALSE);
    if (Thread->ThreadName)
        ExFreePoolWithTag(Thread->ThreadName, PSP_TAG);
    if (Process)
        ObDereferenceObject(Process);
}

/* --- the end -------------------------------------------------------------------------------------
 */

/* User APCs that will never be delivered: their rundown routines free them. */
static VOID PspFlushUserApcs(PKTHREAD Thread) {
    for (;;) {
        PKAPC Apc = KeTakeUserApc(Thread);
        if (!Apc)
            return;
        if (Apc->RundownRoutine)
            Apc->RundownRoutine(Apc);
    }
}

/* TRUE for the last thread of the process. It stays in the list until its object is deleted. */
static BOOLEAN PspLeaveProcess(ETHREAD *Thread, EPROCESS *Process) {
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&Process->ProcessLock);
    BOOLEAN Last = --Process->ActiveThreads == 0;
    Process->Pcb.KernelTime += Thread->Tcb.KernelTime;
    Process->Pcb.UserTime += Thread->Tcb.UserTime;
    if (Last && !Process->ProcessExiting) {
        InterlockedOr(&Process->Flags, PS_PROCESS_FLAGS_PROCESS_EXITING);
        Process->ExitStatus = Thread->ExitStatus;
    }
    ExReleasePushLockExclusive(&Process->ProcessLock);
    KeLeaveCriticalRegion();
    return Last;
}

DECLSPEC_NORETURN VOID PspExitThread(NTSTATUS ExitStatus) {
    PETHREAD Thread = PsGetCurrentThread();
    EPROCESS *Process = PsGetThreadProcess(Thread);

    ASSERT_IRQL(== PASSIVE_LEVEL);
    Thread->ExitStatus = ExitStatus;
    InterlockedOr(&Thread->CrossThreadFlags, PS_CROSS_THREAD_FLAGS_TERMINATED);
    KeQuerySystemTime(&Thread->ExitTime);
#if DBG
    MmStopAllocationFailures();
#endif
    KeStopApcs(&Thread->Tcb);
    ExTimerRundown();
    PspFlushUserApcs(&Thread->Tcb);
    BOOLEAN Last = PspLeaveProcess(Thread, Process);
    if (!Last && Thread->Tcb.Teb) {
        PTEB Teb = Thread->Tcb.Teb;
        Thread->Tcb.Teb = NULL;
        PspDeleteUserMemory(Process, Thread->UserStackAllocation);
        PspDeleteUserMemory(Process, Teb);
    }
    if (Last)
        PspExitProcess(Process);
    KeTerminateThread(0);
}

static VOID PspExitApc(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext,
                       PVOID *SystemArgument1, PVOID *SystemArgument2) {
    NTSTATUS ExitStatus = (NTSTATUS)(LONG_PTR)Apc->NormalContext;
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    KeLowerIrql(PASSIVE_LEVEL);
    PspExitThread(ExitStatus);
}

/* Never called: an APC without a normal routine would be a kernel APC. */
static VOID PspExitNormalRoutine(PVOID Context, PVOID SystemArgument1, PVOID SystemArgument2) {
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
}

/* Another thread is to end, at its next step towards user mode. Once. */
NTSTATUS PspTerminateThread(ETHREAD *Thread, NTSTATUS ExitStatus) {
    if (Thread->Tcb.SystemThread)
        return STATUS_INVALID_PARAMETER;
    if (InterlockedExchange(&Thread->TerminateQueued, 1))
        return STATUS_SUCCESS;
    KeInitializeApc(&Thread->TerminateApc, &Thread->Tcb, OriginalApcEnvironment, PspExitApc, NULL,
                    PspExitNormalRoutine, UserMode, (PVOID)(LONG_PTR)ExitStatus);
    KeForceUserApc(&Thread->TerminateApc);
    KeForceResumeThread(&Thread->Tcb);
    return STATUS_SUCCESS;
}

PETHREAD PsGetNextProcessThread(PEPROCESS Process, PETHREAD Thread) {
    ETHREAD *Next = NULL;
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&Process->ProcessLock);
    PLIST_ENTRY Entry = Thread ? Thread->ThreadListEntry.Flink : Process->ThreadListHead.Flink;
    for (; Entry != &Process->ThreadListHead && !Next; Entry = Entry->Flink) {
        ETHREAD *Candidate = CONTAINING_RECORD(Entry, ETHREAD, ThreadListEntry);
        if (ObReferenceObjectSafe(Candidate))
            Next = Candidate;
    }
    ExReleasePushLockExclusive(&Process->ProcessLock);
    KeLeaveCriticalRegion();
    if (Thread)
        ObDereferenceObject(Thread);
    return Next;
}

VOID PspEnumThreads(EPROCESS *Process, VOID (*Routine)(ETHREAD *Thread, PVOID Context),
                    PVOID Context) {
    ETHREAD *Thread = NULL;
    while ((Thread = PsGetNextProcessThread(Process, Thread)) != NULL)
        Routine(Thread, Context);
}

/* --- the reaper ----------------------------------------------------------------------------------
 */

/* At DISPATCH_LEVEL, in the thread that ends. */
static VOID PspQueueReap(PKTHREAD Tcb) {
    PETHREAD Thread = (PETHREAD)Tcb;
    KeAcquireSpinLockAtDpcLevel(&PspReapLock);
    Thread->ReaperLink = PspReaperList;
    PspReaperList = Thread;
    KeReleaseSpinLockFromDpcLevel(&PspReapLock);
    KeSetEvent(&PspReapEvent, 0, FALSE);
}

static PETHREAD PspTakeDead(VOID) {
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&PspReapLock);
    PETHREAD Thread = PspReaperList;
    if (Thread != NULL) {
        PspReaperList = Thread->ReaperLink;
    }
    KeReleaseSpinLock(&PspReapLock, OldIrql);
    return Thread;
}

static VOID PspReaper(PVOID Context) {
    UNREFERENCED_PARAMETER(Context);
    KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY);
    for (;;) {
        PETHREAD Thread;
        KeWaitForSingleObject(&PspReapEvent, Executive, KernelMode, FALSE, NULL);
        while ((Thread = PspTakeDead()) != NULL) {
            while (*(volatile UCHAR *)&Thread->Tcb.SwapBusy)
                YieldProcessor();
            PVOID Stack = Thread->Tcb.StackBase;
            Thread->Tcb.StackBase = NULL;
            MmDeleteKernelStack(Stack, FALSE);
            ObDereferenceObject(Thread);
        }
    }
}

BOOLEAN PspInitializeReaper(VOID) {
    HANDLE Handle;
    KeNameSpinLock(&PspReapLock, KiClassReaper);
    KeInitializeEvent(&PspReapEvent, SynchronizationEvent, FALSE);
    KeReapThreadRoutine = PspQueueReap;
    NTSTATUS Status =
        PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, PspReaper, NULL);
    if (NT_SUCCESS(Status))
        ObCloseHandle(Handle, KernelMode);
    return NT_SUCCESS(Status);
}

/* --- system threads ------------------------------------------------------------------------------
 */

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                                    PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                                    PVOID StartContext) {
    PSP_THREAD_PARAMETERS Parameters = {.Process = PsInitialSystemProcess,
                                        .StartRoutine = StartRoutine,
                                        .StartContext = StartContext,
                                        .StartAddress = (PVOID)StartRoutine};
    ETHREAD *Thread;
    UNREFERENCED_PARAMETER(ObjectAttributes);
    if (ProcessHandle)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS Status = PspCreateThread(&Parameters, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    if (ClientId)
        *ClientId = Thread->Cid;
    Status = ObOpenObjectByPointer(Thread, OBJ_KERNEL_HANDLE, NULL, DesiredAccess, PsThreadType,
                                   KernelMode, ThreadHandle);
    PspReadyThread(Thread);
    ObDereferenceObject(Thread);
    return Status;
}

NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS ExitStatus) {
    if (!PsGetCurrentThread()->Tcb.SystemThread)
        return STATUS_INVALID_PARAMETER;
    PspExitThread(ExitStatus);
}
