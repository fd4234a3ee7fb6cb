// sources: mm/space/vad.c rtl/tree/avlnode.c rtl/tree/node.c
//
// The VAD tree against a model: an array with one entry for each page of a small address space.
// Random ranges come and go; every question that mm/space/vad.c answers is asked of both.

#include "../../mm/space/vad.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGES 2048
#define STEPS 40000

static PMMVAD_SHORT Model[PAGES]; // who holds each page
static RTL_AVL_TREE Tree;
static int Checks, Failures;

#define CHECK(Condition)                                                                           \
    do {                                                                                           \
        Checks++;                                                                                  \
        if (!(Condition)) {                                                                        \
            Failures++;                                                                            \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #Condition);                               \
        }                                                                                          \
    } while (0)

static ULONG64 Seed = 88172645463325252ull;

static ULONG Random(ULONG Limit) {
    Seed ^= Seed << 13;
    Seed ^= Seed >> 7;
    Seed ^= Seed << 17;
    return (ULONG)(Seed % Limit);
}

static BOOLEAN ModelIsFree(ULONG_PTR First, ULONG_PTR Last) {
    for (ULONG_PTR i = First; i <= Last; i++) {
        if (Model[i] != NULL) {
            return FALSE;
        }
    }
    return TRUE;
}

static void SetModel(PMMVAD_SHORT Vad, PMMVAD_SHORT Value) {
    for (ULONG_PTR i = MiGetVadStartingVpn(Vad); i <= MiGetVadEndingVpn(Vad); i++) {
        Model[i] = Value;
    }
}

static void InsertRandom(void) {
    ULONG_PTR First = Random(PAGES);
    ULONG_PTR Last = First + Random(24);
    PMMVAD_SHORT Vad;
    if (Last >= PAGES) {
        return;
    }
    CHECK((MiCheckForConflictingVad(&Tree, First, Last) == NULL) == ModelIsFree(First, Last));
    if (!ModelIsFree(First, Last)) {
        return;
    }
    Vad = calloc(1, sizeof(*Vad));
    MiSetVadRange(Vad, First, Last);
    MiInsertVad(&Tree, Vad);
    SetModel(Vad, Vad);
}

static void RemoveRandom(void) {
    PMMVAD_SHORT Vad = MiLocateVad(&Tree, Random(PAGES));
    if (Vad != NULL) {
        SetModel(Vad, NULL);
        MiRemoveVad(&Tree, Vad);
        free(Vad);
    }
}

// The lowest conflicting VAD is the one that the first taken page of the range belongs to.
static void CompareConflict(void) {
    ULONG_PTR First = Random(PAGES), Last = First + Random((ULONG)(PAGES - First));
    PMMVAD_SHORT Expected = NULL;
    for (ULONG_PTR i = First; i <= Last && Expected == NULL; i++) {
        Expected = Model[i];
    }
    CHECK(MiCheckForConflictingVad(&Tree, First, Last) == Expected);
    CHECK(MiLocateVad(&Tree, First) == Model[First]);
}

static void CompareSearch(void) {
    ULONG_PTR Pages = 1 + Random(64), Alignment = 1ull << Random(5);
    ULONG_PTR Lowest = Random(PAGES), Highest = Lowest + Random((ULONG)(PAGES - Lowest));
    ULONG_PTR Up = PAGES, Down = PAGES, Found;
    for (ULONG_PTR i = Lowest; i + Pages - 1 <= Highest; i++) {
        if (i % Alignment == 0 && ModelIsFree(i, i + Pages - 1)) {
            Up = Up == PAGES ? i : Up;
            Down = i;
        }
    }
    Found = PAGES;
    CHECK(MiFindEmptyAddressRange(&Tree, Pages, Alignment, Lowest, Highest, &Found) ==
          (Up != PAGES));
    CHECK(Found == Up);
    Found = PAGES;
    CHECK(MiFindEmptyAddressRangeDown(&Tree, Pages, Alignment, Lowest, Highest, &Found) ==
          (Down != PAGES));
    CHECK(Found == Down);
}

static void CompareOrder(void) {
    PMMVAD_SHORT Vad = MiGetFirstVad(&Tree), Last = NULL;
    for (ULONG_PTR i = 0; i < PAGES; i++) {
        if (Model[i] != NULL && (i == 0 || Model[i] != Model[i - 1])) {
            CHECK(Vad == Model[i]);
            CHECK(Vad == NULL || MiGetPreviousVad(Vad) == Last);
            Last = Vad;
            Vad = Vad != NULL ? MiGetNextVad(Vad) : NULL;
        }
    }
    CHECK(Vad == NULL);
}

// Ranges at the very top of user space: no sum may overflow, and what is too large is refused.
static void TestEdges(void) {
    ULONG_PTR Highest = 0x7FFFFFFEFull, Found = 0;
    RTL_AVL_TREE Empty = {0};
    CHECK(!MiFindEmptyAddressRange(&Empty, ~0ull, 16, 16, Highest, &Found));
    CHECK(!MiFindEmptyAddressRange(&Empty, 0, 16, 16, Highest, &Found));
    CHECK(MiFindEmptyAddressRange(&Empty, Highest - 15, 16, 16, Highest, &Found) && Found == 16);
    CHECK(!MiFindEmptyAddressRange(&Empty, Highest - 14, 16, 16, Highest, &Found));
    CHECK(!MiFindEmptyAddressRangeDown(&Empty, ~0ull, 16, 16, Highest, &Found));
    CHECK(MiFindEmptyAddressRangeDown(&Empty, 1, 16, 16, Highest, &Found) &&
          Found == 0x7FFFFFFE0ull);
    CHECK(!MiFindEmptyAddressRange(&Empty, 1, 1, 10, 9, &Found));
    CHECK(MiGetFirstVad(&Empty) == NULL && MiLocateVad(&Empty, 5) == NULL);
}

int main(void) {
    TestEdges();
    for (int Step = 0; Step < STEPS; Step++) {
        if (Random(100) < 55) {
            InsertRandom();
        } else {
            RemoveRandom();
        }
        CompareConflict();
        if (Step % 16 == 0) {
            CompareSearch();
        }
        if (Step % 500 == 0) {
            CompareOrder();
        }
    }
    for (PMMVAD_SHORT Vad = MiGetFirstVad(&Tree); Vad != NULL; Vad = MiGetFirstVad(&Tree)) {
        MiRemoveVad(&Tree, Vad);
        free(Vad);
    }
    CHECK(Tree.Root == NULL);
    printf("%s - VAD tree against a model (%d checks)\n", Failures ? "not ok" : "ok", Checks);
    return Failures != 0;
}
