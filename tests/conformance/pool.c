/*
 * pool.c - work items, timer queues and registered waits
 *
 * Events say how far each side is: nothing depends on how long anything takes. What is not to
 * happen (a callback after a deletion) is looked for after something else that comes later has.
 */
#include "threading.h"

NTSYS NTSTATUS NTAPI RtlQueueWorkItem(WORKERCALLBACKFUNC, PVOID, ULONG);
NTSYS NTSTATUS NTAPI RtlCreateTimerQueue(PHANDLE);
NTSYS NTSTATUS NTAPI RtlDeleteTimerQueueEx(HANDLE, HANDLE);
NTSYS NTSTATUS NTAPI RtlCreateTimer(HANDLE, PHANDLE, WAITORTIMERCALLBACKFUNC, PVOID, ULONG, ULONG,
                                    ULONG);
NTSYS NTSTATUS NTAPI RtlUpdateTimer(HANDLE, HANDLE, ULONG, ULONG);
NTSYS NTSTATUS NTAPI RtlDeleteTimer(HANDLE, HANDLE, HANDLE);
NTSYS NTSTATUS NTAPI RtlRegisterWait(PHANDLE, HANDLE, WAITORTIMERCALLBACKFUNC, PVOID, ULONG, ULONG);
NTSYS NTSTATUS NTAPI RtlDeregisterWait(HANDLE);
NTSYS NTSTATUS NTAPI RtlDeregisterWaitEx(HANDLE, HANDLE);

#define ProcessHandleCount  20
#define ThreadAmILastThread 12

enum { NotificationEvent, SynchronizationEvent };

#define MANY    100
#define BLOCKED 8

static HANDLE Entered, Release, Done;
static volatile LONG Count, Ended;

static void Await(HANDLE Event) {
    NtWaitForSingleObject(Event, FALSE, NULL);
}

static BOOL IsSet(HANDLE Event) {
    return NtWaitForSingleObject(Event, FALSE, MILLISECONDS(0)) == STATUS_SUCCESS;
}

/* Until so many blocked callbacks have ended; then the next ones block again. */
static void AwaitEnded(LONG Wanted) {
    while (Ended < Wanted) {
        Sleep1(1);
    }
    NtResetEvent(Release, NULL);
}

/* ---- Work items ---- */

static void CALLBACK SetIt(PVOID Event) {
    NtSetEvent(Event, NULL);
}

static void CALLBACK CountIt(PVOID Limit) {
    if (InterlockedIncrement(&Count) == (LONG)(LONG_PTR)Limit) {
        NtSetEvent(Done, NULL);
    }
}

/* Each goes on only when all have begun: as many threads must run at once. */
static void CALLBACK Meet(PVOID Unused) {
    (void)Unused;
    if (InterlockedIncrement(&Count) == BLOCKED) {
        NtSetEvent(Release, NULL);
    }
    Await(Release);
    if (InterlockedIncrement(&Ended) == BLOCKED) {
        NtSetEvent(Done, NULL);
    }
}

static void CALLBACK QueueAnother(PVOID Event) {
    RtlQueueWorkItem(SetIt, Event, WT_EXECUTEDEFAULT);
}

static void WorkItems(void) {
    ShowStatus("queue", RtlQueueWorkItem(SetIt, Done, WT_EXECUTEDEFAULT));
    Await(Done);
    ShowStatus("queue a long function", RtlQueueWorkItem(SetIt, Done, WT_EXECUTELONGFUNCTION));
    Await(Done);
    ShowStatus("queue from an item", RtlQueueWorkItem(QueueAnother, Done, WT_EXECUTEDEFAULT));
    Await(Done);
    Count = 0;
    for (ULONG i = 0; i < MANY; i++) {
        RtlQueueWorkItem(CountIt, (PVOID)(LONG_PTR)MANY, WT_EXECUTEDEFAULT);
    }
    Await(Done);
    Print("items that ran: %d\n", Count);
    Count = Ended = 0;
    for (ULONG i = 0; i < BLOCKED; i++) {
        RtlQueueWorkItem(Meet, NULL, WT_EXECUTELONGFUNCTION);
    }
    Await(Done);
    Print("items that ran at once: %d\n", Count);
    NtResetEvent(Release, NULL);
}

