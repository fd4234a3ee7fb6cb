/*
 * unwinds.c - state that an unwind takes from a record: catch blocks, longjmp, unusable targets
 *
 * The frames are written in assembly, so that their registers, their establisher frames and the
 * places where they go on are known. Two language handlers note how they are called.
 */
#include "guard.h"

#define CODE_CATCH    0xE0000001
#define CODE_CONTINUE 0xE0000002
#define CODE_RETHROW  0xE0000003

typedef struct _JUMP {
    ULONG64 Frame, Rbx, Rsp, Rbp, Rsi, Rdi, R12, R13, R14, R15, Rip;
    ULONG MxCsr;
    USHORT FpCsr, Spare;
    M128A Xmm[10];
} __attribute__((aligned(16))) JUMP;

/* What the frames find where they go on. */
typedef struct _LANDED {
    ULONG64 Rax, Rbx, Rsp, Rbp, Rsi, Rdi, R12, R13, R14, R15;
    ULONG MxCsr;
    USHORT FpCsr, Spare;
    ULONG64 Spare2;
    M128A Xmm[10];
} __attribute__((aligned(16))) LANDED;

typedef void (*BODY)(PVOID Argument);

LANDED Landed __asm__("Landed");
JUMP Jump __asm__("Jump");
M128A Before[10] __asm__("Before");
ULONG64 FrameRsp __asm__("FrameRsp");

ULONG OuterFrame(BODY Body, PVOID Argument) __asm__("OuterFrame");
ULONG TargetFrame(BODY Body, PVOID Argument) __asm__("TargetFrame");
ULONG MiddleFrame(BODY Body, PVOID Argument) __asm__("MiddleFrame");
void TargetReturn(void) __asm__("TargetReturn");
void TargetLanding(void) __asm__("TargetLanding");
void OuterLanding(void) __asm__("OuterLanding");
void JumpLanding(void) __asm__("JumpLanding");
ULONG JumpFrame(BODY Body, PVOID Argument) __asm__("JumpFrame");

/* Eight pushes and room for xmm6 to xmm15 at 20h: the stack pointer is then a multiple of 16. */
#define ENTER                                                                                      \
    "  pushq %rbx\n .seh_pushreg %rbx\n  pushq %rbp\n .seh_pushreg %rbp\n"                         \
    "  pushq %rsi\n .seh_pushreg %rsi\n  pushq %rdi\n .seh_pushreg %rdi\n"                         \
    "  pushq %r12\n .seh_pushreg %r12\n  pushq %r13\n .seh_pushreg %r13\n"                         \
    "  pushq %r14\n .seh_pushreg %r14\n  pushq %r15\n .seh_pushreg %r15\n"                         \
    "  subq $0xC8, %rsp\n .seh_stackalloc 0xC8\n"                                                  \
    "  movaps %xmm6, 0x20(%rsp)\n .seh_savexmm %xmm6, 0x20\n"                                      \
    "  movaps %xmm7, 0x30(%rsp)\n .seh_savexmm %xmm7, 0x30\n"                                      \
    "  movaps %xmm8, 0x40(%rsp)\n .seh_savexmm %xmm8, 0x40\n"                                      \
    "  movaps %xmm9, 0x50(%rsp)\n .seh_savexmm %xmm9, 0x50\n"                                      \
    "  movaps %xmm10, 0x60(%rsp)\n .seh_savexmm %xmm10, 0x60\n"                                    \
    "  movaps %xmm11, 0x70(%rsp)\n .seh_savexmm %xmm11, 0x70\n"                                    \
    "  movaps %xmm12, 0x80(%rsp)\n .seh_savexmm %xmm12, 0x80\n"                                    \
    "  movaps %xmm13, 0x90(%rsp)\n .seh_savexmm %xmm13, 0x90\n"                                    \
    "  movaps %xmm14, 0xA0(%rsp)\n .seh_savexmm %xmm14, 0xA0\n"                                    \
    "  movaps %xmm15, 0xB0(%rsp)\n .seh_savexmm %xmm15, 0xB0\n"                                    \
    ".seh_endprologue\n"
#define LEAVE                                                                                      \
    "  movaps 0x20(%rsp), %xmm6\n  movaps 0x30(%rsp), %xmm7\n  movaps 0x40(%rsp), %xmm8\n"         \
    "  movaps 0x50(%rsp), %xmm9\n  movaps 0x60(%rsp), %xmm10\n  movaps 0x70(%rsp), %xmm11\n"       \
    "  movaps 0x80(%rsp), %xmm12\n  movaps 0x90(%rsp), %xmm13\n  movaps 0xA0(%rsp), %xmm14\n"      \
    "  movaps 0xB0(%rsp), %xmm15\n  addq $0xC8, %rsp\n"                                            \
    "  popq %r15\n popq %r14\n popq %r13\n popq %r12\n popq %rdi\n popq %rsi\n"                    \
    "  popq %rbp\n popq %rbx\n  retq\n"
