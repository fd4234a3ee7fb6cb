/* crashes.c - what must end in a bugcheck: a bad access, a DPC that does not end, what comes on IST
 * stacks, and the rules of spin locks that the checked build keeps, each broken once
 * (tests/test_bugchecks.py) */
#include "kmtest.h"
#include "hal.h"
#include "ob.h"
#include "ps.h"

KMT_CRASH(IRQL) {
    KeRaiseIrqlToDpcLevel();
    *(volatile ULONG *)0x10 = 1;
}

static VOID EndlessDpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    for (;;) {
        YieldProcessor();
    }
}

KMT_CRASH(DPC) {
    static KDPC Dpc;
    KeInitializeDpc(&Dpc, EndlessDpc, NULL);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
}

/* --- waits on what is no object
 * ------------------------------------------------------------------ */

KMT_CRASH(wait_on_freed) {
    PKEVENT Event = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KEVENT), 'tmkT');
    KeInitializeEvent(Event, NotificationEvent, FALSE);
    ExFreePool(Event);
    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
}

/* Not all objects of Ke can be waited on. */
KMT_CRASH(wait_on_foreign) {
    static KDPC Dpc;
    KEVENT Event;
    PVOID Objects[2] = {&Event, &Dpc};
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    KeInitializeDpc(&Dpc, EndlessDpc, NULL);
    KeWaitForMultipleObjects(2, Objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
}

/* What was never initialised looks like an event, whose list leads nowhere. */
KMT_CRASH(wait_on_zeros) {
    static KEVENT Event;
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
}

/* --- what comes on stacks of its own
 * --------------------------------------------------------------
 */

/* One that nobody asked for; KiFreeze's only come in a bugcheck. */
KMT_CRASH(nmi) {
    HalSendNMI(1ull << KeGetCurrentProcessorNumber());
    for (;;) {
        YieldProcessor();
    }
}

KMT_CRASH(machine_check) {
    __asm__ volatile("int $0x12");
}

/* The stack ends, so that not even the page fault can be delivered on it. */
KMT_CRASH(double_fault) {
    __asm__ volatile("mov %0, %%rsp; push %%rax" : : "r"(0xFFFFF88FFFFFF000ull) : "memory");
}

/* --- spin locks ---------------------------------------------------------------------------------
 */

static KSPIN_LOCK LockA, LockB, LockC;

KMT_CRASH(lock_twice) {
    KIRQL Old;
    KeAcquireSpinLock(&LockA, &Old);
    KeAcquireSpinLockAtDpcLevel(&LockA);
}

KMT_CRASH(queued_lock_twice) {
    KLOCK_QUEUE_HANDLE First, Second;
    KeAcquireInStackQueuedSpinLock(&LockA, &First);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&LockA, &Second);
}

KMT_CRASH(lock_not_held) {
    KeRaiseIrqlToDpcLevel();
    KeReleaseSpinLockFromDpcLevel(&LockA);
}

static volatile BOOLEAN LockAIsHeld;

static VOID HoldLockA(PVOID Context) {
    KIRQL Old;
    UNREFERENCED_PARAMETER(Context);
    KeSetAffinityThread(KeGetCurrentThread(), 2);
    KeAcquireSpinLock(&LockA, &Old);
    LockAIsHeld = TRUE;
    for (;;) {
        YieldProcessor();
    }
}

/* Needs a second processor, which holds the lock that the first gives back. */
KMT_CRASH(lock_of_another) {
    HANDLE Thread;
    KeSetAffinityThread(KeGetCurrentThread(), 1);
    PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, HoldLockA, NULL);
    while (!LockAIsHeld) {
        YieldProcessor();
    }
    KeRaiseIrqlToDpcLevel();
    KeReleaseSpinLockFromDpcLevel(&LockA);
}

KMT_CRASH(lock_below_dispatch) {
    KeAcquireSpinLockAtDpcLevel(&LockA);
}

KMT_CRASH(lock_released_above) {
    KIRQL Old, Older;
    KeAcquireSpinLock(&LockA, &Old);
    KeRaiseIrql(5, &Older);
    KeReleaseSpinLockFromDpcLevel(&LockA);
}

KMT_CRASH(lock_released_below) {
    KIRQL Old, Older;
    KeRaiseIrql(5, &Older);
    KeAcquireSpinLockAtDpcLevel(&LockA);
    KeLowerIrql(DISPATCH_LEVEL);
    KeReleaseSpinLock(&LockA, Old = PASSIVE_LEVEL);
}

KMT_CRASH(lock_level_falls) {
    KIRQL Old;
    KeAcquireSpinLock(&LockA, &Old);
    KeLowerIrql(Old);
    for (;;) {
        YieldProcessor();
    }
}

static VOID Nest(PKSPIN_LOCK Outer, PKSPIN_LOCK Inner) {
    KIRQL Old;
    KeAcquireSpinLock(Outer, &Old);
    KeAcquireSpinLockAtDpcLevel(Inner);
    KeReleaseSpinLockFromDpcLevel(Inner);
    KeReleaseSpinLock(Outer, Old);
}

KMT_CRASH(lock_order) {
    Nest(&LockA, &LockB);
    Nest(&LockB, &LockA);
}

KMT_CRASH(lock_order_of_three) {
    Nest(&LockA, &LockB);
    Nest(&LockB, &LockC);
    Nest(&LockC, &LockA);
}

/* An event's lock comes before a processor's. */
KMT_CRASH(lock_order_of_the_kernel) {
    KEVENT Event;
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    KeRaiseIrqlToDpcLevel();
    KeAcquireSpinLockAtDpcLevel(&KeGetCurrentPrcb()->PrcbLock);
    KeSetEvent(&Event, 0, FALSE);
}

#define ROUTINE_LEVEL  8
#define ROUTINE_VECTOR (ROUTINE_LEVEL << 4 | 0xF)

static BOOLEAN LockingIsr(PKINTERRUPT Interrupt, PVOID Context) {
    UNREFERENCED_PARAMETER(Interrupt);
    UNREFERENCED_PARAMETER(Context);
    KeAcquireSpinLockAtDpcLevel(&LockA);
    KeReleaseSpinLockFromDpcLevel(&LockA);
    return TRUE;
}

/* The lock is never in two hands here: what is wrong is only what could happen. */
KMT_CRASH(lock_of_a_routine) {
    static KINTERRUPT Interrupt;
    KIRQL Old;
    KeInitializeInterrupt(&Interrupt, LockingIsr, NULL, NULL, ROUTINE_VECTOR, ROUTINE_LEVEL,
                          ROUTINE_LEVEL, Latched, FALSE, 0, FALSE);
    KeConnectInterrupt(&Interrupt);
    HalRequestSoftwareInterrupt(ROUTINE_LEVEL);
    for (ULONG Try = 0; Try < 1000; Try++) {
        YieldProcessor();
    }
    KeAcquireSpinLock(&LockA, &Old);
}

KMT_CRASH(lock_held_too_long) {
    KIRQL Old;
    KeAcquireSpinLock(&LockA, &Old);
    for (;;) {
        YieldProcessor();
    }
}