/* ---- Timers ---- */

static BOOLEAN Fired;
static HANDLE CallbackThread;

static void CALLBACK Fire(PVOID Event, BOOLEAN TimedOut) {
    Fired = TimedOut;
    CallbackThread = MyThreadId();
    InterlockedIncrement(&Count);
    NtSetEvent(Event, NULL);
}

static void CALLBACK Block(PVOID Unused, BOOLEAN TimedOut) {
    (void)Unused;
    (void)TimedOut;
    NtSetEvent(Entered, NULL);
    Await(Release);
    InterlockedIncrement(&Ended);
}

static void CALLBACK CountTo3(PVOID Event, BOOLEAN TimedOut) {
    (void)TimedOut;
    if (InterlockedIncrement(&Count) == 3) {
        NtSetEvent(Event, NULL);
    }
}

static void CALLBACK Add(PVOID Counter, BOOLEAN TimedOut) {
    (void)TimedOut;
    InterlockedIncrement(Counter);
}

static void OneShot(HANDLE Queue) {
    HANDLE Timer = NULL;
    Fired = FALSE;
    ShowStatus("create", RtlCreateTimer(Queue, &Timer, Fire, Done, 0, 0, 0));
    Await(Done);
    Print("fired: %u\n", Fired);
    ShowStatus("update what has fired", RtlUpdateTimer(Queue, Timer, 0, 0));
    ShowStatus("delete, waiting", RtlDeleteTimer(Queue, Timer, INVALID_HANDLE_VALUE));
    Check("fired again", IsSet(Done));
}

static void Periodic(HANDLE Queue, ULONG Flags) {
    HANDLE Timer = NULL;
    Count = 0;
    ShowStatus("create", RtlCreateTimer(Queue, &Timer, CountTo3, Done, 1, 1, Flags));
    Await(Done);
    ShowStatus("delete", RtlDeleteTimer(Queue, Timer, INVALID_HANDLE_VALUE));
    LONG Seen = Count;
    ShowStatus("another", RtlCreateTimer(Queue, &Timer, Fire, Done, 20, 0, 0));
    Await(Done);
    ShowStatus("delete", RtlDeleteTimer(Queue, Timer, INVALID_HANDLE_VALUE));
    Check("the first did not go on", Count == Seen + 1);
}

static void Update(HANDLE Queue) {
    HANDLE Timer = NULL;
    ShowStatus("create for an hour", RtlCreateTimer(Queue, &Timer, Fire, Done, 3600000, 0, 0));
    ShowStatus("update to now", RtlUpdateTimer(Queue, Timer, 0, 0));
    Await(Done);
    ShowStatus("delete", RtlDeleteTimer(Queue, Timer, INVALID_HANDLE_VALUE));
    Count = 0;
    ShowStatus("create for an hour", RtlCreateTimer(Queue, &Timer, CountTo3, Done, 3600000, 0, 0));
    ShowStatus("update to a period", RtlUpdateTimer(Queue, Timer, 1, 1));
    Await(Done);
    ShowStatus("delete", RtlDeleteTimer(Queue, Timer, INVALID_HANDLE_VALUE));
    Count = 0;
    ShowStatus("create a period", RtlCreateTimer(Queue, &Timer, CountTo3, Done, 1, 1, 0));
    Await(Done);
    ShowStatus("update to an hour", RtlUpdateTimer(Queue, Timer, 3600000, 0));
    ShowStatus("delete", RtlDeleteTimer(Queue, Timer, INVALID_HANDLE_VALUE));
}

