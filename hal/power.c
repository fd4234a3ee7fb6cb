/*
 * power.c - power off, reset, halt
 *
 * Power off is ACPI's sleep state S5. First the firmware has to transfer the power management
 * registers to the system (SCI_EN, through the SMI command port); then the sleep type of \_S5_ and
 * the enable bit are written to PM1 control. Reset tries the FADT's reset register, the keyboard
 * controller's reset line, the chip set's reset control register (CF9h) and at last a triple fault,
 * which resets every PC.
 *
 * Any of these may take effect at once, so serial output is flushed before each.
 */
#include "halp.h"

#define PM1_SCI_EN           0x0001
#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_TYPE_MASK  (7u << PM1_SLEEP_TYPE_SHIFT)
#define PM1_SLEEP_ENABLE     (1u << 13)
#define ENABLE_TRIES         3000
#define I8042_COMMAND        0x64
#define I8042_RESET          0xFE
#define I8042_TRIES          100000
#define RESET_CONTROL        0xCF9
#define RESET_CONTROL_HARD   0x02
#define RESET_CONTROL_NOW    0x06
#define RESET_WAIT           50000 /* microseconds allowed for a reset */

static DECLSPEC_NORETURN VOID HalpHalt(VOID) {
    for (;;) {
        __asm__ volatile("cli; hlt" : : : "memory");
    }
}

/* UEFI firmware is usually in ACPI mode already; if it is not, this asks it to switch. */
static VOID HalpEnableAcpiMode(VOID) {
    if ((READ_PORT_USHORT(HalpAcpi.Pm1aControlPort) & PM1_SCI_EN) != 0 ||
        HalpAcpi.SmiCommandPort == 0 || HalpAcpi.AcpiEnableValue == 0) {
        return;
    }
    WRITE_PORT_UCHAR(HalpAcpi.SmiCommandPort, HalpAcpi.AcpiEnableValue);
    for (ULONG Try = 0; Try < ENABLE_TRIES; Try++) {
        if (READ_PORT_USHORT(HalpAcpi.Pm1aControlPort) & PM1_SCI_EN) {
            return;
        }
        KeStallExecutionProcessor(1000);
    }
}

static VOID HalpWriteSleepType(USHORT Port, ULONG Type) {
    ULONG Value = READ_PORT_USHORT(Port) & ~(PM1_SLEEP_TYPE_MASK | PM1_SLEEP_ENABLE);
    Value |= Type << PM1_SLEEP_TYPE_SHIFT;
    WRITE_PORT_USHORT(Port, (USHORT)Value);
    WRITE_PORT_USHORT(Port, (USHORT)(Value | PM1_SLEEP_ENABLE));
}

static VOID HalpPowerDown(VOID) {
    if (!HalpAcpi.SleepTypeValid || HalpAcpi.Pm1aControlPort == 0) {
        DbgPrint("HAL: the firmware names no way to power off; it is now safe to do it by hand\n");
        return;
    }
    HalpEnableAcpiMode();
    HalpWriteSleepType(HalpAcpi.Pm1aControlPort, HalpAcpi.SleepTypeA);
    if (HalpAcpi.Pm1bControlPort != 0) {
        HalpWriteSleepType(HalpAcpi.Pm1bControlPort, HalpAcpi.SleepTypeB);
    }
}

/* FALSE if the firmware names no register that can be reached. */
static BOOLEAN HalpResetByRegister(VOID) {
    PGEN_ADDR Register = &HalpAcpi.ResetRegister;
    if (!HalpAcpi.ResetRegisterValid) {
        return FALSE;
    }
    if (Register->AddressSpaceID == GEN_ADDR_IO && Register->Address <= MAXUSHORT) {
        WRITE_PORT_UCHAR((USHORT)Register->Address, HalpAcpi.ResetValue);
        return TRUE;
    }
    volatile UCHAR *Va = Register->AddressSpaceID == GEN_ADDR_MEMORY
                             ? HalpMapPhysicalMemory(Register->Address, 1, HalpUncached)
                             : NULL;
    if (Va != NULL) {
        *Va = HalpAcpi.ResetValue;
    }
    return Va != NULL;
}

static BOOLEAN HalpResetByKeyboardController(VOID) {
    for (ULONG Try = 0; Try < I8042_TRIES; Try++) {
        if ((READ_PORT_UCHAR(I8042_COMMAND) & 2) == 0) {
            WRITE_PORT_UCHAR(I8042_COMMAND, I8042_RESET);
            return TRUE;
        }
    }
    return FALSE;
}

static BOOLEAN HalpResetByControlRegister(VOID) {
    WRITE_PORT_UCHAR(RESET_CONTROL, RESET_CONTROL_HARD);
    WRITE_PORT_UCHAR(RESET_CONTROL, RESET_CONTROL_NOW);
    return TRUE;
}

static BOOLEAN HalpTripleFault(VOID) {
    static const struct {
        USHORT Pad[3];
        USHORT Limit;
        ULONG64 Base;
    } EmptyIdt __attribute__((aligned(8)));
    __asm__ volatile("lidt %0; int3" : : "m"(EmptyIdt.Limit));
    return TRUE;
}

/* Tries one way after the other. Each may take a while, and the log shows which did not work. */
static VOID HalpReset(VOID) {
    static const struct {
        PCSTR Name;
        BOOLEAN (*Try)(VOID);
    } Ways[] = {{"the FADT's register", HalpResetByRegister},
                {"the keyboard controller", HalpResetByKeyboardController},
                {"port CF9", HalpResetByControlRegister},
                {"triple fault", HalpTripleFault}};
    for (ULONG Way = 0; Way < RTL_NUMBER_OF(Ways); Way++) {
        HalSerialFlush();
        if (Ways[Way].Try()) {
            KeStallExecutionProcessor(RESET_WAIT);
        }
        DbgPrint("HAL: no reset by %s\n", Ways[Way].Name);
    }
}

VOID HalReturnToFirmware(_In_ FIRMWARE_REENTRY Routine) {
    HalpDisableInterrupts();
    HalSerialFlush();
    switch (Routine) {
    case HalPowerDownRoutine:
        HalpPowerDown();
        break;
    case HalRestartRoutine:
    case HalRebootRoutine:
        HalpReset();
        break;
    default:
        break;
    }
    HalpHalt();
}
