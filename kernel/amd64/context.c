/*
 * context.c - between a CONTEXT and the frames that a trap leaves on the kernel stack
 *
 * On entry to the kernel the volatile registers, rbp and the machine frame are saved in a
 * KTRAP_FRAME; where a whole context is wanted, the other nonvolatile registers stand in a
 * KEXCEPTION_FRAME beside it. The floating-point registers stay in the processor: the kernel does
 * not use them and a thread switch saves them, so those of the current thread are there to read.
 *
 * What user mode hands in as a context is not to be believed: it could name kernel segments, set
 * I/O privilege, or a rip that makes the return instruction itself fault. The processor's return
 * to user mode must never fail, so such values are replaced here, once, on the way in.
 */

#include "ki.h"

/* rflags that may be chosen: CF PF AF ZF SF TF DF OF AC ID RF; the kernel also IF. */
#define EFLAGS_USER_SANITIZE   0x00250DD5u
#define EFLAGS_KERNEL_SANITIZE 0x00250FD5u
#define EFLAGS_INTERRUPT       0x00000200u
#define EFLAGS_ALWAYS          0x00000002u

/* What a routine of ntdll must not inherit from the code it interrupts: TF DF NT RF AC. */
#define EFLAGS_ROUTINE_CLEAR 0x00054500u

/* An address that user mode can name but never map: going there is an access violation. */
#define KI_INVALID_USER_RIP MM_USER_PROBE_ADDRESS

static ULONG KiMxCsrMask(VOID) {
    static ULONG Mask;
    if (Mask == 0) {
        XSAVE_FORMAT Image = {0};
        __asm__ volatile("fxsave64 %0" : "=m"(Image));
        Mask = Image.MxCsr_Mask != 0 ? Image.MxCsr_Mask : 0xFFBF;
    }
    return Mask;
}

/*
 * KeContextFromKframes - fills the parts of Context that its ContextFlags ask for.
 *
 * For the current thread. IRQL: <= APC_LEVEL for a user context, any
 * for a kernel one. Public source: the CONTEXT page of the SDK.
 */
VOID KeContextFromKframes(PKTRAP_FRAME TrapFrame, PKEXCEPTION_FRAME ExceptionFrame,
                          PCONTEXT Context) {
    ULONG Flags = Context->ContextFlags;

    if ((Flags & CONTEXT_CONTROL) == CONTEXT_CONTROL) {
        Context->EFlags = TrapFrame->EFlags;
        Context->SegCs = TrapFrame->SegCs;
        Context->SegSs = TrapFrame->SegSs;
        Context->Rip = TrapFrame->Rip;
        Context->Rsp = TrapFrame->Rsp;
    }
    if ((Flags & CONTEXT_SEGMENTS) == CONTEXT_SEGMENTS) {
        Context->SegDs = KGDT64_R3_DATA | RPL_MASK;
        Context->SegEs = KGDT64_R3_DATA | RPL_MASK;
        Context->SegFs = KGDT64_R3_CMTEB | RPL_MASK;
        Context->SegGs = KGDT64_R3_DATA | RPL_MASK;
    }
    if ((Flags & CONTEXT_INTEGER) == CONTEXT_INTEGER) {
        Context->Rax = TrapFrame->Rax;
        Context->Rcx = TrapFrame->Rcx;
        Context->Rdx = TrapFrame->Rdx;
        Context->R8 = TrapFrame->R8;
        Context->R9 = TrapFrame->R9;
        Context->R10 = TrapFrame->R10;
        Context->R11 = TrapFrame->R11;
        Context->Rbp = TrapFrame->Rbp;
        Context->Rbx = ExceptionFrame->Rbx;
        Context->Rdi = ExceptionFrame->Rdi;
        Context->Rsi = ExceptionFrame->Rsi;
        Context->R12 = ExceptionFrame->R12;
        Context->R13 = ExceptionFrame->R13;
        Context->R14 = ExceptionFrame->R14;
        Context->R15 = ExceptionFrame->R15;
    }
    if ((Flags & CONTEXT_FLOATING_POINT) == CONTEXT_FLOATING_POINT) {
        __asm__ volatile("fxsave64 %0" : "=m"(Context->FltSave));
        Context->MxCsr = Context->FltSave.MxCsr;
    }
    if ((Flags & CONTEXT_DEBUG_REGISTERS) == CONTEXT_DEBUG_REGISTERS) {
        KiGetDebugRegisters(Context);
    }
}

/* With four levels of page tables the upper 17 bits of an address are equal. */
static BOOLEAN KiIsCanonical(ULONG64 Address) {
    return (Address >> 47) == 0 || (Address >> 47) == 0x1FFFF;
}

/*
 * KeSetUserMachineFrame - where and how user mode goes on: the machine frame, always whole.
 *
 * Each value is one that the return to user mode accepts. SegCs names 64-bit code, or 32-bit code
 * if rip has no more bits. An rip that is not canonical becomes one that faults in user mode: iretq
 * and sysret would fault on it in ring 0, as iretq does on one past the limit of a 32-bit segment.
 * EFlags keeps what a program may choose, and has interrupts on; ss is the data segment. Every
 * redirection of user mode ends here. For the current thread, or one that has not started. Any
 * IRQL. Source: Intel SDM, volume 2, "IRET" and "SYSRET".
 */
