/*
 * Where Wine differs from Windows, or cannot be asked: what Windows documents, checked here line
 * by line (TAP). DEVIATIONS.md lists the differences.
 */
#include "guard.h"

static ULONG Number;

static void Expect(const char *What, ULONG64 Value, ULONG64 Wanted) {
    if (Value == Wanted) {
        Print("ok %u - %s\n", ++Number, What);
    } else {
        Print("not ok %u - %s: %I64x, not %I64x\n", ++Number, What, Value, Wanted);
    }
}

static NTSTATUS Allocate(PVOID Base, SIZE_T Size, ULONG Type, ULONG Protect) {
    return NtAllocateVirtualMemory(SELF, &Base, 0, &Size, Type, Protect);
}

static NTSTATUS Free(PVOID Base, SIZE_T Size, ULONG Type) {
    return NtFreeVirtualMemory(SELF, &Base, &Size, Type);
}

static void VirtualMemory(void) {
    PVOID Base = NULL, Nothing;
    SIZE_T Size = PAGE;
    ULONG Old;
    NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE, PAGE_READWRITE);
    Free(Base, 0, MEM_RELEASE);
    Nothing = Base;
    Expect("release what is free", (ULONG)Free(Nothing, 0, MEM_RELEASE), 0xC00000A0);
    Expect("commit what is not reserved",
           (ULONG)Allocate(Nothing, PAGE, MEM_COMMIT, PAGE_READWRITE), 0xC0000018);
    Expect("protect what is free",
           (ULONG)NtProtectVirtualMemory(SELF, &Base, &Size, PAGE_READONLY, &Old), 0xC0000018);
    Expect("size 0", (ULONG)Allocate(NULL, 0, MEM_RESERVE, PAGE_READWRITE), 0xC00000F2);
    Expect("no type", (ULONG)Allocate(NULL, PAGE, 0, PAGE_READWRITE), 0xC00000F3);
    Expect("a kernel address",
           (ULONG)Allocate((PVOID)0xFFFFF80000000000, PAGE, MEM_RESERVE, PAGE_READWRITE),
           0xC00000F0);
    Expect("free at a kernel address", (ULONG)Free((PVOID)0xFFFFF80000000000, 0, MEM_RELEASE),
           0xC00000F0);
    Expect("free with no type", (ULONG)Free(Nothing, PAGE, 0), 0xC00000F2);
}

static void Pointers(void) {
    IO_STATUS_BLOCK Io;
    Expect("write from a kernel address",
           (ULONG)NtWriteFile(StandardOutput(), NULL, NULL, NULL, &Io, (PVOID)0xFFFFF80000000000, 8,
                              NULL, NULL),
           0xC0000005);
    Expect("write from null",
           (ULONG)NtWriteFile(StandardOutput(), NULL, NULL, NULL, &Io, NULL, 8, NULL, NULL),
           0xC0000005);
    Expect("read to a kernel address",
           (ULONG)NtReadFile(StandardInput(), NULL, NULL, NULL, &Io, (PVOID)0xFFFFF80000000000, 8,
                             NULL, NULL),
           0xC0000005);
}

/* The last bytes of user memory, where nothing is mapped, and a range that crosses the end. */
static void Edge(void) {
    PVOID Last = (PVOID)0x00007FFFFFFEFFF8;
    Expect("time at the edge", (ULONG)NtQuerySystemTime(Last), 0xC0000005);
    Expect("status block at the edge",
           (ULONG)NtWriteFile(StandardOutput(), NULL, NULL, NULL, Last, "", 0, NULL, NULL),
           0xC0000005);
    Expect("over the edge", (ULONG)NtQueryInformationProcess(SELF, 0, Last, 48, NULL), 0xC0000005);
}

static void SharedData(void) {
    Expect("TickCountMultiplier", AT(0x7FFE0000, 0x04, ULONG), 0x0FA00000);
}

/* #DE says nothing of the divisor, Windows does: it reads the instruction. One form a line. */
ULONG64 Divisors[4] = {1, 0, 1, 0};

