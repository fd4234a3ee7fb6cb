/*
 * redirect.c - where user mode goes on, when a program has a say in it (TAP)
 *
 * A rip that looks like the kernel's, a thread that is caught in a leaf function of the kernel, code
 * at the very end of user space, APCs and exceptions of 32-bit code: each time the registers are
 * the thread's, none of the kernel's, and what was set is what the thread goes on with. With
 * addresses as arguments: jumps there, and expects the fault to be at that address.
 */
#include "threading.h"
#include "tap.h"

NTSYS NTSTATUS NTAPI NtGetContextThread(HANDLE, PCONTEXT);
NTSYS NTSTATUS NTAPI NtSetContextThread(HANDLE, const CONTEXT *);
NTSYS NTSTATUS NTAPI NtSetTimerResolution(ULONG, BOOLEAN, PULONG);

#define VIOLATION   0xC0000005u
#define ILLEGAL     0xC000001Du
#define SINGLE_STEP 0x80000004u
#define CODE_AT     ((PUCHAR)0x20000000)
#define USER_END    ((PUCHAR)0x7FFFFFFF0000)

/* ---- One vectored handler: what it saw, and what it does about it ---- */

typedef enum _ANSWER { AnswerEndThread, AnswerSkip, AnswerReturn } ANSWER;

static ANSWER Answer;
static ULONG Skip, Seen;
static EXCEPTION_RECORD Record;
static CONTEXT Faulted;
ULONG FarTarget[2] __asm__("FarTarget"); /* offset, selector */
ULONG64 ReturnRsp __asm__("ReturnRsp"), ReturnRip __asm__("ReturnRip");

static LONG CALLBACK Handler(PEXCEPTION_POINTERS Pointers) {
    PCONTEXT Context = Pointers->ContextRecord;
    Record = *Pointers->ExceptionRecord;
    Faulted = *Context;
    Seen++;
    if (Answer == AnswerEndThread) {
        NtTerminateThread(SELF_THREAD, Record.ExceptionCode);
    }
    if (Answer == AnswerSkip) {
        Context->Rip += Skip;
    } else {
        Context->Rip = ReturnRip;
        Context->Rsp = ReturnRsp;
    }
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* Jumps to Target with rsp at Stack, and returns where an exception or "jmp *ReturnRip" leads. Cs
   is a selector, 33h or 23h. The registers that a function keeps hold 1111h, 2222h, ... there. */
void JumpTo(ULONG64 Target, ULONG64 Cs, ULONG64 Stack, PVOID Argument) __asm__("JumpTo");
__asm__(".globl JumpTo\nJumpTo:\n"
        "push %rbx\n push %rbp\n push %rsi\n push %rdi\n push %r12\n push %r13\n push %r14\n push "
        "%r15\n"
        "lea 1f(%rip), %rax\n mov %rax, ReturnRip(%rip)\n mov %rsp, ReturnRsp(%rip)\n"
        "mov %r8, %rsp\n mov %r9, %r8\n"
        "mov %ecx, FarTarget(%rip)\n mov %dx, FarTarget+4(%rip)\n cmp $0x23, %dx\n mov $0xF3, "
        "%eax\n mov $-2, %r10\n mov %r8, %rdx\n"
        "mov $0x1111, %ebx\n mov $0x2222, %esi\n mov $0x3333, %edi\n mov $0x4444, %r12d\n"
        "mov $0x5555, %r13d\n mov $0x6666, %r14d\n mov $0x7777, %r15d\n mov $0x8888, %ebp\n"
        "je 2f\n jmp *%rcx\n 2: ljmp *FarTarget(%rip)\n"
        "1: mov ReturnRsp(%rip), %rsp\n mov $0x2B, %ecx\n mov %ecx, %ss\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rdi\n pop %rsi\n pop %rbp\n pop %rbx\n"
        "ret\n");

static UCHAR Stack[0x8000] __attribute__((aligned(16)));
#define STACK_TOP ((ULONG64) & Stack[sizeof(Stack) - 0x100])

static PUCHAR Executable(PVOID Where, SIZE_T Size) {
    PVOID Base = Where;
    if (NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT,
                                PAGE_EXECUTE_READWRITE)) {
        Print("no memory at %p\n", Where);
        Exit(1);
    }
    return Base;
}

/* With one processor too, the other thread gets on between two looks at it. */
static void LetRun(void) {
    NtDelayExecution(FALSE, &(LARGE_INTEGER){.QuadPart = -5000});
}

/* ---- When a thread is where it is to be looked at ---- */

volatile ULONG Started __asm__("Started");

static ULONG FlagsOf(HANDLE Thread, ULONG Asked) {
    static CONTEXT c;
    c.ContextFlags = CONTEXT_CONTROL | Asked;
    NtGetContextThread(Thread, &c);
    return c.ContextFlags & ~CONTEXT_CONTROL;
}

