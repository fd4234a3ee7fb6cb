/*
 * crt.h - the functions of the C library that Windows' ntdll.dll exports
 *
 * Programs without a C library of their own import them from here. They behave as Microsoft's do in
 * the "C" locale: letters are those of ASCII, for the isw* functions those of Latin-1. `long` has
 * 32 bits. One subject per file.
 *
 * Source: Microsoft C run-time library reference.
 */
#ifndef _CRT_H_
#define _CRT_H_

#include "ntdef.h"
#include "ntrtl.h"

#define EINVAL    22
#define ERANGE    34
#define STRUNCATE 80
#define _TRUNCATE ((size_t)-1)

typedef int errno_t;

/* crtctype.c */
int isalnum(int c);
int isalpha(int c);
int isdigit(int c);
int isspace(int c);
int isxdigit(int c);
int tolower(int c);
int toupper(int c);
int iswspace(WCHAR c);
WCHAR towlower(WCHAR c);
WCHAR towupper(WCHAR c);

/* crtstr.c, crtwcs.c */
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
size_t wcslen(const WCHAR *s);
size_t wcsnlen(const WCHAR *s, size_t max);

/* crtnum.c: the engine of the strto* and wcsto* families */
typedef struct _CRT_NUMBER {
    ULONG64 Magnitude;
    BOOLEAN Negative;
    BOOLEAN Overflow; /* more than 64 bits */
    size_t Length;    /* characters consumed; 0: no number */
} CRT_NUMBER;

CRT_NUMBER CrtpReadNumber(const void *Text, BOOLEAN Wide, size_t Limit, int Base);

FORCEINLINE BOOLEAN CrtpIsSpace(ULONG c) {
    return c == ' ' || c - 9 <= 4;
}

/* Lower case of an ASCII letter, anything else itself. */
FORCEINLINE ULONG CrtpLower(ULONG c) {
    return c - 'A' < 26 ? c + 32 : c;
}

FORCEINLINE ULONG CrtpUpper(ULONG c) {
    return c - 'a' < 26 ? c - 32 : c;
}

#endif
