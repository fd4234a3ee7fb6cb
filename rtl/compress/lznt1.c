/*
 * lznt1.c - decompressing LZNT1; lznt1p.h tells the format
 *
 * What [MS-XCA] leaves open is done as Wine does it: a chunk that is not the last and yields less
 * than 4 KiB is followed by zeros up to the next; a buffer that is full ends the work with success;
 * the signature is not looked at.
 */
#include "lznt1p.h"

/* The chunk at the start of the input, cut out of it. */
typedef struct _LZNT1_CHUNK {
    const UCHAR *Data;
    ULONG Length;
    BOOLEAN Compressed;
} LZNT1_CHUNK, *PLZNT1_CHUNK;

/* Takes a chunk off the input. FALSE: the input ends inside it. */
static BOOLEAN RtlpNextChunk(const UCHAR **Input, PULONG Length, ULONG Header, PLZNT1_CHUNK Chunk) {
    Chunk->Length = (Header & LZNT1_SIZE_MASK) + 1;
    Chunk->Compressed = (Header & LZNT1_COMPRESSED) != 0;
    Chunk->Data = *Input + LZNT1_HEADER_SIZE;
    if (*Length - LZNT1_HEADER_SIZE < Chunk->Length) {
        return FALSE;
    }
    *Input += LZNT1_HEADER_SIZE + Chunk->Length;
    *Length -= LZNT1_HEADER_SIZE + Chunk->Length;
    return TRUE;
}

/* The header of the next chunk; 0: the data end here. */
static ULONG RtlpPeekHeader(const UCHAR *Input, ULONG Length) {
    return Length < LZNT1_HEADER_SIZE ? 0 : (ULONG)(Input[0] | Input[1] << 8);
}

/* Repeats bytes from Distance back; source and target may overlap, so it goes byte by byte. */
static VOID RtlpCopyMatch(PUCHAR Output, ULONG Position, ULONG Distance, ULONG Length) {
    for (ULONG i = 0; i < Length; i++) {
        Output[Position + i] = Output[Position + i - Distance];
    }
}

/* One match at Position; its length, or 0 if it reaches back before the chunk. */
static ULONG RtlpTakeMatch(PUCHAR Output, ULONG Position, ULONG Room, ULONG Code) {
    ULONG LengthBits = RtlpLengthBits(Position);
    ULONG Distance = (Code >> LengthBits) + 1;
    ULONG Length = (Code & ((1u << LengthBits) - 1)) + LZNT1_MIN_MATCH;

    if (Distance > Position) {
        return 0;
    }
    Length = min(Length, Room - Position);
    RtlpCopyMatch(Output, Position, Distance, Length);
    return Length;
}

static BOOLEAN RtlpDecodeItems(const LZNT1_CHUNK *Chunk, PUCHAR Output, ULONG Room,
                               PULONG Produced) {
    ULONG At = 0;
    ULONG Position = 0;
    ULONG Flags = 1; /* a 1 above the flags that are left: at 1 another byte is due */

    while (At < Chunk->Length && Position < Room) {
        if (Flags == 1) {
            Flags = Chunk->Data[At++] | 0x100u;
            continue;
        }
        if ((Flags & 1) == 0) {
            Output[Position++] = Chunk->Data[At++];
        } else {
            ULONG Length;
            if (Chunk->Length - At < LZNT1_MATCH_SIZE) {
                return FALSE;
            }
            Length = RtlpTakeMatch(Output, Position, Room,
                                   (ULONG)(Chunk->Data[At] | Chunk->Data[At + 1] << 8));
            if (Length == 0) {
                return FALSE;
            }
            At += LZNT1_MATCH_SIZE;
            Position += Length;
        }
        Flags >>= 1;
    }
    *Produced = Position;
    return TRUE;
}

/* Decodes a chunk; it yields at most 4 KiB, and no more than there is room for. */
static BOOLEAN RtlpDecodeChunk(const LZNT1_CHUNK *Chunk, PUCHAR Output, ULONG Room,
                               PULONG Produced) {
    Room = min(Room, LZNT1_CHUNK_SIZE);
    if (Chunk->Compressed) {
        return RtlpDecodeItems(Chunk, Output, Room, Produced);
    }
    *Produced = min(Room, Chunk->Length);
    RtlCopyMemory(Output, Chunk->Data, *Produced);
    return TRUE;
}

/*
 * The chunk in which the wanted part begins, less its first Skip bytes. A chunk that ends before that
 * yields nothing; the zeros behind it come with the next chunk.
 */
static BOOLEAN RtlpDecodeFirstChunk(const LZNT1_CHUNK *Chunk, ULONG Skip, PUCHAR Output, ULONG Room,
                                    PULONG Produced, PUCHAR WorkSpace) {
    ULONG Whole;

    if (Skip == 0) {
        return RtlpDecodeChunk(Chunk, Output, Room, Produced);
    }
    if (!RtlpDecodeChunk(Chunk, WorkSpace, LZNT1_CHUNK_SIZE, &Whole)) {
        return FALSE;
    }
    *Produced = Whole > Skip ? min(Whole - Skip, Room) : 0;
    RtlCopyMemory(Output, WorkSpace + Skip, *Produced);
    return TRUE;
}

/* Passes over chunks that lie before the wanted part. FALSE: damaged. */
static BOOLEAN RtlpSkipChunks(const UCHAR **Input, PULONG Length, PULONG Skip) {
    ULONG Header;
    LZNT1_CHUNK Chunk;

    while (*Skip >= LZNT1_CHUNK_SIZE && (Header = RtlpPeekHeader(*Input, *Length)) != 0) {
        if (!RtlpNextChunk(Input, Length, Header, &Chunk)) {
            return FALSE;
        }
        *Skip -= LZNT1_CHUNK_SIZE;
    }
    return TRUE;
}

NTSTATUS RtlpDecompressLznt1(_Out_ PUCHAR Output, _In_ ULONG Room, _In_ const UCHAR *Input,
                             _In_ ULONG Length, _In_ ULONG Skip, _Out_ PULONG Produced,
                             _In_opt_ PUCHAR WorkSpace) {
    ULONG Header;
    ULONG Start = 0; /* of the chunk in the output */
    ULONG End = 0;   /* of what is there */

    if (Length < LZNT1_HEADER_SIZE || !RtlpSkipChunks(&Input, &Length, &Skip)) {
        return STATUS_BAD_COMPRESSION_BUFFER;
    }
    while ((Header = RtlpPeekHeader(Input, Length)) != 0) {
        LZNT1_CHUNK Chunk;
        ULONG Piece;
        if (!RtlpNextChunk(&Input, &Length, Header, &Chunk)) {
            return STATUS_BAD_COMPRESSION_BUFFER;
        }
        if (Start != 0 && Start >= Room) {
            break;
        }
        RtlZeroMemory(Output + End, Start - End);
        if (!RtlpDecodeFirstChunk(&Chunk, Skip, Output + Start, Room - Start, &Piece, WorkSpace)) {
            return STATUS_BAD_COMPRESSION_BUFFER;
        }
        End = Start + Piece;
        Start += LZNT1_CHUNK_SIZE - Skip;
        Skip = 0;
    }
    *Produced = End;
    return STATUS_SUCCESS;
}
