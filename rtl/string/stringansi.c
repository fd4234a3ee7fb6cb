/*
 * stringansi.c - counted strings of bytes: STRING, ANSI_STRING, OEM_STRING, UTF8_STRING
 *
 * As string.c, but no terminator is ever added, as in Windows. Any IRQL at which the text is
 * resident.
 */
#include "ntdef.h"
#include "ntrtl.h"

#define MAXIMUM_TERMINATED ((SIZE_T)UNICODE_STRING_MAX_BYTES)

static SIZE_T RtlpTextLength(PCSZ Source) {
    SIZE_T Length = 0;

    while (Source[Length] != '\0') {
        Length++;
    }
    return Length;
}

/*
 * RtlInitString - lets DestinationString describe a terminated string, which is not copied. NULL
 * gives an empty string without a buffer; text past 65534 bytes is cut off. Source: WDK.
 */
VOID NTAPI RtlInitString(_Out_ PSTRING DestinationString, _In_opt_ PCSZ SourceString) {
    SIZE_T Length;

    DestinationString->Length = 0;
    DestinationString->MaximumLength = 0;
    DestinationString->Buffer = (PCHAR)SourceString;
    if (SourceString != NULL) {
        Length = RtlpTextLength(SourceString);
        Length = min(Length, MAXIMUM_TERMINATED);
        DestinationString->Length = (USHORT)Length;
        DestinationString->MaximumLength = (USHORT)(Length + 1);
    }
}

/*
 * RtlInitStringEx - the same, but STATUS_NAME_TOO_LONG for what would be cut off; the string then
 * stays as it was. Source: WDK.
 */
NTSTATUS NTAPI RtlInitStringEx(_Out_ PSTRING DestinationString, _In_opt_ PCSZ SourceString) {
    if (SourceString != NULL && RtlpTextLength(SourceString) > MAXIMUM_TERMINATED) {
        return STATUS_NAME_TOO_LONG;
    }
    RtlInitString(DestinationString, SourceString);
    return STATUS_SUCCESS;
}

VOID NTAPI RtlInitAnsiString(_Out_ PANSI_STRING DestinationString, _In_opt_ PCSZ SourceString) {
    RtlInitString(DestinationString, SourceString);
}

NTSTATUS NTAPI RtlInitAnsiStringEx(_Out_ PANSI_STRING DestinationString,
                                   _In_opt_ PCSZ SourceString) {
    return RtlInitStringEx(DestinationString, SourceString);
}

VOID NTAPI RtlInitUTF8String(_Out_ PUTF8_STRING DestinationString, _In_opt_ PCSZ SourceString) {
    RtlInitString(DestinationString, SourceString);
}

NTSTATUS NTAPI RtlInitUTF8StringEx(_Out_ PUTF8_STRING DestinationString,
                                   _In_opt_ PCSZ SourceString) {
    return RtlInitStringEx(DestinationString, SourceString);
}

/* RtlCopyString - copies as much as fits; NULL empties the destination. Source: WDK. */
VOID NTAPI RtlCopyString(_Inout_ PSTRING DestinationString, _In_opt_ const STRING *SourceString) {
    if (SourceString == NULL) {
        DestinationString->Length = 0;
        return;
    }
    DestinationString->Length = min(SourceString->Length, DestinationString->MaximumLength);
    memmove(DestinationString->Buffer, SourceString->Buffer, DestinationString->Length);
}

/* Appends Length bytes or nothing. */
static NTSTATUS RtlpAppend(PSTRING Destination, PCSZ Text, SIZE_T Length) {
    if (Destination->Length + Length > Destination->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (Length != 0) {
        memmove(Destination->Buffer + Destination->Length, Text, Length);
    }
    Destination->Length = (USHORT)(Destination->Length + Length);
    return STATUS_SUCCESS;
}

/* RtlAppendStringToString - STATUS_BUFFER_TOO_SMALL if it does not fit. Source: phnt. */
NTSTATUS NTAPI RtlAppendStringToString(_Inout_ PSTRING Destination, _In_ const STRING *Source) {
    return RtlpAppend(Destination, Source->Buffer, Source->Length);
}

/* RtlAppendAsciizToString - the same for a terminated string; NULL appends nothing. */
NTSTATUS NTAPI RtlAppendAsciizToString(_Inout_ PSTRING Destination, _In_opt_ PCSZ Source) {
    if (Source == NULL) {
        return STATUS_SUCCESS;
    }
    return RtlpAppend(Destination, Source, RtlpTextLength(Source));
}

static LONG RtlpCompareText(PCSZ Left, PCSZ Right, SIZE_T Length, BOOLEAN CaseInSensitive) {
    for (SIZE_T Index = 0; Index < Length; Index++) {
        CHAR A = Left[Index];
        CHAR B = Right[Index];
        if (A != B && CaseInSensitive) {
            A = RtlUpperChar(A);
            B = RtlUpperChar(B);
        }
        if (A != B) {
            return (LONG)(UCHAR)A - (LONG)(UCHAR)B;
        }
    }
    return 0;
}

/* RtlCompareString - less than 0, 0, more than 0, by the values of the bytes. Source: WDK. */
LONG NTAPI RtlCompareString(_In_ const STRING *String1, _In_ const STRING *String2,
                            _In_ BOOLEAN CaseInSensitive) {
    USHORT Common = min(String1->Length, String2->Length);
    LONG Order = RtlpCompareText(String1->Buffer, String2->Buffer, Common, CaseInSensitive);

    return Order != 0 ? Order : (LONG)String1->Length - (LONG)String2->Length;
}

/* RtlEqualString - TRUE if both have the same length and text. Source: WDK. */
BOOLEAN NTAPI RtlEqualString(_In_ const STRING *String1, _In_ const STRING *String2,
                             _In_ BOOLEAN CaseInSensitive) {
    return String1->Length == String2->Length &&
           RtlpCompareText(String1->Buffer, String2->Buffer, String1->Length, CaseInSensitive) == 0;
}

/* RtlPrefixString - TRUE if String2 begins with String1. Source: phnt. */
BOOLEAN NTAPI RtlPrefixString(_In_ const STRING *String1, _In_ const STRING *String2,
                              _In_ BOOLEAN CaseInSensitive) {
    return String1->Length <= String2->Length &&
           RtlpCompareText(String1->Buffer, String2->Buffer, String1->Length, CaseInSensitive) == 0;
}

/* RtlUpperString - copies as much as fits, in upper case. Source: WDK. */
VOID NTAPI RtlUpperString(_Inout_ PSTRING DestinationString, _In_ const STRING *SourceString) {
    USHORT Length = min(SourceString->Length, DestinationString->MaximumLength);

    for (USHORT Index = 0; Index < Length; Index++) {
        DestinationString->Buffer[Index] = RtlUpperChar(SourceString->Buffer[Index]);
    }
    DestinationString->Length = Length;
}
