/*
 * ex.h - the executive support library: handle tables, push locks, fast mutexes.
 *
 * A handle table maps small integers to pointers. It knows nothing of objects: the object manager
 * keeps its OBJECT_HEADERs in one (ob/obhandle.c), the process manager its processes and threads in
 * another (PspCidTable). The essay at the head of ex/handle/handle.c explains how it works.
 */
#ifndef _EX_H_
#define _EX_H_

#include "ntdef.h"
#ifndef NTOS_HOST /* a host test brings stand-ins for locks and pool */
#include "ke.h"
#include "mm.h"
#endif

struct _EPROCESS;

/* ---------------------------------------------------------------------------------------------
 * Push locks: a reader-writer lock in one pointer (ex/sync/pushlock.c).
 */

#define EX_PUSH_LOCK_LOCK            0x1ull
#define EX_PUSH_LOCK_WAITING         0x2ull
#define EX_PUSH_LOCK_WAKING          0x4ull
#define EX_PUSH_LOCK_MULTIPLE_SHARED 0x8ull
#define EX_PUSH_LOCK_SHARE_INC       0x10ull
#define EX_PUSH_LOCK_PTR_BITS        0xFull

typedef struct _EX_PUSH_LOCK {
    union {
        struct {
            ULONG_PTR Locked : 1;
            ULONG_PTR Waiting : 1;
            ULONG_PTR Waking : 1;
            ULONG_PTR MultipleShared : 1;
            ULONG_PTR Shared : 60; /* number of shared owners while nobody waits */
        };
        volatile ULONG_PTR Value;
        PVOID volatile Ptr; /* EX_PUSH_LOCK_WAIT_BLOCK | bits while somebody waits */
    };
} EX_PUSH_LOCK, *PEX_PUSH_LOCK;
_Static_assert(sizeof(EX_PUSH_LOCK) == 8, "a push lock is one pointer");

#ifndef NTOS_HOST
/* The slow paths; IRQL <= APC_LEVEL, normal kernel APCs disabled. */
DECLSPEC_RARE VOID ExfAcquirePushLockExclusive(_Inout_ PEX_PUSH_LOCK PushLock);
DECLSPEC_RARE VOID ExfAcquirePushLockShared(_Inout_ PEX_PUSH_LOCK PushLock);
DECLSPEC_RARE VOID ExfReleasePushLockExclusive(_Inout_ PEX_PUSH_LOCK PushLock);
DECLSPEC_RARE VOID ExfReleasePushLockShared(_Inout_ PEX_PUSH_LOCK PushLock);
VOID ExfReleasePushLock(_Inout_ PEX_PUSH_LOCK PushLock);
BOOLEAN ExfTryAcquirePushLockShared(_Inout_ PEX_PUSH_LOCK PushLock);

/* A push lock used as a place to wait: block until somebody unblocks everybody (see ex/sync/pushlock.c).
 */
typedef struct _EX_PUSH_LOCK_WAIT_BLOCK EX_PUSH_LOCK_WAIT_BLOCK, *PEX_PUSH_LOCK_WAIT_BLOCK;
struct DECLSPEC_ALIGN(16) _EX_PUSH_LOCK_WAIT_BLOCK {
    KEVENT WakeEvent;
    PEX_PUSH_LOCK_WAIT_BLOCK Next; /* towards the more recent waiter */
    PEX_PUSH_LOCK_WAIT_BLOCK Last; /* in the first block: the most recent waiter */
    LONG ShareCount;               /* in the first block: shared owners that have yet to leave */
    BOOLEAN Exclusive;
};

VOID ExBlockPushLock(_Inout_ PEX_PUSH_LOCK PushLock, _Out_ PEX_PUSH_LOCK_WAIT_BLOCK WaitBlock);
VOID ExWaitForUnblockPushLock(_Inout_ PEX_PUSH_LOCK PushLock,
                              _Inout_ PEX_PUSH_LOCK_WAIT_BLOCK WaitBlock);
