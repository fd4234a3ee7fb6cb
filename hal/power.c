/*
 * power.c - the way out: power off, reset, halt
 *
 * Power off is ACPI's sleep state S5: the firmware first has to hand the power management registers
 * over (SCI_EN, through the SMI command port), then the sleep type of \_S5_ and the enable bit go
 * to PM1 control. Reset tries the FADT's reset register, the keyboard controller's reset line and
 * at last a triple fault, which no PC survives.
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
#define GEN_ADDR_MEMORY      0
#define GEN_ADDR_IO          1

static DECLSPEC_NORETURN VOID HalpHalt(VOID) {
    for (;;) {
        __asm__ volatile("cli; hlt" : : : "memory");
    }
}

/* Firmware booted by UEFI is usually in ACPI mode already; if it is not, it is asked to be. */
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

static VOID HalpResetByRegister(VOID) {
    PGEN_ADDR Register = &HalpAcpi.ResetRegister;
    if (!HalpAcpi.ResetRegisterValid) {
        return;
    }
    if (Register->AddressSpaceID == GEN_ADDR_IO && Register->Address <= MAXUSHORT) {
        WRITE_PORT_UCHAR((USHORT)Register->Address, HalpAcpi.ResetValue);
    } else if (Register->AddressSpaceID == GEN_ADDR_MEMORY) {
        volatile UCHAR *Va = HalpMapPhysicalMemory(Register->Address, 1, HalpUncached);
        if (Va != NULL) {
            *Va = HalpAcpi.ResetValue;
        }
    }
    KeStallExecutionProcessor(50000);
}

static VOID HalpResetByKeyboardController(VOID) {
    for (ULONG Try = 0; Try < I8042_TRIES; Try++) {
        if ((READ_PORT_UCHAR(I8042_COMMAND) & 2) == 0) {
            break;
        }
    }
    WRITE_PORT_UCHAR(I8042_COMMAND, I8042_RESET);
    KeStallExecutionProcessor(50000);
}

static VOID HalpTripleFault(VOID) {
    static const struct {
        USHORT Pad[3];
        USHORT Limit;
        ULONG64 Base;
    } EmptyIdt __attribute__((aligned(8)));
    __asm__ volatile("lidt %0; int3" : : "m"(EmptyIdt.Limit));
}

VOID HalReturnToFirmware(_In_ FIRMWARE_REENTRY Routine) {
    __asm__ volatile("cli" : : : "memory");
    switch (Routine) {
    case HalPowerDownRoutine:
        HalpPowerDown();
        break;
    case HalRestartRoutine:
    case HalRebootRoutine:
        HalpResetByRegister();
        HalpResetByKeyboardController();
        HalpTripleFault();
        break;
    default:
        break;
    }
    HalpHalt();
}
