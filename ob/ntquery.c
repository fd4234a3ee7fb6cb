/*
 * ntquery.c - NtQueryObject
 *
 * Every class makes its answer in kernel memory first and copies it out at the end, when no lock is
 * held. Pointers in an answer point into the caller's buffer.
 */
#include "obp.h"
#include "ntapi.h"

#define OBP_TAG_QUERY       0x7551624f /* 'ObQu' */
#define MAXIMUM_NAME_ANSWER (sizeof(OBJECT_NAME_INFORMATION) + 0x10000)

static ULONG ObpTypeAnswerSize(POBJECT_TYPE Type) {
    return (ULONG)(sizeof(OBJECT_TYPE_INFORMATION) +
                   ALIGN_UP_BY(Type->Name.Length + sizeof(WCHAR), sizeof(ULONG)));
}

static NTSTATUS ObpQueryBasic(PVOID Object, const OBJECT_HANDLE_INFORMATION *Handle, PVOID Buffer,
                              ULONG Length, PULONG ReturnLength) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    POBJECT_TYPE Type = ObpGetObjectType(Header);
    OBJECT_BASIC_INFORMATION Basic = {0};
    if (Length != sizeof(Basic)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    Basic.Attributes = Handle->HandleAttributes;
    Basic.Attributes |= (Header->Flags & OB_FLAG_PERMANENT_OBJECT) != 0 ? OBJ_PERMANENT : 0;
    Basic.Attributes |= (Header->Flags & OB_FLAG_EXCLUSIVE_OBJECT) != 0 ? OBJ_EXCLUSIVE : 0;
    Basic.GrantedAccess = Handle->GrantedAccess;
    Basic.HandleCount = (ULONG)Header->HandleCount;
    Basic.PointerCount = (ULONG)Header->PointerCount;
    POBJECT_HEADER_QUOTA_INFO Quota = ObpOptionalHeader(Header, OB_INFOMASK_QUOTA);
    Basic.PagedPoolCharge =
        Quota != NULL ? Quota->PagedPoolCharge : Type->TypeInfo.DefaultPagedPoolCharge;
    Basic.NonPagedPoolCharge =
        Quota != NULL ? Quota->NonPagedPoolCharge : Type->TypeInfo.DefaultNonPagedPoolCharge;
    Basic.TypeInfoSize = ObpTypeAnswerSize(Type);
    if (Type->TypeInfo.QueryNameProcedure == NULL) {
        ULONG NameSize = 0;
        ObQueryNameString(Object, NULL, 0, &NameSize);
        Basic.NameInfoSize = NameSize > sizeof(OBJECT_NAME_INFORMATION) ? NameSize : 0;
    }
    if (Type == ObpSymbolicLinkObjectType) {
        Basic.CreationTime = ((POBJECT_SYMBOLIC_LINK)Object)->CreationTime;
    }
    return ObReturnInformation(Buffer, &Basic, sizeof(Basic), ReturnLength);
}

/* A buffer that is too short even for the string's header is a mismatch; one too short for the text
 * an overflow. */
