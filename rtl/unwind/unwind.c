/*
 * unwind.c - taking one frame off the stack
 *
 * On x64 no register chains the frames of a stack together. Instead every function that touches
 * the stack or a nonvolatile register has an entry in its image's exception directory (.pdata),
 * a RUNTIME_FUNCTION: begin, end, and the address of an UNWIND_INFO (.xdata). The UNWIND_INFO
 * describes the prolog backwards: "by offset 12 the function had taken 40 bytes, by offset 8 it
 * had pushed rbx, ...". To go from a frame to its caller is to undo those of the steps that the
 * instruction pointer has already passed, and then to pop the return address. Nothing has to run
 * and nothing but the stack is read, which is why the same walk serves exceptions, a debugger's
 * backtrace, and the stack dump of a machine that has just crashed.
 *
 * Three refinements. A frame that is stopped in its epilog has some steps undone already: epilogs
 * may only consist of a few fixed instructions, so they are recognised and carried out
 * (unwindepi.c). A function that was cut into pieces has "chained" entries: after the codes of a
 * piece, those of the function it belongs to are undone, all of them. And a trap or interrupt
 * handler written in assembly has a "machine frame" in its codes: the five words that the
 * processor pushed, with the interrupted rip and rsp among them.
 *
 * The establisher frame, by which language handlers address their function's locals, is the value
 * of rsp after the fixed part of the prolog; with a frame register it is that register less its
 * offset.
 *
 * A function without an entry is a leaf: it moved nothing, the return address is at rsp.
 */

#include "unwindp.h"

/* An entry whose function was cut up more often than this is a loop in a damaged table. */
#define RTLP_MAXIMUM_CHAIN 32

/* A prolog offset that every step of a prolog has been passed by. */
#define RTLP_PROLOG_DONE 0xFFFFFFFF

static PUNWIND_INFO RtlpUnwindInfo(ULONG64 ImageBase, PRUNTIME_FUNCTION FunctionEntry) {
    return (PUNWIND_INFO)(ImageBase + FunctionEntry->UnwindData);
}

/* What follows the codes: a handler's address, or the entry that this one is chained to. */
static PVOID RtlpAfterCodes(PUNWIND_INFO Info) {
    return &Info->UnwindCode[(Info->CountOfCodes + 1) & ~1];
}

PRUNTIME_FUNCTION RtlpDirectEntry(ULONG64 ImageBase, PRUNTIME_FUNCTION FunctionEntry) {
    if (FunctionEntry != NULL && (FunctionEntry->UnwindData & RUNTIME_FUNCTION_INDIRECT) != 0) {
        return (PRUNTIME_FUNCTION)(ImageBase + FunctionEntry->UnwindData -
                                   RUNTIME_FUNCTION_INDIRECT);
    }
    return FunctionEntry;
}

/* How many slots a code takes, its own included; 0 for a code that does not exist. */
static ULONG RtlpCodeSlots(PUNWIND_INFO Info, UNWIND_CODE Code) {
    switch (Code.UnwindOp) {
    case UWOP_PUSH_NONVOL:
    case UWOP_ALLOC_SMALL:
    case UWOP_SET_FPREG:
    case UWOP_PUSH_MACHFRAME:
        return 1;
    case UWOP_SAVE_NONVOL:
    case UWOP_SAVE_XMM128:
        return 2;
    case UWOP_SAVE_NONVOL_FAR:
    case UWOP_SAVE_XMM128_FAR:
        return 3;
    case UWOP_ALLOC_LARGE:
        return Code.OpInfo == 0 ? 2 : 3;
    case UWOP_EPILOG:
        /* Version 2 lists the epilogs first; here they are recognised by their code instead. */
        return Info->Version >= 2 ? 1 : 0;
    default:
        return 0;
    }
}

/* The 32-bit operand of a "large" or "far" code. */
static ULONG RtlpLongOperand(const UNWIND_CODE *Code) {
    return Code[1].FrameOffset | ((ULONG)Code[2].FrameOffset << 16);
}