VOID ExfUnblockPushLock(_Inout_ PEX_PUSH_LOCK PushLock,
                        _Inout_opt_ PEX_PUSH_LOCK_WAIT_BLOCK WaitBlock);

/* One compare-exchange on the lock word; TRUE if it took place. */
FORCEINLINE BOOLEAN ExpPushLockCompareExchange(PEX_PUSH_LOCK PushLock, ULONG_PTR New,
                                               ULONG_PTR Old) {
    return InterlockedCompareExchange64(&PushLock->Value, New, Old) == Old;
}

FORCEINLINE VOID ExInitializePushLock(_Out_ PEX_PUSH_LOCK PushLock) {
    PushLock->Value = 0;
}

/* A thread that is suspended with a lock in its hands stops everybody who wants the lock. */
#if DBG && !defined(NTOS_HOST)
#define ExpAssertNotSuspendable() ASSERT(KeGetCurrentIrql() >= APC_LEVEL || KeAreApcsDisabled())
#else
#define ExpAssertNotSuspendable() ((void)0)
#endif

/*
 * Acquire and release. The caller is at IRQL <= APC_LEVEL inside a critical region
 * (KeEnterCriticalRegion), so that it cannot be suspended while it holds the lock. The lock is not
 * recursive. (WDK: ExAcquirePushLockExclusive.)
 */
FORCEINLINE VOID ExAcquirePushLockExclusive(_Inout_ PEX_PUSH_LOCK PushLock) {
    ExpAssertNotSuspendable();
    if (!ExpPushLockCompareExchange(PushLock, EX_PUSH_LOCK_LOCK, 0)) {
        ExfAcquirePushLockExclusive(PushLock);
    }
}

FORCEINLINE VOID ExAcquirePushLockShared(_Inout_ PEX_PUSH_LOCK PushLock) {
    ExpAssertNotSuspendable();
    if (!ExpPushLockCompareExchange(PushLock, EX_PUSH_LOCK_SHARE_INC | EX_PUSH_LOCK_LOCK, 0)) {
        ExfAcquirePushLockShared(PushLock);
    }
}

FORCEINLINE BOOLEAN ExTryAcquirePushLockExclusive(_Inout_ PEX_PUSH_LOCK PushLock) {
    return ExpPushLockCompareExchange(PushLock, EX_PUSH_LOCK_LOCK, 0);
}

FORCEINLINE VOID ExReleasePushLockExclusive(_Inout_ PEX_PUSH_LOCK PushLock) {
    if (!ExpPushLockCompareExchange(PushLock, 0, EX_PUSH_LOCK_LOCK)) {
        ExfReleasePushLockExclusive(PushLock);
    }
}

FORCEINLINE VOID ExReleasePushLockShared(_Inout_ PEX_PUSH_LOCK PushLock) {
    if (!ExpPushLockCompareExchange(PushLock, 0, EX_PUSH_LOCK_SHARE_INC | EX_PUSH_LOCK_LOCK)) {
        ExfReleasePushLockShared(PushLock);
    }
}

#define ExpMemoryBarrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* Wakes the waiters of ExBlockPushLock; costs one test when there are none. */
FORCEINLINE VOID ExUnblockPushLock(_Inout_ PEX_PUSH_LOCK PushLock,
                                   _Inout_opt_ PEX_PUSH_LOCK_WAIT_BLOCK WaitBlock) {
    ExpMemoryBarrier();
    if (PushLock->Value != 0 || WaitBlock != NULL) {
        ExfUnblockPushLock(PushLock, WaitBlock);
    }
}

/* ---------------------------------------------------------------------------------------------
 * Rundown protection: use something while it may be taken away (ex/sync/rundown.c; WDK, "Run-Down
 * Protection").
 */

#define EX_RUNDOWN_ACTIVE    1
#define EX_RUNDOWN_COUNT_INC 2

