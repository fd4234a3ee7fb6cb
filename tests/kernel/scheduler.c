/*
 * scheduler.c - tests of priorities, quanta, raises and relief
 *
 * All threads of a test run on the first processor only, so that they compete. Time is counted in
 * the clock ticks that a thread was charged for (KTHREAD.KernelTime).
 */
#include "kmtest.h"
#include "ob.h"
#include "ps.h"

#define BASE   8
#define ROUNDS 8

static KEVENT Gate; /* for the threads of a test: StartAt, Go */

static ULONG Ticks(VOID) {
    LARGE_INTEGER Count;
    KeQueryTickCount(&Count);
    return (ULONG)Count.QuadPart;
}

static VOID Sleep(ULONG TickCount) {
    LARGE_INTEGER Delay = {.QuadPart = -(LONGLONG)KeQueryTimeIncrement() * TickCount};
    KeDelayExecutionThread(KernelMode, FALSE, &Delay);
}

/* The test's own thread, above what it tests, on the same processor. */
static VOID Preside(VOID) {
    KeInitializeEvent(&Gate, NotificationEvent, FALSE);
    KeSetAffinityThread(KeGetCurrentThread(), 1);
    KeSetPriorityThread(KeGetCurrentThread(), BASE + 6);
}

static VOID StepDown(VOID) {
    KeSetPriorityThread(KeGetCurrentThread(), BASE);
    KeSetAffinityThread(KeGetCurrentThread(), KeQueryActiveProcessors());
}

/* A thread does nothing before it has its priority and its processor, and Go has been called. */
typedef struct _LAUNCH {
    PKSTART_ROUTINE Routine;
    PVOID Context;
} LAUNCH;

static VOID Launched(PVOID Context) {
    LAUNCH *Launch = Context;
    KeWaitForSingleObject(&Gate, Executive, KernelMode, FALSE, NULL);
    Launch->Routine(Launch->Context);
}

static PKTHREAD StartAt(PKSTART_ROUTINE Routine, PVOID Context, KPRIORITY Priority) {
    static LAUNCH Launches[4]; /* of a test's threads, each its own */
    static ULONG Next;
    LAUNCH *Launch = &Launches[Next++ % 4];
    *Launch = (LAUNCH){Routine, Context};
    KeResetEvent(&Gate);
    PKTHREAD Thread = KmtStart(Launched, Launch);
    KeSetAffinityThread(Thread, 1);
    while (*(volatile UCHAR *)&Thread->State != Waiting)
        Sleep(1);
    KeSetPriorityThread(Thread, Priority);
    return Thread;
}

static VOID Go(VOID) {
    KeSetEvent(&Gate, 0, FALSE);
}

/* --- turns --------------------------------------------------------------------------------------
 */

static PKTHREAD volatile Turn;
static volatile LONG TurnCount, Halt;
static ULONG TurnTicks[ROUNDS + 1]; /* what the turn's thread was charged for */
static ULONG Began;

/* Whoever finds that it is somebody else's turn has just been given the processor. */
static VOID TakeTurns(PVOID Quantum) {
    PKTHREAD Self = KeGetCurrentThread();
    Self->Quantum = Self->QuantumReset = (CHAR)(ULONG_PTR)Quantum;
    while (!Halt && TurnCount <= ROUNDS) {
        if (Turn != Self) {
            if (Turn && TurnCount <= ROUNDS)
                TurnTicks[TurnCount++] = Turn->KernelTime - Began;
            Began = Self->KernelTime;
            Turn = Self;
        }
        YieldProcessor();
    }
}

static VOID RunTurns(ULONG Quantum, BOOLEAN Disturb) {
    PKTHREAD Threads[2];
    Preside();
    TurnCount = Halt = 0;
    Turn = NULL;
    for (ULONG i = 0; i < 2; i++)
        Threads[i] = StartAt(TakeTurns, (PVOID)(ULONG_PTR)Quantum, BASE);
    Go();
    for (ULONG Limit = Ticks() + 4000; TurnCount <= ROUNDS && (LONG)(Limit - Ticks()) > 0;)
        Sleep(Disturb ? 1 : 20);
    Halt = 1;
    for (ULONG i = 0; i < 2; i++)
        KmtJoin(Threads[i]);
    StepDown();
}

/* A late tick may be charged to a turn that is over, so one can be longer; none is shorter. The
   first is not a whole one. */
static VOID CheckTurns(ULONG Expected) {
    ULONG Right = 0, Short = 0;
    for (ULONG i = 1; i <= ROUNDS; i++) {
        Right += TurnTicks[i] == Expected;
        Short += TurnTicks[i] < Expected;
    }
    KMT_CHECK(TurnCount == ROUNDS + 1);
    KMT_CHECK(Short == 0);
    KMT_CHECK(Right > ROUNDS / 2);
}

