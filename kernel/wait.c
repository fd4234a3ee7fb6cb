/*
 * Waiting.
 *
 * An object that can be waited on begins with a DISPATCHER_HEADER: a signal state, a list of the
 * threads that wait, and a lock bit that guards both. A wait puts one KWAIT_BLOCK per object into
 * the objects' lists and gives the processor away. Whoever signals an object goes through its list,
 * first come first served, and for each block tries to claim its thread: a thread is claimed
 * once, by one object, its timeout, an alert or an APC (KTHREAD.WaitClaimed, under ThreadLock).
 * Blocks of a claimed thread that are still in other lists are stale; who meets one there drops it,
 * and the thread takes out the rest itself when it runs again.
 *
 * A wait for all objects never takes one of them alone: an object that becomes signalled only wakes
 * the thread, which then looks at all of them again, with all their locks held.
 *
 * Lock order: the objects by address, then a timer table, then a thread.
 */
#include "ki.h"

#define KI_WAIT_RETRY 0x0001FFFF /* wait-all: look again */

VOID KiInitializeHeader(PDISPATCHER_HEADER Header, UCHAR Type, ULONG Size, LONG SignalState) {
    Header->Lock = 0;
    Header->Type = Type;
    Header->Size = (UCHAR)(Size / sizeof(ULONG));
    Header->SignalState = SignalState;
    InitializeListHead(&Header->WaitListHead);
}

VOID KiAcquireObjectLock(PDISPATCHER_HEADER Object) {
    KiLockWanted(Object, KiClassDispatcher);
    for (;;) {
        BOOLEAN Taken;
        __asm__ volatile("lock btsl $7, %0" : "+m"(Object->Lock), "=@ccc"(Taken) : : "memory");
        if (!Taken)
            break;
        while (*(volatile UCHAR *)&Object->Type & KOBJECT_LOCK_BIT)
            YieldProcessor();
    }
    KiLockWaitedFor(Object, KiClassDispatcher);
}

/* Others only ever set the bit that is set already, so a plain store gives the lock back. */
VOID KiReleaseObjectLock(PDISPATCHER_HEADER Object) {
    KiLockReleased(Object);
    __atomic_store_n(&Object->Type, (UCHAR)(Object->Type & ~KOBJECT_LOCK_BIT), __ATOMIC_RELEASE);
}

static KOBJECTS KiObjectType(PDISPATCHER_HEADER Object) {
    return (KOBJECTS)(Object->Type & ~KOBJECT_LOCK_BIT);
}

static BOOLEAN KiIsSignalled(PDISPATCHER_HEADER Object, PKTHREAD Thread) {
    return Object->SignalState > 0 ||
           (KiObjectType(Object) == MutantObject && ((PKMUTANT)Object)->OwnerThread == Thread);
}

/* What a satisfied wait does to the object. Returns the abandoned status's difference, or 0. */
static NTSTATUS KiSatisfyWait(PDISPATCHER_HEADER Object, PKTHREAD Thread) {
    switch (KiObjectType(Object)) {
    case EventSynchronizationObject:
    case TimerSynchronizationObject:
        Object->SignalState = 0;
        return 0;
    case SemaphoreObject:
        Object->SignalState--;
        return 0;
    case MutantObject:
        break;
    default:
        return 0;
    }
    PKMUTANT Mutant = (PKMUTANT)Object;
    NTSTATUS Abandoned = Mutant->Abandoned ? STATUS_ABANDONED_WAIT_0 : 0;
    if (Object->SignalState-- == 1) {
        Mutant->OwnerThread = Thread;
        Mutant->Abandoned = FALSE;
        InsertTailList(&Thread->MutantListHead, &Mutant->MutantListEntry);
        if (Mutant->ApcDisable)
            Thread->KernelApcDisable--;
    }
    return Abandoned;
}

