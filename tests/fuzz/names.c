/*
 * Fuzzes OBJECT_ATTRIBUTES and names: every service that creates or opens an object, with
 * structures and texts that are wrong in one or several ways.
 *
 *     names [seed] [number of calls] [opens of a missing name]
 *
 * The status must be one of those that the services document; when all calls have been made there
 * are as many objects and handles as before. Then a missing name is opened many times, and the pool
 * must not grow by a byte.
 */
#include "objects.h"

static ULONG64 State;
static ULONG Surprises, Succeeded;
static HANDLE Root, Held;
static UCHAR *Edge; /* the end of a page, with nothing behind it */
static WCHAR Long[0x8000];

static ULONG Pick(ULONG Limit) {
    return Random(&State, Limit);
}

static const NTSTATUS Documented[] = {
    STATUS_SUCCESS,
    STATUS_OBJECT_NAME_EXISTS,
    STATUS_INVALID_PARAMETER,
    STATUS_ACCESS_VIOLATION,
    (NTSTATUS)0x80000002, /* STATUS_DATATYPE_MISALIGNMENT */
    STATUS_INVALID_HANDLE,
    STATUS_OBJECT_TYPE_MISMATCH,
    STATUS_OBJECT_NAME_INVALID,
    STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_OBJECT_NAME_COLLISION,
    STATUS_OBJECT_PATH_INVALID,
    STATUS_OBJECT_PATH_NOT_FOUND,
    STATUS_OBJECT_PATH_SYNTAX_BAD,
    STATUS_ACCESS_DENIED,
    STATUS_NAME_TOO_LONG,
    (NTSTATUS)0xC000050B, /* STATUS_REPARSE_POINT_ENCOUNTERED */
};

static void Judge(PCSTR What, KIND Kind, NTSTATUS Status) {
    for (ULONG i = 0; i < ARRAYSIZE(Documented); i++) {
        if (Status == Documented[i]) {
            Succeeded += NT_SUCCESS(Status);
            return;
        }
    }
    if (++Surprises <= 20) {
        Print("%s %s: %08x\n", What, Kinds[Kind].Name, (unsigned)Status);
    }
}

/* A text: plausible, of odd characters, with nulls, with empty components, very long. */
static void RandomText(UNICODE_STRING *Name) {
    static const WCHAR Letters[] = L"\\\\ab\0.?*:A\xE4\xFFFF/ ";
    static const PCWSTR Plausible[] = {L"Fuzz",
                                       L"\\BaseNamedObjects\\VitrineFuzz\\Fuzz",
                                       L"\\BaseNamedObjects\\VitrineFuzz\\Held\\x",
                                       L"\\BaseNamedObjects\\VitrineFuzz\\Self\\Fuzz",
                                       L"\\",
                                       L"\\\?\?\\",
                                       L"\\\?\?\\NUL\\x",
                                       L"\\Device\\Null"};
    ULONG Kind = Pick(8), Length = 1 + Pick(12);
    if (Kind < 3) {
        RtlInitUnicodeString(Name, Plausible[Pick(ARRAYSIZE(Plausible))]);
        return;
    }
    if (Kind == 3) {
        static const USHORT Lengths[] = {0xFFFE, 0xFFFC, 0xFFFF, 0xFFFD, 0x7FFF, 0x8000};
        Name->Length = Lengths[Pick(ARRAYSIZE(Lengths))];
        Name->MaximumLength = (USHORT)(Pick(2) ? 0xFFFF : Name->Length);
        Name->Buffer = Long;
        return;
    }
    WCHAR *Text = (WCHAR *)(Edge - 2 * Length);
    for (ULONG i = 0; i < Length; i++) {
        Text[i] = Letters[Pick(ARRAYSIZE(Letters) - 1)];
    }
    *Name = (UNICODE_STRING){(USHORT)(2 * Length), (USHORT)(2 * Length), Text};
}

static PVOID BadPointer(void) {
    static const ULONG64 Bad[] = {0,
                                  1,
                                  0x10,
                                  0x7FFFFFFEFFFF,
                                  0x7FFFFFFF0000,
                                  0xFFFFF80000200000,
                                  0x8000000000000000,
                                  0xFFFFFFFFFFFFFFFF};
    return Pick(4) ? (PVOID)Bad[Pick(ARRAYSIZE(Bad))] : Edge - 2 * (1 + Pick(20));
}

/* One to three things are made wrong. */
static POBJECT_ATTRIBUTES RandomAttributes(OBJECT_ATTRIBUTES *Attributes, UNICODE_STRING *Name) {
    RandomText(Name);
    InitializeObjectAttributes(Attributes, Name, Pick(2) ? OBJ_CASE_INSENSITIVE : 0,
                               Pick(2) ? Root : NULL, NULL);
    for (ULONG i = Pick(4); i != 0; i--) {
        switch (Pick(11)) {
        case 0:
            Attributes->Length = Pick(2) ? Pick(100) : (ULONG)State;
            break;
        case 1:
            Attributes->RootDirectory =
                Pick(2) ? Held : (HANDLE)(LONG_PTR)((LONG)Pick(300) * 4 - 40);
            break;
        case 2:
            Attributes->ObjectName = Pick(3) ? BadPointer() : NULL;
            break;
        case 3:
            Name->Buffer = BadPointer();
            break;
        case 4:
            Name->Length = (USHORT)Pick(0x10000);
            Name->MaximumLength = (USHORT)Pick(0x10000);
            Name->Buffer = Name->Length < 0xFFFE ? Long : Name->Buffer;
            break;
        case 5:
            Name->Length |= 1;
            break;
        case 6:
            /* Not permanent: that would stay. */
            Attributes->Attributes =
                (ULONG)State & ~(ULONG)OBJ_PERMANENT & (Pick(2) ? 0x1FFF : ~0u);
            break;
        case 7:
            Attributes->SecurityDescriptor = BadPointer();
            break;
        case 8:
            Attributes->SecurityQualityOfService = BadPointer();
            break;
        case 9:
            return BadPointer();
        default:
            Attributes->Attributes |= OBJ_OPENIF;
        }
    }
    return Attributes;
}

