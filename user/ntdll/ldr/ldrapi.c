/*
 * ldrapi.c - the loader as programs call it
 *
 * Each function takes the loader's lock, which may be held already (in a DllMain), and does what it
 * must through the files beside it.
 */

#include "ntdllp.h"

static VOID LdrpLock(VOID) {
    RtlEnterCriticalSection(&LdrpLoaderLock);
}

static VOID LdrpUnlock(VOID) {
    RtlLeaveCriticalSection(&LdrpLoaderLock);
}

/*
 * LdrLoadDll - maps, binds and initialises a DLL, or adds a reference if it is loaded.
 *
 * SearchPath, DllCharacteristics: accepted, not used. DllName: a path or a bare name.
 * STATUS_SUCCESS, STATUS_DLL_NOT_FOUND, STATUS_DLL_INIT_FAILED, or what binding gave.
 */
NTSTATUS NTAPI LdrLoadDll(_In_opt_ PWSTR SearchPath, _In_opt_ PULONG DllCharacteristics,
                          _In_ PUNICODE_STRING DllName, _Out_ PVOID *DllHandle) {
    PLDR_DATA_TABLE_ENTRY Entry = NULL;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(SearchPath);
    UNREFERENCED_PARAMETER(DllCharacteristics);
    LdrpLock();
    Status = LdrpLoadModule(DllName, NULL, &Entry);
    if (NT_SUCCESS(Status)) {
        LdrpReference(Entry);
        Status = LdrpRunInitializeRoutines(NULL);
        if (!NT_SUCCESS(Status)) {
            LdrpDereference(Entry);
        }
    }
    *DllHandle = NT_SUCCESS(Status) ? Entry->DllBase : NULL;
    LdrpUnlock();
    return Status;
}

/* LdrUnloadDll - drops a reference that LdrLoadDll gave; the last one unloads the DLL. */
NTSTATUS NTAPI LdrUnloadDll(_In_ PVOID DllHandle) {
    PLDR_DATA_TABLE_ENTRY Entry;

    LdrpLock();
    Entry = LdrpFindByBase(DllHandle);
    if (Entry != NULL && !NtCurrentPeb()->Ldr->ShutdownInProgress) {
        LdrpDereference(Entry);
    }
    LdrpUnlock();
    return Entry != NULL ? STATUS_SUCCESS : STATUS_DLL_NOT_FOUND;
}

