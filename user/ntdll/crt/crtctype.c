/* crtctype.c - what a character is, and its case */
#include "crt.h"

#define UPPER   0x01
#define LOWER   0x02
#define DIGIT   0x04
#define SPACE   0x08
#define PUNCT   0x10
#define CONTROL 0x20
#define BLANK   0x40
#define HEX     0x80

static ULONG CrtpClass(ULONG c) {
    if (c - '0' < 10) {
        return DIGIT | HEX;
    }
    if (c - 'A' < 26) {
        return UPPER | (c - 'A' < 6 ? HEX : 0);
    }
    if (c - 'a' < 26) {
        return LOWER | (c - 'a' < 6 ? HEX : 0);
    }
    if (c == ' ') {
        return SPACE | BLANK;
    }
    if (c < ' ' || c == 0x7F) {
        return CONTROL | (CrtpIsSpace(c) ? SPACE : 0);
    }
    return c < 0x7F ? PUNCT : 0;
}

#define ALPHA (UPPER | LOWER)

#define DEFINE_CLASS(Narrow, Wide, Mask)                                                           \
    int Narrow(int c) {                                                                            \
        return (int)(CrtpClass((ULONG)c) & (Mask));                                                \
    }                                                                                              \
    int Wide(WCHAR c) {                                                                            \
        return (int)(CrtpClass(c) & (Mask));                                                       \
    }

DEFINE_CLASS(isalnum, iswalnum, ALPHA | DIGIT)
DEFINE_CLASS(isalpha, iswalpha, ALPHA)
DEFINE_CLASS(iscntrl, iswcntrl, CONTROL)
DEFINE_CLASS(isdigit, iswdigit, DIGIT)
DEFINE_CLASS(isgraph, iswgraph, ALPHA | DIGIT | PUNCT)
DEFINE_CLASS(islower, iswlower, LOWER)
DEFINE_CLASS(isprint, iswprint, ALPHA | DIGIT | PUNCT | BLANK)
DEFINE_CLASS(ispunct, iswpunct, PUNCT)
DEFINE_CLASS(isspace, iswspace, SPACE)
DEFINE_CLASS(isupper, iswupper, UPPER)
DEFINE_CLASS(isxdigit, iswxdigit, HEX)

int iswctype(WCHAR c, USHORT Mask) {
    /* Microsoft's masks: upper 1, lower 2, digit 4, space 8, punctuation 10h, control 20h,
     * blank 40h, hexadecimal 80h, alphabetic 100h: the first eight are the classes above. */
    ULONG Class = CrtpClass(c);

    return (int)((Class & Mask) | ((Mask & 0x100) != 0 ? Class & ALPHA : 0));
}

int __isascii(int c) {
    return (unsigned)c < 0x80;
}

int iswascii(WCHAR c) {
    return c < 0x80;
}

int __toascii(int c) {
    return c & 0x7F;
}

int __iscsymf(int c) {
    return c == '_' || isalpha(c);
}

int __iscsym(int c) {
    return c == '_' || isalnum(c);
}

int tolower(int c) {
    return (int)CrtpLower((ULONG)c);
}

int _tolower(int c) {
    return c + 32;
}

int toupper(int c) {
    return (int)CrtpUpper((ULONG)c);
}

int _toupper(int c) {
    return c - 32;
}

WCHAR towlower(WCHAR c) {
    return RtlDowncaseUnicodeChar(c);
}

WCHAR towupper(WCHAR c) {
    return RtlUpcaseUnicodeChar(c);
}
