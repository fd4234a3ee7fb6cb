/* crtstrs.c - strings of bytes with the size of the buffer: the _s functions */
#include "crt.h"

/*
 * All return 0, EINVAL for a null pointer or an empty buffer, ERANGE if the result does not fit;
 * the buffer then holds an empty string. Where a count is given, _TRUNCATE means as much as fits,
 * with STRUNCATE if that is not all.
 */
static errno_t CrtpCopy(char *Start, char *To, size_t Room, const char *From, size_t Count) {
    size_t Length = strnlen(From, Count == _TRUNCATE ? Room : min(Count, Room));
    errno_t Result = 0;

    if (Length == Room) {
        if (Count != _TRUNCATE) {
            *Start = 0;
            return ERANGE;
        }
        Length--;
        Result = STRUNCATE;
    }
    memcpy(To, From, Length * sizeof(char));
    To[Length] = 0;
    return Result;
}

static errno_t CrtpCheck(char *To, size_t Size, const char *From) {
    if (To == NULL || Size == 0) {
        return EINVAL;
    }
    if (From == NULL) {
        *To = 0;
        return EINVAL;
    }
    return 0;
}

errno_t strncpy_s(char *To, size_t Size, const char *From, size_t Count) {
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

errno_t strcpy_s(char *To, size_t Size, const char *From) {
    errno_t Result = CrtpCheck(To, Size, From);

    return Result != 0 ? Result : CrtpCopy(To, To, Size, From, Size);
}

static errno_t CrtpAppend(char *To, size_t Size, const char *From, size_t Count) {
    errno_t Result = CrtpCheck(To, Size, From);
    size_t Length;

    if (Result != 0) {
        return Result;
    }
    Length = strnlen(To, Size);
    if (Length == Size) {
        *To = 0;
        return EINVAL; /* what is there has no end */
    }
    return CrtpCopy(To, To + Length, Size - Length, From, Count);
}

errno_t strcat_s(char *To, size_t Size, const char *From) {
    return CrtpAppend(To, Size, From, Size);
}

errno_t strncat_s(char *To, size_t Size, const char *From, size_t Count) {
    if (Count == 0 && To == NULL && Size == 0) {
        return 0;
    }
    return CrtpAppend(To, Size, From, Count);
}
