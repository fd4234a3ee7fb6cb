/*
 * obcreate.c - making objects: memory, headers, body
 */
#include "obp.h"

/* Distance of an optional header from the OBJECT_HEADER, by the bits of InfoMask up to its own. */
#define OBP_OFFSET(m)                                                                              \
    ((((m) & OB_INFOMASK_CREATOR_INFO) ? sizeof(OBJECT_HEADER_CREATOR_INFO) : 0) +                 \
     (((m) & OB_INFOMASK_NAME) ? sizeof(OBJECT_HEADER_NAME_INFO) : 0) +                            \
     (((m) & OB_INFOMASK_HANDLE) ? sizeof(OBJECT_HEADER_HANDLE_INFO) : 0) +                        \
     (((m) & OB_INFOMASK_QUOTA) ? sizeof(OBJECT_HEADER_QUOTA_INFO) : 0) +                          \
     (((m) & OB_INFOMASK_PROCESS_INFO) ? sizeof(OBJECT_HEADER_PROCESS_INFO) : 0))
#define OBP_TAG_FIRST   0x546A624F /* 'ObjT' */
#define OBP_OFFSETS4(m) OBP_OFFSET(m), OBP_OFFSET(m + 1), OBP_OFFSET(m + 2), OBP_OFFSET(m + 3)

/* Processors fight over an object's counts, and over those of no other object. */
#define OBP_POOL_ALIGNED NonPagedPoolCacheAligned

const UCHAR ObpInfoMaskToOffset[32] = {
    OBP_OFFSETS4(0),  OBP_OFFSETS4(4),  OBP_OFFSETS4(8),  OBP_OFFSETS4(12),
    OBP_OFFSETS4(16), OBP_OFFSETS4(20), OBP_OFFSETS4(24), OBP_OFFSETS4(28),
};

static UCHAR ObpChooseHeaders(const OBJECT_TYPE_INITIALIZER *TypeInfo, PUNICODE_STRING Name,
                              POBJECT_CREATE_INFORMATION Information) {
    UCHAR Mask = 0;
    Mask |= TypeInfo->MaintainTypeList ? OB_INFOMASK_CREATOR_INFO : 0;
    Mask |= TypeInfo->MaintainHandleCount ? OB_INFOMASK_HANDLE : 0;
    Mask |= TypeInfo->OwnCharges ? OB_INFOMASK_QUOTA : 0;
    if (Information == &ObpDefaultCreateInformation) {
        return Mask | (Name != NULL ? OB_INFOMASK_NAME : 0);
    }
    Mask |= Name != NULL && Name->Buffer != NULL ? OB_INFOMASK_NAME : 0;
    Mask |= (Information->Attributes & OBJ_EXCLUSIVE) != 0 ? OB_INFOMASK_PROCESS_INFO : 0;
    if (Information->PagedPoolCharge != TypeInfo->DefaultPagedPoolCharge ||
        Information->NonPagedPoolCharge != TypeInfo->DefaultNonPagedPoolCharge) {
        Mask |= OB_INFOMASK_QUOTA;
    }
    return Mask;
}

static UCHAR ObpInitialFlags(POBJECT_CREATE_INFORMATION Information,
                             KPROCESSOR_MODE OwnershipMode) {
    UCHAR Flags = OB_FLAG_NEW_OBJECT;
    Flags |= OwnershipMode == KernelMode ? OB_FLAG_KERNEL_OBJECT : 0;
    Flags |= (Information->Attributes & OBJ_PERMANENT) != 0 ? OB_FLAG_PERMANENT_OBJECT : 0;
    Flags |= (Information->Attributes & OBJ_EXCLUSIVE) != 0 ? OB_FLAG_EXCLUSIVE_OBJECT : 0;
    return Flags;
}

/* Objects of the chosen types are traced from their first reference on. */
FORCEINLINE VOID ObpBeginTrace(POBJECT_TYPE Type, POBJECT_HEADER Header) {
#if DBG
    if ((ObpTracedTypes >> Type->Index & 1) != 0) {
        ObpTraceNewObject(Header);
    }
#else
    UNREFERENCED_PARAMETER(Type);
    UNREFERENCED_PARAMETER(Header);
#endif
}

