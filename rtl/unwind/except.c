/*
 * except.c - the first pass: who handles this exception?
 *
 * An exception (a fault turned into a record by the kernel, or RtlRaiseException) is offered to
 * the frames of the stack from the newest to the oldest. A frame whose function has a language
 * handler is asked through it; for C that is __C_specific_handler, which calls the filters. The
 * handler either declines (ExceptionContinueSearch), has repaired the cause and wants the code
 * resumed (ExceptionContinueExecution), or takes the exception: then it does not come back, but
 * unwinds the stack to its own frame (exceptunw.c, the second pass).
 *
 * Handlers can fault themselves. Each is called through RtlpExecuteHandlerForException, whose
 * frame has a handler too: when a second exception walks over it, the answer
 * ExceptionNestedException marks the frames up to the first exception's handler as being searched
 * already. If the second exception walks over an unwind in progress, the answer is
 * ExceptionCollidedUnwind, and the search goes on where that unwind stood.
 */

#include "unwindp.h"

/* Where a search stands. */
typedef struct _RTLP_DISPATCH {
    PEXCEPTION_RECORD Record;
    PCONTEXT Context;    /* of the exception */
    CONTEXT Frame;       /* of the frame that is being asked */
    ULONG64 Low, High;   /* of the stack */
    ULONG64 NestedFrame; /* frames up to here were being searched by another exception */
    ULONG Flags;         /* of the record, as they will be in the end */
    DISPATCHER_CONTEXT Dispatcher;
} RTLP_DISPATCH, *PRTLP_DISPATCH;

typedef enum _RTLP_ANSWER { RtlpAsk, RtlpNextFrame, RtlpHandled } RTLP_ANSWER;

/* Raises what a handler's impossible answer deserves, with the exception itself behind it. */
static DECLSPEC_NORETURN VOID RtlpRaiseAbout(NTSTATUS Status, PEXCEPTION_RECORD Cause) {
    EXCEPTION_RECORD Record = {0};
    Record.ExceptionCode = Status;
    Record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    Record.ExceptionRecord = Cause;
    RtlRaiseException(&Record);
    RtlpUnhandledException(&Record, NULL);
}

/* A handler was interrupted while it unwound; its dispatcher context came back instead of ours. */
static VOID RtlpJoinUnwind(PRTLP_DISPATCH Dispatch) {
    PDISPATCHER_CONTEXT Dispatcher = &Dispatch->Dispatcher;
    PVOID HandlerData;
    Dispatch->Frame = *Dispatcher->ContextRecord;
    Dispatcher->ContextRecord = &Dispatch->Frame;
    RtlVirtualUnwind(UNW_FLAG_NHANDLER, Dispatcher->ImageBase, Dispatcher->ControlPc,
                     Dispatcher->FunctionEntry, &Dispatch->Frame, &HandlerData,
                     &Dispatcher->EstablisherFrame, NULL);
}

/* Calls the handler of the frame and draws the conclusion. */
static RTLP_ANSWER RtlpAskHandler(PRTLP_DISPATCH Dispatch) {
    PDISPATCHER_CONTEXT Dispatcher = &Dispatch->Dispatcher;
    ULONG64 Frame = Dispatcher->EstablisherFrame;
    EXCEPTION_DISPOSITION Disposition;

    Dispatch->Record->ExceptionFlags = Dispatch->Flags;
    Disposition =
        RtlpExecuteHandlerForException(Dispatch->Record, Frame, Dispatch->Context, Dispatcher);
    Dispatch->Flags |= Dispatch->Record->ExceptionFlags & EXCEPTION_NONCONTINUABLE;
    if (Dispatch->NestedFrame == Frame) {
        Dispatch->Flags &= ~EXCEPTION_NESTED_CALL;
        Dispatch->NestedFrame = 0;
    }
    switch (Disposition) {
    case ExceptionContinueExecution:
        if ((Dispatch->Flags & EXCEPTION_NONCONTINUABLE) != 0) {
            RtlpRaiseAbout(STATUS_NONCONTINUABLE_EXCEPTION, Dispatch->Record);
        }
        return RtlpHandled;
    case ExceptionContinueSearch:
        return RtlpNextFrame;
    case ExceptionNestedException:
        Dispatch->Flags |= EXCEPTION_NESTED_CALL;
        if (Dispatcher->EstablisherFrame > Dispatch->NestedFrame) {
            Dispatch->NestedFrame = Dispatcher->EstablisherFrame;
        }
        return RtlpNextFrame;
    case ExceptionCollidedUnwind:
        RtlpJoinUnwind(Dispatch);
        return RtlpAsk;
    default:
        RtlpRaiseAbout(STATUS_INVALID_DISPOSITION, Dispatch->Record);
    }
}

