/* processors.c - tests of what processors do for each other; with one, they do it for themselves */
#include "kmtest.h"
#include "hal.h"
#include "ob.h"
#include "ps.h"

#define LOOPS 20000

KMT_TEST(processors_are_all_started) {
    KMT_CHECK(KeQueryActiveProcessorCount(NULL) == HalQueryProcessorCount());
    KMT_CHECK(KeQueryActiveProcessors() == (1ull << KeQueryActiveProcessorCount(NULL)) - 1);
    KMT_CHECK(SharedUserData->ActiveProcessorCount == KeQueryActiveProcessorCount(NULL));
}

static VOID VisitAll(PVOID Context) {
    volatile LONG *Wrong = Context;
    for (ULONG Round = 0; Round < 50; Round++) {
        for (ULONG Number = 0; Number < KeQueryActiveProcessorCount(NULL); Number++) {
            KeSetAffinityThread(KeGetCurrentThread(), 1ull << Number);
            if (KeGetCurrentProcessorNumber() != Number)
                InterlockedIncrement(Wrong);
        }
    }
}

KMT_TEST(processors_affinity_moves_the_current_thread) {
    LONG Wrong = 0;
    VisitAll(&Wrong);
    KMT_CHECK(Wrong == 0);
    KeSetAffinityThread(KeGetCurrentThread(), KeQueryActiveProcessors());
}

KMT_TEST(processors_many_threads_travel_at_once) {
    static PKTHREAD Threads[16];
    static LONG Wrong;
    Wrong = 0;
    for (ULONG i = 0; i < ARRAYSIZE(Threads); i++)
        Threads[i] = KmtStart(VisitAll, &Wrong);
    for (ULONG i = 0; i < ARRAYSIZE(Threads); i++)
        KmtJoin(Threads[i]);
    KMT_CHECK(Wrong == 0);
}

static volatile LONG Stop, Where, Missing;

static VOID Spin(PVOID Context) {
    UNREFERENCED_PARAMETER(Context);
    while (!Stop) {
        InterlockedExchange(&Where, (LONG)KeGetCurrentProcessorNumber());
        YieldProcessor();
    }
}

KMT_TEST(processors_affinity_moves_a_running_thread) {
    BOOLEAN Moved = TRUE;
    Stop = 0;
    PKTHREAD Thread = KmtStart(Spin, NULL);
    KeSetAffinityThread(KeGetCurrentThread(), 1);
    for (ULONG Number = 0; Number < KeQueryActiveProcessorCount(NULL) * 4; Number++) {
        LARGE_INTEGER Delay = {.QuadPart = -10000};
        ULONG Target = Number % KeQueryActiveProcessorCount(NULL);
        KeSetAffinityThread(Thread, 1ull << Target);
        for (ULONG Try = 0; Try < 200 && Where != (LONG)Target; Try++)
            KeDelayExecutionThread(KernelMode, FALSE, &Delay);
        Moved &= Where == (LONG)Target;
    }
    Stop = 1;
    KmtJoin(Thread);
    KeSetAffinityThread(KeGetCurrentThread(), KeQueryActiveProcessors());
    KMT_CHECK(Moved);
}

/* All threads wait for each other without giving their processor away. */
static VOID Meet(PVOID Context) {
    KeSetAffinityThread(KeGetCurrentThread(), 1ull << (ULONG_PTR)Context);
    KIRQL OldIrql = KeRaiseIrqlToDpcLevel();
    InterlockedDecrement(&Missing);
    while (Missing > 0)
        YieldProcessor();
    KeLowerIrql(OldIrql);
}

KMT_TEST(processors_run_at_once) {
    PKTHREAD Threads[MAXIMUM_PROCESSORS];
    Missing = (LONG)KeQueryActiveProcessorCount(NULL);
    for (ULONG i = 0; i < KeQueryActiveProcessorCount(NULL); i++)
        Threads[i] = KmtStart(Meet, (PVOID)(ULONG_PTR)i);
    for (ULONG i = 0; i < KeQueryActiveProcessorCount(NULL); i++)
        KmtJoin(Threads[i]);
    KMT_CHECK(Missing == 0); /* and nobody has hung */
}

static volatile LONG DpcNumber;

