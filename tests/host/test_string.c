// sources: rtl/string/string.c rtl/string/stringcmp.c rtl/string/stringansi.c rtl/string/stringalloc.c rtl/string/stringconv.c
// rtl/string/codepage.c rtl/string/utf8.c rtl/string/upcase.c
//
// Counted strings: limits of 65534 bytes, embedded nulls, odd lengths, rooms too small by one.

#include "hostalloc.h"

#include <string.h>

static UNICODE_STRING Unicode(const WCHAR *Text) {
    UNICODE_STRING String;
    RtlInitUnicodeString(&String, Text);
    return String;
}

static ANSI_STRING Ansi(const char *Text) {
    ANSI_STRING String;
    RtlInitAnsiString(&String, Text);
    return String;
}

static WCHAR *LongText(size_t Count) {
    WCHAR *Text = malloc((Count + 1) * sizeof(WCHAR));
    for (size_t Index = 0; Index < Count; Index++) {
        Text[Index] = 'x';
    }
    Text[Count] = 0;
    return Text;
}

static BOOLEAN IsText(const UNICODE_STRING *String, const WCHAR *Text) {
    UNICODE_STRING Expected = Unicode(Text);
    return RtlEqualUnicodeString(String, &Expected, FALSE);
}

TEST(init_null_is_empty) {
    UNICODE_STRING String = Unicode(NULL);
    CHECK(String.Length == 0 && String.MaximumLength == 0 && String.Buffer == NULL);
    CHECK_EQ(RtlInitUnicodeStringEx(&String, NULL), STATUS_SUCCESS);
}

TEST(init_counts_the_terminator_as_room) {
    UNICODE_STRING String = Unicode(L"abc");
    CHECK_EQ(String.Length, 6);
    CHECK_EQ(String.MaximumLength, 8);
    String = Unicode(L"");
    CHECK(String.Length == 0 && String.MaximumLength == 2 && String.Buffer != NULL);
}

TEST(init_cuts_off_what_is_too_long) {
    WCHAR *Text = LongText(40000);
    UNICODE_STRING String = Unicode(Text);
    CHECK_EQ(String.Length, 65532);
    CHECK_EQ(String.MaximumLength, 65534);
    String.Length = 77;
    CHECK_EQ(RtlInitUnicodeStringEx(&String, Text), STATUS_NAME_TOO_LONG);
    CHECK_EQ(String.Length, 77);
    Text[32766] = 0;
    CHECK_EQ(RtlInitUnicodeStringEx(&String, Text), STATUS_SUCCESS);
    CHECK_EQ(String.Length, 65532);
    free(Text);
}

TEST(init_ansi_limits) {
    char *Text = malloc(70001);
    ANSI_STRING String;
    memset(Text, 'x', 70000);
    Text[70000] = 0;
    RtlInitAnsiString(&String, Text);
    CHECK_EQ(String.Length, 65534);
    CHECK_EQ(String.MaximumLength, 65535);
    CHECK_EQ(RtlInitAnsiStringEx(&String, Text), STATUS_NAME_TOO_LONG);
    Text[65534] = 0;
    CHECK_EQ(RtlInitAnsiStringEx(&String, Text), STATUS_SUCCESS);
    free(Text);
}

TEST(copy_takes_what_fits) {
    WCHAR Buffer[4] = {'1', '2', '3', '4'};
    UNICODE_STRING To = {0, 6, Buffer};
    UNICODE_STRING From = Unicode(L"abcdef");
    RtlCopyUnicodeString(&To, &From);
    CHECK_EQ(To.Length, 6);
    CHECK(memcmp(Buffer, L"abc4", 8) == 0); /* no terminator beyond the room */
    From = Unicode(L"z");
    RtlCopyUnicodeString(&To, &From);
    CHECK(memcmp(Buffer, L"z\0c4", 8) == 0);
    RtlCopyUnicodeString(&To, NULL);
    CHECK_EQ(To.Length, 0);
}

TEST(append_is_all_or_nothing) {
    WCHAR Buffer[6];
    UNICODE_STRING To = {0, 10, Buffer};
    Buffer[5] = '!';
    CHECK_EQ(RtlAppendUnicodeToString(&To, L"abc"), STATUS_SUCCESS);
    CHECK_EQ(RtlAppendUnicodeToString(&To, L"def"), STATUS_BUFFER_TOO_SMALL);
    CHECK(IsText(&To, L"abc"));
    CHECK_EQ(RtlAppendUnicodeToString(&To, L"de"), STATUS_SUCCESS);
    CHECK(IsText(&To, L"abcde") && Buffer[5] == '!');
    CHECK_EQ(RtlAppendUnicodeToString(&To, NULL), STATUS_SUCCESS);
    CHECK_EQ(RtlAppendUnicodeStringToString(&To, &To), STATUS_BUFFER_TOO_SMALL);
}

