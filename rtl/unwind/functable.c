/*
 * functable.c - from an address to the unwind entry of the function that holds it
 *
 * The entries of an image are its exception directory, sorted by address, so that a binary search
 * finds one. Code that a program generates while it runs has no image: ntdll keeps the tables that
 * programs register for it (user/ntdll/dynfunc.c). The caller's history table, a cache in Windows,
 * is accepted and left alone: the search is short.
 */

#include "unwindp.h"

PRUNTIME_FUNCTION RtlpSearchFunctionTable(PRUNTIME_FUNCTION Table, ULONG Count, ULONG Rva) {
    ULONG Low = 0;
    ULONG High = Count;
    while (Low < High) {
        ULONG Middle = Low + (High - Low) / 2;
        if (Rva < Table[Middle].BeginAddress) {
            High = Middle;
        } else if (Rva >= Table[Middle].EndAddress) {
            Low = Middle + 1;
        } else {
            return &Table[Middle];
        }
    }
    return NULL;
}

/*
 * RtlLookupFunctionTable - the exception directory of the image that holds ControlPc.
 *
 * NULL when there is no image or it has no such directory; *SizeOfTable in bytes. Any IRQL.
 */
PRUNTIME_FUNCTION NTAPI RtlLookupFunctionTable(ULONG64 ControlPc, PULONG64 ImageBase,
                                               PULONG SizeOfTable) {
    ULONG ImageSize;
    if (!RtlpFindImage(ControlPc, ImageBase, &ImageSize)) {
        return NULL;
    }
    return RtlImageDirectoryEntryToData((PVOID)*ImageBase, TRUE, IMAGE_DIRECTORY_ENTRY_EXCEPTION,
                                        SizeOfTable);
}

/*
 * RtlLookupFunctionEntry - the unwind entry for ControlPc, NULL for a leaf function.
 *
 * *ImageBase receives what the entry's addresses are relative to, 0 where no image is found.
 * HistoryTable may be NULL and is not used. Any IRQL. Public source: SDK, winnt.h.
 */
PRUNTIME_FUNCTION NTAPI RtlLookupFunctionEntry(ULONG64 ControlPc, PULONG64 ImageBase,
                                               PUNWIND_HISTORY_TABLE HistoryTable) {
    ULONG Size = 0;
    PRUNTIME_FUNCTION Table;
    PRUNTIME_FUNCTION Entry;
    UNREFERENCED_PARAMETER(HistoryTable);

    *ImageBase = 0;
    Table = RtlLookupFunctionTable(ControlPc, ImageBase, &Size);
    if (Table == NULL) {
#ifdef NTOS_USER
        if (*ImageBase == 0) {
            return RtlpLookupDynamicFunctionEntry(ControlPc, ImageBase);
        }
#endif
        return NULL;
    }
    Entry = RtlpSearchFunctionTable(Table, Size / sizeof(*Table), (ULONG)(ControlPc - *ImageBase));
    return RtlpDirectEntry(*ImageBase, Entry);
}

/*
 * RtlPcToFileHeader - the base of the image that holds PcValue, also in *BaseOfImage; else NULL.
 */
PVOID NTAPI RtlPcToFileHeader(PVOID PcValue, PVOID *BaseOfImage) {
    ULONG64 Base = 0;
    ULONG Size;
    if (!RtlpFindImage((ULONG64)PcValue, &Base, &Size)) {
        Base = 0;
    }
    *BaseOfImage = (PVOID)Base;
    return *BaseOfImage;
}
