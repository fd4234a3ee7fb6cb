/*
 * utf8.c - UTF-8 and UTF-16
 *
 * A malformed sequence becomes U+FFFD, one for each maximal part that could have begun a character,
 * and the status says STATUS_SOME_NOT_MAPPED; so does a surrogate without its partner. A character
 * that does not fit whole is not written. Any IRQL at which the text is resident.
 *
 * Sources: WDK, RtlUTF8ToUnicodeN and RtlUnicodeToUTF8N; the Unicode Standard, table 3-7.
 */
#include "ntdef.h"
#include "ntrtl.h"

#define REPLACEMENT 0xFFFD

typedef struct _RTLP_UTF8_LEAD {
    UCHAR Trail; /* continuation bytes; 0: not a lead byte    */
    UCHAR Low;   /* bounds of the first continuation byte: no */
    UCHAR High;  /* overlong forms, surrogates, above 10FFFF  */
} RTLP_UTF8_LEAD;

static RTLP_UTF8_LEAD RtlpLead(UCHAR Byte) {
    if (Byte >= 0xC2 && Byte <= 0xDF) {
        return (RTLP_UTF8_LEAD){1, 0x80, 0xBF};
    }
    if (Byte >= 0xE0 && Byte <= 0xEF) {
        return (RTLP_UTF8_LEAD){2, Byte == 0xE0 ? 0xA0 : 0x80, Byte == 0xED ? 0x9F : 0xBF};
    }
    if (Byte >= 0xF0 && Byte <= 0xF4) {
        return (RTLP_UTF8_LEAD){3, Byte == 0xF0 ? 0x90 : 0x80, Byte == 0xF4 ? 0x8F : 0xBF};
    }
    return (RTLP_UTF8_LEAD){0, 0, 0};
}

/* Reads one character at *Text; sets *Bad and yields U+FFFD for a malformed one. */
static ULONG RtlpDecode(const UCHAR **Text, const UCHAR *End, PBOOLEAN Bad) {
    UCHAR Byte = *(*Text)++;
    RTLP_UTF8_LEAD Lead = RtlpLead(Byte);
    ULONG Code = Byte & (0x3F >> Lead.Trail);

    if (Byte < 0x80) {
        return Byte;
    }
    if (Lead.Trail == 0) {
        *Bad = TRUE;
        return REPLACEMENT;
    }
    for (ULONG Index = 0; Index < Lead.Trail; Index++) {
        if (*Text == End || **Text < Lead.Low || **Text > Lead.High) {
            *Bad = TRUE;
            return REPLACEMENT;
        }
        Code = Code << 6 | (*(*Text)++ & 0x3F);
        Lead.Low = 0x80;
        Lead.High = 0xBF;
    }
    return Code;
}

/*
 * RtlUTF8ToUnicodeN - converts counted UTF-8; no terminator is added.
 *
 * A null destination asks for the size only. STATUS_SUCCESS, STATUS_SOME_NOT_MAPPED,
 * STATUS_BUFFER_TOO_SMALL (what fits is written and counted), STATUS_INVALID_PARAMETER (neither
 * destination nor count), STATUS_INVALID_PARAMETER_4 (no source).
 */
