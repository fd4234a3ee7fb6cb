/*
 * ntrtlsec.h - SIDs, access control lists and security descriptors as data
 *
 * The structures are those of [MS-DTYP] 2.4.2 (SID), 2.4.4 (ACE), 2.4.5 (ACL) and 2.4.6
 * (SECURITY_DESCRIPTOR). The functions only read and write memory of the caller: none takes a lock,
 * and only those that say so allocate. They run at any IRQL at which their memory may be touched.
 *
 * Rules
 * - A count or length inside a structure is compared with the room around it before it is used.
 *   RtlValidAcl, RtlValidSecurityDescriptor and RtlValidRelativeSecurityDescriptor tell whether that
 *   holds for the whole structure; functions that walk an ACL check each step themselves.
 * - Pointers are trusted. A caller with a pointer from user mode probes and copies first.
 *
 * Sources: WDK (ntifs.h pages of Rtl*), Windows SDK (winnt.h, securitybaseapi.h), phnt, [MS-DTYP].
 */
#ifndef VITRINE_NTRTLSEC_H
#define VITRINE_NTRTLSEC_H

#include "ntdef.h"
#include "ntlayout.h"
#include "ntstatus.h"

/* ---- SIDs (rtl/security/sid.c) ---- */

typedef PVOID PSID;
typedef PVOID PSECURITY_DESCRIPTOR;
typedef USHORT SECURITY_DESCRIPTOR_CONTROL, *PSECURITY_DESCRIPTOR_CONTROL;
typedef ULONG SECURITY_INFORMATION, *PSECURITY_INFORMATION;

typedef struct _SID_IDENTIFIER_AUTHORITY {
    UCHAR Value[6]; /* big-endian */
} SID_IDENTIFIER_AUTHORITY, *PSID_IDENTIFIER_AUTHORITY;

typedef struct _SID {
    UCHAR Revision;
    UCHAR SubAuthorityCount;
    SID_IDENTIFIER_AUTHORITY IdentifierAuthority;
    ULONG SubAuthority[ANYSIZE_ARRAY];
} SID, *PISID;

typedef struct _SID_AND_ATTRIBUTES {
    PSID Sid;
    ULONG Attributes;
} SID_AND_ATTRIBUTES, *PSID_AND_ATTRIBUTES;

CHECK_SIZE(SID, 12);
CHECK_SIZE(SID_AND_ATTRIBUTES, 16);

#define SID_REVISION            1
#define SID_MAX_SUB_AUTHORITIES 15
#define SECURITY_MAX_SID_SIZE   (8 + SID_MAX_SUB_AUTHORITIES * sizeof(ULONG))

/* The longest SID as text: S-1-, an authority of 0x and 12 digits, 15 times - and 10 digits. */
#define SECURITY_MAX_SID_STRING_CHARACTERS (2 + 4 + 15 + 11 * SID_MAX_SUB_AUTHORITIES + 1)

#define SECURITY_NT_AUTHORITY         {{0, 0, 0, 0, 0, 5}}
#define SECURITY_SERVICE_ID_BASE_RID  80
#define SECURITY_SERVICE_ID_RID_COUNT 6

/* Is it a SID: revision 1 and at most 15 subauthorities? NULL is none. */
BOOLEAN NTAPI RtlValidSid(_In_opt_ PSID Sid);

/* Bytes that a SID takes, by its own count, and by a count. */
ULONG NTAPI RtlLengthSid(_In_ PSID Sid);
ULONG NTAPI RtlLengthRequiredSid(_In_ ULONG SubAuthorityCount);

/*
 * Fills in the head of a SID; the caller stores the subauthorities. More than 15 of them:
 * STATUS_INVALID_PARAMETER.
 */
NTSTATUS NTAPI RtlInitializeSid(_Out_ PSID Sid, _In_ PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                                _In_ UCHAR SubAuthorityCount);

/* The same, with the subauthorities as further arguments (ULONG each). */
NTSTATUS RtlInitializeSidEx(_Out_ PSID Sid, _In_ PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                            _In_ ULONG SubAuthorityCount, ...);

