/*
 * ioapic.c - I/O APICs: from a device's line to a vector of a processor
 *
 * A device signals an interrupt on a line. Each line is connected to an input of an I/O APIC and
 * has a number that is unique in the machine, the global system interrupt (GSI). Every input has a
 * 64-bit redirection entry: whether it is masked, the form of its signal (level or edge, high or
 * low), and which vector of which processor it becomes. The MADT lists the I/O APICs and the first
 * GSI of each.
 *
 * The sixteen interrupts of the old ISA bus (IRQ 0 to 15) are GSI 0 to 15, edge triggered and
 * active high, unless an interrupt source override (ISO) in the MADT says otherwise. Lines above
 * them are PCI's: level triggered, active low.
 *
 * Rules:
 * - A line gets a vector when a driver asks for it (HalGetInterruptVector) and keeps it.
 * - The IRQL of a vector is its upper half, so choosing a vector chooses a level. Lines are spread
 *   over levels 5 to 11, the highest first, because a local APIC distinguishes only two pending
 *   vectors per level.
 * - Vectors that end in Fh are reserved for software.
 * - Every entry stays masked until HalEnableSystemInterrupt.
 * - A line interrupts one fixed processor, chosen by the driver that connects the interrupt. An
 *   entry has 8 bits for the APIC id. A processor whose id does not fit gets no lines; the boot
 *   processor serves them instead.
 *
 * The registers are reached through an index word and a data word, so a lock, held with interrupts
 * off, keeps processors from interleaving the two accesses.
 */
#include "halp.h"

#define IO_APIC_SELECT  0x00
#define IO_APIC_WINDOW  0x10
#define IO_APIC_VERSION 1
#define IO_APIC_ENTRY   0x10 /* two registers per input, from this one on */

#define ENTRY_LOW_ACTIVE 0x2000u
#define ENTRY_LEVEL      0x8000u
#define ENTRY_MASKED     0x10000u
#define ENTRY_EVERYBODY  0xFF /* as an APIC id */

/* MPS INTI flags of an override. */
#define INTI_POLARITY      0x3
#define INTI_POLARITY_HIGH 0x1
#define INTI_POLARITY_LOW  0x3
#define INTI_TRIGGER       0xC
#define INTI_TRIGGER_EDGE  0x4
#define INTI_TRIGGER_LEVEL 0xC

#define MAXIMUM_IO_APICS 8
#define ISA_LINES        16
#define MAXIMUM_LINES    256
#define MAXIMUM_INPUTS   240

#define FIRST_LEVEL      5
#define LAST_LEVEL       11
#define LEVELS           (LAST_LEVEL - FIRST_LEVEL + 1)
#define VECTORS_OF_LEVEL 15

typedef struct _HALP_IO_APIC {
    volatile UCHAR *Page;
    ULONG64 Address;
    ULONG FirstLine;
    ULONG Inputs;
} HALP_IO_APIC, *PHALP_IO_APIC;

/* Written while the tables are read. */
static HALP_IO_APIC HalpIoApics[MAXIMUM_IO_APICS];
static ULONG HalpIoApicCount;
static struct {
    USHORT Line;
    USHORT Flags;
    BOOLEAN Overridden;
} HalpIsaLines[ISA_LINES];

/* HalpIoApicLock guards the registers and the tables below. */
static volatile UCHAR HalpIoApicLock;
static UCHAR HalpVectorOfLine[MAXIMUM_LINES]; /* 0: none yet */
static USHORT HalpLineOfVector[256];          /* line + 1, 0: none */
static USHORT HalpFlagsOfLine[MAXIMUM_LINES];
static ULONG HalpVectorsGiven;

VOID HalpAddIoApic(_In_ ULONG64 Address, _In_ ULONG FirstLine) {
    if (HalpIoApicCount < MAXIMUM_IO_APICS) {
        HalpIoApics[HalpIoApicCount].Address = Address;
        HalpIoApics[HalpIoApicCount].FirstLine = FirstLine;
        HalpIoApicCount++;
    }
}

VOID HalpOverrideIsaLine(_In_ ULONG Irq, _In_ ULONG Line, _In_ USHORT Flags) {
    if (Irq < ISA_LINES && Line < MAXIMUM_LINES) {
        HalpIsaLines[Irq].Line = (USHORT)Line;
        HalpIsaLines[Irq].Flags = Flags;
        HalpIsaLines[Irq].Overridden = TRUE;
    }
}

static ULONG64 HalpLockIoApics(VOID) {
    ULONG64 Flags = HalpDisableInterrupts();
    while (__atomic_test_and_set(&HalpIoApicLock, __ATOMIC_ACQUIRE)) {
        HalpPause();
    }
    return Flags;
}

static VOID HalpUnlockIoApics(ULONG64 Flags) {
    __atomic_clear(&HalpIoApicLock, __ATOMIC_RELEASE);
    HalpRestoreInterrupts(Flags);
}