#define CALL_BODY "  movq %rcx, %rax\n  movq %rdx, %rcx\n  callq *%rax\n"
/* Values by which a frame recognises its registers. */
#define MARK(Value)                                                                                \
    "  movl $" Value "1, %ebx\n  movl $" Value "2, %ebp\n  movl $" Value "3, %esi\n"               \
    "  movl $" Value "4, %edi\n  movl $" Value "5, %r12d\n  movl $" Value "6, %r13d\n"             \
    "  movl $" Value "7, %r14d\n  movl $" Value "8, %r15d\n"                                       \
    "  movd %ebx, %xmm6\n  movd %ebp, %xmm7\n  movd %esi, %xmm8\n  movd %edi, %xmm9\n"             \
    "  movd %r12d, %xmm10\n  movd %r13d, %xmm11\n  movd %r14d, %xmm12\n  movd %r15d, %xmm13\n"     \
    "  movd %ebx, %xmm14\n  movd %ebp, %xmm15\n"
#define NOTE                                                                                       \
    "  movq %rax, Landed(%rip)\n  movq %rbx, Landed+8(%rip)\n  movq %rsp, Landed+16(%rip)\n"       \
    "  movq %rbp, Landed+24(%rip)\n  movq %rsi, Landed+32(%rip)\n  movq %rdi, Landed+40(%rip)\n"   \
    "  movq %r12, Landed+48(%rip)\n  movq %r13, Landed+56(%rip)\n  movq %r14, Landed+64(%rip)\n"   \
    "  movq %r15, Landed+72(%rip)\n  stmxcsr Landed+80(%rip)\n  fnstcw Landed+84(%rip)\n"          \
    "  movaps %xmm6, Landed+96(%rip)\n  movaps %xmm7, Landed+112(%rip)\n"                          \
    "  movaps %xmm8, Landed+128(%rip)\n  movaps %xmm9, Landed+144(%rip)\n"                         \
    "  movaps %xmm10, Landed+160(%rip)\n  movaps %xmm11, Landed+176(%rip)\n"                       \
    "  movaps %xmm12, Landed+192(%rip)\n  movaps %xmm13, Landed+208(%rip)\n"                       \
    "  movaps %xmm14, Landed+224(%rip)\n  movaps %xmm15, Landed+240(%rip)\n"

__asm__(".text\n"
        ".globl OuterFrame\n.seh_proc OuterFrame\n"
        "OuterFrame:\n" ENTER ".seh_handler OuterHandler, @except, @unwind\n" CALL_BODY
        "  xorl %eax, %eax\n  jmp 1f\n"
        ".globl OuterLanding\n"
        "OuterLanding:\n  movl $2, %eax\n"
        "1:\n" LEAVE ".seh_endproc\n"

        ".globl TargetFrame\n.seh_proc TargetFrame\n"
        "TargetFrame:\n" ENTER ".seh_handler TargetHandler, @except, @unwind\n" MARK(
            "0x1110") "  movq %rsp, FrameRsp(%rip)\n" CALL_BODY ".globl TargetReturn\n"
                      "TargetReturn:\n  xorl %eax, %eax\n  jmp 1f\n"
                      ".globl TargetLanding\n"
                      "TargetLanding:\n" NOTE "  movl $1, %eax\n"
                      "1:\n" LEAVE ".seh_endproc\n"

                      ".globl MiddleFrame\n.seh_proc MiddleFrame\n"
                      "MiddleFrame:\n" ENTER
                      ".seh_handler MiddleHandler, @except, @unwind\n" MARK("0x2220") CALL_BODY
        "  xorl %eax, %eax\n" LEAVE ".seh_endproc\n"

        ".globl JumpFrame\n.seh_proc JumpFrame\n"
        "JumpFrame:\n" ENTER
        "  movq %rsp, Jump(%rip)\n  movq %rsp, Jump+16(%rip)\n  movq %rsp, FrameRsp(%rip)\n"
        "  leaq JumpLanding(%rip), %rax\n  movq %rax, Jump+80(%rip)\n" CALL_BODY
        "  xorl %eax, %eax\n  jmp 1f\n"
        ".globl JumpLanding\n"
        "JumpLanding:\n" NOTE
        "  pushq $0x1F80\n  ldmxcsr (%rsp)\n  movl $0x27F, (%rsp)\n  fldcw (%rsp)\n  popq %rax\n"
        "  movl $1, %eax\n"
        "1:\n" LEAVE ".seh_endproc\n");

