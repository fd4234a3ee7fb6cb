/*
 * ace.c - adding entries to access control lists
 *
 * All functions describe their entry in an RTLP_NEW_ACE, and RtlpAppendAce does the rest: it checks
 * everything, then writes.
 *
 * Sources: [MS-DTYP] 2.4.4; WDK, RtlAddAccessAllowedAce, RtlAddAccessAllowedAceEx; MSDN,
 * AddAccessAllowedObjectAce, AddAuditAccessAceEx, AddMandatoryAce (and their errors); phnt.
 */
#include "ntrtl.h"
#include "secp.h"

typedef struct _RTLP_NEW_ACE {
    UCHAR Type;
    ULONG Flags;
    ULONG ValidFlags;
    ACCESS_MASK Mask;
    PSID Sid;
    const GUID *ObjectType;
    const GUID *InheritedObjectType;
} RTLP_NEW_ACE, *PRTLP_NEW_ACE;

static BOOLEAN RtlpHasGuids(const RTLP_NEW_ACE *New) {
    return New->ObjectType != NULL || New->InheritedObjectType != NULL;
}

static ULONG RtlpNewAceSize(const RTLP_NEW_ACE *New) {
    ULONG Size = UFIELD_OFFSET(ACCESS_ALLOWED_ACE, SidStart);

    if (RtlpHasGuids(New)) {
        Size += sizeof(ULONG);
    }
    Size += New->ObjectType != NULL ? sizeof(GUID) : 0;
    Size += New->InheritedObjectType != NULL ? sizeof(GUID) : 0;
    return Size + RtlLengthSid(New->Sid);
}

static PUCHAR RtlpAppendBytes(PUCHAR At, const VOID *Bytes, ULONG Length) {
    RtlCopyMemory(At, Bytes, Length);
    return At + Length;
}

static VOID RtlpWriteAce(PVOID At, ULONG Size, const RTLP_NEW_ACE *New) {
    PACCESS_ALLOWED_ACE Ace = At;
    PUCHAR Next = (PUCHAR)&Ace->SidStart;
    ULONG Present = (New->ObjectType != NULL ? ACE_OBJECT_TYPE_PRESENT : 0) |
                    (New->InheritedObjectType != NULL ? ACE_INHERITED_OBJECT_TYPE_PRESENT : 0);

    Ace->Header.AceType = New->Type;
    Ace->Header.AceFlags = (UCHAR)New->Flags;
    Ace->Header.AceSize = (USHORT)Size;
    Ace->Mask = New->Mask;
    if (Present != 0) {
        Next = RtlpAppendBytes(Next, &Present, sizeof(Present));
    }
    if (New->ObjectType != NULL) {
        Next = RtlpAppendBytes(Next, New->ObjectType, sizeof(GUID));
    }
    if (New->InheritedObjectType != NULL) {
        Next = RtlpAppendBytes(Next, New->InheritedObjectType, sizeof(GUID));
    }
    RtlpAppendBytes(Next, New->Sid, RtlLengthSid(New->Sid));
}

static NTSTATUS RtlpAppendAce(PACL Acl, ULONG Revision, const RTLP_NEW_ACE *New) {
    ULONG Lowest = RtlpHasGuids(New) ? ACL_REVISION_DS : MIN_ACL_REVISION;
    PVOID Free;
    ULONG Size;

    if (!RtlValidSid(New->Sid)) {
        return STATUS_INVALID_SID;
    }
    if (Revision < Lowest || Revision > MAX_ACL_REVISION || Acl->AclRevision > MAX_ACL_REVISION) {
        return STATUS_REVISION_MISMATCH;
    }
    if ((New->Flags & ~New->ValidFlags) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!RtlValidAcl(Acl) || !RtlFirstFreeAce(Acl, &Free)) {
        return STATUS_INVALID_ACL;
    }
    Size = RtlpNewAceSize(New);
    if (Size > (ULONG)((PUCHAR)Acl + Acl->AclSize - (PUCHAR)Free)) {
        return STATUS_ALLOTTED_SPACE_EXCEEDED;
    }
    RtlpWriteAce(Free, Size, New);
    Acl->AceCount++;
    Acl->AclRevision = (UCHAR)max(Acl->AclRevision, Revision);
    return STATUS_SUCCESS;
}

