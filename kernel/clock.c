/*
 * Time: what the clock interrupt keeps, and the quantum of the running thread.
 *
 * Interrupt time counts from the boot in units of 100 ns, system time from 1601. Interrupt time is
 * the performance counter as it stood at the last clock interrupt of any processor, so it neither
 * drifts nor loses what a late interrupt has missed. Both stand in KUSER_SHARED_DATA, where
 * programs read them without a system call: as three words, the upper one twice, so that a reader
 * can see that it read in the middle of an update.
 *
 * Each processor has a timer of its own (hal/timer.c), set anew at each clock interrupt. It comes
 * at every tick (KeMaximumIncrement), which is what quanta and the statistics count in, and in
 * between where a finer interval has been asked for (KeTimeIncrement): then timers expire earlier,
 * and nothing else changes.
 */
#include "ki.h"

#define TICKS_TO_CATCH_UP 8

ULONG KeMaximumIncrement = HAL_CLOCK_INCREMENT;
ULONG KeMinimumIncrement = HAL_MINIMUM_CLOCK_INCREMENT;
volatile ULONG KeTimeIncrement = HAL_CLOCK_INCREMENT;
volatile ULONG64 KeTickCountStorage;
static volatile LONG KiTimeLock;
static volatile ULONG64 KiInterruptTime;    /* KiTimeLock */
static volatile ULONG64 KiSystemTimeOffset; /* KiTimeLock; system time when interrupt time was 0 */

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

static ULONG64 KiReadCounter(VOID) {
    return (ULONG64)KeQueryPerformanceCounter(NULL).QuadPart;
}

/* Interrupts off: clock interrupts and KiChangeSystemTime all write the time. Returns the new one.
 */
static ULONG64 KiAdvanceTime(PLARGE_INTEGER NewTime) {
    while (InterlockedExchange(&KiTimeLock, 1))
        YieldProcessor();
    ULONG64 Now = KiReadCounter();
    Now = max(Now, KiInterruptTime);
    KiInterruptTime = Now;
    if (NewTime)
        KiSystemTimeOffset = (ULONG64)NewTime->QuadPart - Now;
    KeTickCountStorage = Now / KeMaximumIncrement;
    KiPublishTime();
    __atomic_store_n(&KiTimeLock, 0, __ATOMIC_RELEASE);
    return Now;
}

/* What is counted in ticks. */
static VOID KiTick(PKPRCB Prcb, PKTRAP_FRAME TrapFrame) {
    PKTHREAD Thread = Prcb->CurrentThread;
    if (TrapFrame->SegCs & RPL_MASK) {
        Prcb->UserTime++;
        Thread->UserTime++;
    } else {
        Prcb->KernelTime++;
        Thread->KernelTime++;
    }
    if (Thread != Prcb->IdleThread) {
        Thread->Quantum = (CHAR)max(Thread->Quantum - CLOCK_QUANTUM_DECREMENT, 0);
        if (Thread->Quantum == 0) /* never cleared here: others ask for it too (KiMoveThread) */
            Prcb->QuantumEnd = TRUE;
    }
#if DBG
    KiCheckDpcWatchdog(Prcb);
    KiCheckLockTime(Prcb);
#endif
}

/* The next tick comes when it is due, however late this one was; not so after a long pause. */
static VOID KiPlanTick(PKPRCB Prcb, ULONG64 Now) {
    if (Prcb->NextTick + TICKS_TO_CATCH_UP * (ULONG64)KeMaximumIncrement < Now)
        Prcb->NextTick = Now;
    while (Prcb->NextTick <= Now)
        Prcb->NextTick += KeMaximumIncrement;
}

/* The clock interrupt, at CLOCK_LEVEL. Each processor looks after its thread's quantum and its own
   timers. */
VOID KeUpdateSystemTime(PKTRAP_FRAME TrapFrame) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    ULONG64 Now = KiAdvanceTime(NULL);

    if (Now >= Prcb->NextTick) {
        KiTick(Prcb, TrapFrame);
        KiPlanTick(Prcb, Now);
    }
    HalSetClockTimer(min(Prcb->NextTick, Now + KeTimeIncrement));
    Prcb->DpcInterruptRequested = TRUE;
}

/* A processor sees it at its next clock interrupt, at most a tick later. */
ULONG KeSetTimeIncrement(ULONG Increment) {
    KeTimeIncrement = max(KeMinimumIncrement, min(Increment, KeMaximumIncrement));
    return KeTimeIncrement;
}

ULONG64 NTAPI KeQueryInterruptTime(VOID) {
    return KiInterruptTime;
}

VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime) {
    CurrentTime->QuadPart = (LONGLONG)(KiInterruptTime + KiSystemTimeOffset);
}

ULONG64 NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp) {
    *QpcTimeStamp = KiReadCounter();
    return *QpcTimeStamp;
}

VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime) {
    CurrentTime->QuadPart = (LONGLONG)(KiReadCounter() + KiSystemTimeOffset);
}

LONGLONG KiChangeSystemTime(PLARGE_INTEGER NewTime) {
    BOOLEAN Enabled = KeDisableInterrupts();
    ULONG64 Old = KiSystemTimeOffset;
    KiAdvanceTime(NewTime);
    KeRestoreInterrupts(Enabled);
    return (LONGLONG)(KiSystemTimeOffset - Old);
}

VOID NTAPI KeQueryTickCount(PLARGE_INTEGER TickCount) {
    TickCount->QuadPart = (LONGLONG)KeTickCountStorage;
}

ULONG NTAPI KeQueryTimeIncrement(VOID) {
    return KeMaximumIncrement;
}