static HANDLE BeginAndAwait(PUSER_THREAD_START_ROUTINE Routine) {
    Started = 0;
    HANDLE Thread = Begin(Routine, NULL, FALSE);
    while (!Started) {
        LetRun();
    }
    return Thread;
}

static HANDLE Gate;

static NTSTATUS NTAPI Waits(PVOID Parameter) {
    (void)Parameter;
    Started = 1;
    NtWaitForSingleObject(Gate, FALSE, NULL);
    return 0;
}

static HANDLE BeginToWait(void) {
    HANDLE Thread = BeginAndAwait(Waits);
    UntilItWaits(ThreadIdOf(Thread));
    return Thread;
}

/* ---- The nonvolatile registers of a context ---- */

static void FillKept(PCONTEXT Context, ULONG64 Value) {
    Context->Rbx = Value, Context->Rbp = Value + 1, Context->Rsi = Value + 2;
    Context->Rdi = Value + 3, Context->R12 = Value + 4, Context->R13 = Value + 5;
    Context->R14 = Value + 6, Context->R15 = Value + 7;
}

static BOOL HasKept(const CONTEXT *c, ULONG64 Value) {
    return c->Rbx == Value && c->Rbp == Value + 1 && c->Rsi == Value + 2 && c->Rdi == Value + 3 &&
           c->R12 == Value + 4 && c->R13 == Value + 5 && c->R14 == Value + 6 && c->R15 == Value + 7;
}

/* ---- A waiting thread that is sent to an address that is not its own ---- */

static void SendTo(ULONG64 Rip, ULONG64 Seen64) {
    static CONTEXT c;
    Gate = EventOf(1);
    Answer = AnswerEndThread;
    HANDLE Thread = BeginToWait();
    c.ContextFlags = CONTEXT_CONTROL;
    NtGetContextThread(Thread, &c);
    c.Rip = Rip;
    Print("# a waiting thread goes to %I64x\n", Rip);
    Expect("set rip", (ULONG)NtSetContextThread(Thread, &c), 0);
    c.ContextFlags = CONTEXT_INTEGER;
    FillKept(&c, 0x4141414141410000);
    Expect("set the integers", (ULONG)NtSetContextThread(Thread, &c), 0);
    memset(&c, 0, sizeof(c));
    c.ContextFlags = CONTEXT_FULL;
    Expect("get", (ULONG)NtGetContextThread(Thread, &c), 0);
    Expect("rip", c.Rip, Seen64);
    Expect("what was set", HasKept(&c, 0x4141414141410000), 1);
    NtSetEvent(Gate, NULL);
    Expect("it ends with", EndOf(Thread), VIOLATION);
    Expect("at", Faulted.Rip, Seen64);
    Expect("with what was set", HasKept(&Faulted, 0x4141414141410000), 1);
    NtClose(Gate);
}

/* ---- A thread that is nearly always in the kernel, at any instruction of it ---- */

NTSTATUS NTAPI FaultsAlways(PVOID Parameter) __asm__("FaultsAlways");
NTSTATUS NTAPI YieldsAlways(PVOID Parameter) __asm__("YieldsAlways");
NTSTATUS NTAPI FaultsByInt2E(PVOID Parameter) __asm__("FaultsByInt2E");
__asm__(
    /* NtQueryPerformanceCounter of an address where nothing is; no register that is kept is used */
    "FaultsAlways: movl $1, Started(%rip)\n mov $0x31, %eax\n mov $0x600000000000, %r10\n xor "
    "%edx, %edx\n syscall\n"
    "jmp FaultsAlways\n"
    "FaultsByInt2E: movl $1, Started(%rip)\n mov $0x31, %eax\n mov $0x600000000000, %r10\n xor "
    "%edx, %edx\n int $0x2E\n"
    "jmp FaultsByInt2E\n"
    "YieldsAlways: movl $1, Started(%rip)\n mov $0x46, %eax\n syscall\n mov $0x0F, %eax\n xor "
    "%r10d, %r10d\n syscall\n"
    "jmp YieldsAlways\n");

static void ChangeAllTheTime(const char *What, PUSER_THREAD_START_ROUTINE Routine, ULONG Rounds) {
    static CONTEXT c, d;
    ULONG Lost = 0, Failed = 0;
    HANDLE Thread = BeginAndAwait(Routine);
    for (ULONG64 i = 1; i <= Rounds; i++) {
        LetRun();
        c.ContextFlags = d.ContextFlags = CONTEXT_INTEGER;
        FillKept(&c, i << 32);
        Failed += NtSetContextThread(Thread, &c) != 0;
        Failed += NtGetContextThread(Thread, &d) != 0;
        Lost += !HasKept(&d, i << 32);
    }
    Print("# %s\n", What);
    Expect("refused", Failed, 0);
    Expect("contexts that are not what was set", Lost, 0);
    NtTerminateThread(Thread, 0);
    EndOf(Thread);
}

