/*
 * Where Wine differs from Windows, or cannot be asked: what Windows documents, checked here line
 * by line (TAP). DEVIATIONS.md lists the differences.
 */
#include "guard.h"
#include "tap.h"

NTSYS NTSTATUS NTAPI NtWaitForMultipleObjects(ULONG, const HANDLE *, int, BOOLEAN, PLARGE_INTEGER);
NTSYS NTSTATUS NTAPI NtCreateTimer(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, int);
NTSYS NTSTATUS NTAPI NtSetTimerEx(HANDLE, int, PVOID, ULONG);

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

/* Wine has no such check. */
static void WaitForAll(void) {
    HANDLE Event = NULL, Twice[2];
    LARGE_INTEGER Now = {.QuadPart = 0};
    NtCreateEvent(&Event, EVENT_ALL_ACCESS, NULL, 0, TRUE);
    Twice[0] = Twice[1] = Event;
    Expect("all of the same twice", (ULONG)NtWaitForMultipleObjects(2, Twice, 0, FALSE, &Now),
           0xC0000030);
    Expect("any of the same twice", (ULONG)NtWaitForMultipleObjects(2, Twice, 1, FALSE, &Now), 0);
    NtClose(Event);
}

/* A timer that may be late, in the way that Wine has not. */
static void CoalescableTimer(void) {
    struct {
        LARGE_INTEGER DueTime;
        PVOID Routine, Context, Wake;
        ULONG Period, TolerableDelay;
        BOOLEAN *PreviousState;
    } Set = {.DueTime.QuadPart = -10000, .TolerableDelay = 50};
    HANDLE Timer = NULL;
    BOOLEAN Before = 9;
    NtCreateTimer(&Timer, 0x1F0003, NULL, 0);
    Set.PreviousState = &Before;
    Expect("timer, class", (ULONG)NtSetTimerEx(Timer, 1, &Set, sizeof(Set)), 0xC0000003);
    Expect("timer, length", (ULONG)NtSetTimerEx(Timer, 0, &Set, sizeof(Set) - 8), 0xC0000004);
    Expect("timer, memory", (ULONG)NtSetTimerEx(Timer, 0, (PVOID)16, sizeof(Set)), 0xC0000005);
    Expect("timer, set", (ULONG)NtSetTimerEx(Timer, 0, &Set, sizeof(Set)), 0);
    Expect("timer, not signalled before", Before, FALSE);
    Expect("timer, comes", (ULONG)NtWaitForSingleObject(Timer, FALSE, NULL), 0);
    Expect("timer, set again", (ULONG)NtSetTimerEx(Timer, 0, &Set, sizeof(Set)), 0);
    Expect("timer, signalled before", Before, TRUE);
    NtClose(Timer);
    Expect("timer, closed", (ULONG)NtSetTimerEx(Timer, 0, &Set, sizeof(Set)), 0xC0000008);
}

NTSYS NTSTATUS NTAPI NtDuplicateObject(HANDLE, HANDLE, HANDLE, PHANDLE, ACCESS_MASK, ULONG, ULONG);

