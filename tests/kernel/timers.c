/* timers.c - tests of timers: kinds, periods, due times in every form, cancelling, many at once */
#include "kmtest.h"
#include "hal.h"
#include "ntrtl.h"
#include "ps.h"

#define MS 10000ll

static NTSTATUS Poll(PVOID Object) {
    LARGE_INTEGER Now = {.QuadPart = 0};
    return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, &Now);
}

static NTSTATUS Wait(PVOID Object) {
    return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, NULL);
}

static LARGE_INTEGER In(LONGLONG Milliseconds) {
    return (LARGE_INTEGER){.QuadPart = -Milliseconds * MS};
}

KMT_TEST(timer_notification_stays_set) {
    KTIMER Timer;
    KeInitializeTimer(&Timer);
    KeSetTimer(&Timer, In(20), NULL);
    KMT_CHECK(Poll(&Timer) == STATUS_TIMEOUT);
    KMT_CHECK(Wait(&Timer) == STATUS_SUCCESS && Poll(&Timer) == STATUS_SUCCESS);
    KMT_CHECK(!KeSetTimer(&Timer, In(100000), NULL) && Poll(&Timer) == STATUS_TIMEOUT);
    KMT_CHECK(KeCancelTimer(&Timer) && !KeCancelTimer(&Timer));
}

KMT_TEST(timer_synchronization_releases_one) {
    KTIMER Timer;
    KeInitializeTimerEx(&Timer, SynchronizationTimer);
    KeSetTimer(&Timer, In(20), NULL);
    KMT_CHECK(Wait(&Timer) == STATUS_SUCCESS && Poll(&Timer) == STATUS_TIMEOUT);
}

KMT_TEST(timer_does_not_come_early) {
    KTIMER Timer;
    KeInitializeTimer(&Timer);
    for (LONGLONG Time = 1; Time < 70; Time += 23) {
        ULONG64 Before = KeQueryInterruptTime();
        KeSetTimer(&Timer, In(Time), NULL);
        KMT_CHECK(Wait(&Timer) == STATUS_SUCCESS);
        KMT_CHECK(KeQueryInterruptTime() >= Before + (ULONG64)(Time * MS));
    }
}

KMT_TEST(timer_past_is_signalled_at_once) {
    KTIMER Timer;
    LARGE_INTEGER Zero = {.QuadPart = 0}, Past = {.QuadPart = 1};
    KeInitializeTimer(&Timer);
    KMT_CHECK(!KeSetTimer(&Timer, Zero, NULL) && Poll(&Timer) == STATUS_SUCCESS);
    KMT_CHECK(!KeSetTimer(&Timer, Past, NULL) && Poll(&Timer) == STATUS_SUCCESS);
}

KMT_TEST(timer_far_and_farther) {
    KTIMER Timer;
    LARGE_INTEGER Far = {.QuadPart = -MAXLONGLONG - 1}, Farther = {.QuadPart = MAXLONGLONG};
    KeInitializeTimer(&Timer);
    KeSetTimer(&Timer, Far, NULL);
    KmtNap(20);
    KMT_CHECK(Poll(&Timer) == STATUS_TIMEOUT && KeCancelTimer(&Timer));
    KeSetTimer(&Timer, Farther, NULL);
    KmtNap(20);
    KMT_CHECK(Poll(&Timer) == STATUS_TIMEOUT && KeCancelTimer(&Timer));
    KeSetCoalescableTimer(&Timer, Farther, 0, MAXULONG, NULL);
    KmtNap(20);
    KMT_CHECK(Poll(&Timer) == STATUS_TIMEOUT && KeCancelTimer(&Timer));
}

static volatile LONG Runs;

static VOID Count(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    InterlockedIncrement(&Runs);
}

KMT_TEST(timer_periodic_goes_on_until_cancelled) {
    KTIMER Timer;
    KDPC Dpc;
    Runs = 0;
    KeInitializeDpc(&Dpc, Count, NULL);
    KeInitializeTimerEx(&Timer, SynchronizationTimer);
    ULONG64 Before = KeQueryInterruptTime();
    KeSetTimerEx(&Timer, In(10), 20, &Dpc);
    for (ULONG i = 0; i < 4; i++) {
        KMT_CHECK(Wait(&Timer) == STATUS_SUCCESS);
    }
    KMT_CHECK(KeQueryInterruptTime() >= Before + 70 * MS); /* 10, 30, 50, 70 */
    KMT_CHECK(KeCancelTimer(&Timer));
    KMT_CHECK(Runs >= 4);
    KeRemoveQueueDpc(&Dpc);
    KmtNap(1); /* one that had begun elsewhere */
    LONG Then = Runs;
    KmtNap(60);
    KMT_CHECK(Runs == Then && !KeCancelTimer(&Timer));
}

