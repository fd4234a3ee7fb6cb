/*
 * sdrelative.c - security descriptors from one form to the other
 *
 * The absolute form is for building, the self-relative form for storing and for handing over. A
 * self-relative block holds its head, then SACL, DACL, owner and group, each at a multiple of 4.
 *
 * The descriptors are valid: a caller who does not know asks RtlValidRelativeSecurityDescriptor, or
 * RtlValidSecurityDescriptor, first.
 *
 * Sources: [MS-DTYP] 2.4.6; WDK, RtlAbsoluteToSelfRelativeSD, RtlSelfRelativeToAbsoluteSD; MSDN,
 * MakeSelfRelativeSD, MakeAbsoluteSD; phnt.
 */
#include "ntrtl.h"
#include "secp.h"

/* Copies a part to *End of the block; its offset, or 0 for a part that is not there. */
static ULONG RtlpPack(PISECURITY_DESCRIPTOR_RELATIVE Block, PULONG End, const VOID *Part,
                      ULONG Length) {
    ULONG Offset = *End;

    if (Part == NULL) {
        return 0;
    }
    RtlCopyMemory((PUCHAR)Block + Offset, Part, Length);
    RtlZeroMemory((PUCHAR)Block + Offset + Length, RtlpLongAlign(Length) - Length);
    *End += RtlpLongAlign(Length);
    return Offset;
}

static ULONG RtlpPackedLength(const RTLP_SD_PARTS *Parts) {
    return (ULONG)sizeof(SECURITY_DESCRIPTOR_RELATIVE) +
           RtlpLongAlign(RtlpSidLength(Parts->Owner)) + RtlpLongAlign(RtlpSidLength(Parts->Group)) +
           RtlpLongAlign(RtlpAclLength(Parts->Sacl)) + RtlpLongAlign(RtlpAclLength(Parts->Dacl));
}

NTSTATUS NTAPI RtlMakeSelfRelativeSD(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                     _Out_opt_ PSECURITY_DESCRIPTOR SelfRelativeSecurityDescriptor,
                                     _Inout_ PULONG BufferLength) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;
    PISECURITY_DESCRIPTOR_RELATIVE Block = SelfRelativeSecurityDescriptor;
    ULONG End = sizeof(*Block);
    RTLP_SD_PARTS Parts;

    RtlpGetParts(Sd, &Parts);
    if (*BufferLength < RtlpPackedLength(&Parts)) {
        *BufferLength = RtlpPackedLength(&Parts);
        return STATUS_BUFFER_TOO_SMALL;
    }
    Block->Revision = Sd->Revision;
    Block->Sbz1 = Sd->Sbz1;
    Block->Control = Sd->Control | SE_SELF_RELATIVE;
    Block->Sacl = RtlpPack(Block, &End, Parts.Sacl, RtlpAclLength(Parts.Sacl));
    Block->Dacl = RtlpPack(Block, &End, Parts.Dacl, RtlpAclLength(Parts.Dacl));
    Block->Owner = RtlpPack(Block, &End, Parts.Owner, RtlpSidLength(Parts.Owner));
    Block->Group = RtlpPack(Block, &End, Parts.Group, RtlpSidLength(Parts.Group));
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAbsoluteToSelfRelativeSD(
    _In_ PSECURITY_DESCRIPTOR AbsoluteSecurityDescriptor,
    _Out_opt_ PSECURITY_DESCRIPTOR SelfRelativeSecurityDescriptor, _Inout_ PULONG BufferLength) {
    if (RtlpIsSelfRelative(AbsoluteSecurityDescriptor)) {
        return STATUS_BAD_DESCRIPTOR_FORMAT;
    }
    return RtlMakeSelfRelativeSD(AbsoluteSecurityDescriptor, SelfRelativeSecurityDescriptor,
                                 BufferLength);
}

/* ---- To the absolute form ---- */

/* Tells what is needed; FALSE if the room was too small. */
static BOOLEAN RtlpNeeds(PULONG Size, ULONG Needed) {
    ULONG Room = *Size;

    *Size = Needed;
    return Room >= Needed;
}

static PVOID RtlpCopyPart(PVOID To, const VOID *From, ULONG Length) {
    return From != NULL ? memmove(To, From, Length) : NULL;
}