/* Pointers into a SID. The number of a subauthority is not checked. */
PSID_IDENTIFIER_AUTHORITY NTAPI RtlIdentifierAuthoritySid(_In_ PSID Sid);
PULONG NTAPI RtlSubAuthoritySid(_In_ PSID Sid, _In_ ULONG SubAuthority);
PUCHAR NTAPI RtlSubAuthorityCountSid(_In_ PSID Sid);

/* Equal SIDs; SIDs that are equal but for the last subauthority. */
BOOLEAN NTAPI RtlEqualSid(_In_ PSID Sid1, _In_ PSID Sid2);
BOOLEAN NTAPI RtlEqualPrefixSid(_In_ PSID Sid1, _In_ PSID Sid2);

/* STATUS_BUFFER_TOO_SMALL if the SID is longer than the destination. */
NTSTATUS NTAPI RtlCopySid(_In_ ULONG DestinationSidLength, _Out_ PSID DestinationSid,
                          _In_ PSID SourceSid);

/*
 * Copies an array of SIDs with attributes; the SIDs themselves go to SidArea one after the other.
 * What is left of the area is returned. STATUS_BUFFER_TOO_SMALL: the area ended; what came before
 * has been copied.
 */
NTSTATUS NTAPI RtlCopySidAndAttributesArray(_In_ ULONG Count, _In_ PSID_AND_ATTRIBUTES Src,
                                            _In_ ULONG SidAreaSize, _Out_ PSID_AND_ATTRIBUTES Dest,
                                            _Out_ PSID SidArea, _Out_ PSID *RemainingSidArea,
                                            _Out_ PULONG RemainingSidAreaSize);

/*
 * A SID in memory that RtlFreeSid releases, which returns NULL. At most 8 subauthorities, with the
 * Ex form 15: STATUS_INVALID_SID beyond. STATUS_NO_MEMORY. IRQL <= APC_LEVEL.
 */
NTSTATUS NTAPI RtlAllocateAndInitializeSid(_In_ PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                                           _In_ UCHAR SubAuthorityCount, _In_ ULONG SubAuthority0,
                                           _In_ ULONG SubAuthority1, _In_ ULONG SubAuthority2,
                                           _In_ ULONG SubAuthority3, _In_ ULONG SubAuthority4,
                                           _In_ ULONG SubAuthority5, _In_ ULONG SubAuthority6,
                                           _In_ ULONG SubAuthority7, _Out_ PSID *Sid);
NTSTATUS NTAPI RtlAllocateAndInitializeSidEx(_In_ PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                                             _In_ UCHAR SubAuthorityCount,
                                             _In_ const ULONG *SubAuthorities, _Out_ PSID *Sid);
PVOID NTAPI RtlFreeSid(_In_ PSID Sid);

/* ---- SIDs as text (rtl/security/sidtext.c) ---- */

/*
 * S-1-5-32-544. The authority is decimal below 2^32, else 0x and 12 digits ([MS-DTYP] 2.4.2.1).
 * The text is terminated. STATUS_INVALID_SID; STATUS_BUFFER_OVERFLOW: the caller's buffer is too
 * short; STATUS_NO_MEMORY.
 */
NTSTATUS NTAPI RtlConvertSidToUnicodeString(_Inout_ PUNICODE_STRING UnicodeString, _In_ PSID Sid,
                                            _In_ BOOLEAN AllocateDestinationString);

/* The room in bytes that this text takes with its terminator. STATUS_INVALID_SID. */
NTSTATUS NTAPI RtlLengthSidAsUnicodeString(_In_ PSID Sid, _Out_ PULONG StringLength);

/*
 * The SID of a service, S-1-5-80- and the SHA-1 of its name in upper case (SERVICE_SID_INFO).
 * *ServiceSidLength is the room, and on return the length. STATUS_BUFFER_TOO_SMALL.
 */
NTSTATUS NTAPI RtlCreateServiceSid(_In_ PUNICODE_STRING ServiceName, _Out_opt_ PSID ServiceSid,
                                   _Inout_ PULONG ServiceSidLength);

/* ---- Access masks and LUIDs (rtl/security/access.c) ---- */

typedef struct _LUID_AND_ATTRIBUTES {
    LUID Luid;
    ULONG Attributes;
} LUID_AND_ATTRIBUTES, *PLUID_AND_ATTRIBUTES;

