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

#define ALPHA 0x100 /* in wide classes, beside UPPER or LOWER */

/* Classes of Latin-1, which the wide functions know; nothing above it is anything. */
static ULONG CrtpWideClass(ULONG c) {
    ULONG Class;

    if (c < 0x80) {
        Class = CrtpClass(c) | (c == '\t' ? BLANK : 0);
        return Class | ((Class & (UPPER | LOWER)) != 0 ? ALPHA : 0);
    }
    if (c < 0xA0 || c > 0xFF) {
        return c < 0xA0 ? CONTROL : 0;
    }
    if (c == 0xA0) {
        return SPACE | BLANK;
    }
    if (c < 0xC0 || c == 0xD7 || c == 0xF7) {
        return PUNCT | (c == 0xB2 || c == 0xB3 || c == 0xB9 ? DIGIT : 0);
    }
    return ALPHA | (c < 0xDF ? UPPER : LOWER);
}

#define DEFINE_CLASS(Narrow, Wide, Mask)                                                           \
    int Narrow(int c) {                                                                            \
        return (int)(CrtpClass((ULONG)c) & (Mask));                                                \
    }                                                                                              \
    int Wide(WCHAR c) {                                                                            \
        return (int)(CrtpWideClass(c) & (Mask));                                                   \
    }

#define LETTER (ALPHA | UPPER | LOWER)

DEFINE_CLASS(isalnum, iswalnum, LETTER | DIGIT)
DEFINE_CLASS(isalpha, iswalpha, LETTER)
DEFINE_CLASS(iscntrl, iswcntrl, CONTROL)
DEFINE_CLASS(isdigit, iswdigit, DIGIT)
DEFINE_CLASS(isgraph, iswgraph, LETTER | DIGIT | PUNCT)
DEFINE_CLASS(islower, iswlower, LOWER)
DEFINE_CLASS(isprint, iswprint, LETTER | DIGIT | PUNCT | BLANK)
DEFINE_CLASS(ispunct, iswpunct, PUNCT)
DEFINE_CLASS(isspace, iswspace, SPACE)
DEFINE_CLASS(isupper, iswupper, UPPER)
DEFINE_CLASS(isxdigit, iswxdigit, HEX)

/* The masks of Microsoft's <wchar.h>: those above. */
int iswctype(WCHAR c, USHORT Mask) {
    return (int)(CrtpWideClass(c) & Mask);
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

/* The low byte tells whether it is a capital. */
int tolower(int c) {
    return (UCHAR)c - (ULONG)'A' < 26 ? c + 32 : c;
}

int _tolower(int c) {
    return c + 32;
}

/* The upper case of the low byte by the ANSI code page, unlike tolower: so it is in Windows. */
int toupper(int c) {
    CHAR Narrow = (CHAR)c;
    WCHAR Wide;
    RtlMultiByteToUnicodeN(&Wide, sizeof(Wide), NULL, &Narrow, 1);
    Wide = RtlUpcaseUnicodeChar(Wide);
    RtlUnicodeToMultiByteN(&Narrow, 1, NULL, &Wide, sizeof(Wide));
    return Narrow == '?' ? (UCHAR)c : (UCHAR)Narrow;
}

int _toupper(int c) {
    return c - 32;
}

/* Latin-1 only, unlike towupper: so it is in Windows. */
WCHAR towlower(WCHAR c) {
    return c < 0x100 ? RtlDowncaseUnicodeChar(c) : c;
}

WCHAR towupper(WCHAR c) {
    return RtlUpcaseUnicodeChar(c);
}
