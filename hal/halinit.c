/*
 * halinit.c - the start of the HAL, and its essay
 *
 * The hardware abstraction layer hides how PCs differ: which tables describe the machine, where its
 * registers are, how fast its clocks run. Code above the HAL uses no I/O ports; the HAL knows
 * nothing of threads.
 *
 * The parts, one file each:
 *
 *   acpi.c         finds and checks the firmware's tables, once
 *   madt.c, fadt.c, aml.c  read them into HalpAcpi
 *   map.c          maps device registers in the last megabytes of the address space
 *   apic.c, pic.c  the local APIC: end of interrupt, interrupts to this and other processors
 *   ioapic.c       I/O APICs: from a device's line to a vector
 *   mca.c          machine checks: enabling and reading them
 *   mpstart.c      starts the other processors, one at a time
 *   calibrate.c    measures the TSC and the APIC timer once
 *   hpet.c         the counter of the HPET
 *   counter.c      KeQueryPerformanceCounter and KeStallExecutionProcessor
 *   timer.c        the clock interrupt
 *   cmos.c         the battery clock
 *   serial.c       16550 ports, polled: kernel log and console
 *   display.c      a text console on the framebuffer
 *   power.c        power off and reset
 *   exitport.c     boot options, and the outcome lines that tools/vmrun reads
 *
 * A machine may lack nearly all of this: the HAL works without serial port, framebuffer, HPET or
 * x2APIC. Tables that contradict themselves are ignored; defaults apply, and a line goes to the
 * log. Only a part that cannot be replaced (a local APIC, a working time stamp counter) is fatal if
 * it is missing.
 *
 * Everything is set up on the boot processor before others run and is read-only afterwards, so the
 * HAL needs almost no locks. The exception is the I/O APICs (HalpIoApicLock in ioapic.c); serial.c
 * and display.c explain why they need none.
 */
#include "halp.h"

static HALP_SPEEDS HalpSpeeds;

/* Logs in one line what the HAL found. */
static VOID HalpReportMachine(VOID) {
    DbgPrint("HAL: %u processor(s), %s, TSC %llu kHz by %s, counter %s, clock %s\n",
             HalpAcpi.ProcessorCount, HalpApicName(), HalpSpeeds.Tsc / 1000, HalpSpeeds.Reference,
             HalpCounterName(), HalpClockName());
    if (HalpAcpi.PciAddress != 0) {
        DbgPrint("HAL: PCI configuration space at %llx, buses %u to %u\n", HalpAcpi.PciAddress,
                 HalpAcpi.PciFirstBus, HalpAcpi.PciLastBus);
    }
    HalpReportIoApics();
}

BOOLEAN HalInitSystem(_In_ ULONG Phase, _In_ PLOADER_PARAMETER_BLOCK LoaderBlock) {
    if (Phase == 0) {
        HalpInitializeOptions(LoaderBlock);
        HalpInitializeSerial();
        HalWriteOutcome("ready\n"); /* tells tools/vmrun that input sent from here on is not lost */
        HalpInitializeAcpi(LoaderBlock);
        HalInitializeProcessor(0, LoaderBlock);
        HalpInitializeIoApics();
        HalpInitializeHpet();
        HalpCalibrateTimers(&HalpSpeeds);
        HalpInitializeCounter(HalpSpeeds.Tsc);
        HalpInitializeClock(HalpSpeeds.Apic);
        return TRUE;
    }
    if (Phase == 1) {
        HalpInitializeDisplay(LoaderBlock);
        HalpReportMachine();
        return TRUE;
    }
    return FALSE;
}

VOID HalInitializeProcessor(_In_ ULONG Number, _In_ PLOADER_PARAMETER_BLOCK LoaderBlock) {
    (void)LoaderBlock;
    if (Number == 0) {
        HalpMaskPics();
    }
    HalpInitializePageAttributes();
    HalpInitializeLocalApic();
    HalpEnableMachineChecks();
    HalpNoteStarted(Number);
}

ULONG HalQueryProcessorCount(VOID) {
    return HalpAcpi.ProcessorCount;
}
