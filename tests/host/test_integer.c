// sources: rtl/integer.c rtl/guid.c rtl/bitmap.c rtl/ntdos.c
//
// Numbers and GUIDs as text, bitmaps against a model, Win32 errors.

#include "hostalloc.h"

#include <string.h>

TEST(integer_to_unicode) {
    WCHAR Buffer[33];
    UNICODE_STRING String = {0, sizeof(Buffer), Buffer};
    CHECK_EQ(RtlIntegerToUnicodeString(0, 0, &String), STATUS_SUCCESS);
    CHECK(String.Length == 2 && Buffer[0] == '0' && Buffer[1] == 0);
    CHECK_EQ(RtlIntegerToUnicodeString(0xDEADBEEF, 16, &String), STATUS_SUCCESS);
    CHECK(memcmp(Buffer, L"DEADBEEF", 18) == 0);
    CHECK_EQ(RtlIntegerToUnicodeString(5, 2, &String), STATUS_SUCCESS);
    CHECK(memcmp(Buffer, L"101", 8) == 0);
    CHECK_EQ(RtlIntegerToUnicodeString(5, 7, &String), STATUS_INVALID_PARAMETER);
    String.MaximumLength = 6;
    CHECK_EQ(RtlIntegerToUnicodeString(123, 10, &String), STATUS_BUFFER_OVERFLOW);
    String.MaximumLength = 8;
    CHECK_EQ(RtlIntegerToUnicodeString(123, 10, &String), STATUS_SUCCESS);
}

