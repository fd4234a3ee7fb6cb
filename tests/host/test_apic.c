/*
 * The local APIC in both of its modes, over registers that write down what they are told: which
 * register, in which order, with which processor id. (No x2APIC under TCG of QEMU 7.2: this is
 * where that mode is tested.) The tests run in the order of the file: first xAPIC, which has no way
 * back. Sources: hal/apic.c
 */
#include "halmachine.h"

#include "host.h"

#define APIC_PHYSICAL 0xFEE00000ull

HAL_ACPI_FACTS HalpAcpi;

static ULONG Page[1024];
static BOOLEAN X2Apic, Absent, Unmapped;
static ULONG64 Base, Msrs[64]; /* 800h to 83Fh */
static char Trace[1000];       /* "register=value " of each write */
static ULONG PendingReads;     /* how often the interrupt command is still under way */

static void Note(const char *Format, ULONG64 Register, ULONG64 Value) {
    size_t Used = strlen(Trace);
    snprintf(Trace + Used, sizeof(Trace) - Used, Format, Register, Value);
}
static PVOID Map(ULONG64 Physical, SIZE_T Length) {
    CHECK(Physical == APIC_PHYSICAL && Length == PAGE_SIZE);
    return Unmapped ? NULL : Page;
}
static ULONG ReadRegister(const volatile ULONG *Register) {
    ULONG Number = (ULONG)((const UCHAR *)Register - (UCHAR *)Page);
    if (Number == 0x300 && PendingReads != 0) {
        PendingReads--;
        return 0x1000;
    }
    return *Register;
}
static void WriteRegister(volatile ULONG *Register, ULONG Value) {
    Note("%llx=%llx ", (ULONG64)((UCHAR *)Register - (UCHAR *)Page), Value);
    CHECK(PendingReads == 0);
    *Register = Value;
}
static ULONG64 ReadMsr(ULONG Register) {
    return Register == 0x1B ? Base : Msrs[Register - 0x800];
}
static void WriteMsr(ULONG Register, ULONG64 Value) {
    Note("%llx=%llx ", Register, Value);
    if (Register == 0x1B)
        Base = Value;
    else
        Msrs[Register - 0x800] = Value;
}
static void Cpuid(ULONG Leaf, ULONG Registers[4]) {
    Registers[2] = Leaf == 1 && X2Apic ? 1u << 21 : 0;
    Registers[3] = Leaf == 1 && !Absent ? 1u << 9 : 0;
}

static void Prepare(void) {
    Machine.Map = Map;
    Machine.ReadRegister = ReadRegister;
    Machine.WriteRegister = WriteRegister;
    Machine.ReadMsr = ReadMsr;
    Machine.WriteMsr = WriteMsr;
    Machine.Cpuid = Cpuid;
    HalpAcpi = (HAL_ACPI_FACTS){
        .ProcessorCount = 4, .NmiInput = 1, .TablesValid = TRUE, .ApicIds = {2, 0, 6, 9}};
    Base = APIC_PHYSICAL | 0x100;
    Page[0x20 / 4] = 2u << 24;
    Msrs[2] = 2;
    Trace[0] = 0;
}

TEST(NoApicIsABugCheck) {
    Prepare();
    Absent = TRUE;
    CHECK(BugCheckOf(HalpInitializeLocalApic) == 0x5C && MachineBugCheckParameter == 1);
    Absent = FALSE;
    Unmapped = TRUE;
    CHECK(BugCheckOf(HalpInitializeLocalApic) == 0x5C && MachineBugCheckParameter == 2);
    Unmapped = FALSE;
}

/* Spurious vector and enable bit; timer, LINT0 and errors masked; NMI at LINT1; an EOI. */
TEST(XApicStart) {
    Prepare();
    HalpInitializeLocalApic();
    CHECK(!strcmp(Trace, "1b=fee00900 f0=1df 320=100d1 350=10000 360=400 370=100e3 b0=0 "));
    HalpAcpi.NmiInput = 0;
    HalpAcpi.NmiActiveLow = TRUE;
    HalpInitializeLocalApic();
    CHECK(Page[0x350 / 4] == 0x2400 && Page[0x360 / 4] == 0x10000);
    CHECK(!strcmp(HalpApicName(), "xAPIC"));
}

