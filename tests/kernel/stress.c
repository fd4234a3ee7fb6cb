/*
 * stress.c - many threads do random things to each other, and the scheduler's rules hold throughout
 *
 * Eight workers carry out a counted number of operations each, chosen by a seed: signals, waits for
 * one, any and all, mutants, timers with DPCs, APCs, suspensions, priorities, affinities, queues. A
 * server answers requests that are waited for without a timeout, so a lost wake-up is a worker that
 * gets no further. Meanwhile the test's own thread goes from processor to processor and looks at
 * the ready queues. What was taken must be what was given: tokens, entries, APCs.
 *
 * Boot option /KMTSTRESS=n: the seed is n, and there are eight times as many operations.
 */
#include "hal.h"
#include "kmtest.h"
#include "ntrtl.h"
#include "ob.h"
#include "ps.h"

#define WORKERS     8
#define OPERATIONS  300
#define EVENTS      4
#define ITEMS       16
#define CONCURRENCY 2
#define PATIENCE    3840 /* ticks without a step of anybody: a minute */

typedef struct _WORKER {
    PKTHREAD Thread;
    ULONG Random;
    volatile LONG Steps;
    KEVENT Request, Reply;
    KAPC Special, Normal;
    volatile LONG Sent, Delivered; /* APCs to it */
} WORKER;

static struct {
    WORKER Workers[WORKERS];
    KEVENT Events[EVENTS];
    KSEMAPHORE Left, Right; /* one token each: alone, or both at once */
    KMUTANT Mutant;
    KTIMER Timer;
    KDPC Dpc;
    KQUEUE Queue;
    LIST_ENTRY Items[ITEMS];
    volatile LONG ItemUsed[ITEMS];
    volatile LONG Put, Got;
    volatile LONG InMutant, HasLeft, HasRight;
    volatile LONG Working;
    KEVENT Begin, AllDone, Shutdown;
    ULONG Operations;
    volatile LONG Wrong; /* line of the first rule that was broken */
    volatile LONG64 Found;
} Stress;

#define RULE(Condition, Value)                                                                     \
    do {                                                                                           \
        if (!(Condition))                                                                          \
            Break(__LINE__, (LONG64)(Value));                                                      \
    } while (0)

static VOID Break(LONG Line, LONG64 Value) {
    if (InterlockedCompareExchange(&Stress.Wrong, Line, 0) == 0)
        Stress.Found = Value;
}

static ULONG Random(WORKER *Worker, ULONG Limit) {
    ULONG x = Worker->Random;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    Worker->Random = x;
    return (x >> 4) % Limit;
}

/* No time, or up to two milliseconds. */
static LARGE_INTEGER Soon(WORKER *Worker) {
    return (LARGE_INTEGER){.QuadPart = -(LONGLONG)Random(Worker, 3) * 10000};
}

static WORKER *Other(WORKER *Worker) {
    ULONG Self = (ULONG)(Worker - Stress.Workers);
    return &Stress.Workers[(Self + 1 + Random(Worker, WORKERS - 1)) % WORKERS];
}

/* --- operations ---------------------------------------------------------------------------------
 */

static VOID Signal(WORKER *Worker) {
    PKEVENT Event = &Stress.Events[Random(Worker, EVENTS)];
    switch (Random(Worker, 4)) {
    case 0:
        KeResetEvent(Event);
        break;
    case 1:
        KePulseEvent(Event, 1, FALSE);
        break;
    default:
        KeSetEvent(Event, (KPRIORITY)Random(Worker, 4), FALSE);
    }
}

static VOID WaitForAny(WORKER *Worker) {
    PVOID Objects[EVENTS];
    KWAIT_BLOCK Blocks[EVENTS];
    LARGE_INTEGER Timeout = Soon(Worker);
    ULONG Count = 1 + Random(Worker, EVENTS);
    for (ULONG i = 0; i < Count; i++)
        Objects[i] = &Stress.Events[(i + Random(Worker, EVENTS)) % EVENTS];
    NTSTATUS Status = KeWaitForMultipleObjects(Count, Objects, WaitAny, Executive, KernelMode,
                                               FALSE, &Timeout, Blocks);
    RULE((ULONG)Status < Count || Status == STATUS_TIMEOUT, Status);
}

