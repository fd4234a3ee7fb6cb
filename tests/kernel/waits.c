/*
 * waits.c - tests of waits that block: order, all and any, pulses, alerts, timeouts, the signal
 * that a wait follows. Each waiter is seen to wait before anything is done to what it waits for.
 */
#include "kmtest.h"
#include "hal.h"
#include "ntrtl.h"
#include "ps.h"

#define WAITERS 4

/* One thread that waits once. */
typedef struct _WAITER {
    PKTHREAD Thread;
    ULONG Count;
    PVOID Objects[4];
    WAIT_TYPE Type;
    KPROCESSOR_MODE Mode;
    BOOLEAN Alertable;
    PLARGE_INTEGER Timeout;
    NTSTATUS Status;
    volatile LONG Done; /* 1, 2, ... in order of return */
    KPRIORITY Priority; /* as it returned */
} WAITER;

static volatile LONG Returned;

static VOID Wait(PVOID Context) {
    WAITER *Waiter = Context;
    KWAIT_BLOCK Blocks[4];
    Waiter->Status =
        KeWaitForMultipleObjects(Waiter->Count, Waiter->Objects, Waiter->Type, WrExecutive,
                                 Waiter->Mode, Waiter->Alertable, Waiter->Timeout, Blocks);
    Waiter->Priority = KeQueryPriorityThread(KeGetCurrentThread());
    Waiter->Done = InterlockedIncrement(&Returned);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID Launch(WAITER *Waiter, WAIT_TYPE Type, ULONG Count, PVOID First, PVOID Second) {
    Waiter->Count = Count;
    Waiter->Objects[0] = First;
    Waiter->Objects[1] = Second;
    Waiter->Type = Type;
    Waiter->Done = 0;
    Waiter->Thread = KmtStart(Wait, Waiter);
}

/* Starts Waiter on Count objects; it waits when this returns. */
static VOID Begin(WAITER *Waiter, WAIT_TYPE Type, ULONG Count, PVOID First, PVOID Second) {
    Launch(Waiter, Type, Count, First, Second);
    KMT_CHECK(KmtUntilWaiting(Waiter->Thread, WrExecutive));
}

static NTSTATUS End(WAITER *Waiter) {
    KmtJoin(Waiter->Thread);
    return Waiter->Status;
}

static NTSTATUS Poll(PVOID Object) {
    LARGE_INTEGER Now = {.QuadPart = 0};
    return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, &Now);
}

KMT_TEST(wait_first_come_first_served) {
    WAITER Waiters[WAITERS] = {0};
    KSEMAPHORE Semaphore;
    KeInitializeSemaphore(&Semaphore, 0, WAITERS);
    for (ULONG i = 0; i < WAITERS; i++) {
        Begin(&Waiters[i], WaitAny, 1, &Semaphore, NULL);
    }
    Returned = 0;
    for (ULONG i = 0; i < WAITERS; i++) {
        KeReleaseSemaphore(&Semaphore, 0, 1, FALSE);
        KMT_CHECK(KmtUntil(&Waiters[i].Done, (LONG)i + 1));
    }
    for (ULONG i = 0; i < WAITERS; i++) {
        KMT_CHECK(End(&Waiters[i]) == STATUS_SUCCESS);
    }
    KMT_CHECK(KeReadStateSemaphore(&Semaphore) == 0);
}

KMT_TEST(wait_notification_event_frees_all) {
    WAITER Waiters[WAITERS] = {0};
    KEVENT Event;
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    for (ULONG i = 0; i < WAITERS; i++) {
        Begin(&Waiters[i], WaitAny, 1, &Event, NULL);
    }
    KMT_CHECK(KeSetEvent(&Event, 0, FALSE) == 0);
    for (ULONG i = 0; i < WAITERS; i++) {
        KMT_CHECK(End(&Waiters[i]) == STATUS_SUCCESS);
    }
    KMT_CHECK(KeReadStateEvent(&Event) == 1);
}

