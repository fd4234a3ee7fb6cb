/*
 * hpet.c - the high precision event timer, of which only the counter is used
 *
 * The HPET (IA-PC HPET specification 1.0a) is a block of memory with one counter, whose period it
 * states in femtoseconds, and with comparators that can interrupt. The clock interrupt uses each
 * processor's local APIC instead. The counter is the reference for clocks of unknown frequency, and
 * the source of the performance counter if the time stamp counter cannot be trusted.
 *
 * A block is accepted only if it names a vendor and a frequency of 10 MHz or more, as the
 * specification requires.
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

/* Maps the block and starts its counter with interrupts off. Rejects an implausible block. */
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

/* Returns 0 if there is no HPET. */
ULONG64 HalpHpetFrequency(VOID) {
    return HalpHpetHz;
}

BOOLEAN HalpHpetIs64Bit(VOID) {
    return HalpHpet64Bit;
}

ULONG HalpReadHpetLow(VOID) {
    return HalpReadHpetRegister(HPET_COUNTER_LOW);
}

/*
 * Reads the counter in halves, since not every HPET supports 64-bit accesses. The upper half must
 * not change between the reads.
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