static VOID NumberDpc(PKDPC Dpc, PVOID Event, PVOID First, PVOID Second) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    DpcNumber = (LONG)KeGetCurrentProcessorNumber();
    KeSetEvent(Event, 0, FALSE);
}

KMT_TEST(processors_dpc_runs_where_it_is_sent) {
    KEVENT Event;
    KDPC Dpc;
    BOOLEAN Right = TRUE;
    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    for (ULONG i = 0; i < 100 * KeQueryActiveProcessorCount(NULL); i++) {
        KeInitializeDpc(&Dpc, NumberDpc, &Event);
        KeSetTargetProcessorDpc(&Dpc, (CHAR)(i % KeQueryActiveProcessorCount(NULL)));
        KeInsertQueueDpc(&Dpc, NULL, NULL);
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        Right &= DpcNumber == (LONG)(i % KeQueryActiveProcessorCount(NULL));
    }
    KMT_CHECK(Right);
}

static KSPIN_LOCK Lock;
static ULONG64 Guarded;

static VOID Count(PVOID Context) {
    UNREFERENCED_PARAMETER(Context);
    for (ULONG i = 0; i < LOOPS; i++) {
        KIRQL OldIrql;
        KeAcquireSpinLock(&Lock, &OldIrql);
        Guarded = Guarded + 1;
        KeReleaseSpinLock(&Lock, OldIrql);
    }
}

KMT_TEST(processors_spin_lock_keeps_others_out) {
    PKTHREAD Threads[8];
    Guarded = 0;
    KeInitializeSpinLock(&Lock);
    for (ULONG i = 0; i < ARRAYSIZE(Threads); i++)
        Threads[i] = KmtStart(Count, NULL);
    for (ULONG i = 0; i < ARRAYSIZE(Threads); i++)
        KmtJoin(Threads[i]);
    KMT_CHECK(Guarded == LOOPS * ARRAYSIZE(Threads));
}

typedef struct _PAIR {
    KEVENT Ping, Pong;
    LONG Rounds;
} PAIR;

static VOID Partner(PVOID Context) {
    PAIR *Pair = Context;
    for (LONG i = 0; i < LOOPS / 10; i++) {
        KeWaitForSingleObject(&Pair->Ping, Executive, KernelMode, FALSE, NULL);
        Pair->Rounds++;
        KeSetEvent(&Pair->Pong, 0, FALSE);
    }
}

static VOID Leader(PVOID Context) {
    PAIR *Pair = Context;
    for (LONG i = 0; i < LOOPS / 10; i++) {
        KeSetEvent(&Pair->Ping, 0, FALSE);
        KeWaitForSingleObject(&Pair->Pong, Executive, KernelMode, FALSE, NULL);
    }
}

KMT_TEST(processors_no_wake_up_is_lost) {
    static PAIR Pairs[4];
    PKTHREAD Threads[2 * ARRAYSIZE(Pairs)];
    for (ULONG i = 0; i < ARRAYSIZE(Pairs); i++) {
        Pairs[i].Rounds = 0;
        KeInitializeEvent(&Pairs[i].Ping, SynchronizationEvent, FALSE);
        KeInitializeEvent(&Pairs[i].Pong, SynchronizationEvent, FALSE);
        Threads[2 * i] = KmtStart(Partner, &Pairs[i]);
        Threads[2 * i + 1] = KmtStart(Leader, &Pairs[i]);
    }
    for (ULONG i = 0; i < ARRAYSIZE(Threads); i++)
        KmtJoin(Threads[i]);
    for (ULONG i = 0; i < ARRAYSIZE(Pairs); i++)
        KMT_CHECK(Pairs[i].Rounds == LOOPS / 10);
}

/* One page of addresses whose page changes: who is told that it has changed must not see the old
 * one. */
static volatile ULONG64 *Window;
static volatile LONG64 Shown;
static volatile LONG Stale;
static volatile ULONG Looks[MAXIMUM_PROCESSORS];

static VOID Reader(PVOID Context) {
    ULONG Number = (ULONG)(ULONG_PTR)Context;
    KeSetAffinityThread(KeGetCurrentThread(), 1ull << Number);
    while (!Stop) {
        LONG64 Least = Shown; /* what the window has shown since before we look */
        if ((LONG64)*Window < Least)
            InterlockedIncrement(&Stale);
        Looks[Number]++;
    }
}

