/*
 * parse.c - from a name to an open file
 *
 * The object manager resolves \??\C:\dir\file as far as its own tree reaches: the link C: leads to
 * the device \Device\HarddiskVolume1, which has no children. It passes the rest, "\dir\file", to
 * the parse procedure of the device type, IopParseDevice, with the open packet that the service
 * made. The I/O manager creates a FILE_OBJECT with the rest as its name and sends IRP_MJ_CREATE,
 * with which the driver decides whether the file exists and may be opened as requested.
 *
 * A name relative to an open file or directory is parsed by IopParseFile instead. The driver finds
 * the starting file in RelatedFileObject, which is valid only while IRP_MJ_CREATE is processed
 * (WDK, FILE_OBJECT). It holds no reference, so files that were opened relative to each other do
 * not keep each other alive.
 *
 * FO_FILE_OPEN is set when the driver has accepted the open. Without it the driver is not told of
 * the file object's end.
 */
#include "iop.h"

static const struct {
    ULONG Option;
    ULONG Flag;
} IopOptionFlags[] = {
    {FILE_SYNCHRONOUS_IO_ALERT, FO_SYNCHRONOUS_IO | FO_ALERTABLE_IO},
    {FILE_SYNCHRONOUS_IO_NONALERT, FO_SYNCHRONOUS_IO},
    {FILE_WRITE_THROUGH, FO_WRITE_THROUGH},
    {FILE_SEQUENTIAL_ONLY, FO_SEQUENTIAL_ONLY},
    {FILE_RANDOM_ACCESS, FO_RANDOM_ACCESS},
    {FILE_NO_INTERMEDIATE_BUFFERING, FO_NO_INTERMEDIATE_BUFFERING},
};

static BOOLEAN IopOpenPacketValid(POPEN_PACKET Packet) {
    return Packet != NULL && Packet->Type == IO_TYPE_OPEN_PACKET &&
           Packet->Size == sizeof(OPEN_PACKET);
}

static NTSTATUS IopCopyFileName(PFILE_OBJECT FileObject, PUNICODE_STRING Name) {
    if (Name->Length == 0) {
        return STATUS_SUCCESS;
    }
    PVOID Buffer;
    NTSTATUS Status = MmAllocatePoolWithQuota(NULL, POOL_FLAG_PAGED, Name->Length + sizeof(WCHAR),
                                              IOP_TAG_NAME, &Buffer);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    RtlCopyMemory(Buffer, Name->Buffer, Name->Length);
    FileObject->FileName.Buffer = Buffer;
    FileObject->FileName.Length = Name->Length;
    FileObject->FileName.MaximumLength =
        (USHORT)min(Name->Length + sizeof(WCHAR), (SIZE_T)UNICODE_STRING_MAX_BYTES);
    return STATUS_SUCCESS;
}

/* Creates the file object. The caller has counted it on the device (IopReferenceDevice). */
static NTSTATUS IopCreateFileObject(PDEVICE_OBJECT Device, POPEN_PACKET Packet,
                                    PUNICODE_STRING Name, BOOLEAN CaseInsensitive,
                                    PFILE_OBJECT *Result) {
    PFILE_OBJECT FileObject;
    NTSTATUS Status = ObCreateObject(KernelMode, IoFileObjectType, NULL, KernelMode, NULL,
                                     sizeof(FILE_OBJECT), 0, 0, (PVOID *)&FileObject);
    if (!NT_SUCCESS(Status)) {
        IopDereferenceDevice(Device);
        return Status;
    }
    FileObject->Type = IO_TYPE_FILE;
    FileObject->Size = sizeof(FILE_OBJECT);
    FileObject->DeviceObject = Device;
    FileObject->RelatedFileObject = Packet->RelatedFileObject;
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(IopOptionFlags); Index++) {
        if (Packet->CreateOptions & IopOptionFlags[Index].Option) {
            FileObject->Flags |= IopOptionFlags[Index].Flag;
        }
    }
    FileObject->Flags |= CaseInsensitive ? 0 : FO_OPENED_CASE_SENSITIVE;
    KeInitializeEvent(&FileObject->Lock, SynchronizationEvent, FALSE);
    KeInitializeEvent(&FileObject->Event, NotificationEvent, FALSE);
    InitializeListHead(&FileObject->IrpList);
    Status = IopCopyFileName(FileObject, Name);
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(FileObject);
        return Status;
    }
    *Result = FileObject;
    return STATUS_SUCCESS;
}

