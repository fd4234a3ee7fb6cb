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
 * A wait for all objects never takes one of them alone: who signals one of them looks at the others
 * with their locks held, and if all are signalled takes all for the thread. Those locks come out of
 * order, so they are only tried; if one is busy the thread is woken to look for itself.
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

VOID KiAwaitObjectLock(PDISPATCHER_HEADER Object) {
    while (*(volatile UCHAR *)&Object->Type & KOBJECT_LOCK_BIT)
        YieldProcessor();
}

/* Blocks are sorted by object, so that one which a wait names twice is locked once. */
static BOOLEAN KiFirstOfObject(PKWAIT_BLOCK Blocks, ULONG i) {
    return i == 0 || Blocks[i].Object != Blocks[i - 1].Object;
}

static BOOLEAN KiIsSignalled(PDISPATCHER_HEADER Object, PKTHREAD Thread) {
    return Object->SignalState > 0 ||
           (KiObjectType(Object) == MutantObject && ((PKMUTANT)Object)->OwnerThread == Thread);
}

/* Thread's ThreadLock held. What a satisfied wait does to the object. Returns what is to be added
   to the wait's status: the difference that an abandoned mutant makes, or 0. */
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
        return KiTakeMutant((PKMUTANT)Object, Thread);
    default:
        return 0;
    }
}

static BOOLEAN KiClaimWait(PKTHREAD Thread, LONG_PTR Status) {
    if (Thread->State != Waiting || Thread->WaitClaimed)
        return FALSE;
    Thread->WaitClaimed = TRUE;
    Thread->WaitStatus = Status;
    if (Thread->Queue)
        InterlockedIncrement(&((PKQUEUE)Thread->Queue)->CurrentCount);
    return TRUE;
}

static VOID KiBoostAndReady(PKTHREAD Thread, KPRIORITY Increment) {
    KiBoostThread(Thread, Increment);
    KiReadyThread(Thread);
}

BOOLEAN KiUnwaitThread(PKTHREAD Thread, LONG_PTR Status, KPRIORITY Increment) {
    if (!KiClaimWait(Thread, Status))
        return FALSE;
    KiBoostAndReady(Thread, Increment);
    return TRUE;
}

/* ThreadLock held, all objects locked: Thread takes every one of them. Returns the wait's status.
 */
static NTSTATUS KiSatisfyAll(PKWAIT_BLOCK Blocks, ULONG Count, PKTHREAD Thread) {
    NTSTATUS Status = STATUS_WAIT_0;
    for (ULONG i = 0; i < Count; i++)
        Status |= KiSatisfyWait(Blocks[i].Object, Thread);
    return Status;
}

/*
 * ThreadLock and Object's lock held: Thread waits for all of its objects, and takes them if they
 * are all signalled. STATUS_PENDING: they are not. The locks of the others would be out of order,
 * so they are only tried; if one is busy the thread shall look itself (KI_WAIT_RETRY).
 */
static LONG_PTR KiTryWaitAll(PKTHREAD Thread, PDISPATCHER_HEADER Object) {
    PKWAIT_BLOCK Blocks = Thread->WaitBlockList;
    LONG_PTR Status = STATUS_WAIT_0;
    ULONG Seen = 0;
    while (Seen < Thread->WaitBlockCount && Status == STATUS_WAIT_0) {
        PDISPATCHER_HEADER Other = Blocks[Seen].Object;
        if (Other != Object && KiFirstOfObject(Blocks, Seen) && !KiTryObjectLock(Other)) {
            Status = KI_WAIT_RETRY;
            break;
        }
        Status = KiIsSignalled(Other, Thread) ? STATUS_WAIT_0 : STATUS_PENDING;
        Seen++;
    }
    if (Status == STATUS_WAIT_0)
        Status = KiSatisfyAll(Blocks, Seen, Thread);
    while (Seen-- > 0)
        if (Blocks[Seen].Object != Object && KiFirstOfObject(Blocks, Seen))
            KiReleaseObjectLock(Blocks[Seen].Object);
    return Status;
}

