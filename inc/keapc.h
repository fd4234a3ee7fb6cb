/*
 * keapc.h - deferred and asynchronous procedure calls; ke.h brings this in. (kernel/dpc.c, apc.c)
 *
 * A DPC runs on a processor, at DISPATCH_LEVEL; an APC runs in a thread, at APC_LEVEL or below.
 * The book's part is Windows Internals, part 2, "Trap dispatching".
 */
#ifndef VITRINE_KEAPC_H
#define VITRINE_KEAPC_H

#include "ketypes.h"

struct _PROCESSOR_NUMBER;

/* --- DPCs ---------------------------------------------------------------------------------------
 */

/* In nonpaged memory that stays while the DPC is queued; its routine may free it. Context comes
   back as the routine's DeferredContext. Any IRQL. (WDK: KeInitializeDpc) */
VOID NTAPI KeInitializeDpc(_Out_ PRKDPC Dpc, _In_ PKDEFERRED_ROUTINE Routine,
                           _In_opt_ PVOID Context);

/* FALSE: it was queued already, and keeps its arguments. Any IRQL. (WDK: KeInsertQueueDpc) */
BOOLEAN NTAPI KeInsertQueueDpc(_Inout_ PRKDPC Dpc, _In_opt_ PVOID SystemArgument1,
                               _In_opt_ PVOID SystemArgument2);

/* FALSE: it was not queued; it may be running. Any IRQL. (WDK: KeRemoveQueueDpc) */
BOOLEAN NTAPI KeRemoveQueueDpc(_Inout_ PRKDPC Dpc);

/*
 * The same; with WaitIfActive it also returns only when the routine runs on no processor, so that
 * what the DPC lies in can be freed. No one may queue it any more, and the caller may hold nothing
 * that the routine waits for. IRQL <= DISPATCH_LEVEL, not in the routine. Source: phnt (a function of
 * ntoskrnl since Windows 8.1).
 */
BOOLEAN KeRemoveQueueDpcEx(_Inout_ PRKDPC Dpc, _In_ BOOLEAN WaitIfActive);

/*
 * On which processor the DPC runs, whoever queues it; without, on the one that queues it. Before it
 * is queued. The first does not check: where there is no processor Number, it has no effect. The
 * second returns STATUS_SUCCESS, or STATUS_INVALID_PARAMETER for what is no processor. Any IRQL.
 * Source: WDK pages of these names.
 */
VOID NTAPI KeSetTargetProcessorDpc(_Inout_ PRKDPC Dpc, _In_ CHAR Number);
NTSTATUS NTAPI KeSetTargetProcessorDpcEx(_Inout_ PKDPC Dpc,
                                         _In_ struct _PROCESSOR_NUMBER *ProcNumber);

/* How soon it runs: dpc.c has the table. Before it is queued. Any IRQL. (WDK:
   KeSetImportanceDpc) */
VOID NTAPI KeSetImportanceDpc(_Inout_ PRKDPC Dpc, _In_ KDPC_IMPORTANCE Importance);

/* Returns when all DPCs that were queued at the call, on any processor, have run.
   PASSIVE_LEVEL. (WDK: KeFlushQueuedDpcs) */
VOID NTAPI KeFlushQueuedDpcs(VOID);

/* --- APCs ---------------------------------------------------------------------------------------
 */

/*
 * Apc: in nonpaged memory that stays while it is queued. KernelRoutine is called first, in Thread
 * at APC_LEVEL; it may change what follows, and free Apc. NormalRoutine, NULL for a special kernel
 * APC, comes then: at PASSIVE_LEVEL if ApcMode is KernelMode, else in user mode. RundownRoutine:
 * called instead of both for a user APC whose thread ends before its turn; without one, nothing is.
 * NormalContext: the normal routine's first argument. Environment is not used: an APC belongs to
 * the thread, whatever process that is attached to. Any IRQL. Source: Windows Internals, part 2.
 */
VOID NTAPI KeInitializeApc(_Out_ PRKAPC Apc, _In_ PKTHREAD Thread,
                           _In_ KAPC_ENVIRONMENT Environment, _In_ PKKERNEL_ROUTINE KernelRoutine,
                           _In_opt_ PKRUNDOWN_ROUTINE RundownRoutine,
                           _In_opt_ PKNORMAL_ROUTINE NormalRoutine, _In_ KPROCESSOR_MODE ApcMode,
                           _In_opt_ PVOID NormalContext);

