/*
 * kdlog.c - the kernel log
 *
 * Text goes to a ring in memory first and from there to the debug port. The ring serves two ends:
 * what is said before the HAL has a port is kept and written out by KdInitSystem, and a debugger
 * can read the last KDP_RING_SIZE bytes of a machine that had no port at all (`x/s KdpRing`).
 *
 * One lock guards the ring and keeps lines of different processors apart. It is taken with
 * interrupts off, so it is safe at any IRQL; after a bugcheck has stopped the other processors one
 * of them may hold it for ever, so then it is ignored.
 */

#include "ke.h"
#include "hal.h"
#include "kd.h"

#define KDP_RING_SIZE 0x4000

/* For drivers (WDK): no debugger is connected through this kernel. */
BOOLEAN KdDebuggerEnabled = FALSE;
BOOLEAN KdDebuggerNotPresent = TRUE;

CHAR KdpRing[KDP_RING_SIZE];
ULONG64 KdpRingWritten; /* bytes ever put into the ring (KdpLock) */
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

/* Writes what the ring still has of the bytes from Start on. */
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

/* Stock tools know the kernel's image by a section of this name. */
#pragma code_seg("INITKDBG")
VOID NTAPI KdInitSystem(PLOADER_PARAMETER_BLOCK LoaderBlock) {
    ULONG Port = HalParseSerialPort(HalQueryLoadOption("DEBUGPORT"));
    BOOLEAN Enabled = KeDisableInterrupts();

    UNREFERENCED_PARAMETER(LoaderBlock); /* the HAL has read the options already */
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
