/*
 * kewait.h - dispatcher objects and waits; ke.h brings this in. (kernel/object/event.c, semaphore.c,
 * mutant.c, timer.c, wait.c, waitfor.c)
 *
 * What can be waited on begins with a DISPATCHER_HEADER, and lies in nonpaged memory for as long as
 * anybody waits or signals. docs/waits.md tells how signals and waits meet. The book's part is
 * Windows Internals, part 2, "Low-IRQL synchronization".
 *
 * Two parameters mean the same in all calls that signal. Increment: how far the priority of a
 * thread that is woken is raised above its base, for a while. Wait: TRUE says that the caller's
 * next step is a wait, by one of the calls below and with nothing in between. The call then returns
 * at DISPATCH_LEVEL, so that nobody else runs on this processor, and the wait goes back to the
 * level from before; that one must be <= APC_LEVEL.
 */
#ifndef VITRINE_KEWAIT_H
#define VITRINE_KEWAIT_H

#include "ketypes.h"

/* What Windows gives a thread that an object wakes (WDK). */
#define EVENT_INCREMENT     1
#define MUTANT_INCREMENT    1
#define SEMAPHORE_INCREMENT 1

/* --- events -------------------------------------------------------------------------------------
 */

/*
 * Type: NotificationEvent stays set and lets everybody through, SynchronizationEvent lets one
 * waiter through and is reset by that. State: TRUE if it is set at first. Any IRQL.
 * Source: WDK page of KeInitializeEvent.
 */
VOID NTAPI KeInitializeEvent(_Out_ PRKEVENT Event, _In_ EVENT_TYPE Type, _In_ BOOLEAN State);

/* Sets the event. Returns its state before, 0 for not set. IRQL <= DISPATCH_LEVEL.
   (WDK: KeSetEvent) */
LONG NTAPI KeSetEvent(_Inout_ PRKEVENT Event, _In_ KPRIORITY Increment, _In_ BOOLEAN Wait);

/* Resets the event; KeResetEvent returns its state before. IRQL <= DISPATCH_LEVEL. (WDK pages of
   these names) */
LONG NTAPI KeResetEvent(_Inout_ PRKEVENT Event);
VOID NTAPI KeClearEvent(_Inout_ PRKEVENT Event);

/*
 * Lets through who waits at this moment, all or one by the event's type, and leaves the event
 * reset. Who is just out of its wait to run an APC is missed. Returns the state before.
 * IRQL <= DISPATCH_LEVEL. Source: the SDK's page of PulseEvent.
 */
LONG NTAPI KePulseEvent(_Inout_ PRKEVENT Event, _In_ KPRIORITY Increment, _In_ BOOLEAN Wait);

/* Whether the event is set at this moment: not 0 if so. Any IRQL. (WDK: KeReadStateEvent) */
LONG NTAPI KeReadStateEvent(_In_ PRKEVENT Event);

/* --- semaphores ---------------------------------------------------------------------------------
 */

/* Count: what it begins with, 0 to Limit; Limit: above 0. Neither is checked. Any IRQL.
   (WDK: KeInitializeSemaphore) */
VOID NTAPI KeInitializeSemaphore(_Out_ PRKSEMAPHORE Semaphore, _In_ LONG Count, _In_ LONG Limit);

/*
 * Adds Adjustment to the count. Returns the count before. Raises STATUS_SEMAPHORE_LIMIT_EXCEEDED,
 * with the count as it was, if the sum passes the limit or Adjustment is not above 0.
 * IRQL <= DISPATCH_LEVEL. Source: WDK page of KeReleaseSemaphore.
 */
LONG NTAPI KeReleaseSemaphore(_Inout_ PRKSEMAPHORE Semaphore, _In_ KPRIORITY Increment,
                              _In_ LONG Adjustment, _In_ BOOLEAN Wait);

/* The count at this moment. Any IRQL. (WDK: KeReadStateSemaphore) */
LONG NTAPI KeReadStateSemaphore(_In_ PRKSEMAPHORE Semaphore);

/* --- mutants ------------------------------------------------------------------------------------
 *
 * The state is 1 while the mutant is free, and falls by one each time that its owner takes it.
 */

/* InitialOwner: TRUE makes the current thread its owner. IRQL <= DISPATCH_LEVEL, without an owner
   any. Source: Windows Internals, part 2; the SDK's page of CreateMutex. */
VOID NTAPI KeInitializeMutant(_Out_ PRKMUTANT Mutant, _In_ BOOLEAN InitialOwner);

/* A mutant of the kernel's own: free, and normal kernel APCs keep out while a thread owns it. A
   thread that ends with one is a bugcheck (THREAD_TERMINATE_HELD_MUTEX). Level is not used. Any
   IRQL. (WDK: KeInitializeMutex) */
VOID NTAPI KeInitializeMutex(_Out_ PRKMUTEX Mutex, _In_ ULONG Level);

/*
 * Takes back one acquisition of the current thread. Abandoned: TRUE frees the mutant altogether,
 * whoever owns it, and the next owner's wait returns STATUS_ABANDONED. Returns the state before: 0
 * if the mutant is free now. Raises STATUS_MUTANT_NOT_OWNED if the thread is not the owner, or
 * STATUS_ABANDONED if nobody is because the last one has abandoned it. IRQL <= DISPATCH_LEVEL.
 * Source: Windows Internals, part 2; the SDK's page of ReleaseMutex.
 */
LONG NTAPI KeReleaseMutant(_Inout_ PRKMUTANT Mutant, _In_ KPRIORITY Increment,
                           _In_ BOOLEAN Abandoned, _In_ BOOLEAN Wait);