BOOLEAN RtlpPopRegister(PRTLP_UNWIND_STEP Step, ULONG Number) {
    ULONG64 Address = Step->Context->Rsp;
    ULONG64 Value;
    if (!RtlpPopStack(Step, &Value)) {
        return FALSE;
    }
    *RtlpRegister(Step->Context, Number) = Value;
    if (Step->Pointers != NULL) {
        Step->Pointers->IntegerContext[Number] = (PULONG64)Address;
    }
    return TRUE;
}

static BOOLEAN RtlpRestoreSaved(PRTLP_UNWIND_STEP Step, ULONG Number, ULONG Offset) {
    ULONG64 Address = Step->FrameBase + Offset;
    if (!RtlpReadStack(Step, Address, RtlpRegister(Step->Context, Number))) {
        return FALSE;
    }
    if (Step->Pointers != NULL) {
        Step->Pointers->IntegerContext[Number] = (PULONG64)Address;
    }
    return TRUE;
}

static BOOLEAN RtlpRestoreXmm(PRTLP_UNWIND_STEP Step, ULONG Number, ULONG Offset) {
    ULONG64 Address = Step->FrameBase + Offset;
    PULONG64 Xmm = (PULONG64)(&Step->Context->Xmm0 + Number);
    if (!RtlpReadStack(Step, Address, &Xmm[0]) || !RtlpReadStack(Step, Address + 8, &Xmm[1])) {
        return FALSE;
    }
    if (Step->Pointers != NULL) {
        Step->Pointers->FloatingContext[Number] = (PM128A)Address;
    }
    return TRUE;
}

/*
 * Takes what the processor pushed for a trap: rip, cs, rflags, rsp, ss, below it perhaps an error
 * code. Whether the trap came from user mode does not matter here: the frame is the same.
 */
static BOOLEAN RtlpPopMachineFrame(PRTLP_UNWIND_STEP Step, BOOLEAN HasErrorCode) {
    ULONG64 Frame = Step->Context->Rsp + (HasErrorCode ? sizeof(ULONG64) : 0);
    ULONG64 Rip, Rsp;
    if (!RtlpReadStack(Step, Frame, &Rip) || !RtlpReadStack(Step, Frame + 24, &Rsp)) {
        return FALSE;
    }
    Step->Context->Rip = Rip;
    Step->Context->Rsp = Rsp;
    Step->MachineFrame = TRUE;
    return TRUE;
}

/* Undoes one step of a prolog. FALSE: it lies outside the stack. */
static BOOLEAN RtlpUndoCode(PRTLP_UNWIND_STEP Step, PUNWIND_INFO Info, const UNWIND_CODE *Code) {
    PCONTEXT Context = Step->Context;
    switch (Code->UnwindOp) {
    case UWOP_PUSH_NONVOL:
        return RtlpPopRegister(Step, Code->OpInfo);
    case UWOP_ALLOC_LARGE:
        Context->Rsp += Code->OpInfo == 0 ? Code[1].FrameOffset * 8UL : RtlpLongOperand(Code);
        return TRUE;
    case UWOP_ALLOC_SMALL:
        Context->Rsp += Code->OpInfo * 8UL + 8;
        return TRUE;
    case UWOP_SET_FPREG:
        Context->Rsp = *RtlpRegister(Context, Info->FrameRegister) - Info->FrameOffset * 16UL;
        return TRUE;
    case UWOP_SAVE_NONVOL:
        return RtlpRestoreSaved(Step, Code->OpInfo, Code[1].FrameOffset * 8U);
    case UWOP_SAVE_NONVOL_FAR:
        return RtlpRestoreSaved(Step, Code->OpInfo, RtlpLongOperand(Code));
    case UWOP_SAVE_XMM128:
        return RtlpRestoreXmm(Step, Code->OpInfo, Code[1].FrameOffset * 16U);
    case UWOP_SAVE_XMM128_FAR:
        return RtlpRestoreXmm(Step, Code->OpInfo, RtlpLongOperand(Code));
    case UWOP_PUSH_MACHFRAME:
        return RtlpPopMachineFrame(Step, Code->OpInfo != 0);
    default:
        return TRUE;
    }
}

