/*
 * The I/O APIC code over two of them that are memory: what the MADT says about lines, what is
 * written into a redirection entry, and machines that have none.
 * Sources: hal/ioapic.c
 */
#include "halmachine.h"

static int Failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                 \
            Failures++;                                                                            \
        }                                                                                          \
    } while (0)

/* Two I/O APICs, each with an index register and its entries. */
#define IO_APICS 2
#define INPUTS   24
static ULONG Pages[4][1024];
static ULONG Entries[4][2 * INPUTS];
static ULONG64 Started = 1;
HAL_ACPI_FACTS HalpAcpi = {.ProcessorCount = 4, .ApicIds = {3, 5, 300, 9}};

ULONG64 HalpStartedProcessors(VOID) {
    return Started;
}

static PVOID MapPage(ULONG64 PhysicalAddress, SIZE_T Length) {
    (void)Length;
    return PhysicalAddress >= 0xFEC00000 && PhysicalAddress < 0xFEC04000
               ? Pages[(PhysicalAddress >> 12) & 3]
               : NULL;
}

static ULONG *Register(ULONG Page) {
    static ULONG Version;
    ULONG Index = Pages[Page][0];
    Version = 0x00170011;
    return Index == 1 ? &Version : &Entries[Page][(Index - 0x10) % (2 * INPUTS)];
}

static ULONG ReadIoApic(const volatile ULONG *Address) {
    ULONG Page = (ULONG)((const ULONG(*)[1024])Address - Pages);
    return Page == 3 ? ~0u : Address == &Pages[Page][4] ? *Register(Page) : *Address;
}

static void WriteIoApic(volatile ULONG *Address, ULONG Value) {
    ULONG Page = (ULONG)((ULONG(*)[1024])Address - Pages);
    if (Address == &Pages[Page][4])
        *Register(Page) = Value;
    else
        *Address = Value;
}

static ULONG VectorOf(INTERFACE_TYPE Bus, ULONG Line) {
    KIRQL Irql = 99;
    KAFFINITY Affinity = 99;
    ULONG Vector = HalGetInterruptVector(Bus, 0, Line, Line, &Irql, &Affinity);
    CHECK(Irql == Vector >> 4 && Affinity == (Vector != 0 ? Started & 0xB : 0));
    return Vector;
}

/* The low word of the entry of a line. */
static ULONG Enable(ULONG Vector, KINTERRUPT_MODE Mode, ULONG Line) {
    CHECK(HalEnableSystemInterrupt(Vector, (KIRQL)(Vector >> 4), Mode, 0));
    CHECK(Entries[Line / INPUTS][2 * (Line % INPUTS) + 1] == 3u << 24);
    return Entries[Line / INPUTS][2 * (Line % INPUTS)];
}

static void TestNone(void) {
    HalpInitializeIoApics();
    CHECK(VectorOf(Isa, 1) == 0);
    CHECK(!HalEnableSystemInterrupt(0x50, 5, Latched, 0));
    HalDisableSystemInterrupt(0x50, 5);
}

/* The third has lines of the first, the fourth is not there, the fifth cannot be mapped. */
static void TestEntries(void) {
    HalpAddIoApic(0xFEC00000, 0);
    HalpAddIoApic(0xFEC01000, INPUTS);
    HalpAddIoApic(0xFEC02000, INPUTS - 1);
    HalpAddIoApic(0xFEC03000, 2 * INPUTS);
    HalpAddIoApic(0xFED00000, 2 * INPUTS);
    HalpOverrideIsaLine(0, 2, 0);     /* the PIT */
    HalpOverrideIsaLine(9, 9, 0xD);   /* level, high */
    HalpOverrideIsaLine(10, 30, 0xF); /* level, low */
    HalpOverrideIsaLine(16, 5, 0xF);  /* no such IRQ */
    HalpOverrideIsaLine(11, 5000, 0); /* no such line */
    HalpInitializeIoApics();
    for (ULONG Page = 0; Page < IO_APICS; Page++)
        for (ULONG Input = 0; Input < INPUTS; Input++)
            CHECK(Entries[Page][2 * Input] == 0x10000);
    CHECK(Entries[2][0] == 0 && strstr(MachineLog, "fec02000") && strstr(MachineLog, "fec03000") &&
          strstr(MachineLog, "fed00000"));
}

