/* What can be asked of processes and threads, and walking from one to the next. */
#include "threading.h"

NTSYS NTSTATUS NTAPI NtGetNextThread(HANDLE, HANDLE, ACCESS_MASK, ULONG, ULONG, PHANDLE);
NTSYS NTSTATUS NTAPI NtSuspendProcess(HANDLE);
NTSYS NTSTATUS NTAPI NtResumeProcess(HANDLE);

#define THREAD_NAME 38

static HANDLE Go;
static ULONG64 Buffer[0x400];

static NTSTATUS NTAPI Waiting(PVOID Parameter) {
    (void)Parameter;
    return NtWaitForSingleObject(Go, FALSE, NULL);
}

/* --- names of threads ---------------------------------------------------------------------------
 */

static void ShowName(HANDLE Thread) {
    UNICODE_STRING *Name = (UNICODE_STRING *)Buffer;
    ULONG Length = 0;
    memset(Buffer, 0, sizeof(Buffer));
    NTSTATUS Status =
        NtQueryInformationThread(Thread, THREAD_NAME, Buffer, sizeof(Buffer), &Length);
    Print("name: %08x, %lu bytes: %.*ls\n", (unsigned)Status, Length, Name->Length / 2,
          Name->Buffer ? Name->Buffer : L"");
}

static NTSTATUS SetName(HANDLE Thread, PCWSTR Text) {
    UNICODE_STRING Name;
    RtlInitUnicodeString(&Name, Text);
    return NtSetInformationThread(Thread, THREAD_NAME, &Name, sizeof(Name));
}

static void Names(void) {
    HANDLE Thread = Begin(Waiting, NULL, FALSE);
    HANDLE Weak = Weaker(Thread, SYNCHRONIZE), Limited = Weaker(Thread, 0x800 | 0x400);
    UNICODE_STRING Name = {10, 10, L"abcde"};
    ULONG Length = 0;
    ShowName(Thread);
    ShowStatus("set", SetName(Thread, L"worker"));
    ShowName(Thread);
    ShowStatus("short buffer", NtQueryInformationThread(Thread, THREAD_NAME, Buffer, 20, &Length));
    Print("needs %lu\n", Length);
    ShowStatus("again", SetName(Thread, L"a longer name than before"));
    ShowName(Thread);
    ShowStatus("none", SetName(Thread, L""));
    ShowName(Thread);
    ShowStatus("limited rights do", SetName(Limited, L"limited"));
    ShowName(Limited);
    ShowStatus("no right to set", SetName(Weak, L"no"));
    ShowStatus("no right to ask",
               NtQueryInformationThread(Weak, THREAD_NAME, Buffer, sizeof(Buffer), NULL));
    ShowStatus("wrong length", NtSetInformationThread(Thread, THREAD_NAME, &Name, 8));
    ShowStatus("no string", NtSetInformationThread(Thread, THREAD_NAME, NULL, sizeof(Name)));
    Name.Buffer = NULL;
    ShowStatus("no text", NtSetInformationThread(Thread, THREAD_NAME, &Name, sizeof(Name)));
    ShowName(Thread);
    NtSetEvent(Go, NULL);
    EndOf(Thread);
    NtResetEvent(Go, NULL);
}

/* --- walks --------------------------------------------------------------------------------------
 */

static void Threads(void) {
    HANDLE Made[3], Thread = NULL, Next;
    ULONG Seen = 0, Mine = 0, Count = 0;
    for (int i = 0; i < 3; i++) {
        Made[i] = Begin(Waiting, NULL, FALSE);
    }
    NTSTATUS Status;
    while ((Status = NtGetNextThread(SELF, Thread, THREAD_QUERY_INFORMATION, 0, 0, &Next)) == 0) {
        for (int i = 0; i < 3; i++) {
            Seen += ThreadIdOf(Next) == ThreadIdOf(Made[i]);
        }
        Mine += ThreadIdOf(Next) == MyThreadId();
        Count++;
        if (Thread) {
            NtClose(Thread);
        }
        Thread = Next;
    }
    Print("end: %08x, me %lu times, mine %lu, %s\n", (unsigned)Status, Mine, Seen,
          Count >= 4 ? "all" : "too few");
    ShowStatus("stale", NtGetNextThread(Stale(), NULL, THREAD_ALL_ACCESS, 0, 0, &Next));
    ShowStatus("not a process", NtGetNextThread(Go, NULL, THREAD_ALL_ACCESS, 0, 0, &Next));
    ShowStatus("not a thread", NtGetNextThread(SELF, Go, THREAD_ALL_ACCESS, 0, 0, &Next));
    NtSetEvent(Go, NULL);
    for (int i = 0; i < 3; i++) {
        EndOf(Made[i]);
    }
    NtResetEvent(Go, NULL);
}

/* --- classes ------------------------------------------------------------------------------------
 */

static void Sizes(void) {
    static const struct {
        int Class;
        ULONG Size;
    } Classes[] = {{0, 48}, {3, 88}, {3, 96}, {4, 32}, {7, 8},  {18, 2},
                   {20, 4}, {24, 4}, {26, 8}, {31, 4}, {37, 64}};
    for (ULONG i = 0; i < sizeof(Classes) / sizeof(Classes[0]); i++) {
        ULONG Length = 0;
        NTSTATUS Exact =
            NtQueryInformationProcess(SELF, Classes[i].Class, Buffer, Classes[i].Size, &Length);
        Print("process class %d: %08x, %lu bytes; too short %08x\n", Classes[i].Class,
              (unsigned)Exact, Length,
              (unsigned)NtQueryInformationProcess(SELF, Classes[i].Class, Buffer,
                                                  Classes[i].Size - 1, NULL));
    }
    NtQueryInformationProcess(SELF, 31, Buffer, 4, NULL);
    Print("debug flags %lx\n", *(ULONG *)Buffer);
    NtQueryInformationProcess(SELF, 37, Buffer, 64, NULL);
    Check("image: entry point", Buffer[0] == (ULONG64)Start);
    Print("image: machine %x, subsystem %lx\n", ((USHORT *)Buffer)[24], ((ULONG *)Buffer)[8]);
    NtQueryInformationProcess(SELF, 3, Buffer, 96, NULL);
    Check("private bytes", Buffer[11] != 0);
}

static void SuspendsAll(void) {
    HANDLE Thread = Begin(Waiting, NULL, TRUE);
    HANDLE Weak = Weaker(SELF, PROCESS_QUERY_INFORMATION);
    ULONG Count = 9;
    NtSuspendThread(Thread, NULL);
    ShowStatus("resume my process", NtResumeProcess(SELF));
    NtResumeThread(Thread, &Count);
    Print("the thread was suspended %lu times\n", Count);
    ShowStatus("no right", NtResumeProcess(Weak));
    ShowStatus("no right", NtSuspendProcess(Weak));
    ShowStatus("stale", NtSuspendProcess(Stale()));
    ShowStatus("not a process", NtSuspendProcess(Go));
    NtSetEvent(Go, NULL);
    EndOf(Thread);
    NtResetEvent(Go, NULL);
}

void Start(void) {
    Go = EventOf(0);
    Names();
    Threads();
    Sizes();
    SuspendsAll();
    Exit(0);
}