static ULONG RtlpAuditFlags(BOOLEAN AuditSuccess, BOOLEAN AuditFailure) {
    return (AuditSuccess ? SUCCESSFUL_ACCESS_ACE_FLAG : 0) |
           (AuditFailure ? FAILED_ACCESS_ACE_FLAG : 0);
}

/* ---- Allowed, denied ---- */

NTSTATUS NTAPI RtlAddAccessAllowedAceEx(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                        _In_ ULONG AceFlags, _In_ ACCESS_MASK AccessMask,
                                        _In_ PSID Sid) {
    const RTLP_NEW_ACE New = {.Type = ACCESS_ALLOWED_ACE_TYPE,
                              .Flags = AceFlags,
                              .ValidFlags = VALID_INHERIT_FLAGS,
                              .Mask = AccessMask,
                              .Sid = Sid};

    return RtlpAppendAce(Acl, AceRevision, &New);
}

NTSTATUS NTAPI RtlAddAccessAllowedAce(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                      _In_ ACCESS_MASK AccessMask, _In_ PSID Sid) {
    return RtlAddAccessAllowedAceEx(Acl, AceRevision, 0, AccessMask, Sid);
}

NTSTATUS NTAPI RtlAddAccessDeniedAceEx(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                       _In_ ULONG AceFlags, _In_ ACCESS_MASK AccessMask,
                                       _In_ PSID Sid) {
    const RTLP_NEW_ACE New = {.Type = ACCESS_DENIED_ACE_TYPE,
                              .Flags = AceFlags,
                              .ValidFlags = VALID_INHERIT_FLAGS,
                              .Mask = AccessMask,
                              .Sid = Sid};

    return RtlpAppendAce(Acl, AceRevision, &New);
}

NTSTATUS NTAPI RtlAddAccessDeniedAce(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                     _In_ ACCESS_MASK AccessMask, _In_ PSID Sid) {
    return RtlAddAccessDeniedAceEx(Acl, AceRevision, 0, AccessMask, Sid);
}

/* ---- Audit, mandatory label ---- */

NTSTATUS NTAPI RtlAddAuditAccessAceEx(_Inout_ PACL Acl, _In_ ULONG AceRevision, _In_ ULONG AceFlags,
                                      _In_ ACCESS_MASK AccessMask, _In_ PSID Sid,
                                      _In_ BOOLEAN AuditSuccess, _In_ BOOLEAN AuditFailure) {
    const RTLP_NEW_ACE New = {.Type = SYSTEM_AUDIT_ACE_TYPE,
                              .Flags = AceFlags | RtlpAuditFlags(AuditSuccess, AuditFailure),
                              .ValidFlags = VALID_INHERIT_FLAGS | RtlpAuditFlags(TRUE, TRUE),
                              .Mask = AccessMask,
                              .Sid = Sid};

    return RtlpAppendAce(Acl, AceRevision, &New);
}

NTSTATUS NTAPI RtlAddAuditAccessAce(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                    _In_ ACCESS_MASK AccessMask, _In_ PSID Sid,
                                    _In_ BOOLEAN AuditSuccess, _In_ BOOLEAN AuditFailure) {
    return RtlAddAuditAccessAceEx(Acl, AceRevision, 0, AccessMask, Sid, AuditSuccess, AuditFailure);
}

