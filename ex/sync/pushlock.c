/*
 * pushlock.c - push locks
 *
 * A push lock is a reader-writer lock in one pointer. Free, it is 0; taking and leaving it without
 * contention is one compare-exchange, which the inline functions of inc/ex.h do. This file is what
 * happens otherwise.
 *
 *      0                             free
 *      Locked                        held exclusively
 *      Locked | Shared = n           held by n readers
 *      Locked | Waiting | address    held, and somebody waits
 *
 * The address is that of the first waiter's EX_PUSH_LOCK_WAIT_BLOCK, on that thread's stack. With
 * MultipleShared besides, readers hold the lock, and the block's ShareCount says how many.
 *
 * Once Waiting is set, the word and the list of waiters change only under a spin lock (one of a
 * few, chosen by the push lock's address). Who leaves the lock last hands it over: to the first
 * waiter if that wants it alone, or to all readers at the head of the list. Nobody can overtake a
 * waiter, so nobody starves.
 *
 * Different from Windows, where the list is changed by compare-exchange alone and a woken thread
 * must compete for the lock again: faster under heavy contention, and much longer. The bits mean
 * the same.
 *
 * The second use: a place to wait. ExBlockPushLock puts a block into the list, the thread looks
 * once more whether it must wait at all, then sleeps in ExWaitForUnblockPushLock; ExUnblockPushLock
 * wakes everybody. Such a push lock is never acquired.
 */
#include "exp.h"

#define WAIT_LOCK_COUNT 64

static KSPIN_LOCK ExpPushLockWaitLocks[WAIT_LOCK_COUNT];

static PKSPIN_LOCK ExpWaitLockOf(PEX_PUSH_LOCK PushLock) {
    ULONG_PTR Address = (ULONG_PTR)PushLock;
    return &ExpPushLockWaitLocks[((Address >> 3) ^ (Address >> 12)) % WAIT_LOCK_COUNT];
}

static PEX_PUSH_LOCK_WAIT_BLOCK ExpFirstWaiter(ULONG_PTR Value) {
    return (PEX_PUSH_LOCK_WAIT_BLOCK)(Value & ~EX_PUSH_LOCK_PTR_BITS);
}

/* ---- Acquiring ---- */

/* The word after this request is granted at once; 0 if it has to wait. */
static ULONG_PTR ExpGrantedValue(ULONG_PTR Value, BOOLEAN Exclusive) {
    if (Exclusive) {
        return Value == 0 ? EX_PUSH_LOCK_LOCK : 0;
    }
    BOOLEAN HeldAlone = (Value & EX_PUSH_LOCK_LOCK) != 0 && Value < EX_PUSH_LOCK_SHARE_INC;
    if (HeldAlone || (Value & EX_PUSH_LOCK_WAITING) != 0) {
        return 0;
    }
    return (Value + EX_PUSH_LOCK_SHARE_INC) | EX_PUSH_LOCK_LOCK;
}

/* Makes Block the first waiter of a lock whose word is Value: returns the new word. */
static ULONG_PTR ExpFirstWaitValue(PEX_PUSH_LOCK_WAIT_BLOCK Block, ULONG_PTR Value) {
    Block->Last = Block;
    Block->ShareCount = (LONG)(Value / EX_PUSH_LOCK_SHARE_INC);
    return (ULONG_PTR)Block | EX_PUSH_LOCK_LOCK | EX_PUSH_LOCK_WAITING |
           (Block->ShareCount != 0 ? EX_PUSH_LOCK_MULTIPLE_SHARED : 0);
}

/* Gets the lock (TRUE) or enters Block into the list of its waiters. */
static BOOLEAN ExpAcquireOrQueue(PEX_PUSH_LOCK PushLock, PEX_PUSH_LOCK_WAIT_BLOCK Block) {
    for (;;) {
        ULONG_PTR Value = PushLock->Value;
        ULONG_PTR New = ExpGrantedValue(Value, Block->Exclusive);
        BOOLEAN Granted = New != 0;
        if (!Granted && (Value & EX_PUSH_LOCK_WAITING) != 0) {
            PEX_PUSH_LOCK_WAIT_BLOCK First = ExpFirstWaiter(Value);
            First->Last->Next = Block;
            First->Last = Block;
            return FALSE;
        }
        if (!Granted) {
            New = ExpFirstWaitValue(Block, Value);
        }
        if (ExpPushLockCompareExchange(PushLock, New, Value)) {
            return Granted;
        }
    }
}

