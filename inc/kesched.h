/*
 * kesched.h - threads, processes and their scheduling; ke.h brings this in. (kernel/sched/thread.c,
 * process.c, priority.c, affinity.c, sched.c, balance.c, apc.c)
 *
 * docs/scheduler.md tells who runs when and where. The book's part is Windows Internals, part 1,
 * "Thread scheduling". Priorities are 0 to 31, real time from LOW_REALTIME_PRIORITY on; an affinity
 * has bit n for processor n, and must name at least one of KeActiveProcessors. Threads and
 * processes are in nonpaged memory.
 */
#ifndef VITRINE_KESCHED_H
#define VITRINE_KESCHED_H

#include "ketypes.h"

/* --- processes ----------------------------------------------------------------------------------
 */

/* Priority, Affinity: what its threads start with. DirectoryTableBase: what cr3 is to hold. Any
   IRQL. */
VOID KeInitializeProcess(_Out_ PKPROCESS Process, _In_ KPRIORITY Priority, _In_ KAFFINITY Affinity,
                         _In_ ULONG64 DirectoryTableBase);

/* Signals the process object: it has ended. Increment: the boost for who is woken. Returns the
   state before. IRQL <= DISPATCH_LEVEL. */
LONG NTAPI KeSetProcessSignal(_Inout_ PKPROCESS Process, _In_ KPRIORITY Increment);

/* For a process and all its threads, those to come too. Affinity: processors of
   KeActiveProcessors. Returns the old one. IRQL <= DISPATCH_LEVEL. */
KAFFINITY KeSetAffinityProcess(_Inout_ PKPROCESS Process, _In_ KAFFINITY Affinity);

/* The base priority of a process; its threads keep their distance from it. Returns the old one.
   IRQL <= DISPATCH_LEVEL. (SDK: SetPriorityClass) */
KPRIORITY KeSetPriorityProcess(_Inout_ PKPROCESS Process, _In_ KPRIORITY Priority);

/* The quantum of processes to come: THREAD_QUANTUM, or THREAD_QUANTUM_SERVER (/SERVER). */
extern CHAR KeThreadQuantum;

/*
 * Attaches the current thread to another address space, and back. ApcState: receives what
 * KeUnstackDetachProcess needs; calls nest like brackets. In between the thread is in a guarded
 * region. IRQL <= DISPATCH_LEVEL. Source: WDK pages of these names.
 */
VOID NTAPI KeStackAttachProcess(_Inout_ PKPROCESS Process, _Out_ PKAPC_STATE ApcState);
VOID NTAPI KeUnstackDetachProcess(_In_ PKAPC_STATE ApcState);

/* --- a thread's life ----------------------------------------------------------------------------
 */

/*
 * Prepares a thread, which runs nothing yet. KernelStack: its highest address
 * (MmCreateKernelStack); StackSize: bytes. SystemRoutine: the first code that runs, with
 * StartRoutine and StartContext as its arguments; for a system thread it must not return (bugcheck
 * NO_USER_MODE_CONTEXT). Context: NULL for a system thread, else the user registers that the thread
 * starts with after SystemRoutine has returned, made safe first. Teb: its user address, or NULL.
 * STATUS_SUCCESS always. IRQL <= DISPATCH_LEVEL.
 */
NTSTATUS KeInitThread(_Out_ PKTHREAD Thread, _In_ PVOID KernelStack, _In_ SIZE_T StackSize,
                      _In_ PKSYSTEM_ROUTINE SystemRoutine, _In_opt_ PKSTART_ROUTINE StartRoutine,
                      _In_opt_ PVOID StartContext, _In_opt_ PCONTEXT Context, _In_opt_ PVOID Teb,
                      _In_ PKPROCESS Process);

/* The steps after KeInitThread, in this order. The first also takes over what has been changed in
   the process meanwhile: base priority, affinity, raises. IRQL <= DISPATCH_LEVEL. */
VOID KeStartThread(_Inout_ PKTHREAD Thread); /* adds it to its process */
VOID KeReadyThread(_Inout_ PKTHREAD Thread); /* makes it ready for the first time */

/*
 * The current thread ends: its mutants are abandoned, its object is signalled, its processor goes
 * on with another. Increment: the boost for who waited for it. To be called once KeStopApcs has
 * been, with no lock or kernel mutex held (bugcheck THREAD_TERMINATE_HELD_MUTEX). PASSIVE_LEVEL.
 */
