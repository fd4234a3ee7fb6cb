/*
 * hashp.h - what MD4, MD5 and SHA-1 share: blocks of 64 bytes and the padding of the last
 *
 * All three hash whole blocks. A message is padded by 80h, zeros, and its length in bits in the last
 * 8 bytes of a block (RFC 1320 3.1 and 3.2; FIPS 180-4 5.1.1).
 */
#ifndef VITRINE_HASHP_H
#define VITRINE_HASHP_H

#include "ntrtl.h"
#include "ntrtlhash.h"

#define RTLP_BLOCK_LENGTH  64
#define RTLP_LENGTH_OFFSET 56

/* MD4 and MD5 count bits, SHA-1 counts bytes. */
#define RTLP_COUNT_BITS  3
#define RTLP_COUNT_BYTES 0

typedef VOID RTLP_TRANSFORM(_Inout_ PULONG State, _In_ const UCHAR *Block);

/* A hash in progress, wherever its context keeps the parts. */
typedef struct _RTLP_HASH {
    RTLP_TRANSFORM *Transform;
    PULONG State;
    PULONG CountLow; /* of what was hashed, in bytes << CountShift */
    PULONG CountHigh;
    ULONG CountShift;
    PUCHAR Block; /* the bytes that do not fill a block yet */
} RTLP_HASH, *PRTLP_HASH;

/* hash.c */
VOID RtlpHashUpdate(_In_ const RTLP_HASH *Hash, _In_ const UCHAR *Buffer, _In_ ULONG Length);

/* Pads up to the last 8 bytes of a block; the caller stores the length there. */
VOID RtlpHashPad(_In_ const RTLP_HASH *Hash);

FORCEINLINE ULONG RtlpRotateLeft(_In_ ULONG Value, _In_ ULONG Bits) {
    return Value << Bits | Value >> (32 - Bits);
}

#endif