static void FuzzOnce(void) {
    KIND Kind = (KIND)Pick(KINDS);
    UNICODE_STRING Name = {0, 0, NULL}, Target = {2, 4, (PWSTR)L"\\"};
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Handle = NULL;
    POBJECT_ATTRIBUTES Given = RandomAttributes(&Attributes, &Name);
    ULONG Access = Pick(2) ? Kinds[Kind].All : (ULONG)State & 0x021F000F;
    if (Pick(2)) {
        if (Kind == Link && Pick(2)) {
            RandomText(&Target);
        }
        Judge("create", Kind, CreateObject(Kind, &Handle, Access, Given, &Target));
    } else {
        Judge("open", Kind, OpenObject(Kind, &Handle, Access, Given));
    }
    if (Handle != NULL) {
        BYTE NoFlags[2] = {0, 0};
        NtSetInformationObject(Handle, 4, NoFlags, 2);
        NtClose(Handle);
    }
}

static void MakeEdge(void) {
    PVOID Base = NULL;
    SIZE_T Size = 2 * PAGE;
    NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE, PAGE_READWRITE);
    Size = PAGE;
    NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_COMMIT, PAGE_READWRITE);
    Edge = (UCHAR *)Base + PAGE;
    for (ULONG i = 0; i < ARRAYSIZE(Long); i++) {
        Long[i] = L'x';
    }
}

/* A directory with an event and a link to the directory itself. */
static HANDLE MakeRoot(PHANDLE LinkHandle) {
    UNICODE_STRING Name, Target;
    OBJECT_ATTRIBUTES Attributes;
    NtCreateDirectoryObject(&Root, DIRECTORY_ALL, NamedBy(L"\\BaseNamedObjects\\VitrineFuzz"));
    RtlInitUnicodeString(&Name, L"Held");
    InitializeObjectAttributes(&Attributes, &Name, 0, Root, NULL);
    NtCreateEvent(&Held, EVENT_ALL, &Attributes, 0, FALSE);
    RtlInitUnicodeString(&Name, L"Self");
    RtlInitUnicodeString(&Target, L"\\BaseNamedObjects\\VitrineFuzz");
    return NtCreateSymbolicLinkObject(LinkHandle, LINK_ALL, &Attributes, &Target) == 0 ? Root
                                                                                       : NULL;
}

/* Bytes in use, by the kernel's own count of all tags. */
static ULONG64 PoolBytes(void) {
    static UCHAR Answer[0x10000];
    ULONG64 Bytes = 0;
    if (NtQuerySystemInformation(22, Answer, sizeof(Answer), NULL) == 0) {
        for (ULONG i = 0; i < *(ULONG *)Answer; i++) {
            Bytes += AT(Answer, 8 + 40 * i + 16, ULONG64) + AT(Answer, 8 + 40 * i + 32, ULONG64);
        }
    }
    return Bytes;
}

static void OpenMissing(ULONG Count) {
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Handle = NULL;
    RtlInitUnicodeString(&Name, L"\\BaseNamedObjects\\VitrineFuzz\\Missing");
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    ULONG64 Before = PoolBytes();
    ULONG Wrong = 0;
    for (ULONG i = 0; i < Count; i++) {
        Wrong += NtOpenEvent(&Handle, EVENT_ALL, &Attributes) != STATUS_OBJECT_NAME_NOT_FOUND;
    }
    Check("a missing name is missing each time", Wrong == 0);
    Check("and nothing has grown", Before != 0 && PoolBytes() == Before);
}

void Start(void) {
    TOTALS Before[KINDS];
    HANDLE LinkHandle = NULL;
    ULONG Calls = (ULONG)NumberArgument(1, 20000);
    State = SeedOf(NumberArgument(0, 1));
    MakeEdge();
    Check("ready", MakeRoot(&LinkHandle) != NULL);
    for (KIND Kind = Directory; Kind < KINDS; Kind++) {
        Before[Kind] = Totals(Kind);
    }
    ULONG Handles = HandleCountOf(SELF);
    ULONG64 Pool = PoolBytes();
    for (ULONG i = 0; i < Calls; i++) {
        FuzzOnce();
    }
    Surprises += PoolBytes() != Pool;
    Surprises += HandleCountOf(SELF) != Handles;
    for (KIND Kind = Directory; Kind < KINDS; Kind++) {
        TOTALS After = Totals(Kind);
        Surprises += After.Objects != Before[Kind].Objects || After.Handles != Before[Kind].Handles;
    }
    Check("some calls succeed, most fail", Succeeded > Calls / 100 && Succeeded < Calls / 2);
    Print("%u surprises\n", (unsigned)Surprises);
    OpenMissing((ULONG)NumberArgument(2, 1000));
    Exit(0);
}
