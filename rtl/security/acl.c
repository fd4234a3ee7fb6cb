/*
 * acl.c - access control lists: the list as a whole
 *
 * A list is a head of 8 bytes and, behind it, AceCount entries one after the other; each entry says
 * how long it is. Room after the last entry, up to AclSize, is free. Neither number is believed:
 * every walk goes entry by entry and compares each with what is left of the list.
 *
 * Sources: [MS-DTYP] 2.4.4, 2.4.5; WDK, RtlCreateAcl, RtlAddAce, RtlGetAce, RtlDeleteAce,
 * RtlValidAcl; MSDN, FindFirstFreeAce, GetAclInformation; phnt.
 */
#include "ntrtl.h"
#include "secp.h"

NTSTATUS NTAPI RtlCreateAcl(_Out_ PACL Acl, _In_ ULONG AclLength, _In_ ULONG AclRevision) {
    if (AclLength < sizeof(ACL)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (AclLength > MAXUSHORT || AclRevision < MIN_ACL_REVISION || AclRevision > MAX_ACL_REVISION) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlZeroMemory(Acl, sizeof(*Acl));
    Acl->AclRevision = (UCHAR)AclRevision;
    Acl->AclSize = (USHORT)AclLength;
    return STATUS_SUCCESS;
}

/* ---- Walking ---- */

static BOOLEAN RtlpIsAclHead(const ACL *Acl) {
    return Acl->AclRevision >= MIN_ACL_REVISION && Acl->AclRevision <= MAX_ACL_REVISION &&
           Acl->AclSize >= sizeof(ACL);
}

/* How long is the entry at Ace, with Room bytes left? 0: there is no entry. */
static ULONG RtlpAceSize(const VOID *Ace, ULONG Room) {
    ULONG Size;

    if (Room < sizeof(ACE_HEADER)) {
        return 0;
    }
    Size = ((const ACE_HEADER *)Ace)->AceSize;
    return Size >= sizeof(ACE_HEADER) && Size <= Room && Size % sizeof(ULONG) == 0 ? Size : 0;
}

/* The offset of an entry in the list, or with Index == AceCount of its free end; 0: damaged. */
static ULONG RtlpAceOffset(const ACL *Acl, ULONG Index) {
    ULONG Offset = sizeof(ACL);

    if (!RtlpIsAclHead(Acl)) {
        return 0;
    }
    for (ULONG i = 0; i < Index; i++) {
        ULONG Size = RtlpAceSize((const UCHAR *)Acl + Offset, Acl->AclSize - Offset);
        if (Size == 0) {
            return 0;
        }
        Offset += Size;
    }
    return Offset;
}

/* Where the SID of an entry begins, so far as its type has one; 0: the type is not known. */
static ULONG RtlpAceSidOffset(const ACE_HEADER *Ace) {
    ULONG Offset = UFIELD_OFFSET(ACCESS_ALLOWED_OBJECT_ACE, ObjectType);
    ULONG Flags;

    switch (Ace->AceType) {
    case ACCESS_ALLOWED_OBJECT_ACE_TYPE ... SYSTEM_ALARM_OBJECT_ACE_TYPE:
    case ACCESS_ALLOWED_CALLBACK_OBJECT_ACE_TYPE ... ACCESS_DENIED_CALLBACK_OBJECT_ACE_TYPE:
    case SYSTEM_AUDIT_CALLBACK_OBJECT_ACE_TYPE ... SYSTEM_ALARM_CALLBACK_OBJECT_ACE_TYPE:
        if (Ace->AceSize < Offset) {
            return Offset; /* too short for its flags: no SID can follow */
        }
        Flags = ((const ACCESS_ALLOWED_OBJECT_ACE *)Ace)->Flags;
        Offset += (Flags & ACE_OBJECT_TYPE_PRESENT) != 0 ? sizeof(GUID) : 0;
        Offset += (Flags & ACE_INHERITED_OBJECT_TYPE_PRESENT) != 0 ? sizeof(GUID) : 0;
        return Offset;
    case ACCESS_ALLOWED_COMPOUND_ACE_TYPE:
        return 0;
    default:
        return Ace->AceType <= SYSTEM_ACCESS_FILTER_ACE_TYPE
                   ? UFIELD_OFFSET(ACCESS_ALLOWED_ACE, SidStart)
                   : 0;
    }
}

BOOLEAN RtlpIsSidWithin(_In_ const VOID *Sid, _In_ ULONG Room) {
    return Room >= RtlLengthRequiredSid(0) && RtlValidSid((PSID)Sid) &&
           RtlLengthSid((PSID)Sid) <= Room;
}

/* An entry of the length that RtlpAceSize found. */
static BOOLEAN RtlpIsAceBody(const ACE_HEADER *Ace, ULONG Size) {
    ULONG SidOffset = RtlpAceSidOffset(Ace);

    return SidOffset == 0 ||
           (SidOffset <= Size && RtlpIsSidWithin((const UCHAR *)Ace + SidOffset, Size - SidOffset));
}

BOOLEAN RtlpIsAclWithin(_In_ const ACL *Acl, _In_ ULONG Room) {
    ULONG Offset = sizeof(ACL);

    if (Room < sizeof(ACL) || !RtlpIsAclHead(Acl) || Acl->AclSize > Room) {
        return FALSE;
    }
    for (ULONG i = 0; i < Acl->AceCount; i++) {
        const ACE_HEADER *Ace = (const ACE_HEADER *)((const UCHAR *)Acl + Offset);
        ULONG Size = RtlpAceSize(Ace, Acl->AclSize - Offset);
        if (Size == 0 || !RtlpIsAceBody(Ace, Size)) {
            return FALSE;
        }
        Offset += Size;
    }
    return TRUE;
}

BOOLEAN NTAPI RtlValidAcl(_In_ PACL Acl) {
    return Acl != NULL && RtlpIsAclWithin(Acl, MAXULONG);
}

BOOLEAN NTAPI RtlFirstFreeAce(_In_ PACL Acl, _Out_ PVOID *FirstFree) {
    ULONG Offset = RtlpAceOffset(Acl, Acl->AceCount);

    *FirstFree = Offset != 0 ? (PUCHAR)Acl + Offset : NULL;
    return Offset != 0;
}

/* ---- Entries by their number ---- */

NTSTATUS NTAPI RtlGetAce(_In_ PACL Acl, _In_ ULONG AceIndex, _Out_ PVOID *Ace) {
    ULONG Offset = AceIndex < Acl->AceCount ? RtlpAceOffset(Acl, AceIndex) : 0;

    if (Offset == 0 || RtlpAceSize((PUCHAR)Acl + Offset, Acl->AclSize - Offset) == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    *Ace = (PUCHAR)Acl + Offset;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlDeleteAce(_Inout_ PACL Acl, _In_ ULONG AceIndex) {
    ULONG End;
    PACE_HEADER Ace;
    ULONG Size;

    if (!RtlValidAcl(Acl) || !NT_SUCCESS(RtlGetAce(Acl, AceIndex, (PVOID *)&Ace))) {
        return STATUS_INVALID_PARAMETER;
    }
    End = RtlpAceOffset(Acl, Acl->AceCount);
    Size = Ace->AceSize;
    RtlMoveMemory(Ace, (PUCHAR)Ace + Size, (PUCHAR)Acl + End - ((PUCHAR)Ace + Size));
    RtlZeroMemory((PUCHAR)Acl + End - Size, Size);
    Acl->AceCount--;
    return STATUS_SUCCESS;
}

/* How many entries stand in Length bytes? FALSE: they do not end where the bytes end. */
static BOOLEAN RtlpCountAces(const UCHAR *Aces, ULONG Length, PULONG Count) {
    *Count = 0;
    while (Length != 0) {
        ULONG Size = RtlpAceSize(Aces, Length);
        if (Size == 0) {
            return FALSE;
        }
        Aces += Size;
        Length -= Size;
        (*Count)++;
    }
    return TRUE;
}

NTSTATUS NTAPI RtlAddAce(_Inout_ PACL Acl, _In_ ULONG AceRevision, _In_ ULONG StartingAceIndex,
                         _In_ PVOID AceList, _In_ ULONG AceListLength) {
    ULONG Count, End, Offset;

    if (!RtlValidAcl(Acl) || AceRevision < MIN_ACL_REVISION || AceRevision > MAX_ACL_REVISION ||
        !RtlpCountAces(AceList, AceListLength, &Count)) {
        return STATUS_INVALID_PARAMETER;
    }
    End = RtlpAceOffset(Acl, Acl->AceCount);
    if (AceListLength > Acl->AclSize - End) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Offset = RtlpAceOffset(Acl, min(StartingAceIndex, Acl->AceCount));
    RtlMoveMemory((PUCHAR)Acl + Offset + AceListLength, (PUCHAR)Acl + Offset, End - Offset);
    RtlCopyMemory((PUCHAR)Acl + Offset, AceList, AceListLength);
    Acl->AceCount += (USHORT)Count;
    Acl->AclRevision = (UCHAR)max(Acl->AclRevision, AceRevision);
    return STATUS_SUCCESS;
}

/* ---- What is asked about a list ---- */

static NTSTATUS RtlpQuerySize(const ACL *Acl, PACL_SIZE_INFORMATION Information) {
    ULONG End = RtlpAceOffset(Acl, Acl->AceCount);

    if (End == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    Information->AceCount = Acl->AceCount;
    Information->AclBytesInUse = End;
    Information->AclBytesFree = Acl->AclSize - End;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlQueryInformationAcl(_In_ PACL Acl, _Out_ PVOID AclInformation,
                                      _In_ ULONG AclInformationLength,
                                      _In_ ACL_INFORMATION_CLASS AclInformationClass) {
    if (!RtlpIsAclHead(Acl)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (AclInformationClass == AclRevisionInformation &&
        AclInformationLength >= sizeof(ACL_REVISION_INFORMATION)) {
        ((PACL_REVISION_INFORMATION)AclInformation)->AclRevision = Acl->AclRevision;
        return STATUS_SUCCESS;
    }
    if (AclInformationClass == AclSizeInformation &&
        AclInformationLength >= sizeof(ACL_SIZE_INFORMATION)) {
        return RtlpQuerySize(Acl, AclInformation);
    }
    return STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI RtlSetInformationAcl(_Inout_ PACL Acl, _In_ PVOID AclInformation,
                                    _In_ ULONG AclInformationLength,
                                    _In_ ACL_INFORMATION_CLASS AclInformationClass) {
    ULONG Revision;

    if (!RtlpIsAclHead(Acl) || AclInformationClass != AclRevisionInformation ||
        AclInformationLength < sizeof(ACL_REVISION_INFORMATION)) {
        return STATUS_INVALID_PARAMETER;
    }
    Revision = ((PACL_REVISION_INFORMATION)AclInformation)->AclRevision;
    if (Revision < Acl->AclRevision || Revision > MAX_ACL_REVISION) {
        return STATUS_INVALID_PARAMETER;
    }
    Acl->AclRevision = (UCHAR)Revision;
    return STATUS_SUCCESS;
}
