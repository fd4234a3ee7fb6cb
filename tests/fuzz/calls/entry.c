/*
 * entry.c - hostile ways to enter the kernel and to leave it
 *
 * A case is a piece of machine code that runs with registers, flags, a stack and a place that are
 * chosen at random: at the end of a page or of user space, on a stack that is none, with TF, AC, DF
 * or NT set, single-stepped, with breakpoints on what the kernel is about to touch. Most end with an
 * exception, which starts the worker again; the others fall off their end into an int 3.
 *
 * Cases that take more than code (contexts, APCs, nested exceptions) are functions.
 */
#include "fuzz.h"
#include "entrycode.h"

NTSYS NTSTATUS NTAPI NtSetContextThread(HANDLE, const CONTEXT *);
NTSYS NTSTATUS NTAPI NtCreateThreadEx(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, HANDLE, PVOID,
                                      PVOID, ULONG, SIZE_T, SIZE_T, SIZE_T, PVOID);

#define CODE_BASE  0x20000000ull     /* below 4 GiB, for 32-bit segments */
#define END_BASE   0x7FFFFFFE0000ull /* the last 64 KiB of user space */
#define END_SIZE   0x10000
#define CODE_LIMIT 64

static PUCHAR LowCode, HighCode;
static CONTEXT __attribute__((aligned(16))) Context;
static EXCEPTION_RECORD Record;
static RANDOM *Random;

/* ---- Running code ---- */

ULONG64 EntryRegisters[17] __asm__("EntryRegisters"); /* rax to r15 by number, then the flags */
PVOID EntryTarget __asm__("EntryTarget");

/* Loads all registers, rsp too, and jumps. Flags come last: TF traps after the next instruction. */
void EnterCode(void) __asm__("EnterCode");
__asm__(".globl EnterCode\nEnterCode:\n"
        "leaq EntryRegisters(%rip), %rax\n"
        "pushq 0x80(%rax)\n"
        "movq 8(%rax), %rcx\n movq 0x10(%rax), %rdx\n movq 0x18(%rax), %rbx\n"
        "movq 0x28(%rax), %rbp\n movq 0x30(%rax), %rsi\n movq 0x38(%rax), %rdi\n"
        "movq 0x40(%rax), %r8\n movq 0x48(%rax), %r9\n movq 0x50(%rax), %r10\n"
        "movq 0x58(%rax), %r11\n movq 0x60(%rax), %r12\n movq 0x68(%rax), %r13\n"
        "movq 0x70(%rax), %r14\n movq 0x78(%rax), %r15\n"
        "popfq\n"
        "movq 0x20(%rax), %rsp\n movq (%rax), %rax\n"
        "jmp *EntryTarget(%rip)\n");

static ULONG64 PickStack(void) {
    static const ULONG64 Stacks[] = {0,
                                     8,
                                     0x7FFFFFFEFFF8,
                                     0x7FFFFFFF0000,
                                     0x800000000000,
                                     0x8000000000000000,
                                     0xFFFFF80000100000,
                                     0xFFFFFFFFFFFFFFF8};
    ULONG64 Good = (ULONG64)__readgsqword(8) - 0x1000;
    switch (Pick(Random, 64)) {
    case 0:
        return Stacks[Pick(Random, ARRAYSIZE(Stacks))];
    case 1:
        return Good + Pick(Random, 16);
    case 2:
        return (ULONG64)__readgsqword(0x10) + Pick(Random, 0x200); /* close to the guard page */
    default:
        return Good;
    }
}

static ULONG PickFlags(void) {
    static const ULONG Flags[] = {0x202,  0x202,   0x302,    0x602,   0x40202, 0x4202,
                                  0x3202, 0x10202, 0x200202, 0x40302, 0xAD5,   0x4702};
    return OneIn(Random, 12) ? (ULONG)Next(Random) & ~0x100u
                             : Flags[Pick(Random, ARRAYSIZE(Flags))];
}

/* The code lies at the end of user space, at the end of a page, or anywhere. */
static PUCHAR PlaceCode(const UCHAR *Code, ULONG Length) {
    PUCHAR At = LowCode + Pick(Random, 0x100) * 16;
    BOOL Open = FALSE;
    switch (Pick(Random, 6)) {
    case 0:
        if (HighCode != NULL) {
            At = HighCode + END_SIZE - Length;
            Open = TRUE;
        }
        break;
    case 1:
        At = LowCode + 2 * PAGE - Length; /* a page that is not there comes behind it */
        Open = TRUE;
        break;
    default:
        break;
    }
    memcpy(At, Code, Length);
    if (!Open) {
        memset(At + Length, 0xCC, 16);
    }
    return At;
}

