/*
 * The structures of Ke: trap frames, descriptor tables, dispatcher objects, APCs and DPCs, threads
 * and processes, and each processor's KPCR and KPRCB. inc/ke.h tells how they are used and locked.
 */
#ifndef VITRINE_KETYPES_H
#define VITRINE_KETYPES_H

#include "ntdef.h"
#include "ntcontext.h"

typedef struct _KTHREAD KTHREAD, *PKTHREAD, *PRKTHREAD;
typedef struct _KPROCESS KPROCESS, *PKPROCESS;
typedef struct _KPRCB KPRCB, *PKPRCB;

/* --- the processor's own structures ------------------------------------------------------------
 */

/* The frame that traps, interrupts and system services build; exact (ntddk.h, amd64). */
typedef struct _KTRAP_FRAME {
    ULONG64 P1Home, P2Home, P3Home, P4Home, P5;
    KPROCESSOR_MODE PreviousMode;
    KIRQL PreviousIrql;
    UCHAR FaultIndicator;  /* page fault: bit 0 write, bit 3 execute */
    UCHAR ExceptionActive; /* 0 interrupt, 1 exception, 2 system service */
    ULONG MxCsr;
    ULONG64 Rax, Rcx, Rdx, R8, R9, R10, R11;
    union {
        ULONG64 GsBase;
        ULONG64 GsSwap;
    };
    M128A Xmm0, Xmm1, Xmm2, Xmm3, Xmm4, Xmm5;
    union {
        ULONG64 FaultAddress;
        ULONG64 ContextRecord;
    };
    ULONG64 Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;
    ULONG64 DebugControl, LastBranchToRip, LastBranchFromRip, LastExceptionToRip,
        LastExceptionFromRip;
    USHORT SegDs, SegEs, SegFs, SegGs;
    ULONG64 TrapFrame;
    ULONG64 Rbx, Rdi, Rsi;
    ULONG64 Rbp;
    union {
        ULONG64 ErrorCode;
        ULONG64 ExceptionFrame;
    };
    ULONG64 Rip;
    USHORT SegCs;
    UCHAR Fill0;
    UCHAR Logging;
    USHORT Fill1[2];
    ULONG EFlags;
    ULONG Fill2;
    ULONG64 Rsp;
    USHORT SegSs;
    USHORT Fill3;
    ULONG Fill4;
} KTRAP_FRAME, *PKTRAP_FRAME;
static_assert(offsetof(KTRAP_FRAME, PreviousMode) == 0x28, "ks.inc");
static_assert(offsetof(KTRAP_FRAME, Rax) == 0x30 && offsetof(KTRAP_FRAME, GsBase) == 0x68,
              "ks.inc");
static_assert(offsetof(KTRAP_FRAME, Xmm0) == 0x70, "ks.inc");
static_assert(offsetof(KTRAP_FRAME, FaultAddress) == 0xD0, "ks.inc");
static_assert(offsetof(KTRAP_FRAME, Dr6) == 0xF8, "ks.inc");
static_assert(offsetof(KTRAP_FRAME, SegDs) == 0x130, "ks.inc");
static_assert(offsetof(KTRAP_FRAME, Rbx) == 0x140 && offsetof(KTRAP_FRAME, Rbp) == 0x158, "ks.inc");
static_assert(offsetof(KTRAP_FRAME, ErrorCode) == 0x160, "ks.inc");
static_assert(offsetof(KTRAP_FRAME, Rip) == 0x168 && offsetof(KTRAP_FRAME, SegCs) == 0x170,
              "ks.inc");
static_assert(offsetof(KTRAP_FRAME, EFlags) == 0x178 && offsetof(KTRAP_FRAME, Rsp) == 0x180,
              "ks.inc");
static_assert(sizeof(KTRAP_FRAME) == 0x190, "ks.inc");

