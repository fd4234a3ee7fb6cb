/*
 * sd.c - security descriptors: the parts and the control bits
 *
 * A descriptor holds an owner, a group, an audit list (SACL) and an access list (DACL). Whether a
 * list is there is told by a control bit, not by the pointer: a DACL that is present and NULL grants
 * everything, an empty one grants nothing.
 *
 * The absolute form has pointers, the self-relative form has offsets; RtlpGetParts is the one place
 * that reads either.
 *
 * Sources: [MS-DTYP] 2.4.6; WDK, RtlCreateSecurityDescriptor, RtlGetDaclSecurityDescriptor,
 * RtlValidRelativeSecurityDescriptor and their neighbours; MSDN, SetSecurityDescriptorControl,
 * SetSecurityDescriptorRMControl; phnt.
 */
#include "ntrtl.h"
#include "secp.h"

/* Bits that say how lists are inherited and trusted; the others follow from what is stored. */
#define SETTABLE_CONTROL_BITS                                                                      \
    (SE_DACL_UNTRUSTED | SE_SERVER_SECURITY | SE_DACL_AUTO_INHERIT_REQ |                           \
     SE_SACL_AUTO_INHERIT_REQ | SE_DACL_AUTO_INHERITED | SE_SACL_AUTO_INHERITED |                  \
     SE_DACL_PROTECTED | SE_SACL_PROTECTED)

/* ---- Making ---- */

NTSTATUS NTAPI RtlCreateSecurityDescriptor(_Out_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                           _In_ ULONG Revision) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;

    if (Revision != SECURITY_DESCRIPTOR_REVISION) {
        return STATUS_UNKNOWN_REVISION;
    }
    RtlZeroMemory(Sd, sizeof(*Sd));
    Sd->Revision = SECURITY_DESCRIPTOR_REVISION;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlCreateSecurityDescriptorRelative(
    _Out_ PISECURITY_DESCRIPTOR_RELATIVE SecurityDescriptor, _In_ ULONG Revision) {
    if (Revision != SECURITY_DESCRIPTOR_REVISION) {
        return STATUS_UNKNOWN_REVISION;
    }
    RtlZeroMemory(SecurityDescriptor, sizeof(*SecurityDescriptor));
    SecurityDescriptor->Revision = SECURITY_DESCRIPTOR_REVISION;
    SecurityDescriptor->Control = SE_SELF_RELATIVE;
    return STATUS_SUCCESS;
}

/* ---- Reading ---- */

static PVOID RtlpAtOffset(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Offset) {
    return Offset != 0 ? (PUCHAR)SecurityDescriptor + Offset : NULL;
}

VOID RtlpGetParts(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor, _Out_ PRTLP_SD_PARTS Parts) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;

    if (RtlpIsSelfRelative(Sd)) {
        PISECURITY_DESCRIPTOR_RELATIVE Relative = SecurityDescriptor;
        Parts->Owner = RtlpAtOffset(Sd, Relative->Owner);
        Parts->Group = RtlpAtOffset(Sd, Relative->Group);
        Parts->Sacl = RtlpAtOffset(Sd, Relative->Sacl);
        Parts->Dacl = RtlpAtOffset(Sd, Relative->Dacl);
    } else {
        Parts->Owner = Sd->Owner;
        Parts->Group = Sd->Group;
        Parts->Sacl = Sd->Sacl;
        Parts->Dacl = Sd->Dacl;
    }
    if ((Sd->Control & SE_SACL_PRESENT) == 0) {
        Parts->Sacl = NULL;
    }
    if ((Sd->Control & SE_DACL_PRESENT) == 0) {
        Parts->Dacl = NULL;
    }
}

NTSTATUS NTAPI RtlGetControlSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                               _Out_ PSECURITY_DESCRIPTOR_CONTROL Control,
                                               _Out_ PULONG Revision) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;

    *Revision = Sd->Revision;
    if (Sd->Revision != SECURITY_DESCRIPTOR_REVISION) {
        return STATUS_UNKNOWN_REVISION;
    }
    *Control = Sd->Control;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGetOwnerSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                             _Out_ PSID *Owner, _Out_ PBOOLEAN OwnerDefaulted) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;
    RTLP_SD_PARTS Parts;

    if (Sd->Revision != SECURITY_DESCRIPTOR_REVISION) {
        return STATUS_UNKNOWN_REVISION;
    }
    RtlpGetParts(Sd, &Parts);
    *Owner = Parts.Owner;
    *OwnerDefaulted = (Sd->Control & SE_OWNER_DEFAULTED) != 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGetGroupSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                             _Out_ PSID *Group, _Out_ PBOOLEAN GroupDefaulted) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;
    RTLP_SD_PARTS Parts;

    if (Sd->Revision != SECURITY_DESCRIPTOR_REVISION) {
        return STATUS_UNKNOWN_REVISION;
    }
    RtlpGetParts(Sd, &Parts);
    *Group = Parts.Group;
    *GroupDefaulted = (Sd->Control & SE_GROUP_DEFAULTED) != 0;
    return STATUS_SUCCESS;
}