/* Sends IRP_MJ_CREATE. On failure the file object is unchanged. */
static NTSTATUS IopSendCreate(PFILE_OBJECT FileObject, POPEN_PACKET Packet,
                              PACCESS_STATE AccessState, KPROCESSOR_MODE Mode) {
    IO_SECURITY_CONTEXT Security = {
        .AccessState = AccessState,
        .DesiredAccess = AccessState->RemainingDesiredAccess | AccessState->PreviouslyGrantedAccess,
        .FullCreateOptions = Packet->CreateOptions,
    };
    IO_STATUS_BLOCK IoStatus;
    PIRP Irp = IopAllocateRequest(FileObject, IRP_MJ_CREATE, Mode);
    if (Irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Irp->Flags |= IRP_CREATE_OPERATION;
    Irp->Overlay.AllocationSize = Packet->AllocationSize;
    PIO_STACK_LOCATION Location = IoGetNextIrpStackLocation(Irp);
    Location->Parameters.Create.SecurityContext = &Security;
    Location->Parameters.Create.Options = Packet->Disposition << 24 | Packet->CreateOptions;
    Location->Parameters.Create.FileAttributes = Packet->FileAttributes;
    Location->Parameters.Create.ShareAccess = Packet->ShareAccess;
    Location->Flags = FileObject->Flags & FO_OPENED_CASE_SENSITIVE ? SL_CASE_SENSITIVE : 0;
    NTSTATUS Status = IopCallDriverAndWait(FileObject, Irp, &IoStatus);
    IoFreeIrp(Irp);
    Packet->Information = IoStatus.Information;
    if (NT_SUCCESS(Status)) {
        FileObject->Flags |= FO_FILE_OPEN;
    }
    return Status;
}

/* For NtQueryAttributesFile: the file is opened only for the query and never gets a handle. */
static NTSTATUS IopAnswerQueryOnly(PFILE_OBJECT FileObject, POPEN_PACKET Packet) {
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status =
        IopQueryFileInformation(FileObject, FileBasicInformation, Packet->BasicInformation,
                                sizeof(FILE_BASIC_INFORMATION), &IoStatus);
    ObDereferenceObject(FileObject);
    return Status;
}

static NTSTATUS IopOpenDevice(PDEVICE_OBJECT Device, PACCESS_STATE AccessState,
                              KPROCESSOR_MODE Mode, ULONG Attributes, PUNICODE_STRING Name,
                              POPEN_PACKET Packet, PVOID *Object) {
    PFILE_OBJECT FileObject;
    NTSTATUS Status = IopReferenceDevice(Device);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = IopCreateFileObject(Device, Packet, Name, (Attributes & OBJ_CASE_INSENSITIVE) != 0,
                                 &FileObject);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    SeSetAccessStateGenericMapping(AccessState, &IoFileObjectType->TypeInfo.GenericMapping);
    Status = IopSendCreate(FileObject, Packet, AccessState, Mode);
    FileObject->RelatedFileObject = NULL; /* the lookup's reference to it ends with the open */
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(FileObject);
        return Status;
    }
    if (Packet->BasicInformation != NULL) {
        return IopAnswerQueryOnly(FileObject, Packet);
    }
    Packet->FileObject = FileObject;
    *Object = FileObject;
    return STATUS_SUCCESS;
}

NTSTATUS IopParseDevice(_In_ PVOID ParseObject, _In_opt_ POBJECT_TYPE ObjectType,
                        _Inout_ PACCESS_STATE AccessState, _In_ KPROCESSOR_MODE AccessMode,
                        _In_ ULONG Attributes, _Inout_ PUNICODE_STRING CompleteName,
                        _Inout_ PUNICODE_STRING RemainingName, _Inout_opt_ PVOID Context,
                        _In_opt_ PVOID SecurityQos, _Out_ PVOID *Object) {
    POPEN_PACKET Packet = Context;
    UNREFERENCED_PARAMETER(ObjectType);
    UNREFERENCED_PARAMETER(CompleteName);
    UNREFERENCED_PARAMETER(SecurityQos);
    *Object = NULL;
    if (!IopOpenPacketValid(Packet)) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    Packet->ParseCheck = OPEN_PACKET_PATTERN;
    Packet->FinalStatus = IopOpenDevice(ParseObject, AccessState, AccessMode, Attributes,
                                        RemainingName, Packet, Object);
    if (NT_SUCCESS(Packet->FinalStatus) && *Object == NULL) {
        return STATUS_OBJECT_TYPE_MISMATCH; /* no object; the result is in the packet */
    }
    return Packet->FinalStatus;
}

NTSTATUS IopParseFile(_In_ PVOID ParseObject, _In_opt_ POBJECT_TYPE ObjectType,
                      _Inout_ PACCESS_STATE AccessState, _In_ KPROCESSOR_MODE AccessMode,
                      _In_ ULONG Attributes, _Inout_ PUNICODE_STRING CompleteName,
                      _Inout_ PUNICODE_STRING RemainingName, _Inout_opt_ PVOID Context,
                      _In_opt_ PVOID SecurityQos, _Out_ PVOID *Object) {
    PFILE_OBJECT FileObject = ParseObject;
    POPEN_PACKET Packet = Context;
    *Object = NULL;
    if (!IopOpenPacketValid(Packet)) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    Packet->RelatedFileObject = FileObject;
    return IopParseDevice(FileObject->DeviceObject, ObjectType, AccessState, AccessMode, Attributes,
                          CompleteName, RemainingName, Context, SecurityQos, Object);
}