/* The non-volatile registers, saved beside a trap frame where they matter (ntddk.h, amd64). */
typedef struct _KEXCEPTION_FRAME {
    ULONG64 P1Home, P2Home, P3Home, P4Home, P5;
    ULONG64 Spare1;
    M128A Xmm6, Xmm7, Xmm8, Xmm9, Xmm10, Xmm11, Xmm12, Xmm13, Xmm14, Xmm15;
    ULONG64 TrapFrame;
    ULONG64 OutputBuffer;
    ULONG64 OutputLength;
    ULONG64 Spare2;
    ULONG64 MxCsr;
    ULONG64 Rbp, Rbx, Rdi, Rsi, R12, R13, R14, R15;
    ULONG64 Return;
} KEXCEPTION_FRAME, *PKEXCEPTION_FRAME;
static_assert(offsetof(KEXCEPTION_FRAME, TrapFrame) == 0xD0, "ks.inc");
static_assert(offsetof(KEXCEPTION_FRAME, Rbp) == 0xF8, "ks.inc");
static_assert(sizeof(KEXCEPTION_FRAME) == 0x140, "ks.inc");

#define KGDT64_NULL      0x00
#define KGDT64_R0_CODE   0x10
#define KGDT64_R0_DATA   0x18
#define KGDT64_R3_CMCODE 0x20
#define KGDT64_R3_DATA   0x28
#define KGDT64_R3_CODE   0x30
#define KGDT64_SYS_TSS   0x40
#define KGDT64_R3_CMTEB  0x50
#define KGDT64_LAST      0x60
#define RPL_MASK         3

typedef union _KGDTENTRY64 {
    struct {
        USHORT LimitLow;
        USHORT BaseLow;
        UCHAR BaseMiddle;
        UCHAR Flags1;
        UCHAR Flags2;
        UCHAR BaseHigh;
        ULONG BaseUpper;
        ULONG MustBeZero;
    };
    ULONG64 Alignment[2];
} KGDTENTRY64, *PKGDTENTRY64;

typedef union _KIDTENTRY64 {
    struct {
        USHORT OffsetLow;
        USHORT Selector;
        USHORT IstIndex : 3;
        USHORT Reserved0 : 5;
        USHORT Type : 5;
        USHORT Dpl : 2;
        USHORT Present : 1;
        USHORT OffsetMiddle;
        ULONG OffsetHigh;
        ULONG Reserved1;
    };
    ULONG64 Alignment[2];
} KIDTENTRY64, *PKIDTENTRY64;
static_assert(sizeof(KIDTENTRY64) == 16, "hardware");

#pragma pack(push, 4)
typedef struct _KTSS64 {
    ULONG Reserved0;
    ULONG64 Rsp0, Rsp1, Rsp2;
    ULONG64 Ist[8]; /* Ist[0] is reserved */
    ULONG64 Reserved1;
    USHORT Reserved2;
    USHORT IoMapBase;
} KTSS64, *PKTSS64;
#pragma pack(pop)
static_assert(sizeof(KTSS64) == 0x68, "hardware");

/* Interrupt stacks (IST numbers), as on Windows. */
#define TSS_IST_PANIC 1 /* double fault */
#define TSS_IST_MCA   2 /* machine check */
#define TSS_IST_NMI   3
#define TSS_IST_DEBUG 4

typedef struct _KDESCRIPTOR {
    USHORT Pad[3];
    USHORT Limit;
    PVOID Base;
} KDESCRIPTOR, *PKDESCRIPTOR;

/* --- dispatcher objects ------------------------------------------------------------------------
 */

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
    UCHAR Abandoned;
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

/* --- APCs --------------------------------------------------------------------------------------
 */

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

/* --- threads and processes ---------------------------------------------------------------------
 */

typedef enum _KTHREAD_STATE {
    Initialized,
    Ready,
    Running,
    Standby,
    Terminated,
    Waiting,
    Transition,
    DeferredReady,
    GateWaitObsolete,
    WaitingForProcessInSwap
} KTHREAD_STATE;

