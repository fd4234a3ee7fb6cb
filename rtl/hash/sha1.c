/*
 * sha1.c - the SHA-1 digest, under the names that ntdll exports
 *
 * Source: FIPS 180-4, sections 5 and 6.1.
 */
#include "hashp.h"

static ULONG RtlpSwapBytes(ULONG Value) {
    return __builtin_bswap32(Value);
}

/* What a step mixes of three words, and the constant of its round. */
static ULONG RtlpShaMix(ULONG Round, ULONG X, ULONG Y, ULONG Z) {
    static const ULONG Constants[4] = {0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6};

    switch (Round) {
    case 0:
        return Constants[0] + ((X & Y) | (~X & Z));
    case 2:
        return Constants[2] + ((X & Y) | (X & Z) | (Y & Z));
    default:
        return Constants[Round] + (X ^ Y ^ Z);
    }
}

/* Word i of the schedule, which needs the last 16 words only. */
static ULONG RtlpShaWord(ULONG Words[16], ULONG i) {
    if (i >= 16) {
        Words[i % 16] = RtlpRotateLeft(
            Words[(i + 13) % 16] ^ Words[(i + 8) % 16] ^ Words[(i + 2) % 16] ^ Words[i % 16], 1);
    }
    return Words[i % 16];
}

static VOID RtlpShaTransform(_Inout_ PULONG State, _In_ const UCHAR *Block) {
    ULONG Words[16];
    ULONG A = State[0], B = State[1], C = State[2], D = State[3], E = State[4];

    RtlCopyMemory(Words, Block, sizeof(Words));
    for (ULONG i = 0; i < 16; i++) {
        Words[i] = RtlpSwapBytes(Words[i]);
    }
    for (ULONG i = 0; i < 80; i++) {
        ULONG Sum = RtlpRotateLeft(A, 5) + RtlpShaMix(i / 20, B, C, D) + E + RtlpShaWord(Words, i);
        E = D;
        D = C;
        C = RtlpRotateLeft(B, 30);
        B = A;
        A = Sum;
    }
    State[0] += A;
    State[1] += B;
    State[2] += C;
    State[3] += D;
    State[4] += E;
}

static RTLP_HASH RtlpSha(PA_SHA_CTX Context) {
    return (RTLP_HASH){RtlpShaTransform,       Context->State,   &Context->ByteCount[1],
                       &Context->ByteCount[0], RTLP_COUNT_BYTES, Context->Block};
}

VOID NTAPI A_SHAInit(_Out_ PA_SHA_CTX Context) {
    static const ULONG Start[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};

    RtlCopyMemory(Context->State, Start, sizeof(Start));
    RtlZeroMemory(Context->ByteCount, sizeof(Context->ByteCount));
}

VOID NTAPI A_SHAUpdate(_Inout_ PA_SHA_CTX Context, _In_ const UCHAR *Buffer, _In_ ULONG Length) {
    const RTLP_HASH Hash = RtlpSha(Context);

    RtlpHashUpdate(&Hash, Buffer, Length);
}

VOID NTAPI A_SHAFinal(_Inout_ PA_SHA_CTX Context, _Out_ UCHAR *Result) {
    const RTLP_HASH Hash = RtlpSha(Context);
    ULONG Words[5];

    RtlpHashPad(&Hash);
    Words[0] = RtlpSwapBytes(Context->ByteCount[0] << 3 | Context->ByteCount[1] >> 29);
    Words[1] = RtlpSwapBytes(Context->ByteCount[1] << 3);
    RtlCopyMemory(Context->Block + RTLP_LENGTH_OFFSET, Words, 2 * sizeof(ULONG));
    RtlpShaTransform(Context->State, Context->Block);
    for (ULONG i = 0; i < 5; i++) {
        Words[i] = RtlpSwapBytes(Context->State[i]);
    }
    RtlCopyMemory(Result, Words, sizeof(Words));
    A_SHAInit(Context);
}
