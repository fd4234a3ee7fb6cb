/* Atoms: the system's table by its services, and tables of the program's own. */
#include "guard.h"

typedef USHORT ATOM_NUMBER;
NTSYS NTSTATUS NTAPI NtAddAtom(PCWSTR, ULONG, ATOM_NUMBER *);
NTSYS NTSTATUS NTAPI NtFindAtom(PCWSTR, ULONG, ATOM_NUMBER *);
NTSYS NTSTATUS NTAPI NtDeleteAtom(ATOM_NUMBER);
NTSYS NTSTATUS NTAPI NtQueryInformationAtom(ATOM_NUMBER, int, PVOID, ULONG, PULONG);
NTSYS NTSTATUS NTAPI RtlCreateAtomTable(ULONG, PVOID *);
NTSYS NTSTATUS NTAPI RtlDestroyAtomTable(PVOID);
NTSYS NTSTATUS NTAPI RtlEmptyAtomTable(PVOID, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlAddAtomToAtomTable(PVOID, PCWSTR, ATOM_NUMBER *);
NTSYS NTSTATUS NTAPI RtlLookupAtomInAtomTable(PVOID, PCWSTR, ATOM_NUMBER *);
NTSYS NTSTATUS NTAPI RtlDeleteAtomFromAtomTable(PVOID, ATOM_NUMBER);
NTSYS NTSTATUS NTAPI RtlPinAtomInAtomTable(PVOID, ATOM_NUMBER);
NTSYS NTSTATUS NTAPI RtlQueryAtomInAtomTable(PVOID, ATOM_NUMBER, PULONG, PULONG, PWSTR, PULONG);

typedef struct _BASIC {
    USHORT UsageCount, Flags, NameLength;
    WCHAR Name[300];
} BASIC;

static ULONG Bytes(PCWSTR Text) {
    ULONG n = 0;
    while (Text[n]) {
        n++;
    }
    return n * 2;
}

static WCHAR Long[300];

static void Fill(ULONG Length) {
    for (ULONG i = 0; i < Length; i++) {
        Long[i] = L'a' + i % 26;
    }
    Long[Length] = 0;
}

/* Numbers of string atoms differ between systems: only their kind is shown. */
static void ShowAtom(ATOM_NUMBER Atom) {
    if (Atom >= 0xC000) {
        Print(", a string atom\n");
    } else {
        Print(", %04x\n", Atom);
    }
}

static ATOM_NUMBER Add(const char *What, PCWSTR Text, ULONG Length) {
    ATOM_NUMBER Atom = 0;
    NTSTATUS Status = NtAddAtom(Text, Length, &Atom);
    Print(" add %s: %08x", What, (unsigned)Status);
    ShowAtom(Atom);
    return Atom;
}

static ATOM_NUMBER Find(const char *What, PCWSTR Text, ULONG Length) {
    ATOM_NUMBER Atom = 0;
    NTSTATUS Status = NtFindAtom(Text, Length, &Atom);
    Print(" find %s: %08x", What, (unsigned)Status);
    ShowAtom(Atom);
    return Atom;
}

static void Query(const char *What, ATOM_NUMBER Atom) {
    BASIC Basic = {0};
    NTSTATUS Status = NtQueryInformationAtom(Atom, 0, &Basic, sizeof(Basic), NULL);
    Print(" query %s: %08x", What, (unsigned)Status);
    if (!Status) {
        Print(", count %u, flags %u, %u bytes \"", Basic.UsageCount, Basic.Flags, Basic.NameLength);
        for (ULONG i = 0; i < Basic.NameLength / 2 && i < 20; i++) {
            Print("%c", Basic.Name[i]);
        }
        Print("\"");
    }
    Print("\n");
}

static void Strings(void) {
    Print("strings\n");
    Find("what is not there", L"VitrineAtom", 22);
    ATOM_NUMBER First = Add("VitrineAtom", L"VitrineAtom", 22);
    ATOM_NUMBER Again = Add("in other case", L"VITRINEATOM", 22);
    Check(" the same", First == Again);
    Check(" found", Find("in other case", L"vitrineATOM", 22) == First);
    Query("it", First);
    ATOM_NUMBER Part = Add("a part of it", L"VitrineAtom", 20);
    Check(" another", Part != First);
    Query("the part", Part);
    ShowStatus(" delete the part", NtDeleteAtom(Part));
    Find("the part", L"VitrineAtom", 20);
    ShowStatus(" delete", NtDeleteAtom(First));
    Query("it", First);
    ShowStatus(" delete", NtDeleteAtom(First));
    Find("it", L"VitrineAtom", 22);
    Query("it", First);
    ShowStatus(" delete", NtDeleteAtom(First));
    ATOM_NUMBER Wide = Add("with a letter of its own", L"Vitrine\x0416", 16);
    Check(" case of other alphabets", Find("it", L"Vitrine\x0436", 16) == Wide);
    ShowStatus(" delete", NtDeleteAtom(Wide));
}

static void Lengths(void) {
    Print("lengths\n");
    static const ULONG Letters[] = {1, 254, 255, 256, 257};
    for (ULONG i = 0; i < sizeof(Letters) / sizeof(*Letters); i++) {
        Fill(Letters[i]);
        Print("%u:", Letters[i]);
        ATOM_NUMBER Atom = Add("", Long, Letters[i] * 2);
        if (Atom >= 0xC000) {
            Query("", Atom);
            NtDeleteAtom(Atom);
        }
    }
    Add("nothing", L"", 0);
    Add("no name", NULL, 0);
    Find("nothing", L"", 0);
    Find("no name", NULL, 0);
    ATOM_NUMBER Atom = Add("an odd length", L"VitrineAtom", 21);
    Query("it", Atom);
    NtDeleteAtom(Atom);
}

static void Integers(void) {
    static const PCWSTR Texts[] = {L"#1",     L"#0",     L"#123",   L"#00123", L"#49151",
                                   L"#49152", L"#65535", L"#65536", L"#65537", L"#",
                                   L"#12x",   L"#x",     L"# 1",    L"#-1",    L"#4294967297"};
    Print("integers\n");
    for (ULONG i = 0; i < sizeof(Texts) / sizeof(*Texts); i++) {
        char Name[20] = {0};
        for (ULONG j = 0; j < 19 && Texts[i][j]; j++) {
            Name[j] = (char)Texts[i][j];
        }
        ATOM_NUMBER Atom = Add(Name, Texts[i], Bytes(Texts[i]));
        Find(Name, Texts[i], Bytes(Texts[i]));
        if (Atom >= 0xC000) {
            ShowStatus(" delete", NtDeleteAtom(Atom));
        }
    }
    Query("1", 1);
    Query("123", 123);
    Query("bfff", 0xBFFF);
    Query("0", 0);
    Query("ffff", 0xFFFF);
    ShowStatus(" delete 0", NtDeleteAtom(0));
    ShowStatus(" delete ffff", NtDeleteAtom(0xFFFF));
}

static void Buffers(void) {
    UCHAR Buffer[64];
    ULONG Length = 77;
    ATOM_NUMBER Atom = Add("VitrineAtom", L"VitrineAtom", 22);
    Print("buffers\n");
    for (ULONG Size = 0; Size < 6; Size++) {
        ShowFailure(" too short", NtQueryInformationAtom(Atom, 0, Buffer, Size, &Length));
    }
    for (ULONG Size = 8; Size <= 32; Size += 2) {
        memset(Buffer, 0x55, sizeof(Buffer));
        NTSTATUS Status = NtQueryInformationAtom(Atom, 0, Buffer, Size, &Length);
        Print(" %u: %08x, %u, name %u, %02x%02x\n", Size, (unsigned)Status, Length,
              *(USHORT *)(Buffer + 4), Buffer[0], Buffer[Size]);
    }
    ShowStatus(" class 2", NtQueryInformationAtom(Atom, 2, Buffer, sizeof(Buffer), &Length));
    ShowStatus(" class -1", NtQueryInformationAtom(Atom, -1, Buffer, sizeof(Buffer), &Length));
    ShowStatus(" delete", NtDeleteAtom(Atom));
}

static void ShowEntry(const char *What, PVOID Table, ATOM_NUMBER Atom) {
    WCHAR Name[40];
    ULONG Count = 0, Pinned = 0, Length = sizeof(Name);
    NTSTATUS Status = RtlQueryAtomInAtomTable(Table, Atom, &Count, &Pinned, Name, &Length);
    Print(" query %s: %08x, count %u, pinned %u, length %u\n", What, (unsigned)Status, Count,
          Pinned, Length);
}

static void OwnTable(void) {
    PVOID Table = NULL;
    ATOM_NUMBER One = 0, Two = 0, Found = 0;
    Print("a table\n");
    ShowStatus(" create", RtlCreateAtomTable(0, &Table));
    ShowStatus(" add", RtlAddAtomToAtomTable(Table, L"one", &One));
    ShowStatus(" add again", RtlAddAtomToAtomTable(Table, L"ONE", &Found));
    Check(" the same", One == Found);
    ShowStatus(" add another", RtlAddAtomToAtomTable(Table, L"two", &Two));
    Check(" another", One != Two);
    ShowEntry("one", Table, One);
    ShowStatus(" look up", RtlLookupAtomInAtomTable(Table, L"Two", &Found));
    Check(" it", Found == Two);
    ShowStatus(" look up what is not there", RtlLookupAtomInAtomTable(Table, L"three", &Found));
    ShowStatus(" pin", RtlPinAtomInAtomTable(Table, Two));
    ShowEntry("two", Table, Two);
    ShowStatus(" delete what is pinned", RtlDeleteAtomFromAtomTable(Table, Two));
    ShowStatus(" delete", RtlDeleteAtomFromAtomTable(Table, One));
    ShowStatus(" delete", RtlDeleteAtomFromAtomTable(Table, One));
    ShowStatus(" delete", RtlDeleteAtomFromAtomTable(Table, One));
    ShowStatus(" empty, but for the pinned", RtlEmptyAtomTable(Table, FALSE));
    ShowStatus(" look up the pinned", RtlLookupAtomInAtomTable(Table, L"two", &Found));
    ShowStatus(" empty", RtlEmptyAtomTable(Table, TRUE));
    ShowStatus(" look up the pinned", RtlLookupAtomInAtomTable(Table, L"two", &Found));
    ShowEntry("an integer", Table, 77);
    ShowStatus(" add an integer", RtlAddAtomToAtomTable(Table, (PCWSTR)77, &Found));
    ShowAtom(Found);
    ShowStatus(" look up an integer", RtlLookupAtomInAtomTable(Table, (PCWSTR)78, &Found));
    ShowAtom(Found);
    ShowStatus(" pin an integer", RtlPinAtomInAtomTable(Table, 77));
    ShowStatus(" no name", RtlAddAtomToAtomTable(Table, NULL, &Found));
    ShowStatus(" empty name", RtlAddAtomToAtomTable(Table, L"", &Found));
    ShowStatus(" destroy", RtlDestroyAtomTable(Table));
}

static void Shortened(void) {
    PVOID Table = NULL;
    ATOM_NUMBER Atom = 0;
    WCHAR Name[8];
    Print("shortened names\n");
    RtlCreateAtomTable(37, &Table);
    RtlAddAtomToAtomTable(Table, L"abcdef", &Atom);
    for (ULONG Size = 0; Size <= 16; Size += 2) {
        ULONG Length = Size;
        memset(Name, 0x55, sizeof(Name));
        NTSTATUS Status = RtlQueryAtomInAtomTable(Table, Atom, NULL, NULL, Name, &Length);
        Print(" %u: %08x, %u, %04x %04x\n", Size, (unsigned)Status, Length, Name[0],
              Name[Size / 2 ? Size / 2 - 1 : 0]);
    }
    ShowStatus(" no buffer", RtlQueryAtomInAtomTable(Table, Atom, NULL, NULL, NULL, NULL));
    ShowStatus(" no length", RtlQueryAtomInAtomTable(Table, Atom, NULL, NULL, Name, NULL));
    RtlDestroyAtomTable(Table);
}

/* How many atoms a table holds, and what the one too many gets. */
static void Full(void) {
    PVOID Table = NULL;
    ATOM_NUMBER Atom = 0, Last = 0;
    ULONG Count = 0;
    NTSTATUS Status = STATUS_SUCCESS;
    RtlCreateAtomTable(503, &Table);
    while (Count < 0x8000) {
        WCHAR Text[5] = {L'a' + (Count & 31), L'a' + (Count >> 5 & 31), L'a' + (Count >> 10 & 31),
                         L'V', 0};
        Status = RtlAddAtomToAtomTable(Table, Text, &Atom);
        if (Status != STATUS_SUCCESS) {
            break;
        }
        Last = Atom;
        Count++;
    }
    Print("a full table: %lu atoms, last %04x, then %08x\n", Count, Last, (unsigned)Status);
    RtlDestroyAtomTable(Table);
}

#define MANY 2000
static ATOM_NUMBER Atoms[MANY];

static void Name(ULONG i, PWSTR Text) {
    for (ULONG j = 0; j < 4; j++, i /= 10) {
        Text[j] = (WCHAR)(L'0' + i % 10);
    }
    Text[4] = L'v';
    Text[5] = 0;
}

static void Many(void) {
    PVOID Table = NULL;
    WCHAR Text[6];
    ULONG Wrong = 0;
    ATOM_NUMBER Found;
    RtlCreateAtomTable(11, &Table);
    for (ULONG i = 0; i < MANY; i++) {
        Name(i, Text);
        Wrong += RtlAddAtomToAtomTable(Table, Text, &Atoms[i]) != 0;
    }
    for (ULONG i = 0; i < MANY; i += 2) {
        Wrong += RtlDeleteAtomFromAtomTable(Table, Atoms[i]) != 0;
    }
    for (ULONG i = 0; i < MANY; i++) {
        Name(i, Text);
        NTSTATUS Status = RtlLookupAtomInAtomTable(Table, Text, &Found);
        Wrong += i % 2 ? Status != 0 || Found != Atoms[i] : Status != STATUS_OBJECT_NAME_NOT_FOUND;
    }
    Print("many: %u wrong\n", Wrong);
    RtlDestroyAtomTable(Table);
}

void Start(void) {
    Strings();
    Lengths();
    Integers();
    Buffers();
    OwnTable();
    Shortened();
    Many();
    Full();
    Exit(0);
}
