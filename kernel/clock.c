/*
 * Time: what the clock interrupt keeps, and the quantum of the running thread.
 *
 * Interrupt time counts from the boot in units of 100 ns, system time from 1601. Both stand in
 * KUSER_SHARED_DATA, where programs read them without a system call: as three words, the upper one
 * twice, so that a reader can see that it read in the middle of an update.
 */
#include "ki.h"

ULONG KeMaximumIncrement = HAL_CLOCK_INCREMENT;
volatile ULONG64 KeTickCountStorage;
static volatile ULONG64 KiInterruptTime;
static volatile LONG KiTimeLock;
static volatile ULONG64 KiSystemTimeOffset; /* system time when interrupt time was 0 */

static VOID KiWriteSharedTime(volatile KSYSTEM_TIME *Time, ULONG64 Value) {
    Time->High2Time = (LONG)(Value >> 32);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    Time->LowPart = (ULONG)Value;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    Time->High1Time = (LONG)(Value >> 32);
}

static VOID KiPublishTime(VOID) {
    KiWriteSharedTime(&SharedUserData->InterruptTime, KiInterruptTime);
    KiWriteSharedTime(&SharedUserData->SystemTime, KiInterruptTime + KiSystemTimeOffset);
    KiWriteSharedTime(&SharedUserData->TickCount, KeTickCountStorage);
}

/* Interrupts off: the clock interrupt and KeSetSystemTime both write the time. */
static VOID KiAdvanceTime(ULONG Increment, PLARGE_INTEGER NewTime) {
    while (InterlockedExchange(&KiTimeLock, 1))
        YieldProcessor();
    KiInterruptTime += Increment;
    if (NewTime)
        KiSystemTimeOffset = (ULONG64)NewTime->QuadPart - KiInterruptTime;
    else
        KeTickCountStorage++;
    KiPublishTime();
    __atomic_store_n(&KiTimeLock, 0, __ATOMIC_RELEASE);
}

/* The clock interrupt, at CLOCK_LEVEL. The first processor keeps the time for all; each looks after
   its thread's quantum and its own timers. */
VOID KeUpdateSystemTime(PKTRAP_FRAME TrapFrame) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    PKTHREAD Thread = Prcb->CurrentThread;

    if (Prcb->Number == 0)
        KiAdvanceTime(KeMaximumIncrement, NULL);
    if (TrapFrame->SegCs & RPL_MASK) {
        Prcb->UserTime++;
        Thread->UserTime++;
    } else {
        Prcb->KernelTime++;
        Thread->KernelTime++;
    }
    if (Thread != Prcb->IdleThread) {
        Thread->Quantum -= CLOCK_QUANTUM_DECREMENT;
        if (Thread->Quantum <= 0) /* never cleared here: others ask for it too (KiMoveThread) */
            Prcb->QuantumEnd = TRUE;
    }
#if DBG
    KiCheckDpcWatchdog(Prcb);
#endif
    Prcb->DpcInterruptRequested = TRUE;
    HalRequestSoftwareInterrupt(DISPATCH_LEVEL);
}

ULONG64 NTAPI KeQueryInterruptTime(VOID) {
    return KiInterruptTime;
}

VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime) {
    CurrentTime->QuadPart = (LONGLONG)(KiInterruptTime + KiSystemTimeOffset);
}

VOID KeSetSystemTime(PLARGE_INTEGER NewTime) {
    BOOLEAN Enabled = KeDisableInterrupts();
    KiAdvanceTime(0, NewTime);
    KeRestoreInterrupts(Enabled);
}

VOID NTAPI KeQueryTickCount(PLARGE_INTEGER TickCount) {
    TickCount->QuadPart = (LONGLONG)KeTickCountStorage;
}

ULONG NTAPI KeQueryTimeIncrement(VOID) {
    return KeMaximumIncrement;
}
