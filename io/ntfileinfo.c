/*
 * ntfileinfo.c - NtCreateFile, NtOpenFile, NtFlushBuffersFile, file and volume information
 *
 * The I/O manager answers queries about what it knows itself (a file's position, access, mode and
 * alignment, a device's type). Every other query becomes a request with a system buffer that the
 * driver fills. Checks are made in Windows' order: information class, length, addresses, handle.
 */
#include "iop.h"

/* The longest possible answer: a name of 64 KiB and its length. */
#define IOP_INFORMATION_LIMIT 0x10400u

/* Minimum buffer size and required access, by class; a class that is not listed is rejected. */
typedef struct _IOP_CLASS_RULE {
    ULONG Class;
    ULONG MinimumLength;
    ACCESS_MASK Access;
} IOP_CLASS_RULE, *PIOP_CLASS_RULE;

static const IOP_CLASS_RULE IopQueryRules[] = {
    {FileBasicInformation, sizeof(FILE_BASIC_INFORMATION), FILE_READ_ATTRIBUTES},
    {FileStandardInformation, sizeof(FILE_STANDARD_INFORMATION), 0},
    {FileInternalInformation, sizeof(FILE_INTERNAL_INFORMATION), 0},
    {FileEaInformation, sizeof(FILE_EA_INFORMATION), 0},
    {FileAccessInformation, sizeof(FILE_ACCESS_INFORMATION), 0},
    {FileNameInformation, sizeof(FILE_NAME_INFORMATION), 0},
    {FilePositionInformation, sizeof(FILE_POSITION_INFORMATION), 0},
    {FileModeInformation, sizeof(FILE_MODE_INFORMATION), 0},
    {FileAlignmentInformation, sizeof(FILE_ALIGNMENT_INFORMATION), 0},
    {FileNetworkOpenInformation, sizeof(FILE_NETWORK_OPEN_INFORMATION), FILE_READ_ATTRIBUTES},
    {FileIoCompletionNotificationInformation, sizeof(FILE_IO_COMPLETION_NOTIFICATION_INFORMATION),
     0},
};

static const IOP_CLASS_RULE IopSetRules[] = {
    {FileBasicInformation, sizeof(FILE_BASIC_INFORMATION), FILE_WRITE_ATTRIBUTES},
    {FileDispositionInformation, sizeof(FILE_DISPOSITION_INFORMATION), DELETE},
    {FilePositionInformation, sizeof(FILE_POSITION_INFORMATION), 0},
    {FileEndOfFileInformation, sizeof(FILE_END_OF_FILE_INFORMATION), FILE_WRITE_DATA},
    {FileCompletionInformation, sizeof(FILE_COMPLETION_INFORMATION), 0},
    {FileIoCompletionNotificationInformation, sizeof(FILE_IO_COMPLETION_NOTIFICATION_INFORMATION),
     0},
};

static const IOP_CLASS_RULE IopVolumeRules[] = {
    {FileFsVolumeInformation, sizeof(FILE_FS_VOLUME_INFORMATION), 0},
    {FileFsSizeInformation, sizeof(FILE_FS_SIZE_INFORMATION), 0},
    {FileFsDeviceInformation, sizeof(FILE_FS_DEVICE_INFORMATION), 0},
    {FileFsAttributeInformation, sizeof(FILE_FS_ATTRIBUTE_INFORMATION), 0},
};

/* The arguments and the state of one call. */
typedef struct _IOP_INFORMATION_CALL {
    HANDLE FileHandle;
    PIO_STATUS_BLOCK IoStatusBlock;
    PVOID Buffer;
    ULONG Length;
    ULONG Class;
    KPROCESSOR_MODE Mode;
    PFILE_OBJECT FileObject;
    ACCESS_MASK GrantedAccess;
    PVOID System; /* kernel copy of the buffer */
    ULONG SystemLength;
} IOP_INFORMATION_CALL, *PIOP_INFORMATION_CALL;

static const IOP_CLASS_RULE *IopFindRule(const IOP_CLASS_RULE *Rules, ULONG Count, ULONG Class) {
    for (ULONG Index = 0; Index < Count; Index++) {
        if (Rules[Index].Class == Class) {
            return &Rules[Index];
        }
    }
    return NULL;
}

