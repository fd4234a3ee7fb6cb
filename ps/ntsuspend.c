/*
 * Stopping threads and setting them going again; alerts and user APCs.
 *
 * A suspended thread waits inside a kernel APC (kernel/apc.c), so it is stopped at a point where it
 * could have been interrupted, and never while it holds a lock of the kernel. An alert and a user
 * APC only reach a thread that waits alertably, or will: what comes before is remembered.
 */
#include "psp.h"
#include "ntapi.h"

#define PSP_APC_TAG 'pasP'

static NTSTATUS PspReferenceThread(HANDLE ThreadHandle, ACCESS_MASK Access, PETHREAD *Thread) {
    return ObReferenceObjectByHandle(ThreadHandle, Access, PsThreadType, ExGetPreviousMode(),
                                     (PVOID *)Thread, NULL);
}

/*
 * A thread that is to end must not stop on the way: whoever comes second, the suspension or the
 * order to end, sees the other and undoes the suspension (PspTerminateThread).
 */
static NTSTATUS PsSuspendThread(PETHREAD Thread, PULONG Previous) {
    __try {
        *Previous = KeSuspendThread(&Thread->Tcb);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    if (!*(volatile LONG *)&Thread->TerminateQueued && Thread->Tcb.ApcQueueable)
        return STATUS_SUCCESS;
    KeForceResumeThread(&Thread->Tcb);
    return STATUS_THREAD_IS_TERMINATING;
}

static NTSTATUS PsResumeThread(PETHREAD Thread, PULONG Previous) {
    *Previous = KeResumeThread(&Thread->Tcb);
    return STATUS_SUCCESS;
}

/* An alert of kernel mode ends alertable waits of both modes. */
static NTSTATUS PsAlertResumeThread(PETHREAD Thread, PULONG Previous) {
    KeAlertThread(&Thread->Tcb, KernelMode);
    return PsResumeThread(Thread, Previous);
}

/* The frame of the three services that return how often a thread was suspended. */
static NTSTATUS PspChangeSuspension(HANDLE ThreadHandle, PULONG PreviousSuspendCount,
                                    NTSTATUS (*Change)(PETHREAD Thread, PULONG Previous)) {
    PETHREAD Thread;
    ULONG Previous;
    NTSTATUS Status = STATUS_SUCCESS;
    if (PreviousSuspendCount)
        Status = ObProbeForWrite(PreviousSuspendCount, sizeof(ULONG), sizeof(ULONG));
    if (NT_SUCCESS(Status))
        Status = PspReferenceThread(ThreadHandle, THREAD_SUSPEND_RESUME, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = Change(Thread, &Previous);
    ObDereferenceObject(Thread);
    if (NT_SUCCESS(Status) && PreviousSuspendCount)
        Status = ObReturnInformation(PreviousSuspendCount, &Previous, sizeof(Previous), NULL);
    return Status;
}

/* STATUS_SUSPEND_COUNT_EXCEEDED (127 times), STATUS_THREAD_IS_TERMINATING. Source: phnt. */
NTSTATUS NTAPI NtSuspendThread(HANDLE ThreadHandle, PULONG PreviousSuspendCount) {
    return PspChangeSuspension(ThreadHandle, PreviousSuspendCount, PsSuspendThread);
}

NTSTATUS NTAPI NtResumeThread(HANDLE ThreadHandle, PULONG PreviousSuspendCount) {
    return PspChangeSuspension(ThreadHandle, PreviousSuspendCount, PsResumeThread);
}

NTSTATUS NTAPI NtAlertResumeThread(HANDLE ThreadHandle, PULONG PreviousSuspendCount) {
    return PspChangeSuspension(ThreadHandle, PreviousSuspendCount, PsAlertResumeThread);
}

/* --- a whole process: each of its threads, the current one last --------------------------------
 */

static VOID PspSuspendOne(ETHREAD *Thread, PVOID Context) {
    ULONG Previous;
    if (Thread != Context && !Thread->Terminated)
        PsSuspendThread(Thread, &Previous); /* 127 times already: it is suspended */
}

static VOID PspResumeOne(ETHREAD *Thread, PVOID Context) {
    ULONG Previous;
    UNREFERENCED_PARAMETER(Context);
    PsResumeThread(Thread, &Previous);
}

static NTSTATUS PspReferenceForSuspension(HANDLE ProcessHandle, PEPROCESS *Process) {
    return ObReferenceObjectByHandle(ProcessHandle, PROCESS_SUSPEND_RESUME, PsProcessType,
                                     ExGetPreviousMode(), (PVOID *)Process, NULL);
}

/* A thread that is made while this goes on is not suspended. Source: phnt. */
NTSTATUS NTAPI NtSuspendProcess(HANDLE ProcessHandle) {
    PETHREAD Self = PsGetCurrentThread();
    PEPROCESS Process;
    ULONG Previous;
    NTSTATUS Status = PspReferenceForSuspension(ProcessHandle, &Process);
    if (!NT_SUCCESS(Status))
        return Status;
    PspEnumThreads(Process, PspSuspendOne, Self);
    BOOLEAN Own = Process == PsGetThreadProcess(Self);
    ObDereferenceObject(Process);
    if (Own)
        PsSuspendThread(Self, &Previous);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtResumeProcess(HANDLE ProcessHandle) {
    PEPROCESS Process;
    NTSTATUS Status = PspReferenceForSuspension(ProcessHandle, &Process);
    if (!NT_SUCCESS(Status))
        return Status;
    PspEnumThreads(Process, PspResumeOne, NULL);
    ObDereferenceObject(Process);
    return STATUS_SUCCESS;
}

/* --- alerts --------------------------------------------------------------------------------- */

NTSTATUS NTAPI NtAlertThread(HANDLE ThreadHandle) {
    PETHREAD Thread;
    NTSTATUS Status = PspReferenceThread(ThreadHandle, THREAD_ALERT, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    KeAlertThread(&Thread->Tcb, ExGetPreviousMode());
    ObDereferenceObject(Thread);
    return STATUS_SUCCESS;
}

/* --- user APCs ---------------------------------------------------------------------------- */

/* Delivered (the kernel has taken the arguments out already), or the thread has ended. */
static VOID PspApcDelivered(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext,
                            PVOID *SystemArgument1, PVOID *SystemArgument2) {
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    ExFreePoolWithTag(Apc, PSP_APC_TAG);
}

static VOID PspApcRundown(PKAPC Apc) {
    ExFreePoolWithTag(Apc, PSP_APC_TAG);
}

static NTSTATUS PspQueueUserApc(PETHREAD Thread, PVOID Routine, PVOID Context, PVOID Argument1,
                                PVOID Argument2) {
    if (Thread->Tcb.SystemThread)
        return STATUS_INVALID_HANDLE;
    PKAPC Apc;
    NTSTATUS Status = MmAllocatePoolWithQuota(NULL, POOL_FLAG_NON_PAGED, sizeof(*Apc), PSP_APC_TAG,
                                              (PVOID *)&Apc);
    if (!NT_SUCCESS(Status))
        return Status == STATUS_INSUFFICIENT_RESOURCES ? STATUS_NO_MEMORY : Status;
    KeInitializeApc(Apc, &Thread->Tcb, OriginalApcEnvironment, PspApcDelivered, PspApcRundown,
                    (PKNORMAL_ROUTINE)Routine, UserMode, Context);
    if (KeInsertQueueApc(Apc, Argument1, Argument2, 0))
        return STATUS_SUCCESS;
    ExFreePoolWithTag(Apc, PSP_APC_TAG);
    return STATUS_UNSUCCESSFUL;
}

/*
 * STATUS_UNSUCCESSFUL: the thread has ended; STATUS_INVALID_HANDLE: a system thread. Source: phnt.
 */
NTSTATUS NTAPI NtQueueApcThread(HANDLE ThreadHandle, PPS_APC_ROUTINE ApcRoutine, PVOID ApcArgument1,
                                PVOID ApcArgument2, PVOID ApcArgument3) {
    PETHREAD Thread;
    NTSTATUS Status = PspReferenceThread(ThreadHandle, THREAD_SET_CONTEXT, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PspQueueUserApc(Thread, (PVOID)ApcRoutine, ApcArgument1, ApcArgument2, ApcArgument3);
    ObDereferenceObject(Thread);
    return Status;
}
