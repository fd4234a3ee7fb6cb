/*
 * formatp.h - the parts of formatted output: format.c parses and lays out, fmtfloat.c turns
 * floating-point numbers into digits, printf.c has the functions with the C library's names.
 */
#ifndef _FORMATP_H_
#define _FORMATP_H_

#include "ntdef.h"
#include "ntrtl.h"

/* Where the characters go. Count goes on after Room is full, so that callers can tell. */
typedef struct _RTLP_OUTPUT {
    PVOID Buffer; /* CHAR or WCHAR, by Wide; may be NULL if Room is 0 */
    SIZE_T Room;  /* in characters */
    SIZE_T Count; /* characters produced so far */
    BOOLEAN Wide;
} RTLP_OUTPUT, *PRTLP_OUTPUT;

/* One conversion specification: %[flags][width][.precision][size]type. */
typedef struct _RTLP_SPEC {
    BOOLEAN Left;      /* - */
    BOOLEAN Plus;      /* + */
    BOOLEAN Blank;     /* space */
    BOOLEAN Alternate; /* # */
    BOOLEAN Zero;      /* 0 */
    LONG Width;
    LONG Precision; /* -1: not given */
    ULONG Size;     /* bytes of an integer argument: 1, 2, 4, 8 */
    BOOLEAN WideText;
    BOOLEAN NarrowText;
    WCHAR Type;
} RTLP_SPEC, *PRTLP_SPEC;

/* Room for the digits of a floating-point number: %f of the greatest double, and a precision. */
#define RTLP_FLOAT_DIGITS        1100
#define RTLP_MAX_FLOAT_PRECISION 512

/*
 * Formats into Output by MSVC's rules; returns the number of characters, or -1 for a null format.
 * Wide tells that Format is of WCHARs. No terminator is written.
 */
LONG RtlpFormat(_Inout_ PRTLP_OUTPUT Output, _In_ const VOID *Format, _In_ BOOLEAN Wide,
                _In_ va_list Arguments);

#if !defined(NTOS_KERNEL)
/*
 * Writes the text of Value for type e, f, g or a upper-case twin, without its sign; returns the
 * length. *Negative tells the sign; *Finite that the text has digits.
 */
ULONG RtlpFormatDouble(_In_ double Value, _In_ const RTLP_SPEC *Spec, _Out_ PCHAR Text,
                       _Out_ PBOOLEAN Negative, _Out_ PBOOLEAN Finite);
#endif

#endif
