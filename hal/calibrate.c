/*
 * calibrate.c - measures how fast the machine's clocks run
 *
 * Two clocks have no specified frequency: the time stamp counter and the local APIC's timer. Both
 * are measured together against a reference that has one. The references, the most precise first:
 *
 *      HPET                    states its frequency, 10 MHz or more
 *      ACPI PM timer           3.579545 MHz, 24 or 32 bits
 *      8254, channel 2         1.193182 MHz, 16 bits
 *
 * A reference that is absent or does not advance is skipped. Without any, the length of a second is
 * unknown: bug check HAL_INITIALIZATION_FAILED, 4.
 *
 * The measurement lasts half a millisecond: long enough for 0.1 %, too short to delay the start of
 * the kernel noticeably.
 */
#include "halp.h"

#define WINDOWS_PER_SECOND 2000
#define WAIT_TRIES         2000000
#define SAMPLE_TRIES       8
#define MINIMUM_TSC_HZ     50000000ull

#define PM_TIMER_HZ 3579545ull
#define PIT_HZ      1193182ull

#define PIT_CHANNEL2     0x42
#define PIT_COMMAND      0x43
#define PIT_GATE         0x61
#define PIT_START        0xB0 /* channel 2, both bytes, mode 0: counts down once */
#define PIT_LATCH        0x80
#define PIT_GATE_ON      1
#define PIT_GATE_SPEAKER 2

/* A counter of known frequency; Start returns whether it exists. */
typedef struct _HALP_REFERENCE {
    PCSTR Name;
    BOOLEAN (*Start)(struct _HALP_REFERENCE *Reference);
    ULONG (*Read)(VOID);
    ULONG64 Hz;
    ULONG Mask; /* the bits that it implements */
} HALP_REFERENCE, *PHALP_REFERENCE;

/* One reading of all clocks. */
typedef struct _HALP_CLOCKS {
    ULONG64 Tsc;
    ULONG Reference;
    ULONG Apic;
} HALP_CLOCKS, *PHALP_CLOCKS;

static BOOLEAN HalpStartHpet(PHALP_REFERENCE Reference) {
    Reference->Hz = HalpHpetFrequency();
    Reference->Mask = MAXULONG;
    return Reference->Hz != 0;
}

static ULONG HalpReadPmTimer(VOID) {
    return READ_PORT_ULONG(HalpAcpi.PmTimerPort);
}

static BOOLEAN HalpStartPmTimer(PHALP_REFERENCE Reference) {
    Reference->Hz = PM_TIMER_HZ;
    Reference->Mask = HalpAcpi.PmTimer32Bit ? MAXULONG : 0xFFFFFF;
    return HalpAcpi.PmTimerPort != 0;
}

static ULONG HalpReadPit(VOID) {
    WRITE_PORT_UCHAR(PIT_COMMAND, PIT_LATCH);
    ULONG Low = READ_PORT_UCHAR(PIT_CHANNEL2);
    return ~(Low | (ULONG)READ_PORT_UCHAR(PIT_CHANNEL2) << 8); /* it counts down */
}

static BOOLEAN HalpStartPit(PHALP_REFERENCE Reference) {
    UCHAR Gate = READ_PORT_UCHAR(PIT_GATE) & (UCHAR) ~(PIT_GATE_ON | PIT_GATE_SPEAKER);
    WRITE_PORT_UCHAR(PIT_GATE, Gate | PIT_GATE_ON);
    WRITE_PORT_UCHAR(PIT_COMMAND, PIT_START);
    WRITE_PORT_UCHAR(PIT_CHANNEL2, 0xFF);
    WRITE_PORT_UCHAR(PIT_CHANNEL2, 0xFF);
    Reference->Hz = PIT_HZ;
    Reference->Mask = 0xFFFF;
    return TRUE;
}

static HALP_REFERENCE HalpReferences[] = {
    {.Name = "HPET", .Start = HalpStartHpet, .Read = HalpReadHpetLow},
    {.Name = "PM timer", .Start = HalpStartPmTimer, .Read = HalpReadPmTimer},
    {.Name = "8254", .Start = HalpStartPit, .Read = HalpReadPit},
};

/*
 * Reads all clocks as close together as possible. A host may suspend the processor during a
 * reading, so the fastest of several readings is used.
 */
static VOID HalpReadClocks(PHALP_REFERENCE Reference, PHALP_CLOCKS Clocks) {
    ULONG64 Shortest = ~0ull;
    for (ULONG Try = 0; Try < SAMPLE_TRIES; Try++) {
        ULONG64 Before = HalpReadTsc();
        ULONG Now = Reference->Read();
        ULONG Apic = HalpApicRead(APIC_TIMER_CURRENT);
        ULONG64 Took = HalpReadTsc() - Before;
        if (Took < Shortest) {
            Shortest = Took;
            *Clocks = (HALP_CLOCKS){.Tsc = Before, .Reference = Now, .Apic = Apic};
        }
    }
}

/* Waits for the end of the window; FALSE if the reference does not advance. */
static BOOLEAN HalpWaitForReference(PHALP_REFERENCE Reference, ULONG Start) {
    ULONG Window = (ULONG)(Reference->Hz / WINDOWS_PER_SECOND);
    for (ULONG Try = 0; Try < WAIT_TRIES; Try++) {
        if (((Reference->Read() - Start) & Reference->Mask) >= Window) {
            return TRUE;
        }
    }
    return FALSE;
}

static BOOLEAN HalpMeasure(PHALP_REFERENCE Reference, PHALP_SPEEDS Speeds) {
    HALP_CLOCKS Start, End;
    if (!Reference->Start(Reference)) {
        return FALSE;
    }
    HalpReadClocks(Reference, &Start);
    if (!HalpWaitForReference(Reference, Start.Reference)) {
        DbgPrint("HAL: %s stands still, ignored\n", Reference->Name);
        return FALSE;
    }
    HalpReadClocks(Reference, &End);
    ULONG64 Elapsed = (End.Reference - Start.Reference) & Reference->Mask;
    Speeds->Tsc = (End.Tsc - Start.Tsc) * Reference->Hz / Elapsed;
    Speeds->Apic = (ULONG64)(Start.Apic - End.Apic) * Reference->Hz / Elapsed; /* it counts down */
    Speeds->Reference = Reference->Name;
    return TRUE;
}

VOID HalpCalibrateTimers(_Out_ PHALP_SPEEDS Speeds) {
    BOOLEAN Measured = FALSE;
    *Speeds = (HALP_SPEEDS){0};
    HalpApicWrite(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
    HalpApicWrite(APIC_TIMER_INITIAL, MAXULONG);
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(HalpReferences) && !Measured; Index++) {
        Measured = HalpMeasure(&HalpReferences[Index], Speeds);
    }
    HalpApicWrite(APIC_TIMER_INITIAL, 0);
    if (!Measured) {
        KeBugCheckEx(HAL_INITIALIZATION_FAILED, 4, HalpAcpi.HpetAddress, HalpAcpi.PmTimerPort, 0);
    }
    if (Speeds->Tsc < MINIMUM_TSC_HZ || Speeds->Apic < HAL_COUNTER_FREQUENCY / 10) {
        KeBugCheckEx(HAL_INITIALIZATION_FAILED, 3, Speeds->Tsc, Speeds->Apic, 0);
    }
}
