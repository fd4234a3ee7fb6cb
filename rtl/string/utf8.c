/*
 * utf8.c - UTF-8 and UTF-16
 *
 * A malformed sequence becomes U+FFFD, and the status says STATUS_SOME_NOT_MAPPED; so does a
 * surrogate without its partner. One U+FFFD stands for a lead byte with the continuation bytes read
 * until it was clear that they make no character; for the whole rest if the text ends too early. A
 * UTF-8 character that does not fit whole is not written; of a surrogate pair the first half is, as
 * in Windows. Any IRQL at which the text is resident.
 *
 * Sources: WDK, RtlUTF8ToUnicodeN and RtlUnicodeToUTF8N; the Unicode Standard, table 3-7.
 */
#include "ntdef.h"
#include "ntrtl.h"

#define REPLACEMENT 0xFFFD

/* How many bytes continue a character that begins with Byte; 0 if none can begin so. */
static ULONG RtlpTrail(UCHAR Byte) {
    return Byte < 0xC2 ? 0 : Byte < 0xE0 ? 1 : Byte < 0xF0 ? 2 : Byte < 0xF5 ? 3 : 0;
}

/* With the first continuation byte read: an overlong form, a surrogate, or above 10FFFF? */
static BOOLEAN RtlpIsBadStart(ULONG Code, ULONG Trail) {
    if (Trail == 2) {
        return Code < 0x20 || (Code >= 0xD800 >> 6 && Code <= 0xDFFF >> 6);
    }
    return Trail == 3 && (Code < 0x10 || Code >= 0x110000 >> 12);
}

/* Reads one character at *Text; sets *Bad and yields U+FFFD for a malformed one. */
static ULONG RtlpDecode(const UCHAR **Text, const UCHAR *End, PBOOLEAN Bad) {
    UCHAR Byte = *(*Text)++;
    ULONG Trail = RtlpTrail(Byte);
    ULONG Code = Byte & (0x3F >> Trail);

    if (Byte < 0x80) {
        return Byte;
    }
    if (Trail == 0 || Trail > (SIZE_T)(End - *Text)) {
        *Text = Trail == 0 ? *Text : End;
        *Bad = TRUE;
        return REPLACEMENT;
    }
    for (ULONG Index = 0; Index < Trail; Index++) {
        if ((**Text & 0xC0) != 0x80) {
            *Bad = TRUE;
            return REPLACEMENT;
        }
        Code = Code << 6 | (*(*Text)++ & 0x3F);
        if (Index == 0 && RtlpIsBadStart(Code, Trail)) {
            *Bad = TRUE;
            return REPLACEMENT;
        }
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
            if (Count >= Room) {
                Status = STATUS_BUFFER_TOO_SMALL;
                break;
            }
            UnicodeStringDestination[Count] = (WCHAR)(Units == 2 ? 0xD7C0 + (Code >> 10) : Code);
            Units = min(Units, Room - Count);
            if (Units == 2) {
                UnicodeStringDestination[Count + 1] = (WCHAR)(0xDC00 | (Code & 0x3FF));
            }
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
