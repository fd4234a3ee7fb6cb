/*
 * kepcr.h - each processor's control region (KPCR) and control block (KPRCB)
 */
#ifndef VITRINE_KEPCR_H
#define VITRINE_KEPCR_H

#include "ketypes.h"
#include "ketrap.h"

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
    struct _KDPC *volatile ActiveDpc; /* a copy of the one that runs (DpcLock, or its processor) */
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
