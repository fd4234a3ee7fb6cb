/*
 * bench.exe - guest instructions per operation, under QEMU's icount, where one TSC tick is one
 * instruction. Each line: operation, tab, median, with the cost of the empty loop taken off.
 */
#include "guard.h"

#define ROUNDS 201

NTSYS ULONG NTAPI NtGetCurrentProcessorNumber(void);
NTSYS NTSTATUS NTAPI NtDuplicateObject(HANDLE, HANDLE, HANDLE, PHANDLE, ACCESS_MASK, ULONG, ULONG);
NTSYS NTSTATUS NTAPI NtCreateDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);

static ULONG64 Samples[ROUNDS];
static HANDLE Event, Go, Back, Named, Last;
static OBJECT_ATTRIBUTES NamedAttributes;
static PUCHAR Fresh;
static ULONG FreshNext;

static inline ULONG64 Now(void) {
    ULONG Low, High;
    __asm__ volatile("rdtsc" : "=a"(Low), "=d"(High) : : "memory");
    return (ULONG64)High << 32 | Low;
}

static void Sort(void) {
    for (int i = 1; i < ROUNDS; i++) {
        ULONG64 Value = Samples[i];
        int j = i;
        while (j > 0 && Samples[j - 1] > Value) {
            Samples[j] = Samples[j - 1];
            j--;
        }
        Samples[j] = Value;
    }
}

typedef void (*OPERATION)(void);

static void Nothing(void) {
    __asm__ volatile("");
}
static void NullService(void) {
    NtGetCurrentProcessorNumber();
}
static void BadHandle(void) {
    NtClose((HANDLE)0xDEAD0);
}
static void UnknownService(void) {
    NTSTATUS Status = 0xFFF;
    __asm__ volatile("syscall" : "+a"(Status) : : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
}
static void YieldOnce(void) {
    NtYieldExecution();
}
static void SystemTime(void) {
    LARGE_INTEGER Time;
    NtQuerySystemTime(&Time);
}
static void CreateClose(void) {
    HANDLE Handle;
    NtCreateEvent(&Handle, EVENT_ALL_ACCESS, NULL, 1, FALSE);
    NtClose(Handle);
}
static void OpenClose(void) {
    HANDLE Handle;
    NtOpenEvent(&Handle, EVENT_ALL_ACCESS, &NamedAttributes);
    NtClose(Handle);
}
static void DuplicateClose(void) {
    HANDLE Handle;
    NtDuplicateObject(SELF, Event, SELF, &Handle, 0, 0, DUPLICATE_SAME_ACCESS);
    NtClose(Handle);
}
static void Reset(void) {
    NtResetEvent(Last, NULL);
}
static void SetWait(void) {
    NtSetEvent(Event, NULL);
    NtWaitForSingleObject(Event, FALSE, NULL);
}
static void PingPong(void) {
    NtSetEvent(Go, NULL);
    NtWaitForSingleObject(Back, FALSE, NULL);
}
static void AllocateFree(void) {
    PVOID Base = NULL;
    SIZE_T Size = PAGE;
    NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    Size = 0;
    NtFreeVirtualMemory(SELF, &Base, &Size, MEM_RELEASE);
}
static void AllocateTouchFree(void) {
    PVOID Base = NULL;
    SIZE_T Size = PAGE;
    NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    *(volatile char *)Base = 1;
    Size = 0;
    NtFreeVirtualMemory(SELF, &Base, &Size, MEM_RELEASE);
}
static void DemandZero(void) {
    *(volatile char *)(Fresh + FreshNext++ * PAGE) = 1;
}
static void Protect(void) {
    static ULONG Kind;
    PVOID Base = Fresh;
    SIZE_T Size = PAGE;
    ULONG Old;
    NtProtectVirtualMemory(SELF, &Base, &Size, Kind++ & 1 ? PAGE_READWRITE : PAGE_READONLY, &Old);
}
static void Fault(PVOID Argument) {
    (void)Argument;
    __asm__ volatile("ud2");
}
static void IllegalInstruction(void) {
    GuardCall(Fault, NULL);
}
static void HeapBlock(void) {
    RtlFreeHeap(ProcessHeap(), 0, RtlAllocateHeap(ProcessHeap(), 0, 64));
}
static NTSTATUS NTAPI ShortThread(PVOID Parameter) {
    (void)Parameter;
    RtlExitUserThread(0);
    return 0;
}
static void ThreadAndJoin(void) {
    HANDLE Thread = NULL;
    RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, ShortThread, NULL, &Thread, NULL);
    NtWaitForSingleObject(Thread, FALSE, NULL);
    NtClose(Thread);
}

