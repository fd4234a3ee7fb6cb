/*
 * crtsort.c - sorting and searching
 *
 * qsort takes the steps of Windows' qsort, so that elements that are equal, and comparers that
 * contradict themselves, end in the same order: a quick sort with the median of three as pivot,
 * without recursion; eight elements or fewer are sorted by selection. No element is compared with
 * itself. Bad input makes it slow (n * n), never wrong.
 */
#include "crt.h"

typedef int (*CRTP_COMPARE)(const void *Left, const void *Right);
typedef int (*CRTP_COMPARE_S)(void *Context, const void *Left, const void *Right);

#define FEW 8 /* elements that are sorted by selection */

typedef struct _CRTP_RANGE {
    size_t First, Last; /* both belong to it */
} CRTP_RANGE;

typedef struct _CRTP_SORT {
    char *Base;
    size_t Size;
    CRTP_COMPARE Compare; /* one of the two */
    CRTP_COMPARE_S CompareWithContext;
    void *Context;
} CRTP_SORT;

static int CrtpCompare(const CRTP_SORT *Sort, size_t Left, size_t Right) {
    const void *A = Sort->Base + Left * Sort->Size;
    const void *B = Sort->Base + Right * Sort->Size;

    return Sort->Compare != NULL ? Sort->Compare(A, B)
                                 : Sort->CompareWithContext(Sort->Context, A, B);
}

static void CrtpSwap(const CRTP_SORT *Sort, size_t Left, size_t Right) {
    char *A = Sort->Base + Left * Sort->Size;
    char *B = Sort->Base + Right * Sort->Size;

    for (size_t Index = 0; Index < Sort->Size; Index++) {
        char Byte = A[Index];
        A[Index] = B[Index];
        B[Index] = Byte;
    }
}

/* A few elements: the greatest of those that are left goes to their end, again and again. */
static void CrtpSortFew(const CRTP_SORT *Sort, CRTP_RANGE Range) {
    for (size_t Last = Range.Last; Last > Range.First; Last--) {
        size_t Greatest = Range.First;
        for (size_t i = Range.First + 1; i <= Last; i++) {
            if (CrtpCompare(Sort, i, Greatest) > 0) {
                Greatest = i;
            }
        }
        CrtpSwap(Sort, Greatest, Last);
    }
}

static void CrtpOrder(const CRTP_SORT *Sort, size_t Left, size_t Right) {
    if (CrtpCompare(Sort, Left, Right) > 0) {
        CrtpSwap(Sort, Left, Right);
    }
}

/* The first element behind From that belongs behind the pivot; Last + 1 if there is none. */
static size_t CrtpFindGreater(const CRTP_SORT *Sort, size_t From, size_t Pivot, size_t Last) {
    for (size_t i = From + 1; i <= Last; i++) {
        if (i != Pivot && CrtpCompare(Sort, i, Pivot) > 0) {
            return i;
        }
    }
    return Last + 1;
}

/* The last element before From that belongs before the pivot; the pivot itself ends the search. */
static size_t CrtpFindSmaller(const CRTP_SORT *Sort, size_t From, size_t Pivot) {
    size_t i = From - 1;
    while (i > Pivot && CrtpCompare(Sort, i, Pivot) > 0) {
        i--;
    }
    return i;
}

/* The end of the left part: going down from i, elements equal to the pivot are in their place. */
static size_t CrtpSkipEqual(const CRTP_SORT *Sort, size_t i, size_t Pivot, size_t First) {
    if (Pivot < i) {
        do {
            i--;
        } while (i > Pivot && CrtpCompare(Sort, i, Pivot) == 0);
    }
    if (Pivot >= i) {
        do {
            i--;
        } while (i > First && CrtpCompare(Sort, i, Pivot) == 0);
    }
    return i;
}

/*
 * Divides a range of more than two elements by a pivot, the median of its first, middle and last
 * one. The pivot stays where it is unless it is exchanged itself. Returns the two parts that are
 * left to sort.
 */
