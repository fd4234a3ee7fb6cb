/*
 * kethread.h - KTHREAD and KPROCESS, the kernel's parts of threads and processes
 */
#ifndef VITRINE_KETHREAD_H
#define VITRINE_KETHREAD_H

#include "ketypes.h"

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

#endif
