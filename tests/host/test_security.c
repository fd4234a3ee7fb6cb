// sources: rtl/security/sid.c rtl/security/sidtext.c rtl/security/access.c rtl/security/acl.c
// sources: rtl/security/ace.c rtl/security/sd.c rtl/security/sdrelative.c rtl/hash/hash.c
// sources: rtl/hash/sha1.c rtl/string/upcase.c
//
// SIDs, ACLs and security descriptors: known answers, lists against a model, and damaged lists and
// descriptors in blocks whose end AddressSanitizer guards.

#include <string.h>

#include "host.h"
#include "hostalloc.h"
#include "ntrtlsec.h"

#define ROUNDS 200000

static SID_IDENTIFIER_AUTHORITY NtAuthority = SECURITY_NT_AUTHORITY;

/* A SID in a block of its exact length. */
static PSID MakeSid(UCHAR Count) {
    PISID Sid = malloc(RtlLengthRequiredSid(Count));
    RtlInitializeSid(Sid, &NtAuthority, Count);
    for (ULONG i = 0; i < Count; i++) {
        Sid->SubAuthority[i] = (ULONG)rand();
    }
    return Sid;
}

/* The text of a SID is as expected; the expected text is ASCII. */
static void CheckText(PSID Sid, const char *Expected) {
    UNICODE_STRING Text;
    ULONG Length;
    CHECK_EQ(RtlConvertSidToUnicodeString(&Text, Sid, TRUE), STATUS_SUCCESS);
    CHECK_EQ(Text.Length, strlen(Expected) * 2);
    CHECK_EQ(Text.MaximumLength, Text.Length + 2);
    for (ULONG i = 0; i <= strlen(Expected); i++) {
        CHECK_EQ(Text.Buffer[i], Expected[i]);
    }
    CHECK_EQ(RtlLengthSidAsUnicodeString(Sid, &Length), STATUS_SUCCESS);
    CHECK_EQ(Length, Text.MaximumLength);
    RtlFreeStringRoutine(Text.Buffer);
}

TEST(the_longest_sid_fits_its_text) {
    PISID Sid = MakeSid(15);
    memset(&Sid->IdentifierAuthority, 0xFF, 6);
    memset(Sid->SubAuthority, 0xFF, 60);
    CheckText(Sid, "S-1-0xffffffffffff-4294967295-4294967295-4294967295-4294967295-4294967295-"
                   "4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-"
                   "4294967295-4294967295-4294967295");
    free(Sid);
}

TEST(text_in_the_callers_buffer_stays_inside_it) {
    PSID Sid = MakeSid(3);
    UNICODE_STRING Whole;
    RtlConvertSidToUnicodeString(&Whole, Sid, TRUE);
    for (USHORT Room = 0; Room < Whole.Length + 5; Room++) {
        UNICODE_STRING Text = {0, Room, malloc(Room + 1)};
        PWSTR Start = Text.Buffer;
        NTSTATUS Status = RtlConvertSidToUnicodeString(&Text, Sid, FALSE);
        CHECK_EQ(Status, Room < Whole.MaximumLength ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS);
        CHECK_EQ(Text.Length, Room < Whole.MaximumLength ? 0 : Whole.Length);
        free(Start);
    }
    RtlFreeStringRoutine(Whole.Buffer);
    free(Sid);
}