static void CrtpDivide(const CRTP_SORT *Sort, CRTP_RANGE Range, CRTP_RANGE *Left,
                       CRTP_RANGE *Right) {
    size_t Pivot = Range.First + (Range.Last - Range.First + 1) / 2;
    CrtpOrder(Sort, Range.First, Pivot);
    CrtpOrder(Sort, Range.First, Range.Last);
    CrtpOrder(Sort, Pivot, Range.Last);
    size_t Low = Range.First;
    size_t High = Range.Last;
    for (;;) {
        Low = CrtpFindGreater(Sort, Low, Pivot, Range.Last);
        High = CrtpFindSmaller(Sort, High, Pivot);
        if (High < Low) {
            break;
        }
        CrtpSwap(Sort, Low, High);
        if (Pivot == High) {
            Pivot = Low;
        }
    }
    *Left = (CRTP_RANGE){Range.First, CrtpSkipEqual(Sort, High + 1, Pivot, Range.First)};
    *Right = (CRTP_RANGE){Low, Range.Last};
}

FORCEINLINE size_t CrtpLength(CRTP_RANGE Range) {
    return Range.First < Range.Last ? Range.Last - Range.First : 0;
}

/* The longer part waits, so that the parts that wait are never more than the bits of Count. */
static void CrtpSort(const CRTP_SORT *Sort, size_t Count) {
    CRTP_RANGE Waiting[8 * sizeof(size_t)];
    ULONG Depth = 0;
    if (Count < 2 || Sort->Size == 0) {
        return;
    }
    CRTP_RANGE Range = {0, Count - 1};
    for (;;) {
        CRTP_RANGE Left = {0}, Right = {0};
        if (Range.Last - Range.First < FEW) {
            CrtpSortFew(Sort, Range);
        } else {
            CrtpDivide(Sort, Range, &Left, &Right);
        }
        BOOLEAN LeftWaits = CrtpLength(Left) >= CrtpLength(Right);
        CRTP_RANGE Longer = LeftWaits ? Left : Right;
        Range = LeftWaits ? Right : Left;
        if (CrtpLength(Longer) != 0) {
            Waiting[Depth++] = Longer;
        }
        if (CrtpLength(Range) == 0) {
            if (Depth == 0) {
                return;
            }
            Range = Waiting[--Depth];
        }
    }
}

void qsort(void *Base, size_t Count, size_t Size, CRTP_COMPARE Compare) {
    CRTP_SORT Sort = {Base, Size, Compare, NULL, NULL};

    CrtpSort(&Sort, Count);
}

void qsort_s(void *Base, size_t Count, size_t Size, CRTP_COMPARE_S Compare, void *Context) {
    CRTP_SORT Sort = {Base, Size, NULL, Compare, Context};

    CrtpSort(&Sort, Count);
}

void *bsearch(const void *Key, const void *Base, size_t Count, size_t Size, CRTP_COMPARE Compare) {
    const char *Low = Base;

    while (Count != 0) {
        size_t Half = (Count - 1) / 2;
        const char *Middle = Low + Half * Size;
        int Order = Compare(Key, Middle);
        if (Order == 0) {
            return (void *)Middle;
        }
        if (Order > 0) {
            Low = Middle + Size;
            Half = Count - 1 - Half;
        }
        Count = Half;
    }
    return NULL;
}

void *bsearch_s(const void *Key, const void *Base, size_t Count, size_t Size,
                CRTP_COMPARE_S Compare, void *Context) {
    const char *Low = Base;

    while (Count != 0) {
        size_t Half = (Count - 1) / 2;
        const char *Middle = Low + Half * Size;
        int Order = Compare(Context, Key, Middle);
        if (Order == 0) {
            return (void *)Middle;
        }
        if (Order > 0) {
            Low = Middle + Size;
            Half = Count - 1 - Half;
        }
        Count = Half;
    }
    return NULL;
}

void *_lfind(const void *Key, const void *Base, unsigned *Count, unsigned Size,
             CRTP_COMPARE Compare) {
    for (unsigned Index = 0; Index < *Count; Index++) {
        const char *At = (const char *)Base + (size_t)Index * Size;
        if (Compare(Key, At) == 0) {
            return (void *)At;
        }
    }
    return NULL;
}
