/*
 * irql.c - the interrupt request level
 *
 * A processor's interrupt request level (IRQL) says which interrupts it accepts. The hardware has a
 * register for it: cr8 is the upper half of the local APIC's task priority. The APIC holds back every
 * interrupt whose vector's upper half is not above cr8, and delivers it when cr8 falls. So the level of
 * an interrupt is the upper half of its vector, and raising IRQL is one write of cr8:
 *
 *              KeRaiseIrql(2)      an interrupt of level 1 is sent      KeLowerIrql(0)
 *   cr8          0 -> 2            2: the APIC keeps it                 2 -> 0: it is delivered
 *
 * The WDK's headers read and write cr8 inline, so a driver may change the level without calling the
 * kernel. Therefore cr8 alone is the truth; the kernel never keeps the level elsewhere. KPCR.Irql is a
 * copy for the debugger and for dumps, written by the kernel's routines whenever they change or report
 * the level. A level that a driver has set inline reaches KPCR.Irql with the next of these.
 *
 * cr8 is written before KPCR.Irql. A thread below DISPATCH_LEVEL can be moved to another processor
 * between the two writes; by then the new processor's cr8 is the thread's level, and the second write
 * brings KPCR.Irql in line with it.
 *
 * Software interrupts (APC_LEVEL and DISPATCH_LEVEL) are sent through the APIC to the processor itself,
 * so they wait for cr8 like any other interrupt (HalRequestSoftwareInterrupt).
 *
 * Source: Windows Internals, part 1, "Interrupt request levels"; Intel SDM vol. 3A, 10.8.6.
 */
#include "ki.h"

DECLSPEC_NORETURN VOID KiBadIrql(_In_ KIRQL Wanted, _In_ PCSTR Rule) {
    DbgPrint("IRQL rule broken: %s, at IRQL %u\n", Rule, KeGetCurrentIrql());
    KeBugCheckEx(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Rule, KeGetCurrentIrql(), Wanted,
                 (ULONG_PTR)__builtin_return_address(0));
}

/* An interrupt that is not above cr8: only a spurious one is. It is not in service and is not sent again. */
VOID KiSpuriousInterrupt(_In_ ULONG Vector) {
    NT_ASSERT(Vector == HAL_SPURIOUS_VECTOR);
    KeGetCurrentPrcb()->UnexpectedInterrupts[Vector & 0xFF]++;
}

/* ---- For drivers: the inline routines of ke.h, exported under their names (init/ntoskrnl.def) ---- */

KIRQL NTAPI KiExportGetCurrentIrql(VOID) {
    KIRQL Irql = KeGetCurrentIrql();
    KiWriteIrql(Irql);
    return Irql;
}

KIRQL NTAPI KiExportRaiseIrql(_In_ KIRQL NewIrql) {
    return KfRaiseIrql(NewIrql);
}

KIRQL NTAPI KiExportRaiseIrqlToDpcLevel(VOID) {
    return KfRaiseIrql(DISPATCH_LEVEL);
}

VOID NTAPI KiExportLowerIrql(_In_ KIRQL NewIrql) {
    KeLowerIrql(NewIrql);
}