static BOOLEAN KiClaimWait(PKTHREAD Thread, LONG_PTR Status) {
    if (Thread->State != Waiting || Thread->WaitClaimed)
        return FALSE;
    Thread->WaitClaimed = TRUE;
    Thread->WaitStatus = Status;
    if (Thread->Queue)
        InterlockedIncrement(&Thread->Queue->CurrentCount);
    return TRUE;
}

/* A boost lasts: each quantum takes one level of it back (KiQuantumEnd). */
static VOID KiBoostAndReady(PKTHREAD Thread, KPRIORITY Increment) {
    if (Thread->Priority < LOW_REALTIME_PRIORITY && Increment > 0 && !Thread->DisableBoost) {
        CHAR Boosted = (CHAR)min(Thread->BasePriority + Increment, LOW_REALTIME_PRIORITY - 1);
        if (Boosted > Thread->Priority) {
            Thread->PriorityDecrement = (CHAR)(Boosted - Thread->BasePriority);
            Thread->Priority = Boosted;
        }
    }
    KiReadyThread(Thread);
}

BOOLEAN KiUnwaitThread(PKTHREAD Thread, LONG_PTR Status, KPRIORITY Increment) {
    if (!KiClaimWait(Thread, Status))
        return FALSE;
    KiBoostAndReady(Thread, Increment);
    return TRUE;
}

VOID KiWaitTest(PDISPATCHER_HEADER Object, KPRIORITY Increment) {
    PLIST_ENTRY Head = &Object->WaitListHead, Entry = Head->Flink;
    while (Entry != Head && Object->SignalState > 0) {
        PKWAIT_BLOCK Block = CONTAINING_RECORD(Entry, KWAIT_BLOCK, WaitListEntry);
        PKTHREAD Thread = Block->Thread;
        Entry = Entry->Flink;
        if (Block->WaitType == WaitDequeue) /* queue.c serves those */
            continue;
        RemoveEntryList(&Block->WaitListEntry);
        KiAcquireThreadLock(Thread);
        LONG_PTR Status = Block->WaitType == WaitAny ? Block->WaitKey : KI_WAIT_RETRY;
        if (KiClaimWait(Thread, Status)) {
            if (Block->WaitType == WaitAny)
                Thread->WaitStatus += KiSatisfyWait(Object, Thread);
            KiBoostAndReady(Thread, Increment);
        }
        KiReleaseThreadLock(Thread);
        Block->BlockState = WaitBlockInactive; /* the last touch: its thread may use it again now */
    }
}

/* --- one wait -----------------------------------------------------------------------------------
 */

/* Sorts the blocks by object, so that locks are always taken in one order. Few objects: insertion.
 */
static VOID KiPrepareBlocks(PKI_WAIT Wait, PKTHREAD Thread) {
    for (ULONG i = 0; i < Wait->Count; i++) {
        ULONG j = i;
        for (; j > 0 && (ULONG_PTR)Wait->Blocks[j - 1].Object > (ULONG_PTR)Wait->Objects[i]; j--)
            Wait->Blocks[j] = Wait->Blocks[j - 1];
        Wait->Blocks[j] = (KWAIT_BLOCK){.WaitType = (UCHAR)Wait->Type,
                                        .WaitKey = (USHORT)i,
                                        .Thread = Thread,
                                        .Object = Wait->Objects[i]};
    }
}

static BOOLEAN KiFirstOfObject(PKI_WAIT Wait, ULONG i) {
    return i == 0 || Wait->Blocks[i].Object != Wait->Blocks[i - 1].Object;
}

static VOID KiLockObjects(PKI_WAIT Wait) {
    for (ULONG i = 0; i < Wait->Count; i++)
        if (KiFirstOfObject(Wait, i))
            KiAcquireObjectLock(Wait->Blocks[i].Object);
}

static VOID KiUnlockObjects(PKI_WAIT Wait) {
    for (ULONG i = 0; i < Wait->Count; i++)
        if (KiFirstOfObject(Wait, i))
            KiReleaseObjectLock(Wait->Blocks[i].Object);
}

