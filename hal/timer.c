/*
 * timer.c - the clock interrupt: a one-shot timer in each processor
 *
 * The local APIC of each processor has a timer that interrupts once, at a time that is set again
 * after each interrupt. Ke uses it for the tick and for whatever is due before the next tick. Times
 * are absolute, in units of the performance counter, so the tick does not drift even if an
 * interrupt is late.
 *
 * There are two ways to set the timer; one is chosen at start:
 *
 *      TSC deadline    writes the due time as a TSC value: one conversion, nothing to calibrate.
 *                      Used if CPUID offers it and the performance counter is the TSC
 *      one-shot        writes a number of ticks of the APIC's own clock, counted from now
 *
 * An interrupt may be late. A one-shot may also be early, by the error in the timer's measured
 * frequency, so the count is lengthened by about a thousandth. If the interrupt is early
 * nevertheless, Ke sets the timer again.
 */
#include "halp.h"

#define CPUID_ECX_TSC_DEADLINE (1u << 24)
#define MSR_TSC_DEADLINE       0x6E0
#define LATE_SHIFT             10 /* 1/1024 */
#define FRACTION_BITS          32

typedef struct _HALP_CLOCK_WAY {
    PCSTR Name;
    ULONG TimerMode; /* bits of the timer's entry in the local vector table */
    VOID (*Set)(ULONG64 DueTime);
    VOID (*Stop)(VOID);
} HALP_CLOCK_WAY;

static ULONG64 HalpTimerScale; /* APIC timer ticks per performance counter step, times 2^32 */

static VOID HalpSetDeadline(ULONG64 DueTime) {
    HalpWriteMsr(MSR_TSC_DEADLINE, HalpTscOfCounter(DueTime));
}

static VOID HalpStopDeadline(VOID) {
    HalpWriteMsr(MSR_TSC_DEADLINE, 0);
}

/* A count of 0 would stop the timer. A count that does not fit is cut, so the timer fires early. */
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

/* Called once, after the counter is initialized. ApicFrequency is that of the undivided timer. */
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
    HalpMemoryFence(); /* a deadline is ignored until the mode is in effect */
    HalSetClockTimer((ULONG64)KeQueryPerformanceCounter(NULL).QuadPart + HAL_CLOCK_INCREMENT);
}

VOID HalStopClockInterrupt(VOID) {
    HalpApicWrite(APIC_LVT_TIMER, APIC_LVT_MASKED | HAL_CLOCK_VECTOR);
    HalpClockWay->Stop();
}

VOID HalSetClockTimer(_In_ ULONG64 DueTime) {
    HalpClockWay->Set(DueTime);
}