/* ---- Code that ends where user space does ---- */

static void AtTheEnd(void) {
    static const UCHAR Ways[2][2] = {{0x0F, 0x05}, {0xCD, 0x2E}}; /* syscall, int 2Eh */
    static CONTEXT c;
    PUCHAR Code = Executable(USER_END - 0x10000, 0x10000) + 0xFFFE;
    for (int i = 0; i < 2; i++) {
        Answer = AnswerReturn;
        memcpy(Code, Ways[i], 2);
        memset(&c, 0, sizeof(c));
        c.ContextFlags = CONTEXT_FULL;
        JumpTo((ULONG64)Code, 0x33, STACK_TOP, &c); /* NtGetContextThread(-2, &c) */
        Print("# %s in the last two bytes\n", i ? "int 2Eh" : "syscall");
        Expect("rip", c.Rip, (ULONG64)USER_END);
        Expect("rsp", c.Rsp, STACK_TOP);
        Expect("rbx, rsi, rdi", c.Rbx == 0x1111 && c.Rsi == 0x2222 && c.Rdi == 0x3333, 1);
        Expect("r12 to r15, rbp",
               c.R12 == 0x4444 && c.R13 == 0x5555 && c.R14 == 0x6666 && c.R15 == 0x7777 &&
                   c.Rbp == 0x8888,
               1);
        Expect("then the fault", Record.ExceptionCode, VIOLATION);
        Expect("at", Faulted.Rip, (ULONG64)USER_END);
    }
}

/* ---- 32-bit code ---- */

static ULONG ApcCs, ApcRuns;

static void NTAPI Apc(PVOID First, PVOID Second, PVOID Third) {
    USHORT Cs;
    __asm__ volatile("mov %%cs, %0" : "=r"(Cs));
    ApcCs = Cs;
    ApcRuns += First == (PVOID)1 && Second == (PVOID)2 && Third == (PVOID)3;
}

/* 32-bit code that ends in a far jump to 64-bit code behind it, which goes to ReturnRip. */
static void Place32(const UCHAR *Code, ULONG Length) {
    static const UCHAR Out[] = {0xEA, 0, 8, 0, 0x20, 0x33, 0}; /* jmp 33:20000800 */
    PUCHAR Back = CODE_AT + 0x800;
    memcpy(CODE_AT, Code, Length);
    memcpy(CODE_AT + Length, Out, sizeof(Out));
    Back[0] = 0x48, Back[1] = 0xB8; /* mov rax, &ReturnRip; jmp [rax] */
    AT(Back, 2, PVOID) = &ReturnRip;
    Back[10] = 0xFF, Back[11] = 0x20;
}

static void Code32(void) {
    static const UCHAR TestAlert[] = {0xB8, 0xC2, 1, 0, 0, 0xCD, 0x2E}; /* mov eax, 1C2h; int 2Eh */
    static const UCHAR Undefined[] = {0x0F, 0x0B};
    Executable(CODE_AT, 0x10000);
    Answer = AnswerReturn;
    Print("# 32-bit code\n");
    Place32(TestAlert, sizeof(TestAlert));
    Expect("queue an APC", (ULONG)NtQueueApcThread(SELF_THREAD, Apc, (PVOID)1, (PVOID)2, (PVOID)3),
           0);
    Seen = 0;
    JumpTo((ULONG64)CODE_AT, 0x23, (ULONG64)CODE_AT + 0x7F00, NULL);
    Expect("the APC ran", ApcRuns, 1);
    Expect("in 64-bit mode", ApcCs, 0x33);
    Expect("and the 32-bit code went on: exceptions", Seen, 0);
    Place32(Undefined, sizeof(Undefined));
    Answer = AnswerSkip, Skip = 2;
    JumpTo((ULONG64)CODE_AT, 0x23, (ULONG64)CODE_AT + 0x7F00, NULL);
    Expect("exceptions of 32-bit code", Seen, 1);
    Expect("code", Record.ExceptionCode, ILLEGAL);
    Expect("cs", Faulted.SegCs, 0x23);
    Expect("rip", Faulted.Rip, (ULONG64)CODE_AT);
}

/* ---- CONTEXT_EXCEPTION_REQUEST ---- */

static volatile BOOL Over;

static NTSTATUS NTAPI Spins(PVOID Parameter) {
    (void)Parameter;
    Started = 1;
    while (!Over) {
        __asm__ volatile("pause");
    }
    return 0;
}

static NTSTATUS NTAPI Raises(PVOID Parameter) {
    (void)Parameter;
    Started = 1;
    while (!Over) {
        __asm__ volatile("ud2");
    }
    return 0;
}

