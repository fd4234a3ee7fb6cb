/*
 * request.c - requests that the calling thread sends and waits for
 *
 * Every service waits for its request, even on a file opened without FILE_SYNCHRONOUS_IO_...: a
 * driver may return STATUS_PENDING, but the service does not. (In Windows such a service returns
 * and an APC finishes the request later; here the driver simply appears fast to the caller.) So the
 * thread that starts a request also finishes it, in the right address space and without an APC. A
 * completion routine takes the packet back from IofCompleteRequest and, if the driver had returned
 * STATUS_PENDING, wakes the thread.
 */
#include "iop.h"

/* Fills an initialized packet for the top of the file's stack, up to its first location. */
static VOID IopPrepareRequest(PFILE_OBJECT FileObject, UCHAR MajorFunction, KPROCESSOR_MODE Mode,
                              PIRP Irp) {
    Irp->RequestorMode = Mode;
    Irp->Flags = IRP_SYNCHRONOUS_API;
    Irp->Tail.Overlay.Thread = PsGetCurrentThread();
    Irp->Tail.Overlay.OriginalFileObject = FileObject;
    PIO_STACK_LOCATION Location = IoGetNextIrpStackLocation(Irp);
    Location->MajorFunction = MajorFunction;
    Location->FileObject = FileObject;
}

/* Allocates a packet for the top of the file's stack and prepares its first location, or NULL. */
PIRP IopAllocateRequest(_In_ PFILE_OBJECT FileObject, _In_ UCHAR MajorFunction,
                        _In_ KPROCESSOR_MODE Mode) {
    PIRP Irp = IoAllocateIrp(IoGetRelatedDeviceObject(FileObject)->StackSize, FALSE);
    if (Irp != NULL) {
        IopPrepareRequest(FileObject, MajorFunction, Mode, Irp);
    }
    return Irp;
}

static NTSTATUS IopRequestDone(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp,
                               _In_opt_ PVOID Context) {
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->PendingReturned) {
        KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/*
 * Sends the request and waits for its completion. Afterwards the caller owns the packet again, and
 * IoStatus holds a copy of its result. Returns the final status. PASSIVE_LEVEL or APC_LEVEL.
 */
NTSTATUS IopCallDriverAndWait(_In_ PFILE_OBJECT FileObject, _Inout_ PIRP Irp,
                              _Out_ PIO_STATUS_BLOCK IoStatus) {
    KEVENT Done;
    KeInitializeEvent(&Done, NotificationEvent, FALSE);
    IoSetCompletionRoutine(Irp, IopRequestDone, &Done, TRUE, TRUE, TRUE);
    NTSTATUS Status = IofCallDriver(IoGetRelatedDeviceObject(FileObject), Irp);
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    }
    *IoStatus = Irp->IoStatus;
    return IoStatus->Status;
}

/*
 * Sends a request without parameters: flush, cleanup, close. A driver must learn of the end of a
 * file even if no memory is left, so the packet is allocated on the kernel stack. This is safe,
 * since the function waits for completion, and no device stack is higher than IOP_MAXIMUM_STACK.
 */
NTSTATUS IopSendSimpleRequest(_In_ PFILE_OBJECT FileObject, _In_ UCHAR MajorFunction,
                              _Out_ PIO_STATUS_BLOCK IoStatus) {
    struct {
        IRP Irp;
        IO_STACK_LOCATION Locations[IOP_MAXIMUM_STACK];
    } Packet;
    CCHAR StackSize = IoGetRelatedDeviceObject(FileObject)->StackSize;
    ASSERT(StackSize <= IOP_MAXIMUM_STACK);
    IoInitializeIrp(&Packet.Irp, IoSizeOfIrp(StackSize), StackSize);
    IopPrepareRequest(FileObject, MajorFunction, KernelMode, &Packet.Irp);
    return IopCallDriverAndWait(FileObject, &Packet.Irp, IoStatus);
}

/*
 * Queries the driver for information about its file. Buffer is kernel memory of the size of the
 * class's structure. A successful answer that is shorter is STATUS_INVALID_DEVICE_REQUEST.
 */
NTSTATUS IopQueryFileInformation(_In_ PFILE_OBJECT FileObject,
                                 _In_ FILE_INFORMATION_CLASS FileInformationClass,
                                 _Out_writes_bytes_(Length) PVOID Buffer, _In_ ULONG Length,
                                 _Out_ PIO_STATUS_BLOCK IoStatus) {
    PIRP Irp = IopAllocateRequest(FileObject, IRP_MJ_QUERY_INFORMATION, KernelMode);
    if (Irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    PIO_STACK_LOCATION Location = IoGetNextIrpStackLocation(Irp);
    Location->Parameters.QueryFile.Length = Length;
    Location->Parameters.QueryFile.FileInformationClass = FileInformationClass;
    Irp->AssociatedIrp.SystemBuffer = Buffer;
    NTSTATUS Status = IopCallDriverAndWait(FileObject, Irp, IoStatus);
    IoFreeIrp(Irp);
    if (NT_SUCCESS(Status) && IoStatus->Information < Length) {
        Status = STATUS_INVALID_DEVICE_REQUEST;
    }
    return Status;
}

NTSTATUS IoReadFileObject(_In_ PFILE_OBJECT FileObject, _Out_writes_bytes_(Length) PVOID Buffer,
                          _In_ ULONG Length, _In_ ULONG64 Offset, _Out_ PIO_STATUS_BLOCK IoStatus) {
    PIRP Irp = IopAllocateRequest(FileObject, IRP_MJ_READ, KernelMode);
    if (Irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    PIO_STACK_LOCATION Location = IoGetNextIrpStackLocation(Irp);
    Location->Parameters.Read.Length = Length;
    Location->Parameters.Read.ByteOffset.QuadPart = (LONGLONG)Offset;
    Irp->Flags |= IRP_READ_OPERATION | IRP_NOCACHE;
    Irp->UserBuffer = Buffer;
    Irp->AssociatedIrp.SystemBuffer = Buffer;
    NTSTATUS Status = IopCallDriverAndWait(FileObject, Irp, IoStatus);
    IoFreeIrp(Irp);
    return Status;
}

NTSTATUS FsRtlGetFileSize(_In_ PFILE_OBJECT FileObject, _Out_ PLARGE_INTEGER FileSize) {
    FILE_STANDARD_INFORMATION Standard;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = IopQueryFileInformation(FileObject, FileStandardInformation, &Standard,
                                              sizeof(Standard), &IoStatus);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Standard.Directory) {
        return STATUS_FILE_IS_A_DIRECTORY;
    }
    *FileSize = Standard.EndOfFile;
    return STATUS_SUCCESS;
}
