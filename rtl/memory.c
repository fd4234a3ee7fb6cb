/*
 * memory.c - copying, filling and comparing memory
 *
 * The compiler itself calls memcpy, memmove, memset and memcmp, so both images have them. They are
 * measured in instructions, not in bandwidth: blocks of up to 32 bytes are moved by two or four
 * eight-byte moves that may overlap, longer ones by the string instructions, eight bytes each.
 * No SSE: the kernel does not own those registers.
 *
 * All run at any IRQL on memory that is resident there.
 */
#include "ntdef.h"
#include "ntrtl.h"

#undef RtlMoveMemory
#undef RtlFillMemory
#undef RtlZeroMemory

VOID NTAPI RtlMoveMemory(_Out_ PVOID Destination, _In_ const VOID *Source, _In_ SIZE_T Length);
VOID NTAPI RtlFillMemory(_Out_ PVOID Destination, _In_ SIZE_T Length, _In_ UCHAR Fill);
VOID NTAPI RtlZeroMemory(_Out_ PVOID Destination, _In_ SIZE_T Length);

/* Loads and stores of any alignment, of memory of any type. */
typedef struct __attribute__((packed, may_alias)) {
    ULONG64 Value;
} UNALIGNED_ULONG64;

typedef struct __attribute__((packed, may_alias)) {
    ULONG Value;
} UNALIGNED_ULONG;

typedef struct __attribute__((packed, may_alias)) {
    USHORT Value;
} UNALIGNED_USHORT;

#define AT64(Address, Offset) (((UNALIGNED_ULONG64 *)((UCHAR *)(Address) + (Offset)))->Value)
#define AT32(Address, Offset) (((UNALIGNED_ULONG *)((UCHAR *)(Address) + (Offset)))->Value)
#define AT16(Address, Offset) (((UNALIGNED_USHORT *)((UCHAR *)(Address) + (Offset)))->Value)

/* Copies 0 to 7 bytes; everything is loaded before anything is stored, so they may overlap. */
FORCEINLINE VOID RtlpMoveUnder8(UCHAR *Destination, const UCHAR *Source, SIZE_T Length) {
    if (Length >= 4) {
        ULONG Head = AT32(Source, 0);
        ULONG Tail = AT32(Source, Length - 4);
        AT32(Destination, 0) = Head;
        AT32(Destination, Length - 4) = Tail;
    } else if (Length >= 2) {
        USHORT Head = AT16(Source, 0);
        USHORT Tail = AT16(Source, Length - 2);
        AT16(Destination, 0) = Head;
        AT16(Destination, Length - 2) = Tail;
    } else if (Length != 0) {
        *Destination = *Source;
    }
}

/* Copies 8 to 32 bytes, loads first. */
FORCEINLINE VOID RtlpMoveUpTo32(UCHAR *Destination, const UCHAR *Source, SIZE_T Length) {
    ULONG64 First = AT64(Source, 0);
    ULONG64 Last = AT64(Source, Length - 8);
    if (Length > 16) {
        ULONG64 Second = AT64(Source, 8);
        ULONG64 Third = AT64(Source, Length - 16);
        AT64(Destination, 8) = Second;
        AT64(Destination, Length - 16) = Third;
    }
    AT64(Destination, 0) = First;
    AT64(Destination, Length - 8) = Last;
}

/* Copies from the end; for a destination that begins inside the source. */
static VOID RtlpMoveBackward(UCHAR *Destination, const UCHAR *Source, SIZE_T Length) {
    while (Length >= 8) {
        Length -= 8;
        AT64(Destination, Length) = AT64(Source, Length);
    }
    while (Length != 0) {
        Length--;
        Destination[Length] = Source[Length];
    }
}

/*
 * memmove - copies Length bytes; the two ranges may overlap.
 *
 * memcpy is the same function, as in Windows' ntdll: programs that pass overlapping ranges to it
 * work there, so they must work here.
 */
void *memmove(void *Destination, const void *Source, size_t Length) {
    if (Length < 8) {
        RtlpMoveUnder8(Destination, Source, Length);
    } else if (Length <= 32) {
        RtlpMoveUpTo32(Destination, Source, Length);
    } else if ((ULONG_PTR)Destination - (ULONG_PTR)Source < Length) {
        RtlpMoveBackward(Destination, Source, Length);
    } else {
        /* The tail is loaded first: the copy may write over it when the ranges overlap. */
        ULONG64 Tail = AT64(Source, Length - 8);
        UCHAR *End = (UCHAR *)Destination + Length - 8;
        PVOID To = Destination;
        SIZE_T Count = Length >> 3;
        __asm__ volatile("rep movsq" : "+D"(To), "+S"(Source), "+c"(Count) : : "memory");
        AT64(End, 0) = Tail;
    }
    return Destination;
}

