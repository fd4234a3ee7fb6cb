/*
 * acpi.c - the firmware's tables, read once
 *
 * The loader hands over the address of the root pointer (RSDP). From it the chain goes to the XSDT
 * (64-bit pointers; RSDT with 32-bit ones on old firmware), and from there to the tables. The ones
 * that matter here: FADT (power management ports, the DSDT), MADT (processors), HPET (presence).
 *
 * A table counts only if its length is sane and its bytes sum to zero. A missing or broken table
 * costs what it would have told: no FADT, no ACPI power-off; no MADT, one processor. Without a
 * valid root there are no tables at all and the defaults below hold. Tables are mapped only while
 * they are read.
 */
#include "halp.h"

#define RSDP_LENGTH_V1 20
#define RSDP_LENGTH_V2 36
#define TABLE_LIMIT    (1u << 20)

#define CPUID_TOPOLOGY 0xB

#define MADT_LOCAL_APIC   0
#define MADT_LOCAL_X2APIC 9
#define MADT_ENABLED      1

#define GEN_ADDR_IO 1

#define AML_LIMIT (512u << 10)

typedef struct _RSDP {
    CHAR Signature[8];
    UCHAR Checksum;
    CHAR OEMID[6];
    UCHAR Revision;
    ULONG RsdtAddress;
    ULONG Length;
    ULONG XsdtAddressLow;
    ULONG XsdtAddressHigh;
} RSDP, *PRSDP;

HAL_ACPI_FACTS HalpAcpi = {.ProcessorCount = 1};

static BOOLEAN HalpChecksumValid(const VOID *Table, ULONG Length) {
    const UCHAR *Bytes = Table;
    UCHAR Sum = 0;
    for (ULONG Index = 0; Index < Length; Index++) {
        Sum = (UCHAR)(Sum + Bytes[Index]);
    }
    return Sum == 0;
}

/*
 * Maps a whole table after a look at its header. Signature 0 takes any. NULL if it is not a table;
 * else to be given back with HalpUnmapTable.
 */
static PDESCRIPTION_HEADER HalpMapTable(ULONG64 Physical, ULONG Signature) {
    PDESCRIPTION_HEADER Header =
        HalpMapPhysicalMemory(Physical, sizeof(DESCRIPTION_HEADER), HalpWriteBack);
    if (Physical == 0 || Header == NULL) {
        return NULL;
    }
    ULONG Found = Header->Signature;
    ULONG Length = Header->Length;
    HalpUnmapVirtualAddress(Header, sizeof(DESCRIPTION_HEADER));
    if ((Signature != 0 && Found != Signature) || Length < sizeof(DESCRIPTION_HEADER) ||
        Length > TABLE_LIMIT) {
        return NULL;
    }
    Header = HalpMapPhysicalMemory(Physical, Length, HalpWriteBack);
    if (Header != NULL && !HalpChecksumValid(Header, Length)) {
        DbgPrint("HAL: table %.4s has a wrong checksum, ignored\n", (PCSTR)&Found);
        HalpUnmapVirtualAddress(Header, Length);
        return NULL;
    }
    return Header;
}

static VOID HalpUnmapTable(PDESCRIPTION_HEADER Header) {
    HalpUnmapVirtualAddress(Header, Header->Length);
}

static VOID HalpAddProcessor(ULONG ApicId) {
    if (HalpApicIdUsable(ApicId) && HalpAcpi.ProcessorCount < HAL_MAXIMUM_PROCESSORS) {
        HalpAcpi.ApicIds[HalpAcpi.ProcessorCount++] = ApicId;
    } else {
        DbgPrint("HAL: processor with APIC id %u cannot be used\n", ApicId);
    }
}