KMT_TEST(wait_pulse_frees_who_waits_and_leaves_the_event_reset) {
    WAITER Waiters[2] = {0};
    KEVENT All, One;
    KeInitializeEvent(&All, NotificationEvent, FALSE);
    KeInitializeEvent(&One, SynchronizationEvent, FALSE);
    Begin(&Waiters[0], WaitAny, 1, &All, NULL);
    Begin(&Waiters[1], WaitAny, 1, &All, NULL);
    KePulseEvent(&All, 0, FALSE);
    KMT_CHECK(KeReadStateEvent(&All) == 0);
    KMT_CHECK(End(&Waiters[0]) == STATUS_SUCCESS && End(&Waiters[1]) == STATUS_SUCCESS);
    Begin(&Waiters[0], WaitAny, 1, &One, NULL);
    Begin(&Waiters[1], WaitAny, 1, &One, NULL);
    KePulseEvent(&One, 0, FALSE);
    KMT_CHECK(End(&Waiters[0]) == STATUS_SUCCESS);
    KMT_CHECK(KmtUntilWaiting(Waiters[1].Thread, WrExecutive)); /* one only */
    KeSetEvent(&One, 0, FALSE);
    KMT_CHECK(End(&Waiters[1]) == STATUS_SUCCESS);
    KePulseEvent(&One, 0, FALSE); /* nobody waits */
    KMT_CHECK(KeReadStateEvent(&One) == 0);
    KeSetEvent(&One, 0, FALSE);
    KMT_CHECK(KePulseEvent(&One, 0, FALSE) == 1 && KeReadStateEvent(&One) == 0);
}

/* --- all of them
 * -------------------------------------------------------------------------------- */

KMT_TEST(wait_all_takes_nothing_before_all_are_there) {
    WAITER Waiter = {0};
    KEVENT First, Second;
    KeInitializeEvent(&First, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Second, SynchronizationEvent, FALSE);
    Begin(&Waiter, WaitAll, 2, &First, &Second);
    KeSetEvent(&First, 0, FALSE);
    KMT_CHECK(KmtUntilWaiting(Waiter.Thread, WrExecutive));
    KMT_CHECK(Poll(&First) == STATUS_SUCCESS); /* still to be had */
    KeSetEvent(&Second, 0, FALSE);
    KMT_CHECK(KmtUntilWaiting(Waiter.Thread, WrExecutive));
    KMT_CHECK(KeReadStateEvent(&Second) == 1);
    KeSetEvent(&First, 0, FALSE);
    KMT_CHECK(End(&Waiter) == STATUS_SUCCESS);
    KMT_CHECK(KeReadStateEvent(&First) == 0 && KeReadStateEvent(&Second) == 0);
}

KMT_TEST(wait_all_is_ended_by_a_pulse) {
    WAITER Waiter = {0};
    KEVENT First, Second;
    KeInitializeEvent(&First, NotificationEvent, FALSE);
    KeInitializeEvent(&Second, SynchronizationEvent, FALSE);
    Begin(&Waiter, WaitAll, 2, &First, &Second);
    KePulseEvent(&First, 0, FALSE); /* the second is not set: in vain */
    KeSetEvent(&Second, 0, FALSE);
    KMT_CHECK(KmtUntilWaiting(Waiter.Thread, WrExecutive));
    KePulseEvent(&First, 0, FALSE);
    KMT_CHECK(End(&Waiter) == STATUS_SUCCESS);
    KMT_CHECK(KeReadStateEvent(&First) == 0 && KeReadStateEvent(&Second) == 0);
}