static DECLSPEC_NORETURN void Enter(PVOID Target, ULONG64 Stack, ULONG Flags) {
    for (ULONG i = 0; i < 16; i++) {
        ULONG Chance = Pick(Random, 8);
        EntryRegisters[i] = Chance < 3   ? MakeWild(Random)
                            : Chance < 5 ? (ULONG64)LowCode + Pick(Random, 0x2000)
                                         : Pick(Random, 0x200);
    }
    EntryRegisters[4] = Stack;
    EntryRegisters[16] = Flags;
    EntryTarget = Target;
    EnterCode();
    __builtin_unreachable();
}

/* ---- Cases that are functions ---- */

static void SetBreakpoints(void) {
    static const ULONG Lengths[] = {0, 1, 3, 2};
    static const ULONG64 Ways[] = {0, 1, 3};
    Context.ContextFlags = CONTEXT_DEBUG_REGISTERS;
    ULONG64 Places[4] = {(ULONG64)LowCode + Pick(Random, 0x100) * 16, PickStack() - 8,
                         (ULONG64)CallService + 60, MakeWild(Random)};
    Context.Dr0 = Places[0];
    Context.Dr1 = Places[1];
    Context.Dr2 = Places[2];
    Context.Dr3 = Places[3];
    Context.Dr6 = 0;
    Context.Dr7 = 0x155;
    for (ULONG i = 0; i < 4; i++) {
        ULONG64 Bits = Ways[Pick(Random, 3)] | Lengths[Pick(Random, 4)] << 2;
        Context.Dr7 |= Bits << (16 + 4 * i);
    }
    if (OneIn(Random, 4)) {
        Context.Dr7 = Next(Random);
    }
    NtSetContextThread(SELF_THREAD, &Context);
}

static void CaseBreakpoints(void) {
    static const UCHAR Code[] = {0x16, 0x90, 0x0F, 0x05};        /* nop, syscall */
    static const UCHAR Stack[] = {0x8E, 0x14, 0x24, 0x0F, 0x05}; /* mov ss, [rsp]; syscall */
    static const UCHAR Interrupt[] = {0x8E, 0x14, 0x24, 0xCD, 0x2E};
    static const UCHAR Break[] = {0x8E, 0x14, 0x24, 0xCC};
    const UCHAR *Codes[] = {Code + 1, Stack, Interrupt, Break};
    const ULONG Sizes[] = {3, 5, 5, 4};
    ULONG Which = Pick(Random, 4);
    SetBreakpoints();
    ULONG64 Where = PickStack();
    if (Where > 0x10000 && Where < 0x7FFFFFFE0000) {
        *(ULONG64 *)(Where & ~7ull) = 0x2B;
    }
    Enter(PlaceCode(Codes[Which], Sizes[Which]), Where & ~7ull, PickFlags());
}

static void CaseContinue(void) {
    MakeContext(Random, &Context);
    NtContinue(&Context, (BOOLEAN)Pick(Random, 2));
}

static void CaseSetContext(void) {
    MakeContext(Random, &Context);
    NtSetContextThread(SELF_THREAD, &Context);
}

static void FillRecord(void) {
    static const ULONG Codes[] = {0xC0000005, 0x80000003, 0x80000004, 0xC00000FD, 0x80000001};
    Record.ExceptionCode =
        OneIn(Random, 4) ? (ULONG)Next(Random) : Codes[Pick(Random, ARRAYSIZE(Codes))];
    Record.ExceptionFlags = OneIn(Random, 3) ? (ULONG)Next(Random) : 0;
    Record.NumberParameters = OneIn(Random, 3) ? (ULONG)MakeWild(Random) : Pick(Random, 17);
    for (ULONG i = 0; i < EXCEPTION_MAXIMUM_PARAMETERS; i++) {
        Record.ExceptionInformation[i] = MakeWild(Random);
    }
}

static void CaseRaise(void) {
    FillRecord();
    MakeContext(Random, &Context);
    NtRaiseException(&Record, &Context, (BOOLEAN)!OneIn(Random, 32));
}

static void CaseRtlRaise(void) {
    FillRecord();
    Record.NumberParameters %= EXCEPTION_MAXIMUM_PARAMETERS + 1;
    RtlRaiseException(&Record);
}

static void CaseApc(void) {
    APC_ROUTINE Routine = (APC_ROUTINE)(OneIn(Random, 2) ? MakeWild(Random) : (ULONG64)JustReturn);
    for (ULONG i = 1 + Pick(Random, 20); i != 0; i--) {
        NtQueueApcThread(SELF_THREAD, Routine, (PVOID)MakeWild(Random), NULL, NULL);
    }
    static const UCHAR TestAlert[] = {0xB8, 0xC2, 1, 0, 0, 0x0F, 0x05};
    static const UCHAR ByInterrupt[] = {0xB8, 0xC2, 1, 0, 0, 0xCD, 0x2E};
    const UCHAR *Code = OneIn(Random, 2) ? TestAlert : ByInterrupt;
    Enter(PlaceCode(Code, 7), PickStack(), PickFlags());
}

