/*
 * The registers of a thread, for debuggers and for whoever sends threads elsewhere.
 *
 * The parts that ContextFlags name are read or written (kernel/amd64/threadregs.c). A thread that runs can be
 * asked too, but what it answers is old at once: suspend it first. Source: Windows SDK,
 * GetThreadContext; phnt.
 */
#include "psp.h"
#include "ntapi.h"

/* Raises nothing: a bad pointer is a status. Different from Windows: no extended state. */
static NTSTATUS PspCaptureContext(PCONTEXT User, PCONTEXT Context, BOOLEAN Write) {
    __try {
        if (Write)
            ProbeForWrite(User, sizeof(*User), _Alignof(CONTEXT));
        else
            ProbeForRead(User, sizeof(*User), _Alignof(CONTEXT));
        CopyFromUser(Context, User, sizeof(*Context));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return (Context->ContextFlags & CONTEXT_XSTATE) == CONTEXT_XSTATE ? STATUS_NOT_SUPPORTED
                                                                      : STATUS_SUCCESS;
}

/* STATUS_INVALID_HANDLE: a thread of the kernel has no such registers. */
static NTSTATUS PspReferenceUserThread(HANDLE ThreadHandle, ACCESS_MASK Access, PETHREAD *Thread) {
    NTSTATUS Status = ObReferenceObjectByHandle(ThreadHandle, Access, PsThreadType,
                                                ExGetPreviousMode(), (PVOID *)Thread, NULL);
    if (!NT_SUCCESS(Status) || !(*Thread)->Tcb.SystemThread)
        return Status;
    ObDereferenceObject(*Thread);
    return STATUS_INVALID_HANDLE;
}

/* STATUS_UNSUCCESSFUL: the thread has ended. */
NTSTATUS NTAPI NtGetContextThread(HANDLE ThreadHandle, PCONTEXT ThreadContext) {
    CONTEXT Context;
    PETHREAD Thread;
    NTSTATUS Status = PspReferenceUserThread(ThreadHandle, THREAD_GET_CONTEXT, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PspCaptureContext(ThreadContext, &Context, TRUE);
    if (NT_SUCCESS(Status))
        Status = KeGetContextThread(&Thread->Tcb, &Context);
    ObDereferenceObject(Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    return ObReturnInformation(ThreadContext, &Context, sizeof(Context), NULL);
}

NTSTATUS NTAPI NtSetContextThread(HANDLE ThreadHandle, PCONTEXT ThreadContext) {
    CONTEXT Context;
    PETHREAD Thread;
    NTSTATUS Status = PspReferenceUserThread(ThreadHandle, THREAD_SET_CONTEXT, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    BOOLEAN Own = Thread == PsGetCurrentThread();
    Status = PspCaptureContext(ThreadContext, &Context, FALSE);
    if (NT_SUCCESS(Status) && !Own)
        Status = KeSetContextThread(&Thread->Tcb, &Context);
    ObDereferenceObject(Thread);
    if (NT_SUCCESS(Status) && Own)
        KeContinue(&Context);
    return Status;
}
