/*
 * md5.c - the MD5 digest
 *
 * Source: RFC 1321.
 */
#include "hashp.h"

/* The integer part of 2^32 * |sin(i + 1)|. */
static const ULONG RtlpMd5Sines[64] = {
    0xD76AA478, 0xE8C7B756, 0x242070DB, 0xC1BDCEEE, 0xF57C0FAF, 0x4787C62A, 0xA8304613, 0xFD469501,
    0x698098D8, 0x8B44F7AF, 0xFFFF5BB1, 0x895CD7BE, 0x6B901122, 0xFD987193, 0xA679438E, 0x49B40821,
    0xF61E2562, 0xC040B340, 0x265E5A51, 0xE9B6C7AA, 0xD62F105D, 0x02441453, 0xD8A1E681, 0xE7D3FBC8,
    0x21E1CDE6, 0xC33707D6, 0xF4D50D87, 0x455A14ED, 0xA9E3E905, 0xFCEFA3F8, 0x676F02D9, 0x8D2A4C8A,
    0xFFFA3942, 0x8771F681, 0x6D9D6122, 0xFDE5380C, 0xA4BEEA44, 0x4BDECFA9, 0xF6BB4B60, 0xBEBFBC70,
    0x289B7EC6, 0xEAA127FA, 0xD4EF3085, 0x04881D05, 0xD9D4D039, 0xE6DB99E5, 0x1FA27CF8, 0xC4AC5665,
    0xF4292244, 0x432AFF97, 0xAB9423A7, 0xFC93A039, 0x655B59C3, 0x8F0CCC92, 0xFFEFF47D, 0x85845DD1,
    0x6FA87E4F, 0xFE2CE6E0, 0xA3014314, 0x4E0811A1, 0xF7537E82, 0xBD3AF235, 0x2AD7D2BB, 0xEB86D391};

/* Rotations: one row a round. */
static const UCHAR RtlpMd5Shifts[4][4] = {
    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static ULONG RtlpMd5Mix(ULONG Round, ULONG X, ULONG Y, ULONG Z) {
    switch (Round) {
    case 0:
        return (X & Y) | (~X & Z);
    case 1:
        return (X & Z) | (Y & ~Z);
    case 2:
        return X ^ Y ^ Z;
    default:
        return Y ^ (X | ~Z);
    }
}

/* Which word of the block step i takes. */
static ULONG RtlpMd5Word(ULONG Round, ULONG Step) {
    static const UCHAR Factors[4] = {1, 5, 3, 7};
    static const UCHAR Starts[4] = {0, 1, 5, 0};

    return (Factors[Round] * Step + Starts[Round]) % 16;
}

static VOID RtlpMd5Transform(_Inout_ PULONG State, _In_ const UCHAR *Block) {
    ULONG Words[16];
    ULONG A = State[0], B = State[1], C = State[2], D = State[3];

    RtlCopyMemory(Words, Block, sizeof(Words));
    for (ULONG i = 0; i < 64; i++) {
        ULONG Round = i / 16;
        ULONG Sum = A + RtlpMd5Mix(Round, B, C, D) + Words[RtlpMd5Word(Round, i)] + RtlpMd5Sines[i];
        A = D;
        D = C;
        C = B;
        B += RtlpRotateLeft(Sum, RtlpMd5Shifts[Round][i % 4]);
    }
    State[0] += A;
    State[1] += B;
    State[2] += C;
    State[3] += D;
}

static RTLP_HASH RtlpMd5(PMD5_CTX Context) {
    return (RTLP_HASH){RtlpMd5Transform,      Context->State,  &Context->BitCount[0],
                       &Context->BitCount[1], RTLP_COUNT_BITS, Context->Block};
}

VOID NTAPI MD5Init(_Out_ PMD5_CTX Context) {
    static const ULONG Start[4] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};

    RtlCopyMemory(Context->State, Start, sizeof(Start));
    RtlZeroMemory(Context->BitCount, sizeof(Context->BitCount));
}

VOID NTAPI MD5Update(_Inout_ PMD5_CTX Context, _In_ const UCHAR *Buffer, _In_ ULONG Length) {
    const RTLP_HASH Hash = RtlpMd5(Context);

    RtlpHashUpdate(&Hash, Buffer, Length);
}

VOID NTAPI MD5Final(_Inout_ PMD5_CTX Context) {
    const RTLP_HASH Hash = RtlpMd5(Context);

    RtlpHashPad(&Hash);
    RtlCopyMemory(Context->Block + RTLP_LENGTH_OFFSET, Context->BitCount,
                  sizeof(Context->BitCount));
    RtlpMd5Transform(Context->State, Context->Block);
    RtlCopyMemory(Context->Digest, Context->State, sizeof(Context->Digest));
}
