/*
 * lznt1p.h - the format LZNT1, as [MS-XCA] 2.5 describes it
 *
 * Data are cut into chunks of 4 KiB, each compressed by itself. A chunk begins with 16 bits: the
 * length of the whole chunk less 3, a signature of 3, and a bit that tells whether it is compressed.
 * 16 zero bits end the data; so does the end of the buffer.
 *
 * Inside a compressed chunk a byte of flags, lowest bit first, says for each of the next eight items
 * whether it is a byte as it is (0) or a match (1). A match is 16 bits: how far back, less 1, in the
 * high bits, and the length less 3 in the low ones. The further the chunk has come, the more bits
 * the distance takes.
 */
#ifndef VITRINE_LZNT1P_H
#define VITRINE_LZNT1P_H

#include "ntrtl.h"
#include "ntrtlcompress.h"

#define LZNT1_CHUNK_SIZE       4096
#define LZNT1_HEADER_SIZE      2
#define LZNT1_MATCH_SIZE       2
#define LZNT1_SIZE_MASK        0x0FFF
#define LZNT1_SIGNATURE        0x3000
#define LZNT1_COMPRESSED       0x8000
#define LZNT1_MIN_MATCH        3
#define LZNT1_MIN_DISTANCE_BIT 4

/* How many bits of a match are the length, at this place of the chunk. */
FORCEINLINE ULONG RtlpLengthBits(_In_ ULONG Position) {
    ULONG DistanceBits = LZNT1_MIN_DISTANCE_BIT;

    while ((1u << DistanceBits) < Position) {
        DistanceBits++;
    }
    return 16 - DistanceBits;
}

/* What the compressor keeps of a chunk: for each hash the last place that has it, and for each place
 * the one before with the same hash. Places count from 1; 0 is none. */
#define LZNT1_HASH_SIZE 4096
typedef struct _LZNT1_WORK_SPACE {
    USHORT Last[LZNT1_HASH_SIZE];
    USHORT Before[LZNT1_CHUNK_SIZE];
} LZNT1_WORK_SPACE, *PLZNT1_WORK_SPACE;

/* lznt1.c */
NTSTATUS RtlpDecompressLznt1(_Out_ PUCHAR Output, _In_ ULONG Room, _In_ const UCHAR *Input,
                             _In_ ULONG Length, _In_ ULONG Skip, _Out_ PULONG Produced,
                             _In_opt_ PUCHAR WorkSpace);

/* lznt1enc.c: Effort is how many candidates a match is chosen from. */
NTSTATUS RtlpCompressLznt1(_Out_ PUCHAR Output, _In_ ULONG Room, _In_ const UCHAR *Input,
                           _In_ ULONG Length, _In_ ULONG Effort, _Out_ PULONG Produced,
                           _Out_ PLZNT1_WORK_SPACE WorkSpace);

#endif