static VOID HoldToken(WORKER *Worker, PKSEMAPHORE Token, volatile LONG *Holders) {
    LARGE_INTEGER Timeout = Soon(Worker);
    if (KeWaitForSingleObject(Token, Executive, KernelMode, FALSE, &Timeout) != STATUS_SUCCESS)
        return;
    RULE(InterlockedIncrement(Holders) == 1, *Holders);
    if (Random(Worker, 2))
        KeYieldExecution();
    InterlockedDecrement(Holders);
    KeReleaseSemaphore(Token, 1, 1, FALSE);
}

/* Both tokens or neither: a token taken alone by a wait for both would be missed in the end. */
static VOID HoldBoth(WORKER *Worker) {
    PVOID Objects[2] = {&Stress.Left, &Stress.Right};
    LARGE_INTEGER Timeout = Soon(Worker);
    NTSTATUS Status =
        KeWaitForMultipleObjects(2, Objects, WaitAll, Executive, KernelMode, FALSE, &Timeout, NULL);
    RULE(Status == STATUS_SUCCESS || Status == STATUS_TIMEOUT, Status);
    if (Status != STATUS_SUCCESS)
        return;
    RULE(InterlockedIncrement(&Stress.HasLeft) == 1, Stress.HasLeft);
    RULE(InterlockedIncrement(&Stress.HasRight) == 1, Stress.HasRight);
    InterlockedDecrement(&Stress.HasLeft);
    InterlockedDecrement(&Stress.HasRight);
    KeReleaseSemaphore(&Stress.Left, 1, 1, FALSE);
    KeReleaseSemaphore(&Stress.Right, 1, 1, FALSE);
}

static VOID HoldMutant(WORKER *Worker) {
    LARGE_INTEGER Timeout = Soon(Worker);
    if (KeWaitForSingleObject(&Stress.Mutant, Executive, KernelMode, FALSE, &Timeout) !=
        STATUS_SUCCESS)
        return;
    RULE(InterlockedIncrement(&Stress.InMutant) == 1, Stress.InMutant);
    if (Random(Worker, 4) == 0)
        KeDelayExecutionThread(KernelMode, FALSE, &Timeout);
    InterlockedDecrement(&Stress.InMutant);
    KeReleaseMutant(&Stress.Mutant, 1, FALSE, FALSE);
}

static VOID Ask(WORKER *Worker) {
    for (ULONG Left = 1 + Random(Worker, 32); Left > 0; Left--) {
        KeSetEvent(&Worker->Request, 1, FALSE);
        KeWaitForSingleObject(&Worker->Reply, Executive, KernelMode, FALSE, NULL);
    }
}

static VOID PutItem(WORKER *Worker) {
    ULONG i = Random(Worker, ITEMS);
    if (InterlockedExchange(&Stress.ItemUsed[i], 1))
        return;
    InterlockedIncrement(&Stress.Put);
    if (Random(Worker, 2))
        KeInsertQueue(&Stress.Queue, &Stress.Items[i]);
    else
        KeInsertHeadQueue(&Stress.Queue, &Stress.Items[i]);
}

static VOID GetItem(WORKER *Worker) {
    LARGE_INTEGER Timeout = Soon(Worker);
    PLIST_ENTRY Entry = KeRemoveQueue(&Stress.Queue, KernelMode, &Timeout);
    if (Entry == (PLIST_ENTRY)(LONG_PTR)STATUS_TIMEOUT)
        return;
    ULONG i = (ULONG)(Entry - Stress.Items);
    RULE(i < ITEMS, Entry);
    InterlockedIncrement(&Stress.Got);
    RULE(InterlockedExchange(&Stress.ItemUsed[i], 0) == 1, i); /* given out once */
}

