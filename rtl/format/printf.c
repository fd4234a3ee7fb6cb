/*
 * printf.c - _snprintf and its family, as ntoskrnl.exe and ntdll.dll export them
 *
 * Count is the room in characters. Text that fills it exactly is left without a terminator and its
 * length returned; text that does not fit is cut off, without a terminator, and -1 returned. With
 * no buffer and no room the length alone is returned.
 *
 * Source: Microsoft C library reference, _vsnprintf.
 */
#include "formatp.h"

static int RtlpFormatInto(PVOID Buffer, SIZE_T Room, BOOLEAN Wide, const VOID *Format,
                          va_list Arguments) {
    RTLP_OUTPUT Output = {Buffer, Room, 0, Wide};
    LONG Length = RtlpFormat(&Output, Format, Wide, Arguments);

    if (Length < 0 || (Buffer == NULL && Room == 0)) {
        return Length;
    }
    if (Output.Count > Room) {
        return -1;
    }
    if (Output.Count < Room) {
        if (Wide) {
            ((PWCHAR)Buffer)[Output.Count] = UNICODE_NULL;
        } else {
            ((PCHAR)Buffer)[Output.Count] = '\0';
        }
    }
    return Length;
}

int _vsnprintf(char *Buffer, size_t Count, const char *Format, va_list Arguments) {
    return RtlpFormatInto(Buffer, Count, FALSE, Format, Arguments);
}

int _snprintf(char *Buffer, size_t Count, const char *Format, ...) {
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = _vsnprintf(Buffer, Count, Format, Arguments);
    va_end(Arguments);
    return Length;
}

int _vsnwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, va_list Arguments) {
    return RtlpFormatInto(Buffer, Count, TRUE, Format, Arguments);
}

int _snwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, ...) {
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = _vsnwprintf(Buffer, Count, Format, Arguments);
    va_end(Arguments);
    return Length;
}
