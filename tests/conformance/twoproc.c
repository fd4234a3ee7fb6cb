/* Two processes: one looks at the other, stops it, changes its registers and ends it. */
#include "spawn.h"

NTSYS NTSTATUS NTAPI NtGetNextThread(HANDLE, HANDLE, ACCESS_MASK, ULONG, ULONG, PHANDLE);
NTSYS NTSTATUS NTAPI NtSuspendProcess(HANDLE);
NTSYS NTSTATUS NTAPI NtResumeProcess(HANDLE);
NTSYS NTSTATUS NTAPI NtGetContextThread(HANDLE, PCONTEXT);
NTSYS NTSTATUS NTAPI NtSetContextThread(HANDLE, const CONTEXT *);

typedef struct _SHARED {
    volatile ULONG64 Counters[2];
    volatile ULONG64 Elsewhere; /* the address of ChildElsewhere */
} SHARED;

static SHARED *Shared;

static DECLSPEC_NORETURN NTSTATUS NTAPI Count(PVOID Parameter) {
    for (;;) {
        Shared->Counters[(ULONG_PTR)Parameter]++;
        NtYieldExecution();
    }
}

static void ChildElsewhere(void) {
    Exit(0x77);
}

static void Child(void) {
    Shared->Elsewhere = (ULONG64)ChildElsewhere;
    Begin(Count, (PVOID)1, FALSE);
    Count((PVOID)0);
}

/* Both of the child's threads go on counting. */
static BOOL Counts(void) {
    ULONG64 First = Shared->Counters[0], Second = Shared->Counters[1];
    for (int i = 0; i < 1000; i++) {
        if (Shared->Counters[0] != First && Shared->Counters[1] != Second) {
            return TRUE;
        }
        Sleep1(10);
    }
    return FALSE;
}

static BOOL Still(void) {
    ULONG64 First = Shared->Counters[0], Second = Shared->Counters[1];
    Sleep1(100);
    return Shared->Counters[0] == First && Shared->Counters[1] == Second;
}

static ULONG ExitOf(HANDLE Process) {
    ULONG64 Info[6] = {0};
    NtWaitForSingleObject(Process, FALSE, NULL);
    NtQueryInformationProcess(Process, 0, Info, sizeof(Info), NULL);
    return (ULONG)Info[0];
}

void Start(void) {
    static CONTEXT c;
    HANDLE Thread = NULL;
    Shared = MapShared();
    if (IsChildProcess()) {
        Child();
    }
    for (int Way = 0; Way < 2; Way++) {
        Shared->Counters[0] = Shared->Counters[1] = 0;
        HANDLE Process = SpawnChild(Way);
        Check("a child", Process != NULL);
        Check("it counts", Counts());
        ShowStatus("suspend", NtSuspendProcess(Process));
        Check("it stands still", Still());
        ShowStatus("twice", NtSuspendProcess(Process));
        ShowStatus("resume", NtResumeProcess(Process));
        Check("it stands still", Still());
        if (Way == 0) {
            ShowStatus("resume", NtResumeProcess(Process));
            Check("it counts", Counts());
            ShowStatus("end", NtTerminateProcess(Process, 0x1234));
        } else {
            ShowStatus("first thread",
                       NtGetNextThread(Process, NULL, THREAD_ALL_ACCESS, 0, 0, &Thread));
            c.ContextFlags = CONTEXT_FULL;
            ShowStatus("its registers", NtGetContextThread(Thread, &c));
            c.Rip = Shared->Elsewhere;
            c.Rsp = (c.Rsp & ~15ull) - 0x108;
            ShowStatus("elsewhere", NtSetContextThread(Thread, &c));
            ShowStatus("resume", NtResumeProcess(Process));
        }
        Print("its end: %lx\n", ExitOf(Process));
        NtTerminateProcess(Process, 5); /* the first one's status stays */
        Print("its end: %lx\n", ExitOf(Process));
        NtClose(Process);
    }
    Exit(0);
}
