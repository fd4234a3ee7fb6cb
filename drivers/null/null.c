/*
 * null.c - \Device\Null: discards all output, has no input
 *
 * This is the smallest useful driver, and so the one to read first: DriverEntry creates a device
 * and fills in the entry points; each entry point reads its stack location, sets the result and
 * completes the packet. A write succeeds with all bytes "written"; a read is at end of file.
 */
#include "io.h"
#include "ntrtl.h"

static NTSTATUS NullComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* \Device\Null is a leaf: names below it do not exist. */
static NTSTATUS NullCreate(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    PFILE_OBJECT FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    UNREFERENCED_PARAMETER(DeviceObject);
    if (FileObject->FileName.Length != 0) {
        return NullComplete(Irp, STATUS_OBJECT_NAME_NOT_FOUND, 0);
    }
    return NullComplete(Irp, STATUS_SUCCESS, FILE_OPENED);
}

static NTSTATUS NullSucceed(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNREFERENCED_PARAMETER(DeviceObject);
    return NullComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NullRead(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNREFERENCED_PARAMETER(DeviceObject);
    return NullComplete(Irp, STATUS_END_OF_FILE, 0);
}

static NTSTATUS NullWrite(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNREFERENCED_PARAMETER(DeviceObject);
    return NullComplete(Irp, STATUS_SUCCESS,
                        IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length);
}

static NTSTATUS NullQueryInformation(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    PIO_STACK_LOCATION Location = IoGetCurrentIrpStackLocation(Irp);
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Location->Parameters.QueryFile.FileInformationClass != FileStandardInformation) {
        return NullComplete(Irp, STATUS_INVALID_INFO_CLASS, 0);
    }
    PFILE_STANDARD_INFORMATION Standard = Irp->AssociatedIrp.SystemBuffer;
    RtlZeroMemory(Standard, sizeof(*Standard));
    Standard->NumberOfLinks = 1;
    return NullComplete(Irp, STATUS_SUCCESS, sizeof(*Standard));
}

NTSTATUS NullDriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\Null");
    UNICODE_STRING Link = RTL_CONSTANT_STRING(L"\\??\\NUL");
    PDEVICE_OBJECT Device;
    UNREFERENCED_PARAMETER(RegistryPath);
    NTSTATUS Status = IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_NULL, 0, FALSE, &Device);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = NullCreate;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = NullSucceed;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = NullSucceed;
    DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = NullSucceed;
    DriverObject->MajorFunction[IRP_MJ_READ] = NullRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = NullWrite;
    DriverObject->MajorFunction[IRP_MJ_QUERY_INFORMATION] = NullQueryInformation;
    return IoCreateSymbolicLink(&Link, &Name);
}
