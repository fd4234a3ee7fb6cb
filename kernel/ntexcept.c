/*
 * ntexcept.c - the services behind user-mode exception handling
 */

#include "ki.h"
#include "ntapi.h"
#include "ntrtl.h"
#include "rtlexcept.h"

/*
 * The nonvolatile registers that user mode had when it entered: callees between the service entry
 * and here may have saved and changed them, so they are unwound up to the machine frame.
 */
static VOID KiCaptureNonvolatile(PKEXCEPTION_FRAME Frame) {
    CONTEXT Context;
    KNONVOLATILE_CONTEXT_POINTERS Pointers = {0};
    KiUnwindToUser(&Context, &Pointers);
    Frame->Rbp = Context.Rbp;
    Frame->Rbx = Context.Rbx;
    Frame->Rdi = Context.Rdi;
    Frame->Rsi = Context.Rsi;
    Frame->R12 = Context.R12;
    Frame->R13 = Context.R13;
    Frame->R14 = Context.R14;
    Frame->R15 = Context.R15;
}

/*
 * The user registers of the current service's caller become those of Context; the exception frame
 * takes the rest. From here until user mode runs again nobody may look at the thread's context or
 * change it, because part of it is in a local variable: so kernel APCs stay out (KiServiceExit2
 * lets them in again).
 */
static VOID KiLoadContext(PCONTEXT Context, PKEXCEPTION_FRAME ExceptionFrame) {
    PKTRAP_FRAME TrapFrame = KeGetTrapFrame(KeGetCurrentThread());
    KfRaiseIrql(APC_LEVEL);
    KiCaptureNonvolatile(ExceptionFrame);
    KiClearVolatiles(TrapFrame); /* a system service's entry has not written them */
    KeContextToKframes(TrapFrame, ExceptionFrame, Context, Context->ContextFlags, UserMode);
}

static NTSTATUS KiCaptureFromCaller(PVOID Copy, const VOID *Source, SIZE_T Size, ULONG Alignment,
                                    KPROCESSOR_MODE PreviousMode) {
    if (PreviousMode == KernelMode) {
        RtlCopyMemory(Copy, Source, Size);
        return STATUS_SUCCESS;
    }
    __try {
        ProbeForRead(Source, Size, Alignment);
        CopyFromUser(Copy, Source, Size);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/*
 * NtContinue - goes on with another user context.
 *
 * ContextRecord names the parts to load by its ContextFlags; the rest stays as it was at the call.
 * TestAlert TRUE delivers pending user APCs first. Returns only to report a bad pointer.
 * PASSIVE_LEVEL. Public source: phnt, ntkeapi.h.
 */
NTSTATUS NTAPI NtContinue(PCONTEXT ContextRecord, BOOLEAN TestAlert) {
    CONTEXT Context;
    NTSTATUS Status =
        KiCaptureFromCaller(&Context, ContextRecord, sizeof(Context), 16, ExGetPreviousMode());
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (TestAlert) {
        KeTestAlertThread(UserMode);
    }
    KeContinue(&Context);
}

/*
 * KeContinue - leaves the current service for user mode with the registers that Context names.
 *
 * What it does not name stays as it was at the call, but for the volatile registers, which are 0:
 * rax reads as STATUS_SUCCESS. PASSIVE_LEVEL; does not return.
 */
DECLSPEC_NORETURN VOID KeContinue(PCONTEXT Context) {
    KEXCEPTION_FRAME ExceptionFrame;
    KiLoadContext(Context, &ExceptionFrame);
    KiServiceExit2(KeGetTrapFrame(KeGetCurrentThread()), &ExceptionFrame);
}

/*
 * NtRaiseException - raises an exception in the calling thread, as if it had happened where
 * ContextRecord stands.
 *
 * FirstChance FALSE ends the process with the exception code. Returns only to report bad
 * arguments: STATUS_ACCESS_VIOLATION, STATUS_DATATYPE_MISALIGNMENT, STATUS_INVALID_PARAMETER (more
 * than EXCEPTION_MAXIMUM_PARAMETERS). PASSIVE_LEVEL. Public source: phnt, ntkeapi.h.
 */
NTSTATUS NTAPI NtRaiseException(PEXCEPTION_RECORD ExceptionRecord, PCONTEXT ContextRecord,
                                BOOLEAN FirstChance) {
    EXCEPTION_RECORD Record;
    CONTEXT Context;
    KEXCEPTION_FRAME ExceptionFrame;
    PKTRAP_FRAME TrapFrame = KeGetTrapFrame(KeGetCurrentThread());
    KPROCESSOR_MODE PreviousMode = ExGetPreviousMode();
    NTSTATUS Status;

    Status = KiCaptureFromCaller(&Context, ContextRecord, sizeof(Context), 16, PreviousMode);
    if (NT_SUCCESS(Status)) {
        Status = KiCaptureFromCaller(&Record, ExceptionRecord, sizeof(Record), 8, PreviousMode);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Record.NumberParameters > EXCEPTION_MAXIMUM_PARAMETERS) {
        return STATUS_INVALID_PARAMETER;
    }
    KiLoadContext(&Context, &ExceptionFrame);
    KiDispatchException(&Record, &ExceptionFrame, TrapFrame, UserMode, FirstChance);
    KiServiceExit2(TrapFrame, &ExceptionFrame);
}
