/*
 * srwlock.c - slim reader/writer locks, condition variables, one-time initialisation
 *
 * Each is one word that starts as zero and needs no end; whoever has to wait waits for the word's
 * address (waitaddr.c).
 *
 * A lock's word: bit 0 a writer has it, bit 1 somebody waits, the rest counts readers. Readers that
 * come while somebody waits wait too, so a stream of readers does not keep a writer out for ever.
 * The last holder clears the word and wakes everybody who waits; they compete. As in Windows the
 * lock is neither fair nor recursive. Different: Windows has a list of the waiters in the word.
 */
#include "ntdllp.h"

#define SRW_EXCLUSIVE 1ull
#define SRW_WAITERS   2ull
#define SRW_READER    4ull

static BOOLEAN RtlpSwap(PVOID *Word, ULONG_PTR Old, ULONG_PTR New) {
    PVOID Expected = (PVOID)Old;
    return __atomic_compare_exchange_n(Word, &Expected, (PVOID)New, FALSE, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

static ULONG_PTR RtlpRead(PVOID *Word) {
    return (ULONG_PTR)__atomic_load_n(Word, __ATOMIC_ACQUIRE);
}

VOID NTAPI RtlInitializeSRWLock(_Out_ PRTL_SRWLOCK Lock) {
    Lock->Ptr = NULL;
}

BOOLEAN NTAPI RtlTryAcquireSRWLockExclusive(_Inout_ PRTL_SRWLOCK Lock) {
    return RtlpSwap(&Lock->Ptr, 0, SRW_EXCLUSIVE);
}

BOOLEAN NTAPI RtlTryAcquireSRWLockShared(_Inout_ PRTL_SRWLOCK Lock) {
    ULONG_PTR Old;
    while (!((Old = RtlpRead(&Lock->Ptr)) & (SRW_EXCLUSIVE | SRW_WAITERS)))
        if (RtlpSwap(&Lock->Ptr, Old, Old + SRW_READER))
            return TRUE;
    return FALSE;
}

static VOID RtlpAcquire(PRTL_SRWLOCK Lock, BOOLEAN(NTAPI *Try)(PRTL_SRWLOCK)) {
    while (!Try(Lock)) {
        ULONG_PTR Old = RtlpRead(&Lock->Ptr), New = Old | SRW_WAITERS;
        if (Old && (Old == New || RtlpSwap(&Lock->Ptr, Old, New)))
            RtlWaitOnAddress(&Lock->Ptr, &New, sizeof(New), NULL);
    }
}

VOID NTAPI RtlAcquireSRWLockExclusive(_Inout_ PRTL_SRWLOCK Lock) {
    RtlpAcquire(Lock, RtlTryAcquireSRWLockExclusive);
}

VOID NTAPI RtlAcquireSRWLockShared(_Inout_ PRTL_SRWLOCK Lock) {
    RtlpAcquire(Lock, RtlTryAcquireSRWLockShared);
}

/* Raise STATUS_RESOURCE_NOT_OWNED if nobody holds the lock in that way. */
VOID NTAPI RtlReleaseSRWLockExclusive(_Inout_ PRTL_SRWLOCK Lock) {
    if (!(RtlpRead(&Lock->Ptr) & SRW_EXCLUSIVE))
        RtlRaiseStatus(STATUS_RESOURCE_NOT_OWNED);
    if ((ULONG_PTR)__atomic_exchange_n(&Lock->Ptr, NULL, __ATOMIC_SEQ_CST) & SRW_WAITERS)
        RtlWakeAddressAll(&Lock->Ptr);
}

VOID NTAPI RtlReleaseSRWLockShared(_Inout_ PRTL_SRWLOCK Lock) {
    ULONG_PTR Old, New;
    do {
        Old = RtlpRead(&Lock->Ptr);
        if (Old < SRW_READER || (Old & SRW_EXCLUSIVE))
            RtlRaiseStatus(STATUS_RESOURCE_NOT_OWNED);
        New = Old - SRW_READER;
        if (New == SRW_WAITERS)
            New = 0;
    } while (!RtlpSwap(&Lock->Ptr, Old, New));
    if (New == 0 && (Old & SRW_WAITERS))
        RtlWakeAddressAll(&Lock->Ptr);
}

/* --- condition variables: the word counts wakes; who sleeps waits for it to change ------------ */

VOID NTAPI RtlInitializeConditionVariable(_Out_ PRTL_CONDITION_VARIABLE Variable) {
    Variable->Ptr = NULL;
}

VOID NTAPI RtlWakeConditionVariable(_Inout_ PRTL_CONDITION_VARIABLE Variable) {
    __atomic_fetch_add((ULONG_PTR *)&Variable->Ptr, 1, __ATOMIC_SEQ_CST);
    RtlWakeAddressSingle(&Variable->Ptr);
}

VOID NTAPI RtlWakeAllConditionVariable(_Inout_ PRTL_CONDITION_VARIABLE Variable) {
    __atomic_fetch_add((ULONG_PTR *)&Variable->Ptr, 1, __ATOMIC_SEQ_CST);
    RtlWakeAddressAll(&Variable->Ptr);
}

/* STATUS_TIMEOUT: not woken in time. The section is owned again in any case. */
NTSTATUS NTAPI RtlSleepConditionVariableCS(_Inout_ PRTL_CONDITION_VARIABLE Variable,
                                           _Inout_ PRTL_CRITICAL_SECTION Section,
                                           _In_opt_ PLARGE_INTEGER Timeout) {
    ULONG_PTR Count = RtlpRead(&Variable->Ptr);
    RtlLeaveCriticalSection(Section);
    NTSTATUS Status = RtlWaitOnAddress(&Variable->Ptr, &Count, sizeof(Count), Timeout);
    RtlEnterCriticalSection(Section);
    return Status;
}

NTSTATUS NTAPI RtlSleepConditionVariableSRW(_Inout_ PRTL_CONDITION_VARIABLE Variable,
                                            _Inout_ PRTL_SRWLOCK Lock,
                                            _In_opt_ PLARGE_INTEGER Timeout, _In_ ULONG Flags) {
    BOOLEAN Shared = (Flags & RTL_CONDITION_VARIABLE_LOCKMODE_SHARED) != 0;
    ULONG_PTR Count = RtlpRead(&Variable->Ptr);
    if (Shared)
        RtlReleaseSRWLockShared(Lock);
    else
        RtlReleaseSRWLockExclusive(Lock);
    NTSTATUS Status = RtlWaitOnAddress(&Variable->Ptr, &Count, sizeof(Count), Timeout);
    if (Shared)
        RtlAcquireSRWLockShared(Lock);
    else
        RtlAcquireSRWLockExclusive(Lock);
    return Status;
}

/* --- one-time initialisation ------------------------------------------------------------------ */

/* The low two bits of the word; above them, once it is done, the context. */
#define ONCE_NOTHING 0ull
#define ONCE_ONE     1ull /* one thread initialises, others wait */
#define ONCE_DONE    2ull
#define ONCE_RACE    3ull /* several try; the first to complete wins */
#define ONCE_STATE   3ull

VOID NTAPI RtlRunOnceInitialize(_Out_ PRTL_RUN_ONCE RunOnce) {
    RunOnce->Ptr = NULL;
}

static NTSTATUS RtlpRunOnceDone(ULONG_PTR Word, PVOID *Context) {
    if (Context)
        *Context = (PVOID)(Word & ~ONCE_STATE);
    return STATUS_SUCCESS;
}

/*
 * STATUS_SUCCESS: done, *Context is what the initialisation left. STATUS_PENDING: the caller does
 * it, and calls RtlRunOnceComplete. STATUS_UNSUCCESSFUL: not done, and the caller only asks.
 */
NTSTATUS NTAPI RtlRunOnceBeginInitialize(_Inout_ PRTL_RUN_ONCE RunOnce, _In_ ULONG Flags,
                                         _Out_opt_ PVOID *Context) {
    BOOLEAN Race = (Flags & RTL_RUN_ONCE_ASYNC) != 0;
    ULONG_PTR Begun = Race ? ONCE_RACE : ONCE_ONE;
    if (Flags & RTL_RUN_ONCE_CHECK_ONLY) {
        ULONG_PTR Word = RtlpRead(&RunOnce->Ptr);
        if (Race)
            return STATUS_INVALID_PARAMETER;
        return (Word & ONCE_STATE) == ONCE_DONE ? RtlpRunOnceDone(Word, Context)
                                                : STATUS_UNSUCCESSFUL;
    }
    for (;;) {
        ULONG_PTR Word = RtlpRead(&RunOnce->Ptr);
        if ((Word & ONCE_STATE) == ONCE_DONE)
            return RtlpRunOnceDone(Word, Context);
        if (Word == ONCE_NOTHING) {
            if (RtlpSwap(&RunOnce->Ptr, Word, Begun))
                return STATUS_PENDING;
        } else if (Word != Begun) {
            return STATUS_INVALID_PARAMETER;
        } else if (Race) {
            return STATUS_PENDING;
        } else {
            RtlWaitOnAddress(&RunOnce->Ptr, &Word, sizeof(Word), NULL);
        }
    }
}

/* STATUS_UNSUCCESSFUL: nothing was begun, or another thread was first. */
NTSTATUS NTAPI RtlRunOnceComplete(_Inout_ PRTL_RUN_ONCE RunOnce, _In_ ULONG Flags,
                                  _In_opt_ PVOID Context) {
    BOOLEAN Race = (Flags & RTL_RUN_ONCE_ASYNC) != 0;
    BOOLEAN Failed = (Flags & RTL_RUN_ONCE_INIT_FAILED) != 0;
    ULONG_PTR New = Failed ? ONCE_NOTHING : (ULONG_PTR)Context | ONCE_DONE;
    ULONG_PTR Word = RtlpRead(&RunOnce->Ptr);
    if (((ULONG_PTR)Context & ONCE_STATE) || (Failed && (Context || Race)))
        return STATUS_INVALID_PARAMETER;
    if (Word == ONCE_RACE && !Race)
        return STATUS_INVALID_PARAMETER;
    if ((Word != ONCE_RACE && Word != ONCE_ONE) || !RtlpSwap(&RunOnce->Ptr, Word, New))
        return STATUS_UNSUCCESSFUL;
    RtlWakeAddressAll(&RunOnce->Ptr);
    return STATUS_SUCCESS;
}

/* Function(RunOnce, Parameter, &context) runs once; who comes meanwhile waits for its end. */
NTSTATUS NTAPI RtlRunOnceExecuteOnce(_Inout_ PRTL_RUN_ONCE RunOnce,
                                     _In_ PRTL_RUN_ONCE_INIT_FN Function, _In_opt_ PVOID Parameter,
                                     _Out_opt_ PVOID *Context) {
    PVOID Made = NULL;
    NTSTATUS Status = RtlRunOnceBeginInitialize(RunOnce, 0, Context);
    if (Status != STATUS_PENDING)
        return Status;
    if (!Function(RunOnce, Parameter, &Made)) {
        RtlRunOnceComplete(RunOnce, RTL_RUN_ONCE_INIT_FAILED, NULL);
        return STATUS_UNSUCCESSFUL;
    }
    Status = RtlRunOnceComplete(RunOnce, 0, Made);
    if (NT_SUCCESS(Status) && Context)
        *Context = Made;
    return Status;
}
