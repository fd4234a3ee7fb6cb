/* dispatcher.c - tests of events, semaphores, mutants, timers, DPCs and waits */
#include "kmtest.h"

static NTSTATUS Poll(PVOID Object) {
    LARGE_INTEGER Now = {.QuadPart = 0};
    return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, &Now);
}

KMT_TEST(irql_raises_and_lowers) {
    KIRQL Old;
    KMT_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    KeRaiseIrql(APC_LEVEL, &Old);
    KMT_CHECK(Old == PASSIVE_LEVEL && KeGetCurrentIrql() == APC_LEVEL);
    KeRaiseIrql(HIGH_LEVEL, &Old);
    KMT_CHECK(Old == APC_LEVEL && KeGetCurrentIrql() == HIGH_LEVEL);
    KeLowerIrql(APC_LEVEL);
    KMT_CHECK(KeGetCurrentIrql() == APC_LEVEL);
    KeLowerIrql(PASSIVE_LEVEL);
}

KMT_TEST(event_notification_stays_set) {
    KEVENT Event;
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    KMT_CHECK(Poll(&Event) == STATUS_TIMEOUT);
    KMT_CHECK(KeSetEvent(&Event, 0, FALSE) == 0);
    KMT_CHECK(KeSetEvent(&Event, 0, FALSE) != 0);
    KMT_CHECK(Poll(&Event) == STATUS_SUCCESS);
    KMT_CHECK(Poll(&Event) == STATUS_SUCCESS);
    KMT_CHECK(KeResetEvent(&Event) != 0);
    KMT_CHECK(KeReadStateEvent(&Event) == 0);
}

KMT_TEST(event_synchronization_releases_one) {
    KEVENT Event;
    KeInitializeEvent(&Event, SynchronizationEvent, TRUE);
    KMT_CHECK(Poll(&Event) == STATUS_SUCCESS);
    KMT_CHECK(Poll(&Event) == STATUS_TIMEOUT);
    KeSetEvent(&Event, 0, FALSE);
    KeClearEvent(&Event);
    KMT_CHECK(Poll(&Event) == STATUS_TIMEOUT);
}

KMT_TEST(semaphore_counts) {
    KSEMAPHORE Semaphore;
    KeInitializeSemaphore(&Semaphore, 1, 3);
    KMT_CHECK(KeReleaseSemaphore(&Semaphore, 0, 2, FALSE) == 1);
    KMT_CHECK(KeReadStateSemaphore(&Semaphore) == 3);
    KMT_CHECK(Poll(&Semaphore) == STATUS_SUCCESS && Poll(&Semaphore) == STATUS_SUCCESS);
    KMT_CHECK(Poll(&Semaphore) == STATUS_SUCCESS && Poll(&Semaphore) == STATUS_TIMEOUT);
}

KMT_TEST(mutex_recurses) {
    KMUTEX Mutex;
    KeInitializeMutex(&Mutex, 0);
    KMT_CHECK(Poll(&Mutex) == STATUS_SUCCESS && Poll(&Mutex) == STATUS_SUCCESS);
    KMT_CHECK(KeReadStateMutant(&Mutex) == -1);
    KMT_CHECK(KeReleaseMutex(&Mutex, FALSE) == -1);
    KMT_CHECK(KeReleaseMutex(&Mutex, FALSE) == 0);
    KMT_CHECK(KeReadStateMutant(&Mutex) == 1);
}

KMT_TEST(wait_times_out_no_earlier_than_asked) {
    KEVENT Event;
    LARGE_INTEGER Timeout = {.QuadPart = -400000}; /* 40 ms */
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    ULONG64 Before = KeQueryInterruptTime();
    NTSTATUS Status = KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Timeout);
    KMT_CHECK(Status == STATUS_TIMEOUT);
    KMT_CHECK(KeQueryInterruptTime() - Before >= 400000 - 156250);
}

static volatile LONG DpcRuns;
static KIRQL DpcIrql;

static VOID CountingDpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
    DpcIrql = KeGetCurrentIrql();
    InterlockedAdd(&DpcRuns,
                   (LONG)(ULONG_PTR)Context + (LONG)(ULONG_PTR)First + (LONG)(ULONG_PTR)Second);
}

KMT_TEST(dpc_runs_when_irql_falls) {
    KDPC Dpc;
    KIRQL Old;
    DpcRuns = 0;
    KeInitializeDpc(&Dpc, CountingDpc, (PVOID)1);
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    KMT_CHECK(KeInsertQueueDpc(&Dpc, (PVOID)10, (PVOID)100));
    KMT_CHECK(!KeInsertQueueDpc(&Dpc, (PVOID)10, (PVOID)100));
    KMT_CHECK(DpcRuns == 0);
    KeLowerIrql(Old);
    KMT_CHECK(DpcRuns == 111);
    KMT_CHECK(DpcIrql == DISPATCH_LEVEL);
}

