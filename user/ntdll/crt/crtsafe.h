/*
 * crtsafe.h - the _s functions that copy and append, for one width of characters
 *
 * Whoever includes this has defined CHARACTER, NLEN and the names of the four functions: CPY_S,
 * NCPY_S, CAT_S and NCAT_S.
 */
#include "crt.h"

/*
 * All return 0, EINVAL for a null pointer or an empty buffer, ERANGE if the result does not fit;
 * the buffer then holds an empty string. Where a count is given, _TRUNCATE means as much as fits,
 * with STRUNCATE if that is not all.
 */
static errno_t CrtpCopy(CHARACTER *Start, CHARACTER *To, size_t Room, const CHARACTER *From,
                        size_t Count) {
    size_t Length = NLEN(From, Count == _TRUNCATE ? Room : min(Count, Room));
    errno_t Result = 0;

    if (Length == Room) {
        if (Count != _TRUNCATE) {
            *Start = 0;
            return ERANGE;
        }
        Length--;
        Result = STRUNCATE;
    }
    memcpy(To, From, Length * sizeof(CHARACTER));
    To[Length] = 0;
    return Result;
}

static errno_t CrtpCheck(CHARACTER *To, size_t Size, const CHARACTER *From) {
    if (To == NULL || Size == 0) {
        return EINVAL;
    }
    if (From == NULL) {
        *To = 0;
        return EINVAL;
    }
    return 0;
}

errno_t NCPY_S(CHARACTER *To, size_t Size, const CHARACTER *From, size_t Count) {
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

errno_t CPY_S(CHARACTER *To, size_t Size, const CHARACTER *From) {
    errno_t Result = CrtpCheck(To, Size, From);

    return Result != 0 ? Result : CrtpCopy(To, To, Size, From, Size);
}

static errno_t CrtpAppend(CHARACTER *To, size_t Size, const CHARACTER *From, size_t Count) {
    errno_t Result = CrtpCheck(To, Size, From);
    size_t Length;

    if (Result != 0) {
        return Result;
    }
    Length = NLEN(To, Size);
    if (Length == Size) {
        *To = 0;
        return EINVAL; /* what is there has no end */
    }
    return CrtpCopy(To, To + Length, Size - Length, From, Count);
}

errno_t CAT_S(CHARACTER *To, size_t Size, const CHARACTER *From) {
    return CrtpAppend(To, Size, From, Size);
}

errno_t NCAT_S(CHARACTER *To, size_t Size, const CHARACTER *From, size_t Count) {
    if (Count == 0 && To == NULL && Size == 0) {
        return 0;
    }
    return CrtpAppend(To, Size, From, Count);
}
