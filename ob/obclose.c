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

static NTSTATUS ObpCloseTableEntry(PHANDLE_TABLE Table, PHANDLE_TABLE_ENTRY Entry, HANDLE Value,
                                   HANDLE Handle, KPROCESSOR_MODE PreviousMode) {
    PKTHREAD Thread = KeGetCurrentThread();
    KeEnterCriticalRegionThread(Thread);
    if (Entry == NULL ||
        (!ExTryLockHandleTableEntry(Entry) && !ExLockHandleTableEntry(Table, Entry))) {
        KeLeaveCriticalRegionThread(Thread);
        return STATUS_INVALID_HANDLE;
    }
    POBJECT_HEADER Header = ExGetHandlePointer(Entry);
    if (!ObpMayClose(Header, Entry, Handle, PreviousMode)) {
        ExUnlockHandleTableEntry(Table, Entry);
        KeLeaveCriticalRegionThread(Thread);
        return STATUS_HANDLE_NOT_CLOSABLE;
    }
    ExDestroyHandle(Table, Value, Entry);
    KeLeaveCriticalRegionThread(Thread);
    ObpReleaseHandle(PsGetCurrentProcess(), Header);
    return STATUS_SUCCESS;
}

/*
 * Closes a handle of the current process, or a kernel handle. Pseudo handles are left alone,
 * successfully. STATUS_INVALID_HANDLE, STATUS_HANDLE_NOT_CLOSABLE. IRQL <= APC_LEVEL. (WDK:
 * ObCloseHandle)
 */
NTSTATUS ObCloseHandle(_In_ HANDLE Handle, _In_ KPROCESSOR_MODE PreviousMode) {
    HANDLE Value = Handle;
    PHANDLE_TABLE Table = PsGetCurrentProcess()->ObjectTable;
    if ((LONG_PTR)Handle < 0) {
        if (ObpIsPseudoHandle(Handle)) {
            return STATUS_SUCCESS;
        }
        Table = ObpSelectHandleTable(&Value, PreviousMode);
    }
    if (Table == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    return ObpCloseTableEntry(Table, ExLookupHandleTableEntry(Table, Value), Value, Handle,
                              PreviousMode);
}