/* The boot processor is number 0 whatever its place in the table; it comes in by its APIC id. */
static VOID HalpReadMadt(PDESCRIPTION_HEADER Header, ULONG BootApicId) {
    PUCHAR Entry = (PUCHAR)Header + sizeof(MAPIC);
    PUCHAR End = (PUCHAR)Header + Header->Length;
    if (Header->Length < sizeof(MAPIC)) {
        return;
    }
    while (End - Entry >= 2 && Entry[1] >= 2 && Entry[1] <= End - Entry) {
        ULONG ApicId = BootApicId;
        if (Entry[0] == MADT_LOCAL_APIC && Entry[1] >= 8 && (Entry[4] & MADT_ENABLED)) {
            ApicId = Entry[3];
        } else if (Entry[0] == MADT_LOCAL_X2APIC && Entry[1] >= 16 && (Entry[8] & MADT_ENABLED)) {
            ApicId =
                Entry[4] | (ULONG)Entry[5] << 8 | (ULONG)Entry[6] << 16 | (ULONG)Entry[7] << 24;
        }
        if (ApicId != BootApicId) {
            HalpAddProcessor(ApicId);
        }
        HalpNoteMadtEntry(Entry);
        Entry += Entry[1];
    }
}

static USHORT HalpValidPort(ULONG Port) {
    return Port <= MAXUSHORT ? (USHORT)Port : 0;
}

/* Looks for the S5 package, in the DSDT that the FADT points to. */
static VOID HalpReadDsdt(ULONG64 Physical) {
    PDESCRIPTION_HEADER Dsdt = HalpMapTable(Physical, ACPI_SIGNATURE('D', 'S', 'D', 'T'));
    if (Dsdt == NULL) {
        return;
    }
    ULONG Length = Dsdt->Length - (ULONG)sizeof(DESCRIPTION_HEADER);
    if (Length <= AML_LIMIT) {
        HalpAcpi.SleepTypeValid = HalpFindSleepType((PUCHAR)(Dsdt + 1), Length,
                                                    &HalpAcpi.SleepTypeA, &HalpAcpi.SleepTypeB);
    }
    HalpUnmapTable(Dsdt);
}

static VOID HalpReadFadt(PDESCRIPTION_HEADER Header) {
    PFADT Fadt = (PFADT)Header;
    if (Header->Length < FADT_LENGTH_V1) {
        return;
    }
    HalpAcpi.PmTimerPort = Fadt->pm_tmr_len >= 4 ? HalpValidPort(Fadt->pm_tmr_blk_io_port) : 0;
    HalpAcpi.PmTimer32Bit = (Fadt->flags & FADT_TMR_VAL_EXT) != 0;
    HalpAcpi.Pm1aControlPort = HalpValidPort(Fadt->pm1a_ctrl_blk_io_port);
    HalpAcpi.Pm1bControlPort = HalpValidPort(Fadt->pm1b_ctrl_blk_io_port);
    HalpAcpi.SmiCommandPort = HalpValidPort(Fadt->smi_cmd_io_port);
    HalpAcpi.AcpiEnableValue = Fadt->acpi_on_value;
    HalpAcpi.CenturyRegister = Fadt->century_alarm_index < 0x80 ? Fadt->century_alarm_index : 0;
    if (Header->Length >= FIELD_OFFSET(FADT, arm_boot_arch) && (Fadt->flags & FADT_RESET_REG_SUP) &&
        Fadt->reset_reg.Address != 0) {
        HalpAcpi.ResetRegister = Fadt->reset_reg;
        HalpAcpi.ResetValue = Fadt->reset_val;
        HalpAcpi.ResetRegisterValid = TRUE;
    }
    ULONG64 Dsdt = Fadt->dsdt;
    if (Header->Length >= sizeof(FADT) && Fadt->x_dsdt != 0) {
        Dsdt = Fadt->x_dsdt;
    }
    HalpReadDsdt(Dsdt);
}

static VOID HalpReadHpetTable(PDESCRIPTION_HEADER Header) {
    if (Header->Length >= sizeof(DESCRIPTION_HEADER) + 20) {
        HalpAcpi.HpetAddress = *(ULONG64 __unaligned *)((PUCHAR)Header + 44);
    }
}

