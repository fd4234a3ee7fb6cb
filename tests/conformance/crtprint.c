/*
 * crtprint.c - the printf and scanf families at their edges: every conversion with every flag and
 * size, return values of short buffers, NULL strings, text of the other width
 */
#include "nt.h"

#define C(Type) NTSYS Type __cdecl
C(int) _snprintf(char *, size_t, const char *, ...);
C(int) _snwprintf(WCHAR *, size_t, const WCHAR *, ...);
C(int) sprintf(char *, const char *, ...);
C(int) sscanf(const char *, const char *, ...);

static char Text[400];
static WCHAR Wide[400];

static void ShowText(int Result) {
    Print(" %d \"", Result);
    for (ULONG i = 0; Text[i] != 0 && i < 300; i++) {
        UCHAR c = (UCHAR)Text[i];
        if (c >= 0x20 && c < 0x7F) {
            Print("%c", c);
        } else {
            Print("<%02x>", c);
        }
    }
    Print("\"");
}

static void ShowWide(int Result) {
    Print(" %d L\"", Result);
    for (ULONG i = 0; Wide[i] != 0 && i < 300; i++) {
        if (Wide[i] >= 0x20 && Wide[i] < 0x7F) {
            Print("%c", Wide[i]);
        } else {
            Print("<%04x>", Wide[i]);
        }
    }
    Print("\"");
}

static void Clear(void) {
    memset(Text, 0, sizeof(Text));
    memset(Wide, 0, sizeof(Wide));
}

