/*
 * tpp.h - the pool of threads behind work items, timers and registered waits
 *
 *      RtlQueueWorkItem ------------------------------> queue of items ---> worker threads
 *      RtlCreateTimer ---> list by due time ---> timer thread --^               (work.c)
 *      RtlRegisterWait ---> up to 63 handles ---> wait threads --^
 *
 * A worker is made when an item comes and none is idle. Every thread of the pool ends when it has
 * had nothing to do for RTLP_IDLE_SECONDS, so that a process which no longer uses the pool keeps
 * none of its threads, handles or memory.
 *
 * A timer queue, a timer and a wait are pool objects. An object has one reference for the handle
 * that the program has, and one for each callback that is queued or runs. A timer also references
 * its queue, and a wait thread each wait that it waits for. Deleting an object drops the handle's
 * reference; the last one frees the object and tells the program, if it asked for that.
 *
 * Rules
 * - RtlpPoolLock guards everything here; callbacks run without it. A heap's lock comes after it.
 * - No callback is queued for an object that has been deleted.
 * - Times are in units of 100 ns of RtlpPoolTime.
 *
 * Simplified: Windows builds these functions on worker factories of the kernel (TpAllocWork and
 * kin) and has persistent threads. Here WT_EXECUTEINIOTHREAD and WT_EXECUTEINPERSISTENTTHREAD mean
 * a worker like any other, which ends when it is idle.
 */

#ifndef VITRINE_TPP_H
#define VITRINE_TPP_H

#include "ntdllp.h"
#include <ntrtlpool.h>

#define RTLP_IDLE_SECONDS    10
#define RTLP_MAXIMUM_WORKERS 512
#define RTLP_NEVER           (~0ull)
#define RTLP_INFINITE        0xFFFFFFFF
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR) - 1)

typedef enum _RTLP_POOL_TYPE {
    RtlpTimerQueueObject = 0x5154, /* QT */
    RtlpTimerObject = 0x4D54,      /* TM */
    RtlpWaitObject = 0x5457        /* WT */
} RTLP_POOL_TYPE;

typedef struct _RTLP_POOL_OBJECT {
    RTLP_POOL_TYPE Type;
    ULONG References;
    ULONG Flags;       /* WT_... */
    ULONG Queued;      /* callbacks that have not begun */
    ULONG Outstanding; /* callbacks that have not ended, the queued ones among them */
    BOOLEAN Deleted;
    WAITORTIMERCALLBACKFUNC Routine;
    PVOID Context;
    HANDLE BegunEvent;      /* set when a queued callback begins */
    HANDLE CompletionEvent; /* set when the last reference is dropped */
    PBOOLEAN Done;          /* set then, on the stack of the thread that waits for it */
    VOID (*Free)(struct _RTLP_POOL_OBJECT *Object);
} RTLP_POOL_OBJECT, *PRTLP_POOL_OBJECT;

extern RTL_SRWLOCK RtlpPoolLock;

/* work.c; the caller holds the lock, but for RtlpPoolTime */
ULONG64 RtlpPoolTime(VOID);
ULONG64 RtlpPoolTimeAfter(_In_ ULONG64 Now, _In_ ULONG Milliseconds);
NTSTATUS RtlpStartPoolThread(_In_ PUSER_THREAD_START_ROUTINE Routine, _In_opt_ PVOID Parameter);
VOID RtlpSleepUntil(_Inout_ PRTL_CONDITION_VARIABLE Variable, _In_ ULONG64 Time);
VOID RtlpFireObject(_In_ PRTLP_POOL_OBJECT Object, _In_ BOOLEAN TimedOut, _In_ BOOLEAN Here);
VOID RtlpDereferenceObject(_In_ PRTLP_POOL_OBJECT Object);
NTSTATUS RtlpDeleteObject(_In_ PRTLP_POOL_OBJECT Object, _In_ BOOLEAN Pending,
                          _In_opt_ HANDLE CompletionEvent);

#endif