/* Undoes the steps of one UNWIND_INFO that lie before PrologOffset. */
static NTSTATUS RtlpUndoProlog(PRTLP_UNWIND_STEP Step, PUNWIND_INFO Info, ULONG PrologOffset) {
    ULONG Index = 0;
    while (Index < Info->CountOfCodes) {
        UNWIND_CODE Code = Info->UnwindCode[Index];
        ULONG Slots = RtlpCodeSlots(Info, Code);
        if (Slots == 0 || Index + Slots > Info->CountOfCodes) {
            return STATUS_BAD_FUNCTION_TABLE;
        }
        if (PrologOffset >= Code.CodeOffset &&
            !RtlpUndoCode(Step, Info, &Info->UnwindCode[Index])) {
            return STATUS_BAD_STACK;
        }
        Index += Slots;
    }
    return STATUS_SUCCESS;
}

/*
 * Finds the establisher frame. Before the prolog has set the frame register it is plain rsp; a
 * piece of a function (chained) always runs after the prolog.
 */
static ULONG64 RtlpEstablisherFrame(PUNWIND_INFO Info, PCONTEXT Context, ULONG PrologOffset) {
    BOOLEAN Established = FALSE;
    if (Info->FrameRegister == 0) {
        return Context->Rsp;
    }
    if (PrologOffset >= Info->SizeOfProlog || (Info->Flags & UNW_FLAG_CHAININFO) != 0) {
        Established = TRUE;
    } else {
        for (ULONG Index = 0; Index < Info->CountOfCodes;) {
            UNWIND_CODE Code = Info->UnwindCode[Index];
            ULONG Slots = RtlpCodeSlots(Info, Code);
            if (Code.UnwindOp == UWOP_SET_FPREG || Slots == 0) {
                Established = Slots != 0 && PrologOffset >= Code.CodeOffset;
                break;
            }
            Index += Slots;
        }
    }
    if (!Established) {
        return Context->Rsp;
    }
    return *RtlpRegister(Context, Info->FrameRegister) - Info->FrameOffset * 16UL;
}

/*
 * Undoes a prolog and those it is chained to; *Primary is the entry of the function itself, to
 * which the handler belongs.
 */
static NTSTATUS RtlpUnwindProlog(PRTLP_UNWIND_STEP Step, PRUNTIME_FUNCTION FunctionEntry,
                                 ULONG PrologOffset, PRUNTIME_FUNCTION *Primary) {
    for (ULONG Links = 0; Links < RTLP_MAXIMUM_CHAIN; Links += 1) {
        PUNWIND_INFO Info = RtlpUnwindInfo(Step->ImageBase, FunctionEntry);
        NTSTATUS Status = RtlpUndoProlog(Step, Info, PrologOffset);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        if ((Info->Flags & UNW_FLAG_CHAININFO) == 0) {
            *Primary = FunctionEntry;
            return STATUS_SUCCESS;
        }
        FunctionEntry = RtlpDirectEntry(Step->ImageBase, (PRUNTIME_FUNCTION)RtlpAfterCodes(Info));
        PrologOffset = RTLP_PROLOG_DONE;
    }
    return STATUS_BAD_FUNCTION_TABLE;
}

/* Finds the handler of a function for a pass; none while ControlPc is still in the prolog. */
static PEXCEPTION_ROUTINE RtlpFindHandler(ULONG64 ImageBase, PRUNTIME_FUNCTION FunctionEntry,
                                          ULONG64 ControlPc, ULONG HandlerType,
                                          PVOID *HandlerData) {
    PUNWIND_INFO Info = RtlpUnwindInfo(ImageBase, FunctionEntry);
    ULONG PrologOffset = (ULONG)(ControlPc - ImageBase) - FunctionEntry->BeginAddress;
    PULONG Language;
    if (PrologOffset < Info->SizeOfProlog || (Info->Flags & HandlerType) == 0) {
        return NULL;
    }
    Language = RtlpAfterCodes(Info);
    *HandlerData = Language + 1;
    return (PEXCEPTION_ROUTINE)(ImageBase + *Language);
}

