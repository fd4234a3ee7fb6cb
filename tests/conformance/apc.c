/* User APCs: when they are delivered, in which order, with what; and to whom they cannot go. */
#include "threading.h"

static HANDLE Go, Ready;
static volatile LONG Calls;

static void NTAPI Say(PVOID First, PVOID Second, PVOID Third) {
    Calls++;
    Print("  apc %d %d %d\n", (int)(ULONG_PTR)First, (int)(ULONG_PTR)Second, (int)(ULONG_PTR)Third);
}

static void NTAPI QueueMore(PVOID First, PVOID Second, PVOID Third) {
    Say(First, Second, Third);
    if (First) {
        NtQueueApcThread(SELF_THREAD, QueueMore, (PVOID)((ULONG_PTR)First - 1), Second, Third);
    }
}

static void NTAPI WaitInside(PVOID First, PVOID Second, PVOID Third) {
    (void)Second;
    (void)Third;
    Print("  outer begins\n");
    ShowStatus("  alertable wait inside", NtWaitForSingleObject((HANDLE)First, TRUE, NULL));
    Print("  outer ends\n");
}

static void ToMyself(void) {
    ShowStatus("queue", NtQueueApcThread(SELF_THREAD, Say, (PVOID)1, (PVOID)2, (PVOID)3));
    ShowStatus("delay, not alertable", NtDelayExecution(FALSE, MILLISECONDS(1)));
    Print("calls: %d\n", Calls);
    ShowStatus("delay, alertable", NtDelayExecution(TRUE, MILLISECONDS(60000)));
    Print("calls: %d\n", Calls);
    for (int i = 0; i < 3; i++) {
        NtQueueApcThread(SELF_THREAD, Say, (PVOID)(ULONG_PTR)(10 + i), NULL, NULL);
    }
    ShowStatus("test alert", NtTestAlert());
    Print("calls: %d\n", Calls);
    ShowStatus("test alert again", NtTestAlert());
    NtQueueApcThread(SELF_THREAD, QueueMore, (PVOID)2, NULL, NULL);
    ShowStatus("one that queues more", NtDelayExecution(TRUE, MILLISECONDS(60000)));
    Print("calls: %d\n", Calls);
    NtDelayExecution(TRUE, MILLISECONDS(1));
}

static void WithObjects(void) {
    HANDLE Set = EventOf(1), Clear = EventOf(0), Both[2] = {Clear, Set};
    NtSetEvent(Set, NULL);
    NtQueueApcThread(SELF_THREAD, Say, (PVOID)20, NULL, NULL);
    ShowStatus("signalled object first", NtWaitForSingleObject(Set, TRUE, NULL));
    ShowStatus("then the apc", NtWaitForSingleObject(Clear, TRUE, MILLISECONDS(60000)));
    NtQueueApcThread(SELF_THREAD, Say, (PVOID)21, NULL, NULL);
    ShowStatus("wait for any", NtWaitForMultipleObjects(2, Both, 1, TRUE, MILLISECONDS(60000)));
    NtQueueApcThread(SELF_THREAD, WaitInside, Clear, NULL, NULL);
    NtQueueApcThread(SELF_THREAD, Say, (PVOID)22, NULL, NULL);
    ShowStatus("apc within an apc", NtWaitForSingleObject(Clear, TRUE, NULL));
    NtClose(Set);
    NtClose(Clear);
}

static NTSTATUS NTAPI Waiter(PVOID Parameter) {
    NTSTATUS Status;
    int Rounds = 0;
    (void)Parameter;
    NtSetEvent(Ready, NULL);
    while ((Status = NtWaitForSingleObject(Go, TRUE, NULL)) == STATUS_USER_APC) {
        Rounds++;
        NtSetEvent(Ready, NULL);
    }
    Print("waiter: %d rounds, then %08x\n", Rounds, (unsigned)Status);
    return 0;
}

static NTSTATUS NTAPI Quiet(PVOID Parameter) {
    (void)Parameter;
    NtSetEvent(Ready, NULL);
    ShowStatus("quiet thread", NtWaitForSingleObject(Go, FALSE, NULL));
    return 0;
}

static void ToAnother(void) {
    HANDLE Thread = Begin(Waiter, NULL, FALSE);
    NtWaitForSingleObject(Ready, FALSE, NULL);
    for (int i = 0; i < 3; i++) {
        NTSTATUS Status =
            NtQueueApcThread(Thread, Say, (PVOID)(ULONG_PTR)(30 + i), (PVOID)1, (PVOID)2);
        NtWaitForSingleObject(Ready, FALSE, NULL); /* what it prints comes first */
        ShowStatus("queue to waiter", Status);
    }
    NtSetEvent(Go, NULL);
    EndOf(Thread);

    int Before = Calls;
    Thread = Begin(Quiet, NULL, FALSE);
    NtWaitForSingleObject(Ready, FALSE, NULL); /* the loader waits alertably at its end */
    NtQueueApcThread(Thread, Say, (PVOID)40, NULL, NULL);
    Sleep1(20);
    NtSetEvent(Go, NULL);
    EndOf(Thread);
    Print("a thread that never waits alertably got %d\n", Calls - Before);
}

/* Before its first instruction: what is queued then runs before the thread's own code. */
static NTSTATUS NTAPI Late(PVOID Parameter) {
    (void)Parameter;
    Print("  thread begins, calls: %d\n", Calls);
    return 0;
}

static void Early(void) {
    Calls = 0;
    HANDLE Thread = Begin(Late, NULL, TRUE);
    NtQueueApcThread(Thread, Say, (PVOID)50, NULL, NULL);
    NtResumeThread(Thread, NULL);
    EndOf(Thread);
}

static void Refused(void) {
    HANDLE Thread = Begin(Late, NULL, FALSE), Event = EventOf(0);
    HANDLE Weak = Weaker(Thread, THREAD_QUERY_INFORMATION | SYNCHRONIZE);
    NtWaitForSingleObject(Thread, FALSE, NULL);
    Check("ended thread refuses", !NT_SUCCESS(NtQueueApcThread(Thread, Say, 0, 0, 0)));
    ShowStatus("no handle", NtQueueApcThread(NULL, Say, 0, 0, 0));
    ShowStatus("stale handle", NtQueueApcThread(Stale(), Say, 0, 0, 0));
    ShowStatus("event", NtQueueApcThread(Event, Say, 0, 0, 0));
    ShowStatus("too little access", NtQueueApcThread(Weak, Say, 0, 0, 0));
    NtClose(Weak);
    NtClose(Event);
    NtClose(Thread);
}

void Start(void) {
    Go = EventOf(1);
    Ready = EventOf(1);
    ToMyself();
    WithObjects();
    ToAnother();
    Early();
    Refused();
    Exit(0);
}
