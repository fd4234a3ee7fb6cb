/* The registers of threads: read, changed, of oneself, of others, before they start; watched
 * memory. */
#include "threading.h"

NTSYS NTSTATUS NTAPI NtGetContextThread(HANDLE, PCONTEXT);
NTSYS NTSTATUS NTAPI NtSetContextThread(HANDLE, const CONTEXT *);
NTSYS void NTAPI RtlCaptureContext(PCONTEXT);

/* What a thread has in its registers, and takes out of them when it is let go. */
typedef struct _REGISTERS {
    ULONG64 Rax, Rcx, Rdx, Rbx, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15;
    ULONG64 Xmm0, Xmm7;
} REGISTERS;

static volatile ULONG64 SpinGo;
REGISTERS SpinIn, SpinOut;
static HANDLE Gate;

/* Spins with all registers loaded until [SpinGo] is set, then stores them. */
void Spin(REGISTERS *In, REGISTERS *Out, volatile ULONG64 *Flag);
__asm__(
    ".globl Spin\nSpin:\n"
    "push %rbx\n push %rbp\n push %rsi\n push %rdi\n push %r12\n push %r13\n push %r14\n push "
    "%r15\n"
    "push %rdx\n push %r8\n"
    "movq 0x78(%rcx), %xmm0\n movq 0x80(%rcx), %xmm7\n"
    "mov (%rcx), %rax\n mov 0x10(%rcx), %rdx\n mov 0x18(%rcx), %rbx\n mov 0x20(%rcx), %rbp\n"
    "mov 0x28(%rcx), %rsi\n mov 0x30(%rcx), %rdi\n mov 0x38(%rcx), %r8\n mov 0x40(%rcx), %r9\n"
    "mov 0x48(%rcx), %r10\n mov 0x50(%rcx), %r11\n mov 0x58(%rcx), %r12\n mov 0x60(%rcx), %r13\n"
    "mov 0x68(%rcx), %r14\n mov 0x70(%rcx), %r15\n mov 8(%rcx), %rcx\n"
    "SpinHere: pause\n push %rax\n mov 8(%rsp), %rax\n cmpq $0, (%rax)\n pop %rax\n je SpinHere\n"
    "push %rax\n mov 0x10(%rsp), %rax\n"
    "mov %rcx, 8(%rax)\n mov %rdx, 0x10(%rax)\n mov %rbx, 0x18(%rax)\n mov %rbp, 0x20(%rax)\n"
    "mov %rsi, 0x28(%rax)\n mov %rdi, 0x30(%rax)\n mov %r8, 0x38(%rax)\n mov %r9, 0x40(%rax)\n"
    "mov %r10, 0x48(%rax)\n mov %r11, 0x50(%rax)\n mov %r12, 0x58(%rax)\n mov %r13, 0x60(%rax)\n"
    "mov %r14, 0x68(%rax)\n mov %r15, 0x70(%rax)\n movq %xmm0, 0x78(%rax)\n movq %xmm7, "
    "0x80(%rax)\n"
    "pop %rcx\n mov %rcx, (%rax)\n"
    "add $16, %rsp\n"
    "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rdi\n pop %rsi\n pop %rbp\n pop %rbx\n ret\n"
    ".globl SpinHere\n"
    /* The same in a service: NtWaitForSingleObject(Gate) with rbx, rsi, rdi, r12 to r15 loaded. */
    ".globl WaitWith\nWaitWith:\n"
    "push %rbx\n push %rbp\n push %rsi\n push %rdi\n push %r12\n push %r13\n push %r14\n push "
    "%r15\n"
    "push %rdx\n sub $0x20, %rsp\n"
    "mov 0x18(%rcx), %rbx\n mov 0x20(%rcx), %rbp\n mov 0x28(%rcx), %rsi\n mov 0x30(%rcx), %rdi\n"
    "mov 0x58(%rcx), %r12\n mov 0x60(%rcx), %r13\n mov 0x68(%rcx), %r14\n mov 0x70(%rcx), %r15\n"
    "mov %r8, %rcx\n xor %edx, %edx\n xor %r8d, %r8d\n call *%r9\n"
    "mov 0x20(%rsp), %rcx\n"
    "mov %rax, (%rcx)\n mov %rbx, 0x18(%rcx)\n mov %rbp, 0x20(%rcx)\n"
    "mov %rsi, 0x28(%rcx)\n mov %rdi, 0x30(%rcx)\n mov %r12, 0x58(%rcx)\n mov %r13, 0x60(%rcx)\n"
    "mov %r14, 0x68(%rcx)\n mov %r15, 0x70(%rcx)\n"
    "add $0x28, %rsp\n"
    "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rdi\n pop %rsi\n pop %rbp\n pop %rbx\n "
    "ret\n");