/* ---- The handlers ---- */

static const char *Name(ULONG Code) {
    switch (Code) {
    case CODE_CATCH:
        return "catch";
    case CODE_CONTINUE:
        return "continue";
    case CODE_RETHROW:
        return "rethrow";
    case STATUS_UNWIND_CONSOLIDATE:
        return "consolidate";
    case STATUS_LONGJUMP:
        return "longjump";
    default:
        return "other";
    }
}

static void Note(const char *Who, PEXCEPTION_RECORD Record, PVOID Frame,
                 PDISPATCHER_CONTEXT Dispatcher) {
    ULONG64 Target = Dispatcher->TargetIp;
    Print("  %s handler: %s, flags %02x, frame %s", Who, Name(Record->ExceptionCode),
          Record->ExceptionFlags,
          (ULONG64)Frame == Dispatcher->EstablisherFrame ? "as in dispatcher" : "differs");
    if (Record->ExceptionFlags & 2) {
        Print(", target %s", Target == (ULONG64)TargetLanding  ? "landing"
                             : Target == (ULONG64)TargetReturn ? "call"
                             : Target == (ULONG64)OuterLanding ? "outer landing"
                             : Target == (ULONG64)JumpLanding  ? "jump landing"
                                                               : "other");
    }
    Print("\n");
}

PVOID CatchBlock(PEXCEPTION_RECORD Record);

/* Takes what is to be caught as C++ does: by a consolidated unwind to this very frame, whose target
 * is the call that threw; the catch block returns the address to go on at. */
EXCEPTION_DISPOSITION TargetHandler(PEXCEPTION_RECORD Record, PVOID Frame, PCONTEXT Context,
                                    PDISPATCHER_CONTEXT Dispatcher) {
    Note("target", Record, Frame, Dispatcher);
    Check("  at the call", Dispatcher->ControlPc == (ULONG64)TargetReturn);
    if (Record->ExceptionFlags & 2) {
        Check("  rbx of the frame", Dispatcher->ContextRecord->Rbx == 0x11101);
        return ExceptionContinueSearch;
    }
    if (Record->ExceptionCode == CODE_CONTINUE) {
        return ExceptionContinueExecution;
    }
    if (Record->ExceptionCode == CODE_CATCH) {
        EXCEPTION_RECORD Unwind = {.ExceptionCode = STATUS_UNWIND_CONSOLIDATE,
                                   .NumberParameters = 4};
        Unwind.ExceptionInformation[0] = (ULONG_PTR)CatchBlock;
        Unwind.ExceptionInformation[1] = (ULONG_PTR)Frame;
        Unwind.ExceptionInformation[2] = Record->ExceptionInformation[0];
        Unwind.ExceptionInformation[3] = Record->ExceptionInformation[1];
        RtlUnwindEx(Frame, (PVOID)Dispatcher->ControlPc, &Unwind, (PVOID)0x77,
                    Dispatcher->ContextRecord, Dispatcher->HistoryTable);
        Print("  came back\n");
    }
    (void)Context;
    return ExceptionContinueSearch;
}

EXCEPTION_DISPOSITION MiddleHandler(PEXCEPTION_RECORD Record, PVOID Frame, PCONTEXT Context,
                                    PDISPATCHER_CONTEXT Dispatcher) {
    Note("middle", Record, Frame, Dispatcher);
    (void)Context;
    return ExceptionContinueSearch;
}

EXCEPTION_DISPOSITION OuterHandler(PEXCEPTION_RECORD Record, PVOID Frame, PCONTEXT Context,
                                   PDISPATCHER_CONTEXT Dispatcher) {
    Note("outer", Record, Frame, Dispatcher);
    if (Record->ExceptionCode == CODE_RETHROW && !(Record->ExceptionFlags & 2)) {
        RtlUnwindEx(Frame, (PVOID)OuterLanding, Record, NULL, Dispatcher->ContextRecord,
                    Dispatcher->HistoryTable);
    }
    (void)Context;
    return ExceptionContinueSearch;
}

/* ---- Catch blocks ---- */