/* Checks class and length, probes, allocates the system buffer and references the file. */
static NTSTATUS IopBeginInformation(PIOP_INFORMATION_CALL Call, const IOP_CLASS_RULE *Rules,
                                    ULONG RuleCount, BOOLEAN Query) {
    const IOP_CLASS_RULE *Rule = IopFindRule(Rules, RuleCount, Call->Class);
    OBJECT_HANDLE_INFORMATION Information;
    if (Rule == NULL) {
        return STATUS_INVALID_INFO_CLASS;
    }
    if (Call->Length < Rule->MinimumLength) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    Call->SystemLength = min(Call->Length, IOP_INFORMATION_LIMIT);
    Call->System = ExAllocatePool2(POOL_FLAG_NON_PAGED, Call->SystemLength, IOP_TAG_BUFFER);
    if (Call->System == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        if (Call->Mode != KernelMode) {
            ProbeForWrite(Call->IoStatusBlock, sizeof(IO_STATUS_BLOCK), 1);
            if (Query) {
                ProbeForWrite(Call->Buffer, Call->Length, sizeof(ULONG));
            } else {
                CopyFromUser(Call->System, Call->Buffer, Call->SystemLength);
            }
        } else if (!Query) {
            RtlCopyMemory(Call->System, Call->Buffer, Call->SystemLength);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    NTSTATUS Status =
        ObReferenceObjectByHandle(Call->FileHandle, Rule->Access, IoFileObjectType, Call->Mode,
                                  (PVOID *)&Call->FileObject, &Information);
    Call->GrantedAccess = NT_SUCCESS(Status) ? Information.GrantedAccess : 0;
    return Status;
}

/* Copies the answer out and releases everything. On an error the caller's memory is unchanged. */
static NTSTATUS IopEndInformation(PIOP_INFORMATION_CALL Call, NTSTATUS Status,
                                  ULONG_PTR Information, BOOLEAN Query) {
    SIZE_T Bytes = Query ? min(Information, Call->SystemLength) : 0;
    if (!IopHasFailed(Status)) {
        __try {
            if (Call->Mode != KernelMode) {
                CopyToUser(Call->Buffer, Call->System, Bytes);
                WriteULong64ToUser(&Call->IoStatusBlock->Information, Information);
                WriteULongToUser(&Call->IoStatusBlock->Status, (ULONG)Status);
            } else {
                RtlCopyMemory(Call->Buffer, Call->System, Bytes);
                Call->IoStatusBlock->Information = Information;
                Call->IoStatusBlock->Status = Status;
            }
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            Status = GetExceptionCode();
        }
    }
    if (Call->FileObject != NULL) {
        ObDereferenceObject(Call->FileObject);
    }
    if (Call->System != NULL) {
        ExFreePoolWithTag(Call->System, IOP_TAG_BUFFER);
    }
    return Status;
}

static ULONG IopFileMode(PFILE_OBJECT FileObject) {
    ULONG Mode = 0;
    Mode |= FileObject->Flags & FO_WRITE_THROUGH ? FILE_WRITE_THROUGH : 0;
    Mode |= FileObject->Flags & FO_SEQUENTIAL_ONLY ? FILE_SEQUENTIAL_ONLY : 0;
    Mode |= FileObject->Flags & FO_NO_INTERMEDIATE_BUFFERING ? FILE_NO_INTERMEDIATE_BUFFERING : 0;
    if (FileObject->Flags & FO_SYNCHRONOUS_IO) {
        Mode |= FileObject->Flags & FO_ALERTABLE_IO ? FILE_SYNCHRONOUS_IO_ALERT
                                                    : FILE_SYNCHRONOUS_IO_NONALERT;
    }
    return Mode;
}

/* The file flag of each notification mode. */
typedef struct _IOP_NOTIFICATION_MODE {
    ULONG Mode;
    ULONG FileFlag;
} IOP_NOTIFICATION_MODE;

static const IOP_NOTIFICATION_MODE IopNotificationModes[] = {
    {FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, FO_SKIP_COMPLETION_PORT},
    {FILE_SKIP_SET_EVENT_ON_HANDLE, FO_SKIP_SET_EVENT},
    {FILE_SKIP_SET_USER_EVENT_ON_FAST_IO, FO_SKIP_SET_FAST_IO},
};

static ULONG IopQueryNotification(PFILE_OBJECT FileObject) {
    ULONG Modes = 0;
    for (ULONG i = 0; i < RTL_NUMBER_OF(IopNotificationModes); i++) {
        if ((FileObject->Flags & IopNotificationModes[i].FileFlag) != 0) {
            Modes |= IopNotificationModes[i].Mode;
        }
    }
    return Modes;
}

/*
 * Modes can be added but not removed. STATUS_INVALID_PARAMETER: the file is synchronous. Source:
 * Windows SDK, SetFileCompletionNotificationModes.
 */
static NTSTATUS IopSetNotification(PFILE_OBJECT FileObject, ULONG Modes) {
    if ((FileObject->Flags & FO_SYNCHRONOUS_IO) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    for (ULONG i = 0; i < RTL_NUMBER_OF(IopNotificationModes); i++) {
        if ((Modes & IopNotificationModes[i].Mode) != 0) {
            InterlockedOr((volatile LONG *)&FileObject->Flags,
                          (LONG)IopNotificationModes[i].FileFlag);
        }
    }
    return STATUS_SUCCESS;
}

/* Answers classes that need no driver; sets *Information to 0 for the others. */
static VOID IopQueryFileObject(PIOP_INFORMATION_CALL Call, PULONG_PTR Information) {
    switch (Call->Class) {
    case FilePositionInformation:
        ((PFILE_POSITION_INFORMATION)Call->System)->CurrentByteOffset =
            Call->FileObject->CurrentByteOffset;
        *Information = sizeof(FILE_POSITION_INFORMATION);
        break;
    case FileAccessInformation:
        ((PFILE_ACCESS_INFORMATION)Call->System)->AccessFlags = Call->GrantedAccess;
        *Information = sizeof(FILE_ACCESS_INFORMATION);
        break;
    case FileModeInformation:
        ((PFILE_MODE_INFORMATION)Call->System)->Mode = IopFileMode(Call->FileObject);
        *Information = sizeof(FILE_MODE_INFORMATION);
        break;
    case FileAlignmentInformation:
        ((PFILE_ALIGNMENT_INFORMATION)Call->System)->AlignmentRequirement =
            IoGetRelatedDeviceObject(Call->FileObject)->AlignmentRequirement;
        *Information = sizeof(FILE_ALIGNMENT_INFORMATION);
        break;
    case FileIoCompletionNotificationInformation:
        ((PFILE_IO_COMPLETION_NOTIFICATION_INFORMATION)Call->System)->Flags =
            IopQueryNotification(Call->FileObject);
        *Information = sizeof(FILE_IO_COMPLETION_NOTIFICATION_INFORMATION);
        break;
    default:
        *Information = 0;
    }
}

/* Sends the call to the driver as a request with the given major function. */
static NTSTATUS IopSendInformation(PIOP_INFORMATION_CALL Call, UCHAR MajorFunction,
                                   PULONG_PTR Information) {
    IO_STATUS_BLOCK IoStatus;
    PIRP Irp = IopAllocateRequest(Call->FileObject, MajorFunction, Call->Mode);
    if (Irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    PIO_STACK_LOCATION Location = IoGetNextIrpStackLocation(Irp);
    Location->Parameters.QueryFile.Length = Call->SystemLength;
    Location->Parameters.QueryFile.FileInformationClass = (FILE_INFORMATION_CLASS)Call->Class;
    Irp->AssociatedIrp.SystemBuffer = Call->System;
    NTSTATUS Status = IopCallDriverAndWait(Call->FileObject, Irp, &IoStatus);
    IoFreeIrp(Irp);
    *Information = IoStatus.Information;
    return Status;
}

/* Source: WDK page of ZwQueryInformationFile. */
NTSTATUS NtQueryInformationFile(_In_ HANDLE FileHandle, _Out_ PIO_STATUS_BLOCK IoStatusBlock,
                                _Out_writes_bytes_(Length) PVOID FileInformation, _In_ ULONG Length,
                                _In_ FILE_INFORMATION_CLASS FileInformationClass) {
    IOP_INFORMATION_CALL Call = {.FileHandle = FileHandle,
                                 .IoStatusBlock = IoStatusBlock,
                                 .Buffer = FileInformation,
                                 .Length = Length,
                                 .Class = FileInformationClass,
                                 .Mode = ExGetPreviousMode()};
    ULONG_PTR Information = 0;
    NTSTATUS Status = IopBeginInformation(&Call, IopQueryRules, RTL_NUMBER_OF(IopQueryRules), TRUE);
    if (NT_SUCCESS(Status)) {
        IopQueryFileObject(&Call, &Information);
        if (Information == 0) {
            Status = IopSendInformation(&Call, IRP_MJ_QUERY_INFORMATION, &Information);
        }
    }
    return IopEndInformation(&Call, Status, Information, TRUE);
}

static NTSTATUS IopSetPosition(PFILE_OBJECT FileObject, const FILE_POSITION_INFORMATION *Position) {
    if (Position->CurrentByteOffset.QuadPart < 0) {
        return STATUS_INVALID_PARAMETER;
    }
    BOOLEAN Synchronous = (FileObject->Flags & FO_SYNCHRONOUS_IO) != 0;
    if (Synchronous) {
        IopAcquireFileObjectLock(FileObject);
    }
    FileObject->CurrentByteOffset = Position->CurrentByteOffset;
    if (Synchronous) {
        IopReleaseFileObjectLock(FileObject);
    }
    return STATUS_SUCCESS;
}

/* Sets what the I/O manager keeps itself. */
static NTSTATUS IopSetInformation(PIOP_INFORMATION_CALL Call) {
    ULONG_PTR Information = 0;
    switch (Call->Class) {
    case FilePositionInformation:
        return IopSetPosition(Call->FileObject, Call->System);
    case FileCompletionInformation:
        return IopTieFileToPort(Call->FileObject, Call->System);
    case FileIoCompletionNotificationInformation:
        return IopSetNotification(
            Call->FileObject, ((PFILE_IO_COMPLETION_NOTIFICATION_INFORMATION)Call->System)->Flags);
    default:
        return IopSendInformation(Call, IRP_MJ_SET_INFORMATION, &Information);
    }
}

/* Source: WDK page of ZwSetInformationFile. */
NTSTATUS NtSetInformationFile(_In_ HANDLE FileHandle, _Out_ PIO_STATUS_BLOCK IoStatusBlock,
                              _In_reads_bytes_(Length) PVOID FileInformation, _In_ ULONG Length,
                              _In_ FILE_INFORMATION_CLASS FileInformationClass) {
    IOP_INFORMATION_CALL Call = {.FileHandle = FileHandle,
                                 .IoStatusBlock = IoStatusBlock,
                                 .Buffer = FileInformation,
                                 .Length = Length,
                                 .Class = FileInformationClass,
                                 .Mode = ExGetPreviousMode()};
    NTSTATUS Status = IopBeginInformation(&Call, IopSetRules, RTL_NUMBER_OF(IopSetRules), FALSE);
    if (NT_SUCCESS(Status)) {
        Status = IopSetInformation(&Call);
    }
    return IopEndInformation(&Call, Status, 0, FALSE);
}

/* Source: WDK page of ZwQueryVolumeInformationFile. */
NTSTATUS NtQueryVolumeInformationFile(_In_ HANDLE FileHandle, _Out_ PIO_STATUS_BLOCK IoStatusBlock,
                                      _Out_writes_bytes_(Length) PVOID FsInformation,
                                      _In_ ULONG Length,
                                      _In_ FS_INFORMATION_CLASS FsInformationClass) {
    IOP_INFORMATION_CALL Call = {.FileHandle = FileHandle,
                                 .IoStatusBlock = IoStatusBlock,
                                 .Buffer = FsInformation,
                                 .Length = Length,
                                 .Class = FsInformationClass,
                                 .Mode = ExGetPreviousMode()};
    ULONG_PTR Information = 0;
    NTSTATUS Status =
        IopBeginInformation(&Call, IopVolumeRules, RTL_NUMBER_OF(IopVolumeRules), TRUE);
    if (NT_SUCCESS(Status) && Call.Class == FileFsDeviceInformation) {
        PFILE_FS_DEVICE_INFORMATION Device = Call.System;
        Device->DeviceType = Call.FileObject->DeviceObject->DeviceType;
        Device->Characteristics = Call.FileObject->DeviceObject->Characteristics;
        Information = sizeof(*Device);
    } else if (NT_SUCCESS(Status)) {
        Status = IopSendInformation(&Call, IRP_MJ_QUERY_VOLUME_INFORMATION, &Information);
    }
    return IopEndInformation(&Call, Status, Information, TRUE);
}

/* Source: WDK page of ZwFlushBuffersFile; needs write or append access. */
NTSTATUS NtFlushBuffersFile(_In_ HANDLE FileHandle, _Out_ PIO_STATUS_BLOCK IoStatusBlock) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    OBJECT_HANDLE_INFORMATION Information;
    PFILE_OBJECT FileObject;
    IO_STATUS_BLOCK IoStatus = {0};
    __try {
        if (Mode != KernelMode) {
            ProbeForWrite(IoStatusBlock, sizeof(IO_STATUS_BLOCK), 1);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    NTSTATUS Status = ObReferenceObjectByHandle(FileHandle, 0, IoFileObjectType, Mode,
                                                (PVOID *)&FileObject, &Information);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Mode != KernelMode &&
        (Information.GrantedAccess & (FILE_WRITE_DATA | FILE_APPEND_DATA)) == 0) {
        ObDereferenceObject(FileObject);
        return STATUS_ACCESS_DENIED;
    }
    BOOLEAN Synchronous = (FileObject->Flags & FO_SYNCHRONOUS_IO) != 0;
    if (Synchronous) {
        IopAcquireFileObjectLock(FileObject);
    }
    Status = IopSendSimpleRequest(FileObject, IRP_MJ_FLUSH_BUFFERS, &IoStatus);
    if (Synchronous) {
        IopReleaseFileObjectLock(FileObject);
    }
    IOP_INFORMATION_CALL Call = {
        .IoStatusBlock = IoStatusBlock, .Mode = Mode, .FileObject = FileObject};
    return IopEndInformation(&Call, Status, IoStatus.Information, FALSE);
}

/*
 * Source: WDK page of ZwQueryAttributesFile, phnt. Queries attributes by name, without a handle.
 */
NTSTATUS NtQueryAttributesFile(_In_ POBJECT_ATTRIBUTES ObjectAttributes,
                               _Out_ PFILE_BASIC_INFORMATION FileInformation) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    FILE_BASIC_INFORMATION Basic = {0};
    OPEN_PACKET Packet = {.Type = IO_TYPE_OPEN_PACKET,
                          .Size = sizeof(OPEN_PACKET),
                          .CreateOptions = FILE_OPEN_REPARSE_POINT,
                          .ShareAccess = FILE_SHARE_VALID_FLAGS,
                          .Disposition = FILE_OPEN,
                          .BasicInformation = &Basic};
    HANDLE Handle;
    NTSTATUS Status;
    __try {
        if (Mode != KernelMode) {
            ProbeForWrite(FileInformation, sizeof(*FileInformation), sizeof(ULONG));
        }
        Status = ObOpenObjectByName(ObjectAttributes, NULL, Mode, NULL, FILE_READ_ATTRIBUTES,
                                    &Packet, &Handle);
        if (Packet.ParseCheck != OPEN_PACKET_PATTERN) {
            if (NT_SUCCESS(Status)) {
                ObCloseHandle(Handle, Mode);
                Status = STATUS_OBJECT_TYPE_MISMATCH;
            }
            return Status;
        }
        if (NT_SUCCESS(Packet.FinalStatus) && Mode != KernelMode) {
            CopyToUser(FileInformation, &Basic, sizeof(Basic));
        } else if (NT_SUCCESS(Packet.FinalStatus)) {
            *FileInformation = Basic;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return Packet.FinalStatus;
}

/* Source: WDK page of ZwCreateFile. */
NTSTATUS NtCreateFile(_Out_ PHANDLE FileHandle, _In_ ACCESS_MASK DesiredAccess,
                      _In_ POBJECT_ATTRIBUTES ObjectAttributes,
                      _Out_ PIO_STATUS_BLOCK IoStatusBlock, _In_opt_ PLARGE_INTEGER AllocationSize,
                      _In_ ULONG FileAttributes, _In_ ULONG ShareAccess,
                      _In_ ULONG CreateDisposition, _In_ ULONG CreateOptions,
                      _In_opt_ PVOID EaBuffer, _In_ ULONG EaLength) {
    return IoCreateFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, AllocationSize,
                        FileAttributes, ShareAccess, CreateDisposition, CreateOptions, EaBuffer,
                        EaLength, CreateFileTypeNone, NULL, 0);
}

/* Source: WDK page of ZwOpenFile. */
NTSTATUS NtOpenFile(_Out_ PHANDLE FileHandle, _In_ ACCESS_MASK DesiredAccess,
                    _In_ POBJECT_ATTRIBUTES ObjectAttributes, _Out_ PIO_STATUS_BLOCK IoStatusBlock,
                    _In_ ULONG ShareAccess, _In_ ULONG OpenOptions) {
    return IoCreateFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, NULL, 0,
                        ShareAccess, FILE_OPEN, OpenOptions, NULL, 0, CreateFileTypeNone, NULL, 0);
}
