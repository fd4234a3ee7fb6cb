/*
 * ntrtlhash.h - checksums, digests and pseudo-random numbers of the run-time library
 *
 * All of it is arithmetic on memory of the caller: any IRQL, no locks, no allocation. MD4, MD5 and
 * SHA-1 are here because Windows exports them and old formats need them; none of them is safe
 * against an attacker, and the random numbers are not secrets.
 *
 * Sources: RFC 1320 (MD4), RFC 1321 (MD5), FIPS 180-4 (SHA-1), RFC 1952 section 8 (CRC-32); WDK,
 * RtlRandom, RtlRandomEx, RtlUniform; phnt. The contexts' layouts are those that Wine shows.
 */
#ifndef VITRINE_NTRTLHASH_H
#define VITRINE_NTRTLHASH_H

#include "ntdef.h"
#include "ntlayout.h"

/* ---- CRC-32 (rtl/hash/crc.c) ---- */

/* The CRC-32 of RFC 1952; InitialCrc is that of the bytes before, 0 at the start. */
ULONG NTAPI RtlComputeCrc32(_In_ ULONG InitialCrc, _In_ const VOID *Buffer, _In_ ULONG Length);

/* ---- MD4, MD5 (rtl/hash/md4.c, rtl/hash/md5.c) ---- */

#define MD_DIGEST_LENGTH 16

/* MD4Final and MD5Final leave the digest in the context. */
typedef struct _MD4_CTX {
    ULONG State[4];
    ULONG BitCount[2]; /* low half, high half */
    UCHAR Block[64];
    UCHAR Digest[MD_DIGEST_LENGTH];
} MD4_CTX, *PMD4_CTX;

typedef struct _MD5_CTX {
    ULONG BitCount[2];
    ULONG State[4];
    UCHAR Block[64];
    UCHAR Digest[MD_DIGEST_LENGTH];
} MD5_CTX, *PMD5_CTX;

CHECK_OFFSET(MD4_CTX, Digest, 88);
CHECK_SIZE(MD4_CTX, 104);
CHECK_OFFSET(MD5_CTX, Digest, 88);
CHECK_SIZE(MD5_CTX, 104);

VOID NTAPI MD4Init(_Out_ PMD4_CTX Context);
VOID NTAPI MD4Update(_Inout_ PMD4_CTX Context, _In_ const UCHAR *Buffer, _In_ ULONG Length);
VOID NTAPI MD4Final(_Inout_ PMD4_CTX Context);
VOID NTAPI MD5Init(_Out_ PMD5_CTX Context);
VOID NTAPI MD5Update(_Inout_ PMD5_CTX Context, _In_ const UCHAR *Buffer, _In_ ULONG Length);
VOID NTAPI MD5Final(_Inout_ PMD5_CTX Context);

/* ---- SHA-1 (rtl/hash/sha1.c) ---- */

#define A_SHA_DIGEST_LENGTH 20

typedef struct _A_SHA_CTX {
    ULONG Flags[6];
    ULONG State[5];
    ULONG ByteCount[2]; /* high half, low half */
    UCHAR Block[64];
} A_SHA_CTX, *PA_SHA_CTX;

CHECK_OFFSET(A_SHA_CTX, State, 24);
CHECK_SIZE(A_SHA_CTX, 116);

/* A_SHAFinal stores the digest and makes the context ready for another. */
VOID NTAPI A_SHAInit(_Out_ PA_SHA_CTX Context);
VOID NTAPI A_SHAUpdate(_Inout_ PA_SHA_CTX Context, _In_ const UCHAR *Buffer, _In_ ULONG Length);
VOID NTAPI A_SHAFinal(_Inout_ PA_SHA_CTX Context, _Out_ UCHAR *Result);

/* ---- Pseudo-random numbers (rtl/random.c) ---- */

/* A number below 2^31 - 1 for each; the seed is replaced. The last two keep a table of numbers. */
ULONG NTAPI RtlUniform(_Inout_ PULONG Seed);
ULONG NTAPI RtlRandom(_Inout_ PULONG Seed);
ULONG NTAPI RtlRandomEx(_Inout_ PULONG Seed);

#endif