/* A callback that runs while its timer is deleted. */
static void DeleteBusy(HANDLE Queue) {
    HANDLE Timer = NULL;
    Ended = 0;
    RtlCreateTimer(Queue, &Timer, Block, NULL, 0, 0, 0);
    Await(Entered);
    ShowStatus("delete, no event", RtlDeleteTimer(Queue, Timer, NULL));
    NtSetEvent(Release, NULL);
    AwaitEnded(1);
    RtlCreateTimer(Queue, &Timer, Block, NULL, 0, 0, 0);
    Await(Entered);
    ShowStatus("delete with an event", RtlDeleteTimer(Queue, Timer, Done));
    Check("event", IsSet(Done));
    NtSetEvent(Release, NULL);
    Await(Done);
    RtlCreateTimer(Queue, &Timer, Block, NULL, 0, 0, 0);
    Await(Entered);
    ShowStatus("delete, waiting", RtlDeleteTimer(Queue, Timer, INVALID_HANDLE_VALUE));
    Print("callbacks that ended: %d\n", Ended);
    NtResetEvent(Release, NULL);
}

static void DeleteIdle(HANDLE Queue) {
    HANDLE Timer = NULL;
    RtlCreateTimer(Queue, &Timer, Fire, Done, 3600000, 0, 0);
    ShowStatus("delete with an event", RtlDeleteTimer(Queue, Timer, Done));
    Await(Done);
    RtlCreateTimer(Queue, &Timer, Fire, Done, 3600000, 0, 0);
    ShowStatus("delete, waiting", RtlDeleteTimer(Queue, Timer, INVALID_HANDLE_VALUE));
    ShowStatus("delete NULL", RtlDeleteTimer(Queue, NULL, NULL));
}

/* Callbacks on the thread of the timers: two timers have the same. */
static void TimerThread(HANDLE Queue) {
    HANDLE Timers[2], Thread;
    RtlCreateTimer(Queue, &Timers[0], Fire, Done, 0, 0, WT_EXECUTEINTIMERTHREAD);
    Await(Done);
    Thread = CallbackThread;
    RtlCreateTimer(Queue, &Timers[1], Fire, Done, 0, 0, WT_EXECUTEINTIMERTHREAD);
    Await(Done);
    Check("one thread", Thread == CallbackThread);
    RtlDeleteTimer(Queue, Timers[0], INVALID_HANDLE_VALUE);
    RtlDeleteTimer(Queue, Timers[1], INVALID_HANDLE_VALUE);
}

static void Queues(void) {
    HANDLE Queue = NULL, Timers[3];
    static volatile LONG Calls;
    ShowStatus("queue", RtlCreateTimerQueue(&Queue));
    for (ULONG i = 0; i < 3; i++) {
        RtlCreateTimer(Queue, &Timers[i], Add, (PVOID)&Calls, 1, 1, 0);
    }
    ShowStatus("delete the queue, waiting", RtlDeleteTimerQueueEx(Queue, INVALID_HANDLE_VALUE));
    LONG Seen = Calls;
    RtlCreateTimer(NULL, &Timers[0], Fire, Done, 20, 0, 0);
    Await(Done);
    RtlDeleteTimer(NULL, Timers[0], INVALID_HANDLE_VALUE);
    Check("no timer of it went on", Calls == Seen);
    RtlCreateTimerQueue(&Queue);
    ShowStatus("delete an empty queue", RtlDeleteTimerQueueEx(Queue, INVALID_HANDLE_VALUE));
    ShowStatus("delete NULL", RtlDeleteTimerQueueEx(NULL, INVALID_HANDLE_VALUE));
    RtlCreateTimerQueue(&Queue);
    Ended = 0;
    RtlCreateTimer(Queue, &Timers[0], Block, NULL, 0, 0, 0);
    Await(Entered);
    ShowStatus("delete a busy queue", RtlDeleteTimerQueueEx(Queue, NULL));
    NtSetEvent(Release, NULL);
    AwaitEnded(1);
}

static void Timers(HANDLE Queue) {
    OneShot(Queue);
    Periodic(Queue, 0);
    Periodic(Queue, WT_EXECUTEINTIMERTHREAD);
    Update(Queue);
    DeleteBusy(Queue);
    DeleteIdle(Queue);
    TimerThread(Queue);
}

/* ---- Waits ---- */