static VOID SpecialApc(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext,
                       PVOID *SystemArgument1, PVOID *SystemArgument2) {
    WORKER *Worker = *SystemArgument1;
    UNREFERENCED_PARAMETER(Apc);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(SystemArgument2);
    RULE(KeGetCurrentIrql() == APC_LEVEL, KeGetCurrentIrql());
    RULE(KeGetCurrentThread() == Worker->Thread, Worker - Stress.Workers);
    if (!*NormalRoutine)
        InterlockedIncrement(&Worker->Delivered);
}

static VOID NormalApc(PVOID Context, PVOID SystemArgument1, PVOID SystemArgument2) {
    WORKER *Worker = SystemArgument1;
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(SystemArgument2);
    RULE(KeGetCurrentIrql() == PASSIVE_LEVEL, KeGetCurrentIrql());
    InterlockedIncrement(&Worker->Delivered);
}

static VOID SendApc(WORKER *Worker) {
    WORKER *Target = Other(Worker);
    InterlockedIncrement(&Target->Sent);
    if (!KeInsertQueueApc(Random(Worker, 2) ? &Target->Special : &Target->Normal, Target, NULL, 1))
        InterlockedDecrement(&Target->Sent); /* it is on its way already */
}

/* In a critical region nobody is suspended who holds another suspended. */
static VOID Suspend(WORKER *Worker) {
    WORKER *Target = Other(Worker);
    KeEnterCriticalRegion();
    KeSuspendThread(Target->Thread);
    if (Random(Worker, 2))
        KeYieldExecution();
    KeResumeThread(Target->Thread);
    KeLeaveCriticalRegion();
}

static VOID Move(WORKER *Worker) {
    KAFFINITY All = KeQueryActiveProcessors(), Mask = (Random(Worker, 256) + 1) & All;
    KeSetAffinityThread(KeGetCurrentThread(), Mask ? Mask : All);
}

static VOID Reprioritise(WORKER *Worker) {
    KeSetPriorityThread(Other(Worker)->Thread, (KPRIORITY)(4 + Random(Worker, 10)));
}

static VOID StartTimer(WORKER *Worker) {
    if (Random(Worker, 3) == 0)
        KeCancelTimer(&Stress.Timer);
    else
        KeSetTimer(&Stress.Timer, Soon(Worker), &Stress.Dpc);
}

static VOID TimerDpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    for (ULONG i = 0; i < EVENTS; i++)
        KeSetEvent(&Stress.Events[i], 2, FALSE);
}

static VOID Delay(WORKER *Worker) {
    LARGE_INTEGER Interval = Soon(Worker);
    KeDelayExecutionThread(KernelMode, FALSE, &Interval);
}

static VOID Step(WORKER *Worker) {
    switch (Random(Worker, 20)) {
    case 0:
    case 1:
        HoldToken(Worker, &Stress.Left, &Stress.HasLeft);
        break;
    case 2:
        HoldToken(Worker, &Stress.Right, &Stress.HasRight);
        break;
    case 3:
    case 4:
        HoldBoth(Worker);
        break;
    case 5:
        HoldMutant(Worker);
        break;
    case 6:
    case 7:
        PutItem(Worker);
        break;
    case 8:
    case 9:
        GetItem(Worker);
        break;
    case 10:
        SendApc(Worker);
        break;
    case 11:
        Suspend(Worker);
        break;
    case 12:
        Move(Worker);
        break;
    case 13:
        Reprioritise(Worker);
        break;
    case 14:
        StartTimer(Worker);
        break;
    case 15:
        Delay(Worker);
        break;
    case 16:
        WaitForAny(Worker);
        break;
    case 17:
        Signal(Worker);
        break;
    case 18:
        KeYieldExecution();
        break;
    default:
        Ask(Worker);
    }
}

