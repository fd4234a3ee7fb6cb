/*
 * obclose.c - closing handles
 *
 * The handle goes first, then what it held: from the moment its entry is free nobody can use the
 * handle, and whoever looked it up before has a reference of his own.
 */
#include "obp.h"

/* May the locked handle be closed? */
static BOOLEAN ObpMayClose(POBJECT_HEADER Header, PHANDLE_TABLE_ENTRY Entry, HANDLE Handle,
                           KPROCESSOR_MODE Mode) {
    OB_OKAYTOCLOSE_METHOD OkayToClose = ObpGetObjectType(Header)->TypeInfo.OkayToCloseProcedure;
    if (OkayToClose != NULL && !OkayToClose(PsGetCurrentProcess(), Header->Body, Handle, Mode)) {
        return FALSE;
    }
    return (Entry->Attributes & OBJ_PROTECT_CLOSE) == 0 || Mode == KernelMode;
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
    HANDLE Value = Handle;
    PHANDLE_TABLE Table = ObpSelectHandleTable(&Value, PreviousMode);
    KeEnterCriticalRegion();
    PHANDLE_TABLE_ENTRY Entry = Table != NULL ? ExMapHandleToPointer(Table, Value) : NULL;
    if (Entry == NULL) {
        KeLeaveCriticalRegion();
        return STATUS_INVALID_HANDLE;
    }
    POBJECT_HEADER Header = ExGetHandlePointer(Entry);
    if (!ObpMayClose(Header, Entry, Handle, PreviousMode)) {
        ExUnlockHandleTableEntry(Table, Entry);
        KeLeaveCriticalRegion();
        return STATUS_HANDLE_NOT_CLOSABLE;
    }
    ExDestroyHandle(Table, Value, Entry);
    KeLeaveCriticalRegion();
    ObpReleaseHandle(PsGetCurrentProcess(), Header);
    return STATUS_SUCCESS;
}
