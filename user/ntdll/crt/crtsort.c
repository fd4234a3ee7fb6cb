/*
 * crtsort.c - sorting and searching
 *
 * qsort is a heap sort: never slower than n log n and without recursion, so no input can exhaust
 * the stack. Like any qsort it does not keep the order of equal elements.
 */
#include "crt.h"

typedef int (*CRTP_COMPARE)(const void *Left, const void *Right);
typedef int (*CRTP_COMPARE_S)(void *Context, const void *Left, const void *Right);

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

/* Lets the element at Parent sink until none of its children is greater. */
static void CrtpSink(const CRTP_SORT *Sort, size_t Parent, size_t Count) {
    while (2 * Parent + 1 < Count) {
        size_t Child = 2 * Parent + 1;
        if (Child + 1 < Count && CrtpCompare(Sort, Child, Child + 1) < 0) {
            Child++;
        }
        if (CrtpCompare(Sort, Parent, Child) >= 0) {
            return;
        }
        CrtpSwap(Sort, Parent, Child);
        Parent = Child;
    }
}

static void CrtpSort(const CRTP_SORT *Sort, size_t Count) {
    for (size_t Parent = Count / 2; Parent > 0; Parent--) {
        CrtpSink(Sort, Parent - 1, Count);
    }
    for (size_t End = Count; End > 1; End--) {
        CrtpSwap(Sort, 0, End - 1);
        CrtpSink(Sort, 0, End - 1);
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
        const char *Middle = Low + Count / 2 * Size;
        int Order = Compare(Key, Middle);
        if (Order == 0) {
            return (void *)Middle;
        }
        if (Order > 0) {
            Low = Middle + Size;
            Count--;
        }
        Count /= 2;
    }
    return NULL;
}

void *bsearch_s(const void *Key, const void *Base, size_t Count, size_t Size,
                CRTP_COMPARE_S Compare, void *Context) {
    const char *Low = Base;

    while (Count != 0) {
        const char *Middle = Low + Count / 2 * Size;
        int Order = Compare(Context, Key, Middle);
        if (Order == 0) {
            return (void *)Middle;
        }
        if (Order > 0) {
            Low = Middle + Size;
            Count--;
        }
        Count /= 2;
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