static VOID ObpCountNewObject(POBJECT_TYPE Type, POBJECT_HEADER Header) {
    InterlockedIncrement(&ObpCountsOf(Type)->Objects);
    POBJECT_HEADER_CREATOR_INFO Creator = ObpOptionalHeader(Header, OB_INFOMASK_CREATOR_INFO);
    if (Creator != NULL) {
        Creator->CreatorUniqueProcess = PsGetCurrentProcess()->UniqueProcessId;
        KeEnterCriticalRegion();
        ExAcquirePushLockExclusive(&Type->TypeLock);
        InsertTailList(&Type->TypeList, &Creator->TypeList);
        ExReleasePushLockExclusive(&Type->TypeLock);
        KeLeaveCriticalRegion();
    }
}

static VOID ObpFillOptionalHeaders(POBJECT_HEADER Header, PUNICODE_STRING Name,
                                   POBJECT_CREATE_INFORMATION Information) {
    POBJECT_HEADER_NAME_INFO NameInfo = OBJECT_HEADER_TO_NAME_INFO(Header);
    if (NameInfo != NULL) {
        NameInfo->Name = *Name; /* the whole path, until the object is inserted */
        NameInfo->ReferenceCount = 1;
    }
    if (OBJECT_HEADER_TO_HANDLE_INFO(Header) != NULL) {
        Header->Flags |= OB_FLAG_SINGLE_HANDLE_ENTRY;
    }
    POBJECT_HEADER_QUOTA_INFO Quota = ObpOptionalHeader(Header, OB_INFOMASK_QUOTA);
    if (Quota != NULL) {
        Quota->PagedPoolCharge = Information->PagedPoolCharge;
        Quota->NonPagedPoolCharge = Information->NonPagedPoolCharge;
    }
}

/*
 * Memory for an object, with its headers filled and its body zeroed. The buffer of Name goes over
 * to the object. STATUS_INSUFFICIENT_RESOURCES: nothing has changed.
 */
