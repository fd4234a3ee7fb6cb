/*
 * The firmware's tables: a whole set, and every way of damaging one. Memory is a block of bytes; a
 * mapping is a copy on the heap of exactly the bytes that were asked for, so that a read behind a
 * table's end, and a mapping that is never given back, are caught by the sanitizers.
 * Sources: hal/acpi.c hal/madt.c hal/fadt.c hal/aml.c
 */
#include "halmachine.h"

#include "host.h"

#define MEMORY_BASE 0x7E0000u
#define MEMORY_SIZE 0x8000u
#define RSDP_AT     0x0100u
#define XSDT_AT     0x0200u
#define MADT_AT     0x1000u
#define FADT_AT     0x2000u
#define HPET_AT     0x3000u
#define MCFG_AT     0x4000u
#define DSDT_AT     0x5010u
#define END_AT      (MEMORY_SIZE - 64) /* the last table ends where memory does */

static UCHAR Memory[MEMORY_SIZE];
static ULONG Mappings, Mapped;
static BOOLEAN X2Apic;

/* What the MADT told. */
static struct {
    ULONG64 Address;
    ULONG FirstLine;
} IoApics[8];
static ULONG IoApicCount;
static struct {
    ULONG Irq, Line, Flags;
} Overrides[8];
static ULONG OverrideCount;

VOID HalpAddIoApic(ULONG64 Address, ULONG FirstLine) {
    if (IoApicCount < 8) {
        IoApics[IoApicCount].Address = Address;
        IoApics[IoApicCount++].FirstLine = FirstLine;
    }
}
VOID HalpOverrideIsaLine(ULONG Irq, ULONG Line, USHORT Flags) {
    if (OverrideCount < 8) {
        Overrides[OverrideCount].Irq = Irq;
        Overrides[OverrideCount].Line = Line;
        Overrides[OverrideCount++].Flags = Flags;
    }
}
BOOLEAN HalpApicIdUsable(ULONG ApicId) {
    return ApicId < 0xFF || (X2Apic && ApicId != 0xFFFFFFFF);
}

static PVOID Map(ULONG64 Physical, SIZE_T Length) {
    UCHAR *Copy = malloc(Length);
    CHECK(Physical >= MEMORY_BASE && Physical + Length <= MEMORY_BASE + MEMORY_SIZE);
    memcpy(Copy, Memory + (Physical - MEMORY_BASE), Length);
    Mappings++;
    Mapped++;
    return Copy;
}
static void Unmap(PVOID Virtual, SIZE_T Length) {
    (void)Length;
    Mapped--;
    free(Virtual);
}
static void Cpuid(ULONG Leaf, ULONG Registers[4]) {
    Registers[1] = Leaf == 1 ? 7u << 24 : 0; /* the boot processor's id is 7 */
}

static UCHAR *At(ULONG Offset) {
    return Memory + Offset;
}
static void Put(ULONG Offset, ULONG64 Value, ULONG Bytes) {
    for (ULONG i = 0; i < Bytes; i++)
        Memory[Offset + i] = (UCHAR)(Value >> (8 * i));
}
static void Sum(ULONG Offset, ULONG Length, ULONG Field) {
    UCHAR Total = 0;
    Memory[Offset + Field] = 0;
    for (ULONG i = 0; i < Length; i++)
        Total = (UCHAR)(Total + Memory[Offset + i]);
    Memory[Offset + Field] = (UCHAR)-Total;
}
static void Header(ULONG Offset, const char *Signature, ULONG Length) {
    memcpy(At(Offset), Signature, 4);
    Put(Offset + 4, Length, 4);
}
static void SumTable(ULONG Offset) {
    ULONG Length = *(ULONG *)At(Offset + 4);
    if (Length >= 36 && Length <= MEMORY_SIZE - Offset)
        Sum(Offset, Length, 9);
}

