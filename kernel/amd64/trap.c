/*
 * Exceptions of the processor: which NTSTATUS each becomes, and where interrupts go.
 *
 * trap.asm builds the frames and comes here. An exception is turned into an EXCEPTION_RECORD, as
 * Windows Internals tables it, and given to KiDispatchException (except.c), which finds a
 * handler in the kernel or in the program. A page fault is first offered to Mm.
 */
#include "ki.h"

#define PF_PRESENT 0x01
#define PF_WRITE   0x02
#define PF_USER    0x04
#define PF_EXECUTE 0x10

KE_UPCALLS KeUpcalls;

static KPROCESSOR_MODE KiFrameMode(PKTRAP_FRAME TrapFrame) {
    return TrapFrame->SegCs & RPL_MASK ? UserMode : KernelMode;
}

static VOID KiRaiseFromTrap(NTSTATUS Code, PKTRAP_FRAME TrapFrame, PKEXCEPTION_FRAME ExceptionFrame,
                            ULONG Parameters, ULONG64 First, ULONG64 Second) {
    EXCEPTION_RECORD Record = {.ExceptionCode = Code,
                               .ExceptionAddress = (PVOID)TrapFrame->Rip,
                               .NumberParameters = Parameters,
                               .ExceptionInformation = {First, Second}};
    KiDispatchException(&Record, ExceptionFrame, TrapFrame, KiFrameMode(TrapFrame), TRUE);
}

static NTSTATUS KiExceptionCode(ULONG Vector) {
    static const NTSTATUS Codes[] = {[0x00] = STATUS_INTEGER_DIVIDE_BY_ZERO,
                                     [0x01] = STATUS_SINGLE_STEP,
                                     [0x03] = STATUS_BREAKPOINT,
                                     [0x04] = STATUS_INTEGER_OVERFLOW,
                                     [0x05] = STATUS_ARRAY_BOUNDS_EXCEEDED,
                                     [0x06] = STATUS_ILLEGAL_INSTRUCTION,
                                     [0x07] = STATUS_ILLEGAL_INSTRUCTION,
                                     [0x09] = STATUS_ACCESS_VIOLATION,
                                     [0x0A] = STATUS_ACCESS_VIOLATION,
                                     [0x0B] = STATUS_ACCESS_VIOLATION,
                                     [0x0C] = STATUS_ACCESS_VIOLATION,
                                     [0x0D] = STATUS_ACCESS_VIOLATION,
                                     [0x10] = STATUS_FLOAT_INVALID_OPERATION,
                                     [0x11] = STATUS_DATATYPE_MISALIGNMENT,
                                     [0x13] = STATUS_FLOAT_MULTIPLE_TRAPS,
                                     [0x14] = STATUS_ILLEGAL_INSTRUCTION,
                                     [0x15] = STATUS_ACCESS_VIOLATION,
                                     [0x29] = STATUS_STACK_BUFFER_OVERRUN,
                                     [0x2C] = STATUS_ASSERTION_FAILURE};
    return Vector < ARRAYSIZE(Codes) && Codes[Vector] ? Codes[Vector] : STATUS_UNSUCCESSFUL;
}

/* The MXCSR or x87 status word says which floating point exception it was. */
static NTSTATUS KiFloatingStatus(ULONG Vector) {
    ULONG MxCsr = 0;
    USHORT Fsw = 0;
    if (Vector == 0x13)
        __asm__ volatile("stmxcsr %0" : "=m"(MxCsr));
    else
        __asm__ volatile("fnstsw %0" : "=m"(Fsw));
    ULONG Flags = Vector == 0x13 ? MxCsr & ~(MxCsr >> 7) & 0x3F : Fsw & 0x3F;
    if (Flags & 0x01)
        return STATUS_FLOAT_INVALID_OPERATION;
    if (Flags & 0x04)
        return STATUS_FLOAT_DIVIDE_BY_ZERO;
    if (Flags & 0x02)
        return STATUS_FLOAT_DENORMAL_OPERAND;
    if (Flags & 0x08)
        return STATUS_FLOAT_OVERFLOW;
    if (Flags & 0x10)
        return STATUS_FLOAT_UNDERFLOW;
    return Flags & 0x20 ? STATUS_FLOAT_INEXACT_RESULT : STATUS_FLOAT_INVALID_OPERATION;
}