/* `sc showsid`, as Microsoft documents it. */
TEST(service_sids) {
    static const WCHAR Name[] = L"TrustedInstaller";
    UNICODE_STRING Service = RTL_CONSTANT_STRING(Name);
    ULONG Length = 31;
    PSID Sid = malloc(32);
    CHECK_EQ(RtlCreateServiceSid(&Service, NULL, &Length), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(Length, 32);
    CHECK_EQ(RtlCreateServiceSid(&Service, Sid, &Length), STATUS_SUCCESS);
    CheckText(Sid, "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464");
    free(Sid);
}

TEST(allocated_sids) {
    ULONG Subs[16] = {1, 2, 3};
    PSID Sid = (PSID)1;
    CHECK_EQ(RtlAllocateAndInitializeSid(&NtAuthority, 9, 1, 2, 3, 4, 5, 6, 7, 8, &Sid),
             STATUS_INVALID_SID);
    CHECK_EQ(RtlAllocateAndInitializeSidEx(&NtAuthority, 16, Subs, &Sid), STATUS_INVALID_SID);
    HostAllocateFails = TRUE;
    CHECK_EQ(RtlAllocateAndInitializeSidEx(&NtAuthority, 15, Subs, &Sid), STATUS_NO_MEMORY);
    HostAllocateFails = FALSE;
    CHECK(Sid == (PSID)1);
    CHECK_EQ(RtlAllocateAndInitializeSidEx(&NtAuthority, 15, Subs, &Sid), STATUS_SUCCESS);
    CHECK_EQ(*RtlSubAuthoritySid(Sid, 2), 3);
    CHECK(RtlFreeSid(Sid) == NULL);
    CHECK_EQ(RtlAllocateAndInitializeSid(&NtAuthority, 8, 1, 2, 3, 4, 5, 6, 7, 8, &Sid),
             STATUS_SUCCESS);
    CheckText(Sid, "S-1-5-1-2-3-4-5-6-7-8");
    RtlFreeSid(Sid);
    CHECK_EQ(HostAllocated, 0);
}

TEST(initialize_with_arguments) {
    PSID Sid = malloc(RtlLengthRequiredSid(3));
    CHECK_EQ(RtlInitializeSidEx(Sid, &NtAuthority, 3, 32u, 544u, 0xFFFFFFFFu), STATUS_SUCCESS);
    CheckText(Sid, "S-1-5-32-544-4294967295");
    CHECK_EQ(RtlInitializeSidEx(Sid, &NtAuthority, 16, 0u), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlInitializeSidEx(Sid, &NtAuthority, 0x103, 7u, 8u, 9u), STATUS_SUCCESS);
    CheckText(Sid, "S-1-5-7-8-9");
    free(Sid);
}

TEST(arrays_of_sids) {
    SID_AND_ATTRIBUTES From[3], To[3];
    PSID Rest;
    ULONG RestSize;
    ULONG Needed = 0;
    for (ULONG i = 0; i < 3; i++) {
        From[i].Sid = MakeSid((UCHAR)(i * 5));
        From[i].Attributes = i;
        Needed += RtlLengthSid(From[i].Sid);
    }
    for (ULONG Room = 0; Room <= Needed + 4; Room++) {
        PUCHAR Area = malloc(Room + 1);
        NTSTATUS Status = RtlCopySidAndAttributesArray(3, From, Room, To, Area, &Rest, &RestSize);
        CHECK_EQ(Status, Room < Needed ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS);
        if (Status == STATUS_SUCCESS) {
            CHECK(Rest == Area + Needed);
            CHECK_EQ(RestSize, Room - Needed);
            CHECK(RtlEqualSid(To[2].Sid, From[2].Sid));
            CHECK_EQ(To[2].Attributes, 2);
        }
        free(Area);
    }
    for (ULONG i = 0; i < 3; i++) {
        free(From[i].Sid);
    }
}

TEST(masks_and_luids) {
    GENERIC_MAPPING Mapping = {0x1, 0x2, 0x4, 0xF};
    ACCESS_MASK Mask = GENERIC_READ | GENERIC_EXECUTE | DELETE;
    RtlMapGenericMask(&Mask, &Mapping);
    CHECK_EQ(Mask, DELETE | 5);
    CHECK(RtlAreAllAccessesGranted(7, 5) && !RtlAreAllAccessesGranted(7, 9));
    CHECK(RtlAreAnyAccessesGranted(7, 9) && !RtlAreAnyAccessesGranted(7, 8));
    CHECK(RtlAreAllAccessesGranted(0, 0) && !RtlAreAnyAccessesGranted(0, 0));
}

/* ---- Lists against a model ---- */

typedef struct _MODEL {
    ULONG Count;
    ULONG Used;
    struct {
        UCHAR Bytes[512];
        ULONG Size;
    } Aces[64];
} MODEL;

static void CheckAcl(PACL Acl, const MODEL *Model) {
    ACL_SIZE_INFORMATION Size;
    PVOID Ace;
    CHECK(RtlValidAcl(Acl));
    CHECK_EQ(RtlQueryInformationAcl(Acl, &Size, sizeof(Size), AclSizeInformation), STATUS_SUCCESS);
    CHECK_EQ(Size.AceCount, Model->Count);
    CHECK_EQ(Size.AclBytesInUse, Model->Used);
    CHECK_EQ(Size.AclBytesFree, Acl->AclSize - Model->Used);
    for (ULONG i = 0; i < Model->Count; i++) {
        CHECK_EQ(RtlGetAce(Acl, i, &Ace), STATUS_SUCCESS);
        CHECK(memcmp(Ace, Model->Aces[i].Bytes, Model->Aces[i].Size) == 0);
    }
    CHECK_EQ(RtlGetAce(Acl, Model->Count, &Ace), STATUS_INVALID_PARAMETER);
    CHECK(RtlFirstFreeAce(Acl, &Ace) && Ace == (PUCHAR)Acl + Model->Used);
}

static void ModelInsert(MODEL *Model, ULONG At, const void *Ace) {
    ULONG Size = ((const ACE_HEADER *)Ace)->AceSize;
    memmove(&Model->Aces[At + 1], &Model->Aces[At], (Model->Count - At) * sizeof(Model->Aces[0]));
    memcpy(Model->Aces[At].Bytes, Ace, Size);
    Model->Aces[At].Size = Size;
    Model->Count++;
    Model->Used += Size;
}

static void ModelDelete(MODEL *Model, ULONG At) {
    Model->Used -= Model->Aces[At].Size;
    Model->Count--;
    memmove(&Model->Aces[At], &Model->Aces[At + 1], (Model->Count - At) * sizeof(Model->Aces[0]));
}

/* Any entry; the type says whether it has GUIDs. */
static NTSTATUS AppendAny(PACL Acl, PSID Sid) {
    static const GUID Guid = {0x12345678, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
    const GUID *First = rand() % 2 ? &Guid : NULL;
    const GUID *Second = rand() % 2 ? &Guid : NULL;
    ULONG Mask = (ULONG)rand();
    switch (rand() % 8) {
    case 0:
        return RtlAddAccessAllowedAce(Acl, 2, Mask, Sid);
    case 1:
        return RtlAddAccessDeniedAceEx(Acl, 2, 3, Mask, Sid);
    case 2:
        return RtlAddAuditAccessAce(Acl, 2, Mask, Sid, TRUE, FALSE);
    case 3:
        return RtlAddAuditAccessAceEx(Acl, 2, 1, Mask, Sid, FALSE, TRUE);
    case 4:
        return RtlAddAccessAllowedObjectAce(Acl, 4, 0, Mask, First, Second, Sid);
    case 5:
        return RtlAddAccessDeniedObjectAce(Acl, 4, 2, Mask, First, Second, Sid);
    case 6:
        return RtlAddAuditAccessObjectAce(Acl, 4, 0, Mask, First, Second, Sid, TRUE, TRUE);
    default:
        return RtlAddMandatoryAce(Acl, 2, 0, Sid, SYSTEM_MANDATORY_LABEL_ACE_TYPE, Mask);
    }
}

static void OneStep(PACL Acl, MODEL *Model) {
    PVOID Free, Ace;
    ULONG At = Model->Count == 0 ? 0 : (ULONG)rand() % Model->Count;
    PSID Sid = MakeSid((UCHAR)(rand() % 16));
    RtlFirstFreeAce(Acl, &Free);
    switch (rand() % 3) {
    case 0:
        if (AppendAny(Acl, Sid) == STATUS_SUCCESS) {
            ModelInsert(Model, Model->Count, Free);
        }
        break;
    case 1:
        if (Model->Count != 0) {
            UCHAR Copy[512];
            ULONG Size = Model->Aces[rand() % Model->Count].Size;
            NTSTATUS Status;
            memcpy(Copy, Model->Aces[At].Bytes, Size = Model->Aces[At].Size);
            Status = RtlAddAce(Acl, 2, At, Copy, Size);
            CHECK_EQ(Status,
                     Size <= Acl->AclSize - Model->Used ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL);
            if (Status == STATUS_SUCCESS) {
                ModelInsert(Model, At, Copy);
            }
        }
        break;
    default:
        CHECK_EQ(RtlDeleteAce(Acl, Model->Count), STATUS_INVALID_PARAMETER);
        if (Model->Count != 0 && RtlGetAce(Acl, At, &Ace) == STATUS_SUCCESS) {
            CHECK_EQ(RtlDeleteAce(Acl, At), STATUS_SUCCESS);
            ModelDelete(Model, At);
        }
        break;
    }
    free(Sid);
}

TEST(lists_do_what_a_model_does) {
    srand(1);
    for (int Run = 0; Run < 200; Run++) {
        ULONG Length = 8 + (ULONG)rand() % 150 * 4;
        PACL Acl = malloc(Length);
        static MODEL Model;
        Model = (MODEL){.Used = sizeof(ACL)};
        CHECK_EQ(RtlCreateAcl(Acl, Length, ACL_REVISION), STATUS_SUCCESS);
        for (int Step = 0; Step < 200; Step++) {
            OneStep(Acl, &Model);
            CheckAcl(Acl, &Model);
        }
        free(Acl);
    }
}

/* ---- Damaged lists and descriptors ---- */

static PACL MakeAcl(ULONG Aces) {
    static UCHAR Space[4096] __attribute__((aligned(4)));
    PACL Acl = (PACL)Space;
    PVOID End;
    RtlCreateAcl(Acl, sizeof(Space), ACL_REVISION_DS);
    for (ULONG i = 0; i < Aces; i++) {
        PSID Sid = MakeSid((UCHAR)(rand() % 16));
        AppendAny(Acl, Sid);
        free(Sid);
    }
    RtlFirstFreeAce(Acl, &End);
    Acl->AclSize = (USHORT)((PUCHAR)End - Space + (rand() % 2 ? 0 : rand() % 64 & ~3));
    return Acl;
}

static void Damage(PUCHAR Bytes, ULONG Length) {
    static const UCHAR Values[] = {0, 1, 3, 4, 7, 8, 0x0F, 0x10, 0x7F, 0x80, 0xFE, 0xFF};
    for (int n = rand() % 6; n >= 0; n--) {
        ULONG At = rand() % 2 ? (ULONG)rand() % Length : (ULONG)rand() % min(Length, 40u);
        Bytes[At] = rand() % 2 ? Values[rand() % sizeof(Values)] : (UCHAR)rand();
    }
}

/* All that reads or changes a list, on one that is damaged inside but whose size is true. */
static void UseAcl(PACL Acl) {
    ACL_SIZE_INFORMATION Size;
    PVOID Ace;
    PSID Sid = MakeSid((UCHAR)(rand() % 16));
    BOOLEAN Valid = RtlValidAcl(Acl);
    RtlFirstFreeAce(Acl, &Ace);
    RtlQueryInformationAcl(Acl, &Size, sizeof(Size), AclSizeInformation);
    for (ULONG i = 0; i < 12; i++) {
        NTSTATUS Status = RtlGetAce(Acl, i, &Ace);
        CHECK(!Valid || (Status == STATUS_SUCCESS) == (i < Acl->AceCount));
    }
    CHECK(Valid || RtlDeleteAce(Acl, 0) == STATUS_INVALID_PARAMETER);
    CHECK(Valid || RtlAddAce(Acl, 2, 0, NULL, 0) == STATUS_INVALID_PARAMETER);
    RtlDeleteAce(Acl, (ULONG)rand() % 8);
    AppendAny(Acl, Sid);
    CHECK(!Valid || RtlValidAcl(Acl));
    free(Sid);
}

TEST(damaged_lists) {
    ULONG Valid = 0;
    srand(2);
    for (int Round = 0; Round < ROUNDS / 10; Round++) {
        PACL Good = MakeAcl((ULONG)rand() % 10);
        ULONG Length = Good->AclSize;
        PACL Acl = malloc(Length);
        memcpy(Acl, Good, Length);
        Damage((PUCHAR)Acl, Length);
        Acl->AclSize = (USHORT)(rand() % 4 ? Length : (ULONG)rand() % (Length + 1));
        Valid += RtlValidAcl(Acl);
        UseAcl(Acl);
        free(Acl);
    }
    CHECK(Valid > ROUNDS / 100 && Valid < ROUNDS / 10); /* the damage is neither all nor nothing */
}

TEST(damaged_entries_are_not_added) {
    srand(3);
    for (int Round = 0; Round < ROUNDS / 10; Round++) {
        PACL Good = MakeAcl(3);
        ULONG Length = Good->AclSize - sizeof(ACL);
        PUCHAR Aces = malloc(Length);
        PACL Acl = malloc(2048);
        memcpy(Aces, Good + 1, Length);
        Damage(Aces, Length);
        RtlCreateAcl(Acl, 2048, ACL_REVISION_DS);
        RtlAddAce(Acl, 4, 0, Aces, (ULONG)rand() % 2 ? Length : (ULONG)rand() % (Length + 1));
        UseAcl(Acl);
        free(Acl);
        free(Aces);
    }
}

/* A self-relative descriptor of random parts, in a block of its exact length. */
static PSECURITY_DESCRIPTOR MakeRelative(PULONG Length) {
    SECURITY_DESCRIPTOR Sd;
    PSID Owner = MakeSid((UCHAR)(rand() % 16)), Group = MakeSid((UCHAR)(rand() % 16));
    PACL Dacl = malloc(4096), Sacl = malloc(4096);
    PSECURITY_DESCRIPTOR Block;
    memcpy(Dacl, MakeAcl((ULONG)rand() % 4), 4096);
    memcpy(Sacl, MakeAcl((ULONG)rand() % 4), 4096);
    RtlCreateSecurityDescriptor(&Sd, 1);
    RtlSetOwnerSecurityDescriptor(&Sd, rand() % 4 ? Owner : NULL, FALSE);
    RtlSetGroupSecurityDescriptor(&Sd, rand() % 4 ? Group : NULL, TRUE);
    RtlSetDaclSecurityDescriptor(&Sd, rand() % 4 != 0, rand() % 4 ? Dacl : NULL, FALSE);
    RtlSetSaclSecurityDescriptor(&Sd, rand() % 4 != 0, rand() % 4 ? Sacl : NULL, FALSE);
    *Length = 0;
    CHECK_EQ(RtlMakeSelfRelativeSD(&Sd, NULL, Length), STATUS_BUFFER_TOO_SMALL);
    Block = malloc(*Length);
    CHECK_EQ(RtlMakeSelfRelativeSD(&Sd, Block, Length), STATUS_SUCCESS);
    free(Owner);
    free(Group);
    free(Dacl);
    free(Sacl);
    return Block;
}

/* To the absolute form by buffers of exact sizes, and back: the same bytes. */
static void ThereAndBack(PSECURITY_DESCRIPTOR Block, ULONG Length) {
    ULONG Size[5] = {0};
    PVOID Part[5];
    PSECURITY_DESCRIPTOR Again = malloc(Length);
    ULONG AgainLength = Length;
    CHECK_EQ(RtlSelfRelativeToAbsoluteSD(Block, NULL, &Size[0], NULL, &Size[1], NULL, &Size[2],
                                         NULL, &Size[3], NULL, &Size[4]),
             STATUS_BUFFER_TOO_SMALL);
    for (int i = 0; i < 5; i++) {
        Part[i] = malloc(Size[i] + 1);
    }
    CHECK_EQ(RtlSelfRelativeToAbsoluteSD(Block, Part[0], &Size[0], Part[1], &Size[1], Part[2],
                                         &Size[2], Part[3], &Size[3], Part[4], &Size[4]),
             STATUS_SUCCESS);
    CHECK(RtlValidSecurityDescriptor(Part[0]));
    CHECK_EQ(RtlAbsoluteToSelfRelativeSD(Part[0], Again, &AgainLength), STATUS_SUCCESS);
    CHECK_EQ(AgainLength, Length);
    CHECK(memcmp(Again, Block, Length) == 0);
    for (int i = 0; i < 5; i++) {
        free(Part[i]);
    }
    free(Again);
}

/* The conversion in place gives the same parts as the one into buffers. */
static void InPlace(PSECURITY_DESCRIPTOR Block, ULONG Length) {
    ULONG Size = Length;
    PSECURITY_DESCRIPTOR Sd, Again = malloc(Length);
    CHECK_EQ(RtlSelfRelativeToAbsoluteSD2(Block, &Size), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(Size, Length + 20);
    Sd = malloc(Size);
    memcpy(Sd, Block, Length);
    CHECK_EQ(RtlSelfRelativeToAbsoluteSD2(Sd, &Size), STATUS_SUCCESS);
    CHECK_EQ(RtlSelfRelativeToAbsoluteSD2(Sd, &Size), STATUS_BAD_DESCRIPTOR_FORMAT);
    Size = Length;
    CHECK_EQ(RtlMakeSelfRelativeSD(Sd, Again, &Size), STATUS_SUCCESS);
    CHECK_EQ(Size, Length);
    CHECK(memcmp(Again, Block, Length) == 0);
    free(Sd);
    free(Again);
}

TEST(descriptors_there_and_back) {
    srand(4);
    for (int Round = 0; Round < 3000; Round++) {
        ULONG Length;
        PSECURITY_DESCRIPTOR Block = MakeRelative(&Length);
        CHECK(RtlValidRelativeSecurityDescriptor(Block, Length, 0));
        CHECK(!RtlValidRelativeSecurityDescriptor(Block, 19, 0));
        CHECK_EQ(RtlLengthSecurityDescriptor(Block), Length);
        ThereAndBack(Block, Length);
        InPlace(Block, Length);
        free(Block);
    }
}

/* What is valid in a block of this length may be used: AddressSanitizer watches. */
TEST(damaged_descriptors) {
    ULONG Valid = 0;
    srand(5);
    for (int Round = 0; Round < ROUNDS; Round++) {
        ULONG Length, Part;
        PSECURITY_DESCRIPTOR Good = MakeRelative(&Length), Block;
        Part = rand() % 4 ? Length : (ULONG)rand() % (Length + 1);
        Block = malloc(Part + 1);
        memcpy(Block, Good, Part);
        if (Part != 0) {
            Damage(Block, Part);
        }
        if (RtlValidRelativeSecurityDescriptor(Block, Part, (ULONG)rand() % 16)) {
            ULONG Packed = RtlLengthSecurityDescriptor(Block);
            PSECURITY_DESCRIPTOR Copy = malloc(Packed);
            Valid++;
            CHECK(RtlValidSecurityDescriptor(Block));
            CHECK_EQ(RtlMakeSelfRelativeSD(Block, Copy, &Packed), STATUS_SUCCESS);
            CHECK(RtlValidRelativeSecurityDescriptor(Copy, Packed, 0));
            ThereAndBack(Copy, Packed);
            free(Copy);
        }
        free(Block);
        free(Good);
    }
    CHECK(Valid > ROUNDS / 100);
}

TEST(required_parts) {
    SECURITY_DESCRIPTOR_RELATIVE Sd;
    RtlCreateSecurityDescriptorRelative(&Sd, 1);
    CHECK_EQ(RtlCreateSecurityDescriptorRelative(&Sd, 2), STATUS_UNKNOWN_REVISION);
    CHECK(RtlValidRelativeSecurityDescriptor(&Sd, sizeof(Sd), 0));
    for (ULONG i = 1; i <= 8; i *= 2) {
        CHECK(!RtlValidRelativeSecurityDescriptor(&Sd, sizeof(Sd), i));
    }
    Sd.Control |= SE_DACL_PRESENT;
    CHECK(RtlValidRelativeSecurityDescriptor(&Sd, sizeof(Sd), DACL_SECURITY_INFORMATION));
    Sd.Control &= (USHORT)~SE_SELF_RELATIVE;
    CHECK(!RtlValidRelativeSecurityDescriptor(&Sd, sizeof(Sd), 0));
}

/* What would be a SID if the head of the descriptor were data. */
TEST(parts_are_not_in_the_head) {
    SECURITY_DESCRIPTOR_RELATIVE Sd[2];
    memset(Sd, 0, sizeof(Sd));
    RtlCreateSecurityDescriptorRelative(Sd, 1);
    Sd->Owner = 12;
    Sd->Sacl = 0x101; /* not present: nothing but bytes */
    CHECK(!RtlValidRelativeSecurityDescriptor(Sd, sizeof(Sd), 0));
    Sd->Owner = 20;
    Sd[1].Revision = 1;
    CHECK(RtlValidRelativeSecurityDescriptor(Sd, sizeof(Sd), 0));
    Sd->Owner = 22;
    ((PUCHAR)Sd)[22] = 1;
    CHECK(!RtlValidRelativeSecurityDescriptor(Sd, sizeof(Sd), 0));
}

/* The order in which descriptors of Windows hold their parts. */
TEST(order_of_parts) {
    SECURITY_DESCRIPTOR Sd;
    SECURITY_DESCRIPTOR_RELATIVE Block[10];
    ULONG Length = sizeof(Block);
    ACL Acl;
    PSID Sid = MakeSid(1);
    RtlCreateAcl(&Acl, sizeof(Acl), 2);
    RtlCreateSecurityDescriptor(&Sd, 1);
    RtlSetOwnerSecurityDescriptor(&Sd, Sid, FALSE);
    RtlSetGroupSecurityDescriptor(&Sd, Sid, FALSE);
    RtlSetDaclSecurityDescriptor(&Sd, TRUE, &Acl, FALSE);
    RtlSetSaclSecurityDescriptor(&Sd, TRUE, &Acl, FALSE);
    CHECK_EQ(RtlMakeSelfRelativeSD(&Sd, Block, &Length), STATUS_SUCCESS);
    CHECK_EQ(Length, sizeof(Block));
    CHECK_EQ(Block->Sacl, 20);
    CHECK_EQ(Block->Dacl, 28);
    CHECK_EQ(Block->Owner, 36);
    CHECK_EQ(Block->Group, 48);
    CHECK_EQ(RtlLengthSecurityDescriptor(Block), 60);
    free(Sid);
}

TEST(control_bits_and_the_resource_managers_byte) {
    SECURITY_DESCRIPTOR Sd;
    USHORT Control;
    ULONG Revision;
    UCHAR Byte = 0x5A, Read = 1;
    RtlCreateSecurityDescriptor(&Sd, 1);
    CHECK(!RtlGetSecurityDescriptorRMControl(&Sd, &Read) && Read == 0);
    RtlSetSecurityDescriptorRMControl(&Sd, &Byte);
    CHECK(RtlGetSecurityDescriptorRMControl(&Sd, &Read) && Read == 0x5A);
    RtlSetSecurityDescriptorRMControl(&Sd, NULL);
    CHECK(!RtlGetSecurityDescriptorRMControl(&Sd, &Read) && Sd.Sbz1 == 0);
    CHECK_EQ(RtlSetAttributesSecurityDescriptor(&Sd, 0xFFFF, &Revision), STATUS_SUCCESS);
    RtlGetControlSecurityDescriptor(&Sd, &Control, &Revision);
    CHECK_EQ(Control, 0x3FC0);
    Sd.Revision = 2;
    CHECK_EQ(RtlSetAttributesSecurityDescriptor(&Sd, 0, &Revision), STATUS_UNKNOWN_REVISION);
    CHECK_EQ(Revision, 2);
}

TEST(revisions_of_lists) {
    ACL Acl;
    ACL_REVISION_INFORMATION Revision = {4};
    RtlCreateAcl(&Acl, sizeof(Acl), 2);
    CHECK_EQ(RtlSetInformationAcl(&Acl, &Revision, 4, AclRevisionInformation), STATUS_SUCCESS);
    CHECK_EQ(Acl.AclRevision, 4);
    Revision.AclRevision = 3;
    CHECK_EQ(RtlSetInformationAcl(&Acl, &Revision, 4, AclRevisionInformation),
             STATUS_INVALID_PARAMETER);
    Revision.AclRevision = 5;
    CHECK_EQ(RtlSetInformationAcl(&Acl, &Revision, 4, AclRevisionInformation),
             STATUS_INVALID_PARAMETER);
    Revision.AclRevision = 4;
    CHECK_EQ(RtlSetInformationAcl(&Acl, &Revision, 3, AclRevisionInformation),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlSetInformationAcl(&Acl, &Revision, 4, AclSizeInformation),
             STATUS_INVALID_PARAMETER);
}