static void RaiseCode(ULONG Code, ULONG_PTR First, ULONG_PTR Second) {
    EXCEPTION_RECORD Record = {.ExceptionCode = Code, .NumberParameters = 2};
    Record.ExceptionInformation[0] = First;
    Record.ExceptionInformation[1] = Second;
    RtlRaiseException(&Record);
}

/* Its record says what it is to raise; the thrown object is still on the stack that was left. */
PVOID CatchBlock(PEXCEPTION_RECORD Record) {
    const volatile ULONG *Thrown = (const volatile ULONG *)Record->ExceptionInformation[2];
    volatile UCHAR Fill[512];
    ULONG Sum = 0;
    for (ULONG i = 0; i < sizeof(Fill); i++) {
        Fill[i] = (UCHAR)i;
    }
    for (ULONG i = 0; i < 64; i++) {
        Sum += Thrown[i];
    }
    Print("  catch block: %s, %u parameters, sum %u\n", Name(Record->ExceptionCode),
          Record->NumberParameters, Sum);
    Check("  catch block: frame of the target", Record->ExceptionInformation[1] == FrameRsp);
    if (Record->ExceptionInformation[3] != 0) {
        RaiseCode((ULONG)Record->ExceptionInformation[3], 0, 0);
        Print("  catch block goes on\n");
    }
    return (PVOID)TargetLanding;
}

static void Throw(PVOID Next) {
    volatile ULONG Thrown[64];
    for (ULONG i = 0; i < 64; i++) {
        Thrown[i] = i;
    }
    RaiseCode(CODE_CATCH, (ULONG_PTR)Thrown, (ULONG_PTR)Next);
    Print("  the throw came back\n");
}

static void ThrowInMiddle(PVOID Next) {
    MiddleFrame(Throw, Next);
}

static void TryTarget(PVOID Next) {
    ULONG Result = TargetFrame(ThrowInMiddle, Next);
    Print("  target frame returned %u, rax %02x\n", Result, (ULONG)Landed.Rax);
    Check("  rsp", Landed.Rsp == FrameRsp);
    Check("  integer registers", Landed.Rbx == 0x11101 && Landed.Rbp == 0x11102 &&
                                     Landed.Rsi == 0x11103 && Landed.Rdi == 0x11104 &&
                                     Landed.R12 == 0x11105 && Landed.R13 == 0x11106 &&
                                     Landed.R14 == 0x11107 && Landed.R15 == 0x11108);
    Check("  xmm registers", Landed.Xmm[0].Low == 0x11101 && Landed.Xmm[7].Low == 0x11108 &&
                                 Landed.Xmm[8].Low == 0x11101 && Landed.Xmm[9].Low == 0x11102);
}

static void Catch(const char *What, ULONG Next) {
    Print("%s\n", What);
    memset(&Landed, 0, sizeof(Landed));
    Print("  outer frame returned %u\n", OuterFrame(TryTarget, (PVOID)(ULONG_PTR)Next));
}

/* ---- longjmp ---- */

static void SetJumpBuffer(void) {
    PULONG64 Integers = &Jump.Rbx;
    for (ULONG i = 0; i < 9; i++) {
        if (i != 1) {
            Integers[i] = 0x333300 + i;
        }
    }
    for (ULONG i = 0; i < 10; i++) {
        Jump.Xmm[i].Low = 0x4444000000000000 + i;
        Jump.Xmm[i].High = 0x5555000000000000 + i;
    }
    Jump.MxCsr = 0x3FA0;
    Jump.FpCsr = 0x0B7F;
}

static void ShowLanding(ULONG Result) {
    Print("  returned %u, rax %02x, mxcsr %04x, control word %04x\n", Result, (ULONG)Landed.Rax,
          Landed.MxCsr, Landed.FpCsr);
    Check("  rsp", Landed.Rsp == FrameRsp);
    Check("  integer registers", Landed.Rbx == 0x333300 && Landed.Rbp == 0x333302 &&
                                     Landed.Rsi == 0x333303 && Landed.Rdi == 0x333304 &&
                                     Landed.R12 == 0x333305 && Landed.R13 == 0x333306 &&
                                     Landed.R14 == 0x333307 && Landed.R15 == 0x333308);
    for (ULONG i = 0; i < 10; i++) {
        if (Landed.Xmm[i].Low != 0x4444000000000000u + i ||
            (ULONG64)Landed.Xmm[i].High != 0x5555000000000000u + i) {
            Print("  xmm%u is not the buffer's\n", i + 6);
        }
    }
}

