/*
 * access.c - the security reference monitor
 *
 * SeAccessCheck decides whether a subject may have the rights it asks for to an object with a given
 * security descriptor. The object manager calls it when it creates a handle; the granted rights are
 * stored in the handle and not checked again.
 *
 * All access control is here: SeAccessCheck receives everything that a decision needs (descriptor,
 * subject, rights, mapping, mode), and every open calls it. There are no security descriptors and
 * no tokens yet, and an object without a descriptor grants all access to all subjects, as in
 * Windows.
 */
#include "se.h"
#include "ntstatus.h"
#include "ob.h"

#define GENERIC_BITS (GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL)

static ACCESS_MASK SepMapGenericMask(ACCESS_MASK Mask, const GENERIC_MAPPING *Mapping) {
    ACCESS_MASK Mapped = Mask & ~GENERIC_BITS;
    Mapped |= (Mask & GENERIC_READ) != 0 ? Mapping->GenericRead : 0;
    Mapped |= (Mask & GENERIC_WRITE) != 0 ? Mapping->GenericWrite : 0;
    Mapped |= (Mask & GENERIC_EXECUTE) != 0 ? Mapping->GenericExecute : 0;
    Mapped |= (Mask & GENERIC_ALL) != 0 ? Mapping->GenericAll : 0;
    return Mapped;
}

BOOLEAN SeAccessCheck(_In_opt_ PVOID SecurityDescriptor,
                      _In_opt_ PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext,
                      _In_ BOOLEAN SubjectContextLocked, _In_ ACCESS_MASK DesiredAccess,
                      _In_ ACCESS_MASK PreviouslyGrantedAccess,
                      _Outptr_opt_ struct _PRIVILEGE_SET **Privileges,
                      _In_ PGENERIC_MAPPING GenericMapping, _In_ KPROCESSOR_MODE AccessMode,
                      _Out_ ACCESS_MASK *GrantedAccess, _Out_ NTSTATUS *AccessStatus) {
    if (Privileges != NULL) {
        *Privileges = NULL;
    }
    ACCESS_MASK Granted = DesiredAccess | PreviouslyGrantedAccess;
    if ((DesiredAccess & MAXIMUM_ALLOWED) != 0) {
        Granted |= GenericMapping->GenericAll;
    }
    *GrantedAccess = Granted & ~MAXIMUM_ALLOWED;
    *AccessStatus = STATUS_SUCCESS;
    return TRUE;
}

VOID SeSetAccessStateGenericMapping(_Inout_ PACCESS_STATE AccessState,
                                    _In_ PGENERIC_MAPPING GenericMapping) {
    AccessState->RemainingDesiredAccess =
        SepMapGenericMask(AccessState->RemainingDesiredAccess, GenericMapping);
}

NTSTATUS SeCreateAccessState(_Out_ PACCESS_STATE AccessState, _In_ ACCESS_MASK DesiredAccess,
                             _In_ PGENERIC_MAPPING GenericMapping) {
    *AccessState = (ACCESS_STATE){.OriginalDesiredAccess = DesiredAccess,
                                  .RemainingDesiredAccess = DesiredAccess,
                                  .Flags = TOKEN_HAS_TRAVERSE_PRIVILEGE};
    SeSetAccessStateGenericMapping(AccessState, GenericMapping);
    return STATUS_SUCCESS;
}

VOID SeDeleteAccessState(_Inout_ PACCESS_STATE AccessState) {
    /* The state holds no references yet, but callers already pair this with SeCreateAccessState. */
}

BOOLEAN SeInitSystem(_In_ ULONG Phase) {
    if (Phase == 0) {
        ObSetAccessCheckRoutine(SeAccessCheck);
    }
    return TRUE;
}