/* A pointer to an object whose low bits count references that were taken in advance. */
typedef struct _EX_FAST_REF {
    union {
        PVOID Object;
        ULONG64 RefCnt : 4;
        ULONG64 Value;
    };
} EX_FAST_REF, *PEX_FAST_REF;

FORCEINLINE PVOID ExFastRefGetObject(EX_FAST_REF FastRef) {
    return (PVOID)(FastRef.Value & ~0xFULL);
}

/* Twice the number of users; or, once rundown has begun, the address of the waiter |
 * EX_RUNDOWN_ACTIVE. */
typedef struct _EX_RUNDOWN_REF {
    union {
        volatile ULONG_PTR Count;
        PVOID Ptr;
    };
} EX_RUNDOWN_REF, *PEX_RUNDOWN_REF;

VOID ExInitializeRundownProtection(_Out_ PEX_RUNDOWN_REF RunRef);
/* FALSE: rundown has begun, hands off. IRQL <= DISPATCH_LEVEL. */
BOOLEAN ExAcquireRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);
VOID ExReleaseRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);
/* Refuses new users and waits for the present ones. One caller, IRQL <= APC_LEVEL. */
VOID ExWaitForRundownProtectionRelease(_Inout_ PEX_RUNDOWN_REF RunRef);
VOID ExRundownCompleted(_Inout_ PEX_RUNDOWN_REF RunRef);

/* ---------------------------------------------------------------------------------------------
 * Fast mutexes: mutual exclusion at APC_LEVEL (ex/sync/fmutex.c). WDK: ExAcquireFastMutex and relatives.
 */

#define FM_LOCK_BIT 1

typedef struct _FAST_MUTEX {
    volatile LONG Count; /* 1 free; 0 owned; below 0: owned, with waiters */
    PKTHREAD Owner;
    ULONG Contention;
    KEVENT Event;
    ULONG OldIrql;
} FAST_MUTEX, *PFAST_MUTEX;

VOID ExInitializeFastMutex(_Out_ PFAST_MUTEX FastMutex);
VOID ExAcquireFastMutex(_Inout_ PFAST_MUTEX FastMutex);
VOID ExReleaseFastMutex(_Inout_ PFAST_MUTEX FastMutex);
BOOLEAN ExTryToAcquireFastMutex(_Inout_ PFAST_MUTEX FastMutex);
/* The caller is at APC_LEVEL or in a critical region already. */
VOID ExAcquireFastMutexUnsafe(_Inout_ PFAST_MUTEX FastMutex);
VOID ExReleaseFastMutexUnsafe(_Inout_ PFAST_MUTEX FastMutex);
#endif /* !NTOS_HOST */

/* ---------------------------------------------------------------------------------------------
 * Handle tables (ex/handle/handle.c). The formats are those of Windows 10 (19041 and later).
 */

/* What a HANDLE is made of: two tag bits, which the program may use, and an index. */
typedef struct _EXHANDLE {
    union {
        struct {
            ULONG TagBits : 2;
            ULONG Index : 30;
        };
        PVOID GenericHandleOverlay;
        ULONG_PTR Value;
    };
} EXHANDLE, *PEXHANDLE;
_Static_assert(sizeof(EXHANDLE) == 8, "EXHANDLE");

/*
 * One entry. In use: LowValue holds the pointer and the attributes, the first half of HighValue the
 * granted access. Free: LowValue is 0 and NextFreeHandleEntry leads on. Bit 0 of LowValue is the
 * entry lock: set means unlocked.
 */
