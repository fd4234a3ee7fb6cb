/*
 * lznt1enc.c - compressing to LZNT1; lznt1p.h tells the format
 *
 * At each place the longest earlier match is taken at once. Candidates are places with the same hash
 * of three bytes, newest first, so that among equal lengths the nearest wins.
 */
#include "lznt1p.h"

/* A chunk that is being compressed. */
typedef struct _LZNT1_ENCODER {
    const UCHAR *Input;
    ULONG Length;
    PUCHAR Output;
    ULONG Room;
    ULONG Used;
    ULONG FlagsAt; /* where the flags of the current eight items are */
    ULONG Items;   /* so many of them are there */
    ULONG Effort;
    PLZNT1_WORK_SPACE WorkSpace;
} LZNT1_ENCODER, *PLZNT1_ENCODER;

static ULONG RtlpHashOf(const UCHAR *Bytes) {
    ULONG Value = Bytes[0] | (ULONG)Bytes[1] << 8 | (ULONG)Bytes[2] << 16;

    return Value * 0x9E3779B1u >>
           20; /* 12 bits of a product with 2^32 divided by the golden ratio */
}

static VOID RtlpRemember(PLZNT1_ENCODER Encoder, ULONG Position) {
    if (Encoder->Length - Position >= LZNT1_MIN_MATCH) {
        PUSHORT Last = &Encoder->WorkSpace->Last[RtlpHashOf(Encoder->Input + Position)];
        Encoder->WorkSpace->Before[Position] = *Last;
        *Last = (USHORT)(Position + 1);
    }
}

static ULONG RtlpCommonLength(const UCHAR *Left, const UCHAR *Right, ULONG Longest) {
    ULONG Length = 0;

    while (Length < Longest && Left[Length] == Right[Length]) {
        Length++;
    }
    return Length;
}

/* The longest match for Position; 0 if there is none worth it. */
static ULONG RtlpFindMatch(PLZNT1_ENCODER Encoder, ULONG Position, PULONG Distance) {
    ULONG Left = Encoder->Length - Position;
    ULONG Longest = min(Left, (1u << RtlpLengthBits(Position)) - 1 + LZNT1_MIN_MATCH);
    ULONG Best = LZNT1_MIN_MATCH - 1;
    ULONG Candidate;

    if (Left < LZNT1_MIN_MATCH) {
        return 0;
    }
    Candidate = Encoder->WorkSpace->Last[RtlpHashOf(Encoder->Input + Position)];
    for (ULONG i = 0; Candidate != 0 && i < Encoder->Effort && Best < Longest; i++) {
        ULONG Length =
            RtlpCommonLength(Encoder->Input + Candidate - 1, Encoder->Input + Position, Longest);
        if (Length > Best) {
            Best = Length;
            *Distance = Position - (Candidate - 1);
        }
        Candidate = Encoder->WorkSpace->Before[Candidate - 1];
    }
    return Best >= LZNT1_MIN_MATCH ? Best : 0;
}

/* Stores an item of Size bytes; FALSE if the chunk would become too long. */
static BOOLEAN RtlpPutItem(PLZNT1_ENCODER Encoder, ULONG Item, ULONG Size) {
    ULONG NewFlags = Encoder->Items % 8 == 0 ? 1 : 0;

    if (Encoder->Used + NewFlags + Size > Encoder->Room) {
        return FALSE;
    }
    if (NewFlags != 0) {
        Encoder->FlagsAt = Encoder->Used++;
        Encoder->Output[Encoder->FlagsAt] = 0;
    }
    if (Size == LZNT1_MATCH_SIZE) {
        Encoder->Output[Encoder->FlagsAt] |= (UCHAR)(1u << Encoder->Items % 8);
    }
    for (ULONG i = 0; i < Size; i++) {
        Encoder->Output[Encoder->Used++] = (UCHAR)(Item >> 8 * i);
    }
    Encoder->Items++;
    return TRUE;
}

/* Compresses the chunk; FALSE if that takes more than its room. */
static BOOLEAN RtlpEncodeItems(PLZNT1_ENCODER Encoder) {
    ULONG Position = 0;

    RtlZeroMemory(Encoder->WorkSpace->Last, sizeof(Encoder->WorkSpace->Last));
    while (Position < Encoder->Length) {
        ULONG Distance = 0;
        ULONG Length = RtlpFindMatch(Encoder, Position, &Distance);
        BOOLEAN Stored;
        if (Length != 0) {
            ULONG Code = (Distance - 1) << RtlpLengthBits(Position) | (Length - LZNT1_MIN_MATCH);
            Stored = RtlpPutItem(Encoder, Code, LZNT1_MATCH_SIZE);
        } else {
            Length = 1;
            Stored = RtlpPutItem(Encoder, Encoder->Input[Position], 1);
        }
        if (!Stored) {
            return FALSE;
        }
        for (ULONG i = 0; i < Length; i++) {
            RtlpRemember(Encoder, Position++);
        }
    }
    return TRUE;
}

/* Writes a chunk behind its header, compressed if that is shorter; its length, or 0: no room. */
static ULONG RtlpEncodeChunk(PLZNT1_ENCODER Encoder, PUCHAR Output, ULONG Room) {
    ULONG Header = LZNT1_SIGNATURE;

    if (Room < LZNT1_HEADER_SIZE) {
        return 0;
    }
    Room -= LZNT1_HEADER_SIZE;
    Encoder->Output = Output + LZNT1_HEADER_SIZE;
    Encoder->Room = min(Room, Encoder->Length - 1);
    Encoder->Used = 0;
    Encoder->Items = 0;
    if (RtlpEncodeItems(Encoder)) {
        Header |= LZNT1_COMPRESSED;
    } else if (Room >= Encoder->Length) {
        Encoder->Used = Encoder->Length;
        RtlCopyMemory(Encoder->Output, Encoder->Input, Encoder->Length);
    } else {
        return 0;
    }
    Header |= Encoder->Used - 1;
    Output[0] = (UCHAR)Header;
    Output[1] = (UCHAR)(Header >> 8);
    return LZNT1_HEADER_SIZE + Encoder->Used;
}

NTSTATUS RtlpCompressLznt1(_Out_ PUCHAR Output, _In_ ULONG Room, _In_ const UCHAR *Input,
                           _In_ ULONG Length, _In_ ULONG Effort, _Out_ PULONG Produced,
                           _Out_ PLZNT1_WORK_SPACE WorkSpace) {
    LZNT1_ENCODER Encoder = {.Effort = Effort, .WorkSpace = WorkSpace};
    ULONG Used = 0;

    for (ULONG i = 0; i < Length; i += Encoder.Length) {
        ULONG Chunk;
        Encoder.Input = Input + i;
        Encoder.Length = min(Length - i, LZNT1_CHUNK_SIZE);
        Chunk = RtlpEncodeChunk(&Encoder, Output + Used, Room - Used);
        if (Chunk == 0) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        Used += Chunk;
    }
    *Produced = Used;
    return STATUS_SUCCESS;
}
