/* crtwcs.c - terminated strings of UTF-16 */
#include "crt.h"

size_t wcslen(const WCHAR *s) {
    size_t Length = 0;

    while (s[Length] != 0) {
        Length++;
    }
    return Length;
}

size_t wcsnlen(const WCHAR *s, size_t Max) {
    size_t Length = 0;

    while (Length < Max && s[Length] != 0) {
        Length++;
    }
    return Length;
}

WCHAR *wcscpy(WCHAR *To, const WCHAR *From) {
    memcpy(To, From, (wcslen(From) + 1) * sizeof(WCHAR));
    return To;
}

/* Copies at most Count characters and fills the rest of them with nulls. */
WCHAR *wcsncpy(WCHAR *To, const WCHAR *From, size_t Count) {
    size_t Length = wcsnlen(From, Count);

    memcpy(To, From, Length * sizeof(WCHAR));
    memset(To + Length, 0, (Count - Length) * sizeof(WCHAR));
    return To;
}

WCHAR *wcscat(WCHAR *To, const WCHAR *From) {
    wcscpy(To + wcslen(To), From);
    return To;
}

WCHAR *wcsncat(WCHAR *To, const WCHAR *From, size_t Count) {
    size_t Length = wcsnlen(From, Count);
    WCHAR *End = To + wcslen(To);

    memcpy(End, From, Length * sizeof(WCHAR));
    End[Length] = 0;
    return To;
}

/* The difference of the first characters that differ, by their unsigned values. */
int wcsncmp(const WCHAR *a, const WCHAR *b, size_t Count) {
    for (; Count != 0; Count--, a++, b++) {
        if (*a != *b) {
            return (int)(WCHAR)*a - (int)(WCHAR)*b;
        }
        if (*a == 0) {
            break;
        }
    }
    return 0;
}

int wcscmp(const WCHAR *a, const WCHAR *b) {
    return wcsncmp(a, b, ~(size_t)0);
}

/* Without regard to the case of ASCII letters; the difference of the lower case characters. */
int _wcsnicmp(const WCHAR *a, const WCHAR *b, size_t Count) {
    for (; Count != 0; Count--, a++, b++) {
        ULONG Left = CrtpLower((WCHAR)*a);
        ULONG Right = CrtpLower((WCHAR)*b);
        if (Left != Right || Left == 0) {
            return (int)Left - (int)Right;
        }
    }
    return 0;
}

int _wcsicmp(const WCHAR *a, const WCHAR *b) {
    return _wcsnicmp(a, b, ~(size_t)0);
}

WCHAR *wcschr(const WCHAR *s, WCHAR c) {
    for (; *s != (WCHAR)c; s++) {
        if (*s == 0) {
            return NULL;
        }
    }
    return (WCHAR *)s;
}

WCHAR *wcsrchr(const WCHAR *s, WCHAR c) {
    const WCHAR *Last = NULL;

    for (;; s++) {
        if (*s == (WCHAR)c) {
            Last = s;
        }
        if (*s == 0) {
            return (WCHAR *)Last;
        }
    }
}

WCHAR *wcsstr(const WCHAR *s, const WCHAR *Wanted) {
    size_t Length = wcslen(Wanted);

    for (; wcsncmp(s, Wanted, Length) != 0; s++) {
        if (*s == 0) {
            return NULL;
        }
    }
    return (WCHAR *)s;
}

/* The length of the beginning of s that consists of members of Set, or of others. */
static size_t CrtpSpan(const WCHAR *s, const WCHAR *Set, BOOLEAN Member) {
    size_t Length = 0;

    while (s[Length] != 0 && (wcschr(Set, s[Length]) != NULL) == Member) {
        Length++;
    }
    return Length;
}

size_t wcsspn(const WCHAR *s, const WCHAR *Set) {
    return CrtpSpan(s, Set, TRUE);
}

size_t wcscspn(const WCHAR *s, const WCHAR *Set) {
    return CrtpSpan(s, Set, FALSE);
}

WCHAR *wcspbrk(const WCHAR *s, const WCHAR *Set) {
    s += CrtpSpan(s, Set, FALSE);
    return *s != 0 ? (WCHAR *)s : NULL;
}

WCHAR *wcstok_s(WCHAR *s, const WCHAR *Delimiters, WCHAR **Context) {
    s = s != NULL ? s : *Context;
    if (s == NULL) {
        return NULL;
    }
    s += wcsspn(s, Delimiters);
    *Context = s + wcscspn(s, Delimiters);
    if (*s == 0) {
        return NULL;
    }
    if (**Context != 0) {
        *(*Context)++ = 0;
    }
    return s;
}

WCHAR *_wcslwr(WCHAR *s) {
    for (WCHAR *At = s; *At != 0; At++) {
        *At = (WCHAR)CrtpLower((WCHAR)*At);
    }
    return s;
}

WCHAR *_wcsupr(WCHAR *s) {
    for (WCHAR *At = s; *At != 0; At++) {
        *At = (WCHAR)CrtpUpper((WCHAR)*At);
    }
    return s;
}