static void OverflowByRegister(PVOID Unused) {
    (void)Unused;
    __asm__ volatile("movl $0x80000000, %%eax\n cdq\n movl $-1, %%ecx\n idivl %%ecx"
                     :
                     :
                     : "rax", "rcx", "rdx");
}
static void OverflowByHighRegister(PVOID Unused) {
    (void)Unused;
    __asm__ volatile("movl $0xFFFF, %%eax\n movl $0x100, %%ecx\n divb %%ch" : : : "rax", "rcx");
}
static void OverflowByMemory(PVOID Array) {
    __asm__ volatile("movq $1, %%rdx\n movl $2, %%r9d\n divq (%0,%%r9,8)"
                     :
                     : "r"(Array)
                     : "rax", "rdx", "r9");
}
static void OverflowByRipRelative(PVOID Unused) {
    (void)Unused;
    __asm__ volatile("movl $1, %%edx\n divw Divisors(%%rip)" : : : "rax", "rdx");
}
static void ZeroByMemory(PVOID Array) {
    __asm__ volatile("xorl %%edx, %%edx\n divl 8(%0)" : : "r"(Array) : "rax", "rdx");
}
static void ZeroByTeb(PVOID Unused) {
    (void)Unused; /* the upper half of NtTib.Self: TEBs lie low */
    __asm__ volatile("xorl %%edx, %%edx\n divl %%gs:0x34" : : : "rax", "rdx");
}

static void Divisions(void) {
    Expect("idiv overflow, register", (ULONG)Guard(OverflowByRegister, NULL), 0xC0000095);
    Expect("div overflow, ch", (ULONG)Guard(OverflowByHighRegister, NULL), 0xC0000095);
    Expect("div overflow, base and index", (ULONG)Guard(OverflowByMemory, Divisors), 0xC0000095);
    Expect("div overflow, rip relative", (ULONG)Guard(OverflowByRipRelative, NULL), 0xC0000095);
    Expect("div by zero, displacement", (ULONG)Guard(ZeroByMemory, Divisors), 0xC0000094);
    Expect("div by zero, gs", (ULONG)Guard(ZeroByTeb, NULL), 0xC0000094);
}

static NTSTATUS BySyscall(ULONG Service, ULONG64 First) {
    NTSTATUS Status = (NTSTATUS)Service;
    register ULONG64 R10 __asm__("r10") = First;
    __asm__ volatile("syscall"
                     : "+a"(Status), "+r"(R10)
                     :
                     : "rcx", "rdx", "r8", "r9", "r11", "memory");
    return Status;
}

static NTSTATUS ByInterrupt(ULONG Service, ULONG64 First) {
    NTSTATUS Status = (NTSTATUS)Service;
    register ULONG64 R10 __asm__("r10") = First;
    __asm__ volatile("int $0x2E"
                     : "+a"(Status), "+r"(R10)
                     :
                     : "rcx", "rdx", "r8", "r9", "r11", "memory");
    return Status;
}

static void Services(void) {
    static const ULONG Unknown[] = {0x0FFF, 0x1FFF, 0x2000, 0x3001, 0x1000, 0x800};
    for (ULONG i = 0; i < sizeof(Unknown) / sizeof(Unknown[0]); i++) {
        Expect("unknown service by syscall", (ULONG)BySyscall(Unknown[i], 0), 0xC000001C);
        Expect("unknown service by int 2Eh", (ULONG)ByInterrupt(Unknown[i], 0), 0xC000001C);
    }
    Expect("NtClose by syscall", (ULONG)BySyscall(0xF, 0xDEAD0), 0xC0000008);
    Expect("NtClose by int 2Eh", (ULONG)ByInterrupt(0xF, 0xDEAD0), 0xC0000008);
}

static void Calendar(void) {
    TIME_FIELDS_ NoLeapDay = {2001, 2, 29, 0, 0, 0, 0, 0};
    LARGE_INTEGER Time;
    Expect("29 February 2001", RtlTimeFieldsToTime(&NoLeapDay, &Time), FALSE);
}

/* The direction flag, a null selector and single-step set by the program do not reach the kernel.
 */
static void Flags(void) {
    LARGE_INTEGER Time = {.QuadPart = 0};
    ULONG64 Status;
    __asm__ volatile("subq $0x28, %%rsp\n std\n callq *%1\n cld\n addq $0x28, %%rsp"
                     : "=a"(Status)
                     : "r"(NtQuerySystemTime), "c"(&Time)
                     : "rdx", "r8", "r9", "r10", "r11", "memory");
    Expect("a service with the direction flag set", Status, 0);
    Expect("gave the time", Time.QuadPart != 0, TRUE);
}

void Start(void) {
    VirtualMemory();
    Pointers();
    Edge();
    SharedData();
    Divisions();
    Services();
    Calendar();
    Flags();
    Print("1..%u\n", Number);
    Exit(0);
}
