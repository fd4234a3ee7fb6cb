/*
 * obprocess.c - the handle tables of processes
 *
 * A process gets its table when it is created, and loses it when its last thread has gone. In
 * between others may want to look into it (to duplicate a handle, to list handles); they hold the
 * process's rundown protection meanwhile.
 */
#include "obp.h"

/* A handle is inherited: the copy owns a reference and a handle count of its own. Called with the
 * old entry locked. */
static BOOLEAN ObpInheritHandle(PEPROCESS Process, PHANDLE_TABLE OldTable,
                                PHANDLE_TABLE_ENTRY OldEntry, PHANDLE_TABLE_ENTRY NewEntry) {
    POBJECT_HEADER Header = ExGetHandlePointer(OldEntry);
    ACCESS_MASK Access = OldEntry->GrantedAccessBits;
    if (!NT_SUCCESS(ObpIncrementHandleCount(ObInheritHandle, Process, Header->Body, &Access,
                                            UserMode, OldEntry->Attributes))) {
        return FALSE;
    }
    ObfReferenceObjectWithTag(Header->Body, OBP_TAG_OF_HANDLE);
    NewEntry->GrantedAccessBits = Access;
    return TRUE;
}

NTSTATUS ObInitProcess(_In_opt_ struct _EPROCESS *Parent, _Inout_ struct _EPROCESS *Process) {
    PHANDLE_TABLE Table;
    if (Parent == NULL) {
        Table = ExCreateHandleTable(Process);
    } else if (!ExAcquireRundownProtection(&Parent->RundownProtect)) {
        return STATUS_PROCESS_IS_TERMINATING;
    } else {
        KeEnterCriticalRegion();
        Table = Parent->ObjectTable == NULL
                    ? NULL
                    : ExDupHandleTable(Process, Parent->ObjectTable, ObpInheritHandle, OBJ_INHERIT);
        KeLeaveCriticalRegion();
        ExReleaseRundownProtection(&Parent->RundownProtect);
    }
    if (Table == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Table->UniqueProcessId = (ULONG)(ULONG_PTR)Process->UniqueProcessId;
    Process->ObjectTable = Table;
    return STATUS_SUCCESS;
}

static VOID ObpSweepHandle(PHANDLE_TABLE Table, const HANDLE_TABLE_ENTRY *Entry, HANDLE Handle,
                           PVOID Process) {
    ObpReleaseHandle(Process, ExGetHandlePointer(Entry));
}

/* Protection from closing does not count here. A second call finds nothing to do. PASSIVE_LEVEL. */
VOID ObKillProcess(_Inout_ struct _EPROCESS *Process) {
    ExWaitForRundownProtectionRelease(&Process->RundownProtect);
    PHANDLE_TABLE Table = InterlockedExchangePointer(&Process->ObjectTable, NULL);
    if (Table == NULL) {
        return;
    }
    KeEnterCriticalRegion();
    ExSweepHandleTable(Table, ObpSweepHandle, Process);
    KeLeaveCriticalRegion();
    ExDestroyHandleTable(Table);
}

ULONG ObGetProcessHandleCount(_In_ struct _EPROCESS *Process) {
    ULONG Count = 0;
    if (ExAcquireRundownProtection(&Process->RundownProtect)) {
        if (Process->ObjectTable != NULL) {
            Count = ExGetHandleTableCount(Process->ObjectTable);
        }
        ExReleaseRundownProtection(&Process->RundownProtect);
    }
    return Count;
}
