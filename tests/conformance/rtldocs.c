/*
 * The run-time library: what Windows documents where Wine lacks a function or answers in another way
 * (TAP). DEVIATIONS.md lists the differences; the pages are named beside the checks.
 */
#include "nt.h"
#include "tap.h"

NTSYS NTSTATUS NTAPI RtlInitializeSid(PSID, PSID_IDENTIFIER_AUTHORITY, UCHAR);
NTSYS NTSTATUS RtlInitializeSidEx(PSID, PSID_IDENTIFIER_AUTHORITY, UCHAR, ...);
NTSYS NTSTATUS NTAPI RtlCopySid(ULONG, PSID, PSID);
NTSYS PVOID NTAPI RtlFreeSid(PSID);
NTSYS NTSTATUS NTAPI RtlAllocateAndInitializeSidEx(PSID_IDENTIFIER_AUTHORITY, UCHAR, const ULONG *,
                                                   PSID *);
NTSYS NTSTATUS NTAPI RtlConvertSidToUnicodeString(PUNICODE_STRING, PSID, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlCreateServiceSid(PUNICODE_STRING, PSID, PULONG);
NTSYS NTSTATUS NTAPI RtlCreateAcl(PACL, ULONG, ULONG);
NTSYS BOOLEAN NTAPI RtlValidAcl(PACL);
NTSYS BOOLEAN NTAPI RtlFirstFreeAce(PACL, PVOID *);
NTSYS NTSTATUS NTAPI RtlAddAce(PACL, ULONG, ULONG, PVOID, ULONG);
NTSYS NTSTATUS NTAPI RtlAddAccessAllowedAce(PACL, ULONG, ULONG, PSID);
NTSYS NTSTATUS NTAPI RtlAddAccessAllowedAceEx(PACL, ULONG, ULONG, ULONG, PSID);
NTSYS NTSTATUS NTAPI RtlAddAccessAllowedObjectAce(PACL, ULONG, ULONG, ULONG, const GUID *,
                                                  const GUID *, PSID);
NTSYS NTSTATUS NTAPI RtlAddAuditAccessObjectAce(PACL, ULONG, ULONG, ULONG, const GUID *,
                                                const GUID *, PSID, BOOLEAN, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlAddMandatoryAce(PACL, ULONG, ULONG, PSID, UCHAR, ULONG);
NTSYS NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR, ULONG);
NTSYS BOOLEAN NTAPI RtlValidSecurityDescriptor(PSECURITY_DESCRIPTOR);
NTSYS BOOLEAN NTAPI RtlValidRelativeSecurityDescriptor(PSECURITY_DESCRIPTOR, ULONG, ULONG);
NTSYS NTSTATUS NTAPI RtlSetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR, PSID, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR, BOOLEAN, PACL, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlMakeSelfRelativeSD(PSECURITY_DESCRIPTOR, PSECURITY_DESCRIPTOR, PULONG);
NTSYS NTSTATUS NTAPI RtlSelfRelativeToAbsoluteSD(PSECURITY_DESCRIPTOR, PSECURITY_DESCRIPTOR, PULONG,
                                                 PACL, PULONG, PACL, PULONG, PSID, PULONG, PSID,
                                                 PULONG);
NTSYS NTSTATUS NTAPI RtlSelfRelativeToAbsoluteSD2(PSECURITY_DESCRIPTOR, PULONG);
NTSYS BOOLEAN NTAPI RtlGetSecurityDescriptorRMControl(PSECURITY_DESCRIPTOR, PUCHAR);
NTSYS void NTAPI RtlSetSecurityDescriptorRMControl(PSECURITY_DESCRIPTOR, PUCHAR);
NTSYS NTSTATUS NTAPI RtlWow64IsWowGuestMachineSupported(USHORT, PBOOLEAN);
NTSYS NTSTATUS NTAPI RtlCompressBuffer(USHORT, const void *, ULONG, void *, ULONG, ULONG, PULONG,
                                       PVOID);
NTSYS int __cdecl memcmp(const void *, const void *, size_t);

static SID_IDENTIFIER_AUTHORITY Nt = {{0, 0, 0, 0, 0, 5}};
static const GUID Guid1 = {0x11111111, 0x2222, 0x3333, {1, 2, 3, 4, 5, 6, 7, 8}};
static const GUID Guid2 = {0x99999999, 0xAAAA, 0xBBBB, {8, 7, 6, 5, 4, 3, 2, 1}};
static SID *Users;

static BOOL Is(const UNICODE_STRING *Text, const char *Wanted) {
    ULONG Length = (ULONG)strlen(Wanted);
    for (ULONG i = 0; i < Length && Text->Length == Length * 2; i++) {
        if (Text->Buffer[i] != (UCHAR)Wanted[i]) {
            return FALSE;
        }
    }
    return Text->Length == Length * 2;
}

static void ExpectText(const char *What, PSID Sid, const char *Wanted) {
    UNICODE_STRING Text = {0, 0, NULL};
    Expect(What, (ULONG)RtlConvertSidToUnicodeString(&Text, Sid, TRUE), 0);
    Expect(What, Is(&Text, Wanted), 1);
}

/* WDK: RtlInitializeSid, RtlCopySid, RtlConvertSidToUnicodeString; MSDN: FreeSid; [MS-DTYP]. */
static void Sids(void) {
    static SID_IDENTIFIER_AUTHORITY Large = {{0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC}};
    static const ULONG Numbers[15] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xFFFFFFFF};
    UNICODE_STRING Service, Text = {0, 0, NULL};
    UCHAR Space[68];
    ULONG Length = 31;
    PSID Sid;
    Expect("initialize", (ULONG)RtlInitializeSid(Space, &Nt, 15), 0);
    Expect("16 subauthorities", (ULONG)RtlInitializeSid(Space, &Nt, 16), 0xC000000D);
    Expect("with values", (ULONG)RtlInitializeSidEx(Space, &Large, 2, 7, 0x80000000), 0);
    ExpectText("a large authority", Space, "S-1-0x123456789abc-7-2147483648");
    Expect("copy", (ULONG)RtlCopySid(16, Space, Users), 0);
    Expect("copy to 15 bytes", (ULONG)RtlCopySid(15, Space, Users), 0xC0000023);
    Expect("allocate 15", (ULONG)RtlAllocateAndInitializeSidEx(&Nt, 15, Numbers, &Sid), 0);
    ExpectText("fifteen", Sid, "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-4294967295");
    Expect("free", (ULONG64)RtlFreeSid(Sid), 0);
    Expect("allocate 16", (ULONG)RtlAllocateAndInitializeSidEx(&Nt, 16, Numbers, &Sid), 0xC0000078);
    Space[0] = 2;
    Expect("text of revision 2", (ULONG)RtlConvertSidToUnicodeString(&Text, Space, TRUE),
           0xC0000078);
    RtlInitUnicodeString(&Service, L"trustedINSTALLER");
    Expect("service, short", (ULONG)RtlCreateServiceSid(&Service, Space, &Length), 0xC0000023);
    Expect("needs", Length, 32);
    Expect("service", (ULONG)RtlCreateServiceSid(&Service, Space, &Length), 0);
    ExpectText("service", Space, "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464");
}