#if !defined(NTOS_HOST)
void *memcpy(void *Destination, const void *Source, size_t Length)
    __attribute__((alias("memmove")));
#endif

/* memset - fills Length bytes with the low byte of Value. */
void *memset(void *Destination, int Value, size_t Length) {
    UCHAR *To = Destination;
    ULONG64 Pattern = (UCHAR)Value * 0x0101010101010101ULL;

    if (Length >= 8) {
        UCHAR *End = To + Length - 8;
        if (Length > 32) {
            PVOID Next = Destination;
            SIZE_T Count = Length >> 3;
            __asm__ volatile("rep stosq" : "+D"(Next), "+c"(Count) : "a"(Pattern) : "memory");
        } else {
            AT64(To, 0) = Pattern;
            if (Length > 16) {
                AT64(To, 8) = Pattern;
                AT64(End, -8) = Pattern;
            }
        }
        AT64(End, 0) = Pattern;
    } else if (Length >= 4) {
        AT32(To, 0) = (ULONG)Pattern;
        AT32(To, Length - 4) = (ULONG)Pattern;
    } else {
        while (Length != 0) {
            To[--Length] = (UCHAR)Pattern;
        }
    }
    return Destination;
}

/* memcmp - compares as unsigned bytes; below 0, 0, above 0. */
int memcmp(const void *Left, const void *Right, size_t Length) {
    const UCHAR *A = Left;
    const UCHAR *B = Right;

    for (; Length >= 8; Length -= 8, A += 8, B += 8) {
        ULONG64 X = AT64(A, 0);
        ULONG64 Y = AT64(B, 0);
        if (X != Y) {
            return __builtin_bswap64(X) < __builtin_bswap64(Y) ? -1 : 1;
        }
    }
    for (; Length != 0; Length--, A++, B++) {
        if (*A != *B) {
            return *A < *B ? -1 : 1;
        }
    }
    return 0;
}

/* The functions behind the WDK's macros of the same names, which ntdll exports. */
VOID NTAPI RtlMoveMemory(_Out_ PVOID Destination, _In_ const VOID *Source, _In_ SIZE_T Length) {
    memmove(Destination, Source, Length);
}

VOID NTAPI RtlFillMemory(_Out_ PVOID Destination, _In_ SIZE_T Length, _In_ UCHAR Fill) {
    memset(Destination, Fill, Length);
}

VOID NTAPI RtlZeroMemory(_Out_ PVOID Destination, _In_ SIZE_T Length) {
    memset(Destination, 0, Length);
}

/*
 * RtlCompareMemory - the number of bytes, counted from the start, that are equal.
 * Source: WDK, RtlCompareMemory.
 */
SIZE_T NTAPI RtlCompareMemory(_In_ const VOID *Source1, _In_ const VOID *Source2,
                              _In_ SIZE_T Length) {
    const UCHAR *A = Source1;
    const UCHAR *B = Source2;
    SIZE_T Index = 0;

    while (Index + 8 <= Length && AT64(A, Index) == AT64(B, Index)) {
        Index += 8;
    }
    while (Index < Length && A[Index] == B[Index]) {
        Index++;
    }
    return Index;
}

/*
 * RtlCompareMemoryUlong - the number of leading bytes that repeat Pattern. Source is aligned to
 * four bytes; a Length that is not a multiple of four is rounded down.
 */
SIZE_T NTAPI RtlCompareMemoryUlong(_In_ PVOID Source, _In_ SIZE_T Length, _In_ ULONG Pattern) {
    SIZE_T Index = 0;

    while (Index + 4 <= Length && AT32(Source, Index) == Pattern) {
        Index += 4;
    }
    return Index;
}

/* RtlFillMemoryUlong - fills with a ULONG; a Length not a multiple of four is rounded down. */
VOID NTAPI RtlFillMemoryUlong(_Out_ PVOID Destination, _In_ SIZE_T Length, _In_ ULONG Pattern) {
    for (SIZE_T Index = 0; Index + 4 <= Length; Index += 4) {
        AT32(Destination, Index) = Pattern;
    }
}

/* RtlFillMemoryUlonglong - fills with a ULONGLONG; Length is rounded down to whole ones. */
VOID NTAPI RtlFillMemoryUlonglong(_Out_ PVOID Destination, _In_ SIZE_T Length,
                                  _In_ ULONGLONG Pattern) {
    for (SIZE_T Index = 0; Index + 8 <= Length; Index += 8) {
        AT64(Destination, Index) = Pattern;
    }
}
