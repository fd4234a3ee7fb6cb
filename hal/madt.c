/*
 * madt.c - the multiple APIC description table: which processors and which interrupt controllers
 *
 * A short header is followed by entries of several types. The first byte of an entry is its type,
 * the second its length. The types used here (ACPI 6.5, 5.2.12):
 *
 *      0   a processor with an 8-bit APIC id           9   one with a 32-bit id
 *      1   an I/O APIC                                 2   an interrupt source override
 *      4   which local input is NMI                   10   the same, with 32-bit processor ids
 *
 * Reading stops at an entry that is shorter than its type requires or than two bytes, or that
 * extends past the end of the table, since the start of the next entry is then unknown.
 *
 * A processor counts if it is enabled and its id can be addressed. It counts once, since some
 * firmware lists it under both types.
 */
#include "halp.h"

enum {
    MadtLocalApic = 0,
    MadtIoApic = 1,
    MadtOverride = 2,
    MadtLocalApicNmi = 4,
    MadtLocalX2Apic = 9,
    MadtLocalX2ApicNmi = 10,
    MadtTypes
};

/* The minimum length of an entry, by type; 0: entries of this type are skipped. */
static const UCHAR HalpMadtLength[MadtTypes] = {
    [MadtLocalApic] = 8,    [MadtIoApic] = 12,      [MadtOverride] = 10,
    [MadtLocalApicNmi] = 6, [MadtLocalX2Apic] = 16, [MadtLocalX2ApicNmi] = 12,
};

#define MADT_ENABLED      1
#define INTI_POLARITY     3
#define INTI_POLARITY_LOW 3

static ULONG HalpUlong(const UCHAR *Bytes) {
    return Bytes[0] | (ULONG)Bytes[1] << 8 | (ULONG)Bytes[2] << 16 | (ULONG)Bytes[3] << 24;
}

/* The boot processor is number 0, whatever its position in the table, and is already known. */
static VOID HalpAddProcessor(ULONG ApicId) {
    for (ULONG Number = 0; Number < HalpAcpi.ProcessorCount; Number++) {
        if (HalpAcpi.ApicIds[Number] == ApicId) {
            return;
        }
    }
    if (HalpApicIdUsable(ApicId) && HalpAcpi.ProcessorCount < HAL_MAXIMUM_PROCESSORS) {
        HalpAcpi.ApicIds[HalpAcpi.ProcessorCount++] = ApicId;
    } else {
        HalpAcpi.ProcessorsLeftOut = TRUE;
        DbgPrint("HAL: processor with APIC id %u cannot be used\n", ApicId);
    }
}

static VOID HalpSetNmiInput(UCHAR Input, UCHAR Flags) {
    if (Input <= 1) {
        HalpAcpi.NmiInput = Input;
        HalpAcpi.NmiActiveLow = (Flags & INTI_POLARITY) == INTI_POLARITY_LOW;
    }
}

static VOID HalpReadMadtEntry(const UCHAR *Entry) {
    switch (Entry[0]) {
    case MadtLocalApic:
        if (HalpUlong(Entry + 4) & MADT_ENABLED) {
            HalpAddProcessor(Entry[3]);
        }
        break;
    case MadtLocalX2Apic:
        if (HalpUlong(Entry + 8) & MADT_ENABLED) {
            HalpAddProcessor(HalpUlong(Entry + 4));
        }
        break;
    case MadtIoApic:
        HalpAddIoApic(HalpUlong(Entry + 4), HalpUlong(Entry + 8));
        break;
    case MadtOverride:
        if (Entry[2] == 0) { /* the ISA bus; there is no other */
            HalpOverrideIsaLine(Entry[3], HalpUlong(Entry + 4), (USHORT)(Entry[8] | Entry[9] << 8));
        }
        break;
    case MadtLocalApicNmi:
        HalpSetNmiInput(Entry[5], Entry[3]);
        break;
    case MadtLocalX2ApicNmi:
        HalpSetNmiInput(Entry[8], Entry[2]);
        break;
    }
}

VOID HalpReadMadt(_In_ PDESCRIPTION_HEADER Header) {
    if (Header->Length < sizeof(MAPIC)) {
        return;
    }
    const UCHAR *Entry = (const UCHAR *)Header + sizeof(MAPIC);
    const UCHAR *End = (const UCHAR *)Header + Header->Length;
    while (End - Entry >= 2) {
        UCHAR Type = Entry[0], Length = Entry[1];
        UCHAR Needed = Type < MadtTypes ? HalpMadtLength[Type] : 0;
        if (Length < 2 || Length < Needed || Length > End - Entry) {
            DbgPrint("HAL: MADT entry of type %u has length %u, the rest is ignored\n", Type,
                     Length);
            return;
        }
        if (Needed != 0) {
            HalpReadMadtEntry(Entry);
        }
        Entry += Length;
    }
}