void WaitWith(REGISTERS *In, REGISTERS *Out, HANDLE Object, PVOID Wait);

static void Fill(REGISTERS *r, ULONG64 Seed) {
    for (int i = 0; i < (int)(sizeof(*r) / 8); i++) {
        ((ULONG64 *)r)[i] = Seed + i;
    }
}

static NTSTATUS NTAPI Spinner(PVOID Parameter) {
    (void)Parameter;
    Spin(&SpinIn, &SpinOut, &SpinGo);
    return 0x51;
}

static volatile LONG WaiterRuns;

static NTSTATUS NTAPI Waiter(PVOID Parameter) {
    (void)Parameter;
    WaiterRuns = 1;
    WaitWith(&SpinIn, &SpinOut, Gate, (PVOID)NtWaitForSingleObject);
    return 0x52;
}

static BOOL SameNonvolatile(const CONTEXT *c, const REGISTERS *r) {
    return c->Rbx == r->Rbx && c->Rbp == r->Rbp && c->Rsi == r->Rsi && c->Rdi == r->Rdi &&
           c->R12 == r->R12 && c->R13 == r->R13 && c->R14 == r->R14 && c->R15 == r->R15;
}

static BOOL SameVolatile(const CONTEXT *c, const REGISTERS *r) {
    return c->Rcx == r->Rcx && c->Rdx == r->Rdx && c->R8 == r->R8 && c->R9 == r->R9 &&
           c->R10 == r->R10 && c->R11 == r->R11;
}

static void ToContext(CONTEXT *c, const REGISTERS *r) {
    c->Rcx = r->Rcx, c->Rdx = r->Rdx, c->Rbx = r->Rbx, c->Rbp = r->Rbp, c->Rsi = r->Rsi;
    c->Rdi = r->Rdi, c->R8 = r->R8, c->R9 = r->R9, c->R10 = r->R10, c->R11 = r->R11;
    c->R12 = r->R12, c->R13 = r->R13, c->R14 = r->R14, c->R15 = r->R15;
    c->Xmm0.Low = r->Xmm0, c->Xmm7.Low = r->Xmm7;
}

static void ShowOut(const char *What, int First) {
    BOOL Same = TRUE;
    for (int i = First; i < (int)(sizeof(SpinOut) / 8); i++) {
        Same = Same && ((ULONG64 *)&SpinOut)[i] == ((ULONG64 *)&SpinIn)[i];
    }
    Check(What, Same);
}

extern char SpinHere[];

/* A spinner that is suspended in its loop, however long it takes to come there. */
static HANDLE CatchSpinner(void) {
    static CONTEXT c;
    HANDLE Thread = Begin(Spinner, NULL, FALSE);
    for (int i = 0; i < 1000; i++) {
        Sleep1(10);
        NtSuspendThread(Thread, NULL);
        c.ContextFlags = CONTEXT_CONTROL;
        if (NtGetContextThread(Thread, &c) || c.Rip - (ULONG64)SpinHere < 32) {
            break;
        }
        NtResumeThread(Thread, NULL);
    }
    return Thread;
}

/* In user mode: everything can be seen and changed. */
static void Running(void) {
    static CONTEXT c;
    Fill(&SpinIn, 0x1000);
    HANDLE Thread = CatchSpinner();
    c.ContextFlags = CONTEXT_FULL | CONTEXT_SEGMENTS;
    ShowStatus("get", NtGetContextThread(Thread, &c));
    Check("rip in the loop", c.Rip - (ULONG64)SpinHere < 32);
    Check("non-volatile", SameNonvolatile(&c, &SpinIn));
    Check("volatile", SameVolatile(&c, &SpinIn));
    Check("floating", c.Xmm0.Low == SpinIn.Xmm0 && c.Xmm7.Low == SpinIn.Xmm7);
    Print("segments %x %x, mxcsr %x\n", c.SegCs, c.SegSs, (unsigned)c.MxCsr);
    Fill(&SpinIn, 0x777000);
    ToContext(&c, &SpinIn);
    ShowStatus("set", NtSetContextThread(Thread, &c));
    static CONTEXT d;
    d.ContextFlags = CONTEXT_INTEGER;
    d.Rip = 0x1234567;
    d.Rbp = SpinIn.Rbp; /* belongs to CONTEXT_INTEGER, but not for Wine */
    ShowStatus("get again", NtGetContextThread(Thread, &d));
    Check("non-volatile as set", SameNonvolatile(&d, &SpinIn));
    Check("volatile as set", SameVolatile(&d, &SpinIn));
    Check("what was not asked for is untouched", d.Rip == 0x1234567 && d.SegCs == 0);
    SpinGo = 1;
    NtResumeThread(Thread, NULL);
    Print("end %x\n", (unsigned)EndOf(Thread));
    ShowOut("the thread has what was set", 1);
    SpinGo = 0;
}

