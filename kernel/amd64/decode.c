/*
 * Reading the instruction that trapped.
 *
 * For three exceptions the processor says less than Windows does. #GP does not tell a privileged
 * instruction from a bad address; #DE does not tell a zero divisor from a quotient that is too
 * large; #UD of an emulator may be an instruction that it does not have. So the bytes at rip are looked at: prefixes, REX, opcode, and for a division its operand.
 */
#include "ki.h"

#define MAX_INSTRUCTION 15

typedef struct _KI_INSTRUCTION {
    UCHAR Bytes[MAX_INSTRUCTION + 8]; /* what lies past the longest instruction reads as 0 */
    ULONG Length;                     /* bytes that could be read */
    ULONG Opcode;                     /* index of the opcode, past the prefixes */
    UCHAR Rex;
    BOOLEAN OperandSize16;
    BOOLEAN AddressSize32;
    UCHAR Segment; /* 64h, 65h, or 0 */
} KI_INSTRUCTION, *PKI_INSTRUCTION;

static BOOLEAN KiIsPrefix(UCHAR Byte) {
    return Byte == 0x66 || Byte == 0x67 || Byte == 0xF0 || Byte == 0xF2 || Byte == 0xF3 ||
           Byte == 0x26 || Byte == 0x2E || Byte == 0x36 || Byte == 0x3E || Byte == 0x64 ||
           Byte == 0x65;
}

/* FALSE where not even the opcode can be read. */
static BOOLEAN KiFetchInstruction(PKTRAP_FRAME TrapFrame, PKI_INSTRUCTION Instruction) {
    memset(Instruction, 0, sizeof(*Instruction));
    __try {
        for (; Instruction->Length < MAX_INSTRUCTION; Instruction->Length++)
            Instruction->Bytes[Instruction->Length] =
                ReadUCharFromUser((PVOID)(TrapFrame->Rip + Instruction->Length));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        /* what could be read before the end of the page may be enough */
    }
    ULONG i = 0;
    for (; i < Instruction->Length && KiIsPrefix(Instruction->Bytes[i]); i++) {
        UCHAR Prefix = Instruction->Bytes[i];
        Instruction->OperandSize16 |= Prefix == 0x66;
        Instruction->AddressSize32 |= Prefix == 0x67;
        if (Prefix == 0x64 || Prefix == 0x65)
            Instruction->Segment = Prefix;
    }
    if (i < Instruction->Length && (Instruction->Bytes[i] & 0xF0) == 0x40)
        Instruction->Rex = Instruction->Bytes[i++];
    Instruction->Opcode = i;
    return i < Instruction->Length;
}

BOOLEAN KiIsPrivilegedInstruction(PKTRAP_FRAME TrapFrame) {
    KI_INSTRUCTION Instruction;
    if (!KiFetchInstruction(TrapFrame, &Instruction))
        return FALSE;
    UCHAR Op = Instruction.Bytes[Instruction.Opcode];
    if (Op == 0xF4 || Op == 0xFA || Op == 0xFB) /* hlt, cli, sti */
        return TRUE;
    if ((Op >= 0x6C && Op <= 0x6F) || (Op >= 0xE4 && Op <= 0xE7) || (Op >= 0xEC && Op <= 0xEF))
        return TRUE; /* in, out, ins, outs */
    if (Op != 0x0F || Instruction.Opcode + 1 >= Instruction.Length)
        return FALSE;
    Op = Instruction.Bytes[Instruction.Opcode + 1];
    return Op == 0x00 || Op == 0x01 || (Op >= 0x06 && Op <= 0x09) || (Op >= 0x20 && Op <= 0x23) ||
           Op == 0x30 || Op == 0x32 || Op == 0x33 || Op == 0x35;
}

/*
 * icebp (F1h) is a debug trap: STATUS_SINGLE_STEP, with rip past it. QEMU's translator does not know
 * the instruction and raises #UD instead, so it is made up for here. Source: Intel SDM, volume 2,
 * "INT n/INTO/INT3/INT1".
 */
BOOLEAN KiSkipIceBreakpoint(PKTRAP_FRAME TrapFrame) {
    KI_INSTRUCTION Instruction;
    if (!KiFetchInstruction(TrapFrame, &Instruction) || Instruction.Bytes[0] != 0xF1) {
        return FALSE;
    }
    TrapFrame->Rip += 1;
    return TRUE;
}