/* MSDN: AddAccessAllowedObjectAce, AddAuditAccessObjectAce; [MS-DTYP] 2.4.4.3. */
static void Objects(void) {
    static const UCHAR Both[] = {0x05, 0x02, 0x3C, 0x00, 0x00, 0x01, 0, 0, 3, 0, 0, 0};
    static UCHAR Space[512];
    PACL Acl = (PACL)Space;
    PUCHAR Ace = Space + sizeof(ACL);
    RtlCreateAcl(Acl, sizeof(Space), ACL_REVISION);
    Expect("revision 2", (ULONG)RtlAddAccessAllowedObjectAce(Acl, 2, 0, 1, &Guid1, NULL, Users),
           0xC0000059);
    Expect("two GUIDs",
           (ULONG)RtlAddAccessAllowedObjectAce(Acl, 4, 2, 0x100, &Guid1, &Guid2, Users), 0);
    Expect("its head", (ULONG)memcmp(Ace, Both, sizeof(Both)), 0);
    Expect("first GUID", (ULONG)memcmp(Ace + 12, &Guid1, 16), 0);
    Expect("second GUID", (ULONG)memcmp(Ace + 28, &Guid2, 16), 0);
    Expect("SID", (ULONG)memcmp(Ace + 44, Users, 16), 0);
    Expect("the list's revision", Acl->AclRevision, 4);
    Ace += 0x3C;
    Expect("the second only",
           (ULONG)RtlAddAuditAccessObjectAce(Acl, 4, 0, 1, NULL, &Guid2, Users, TRUE, TRUE), 0);
    Expect("type, flags, size", *(PULONG)Ace, 0x002CC007);
    Expect("GUIDs that are there", *(PULONG)(Ace + 8), 2);
    Ace += 0x2C;
    Expect("none", (ULONG)RtlAddAccessAllowedObjectAce(Acl, 4, 0, 1, NULL, NULL, Users), 0);
    Expect("is a plain entry", *(PULONG)Ace, 0x00180000);
    Expect("valid", RtlValidAcl(Acl), 1);
}

