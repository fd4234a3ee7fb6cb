/*
 * The calls that wait.
 *
 * Most waits find their object signalled. Those never get as far as wait.c: one lock bit is taken,
 * one word changed. Everything else (a mutant, a busy lock, a wait that follows a signal at
 * DISPATCH_LEVEL) goes the general way.
 */
#include "ki.h"

static __attribute__((noinline)) NTSTATUS KiWaitForOne(PVOID Object, KWAIT_REASON WaitReason,
                                                       KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                                       PLARGE_INTEGER Timeout) {
    KI_WAIT Wait = {.Count = 1,
                    .Objects = &Object,
                    .Blocks = KeGetCurrentThread()->WaitBlock,
                    .Type = WaitAny,
                    .Reason = WaitReason,
                    .Mode = WaitMode,
                    .Alertable = Alertable,
                    .Timeout = Timeout};
    return (NTSTATUS)KiWait(&Wait);
}

NTSTATUS KiWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                               BOOLEAN Alertable, PLARGE_INTEGER Timeout) {
    PDISPATCHER_HEADER Header = Object;
    NT_ASSERT(KiIsDispatcherObject(Header));
    if (*(volatile LONG *)&Header->SignalState <= 0) /* IRQL is raised once, not twice */
        return KiWaitForOne(Object, WaitReason, WaitMode, Alertable, Timeout);
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    if (OldIrql < DISPATCH_LEVEL && KiAcquireFreeObjectLock(Header)) {
        KOBJECTS Type = KiObjectType(Header);
        if (Header->SignalState > 0 && Type != MutantObject) {
            if (Type == EventSynchronizationObject || Type == TimerSynchronizationObject)
                Header->SignalState = 0;
            else if (Type == SemaphoreObject)
                Header->SignalState--;
            KiReleaseObjectLock(Header);
            KeLowerIrql(OldIrql);
            return STATUS_WAIT_0;
        }
        KiReleaseObjectLock(Header);
    }
    KiWriteIrql(OldIrql);
    return KiWaitForOne(Object, WaitReason, WaitMode, Alertable, Timeout);
}

NTSTATUS KiWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType,
                                  KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                                  BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                  PKWAIT_BLOCK WaitBlockArray) {
    if (Count == 0 || Count > MAXIMUM_WAIT_OBJECTS ||
        (!WaitBlockArray && Count > THREAD_WAIT_OBJECTS))
        KeBugCheckEx(MAXIMUM_WAIT_OBJECTS_EXCEEDED, Count, 0, 0, 0);
    KI_WAIT Wait = {.Count = Count,
                    .Objects = Object,
                    .Blocks = WaitBlockArray ? WaitBlockArray : KeGetCurrentThread()->WaitBlock,
                    .Type = WaitType,
                    .Reason = WaitReason,
                    .Mode = WaitMode,
                    .Alertable = Alertable,
                    .Timeout = Timeout};
    return (NTSTATUS)KiWait(&Wait);
}

static NTSTATUS KiRaiseIfLimit(NTSTATUS Status) {
    if (Status == STATUS_MUTANT_LIMIT_EXCEEDED)
        RtlRaiseStatus(Status);
    return Status;
}

NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason,
                                     KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout) {
    return KiRaiseIfLimit(KiWaitForSingleObject(Object, WaitReason, WaitMode, Alertable, Timeout));
}

NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType,
                                        KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                                        BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                        PKWAIT_BLOCK WaitBlockArray) {
    return KiRaiseIfLimit(KiWaitForMultipleObjects(Count, Object, WaitType, WaitReason, WaitMode,
                                                   Alertable, Timeout, WaitBlockArray));
}

/* A wait for nothing but the timeout. No time at all is a turn for the others. */
NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                      PLARGE_INTEGER Interval) {
    KI_WAIT Wait = {.Count = 0,
                    .Blocks = KeGetCurrentThread()->WaitBlock,
                    .Type = WaitAny,
                    .Reason = DelayExecution,
                    .Mode = WaitMode,
                    .Alertable = Alertable,
                    .Timeout = Interval};
    NTSTATUS Status = (NTSTATUS)KiWait(&Wait);
    if (Status != STATUS_TIMEOUT)
        return Status;
    if (Interval->QuadPart == 0)
        KeYieldExecution();
    return STATUS_SUCCESS;
}

/* The end of a call that signals. With Wait, what comes next is a wait of the same thread: until
   then it stays at DISPATCH_LEVEL, so that nobody else runs here in between. */
VOID KiExitSignal(KIRQL OldIrql, BOOLEAN Wait) {
    if (!Wait) {
        KiExitDispatcher(OldIrql);
        return;
    }
    PKTHREAD Thread = KeGetCurrentThread();
    Thread->WaitIrql = OldIrql;
    Thread->WaitNext = TRUE;
}