/* All locks held: takes what the wait is for if it is there. Returns its status or STATUS_PENDING.
 */
static LONG_PTR KiTrySatisfy(PKI_WAIT Wait, PKTHREAD Thread) {
    NTSTATUS Status = STATUS_WAIT_0;
    if (Wait->Type == WaitDequeue)
        return KiTryDequeue(Wait->Objects[0], Thread);
    for (ULONG i = 0; i < Wait->Count; i++) {
        BOOLEAN Signalled = KiIsSignalled(Wait->Objects[i], Thread);
        if (Wait->Type == WaitAny && Signalled)
            return (NTSTATUS)i + KiSatisfyWait(Wait->Objects[i], Thread);
        if (Wait->Type == WaitAll && !Signalled)
            return STATUS_PENDING;
    }
    if (Wait->Type == WaitAny)
        return STATUS_PENDING;
    for (ULONG i = 0; i < Wait->Count; i++)
        Status |= KiSatisfyWait(Wait->Objects[i], Thread);
    return Status;
}

/* ThreadLock held: was the thread alerted in Mode? It is used up. */
static BOOLEAN KiTakeAlert(PKTHREAD Thread, KPROCESSOR_MODE Mode) {
    BOOLEAN Alerted = Thread->Alerted[(UCHAR)Mode];
    Thread->Alerted[(UCHAR)Mode] = FALSE;
    return Alerted;
}

/* ThreadLock held: a reason not to wait at all, or STATUS_SUCCESS. */
static NTSTATUS KiTestAlert(PKI_WAIT Wait, PKTHREAD Thread, KIRQL OldIrql) {
    if (OldIrql < APC_LEVEL && KiKernelApcReady(Thread))
        return STATUS_KERNEL_APC;
    if (Wait->Alertable && KiTakeAlert(Thread, Wait->Mode))
        return STATUS_ALERTED;
    if (Wait->Mode != UserMode)
        return STATUS_SUCCESS;
    if (Wait->Alertable &&
        Thread->ApcState.ApcListHead[UserMode].Flink != &Thread->ApcState.ApcListHead[UserMode])
        Thread->ApcState.UserApcPending = TRUE;
    if (Thread->ApcState.UserApcPending)
        return STATUS_USER_APC;
    return Wait->Alertable && KiTakeAlert(Thread, KernelMode) ? STATUS_ALERTED : STATUS_SUCCESS;
}

/* All locks held: the thread is waiting from here on. */
static VOID KiEnterWait(PKI_WAIT Wait, PKTHREAD Thread, KIRQL OldIrql) {
    Thread->WaitIrql = OldIrql;
    Thread->WaitMode = Wait->Mode;
    Thread->WaitReason = (UCHAR)Wait->Reason;
    Thread->Alertable = Wait->Alertable;
    Thread->WaitBlockList = Wait->Blocks;
    Thread->WaitBlockCount = (UCHAR)Wait->Count;
    Thread->WaitTime = (ULONG)KeTickCountStorage;
    Thread->WaitClaimed = FALSE;
    Thread->SwapBusy = TRUE;
    Thread->State = Waiting;
    if (Thread->Queue)
        InterlockedDecrement(&Thread->Queue->CurrentCount);
    for (ULONG i = 0; i < Wait->Count; i++) {
        PDISPATCHER_HEADER Object = Wait->Blocks[i].Object;
        Wait->Blocks[i].BlockState = WaitBlockActive;
        InsertTailList(&Object->WaitListHead, &Wait->Blocks[i].WaitListEntry);
    }
}