/* Asks one frame and takes it off. FALSE in *Valid: the stack ends or makes no sense here. */
static RTLP_ANSWER RtlpVisitFrame(PRTLP_DISPATCH Dispatch, PBOOLEAN Valid) {
    PDISPATCHER_CONTEXT Dispatcher = &Dispatch->Dispatcher;
    ULONG64 ControlPc = Dispatch->Frame.Rip;
    RTLP_ANSWER Answer = RtlpNextFrame;
    NTSTATUS Status;

    Dispatcher->ControlPc = ControlPc;
    Dispatcher->FunctionEntry = RtlLookupFunctionEntry(ControlPc, &Dispatcher->ImageBase, NULL);
    Status = RtlVirtualUnwind2(UNW_FLAG_EHANDLER, Dispatcher->ImageBase, ControlPc,
                               Dispatcher->FunctionEntry, &Dispatch->Frame, NULL,
                               &Dispatcher->HandlerData, &Dispatcher->EstablisherFrame, NULL,
                               &Dispatch->Low, &Dispatch->High, &Dispatcher->LanguageHandler, 0);
    if (!NT_SUCCESS(Status) || (Dispatcher->EstablisherFrame & 7) != 0 ||
        Dispatcher->EstablisherFrame < Dispatch->Low ||
        Dispatcher->EstablisherFrame >= Dispatch->High) {
        Dispatch->Flags |= EXCEPTION_STACK_INVALID;
        *Valid = FALSE;
        return RtlpNextFrame;
    }
    /* A leaf that returns to where it is would be walked over for ever. */
    *Valid = Dispatcher->FunctionEntry != NULL || Dispatch->Frame.Rip != ControlPc;
    if (Dispatcher->LanguageHandler != NULL) {
        Dispatcher->ScopeIndex = 0;
        Dispatcher->ContextRecord = &Dispatch->Frame;
        do {
            Answer = RtlpAskHandler(Dispatch);
        } while (Answer == RtlpAsk);
    }
    return Answer;
}

/*
 * RtlDispatchException - offers an exception to the handlers of the stack that it happened on.
 *
 * ContextRecord is where it happened; a handler may change it. TRUE: resume there. FALSE: nobody
 * took it. When a handler takes it by unwinding, the call does not return. IRQL: that of the code
 * that raised it.
 */
BOOLEAN NTAPI RtlDispatchException(PEXCEPTION_RECORD ExceptionRecord, PCONTEXT ContextRecord) {
    RTLP_DISPATCH Dispatch;
    BOOLEAN Valid = TRUE;

#ifdef NTOS_USER
    if (RtlpCallVectoredHandlers(ExceptionRecord, ContextRecord)) {
        return TRUE;
    }
#endif
    RtlpGetStackLimits(&Dispatch.Low, &Dispatch.High);
    Dispatch.Record = ExceptionRecord;
    Dispatch.Context = ContextRecord;
    Dispatch.Frame = *ContextRecord;
    Dispatch.NestedFrame = 0;
    Dispatch.Flags = ExceptionRecord->ExceptionFlags & EXCEPTION_NONCONTINUABLE;
    Dispatch.Dispatcher.HistoryTable = NULL;
    Dispatch.Dispatcher.TargetIp = 0;
    while (Valid && Dispatch.Frame.Rsp >= Dispatch.Low && Dispatch.Frame.Rsp < Dispatch.High) {
        if (RtlpVisitFrame(&Dispatch, &Valid) == RtlpHandled) {
            return TRUE;
        }
    }
    ExceptionRecord->ExceptionFlags = Dispatch.Flags;
    return FALSE;
}
