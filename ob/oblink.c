/*
 * oblink.c - symbolic links
 *
 * A link is an object that holds a name. Its parse procedure replaces the part of the path that led
 * to it by that name and has the lookup start again: \??\C:\dir, where C: is a link to
 * \Device\Disk, goes on as \Device\Disk\dir.
 */
#include "obp.h"

POBJECT_TYPE ObpSymbolicLinkObjectType;

static VOID ObpDeleteSymbolicLink(PVOID Object) {
    POBJECT_SYMBOLIC_LINK Link = Object;
    if (Link->LinkTarget.Buffer != NULL) {
        ExFreePool(Link->LinkTarget.Buffer);
    }
}

static NTSTATUS ObpParseSymbolicLink(PVOID ParseObject, POBJECT_TYPE ObjectType,
                                     PACCESS_STATE AccessState, KPROCESSOR_MODE AccessMode,
                                     ULONG Attributes, PUNICODE_STRING CompleteName,
                                     PUNICODE_STRING RemainingName, PVOID Context,
                                     PVOID SecurityQos, PVOID *Object) {
    PUNICODE_STRING Target = &((POBJECT_SYMBOLIC_LINK)ParseObject)->LinkTarget;
    ULONG TargetLength = Target->Length;
    if (TargetLength != 0 && RemainingName->Length != 0 &&
        Target->Buffer[TargetLength / sizeof(WCHAR) - 1] == OBJ_NAME_PATH_SEPARATOR) {
        TargetLength -= sizeof(WCHAR); /* the rest brings a backslash of its own */
    }
    ULONG Length = TargetLength + RemainingName->Length;
    if (Length >= UNICODE_STRING_MAX_BYTES) {
        return STATUS_NAME_TOO_LONG;
    }
    PWSTR Buffer = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED,
                                   Length + sizeof(WCHAR), OBP_TAG_NAME);
    if (Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (TargetLength != 0) {
        memcpy(Buffer, Target->Buffer, TargetLength);
    }
    memcpy((PUCHAR)Buffer + TargetLength, RemainingName->Buffer, RemainingName->Length);
    Buffer[Length / sizeof(WCHAR)] = UNICODE_NULL;
    CompleteName->Buffer = Buffer;
    CompleteName->Length = (USHORT)Length;
    CompleteName->MaximumLength = (USHORT)(Length + sizeof(WCHAR));
    return STATUS_REPARSE;
}

/* Phase 0: the type. */
NTSTATUS ObpInitializeSymbolicLinks(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"SymbolicLink");
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .CaseInsensitive = TRUE,
        .InvalidAttributes = OBJ_OPENLINK,
        .GenericMapping = {STANDARD_RIGHTS_READ | SYMBOLIC_LINK_QUERY, STANDARD_RIGHTS_WRITE,
                           STANDARD_RIGHTS_EXECUTE | SYMBOLIC_LINK_QUERY, SYMBOLIC_LINK_ALL_ACCESS},
        .ValidAccessMask = SYMBOLIC_LINK_ALL_ACCESS,
        .PoolType = PagedPool,
        .DefaultPagedPoolCharge = sizeof(OBJECT_SYMBOLIC_LINK),
        .DeleteProcedure = ObpDeleteSymbolicLink,
        .ParseProcedure = ObpParseSymbolicLink,
    };
    return ObCreateObjectType(&Name, &Initializer, NULL, &ObpSymbolicLinkObjectType);
}

/*
 * Makes a link object, not inserted yet. Target is kernel memory; it may be empty. Attributes is
 * captured by the rules of ProbeMode.
 */
NTSTATUS ObpMakeSymbolicLink(_In_ KPROCESSOR_MODE ProbeMode, _In_ POBJECT_ATTRIBUTES Attributes,
                             _In_ PCUNICODE_STRING Target, _Out_ POBJECT_SYMBOLIC_LINK *Link) {
    PVOID Object;
    NTSTATUS Status = ObCreateObject(ProbeMode, ObpSymbolicLinkObjectType, Attributes, ProbeMode,
                                     NULL, sizeof(OBJECT_SYMBOLIC_LINK), 0, 0, &Object);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    *Link = Object;
    KeQuerySystemTime(&(*Link)->CreationTime);
    Status = ObpCaptureString(KernelMode, Target, &(*Link)->LinkTarget);
    if (!NT_SUCCESS(Status)) {
        ObfDereferenceObject(Object);
    }
    return Status;
}

/*
 * Makes a permanent link. STATUS_OBJECT_NAME_COLLISION if the name is taken; that it leads to the
 * same target already is not looked at. IRQL PASSIVE_LEVEL. (WDK: IoCreateSymbolicLink is the
 * driver's way here.)
 */
NTSTATUS ObCreateSymbolicLink(_In_ PCUNICODE_STRING Path, _In_ PCUNICODE_STRING Target) {
    OBJECT_ATTRIBUTES Attributes;
    POBJECT_SYMBOLIC_LINK Link;
    InitializeObjectAttributes(&Attributes, Path, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, NULL, NULL);
    NTSTATUS Status = ObpMakeSymbolicLink(KernelMode, &Attributes, Target, &Link);
    if (NT_SUCCESS(Status)) {
        Status = ObInsertObject(Link, NULL, 0, 0, NULL, NULL);
        if (NT_SUCCESS(Status)) {
            ObfDereferenceObject(Link);
        }
    }
    return Status;
}

/* Takes a link's name away; it goes with its last handle. */
NTSTATUS ObDeleteSymbolicLink(_In_ PCUNICODE_STRING Path) {
    PVOID Link;
    UNICODE_STRING Name = *Path;
    NTSTATUS Status = ObReferenceObjectByName(&Name, OBJ_CASE_INSENSITIVE | OBJ_OPENLINK, NULL, 0,
                                              ObpSymbolicLinkObjectType, KernelMode, NULL, &Link);
    if (NT_SUCCESS(Status)) {
        ObMakeTemporaryObject(Link);
        ObfDereferenceObject(Link);
    }
    return Status;
}