NTSTATUS NTAPI RtlUTF8ToUnicodeN(_Out_opt_ PWSTR UnicodeStringDestination,
                                 _In_ ULONG UnicodeStringMaxByteCount,
                                 _Out_opt_ PULONG UnicodeStringActualByteCount,
                                 _In_ PCSTR UTF8StringSource, _In_ ULONG UTF8StringByteCount) {
    const UCHAR *Text = (const UCHAR *)UTF8StringSource;
    const UCHAR *End;
    ULONG Room = UnicodeStringMaxByteCount / (ULONG)sizeof(WCHAR);
    NTSTATUS Status = STATUS_SUCCESS;
    BOOLEAN Bad = FALSE;
    ULONG Count = 0;

    if (UTF8StringSource == NULL) {
        return STATUS_INVALID_PARAMETER_4;
    }
    if (UnicodeStringDestination == NULL && UnicodeStringActualByteCount == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    End = Text + UTF8StringByteCount;
    while (Text != End) {
        ULONG Code = RtlpDecode(&Text, End, &Bad);
        ULONG Units = Code >= 0x10000 ? 2 : 1;
        if (UnicodeStringDestination != NULL) {
            if (Count + Units > Room) {
                Status = STATUS_BUFFER_TOO_SMALL;
                break;
            }
            if (Units == 2) {
                UnicodeStringDestination[Count] = (WCHAR)(0xD7C0 + (Code >> 10));
            }
            UnicodeStringDestination[Count + Units - 1] =
                (WCHAR)(Units == 2 ? 0xDC00 | (Code & 0x3FF) : Code);
        }
        Count += Units;
    }
    if (UnicodeStringActualByteCount != NULL) {
        *UnicodeStringActualByteCount = Count * (ULONG)sizeof(WCHAR);
    }
    return Status == STATUS_SUCCESS && Bad ? STATUS_SOME_NOT_MAPPED : Status;
}

/* Reads one character of UTF-16 at *Text; sets *Bad and yields U+FFFD for a lone surrogate. */
static ULONG RtlpDecodeUtf16(PCWCH *Text, PCWCH End, PBOOLEAN Bad) {
    ULONG Unit = *(*Text)++;

    if (Unit < 0xD800 || Unit > 0xDFFF) {
        return Unit;
    }
    if (Unit < 0xDC00 && *Text != End && (**Text & 0xFC00) == 0xDC00) {
        return ((Unit - 0xD7C0) << 10) + (*(*Text)++ & 0x3FFu);
    }
    *Bad = TRUE;
    return REPLACEMENT;
}

static ULONG RtlpUtf8Size(ULONG Code) {
    return Code < 0x80 ? 1 : Code < 0x800 ? 2 : Code < 0x10000 ? 3 : 4;
}

static VOID RtlpEncode(ULONG Code, ULONG Size, PCHAR Text) {
    static const UCHAR LeadMark[] = {0, 0, 0xC0, 0xE0, 0xF0};

    for (ULONG Index = Size - 1; Index > 0; Index--) {
        Text[Index] = (CHAR)(0x80 | (Code & 0x3F));
        Code >>= 6;
    }
    Text[0] = (CHAR)(LeadMark[Size] | Code);
}

/*
 * RtlUnicodeToUTF8N - converts counted UTF-16; no terminator is added.
 * Statuses as RtlUTF8ToUnicodeN, and STATUS_INVALID_PARAMETER_5 for an odd number of bytes.
 */
NTSTATUS NTAPI RtlUnicodeToUTF8N(_Out_opt_ PCHAR UTF8StringDestination,
                                 _In_ ULONG UTF8StringMaxByteCount,
                                 _Out_opt_ PULONG UTF8StringActualByteCount,
                                 _In_ PCWCH UnicodeStringSource,
                                 _In_ ULONG UnicodeStringByteCount) {
    PCWCH Text = UnicodeStringSource;
    PCWCH End;
    NTSTATUS Status = STATUS_SUCCESS;
    BOOLEAN Bad = FALSE;
    ULONG Count = 0;

    if (UnicodeStringSource == NULL) {
        return STATUS_INVALID_PARAMETER_4;
    }
    if (UTF8StringDestination == NULL && UTF8StringActualByteCount == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (UTF8StringDestination != NULL && UnicodeStringByteCount % sizeof(WCHAR) != 0) {
        return STATUS_INVALID_PARAMETER_5;
    }
    End = Text + UnicodeStringByteCount / sizeof(WCHAR);
    while (Text != End) {
        ULONG Code = RtlpDecodeUtf16(&Text, End, &Bad);
        ULONG Size = RtlpUtf8Size(Code);
        if (UTF8StringDestination != NULL) {
            if (UTF8StringMaxByteCount - Count < Size) {
                Status = STATUS_BUFFER_TOO_SMALL;
                break;
            }
            RtlpEncode(Code, Size, UTF8StringDestination + Count);
        }
        Count += Size;
    }
    if (UTF8StringActualByteCount != NULL) {
        *UTF8StringActualByteCount = Count;
    }
    return Status == STATUS_SUCCESS && Bad ? STATUS_SOME_NOT_MAPPED : Status;
}
