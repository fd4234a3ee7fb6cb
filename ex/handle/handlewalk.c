/*
 * handlewalk.c - what is done with all handles of a table: enumerate, sweep, duplicate
 *
 * A walk goes up through the handle values, leaf by leaf. It holds no lock on the table: handles
 * that are made or closed meanwhile may or may not be seen, every other handle is seen exactly
 * once.
 */
#include "exp.h"

/* The entry of handle Value, or of the first value above it that can be one; NULL at the end. */
static PHANDLE_TABLE_ENTRY ExpNextEntry(PHANDLE_TABLE HandleTable, PULONG Value) {
    if (*Value % LEAF_SPAN == 0) {
        *Value += HANDLE_VALUE_INC; /* entry 0 of each leaf is reserved */
    }
    return ExLookupHandleTableEntry(HandleTable, (HANDLE)(ULONG_PTR)*Value);
}

/*
 * Calls EnumRoutine for every handle, with its entry locked, until it returns TRUE. Then, and only
 * then, the result is TRUE, and *Handle the handle. IRQL <= APC_LEVEL, in a critical region.
 */
BOOLEAN ExEnumHandleTable(_In_ PHANDLE_TABLE HandleTable,
                          _In_ EX_ENUMERATE_HANDLE_ROUTINE EnumRoutine, _In_opt_ PVOID Parameter,
                          _Out_opt_ PHANDLE Handle) {
    PHANDLE_TABLE_ENTRY Entry;
    for (ULONG Value = 0; (Entry = ExpNextEntry(HandleTable, &Value)) != NULL;
         Value += HANDLE_VALUE_INC) {
        if (Entry->VolatileLowValue == 0 || !ExLockHandleTableEntry(HandleTable, Entry)) {
            continue;
        }
        BOOLEAN Found = EnumRoutine(HandleTable, Entry, (HANDLE)(ULONG_PTR)Value, Parameter);
        ExUnlockHandleTableEntry(HandleTable, Entry);
        if (Found) {
            if (Handle != NULL) {
                *Handle = (HANDLE)(ULONG_PTR)Value;
            }
            return TRUE;
        }
    }
    return FALSE;
}

/*
 * Destroys every handle and calls Routine for each when it is gone: the end of a process. A handle
 * that another thread destroys at the same time is that thread's. IRQL <= APC_LEVEL, in a critical
 * region.
 */
VOID ExSweepHandleTable(_Inout_ PHANDLE_TABLE HandleTable, _In_ EX_SWEEP_HANDLE_ROUTINE Routine,
                        _In_opt_ PVOID Parameter) {
    PHANDLE_TABLE_ENTRY Entry;
    for (ULONG Value = 0; (Entry = ExpNextEntry(HandleTable, &Value)) != NULL;
         Value += HANDLE_VALUE_INC) {
        if (Entry->VolatileLowValue == 0 || !ExLockHandleTableEntry(HandleTable, Entry)) {
            continue;
        }
        HANDLE_TABLE_ENTRY Copy = *Entry;
        HANDLE Handle = (HANDLE)(ULONG_PTR)Value;
        ExDestroyHandle(HandleTable, Handle, Entry);
        Routine(HandleTable, &Copy, Handle, Parameter);
    }
}

/* Copies one handle if it is to be inherited; TRUE if the copy is in use. */
static BOOLEAN ExpDupEntry(struct _EPROCESS *Process, PHANDLE_TABLE OldHandleTable,
                           PHANDLE_TABLE_ENTRY Old, PHANDLE_TABLE_ENTRY New,
                           EX_DUPLICATE_HANDLE_ROUTINE DuplicateRoutine, ULONG AttributesMask) {
    if (Old == NULL || Old->VolatileLowValue == 0 || !ExLockHandleTableEntry(OldHandleTable, Old)) {
        return FALSE;
    }
    BOOLEAN Copied = FALSE;
    if ((Old->Attributes & AttributesMask) != 0) {
        *New = *Old;
        Copied = DuplicateRoutine(Process, OldHandleTable, Old, New);
    }
    ExUnlockHandleTableEntry(OldHandleTable, Old);
    New->VolatileLowValue = Copied ? New->LowValue | EXHANDLE_TABLE_ENTRY_LOCK_BIT : 0;
    return Copied;
}

/*
 * A new table for a child process: it holds the handles that have one of the attributes in
 * AttributesMask, under the same values; DuplicateRoutine takes what each copy owns. NULL without
 * memory.
 *
 * All memory comes first, then the handles: so there is nothing to undo. Handles made in the old
 * table after the new one got its size are not inherited, as if they had been made after the call.
 * IRQL <= APC_LEVEL, in a critical region.
 */
PHANDLE_TABLE ExDupHandleTable(_In_opt_ struct _EPROCESS *Process,
                               _In_ PHANDLE_TABLE OldHandleTable,
                               _In_ EX_DUPLICATE_HANDLE_ROUTINE DuplicateRoutine,
                               _In_ ULONG AttributesMask) {
    PHANDLE_TABLE NewTable = ExpAllocateHandleTable(Process);
    if (NewTable == NULL) {
        return NULL;
    }
    ULONG Limit = OldHandleTable->NextHandleNeedingPool;
    while (NewTable->NextHandleNeedingPool < Limit) {
        if (!ExpGrowHandleTable(NewTable, TRUE)) {
            ExpFreeHandleTable(NewTable);
            return NULL;
        }
    }
    PHANDLE_TABLE_FREE_LIST FreeList = &NewTable->FreeLists[0];
    FreeList->FirstFreeHandleEntry = FreeList->LastFreeHandleEntry = NULL;
    PHANDLE_TABLE_ENTRY New;
    for (ULONG Value = 0; (New = ExpNextEntry(NewTable, &Value)) != NULL;
         Value += HANDLE_VALUE_INC) {
        PHANDLE_TABLE_ENTRY Old =
            ExLookupHandleTableEntry(OldHandleTable, (HANDLE)(ULONG_PTR)Value);
        if (ExpDupEntry(Process, OldHandleTable, Old, New, DuplicateRoutine, AttributesMask)) {
            FreeList->HandleCount++;
        } else {
            ExpAppendFreeEntry(FreeList, New);
        }
    }
    FreeList->HighWaterMark = (ULONG)FreeList->HandleCount;
    NewTable->Duplicated = 1;
    ExpInsertHandleTable(NewTable);
    return NewTable;
}
