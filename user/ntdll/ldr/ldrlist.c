/*
 * ldrlist.c - the loader's lists
 *
 * Each mapped image has an LDR_DATA_TABLE_ENTRY in three lists of PEB_LDR_DATA: in the order it was
 * loaded, in the order of memory (which has been the same since Windows XP), and, but for the
 * program itself, in the order of initialisation. Debuggers and many programs walk these lists, so
 * they are Windows' to the byte. Beside the entry stands its node of the dependency graph
 * (LDR_DDAG_NODE): how often the module was loaded, and which modules it made the loader load.
 *
 * LdrpLoaderLock guards the lists and everything in the entries.
 */

#include "ntdllp.h"

/* A name's copy for the entry: the full path, of which the base name is the end. */
static NTSTATUS LdrpCopyNames(_In_ PCUNICODE_STRING FullName, _Inout_ PLDR_DATA_TABLE_ENTRY Entry) {
    USHORT Length = FullName->Length;
    PWSTR Buffer = RtlAllocateHeap(LdrpHeap(), 0, Length + sizeof(WCHAR));
    USHORT Start = Length / sizeof(WCHAR);

    if (Buffer == NULL) {
        return STATUS_NO_MEMORY;
    }
    RtlCopyMemory(Buffer, FullName->Buffer, Length);
    Buffer[Length / sizeof(WCHAR)] = UNICODE_NULL;
    while (Start > 0 && Buffer[Start - 1] != L'\\') {
        Start--;
    }
    Entry->FullDllName.Buffer = Buffer;
    Entry->FullDllName.Length = Length;
    Entry->FullDllName.MaximumLength = Length + sizeof(WCHAR);
    Entry->BaseDllName.Buffer = Buffer + Start;
    Entry->BaseDllName.Length = (USHORT)(Length - Start * sizeof(WCHAR));
    Entry->BaseDllName.MaximumLength = Entry->BaseDllName.Length + sizeof(WCHAR);
    return STATUS_SUCCESS;
}

static VOID LdrpFillFromHeaders(_Inout_ PLDR_DATA_TABLE_ENTRY Entry) {
    PIMAGE_NT_HEADERS64 Headers = RtlImageNtHeader(Entry->DllBase);

    if (Headers == NULL) {
        return;
    }
    Entry->TimeDateStamp = Headers->FileHeader.TimeDateStamp;
    Entry->OriginalBase = Headers->OptionalHeader.ImageBase;
    if (Headers->FileHeader.Characteristics & IMAGE_FILE_DLL) {
        Entry->Flags |= LDRP_IMAGE_DLL;
    }
    if (Headers->OptionalHeader.AddressOfEntryPoint != 0) {
        Entry->EntryPoint = (PLDR_INIT_ROUTINE)((PUCHAR)Entry->DllBase +
                                                Headers->OptionalHeader.AddressOfEntryPoint);
    }
}

/* Makes the entry of an image that is mapped at Base; it is in no list yet. */
NTSTATUS LdrpAllocateEntry(_In_ PVOID Base, _In_ ULONG Size, _In_ PCUNICODE_STRING FullName,
                           _Out_ PLDR_DATA_TABLE_ENTRY *NewEntry) {
    PLDR_DATA_TABLE_ENTRY Entry = RtlAllocateHeap(LdrpHeap(), HEAP_ZERO_MEMORY, sizeof(*Entry));
    PLDR_DDAG_NODE Node = RtlAllocateHeap(LdrpHeap(), HEAP_ZERO_MEMORY, sizeof(*Node));

    if (Entry == NULL || Node == NULL || !NT_SUCCESS(LdrpCopyNames(FullName, Entry))) {
        RtlFreeHeap(LdrpHeap(), 0, Node);
        RtlFreeHeap(LdrpHeap(), 0, Entry);
        return STATUS_NO_MEMORY;
    }
    InitializeListHead(&Node->Modules);
    InsertTailList(&Node->Modules, &Entry->NodeModuleLink);
    InitializeListHead(&Entry->HashLinks);
    Entry->DdagNode = Node;
    Entry->DllBase = Base;
    Entry->SizeOfImage = Size;
    Entry->ReferenceCount = 1;
    Entry->ObsoleteLoadCount = 1;
    NtQuerySystemTime(&Entry->LoadTime);
    LdrpFillFromHeaders(Entry);
    *NewEntry = Entry;
    return STATUS_SUCCESS;
}

VOID LdrpFreeEntry(_In_ PLDR_DATA_TABLE_ENTRY Entry) {
    RtlFreeHeap(LdrpHeap(), 0, Entry->FullDllName.Buffer);
    RtlFreeHeap(LdrpHeap(), 0, Entry->DdagNode);
    RtlFreeHeap(LdrpHeap(), 0, Entry);
}

