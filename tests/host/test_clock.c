/*
 * Clocks on machines of any speed: what is measured with which reference, the performance counter
 * over the TSC and the HPET, and both ways to ask for a clock interrupt. Time passes by reading it:
 * each access to anything takes 100 ns.
 * Sources: hal/calibrate.c hal/hpet.c hal/counter.c hal/timer.c
 */
#include "halmachine.h"

#include "host.h"

HAL_ACPI_FACTS HalpAcpi;

static ULONG64 Time; /* ns */
static ULONG64 TscHz, ApicHz, HpetHz;
static BOOLEAN PmRuns, PitRuns, Hypervisor, Invariant, Deadline, PlatformClock, Hpet32Bit;
static ULONG HpetPage[256];
static ULONG ApicInitial, ApicTimerEntry;
static ULONG64 ApicStarted, DeadlineMsr;
static UCHAR PitLatched[2], PitNext;
static ULONG64 HpetOffset;

static ULONG64 Ticks(ULONG64 Hz) {
    return (ULONG64)((unsigned __int128)Time * Hz / 1000000000);
}
static void Pass(void) {
    Time += 100;
}

PCSTR HalQueryLoadOption(PCSTR Name) {
    return PlatformClock && !strcmp(Name, "USEPLATFORMCLOCK") ? "" : NULL;
}
static ULONG64 ReadTsc(void) {
    Pass();
    return Ticks(TscHz) + 5000000;
}
VOID HalpApicWrite(ULONG Register, ULONG Value) {
    Pass();
    if (Register == APIC_TIMER_INITIAL) {
        ApicInitial = Value;
        ApicStarted = Ticks(ApicHz);
    } else if (Register == APIC_LVT_TIMER) {
        ApicTimerEntry = Value;
    }
}
ULONG HalpApicRead(ULONG Register) {
    Pass();
    CHECK(Register == APIC_TIMER_CURRENT);
    return ApicInitial - (ULONG)(Ticks(ApicHz) - ApicStarted);
}
static void WriteMsr(ULONG Register, ULONG64 Value) {
    CHECK(Register == 0x6E0);
    DeadlineMsr = Value;
}
static ULONG ReadPort(USHORT Port, ULONG Bytes) {
    Pass();
    if (Port == 0x608 && Bytes == 4)
        return (ULONG)(PmRuns ? Ticks(3579545) : 77) & (HalpAcpi.PmTimer32Bit ? ~0u : 0xFFFFFF);
    if (Port == 0x42)
        return PitRuns ? PitLatched[PitNext++ & 1] : 0xFF;
    return 0xFF;
}
static void WritePort(USHORT Port, ULONG Bytes, ULONG Value) {
    CHECK(Bytes == 1);
    if (Port == 0x43 && Value == 0x80) {
        ULONG Count = 0xFFFF - (ULONG)Ticks(1193182);
        PitLatched[0] = (UCHAR)Count;
        PitLatched[1] = (UCHAR)(Count >> 8);
        PitNext = 0;
    }
}
static PVOID Map(ULONG64 Physical, SIZE_T Length) {
    CHECK(Physical == 0xFED00000 && Length == 0x400);
    return HpetPage;
}
static ULONG ReadRegister(const volatile ULONG *Register) {
    ULONG64 Now = HpetOffset + Ticks(HpetHz);
    ULONG Number = (ULONG)((const UCHAR *)Register - (UCHAR *)HpetPage);
    Pass();
    if (Number == 0)
        return 0x80860001 | (Hpet32Bit ? 0 : 0x2000);
    if (Number == 4)
        return HpetHz ? (ULONG)(1000000000000000 / HpetHz) : 0;
    return Number == 0xF0 ? (ULONG)Now : Number == 0xF4 ? (ULONG)(Now >> 32) : *Register;
}
static void Cpuid(ULONG Leaf, ULONG Registers[4]) {
    Registers[0] = Leaf == 0x80000000 ? 0x80000008 : 0;
    Registers[2] = Leaf == 1 ? (Hypervisor ? 1u << 31 : 0) | (Deadline ? 1u << 24 : 0) : 0;
    Registers[3] = Leaf == 0x80000007 && Invariant ? 1u << 8 : 0;
}

static void Prepare(void) {
    Machine.ReadPort = ReadPort;
    Machine.WritePort = WritePort;
    Machine.ReadRegister = ReadRegister;
    Machine.ReadTsc = ReadTsc;
    Machine.WriteMsr = WriteMsr;
    Machine.Cpuid = Cpuid;
    Machine.Map = Map;
    HalpAcpi = (HAL_ACPI_FACTS){.PmTimerPort = 0x608};
    TscHz = 2600000000;
    ApicHz = 1000000000;
    HpetHz = 0;
    PmRuns = PitRuns = Invariant = TRUE;
    Hypervisor = Deadline = PlatformClock = Hpet32Bit = FALSE;
    Time = 0;
    MachineLog[0] = 0;
}

