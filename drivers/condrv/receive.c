/*
 * receive.c - input by interrupt: DPC, ring, event
 *
 * The port interrupts when it has a byte. The service routine disables the port's interrupt and
 * requests the DPC. The DPC moves bytes from the port into the ring, wakes the reader and enables
 * the interrupt again, unless the ring is full. In that case the port keeps its bytes, which stops
 * the sender instead of losing data, until the reader has made room (ConTakeByte).
 *
 * Listening says whether the port's interrupt is enabled. Lines can be shared (COM1 and COM3 have
 * one), so the service routine claims an interrupt only if Listening is set and the port has input.
 */
#include "condrv.h"
#include "kd.h"

/* The port's service routine; it holds the interrupt's lock. The DPC calls HalSerialRead. */
static BOOLEAN ConSerialInterruptService(_In_ PKINTERRUPT Interrupt, _In_opt_ PVOID Context) {
    PDEVICE_OBJECT Device = Context;
    PCON_EXTENSION Console = Device->DeviceExtension;
    UNREFERENCED_PARAMETER(Interrupt);
    if (!Console->Listening || !HalSerialInputReady(Console->Port)) {
        return FALSE;
    }
    HalSerialEnableInterrupt(Console->Port, FALSE);
    Console->Listening = FALSE;
    IoRequestDpc(Device, NULL, NULL);
    return TRUE;
}

static BOOLEAN ConListen(_In_opt_ PVOID Context) {
    PCON_EXTENSION Console = Context;
    if (!Console->Listening) {
        Console->Listening = TRUE;
        HalSerialEnableInterrupt(Console->Port, TRUE);
    }
    return TRUE;
}

static BOOLEAN ConRingFull(PCON_EXTENSION Console) {
    return Console->RingNext - Console->RingFirst == CON_RING_SIZE;
}

static VOID ConAppendToRing(PCON_EXTENSION Console, UCHAR Byte) {
    Console->Ring[Console->RingNext++ % CON_RING_SIZE] = Byte;
}

/* Takes what the port has while there is room, then enables its interrupt. RingLock held. */
static VOID ConEmptyPort(PCON_EXTENSION Console) {
    UCHAR Byte;
    BOOLEAN Some = FALSE;
    while (!ConRingFull(Console) && HalSerialRead(Console->Port, &Byte)) {
        ConAppendToRing(Console, Byte);
        Some = TRUE;
    }
    if (!ConRingFull(Console) && Console->Interrupt != NULL) {
        KeSynchronizeExecution(Console->Interrupt, ConListen, Console);
    }
    if (Some) {
        KeSetEvent(&Console->InputEvent, IO_SERIAL_INCREMENT, FALSE);
    }
}

static VOID ConReceiveDpc(_In_ PKDPC Dpc, _In_opt_ PVOID DeferredContext, _In_opt_ PVOID Irp,
                          _In_opt_ PVOID Context) {
    PCON_EXTENSION Console = ((PDEVICE_OBJECT)DeferredContext)->DeviceExtension;
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    KeAcquireSpinLockAtDpcLevel(&Console->RingLock);
    ConEmptyPort(Console);
    KeReleaseSpinLockFromDpcLevel(&Console->RingLock);
}

VOID ConPutByte(_Inout_ PCON_EXTENSION Console, _In_ UCHAR Byte) {
    KeAcquireSpinLockAtDpcLevel(&Console->RingLock);
    if (!ConRingFull(Console)) {
        ConAppendToRing(Console, Byte);
    }
    KeReleaseSpinLockFromDpcLevel(&Console->RingLock);
    KeSetEvent(&Console->InputEvent, IO_KEYBOARD_INCREMENT, FALSE);
}

BOOLEAN ConTakeByte(_Inout_ PCON_EXTENSION Console, _Out_ PUCHAR Byte) {
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&Console->RingLock);
    BOOLEAN Full = ConRingFull(Console);
    BOOLEAN Some = Console->RingFirst != Console->RingNext;
    if (Some) {
        *Byte = Console->Ring[Console->RingFirst++ % CON_RING_SIZE];
    }
    if (Full) {
        ConEmptyPort(Console);
    }
    KeReleaseSpinLock(&Console->RingLock, OldIrql);
    return Some;
}

/* If the port cannot interrupt, the console has no input from it; output still works. */
VOID ConStartReceiving(_Inout_ PDEVICE_OBJECT Device) {
    PCON_EXTENSION Console = Device->DeviceExtension;
    ULONG Line = HalSerialQueryInterruptLevel(Console->Port);
    NTSTATUS Status = STATUS_NO_SUCH_DEVICE;
    KIRQL Irql, OldIrql;
    KAFFINITY Affinity;
    KeInitializeSpinLock(&Console->RingLock);
    KeInitializeEvent(&Console->InputEvent, SynchronizationEvent, FALSE);
    IoInitializeDpcRequest(Device, ConReceiveDpc);
    ULONG Vector = HalGetInterruptVector(Isa, 0, Line, Line, &Irql, &Affinity);
    if (Vector != 0 && HalSerialPresent(Console->Port)) {
        Status = IoConnectInterrupt(&Console->Interrupt, ConSerialInterruptService, Device, NULL,
                                    Vector, Irql, Irql, Latched, TRUE, Affinity, FALSE);
    }
    if (!NT_SUCCESS(Status)) {
        DbgPrint("condrv: COM%u cannot interrupt (%08x): no input from it\n", Console->Port,
                 Status);
        return;
    }
    KeAcquireSpinLock(&Console->RingLock, &OldIrql);
    ConEmptyPort(Console); /* bytes that arrived before the interrupt was enabled */
    KeReleaseSpinLock(&Console->RingLock, OldIrql);
}
