// sources: rtl/unwind/unwind.c rtl/unwind/unwindepi.c rtl/unwind/functable.c rtl/unwind/exceptc.c
//
// Unwinding against hand-made functions: each test writes unwind codes, a few bytes of code and a
// stack, takes one frame off, and looks at every register. Then the scope tables of __try.

#include "../../rtl/unwind/unwindp.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

static int Checks, Failures;

#define CHECK(Condition)                                                                           \
    do {                                                                                           \
        Checks++;                                                                                  \
        if (!(Condition)) {                                                                        \
            Failures++;                                                                            \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #Condition);                               \
        }                                                                                          \
    } while (0)

// The image is any range of addresses around this array and the functions below.
static _Alignas(16) UCHAR Space[0x1000];
#define BASE     ((ULONG64)Space - 0x40000000)
#define RVA(p)   ((ULONG)((ULONG64)(p) - BASE))
#define CODE     (&Space[0])
#define CODE_END (&Space[0x200])
#define INFO     (&Space[0x200])
#define INFO2    (&Space[0x300])

static RUNTIME_FUNCTION Table[3];
static ULONG Entries;
static _Alignas(16) ULONG64 Stack[64];
static CONTEXT Context;
static NTSTATUS Raised;
static jmp_buf Catch;

// --- what the kernel or ntdll would give
// -----------------------------------------------------------

BOOLEAN NTAPI RtlpFindImage(ULONG64 Pc, PULONG64 ImageBase, PULONG ImageSize) {
    *ImageBase = BASE;
    *ImageSize = 0x7FFFFFFF;
    return Pc - BASE < *ImageSize;
}

PVOID RtlImageDirectoryEntryToData(PVOID Image, BOOLEAN Mapped, USHORT Entry, PULONG Size) {
    CHECK((ULONG64)Image == BASE && Mapped && Entry == IMAGE_DIRECTORY_ENTRY_EXCEPTION);
    *Size = Entries * sizeof(RUNTIME_FUNCTION);
    return Table;
}

VOID NTAPI RtlRaiseStatus(NTSTATUS Status) {
    Raised = Status;
    longjmp(Catch, 1);
}

static ULONG64 UnwoundTo;
VOID NTAPI RtlUnwindEx(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD ExceptionRecord,
                       PVOID ReturnValue, PCONTEXT ContextRecord,
                       PUNWIND_HISTORY_TABLE HistoryTable) {
    CHECK((ULONG64)TargetFrame == 0x1234);
    CHECK((ULONG)(ULONG64)ReturnValue == (ULONG)ExceptionRecord->ExceptionCode);
    UnwoundTo = (ULONG64)TargetIp;
}

// --- one function
// ----------------------------------------------------------------------------------

#define UC(offset, op, info) ((USHORT)((offset) | (op) << 8 | (info) << 12))

static void SetInfo(PUCHAR Where, ULONG Flags, ULONG Prolog, ULONG Frame, const USHORT *Codes,
                    ULONG Count) {
    Where[0] = 1 | Flags << 3;
    Where[1] = Prolog;
    Where[2] = Count;
    Where[3] = Frame;
    memcpy(Where + 4, Codes, Count * sizeof(USHORT));
}

// A function at CODE with these codes; all registers get values of their own.
static void Begin(ULONG Prolog, ULONG Frame, const USHORT *Codes, ULONG Count) {
    memset(Space, 0x90, sizeof(Space));
    memset(Stack, 0xEE, sizeof(Stack));
    memset(&Context, 0, sizeof(Context));
    SetInfo(INFO, 0, Prolog, Frame, Codes, Count);
    Table[0] = (RUNTIME_FUNCTION){RVA(CODE), RVA(CODE_END), {RVA(INFO)}};
    Entries = 1;
    for (ULONG i = 0; i < 16; i++) {
        *RtlpRegister(&Context, i) = 0x1000 + i;
    }
    Context.Rsp = (ULONG64)&Stack[8];
}

static PVOID HandlerData;
static ULONG64 Frame;
static PEXCEPTION_ROUTINE Handler;
static BOOLEAN MachineFrame;