/* Until every reader has begun and ended a look. */
static VOID LetAllLook(VOID) {
    LARGE_INTEGER Delay = {.QuadPart = -1};
    for (ULONG Number = 0; Number < KeQueryActiveProcessorCount(NULL); Number++) {
        ULONG Before = Looks[Number];
        while (Looks[Number] - Before < 2)
            KeDelayExecutionThread(KernelMode, FALSE, &Delay);
    }
}

static VOID ShowPage(PVOID Page, LONG64 Value) {
    volatile ULONG64 *Pte =
        (volatile ULONG64 *)(0xFFFFF68000000000ull + ((ULONG64)Window >> 9 & 0x7FFFFFFFF8ull));
    volatile ULONG64 *From =
        (volatile ULONG64 *)(0xFFFFF68000000000ull + ((ULONG64)Page >> 9 & 0x7FFFFFFFF8ull));
    *(volatile LONG64 *)Page = Value;
    *Pte = *From;
    KeFlushRangeTb(NULL, (PVOID)Window, 1);
    Shown = Value;
}

KMT_TEST(processors_forget_translations_together) {
    PKTHREAD Threads[MAXIMUM_PROCESSORS];
    PUCHAR Pages = MmAllocateSystemPages(3 * PAGE_SIZE);
    volatile ULONG64 *Pte;
    Window = (volatile ULONG64 *)Pages;
    Pte = (volatile ULONG64 *)(0xFFFFF68000000000ull + ((ULONG64)Window >> 9 & 0x7FFFFFFFF8ull));
    ULONG64 Own = *Pte;
    Stop = Stale = 0;
    Shown = 0;
    for (ULONG i = 0; i < KeQueryActiveProcessorCount(NULL); i++)
        Threads[i] = KmtStart(Reader, (PVOID)(ULONG_PTR)i);
    for (LONG64 Value = 1; Value < 20; Value++) {
        ShowPage(Pages + (1 + Value % 2) * PAGE_SIZE, Value);
        LetAllLook();
    }
    Stop = 1;
    for (ULONG i = 0; i < KeQueryActiveProcessorCount(NULL); i++)
        KmtJoin(Threads[i]);
    *Pte = Own;
    KeFlushRangeTb(NULL, Pages, 1);
    MmFreeSystemPages(Pages, 3 * PAGE_SIZE);
    KMT_CHECK(Stale == 0);
}

static VOID Flusher(PVOID Context) {
    PUCHAR Va = Context;
    for (ULONG i = 0; i < 30; i++)
        KeFlushRangeTb(NULL, Va, i % 40 + 1);
}

KMT_TEST(processors_flush_at_the_same_time) {
    PKTHREAD Threads[8];
    for (ULONG i = 0; i < ARRAYSIZE(Threads); i++)
        Threads[i] = KmtStart(Flusher, &Lock);
    for (ULONG i = 0; i < ARRAYSIZE(Threads); i++)
        KmtJoin(Threads[i]); /* none waits for ever */
}

static volatile LONG ApcRuns;

static VOID CountApc(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext, PVOID *First,
                     PVOID *Second) {
    UNREFERENCED_PARAMETER(Apc);
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    InterlockedIncrement(&ApcRuns);
}

KMT_TEST(processors_apc_reaches_a_running_thread) {
    KAPC Apc;
    Stop = 0;
    ApcRuns = 0;
    PKTHREAD Thread = KmtStart(Spin, NULL);
    for (LONG i = 0; i < 100; i++) {
        KeInitializeApc(&Apc, Thread, OriginalApcEnvironment, CountApc, NULL, NULL, KernelMode,
                        NULL);
        KeInsertQueueApc(&Apc, NULL, NULL, 0);
        while (ApcRuns == i) {
            LARGE_INTEGER Delay = {.QuadPart = -1};
            KeDelayExecutionThread(KernelMode, FALSE, &Delay);
        }
    }
    Stop = 1;
    KmtJoin(Thread);
    KMT_CHECK(ApcRuns == 100);
}
