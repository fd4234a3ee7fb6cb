/*
 * except.c - giving an exception to whom it belongs
 *
 * A fault becomes an EXCEPTION_RECORD in the trap handler and comes here with the frames of the
 * interrupted code. In kernel mode the handlers on the kernel stack are asked at once; if none
 * takes it, the machine stops. In user mode the kernel asks nobody: it puts the whole context and
 * the record on the user stack, as if the faulting instruction had called
 * ntdll!KiUserExceptionDispatcher, and lets that run. The dispatcher comes back by NtContinue when
 * a handler has repaired the cause, or by NtRaiseException with FirstChance FALSE when nobody took
 * the exception: that is the second chance, and here (without a debugger port) the end of the
 * process, with the exception code as its status.
 *
 *   rsp + 000  CONTEXT                 what the dispatcher finds; ntdll's unwind data describes it
 *       + 4D0  CONTEXT_EX              as a machine frame with 590h bytes below, so that a stack
 *       + 4F0  EXCEPTION_RECORD        walk goes on from the dispatcher into the interrupted code
 *       + 590  MACHINE_FRAME
 *
 * Public sources: "Windows Internals", part 2 (exception dispatching); the disassembly that
 * debuggers show of ntdll!KiUserExceptionDispatcher.
 */

#include "ke.h"
#include "kd.h"
#include "bugcodes.h"
#include "ntrtl.h"
#include "rtlexcept.h"

typedef struct DECLSPEC_ALIGN(16) _KUSER_EXCEPTION_FRAME {
    CONTEXT Context;
    CONTEXT_EX ContextEx;
    ULONG64 Alignment;
    EXCEPTION_RECORD Record;
    ULONG64 Alignment1;
    MACHINE_FRAME MachineFrame;
} KUSER_EXCEPTION_FRAME, *PKUSER_EXCEPTION_FRAME;
static_assert(offsetof(KUSER_EXCEPTION_FRAME, Record) == 0x4F0, "KiUserExceptionDispatcher");
static_assert(offsetof(KUSER_EXCEPTION_FRAME, MachineFrame) == 0x590, "its unwind data");

/* Is the current thread in a service that user mode called? Then Windows has a code of its own. */
static BOOLEAN KiInSystemService(VOID) {
    return KeGetCurrentIrql() <= APC_LEVEL && KeGetCurrentThread()->Teb != NULL &&
           KeGetCurrentThread()->PreviousMode == UserMode;
}

static DECLSPEC_NORETURN VOID KiStopOnException(PEXCEPTION_RECORD Record, PCONTEXT Context,
                                                PKTRAP_FRAME TrapFrame) {
    if (KiInSystemService()) {
        KeBugCheck2(SYSTEM_SERVICE_EXCEPTION, (ULONG)Record->ExceptionCode,
                    (ULONG_PTR)Record->ExceptionAddress, (ULONG_PTR)Context, 0, TrapFrame);
    }
    KeBugCheck2(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)Record->ExceptionCode,
                (ULONG_PTR)Record->ExceptionAddress, Record->ExceptionInformation[0],
                Record->ExceptionInformation[1], TrapFrame);
}

static VOID KiDispatchKernelException(PEXCEPTION_RECORD Record, PKEXCEPTION_FRAME ExceptionFrame,
                                      PKTRAP_FRAME TrapFrame, BOOLEAN FirstChance) {
    CONTEXT Context;
    Context.ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER | CONTEXT_SEGMENTS;
    KeContextFromKframes(TrapFrame, ExceptionFrame, &Context);
    if (!FirstChance || !RtlDispatchException(Record, &Context)) {
        KiStopOnException(Record, &Context, TrapFrame);
    }
    KeContextToKframes(TrapFrame, ExceptionFrame, &Context, Context.ContextFlags, KernelMode);
}

/* Fills the frame that the dispatcher of user mode will find. */
static VOID KiBuildUserFrame(PKUSER_EXCEPTION_FRAME Frame, PEXCEPTION_RECORD Record,
                             PKEXCEPTION_FRAME ExceptionFrame, PKTRAP_FRAME TrapFrame) {
    RtlZeroMemory(Frame, sizeof(*Frame));
    Frame->Context.ContextFlags = CONTEXT_FULL | CONTEXT_SEGMENTS;
    if (KeGetCurrentThread()->Header.DebugActive) {
        Frame->Context.ContextFlags |= CONTEXT_DEBUG_REGISTERS;
    }
    KeContextFromKframes(TrapFrame, ExceptionFrame, &Frame->Context);
    Frame->ContextEx.All.Offset = -(LONG)sizeof(CONTEXT);
    Frame->ContextEx.All.Length = sizeof(CONTEXT) + sizeof(CONTEXT_EX);
    Frame->ContextEx.Legacy.Offset = -(LONG)sizeof(CONTEXT);
    Frame->ContextEx.Legacy.Length = sizeof(CONTEXT);
    Frame->Record = *Record;
    Frame->MachineFrame.Rip = Frame->Context.Rip;
    Frame->MachineFrame.SegCs = TrapFrame->SegCs;
    Frame->MachineFrame.EFlags = TrapFrame->EFlags;
    Frame->MachineFrame.Rsp = TrapFrame->Rsp;
    Frame->MachineFrame.SegSs = TrapFrame->SegSs;
}

