/*
 * info.c - information about the boot volume and its files
 *
 * Answers are written to the I/O manager's system buffer; the I/O manager has checked that the
 * fixed part of the class fits. A name that does not fit is truncated and reported with the warning
 * STATUS_BUFFER_OVERFLOW.
 */
#include "bootfs.h"

#define BOOTFS_CLUSTER 4096u
#define BOOTFS_SECTOR  512u

static ULONG BootFsAttributes(PBOOTFS_FCB Fcb) {
    return Fcb->Directory ? FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_READONLY
                          : FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_ARCHIVE;
}

static LARGE_INTEGER BootFsTime(PBOOTFS_FCB Fcb) {
    LARGE_INTEGER None = {.QuadPart = 0};
    return Fcb->File != NULL ? Fcb->File->LastWriteTime : None;
}

static LONGLONG BootFsSize(PBOOTFS_FCB Fcb) {
    return Fcb->File != NULL ? (LONGLONG)Fcb->File->Size : 0;
}

static LONGLONG BootFsAllocation(PBOOTFS_FCB Fcb) {
    return (LONGLONG)ALIGN_UP_BY(BootFsSize(Fcb), BOOTFS_CLUSTER);
}

static ULONG BootFsQueryBasic(PBOOTFS_FCB Fcb, PFILE_BASIC_INFORMATION Basic) {
    Basic->CreationTime = Basic->LastAccessTime = BootFsTime(Fcb);
    Basic->LastWriteTime = Basic->ChangeTime = BootFsTime(Fcb);
    Basic->FileAttributes = BootFsAttributes(Fcb);
    return sizeof(*Basic);
}

static ULONG BootFsQueryStandard(PBOOTFS_FCB Fcb, PFILE_STANDARD_INFORMATION Standard) {
    Standard->AllocationSize.QuadPart = BootFsAllocation(Fcb);
    Standard->EndOfFile.QuadPart = BootFsSize(Fcb);
    Standard->NumberOfLinks = 1;
    Standard->DeletePending = FALSE;
    Standard->Directory = Fcb->Directory;
    return sizeof(*Standard);
}

static ULONG BootFsQueryNetwork(PBOOTFS_FCB Fcb, PFILE_NETWORK_OPEN_INFORMATION Network) {
    Network->CreationTime = Network->LastAccessTime = BootFsTime(Fcb);
    Network->LastWriteTime = Network->ChangeTime = BootFsTime(Fcb);
    Network->AllocationSize.QuadPart = BootFsAllocation(Fcb);
    Network->EndOfFile.QuadPart = BootFsSize(Fcb);
    Network->FileAttributes = BootFsAttributes(Fcb);
    return sizeof(*Network);
}

