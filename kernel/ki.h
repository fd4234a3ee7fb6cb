/*
 * What the files of kernel/ share with each other and with their assembly; not for other
 * components.
 */
#ifndef VITRINE_KI_H
#define VITRINE_KI_H

#include "ke.h"
#include "check/kilock.h"
#include "hal.h"
#include "kd.h"
#include "ntrtl.h"
#include "bugcodes.h"

/* trap.asm: the entries that the IDT names, 16 bytes each in KiIsrThunk. */
typedef VOID KI_ENTRY(VOID);
extern KI_ENTRY KiDivideErrorFault, KiDebugTrapOrFault, KiNmiInterrupt, KiBreakpointTrap,
    KiOverflowTrap, KiBoundFault, KiInvalidOpcodeFault, KiNpxNotAvailableFault, KiDoubleFaultAbort,
    KiNpxSegmentOverrunAbort, KiInvalidTssFault, KiSegmentNotPresentFault, KiStackFault,
    KiGeneralProtectionFault, KiPageFault, KiFloatingErrorFault, KiAlignmentFault, KiMcheckAbort,
    KiXmmException, KiVirtualizationException, KiControlProtectionFault,
    KiRaiseSecurityCheckFailure, KiRaiseAssertion, KiDebugServiceTrap, KiSystemService,
    KiSystemCall64, KiSystemCall32;
extern UCHAR KiIsrThunk[256][16];
VOID KiStartUserThread(VOID);
VOID KiStartSystemThread(VOID);
extern UCHAR KiSystemServiceCopyStart[], KiSystemServiceCopyEnd[], KiSystemServiceCopyFault[];

/* ctxswap.asm: saves the current thread's non-volatile registers and takes up NewThread's. */
VOID KiSwapContext(_In_ PKTHREAD NewThread, _In_ PKTHREAD OldThread);

/* irql.c: interrupts off, called by trap.asm. */
VOID KiSpuriousInterrupt(_In_ ULONG Vector);

/* processor.c, idt.c: one processor made ready for the kernel. */
#define SYSTEM_STACK_SIZE 0x2000
#define DPC_STACK_SIZE    0x6000 /* KERNEL_STACK_SIZE */
typedef struct _KI_DESCRIPTOR_TABLES {
    DECLSPEC_ALIGN(16) KGDTENTRY64 Gdt[KGDT64_LAST / sizeof(KGDTENTRY64) + 1];
    DECLSPEC_ALIGN(16) KTSS64 Tss;
    DECLSPEC_ALIGN(16) UCHAR IstStacks[4][SYSTEM_STACK_SIZE];
} KI_DESCRIPTOR_TABLES, *PKI_DESCRIPTOR_TABLES;
VOID KiInitializeDescriptorTables(_Inout_ PKPCR Pcr, _Out_ PKI_DESCRIPTOR_TABLES Tables);
VOID KiInitializeBootDescriptorTables(_Inout_ PKPCR Pcr);
VOID KiInitializeIdt(VOID);
VOID KiSetProcessorFeatures(_Inout_ PKPRCB Prcb);
VOID KiInitializeMachineType(_Inout_ PKPRCB Prcb);
VOID KiLoadIdt(_In_ PKPCR Pcr);
ULONG KiExtendedStateSize(VOID);
VOID KiInitializeExtendedState(_Out_ PVOID Area);
extern ULONG64 KiExtendedStateMask;

/* ipi.c: requests from one processor to others. tb.c serves those that concern the translation
 * buffer. */
#define IPI_APC 1
#define IPI_DPC 2
#define IPI_TB  4
VOID KiIpiSend(_Inout_ PKPRCB Target, _In_ ULONG Request);
VOID KiIpiSendMask(_In_ KAFFINITY Targets, _In_ ULONG Request);
VOID KiIpiServiceRoutine(_Inout_ PKPRCB Prcb);
VOID KiServeTbRequest(_In_ PKPRCB Prcb);
VOID KiFlushAllLocally(VOID);