/* --- order
 * ----------------------------------------------------------------------------------------- */

static volatile LONG Orders[8], OrderCount;

static VOID Record(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    Orders[OrderCount] = (LONG)(ULONG_PTR)Context;
    InterlockedIncrement(&OrderCount);
}

/* All on one processor, with one set after the other in one interrupt time. */
static VOID SetInOrder(ULONG Number, KTIMER *Timers, KDPC *Dpcs, const LONGLONG *Due,
                       const ULONG *Tolerance) {
    KIRQL Old;
    OrderCount = 0;
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    ULONG64 Now = KeQueryInterruptTime();
    /* a round number of 2^23, for the tolerances: the next one that is a tick away */
    ULONG64 Base = ((Now + 500000) >> 23) + 1;
    for (ULONG i = 0; i < Number; i++) {
        KeInitializeDpc(&Dpcs[i], Record, (PVOID)(ULONG_PTR)i);
        KeInitializeTimer(&Timers[i]);
        LARGE_INTEGER Time = {.QuadPart = -(LONGLONG)((Base << 23) - Now) - Due[i]};
        KeSetCoalescableTimer(&Timers[i], Time, 0, Tolerance ? Tolerance[i] : 0, &Dpcs[i]);
    }
    KeLowerIrql(Old);
    KMT_CHECK(KmtUntil(&OrderCount, (LONG)Number));
}

KMT_TEST(timers_come_in_the_order_of_their_times) {
    static const LONGLONG Due[5] = {30000, 10000, 20000, 10000, 5000};
    KTIMER Timers[5];
    KDPC Dpcs[5];
    SetInOrder(5, Timers, Dpcs, Due, NULL);
    KMT_CHECK(Orders[0] == 4 && Orders[1] == 1 && Orders[2] == 3 && Orders[3] == 2 &&
              Orders[4] == 0);
}

/* 839 ms is 2^23: the first two come together there, after the third. */
KMT_TEST(timers_that_may_be_late_come_together) {
    static const LONGLONG Due[3] = {10 * MS, 300 * MS, 400 * MS};
    static const ULONG Tolerance[3] = {839, 900, 0};
    KTIMER Timers[3];
    KDPC Dpcs[3];
    SetInOrder(3, Timers, Dpcs, Due, Tolerance);
    KMT_CHECK(Orders[0] == 2 && Orders[1] == 0 && Orders[2] == 1);
}

/* --- the system time
 * ------------------------------------------------------------------------------- */

static VOID SetTimeForward(LONGLONG Delta) {
    LARGE_INTEGER Time;
    KeQuerySystemTime(&Time);
    Time.QuadPart += Delta;
    KeSetSystemTime(&Time);
}

