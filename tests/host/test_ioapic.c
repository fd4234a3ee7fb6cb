/*
 * The I/O APIC code over a page of plain memory: what the MADT says about lines, what is written
 * into a redirection entry, and machines that have none.
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

/* Index register and data window, as two words that remember what was written last. Read through
   the window, the word is the version register: 24 inputs. */
static ULONG Page[1024];
HAL_ACPI_FACTS HalpAcpi = {.ProcessorCount = 1, .ApicIds = {3}};

static PVOID MapPage(ULONG64 PhysicalAddress, SIZE_T Length) {
    (void)PhysicalAddress;
    (void)Length;
    Page[4] = 0x00170011;
    return Page;
}

static void NoteOverride(UCHAR Source, UCHAR Line, UCHAR Flags) {
    UCHAR Entry[10] = {2, 10, 0, Source, Line, 0, 0, 0, Flags, 0};
    HalpNoteMadtEntry(Entry);
}

static ULONG VectorOf(INTERFACE_TYPE Bus, ULONG Line) {
    KIRQL Irql = 99;
    KAFFINITY Affinity = 99;
    ULONG Vector = HalGetInterruptVector(Bus, 0, Line, Line, &Irql, &Affinity);
    CHECK(Irql == Vector >> 4 && Affinity == (Vector != 0));
    return Vector;
}

/* The entry's low word, and that it was written to the input's register. */
static ULONG Enable(ULONG Vector, KINTERRUPT_MODE Mode, ULONG Input) {
    CHECK(HalEnableSystemInterrupt(Vector, (KIRQL)(Vector >> 4), Mode));
    CHECK(Page[0] == 0x10 + 2 * Input);
    return Page[4];
}

static void TestNone(void) {
    HalpInitializeIoApics();
    CHECK(VectorOf(Isa, 1) == 0);
    CHECK(!HalEnableSystemInterrupt(0x50, 5, Latched));
    HalDisableSystemInterrupt(0x50, 5);
}

static void TestEntries(void) {
    static const UCHAR IoApic[12] = {1, 12, 0, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0};
    static const UCHAR Short[8] = {1, 8, 0, 0, 0, 0, 0xC0, 0xFE};
    HalpNoteMadtEntry(Short);
    HalpNoteMadtEntry(IoApic);
    NoteOverride(0, 2, 0);     /* the PIT */
    NoteOverride(9, 9, 0xD);   /* level, high */
    NoteOverride(10, 20, 0xF); /* level, low */
    NoteOverride(16, 5, 0xF);  /* no such IRQ */
    HalpInitializeIoApics();
}

static void TestVectors(void) {
    ULONG Keyboard = VectorOf(Isa, 1);
    CHECK(Keyboard == 0xB0 && VectorOf(Isa, 1) == Keyboard);
    CHECK(VectorOf(Isa, 4) == 0xA0);
    CHECK(VectorOf(Isa, 16) == 0 && VectorOf(PCIBus, 24) == 0 && VectorOf(PCIBus, 5000) == 0);
    CHECK(VectorOf(Eisa, 1) == 0 && VectorOf(InterfaceTypeUndefined, 1) == 0);
    CHECK(VectorOf(Isa, 10) == VectorOf(PCIBus, 20)); /* one line, two names */
}

static void TestRedirection(void) {
    CHECK(Enable(VectorOf(Isa, 1), Latched, 1) == VectorOf(Isa, 1));
    CHECK(Enable(VectorOf(Isa, 4), LevelSensitive, 4) == (VectorOf(Isa, 4) | 0x8000));
    CHECK(Enable(VectorOf(Isa, 0), Latched, 2) == VectorOf(Isa, 0));
    CHECK(Enable(VectorOf(Isa, 9), Latched, 9) == (VectorOf(Isa, 9) | 0x8000));
    CHECK(Enable(VectorOf(Isa, 10), Latched, 20) == (VectorOf(Isa, 10) | 0xA000));
    CHECK(Enable(VectorOf(PCIBus, 17), LevelSensitive, 17) == (VectorOf(PCIBus, 17) | 0xA000));
    HalDisableSystemInterrupt(VectorOf(Isa, 1), 0xB);
    CHECK(Page[0] == 0x12 && (Page[4] & 0x10000));
    CHECK(!HalEnableSystemInterrupt(VectorOf(Isa, 1), 5, Latched));
    CHECK(!HalEnableSystemInterrupt(0xBF, 0xB, Latched) && !HalEnableSystemInterrupt(300, 18, 0));
}

/* Every line gets a vector of its own; none ends in Fh, none leaves the devices' levels. */
static void TestAllLines(void) {
    UCHAR Seen[256] = {0};
    for (ULONG Line = 0; Line < 24; Line++) {
        ULONG Vector = VectorOf(PCIBus, Line);
        CHECK(Vector >= 0x50 && Vector < 0xC0 && (Vector & 0xF) != 0xF && !Seen[Vector]);
        Seen[Vector] = 1;
    }
}

int main(void) {
    Machine.Map = MapPage;
    TestNone();
    TestEntries();
    TestVectors();
    TestRedirection();
    TestAllLines();
    return Failures != 0;
}