#define LOW_PRIORITY          0
#define LOW_REALTIME_PRIORITY 16
#define HIGH_PRIORITY         31
#define MAXIMUM_PRIORITY      32
/* Units of a quantum: two clock intervals on a workstation, twelve on a server. */
#define THREAD_QUANTUM          6
#define THREAD_QUANTUM_SERVER   36
#define CLOCK_QUANTUM_DECREMENT 3

typedef VOID (*PKSTART_ROUTINE)(_In_opt_ PVOID StartContext);
typedef VOID (*PKSYSTEM_ROUTINE)(_In_opt_ PKSTART_ROUTINE StartRoutine,
                                 _In_opt_ PVOID StartContext);

/* As user mode has set them, and may see them (kernel/amd64/debugreg.c). */
typedef struct _KDEBUG_REGISTERS {
    ULONG64 Dr[4];
    ULONG64 Dr6;
    ULONG64 Dr7;
} KDEBUG_REGISTERS, *PKDEBUG_REGISTERS;

typedef struct _KAFFINITY_EX {
    USHORT Count; /* of processor groups */
    USHORT Size;
    ULONG Reserved;
    volatile KAFFINITY Bitmap[20];
} KAFFINITY_EX, *PKAFFINITY_EX;

/*
 * Every field lies where it does in Windows 10 22H2 (sdk/offsets.tbl), so a gap stands for fields that
 * this kernel does not have. Windows packs some fields into the unused bytes of the structures embedded
 * here: the spare words of WaitBlock, the padding of ApcState, Affinity and SchedulerApc. Therefore none of
 * these structures may be assigned or cleared as a whole once the thread runs.
 *
 * The fields from SwapBusy on are this kernel's own; Windows has padding there.
 */
