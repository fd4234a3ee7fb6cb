/*
 * file.c - FILE_OBJECTs: their type, the lock of synchronous files, cleanup and close
 *
 * A driver sees a file object end in two steps. When the last handle is closed, it receives
 * IRP_MJ_CLEANUP: no program will send another request. When the last reference is released too (a
 * section or a request may hold one for long), it receives IRP_MJ_CLOSE and the object is freed.
 */
#include "iop.h"

POBJECT_TYPE IoFileObjectType;

/*
 * Waits until no other thread has a request in progress on this synchronous file. Busy is the lock.
 * A release sets the event Lock if threads are waiting.
 */
NTSTATUS IopAcquireFileObjectLock(_Inout_ PFILE_OBJECT FileObject) {
    if (InterlockedExchange(&FileObject->Busy, TRUE) == FALSE) {
        return STATUS_SUCCESS;
    }
    InterlockedIncrement(&FileObject->Waiters);
    while (InterlockedExchange(&FileObject->Busy, TRUE) != FALSE) {
        KeWaitForSingleObject(&FileObject->Lock, Executive, KernelMode, FALSE, NULL);
    }
    InterlockedDecrement(&FileObject->Waiters);
    return STATUS_SUCCESS;
}

VOID IopReleaseFileObjectLock(_Inout_ PFILE_OBJECT FileObject) {
    InterlockedExchange(&FileObject->Busy, FALSE);
    if (FileObject->Waiters != 0) {
        KeSetEvent(&FileObject->Lock, IO_NO_INCREMENT, FALSE);
    }
}

static VOID IopSendCleanup(PFILE_OBJECT FileObject) {
    IO_STATUS_BLOCK IoStatus;
    if ((FileObject->Flags & FO_FILE_OPEN) == 0 || (FileObject->Flags & FO_CLEANUP_COMPLETE)) {
        return;
    }
    FileObject->Flags |= FO_CLEANUP_COMPLETE;
    IopSendSimpleRequest(FileObject, IRP_MJ_CLEANUP, &IoStatus);
}

static VOID IopCloseFile(_In_opt_ PEPROCESS Process, _In_ PVOID Object,
                         _In_ ULONGLONG ProcessHandleCount, _In_ ULONGLONG SystemHandleCount) {
    PFILE_OBJECT FileObject = Object;
    UNREFERENCED_PARAMETER(Process);
    UNREFERENCED_PARAMETER(ProcessHandleCount);
    if (SystemHandleCount != 1) {
        return;
    }
    BOOLEAN Synchronous = (FileObject->Flags & FO_SYNCHRONOUS_IO) != 0;
    if (Synchronous) {
        IopAcquireFileObjectLock(FileObject);
    }
    IopSendCleanup(FileObject);
    if (Synchronous) {
        IopReleaseFileObjectLock(FileObject);
    }
}

static VOID IopDeleteFile(_In_ PVOID Object) {
    PFILE_OBJECT FileObject = Object;
    IO_STATUS_BLOCK IoStatus;
    if (FileObject->DeviceObject == NULL) {
        return;
    }
    if (FileObject->Flags & FO_FILE_OPEN) {
        IopSendCleanup(FileObject);
        IopSendSimpleRequest(FileObject, IRP_MJ_CLOSE, &IoStatus);
    }
    if (FileObject->FileName.Buffer != NULL) {
        ExFreePoolWithTag(FileObject->FileName.Buffer, IOP_TAG_NAME);
    }
    if (FileObject->CompletionContext != NULL) {
        IopFreeCompletionContext(FileObject->CompletionContext);
    }
    IopDereferenceDevice(FileObject->DeviceObject);
}

/*
 * The name of an open file is its device's name followed by its own name, or only its own name if
 * the device has none or has lost it. The object manager calls this for ObQueryNameString; the
 * buffer receives an OBJECT_NAME_INFORMATION followed by the text.
 */
static NTSTATUS IopQueryName(_In_ PVOID Object, _In_ BOOLEAN HasObjectName,
                             _Out_ struct _OBJECT_NAME_INFORMATION *ObjectNameInfo,
                             _In_ ULONG Length, _Out_ PULONG ReturnLength,
                             _In_ KPROCESSOR_MODE AccessMode) {
    PFILE_OBJECT FileObject = Object;
    PUNICODE_STRING Name = (PUNICODE_STRING)ObjectNameInfo;
    UNREFERENCED_PARAMETER(HasObjectName);
    UNREFERENCED_PARAMETER(AccessMode);
    NTSTATUS Status =
        ObQueryNameString(FileObject->DeviceObject, ObjectNameInfo, Length, ReturnLength);
    if (!NT_SUCCESS(Status) && Status != STATUS_INFO_LENGTH_MISMATCH) {
        return Status;
    }
    BOOLEAN Unnamed = *ReturnLength == sizeof(OBJECT_NAME_INFORMATION);
    if (Unnamed && FileObject->FileName.Length == 0) {
        return Status; /* no name at all */
    }
    *ReturnLength += FileObject->FileName.Length + (Unnamed ? (ULONG)sizeof(WCHAR) : 0);
    if (*ReturnLength - sizeof(OBJECT_NAME_INFORMATION) > UNICODE_STRING_MAX_BYTES) {
        return STATUS_NAME_TOO_LONG;
    }
    if (Length < *ReturnLength) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    if (Unnamed) {
        Name->Buffer = (PWSTR)(ObjectNameInfo + 1);
        Name->Length = 0;
    }
    PUCHAR End = (PUCHAR)Name->Buffer + Name->Length;
    RtlCopyMemory(End, FileObject->FileName.Buffer, FileObject->FileName.Length);
    Name->Length = (USHORT)(Name->Length + FileObject->FileName.Length);
    Name->MaximumLength = (USHORT)(Name->Length + sizeof(WCHAR));
    Name->Buffer[Name->Length / sizeof(WCHAR)] = UNICODE_NULL;
    return STATUS_SUCCESS;
}

BOOLEAN IopCreateFileType(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"File");
    OBJECT_TYPE_INITIALIZER Initializer = {
        IOP_FILE_LIKE_TYPE,
        .MaintainHandleCount = TRUE,
        .CloseProcedure = IopCloseFile,
        .DeleteProcedure = IopDeleteFile,
        .ParseProcedure = IopParseFile,
        .QueryNameProcedure = IopQueryName,
        /* A wait on a file is a wait for the event that completions set. */
        .WaitObjectPointerOffset = FIELD_OFFSET(FILE_OBJECT, Event),
        .DefaultNonPagedPoolCharge = sizeof(FILE_OBJECT),
    };
    return NT_SUCCESS(ObCreateObjectType(&Name, &Initializer, NULL, &IoFileObjectType));
}
