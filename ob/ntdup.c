/*
 * ntdup.c - NtDuplicateObject
 */
#include "obp.h"
#include "ntapi.h"
#include "ntpsapi.h"

/* One of the two processes; mostly it is the caller's own. */
static NTSTATUS ObpReferenceProcess(HANDLE Handle, PVOID *Process) {
    if (Handle == NtCurrentProcess()) {
        *Process = PsGetCurrentProcess();
        ObfReferenceObject(*Process);
        return STATUS_SUCCESS;
    }
    return ObReferenceObjectByHandle(Handle, PROCESS_DUP_HANDLE, PsProcessType, ExGetPreviousMode(),
                                     Process, NULL);
}

static NTSTATUS ObpDuplicateTo(PEPROCESS Source, HANDLE SourceHandle, HANDLE TargetProcessHandle,
                               PHANDLE TargetHandle, ACCESS_MASK DesiredAccess,
                               ULONG HandleAttributes, ULONG Options) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    PVOID Target = NULL;
    HANDLE Handle = NULL;
    NTSTATUS Status = STATUS_SUCCESS;
    if (TargetProcessHandle != NULL) {
        Status = ObpReferenceProcess(TargetProcessHandle, &Target);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObDuplicateObject(Source, SourceHandle, Target, &Handle, DesiredAccess,
                               HandleAttributes, Options, Mode);
    if (NT_SUCCESS(Status) && TargetHandle != NULL && Handle != NULL) {
        Status = ObReturnInformation(TargetHandle, &Handle, sizeof(Handle), NULL);
    }
    if (Target != NULL) {
        ObfDereferenceObject(Target);
    }
    return Status;
}

/* Source: WDK, ZwDuplicateObject. Both processes need PROCESS_DUP_HANDLE. */
NTSTATUS NTAPI NtDuplicateObject(_In_ HANDLE SourceProcessHandle, _In_ HANDLE SourceHandle,
                                 _In_opt_ HANDLE TargetProcessHandle,
                                 _Out_opt_ PHANDLE TargetHandle, _In_ ACCESS_MASK DesiredAccess,
                                 _In_ ULONG HandleAttributes, _In_ ULONG Options) {
    PVOID Source;
    NTSTATUS Status = STATUS_SUCCESS;
    if (TargetHandle != NULL) {
        Status = ObProbeForWrite(TargetHandle, sizeof(HANDLE), 1);
    }
    if (NT_SUCCESS(Status)) {
        Status = ObpReferenceProcess(SourceProcessHandle, &Source);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObpDuplicateTo(Source, SourceHandle, TargetProcessHandle, TargetHandle, DesiredAccess,
                            HandleAttributes, Options);
    ObfDereferenceObject(Source);
    return Status;
}
