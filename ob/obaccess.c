/*
 * obaccess.c - what access a new handle grants
 *
 * A handle is made with the access that its opener asked for, or not at all. The question goes to
 * the security reference monitor through one pointer, because Se is above Ob; the answer is kept in
 * the handle table entry.
 */
#include "obp.h"

static OB_ACCESS_CHECK_ROUTINE ObpAccessCheck;

VOID ObSetAccessCheckRoutine(_In_ OB_ACCESS_CHECK_ROUTINE Routine) {
    ObpAccessCheck = Routine;
}

/* Uses the caller's access state if there is one, else makes one in Local. */
NTSTATUS ObpPrepareAccessState(_Out_ PACCESS_STATE Local, _Inout_ PACCESS_STATE *AccessState,
                               _In_ ACCESS_MASK DesiredAccess, _In_opt_ POBJECT_TYPE ObjectType) {
    if (*AccessState == NULL) {
        *Local = (ACCESS_STATE){.OriginalDesiredAccess = DesiredAccess,
                                .RemainingDesiredAccess = DesiredAccess,
                                .Flags = TOKEN_HAS_TRAVERSE_PRIVILEGE};
        *AccessState = Local;
    }
    if (ObjectType != NULL) {
        (*AccessState)->RemainingDesiredAccess = ObpMapGenericMask(
            (*AccessState)->RemainingDesiredAccess, &ObjectType->TypeInfo.GenericMapping);
    }
    return STATUS_SUCCESS;
}

/* Rights by which an object, or who may do what with it, is taken from its owner. */
#define OBP_OWNER_RIGHTS (DELETE | WRITE_DAC | WRITE_OWNER)

/*
 * Is the object the system's own: a directory, link, type or device of the namespace that the
 * kernel has made to stay? The rest of the kernel relies on their names. Simplified: in Windows
 * their security descriptors keep programs off; as long as there are none, this rule does.
 */
static BOOLEAN ObpIsSystemObject(POBJECT_HEADER Header) {
    const UCHAR Flags = OB_FLAG_KERNEL_OBJECT | OB_FLAG_PERMANENT_OBJECT;
    return (Header->Flags & Flags) == Flags || Header->Body == (PVOID)ObpRootDirectoryObject;
}

/*
 * The access that a handle to Object will grant: what was asked for, less the bits that the type
 * does not know. STATUS_ACCESS_DENIED; so end requests of programs for DELETE, WRITE_DAC or
 * WRITE_OWNER to the system's own objects. The kernel gets what it asks for.
 */
NTSTATUS ObpGrantAccess(_In_ PVOID Object, _Inout_ PACCESS_STATE AccessState,
                        _In_ KPROCESSOR_MODE AccessMode, _Out_ PACCESS_MASK Granted) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    OBJECT_TYPE_INITIALIZER *TypeInfo = &ObpGetObjectType(Header)->TypeInfo;
    ACCESS_MASK Desired =
        ObpMapGenericMask(AccessState->RemainingDesiredAccess, &TypeInfo->GenericMapping);
    ACCESS_MASK Access = Desired | AccessState->PreviouslyGrantedAccess;
    NTSTATUS Status = STATUS_SUCCESS;
    if (AccessMode != KernelMode && ObpAccessCheck != NULL) {
        if (!ObpAccessCheck(Header->SecurityDescriptor, &AccessState->SubjectSecurityContext, FALSE,
                            Desired, AccessState->PreviouslyGrantedAccess, NULL,
                            &TypeInfo->GenericMapping, AccessMode, &Access, &Status)) {
            return Status;
        }
        if (ObpIsSystemObject(Header)) {
            if ((Desired & OBP_OWNER_RIGHTS) != 0) {
                return STATUS_ACCESS_DENIED;
            }
            Access &= ~(ACCESS_MASK)OBP_OWNER_RIGHTS; /* of MAXIMUM_ALLOWED */
        }
    } else if ((Desired & MAXIMUM_ALLOWED) != 0) {
        Access |= TypeInfo->GenericMapping.GenericAll;
    }
    AccessState->PreviouslyGrantedAccess |= Access;
    AccessState->RemainingDesiredAccess = 0;
    *Granted = Access & (TypeInfo->ValidAccessMask | ACCESS_SYSTEM_SECURITY);
    return STATUS_SUCCESS;
}