/* MSDN: FindFirstFreeAce, AddAce, AddAccessAllowedAceEx, AddMandatoryAce. */
static void Lists(void) {
    static UCHAR Space[64];
    PACL Acl = (PACL)Space;
    ACE_HEADER *Ace = (ACE_HEADER *)(Acl + 1);
    PVOID Free = NULL;
    RtlCreateAcl(Acl, 32, ACL_REVISION);
    Expect("flags", (ULONG)RtlAddAccessAllowedAceEx(Acl, 2, 0x100, 1, Users), 0xC000000D);
    Expect("label", (ULONG)RtlAddMandatoryAce(Acl, 2, 1, Users, 0x11, 3), 0);
    Expect("type, flags, size", *(PULONG)Ace, 0x00180111);
    Expect("label of another type", (ULONG)RtlAddMandatoryAce(Acl, 2, 0, Users, 0, 3), 0xC000000D);
    Expect("full", RtlFirstFreeAce(Acl, &Free), 1);
    Expect("its end", (PUCHAR)Free - Space, 32);
    Expect("add to a full one", (ULONG)RtlAddAce(Acl, 2, 0, Ace, 24), 0xC0000023);
    Expect("half an entry", (ULONG)RtlAddAce(Acl, 2, 0, Ace, 20), 0xC000000D);
    Ace->AceSize = 28;
    Expect("an entry past the end", RtlValidAcl(Acl), 0);
    Expect("no free entry", RtlFirstFreeAce(Acl, &Free) == 0 && Free == NULL, 1);
    Expect("no further entry", (ULONG)RtlAddAccessAllowedAce(Acl, 2, 1, Users), 0xC0000077);
    Ace->AceSize = 20;
    Expect("a SID past its entry", RtlValidAcl(Acl), 0);
    RtlCreateAcl(Acl, 64, ACL_REVISION);
    RtlAddAccessAllowedAce(Acl, 2, 1, Users);
    Ace->AceSize = 28;
    Expect("a size of 28", RtlValidAcl(Acl), 1);
    Ace->AceSize = 26;
    Expect("a size of 26", RtlValidAcl(Acl), 0);
}

/* WDK: RtlValidSecurityDescriptor, RtlValidRelativeSecurityDescriptor, RtlSelfRelativeToAbsoluteSD;
 * MSDN: SetSecurityDescriptorRMControl. */
