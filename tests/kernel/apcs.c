/* apcs.c - tests of APCs: their kinds, their order, what holds them off, and whom they reach */
#include "kmtest.h"
#include "hal.h"
#include "ntrtl.h"
#include "ps.h"

/* What ran: one letter each, lower case a kernel routine, upper case a normal routine. */
static char Ran[32];
static volatile LONG RanCount;
static KIRQL RoutineIrql, NormalIrql;

static VOID Note(char Letter) {
    LONG At = InterlockedIncrement(&RanCount) - 1;
    Ran[At < (LONG)sizeof(Ran) - 1 ? At : (LONG)sizeof(Ran) - 2] = Letter;
}

static VOID Clear(VOID) {
    RtlZeroMemory(Ran, sizeof(Ran));
    RanCount = 0;
}

static BOOLEAN Is(PCSTR Expected) {
    ULONG i = 0;
    while (Expected[i] && Expected[i] == Ran[i])
        i++;
    return Expected[i] == Ran[i];
}

typedef struct _TEST_APC {
    KAPC Apc;
    char Letter; /* upper case */
} TEST_APC;

static VOID KernelRoutine(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext,
                          PVOID *SystemArgument1, PVOID *SystemArgument2) {
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    RoutineIrql = KeGetCurrentIrql();
    Note((char)(CONTAINING_RECORD(Apc, TEST_APC, Apc)->Letter + 'a' - 'A'));
}

static VOID NormalRoutine(PVOID Context, PVOID First, PVOID Second) {
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    NormalIrql = KeGetCurrentIrql();
    Note(((TEST_APC *)Context)->Letter);
}

static PKAPC Prepare(TEST_APC *Apc, PKTHREAD Thread, char Letter, BOOLEAN Normal) {
    Apc->Letter = Letter;
    KeInitializeApc(&Apc->Apc, Thread, OriginalApcEnvironment, KernelRoutine, NULL,
                    Normal ? NormalRoutine : NULL, KernelMode, Apc);
    return &Apc->Apc;
}

static BOOLEAN Send(TEST_APC *Apc, PKTHREAD Thread, char Letter, BOOLEAN Normal) {
    return KeInsertQueueApc(Prepare(Apc, Thread, Letter, Normal), NULL, NULL, 0);
}

KMT_TEST(apc_runs_at_once_in_its_own_thread) {
    TEST_APC Special, Normal;
    Clear();
    KMT_CHECK(Send(&Special, KeGetCurrentThread(), 'S', FALSE) && Is("s"));
    KMT_CHECK(RoutineIrql == APC_LEVEL);
    KMT_CHECK(Send(&Normal, KeGetCurrentThread(), 'N', TRUE) && Is("snN"));
    KMT_CHECK(RoutineIrql == APC_LEVEL && NormalIrql == PASSIVE_LEVEL);
}

KMT_TEST(apc_waits_until_irql_falls) {
    TEST_APC Special;
    KIRQL Old;
    Clear();
    KeRaiseIrql(APC_LEVEL, &Old);
    Send(&Special, KeGetCurrentThread(), 'S', FALSE);
    KMT_CHECK(Is(""));
    KeLowerIrql(Old);
    KMT_CHECK(Is("s"));
}

/* Special ones first, each kind in order of arrival. */
KMT_TEST(apcs_have_an_order) {
    TEST_APC Apcs[5];
    KIRQL Old;
    Clear();
    KeRaiseIrql(APC_LEVEL, &Old);
    Send(&Apcs[0], KeGetCurrentThread(), 'N', TRUE);
    Send(&Apcs[1], KeGetCurrentThread(), 'S', FALSE);
    Send(&Apcs[2], KeGetCurrentThread(), 'M', TRUE);
    Send(&Apcs[3], KeGetCurrentThread(), 'T', FALSE);
    KMT_CHECK(!KeInsertQueueApc(&Apcs[0].Apc, NULL, NULL, 0)); /* is queued already */
    Send(&Apcs[4], KeGetCurrentThread(), 'X', TRUE);
    KMT_CHECK(KeRemoveQueueApc(&Apcs[4].Apc) && !KeRemoveQueueApc(&Apcs[4].Apc));
    KeLowerIrql(Old);
    KMT_CHECK(Is("stnNmM"));
}

KMT_TEST(apc_critical_region_holds_normal_ones_only) {
    TEST_APC Special, Normal;
    Clear();
    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    Send(&Normal, KeGetCurrentThread(), 'N', TRUE);
    Send(&Special, KeGetCurrentThread(), 'S', FALSE);
    KMT_CHECK(Is("s"));
    KeLeaveCriticalRegion();
    KMT_CHECK(Is("s"));
    KeLeaveCriticalRegion();
    KMT_CHECK(Is("snN"));
}

