/*
 * condrv.c - the console: \Device\ConDrv
 *
 * The device is standard input and output of programs. Two names below it can be opened, as in
 * Windows: \Device\ConDrv\Input and \Device\ConDrv\Output. Both lead to the same console: a serial
 * port and, for output, also the screen if the machine has one.
 *
 * The boot option /CONSOLE=COMn names the port. It is meant for tools, so bytes pass unchanged.
 * Without the option the console is COM1 and is used by a person: input is echoed and can be edited
 * (input.c). Output is never translated.
 *
 * A person may also use the machine's keyboard, so the console then accepts keys too (keyboard.c).
 * Bytes from the port and the keyboard arrive by interrupt (receive.c) in one ring, from which the
 * reader builds lines (input.c).
 *
 * The device uses buffered I/O, so its buffers are kernel memory. Output is polled and complete
 * when the entry point returns. Input waits in the reader's own thread.
 *
 * Locks, in order:
 * - InputLock is held by the reader that waits for input.
 * - OutputLock keeps a piece of output together; a reader that echoes takes it.
 * - RingLock guards the ring for a few instructions.
 * - The lock of the port's interrupt is last.
 */
#include "condrv.h"

#define CON_DEFAULT_PORT 1

static NTSTATUS ConComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static BOOLEAN ConNameIs(PFILE_OBJECT FileObject, PCWSTR Name) {
    UNICODE_STRING Wanted;
    RtlInitUnicodeString(&Wanted, Name);
    return RtlEqualUnicodeString(&FileObject->FileName, &Wanted, TRUE);
}

static NTSTATUS ConCreate(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    PFILE_OBJECT FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    UNREFERENCED_PARAMETER(DeviceObject);
    if (FileObject->FileName.Length != 0 && !ConNameIs(FileObject, L"\\Input") &&
        !ConNameIs(FileObject, L"\\Output")) {
        return ConComplete(Irp, STATUS_OBJECT_NAME_NOT_FOUND, 0);
    }
    return ConComplete(Irp, STATUS_SUCCESS, FILE_OPENED);
}

static NTSTATUS ConSucceed(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNREFERENCED_PARAMETER(DeviceObject);
    return ConComplete(Irp, STATUS_SUCCESS, 0);
}

VOID ConWriteBytes(_Inout_ PCON_EXTENSION Console, _In_reads_bytes_(Length) const VOID *Bytes,
                   _In_ SIZE_T Length) {
    ExAcquireFastMutex(&Console->OutputLock);
    HalSerialWrite(Console->Port, Bytes, Length);
    HalDisplayBytes(Bytes, Length);
    ExReleaseFastMutex(&Console->OutputLock);
}

static NTSTATUS ConWrite(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    ConWriteBytes(DeviceObject->DeviceExtension, Irp->AssociatedIrp.SystemBuffer, Length);
    return ConComplete(Irp, STATUS_SUCCESS, Length);
}

static NTSTATUS ConRead(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;
    ULONG Read = 0;
    NTSTATUS Status = STATUS_SUCCESS;
    if (Length != 0) {
        Status = ConReadBytes(DeviceObject->DeviceExtension, Irp->RequestorMode,
                              Irp->AssociatedIrp.SystemBuffer, Length, &Read);
    }
    return ConComplete(Irp, Status, Read);
}

/* Determines the port, and whether a person or a tool uses it. */
static VOID ConReadOptions(PCON_EXTENSION Console) {
    PCSTR Value = HalQueryLoadOption("CONSOLE");
    Console->Port = HalParseSerialPort(Value);
    Console->Interactive = Value == NULL;
    if (Console->Port == 0) {
        Console->Port = CON_DEFAULT_PORT;
    }
}

NTSTATUS ConDrvDriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\ConDrv");
    UNICODE_STRING InputLink = RTL_CONSTANT_STRING(L"\\??\\CONIN$");
    UNICODE_STRING InputName = RTL_CONSTANT_STRING(L"\\Device\\ConDrv\\Input");
    UNICODE_STRING OutputLink = RTL_CONSTANT_STRING(L"\\??\\CONOUT$");
    UNICODE_STRING OutputName = RTL_CONSTANT_STRING(L"\\Device\\ConDrv\\Output");
    PDEVICE_OBJECT Device;
    UNREFERENCED_PARAMETER(RegistryPath);
    NTSTATUS Status = IoCreateDevice(DriverObject, sizeof(CON_EXTENSION), &Name,
                                     FILE_DEVICE_CONSOLE, 0, FALSE, &Device);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    PCON_EXTENSION Console = Device->DeviceExtension;
    ConReadOptions(Console);
    ExInitializeFastMutex(&Console->OutputLock);
    KeInitializeEvent(&Console->InputLock, SynchronizationEvent, TRUE);
    ConStartReceiving(Device);
    if (Console->Interactive) {
        ConConnectKeyboard(Device);
    }
    Device->Flags |= DO_BUFFERED_IO;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = ConCreate;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = ConSucceed;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = ConSucceed;
    DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = ConSucceed;
    DriverObject->MajorFunction[IRP_MJ_READ] = ConRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = ConWrite;
    Status = IoCreateSymbolicLink(&InputLink, &InputName);
    return NT_SUCCESS(Status) ? IoCreateSymbolicLink(&OutputLink, &OutputName) : Status;
}