/* bugcheck.c: stands still for the processor that stops the machine, having said where. */
extern volatile ULONG KeBugCheckActive;
DECLSPEC_NORETURN VOID KiFreeze(_In_ PKTRAP_FRAME TrapFrame);

/* thread.c */
VOID KiInitializeThreadObject(_Out_ PKTHREAD Thread, _In_ PKPROCESS Process);

/* decode.c: what the processor does not say about an exception of user mode. */
BOOLEAN KiIsPrivilegedInstruction(_In_ PKTRAP_FRAME TrapFrame);
/* #UD of user mode was an icebp that the processor does not know: rip is moved past it. */
BOOLEAN KiSkipIceBreakpoint(_Inout_ PKTRAP_FRAME TrapFrame);
NTSTATUS KiDivideStatus(_In_ PKTRAP_FRAME TrapFrame, _In_ PKEXCEPTION_FRAME ExceptionFrame);

/* service.c */
VOID KeCompactServiceTable(VOID);

/* wait.c: the machinery under the dispatcher objects. Object lock held, DISPATCH_LEVEL. */
VOID KiAwaitObjectLock(_In_ PDISPATCHER_HEADER Object); /* spins until nobody has it */
VOID KiInitializeHeader(_Out_ PDISPATCHER_HEADER Header, _In_ UCHAR Type, _In_ ULONG Size,
                        _In_ LONG SignalState);
/* Wakes as many waiters as Object's state now satisfies, first come first served. */
VOID KiWaitTest(_Inout_ PDISPATCHER_HEADER Object, _In_ KPRIORITY Increment);
/* Ends Thread's wait with Status if it is still waiting; ThreadLock held. */
BOOLEAN KiUnwaitThread(_Inout_ PKTHREAD Thread, _In_ LONG_PTR Status, _In_ KPRIORITY Increment);
/* mutant.c. KiTakeMutant: its lock and ThreadLock held; returns STATUS_ABANDONED_WAIT_0 or 0. */
NTSTATUS KiTakeMutant(_Inout_ PKMUTANT Mutant, _Inout_ PKTHREAD Thread);
/* Object is a mutant, and its owner has acquired it as often as can be counted. */
BOOLEAN KiMutantLimitReached(_In_ PDISPATCHER_HEADER Object);
/* The thread ends: whoever waits for its mutants is told. */
VOID KiAbandonMutants(_Inout_ PKTHREAD Thread);

/* One wait of the current thread (wait.c); each kind of wait is made of these. */
typedef struct _KI_WAIT {
    ULONG Count;
    PVOID *Objects;
    PKWAIT_BLOCK Blocks; /* sorted by the address of the object that each waits on */
    WAIT_TYPE Type;      /* WaitAll, WaitAny; WaitDequeue: one KQUEUE */
    KWAIT_REASON Reason;
    KPROCESSOR_MODE Mode;
    BOOLEAN Alertable;
    PLARGE_INTEGER Timeout; /* NULL: for ever */
    LONGLONG Due;           /* interrupt time */
} KI_WAIT, *PKI_WAIT;
/* Waits as *Wait says. The wait's status, or a queue's entry. */
LONG_PTR KiWait(_Inout_ PKI_WAIT Wait);
/* waitfor.c: the end of a call that has signalled an object, at DISPATCH_LEVEL; Wait: it is to be
   followed by a wait of this thread. */
VOID KiExitSignal(_In_ KIRQL OldIrql, _In_ BOOLEAN Wait);

/* queue.c. KiTryDequeue: Queue's lock held; an entry, or STATUS_PENDING: it has to wait. */
LONG_PTR KiTryDequeue(_Inout_ struct _KQUEUE *Queue, _In_ PKTHREAD Thread);
/* DISPATCH_LEVEL: Thread has begun to wait, so another of its queue may have its turn. */
VOID KiActivateQueue(_In_ PKTHREAD Thread);
VOID KiLeaveQueue(_Inout_ PKTHREAD Thread);

