/*
 * IRQL, kept lazily.
 *
 * What a processor may be interrupted by is said by a number, its interrupt request level. The
 * hardware has a place for it: cr8, the task priority of the local APIC, which keeps back every
 * interrupt whose vector's upper half is not above it. But nearly always the level is raised and
 * lowered again with nothing coming in between, and cr8 is dear: on a virtual machine each write
 * may be an exit, in QEMU's translator it takes a lock that all processors share. So raising only
 * notes the level, in KPCR.Irql, and cr8 stays behind; KPCR.HardwareIrql says where.
 *
 *   Irql         the level. What KeGetCurrentIrql says, and what every rule is about
 *   HardwareIrql what cr8 holds; never above Irql, but for the few instructions of a lowering
 *
 * An interrupt that comes although it is not above Irql finds that out at its entry (trap.asm). It
 * has come too early: cr8 is brought up to Irql, the interrupt is given back to the APIC, which now
 * keeps it (HalDeferInterrupt), and the interrupted code goes on. Lowering looks whether
 * HardwareIrql is above the new level. Only then something was held back, cr8 is written, and it
 * comes.
 *
 *            KeRaiseIrql(2)        an interrupt of level 1       KeLowerIrql(0)
 *   Irql       0 -> 2                        2                       2 -> 0
 *   cr8          0                        0 -> 2                     2 -> 0: it comes
 *
 * Whoever asks for a software interrupt that cannot come yet brings cr8 up itself, which spares the
 * trap (KiRequestSoftwareInterrupt). And the routines of drivers, for interrupts and DPCs, find cr8
 * at their level (KiMatchHardwareIrql): the WDK's inline functions look there.
 *
 * Both bytes are the processor's own. A thread below DISPATCH_LEVEL may be moved to another
 * processor between any two instructions, therefore each of the accesses is one instruction, and
 * cr8 and HardwareIrql change together with interrupts off. Source: Windows Internals, "Software
 * interrupt request levels": lazy IRQL, there of 32-bit HALs.
 */
#include "ki.h"

DECLSPEC_NORETURN VOID KiBadIrql(KIRQL Wanted, PCSTR Rule) {
    DbgPrint("IRQL rule broken: %s, at IRQL %u\n", Rule, KeGetCurrentIrql());
    KeBugCheckEx(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Rule, KeGetCurrentIrql(), Wanted,
                 (ULONG_PTR)__builtin_return_address(0));
}

/* Interrupts off: the APIC holds back from now on what the level forbids. */
VOID KiSynchronizeHardwareIrql(PKPCR Pcr) {
    Pcr->HardwareIrql = Pcr->Irql;
    __asm__ volatile("mov %0, %%cr8" : : "r"((ULONG64)Pcr->Irql) : "memory");
}

__attribute__((preserve_most)) VOID KiLowerHardwareIrql(VOID) {
    BOOLEAN Enabled = KeDisableInterrupts();
    PKPCR Pcr = KeGetPcr();
    if (Pcr->HardwareIrql > Pcr->Irql)
        KiSynchronizeHardwareIrql(Pcr);
    KeRestoreInterrupts(Enabled);
}

VOID KiMatchHardwareIrql(VOID) {
    BOOLEAN Enabled = KeDisableInterrupts();
    KiSynchronizeHardwareIrql(KeGetPcr());
    KeRestoreInterrupts(Enabled);
}

/* The interrupt of Vector has come too early; interrupts off. A spurious one is nobody's: it does
   not come again. */
VOID KiDeferInterrupt(ULONG Vector) {
    PKPCR Pcr = KeGetPcr();
    if (Vector == HAL_SPURIOUS_VECTOR) {
        Pcr->Prcb.UnexpectedInterrupts[Vector]++;
        return;
    }
    Pcr->Prcb.DeferredInterrupts++;
    KiSynchronizeHardwareIrql(Pcr);
    HalDeferInterrupt(Vector);
}

VOID KiRequestSoftwareInterrupt(KIRQL RequestIrql) {
    BOOLEAN Enabled = KeDisableInterrupts();
    PKPCR Pcr = KeGetPcr();
    if (Pcr->Irql >= RequestIrql)
        KiSynchronizeHardwareIrql(Pcr);
    HalRequestSoftwareInterrupt(RequestIrql);
    KeRestoreInterrupts(Enabled);
}
