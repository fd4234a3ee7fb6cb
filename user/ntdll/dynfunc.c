/*
 * dynfunc.c - unwind entries of generated code
 *
 * Code that a program makes while it runs is in no image, so it brings its own unwind entries. They
 * come in three forms: a table that is complete when it is registered (RtlAddFunctionTable), one
 * that grows at its end (RtlAddGrowableFunctionTable), and a callback that makes the entry when it
 * is asked for (RtlInstallFunctionTableCallback). Each covers a range of addresses. The unwinder
 * looks in the images first, then in the ranges, in the order in which they were registered; the
 * first range that has the address decides.
 *
 * Rules
 * - RtlpDynamicFunctionLock guards the list and the nodes. The entries are the program's: they are
 *   read under the lock held shared, so that a table is out of use when its removal returns.
 * - Nothing that can call back or raise runs under the lock held exclusive.
 *
 * Public source: Microsoft Learn, the pages of the functions; phnt, DYNAMIC_FUNCTION_TABLE.
 */

#include "ntdllp.h"
#include <rtlexcept.h>

typedef enum _FUNCTION_TABLE_TYPE {
    RF_SORTED,
    RF_UNSORTED,
    RF_CALLBACK,
    RF_KERNEL_DYNAMIC /* growable; the name is Windows' */
} FUNCTION_TABLE_TYPE;

typedef struct _DYNAMIC_FUNCTION_TABLE {
    LIST_ENTRY ListEntry;
    PRUNTIME_FUNCTION FunctionTable; /* or the identifier of a callback */
    LARGE_INTEGER TimeStamp;
    ULONG64 MinimumAddress;
    ULONG64 MaximumAddress; /* the first address behind the range */
    ULONG64 BaseAddress;
    PGET_RUNTIME_FUNCTION_CALLBACK Callback;
    PVOID Context;
    PWSTR OutOfProcessCallbackDll;
    FUNCTION_TABLE_TYPE Type;
    ULONG EntryCount;
    ULONG MaximumEntryCount;
} DYNAMIC_FUNCTION_TABLE, *PDYNAMIC_FUNCTION_TABLE;

static LIST_ENTRY RtlpDynamicFunctionTable = {&RtlpDynamicFunctionTable, &RtlpDynamicFunctionTable};
static RTL_SRWLOCK RtlpDynamicFunctionLock;

/* ---- Registration ---- */

static PDYNAMIC_FUNCTION_TABLE RtlpAllocateDynamicTable(_In_ FUNCTION_TABLE_TYPE Type,
                                                        _In_opt_ PRUNTIME_FUNCTION FunctionTable,
                                                        _In_ ULONG64 BaseAddress) {
    PDYNAMIC_FUNCTION_TABLE Table =
        RtlAllocateHeap(LdrpHeap(), HEAP_ZERO_MEMORY, sizeof(DYNAMIC_FUNCTION_TABLE));

    if (Table != NULL) {
        Table->FunctionTable = FunctionTable;
        Table->BaseAddress = BaseAddress;
        Table->Type = Type;
        NtQuerySystemTime(&Table->TimeStamp);
    }
    return Table;
}

static VOID RtlpInsertDynamicTable(_In_ PDYNAMIC_FUNCTION_TABLE Table) {
    RtlAcquireSRWLockExclusive(&RtlpDynamicFunctionLock);
    InsertTailList(&RtlpDynamicFunctionTable, &Table->ListEntry);
    RtlReleaseSRWLockExclusive(&RtlpDynamicFunctionLock);
}

/* The range that the entries span, and whether they are in order. */
static VOID RtlpMeasureTable(_Inout_ PDYNAMIC_FUNCTION_TABLE Table) {
    PRUNTIME_FUNCTION Entry = Table->FunctionTable;
    ULONG Low = MAXULONG, High = 0;

    for (ULONG i = 0; i < Table->EntryCount; i++) {
        if (i > 0 && Entry[i].BeginAddress < Entry[i - 1].BeginAddress) {
            Table->Type = RF_UNSORTED;
        }
        Low = min(Low, Entry[i].BeginAddress);
        High = max(High, Entry[i].EndAddress);
    }
    if (Low < High) {
        Table->MinimumAddress = Table->BaseAddress + Low;
        Table->MaximumAddress = Table->BaseAddress + High;
    }
}

/*
 * RtlAddFunctionTable - registers the unwind entries of generated code.
 *
 * FunctionTable: EntryCount entries relative to BaseAddress, preferably sorted by address. It stays
 * the caller's, and must stay as it is until RtlDeleteFunctionTable. FALSE: no memory.
 */