/* Object's lock held. FALSE if the block's thread has to go on waiting. */
static BOOLEAN KiTestBlock(PDISPATCHER_HEADER Object, PKWAIT_BLOCK Block, KPRIORITY Increment) {
    PKTHREAD Thread = Block->Thread;
    LONG_PTR Status = STATUS_WAIT_0;
    KiAcquireThreadLock(Thread);
    BOOLEAN Claimable = Thread->State == Waiting && !Thread->WaitClaimed;
    if (Claimable) {
        Status = Block->WaitType == WaitAny ? Block->WaitKey + KiSatisfyWait(Object, Thread)
                                            : KiTryWaitAll(Thread, Object);
        if (Status != STATUS_PENDING)
            KiUnwaitThread(Thread, Status, Increment);
    }
    KiReleaseThreadLock(Thread);
    return Status != STATUS_PENDING;
}

VOID KiWaitTest(PDISPATCHER_HEADER Object, KPRIORITY Increment) {
    PLIST_ENTRY Head = &Object->WaitListHead, Entry = Head->Flink;
    while (Entry != Head && Object->SignalState > 0) {
        PKWAIT_BLOCK Block = CONTAINING_RECORD(Entry, KWAIT_BLOCK, WaitListEntry);
        Entry = Entry->Flink;
        if (Block->WaitType == WaitDequeue) /* queue.c serves those */
            continue;
        if (KiTestBlock(Object, Block, Increment)) {
            RemoveEntryList(&Block->WaitListEntry);
            Block->BlockState = WaitBlockInactive; /* the last touch: its thread may use it again */
        }
    }
}

/* --- one wait -----------------------------------------------------------------------------------
 */

/* Field by field: in KTHREAD.WaitBlock other fields of the thread lie in the spare words. */
static VOID KiSetWaitBlock(PKWAIT_BLOCK Block, ULONG Type, USHORT Key, PKTHREAD Thread,
                           PVOID Object) {
    Block->WaitType = (UCHAR)Type;
    Block->BlockState = WaitBlockInactive;
    Block->WaitKey = Key;
    Block->Thread = Thread;
    Block->Object = Object;
}

/* Sorts the blocks by object, so that locks are always taken in one order. Insertion sort, since there
   are only a few objects. */
static VOID KiPrepareBlocks(PKI_WAIT Wait, PKTHREAD Thread) {
    for (ULONG i = 0; i < Wait->Count; i++) {
        ULONG j = i;
        NT_ASSERT(KiIsDispatcherObject(Wait->Objects[i]));
        for (; j > 0 && (ULONG_PTR)Wait->Blocks[j - 1].Object > (ULONG_PTR)Wait->Objects[i]; j--)
            KiSetWaitBlock(&Wait->Blocks[j], Wait->Type, Wait->Blocks[j - 1].WaitKey, Thread,
                           Wait->Blocks[j - 1].Object);
        KiSetWaitBlock(&Wait->Blocks[j], Wait->Type, (USHORT)i, Thread, Wait->Objects[i]);
    }
}

static VOID KiLockObjects(PKI_WAIT Wait) {
    for (ULONG i = 0; i < Wait->Count; i++)
        if (KiFirstOfObject(Wait->Blocks, i))
            KiAcquireObjectLock(Wait->Blocks[i].Object);
}

static VOID KiUnlockObjects(PKI_WAIT Wait) {
    for (ULONG i = 0; i < Wait->Count; i++)
        if (KiFirstOfObject(Wait->Blocks, i))
            KiReleaseObjectLock(Wait->Blocks[i].Object);
}

/* All locks held: takes what the wait is for if it is there. Returns its status or STATUS_PENDING.
 */
