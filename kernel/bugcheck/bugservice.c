/*
 * bugservice.c - the last system service of the thread that stopped the machine
 *
 * Names come from ssdt.asm, which is generated from sdk/services.tbl. The checked build keeps the
 * arguments that came in registers in the trap frame (syscall.asm, GUARD_FRAME); a later exception may
 * have replaced that frame, so they are shown only for a frame that a service has made.
 */
#include "bugcheckp.h"

#define TRAP_BY_SERVICE 2 /* KTRAP_FRAME.ExceptionActive */

extern const LONG KiServiceNames[]; /* distances of the names from here */

/* Nothing for a thread that has no user mode. Any IRQL. */
VOID KiPrintLastService(VOID) {
    PKTHREAD Thread = KeGetPcr()->Prcb.CurrentThread;
    if (Thread == NULL || Thread->Teb == NULL || Thread->SystemCallNumber >= KiServiceLimit) {
        return;
    }
    PKTRAP_FRAME TrapFrame = KeGetTrapFrame(Thread);
    KiBugPrint("last service %s", (PCSTR)KiServiceNames + KiServiceNames[Thread->SystemCallNumber]);
    if (DBG && TrapFrame->ExceptionActive == TRAP_BY_SERVICE) {
        KiBugPrint(" (%llx, %llx, %llx, %llx)", TrapFrame->Rcx, TrapFrame->Rdx, TrapFrame->R8,
                   TrapFrame->R9);
    }
    KiBugPrint("\n\n");
}
