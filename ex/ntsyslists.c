/*
 * ntsyslists.c - the classes of NtQuerySystemInformation that list things: handles, pool tags,
 * processes (ntsysproc.c)
 *
 * The list is made in kernel memory of the size that the caller has room for, and copied out when
 * no lock is held. If there is more than that, only the size needed is told; it may have grown
 * again when the caller comes back.
 */
#include "exp.h"
#include "ntapi.h"
#include "ob.h"

#define EXP_TAG_LIST 0x7473694C /* 'List' */
#define MAXIMUM_LIST 0x4000000

typedef struct _EXP_HANDLE_LIST {
    PSYSTEM_HANDLE_TABLE_ENTRY_INFO_EX Entries;
    ULONG Room; /* entries that fit */
    ULONG Count;
    ULONG ProcessId; /* of the table at hand */
} EXP_HANDLE_LIST, *PEXP_HANDLE_LIST;

/* Called with the entry locked, so the object stays. */
static BOOLEAN ExpListHandle(PHANDLE_TABLE Table, PHANDLE_TABLE_ENTRY Entry, HANDLE Handle,
                             PVOID Parameter) {
    PEXP_HANDLE_LIST List = Parameter;
    if (List->Count++ < List->Room) {
        POBJECT_HEADER Header = ExGetHandlePointer(Entry);
        PSYSTEM_HANDLE_TABLE_ENTRY_INFO_EX Info = &List->Entries[List->Count - 1];
        Info->Object = Header->Body;
        Info->UniqueProcessId = Table->UniqueProcessId;
        Info->HandleValue = (ULONG_PTR)Handle;
        Info->GrantedAccess = Entry->GrantedAccessBits;
        Info->ObjectTypeIndex = ObGetObjectType(Header->Body)->Index;
        Info->HandleAttributes = Entry->Attributes;
    }
    return FALSE;
}

static BOOLEAN ExpListTable(PHANDLE_TABLE Table, PVOID Parameter) {
    ExEnumHandleTable(Table, ExpListHandle, Parameter, NULL);
    return FALSE;
}

/* All handles into Answer, in the long form. */
static ULONG ExpListHandles(PVOID Answer, ULONG Length, PVOID UserAddress) {
    UNREFERENCED_PARAMETER(UserAddress);
    const ULONG Head = UFIELD_OFFSET(SYSTEM_HANDLE_INFORMATION_EX, Handles);
    PSYSTEM_HANDLE_INFORMATION_EX Information = Answer;
    EXP_HANDLE_LIST List = {.Entries = Information->Handles};
    List.Room = Length < Head ? 0 : (Length - Head) / (ULONG)sizeof(*List.Entries);
    ExEnumHandleTables(ExpListTable, &List);
    if (Length >= Head) {
        Information->NumberOfHandles = List.Count;
    }
    return Head + List.Count * (ULONG)sizeof(*List.Entries);
}

/* The short form holds 16 bits of ids and handles; it is made from the long one, in place. */
static ULONG ExpListShortHandles(PVOID Answer, ULONG Length, PVOID UserAddress) {
    const ULONG Head = UFIELD_OFFSET(SYSTEM_HANDLE_INFORMATION, Handles);
    ULONG Room = Length < Head ? 0 : (Length - Head) / sizeof(SYSTEM_HANDLE_TABLE_ENTRY_INFO);
    ULONG LongSize = sizeof(SYSTEM_HANDLE_INFORMATION_EX) +
                     Room * (ULONG)sizeof(SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX);
    PSYSTEM_HANDLE_INFORMATION_EX Long = ExAllocatePool2(POOL_FLAG_PAGED, LongSize, EXP_TAG_LIST);
    if (Long == NULL) {
        return 0;
    }
    ExpListHandles(Long, LongSize, UserAddress);
    ULONG Count = (ULONG)Long->NumberOfHandles;
    PSYSTEM_HANDLE_INFORMATION Short = Answer;
    for (ULONG i = 0; i < Count && i < Room; i++) {
        PSYSTEM_HANDLE_TABLE_ENTRY_INFO_EX From = &Long->Handles[i];
        Short->Handles[i] =
            (SYSTEM_HANDLE_TABLE_ENTRY_INFO){.UniqueProcessId = (USHORT)From->UniqueProcessId,
                                             .ObjectTypeIndex = (UCHAR)From->ObjectTypeIndex,
                                             .HandleAttributes = (UCHAR)From->HandleAttributes,
                                             .HandleValue = (USHORT)From->HandleValue,
                                             .Object = From->Object,
                                             .GrantedAccess = From->GrantedAccess};
    }
    if (Length >= Head) {
        Short->NumberOfHandles = Count;
    }
    ExFreePoolWithTag(Long, EXP_TAG_LIST);
    return Head + Count * (ULONG)sizeof(SYSTEM_HANDLE_TABLE_ENTRY_INFO);
}

