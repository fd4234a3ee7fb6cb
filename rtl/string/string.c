/*
 * string.c - counted UNICODE_STRINGs
 *
 * NT's strings carry their length: Length bytes of text, MaximumLength bytes of room, and no
 * terminator that anything relies on, so text may hold nulls and a string may be a piece of
 * another. Both numbers are USHORTs, so a string has at most 65534 bytes, 32767 characters.
 *
 * string.c      building and taking apart: init, copy, append, find, hash
 * stringcmp.c   comparing
 * stringansi.c  the same for strings of bytes
 * stringalloc.c strings in memory of their own: create, duplicate, upcase, free
 * stringconv.c  between Unicode and the code pages
 *
 * Functions that would leave a place for a null terminator put one when it fits, as Windows' do.
 * Any IRQL at which the buffers are resident.
 */
#include "ntdef.h"
#include "ntrtl.h"

/* The longest text that still leaves room for a terminator. */
#define MAXIMUM_TERMINATED ((SIZE_T)UNICODE_STRING_MAX_BYTES - sizeof(WCHAR))

/* Bytes before the terminator of Source. */
static SIZE_T RtlpTextLength(PCWSTR Source) {
    SIZE_T Count = 0;

    while (Source[Count] != UNICODE_NULL) {
        Count++;
    }
    return Count * sizeof(WCHAR);
}

/*
 * RtlInitUnicodeString - lets DestinationString describe a terminated string, which is not copied.
 * NULL gives an empty string without a buffer; text past 65532 bytes is cut off. Source: WDK.
 */
VOID NTAPI RtlInitUnicodeString(_Out_ PUNICODE_STRING DestinationString,
                                _In_opt_ PCWSTR SourceString) {
    SIZE_T Length;

    DestinationString->Length = 0;
    DestinationString->MaximumLength = 0;
    DestinationString->Buffer = (PWSTR)SourceString;
    if (SourceString != NULL) {
        Length = RtlpTextLength(SourceString);
        Length = min(Length, MAXIMUM_TERMINATED);
        DestinationString->Length = (USHORT)Length;
        DestinationString->MaximumLength = (USHORT)(Length + sizeof(WCHAR));
    }
}

/*
 * RtlInitUnicodeStringEx - the same, but STATUS_NAME_TOO_LONG for what would be cut off; the
 * string then stays as it was. Source: WDK.
 */
NTSTATUS NTAPI RtlInitUnicodeStringEx(_Out_ PUNICODE_STRING DestinationString,
                                      _In_opt_ PCWSTR SourceString) {
    if (SourceString != NULL && RtlpTextLength(SourceString) > MAXIMUM_TERMINATED) {
        return STATUS_NAME_TOO_LONG;
    }
    RtlInitUnicodeString(DestinationString, SourceString);
    return STATUS_SUCCESS;
}

static VOID RtlpTerminateIfRoom(PUNICODE_STRING String) {
    if ((ULONG)String->Length + sizeof(WCHAR) <= String->MaximumLength) {
        String->Buffer[String->Length / sizeof(WCHAR)] = UNICODE_NULL;
    }
}

/*
 * RtlCopyUnicodeString - copies as much of the source as fits. NULL empties the destination.
 * Source: WDK.
 */
VOID NTAPI RtlCopyUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                _In_opt_ PCUNICODE_STRING SourceString) {
    USHORT Length;

    if (SourceString == NULL) {
        DestinationString->Length = 0;
        return;
    }
    Length = min(SourceString->Length, DestinationString->MaximumLength);
    memmove(DestinationString->Buffer, SourceString->Buffer, Length);
    DestinationString->Length = Length;
    RtlpTerminateIfRoom(DestinationString);
}