/* A function with an entry: epilog, or prolog and handler. */
static NTSTATUS RtlpUnwindFunction(PRTLP_UNWIND_STEP Step, ULONG HandlerType, ULONG64 ControlPc,
                                   PRUNTIME_FUNCTION FunctionEntry, PVOID *HandlerData,
                                   PULONG64 EstablisherFrame, PEXCEPTION_ROUTINE *Handler) {
    PUNWIND_INFO Info = RtlpUnwindInfo(Step->ImageBase, FunctionEntry);
    ULONG PrologOffset = (ULONG)(ControlPc - Step->ImageBase) - FunctionEntry->BeginAddress;
    PRUNTIME_FUNCTION Primary;
    NTSTATUS Status;

    if (Info->Version != 1 && Info->Version != 2) {
        return STATUS_BAD_FUNCTION_TABLE;
    }
    *EstablisherFrame = RtlpEstablisherFrame(Info, Step->Context, PrologOffset);
    Step->FrameBase = *EstablisherFrame;
    if (PrologOffset >= Info->SizeOfProlog &&
        RtlpIsEpilog(Step->ImageBase, ControlPc, FunctionEntry)) {
        return RtlpUnwindEpilog(Step, ControlPc);
    }
    Status = RtlpUnwindProlog(Step, FunctionEntry, PrologOffset, &Primary);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    *Handler = RtlpFindHandler(Step->ImageBase, Primary, ControlPc, HandlerType, HandlerData);
    if (!Step->MachineFrame && !RtlpPopStack(Step, &Step->Context->Rip)) {
        return STATUS_BAD_STACK;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlVirtualUnwind2(ULONG HandlerType, ULONG64 ImageBase, ULONG64 ControlPc,
                                 PRUNTIME_FUNCTION FunctionEntry, PCONTEXT ContextRecord,
                                 PBOOLEAN MachineFrameUnwound, PVOID *HandlerData,
                                 PULONG64 EstablisherFrame,
                                 PKNONVOLATILE_CONTEXT_POINTERS ContextPointers, PULONG64 LowLimit,
                                 PULONG64 HighLimit, PEXCEPTION_ROUTINE *HandlerRoutine,
                                 ULONG UnwindFlags) {
    NTSTATUS Status;
    RTLP_UNWIND_STEP Step = {
        .ImageBase = ImageBase,
        .Context = ContextRecord,
        .Pointers = ContextPointers,
        .Low = LowLimit != NULL ? *LowLimit : 0,
        .High = HighLimit != NULL ? *HighLimit : ~7ULL,
    };

    UNREFERENCED_PARAMETER(UnwindFlags);
    *HandlerRoutine = NULL;
    *HandlerData = NULL;
    FunctionEntry = RtlpDirectEntry(ImageBase, FunctionEntry);
    if (FunctionEntry != NULL) {
        Status = RtlpUnwindFunction(&Step, HandlerType, ControlPc, FunctionEntry, HandlerData,
                                    EstablisherFrame, HandlerRoutine);
    } else {
        *EstablisherFrame = ContextRecord->Rsp;
        Status = RtlpPopStack(&Step, &ContextRecord->Rip) ? STATUS_SUCCESS : STATUS_BAD_STACK;
    }
    if (MachineFrameUnwound != NULL) {
        *MachineFrameUnwound = Step.MachineFrame;
    }
    return Status;
}

/*
 * RtlVirtualUnwind - takes one frame off: ContextRecord becomes the caller's.
 *
 * HandlerType selects the language handler to return (UNW_FLAG_EHANDLER, UNW_FLAG_UHANDLER or
 * UNW_FLAG_NHANDLER), NULL if the function has none. Raises STATUS_BAD_FUNCTION_TABLE for unwind
 * data that make no sense. Any IRQL. Public source: SDK, winnt.h, "RtlVirtualUnwind".
 */
PEXCEPTION_ROUTINE NTAPI RtlVirtualUnwind(ULONG HandlerType, ULONG64 ImageBase, ULONG64 ControlPc,
                                          PRUNTIME_FUNCTION FunctionEntry, PCONTEXT ContextRecord,
                                          PVOID *HandlerData, PULONG64 EstablisherFrame,
                                          PKNONVOLATILE_CONTEXT_POINTERS ContextPointers) {
    PEXCEPTION_ROUTINE Handler;
    NTSTATUS Status =
        RtlVirtualUnwind2(HandlerType, ImageBase, ControlPc, FunctionEntry, ContextRecord, NULL,
                          HandlerData, EstablisherFrame, ContextPointers, NULL, NULL, &Handler, 0);
    if (!NT_SUCCESS(Status)) {
        RtlRaiseStatus(Status);
    }
    return Handler;
}
