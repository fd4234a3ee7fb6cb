/*
 * ntdup.c - NtDuplicateObject
 */
#include "obp.h"
#include "ntapi.h"
#include "ntpsapi.h"

static NTSTATUS ObpReferenceProcess(HANDLE Handle, PVOID *Process) {
    return ObReferenceObjectByHandle(Handle, PROCESS_DUP_HANDLE, PsProcessType, ExGetPreviousMode(),
                                     Process, NULL);
}

/* The general case. *Handle stays as it is if there is nothing to return. */
static __attribute__((noinline)) NTSTATUS ObpDuplicateBetween(
    HANDLE SourceProcessHandle, HANDLE SourceHandle, HANDLE TargetProcessHandle, PHANDLE Handle,
    ACCESS_MASK DesiredAccess, ULONG HandleAttributes, ULONG Options) {
    PVOID Source, Target = NULL;
    NTSTATUS Status = ObpReferenceProcess(SourceProcessHandle, &Source);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (TargetProcessHandle != NULL) {
        Status = ObpReferenceProcess(TargetProcessHandle, &Target);
    }
    if (NT_SUCCESS(Status)) {
        Status = ObDuplicateObject(Source, SourceHandle, Target, Handle, DesiredAccess,
                                   HandleAttributes, Options, ExGetPreviousMode());
    }
    if (Target != NULL) {
        ObfDereferenceObject(Target);
    }
    ObfDereferenceObject(Source);
    return Status;
}

/* The duplicate stays, even if its value cannot be told. */
static __attribute__((noinline)) NTSTATUS ObpReturnDuplicate(PHANDLE TargetHandle, HANDLE Handle) {
    __try {
        WriteHandleToUser(TargetHandle, Handle);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* Source: WDK, ZwDuplicateObject. Both processes need PROCESS_DUP_HANDLE. */
NTSTATUS NTAPI NtDuplicateObject(_In_ HANDLE SourceProcessHandle, _In_ HANDLE SourceHandle,
                                 _In_opt_ HANDLE TargetProcessHandle,
                                 _Out_opt_ PHANDLE TargetHandle, _In_ ACCESS_MASK DesiredAccess,
                                 _In_ ULONG HandleAttributes, _In_ ULONG Options) {
    NTSTATUS Status;
    HANDLE Handle = NULL;
    if (TargetHandle != NULL) {
        Status = ObPrepareHandle(TargetHandle);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    if (SourceProcessHandle == NtCurrentProcess() && TargetProcessHandle == NtCurrentProcess() &&
        Options == DUPLICATE_SAME_ACCESS) {
        Status =
            ObpDuplicateOwnHandle(SourceHandle, HandleAttributes, ExGetPreviousMode(), &Handle);
    } else {
        Status = ObpDuplicateBetween(SourceProcessHandle, SourceHandle, TargetProcessHandle,
                                     &Handle, DesiredAccess, HandleAttributes, Options);
    }
    if (!NT_SUCCESS(Status) || TargetHandle == NULL || Handle == NULL) {
        return Status;
    }
    return ObpReturnDuplicate(TargetHandle, Handle);
}
