/* crtfill.c - strings changed in place, with the size of the buffer: _strlwr_s, _strset_s, ... */
#include "crt.h"

/*
 * All return 0, or EINVAL for a null pointer, an empty buffer, or a string that does not end in its
 * buffer, which is then made empty. Letters are those of ASCII.
 */
#define FILL_FUNCTIONS(CHARACTER, UNIT, LENGTH, LWR, UPR, SET, NSET, CHECK)                        \
    static errno_t CHECK(CHARACTER *s, size_t Size) {                                              \
        if (s == NULL || Size == 0) {                                                              \
            return EINVAL;                                                                         \
        }                                                                                          \
        if (LENGTH(s, Size) == Size) {                                                             \
            *s = 0;                                                                                \
            return EINVAL;                                                                         \
        }                                                                                          \
        return 0;                                                                                  \
    }                                                                                              \
    errno_t LWR(CHARACTER *s, size_t Size) {                                                       \
        errno_t Result = CHECK(s, Size);                                                           \
        for (; Result == 0 && *s != 0; s++) {                                                      \
            *s = (CHARACTER)CrtpLower((UNIT) * s);                                                 \
        }                                                                                          \
        return Result;                                                                             \
    }                                                                                              \
    errno_t UPR(CHARACTER *s, size_t Size) {                                                       \
        errno_t Result = CHECK(s, Size);                                                           \
        for (; Result == 0 && *s != 0; s++) {                                                      \
            *s = (CHARACTER)CrtpUpper((UNIT) * s);                                                 \
        }                                                                                          \
        return Result;                                                                             \
    }                                                                                              \
    errno_t NSET(CHARACTER *s, size_t Size, int c, size_t Count) {                                 \
        if (Count == 0 && s == NULL && Size == 0) {                                                \
            return 0;                                                                              \
        }                                                                                          \
        errno_t Result = CHECK(s, Size);                                                           \
        for (; Result == 0 && *s != 0 && Count != 0; s++, Count--) {                               \
            *s = (CHARACTER)c;                                                                     \
        }                                                                                          \
        return Result;                                                                             \
    }                                                                                              \
    errno_t SET(CHARACTER *s, size_t Size, int c) {                                                \
        return NSET(s, Size, c, Size);                                                             \
    }

FILL_FUNCTIONS(char, UCHAR, strnlen, _strlwr_s, _strupr_s, _strset_s, _strnset_s, CrtpCheckBytes)
FILL_FUNCTIONS(WCHAR, WCHAR, wcsnlen, _wcslwr_s, _wcsupr_s, _wcsset_s, _wcsnset_s, CrtpCheckWide)
