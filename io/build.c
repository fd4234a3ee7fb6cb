/*
 * build.c - ready-made packets for drivers that call other drivers
 *
 * The caller supplies a buffer in kernel memory, an event and a status block, calls the driver and
 * waits for the event if the driver returns STATUS_PENDING. Completion fills in the status block,
 * frees the packet and sets the event (IopFinishPacket). A device that uses buffered I/O may rely
 * on a system buffer, so for such a device the data is copied through one.
 */
#include "iop.h"

static BOOLEAN IopAttachSystemBuffer(PIRP Irp, PVOID Buffer, ULONG Length, BOOLEAN Input) {
    PVOID System = ExAllocatePool2(POOL_FLAG_NON_PAGED, Length != 0 ? Length : 1, IOP_TAG_BUFFER);
    if (System == NULL) {
        return FALSE;
    }
    Irp->AssociatedIrp.SystemBuffer = System;
    Irp->UserBuffer = Buffer;
    Irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER | (Input ? IRP_INPUT_OPERATION : 0);
    return TRUE;
}

static PIRP IopBuildPacket(PDEVICE_OBJECT DeviceObject, ULONG MajorFunction, PKEVENT Event,
                           PIO_STATUS_BLOCK IoStatusBlock) {
    PIRP Irp = IoAllocateIrp(DeviceObject->StackSize, FALSE);
    if (Irp == NULL) {
        return NULL;
    }
    Irp->UserEvent = Event;
    Irp->UserIosb = IoStatusBlock;
    Irp->RequestorMode = KernelMode;
    Irp->Tail.Overlay.Thread = PsGetCurrentThread();
    IoGetNextIrpStackLocation(Irp)->MajorFunction = (UCHAR)MajorFunction;
    return Irp;
}

/* Source: WDK page of IoBuildSynchronousFsdRequest. NULL if out of memory. PASSIVE_LEVEL. */
PIRP IoBuildSynchronousFsdRequest(_In_ ULONG MajorFunction, _In_ PDEVICE_OBJECT DeviceObject,
                                  _Inout_opt_ PVOID Buffer, _In_opt_ ULONG Length,
                                  _In_opt_ PLARGE_INTEGER StartingOffset, _In_ PKEVENT Event,
                                  _Out_ PIO_STATUS_BLOCK IoStatusBlock) {
    PIRP Irp = IopBuildPacket(DeviceObject, MajorFunction, Event, IoStatusBlock);
    if (Irp == NULL || (MajorFunction != IRP_MJ_READ && MajorFunction != IRP_MJ_WRITE)) {
        return Irp;
    }
    PIO_STACK_LOCATION Location = IoGetNextIrpStackLocation(Irp);
    Location->Parameters.Read.Length = Length;
    Location->Parameters.Read.ByteOffset.QuadPart = StartingOffset ? StartingOffset->QuadPart : 0;
    Irp->UserBuffer = Buffer;
    if ((DeviceObject->Flags & DO_BUFFERED_IO) == 0) {
        return Irp;
    }
    if (!IopAttachSystemBuffer(Irp, Buffer, Length, MajorFunction == IRP_MJ_READ)) {
        IoFreeIrp(Irp);
        return NULL;
    }
    if (MajorFunction == IRP_MJ_WRITE) {
        RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Buffer, Length);
    }
    return Irp;
}

/*
 * Source: WDK page of IoBuildDeviceIoControlRequest. Supports METHOD_BUFFERED and METHOD_NEITHER;
 * returns NULL for the direct methods, which need MDLs. PASSIVE_LEVEL.
 */
PIRP IoBuildDeviceIoControlRequest(_In_ ULONG IoControlCode, _In_ PDEVICE_OBJECT DeviceObject,
                                   _In_opt_ PVOID InputBuffer, _In_ ULONG InputBufferLength,
                                   _Out_opt_ PVOID OutputBuffer, _In_ ULONG OutputBufferLength,
                                   _In_ BOOLEAN InternalDeviceIoControl, _In_ PKEVENT Event,
                                   _Out_ PIO_STATUS_BLOCK IoStatusBlock) {
    ULONG Method = IoControlCode & 3;
    if (Method == METHOD_IN_DIRECT || Method == METHOD_OUT_DIRECT) {
        return NULL;
    }
    PIRP Irp = IopBuildPacket(DeviceObject,
                              InternalDeviceIoControl ? IRP_MJ_INTERNAL_DEVICE_CONTROL
                                                      : IRP_MJ_DEVICE_CONTROL,
                              Event, IoStatusBlock);
    if (Irp == NULL) {
        return NULL;
    }
    PIO_STACK_LOCATION Location = IoGetNextIrpStackLocation(Irp);
    Location->Parameters.DeviceIoControl.IoControlCode = IoControlCode;
    Location->Parameters.DeviceIoControl.InputBufferLength = InputBufferLength;
    Location->Parameters.DeviceIoControl.OutputBufferLength = OutputBufferLength;
    if (Method == METHOD_NEITHER) {
        Location->Parameters.DeviceIoControl.Type3InputBuffer = InputBuffer;
        Irp->UserBuffer = OutputBuffer;
        return Irp;
    }
    if (!IopAttachSystemBuffer(Irp, OutputBuffer, max(InputBufferLength, OutputBufferLength),
                               OutputBuffer != NULL)) {
        IoFreeIrp(Irp);
        return NULL;
    }
    if (InputBufferLength != 0) {
        RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, InputBuffer, InputBufferLength);
    }
    return Irp;
}