typedef union _HANDLE_TABLE_ENTRY {
    struct {
        volatile LONGLONG VolatileLowValue;
        LONGLONG HighValue;
    };
    struct {
        LONGLONG LowValue;
        union _HANDLE_TABLE_ENTRY *NextFreeHandleEntry;
    };
    struct {
        LONGLONG RefCountField;
        EXHANDLE LeafHandleValue;
    };
    struct {
        ULONGLONG Unlocked : 1;
        ULONGLONG RefCnt : 16;    /* Windows' cache of references; always 0 here */
        ULONGLONG Attributes : 3; /* OBJ_PROTECT_CLOSE | OBJ_INHERIT | OBJ_AUDIT_OBJECT_CLOSE */
        ULONGLONG ObjectPointerBits : 44; /* bits 4..47 of the pointer; the rest is its sign */
        ULONG GrantedAccessBits : 25;
        ULONG NoRightsUpgrade : 1;
        ULONG Spare1 : 6;
        ULONG Spare2;
    };
} HANDLE_TABLE_ENTRY, *PHANDLE_TABLE_ENTRY;
_Static_assert(sizeof(HANDLE_TABLE_ENTRY) == 16, "a leaf page holds 256 entries");

#define EXHANDLE_TABLE_ENTRY_LOCK_BIT   1ll
#define EXHANDLE_ENTRY_ATTRIBUTES_SHIFT 17
#define EXHANDLE_ENTRY_POINTER_SHIFT    20

typedef struct _HANDLE_TABLE_FREE_LIST {
    EX_PUSH_LOCK FreeListLock;                /* guards the list and the two counts */
    PHANDLE_TABLE_ENTRY FirstFreeHandleEntry; /* allocated from here */
    PHANDLE_TABLE_ENTRY LastFreeHandleEntry;  /* freed to here when StrictFIFO */
    LONG HandleCount;
    ULONG HighWaterMark;
} HANDLE_TABLE_FREE_LIST, *PHANDLE_TABLE_FREE_LIST;

typedef struct _HANDLE_TABLE {
    volatile ULONG NextHandleNeedingPool; /* values from here on have no entry yet; only grows */
    LONG ExtraInfoPages;
    volatile ULONGLONG TableCode; /* address of the top page | number of levels above the leaves */
    struct _EPROCESS *QuotaProcess;
    LIST_ENTRY HandleTableList; /* in HandleTableListHead, under HandleTableListLock */
    ULONG UniqueProcessId;
    union {
        ULONG Flags;
        struct {
            UCHAR StrictFIFO : 1; /* reuse values as late as possible (the CID table) */
            UCHAR EnableHandleExceptions : 1;
            UCHAR Rundown : 1;
            UCHAR Duplicated : 1;
            UCHAR RaiseUMExceptionOnInvalidHandleClose : 1;
        };
    };
    EX_PUSH_LOCK HandleContentionEvent; /* where those wait who find an entry locked */
    EX_PUSH_LOCK HandleTableLock;       /* one thread at a time grows the table */
    HANDLE_TABLE_FREE_LIST FreeLists[1];
    volatile NTSTATUS GrowthStatus; /* why the table could not grow when it was last asked to */
} HANDLE_TABLE, *PHANDLE_TABLE;
_Static_assert(__builtin_offsetof(HANDLE_TABLE, TableCode) == 0x8, "debuggers read it");
_Static_assert(__builtin_offsetof(HANDLE_TABLE, HandleTableList) == 0x18, "debuggers read it");
_Static_assert(__builtin_offsetof(HANDLE_TABLE, FreeLists) == 0x40, "debuggers read it");

#define HANDLE_VALUE_INC 4
#define LEVEL_CODE_MASK  3ull
#define LOWLEVEL_COUNT   (4096 / sizeof(HANDLE_TABLE_ENTRY))
#define MIDLEVEL_COUNT   (4096 / sizeof(PHANDLE_TABLE_ENTRY))
#define MAX_HANDLES      (1u << 24)
#define HIGHLEVEL_COUNT  (MAX_HANDLES / (LOWLEVEL_COUNT * MIDLEVEL_COUNT))

/* The pointer in a LowValue. */
FORCEINLINE PVOID ExGetValuePointer(_In_ LONGLONG LowValue) {
    /* An arithmetic shift brings the sign bits of a canonical address back. */
    return (PVOID)((LowValue >> EXHANDLE_ENTRY_POINTER_SHIFT) * 16);
}

