/*
 * ntsysobj.c - NtQuerySystemInformation(SystemObjectInformation): all objects of all types
 *
 * As in Windows only a system that keeps its objects in lists can answer: one that was booted with
 * FLG_MAINTAIN_OBJECT_TYPELIST in its global flags (gflags: +otl; here the boot option
 * /GFLAGS=4000). Each type is followed by its objects, each object by its name; NextEntryOffset
 * counts from the start of the buffer.
 */
#include "exp.h"
#include "ntapi.h"
#include "ntrtl.h"
#include "ob.h"

static VOID ExpListType(PEXP_WRITER List, POBJECT_TYPE Type, PULONG *LastLink) {
    List->Used = ALIGN_UP_BY(List->Used, 8);
    ULONG Offset = List->Used, Text = Type->Name.Length + (ULONG)sizeof(WCHAR);
    PSYSTEM_OBJECTTYPE_INFORMATION Info = ExpReserve(List, sizeof(*Info) + Text);
    if (Info == NULL) {
        return;
    }
    if (*LastLink != NULL) {
        **LastLink = Offset;
    }
    *LastLink = &Info->NextEntryOffset;
    ObQueryTypeCounts(Type);
    Info->NumberOfObjects = Type->TotalNumberOfObjects;
    Info->NumberOfHandles = Type->TotalNumberOfHandles;
    Info->TypeIndex = Type->Index;
    Info->InvalidAttributes = Type->TypeInfo.InvalidAttributes;
    Info->GenericMapping = Type->TypeInfo.GenericMapping;
    Info->ValidAccessMask = Type->TypeInfo.ValidAccessMask;
    Info->PoolType = Type->TypeInfo.PoolType;
    Info->SecurityRequired = Type->TypeInfo.SecurityRequired;
    Info->WaitableObject = !Type->TypeInfo.UseDefaultObject;
    Info->TypeName = (UNICODE_STRING){
        Type->Name.Length, (USHORT)Text,
        (PWSTR)(List->UserAddress + Offset + sizeof(SYSTEM_OBJECTTYPE_INFORMATION))};
    RtlCopyMemory(Info + 1, Type->Name.Buffer, Type->Name.Length);
}

/* The name goes right behind the entry, where ObQueryNameString puts it. */
static VOID ExpNameObject(PEXP_WRITER List, PVOID Object, PSYSTEM_OBJECT_INFORMATION Info) {
    OBJECT_NAME_INFORMATION Empty;
    ULONG Needed = 0;
    ObQueryNameString(Object, &Empty, 0, &Needed);
    PVOID Text = ExpReserve(List, Needed - min(Needed, (ULONG)sizeof(Empty)));
    if (Text == NULL || Info == NULL) {
        return;
    }
    if (!NT_SUCCESS(ObQueryNameString(Object, &Info->NameInfo, Needed, &Needed))) {
        Info->NameInfo = (OBJECT_NAME_INFORMATION){0}; /* it has another name by now */
    } else if (Info->NameInfo.Name.Buffer != NULL) {
        Info->NameInfo.Name.Buffer =
            (PWSTR)(List->UserAddress + ((PUCHAR)Info->NameInfo.Name.Buffer - List->Answer));
    }
}

static VOID ExpListObject(PEXP_WRITER List, PVOID Object, PULONG *LastLink) {
    List->Used = ALIGN_UP_BY(List->Used, 8);
    ULONG Offset = List->Used;
    PSYSTEM_OBJECT_INFORMATION Info = ExpReserve(List, sizeof(*Info));
    if (Info != NULL) {
        POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
        if (*LastLink != NULL) {
            **LastLink = Offset;
        }
        *LastLink = &Info->NextEntryOffset;
        Info->Object = Object;
        Info->CreatorUniqueProcess = ObGetObjectCreator(Object);
        Info->Flags = Header->Flags;
        Info->PointerCount = (LONG)Header->PointerCount - 1; /* without ours */
        Info->HandleCount = (LONG)Header->HandleCount;
        Info->SecurityDescriptor = Header->SecurityDescriptor;
    }
    ExpNameObject(List, Object, Info);
}

/* Called by ex/ntsyslists.c: returns the bytes needed. */
ULONG ExpListObjects(_Out_ PVOID Answer, _In_ ULONG Length, _In_ PVOID UserAddress) {
    EXP_WRITER List = {.Answer = Answer, .UserAddress = UserAddress, .Length = Length};
    PULONG LastType = NULL;
    for (ULONG i = 2; i < OBP_MAX_DEFINED_OBJECT_TYPES && ObTypeIndexTable[i] != NULL; i++) {
        PULONG LastObject = NULL;
        PVOID Object = NULL;
        ExpListType(&List, ObTypeIndexTable[i], &LastType);
        while ((Object = ObGetNextObject(ObTypeIndexTable[i], Object)) != NULL) {
            ExpListObject(&List, Object, &LastObject);
        }
    }
    return List.Used;
}