static void CaseTimerApc(void) {
    HANDLE Timer = NULL;
    NtCreateTimer(&Timer, TIMER_ALL_ACCESS, NULL, (int)Pick(Random, 2));
    LARGE_INTEGER Due = {.QuadPart = -1};
    NtSetTimer(Timer, &Due, (TIMER_APC)(ULONG_PTR)MakeWild(Random), NULL, FALSE, 1, NULL);
    NtDelayExecution(TRUE, MILLISECONDS(1));
    NtClose(Timer);
}

/* What the kernel calls in ntdll, called by the program. */
static void CaseDispatcher(void) {
    static const char *const Names[] = {"KiUserApcDispatcher", "KiUserExceptionDispatcher",
                                        "KiUserCallbackDispatcher", "LdrInitializeThunk",
                                        "RtlUserThreadStart"};
    PVOID Target = NtdllExport(Names[Pick(Random, ARRAYSIZE(Names))]);
    if (Target != NULL) {
        Enter(Target, PickStack() - 0x800, 0x202);
    }
}

static LONG CALLBACK FaultAgain(PEXCEPTION_POINTERS Pointers) {
    static volatile ULONG Depth;
    if (++Depth % 16 != 0) {
        *(volatile ULONG64 *)Pointers->ContextRecord->Rsi = 0;
        __asm__ volatile("ud2");
    }
    return EXCEPTION_CONTINUE_SEARCH;
}

static void CaseNested(void) {
    PVOID Handler = RtlAddVectoredExceptionHandler(1, FaultAgain);
    static BOOL Twice;
    if (Twice) {
        RtlRemoveVectoredExceptionHandler(Handler);
    }
    Twice = TRUE;
    *(volatile ULONG64 *)MakeWild(Random) = 1;
}

static void CaseGuardStack(void) {
    ULONG64 Limit = (ULONG64)__readgsqword(0x10);
    static const UCHAR Push[] = {0x50, 0xEB, 0xFD}; /* 1: push rax; jmp 1b */
    Enter(PlaceCode(Push, 3), Limit + Pick(Random, 64) * 8, PickFlags());
}

static void CaseFarJump(void) {
    static const USHORT Selectors[] = {0x23, 0x23, 0x33, 0x2B, 0x10, 0x18,
                                       0x1B, 0x40, 0x43, 0x53, 0,    3};
    UCHAR Code[CODE_LIMIT] = {0x48, 0xB8}; /* mov rax, frame; ljmp [rax] */
    struct __attribute__((packed)) {
        ULONG Offset;
        USHORT Selector;
    } *Far = (PVOID)(LowCode + 0x1800);
    const ENTRY_CODE *Inner = &EntryCodes[Pick(Random, EntryCodeCount)];
    PUCHAR At = LowCode + 0x1000 + Pick(Random, 16) * 64;
    memcpy(At, Inner->Code, Inner->Length);
    At[Inner->Length] = 0xCC;
    Far->Offset = OneIn(Random, 8) ? (ULONG)MakeWild(Random) : (ULONG)(ULONG64)At;
    Far->Selector = Selectors[Pick(Random, ARRAYSIZE(Selectors))];
    *(PVOID *)(Code + 2) = Far;
    Code[10] = 0xFF;
    Code[11] = 0x28;
    Enter(PlaceCode(Code, 12), (ULONG64)LowCode + 0x1F00, PickFlags());
}

/* An iretq with a frame of any kind. */
static void CaseReturn(void) {
    static const UCHAR Code[] = {0x48, 0xCF};
    static const USHORT Selectors[] = {0x23, 0x33, 0x33, 0x2B, 0x10, 0x18, 0x40, 0x53, 0};
    ULONG64 *Frame = (ULONG64 *)(LowCode + 0x1A00 + Pick(Random, 16) * 8);
    Frame[0] = OneIn(Random, 3) ? MakeWild(Random) : (ULONG64)LowCode + Pick(Random, 0x1000);
    Frame[1] = Selectors[Pick(Random, ARRAYSIZE(Selectors))];
    Frame[2] = OneIn(Random, 3) ? (ULONG)Next(Random) : PickFlags();
    Frame[3] = OneIn(Random, 4) ? MakeWild(Random) : PickStack();
    Frame[4] = OneIn(Random, 3) ? Selectors[Pick(Random, ARRAYSIZE(Selectors))] : 0x2B;
    Enter(PlaceCode(Code, 2), (ULONG64)Frame, PickFlags());
}

static NTSTATUS NTAPI Leave(PVOID Parameter) {
    (void)Parameter;
    return 0;
}