/* A list that is not present leaves the caller's two other variables alone, as Windows does. */
NTSTATUS NTAPI RtlGetDaclSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            _Out_ PBOOLEAN DaclPresent, _Out_ PACL *Dacl,
                                            _Out_ PBOOLEAN DaclDefaulted) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;
    RTLP_SD_PARTS Parts;

    if (Sd->Revision != SECURITY_DESCRIPTOR_REVISION) {
        return STATUS_UNKNOWN_REVISION;
    }
    *DaclPresent = (Sd->Control & SE_DACL_PRESENT) != 0;
    if (*DaclPresent) {
        RtlpGetParts(Sd, &Parts);
        *Dacl = Parts.Dacl;
        *DaclDefaulted = (Sd->Control & SE_DACL_DEFAULTED) != 0;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGetSaclSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            _Out_ PBOOLEAN SaclPresent, _Out_ PACL *Sacl,
                                            _Out_ PBOOLEAN SaclDefaulted) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;
    RTLP_SD_PARTS Parts;

    if (Sd->Revision != SECURITY_DESCRIPTOR_REVISION) {
        return STATUS_UNKNOWN_REVISION;
    }
    *SaclPresent = (Sd->Control & SE_SACL_PRESENT) != 0;
    if (*SaclPresent) {
        RtlpGetParts(Sd, &Parts);
        *Sacl = Parts.Sacl;
        *SaclDefaulted = (Sd->Control & SE_SACL_DEFAULTED) != 0;
    }
    return STATUS_SUCCESS;
}

ULONG NTAPI RtlLengthSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor) {
    RTLP_SD_PARTS Parts;
    ULONG Length = RtlpIsSelfRelative(SecurityDescriptor) ? sizeof(SECURITY_DESCRIPTOR_RELATIVE)
                                                          : sizeof(SECURITY_DESCRIPTOR);

    RtlpGetParts(SecurityDescriptor, &Parts);
    return Length + RtlpLongAlign(RtlpSidLength(Parts.Owner)) +
           RtlpLongAlign(RtlpSidLength(Parts.Group)) + RtlpLongAlign(RtlpAclLength(Parts.Sacl)) +
           RtlpLongAlign(RtlpAclLength(Parts.Dacl));
}

/* ---- Storing ---- */

static NTSTATUS RtlpMayStore(PISECURITY_DESCRIPTOR Sd) {
    if (Sd->Revision != SECURITY_DESCRIPTOR_REVISION) {
        return STATUS_UNKNOWN_REVISION;
    }
    return RtlpIsSelfRelative(Sd) ? STATUS_INVALID_SECURITY_DESCR : STATUS_SUCCESS;
}

static VOID RtlpSetControlBits(PISECURITY_DESCRIPTOR Sd, SECURITY_DESCRIPTOR_CONTROL Bits,
                               BOOLEAN Set) {
    Sd->Control =
        (SECURITY_DESCRIPTOR_CONTROL)(Set ? Sd->Control | Bits : Sd->Control & ~(ULONG)Bits);
}

NTSTATUS NTAPI RtlSetOwnerSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                             _In_opt_ PSID Owner, _In_ BOOLEAN OwnerDefaulted) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;
    NTSTATUS Status = RtlpMayStore(Sd);

    if (NT_SUCCESS(Status)) {
        Sd->Owner = Owner;
        RtlpSetControlBits(Sd, SE_OWNER_DEFAULTED, OwnerDefaulted);
    }
    return Status;
}

NTSTATUS NTAPI RtlSetGroupSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                             _In_opt_ PSID Group, _In_ BOOLEAN GroupDefaulted) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;
    NTSTATUS Status = RtlpMayStore(Sd);

    if (NT_SUCCESS(Status)) {
        Sd->Group = Group;
        RtlpSetControlBits(Sd, SE_GROUP_DEFAULTED, GroupDefaulted);
    }
    return Status;
}

NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            _In_ BOOLEAN DaclPresent, _In_opt_ PACL Dacl,
                                            _In_ BOOLEAN DaclDefaulted) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;
    NTSTATUS Status = RtlpMayStore(Sd);

    if (NT_SUCCESS(Status)) {
        RtlpSetControlBits(Sd, SE_DACL_PRESENT, DaclPresent);
        if (DaclPresent) {
            Sd->Dacl = Dacl;
            RtlpSetControlBits(Sd, SE_DACL_DEFAULTED, DaclDefaulted);
        }
    }
    return Status;
}

NTSTATUS NTAPI RtlSetSaclSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            _In_ BOOLEAN SaclPresent, _In_opt_ PACL Sacl,
                                            _In_ BOOLEAN SaclDefaulted) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;
    NTSTATUS Status = RtlpMayStore(Sd);

    if (NT_SUCCESS(Status)) {
        RtlpSetControlBits(Sd, SE_SACL_PRESENT, SaclPresent);
        if (SaclPresent) {
            Sd->Sacl = Sacl;
            RtlpSetControlBits(Sd, SE_SACL_DEFAULTED, SaclDefaulted);
        }
    }
    return Status;
}