/* The general register that an instruction numbers. */
static ULONG64 KiRegister(ULONG Number, PKTRAP_FRAME TrapFrame, PKEXCEPTION_FRAME ExceptionFrame) {
    const ULONG64 Registers[16] = {
        TrapFrame->Rax,      TrapFrame->Rcx,      TrapFrame->Rdx,      ExceptionFrame->Rbx,
        TrapFrame->Rsp,      TrapFrame->Rbp,      ExceptionFrame->Rsi, ExceptionFrame->Rdi,
        TrapFrame->R8,       TrapFrame->R9,       TrapFrame->R10,      TrapFrame->R11,
        ExceptionFrame->R12, ExceptionFrame->R13, ExceptionFrame->R14, ExceptionFrame->R15};
    return Registers[Number & 15];
}

/* The address that ModRM, SIB and displacement name; *At is the index of ModRM. Raises. */
static ULONG64 KiOperandAddress(PKI_INSTRUCTION Instruction, ULONG At, PKTRAP_FRAME TrapFrame,
                                PKEXCEPTION_FRAME ExceptionFrame) {
    UCHAR ModRm = Instruction->Bytes[At++], Mod = ModRm >> 6, Rm = ModRm & 7;
    ULONG64 Address = 0;
    ULONG Base = Rm | (ULONG)(Instruction->Rex & 1) << 3;
    BOOLEAN HasBase = TRUE, RipRelative = Mod == 0 && Rm == 5;

    if (Rm == 4) { /* a SIB byte */
        UCHAR Sib = Instruction->Bytes[At++];
        ULONG Index = (Sib >> 3 & 7) | (ULONG)(Instruction->Rex & 2) << 2;
        Base = (Sib & 7) | (ULONG)(Instruction->Rex & 1) << 3;
        HasBase = !(Mod == 0 && (Sib & 7) == 5);
        if (Index != 4)
            Address = KiRegister(Index, TrapFrame, ExceptionFrame) << (Sib >> 6);
    }
    BOOLEAN Wide = Mod == 2 || RipRelative || !HasBase;
    if (HasBase && !RipRelative)
        Address += KiRegister(Base, TrapFrame, ExceptionFrame);
    if (Wide) {
        LONG Displacement;
        memcpy(&Displacement, &Instruction->Bytes[At], sizeof(Displacement));
        Address += (ULONG64)(LONG64)Displacement;
        At += sizeof(Displacement);
    } else if (Mod == 1) {
        Address += (ULONG64)(LONG64)(SCHAR)Instruction->Bytes[At++];
    }
    if (RipRelative)
        Address += TrapFrame->Rip + At;
    if (Instruction->AddressSize32)
        Address = (ULONG)Address;
    return Instruction->Segment == 0x65 ? Address + (ULONG64)KeGetCurrentThread()->Teb : Address;
}

/* The divisor of a div or idiv in user mode, cut to its size. Raises where memory has gone. */
static ULONG64 KiDivisor(PKI_INSTRUCTION Instruction, PKTRAP_FRAME TrapFrame,
                         PKEXCEPTION_FRAME ExceptionFrame) {
    ULONG At = Instruction->Opcode + 1;
    UCHAR ModRm = Instruction->Bytes[At], Rm = ModRm & 7;
    ULONG Size = Instruction->Bytes[Instruction->Opcode] == 0xF6 ? 1
                 : Instruction->Rex & 8                          ? 8
                 : Instruction->OperandSize16                    ? 2
                                                                 : 4;
    ULONG64 Value = 0;
    if (ModRm >> 6 != 3) {
        CopyFromUser(&Value, (PVOID)KiOperandAddress(Instruction, At, TrapFrame, ExceptionFrame),
                     Size);
        return Value;
    }
    if (Size == 1 && !Instruction->Rex && Rm >= 4) /* ah, ch, dh, bh */
        return KiRegister(Rm - 4, TrapFrame, ExceptionFrame) >> 8 & 0xFF;
    Value = KiRegister(Rm | (ULONG)(Instruction->Rex & 1) << 3, TrapFrame, ExceptionFrame);
    return Size == 8 ? Value : Value & ((1ull << Size * 8) - 1);
}

/* #DE in user mode: what was wrong with the division. */
NTSTATUS KiDivideStatus(PKTRAP_FRAME TrapFrame, PKEXCEPTION_FRAME ExceptionFrame) {
    KI_INSTRUCTION Instruction;
    NTSTATUS Status = STATUS_INTEGER_DIVIDE_BY_ZERO;
    if (!KiFetchInstruction(TrapFrame, &Instruction) ||
        (Instruction.Bytes[Instruction.Opcode] & 0xFE) != 0xF6)
        return Status;
    __try {
        if (KiDivisor(&Instruction, TrapFrame, ExceptionFrame) != 0)
            Status = STATUS_INTEGER_OVERFLOW;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        /* another thread has taken the operand away: what Windows says when in doubt */
    }
    return Status;
}
