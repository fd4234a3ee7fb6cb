/*
 * handletable.c - tables of handles that a program keeps for its own objects
 *
 * Memory for the largest number of entries is reserved with the first entry and committed a page at
 * a time; entries of a new page go to the free list in order, a freed entry to its front. Whoever
 * owns the table serialises.
 *
 * Source: phnt.
 */
#include "ntdllp.h"

VOID NTAPI RtlInitializeHandleTable(_In_ ULONG MaximumNumberOfHandles,
                                    _In_ ULONG SizeOfHandleTableEntry,
                                    _Out_ PRTL_HANDLE_TABLE HandleTable) {
    RtlZeroMemory(HandleTable, sizeof(*HandleTable));
    HandleTable->MaximumNumberOfHandles = MaximumNumberOfHandles;
    HandleTable->SizeOfHandleTableEntry = SizeOfHandleTableEntry;
}

NTSTATUS NTAPI RtlDestroyHandleTable(_Inout_ PRTL_HANDLE_TABLE HandleTable) {
    PVOID Base = HandleTable->CommittedHandles;
    SIZE_T Size = 0;

    if (Base == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    HandleTable->FreeHandles = NULL;
    HandleTable->CommittedHandles = NULL;
    HandleTable->UnCommittedHandles = NULL;
    HandleTable->MaxReservedHandles = NULL;
    return NtFreeVirtualMemory(NtCurrentProcess(), &Base, &Size, MEM_RELEASE);
}

static PRTL_HANDLE_TABLE_ENTRY RtlpEntry(PRTL_HANDLE_TABLE Table, SIZE_T Index) {
    return (PRTL_HANDLE_TABLE_ENTRY)((PUCHAR)Table->CommittedHandles +
                                     Index * Table->SizeOfHandleTableEntry);
}

/* How many whole entries lie in committed memory. */
static ULONG RtlpCommittedEntries(PRTL_HANDLE_TABLE Table) {
    SIZE_T Bytes = (SIZE_T)((PUCHAR)Table->UnCommittedHandles - (PUCHAR)Table->CommittedHandles);

    return Bytes == 0 ? 0
                      : (ULONG)min(Bytes / Table->SizeOfHandleTableEntry,
                                   (SIZE_T)Table->MaximumNumberOfHandles);
}

static BOOLEAN RtlpReserve(PRTL_HANDLE_TABLE Table) {
    PVOID Base = NULL;
    SIZE_T Size = (SIZE_T)Table->MaximumNumberOfHandles * Table->SizeOfHandleTableEntry;

    if (!NT_SUCCESS(NtAllocateVirtualMemory(NtCurrentProcess(), &Base, 0, &Size, MEM_RESERVE,
                                            PAGE_READWRITE))) {
        return FALSE;
    }
    Table->CommittedHandles = Base;
    Table->UnCommittedHandles = Base;
    Table->MaxReservedHandles = (PRTL_HANDLE_TABLE_ENTRY)((PUCHAR)Base + Size);
    return TRUE;
}

/* Commits the next page and puts the entries that it completes on the free list. */
static BOOLEAN RtlpCommitPage(PRTL_HANDLE_TABLE Table) {
    PRTL_HANDLE_TABLE_ENTRY *Link = &Table->FreeHandles;
    ULONG First = RtlpCommittedEntries(Table);
    PVOID Base = Table->UnCommittedHandles;
    SIZE_T Size = PAGE_SIZE;

    if (Table->UnCommittedHandles >= Table->MaxReservedHandles ||
        !NT_SUCCESS(NtAllocateVirtualMemory(NtCurrentProcess(), &Base, 0, &Size, MEM_COMMIT,
                                            PAGE_READWRITE))) {
        return FALSE;
    }
    Table->UnCommittedHandles = (PRTL_HANDLE_TABLE_ENTRY)((PUCHAR)Base + Size);
    for (ULONG i = First; i < RtlpCommittedEntries(Table); i++) {
        *Link = RtlpEntry(Table, i);
        Link = &(*Link)->NextFree;
    }
    *Link = NULL;
    return TRUE;
}

PRTL_HANDLE_TABLE_ENTRY NTAPI RtlAllocateHandle(_Inout_ PRTL_HANDLE_TABLE HandleTable,
                                                _Out_opt_ PULONG HandleIndex) {
    PRTL_HANDLE_TABLE_ENTRY Handle;

    if (HandleTable->SizeOfHandleTableEntry < sizeof(*Handle) ||
        (HandleTable->CommittedHandles == NULL && !RtlpReserve(HandleTable))) {
        return NULL;
    }
    while (HandleTable->FreeHandles == NULL) {
        if (!RtlpCommitPage(HandleTable)) {
            return NULL;
        }
    }
    Handle = HandleTable->FreeHandles;
    HandleTable->FreeHandles = Handle->NextFree;
    if (HandleIndex != NULL) {
        *HandleIndex = (ULONG)(((PUCHAR)Handle - (PUCHAR)HandleTable->CommittedHandles) /
                               HandleTable->SizeOfHandleTableEntry);
    }
    return Handle;
}

BOOLEAN NTAPI RtlIsValidHandle(_In_ PRTL_HANDLE_TABLE HandleTable,
                               _In_ PRTL_HANDLE_TABLE_ENTRY Handle) {
    SIZE_T Offset = (SIZE_T)((PUCHAR)Handle - (PUCHAR)HandleTable->CommittedHandles);

    return HandleTable->CommittedHandles != NULL && Handle >= HandleTable->CommittedHandles &&
           Offset % HandleTable->SizeOfHandleTableEntry == 0 &&
           Offset / HandleTable->SizeOfHandleTableEntry < RtlpCommittedEntries(HandleTable) &&
           (Handle->Flags & RTL_HANDLE_ALLOCATED) != 0;
}

BOOLEAN NTAPI RtlIsValidIndexHandle(_In_ PRTL_HANDLE_TABLE HandleTable, _In_ ULONG HandleIndex,
                                    _Out_ PRTL_HANDLE_TABLE_ENTRY *Handle) {
    PRTL_HANDLE_TABLE_ENTRY Entry = RtlpEntry(HandleTable, HandleIndex);

    if (!RtlIsValidHandle(HandleTable, Entry)) {
        return FALSE;
    }
    *Handle = Entry;
    return TRUE;
}

BOOLEAN NTAPI RtlFreeHandle(_Inout_ PRTL_HANDLE_TABLE HandleTable,
                            _In_ PRTL_HANDLE_TABLE_ENTRY Handle) {
    if (!RtlIsValidHandle(HandleTable, Handle)) {
        return FALSE;
    }
    RtlZeroMemory(Handle, HandleTable->SizeOfHandleTableEntry);
    Handle->NextFree = HandleTable->FreeHandles;
    HandleTable->FreeHandles = Handle;
    return TRUE;
}
