/* LdrProcessRelocationBlock: each type of fixup, by itself and in a block. */
#include "nt.h"

NTSYS PIMAGE_BASE_RELOCATION NTAPI LdrProcessRelocationBlock(PVOID, UINT, PUSHORT, INT_PTR);

#define DELTA 0x1122334455667788

static ULONG64 Page[4];

static void Fill(void) {
    for (ULONG i = 0; i < 4; i++) {
        Page[i] = 0x1000200030004000 + i;
    }
}

/* HIGHADJ and the types of other processors are left out: Wine knows fewer than Windows. */
static void Types(void) {
    static const USHORT Known[] = {0, 1, 2, 3, 10, 6, 8, 11, 15};
    for (ULONG i = 0; i < ARRAYSIZE(Known); i++) {
        USHORT Entry[2] = {(USHORT)(Known[i] << 12 | 3), 0xFFFF};
        Fill();
        PIMAGE_BASE_RELOCATION Next = LdrProcessRelocationBlock(Page, 1, Entry, DELTA);
        Print("type %2u: %s %016I64x %016I64x\n", Known[i],
              Next == (PVOID)&Entry[1] ? "done"
              : Next == NULL           ? "refused"
                                       : "elsewhere",
              Page[0], Page[1]);
    }
}

static void Blocks(void) {
    USHORT Good[] = {0xA000, 0x3008, 0x0000, 0x200D, 0xA010};
    USHORT Bad[] = {0xA000, 0x3008, 0xF010, 0xA010};
    Fill();
    Check("block", LdrProcessRelocationBlock(Page, 5, Good, DELTA) == (PVOID)&Good[5]);
    Print("%016I64x %016I64x %016I64x\n", Page[0], Page[1], Page[2]);
    Fill();
    Check("block with an unknown type", LdrProcessRelocationBlock(Page, 4, Bad, DELTA) != NULL);
    Print("%016I64x %016I64x %016I64x\n", Page[0], Page[1], Page[2]);
    Check("empty block", LdrProcessRelocationBlock(Page, 0, Good, DELTA) == (PVOID)Good);
    Fill();
    LdrProcessRelocationBlock(Page, 5, Good, -0x10000);
    Print("downwards: %016I64x %016I64x %016I64x\n", Page[0], Page[1], Page[2]);
}

/* "PE Format": the high half is in the image, the low half, signed, in the entry behind. */
static void HighAdjusted(void) {
    USHORT Entry[] = {0x4000, 0x9000, 0x2002};
    PUSHORT Words = (PUSHORT)Page;
    Words[0] = 0x1234;
    Words[1] = 0x1111;
    Check("block", LdrProcessRelocationBlock(Page, 3, Entry, 0x10005000) == (PVOID)&Entry[3]);
    Print("%04x %04x\n", Words[0], Words[1]);
}

void Start(void) {
    if (LastArgumentIs(L"documented")) {
        HighAdjusted();
        Exit(0);
    }
    Types();
    Blocks();
    Exit(0);
}
