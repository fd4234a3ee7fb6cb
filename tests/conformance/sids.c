/*
 * SIDs, access control lists and security descriptors as data. What Wine lacks, or answers in another
 * way than Windows documents, is in rtldocs.c.
 */
#include "nt.h"

NTSYS BOOLEAN NTAPI RtlValidSid(PSID);
NTSYS ULONG NTAPI RtlLengthSid(PSID);
NTSYS ULONG NTAPI RtlLengthRequiredSid(ULONG);
NTSYS NTSTATUS NTAPI RtlInitializeSid(PSID, PSID_IDENTIFIER_AUTHORITY, UCHAR);
NTSYS PSID_IDENTIFIER_AUTHORITY NTAPI RtlIdentifierAuthoritySid(PSID);
NTSYS PULONG NTAPI RtlSubAuthoritySid(PSID, ULONG);
NTSYS PUCHAR NTAPI RtlSubAuthorityCountSid(PSID);
NTSYS BOOLEAN NTAPI RtlEqualSid(PSID, PSID);
NTSYS BOOLEAN NTAPI RtlEqualPrefixSid(PSID, PSID);
NTSYS NTSTATUS NTAPI RtlCopySid(ULONG, PSID, PSID);
NTSYS NTSTATUS NTAPI RtlAllocateAndInitializeSid(PSID_IDENTIFIER_AUTHORITY, UCHAR, ULONG, ULONG,
                                                 ULONG, ULONG, ULONG, ULONG, ULONG, ULONG, PSID *);
