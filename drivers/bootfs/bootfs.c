/*
 * bootfs.c - the boot volume: a read-only file system over the files that the loader read
 *
 * UEFI's firmware can read a disk; this kernel cannot yet. So the loader reads every file of the
 * boot volume into memory and lists them in the loader block. This driver presents them as a file
 * system: the device \Device\HarddiskVolume1, to which \??\C: links. Programs and the memory
 * manager see ordinary files, so a disk driver and a real file system will need no change above
 * this layer.
 *
 * Objects: each file and each directory has one BOOTFS_FCB, created at start and never freed
 * (tree.c). FILE_OBJECT.FsContext points to it. All opens of a file share its
 * SECTION_OBJECT_POINTERS, which is how all processes share the pages of ntdll.dll.
 *
 * Rules:
 * - Reads are neither buffered nor direct: the driver copies from the loader's memory to the
 *   caller's. This is safe because file systems are called in the caller's context.
 * - All writing is rejected; opens that ask for it get STATUS_MEDIA_WRITE_PROTECTED.
 * - The volume's Lock guards the share access of all files; nothing else ever changes.
 */
#include "bootfs.h"

#define BOOTFS_WRITE_ACCESS                                                                        \
    (FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES |                  \
     FILE_DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER)

NTSTATUS BootFsComplete(_Inout_ PIRP Irp, _In_ NTSTATUS Status, _In_ ULONG_PTR Information) {
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static VOID BootFsLock(PBOOTFS_VOLUME Volume) {
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&Volume->Lock);
}

static VOID BootFsUnlock(PBOOTFS_VOLUME Volume) {
    ExReleasePushLockExclusive(&Volume->Lock);
    KeLeaveCriticalRegion();
}

/* Returns where the name starts: at the root, or at the caller's directory. */
static NTSTATUS BootFsFindStart(PBOOTFS_VOLUME Volume, PFILE_OBJECT FileObject,
                                PBOOTFS_FCB *Start) {
    *Start = Volume->Root;
    if (FileObject->RelatedFileObject == NULL) {
        return STATUS_SUCCESS;
    }
    *Start = FileObject->RelatedFileObject->FsContext;
    if (FileObject->FileName.Length != 0 && FileObject->FileName.Buffer[0] == L'\\') {
        return STATUS_OBJECT_NAME_INVALID; /* a relative name must not start with a separator */
    }
    return STATUS_SUCCESS;
}

/* The status of a create request for a file that does not exist; the volume cannot change. */
static NTSTATUS BootFsMissing(NTSTATUS LookupStatus, ULONG Disposition) {
    BOOLEAN Creates = Disposition != FILE_OPEN && Disposition != FILE_OVERWRITE;
    return LookupStatus == STATUS_OBJECT_NAME_NOT_FOUND && Creates ? STATUS_MEDIA_WRITE_PROTECTED
                                                                   : LookupStatus;
}

