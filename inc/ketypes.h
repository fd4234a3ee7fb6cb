/*
 * ketypes.h - dispatcher objects, DPCs and APCs; threads, processors and trap frames have headers of their
 * own. inc/ke.h tells how they are used and locked.
 */
#ifndef VITRINE_KETYPES_H
#define VITRINE_KETYPES_H

#include "ntdef.h"
#include "ntcontext.h"
#include "ketrap.h"

typedef struct _KTHREAD KTHREAD, *PKTHREAD, *PRKTHREAD;
typedef struct _KPROCESS KPROCESS, *PKPROCESS;
typedef struct _KPRCB KPRCB, *PKPRCB;

/* ---- Dispatcher objects ---- */

typedef ULONG_PTR KSPIN_LOCK, *PKSPIN_LOCK;

typedef enum _KOBJECTS {
    EventNotificationObject = 0,
    EventSynchronizationObject = 1,
    MutantObject = 2,
    ProcessObject = 3,
    QueueObject = 4,
    SemaphoreObject = 5,
    ThreadObject = 6,
    GateObject = 7,
    TimerNotificationObject = 8,
    TimerSynchronizationObject = 9,
    ApcObject = 18,
    DpcObject = 19,
    DeviceQueueObject = 20,
    InterruptObject = 22,
    ThreadedDpcObject = 26,
} KOBJECTS;

#define KOBJECT_LOCK_BIT 0x80

/* DISPATCHER_HEADER.TimerControlFlags */
#define TIMER_ABSOLUTE        0x01 /* due at a system time: moves when that is set */
#define TIMER_TOLERABLE_SHIFT 2    /* above: n, for a tolerable delay of at least 2^n * 100 ns */

/* The head of everything that can be waited on. The lock bit guards it and the wait list. */
typedef struct _DISPATCHER_HEADER {
    union {
        volatile LONG Lock; /* bit 7 (KOBJECT_LOCK_BIT) of the first byte */
        struct {
            UCHAR Type; /* KOBJECTS, without the lock bit */
            union {
                UCHAR Signalling;
                UCHAR TimerControlFlags; /* timers: TIMER_ABSOLUTE, tolerable delay */
            };
            UCHAR Size; /* in 32-bit words */
            union {
                UCHAR Reserved1;
                UCHAR DebugActive; /* threads */
                struct {           /* timers */
                    UCHAR Index : 6;
                    UCHAR Inserted : 1; /* in the timer table (TimerLock) */
                    UCHAR Expired : 1;
                };
            };
        };
    };
    LONG SignalState;
    LIST_ENTRY WaitListHead; /* KWAIT_BLOCK.WaitListEntry, in order of arrival */
} DISPATCHER_HEADER, *PDISPATCHER_HEADER;
static_assert(sizeof(DISPATCHER_HEADER) == 0x18, "as in Windows");

typedef struct _KEVENT {
    DISPATCHER_HEADER Header;
} KEVENT, *PKEVENT, *PRKEVENT;

typedef struct _KSEMAPHORE {
    DISPATCHER_HEADER Header;
    LONG Limit;
} KSEMAPHORE, *PKSEMAPHORE, *PRKSEMAPHORE;

typedef struct _KMUTANT {
    DISPATCHER_HEADER Header;
    LIST_ENTRY MutantListEntry; /* in the owner's KTHREAD.MutantListHead (its ThreadLock) */
    PKTHREAD OwnerThread;
    union {
        UCHAR MutantFlags;
        UCHAR Abandoned : 1;
    };
    UCHAR ApcDisable;
} KMUTANT, *PKMUTANT, *PRKMUTANT, KMUTEX, *PKMUTEX, *PRKMUTEX;

typedef struct _KDPC KDPC, *PKDPC, *PRKDPC;
typedef VOID (*PKDEFERRED_ROUTINE)(_In_ PKDPC Dpc, _In_opt_ PVOID DeferredContext,
                                   _In_opt_ PVOID SystemArgument1, _In_opt_ PVOID SystemArgument2);
typedef enum _KDPC_IMPORTANCE {
    LowImportance,
    MediumImportance,
    HighImportance,
    MediumHighImportance
} KDPC_IMPORTANCE;

struct _KDPC {
    UCHAR Type; /* DpcObject */
    UCHAR Importance;
    volatile USHORT Number; /* target processor; 0x500+n once chosen by KeSetTargetProcessorDpc */
    LIST_ENTRY DpcListEntry;
    PKDEFERRED_ROUTINE DeferredRoutine;
    PVOID DeferredContext;
    PVOID SystemArgument1;
    PVOID SystemArgument2;
    volatile PVOID DpcData; /* the queue it is in, NULL when in none (DpcLock) */
};

typedef struct _KTIMER {
    DISPATCHER_HEADER Header;
    ULARGE_INTEGER DueTime;    /* interrupt time, 100 ns */
    LIST_ENTRY TimerListEntry; /* in KPRCB.TimerTable (TimerLock) */
    PKDPC Dpc;
    USHORT Processor;
    USHORT TimerType;
    ULONG Period; /* ms, 0 for once */
} KTIMER, *PKTIMER, *PRKTIMER;