FORCEINLINE PVOID ExGetHandlePointer(_In_ const HANDLE_TABLE_ENTRY *Entry) {
    return ExGetValuePointer(Entry->LowValue);
}

FORCEINLINE VOID ExSetHandlePointer(_Inout_ PHANDLE_TABLE_ENTRY Entry, _In_ PVOID Pointer,
                                    _In_ ULONG Attributes) {
    Entry->LowValue = (LONGLONG)(((ULONGLONG)Pointer >> 4) << EXHANDLE_ENTRY_POINTER_SHIFT) |
                      ((LONGLONG)(Attributes & 7) << EXHANDLE_ENTRY_ATTRIBUTES_SHIFT);
}

/* Called with the entry locked; TRUE ends the enumeration. The callback never unlocks the entry. */
typedef BOOLEAN (*EX_ENUMERATE_HANDLE_ROUTINE)(_In_ PHANDLE_TABLE HandleTable,
                                               _Inout_ PHANDLE_TABLE_ENTRY Entry,
                                               _In_ HANDLE Handle, _In_opt_ PVOID Parameter);
/* Called with the old entry locked and the copy private: FALSE leaves the copy out. */
typedef BOOLEAN (*EX_DUPLICATE_HANDLE_ROUTINE)(_In_opt_ struct _EPROCESS *Process,
                                               _In_ PHANDLE_TABLE OldHandleTable,
                                               _In_ PHANDLE_TABLE_ENTRY OldEntry,
                                               _Inout_ PHANDLE_TABLE_ENTRY NewEntry);
/* Called when Handle is gone already, with a copy of its entry; gives up what the entry held. */
typedef VOID (*EX_SWEEP_HANDLE_ROUTINE)(_In_ PHANDLE_TABLE HandleTable,
                                        _In_ const HANDLE_TABLE_ENTRY *Entry, _In_ HANDLE Handle,
                                        _In_opt_ PVOID Parameter);
/* Called with the entry locked; a status other than success is returned and the entry is as before.
 */
typedef NTSTATUS (*EX_CHANGE_HANDLE_ROUTINE)(_Inout_ PHANDLE_TABLE_ENTRY Entry,
                                             _In_opt_ PVOID Parameter);

PHANDLE_TABLE ExCreateHandleTable(_In_opt_ struct _EPROCESS *Process);
VOID ExRemoveHandleTable(_Inout_ PHANDLE_TABLE HandleTable);
VOID ExDestroyHandleTable(_In_ PHANDLE_TABLE HandleTable);
VOID ExSetHandleTableStrictFIFO(_Inout_ PHANDLE_TABLE HandleTable);
PHANDLE_TABLE ExDupHandleTable(_In_opt_ struct _EPROCESS *Process,
                               _In_ PHANDLE_TABLE OldHandleTable,
                               _In_ EX_DUPLICATE_HANDLE_ROUTINE DuplicateRoutine,
                               _In_ ULONG AttributesMask);
HANDLE ExCreateHandle(_Inout_ PHANDLE_TABLE HandleTable, _In_ const HANDLE_TABLE_ENTRY *Template);
HANDLE ExCreateHandleEntry(_Inout_ PHANDLE_TABLE HandleTable, _In_ LONGLONG LowValue,
                           _In_ LONGLONG HighValue);
PHANDLE_TABLE_ENTRY ExMapHandleToPointer(_In_ PHANDLE_TABLE HandleTable, _In_ HANDLE Handle);
BOOLEAN ExDestroyHandle(_Inout_ PHANDLE_TABLE HandleTable, _In_ HANDLE Handle,
                        _In_opt_ PHANDLE_TABLE_ENTRY Entry);
VOID ExFreeLockedHandle(_Inout_ PHANDLE_TABLE HandleTable, _Inout_ PHANDLE_TABLE_ENTRY Entry);
NTSTATUS ExChangeHandle(_Inout_ PHANDLE_TABLE HandleTable, _In_ HANDLE Handle,
                        _In_ EX_CHANGE_HANDLE_ROUTINE ChangeRoutine, _In_opt_ PVOID Parameter);