VOID KeSetUserMachineFrame(PKTRAP_FRAME TrapFrame, USHORT SegCs, ULONG64 Rip, ULONG64 Rsp,
                           ULONG EFlags) {
    TrapFrame->SegCs = KGDT64_R3_CODE | RPL_MASK;
    TrapFrame->SegSs = KGDT64_R3_DATA | RPL_MASK;
    TrapFrame->EFlags = (EFlags & EFLAGS_USER_SANITIZE) | EFLAGS_INTERRUPT | EFLAGS_ALWAYS;
    TrapFrame->Rsp = Rsp;
    TrapFrame->Rip = KiIsCanonical(Rip) ? Rip : KI_INVALID_USER_RIP;
    if (SegCs == (KGDT64_R3_CMCODE | RPL_MASK) && Rip <= MAXULONG) {
        TrapFrame->SegCs = SegCs;
    }
}

/*
 * KeEnterUserRoutine - makes user mode go on in a routine of ntdll, with rsp as given.
 *
 * The routine runs as 64-bit code, whatever was interrupted, and without its trap, direction and
 * alignment flags. As KeSetUserMachineFrame otherwise.
 */
VOID KeEnterUserRoutine(PKTRAP_FRAME TrapFrame, PVOID Routine, ULONG64 Rsp) {
    KeSetUserMachineFrame(TrapFrame, KGDT64_R3_CODE | RPL_MASK, (ULONG64)Routine, Rsp,
                          TrapFrame->EFlags & ~EFLAGS_ROUTINE_CLEAR);
}

static VOID KiSetKernelControl(PKTRAP_FRAME TrapFrame, PCONTEXT Context) {
    TrapFrame->EFlags = (Context->EFlags & EFLAGS_KERNEL_SANITIZE) | EFLAGS_ALWAYS;
    TrapFrame->Rsp = Context->Rsp;
    TrapFrame->Rip = Context->Rip;
}

static VOID KiSetIntegers(PKTRAP_FRAME TrapFrame, PKEXCEPTION_FRAME ExceptionFrame,
                          PCONTEXT Context) {
    TrapFrame->Rax = Context->Rax;
    TrapFrame->Rcx = Context->Rcx;
    TrapFrame->Rdx = Context->Rdx;
    TrapFrame->R8 = Context->R8;
    TrapFrame->R9 = Context->R9;
    TrapFrame->R10 = Context->R10;
    TrapFrame->R11 = Context->R11;
    TrapFrame->Rbp = ExceptionFrame->Rbp = Context->Rbp;
    TrapFrame->Rbx = ExceptionFrame->Rbx = Context->Rbx;
    TrapFrame->Rdi = ExceptionFrame->Rdi = Context->Rdi;
    TrapFrame->Rsi = ExceptionFrame->Rsi = Context->Rsi;
    ExceptionFrame->R12 = Context->R12;
    ExceptionFrame->R13 = Context->R13;
    ExceptionFrame->R14 = Context->R14;
    ExceptionFrame->R15 = Context->R15;
}

/*
 * KeContextToKframes - the reverse, for the parts that ContextFlags name.
 *
 * PreviousMode UserMode sanitises: the machine frame is that of KeSetUserMachineFrame, and debug
 * registers watch user addresses only. The data segments are accepted and have no effect. IRQL: <=
 * APC_LEVEL for user contexts.
 */
VOID KeContextToKframes(PKTRAP_FRAME TrapFrame, PKEXCEPTION_FRAME ExceptionFrame, PCONTEXT Context,
                        ULONG ContextFlags, KPROCESSOR_MODE PreviousMode) {
    if ((ContextFlags & CONTEXT_CONTROL) == CONTEXT_CONTROL) {
        if (PreviousMode == UserMode) {
            KeSetUserMachineFrame(TrapFrame, Context->SegCs, Context->Rip, Context->Rsp,
                                  Context->EFlags);
        } else {
            KiSetKernelControl(TrapFrame, Context);
        }
    }
    if ((ContextFlags & CONTEXT_INTEGER) == CONTEXT_INTEGER) {
        KiSetIntegers(TrapFrame, ExceptionFrame, Context);
    }
    if ((ContextFlags & CONTEXT_FLOATING_POINT) == CONTEXT_FLOATING_POINT &&
        PreviousMode == UserMode) {
        Context->FltSave.MxCsr = Context->MxCsr & KiMxCsrMask();
        TrapFrame->MxCsr = Context->FltSave.MxCsr;
        __asm__ volatile("fxrstor64 %0" : : "m"(Context->FltSave));
    }
    if ((ContextFlags & CONTEXT_DEBUG_REGISTERS) == CONTEXT_DEBUG_REGISTERS &&
        PreviousMode == UserMode) {
        KiSetDebugRegisters(Context);
    }
}