static void Descriptors(void) {
    static UCHAR Block[128], List[32];
    SECURITY_DESCRIPTOR Sd;
    ULONG Length = sizeof(Block), Zero = 0;
    UCHAR Byte = 0x5A, Read = 0;
    RtlCreateAcl((PACL)List, sizeof(List), ACL_REVISION);
    RtlAddAccessAllowedAce((PACL)List, 2, 1, Users);
    RtlCreateSecurityDescriptor(&Sd, 1);
    Expect("valid", RtlValidSecurityDescriptor(&Sd), 1);
    Expect("NULL", RtlValidSecurityDescriptor(NULL), 0);
    RtlSetOwnerSecurityDescriptor(&Sd, Users, FALSE);
    RtlSetDaclSecurityDescriptor(&Sd, TRUE, (PACL)List, FALSE);
    RtlSetSecurityDescriptorRMControl(&Sd, &Byte);
    Expect("self-relative", (ULONG)RtlMakeSelfRelativeSD(&Sd, Block, &Length), 0);
    Expect("resource manager", RtlGetSecurityDescriptorRMControl(Block, &Read), 1);
    Expect("its byte", Read, 0x5A);
    Expect("valid in 68 bytes", RtlValidRelativeSecurityDescriptor(Block, 68, 5), 1);
    Expect("but not in 67", RtlValidRelativeSecurityDescriptor(Block, 67, 5), 0);
    Expect("and not with a group", RtlValidRelativeSecurityDescriptor(Block, 68, 2), 0);
    Expect("absolute of absolute",
           (ULONG)RtlSelfRelativeToAbsoluteSD(&Sd, &Sd, &Zero, NULL, &Zero, NULL, &Zero, NULL,
                                              &Zero, NULL, &Zero),
           0xC00000E7);
    Length = 0;
    Expect("in place, short", (ULONG)RtlSelfRelativeToAbsoluteSD2(Block, &Length), 0xC0000023);
    Expect("needs", Length, 88);
    Expect("in place", (ULONG)RtlSelfRelativeToAbsoluteSD2(Block, &Length), 0);
    Expect("owner", (ULONG)memcmp(((SECURITY_DESCRIPTOR *)Block)->Owner, Users, 16), 0);
    Expect("valid", RtlValidSecurityDescriptor(Block), 1);
    Sd.Revision = 2;
    Expect("revision 2", RtlValidSecurityDescriptor(&Sd), 0);
}

/* ---- AVL and splay tables: WDK, RtlInitializeGenericTableAvl, RtlInitializeGenericTable ---- */

typedef struct _LINKS {
    struct _LINKS *Parent, *Left, *Right;
} LINKS;

typedef struct _GENERIC {
    LINKS *Root;
    LIST_ENTRY Order;
    PVOID Ordered;
    ULONG Which, Count;
    PVOID Compare, Allocate, Free, Context;
} GENERIC;

typedef struct _AVL {
    LINKS Root;
    ULONG64 Balance;
    PVOID Ordered;
    ULONG Which, Count, Depth;
    PVOID Restart;
    ULONG Deleted;
    PVOID Compare, Allocate, Free, Context;
} AVL;

NTSYS void NTAPI RtlInitializeGenericTable(GENERIC *, PVOID, PVOID, PVOID, PVOID);
NTSYS PVOID NTAPI RtlInsertElementGenericTable(GENERIC *, PVOID, ULONG, PBOOLEAN);
NTSYS BOOLEAN NTAPI RtlDeleteElementGenericTable(GENERIC *, PVOID);
NTSYS PVOID NTAPI RtlEnumerateGenericTable(GENERIC *, BOOLEAN);
NTSYS PVOID NTAPI RtlGetElementGenericTable(GENERIC *, ULONG);
NTSYS void NTAPI RtlInitializeGenericTableAvl(AVL *, PVOID, PVOID, PVOID, PVOID);
NTSYS PVOID NTAPI RtlInsertElementGenericTableAvl(AVL *, PVOID, ULONG, PBOOLEAN);
NTSYS BOOLEAN NTAPI RtlDeleteElementGenericTableAvl(AVL *, PVOID);
NTSYS PVOID NTAPI RtlEnumerateGenericTableAvl(AVL *, BOOLEAN);
NTSYS PVOID NTAPI RtlGetElementGenericTableAvl(AVL *, ULONG);