/* --- rules --------------------------------------------------------------------------------------
 */

/* What holds for a thread between any two of its steps. Nobody else changes its affinity. */
static VOID CheckSelf(VOID) {
    PKTHREAD Self = KeGetCurrentThread();
    RULE(KeGetCurrentIrql() == PASSIVE_LEVEL, KeGetCurrentIrql());
    RULE(!KeAreApcsDisabled(), Self->CombinedApcDisable);
    KIRQL OldIrql = KeRaiseIrqlToDpcLevel();
    ULONG Number = KeGetCurrentProcessorNumber();
    RULE(Self->Affinity.Mask >> Number & 1, Number);
    RULE(Self->State == Running && Self->NextProcessor == Number, Self->NextProcessor);
    RULE(Self->Quantum <= 2 * Self->QuantumReset, Self->Quantum);
    RULE(Self->Priority >= 1 && Self->Priority < LOW_REALTIME_PRIORITY, Self->Priority);
    KeLowerIrql(OldIrql);
}

static VOID CheckQueue(PKPRCB Prcb, ULONG Priority) {
    PLIST_ENTRY Head = &Prcb->DispatcherReadyListHead[Priority];
    ULONG Count = 0;
    for (PLIST_ENTRY Entry = Head->Flink; Entry != Head; Entry = Entry->Flink, Count++) {
        PKTHREAD Thread = CONTAINING_RECORD(Entry, KTHREAD, WaitListEntry);
        RULE(Entry->Flink->Blink == Entry, Entry);
        RULE(Thread->State == Ready, Thread->State);
        RULE(Thread->Priority == (CHAR)Priority, Thread->Priority);
        RULE(Thread->NextProcessor == Prcb->Number, Thread->NextProcessor); /* in no other's */
        RULE(Thread != Prcb->IdleThread && Thread != Prcb->NextThread, Priority);
        if (Count > 1000 || Stress.Wrong)
            break;
    }
    RULE((Prcb->ReadySummary >> Priority & 1) == (Count != 0), Prcb->ReadySummary);
}

/* The processor that this runs on. */
static VOID CheckProcessor(VOID) {
    KIRQL OldIrql = KeRaiseIrqlToDpcLevel();
    PKPRCB Prcb = KeGetCurrentPrcb();
    KeAcquireSpinLockAtDpcLevel(&Prcb->PrcbLock);
    for (ULONG Priority = 0; Priority < MAXIMUM_PRIORITY; Priority++)
        CheckQueue(Prcb, Priority);
    RULE(Prcb->CurrentThread->State == Running, Prcb->CurrentThread->State);
    PKTHREAD Next = Prcb->NextThread;
    RULE(!Next || (Next->State == Standby && Next->NextProcessor == Prcb->Number), Next);
    KeReleaseSpinLockFromDpcLevel(&Prcb->PrcbLock);
    KeLowerIrql(OldIrql);
}

/* --- the run ------------------------------------------------------------------------------------
 */

static VOID ServeRequests(PVOID Context) {
    PVOID Objects[WORKERS + 1];
    KWAIT_BLOCK Blocks[WORKERS + 1];
    UNREFERENCED_PARAMETER(Context);
    for (ULONG i = 0; i < WORKERS; i++)
        Objects[i] = &Stress.Workers[i].Request;
    Objects[WORKERS] = &Stress.Shutdown;
    for (;;) {
        NTSTATUS Status = KeWaitForMultipleObjects(WORKERS + 1, Objects, WaitAny, Executive,
                                                   KernelMode, FALSE, NULL, Blocks);
        if ((ULONG)Status >= WORKERS)
            return;
        KeSetEvent(&Stress.Workers[Status].Reply, 1, FALSE);
    }
}

/* Without a wait or a change the priority comes down to the base, a level a quantum. */
static VOID CheckDecay(VOID) {
    PKTHREAD Self = KeGetCurrentThread();
    for (ULONG Start = Self->KernelTime; Self->KernelTime - Start < 80; YieldProcessor())
        if (*(volatile CHAR *)&Self->Priority == Self->BasePriority)
            return;
    RULE(FALSE, Self->Priority);
}

