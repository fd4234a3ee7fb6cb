/*
 * acpi.c - the firmware's tables: finding and checking them
 *
 * The loader passes the address of the root pointer (RSDP). The RSDP points to the XSDT (64-bit
 * pointers; on old firmware the RSDT, with 32-bit ones), which points to the tables. The HAL uses
 * the MADT (processors and interrupts), the FADT (power management ports, the DSDT), the HPET and
 * the MCFG. Their readers are in madt.c and fadt.c and see only whole, checked tables.
 *
 * Rules:
 * - A table is accepted only if it is in memory that the firmware's own map lists, its length is
 *   plausible and its bytes sum to zero.
 * - The first table of each kind counts, so that nothing is read twice.
 * - At most ROOT_LIMIT entries of the root table are read. No table points back to the root, so
 *   the search cannot loop.
 * - Tables are mapped only while they are read.
 *
 * A missing or broken table costs only what it would have described: without a FADT there is no
 * ACPI power-off; without a MADT the machine has one processor. Without a valid root there are no
 * tables, and the defaults below apply.
 */
#include "halp.h"

#define RSDP_LENGTH_V1 20
#define RSDP_LENGTH_V2 36
#define TABLE_LIMIT    (1u << 20)
#define ROOT_LIMIT     256
#define PHYSICAL_LIMIT (1ull << 46)
#define SIGNATURE_RSDP 0x2052545020445352ull /* "RSD PTR " */

#define CPUID_TOPOLOGY 0xB

typedef struct _RSDP {
    ULONG SignatureLow;
    ULONG SignatureHigh;
    UCHAR Checksum;
    CHAR OEMID[6];
    UCHAR Revision;
    ULONG RsdtAddress;
    ULONG Length;
    ULONG XsdtAddressLow;
    ULONG XsdtAddressHigh;
    UCHAR ExtendedChecksum;
    UCHAR Reserved[3];
} RSDP, *PRSDP;

_Static_assert(sizeof(RSDP) == RSDP_LENGTH_V2, "root pointer");

HAL_ACPI_FACTS HalpAcpi = {.ProcessorCount = 1, .NmiInput = 1};

/* The firmware's memory map, set while tables are read. */
static PLIST_ENTRY HalpMemoryMap;

static const struct {
    ULONG Signature;
    VOID (*Read)(PDESCRIPTION_HEADER Header);
} HalpTables[] = {
    {ACPI_SIGNATURE('A', 'P', 'I', 'C'), HalpReadMadt},
    {ACPI_SIGNATURE('F', 'A', 'C', 'P'), HalpReadFadt},
    {ACPI_SIGNATURE('H', 'P', 'E', 'T'), HalpReadHpetTable},
    {ACPI_SIGNATURE('M', 'C', 'F', 'G'), HalpReadMcfg},
};

static BOOLEAN HalpChecksumValid(const VOID *Table, ULONG Length) {
    const UCHAR *Bytes = Table;
    UCHAR Sum = 0;
    for (ULONG Index = 0; Index < Length; Index++) {
        Sum = (UCHAR)(Sum + Bytes[Index]);
    }
    return Sum == 0;
}

/* TRUE if the memory map, which is sorted, contains the whole range. */
static BOOLEAN HalpIsMemory(ULONG64 Physical, ULONG Length) {
    if (Physical == 0 || Physical >= PHYSICAL_LIMIT) {
        return FALSE;
    }
    ULONG64 Page = Physical >> PAGE_SHIFT;
    ULONG64 Last = (Physical + Length - 1) >> PAGE_SHIFT;
    for (PLIST_ENTRY Entry = HalpMemoryMap->Flink; Entry != HalpMemoryMap; Entry = Entry->Flink) {
        PMEMORY_ALLOCATION_DESCRIPTOR Run =
            CONTAINING_RECORD(Entry, MEMORY_ALLOCATION_DESCRIPTOR, ListEntry);
        if (Run->MemoryType != LoaderBad && Page >= Run->BasePage &&
            Page - Run->BasePage < Run->PageCount) {
            Page = Run->BasePage + Run->PageCount;
        }
        if (Page > Last) {
            return TRUE;
        }
    }
    return FALSE;
}

static PVOID HalpMapMemory(ULONG64 Physical, ULONG Length) {
    return HalpIsMemory(Physical, Length) ? HalpMapPhysicalMemory(Physical, Length, HalpWriteBack)
                                          : NULL;
}

/* Returns NULL if there is no valid table. The caller unmaps it with HalpUnmapTable. */
PDESCRIPTION_HEADER HalpMapTable(_In_ ULONG64 Physical, _In_ ULONG Signature) {
    PDESCRIPTION_HEADER Header = HalpMapMemory(Physical, sizeof(DESCRIPTION_HEADER));
    if (Header == NULL) {
        return NULL;
    }
    ULONG Found = Header->Signature;
    ULONG Length = Header->Length;
    HalpUnmapVirtualAddress(Header, sizeof(DESCRIPTION_HEADER));
    if ((Signature != 0 && Found != Signature) || Length < sizeof(DESCRIPTION_HEADER) ||
        Length > TABLE_LIMIT) {
        return NULL;
    }
    Header = HalpMapMemory(Physical, Length);
    if (Header != NULL && !HalpChecksumValid(Header, Length)) {
        DbgPrint("HAL: table %.4s has a wrong checksum, ignored\n", (PCSTR)&Found);
        HalpUnmapVirtualAddress(Header, Length);
        return NULL;
    }
    return Header;
}