static NTSTATUS BootFsQueryName(PBOOTFS_FCB Fcb, PFILE_NAME_INFORMATION Name, ULONG Length,
                                PULONG Information) {
    ULONG Room = Length - FIELD_OFFSET(FILE_NAME_INFORMATION, FileName);
    Name->FileNameLength = BootFsBuildName(Fcb, Name->FileName, Room);
    *Information = FIELD_OFFSET(FILE_NAME_INFORMATION, FileName) + min(Name->FileNameLength, Room);
    return Name->FileNameLength > Room ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS BootFsQueryInformation(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    PIO_STACK_LOCATION Location = IoGetCurrentIrpStackLocation(Irp);
    PBOOTFS_FCB Fcb = Location->FileObject->FsContext;
    PVOID Buffer = Irp->AssociatedIrp.SystemBuffer;
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Information = 0;
    UNREFERENCED_PARAMETER(DeviceObject);
    switch (Location->Parameters.QueryFile.FileInformationClass) {
    case FileBasicInformation:
        Information = BootFsQueryBasic(Fcb, Buffer);
        break;
    case FileStandardInformation:
        Information = BootFsQueryStandard(Fcb, Buffer);
        break;
    case FileNetworkOpenInformation:
        Information = BootFsQueryNetwork(Fcb, Buffer);
        break;
    case FileInternalInformation:
        ((PFILE_INTERNAL_INFORMATION)Buffer)->IndexNumber.QuadPart = Fcb->Index;
        Information = sizeof(FILE_INTERNAL_INFORMATION);
        break;
    case FileEaInformation:
        ((PFILE_EA_INFORMATION)Buffer)->EaSize = 0;
        Information = sizeof(FILE_EA_INFORMATION);
        break;
    case FileNameInformation:
        Status = BootFsQueryName(Fcb, Buffer, Location->Parameters.QueryFile.Length, &Information);
        break;
    default:
        Status = STATUS_INVALID_PARAMETER;
    }
    return BootFsComplete(Irp, Status, Information);
}

/* Nothing on this volume can be changed. */
NTSTATUS BootFsSetInformation(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNREFERENCED_PARAMETER(DeviceObject);
    return BootFsComplete(Irp, STATUS_MEDIA_WRITE_PROTECTED, 0);
}

/* Copies as much of a text as fits after the fixed part of a structure. */
static NTSTATUS BootFsCopyLabel(PCWSTR Text, PWCHAR To, ULONG Room, PULONG TextLength,
                                PULONG Copied) {
    UNICODE_STRING String;
    RtlInitUnicodeString(&String, Text);
    *TextLength = String.Length;
    *Copied = min(Room, String.Length);
    RtlCopyMemory(To, String.Buffer, *Copied);
    return *Copied < String.Length ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static NTSTATUS BootFsQueryAttribute(PFILE_FS_ATTRIBUTE_INFORMATION Attribute, ULONG Length,
                                     PULONG Information) {
    ULONG Fixed = FIELD_OFFSET(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemName);
    ULONG Copied;
    Attribute->FileSystemAttributes =
        FILE_CASE_PRESERVED_NAMES | FILE_UNICODE_ON_DISK | FILE_READ_ONLY_VOLUME;
    Attribute->MaximumComponentNameLength = 255;
    NTSTATUS Status = BootFsCopyLabel(L"BOOTFS", Attribute->FileSystemName, Length - Fixed,
                                      &Attribute->FileSystemNameLength, &Copied);
    *Information = Fixed + Copied;
    return Status;
}

static NTSTATUS BootFsQueryLabel(PFILE_FS_VOLUME_INFORMATION Info, ULONG Length,
                                 PULONG Information) {
    ULONG Fixed = FIELD_OFFSET(FILE_FS_VOLUME_INFORMATION, VolumeLabel);
    ULONG Copied;
    Info->VolumeCreationTime.QuadPart = 0;
    Info->VolumeSerialNumber = 0x56495452; /* "VITR" */
    Info->SupportsObjects = FALSE;
    NTSTATUS Status = BootFsCopyLabel(L"VITRINE", Info->VolumeLabel, Length - Fixed,
                                      &Info->VolumeLabelLength, &Copied);
    *Information = Fixed + Copied;
    return Status;
}

NTSTATUS BootFsQueryVolume(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    PIO_STACK_LOCATION Location = IoGetCurrentIrpStackLocation(Irp);
    PBOOTFS_VOLUME Volume = DeviceObject->DeviceExtension;
    ULONG Length = Location->Parameters.QueryVolume.Length;
    PFILE_FS_SIZE_INFORMATION Size = Irp->AssociatedIrp.SystemBuffer;
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Information = 0;
    switch (Location->Parameters.QueryVolume.FsInformationClass) {
    case FileFsSizeInformation:
        Size->TotalAllocationUnits.QuadPart =
            (LONGLONG)(ALIGN_UP_BY(Volume->TotalBytes, BOOTFS_CLUSTER) / BOOTFS_CLUSTER);
        Size->AvailableAllocationUnits.QuadPart = 0;
        Size->SectorsPerAllocationUnit = BOOTFS_CLUSTER / BOOTFS_SECTOR;
        Size->BytesPerSector = BOOTFS_SECTOR;
        Information = sizeof(*Size);
        break;
    case FileFsVolumeInformation:
        Status = BootFsQueryLabel(Irp->AssociatedIrp.SystemBuffer, Length, &Information);
        break;
    case FileFsAttributeInformation:
        Status = BootFsQueryAttribute(Irp->AssociatedIrp.SystemBuffer, Length, &Information);
        break;
    default:
        Status = STATUS_INVALID_PARAMETER;
    }
    return BootFsComplete(Irp, Status, Information);
}
