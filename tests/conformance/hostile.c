/*
 * Instructions, stacks and contexts that only a hostile program uses. Each attempt must give the
 * exception or the status that Windows gives, and the machine must go on: what is asked of the
 * kernel here are the edges where ring 0 could be entered, or left, with the program's values.
 */
#include "guard.h"

#define NT_CLOSE      0x0F
#define NT_WRITE_FILE 0x08
#define PRIVILEGED    STATUS_PRIVILEGED_INSTRUCTION
#define VIOLATION     STATUS_ACCESS_VIOLATION
#define ILLEGAL       STATUS_ILLEGAL_INSTRUCTION
#define CODE_32       0x10000000 /* below 4 GiB, where 32-bit code can be */
#define SELECTOR_32   0x23
#define EVERY_PART    (CONTEXT_FULL | CONTEXT_SEGMENTS)

NTSYS void NTAPI RtlCaptureContext(PCONTEXT);

static ULONG Attempts, Surprises;

static void Expect(const char *What, ULONG64 Value, ULONG64 Wanted) {
    Attempts++;
    if (Value != Wanted) {
        Surprises++;
        Print("%s: %I64x, not %I64x\n", What, Value, Wanted);
    }
}

static PVOID Executable(PVOID Base) {
    SIZE_T Size = 0x10000;
    NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT,
                            PAGE_EXECUTE_READWRITE);
    return Base;
}

static const struct {
    const char *Name;
    UCHAR Code[16];
    NTSTATUS Exception;
} Instructions[] = {
    {"in", {0xE4, 0x60}, PRIVILEGED},
    {"out", {0xE6, 0x60}, PRIVILEGED},
    {"cli", {0xFA}, PRIVILEGED},
    {"sti", {0xFB}, PRIVILEGED},
    {"hlt", {0xF4}, PRIVILEGED},
    {"wrmsr", {0x0F, 0x30}, PRIVILEGED},
    {"rdmsr", {0x0F, 0x32}, PRIVILEGED},
    {"mov cr0, rax", {0x0F, 0x22, 0xC0}, PRIVILEGED},
    {"mov rax, cr3", {0x0F, 0x20, 0xD8}, PRIVILEGED},
    {"mov dr7, rax", {0x0F, 0x23, 0xF8}, PRIVILEGED},
    {"invd", {0x0F, 0x08}, PRIVILEGED},
    {"swapgs", {0x0F, 0x01, 0xF8}, PRIVILEGED},
    {"lgdt [rax]", {0x0F, 0x01, 0x10}, PRIVILEGED},
    {"ltr ax", {0x0F, 0x00, 0xD8}, PRIVILEGED},
    {"clts", {0x0F, 0x06}, PRIVILEGED},
    {"sysret", {0x48, 0x0F, 0x07}, PRIVILEGED},
    {"int 0", {0xCD, 0x00}, VIOLATION},
    {"int 2", {0xCD, 0x02}, VIOLATION},
    {"int 8", {0xCD, 0x08}, VIOLATION},
    {"int 0Eh", {0xCD, 0x0E}, VIOLATION},
    {"int 80h", {0xCD, 0x80}, VIOLATION},
    {"int D1h", {0xCD, 0xD1}, VIOLATION},
    {"int 4", {0xCD, 0x04}, STATUS_INTEGER_OVERFLOW},
    {"int 2Ch", {0xCD, 0x2C}, STATUS_ASSERTION_FAILURE},
    {"mov ss, 0", {0x31, 0xC0, 0x8E, 0xD0}, VIOLATION},
    {"mov ss, 18h", {0xB8, 0x18, 0, 0, 0, 0x8E, 0xD0}, VIOLATION},
    {"mov ds, 40h", {0xB8, 0x40, 0, 0, 0, 0x8E, 0xD8}, VIOLATION},
    {"retf to ring 0", {0x6A, 0x10, 0x68, 0, 0x10, 0, 0, 0x48, 0xCB}, VIOLATION},
    {"iretq to ring 0",
     {0x6A, 0x18, 0x6A, 0, 0x6A, 2, 0x6A, 0x10, 0x68, 0, 0x10, 0, 0, 0x48, 0xCF},
     VIOLATION},
    {"lock nop", {0xF0, 0x90}, ILLEGAL},
    {"ud2", {0x0F, 0x0B}, ILLEGAL},
    {"clac", {0x0F, 0x01, 0xCA}, ILLEGAL},
    {"popfq with IOPL, cli", {0x9C, 0x80, 0x4C, 0x24, 1, 0x30, 0x9D, 0xFA}, PRIVILEGED},
    {"popfq with NT, hlt", {0x9C, 0x80, 0x4C, 0x24, 1, 0x40, 0x9D, 0xF4}, PRIVILEGED},
    {"popfq with TF", {0x9C, 0x80, 0x4C, 0x24, 1, 0x01, 0x9D, 0x90, 0xC3}, STATUS_SINGLE_STEP},
};

static void Call(PVOID Code) {
    ((void (*)(void))Code)();
}

static void TryInstructions(void) {
    UCHAR *Page = Executable(NULL);
    for (ULONG i = 0; i < sizeof(Instructions) / sizeof(Instructions[0]); i++) {
        memcpy(Page, Instructions[i].Code, sizeof(Instructions[i].Code));
        Expect(Instructions[i].Name, (ULONG)Guard(Call, Page), (ULONG)Instructions[i].Exception);
    }
}