TEST(integer_to_char) {
    char Buffer[8] = ".......";
    LARGE_INTEGER Large = {.QuadPart = -1};
    CHECK_EQ(RtlIntegerToChar(123, 10, 2, Buffer), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(RtlIntegerToChar(123, 10, 3, Buffer), STATUS_SUCCESS);
    CHECK(memcmp(Buffer, "123.", 4) == 0);
    CHECK_EQ(RtlIntegerToChar(45, 10, 3, Buffer), STATUS_SUCCESS);
    CHECK(memcmp(Buffer, "45\0.", 4) == 0);
    CHECK_EQ(RtlIntegerToChar(0xA, 16, -4, Buffer), STATUS_SUCCESS);
    CHECK(memcmp(Buffer, "000A.", 5) == 0);
    CHECK_EQ(RtlIntegerToChar(1, 10, 3, NULL), STATUS_ACCESS_VIOLATION);
    char Wide[65];
    CHECK_EQ(RtlLargeIntegerToChar(&Large, 16, 65, Wide), STATUS_SUCCESS);
    CHECK(strcmp(Wide, "FFFFFFFFFFFFFFFF") == 0);
    CHECK_EQ(RtlLargeIntegerToChar(&Large, 2, 64, Wide), STATUS_SUCCESS);
}

TEST(char_to_integer) {
    static const struct {
        const char *Text;
        ULONG Base, Value;
    } Cases[] = {{"", 0, 0},      {" \t42x", 0, 42}, {"-1", 10, 0xFFFFFFFF},
                 {"0x1F", 0, 31}, {"0X1F", 0, 0},    {"0b101", 0, 5},
                 {"0o17", 0, 15}, {"017", 0, 17},    {"4294967297", 10, 1},
                 {"+7", 0, 7},    {"ff", 16, 255},   {"0x10", 16, 0}};
    ULONG Value;
    for (ULONG Index = 0; Index < ARRAYSIZE(Cases); Index++) {
        Value = 99;
        CHECK_EQ(RtlCharToInteger(Cases[Index].Text, Cases[Index].Base, &Value), STATUS_SUCCESS);
        CHECK_EQ(Value, Cases[Index].Value);
    }
    CHECK_EQ(RtlCharToInteger("1", 3, &Value), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlCharToInteger("1", 10, NULL), STATUS_ACCESS_VIOLATION);
}

TEST(unicode_to_integer_stops_at_the_length) {
    UNICODE_STRING String = {4, 8, (PWSTR)L"1234"};
    ULONG Value;
    LONG64 Large;
    PWSTR End;
    CHECK_EQ(RtlUnicodeStringToInteger(&String, 10, &Value), STATUS_SUCCESS);
    CHECK_EQ(Value, 12);
    String.Length = 0;
    CHECK_EQ(RtlUnicodeStringToInteger(&String, 10, &Value), STATUS_SUCCESS);
    CHECK_EQ(Value, 0);
    String = (UNICODE_STRING){42, 42, (PWSTR)L"-9223372036854775808!"};
    CHECK_EQ(RtlUnicodeStringToInt64(&String, 10, &Large, &End), STATUS_SUCCESS);
    CHECK(Large == (-MAXLONGLONG - 1) && *End == '!');
}

TEST(guid_both_ways) {
    static const GUID Guid = {0x01234567, 0x89AB, 0xCDEF, {1, 2, 3, 4, 5, 6, 7, 0xF8}};
    UNICODE_STRING Text;
    GUID Back;
    CHECK_EQ(RtlStringFromGUID(&Guid, &Text), STATUS_SUCCESS);
    CHECK_EQ(Text.Length, 76);
    CHECK(memcmp(Text.Buffer, L"{01234567-89AB-CDEF-0102-0304050607F8}", 78) == 0);
    CHECK_EQ(RtlGUIDFromString(&Text, &Back), STATUS_SUCCESS);
    CHECK(memcmp(&Guid, &Back, sizeof(Guid)) == 0);
    Text.Buffer[3] = 'g';
    CHECK_EQ(RtlGUIDFromString(&Text, &Back), STATUS_INVALID_PARAMETER);
    Text.Length = 74;
    CHECK_EQ(RtlGUIDFromString(&Text, &Back), STATUS_INVALID_PARAMETER);
    Text.Length = 76;
    free(Text.Buffer);
}

#define BITS 133

TEST(bitmap_against_a_model) {
    static ULONG Buffer[(BITS + 31) / 32];
    static UCHAR Model[BITS];
    RTL_BITMAP Map;
    srand(2);
    RtlInitializeBitMap(&Map, Buffer, BITS);
    for (int Step = 0; Step < 30000; Step++) {
        ULONG At = (ULONG)rand() % BITS, Count = (ULONG)rand() % (BITS - At + 1);
        BOOLEAN Set = rand() % 2 != 0;
        ULONG Ones = 0, First = MAXULONG, Want = (ULONG)rand() % 20 + 1;
        if (Step % 3 != 0) {
            Count = min(Count, 9);
        }
        if (Set) {
            RtlSetBits(&Map, At, Count);
        } else {
            RtlClearBits(&Map, At, Count);
        }
        memset(Model + At, Set, Count);
        for (ULONG Bit = 0; Bit < BITS; Bit++) {
            CHECK(RtlTestBit(&Map, Bit) == Model[Bit]);
            Ones += Model[Bit];
        }
        CHECK_EQ(RtlNumberOfSetBits(&Map), Ones);
        CHECK_EQ(RtlNumberOfClearBits(&Map), BITS - Ones);
        for (ULONG Bit = 0; Bit + Want <= BITS && First == MAXULONG; Bit++) {
            if (memchr(Model + Bit, 1, Want) == NULL) {
                First = Bit;
            }
        }
        CHECK_EQ(RtlFindClearBits(&Map, Want, 0), First);
        if (First != MAXULONG) {
            ULONG Hinted = RtlFindClearBits(&Map, Want, At);
            CHECK(Hinted != MAXULONG && RtlAreBitsClear(&Map, Hinted, Want));
        } else {
            CHECK_EQ(RtlFindClearBits(&Map, Want, At), MAXULONG);
        }
    }
}

TEST(bitmap_edges) {
    ULONG Buffer[2] = {0, 0}, Start;
    RTL_BITMAP Map = {64, Buffer};
    CHECK_EQ(RtlFindClearBitsAndSet(&Map, 64, 0), 0);
    CHECK_EQ(RtlFindClearBits(&Map, 1, 0), MAXULONG);
    CHECK_EQ(RtlFindClearBits(&Map, 65, 0), MAXULONG);
    RtlClearBits(&Map, 31, 2);
    CHECK_EQ(RtlFindClearBits(&Map, 2, 40), 31);
    CHECK_EQ(RtlFindLongestRunClear(&Map, &Start), 2);
    CHECK_EQ(Start, 31);
    CHECK(!RtlAreBitsClear(&Map, 63, 2) && !RtlAreBitsSet(&Map, 0, 0));
    CHECK_EQ(RtlFindNextForwardRunClear(&Map, 33, &Start), 0);
    CHECK_EQ(RtlFindMostSignificantBit(0), -1);
    CHECK_EQ(RtlFindMostSignificantBit(1ull << 63), 63);
    CHECK_EQ(RtlFindLeastSignificantBit(0x50), 4);
}

TEST(dos_errors) {
    CHECK_EQ(RtlNtStatusToDosError(STATUS_SUCCESS), 0);
    CHECK_EQ(RtlNtStatusToDosError(STATUS_ACCESS_DENIED), 5);
    CHECK_EQ(RtlNtStatusToDosError(STATUS_INVALID_HANDLE), 6);
    CHECK_EQ(RtlNtStatusToDosError(STATUS_NO_MEMORY), 8);
    CHECK_EQ(RtlNtStatusToDosError(STATUS_OBJECT_NAME_NOT_FOUND), 2);
    CHECK_EQ(RtlNtStatusToDosError(STATUS_OBJECT_PATH_NOT_FOUND), 3);
    CHECK_EQ(RtlNtStatusToDosError(STATUS_DLL_NOT_FOUND), 126);
    CHECK_EQ(RtlNtStatusToDosError(STATUS_ENTRYPOINT_NOT_FOUND), 127);
    CHECK_EQ(RtlNtStatusToDosError(STATUS_PENDING), 997);
    CHECK_EQ(RtlNtStatusToDosError(STATUS_TIMEOUT), 1460);
    CHECK_EQ(RtlNtStatusToDosError((NTSTATUS)0xE06D7363), 0xE06D7363u);
    CHECK_EQ(RtlNtStatusToDosError((NTSTATUS)0x80070005), 5);
    CHECK_EQ(RtlNtStatusToDosError((NTSTATUS)0xD0000022), 5);
    CHECK_EQ(RtlNtStatusToDosError((NTSTATUS)0xC0FFFFFF), 317);
}

TEST(dos_table_is_sorted) {
    static const struct {
        NTSTATUS Status;
        ULONG Error;
    } Pairs[] = {
#include "../../rtl/ntdosmap.h"
    };
    for (ULONG Index = 1; Index < ARRAYSIZE(Pairs); Index++) {
        CHECK((ULONG)Pairs[Index - 1].Status < (ULONG)Pairs[Index].Status);
    }
    for (ULONG Index = 0; Index < ARRAYSIZE(Pairs); Index++) {
        CHECK_EQ(RtlNtStatusToDosErrorNoTeb(Pairs[Index].Status), Pairs[Index].Error);
    }
}
