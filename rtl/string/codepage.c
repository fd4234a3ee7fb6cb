/*
 * codepage.c - text in the ANSI code page (1252) and the OEM code page (437)
 *
 * The code pages of an English Windows, one byte per character. For a character that the code page
 * does not have there may be a near miss, such as the letter without its accent; otherwise it
 * becomes '?'.
 *
 * No function here fails for lack of room: it converts what fits and says how much that was. Any
 * IRQL at which the text is resident. Source of all: WDK pages of the same names.
 */
#include "ntdef.h"
#include "ntrtl.h"
#include "codepagetab.h"

typedef struct _RTLP_BEST_FIT {
    WCHAR Character;
    UCHAR Byte;
} RTLP_BEST_FIT;

#include "bestfittab.h"

typedef struct _RTLP_CODE_PAGE {
    const WCHAR *UpperHalf; /* the characters of bytes 80 to FF */
    const RTLP_BEST_FIT *BestFit;
    ULONG BestFitCount;
} RTLP_CODE_PAGE;

static const RTLP_CODE_PAGE RtlpAnsi = {RtlpAnsiUpperHalf, RtlpAnsiBestFit,
                                        ARRAYSIZE(RtlpAnsiBestFit)};
static const RTLP_CODE_PAGE RtlpOem = {RtlpOemUpperHalf, RtlpOemBestFit, ARRAYSIZE(RtlpOemBestFit)};

static WCHAR RtlpToUnicode(UCHAR Byte, const RTLP_CODE_PAGE *Page) {
    return Byte < 0x80 ? Byte : Page->UpperHalf[Byte - 0x80];
}

static CHAR RtlpFindBestFit(WCHAR Character, const RTLP_CODE_PAGE *Page) {
    ULONG Low = 0;
    ULONG High = Page->BestFitCount;
    while (Low < High) {
        ULONG Middle = (Low + High) / 2;
        if (Page->BestFit[Middle].Character == Character) {
            return (CHAR)Page->BestFit[Middle].Byte;
        }
        if (Page->BestFit[Middle].Character < Character) {
            Low = Middle + 1;
        } else {
            High = Middle;
        }
    }
    return '?';
}

static CHAR RtlpFromUnicode(WCHAR Character, const RTLP_CODE_PAGE *Page) {
    if (Character < 0x80) {
        return (CHAR)Character;
    }
    for (ULONG i = 0; i < 128; i++) {
        if (Page->UpperHalf[i] == Character) {
            return (CHAR)(i + 0x80);
        }
    }
    return RtlpFindBestFit(Character, Page);
}

/* Bytes to Unicode; returns the bytes of Unicode written. */
static ULONG RtlpWiden(PWSTR To, ULONG Room, PCSTR From, ULONG Length, const RTLP_CODE_PAGE *Page) {
    ULONG Count = min(Length, Room / (ULONG)sizeof(WCHAR));

    for (ULONG Index = 0; Index < Count; Index++) {
        To[Index] = RtlpToUnicode((UCHAR)From[Index], Page);
    }
    return Count * (ULONG)sizeof(WCHAR);
}

/* Unicode to bytes, in upper case on demand; returns the bytes written. */
static ULONG RtlpNarrow(PCHAR To, ULONG Room, PCWCH From, ULONG Length, const RTLP_CODE_PAGE *Page,
                        BOOLEAN Upcase) {
    ULONG Count = min(Length / (ULONG)sizeof(WCHAR), Room);

    for (ULONG Index = 0; Index < Count; Index++) {
        To[Index] = RtlpFromUnicode(Upcase ? RtlUpcaseUnicodeChar(From[Index]) : From[Index], Page);
    }
    return Count;
}

static VOID RtlpReport(PULONG Result, ULONG Bytes) {
    if (Result != NULL) {
        *Result = Bytes;
    }
}

