/*
 * ldrquery.c - LdrQueryProcessModuleInformation: the modules of the process, as one array
 */

#include "ntdllp.h"
#include <ntrtldebug.h>

/* The place of a module in the order of initialisation, from 1 on; 0 for the program. */
static USHORT LdrpInitOrderIndex(_In_ PLDR_DATA_TABLE_ENTRY Entry) {
    PLIST_ENTRY Head = &NtCurrentPeb()->Ldr->InInitializationOrderModuleList;
    USHORT Index = 1;

    for (PLIST_ENTRY Link = Head->Flink; Link != Head; Link = Link->Flink, Index++) {
        if (CONTAINING_RECORD(Link, LDR_DATA_TABLE_ENTRY, InInitializationOrderLinks) == Entry) {
            return Index;
        }
    }
    return 0;
}

static VOID LdrpDescribeModule(_In_ PLDR_DATA_TABLE_ENTRY Entry, _In_ USHORT LoadOrderIndex,
                               _Out_ PRTL_PROCESS_MODULE_INFORMATION Module) {
    ANSI_STRING Path = {0, sizeof(Module->FullPathName), (PCHAR)Module->FullPathName};
    PCHAR Name;

    RtlZeroMemory(Module, sizeof(*Module));
    Module->ImageBase = Entry->DllBase;
    Module->ImageSize = Entry->SizeOfImage;
    Module->Flags = Entry->Flags;
    Module->LoadOrderIndex = LoadOrderIndex;
    Module->InitOrderIndex = LdrpInitOrderIndex(Entry);
    Module->LoadCount = Entry->ObsoleteLoadCount;
    /* A longer path is cut: what fits is there, and ends with a zero. */
    RtlUnicodeStringToAnsiString(&Path, &Entry->FullDllName, FALSE);
    Module->FullPathName[sizeof(Module->FullPathName) - 1] = 0;
    Name = (PCHAR)Module->FullPathName + strlen((PCHAR)Module->FullPathName);
    while (Name > (PCHAR)Module->FullPathName && Name[-1] != '\\') {
        Name--;
    }
    Module->OffsetToFileName = (USHORT)(Name - (PCHAR)Module->FullPathName);
}

/*
 * LdrQueryProcessModuleInformation - describes all modules, in the order in which they were loaded.
 *
 * ReturnLength receives the size that is needed for all. STATUS_INFO_LENGTH_MISMATCH: Size is less;
 * as many as fit have been described, and NumberOfModules is their number if it fits itself.
 */
NTSTATUS NTAPI LdrQueryProcessModuleInformation(_Out_writes_bytes_(Size)
                                                    PRTL_PROCESS_MODULES Modules,
                                                _In_ ULONG Size, _Out_opt_ PULONG ReturnLength) {
    PLIST_ENTRY Head = &NtCurrentPeb()->Ldr->InLoadOrderModuleList;
    ULONG Needed = FIELD_OFFSET(RTL_PROCESS_MODULES, Modules);
    ULONG Count = 0, Described = 0;

    RtlEnterCriticalSection(&LdrpLoaderLock);
    for (PLIST_ENTRY Link = Head->Flink; Link != Head; Link = Link->Flink, Count++) {
        Needed += sizeof(RTL_PROCESS_MODULE_INFORMATION);
        if (Needed <= Size) {
            LdrpDescribeModule(CONTAINING_RECORD(Link, LDR_DATA_TABLE_ENTRY, InLoadOrderLinks),
                               (USHORT)Count, &Modules->Modules[Count]);
            Described++;
        }
    }
    RtlLeaveCriticalSection(&LdrpLoaderLock);
    if (Size >= sizeof(ULONG)) {
        Modules->NumberOfModules = Described;
    }
    if (ReturnLength != NULL) {
        *ReturnLength = Needed;
    }
    return Needed <= Size ? STATUS_SUCCESS : STATUS_INFO_LENGTH_MISMATCH;
}