KMT_TEST(scheduler_equals_take_turns_of_a_quantum) {
    RunTurns(THREAD_QUANTUM, FALSE);
    CheckTurns(THREAD_QUANTUM / CLOCK_QUANTUM_DECREMENT);
}

KMT_TEST(scheduler_server_turns_are_longer) {
    RunTurns(THREAD_QUANTUM_SERVER, FALSE);
    CheckTurns(THREAD_QUANTUM_SERVER / CLOCK_QUANTUM_DECREMENT);
}

/* This thread preempts the one that runs at each tick; that one goes on with what it had left. */
KMT_TEST(scheduler_preempted_thread_keeps_its_turn) {
    RunTurns(THREAD_QUANTUM, TRUE);
    CheckTurns(THREAD_QUANTUM / CLOCK_QUANTUM_DECREMENT);
}

/* --- raises -------------------------------------------------------------------------------------
 */

typedef struct _RAISED {
    KEVENT Event, Ready;
    KPRIORITY First, Last; /* when woken, and when nothing changed any more */
    ULONG Steps, Jumps;    /* by one level, by more */
    ULONG Longest;         /* ticks at one level above the last */
} RAISED;

/* Is woken, then runs and watches what becomes of its priority. */
static VOID WatchRaise(PVOID Context) {
    RAISED *Raised = Context;
    PKTHREAD Self = KeGetCurrentThread();
    KeSetEvent(&Raised->Ready, 0, FALSE);
    KeWaitForSingleObject(&Raised->Event, Executive, KernelMode, FALSE, NULL);
    KPRIORITY Level = Raised->First = Self->Priority;
    for (ULONG Since = Self->KernelTime; Self->KernelTime - Since < 8; YieldProcessor()) {
        KPRIORITY Now = *(volatile CHAR *)&Self->Priority;
        if (Now == Level)
            continue;
        Raised->Steps += Now == Level - 1;
        Raised->Jumps += Now != Level - 1;
        Raised->Longest = max(Raised->Longest, Self->KernelTime - Since);
        Since = Self->KernelTime;
        Level = Now;
    }
    Raised->Last = Level;
}

static VOID Raise(RAISED *Raised, KPRIORITY Base, KPRIORITY Increment, BOOLEAN DisableBoost) {
    RtlZeroMemory(Raised, sizeof(*Raised));
    KeInitializeEvent(&Gate, NotificationEvent, FALSE);
    KeInitializeEvent(&Raised->Event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Raised->Ready, SynchronizationEvent, FALSE);
    PKTHREAD Thread = StartAt(WatchRaise, Raised, Base);
    KeSetDisableBoostThread(Thread, DisableBoost);
    Go();
    KeWaitForSingleObject(&Raised->Ready, Executive, KernelMode, FALSE, NULL);
    while (*(volatile UCHAR *)&Thread->State != Waiting)
        Sleep(1);
    KeSetEvent(&Raised->Event, Increment, FALSE);
    KmtJoin(Thread);
}

KMT_TEST(scheduler_raise_decays_level_by_level) {
    RAISED Raised;
    Raise(&Raised, BASE, 3, FALSE);
    KMT_CHECK(Raised.First == BASE + 3);
    KMT_CHECK(Raised.Last == BASE);
    KMT_CHECK(Raised.Steps == 3 && Raised.Jumps == 0);
    KMT_CHECK(Raised.Longest <= 4); /* a quantum has two; late ticks come together */
}

KMT_TEST(scheduler_raise_stops_at_15) {
    RAISED Raised;
    Raise(&Raised, 13, 6, FALSE);
    KMT_CHECK(Raised.First == LOW_REALTIME_PRIORITY - 1 && Raised.Last == 13);
}

KMT_TEST(scheduler_real_time_is_never_raised) {
    RAISED Raised;
    Raise(&Raised, LOW_REALTIME_PRIORITY, 6, FALSE);
    KMT_CHECK(Raised.First == LOW_REALTIME_PRIORITY && Raised.Last == LOW_REALTIME_PRIORITY);
    KMT_CHECK(Raised.Steps == 0 && Raised.Jumps == 0);
}

KMT_TEST(scheduler_raises_can_be_turned_off) {
    RAISED Raised;
    Raise(&Raised, BASE, 3, TRUE);
    KMT_CHECK(Raised.First == BASE && Raised.Last == BASE && Raised.Steps == 0);
}

#define WAITS (4 * THREAD_QUANTUM) /* some find their short time over already, and are none */