/* Called through KiCallWithExceptionFrame for every exception but page faults. */
VOID KiTrapException(ULONG64 Vector, PKTRAP_FRAME TrapFrame, PKEXCEPTION_FRAME ExceptionFrame) {
    KPROCESSOR_MODE Mode = KiFrameMode(TrapFrame);
    NTSTATUS Code = KiExceptionCode((ULONG)Vector);
    ULONG Parameters = 0;
    ULONG64 First = 0, Second = 0;

    if (Mode == KernelMode && Vector == 0x29)
        KeBugCheck2(KERNEL_SECURITY_CHECK_FAILURE, TrapFrame->Rcx, (ULONG_PTR)TrapFrame, 0, 0,
                    TrapFrame);
    switch (Vector) {
    case 0x00:
        if (Mode == UserMode)
            Code = KiDivideStatus(TrapFrame, ExceptionFrame);
        break;
    case 0x01: /* of user mode: trap.asm keeps the others back */
        KiNoteDebugTrap(TrapFrame);
        TrapFrame->EFlags &= ~0x100u;
        break;
    case 0x06:
        if (Mode == UserMode && KiSkipIceBreakpoint(TrapFrame)) {
            Code = STATUS_SINGLE_STEP;
        }
        break;
    case 0x03:
    case 0x2C: /* the instruction itself is where the exception is reported */
        TrapFrame->Rip -= Vector == 0x03 ? 1 : 2;
        Parameters = Vector == 0x03;
        break;
    case 0x0C:
    case 0x0D:
        if (Mode == UserMode && KiIsPrivilegedInstruction(TrapFrame)) {
            Code = STATUS_PRIVILEGED_INSTRUCTION;
        } else {
            Parameters = 2;
            Second = ~0ull;
        }
        break;
    case 0x10:
    case 0x13:
        Code = KiFloatingStatus((ULONG)Vector);
        break;
    case 0x29:
        TrapFrame->Rip -= 2;
        Parameters = 1;
        First = TrapFrame->Rcx;
        break;
    }
    if (Vector == 0x29) { /* __fastfail: no handler is asked */
        KeUpcalls.TerminateCurrentProcess(Code);
        return;
    }
    KiRaiseFromTrap(Code, TrapFrame, ExceptionFrame, Parameters, First, Second);
}

/* The checks that come before Mm: a fault at raised IRQL can never be mended. */
static VOID KiCheckFaultIrql(PKTRAP_FRAME TrapFrame, KPROCESSOR_MODE Mode) {
    ULONG64 Access = TrapFrame->ErrorCode & PF_EXECUTE ? 8 : (TrapFrame->ErrorCode & PF_WRITE) != 0;
    KIRQL Irql = KeGetCurrentIrql();
    if (Mode == KernelMode && (Irql >= DISPATCH_LEVEL || !(TrapFrame->EFlags & 0x200)))
        KeBugCheck2(IRQL_NOT_LESS_OR_EQUAL, TrapFrame->FaultAddress, Irql, Access, TrapFrame->Rip,
                    TrapFrame);
}

/*
 * A page fault. Returns a success status when the access can be tried again, else the status that
 * becomes an exception. The kernel may fault on user addresses in its accessors only (and in the
 * copy of a service's arguments); with SMAP the processor sees to it, without it we do.
 */
NTSTATUS KiMemoryFault(PKTRAP_FRAME TrapFrame) {
    KPROCESSOR_MODE Mode = KiFrameMode(TrapFrame);
    ULONG64 Address = TrapFrame->FaultAddress;

    KiCheckFaultIrql(TrapFrame, Mode);
    if (Mode == KernelMode && Address < MM_USER_PROBE_ADDRESS && !KiIsUserAccessor(TrapFrame->Rip))
        return STATUS_ACCESS_VIOLATION;
    /* User code, but the processor touched the page as supervisor (a descriptor table; before
       QEMU 9.1 also the stack of iretq) and SMAP forbade it: trying again would never end. */
    if (Mode == UserMode && (TrapFrame->ErrorCode & (PF_PRESENT | PF_USER)) == PF_PRESENT)
        return STATUS_ACCESS_VIOLATION;
    if (!KeUpcalls.AccessFault)
        KeBugCheck2(PAGE_FAULT_IN_NONPAGED_AREA, Address, TrapFrame->ErrorCode, TrapFrame->Rip, 0,
                    TrapFrame);
    return KeUpcalls.AccessFault(TrapFrame->ErrorCode, (PVOID)Address, Mode, TrapFrame);
}

/* A page fault that Mm could not mend: the exception. */
VOID KiPageFaultException(ULONG64 Status, PKTRAP_FRAME TrapFrame,
                          PKEXCEPTION_FRAME ExceptionFrame) {
    ULONG64 Access = TrapFrame->ErrorCode & PF_EXECUTE ? 8 : (TrapFrame->ErrorCode & PF_WRITE) != 0;

    /* Of the kernel's own code only: user mode may jump to any address. */
    if (KiFrameMode(TrapFrame) == KernelMode &&
        TrapFrame->Rip >= (ULONG64)KiSystemServiceCopyStart &&
        TrapFrame->Rip < (ULONG64)KiSystemServiceCopyEnd) {
        TrapFrame->Rip = (ULONG64)KiSystemServiceCopyFault;
        return;
    }
    KiRaiseFromTrap((NTSTATUS)Status, TrapFrame, ExceptionFrame, 2, Access,
                    TrapFrame->FaultAddress);
}

