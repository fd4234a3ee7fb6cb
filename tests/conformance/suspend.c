/* Suspension: counts, where a thread stops, what goes on meanwhile. */
#include "threading.h"

static volatile LONG Counter, Stop;
static HANDLE Go;

static NTSTATUS NTAPI Counting(PVOID Parameter) {
    (void)Parameter;
    while (!Stop) {
        Counter++;
    }
    return 7;
}

static NTSTATUS NTAPI Waiting(PVOID Parameter) {
    return NtWaitForSingleObject(Go, FALSE, Parameter);
}

/* It may take long until a thread gets its turn; that it gets none can only be believed. */
static BOOL Moves(BOOL Expected) {
    LONG Before = Counter;
    for (int i = 0; i < (Expected ? 1000 : 1) && Counter == Before; i++) {
        Sleep1(50);
    }
    return Counter != Before;
}

static void Suspend(HANDLE Thread) {
    ULONG Previous = 99;
    NTSTATUS Status = NtSuspendThread(Thread, &Previous);
    Print("suspend: %08x, was %u\n", (unsigned)Status, Previous);
}

static void Resume(HANDLE Thread) {
    ULONG Previous = 99;
    NTSTATUS Status = NtResumeThread(Thread, &Previous);
    Print("resume: %08x, was %u\n", (unsigned)Status, Previous);
}

static void Running(void) {
    HANDLE Thread = Begin(Counting, NULL, TRUE);
    Check("moves before it is resumed", Moves(FALSE));
    Resume(Thread);
    Check("moves", Moves(TRUE));
    Suspend(Thread);
    Check("moves while suspended", Moves(FALSE));
    Suspend(Thread);
    Resume(Thread);
    Check("moves while suspended once", Moves(FALSE));
    Resume(Thread);
    Check("moves again", Moves(TRUE));
    Resume(Thread);
    Stop = 1;
    Print("ended with %u\n", EndOf(Thread));
}

/* A thread that waits for so long, suspended before its time is over. On a slow machine that can
   take a second try with more time. */
static HANDLE SuspendBefore(ULONG Milliseconds) {
    for (;; Milliseconds *= 2) {
        static LARGE_INTEGER Time;
        ULONG Previous = 99;
        Time.QuadPart = -(LONGLONG)Milliseconds * 10000;
        HANDLE Thread = Begin(Waiting, &Time, FALSE);
        Sleep1(10);
        NTSTATUS Status = NtSuspendThread(Thread, &Previous);
        if (Status != STATUS_THREAD_IS_TERMINATING) {
            Print("suspend: %08x, was %u\n", (unsigned)Status, Previous);
            return Thread;
        }
        EndOf(Thread);
    }
}

/* A wait goes on under the suspension, and is over when the thread looks. */
static void InAWait(void) {
    HANDLE Thread = Begin(Waiting, NULL, FALSE);
    Sleep1(20);
    Suspend(Thread);
    NtSetEvent(Go, NULL);
    ShowStatus("suspended, its event set", NtWaitForSingleObject(Thread, FALSE, MILLISECONDS(50)));
    Resume(Thread);
    Print("ended with %08x\n", EndOf(Thread));
    NtResetEvent(Go, NULL);

    Thread = SuspendBefore(30);
    ShowStatus("suspended past its timeout",
               NtWaitForSingleObject(Thread, FALSE, MILLISECONDS(80)));
    Resume(Thread);
    Print("ended with %08x\n", EndOf(Thread));

    Thread = Begin(Waiting, NULL, FALSE);
    Sleep1(20);
    for (int i = 0; i < 50; i++) {
        NtSuspendThread(Thread, NULL);
        NtYieldExecution();
        NtResumeThread(Thread, NULL);
        NtYieldExecution();
    }
    ShowStatus("still waits", NtWaitForSingleObject(Thread, FALSE, MILLISECONDS(1)));
    NtSetEvent(Go, NULL);
    Print("ended with %08x\n", EndOf(Thread));
}

static void Ending(void) {
    Stop = 0;
    Counter = 0;
    HANDLE Thread = Begin(Counting, NULL, FALSE);
    while (Counter == 0) { /* in the loader it may hold a lock that the next one needs */
        NtYieldExecution();
    }
    Suspend(Thread);
    Suspend(Thread);
    ShowStatus("terminate while suspended", NtTerminateThread(Thread, 9));
    ShowStatus("ends", NtWaitForSingleObject(Thread, FALSE, NULL));
    Print("ended with %u\n", EndOf(Thread));
    Thread = Begin(Counting, NULL, TRUE);
    NtTerminateThread(Thread, 10);
    Print("before its first step: %u\n", EndOf(Thread));
}

static NTSTATUS NTAPI SuspendsItself(PVOID Parameter) {
    (void)Parameter;
    Counter = 1;
    NtSuspendThread(SELF_THREAD, NULL);
    Counter = 2;
    return 0;
}

static void Itself(void) {
    HANDLE Thread = Begin(SuspendsItself, NULL, FALSE);
    while (Counter != 1) {
        Sleep1(1);
    }
    Sleep1(20);
    Print("counter: %d\n", Counter);
    ULONG Previous = 0;
    NTSTATUS Status;
    do { /* it may not have come to suspend itself yet: then there is nothing to resume */
        Sleep1(1);
        Status = NtResumeThread(Thread, &Previous);
    } while (Status == 0 && Previous == 0);
    Print("resume: %08x, was %u\n", (unsigned)Status, Previous);
    EndOf(Thread);
    Print("counter: %d\n", Counter);
}

static void Limits(void) {
    HANDLE Thread = Begin(Waiting, NULL, TRUE), Event = EventOf(0);
    HANDLE Weak = Weaker(Thread, SYNCHRONIZE | THREAD_QUERY_INFORMATION);
    ULONG Previous = 0;
    NTSTATUS Status;
    while ((Status = NtSuspendThread(Thread, &Previous)) == 0) {
    }
    Print("stops with %08x after %u\n", (unsigned)Status, Previous + 1);
    NtTerminateThread(Thread, 0);
    NtWaitForSingleObject(Thread, FALSE, NULL);
    Check("an ended thread is refused", !NT_SUCCESS(NtSuspendThread(Thread, NULL)));
    ShowStatus("no handle", NtSuspendThread(NULL, NULL));
    ShowStatus("stale handle", NtSuspendThread(Stale(), NULL));
    ShowStatus("event", NtSuspendThread(Event, NULL));
    ShowStatus("too little access", NtSuspendThread(Weak, NULL));
    ShowStatus("resume an event", NtResumeThread(Event, NULL));
    ShowStatus("resume, too little access", NtResumeThread(Weak, NULL));
    NtClose(Weak);
    NtClose(Thread);
    NtClose(Event);
}

void Start(void) {
    Go = EventOf(1);
    Running();
    InAWait();
    Ending();
    Itself();
    Limits();
    Exit(0);
}
