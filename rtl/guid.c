/*
 * guid.c - GUIDs as text: {00112233-4455-6677-8899-AABBCCDDEEFF}
 *
 * Source: WDK, RtlGUIDFromString and RtlStringFromGUID.
 */
#include "ntdef.h"
#include "ntrtl.h"

#define GUID_CHARACTERS 38

/* Each byte of the text in order: where its two digits stand, and where it goes in the GUID. */
static const UCHAR RtlpGuidText[16] = {1, 3, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 29, 31, 33, 35};
static const UCHAR RtlpGuidByte[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

static LONG RtlpHexDigit(WCHAR Character) {
    if (Character >= '0' && Character <= '9') {
        return Character - '0';
    }
    Character |= 0x20;
    return Character >= 'a' && Character <= 'f' ? Character - 'a' + 10 : -1;
}

static BOOLEAN RtlpIsGuidFrame(PCWCH Text) {
    return Text[0] == '{' && Text[9] == '-' && Text[14] == '-' && Text[19] == '-' &&
           Text[24] == '-' && Text[37] == '}';
}

/* RtlGUIDFromString - STATUS_INVALID_PARAMETER if the text is not a GUID in braces. */
NTSTATUS NTAPI RtlGUIDFromString(_In_ PCUNICODE_STRING GuidString, _Out_ GUID *Guid) {
    PCWCH Text = GuidString->Buffer;
    GUID Result;

    if (GuidString->Length < GUID_CHARACTERS * sizeof(WCHAR) || !RtlpIsGuidFrame(Text)) {
        return STATUS_INVALID_PARAMETER;
    }
    for (ULONG Index = 0; Index < 16; Index++) {
        LONG High = RtlpHexDigit(Text[RtlpGuidText[Index]]);
        LONG Low = RtlpHexDigit(Text[RtlpGuidText[Index] + 1]);
        if (High < 0 || Low < 0) {
            return STATUS_INVALID_PARAMETER;
        }
        ((PUCHAR)&Result)[RtlpGuidByte[Index]] = (UCHAR)(High << 4 | Low);
    }
    *Guid = Result;
    return STATUS_SUCCESS;
}

/* RtlStringFromGUID - makes the text in memory of its own. STATUS_NO_MEMORY. */
NTSTATUS NTAPI RtlStringFromGUID(_In_ const GUID *Guid, _Out_ PUNICODE_STRING GuidString) {
    static const WCHAR Frame[GUID_CHARACTERS + 1] = L"{00000000-0000-0000-0000-000000000000}";
    PWSTR Text = RtlAllocateStringRoutine(sizeof(Frame));

    if (Text == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(Text, Frame, sizeof(Frame));
    for (ULONG Index = 0; Index < 16; Index++) {
        UCHAR Byte = ((const UCHAR *)Guid)[RtlpGuidByte[Index]];
        Text[RtlpGuidText[Index]] = (WCHAR) "0123456789ABCDEF"[Byte >> 4];
        Text[RtlpGuidText[Index] + 1] = (WCHAR) "0123456789ABCDEF"[Byte & 15];
    }
    GuidString->Buffer = Text;
    GuidString->Length = sizeof(Frame) - sizeof(WCHAR);
    GuidString->MaximumLength = sizeof(Frame);
    return STATUS_SUCCESS;
}