KMT_TEST(wait_all_keeps_the_order_of_arrival) {
    WAITER Waiters[2] = {0};
    KSEMAPHORE First, Second;
    KeInitializeSemaphore(&First, 0, 10);
    KeInitializeSemaphore(&Second, 0, 10);
    Begin(&Waiters[0], WaitAll, 2, &First, &Second);
    Begin(&Waiters[1], WaitAll, 2, &First, &Second);
    Returned = 0;
    KeReleaseSemaphore(&First, 0, 1, FALSE);
    KeReleaseSemaphore(&Second, 0, 1, FALSE);
    KMT_CHECK(KmtUntil(&Waiters[0].Done, 1));
    KMT_CHECK(KmtUntilWaiting(Waiters[1].Thread, WrExecutive));
    KeReleaseSemaphore(&Second, 0, 1, FALSE);
    KeReleaseSemaphore(&First, 0, 1, FALSE);
    KMT_CHECK(End(&Waiters[0]) == STATUS_SUCCESS && End(&Waiters[1]) == STATUS_SUCCESS);
    KMT_CHECK(KeReadStateSemaphore(&First) == 0 && KeReadStateSemaphore(&Second) == 0);
}

/* A waiter for all does not stand in the way of one that waits for one of them. */
KMT_TEST(wait_all_lets_others_take_theirs) {
    WAITER Both = {0}, Single = {0};
    KEVENT First, Second;
    KeInitializeEvent(&First, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Second, SynchronizationEvent, FALSE);
    Begin(&Both, WaitAll, 2, &First, &Second);
    Begin(&Single, WaitAny, 1, &First, NULL);
    KeSetEvent(&First, 0, FALSE);
    KMT_CHECK(End(&Single) == STATUS_SUCCESS);
    KMT_CHECK(KeReadStateEvent(&First) == 0);
    KeSetEvent(&First, 0, FALSE);
    KeSetEvent(&Second, 0, FALSE);
    KMT_CHECK(End(&Both) == STATUS_SUCCESS);
}

static KSEMAPHORE Forks[3];
static volatile LONG Holders[3], Clashes, Meals;

