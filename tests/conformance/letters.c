/*
 * letters.c - characters: case and classes of every character, by every function that knows them
 *
 * Runs of neighbours with the same answer are one line: what is added to the character, or the
 * value for a class.
 */
#define _CTYPE_DISABLE_MACROS
#define _WCTYPE_DISABLE_MACROS
#include "nt.h"
#undef _toupper
#undef _tolower
#undef __toascii
#undef __isascii
#undef __iscsym
#undef __iscsymf

#define C(Type) NTSYS Type __cdecl
C(int) toupper(int);
C(int) tolower(int);
C(int) _toupper(int);
C(int) _tolower(int);
C(int) __toascii(int);
C(int) __isascii(int);
C(int) __iscsym(int);
C(int) __iscsymf(int);
C(int) isalnum(int);
C(int) isalpha(int);
C(int) iscntrl(int);
C(int) isdigit(int);
C(int) isgraph(int);
C(int) islower(int);
C(int) isprint(int);
C(int) ispunct(int);
C(int) isspace(int);
C(int) isupper(int);
C(int) isxdigit(int);
C(int) iswalnum(WCHAR);
C(int) iswalpha(WCHAR);
C(int) iswdigit(WCHAR);
C(int) iswgraph(WCHAR);
C(int) iswlower(WCHAR);
C(int) iswprint(WCHAR);
C(int) iswspace(WCHAR);
C(int) iswxdigit(WCHAR);
C(int) iswctype(WCHAR, USHORT);
C(WCHAR) towupper(WCHAR);
C(WCHAR) towlower(WCHAR);
C(char *) _strlwr(char *);
C(WCHAR *) _wcsupr(WCHAR *);
C(WCHAR *) _wcslwr(WCHAR *);
C(int) _stricmp(const char *, const char *);
C(int) _memicmp(const void *, const void *, size_t);
C(int) _wcsicmp(const WCHAR *, const WCHAR *);
NTSYS CHAR NTAPI RtlUpperChar(CHAR);
NTSYS void NTAPI RtlUpperString(STRING *, const STRING *);
NTSYS WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR);
NTSYS WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR);
NTSYS BOOLEAN NTAPI RtlEqualString(const STRING *, const STRING *, BOOLEAN);
NTSYS LONG NTAPI RtlCompareString(const STRING *, const STRING *, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlUpcaseUnicodeString(UNICODE_STRING *, const UNICODE_STRING *, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlDowncaseUnicodeString(UNICODE_STRING *, const UNICODE_STRING *, BOOLEAN);
NTSYS LONG NTAPI RtlCompareUnicodeString(const UNICODE_STRING *, const UNICODE_STRING *, BOOLEAN);

/* ---- Runs ---- */

static int First, Last, Value;
static BOOL Open;

static void Flush(void) {
    if (Open && Value != 0) {
        Print("  %d to %d: %d\n", First, Last, Value);
    }
    Open = FALSE;
}

static void Run(int Character, int Answer) {
    if (Open && Value == Answer) {
        Last = Character;
        return;
    }
    Flush();
    First = Last = Character;
    Value = Answer;
    Open = TRUE;
}

/* ---- One byte ---- */

typedef int(__cdecl *FUNCTION)(int);

static const struct {
    const char *Name;
    FUNCTION Function;
} Cases[] = {{"toupper", toupper},
             {"tolower", tolower},
             {"_toupper", _toupper},
             {"_tolower", _tolower},
             {"__toascii", __toascii}},
  Classes[] = {{"__isascii", __isascii}, {"__iscsym", __iscsym}, {"__iscsymf", __iscsymf},
               {"isalnum", isalnum},     {"isalpha", isalpha},   {"iscntrl", iscntrl},
               {"isdigit", isdigit},     {"isgraph", isgraph},   {"islower", islower},
               {"isprint", isprint},     {"ispunct", ispunct},   {"isspace", isspace},
               {"isupper", isupper},     {"isxdigit", isxdigit}};

static void Bytes(void) {
    for (ULONG i = 0; i < sizeof(Cases) / sizeof(Cases[0]); i++) {
        Print("%s\n", Cases[i].Name);
        for (int c = -300; c < 600; c++) {
            Run(c, Cases[i].Function(c) - c);
        }
        Flush();
    }
    for (ULONG i = 0; i < sizeof(Classes) / sizeof(Classes[0]); i++) {
        Print("%s\n", Classes[i].Name);
        for (int c = 0; c < 256; c++) {
            Run(c, Classes[i].Function(c));
        }
        Flush();
    }
    Print("RtlUpperChar\n");
    for (int c = 0; c < 256; c++) {
        Run(c, (UCHAR)RtlUpperChar((CHAR)c) - c);
    }
    Flush();
}

static UCHAR Text[300], Upper[300];

static void FillText(void) {
    for (int i = 0; i < 255; i++) {
        Text[i] = (UCHAR)(i + 1);
    }
    Text[255] = 0;
}

static void ShowText(const char *What, const UCHAR *Answer) {
    Print("%s\n", What);
    for (int i = 0; i < 255; i++) {
        Run(i + 1, Answer[i] - (i + 1));
    }
    Flush();
}

static void ByteStrings(void) {
    FillText();
    _strlwr((char *)Text);
    ShowText("_strlwr", Text);
    FillText();
    STRING Source = {255, 256, (char *)Text}, Target = {0, 255, (char *)Upper};
    RtlUpperString(&Target, &Source);
    ShowText("RtlUpperString", Upper);
    Print("  length %u\n", Target.Length);
    Target.MaximumLength = 7;
    Target.Length = 1;
    RtlUpperString(&Target, &Source);
    Print("  cut: length %u, maximum %u\n", Target.Length, Target.MaximumLength);
    Print("comparisons\n");
    for (int c = 0x80; c < 0x100; c++) {
        char One[2] = {(char)c, 0}, Other[2] = {(char)(c ^ 0x20), 0};
        STRING A = {1, 2, One}, B = {1, 2, Other};
        Run(c, (_stricmp(One, Other) == 0) * 1 + (_memicmp(One, Other, 1) == 0) * 2 +
                   RtlEqualString(&A, &B, TRUE) * 4 + (RtlCompareString(&A, &B, TRUE) == 0) * 8);
    }
    Flush();
    char Low[] = "a", High[] = "\xE4";
    Print("  signs: %d %d %d\n", _stricmp(Low, High) < 0, _stricmp(High, Low) < 0,
          _memicmp(Low, High, 1) < 0);
}

/* ---- Unicode: runs as sums, since there are hundreds of them ---- */

static void WideCase(const char *What, WCHAR (*Function)(WCHAR)) {
    Print("%s\n", What);
    for (ULONG High = 0; High < 0x100; High++) {
        ULONG Sum = 0, Changed = 0;
        for (ULONG Low = 0; Low < 0x100; Low++) {
            WCHAR c = (WCHAR)(High << 8 | Low), Answer = Function(c);
            Changed += Answer != c;
            Sum = Sum * 31 + (WCHAR)(Answer - c);
        }
        if (Changed != 0) {
            Print("  %02lx: %lu, %08lx\n", High, Changed, Sum);
        }
    }
}

static WCHAR CrtUpper(WCHAR c) {
    return towupper(c);
}

static WCHAR CrtLower(WCHAR c) {
    return towlower(c);
}

static WCHAR RtlUpper(WCHAR c) {
    return RtlUpcaseUnicodeChar(c);
}

static WCHAR RtlLower(WCHAR c) {
    return RtlDowncaseUnicodeChar(c);
}

static WCHAR StringUpper(WCHAR c) {
    WCHAR Answer[2] = {c, 0};
    _wcsupr(Answer);
    return Answer[0];
}

static WCHAR StringLower(WCHAR c) {
    WCHAR Answer[2] = {c, 0};
    _wcslwr(Answer);
    return Answer[0];
}

static WCHAR RtlStringUpper(WCHAR c) {
    WCHAR Answer = 0;
    UNICODE_STRING From = {2, 2, &c}, To = {0, 2, &Answer};
    RtlUpcaseUnicodeString(&To, &From, FALSE);
    return Answer;
}

static WCHAR RtlStringLower(WCHAR c) {
    WCHAR Answer = 0;
    UNICODE_STRING From = {2, 2, &c}, To = {0, 2, &Answer};
    RtlDowncaseUnicodeString(&To, &From, FALSE);
    return Answer;
}

/* What is equal to its own other case? */
static WCHAR Folded(WCHAR c) {
    WCHAR Other = RtlDowncaseUnicodeChar(c);
    UNICODE_STRING A = {2, 2, &c}, B = {2, 2, &Other};
    WCHAR One[2] = {c, 0}, Two[2] = {Other, 0};
    return (WCHAR)(c + (Other != c) * (1 + (RtlCompareUnicodeString(&A, &B, TRUE) == 0) * 2 +
                                       (_wcsicmp(One, Two) == 0) * 4));
}

typedef int(__cdecl *WIDE)(WCHAR);
static const struct {
    const char *Name;
    WIDE Function;
} Wide[] = {{"iswalnum", iswalnum}, {"iswalpha", iswalpha},  {"iswdigit", iswdigit},
            {"iswgraph", iswgraph}, {"iswlower", iswlower},  {"iswprint", iswprint},
            {"iswspace", iswspace}, {"iswxdigit", iswxdigit}};

static void WideClasses(void) {
    for (ULONG i = 0; i < sizeof(Wide) / sizeof(Wide[0]); i++) {
        Print("%s\n", Wide[i].Name);
        for (int c = 0; c < 0x10000; c++) {
            Run(c, Wide[i].Function((WCHAR)c));
        }
        Flush();
    }
    static const USHORT Masks[] = {0x0001, 0x0002, 0x0004, 0x0008, 0x0010, 0x0020,
                                   0x0040, 0x0080, 0x0100, 0x8000, 0xFFFF};
    for (ULONG i = 0; i < sizeof(Masks) / sizeof(Masks[0]); i++) {
        Print("iswctype %04x\n", Masks[i]);
        for (int c = 0; c < 0x400; c++) {
            Run(c, iswctype((WCHAR)c, Masks[i]));
        }
        Flush();
    }
}

void Start(void) {
    Bytes();
    ByteStrings();
    WideCase("towupper", CrtUpper);
    WideCase("towlower", CrtLower);
    WideCase("_wcsupr", StringUpper);
    WideCase("_wcslwr", StringLower);
    WideCase("RtlUpcaseUnicodeChar", RtlUpper);
    WideCase("RtlDowncaseUnicodeChar", RtlLower);
    WideCase("RtlUpcaseUnicodeString", RtlStringUpper);
    WideCase("RtlDowncaseUnicodeString", RtlStringLower);
    WideCase("equal but for case", Folded);
    WideClasses();
    Exit(0);
}
