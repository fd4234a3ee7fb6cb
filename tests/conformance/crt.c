/* The C functions that ntdll exports. */
#include "nt.h"

#define C(Type) NTSYS Type __cdecl
C(int) strcmp(const char *, const char *);
C(int) strncmp(const char *, const char *, size_t);
C(int) memcmp(const void *, const void *, size_t);
C(int) _stricmp(const char *, const char *);
C(int) _strnicmp(const char *, const char *, size_t);
C(int) _wcsicmp(const WCHAR *, const WCHAR *);
C(int) _wcsnicmp(const WCHAR *, const WCHAR *, size_t);
C(int) wcscmp(const WCHAR *, const WCHAR *);
C(size_t) wcslen(const WCHAR *);
C(char *) strchr(const char *, int);
C(char *) strrchr(const char *, int);
C(char *) strstr(const char *, const char *);
C(char *) strcpy(char *, const char *);
C(char *) strcat(char *, const char *);
C(char *) strncpy(char *, const char *, size_t);
C(size_t) strspn(const char *, const char *);
C(size_t) strcspn(const char *, const char *);
C(WCHAR *) wcschr(const WCHAR *, WCHAR);
C(WCHAR *) wcsstr(const WCHAR *, const WCHAR *);
C(WCHAR *) wcscpy(WCHAR *, const WCHAR *);
C(void *) memmove(void *, const void *, size_t);
C(void *) memchr(const void *, int, size_t);
C(int) atoi(const char *);
C(LONG64) _atoi64(const char *);
C(unsigned long) strtoul(const char *, char **, int);
C(long) strtol(const char *, char **, int);
C(int) toupper(int);
C(int) tolower(int);
C(int) isdigit(int);
C(int) isalpha(int);
C(int) isspace(int);
C(void) qsort(void *, size_t, size_t, int(__cdecl *)(const void *, const void *));
C(void *)
bsearch(const void *, const void *, size_t, size_t, int(__cdecl *)(const void *, const void *));
C(int) sprintf(char *, const char *, ...);
C(int) _snprintf(char *, size_t, const char *, ...);
C(int) _snwprintf(WCHAR *, size_t, const WCHAR *, ...);

static int Sign(int Value) {
    return (Value > 0) - (Value < 0);
}

static int __cdecl Compare(const void *A, const void *B) {
    return Sign(*(const int *)A - *(const int *)B);
}

static void Strings(void) {
    char Buffer[64];
    Print("%d %d %d %d\n", Sign(strcmp("abc", "abd")), Sign(strcmp("abc", "ab")),
          strncmp("abcx", "abcy", 3), Sign(memcmp("\xFF", "\x01", 1)));
    Print("%d %d %d\n", _stricmp("HeLLo", "hEllO"), _strnicmp("HELlo", "helmet", 3),
          Sign(_stricmp("a", "_")));
    Print("%d %d %d %u\n", _wcsicmp(L"NTDLL.dll", L"ntdll.DLL"), _wcsnicmp(L"ABCd", L"abcE", 3),
          Sign(wcscmp(L"a", L"b")), (ULONG)wcslen(L"four"));
    const char *Text = "one two one";
    Print("%d %d %d %d\n", (int)(strchr(Text, 'o') - Text), (int)(strrchr(Text, 'o') - Text),
          (int)(strstr(Text, "two") - Text), strstr(Text, "three") == NULL);
    strcpy(Buffer, "copy");
    strcat(Buffer, " and cat");
    Print("%s\n", Buffer);
    strncpy(Buffer, "xy", 6);
    Print("%u %u\n", Buffer[2] | Buffer[5], (UCHAR)Buffer[6]);
    Print("%u %u\n", (ULONG)strspn("112233abc", "123"), (ULONG)strcspn("abc,def", ",;"));
    memmove(Buffer + 1, "0123456789", 11);
    memmove(Buffer + 3, Buffer + 1, 8);
    memmove(Buffer + 1, Buffer + 2, 8);
    Print("%s\n", Buffer + 1);
    Check("memchr", memchr("abcd", 'c', 4) != NULL && memchr("abcd", 'd', 3) == NULL);
    Check("wide", wcschr(L"abc", 'c')[0] == 'c' && wcsstr(L"haystack", L"stack")[1] == 't');
}

static void Numbers(void) {
    char *End;
    Print("%d %d %d\n", atoi(" -17x"), atoi("+8"), atoi("none"));
    Print("%lx %lx %lx\n", strtoul("0x1F", NULL, 0), strtoul("777", NULL, 8),
          strtoul("zz", NULL, 36));
    long Value = strtol("-2147483649 tail", &End, 10);
    Print("%ld|%s\n", Value, End);
    Print("%d%d%d %c%c %d\n", isdigit('7') != 0, isalpha('_') != 0, isspace('\t') != 0,
          toupper('q'), tolower('Q'), toupper('1'));
    int Values[50], Key = 37;
    for (int i = 0; i < 50; i++) {
        Values[i] = i * 7919 % 101;
    }
    qsort(Values, 50, sizeof(int), Compare);
    for (int i = 0; i < 50; i++) {
        Print("%d ", Values[i]);
    }
    Print("\n");
    int *Found = bsearch(&Key, Values, 50, sizeof(int), Compare);
    Print("found: %d\n", Found ? *Found : -1);
}

static void Printf(void) {
    char Buffer[128];
    WCHAR Wide[64];
    int n = sprintf(Buffer, "[%d|%5d|%-5d|%05d|%+d|% d]", 42, 42, 42, 42, 42, 42);
    Print("%s %d\n", Buffer, n);
    sprintf(Buffer, "[%u|%x|%X|%#x|%o|%08x]", 4000000000u, 0xBEEF, 0xBEEF, 0xBEEF, 8, 0xBEEF);
    Print("%s\n", Buffer);
    sprintf(Buffer, "[%I64d|%I64x|%I64u|%lld]", -5000000000LL, 0x123456789ABCDEFULL, 10000000000ULL,
            -1LL);
    Print("%s\n", Buffer);
    sprintf(Buffer, "[%s|%10s|%-10s|%.3s|%*s|%.*s]", "abc", "abc", "abc", "abcdef", 6, "x", 2,
            "xyz");
    Print("%s\n", Buffer);
    sprintf(Buffer, "[%c|%5c|%%|%ws|%S|%hs]", 'c', 'd', L"wide", L"Wide", "narrow");
    Print("%s\n", Buffer);
    sprintf(Buffer, "[%.5d|%8.3d|%-8.3d|%.0d|%hd|%ld]", 42, 42, 42, 0, 70000, -7L);
    Print("%s\n", Buffer);
    sprintf(Buffer, "[%p]", (void *)0x1234ABCD);
    Print("%s\n", Buffer);
    memset(Buffer, '#', 16);
    n = _snprintf(Buffer, 5, "%s", "abcdefgh");
    Print("%d %.8s\n", n, Buffer);
    memset(Buffer, '#', 16);
    n = _snprintf(Buffer, 8, "%s", "abcdefgh");
    Print("%d %.10s\n", n, Buffer);
    n = _snwprintf(Wide, 64, L"<%d %ls %x>", 9, L"wide", 255);
    Print("%d %ws\n", n, Wide);
}

void Start(void) {
    Strings();
    Numbers();
    Printf();
    Exit(0);
}