typedef enum _KWAIT_BLOCK_STATE { WaitBlockInactive, WaitBlockActive } KWAIT_BLOCK_STATE;

/* One wait of one thread on one object. In the object's list while BlockState is active. */
typedef struct _KWAIT_BLOCK {
    LIST_ENTRY WaitListEntry;  /* the object's lock */
    UCHAR WaitType;            /* WAIT_TYPE */
    volatile UCHAR BlockState; /* the object's lock */
    USHORT WaitKey;            /* what the wait returns when this object satisfies it */
    LONG SpareLong;            /* in KTHREAD.WaitBlock other fields lie here */
    PKTHREAD Thread;
    PVOID Object;
    PVOID SparePtr;
} KWAIT_BLOCK, *PKWAIT_BLOCK, *PRKWAIT_BLOCK;

#define THREAD_WAIT_OBJECTS 3 /* waits on more need the caller's WaitBlockArray */
#define TIMER_WAIT_BLOCK    3

typedef enum _KWAIT_REASON {
    Executive,
    FreePage,
    PageIn,
    PoolAllocation,
    DelayExecution,
    Suspended,
    UserRequest,
    WrExecutive,
    WrFreePage,
    WrPageIn,
    WrPoolAllocation,
    WrDelayExecution,
    WrSuspended,
    WrUserRequest,
    WrEventPair,
    WrQueue,
    WrLpcReceive,
    WrLpcReply,
    WrVirtualMemory,
    WrPageOut,
    WrRendezvous,
    WrKeyedEvent,
    WrTerminated,
    WrProcessInSwap,
    WrCpuRateControl,
    WrCalloutStack,
    WrKernel,
    WrResource,
    WrPushLock,
    WrMutex,
    WrQuantumEnd,
    WrDispatchInt,
    WrPreempted,
    WrYieldExecution,
    WrFastMutex,
    WrGuardedMutex,
    WrRundown,
    WrAlertByThreadId,
    WrDeferredPreempt,
    MaximumWaitReason
} KWAIT_REASON;

/* ---- APCs ---- */

typedef struct _KAPC KAPC, *PKAPC, *PRKAPC;
typedef VOID (*PKNORMAL_ROUTINE)(_In_opt_ PVOID NormalContext, _In_opt_ PVOID SystemArgument1,
                                 _In_opt_ PVOID SystemArgument2);
typedef VOID (*PKKERNEL_ROUTINE)(_In_ PKAPC Apc, _Inout_ PKNORMAL_ROUTINE *NormalRoutine,
                                 _Inout_ PVOID *NormalContext, _Inout_ PVOID *SystemArgument1,
                                 _Inout_ PVOID *SystemArgument2);
typedef VOID (*PKRUNDOWN_ROUTINE)(_In_ PKAPC Apc);
typedef enum _KAPC_ENVIRONMENT {
    OriginalApcEnvironment,
    AttachedApcEnvironment,
    CurrentApcEnvironment,
    InsertApcEnvironment
} KAPC_ENVIRONMENT;

struct _KAPC {
    UCHAR Type; /* ApcObject */
    UCHAR AllFlags;
    UCHAR Size;
    UCHAR SpareByte1;
    ULONG SpareLong0;
    PKTHREAD Thread;
    LIST_ENTRY ApcListEntry; /* ThreadLock */
    PKKERNEL_ROUTINE KernelRoutine;
    PKRUNDOWN_ROUTINE RundownRoutine;
    PKNORMAL_ROUTINE NormalRoutine; /* NULL: special kernel APC */
    PVOID NormalContext;
    PVOID SystemArgument1;
    PVOID SystemArgument2;
    CHAR ApcStateIndex;
    KPROCESSOR_MODE ApcMode;
    BOOLEAN Inserted; /* ThreadLock */
};
static_assert(sizeof(KAPC) == 0x58, "as in Windows");

typedef struct _KAPC_STATE {
    LIST_ENTRY ApcListHead[MaximumMode]; /* KAPC.ApcListEntry by mode */
    PKPROCESS Process;                   /* whose address space the thread runs in */
    union {
        UCHAR InProgressFlags; /* written by the thread itself only */
        struct {
            UCHAR KernelApcInProgress : 1;
            UCHAR SpecialApcInProgress : 1;
        };
    };
    BOOLEAN KernelApcPending;
    union {
        UCHAR UserApcPendingAll;
        struct {
            UCHAR SpecialUserApcPending : 1;
            UCHAR UserApcPending : 1;
        };
    };
} KAPC_STATE, *PKAPC_STATE;
#define KAPC_STATE_ACTUAL_LENGTH 43 /* without the padding, which KTHREAD uses */
static_assert(offsetof(KAPC_STATE, UserApcPendingAll) + 1 == KAPC_STATE_ACTUAL_LENGTH, "KTHREAD");

#endif