BOOLEAN ExEnumHandleTable(_In_ PHANDLE_TABLE HandleTable,
                          _In_ EX_ENUMERATE_HANDLE_ROUTINE EnumRoutine, _In_opt_ PVOID Parameter,
                          _Out_opt_ PHANDLE Handle);
VOID ExSweepHandleTable(_Inout_ PHANDLE_TABLE HandleTable, _In_ EX_SWEEP_HANDLE_ROUTINE Routine,
                        _In_opt_ PVOID Parameter);
BOOLEAN ExLockHandleTableEntry(_In_ PHANDLE_TABLE HandleTable, _Inout_ PHANDLE_TABLE_ENTRY Entry);
ULONG ExGetHandleTableCount(_In_ PHANDLE_TABLE HandleTable);

/*
 * The short way of every use of a handle; ex/handle/handle.c explains it and has the longer ones.
 */
#define LEAF_SPAN (LOWLEVEL_COUNT * HANDLE_VALUE_INC) /* handle values per leaf */
#define MID_SPAN  (MIDLEVEL_COUNT * LEAF_SPAN)        /* handle values per mid page */

/* The entry of a handle, used or not; NULL if the table has not grown so far. IRQL <= APC_LEVEL. */
FORCEINLINE PHANDLE_TABLE_ENTRY ExLookupHandleTableEntry(_In_ const HANDLE_TABLE *HandleTable,
                                                         _In_ HANDLE Handle) {
    ULONG_PTR Value = (ULONG_PTR)Handle & ~(ULONG_PTR)(HANDLE_VALUE_INC - 1);
    if (Value >= HandleTable->NextHandleNeedingPool) {
        return NULL;
    }
    PVOID Page = (PVOID)HandleTable->TableCode;
    ULONG Levels = (ULONG_PTR)Page & LEVEL_CODE_MASK;
    if (Levels != 0) {
        Page = (PUCHAR)Page - Levels;
        if (Levels != 1) {
            Page = ((PVOID *)Page)[Value / MID_SPAN];
        }
        Page = ((PVOID *)Page)[Value / LEAF_SPAN % MIDLEVEL_COUNT];
    }
    __builtin_assume(Page != NULL); /* below the limit every leaf is there */
    return (PHANDLE_TABLE_ENTRY)Page + Value / HANDLE_VALUE_INC % LOWLEVEL_COUNT;
}

/*
 * Locks an entry that is in use and unlocked, and returns what its LowValue was; 0 otherwise. In a
 * critical region.
 */
