/*
 * obtype.c - object types
 *
 * A type is an object of the type Type, which is an object of itself. Types are never deleted.
 * Index 0 and 1 of ObTypeIndexTable mean no type, as in Windows, so that a zeroed header does not
 * pass for an object.
 */
#include "obp.h"

POBJECT_TYPE ObpTypeObjectType;
POBJECT_TYPE ObTypeIndexTable[OBP_MAX_DEFINED_OBJECT_TYPES];
POBJECT_DIRECTORY ObpTypeDirectoryObject;

static volatile LONG ObpNextTypeIndex = 2;

/* Waits on objects whose type has UseDefaultObject end at once: this event is always set. */
static KEVENT ObpDefaultObject;

POBJECT_TYPE ObGetObjectType(_In_ PVOID Object) {
    return ObpGetObjectType(OBJECT_TO_OBJECT_HEADER(Object));
}

DECLSPEC_ALIGN(64)
OBP_TYPE_COUNTS ObpTypeCounts[MAXIMUM_PROCESSORS][OBP_MAX_DEFINED_OBJECT_TYPES];

/*
 * Adds up the processors' counts into the type's four fields. Exact while nobody creates or closes.
 * Different from Windows: the high-water marks know only what was seen here.
 */
VOID ObQueryTypeCounts(_Inout_ POBJECT_TYPE Type) {
    LONG Objects = 0, Handles = 0;
    for (ULONG Number = 0; Number < MAXIMUM_PROCESSORS; Number++) {
        Objects += ObpTypeCounts[Number][Type->Index].Objects;
        Handles += ObpTypeCounts[Number][Type->Index].Handles;
    }
    Type->TotalNumberOfObjects = (ULONG)max(Objects, 0);
    Type->TotalNumberOfHandles = (ULONG)max(Handles, 0);
    Type->HighWaterNumberOfObjects =
        max(Type->HighWaterNumberOfObjects, Type->TotalNumberOfObjects);
    Type->HighWaterNumberOfHandles =
        max(Type->HighWaterNumberOfHandles, Type->TotalNumberOfHandles);
}

/* What is not known to have a dispatcher header is waited on by the default object. */
static PVOID ObpDefaultObjectOf(const OBJECT_TYPE_INITIALIZER *Initializer) {
    if (Initializer->DispatcherBody || Initializer->WaitObjectPointerOffset != 0) {
        return (PVOID)(ULONG_PTR)Initializer->WaitObjectPointerOffset;
    }
    return &ObpDefaultObject;
}

/*
 * Does the type say where a wait on its objects leads? A wait writes to the dispatcher header at
 * DISPATCH_LEVEL, so a header that is assumed where there is none is memory corruption.
 */
