/*
 * obdup.c - duplicating handles
 *
 * A handle of one process becomes one of another: the same object, the same access or other access,
 * the same flags or others. It is the only way by which a handle crosses from a process into a
 * running one.
 */
#include "obp.h"

typedef struct _OBP_DUPLICATION {
    PVOID Object;                     /* what the source handle leads to; referenced */
    OBJECT_HANDLE_INFORMATION Source; /* what the source handle grants */
} OBP_DUPLICATION;

/* Looks at the source handle in its own process; pseudo handles there mean that process. */
static NTSTATUS ObpReferenceSource(PEPROCESS Process, HANDLE Handle, KPROCESSOR_MODE Mode,
                                   OBP_DUPLICATION *Duplication) {
    KAPC_STATE State;
    BOOLEAN Attach = Process != PsGetCurrentProcess();
    if (Attach) {
        KeStackAttachProcess(&Process->Pcb, &State);
    }
    NTSTATUS Status = ObReferenceObjectByHandle(Handle, 0, NULL, Mode, &Duplication->Object,
                                                &Duplication->Source);
    if (Attach) {
        KeUnstackDetachProcess(&State);
    }
    return Status;
}

static NTSTATUS ObpCloseSource(PEPROCESS Process, HANDLE Handle, KPROCESSOR_MODE Mode) {
    KAPC_STATE State;
    BOOLEAN Attach = Process != PsGetCurrentProcess();
    if (Attach) {
        KeStackAttachProcess(&Process->Pcb, &State);
    }
    NTSTATUS Status = ObCloseHandle(Handle, Mode);
    if (Attach) {
        KeUnstackDetachProcess(&State);
    }
    return Status;
}

/* The access of the new handle: a part of the old one's needs no check. */
static NTSTATUS ObpDuplicateAccess(const OBP_DUPLICATION *Duplication, ACCESS_MASK DesiredAccess,
                                   ULONG Options, KPROCESSOR_MODE Mode, PACCESS_MASK Access) {
    if ((Options & DUPLICATE_SAME_ACCESS) != 0) {
        *Access = Duplication->Source.GrantedAccess;
        return STATUS_SUCCESS;
    }
    ACCESS_STATE Local;
    PACCESS_STATE AccessState = NULL;
    ObpPrepareAccessState(&Local, &AccessState, DesiredAccess,
                          ObGetObjectType(Duplication->Object));
    if ((AccessState->RemainingDesiredAccess & ~Duplication->Source.GrantedAccess) == 0) {
        *Access = AccessState->RemainingDesiredAccess;
        return STATUS_SUCCESS;
    }
    return ObpGrantAccess(Duplication->Object, AccessState, Mode, Access);
}

/* On success the new handle has the reference that Duplication had. */
static NTSTATUS ObpMakeDuplicate(const OBP_DUPLICATION *Duplication, PEPROCESS TargetProcess,
                                 const OBP_HANDLE_REQUEST *Request, PHANDLE TargetHandle) {
    if (!ExAcquireRundownProtection(&TargetProcess->RundownProtect)) {
        return STATUS_PROCESS_IS_TERMINATING;
    }
    NTSTATUS Status = ObpCreateHandle(Duplication->Object, Request, TargetHandle);
    ExReleaseRundownProtection(&TargetProcess->RundownProtect);
    return Status;
}

/*
 * WDK: ZwDuplicateObject. STATUS_INVALID_HANDLE, STATUS_ACCESS_DENIED,
 * STATUS_PROCESS_IS_TERMINATING, STATUS_INVALID_PARAMETER (no target and nothing to close). With
 * DUPLICATE_CLOSE_SOURCE the source is closed even if the duplication fails.
 */
NTSTATUS ObDuplicateObject(_In_ struct _EPROCESS *SourceProcess, _In_ HANDLE SourceHandle,
                           _In_opt_ struct _EPROCESS *TargetProcess, _Out_opt_ PHANDLE TargetHandle,
                           _In_ ACCESS_MASK DesiredAccess, _In_ ULONG HandleAttributes,
                           _In_ ULONG Options, _In_ KPROCESSOR_MODE PreviousMode) {
    if (TargetProcess == NULL) {
        return (Options & DUPLICATE_CLOSE_SOURCE) == 0
                   ? STATUS_INVALID_PARAMETER
                   : ObpCloseSource(SourceProcess, SourceHandle, PreviousMode);
    }
    if (!ExAcquireRundownProtection(&SourceProcess->RundownProtect)) {
        return STATUS_PROCESS_IS_TERMINATING;
    }
    OBP_DUPLICATION Duplication;
    NTSTATUS Status = ObpReferenceSource(SourceProcess, SourceHandle, PreviousMode, &Duplication);
    if (NT_SUCCESS(Status)) {
        OBP_HANDLE_REQUEST Request = {.OpenReason = ObDuplicateHandle, .AccessMode = PreviousMode};
        if (TargetProcess != PsGetCurrentProcess()) {
            Request.Process = TargetProcess;
        }
        Request.Attributes = (Options & DUPLICATE_SAME_ATTRIBUTES) != 0
                                 ? Duplication.Source.HandleAttributes
                                 : HandleAttributes;
        Request.Attributes = ObpSanitizeHandleAttributes(Request.Attributes, PreviousMode) &
                             (OBP_HANDLE_ATTRIBUTES | OBJ_KERNEL_HANDLE);
        Status =
            ObpDuplicateAccess(&Duplication, DesiredAccess, Options, PreviousMode, &Request.Access);
        if (NT_SUCCESS(Status)) {
            Status = ObpMakeDuplicate(&Duplication, TargetProcess, &Request, TargetHandle);
        }
        if (!NT_SUCCESS(Status)) {
            ObfDereferenceObject(Duplication.Object);
        }
        if ((Options & DUPLICATE_CLOSE_SOURCE) != 0) {
            ObpCloseSource(SourceProcess, SourceHandle, PreviousMode);
        }
    }
    ExReleaseRundownProtection(&SourceProcess->RundownProtect);
    return Status;
}