/* Dining: each takes two of three forks at once, named in an order of its own. */
static VOID Dine(PVOID Context) {
    ULONG Left = (ULONG)(ULONG_PTR)Context % 3, Right = (Left + 1) % 3;
    PVOID Pair[2] = {&Forks[Left], &Forks[Right]};
    for (ULONG Round = 0; Round < 300; Round++) {
        KeWaitForMultipleObjects(2, Pair, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
        if (InterlockedIncrement(&Holders[Left]) != 1 || InterlockedIncrement(&Holders[Right]) != 1)
            InterlockedIncrement(&Clashes);
        if (Round % 16 == 0)
            KmtNap(0);
        InterlockedDecrement(&Holders[Left]);
        InterlockedDecrement(&Holders[Right]);
        InterlockedIncrement(&Meals);
        KeReleaseSemaphore(&Forks[Right], 0, 1, FALSE);
        KeReleaseSemaphore(&Forks[Left], 0, 1, FALSE);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KMT_TEST(wait_all_by_many_at_once) {
    PKTHREAD Threads[6];
    Clashes = Meals = 0;
    for (ULONG i = 0; i < 3; i++) {
        KeInitializeSemaphore(&Forks[i], 1, 1);
        Holders[i] = 0;
    }
    for (ULONG i = 0; i < ARRAYSIZE(Threads); i++) {
        Threads[i] = KmtStart(Dine, (PVOID)(ULONG_PTR)i);
    }
    for (ULONG i = 0; i < ARRAYSIZE(Threads); i++) {
        KmtJoin(Threads[i]);
    }
    KMT_CHECK(Clashes == 0 && Meals == 6 * 300);
    KMT_CHECK(KeReadStateSemaphore(&Forks[0]) == 1 && KeReadStateSemaphore(&Forks[1]) == 1 &&
              KeReadStateSemaphore(&Forks[2]) == 1);
}

/* --- many of them
 * --------------------------------------------------------------------------------- */

static KEVENT Crowd[MAXIMUM_WAIT_OBJECTS];
static KWAIT_BLOCK CrowdBlocks[MAXIMUM_WAIT_OBJECTS];

static VOID SetCrowd(PVOID Context) {
    UNREFERENCED_PARAMETER(Context);
    KmtNap(20);
    for (ULONG i = MAXIMUM_WAIT_OBJECTS; i-- > 0;) {
        KeSetEvent(&Crowd[i], 0, FALSE);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KMT_TEST(wait_for_64_objects) {
    PVOID Objects[MAXIMUM_WAIT_OBJECTS];
    LARGE_INTEGER Now = {.QuadPart = 0};
    for (ULONG i = 0; i < MAXIMUM_WAIT_OBJECTS; i++) {
        KeInitializeEvent(&Crowd[i], SynchronizationEvent, FALSE);
        Objects[MAXIMUM_WAIT_OBJECTS - 1 - i] = &Crowd[i];
    }
    KeSetEvent(&Crowd[0], 0, FALSE);
    KMT_CHECK(KeWaitForMultipleObjects(MAXIMUM_WAIT_OBJECTS, Objects, WaitAny, Executive,
                                       KernelMode, FALSE, &Now,
                                       CrowdBlocks) == STATUS_WAIT_0 + MAXIMUM_WAIT_OBJECTS - 1);
    PKTHREAD Thread = KmtStart(SetCrowd, NULL);
    KMT_CHECK(KeWaitForMultipleObjects(MAXIMUM_WAIT_OBJECTS, Objects, WaitAll, Executive,
                                       KernelMode, FALSE, NULL, CrowdBlocks) == STATUS_SUCCESS);
    KmtJoin(Thread);
    for (ULONG i = 0; i < MAXIMUM_WAIT_OBJECTS; i++) {
        KMT_CHECK(KeReadStateEvent(&Crowd[i]) == 0);
    }
}

KMT_TEST(wait_any_for_the_same_object_twice) {
    WAITER Waiter = {0};
    KEVENT Event;
    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    Begin(&Waiter, WaitAny, 2, &Event, &Event);
    KeSetEvent(&Event, 0, FALSE);
    KMT_CHECK(End(&Waiter) == STATUS_WAIT_0);
    KMT_CHECK(KeReadStateEvent(&Event) == 0 && IsListEmpty(&Event.Header.WaitListHead));
}

/* --- ends that are no signal
 * ------------------------------------------------------------------------ */

KMT_TEST(wait_timeouts) {
    WAITER Waiter = {0};
    KEVENT Event;
    LARGE_INTEGER Huge = {.QuadPart = -MAXLONGLONG - 1}, Never = {.QuadPart = MAXLONGLONG};
    LARGE_INTEGER Past = {.QuadPart = 1}, Short = {.QuadPart = -1};
    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    KMT_CHECK(KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Past) == STATUS_TIMEOUT);
    KMT_CHECK(KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Short) ==
              STATUS_TIMEOUT);
    Waiter.Timeout = &Huge;
    Begin(&Waiter, WaitAny, 1, &Event, NULL);
    KeSetEvent(&Event, 0, FALSE);
    KMT_CHECK(End(&Waiter) == STATUS_SUCCESS);
    Waiter.Timeout = &Never;
    Begin(&Waiter, WaitAny, 1, &Event, NULL);
    KeSetEvent(&Event, 0, FALSE);
    KMT_CHECK(End(&Waiter) == STATUS_SUCCESS);
    Short.QuadPart = -300000;
    Waiter.Timeout = &Short;
    Launch(&Waiter, WaitAll, 2, &Event, &Event); /* its wait may be over before it is seen */
    KMT_CHECK(End(&Waiter) == STATUS_TIMEOUT);
    KMT_CHECK(IsListEmpty(&Event.Header.WaitListHead));
}

KMT_TEST(wait_ends_by_an_alert) {
    WAITER Waiter = {.Alertable = TRUE};
    KEVENT Event;
    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    Begin(&Waiter, WaitAny, 1, &Event, NULL);
    KMT_CHECK(!KeAlertThread(Waiter.Thread, KernelMode));
    KMT_CHECK(End(&Waiter) == STATUS_ALERTED);
    Waiter.Alertable = FALSE;
    Begin(&Waiter, WaitAny, 1, &Event, NULL);
    KeAlertThread(Waiter.Thread, KernelMode);
    KmtNap(20);
    KMT_CHECK(!Waiter.Done); /* it did not ask for alerts */
    KeSetEvent(&Event, 0, FALSE);
    KMT_CHECK(End(&Waiter) == STATUS_SUCCESS);
}

/* It stays until a wait asks for it; and comes before a timeout that has passed. */
KMT_TEST(wait_alert_is_not_lost) {
    KEVENT Event;
    LARGE_INTEGER Now = {.QuadPart = 0};
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    KMT_CHECK(!KeAlertThread(KeGetCurrentThread(), KernelMode));
    KMT_CHECK(KeAlertThread(KeGetCurrentThread(), KernelMode)); /* is alerted already */
    KMT_CHECK(KeWaitForSingleObject(&Event, Executive, KernelMode, TRUE, NULL) == STATUS_SUCCESS);
    KeResetEvent(&Event);
    KMT_CHECK(KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Now) == STATUS_TIMEOUT);
    KMT_CHECK(KeWaitForSingleObject(&Event, Executive, KernelMode, TRUE, &Now) == STATUS_ALERTED);
    KMT_CHECK(KeWaitForSingleObject(&Event, Executive, KernelMode, TRUE, &Now) == STATUS_TIMEOUT);
    KeAlertThread(KeGetCurrentThread(), KernelMode);
    KMT_CHECK(KeTestAlertThread(KernelMode) && !KeTestAlertThread(KernelMode));
}

/* --- the signal that a wait follows
 * ------------------------------------------------------------------ */

static KEVENT Ask, Answer;
static volatile LONG Asked;

static VOID AnswerOnce(PVOID Context) {
    UNREFERENCED_PARAMETER(Context);
    KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY);
    KeWaitForSingleObject(&Ask, WrExecutive, KernelMode, FALSE, NULL);
    Asked = 1;
    KeSetEvent(&Answer, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KMT_TEST(wait_follows_its_signal_with_nothing_between) {
    KeInitializeEvent(&Ask, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Answer, SynchronizationEvent, FALSE);
    Asked = 0;
    PKTHREAD Thread = KmtStart(AnswerOnce, NULL);
    KMT_CHECK(KmtUntilWaiting(Thread, WrExecutive));
    KeSetEvent(&Ask, 0, TRUE);
    KIRQL Between = KeGetCurrentIrql();
    LONG RanBetween = Asked; /* on one processor, though it is the better thread */
    NTSTATUS Status = KeWaitForSingleObject(&Answer, Executive, KernelMode, FALSE, NULL);
    KMT_CHECK(Between == DISPATCH_LEVEL && KeGetCurrentIrql() == PASSIVE_LEVEL);
    KMT_CHECK(Status == STATUS_SUCCESS && Asked == 1);
    KMT_CHECK(KeQueryActiveProcessorCount(NULL) > 1 || !RanBetween);
    KmtJoin(Thread);
    KeSetEvent(&Ask, 0, TRUE); /* what comes next need not block */
    KMT_CHECK(KeWaitForSingleObject(&Ask, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    KMT_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

/* --- what a thread gains
 * ---------------------------------------------------------------------------- */

KMT_TEST(wait_gives_the_increment_to_who_is_woken) {
    WAITER Waiter = {0};
    KEVENT Event;
    KSEMAPHORE Semaphore;
    KPRIORITY Base = KeGetCurrentThread()->BasePriority;
    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    KeInitializeSemaphore(&Semaphore, 0, 1);
    Begin(&Waiter, WaitAny, 1, &Event, NULL);
    Base = Waiter.Thread->BasePriority;
    KeSetEvent(&Event, 2, FALSE);
    KMT_CHECK(End(&Waiter) == STATUS_SUCCESS && Waiter.Priority == Base + 2);
    Begin(&Waiter, WaitAny, 1, &Semaphore, NULL);
    KeReleaseSemaphore(&Semaphore, 3, 1, FALSE);
    KMT_CHECK(End(&Waiter) == STATUS_SUCCESS && Waiter.Priority == Base + 3);
    Begin(&Waiter, WaitAny, 1, &Event, NULL);
    KeSetEvent(&Event, 0, FALSE);
    KMT_CHECK(End(&Waiter) == STATUS_SUCCESS && Waiter.Priority == Base);
}

KMT_TEST(wait_says_what_it_is_for) {
    WAITER Waiter = {.Mode = UserMode, .Alertable = TRUE};
    KEVENT Event;
    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    Begin(&Waiter, WaitAny, 1, &Event, NULL);
    KMT_CHECK(Waiter.Thread->WaitMode == UserMode && Waiter.Thread->Alertable);
    KMT_CHECK(Waiter.Thread->WaitBlockCount == 1);
    KMT_CHECK(Waiter.Thread->WaitBlockList[0].Object == &Event);
    KMT_CHECK(Event.Header.WaitListHead.Flink == &Waiter.Thread->WaitBlockList[0].WaitListEntry);
    KeSetEvent(&Event, 0, FALSE);
    KMT_CHECK(End(&Waiter) == STATUS_SUCCESS);
}

/* --- no wake-up is lost
 * ------------------------------------------------------------------------------- */

#define PAIRS  4
#define ROUNDS 1500

static struct {
    KEVENT Go, Back;
    volatile LONG Lost;
} Pairs[PAIRS];

static NTSTATUS Patiently(PKEVENT Event) {
    LARGE_INTEGER Limit = {.QuadPart = -600000000}; /* a hang detector */
    return KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &Limit);
}

static VOID Echo(PVOID Context) {
    ULONG i = (ULONG)(ULONG_PTR)Context;
    for (ULONG Round = 0; Round < ROUNDS; Round++) {
        if (Patiently(&Pairs[i].Go) != STATUS_SUCCESS) {
            InterlockedIncrement(&Pairs[i].Lost);
            break;
        }
        KeSetEvent(&Pairs[i].Back, 1, FALSE);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID Call(PVOID Context) {
    ULONG i = (ULONG)(ULONG_PTR)Context;
    for (ULONG Round = 0; Round < ROUNDS && !Pairs[i].Lost; Round++) {
        KeSetEvent(&Pairs[i].Go, 1, FALSE);
        if (Patiently(&Pairs[i].Back) != STATUS_SUCCESS) {
            InterlockedIncrement(&Pairs[i].Lost);
        }
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KMT_TEST(wait_never_misses_a_signal) {
    PKTHREAD Threads[2 * PAIRS];
    for (ULONG i = 0; i < PAIRS; i++) {
        KeInitializeEvent(&Pairs[i].Go, SynchronizationEvent, FALSE);
        KeInitializeEvent(&Pairs[i].Back, SynchronizationEvent, FALSE);
        Pairs[i].Lost = 0;
        Threads[2 * i] = KmtStart(Echo, (PVOID)(ULONG_PTR)i);
        Threads[2 * i + 1] = KmtStart(Call, (PVOID)(ULONG_PTR)i);
    }
    for (ULONG i = 0; i < 2 * PAIRS; i++) {
        KmtJoin(Threads[i]);
    }
    for (ULONG i = 0; i < PAIRS; i++) {
        KMT_CHECK(Pairs[i].Lost == 0);
    }
}
