/*
 * timer.c - how fast the clocks of this machine run, and the clock tick
 *
 * Two clocks have no specified speed: the time stamp counter and the local APIC's timer. Both are
 * measured at once against one that has: the ACPI power management timer (3.579545 MHz) or, where
 * the firmware gives none or it stands still, channel 2 of the 8254 (1.193182 MHz).
 *
 * The measurement lasts half a millisecond: long enough for 0.1 %, short enough not to be noticed
 * in the start of the kernel.
 */
#include "halp.h"

#define PM_TIMER_HZ     3579545ull
#define PM_TIMER_WINDOW 1790 /* ticks: 500 us */
#define PM_TIMER_TRIES  2000000
#define SAMPLE_TRIES    8
#define PIT_HZ          1193182ull
#define PIT_WINDOW      597 /* ticks: 500 us */
#define PIT_TRIES       2000000
#define DEFAULT_HZ      1000000000ull
#define MINIMUM_TSC_HZ  50000000ull

#define PIT_CHANNEL2 0x42
#define PIT_COMMAND  0x43
#define PIT_GATE     0x61

#define APIC_DIVIDE_BY_1 0xB

typedef struct _HALP_MEASUREMENT {
    ULONG64 TscTicks;
    ULONG64 ApicTicks;
    ULONG64 ReferenceTicks;
    ULONG64 ReferenceHz;
} HALP_MEASUREMENT, *PHALP_MEASUREMENT;

/* One reading of all clocks. */
typedef struct _HALP_CLOCKS {
    ULONG64 Tsc;
    ULONG PmTimer;
    ULONG Apic;
} HALP_CLOCKS, *PHALP_CLOCKS;

static ULONG HalpClockTicks; /* APIC timer ticks of one clock interval */

static ULONG HalpReadPmTimer(VOID) {
    ULONG Value = READ_PORT_ULONG(HalpAcpi.PmTimerPort);
    return HalpAcpi.PmTimer32Bit ? Value : Value & 0xFFFFFF;
}

static ULONG HalpPmTimerElapsed(ULONG Start, ULONG Now) {
    ULONG Elapsed = Now - Start;
    return HalpAcpi.PmTimer32Bit ? Elapsed : Elapsed & 0xFFFFFF;
}

/*
 * Reads all clocks as nearly at once as can be: of several readings the one that took the shortest
 * counts, since a host may take the processor away in the middle of any of them.
 */
static VOID HalpReadClocks(PHALP_CLOCKS Clocks) {
    ULONG64 Shortest = ~0ull;
    for (ULONG Try = 0; Try < SAMPLE_TRIES; Try++) {
        ULONG64 Before = HalpReadTsc();
        ULONG PmTimer = HalpReadPmTimer();
        ULONG Apic = HalpApicRead(APIC_TIMER_CURRENT);
        ULONG64 Took = HalpReadTsc() - Before;
        if (Took < Shortest) {
            Shortest = Took;
            *Clocks = (HALP_CLOCKS){.Tsc = Before, .PmTimer = PmTimer, .Apic = Apic};
        }
    }
}

/* Waits until Ticks have passed since Start; FALSE if the timer stands still. */
static BOOLEAN HalpWaitForPmTimer(ULONG Start, ULONG Ticks) {
    for (ULONG Try = 0; Try < PM_TIMER_TRIES; Try++) {
        if (HalpPmTimerElapsed(Start, HalpReadPmTimer()) >= Ticks) {
            return TRUE;
        }
    }
    return FALSE;
}

static BOOLEAN HalpMeasureWithPmTimer(PHALP_MEASUREMENT Measurement) {
    HALP_CLOCKS Start, End;
    if (HalpAcpi.PmTimerPort == 0) {
        return FALSE;
    }
    HalpReadClocks(&Start);
    if (!HalpWaitForPmTimer(Start.PmTimer, PM_TIMER_WINDOW)) {
        return FALSE;
    }
    HalpReadClocks(&End);
    Measurement->TscTicks = End.Tsc - Start.Tsc;
    Measurement->ApicTicks = Start.Apic - End.Apic; /* it counts down */
    Measurement->ReferenceTicks = HalpPmTimerElapsed(Start.PmTimer, End.PmTimer);
    Measurement->ReferenceHz = PM_TIMER_HZ;
    return TRUE;
}

