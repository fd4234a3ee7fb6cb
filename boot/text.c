/*
 * text.c - strings, and the memory functions that compilers call for copies and clears
 *
 * Copies move eight bytes at a time: an instruction counter charges `rep` for every element.
 */
#include "boot.h"

void *memcpy(void *To, const void *From, size_t Size) {
    void *Result = To;
    size_t Words = Size / 8;
    size_t Rest = Size % 8;
    __asm__ volatile("rep movsq" : "+D"(To), "+S"(From), "+c"(Words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(To), "+S"(From), "+c"(Rest) : : "memory");
    return Result;
}

void *memset(void *To, int Value, size_t Size) {
    void *Result = To;
    size_t Words = Size / 8;
    size_t Rest = Size % 8;
    uint64_t Pattern = 0x0101010101010101ULL * (unsigned char)Value;
    __asm__ volatile("rep stosq" : "+D"(To), "+c"(Words) : "a"(Pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(To), "+c"(Rest) : "a"(Pattern) : "memory");
    return Result;
}

int memcmp(const void *A, const void *B, size_t Size) {
    const unsigned char *Left = A;
    const unsigned char *Right = B;
    for (size_t At = 0; At < Size; At++) {
        if (Left[At] != Right[At])
            return Left[At] - Right[At];
    }
    return 0;
}

/* Appends as much of Text as fits before End and terminates it with NUL; returns the new end. */
PSTR BootAppend(PSTR To, PCSTR End, PCSTR Text) {
    while (*Text != 0 && To + 1 < End)
        *To++ = *Text++;
    *To = 0;
    return To;
}

PSTR BootAppendHex(PSTR To, PCSTR End, ULONG Value) {
    CHAR Digits[9];
    for (ULONG At = 0; At < 8; At++)
        Digits[At] = "0123456789ABCDEF"[Value >> (28 - 4 * At) & 15];
    Digits[8] = 0;
    return BootAppend(To, End, Digits);
}

PSTR BootAppendDecimal(PSTR To, PCSTR End, ULONG64 Value) {
    CHAR Digits[21];
    ULONG At = sizeof(Digits) - 1;
    Digits[At] = 0;
    do {
        Digits[--At] = (CHAR)('0' + Value % 10);
        Value /= 10;
    } while (Value != 0);
    return BootAppend(To, End, Digits + At);
}

SIZE_T BootWideLength(PCWSTR Text) {
    SIZE_T Length = 0;
    while (Text[Length] != 0)
        Length++;
    return Length;
}

static WCHAR ToUpper(WCHAR Character) {
    return Character >= 'a' && Character <= 'z' ? (WCHAR)(Character - 'a' + 'A') : Character;
}

/* Compares ASCII letters without regard to case; other characters must be identical. */
BOOLEAN BootEqualNames(PCWSTR A, SIZE_T LengthA, PCWSTR B, SIZE_T LengthB) {
    if (LengthA != LengthB)
        return FALSE;
    for (SIZE_T At = 0; At < LengthA; At++) {
        if (A[At] != B[At] && ToUpper(A[At]) != ToUpper(B[At]))
            return FALSE;
    }
    return TRUE;
}

/* Reads one UTF-8 character; a malformed byte is read as Latin-1. */
static ULONG DecodeUtf8(PCSTR *Text, PCSTR End) {
    const UCHAR *At = (const UCHAR *)*Text;
    ULONG Extra = *At >= 0xF0 ? 3 : *At >= 0xE0 ? 2 : *At >= 0xC2 ? 1 : 0;
    ULONG Code = *At & (Extra == 0 ? 0xFFu : 0x3Fu >> Extra);
    *Text += 1;
    if (Extra > (SIZE_T)(End - *Text))
        return *At;
    for (ULONG Index = 1; Index <= Extra; Index++) {
        if ((At[Index] & 0xC0) != 0x80)
            return *At;
        Code = Code << 6 | (At[Index] & 0x3Fu);
    }
    *Text += Extra;
    return Code;
}

/* Converts UTF-8 to UTF-16 with a NUL, truncated to Room; returns the length without the NUL. */
SIZE_T BootWiden(PWSTR To, SIZE_T Room, PCSTR From, SIZE_T Length) {
    PCSTR End = From + Length;
    SIZE_T Written = 0;
    while (From < End && Written + 2 < Room) {
        ULONG Code = DecodeUtf8(&From, End);
        if (Code >= 0x10000) {
            Code -= 0x10000;
            To[Written++] = (WCHAR)(0xD800 + (Code >> 10 & 0x3FF));
            Code = 0xDC00 + (Code & 0x3FF);
        }
        To[Written++] = (WCHAR)Code;
    }
    To[Written] = 0;
    return Written;
}