/* One format, by both widths. */
#define BOTH(Format, ...)                                                                          \
    do {                                                                                           \
        Clear();                                                                                   \
        Print("%s:", #Format);                                                                     \
        ShowText(_snprintf(Text, 300, Format, __VA_ARGS__));                                       \
        ShowWide(_snwprintf(Wide, 300, L##Format, __VA_ARGS__));                                   \
        Print("\n");                                                                               \
    } while (0)

static void Integers(void) {
    static const LONG64 Values[] = {0, 1, -1, 1234567, 0x80000000, 0x123456789ABCDEF0};
    for (ULONG i = 0; i < sizeof(Values) / sizeof(Values[0]); i++) {
        LONG64 v = Values[i];
        BOTH("%d %i %u %x %X %o", (int)v, (int)v, (int)v, (int)v, (int)v, (int)v);
        BOTH("%#x %#X %#o %+d % d %+u", (int)v, (int)v, (int)v, (int)v, (int)v, (int)v);
        BOTH("%8d|%-8d|%08d|%+08d|%-08d|% 8d", (int)v, (int)v, (int)v, (int)v, (int)v, (int)v);
        BOTH("%.0d|%.3d|%8.3d|%-8.3d|%.12d", (int)v, (int)v, (int)v, (int)v, (int)v);
        BOTH("%#8x|%#08x|%-#8x|%#.5x|%#8.5x|%#.0x", (int)v, (int)v, (int)v, (int)v, (int)v, (int)v);
        BOTH("%hd %hu %hx", (int)v, (int)v, (int)v);
        BOTH("%ld %lu %lx %lld %llu %llx", (long)v, (long)v, (long)v, v, v, v);
        BOTH("%I64d %I64u %I64x %I32d %I32x", v, v, v, (int)v, (int)v);
        BOTH("%Id %Iu %Ix", v, v, v);
        BOTH("%p %8p %-20p| %Np", (PVOID)v, (PVOID)v, (PVOID)v, (PVOID)v);
    }
    BOTH("%*d|%-*d|%*d", 6, 42, 6, 42, -6, 42);
    BOTH("%.*d|%.*d|%*.*d", 4, 42, -4, 42, 8, 4, 42);
}

static void Strings(void) {

    Clear();
    Print("narrow strings:");
    ShowText(_snprintf(Text, 300, "%s|%hs|%10.3s|%-10.3s|", "one", "two", "three", "four"));
    ShowText(_snprintf(Text, 300, "%S|%ls|%ws|%10.3S|%-10.3ls|", L"one", L"two", L"three", L"four",
                       L"five"));
    ShowText(_snprintf(Text, 300, "%s|%hs|%S|%ls|", NULL, NULL, NULL, NULL));
    ShowText(_snprintf(Text, 300, "%.3s|%.0s|%10s|%.3S|%.0ls", NULL, NULL, NULL, NULL, NULL));
    ShowText(_snprintf(Text, 300, "%.3s|%.*s", "abcdef", 2, "abcdef"));
    Print("\nwide strings:");
    ShowWide(_snwprintf(Wide, 300, L"%s|%ls|%ws|%10.3s|%-10.3s|", L"one", L"two", L"three", L"four",
                        L"five"));
    ShowWide(_snwprintf(Wide, 300, L"%S|%hs|%10.3S|%-10.3hs|", "one", "two", "three", "four"));
    ShowWide(_snwprintf(Wide, 300, L"%s|%ls|%S|%hs|", NULL, NULL, NULL, NULL));
    ShowWide(_snwprintf(Wide, 300, L"%.3s|%.0s|%10s|%.3S", NULL, NULL, NULL, NULL));
    Print("\ncharacters:");
    ShowText(
        _snprintf(Text, 300, "%c|%5c|%-5c|%hc|%C|%lc|%05c", 'a', 'b', 'c', 'd', L'e', L'f', 'g'));
    ShowWide(_snwprintf(Wide, 300, L"%c|%5c|%-5c|%lc|%C|%hc|%05c", L'a', L'b', L'c', L'd', 'e', 'f',
                        L'g'));
    ShowText(_snprintf(Text, 300, "%c|", 0));
    Print("\nother:");
    ShowText(_snprintf(Text, 300, "%%|%"));
    ShowText(_snprintf(Text, 300, "%k|%y|%j|"));
    ShowText(_snprintf(Text, 300, "a%"));
    ShowText(_snprintf(Text, 300, "%-"));
    ShowText(_snprintf(Text, 300, "%5"));
    ShowText(_snprintf(Text, 300, ""));
    ShowText(_snprintf(Text, 300, "%wd|%wc|%ws", 5, L'x', L"y"));
    Print("\nwide in narrow:");
    ShowText(_snprintf(Text, 300, "%S|", L"\x20AC\x00E4\x3042z"));
    ShowWide(_snwprintf(Wide, 300, L"%S|%hc|", "\x80\xE4z", 0x80));
    Print("\n");
}

static int Call(char *Buffer, size_t Room, const char *Format, ...) {
    va_list Arguments;
    va_start(Arguments, Format);
    int Result = _vsnprintf(Buffer, Room, Format, Arguments);
    va_end(Arguments);
    return Result;
}

static void Rooms(void) {
    for (ULONG Room = 0; Room < 8; Room++) {
        memset(Text, '#', 20);
        Text[20] = 0;
        Print("room %lu:", Room);
        ShowText(_snprintf(Text, Room, "%s", "abcde"));
        memset(Text, '#', 20);
        ShowText(Call(Text, Room, "%d%s", 12, "cde"));
        for (ULONG i = 0; i < 20; i++) {
            Wide[i] = L'#';
        }
        Wide[20] = 0;
        ShowWide(_snwprintf(Wide, Room, L"%s", L"abcde"));
        Print("\n");
    }
    Print("no buffer: %d %d %d %d\n", _snprintf(NULL, 0, "%s", "abcde"), Call(NULL, 0, "%d", 12345),
          _snwprintf(NULL, 0, L"%s", L"abcde"), _snprintf(NULL, 0, ""));
}

static void Scan(const char *Source, const char *Format, int Numbers) {
    int Values[4] = {77, 77, 77, 77};
    int Result = sscanf(Source, Format, &Values[0], &Values[1], &Values[2], &Values[3]);
    Print("\"%s\" by \"%s\": %d", Source, Format, Result);
    for (int i = 0; i < Numbers; i++) {
        Print(" %d", Values[i]);
    }
    Print("\n");
}

static void ScanText(const char *Source, const char *Format) {
    char One[40] = "before", Two[40] = "before";
    int Result = sscanf(Source, Format, One, Two);
    Print("\"%s\" by \"%s\": %d \"%s\" \"%s\"\n", Source, Format, Result, One, Two);
}

static void Scans(void) {
    Scan("1 2 3 4", "%d %d %d %d", 4);
    Scan("1 2", "%d %d %d", 3);
    Scan("", "%d", 1);
    Scan("x", "%d", 1);
    Scan("-5 +6", "%d%d", 2);
    Scan("0x1F 017 12", "%i%i%i", 3);
    Scan("0x1F 1f", "%x%x", 2);
    Scan("17 8", "%o%o", 2);
    Scan("12345", "%2d%2d%d", 3);
    Scan("1,2", "%d,%d", 2);
    Scan("1 , 2", "%d,%d", 2);
    Scan("1 , 2", "%d ,%d", 2);
    Scan("a1b2", "a%db%d", 2);
    Scan("5%6", "%d%%%d", 2);
    Scan("12 34", "%*d %d", 1);
    Scan("4294967295", "%u", 1);
    Scan("99999999999", "%d", 1);
    Scan("-", "%d", 1);
    Scan("0x", "%i", 1);
    Scan("0x", "%x", 1);
    Scan("abc", "abc%n", 1);
    Scan("12 x", "%d%n", 2);
    ScanText("hello world", "%s %s");
    ScanText("hello", "%3s%s");
    ScanText("  hello", "%s");
    ScanText("  hello", "%c");
    ScanText("hello", "%3c");
    ScanText("abc123", "%[a-z]%s");
    ScanText("abc123", "%[^0-9]%[0-9]");
    ScanText("]x", "%[]]%s");
    ScanText("a-b", "%[a-]%s");
    ScanText("", "%s");
    ScanText("x", "%*s%s");
    short Short[2] = {77, 77};
    Print("short: %d %d\n", sscanf("70000", "%hd", &Short[0]), Short[0]);
    LONG64 Big = 77;
    int Result = sscanf("123456789012345", "%I64d", &Big);
    Print("I64: %d %I64d\n", Result, Big);
    Result = sscanf("-1", "%lld", &Big);
    Print("ll: %d %I64d\n", Result, Big);
}

void Start(void) {
    Integers();
    Strings();
    Rooms();
    Scans();
    Exit(0);
}