FORCEINLINE LONGLONG ExTryLockHandleTableEntry(_Inout_ PHANDLE_TABLE_ENTRY Entry) {
    LONGLONG Value = Entry->VolatileLowValue;
    BOOLEAN Locked = (Value & EXHANDLE_TABLE_ENTRY_LOCK_BIT) != 0 &&
                     __atomic_compare_exchange_n(&Entry->VolatileLowValue, &Value,
                                                 Value - EXHANDLE_TABLE_ENTRY_LOCK_BIT, FALSE,
                                                 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return Locked ? Value : 0;
}

DECLSPEC_RARE VOID ExpWakeHandleWaiters(_In_ PHANDLE_TABLE HandleTable);

/* Unlocks an entry that ExLockHandleTableEntry or ExMapHandleToPointer locked. The bit is clear,
   and only its owner changes the entry, so adding it sets it. */
FORCEINLINE VOID ExUnlockHandleTableEntry(_In_ PHANDLE_TABLE HandleTable,
                                          _Inout_ PHANDLE_TABLE_ENTRY Entry) {
    __atomic_fetch_add(&Entry->VolatileLowValue, EXHANDLE_TABLE_ENTRY_LOCK_BIT, __ATOMIC_SEQ_CST);
    if (HandleTable->HandleContentionEvent.Value != 0) {
        ExpWakeHandleWaiters(HandleTable);
    }
}

/* Calls Callback for every table in the system, under HandleTableListLock (shared). TRUE ends it.
 */
typedef BOOLEAN (*EX_SNAPSHOT_TABLE_ROUTINE)(_In_ PHANDLE_TABLE HandleTable,
                                             _In_opt_ PVOID Parameter);
VOID ExEnumHandleTables(_In_ EX_SNAPSHOT_TABLE_ROUTINE Callback, _In_opt_ PVOID Parameter);

#ifndef NTOS_HOST
/* ---------------------------------------------------------------------------------------------
 * Start-up and shared object types.
 */

/* Work for a system thread at PASSIVE_LEVEL (ex/work.c; WDK: ExInitializeWorkItem,
 * ExQueueWorkItem). */
typedef VOID (*PWORKER_THREAD_ROUTINE)(_In_opt_ PVOID Parameter);

typedef enum _WORK_QUEUE_TYPE {
    CriticalWorkQueue,
    DelayedWorkQueue,
    HyperCriticalWorkQueue
} WORK_QUEUE_TYPE;

typedef struct _WORK_QUEUE_ITEM {
    LIST_ENTRY List;
    PWORKER_THREAD_ROUTINE WorkerRoutine;
    PVOID Parameter;
} WORK_QUEUE_ITEM, *PWORK_QUEUE_ITEM;

VOID ExInitializeWorkItem(_Out_ PWORK_QUEUE_ITEM Item, _In_ PWORKER_THREAD_ROUTINE Routine,
                          _In_opt_ PVOID Context);
/* IRQL <= DISPATCH_LEVEL. The item is not in the queue yet. */
VOID ExQueueWorkItem(_Inout_ PWORK_QUEUE_ITEM WorkItem, _In_ WORK_QUEUE_TYPE QueueType);
/* Thread routine: init gives it to PsCreateSystemThread once there are threads. */
VOID ExWorkerThread(_In_opt_ PVOID StartContext);

/* Phase 0: before ObInitSystem. Phase 1: after it; creates the Event, Mutant and Semaphore types.
 */
/* The current thread ends: timers let go of it (ex/nttimer.c). PASSIVE_LEVEL. */
VOID ExTimerRundown(VOID);

/*
 * The clock's interval (ex/resolution.c). Times in 100 ns, brought into the clock's bounds; each
 * function gives the interval that holds now. IRQL <= APC_LEVEL.
 */
typedef struct _EX_TIMER_RESOLUTION {
    LIST_ENTRY Link;
    ULONG Requested; /* 0: no wish */
} EX_TIMER_RESOLUTION, *PEX_TIMER_RESOLUTION;

ULONG ExRequestTimerResolution(_Inout_ PEX_TIMER_RESOLUTION Wish, _In_ ULONG DesiredTime);
/* FALSE if there was no wish. */
BOOLEAN ExWithdrawTimerResolution(_Inout_ PEX_TIMER_RESOLUTION Wish, _Out_ PULONG Actual);
/* For drivers, counted: TRUE asks, FALSE takes one asking back. Source: WDK page of the same name.
 */
ULONG NTAPI ExSetTimerResolution(_In_ ULONG DesiredTime, _In_ BOOLEAN SetResolution);

/* The system's global flags (gflags): the boot option /GFLAGS=hex. */
#define FLG_MAINTAIN_OBJECT_TYPELIST 0x4000
extern ULONG NtGlobalFlag;

BOOLEAN ExInitSystem(_In_ ULONG Phase);

struct _OBJECT_TYPE;
extern struct _OBJECT_TYPE *ExEventObjectType;
extern struct _OBJECT_TYPE *ExMutantObjectType;
extern struct _OBJECT_TYPE *ExSemaphoreObjectType;
#endif

#endif /* _EX_H_ */
