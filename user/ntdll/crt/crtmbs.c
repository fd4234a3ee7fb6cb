/* crtmbs.c - terminated text between the ANSI code page and UTF-16 */
#include "crt.h"

/* Count is in units of the destination; without a destination, the length that it would have. */
size_t mbstowcs(WCHAR *To, const char *From, size_t Count) {
    size_t Length = strlen(From);

    if (To == NULL) {
        return Length;
    }
    for (size_t Index = 0; Index < Count; Index++) {
        RtlMultiByteToUnicodeN(To + Index, sizeof(WCHAR), NULL, From + Index, 1);
        if (From[Index] == 0) {
            return Index;
        }
    }
    return Count;
}

size_t wcstombs(char *To, const WCHAR *From, size_t Count) {
    size_t Length = wcslen(From);

    if (To == NULL) {
        return Length;
    }
    for (size_t Index = 0; Index < Count; Index++) {
        RtlUnicodeToMultiByteN(To + Index, 1, NULL, From + Index, sizeof(WCHAR));
        if (From[Index] == 0) {
            return Index;
        }
    }
    return Count;
}
