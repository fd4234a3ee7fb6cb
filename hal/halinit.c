/*
 * halinit.c - the start of the HAL, and its essay
 *
 * The hardware abstraction layer is what is left of a PC when everything that all PCs share is
 * taken away: which tables describe it, where its registers are, how fast its clocks run. Above
 * this line nobody knows an I/O port; below it nobody knows a thread.
 *
 * The parts, one file each:
 *
 *   acpi.c         finds the firmware's tables, once, distrusting every byte
 *   madt.c fadt.c aml.c  read them, into HalpAcpi
 *   map.c          maps device registers in the last megabytes of the address space
 *   apic.c, pic.c  the local APIC: end of interrupt, interrupts to oneself and to others
 *   ioapic.c       I/O APICs: from a device's line to a vector
 *   mca.c          machine checks: on, and what they say
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
 * A machine may lack nearly all of it. No serial port, no framebuffer, no HPET, no x2APIC: the HAL
 * works without. Tables that contradict themselves are ignored and defaults used, with a line in
 * the log. Only what nothing can replace (a local APIC, a working time stamp counter) is fatal.
 *
 * Everything is set up on the boot processor before others run and is read-only after, so the HAL
 * has no locks of its own; serial.c and display.c say why they can do without.
 */
#include "halp.h"

static HALP_SPEEDS HalpSpeeds;

/* What the HAL found, in one line, for the reader of a log. */
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
        HalWriteOutcome("ready\n"); /* tools/vmrun: input sent from here on is not lost */
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
