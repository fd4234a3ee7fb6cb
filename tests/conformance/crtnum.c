/*
 * crtnum.c - numbers to text and text to numbers, by every function of ntdll that does it: radixes,
 * signs, blanks, digits of other scripts, overflow
 */
#include "nt.h"

#define C(Type) NTSYS Type __cdecl
C(char *) _itoa(int, char *, int);
C(char *) _ltoa(LONG, char *, int);
C(char *) _ultoa(ULONG, char *, int);
C(char *) _i64toa(LONG64, char *, int);
C(char *) _ui64toa(ULONG64, char *, int);
C(WCHAR *) _itow(int, WCHAR *, int);
C(WCHAR *) _ltow(LONG, WCHAR *, int);
C(WCHAR *) _ultow(ULONG, WCHAR *, int);
C(WCHAR *) _i64tow(LONG64, WCHAR *, int);
C(WCHAR *) _ui64tow(ULONG64, WCHAR *, int);
C(LONG) strtol(const char *, char **, int);
C(ULONG) strtoul(const char *, char **, int);
C(LONG) wcstol(const WCHAR *, WCHAR **, int);
C(ULONG) wcstoul(const WCHAR *, WCHAR **, int);
C(LONG64) _wcstoi64(const WCHAR *, WCHAR **, int);
C(ULONG64) _wcstoui64(const WCHAR *, WCHAR **, int);
C(int) atoi(const char *);
C(LONG) atol(const char *);
C(LONG64) _atoi64(const char *);
C(int) _wtoi(const WCHAR *);
C(LONG) _wtol(const WCHAR *);
C(LONG64) _wtoi64(const WCHAR *);
NTSYS NTSTATUS NTAPI RtlCharToInteger(const char *, ULONG, PULONG);
NTSYS NTSTATUS NTAPI RtlUnicodeStringToInteger(const UNICODE_STRING *, ULONG, PULONG);
NTSYS NTSTATUS NTAPI RtlIntegerToChar(ULONG, ULONG, LONG, char *);
NTSYS NTSTATUS NTAPI RtlLargeIntegerToChar(const ULONG64 *, ULONG, LONG, char *);
NTSYS NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG, ULONG, UNICODE_STRING *);
NTSYS NTSTATUS NTAPI RtlInt64ToUnicodeString(ULONG64, ULONG, UNICODE_STRING *);

/* ---- To text ---- */

static const LONG64 Values[] = {0,
                                1,
                                -1,
                                35,
                                36,
                                255,
                                -255,
                                0x7FFFFFFF,
                                -0x7FFFFFFF - 1,
                                0x7FFFFFFFFFFFFFFF,
                                -0x7FFFFFFFFFFFFFFF - 1};
static const int Radixes[] = {2, 3, 8, 10, 16, 36, 37, 64};

static char Text[80];
static WCHAR Wide[80];

static char Letter(ULONG c) {
    return c >= 0x20 && c < 0x7F ? (char)c : '?';
}

static void ShowBytes(const char *What, const char *Answer) {
    Print(" %s ", What);
    if (Answer != Text) {
        Print("(elsewhere) ");
    }
    for (ULONG i = 0; Text[i] != 0; i++) {
        Print("%c", Letter((UCHAR)Text[i]));
    }
}

static void ShowWide(const char *What, const WCHAR *Answer) {
    Print(" %s ", What);
    if (Answer != Wide) {
        Print("(elsewhere) ");
    }
    for (ULONG i = 0; Wide[i] != 0; i++) {
        Print("%c", Letter(Wide[i]));
    }
}

static void ToText(LONG64 Value, int Radix) {
    Print(" %d:", Radix);
    ShowBytes("i", _itoa((int)Value, Text, Radix));
    ShowBytes("l", _ltoa((LONG)Value, Text, Radix));
    ShowBytes("ul", _ultoa((ULONG)Value, Text, Radix));
    ShowBytes("i64", _i64toa(Value, Text, Radix));
    ShowBytes("ui64", _ui64toa((ULONG64)Value, Text, Radix));
    Print("\n     wide:");
    ShowWide("i", _itow((int)Value, Wide, Radix));
    ShowWide("l", _ltow((LONG)Value, Wide, Radix));
    ShowWide("ul", _ultow((ULONG)Value, Wide, Radix));
    ShowWide("i64", _i64tow(Value, Wide, Radix));
    ShowWide("ui64", _ui64tow((ULONG64)Value, Wide, Radix));
    Print("\n");
}

