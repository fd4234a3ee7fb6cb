/*
 * hpet.c - the high precision event timer, of which only its counter is used
 *
 * The HPET (IA-PC HPET specification 1.0a) is a block of memory with one counter that runs at a
 * speed it states itself, in femtoseconds, and with comparators that can interrupt. The clock
 * interrupt comes from the local APIC, which each processor has for itself; the counter is what the
 * clocks of unknown speed are measured with, and the performance counter where the time stamp
 * counter cannot be trusted.
 *
 * Believed is only a block whose description makes sense: a speed of 10 MHz or more, as the
 * specification demands, and a vendor.
 */
#include "halp.h"

#define HPET_CAPABILITIES  0x000
#define HPET_PERIOD        0x004
#define HPET_CONFIGURATION 0x010
#define HPET_COUNTER_LOW   0x0F0
#define HPET_COUNTER_HIGH  0x0F4

#define CAPABILITY_64BIT     0x2000
#define CONFIGURATION_ENABLE 1u
#define CONFIGURATION_LEGACY 2u
#define MAXIMUM_PERIOD       100000000u          /* femtoseconds */
#define FEMTOSECONDS         1000000000000000ull /* in a second */

static volatile UCHAR *HalpHpetPage;
static ULONG64 HalpHpetHz;
static BOOLEAN HalpHpet64Bit;

static ULONG HalpReadHpetRegister(ULONG Register) {
    return READ_REGISTER_ULONG((volatile ULONG *)(HalpHpetPage + Register));
}

/* Maps the block and starts its counter, with no interrupt from it. Keeps nothing if it is absurd.
 */
VOID HalpInitializeHpet(VOID) {
    if (HalpAcpi.HpetAddress == 0) {
        return;
    }
    HalpHpetPage = HalpMapPhysicalMemory(HalpAcpi.HpetAddress, 0x400, HalpUncached);
    if (HalpHpetPage == NULL) {
        return;
    }
    ULONG Capabilities = HalpReadHpetRegister(HPET_CAPABILITIES);
    ULONG Period = HalpReadHpetRegister(HPET_PERIOD);
    if (Capabilities == MAXULONG || (Capabilities & 0xFF) == 0 || Period == 0 ||
        Period > MAXIMUM_PERIOD) {
        DbgPrint("HAL: no HPET at %llx, ignored\n", HalpAcpi.HpetAddress);
        HalpUnmapVirtualAddress((PVOID)HalpHpetPage, 0x400);
        HalpHpetPage = NULL;
        return;
    }
    ULONG Configuration = HalpReadHpetRegister(HPET_CONFIGURATION) & ~CONFIGURATION_LEGACY;
    WRITE_REGISTER_ULONG((volatile ULONG *)(HalpHpetPage + HPET_CONFIGURATION),
                         Configuration | CONFIGURATION_ENABLE);
    HalpHpetHz = FEMTOSECONDS / Period;
    HalpHpet64Bit = (Capabilities & CAPABILITY_64BIT) != 0;
}

/* 0 if there is none. */
ULONG64 HalpHpetFrequency(VOID) {
    return HalpHpetHz;
}

BOOLEAN HalpHpetIs64Bit(VOID) {
    return HalpHpet64Bit;
}

ULONG HalpReadHpetLow(VOID) {
    return HalpReadHpetRegister(HPET_COUNTER_LOW);
}

/* In halves, as not every HPET takes an access of 64 bits: the upper one must not change meanwhile.
 */
ULONG64 HalpReadHpet(VOID) {
    ULONG High, Low, Again = HalpReadHpetRegister(HPET_COUNTER_HIGH);
    do {
        High = Again;
        Low = HalpReadHpetRegister(HPET_COUNTER_LOW);
        Again = HalpReadHpetRegister(HPET_COUNTER_HIGH);
    } while (High != Again);
    return (ULONG64)High << 32 | Low;
}
