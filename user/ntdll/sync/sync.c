/*
 * sync.c - critical sections
 *
 * A critical section is a lock that costs one interlocked instruction while nobody else wants it.
 * LockCount is -1 when it is free; each thread that wants it adds one, and who brings it to 0 has
 * it. Everyone else waits for an event, LockSemaphore, which is made when it is first needed. The
 * owner takes one away again when leaving; if the result is not negative somebody waits, and the
 * event wakes exactly one, who thereby is the owner: the section is handed over, never up for
 * grabs.
 *
 * As in Windows: the structure, its owner and recursion fields, the functions, spinning on several
 * processors. Different: LockCount counts as it did up to Windows 2003; since Vista its low bits
 * are flags and a woken thread has to compete. A program that follows the documentation sees
 * neither.
 */

#include "ntdllp.h"

/* What DebugInfo holds when there is no debug information, as in Windows 8 and later. */
#define NO_DEBUG_INFO   ((PRTL_CRITICAL_SECTION_DEBUG)(LONG_PTR) - 1)
#define SPIN_COUNT_MASK 0x00FFFFFF

static HANDLE RtlpCurrentThreadId(VOID) {
    return NtCurrentTeb()->ClientId.UniqueThread;
}

/* The section's event; two threads may make one each, and one of them is thrown away. */
static NTSTATUS RtlpGetSectionEvent(_Inout_ PRTL_CRITICAL_SECTION Section, _Out_ PHANDLE Event) {
    HANDLE New, Old;
    NTSTATUS Status;

    *Event = __atomic_load_n(&Section->LockSemaphore, __ATOMIC_ACQUIRE);
    if (*Event != NULL) {
        return STATUS_SUCCESS;
    }
    Status = NtCreateEvent(&New, EVENT_ALL_ACCESS, NULL, SynchronizationEvent, FALSE);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Old = NULL;
    if (!__atomic_compare_exchange_n(&Section->LockSemaphore, &Old, New, FALSE, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE)) {
        NtClose(New);
        New = Old;
    }
    *Event = New;
    return STATUS_SUCCESS;
}

/* Without an event there is no way to wait or to wake: that is fatal, as it was before Windows XP.
 */
static NTSTATUS RtlpWaitForCriticalSection(_Inout_ PRTL_CRITICAL_SECTION Section) {
    HANDLE Event;
    NTSTATUS Status = RtlpGetSectionEvent(Section, &Event);

    if (NT_SUCCESS(Status)) {
        Status = NtWaitForSingleObject(Event, FALSE, NULL);
    }
    if (!NT_SUCCESS(Status)) {
        RtlRaiseStatus(Status);
    }
    return Status;
}

static VOID RtlpTakeOwnership(_Inout_ PRTL_CRITICAL_SECTION Section) {
    Section->OwningThread = RtlpCurrentThreadId();
    Section->RecursionCount = 1;
}

