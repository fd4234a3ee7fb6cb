/*
 * What a process can be asked whose answer varies in size: its names and its handles.
 *
 * The answer is made in kernel memory first. If it does not fit, the caller is told how much there
 * is: STATUS_INFO_LENGTH_MISMATCH. Source: phnt.
 */
#include "psp.h"
#include "ntapi.h"
#include "ntobapi.h"

/* A string and its text behind it, ended by a null. */
static NTSTATUS PspWriteString(PCUNICODE_STRING Text, PUCHAR Buffer, ULONG Length,
                               PULONG ReturnLength) {
    ULONG Size = sizeof(UNICODE_STRING) + Text->Length + sizeof(WCHAR);
    UNICODE_STRING Header = {.Length = Text->Length,
                             .MaximumLength = (USHORT)(Text->Length + sizeof(WCHAR)),
                             .Buffer = (PWSTR)(Buffer + sizeof(UNICODE_STRING))};
    __try {
        if (ReturnLength)
            WriteULongToUser(ReturnLength, Size);
        if (Length < Size)
            return STATUS_INFO_LENGTH_MISMATCH;
        CopyToUser(Buffer + sizeof(Header), Text->Buffer, Text->Length);
        WriteUShortToUser(Buffer + sizeof(Header) + Text->Length, 0);
        CopyToUser(Buffer, &Header, sizeof(Header));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* As the device tree has it. */
static NTSTATUS PspReturnImageName(EPROCESS *Process, PVOID Buffer, ULONG Length,
                                   PULONG ReturnLength) {
    PVOID File = Process->SectionObject ? MmGetFileObjectForSection(Process->SectionObject) : NULL;
    ULONG Size = 0;
    if (!File)
        return STATUS_INVALID_PARAMETER; /* the System process has no image */
    ObQueryNameString(File, NULL, 0, &Size);
    POBJECT_NAME_INFORMATION Name = ExAllocatePool2(POOL_FLAG_PAGED, Size, PSP_TAG);
    if (!Name)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS Status = ObQueryNameString(File, Name, Size, &Size);
    if (NT_SUCCESS(Status))
        Status = PspWriteString(&Name->Name, Buffer, Length, ReturnLength);
    ExFreePoolWithTag(Name, PSP_TAG);
    return Status;
}

/* --- the command line, out of the process's own parameters --------------------------------------
 */

/* Attached. What the process has there is its own affair: anything may have been written. */
static NTSTATUS PspReadCommandLine(PPEB Peb, PUNICODE_STRING Text) {
    __try {
        PRTL_USER_PROCESS_PARAMETERS Parameters = ReadPointerFromUser(&Peb->ProcessParameters);
        UNICODE_STRING String;
        CopyFromUser(&String, &Parameters->CommandLine, sizeof(String));
        Text->Length = min(String.Length & ~1, Text->MaximumLength);
        CopyFromUser(Text->Buffer, String.Buffer, Text->Length);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS PspReturnCommandLine(EPROCESS *Process, PVOID Buffer, ULONG Length,
                                     PULONG ReturnLength) {
    UNICODE_STRING Text = {.MaximumLength = UNICODE_STRING_MAX_BYTES};
    KAPC_STATE ApcState;
    if (!Process->Peb)
        return STATUS_NOT_FOUND;
    Text.Buffer = ExAllocatePool2(POOL_FLAG_PAGED, Text.MaximumLength, PSP_TAG);
    if (!Text.Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeStackAttachProcess(&Process->Pcb, &ApcState);
    NTSTATUS Status = PspReadCommandLine(Process->Peb, &Text);
    KeUnstackDetachProcess(&ApcState);
    if (NT_SUCCESS(Status))
        Status = PspWriteString(&Text, Buffer, Length, ReturnLength);
    ExFreePoolWithTag(Text.Buffer, PSP_TAG);
    return Status;
}

/* --- the handles --------------------------------------------------------------------------------
 */

#define MAXIMUM_SNAPSHOT 0x4000000

typedef struct _PSP_SNAPSHOT {
    PPROCESS_HANDLE_SNAPSHOT_INFORMATION Answer;
    ULONG_PTR Room; /* entries that fit */
} PSP_SNAPSHOT;

/* Called with the entry locked, so the object stays. */
static BOOLEAN PspListHandle(PHANDLE_TABLE Table, PHANDLE_TABLE_ENTRY Entry, HANDLE Handle,
                             PVOID Context) {
    PSP_SNAPSHOT *Snapshot = Context;
    UNREFERENCED_PARAMETER(Table);
    ULONG_PTR Index = Snapshot->Answer->NumberOfHandles++;
    if (Index < Snapshot->Room) {
        POBJECT_HEADER Header = ExGetHandlePointer(Entry);
        Snapshot->Answer->Handles[Index] = (PROCESS_HANDLE_TABLE_ENTRY_INFO){
            .HandleValue = Handle,
            .HandleCount = (ULONG_PTR)Header->HandleCount,
            .PointerCount = (ULONG_PTR)Header->PointerCount,
            .GrantedAccess = Entry->GrantedAccessBits,
            .ObjectTypeIndex = ObGetObjectType(Header->Body)->Index,
            .HandleAttributes = Entry->Attributes};
    }
    return FALSE;
}

/* STATUS_PROCESS_IS_TERMINATING. */
static NTSTATUS PspSnapHandles(EPROCESS *Process, PSP_SNAPSHOT *Snapshot) {
    if (!ExAcquireRundownProtection(&Process->RundownProtect))
        return STATUS_PROCESS_IS_TERMINATING;
    if (Process->ObjectTable) {
        KeEnterCriticalRegion();
        ExEnumHandleTable(Process->ObjectTable, PspListHandle, Snapshot, NULL);
        KeLeaveCriticalRegion();
    }
    ExReleaseRundownProtection(&Process->RundownProtect);
    return STATUS_SUCCESS;
}

static NTSTATUS PspReturnHandles(EPROCESS *Process, PVOID Buffer, ULONG Length,
                                 PULONG ReturnLength) {
    const ULONG Head = UFIELD_OFFSET(PROCESS_HANDLE_SNAPSHOT_INFORMATION, Handles);
    ULONG Room = min(max(Length, Head), MAXIMUM_SNAPSHOT);
    PSP_SNAPSHOT Snapshot = {.Room = (Room - Head) / sizeof(PROCESS_HANDLE_TABLE_ENTRY_INFO)};
    Snapshot.Answer = ExAllocatePool2(POOL_FLAG_PAGED, Room, PSP_TAG);
    if (!Snapshot.Answer)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS Status = PspSnapHandles(Process, &Snapshot);
    ULONG Size =
        Head + (ULONG)(Snapshot.Answer->NumberOfHandles * sizeof(PROCESS_HANDLE_TABLE_ENTRY_INFO));
    if (NT_SUCCESS(Status) && (Length < Head || Snapshot.Answer->NumberOfHandles > Snapshot.Room))
        Status = STATUS_INFO_LENGTH_MISMATCH;
    __try {
        if (NT_SUCCESS(Status))
            CopyToUser(Buffer, Snapshot.Answer, Size);
        if (ReturnLength)
            WriteULongToUser(ReturnLength, Size);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    ExFreePoolWithTag(Snapshot.Answer, PSP_TAG);
    return Status;
}

/* --- which of them --------------------------------------------------------------------------- */

BOOLEAN PspProcessInformationVaries(PROCESSINFOCLASS Class) {
    return Class == ProcessImageFileName || Class == ProcessCommandLineInformation ||
           Class == ProcessHandleInformation;
}

NTSTATUS PspReturnVariable(EPROCESS *Process, PROCESSINFOCLASS Class, PVOID Buffer, ULONG Length,
                           PULONG ReturnLength) {
    switch (Class) {
    case ProcessImageFileName:
        return PspReturnImageName(Process, Buffer, Length, ReturnLength);
    case ProcessCommandLineInformation:
        return PspReturnCommandLine(Process, Buffer, Length, ReturnLength);
    default: /* ProcessHandleInformation */
        return PspReturnHandles(Process, Buffer, Length, ReturnLength);
    }
}
