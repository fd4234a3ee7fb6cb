/*
 * exceptraise.c - raising exceptions by software
 *
 * RtlRaiseException makes the context of its caller, as if the call instruction itself had
 * faulted, and dispatches on the spot: no trip through the kernel is needed to find a handler.
 */

#include "unwindp.h"

/* Turns a context of the calling function into that of its caller. */
static VOID RtlpLeaveOneFrame(PCONTEXT Context) {
    ULONG64 ImageBase;
    PVOID HandlerData;
    ULONG64 Frame;
    PRUNTIME_FUNCTION Entry = RtlLookupFunctionEntry(Context->Rip, &ImageBase, NULL);
    RtlVirtualUnwind(UNW_FLAG_NHANDLER, ImageBase, Context->Rip, Entry, Context, &HandlerData,
                     &Frame, NULL);
}

/*
 * RtlRaiseException - raises the exception that the record describes.
 *
 * ExceptionAddress is filled in. Returns when a handler asks for the code to go on. Nobody
 * handles it: the process ends (user mode) or the machine stops (kernel). IRQL: <= DISPATCH_LEVEL
 * in the kernel. Public source: SDK, "RaiseException".
 */
VOID NTAPI RtlRaiseException(PEXCEPTION_RECORD ExceptionRecord) {
    CONTEXT Context;
    RtlCaptureContext(&Context);
    RtlpLeaveOneFrame(&Context);
    ExceptionRecord->ExceptionAddress = (PVOID)Context.Rip;
    if (RtlDispatchException(ExceptionRecord, &Context)) {
        RtlRestoreContext(&Context, NULL);
    }
    RtlpUnhandledException(ExceptionRecord, &Context);
}

/*
 * RtlRaiseStatus - raises a status as an exception that cannot be continued. Does not return.
 */
VOID NTAPI RtlRaiseStatus(NTSTATUS Status) {
    EXCEPTION_RECORD Record = {0};
    CONTEXT Context;
    RtlCaptureContext(&Context);
    RtlpLeaveOneFrame(&Context);
    Record.ExceptionCode = Status;
    Record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    Record.ExceptionAddress = (PVOID)Context.Rip;
    if (RtlDispatchException(&Record, &Context)) {
        RtlRestoreContext(&Context, NULL); /* a vectored handler's wish; frames' handlers cannot */
    }
    RtlpUnhandledException(&Record, &Context);
}
