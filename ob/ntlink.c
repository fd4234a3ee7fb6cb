/*
 * ntlink.c - services on symbolic links
 */
#include "obp.h"
#include "ntapi.h"

static NTSTATUS ObpInsertLink(POBJECT_ATTRIBUTES ObjectAttributes, PCUNICODE_STRING Target,
                              ACCESS_MASK DesiredAccess, PHANDLE LinkHandle) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    POBJECT_SYMBOLIC_LINK Link;
    HANDLE Handle;
    NTSTATUS Status = ObpMakeSymbolicLink(Mode, ObjectAttributes, Target, &Link);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObInsertObject(Link, NULL, DesiredAccess, 0, NULL, &Handle);
    return ObReturnHandle(LinkHandle, Handle, Status, Mode);
}

/*
 * Source: WDK, ZwCreateSymbolicLinkObject (phnt). STATUS_INVALID_PARAMETER for a target of odd
 * length, longer than its buffer, or empty.
 */
NTSTATUS NTAPI NtCreateSymbolicLinkObject(_Out_ PHANDLE LinkHandle, _In_ ACCESS_MASK DesiredAccess,
                                          _In_ POBJECT_ATTRIBUTES ObjectAttributes,
                                          _In_ PUNICODE_STRING LinkTarget) {
    UNICODE_STRING Header, Target;
    NTSTATUS Status = ObPrepareHandle(LinkHandle);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    __try {
        CopyFromUser(&Header, LinkTarget, sizeof(Header));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    Header.MaximumLength &= (USHORT)~1;
    if (Header.Length % sizeof(WCHAR) != 0 || Header.Length > Header.MaximumLength ||
        Header.MaximumLength == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    Status = ObpCaptureUserBuffer(&Header, &Target);
    if (NT_SUCCESS(Status)) {
        Status = ObpInsertLink(ObjectAttributes, &Target, DesiredAccess, LinkHandle);
        ObpFreeName(&Target);
    }
    return Status;
}

/* Source: WDK, ZwOpenSymbolicLinkObject. */
NTSTATUS NTAPI NtOpenSymbolicLinkObject(_Out_ PHANDLE LinkHandle, _In_ ACCESS_MASK DesiredAccess,
                                        _In_ POBJECT_ATTRIBUTES ObjectAttributes) {
    return ObOpenObjectHandle(LinkHandle, DesiredAccess, ObjectAttributes,
                              ObpSymbolicLinkObjectType);
}

/* Copies the target into the string that the caller gave, with a null behind it if there is room.
 */
static NTSTATUS ObpReturnTarget(PCUNICODE_STRING Target, PUNICODE_STRING LinkTarget,
                                PULONG ReturnedLength) {
    UNICODE_STRING Destination;
    __try {
        CopyFromUser(&Destination, LinkTarget, sizeof(Destination));
        ULONG Needed = Target->Length + (ReturnedLength != NULL ? sizeof(WCHAR) : 0);
        if (ReturnedLength != NULL) {
            WriteULongToUser(ReturnedLength, Needed);
        }
        if (Destination.MaximumLength < Needed) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        CopyToUser(Destination.Buffer, Target->Buffer, Target->Length);
        if (Destination.MaximumLength >= Target->Length + sizeof(WCHAR)) {
            WriteUShortToUser((PUCHAR)Destination.Buffer + Target->Length, 0);
        }
        WriteUShortToUser(&LinkTarget->Length, Target->Length);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* Needs SYMBOLIC_LINK_QUERY. STATUS_BUFFER_TOO_SMALL. Source: WDK, ZwQuerySymbolicLinkObject. */
NTSTATUS NTAPI NtQuerySymbolicLinkObject(_In_ HANDLE LinkHandle, _Inout_ PUNICODE_STRING LinkTarget,
                                         _Out_opt_ PULONG ReturnedLength) {
    PVOID Object;
    NTSTATUS Status =
        ObReferenceObjectByHandle(LinkHandle, SYMBOLIC_LINK_QUERY, ObpSymbolicLinkObjectType,
                                  ExGetPreviousMode(), &Object, NULL);
    if (NT_SUCCESS(Status)) {
        Status = ObpReturnTarget(&((POBJECT_SYMBOLIC_LINK)Object)->LinkTarget, LinkTarget,
                                 ReturnedLength);
        ObfDereferenceObject(Object);
    }
    return Status;
}