static NTSTATUS Step(ULONG Offset) {
    ULONG64 Base, Low = (ULONG64)Stack, High = (ULONG64)(Stack + 64);
    PRUNTIME_FUNCTION Entry;
    Context.Rip = (ULONG64)CODE + Offset;
    Entry = RtlLookupFunctionEntry(Context.Rip, &Base, NULL);
    return RtlVirtualUnwind2(UNW_FLAG_EHANDLER, Base, Context.Rip, Entry, &Context, &MachineFrame,
                             &HandlerData, &Frame, NULL, &Low, &High, &Handler, 0);
}

// --- the codes
// -------------------------------------------------------------------------------------

static const USHORT PushAlloc[] = {UC(6, UWOP_ALLOC_SMALL, 3), UC(2, UWOP_PUSH_NONVOL, 3),
                                   UC(1, UWOP_PUSH_NONVOL, 5)}; // push rbp; push rbx; sub rsp, 32

static void TestPushAlloc(void) {
    Begin(6, 0, PushAlloc, 3);
    Stack[12] = 0xB0;
    Stack[13] = 0xB1;
    Stack[14] = 0xC0DE;
    CHECK(Step(0x20) == STATUS_SUCCESS);
    CHECK(Frame == (ULONG64)&Stack[8] && Context.Rbx == 0xB0 && Context.Rbp == 0xB1);
    CHECK(Context.Rip == 0xC0DE && Context.Rsp == (ULONG64)&Stack[15] && Context.Rsi == 0x1006);
    CHECK(!MachineFrame && Handler == NULL);
    // Inside the prolog only what has run is undone.
    Begin(6, 0, PushAlloc, 3);
    Stack[8] = 0xB1;
    Stack[9] = 0xC0DE;
    CHECK(Step(1) == STATUS_SUCCESS && Context.Rbp == 0xB1 && Context.Rbx == 0x1003);
    CHECK(Context.Rip == 0xC0DE && Context.Rsp == (ULONG64)&Stack[10]);
    Begin(6, 0, PushAlloc, 3);
    Stack[8] = 0xC0DE;
    CHECK(Step(0) == STATUS_SUCCESS && Context.Rip == 0xC0DE && Context.Rbp == 0x1005);
}

static void TestLeaf(void) {
    Begin(6, 0, PushAlloc, 3);
    Entries = 0;
    Stack[8] = 0xC0DE;
    CHECK(Step(4) == STATUS_SUCCESS && Context.Rip == 0xC0DE && Frame == (ULONG64)&Stack[8]);
    CHECK(Context.Rsp == (ULONG64)&Stack[9]);
}

static void TestLargeAndSaved(void) {
    const USHORT Codes[] = {
        UC(30, UWOP_SAVE_XMM128_FAR, 7),  0x40, 0, UC(25, UWOP_SAVE_XMM128, 6),  2,
        UC(20, UWOP_SAVE_NONVOL_FAR, 14), 0x18, 0, UC(15, UWOP_SAVE_NONVOL, 12), 1,
        UC(7, UWOP_ALLOC_LARGE, 0),       0x14};
    const USHORT Far[] = {UC(7, UWOP_ALLOC_LARGE, 1), 0xA0, 0};
    Begin(30, 0, Codes, RTL_NUMBER_OF(Codes));
    Stack[9] = 0xAAA;
    Stack[11] = 0xBBB;
    Stack[12] = 0x60;
    Stack[13] = 0x61;
    Stack[16] = 0x70;
    Stack[28] = 0xC0DE;
    CHECK(Step(0x40) == STATUS_SUCCESS);
    CHECK(Context.R12 == 0xAAA && Context.R14 == 0xBBB && Context.Rip == 0xC0DE);
    CHECK(Context.Xmm6.Low == 0x60 && Context.Xmm6.High == 0x61 && Context.Xmm7.Low == 0x70);
    CHECK(Context.Rsp == (ULONG64)&Stack[29]);
    Begin(7, 0, Far, RTL_NUMBER_OF(Far));
    Stack[28] = 0xC0DE;
    CHECK(Step(0x40) == STATUS_SUCCESS && Context.Rip == 0xC0DE);
}