BOOLEAN NTAPI RtlAddFunctionTable(_In_ PRUNTIME_FUNCTION FunctionTable, _In_ ULONG EntryCount,
                                  _In_ ULONG64 BaseAddress) {
    PDYNAMIC_FUNCTION_TABLE Table = RtlpAllocateDynamicTable(RF_SORTED, FunctionTable, BaseAddress);

    if (Table == NULL) {
        return FALSE;
    }
    Table->EntryCount = EntryCount;
    RtlpMeasureTable(Table);
    RtlpInsertDynamicTable(Table);
    return TRUE;
}

/*
 * RtlInstallFunctionTableCallback - registers a range whose entries Callback makes on demand.
 *
 * TableIdentifier: for RtlDeleteFunctionTable; its two lowest bits must be set. Callback gets the
 * address and Context, and is called without a lock. OutOfProcessCallbackDll: the DLL by which a
 * debugger reads the entries; kept for it, not used here. FALSE: a wrong identifier or no memory.
 */
BOOLEAN NTAPI RtlInstallFunctionTableCallback(_In_ ULONG64 TableIdentifier,
                                              _In_ ULONG64 BaseAddress, _In_ ULONG Length,
                                              _In_ PGET_RUNTIME_FUNCTION_CALLBACK Callback,
                                              _In_opt_ PVOID Context,
                                              _In_opt_ PCWSTR OutOfProcessCallbackDll) {
    PDYNAMIC_FUNCTION_TABLE Table;

    if ((TableIdentifier & 3) != 3) {
        return FALSE;
    }
    Table = RtlpAllocateDynamicTable(RF_CALLBACK, (PRUNTIME_FUNCTION)TableIdentifier, BaseAddress);
    if (Table == NULL) {
        return FALSE;
    }
    Table->MinimumAddress = BaseAddress;
    Table->MaximumAddress = BaseAddress + Length;
    Table->Callback = Callback;
    Table->Context = Context;
    Table->OutOfProcessCallbackDll = (PWSTR)OutOfProcessCallbackDll;
    RtlpInsertDynamicTable(Table);
    return TRUE;
}

/*
 * RtlDeleteFunctionTable - removes a table by its address, or a callback by its identifier.
 *
 * FALSE: there is none. Afterwards no thread reads the table's entries any more.
 */
BOOLEAN NTAPI RtlDeleteFunctionTable(_In_ PRUNTIME_FUNCTION FunctionTable) {
    PDYNAMIC_FUNCTION_TABLE Found = NULL;

    RtlAcquireSRWLockExclusive(&RtlpDynamicFunctionLock);
    for (PLIST_ENTRY Link = RtlpDynamicFunctionTable.Flink;
         Found == NULL && Link != &RtlpDynamicFunctionTable; Link = Link->Flink) {
        PDYNAMIC_FUNCTION_TABLE Table = CONTAINING_RECORD(Link, DYNAMIC_FUNCTION_TABLE, ListEntry);

        if (Table->FunctionTable == FunctionTable && Table->Type != RF_KERNEL_DYNAMIC) {
            Found = Table;
            RemoveEntryList(Link);
        }
    }
    RtlReleaseSRWLockExclusive(&RtlpDynamicFunctionLock);
    if (Found != NULL) {
        RtlFreeHeap(LdrpHeap(), 0, Found);
    }
    return Found != NULL;
}

/* ---- Growable tables ---- */

/*
 * RtlAddGrowableFunctionTable - registers a table that will get more entries.
 *
 * DynamicTable receives what the two functions below want. FunctionTable: room for
 * MaximumEntryCount entries, of which EntryCount are there, sorted, relative to RangeBase. The range
 * ends before RangeEnd. STATUS_SUCCESS, STATUS_NO_MEMORY.
 */
ULONG NTAPI RtlAddGrowableFunctionTable(_Out_ PVOID *DynamicTable,
                                        _In_ PRUNTIME_FUNCTION FunctionTable, _In_ ULONG EntryCount,
                                        _In_ ULONG MaximumEntryCount, _In_ ULONG_PTR RangeBase,
                                        _In_ ULONG_PTR RangeEnd) {
    PDYNAMIC_FUNCTION_TABLE Table =
        RtlpAllocateDynamicTable(RF_KERNEL_DYNAMIC, FunctionTable, RangeBase);

    *DynamicTable = Table;
    if (Table == NULL) {
        return STATUS_NO_MEMORY;
    }
    Table->EntryCount = EntryCount;
    Table->MaximumEntryCount = MaximumEntryCount;
    Table->MinimumAddress = RangeBase;
    Table->MaximumAddress = RangeEnd;
    RtlpInsertDynamicTable(Table);
    return STATUS_SUCCESS;
}