CHECK_SIZE(LUID_AND_ATTRIBUTES, 12);

BOOLEAN NTAPI RtlAreAllAccessesGranted(_In_ ACCESS_MASK GrantedAccess,
                                       _In_ ACCESS_MASK DesiredAccess);
BOOLEAN NTAPI RtlAreAnyAccessesGranted(_In_ ACCESS_MASK GrantedAccess,
                                       _In_ ACCESS_MASK DesiredAccess);
VOID NTAPI RtlMapGenericMask(_Inout_ PACCESS_MASK AccessMask,
                             _In_ const GENERIC_MAPPING *GenericMapping);
VOID NTAPI RtlCopyLuid(_Out_ PLUID DestinationLuid, _In_ PLUID SourceLuid);
VOID NTAPI RtlCopyLuidAndAttributesArray(_In_ ULONG Count, _In_ PLUID_AND_ATTRIBUTES Src,
                                         _Out_ PLUID_AND_ATTRIBUTES Dest);

/* Inline on Windows; ntdll.dll does not export it, Wine's does. */
FORCEINLINE BOOLEAN RtlEqualLuid(_In_ const LUID *Luid1, _In_ const LUID *Luid2) {
    return Luid1->LowPart == Luid2->LowPart && Luid1->HighPart == Luid2->HighPart;
}

/* ---- Access control lists (rtl/security/acl.c) ---- */

typedef struct _ACL {
    UCHAR AclRevision;
    UCHAR Sbz1;
    USHORT AclSize; /* of the whole list, with what is free at its end */
    USHORT AceCount;
    USHORT Sbz2;
} ACL, *PACL;

typedef struct _ACE_HEADER {
    UCHAR AceType;
    UCHAR AceFlags;
    USHORT AceSize;
} ACE_HEADER, *PACE_HEADER;

/* All entries without GUIDs: allowed, denied, audit, alarm, mandatory label, callbacks. */
typedef struct _ACCESS_ALLOWED_ACE {
    ACE_HEADER Header;
    ACCESS_MASK Mask;
    ULONG SidStart;
} ACCESS_ALLOWED_ACE, *PACCESS_ALLOWED_ACE;

/* Entries with GUIDs. A GUID whose flag is not set is not there, and what follows moves up. */
typedef struct _ACCESS_ALLOWED_OBJECT_ACE {
    ACE_HEADER Header;
    ACCESS_MASK Mask;
    ULONG Flags;
    GUID ObjectType;
    GUID InheritedObjectType;
    ULONG SidStart;
} ACCESS_ALLOWED_OBJECT_ACE, *PACCESS_ALLOWED_OBJECT_ACE;

typedef enum _ACL_INFORMATION_CLASS {
    AclRevisionInformation = 1,
    AclSizeInformation
} ACL_INFORMATION_CLASS;

typedef struct _ACL_REVISION_INFORMATION {
    ULONG AclRevision;
} ACL_REVISION_INFORMATION, *PACL_REVISION_INFORMATION;

typedef struct _ACL_SIZE_INFORMATION {
    ULONG AceCount;
    ULONG AclBytesInUse;
    ULONG AclBytesFree;
} ACL_SIZE_INFORMATION, *PACL_SIZE_INFORMATION;

CHECK_SIZE(ACL, 8);
CHECK_SIZE(ACE_HEADER, 4);
CHECK_OFFSET(ACCESS_ALLOWED_ACE, SidStart, 8);
CHECK_OFFSET(ACCESS_ALLOWED_OBJECT_ACE, ObjectType, 12);
CHECK_OFFSET(ACCESS_ALLOWED_OBJECT_ACE, SidStart, 44);

#define ACL_REVISION     2
#define ACL_REVISION_DS  4 /* needed for entries with GUIDs */
#define MIN_ACL_REVISION ACL_REVISION
#define MAX_ACL_REVISION ACL_REVISION_DS