/* A thread begins with a context, a start address or a stack that does not work. */
static void CaseThread(void) {
    HANDLE Thread = NULL;
    PVOID Routine = OneIn(Random, 2) ? (PVOID)MakeWild(Random) : (PVOID)Leave;
    if (NtCreateThreadEx(&Thread, THREAD_ALL_ACCESS, NULL, SELF, Routine, NULL, 1, 0,
                         OneIn(Random, 4) ? MakeWild(Random) : 0, 0, NULL) < 0) {
        return;
    }
    if (OneIn(Random, 2)) {
        MakeContext(Random, &Context);
        NtSetContextThread(Thread, &Context);
    }
    NtQueueApcThread(Thread, (APC_ROUTINE)MakeWild(Random), NULL, NULL, NULL);
    NtResumeThread(Thread, NULL);
    NtWaitForSingleObject(Thread, FALSE, MILLISECONDS(5));
    NtTerminateThread(Thread, 0);
    NtClose(Thread);
}

/* The stack's memory goes away, or may not be written, and then there is an exception or a call. */
static void CaseStackLost(void) {
    static const UCHAR Fault[] = {0x0F, 0x0B};
    static const UCHAR Call[] = {0xB8, 0x46, 0, 0, 0, 0x0F, 0x05};
    PVOID Base = LowCode + 4 * PAGE;
    SIZE_T Size = PAGE;
    ULONG Old;
    NtProtectVirtualMemory(SELF, &Base, &Size,
                           OneIn(Random, 2)   ? PAGE_READONLY
                           : OneIn(Random, 2) ? PAGE_READWRITE | PAGE_GUARD
                                              : PAGE_NOACCESS,
                           &Old);
    const UCHAR *Code = OneIn(Random, 2) ? Fault : Call;
    Enter(PlaceCode(Code, Code == Fault ? 2 : 7), (ULONG64)Base + 0x800, PickFlags());
}

static const struct {
    const char *Name;
    void (*Function)(void);
} Functions[] = {
    {"breakpoints", CaseBreakpoints}, {"continue", CaseContinue},
    {"set-context", CaseSetContext},  {"raise", CaseRaise},
    {"rtl-raise", CaseRtlRaise},      {"apc", CaseApc},
    {"timer-apc", CaseTimerApc},      {"dispatcher", CaseDispatcher},
    {"nested", CaseNested},           {"guard-stack", CaseGuardStack},
    {"far-jump", CaseFarJump},        {"iretq", CaseReturn},
    {"thread", CaseThread},           {"stack-lost", CaseStackLost},
};

const ULONG EntryCount = EntryCodeCount + ARRAYSIZE(Functions);

const char *EntryName(ULONG Number) {
    return Number < EntryCodeCount ? EntryCodes[Number].Name
                                   : Functions[Number - EntryCodeCount].Name;
}

/* ---- The rounds ---- */

static PUCHAR Allocate(ULONG64 Where, SIZE_T Size) {
    PVOID Base = (PVOID)Where;
    return NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT,
                                   PAGE_EXECUTE_READWRITE) >= 0
               ? Base
               : NULL;
}

static void PrepareMemory(void) {
    PVOID Hole;
    SIZE_T Size = PAGE;
    LowCode = Allocate(CODE_BASE, 8 * PAGE);
    HighCode = Allocate(END_BASE, END_SIZE);
    if (LowCode == NULL) {
        Exit(2);
    }
    Hole = LowCode + 2 * PAGE;
    NtFreeVirtualMemory(SELF, &Hole, &Size, MEM_DECOMMIT);
}

static void RunCase(ULONG Number) {
    InterlockedIncrement(&Ledger->Cases[Number]);
    if (Number >= EntryCodeCount) {
        Functions[Number - EntryCodeCount].Function();
        return;
    }
    const ENTRY_CODE *Entry = &EntryCodes[Number];
    Enter(PlaceCode(Entry->Code, Entry->Length), PickStack(), PickFlags());
}

static ULONG64 CasesLeft;

/* RestartWorker comes back here after each exception. */
static void EntryLoop(void) {
    if (!IsFirstWorker()) { /* a thread of CaseThread */
        NtTerminateThread(SELF_THREAD, 0);
    }
    while (CasesLeft-- != 0) {
        InterlockedIncrement64(&Ledger->Calls);
        if (OneIn(Random, 8)) {
            SetBreakpoints();
        }
        ULONG Number = Pick(Random, EntryCount);
        if (Number >= EntryCodeCount || !EntryCodes[Number].Ends || OneIn(Random, 8)) {
            RunCase(Number);
        }
    }
    NtTerminateProcess(SELF, 0);
}

void RunEntries(ULONG64 Seed, ULONG64 Count) {
    static RANDOM State;
    State = Seed * 0x9E3779B97F4A7C15 + 0xE7;
    Random = &State;
    CasesLeft = Count;
    PrepareMemory();
    BeginLoop(EntryLoop);
}
