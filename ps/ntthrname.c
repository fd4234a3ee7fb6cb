/*
 * The name of a thread, for debuggers and people: ThreadNameInformation.
 *
 * Any bytes up to 64 KiB; a thread has none until it is given one. Guarded by the process's lock.
 * Source: phnt; Windows SDK, SetThreadDescription.
 */
#include "psp.h"
#include "ntapi.h"

/* A copy of the name in pool, or NULL with *Status: success if there is none. */
static PUNICODE_STRING PspCopyThreadName(ETHREAD *Thread, PNTSTATUS Status) {
    EPROCESS *Process = PsGetThreadProcess(Thread);
    PUNICODE_STRING Copy = NULL;
    *Status = STATUS_SUCCESS;
    KeEnterCriticalRegion();
    ExAcquirePushLockShared(&Process->ProcessLock);
    if (Thread->ThreadName) {
        SIZE_T Size = sizeof(UNICODE_STRING) + Thread->ThreadName->Length;
        Copy = ExAllocatePool2(POOL_FLAG_PAGED, Size, PSP_TAG);
        if (Copy)
            RtlCopyMemory(Copy, Thread->ThreadName, Size);
        else
            *Status = STATUS_INSUFFICIENT_RESOURCES;
    }
    ExReleasePushLockShared(&Process->ProcessLock);
    KeLeaveCriticalRegion();
    return Copy;
}

/* STATUS_BUFFER_TOO_SMALL, with the size that is needed in *ReturnLength. */
NTSTATUS PspReturnThreadName(ETHREAD *Thread, PVOID Buffer, ULONG Length, PULONG ReturnLength) {
    NTSTATUS Status;
    PUNICODE_STRING Name = PspCopyThreadName(Thread, &Status);
    if (!NT_SUCCESS(Status))
        return Status;
    USHORT Bytes = Name ? Name->Length : 0;
    UNICODE_STRING Header = {Bytes, Bytes, (PWSTR)((PUCHAR)Buffer + sizeof(Header))};
    __try {
        if (ReturnLength)
            WriteULongToUser(ReturnLength, sizeof(Header) + Bytes);
        if (Length < sizeof(Header) + Bytes) {
            Status = STATUS_BUFFER_TOO_SMALL;
        } else {
            if (Bytes)
                CopyToUser(Header.Buffer, Name + 1, Bytes);
            CopyToUser(Buffer, &Header, sizeof(Header));
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    if (Name)
        ExFreePoolWithTag(Name, PSP_TAG);
    return Status;
}

/* A copy in pool of the text that the caller's string describes. */
static NTSTATUS PspCaptureThreadName(PCUNICODE_STRING String, PUNICODE_STRING *Name) {
    PUNICODE_STRING Copy;
    NTSTATUS Status = MmAllocatePoolWithQuota(NULL, POOL_FLAG_PAGED, sizeof(*Copy) + String->Length,
                                              PSP_TAG, (PVOID *)&Copy);
    if (!NT_SUCCESS(Status))
        return Status;
    *Copy = (UNICODE_STRING){String->Length, String->Length, (PWSTR)(Copy + 1)};
    __try {
        CopyFromUser(Copy + 1, String->Buffer, String->Length);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    if (NT_SUCCESS(Status))
        *Name = Copy;
    else
        ExFreePoolWithTag(Copy, PSP_TAG);
    return Status;
}

/* Name has been captured; its text has not. */
NTSTATUS PspSetThreadName(ETHREAD *Thread, PCUNICODE_STRING Name) {
    EPROCESS *Process = PsGetThreadProcess(Thread);
    PUNICODE_STRING New, Old;
    NTSTATUS Status = PspCaptureThreadName(Name, &New);
    if (!NT_SUCCESS(Status))
        return Status;
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&Process->ProcessLock);
    Old = Thread->ThreadName;
    Thread->ThreadName = New;
    ExReleasePushLockExclusive(&Process->ProcessLock);
    KeLeaveCriticalRegion();
    if (Old)
        ExFreePoolWithTag(Old, PSP_TAG);
    return STATUS_SUCCESS;
}