static void Reporting(void) {
    Print("# what a thread does in the kernel\n");
    Gate = EventOf(0);
    HANDLE Waiting = BeginToWait(), New = Begin(Waits, NULL, TRUE);
    HANDLE Spinning = BeginAndAwait(Spins);
    Expect("not asked", FlagsOf(Waiting, 0), 0);
    Expect("in a service", FlagsOf(Waiting, CONTEXT_EXCEPTION_REQUEST),
           CONTEXT_EXCEPTION_REQUEST | CONTEXT_EXCEPTION_REPORTING | CONTEXT_SERVICE_ACTIVE);
    Expect("in user mode", FlagsOf(Spinning, CONTEXT_EXCEPTION_REQUEST | CONTEXT_EXCEPTION_ACTIVE),
           CONTEXT_EXCEPTION_REQUEST | CONTEXT_EXCEPTION_REPORTING);
    Expect("not started", FlagsOf(New, CONTEXT_EXCEPTION_REQUEST),
           CONTEXT_EXCEPTION_REQUEST | CONTEXT_EXCEPTION_REPORTING);
    Over = TRUE;
    EndOf(Spinning);
    Over = FALSE;
    Answer = AnswerSkip, Skip = 2;
    HANDLE Raising = BeginAndAwait(Raises);
    ULONG Flags = 0;
    do { /* soon it is found there */
        LetRun();
        Flags = FlagsOf(Raising, CONTEXT_EXCEPTION_REQUEST);
    } while ((Flags & CONTEXT_EXCEPTION_ACTIVE) == 0);
    Expect("in an exception", Flags,
           CONTEXT_EXCEPTION_REQUEST | CONTEXT_EXCEPTION_REPORTING | CONTEXT_EXCEPTION_ACTIVE);
    Over = TRUE;
    EndOf(Raising);
    NtSetEvent(Gate, NULL);
    NtResumeThread(New, NULL);
    EndOf(Waiting);
    EndOf(New);
}

/* ---- icebp ---- */

static void IceBreakpoint(void) {
    PUCHAR Code = CODE_AT + 0x900;
    static const UCHAR Ice[] = {0xF1, 0xFF, 0x20}; /* icebp; jmp [rax] */
    memcpy(Code, Ice, sizeof(Ice));
    Print("# icebp\n");
    Answer = AnswerReturn;
    JumpTo((ULONG64)Code, 0x33, STACK_TOP, NULL);
    Expect("code", Record.ExceptionCode, SINGLE_STEP);
    Expect("address", (ULONG64)Record.ExceptionAddress, (ULONG64)Code + 1);
    Expect("rip", Faulted.Rip, (ULONG64)Code + 1);
}

/* ---- Jumps to addresses of the kernel ---- */

static ULONG64 ParseHex(const WCHAR **At) {
    ULONG64 Value = 0;
    for (; **At > L' '; *At += 1) {
        Value = Value * 16 + (**At <= L'9' ? **At - L'0' : (**At | 0x20) - L'a' + 10);
    }
    return Value;
}

static void JumpToArguments(void) {
    UNICODE_STRING *Line = &AT(Parameters(), 0x70, UNICODE_STRING);
    const WCHAR *At = Line->Buffer, *End = At + Line->Length / sizeof(WCHAR);
    while (At < End && *At != L' ') {
        At++;
    }
    while (At < End) {
        while (At < End && *At == L' ') {
            At++;
        }
        ULONG64 Target = At < End ? ParseHex(&At) : 0;
        if (Target != 0) {
            Answer = AnswerReturn;
            JumpTo(Target, 0x33, STACK_TOP, NULL);
            Expect("rip of the fault", Faulted.Rip, Target);
            Expect("its address", Record.ExceptionInformation[1], Target);
        }
    }
}

void Start(void) {
    ULONG Resolution;
    RtlAddVectoredExceptionHandler(1, Handler);
    NtSetTimerResolution(5000, TRUE, &Resolution);
    JumpToArguments();
    if (Number == 0) {
        SendTo(0xFFFF800000001000, 0xFFFF800000001000); /* canonical, and the kernel's */
        SendTo(0xFFFFF80000201000, 0xFFFFF80000201000);
        SendTo(0x0123456789ABCDEF, (ULONG64)USER_END); /* not canonical: nothing could go there */
        SendTo((ULONG64)USER_END, (ULONG64)USER_END);
        SendTo(0, 0);
        ChangeAllTheTime("faults in an accessor of the kernel", FaultsAlways, 2000);
        ChangeAllTheTime("the same by int 2Eh", FaultsByInt2E, 500);
        ChangeAllTheTime("yields and closes", YieldsAlways, 500);
        AtTheEnd();
        Code32();
        IceBreakpoint();
        Reporting();
    }
    Done();
}