NTSTATUS NTAPI
RtlSetControlSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                _In_ SECURITY_DESCRIPTOR_CONTROL ControlBitsOfInterest,
                                _In_ SECURITY_DESCRIPTOR_CONTROL ControlBitsToSet) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;

    if ((ControlBitsOfInterest & ~SETTABLE_CONTROL_BITS) != 0 ||
        (ControlBitsToSet & ~ControlBitsOfInterest) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlpSetControlBits(Sd, ControlBitsOfInterest, FALSE);
    RtlpSetControlBits(Sd, ControlBitsToSet, TRUE);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetAttributesSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                  _In_ SECURITY_DESCRIPTOR_CONTROL Control,
                                                  _Out_ PULONG Revision) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;
    SECURITY_DESCRIPTOR_CONTROL Bits = Control & SETTABLE_CONTROL_BITS;

    *Revision = Sd->Revision;
    if (Sd->Revision != SECURITY_DESCRIPTOR_REVISION) {
        return STATUS_UNKNOWN_REVISION;
    }
    return RtlSetControlSecurityDescriptor(Sd, Bits, Bits);
}

/* ---- The resource manager's byte ---- */

BOOLEAN NTAPI RtlGetSecurityDescriptorRMControl(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                _Out_ PUCHAR RMControl) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;
    BOOLEAN Valid = (Sd->Control & SE_RM_CONTROL_VALID) != 0;

    *RMControl = Valid ? Sd->Sbz1 : 0;
    return Valid;
}

VOID NTAPI RtlSetSecurityDescriptorRMControl(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                             _In_opt_ PUCHAR RMControl) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;

    Sd->Sbz1 = RMControl != NULL ? *RMControl : 0;
    RtlpSetControlBits(Sd, SE_RM_CONTROL_VALID, RMControl != NULL);
}

/* ---- Validity ---- */

BOOLEAN NTAPI RtlValidSecurityDescriptor(_In_opt_ PSECURITY_DESCRIPTOR SecurityDescriptor) {
    PISECURITY_DESCRIPTOR Sd = SecurityDescriptor;
    RTLP_SD_PARTS Parts;

    if (Sd == NULL || Sd->Revision != SECURITY_DESCRIPTOR_REVISION) {
        return FALSE;
    }
    RtlpGetParts(Sd, &Parts);
    return (Parts.Owner == NULL || RtlValidSid(Parts.Owner)) &&
           (Parts.Group == NULL || RtlValidSid(Parts.Group)) &&
           (Parts.Sacl == NULL || RtlValidAcl(Parts.Sacl)) &&
           (Parts.Dacl == NULL || RtlValidAcl(Parts.Dacl));
}

/* The room behind an offset of a part; 0 if no part can be there. */
static ULONG RtlpRoomAt(ULONG Offset, ULONG Length) {
    if (Offset < sizeof(SECURITY_DESCRIPTOR_RELATIVE) || Offset >= Length || Offset % 4 != 0) {
        return 0;
    }
    return Length - Offset;
}

static BOOLEAN RtlpIsRelativeSid(PISECURITY_DESCRIPTOR_RELATIVE Sd, ULONG Offset, ULONG Length,
                                 BOOLEAN Required) {
    if (Offset == 0) {
        return !Required;
    }
    return RtlpIsSidWithin((PUCHAR)Sd + Offset, RtlpRoomAt(Offset, Length));
}

/* A list that is present may be NULL; one that is not present has no offset that counts. */
static BOOLEAN RtlpIsRelativeAcl(PISECURITY_DESCRIPTOR_RELATIVE Sd, ULONG Offset, ULONG Length,
                                 BOOLEAN Present, BOOLEAN Required) {
    if (!Present) {
        return !Required;
    }
    return Offset == 0 || RtlpIsAclWithin((PACL)((PUCHAR)Sd + Offset), RtlpRoomAt(Offset, Length));
}

BOOLEAN NTAPI RtlValidRelativeSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                 _In_ ULONG SecurityDescriptorLength,
                                                 _In_ SECURITY_INFORMATION RequiredInformation) {
    PISECURITY_DESCRIPTOR_RELATIVE Sd = SecurityDescriptor;
    ULONG Length = SecurityDescriptorLength;

    if (Length < sizeof(*Sd) || Sd->Revision != SECURITY_DESCRIPTOR_REVISION ||
        !RtlpIsSelfRelative(Sd)) {
        return FALSE;
    }
    return RtlpIsRelativeSid(Sd, Sd->Owner, Length,
                             (RequiredInformation & OWNER_SECURITY_INFORMATION) != 0) &&
           RtlpIsRelativeSid(Sd, Sd->Group, Length,
                             (RequiredInformation & GROUP_SECURITY_INFORMATION) != 0) &&
           RtlpIsRelativeAcl(Sd, Sd->Sacl, Length, (Sd->Control & SE_SACL_PRESENT) != 0,
                             (RequiredInformation & SACL_SECURITY_INFORMATION) != 0) &&
           RtlpIsRelativeAcl(Sd, Sd->Dacl, Length, (Sd->Control & SE_DACL_PRESENT) != 0,
                             (RequiredInformation & DACL_SECURITY_INFORMATION) != 0);
}