static VOID ExpAcquirePushLock(PEX_PUSH_LOCK PushLock, BOOLEAN Exclusive) {
    ULONG_PTR Value = PushLock->Value;
    ULONG_PTR New = ExpGrantedValue(Value, Exclusive);
    if (New != 0 && ExpPushLockCompareExchange(PushLock, New, Value)) {
        return;
    }
    EX_PUSH_LOCK_WAIT_BLOCK Block;
    KeInitializeEvent(&Block.WakeEvent, SynchronizationEvent, FALSE);
    Block.Next = NULL;
    Block.Exclusive = Exclusive;
    PKSPIN_LOCK WaitLock = ExpWaitLockOf(PushLock);
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(WaitLock);
    BOOLEAN Granted = ExpAcquireOrQueue(PushLock, &Block);
    KeReleaseSpinLock(WaitLock, OldIrql);
    if (!Granted) {
        KeWaitForSingleObject(&Block.WakeEvent, WrPushLock, KernelMode, FALSE, NULL);
    }
}

/* Acquires the lock alone, waiting as long as it takes. IRQL <= APC_LEVEL. */
DECLSPEC_RARE VOID ExfAcquirePushLockExclusive(_Inout_ PEX_PUSH_LOCK PushLock) {
    ExpAcquirePushLock(PushLock, TRUE);
}

/* Acquires the lock together with other readers. IRQL <= APC_LEVEL. */
DECLSPEC_RARE VOID ExfAcquirePushLockShared(_Inout_ PEX_PUSH_LOCK PushLock) {
    ExpAcquirePushLock(PushLock, FALSE);
}

/* Acquires the lock for reading if that needs no wait. */
BOOLEAN ExfTryAcquirePushLockShared(_Inout_ PEX_PUSH_LOCK PushLock) {
    for (;;) {
        ULONG_PTR Value = PushLock->Value;
        ULONG_PTR New = ExpGrantedValue(Value, FALSE);
        if (New == 0) {
            return FALSE;
        }
        if (ExpPushLockCompareExchange(PushLock, New, Value)) {
            return TRUE;
        }
    }
}

/* ---- Releasing ---- */

/*
 * The lock has become free while threads wait: takes those off the list that get it next, leaves
 * the word as their ownership wants it, and returns their chain.
 */
static PEX_PUSH_LOCK_WAIT_BLOCK ExpHandOver(PEX_PUSH_LOCK PushLock) {
    PEX_PUSH_LOCK_WAIT_BLOCK First = ExpFirstWaiter(PushLock->Value);
    PEX_PUSH_LOCK_WAIT_BLOCK LastWoken = First;
    ULONG_PTR Readers = First->Exclusive ? 0 : 1;
    while (Readers != 0 && LastWoken->Next != NULL && !LastWoken->Next->Exclusive) {
        LastWoken = LastWoken->Next;
        Readers++;
    }
    PEX_PUSH_LOCK_WAIT_BLOCK Rest = LastWoken->Next;
    ULONG_PTR Value = EX_PUSH_LOCK_LOCK | Readers * EX_PUSH_LOCK_SHARE_INC;
    if (Rest != NULL) {
        PEX_PUSH_LOCK_WAIT_BLOCK Last = First->Last;
        Value = ExpFirstWaitValue(Rest, Value);
        Rest->Last = Last;
    }
    LastWoken->Next = NULL;
    PushLock->Value = Value;
    return First;
}

/* Wakes a chain of waiters. A block is gone as soon as its thread runs, so its link is read first.
 */
static VOID ExpWakeChain(PEX_PUSH_LOCK_WAIT_BLOCK Block) {
    while (Block != NULL) {
        PEX_PUSH_LOCK_WAIT_BLOCK Next = Block->Next;
        KeSetEvent(&Block->WakeEvent, 1, FALSE);
        Block = Next;
    }
}

