/*
 * From one process or thread to the next: NtGetNextProcess, NtGetNextThread.
 *
 * A walk that needs no ids and never sees one taken for another: the handle at hand keeps its place
 * in the list. What the caller may not open is passed over. Source: phnt.
 */
#include "psp.h"
#include "ntapi.h"

#define PSP_NEXT_ATTRIBUTES (OBJ_INHERIT | OBJ_KERNEL_HANDLE)

/* Opens Object, takes over its reference. */
static NTSTATUS PspOpenNext(PVOID Object, POBJECT_TYPE Type, ACCESS_MASK DesiredAccess,
                            ULONG Attributes, PHANDLE Result) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    HANDLE Handle;
    NTSTATUS Status =
        ObOpenObjectByPointer(Object, Attributes, NULL, DesiredAccess, Type, Mode, &Handle);
    ObDereferenceObject(Object);
    return ObReturnHandle(Result, Handle, Status, Mode);
}

/* Flags: 1, which walks backwards, is not supported. STATUS_NO_MORE_ENTRIES. */
NTSTATUS NTAPI NtGetNextProcess(HANDLE ProcessHandle, ACCESS_MASK DesiredAccess,
                                ULONG HandleAttributes, ULONG Flags, PHANDLE NewProcessHandle) {
    PEPROCESS Process = NULL;
    NTSTATUS Status = STATUS_ACCESS_DENIED;
    if (Flags || (HandleAttributes & ~PSP_NEXT_ATTRIBUTES))
        return STATUS_INVALID_PARAMETER;
    if (ProcessHandle) {
        Status = ObReferenceObjectByHandle(ProcessHandle, 0, PsProcessType, ExGetPreviousMode(),
                                           (PVOID *)&Process, NULL);
        if (!NT_SUCCESS(Status))
            return Status;
        Status = STATUS_ACCESS_DENIED;
    }
    while (Status == STATUS_ACCESS_DENIED) {
        Process = PsGetNextProcess(Process);
        if (!Process)
            return STATUS_NO_MORE_ENTRIES;
        ObReferenceObject(Process); /* its place, should it be passed over */
        Status =
            PspOpenNext(Process, PsProcessType, DesiredAccess, HandleAttributes, NewProcessHandle);
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
    if (Flags || (HandleAttributes & ~PSP_NEXT_ATTRIBUTES))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS Status =
        ObReferenceObjectByHandle(ProcessHandle, PROCESS_QUERY_INFORMATION, PsProcessType,
                                  ExGetPreviousMode(), (PVOID *)&Process, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PspFindNextThread(Process, ThreadHandle, &Thread);
    if (NT_SUCCESS(Status))
        Status =
            PspOpenNext(Thread, PsThreadType, DesiredAccess, HandleAttributes, NewThreadHandle);
    ObDereferenceObject(Process);
    return Status;
}