static VOID Work(PVOID Context) {
    WORKER *Worker = Context;
    KeWaitForSingleObject(&Stress.Begin, Executive, KernelMode, FALSE, NULL);
    for (ULONG i = 0; i < Stress.Operations && !Stress.Wrong; i++) {
        Step(Worker);
        CheckSelf();
        InterlockedIncrement(&Worker->Steps);
    }
    if (InterlockedDecrement(&Stress.Working) == 0)
        KeSetEvent(&Stress.AllDone, 0, FALSE);
    KeWaitForSingleObject(&Stress.AllDone, Executive, KernelMode, FALSE, NULL);
    KeSetAffinityThread(KeGetCurrentThread(), KeQueryActiveProcessors());
    CheckDecay(); /* nobody sets priorities any more */
}

static VOID Prepare(ULONG Seed, ULONG Operations) {
    RtlZeroMemory(&Stress, sizeof(Stress));
    for (ULONG i = 0; i < EVENTS; i++)
        KeInitializeEvent(&Stress.Events[i], i ? SynchronizationEvent : NotificationEvent, FALSE);
    KeInitializeSemaphore(&Stress.Left, 1, 100);
    KeInitializeSemaphore(&Stress.Right, 1, 100);
    KeInitializeMutant(&Stress.Mutant, FALSE);
    KeInitializeTimerEx(&Stress.Timer, SynchronizationTimer);
    KeInitializeDpc(&Stress.Dpc, TimerDpc, NULL);
    KeInitializeQueue(&Stress.Queue, CONCURRENCY);
    KeInitializeEvent(&Stress.Begin, NotificationEvent, FALSE);
    KeInitializeEvent(&Stress.AllDone, NotificationEvent, FALSE);
    KeInitializeEvent(&Stress.Shutdown, NotificationEvent, FALSE);
    Stress.Operations = Operations;
    Stress.Working = WORKERS;
    for (ULONG i = 0; i < WORKERS; i++) {
        Stress.Workers[i].Random = (Seed * WORKERS + i) * 2654435761u | 1;
        KeInitializeEvent(&Stress.Workers[i].Request, SynchronizationEvent, FALSE);
        KeInitializeEvent(&Stress.Workers[i].Reply, SynchronizationEvent, FALSE);
    }
}

/* All exist before one begins: each needs the others. */
static VOID StartWorkers(VOID) {
    for (ULONG i = 0; i < WORKERS; i++) {
        WORKER *Worker = &Stress.Workers[i];
        Worker->Thread = KmtStart(Work, Worker);
        KeInitializeApc(&Worker->Special, Worker->Thread, OriginalApcEnvironment, SpecialApc, NULL,
                        NULL, KernelMode, NULL);
        KeInitializeApc(&Worker->Normal, Worker->Thread, OriginalApcEnvironment, SpecialApc, NULL,
                        NormalApc, KernelMode, NULL);
    }
    KeSetEvent(&Stress.Begin, 0, FALSE);
}

static LONG AllSteps(VOID) {
    LONG Sum = 0;
    for (ULONG i = 0; i < WORKERS; i++)
        Sum += Stress.Workers[i].Steps;
    return Sum;
}

static ULONG Ticks(VOID) {
    LARGE_INTEGER Count;
    KeQueryTickCount(&Count);
    return (ULONG)Count.QuadPart;
}

/* Until all are done; FALSE if nobody has got any further for long. */
static BOOLEAN Watch(VOID) {
    LARGE_INTEGER Nap = {.QuadPart = -20000};
    LONG Last = -1;
    for (ULONG Since = Ticks(), Number = 0; !KeReadStateEvent(&Stress.AllDone); Number++) {
        KeSetAffinityThread(KeGetCurrentThread(),
                            1ull << Number % KeQueryActiveProcessorCount(NULL));
        CheckProcessor();
        KeDelayExecutionThread(KernelMode, FALSE, &Nap);
        if (AllSteps() != Last)
            Since = Ticks();
        else if (Ticks() - Since > PATIENCE)
            return FALSE;
        Last = AllSteps();
    }
    return TRUE;
}