static const UCHAR GoodMadt[] = {
    0,    8,  0,    7,  1,  0,    0,    0,                              /* the boot processor */
    0,    8,  1,    3,  1,  0,    0,    0,                              /* */
    0,    8,  2,    9,  0,  0,    0,    0,                              /* not enabled */
    9,    16, 0,    0,  3,  0,    0,    0,    1,   0, 0, 0, 1, 0, 0, 0, /* id 3 again */
    9,    16, 0,    0,  44, 1,    0,    0,    1,   0, 0, 0, 5, 0, 0, 0, /* id 300 */
    1,    12, 0,    0,  0,  0,    0xC0, 0xFE, 0,   0, 0, 0,             /* I/O APIC, line 0 */
    1,    12, 1,    0,  0,  0x10, 0xC0, 0xFE, 24,  0, 0, 0,             /* and line 24 */
    2,    10, 0,    0,  2,  0,    0,    0,    0,   0,                   /* IRQ 0 is line 2 */
    2,    10, 1,    9,  5,  0,    0,    0,    0,   0,                   /* of another bus */
    2,    10, 0,    9,  9,  0,    0,    0,    0xD, 0,                   /* IRQ 9: level, high */
    4,    6,  0xFF, 3,  0,  0,                                          /* NMI is LINT0, low */
    0x7F, 4,  1,    2,                                                  /* of a type to come */
    0,    8,  5,    12, 1,  0,    0,    0,                              /* and behind it */
};

static void BuildMadt(const UCHAR *Entries, ULONG Length) {
    memset(At(MADT_AT), 0, 0x1000);
    Header(MADT_AT, "APIC", 44 + Length);
    Put(MADT_AT + 36, 0xFEE00000, 4);
    memcpy(At(MADT_AT + 44), Entries, Length);
    SumTable(MADT_AT);
}

static void BuildFadt(void) {
    static const UCHAR S5[] = {8, '_', 'S', '5', '_', 0x12, 6, 4, 0xA, 5, 0xA, 6};
    Header(FADT_AT, "FACP", sizeof(FADT));
    PFADT Fadt = (PFADT)At(FADT_AT);
    Fadt->dsdt = 0x1234; /* the wide one counts */
    Fadt->x_dsdt = MEMORY_BASE + DSDT_AT;
    Fadt->smi_cmd_io_port = 0xB2;
    Fadt->acpi_on_value = 2;
    Fadt->pm1a_ctrl_blk_io_port = 0xB004;
    Fadt->x_pm1b_ctrl_blk = (GEN_ADDR){.AddressSpaceID = 1, .Address = 0xB014};
    Fadt->pm_tmr_len = 4;
    Fadt->x_pm_tmr_blk = (GEN_ADDR){.AddressSpaceID = 1, .Address = 0xB008};
    Fadt->century_alarm_index = 0x32;
    Fadt->flags = 0x500;
    Fadt->reset_reg = (GEN_ADDR){.AddressSpaceID = 1, .Address = 0xCF9};
    Fadt->reset_val = 15;
    Header(DSDT_AT, "DSDT", 36 + sizeof(S5));
    memcpy(At(DSDT_AT + 36), S5, sizeof(S5));
    SumTable(DSDT_AT);
    SumTable(FADT_AT);
}

static void BuildRoot(ULONG Count, const ULONG64 *Tables) {
    Header(XSDT_AT, "XSDT", 36 + 8 * Count);
    for (ULONG i = 0; i < Count; i++)
        Put(XSDT_AT + 36 + 8 * i, Tables[i], 8);
    SumTable(XSDT_AT);
    memcpy(At(RSDP_AT), "RSD PTR ", 8);
    Put(RSDP_AT + 15, 2, 1);
    Put(RSDP_AT + 20, 36, 4);
    Put(RSDP_AT + 24, MEMORY_BASE + XSDT_AT, 8);
    Sum(RSDP_AT, 20, 8);
    Sum(RSDP_AT, 36, 32);
}

static const ULONG64 GoodTables[] = {MEMORY_BASE + FADT_AT, MEMORY_BASE + MADT_AT,
                                     MEMORY_BASE + HPET_AT, MEMORY_BASE + MCFG_AT};

static void Build(void) {
    memset(Memory, 0, sizeof(Memory));
    BuildMadt(GoodMadt, sizeof(GoodMadt));
    BuildFadt();
    Header(HPET_AT, "HPET", sizeof(HPET_TABLE));
    Put(HPET_AT + 44, 0xFED00000, 8);
    SumTable(HPET_AT);
    Header(MCFG_AT, "MCFG", 44 + 32);
    Put(MCFG_AT + 44, 0xC0000000, 8);
    Put(MCFG_AT + 52, 1, 2); /* another segment group */
    Put(MCFG_AT + 60, 0xB0000000, 8);
    Put(MCFG_AT + 71, 0xFF, 1);
    SumTable(MCFG_AT);
    BuildRoot(4, GoodTables);
}

