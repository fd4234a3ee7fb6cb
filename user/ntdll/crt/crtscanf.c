/*
 * crtscanf.c - sscanf
 *
 * Conversions d i u o x X p, s, c, [set], n and %%, with a width, * and the sizes h, l, ll, I64, w.
 * Floating point is not read. The result is the number of arguments stored, -1 if the text ends
 * before anything was converted. In the _s functions each s, c and [ has the size of its buffer, an unsigned,
 * after the pointer.
 */
#include "crt.h"

typedef struct _CRTP_SCAN {
    const char *Text;
    size_t At;
    const char *Format;
    va_list Arguments;
    BOOLEAN Secure;
} CRTP_SCAN;

typedef struct _CRTP_SCAN_SPEC {
    BOOLEAN Suppress;
    size_t Width; /* 0: not given */
    ULONG Size;   /* bytes of an integer */
    BOOLEAN WideText;
    char Type;
} CRTP_SCAN_SPEC;

static void CrtpParseSpec(CRTP_SCAN *Scan, CRTP_SCAN_SPEC *Spec) {
    *Spec = (CRTP_SCAN_SPEC){.Size = 4};
    if (*Scan->Format == '*') {
        Spec->Suppress = TRUE;
        Scan->Format++;
    }
    while (isdigit((UCHAR)*Scan->Format)) {
        Spec->Width = min(Spec->Width * 10 + (size_t)(*Scan->Format - '0'), 0xFFFFFFu);
        Scan->Format++;
    }
    for (;; Scan->Format++) {
        if (*Scan->Format == 'h') {
            Spec->Size = Spec->Size == 2 ? 1 : 2;
        } else if (*Scan->Format == 'l') {
            Spec->Size = Spec->WideText ? 8 : 4;
            Spec->WideText = TRUE;
        } else if (*Scan->Format == 'w') {
            Spec->WideText = TRUE;
        } else if (*Scan->Format == 'I') {
            Spec->Size = 8;
            if (Scan->Format[1] == '6' && Scan->Format[2] == '4') {
                Scan->Format += 2;
            } else if (Scan->Format[1] == '3' && Scan->Format[2] == '2') {
                Scan->Format += 2;
                Spec->Size = 4;
            }
        } else {
            break;
        }
    }
    Spec->Type = *Scan->Format;
    if (Spec->Type != 0) {
        Scan->Format++;
    }
}

static void CrtpStore(void *To, ULONG Size, ULONG64 Value) {
    memcpy(To, &Value, Size);
}

static BOOLEAN CrtpScanNumber(CRTP_SCAN *Scan, const CRTP_SCAN_SPEC *Spec) {
    int Base = Spec->Type == 'i'                        ? 0
               : Spec->Type == 'o'                      ? 8
               : Spec->Type == 'd' || Spec->Type == 'u' ? 10
                                                        : 16;
    CRT_NUMBER Number = CrtpReadNumber(Scan->Text + Scan->At, FALSE,
                                       Spec->Width != 0 ? Spec->Width : ~(size_t)0, Base);

    if (Number.Length == 0) {
        return FALSE;
    }
    Scan->At += Number.Length;
    if (!Spec->Suppress) {
        CrtpStore(va_arg(Scan->Arguments, void *), Spec->Type == 'p' ? 8 : Spec->Size,
                  Number.Negative ? 0 - Number.Magnitude : Number.Magnitude);
    }
    return TRUE;
}

/* Is c one of the set between [ and ], which begins at Set? */
static BOOLEAN CrtpInSet(const char *Set, const char *End, UCHAR c) {
    BOOLEAN Not = *Set == '^';

    for (const char *At = Set + (Not ? 1 : 0); At < End; At++) {
        UCHAR Low = (UCHAR)*At;
        UCHAR High = Low;
        if (At + 2 < End && At[1] == '-') {
            High = (UCHAR)At[2];
            At += 2;
        }
        if (c >= Low && c <= High) {
            return !Not;
        }
    }
    return Not;
}

/* Moves the format past the set; yields its end, the bracket. */
static const char *CrtpSkipSet(CRTP_SCAN *Scan) {
    const char *At = Scan->Format;

    At += *At == '^' ? 1 : 0;
    At += *At == ']' ? 1 : 0; /* first, it is a member */
    while (*At != 0 && *At != ']') {
        At++;
    }
    Scan->Format = *At != 0 ? At + 1 : At;
    return At;
}

