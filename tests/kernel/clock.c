/* clock.c - tests of time: the counter on all processors, the precise times, the clock's interval
 */
#include "kmtest.h"
#include "ex.h"
#include "hal.h"
#include "ob.h"
#include "ntrtl.h"
#include "ps.h"

#define ROUNDS 2000

/* Lock: who has it reads the counter, which must not be behind what the last one, most often on
   another processor, has read. */
static struct {
    KSPIN_LOCK Lock;
    LONG64 Last;
    ULONG Reads;
    ULONG Back;
    ULONG Changes; /* of the processor */
    ULONG Processor;
} Counter;

static VOID CounterThread(PVOID Context) {
    ULONG Number = (ULONG)(ULONG_PTR)Context;
    KeSetAffinityThread(KeGetCurrentThread(), 1ull << Number);
    for (ULONG Round = 0; Round < ROUNDS; Round++) {
        KIRQL Old;
        KeAcquireSpinLock(&Counter.Lock, &Old);
        LONG64 Now = KeQueryPerformanceCounter(NULL).QuadPart;
        Counter.Back += Now < Counter.Last;
        Counter.Last = Now;
        Counter.Reads++;
        Counter.Changes += Counter.Processor != Number;
        Counter.Processor = Number;
        KeReleaseSpinLock(&Counter.Lock, Old);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KMT_TEST(counter_never_goes_back_on_any_processor) {
    HANDLE Threads[8];
    ULONG Count = min(KeQueryActiveProcessorCount(NULL), ARRAYSIZE(Threads));
    RtlZeroMemory(&Counter, sizeof(Counter));
    KeInitializeSpinLock(&Counter.Lock);
    for (ULONG i = 0; i < Count; i++) {
        KMT_CHECK(NT_SUCCESS(PsCreateSystemThread(&Threads[i], THREAD_ALL_ACCESS, NULL, NULL, NULL,
                                                  CounterThread, (PVOID)(ULONG_PTR)i)));
    }
    for (ULONG i = 0; i < Count; i++) {
        PVOID Thread;
        KMT_CHECK(NT_SUCCESS(
            ObReferenceObjectByHandle(Threads[i], SYNCHRONIZE, NULL, KernelMode, &Thread, NULL)));
        KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Thread);
        ObCloseHandle(Threads[i], KernelMode);
    }
    KMT_CHECK(Counter.Reads == Count * ROUNDS && Counter.Back == 0);
    KMT_CHECK(Counter.Changes >= Count - 1);
}

/* The precise time is ahead of the clock's, which is at most the one that was read before it. */
KMT_TEST(precise_times_are_ahead_of_the_clock) {
    for (ULONG Round = 0; Round < 100; Round++) {
        ULONG64 Stamp, Before = KeQueryInterruptTime();
        ULONG64 Precise = KeQueryInterruptTimePrecise(&Stamp);
        LARGE_INTEGER System, SystemPrecise;
        KeQuerySystemTime(&System);
        KeQuerySystemTimePrecise(&SystemPrecise);
        KMT_CHECK(Precise >= Before && Stamp == Precise);
        KMT_CHECK(SystemPrecise.QuadPart >= System.QuadPart);
    }
}

/* Whole ticks fit into interrupt time. */
KMT_TEST(tick_count_follows_interrupt_time) {
    LARGE_INTEGER Nap = {.QuadPart = -500000}, Ticks, Later;
    KeQueryTickCount(&Ticks);
    ULONG64 Time = KeQueryInterruptTime();
    KMT_CHECK(Time / KeQueryTimeIncrement() - (ULONG64)Ticks.QuadPart <= 1);
    KeDelayExecutionThread(KernelMode, FALSE, &Nap);
    KeQueryTickCount(&Later);
    KMT_CHECK(Later.QuadPart >= Ticks.QuadPart + 3);
}

/* Values that interrupt time takes while the next tick of this processor stays the same. */
static ULONG ClockInterruptsInATick(VOID) {
    KIRQL Old;
    ULONG Count = 0;
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    volatile ULONG64 *NextTick = &KeGetCurrentPrcb()->NextTick;
    ULONG64 Start = *NextTick, Time = KeQueryInterruptTime();
    while (*NextTick == Start) { /* from its begin */
    }
    for (Start = *NextTick; *NextTick == Start;) {
        ULONG64 Now = KeQueryInterruptTime();
        Count += Now != Time;
        Time = Now;
    }
    KeLowerIrql(Old);
    return Count;
}

/* Two askings, the second coarser. Whether it has become coarse again can be seen on one processor
   only: with several, each one's clock moves the time. */
KMT_TEST(clock_comes_more_often_when_asked) {
    ULONG Most = 0;
    KMT_CHECK(ExSetTimerResolution(0, TRUE) == HAL_MINIMUM_CLOCK_INCREMENT);
    KMT_CHECK(ExSetTimerResolution(10000, TRUE) == HAL_MINIMUM_CLOCK_INCREMENT);
    for (ULONG Try = 0; Try < 200 && Most < 8; Try++) {
        ULONG Count = ClockInterruptsInATick();
        Most = max(Most, Count);
    }
    KMT_CHECK(ExSetTimerResolution(0, FALSE) == HAL_MINIMUM_CLOCK_INCREMENT);
    KMT_CHECK(ExSetTimerResolution(0, FALSE) == HAL_CLOCK_INCREMENT);
    KMT_CHECK(ExSetTimerResolution(0, FALSE) == HAL_CLOCK_INCREMENT); /* once too often */
    KMT_CHECK(ExSetTimerResolution(20000000, TRUE) == HAL_CLOCK_INCREMENT);
    KMT_CHECK(ExSetTimerResolution(0, FALSE) == HAL_CLOCK_INCREMENT);
    KMT_CHECK(KeQueryTimeIncrement() == HAL_CLOCK_INCREMENT);
    KMT_CHECK(Most >= 8);
    if (KeQueryActiveProcessorCount(NULL) == 1) {
        ClockInterruptsInATick();
        KMT_CHECK(ClockInterruptsInATick() <= 3);
    }
}