struct _KTHREAD {
    DISPATCHER_HEADER Header; /* signalled when the thread has ended */
    UCHAR Reserved1[0x10];
    PVOID InitialStack; /* where entries from user mode begin; below the XSAVE area */
    PVOID StackLimit;
    PVOID StackBase;
    KSPIN_LOCK ThreadLock;
    UCHAR Reserved2[0x10];
    PVOID KernelStack;           /* rsp while it does not run */
    PXSAVE_FORMAT StateSaveArea; /* XSAVE or FXSAVE image; NULL: the thread has no extended state */
    UCHAR Reserved3[0x9];
    volatile UCHAR Running;
    UCHAR Alerted[MaximumMode]; /* ThreadLock */
    union {
        LONG MiscFlags; /* written by the thread itself only */
        struct {
            ULONG : 2;
            ULONG WaitNext : 1; /* at DISPATCH_LEVEL between a signal and the wait after it */
            ULONG : 1;
            ULONG Alertable : 1; /* its wait is (ThreadLock) */
            ULONG : 5;
            ULONG SystemThread : 1;
            ULONG : 3;
            ULONG ApcQueueable : 1; /* cleared when it ends: no more APCs (ThreadLock) */
        };
    };
    union {
        LONG ThreadFlags; /* ThreadLock */
        struct {
            ULONG : 3;
            ULONG DisableBoost : 1; /* no boost of its priority when it is woken */
        };
    };
    UCHAR Reserved4[0x4];
    ULONG SystemCallNumber;
    UCHAR Reserved5[0xC];
    PKTRAP_FRAME TrapFrame;
    union {
        KAPC_STATE ApcState; /* ThreadLock */
        struct {
            UCHAR ApcStateFill[KAPC_STATE_ACTUAL_LENGTH];
            CHAR Priority; /* ThreadLock */
        };
    };
    volatile LONG_PTR WaitStatus;
    PKWAIT_BLOCK WaitBlockList;
    LIST_ENTRY WaitListEntry; /* in a ready queue (PrcbLock) */
    PDISPATCHER_HEADER Queue; /* the KQUEUE that it takes entries from (its lock and ThreadLock) */
    PVOID Teb;
    UCHAR Reserved6[0x8];
    KTIMER Timer; /* the timeout of its waits, and NtDelayExecution */
    union {
        KWAIT_BLOCK WaitBlock[THREAD_WAIT_OBJECTS + 1];
        struct {
            UCHAR WaitBlockFill4[20];
            ULONG ContextSwitches;
        };
        struct {
            UCHAR WaitBlockFill5[68];
            UCHAR State; /* KTHREAD_STATE: ThreadLock */
            CHAR Spare13;
            UCHAR WaitIrql;
            CHAR WaitMode;
        };
        struct {
            UCHAR WaitBlockFill6[116];
            ULONG WaitTime; /* tick count when it began to wait, or became ready */
        };
        struct {
            UCHAR WaitBlockFill7[164];
            union {
                struct {
                    SHORT KernelApcDisable; /* written by the thread itself only */
                    SHORT SpecialApcDisable;
                };
                ULONG CombinedApcDisable;
            };
        };
    };
    UCHAR Reserved7[0x8];
    LIST_ENTRY QueueListEntry; /* KQUEUE.ThreadListHead (the queue's lock) */
    ULONG NextProcessor;
    UCHAR Reserved8[0x4];
    PKPROCESS Process; /* that owns it */
    UCHAR Reserved9[0xA];
    KPROCESSOR_MODE PreviousMode;
    CHAR BasePriority;      /* ThreadLock */
    CHAR PriorityDecrement; /* the part of a boost that lasts for one quantum (ThreadLock) */
    UCHAR Reserved10[0xB];
    union {
        GROUP_AFFINITY Affinity; /* ThreadLock */
        struct {
            UCHAR AffinityFill[10];
            UCHAR ApcStateIndex;
            UCHAR WaitBlockCount;
            ULONG IdealProcessor; /* ThreadLock */
        };
    };
    UCHAR Reserved11[0x33];
    UCHAR WaitReason;
    CHAR SuspendCount; /* ThreadLock */
    CHAR Saturation; /* KeSetBasePriorityThread: at the upper (1) or lower (-1) end of its class */
    UCHAR Reserved12[0x2];
    union {
        KAPC SchedulerApc; /* suspends the thread */
        struct {
            UCHAR SchedulerApcFill1[3];
            CHAR QuantumReset;
            ULONG KernelTime; /* clock ticks */
        };
        struct {
            UCHAR SchedulerApcFill6[84];
            ULONG UserTime;
        };
    };
    KEVENT SuspendEvent;        /* set when a suspended thread is to go on */
    LIST_ENTRY ThreadListEntry; /* KPROCESS.ThreadListHead (ProcessLock) */
    LIST_ENTRY MutantListHead;  /* KMUTANT.MutantListEntry: those it owns (ThreadLock) */
    UCHAR Reserved13[0xF8];
    volatile UCHAR SwapBusy; /* a processor is still on its stack */
    CHAR Quantum;            /* what is left of it (ThreadLock) */
    UCHAR WaitClaimed;       /* its wait has been satisfied (ThreadLock) */
    UCHAR Reserved14[0x5];
    PKDEBUG_REGISTERS DebugRegisters; /* its own; in use if Header.DebugActive */
    UCHAR Reserved15[0x10];
};
static_assert(sizeof(KTHREAD) == 0x430, "as in Windows");
static_assert(offsetof(KTHREAD, InitialStack) == 0x28, "ks.inc");
static_assert(offsetof(KTHREAD, KernelStack) == 0x58, "ks.inc");
static_assert(offsetof(KTHREAD, StateSaveArea) == 0x60, "ks.inc");
static_assert(offsetof(KTHREAD, SystemCallNumber) == 0x80, "ks.inc");
static_assert(offsetof(KTHREAD, ApcState.Process) == 0xB8, "ks.inc");
static_assert(offsetof(KTHREAD, ApcState.UserApcPendingAll) == 0xC2, "ks.inc");
static_assert(offsetof(KTHREAD, SwapBusy) == 0x410, "ks.inc");

