/*
 * Processes and threads: what Windows documents where Wine differs, or cannot be asked (TAP).
 * DEVIATIONS.md lists the differences.
 */
#include "threading.h"
#include "tap.h"
#include "ownfile.h"

NTSYS NTSTATUS NTAPI NtGetContextThread(HANDLE, PCONTEXT);
NTSYS NTSTATUS NTAPI NtSetContextThread(HANDLE, const CONTEXT *);
NTSYS void NTAPI RtlCaptureContext(PCONTEXT);

NTSYS NTSTATUS NTAPI NtGetNextProcess(HANDLE, ACCESS_MASK, ULONG, ULONG, PHANDLE);
NTSYS NTSTATUS NTAPI NtGetNextThread(HANDLE, HANDLE, ACCESS_MASK, ULONG, ULONG, PHANDLE);

static NTSTATUS NTAPI Nothing(PVOID Parameter) {
    return (NTSTATUS)(ULONG_PTR)Parameter;
}

static void Contexts(void) {
    static CONTEXT c;
    HANDLE Thread = Begin(Nothing, NULL, TRUE);
    c.ContextFlags = CONTEXT_ALL;
    Expect("get all", (ULONG)NtGetContextThread(Thread, &c), 0);
    Expect("data segments", c.SegDs == 0x2B && c.SegEs == 0x2B && c.SegGs == 0x2B, 1);
    Expect("fs", c.SegFs, 0x53);
    Expect("dr7 of a new thread", c.Dr7, 0);
    Expect("get, misaligned", (ULONG)NtGetContextThread(Thread, (PCONTEXT)((ULONG64)&c + 8)),
           0x80000002);
    Expect("get, null", (ULONG)NtGetContextThread(Thread, NULL), 0xC0000005);
    Expect("get, kernel", (ULONG)NtGetContextThread(Thread, KERNEL_POINTER), 0xC0000005);
    Expect("set, kernel", (ULONG)NtSetContextThread(Thread, KERNEL_POINTER), 0xC0000005);
    Expect("a bad handle comes first", (ULONG)NtGetContextThread(Stale(), NULL), 0xC0000008);
    c.ContextFlags = CONTEXT_AMD64 | 0x40; /* CONTEXT_XSTATE */
    Expect("extended state is refused", (ULONG)NtGetContextThread(Thread, &c), 0xC00000BB);
    NtResumeThread(Thread, NULL);
    NtWaitForSingleObject(Thread, FALSE, NULL);
    c.ContextFlags = CONTEXT_FULL;
    Expect("get of an ended one", (ULONG)NtGetContextThread(Thread, &c), 0xC0000001);
    Expect("set of an ended one", (ULONG)NtSetContextThread(Thread, &c), 0xC0000001);
}

static volatile LONG WaitingRuns;

static NTSTATUS NTAPI Waiting(PVOID Event) {
    WaitingRuns = 1;
    return NtWaitForSingleObject(Event, FALSE, NULL);
}

/* A thread in a service has no volatile registers: what sysret leaves, and nothing of the kernel.
 */
static void InService(void) {
    static CONTEXT c;
    HANDLE Event = EventOf(1), Thread = Begin(Waiting, Event, FALSE);
    while (!WaitingRuns) {
        NtYieldExecution();
    }
    UntilItWaits(ThreadIdOf(Thread));
    c.ContextFlags = CONTEXT_FULL;
    NtGetContextThread(Thread, &c);
    Expect("rcx is rip, r11 the flags", c.Rcx == c.Rip && c.R11 == c.EFlags, 1);
    Expect("the others are 0", c.Rdx | c.R8 | c.R9 | c.R10, 0);
    NtSetEvent(Event, NULL);
    EndOf(Thread);
}

static ULONG64 After[8];

/* NtContinue(Context, FALSE) with Context->Rip = the label, and what is in the registers there. */
void ContinueHere(PCONTEXT Context, PVOID Continue, ULONG64 *After);
__asm__(".globl ContinueHere\nContinueHere:\n"
        "push %rbx\n sub $0x20, %rsp\n mov %r8, %rbx\n lea 1f(%rip), %rax\n mov %rax, 0xF8(%rcx)\n"
        "mov %rsp, 0x98(%rcx)\n mov %rdx, %rax\n xor %edx, %edx\n call *%rax\n"
        "1: mov %rax, (%rbx)\n mov %rcx, 8(%rbx)\n mov %rdx, 16(%rbx)\n mov %r8, 24(%rbx)\n"
        "mov %r9, 32(%rbx)\n mov %r10, 40(%rbx)\n mov %r11, 48(%rbx)\n"
        "add $0x20, %rsp\n pop %rbx\n ret\n");