static void SimpleWaits(void) {
    HANDLE Event = EventOf(SynchronizationEvent), Wait = NULL;
    Fired = TRUE;
    ShowStatus("register", RtlRegisterWait(&Wait, Event, Fire, Done, INFINITE, 0));
    for (ULONG i = 0; i < 3; i++) {
        NtSetEvent(Event, NULL);
        Await(Done);
        Print("fired by time: %u\n", Fired);
    }
    ShowStatus("deregister, waiting", RtlDeregisterWaitEx(Wait, INVALID_HANDLE_VALUE));
    NtSetEvent(Event, NULL);
    Check("event is left alone", IsSet(Event));
    ShowStatus("register with a time", RtlRegisterWait(&Wait, Event, Fire, Done, 1, 0));
    Await(Done);
    Print("fired by time: %u\n", Fired);
    ShowStatus("deregister, waiting", RtlDeregisterWaitEx(Wait, INVALID_HANDLE_VALUE));
    NtClose(Event);
}

static void WaitOnce(ULONG Flags) {
    HANDLE Event = EventOf(SynchronizationEvent), Wait = NULL;
    ShowStatus("register once",
               RtlRegisterWait(&Wait, Event, Fire, Done, INFINITE, Flags | WT_EXECUTEONLYONCE));
    NtSetEvent(Event, NULL);
    Await(Done);
    NtSetEvent(Event, NULL);
    ShowStatus("deregister", RtlDeregisterWaitEx(Wait, INVALID_HANDLE_VALUE));
    Check("event is left alone", IsSet(Event));
    NtClose(Event);
}

static void BusyWaits(void) {
    HANDLE Event = EventOf(SynchronizationEvent), Wait = NULL;
    Ended = 0;
    RtlRegisterWait(&Wait, Event, Block, NULL, INFINITE, 0);
    NtSetEvent(Event, NULL);
    Await(Entered);
    ShowStatus("deregister", RtlDeregisterWait(Wait));
    NtSetEvent(Release, NULL);
    AwaitEnded(1);
    RtlRegisterWait(&Wait, Event, Block, NULL, INFINITE, WT_EXECUTEONLYONCE);
    NtSetEvent(Event, NULL);
    Await(Entered);
    ShowStatus("deregister with an event", RtlDeregisterWaitEx(Wait, Done));
    Check("event", IsSet(Done));
    NtSetEvent(Release, NULL);
    Await(Done);
    RtlRegisterWait(&Wait, Event, Block, NULL, INFINITE, 0);
    NtSetEvent(Event, NULL);
    Await(Entered);
    ShowStatus("deregister, waiting", RtlDeregisterWaitEx(Wait, INVALID_HANDLE_VALUE));
    Print("callbacks that ended: %d\n", Ended);
    NtResetEvent(Release, NULL);
    NtClose(Event);
}

/* More than one thread can wait for. */
static void ManyWaits(void) {
    static HANDLE Events[MANY], Waits[MANY];
    static volatile LONG Calls[MANY];
    ULONG Right = 0;
    for (ULONG i = 0; i < MANY; i++) {
        Events[i] = EventOf(NotificationEvent);
        RtlRegisterWait(&Waits[i], Events[i], Add, (PVOID)&Calls[i], INFINITE, WT_EXECUTEONLYONCE);
    }
    for (ULONG i = MANY; i > 0; i -= 2) {
        NtSetEvent(Events[i - 1], NULL);
        while (Calls[i - 1] == 0) {
            Sleep1(1);
        }
    }
    for (ULONG i = 0; i < MANY; i++) {
        RtlDeregisterWaitEx(Waits[i], INVALID_HANDLE_VALUE);
        NtClose(Events[i]);
        Right += Calls[i] == (LONG)(i & 1);
    }
    Print("waits that are right: %u\n", Right);
}

static NTSTATUS NTAPI EndAtOnce(PVOID Unused) {
    (void)Unused;
    return 0;
}

static void OtherObjects(void) {
    HANDLE Wait = NULL, Thread = Begin(EndAtOnce, NULL, TRUE);
    ShowStatus("register a thread",
               RtlRegisterWait(&Wait, Thread, Fire, Done, INFINITE, WT_EXECUTEONLYONCE));
    NtResumeThread(Thread, NULL);
    Await(Done);
    ShowStatus("deregister", RtlDeregisterWaitEx(Wait, INVALID_HANDLE_VALUE));
    NtClose(Thread);
}

/* ---- What Windows documents, and what this system does beyond that ---- */

