/*
 * unwindepi.c - frames that are stopped in their epilog
 *
 * The x64 rules allow an epilog only these instructions: one `add rsp, n` or `lea rsp, [reg+n]`,
 * then pops of nonvolatile registers, then `ret`, or a `jmp` out of the function (a tail call).
 * That is few enough to read ahead from the instruction pointer: if the code from there to the
 * end has this form, the remaining instructions are carried out on the context, which is exactly
 * what they are about to do to the stack. Public source: Microsoft Learn, "x64 prolog and epilog".
 */

#include "unwindp.h"

typedef struct _RTLP_EPILOG_OP {
    UCHAR Length;      /* of the instruction; 0: not one that an epilog may hold */
    UCHAR Register;    /* the base of lea, the register of pop */
    LONG Displacement; /* of add, lea and jmp */
} RTLP_EPILOG_OP;

static LONG RtlpSigned32(const UCHAR *Code) {
    return (LONG)(Code[0] | (ULONG)Code[1] << 8 | (ULONG)Code[2] << 16 | (ULONG)Code[3] << 24);
}

/* add rsp, imm8 | add rsp, imm32 | lea rsp, [reg + disp8] | lea rsp, [reg + disp32] */
static RTLP_EPILOG_OP RtlpDecodeAdjust(const UCHAR *Code) {
    RTLP_EPILOG_OP Op = {0, 4, 0};
    if (Code[0] == 0x48 && Code[1] == 0x83 && Code[2] == 0xC4) {
        Op.Length = 4;
        Op.Displacement = (signed char)Code[3];
    } else if (Code[0] == 0x48 && Code[1] == 0x81 && Code[2] == 0xC4) {
        Op.Length = 7;
        Op.Displacement = RtlpSigned32(&Code[3]);
    } else if ((Code[0] & 0xFE) == 0x48 && Code[1] == 0x8D && (Code[2] & 0x38) == 0x20 &&
               (Code[2] & 7) != 4) {
        Op.Register = (Code[2] & 7) | ((Code[0] & 1) << 3);
        if ((Code[2] & 0xC0) == 0x40) {
            Op.Length = 4;
            Op.Displacement = (signed char)Code[3];
        } else if ((Code[2] & 0xC0) == 0x80) {
            Op.Length = 7;
            Op.Displacement = RtlpSigned32(&Code[3]);
        }
    }
    return Op;
}

/* pop reg, with or without a REX prefix */
static RTLP_EPILOG_OP RtlpDecodePop(const UCHAR *Code) {
    RTLP_EPILOG_OP Op = {0, 0, 0};
    if ((Code[0] & 0xF8) == 0x58) {
        Op.Length = 1;
        Op.Register = Code[0] & 7;
    } else if ((Code[0] & 0xF0) == 0x40 && (Code[1] & 0xF8) == 0x58) {
        Op.Length = 2;
        Op.Register = (Code[1] & 7) | ((Code[0] & 1) << 3);
    }
    return Op;
}

/*
 * Is a jump to Target (an RVA) a tail call? Not if it stays in the function, nor if it goes to
 * another piece of one: then the frame is still there. To the very start of a function it is.
 */
static BOOLEAN RtlpIsTailCall(ULONG64 ImageBase, PRUNTIME_FUNCTION Entry, ULONG Target) {
    ULONG64 Base;
    PRUNTIME_FUNCTION Other;
    PUNWIND_INFO Info;
    if (Target >= Entry->BeginAddress && Target < Entry->EndAddress) {
        Info = (PUNWIND_INFO)(ImageBase + Entry->UnwindData);
        return Target == Entry->BeginAddress && (Info->Flags & UNW_FLAG_CHAININFO) == 0;
    }
    Other = RtlLookupFunctionEntry(ImageBase + Target, &Base, NULL);
    if (Other == NULL) {
        return TRUE; /* a leaf function, or an image that is gone */
    }
    Info = (PUNWIND_INFO)(Base + Other->UnwindData);
    return Base + Other->BeginAddress == ImageBase + Target &&
           (Info->Flags & UNW_FLAG_CHAININFO) == 0;
}

/* Is Code a way out of the function: ret, or a jump to another one? */
static BOOLEAN RtlpIsWayOut(const UCHAR *Code, ULONG64 ImageBase, PRUNTIME_FUNCTION Entry) {
    ULONG Here = (ULONG)((ULONG64)Code - ImageBase);
    if (Code[0] == 0xC3 || Code[0] == 0xC2 || (Code[0] == 0xF3 && Code[1] == 0xC3)) {
        return TRUE;
    }
    if (Code[0] == 0xEB) {
        return RtlpIsTailCall(ImageBase, Entry, Here + 2 + (ULONG)(signed char)Code[1]);
    }
    if (Code[0] == 0xE9) {
        return RtlpIsTailCall(ImageBase, Entry, Here + 5 + (ULONG)RtlpSigned32(&Code[1]));
    }
    /* Through memory; through a register only with the prefix, else it is a switch's table. */
    return (Code[0] == 0xFF && Code[1] == 0x25) ||
           ((Code[0] & 0xF8) == 0x48 && Code[1] == 0xFF && (Code[2] & 0x38) == 0x20);
}

/*
 * RtlpIsEpilog - is the rest of the function from ControlPc an epilog?
 *
 * `lea rsp` counts only with the function's own frame register.
 */
BOOLEAN RtlpIsEpilog(ULONG64 ImageBase, ULONG64 ControlPc, PRUNTIME_FUNCTION Entry) {
    PUNWIND_INFO Info = (PUNWIND_INFO)(ImageBase + Entry->UnwindData);
    const UCHAR *Code = (const UCHAR *)ControlPc;
    RTLP_EPILOG_OP Op = RtlpDecodeAdjust(Code);

    if (Op.Length != 0) {
        if (Op.Register != 4 && (Info->FrameRegister == 0 || Op.Register != Info->FrameRegister)) {
            return FALSE;
        }
        Code += Op.Length;
    }
    for (Op = RtlpDecodePop(Code); Op.Length != 0; Op = RtlpDecodePop(Code)) {
        Code += Op.Length;
    }
    return RtlpIsWayOut(Code, ImageBase, Entry);
}

NTSTATUS RtlpUnwindEpilog(PRTLP_UNWIND_STEP Step, ULONG64 ControlPc) {
    const UCHAR *Code = (const UCHAR *)ControlPc;
    RTLP_EPILOG_OP Op = RtlpDecodeAdjust(Code);

    if (Op.Length != 0) {
        Step->Context->Rsp =
            *RtlpRegister(Step->Context, Op.Register) + (ULONG64)(LONG64)Op.Displacement;
        Code += Op.Length;
    }
    for (Op = RtlpDecodePop(Code); Op.Length != 0; Op = RtlpDecodePop(Code)) {
        if (!RtlpPopRegister(Step, Op.Register)) {
            return STATUS_BAD_STACK;
        }
        Code += Op.Length;
    }
    return RtlpPopStack(Step, &Step->Context->Rip) ? STATUS_SUCCESS : STATUS_BAD_STACK;
}