/* A wait costs a unit: who waits often gives back a raise without ever using up a tick. */
static VOID WaitOften(PVOID Context) {
    KPRIORITY *Seen = Context;
    PKTHREAD Self = KeGetCurrentThread();
    LARGE_INTEGER Now = {.QuadPart = -1};
    KeWaitForSingleObject(Self, Executive, KernelMode, FALSE, &Now);
    Self->Priority = BASE + 2; /* as a wait with an Increment of 2 does */
    Self->Quantum = Self->QuantumReset;
    for (ULONG i = 0; i < WAITS; i++) {
        Seen[i] = Self->Priority;
        KeWaitForSingleObject(Self, Executive, KernelMode, FALSE, &Now);
    }
    Seen[WAITS] = Self->Priority;
}

KMT_TEST(scheduler_waits_use_up_a_quantum) {
    static KPRIORITY Seen[WAITS + 1];
    KeInitializeEvent(&Gate, NotificationEvent, FALSE);
    PKTHREAD Thread = StartAt(WaitOften, Seen, BASE);
    Go();
    KmtJoin(Thread);
    KMT_CHECK(Seen[0] == BASE + 2);
    KMT_CHECK(Seen[WAITS / 2] <= BASE + 1);
    KMT_CHECK(Seen[WAITS] == BASE);
}

/* --- changed priorities -------------------------------------------------------------------------
 */

static volatile LONG Order;

static VOID NoteOrder(PVOID Context) {
    *(PLONG)Context = InterlockedIncrement(&Order);
}

KMT_TEST(scheduler_highest_ready_thread_runs_first) {
    LONG Places[4];
    PKTHREAD Threads[4];
    static const CHAR Priorities[4] = {5, 7, 4, 6};
    Preside();
    Order = 0;
    for (ULONG i = 0; i < 4; i++)
        Threads[i] = StartAt(NoteOrder, &Places[i], Priorities[i]);
    Go();
    KeSetPriorityThread(Threads[2], 10); /* a ready one is raised, another lowered */
    KeSetPriorityThread(Threads[1], 3);
    for (ULONG i = 0; i < 4; i++)
        KmtJoin(Threads[i]);
    StepDown();
    KMT_CHECK(Places[2] == 1 && Places[3] == 2 && Places[0] == 3 && Places[1] == 4);
}

/* From another processor, if there is one. It need not come to the end of its long quantum first.
 */
KMT_TEST(scheduler_lowered_thread_makes_way) {
    LONG Place = 0;
    Halt = 0;
    TurnCount = ROUNDS; /* one taker of turns just spins */
    Turn = NULL;
    Order = 0;
    Preside();
    PKTHREAD Spinner = StartAt(TakeTurns, (PVOID)120, BASE + 1);
    PKTHREAD Other = StartAt(NoteOrder, &Place, BASE);
    Go();
    KeSetAffinityThread(KeGetCurrentThread(), 1ull << (KeQueryActiveProcessorCount(NULL) - 1));
    Sleep(3);
    KMT_CHECK(Place == 0);
    ULONG Charged = Spinner->KernelTime;
    KeSetPriorityThread(Spinner, BASE - 1);
    for (ULONG Try = 0; Try < 400 && Place == 0; Try++)
        Sleep(1);
    KMT_CHECK(Place == 1);
    KMT_CHECK(Spinner->KernelTime - Charged < 20);
    Halt = 1;
    KmtJoin(Spinner);
    KmtJoin(Other);
    StepDown();
}

static volatile LONG Delivered;

static VOID NoteApc(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext,
                    PVOID *SystemArgument1, PVOID *SystemArgument2) {
    UNREFERENCED_PARAMETER(Apc);
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    InterlockedIncrement(&Delivered);
}

/* It is ready, not running, when the APC comes, and afterwards never waits for anything. */
KMT_TEST(scheduler_apc_to_a_ready_thread_is_delivered) {
    static KAPC Apc;
    Delivered = Halt = 0;
    TurnCount = ROUNDS;
    Turn = NULL;
    Preside();
    PKTHREAD Spinner = StartAt(TakeTurns, (PVOID)THREAD_QUANTUM, BASE);
    Go();
    Sleep(2);
    KMT_CHECK(Spinner->State == Ready); /* this thread has its processor */
    KeInitializeApc(&Apc, Spinner, OriginalApcEnvironment, NoteApc, NULL, NULL, KernelMode, NULL);
    KMT_CHECK(KeInsertQueueApc(&Apc, NULL, NULL, 0));
    for (ULONG Try = 0; Try < 200 && Delivered == 0; Try++)
        Sleep(1);
    KMT_CHECK(Delivered == 1);
    Halt = 1;
    KmtJoin(Spinner);
    StepDown();
}