static VOID KiStartTimeout(PKI_WAIT Wait, PKTHREAD Thread) {
    PKWAIT_BLOCK Block = &Thread->WaitBlock[TIMER_WAIT_BLOCK];
    PKTIMER Timer = &Thread->Timer;
    KiAcquireObjectLock(&Timer->Header);
    Timer->Header.SignalState = 0;
    Timer->Period = 0;
    Timer->Dpc = NULL;
    *Block = (KWAIT_BLOCK){.WaitType = WaitAny,
                           .WaitKey = (USHORT)STATUS_TIMEOUT,
                           .BlockState = WaitBlockActive,
                           .Thread = Thread,
                           .Object = Timer};
    InsertTailList(&Timer->Header.WaitListHead, &Block->WaitListEntry);
    if (!KiInsertTimer(Timer, Wait->Due)) {
        Timer->Header.SignalState = 1;
        KiWaitTest(&Timer->Header, 0);
    }
    KiReleaseObjectLock(&Timer->Header);
}

static VOID KiRemoveBlock(PKWAIT_BLOCK Block) {
    PDISPATCHER_HEADER Object = Block->Object;
    KiAcquireObjectLock(Object);
    if (Block->BlockState == WaitBlockActive) {
        RemoveEntryList(&Block->WaitListEntry);
        Block->BlockState = WaitBlockInactive;
    }
    KiReleaseObjectLock(Object);
}

/* Until whoever has taken the block out of its list has given back the object's lock: after the
   wait the object may be freed. */
static VOID KiAwaitObjectLock(PDISPATCHER_HEADER Object) {
    while (*(volatile UCHAR *)&Object->Type & KOBJECT_LOCK_BIT)
        YieldProcessor();
}

/* The wait is over: what others did not take out of lists is taken out. */
static VOID KiLeaveWait(PKI_WAIT Wait, PKTHREAD Thread) {
    for (ULONG i = 0; i < Wait->Count; i++)
        if (Wait->Blocks[i].BlockState == WaitBlockActive)
            KiRemoveBlock(&Wait->Blocks[i]);
        else
            KiAwaitObjectLock(Wait->Blocks[i].Object);
    if (!Wait->Timeout)
        return;
    KiAcquireObjectLock(&Thread->Timer.Header);
    KiRemoveTimer(&Thread->Timer);
    KiReleaseObjectLock(&Thread->Timer.Header);
    KiRemoveBlock(&Thread->WaitBlock[TIMER_WAIT_BLOCK]);
}

/* A relative timeout becomes a point of interrupt time once, so that retries do not prolong it. */
static VOID KiComputeDueTime(PKI_WAIT Wait) {
    if (!Wait->Timeout)
        return;
    LONGLONG Timeout = Wait->Timeout->QuadPart, Now = (LONGLONG)KeQueryInterruptTime();
    if (Timeout <= 0) {
        Wait->Due.QuadPart = Timeout < Now - MAXLONGLONG ? MAXLONGLONG : Now - Timeout;
    } else {
        LARGE_INTEGER SystemTime;
        KeQuerySystemTime(&SystemTime);
        LONGLONG Left = Timeout - SystemTime.QuadPart;
        Wait->Due.QuadPart = Left <= 0 ? Now : Now + Left;
    }
}

static BOOLEAN KiTimeoutPassed(PKI_WAIT Wait) {
    return Wait->Timeout &&
           (Wait->Timeout->QuadPart == 0 || Wait->Due.QuadPart <= (LONGLONG)KeQueryInterruptTime());
}

