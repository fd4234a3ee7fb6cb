/*
 * counter.c - the performance counter and short waits
 *
 * The counter runs at 10 MHz on every machine, as in Windows 10: one step is 100 ns, the unit of
 * all times in the kernel. It is derived from one of two sources:
 *
 *      TSC     fast; correct if it runs at a constant rate that is the same on all processors.
 *              CPUID says so (invariant TSC); under a hypervisor, the hypervisor ensures it
 *      HPET    one counter for the whole machine, some hundred times slower to read; used if the
 *              TSC makes no such promise, or /USEPLATFORMCLOCK asks for it, and the HPET has all
 *              64 bits
 *
 * If neither source qualifies, the TSC is used, because there is nothing better.
 *
 * A difference of source values is scaled by a binary fraction: Scale = 2^64 * 10 MHz / frequency,
 * and the upper half of the 128-bit product is the result. This needs no division and does not
 * overflow for 58 years at 10 GHz.
 */
#include "halp.h"

#define CPUID_ECX_HYPERVISOR  (1u << 31)
#define CPUID_EXTENDED        0x80000000u
#define CPUID_POWER           0x80000007u
#define CPUID_EDX_INVARIANT   (1u << 8)
#define INVERSE_FRACTION_BITS 32

typedef struct _HALP_COUNTER {
    PCSTR Name;
    ULONG64 (*Read)(VOID);
    ULONG64 Frequency;
    ULONG64 Start;   /* the source's value when the counter was 0 */
    ULONG64 Scale;   /* counter steps per source step, times 2^64 */
    ULONG64 Inverse; /* source steps per counter step, times 2^32 */
} HALP_COUNTER, *PHALP_COUNTER;

static ULONG64 HalpTscFrequency;
static HALP_COUNTER HalpCounter;

static BOOLEAN HalpTscIsTrusted(VOID) {
    ULONG Eax, Ebx, Ecx, Edx;
    if (HalQueryLoadOption("USEPLATFORMCLOCK") != NULL) {
        return FALSE;
    }
    HalpCpuid(1, &Eax, &Ebx, &Ecx, &Edx);
    if (Ecx & CPUID_ECX_HYPERVISOR) {
        return TRUE;
    }
    HalpCpuid(CPUID_EXTENDED, &Eax, &Ebx, &Ecx, &Edx);
    if (Eax < CPUID_POWER) {
        return FALSE;
    }
    HalpCpuid(CPUID_POWER, &Eax, &Ebx, &Ecx, &Edx);
    return (Edx & CPUID_EDX_INVARIANT) != 0;
}

static ULONG64 HalpReadTscCounter(VOID) {
    return HalpReadTsc();
}

/* 2^64 * Numerator / Denominator, for a fraction below 1. */
static ULONG64 HalpFraction(ULONG64 Numerator, ULONG64 Denominator) {
    ULONG64 Quotient, Remainder;
    __asm__("divq %4"
            : "=a"(Quotient), "=d"(Remainder)
            : "a"(0ull), "d"(Numerator), "r"(Denominator)
            : "cc");
    return Quotient;
}

/* TscFrequency is above 50 MHz and an HPET's is at least 10 MHz (calibrate.c, hpet.c). */
VOID HalpInitializeCounter(_In_ ULONG64 TscFrequency) {
    BOOLEAN UseHpet =
        !HalpTscIsTrusted() && HalpHpetIs64Bit() && HalpHpetFrequency() > HAL_COUNTER_FREQUENCY;
    ULONG64 Frequency = UseHpet ? HalpHpetFrequency() : TscFrequency;
    HalpTscFrequency = TscFrequency;
    HalpCounter.Name = UseHpet ? "HPET" : "TSC";
    HalpCounter.Read = UseHpet ? HalpReadHpet : HalpReadTscCounter;
    HalpCounter.Frequency = Frequency;
    HalpCounter.Scale = HalpFraction(HAL_COUNTER_FREQUENCY, Frequency);
    HalpCounter.Inverse = (Frequency << INVERSE_FRACTION_BITS) / HAL_COUNTER_FREQUENCY;
    HalpCounter.Start = HalpCounter.Read();
}

PCSTR HalpCounterName(VOID) {
    return HalpCounter.Name;
}

LARGE_INTEGER KeQueryPerformanceCounter(_Out_opt_ PLARGE_INTEGER PerformanceFrequency) {
    LARGE_INTEGER Result;
    if (PerformanceFrequency != NULL) {
        PerformanceFrequency->QuadPart = HAL_COUNTER_FREQUENCY;
    }
    ULONG64 Steps = HalpCounter.Read() - HalpCounter.Start;
    unsigned __int128 Product = (unsigned __int128)Steps * HalpCounter.Scale;
    Result.QuadPart = (LONGLONG)(ULONG64)(Product >> 64);
    return Result;
}

/* The TSC's value when the performance counter reaches Counter. The TSC must be the source. */
ULONG64 HalpTscOfCounter(_In_ ULONG64 Counter) {
    unsigned __int128 Product = (unsigned __int128)Counter * HalpCounter.Inverse;
    return HalpCounter.Start + (ULONG64)(Product >> INVERSE_FRACTION_BITS) + 1;
}

BOOLEAN HalpCounterIsTsc(VOID) {
    return HalpCounter.Read == HalpReadTscCounter;
}

VOID KeStallExecutionProcessor(_In_ ULONG MicroSeconds) {
    ULONG64 Steps = (HalpCounter.Frequency * MicroSeconds + 999999) / 1000000;
    ULONG64 Start = HalpCounter.Read();
    while (HalpCounter.Read() - Start < Steps) {
        HalpPause();
    }
}

ULONG64 HalQueryTscFrequency(VOID) {
    return HalpTscFrequency;
}
