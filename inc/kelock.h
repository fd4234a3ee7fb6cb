/*
 * kelock.h - spin locks and queued spin locks; ke.h brings this in. (kernel/spinlock.c)
 *
 * A lock is a word, zero while it is free; whoever holds it is at DISPATCH_LEVEL or above and does
 * not wait for anything but other locks. docs/locks.md says in which order locks are taken, and
 * what the checked build stops at.
 */
#ifndef VITRINE_KELOCK_H
#define VITRINE_KELOCK_H

#include "ketypes.h"

/* --- spin locks ---------------------------------------------------------------------------------
 */

/* A lock that was zeroed is initialised already. Any IRQL. */
VOID NTAPI KeInitializeSpinLock(_Out_ PKSPIN_LOCK SpinLock);

/* Raises to DISPATCH_LEVEL and takes the lock; returns the level to go back to.
   IRQL <= DISPATCH_LEVEL. (WDK: KeAcquireSpinLock) */
KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(_Inout_ PKSPIN_LOCK SpinLock);
#define KeAcquireSpinLock(lock, oldirql) (*(oldirql) = KeAcquireSpinLockRaiseToDpc(lock))

/* Gives the lock back and lowers to NewIrql. IRQL == DISPATCH_LEVEL. */
VOID NTAPI KeReleaseSpinLock(_Inout_ PKSPIN_LOCK SpinLock, _In_ KIRQL NewIrql);

/* The same for who is at DISPATCH_LEVEL, or above, and stays there. (WDK pages of these names) */
VOID NTAPI KeAcquireSpinLockAtDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);
VOID NTAPI KeReleaseSpinLockFromDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);

/* Takes the lock if it is free, and says so. IRQL >= DISPATCH_LEVEL. */
BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);

/* Whether the lock is free at this moment; it costs less than trying. Any IRQL. */
BOOLEAN NTAPI KeTestSpinLock(_In_ PKSPIN_LOCK SpinLock);

/* --- queued spin locks --------------------------------------------------------------------------
 *
 * Who comes first is served first, and each waits on a word of its own: the lock is a queue of
 * handles, linked from the holder to the latest comer, which the lock's word names. A lock is
 * either always taken this way or never.
 */

#define LOCK_QUEUE_WAIT  1 /* in KSPIN_LOCK_QUEUE.Lock: not the holder yet */
#define LOCK_QUEUE_OWNER 2

typedef struct _KSPIN_LOCK_QUEUE {
    struct _KSPIN_LOCK_QUEUE *volatile Next; /* who comes after this one */
    volatile ULONG_PTR Lock;                 /* the lock's address, LOCK_QUEUE_ in its low bits */
} KSPIN_LOCK_QUEUE, *PKSPIN_LOCK_QUEUE;

/* In the holder's stack frame, untouched between acquire and release. */
typedef struct _KLOCK_QUEUE_HANDLE {
    KSPIN_LOCK_QUEUE LockQueue;
    KIRQL OldIrql;
} KLOCK_QUEUE_HANDLE, *PKLOCK_QUEUE_HANDLE;
static_assert(sizeof(KLOCK_QUEUE_HANDLE) == 0x18, "as in Windows");

/* IRQL <= DISPATCH_LEVEL; the lock is held at DISPATCH_LEVEL. (WDK pages of these names) */
VOID NTAPI KeAcquireInStackQueuedSpinLock(_Inout_ PKSPIN_LOCK SpinLock,
                                          _Out_ PKLOCK_QUEUE_HANDLE LockHandle);
VOID NTAPI KeReleaseInStackQueuedSpinLock(_In_ PKLOCK_QUEUE_HANDLE LockHandle);

/* IRQL >= DISPATCH_LEVEL, which is not changed. */
VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(_Inout_ PKSPIN_LOCK SpinLock,
                                                    _Out_ PKLOCK_QUEUE_HANDLE LockHandle);
VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(_In_ PKLOCK_QUEUE_HANDLE LockHandle);

/* --- the order of locks (kernel/check/lockorder.c) ----------------------------------------------------
 *
 * The one list of the kernel's own locks, outermost first: a lock may be taken while locks further
 * up are held, not while one further down is. Two of a kind are not held at once, except where
 * docs/locks.md says so.
 */
typedef enum _KI_LOCK_CLASS {
    KiClassUnnamed, /* a driver's, or not in this list: its place is learned from what happens */
    KiClassIoDatabase,
    KiClassWorkQueue,
    KiClassReaper,
    KiClassProcess,      /* KPROCESS.ProcessLock */
    KiClassDispatcher,   /* the lock bit of a dispatcher object; several by ascending address */
    KiClassAbsoluteTime, /* KiAbsoluteTimeLock */
    KiClassTimerTable,   /* KPRCB.TimerLock */
    KiClassThread,       /* KTHREAD.ThreadLock */
    KiClassPrcb,         /* KPRCB.PrcbLock */
    KiClassSystemSpace,  /* MiSystemSpaceLock */
    KiClassPfn,          /* MmPfnLock */
    KiClassVector,       /* a vector's chain; a higher level's comes on top of a lower one's */
    KiClassInterrupt,    /* KINTERRUPT.ActualLock, likewise */
    KiClassDpc,          /* KDPC_DATA.DpcLock, with interrupts off */
    KiClassCount
} KI_LOCK_CLASS;

#if DBG
/* SpinLock is the one of Class. Once, before it is used. Any IRQL. This system's own. */
VOID KeNameSpinLock(_In_ PKSPIN_LOCK SpinLock, _In_ KI_LOCK_CLASS Class);
/* Memory (Size bytes) that is given back holds no locks any more, whatever was learned about them.
   Any IRQL. */
VOID KeForgetSpinLocks(_In_ PVOID Memory, _In_ SIZE_T Size);
#else
#define KeNameSpinLock(SpinLock, Class) ((VOID)(SpinLock))
#define KeForgetSpinLocks(Memory, Size) ((VOID)(Memory))
#endif

#endif