static void TestFrameRegister(void) {
    // push rbp; sub rsp, 40h; lea rbp, [rsp+20h]; then rsp moves as it likes
    const USHORT Codes[] = {UC(10, UWOP_SET_FPREG, 0), UC(5, UWOP_ALLOC_SMALL, 7),
                            UC(1, UWOP_PUSH_NONVOL, 5)};
    Begin(10, 5 | 2 << 4, Codes, 3);
    Context.Rbp = (ULONG64)&Stack[24];
    Stack[28] = 0xBB;
    Stack[29] = 0xC0DE;
    CHECK(Step(0x30) == STATUS_SUCCESS && Frame == (ULONG64)&Stack[20]);
    CHECK(Context.Rbp == 0xBB && Context.Rip == 0xC0DE && Context.Rsp == (ULONG64)&Stack[30]);
    // Before the lea the register means nothing yet.
    Begin(10, 5 | 2 << 4, Codes, 3);
    Stack[16] = 0xBB;
    Stack[17] = 0xC0DE;
    CHECK(Step(5) == STATUS_SUCCESS && Frame == (ULONG64)&Stack[8] && Context.Rip == 0xC0DE);
}

static void TestMachineFrame(void) {
    for (ULONG ErrorCode = 0; ErrorCode < 2; ErrorCode++) {
        const USHORT Codes[] = {UC(4, UWOP_ALLOC_SMALL, 1), UC(0, UWOP_PUSH_MACHFRAME, ErrorCode)};
        Begin(4, 0, Codes, 2);
        Stack[10 + ErrorCode] = 0xC0DE;
        Stack[13 + ErrorCode] = 0x5000;
        CHECK(Step(0x10) == STATUS_SUCCESS && MachineFrame);
        CHECK(Context.Rip == 0xC0DE && Context.Rsp == 0x5000);
    }
}

static void TestChained(void) {
    // The piece at CODE has saved rsi; the function itself, elsewhere, pushed rbx and took 16.
    const USHORT Piece[] = {UC(4, UWOP_SAVE_NONVOL, 6), 0};
    const USHORT Whole[] = {UC(9, UWOP_ALLOC_SMALL, 1), UC(1, UWOP_PUSH_NONVOL, 3)};
    PRUNTIME_FUNCTION Chain = (PRUNTIME_FUNCTION)(INFO + 8);
    Begin(4, 0, Piece, 2);
    INFO[0] = 1 | UNW_FLAG_CHAININFO << 3;
    *Chain = (RUNTIME_FUNCTION){RVA(CODE) - 0x100, RVA(CODE) - 0x80, {RVA(INFO2)}};
    SetInfo(INFO2, UNW_FLAG_EHANDLER, 9, 0, Whole, 2);
    *(PULONG)(INFO2 + 8) = 0x77;
    Stack[8] = 0x51;
    Stack[10] = 0xB0;
    Stack[11] = 0xC0DE;
    CHECK(Step(0x10) == STATUS_SUCCESS && Context.Rsi == 0x51 && Context.Rbx == 0xB0);
    CHECK(Context.Rip == 0xC0DE && (ULONG64)Handler == BASE + 0x77); // the whole function's handler
    // A chain that leads back to itself ends.
    Begin(4, 0, Piece, 2);
    INFO[0] = 1 | UNW_FLAG_CHAININFO << 3;
    *Chain = Table[0];
    CHECK(Step(0x10) == STATUS_BAD_FUNCTION_TABLE);
}

static void TestHandler(void) {
    Begin(6, 0, PushAlloc, 3);
    INFO[0] = 1 | UNW_FLAG_EHANDLER << 3;
    *(PULONG)(INFO + 12) = 0x55; // behind four codes: three and a filler
    Stack[14] = 0xC0DE;
    CHECK(Step(0x20) == STATUS_SUCCESS && (ULONG64)Handler == BASE + 0x55);
    CHECK(HandlerData == INFO + 16);
    Begin(6, 0, PushAlloc, 3);
    INFO[0] = 1 | UNW_FLAG_UHANDLER << 3; // not for this pass
    CHECK(Step(0x20) == STATUS_SUCCESS && Handler == NULL);
    Begin(6, 0, PushAlloc, 3);
    INFO[0] = 1 | UNW_FLAG_EHANDLER << 3;
    CHECK(Step(3) == STATUS_SUCCESS && Handler == NULL); // still in the prolog
}