#define ACCESS_ALLOWED_ACE_TYPE                 0x00
#define ACCESS_DENIED_ACE_TYPE                  0x01
#define SYSTEM_AUDIT_ACE_TYPE                   0x02
#define SYSTEM_ALARM_ACE_TYPE                   0x03
#define ACCESS_ALLOWED_COMPOUND_ACE_TYPE        0x04
#define ACCESS_ALLOWED_OBJECT_ACE_TYPE          0x05
#define ACCESS_DENIED_OBJECT_ACE_TYPE           0x06
#define SYSTEM_AUDIT_OBJECT_ACE_TYPE            0x07
#define SYSTEM_ALARM_OBJECT_ACE_TYPE            0x08
#define ACCESS_ALLOWED_CALLBACK_ACE_TYPE        0x09
#define ACCESS_DENIED_CALLBACK_ACE_TYPE         0x0A
#define ACCESS_ALLOWED_CALLBACK_OBJECT_ACE_TYPE 0x0B
#define ACCESS_DENIED_CALLBACK_OBJECT_ACE_TYPE  0x0C
#define SYSTEM_AUDIT_CALLBACK_ACE_TYPE          0x0D
#define SYSTEM_ALARM_CALLBACK_ACE_TYPE          0x0E
#define SYSTEM_AUDIT_CALLBACK_OBJECT_ACE_TYPE   0x0F
#define SYSTEM_ALARM_CALLBACK_OBJECT_ACE_TYPE   0x10
#define SYSTEM_MANDATORY_LABEL_ACE_TYPE         0x11
#define SYSTEM_RESOURCE_ATTRIBUTE_ACE_TYPE      0x12
#define SYSTEM_SCOPED_POLICY_ID_ACE_TYPE        0x13
#define SYSTEM_PROCESS_TRUST_LABEL_ACE_TYPE     0x14
#define SYSTEM_ACCESS_FILTER_ACE_TYPE           0x15

#define OBJECT_INHERIT_ACE         0x01
#define CONTAINER_INHERIT_ACE      0x02
#define NO_PROPAGATE_INHERIT_ACE   0x04
#define INHERIT_ONLY_ACE           0x08
#define INHERITED_ACE              0x10
#define VALID_INHERIT_FLAGS        0x1F
#define SUCCESSFUL_ACCESS_ACE_FLAG 0x40
#define FAILED_ACCESS_ACE_FLAG     0x80

#define ACE_OBJECT_TYPE_PRESENT           0x1
#define ACE_INHERITED_OBJECT_TYPE_PRESENT 0x2

/*
 * Makes an empty list of Length bytes. STATUS_BUFFER_TOO_SMALL: shorter than its head;
 * STATUS_INVALID_PARAMETER: longer than 65,535 bytes, or a revision other than 2 to 4.
 */
NTSTATUS NTAPI RtlCreateAcl(_Out_ PACL Acl, _In_ ULONG AclLength, _In_ ULONG AclRevision);

/*
 * Is it a list: revision 2 to 4, all entries inside it and each at least as long as its type
 * says, each SID inside its entry? Entries of unknown types need a head only.
 */
BOOLEAN NTAPI RtlValidAcl(_In_ PACL Acl);

/*
 * Where the next entry would go: the end of the list if it is full. FALSE, and NULL: the entries
 * do not fit into the list.
 */
BOOLEAN NTAPI RtlFirstFreeAce(_In_ PACL Acl, _Out_ PVOID *FirstFree);

/* STATUS_INVALID_PARAMETER for a list that is not valid and for an entry that is not there. */
NTSTATUS NTAPI RtlGetAce(_In_ PACL Acl, _In_ ULONG AceIndex, _Out_ PVOID *Ace);
NTSTATUS NTAPI RtlDeleteAce(_Inout_ PACL Acl, _In_ ULONG AceIndex);

/*
 * Inserts entries that stand one after the other before entry StartingAceIndex; an index past the
 * end appends. STATUS_INVALID_PARAMETER: damaged entries, a damaged list, or a revision unknown;
 * STATUS_BUFFER_TOO_SMALL: no room.
 */
NTSTATUS NTAPI RtlAddAce(_Inout_ PACL Acl, _In_ ULONG AceRevision, _In_ ULONG StartingAceIndex,
                         _In_ PVOID AceList, _In_ ULONG AceListLength);

/* STATUS_INVALID_PARAMETER: no list, no class, or a buffer that is too short. */
NTSTATUS NTAPI RtlQueryInformationAcl(_In_ PACL Acl, _Out_ PVOID AclInformation,
                                      _In_ ULONG AclInformationLength,
                                      _In_ ACL_INFORMATION_CLASS AclInformationClass);