NTSYS PVOID NTAPI RtlFreeSid(PSID);
NTSYS NTSTATUS NTAPI RtlConvertSidToUnicodeString(PUNICODE_STRING, PSID, BOOLEAN);
NTSYS void NTAPI RtlFreeUnicodeString(PUNICODE_STRING);
NTSYS NTSTATUS NTAPI RtlCreateAcl(PACL, ULONG, ULONG);
NTSYS BOOLEAN NTAPI RtlValidAcl(PACL);
NTSYS BOOLEAN NTAPI RtlFirstFreeAce(PACL, PVOID *);
NTSYS NTSTATUS NTAPI RtlAddAce(PACL, ULONG, ULONG, PVOID, ULONG);
NTSYS NTSTATUS NTAPI RtlDeleteAce(PACL, ULONG);
NTSYS NTSTATUS NTAPI RtlGetAce(PACL, ULONG, PVOID *);
NTSYS NTSTATUS NTAPI RtlQueryInformationAcl(PACL, PVOID, ULONG, int);
NTSYS NTSTATUS NTAPI RtlAddAccessAllowedAce(PACL, ULONG, ULONG, PSID);
NTSYS NTSTATUS NTAPI RtlAddAccessAllowedAceEx(PACL, ULONG, ULONG, ULONG, PSID);
NTSYS NTSTATUS NTAPI RtlAddAccessDeniedAce(PACL, ULONG, ULONG, PSID);
NTSYS NTSTATUS NTAPI RtlAddAccessDeniedAceEx(PACL, ULONG, ULONG, ULONG, PSID);
NTSYS NTSTATUS NTAPI RtlAddAuditAccessAce(PACL, ULONG, ULONG, PSID, BOOLEAN, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlAddAuditAccessAceEx(PACL, ULONG, ULONG, ULONG, PSID, BOOLEAN, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR, ULONG);
NTSYS ULONG NTAPI RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR);
NTSYS NTSTATUS NTAPI RtlGetControlSecurityDescriptor(PSECURITY_DESCRIPTOR, PUSHORT, PULONG);
NTSYS NTSTATUS NTAPI RtlSetControlSecurityDescriptor(PSECURITY_DESCRIPTOR, USHORT, USHORT);
NTSYS NTSTATUS NTAPI RtlGetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR, PSID *, PBOOLEAN);
NTSYS NTSTATUS NTAPI RtlSetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR, PSID, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlGetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR, PSID *, PBOOLEAN);
NTSYS NTSTATUS NTAPI RtlSetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR, PSID, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlGetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR, PBOOLEAN, PACL *, PBOOLEAN);
NTSYS NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR, BOOLEAN, PACL, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlGetSaclSecurityDescriptor(PSECURITY_DESCRIPTOR, PBOOLEAN, PACL *, PBOOLEAN);
NTSYS NTSTATUS NTAPI RtlSetSaclSecurityDescriptor(PSECURITY_DESCRIPTOR, BOOLEAN, PACL, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlMakeSelfRelativeSD(PSECURITY_DESCRIPTOR, PSECURITY_DESCRIPTOR, PULONG);
NTSYS NTSTATUS NTAPI RtlAbsoluteToSelfRelativeSD(PSECURITY_DESCRIPTOR, PSECURITY_DESCRIPTOR,
                                                 PULONG);
NTSYS NTSTATUS NTAPI RtlSelfRelativeToAbsoluteSD(PSECURITY_DESCRIPTOR, PSECURITY_DESCRIPTOR, PULONG,
                                                 PACL, PULONG, PACL, PULONG, PSID, PULONG, PSID,
                                                 PULONG);
NTSYS BOOLEAN NTAPI RtlAreAllAccessesGranted(ULONG, ULONG);
NTSYS BOOLEAN NTAPI RtlAreAnyAccessesGranted(ULONG, ULONG);
NTSYS void NTAPI RtlMapGenericMask(PULONG, const GENERIC_MAPPING *);

static SID_IDENTIFIER_AUTHORITY Nt = {{0, 0, 0, 0, 0, 5}};
static SID_IDENTIFIER_AUTHORITY Four = {{0, 0, 0xFF, 0xFF, 0xFF, 0xFF}};
static PSID Users, Admins, World;

static void ShowBytes(const char *What, const void *Bytes, ULONG Length) {
    Print("%s:", What);
    for (ULONG i = 0; i < Length; i++) {
        Print(" %02x", ((const UCHAR *)Bytes)[i]);
    }
    Print("\n");
}

static void ShowText(const char *What, PSID Sid) {
    UNICODE_STRING Text = {0, 0, NULL};
    NTSTATUS Status = RtlConvertSidToUnicodeString(&Text, Sid, TRUE);
    Print("%s: %08x %u/%u ", What, (unsigned)Status, Text.Length, Text.MaximumLength);
    for (USHORT i = 0; i < Text.Length / 2; i++) {
        Print("%c", Text.Buffer[i]);
    }
    Print("\n");
    RtlFreeUnicodeString(&Text);
}

static void Sids(void) {
    UCHAR Space[80];
    PSID Sid = Space, Other;
    memset(Space, 0xCC, sizeof(Space));
    RtlInitializeSid(Sid, &Nt, 2);
    *RtlSubAuthoritySid(Sid, 0) = 32;
    *RtlSubAuthoritySid(Sid, 1) = 544;
    ShowBytes("S-1-5-32-544", Sid, 20);
    Print("lengths %u %u %u\n", (unsigned)RtlLengthSid(Sid), (unsigned)RtlLengthRequiredSid(0),
          (unsigned)RtlLengthRequiredSid(15));
    Print("authority %d count %d\n", RtlIdentifierAuthoritySid(Sid)->Value[5],
          *RtlSubAuthorityCountSid(Sid));
    Check("valid", RtlValidSid(Sid));
    Space[0] = 2;
    Check("revision 2 valid", RtlValidSid(Sid));
    Space[0] = 1;
    Space[1] = 15;
    Check("15 valid", RtlValidSid(Sid));
    Space[1] = 16;
    Check("16 valid", RtlValidSid(Sid));
    Check("NULL valid", RtlValidSid(NULL));
    Space[1] = 2;
    Print("equal %d %d %d\n", RtlEqualSid(Sid, Admins), RtlEqualSid(Sid, Users),
          RtlEqualSid(Sid, World));
    Print("prefix %d %d %d\n", RtlEqualPrefixSid(Sid, Admins), RtlEqualPrefixSid(Sid, Users),
          RtlEqualPrefixSid(Sid, World));
    memset(Space, 0xCC, sizeof(Space));
    RtlCopySid(16, Space, Users);
    ShowBytes("copied", Space, 20);
    ShowStatus("allocate 9", RtlAllocateAndInitializeSid(&Nt, 9, 1, 2, 3, 4, 5, 6, 7, 8, &Other));
    ShowStatus("allocate 8", RtlAllocateAndInitializeSid(&Nt, 8, 1, 2, 3, 4, 5, 6, 7, 8, &Other));
    ShowText("eight", Other);
    RtlFreeSid(Other);
    ShowStatus("allocate 0", RtlAllocateAndInitializeSid(&Nt, 0, 1, 2, 3, 4, 5, 6, 7, 8, &Other));
    ShowText("none", Other);
    RtlFreeSid(Other);
}

static void Texts(void) {
    PSID Sid;
    WCHAR Buffer[40];
    ShowText("users", Users);
    ShowText("administrators", Admins);
    ShowText("everyone", World);
    RtlAllocateAndInitializeSid(&Four, 2, 0, 0x80000000, 0, 0, 0, 0, 0, 0, &Sid);
    ShowText("four bytes of authority", Sid);
    RtlFreeSid(Sid);
    for (USHORT Room = 20; Room < 30; Room++) {
        UNICODE_STRING Text = {0, Room, Buffer};
        memset(Buffer, 0xCC, sizeof(Buffer));
        NTSTATUS Status = RtlConvertSidToUnicodeString(&Text, Admins, FALSE);
        Print("room %u: %08x", Room, (unsigned)Status);
        if (NT_SUCCESS(Status)) {
            Print(" %u/%u %04x", Text.Length, Text.MaximumLength, Buffer[12]);
        }
        Print("\n");
    }
}

static void ShowAcl(const char *What, PACL Acl) {
    ACL_SIZE_INFORMATION Size = {0, 0, 0};
    NTSTATUS Status = RtlQueryInformationAcl(Acl, &Size, sizeof(Size), AclSizeInformation);
    Print("%s: revision %u size %u count %u, %08x %u %u %u, valid %d\n", What, Acl->AclRevision,
          Acl->AclSize, Acl->AceCount, (unsigned)Status, (unsigned)Size.AceCount,
          (unsigned)Size.AclBytesInUse, (unsigned)Size.AclBytesFree, RtlValidAcl(Acl));
    for (ULONG i = 0; i < Acl->AceCount; i++) {
        ACE_HEADER *Ace;
        if (NT_SUCCESS(RtlGetAce(Acl, i, (PVOID *)&Ace))) {
            ShowBytes("  ", Ace, Ace->AceSize);
        }
    }
}

static void Creating(void) {
    UCHAR Space[64];
    PACL Acl = (PACL)Space;
    memset(Space, 0xCC, sizeof(Space));
    ShowStatus("length 7", RtlCreateAcl(Acl, 7, 2));
    ShowStatus("revision 1", RtlCreateAcl(Acl, 64, 1));
    ShowStatus("revision 5", RtlCreateAcl(Acl, 64, 5));
    ShowStatus("length 65536", RtlCreateAcl(Acl, 65536, 2));
    ShowStatus("length 65535", RtlCreateAcl(Acl, 65535, 2));
    ShowStatus("revision 3", RtlCreateAcl(Acl, 64, 3));
    ShowStatus("revision 4", RtlCreateAcl(Acl, 64, 4));
    ShowStatus("length 8", RtlCreateAcl(Acl, 8, 2));
    ShowAcl("empty", Acl);
    ShowBytes("head", Acl, 9);
}

static void Entries(void) {
    static UCHAR Space[1024];
    PACL Acl = (PACL)Space;
    RtlCreateAcl(Acl, sizeof(Space), ACL_REVISION);
    ShowStatus("allowed", RtlAddAccessAllowedAce(Acl, 2, 0x1F01FF, Users));
    ShowStatus("allowed, flags", RtlAddAccessAllowedAceEx(Acl, 2, 0x1B, 1, Admins));
    ShowStatus("denied", RtlAddAccessDeniedAce(Acl, 2, 0x80000000, World));
    ShowStatus("denied, revision 3", RtlAddAccessDeniedAceEx(Acl, 3, 2, 1, Users));
    ShowStatus("audit", RtlAddAuditAccessAce(Acl, 2, 7, World, TRUE, FALSE));
    ShowStatus("audit, flags", RtlAddAuditAccessAceEx(Acl, 2, 1, 7, World, FALSE, TRUE));
    ShowAcl("six", Acl);
    ShowStatus("revision 5", RtlAddAccessAllowedAce(Acl, 5, 1, Users));
    ((PISID)World)->Revision = 7;
    ShowStatus("bad SID", RtlAddAccessAllowedAce(Acl, 2, 1, World));
    ((PISID)World)->Revision = 1;
}

static void Room(void) {
    UCHAR Space[64];
    PACL Acl = (PACL)Space;
    ACL_REVISION_INFORMATION Revision;
    ACL_SIZE_INFORMATION Size;
    PVOID Ace;
    RtlCreateAcl(Acl, 8 + 24 + 23, ACL_REVISION);
    ShowStatus("first", RtlAddAccessAllowedAce(Acl, 2, 1, Users));
    ShowStatus("no room", RtlAddAccessAllowedAce(Acl, 2, 1, Users));
    ShowAcl("one", Acl);
    Check("free", RtlFirstFreeAce(Acl, &Ace) && Ace == Space + 32);
    ShowStatus("entry 1", RtlGetAce(Acl, 1, &Ace));
    ShowStatus("delete 1", RtlDeleteAce(Acl, 1));
    ShowStatus("revision", RtlQueryInformationAcl(Acl, &Revision, 4, AclRevisionInformation));
    Print("revision %u\n", (unsigned)Revision.AclRevision);
    ShowStatus("revision, short",
               RtlQueryInformationAcl(Acl, &Revision, 3, AclRevisionInformation));
    ShowStatus("size, short", RtlQueryInformationAcl(Acl, &Size, 11, AclSizeInformation));
    ShowStatus("class 3", RtlQueryInformationAcl(Acl, &Size, 12, 3));
    ShowStatus("delete 0", RtlDeleteAce(Acl, 0));
    ShowAcl("none", Acl);
}

/* A list of entries goes to the end of another list and to its front, and out again. */
static void Moving(void) {
    static UCHAR From[256], To[256];
    PACL Source = (PACL)From, Acl = (PACL)To;
    RtlCreateAcl(Source, sizeof(From), ACL_REVISION);
    RtlAddAccessDeniedAce(Source, 2, 0x11, World);
    RtlAddAccessDeniedAce(Source, 2, 0x22, Admins);
    RtlCreateAcl(Acl, sizeof(To), ACL_REVISION);
    RtlAddAccessAllowedAce(Acl, 2, 0x33, Users);
    ShowStatus("append two", RtlAddAce(Acl, 2, MAXDWORD, Source + 1, 20 + 24));
    ShowAcl("three", Acl);
    ShowStatus("delete the second", RtlDeleteAce(Acl, 1));
    ShowAcl("two", Acl);
    ShowStatus("delete the first", RtlDeleteAce(Acl, 0));
    ShowAcl("one", Acl);
}

static void Controls(void) {
    SECURITY_DESCRIPTOR Sd;
    USHORT Control = 0xDEAD;
    ULONG Revision = 0xDEAD;
    memset(&Sd, 0xCC, sizeof(Sd));
    ShowStatus("revision 2", RtlCreateSecurityDescriptor(&Sd, 2));
    ShowStatus("revision 1", RtlCreateSecurityDescriptor(&Sd, 1));
    Print("length %u\n", (unsigned)RtlLengthSecurityDescriptor(&Sd));
    ShowStatus("set", RtlSetControlSecurityDescriptor(&Sd, 0x1400, 0x1000));
    ShowStatus("get", RtlGetControlSecurityDescriptor(&Sd, &Control, &Revision));
    Print("%04x %u\n", Control, (unsigned)Revision);
    ShowStatus("change", RtlSetControlSecurityDescriptor(&Sd, 0x1400, 0x0400));
    RtlGetControlSecurityDescriptor(&Sd, &Control, &Revision);
    Print("%04x\n", Control);
    for (ULONG Bit = 1; Bit < 0x10000; Bit *= 2) {
        Print("%04x %08x%s", (unsigned)Bit,
              (unsigned)RtlSetControlSecurityDescriptor(&Sd, (USHORT)Bit, 0),
              Bit == 0x80 || Bit == 0x8000 ? "\n" : "  ");
    }
    Sd.Revision = 3;
    Control = 0xDEAD;
    ShowStatus("get, revision 3", RtlGetControlSecurityDescriptor(&Sd, &Control, &Revision));
    Print("%04x %u\n", Control, (unsigned)Revision);
}

static void ShowParts(const char *What, PSECURITY_DESCRIPTOR Sd) {
    BOOLEAN Present[2] = {9, 9}, Defaulted[4] = {9, 9, 9, 9};
    PSID Owner = NULL, Group = NULL;
    PACL Lists[2] = {NULL, NULL};
    NTSTATUS Status[4] = {RtlGetOwnerSecurityDescriptor(Sd, &Owner, &Defaulted[0]),
                          RtlGetGroupSecurityDescriptor(Sd, &Group, &Defaulted[1]),
                          RtlGetDaclSecurityDescriptor(Sd, &Present[0], &Lists[0], &Defaulted[2]),
                          RtlGetSaclSecurityDescriptor(Sd, &Present[1], &Lists[1], &Defaulted[3])};
    Print("%s: %08x %08x %08x %08x, control %04x, length %u\n", What, (unsigned)Status[0],
          (unsigned)Status[1], (unsigned)Status[2], (unsigned)Status[3],
          ((SECURITY_DESCRIPTOR *)Sd)->Control, (unsigned)RtlLengthSecurityDescriptor(Sd));
    Print("  owner %d %d group %d %d", Owner != NULL && RtlEqualSid(Owner, Admins), Defaulted[0],
          Group != NULL && RtlEqualSid(Group, Users), Defaulted[1]);
    for (int i = 0; i < 2; i++) {
        Print(" list %d %d", Present[i], Present[i] == 1 ? Defaulted[2 + i] : -1);
        Print(" %d", Lists[i] == NULL ? -1 : Lists[i]->AceCount);
    }
    Print("\n");
}

static void ToAbsolute(PSECURITY_DESCRIPTOR Block) {
    static UCHAR Dacl[200], Sacl[200], Owner[68], Group[68];
    SECURITY_DESCRIPTOR Sd;
    ULONG Size[5] = {0, 0, 0, 0, 0};
    NTSTATUS Status =
        RtlSelfRelativeToAbsoluteSD(Block, &Sd, &Size[0], (PACL)Dacl, &Size[1], (PACL)Sacl,
                                    &Size[2], Owner, &Size[3], Group, &Size[4]);
    Print("sizes: %08x %u %u %u %u %u\n", (unsigned)Status, (unsigned)Size[0], (unsigned)Size[1],
          (unsigned)Size[2], (unsigned)Size[3], (unsigned)Size[4]);
    Status = RtlSelfRelativeToAbsoluteSD(Block, &Sd, &Size[0], (PACL)Dacl, &Size[1], (PACL)Sacl,
                                         &Size[2], Owner, &Size[3], Group, &Size[4]);
    ShowStatus("absolute", Status);
    ShowParts("absolute", &Sd);
    Print("sizes: %u %u %u %u %u\n", (unsigned)Size[0], (unsigned)Size[1], (unsigned)Size[2],
          (unsigned)Size[3], (unsigned)Size[4]);
    for (int i = 1; i < 5; i++) {
        Size[i]--;
        Status = RtlSelfRelativeToAbsoluteSD(Block, &Sd, &Size[0], (PACL)Dacl, &Size[1], (PACL)Sacl,
                                             &Size[2], Owner, &Size[3], Group, &Size[4]);
        Print("part %d short: %08x %u\n", i, (unsigned)Status, (unsigned)Size[i]);
    }
}

static void Descriptors(void) {
    static UCHAR DaclSpace[64], SaclSpace[64], Block[512], Again[512];
    PACL Dacl = (PACL)DaclSpace, Sacl = (PACL)SaclSpace;
    SECURITY_DESCRIPTOR Sd;
    ULONG Length = 0;
    RtlCreateAcl(Dacl, 60, ACL_REVISION);
    RtlCreateAcl(Sacl, 8, ACL_REVISION);
    RtlAddAccessAllowedAce(Dacl, 2, 0x1F01FF, Users);
    RtlCreateSecurityDescriptor(&Sd, 1);
    ShowParts("new", &Sd);
    ShowStatus("owner", RtlSetOwnerSecurityDescriptor(&Sd, Admins, TRUE));
    ShowStatus("group", RtlSetGroupSecurityDescriptor(&Sd, Users, FALSE));
    ShowStatus("dacl", RtlSetDaclSecurityDescriptor(&Sd, TRUE, Dacl, TRUE));
    ShowStatus("sacl", RtlSetSaclSecurityDescriptor(&Sd, TRUE, Sacl, FALSE));
    ShowParts("full", &Sd);
    ShowStatus("no room", RtlMakeSelfRelativeSD(&Sd, NULL, &Length));
    Print("needs %u\n", (unsigned)Length);
    Length--;
    ShowStatus("one less", RtlMakeSelfRelativeSD(&Sd, Block, &Length));
    Length = sizeof(Block);
    ShowStatus("self-relative", RtlMakeSelfRelativeSD(&Sd, Block, &Length));
    ShowParts("self-relative", Block);
    ShowStatus("owner", RtlSetOwnerSecurityDescriptor(Block, Users, FALSE));
    ShowStatus("group", RtlSetGroupSecurityDescriptor(Block, Users, FALSE));
    ShowStatus("dacl", RtlSetDaclSecurityDescriptor(Block, FALSE, NULL, FALSE));
    ShowStatus("sacl", RtlSetSaclSecurityDescriptor(Block, FALSE, NULL, FALSE));
    Length = sizeof(Again);
    ShowStatus("again", RtlMakeSelfRelativeSD(Block, Again, &Length));
    ShowParts("again", Again);
    ShowStatus("strict", RtlAbsoluteToSelfRelativeSD(Block, Again, &Length));
    Length = sizeof(Again);
    ShowStatus("strict, absolute", RtlAbsoluteToSelfRelativeSD(&Sd, Again, &Length));
    Print("length %u\n", (unsigned)Length);
    ToAbsolute(Block);
    ShowStatus("null dacl", RtlSetDaclSecurityDescriptor(&Sd, TRUE, NULL, FALSE));
    ShowStatus("no sacl", RtlSetSaclSecurityDescriptor(&Sd, FALSE, Sacl, TRUE));
    ShowStatus("no owner", RtlSetOwnerSecurityDescriptor(&Sd, NULL, FALSE));
    ShowParts("changed", &Sd);
    Length = sizeof(Block);
    RtlMakeSelfRelativeSD(&Sd, Block, &Length);
    ShowParts("changed, self-relative", Block);
    Sd.Revision = 2;
    ShowStatus("revision 2", RtlSetOwnerSecurityDescriptor(&Sd, NULL, FALSE));
    ShowStatus("revision 2", RtlSetDaclSecurityDescriptor(&Sd, TRUE, NULL, FALSE));
}

static void Masks(void) {
    static const GENERIC_MAPPING Mapping = {0x20001, 0x20002, 0x20004, 0x1F000F};
    for (ULONG i = 0; i < 16; i++) {
        ULONG Mask = i << 28 | 0x100;
        RtlMapGenericMask(&Mask, &Mapping);
        Print("%x: %08x  ", (unsigned)i, (unsigned)Mask);
        Print("%d %d%s", RtlAreAllAccessesGranted(5, i), RtlAreAnyAccessesGranted(5, i),
              i % 4 == 3 ? "\n" : "  ");
    }
}

void Start(void) {
    SID_IDENTIFIER_AUTHORITY WorldAuthority = {{0, 0, 0, 0, 0, 1}};
    RtlAllocateAndInitializeSid(&Nt, 2, 32, 545, 0, 0, 0, 0, 0, 0, &Users);
    RtlAllocateAndInitializeSid(&Nt, 2, 32, 544, 0, 0, 0, 0, 0, 0, &Admins);
    RtlAllocateAndInitializeSid(&WorldAuthority, 1, 0, 0, 0, 0, 0, 0, 0, 0, &World);
    Sids();
    Texts();
    Creating();
    Entries();
    Room();
    Moving();
    Controls();
    Descriptors();
    Masks();
    Exit(0);
}