/* Two runs side by side, so that a table may cross from one to the other; below them a bad one. */
static void ReadTables(void) {
    static MEMORY_ALLOCATION_DESCRIPTOR Runs[3] = {
        {.MemoryType = LoaderBad, .BasePage = 0x100, .PageCount = 0x100},
        {.MemoryType = LoaderAcpiTables, .BasePage = MEMORY_BASE >> 12, .PageCount = 2},
        {.MemoryType = LoaderFirmwarePermanent,
         .BasePage = (MEMORY_BASE >> 12) + 2,
         .PageCount = (MEMORY_SIZE >> 12) - 2},
    };
    static LOADER_PARAMETER_EXTENSION Extension;
    static LOADER_PARAMETER_BLOCK Block = {.Extension = &Extension};
    PLIST_ENTRY Head = &Block.MemoryDescriptorListHead;
    Head->Flink = Head->Blink = Head;
    for (ULONG i = 0; i < 3; i++) {
        Runs[i].ListEntry = (LIST_ENTRY){.Flink = Head, .Blink = Head->Blink};
        Head->Blink->Flink = &Runs[i].ListEntry;
        Head->Blink = &Runs[i].ListEntry;
    }
    Extension.AcpiTable.QuadPart = MEMORY_BASE + RSDP_AT;
    HalpAcpi = (HAL_ACPI_FACTS){.ProcessorCount = 1, .NmiInput = 1};
    Machine.Map = Map;
    Machine.Unmap = Unmap;
    Machine.Cpuid = Cpuid;
    IoApicCount = OverrideCount = Mappings = Mapped = 0;
    MachineLog[0] = 0;
    HalpInitializeAcpi(&Block);
    CHECK_EQ(Mapped, 0);
}

/* What must hold whatever the tables say. */
static void CheckSane(void) {
    CHECK(HalpAcpi.ProcessorCount >= 1 && HalpAcpi.ProcessorCount <= HAL_MAXIMUM_PROCESSORS);
    for (ULONG i = 0; i < HalpAcpi.ProcessorCount; i++)
        for (ULONG j = 0; j < i; j++)
            CHECK(HalpAcpi.ApicIds[i] != HalpAcpi.ApicIds[j]);
    CHECK(HalpAcpi.ApicIds[0] == 7);
    CHECK(HalpAcpi.NmiInput <= 1 && HalpAcpi.CenturyRegister < 0x80);
    CHECK(!HalpAcpi.SleepTypeValid || (HalpAcpi.SleepTypeA < 8 && HalpAcpi.SleepTypeB < 8));
    CHECK(HalpAcpi.PciAddress == 0 || HalpAcpi.PciFirstBus <= HalpAcpi.PciLastBus);
}

TEST(WholeTables) {
    Build();
    X2Apic = TRUE;
    ReadTables();
    CheckSane();
    CHECK(HalpAcpi.TablesValid && !HalpAcpi.ProcessorsLeftOut);
    CHECK_EQ(HalpAcpi.ProcessorCount, 4);
    CHECK(HalpAcpi.ApicIds[1] == 3 && HalpAcpi.ApicIds[2] == 300 && HalpAcpi.ApicIds[3] == 12);
    CHECK(IoApicCount == 2 && IoApics[0].Address == 0xFEC00000 && IoApics[0].FirstLine == 0);
    CHECK(IoApics[1].Address == 0xFEC01000 && IoApics[1].FirstLine == 24);
    CHECK(OverrideCount == 2 && Overrides[0].Irq == 0 && Overrides[0].Line == 2);
    CHECK(Overrides[1].Irq == 9 && Overrides[1].Line == 9 && Overrides[1].Flags == 0xD);
    CHECK(HalpAcpi.NmiInput == 0 && HalpAcpi.NmiActiveLow);
    CHECK(HalpAcpi.Pm1aControlPort == 0xB004 && HalpAcpi.Pm1bControlPort == 0xB014);
    CHECK(HalpAcpi.PmTimerPort == 0xB008 && HalpAcpi.PmTimer32Bit);
    CHECK(HalpAcpi.SmiCommandPort == 0xB2 && HalpAcpi.AcpiEnableValue == 2);
    CHECK(HalpAcpi.CenturyRegister == 0x32);
    CHECK(HalpAcpi.ResetRegisterValid && HalpAcpi.ResetRegister.Address == 0xCF9 &&
          HalpAcpi.ResetValue == 15);
    CHECK(HalpAcpi.SleepTypeValid && HalpAcpi.SleepTypeA == 5 && HalpAcpi.SleepTypeB == 6);
    CHECK_EQ(HalpAcpi.HpetAddress, 0xFED00000);
    CHECK(HalpAcpi.PciAddress == 0xB0000000 && HalpAcpi.PciLastBus == 0xFF);
}