DECLSPEC_NORETURN VOID KeTerminateThread(_In_ KPRIORITY Increment);

/* Set by ps: called at DISPATCH_LEVEL by a thread that ends. Its stack may be freed when its
   SwapBusy is FALSE: then nobody stands on it any more. */
extern VOID (*KeReapThreadRoutine)(PKTHREAD Thread);

/*
 * A thread that is suspended waits before it next runs below APC_LEVEL, outside of regions that
 * hold kernel APCs off. Return how often it was suspended before. KeSuspendThread does nothing to a
 * thread that is ending, and raises STATUS_SUSPEND_COUNT_EXCEEDED at MAXIMUM_SUSPEND_COUNT.
 * IRQL <= DISPATCH_LEVEL. Source: the SDK's pages of SuspendThread and ResumeThread.
 */
ULONG NTAPI KeSuspendThread(_Inout_ PKTHREAD Thread);
ULONG NTAPI KeResumeThread(_Inout_ PKTHREAD Thread);

/* --- priorities ---------------------------------------------------------------------------------
 */

/* Sets base and current priority, 0 to 31, and begins a new quantum. Returns the current one from
   before. IRQL <= DISPATCH_LEVEL. (WDK: KeSetPriorityThread) */
KPRIORITY NTAPI KeSetPriorityThread(_Inout_ PKTHREAD Thread, _In_ KPRIORITY Priority);

/* The current priority, raises counted. Any IRQL. (WDK: KeQueryPriorityThread) */
KPRIORITY NTAPI KeQueryPriorityThread(_In_ PKTHREAD Thread);

/*
 * The base becomes the process's plus Increment, within the class; +-MAXIMUM_PRIORITY/2 or beyond:
 * its highest or lowest priority. Return the increment in force before, or now. The first: IRQL <=
 * DISPATCH_LEVEL; the second: any. Source: WDK page of KeSetBasePriorityThread.
 */
LONG NTAPI KeSetBasePriorityThread(_Inout_ PKTHREAD Thread, _In_ LONG Increment);
LONG NTAPI KeQueryBasePriorityThread(_In_ PKTHREAD Thread);

/* No raises at the end of waits, or raises again. For a process: for all its threads, those to come
   too. Return what held before. For a thread: any IRQL; for a process: IRQL <= DISPATCH_LEVEL.
   (SDK: SetThreadPriorityBoost, SetProcessPriorityBoost) */
BOOLEAN KeSetDisableBoostThread(_Inout_ PKTHREAD Thread, _In_ BOOLEAN Disable);
BOOLEAN KeSetDisableBoostProcess(_Inout_ PKPROCESS Process, _In_ BOOLEAN Disable);

/* The body of a system thread (init starts it): relief for threads that starve. PASSIVE_LEVEL;
   Context is not used. (Windows Internals: "Priority boosts for CPU starvation") */
DECLSPEC_NORETURN VOID KeBalanceSetManager(_In_opt_ PVOID Context);

/* --- processors ---------------------------------------------------------------------------------
 */

/* The processors that run: their number, and which they are. Any IRQL. (WDK pages of these
   names) */
ULONG NTAPI KeQueryActiveProcessorCount(_Out_opt_ PKAFFINITY ActiveProcessors);
KAFFINITY NTAPI KeQueryActiveProcessors(VOID);

/* Where the thread may run from now on; one that runs elsewhere moves, the current one before the
   call returns if IRQL allows. Affinity: at least one of KeActiveProcessors. Returns the old one.
   IRQL <= DISPATCH_LEVEL. (WDK: KeSetSystemAffinityThreadEx) */
KAFFINITY NTAPI KeSetAffinityThread(_Inout_ PKTHREAD Thread, _In_ KAFFINITY Affinity);

/* Where the thread should run when there is a choice. Processor: below MAXIMUM_PROCESSORS; one that
   does not run, or is not in the thread's affinity, changes nothing. Returns the old one.
   IRQL <= DISPATCH_LEVEL. (SDK: SetThreadIdealProcessor) */
ULONG NTAPI KeSetIdealProcessorThread(_Inout_ PKTHREAD Thread, _In_ ULONG Processor);

/* Lets the best other thread run that is ready on this processor, whatever its priority but 0, and
   begins a new quantum. STATUS_SUCCESS, or STATUS_NO_YIELD_PERFORMED if there is none.
   IRQL <= APC_LEVEL. (SDK: SwitchToThread) */
NTSTATUS KeYieldExecution(VOID);

#endif
