/* crtmem.c - blocks of memory; copying, filling and comparing are in rtl/memory.c */
#include "crt.h"

void *memchr(const void *s, int c, size_t Count) {
    const UCHAR *At = s;

    for (; Count != 0; Count--, At++) {
        if (*At == (UCHAR)c) {
            return (void *)At;
        }
    }
    return NULL;
}

/* Copies until c has been copied; returns what follows it in the destination, or NULL. */
void *_memccpy(void *To, const void *From, int c, size_t Count) {
    UCHAR *Out = To;
    const UCHAR *In = From;

    for (; Count != 0; Count--) {
        UCHAR Byte = *In++;
        *Out++ = Byte;
        if (Byte == (UCHAR)c) {
            return Out;
        }
    }
    return NULL;
}

int _memicmp(const void *a, const void *b, size_t Count) {
    const UCHAR *Left = a;
    const UCHAR *Right = b;

    for (; Count != 0; Count--, Left++, Right++) {
        int Difference = (int)CrtpLower(*Left) - (int)CrtpLower(*Right);
        if (Difference != 0) {
            return Difference;
        }
    }
    return 0;
}

errno_t memmove_s(void *To, size_t Size, const void *From, size_t Count) {
    if (Count == 0) {
        return 0;
    }
    if (To == NULL || From == NULL) {
        return EINVAL;
    }
    if (Count > Size) {
        return ERANGE;
    }
    memmove(To, From, Count);
    return 0;
}

errno_t memcpy_s(void *To, size_t Size, const void *From, size_t Count) {
    if (To != NULL && (From == NULL || Count > Size)) {
        memset(To, 0, Size);
    }
    return memmove_s(To, Size, From, Count);
}