static void LongJump(PVOID Unused) {
    EXCEPTION_RECORD Record = {.ExceptionCode = STATUS_LONGJUMP, .NumberParameters = 1};
    CONTEXT Context;
    Record.ExceptionInformation[0] = (ULONG_PTR)&Jump;
    SetJumpBuffer();
    RtlUnwindEx((PVOID)Jump.Frame, (PVOID)Jump.Rip, &Record, (PVOID)0x55, &Context, NULL);
    (void)Unused;
}

static void LongJumpInMiddle(PVOID Unused) {
    MiddleFrame(LongJump, Unused);
}

/* The same without an unwind, from a context that has fewer parts than the buffer. */
static void RestoreJump(PVOID Flags) {
    EXCEPTION_RECORD Record = {.ExceptionCode = STATUS_LONGJUMP, .NumberParameters = 1};
    CONTEXT Context;
    Record.ExceptionInformation[0] = (ULONG_PTR)&Jump;
    SetJumpBuffer();
    RtlCaptureContext(&Context);
    Context.ContextFlags = (ULONG)(ULONG_PTR)Flags;
    Context.Rax = 0x66;
    RtlRestoreContext(&Context, &Record);
}

static void Jumps(void) {
    Print("longjmp\n");
    ShowLanding(JumpFrame(LongJumpInMiddle, NULL));
    Print("RtlRestoreContext with a jump buffer\n");
    ShowLanding(JumpFrame(RestoreJump, (PVOID)(ULONG_PTR)CONTEXT_FULL));
}

/* ---- Targets that are no frames, and where registers were saved ---- */

static void UnwindTo(PVOID Frame) {
    CONTEXT Context;
    RtlUnwindEx(Frame, (PVOID)TargetLanding, NULL, NULL, &Context, NULL);
}

static void BadTarget(PVOID Offset) {
    UnwindTo((PVOID)(FrameRsp + (ULONG_PTR)Offset));
}

static void BadTargetInMiddle(PVOID Offset) {
    MiddleFrame(BadTarget, Offset);
}

static void TargetOfBad(PVOID Offset) {
    TargetFrame(BadTargetInMiddle, Offset);
}

static void NoFrame(const char *What, LONG_PTR Offset) {
    ShowStatus(What, Guard(TargetOfBad, (PVOID)Offset));
}

/* Saved is the stack pointer after the prolog: xmm6 is at 20h, the pushes begin at C8h. */
static void FindPointers(PVOID Unused) {
    KNONVOLATILE_CONTEXT_POINTERS Pointers;
    CONTEXT Context;
    ULONG64 Base, Frame = 0;
    PVOID Data;
    BOOL Reached = FALSE;
    RtlCaptureContext(&Context);
    while (!Reached) {
        PRUNTIME_FUNCTION Entry = RtlLookupFunctionEntry(Context.Rip, &Base, NULL);
        Reached = Context.Rip == (ULONG64)TargetReturn;
        memset(&Pointers, 0, sizeof(Pointers));
        RtlVirtualUnwind(0, Base, Context.Rip, Entry, &Context, &Data, &Frame, &Pointers);
    }
    Check("  establisher frame", Frame == FrameRsp);
    Check("  r15 and rbx", (ULONG64)Pointers.IntegerContext[15] == Frame + 0xC8 &&
                               (ULONG64)Pointers.IntegerContext[3] == Frame + 0x100);
    Check("  xmm6 and xmm15", (ULONG64)Pointers.FloatingContext[6] == Frame + 0x20 &&
                                  (ULONG64)Pointers.FloatingContext[15] == Frame + 0xB0);
    Check("  no others", Pointers.IntegerContext[0] == NULL && Pointers.IntegerContext[8] == NULL &&
                             Pointers.FloatingContext[5] == NULL);
    (void)Unused;
}

/* What Wine does not do: it searches for ever for a target that is no frame, and takes no
 * floating-point registers into a context that has none. */
void Start(void) {
    if (LastArgumentIs(L"documented")) {
        Print("a jump buffer and a context without floating-point registers\n");
        ShowLanding(JumpFrame(RestoreJump, (PVOID)(ULONG_PTR)(CONTEXT_CONTROL | CONTEXT_INTEGER)));
        NoFrame("target between two frames", 8);
        NoFrame("target below the stack pointer", -0x8000);
        NoFrame("target not aligned", 4);
        Exit(0);
    }
    Catch("a catch block", 0);
    Catch("a catch block that raises and goes on", CODE_CONTINUE);
    Catch("a catch block that rethrows", CODE_RETHROW);
    Jumps();
    Print("context pointers\n");
    TargetFrame(FindPointers, NULL);
    Exit(0);
}
