/*
 * redirect.c - where user mode goes on is the kernel's to write safely: contexts with a kernel rip, a
 * thread in an accessor's fault, a service called at the end of user space, an APC in 32-bit code
 *
 * What decides is where the trap frame is, never a value in it. The results are those that Windows
 * documents for Get- and SetThreadContext and for user APCs; see DEVIATIONS.md.
 */
#include "threading.h"
#include "tap.h"

NTSYS NTSTATUS NTAPI NtGetContextThread(HANDLE, PCONTEXT);
NTSYS NTSTATUS NTAPI NtSetContextThread(HANDLE, const CONTEXT *);

#define KERNEL_RIP  0xFFFF800000001000ull
#define PATTERN     0x4141414141414141ull
#define LAST_PAGES  0x7FFFFFFE0000ull
#define ROUNDS      400
#define CODE32      0x20000000u
#define CODE32_BACK 0x20000800u
#define STACK32     0x20007F00u

static CONTEXT Context __attribute__((aligned(16)));

static BOOLEAN IsKernelAddress(ULONG64 Value) {
    return Value >> 47 != 0 && Value != PATTERN && Value != KERNEL_RIP; /* ours are the last two */
}

/* None of the integer registers is an address of the kernel. */
static BOOLEAN IsClean(const CONTEXT *c) {
    const ULONG64 Registers[] = {c->Rax, c->Rcx, c->Rdx, c->Rbx, c->Rbp, c->Rsi, c->Rdi, c->R8,
                                 c->R9,  c->R10, c->R11, c->R12, c->R13, c->R14, c->R15};
    for (ULONG i = 0; i < ARRAYSIZE(Registers); i++) {
        if (IsKernelAddress(Registers[i])) {
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- A context with a kernel rip, for a thread that waits in a service ---- */

static HANDLE Gate, Arrived;

static NTSTATUS NTAPI Waiter(PVOID Parameter) {
    (void)Parameter;
    NtWaitForSingleObject(Gate, FALSE, NULL);
    return STATUS_UNSUCCESSFUL; /* it is sent elsewhere before */
}

static void NTAPI GoesOnHere(void) {
    NtSetEvent(Arrived, NULL);
    NtTerminateThread((HANDLE)-2, 77);
}

static void KernelRip(void) {
    Gate = EventOf(0);
    Arrived = EventOf(0);
    HANDLE Thread = Begin(Waiter, NULL, FALSE);
    UntilItWaits(ThreadIdOf(Thread));
    memset(&Context, 0, sizeof(Context));
    Context.ContextFlags = CONTEXT_FULL;
    Expect("read a thread that waits", NtGetContextThread(Thread, &Context), STATUS_SUCCESS);
    ULONG64 Rsp = Context.Rsp;
    Context.ContextFlags = CONTEXT_CONTROL;
    Context.Rip = KERNEL_RIP;
    Expect("a kernel rip is taken", NtSetContextThread(Thread, &Context), STATUS_SUCCESS);
    Context.ContextFlags = CONTEXT_INTEGER | CONTEXT_CONTROL;
    Expect("read it again", NtGetContextThread(Thread, &Context), STATUS_SUCCESS);
    Expect("registers without an address of the kernel", IsClean(&Context), TRUE);
    memset(&Context, 0x41, sizeof(Context));
    Context.ContextFlags = CONTEXT_INTEGER;
    Expect("integers after that", NtSetContextThread(Thread, &Context), STATUS_SUCCESS);
    memset(&Context, 0, sizeof(Context));
    Context.ContextFlags = CONTEXT_INTEGER | CONTEXT_CONTROL;
    NtGetContextThread(Thread, &Context);
    Expect("rbx as written", Context.Rbx, PATTERN);
    Expect("r15 as written", Context.R15, PATTERN);
    Expect("rsp unchanged", Context.Rsp, Rsp);
    Context.ContextFlags = CONTEXT_CONTROL;
    Context.Rip = (ULONG64)GoesOnHere;
    Context.Rsp = (Rsp & ~15ull) - 0x28;
    Expect("back to user mode", NtSetContextThread(Thread, &Context), STATUS_SUCCESS);
    NtSetEvent(Gate, NULL);
    NtWaitForSingleObject(Arrived, FALSE, NULL);
    Expect("it went on there", EndOf(Thread), 77);
    NtClose(Gate);
    NtClose(Arrived);
}

/* ---- A thread that is always in the fault of a kernel accessor ---- */

static volatile BOOLEAN Stop;

/* NtQueryPerformanceCounter(bad pointer), again and again, with no register that matters. */
static NTSTATUS NTAPI FaultInService(PVOID Parameter) {
    (void)Parameter;
    while (!Stop) {
        __asm__ volatile(
            "mov $0x31, %%eax\n mov $0x600000000000, %%r10\n xor %%edx, %%edx\n syscall"
            :
            :
            : "rax", "rcx", "rdx", "rbx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
              "r14", "r15", "memory");
    }
    return 78;
}

static void AccessorFault(void) {
    HANDLE Thread = Begin(FaultInService, NULL, FALSE);
    ULONG Failed = 0, Foreign = 0;
    CONTEXT Seen __attribute__((aligned(16)));
    for (ULONG i = 0; i < ROUNDS; i++) {
        memset(&Seen, 0, sizeof(Seen));
        Seen.ContextFlags = CONTEXT_INTEGER;
        Failed += NtGetContextThread(Thread, &Seen) != STATUS_SUCCESS;
        Foreign += !IsClean(&Seen);
        Seen.ContextFlags = CONTEXT_INTEGER; /* what it has, once more: it must go on unharmed */
        Failed += NtSetContextThread(Thread, &Seen) != STATUS_SUCCESS;
    }
    Stop = TRUE;
    Expect("contexts of a thread that faults in a service", Failed, 0);
    Expect("none had an address of the kernel", Foreign, 0);
    Expect("the thread goes on", EndOf(Thread), 78);
}

/* ---- A service called by the last bytes of user space ---- */

__attribute__((used)) ULONG64 Sp, Back;

static LONG NTAPI ComeBack(EXCEPTION_POINTERS *Pointers) {
    Pointers->ContextRecord->Rip = Back;
    Pointers->ContextRecord->Rsp = Sp;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void CallAtEnd(PUCHAR Code) {
    memset(&Context, 0, sizeof(Context));
    Context.ContextFlags = CONTEXT_INTEGER | CONTEXT_CONTROL;
    __asm__ volatile("push %%rbp\n push %%rbx\n mov %%rsp, Sp(%%rip)\n lea 1f(%%rip), %%rax\n"
                     "mov %%rax, Back(%%rip)\n mov $0x1111, %%ebx\n mov $0x2222, %%esi\n"
                     "mov $0x3333, %%r12d\n mov $0x4444, %%r13d\n mov $0x5555, %%r14d\n"
                     "mov $0x6666, %%r15d\n mov %1, %%rdi\n mov $-2, %%r10\n"
                     "mov $0xF3, %%eax\n jmp *%%rdi\n1: pop %%rbx\n pop %%rbp"
                     :
                     : "d"(&Context), "c"(Code)
                     : "rax", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                       "memory");
}

static void EndOfUserSpace(void) {
    static const UCHAR Ways[2][2] = {{0x0F, 0x05}, {0xCD, 0x2E}};
    PVOID Base = (PVOID)LAST_PAGES;
    SIZE_T Size = 0x10000;
    Expect("memory at the end of user space",
           NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT,
                                   PAGE_EXECUTE_READWRITE),
           STATUS_SUCCESS);
    for (ULONG i = 0; i < ARRAYSIZE(Ways); i++) {
        PUCHAR Code = (PUCHAR)Base + Size - sizeof(Ways[i]);
        memcpy(Code, Ways[i], sizeof(Ways[i]));
        CallAtEnd(Code);
        Expect("rbx of the caller", Context.Rbx, 0x1111);
        Expect("r12 of the caller", Context.R12, 0x3333);
        Expect("r15 of the caller", Context.R15, 0x6666);
        Expect("rip past user space", Context.Rip, 0x7FFFFFFF0000);
        Expect("no address of the kernel", IsClean(&Context), TRUE);
    }
    Size = 0;
    NtFreeVirtualMemory(SELF, &Base, &Size, MEM_RELEASE);
}

/* ---- An APC that finds its thread in 32-bit code ---- */

__attribute__((used)) ULONG64 Far[2];
static volatile ULONG ApcRuns;

static void NTAPI CountApc(PVOID First, PVOID Second, PVOID Third) {
    ULONG Cs;
    (void)First, (void)Second, (void)Third;
    __asm__("mov %%cs, %0" : "=r"(Cs));
    Expect("the APC runs as 64-bit code", Cs, 0x33);
    ApcRuns++;
}

/* 32-bit: mov eax, NtTestAlert; int 2Eh; jmp 33:CODE32_BACK. There, 64-bit: mov rax, Target; jmp rax. */
static void WriteCode(PUCHAR At, ULONG64 Target) {
    static const UCHAR Code[] = {0xB8, 0xC2, 1, 0, 0, 0xCD, 0x2E, 0xEA, 0, 8, 0, 0x20, 0x33, 0};
    memcpy(At, Code, sizeof(Code));
    PUCHAR Return = At + (CODE32_BACK - CODE32);
    Return[0] = 0x48;
    Return[1] = 0xB8;
    memcpy(Return + 2, &Target, sizeof(Target));
    Return[10] = 0xFF;
    Return[11] = 0xE0;
}

static void ApcIn32BitCode(void) {
    PVOID Base = (PVOID)(ULONG64)CODE32;
    SIZE_T Size = 0x10000;
    ULONG64 Target;
    Expect("memory for 32-bit code",
           NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT,
                                   PAGE_EXECUTE_READWRITE),
           STATUS_SUCCESS);
    NtQueueApcThread((HANDLE)-2, CountApc, NULL, NULL, NULL);
    __asm__ volatile("lea 9f(%%rip), %0" : "=r"(Target));
    WriteCode(Base, Target);
    Back = Target;
    *(ULONG *)Far = CODE32;
    *(USHORT *)((PUCHAR)Far + 4) = 0x23;
    __asm__ volatile("push %%rbp\n push %%rbx\n mov %%rsp, Sp(%%rip)\n mov %0, %%esp\n"
                     "ljmp *Far(%%rip)\n9: mov Sp(%%rip), %%rsp\n mov $0x2B, %%ecx\n"
                     "mov %%ecx, %%ss\n pop %%rbx\n pop %%rbp"
                     :
                     : "i"(STACK32)
                     : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
                       "r14", "r15", "memory", "cc");
    Expect("it ran once", ApcRuns, 1);
}

void Start(void) {
    RtlAddVectoredExceptionHandler(1, ComeBack);
    KernelRip();
    AccessorFault();
    EndOfUserSpace();
    ApcIn32BitCode();
    Done();
}