// --- epilogs
// ---------------------------------------------------------------------------------------

static void TestEpilogs(void) {
    static const struct {
        UCHAR Code[12];
        BOOLEAN Epilog;
    } Cases[] = {
        {{0x48, 0x83, 0xC4, 0x20, 0x5B, 0x5D, 0xC3}, TRUE},             // add rsp; pop; pop; ret
        {{0x48, 0x81, 0xC4, 0x20, 0, 0, 0, 0x5B, 0x5D, 0xC3}, TRUE},    // the same, long
        {{0x48, 0x83, 0xC4, 0x20, 0x5B, 0x5D, 0xF3, 0xC3}, TRUE},       // rep ret
        {{0x48, 0x83, 0xC4, 0x20, 0x5B, 0x5D, 0xFF, 0x25}, TRUE},       // jmp [rip+n]
        {{0x48, 0x83, 0xC4, 0x20, 0x5B, 0x5D, 0x48, 0xFF, 0xE0}, TRUE}, // rex jmp rax
        {{0x48, 0x83, 0xC4, 0x20, 0x5B, 0x5D, 0xFF, 0xE0}, FALSE},      // a switch's jump
        {{0x48, 0x83, 0xC4, 0x20, 0x5B, 0x5D, 0xE9, 0, 8, 0, 0}, TRUE}, // a tail call
        {{0x48, 0x83, 0xC4, 0x20, 0x5B, 0x5D, 0xEB, 0x10}, FALSE},      // a jump inside
        {{0x48, 0x83, 0xC4, 0x20, 0x90, 0x5B, 0xC3}, FALSE},
    };
    for (ULONG i = 0; i < RTL_NUMBER_OF(Cases); i++) {
        Begin(6, 0, PushAlloc, 3);
        memcpy(CODE + 0x20, Cases[i].Code, sizeof(Cases[i].Code));
        CHECK(RtlpIsEpilog(BASE, (ULONG64)CODE + 0x20, Table) == Cases[i].Epilog);
        Stack[12] = 0xB0;
        Stack[13] = 0xB1;
        Stack[14] = 0xC0DE;
        // Recognised or not, at its beginning an epilog and the codes say the same.
        CHECK(Step(0x20) == STATUS_SUCCESS && Context.Rbx == 0xB0 && Context.Rbp == 0xB1);
        CHECK(Context.Rip == 0xC0DE && Context.Rsp == (ULONG64)&Stack[15]);
    }
    Begin(6, 0, PushAlloc, 3);
    memcpy(CODE + 0x20, Cases[0].Code, sizeof(Cases[0].Code));
    Stack[8] = 0xB1;
    Stack[9] = 0xC0DE;
    CHECK(Step(0x25) == STATUS_SUCCESS && Context.Rbp == 0xB1 && Context.Rbx == 0x1003);
    CHECK(Context.Rip == 0xC0DE && Handler == NULL);
    // lea rsp only with the function's own frame register: rbp here, which the codes do not name
    Begin(6, 0, PushAlloc, 3);
    memcpy(CODE + 0x20, (UCHAR[]){0x48, 0x8D, 0x65, 0x00, 0x5D, 0xC3}, 6);
    CHECK(!RtlpIsEpilog(BASE, (ULONG64)CODE + 0x20, Table));
    INFO[3] = 5;
    CHECK(RtlpIsEpilog(BASE, (ULONG64)CODE + 0x20, Table));
    // A jump into the middle of another function is no tail call.
    Begin(6, 0, PushAlloc, 3);
    memcpy(CODE + 0x20, (UCHAR[]){0xE9, 0x00, 0x08, 0, 0}, 5);
    Table[1] = (RUNTIME_FUNCTION){RVA(CODE) + 0x800, RVA(CODE) + 0x900, {RVA(INFO)}};
    Entries = 2;
    CHECK(!RtlpIsEpilog(BASE, (ULONG64)CODE + 0x20, Table));
    Table[1].BeginAddress += 0x25;
    CHECK(RtlpIsEpilog(BASE, (ULONG64)CODE + 0x20, Table));
}

// --- what must be refused
// --------------------------------------------------------------------------