static HALP_SPEEDS Speeds;

static void Calibrate(void) {
    HalpInitializeHpet();
    HalpCalibrateTimers(&Speeds);
}

/* Within a thousandth, which is what half a millisecond gives. */
static BOOLEAN Near(ULONG64 Found, ULONG64 True) {
    return Found > True - True / 1000 && Found < True + True / 1000;
}
static BOOLEAN MeasuredBy(const char *Name) {
    return BugCheckOf(Calibrate) == 0 && !strcmp(Speeds.Reference, Name) &&
           Near(Speeds.Tsc, TscHz) && Near(Speeds.Apic, ApicHz);
}

TEST(EachReferenceMeasuresTheSame) {
    static const ULONG64 Tsc[] = {60000000, 2600000000, 5900000000};
    static const ULONG64 Apic[] = {25000000, 1000000000, 133333333};
    for (ULONG i = 0; i < 3; i++) {
        Prepare();
        TscHz = Tsc[i];
        ApicHz = Apic[i];
        CHECK(MeasuredBy("PM timer"));
        HalpAcpi.PmTimer32Bit = TRUE;
        CHECK(MeasuredBy("PM timer"));
        HalpAcpi.PmTimerPort = 0;
        CHECK(MeasuredBy("8254"));
    }
}

/* 24 bits of the PM timer go round, and 16 of the 8254, in the middle of the measurement. */
TEST(ReferencesGoRound) {
    for (ULONG Before = 1; Before < 900000; Before += 50000) {
        Prepare();
        Time = 16777216000000000 / 3579545 - Before;
        CHECK(MeasuredBy("PM timer"));
        HalpAcpi.PmTimerPort = 0;
        Time = 65536000000000 / 1193182 - Before;
        CHECK(MeasuredBy("8254"));
    }
}

TEST(ReferenceThatStandsStillIsPassedOver) {
    Prepare();
    PmRuns = FALSE;
    CHECK(MeasuredBy("8254") && strstr(MachineLog, "PM timer stands still"));
    PitRuns = FALSE;
    CHECK(BugCheckOf(Calibrate) == 0x5C && MachineBugCheckParameter == 4);
}

TEST(TscThatIsTooSlow) {
    Prepare();
    TscHz = 40000000;
    CHECK(BugCheckOf(Calibrate) == 0x5C && MachineBugCheckParameter == 3);
    TscHz = 60000000;
    ApicHz = 10000;
    CHECK(BugCheckOf(Calibrate) == 0x5C && MachineBugCheckParameter == 3);
}

/* Counter steps in Nanoseconds, which pass meanwhile. */
static ULONG64 StepsIn(ULONG64 Nanoseconds) {
    ULONG64 Before = (ULONG64)KeQueryPerformanceCounter(NULL).QuadPart;
    Time += Nanoseconds;
    return (ULONG64)KeQueryPerformanceCounter(NULL).QuadPart - Before;
}

TEST(CounterRunsAtTenMegahertz) {
    LARGE_INTEGER Frequency;
    Prepare();
    Time = 123456789;
    HalpInitializeCounter(TscHz);
    CHECK(KeQueryPerformanceCounter(&Frequency).QuadPart < 100 && Frequency.QuadPart == 10000000);
    CHECK(!strcmp(HalpCounterName(), "TSC") && HalpCounterIsTsc());
    CHECK(Near(StepsIn(1000000000), 10000000));
    CHECK(Near(StepsIn(3600000000000), 36000000000));
    CHECK(Near(StepsIn(86400000000000 * 365), 864000000000 * 365));
}

TEST(StallIsLongEnough) {
    Prepare();
    HalpInitializeCounter(TscHz);
    for (ULONG Microseconds = 0; Microseconds < 3000; Microseconds += 7) {
        ULONG64 Before = Time;
        KeStallExecutionProcessor(Microseconds);
        CHECK(Time - Before >= Microseconds * 1000ull &&
              Time - Before < Microseconds * 1000 + 1000);
    }
}

