/*
 * ntobj.c - services on handles, whatever they lead to: close, compare, permanent, temporary, flags
 */
#include "obp.h"
#include "ntapi.h"

/* STATUS_INVALID_HANDLE, STATUS_HANDLE_NOT_CLOSABLE. Source: WDK, ZwClose. */
NTSTATUS NTAPI NtClose(_In_ HANDLE Handle) {
    return ObCloseHandle(Handle, ExGetPreviousMode());
}

/*
 * Do two handles lead to the same object? STATUS_SUCCESS or STATUS_NOT_SAME_OBJECT. Needs no
 * access. Source: Windows SDK, CompareObjectHandles.
 */
NTSTATUS NTAPI NtCompareObjects(_In_ HANDLE FirstObjectHandle, _In_ HANDLE SecondObjectHandle) {
    PVOID First, Second;
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    NTSTATUS Status = ObReferenceObjectByHandle(FirstObjectHandle, 0, NULL, Mode, &First, NULL);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObReferenceObjectByHandle(SecondObjectHandle, 0, NULL, Mode, &Second, NULL);
    if (NT_SUCCESS(Status)) {
        Status = First == Second ? STATUS_SUCCESS : STATUS_NOT_SAME_OBJECT;
        ObfDereferenceObject(Second);
    }
    ObfDereferenceObject(First);
    return Status;
}

/* Takes the permanence from an object; needs DELETE. Source: WDK, ZwMakeTemporaryObject. */
NTSTATUS NTAPI NtMakeTemporaryObject(_In_ HANDLE Handle) {
    PVOID Object;
    NTSTATUS Status =
        ObReferenceObjectByHandle(Handle, DELETE, NULL, ExGetPreviousMode(), &Object, NULL);
    if (NT_SUCCESS(Status)) {
        ObMakeTemporaryObject(Object);
        ObfDereferenceObject(Object);
    }
    return Status;
}

/* Makes an object outlive its handles. The privilege (SeCreatePermanent) is everybody's so far. */
NTSTATUS NTAPI NtMakePermanentObject(_In_ HANDLE Handle) {
    PVOID Object;
    NTSTATUS Status =
        ObReferenceObjectByHandle(Handle, 0, NULL, ExGetPreviousMode(), &Object, NULL);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    KeEnterCriticalRegion();
    ObpLockObject(Header);
    if (OBJECT_HEADER_TO_NAME_INFO(Header) != NULL) {
        Header->Flags |= OB_FLAG_PERMANENT_OBJECT; /* without a name it could never go */
    }
    ObpUnlockObject(Header);
    KeLeaveCriticalRegion();
    ObfDereferenceObject(Object);
    return STATUS_SUCCESS;
}

static NTSTATUS ObpSetHandleFlags(PHANDLE_TABLE_ENTRY Entry, PVOID Parameter) {
    const OBJECT_HANDLE_FLAG_INFORMATION *Flags = Parameter;
    POBJECT_HEADER Header = ExGetHandlePointer(Entry);
    ULONG Attributes = Entry->Attributes & OBJ_AUDIT_OBJECT_CLOSE;
    if (Flags->Inherit) {
        if ((ObpGetObjectType(Header)->TypeInfo.InvalidAttributes & OBJ_INHERIT) != 0) {
            return STATUS_INVALID_PARAMETER;
        }
        Attributes |= OBJ_INHERIT;
    }
    if (Flags->ProtectFromClose) {
        Attributes |= OBJ_PROTECT_CLOSE;
    }
    Entry->Attributes = Attributes;
    return STATUS_SUCCESS;
}

/*
 * Sets the flags of a handle (ObjectHandleFlagInformation). STATUS_INVALID_INFO_CLASS,
 * STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_HANDLE, STATUS_ACCESS_DENIED (a pseudo handle).
 * Source: phnt.
 */
NTSTATUS NTAPI NtSetInformationObject(_In_ HANDLE Handle,
                                      _In_ OBJECT_INFORMATION_CLASS ObjectInformationClass,
                                      _In_ PVOID ObjectInformation,
                                      _In_ ULONG ObjectInformationLength) {
    OBJECT_HANDLE_FLAG_INFORMATION Flags;
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    if (ObjectInformationClass != ObjectHandleFlagInformation) {
        return STATUS_INVALID_INFO_CLASS;
    }
    if (ObjectInformationLength != sizeof(Flags)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    __try {
        CopyFromUser(&Flags, ObjectInformation, sizeof(Flags));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    if (Handle == NtCurrentProcess() || Handle == NtCurrentThread()) {
        return STATUS_ACCESS_DENIED; /* no entry holds their flags */
    }
    if (ObpIsPseudoHandle(Handle)) {
        return STATUS_INVALID_HANDLE;
    }
    PHANDLE_TABLE Table = ObpSelectHandleTable(&Handle, Mode);
    KeEnterCriticalRegion();
    NTSTATUS Status = ExChangeHandle(Table, Handle, ObpSetHandleFlags, &Flags);
    KeLeaveCriticalRegion();
    return Status;
}
