/*
 * bitmap.c - RTL_BITMAP: finding and marking runs of bits
 *
 * Bit n is bit n % 32 of Buffer[n / 32]. The caller serialises; no function takes a lock. Any IRQL
 * at which the buffer is resident. Source: WDK pages of the same names.
 */
#include "ntdef.h"
#include "ntrtl.h"

#define NOT_FOUND MAXULONG

VOID NTAPI RtlInitializeBitMap(_Out_ PRTL_BITMAP BitMapHeader, _In_opt_ PULONG BitMapBuffer,
                               _In_ ULONG SizeOfBitMap) {
    BitMapHeader->SizeOfBitMap = SizeOfBitMap;
    BitMapHeader->Buffer = BitMapBuffer;
}

VOID NTAPI RtlClearBit(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber) {
    BitMapHeader->Buffer[BitNumber / 32] &= ~(1u << BitNumber % 32);
}

VOID NTAPI RtlSetBit(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber) {
    BitMapHeader->Buffer[BitNumber / 32] |= 1u << BitNumber % 32;
}

BOOLEAN NTAPI RtlTestBit(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber) {
    return (BitMapHeader->Buffer[BitNumber / 32] >> BitNumber % 32 & 1) != 0;
}

static ULONG RtlpBufferBytes(const RTL_BITMAP *BitMap) {
    return (ULONG)(((ULONG64)BitMap->SizeOfBitMap + 31) / 32 * sizeof(ULONG));
}

VOID NTAPI RtlClearAllBits(_In_ PRTL_BITMAP BitMapHeader) {
    memset(BitMapHeader->Buffer, 0, RtlpBufferBytes(BitMapHeader));
}

VOID NTAPI RtlSetAllBits(_In_ PRTL_BITMAP BitMapHeader) {
    memset(BitMapHeader->Buffer, 0xFF, RtlpBufferBytes(BitMapHeader));
}

/* The bits of one word that lie in [First, End), First in that word. */
static ULONG RtlpWordMask(ULONG First, ULONG End) {
    ULONG Mask = MAXULONG << First % 32;

    if (End / 32 == First / 32) {
        Mask &= ~(MAXULONG << End % 32);
    }
    return Mask;
}

static ULONG RtlpNextWord(ULONG Index, ULONG End) {
    ULONG64 Next = ((ULONG64)Index | 31) + 1;

    return Next < End ? (ULONG)Next : End;
}

static VOID RtlpChange(PRTL_BITMAP BitMap, ULONG First, ULONG Count, BOOLEAN Set) {
    ULONG End = First + Count;

    for (ULONG Index = First; Index < End; Index = RtlpNextWord(Index, End)) {
        ULONG Mask = RtlpWordMask(Index, End);
        if (Set) {
            BitMap->Buffer[Index / 32] |= Mask;
        } else {
            BitMap->Buffer[Index / 32] &= ~Mask;
        }
    }
}

VOID NTAPI RtlClearBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                        _In_ ULONG NumberToClear) {
    RtlpChange(BitMapHeader, StartingIndex, NumberToClear, FALSE);
}

VOID NTAPI RtlSetBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                      _In_ ULONG NumberToSet) {
    RtlpChange(BitMapHeader, StartingIndex, NumberToSet, TRUE);
}

/* The first index in [First, End) whose bit is Set; End if there is none. */
static ULONG RtlpFindBit(const RTL_BITMAP *BitMap, ULONG First, ULONG End, BOOLEAN Set) {
    for (ULONG Index = First; Index < End; Index = RtlpNextWord(Index, End)) {
        ULONG Word = BitMap->Buffer[Index / 32];
        ULONG Hits = (Set ? Word : ~Word) & RtlpWordMask(Index, End);
        if (Hits != 0) {
            return (Index & ~31u) + (ULONG)__builtin_ctz(Hits);
        }
    }
    return End;
}

/* The first run of Count bits inside [First, End). */
static ULONG RtlpFindRun(const RTL_BITMAP *BitMap, ULONG First, ULONG End, ULONG Count,
                         BOOLEAN Set) {
    while (First < End && End - First >= Count) {
        ULONG Start = RtlpFindBit(BitMap, First, End, Set);
        ULONG Stop;
        if (End - Start < Count) {
            break;
        }
        Stop = RtlpFindBit(BitMap, Start, Start + Count, !Set);
        if (Stop == Start + Count) {
            return Start;
        }
        First = Stop + 1;
    }
    return NOT_FOUND;
}

/* From the hint to the end, then from the beginning; a run may span the hint. */
static ULONG RtlpFindRunFromHint(const RTL_BITMAP *BitMap, ULONG Count, ULONG Hint, BOOLEAN Set) {
    ULONG Size = BitMap->SizeOfBitMap;
    ULONG Found;

    Hint = Hint < Size ? Hint : 0;
    if (Count > Size) {
        return NOT_FOUND;
    }
    if (Count == 0) {
        return Hint & ~7u;
    }
    Found = RtlpFindRun(BitMap, Hint, Size, Count, Set);
    if (Found == NOT_FOUND && Hint != 0) {
        Found = RtlpFindRun(BitMap, 0, (ULONG)min((ULONG64)Hint + Count - 1, Size), Count, Set);
    }
    return Found;
}