/*
 * Queues Apc to its thread. A kernel APC runs as soon as the thread may take it, out of any wait
 * below APC_LEVEL; a user APC once the thread waits alertably in user mode. Increment: what a
 * thread whose wait this ends is raised by. FALSE: it was queued already, or the thread is ending.
 * IRQL <= DISPATCH_LEVEL. Source: Windows Internals, part 2.
 */
BOOLEAN NTAPI KeInsertQueueApc(_Inout_ PRKAPC Apc, _In_opt_ PVOID SystemArgument1,
                               _In_opt_ PVOID SystemArgument2, _In_ KPRIORITY Increment);

/* Queues a user APC ahead of the others and has it delivered at the next return to user mode, out
   of any wait in user mode. FALSE as above. IRQL <= DISPATCH_LEVEL. This system's own. */
BOOLEAN KeForceUserApc(_Inout_ PKAPC Apc);

/* Takes Apc out of its queue. FALSE: it was in none, or its kernel routine is about to run.
   IRQL <= DISPATCH_LEVEL. */
BOOLEAN KeRemoveQueueApc(_Inout_ PKAPC Apc);

/*
 * For a thread that ends. KeStopApcs: the current thread; no more APCs, and the kernel APCs from
 * before run now; PASSIVE_LEVEL. KeTakeUserApc: the next of the user APCs that are left, out of the
 * queue, or NULL. KeForceResumeThread: however often it was suspended, it goes on. These two:
 * IRQL <= DISPATCH_LEVEL.
 */
VOID KeStopApcs(_Inout_ PKTHREAD Thread);
PKAPC KeTakeUserApc(_Inout_ PKTHREAD Thread);
VOID KeForceResumeThread(_Inout_ PKTHREAD Thread);

/*
 * Was the current thread alerted in AlertMode? That is used up. If not, and AlertMode is UserMode,
 * the user APCs that are queued are delivered at the next return to user mode. IRQL <=
 * DISPATCH_LEVEL. Source: Windows Internals, part 2; phnt's notes on NtTestAlert.
 */
BOOLEAN NTAPI KeTestAlertThread(_In_ KPROCESSOR_MODE AlertMode);

/*
 * Ends an alertable wait of Thread with STATUS_ALERTED, if the wait's mode is AlertMode or
 * UserMode; otherwise the next one that it can end. Returns whether the thread was alerted in this
 * mode already. IRQL <= DISPATCH_LEVEL. Source: phnt's notes on NtAlertThread.
 */
BOOLEAN NTAPI KeAlertThread(_Inout_ PKTHREAD Thread, _In_ KPROCESSOR_MODE AlertMode);

/*
 * Between Enter and Leave the current thread takes no normal kernel APCs (critical region), or no
 * kernel APCs at all (guarded region); so it cannot be suspended either. Regions nest. Leaving the
 * last one runs what has come meanwhile, or at APC_LEVEL has it run when the IRQL falls.
 * IRQL <= APC_LEVEL. Source: WDK pages of these names.
 */
VOID NTAPI KeEnterCriticalRegion(VOID);
VOID NTAPI KeLeaveCriticalRegion(VOID);
VOID NTAPI KeEnterGuardedRegion(VOID);
VOID NTAPI KeLeaveGuardedRegion(VOID);

/* Runs the kernel APCs that wait, or, at APC_LEVEL or above, asks for the interrupt that will. For
   the functions that end a region. Any IRQL. */
DECLSPEC_RARE VOID KiCheckPendingApcs(VOID);

/* The critical region again, inline, for the kernel itself. Thread: the current one. */
FORCEINLINE VOID KeEnterCriticalRegionThread(_Inout_ PKTHREAD Thread) {
    Thread->KernelApcDisable--;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
FORCEINLINE VOID KeLeaveCriticalRegionThread(_Inout_ PKTHREAD Thread) {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (++Thread->KernelApcDisable == 0 && Thread->ApcState.KernelApcPending)
        KiCheckPendingApcs();
}

/* Whether the current thread is in a region of either kind; IRQL does not count. Any IRQL.
   (WDK: KeAreApcsDisabled) */
BOOLEAN NTAPI KeAreApcsDisabled(VOID);

#endif
