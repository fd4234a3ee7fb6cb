/*
 * functable.c - from an address to the unwind entry of the function that holds it
 *
 * The entries of an image are its exception directory, sorted by address, so that a binary search
 * finds one. Code that a program generates while it runs has no image: for that, user mode can
 * register tables of its own (RtlAddFunctionTable, RtlInstallFunctionTableCallback). The caller's
 * history table, a cache in Windows, is accepted and left alone: the search is short.
 */

#include "unwindp.h"

/* Binary search of Count sorted entries for an RVA. */
static PRUNTIME_FUNCTION RtlpSearchTable(PRUNTIME_FUNCTION Table, ULONG Count, ULONG Rva) {
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

#ifdef NTOS_USER

/* A table that the program registered; the list is read without a lock, so nodes stay for ever. */
typedef struct _RTLP_DYNAMIC_TABLE {
    struct _RTLP_DYNAMIC_TABLE *Next;
    PRUNTIME_FUNCTION Table; /* the program's identifier for a callback's range */
    ULONG Count;             /* 0: removed, or a callback's */
    ULONG64 Base;
    ULONG64 Length; /* 0: removed */
    PGET_RUNTIME_FUNCTION_CALLBACK Callback;
    PVOID Context;
} RTLP_DYNAMIC_TABLE, *PRTLP_DYNAMIC_TABLE;

static PRTLP_DYNAMIC_TABLE RtlpDynamicTables;

static BOOLEAN RtlpInsertDynamicTable(const RTLP_DYNAMIC_TABLE *Template) {
    PRTLP_DYNAMIC_TABLE Node = RtlAllocateHeap(RtlProcessHeap(), 0, sizeof(*Node));
    if (Node == NULL) {
        return FALSE;
    }
    *Node = *Template;
    Node->Next = __atomic_load_n(&RtlpDynamicTables, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&RtlpDynamicTables, &Node->Next, Node, FALSE,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
    }
    return TRUE;
}

/*
 * RtlAddFunctionTable - registers the unwind entries of generated code.
 *
 * FunctionTable holds EntryCount entries sorted by address, relative to BaseAddress; it stays the
 * caller's. FALSE when there is no memory. Public source: SDK, winnt.h.
 */
BOOLEAN NTAPI RtlAddFunctionTable(PRUNTIME_FUNCTION FunctionTable, ULONG EntryCount,
                                  ULONG64 BaseAddress) {
    RTLP_DYNAMIC_TABLE Template = {
        .Table = FunctionTable, .Count = EntryCount, .Base = BaseAddress};
    if (EntryCount == 0) {
        return TRUE;
    }
    Template.Length = FunctionTable[EntryCount - 1].EndAddress;
    return RtlpInsertDynamicTable(&Template);
}

/*
 * RtlInstallFunctionTableCallback - registers a range whose entries Callback makes on demand.
 *
 * TableIdentifier has its two lowest bits set, as in Windows. OutOfProcessCallbackDll is for a
 * debugger on Windows and is not used.
 */
BOOLEAN NTAPI RtlInstallFunctionTableCallback(ULONG64 TableIdentifier, ULONG64 BaseAddress,
                                              ULONG Length, PGET_RUNTIME_FUNCTION_CALLBACK Callback,
                                              PVOID Context, PCWSTR OutOfProcessCallbackDll) {
    RTLP_DYNAMIC_TABLE Template = {.Table = (PRUNTIME_FUNCTION)TableIdentifier,
                                   .Base = BaseAddress,
                                   .Length = Length,
                                   .Callback = Callback,
                                   .Context = Context};
    UNREFERENCED_PARAMETER(OutOfProcessCallbackDll);
    return (TableIdentifier & 3) == 3 && RtlpInsertDynamicTable(&Template);
}

/* RtlDeleteFunctionTable - takes a registered table (or callback, by its identifier) back. */
BOOLEAN NTAPI RtlDeleteFunctionTable(PRUNTIME_FUNCTION FunctionTable) {
    PRTLP_DYNAMIC_TABLE Node = __atomic_load_n(&RtlpDynamicTables, __ATOMIC_ACQUIRE);
    for (; Node != NULL; Node = Node->Next) {
        if (Node->Table == FunctionTable && Node->Length != 0) {
            Node->Length = 0;
            return TRUE;
        }
    }
    return FALSE;
}

static PRUNTIME_FUNCTION RtlpSearchDynamic(ULONG64 ControlPc, PULONG64 ImageBase) {
    PRTLP_DYNAMIC_TABLE Node = __atomic_load_n(&RtlpDynamicTables, __ATOMIC_ACQUIRE);
    for (; Node != NULL; Node = Node->Next) {
        if (ControlPc - Node->Base < Node->Length) {
            *ImageBase = Node->Base;
            if (Node->Callback != NULL) {
                return Node->Callback(ControlPc, Node->Context);
            }
            return RtlpSearchTable(Node->Table, Node->Count, (ULONG)(ControlPc - Node->Base));
        }
    }
    return NULL;
}

#else

static PRUNTIME_FUNCTION RtlpSearchDynamic(ULONG64 ControlPc, PULONG64 ImageBase) {
    UNREFERENCED_PARAMETER(ControlPc);
    UNREFERENCED_PARAMETER(ImageBase);
    return NULL;
}

#endif

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
        return *ImageBase == 0 ? RtlpSearchDynamic(ControlPc, ImageBase) : NULL;
    }
    Entry = RtlpSearchTable(Table, Size / sizeof(*Table), (ULONG)(ControlPc - *ImageBase));
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
