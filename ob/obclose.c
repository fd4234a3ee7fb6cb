/*
 * obclose.c - closing handles
 *
 * The handle goes first, then what it held: from the moment its entry is free nobody can use the
 * handle, and whoever looked it up before has a reference of his own.
 */
#include "obp.h"

/* Asks whether the locked handle may be closed. */
static NTSTATUS ObpMayClose(PHANDLE_TABLE_ENTRY Entry, HANDLE Handle, KPROCESSOR_MODE Mode) {
    POBJECT_HEADER Header = ExGetHandlePointer(Entry);
    OB_OKAYTOCLOSE_METHOD OkayToClose = ObpGetObjectType(Header)->TypeInfo.OkayToCloseProcedure;
    if (OkayToClose != NULL && !OkayToClose(PsGetCurrentProcess(), Header->Body, Handle, Mode)) {
        return STATUS_HANDLE_NOT_CLOSABLE;
    }
    if ((Entry->Attributes & OBJ_PROTECT_CLOSE) != 0 && Mode != KernelMode) {
        return STATUS_HANDLE_NOT_CLOSABLE;
    }
    return STATUS_SUCCESS;
}

/*
 * Closes a handle of the current process, or a kernel handle. Pseudo handles are left alone,
 * successfully. STATUS_INVALID_HANDLE, STATUS_HANDLE_NOT_CLOSABLE. IRQL <= APC_LEVEL. (WDK:
 * ObCloseHandle)
 */
NTSTATUS ObCloseHandle(_In_ HANDLE Handle, _In_ KPROCESSOR_MODE PreviousMode) {
    if (ObpIsPseudoHandle(Handle)) {
        return STATUS_SUCCESS;
    }
    PEPROCESS Process = PsGetCurrentProcess();
    HANDLE Value = Handle;
    PHANDLE_TABLE Table = ObpSelectHandleTable(&Value, PreviousMode);
    KeEnterCriticalRegion();
    PHANDLE_TABLE_ENTRY Entry = Table != NULL ? ExMapHandleToPointer(Table, Value) : NULL;
    if (Entry == NULL) {
        KeLeaveCriticalRegion();
        return STATUS_INVALID_HANDLE;
    }
    NTSTATUS Status = ObpMayClose(Entry, Handle, PreviousMode);
    if (!NT_SUCCESS(Status)) {
        ExUnlockHandleTableEntry(Table, Entry);
        KeLeaveCriticalRegion();
        return Status;
    }
    HANDLE_TABLE_ENTRY Copy = *Entry;
    ExDestroyHandle(Table, Value, Entry);
    KeLeaveCriticalRegion();
    ObpReleaseHandle(Process, &Copy);
    return STATUS_SUCCESS;
}
