/*
 * stringcmp.c - comparing UNICODE_STRINGs
 *
 * Without regard to case means: by the upper case of each unit (RtlUpcaseUnicodeChar). The order is
 * that of the units' values, which is not an order for people. Any IRQL at which the text is
 * resident.
 */
#include "ntdef.h"
#include "ntrtl.h"

/* Units are compared as they stand first: upper case is looked up only where they differ. */
static BOOLEAN RtlpEqualText(PCWCH Left, PCWCH Right, SIZE_T Count, BOOLEAN CaseInSensitive) {
    if (!CaseInSensitive) {
        return memcmp(Left, Right, Count * sizeof(WCHAR)) == 0;
    }
    for (SIZE_T Index = 0; Index < Count; Index++) {
        if (Left[Index] != Right[Index] &&
            RtlUpcaseUnicodeChar(Left[Index]) != RtlUpcaseUnicodeChar(Right[Index])) {
            return FALSE;
        }
    }
    return TRUE;
}

/*
 * RtlCompareUnicodeStrings - compares text whose lengths are given in characters.
 * Returns less than 0, 0 or more than 0; a prefix comes before what it is a prefix of. Source: WDK.
 */
LONG NTAPI RtlCompareUnicodeStrings(_In_ PCWCH String1, _In_ SIZE_T String1Length,
                                    _In_ PCWCH String2, _In_ SIZE_T String2Length,
                                    _In_ BOOLEAN CaseInSensitive) {
    SIZE_T Common = min(String1Length, String2Length);

    for (SIZE_T Index = 0; Index < Common; Index++) {
        WCHAR Left = String1[Index];
        WCHAR Right = String2[Index];
        if (Left != Right && CaseInSensitive) {
            Left = RtlUpcaseUnicodeChar(Left);
            Right = RtlUpcaseUnicodeChar(Right);
        }
        if (Left != Right) {
            return (LONG)Left - (LONG)Right;
        }
    }
    return (LONG)String1Length - (LONG)String2Length;
}

/* RtlCompareUnicodeString - the same for counted strings. Source: WDK. */
LONG NTAPI RtlCompareUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                   _In_ BOOLEAN CaseInSensitive) {
    return RtlCompareUnicodeStrings(String1->Buffer, String1->Length / sizeof(WCHAR),
                                    String2->Buffer, String2->Length / sizeof(WCHAR),
                                    CaseInSensitive);
}

/* RtlEqualUnicodeString - TRUE if both have the same length and text. Source: WDK. */
BOOLEAN NTAPI RtlEqualUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                    _In_ BOOLEAN CaseInSensitive) {
    if (String1->Length != String2->Length) {
        return FALSE;
    }
    return RtlpEqualText(String1->Buffer, String2->Buffer, String1->Length / sizeof(WCHAR),
                         CaseInSensitive);
}

/* RtlPrefixUnicodeString - TRUE if String2 begins with String1. Source: WDK. */
BOOLEAN NTAPI RtlPrefixUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                     _In_ BOOLEAN CaseInSensitive) {
    if (String1->Length > String2->Length) {
        return FALSE;
    }
    return RtlpEqualText(String1->Buffer, String2->Buffer, String1->Length / sizeof(WCHAR),
                         CaseInSensitive);
}

/* RtlSuffixUnicodeString - TRUE if String2 ends with String1. Source: WDK. */
BOOLEAN NTAPI RtlSuffixUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                     _In_ BOOLEAN CaseInSensitive) {
    SIZE_T Count = String1->Length / sizeof(WCHAR);
    SIZE_T Whole = String2->Length / sizeof(WCHAR);

    if (Count > Whole) {
        return FALSE;
    }
    return RtlpEqualText(String1->Buffer, String2->Buffer + (Whole - Count), Count,
                         CaseInSensitive);
}