/* Only the revision can be set, and only raised. STATUS_INVALID_PARAMETER. */
NTSTATUS NTAPI RtlSetInformationAcl(_Inout_ PACL Acl, _In_ PVOID AclInformation,
                                    _In_ ULONG AclInformationLength,
                                    _In_ ACL_INFORMATION_CLASS AclInformationClass);

/* ---- Adding entries of one kind (rtl/security/ace.c) ---- */

/*
 * Each appends one entry and raises the list's revision to AceRevision if that is higher.
 * STATUS_INVALID_SID; STATUS_REVISION_MISMATCH: a revision that is unknown or too low for the
 * entry; STATUS_INVALID_PARAMETER: flags that are none; STATUS_INVALID_ACL;
 * STATUS_ALLOTTED_SPACE_EXCEEDED: no room.
 */
NTSTATUS NTAPI RtlAddAccessAllowedAce(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                      _In_ ACCESS_MASK AccessMask, _In_ PSID Sid);
NTSTATUS NTAPI RtlAddAccessAllowedAceEx(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                        _In_ ULONG AceFlags, _In_ ACCESS_MASK AccessMask,
                                        _In_ PSID Sid);
NTSTATUS NTAPI RtlAddAccessDeniedAce(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                     _In_ ACCESS_MASK AccessMask, _In_ PSID Sid);
NTSTATUS NTAPI RtlAddAccessDeniedAceEx(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                       _In_ ULONG AceFlags, _In_ ACCESS_MASK AccessMask,
                                       _In_ PSID Sid);
NTSTATUS NTAPI RtlAddAuditAccessAce(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                    _In_ ACCESS_MASK AccessMask, _In_ PSID Sid,
                                    _In_ BOOLEAN AuditSuccess, _In_ BOOLEAN AuditFailure);
NTSTATUS NTAPI RtlAddAuditAccessAceEx(_Inout_ PACL Acl, _In_ ULONG AceRevision, _In_ ULONG AceFlags,
                                      _In_ ACCESS_MASK AccessMask, _In_ PSID Sid,
                                      _In_ BOOLEAN AuditSuccess, _In_ BOOLEAN AuditFailure);

/* AceType is SYSTEM_MANDATORY_LABEL_ACE_TYPE; anything else is STATUS_INVALID_PARAMETER. */
NTSTATUS NTAPI RtlAddMandatoryAce(_Inout_ PACL Acl, _In_ ULONG AceRevision, _In_ ULONG AceFlags,
                                  _In_ PSID Sid, _In_ UCHAR AceType, _In_ ACCESS_MASK AccessMask);

/* With neither GUID the entry is the plain one of its kind. */
NTSTATUS NTAPI RtlAddAccessAllowedObjectAce(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                            _In_ ULONG AceFlags, _In_ ACCESS_MASK AccessMask,
                                            _In_opt_ const GUID *ObjectTypeGuid,
                                            _In_opt_ const GUID *InheritedObjectTypeGuid,
                                            _In_ PSID Sid);
NTSTATUS NTAPI RtlAddAccessDeniedObjectAce(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                           _In_ ULONG AceFlags, _In_ ACCESS_MASK AccessMask,
                                           _In_opt_ const GUID *ObjectTypeGuid,
                                           _In_opt_ const GUID *InheritedObjectTypeGuid,
                                           _In_ PSID Sid);
NTSTATUS NTAPI RtlAddAuditAccessObjectAce(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                          _In_ ULONG AceFlags, _In_ ACCESS_MASK AccessMask,
                                          _In_opt_ const GUID *ObjectTypeGuid,
                                          _In_opt_ const GUID *InheritedObjectTypeGuid,
                                          _In_ PSID Sid, _In_ BOOLEAN AuditSuccess,
                                          _In_ BOOLEAN AuditFailure);

/* ---- Security descriptors (rtl/security/sd.c) ---- */

/* Absolute: the parts are wherever their owner has put them. */
typedef struct _SECURITY_DESCRIPTOR {
    UCHAR Revision;
    UCHAR Sbz1; /* the resource manager's byte, if SE_RM_CONTROL_VALID */
    SECURITY_DESCRIPTOR_CONTROL Control;
    PSID Owner;
    PSID Group;
    PACL Sacl;
    PACL Dacl;
} SECURITY_DESCRIPTOR, *PISECURITY_DESCRIPTOR;