static void TestDamage(void) {
    const USHORT Unknown[] = {UC(1, 13, 0)};
    const USHORT Short[] = {UC(1, UWOP_ALLOC_LARGE, 1)};
    const USHORT Epilog[] = {UC(1, UWOP_EPILOG, 0), UC(1, UWOP_ALLOC_SMALL, 0)};
    Begin(1, 0, Unknown, 1);
    CHECK(Step(8) == STATUS_BAD_FUNCTION_TABLE);
    Begin(1, 0, Short, 1); // its operand lies behind the codes
    CHECK(Step(8) == STATUS_BAD_FUNCTION_TABLE);
    Begin(1, 0, Epilog, 2);
    CHECK(Step(8) == STATUS_BAD_FUNCTION_TABLE); // version 1 has no such code
    Begin(1, 0, Epilog, 2);
    INFO[0] = 2;
    Stack[9] = 0xC0DE;
    CHECK(Step(8) == STATUS_SUCCESS && Context.Rip == 0xC0DE);
    Begin(6, 0, PushAlloc, 3);
    INFO[0] = 3;
    CHECK(Step(8) == STATUS_BAD_FUNCTION_TABLE);
    Begin(6, 0, PushAlloc, 3);
    Context.Rsp = (ULONG64)&Stack[62]; // the pushes lie beyond the stack
    CHECK(Step(8) == STATUS_BAD_STACK);
    Begin(6, 0, PushAlloc, 3);
    Context.Rsp = (ULONG64)&Stack[0] - 64;
    CHECK(Step(0) == STATUS_BAD_STACK);
    Begin(6, 0, PushAlloc, 3);
    Context.Rsp += 1;
    CHECK(Step(8) == STATUS_BAD_STACK);
    // The documented function raises instead.
    Begin(1, 0, Unknown, 1);
    Raised = 0;
    if (setjmp(Catch) == 0)
        RtlVirtualUnwind(0, BASE, (ULONG64)CODE + 8, Table, &Context, &HandlerData, &Frame, NULL);
    CHECK(Raised == STATUS_BAD_FUNCTION_TABLE);
}

static void TestLookup(void) {
    ULONG64 Base;
    PVOID Header;
    Begin(6, 0, PushAlloc, 3);
    Table[1] = (RUNTIME_FUNCTION){RVA(CODE) + 0x400, RVA(CODE) + 0x410, {RVA(INFO)}};
    Table[2] = (RUNTIME_FUNCTION){RVA(CODE) + 0x500, RVA(CODE) + 0x510, {RVA(&Table[0]) | 1}};
    Entries = 3;
    CHECK(RtlLookupFunctionEntry((ULONG64)CODE, &Base, NULL) == &Table[0] && Base == BASE);
    CHECK(RtlLookupFunctionEntry((ULONG64)CODE_END, &Base, NULL) == NULL && Base == BASE);
    CHECK(RtlLookupFunctionEntry((ULONG64)CODE + 0x40F, &Base, NULL) == &Table[1]);
    CHECK(RtlLookupFunctionEntry((ULONG64)CODE + 0x500, &Base, NULL) == &Table[0]); // indirect
    CHECK(RtlLookupFunctionEntry(BASE - 1, &Base, NULL) == NULL);
    CHECK(RtlPcToFileHeader(CODE, &Header) == (PVOID)BASE && Header == (PVOID)BASE);
    CHECK(RtlPcToFileHeader((PVOID)(BASE - 1), &Header) == NULL && Header == NULL);
}

// --- __try
// -----------------------------------------------------------------------------------------

static CHAR Trace[32];
static LONG Answer;

static LONG FilterA(PEXCEPTION_POINTERS Pointers, PVOID EstablisherFrame) {
    CHECK((ULONG64)EstablisherFrame == 0x1234 && Pointers->ContextRecord == &Context);
    strcat(Trace, "A");
    return Answer;
}
static LONG FilterB(PEXCEPTION_POINTERS Pointers, PVOID EstablisherFrame) {
    strcat(Trace, "B");
    return EXCEPTION_CONTINUE_SEARCH;
}
static VOID FinallyC(BOOLEAN Abnormal, PVOID EstablisherFrame) {
    CHECK(Abnormal && (ULONG64)EstablisherFrame == 0x1234);
    strcat(Trace, "C");
}
static VOID FinallyD(BOOLEAN Abnormal, PVOID EstablisherFrame) {
    strcat(Trace, "D");
}