static BOOLEAN RtlpTryAcquire(_Inout_ PRTL_CRITICAL_SECTION Section) {
    LONG Free = -1;

    return __atomic_compare_exchange_n(&Section->LockCount, &Free, 0, FALSE, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

/* RtlInitializeCriticalSectionEx - prepares a section; Flags are accepted and change nothing here.
 */
NTSTATUS NTAPI RtlInitializeCriticalSectionEx(_Out_ PRTL_CRITICAL_SECTION Section,
                                              _In_ ULONG SpinCount, _In_ ULONG Flags) {
    UNREFERENCED_PARAMETER(Flags);
    Section->DebugInfo = NO_DEBUG_INFO;
    Section->LockCount = -1;
    Section->RecursionCount = 0;
    Section->OwningThread = NULL;
    Section->LockSemaphore = NULL;
    Section->SpinCount = NtCurrentPeb()->NumberOfProcessors > 1 ? SpinCount & SPIN_COUNT_MASK : 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlInitializeCriticalSectionAndSpinCount(_Out_ PRTL_CRITICAL_SECTION Section,
                                                        _In_ ULONG SpinCount) {
    return RtlInitializeCriticalSectionEx(Section, SpinCount, 0);
}

NTSTATUS NTAPI RtlInitializeCriticalSection(_Out_ PRTL_CRITICAL_SECTION Section) {
    return RtlInitializeCriticalSectionEx(Section, 0, 0);
}

/* RtlSetCriticalSectionSpinCount - returns the count that was in force. */
ULONG NTAPI RtlSetCriticalSectionSpinCount(_Inout_ PRTL_CRITICAL_SECTION Section,
                                           _In_ ULONG SpinCount) {
    ULONG Old = (ULONG)Section->SpinCount;

    Section->SpinCount = NtCurrentPeb()->NumberOfProcessors > 1 ? SpinCount & SPIN_COUNT_MASK : 0;
    return Old;
}

/* RtlEnterCriticalSection - waits for the section and takes it; the owner may enter again. */
NTSTATUS NTAPI RtlEnterCriticalSection(_Inout_ PRTL_CRITICAL_SECTION Section) {
    ULONG_PTR Spins;

    for (Spins = Section->SpinCount; Spins > 0; Spins--) {
        if (RtlpTryAcquire(Section)) {
            RtlpTakeOwnership(Section);
            return STATUS_SUCCESS;
        }
        if (Section->OwningThread == RtlpCurrentThreadId()) {
            break;
        }
        __builtin_ia32_pause();
    }
    if (__atomic_add_fetch(&Section->LockCount, 1, __ATOMIC_ACQUIRE) != 0) {
        if (Section->OwningThread == RtlpCurrentThreadId()) {
            Section->RecursionCount++;
            return STATUS_SUCCESS;
        }
        RtlpWaitForCriticalSection(Section);
    }
    RtlpTakeOwnership(Section);
    return STATUS_SUCCESS;
}

/* RtlTryEnterCriticalSection - takes the section if that needs no waiting. */
ULONG NTAPI RtlTryEnterCriticalSection(_Inout_ PRTL_CRITICAL_SECTION Section) {
    if (RtlpTryAcquire(Section)) {
        RtlpTakeOwnership(Section);
        return TRUE;
    }
    if (Section->OwningThread == RtlpCurrentThreadId()) {
        __atomic_add_fetch(&Section->LockCount, 1, __ATOMIC_RELAXED);
        Section->RecursionCount++;
        return TRUE;
    }
    return FALSE;
}

/* RtlLeaveCriticalSection - gives the section up once; the last time it goes to who waits longest.
 */
NTSTATUS NTAPI RtlLeaveCriticalSection(_Inout_ PRTL_CRITICAL_SECTION Section) {
    HANDLE Event;
    NTSTATUS Status;

    if (--Section->RecursionCount > 0) {
        __atomic_sub_fetch(&Section->LockCount, 1, __ATOMIC_RELAXED);
        return STATUS_SUCCESS;
    }
    Section->OwningThread = NULL;
    if (__atomic_sub_fetch(&Section->LockCount, 1, __ATOMIC_RELEASE) < 0) {
        return STATUS_SUCCESS;
    }
    Status = RtlpGetSectionEvent(Section, &Event);
    if (NT_SUCCESS(Status)) {
        Status = NtSetEvent(Event, NULL);
    }
    if (!NT_SUCCESS(Status)) {
        RtlRaiseStatus(Status);
    }
    return STATUS_SUCCESS;
}

/* RtlDeleteCriticalSection - frees what the section holds; nobody may be in it. */
NTSTATUS NTAPI RtlDeleteCriticalSection(_Inout_ PRTL_CRITICAL_SECTION Section) {
    NTSTATUS Status = STATUS_SUCCESS;

    if (Section->LockSemaphore != NULL) {
        Status = NtClose(Section->LockSemaphore);
    }
    RtlZeroMemory(Section, sizeof(*Section));
    Section->LockCount = -1;
    return Status;
}

/* RtlIsCriticalSectionLocked, RtlIsCriticalSectionLockedByThread - what is the case just now. */
ULONG NTAPI RtlIsCriticalSectionLocked(_In_ PRTL_CRITICAL_SECTION Section) {
    return Section->RecursionCount != 0;
}

ULONG NTAPI RtlIsCriticalSectionLockedByThread(_In_ PRTL_CRITICAL_SECTION Section) {
    return Section->OwningThread == RtlpCurrentThreadId() && Section->RecursionCount != 0;
}