static VOID DescribeStall(VOID) {
    for (ULONG i = 0; i < WORKERS; i++) {
        PKTHREAD Thread = Stress.Workers[i].Thread;
        DbgPrint("worker %u: %d steps, state %u, reason %u, processor %u, suspended %u\n", i,
                 Stress.Workers[i].Steps, Thread->State, Thread->WaitReason, Thread->NextProcessor,
                 Thread->SuspendCount);
    }
}

/* The timer's DPC is not on its way any more: every processor has done what it had been sent. */
static VOID StopTimer(VOID) {
    KeCancelTimer(&Stress.Timer);
    for (ULONG i = 0; i < KeQueryActiveProcessorCount(NULL); i++)
        KeSetAffinityThread(KeGetCurrentThread(), 1ull << i);
    KeSetAffinityThread(KeGetCurrentThread(), KeQueryActiveProcessors());
}

/* What is in the machine again after all have gone. */
static VOID CheckEnd(VOID) {
    LONG Left = 0;
    KMT_CHECK(Stress.Queue.CurrentCount == 0);
    PLIST_ENTRY First = KeRundownQueue(&Stress.Queue);
    for (PLIST_ENTRY Entry = First; Entry && (Left == 0 || Entry != First); Entry = Entry->Flink)
        Left++;
    KMT_CHECK(Stress.Put == Stress.Got + Left);
    KMT_CHECK(KeReadStateSemaphore(&Stress.Left) == 1);
    KMT_CHECK(KeReadStateSemaphore(&Stress.Right) == 1);
    KMT_CHECK(KeReadStateMutant(&Stress.Mutant) == 1);
    for (ULONG i = 0; i < WORKERS; i++)
        KMT_CHECK(Stress.Workers[i].Sent == Stress.Workers[i].Delivered);
    KMT_CHECK(AllSteps() == (LONG)(WORKERS * Stress.Operations));
}

static VOID Run(ULONG Seed, ULONG Operations) {
    Prepare(Seed, Operations);
    PKTHREAD Server = KmtStart(ServeRequests, NULL);
    StartWorkers();
    BOOLEAN Done = Watch();
    KeSetAffinityThread(KeGetCurrentThread(), KeQueryActiveProcessors());
    if (Stress.Wrong)
        DbgPrint("stress.c:%d with seed %u: %lld\n", Stress.Wrong, Seed, Stress.Found);
    if (!Done)
        DescribeStall();
    KMT_CHECK(Done && Stress.Wrong == 0);
    if (!Done)
        return; /* who hangs cannot be ended */
    for (ULONG i = 0; i < WORKERS; i++)
        KmtJoin(Stress.Workers[i].Thread);
    KeSetEvent(&Stress.Shutdown, 0, FALSE);
    KmtJoin(Server);
    StopTimer();
    if (Stress.Wrong == 0)
        CheckEnd();
    KMT_CHECK(Stress.Wrong == 0);
}

static ULONG AskedSeed(VOID) {
    PCSTR Value = HalQueryLoadOption("KMTSTRESS");
    ULONG Seed = 0;
    for (; Value && *Value >= '0' && *Value <= '9'; Value++)
        Seed = 10 * Seed + (ULONG)(*Value - '0');
    return Seed;
}

KMT_TEST(stress_first_seed) {
    ULONG Seed = AskedSeed();
    Run(Seed ? Seed : 1, Seed ? 8 * OPERATIONS : OPERATIONS);
}

KMT_TEST(stress_second_seed) {
    Run(AskedSeed() + 2, OPERATIONS);
}