/* Appends Length bytes or nothing. */
static NTSTATUS RtlpAppend(PUNICODE_STRING Destination, PCWCH Text, SIZE_T Length) {
    if (Destination->Length + Length > Destination->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memmove((PUCHAR)Destination->Buffer + Destination->Length, Text, Length);
    Destination->Length = (USHORT)(Destination->Length + Length);
    RtlpTerminateIfRoom(Destination);
    return STATUS_SUCCESS;
}

/*
 * RtlAppendUnicodeToString - appends a terminated string; NULL appends nothing.
 * STATUS_BUFFER_TOO_SMALL: it does not fit, the destination is unchanged. Source: WDK.
 */
NTSTATUS NTAPI RtlAppendUnicodeToString(_Inout_ PUNICODE_STRING Destination,
                                        _In_opt_ PCWSTR Source) {
    if (Source == NULL) {
        return STATUS_SUCCESS;
    }
    return RtlpAppend(Destination, Source, RtlpTextLength(Source));
}

/* RtlAppendUnicodeStringToString - the same for a counted string. Source: WDK. */
NTSTATUS NTAPI RtlAppendUnicodeStringToString(_Inout_ PUNICODE_STRING Destination,
                                              _In_ PCUNICODE_STRING Source) {
    if (Source->Length == 0) {
        return STATUS_SUCCESS;
    }
    return RtlpAppend(Destination, Source->Buffer, Source->Length);
}

/* RtlEraseUnicodeString - empties the string and clears all its room. Source: phnt. */
VOID NTAPI RtlEraseUnicodeString(_Inout_ PUNICODE_STRING String) {
    if (String->Buffer != NULL && String->MaximumLength != 0) {
        memset(String->Buffer, 0, String->MaximumLength);
        String->Length = 0;
    }
}

/*
 * RtlValidateUnicodeString - STATUS_INVALID_PARAMETER for a string that cannot be: an odd number of
 * bytes, more text than room, text but no buffer. Flags must be 0. Source: WDK.
 */
NTSTATUS NTAPI RtlValidateUnicodeString(_In_ ULONG Flags, _In_ PCUNICODE_STRING String) {
    if (Flags != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (String == NULL) {
        return STATUS_SUCCESS;
    }
    if (String->Length % sizeof(WCHAR) != 0 || String->MaximumLength % sizeof(WCHAR) != 0 ||
        String->Length > String->MaximumLength) {
        return STATUS_INVALID_PARAMETER;
    }
    if (String->Buffer == NULL && (String->Length != 0 || String->MaximumLength != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/*
 * RtlHashUnicodeString - hash = hash * 65599 + character, over the upper case if CaseInSensitive.
 * STATUS_INVALID_PARAMETER: a null pointer or an unknown algorithm. Source: WDK.
 */
NTSTATUS NTAPI RtlHashUnicodeString(_In_ PCUNICODE_STRING String, _In_ BOOLEAN CaseInSensitive,
                                    _In_ ULONG HashAlgorithm, _Out_ PULONG HashValue) {
    ULONG Hash = 0;

    if (String == NULL || HashValue == NULL || HashAlgorithm > HASH_STRING_ALGORITHM_X65599) {
        return STATUS_INVALID_PARAMETER;
    }
    for (ULONG Index = 0; Index < String->Length / sizeof(WCHAR); Index++) {
        WCHAR Character = String->Buffer[Index];
        Hash = Hash * 65599 + (CaseInSensitive ? RtlUpcaseUnicodeChar(Character) : Character);
    }
    *HashValue = Hash;
    return STATUS_SUCCESS;
}

static BOOLEAN RtlpIsInSet(WCHAR Character, PCUNICODE_STRING CharSet, BOOLEAN CaseInSensitive) {
    if (CaseInSensitive) {
        Character = RtlUpcaseUnicodeChar(Character);
    }
    for (ULONG Index = 0; Index < CharSet->Length / sizeof(WCHAR); Index++) {
        WCHAR Member = CharSet->Buffer[Index];
        if (Character == (CaseInSensitive ? RtlUpcaseUnicodeChar(Member) : Member)) {
            return TRUE;
        }
    }
    return FALSE;
}

/*
 * RtlFindCharInUnicodeString - the first character that is in CharSet, or with COMPLEMENT_CHAR_SET
 * that is not, searching backwards with START_AT_END.
 *
 * *NonInclusivePrefixLength: bytes up to and with the character found when searching forwards,
 * bytes before it when searching backwards. STATUS_NOT_FOUND (and 0), STATUS_INVALID_PARAMETER for
 * unknown flags. Source: phnt.
 */
NTSTATUS NTAPI RtlFindCharInUnicodeString(_In_ ULONG Flags, _In_ PCUNICODE_STRING StringToSearch,
                                          _In_ PCUNICODE_STRING CharSet,
                                          _Out_ PUSHORT NonInclusivePrefixLength) {
    BOOLEAN Backwards = (Flags & RTL_FIND_CHAR_IN_UNICODE_STRING_START_AT_END) != 0;
    BOOLEAN Wanted = (Flags & RTL_FIND_CHAR_IN_UNICODE_STRING_COMPLEMENT_CHAR_SET) == 0;
    BOOLEAN CaseInSensitive = (Flags & RTL_FIND_CHAR_IN_UNICODE_STRING_CASE_INSENSITIVE) != 0;
    ULONG Count = StringToSearch->Length / sizeof(WCHAR);

    *NonInclusivePrefixLength = 0;
    if ((Flags & ~7u) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    for (ULONG Step = 0; Step < Count; Step++) {
        ULONG Index = Backwards ? Count - 1 - Step : Step;
        if (RtlpIsInSet(StringToSearch->Buffer[Index], CharSet, CaseInSensitive) == Wanted) {
            *NonInclusivePrefixLength = (USHORT)((Backwards ? Index : Index + 1) * sizeof(WCHAR));
            return STATUS_SUCCESS;
        }
    }
    return STATUS_NOT_FOUND;
}
