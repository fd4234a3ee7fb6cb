/*
 * md4.c - the MD4 digest
 *
 * Source: RFC 1320.
 */
#include "hashp.h"

/* Rotations, and which word of the block each step takes: one row a round. */
static const UCHAR RtlpMd4Shifts[3][4] = {{3, 7, 11, 19}, {3, 5, 9, 13}, {3, 9, 11, 15}};
static const UCHAR RtlpMd4Words[3][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                          {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15},
                                          {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15}};

/* What each round adds: nothing, the square root of 2, the square root of 3. */
static const ULONG RtlpMd4Constants[3] = {0, 0x5A827999, 0x6ED9EBA1};

static ULONG RtlpMd4Mix(ULONG Round, ULONG X, ULONG Y, ULONG Z) {
    switch (Round) {
    case 0:
        return (X & Y) | (~X & Z);
    case 1:
        return (X & Y) | (X & Z) | (Y & Z);
    default:
        return X ^ Y ^ Z;
    }
}

static VOID RtlpMd4Transform(_Inout_ PULONG State, _In_ const UCHAR *Block) {
    ULONG Words[16];
    ULONG A = State[0], B = State[1], C = State[2], D = State[3];

    RtlCopyMemory(Words, Block, sizeof(Words));
    for (ULONG i = 0; i < 48; i++) {
        ULONG Round = i / 16;
        ULONG Sum = A + RtlpMd4Mix(Round, B, C, D) + Words[RtlpMd4Words[Round][i % 16]] +
                    RtlpMd4Constants[Round];
        A = D;
        D = C;
        C = B;
        B = RtlpRotateLeft(Sum, RtlpMd4Shifts[Round][i % 4]);
    }
    State[0] += A;
    State[1] += B;
    State[2] += C;
    State[3] += D;
}

static RTLP_HASH RtlpMd4(PMD4_CTX Context) {
    return (RTLP_HASH){RtlpMd4Transform,      Context->State,  &Context->BitCount[0],
                       &Context->BitCount[1], RTLP_COUNT_BITS, Context->Block};
}

VOID NTAPI MD4Init(_Out_ PMD4_CTX Context) {
    static const ULONG Start[4] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};

    RtlCopyMemory(Context->State, Start, sizeof(Start));
    RtlZeroMemory(Context->BitCount, sizeof(Context->BitCount));
}

VOID NTAPI MD4Update(_Inout_ PMD4_CTX Context, _In_ const UCHAR *Buffer, _In_ ULONG Length) {
    const RTLP_HASH Hash = RtlpMd4(Context);

    RtlpHashUpdate(&Hash, Buffer, Length);
}

VOID NTAPI MD4Final(_Inout_ PMD4_CTX Context) {
    const RTLP_HASH Hash = RtlpMd4(Context);

    RtlpHashPad(&Hash);
    RtlCopyMemory(Context->Block + RTLP_LENGTH_OFFSET, Context->BitCount,
                  sizeof(Context->BitCount));
    RtlpMd4Transform(Context->State, Context->Block);
    RtlCopyMemory(Context->Digest, Context->State, sizeof(Context->Digest));
}