/* A service called on a stack that is none, by both ways in: rax comes back, rsp is only read. */
#define ON_STACK(Way)                                                                              \
    __asm__ volatile("movq %%rsp, %%rbx\n movq %3, %%rsp\n" Way "\n movq %%rbx, %%rsp"             \
                     : "=a"(Status)                                                                \
                     : "a"(Service), "d"(0), "r"(Stack)                                            \
                     : "rbx", "rcx", "r8", "r9", "r10", "r11", "memory")

static NTSTATUS OnStack(ULONG Service, ULONG64 Stack, BOOL Interrupt) {
    ULONG64 Status;
    if (Interrupt) {
        ON_STACK("xorl %%r10d, %%r10d\n int $0x2E");
    } else {
        ON_STACK("xorl %%r10d, %%r10d\n syscall");
    }
    return (NTSTATUS)Status;
}

static void TryStacks(void) {
    static const ULONG64 Stacks[] = {0,
                                     8,
                                     0x00007FFFFFFEFFF8,
                                     0x00007FFFFFFF0000,
                                     0x8000000000000000,
                                     0xFFFFF80000100000,
                                     0xFFFFFFFFFFFFFFF8};
    for (ULONG i = 0; i < sizeof(Stacks) / sizeof(Stacks[0]); i++) {
        Expect("syscall, no stack arguments", (ULONG)OnStack(NT_CLOSE, Stacks[i], FALSE),
               (ULONG)STATUS_INVALID_HANDLE);
        Expect("syscall, stack arguments", (ULONG)OnStack(NT_WRITE_FILE, Stacks[i], FALSE),
               (ULONG)STATUS_ACCESS_VIOLATION);
        Expect("int 2Eh, stack arguments", (ULONG)OnStack(NT_WRITE_FILE, Stacks[i], TRUE),
               (ULONG)STATUS_ACCESS_VIOLATION);
    }
}

static void TryNumbers(void) {
    static const ULONG64 Unknown[] = {0xFFFFFFFF, 0x80000000, 0x8000000F, 0x40000000, 0x100F};
    ULONG64 Status;
    for (ULONG i = 0; i < sizeof(Unknown) / sizeof(Unknown[0]); i++) {
        __asm__ volatile("syscall"
                         : "=a"(Status)
                         : "a"(Unknown[i])
                         : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
        Expect("unknown service", (ULONG)Status, (ULONG)STATUS_INVALID_SYSTEM_SERVICE);
    }
    __asm__ volatile("xorl %%r10d, %%r10d\n syscall"
                     : "=a"(Status)
                     : "a"(0xFFFFFFFF00000000 | NT_CLOSE)
                     : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    Expect("only eax counts", (ULONG)Status, (ULONG)STATUS_INVALID_HANDLE);
}

/* Contexts that must not be believed: each goes to an address that faults in user mode. */
static void ContinueWildly(PVOID Attempt) {
    CONTEXT Context;
    RtlCaptureContext(&Context);
    Context.ContextFlags = EVERY_PART;
    Context.Rip = 0x400;
    switch ((ULONG_PTR)Attempt) {
    case 0:
        Context.Rip = 0x8000000000000000;
        break;
    case 1:
        Context.Rip = 0xFFFFF80000001000;
        break;
    case 2:
        Context.SegCs = 0x10;
        Context.SegSs = 0x18;
        break;
    case 3:
        Context.SegCs = Context.SegSs = 0;
        Context.EFlags = 0xFFFFFEFF;
        break;
    case 4:
        memset(&Context.FltSave, 0xFF, sizeof(Context.FltSave));
        Context.MxCsr = 0xFFFFFFFF;
        break;
    }
    NtContinue(&Context, FALSE);
}

static void TryContexts(void) {
    ULONG Normal = 0x1F80;
    for (ULONG_PTR i = 0; i < 5; i++) {
        Expect("NtContinue", (ULONG)Guard(ContinueWildly, (PVOID)i), (ULONG)VIOLATION);
        __asm__ volatile("fninit\n ldmxcsr %0" : : "m"(Normal));
    }
    Expect("NtContinue from nowhere", (ULONG)NtContinue(NULL, FALSE), (ULONG)VIOLATION);
    Expect("NtContinue from the kernel", (ULONG)NtContinue((PVOID)0xFFFFF80000000000, FALSE),
           (ULONG)VIOLATION);
}

/* From 32-bit code: syscall's other entry, and int 2Eh. Both end at an int 3. */
static void Jump32(PVOID Code) {
    static struct __attribute__((packed)) {
        ULONG Offset;
        USHORT Selector;
    } Target;
    Target.Offset = (ULONG)(ULONG_PTR)Code;
    Target.Selector = SELECTOR_32;
    __asm__ volatile("movq %1, %%rsp\n ljmp *%0"
                     :
                     : "m"(Target), "r"((ULONG_PTR)Code + 0x8000)
                     : "memory");
}

static void Try32(void) {
    static const UCHAR Syscall[] = {0xB8, NT_CLOSE, 0, 0, 0, 0x0F, 0x05, 0xCC};
    static const UCHAR Interrupt[] = {0xB8, NT_CLOSE, 0, 0, 0, 0xCD, 0x2E, 0xCC};
    PVOID Page = Executable((PVOID)CODE_32);
    memcpy(Page, Syscall, sizeof(Syscall));
    Expect("32-bit syscall", (ULONG)Guard(Jump32, Page), (ULONG)STATUS_BREAKPOINT);
    memcpy(Page, Interrupt, sizeof(Interrupt));
    Expect("32-bit int 2Eh", (ULONG)Guard(Jump32, Page), (ULONG)STATUS_BREAKPOINT);
}

void Start(void) {
    TryInstructions();
    TryStacks();
    TryNumbers();
    TryContexts();
    Try32();
    Print("%u attempts, %u surprises\n", Attempts, Surprises);
    Exit(0);
}
