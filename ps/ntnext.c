/*
 * From one process or thread to the next: NtGetNextProcess, NtGetNextThread.
 *
 * A walk that needs no ids and never sees one taken for another: the handle at hand keeps its place
 * in the list. What the caller may not open is passed over. Source: phnt.
 */
#include "psp.h"
#include "ntapi.h"

#define PSP_NEXT_ATTRIBUTES (OBJ_INHERIT | OBJ_KERNEL_HANDLE)

/* The first step of both services: the caller's handle, flags and attributes. */
static NTSTATUS PspPrepareNext(ULONG HandleAttributes, ULONG Flags, PHANDLE Result) {
    if (Flags != 0 || (HandleAttributes & ~PSP_NEXT_ATTRIBUTES) != 0) {
        return ObRefuseHandle(Result, STATUS_INVALID_PARAMETER);
    }
    return ObPrepareHandle(Result);
}

/* Flags: 1, which walks backwards, is not supported. STATUS_NO_MORE_ENTRIES. */
NTSTATUS NTAPI NtGetNextProcess(HANDLE ProcessHandle, ACCESS_MASK DesiredAccess,
                                ULONG HandleAttributes, ULONG Flags, PHANDLE NewProcessHandle) {
    PEPROCESS Process = NULL;
    NTSTATUS Status = PspPrepareNext(HandleAttributes, Flags, NewProcessHandle);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (ProcessHandle) {
        Status = ObReferenceObjectByHandle(ProcessHandle, 0, PsProcessType, ExGetPreviousMode(),
                                           (PVOID *)&Process, NULL);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    Status = STATUS_ACCESS_DENIED;
    while (Status == STATUS_ACCESS_DENIED) {
        Process = PsGetNextProcess(Process);
        if (!Process)
            return STATUS_NO_MORE_ENTRIES;
        ObReferenceObject(Process); /* its place, should it be passed over */
        Status = ObOpenPointerHandle(NewProcessHandle, DesiredAccess, Process, HandleAttributes,
                                     PsProcessType);
    }
    ObDereferenceObject(Process);
    return Status;
}

/* The first, or the one behind ThreadHandle's, which must be of the same process. */
static NTSTATUS PspFindNextThread(PEPROCESS Process, HANDLE ThreadHandle, PETHREAD *Next) {
    PETHREAD Thread = NULL;
    NTSTATUS Status = STATUS_SUCCESS;
    if (ThreadHandle)
        Status = ObReferenceObjectByHandle(ThreadHandle, 0, PsThreadType, ExGetPreviousMode(),
                                           (PVOID *)&Thread, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Thread && PsGetThreadProcess(Thread) != Process) {
        ObDereferenceObject(Thread);
        return STATUS_INVALID_PARAMETER;
    }
    *Next = PsGetNextProcessThread(Process, Thread);
    while (*Next && (*Next)->Terminated)
        *Next = PsGetNextProcessThread(Process, *Next);
    return *Next ? STATUS_SUCCESS : STATUS_NO_MORE_ENTRIES;
}

NTSTATUS NTAPI NtGetNextThread(HANDLE ProcessHandle, HANDLE ThreadHandle, ACCESS_MASK DesiredAccess,
                               ULONG HandleAttributes, ULONG Flags, PHANDLE NewThreadHandle) {
    PEPROCESS Process;
    PETHREAD Thread;
    NTSTATUS Status = PspPrepareNext(HandleAttributes, Flags, NewThreadHandle);
    if (NT_SUCCESS(Status)) {
        Status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_QUERY_INFORMATION, PsProcessType,
                                           ExGetPreviousMode(), (PVOID *)&Process, NULL);
    }
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PspFindNextThread(Process, ThreadHandle, &Thread);
    if (NT_SUCCESS(Status))
        Status = ObOpenPointerHandle(NewThreadHandle, DesiredAccess, Thread, HandleAttributes,
                                     PsThreadType);
    ObDereferenceObject(Process);
    return Status;
}
