/*
 * hash.c - the part that MD4, MD5 and SHA-1 have in common
 *
 * Source: RFC 1320, RFC 1321, FIPS 180-4.
 */
#include "hashp.h"

static ULONG RtlpUsed(const RTLP_HASH *Hash) {
    return (*Hash->CountLow >> Hash->CountShift) % RTLP_BLOCK_LENGTH;
}

static VOID RtlpCount(const RTLP_HASH *Hash, ULONG Length) {
    ULONG64 Count = (ULONG64)*Hash->CountHigh << 32 | *Hash->CountLow;

    Count += (ULONG64)Length << Hash->CountShift;
    *Hash->CountLow = (ULONG)Count;
    *Hash->CountHigh = (ULONG)(Count >> 32);
}

VOID RtlpHashUpdate(_In_ const RTLP_HASH *Hash, _In_ const UCHAR *Buffer, _In_ ULONG Length) {
    ULONG Used = RtlpUsed(Hash);

    RtlpCount(Hash, Length);
    while (Length != 0) {
        ULONG Piece = min(Length, RTLP_BLOCK_LENGTH - Used);
        RtlCopyMemory(Hash->Block + Used, Buffer, Piece);
        Buffer += Piece;
        Length -= Piece;
        Used += Piece;
        if (Used == RTLP_BLOCK_LENGTH) {
            Hash->Transform(Hash->State, Hash->Block);
            Used = 0;
        }
    }
}

VOID RtlpHashPad(_In_ const RTLP_HASH *Hash) {
    ULONG Used = RtlpUsed(Hash);

    Hash->Block[Used++] = 0x80;
    if (Used > RTLP_LENGTH_OFFSET) {
        RtlZeroMemory(Hash->Block + Used, RTLP_BLOCK_LENGTH - Used);
        Hash->Transform(Hash->State, Hash->Block);
        Used = 0;
    }
    RtlZeroMemory(Hash->Block + Used, RTLP_LENGTH_OFFSET - Used);
}
