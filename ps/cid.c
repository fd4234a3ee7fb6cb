/*
 * Client ids: numbers for processes and threads, out of one table.
 *
 * PspCidTable is a handle table whose "handles" are the ids and whose entries point to the objects
 * without a reference: an object takes its id out before it goes away, and who looks an id up
 * takes a reference while the entry is locked, if the object is not being deleted already.
 */
#include "psp.h"

PHANDLE_TABLE PspCidTable;

BOOLEAN PspInitializeCidTable(VOID) {
    PspCidTable = ExCreateHandleTable(NULL);
    if (!PspCidTable)
        return FALSE;
    ExSetHandleTableStrictFIFO(PspCidTable); /* an id is used again as late as possible */
    ExRemoveHandleTable(PspCidTable);
    return TRUE;
}

HANDLE PspCreateCid(PVOID Object) {
    HANDLE_TABLE_ENTRY Entry = {0};
    ExSetHandlePointer(&Entry, Object, 0);
    KeEnterCriticalRegion();
    HANDLE Id = ExCreateHandle(PspCidTable, &Entry);
    KeLeaveCriticalRegion();
    return Id;
}

VOID PspDeleteCid(HANDLE Id) {
    if (!Id)
        return;
    KeEnterCriticalRegion();
    ExDestroyHandle(PspCidTable, Id, NULL);
    KeLeaveCriticalRegion();
}

static NTSTATUS PspLookupCid(HANDLE Id, POBJECT_TYPE Type, PVOID *Object) {
    NTSTATUS Status = STATUS_INVALID_CID;
    KeEnterCriticalRegion();
    PHANDLE_TABLE_ENTRY Entry = ExMapHandleToPointer(PspCidTable, Id);
    if (Entry) {
        PVOID Found = ExGetHandlePointer(Entry);
        if (ObGetObjectType(Found) == Type && ObReferenceObjectSafe(Found)) {
            *Object = Found;
            Status = STATUS_SUCCESS;
        }
        ExUnlockHandleTableEntry(PspCidTable, Entry);
    }
    KeLeaveCriticalRegion();
    return Status;
}

NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS *Process) {
    return PspLookupCid(ProcessId, PsProcessType, (PVOID *)Process);
}

NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE ThreadId, PETHREAD *Thread) {
    NTSTATUS Status = PspLookupCid(ThreadId, PsThreadType, (PVOID *)Thread);
    return Status;
}

HANDLE NTAPI PsGetProcessId(PEPROCESS Process) {
    return Process->UniqueProcessId;
}