static struct {
    ULONG Count;
    ULONG Rows[4][4];
} Scopes;

static DISPATCHER_CONTEXT Dispatcher;

// Four scopes around offset 0x10..0x20, inner ones first: B, C (finally), A, D (finally).
static EXCEPTION_DISPOSITION Ask(ULONG Flags, ULONG Offset, ULONG TargetOffset) {
    EXCEPTION_RECORD Record = {.ExceptionCode = STATUS_ACCESS_VIOLATION, .ExceptionFlags = Flags};
    const ULONG Rows[4][4] = {
        {RVA(CODE) + 0x10, RVA(CODE) + 0x20, RVA(FilterB), RVA(CODE) + 0x90},
        {RVA(CODE) + 0x10, RVA(CODE) + 0x20, RVA(FinallyC), 0},
        {RVA(CODE) + 0x10, RVA(CODE) + 0x30, RVA(FilterA), RVA(CODE) + 0x1F},
        {RVA(CODE) + 0x08, RVA(CODE) + 0x80, RVA(FinallyD), 0},
    };
    Trace[0] = 0;
    UnwoundTo = 0;
    Scopes.Count = 4;
    memcpy(Scopes.Rows, Rows, sizeof(Rows));
    Dispatcher.ControlPc = (ULONG64)CODE + Offset;
    Dispatcher.ImageBase = BASE;
    Dispatcher.HandlerData = &Scopes;
    Dispatcher.ContextRecord = &Context;
    Dispatcher.TargetIp = (ULONG64)CODE + TargetOffset;
    return __C_specific_handler(&Record, (PVOID)0x1234, &Context, &Dispatcher);
}

static void TestScopes(void) {
    Dispatcher.ScopeIndex = 0;
    Answer = EXCEPTION_CONTINUE_SEARCH;
    CHECK(Ask(0, 0x12, 0) == ExceptionContinueSearch && strcmp(Trace, "BA") == 0);
    Answer = EXCEPTION_CONTINUE_EXECUTION;
    CHECK(Ask(0, 0x12, 0) == ExceptionContinueExecution && UnwoundTo == 0);
    Answer = EXCEPTION_EXECUTE_HANDLER;
    Ask(0, 0x12, 0);
    CHECK(UnwoundTo == (ULONG64)CODE + 0x1F);
    CHECK(Ask(0, 0x25, 0) == ExceptionContinueSearch && strcmp(Trace, "A") == 0);
    CHECK(Ask(0, 0x40, 0) == ExceptionContinueSearch && strcmp(Trace, "") == 0);
    // An unwind beyond this function runs both __finally blocks, inner one first.
    CHECK(Ask(EXCEPTION_UNWINDING, 0x12, 0) == ExceptionContinueSearch);
    CHECK(strcmp(Trace, "CD") == 0 && Dispatcher.ScopeIndex == 4);
    // One that an earlier unwind has begun goes on behind the block that was interrupted.
    Dispatcher.ScopeIndex = 2;
    Ask(EXCEPTION_UNWINDING, 0x12, 0);
    CHECK(strcmp(Trace, "D") == 0);
    // To A's __except block: only C lies inside, though the block begins on C's last byte.
    Dispatcher.ScopeIndex = 0;
    Ask(EXCEPTION_UNWINDING | EXCEPTION_TARGET_UNWIND, 0x12, 0x1F);
    CHECK(strcmp(Trace, "C") == 0);
    // A jump out of C's __try to a place inside D's
    Dispatcher.ScopeIndex = 0;
    Ask(EXCEPTION_UNWINDING | EXCEPTION_TARGET_UNWIND, 0x12, 0x50);
    CHECK(strcmp(Trace, "C") == 0);
}

int main(void) {
    TestPushAlloc();
    TestLeaf();
    TestLargeAndSaved();
    TestFrameRegister();
    TestMachineFrame();
    TestChained();
    TestHandler();
    TestEpilogs();
    TestDamage();
    TestLookup();
    TestScopes();
    printf("%s - unwinding (%d checks)\n", Failures ? "not ok" : "ok", Checks);
    return Failures != 0;
}