/* OBJ_KERNEL_HANDLE is for drivers: a program that asks for it gets a handle of its own. */
static void KernelHandles(void) {
    HANDLE Event = NULL, Copy = NULL;
    OBJECT_ATTRIBUTES Attributes = {.Length = sizeof(Attributes), .Attributes = 0x200};
    NtCreateEvent(&Event, EVENT_ALL_ACCESS, &Attributes, 1, FALSE);
    Expect("a handle created for the kernel", (LONG_PTR)Event > 0, TRUE);
    NtDuplicateObject(SELF, Event, SELF, &Copy, 0, 0x200, 2);
    Expect("a handle duplicated for the kernel", (LONG_PTR)Copy > 0, TRUE);
    Expect("closed", (ULONG)NtClose(Copy), 0);
    Copy = NULL;
    NtDuplicateObject(SELF, Event, SELF, &Copy, EVENT_ALL_ACCESS, 0x200, 0);
    Expect("and with other access", (LONG_PTR)Copy > 0, TRUE);
    Expect("closed too", (ULONG)NtClose(Copy), 0);
    NtClose(Event);
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

NTSYS NTSTATUS NTAPI NtAddAtom(PCWSTR, ULONG, USHORT *);
NTSYS NTSTATUS NTAPI NtAddAtomEx(PCWSTR, ULONG, USHORT *, ULONG);
NTSYS NTSTATUS NTAPI NtFindAtom(PCWSTR, ULONG, USHORT *);
NTSYS NTSTATUS NTAPI NtDeleteAtom(USHORT);
NTSYS NTSTATUS NTAPI NtQueryInformationAtom(USHORT, int, PVOID, ULONG, PULONG);

/* Count of users in an atom's ATOM_BASIC_INFORMATION; its name's length in *Length. */
static ULONG AtomUsers(USHORT Atom, PULONG Length) {
    USHORT Basic[260] = {0};
    NtQueryInformationAtom(Atom, 0, Basic, sizeof(Basic), NULL);
    *Length = Basic[2];
    return Basic[0];
}

static void AtomPointers(USHORT Atom) {
    static const WCHAR Text[] = L"VitrineAtom";
    const WCHAR *Kernel = (PCWSTR)0xFFFFF80000000000;
    ULONG Length;
    Expect("an atom's name in the kernel", (ULONG)NtAddAtom(Kernel, 8, NULL), 0xC0000005);
    Expect("the same, to find it", (ULONG)NtFindAtom(Kernel, 8, NULL), 0xC0000005);
    Expect("an atom's name, misaligned", (ULONG)NtAddAtom((PCWSTR)((PCH)Text + 1), 8, NULL),
           0x80000002);
    Expect("an atom's name, too long to be read", (ULONG)NtAddAtom(Kernel, 512, NULL), 0xC000000D);
    Expect("an atom into the kernel", (ULONG)NtAddAtom(Text, 22, (USHORT *)Kernel), 0xC0000005);
    Expect("an atom into a read-only page", (ULONG)NtAddAtom(Text, 22, (USHORT *)Text), 0xC0000005);
    Expect("an empty name's atom into the kernel", (ULONG)NtAddAtom(Text, 0, (USHORT *)Kernel),
           0xC0000005);
    Expect("a missing name's atom into the kernel", (ULONG)NtFindAtom(Text, 2, (USHORT *)Kernel),
           0xC0000005);
    Expect("neither has added it", AtomUsers(Atom, &Length), 1);
    Expect("an atom queried into the kernel",
           (ULONG)NtQueryInformationAtom(Atom, 0, (PVOID)Kernel, 64, NULL), 0xC0000005);
}

static void Atoms(void) {
    USHORT Atom = 0, Short = 0, Again = 0;
    ULONG List[0x1004], Length = 0, Found = 0;
    Expect("NtAddAtomEx", (ULONG)NtAddAtomEx(L"VitrineAtom", 22, &Atom, 0), 0);
    Expect("NtAddAtomEx, flags", (ULONG)NtAddAtomEx(L"VitrineAtom", 22, &Again, 0x80), 0xC000000D);
    AtomPointers(Atom);
    Expect("an atom without a place for it", (ULONG)NtAddAtom(L"VitrineAtom", 22, NULL), 0);
    Expect("was added", AtomUsers(Atom, &Length), 2);
    Expect("an atom into too little", (ULONG)NtQueryInformationAtom(Atom, 0, List, 5, NULL),
           0xC0000004);
    NtAddAtom(L"Vit\0rine", 16, &Short);
    AtomUsers(Short, &Length);
    Expect("a null ends an atom's name", Length, 6);
    Expect("the list of atoms", (ULONG)NtQueryInformationAtom(0, 1, List, sizeof(List), &Length),
           0);
    for (ULONG i = 0; i < List[0]; i++) {
        Found += ((USHORT *)(List + 1))[i] == Atom || ((USHORT *)(List + 1))[i] == Short;
    }
    Expect("holds both", Found, 2);
    Expect("its length", Length, 4 + 2 * List[0]);
    Expect("the list into too little", (ULONG)NtQueryInformationAtom(0, 1, List, 6, &Length),
           0xC0000004);
    Expect("what it needs", Length, 4 + 2 * List[0]);
    Expect("delete an integer atom", (ULONG)NtDeleteAtom(1), 0);
    NtDeleteAtom(Short);
    NtDeleteAtom(Atom);
    NtDeleteAtom(Atom);
}

NTSYS NTSTATUS NTAPI NtQueryTimerResolution(PULONG, PULONG, PULONG);
NTSYS NTSTATUS NTAPI NtSetTimerResolution(ULONG, BOOLEAN, PULONG);

/* A process has one wish, brought into the clock's bounds; to take it back twice is an error. */
static void TimerResolution(void) {
    ULONG Longest = 1, Shortest = 1, Now = 1;
    Expect("query resolution", (ULONG)NtQueryTimerResolution(&Longest, &Shortest, &Now), 0);
    Expect("longest interval", Longest, 156250);
    Expect("shortest interval", Shortest, 5000);
    Expect("interval at first", Now, 156250);
    Expect("no wish to take back", (ULONG)NtSetTimerResolution(0, FALSE, &Now), 0xC0000245);
    Expect("interval all the same", Now, 156250);
    Expect("1 ms", (ULONG)NtSetTimerResolution(10000, TRUE, &Now), 0);
    Expect("is 1 ms", Now, 10000);
    Expect("shorter than can be", (ULONG)NtSetTimerResolution(1, TRUE, &Now), 0);
    Expect("is the shortest", Now, 5000);
    Expect("kernel address", (ULONG)NtSetTimerResolution(10000, TRUE, (PULONG)0xFFFFF80000000000),
           0xC0000005);
    Expect("query again", (ULONG)NtQueryTimerResolution(&Longest, &Shortest, &Now), 0);
    Expect("nothing was changed", Now, 5000);
    Expect("longer than can be", (ULONG)NtSetTimerResolution(~0u, TRUE, &Now), 0);
    Expect("is the longest", Now, 156250);
    Expect("take back", (ULONG)NtSetTimerResolution(0, FALSE, &Now), 0);
    Expect("take back again", (ULONG)NtSetTimerResolution(0, FALSE, &Now), 0xC0000245);
}

void Start(void) {
    VirtualMemory();
    Pointers();
    Edge();
    SharedData();
    Divisions();
    Services();
    WaitForAll();
    CoalescableTimer();
    KernelHandles();
    Calendar();
    Flags();
    Atoms();
    TimerResolution();
    Print("1..%u\n", Number);
    Exit(0);
}
