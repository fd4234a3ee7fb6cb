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

/*
 * A handle for what Duplication describes. On success it has the reference that Duplication had, on
 * failure the reference is gone.
 */
static NTSTATUS ObpMakeDuplicate(const OBP_DUPLICATION *Duplication, PEPROCESS TargetProcess,
                                 const OBP_HANDLE_REQUEST *Request, PHANDLE TargetHandle) {
    NTSTATUS Status = STATUS_PROCESS_IS_TERMINATING;
    if (ObpProtectHandleTable(TargetProcess)) {
        Status = ObpCreateHandle(Duplication->Object, Request, TargetHandle);
        ObpUnprotectHandleTable(TargetProcess);
    }
    if (!NT_SUCCESS(Status)) {
        ObfDereferenceObject(Duplication->Object);
    }
    return Status;
}

/* Of what a caller gives, the attributes that a handle can have. */
FORCEINLINE ULONG ObpDuplicateAttributes(ULONG HandleAttributes, KPROCESSOR_MODE Mode) {
    return ObpSanitizeHandleAttributes(HandleAttributes, Mode) &
           (OBP_HANDLE_ATTRIBUTES | OBJ_KERNEL_HANDLE);
}

/* The source process's table stays meanwhile. */
static NTSTATUS ObpDuplicateObject(PEPROCESS SourceProcess, HANDLE SourceHandle,
                                   PEPROCESS TargetProcess, PHANDLE TargetHandle,
                                   ACCESS_MASK DesiredAccess, ULONG HandleAttributes, ULONG Options,
                                   KPROCESSOR_MODE Mode) {
    OBP_DUPLICATION Duplication;
    NTSTATUS Status = ObpReferenceSource(SourceProcess, SourceHandle, Mode, &Duplication);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if ((Options & DUPLICATE_SAME_ATTRIBUTES) != 0) {
        HandleAttributes = Duplication.Source.HandleAttributes;
    }
    OBP_HANDLE_REQUEST Request = {
        .OpenReason = ObDuplicateHandle,
        .AccessMode = Mode,
        .Attributes = ObpDuplicateAttributes(HandleAttributes, Mode),
        .Process = TargetProcess != PsGetCurrentProcess() ? TargetProcess : NULL,
    };
    Status = ObpDuplicateAccess(&Duplication, DesiredAccess, Options, Mode, &Request.Access);
    if (NT_SUCCESS(Status)) {
        Status = ObpMakeDuplicate(&Duplication, TargetProcess, &Request, TargetHandle);
    } else {
        ObfDereferenceObject(Duplication.Object);
    }
    if ((Options & DUPLICATE_CLOSE_SOURCE) != 0) {
        ObpCloseSource(SourceProcess, SourceHandle, Mode);
    }
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
    if (!ObpProtectHandleTable(SourceProcess)) {
        return STATUS_PROCESS_IS_TERMINATING;
    }
    NTSTATUS Status = ObpDuplicateObject(SourceProcess, SourceHandle, TargetProcess, TargetHandle,
                                         DesiredAccess, HandleAttributes, Options, PreviousMode);
    ObpUnprotectHandleTable(SourceProcess);
    return Status;
}

/*
 * The common case, cut short: one more handle in the process that the thread is in, with the same
 * access (DUPLICATE_SAME_ACCESS and no other option).
 */
NTSTATUS ObpDuplicateOwnHandle(_In_ HANDLE SourceHandle, _In_ ULONG HandleAttributes,
                               _In_ KPROCESSOR_MODE Mode, _Out_ PHANDLE TargetHandle) {
    PVOID Object;
    OBJECT_HANDLE_INFORMATION Source;
    NTSTATUS Status = ObReferenceObjectByHandle(SourceHandle, 0, NULL, Mode, &Object, &Source);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    OBP_HANDLE_REQUEST Request = {
        .OpenReason = ObDuplicateHandle,
        .AccessMode = Mode,
        .Attributes = ObpDuplicateAttributes(HandleAttributes, Mode),
        .Access = Source.GrantedAccess,
    };
    Status = ObpCreateHandle(Object, &Request, TargetHandle);
    if (!NT_SUCCESS(Status)) {
        ObfDereferenceObject(Object);
    }
    return Status;
}
