/*
 * upcase.c - upper and lower case, one UTF-16 unit at a time
 *
 * NT compares names without regard to case by mapping each unit to upper case, by one table that
 * never changes with the user's language. upcasetab.h holds the differences (made by
 * tools/genupcase.py); ASCII is answered without it. Any IRQL.
 */
#include "ntdef.h"
#include "ntrtl.h"
#include "upcasetab.h"

#define BLOCK_SHIFT 5
#define BLOCK_MASK  31

/* RtlUpcaseUnicodeChar - the upper case of a character, or itself. Source: WDK. */
WCHAR NTAPI RtlUpcaseUnicodeChar(_In_ WCHAR SourceCharacter) {
    ULONG Code = SourceCharacter;

    if (Code < 0x80) {
        return (WCHAR)(Code - 'a' < 26 ? Code - ('a' - 'A') : Code);
    }
    return (WCHAR)(Code + RtlpUpcaseDelta[RtlpUpcaseIndex[Code >> BLOCK_SHIFT]][Code & BLOCK_MASK]);
}

/* RtlDowncaseUnicodeChar - the lower case of a character, or itself. Source: WDK. */
WCHAR NTAPI RtlDowncaseUnicodeChar(_In_ WCHAR SourceCharacter) {
    ULONG Code = SourceCharacter;

    if (Code < 0x80) {
        return (WCHAR)(Code - 'A' < 26 ? Code + ('a' - 'A') : Code);
    }
    return (WCHAR)(Code +
                   RtlpDowncaseDelta[RtlpDowncaseIndex[Code >> BLOCK_SHIFT]][Code & BLOCK_MASK]);
}
