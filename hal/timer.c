/*
 * timer.c - the clock interrupt: a one-shot timer in each processor
 *
 * The local APIC of each processor has a timer that can interrupt it once, at a time that is set
 * anew each time. Ke makes its tick of it, and whatever shall come before the next tick: it says
 * when, in units of the performance counter, and as these times are absolute, the tick does not
 * drift however late an interrupt is.
 *
 * There are two ways to set the timer, and one is chosen at the start:
 *
 *      TSC deadline    the TSC's value itself is written; no conversion but one, nothing to
 *                      calibrate. Where CPUID offers it and the performance counter is the TSC
 *      one-shot        a count of ticks of the APIC's own clock, from now on
 *
 * An interrupt may be late, and with the second way early by as much as the speed of the timer was
 * measured wrong. So the count is made longer by a thousandth; who finds that it is early
 * nevertheless sets the timer again.
 */
#include "halp.h"

#define CPUID_ECX_TSC_DEADLINE (1u << 24)
#define MSR_TSC_DEADLINE       0x6E0
#define LATE_SHIFT             10 /* 1/1024 */
#define FRACTION_BITS          32

typedef struct _HALP_CLOCK_WAY {
    PCSTR Name;
    ULONG TimerMode; /* for the timer's entry of the local vector table */
    VOID (*Set)(ULONG64 DueTime);
    VOID (*Stop)(VOID);
} HALP_CLOCK_WAY;

static ULONG64 HalpTimerScale; /* APIC timer ticks in a step of the performance counter, * 2^32 */

static VOID HalpSetDeadline(ULONG64 DueTime) {
    HalpWriteMsr(MSR_TSC_DEADLINE, HalpTscOfCounter(DueTime));
}

static VOID HalpStopDeadline(VOID) {
    HalpWriteMsr(MSR_TSC_DEADLINE, 0);
}

/* A count of 0 would stop the timer; what does not fit comes early. */
static VOID HalpSetOneShot(ULONG64 DueTime) {
    LONGLONG Left = (LONGLONG)DueTime - KeQueryPerformanceCounter(NULL).QuadPart;
    ULONG64 Steps = Left > 0 ? (ULONG64)Left : 0;
    unsigned __int128 Product = (unsigned __int128)(Steps + (Steps >> LATE_SHIFT)) * HalpTimerScale;
    ULONG64 Count = (ULONG64)(Product >> FRACTION_BITS) + 1;
    HalpApicWrite(APIC_TIMER_INITIAL, Count < MAXULONG ? (ULONG)Count : MAXULONG);
}

static VOID HalpStopOneShot(VOID) {
    HalpApicWrite(APIC_TIMER_INITIAL, 0);
}

static const HALP_CLOCK_WAY HalpDeadlineWay = {"TSC deadline", APIC_LVT_DEADLINE, HalpSetDeadline,
                                               HalpStopDeadline};
static const HALP_CLOCK_WAY HalpOneShotWay = {"one-shot", 0, HalpSetOneShot, HalpStopOneShot};
static const HALP_CLOCK_WAY *HalpClockWay;

/* Once, after the counter. ApicFrequency: of the timer undivided. */
VOID HalpInitializeClock(_In_ ULONG64 ApicFrequency) {
    ULONG Eax, Ebx, Ecx, Edx;
    HalpCpuid(1, &Eax, &Ebx, &Ecx, &Edx);
    HalpTimerScale = (ApicFrequency << FRACTION_BITS) / HAL_COUNTER_FREQUENCY;
    HalpClockWay =
        (Ecx & CPUID_ECX_TSC_DEADLINE) && HalpCounterIsTsc() ? &HalpDeadlineWay : &HalpOneShotWay;
}

PCSTR HalpClockName(VOID) {
    return HalpClockWay->Name;
}

VOID HalStartClockInterrupt(VOID) {
    HalpApicWrite(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
    HalpApicWrite(APIC_LVT_TIMER, HalpClockWay->TimerMode | HAL_CLOCK_VECTOR);
    HalpMemoryFence(); /* a deadline counts only once the mode is in effect */
    HalSetClockTimer((ULONG64)KeQueryPerformanceCounter(NULL).QuadPart + HAL_CLOCK_INCREMENT);
}

VOID HalStopClockInterrupt(VOID) {
    HalpApicWrite(APIC_LVT_TIMER, APIC_LVT_MASKED | HAL_CLOCK_VECTOR);
    HalpClockWay->Stop();
}

VOID HalSetClockTimer(_In_ ULONG64 DueTime) {
    HalpClockWay->Set(DueTime);
}
