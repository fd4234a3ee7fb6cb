/*
 * ntexcept.c - the services behind user-mode exception handling
 */

#include "ke.h"
#include "ntapi.h"
#include "ntrtl.h"
#include "rtlexcept.h"

/*
 * The nonvolatile registers that user mode had when it entered: callees between the service entry
 * and here may have saved and changed them, so they are unwound up to the machine frame.
 */
static VOID KiCaptureNonvolatile(PKEXCEPTION_FRAME Frame) {
    CONTEXT Context;
    BOOLEAN MachineFrame = FALSE;
    ULONG64 Low = (ULONG64)KeGetCurrentThread()->StackLimit;
    ULONG64 High = (ULONG64)KeGetCurrentThread()->StackBase;

    RtlCaptureContext(&Context);
    while (!MachineFrame) {
        ULONG64 ImageBase, Establisher;
        PVOID HandlerData;
        PEXCEPTION_ROUTINE Handler;
        PRUNTIME_FUNCTION Entry = RtlLookupFunctionEntry(Context.Rip, &ImageBase, NULL);
        NTSTATUS Status = RtlVirtualUnwind2(UNW_FLAG_NHANDLER, ImageBase, Context.Rip, Entry,
                                            &Context, &MachineFrame, &HandlerData, &Establisher,
                                            NULL, &Low, &High, &Handler, 0);
        if (!NT_SUCCESS(Status)) {
            break;
        }
    }
    Frame->Rbp = Context.Rbp;
    Frame->Rbx = Context.Rbx;
    Frame->Rdi = Context.Rdi;
    Frame->Rsi = Context.Rsi;
    Frame->R12 = Context.R12;
    Frame->R13 = Context.R13;
    Frame->R14 = Context.R14;
    Frame->R15 = Context.R15;
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
    KEXCEPTION_FRAME ExceptionFrame;
    PKTRAP_FRAME TrapFrame = KeGetTrapFrame(KeGetCurrentThread());
    NTSTATUS Status =
        KiCaptureFromCaller(&Context, ContextRecord, sizeof(Context), 16, ExGetPreviousMode());
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    KiCaptureNonvolatile(&ExceptionFrame);
    KeContextToKframes(TrapFrame, &ExceptionFrame, &Context, Context.ContextFlags, UserMode);
    if (TestAlert) {
        KeTestAlertThread(UserMode);
    }
    KiServiceExit2(TrapFrame, &ExceptionFrame);
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
    KiCaptureNonvolatile(&ExceptionFrame);
    KeContextToKframes(TrapFrame, &ExceptionFrame, &Context, Context.ContextFlags, UserMode);
    KiDispatchException(&Record, &ExceptionFrame, TrapFrame, UserMode, FirstChance);
    KiServiceExit2(TrapFrame, &ExceptionFrame);
}