NTSTATUS NTAPI RtlAddMandatoryAce(_Inout_ PACL Acl, _In_ ULONG AceRevision, _In_ ULONG AceFlags,
                                  _In_ PSID Sid, _In_ UCHAR AceType, _In_ ACCESS_MASK AccessMask) {
    const RTLP_NEW_ACE New = {.Type = SYSTEM_MANDATORY_LABEL_ACE_TYPE,
                              .Flags = AceFlags,
                              .ValidFlags = VALID_INHERIT_FLAGS,
                              .Mask = AccessMask,
                              .Sid = Sid};

    if (AceType != SYSTEM_MANDATORY_LABEL_ACE_TYPE) {
        return STATUS_INVALID_PARAMETER;
    }
    return RtlpAppendAce(Acl, AceRevision, &New);
}

/* ---- Entries for parts of an object, named by GUIDs ---- */

static UCHAR RtlpObjectType(const GUID *ObjectType, const GUID *Inherited, UCHAR Plain,
                            UCHAR WithGuids) {
    return ObjectType != NULL || Inherited != NULL ? WithGuids : Plain;
}

NTSTATUS NTAPI RtlAddAccessAllowedObjectAce(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                            _In_ ULONG AceFlags, _In_ ACCESS_MASK AccessMask,
                                            _In_opt_ const GUID *ObjectTypeGuid,
                                            _In_opt_ const GUID *InheritedObjectTypeGuid,
                                            _In_ PSID Sid) {
    const RTLP_NEW_ACE New = {.Type = RtlpObjectType(ObjectTypeGuid, InheritedObjectTypeGuid,
                                                     ACCESS_ALLOWED_ACE_TYPE,
                                                     ACCESS_ALLOWED_OBJECT_ACE_TYPE),
                              .Flags = AceFlags,
                              .ValidFlags = VALID_INHERIT_FLAGS,
                              .Mask = AccessMask,
                              .Sid = Sid,
                              .ObjectType = ObjectTypeGuid,
                              .InheritedObjectType = InheritedObjectTypeGuid};

    return RtlpAppendAce(Acl, AceRevision, &New);
}

NTSTATUS NTAPI RtlAddAccessDeniedObjectAce(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                           _In_ ULONG AceFlags, _In_ ACCESS_MASK AccessMask,
                                           _In_opt_ const GUID *ObjectTypeGuid,
                                           _In_opt_ const GUID *InheritedObjectTypeGuid,
                                           _In_ PSID Sid) {
    const RTLP_NEW_ACE New = {.Type = RtlpObjectType(ObjectTypeGuid, InheritedObjectTypeGuid,
                                                     ACCESS_DENIED_ACE_TYPE,
                                                     ACCESS_DENIED_OBJECT_ACE_TYPE),
                              .Flags = AceFlags,
                              .ValidFlags = VALID_INHERIT_FLAGS,
                              .Mask = AccessMask,
                              .Sid = Sid,
                              .ObjectType = ObjectTypeGuid,
                              .InheritedObjectType = InheritedObjectTypeGuid};

    return RtlpAppendAce(Acl, AceRevision, &New);
}

NTSTATUS NTAPI RtlAddAuditAccessObjectAce(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                          _In_ ULONG AceFlags, _In_ ACCESS_MASK AccessMask,
                                          _In_opt_ const GUID *ObjectTypeGuid,
                                          _In_opt_ const GUID *InheritedObjectTypeGuid,
                                          _In_ PSID Sid, _In_ BOOLEAN AuditSuccess,
                                          _In_ BOOLEAN AuditFailure) {
    const RTLP_NEW_ACE New = {.Type = RtlpObjectType(ObjectTypeGuid, InheritedObjectTypeGuid,
                                                     SYSTEM_AUDIT_ACE_TYPE,
                                                     SYSTEM_AUDIT_OBJECT_ACE_TYPE),
                              .Flags = AceFlags | RtlpAuditFlags(AuditSuccess, AuditFailure),
                              .ValidFlags = VALID_INHERIT_FLAGS | RtlpAuditFlags(TRUE, TRUE),
                              .Mask = AccessMask,
                              .Sid = Sid,
                              .ObjectType = ObjectTypeGuid,
                              .InheritedObjectType = InheritedObjectTypeGuid};

    return RtlpAppendAce(Acl, AceRevision, &New);
}