/*
 * RtlGrowFunctionTable - the first NewEntryCount entries are there now. A count that is smaller
 * than before or larger than the maximum changes nothing.
 */
VOID NTAPI RtlGrowFunctionTable(_Inout_ PVOID DynamicTable, _In_ ULONG NewEntryCount) {
    PDYNAMIC_FUNCTION_TABLE Table = DynamicTable;

    RtlAcquireSRWLockExclusive(&RtlpDynamicFunctionLock);
    if (NewEntryCount > Table->EntryCount && NewEntryCount <= Table->MaximumEntryCount) {
        Table->EntryCount = NewEntryCount;
    }
    RtlReleaseSRWLockExclusive(&RtlpDynamicFunctionLock);
}

/* RtlDeleteGrowableFunctionTable - removes what RtlAddGrowableFunctionTable registered. */
VOID NTAPI RtlDeleteGrowableFunctionTable(_In_ PVOID DynamicTable) {
    PDYNAMIC_FUNCTION_TABLE Table = DynamicTable;

    RtlAcquireSRWLockExclusive(&RtlpDynamicFunctionLock);
    RemoveEntryList(&Table->ListEntry);
    RtlReleaseSRWLockExclusive(&RtlpDynamicFunctionLock);
    RtlFreeHeap(LdrpHeap(), 0, Table);
}

/* ---- Lookup ---- */

/* RtlGetFunctionTableListHead - the list, for a debugger: DYNAMIC_FUNCTION_TABLE as in phnt. */
PLIST_ENTRY NTAPI RtlGetFunctionTableListHead(VOID) {
    return &RtlpDynamicFunctionTable;
}

static PRUNTIME_FUNCTION RtlpSearchDynamicTable(_In_ PDYNAMIC_FUNCTION_TABLE Table,
                                                _In_ ULONG Rva) {
    PRUNTIME_FUNCTION Entry = Table->FunctionTable;

    if (Table->Type != RF_UNSORTED) {
        return RtlpSearchFunctionTable(Entry, Table->EntryCount, Rva);
    }
    for (ULONG i = 0; i < Table->EntryCount; i++) {
        if (Rva >= Entry[i].BeginAddress && Rva < Entry[i].EndAddress) {
            return &Entry[i];
        }
    }
    return NULL;
}

static PDYNAMIC_FUNCTION_TABLE RtlpFindDynamicTable(_In_ ULONG64 ControlPc) {
    for (PLIST_ENTRY Link = RtlpDynamicFunctionTable.Flink; Link != &RtlpDynamicFunctionTable;
         Link = Link->Flink) {
        PDYNAMIC_FUNCTION_TABLE Table = CONTAINING_RECORD(Link, DYNAMIC_FUNCTION_TABLE, ListEntry);

        if (ControlPc >= Table->MinimumAddress && ControlPc < Table->MaximumAddress) {
            return Table;
        }
    }
    return NULL;
}

/* RtlpLookupDynamicFunctionEntry - the unwinder's question; see rtlexcept.h. */
PRUNTIME_FUNCTION NTAPI RtlpLookupDynamicFunctionEntry(_In_ ULONG64 ControlPc,
                                                       _Out_ PULONG64 ImageBase) {
    PGET_RUNTIME_FUNCTION_CALLBACK Callback = NULL;
    PRUNTIME_FUNCTION Entry = NULL;
    PDYNAMIC_FUNCTION_TABLE Table;
    PVOID Context = NULL;

    *ImageBase = 0;
    if (__atomic_load_n(&RtlpDynamicFunctionTable.Flink, __ATOMIC_ACQUIRE) ==
        &RtlpDynamicFunctionTable) {
        return NULL;
    }
    RtlAcquireSRWLockShared(&RtlpDynamicFunctionLock);
    Table = RtlpFindDynamicTable(ControlPc);
    if (Table != NULL) {
        *ImageBase = Table->BaseAddress;
        Callback = Table->Callback;
        Context = Table->Context;
        if (Callback == NULL) {
            Entry = RtlpSearchDynamicTable(Table, (ULONG)(ControlPc - Table->BaseAddress));
        }
    }
    RtlReleaseSRWLockShared(&RtlpDynamicFunctionLock);
    return Callback != NULL ? Callback(ControlPc, Context) : Entry;
}
