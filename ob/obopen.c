/*
 * obopen.c - opening objects: by name, by pointer
 */
#include "obp.h"

/* An object made by a parse procedure (a file) comes here new, and is charged to its process;
   anything else existed before. */
static BOOLEAN ObpIsNew(PVOID Object) {
    return (OBJECT_TO_OBJECT_HEADER(Object)->Flags & OB_FLAG_NEW_OBJECT) != 0;
}

static NTSTATUS ObpChargeParsed(PVOID Object) {
    return ObpEndAnyCreation(OBJECT_TO_OBJECT_HEADER(Object)) ? STATUS_SUCCESS
                                                              : STATUS_QUOTA_EXCEEDED;
}

/* Checks type and access, then makes the handle; takes the reference over, on failure too. */
static NTSTATUS ObpOpenObject(PVOID Object, POBJECT_TYPE ObjectType, PACCESS_STATE AccessState,
                              ULONG Attributes, KPROCESSOR_MODE AccessMode, PHANDLE Handle) {
    OBP_HANDLE_REQUEST Request = {.OpenReason = ObOpenHandle, .AccessMode = AccessMode};
    NTSTATUS Status = STATUS_SUCCESS;
    if (ObpIsNew(Object)) {
        Request.OpenReason = ObCreateHandle;
        Status = ObpChargeParsed(Object);
    }
    if (NT_SUCCESS(Status) && ObjectType != NULL && ObGetObjectType(Object) != ObjectType) {
        Status = STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (NT_SUCCESS(Status)) {
        Status = ObpGrantAccess(Object, AccessState, ObpCheckMode(AccessMode, Attributes),
                                &Request.Access);
    }
    if (NT_SUCCESS(Status)) {
        Request.Attributes = ObpAuditedAttributes(Attributes, AccessState);
        Status = ObpCreateHandle(Object, &Request, Handle);
    }
    if (!NT_SUCCESS(Status)) {
        ObfDereferenceObject(Object);
    }
    return Status;
}

/*
 * WDK: ObOpenObjectByName (undocumented, phnt). ObjectAttributes by the rules of AccessMode,
 * everything else is kernel memory. Statuses of capture, lookup (obname.c), type, access, handle.
 * IRQL PASSIVE_LEVEL.
 */
NTSTATUS ObOpenObjectByName(_In_ POBJECT_ATTRIBUTES ObjectAttributes,
                            _In_opt_ POBJECT_TYPE ObjectType, _In_ KPROCESSOR_MODE AccessMode,
                            _Inout_opt_ PACCESS_STATE AccessState,
                            _In_opt_ ACCESS_MASK DesiredAccess, _Inout_opt_ PVOID ParseContext,
                            _Out_ PHANDLE Handle) {
    *Handle = NULL;
    if (ObjectAttributes == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    OBJECT_CREATE_INFORMATION Information;
    UNICODE_STRING Name;
    OBP_NAME_ROOM Room;
    NTSTATUS Status =
        ObpCaptureObjectCreateInformation(AccessMode, ObjectAttributes, &Information, &Name, &Room);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    ACCESS_STATE Local;
    PVOID Object;
    OBP_LOOKUP_CONTEXT Context = {0};
    ObpPrepareAccessState(&Local, &AccessState, DesiredAccess, ObjectType);
    OBP_NAME_REQUEST Request = {
        .RootDirectory = Information.RootDirectory,
        .Name = &Name,
        .Attributes = Information.Attributes,
        .ObjectType = ObjectType,
        .AccessMode = AccessMode,
        .ParseContext = ParseContext,
        .SecurityQos = Information.SecurityQos,
        .AccessState = AccessState,
    };
    if (ObjectType != NULL && (Information.Attributes & ObjectType->TypeInfo.InvalidAttributes)) {
        Status = STATUS_INVALID_PARAMETER;
    } else {
        Status = ObpLookupObjectName(&Request, &Context, &Object);
    }
    if (NT_SUCCESS(Status)) {
        Status = ObpOpenObject(Object, ObjectType, AccessState, Information.Attributes, AccessMode,
                               Handle);
        ObpReleaseLookupContext(&Context);
    }
    ObpFreeName(&Name);
    return Status;
}

/* WDK: ObOpenObjectByPointer. The caller's own reference stays the caller's. */
NTSTATUS ObOpenObjectByPointer(_In_ PVOID Object, _In_ ULONG HandleAttributes,
                               _In_opt_ PACCESS_STATE PassedAccessState,
                               _In_ ACCESS_MASK DesiredAccess, _In_opt_ POBJECT_TYPE ObjectType,
                               _In_ KPROCESSOR_MODE AccessMode, _Out_ PHANDLE Handle) {
    *Handle = NULL;
    POBJECT_TYPE Type = ObGetObjectType(Object);
    HandleAttributes = ObpSanitizeHandleAttributes(HandleAttributes, AccessMode);
    if ((HandleAttributes & Type->TypeInfo.InvalidAttributes) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    ACCESS_STATE Local;
    PACCESS_STATE AccessState = PassedAccessState;
    ObpPrepareAccessState(&Local, &AccessState, DesiredAccess, Type);
    ObfReferenceObject(Object);
    return ObpOpenObject(Object, ObjectType, AccessState, HandleAttributes, AccessMode, Handle);
}

/* WDK: ObReferenceObjectByName (undocumented). The name is kernel memory. */
NTSTATUS ObReferenceObjectByName(_In_ PUNICODE_STRING ObjectName, _In_ ULONG Attributes,
                                 _In_opt_ PACCESS_STATE AccessState,
                                 _In_opt_ ACCESS_MASK DesiredAccess,
                                 _In_opt_ POBJECT_TYPE ObjectType, _In_ KPROCESSOR_MODE AccessMode,
                                 _Inout_opt_ PVOID ParseContext, _Out_ PVOID *Object) {
    ACCESS_STATE Local;
    ACCESS_MASK Granted;
    OBP_LOOKUP_CONTEXT Context = {0};
    *Object = NULL;
    ObpPrepareAccessState(&Local, &AccessState, DesiredAccess, ObjectType);
    OBP_NAME_REQUEST Request = {
        .Name = ObjectName,
        .Attributes = Attributes,
        .ObjectType = ObjectType,
        .AccessMode = AccessMode,
        .ParseContext = ParseContext,
        .AccessState = AccessState,
    };
    PVOID Found;
    NTSTATUS Status = ObpLookupObjectName(&Request, &Context, &Found);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    ObpReleaseLookupContext(&Context);
    if (ObpIsNew(Found)) {
        Status = ObpChargeParsed(Found);
    }
    if (NT_SUCCESS(Status) && ObjectType != NULL && ObGetObjectType(Found) != ObjectType) {
        Status = STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (NT_SUCCESS(Status)) {
        Status = ObpGrantAccess(Found, AccessState, ObpCheckMode(AccessMode, Attributes), &Granted);
    }
    if (NT_SUCCESS(Status)) {
        *Object = Found;
    } else {
        ObfDereferenceObject(Found);
    }
    return Status;
}
