/*
 * worker.c - threads that make calls at random, and those that change what the calls work on
 *
 * A worker may end, be suspended, wait for ever or lose its stack: an exception starts it again at its
 * beginning, and a worker that no longer gets on is replaced by whichever colleague sees it.
 */
#include "fuzz.h"

NTSYS NTSTATUS NTAPI NtCreateThreadEx(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, HANDLE, PVOID,
                                      PVOID, ULONG, SIZE_T, SIZE_T, SIZE_T, PVOID);
NTSYS NTSTATUS NTAPI NtGetContextThread(HANDLE, PCONTEXT);
NTSYS NTSTATUS NTAPI NtSetContextThread(HANDLE, const CONTEXT *);
NTSYS NTSTATUS NTAPI NtSystemDebugControl(int, PVOID, ULONG, PVOID, ULONG, PULONG);

#define FAIL_ALLOCATIONS 0x100 /* SysDbgFailAllocations */
#define FAILURES         12    /* one call in so many is refused memory */
#define INTERRUPTS       24    /* one in so many is made by int 2Eh */
#define LOOK_AFTER       16    /* calls, until a worker looks after the others */
#define LOOKS            6     /* at a worker that has not gone on, until it is replaced */
#define REPLACEMENTS     200

WORKER Workers[MAXIMUM_WORKERS];
ULONG WorkerCount;
static ULONG64 CallLimit;
static volatile LONG Replacements;

#define SERVICE_CALL(Name, Way)                                                                    \
    __asm__(".globl " Name "\n" Name ":\n"                                                         \
            "pushq %rsi\n pushq %rdi\n subq $0xA8, %rsp\n"                                         \
            "movq %rcx, %rax\n"                                                                    \
            "leaq 0x20(%rdx), %rsi\n leaq 0x28(%rsp), %rdi\n movl $15, %ecx\n cld\n rep movsq\n"   \
            "movq (%rdx), %r10\n movq 0x10(%rdx), %r8\n movq 0x18(%rdx), %r9\n"                    \
            "movq 8(%rdx), %rdx\n" Way "\n"                                                        \
            "addq $0xA8, %rsp\n popq %rdi\n popq %rsi\n ret\n")
SERVICE_CALL("CallService", "syscall");
SERVICE_CALL("CallByInterrupt", "int $0x2E");

void (*LoopRoutine)(void) __asm__("LoopRoutine");

/* Begins again, on the stack of whichever thread it is and with registers that work. */
__asm__(".globl RestartWorker\nRestartWorker:\n"
        "movq %gs:8, %rsp\n subq $0x200, %rsp\n andq $-16, %rsp\n"
        "cld\n fninit\n movl $0x1F80, (%rsp)\n ldmxcsr (%rsp)\n"
        "subq $0x20, %rsp\n"
        "call *LoopRoutine(%rip)\n"
        ".globl JustReturn\nJustReturn:\n ret\n");

static WORKER *WorkerAt(PVOID Address) {
    for (ULONG i = 0; i < MAXIMUM_WORKERS; i++) {
        if (&Workers[i] == Address) {
            return &Workers[i];
        }
    }
    return NULL;
}

/* The worker that this thread is: its address is in TEB.ArbitraryUserPointer. */
static WORKER *Myself(void) {
    return WorkerAt((PVOID)__readgsqword(0x28));
}

BOOL IsFirstWorker(void) {
    return Myself() == &Workers[0];
}

/* Through a variable: the compiler would store a 64-bit address as a 32-bit constant. */
static void Become(WORKER *Worker) {
    volatile ULONG64 Address = (ULONG64)Worker;
    __writegsqword(0x28, Address);
}

void NTAPI ApcRoutine(PVOID First, PVOID Second, PVOID Third) {
    (void)First, (void)Second, (void)Third;
    InterlockedIncrement64(&Ledger->Restarts);
}