KMT_TEST(dpc_can_be_taken_back) {
    KDPC Dpc;
    KIRQL Old;
    DpcRuns = 0;
    KeInitializeDpc(&Dpc, CountingDpc, (PVOID)1);
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    KMT_CHECK(KeRemoveQueueDpc(&Dpc));
    KMT_CHECK(!KeRemoveQueueDpc(&Dpc));
    KeLowerIrql(Old);
    KMT_CHECK(DpcRuns == 0);
}

KMT_TEST(timer_signals_and_runs_its_dpc) {
    KTIMER Timer;
    KDPC Dpc;
    LARGE_INTEGER Due = {.QuadPart = -300000};
    DpcRuns = 0;
    KeInitializeDpc(&Dpc, CountingDpc, (PVOID)1);
    KeInitializeTimerEx(&Timer, NotificationTimer);
    KMT_CHECK(!KeSetTimer(&Timer, Due, &Dpc));
    KMT_CHECK(KeSetTimer(&Timer, Due, &Dpc));
    KMT_CHECK(!KeReadStateTimer(&Timer));
    KMT_CHECK(KeWaitForSingleObject(&Timer, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    KMT_CHECK(KeReadStateTimer(&Timer));
    KMT_CHECK(DpcRuns >= 1);
    KMT_CHECK(!KeCancelTimer(&Timer));
    KeSetTimer(&Timer, (LARGE_INTEGER){.QuadPart = -100000000}, NULL);
    KMT_CHECK(KeCancelTimer(&Timer));
}

KMT_TEST(wait_any_tells_which) {
    KEVENT Events[3];
    PVOID Objects[3] = {&Events[0], &Events[1], &Events[2]};
    LARGE_INTEGER Now = {.QuadPart = 0};
    for (ULONG i = 0; i < 3; i++) {
        KeInitializeEvent(&Events[i], SynchronizationEvent, FALSE);
    }
    KMT_CHECK(KeWaitForMultipleObjects(3, Objects, WaitAny, Executive, KernelMode, FALSE, &Now,
                                       NULL) == STATUS_TIMEOUT);
    KeSetEvent(&Events[2], 0, FALSE);
    KMT_CHECK(KeWaitForMultipleObjects(3, Objects, WaitAny, Executive, KernelMode, FALSE, &Now,
                                       NULL) == STATUS_WAIT_0 + 2);
    KMT_CHECK(KeReadStateEvent(&Events[2]) == 0);
}

KMT_TEST(wait_all_takes_all_or_none) {
    KEVENT Events[2];
    PVOID Objects[2] = {&Events[0], &Events[1]};
    LARGE_INTEGER Now = {.QuadPart = 0};
    KeInitializeEvent(&Events[0], SynchronizationEvent, TRUE);
    KeInitializeEvent(&Events[1], SynchronizationEvent, FALSE);
    KMT_CHECK(KeWaitForMultipleObjects(2, Objects, WaitAll, Executive, KernelMode, FALSE, &Now,
                                       NULL) == STATUS_TIMEOUT);
    KMT_CHECK(KeReadStateEvent(&Events[0]) != 0);
    KeSetEvent(&Events[1], 0, FALSE);
    KMT_CHECK(KeWaitForMultipleObjects(2, Objects, WaitAll, Executive, KernelMode, FALSE, &Now,
                                       NULL) == STATUS_SUCCESS);
    KMT_CHECK(KeReadStateEvent(&Events[0]) == 0 && KeReadStateEvent(&Events[1]) == 0);
}

KMT_TEST(spin_lock_raises_to_dispatch_level) {
    KSPIN_LOCK Lock;
    KIRQL Old;
    KeInitializeSpinLock(&Lock);
    KeAcquireSpinLock(&Lock, &Old);
    KMT_CHECK(Old == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
    KMT_CHECK(!KeTryToAcquireSpinLockAtDpcLevel(&Lock));
    KeReleaseSpinLock(&Lock, Old);
}

KMT_TEST(regions_disable_apcs) {
    KMT_CHECK(!KeAreApcsDisabled());
    KeEnterCriticalRegion();
    KMT_CHECK(KeAreApcsDisabled());
    KeLeaveCriticalRegion();
    KeEnterGuardedRegion();
    KMT_CHECK(KeAreApcsDisabled());
    KeLeaveGuardedRegion();
}