static void RtlToText(ULONG64 Value) {
    static const ULONG Bases[] = {0, 1, 2, 3, 8, 10, 16, 17, 36};
    static const LONG Lengths[] = {0, 1, 2, 10, 16, 64, 79};
    for (ULONG i = 0; i < sizeof(Bases) / sizeof(Bases[0]); i++) {
        for (ULONG j = 0; j < sizeof(Lengths) / sizeof(Lengths[0]); j++) {
            memset(Text, '#', sizeof(Text));
            NTSTATUS Status = RtlIntegerToChar((ULONG)Value, Bases[i], Lengths[j], Text);
            Text[78] = 0;
            Print("  char %lu, %ld: %08x %.40s", Bases[i], Lengths[j], (unsigned)Status, Text);
            memset(Text, '#', sizeof(Text));
            Status = RtlLargeIntegerToChar(&Value, Bases[i], Lengths[j], Text);
            Text[78] = 0;
            Print(", large %08x %.70s\n", (unsigned)Status, Text);
        }
        for (USHORT Maximum = 0; Maximum < 160; Maximum += 22) {
            UNICODE_STRING One = {0, Maximum, Wide}, Two = {0, Maximum, Wide + 40};
            memset(Wide, 0, sizeof(Wide));
            if (Maximum > 66) {
                break;
            }
            NTSTATUS Status = RtlIntegerToUnicodeString((ULONG)Value, Bases[i], &One);
            Print("  string %lu, %u: %08x %u %ls", Bases[i], Maximum, (unsigned)Status, One.Length,
                  Wide);
            Status = RtlInt64ToUnicodeString(Value, Bases[i], &Two);
            Print(", 64 %08x %u %ls\n", (unsigned)Status, Two.Length, Wide + 40);
        }
    }
}

/* ---- From text ---- */

static const char *Texts[] = {"",
                              " ",
                              "0",
                              "1",
                              "-1",
                              "+1",
                              "--1",
                              "- 1",
                              "+-1",
                              " \t\n\v\f\r7",
                              "\x1F"
                              "7",
                              "0x",
                              "0x1F",
                              "0X1f",
                              "-0x10",
                              "0xg",
                              "x1",
                              "08",
                              "017",
                              "0b11",
                              "0o17",
                              "1e3",
                              "12abc",
                              "zz",
                              "Zz",
                              "2147483647",
                              "2147483648",
                              "-2147483648",
                              "-2147483649",
                              "4294967295",
                              "4294967296",
                              "4294967297",
                              "-4294967295",
                              "-4294967296",
                              "9223372036854775807",
                              "9223372036854775808",
                              "-9223372036854775808",
                              "-9223372036854775809",
                              "18446744073709551615",
                              "18446744073709551616",
                              "-18446744073709551615",
                              "99999999999999999999999",
                              "-99999999999999999999999",
                              "0x100000000",
                              "0x7FFFFFFFFFFFFFFFF",
                              "\xB2",
                              "1\xB2"};

static const int Bases[] = {0, 2, 8, 10, 16, 36};

static void FromText(const char *Source) {
    WCHAR Copy[40];
    char *End = NULL;
    WCHAR *WideEnd = NULL;
    ULONG i = 0;
    for (; Source[i] != 0; i++) {
        Copy[i] = (UCHAR)Source[i];
    }
    Copy[i] = 0;
    Print("\"");
    for (i = 0; Source[i] != 0; i++) {
        if (Letter((UCHAR)Source[i]) == '?') {
            Print("<%02x>", (UCHAR)Source[i]);
        } else {
            Print("%c", Source[i]);
        }
    }
    Print("\"\n  atoi %d %d, atol %ld %ld, atoi64 %I64d %I64d\n", atoi(Source), _wtoi(Copy),
          atol(Source), _wtol(Copy), _atoi64(Source), _wtoi64(Copy));
    for (i = 0; i < sizeof(Bases) / sizeof(Bases[0]); i++) {
        Print("  %d:", Bases[i]);
        LONG Long = strtol(Source, &End, Bases[i]);
        Print(" l %ld@%d", Long, (int)(End - Source));
        Long = wcstol(Copy, &WideEnd, Bases[i]);
        Print(" %ld@%d", Long, (int)(WideEnd - Copy));
        ULONG Unsigned = strtoul(Source, &End, Bases[i]);
        Print(" ul %lu@%d", Unsigned, (int)(End - Source));
        Unsigned = wcstoul(Copy, &WideEnd, Bases[i]);
        Print(" %lu@%d", Unsigned, (int)(WideEnd - Copy));
        LONG64 Big = _wcstoi64(Copy, &WideEnd, Bases[i]);
        Print(" i64 %I64d@%d", Big, (int)(WideEnd - Copy));
        ULONG64 Huge = _wcstoui64(Copy, &WideEnd, Bases[i]);
        Print(" ui64 %I64u@%d\n", Huge, (int)(WideEnd - Copy));
    }
}