static int NTAPI Compare(PVOID Table, PULONG First, PULONG Second) {
    UNREFERENCED_PARAMETER(Table);
    return *First < *Second ? 0 : *First > *Second ? 1 : 2;
}

static PVOID NTAPI Allocate(PVOID Table, ULONG Size) {
    UNREFERENCED_PARAMETER(Table);
    return RtlAllocateHeap(ProcessHeap(), 0, Size);
}

static void NTAPI Free(PVOID Table, PVOID Block) {
    UNREFERENCED_PARAMETER(Table);
    RtlFreeHeap(ProcessHeap(), 0, Block);
}

/* The numbers 0, 7, 14, ... below 100, inserted modulo 101; every third deleted. */
static void Tables(void) {
    GENERIC Generic;
    AVL Avl;
    BOOLEAN New;
    ULONG Number, Wrong = 0;
    PULONG Element;
    RtlInitializeGenericTable(&Generic, Compare, Allocate, Free, NULL);
    RtlInitializeGenericTableAvl(&Avl, Compare, Allocate, Free, NULL);
    for (ULONG i = 0; i < 101; i++) {
        Number = i * 7 % 101;
        RtlInsertElementGenericTable(&Generic, &Number, sizeof(Number), &New);
        RtlInsertElementGenericTableAvl(&Avl, &Number, sizeof(Number), &New);
    }
    for (Number = 0; Number < 101; Number += 3) {
        Wrong += !RtlDeleteElementGenericTable(&Generic, &Number) +
                 !RtlDeleteElementGenericTableAvl(&Avl, &Number);
    }
    Expect("elements", Generic.Count == 67 && Avl.Count == 67, 1);
    Expect("deletions", Avl.Deleted, 34);
    Expect("the tree is flat", Avl.Depth >= 7 && Avl.Depth <= 8, 1);
    Number = 1;
    for (Element = RtlEnumerateGenericTableAvl(&Avl, TRUE); Element != NULL;
         Element = RtlEnumerateGenericTableAvl(&Avl, FALSE)) {
        Wrong += *Element != Number;
        Number += Number % 3 == 1 ? 1 : 2;
    }
    Number = 1;
    for (Element = RtlEnumerateGenericTable(&Generic, TRUE); Element != NULL;
         Element = RtlEnumerateGenericTable(&Generic, FALSE)) {
        Wrong += *Element != Number;
        Number += Number % 3 == 1 ? 1 : 2;
    }
    Expect("out of order", Wrong, 0);
    Expect("the third in order", *(PULONG)RtlGetElementGenericTableAvl(&Avl, 2), 4);
    Expect("the third inserted", *(PULONG)RtlGetElementGenericTable(&Generic, 2), 28);
    Expect("past the end", (ULONG64)RtlGetElementGenericTableAvl(&Avl, 67), 0);
}

/* WDK: RtlCompressBuffer. */
static void Zeros(void) {
    static UCHAR Data[5000], Packed[5000], WorkSpace[0x20000];
    ULONG Length = 0;
    Expect("zeros only",
           (ULONG)RtlCompressBuffer(2, Data, sizeof(Data), Packed, sizeof(Packed), 4096, &Length,
                                    WorkSpace),
           0x117);
    Expect("they take", Length, 12);
}

void Start(void) {
    static const ULONG Numbers[] = {32, 545};
    BOOLEAN Supported = TRUE;
    RtlAllocateAndInitializeSidEx(&Nt, 2, Numbers, (PSID *)&Users);
    Sids();
    Objects();
    Lists();
    Descriptors();
    Tables();
    Zeros();
    Expect("32-bit x86", (ULONG)RtlWow64IsWowGuestMachineSupported(0x14C, &Supported), 0);
    Expect("is not here", Supported, 0);
    Done();
}