/* In a service: what a function must keep, and where it goes on. */
static void Waits(void) {
    static CONTEXT c;
    Gate = EventOf(1);
    Fill(&SpinIn, 0x2000);
    HANDLE Thread = Begin(Waiter, NULL, FALSE);
    while (!WaiterRuns) {
        NtYieldExecution();
    }
    UntilItWaits(ThreadIdOf(Thread));
    for (int Suspend = 0; Suspend < 2; Suspend++) {
        if (Suspend) {
            NtSuspendThread(Thread, NULL);
        }
        memset(&c, 0, sizeof(c));
        c.ContextFlags = CONTEXT_FULL;
        ShowStatus(Suspend ? "suspended" : "waiting", NtGetContextThread(Thread, &c));
        Check("non-volatile", SameNonvolatile(&c, &SpinIn));
    }
    Fill(&SpinIn, 0x888000);
    ToContext(&c, &SpinIn);
    ShowStatus("set", NtSetContextThread(Thread, &c));
    NtSetEvent(Gate, NULL);
    NtResumeThread(Thread, NULL);
    Print("end %x\n", (unsigned)EndOf(Thread));
    Print("the wait gave %x\n", (unsigned)SpinOut.Rax);
    Check("non-volatile as set", SpinOut.Rbx == 0x888003 && SpinOut.Rbp == 0x888004 &&
                                     SpinOut.Rsi == 0x888005 && SpinOut.R12 == 0x88800B &&
                                     SpinOut.R15 == 0x88800E);
}

static NTSTATUS NTAPI Instead(PVOID Parameter) {
    return (NTSTATUS)(ULONG_PTR)Parameter;
}

/* Before it has begun: rcx and rdx are the function and its argument. */
static void Unstarted(void) {
    static CONTEXT c;
    HANDLE Thread = Begin(Spinner, (PVOID)5, TRUE);
    c.ContextFlags = CONTEXT_FULL;
    ShowStatus("get unstarted", NtGetContextThread(Thread, &c));
    Check("function and argument", c.Rcx == (ULONG64)Spinner && c.Rdx == 5);
    c.Rcx = (ULONG64)Instead;
    c.Rdx = 0x99;
    ShowStatus("set unstarted", NtSetContextThread(Thread, &c));
    NtResumeThread(Thread, NULL);
    Print("end %x\n", (unsigned)EndOf(Thread));
}

static void Refusals(void) {
    static CONTEXT c;
    c.ContextFlags = CONTEXT_FULL;
    HANDLE Thread = Begin(Instead, NULL, TRUE);
    HANDLE Weak = Weaker(Thread, THREAD_QUERY_INFORMATION);
    ShowStatus("get without the right", NtGetContextThread(Weak, &c));
    ShowStatus("set without the right", NtSetContextThread(Weak, &c));
    ShowStatus("get of no handle", NtGetContextThread(Stale(), &c));
    ShowStatus("set of no handle", NtSetContextThread(Stale(), &c));
    ShowStatus("get of a process", NtGetContextThread(SELF, &c));
    ShowStatus("set of an event", NtSetContextThread(EventOf(0), &c));
    NtResumeThread(Thread, NULL);
    NtWaitForSingleObject(Thread, FALSE, NULL);
    ShowFailure("get of an ended one", NtGetContextThread(Thread, &c));
    ShowFailure("set of an ended one", NtSetContextThread(Thread, &c));
}

static volatile int Came;

static void Own(void) {
    static CONTEXT c, d;
    ULONG64 Here = 0;
    c.ContextFlags = CONTEXT_FULL;
    ShowStatus("get my own", NtGetContextThread(SELF_THREAD, &c));
    Check("my stack", c.Rsp < (ULONG64)&Here && c.Rsp > (ULONG64)&Here - 0x1000);
    RtlCaptureContext(&d);
    if (Came++ == 0) {
        d.ContextFlags = CONTEXT_FULL;
        NtSetContextThread(SELF_THREAD, &d);
        Print("not reached\n");
    }
    Print("came %d times\n", Came);
}

/* --- debug registers -------------------------------------------------------------------------- */

static volatile int Watched[4];
static volatile LONG Hits, Stray, Clear;
static HANDLE Owner; /* whose debug registers they are */
static volatile ULONG64 HitDr6;