static BOOLEAN CrtpScanText(CRTP_SCAN *Scan, const CRTP_SCAN_SPEC *Spec) {
    const char *Set = Scan->Format;
    const char *SetEnd = Spec->Type == '[' ? CrtpSkipSet(Scan) : NULL;
    size_t Limit = Spec->Width != 0 ? Spec->Width : Spec->Type == 'c' ? 1 : ~(size_t)0;
    void *To = Spec->Suppress ? NULL : va_arg(Scan->Arguments, void *);
    size_t Room = To != NULL && Scan->Secure ? va_arg(Scan->Arguments, ULONG) : ~(size_t)0;
    size_t Terminator = Spec->Type == 'c' ? 0 : 1;
    size_t Length = 0;

    for (; Length < Limit && Scan->Text[Scan->At] != 0; Length++, Scan->At++) {
        UCHAR c = (UCHAR)Scan->Text[Scan->At];
        if ((Spec->Type == 's' && CrtpIsSpace(c)) ||
            (Spec->Type == '[' && !CrtpInSet(Set, SetEnd, c))) {
            break;
        }
        if (To != NULL && Length + Terminator >= Room) {
            return FALSE;
        }
        if (To != NULL && Spec->WideText) {
            ((WCHAR *)To)[Length] = c;
        } else if (To != NULL) {
            ((char *)To)[Length] = (char)c;
        }
    }
    if (Length == 0 || (Spec->Type == 'c' && Length < Limit)) {
        return FALSE;
    }
    if (To != NULL && Terminator != 0) {
        CrtpStore((char *)To + Length * (Spec->WideText ? sizeof(WCHAR) : 1),
                  Spec->WideText ? sizeof(WCHAR) : 1, 0);
    }
    return TRUE;
}

static void CrtpSkipSpace(CRTP_SCAN *Scan) {
    while (CrtpIsSpace((UCHAR)Scan->Text[Scan->At])) {
        Scan->At++;
    }
}

static BOOLEAN CrtpScanOne(CRTP_SCAN *Scan, const CRTP_SCAN_SPEC *Spec) {
    switch (Spec->Type) {
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X':
    case 'p':
        CrtpSkipSpace(Scan);
        return CrtpScanNumber(Scan, Spec);
    case 's':
        CrtpSkipSpace(Scan);
        return CrtpScanText(Scan, Spec);
    case 'c':
    case '[':
        return CrtpScanText(Scan, Spec);
    default:
        return FALSE;
    }
}

/* The result where text and format part. */
static int CrtpScanResult(const CRTP_SCAN *Scan, int Stored, BOOLEAN Converted) {
    return !Converted && Scan->Text[Scan->At] == 0 ? -1 : Stored;
}

static int CrtpScan(CRTP_SCAN *Scan) {
    int Stored = 0;
    BOOLEAN Converted = FALSE;
    CRTP_SCAN_SPEC Spec;

    while (*Scan->Format != 0) {
        char c = *Scan->Format++;
        if (CrtpIsSpace((UCHAR)c)) {
            CrtpSkipSpace(Scan);
            continue;
        }
        if (c != '%' || *Scan->Format == '%') {
            Scan->Format += c == '%' ? 1 : 0;
            if (Scan->Text[Scan->At] != c) {
                return CrtpScanResult(Scan, Stored, Converted);
            }
            Scan->At++;
            continue;
        }
        CrtpParseSpec(Scan, &Spec);
        if (Spec.Type == 'n') {
            CrtpStore(va_arg(Scan->Arguments, void *), Spec.Size, Scan->At);
            continue;
        }
        if (!CrtpScanOne(Scan, &Spec)) {
            return CrtpScanResult(Scan, Stored, Converted);
        }
        Converted = TRUE;
        Stored += Spec.Suppress ? 0 : 1;
    }
    return Stored;
}

static int CrtpScanWith(const char *Text, const char *Format, BOOLEAN Secure, va_list Arguments) {
    CRTP_SCAN Scan = {.Text = Text, .Format = Format, .Secure = Secure};
    int Stored;

    va_copy(Scan.Arguments, Arguments);
    Stored = CrtpScan(&Scan);
    va_end(Scan.Arguments);
    return Stored;
}

int sscanf(const char *Text, const char *Format, ...) {
    va_list Arguments;
    int Stored;

    va_start(Arguments, Format);
    Stored = CrtpScanWith(Text, Format, FALSE, Arguments);
    va_end(Arguments);
    return Stored;
}

int sscanf_s(const char *Text, const char *Format, ...) {
    va_list Arguments;
    int Stored;

    va_start(Arguments, Format);
    Stored = CrtpScanWith(Text, Format, TRUE, Arguments);
    va_end(Arguments);
    return Stored;
}