NTSTATUS ObpAllocateObject(_In_ POBJECT_CREATE_INFORMATION Information,
                           _In_ KPROCESSOR_MODE OwnershipMode, _In_opt_ POBJECT_TYPE ObjectType,
                           _In_opt_ PUNICODE_STRING Name, _In_ ULONG ObjectBodySize,
                           _Out_ POBJECT_HEADER *Header) {
    /* The very first object is the type of types, which is its own type. */
    static const OBJECT_TYPE_INITIALIZER NoType = {.PoolType = NonPagedPoolNx};
    const OBJECT_TYPE_INITIALIZER *TypeInfo = ObjectType ? &ObjectType->TypeInfo : &NoType;
    UCHAR Mask = ObpChooseHeaders(TypeInfo, Name, Information);
    ULONG Before = ObpInfoMaskToOffset[Mask];
    PUCHAR Block = ExAllocatePoolZero(TypeInfo->PoolType | OBP_POOL_ALIGNED,
                                      Before + sizeof(OBJECT_HEADER) + (SIZE_T)ObjectBodySize,
                                      ObjectType != NULL ? ObjectType->Key : OBP_TAG_FIRST);
    if (Block == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    POBJECT_HEADER New = (POBJECT_HEADER)(Block + Before);
    New->PointerCount = 1;
    New->InfoMask = Mask;
    New->Flags = ObpInitialFlags(Information, OwnershipMode);
    New->ObjectCreateInfo = Information;
    if (Mask != 0) {
        ObpFillOptionalHeaders(New, Name, Information);
    }
    if (ObjectType != NULL) {
        New->TypeIndex = ObpEncodeTypeIndex(New, ObjectType->Index);
        ObpCountNewObject(ObjectType, New);
        ObpBeginTrace(ObjectType, New);
    }
    *Header = New;
    return STATUS_SUCCESS;
}

DECLSPEC_RARE VOID ObpFreeInformation(_In_ POBJECT_CREATE_INFORMATION Information) {
    ExFreePoolWithTag(Information, OBP_TAG_CREATE_INFO);
}

/* Gives back what the optional headers hold. */
static VOID ObpFreeOptionalHeaders(POBJECT_HEADER Header, POBJECT_TYPE Type) {
    POBJECT_HEADER_CREATOR_INFO Creator = ObpOptionalHeader(Header, OB_INFOMASK_CREATOR_INFO);
    if (Creator != NULL) {
        KeEnterCriticalRegion();
        ExAcquirePushLockExclusive(&Type->TypeLock);
        RemoveEntryList(&Creator->TypeList);
        ExReleasePushLockExclusive(&Type->TypeLock);
        KeLeaveCriticalRegion();
    }
    POBJECT_HEADER_NAME_INFO NameInfo = OBJECT_HEADER_TO_NAME_INFO(Header);
    if (NameInfo != NULL) {
        ASSERT(NameInfo->Directory == NULL);
        ObpFreeName(&NameInfo->Name);
    }
    POBJECT_HEADER_HANDLE_INFO HandleInfo = OBJECT_HEADER_TO_HANDLE_INFO(Header);
    if (HandleInfo != NULL && (Header->Flags & OB_FLAG_SINGLE_HANDLE_ENTRY) == 0) {
        ExFreePoolWithTag(HandleInfo->HandleCountDataBase, OBP_TAG_HANDLE_COUNT);
    }
}

/* An object that has optional headers, or was never inserted. Where its memory begins. */
static __attribute__((noinline)) PVOID ObpFreeParts(POBJECT_HEADER Header, POBJECT_TYPE Type) {
    if ((Header->Flags & OB_FLAG_NEW_OBJECT) != 0) {
        ObpFreeCreateInformation(Header);
    } else {
        ObpReturnAnyQuota(Header, Type);
    }
    ObpFreeOptionalHeaders(Header, Type);
    return (PUCHAR)Header - ObpInfoMaskToOffset[Header->InfoMask];
}

/* Gives back all memory of an object whose delete procedure has run. */
VOID ObpFreeObject(_In_ POBJECT_HEADER Header, _In_ POBJECT_TYPE Type) {
    PVOID Block = Header;
    InterlockedDecrement(&ObpCountsOf(Type)->Objects);
    if (Header->InfoMask != 0 || (Header->Flags & OB_FLAG_NEW_OBJECT) != 0) {
        Block = ObpFreeParts(Header, Type);
    } else {
        ObpReturnPlainQuota(Header, Type);
    }
#if DBG
    if (Header->DbgRefTrace) {
        ObpTraceDeletedObject(Header);
    }
#endif
    Header->TypeIndex = 0;
    ExFreePoolWithTag(Block, Type->Key);
}

static NTSTATUS ObpCheckAttributes(POBJECT_TYPE Type, ULONG Attributes, PUNICODE_STRING Name) {
    if ((Attributes & Type->TypeInfo.InvalidAttributes) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Name->Buffer != NULL && Type->TypeInfo.UnnamedObjectsOnly) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    return STATUS_SUCCESS;
}

/* Most objects are small: a short loop. Blocks of pool end at multiples of 16 bytes. */
FORCEINLINE VOID ObpZeroNewObject(POBJECT_HEADER Header, ULONG BodySize) {
    PULONG64 End = (PULONG64)((PUCHAR)Header->Body + BodySize);
    __builtin_memset(Header, 0, sizeof(*Header));
#pragma clang loop unroll(disable)
    for (PULONG64 At = Header->Body; At < End; At++) {
        *At = 0;
    }
}

/*
 * The common case: no attributes, so nothing to capture and nothing to remember, and a type whose
 * objects need no optional headers.
 */
static NTSTATUS ObpCreatePlainObject(POBJECT_TYPE Type, KPROCESSOR_MODE OwnershipMode,
                                     ULONG BodySize, PVOID *Object) {
    POBJECT_HEADER Header = ExAllocatePoolWithTag(Type->TypeInfo.PoolType | OBP_POOL_ALIGNED,
                                                  sizeof(OBJECT_HEADER) + BodySize, Type->Key);
    if (Header == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ObpZeroNewObject(Header, BodySize);
    Header->PointerCount = 1;
    Header->TypeIndex = ObpEncodeTypeIndex(Header, Type->Index);
    Header->Flags = OB_FLAG_NEW_OBJECT | (OwnershipMode == KernelMode ? OB_FLAG_KERNEL_OBJECT : 0);
    Header->ObjectCreateInfo = &ObpDefaultCreateInformation;
    InterlockedIncrement(&ObpCountsOf(Type)->Objects);
    ObpBeginTrace(Type, Header);
    *Object = Header->Body;
    return STATUS_SUCCESS;
}

/* The general case. */
static __attribute__((noinline)) NTSTATUS ObpCreateObject(
    KPROCESSOR_MODE ProbeMode, POBJECT_TYPE ObjectType, POBJECT_ATTRIBUTES ObjectAttributes,
    KPROCESSOR_MODE OwnershipMode, ULONG ObjectBodySize, ULONG PagedPoolCharge,
    ULONG NonPagedPoolCharge, PVOID *Object) {
    POBJECT_CREATE_INFORMATION Information =
        ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Information), OBP_TAG_CREATE_INFO);
    if (Information == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    UNICODE_STRING Name;
    POBJECT_HEADER Header;
    NTSTATUS Status =
        ObpCaptureObjectCreateInformation(ProbeMode, ObjectAttributes, Information, &Name, NULL);
    if (NT_SUCCESS(Status)) {
        Status = ObpCheckAttributes(ObjectType, Information->Attributes, &Name);
    }
    if (NT_SUCCESS(Status)) {
        Information->PagedPoolCharge =
            PagedPoolCharge != 0 ? PagedPoolCharge : ObjectType->TypeInfo.DefaultPagedPoolCharge;
        Information->NonPagedPoolCharge = NonPagedPoolCharge != 0
                                              ? NonPagedPoolCharge
                                              : ObjectType->TypeInfo.DefaultNonPagedPoolCharge;
        Status = ObpAllocateObject(Information, OwnershipMode, ObjectType, &Name, ObjectBodySize,
                                   &Header);
    }
    if (!NT_SUCCESS(Status)) {
        ObpFreeName(&Name);
        ExFreePoolWithTag(Information, OBP_TAG_CREATE_INFO);
        return Status;
    }
    *Object = Header->Body;
    return STATUS_SUCCESS;
}

NTSTATUS ObCreateObject(_In_ KPROCESSOR_MODE ProbeMode, _In_ POBJECT_TYPE ObjectType,
                        _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                        _In_ KPROCESSOR_MODE OwnershipMode, _Inout_opt_ PVOID ParseContext,
                        _In_ ULONG ObjectBodySize, _In_ ULONG PagedPoolCharge,
                        _In_ ULONG NonPagedPoolCharge, _Out_ PVOID *Object) {
    const USHORT NeedsHeaders =
        TYPE_FLAG_MAINTAIN_HANDLE_COUNT | TYPE_FLAG_MAINTAIN_TYPE_LIST | TYPE_FLAG_OWN_CHARGES;
    ASSERT_IRQL(<= APC_LEVEL);
    if (ObjectAttributes == NULL && (PagedPoolCharge | NonPagedPoolCharge) == 0 &&
        (ObjectType->TypeInfo.ObjectTypeFlags & NeedsHeaders) == 0) {
        return ObpCreatePlainObject(ObjectType, OwnershipMode, ObjectBodySize, Object);
    }
    return ObpCreateObject(ProbeMode, ObjectType, ObjectAttributes, OwnershipMode, ObjectBodySize,
                           PagedPoolCharge, NonPagedPoolCharge, Object);
}