static NTSTATUS ObpCheckWaitObject(const OBJECT_TYPE_INITIALIZER *Initializer) {
    BOOLEAN InBody = Initializer->DispatcherBody || Initializer->WaitObjectPointerOffset != 0;
    if (Initializer->WaitObjectFlagMask != 0) {
        return STATUS_NOT_IMPLEMENTED;
    }
    if (Initializer->DispatcherBody && Initializer->WaitObjectPointerOffset != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (InBody) {
        BOOLEAN Paged = (Initializer->PoolType & PagedPool) != 0;
        return Initializer->UseDefaultObject || Paged ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    }
    return Initializer->UseDefaultObject || (Initializer->ValidAccessMask & SYNCHRONIZE) == 0
               ? STATUS_SUCCESS
               : STATUS_INVALID_PARAMETER;
}

/* Pool tags are the first four letters of the type's name, as poolmon shows them. */
static ULONG ObpTagOfName(PCUNICODE_STRING Name) {
    ULONG Key = 0;
    for (ULONG i = 0; i < 4; i++) {
        ULONG Letter = i < Name->Length / sizeof(WCHAR) ? (UCHAR)Name->Buffer[i] : ' ';
        Key |= Letter << (8 * i);
    }
    return Key;
}

static VOID ObpFillType(POBJECT_TYPE Type, PCUNICODE_STRING Name,
                        const OBJECT_TYPE_INITIALIZER *Initializer, UCHAR Index) {
    InitializeListHead(&Type->TypeList);
    InitializeListHead(&Type->CallbackList);
    ExInitializePushLock(&Type->TypeLock);
    Type->Name = *Name;
    Type->TypeInfo = *Initializer;
    /* The charges are for the body; as in Windows the header is added. */
    if ((Initializer->PoolType & PagedPool) != 0) {
        Type->TypeInfo.DefaultPagedPoolCharge += sizeof(OBJECT_HEADER);
    } else {
        Type->TypeInfo.DefaultNonPagedPoolCharge += sizeof(OBJECT_HEADER);
    }
    Type->TypeInfo.OwnCharges = Type->TypeInfo.DefaultPagedPoolCharge != 0;
    if (Initializer->UseDefaultObject) {
        Type->TypeInfo.ValidAccessMask |= SYNCHRONIZE;
    }
    if ((NtGlobalFlag & FLG_MAINTAIN_OBJECT_TYPELIST) != 0) {
        Type->TypeInfo.MaintainTypeList = TRUE;
    }
    Type->DefaultObject = ObpDefaultObjectOf(Initializer);
    Type->Key = ObpTagOfName(Name);
    Type->Index = Index;
#if DBG
    ObpTraceType(Type);
#endif
}

static NTSTATUS ObpCheckTypeParameters(PCUNICODE_STRING Name, const OBJECT_TYPE_INITIALIZER *Init) {
    if (Name == NULL || Name->Length == 0 || Name->Length % sizeof(WCHAR) != 0 || Init == NULL ||
        Init->Length != sizeof(*Init) || (Init->InvalidAttributes & ~OBJ_VALID_ATTRIBUTES) != 0 ||
        (Init->MaintainHandleCount && Init->CloseProcedure == NULL &&
         Init->OpenProcedure == NULL)) {
        return STATUS_INVALID_PARAMETER;
    }
    for (ULONG i = 0; i < Name->Length / sizeof(WCHAR); i++) {
        if (Name->Buffer[i] == OBJ_NAME_PATH_SEPARATOR) {
            return STATUS_OBJECT_NAME_INVALID;
        }
    }
    for (ULONG i = 2; i < OBP_MAX_DEFINED_OBJECT_TYPES && ObTypeIndexTable[i] != NULL; i++) {
        if (RtlEqualUnicodeString(&ObTypeIndexTable[i]->Name, Name, FALSE)) {
            return STATUS_OBJECT_NAME_COLLISION;
        }
    }
    return ObpCheckWaitObject(Init);
}

/* Enters a type into \ObjectTypes. The body's Name stays the type's own copy. */
static NTSTATUS ObpNameType(POBJECT_TYPE Type) {
    return ObpNameObject(ObpTypeDirectoryObject, Type, &Type->Name);
}

NTSTATUS ObCreateObjectType(_In_ PUNICODE_STRING TypeName,
                            _In_ POBJECT_TYPE_INITIALIZER ObjectTypeInitializer,
                            _In_opt_ PVOID SecurityDescriptor, _Out_ POBJECT_TYPE *ObjectType) {
    NTSTATUS Status = ObpCheckTypeParameters(TypeName, ObjectTypeInitializer);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    UNICODE_STRING Name;
    UNICODE_STRING NameForHeader = {0, 0, L""}; /* a name header, filled by ObpNameObject */
    Status = ObpCaptureString(KernelMode, TypeName, &Name);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    POBJECT_HEADER Header;
    Status = ObpAllocateObject(&ObpDefaultCreateInformation, KernelMode, ObpTypeObjectType,
                               &NameForHeader, sizeof(OBJECT_TYPE), &Header);
    if (!NT_SUCCESS(Status)) {
        ObpFreeName(&Name);
        return Status;
    }
    LONG Index = InterlockedIncrement(&ObpNextTypeIndex) - 1;
    if (Index >= OBP_MAX_DEFINED_OBJECT_TYPES) {
        KeBugCheckEx(0xF4, (ULONG_PTR)Index, 0, 0, 0); /* there are never that many kinds */
    }
    POBJECT_TYPE Type = (POBJECT_TYPE)Header->Body;
    ObpFillType(Type, &Name, ObjectTypeInitializer, (UCHAR)Index);
    Header->Flags = OB_FLAG_KERNEL_OBJECT | OB_FLAG_PERMANENT_OBJECT;
    Header->ObjectCreateInfo = NULL;
    if (ObpTypeObjectType == NULL) { /* the first one: it is its own type */
        ObpTypeObjectType = Type;
        InterlockedIncrement(&ObpCountsOf(Type)->Objects);
        Header->TypeIndex = ObpEncodeTypeIndex(Header, (UCHAR)Index);
    }
    ObTypeIndexTable[Index] = Type;
    *ObjectType = Type;
    return ObpTypeDirectoryObject != NULL ? ObpNameType(Type) : STATUS_SUCCESS;
}

/* Phase 0: the type of types. */
NTSTATUS ObpCreateTypeType(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Type");
    POBJECT_TYPE Type;
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .UseDefaultObject = TRUE,
        .InvalidAttributes = OBJ_OPENLINK,
        .GenericMapping = {STANDARD_RIGHTS_READ, STANDARD_RIGHTS_WRITE, STANDARD_RIGHTS_EXECUTE,
                           OBJECT_TYPE_ALL_ACCESS},
        .ValidAccessMask = OBJECT_TYPE_ALL_ACCESS,
        .PoolType = NonPagedPoolNx,
    };
    KeInitializeEvent(&ObpDefaultObject, NotificationEvent, TRUE);
    return ObCreateObjectType(&Name, &Initializer, NULL, &Type);
}