static ULONG ExpListPoolTags(PVOID Answer, ULONG Length, PVOID UserAddress) {
    UNREFERENCED_PARAMETER(UserAddress);
    const ULONG Head = UFIELD_OFFSET(SYSTEM_POOLTAG_INFORMATION, TagInfo);
    PSYSTEM_POOLTAG_INFORMATION Information = Answer;
    ULONG Room = Length < Head ? 0 : (Length - Head) / (ULONG)sizeof(SYSTEM_POOLTAG), Count;
    PPOOL_TRACKER_TABLE Tags =
        ExAllocatePool2(POOL_FLAG_NON_PAGED, (Room + 1) * sizeof(POOL_TRACKER_TABLE), EXP_TAG_LIST);
    if (Tags == NULL) {
        return 0;
    }
    MmQueryPoolTags(Tags, Room, &Count);
    for (ULONG i = 0; i < Count && i < Room; i++) {
        Information->TagInfo[i] = (SYSTEM_POOLTAG){.TagUlong = Tags[i].Key,
                                                   .PagedAllocs = Tags[i].PagedAllocs,
                                                   .PagedFrees = Tags[i].PagedFrees,
                                                   .PagedUsed = Tags[i].PagedBytes,
                                                   .NonPagedAllocs = Tags[i].NonPagedAllocs,
                                                   .NonPagedFrees = Tags[i].NonPagedFrees,
                                                   .NonPagedUsed = Tags[i].NonPagedBytes};
    }
    if (Length >= Head) {
        Information->Count = Count;
    }
    ExFreePoolWithTag(Tags, EXP_TAG_LIST);
    return Head + Count * (ULONG)sizeof(SYSTEM_POOLTAG);
}

static const struct {
    SYSTEM_INFORMATION_CLASS Class;
    /* Fills Answer, which will lie at UserAddress; returns the bytes needed, 0 without memory. */
    ULONG (*List)(PVOID Answer, ULONG Length, PVOID UserAddress);
} ExpListClasses[] = {
    {SystemHandleInformation, ExpListShortHandles},
    {SystemExtendedHandleInformation, ExpListHandles},
    {SystemPoolTagInformation, ExpListPoolTags},
    {SystemProcessInformation, ExpListProcesses},
    {SystemObjectInformation, ExpListObjects},
};

static NTSTATUS ExpReturnList(ULONG (*List)(PVOID, ULONG, PVOID), PVOID Destination, ULONG Length,
                              PULONG ReturnLength) {
    Length = min(Length, (ULONG)MAXIMUM_LIST);
    PVOID Answer = ExAllocatePool2(POOL_FLAG_PAGED, Length + sizeof(ULONG64), EXP_TAG_LIST);
    if (Answer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ULONG Needed = List(Answer, Length, Destination);
    NTSTATUS Status;
    if (Needed == 0) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
    } else if (Needed <= Length) {
        Status = ObReturnInformation(Destination, Answer, Needed, ReturnLength);
    } else {
        Status = ExpWriteReturnLength(ReturnLength, Needed, STATUS_INFO_LENGTH_MISMATCH);
    }
    ExFreePoolWithTag(Answer, EXP_TAG_LIST);
    return Status;
}

/* STATUS_INVALID_INFO_CLASS if Class is none of the lists. */
NTSTATUS ExpQuerySystemList(_In_ SYSTEM_INFORMATION_CLASS Class, _Out_ PVOID Destination,
                            _In_ ULONG Length, _Out_opt_ PULONG ReturnLength) {
    if (Class == SystemObjectInformation && (NtGlobalFlag & FLG_MAINTAIN_OBJECT_TYPELIST) == 0) {
        return STATUS_UNSUCCESSFUL;
    }
    for (ULONG i = 0; i < ARRAYSIZE(ExpListClasses); i++) {
        if (ExpListClasses[i].Class == Class) {
            return ExpReturnList(ExpListClasses[i].List, Destination, Length, ReturnLength);
        }
    }
    return ExpQueryProcessors(Class, Destination, Length, ReturnLength);
}