/* Puts the frame on the user stack; its address, or the status of the fault that it met. */
static NTSTATUS KiPushUserFrame(PKUSER_EXCEPTION_FRAME Frame, PULONG64 UserRsp) {
    ULONG64 Target = (*UserRsp & ~15ULL) - ((sizeof(*Frame) + 15) & ~15ULL);
    __try {
        ProbeForWrite((PVOID)Target, sizeof(*Frame), 16);
        CopyToUser((PVOID)Target, Frame, sizeof(*Frame));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    *UserRsp = Target;
    return STATUS_SUCCESS;
}

/* Makes the thread go on in ntdll's dispatcher instead of where it was. */
static NTSTATUS KiEnterUserDispatcher(PEXCEPTION_RECORD Record, PKEXCEPTION_FRAME ExceptionFrame,
                                      PKTRAP_FRAME TrapFrame) {
    KUSER_EXCEPTION_FRAME Frame;
    ULONG64 UserRsp = TrapFrame->Rsp;
    NTSTATUS Status;

    KiBuildUserFrame(&Frame, Record, ExceptionFrame, TrapFrame);
    Status = KiPushUserFrame(&Frame, &UserRsp);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    KeEnterUserRoutine(TrapFrame, KeUserExceptionDispatcher, UserRsp);
    return STATUS_SUCCESS;
}

static VOID KiDispatchUserException(PEXCEPTION_RECORD Record, PKEXCEPTION_FRAME ExceptionFrame,
                                    PKTRAP_FRAME TrapFrame, BOOLEAN FirstChance) {
    NTSTATUS Status = STATUS_UNSUCCESSFUL;
    if (FirstChance && KeUserExceptionDispatcher != NULL) {
        Status = KiEnterUserDispatcher(Record, ExceptionFrame, TrapFrame);
        if (Status == STATUS_STACK_OVERFLOW && Record->ExceptionCode != STATUS_STACK_OVERFLOW) {
            /* The attempt used up the stack's last page: that is what the program must hear of. */
            Record->ExceptionCode = STATUS_STACK_OVERFLOW;
            Record->NumberParameters = 0;
            Status = KiEnterUserDispatcher(Record, ExceptionFrame, TrapFrame);
        }
    }
    if (!NT_SUCCESS(Status)) {
        DbgPrint("%s: unhandled exception %08X at %p (%p, %p)\n", KeUpcalls.CurrentImageName(),
                 Record->ExceptionCode, Record->ExceptionAddress,
                 (PVOID)Record->ExceptionInformation[0], (PVOID)Record->ExceptionInformation[1]);
        KeLowerIrql(PASSIVE_LEVEL); /* NtRaiseException comes at APC_LEVEL */
        KeUpcalls.TerminateCurrentProcess(Record->ExceptionCode);
    }
}

/*
 * KiDispatchException - see the head of this file.
 *
 * ExceptionFrame and TrapFrame hold the registers of the code that was interrupted; they may be
 * changed, and the caller loads them when this returns. PreviousMode is the mode of that code.
 * IRQL: that of the code for kernel mode, <= APC_LEVEL for user mode, interrupts on.
 */
VOID KiDispatchException(PEXCEPTION_RECORD ExceptionRecord, PKEXCEPTION_FRAME ExceptionFrame,
                         PKTRAP_FRAME TrapFrame, KPROCESSOR_MODE PreviousMode,
                         BOOLEAN FirstChance) {
    if (PreviousMode == KernelMode) {
        KiDispatchKernelException(ExceptionRecord, ExceptionFrame, TrapFrame, FirstChance);
    } else {
        KiDispatchUserException(ExceptionRecord, ExceptionFrame, TrapFrame, FirstChance);
    }
}

/*
 * RtlpUnhandledException - the kernel's end of RtlRaiseException: nobody wanted it.
 */
DECLSPEC_NORETURN VOID NTAPI RtlpUnhandledException(PEXCEPTION_RECORD ExceptionRecord,
                                                    PCONTEXT ContextRecord) {
    KiStopOnException(ExceptionRecord, ContextRecord, NULL);
}
