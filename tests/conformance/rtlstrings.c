/*
 * rtlstrings.c - counted strings at their edges: sources without a buffer, lengths at truncation,
 * what is in a buffer after a failure; UTF-8 both ways; code pages
 */
#include "nt.h"

NTSYS NTSTATUS NTAPI RtlAppendStringToString(STRING *, const STRING *);
NTSYS NTSTATUS NTAPI RtlAppendAsciizToString(STRING *, const char *);
NTSYS NTSTATUS NTAPI RtlAppendUnicodeStringToString(UNICODE_STRING *, const UNICODE_STRING *);
NTSYS NTSTATUS NTAPI RtlAppendUnicodeToString(UNICODE_STRING *, PCWSTR);
NTSYS NTSTATUS NTAPI RtlInitUnicodeStringEx(UNICODE_STRING *, PCWSTR);
NTSYS NTSTATUS NTAPI RtlInitAnsiStringEx(STRING *, const char *);
NTSYS void NTAPI RtlCopyString(STRING *, const STRING *);
NTSYS void NTAPI RtlCopyUnicodeString(UNICODE_STRING *, const UNICODE_STRING *);
NTSYS NTSTATUS NTAPI RtlUTF8ToUnicodeN(PWSTR, ULONG, PULONG, const char *, ULONG);
NTSYS NTSTATUS NTAPI RtlUnicodeToUTF8N(char *, ULONG, PULONG, PCWSTR, ULONG);
NTSYS NTSTATUS NTAPI RtlMultiByteToUnicodeN(PWSTR, ULONG, PULONG, const char *, ULONG);
NTSYS NTSTATUS NTAPI RtlUnicodeToMultiByteN(char *, ULONG, PULONG, PCWSTR, ULONG);
NTSYS NTSTATUS NTAPI RtlUpcaseUnicodeToMultiByteN(char *, ULONG, PULONG, PCWSTR, ULONG);
NTSYS NTSTATUS NTAPI RtlOemToUnicodeN(PWSTR, ULONG, PULONG, const char *, ULONG);
NTSYS NTSTATUS NTAPI RtlUnicodeToOemN(char *, ULONG, PULONG, PCWSTR, ULONG);
NTSYS NTSTATUS NTAPI RtlUpcaseUnicodeToOemN(char *, ULONG, PULONG, PCWSTR, ULONG);
NTSYS NTSTATUS NTAPI RtlUnicodeStringToAnsiString(STRING *, const UNICODE_STRING *, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlOemStringToUnicodeString(UNICODE_STRING *, const STRING *, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlUnicodeStringToOemString(STRING *, const UNICODE_STRING *, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlUpcaseUnicodeStringToAnsiString(STRING *, const UNICODE_STRING *, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlUpcaseUnicodeStringToOemString(STRING *, const UNICODE_STRING *, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlDuplicateUnicodeString(ULONG, const UNICODE_STRING *, UNICODE_STRING *);
NTSYS NTSTATUS NTAPI RtlFindCharInUnicodeString(ULONG, const UNICODE_STRING *,
                                                const UNICODE_STRING *, PUSHORT);
NTSYS BOOLEAN NTAPI RtlPrefixUnicodeString(const UNICODE_STRING *, const UNICODE_STRING *, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlHashUnicodeString(const UNICODE_STRING *, BOOLEAN, ULONG, PULONG);

static UCHAR Bytes[160];
static WCHAR Wide[160];

static void Dump(const UCHAR *From, ULONG Count) {
    for (ULONG i = 0; i < Count; i++) {
        Print("%02x", From[i]);
    }
}

static void DumpWide(const WCHAR *From, ULONG Count) {
    for (ULONG i = 0; i < Count; i++) {
        Print("%s%04x", i != 0 ? " " : "", From[i]);
    }
}

/* ---- Appending and copying ---- */

static void Append(USHORT Length, USHORT Maximum, const char *Source, USHORT SourceLength) {
    memset(Bytes, 0xCC, sizeof(Bytes));
    memcpy(Bytes, "abcdef", 6);
    STRING To = {Length, Maximum, (char *)Bytes},
           From = {SourceLength, SourceLength, (char *)Source};
    NTSTATUS Status = RtlAppendStringToString(&To, &From);
    Print("  bytes %u of %u + %u%s: %08x, %u of %u, ", Length, Maximum, SourceLength,
          Source == NULL ? " (null)" : "", (unsigned)Status, To.Length, To.MaximumLength);
    Dump(Bytes, 14);
    Print("\n");
}

static void AppendWide(USHORT Length, USHORT Maximum, PCWSTR Source, USHORT SourceLength) {
    memset(Wide, 0xCC, sizeof(Wide));
    memcpy(Wide, L"abcdef", 12);
    UNICODE_STRING To = {Length, Maximum, Wide}, From = {SourceLength, SourceLength, (PWSTR)Source};
    NTSTATUS Status = RtlAppendUnicodeStringToString(&To, &From);
    Print("  wide %u of %u + %u%s: %08x, %u of %u, ", Length, Maximum, SourceLength,
          Source == NULL ? " (null)" : "", (unsigned)Status, To.Length, To.MaximumLength);
    DumpWide(Wide, 10);
    Print("\n");
}

static void Appending(void) {
    Append(3, 10, "xyz", 3);
    Append(3, 6, "xyz", 3);
    Append(3, 5, "xyz", 3);
    Append(3, 7, "xyz", 3);
    Append(3, 3, "xyz", 0);
    Append(3, 10, NULL, 0);
    Append(7, 5, "xyz", 1);
    AppendWide(6, 20, L"xyz", 6);
    AppendWide(6, 12, L"xyz", 6);
    AppendWide(6, 11, L"xyz", 6);
    AppendWide(6, 13, L"xyz", 6);
    AppendWide(6, 14, L"xyz", 6);
    AppendWide(6, 6, L"xyz", 0);
    AppendWide(6, 20, NULL, 0);
    AppendWide(6, 20, L"xyz", 5);
    STRING To = {3, 5, (char *)Bytes};
    UNICODE_STRING WideTo = {4, 8, Wide};
    ShowStatus("  ascii null", RtlAppendAsciizToString(&To, NULL));
    ShowStatus("  ascii fits", RtlAppendAsciizToString(&To, "ab"));
    ShowStatus("  ascii too long", RtlAppendAsciizToString(&To, "a"));
    ShowStatus("  wide null", RtlAppendUnicodeToString(&WideTo, NULL));
    ShowStatus("  wide fits", RtlAppendUnicodeToString(&WideTo, L"ab"));
    ShowStatus("  wide too long", RtlAppendUnicodeToString(&WideTo, L"a"));
    Print("  %u %u\n", To.Length, WideTo.Length);
}

static void Copying(void) {
    for (USHORT Maximum = 0; Maximum < 9; Maximum++) {
        STRING To = {1, Maximum, (char *)Bytes}, From = {5, 6, (char *)"hello"};
        UNICODE_STRING WideTo = {1, Maximum, Wide}, WideFrom = {6, 8, (PWSTR)L"xyz"};
        memset(Bytes, 0xCC, sizeof(Bytes));
        memset(Wide, 0xCC, sizeof(Wide));
        RtlCopyString(&To, &From);
        if (Maximum != 7) { /* Wine's null goes past the end */
            RtlCopyUnicodeString(&WideTo, &WideFrom);
        }
        Print("  copy into %u: %u ", Maximum, To.Length);
        Dump(Bytes, 10);
        Print(", wide %u ", WideTo.Length);
        DumpWide(Wide, 5);
        Print("\n");
    }
    STRING To = {4, 8, (char *)Bytes};
    UNICODE_STRING WideTo = {4, 8, Wide};
    RtlCopyString(&To, NULL);
    RtlCopyUnicodeString(&WideTo, NULL);
    Print("  copy of nothing: %u %u\n", To.Length, WideTo.Length);
}

/* ---- Initialisation ---- */

static WCHAR LongWide[0x8001 + 8];
static char LongBytes[0x10008];

static void InitWide(ULONG Letters) {
    UNICODE_STRING String = {0x1111, 0x2222, (PWSTR)0x3333};
    for (ULONG i = 0; i < Letters; i++) {
        LongWide[i] = L'x';
    }
    LongWide[Letters] = 0;
    NTSTATUS Status = RtlInitUnicodeStringEx(&String, LongWide);
    Print("  wide %lu, ex: %08x %u %u %s", Letters, (unsigned)Status, String.Length,
          String.MaximumLength,
          String.Buffer == LongWide        ? "it"
          : String.Buffer == (PWSTR)0x3333 ? "as before"
                                           : "other");
    RtlInitUnicodeString(&String, LongWide);
    Print(", plain: %u %u\n", String.Length, String.MaximumLength);
}

static void InitBytes(ULONG Letters) {
    STRING String = {0x1111, 0x2222, (char *)0x3333};
    memset(LongBytes, 'x', Letters);
    LongBytes[Letters] = 0;
    NTSTATUS Status = RtlInitAnsiStringEx(&String, LongBytes);
    Print("  bytes %lu, ex: %08x %u %u %s", Letters, (unsigned)Status, String.Length,
          String.MaximumLength,
          String.Buffer == LongBytes        ? "it"
          : String.Buffer == (char *)0x3333 ? "as before"
                                            : "other");
    if (Letters < 65535) { /* Wine's lengths overflow */
        RtlInitAnsiString(&String, LongBytes);
    }
    Print(", plain: %u %u\n", String.Length, String.MaximumLength);
}

static void Initialising(void) {
    static const ULONG WideLengths[] = {0, 1, 32765, 32766, 32767, 32768};
    static const ULONG ByteLengths[] = {0, 1, 65533, 65534, 65535, 65536};
    for (ULONG i = 0; i < 6; i++) {
        InitWide(WideLengths[i]);
        InitBytes(ByteLengths[i]);
    }
    UNICODE_STRING String = {1, 2, Wide};
    STRING Ansi = {1, 2, (char *)Bytes};
    NTSTATUS Status = RtlInitUnicodeStringEx(&String, NULL);
    NTSTATUS Other = RtlInitAnsiStringEx(&Ansi, NULL);
    Print("  null: %08x %u %u %s, %08x %u %u %s\n", (unsigned)Status, String.Length,
          String.MaximumLength, YesNo(String.Buffer == NULL), (unsigned)Other, Ansi.Length,
          Ansi.MaximumLength, YesNo(Ansi.Buffer == NULL));
}

/* ---- UTF-8 ---- */

static const struct {
    const char *Bytes;
    ULONG Count;
} Utf8[] = {{"abc", 3},
            {"", 0},
            {"a\0b", 3},
            {"\xC3\xA4", 2},
            {"\xE2\x82\xAC", 3},
            {"\xF0\x9F\x98\x80", 4},
            {"\xF4\x8F\xBF\xBF", 4},
            {"\xF4\x90\x80\x80", 4},
            {"\xF8\x88\x80\x80\x80", 5},
            {"\xED\xA0\x80", 3},
            {"\xED\xBF\xBF", 3},
            {"\xC0\x80", 2},
            {"\xC1\xBF", 2},
            {"\xE0\x80\x80", 3},
            {"\xE0\x9F\xBF", 3},
            {"\xF0\x80\x80\x80", 4},
            {"\x80", 1},
            {"\xBF\xBF", 2},
            {"\xC3", 1},
            {"\xC3\x41", 2},
            {"\xE2\x82", 2},
            {"\xE2\x82\x41", 3},
            {"\xE2\x41", 2},
            {"\xF0\x9F\x98", 3},
            {"\xF0\x9F\x41", 3},
            {"\xF0\x9F\x98\x41", 4},
            {"\xFE\xFF", 2},
            {"a\xC3\xA4z\xE2\x82\xAC\xF0\x9F\x98\x80!", 12},
            {"\xEF\xBB\xBFx", 4},
            {"\xF0\x9F\x98\xF0\x9F\x98\x80", 7},
            {"\xE2\x28\xA1", 3},
            {"\xE2\xE2\x82\xAC", 4}};

static void FromUtf8(const char *Source, ULONG Count, ULONG Room, BOOL Measure) {
    ULONG Written = 0xDEAD;
    memset(Wide, 0xCC, sizeof(Wide));
    NTSTATUS Status = RtlUTF8ToUnicodeN(Measure ? NULL : Wide, Room, &Written, Source, Count);
    Print("  ");
    Dump((const UCHAR *)Source, Count);
    Print(" into %s%lu: %08x %lu", Measure ? "nothing " : "", Room, (unsigned)Status, Written);
    if (!Measure) {
        Print(" ");
        DumpWide(Wide, Room / 2 + 1 < 8 ? Room / 2 + 1 : 8);
    }
    Print("\n");
}

static const WCHAR *const Utf16[] = {L"abc",
                                     L"",
                                     L"\x00E4",
                                     L"\x20AC",
                                     L"\xD83D\xDE00",
                                     L"\xD83D",
                                     L"\xDE00",
                                     L"\xDE00\xD83D",
                                     L"\xD83D"
                                     L"a",
                                     L"\xD83D\xD83D\xDE00",
                                     L"a\x07FF\x0800\xFFFF",
                                     L"\xDBFF\xDFFF",
                                     L"\xFFFE"};

static void ToUtf8(const WCHAR *Source, ULONG Room, BOOL Measure) {
    ULONG Count = 0, Written = 0xDEAD;
    while (Source[Count] != 0) {
        Count++;
    }
    memset(Bytes, 0xCC, sizeof(Bytes));
    NTSTATUS Status =
        RtlUnicodeToUTF8N(Measure ? NULL : (char *)Bytes, Room, &Written, Source, Count * 2);
    Print("  ");
    DumpWide(Source, Count);
    Print(" into %s%lu: %08x %lu", Measure ? "nothing " : "", Room, (unsigned)Status, Written);
    if (!Measure) {
        Print(" ");
        Dump(Bytes, Room + 1 < 14 ? Room + 1 : 14);
    }
    Print("\n");
}

static void Utf(void) {
    for (ULONG i = 0; i < sizeof(Utf8) / sizeof(Utf8[0]); i++) {
        FromUtf8(Utf8[i].Bytes, Utf8[i].Count, 0, TRUE);
        FromUtf8(Utf8[i].Bytes, Utf8[i].Count, 100, FALSE);
        for (ULONG Room = 0; Room < 7; Room++) {
            FromUtf8(Utf8[i].Bytes, Utf8[i].Count, Room, FALSE);
        }
    }
    for (ULONG i = 0; i < sizeof(Utf16) / sizeof(Utf16[0]); i++) {
        ToUtf8(Utf16[i], 0, TRUE);
        ToUtf8(Utf16[i], 100, FALSE);
        for (ULONG Room = 0; Room < 7; Room++) {
            ToUtf8(Utf16[i], Room, FALSE);
        }
    }
    ULONG Written = 0xDEAD;
    NTSTATUS Status = RtlUTF8ToUnicodeN(Wide, 10, &Written, NULL, 0);
    Print("  from null: %08x %lx\n", (unsigned)Status, Written);
    Written = 0xDEAD;
    Status = RtlUTF8ToUnicodeN(NULL, 0, &Written, NULL, 0);
    Print("  null from null: %08x %lx\n", (unsigned)Status, Written);
    Status = RtlUTF8ToUnicodeN(NULL, 0, NULL, "a", 1);
    Print("  nowhere: %08x\n", (unsigned)Status);
    Written = 0xDEAD;
    Status = RtlUnicodeToUTF8N((char *)Bytes, 10, &Written, NULL, 0);
    Print("  to, from null: %08x %lx\n", (unsigned)Status, Written);
    Written = 0xDEAD;
    Status = RtlUnicodeToUTF8N(NULL, 0, &Written, NULL, 0);
    Print("  to, null from null: %08x %lx\n", (unsigned)Status, Written);
    Status = RtlUnicodeToUTF8N(NULL, 0, NULL, L"a", 2);
    Print("  to, nowhere: %08x\n", (unsigned)Status);
    Written = 0xDEAD;
    Status = RtlUnicodeToUTF8N((char *)Bytes, 10, &Written, L"ab", 3);
    Print("  to, odd: %08x %lx\n", (unsigned)Status, Written);
    Written = 0xDEAD;
    Status = RtlUTF8ToUnicodeN(Wide, 3, &Written, "ab", 2);
    Print("  odd room: %08x %lx\n", (unsigned)Status, Written);
}

/* ---- Code pages ---- */

typedef NTSTATUS(NTAPI *WIDEN)(PWSTR, ULONG, PULONG, const char *, ULONG);
typedef NTSTATUS(NTAPI *NARROW)(char *, ULONG, PULONG, PCWSTR, ULONG);

static void Widen(const char *What, WIDEN Function) {
    for (ULONG Room = 0; Room < 10; Room++) {
        ULONG Written = 0xDEAD;
        memset(Wide, 0xCC, sizeof(Wide));
        NTSTATUS Status = Function(Wide, Room, &Written, "a\x80\xE4z", 4);
        Print("  %s into %lu: %08x %lu ", What, Room, (unsigned)Status, Written);
        DumpWide(Wide, 5);
        Print("\n");
    }
    ULONG Sum = 0;
    for (ULONG c = 0; c < 256; c++) {
        char One = (char)c;
        WCHAR Answer = 0;
        Function(&Answer, 2, NULL, &One, 1);
        Sum = Sum * 31 + Answer;
        if (c >= 0x80 && c < 0xA0) {
            Print(" %04x", Answer);
        }
    }
    Print("\n  %s: %08lx\n", What, Sum);
}

static void Narrow(const char *What, NARROW Function) {
    for (ULONG Room = 0; Room < 6; Room++) {
        ULONG Written = 0xDEAD;
        memset(Bytes, 0xCC, sizeof(Bytes));
        NTSTATUS Status = Function((char *)Bytes, Room, &Written, L"a\x20AC\x3042\xE4", 8);
        Print("  %s into %lu: %08x %lu ", What, Room, (unsigned)Status, Written);
        Dump(Bytes, 6);
        Print("\n");
    }
    for (ULONG High = 0; High < 0x100; High++) {
        ULONG Sum = 0, Known = 0;
        for (ULONG Low = 0; Low < 0x100; Low++) {
            WCHAR c = (WCHAR)(High << 8 | Low);
            char Answer = 0;
            Function(&Answer, 1, NULL, &c, 2);
            Known += Answer != '?';
            Sum = Sum * 31 + (UCHAR)Answer;
        }
        if (Known != 0) {
            Print("  %s %02lx: %lu, %08lx\n", What, High, Known, Sum);
        }
    }
}

/* The functions on counted strings, into a string with little room and into an allocated one. */
static void Converted(void) {
    static const WCHAR Source[] = L"a\x20AC\x00E4z";
    for (USHORT Maximum = 0; Maximum < 8; Maximum++) {
        UNICODE_STRING From = {8, 10, (PWSTR)Source};
        STRING To = {9, Maximum, (char *)Bytes};
        memset(Bytes, 0xCC, sizeof(Bytes));
        NTSTATUS Status = RtlUnicodeStringToAnsiString(&To, &From, FALSE);
        Print("  ansi %u: %08x %u %u ", Maximum, (unsigned)Status, To.Length, To.MaximumLength);
        Dump(Bytes, 7);
        To = (STRING){9, Maximum, (char *)Bytes};
        memset(Bytes, 0xCC, sizeof(Bytes));
        Status = RtlUpcaseUnicodeStringToAnsiString(&To, &From, FALSE);
        Print(", upper %08x %u ", (unsigned)Status, To.Length);
        Dump(Bytes, 7);
        To = (STRING){9, Maximum, (char *)Bytes};
        memset(Bytes, 0xCC, sizeof(Bytes));
        Status = RtlUnicodeStringToOemString(&To, &From, FALSE);
        Print(", oem %08x %u ", (unsigned)Status, To.Length);
        Dump(Bytes, 7);
        Print("\n");
    }
    for (USHORT Maximum = 0; Maximum < 12; Maximum++) {
        STRING From = {4, 5, (char *)"a\x80\xE4z"};
        UNICODE_STRING To = {9, Maximum, Wide};
        memset(Wide, 0xCC, sizeof(Wide));
        NTSTATUS Status = RtlAnsiStringToUnicodeString(&To, &From, FALSE);
        Print("  unicode %u: %08x %u %u ", Maximum, (unsigned)Status, To.Length, To.MaximumLength);
        DumpWide(Wide, 6);
        Print("\n");
    }
    UNICODE_STRING Empty = {0, 0, NULL}, Target = {1, 2, Wide};
    STRING AnsiEmpty = {0, 0, NULL}, AnsiTarget = {1, 2, (char *)Bytes};
    NTSTATUS Status = RtlUnicodeStringToAnsiString(&AnsiTarget, &Empty, TRUE);
    Print("  empty, allocated: %08x %u %u %s\n", (unsigned)Status, AnsiTarget.Length,
          AnsiTarget.MaximumLength, YesNo(AnsiTarget.Buffer != NULL));
    Status = RtlAnsiStringToUnicodeString(&Target, &AnsiEmpty, TRUE);
    Print("  empty, allocated: %08x %u %u %s\n", (unsigned)Status, Target.Length,
          Target.MaximumLength, YesNo(Target.Buffer != NULL));
}

static void Duplicates(void) {
    for (ULONG Flags = 0; Flags < 5; Flags++) {
        UNICODE_STRING To = {1, 2, Wide}, From = {6, 6, (PWSTR)L"xyz"}, Empty = {0, 0, NULL};
        NTSTATUS Status = RtlDuplicateUnicodeString(Flags, &From, &To);
        Print("  duplicate %lu: %08x %u %u", Flags, (unsigned)Status, To.Length, To.MaximumLength);
        To = (UNICODE_STRING){1, 2, Wide};
        Status = RtlDuplicateUnicodeString(Flags, &Empty, &To);
        Print(", empty %08x %u %u %s", (unsigned)Status, To.Length, To.MaximumLength,
              YesNo(To.Buffer != NULL));
        To = (UNICODE_STRING){1, 2, Wide};
        Status = RtlDuplicateUnicodeString(Flags, NULL, &To);
        Print(", null %08x %u %u\n", (unsigned)Status, To.Length, To.MaximumLength);
    }
}

static void Finding(void) {
    UNICODE_STRING Main = {14, 14, (PWSTR)L"abcdefA"}, Set = {4, 4, (PWSTR)L"dA"},
                   None = {0, 0, NULL};
    for (ULONG Flags = 0; Flags < 4; Flags++) {
        USHORT Place = 0x7777;
        NTSTATUS Status = RtlFindCharInUnicodeString(Flags, &Main, &Set, &Place);
        Print("  find %lu: %08x %04x", Flags, (unsigned)Status, Place);
        Place = 0x7777;
        Status = RtlFindCharInUnicodeString(Flags, &Main, &None, &Place);
        Print(", none %08x %04x", (unsigned)Status, Place);
        Place = 0x7777;
        Status = RtlFindCharInUnicodeString(Flags, &None, &Set, &Place);
        Print(", in none %08x %04x\n", (unsigned)Status, Place);
    }
    Print("  prefix: %d %d %d\n", RtlPrefixUnicodeString(&None, &Main, FALSE),
          RtlPrefixUnicodeString(&Main, &None, FALSE), RtlPrefixUnicodeString(&Main, &Main, TRUE));
    for (ULONG Algorithm = 0; Algorithm < 4; Algorithm++) {
        ULONG Hash = 0x77;
        NTSTATUS Status = RtlHashUnicodeString(&Main, FALSE, Algorithm, &Hash);
        Print("  hash %lu: %08x %08lx", Algorithm, (unsigned)Status, Hash);
        Hash = 0x77;
        Status = RtlHashUnicodeString(&Main, TRUE, Algorithm, &Hash);
        Print(" %08x %08lx\n", (unsigned)Status, Hash);
    }
}

void Start(void) {
    Appending();
    Copying();
    Initialising();
    Utf();
    Widen("ansi", RtlMultiByteToUnicodeN);
    Widen("oem", RtlOemToUnicodeN);
    Narrow("ansi", RtlUnicodeToMultiByteN);
    Narrow("oem", RtlUnicodeToOemN);
    Narrow("upper ansi", RtlUpcaseUnicodeToMultiByteN);
    Narrow("upper oem", RtlUpcaseUnicodeToOemN);
    Converted();
    Duplicates();
    Finding();
    Exit(0);
}