/* A better thread that is woken has run by the time the call that woke it comes back. */
typedef struct _WAKING {
    KEVENT Event;
    volatile LONG Woken;
    ULONG Late;
} WAKING;

static VOID BeWoken(PVOID Context) {
    WAKING *Waking = Context;
    for (ULONG i = 0; i < 20; i++) {
        KeWaitForSingleObject(&Waking->Event, Executive, KernelMode, FALSE, NULL);
        Waking->Woken++;
    }
}

static VOID Wake(PVOID Context) {
    WAKING *Waking = Context;
    for (LONG i = 1; i <= 20; i++) {
        KeSetEvent(&Waking->Event, 0, FALSE);
        Waking->Late += Waking->Woken != i;
    }
}

KMT_TEST(scheduler_better_thread_runs_before_the_call_returns) {
    WAKING Waking = {.Woken = 0};
    KeInitializeEvent(&Waking.Event, SynchronizationEvent, FALSE);
    Preside();
    PKTHREAD Better = StartAt(BeWoken, &Waking, BASE + 2);
    PKTHREAD Waker = StartAt(Wake, &Waking, BASE);
    Go(); /* Better comes to its wait first */
    KmtJoin(Waker);
    KmtJoin(Better);
    StepDown();
    KMT_CHECK(Waking.Woken == 20 && Waking.Late == 0);
}

/* --- relief -------------------------------------------------------------------------------------
 */

typedef struct _STARVED {
    volatile LONG Ran;
    KPRIORITY First;
    ULONG RaisedTicks; /* charged while it was raised */
} STARVED;

static VOID Starve(PVOID Context) {
    STARVED *Starved = Context;
    PKTHREAD Self = KeGetCurrentThread();
    ULONG Start = Self->KernelTime;
    Starved->First = Self->Priority;
    while (*(volatile CHAR *)&Self->Priority != BASE - 2 && Self->KernelTime - Start < 50)
        YieldProcessor();
    Starved->RaisedTicks = Self->KernelTime - Start;
    InterlockedExchange(&Starved->Ran, 1);
}

static VOID Hog(PVOID Context) {
    UNREFERENCED_PARAMETER(Context);
    while (!Halt)
        YieldProcessor();
}

/* It stands in the queue as if since five seconds; nobody may take a ready thread's processor away
   while this is changed. */
static VOID Age(PKTHREAD Thread) {
    PKPRCB Prcb = KeGetCurrentPrcb(); /* the presiding thread is on the same one */
    KIRQL OldIrql;
    KeAcquireSpinLock(&Prcb->PrcbLock, &OldIrql);
    Thread->WaitTime -= 320;
    KeReleaseSpinLock(&Prcb->PrcbLock, OldIrql);
}

KMT_TEST(scheduler_starving_thread_gets_two_quanta) {
    STARVED Starved = {0};
    Preside();
    Halt = 0;
    PKTHREAD Strong = StartAt(Hog, NULL, BASE);
    PKTHREAD Weak = StartAt(Starve, &Starved, BASE - 2);
    Go();
    Sleep(2);
    KMT_CHECK(Weak->State == Ready && Starved.First == 0);
    Age(Weak);
    for (ULONG Limit = Ticks() + 400; Starved.First == 0 && (LONG)(Limit - Ticks()) > 0;)
        Sleep(8);
    Sleep(16);
    BOOLEAN Back = Weak->State == Ready && Weak->Priority == BASE - 2;
    Halt = 1;
    KmtJoin(Strong);
    KmtJoin(Weak);
    StepDown();
    KMT_CHECK(Starved.First == LOW_REALTIME_PRIORITY - 1);
    KMT_CHECK(Back); /* its quanta over, it waits for its turn again */
    KMT_CHECK(Starved.RaisedTicks >= 4 && Starved.RaisedTicks <= 8);
}

KMT_TEST(scheduler_ideal_processor_is_one_of_the_affinity) {
    PKTHREAD Self = KeGetCurrentThread();
    ULONG Last = KeQueryActiveProcessorCount(NULL) - 1, Old = KeSetIdealProcessorThread(Self, Last);
    KMT_CHECK(KeSetIdealProcessorThread(Self, 63) == Last); /* there is none: nothing changes */
    KMT_CHECK(KeSetIdealProcessorThread(Self, Old) == Last);
    KeSetAffinityThread(Self, 1);
    KMT_CHECK(Self->IdealProcessor == 0);
    KeSetAffinityThread(Self, KeQueryActiveProcessors());
    KeSetIdealProcessorThread(Self, Old);
}
