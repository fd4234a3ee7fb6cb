/*
 * crtsort.c - qsort and bsearch: never an element against itself, elements that are equal, comparers
 * that contradict themselves, sizes of elements
 */
#include "nt.h"

#define C(Type) NTSYS Type __cdecl
typedef int(__cdecl *COMPARE)(const void *, const void *);
C(void) qsort(void *, size_t, size_t, COMPARE);
C(void *) bsearch(const void *, const void *, size_t, size_t, COMPARE);

static ULONG Itself, Calls;
static ULONG64 Seed;

static ULONG Random(ULONG Limit) {
    Seed = Seed * 6364136223846793005ull + 1442695040888963407ull;
    return (ULONG)(Seed >> 33) % Limit;
}

/* ---- Comparers ---- */

static int ByValue(const void *a, const void *b) {
    Calls++;
    Itself += a == b;
    return *(const int *)a - *(const int *)b;
}

/* Pairs of a key and the place from which it came: only keys count. */
static int ByKey(const void *a, const void *b) {
    Itself += a == b;
    return *(const int *)a / 1000 - *(const int *)b / 1000;
}

static int AlwaysOne(const void *a, const void *b) {
    Itself += a == b;
    return 1;
}

static int AlwaysMinusOne(const void *a, const void *b) {
    Itself += a == b;
    return -1;
}

static int AlwaysZero(const void *a, const void *b) {
    Itself += a == b;
    return 0;
}

static int ByByte(const void *a, const void *b) {
    Itself += a == b;
    return *(const UCHAR *)a - *(const UCHAR *)b;
}

/* ---- qsort ---- */

static int Numbers[600];

static void Show(const char *What, ULONG Count) {
    Print("  %s, %lu:", What, Count);
    for (ULONG i = 0; i < Count && i < 24; i++) {
        Print(" %d", Numbers[i]);
    }
    ULONG Sum = 0;
    for (ULONG i = 0; i < Count; i++) {
        Sum = Sum * 31 + (ULONG)Numbers[i];
    }
    Print(" (%08lx), itself %lu\n", Sum, Itself);
    Itself = 0;
}

static void Fill(ULONG Count) {
    for (ULONG i = 0; i < Count; i++) {
        Numbers[i] = (int)i;
    }
}

static void Contradictory(void) {
    static const ULONG Counts[] = {0, 1, 2, 3, 5, 8, 9, 10, 20, 100};
    for (ULONG i = 0; i < sizeof(Counts) / sizeof(Counts[0]); i++) {
        Fill(Counts[i]);
        qsort(Numbers, Counts[i], sizeof(int), AlwaysOne);
        Show("always one", Counts[i]);
        Fill(Counts[i]);
        qsort(Numbers, Counts[i], sizeof(int), AlwaysMinusOne);
        Show("always minus one", Counts[i]);
        Fill(Counts[i]);
        qsort(Numbers, Counts[i], sizeof(int), AlwaysZero);
        Show("always zero", Counts[i]);
    }
}

static void Equals(void) {
    for (ULONG Count = 2; Count <= 512; Count *= 2) {
        Seed = Count;
        for (ULONG i = 0; i < Count; i++) {
            Numbers[i] = (int)(Random(5) * 1000 + i);
        }
        qsort(Numbers, Count, sizeof(int), ByKey);
        Show("equal keys", Count);
    }
}

static void Sorted(void) {
    ULONG Wrong = 0;
    Seed = 1;
    for (ULONG Count = 0; Count < 300; Count++) {
        for (ULONG i = 0; i < Count; i++) {
            Numbers[i] = (int)Random(Count % 3 == 0 ? 10 : 100000);
        }
        qsort(Numbers, Count, sizeof(int), ByValue);
        for (ULONG i = 1; i < Count; i++) {
            Wrong += Numbers[i - 1] > Numbers[i];
        }
    }
    Print("sorted: %lu wrong, itself %lu\n", Wrong, Itself);
    Itself = 0;
}

static void Widths(void) {
    static UCHAR Bytes[17 * 20];
    for (ULONG Width = 1; Width <= 17; Width++) {
        Seed = Width;
        for (ULONG i = 0; i < 20 * Width; i++) {
            Bytes[i] = (UCHAR)(i % Width == 0 ? Random(256) : i);
        }
        qsort(Bytes, 20, Width, ByByte);
        ULONG Sum = 0;
        for (ULONG i = 0; i < 20 * Width; i++) {
            Sum = Sum * 31 + Bytes[i];
        }
        Print("  width %lu: %08lx, itself %lu\n", Width, Sum, Itself);
        Itself = 0;
    }
    Fill(4);
    qsort(Numbers, 4, 0, AlwaysOne);
    Show("no width", 4);
}

/* ---- bsearch ---- */

static const int *Base;
static ULONG First[8];

static int Probe(const void *Key, const void *Element) {
    if (Calls < 8) {
        First[Calls] = (ULONG)((const int *)Element - Base);
    }
    Calls++;
    return *(const int *)Key - *(const int *)Element;
}

static void Searches(void) {
    Base = Numbers;
    for (ULONG Count = 0; Count <= 10; Count++) {
        for (ULONG i = 0; i < Count; i++) {
            Numbers[i] = (int)(2 * i + 1);
        }
        for (int Key = 0; Key <= (int)(2 * Count); Key++) {
            Calls = 0;
            const int *Found = bsearch(&Key, Numbers, Count, sizeof(int), Probe);
            Print("  %d of %lu: %d after", Key, Count, Found != NULL ? (int)(Found - Base) : -1);
            for (ULONG i = 0; i < Calls && i < 8; i++) {
                Print(" %lu", First[i]);
            }
            Print("\n");
        }
    }
}

void Start(void) {
    Sorted();
    Contradictory();
    Equals();
    Widths();
    Searches();
    Exit(0);
}