/* timertable.c: TimerLock held. */
VOID KiInitializeTimerTable(_Out_ PKTIMER_TABLE Table, _In_ ULONG64 Now);
VOID KiInsertTimerTable(_Inout_ PKTIMER_TABLE Table, _Inout_ PKTIMER Timer);
/* Moves what is due to Table->ExpiredListHead, earliest first. */
VOID KiCollectExpiredTimers(_Inout_ PKTIMER_TABLE Table, _In_ ULONG64 Now);
/* Timers that are due at a system time, which has been set forward by Delta. */
VOID KiShiftAbsoluteTimers(_Inout_ PKTIMER_TABLE Table, _In_ LONGLONG Delta);
/* When a timer is signalled: between DueTime and that plus its tolerable delay. */
ULONG64 KiExpiryTime(_In_ PKTIMER Timer);
UCHAR KiEncodeTolerableDelay(_In_ ULONG64 Delay);

/* timer.c; timers are also the timeouts of waits. The timer's lock held. */
VOID KiInitializeTimers(_Inout_ PKPRCB Prcb);
/* The interrupt time at which a timeout ends: negative, so much from now; else a system time. */
LONGLONG KiComputeDueTime(_In_ LARGE_INTEGER Timeout);
/* Into the table of this processor; FALSE: the time has passed already. SystemTime: it is kept. */
BOOLEAN KiInsertTimer(_Inout_ PKTIMER Timer, _In_ LONGLONG DueTime);
BOOLEAN KiInsertAbsoluteTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER SystemTime);
/* TRUE: it was in a table. */
BOOLEAN KiRemoveTimer(_Inout_ PKTIMER Timer);
VOID KiTimerExpiration(VOID);

/* ready.c: the ready queues of a processor. PrcbLock held. */
VOID KiInitializeReadyQueues(_Out_ PKPRCB Prcb);
VOID KiInsertReady(_Inout_ PKPRCB Prcb, _Inout_ PKTHREAD Thread, _In_ BOOLEAN Front);
VOID KiRemoveReady(_Inout_ PKPRCB Prcb, _Inout_ PKTHREAD Thread);
PKTHREAD KiSelectReady(_Inout_ PKPRCB Prcb, _In_ KPRIORITY Floor);
PKTHREAD KiSelectReadyFor(_Inout_ PKPRCB Prcb, _In_ KAFFINITY Set);
KPRIORITY KiRunningPriority(_In_ PKPRCB Prcb);
VOID KiSetStandby(_Inout_ PKPRCB Prcb, _Inout_ PKTHREAD Thread);
BOOLEAN KiChooseAgain(_Inout_ PKPRCB Prcb);

/* sched.c and affinity.c. ThreadLock of the thread held where one is named. */
VOID KiReadyThread(_Inout_ PKTHREAD Thread);
VOID KiLoadThreadState(VOID);
VOID KiPreempt(_Inout_ PKPRCB Prcb, _In_ BOOLEAN Front);
BOOLEAN KiStealThread(_Inout_ PKPRCB Prcb);
/* The thread's processor, if it runs, looks at what has been asked of it. */
VOID KiInterruptThread(_In_ PKTHREAD Thread, _In_ ULONG Request);
extern volatile KAFFINITY KiIdleSummary;
/* At DISPATCH_LEVEL: does what has been decided meanwhile (a better thread is ready), lowers. */
VOID KiExitDispatcher(_In_ KIRQL OldIrql);
/* The current thread, no longer running, gives the processor to the next; back when rescheduled. */
LONG_PTR KiSwapThread(_Inout_ PKTHREAD Thread);
VOID KiDispatchInterruptC(VOID);
DECLSPEC_NORETURN VOID KiIdleLoop(VOID);
/* KTHREAD.Process and CR3. */
VOID KiSwapProcess(_In_ PKPROCESS Process);

/* npx.c: the extended state of the current thread, which has a StateSaveArea. */
VOID KiSaveExtendedState(_In_ PKTHREAD Thread);
VOID KiLoadExtendedState(_In_ PKTHREAD Thread);

/* affinity.c: the processor where Thread is ready, standing by or running, its PrcbLock held, or NULL.
   ThreadLock held. */
