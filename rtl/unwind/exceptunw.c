/*
 * exceptunw.c - the second pass: leaving the frames above a handler
 *
 * RtlUnwindEx walks the stack again, from its caller up to the target frame, and gives each
 * language handler on the way the chance to clean up (__finally). Then it loads the target
 * frame's registers and jumps to the target address with ReturnValue in rax.
 *
 * Two contexts take turns: the frame that is being left, which its handler sees, and its caller's,
 * which the virtual unwind has made of it. At the target frame the first of them is the one to
 * load: the __except block runs in that frame, not in its caller's.
 */

#include "unwindp.h"

#ifdef NTOS_USER
#include "ntapi.h"
#endif

#define EFLAGS_AC_MASK 0x00040000
#define EFLAGS_DF_MASK 0x00000400

typedef struct _RTLP_UNWIND {
    PEXCEPTION_RECORD Record;
    ULONG64 TargetFrame; /* 0: an exit unwind, to the end of the stack */
    PCONTEXT Current;    /* the frame that is being left */
    PCONTEXT Previous;   /* its caller */
    CONTEXT Local;       /* one of the two; the other is the caller's of RtlUnwindEx */
    PCONTEXT Original;   /* the latter */
    ULONG64 ReturnValue;
    ULONG64 Low, High;
    ULONG Flags;
    DISPATCHER_CONTEXT Dispatcher;
} RTLP_UNWIND, *PRTLP_UNWIND;

static DECLSPEC_NORETURN VOID RtlpFailUnwind(PRTLP_UNWIND Unwind, NTSTATUS Status) {
    EXCEPTION_RECORD Record = {0};
    Record.ExceptionCode = Status;
    Record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    Record.ExceptionRecord = Unwind->Record;
    RtlpReleaseApcs();
    RtlRaiseException(&Record);
    RtlpUnhandledException(&Record, Unwind->Current);
}

/*
 * The handler was one that an earlier unwind had called and that did not return: go on from where
 * that unwind stood, with the same handler, behind the scope that it was in. Its hold of APCs ends.
 */
static VOID RtlpTakeOverUnwind(PRTLP_UNWIND Unwind) {
    PDISPATCHER_CONTEXT Dispatcher = &Unwind->Dispatcher;
    PVOID HandlerData;
    ULONG64 Frame;

    RtlpReleaseApcs();
    *Unwind->Original = *Dispatcher->ContextRecord;
    Unwind->Current = Unwind->Original;
    Unwind->Previous = &Unwind->Local;
    *Unwind->Previous = *Unwind->Current;
    RtlVirtualUnwind(UNW_FLAG_NHANDLER, Dispatcher->ImageBase, Dispatcher->ControlPc,
                     Dispatcher->FunctionEntry, Unwind->Previous, &HandlerData, &Frame, NULL);
    Unwind->Flags |= EXCEPTION_COLLIDED_UNWIND;
}

/* Lets the handler of the frame clean up. */
static VOID RtlpRunHandler(PRTLP_UNWIND Unwind, ULONG64 TargetIp) {
    PDISPATCHER_CONTEXT Dispatcher = &Unwind->Dispatcher;
    BOOLEAN Again;
    do {
        EXCEPTION_DISPOSITION Disposition;
        if (Dispatcher->EstablisherFrame == Unwind->TargetFrame) {
            Unwind->Flags |= EXCEPTION_TARGET_UNWIND;
        }
        Unwind->Record->ExceptionFlags = Unwind->Flags;
        Unwind->Current->Rax = Unwind->ReturnValue;
        Dispatcher->TargetIp = TargetIp;
        Dispatcher->ContextRecord = Unwind->Current;
        Disposition = RtlpExecuteHandlerForUnwind(Unwind->Record, Dispatcher->EstablisherFrame,
                                                  Unwind->Current, Dispatcher);
        Unwind->Flags &= ~(EXCEPTION_COLLIDED_UNWIND | EXCEPTION_TARGET_UNWIND);
        Again = Disposition == ExceptionCollidedUnwind;
        if (Again) {
            RtlpTakeOverUnwind(Unwind);
        } else if (Disposition != ExceptionContinueSearch) {
            RtlpFailUnwind(Unwind, STATUS_INVALID_DISPOSITION);
        }
    } while (Again);
}