static VOID HalpReadTable(ULONG64 Physical, ULONG BootApicId) {
    PDESCRIPTION_HEADER Header = HalpMapTable(Physical, 0);
    if (Header == NULL) {
        return;
    }
    switch (Header->Signature) {
    case ACPI_SIGNATURE('F', 'A', 'C', 'P'):
        HalpReadFadt(Header);
        break;
    case ACPI_SIGNATURE('A', 'P', 'I', 'C'):
        HalpReadMadt(Header, BootApicId);
        break;
    case ACPI_SIGNATURE('H', 'P', 'E', 'T'):
        HalpReadHpetTable(Header);
        break;
    }
    HalpUnmapTable(Header);
}

/* Checks the RSDP and gives the root table's address and the size of its pointers. */
static BOOLEAN HalpReadRsdp(ULONG64 Physical, PULONG64 Root, PULONG PointerSize) {
    PRSDP Rsdp = HalpMapPhysicalMemory(Physical, sizeof(RSDP), HalpWriteBack);
    BOOLEAN Valid = FALSE;
    if (Rsdp == NULL) {
        return FALSE;
    }
    ULONG64 Xsdt = (ULONG64)Rsdp->XsdtAddressHigh << 32 | Rsdp->XsdtAddressLow;
    BOOLEAN SignatureValid = *(volatile ULONG64 *)Rsdp == 0x2052545020445352ull; /* "RSD PTR " */
    if (SignatureValid && HalpChecksumValid(Rsdp, RSDP_LENGTH_V1)) {
        BOOLEAN Second = Rsdp->Revision >= 2 && Xsdt != 0 && Rsdp->Length == RSDP_LENGTH_V2 &&
                         HalpChecksumValid(Rsdp, RSDP_LENGTH_V2);
        *Root = Second ? Xsdt : Rsdp->RsdtAddress;
        *PointerSize = Second ? 8 : 4;
        Valid = TRUE;
    }
    HalpUnmapVirtualAddress(Rsdp, sizeof(RSDP));
    return Valid;
}

static VOID HalpReadRootTable(ULONG64 Physical, ULONG PointerSize, ULONG BootApicId) {
    PDESCRIPTION_HEADER Root =
        HalpMapTable(Physical, PointerSize == 8 ? ACPI_SIGNATURE('X', 'S', 'D', 'T')
                                                : ACPI_SIGNATURE('R', 'S', 'D', 'T'));
    if (Root == NULL) {
        return;
    }
    HalpAcpi.TablesValid = TRUE;
    PUCHAR Entry = (PUCHAR)(Root + 1);
    PUCHAR End = (PUCHAR)Root + Root->Length;
    for (; (ULONG)(End - Entry) >= PointerSize; Entry += PointerSize) {
        ULONG64 Table = *(ULONG __unaligned *)Entry;
        if (PointerSize == 8) {
            Table |= (ULONG64) * (ULONG __unaligned *)(Entry + 4) << 32;
        }
        HalpReadTable(Table, BootApicId);
    }
    HalpUnmapTable(Root);
}

VOID HalpInitializeAcpi(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock) {
    ULONG Eax, Ebx, Ecx, Edx;
    ULONG64 Rsdp = (ULONG64)LoaderBlock->Extension->AcpiTable.QuadPart;
    ULONG64 Root = 0;
    ULONG PointerSize = 0;

    HalpCpuid(1, &Eax, &Ebx, &Ecx, &Edx);
    HalpAcpi.ApicIds[0] = Ebx >> 24;
    HalpCpuid(0, &Eax, &Ebx, &Ecx, &Edx);
    if (Eax >= CPUID_TOPOLOGY) { /* an id of 32 bits, where the processor gives one */
        HalpCpuid(CPUID_TOPOLOGY, &Eax, &Ebx, &Ecx, &Edx);
        HalpAcpi.ApicIds[0] = Ebx != 0 ? Edx : HalpAcpi.ApicIds[0];
    }
    if (Rsdp != 0 && HalpReadRsdp(Rsdp, &Root, &PointerSize)) {
        HalpReadRootTable(Root, PointerSize, HalpAcpi.ApicIds[0]);
    }
    if (!HalpAcpi.TablesValid) {
        DbgPrint("HAL: no valid ACPI tables (RSDP at %llx), defaults are used\n", Rsdp);
    }
}
