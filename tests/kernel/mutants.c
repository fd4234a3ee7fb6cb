/* mutants.c - tests of mutants: ownership, recursion and its limit, abandonment, kernel mutexes */
#include "kmtest.h"
#include "ntrtl.h"
#include "ps.h"

static NTSTATUS Poll(PVOID Object) {
    LARGE_INTEGER Now = {.QuadPart = 0};
    return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, &Now);
}

static NTSTATUS PollRaising(PVOID Object) {
    NTSTATUS Status;
    __try {
        Status = Poll(Object);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    return Status;
}

static NTSTATUS PollBoth(PVOID First, PVOID Second, WAIT_TYPE Type) {
    PVOID Objects[2] = {First, Second};
    LARGE_INTEGER Now = {.QuadPart = 0};
    NTSTATUS Status;
    __try {
        Status =
            KeWaitForMultipleObjects(2, Objects, Type, Executive, KernelMode, FALSE, &Now, NULL);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    return Status;
}

static NTSTATUS Release(PKMUTANT Mutant) {
    NTSTATUS Status = STATUS_SUCCESS;
    __try {
        KeReleaseMutant(Mutant, MUTANT_INCREMENT, FALSE, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    return Status;
}

/* What another thread does with a mutant. */
typedef struct _STRANGER {
    PKMUTANT Mutant;
    NTSTATUS Wait, Release;
    volatile LONG Ready;
} STRANGER;

static VOID TryIt(PVOID Context) {
    STRANGER *Stranger = Context;
    Stranger->Wait = Poll(Stranger->Mutant);
    Stranger->Release = Release(Stranger->Mutant);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* Ends with the mutant taken twice. */
static VOID TakeAndEnd(PVOID Context) {
    STRANGER *Stranger = Context;
    Stranger->Wait = Poll(Stranger->Mutant);
    Poll(Stranger->Mutant);
    KmtUntil(&Stranger->Ready, 1);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID Run(PKSTART_ROUTINE Routine, STRANGER *Stranger) {
    KmtJoin(KmtStart(Routine, Stranger));
}

KMT_TEST(mutant_belongs_to_its_owner) {
    KMUTANT Mutant;
    STRANGER Stranger = {.Mutant = &Mutant};
    KeInitializeMutant(&Mutant, TRUE);
    Run(TryIt, &Stranger);
    KMT_CHECK(Stranger.Wait == STATUS_TIMEOUT && Stranger.Release == STATUS_MUTANT_NOT_OWNED);
    KMT_CHECK(Poll(&Mutant) == STATUS_SUCCESS && KeReadStateMutant(&Mutant) == -1);
    KMT_CHECK(Release(&Mutant) == STATUS_SUCCESS && KeReadStateMutant(&Mutant) == 0);
    KMT_CHECK(Release(&Mutant) == STATUS_SUCCESS && KeReadStateMutant(&Mutant) == 1);
    KMT_CHECK(Release(&Mutant) == STATUS_MUTANT_NOT_OWNED);
    Run(TryIt, &Stranger);
    KMT_CHECK(Stranger.Wait == STATUS_SUCCESS && Stranger.Release == STATUS_SUCCESS);
}

KMT_TEST(mutant_abandoned_is_told_once) {
    KMUTANT Mutant;
    STRANGER Stranger = {.Mutant = &Mutant, .Ready = 1};
    KeInitializeMutant(&Mutant, FALSE);
    Run(TakeAndEnd, &Stranger);
    KMT_CHECK(Stranger.Wait == STATUS_SUCCESS && KeReadStateMutant(&Mutant) == 1);
    KMT_CHECK(Release(&Mutant) == STATUS_ABANDONED); /* by who does not own it */
    KMT_CHECK(Poll(&Mutant) == STATUS_ABANDONED_WAIT_0);
    KMT_CHECK(Release(&Mutant) == STATUS_SUCCESS);
    KMT_CHECK(Poll(&Mutant) == STATUS_SUCCESS);
    KMT_CHECK(Release(&Mutant) == STATUS_SUCCESS);
}

KMT_TEST(mutant_abandoned_wakes_who_waits) {
    KMUTANT Mutant;
    STRANGER Stranger = {.Mutant = &Mutant};
    KeInitializeMutant(&Mutant, FALSE);
    PKTHREAD Thread = KmtStart(TakeAndEnd, &Stranger);
    while (KeReadStateMutant(&Mutant) != -1) {
        KmtNap(1);
    }
    Stranger.Ready = 1;
    KMT_CHECK(KeWaitForSingleObject(&Mutant, Executive, KernelMode, FALSE, NULL) ==
              STATUS_ABANDONED_WAIT_0);
    KmtJoin(Thread);
    KMT_CHECK(Release(&Mutant) == STATUS_SUCCESS);
}

KMT_TEST(mutant_abandoned_among_others) {
    KMUTANT Mutant;
    KEVENT Event;
    STRANGER Stranger = {.Mutant = &Mutant, .Ready = 1};
    KeInitializeMutant(&Mutant, FALSE);
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Run(TakeAndEnd, &Stranger);
    KMT_CHECK(PollBoth(&Event, &Mutant, WaitAll) == STATUS_TIMEOUT);
    KMT_CHECK(PollBoth(&Event, &Mutant, WaitAny) == STATUS_ABANDONED_WAIT_0 + 1);
    KMT_CHECK(Release(&Mutant) == STATUS_SUCCESS);
    Run(TakeAndEnd, &Stranger);
    KeSetEvent(&Event, 0, FALSE);
    KMT_CHECK(PollBoth(&Event, &Mutant, WaitAll) == STATUS_ABANDONED_WAIT_0);
    KMT_CHECK(Release(&Mutant) == STATUS_SUCCESS);
}

/* Nobody acquires one 2^31 times in a test: the count is put there. */
KMT_TEST(mutant_limit) {
    KMUTANT Mutant;
    KEVENT Event;
    KeInitializeMutant(&Mutant, TRUE);
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    Mutant.Header.SignalState = MINLONG + 1;
    KMT_CHECK(PollRaising(&Mutant) == STATUS_SUCCESS);
    KMT_CHECK(PollRaising(&Mutant) == STATUS_MUTANT_LIMIT_EXCEEDED);
    KMT_CHECK(PollBoth(&Mutant, &Event, WaitAny) == STATUS_MUTANT_LIMIT_EXCEEDED);
    KMT_CHECK(PollBoth(&Event, &Mutant, WaitAny) == STATUS_WAIT_0);
    KMT_CHECK(PollBoth(&Event, &Mutant, WaitAll) == STATUS_MUTANT_LIMIT_EXCEEDED);
    KMT_CHECK(KeReadStateMutant(&Mutant) == MINLONG && KeGetCurrentIrql() == PASSIVE_LEVEL);
    Mutant.Header.SignalState = 0;
    KMT_CHECK(Release(&Mutant) == STATUS_SUCCESS);
}

KMT_TEST(mutex_holds_off_apcs) {
    KMUTEX Mutex;
    KeInitializeMutex(&Mutex, 0);
    KMT_CHECK(Poll(&Mutex) == STATUS_SUCCESS);
    KMT_CHECK(KeAreApcsDisabled());
    KMT_CHECK(Poll(&Mutex) == STATUS_SUCCESS);
    KeReleaseMutex(&Mutex, FALSE);
    KMT_CHECK(KeAreApcsDisabled());
    KeReleaseMutex(&Mutex, FALSE);
    KMT_CHECK(!KeAreApcsDisabled());
}

/* --- many, and threads that end
 * ---------------------------------------------------------------------- */

#define MUTANTS 8

static KMUTANT Mutants[MUTANTS];
static volatile LONG Inside[MUTANTS], Overlaps, Abandonments, Rounds;

/* Takes mutants one after the other, releases some, and ends with the rest. */
static VOID TakeSome(PVOID Context) {
    ULONG Seed = (ULONG)(ULONG_PTR)Context;
    for (ULONG Round = 0; Round < 200; Round++) {
        ULONG i = (Seed = Seed * 1103515245 + 12345) >> 16 & (MUTANTS - 1);
        NTSTATUS Status = KeWaitForSingleObject(&Mutants[i], Executive, KernelMode, FALSE, NULL);
        if (Status == STATUS_ABANDONED_WAIT_0) {
            InterlockedIncrement(&Abandonments);
            Inside[i] = 0;
        }
        if (InterlockedIncrement(&Inside[i]) != 1) {
            InterlockedIncrement(&Overlaps);
        }
        InterlockedIncrement(&Rounds);
        if (Round == 199) {
            break; /* abandons it */
        }
        InterlockedDecrement(&Inside[i]);
        KeReleaseMutant(&Mutants[i], MUTANT_INCREMENT, FALSE, FALSE);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KMT_TEST(mutants_among_threads_that_end) {
    PKTHREAD Threads[8];
    Overlaps = Abandonments = Rounds = 0;
    for (ULONG i = 0; i < MUTANTS; i++) {
        KeInitializeMutant(&Mutants[i], FALSE);
        Inside[i] = 0;
    }
    for (ULONG i = 0; i < ARRAYSIZE(Threads); i++) {
        Threads[i] = KmtStart(TakeSome, (PVOID)(ULONG_PTR)(i + 1));
    }
    for (ULONG i = 0; i < ARRAYSIZE(Threads); i++) {
        KmtJoin(Threads[i]);
    }
    LONG Left = 0;
    for (ULONG i = 0; i < MUTANTS; i++) {
        Left += Poll(&Mutants[i]) == STATUS_ABANDONED_WAIT_0;
        KMT_CHECK(Release(&Mutants[i]) == STATUS_SUCCESS);
    }
    KMT_CHECK(Overlaps == 0 && Rounds == 8 * 200);
    KMT_CHECK(Abandonments + Left == ARRAYSIZE(Threads)); /* each told exactly once */
}