/* The same with MUTANT_INCREMENT, abandoning nothing; it raises the same. (WDK: KeReleaseMutex) */
LONG NTAPI KeReleaseMutex(_Inout_ PRKMUTEX Mutex, _In_ BOOLEAN Wait);

/* The state at this moment. Any IRQL. (WDK: KeReadStateMutex) */
LONG NTAPI KeReadStateMutant(_In_ PRKMUTANT Mutant);

/* --- timers -------------------------------------------------------------------------------------
 */

/* Type: NotificationTimer lets everybody through once it has expired, SynchronizationTimer one
   waiter. KeInitializeTimer makes the former. Any IRQL. (WDK pages of these names) */
VOID NTAPI KeInitializeTimer(_Out_ PKTIMER Timer);
VOID NTAPI KeInitializeTimerEx(_Out_ PKTIMER Timer, _In_ TIMER_TYPE Type);

/*
 * Sets the timer, unsignalled, in place of what it was set to before. At DueTime it is signalled
 * and Dpc queued; what is due already expires before the call returns.
 * DueTime: 100 ns; negative or 0: from now on, by interrupt time; positive: a system time, which
 * moves along when that is set. Period: ms from one expiry to the next, 0 (KeSetTimerEx: or
 * negative) for once. TolerableDelay: ms that an expiry may be late, where that lets timers expire
 * together. Dpc: initialised, nonpaged. Returns TRUE if the timer was set already.
 * IRQL <= DISPATCH_LEVEL. Source: WDK pages of these names.
 */
BOOLEAN NTAPI KeSetTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime, _In_opt_ PKDPC Dpc);
BOOLEAN NTAPI KeSetTimerEx(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime, _In_ LONG Period,
                           _In_opt_ PKDPC Dpc);
BOOLEAN NTAPI KeSetCoalescableTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime,
                                    _In_ ULONG Period, _In_ ULONG TolerableDelay,
                                    _In_opt_ PKDPC Dpc);

/*
 * The timer does not expire any more; its state stays. TRUE if it was set. FALSE, or a periodic
 * timer: its DPC may be queued or running still (KeRemoveQueueDpc, KeFlushQueuedDpcs).
 * IRQL <= DISPATCH_LEVEL. Source: WDK page of KeCancelTimer.
 */
BOOLEAN NTAPI KeCancelTimer(_Inout_ PKTIMER Timer);

/* Whether the timer is signalled at this moment. Any IRQL. (WDK: KeReadStateTimer) */
BOOLEAN NTAPI KeReadStateTimer(_In_ PKTIMER Timer);

/* --- waits --------------------------------------------------------------------------------------
 */

/*
 * Waits until Object is signalled, or one of Count objects (WaitAny), or all of them at once
 * (WaitAll), and takes what it waited for.
 *
 * WaitReason: for whoever looks at the thread. WaitMode: UserMode lets the thread's end and, if the
 * wait is Alertable, its user APCs end the wait. Alertable: alerts end it too. Timeout: 100 ns;
 * NULL for ever, 0 not at all, negative from now on, positive a system time. WaitBlockArray: Count
 * of them, nonpaged (or on the stack) until the wait is over; NULL for up to THREAD_WAIT_OBJECTS.
 * A Count of 0, above MAXIMUM_WAIT_OBJECTS, or above THREAD_WAIT_OBJECTS without an array is
 * bugcheck MAXIMUM_WAIT_OBJECTS_EXCEEDED.
 *
 * Return STATUS_WAIT_0 + n (n: which object; 0 for all), STATUS_ABANDONED_WAIT_0 + n (likewise, and
 * a mutant had been abandoned), STATUS_TIMEOUT, STATUS_USER_APC, STATUS_ALERTED. Raise
 * STATUS_MUTANT_LIMIT_EXCEEDED. IRQL <= APC_LEVEL; with a Timeout of 0 <= DISPATCH_LEVEL. Source:
 * WDK pages of these names.
 */
NTSTATUS NTAPI KeWaitForSingleObject(_In_ PVOID Object, _In_ KWAIT_REASON WaitReason,
                                     _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                     _In_opt_ PLARGE_INTEGER Timeout);
NTSTATUS NTAPI KeWaitForMultipleObjects(_In_ ULONG Count, _In_reads_(Count) PVOID Object[],
                                        _In_ WAIT_TYPE WaitType, _In_ KWAIT_REASON WaitReason,
                                        _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                        _In_opt_ PLARGE_INTEGER Timeout,
                                        _Out_opt_ PKWAIT_BLOCK WaitBlockArray);

/* The same, but they return STATUS_MUTANT_LIMIT_EXCEEDED; for the services. This system's own. */
NTSTATUS KiWaitForSingleObject(_In_ PVOID Object, _In_ KWAIT_REASON WaitReason,
                               _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                               _In_opt_ PLARGE_INTEGER Timeout);
NTSTATUS KiWaitForMultipleObjects(_In_ ULONG Count, _In_reads_(Count) PVOID Object[],
                                  _In_ WAIT_TYPE WaitType, _In_ KWAIT_REASON WaitReason,
                                  _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                  _In_opt_ PLARGE_INTEGER Timeout,
                                  _Out_opt_ PKWAIT_BLOCK WaitBlockArray);

/*
 * Waits for nothing but Interval, which is like Timeout above; one of 0 is KeYieldExecution.
 * STATUS_SUCCESS when it has passed, or STATUS_USER_APC, STATUS_ALERTED.
 * IRQL <= APC_LEVEL. Source: WDK page of KeDelayExecutionThread.
 */
NTSTATUS NTAPI KeDelayExecutionThread(_In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                      _In_ PLARGE_INTEGER Interval);

#endif