static LONG NTAPI OnStep(PEXCEPTION_POINTERS p) {
    if ((NTSTATUS)p->ExceptionRecord->ExceptionCode != STATUS_SINGLE_STEP) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    *(MyThreadId() == Owner ? &Hits : &Stray) += 1;
    HitDr6 = p->ContextRecord->Dr6;
    p->ContextRecord->EFlags |= 0x10000; /* past the instruction, if it was one */
    if (Clear) {
        p->ContextRecord->Dr7 = 0;
        p->ContextRecord->ContextFlags |= CONTEXT_DEBUG_REGISTERS;
    }
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void ShowHits(const char *What) {
    Print("%s: %d hits, %d of others, dr6 %x\n", What, (int)Hits, (int)Stray,
          (unsigned)(HitDr6 & 0xF));
    Hits = Stray = 0;
    HitDr6 = 0;
}

static NTSTATUS Watch(HANDLE Thread, ULONG64 Dr0, ULONG64 Dr2, ULONG64 Dr7) {
    static CONTEXT c;
    c.ContextFlags = CONTEXT_DEBUG_REGISTERS;
    c.Dr0 = Dr0, c.Dr1 = 0, c.Dr2 = Dr2, c.Dr3 = 0, c.Dr6 = 0, c.Dr7 = Dr7;
    return NtSetContextThread(Thread, &c);
}

static __attribute__((noinline)) int Stepped(int x) {
    __asm__ volatile("" : "+r"(x));
    return x + 1;
}

static NTSTATUS NTAPI Writer(PVOID Parameter) {
    for (int i = 0; i < 20; i++) {
        Watched[1]++;
        NtYieldExecution();
    }
    return (NTSTATUS)(ULONG_PTR)Parameter;
}

static void DebugRegisters(void) {
    static CONTEXT c;
    PVOID Handler = RtlAddVectoredExceptionHandler(1, OnStep);
    Owner = MyThreadId();
    ShowStatus("watch writes", Watch(SELF_THREAD, (ULONG64)&Watched[0], 0, 0xD0001));
    Watched[0] = 1;
    Watched[1] = 1;
    (void)Watched[0];
    ShowHits("one write");
    c.ContextFlags = CONTEXT_DEBUG_REGISTERS;
    NtGetContextThread(SELF_THREAD, &c);
    Check("read back", c.Dr0 == (ULONG64)&Watched[0] && (c.Dr7 & 0xF00FF) == 0xD0001);
    ShowStatus("watch accesses, by the third",
               Watch(SELF_THREAD, 0, (ULONG64)&Watched[2], 0xF000010));
    Watched[2] = 1;
    (void)Watched[2];
    (void)Watched[3];
    ShowHits("a write and a read");
    ShowStatus("watch a function", Watch(SELF_THREAD, (ULONG64)Stepped, 0, 1));
    int Sum = Stepped(1);
    Sum += Stepped(Sum);
    ShowHits("two calls");
    Print("sum %d\n", Sum);
    Watch(SELF_THREAD, (ULONG64)Stepped, 0, 1);
    Clear = 1;
    Stepped(1);
    Stepped(1);
    Clear = 0;
    ShowHits("turned off by the handler");
    HANDLE Thread = Begin(Writer, (PVOID)0x53, TRUE);
    ShowStatus("another's", Watch(Thread, (ULONG64)&Watched[1], 0, 0xD0001));
    Owner = ThreadIdOf(Thread);
    NtResumeThread(Thread, NULL);
    for (int i = 0; i < 100; i++) {
        Watched[1] = i;
        NtYieldExecution();
    }
    Print("end %x\n", (unsigned)EndOf(Thread));
    ShowHits("its writes");
    RtlRemoveVectoredExceptionHandler(Handler);
}

/* A trap flag that is set from outside comes once. */
static void SingleStep(void) {
    static CONTEXT c;
    PVOID Handler = RtlAddVectoredExceptionHandler(1, OnStep);
    Fill(&SpinIn, 0x3000);
    HANDLE Thread = CatchSpinner();
    c.ContextFlags = CONTEXT_CONTROL;
    NtGetContextThread(Thread, &c);
    c.EFlags |= 0x100;
    ShowStatus("trap flag", NtSetContextThread(Thread, &c));
    SpinGo = 1;
    Owner = ThreadIdOf(Thread);
    NtResumeThread(Thread, NULL);
    Print("end %x\n", (unsigned)EndOf(Thread));
    ShowHits("single step");
    ShowOut("nothing changed", 0);
    RtlRemoveVectoredExceptionHandler(Handler);
}

void Start(void) {
    Running();
    Waits();
    Unstarted();
    Refusals();
    Own();
    DebugRegisters();
    SingleStep();
    Exit(0);
}
