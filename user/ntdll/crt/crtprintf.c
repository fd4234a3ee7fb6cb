/*
 * crtprintf.c - formatted output without a bound, with a checked bound, or only counted
 *
 * The engine is rtl/format/format.c; _snprintf, _vsnprintf and their wide twins are in rtl/printf.c.
 */
#include "crt.h"

#define UNBOUNDED ((size_t)MAXLONG)

int vsprintf(char *To, const char *Format, va_list Arguments) {
    return _vsnprintf(To, UNBOUNDED, Format, Arguments);
}

int _vswprintf(WCHAR *To, const WCHAR *Format, va_list Arguments) {
    return _vsnwprintf(To, UNBOUNDED, Format, Arguments);
}

int _vscprintf(const char *Format, va_list Arguments) {
    return _vsnprintf(NULL, 0, Format, Arguments);
}

int _vscwprintf(const WCHAR *Format, va_list Arguments) {
    return _vsnwprintf(NULL, 0, Format, Arguments);
}

/* -1 and an empty string if the text and its terminator do not fit. */
int vsprintf_s(char *To, size_t Size, const char *Format, va_list Arguments) {
    int Length;

    if (To == NULL || Size == 0) {
        return -1;
    }
    Length = _vsnprintf(To, Size, Format, Arguments);
    if (Length < 0 || (size_t)Length == Size) {
        *To = 0;
        return -1;
    }
    return Length;
}

int vswprintf_s(WCHAR *To, size_t Size, const WCHAR *Format, va_list Arguments) {
    int Length;

    if (To == NULL || Size == 0) {
        return -1;
    }
    Length = _vsnwprintf(To, Size, Format, Arguments);
    if (Length < 0 || (size_t)Length == Size) {
        *To = 0;
        return -1;
    }
    return Length;
}

/*
 * At most Count characters and a terminator. Text cut at Count gives -1 and stays, if there is room
 * for it or Count is _TRUNCATE; text that overflows Size otherwise leaves an empty string.
 */
int _vsnprintf_s(char *To, size_t Size, size_t Count, const char *Format, va_list Arguments) {
    size_t Room = Count < Size ? Count + 1 : Size;
    int Length;

    if (To == NULL || Size == 0) {
        return -1;
    }
    Length = _vsnprintf(To, Room, Format, Arguments);
    if (Length >= 0 && (size_t)Length < Room) {
        return Length;
    }
    To[Count == _TRUNCATE || Count < Size ? Room - 1 : 0] = 0;
    return -1;
}

int _vsnwprintf_s(WCHAR *To, size_t Size, size_t Count, const WCHAR *Format, va_list Arguments) {
    size_t Room = Count < Size ? Count + 1 : Size;
    int Length;

    if (To == NULL || Size == 0) {
        return -1;
    }
    Length = _vsnwprintf(To, Room, Format, Arguments);
    if (Length >= 0 && (size_t)Length < Room) {
        return Length;
    }
    To[Count == _TRUNCATE || Count < Size ? Room - 1 : 0] = 0;
    return -1;
}

#define CALL_WITH_ARGUMENTS(Call)                                                                  \
    va_list Arguments;                                                                             \
    int Length;                                                                                    \
    va_start(Arguments, Format);                                                                   \
    Length = Call;                                                                                 \
    va_end(Arguments);                                                                             \
    return Length

int sprintf(char *To, const char *Format, ...) {
    CALL_WITH_ARGUMENTS(vsprintf(To, Format, Arguments));
}

int swprintf(WCHAR *To, const WCHAR *Format, ...) {
    CALL_WITH_ARGUMENTS(_vswprintf(To, Format, Arguments));
}

int _swprintf(WCHAR *To, const WCHAR *Format, ...) {
    CALL_WITH_ARGUMENTS(_vswprintf(To, Format, Arguments));
}

int sprintf_s(char *To, size_t Size, const char *Format, ...) {
    CALL_WITH_ARGUMENTS(vsprintf_s(To, Size, Format, Arguments));
}

int swprintf_s(WCHAR *To, size_t Size, const WCHAR *Format, ...) {
    CALL_WITH_ARGUMENTS(vswprintf_s(To, Size, Format, Arguments));
}

int _snprintf_s(char *To, size_t Size, size_t Count, const char *Format, ...) {
    CALL_WITH_ARGUMENTS(_vsnprintf_s(To, Size, Count, Format, Arguments));
}

int _snwprintf_s(WCHAR *To, size_t Size, size_t Count, const WCHAR *Format, ...) {
    CALL_WITH_ARGUMENTS(_vsnwprintf_s(To, Size, Count, Format, Arguments));
}