TEST(XApicIds) {
    Prepare();
    CHECK_EQ(HalQueryLocalApicId(), 2);
    CHECK(HalpApicIdUsable(0) && HalpApicIdUsable(0xFE));
    CHECK(!HalpApicIdUsable(0xFF) && !HalpApicIdUsable(0x100));
}

/* The receiver before the command, and neither while the last one is under way. */
TEST(XApicCommands) {
    Prepare();
    PendingReads = 5;
    HalRequestIpi(1ull << 2);
    CHECK(!strcmp(Trace, "310=6000000 300=40e1 "));
    Trace[0] = 0;
    HalRequestIpi(1ull << 1 | 1ull << 3);
    CHECK(!strcmp(Trace, "310=0 300=40e1 310=9000000 300=40e1 "));
    Trace[0] = 0;
    PendingReads = 3;
    HalRequestSoftwareInterrupt(2);
    CHECK(!strcmp(Trace, "300=4402f "));
    Trace[0] = 0;
    HalSendNMI(1ull << 3);
    HalpSendInit(3);
    HalpSendStartup(3, 0x9F);
    CHECK(!strcmp(Trace, "310=9000000 300=4400 310=9000000 300=4500 310=9000000 300=469f "));
    Trace[0] = 0;
    HalEndSystemInterrupt();
    HalRequestIpi(0);
    HalRequestIpi(1ull << 4); /* there is no such processor */
    CHECK(!strcmp(Trace, "b0=0 "));
}

/* One command for all others: only if these are all that the machine has, and all run. */
TEST(XApicAllButSelf) {
    Prepare();
    HalpNoteStarted(0);
    HalpNoteStarted(1);
    HalpNoteStarted(3);
    HalRequestIpi(0xE);
    CHECK(!strstr(Trace, "c40e1")); /* the third does not run yet */
    HalpNoteStarted(2);
    CHECK_EQ(HalpStartedProcessors(), 15);
    Trace[0] = 0;
    HalRequestIpi(0xE);
    CHECK(!strcmp(Trace, "310=0 300=c40e1 "));
    Trace[0] = 0;
    HalSendNMI(0xE);
    CHECK(!strcmp(Trace, "310=0 300=c4400 "));
    Trace[0] = 0;
    HalRequestIpi(0xF); /* the calling one, too */
    HalRequestIpi(0x6); /* not all */
    HalRequestIpi(0xD); /* all but another one */
    HalpAcpi.ProcessorsLeftOut = TRUE;
    HalRequestIpi(0xE);
    CHECK(!strstr(Trace, "=c40e1"));
}

/* First enabled, then switched over; the same registers at 800h and up. */
TEST(X2ApicStart) {
    Prepare();
    X2Apic = TRUE;
    HalpInitializeLocalApic();
    CHECK(!strcmp(Trace, "1b=fee00900 1b=fee00d00 80f=1df 832=100d1 835=10000 836=400 837=100e3 "
                         "80b=0 "));
    CHECK(!strcmp(HalpApicName(), "x2APIC"));
    Trace[0] = 0;
    HalpInitializeLocalApic(); /* as on a processor that the firmware has left in this mode */
    CHECK(!strncmp(Trace, "1b=fee00d00 1b=fee00d00 ", 24));
}

TEST(X2ApicIds) {
    Prepare();
    Msrs[2] = 0x12345;
    CHECK_EQ(HalQueryLocalApicId(), 0x12345);
    CHECK(HalpApicIdUsable(0xFF) && HalpApicIdUsable(0x12345) && !HalpApicIdUsable(0xFFFFFFFF));
}

/* One write, the id in its upper half, all 32 bits of it. */
TEST(X2ApicCommands) {
    Prepare();
    HalpAcpi.ApicIds[3] = 0x12345;
    HalRequestIpi(1ull << 3);
    CHECK(!strcmp(Trace, "830=12345000040e1 "));
    Trace[0] = 0;
    HalRequestSoftwareInterrupt(2);
    HalEndSystemInterrupt();
    HalpSendInit(2);
    HalpSendStartup(2, 0x9F);
    CHECK(!strcmp(Trace, "83f=2f 80b=0 830=600004500 830=60000469f "));
    Trace[0] = 0;
    HalRequestIpi(0xE);
    CHECK(!strcmp(Trace, "830=c40e1 "));
    CHECK_EQ(HalpApicRead(0x20), 2);
}