static void Leaks(void) {
    static CONTEXT c;
    ULONG64 Any = 0;
    RtlCaptureContext(&c);
    c.ContextFlags = CONTEXT_CONTROL;
    ContinueHere(&c, (PVOID)NtContinue, After);
    for (int i = 0; i < 7; i++) {
        Any |= After[i];
    }
    Expect("NtContinue shows nothing in registers that the context does not name", Any, 0);
}

/* --- debug registers -------------------------------------------------------------------------- */

static volatile LONG Hits;
static IO_STATUS_BLOCK Watched;
static USHORT StackSegment = 0x2B;

static LONG NTAPI OnStep(PEXCEPTION_POINTERS p) {
    if ((NTSTATUS)p->ExceptionRecord->ExceptionCode != STATUS_SINGLE_STEP) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    Hits++;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static NTSTATUS Watch(ULONG64 Address, ULONG64 Dr7) {
    static CONTEXT c;
    c.ContextFlags = CONTEXT_DEBUG_REGISTERS;
    c.Dr0 = Address;
    c.Dr7 = Dr7;
    return NtSetContextThread(SELF_THREAD, &c);
}

static ULONG64 Read(BOOL Dr7) {
    static CONTEXT c;
    c.ContextFlags = CONTEXT_DEBUG_REGISTERS;
    NtGetContextThread(SELF_THREAD, &c);
    return Dr7 ? c.Dr7 : c.Dr0;
}

static void DebugRegisters(void) {
    static const ULONG64 Kernel[] = {0x7FFFFFFF0000, 0x800000000000, 0xFFFFF78000000000,
                                     0xFFFFF80000201000, 0xFFFFFFFFFFFFFFFF};
    PVOID Handler = RtlAddVectoredExceptionHandler(1, OnStep);
    ULONG64 Any = 0;
    for (ULONG i = 0; i < sizeof(Kernel) / sizeof(Kernel[0]); i++) {
        for (ULONG Type = 0; Type < 4; Type++) {
            Watch(Kernel[i], 1 | Type << 16 | 0xC0000);
            NtYieldExecution();
            Any |= Read(FALSE);
        }
    }
    Expect("no address of the kernel is watched", Any, 0);
    Watch((ULONG64)&Watched, 0xFFFFFFFFFFFFFFFF);
    Expect("no global enables, no GD", Read(TRUE) & ~0xFFFF0155ull, 0);
    Watch((ULONG64)&Watched, 0x20001);
    Expect("no watching of ports", Read(TRUE) & 1, 0);
    Hits = 0;
    Watch((ULONG64)&Watched, 0xD0001);
    NtFlushBuffersFile(StandardOutput(), &Watched);
    Expect("the kernel's own write is no hit", Hits, 0);
    *(volatile NTSTATUS *)&Watched.Status = 1;
    Expect("mine is", Hits, 1);
    /* A hit that the processor holds back until after the first instruction of the kernel. */
    Watch((ULONG64)&StackSegment, 0x70001);
    for (int i = 0; i < 100; i++) {
        ULONG64 Service = 0x46; /* NtYieldExecution */
        __asm__ volatile("mov %1, %%ss\n\tsyscall"
                         : "+a"(Service)
                         : "m"(StackSegment)
                         : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    }
    Watch(0, 0);
    Expect("mov ss before a syscall", 1, 1);
    RtlRemoveVectoredExceptionHandler(Handler);
}

static HANDLE ProcessIdOf(HANDLE Process) {
    ULONG64 Info[6] = {0};
    NtQueryInformationProcess(Process, 0, Info, sizeof(Info), NULL);
    return (HANDLE)Info[4];
}

static void Walks(void) {
    HANDLE Process = NULL, Next;
    ULONG Me = 0, System = 0;
    NTSTATUS Status;
    while ((Status = NtGetNextProcess(Process, 0x1000, 0, 0, &Next)) == 0) {
        Me += ProcessIdOf(Next) == MyProcessId();
        System += ProcessIdOf(Next) == (HANDLE)4;
        NtClose(Process);
        Process = Next;
    }
    Expect("the end of the processes", (ULONG)Status, 0x8000001A);
    Expect("me, once", Me, 1);
    Expect("the System process, once", System, 1);
    Expect("next of no handle", (ULONG)NtGetNextProcess(Stale(), 0x1000, 0, 0, &Next), 0xC0000008);
    Expect("next of an event", (ULONG)NtGetNextProcess(EventOf(0), 0x1000, 0, 0, &Next),
           0xC0000024);
    Expect("next process, bad flags", (ULONG)NtGetNextProcess(NULL, 0x1000, 0, 2, &Next),
           0xC000000D);
    Expect("next process, bad attributes", (ULONG)NtGetNextProcess(NULL, 0x1000, 0x40, 0, &Next),
           0xC000000D);
    Expect("next process, bad pointer", (ULONG)NtGetNextProcess(NULL, 0x1000, 0, 0, NULL),
           0xC0000005);
    Expect("next thread, bad flags", (ULONG)NtGetNextThread(SELF, NULL, 0x40, 0, 1, &Next),
           0xC000000D);
}

static void Handles(void) {
    static ULONG64 Buffer[0x400];
    HANDLE Event = EventOf(0), Weak = Weaker(SELF, 0x1000);
    ULONG Length = 0, Found = 0;
    Expect("handles", (ULONG)NtQueryInformationProcess(SELF, 51, Buffer, sizeof(Buffer), &Length),
           0);
    Expect("their number", Length, 16 + Buffer[0] * 40);
    for (ULONG i = 0; i < Buffer[0]; i++) {
        ULONG64 *Entry = &Buffer[2 + i * 5];
        Found += Entry[0] == (ULONG64)Event && Entry[1] == 1 && (ULONG)Entry[3] == EVENT_ALL_ACCESS;
    }
    Expect("my event is among them", Found, 1);
    Expect("handles, no room", (ULONG)NtQueryInformationProcess(SELF, 51, Buffer, 60, &Length),
           0xC0000004);
    Expect("needs", Length >= 16 + 40, 1);
    Expect("handles, no right",
           (ULONG)NtQueryInformationProcess(Weak, 51, Buffer, sizeof(Buffer), &Length), 0xC0000022);
    Buffer[0] = 64;
    Expect("extended basic", (ULONG)NtQueryInformationProcess(SELF, 0, Buffer, 64, &Length), 0);
    Expect("has the id", Buffer[5], (ULONG64)MyProcessId());
    Buffer[0] = 63;
    Expect("extended basic, wrong size",
           (ULONG)NtQueryInformationProcess(SELF, 0, Buffer, 64, NULL), 0xC000000D);
}

static void CommandLine(void) {
    static ULONG64 Buffer[0x200];
    UNICODE_STRING *Real = &AT(Parameters(), 0x70, UNICODE_STRING);
    UNICODE_STRING *Got = (UNICODE_STRING *)Buffer;
    ULONG Length = 0;
    Expect("command line",
           (ULONG)NtQueryInformationProcess(SELF, 60, Buffer, sizeof(Buffer), &Length), 0);
    BOOL Same = Got->Length == Real->Length;
    for (int i = 0; Same && i < Real->Length / 2; i++) {
        Same = Got->Buffer[i] == Real->Buffer[i];
    }
    Expect("as in the parameters", Same, 1);
    Expect("its length", Length, sizeof(*Real) + Real->Length + 2);
    Length = 0;
    Expect("command line, no room", (ULONG)NtQueryInformationProcess(SELF, 60, Buffer, 4, &Length),
           0xC0000004);
    Expect("its length is told", Length, sizeof(*Real) + Real->Length + 2);
    PWSTR Text = Real->Buffer;
    Real->Buffer = KERNEL_POINTER;
    Expect("a command line that is none",
           (ULONG)NtQueryInformationProcess(SELF, 60, Buffer, sizeof(Buffer), NULL), 0xC0000005);
    Real->Buffer = Text;
    Expect("debug object", (ULONG)NtQueryInformationProcess(SELF, 30, Buffer, 8, NULL), 0xC0000353);
}

NTSYS NTSTATUS NTAPI NtCreateIoCompletion(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, ULONG);
NTSYS NTSTATUS NTAPI NtSetInformationFile(HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG,
                                          FILE_INFORMATION_CLASS);

static void NTAPI NoApc(PVOID Context, PIO_STATUS_BLOCK Io, ULONG Reserved) {
    (void)Context, (void)Io, (void)Reserved;
}

static void AsynchronousFiles(void) {
    HANDLE File = OpenOwnFile(0), Port = NULL;
    IO_STATUS_BLOCK Io;
    BYTE Bytes[4];
    LARGE_INTEGER Offset = {.QuadPart = 0};
    NtCreateIoCompletion(&Port, 0x1F0003, NULL, 0);
    Expect("a bad event is refused",
           (ULONG)NtReadFile(File, Stale(), NULL, NULL, &Io, Bytes, 4, &Offset, NULL), 0xC0000008);
    struct {
        HANDLE Port;
        PVOID Key;
    } Tie = {Port, NULL};
    NtSetInformationFile(File, &Io, &Tie, sizeof(Tie), 30);
    Expect("an APC or a port, not both",
           (ULONG)NtReadFile(File, NULL, NoApc, &Io, &Io, Bytes, 4, &Offset, NULL), 0xC000000D);
    NtClose(File);
    NtClose(Port);
}

void Start(void) {
    Contexts();
    InService();
    Leaks();
    DebugRegisters();
    Walks();
    Handles();
    CommandLine();
    AsynchronousFiles();
    Done();
}