static NTSTATUS ObpReturnLengthMismatch(ULONG Needed, PULONG ReturnLength) {
    if (ReturnLength != NULL) {
        NTSTATUS Status = ObReturnInformation(ReturnLength, &Needed, sizeof(Needed), NULL);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    return STATUS_INFO_LENGTH_MISMATCH;
}

static NTSTATUS ObpQueryName(PVOID Object, PVOID Buffer, ULONG Length, PULONG ReturnLength) {
    ULONG Size = min(Length, (ULONG)MAXIMUM_NAME_ANSWER), Needed = 0;
    POBJECT_NAME_INFORMATION Name =
        ExAllocatePool2(POOL_FLAG_PAGED, max(Size, (ULONG)sizeof(*Name)), OBP_TAG_QUERY);
    if (Name == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NTSTATUS Status = ObQueryNameString(Object, Name, Size, &Needed);
    if (NT_SUCCESS(Status)) {
        if (Name->Name.Buffer != NULL) {
            Name->Name.Buffer =
                (PWSTR)((PUCHAR)Buffer + ((PUCHAR)Name->Name.Buffer - (PUCHAR)Name));
        }
        Status = ObReturnInformation(Buffer, Name, Needed, ReturnLength);
    } else if (Status == STATUS_INFO_LENGTH_MISMATCH) {
        Status = ObpReturnLengthMismatch(Needed, ReturnLength);
        if (Status == STATUS_INFO_LENGTH_MISMATCH && Length >= sizeof(*Name) &&
            ObGetObjectType(Object)->TypeInfo.QueryNameProcedure != NULL) {
            Status = STATUS_BUFFER_OVERFLOW; /* as files answer in Windows */
        }
    }
    ExFreePoolWithTag(Name, OBP_TAG_QUERY);
    return Status;
}

/* Fills one type's answer at Answer, which will lie at UserAddress. */
static VOID ObpFillTypeAnswer(POBJECT_TYPE Type, POBJECT_TYPE_INFORMATION Answer,
                              PVOID UserAddress) {
    Answer->TypeName.Length = Type->Name.Length;
    Answer->TypeName.MaximumLength = Type->Name.Length + sizeof(WCHAR);
    Answer->TypeName.Buffer = (PWSTR)((PUCHAR)UserAddress + sizeof(*Answer));
    ObQueryTypeCounts(Type);
    Answer->TotalNumberOfObjects = Type->TotalNumberOfObjects;
    Answer->TotalNumberOfHandles = Type->TotalNumberOfHandles;
    Answer->HighWaterNumberOfObjects = Type->HighWaterNumberOfObjects;
    Answer->HighWaterNumberOfHandles = Type->HighWaterNumberOfHandles;
    Answer->InvalidAttributes = Type->TypeInfo.InvalidAttributes;
    Answer->GenericMapping = Type->TypeInfo.GenericMapping;
    Answer->ValidAccessMask = Type->TypeInfo.ValidAccessMask;
    Answer->SecurityRequired = Type->TypeInfo.SecurityRequired;
    Answer->MaintainHandleCount = Type->TypeInfo.MaintainHandleCount;
    Answer->TypeIndex = Type->Index;
    Answer->PoolType = Type->TypeInfo.PoolType;
    Answer->DefaultPagedPoolCharge = Type->TypeInfo.DefaultPagedPoolCharge;
    Answer->DefaultNonPagedPoolCharge = Type->TypeInfo.DefaultNonPagedPoolCharge;
    memcpy(Answer + 1, Type->Name.Buffer, Type->Name.Length);
}

static NTSTATUS ObpQueryType(POBJECT_TYPE Type, PVOID Buffer, ULONG Length, PULONG ReturnLength) {
    ULONG Needed = ObpTypeAnswerSize(Type);
    if (Length < Needed) {
        return ObpReturnLengthMismatch(Needed, ReturnLength);
    }
    POBJECT_TYPE_INFORMATION Answer = ExAllocatePool2(POOL_FLAG_PAGED, Needed, OBP_TAG_QUERY);
    if (Answer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ObpFillTypeAnswer(Type, Answer, Buffer);
    NTSTATUS Status = ObReturnInformation(Buffer, Answer, Needed, ReturnLength);
    ExFreePoolWithTag(Answer, OBP_TAG_QUERY);
    return Status;
}

/* All types, each at a multiple of eight bytes. Needs no handle. */
static NTSTATUS ObpQueryTypes(PVOID Buffer, ULONG Length, PULONG ReturnLength) {
    ULONG Count = 0, Needed = sizeof(ULONG64);
    for (; Count + 2 < OBP_MAX_DEFINED_OBJECT_TYPES && ObTypeIndexTable[Count + 2] != NULL;
         Count++) {
        Needed += (ULONG)ALIGN_UP_BY(ObpTypeAnswerSize(ObTypeIndexTable[Count + 2]), 8);
    }
    if (Length < Needed) {
        return ObpReturnLengthMismatch(Needed, ReturnLength);
    }
    PUCHAR Answer = ExAllocatePool2(POOL_FLAG_PAGED, Needed, OBP_TAG_QUERY);
    if (Answer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ((POBJECT_TYPES_INFORMATION)Answer)->NumberOfTypes = Count;
    ULONG Offset = sizeof(ULONG64);
    for (ULONG i = 0; i < Count; i++) {
        POBJECT_TYPE Type = ObTypeIndexTable[i + 2];
        ObpFillTypeAnswer(Type, (POBJECT_TYPE_INFORMATION)(Answer + Offset),
                          (PUCHAR)Buffer + Offset);
        Offset += (ULONG)ALIGN_UP_BY(ObpTypeAnswerSize(Type), 8);
    }
    NTSTATUS Status = ObReturnInformation(Buffer, Answer, Needed, ReturnLength);
    ExFreePoolWithTag(Answer, OBP_TAG_QUERY);
    return Status;
}

static NTSTATUS ObpQueryHandleFlags(const OBJECT_HANDLE_INFORMATION *Handle, PVOID Buffer,
                                    ULONG Length, PULONG ReturnLength) {
    OBJECT_HANDLE_FLAG_INFORMATION Flags = {
        .Inherit = (Handle->HandleAttributes & OBJ_INHERIT) != 0,
        .ProtectFromClose = (Handle->HandleAttributes & OBJ_PROTECT_CLOSE) != 0,
    };
    if (Length != sizeof(Flags)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    return ObReturnInformation(Buffer, &Flags, sizeof(Flags), ReturnLength);
}

static NTSTATUS ObpQueryObject(PVOID Object, const OBJECT_HANDLE_INFORMATION *Handle,
                               OBJECT_INFORMATION_CLASS Class, PVOID Buffer, ULONG Length,
                               PULONG ReturnLength) {
    switch (Class) {
    case ObjectBasicInformation:
        return ObpQueryBasic(Object, Handle, Buffer, Length, ReturnLength);
    case ObjectNameInformation:
        return ObpQueryName(Object, Buffer, Length, ReturnLength);
    case ObjectTypeInformation:
        return ObpQueryType(ObGetObjectType(Object), Buffer, Length, ReturnLength);
    case ObjectHandleFlagInformation:
        return ObpQueryHandleFlags(Handle, Buffer, Length, ReturnLength);
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
}

/* ReturnLength is 0 after every failure that does not tell a length. */
static NTSTATUS ObpClearLength(PULONG ReturnLength) {
    const ULONG Zero = 0;
    return ReturnLength != NULL ? ObReturnInformation(ReturnLength, &Zero, sizeof(Zero), NULL)
                                : STATUS_SUCCESS;
}

/*
 * Needs no access. STATUS_INVALID_INFO_CLASS, STATUS_INFO_LENGTH_MISMATCH, STATUS_BUFFER_OVERFLOW
 * (names), STATUS_INVALID_HANDLE. Source: WDK, ZwQueryObject; phnt.
 */
NTSTATUS NTAPI NtQueryObject(_In_opt_ HANDLE Handle,
                             _In_ OBJECT_INFORMATION_CLASS ObjectInformationClass,
                             _Out_opt_ PVOID ObjectInformation, _In_ ULONG ObjectInformationLength,
                             _Out_opt_ PULONG ReturnLength) {
    PVOID Object;
    OBJECT_HANDLE_INFORMATION Information;
    NTSTATUS Status = ObpClearLength(ReturnLength);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (ObjectInformationClass == ObjectTypesInformation) {
        return ObpQueryTypes(ObjectInformation, ObjectInformationLength, ReturnLength);
    }
    Status = ObReferenceObjectByHandle(Handle, 0, NULL, ExGetPreviousMode(), &Object, &Information);
    if (NT_SUCCESS(Status)) {
        Status = ObpQueryObject(Object, &Information, ObjectInformationClass, ObjectInformation,
                                ObjectInformationLength, ReturnLength);
        ObfDereferenceObject(Object);
    }
    return Status;
}