/* int 2Dh, service 1. Returns what the program gets in rax. */
NTSTATUS KiDebugServicePrint(PKTRAP_FRAME TrapFrame) {
    CHAR Text[512];
    USHORT Length = (USHORT)min(TrapFrame->Rdx & 0xFFFF, sizeof(Text));

    if (KiFrameMode(TrapFrame) == KernelMode)
        return STATUS_SUCCESS;
    __try {
        CopyFromUser(Text, (PVOID)TrapFrame->Rcx, Length);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    KeUpcalls.DebugPrint(Text, Length);
    return STATUS_SUCCESS;
}

/* As in Windows, but for the second parameter: the address that the hardware names, if any. */
static DECLSPEC_NORETURN VOID KiMachineCheck(PKTRAP_FRAME TrapFrame) {
    ULONG Bank;
    ULONG64 Status, Address;
    HalQueryMachineCheck(&Bank, &Status, &Address);
    KeBugCheck2(MACHINE_CHECK_EXCEPTION, Bank, Address, Status >> 32, (ULONG)Status, TrapFrame);
}

/* Double fault, machine check: nothing can be mended. */
VOID KiFatalTrap(ULONG64 Vector, PKTRAP_FRAME TrapFrame, PKEXCEPTION_FRAME ExceptionFrame) {
    UNREFERENCED_PARAMETER(ExceptionFrame);
    if (Vector == 0x12)
        KiMachineCheck(TrapFrame);
    KeBugCheck2(UNEXPECTED_KERNEL_MODE_TRAP, Vector, (ULONG_PTR)TrapFrame, TrapFrame->Rip,
                TrapFrame->Rsp, TrapFrame);
}

/* During a bugcheck an NMI freezes this processor. One that nobody asked for is a hardware error.
 */
VOID KiNmi(ULONG64 Vector, PKTRAP_FRAME TrapFrame, PKEXCEPTION_FRAME ExceptionFrame) {
    UNREFERENCED_PARAMETER(Vector);
    UNREFERENCED_PARAMETER(ExceptionFrame);
    if (KeBugCheckActive)
        KiFreeze(TrapFrame);
    KeBugCheck2(NMI_HARDWARE_FAILURE, 0x4F4454, 0, 0, 0, TrapFrame);
}

/* DISPATCH_LEVEL, no lock held. */
static VOID KiServeDispatchInterrupt(VOID) {
    KiCheckNoLocks();
    _enable_interrupts();
    KiDispatchInterruptC();
}

/*
 * The clock interrupt leaves timers to expire, at DISPATCH_LEVEL. Where less than that was
 * interrupted, it is done on the way out, as if the dispatch interrupt had come. The idle loop
 * looks by itself.
 */
static VOID KiDpcInterruptBypass(PKPRCB Prcb, PKTRAP_FRAME TrapFrame) {
    if (TrapFrame->PreviousIrql < DISPATCH_LEVEL) {
        KiWriteIrql(DISPATCH_LEVEL);
        KiServeDispatchInterrupt();
    } else if (Prcb->CurrentThread != Prcb->IdleThread) {
        HalRequestSoftwareInterrupt(DISPATCH_LEVEL);
    }
}

/*
 * Every interrupt, at the level of its vector and with interrupts off. Ends its interrupt at the
 * local APIC before it lets others in, a device's last. What is at or below its level waits in the
 * APIC.
 */
VOID KiInterruptDispatch(PKTRAP_FRAME TrapFrame, ULONG Vector) {
    PKPRCB Prcb = KeGetCurrentPrcb();

    Prcb->InterruptCount++;
    switch (Vector) {
    case HAL_APC_VECTOR:
        HalEndSystemInterrupt();
        KiCheckNoLocks();
        _enable_interrupts();
        KiDeliverKernelApcs();
        break;
    case HAL_DPC_VECTOR:
        HalEndSystemInterrupt();
        KiServeDispatchInterrupt();
        break;
    case HAL_CLOCK_VECTOR:
        KeUpdateSystemTime(TrapFrame);
        HalEndSystemInterrupt();
        KiDpcInterruptBypass(Prcb, TrapFrame);
        break;
    case HAL_IPI_VECTOR:
        HalEndSystemInterrupt();
        KiIpiServiceRoutine(Prcb);
        break;
    case HAL_SPURIOUS_VECTOR: /* by definition without an end of interrupt */
        Prcb->UnexpectedInterrupts[Vector]++;
        break;
    default: /* a device's; the end of interrupt comes last, or a level would interrupt again */
        if (Vector < KI_FIRST_DEVICE_VECTOR || Vector > KI_LAST_DEVICE_VECTOR ||
            !KiDispatchDeviceInterrupt(Vector))
            Prcb->UnexpectedInterrupts[Vector & 0xFF]++;
        HalEndSystemInterrupt();
        break;
    }
    _disable_interrupts();
}
