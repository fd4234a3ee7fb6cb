/*
 * sid.c - security identifiers
 *
 * A SID names whoever rights are given to: a revision, a count, an authority of 48 bits and up to 15
 * subauthorities of 32 bits. Its length follows from its count.
 *
 * Sources: [MS-DTYP] 2.4.2.2; WDK, RtlValidSid and its neighbours; phnt for the Ex forms.
 */
#include "ntrtl.h"
#include "ntrtlsec.h"

#define SID_HEAD_LENGTH              UFIELD_OFFSET(SID, SubAuthority)
#define ALLOCATE_MAX_SUB_AUTHORITIES 8

BOOLEAN NTAPI RtlValidSid(_In_opt_ PSID Sid) {
    PISID Header = Sid;

    return Header != NULL && Header->Revision == SID_REVISION &&
           Header->SubAuthorityCount <= SID_MAX_SUB_AUTHORITIES;
}

ULONG NTAPI RtlLengthRequiredSid(_In_ ULONG SubAuthorityCount) {
    return SID_HEAD_LENGTH + SubAuthorityCount * sizeof(ULONG);
}

ULONG NTAPI RtlLengthSid(_In_ PSID Sid) {
    return RtlLengthRequiredSid(((PISID)Sid)->SubAuthorityCount);
}

NTSTATUS NTAPI RtlInitializeSid(_Out_ PSID Sid, _In_ PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                                _In_ UCHAR SubAuthorityCount) {
    PISID Header = Sid;

    if (SubAuthorityCount > SID_MAX_SUB_AUTHORITIES) {
        return STATUS_INVALID_PARAMETER;
    }
    Header->Revision = SID_REVISION;
    Header->SubAuthorityCount = SubAuthorityCount;
    Header->IdentifierAuthority = *IdentifierAuthority;
    return STATUS_SUCCESS;
}

/* Callers pass the count as a UCHAR, and what is above it in the register is not said. */
NTSTATUS RtlInitializeSidEx(_Out_ PSID Sid, _In_ PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                            _In_ ULONG SubAuthorityCount, ...) {
    UCHAR Count = (UCHAR)SubAuthorityCount;
    NTSTATUS Status = RtlInitializeSid(Sid, IdentifierAuthority, Count);
    va_list Arguments;

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    va_start(Arguments, SubAuthorityCount);
    for (ULONG i = 0; i < Count; i++) {
        *RtlSubAuthoritySid(Sid, i) = va_arg(Arguments, ULONG);
    }
    va_end(Arguments);
    return STATUS_SUCCESS;
}

PSID_IDENTIFIER_AUTHORITY NTAPI RtlIdentifierAuthoritySid(_In_ PSID Sid) {
    return &((PISID)Sid)->IdentifierAuthority;
}

PULONG NTAPI RtlSubAuthoritySid(_In_ PSID Sid, _In_ ULONG SubAuthority) {
    return &((PISID)Sid)->SubAuthority[SubAuthority];
}

PUCHAR NTAPI RtlSubAuthorityCountSid(_In_ PSID Sid) {
    return &((PISID)Sid)->SubAuthorityCount;
}

BOOLEAN NTAPI RtlEqualSid(_In_ PSID Sid1, _In_ PSID Sid2) {
    return RtlValidSid(Sid1) && RtlValidSid(Sid2) && RtlLengthSid(Sid1) == RtlLengthSid(Sid2) &&
           RtlEqualMemory(Sid1, Sid2, RtlLengthSid(Sid1));
}

BOOLEAN NTAPI RtlEqualPrefixSid(_In_ PSID Sid1, _In_ PSID Sid2) {
    ULONG Length;

    if (!RtlValidSid(Sid1) || !RtlValidSid(Sid2) || RtlLengthSid(Sid1) != RtlLengthSid(Sid2)) {
        return FALSE;
    }
    Length = RtlLengthSid(Sid1);
    if (Length > SID_HEAD_LENGTH) {
        Length -= sizeof(ULONG);
    }
    return RtlEqualMemory(Sid1, Sid2, Length);
}

NTSTATUS NTAPI RtlCopySid(_In_ ULONG DestinationSidLength, _Out_ PSID DestinationSid,
                          _In_ PSID SourceSid) {
    ULONG Length = RtlLengthSid(SourceSid);

    if (Length > DestinationSidLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlMoveMemory(DestinationSid, SourceSid, Length);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlCopySidAndAttributesArray(_In_ ULONG Count, _In_ PSID_AND_ATTRIBUTES Src,
                                            _In_ ULONG SidAreaSize, _Out_ PSID_AND_ATTRIBUTES Dest,
                                            _Out_ PSID SidArea, _Out_ PSID *RemainingSidArea,
                                            _Out_ PULONG RemainingSidAreaSize) {
    for (ULONG i = 0; i < Count; i++) {
        ULONG Length = RtlLengthSid(Src[i].Sid);
        NTSTATUS Status = RtlCopySid(SidAreaSize, SidArea, Src[i].Sid);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        Dest[i].Sid = SidArea;
        Dest[i].Attributes = Src[i].Attributes;
        SidArea = (PUCHAR)SidArea + Length;
        SidAreaSize -= Length;
    }
    *RemainingSidArea = SidArea;
    *RemainingSidAreaSize = SidAreaSize;
    return STATUS_SUCCESS;
}

/* ---- SIDs in memory of the library ---- */

NTSTATUS NTAPI RtlAllocateAndInitializeSidEx(_In_ PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                                             _In_ UCHAR SubAuthorityCount,
                                             _In_ const ULONG *SubAuthorities, _Out_ PSID *Sid) {
    PISID Header;

    if (SubAuthorityCount > SID_MAX_SUB_AUTHORITIES) {
        return STATUS_INVALID_SID;
    }
    Header = RtlAllocateStringRoutine(RtlLengthRequiredSid(SubAuthorityCount));
    if (Header == NULL) {
        return STATUS_NO_MEMORY;
    }
    RtlInitializeSid(Header, IdentifierAuthority, SubAuthorityCount);
    RtlCopyMemory(Header->SubAuthority, SubAuthorities, SubAuthorityCount * sizeof(ULONG));
    *Sid = Header;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAllocateAndInitializeSid(_In_ PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                                           _In_ UCHAR SubAuthorityCount, _In_ ULONG SubAuthority0,
                                           _In_ ULONG SubAuthority1, _In_ ULONG SubAuthority2,
                                           _In_ ULONG SubAuthority3, _In_ ULONG SubAuthority4,
                                           _In_ ULONG SubAuthority5, _In_ ULONG SubAuthority6,
                                           _In_ ULONG SubAuthority7, _Out_ PSID *Sid) {
    const ULONG SubAuthorities[ALLOCATE_MAX_SUB_AUTHORITIES] = {
        SubAuthority0, SubAuthority1, SubAuthority2, SubAuthority3,
        SubAuthority4, SubAuthority5, SubAuthority6, SubAuthority7};

    if (SubAuthorityCount > ALLOCATE_MAX_SUB_AUTHORITIES) {
        return STATUS_INVALID_SID;
    }
    return RtlAllocateAndInitializeSidEx(IdentifierAuthority, SubAuthorityCount, SubAuthorities,
                                         Sid);
}

PVOID NTAPI RtlFreeSid(_In_ PSID Sid) {
    RtlFreeStringRoutine(Sid);
    return NULL;
}