VOID HalpUnmapTable(_In_ PDESCRIPTION_HEADER Header) {
    HalpUnmapVirtualAddress(Header, Header->Length);
}

/* Seen has a bit for each entry of HalpTables that has been read. */
static VOID HalpReadTable(ULONG64 Physical, PULONG Seen) {
    PDESCRIPTION_HEADER Header = HalpMapTable(Physical, 0);
    if (Header == NULL) {
        return;
    }
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(HalpTables); Index++) {
        if (Header->Signature == HalpTables[Index].Signature && (*Seen & 1u << Index) == 0) {
            *Seen |= 1u << Index;
            HalpTables[Index].Read(Header);
        }
    }
    HalpUnmapTable(Header);
}

/* Checks the RSDP; returns the root table's address and the size of its pointers. */
static BOOLEAN HalpReadRsdp(ULONG64 Physical, PULONG64 Root, PULONG PointerSize) {
    PRSDP Rsdp = HalpMapMemory(Physical, sizeof(RSDP));
    BOOLEAN Valid = FALSE;
    if (Rsdp == NULL) {
        return FALSE;
    }
    ULONG64 Signature = (ULONG64)Rsdp->SignatureHigh << 32 | Rsdp->SignatureLow;
    ULONG64 Xsdt = (ULONG64)Rsdp->XsdtAddressHigh << 32 | Rsdp->XsdtAddressLow;
    if (Signature == SIGNATURE_RSDP && HalpChecksumValid(Rsdp, RSDP_LENGTH_V1)) {
        BOOLEAN Second = Rsdp->Revision >= 2 && Xsdt != 0 && Rsdp->Length == RSDP_LENGTH_V2 &&
                         HalpChecksumValid(Rsdp, RSDP_LENGTH_V2);
        *Root = Second ? Xsdt : Rsdp->RsdtAddress;
        *PointerSize = Second ? 8 : 4;
        Valid = TRUE;
    }
    HalpUnmapVirtualAddress(Rsdp, sizeof(RSDP));
    return Valid;
}

static VOID HalpReadRootTable(ULONG64 Physical, ULONG PointerSize) {
    PDESCRIPTION_HEADER Root =
        HalpMapTable(Physical, PointerSize == 8 ? ACPI_SIGNATURE('X', 'S', 'D', 'T')
                                                : ACPI_SIGNATURE('R', 'S', 'D', 'T'));
    if (Root == NULL) {
        return;
    }
    HalpAcpi.TablesValid = TRUE;
    PUCHAR Pointers = (PUCHAR)(Root + 1);
    ULONG Count = (Root->Length - (ULONG)sizeof(DESCRIPTION_HEADER)) / PointerSize;
    ULONG Seen = 0;
    if (Count > ROOT_LIMIT) {
        DbgPrint("HAL: the root table has %u entries, %u are read\n", Count, ROOT_LIMIT);
        Count = ROOT_LIMIT;
    }
    for (ULONG Index = 0; Index < Count; Index++) {
        PUCHAR Pointer = Pointers + (SIZE_T)Index * PointerSize;
        ULONG64 Table = *(ULONG __unaligned *)Pointer;
        if (PointerSize == 8) {
            Table |= (ULONG64) * (ULONG __unaligned *)(Pointer + 4) << 32;
        }
        HalpReadTable(Table, &Seen);
    }
    HalpUnmapTable(Root);
}

/* The calling processor's APIC id; all 32 bits if the processor reports them. */
static ULONG HalpInitialApicId(VOID) {
    ULONG Eax, Ebx, Ecx, Edx;
    HalpCpuid(1, &Eax, &Ebx, &Ecx, &Edx);
    ULONG Id = Ebx >> 24;
    HalpCpuid(0, &Eax, &Ebx, &Ecx, &Edx);
    if (Eax >= CPUID_TOPOLOGY) {
        HalpCpuid(CPUID_TOPOLOGY, &Eax, &Ebx, &Ecx, &Edx);
        Id = Ebx != 0 ? Edx : Id;
    }
    return Id;
}

VOID HalpInitializeAcpi(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock) {
    ULONG64 Rsdp = (ULONG64)LoaderBlock->Extension->AcpiTable.QuadPart;
    ULONG64 Root = 0;
    ULONG PointerSize = 0;

    HalpMemoryMap = &LoaderBlock->MemoryDescriptorListHead;
    HalpAcpi.ApicIds[0] = HalpInitialApicId();
    if (HalpReadRsdp(Rsdp, &Root, &PointerSize)) {
        HalpReadRootTable(Root, PointerSize);
    }
    if (!HalpAcpi.TablesValid) {
        DbgPrint("HAL: no valid ACPI tables (RSDP at %llx), defaults are used\n", Rsdp);
    }
}