/* Leaves one frame; its establisher frame is then in the dispatcher context. */
static VOID RtlpLeaveFrame(PRTLP_UNWIND Unwind, ULONG64 TargetIp) {
    PDISPATCHER_CONTEXT Dispatcher = &Unwind->Dispatcher;
    PCONTEXT Swap;
    NTSTATUS Status;

    Dispatcher->ControlPc = Unwind->Current->Rip;
    Dispatcher->FunctionEntry =
        RtlLookupFunctionEntry(Dispatcher->ControlPc, &Dispatcher->ImageBase, NULL);
    *Unwind->Previous = *Unwind->Current;
    Status = RtlVirtualUnwind2(UNW_FLAG_UHANDLER, Dispatcher->ImageBase, Dispatcher->ControlPc,
                               Dispatcher->FunctionEntry, Unwind->Previous, NULL,
                               &Dispatcher->HandlerData, &Dispatcher->EstablisherFrame, NULL,
                               &Unwind->Low, &Unwind->High, &Dispatcher->LanguageHandler, 0);
    /* A target that the walk has passed is no frame of this stack. */
    if (!NT_SUCCESS(Status) || (Dispatcher->EstablisherFrame & 7) != 0 ||
        Dispatcher->EstablisherFrame < Unwind->Low ||
        Dispatcher->EstablisherFrame >= Unwind->High ||
        (Unwind->TargetFrame != 0 && Unwind->TargetFrame < Dispatcher->EstablisherFrame)) {
        RtlpFailUnwind(Unwind, STATUS_BAD_STACK);
    }
    if (Dispatcher->LanguageHandler != NULL) {
        Dispatcher->ScopeIndex = 0;
        RtlpRunHandler(Unwind, TargetIp);
    }
    if (Dispatcher->EstablisherFrame != Unwind->TargetFrame) {
        Swap = Unwind->Current;
        Unwind->Current = Unwind->Previous;
        Unwind->Previous = Swap;
    }
}

/* Loads the target frame. */
static DECLSPEC_NORETURN VOID RtlpEnterTarget(PRTLP_UNWIND Unwind, ULONG64 TargetIp) {
    Unwind->Current->Rax = Unwind->ReturnValue;
    Unwind->Current->Rip = TargetIp;
    /* Accessors to user memory set AC (SMAP lets them through); their handler must not keep it. */
    Unwind->Current->EFlags &= ~(EFLAGS_AC_MASK | EFLAGS_DF_MASK);
    if (Unwind->Record->ExceptionCode == STATUS_UNWIND_CONSOLIDATE) {
        RtlpReleaseApcs(); /* it calls a function first */
    } else {
        RtlpReleaseApcsAtJump();
    }
    RtlRestoreContext(Unwind->Current, Unwind->Record);
    __builtin_unreachable();
}

static BOOLEAN RtlpBeyondTarget(PRTLP_UNWIND Unwind) {
    return Unwind->Current->Rsp < Unwind->Low || Unwind->Current->Rsp >= Unwind->High;
}

/*
 * RtlUnwindEx - leaves all frames above TargetFrame and goes on at TargetIp in that frame.
 *
 * TargetFrame NULL is an exit unwind: all frames are left, and then the record is unhandled.
 * ExceptionRecord may be NULL (STATUS_UNWIND is made up). ContextRecord is room for a context.
 * Does not return. IRQL: that of the caller. Public source: SDK, winnt.h, "RtlUnwindEx".
 */
VOID NTAPI RtlUnwindEx(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD ExceptionRecord,
                       PVOID ReturnValue, PCONTEXT ContextRecord,
                       PUNWIND_HISTORY_TABLE HistoryTable) {
    EXCEPTION_RECORD LocalRecord = {0};
    RTLP_UNWIND Unwind;

    RtlpGetStackLimits(&Unwind.Low, &Unwind.High);
    RtlpHoldApcs();
    RtlCaptureContext(ContextRecord);
    if (ExceptionRecord == NULL) {
        LocalRecord.ExceptionCode = STATUS_UNWIND;
        LocalRecord.ExceptionAddress = (PVOID)ContextRecord->Rip;
        ExceptionRecord = &LocalRecord;
    }
    Unwind.Record = ExceptionRecord;
    Unwind.TargetFrame = (ULONG64)TargetFrame;
    Unwind.Original = ContextRecord;
    Unwind.Current = ContextRecord;
    Unwind.Previous = &Unwind.Local;
    Unwind.ReturnValue = (ULONG64)ReturnValue;
    Unwind.Flags = EXCEPTION_UNWINDING | (TargetFrame == NULL ? EXCEPTION_EXIT_UNWIND : 0);
    Unwind.Dispatcher.HistoryTable = HistoryTable;
    do {
        RtlpLeaveFrame(&Unwind, (ULONG64)TargetIp);
        if (TargetFrame != NULL && Unwind.Dispatcher.EstablisherFrame == Unwind.TargetFrame) {
            RtlpEnterTarget(&Unwind, (ULONG64)TargetIp);
        }
    } while (!RtlpBeyondTarget(&Unwind));
    RtlpUnhandledException(ExceptionRecord, Unwind.Current);
}

