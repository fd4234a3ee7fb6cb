/*
 * Opening a process or a thread by its id.
 *
 * Neither has a name in the tree of objects: what names it is a CLIENT_ID, out of the object
 * attributes only the attributes of the new handle are used. Source: WDK, ZwOpenProcess; phnt.
 */
#include "psp.h"
#include "ntapi.h"

typedef struct _PSP_OPEN {
    ULONG Attributes;
    CLIENT_ID Cid;
} PSP_OPEN;

/* STATUS_INVALID_PARAMETER_MIX: a name, or no id. */
static NTSTATUS PspCaptureOpen(PHANDLE Handle, POBJECT_ATTRIBUTES ObjectAttributes,
                               PCLIENT_ID ClientId, PSP_OPEN *Open) {
    PVOID Name;
    NTSTATUS Status = ObPrepareHandle(Handle);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    __try {
        Name = ReadPointerFromUser(&ObjectAttributes->ObjectName);
        Open->Attributes = ReadULongFromUser(&ObjectAttributes->Attributes);
        if (ClientId)
            CopyFromUser(&Open->Cid, ClientId, sizeof(Open->Cid));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    if (Name || !ClientId)
        return STATUS_INVALID_PARAMETER_MIX;
    Open->Attributes &= OBJ_INHERIT;
    return STATUS_SUCCESS;
}

/* A thread, and if a process is named, one of that process. */
static NTSTATUS PspLookupClient(const CLIENT_ID *Cid, PETHREAD *Thread) {
    NTSTATUS Status = PsLookupThreadByThreadId(Cid->UniqueThread, Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    if (!Cid->UniqueProcess || Cid->UniqueProcess == (*Thread)->Cid.UniqueProcess)
        return STATUS_SUCCESS;
    ObDereferenceObject(*Thread);
    return STATUS_INVALID_CID;
}

/* The id of one of its threads names a process too. */
static NTSTATUS PspLookupProcess(const CLIENT_ID *Cid, PEPROCESS *Process) {
    PETHREAD Thread;
    if (!Cid->UniqueThread)
        return PsLookupProcessByProcessId(Cid->UniqueProcess, Process);
    NTSTATUS Status = PspLookupClient(Cid, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    *Process = PsGetThreadProcess(Thread);
    ObReferenceObject(*Process);
    ObDereferenceObject(Thread);
    return STATUS_SUCCESS;
}

/* STATUS_INVALID_CID, STATUS_INVALID_PARAMETER_MIX, STATUS_ACCESS_DENIED. */
NTSTATUS NTAPI NtOpenProcess(PHANDLE ProcessHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, PCLIENT_ID ClientId) {
    PSP_OPEN Open;
    PEPROCESS Process;
    NTSTATUS Status = PspCaptureOpen(ProcessHandle, ObjectAttributes, ClientId, &Open);
    if (NT_SUCCESS(Status))
        Status = PspLookupProcess(&Open.Cid, &Process);
    if (!NT_SUCCESS(Status))
        return Status;
    return ObOpenPointerHandle(ProcessHandle, DesiredAccess, Process, Open.Attributes,
                               PsProcessType);
}

NTSTATUS NTAPI NtOpenThread(PHANDLE ThreadHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PCLIENT_ID ClientId) {
    PSP_OPEN Open;
    PETHREAD Thread;
    NTSTATUS Status = PspCaptureOpen(ThreadHandle, ObjectAttributes, ClientId, &Open);
    if (NT_SUCCESS(Status))
        Status = PspLookupClient(&Open.Cid, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    return ObOpenPointerHandle(ThreadHandle, DesiredAccess, Thread, Open.Attributes, PsThreadType);
}