static void OnlyOnce(HANDLE Queue) {
    HANDLE Once, Other;
    static volatile LONG Calls;
    RtlCreateTimer(Queue, &Once, Add, (PVOID)&Calls, 0, 1, WT_EXECUTEONLYONCE);
    Count = 0;
    RtlCreateTimer(Queue, &Other, CountTo3, Done, 5, 5, 0);
    Await(Done);
    RtlDeleteTimer(Queue, Once, INVALID_HANDLE_VALUE);
    RtlDeleteTimer(Queue, Other, INVALID_HANDLE_VALUE);
    Print("calls of a timer that fires once: %d\n", Calls);
}

/* "The timer is reset every time the wait operation completes": a time-out repeats, too. */
static void RepeatedTimeOuts(void) {
    HANDLE Event = EventOf(NotificationEvent), Wait = NULL;
    Count = 0;
    RtlRegisterWait(&Wait, Event, CountTo3, Done, 1, 0);
    Await(Done);
    ShowStatus("deregister after three time-outs", RtlDeregisterWaitEx(Wait, INVALID_HANDLE_VALUE));
    NtClose(Event);
}

static ULONG Handles(void) {
    ULONG Number = 0;
    NtQueryInformationProcess(SELF, ProcessHandleCount, &Number, sizeof(Number), NULL);
    return Number;
}

/* When all is deleted and idle, the pool's threads end and its handles are closed. */
static void NothingIsLeft(void) {
    HANDLE Queue = NULL, Timer = NULL, Event = EventOf(NotificationEvent), Wait = NULL;
    ULONG Before = Handles(), Alone = 0;
    RtlQueueWorkItem(SetIt, Done, 0);
    Await(Done);
    RtlCreateTimerQueue(&Queue);
    RtlCreateTimer(Queue, &Timer, Fire, Done, 0, 1, 0);
    Await(Done);
    RtlDeleteTimerQueueEx(Queue, INVALID_HANDLE_VALUE);
    NtSetEvent(Event, NULL);
    for (ULONG i = 0; i < 8; i++) {
        RtlRegisterWait(&Wait, Event, Fire, Done, INFINITE, WT_EXECUTEONLYONCE);
        Await(Done);
        RtlDeregisterWaitEx(Wait, INVALID_HANDLE_VALUE);
    }
    while (!Alone) {
        Sleep1(100);
        NtQueryInformationThread(SELF_THREAD, ThreadAmILastThread, &Alone, sizeof(Alone), NULL);
    }
    /* The loader's lock makes an event when threads first compete for it, and keeps it. */
    Check("threads have ended, handles are as before", Handles() <= Before + 1);
}

static void BadArguments(void) {
    HANDLE Wait = NULL;
    ShowStatus("wait for nothing", RtlRegisterWait(&Wait, NULL, Fire, Done, INFINITE, 0));
    ShowStatus("wait for a stale handle", RtlRegisterWait(&Wait, Stale(), Fire, Done, INFINITE, 0));
    ShowStatus("deregister nothing", RtlDeregisterWait(NULL));
}

void Start(void) {
    Entered = EventOf(SynchronizationEvent);
    Release = EventOf(NotificationEvent);
    Done = EventOf(SynchronizationEvent);
    if (LastArgumentIs(L"documented")) {
        NothingIsLeft();
        OnlyOnce(NULL);
        RepeatedTimeOuts();
        BadArguments();
        Exit(0);
    }
    Print("-- work items\n");
    WorkItems();
    Print("-- timers of the process\n");
    Timers(NULL);
    HANDLE Queue = NULL;
    Print("-- timers of a queue\n");
    ShowStatus("queue", RtlCreateTimerQueue(&Queue));
    Timers(Queue);
    ShowStatus("delete", RtlDeleteTimerQueueEx(Queue, INVALID_HANDLE_VALUE));
    Print("-- queues\n");
    Queues();
    Print("-- waits\n");
    SimpleWaits();
    WaitOnce(0);
    WaitOnce(WT_EXECUTEINWAITTHREAD);
    BusyWaits();
    ManyWaits();
    OtherObjects();
    Exit(0);
}