static VOID WaitUntilTomorrow(PVOID Context) {
    LARGE_INTEGER Time;
    KeQuerySystemTime(&Time);
    Time.QuadPart += 24 * 3600 * 1000 * MS;
    *(NTSTATUS *)Context =
        KeWaitForSingleObject(KeGetCurrentThread(), WrExecutive, KernelMode, FALSE, &Time);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KMT_TEST(timer_absolute_follows_the_system_time) {
    KTIMER Absolute, Relative;
    LARGE_INTEGER Time;
    NTSTATUS Slept = STATUS_SUCCESS;
    KeInitializeTimer(&Absolute);
    KeInitializeTimer(&Relative);
    KeQuerySystemTime(&Time);
    Time.QuadPart += 30 * MS;
    KeSetTimer(&Absolute, Time, NULL);
    KMT_CHECK(Wait(&Absolute) == STATUS_SUCCESS);
    KeQuerySystemTime(&Time);
    Time.QuadPart += 3600 * 1000 * MS;
    KeSetTimer(&Absolute, Time, NULL);
    KeSetTimer(&Relative, In(3600 * 1000), NULL);
    PKTHREAD Thread = KmtStart(WaitUntilTomorrow, &Slept);
    KMT_CHECK(KmtUntilWaiting(Thread, WrExecutive));
    SetTimeForward(2 * 3600 * 1000 * MS);
    KMT_CHECK(Wait(&Absolute) == STATUS_SUCCESS);
    KMT_CHECK(Poll(&Relative) == STATUS_TIMEOUT && KeCancelTimer(&Relative));
    KMT_CHECK(KmtUntilWaiting(Thread, WrExecutive)); /* not tomorrow yet */
    SetTimeForward(23 * 3600 * 1000 * MS);
    KmtJoin(Thread);
    KMT_CHECK(Slept == STATUS_TIMEOUT);
    SetTimeForward(-25 * 3600 * 1000 * MS);
}

KMT_TEST(timer_absolute_is_put_off_when_the_time_is_set_back) {
    KTIMER Timer;
    LARGE_INTEGER Time;
    KeInitializeTimer(&Timer);
    KeQuerySystemTime(&Time);
    Time.QuadPart += 40 * MS;
    KeSetTimer(&Timer, Time, NULL);
    SetTimeForward(-3600 * 1000 * MS);
    KmtNap(80);
    KMT_CHECK(Poll(&Timer) == STATUS_TIMEOUT);
    SetTimeForward(3600 * 1000 * MS);
    KMT_CHECK(Wait(&Timer) == STATUS_SUCCESS);
}

/* --- many
 * ------------------------------------------------------------------------------------------ */

#define MANY    400
#define SETTERS 4

static struct {
    KTIMER Timer;
    KDPC Dpc;
    volatile LONG Fired;
    LONG Cancelled;
} Many[SETTERS][MANY];

static VOID Fire(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    InterlockedIncrement((volatile LONG *)Context);
}

/* Sets all, cancels each third while they expire, on whichever processor it happens to run. */
static VOID SetAndCancel(PVOID Context) {
    ULONG Row = (ULONG)(ULONG_PTR)Context, Seed = Row + 1;
    for (ULONG i = 0; i < MANY; i++) {
        Many[Row][i].Fired = Many[Row][i].Cancelled = 0;
        KeInitializeTimer(&Many[Row][i].Timer);
        KeInitializeDpc(&Many[Row][i].Dpc, Fire, (PVOID)&Many[Row][i].Fired);
        Seed = Seed * 1103515245 + 12345;
        LARGE_INTEGER Due = {.QuadPart = -(LONGLONG)(Seed >> 12 & 0x7FFFF)}; /* up to 52 ms */
        KeSetTimer(&Many[Row][i].Timer, Due, &Many[Row][i].Dpc);
        if (i % 64 == 0) {
            KmtNap(1);
        }
        if (i >= 30 && i % 3 == 0) {
            Many[Row][i - 30].Cancelled = KeCancelTimer(&Many[Row][i - 30].Timer);
        }
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KMT_TEST(timers_each_come_once_or_are_cancelled) {
    PKTHREAD Threads[SETTERS];
    LONG Cancelled = 0, Wrong = 0;
    for (ULONG i = 0; i < SETTERS; i++) {
        Threads[i] = KmtStart(SetAndCancel, (PVOID)(ULONG_PTR)i);
    }
    for (ULONG i = 0; i < SETTERS; i++) {
        KmtJoin(Threads[i]);
    }
    for (ULONG Row = 0; Row < SETTERS; Row++) {
        for (ULONG i = 0; i < MANY; i++) {
            if (!Many[Row][i].Cancelled) {
                Wait(&Many[Row][i].Timer);
            }
            Cancelled += Many[Row][i].Cancelled;
        }
    }
    KmtNap(100); /* their DPCs have run */
    for (ULONG Row = 0; Row < SETTERS; Row++) {
        for (ULONG i = 0; i < MANY; i++) {
            Wrong += Many[Row][i].Fired + Many[Row][i].Cancelled != 1;
        }
    }
    KMT_CHECK(Wrong == 0);
    KMT_CHECK(Cancelled > 0 && Cancelled < SETTERS * MANY);
}

KMT_TEST(timeout_of_a_wait_races_its_signal) {
    KTIMER Timer;
    KEVENT Event;
    LONG Timeouts = 0;
    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    KeInitializeTimerEx(&Timer, SynchronizationTimer);
    for (ULONG i = 0; i < 40; i++) {
        PVOID Objects[2] = {&Event, &Timer};
        LARGE_INTEGER Limit = In(1 + i % 4);
        KeSetTimer(&Timer, In(1 + i % 3), NULL);
        NTSTATUS Status = KeWaitForMultipleObjects(2, Objects, WaitAny, Executive, KernelMode,
                                                   FALSE, &Limit, NULL);
        KMT_CHECK(Status == STATUS_TIMEOUT || Status == STATUS_WAIT_1);
        Timeouts += Status == STATUS_TIMEOUT;
        KMT_CHECK(IsListEmpty(&Event.Header.WaitListHead));
        KeCancelTimer(&Timer);
        KMT_CHECK(IsListEmpty(&Timer.Header.WaitListHead));
    }
    KMT_CHECK(Timeouts <= 40);
}
