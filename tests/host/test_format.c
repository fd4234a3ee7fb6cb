// sources: rtl/format/format.c rtl/format/fmtfloat.c rtl/format/printf.c rtl/string/codepage.c rtl/string/upcase.c
//
// Formatted output by Microsoft's rules; what the C standard says too is compared with the host's
// own printf, floating point by the thousands.

#include "host.h"

#include <math.h>
#include <string.h>

static char Text[1200];

#define FORMATS(Expected, ...)                                                                     \
    do {                                                                                           \
        int Length = _snprintf(Text, sizeof(Text), __VA_ARGS__);                                   \
        if (strcmp(Text, Expected) != 0 || Length != (int)strlen(Expected)) {                      \
            snprintf(HostReason, sizeof(HostReason), "%s:%d: '%s' (%d), not '%s'", __FILE__,       \
                     __LINE__, Text, Length, Expected);                                            \
            longjmp(HostFailed, 1);                                                                \
        }                                                                                          \
    } while (0)

TEST(integers) {
    FORMATS("0 -1 4294967295", "%d %d %u", 0, -1, -1);
    FORMATS("-2147483648 -9223372036854775808", "%d %I64d", MINLONG, -MAXLONGLONG - 1);
    FORMATS("18446744073709551615 ffffffff FFFFFFFFFFFFFFFF", "%I64u %x %I64X", -1LL, -1, -1LL);
    FORMATS("1777777777777777777777", "%I64o", -1LL);
    FORMATS("[   42] [42   ] [00042] [+42] [ 42]", "[%5d] [%-5d] [%05d] [%+d] [% d]", 42, 42, 42,
            42, 42);
    FORMATS("[  042] [] [0] [0x2a] [0X2A] [052] [0] [0]",
            "[%5.3d] [%.0d] [%d] [%#x] [%#X] [%#o] "
            "[%#x] [%#.0o]",
            42, 0, 0, 42, 42, 42, 0, 0);
    FORMATS("-1 255 -1 65535", "%hhd %hhu %hd %hu", -1, -1, -1, -1);
    FORMATS("5 7 9 9", "%ld %lld %I32d %Id", 5, 7LL, 9, 9LL);
    FORMATS("[   7] [7   ]", "[%*d] [%*d]", 4, 7, -4, 7);
}

TEST(pointers) {
    FORMATS("0000000000000000 FFFFF80000001234", "%p %p", NULL, (void *)0xFFFFF80000001234ull);
}

TEST(text) {
    UNICODE_STRING Wide = {6, 8, (PWSTR)L"xyzzy"}, None = {0, 0, NULL};
    ANSI_STRING Narrow = {2, 8, "pqr"};
    FORMATS("abc [ab] [  abc] [abc  ]", "%s [%.2s] [%5s] [%-5s]", "abc", "abc", "abc", "abc");
    FORMATS("wide wide wide narrow", "%S %ws %ls %hs", L"wide", L"wide", L"wide", "narrow");
    FORMATS("(null) (null)", "%s %S", NULL, NULL);
    FORMATS("xyz pq (null) (null)", "%wZ %Z %wZ %Z", &Wide, &Narrow, &None, NULL);
    FORMATS("aB%q", "%c%C%%%q", 'a', L'B');
    FORMATS("\x80?", "%S", L"\x20AC\x4E00");
    FORMATS("end", "end%");
}

TEST(wide_output) {
    WCHAR Buffer[20];
    CHECK_EQ(_snwprintf(Buffer, 20, L"%s|%S|%hs|%d", L"w", "n", "m", 7), 7);
    CHECK(memcmp(Buffer, L"w|n|m|7", 16) == 0);
    CHECK_EQ(_snwprintf(Buffer, 3, L"abcd"), -1);
}

TEST(room) {
    memset(Text, '.', 8);
    CHECK_EQ(_snprintf(Text, 3, "abc"), 3);
    CHECK(memcmp(Text, "abc.", 4) == 0);
    CHECK_EQ(_snprintf(Text, 2, "xyz"), -1);
    CHECK(memcmp(Text, "xyc.", 4) == 0);
    CHECK_EQ(_snprintf(Text, 4, "abc"), 3);
    CHECK(memcmp(Text, "abc\0.", 5) == 0);
    CHECK_EQ(_snprintf(NULL, 0, "%s", "hello"), 5);
    CHECK_EQ(_snprintf(Text, 0, "a"), -1);
}

TEST(nothing_is_written_by_n) {
    int Value = 77;
    FORMATS("ab", "a%nb", &Value);
    CHECK_EQ(Value, 77);
}

static void CompareDouble(double Value) {
    static const char *const Formats[] = {"%f",    "%e",    "%g",      "%.0f",     "%.0e", "%.17g",
                                          "%#.0f", "%+.3f", "%012.4f", "%-14.2eX", "%.1f", "%G"};
    char Expected[1200];
    for (ULONG Index = 0; Index < ARRAYSIZE(Formats); Index++) {
        snprintf(Expected, sizeof(Expected), Formats[Index], Value);
        FORMATS(Expected, Formats[Index], Value);
    }
}

TEST(doubles_like_the_host) {
    static const double Values[] = {0.0,
                                    -0.0,
                                    1.0,
                                    0.5,
                                    1.5,
                                    2.5,
                                    0.1,
                                    9.995,
                                    999999.5,
                                    1e15,
                                    1e16,
                                    1e22,
                                    1e23,
                                    123456789.0,
                                    1e-4,
                                    9.9999e-5,
                                    5e-324,
                                    2.2250738585072014e-308,
                                    1.7976931348623157e308,
                                    0.125,
                                    1e100,
                                    -3.14159265358979};
    for (ULONG Index = 0; Index < ARRAYSIZE(Values); Index++) {
        CompareDouble(Values[Index]);
    }
    srand(3);
    for (int Step = 0; Step < 3000; Step++) {
        ULONG64 Bits = (ULONG64)rand() << 42 ^ (ULONG64)rand() << 21 ^ (ULONG64)rand();
        double Value;
        memcpy(&Value, &Bits, sizeof(Value));
        if (isfinite(Value)) {
            CompareDouble(Value);
        }
        CompareDouble((rand() - 1000000000) / 1024.0);
    }
}

TEST(doubles_with_all_digits) {
    /* Not compared: some versions of the host's library drop the zeros of the second. */
    FORMATS("1.00000 1.00000e+06 0.000100000", "%#g %#g %#g", 1.0, 999999.5, 1e-4);
}

TEST(doubles_that_are_no_numbers) {
    FORMATS("inf -inf [  inf] INF", "%f %f [%05.1f] %F", INFINITY, -INFINITY, INFINITY, INFINITY);
    FORMATS("nan", "%g", NAN);
}