static NTSTATUS NTAPI Partner(PVOID Parameter) {
    (void)Parameter;
    for (;;) {
        NtWaitForSingleObject(Go, FALSE, NULL);
        NtSetEvent(Back, NULL);
    }
    return 0;
}

static NTSTATUS NTAPI Yielder(PVOID Parameter) {
    while (*(volatile LONG *)Parameter) {
        NtYieldExecution();
    }
    RtlExitUserThread(0);
    return 0;
}

static ULONG64 Measure(OPERATION Operation) {
    for (int i = 0; i < ROUNDS; i++) {
        ULONG64 Before = Now();
        Operation();
        Samples[i] = Now() - Before;
    }
    Sort();
    return Samples[ROUNDS / 2];
}

static ULONG64 Empty;

static void Report(const char *Name, OPERATION Operation) {
    Print("%s\t%I64u\n", Name, Measure(Operation) - Empty);
}

static HANDLE Begin(PUSER_THREAD_START_ROUTINE Routine, PVOID Parameter) {
    HANDLE Thread = NULL;
    RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, Routine, Parameter, &Thread, NULL);
    return Thread;
}

/* An event in \BaseNamedObjects\bench, for opens of a name two directories deep. */
static void MakeNamed(void) {
    static UNICODE_STRING Directory, Name;
    HANDLE Handle;
    RtlInitUnicodeString(&Directory, L"\\BaseNamedObjects\\bench");
    RtlInitUnicodeString(&Name, L"\\BaseNamedObjects\\bench\\event");
    InitializeObjectAttributes(&NamedAttributes, &Directory, OBJ_CASE_INSENSITIVE, NULL, NULL);
    NtCreateDirectoryObject(&Handle, 0xF000F, &NamedAttributes);
    InitializeObjectAttributes(&NamedAttributes, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    NtCreateEvent(&Named, EVENT_ALL_ACCESS, &NamedAttributes, 1, FALSE);
}

/* One handle among Count more to the same event. */
static void ManyHandles(ULONG Count) {
    for (ULONG i = 0; i < Count; i++) {
        NtDuplicateObject(SELF, Event, SELF, &Last, 0, 0, DUPLICATE_SAME_ACCESS);
    }
}

static void Services(void) {
    Report("null service", NullService);
    Report("unknown service number", UnknownService);
    Report("close a bad handle", BadHandle);
    Report("query system time", SystemTime);
    Report("create + close an event", CreateClose);
    MakeNamed();
    Report("open by name + close an event", OpenClose);
    Report("duplicate + close a handle", DuplicateClose);
    Report("signal + wait, not blocking", SetWait);
    ManyHandles(100);
    Report("reset an event, 100 handles", Reset);
    ManyHandles(1000000);
    Report("reset an event, 1,000,000 handles", Reset);
    Report("yield, one thread", YieldOnce);
}

static void Memory(void) {
    PVOID Base = NULL;
    SIZE_T Size = (ROUNDS + 8) * PAGE;
    NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    Fresh = Base;
    Report("demand-zero fault, 4 KiB", DemandZero);
    Report("protect one page", Protect);
    Report("allocate + free one page", AllocateFree);
    Report("allocate, touch, free one page", AllocateTouchFree);
    Report("heap: allocate + free 64 bytes", HeapBlock);
}

static void Threads(void) {
    LONG Run = 1;
    NtCreateEvent(&Go, EVENT_ALL_ACCESS, NULL, 1, FALSE);
    NtCreateEvent(&Back, EVENT_ALL_ACCESS, NULL, 1, FALSE);
    HANDLE Thread = Begin(Partner, NULL);
    Report("ping-pong, two threads, round trip", PingPong);
    NtTerminateThread(Thread, 0);
    NtWaitForSingleObject(Thread, FALSE, NULL);
    Thread = Begin(Yielder, &Run);
    NtYieldExecution();
    Report("yield, two threads, round trip", YieldOnce);
    Run = 0;
    NtWaitForSingleObject(Thread, FALSE, NULL);
    Report("thread create + join", ThreadAndJoin);
}

static void Exceptions(void) {
    PVOID Handler = RtlAddVectoredExceptionHandler(1, GuardHandler);
    GuardActive = TRUE;
    Report("illegal instruction to user handler and back", IllegalInstruction);
    GuardActive = FALSE;
    RtlRemoveVectoredExceptionHandler(Handler);
}

void Start(void) {
    NtCreateEvent(&Event, EVENT_ALL_ACCESS, NULL, 1, FALSE);
    Empty = Measure(Nothing);
    Services();
    Memory();
    Exceptions();
    Threads();
    Exit(0);
}