static void TestVectors(void) {
    ULONG Keyboard = VectorOf(Isa, 1);
    CHECK(Keyboard == 0xB0 && VectorOf(Isa, 1) == Keyboard);
    CHECK(VectorOf(Isa, 4) == 0xA0);
    CHECK(VectorOf(Isa, 16) == 0 && VectorOf(PCIBus, 48) == 0 && VectorOf(PCIBus, 5000) == 0);
    CHECK(VectorOf(Eisa, 1) == 0 && VectorOf(InterfaceTypeUndefined, 1) == 0);
    CHECK(VectorOf(Isa, 10) == VectorOf(PCIBus, 30)); /* one line, two names */
}

static void TestRedirection(void) {
    CHECK(Enable(VectorOf(Isa, 1), Latched, 1) == VectorOf(Isa, 1));
    CHECK(Enable(VectorOf(Isa, 4), LevelSensitive, 4) == (VectorOf(Isa, 4) | 0x8000));
    CHECK(Enable(VectorOf(Isa, 0), Latched, 2) == VectorOf(Isa, 0));
    CHECK(Enable(VectorOf(Isa, 9), Latched, 9) == (VectorOf(Isa, 9) | 0x8000));
    CHECK(Enable(VectorOf(Isa, 10), Latched, 30) == (VectorOf(Isa, 10) | 0xA000));
    CHECK(Enable(VectorOf(PCIBus, 17), LevelSensitive, 17) == (VectorOf(PCIBus, 17) | 0xA000));
    HalDisableSystemInterrupt(VectorOf(Isa, 1), 0xB);
    CHECK(Entries[0][2] == (VectorOf(Isa, 1) | 0x10000));
    CHECK(!HalEnableSystemInterrupt(VectorOf(Isa, 1), 5, Latched, 0));
    CHECK(!HalEnableSystemInterrupt(0xBF, 0xB, Latched, 0));
    CHECK(!HalEnableSystemInterrupt(300, 18, 0, 0));
}

/* The APIC id of the processor that a line is sent to. */
static ULONG Target(ULONG Processor) {
    CHECK(HalEnableSystemInterrupt(VectorOf(Isa, 4), (KIRQL)(VectorOf(Isa, 4) >> 4), Latched,
                                   Processor));
    return Entries[0][2 * 4 + 1] >> 24;
}

/* By number, not by APIC id; not one that does not run, nor one whose id has more than 8 bits. */
static void TestTargets(void) {
    Started = 7;
    CHECK(Target(0) == 3 && Target(1) == 5);
    CHECK(Target(2) == 3 && Target(3) == 3 && Target(64) == 3);
    Started = 15;
    CHECK(Target(3) == 9);
    Started = 1;
}

/* Every line gets a vector of its own; none ends in Fh, none leaves the devices' levels. */
static void TestAllLines(void) {
    UCHAR Seen[256] = {0};
    for (ULONG Line = 0; Line < 48; Line++) {
        ULONG Vector = VectorOf(PCIBus, Line);
        CHECK(Vector >= 0x50 && Vector < 0xC0 && (Vector & 0xF) != 0xF && !Seen[Vector]);
        Seen[Vector] = 1;
    }
}

int main(void) {
    Machine.Map = MapPage;
    Machine.ReadRegister = ReadIoApic;
    Machine.WriteRegister = WriteIoApic;
    TestNone();
    TestEntries();
    TestVectors();
    TestRedirection();
    TestTargets();
    TestAllLines();
    return Failures != 0;
}