PKPRCB KiLockProcessorOf(_In_ PKTHREAD Thread);
/* An ideal processor out of Set, which has an active one: each in turn. */
USHORT KiChooseIdealProcessor(_In_ KAFFINITY Set);

/* priority.c. ThreadLock held. KiBoostThread: its wait has ended. */
VOID KiBoostThread(_Inout_ PKTHREAD Thread, _In_ KPRIORITY Increment);
/* A quantum is over or given up: a new one, and a raise decays. The thread runs or waits. */
VOID KiRenewQuantum(_Inout_ PKTHREAD Thread);
VOID KiQuantumEnd(VOID);

/* apc.c. ThreadLock held. */
VOID KiInsertQueueApc(_Inout_ PKAPC Apc, _In_ KPRIORITY Increment);
VOID KiDeliverKernelApcs(VOID);
BOOLEAN KiKernelApcReady(_In_ PKTHREAD Thread);
VOID KiDeliverUserApc(_In_ ULONG64 Unused, _Inout_ PKTRAP_FRAME TrapFrame,
                      _Inout_ PKEXCEPTION_FRAME ExceptionFrame);
VOID KiInitializeSuspend(_Inout_ PKTHREAD Thread);

/* The frame with which a thread of user mode starts, next to its trap frame (sched/thread.c). */
FORCEINLINE PKEXCEPTION_FRAME KiGetStartFrame(_In_ PKTHREAD Thread) {
    return (PKEXCEPTION_FRAME)KeGetTrapFrame(Thread) - 1;
}

/* threadregs.c; savecall.asm. Pointers say where the non-volatile registers were found. <=
   APC_LEVEL, on the stack of a thread of user mode. */
VOID KiUnwindToUser(_Out_ PCONTEXT Context, _Inout_ PKNONVOLATILE_CONTEXT_POINTERS Pointers);
VOID KiClearVolatiles(_Inout_ PKTRAP_FRAME TrapFrame);
VOID KiCallWithNonvolatiles(_In_ VOID (*Routine)(PVOID Argument), _In_opt_ PVOID Argument);

/* debugreg.c */
VOID KiLoadDebugRegisters(_In_ PKTHREAD Thread);
VOID KiUnloadDebugRegisters(VOID);
VOID KiGetDebugRegisters(_Out_ PCONTEXT Context);
VOID KiSetDebugRegisters(_In_ const CONTEXT *Context);
VOID KiNoteDebugTrap(_In_ PKTRAP_FRAME TrapFrame);

/* dpc.c */
VOID KiInitializeDpcQueue(_Inout_ PKPRCB Prcb);
VOID KiRetireDpcList(_Inout_ PKPRCB Prcb);

/* dpcstack.asm: Routine(Argument) on another stack, which grows down from Stack. */
VOID KiCallOnStack(_In_ VOID (*Routine)(PVOID Argument), _In_ PVOID Argument, _In_ PVOID Stack);
extern UCHAR KiCallOnStackEnd[];

/* interrupt.c */
BOOLEAN KiDispatchDeviceInterrupt(_In_ ULONG Vector);

/* watchdog.c: at CLOCK_LEVEL. */
VOID KiCheckDpcWatchdog(_Inout_ PKPRCB Prcb);

/* clock.c. KiChangeSystemTime: under KiAbsoluteTimeLock; returns by how much it has gone forward.
 */
LONGLONG KiChangeSystemTime(_In_ PLARGE_INTEGER NewTime);
VOID KeUpdateSystemTime(_Inout_ PKTRAP_FRAME TrapFrame);

