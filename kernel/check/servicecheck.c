/*
 * servicecheck.c - what must hold when a system service returns to user mode (checked build)
 *
 * A service that goes wrong often shows it only later, in another thread or in another service. So the
 * checked build looks at each service's exit, while the culprit is still known:
 *
 *   rbp is the trap frame's   the service has restored the non-volatile registers
 *   the canary is whole       nothing was written past the end of the service's own stack frames
 *   IRQL is PASSIVE_LEVEL     what was raised was lowered; a spin lock that is still held is named
 *   APCs are not disabled     critical and guarded regions were left as often as they were entered
 *   the thread is at home     a process that it attached to was left again
 *
 * The canary is one word between the trap frame and the stack of the service; syscall.asm writes it. The
 * bug checks are Windows' own for such cases (WDK: "Bug Check Code Reference"). The free build does none
 * of this.
 */
#include "ki.h"

#if DBG

#define SERVICE_CANARY 0x5EC0DE5AFE57AC4Bull /* ks.inc */

/* Parameter 1 of KERNEL_SECURITY_CHECK_FAILURE. */
#define FAST_FAIL_STACK_COOKIE_CHECK_FAILURE 2
#define FAST_FAIL_INCORRECT_STACK            4

/* Called by KiSystemServiceExit with rbp and the service's status, which it returns. */
ULONG64 KiCheckServiceExit(_In_ ULONG64 Rbp, _In_ ULONG64 Status) {
    PKTHREAD Thread = KeGetCurrentThread();
    PKTRAP_FRAME TrapFrame = KeGetTrapFrame(Thread);
    ULONG_PTR Service = Thread->SystemCallNumber;
    if (Rbp != (ULONG64)TrapFrame + 0x80) {
        KeBugCheckEx(KERNEL_SECURITY_CHECK_FAILURE, FAST_FAIL_INCORRECT_STACK, (ULONG_PTR)TrapFrame,
                     Rbp, Service);
    }
    if (((PULONG64)TrapFrame)[-1] != SERVICE_CANARY) {
        KeBugCheckEx(KERNEL_SECURITY_CHECK_FAILURE, FAST_FAIL_STACK_COOKIE_CHECK_FAILURE,
                     (ULONG_PTR)TrapFrame, ((PULONG64)TrapFrame)[-1], Service);
    }
    KIRQL Irql = KeGetCurrentIrql();
    if (Irql != PASSIVE_LEVEL) {
        KiCheckNoLocks();
        KeBugCheckEx(IRQL_GT_ZERO_AT_SYSTEM_SERVICE, TrapFrame->Rip, Irql, 0, Service);
    }
    if (Thread->CombinedApcDisable != 0) {
        KeBugCheckEx(APC_INDEX_MISMATCH, TrapFrame->Rip, Thread->ApcStateIndex,
                     Thread->CombinedApcDisable, Service);
    }
    if (Thread->ApcState.Process != Thread->Process) {
        KeBugCheckEx(INVALID_PROCESS_ATTACH_ATTEMPT, (ULONG_PTR)Thread->ApcState.Process,
                     (ULONG_PTR)Thread->Process, Thread->ApcStateIndex, Service);
    }
    return Status;
}

#endif