/*
 * RtlFindClearBits - the start of a run of so many clear bits, at HintIndex or after it if there
 * is one, else anywhere; 0xFFFFFFFF if there is none.
 */
ULONG NTAPI RtlFindClearBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                             _In_ ULONG HintIndex) {
    return RtlpFindRunFromHint(BitMapHeader, NumberToFind, HintIndex, FALSE);
}

ULONG NTAPI RtlFindSetBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                           _In_ ULONG HintIndex) {
    return RtlpFindRunFromHint(BitMapHeader, NumberToFind, HintIndex, TRUE);
}

ULONG NTAPI RtlFindClearBitsAndSet(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                                   _In_ ULONG HintIndex) {
    ULONG Index = RtlFindClearBits(BitMapHeader, NumberToFind, HintIndex);

    if (Index != NOT_FOUND) {
        RtlSetBits(BitMapHeader, Index, NumberToFind);
    }
    return Index;
}

ULONG NTAPI RtlFindSetBitsAndClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                                   _In_ ULONG HintIndex) {
    ULONG Index = RtlFindSetBits(BitMapHeader, NumberToFind, HintIndex);

    if (Index != NOT_FOUND) {
        RtlClearBits(BitMapHeader, Index, NumberToFind);
    }
    return Index;
}

/* Counted without the popcnt instruction, which a qemu64 processor lacks. */
static ULONG RtlpCountBits(ULONG Word) {
    Word -= Word >> 1 & 0x55555555;
    Word = (Word & 0x33333333) + (Word >> 2 & 0x33333333);
    return ((Word + (Word >> 4)) & 0x0F0F0F0F) * 0x01010101 >> 24;
}

ULONG NTAPI RtlNumberOfSetBits(_In_ PRTL_BITMAP BitMapHeader) {
    ULONG End = BitMapHeader->SizeOfBitMap;
    ULONG Count = 0;

    for (ULONG Index = 0; Index < End; Index = RtlpNextWord(Index, End)) {
        Count += RtlpCountBits(BitMapHeader->Buffer[Index / 32] & RtlpWordMask(Index, End));
    }
    return Count;
}

ULONG NTAPI RtlNumberOfClearBits(_In_ PRTL_BITMAP BitMapHeader) {
    return BitMapHeader->SizeOfBitMap - RtlNumberOfSetBits(BitMapHeader);
}

/* TRUE if the whole range lies in the bitmap and is as wanted; an empty range is not. */
static BOOLEAN RtlpAreBits(PRTL_BITMAP BitMap, ULONG First, ULONG Count, BOOLEAN Set) {
    if (Count == 0 || First >= BitMap->SizeOfBitMap || Count > BitMap->SizeOfBitMap - First) {
        return FALSE;
    }
    return RtlpFindBit(BitMap, First, First + Count, !Set) == First + Count;
}

BOOLEAN NTAPI RtlAreBitsClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                              _In_ ULONG Length) {
    return RtlpAreBits(BitMapHeader, StartingIndex, Length, FALSE);
}

BOOLEAN NTAPI RtlAreBitsSet(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                            _In_ ULONG Length) {
    return RtlpAreBits(BitMapHeader, StartingIndex, Length, TRUE);
}

/*
 * RtlFindNextForwardRunClear - the next run of clear bits at or after FromIndex: its length, and
 * in *StartingRunIndex its start. 0: there is none, and the start is the bitmap's size.
 */
ULONG NTAPI RtlFindNextForwardRunClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG FromIndex,
                                       _Out_ PULONG StartingRunIndex) {
    ULONG End = BitMapHeader->SizeOfBitMap;
    ULONG Start = FromIndex < End ? RtlpFindBit(BitMapHeader, FromIndex, End, FALSE) : End;

    *StartingRunIndex = Start;
    return Start < End ? RtlpFindBit(BitMapHeader, Start, End, TRUE) - Start : 0;
}

ULONG NTAPI RtlFindFirstRunClear(_In_ PRTL_BITMAP BitMapHeader, _Out_ PULONG StartingIndex) {
    return RtlFindNextForwardRunClear(BitMapHeader, 0, StartingIndex);
}

/* RtlFindLongestRunClear - the longest run of clear bits, the first of them if there are several.
 */
ULONG NTAPI RtlFindLongestRunClear(_In_ PRTL_BITMAP BitMapHeader, _Out_ PULONG StartingIndex) {
    ULONG Longest = 0;
    ULONG Start;
    ULONG Length;

    *StartingIndex = 0;
    for (ULONG From = 0; (Length = RtlFindNextForwardRunClear(BitMapHeader, From, &Start)) != 0;
         From = Start + Length) {
        if (Length > Longest) {
            Longest = Length;
            *StartingIndex = Start;
        }
    }
    return Longest;
}

/* RtlFindMostSignificantBit - the number of the highest set bit; -1 for 0. */
CHAR NTAPI RtlFindMostSignificantBit(_In_ ULONGLONG Set) {
    return Set == 0 ? -1 : (CHAR)(63 - __builtin_clzll(Set));
}

/* RtlFindLeastSignificantBit - the number of the lowest set bit; -1 for 0. */
CHAR NTAPI RtlFindLeastSignificantBit(_In_ ULONGLONG Set) {
    return Set == 0 ? -1 : (CHAR)__builtin_ctzll(Set);
}