/* RtlUnwind - RtlUnwindEx without a context of the caller's. */
VOID NTAPI RtlUnwind(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD ExceptionRecord,
                     PVOID ReturnValue) {
    CONTEXT Context;
    RtlUnwindEx(TargetFrame, TargetIp, ExceptionRecord, ReturnValue, &Context, NULL);
}

#ifdef NTOS_USER

/* A context without floating-point registers gets those of now, so that it can be loaded whole. */
static VOID RtlpCompleteContext(PCONTEXT Context) {
    CONTEXT Now;

    if ((Context->ContextFlags & CONTEXT_FLOATING_POINT) != CONTEXT_FLOATING_POINT) {
        RtlCaptureContext(&Now);
        Context->FltSave = Now.FltSave;
    }
    Context->ContextFlags |= CONTEXT_FULL;
}

static VOID RtlpLoadFloatingPoint(PCONTEXT Context, const JUMP_BUFFER *Buffer) {
    RtlpCompleteContext(Context);
    Context->MxCsr = Buffer->MxCsr;
    Context->FltSave.MxCsr = Buffer->MxCsr;
    Context->FltSave.ControlWord = Buffer->FpCsr;
    RtlCopyMemory(&Context->Xmm6, &Buffer->Xmm6,
                  sizeof(JUMP_BUFFER) - FIELD_OFFSET(JUMP_BUFFER, Xmm6));
}

#endif

/* Loads what setjmp left for a longjmp: all that a function keeps for its caller. */
static VOID RtlpLoadJumpBuffer(PCONTEXT Context, const JUMP_BUFFER *Buffer) {
    Context->Rbx = Buffer->Rbx;
    Context->Rsp = Buffer->Rsp;
    Context->Rbp = Buffer->Rbp;
    Context->Rsi = Buffer->Rsi;
    Context->Rdi = Buffer->Rdi;
    Context->R12 = Buffer->R12;
    Context->R13 = Buffer->R13;
    Context->R14 = Buffer->R14;
    Context->R15 = Buffer->R15;
    Context->Rip = Buffer->Rip;
#ifdef NTOS_USER
    RtlpLoadFloatingPoint(Context, Buffer);
#endif
}

/*
 * RtlRestoreContext - loads a whole context and goes on there.
 *
 * With the record of a longjmp (STATUS_LONGJUMP) the nonvolatile registers, MXCSR and the x87
 * control word come from the JUMP_BUFFER that ExceptionInformation[0] points to. With
 * STATUS_UNWIND_CONSOLIDATE the function in ExceptionInformation[0] is called first, the frames
 * between it and the context's being hidden, and returns the address to go on at. Does not return.
 * In the kernel the floating-point registers are left alone. Public source: Microsoft Learn,
 * "RtlRestoreContext".
 */
VOID __cdecl RtlRestoreContext(PCONTEXT ContextRecord, PEXCEPTION_RECORD ExceptionRecord) {
    if (ExceptionRecord != NULL && ExceptionRecord->NumberParameters >= 1) {
        if (ExceptionRecord->ExceptionCode == STATUS_LONGJUMP) {
            RtlpLoadJumpBuffer(ContextRecord,
                               (const JUMP_BUFFER *)ExceptionRecord->ExceptionInformation[0]);
        } else if (ExceptionRecord->ExceptionCode == STATUS_UNWIND_CONSOLIDATE) {
            RtlpConsolidateFrames(ContextRecord, ExceptionRecord);
        }
    }
#ifdef NTOS_USER
    /* Not by iretq: QEMU up to 9.0 reads its frame with the kernel's rights, which SMAP forbids. */
    NtContinue(ContextRecord, FALSE);
#endif
    RtlpContinue(ContextRecord);
}