LONG CALLBACK RestartAfterException(PEXCEPTION_POINTERS Pointers) {
    PCONTEXT Context = Pointers->ContextRecord;
    InterlockedIncrement64(&Ledger->Restarts); /* threads that are no workers end there */
    Context->Rip = (ULONG64)RestartWorker;
    Context->Rsp = (ULONG64)__readgsqword(8) - 0x200;
    Context->SegCs = 0x33;
    Context->SegSs = 0x2B;
    Context->EFlags = 0x202;
    Context->ContextFlags = CONTEXT_FULL | CONTEXT_SEGMENTS | CONTEXT_DEBUG_REGISTERS;
    Context->Dr7 = 0;
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* ---- Calls ---- */

static const SHAPE *PickShape(RANDOM *Random) {
    for (;;) {
        const SHAPE *Shape = &Shapes[Pick(Random, ShapeCount)];
        if (Shape->Seldom == 0 || OneIn(Random, Shape->Seldom == 1 ? 6 : 400)) {
            return Shape;
        }
    }
}

static void RefuseMemory(RANDOM *Random) {
    ULONG Request[4] = {1 + Pick(Random, 12), OneIn(Random, 2) ? 1 : ~0u, 0, 0};
    NtSystemDebugControl(FAIL_ALLOCATIONS, Request, sizeof(Request), NULL, 0, NULL);
}

static void MakeCall(WORKER *Worker) {
    RANDOM *Random = &Worker->Random;
    const SHAPE *Shape = PickShape(Random);
    ULONG64 Arguments[MAXIMUM_ARGUMENTS + 1];
    MakeArguments(Worker, Shape, Arguments);
    BOOL Refused = OneIn(Random, FAILURES);
    if (Refused) {
        RefuseMemory(Random);
    }
    Ledger->LastShape = Shape->Number;
    NTSTATUS Status = OneIn(Random, INTERRUPTS) ? CallByInterrupt(Shape->Number, Arguments)
                                                : CallService(Shape->Number, Arguments);
    if (Refused) {
        NtSystemDebugControl(FAIL_ALLOCATIONS, NULL, 0, NULL, 0, NULL);
    }
    if (Status >= 0) {
        InterlockedIncrement64(&Ledger->Good);
    }
    LearnFrom(Worker, Shape, Arguments, Status);
}

/* ---- Disturbance ---- */

static void ChangeMemory(WORKER *Worker, WORKER *Victim) {
    RANDOM *Random = &Worker->Random;
    for (ULONG i = 0; i < 300; i++) {
        ULONG Offset = Pick(Random, OneIn(Random, 2) ? 0x1400 : ARENA_SIZE) & ~3u;
        ULONG Chance = Pick(Random, 8);
        if (Chance < 4) {
            *(volatile ULONG *)(Victim->Arena + Offset) = (ULONG)MakeWild(Random);
        } else if (Chance < 6) {
            *(volatile ULONG *)(Victim->Arena + Offset) ^= 1u << Pick(Random, 32);
        } else {
            *(volatile ULONG64 *)(Victim->Arena + (Offset & ~7u)) = MakeWild(Random);
        }
    }
}

/*
 * One field of the structure that the victim has passed to the kernel last has two values in quick
 * turns: what is read twice is seen to differ.
 */
static void ToggleField(WORKER *Worker, WORKER *Victim) {
    RANDOM *Random = &Worker->Random;
    ULONG Offset = Pick(Random, OneIn(Random, 2) ? 4 : 12) * 4;
    for (ULONG i = 0; i < 300; i++) {
        ULONG64 Address = Victim->Focus + Offset;
        if (Address < (ULONG64)Victim->Arena || Address + 4 > (ULONG64)Victim->Arena + ARENA_SIZE) {
            return;
        }
        volatile ULONG *Field = (volatile ULONG *)Address;
        ULONG Old = *Field;
        ULONG New = OneIn(Random, 2) ? (ULONG)MakeWild(Random) : Old ^ 1u << Pick(Random, 32);
        for (ULONG j = 0; j < 64; j++) {
            *Field = New;
            *Field = Old;
        }
    }
}

/* A page of the arena goes away, or may not be written, for a moment. */
static void ChangePages(WORKER *Worker, WORKER *Victim) {
    static const ULONG Ways[] = {PAGE_NOACCESS, PAGE_READONLY, PAGE_READWRITE | PAGE_GUARD,
                                 PAGE_EXECUTE_READ};
    RANDOM *Random = &Worker->Random;
    PVOID Base = Victim->Arena + Pick(Random, ARENA_PAGES) * PAGE;
    SIZE_T Size = PAGE;
    ULONG Old;
    if (OneIn(Random, 2)) {
        NtFreeVirtualMemory(SELF, &Base, &Size, MEM_DECOMMIT);
        Size = PAGE;
        NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_COMMIT, PAGE_READWRITE);
    } else {
        NtProtectVirtualMemory(SELF, &Base, &Size, Ways[Pick(Random, ARRAYSIZE(Ways))], &Old);
        NtYieldExecution();
        NtProtectVirtualMemory(SELF, &Base, &Size, PAGE_READWRITE, &Old);
    }
}

static void ChangeContext(WORKER *Worker, WORKER *Victim) {
    static CONTEXT __attribute__((aligned(16))) Contexts[MAXIMUM_WORKERS];
    CONTEXT *Context = &Contexts[Worker->Number];
    RANDOM *Random = &Worker->Random;
    NtSuspendThread(Victim->Thread, NULL);
    if (OneIn(Random, 2)) {
        Context->ContextFlags = CONTEXT_FULL | CONTEXT_DEBUG_REGISTERS;
        NtGetContextThread(Victim->Thread, Context);
        ULONG64 *Registers = &Context->Rax;
        Registers[Pick(Random, 16)] = MakeWild(Random);
    } else {
        MakeContext(Random, Context);
    }
    NtSetContextThread(Victim->Thread, Context);
    NtResumeThread(Victim->Thread, NULL);
}