TEST(append_near_the_limit) {
    WCHAR *Buffer = LongText(32767);
    WCHAR *Long = LongText(50000);
    UNICODE_STRING To = {65532, 65534, Buffer};
    UNICODE_STRING From = {65534, 65534, Buffer};
    CHECK_EQ(RtlAppendUnicodeStringToString(&To, &From), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(RtlAppendUnicodeToString(&To, Long), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(RtlAppendUnicodeToString(&To, L"y"), STATUS_SUCCESS);
    CHECK_EQ(To.Length, 65534);
    free(Buffer);
    free(Long);
}

TEST(compare_orders_by_value_and_length) {
    UNICODE_STRING A = Unicode(L"abc"), B = Unicode(L"ABD"), C = Unicode(L"ab");
    CHECK(RtlCompareUnicodeString(&A, &B, FALSE) > 0);
    CHECK(RtlCompareUnicodeString(&A, &B, TRUE) < 0);
    CHECK(RtlCompareUnicodeString(&B, &A, TRUE) > 0);
    CHECK(RtlCompareUnicodeString(&A, &C, TRUE) > 0);
    CHECK(RtlCompareUnicodeString(&C, &A, TRUE) < 0);
    CHECK_EQ(RtlCompareUnicodeString(&A, &A, FALSE), 0);
}

TEST(equal_looks_past_nulls) {
    UNICODE_STRING A = {6, 6, (PWSTR)L"a\0b"}, B = {6, 6, (PWSTR)L"a\0c"};
    CHECK(!RtlEqualUnicodeString(&A, &B, TRUE));
    CHECK(RtlEqualUnicodeString(&A, &A, TRUE));
}

TEST(equal_ignores_an_odd_byte) {
    UNICODE_STRING A = {5, 6, (PWSTR)L"abc"}, B = {5, 6, (PWSTR)L"abd"};
    CHECK(RtlEqualUnicodeString(&A, &B, FALSE));
}

TEST(prefix_and_suffix) {
    UNICODE_STRING Path = Unicode(L"\\Device\\Null"), Start = Unicode(L"\\DEVICE"), Empty = {0};
    UNICODE_STRING End = Unicode(L"null"), Longer = Unicode(L"\\Device\\Null2");
    CHECK(RtlPrefixUnicodeString(&Start, &Path, TRUE));
    CHECK(!RtlPrefixUnicodeString(&Start, &Path, FALSE));
    CHECK(RtlPrefixUnicodeString(&Empty, &Path, FALSE));
    CHECK(!RtlPrefixUnicodeString(&Longer, &Path, TRUE));
    CHECK(RtlSuffixUnicodeString(&End, &Path, TRUE));
    CHECK(!RtlSuffixUnicodeString(&End, &Path, FALSE));
}

TEST(upcase_of_letters_beyond_ascii) {
    CHECK_EQ(RtlUpcaseUnicodeChar(0xE9), 0xC9);
    CHECK_EQ(RtlUpcaseUnicodeChar(0xFF), 0x178);
    CHECK_EQ(RtlUpcaseUnicodeChar(0xB5), 0xB5);
    CHECK_EQ(RtlUpcaseUnicodeChar(0xDF), 0xDF);
    CHECK_EQ(RtlUpcaseUnicodeChar(0x131), 0x131);
    CHECK_EQ(RtlUpcaseUnicodeChar(0x3C2), 0x3C2);
    CHECK_EQ(RtlUpcaseUnicodeChar(0x44F), 0x42F);
    CHECK_EQ(RtlUpcaseUnicodeChar(0xFF5A), 0xFF3A);
    CHECK_EQ(RtlUpcaseUnicodeChar(0xD801), 0xD801);
    CHECK_EQ(RtlDowncaseUnicodeChar(0x130), 0x130);
    CHECK_EQ(RtlDowncaseUnicodeChar(0x178), 0xFF);
    CHECK_EQ(RtlDowncaseUnicodeChar('['), '[');
    CHECK_EQ(RtlUpcaseUnicodeChar('`'), '`');
    CHECK_EQ(RtlUpcaseUnicodeChar('{'), '{');
}

TEST(upcase_of_a_string) {
    WCHAR Buffer[3];
    UNICODE_STRING To = {0, 4, Buffer}, From = Unicode(L"a\xE9z");
    CHECK_EQ(RtlUpcaseUnicodeString(&To, &From, FALSE), STATUS_BUFFER_OVERFLOW);
    To.MaximumLength = 6;
    CHECK_EQ(RtlUpcaseUnicodeString(&To, &From, FALSE), STATUS_SUCCESS);
    CHECK(IsText(&To, L"A\xC9Z"));
    CHECK_EQ(RtlDowncaseUnicodeString(&To, &To, FALSE), STATUS_SUCCESS);
    CHECK(IsText(&To, L"a\xE9z"));
    CHECK_EQ(RtlUpcaseUnicodeString(&To, &From, TRUE), STATUS_SUCCESS);
    CHECK_EQ(To.MaximumLength, 6);
    RtlFreeUnicodeString(&To);
    CHECK(To.Buffer == NULL && HostAllocated == 0);
}

TEST(duplicate_flags) {
    UNICODE_STRING From = Unicode(L"abc"), Empty = {0, 0, NULL}, To;
    UNICODE_STRING Odd = {3, 8, From.Buffer}, Full = {65534, 65534, LongText(32767)};
    CHECK_EQ(RtlDuplicateUnicodeString(4, &From, &To), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlDuplicateUnicodeString(2, &From, &To), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlDuplicateUnicodeString(0, &Odd, &To), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlDuplicateUnicodeString(1, &Full, &To), STATUS_NAME_TOO_LONG);
    CHECK_EQ(RtlDuplicateUnicodeString(0, &From, &To), STATUS_SUCCESS);
    CHECK(To.MaximumLength == 6 && IsText(&To, L"abc"));
    RtlFreeUnicodeString(&To);
    CHECK_EQ(RtlDuplicateUnicodeString(1, &From, &To), STATUS_SUCCESS);
    CHECK(To.MaximumLength == 8 && To.Buffer[3] == 0);
    RtlFreeUnicodeString(&To);
    CHECK_EQ(RtlDuplicateUnicodeString(1, &Empty, &To), STATUS_SUCCESS);
    CHECK(To.Buffer == NULL && To.MaximumLength == 0);
    CHECK_EQ(RtlDuplicateUnicodeString(3, &Empty, &To), STATUS_SUCCESS);
    CHECK(To.Buffer != NULL && To.MaximumLength == 2 && To.Buffer[0] == 0);
    RtlFreeUnicodeString(&To);
    free(Full.Buffer);
    CHECK_EQ(HostAllocated, 0);
}

TEST(no_memory_is_a_status) {
    UNICODE_STRING From = Unicode(L"abc"), To = {0};
    ANSI_STRING AnsiTo = {0}, AnsiFrom = Ansi("abc");
    HostAllocateFails = TRUE;
    CHECK_EQ(RtlDuplicateUnicodeString(1, &From, &To), STATUS_NO_MEMORY);
    CHECK_EQ(RtlUpcaseUnicodeString(&To, &From, TRUE), STATUS_NO_MEMORY);
    CHECK_EQ(RtlAnsiStringToUnicodeString(&To, &AnsiFrom, TRUE), STATUS_NO_MEMORY);
    CHECK_EQ(RtlUnicodeStringToAnsiString(&AnsiTo, &From, TRUE), STATUS_NO_MEMORY);
    CHECK(!RtlCreateUnicodeString(&To, L"abc"));
    HostAllocateFails = FALSE;
}

TEST(create_and_free) {
    UNICODE_STRING To;
    WCHAR *Text = LongText(32767);
    CHECK(RtlCreateUnicodeString(&To, L"abc"));
    CHECK(To.Length == 6 && To.MaximumLength == 8 && To.Buffer[3] == 0);
    RtlFreeUnicodeString(&To);
    RtlFreeUnicodeString(&To);
    CHECK(!RtlCreateUnicodeString(&To, Text));
    CHECK(RtlCreateUnicodeStringFromAsciiz(&To, "\x80"));
    CHECK_EQ(To.Buffer[0], 0x20AC);
    RtlFreeUnicodeString(&To);
    CHECK_EQ(HostAllocated, 0);
    free(Text);
}

TEST(find_characters) {
    UNICODE_STRING Path = Unicode(L"C:\\a\\b"), Slash = Unicode(L"\\"), Set = Unicode(L"AC:\\");
    USHORT At;
    CHECK_EQ(RtlFindCharInUnicodeString(0, &Path, &Slash, &At), STATUS_SUCCESS);
    CHECK_EQ(At, 6);
    CHECK_EQ(RtlFindCharInUnicodeString(1, &Path, &Slash, &At), STATUS_SUCCESS);
    CHECK_EQ(At, 8);
    CHECK_EQ(RtlFindCharInUnicodeString(2, &Path, &Set, &At), STATUS_SUCCESS);
    CHECK_EQ(At, 8);
    CHECK_EQ(RtlFindCharInUnicodeString(6, &Path, &Set, &At), STATUS_SUCCESS);
    CHECK_EQ(At, 12);
    CHECK_EQ(RtlFindCharInUnicodeString(8, &Path, &Set, &At), STATUS_INVALID_PARAMETER);
    Slash = Unicode(L"?");
    CHECK_EQ(RtlFindCharInUnicodeString(0, &Path, &Slash, &At), STATUS_NOT_FOUND);
    CHECK_EQ(At, 0);
}

TEST(hash_is_x65599) {
    UNICODE_STRING String = Unicode(L"ab");
    ULONG Hash;
    CHECK_EQ(RtlHashUnicodeString(&String, FALSE, 1, &Hash), STATUS_SUCCESS);
    CHECK_EQ(Hash, (ULONG)('a' * 65599u + 'b'));
    CHECK_EQ(RtlHashUnicodeString(&String, TRUE, 0, &Hash), STATUS_SUCCESS);
    CHECK_EQ(Hash, (ULONG)('A' * 65599u + 'B'));
    CHECK_EQ(RtlHashUnicodeString(&String, TRUE, 2, &Hash), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlHashUnicodeString(NULL, TRUE, 0, &Hash), STATUS_INVALID_PARAMETER);
}

TEST(ansi_to_unicode_needs_room_for_the_terminator) {
    WCHAR Buffer[4];
    UNICODE_STRING To = {0, 6, Buffer};
    ANSI_STRING From = Ansi("abc");
    CHECK_EQ(RtlAnsiStringToUnicodeString(&To, &From, FALSE), STATUS_BUFFER_OVERFLOW);
    To.MaximumLength = 8;
    CHECK_EQ(RtlAnsiStringToUnicodeString(&To, &From, FALSE), STATUS_SUCCESS);
    CHECK(To.Length == 6 && Buffer[3] == 0 && IsText(&To, L"abc"));
    From.Length = 32767;
    CHECK_EQ(RtlAnsiStringToUnicodeString(&To, &From, TRUE), STATUS_INVALID_PARAMETER_2);
}

TEST(unicode_to_ansi_is_cut_off) {
    char Buffer[4] = "....";
    ANSI_STRING To = {0, 3, Buffer};
    UNICODE_STRING From = Unicode(L"abc");
    CHECK_EQ(RtlUnicodeStringToAnsiString(&To, &From, FALSE), STATUS_BUFFER_OVERFLOW);
    CHECK(To.Length == 2 && memcmp(Buffer, "ab\0.", 4) == 0);
    To.MaximumLength = 0;
    CHECK_EQ(RtlUnicodeStringToAnsiString(&To, &From, FALSE), STATUS_BUFFER_OVERFLOW);
    From = Unicode(L"\x20AC\x4E00");
    CHECK_EQ(RtlUnicodeStringToAnsiString(&To, &From, TRUE), STATUS_SUCCESS);
    CHECK(To.Length == 2 && To.MaximumLength == 3 && memcmp(To.Buffer, "\x80?", 3) == 0);
    RtlFreeAnsiString(&To);
    CHECK_EQ(RtlUnicodeStringToOemString(&To, &From, TRUE), STATUS_SUCCESS);
    CHECK(memcmp(To.Buffer, "??", 3) == 0);
    RtlFreeOemString(&To);
    CHECK_EQ(HostAllocated, 0);
}

TEST(ansi_strings) {
    char Buffer[4];
    STRING To = {0, 4, Buffer}, Abc = Ansi("abc"), Upper = Ansi("ABC");
    CHECK(RtlEqualString(&Abc, &Upper, TRUE) && !RtlEqualString(&Abc, &Upper, FALSE));
    CHECK(RtlCompareString(&Abc, &Upper, FALSE) > 0);
    CHECK_EQ(RtlAppendStringToString(&To, &Abc), STATUS_SUCCESS);
    CHECK_EQ(RtlAppendAsciizToString(&To, "de"), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(RtlAppendAsciizToString(&To, NULL), STATUS_SUCCESS);
    RtlUpperString(&To, &To);
    CHECK(memcmp(Buffer, "ABC", 3) == 0);
    CHECK_EQ((UCHAR)RtlUpperChar((CHAR)0xE9), 0xE9);
    CHECK_EQ((UCHAR)RtlUpperChar((CHAR)0xFF), 0xFF);
    CHECK_EQ((UCHAR)RtlUpperChar((CHAR)0xDF), 0xDF);
    CHECK(RtlPrefixString(&Upper, &Abc, TRUE));
}

TEST(utf8_round_trip_of_every_character) {
    for (ULONG Code = 1; Code < 0x110000; Code += Code < 0x3000 ? 1 : 257) {
        WCHAR In[2] = {(WCHAR)Code, 0}, Out[2] = {0};
        ULONG InBytes = Code < 0x10000 ? 2 : 4, Bytes, Back;
        char Text[4];
        if (Code >= 0xD800 && Code < 0xE000) {
            continue;
        }
        if (Code >= 0x10000) {
            In[0] = (WCHAR)(0xD7C0 + (Code >> 10));
            In[1] = (WCHAR)(0xDC00 + (Code & 0x3FF));
        }
        CHECK_EQ(RtlUnicodeToUTF8N(Text, 4, &Bytes, In, InBytes), STATUS_SUCCESS);
        CHECK_EQ(RtlUTF8ToUnicodeN(Out, 4, &Back, Text, Bytes), STATUS_SUCCESS);
        CHECK(Back == InBytes && In[0] == Out[0] && In[1] == Out[1]);
    }
}

TEST(utf8_malformed) {
    static const struct {
        const char *Bytes;
        ULONG Replacements;
    } Cases[] = {{"\xC0\x80", 2}, {"\xE0\x80\x80", 2}, {"\xED\xA0\x80", 2}, {"\xF4\x90\x80\x80", 3},
                 {"\xE2\x82", 1}, {"\xF0\x9F\x98", 1}, {"\x80", 1},         {"\xFF", 1}};
    for (ULONG Index = 0; Index < ARRAYSIZE(Cases); Index++) {
        WCHAR Out[8];
        ULONG Bytes;
        CHECK_EQ(RtlUTF8ToUnicodeN(Out, sizeof(Out), &Bytes, Cases[Index].Bytes,
                                   (ULONG)strlen(Cases[Index].Bytes)),
                 STATUS_SOME_NOT_MAPPED);
        CHECK_EQ(Bytes / 2, Cases[Index].Replacements);
        CHECK_EQ(Out[0], 0xFFFD);
    }
}

TEST(utf8_room_and_parameters) {
    WCHAR Pair[2] = {0xD83D, 0xDE00}, Out[2];
    char Text[4];
    ULONG Bytes;
    CHECK_EQ(RtlUnicodeToUTF8N(Text, 3, &Bytes, Pair, 4), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(Bytes, 0);
    CHECK_EQ(RtlUnicodeToUTF8N(NULL, 0, &Bytes, Pair, 4), STATUS_SUCCESS);
    CHECK_EQ(Bytes, 4);
    CHECK_EQ(RtlUnicodeToUTF8N(Text, 4, &Bytes, Pair, 2), STATUS_SOME_NOT_MAPPED);
    CHECK(Bytes == 3 && memcmp(Text, "\xEF\xBF\xBD", 3) == 0);
    CHECK_EQ(RtlUnicodeToUTF8N(Text, 4, &Bytes, Pair, 3), STATUS_INVALID_PARAMETER_5);
    CHECK_EQ(RtlUnicodeToUTF8N(Text, 4, &Bytes, NULL, 2), STATUS_INVALID_PARAMETER_4);
    CHECK_EQ(RtlUnicodeToUTF8N(NULL, 4, NULL, Pair, 2), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUTF8ToUnicodeN(Out, 2, &Bytes, "\xF0\x9F\x98\x80", 4), STATUS_SUCCESS);
    CHECK(Bytes == 2 && Out[0] == 0xD83D);
    CHECK_EQ(RtlUTF8ToUnicodeN(Out, 2, &Bytes, "\xF0\x9F\x98\x80z", 5), STATUS_BUFFER_TOO_SMALL);
}
