/*
 * obinsert.c - ObInsertObject: an object becomes visible
 *
 * Until now only its creator knew the object. It gets a name, if it was created with one, and a
 * handle, if the creator wants one. The name may turn out to be taken: then the creator's object
 * dies unseen, and with OBJ_OPENIF the object that has the name is opened in its stead.
 */
#include "obp.h"

static NTSTATUS ObpMakeFirstHandle(PVOID Object, OB_OPEN_REASON Reason, KPROCESSOR_MODE ProbeMode,
                                   ULONG Attributes, PACCESS_STATE AccessState, ULONG Bias,
                                   PHANDLE Handle) {
    /* Who creates an object may do what he asks for; who only opens one is checked. */
    KPROCESSOR_MODE Mode =
        Reason == ObCreateHandle ? KernelMode : ObpCheckMode(ProbeMode, Attributes);
    OBP_HANDLE_REQUEST Request = {.OpenReason = Reason, .AccessMode = ProbeMode};
    NTSTATUS Status = ObpGrantAccess(Object, AccessState, Mode, &Request.Access);
    if (NT_SUCCESS(Status)) {
        Request.Attributes = ObpAuditedAttributes(Attributes, AccessState);
        Status = ObpCreateHandle(Object, &Request, Handle);
    }
    if (NT_SUCCESS(Status)) {
        for (; Bias != 0; Bias--) {
            ObfReferenceObject(Object);
        }
    }
    return Status;
}

/* The handle of an unnamed object that needs more than an entry and a count. */
static __attribute__((noinline)) NTSTATUS ObpInsertCountedObject(PVOID Object, ULONG Attributes,
                                                                 ACCESS_MASK Access, ULONG Bias,
                                                                 PHANDLE Handle) {
    OBP_HANDLE_REQUEST Request = {.OpenReason = ObCreateHandle,
                                  .AccessMode = ExGetPreviousMode(),
                                  .Attributes = Attributes,
                                  .Access = Access};
    NTSTATUS Status = ObpCreateHandle(Object, &Request, Handle);
    if (!NT_SUCCESS(Status)) {
        ObfDereferenceObject(Object);
        return Status;
    }
    for (; Bias != 0; Bias--) {
        ObfReferenceObject(Object);
    }
    return STATUS_SUCCESS;
}

/* Every unnamed object but a plain one. */
static __attribute__((noinline)) NTSTATUS ObpInsertAnyUnnamedObject(PVOID Object,
                                                                    ACCESS_MASK Access, ULONG Bias,
                                                                    PHANDLE Handle) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    ULONG Attributes = Header->ObjectCreateInfo->Attributes;
    if (!ObpEndAnyCreation(Header)) {
        ObfDereferenceObject(Object);
        return STATUS_QUOTA_EXCEEDED;
    }
    return Handle != NULL ? ObpInsertCountedObject(Object, Attributes, Access, Bias, Handle)
                          : STATUS_SUCCESS;
}

/* An unnamed object gets its handle, with the access that its creator asks for. */
FORCEINLINE NTSTATUS ObpInsertUnnamedObject(PVOID Object, ACCESS_MASK DesiredAccess, ULONG Bias,
                                            PHANDLE Handle) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    POBJECT_TYPE Type = ObpGetObjectType(Header);
    ACCESS_MASK Access = ObpMapGenericMask(DesiredAccess, &Type->TypeInfo.GenericMapping);
    if ((DesiredAccess & MAXIMUM_ALLOWED) != 0) {
        Access |= Type->TypeInfo.GenericMapping.GenericAll;
    }
    Access &= Type->TypeInfo.ValidAccessMask | ACCESS_SYSTEM_SECURITY;
    if (Handle == NULL || Bias != 0 || Type->TypeInfo.OpenProcedure != NULL ||
        PsGetCurrentProcess()->ObjectTable == NULL || !ObpEndPlainCreation(Header, Type)) {
        return ObpInsertAnyUnnamedObject(Object, Access, Bias, Handle);
    }
    *Handle = ObpCreatePlainHandle(Header, Type, 0, Access);
    if (*Handle == NULL) {
        ObfDereferenceObject(Object);
        return ObpNoHandleStatus(PsGetCurrentProcess()->ObjectTable);
    }
    return STATUS_SUCCESS;
}

/* Enters a named object into the namespace, or finds the one that is there. */
static __attribute__((noinline)) NTSTATUS ObpInsertNamedObject(PVOID Object,
                                                               PACCESS_STATE AccessState,
                                                               ACCESS_MASK DesiredAccess,
                                                               ULONG Bias, PVOID *NewObject,
                                                               PHANDLE Handle) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    OBJECT_CREATE_INFORMATION Information = *Header->ObjectCreateInfo;
    if (!ObpEndAnyCreation(Header)) {
        ObfDereferenceObject(Object);
        return STATUS_QUOTA_EXCEEDED;
    }
    ACCESS_STATE Local;
    ObpPrepareAccessState(&Local, &AccessState, DesiredAccess, ObpGetObjectType(Header));
    OBP_LOOKUP_CONTEXT Context = {0};
    OBP_NAME_REQUEST Request = {
        .RootDirectory = Information.RootDirectory,
        .Name = &OBJECT_HEADER_TO_NAME_INFO(Header)->Name,
        .Attributes = Information.Attributes,
        .ObjectType = ObpGetObjectType(Header),
        .AccessMode = Information.ProbeMode,
        .InsertObject = Object,
        .AccessState = AccessState,
    };
    PVOID Found = NULL;
    NTSTATUS Status = ObpLookupObjectName(&Request, &Context, &Found);
    if (!NT_SUCCESS(Status)) {
        ObfDereferenceObject(Object);
        return Status;
    }
    NTSTATUS HandleStatus = STATUS_SUCCESS;
    if (Handle != NULL) {
        HandleStatus = ObpMakeFirstHandle(Found, Found == Object ? ObCreateHandle : ObOpenHandle,
                                          Information.ProbeMode, Information.Attributes,
                                          AccessState, Bias, Handle);
    }
    ObpReleaseLookupContext(&Context);
    if (!NT_SUCCESS(HandleStatus)) {
        ObpDeleteNameCheck(Found); /* a new object without handles must not keep its name */
        ObfDereferenceObject(Found);
        Status = HandleStatus;
    } else if (NewObject != NULL) {
        *NewObject = Found;
    }
    if (Found != Object) {
        ObfDereferenceObject(Object);
    }
    return Status;
}

NTSTATUS ObInsertObject(_In_ PVOID Object, _Inout_opt_ PACCESS_STATE PassedAccessState,
                        _In_opt_ ACCESS_MASK DesiredAccess, _In_ ULONG ObjectPointerBias,
                        _Out_opt_ PVOID *NewObject, _Out_opt_ PHANDLE Handle) {
    ASSERT_IRQL(<= APC_LEVEL);
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    ASSERT((Header->Flags & OB_FLAG_NEW_OBJECT) != 0);
    if (NewObject != NULL) {
        *NewObject = Object;
    }
    if ((Header->InfoMask & OB_INFOMASK_NAME) == 0) {
        if (PassedAccessState != NULL) {
            DesiredAccess = PassedAccessState->RemainingDesiredAccess |
                            PassedAccessState->PreviouslyGrantedAccess;
        }
        return ObpInsertUnnamedObject(Object, DesiredAccess, ObjectPointerBias, Handle);
    }
    return ObpInsertNamedObject(Object, PassedAccessState, DesiredAccess, ObjectPointerBias,
                                NewObject, Handle);
}
