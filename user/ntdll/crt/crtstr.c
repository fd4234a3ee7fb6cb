/* crtstr.c - terminated strings of bytes */
#include "crt.h"

size_t strlen(const char *s) {
    size_t Length = 0;

    while (s[Length] != 0) {
        Length++;
    }
    return Length;
}

size_t strnlen(const char *s, size_t Max) {
    size_t Length = 0;

    while (Length < Max && s[Length] != 0) {
        Length++;
    }
    return Length;
}

char *strcpy(char *To, const char *From) {
    memcpy(To, From, (strlen(From) + 1) * sizeof(char));
    return To;
}

/* Copies at most Count characters and fills the rest of them with nulls. */
char *strncpy(char *To, const char *From, size_t Count) {
    size_t Length = strnlen(From, Count);

    memcpy(To, From, Length * sizeof(char));
    memset(To + Length, 0, (Count - Length) * sizeof(char));
    return To;
}

char *strcat(char *To, const char *From) {
    strcpy(To + strlen(To), From);
    return To;
}

char *strncat(char *To, const char *From, size_t Count) {
    size_t Length = strnlen(From, Count);
    char *End = To + strlen(To);

    memcpy(End, From, Length * sizeof(char));
    End[Length] = 0;
    return To;
}

/* The difference of the first characters that differ, by their unsigned values. */
int strncmp(const char *a, const char *b, size_t Count) {
    for (; Count != 0; Count--, a++, b++) {
        if (*a != *b) {
            return (int)(UCHAR)*a - (int)(UCHAR)*b;
        }
        if (*a == 0) {
            break;
        }
    }
    return 0;
}

int strcmp(const char *a, const char *b) {
    int Difference = strncmp(a, b, ~(size_t)0);

    return (Difference > 0) - (Difference < 0); /* -1, 0 or 1, as Windows' does */
}

/* Without regard to the case of ASCII letters; the difference of the lower case characters. */
int _strnicmp(const char *a, const char *b, size_t Count) {
    for (; Count != 0; Count--, a++, b++) {
        ULONG Left = CrtpLower((UCHAR)*a);
        ULONG Right = CrtpLower((UCHAR)*b);
        if (Left != Right || Left == 0) {
            return (int)Left - (int)Right;
        }
    }
    return 0;
}

int _stricmp(const char *a, const char *b) {
    return _strnicmp(a, b, ~(size_t)0);
}

char *strchr(const char *s, int c) {
    for (; *s != (char)c; s++) {
        if (*s == 0) {
            return NULL;
        }
    }
    return (char *)s;
}

char *strrchr(const char *s, int c) {
    const char *Last = NULL;

    for (;; s++) {
        if (*s == (char)c) {
            Last = s;
        }
        if (*s == 0) {
            return (char *)Last;
        }
    }
}

char *strstr(const char *s, const char *Wanted) {
    size_t Length = strlen(Wanted);

    for (; strncmp(s, Wanted, Length) != 0; s++) {
        if (*s == 0) {
            return NULL;
        }
    }
    return (char *)s;
}

/* The length of the beginning of s that consists of members of Set, or of others. */
static size_t CrtpSpan(const char *s, const char *Set, BOOLEAN Member) {
    size_t Length = 0;

    while (s[Length] != 0 && (strchr(Set, s[Length]) != NULL) == Member) {
        Length++;
    }
    return Length;
}

size_t strspn(const char *s, const char *Set) {
    return CrtpSpan(s, Set, TRUE);
}

size_t strcspn(const char *s, const char *Set) {
    return CrtpSpan(s, Set, FALSE);
}

char *strpbrk(const char *s, const char *Set) {
    s += CrtpSpan(s, Set, FALSE);
    return *s != 0 ? (char *)s : NULL;
}

char *strtok_s(char *s, const char *Delimiters, char **Context) {
    s = s != NULL ? s : *Context;
    if (s == NULL) {
        return NULL;
    }
    s += strspn(s, Delimiters);
    *Context = s + strcspn(s, Delimiters);
    if (*s == 0) {
        return NULL;
    }
    if (**Context != 0) {
        *(*Context)++ = 0;
    }
    return s;
}

char *_strlwr(char *s) {
    for (char *At = s; *At != 0; At++) {
        *At = (char)CrtpLower((UCHAR)*At);
    }
    return s;
}

char *_strupr(char *s) {
    for (char *At = s; *At != 0; At++) {
        *At = (char)CrtpUpper((UCHAR)*At);
    }
    return s;
}

int _strcmpi(const char *a, const char *b) {
    return _stricmp(a, b);
}
