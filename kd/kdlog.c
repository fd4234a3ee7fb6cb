/*
 * kdlog.c - the kernel log
 *
 * Text is written to a ring in memory first and from there to the debug port. The ring has two
 * purposes: it keeps what is logged before the HAL has a port, until KdInitSystem writes it out,
 * and on a machine without a port a debugger can read the last KDP_RING_SIZE bytes (`x/s KdpRing`).
 *
 * One lock guards the ring and keeps lines of different processors apart. It is taken with
 * interrupts off, so it is safe at any IRQL. After a bug check has stopped the other processors,
 * one of them may still hold it, so from then on the lock is ignored.
 */

#include "ke.h"
#include "hal.h"
#include "kd.h"

#define KDP_RING_SIZE 0x4000

/* For drivers (WDK). The kernel has no debugger connection, so it is always FALSE. */
BOOLEAN KdDebuggerEnabled = FALSE;
BOOLEAN KdDebuggerNotPresent = TRUE;

CHAR KdpRing[KDP_RING_SIZE];
ULONG64 KdpRingWritten; /* bytes written to the ring so far (KdpLock) */
ULONG KdpPort;          /* 0 until KdInitSystem */
static UCHAR KdpLock;
static BOOLEAN KdpBugCheck;

static VOID KdpAcquireLock(VOID) {
    while (__atomic_exchange_n(&KdpLock, 1, __ATOMIC_ACQUIRE) != 0 && !KdpBugCheck) {
        YieldProcessor();
    }
}

static VOID KdpReleaseLock(VOID) {
    __atomic_store_n(&KdpLock, 0, __ATOMIC_RELEASE);
}

/* Writes the bytes from Start on that the ring still holds. */
static VOID KdpDrain(ULONG64 Start) {
    while (Start < KdpRingWritten) {
        ULONG Offset = (ULONG)(Start % KDP_RING_SIZE);
        ULONG64 Length = min(KdpRingWritten - Start, (ULONG64)(KDP_RING_SIZE - Offset));
        HalSerialWrite(KdpPort, &KdpRing[Offset], Length);
        Start += Length;
    }
}

VOID NTAPI KdPutString(PCSTR Text, ULONG Length) {
    BOOLEAN Enabled = KeDisableInterrupts();
    KdpAcquireLock();
    for (ULONG Index = 0; Index < Length; Index += 1) {
        KdpRing[(KdpRingWritten + Index) % KDP_RING_SIZE] = Text[Index];
    }
    KdpRingWritten += Length;
    if (KdpPort != 0) {
        HalSerialWrite(KdpPort, Text, Length);
    }
    KdpReleaseLock();
    KeRestoreInterrupts(Enabled);
}

/* Stock tools recognise the kernel's image by a section of this name. */
#pragma code_seg("INITKDBG")
VOID NTAPI KdInitSystem(PLOADER_PARAMETER_BLOCK LoaderBlock) {
    ULONG Port = HalParseSerialPort(HalQueryLoadOption("DEBUGPORT"));
    BOOLEAN Enabled = KeDisableInterrupts();

    UNREFERENCED_PARAMETER(LoaderBlock); /* the HAL has already read the options */
    KdpAcquireLock();
    KdpPort = Port != 0 ? Port : 1;
    KdpDrain(KdpRingWritten > KDP_RING_SIZE ? KdpRingWritten - KDP_RING_SIZE : 0);
    KdpReleaseLock();
    KeRestoreInterrupts(Enabled);
}

#pragma code_seg()

VOID NTAPI KdEnterBugCheck(VOID) {
    KdpBugCheck = TRUE;
}