/* Checks that the file found fits the request, in the order in which NTFS checks. */
static NTSTATUS BootFsCheckOpen(PBOOTFS_FCB Fcb, ULONG Disposition, ULONG Options,
                                ACCESS_MASK DesiredAccess, BOOLEAN TrailingSeparator) {
    if (TrailingSeparator && !Fcb->Directory) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    if (Disposition == FILE_CREATE) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    if ((Options & FILE_DIRECTORY_FILE) && !Fcb->Directory) {
        return STATUS_NOT_A_DIRECTORY;
    }
    if ((Options & FILE_NON_DIRECTORY_FILE) && Fcb->Directory) {
        return STATUS_FILE_IS_A_DIRECTORY;
    }
    if ((Disposition != FILE_OPEN && Disposition != FILE_OPEN_IF) ||
        (Options & FILE_DELETE_ON_CLOSE) || (DesiredAccess & BOOTFS_WRITE_ACCESS)) {
        return STATUS_MEDIA_WRITE_PROTECTED;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS BootFsOpenFcb(PBOOTFS_VOLUME Volume, PBOOTFS_FCB Fcb, PIO_STACK_LOCATION Location) {
    PFILE_OBJECT FileObject = Location->FileObject;
    BootFsLock(Volume);
    NTSTATUS Status =
        IoCheckShareAccess(Location->Parameters.Create.SecurityContext->DesiredAccess,
                           Location->Parameters.Create.ShareAccess, FileObject, &Fcb->Share, TRUE);
    BootFsUnlock(Volume);
    if (NT_SUCCESS(Status)) {
        FileObject->FsContext = Fcb;
        FileObject->SectionObjectPointer = Fcb->Directory ? NULL : &Fcb->Sections;
    }
    return Status;
}

static NTSTATUS BootFsCreate(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    PIO_STACK_LOCATION Location = IoGetCurrentIrpStackLocation(Irp);
    PFILE_OBJECT FileObject = Location->FileObject;
    ULONG Disposition = Location->Parameters.Create.Options >> 24;
    ULONG Options = Location->Parameters.Create.Options & FILE_VALID_OPTION_FLAGS;
    PBOOTFS_FCB Fcb;
    BOOLEAN TrailingSeparator = FALSE;
    if (Options & FILE_OPEN_BY_FILE_ID) {
        return BootFsComplete(Irp, STATUS_NOT_SUPPORTED, 0);
    }
    NTSTATUS Status = BootFsFindStart(DeviceObject->DeviceExtension, FileObject, &Fcb);
    if (NT_SUCCESS(Status)) {
        Status =
            BootFsLookup(Fcb, &FileObject->FileName,
                         !(FileObject->Flags & FO_OPENED_CASE_SENSITIVE), &Fcb, &TrailingSeparator);
        Status = NT_SUCCESS(Status)
                     ? BootFsCheckOpen(Fcb, Disposition, Options,
                                       Location->Parameters.Create.SecurityContext->DesiredAccess,
                                       TrailingSeparator)
                     : BootFsMissing(Status, Disposition);
    }
    if (NT_SUCCESS(Status)) {
        Status = BootFsOpenFcb(DeviceObject->DeviceExtension, Fcb, Location);
    }
    return BootFsComplete(Irp, Status, NT_SUCCESS(Status) ? FILE_OPENED : 0);
}

/* The last handle is closed: its share access no longer restricts other openers. */
static NTSTATUS BootFsCleanup(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    PFILE_OBJECT FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PBOOTFS_VOLUME Volume = DeviceObject->DeviceExtension;
    PBOOTFS_FCB Fcb = FileObject->FsContext;
    BootFsLock(Volume);
    IoRemoveShareAccess(FileObject, &Fcb->Share);
    BootFsUnlock(Volume);
    return BootFsComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS BootFsSucceed(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNREFERENCED_PARAMETER(DeviceObject);
    return BootFsComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS BootFsWrite(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNREFERENCED_PARAMETER(DeviceObject);
    return BootFsComplete(Irp, STATUS_MEDIA_WRITE_PROTECTED, 0);
}

static NTSTATUS BootFsCopyToCaller(PIRP Irp, const UCHAR *From, ULONG Length) {
    if (Irp->RequestorMode == KernelMode) {
        RtlCopyMemory(Irp->UserBuffer, From, Length);
        return STATUS_SUCCESS;
    }
    __try {
        CopyToUser(Irp->UserBuffer, From, Length);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS BootFsRead(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    PIO_STACK_LOCATION Location = IoGetCurrentIrpStackLocation(Irp);
    PFILE_OBJECT FileObject = Location->FileObject;
    PBOOTFS_FCB Fcb = FileObject->FsContext;
    ULONG64 Offset = (ULONG64)Location->Parameters.Read.ByteOffset.QuadPart;
    ULONG Length = Location->Parameters.Read.Length;
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Fcb->Directory) {
        return BootFsComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    if (Length == 0) {
        return BootFsComplete(Irp, STATUS_SUCCESS, 0);
    }
    if (Offset >= Fcb->File->Size) {
        return BootFsComplete(Irp, STATUS_END_OF_FILE, 0);
    }
    Length = (ULONG)min(Length, Fcb->File->Size - Offset);
    NTSTATUS Status = BootFsCopyToCaller(Irp, (PUCHAR)Fcb->File->Data + Offset, Length);
    if (!NT_SUCCESS(Status)) {
        return BootFsComplete(Irp, Status, 0);
    }
    if ((FileObject->Flags & FO_SYNCHRONOUS_IO) && !(Irp->Flags & IRP_NOCACHE)) {
        FileObject->CurrentByteOffset.QuadPart = (LONGLONG)(Offset + Length);
    }
    return BootFsComplete(Irp, STATUS_SUCCESS, Length);
}

static VOID BootFsSetEntryPoints(PDRIVER_OBJECT DriverObject) {
    DriverObject->MajorFunction[IRP_MJ_CREATE] = BootFsCreate;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = BootFsCleanup;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = BootFsSucceed;
    DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = BootFsSucceed;
    DriverObject->MajorFunction[IRP_MJ_READ] = BootFsRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = BootFsWrite;
    DriverObject->MajorFunction[IRP_MJ_QUERY_INFORMATION] = BootFsQueryInformation;
    DriverObject->MajorFunction[IRP_MJ_SET_INFORMATION] = BootFsSetInformation;
    DriverObject->MajorFunction[IRP_MJ_QUERY_VOLUME_INFORMATION] = BootFsQueryVolume;
}

NTSTATUS BootFsDriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\HarddiskVolume1");
    UNICODE_STRING DriveLink = RTL_CONSTANT_STRING(L"\\??\\C:");
    UNICODE_STRING RootLink = RTL_CONSTANT_STRING(L"\\SystemRoot");
    UNICODE_STRING RootTarget = RTL_CONSTANT_STRING(L"\\Device\\HarddiskVolume1\\Windows");
    PDEVICE_OBJECT Device;
    UNREFERENCED_PARAMETER(RegistryPath);
    NTSTATUS Status =
        IoCreateDevice(DriverObject, sizeof(BOOTFS_VOLUME), &Name, FILE_DEVICE_DISK,
                       FILE_READ_ONLY_DEVICE | FILE_DEVICE_IS_MOUNTED, FALSE, &Device);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    PBOOTFS_VOLUME Volume = Device->DeviceExtension;
    ExInitializePushLock(&Volume->Lock);
    Status = BootFsBuildTree(Volume, IoLoaderBlock);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    BootFsSetEntryPoints(DriverObject);
    Status = IoCreateSymbolicLink(&DriveLink, &Name);
    return NT_SUCCESS(Status) ? IoCreateSymbolicLink(&RootLink, &RootTarget) : Status;
}
