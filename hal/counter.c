/*
 * counter.c - the performance counter and short waits, both from the time stamp counter
 *
 * The counter runs at 10 MHz on every machine, as Windows 10 offers it. A TSC difference is scaled
 * by multiplication with a binary fraction: HalpScale = 2^64 * 10 MHz / TSC frequency, and the
 * upper half of the 128-bit product is the result. No division, and no overflow for 58 years at 10
 * GHz.
 */
#include "halp.h"

static ULONG64 HalpTscFrequency = 1000000000ull;
static ULONG64 HalpTscStart;
static ULONG64 HalpScale;

/* TscFrequency is above 10 MHz, so that the quotient fits (timer.c sees to it). */
VOID HalpInitializeCounter(_In_ ULONG64 TscFrequency) {
    ULONG64 Quotient, Remainder;
    __asm__("divq %4"
            : "=a"(Quotient), "=d"(Remainder)
            : "a"(0ull), "d"((ULONG64)HAL_COUNTER_FREQUENCY), "r"(TscFrequency)
            : "cc");
    HalpTscFrequency = TscFrequency;
    HalpScale = Quotient;
    HalpTscStart = HalpReadTsc();
}

LARGE_INTEGER KeQueryPerformanceCounter(_Out_opt_ PLARGE_INTEGER PerformanceFrequency) {
    LARGE_INTEGER Result;
    if (PerformanceFrequency != NULL) {
        PerformanceFrequency->QuadPart = HAL_COUNTER_FREQUENCY;
    }
    unsigned __int128 Product = (unsigned __int128)(HalpReadTsc() - HalpTscStart) * HalpScale;
    Result.QuadPart = (LONGLONG)(ULONG64)(Product >> 64);
    return Result;
}

VOID KeStallExecutionProcessor(_In_ ULONG MicroSeconds) {
    ULONG64 Ticks = (HalpTscFrequency * MicroSeconds + 999999) / 1000000;
    ULONG64 Start = HalpReadTsc();
    while (HalpReadTsc() - Start < Ticks) {
        HalpPause();
    }
}

ULONG64 HalQueryTscFrequency(VOID) {
    return HalpTscFrequency;
}