static ULONG HalpIoApicRead(PHALP_IO_APIC IoApic, ULONG Register) {
    WRITE_REGISTER_ULONG((volatile ULONG *)(IoApic->Page + IO_APIC_SELECT), Register);
    return READ_REGISTER_ULONG((volatile ULONG *)(IoApic->Page + IO_APIC_WINDOW));
}

static VOID HalpIoApicWrite(PHALP_IO_APIC IoApic, ULONG Register, ULONG Value) {
    WRITE_REGISTER_ULONG((volatile ULONG *)(IoApic->Page + IO_APIC_SELECT), Register);
    WRITE_REGISTER_ULONG((volatile ULONG *)(IoApic->Page + IO_APIC_WINDOW), Value);
}

/* TRUE if one of the first Count I/O APICs has a line that IoApic claims too. */
static BOOLEAN HalpIoApicOverlaps(PHALP_IO_APIC IoApic, ULONG Count) {
    for (ULONG Index = 0; Index < Count; Index++) {
        PHALP_IO_APIC Other = &HalpIoApics[Index];
        if (IoApic->Address == Other->Address ||
            (IoApic->FirstLine < Other->FirstLine + Other->Inputs &&
             Other->FirstLine < IoApic->FirstLine + IoApic->Inputs)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Maps an I/O APIC and reads its number of inputs. FALSE: there is no usable one. */
static BOOLEAN HalpStartIoApic(PHALP_IO_APIC IoApic) {
    PUCHAR Page = HalpMapPhysicalMemory(IoApic->Address & ~0xFFFull, PAGE_SIZE, HalpUncached);
    if (IoApic->Address == 0 || Page == NULL) {
        return FALSE;
    }
    IoApic->Page = Page + (IoApic->Address & 0xFF0);
    ULONG Version = HalpIoApicRead(IoApic, IO_APIC_VERSION);
    IoApic->Inputs = ((Version >> 16) & 0xFF) + 1;
    return Version != ~0u && IoApic->Inputs <= MAXIMUM_INPUTS && IoApic->FirstLine < MAXIMUM_LINES;
}

static VOID HalpMaskIoApic(PHALP_IO_APIC IoApic) {
    for (ULONG Input = 0; Input < IoApic->Inputs; Input++) {
        HalpIoApicWrite(IoApic, IO_APIC_ENTRY + 2 * Input, ENTRY_MASKED);
    }
}

VOID HalpInitializeIoApics(VOID) {
    ULONG Good = 0;
    for (ULONG Index = 0; Index < HalpIoApicCount; Index++) {
        PHALP_IO_APIC IoApic = &HalpIoApics[Index];
        if (HalpStartIoApic(IoApic) && !HalpIoApicOverlaps(IoApic, Good)) {
            HalpMaskIoApic(IoApic);
            HalpIoApics[Good++] = *IoApic;
        } else {
            DbgPrint("HAL: no I/O APIC at %llx for line %u, ignored\n", IoApic->Address,
                     IoApic->FirstLine);
        }
    }
    HalpIoApicCount = Good;
    for (ULONG Irq = 0; Irq < ISA_LINES; Irq++) {
        if (!HalpIsaLines[Irq].Overridden) {
            HalpIsaLines[Irq].Line = (USHORT)Irq;
        }
    }
}

VOID HalpReportIoApics(VOID) {
    if (HalpIoApicCount == 0) {
        DbgPrint("HAL: no I/O APIC: no device can interrupt\n");
    }
    for (ULONG Index = 0; Index < HalpIoApicCount; Index++) {
        PHALP_IO_APIC IoApic = &HalpIoApics[Index];
        DbgPrint("HAL: I/O APIC at %llx, lines %u to %u\n", IoApic->Address, IoApic->FirstLine,
                 IoApic->FirstLine + IoApic->Inputs - 1);
    }
}

static PHALP_IO_APIC HalpFindIoApic(ULONG Line) {
    for (ULONG Index = 0; Index < HalpIoApicCount; Index++) {
        PHALP_IO_APIC IoApic = &HalpIoApics[Index];
        if (Line >= IoApic->FirstLine && Line - IoApic->FirstLine < IoApic->Inputs) {
            return IoApic;
        }
    }
    return NULL;
}

/* The running processors that an entry can name. */
static KAFFINITY HalpLineTargets(VOID) {
    ULONG64 Started = HalpStartedProcessors();
    KAFFINITY Targets = 0;
    for (ULONG Number = 0; Number < HalpAcpi.ProcessorCount; Number++) {
        if ((Started & 1ull << Number) && HalpAcpi.ApicIds[Number] < ENTRY_EVERYBODY) {
            Targets |= 1ull << Number;
        }
    }
    return Targets;
}

/* The caller holds the lock. Returns 0 if no vector is left. */
static ULONG HalpGiveVector(ULONG Line) {
    ULONG Vector = HalpVectorOfLine[Line];
    if (Vector == 0 && HalpVectorsGiven < LEVELS * VECTORS_OF_LEVEL) {
        ULONG Level = LAST_LEVEL - HalpVectorsGiven % LEVELS;
        Vector = Level << 4 | HalpVectorsGiven / LEVELS;
        HalpVectorsGiven++;
        HalpVectorOfLine[Line] = (UCHAR)Vector;
        HalpLineOfVector[Vector] = (USHORT)(Line + 1);
    }
    return Vector;
}

ULONG HalGetInterruptVector(_In_ INTERFACE_TYPE InterfaceType, _In_ ULONG BusNumber,
                            _In_ ULONG BusInterruptLevel, _In_ ULONG BusInterruptVector,
                            _Out_ PKIRQL Irql, _Out_ PKAFFINITY Affinity) {
    ULONG Line = BusInterruptLevel, Vector = 0;
    USHORT Flags = INTI_POLARITY_LOW | INTI_TRIGGER_LEVEL;
    (void)BusInterruptVector;
    *Irql = 0;
    *Affinity = 0;
    if (BusNumber != 0 || (InterfaceType != Isa && InterfaceType != PCIBus) ||
        (InterfaceType == Isa && Line >= ISA_LINES)) {
        return 0;
    }
    if (InterfaceType == Isa) {
        Flags = HalpIsaLines[Line].Flags;
        Line = HalpIsaLines[Line].Line;
    }
    if (Line >= MAXIMUM_LINES || HalpFindIoApic(Line) == NULL) {
        return 0;
    }
    ULONG64 Enabled = HalpLockIoApics();
    if (HalpVectorOfLine[Line] == 0) {
        HalpFlagsOfLine[Line] = Flags;
    }
    Vector = HalpGiveVector(Line);
    HalpUnlockIoApics(Enabled);
    *Irql = (KIRQL)(Vector >> 4);
    *Affinity = Vector != 0 ? HalpLineTargets() : 0;
    return Vector;
}

/* The low half of a redirection entry. The firmware's flags take precedence over the driver's. */
static ULONG HalpRedirection(ULONG Vector, USHORT Flags, KINTERRUPT_MODE InterruptMode) {
    BOOLEAN Level = InterruptMode == LevelSensitive;
    if (Flags & INTI_TRIGGER) {
        Level = (Flags & INTI_TRIGGER) == INTI_TRIGGER_LEVEL;
    }
    BOOLEAN Low = (Flags & INTI_POLARITY) == INTI_POLARITY_LOW;
    return Vector | (Level ? ENTRY_LEVEL : 0) | (Low ? ENTRY_LOW_ACTIVE : 0);
}

/* Finds the input of Vector's line and the first register of its entry; NULL if it has none. */
static PHALP_IO_APIC HalpFindEntry(ULONG Vector, PULONG Line, PULONG Register) {
    ULONG Found = Vector < RTL_NUMBER_OF(HalpLineOfVector) ? HalpLineOfVector[Vector] : 0;
    PHALP_IO_APIC IoApic = Found != 0 ? HalpFindIoApic(Found - 1) : NULL;
    if (IoApic != NULL) {
        *Line = Found - 1;
        *Register = IO_APIC_ENTRY + 2 * (Found - 1 - IoApic->FirstLine);
    }
    return IoApic;
}

/* The entry stays masked while it is half written. */
BOOLEAN HalEnableSystemInterrupt(_In_ ULONG Vector, _In_ KIRQL Irql,
                                 _In_ KINTERRUPT_MODE InterruptMode, _In_ ULONG Processor) {
    ULONG Line, Register;
    PHALP_IO_APIC IoApic = HalpFindEntry(Vector, &Line, &Register);
    if (IoApic == NULL || Irql != Vector >> 4) {
        return FALSE;
    }
    BOOLEAN Reached = Processor < 64 && (HalpLineTargets() & 1ull << Processor) != 0;
    ULONG ApicId = HalpAcpi.ApicIds[Reached ? Processor : 0];
    ULONG64 Enabled = HalpLockIoApics();
    HalpIoApicWrite(IoApic, Register, ENTRY_MASKED);
    HalpIoApicWrite(IoApic, Register + 1, ApicId << 24);
    HalpIoApicWrite(IoApic, Register,
                    HalpRedirection(Vector, HalpFlagsOfLine[Line], InterruptMode));
    HalpUnlockIoApics(Enabled);
    return TRUE;
}

VOID HalDisableSystemInterrupt(_In_ ULONG Vector, _In_ KIRQL Irql) {
    ULONG Line, Register;
    PHALP_IO_APIC IoApic = HalpFindEntry(Vector, &Line, &Register);
    if (IoApic != NULL && Irql == Vector >> 4) {
        ULONG64 Enabled = HalpLockIoApics();
        HalpIoApicWrite(IoApic, Register, HalpIoApicRead(IoApic, Register) | ENTRY_MASKED);
        HalpUnlockIoApics(Enabled);
    }
}