struct _KPROCESS {
    DISPATCHER_HEADER Header; /* signalled when the process has ended */
    LIST_ENTRY ProfileListHead;
    ULONG64 DirectoryTableBase; /* physical address of the PML4; ks.inc */
    LIST_ENTRY ThreadListHead;  /* KTHREAD.ThreadListEntry (ProcessLock) */
    KSPIN_LOCK ProcessLock;
    UCHAR Reserved1[0x8];
    KAFFINITY_EX Affinity; /* ProcessLock */
    UCHAR Reserved2[0x78];
    KAFFINITY_EX ActiveProcessors; /* processors that have its address space loaded (interlocked) */
    UCHAR Reserved3[0x60];
    union {
        LONG ProcessFlags; /* ProcessLock */
        struct {
            ULONG : 1;
            ULONG DisableBoost : 1; /* for its threads, those to come too */
        };
    };
    ULONG Reserved4;
    CHAR BasePriority; /* ProcessLock */
    CHAR QuantumReset;
    UCHAR Reserved5[0xCE];
    LIST_ENTRY ProcessListEntry;
    UCHAR Reserved6[0x1C];
    ULONG KernelTime;
    ULONG UserTime;
    UCHAR Reserved7[0xB4];
};
static_assert(offsetof(KPROCESS, DirectoryTableBase) == 0x28, "as in Windows, ks.inc");
static_assert(sizeof(KPROCESS) == 0x438, "as in Windows");

/* --- the processor control region and block ----------------------------------------------------
 */

#define TIMER_TABLE_SIZE 256

typedef struct _KTIMER_TABLE_ENTRY {
    LIST_ENTRY Entry; /* KTIMER.TimerListEntry */
    ULONG64 Time;     /* none of them is due before */
} KTIMER_TABLE_ENTRY, *PKTIMER_TABLE_ENTRY;

/* The timers that one processor has set; timertable.c. */
typedef struct _KTIMER_TABLE {
    ULONG64 Hand;               /* where the clock has come to */
    LIST_ENTRY ExpiredListHead; /* due, and not signalled yet */
    KTIMER_TABLE_ENTRY TimerEntries[TIMER_TABLE_SIZE];
} KTIMER_TABLE, *PKTIMER_TABLE;

typedef struct _KDPC_DATA {
    LIST_ENTRY DpcListHead;
    KSPIN_LOCK DpcLock;
    volatile ULONG DpcQueueDepth;
    ULONG DpcCount;
    struct _KDPC *volatile ActiveDpc; /* a copy of the one that runs (its processor alone) */
} KDPC_DATA, *PKDPC_DATA;

