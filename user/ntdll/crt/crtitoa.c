/*
 * crtitoa.c - integers to text, in any base, digits above nine in lower case
 *
 * Only base 10 has a minus sign; in others a negative number is written as the unsigned number of
 * the same bits. The _s functions return EINVAL for a base outside 2 to 36 or no buffer, ERANGE if
 * the text does not fit, and leave an empty string then. The others take a base above 36 as well,
 * with the characters behind z as digits; where Windows divides by a base of 0 or writes without
 * end for 1, they leave an empty string.
 */
#include "crt.h"

#define MAXIMUM_TEXT 66

static char *CrtpWrite(ULONG64 Value, BOOLEAN Negative, ULONG Base, char *End) {
    *--End = 0;
    do {
        ULONG Digit = (ULONG)(Value % Base);
        *--End = (char)(Digit < 10 ? '0' + Digit : 'a' + (Digit - 10));
        Value /= Base;
    } while (Value != 0);
    if (Negative) {
        *--End = '-';
    }
    return End;
}

static errno_t CrtpNarrow(ULONG64 Value, BOOLEAN Negative, char *To, size_t Size, int Base,
                          int Highest) {
    char Text[MAXIMUM_TEXT];
    char *Start;
    size_t Length;

    if (To == NULL || Size == 0) {
        return EINVAL;
    }
    *To = 0;
    if (Base < 2 || Base > Highest) {
        return EINVAL;
    }
    Start = CrtpWrite(Value, Negative, (ULONG)Base, Text + MAXIMUM_TEXT);
    Length = (size_t)(Text + MAXIMUM_TEXT - Start);
    if (Length > Size) {
        return ERANGE;
    }
    memcpy(To, Start, Length);
    return 0;
}

static errno_t CrtpWide(ULONG64 Value, BOOLEAN Negative, WCHAR *To, size_t Size, int Base,
                        int Highest) {
    char Text[MAXIMUM_TEXT];
    errno_t Result;

    if (To == NULL || Size == 0) {
        return EINVAL;
    }
    *To = 0;
    Result = CrtpNarrow(Value, Negative, Text, min(Size, MAXIMUM_TEXT), Base, Highest);
    for (size_t Index = 0; Result == 0 && (Index == 0 || Text[Index - 1] != 0); Index++) {
        To[Index] = (UCHAR)Text[Index];
    }
    return Result;
}

#define HIGHEST_CHECKED   36
#define HIGHEST_UNCHECKED MAXLONG

/* A signed number is written with a sign in base 10 only. */
#define DEFINE_SIGNED(Name, Unsigned, Signed, Char, Write)                                         \
    static errno_t Name##p(Signed Value, Char *To, size_t Size, int Base, int Highest) {           \
        BOOLEAN Negative = Base == 10 && Value < 0;                                                \
        Unsigned Bits = Negative ? 0 - (Unsigned)Value : (Unsigned)Value;                          \
        return Write(Bits, Negative, To, Size, Base, Highest);                                     \
    }                                                                                              \
    errno_t Name##_s(Signed Value, Char *To, size_t Size, int Base) {                              \
        return Name##p(Value, To, Size, Base, HIGHEST_CHECKED);                                    \
    }                                                                                              \
    Char *Name(Signed Value, Char *To, int Base) {                                                 \
        Name##p(Value, To, MAXIMUM_TEXT, Base, HIGHEST_UNCHECKED);                                 \
        return To;                                                                                 \
    }

#define DEFINE_UNSIGNED(Name, Unsigned, Char, Write)                                               \
    errno_t Name##_s(Unsigned Value, Char *To, size_t Size, int Base) {                            \
        return Write(Value, FALSE, To, Size, Base, HIGHEST_CHECKED);                               \
    }                                                                                              \
    Char *Name(Unsigned Value, Char *To, int Base) {                                               \
        Write(Value, FALSE, To, MAXIMUM_TEXT, Base, HIGHEST_UNCHECKED);                            \
        return To;                                                                                 \
    }

DEFINE_SIGNED(_itoa, ULONG, LONG, char, CrtpNarrow)
DEFINE_SIGNED(_ltoa, ULONG, LONG, char, CrtpNarrow)
DEFINE_SIGNED(_i64toa, ULONG64, LONG64, char, CrtpNarrow)
DEFINE_SIGNED(_itow, ULONG, LONG, WCHAR, CrtpWide)
DEFINE_SIGNED(_ltow, ULONG, LONG, WCHAR, CrtpWide)
DEFINE_SIGNED(_i64tow, ULONG64, LONG64, WCHAR, CrtpWide)
DEFINE_UNSIGNED(_ultoa, ULONG, char, CrtpNarrow)
DEFINE_UNSIGNED(_ui64toa, ULONG64, char, CrtpNarrow)
DEFINE_UNSIGNED(_ultow, ULONG, WCHAR, CrtpWide)
DEFINE_UNSIGNED(_ui64tow, ULONG64, WCHAR, CrtpWide)