/* One owner leaves; returns the waiters to wake. Under the spin lock. */
static PEX_PUSH_LOCK_WAIT_BLOCK ExpLeave(PEX_PUSH_LOCK PushLock) {
    for (;;) {
        ULONG_PTR Value = PushLock->Value;
        if ((Value & EX_PUSH_LOCK_WAITING) == 0) {
            ULONG_PTR New = Value < 2 * EX_PUSH_LOCK_SHARE_INC ? 0 : Value - EX_PUSH_LOCK_SHARE_INC;
            if (ExpPushLockCompareExchange(PushLock, New, Value)) {
                return NULL;
            }
        } else if ((Value & EX_PUSH_LOCK_MULTIPLE_SHARED) != 0 &&
                   --ExpFirstWaiter(Value)->ShareCount != 0) {
            return NULL;
        } else {
            return ExpHandOver(PushLock);
        }
    }
}

/* Releases the lock, however it is held. IRQL <= APC_LEVEL. */
VOID ExfReleasePushLock(_Inout_ PEX_PUSH_LOCK PushLock) {
    ASSERT((PushLock->Value & EX_PUSH_LOCK_LOCK) != 0);
    PKSPIN_LOCK WaitLock = ExpWaitLockOf(PushLock);
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(WaitLock);
    PEX_PUSH_LOCK_WAIT_BLOCK Woken = ExpLeave(PushLock);
    KeReleaseSpinLock(WaitLock, OldIrql);
    ExpWakeChain(Woken);
}

DECLSPEC_RARE VOID ExfReleasePushLockExclusive(_Inout_ PEX_PUSH_LOCK PushLock) {
    ExfReleasePushLock(PushLock);
}

/* Releases a reader's hold; one of several readers, with nobody waiting, only counts down. */
DECLSPEC_RARE VOID ExfReleasePushLockShared(_Inout_ PEX_PUSH_LOCK PushLock) {
    ULONG_PTR Value = PushLock->Value;
    if ((Value & EX_PUSH_LOCK_WAITING) == 0 && Value >= 2 * EX_PUSH_LOCK_SHARE_INC &&
        ExpPushLockCompareExchange(PushLock, Value - EX_PUSH_LOCK_SHARE_INC, Value)) {
        return;
    }
    ExfReleasePushLock(PushLock);
}

/* ---- A place to wait ---- */

/*
 * Enters the caller into the list of those who wait at PushLock. It then looks whether its reason
 * to wait is still there, and calls ExWaitForUnblockPushLock if so, else ExUnblockPushLock with its
 * block. IRQL <= APC_LEVEL.
 */
VOID ExBlockPushLock(_Inout_ PEX_PUSH_LOCK PushLock, _Out_ PEX_PUSH_LOCK_WAIT_BLOCK WaitBlock) {
    KeInitializeEvent(&WaitBlock->WakeEvent, SynchronizationEvent, FALSE);
    PVOID Old;
    do {
        Old = PushLock->Ptr;
        WaitBlock->Next = Old;
    } while (InterlockedCompareExchangePointer(&PushLock->Ptr, (PVOID)WaitBlock, Old) != Old);
}

/* Sleeps until the block is woken. */
VOID ExWaitForUnblockPushLock(_Inout_ PEX_PUSH_LOCK PushLock,
                              _Inout_ PEX_PUSH_LOCK_WAIT_BLOCK WaitBlock) {
    KeWaitForSingleObject(&WaitBlock->WakeEvent, WrPushLock, KernelMode, FALSE, NULL);
}

/* Wakes all who wait at PushLock. With WaitBlock: the caller's own, which it must get back. */
VOID ExfUnblockPushLock(_Inout_ PEX_PUSH_LOCK PushLock,
                        _Inout_opt_ PEX_PUSH_LOCK_WAIT_BLOCK WaitBlock) {
    ExpWakeChain(InterlockedExchangePointer(&PushLock->Ptr, NULL));
    if (WaitBlock != NULL) {
        ExWaitForUnblockPushLock(PushLock, WaitBlock);
    }
}