/* First part as in Windows (offsets from the KPCR: +180h). */
struct _KPRCB {
    ULONG MxCsr;
    UCHAR LegacyNumber;
    UCHAR ReservedMustBeZero;
    UCHAR InterruptRequest;
    UCHAR IdleHalt;
    PKTHREAD CurrentThread; /* gs:[188h] */
    PKTHREAD NextThread;    /* PrcbLock */
    PKTHREAD IdleThread;
    UCHAR NestingLevel;
    UCHAR ClockOwner;
    UCHAR PendingTickFlags;
    UCHAR IdleState;
    ULONG Number;
    ULONG64 RspBase; /* gs:[1A8h]: InitialStack of the current thread */
    KSPIN_LOCK PrcbLock;
    PKPROCESS CurrentAddressSpace; /* whose CR3 is loaded */
    KAFFINITY SetMember;
    KDPC_DATA DpcData[1];
    PVOID DpcStack;             /* its upper end; NULL: DPCs run on the thread's */
    ULONG MaximumDpcQueueDepth; /* beyond it even a low DPC is urgent */
    volatile UCHAR DpcRoutineActive;
    volatile UCHAR DpcInterruptRequested;
    volatile UCHAR QuantumEnd;
    volatile UCHAR InterruptDepth;
    volatile CHAR RunningPriority; /* of CurrentThread or NextThread, roughly, for others to see */
    ULONG ReadySummary; /* PrcbLock: bit n is set while DispatcherReadyListHead[n] holds a thread */
    LIST_ENTRY DispatcherReadyListHead[MAXIMUM_PRIORITY]; /* PrcbLock */
    KSPIN_LOCK TimerLock;
    KTIMER_TABLE TimerTable; /* TimerLock */
    ULONG InterruptCount;
    ULONG KernelTime;
    ULONG UserTime;
    ULONG DpcTime;
    ULONG64 NextTick;   /* interrupt time of the next tick (clock.c) */
    ULONG DpcTimeCount; /* ticks that ActiveDpc has run for (the watchdog) */
    ULONG InterruptTime;
    ULONG KeContextSwitches;
    ULONG KeSystemCalls;
    ULONG UnexpectedInterrupts[256];
    ULONG FeatureBits; /* KF_ */
    ULONG ExtendedStateSize;
    CHAR VendorString[13];
    UCHAR CpuType;
    USHORT CpuStep;
    PKTHREAD KernelSoftwareOwner;
    volatile LONG RequestSummary; /* what other processors ask for: IPI_, interlocked */
    volatile UCHAR Frozen;        /* stopped by a bugcheck; the next two say where */
    ULONG64 FrozenRip;
    ULONG64 FrozenRsp;
    PVOID LockState; /* checked build: KI_LOCK_STATE, the locks that it holds (lockcheck.c) */
};
static_assert(offsetof(KPRCB, CurrentThread) == 0x08, "as in Windows");
static_assert(offsetof(KPRCB, Number) == 0x24, "as in Windows");
static_assert(offsetof(KPRCB, RspBase) == 0x28, "as in Windows");

#define KF_SMEP     0x00000001u
#define KF_SMAP     0x00000002u
#define KF_XSAVE    0x00000004u
#define KF_UMIP     0x00000008u
#define KF_FSGSBASE 0x00000010u
#define KF_XSAVEOPT 0x00000020u

typedef struct _KPCR {
    PKGDTENTRY64 GdtBase; /* +00 */
    PKTSS64 TssBase;      /* +08 */
    ULONG64 UserRsp;      /* +10 */
    struct _KPCR *Self;   /* +18 */
    PKPRCB CurrentPrcb;   /* +20 */
    PVOID LockArray;      /* +28 */
    PVOID Used_Self;      /* +30 */
    PKIDTENTRY64 IdtBase; /* +38 */
    ULONG64 Unused[2];
    KIRQL Irql; /* +50: a copy of cr8 (irql.c) */
    UCHAR SecondLevelCacheAssociativity;
    UCHAR ObsoleteNumber;
    UCHAR Fill0;
    ULONG Unused0[3];
    USHORT MajorVersion; /* +60 */
    USHORT MinorVersion;
    ULONG StallScaleFactor;
    PVOID Unused1[3];
    ULONG KernelReserved[15];
    ULONG SecondLevelCacheSize;
    ULONG HalReserved[16];
    ULONG Unused2;
    PVOID KdVersionBlock; /* +108 */
    PVOID Unused3;
    ULONG PcrAlign1[24];
    DECLSPEC_ALIGN(64) KPRCB Prcb; /* +180 */
} KPCR, *PKPCR;
static_assert(offsetof(KPCR, UserRsp) == 0x10 && offsetof(KPCR, Irql) == 0x50, "as in Windows");
static_assert(offsetof(KPCR, KdVersionBlock) == 0x108, "as in Windows");
static_assert(offsetof(KPCR, Prcb) == 0x180, "as in Windows");

#endif
