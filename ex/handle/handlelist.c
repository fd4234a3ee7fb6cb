/*
 * handlelist.c - the list of all handle tables
 *
 * Every process's table is in HandleTableListHead, for those who ask for all handles of the system.
 * PspCidTable is taken out again by ExRemoveHandleTable: what it holds are ids, not handles.
 */
#include "exp.h"

static LIST_ENTRY HandleTableListHead = {&HandleTableListHead, &HandleTableListHead};
static EX_PUSH_LOCK HandleTableListLock;

/* Enters a table into the list. In a critical region. */
VOID ExpInsertHandleTable(_Inout_ PHANDLE_TABLE HandleTable) {
    PLIST_ENTRY Entry = &HandleTable->HandleTableList;
    ExAcquirePushLockExclusive(&HandleTableListLock);
    Entry->Flink = &HandleTableListHead;
    Entry->Blink = HandleTableListHead.Blink;
    HandleTableListHead.Blink->Flink = Entry;
    HandleTableListHead.Blink = Entry;
    ExReleasePushLockExclusive(&HandleTableListLock);
}

/* Takes a table out of the list; once more does no harm. IRQL <= APC_LEVEL. */
VOID ExRemoveHandleTable(_Inout_ PHANDLE_TABLE HandleTable) {
    PLIST_ENTRY Entry = &HandleTable->HandleTableList;
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&HandleTableListLock);
    Entry->Flink->Blink = Entry->Blink;
    Entry->Blink->Flink = Entry->Flink;
    Entry->Flink = Entry->Blink = Entry;
    ExReleasePushLockExclusive(&HandleTableListLock);
    KeLeaveCriticalRegion();
}

/* Makes an empty table; Process (may be NULL) is remembered for whoever lists handles. */
PHANDLE_TABLE ExCreateHandleTable(_In_opt_ struct _EPROCESS *Process) {
    KeEnterCriticalRegion();
    PHANDLE_TABLE HandleTable = ExpAllocateHandleTable(Process);
    if (HandleTable != NULL) {
        ExpInsertHandleTable(HandleTable);
    }
    KeLeaveCriticalRegion();
    return HandleTable;
}

/* Frees a table, which nobody uses any more and which has been swept. IRQL <= APC_LEVEL. */
VOID ExDestroyHandleTable(_In_ PHANDLE_TABLE HandleTable) {
    ExRemoveHandleTable(HandleTable);
    ExpFreeHandleTable(HandleTable);
}

/* Calls Callback for every table until it returns TRUE; no table goes away meanwhile. */
VOID ExEnumHandleTables(_In_ EX_SNAPSHOT_TABLE_ROUTINE Callback, _In_opt_ PVOID Parameter) {
    KeEnterCriticalRegion();
    ExAcquirePushLockShared(&HandleTableListLock);
    for (PLIST_ENTRY Entry = HandleTableListHead.Flink; Entry != &HandleTableListHead;
         Entry = Entry->Flink) {
        if (Callback(CONTAINING_RECORD(Entry, HANDLE_TABLE, HandleTableList), Parameter)) {
            break;
        }
    }
    ExReleasePushLockShared(&HandleTableListLock);
    KeLeaveCriticalRegion();
}