static void Disturb(WORKER *Worker) {
    RANDOM *Random = &Worker->Random;
    WORKER *Victim = &Workers[Pick(Random, WorkerCount - 1)];
    if (OneIn(Random, 4)) {
        ChangeMemory(Worker, Victim);
    } else {
        ToggleField(Worker, Victim);
    }
    switch (Pick(Random, 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
        ChangePages(Worker, Victim);
        break;
    case 4:
    case 5:
        DropHandle(Random);
        break;
    case 6:
        ChangeContext(Worker, Victim);
        break;
    case 7:
        NtSuspendThread(Victim->Thread, NULL);
        NtYieldExecution();
        NtResumeThread(Victim->Thread, NULL);
        break;
    case 8:
    case 9:
        NtQueueApcThread(Victim->Thread, ApcRoutine, NULL, NULL, NULL);
        NtAlertThread(Victim->Thread);
        break;
    case 10:
        NtResumeThread(Victim->Thread, NULL);
        break;
    default:
        MakeCall(Worker);
    }
}

/* ---- Workers ---- */

static BOOL MakeArena(WORKER *Worker) {
    PVOID Base = NULL, Part;
    SIZE_T Size = ARENA_SIZE + 4 * PAGE;
    if (NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE, PAGE_READWRITE) < 0) {
        return FALSE;
    }
    Part = Base;
    Size = ARENA_SIZE;
    if (NtAllocateVirtualMemory(SELF, &Part, 0, &Size, MEM_COMMIT, PAGE_READWRITE) < 0) {
        return FALSE;
    }
    Part = (PUCHAR)Base + ARENA_SIZE + PAGE;
    Size = PAGE;
    NtAllocateVirtualMemory(SELF, &Part, 0, &Size, MEM_COMMIT, PAGE_READONLY);
    Part = (PUCHAR)Part + PAGE;
    NtAllocateVirtualMemory(SELF, &Part, 0, &Size, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
    Worker->Arena = Base;
    return TRUE;
}

static BOOL BeginWorker(WORKER *Worker) {
    HANDLE Thread = NULL;
    if (NtCreateThreadEx(&Thread, THREAD_ALL_ACCESS, NULL, SELF, ThreadRoutine, Worker, 0, 0,
                         0x10000, 0x20000, NULL) < 0) {
        return FALSE;
    }
    Worker->Thread = Thread;
    KeepHandle(&Worker->Random, Thread, ClassByName("Thread"));
    return TRUE;
}

/* A worker that does not get on is given up; its slot goes to a new thread. */
static void LookAfter(WORKER *Colleague) {
    if (Colleague->Calls != Colleague->Seen) {
        Colleague->Seen = Colleague->Calls;
        Colleague->Looks = 0;
        return;
    }
    if (++Colleague->Looks < LOOKS) {
        NtYieldExecution();
        return;
    }
    Colleague->Looks = 0;
    NtResumeThread(Colleague->Thread, NULL);
    if (InterlockedIncrement(&Replacements) < REPLACEMENTS) {
        Colleague->Random ^= Colleague->Random << 7;
        BeginWorker(Colleague);
    }
}

static void WorkerLoop(void) {
    WORKER *Worker = Myself();
    while (Worker != NULL) {
        if ((ULONG64)InterlockedIncrement64(&Worker->Calls) % LOOK_AFTER == 0) {
            LookAfter(&Workers[(Worker->Calls / LOOK_AFTER + Worker->Number) % WorkerCount]);
        }
        InterlockedIncrement64(&Ledger->Calls);
        if (InterlockedIncrement64((volatile LONG64 *)&CallLimit) > 0) {
            NtTerminateProcess(SELF, 0);
        }
        if (Worker->Number + 1 == WorkerCount) {
            Disturb(Worker);
        } else {
            MakeCall(Worker);
        }
    }
    NtTerminateThread(SELF_THREAD, 0);
    Exit(1);
}

/* Threads that a call has made end at once. */
NTSTATUS NTAPI ThreadRoutine(PVOID Parameter) {
    WORKER *Worker = WorkerAt(Parameter);
    if (Myself() != NULL) { /* as an APC, or by a context */
        return 0;
    }
    if (Worker == NULL) {
        NtTerminateThread(SELF_THREAD, 0);
    }
    Become(Worker);
    RestartWorker();
    return 0;
}

void BeginLoop(void (*Loop)(void)) {
    LoopRoutine = Loop;
    Become(&Workers[0]);
    RestartWorker();
    Exit(3);
}

void RunWorkers(ULONG64 Seed, ULONG64 Calls) {
    WorkerCount = 3 + (ULONG)(Seed >> 32) % 4;
    CallLimit = (ULONG64) - (LONG64)Calls;
    for (ULONG i = 0; i < WorkerCount; i++) {
        Workers[i].Number = i;
        Workers[i].Random = (Seed + i) * 0x9E3779B97F4A7C15 + 0xB5;
        if (!MakeArena(&Workers[i])) {
            Exit(2);
        }
    }
    FillPool(&Workers[0].Random);
    LoopRoutine = WorkerLoop;
    for (ULONG i = 1; i < WorkerCount; i++) {
        BeginWorker(&Workers[i]);
    }
    HANDLE Own = NULL;
    NtDuplicateObject(SELF, SELF_THREAD, SELF, &Own, 0, 0, DUPLICATE_SAME_ACCESS);
    Workers[0].Thread = Own;
    KeepHandle(&Workers[0].Random, Own, ClassByName("Thread"));
    BeginLoop(WorkerLoop);
}