/* Self-relative: one block; the parts are given by their offsets in it, 0 for none. */
typedef struct _SECURITY_DESCRIPTOR_RELATIVE {
    UCHAR Revision;
    UCHAR Sbz1;
    SECURITY_DESCRIPTOR_CONTROL Control;
    ULONG Owner;
    ULONG Group;
    ULONG Sacl;
    ULONG Dacl;
} SECURITY_DESCRIPTOR_RELATIVE, *PISECURITY_DESCRIPTOR_RELATIVE;

CHECK_SIZE(SECURITY_DESCRIPTOR, 40);
CHECK_SIZE(SECURITY_DESCRIPTOR_RELATIVE, 20);

#define SECURITY_DESCRIPTOR_REVISION   1
#define SECURITY_DESCRIPTOR_MIN_LENGTH sizeof(SECURITY_DESCRIPTOR)

#define SE_OWNER_DEFAULTED       0x0001
#define SE_GROUP_DEFAULTED       0x0002
#define SE_DACL_PRESENT          0x0004
#define SE_DACL_DEFAULTED        0x0008
#define SE_SACL_PRESENT          0x0010
#define SE_SACL_DEFAULTED        0x0020
#define SE_DACL_UNTRUSTED        0x0040
#define SE_SERVER_SECURITY       0x0080
#define SE_DACL_AUTO_INHERIT_REQ 0x0100
#define SE_SACL_AUTO_INHERIT_REQ 0x0200
#define SE_DACL_AUTO_INHERITED   0x0400
#define SE_SACL_AUTO_INHERITED   0x0800
#define SE_DACL_PROTECTED        0x1000
#define SE_SACL_PROTECTED        0x2000
#define SE_RM_CONTROL_VALID      0x4000
#define SE_SELF_RELATIVE         0x8000

#define OWNER_SECURITY_INFORMATION 0x00000001
#define GROUP_SECURITY_INFORMATION 0x00000002
#define DACL_SECURITY_INFORMATION  0x00000004
#define SACL_SECURITY_INFORMATION  0x00000008

/* An empty descriptor, absolute or self-relative. STATUS_UNKNOWN_REVISION: Revision is not 1. */
NTSTATUS NTAPI RtlCreateSecurityDescriptor(_Out_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                           _In_ ULONG Revision);
NTSTATUS NTAPI RtlCreateSecurityDescriptorRelative(
    _Out_ PISECURITY_DESCRIPTOR_RELATIVE SecurityDescriptor, _In_ ULONG Revision);

/* Is it a descriptor whose parts are valid? The block of a self-relative one has no known end. */
BOOLEAN NTAPI RtlValidSecurityDescriptor(_In_opt_ PSECURITY_DESCRIPTOR SecurityDescriptor);

/* A self-relative descriptor in a block of known length, with all parts that are required. */
BOOLEAN NTAPI RtlValidRelativeSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                 _In_ ULONG SecurityDescriptorLength,
                                                 _In_ SECURITY_INFORMATION RequiredInformation);

/* Bytes of the descriptor and its parts, each rounded up to 4. */
ULONG NTAPI RtlLengthSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor);

/* STATUS_UNKNOWN_REVISION (the revision is returned all the same by the first). */
NTSTATUS NTAPI RtlGetControlSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                               _Out_ PSECURITY_DESCRIPTOR_CONTROL Control,
                                               _Out_ PULONG Revision);
NTSTATUS NTAPI RtlGetOwnerSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                             _Out_ PSID *Owner, _Out_ PBOOLEAN OwnerDefaulted);
NTSTATUS NTAPI RtlGetGroupSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                             _Out_ PSID *Group, _Out_ PBOOLEAN GroupDefaulted);
NTSTATUS NTAPI RtlGetDaclSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            _Out_ PBOOLEAN DaclPresent, _Out_ PACL *Dacl,
                                            _Out_ PBOOLEAN DaclDefaulted);
NTSTATUS NTAPI RtlGetSaclSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            _Out_ PBOOLEAN SaclPresent, _Out_ PACL *Sacl,
                                            _Out_ PBOOLEAN SaclDefaulted);