TEST(WideApicIdNeedsX2Apic) {
    Build();
    X2Apic = FALSE;
    ReadTables();
    CHECK(HalpAcpi.ProcessorCount == 3 && HalpAcpi.ProcessorsLeftOut);
    CHECK(HalpAcpi.ApicIds[1] == 3 && HalpAcpi.ApicIds[2] == 12);
}

/* RSDT instead of XSDT: old firmware, or an extended checksum that is wrong. */
TEST(OldRoot) {
    for (ULONG Old = 0; Old < 2; Old++) {
        Build();
        Header(XSDT_AT + 0x200, "RSDT", 36 + 4);
        Put(XSDT_AT + 0x200 + 36, MEMORY_BASE + HPET_AT, 4);
        SumTable(XSDT_AT + 0x200);
        Put(RSDP_AT + 16, MEMORY_BASE + XSDT_AT + 0x200, 4);
        Put(RSDP_AT + 15, Old ? 0 : 2, 1);
        Sum(RSDP_AT, 20, 8);
        Memory[RSDP_AT + 32] ^= 1;
        ReadTables();
        CHECK(HalpAcpi.TablesValid && HalpAcpi.HpetAddress == 0xFED00000 && IoApicCount == 0);
    }
}

/* One bit anywhere in a table: its sum is wrong, and what it says does not count. */
TEST(EachDamagedByteCostsItsTable) {
    static const struct {
        ULONG At, Length;
    } Parts[] = {{MADT_AT, 44 + sizeof(GoodMadt)},
                 {FADT_AT, sizeof(FADT)},
                 {HPET_AT, 56},
                 {MCFG_AT, 76},
                 {XSDT_AT, 36 + 32},
                 {RSDP_AT, 20}};
    for (ULONG Part = 0; Part < 6; Part++) {
        for (ULONG Byte = 0; Byte < Parts[Part].Length; Byte++) {
            Build();
            Memory[Parts[Part].At + Byte] ^= 0x10;
            ReadTables();
            CheckSane();
            CHECK_EQ(HalpAcpi.ProcessorCount > 1, Part >= 1 && Part <= 3);
            CHECK_EQ(HalpAcpi.Pm1aControlPort != 0, Part != 1 && Part < 4);
            CHECK_EQ(HalpAcpi.HpetAddress != 0, Part != 2 && Part < 4);
            CHECK_EQ(HalpAcpi.PciAddress != 0, Part != 3 && Part < 4);
        }
    }
}

TEST(LengthsThatCannotBe) {
    static const ULONG Lengths[] = {0,  1,           35,       36,       43,
                                    45, MEMORY_SIZE, 0x100000, 0x100001, 0xFFFFFFFF};
    static const ULONG Tables[] = {MADT_AT, FADT_AT, HPET_AT, MCFG_AT, XSDT_AT, DSDT_AT};
    for (ULONG Table = 0; Table < 6; Table++) {
        for (ULONG i = 0; i < RTL_NUMBER_OF(Lengths); i++) {
            Build();
            Put(Tables[Table] + 4, Lengths[i], 4);
            SumTable(Tables[Table]);
            ReadTables();
            CheckSane();
        }
    }
}

/* An entry of no length, of one byte, too short for its type, or longer than the table: what came
   before it counts, nothing behind it. */
TEST(MadtEntriesThatCannotBe) {
    static const UCHAR Bad[][2] = {{0, 0},  {0, 1}, {0, 7},   {1, 11},   {2, 9},
                                   {9, 15}, {4, 5}, {10, 11}, {0x55, 0}, {0x55, 255}};
    for (ULONG i = 0; i < RTL_NUMBER_OF(Bad); i++) {
        UCHAR Entries[] = {0, 8, 1, 3, 1, 0, 0, 0, Bad[i][0], Bad[i][1], 0, 0,
                           0, 0, 0, 0, 0, 8, 2, 4, 1,         0,         0, 0};
        Build();
        BuildMadt(Entries, sizeof(Entries));
        ReadTables();
        CHECK(HalpAcpi.ProcessorCount == 2 && HalpAcpi.ApicIds[1] == 3);
        CHECK(strstr(MachineLog, "the rest is ignored"));
    }
}

