/*
 * irp.c - I/O request packets: their memory, and their path down and up a stack of devices
 *
 * An IRP is a header followed by one IO_STACK_LOCATION for each device that the request may visit.
 * CurrentLocation counts down as the request moves down the stack. It starts at StackCount + 1,
 * which is no location, and IofCallDriver moves it to the next one before it calls the driver.
 *
 *     IRP | location 1 (lowest device) | ... | location StackCount (topmost device)
 *
 * On the way up IofCompleteRequest visits the locations in reverse. A caller's completion routine
 * is in the location of the driver that it called, so the sender of a request needs no location to
 * learn of its completion. A routine that returns STATUS_MORE_PROCESSING_REQUIRED takes the packet
 * over: afterwards only the new owner touches it.
 */
#include "iop.h"

USHORT IoSizeOfIrp(_In_ CCHAR StackSize) {
    return (USHORT)(sizeof(IRP) + (UCHAR)StackSize * sizeof(IO_STACK_LOCATION));
}

VOID IoInitializeIrp(_Out_ PIRP Irp, _In_ USHORT PacketSize, _In_ CCHAR StackSize) {
    RtlZeroMemory(Irp, PacketSize);
    Irp->Type = IO_TYPE_IRP;
    Irp->Size = PacketSize;
    Irp->StackCount = StackSize;
    Irp->CurrentLocation = (CHAR)(StackSize + 1);
    InitializeListHead(&Irp->ThreadListEntry);
    Irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(Irp + 1) + StackSize;
}

/* ChargeQuota is ignored. Returns NULL if out of memory. IRQL <= DISPATCH_LEVEL. */
PIRP IoAllocateIrp(_In_ CCHAR StackSize, _In_ BOOLEAN ChargeQuota) {
    USHORT Size = IoSizeOfIrp(StackSize);
    PIRP Irp = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, Size, IOP_TAG_IRP);
    UNREFERENCED_PARAMETER(ChargeQuota);
    if (Irp != NULL) {
        IoInitializeIrp(Irp, Size, StackSize);
    }
    return Irp;
}

VOID IoFreeIrp(_In_ PIRP Irp) {
    ASSERT(Irp->Type == IO_TYPE_IRP);
    ASSERT(IsListEmpty(&Irp->ThreadListEntry));
    Irp->Type = 0;
    ExFreePoolWithTag(Irp, IOP_TAG_IRP);
}

/* Passes the packet to the driver of DeviceObject. Source: WDK page of IofCallDriver. */
NTSTATUS IofCallDriver(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    ASSERT(Irp->Type == IO_TYPE_IRP);
    if (Irp->CurrentLocation <= 1) {
        KeBugCheckEx(NO_MORE_IRP_STACK_LOCATIONS, (ULONG_PTR)Irp, 0, 0, 0);
    }
    IoSetNextIrpStackLocation(Irp);
    PIO_STACK_LOCATION Location = IoGetCurrentIrpStackLocation(Irp);
    Location->DeviceObject = DeviceObject;
    return DeviceObject->DriverObject->MajorFunction[Location->MajorFunction](DeviceObject, Irp);
}

static BOOLEAN IopWantsCompletion(const IRP *Irp, const IO_STACK_LOCATION *Location) {
    UCHAR Reason = NT_SUCCESS(Irp->IoStatus.Status) ? SL_INVOKE_ON_SUCCESS : SL_INVOKE_ON_ERROR;
    if (Irp->Cancel) {
        Reason |= SL_INVOKE_ON_CANCEL;
    }
    return Location->CompletionRoutine != NULL && (Location->Control & Reason) != 0;
}

/* The packet has passed its last location: does what its creator left to the I/O manager. */
static VOID IopFinishPacket(PIRP Irp, CCHAR PriorityBoost) {
    PKEVENT Event = Irp->UserEvent;
    if (Irp->UserIosb != NULL) {
        *Irp->UserIosb = Irp->IoStatus;
    }
    if ((Irp->Flags & IRP_DEALLOCATE_BUFFER) && Irp->AssociatedIrp.SystemBuffer != NULL) {
        if (Irp->Flags & IRP_INPUT_OPERATION) {
            RtlCopyMemory(Irp->UserBuffer, Irp->AssociatedIrp.SystemBuffer,
                          Irp->IoStatus.Information);
        }
        ExFreePoolWithTag(Irp->AssociatedIrp.SystemBuffer, IOP_TAG_BUFFER);
    }
    IoFreeIrp(Irp);
    if (Event != NULL) {
        KeSetEvent(Event, PriorityBoost, FALSE);
    }
}

/*
 * Completes a request; the driver must no longer touch the packet. Source: WDK page of
 * IoCompleteRequest. IRQL <= DISPATCH_LEVEL.
 */
VOID IofCompleteRequest(_In_ PIRP Irp, _In_ CCHAR PriorityBoost) {
    if (Irp->Type != IO_TYPE_IRP || Irp->CurrentLocation > Irp->StackCount) {
        KeBugCheckEx(MULTIPLE_IRP_COMPLETE_REQUESTS, (ULONG_PTR)Irp, 0, 0, 0);
    }
    while (Irp->CurrentLocation <= Irp->StackCount) {
        PIO_STACK_LOCATION Location = IoGetCurrentIrpStackLocation(Irp);
        Irp->PendingReturned = (Location->Control & SL_PENDING_RETURNED) != 0;
        IoSkipCurrentIrpStackLocation(Irp);
        PDEVICE_OBJECT Caller = Irp->CurrentLocation <= Irp->StackCount
                                    ? IoGetCurrentIrpStackLocation(Irp)->DeviceObject
                                    : NULL;
        if (IopWantsCompletion(Irp, Location)) {
            if (Location->CompletionRoutine(Caller, Irp, Location->Context) ==
                STATUS_MORE_PROCESSING_REQUIRED) {
                return;
            }
        } else if (Irp->PendingReturned && Caller != NULL) {
            IoMarkIrpPending(Irp);
        }
    }
    IopFinishPacket(Irp, PriorityBoost);
}

/*
 * Marks the request cancelled. If it has a cancel routine, calls the routine at DISPATCH_LEVEL with
 * the cancel spin lock, which the routine releases, and returns TRUE. Source: WDK page of
 * IoCancelIrp.
 */
BOOLEAN IoCancelIrp(_In_ PIRP Irp) {
    KIRQL OldIrql;
    IoAcquireCancelSpinLock(&OldIrql);
    Irp->Cancel = TRUE;
    PDRIVER_CANCEL Routine = IoSetCancelRoutine(Irp, NULL);
    if (Routine == NULL) {
        IoReleaseCancelSpinLock(OldIrql);
        return FALSE;
    }
    Irp->CancelIrql = OldIrql;
    Routine(IoGetCurrentIrpStackLocation(Irp)->DeviceObject, Irp);
    return TRUE;
}

static KSPIN_LOCK IopCancelSpinLock;

VOID IoAcquireCancelSpinLock(_Out_ PKIRQL Irql) {
    KeAcquireSpinLock(&IopCancelSpinLock, Irql);
}

VOID IoReleaseCancelSpinLock(_In_ KIRQL Irql) {
    KeReleaseSpinLock(&IopCancelSpinLock, Irql);
}