FORCEINLINE BOOLEAN KiTestAndSetObjectLock(_Inout_ PDISPATCHER_HEADER Object) {
    BOOLEAN Taken;
    __asm__ volatile("lock btsl $7, %0" : "+m"(Object->Lock), "=@ccc"(Taken) : : "memory");
    return !Taken;
}
/* Against the order of the locks. */
FORCEINLINE BOOLEAN KiTryObjectLock(_Inout_ PDISPATCHER_HEADER Object) {
    BOOLEAN Locked = KiTestAndSetObjectLock(Object);
    if (Locked)
        KiLockTaken(Object, KiClassDispatcher);
    return Locked;
}
FORCEINLINE VOID KiAcquireObjectLock(_Inout_ PDISPATCHER_HEADER Object) {
    KiLockWanted(Object, KiClassDispatcher);
    while (!KiTestAndSetObjectLock(Object))
        KiAwaitObjectLock(Object);
    KiLockWaitedFor(Object, KiClassDispatcher);
}
/* For code without a loop, in the free build: FALSE, and it is acquired elsewhere. */
FORCEINLINE BOOLEAN KiAcquireFreeObjectLock(_Inout_ PDISPATCHER_HEADER Object) {
#if DBG
    KiAcquireObjectLock(Object);
    return TRUE;
#else
    return KiTestAndSetObjectLock(Object);
#endif
}
/* Others only ever set the bit, which is set already, so no locked instruction is needed. */
FORCEINLINE VOID KiReleaseObjectLock(_Inout_ PDISPATCHER_HEADER Object) {
    KiLockReleased(Object);
    __asm__ volatile("andb %1, %0"
                     : "+m"(Object->Type)
                     : "i"((UCHAR)~KOBJECT_LOCK_BIT)
                     : "cc", "memory");
}
FORCEINLINE KOBJECTS KiObjectType(_In_ PDISPATCHER_HEADER Object) {
    return (KOBJECTS)(Object->Type & ~KOBJECT_LOCK_BIT);
}
/* For assertions: a header that can be waited on, and whose list has been initialised: it leads to
   an address of the kernel. Without its lock, so no more is looked at. */
FORCEINLINE BOOLEAN KiIsDispatcherObject(_In_ PDISPATCHER_HEADER Object) {
    return KiObjectType(Object) <= TimerSynchronizationObject &&
           *(LONG64 volatile *)&Object->WaitListHead.Flink >> 47 == -1;
}
/* The scheduler's own locks: inline in the free build, checked in the other. */
FORCEINLINE VOID KiAcquireSchedulerLock(_Inout_ PKSPIN_LOCK Lock, _In_ KI_LOCK_CLASS Class) {
#if DBG
    KiAcquireSpinLock(Lock, Class);
#else
    UNREFERENCED_PARAMETER(Class);
    while (__atomic_exchange_n(Lock, 1, __ATOMIC_ACQUIRE))
        while (*(volatile KSPIN_LOCK *)Lock)
            YieldProcessor();
#endif
}
FORCEINLINE VOID KiReleaseSchedulerLock(_Inout_ PKSPIN_LOCK Lock) {
    KiLockReleased(Lock);
    __atomic_store_n(Lock, 0, __ATOMIC_RELEASE);
}
FORCEINLINE VOID KiAcquirePrcbLock(_Inout_ PKPRCB Prcb) {
    KiAcquireSchedulerLock(&Prcb->PrcbLock, KiClassPrcb);
}
FORCEINLINE VOID KiReleasePrcbLock(_Inout_ PKPRCB Prcb) {
    KiReleaseSchedulerLock(&Prcb->PrcbLock);
}
FORCEINLINE VOID KiAcquireThreadLock(_Inout_ PKTHREAD Thread) {
    KiAcquireSchedulerLock(&Thread->ThreadLock, KiClassThread);
}
FORCEINLINE VOID KiReleaseThreadLock(_Inout_ PKTHREAD Thread) {
    KiReleaseSchedulerLock(&Thread->ThreadLock);
}
FORCEINLINE VOID __writemsr(ULONG Register, ULONG64 Value) {
    __asm__ volatile("wrmsr"
                     :
                     : "c"(Register), "a"((ULONG)Value), "d"((ULONG)(Value >> 32))
                     : "memory");
}
FORCEINLINE ULONG64 __readmsr(ULONG Register) {
    ULONG Low, High;
    __asm__ volatile("rdmsr" : "=a"(Low), "=d"(High) : "c"(Register));
    return Low | (ULONG64)High << 32;
}

#endif