NTSTATUS NTAPI RtlSelfRelativeToAbsoluteSD(
    _In_ PSECURITY_DESCRIPTOR SelfRelativeSecurityDescriptor,
    _Out_opt_ PSECURITY_DESCRIPTOR AbsoluteSecurityDescriptor,
    _Inout_ PULONG AbsoluteSecurityDescriptorSize, _Out_opt_ PACL Dacl, _Inout_ PULONG DaclSize,
    _Out_opt_ PACL Sacl, _Inout_ PULONG SaclSize, _Out_opt_ PSID Owner, _Inout_ PULONG OwnerSize,
    _Out_opt_ PSID PrimaryGroup, _Inout_ PULONG PrimaryGroupSize) {
    PISECURITY_DESCRIPTOR_RELATIVE Block = SelfRelativeSecurityDescriptor;
    PISECURITY_DESCRIPTOR Sd = AbsoluteSecurityDescriptor;
    RTLP_SD_PARTS Parts;
    BOOLEAN Fits;

    if (!RtlpIsSelfRelative(Block)) {
        return STATUS_BAD_DESCRIPTOR_FORMAT;
    }
    RtlpGetParts(Block, &Parts);
    Fits = RtlpNeeds(AbsoluteSecurityDescriptorSize, sizeof(*Sd));
    Fits &= RtlpNeeds(DaclSize, RtlpAclLength(Parts.Dacl));
    Fits &= RtlpNeeds(SaclSize, RtlpAclLength(Parts.Sacl));
    Fits &= RtlpNeeds(OwnerSize, RtlpSidLength(Parts.Owner));
    Fits &= RtlpNeeds(PrimaryGroupSize, RtlpSidLength(Parts.Group));
    if (!Fits) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Sd->Revision = Block->Revision;
    Sd->Sbz1 = Block->Sbz1;
    Sd->Control = (SECURITY_DESCRIPTOR_CONTROL)(Block->Control & ~SE_SELF_RELATIVE);
    Sd->Dacl = RtlpCopyPart(Dacl, Parts.Dacl, *DaclSize);
    Sd->Sacl = RtlpCopyPart(Sacl, Parts.Sacl, *SaclSize);
    Sd->Owner = RtlpCopyPart(Owner, Parts.Owner, *OwnerSize);
    Sd->Group = RtlpCopyPart(PrimaryGroup, Parts.Group, *PrimaryGroupSize);
    return STATUS_SUCCESS;
}

/* The end of a part in its block, as far as Length may say; parts that are not there end at 0. */
static ULONG RtlpEndOfPart(const VOID *Block, const VOID *Part, ULONG Length) {
    return Part != NULL ? (ULONG)((const UCHAR *)Part - (const UCHAR *)Block) + Length : 0;
}

static ULONG RtlpEndOfBlock(const VOID *Block, const RTLP_SD_PARTS *Parts) {
    ULONG End = sizeof(SECURITY_DESCRIPTOR_RELATIVE);

    End = max(End, RtlpEndOfPart(Block, Parts->Owner, RtlpSidLength(Parts->Owner)));
    End = max(End, RtlpEndOfPart(Block, Parts->Group, RtlpSidLength(Parts->Group)));
    End = max(End, RtlpEndOfPart(Block, Parts->Sacl, RtlpAclLength(Parts->Sacl)));
    return max(End, RtlpEndOfPart(Block, Parts->Dacl, RtlpAclLength(Parts->Dacl)));
}

static PVOID RtlpMovedPart(PVOID Part, ULONG Distance) {
    return Part != NULL ? (PUCHAR)Part + Distance : NULL;
}

NTSTATUS NTAPI RtlSelfRelativeToAbsoluteSD2(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            _Inout_ PULONG BufferSize) {
    const ULONG Head = sizeof(SECURITY_DESCRIPTOR_RELATIVE);
    const ULONG Distance = sizeof(SECURITY_DESCRIPTOR) - Head;
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;
    RTLP_SD_PARTS Parts;
    ULONG End;

    if (!RtlpIsSelfRelative(Sd)) {
        return STATUS_BAD_DESCRIPTOR_FORMAT;
    }
    RtlpGetParts(Sd, &Parts);
    End = RtlpEndOfBlock(Sd, &Parts);
    if (!RtlpNeeds(BufferSize, End + Distance)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlMoveMemory((PUCHAR)Sd + sizeof(*Sd), (PUCHAR)Sd + Head, End - Head);
    Sd->Control = (SECURITY_DESCRIPTOR_CONTROL)(Sd->Control & ~SE_SELF_RELATIVE);
    Sd->Owner = RtlpMovedPart(Parts.Owner, Distance);
    Sd->Group = RtlpMovedPart(Parts.Group, Distance);
    Sd->Sacl = RtlpMovedPart(Parts.Sacl, Distance);
    Sd->Dacl = RtlpMovedPart(Parts.Dacl, Distance);
    return STATUS_SUCCESS;
}
