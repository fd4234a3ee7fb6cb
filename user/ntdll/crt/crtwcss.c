/* crtwcss.c - strings of UTF-16 with the size of the buffer: the _s functions */
#include "crt.h"

/*
 * All return 0, EINVAL for a null pointer or an empty buffer, ERANGE if the result does not fit;
 * the buffer then holds an empty string. Where a count is given, _TRUNCATE means as much as fits,
 * with STRUNCATE if that is not all.
 */
static errno_t CrtpCopy(WCHAR *Start, WCHAR *To, size_t Room, const WCHAR *From, size_t Count) {
    size_t Length = wcsnlen(From, Count == _TRUNCATE ? Room : min(Count, Room));
    errno_t Result = 0;

    if (Length == Room) {
        if (Count != _TRUNCATE) {
            *Start = 0;
            return ERANGE;
        }
        Length--;
        Result = STRUNCATE;
    }
    memcpy(To, From, Length * sizeof(WCHAR));
    To[Length] = 0;
    return Result;
}

static errno_t CrtpCheck(WCHAR *To, size_t Size, const WCHAR *From) {
    if (To == NULL || Size == 0) {
        return EINVAL;
    }
    if (From == NULL) {
        *To = 0;
        return EINVAL;
    }
    return 0;
}

errno_t wcsncpy_s(WCHAR *To, size_t Size, const WCHAR *From, size_t Count) {
    errno_t Result;

    if (Count == 0 && To == NULL && Size == 0) {
        return 0;
    }
    if (Count == 0 && To != NULL && Size != 0) {
        *To = 0;
        return 0;
    }
    Result = CrtpCheck(To, Size, From);
    return Result != 0 ? Result : CrtpCopy(To, To, Size, From, Count);
}

errno_t wcscpy_s(WCHAR *To, size_t Size, const WCHAR *From) {
    errno_t Result = CrtpCheck(To, Size, From);

    return Result != 0 ? Result : CrtpCopy(To, To, Size, From, Size);
}

static errno_t CrtpAppend(WCHAR *To, size_t Size, const WCHAR *From, size_t Count) {
    errno_t Result = CrtpCheck(To, Size, From);
    size_t Length;

    if (Result != 0) {
        return Result;
    }
    Length = wcsnlen(To, Size);
    if (Length == Size) {
        *To = 0;
        return EINVAL; /* what is there has no end */
    }
    return CrtpCopy(To, To + Length, Size - Length, From, Count);
}

errno_t wcscat_s(WCHAR *To, size_t Size, const WCHAR *From) {
    return CrtpAppend(To, Size, From, Size);
}

errno_t wcsncat_s(WCHAR *To, size_t Size, const WCHAR *From, size_t Count) {
    if (Count == 0 && To == NULL && Size == 0) {
        return 0;
    }
    return CrtpAppend(To, Size, From, Count);
}
