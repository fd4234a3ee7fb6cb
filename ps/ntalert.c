/*
 * Waiting for an alert by thread id: the least that a lock in user mode needs from the kernel.
 *
 * Each thread has one alert, a bit that is set or not. A thread waits for its own; any thread of
 * the same process sets it, by its id. Which lock, or which address, it is about is user mode's
 * affair (user/ntdll/sync/waitaddr.c): the address that a waiter names is only for debuggers to look at.
 */
#include "psp.h"
#include "ntapi.h"

/* STATUS_INVALID_CID; STATUS_ACCESS_DENIED for another process's thread. Source: phnt. */
NTSTATUS NTAPI NtAlertThreadByThreadId(HANDLE ThreadId) {
    PETHREAD Thread;
    NTSTATUS Status = PsLookupThreadByThreadId(ThreadId, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    if (PsGetThreadProcess(Thread) == PsGetThreadProcess(PsGetCurrentThread()))
        KeSetEvent(&Thread->AlertByThreadId, 1, FALSE);
    else
        Status = STATUS_ACCESS_DENIED;
    ObDereferenceObject(Thread);
    return Status;
}

/* STATUS_ALERTED: an alert has come, perhaps before the call; it is used up. STATUS_TIMEOUT. */
NTSTATUS NTAPI NtWaitForAlertByThreadId(PVOID Address, PLARGE_INTEGER Timeout) {
    LARGE_INTEGER Captured;
    UNREFERENCED_PARAMETER(Address);
    if (Timeout) {
        __try {
            Captured.QuadPart = (LONGLONG)ReadULong64FromUser(Timeout);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            return GetExceptionCode();
        }
    }
    NTSTATUS Status =
        KeWaitForSingleObject(&PsGetCurrentThread()->AlertByThreadId, WrAlertByThreadId,
                              ExGetPreviousMode(), FALSE, Timeout ? &Captured : NULL);
    return Status == STATUS_SUCCESS ? STATUS_ALERTED : Status;
}