/* The timer comes when the counter reaches DueTime, not before and at most a thousandth late. */
TEST(OneShotComesInTime) {
    static const ULONG64 Apic[] = {25000000, 1000000000};
    static const ULONG64 Delay[] = {1, 10, 5000, 156250, 1000000};
    for (ULONG i = 0; i < 2; i++) {
        Prepare();
        ApicHz = Apic[i];
        HalpInitializeCounter(TscHz);
        HalpInitializeClock(ApicHz);
        HalStartClockInterrupt();
        CHECK(!strcmp(HalpClockName(), "one-shot") && ApicTimerEntry == 0xD1);
        CHECK(ApicInitial >= 156250 * (ApicHz / 10000000.0) && ApicInitial < ApicHz / 63);
        for (ULONG j = 0; j < 5; j++) {
            ULONG64 Now = (ULONG64)KeQueryPerformanceCounter(NULL).QuadPart;
            HalSetClockTimer(Now + Delay[j]);
            double Steps = ApicInitial * 10000000.0 / ApicHz;
            CHECK(Steps > Delay[j] - 4.0 && Steps < Delay[j] * 1.001 + 2);
        }
    }
}

TEST(OneShotThatIsOverComesAtOnce) {
    Prepare();
    HalpInitializeCounter(TscHz);
    HalpInitializeClock(ApicHz);
    HalSetClockTimer(0);
    CHECK_EQ(ApicInitial, 1);
    HalSetClockTimer(~0ull >> 1); /* as far as the timer reaches */
    CHECK_EQ(ApicInitial, MAXULONG);
    HalStopClockInterrupt();
    CHECK(ApicInitial == 0 && (ApicTimerEntry & APIC_LVT_MASKED));
}

TEST(DeadlineIsTheTscOfDueTime) {
    Prepare();
    Deadline = TRUE;
    HalpInitializeCounter(TscHz);
    HalpInitializeClock(ApicHz);
    CHECK(!strcmp(HalpClockName(), "TSC deadline"));
    HalStartClockInterrupt();
    CHECK(ApicTimerEntry == 0x400D1);
    HalSetClockTimer(123456789);
    /* just when the TSC is there, the counter is, too */
    Time = (ULONG64)((unsigned __int128)(DeadlineMsr - 5000000) * 1000000000 / TscHz) - 99;
    LONGLONG Then = KeQueryPerformanceCounter(NULL).QuadPart;
    CHECK(Then >= 123456788 && Then <= 123456790);
    HalStopClockInterrupt();
    CHECK(DeadlineMsr == 0 && (ApicTimerEntry & APIC_LVT_MASKED));
}

/* From here on there is an HPET: hpet.c does not forget it. */
TEST(HpetThatMakesNoSense) {
    Prepare();
    HalpAcpi.HpetAddress = 0xFED00000;
    HpetHz = 9000000; /* slower than an HPET may be */
    CHECK(MeasuredBy("PM timer") && HalpHpetFrequency() == 0 && strstr(MachineLog, "no HPET"));
    HpetHz = 0;
    CHECK(MeasuredBy("PM timer") && HalpHpetFrequency() == 0);
}

TEST(HpetIsTheFirstReference) {
    Prepare();
    HalpAcpi.HpetAddress = 0xFED00000;
    HpetHz = 100000000;
    HpetPage[4] = 2; /* legacy routing on, counter off */
    CHECK(MeasuredBy("HPET") && HpetPage[4] == 1);
    Prepare();
    HpetHz = 100000000;
    HpetOffset = 0x100000000 - 20000; /* its low half goes round */
    CHECK(MeasuredBy("HPET"));
}

TEST(HpetCountsWhereTheTscMayChange) {
    Prepare();
    HpetHz = 100000000;
    Invariant = FALSE;
    HalpInitializeCounter(TscHz);
    CHECK(!strcmp(HalpCounterName(), "HPET") && !HalpCounterIsTsc());
    CHECK(Near(StepsIn(1000000000), 10000000));
    Deadline = TRUE; /* of a TSC that changes its speed */
    HalpInitializeClock(ApicHz);
    CHECK(!strcmp(HalpClockName(), "one-shot"));
    Hypervisor = TRUE;
    HalpInitializeCounter(TscHz);
    CHECK(HalpCounterIsTsc());
    Hypervisor = FALSE;
    Invariant = PlatformClock = TRUE;
    HalpInitializeCounter(TscHz);
    CHECK(!HalpCounterIsTsc());
}

/* Read in halves, while the low one goes round: the value is one that it had meanwhile. */
TEST(HpetGoesRoundWhileItIsRead) {
    for (ULONG Before = 0; Before < 100; Before++) {
        Prepare();
        HpetHz = 100000000;
        HpetOffset = 0x600000000 - Before;
        ULONG64 Now = HalpReadHpet();
        CHECK(Now >= HpetOffset && Now <= HpetOffset + Ticks(HpetHz));
    }
}

TEST(HpetOf32BitsIsNoCounter) {
    Prepare();
    HpetHz = 100000000;
    HalpAcpi.HpetAddress = 0xFED00000;
    Invariant = FALSE;
    Hpet32Bit = TRUE;
    HalpInitializeHpet();
    HalpInitializeCounter(TscHz);
    CHECK(HalpCounterIsTsc());
}