static void RtlFromText(const char *Source) {
    static const ULONG RtlBases[] = {0, 2, 8, 10, 16, 3, 36};
    WCHAR Copy[40];
    UNICODE_STRING String = {0, 0, Copy};
    for (; Source[String.Length / 2] != 0; String.Length += 2) {
        Copy[String.Length / 2] = (UCHAR)Source[String.Length / 2];
    }
    String.MaximumLength = String.Length;
    for (ULONG i = 0; i < sizeof(RtlBases) / sizeof(RtlBases[0]); i++) {
        ULONG One = 77, Two = 77;
        NTSTATUS Status = RtlCharToInteger(Source, RtlBases[i], &One);
        NTSTATUS Other = RtlUnicodeStringToInteger(&String, RtlBases[i], &Two);
        Print("  %lu: %08x %lu, %08x %lu\n", RtlBases[i], (unsigned)Status, One, (unsigned)Other,
              Two);
    }
}

/* ---- Digits and blanks of other scripts ---- */

/* Which characters count as a digit of which value, which are passed over before a number? */
static void Scripts(void) {
    Print("digits\n");
    for (ULONG c = 0x80; c < 0x10000; c++) {
        WCHAR Source[] = {(WCHAR)c, L'3', 0};
        WCHAR *End;
        LONG Value = wcstol(Source, &End, 10);
        if (Value != 0 || End != Source) {
            Print("  %04lx: wcstol %ld@%d wcstoul %lu i64 %I64d wtol %ld wtoi %d wtoi64 %I64d\n", c,
                  Value, (int)(End - Source), wcstoul(Source, NULL, 10),
                  _wcstoi64(Source, NULL, 10), _wtol(Source), _wtoi(Source), _wtoi64(Source));
        }
    }
    static const WCHAR Mixed[] = {L' ', 0x2003, 0x3000, 0xA0, L'-', 0x0664, L'2', 0xFF17, 0};
    WCHAR *End;
    LONG Value = wcstol(Mixed, &End, 10);
    Print("mixed: %ld@%d, %ld, %I64d\n", Value, (int)(End - Mixed), _wtol(Mixed), _wtoi64(Mixed));
    static const WCHAR Hex[] = {L'0', 0xFF58, 0xFF21, L'1', 0};
    Value = wcstol(Hex, &End, 16);
    Print("full width hexadecimal: %ld@%d\n", Value, (int)(End - Hex));
}

void Start(void) {
    for (ULONG i = 0; i < sizeof(Values) / sizeof(Values[0]); i++) {
        Print("%I64d\n", Values[i]);
        for (ULONG j = 0; j < sizeof(Radixes) / sizeof(Radixes[0]); j++) {
            ToText(Values[i], Radixes[j]);
        }
    }
    static const ULONG64 RtlValues[] = {0, 255, 0xFFFFFFFF, 0x1234567890ABCDEF};
    for (ULONG i = 0; i < sizeof(RtlValues) / sizeof(RtlValues[0]); i++) {
        Print("%I64u\n", RtlValues[i]);
        RtlToText(RtlValues[i]);
    }
    for (ULONG i = 0; i < sizeof(Texts) / sizeof(Texts[0]); i++) {
        FromText(Texts[i]);
        RtlFromText(Texts[i]);
    }
    Scripts();
    Exit(0);
}