/* Phase 1: the types made before there was a namespace get their names. */
NTSTATUS ObpNameObjectTypes(VOID) {
    for (ULONG i = 2; i < OBP_MAX_DEFINED_OBJECT_TYPES && ObTypeIndexTable[i] != NULL; i++) {
        POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(ObTypeIndexTable[i]);
        if (OBJECT_HEADER_TO_NAME_INFO(Header)->Directory == NULL) {
            NTSTATUS Status = ObpNameType(ObTypeIndexTable[i]);
            if (!NT_SUCCESS(Status)) {
                return Status;
            }
        }
    }
    return STATUS_SUCCESS;
}

/* The process that created an object of a type with a list; NULL where nobody wrote it down. */
HANDLE ObGetObjectCreator(_In_ PVOID Object) {
    POBJECT_HEADER_CREATOR_INFO Creator =
        ObpOptionalHeader(OBJECT_TO_OBJECT_HEADER(Object), OB_INFOMASK_CREATOR_INFO);
    return Creator != NULL ? Creator->CreatorUniqueProcess : NULL;
}

PVOID ObGetNextObject(_In_ POBJECT_TYPE Type, _In_opt_ PVOID Object) {
    POBJECT_HEADER_CREATOR_INFO Creator = NULL;
    PVOID Next = NULL;
    if (Object != NULL) {
        Creator = ObpOptionalHeader(OBJECT_TO_OBJECT_HEADER(Object), OB_INFOMASK_CREATOR_INFO);
    }
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&Type->TypeLock);
    PLIST_ENTRY Link = Creator != NULL ? Creator->TypeList.Flink : Type->TypeList.Flink;
    for (; Link != &Type->TypeList && Next == NULL; Link = Link->Flink) {
        /* The creator header is the one next to the OBJECT_HEADER. */
        POBJECT_HEADER Header =
            (POBJECT_HEADER)(CONTAINING_RECORD(Link, OBJECT_HEADER_CREATOR_INFO, TypeList) + 1);
        if (ObReferenceObjectSafe(Header->Body)) {
            Next = Header->Body;
        }
    }
    ExReleasePushLockExclusive(&Type->TypeLock);
    KeLeaveCriticalRegion();
    if (Object != NULL) {
        ObfDereferenceObject(Object);
    }
    return Next;
}