/* LdrAddRefDll - one more reference; Flags LDR_ADDREF_DLL_PIN keeps the DLL for good. */
NTSTATUS NTAPI LdrAddRefDll(_In_ ULONG Flags, _In_ PVOID DllHandle) {
    PLDR_DATA_TABLE_ENTRY Entry;

    if (Flags & ~LDR_ADDREF_DLL_PIN) {
        return STATUS_INVALID_PARAMETER;
    }
    LdrpLock();
    Entry = LdrpFindByBase(DllHandle);
    if (Entry != NULL && (Flags & LDR_ADDREF_DLL_PIN)) {
        Entry->DdagNode->LoadCount = LDRP_PINNED;
    } else if (Entry != NULL) {
        LdrpReference(Entry);
    }
    LdrpUnlock();
    return Entry != NULL ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

/*
 * LdrGetDllHandleEx - the base of a DLL that is loaded.
 *
 * Flags: LDR_GET_DLL_HANDLE_EX_UNCHANGED_REFCOUNT, LDR_GET_DLL_HANDLE_EX_PIN; 0 adds a reference.
 * STATUS_DLL_NOT_FOUND if it is not loaded.
 */
NTSTATUS NTAPI LdrGetDllHandleEx(_In_ ULONG Flags, _In_opt_ PWSTR DllPath,
                                 _In_opt_ PULONG DllCharacteristics, _In_ PUNICODE_STRING DllName,
                                 _Out_opt_ PVOID *DllHandle) {
    PLDR_DATA_TABLE_ENTRY Entry;

    UNREFERENCED_PARAMETER(DllPath);
    UNREFERENCED_PARAMETER(DllCharacteristics);
    LdrpLock();
    Entry = LdrpFindLoaded(DllName);
    if (Entry != NULL && (Flags & LDR_GET_DLL_HANDLE_EX_PIN)) {
        Entry->DdagNode->LoadCount = LDRP_PINNED;
    } else if (Entry != NULL && !(Flags & LDR_GET_DLL_HANDLE_EX_UNCHANGED_REFCOUNT)) {
        LdrpReference(Entry);
    }
    if (DllHandle != NULL) {
        *DllHandle = Entry != NULL ? Entry->DllBase : NULL;
    }
    LdrpUnlock();
    return Entry != NULL ? STATUS_SUCCESS : STATUS_DLL_NOT_FOUND;
}

/* LdrGetDllHandle - the same, without adding a reference. */
NTSTATUS NTAPI LdrGetDllHandle(_In_opt_ PWSTR DllPath, _In_opt_ PULONG DllCharacteristics,
                               _In_ PUNICODE_STRING DllName, _Out_ PVOID *DllHandle) {
    return LdrGetDllHandleEx(LDR_GET_DLL_HANDLE_EX_UNCHANGED_REFCOUNT, DllPath, DllCharacteristics,
                             DllName, DllHandle);
}

/* A counted name as the C string that export tables have. */
static NTSTATUS LdrpCopyProcedureName(_In_ PCANSI_STRING Name, _Out_writes_(Size) PSTR Buffer,
                                      _In_ SIZE_T Size) {
    if (Name->Length >= Size) {
        return STATUS_NAME_TOO_LONG;
    }
    RtlCopyMemory(Buffer, Name->Buffer, Name->Length);
    Buffer[Name->Length] = 0;
    return STATUS_SUCCESS;
}

/*
 * LdrGetProcedureAddress - an export's address, by name if Name is given and not empty, else by
 * ordinal.
 *
 * STATUS_ENTRYPOINT_NOT_FOUND or STATUS_ORDINAL_NOT_FOUND if there is no such export;
 * STATUS_DLL_NOT_FOUND if DllHandle is no DLL; STATUS_INVALID_PARAMETER if neither is given.
 */
NTSTATUS NTAPI LdrGetProcedureAddress(_In_ PVOID DllHandle, _In_opt_ PANSI_STRING Name,
                                      _In_opt_ ULONG Ordinal, _Out_ PVOID *Address) {
    PLDR_DATA_TABLE_ENTRY Entry;
    BOOLEAN ByName = Name != NULL && Name->Length != 0;
    CHAR Buffer[512];
    NTSTATUS Status = STATUS_SUCCESS;

    if (!ByName && Ordinal == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (ByName) {
        Status = LdrpCopyProcedureName(Name, Buffer, sizeof(Buffer));
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    LdrpLock();
    Entry = LdrpFindByBase(DllHandle);
    Status = Entry == NULL ? STATUS_DLL_NOT_FOUND
                           : LdrpResolveExport(Entry, ByName ? Buffer : NULL, 0, Ordinal, Address);
    if (NT_SUCCESS(Status)) {
        Status = LdrpRunInitializeRoutines(NULL); /* of what a forwarder may have loaded */
    }
    LdrpUnlock();
    return Status;
}

/* LdrDisableThreadCalloutsForDll - the DLL does not want to hear of threads. Not with static TLS.
 */
NTSTATUS NTAPI LdrDisableThreadCalloutsForDll(_In_ PVOID DllHandle) {
    PLDR_DATA_TABLE_ENTRY Entry;
    NTSTATUS Status = STATUS_DLL_NOT_FOUND;

    LdrpLock();
    Entry = LdrpFindByBase(DllHandle);
    if (Entry != NULL && Entry->TlsIndex == 0) {
        Entry->Flags |= LDRP_DONT_CALL_FOR_THREADS;
        Status = STATUS_SUCCESS;
    }
    LdrpUnlock();
    return Status;
}

/* LdrFindEntryForAddress - the loader's entry of the image that an address lies in. */
NTSTATUS NTAPI LdrFindEntryForAddress(_In_ PVOID Address, _Out_ PLDR_DATA_TABLE_ENTRY *Entry) {
    LdrpLock();
    *Entry = LdrpFindByAddress(Address);
    LdrpUnlock();
    return *Entry != NULL ? STATUS_SUCCESS : STATUS_NO_MORE_ENTRIES;
}

#define LDR_LOCK_RAISE_ON_ERRORS 1
#define LDR_LOCK_TRY_ONLY        2
#define LDR_LOCK_LOCKED          1
#define LDR_LOCK_NOT_LOCKED      2

static NTSTATUS LdrpLockError(_In_ ULONG Flags, _In_ NTSTATUS Status) {
    if (Flags & LDR_LOCK_RAISE_ON_ERRORS) {
        RtlRaiseStatus(Status);
    }
    return Status;
}

/* LdrLockLoaderLock, LdrUnlockLoaderLock - hold the loader's lock; the cookie proves who did. */
NTSTATUS NTAPI LdrLockLoaderLock(_In_ ULONG Flags, _Out_opt_ PULONG Disposition,
                                 _Out_ PULONG_PTR Cookie) {
    BOOLEAN Locked = TRUE;

    if (Cookie == NULL || (Flags & ~(LDR_LOCK_RAISE_ON_ERRORS | LDR_LOCK_TRY_ONLY)) != 0) {
        return LdrpLockError(Flags, Cookie == NULL ? STATUS_INVALID_PARAMETER_3
                                                   : STATUS_INVALID_PARAMETER_1);
    }
    if ((Flags & LDR_LOCK_TRY_ONLY) && Disposition == NULL) {
        return LdrpLockError(Flags, STATUS_INVALID_PARAMETER_2);
    }
    *Cookie = 0;
    if (Flags & LDR_LOCK_TRY_ONLY) {
        Locked = (BOOLEAN)RtlTryEnterCriticalSection(&LdrpLoaderLock);
    } else {
        LdrpLock();
    }
    if (Disposition != NULL) {
        *Disposition = Locked ? LDR_LOCK_LOCKED : LDR_LOCK_NOT_LOCKED;
    }
    if (Locked) {
        *Cookie = (ULONG_PTR)NtCurrentTeb()->ClientId.UniqueThread;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI LdrUnlockLoaderLock(_In_ ULONG Flags, _In_ ULONG_PTR Cookie) {
    if (Flags & ~LDR_LOCK_RAISE_ON_ERRORS) {
        return LdrpLockError(Flags, STATUS_INVALID_PARAMETER_1);
    }
    if (Cookie != 0 && Cookie != (ULONG_PTR)NtCurrentTeb()->ClientId.UniqueThread) {
        return LdrpLockError(Flags, STATUS_INVALID_PARAMETER_2);
    }
    if (Cookie != 0) {
        LdrpUnlock();
    }
    return STATUS_SUCCESS;
}
