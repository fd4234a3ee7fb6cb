/*
 * ldrsnap.c - binding: every import of a module becomes an address
 *
 * Binding goes depth first. A module is entered in the lists before its imports are followed, so
 * that modules which import each other find one another and the walk ends; a module joins the order
 * of initialisation when all that it needs has been bound, which in a loop means: when all but the
 * modules that wait for it has. Forwarders, exports that only name an export of another module, are
 * followed as far as they lead.
 *
 * Whatever fails is reported by name in the log and unwinds as a status; LdrpLoadModule's caller
 * decides whether that ends the process (a static import) or a call of LdrLoadDll.
 */

#include "ntdllp.h"

/* A chain of forwarders longer than this is a loop. */
#define LDRP_MAX_FORWARDERS 32

static NTSTATUS LdrpUnicodeFromAscii(_In_ PCSTR Name, _Out_ PUNICODE_STRING String) {
    ANSI_STRING Ansi;

    RtlInitAnsiString(&Ansi, Name);
    return RtlAnsiStringToUnicodeString(String, &Ansi, TRUE);
}

/* The module that an import or a forwarder of Importer names. */
static NTSTATUS LdrpLoadByAscii(_In_ PCSTR Name, _In_opt_ PLDR_DATA_TABLE_ENTRY Importer,
                                _Out_ PLDR_DATA_TABLE_ENTRY *Entry) {
    UNICODE_STRING String;
    NTSTATUS Status = LdrpUnicodeFromAscii(Name, &String);

    if (NT_SUCCESS(Status)) {
        Status = LdrpLoadModule(&String, Importer, Entry);
        RtlFreeUnicodeString(&String);
    }
    return Status;
}

/* One step along a forwarder: the module it names becomes *Entry, the export *Name or *Ordinal. */
static NTSTATUS LdrpFollowForwarder(_In_ PCSTR Forwarder, _Inout_ PLDR_DATA_TABLE_ENTRY *Entry,
                                    _Out_ PCSTR *Name, _Out_ PULONG Ordinal) {
    CHAR Module[256];
    NTSTATUS Status = RtlpSplitForwarder(Forwarder, Module, sizeof(Module) - 4, Name, Ordinal);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    strcat(Module, ".dll");
    return LdrpLoadByAscii(Module, *Entry, Entry);
}

/* Tables of a damaged image may be where it has no memory; the caller holds the loader's lock. */
static NTSTATUS LdrpFindExport(_In_ PLDR_DATA_TABLE_ENTRY Entry, _In_opt_ PCSTR Name,
                               _In_ ULONG Hint, _In_ ULONG Ordinal, _Out_ PRTL_EXPORT Export) {
    __try {
        return RtlpFindExport(Entry->DllBase, Entry->SizeOfImage, Name, Hint, Ordinal, Export);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return STATUS_INVALID_IMAGE_FORMAT;
    }
}

/*
 * LdrpResolveExport - the address of an export by name, or with Name NULL by ordinal.
 *
 * Modules that forwarders lead to are loaded and stay as long as Entry does. The caller holds the
 * loader's lock. STATUS_ENTRYPOINT_NOT_FOUND, STATUS_ORDINAL_NOT_FOUND,
 * STATUS_INVALID_IMAGE_FORMAT, or why a module could not be loaded.
 */
NTSTATUS LdrpResolveExport(_In_ PLDR_DATA_TABLE_ENTRY Entry, _In_opt_ PCSTR Name, _In_ ULONG Hint,
                           _In_ ULONG Ordinal, _Out_ PVOID *Address) {
    RTL_EXPORT Export;
    NTSTATUS Status;
    ULONG Steps;

    *Address = NULL;
    for (Steps = 0; Steps < LDRP_MAX_FORWARDERS; Steps++) {
        Status = LdrpFindExport(Entry, Name, Hint, Ordinal, &Export);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        if (Export.Forwarder == NULL) {
            *Address = Export.Address;
            return STATUS_SUCCESS;
        }
        Status = LdrpFollowForwarder(Export.Forwarder, &Entry, &Name, &Ordinal);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        Hint = 0;
    }
    return STATUS_INVALID_IMAGE_FORMAT;
}

static VOID LdrpReportMissingImport(_In_ PLDR_DATA_TABLE_ENTRY Importer,
                                    _In_ const RTL_IMPORT_WALK *Walk, _In_ NTSTATUS Status) {
    if (Walk->Name != NULL) {
        DbgPrint("LDR: %wZ: entry point %s not found in %s (%08x)\n", &Importer->BaseDllName,
                 Walk->Name, Walk->ModuleName, Status);
    } else {
        DbgPrint("LDR: %wZ: ordinal %u not found in %s (%08x)\n", &Importer->BaseDllName,
                 Walk->Ordinal, Walk->ModuleName, Status);
    }
}

