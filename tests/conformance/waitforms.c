/* Waits that block: who is served, in which order, and by what else a wait can end. */
#include "threading.h"

NTSYS NTSTATUS NTAPI NtCreateMutant(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, BOOLEAN);
NTSYS NTSTATUS NTAPI NtReleaseMutant(HANDLE, PLONG);
NTSYS NTSTATUS NTAPI NtCreateSemaphore(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, LONG, LONG);
NTSYS NTSTATUS NTAPI NtReleaseSemaphore(HANDLE, LONG, PLONG);
NTSYS NTSTATUS NTAPI NtSignalAndWaitForSingleObject(HANDLE, HANDLE, BOOLEAN, PLARGE_INTEGER);

enum { All, Any };

/* One thread that waits once. */
typedef struct {
    HANDLE Handles[2];
    ULONG Count;
    int Type;
    HANDLE Ready, Thread;
    volatile NTSTATUS Status;
} WAITER;

static NTSTATUS Poll(HANDLE Handle) {
    return NtWaitForSingleObject(Handle, FALSE, MILLISECONDS(0));
}

static HANDLE NewEvent(int Type) {
    HANDLE Event = NULL;
    NtCreateEvent(&Event, EVENT_ALL_ACCESS, NULL, Type, FALSE);
    return Event;
}

static NTSTATUS NTAPI Wait(PVOID Parameter) {
    WAITER *Waiter = Parameter;
    NtSetEvent(Waiter->Ready, NULL);
    Waiter->Status =
        NtWaitForMultipleObjects(Waiter->Count, Waiter->Handles, Waiter->Type, FALSE, NULL);
    RtlExitUserThread(Waiter->Status);
    return 0;
}

/* It waits when this returns. */
static void StartWaiter(WAITER *Waiter, int Type, ULONG Count, HANDLE First, HANDLE Second) {
    *Waiter = (WAITER){.Handles = {First, Second}, .Count = Count, .Type = Type, .Status = 0x103};
    Waiter->Ready = NewEvent(0);
    RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, Wait, Waiter, &Waiter->Thread, NULL);
    NtWaitForSingleObject(Waiter->Ready, FALSE, NULL);
    UntilItWaits(ThreadIdOf(Waiter->Thread));
}

static void EndWaiter(const char *What, WAITER *Waiter) {
    NtWaitForSingleObject(Waiter->Thread, FALSE, NULL);
    ShowStatus(What, Waiter->Status);
    NtClose(Waiter->Thread);
    NtClose(Waiter->Ready);
}

static void Order(void) {
    WAITER Waiters[3];
    HANDLE Semaphore = NULL;
    Print("first come, first served\n");
    NtCreateSemaphore(&Semaphore, MAXIMUM_ALLOWED, NULL, 0, 3);
    for (int i = 0; i < 3; i++) {
        StartWaiter(&Waiters[i], Any, 1, Semaphore, NULL);
    }
    for (int i = 0; i < 3; i++) {
        NtReleaseSemaphore(Semaphore, 1, NULL);
        EndWaiter(" one", &Waiters[i]);
    }
    ShowStatus(" nothing is left", Poll(Semaphore));
    NtClose(Semaphore);
}

static void ForAll(void) {
    WAITER Waiter;
    HANDLE First = NewEvent(1), Second = NewEvent(1);
    Print("all\n");
    StartWaiter(&Waiter, All, 2, First, Second);
    NtSetEvent(First, NULL);
    NtDelayExecution(FALSE, MILLISECONDS(50));
    Check(" waits on", Waiter.Status == 0x103);
    ShowStatus(" the first is not taken", Poll(First));
    NtSetEvent(Second, NULL);
    NtDelayExecution(FALSE, MILLISECONDS(50));
    Check(" waits on", Waiter.Status == 0x103);
    NtSetEvent(First, NULL);
    EndWaiter(" both", &Waiter);
    ShowStatus(" first", Poll(First));
    ShowStatus(" second", Poll(Second));
    NtClose(First);
    NtClose(Second);
}

static HANDLE Taken;