KMT_TEST(apc_guarded_region_holds_all) {
    TEST_APC Special, Normal;
    Clear();
    KeEnterGuardedRegion();
    Send(&Normal, KeGetCurrentThread(), 'N', TRUE);
    Send(&Special, KeGetCurrentThread(), 'S', FALSE);
    KMT_CHECK(Is(""));
    KeEnterCriticalRegion();
    KeLeaveGuardedRegion();
    KMT_CHECK(Is("s"));
    KeLeaveCriticalRegion();
    KMT_CHECK(Is("snN"));
}

/* The interrupt that it came with has gone by in the region; the level is too high at its end. */
KMT_TEST(apc_region_left_at_apc_level) {
    TEST_APC Normal;
    KIRQL Old;
    Clear();
    KeEnterCriticalRegion();
    Send(&Normal, KeGetCurrentThread(), 'N', TRUE);
    KeRaiseIrql(APC_LEVEL, &Old);
    KeLeaveCriticalRegion();
    KMT_CHECK(Is(""));
    KeLowerIrql(Old);
    KMT_CHECK(Is("nN"));
}

static TEST_APC Inner[2];

static VOID SendTwo(PVOID Context, PVOID First, PVOID Second) {
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    Note('(');
    Send(&Inner[0], KeGetCurrentThread(), 'N', TRUE);
    Send(&Inner[1], KeGetCurrentThread(), 'S', FALSE);
    Note(')');
}

/* A normal APC is not interrupted by another, but by a special one. */
KMT_TEST(apc_within_an_apc) {
    TEST_APC Outer;
    Clear();
    Prepare(&Outer, KeGetCurrentThread(), 'O', TRUE);
    Outer.Apc.NormalRoutine = SendTwo;
    KeInsertQueueApc(&Outer.Apc, NULL, NULL, 0);
    KMT_CHECK(Is("o(s)nN"));
}

/* --- other threads
 * --------------------------------------------------------------------------------- */

static KEVENT Gate;
static volatile LONG Stop, IsRunning;
static volatile NTSTATUS Waited;

