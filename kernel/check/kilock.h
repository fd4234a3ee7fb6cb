/*
 * What the checked build knows about locks: lockcheck.c (who holds what), lockorder.c (which comes
 * after which). In the free build all of it is nothing; ki.h brings this in.
 */
#ifndef VITRINE_KILOCK_H
#define VITRINE_KILOCK_H

#include "kelock.h"

VOID KiAcquireSpinLock(_Inout_ PKSPIN_LOCK SpinLock, _In_ KI_LOCK_CLASS Class);

/* The upper part of a stack as it was once, to be walked later: bugstack.c. */
#define KI_STACK_WORDS 64
typedef struct _KI_STACK_COPY {
    ULONG64 Rip;
    ULONG64 Rsp; /* where Memory was */
    ULONG64 Rbp;
    ULONG Words;
    ULONG64 Memory[KI_STACK_WORDS];
} KI_STACK_COPY, *PKI_STACK_COPY;

/* Return addresses, where nothing else has been kept; unused ones are NULL. */
#define KI_STACK_ADDRESSES 10
typedef struct _KI_STACK_LIST {
    PVOID Address[KI_STACK_ADDRESSES];
} KI_STACK_LIST, *PKI_STACK_LIST;

#if DBG

typedef struct _KI_LOCK_USE {
    PVOID Lock;
    KI_LOCK_CLASS Class;
    KIRQL Irql;      /* at which it is taken */
    KIRQL Effective; /* the same, or HIGH_LEVEL with interrupts off */
} KI_LOCK_USE, *PKI_LOCK_USE;

typedef struct _KI_HELD_LOCK {
    KI_LOCK_USE Use;
    ULONG Ticks;     /* clock interrupts that have come since */
    PKTHREAD Thread; /* that was current */
    KI_STACK_COPY Stack;
} KI_HELD_LOCK, *PKI_HELD_LOCK;

typedef struct _KI_WANTED_LOCK {
    PVOID Lock;
    PKSPIN_LOCK_QUEUE Handle; /* in the queue of a queued lock */
} KI_WANTED_LOCK;

/* A wait for all of 64 objects holds the locks of all. An interrupt that comes while the processor
   waits for a lock may have to wait for another. */
#define KI_HELD_LOCKS   80
#define KI_WANTED_LOCKS 16

/* A processor's, which alone touches it, with interrupts off. */
typedef struct _KI_LOCK_STATE {
    ULONG Count;
    ULONG Waiting; /* how many it waits for: time that others take */
    KI_WANTED_LOCK Wanted[KI_WANTED_LOCKS];
    KI_HELD_LOCK Held[KI_HELD_LOCKS];
} KI_LOCK_STATE, *PKI_LOCK_STATE;

/* Around each acquire: before waiting, and after. */
VOID KiLockWanted(_In_ PVOID Lock, _In_ KI_LOCK_CLASS Class);
VOID KiLockWaitedFor(_In_ PVOID Lock, _In_ KI_LOCK_CLASS Class);
/* Between the two: the handle with which a queued lock is waited for. */
VOID KiLockQueued(_In_ PKSPIN_LOCK_QUEUE Handle);
/* The lock was free when it was tried: no order need be kept. */
VOID KiLockTaken(_In_ PVOID Lock, _In_ KI_LOCK_CLASS Class);
/* Before it is given back. */
VOID KiLockReleased(_In_ PVOID Lock);
/* This processor holds no lock at all (a thread leaves it, or a dispatch interrupt has come). */
VOID KiCheckNoLocks(VOID);
/* The clock interrupt, which has interrupted code at Irql. */
VOID KiCheckLockTime(_Inout_ PKPRCB Prcb);

/* lockorder.c. The class of a lock that was named, else KiClassUnnamed. */
KI_LOCK_CLASS KiClassOfLock(_In_ PVOID Lock);
PCSTR KiLockClassName(_In_ KI_LOCK_CLASS Class);
/* NULL, or why Wanted must not be taken: while Held is held, at this level. Where is filled
   with the stack on which the opposite was seen, as far as that was learned. */
PCSTR KiCheckLockOrder(_In_ const KI_LOCK_USE *Held, _In_ const KI_LOCK_USE *Wanted,
                       _Inout_ PKI_STACK_LIST Where);
PCSTR KiCheckLockIrql(_In_ const KI_LOCK_USE *Wanted, _Inout_ PKI_STACK_LIST Where);

#else

#define KiLockWanted(Lock, Class)    ((VOID)(Lock))
#define KiLockWaitedFor(Lock, Class) ((VOID)(Lock))
#define KiLockQueued(Handle)         ((VOID)(Handle))
#define KiLockTaken(Lock, Class)     ((VOID)(Lock))
#define KiLockReleased(Lock)         ((VOID)(Lock))
#define KiCheckNoLocks()             ((VOID)0)

#endif
#endif