/* RtlMultiByteToUnicodeN - ANSI to Unicode. STATUS_SUCCESS. */
NTSTATUS NTAPI RtlMultiByteToUnicodeN(_Out_ PWSTR UnicodeString, _In_ ULONG MaxBytesInUnicodeString,
                                      _Out_opt_ PULONG BytesInUnicodeString,
                                      _In_ PCSTR MultiByteString,
                                      _In_ ULONG BytesInMultiByteString) {
    RtlpReport(BytesInUnicodeString, RtlpWiden(UnicodeString, MaxBytesInUnicodeString,
                                               MultiByteString, BytesInMultiByteString, &RtlpAnsi));
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlMultiByteToUnicodeSize(_Out_ PULONG BytesInUnicodeString,
                                         _In_ PCSTR MultiByteString,
                                         _In_ ULONG BytesInMultiByteString) {
    (void)MultiByteString;
    *BytesInUnicodeString = BytesInMultiByteString * (ULONG)sizeof(WCHAR);
    return STATUS_SUCCESS;
}

/* RtlUnicodeToMultiByteN - Unicode to ANSI. STATUS_SUCCESS. */
NTSTATUS NTAPI RtlUnicodeToMultiByteN(_Out_ PCHAR MultiByteString,
                                      _In_ ULONG MaxBytesInMultiByteString,
                                      _Out_opt_ PULONG BytesInMultiByteString,
                                      _In_ PCWCH UnicodeString, _In_ ULONG BytesInUnicodeString) {
    RtlpReport(BytesInMultiByteString,
               RtlpNarrow(MultiByteString, MaxBytesInMultiByteString, UnicodeString,
                          BytesInUnicodeString, &RtlpAnsi, FALSE));
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeToMultiByteSize(_Out_ PULONG BytesInMultiByteString,
                                         _In_ PCWCH UnicodeString,
                                         _In_ ULONG BytesInUnicodeString) {
    (void)UnicodeString;
    *BytesInMultiByteString = BytesInUnicodeString / (ULONG)sizeof(WCHAR);
    return STATUS_SUCCESS;
}

/* RtlUpcaseUnicodeToMultiByteN - Unicode to ANSI in upper case. STATUS_SUCCESS. */
NTSTATUS NTAPI RtlUpcaseUnicodeToMultiByteN(_Out_ PCHAR MultiByteString,
                                            _In_ ULONG MaxBytesInMultiByteString,
                                            _Out_opt_ PULONG BytesInMultiByteString,
                                            _In_ PCWCH UnicodeString,
                                            _In_ ULONG BytesInUnicodeString) {
    RtlpReport(BytesInMultiByteString,
               RtlpNarrow(MultiByteString, MaxBytesInMultiByteString, UnicodeString,
                          BytesInUnicodeString, &RtlpAnsi, TRUE));
    return STATUS_SUCCESS;
}

/* RtlOemToUnicodeN - OEM to Unicode. STATUS_SUCCESS. */
NTSTATUS NTAPI RtlOemToUnicodeN(_Out_ PWSTR UnicodeString, _In_ ULONG MaxBytesInUnicodeString,
                                _Out_opt_ PULONG BytesInUnicodeString, _In_ PCSTR OemString,
                                _In_ ULONG BytesInOemString) {
    RtlpReport(BytesInUnicodeString, RtlpWiden(UnicodeString, MaxBytesInUnicodeString, OemString,
                                               BytesInOemString, &RtlpOem));
    return STATUS_SUCCESS;
}

/* RtlUnicodeToOemN - Unicode to OEM. STATUS_SUCCESS. */
NTSTATUS NTAPI RtlUnicodeToOemN(_Out_ PCHAR OemString, _In_ ULONG MaxBytesInOemString,
                                _Out_opt_ PULONG BytesInOemString, _In_ PCWCH UnicodeString,
                                _In_ ULONG BytesInUnicodeString) {
    RtlpReport(BytesInOemString, RtlpNarrow(OemString, MaxBytesInOemString, UnicodeString,
                                            BytesInUnicodeString, &RtlpOem, FALSE));
    return STATUS_SUCCESS;
}

/* RtlUpcaseUnicodeToOemN - Unicode to OEM in upper case. STATUS_SUCCESS. */
NTSTATUS NTAPI RtlUpcaseUnicodeToOemN(_Out_ PCHAR OemString, _In_ ULONG MaxBytesInOemString,
                                      _Out_opt_ PULONG BytesInOemString, _In_ PCWCH UnicodeString,
                                      _In_ ULONG BytesInUnicodeString) {
    RtlpReport(BytesInOemString, RtlpNarrow(OemString, MaxBytesInOemString, UnicodeString,
                                            BytesInUnicodeString, &RtlpOem, TRUE));
    return STATUS_SUCCESS;
}

/* RtlAnsiCharToUnicodeChar - converts one character and moves the pointer past it. */
WCHAR NTAPI RtlAnsiCharToUnicodeChar(_Inout_ PSTR *SourceCharacter) {
    return RtlpToUnicode((UCHAR) * (*SourceCharacter)++, &RtlpAnsi);
}

/*
 * RtlUpperChar - the upper case of a letter from a to z. Windows leaves every other character as it
 * is, those of the code page too.
 */
CHAR NTAPI RtlUpperChar(_In_ CHAR Character) {
    return Character >= 'a' && Character <= 'z' ? (CHAR)(Character - 'a' + 'A') : Character;
}