/*
 * Store pointers in an absolute descriptor; nothing is copied. STATUS_UNKNOWN_REVISION;
 * STATUS_INVALID_SECURITY_DESCR: the descriptor is self-relative.
 */
NTSTATUS NTAPI RtlSetOwnerSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                             _In_opt_ PSID Owner, _In_ BOOLEAN OwnerDefaulted);
NTSTATUS NTAPI RtlSetGroupSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                             _In_opt_ PSID Group, _In_ BOOLEAN GroupDefaulted);
NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            _In_ BOOLEAN DaclPresent, _In_opt_ PACL Dacl,
                                            _In_ BOOLEAN DaclDefaulted);
NTSTATUS NTAPI RtlSetSaclSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            _In_ BOOLEAN SaclPresent, _In_opt_ PACL Sacl,
                                            _In_ BOOLEAN SaclDefaulted);

/*
 * Changes control bits that say how the lists are inherited. STATUS_INVALID_PARAMETER: another
 * bit, or a bit to set that is not in the mask.
 */
NTSTATUS NTAPI
RtlSetControlSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                _In_ SECURITY_DESCRIPTOR_CONTROL ControlBitsOfInterest,
                                _In_ SECURITY_DESCRIPTOR_CONTROL ControlBitsToSet);

/* Sets those bits of Control, and tells the revision. */
NTSTATUS NTAPI RtlSetAttributesSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                  _In_ SECURITY_DESCRIPTOR_CONTROL Control,
                                                  _Out_ PULONG Revision);

/* The resource manager's byte: FALSE, and 0, if there is none; NULL removes it. */
BOOLEAN NTAPI RtlGetSecurityDescriptorRMControl(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                _Out_ PUCHAR RMControl);
VOID NTAPI RtlSetSecurityDescriptorRMControl(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                             _In_opt_ PUCHAR RMControl);

/* ---- From one form to the other (rtl/security/sdrelative.c) ---- */

/*
 * A self-relative copy: head, SACL, DACL, owner, group. *BufferLength is the room; only
 * STATUS_BUFFER_TOO_SMALL changes it, to what is needed. The first takes either form, the second
 * answers STATUS_BAD_DESCRIPTOR_FORMAT to a self-relative one.
 */
NTSTATUS NTAPI RtlMakeSelfRelativeSD(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                     _Out_opt_ PSECURITY_DESCRIPTOR SelfRelativeSecurityDescriptor,
                                     _Inout_ PULONG BufferLength);
NTSTATUS NTAPI RtlAbsoluteToSelfRelativeSD(
    _In_ PSECURITY_DESCRIPTOR AbsoluteSecurityDescriptor,
    _Out_opt_ PSECURITY_DESCRIPTOR SelfRelativeSecurityDescriptor, _Inout_ PULONG BufferLength);

/*
 * An absolute copy, each part in a buffer of the caller's. STATUS_BUFFER_TOO_SMALL if one of the
 * sizes is too small: all five then tell what is needed, and nothing is copied.
 * STATUS_BAD_DESCRIPTOR_FORMAT: it is absolute already.
 */
NTSTATUS NTAPI RtlSelfRelativeToAbsoluteSD(
    _In_ PSECURITY_DESCRIPTOR SelfRelativeSecurityDescriptor,
    _Out_opt_ PSECURITY_DESCRIPTOR AbsoluteSecurityDescriptor,
    _Inout_ PULONG AbsoluteSecurityDescriptorSize, _Out_opt_ PACL Dacl, _Inout_ PULONG DaclSize,
    _Out_opt_ PACL Sacl, _Inout_ PULONG SaclSize, _Out_opt_ PSID Owner, _Inout_ PULONG OwnerSize,
    _Out_opt_ PSID PrimaryGroup, _Inout_ PULONG PrimaryGroupSize);

/*
 * Turns a self-relative descriptor into an absolute one where it stands. The buffer must have room
 * for the longer head: STATUS_BUFFER_TOO_SMALL, and what is needed.
 */
NTSTATUS NTAPI RtlSelfRelativeToAbsoluteSD2(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            _Inout_ PULONG BufferSize);

#endif
