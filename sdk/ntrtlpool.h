/*
 * ntrtlpool.h - work items, timer queues and registered waits of ntdll.dll
 *
 * They are the ground of QueueUserWorkItem, CreateTimerQueueTimer and RegisterWaitForSingleObject.
 * user/ntdll/threadpool/ has the code; tpp.h in it tells how it works. No function here may be
 * called after the process has begun to end. Public source: Microsoft Learn, the pages of the Win32
 * functions; phnt.
 */
#ifndef VITRINE_NTRTLPOOL_H
#define VITRINE_NTRTLPOOL_H

#include "ntdef.h"

/* Flags; those that are not named here change nothing. */
#define WT_EXECUTEDEFAULT       0x00000000
#define WT_EXECUTEINIOTHREAD    0x00000001
#define WT_EXECUTEINWAITTHREAD  0x00000004 /* the callback runs on the thread that waits */
#define WT_EXECUTEONLYONCE      0x00000008 /* a wait or a timer is over after one callback */
#define WT_EXECUTELONGFUNCTION  0x00000010
#define WT_EXECUTEINTIMERTHREAD 0x00000020 /* the callback runs on the thread of the timers */

typedef VOID(NTAPI *WORKERCALLBACKFUNC)(PVOID Context);
typedef VOID(NTAPI *WAITORTIMERCALLBACKFUNC)(PVOID Context, BOOLEAN TimerOrWaitFired);

/*
 * RtlQueueWorkItem - Function(Context) runs on a thread of the pool.
 *
 * STATUS_SUCCESS, STATUS_NO_MEMORY, or why no thread could be made when there was none.
 */
NTSTATUS NTAPI RtlQueueWorkItem(_In_ WORKERCALLBACKFUNC Function, _In_opt_ PVOID Context,
                                _In_ ULONG Flags);

/* RtlCreateTimerQueue - a group of timers that can be deleted together. STATUS_NO_MEMORY. */
NTSTATUS NTAPI RtlCreateTimerQueue(_Out_ PHANDLE TimerQueueHandle);

/*
 * RtlDeleteTimerQueueEx - deletes a queue with its timers.
 *
 * CompletionEvent: NULL does not wait; INVALID_HANDLE_VALUE waits for the callbacks that run; an
 * event is set when they are over. STATUS_PENDING if it is not over yet; STATUS_INVALID_HANDLE for
 * NULL.
 */
NTSTATUS NTAPI RtlDeleteTimerQueueEx(_In_ HANDLE TimerQueueHandle, _In_opt_ HANDLE CompletionEvent);

/* RtlDeleteTimerQueue - the same without an event. */
NTSTATUS NTAPI RtlDeleteTimerQueue(_In_ HANDLE TimerQueueHandle);

/*
 * RtlCreateTimer - calls Callback(Context, TRUE) after DueTime, then every Period, milliseconds.
 *
 * TimerQueueHandle: NULL for the queue that every process has. DueTime INFINITE waits for
 * RtlUpdateTimer. Period 0: once. STATUS_NO_MEMORY, or why the timers' thread could not be made.
 */
NTSTATUS NTAPI RtlCreateTimer(_In_opt_ HANDLE TimerQueueHandle, _Out_ PHANDLE Handle,
                              _In_ WAITORTIMERCALLBACKFUNC Callback, _In_opt_ PVOID Context,
                              _In_ ULONG DueTime, _In_ ULONG Period, _In_ ULONG Flags);

/* RtlUpdateTimer - other times; not for a timer that was to fire once and has. STATUS_SUCCESS. */
NTSTATUS NTAPI RtlUpdateTimer(_In_opt_ HANDLE TimerQueueHandle, _In_ HANDLE TimerHandle,
                              _In_ ULONG DueTime, _In_ ULONG Period);

/* RtlDeleteTimer - CompletionEvent and statuses as for RtlDeleteTimerQueueEx. */
NTSTATUS NTAPI RtlDeleteTimer(_In_opt_ HANDLE TimerQueueHandle, _In_ HANDLE TimerToCancel,
                              _In_opt_ HANDLE CompletionEvent);

/*
 * RtlRegisterWait - calls Callback(Context, FALSE) when Object is signalled, or with TRUE when it
 * has not been for that many milliseconds (INFINITE: never); then waits again, unless the flags say
 * only once. The object is waited for through a handle of the pool.
 *
 * STATUS_NO_MEMORY, statuses of NtDuplicateObject, or why no thread could be made.
 */
NTSTATUS NTAPI RtlRegisterWait(_Out_ PHANDLE WaitHandle, _In_ HANDLE Object,
                               _In_ WAITORTIMERCALLBACKFUNC Callback, _In_opt_ PVOID Context,
                               _In_ ULONG Milliseconds, _In_ ULONG Flags);

/*
 * RtlDeregisterWaitEx - ends a registered wait, which must be done for those that fired once too.
 * CompletionEvent and statuses as for RtlDeleteTimerQueueEx.
 */
NTSTATUS NTAPI RtlDeregisterWaitEx(_In_ HANDLE WaitHandle, _In_opt_ HANDLE CompletionEvent);

/* RtlDeregisterWait - the same without an event. */
NTSTATUS NTAPI RtlDeregisterWait(_In_ HANDLE WaitHandle);

#endif