/*
 * Import slots that may be written just now. What a slot's page allows is asked of memory, not of
 * the section table: that one describes a file, where sections may overlap, and slots may also be
 * in the headers or in the zeroed tail of a section.
 */
typedef struct _LDRP_OPEN_SLOTS {
    PVOID Start; /* what was made writable; Size is 0 if nothing had to be */
    SIZE_T Size;
    ULONG64 End; /* the first address behind the range that is open */
    ULONG Old;
} LDRP_OPEN_SLOTS, *PLDRP_OPEN_SLOTS;

#define LDRP_WRITABLE                                                                              \
    (PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)
#define LDRP_EXECUTABLE (PAGE_EXECUTE | PAGE_EXECUTE_READ)

static NTSTATUS LdrpCloseSlots(_Inout_ PLDRP_OPEN_SLOTS Slots) {
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Now;

    if (Slots->Size != 0) {
        Status = NtProtectVirtualMemory(NtCurrentProcess(), &Slots->Start, &Slots->Size, Slots->Old,
                                        &Now);
    }
    Slots->Size = 0;
    Slots->End = 0;
    return Status;
}

/* Makes the rest of the region that begins with Slot writable, unless it is. */
static NTSTATUS LdrpOpenSlots(_Inout_ PLDRP_OPEN_SLOTS Slots, _In_ PVOID Slot) {
    MEMORY_BASIC_INFORMATION Region;
    NTSTATUS Status = LdrpCloseSlots(Slots);

    if (NT_SUCCESS(Status)) {
        Status = NtQueryVirtualMemory(NtCurrentProcess(), Slot, MemoryBasicInformation, &Region,
                                      sizeof(Region), NULL);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    /* A slot at an odd address may reach into the next region. */
    Slots->End =
        max((ULONG64)Region.BaseAddress + Region.RegionSize, (ULONG64)Slot + sizeof(PVOID));
    if (Region.Protect & LDRP_WRITABLE) {
        return STATUS_SUCCESS;
    }
    Slots->Start = Slot;
    Slots->Size = Slots->End - (ULONG64)Slot;
    Status = NtProtectVirtualMemory(
        NtCurrentProcess(), &Slots->Start, &Slots->Size,
        Region.Protect & LDRP_EXECUTABLE ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE, &Slots->Old);
    if (!NT_SUCCESS(Status)) {
        Slots->Size = 0;
    }
    return Status;
}

static NTSTATUS LdrpFillSlots(_In_ PLDR_DATA_TABLE_ENTRY Importer,
                              _In_ PLDR_DATA_TABLE_ENTRY Exporter, _Inout_ PRTL_IMPORT_WALK Walk,
                              _Inout_ PLDRP_OPEN_SLOTS Slots) {
    NTSTATUS Status;
    PVOID Address;

    while (NT_SUCCESS(Status = RtlpNextImport(Walk))) {
        Status = LdrpResolveExport(Exporter, Walk->Name, Walk->Hint, Walk->Ordinal, &Address);
        if (!NT_SUCCESS(Status)) {
            LdrpReportMissingImport(Importer, Walk, Status);
            return Status;
        }
        if ((ULONG64)Walk->Slot + sizeof(PVOID) > Slots->End) {
            Status = LdrpOpenSlots(Slots, Walk->Slot);
            if (!NT_SUCCESS(Status)) {
                return Status;
            }
        }
        *Walk->Slot = (ULONG64)Address;
    }
    return Status == STATUS_NO_MORE_ENTRIES ? STATUS_SUCCESS : Status;
}

/* Binds all that one import descriptor names. */
static NTSTATUS LdrpSnapModule(_In_ PLDR_DATA_TABLE_ENTRY Importer, _Inout_ PRTL_IMPORT_WALK Walk) {
    LDRP_OPEN_SLOTS Slots = {0};
    PLDR_DATA_TABLE_ENTRY Exporter;
    NTSTATUS Status, Closed;

    Status = LdrpLoadByAscii(Walk->ModuleName, Importer, &Exporter);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = LdrpFillSlots(Importer, Exporter, Walk, &Slots);
    Closed = LdrpCloseSlots(&Slots);
    return NT_SUCCESS(Status) ? Closed : Status;
}

/* LdrpSnapImports - binds all imports of a module, loading what they name. */
NTSTATUS LdrpSnapImports(_In_ PLDR_DATA_TABLE_ENTRY Entry) {
    RTL_IMPORT_WALK Walk;
    NTSTATUS Status = RtlpStartImportWalk(&Walk, Entry->DllBase, Entry->SizeOfImage);

    while (NT_SUCCESS(Status) && NT_SUCCESS(Status = RtlpNextImportModule(&Walk))) {
        Status = LdrpSnapModule(Entry, &Walk);
    }
    return Status == STATUS_NO_MORE_ENTRIES ? STATUS_SUCCESS : Status;
}

/*
 * What a freshly mapped module needs before its initialisation may run. Tables may be where the
 * image has no memory, between two sections: the fault is the module's status.
 */
static NTSTATUS LdrpPrepareModule(_In_ PLDR_DATA_TABLE_ENTRY Entry) {
    NTSTATUS Status;

    __try {
        Status = LdrpSnapImports(Entry);
        if (NT_SUCCESS(Status)) {
            Status = LdrpHandleTlsData(Entry);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    if (NT_SUCCESS(Status)) {
        Entry->Flags &= ~LDRP_LOAD_IN_PROGRESS;
        LdrpInsertInitOrder(Entry);
    }
    return Status;
}

static VOID LdrpReportMissingModule(_In_ PCUNICODE_STRING Name,
                                    _In_opt_ PLDR_DATA_TABLE_ENTRY Importer, _In_ NTSTATUS Status) {
    if (Importer != NULL) {
        DbgPrint("LDR: %wZ, which %wZ needs, could not be loaded (%08x)\n", Name,
                 &Importer->BaseDllName, Status);
    } else {
        DbgPrint("LDR: %wZ could not be loaded (%08x)\n", Name, Status);
    }
}

/* LdrpFindLoaded - a bare name is first looked for among the loaded modules, with ".dll" where it
 * has no extension. */
PLDR_DATA_TABLE_ENTRY LdrpFindLoaded(_In_ PCUNICODE_STRING Name) {
    PLDR_DATA_TABLE_ENTRY Entry = LdrpFindByBaseName(Name);
    WCHAR Buffer[64];
    UNICODE_STRING WithDll = {0, sizeof(Buffer), Buffer};

    if (Entry == NULL) {
        Entry = LdrpFindByFullName(Name);
    }
    if (Entry == NULL && NT_SUCCESS(RtlAppendUnicodeStringToString(&WithDll, Name)) &&
        NT_SUCCESS(RtlAppendUnicodeToString(&WithDll, L".dll"))) {
        Entry = LdrpFindByBaseName(&WithDll);
    }
    return Entry;
}

/*
 * LdrpLoadModule - the module of that name, mapped and bound; its initialisation has not run yet.
 *
 * Importer, if not NULL, holds one reference to it from now on. The caller holds the loader's lock.
 * On failure, everything that was mapped for this module alone is gone again.
 */
NTSTATUS LdrpLoadModule(_In_ PCUNICODE_STRING Name, _In_opt_ PLDR_DATA_TABLE_ENTRY Importer,
                        _Out_ PLDR_DATA_TABLE_ENTRY *Loaded) {
    PLDR_DATA_TABLE_ENTRY Entry = LdrpFindLoaded(Name);
    NTSTATUS Status = STATUS_SUCCESS;
    BOOLEAN Fresh = FALSE;

    if (Entry == NULL) {
        Status = LdrpMapDll(Name, &Entry);
        Fresh = NT_SUCCESS(Status) && (Entry->Flags & LDRP_LOAD_IN_PROGRESS) &&
                Entry->DdagNode->State == LdrModulesPlaceHolder;
        if (!NT_SUCCESS(Status)) {
            LdrpReportMissingModule(Name, Importer, Status);
            return Status;
        }
    }
    if (Fresh) {
        Entry->DdagNode->State = LdrModulesSnapping;
        LdrpReference(Entry);
        Status = LdrpPrepareModule(Entry);
        Entry->DdagNode->State = NT_SUCCESS(Status) ? LdrModulesReadyToInit : LdrModulesSnapError;
    }
    if (NT_SUCCESS(Status) && Importer != NULL) {
        Status = LdrpRecordDependency(Importer, Entry);
    }
    if (Fresh) {
        Entry->DdagNode->LoadCount--;
    }
    if (!NT_SUCCESS(Status) && Fresh) {
        LdrpUnloadModule(Entry);
        return Status;
    }
    *Loaded = Entry;
    return Status;
}
