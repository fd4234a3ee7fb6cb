/*
 * crtnum.c - text to integers
 *
 * All functions skip white space, take one sign and stop at the first character that is no digit of
 * the base. Base 0 takes the base from a prefix, 0x or 0. What is too great becomes the greatest
 * value of the result's type; ato* and _wto* wrap instead. The wcsto* functions also know the
 * decimal digits of other scripts.
 */
#include "crt.h"

static ULONG CrtpAt(const void *Text, BOOLEAN Wide, size_t At, size_t Limit) {
    if (At >= Limit) {
        return 0;
    }
    return Wide ? ((const WCHAR *)Text)[At] : ((const UCHAR *)Text)[At];
}

/* The zeros of the scripts whose ten digits Windows counts as digits.
 * C run-time library (UCRT), digits of wcstol. */
static const WCHAR CrtpZeros[] = {0x0660, 0x06F0, 0x0966, 0x09E6, 0x0A66, 0x0AE6,
                                  0x0B66, 0x0C66, 0x0CE6, 0x0D66, 0x0E50, 0x0ED0,
                                  0x0F20, 0x1040, 0x17E0, 0x1810, 0xFF10};

static ULONG CrtpScriptDigit(ULONG c) {
    for (ULONG i = 0; i < RTL_NUMBER_OF(CrtpZeros); i++) {
        if (c - CrtpZeros[i] < 10) {
            return c - CrtpZeros[i];
        }
    }
    return 99;
}

static ULONG CrtpDigit(ULONG c) {
    if (c - '0' < 10) {
        return c - '0';
    }
    if (c >= 0x80) {
        return CrtpScriptDigit(c);
    }
    c = CrtpLower(c);
    return c - 'a' < 26 ? c - 'a' + 10 : 99;
}

/* Reads digits from At on; returns where they end. */
static size_t CrtpReadDigits(CRT_NUMBER *Number, const void *Text, BOOLEAN Wide, size_t At,
                             size_t Limit, ULONG Base) {
    ULONG Digit;

    while ((Digit = CrtpDigit(CrtpAt(Text, Wide, At, Limit))) < Base) {
        ULONG64 Value;
        if (__builtin_mul_overflow(Number->Magnitude, (ULONG64)Base, &Value) ||
            __builtin_add_overflow(Value, (ULONG64)Digit, &Value)) {
            Number->Overflow = TRUE;
        }
        Number->Magnitude = Number->Magnitude * Base + Digit;
        At++;
    }
    return At;
}

/* White space; for wide text the no-break space too. */
static BOOLEAN CrtpIsBlank(ULONG c, BOOLEAN Wide) {
    return CrtpIsSpace(c) || (Wide && c == 0xA0);
}

CRT_NUMBER CrtpReadNumber(const void *Text, BOOLEAN Wide, size_t Limit, int Base) {
    CRT_NUMBER Number = {0};
    size_t At = 0;
    size_t Start;

    if (Base < 0 || Base == 1 || Base > 36) {
        return Number;
    }
    while (CrtpIsBlank(CrtpAt(Text, Wide, At, Limit), Wide)) {
        At++;
    }
    ULONG Sign = CrtpAt(Text, Wide, At, Limit);
    if (Sign == '-' || Sign == '+') {
        Number.Negative = Sign == '-';
        At++;
    }
    if ((Base == 0 || Base == 16) && CrtpAt(Text, Wide, At, Limit) == '0' &&
        CrtpLower(CrtpAt(Text, Wide, At + 1, Limit)) == 'x') {
        Base = 16;
        At += 2;
    } else if (Base == 0) {
        Base = CrtpAt(Text, Wide, At, Limit) == '0' ? 8 : 10;
    }
    Start = At;
    At = CrtpReadDigits(&Number, Text, Wide, At, Limit, (ULONG)Base);
    Number.Length = At == Start ? 0 : At;
    return Number;
}

static LONG64 CrtpSigned(CRT_NUMBER Number, LONG64 Greatest) {
    ULONG64 Limit = (ULONG64)Greatest + (Number.Negative ? 1 : 0);

    if (Number.Overflow || Number.Magnitude > Limit) {
        return Number.Negative ? -Greatest - 1 : Greatest;
    }
    return (LONG64)(Number.Negative ? 0 - Number.Magnitude : Number.Magnitude);
}

static ULONG64 CrtpUnsigned(CRT_NUMBER Number, ULONG64 Greatest) {
    if (Number.Overflow || Number.Magnitude > Greatest) {
        Number.Magnitude = Greatest; /* and the sign still counts */
    }
    return Number.Negative ? 0 - Number.Magnitude : Number.Magnitude;
}

/* These know no digits of other scripts: the text ends for them before the first. */
static LONG64 CrtpWrapped(const void *Text, BOOLEAN Wide) {
    size_t Limit = 0;
    while (CrtpAt(Text, Wide, Limit, ~(size_t)0) - 1 < 0xFF) {
        Limit++;
    }
    CRT_NUMBER Number = CrtpReadNumber(Text, Wide, Limit, 10);
    return (LONG64)(Number.Negative ? 0 - Number.Magnitude : Number.Magnitude);
}

#define DEFINE_CONVERSION(Result, Name, Char, Wide, Convert, Greatest)                             \
    Result Name(const Char *s, Char **End, int Base) {                                             \
        CRT_NUMBER Number = CrtpReadNumber(s, Wide, ~(size_t)0, Base);                             \
        if (End != NULL) {                                                                         \
            *End = (Char *)s + Number.Length;                                                      \
        }                                                                                          \
        return (Result)Convert(Number, Greatest);                                                  \
    }

DEFINE_CONVERSION(LONG, strtol, char, FALSE, CrtpSigned, MAXLONG)
DEFINE_CONVERSION(ULONG, strtoul, char, FALSE, CrtpUnsigned, MAXULONG)
DEFINE_CONVERSION(LONG64, _strtoi64, char, FALSE, CrtpSigned, MAXLONGLONG)
DEFINE_CONVERSION(ULONG64, _strtoui64, char, FALSE, CrtpUnsigned, MAXULONG64)
DEFINE_CONVERSION(LONG, wcstol, WCHAR, TRUE, CrtpSigned, MAXLONG)
DEFINE_CONVERSION(ULONG, wcstoul, WCHAR, TRUE, CrtpUnsigned, MAXULONG)
DEFINE_CONVERSION(LONG64, _wcstoi64, WCHAR, TRUE, CrtpSigned, MAXLONGLONG)
DEFINE_CONVERSION(ULONG64, _wcstoui64, WCHAR, TRUE, CrtpUnsigned, MAXULONG64)

int atoi(const char *s) {
    return (int)CrtpWrapped(s, FALSE);
}

LONG atol(const char *s) {
    return (LONG)CrtpWrapped(s, FALSE);
}

LONG64 _atoi64(const char *s) {
    return CrtpWrapped(s, FALSE);
}

int _wtoi(const WCHAR *s) {
    return (int)CrtpWrapped(s, TRUE);
}

LONG _wtol(const WCHAR *s) {
    return (LONG)CrtpWrapped(s, TRUE);
}

LONG64 _wtoi64(const WCHAR *s) {
    return CrtpWrapped(s, TRUE);
}