static LONG_PTR KiTrySatisfy(PKI_WAIT Wait, PKTHREAD Thread) {
    if (Wait->Type == WaitDequeue)
        return KiTryDequeue(Wait->Objects[0], Thread);
    for (ULONG i = 0; i < Wait->Count; i++) {
        BOOLEAN Signalled = KiIsSignalled(Wait->Objects[i], Thread);
        if (Signalled && KiMutantLimitReached(Wait->Objects[i]))
            return STATUS_MUTANT_LIMIT_EXCEEDED;
        if (Wait->Type == WaitAny && Signalled)
            return (NTSTATUS)i + KiSatisfyWait(Wait->Objects[i], Thread);
        if (Wait->Type == WaitAll && !Signalled)
            return STATUS_PENDING;
    }
    return Wait->Type == WaitAny ? STATUS_PENDING : KiSatisfyAll(Wait->Blocks, Wait->Count, Thread);
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
        InterlockedDecrement(&((PKQUEUE)Thread->Queue)->CurrentCount);
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
    Timer->Header.TimerControlFlags = 0;
    KiSetWaitBlock(Block, WaitAny, (USHORT)STATUS_TIMEOUT, Thread, Timer);
    Block->BlockState = WaitBlockActive;
    InsertTailList(&Timer->Header.WaitListHead, &Block->WaitListEntry);
    BOOLEAN Inserted = Wait->Timeout->QuadPart > 0 ? KiInsertAbsoluteTimer(Timer, *Wait->Timeout)
                                                   : KiInsertTimer(Timer, Wait->Due);
    if (!Inserted) {
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

/* The wait is over: what others did not take out of lists is taken out. Whoever has taken out a
   block must have given back the object's lock too: after the wait the object may be freed. */
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

static BOOLEAN KiTimeoutPassed(PKI_WAIT Wait) {
    return Wait->Timeout &&
           (Wait->Timeout->QuadPart == 0 || Wait->Due <= (LONGLONG)KeQueryInterruptTime());
}

/* The level to go back to after the wait. The call before may have stayed at DISPATCH_LEVEL for
   this wait (KiExitSignal). */
static KIRQL KiRaiseForWait(PKTHREAD Thread) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    if (!Thread->WaitNext)
        return OldIrql;
    Thread->WaitNext = FALSE;
    return Thread->WaitIrql;
}

/* All locks held: a status with which the wait ends at once, or STATUS_PENDING: it has begun. */
static LONG_PTR KiBeginWait(PKI_WAIT Wait, PKTHREAD Thread, KIRQL OldIrql) {
    LONG_PTR Status = KiTrySatisfy(Wait, Thread);
    if (Status != STATUS_PENDING)
        return Status;
    Status = KiTestAlert(Wait, Thread, OldIrql);
    if (Status != STATUS_SUCCESS)
        return Status;
    if (KiTimeoutPassed(Wait))
        return STATUS_TIMEOUT;
    KiEnterWait(Wait, Thread, OldIrql);
    return STATUS_PENDING;
}

/* Returns STATUS_KERNEL_APC or KI_WAIT_RETRY where the wait is to be tried again. */
static LONG_PTR KiWaitOnce(PKI_WAIT Wait) {
    PKTHREAD Thread = KeGetCurrentThread();
    KIRQL OldIrql = KiRaiseForWait(Thread);
    KiLockObjects(Wait);
    KiAcquireThreadLock(Thread);
    LONG_PTR Status = KiBeginWait(Wait, Thread, OldIrql);
    KiReleaseThreadLock(Thread);
    KiUnlockObjects(Wait);
    if (Status != STATUS_PENDING) {
        KiExitDispatcher(OldIrql);
        return Status;
    }
    if (Thread->Queue)
        KiActivateQueue(Thread);
    if (Wait->Timeout)
        KiStartTimeout(Wait, Thread);
    Status = KiSwapThread(Thread);
    KiLeaveWait(Wait, Thread);
    KeLowerIrql(OldIrql);
    return Status;
}

/* A relative timeout becomes a point of interrupt time once, so that retries do not prolong it; an
   absolute one again each time, for the system time may have been set. */
LONG_PTR KiWait(PKI_WAIT Wait) {
    LONG_PTR Status;
    NT_ASSERT(KeGetCurrentIrql() <= APC_LEVEL || KeGetCurrentThread()->WaitNext ||
              (Wait->Timeout && Wait->Timeout->QuadPart == 0));
    if (Wait->Timeout)
        Wait->Due = KiComputeDueTime(*Wait->Timeout);
    do {
        KiPrepareBlocks(Wait, KeGetCurrentThread()); /* an APC may have waited with the same ones */
        Status = KiWaitOnce(Wait);
        if (Status == STATUS_KERNEL_APC)
            KiDeliverKernelApcs();
        if (Wait->Timeout && Wait->Timeout->QuadPart > 0)
            Wait->Due = KiComputeDueTime(*Wait->Timeout);
    } while (Status == STATUS_KERNEL_APC || Status == KI_WAIT_RETRY);
    return Status;
}