/* Enters a module where debuggers, other modules and the unwinder find it. */
VOID LdrpInsertEntry(_In_ PLDR_DATA_TABLE_ENTRY Entry) {
    PPEB_LDR_DATA Ldr = NtCurrentPeb()->Ldr;

    InsertTailList(&Ldr->InLoadOrderModuleList, &Entry->InLoadOrderLinks);
    InsertTailList(&Ldr->InMemoryOrderModuleList, &Entry->InMemoryOrderLinks);
    LdrpIndexInsert(Entry->DllBase, Entry->SizeOfImage);
    Entry->Flags |= LDRP_IN_LEGACY_LISTS | LDRP_IN_INDEXES;
}

VOID LdrpRemoveEntry(_In_ PLDR_DATA_TABLE_ENTRY Entry) {
    RemoveEntryList(&Entry->InLoadOrderLinks);
    RemoveEntryList(&Entry->InMemoryOrderLinks);
    if (Entry->InInitializationOrderLinks.Flink != NULL) {
        RemoveEntryList(&Entry->InInitializationOrderLinks);
    }
    LdrpIndexRemove(Entry->DllBase);
}

/* A module whose own imports are bound follows those in the order of initialisation. */
VOID LdrpInsertInitOrder(_In_ PLDR_DATA_TABLE_ENTRY Entry) {
    InsertTailList(&NtCurrentPeb()->Ldr->InInitializationOrderModuleList,
                   &Entry->InInitializationOrderLinks);
}

/* Calls of LdrpFind... : the caller holds the loader's lock; NULL if there is none. */
static PLDR_DATA_TABLE_ENTRY LdrpNextEntry(_In_opt_ PLDR_DATA_TABLE_ENTRY Entry) {
    PLIST_ENTRY Head = &NtCurrentPeb()->Ldr->InLoadOrderModuleList;
    PLIST_ENTRY Link = Entry != NULL ? Entry->InLoadOrderLinks.Flink : Head->Flink;

    return Link == Head ? NULL : CONTAINING_RECORD(Link, LDR_DATA_TABLE_ENTRY, InLoadOrderLinks);
}

PLDR_DATA_TABLE_ENTRY LdrpFindByBaseName(_In_ PCUNICODE_STRING Name) {
    PLDR_DATA_TABLE_ENTRY Entry = NULL;

    while ((Entry = LdrpNextEntry(Entry)) != NULL) {
        if (RtlEqualUnicodeString(&Entry->BaseDllName, Name, TRUE)) {
            break;
        }
    }
    return Entry;
}

PLDR_DATA_TABLE_ENTRY LdrpFindByFullName(_In_ PCUNICODE_STRING Name) {
    PLDR_DATA_TABLE_ENTRY Entry = NULL;

    while ((Entry = LdrpNextEntry(Entry)) != NULL) {
        if (RtlEqualUnicodeString(&Entry->FullDllName, Name, TRUE)) {
            break;
        }
    }
    return Entry;
}

PLDR_DATA_TABLE_ENTRY LdrpFindByBase(_In_ PVOID Base) {
    PLDR_DATA_TABLE_ENTRY Entry = NULL;

    while ((Entry = LdrpNextEntry(Entry)) != NULL) {
        if (Entry->DllBase == Base) {
            break;
        }
    }
    return Entry;
}

PLDR_DATA_TABLE_ENTRY LdrpFindByAddress(_In_ PVOID Address) {
    PLDR_DATA_TABLE_ENTRY Entry = NULL;

    while ((Entry = LdrpNextEntry(Entry)) != NULL) {
        if ((ULONG_PTR)Address - (ULONG_PTR)Entry->DllBase < Entry->SizeOfImage) {
            break;
        }
    }
    return Entry;
}

/* One more reason to keep a module. */
VOID LdrpReference(_In_ PLDR_DATA_TABLE_ENTRY Entry) {
    if (Entry->DdagNode->LoadCount != LDRP_PINNED) {
        Entry->DdagNode->LoadCount++;
    }
}

/* Notes that From needs To, which lives at least as long. Each such edge is one reference to To. */
NTSTATUS LdrpRecordDependency(_In_ PLDR_DATA_TABLE_ENTRY From, _In_ PLDR_DATA_TABLE_ENTRY To) {
    PLDRP_CSLIST List = &From->DdagNode->Dependencies;
    PLDRP_DEPENDENCY Edge;

    if (From == To || To->DdagNode->LoadCount == LDRP_PINNED) {
        return STATUS_SUCCESS;
    }
    Edge = RtlAllocateHeap(LdrpHeap(), HEAP_ZERO_MEMORY, sizeof(*Edge));
    if (Edge == NULL) {
        return STATUS_NO_MEMORY;
    }
    Edge->DependencyNode = To->DdagNode;
    Edge->ParentDependencyNode = From->DdagNode;
    if (List->Tail == NULL) {
        Edge->DependencyLink.Next = &Edge->DependencyLink;
    } else {
        Edge->DependencyLink.Next = List->Tail->Next;
        List->Tail->Next = &Edge->DependencyLink;
    }
    List->Tail = &Edge->DependencyLink;
    LdrpReference(To);
    return STATUS_SUCCESS;
}