static BOOLEAN HalpMeasureWithPit(PHALP_MEASUREMENT Measurement) {
    UCHAR Gate = READ_PORT_UCHAR(PIT_GATE) & 0xFC;
    WRITE_PORT_UCHAR(PIT_GATE, Gate | 1); /* gate on, loudspeaker off */
    WRITE_PORT_UCHAR(PIT_COMMAND, 0xB0);  /* channel 2, both bytes, mode 0 */
    WRITE_PORT_UCHAR(PIT_CHANNEL2, PIT_WINDOW & 0xFF);
    WRITE_PORT_UCHAR(PIT_CHANNEL2, PIT_WINDOW >> 8);
    ULONG64 Tsc = HalpReadTsc();
    ULONG Apic = HalpApicRead(APIC_TIMER_CURRENT);
    for (ULONG Try = 0; Try < PIT_TRIES; Try++) {
        if (READ_PORT_UCHAR(PIT_GATE) & 0x20) {
            Measurement->TscTicks = HalpReadTsc() - Tsc;
            Measurement->ApicTicks = Apic - HalpApicRead(APIC_TIMER_CURRENT);
            Measurement->ReferenceTicks = PIT_WINDOW;
            Measurement->ReferenceHz = PIT_HZ;
            return TRUE;
        }
    }
    return FALSE;
}

/* A machine without any reference: nominal speeds, said aloud. */
static VOID HalpAssumeDefaults(PHALP_MEASUREMENT Measurement) {
    DbgPrint("HAL: neither PM timer nor 8254 runs, clocks are taken to run at 1 GHz\n");
    Measurement->TscTicks = Measurement->ApicTicks = DEFAULT_HZ;
    Measurement->ReferenceTicks = Measurement->ReferenceHz = 1;
}

VOID HalpCalibrateTimers(VOID) {
    HALP_MEASUREMENT Measurement;
    HalpApicWrite(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
    HalpApicWrite(APIC_TIMER_INITIAL, MAXULONG);
    if (!HalpMeasureWithPmTimer(&Measurement) && !HalpMeasureWithPit(&Measurement)) {
        HalpAssumeDefaults(&Measurement);
    }
    HalpApicWrite(APIC_TIMER_INITIAL, 0);

    ULONG64 TscHz = Measurement.TscTicks * Measurement.ReferenceHz / Measurement.ReferenceTicks;
    ULONG64 ApicHz = Measurement.ApicTicks * Measurement.ReferenceHz / Measurement.ReferenceTicks;
    ULONG64 ClockTicks = ApicHz * HAL_CLOCK_INCREMENT / 10000000;
    if (TscHz < MINIMUM_TSC_HZ || ClockTicks == 0 || ClockTicks > MAXULONG) {
        KeBugCheckEx(HAL_INITIALIZATION_FAILED, 3, TscHz, ApicHz, 0);
    }
    HalpClockTicks = (ULONG)ClockTicks;
    HalpInitializeCounter(TscHz);
}

VOID HalStartClockInterrupt(VOID) {
    HalpApicWrite(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
    HalpApicWrite(APIC_LVT_TIMER, APIC_LVT_PERIODIC | HAL_CLOCK_VECTOR);
    HalpApicWrite(APIC_TIMER_INITIAL, HalpClockTicks);
}

VOID HalStopClockInterrupt(VOID) {
    HalpApicWrite(APIC_LVT_TIMER, APIC_LVT_MASKED | HAL_CLOCK_VECTOR);
    HalpApicWrite(APIC_TIMER_INITIAL, 0);
}
