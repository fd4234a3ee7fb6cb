/*
 * create.c - IoCreateFile, the common part of NtCreateFile, NtOpenFile and kernel callers
 *
 * The steps: check the parameters against each other, read and probe the caller's memory, then have
 * the object manager open the name, which calls IopParseDevice. Nothing is written to the caller's
 * memory before a handle exists. If that write fails, the handle stays open in the caller's table,
 * as in Windows, since only the caller itself can have unmapped its memory.
 */
#include "iop.h"

#define IOP_SYNCHRONOUS (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)

/* Options that may be combined with FILE_DIRECTORY_FILE. */
#define IOP_DIRECTORY_OPTIONS                                                                      \
    (FILE_DIRECTORY_FILE | IOP_SYNCHRONOUS | FILE_WRITE_THROUGH | FILE_COMPLETE_IF_OPLOCKED |      \
     FILE_OPEN_FOR_BACKUP_INTENT | FILE_DELETE_ON_CLOSE | FILE_OPEN_FOR_FREE_SPACE_QUERY |         \
     FILE_OPEN_BY_FILE_ID | FILE_OPEN_REPARSE_POINT)

static BOOLEAN IopDirectoryParametersValid(ULONG Disposition, ULONG CreateOptions) {
    if ((CreateOptions & FILE_DIRECTORY_FILE) == 0) {
        return TRUE;
    }
    return (CreateOptions & ~IOP_DIRECTORY_OPTIONS) == 0 &&
           (Disposition == FILE_CREATE || Disposition == FILE_OPEN || Disposition == FILE_OPEN_IF);
}

/* Source: WDK page of ZwCreateFile, remarks on combinations. */
static BOOLEAN IopCreateParametersValid(ACCESS_MASK DesiredAccess, ULONG FileAttributes,
                                        ULONG ShareAccess, ULONG Disposition, ULONG CreateOptions) {
    ULONG Synchronous = CreateOptions & IOP_SYNCHRONOUS;
    if ((FileAttributes & ~FILE_ATTRIBUTE_VALID_FLAGS) || (ShareAccess & ~FILE_SHARE_VALID_FLAGS) ||
        Disposition > FILE_MAXIMUM_DISPOSITION || (CreateOptions & ~FILE_VALID_OPTION_FLAGS)) {
        return FALSE;
    }
    if (Synchronous == IOP_SYNCHRONOUS || (Synchronous != 0 && !(DesiredAccess & SYNCHRONIZE))) {
        return FALSE;
    }
    if ((CreateOptions & FILE_DELETE_ON_CLOSE) && !(DesiredAccess & DELETE)) {
        return FALSE;
    }
    if ((CreateOptions & (FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE)) ==
        (FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE)) {
        return FALSE;
    }
    if ((CreateOptions & FILE_NO_INTERMEDIATE_BUFFERING) && (DesiredAccess & FILE_APPEND_DATA)) {
        return FALSE;
    }
    return IopDirectoryParametersValid(Disposition, CreateOptions);
}

/* Reads and probes what the caller points to. No driver supports extended attributes. */
static NTSTATUS IopCaptureCreate(PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER AllocationSize,
                                 KPROCESSOR_MODE Mode, POPEN_PACKET Packet) {
    if (Mode == KernelMode) {
        if (AllocationSize != NULL) {
            Packet->AllocationSize = *AllocationSize;
        }
        return STATUS_SUCCESS;
    }
    __try {
        ProbeForWrite(IoStatusBlock, sizeof(IO_STATUS_BLOCK), 1);
        if (AllocationSize != NULL) {
            Packet->AllocationSize.QuadPart = (LONGLONG)ReadULong64FromUser(AllocationSize);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return Packet->AllocationSize.QuadPart < 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

static NTSTATUS IopStoreCreateResult(PHANDLE FileHandle, HANDLE Handle,
                                     PIO_STATUS_BLOCK IoStatusBlock, const OPEN_PACKET *Packet,
                                     KPROCESSOR_MODE Mode) {
    if (Mode == KernelMode) {
        *FileHandle = Handle;
        IoStatusBlock->Status = Packet->FinalStatus;
        IoStatusBlock->Information = Packet->Information;
        return Packet->FinalStatus;
    }
    __try {
        WriteHandleToUser(FileHandle, Handle);
        WriteULong64ToUser(&IoStatusBlock->Information, Packet->Information);
        WriteULongToUser(&IoStatusBlock->Status, (ULONG)Packet->FinalStatus);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return Packet->FinalStatus;
}

NTSTATUS IoCreateFile(_Out_ PHANDLE FileHandle, _In_ ACCESS_MASK DesiredAccess,
                      _In_ POBJECT_ATTRIBUTES ObjectAttributes,
                      _Out_ PIO_STATUS_BLOCK IoStatusBlock, _In_opt_ PLARGE_INTEGER AllocationSize,
                      _In_ ULONG FileAttributes, _In_ ULONG ShareAccess, _In_ ULONG Disposition,
                      _In_ ULONG CreateOptions, _In_opt_ PVOID EaBuffer, _In_ ULONG EaLength,
                      _In_ CREATE_FILE_TYPE CreateFileType, _In_opt_ PVOID InternalParameters,
                      _In_ ULONG Options) {
    KPROCESSOR_MODE Mode = Options & IO_NO_PARAMETER_CHECKING ? KernelMode : ExGetPreviousMode();
    OPEN_PACKET Packet = {.Type = IO_TYPE_OPEN_PACKET,
                          .Size = sizeof(OPEN_PACKET),
                          .CreateOptions = CreateOptions,
                          .FileAttributes = (USHORT)FileAttributes,
                          .ShareAccess = (USHORT)ShareAccess,
                          .Disposition = Disposition};
    HANDLE Handle;
    UNREFERENCED_PARAMETER(InternalParameters);
    if (Mode != KernelMode && !IopCreateParametersValid(DesiredAccess, FileAttributes, ShareAccess,
                                                        Disposition, CreateOptions)) {
        return ObRefuseHandle(FileHandle, STATUS_INVALID_PARAMETER);
    }
    NTSTATUS Status = Mode != KernelMode ? ObPrepareHandle(FileHandle) : STATUS_SUCCESS;
    if (NT_SUCCESS(Status)) {
        Status = IopCaptureCreate(IoStatusBlock, AllocationSize, Mode, &Packet);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (CreateFileType != CreateFileTypeNone) {
        return STATUS_NOT_SUPPORTED;
    }
    if (EaBuffer != NULL && EaLength != 0) {
        return STATUS_EAS_NOT_SUPPORTED;
    }
    Status =
        ObOpenObjectByName(ObjectAttributes, NULL, Mode, NULL, DesiredAccess, &Packet, &Handle);
    if (Packet.ParseCheck != OPEN_PACKET_PATTERN) {
        /* The name does not exist, or names an object that is not a device. */
        if (NT_SUCCESS(Status)) {
            ObCloseHandle(Handle, Mode);
            Status = STATUS_OBJECT_TYPE_MISMATCH;
        }
        return Status;
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Packet.FileObject->Flags |= FO_HANDLE_CREATED;
    return IopStoreCreateResult(FileHandle, Handle, IoStatusBlock, &Packet, Mode);
}
