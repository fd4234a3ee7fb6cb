/*
 * se.h - the security reference monitor
 *
 * The object manager calls SeAccessCheck when it creates a handle. The result is stored in the
 * handle and not checked again. See se/access.c.
 */
#ifndef _SE_H_
#define _SE_H_

#include "ke.h"
#include "ntdef.h"

struct _OBJECT_TYPE;
struct _PRIVILEGE_SET;

typedef PVOID PACCESS_TOKEN;

typedef enum _SECURITY_OPERATION_CODE {
    SetSecurityDescriptor,
    QuerySecurityDescriptor,
    DeleteSecurityDescriptor,
    AssignSecurityDescriptor
} SECURITY_OPERATION_CODE;

/* Whose rights are checked: the process's token, or that of the client the thread impersonates. */
typedef struct _SECURITY_SUBJECT_CONTEXT {
    PACCESS_TOKEN ClientToken;
    ULONG ImpersonationLevel;
    PACCESS_TOKEN PrimaryToken;
    PVOID ProcessAuditId;
} SECURITY_SUBJECT_CONTEXT, *PSECURITY_SUBJECT_CONTEXT;

/* One privilege and its attributes (WDK: LUID_AND_ATTRIBUTES). */
typedef struct _LUID_AND_ATTRIBUTES {
    LUID Luid;
    ULONG Attributes;
} LUID_AND_ATTRIBUTES, *PLUID_AND_ATTRIBUTES;

#define INITIAL_PRIVILEGE_COUNT 3

typedef struct _INITIAL_PRIVILEGE_SET {
    ULONG PrivilegeCount;
    ULONG Control;
    LUID_AND_ATTRIBUTES Privilege[INITIAL_PRIVILEGE_COUNT];
} INITIAL_PRIVILEGE_SET, *PINITIAL_PRIVILEGE_SET;

/*
 * The progress of one open or create: the access requested, granted and remaining (WDK:
 * ACCESS_STATE). It is on the caller's stack.
 */
typedef struct _ACCESS_STATE {
    LUID OperationID;
    BOOLEAN SecurityEvaluated;
    BOOLEAN GenerateAudit;
    BOOLEAN GenerateOnClose;
    BOOLEAN PrivilegesAllocated;
    ULONG Flags;
    ACCESS_MASK RemainingDesiredAccess;
    ACCESS_MASK PreviouslyGrantedAccess;
    ACCESS_MASK OriginalDesiredAccess;
    SECURITY_SUBJECT_CONTEXT SubjectSecurityContext;
    PVOID SecurityDescriptor; /* for a new object */
    PVOID AuxData;
    union {
        INITIAL_PRIVILEGE_SET InitialPrivilegeSet;
    } Privileges;
    BOOLEAN AuditPrivileges;
    UNICODE_STRING ObjectName;
    UNICODE_STRING ObjectTypeName;
} ACCESS_STATE, *PACCESS_STATE;

#define TOKEN_HAS_TRAVERSE_PRIVILEGE 0x01

/* Phase 0: registers the access check with the object manager. Called before ObInitSystem. */
BOOLEAN SeInitSystem(_In_ ULONG Phase);

/*
 * Decides whether a subject may have DesiredAccess to an object with SecurityDescriptor (WDK:
 * SeAccessCheck).
 *
 * DesiredAccess must not contain generic bits. On success *GrantedAccess is the access for the
 * handle; otherwise returns FALSE and sets *AccessStatus to STATUS_ACCESS_DENIED. PASSIVE_LEVEL.
 */
BOOLEAN SeAccessCheck(_In_opt_ PVOID SecurityDescriptor,
                      _In_opt_ PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext,
                      _In_ BOOLEAN SubjectContextLocked, _In_ ACCESS_MASK DesiredAccess,
                      _In_ ACCESS_MASK PreviouslyGrantedAccess,
                      _Outptr_opt_ struct _PRIVILEGE_SET **Privileges,
                      _In_ PGENERIC_MAPPING GenericMapping, _In_ KPROCESSOR_MODE AccessMode,
                      _Out_ ACCESS_MASK *GrantedAccess, _Out_ NTSTATUS *AccessStatus);

/* Creates an access state for one open and maps the generic rights (phnt: SeCreateAccessState). */
NTSTATUS SeCreateAccessState(_Out_ PACCESS_STATE AccessState, _In_ ACCESS_MASK DesiredAccess,
                             _In_ PGENERIC_MAPPING GenericMapping);
VOID SeDeleteAccessState(_Inout_ PACCESS_STATE AccessState);

/*
 * Maps the generic rights of the access state (WDK: RtlMapGenericMask,
 * SeSetAccessStateGenericMapping).
 */
VOID SeSetAccessStateGenericMapping(_Inout_ PACCESS_STATE AccessState,
                                    _In_ PGENERIC_MAPPING GenericMapping);

#endif /* _SE_H_ */
