/*
 * obclose.c - closing handles
 *
 * The handle goes first, then what it held: from the moment its entry is free nobody can use the
 * handle, and whoever looked it up before has a reference of his own.
 */
#include "obp.h"

/* Somebody else may have a say: the type's okay-to-close procedure, or the handle's protection. */
FORCEINLINE BOOLEAN ObpIsGuarded(POBJECT_TYPE Type, PHANDLE_TABLE_ENTRY Entry) {
    return Type->TypeInfo.OkayToCloseProcedure != NULL ||
           (Entry->Attributes & OBJ_PROTECT_CLOSE) != 0;
}

/* May the locked, guarded handle be closed? */
static __attribute__((noinline)) BOOLEAN ObpMayClose(POBJECT_HEADER Header,
                                                     PHANDLE_TABLE_ENTRY Entry, HANDLE Handle,
                                                     KPROCESSOR_MODE Mode) {
    OB_OKAYTOCLOSE_METHOD OkayToClose = ObpGetObjectType(Header)->TypeInfo.OkayToCloseProcedure;
    if (OkayToClose != NULL && !OkayToClose(PsGetCurrentProcess(), Header->Body, Handle, Mode)) {
        return FALSE;
    }
    return (Entry->Attributes & OBJ_PROTECT_CLOSE) == 0 || Mode == KernelMode;
}

/* Closes the handle of a locked entry, whose LowValue is Value; leaves the critical region. */
FORCEINLINE NTSTATUS ObpCloseEntry(PKTHREAD Thread, PHANDLE_TABLE Table, PHANDLE_TABLE_ENTRY Entry,
                                   LONGLONG Value, HANDLE Handle, KPROCESSOR_MODE Mode) {
    POBJECT_HEADER Header = ExGetValuePointer(Value);
    POBJECT_TYPE Type = ObpGetObjectType(Header);
    if (ObpIsGuarded(Type, Entry) && !ObpMayClose(Header, Entry, Handle, Mode)) {
        ExUnlockHandleTableEntry(Table, Entry);
        KeLeaveCriticalRegionThread(Thread);
        return STATUS_HANDLE_NOT_CLOSABLE;
    }
    ExFreeLockedHandle(Table, Entry);
    KeLeaveCriticalRegionThread(Thread);
    if (!ObpClosesPlainly(Header, Type)) {
        ObpReleaseHandle(Table == ObpKernelHandleTable ? PsInitialSystemProcess
                                                       : (PEPROCESS)Thread->ApcState.Process,
                         Header);
        return STATUS_SUCCESS;
    }
    InterlockedDecrement(&ObpCountsOf(Type)->Handles);
    if (InterlockedDecrement64(&Header->HandleCount) == 0 &&
        (Header->InfoMask & OB_INFOMASK_NAME) != 0) {
        ObpDeleteNameCheck(Header->Body);
    }
    ObpTrace(Header, -1, OBP_TAG_OF_HANDLE);
    if (InterlockedDecrement64(&Header->PointerCount) == 0) {
        ObpDeleteUnreferenced(Header);
    }
    return STATUS_SUCCESS;
}

/* Every case but the common one: pseudo and kernel handles, bad handles, locked entries. */
static __attribute__((noinline)) NTSTATUS ObpCloseHandle(HANDLE Handle, KPROCESSOR_MODE Mode) {
    if (ObpIsPseudoHandle(Handle)) {
        return STATUS_SUCCESS;
    }
    HANDLE Value = Handle;
    PHANDLE_TABLE Table = ObpSelectHandleTable(&Value, Mode);
    KeEnterCriticalRegion();
    PHANDLE_TABLE_ENTRY Entry = Table != NULL ? ExMapHandleToPointer(Table, Value) : NULL;
    if (Entry == NULL) {
        KeLeaveCriticalRegion();
        return STATUS_INVALID_HANDLE;
    }
    return ObpCloseEntry(KeGetCurrentThread(), Table, Entry, Entry->LowValue, Handle, Mode);
}

/*
 * Closes a handle of the current process, or a kernel handle. Pseudo handles are left alone,
 * successfully. STATUS_INVALID_HANDLE, STATUS_HANDLE_NOT_CLOSABLE. IRQL <= APC_LEVEL. (WDK:
 * ObCloseHandle)
 */
NTSTATUS ObCloseHandle(_In_ HANDLE Handle, _In_ KPROCESSOR_MODE PreviousMode) {
    PKTHREAD Thread = KeGetCurrentThread();
    PHANDLE_TABLE Table;
    PHANDLE_TABLE_ENTRY Entry;
    LONGLONG Value;
    if (ObpLockPlainHandle(Thread, Handle, &Table, &Entry, &Value)) {
        return ObpCloseEntry(Thread, Table, Entry, Value, Handle, PreviousMode);
    }
    return ObpCloseHandle(Handle, PreviousMode);
}