static NTSTATUS NTAPI TakeAndEnd(PVOID Mutant) {
    NtWaitForSingleObject(Mutant, FALSE, NULL);
    NtSetEvent(Taken, NULL);
    NtDelayExecution(FALSE, MILLISECONDS(100));
    RtlExitUserThread(0);
    return 0;
}

static void Abandon(HANDLE Mutant) {
    HANDLE Thread = NULL;
    RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, TakeAndEnd, Mutant, &Thread, NULL);
    NtWaitForSingleObject(Taken, FALSE, NULL);
    NtClose(Thread);
}

static void Abandoned(void) {
    HANDLE Handles[2] = {NewEvent(0), NULL};
    Print("abandoned\n");
    Taken = NewEvent(1);
    NtCreateMutant(&Handles[1], MAXIMUM_ALLOWED, NULL, FALSE);
    Abandon(Handles[1]);
    ShowStatus(" any", NtWaitForMultipleObjects(2, Handles, Any, FALSE, NULL));
    NtReleaseMutant(Handles[1], NULL);
    NtSetEvent(Handles[0], NULL);
    Abandon(Handles[1]);
    ShowStatus(" all", NtWaitForMultipleObjects(2, Handles, All, FALSE, NULL));
    NtReleaseMutant(Handles[1], NULL);
    Abandon(Handles[1]);
    ShowStatus(" signal and wait",
               NtSignalAndWaitForSingleObject(Handles[0], Handles[1], FALSE, NULL));
    ShowStatus(" again", Poll(Handles[1]));
}

static void NTAPI Say(PVOID First, PVOID Second, PVOID Third) {
    (void)Second;
    (void)Third;
    Print("  apc %d\n", (int)(ULONG_PTR)First);
}

static void Queue(int Number) {
    NtQueueApcThread(SELF_THREAD, Say, (PVOID)(ULONG_PTR)Number, NULL, NULL);
}

/* An APC comes before a timeout of zero, and after an object that is there. */
static void Alertable(void) {
    HANDLE Event = NewEvent(1), Both[2] = {Event, NewEvent(1)};
    Print("alertable\n");
    Queue(1);
    ShowStatus(" zero", NtWaitForSingleObject(Event, TRUE, MILLISECONDS(0)));
    ShowStatus(" zero, none", NtWaitForSingleObject(Event, TRUE, MILLISECONDS(0)));
    Queue(2);
    ShowStatus(" any, zero", NtWaitForMultipleObjects(2, Both, Any, TRUE, MILLISECONDS(0)));
    Queue(3);
    ShowStatus(" all", NtWaitForMultipleObjects(2, Both, All, TRUE, NULL));
    NtSetEvent(Event, NULL);
    Queue(4);
    ShowStatus(" signal and wait", NtSignalAndWaitForSingleObject(Both[1], Event, FALSE, NULL));
    ShowStatus(" the signalled one", Poll(Both[1]));
    ShowStatus(" signal and wait, alertable",
               NtSignalAndWaitForSingleObject(Both[1], Event, TRUE, NULL));
    ShowStatus(" the signalled one", Poll(Both[1]));
}

static void Refused(void) {
    HANDLE Event = NewEvent(1), NoWait = NULL;
    Print("refused\n");
    NtDuplicateObject(SELF, Event, SELF, &NoWait, 2, 0, 0); /* EVENT_MODIFY_STATE alone */
    ShowStatus(" no right to wait", Poll(NoWait));
    HANDLE Both[2] = {Event, NoWait};
    ShowStatus(" one of two", NtWaitForMultipleObjects(2, Both, Any, FALSE, MILLISECONDS(0)));
    ShowStatus(" signal, no right to wait",
               NtSignalAndWaitForSingleObject(Event, NoWait, FALSE, MILLISECONDS(0)));
    ShowStatus(" not signalled", Poll(Event));
    ShowStatus(" handle 0", Poll(NULL));
    ShowStatus(" closed", (NtClose(NoWait), Poll(NoWait)));
    ShowStatus(" this process", Poll(SELF));
    ShowStatus(" this thread", Poll(SELF_THREAD));
}

void Start(void) {
    Order();
    ForAll();
    Abandoned();
    Alertable();
    Refused();
    Exit(0);
}