/* Returns STATUS_KERNEL_APC or KI_WAIT_RETRY where the wait is to be tried again. */
static LONG_PTR KiWaitOnce(PKI_WAIT Wait) {
    PKTHREAD Thread = KeGetCurrentThread();
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);

    KiLockObjects(Wait);
    LONG_PTR Status = KiTrySatisfy(Wait, Thread);
    if (Status == STATUS_PENDING && KiTimeoutPassed(Wait))
        Status = STATUS_TIMEOUT;
    if (Status == STATUS_PENDING) {
        KiAcquireThreadLock(Thread);
        Status = KiTestAlert(Wait, Thread, OldIrql);
        if (Status == STATUS_SUCCESS)
            KiEnterWait(Wait, Thread, OldIrql);
        KiReleaseThreadLock(Thread);
        KiUnlockObjects(Wait);
        if (Status == STATUS_SUCCESS) {
            if (Thread->Queue)
                KiActivateQueue(Thread);
            if (Wait->Timeout)
                KiStartTimeout(Wait, Thread);
            Status = KiSwapThread(Thread);
            KiLeaveWait(Wait, Thread);
        }
    } else {
        KiUnlockObjects(Wait);
    }
    KeLowerIrql(OldIrql);
    return Status;
}

LONG_PTR KiWait(PKI_WAIT Wait) {
    LONG_PTR Status;
    NT_ASSERT(KeGetCurrentIrql() <= APC_LEVEL || (Wait->Timeout && Wait->Timeout->QuadPart == 0));
    KiComputeDueTime(Wait);
    do {
        KiPrepareBlocks(Wait, KeGetCurrentThread()); /* an APC may have waited with the same ones */
        Status = KiWaitOnce(Wait);
        if (Status == STATUS_KERNEL_APC)
            KiDeliverKernelApcs();
    } while (Status == STATUS_KERNEL_APC || Status == KI_WAIT_RETRY);
    return Status;
}

NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason,
                                     KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout) {
    PKTHREAD Thread = KeGetCurrentThread();
    PDISPATCHER_HEADER Header = Object;
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(Header);
    if (KiIsSignalled(Header, Thread)) { /* nobody need be told */
        BOOLEAN Overflow = Header->SignalState == MINLONG && KiObjectType(Header) == MutantObject;
        NTSTATUS Status = Overflow ? 0 : KiSatisfyWait(Header, Thread);
        KiReleaseObjectLock(Header);
        KeLowerIrql(OldIrql);
        if (Overflow)
            RtlRaiseStatus(STATUS_MUTANT_LIMIT_EXCEEDED);
        return Status;
    }
    KiReleaseObjectLock(Header);
    KeLowerIrql(OldIrql);

    KI_WAIT Wait = {.Count = 1,
                    .Objects = &Object,
                    .Blocks = Thread->WaitBlock,
                    .Type = WaitAny,
                    .Reason = WaitReason,
                    .Mode = WaitMode,
                    .Alertable = Alertable,
                    .Timeout = Timeout};
    return (NTSTATUS)KiWait(&Wait);
}

NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType,
                                        KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                                        BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                        PKWAIT_BLOCK WaitBlockArray) {
    if (Count == 0 || Count > MAXIMUM_WAIT_OBJECTS ||
        (!WaitBlockArray && Count > THREAD_WAIT_OBJECTS))
        KeBugCheckEx(MAXIMUM_WAIT_OBJECTS_EXCEEDED, Count, 0, 0, 0);
    KI_WAIT Wait = {.Count = Count,
                    .Objects = Object,
                    .Blocks = WaitBlockArray ? WaitBlockArray : KeGetCurrentThread()->WaitBlock,
                    .Type = WaitType,
                    .Reason = WaitReason,
                    .Mode = WaitMode,
                    .Alertable = Alertable,
                    .Timeout = Timeout};
    return (NTSTATUS)KiWait(&Wait);
}

/* A wait for nothing but the timeout. */
NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                      PLARGE_INTEGER Interval) {
    KI_WAIT Wait = {.Count = 0,
                    .Blocks = KeGetCurrentThread()->WaitBlock,
                    .Type = WaitAny,
                    .Reason = DelayExecution,
                    .Mode = WaitMode,
                    .Alertable = Alertable,
                    .Timeout = Interval};
    NTSTATUS Status = (NTSTATUS)KiWait(&Wait);
    return Status == STATUS_TIMEOUT ? STATUS_SUCCESS : Status;
}