TEST(MadtCutAnywhere) {
    for (ULONG Length = 0; Length <= sizeof(GoodMadt); Length++) {
        Build();
        BuildMadt(GoodMadt, Length);
        ReadTables();
        CheckSane();
    }
}

TEST(MoreProcessorsThanCanBe) {
    static UCHAR Entries[100 * 8];
    for (ULONG i = 0; i < 100; i++) {
        UCHAR Entry[8] = {0, 8, (UCHAR)i, (UCHAR)(i + 10), 1};
        memcpy(Entries + 8 * i, Entry, 8);
    }
    Build();
    BuildMadt(Entries, sizeof(Entries));
    ReadTables();
    CheckSane();
    CHECK(HalpAcpi.ProcessorCount == HAL_MAXIMUM_PROCESSORS && HalpAcpi.ProcessorsLeftOut);
}

/* The root names itself, the RSDP, a table three times, and pages where no memory is. */
TEST(LoopsAndRepetitions) {
    static const ULONG64 Tables[] = {MEMORY_BASE + XSDT_AT,
                                     MEMORY_BASE + RSDP_AT,
                                     MEMORY_BASE + MADT_AT,
                                     MEMORY_BASE + MADT_AT,
                                     MEMORY_BASE + MADT_AT,
                                     MEMORY_BASE + MEMORY_SIZE,
                                     MEMORY_BASE - 0x1000,
                                     0x100000,
                                     0,
                                     0xFFFFFFFFFFFFFFFF,
                                     0x3FFFFFFFFFFF,
                                     0x400000000000,
                                     MEMORY_BASE + MEMORY_SIZE - 8};
    Build();
    BuildRoot(RTL_NUMBER_OF(Tables), Tables);
    ReadTables();
    CheckSane();
    CHECK(IoApicCount == 2 && HalpAcpi.ProcessorCount == 3);
}

/* A table that says that it goes on behind the end of memory. */
TEST(TableOverTheEndOfMemory) {
    static const ULONG64 Tables[] = {MEMORY_BASE + END_AT};
    for (ULONG Length = 62; Length < 68; Length++) {
        Build();
        Header(END_AT, "HPET", Length);
        Put(END_AT + 44, 0xFED00000, 8);
        SumTable(END_AT);
        BuildRoot(1, Tables);
        ReadTables();
        CHECK_EQ(HalpAcpi.HpetAddress != 0, Length <= 64);
    }
}

TEST(EndlessRoot) {
    static ULONG64 Tables[400];
    for (ULONG i = 0; i < 400; i++)
        Tables[i] = MEMORY_BASE + DSDT_AT;
    Build();
    BuildRoot(400, Tables);
    ReadTables();
    CHECK(Mappings < 600 && strstr(MachineLog, "400 entries"));
}

TEST(NoRoot) {
    Build();
    memcpy(At(RSDP_AT), "RSD PTR_", 8);
    Sum(RSDP_AT, 20, 8);
    ReadTables();
    CHECK(!HalpAcpi.TablesValid && HalpAcpi.ProcessorCount == 1 && HalpAcpi.ApicIds[0] == 7);
    memset(Memory, 0xFF, sizeof(Memory));
    ReadTables();
    CHECK(!HalpAcpi.TablesValid);
}

/* Bytes changed at random, sums put right again: whatever it says, it is read within its bounds. */
TEST(TablesOfNonsense) {
    static const ULONG Tables[] = {MADT_AT, FADT_AT, HPET_AT, MCFG_AT, XSDT_AT, DSDT_AT};
    ULONG64 Seed = 0x9E3779B97F4A7C15;
    for (ULONG Round = 0; Round < 20000; Round++) {
        Build();
        for (ULONG Change = 0; Change < 6; Change++) {
            Seed = Seed * 6364136223846793005 + 1442695040888963407;
            ULONG Table = Tables[(Seed >> 40) % 6];
            ULONG Length = *(ULONG *)At(Table + 4) % 256 + 1;
            Memory[Table + (Seed >> 32) % Length] = (UCHAR)(Seed >> 56);
            SumTable(Table);
        }
        X2Apic = Round & 1;
        ReadTables();
        CheckSane();
    }
}