static VOID WaitAtGate(PVOID Context) {
    BOOLEAN Region = Context != NULL;
    if (Region)
        KeEnterCriticalRegion();
    Waited = KeWaitForSingleObject(&Gate, WrExecutive, KernelMode, FALSE, NULL);
    Note('|');
    if (Region)
        KeLeaveCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static PKTHREAD StartAtGate(PVOID Context) {
    KeInitializeEvent(&Gate, SynchronizationEvent, FALSE);
    Clear();
    PKTHREAD Thread = KmtStart(WaitAtGate, Context);
    KMT_CHECK(KmtUntilWaiting(Thread, WrExecutive));
    return Thread;
}

/* They run in the middle of the wait, which goes on. */
KMT_TEST(apc_interrupts_a_wait) {
    TEST_APC Special, Normal;
    PKTHREAD Thread = StartAtGate(NULL);
    Send(&Special, Thread, 'S', FALSE);
    KMT_CHECK(KmtUntil(&RanCount, 1) && KmtUntilWaiting(Thread, WrExecutive));
    Send(&Normal, Thread, 'N', TRUE);
    KMT_CHECK(KmtUntil(&RanCount, 3) && KmtUntilWaiting(Thread, WrExecutive));
    KeSetEvent(&Gate, 0, FALSE);
    KmtJoin(Thread);
    KMT_CHECK(Is("snN|") && Waited == STATUS_SUCCESS);
}

KMT_TEST(apc_held_off_through_a_wait) {
    TEST_APC Special, Normal;
    PKTHREAD Thread = StartAtGate((PVOID)1);
    Send(&Normal, Thread, 'N', TRUE);
    Send(&Special, Thread, 'S', FALSE);
    KMT_CHECK(KmtUntil(&RanCount, 1) && KmtUntilWaiting(Thread, WrExecutive));
    KMT_CHECK(Is("s"));
    KeSetEvent(&Gate, 0, FALSE);
    KmtJoin(Thread);
    KMT_CHECK(Is("s|nN") && Waited == STATUS_SUCCESS);
}

static VOID Spin(PVOID Context) {
    UNREFERENCED_PARAMETER(Context);
    IsRunning = 1;
    while (!Stop) {
        YieldProcessor();
    }
    Note('|');
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* It calls nothing, and is interrupted all the same. */
KMT_TEST(apc_reaches_a_thread_that_runs) {
    TEST_APC Special, Normal;
    Clear();
    Stop = IsRunning = 0;
    PKTHREAD Thread = KmtStart(Spin, NULL);
    KMT_CHECK(KmtUntil(&IsRunning, 1));
    Send(&Special, Thread, 'S', FALSE);
    KMT_CHECK(KmtUntil(&RanCount, 1));
    Send(&Normal, Thread, 'N', TRUE);
    KMT_CHECK(KmtUntil(&RanCount, 3));
    Stop = 1;
    KmtJoin(Thread);
    KMT_CHECK(Is("snN|"));
}

KMT_TEST(apc_for_a_thread_that_has_ended_is_refused) {
    TEST_APC Special;
    Clear();
    Stop = 1;
    PKTHREAD Thread = KmtStart(Spin, NULL);
    KMT_CHECK(KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    KMT_CHECK(!Send(&Special, Thread, 'S', FALSE));
    KmtJoin(Thread);
    KMT_CHECK(Is("|"));
}

KMT_TEST(apc_suspension_counts) {
    PKTHREAD Thread = StartAtGate(NULL);
    KMT_CHECK(KeSuspendThread(Thread) == 0 && KeSuspendThread(Thread) == 1);
    KMT_CHECK(KmtUntilWaiting(Thread, Suspended));
    KeSetEvent(&Gate, 0, FALSE);
    KmtNap(20);
    KMT_CHECK(Is("") && KeReadStateEvent(&Gate) == 1); /* it is not the gate that it waits for */
    KMT_CHECK(KeResumeThread(Thread) == 2);
    KmtNap(20);
    KMT_CHECK(Is(""));
    KMT_CHECK(KeResumeThread(Thread) == 1);
    KmtJoin(Thread);
    KMT_CHECK(Is("|") && Waited == STATUS_SUCCESS);
}

/* --- user APCs and waits
 * ------------------------------------------------------------------------------ */

static VOID WaitAsUser(PVOID Context) {
    BOOLEAN Alertable = Context != NULL;
    Waited = KeWaitForSingleObject(&Gate, WrExecutive, UserMode, Alertable, NULL);
    Note('|');
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* A user APC ends a wait only if that is alertable and in user mode; a system thread never comes to
   where it would run. */
KMT_TEST(apc_for_user_mode_ends_alertable_waits_only) {
    TEST_APC User;
    KeInitializeEvent(&Gate, SynchronizationEvent, FALSE);
    for (ULONG Alertable = 0; Alertable < 2; Alertable++) {
        Clear();
        PKTHREAD Thread = KmtStart(WaitAsUser, (PVOID)(ULONG_PTR)Alertable);
        KMT_CHECK(KmtUntilWaiting(Thread, WrExecutive));
        Prepare(&User, Thread, 'U', TRUE)->ApcMode = UserMode;
        KMT_CHECK(KeInsertQueueApc(&User.Apc, NULL, NULL, 0));
        if (!Alertable) {
            KmtNap(20);
            KMT_CHECK(Is("") && KmtUntilWaiting(Thread, WrExecutive));
            KMT_CHECK(KeRemoveQueueApc(&User.Apc));
            KeSetEvent(&Gate, 0, FALSE);
        }
        KMT_CHECK(KmtUntil(&RanCount, 1));
        KmtJoin(Thread);
        KMT_CHECK(Waited == (Alertable ? STATUS_USER_APC : STATUS_SUCCESS));
    }
}

/* --- many
 * ------------------------------------------------------------------------------------------- */

#define SENT 500

static volatile LONG Received;
static KEVENT Heard;

static VOID Hear(PKAPC Apc, PKNORMAL_ROUTINE *Normal, PVOID *Context, PVOID *First, PVOID *Second) {
    UNREFERENCED_PARAMETER(Apc);
    UNREFERENCED_PARAMETER(Normal);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    InterlockedIncrement(&Received);
    KeSetEvent(&Heard, 0, FALSE);
}

static VOID WaitAndRun(PVOID Context) {
    UNREFERENCED_PARAMETER(Context);
    while (!Stop) {
        LARGE_INTEGER Short = {.QuadPart = -1};
        KeWaitForSingleObject(&Gate, Executive, KernelMode, FALSE, &Short);
        KeEnterCriticalRegion();
        YieldProcessor();
        KeLeaveCriticalRegion();
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* One APC after the other, to a thread that waits, runs, and leaves regions: none is forgotten. */
KMT_TEST(apcs_all_arrive) {
    KAPC Apc;
    KeInitializeEvent(&Gate, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Heard, SynchronizationEvent, FALSE);
    Stop = Received = 0;
    PKTHREAD Thread = KmtStart(WaitAndRun, NULL);
    for (ULONG i = 0; i < SENT; i++) {
        LARGE_INTEGER Limit = {.QuadPart = -300000000}; /* a hang detector */
        KeInitializeApc(&Apc, Thread, OriginalApcEnvironment, Hear, NULL, NULL, KernelMode, NULL);
        KMT_CHECK(KeInsertQueueApc(&Apc, NULL, NULL, 0));
        if (KeWaitForSingleObject(&Heard, Executive, KernelMode, FALSE, &Limit) != STATUS_SUCCESS) {
            break;
        }
    }
    Stop = 1;
    KmtJoin(Thread);
    KMT_CHECK(Received == SENT);
}
