/* The process heap: sizes, alignment, zeroing, growth, contents kept. */
#include "nt.h"

static ULONG Seed = 1;
static ULONG Random(void) {
    return (Seed = Seed * 1103515245 + 12345) >> 8;
}

static void Churn(PVOID Heap) {
    static PUCHAR Block[200];
    static SIZE_T Size[200];
    ULONG Bad = 0;
    for (int Round = 0; Round < 20000; Round++) {
        ULONG i = Random() % 200;
        for (SIZE_T j = 0; Block[i] && j < Size[i]; j += 97) {
            Bad += Block[i][j] != (UCHAR)i;
        }
        if (Block[i]) {
            RtlFreeHeap(Heap, 0, Block[i]);
        }
        Size[i] = Random() % (Round % 100 ? 500 : 100000);
        Block[i] = RtlAllocateHeap(Heap, 0, Size[i]);
        memset(Block[i], (int)i, Size[i]);
        Bad += RtlSizeHeap(Heap, 0, Block[i]) != Size[i];
    }
    for (int i = 0; i < 200; i++) {
        RtlFreeHeap(Heap, 0, Block[i]);
    }
    Print("churn: %u bad\n", Bad);
}

void Start(void) {
    PVOID Heap = ProcessHeap();
    PUCHAR Block = RtlAllocateHeap(Heap, HEAP_ZERO_MEMORY, 100);
    ULONG Sum = 0;
    for (int i = 0; i < 100; i++) {
        Sum |= Block[i];
    }
    Check("zeroed", Sum == 0);
    Check("aligned to 16", ((ULONG_PTR)Block & 15) == 0);
    Print("size: %u\n", (ULONG)RtlSizeHeap(Heap, 0, Block));
    memset(Block, 0x33, 100);
    Block = RtlReAllocateHeap(Heap, HEAP_ZERO_MEMORY, Block, 5000);
    Print("size: %u\n", (ULONG)RtlSizeHeap(Heap, 0, Block));
    Check("kept", Block[0] == 0x33 && Block[99] == 0x33);
    Check("rest zeroed", Block[100] == 0 && Block[4999] == 0);
    Block = RtlReAllocateHeap(Heap, 0, Block, 10);
    Print("size: %u\n", (ULONG)RtlSizeHeap(Heap, 0, Block));
    Check("freed", RtlFreeHeap(Heap, 0, Block));
    Check("free of null", RtlFreeHeap(Heap, 0, NULL));
    Block = RtlAllocateHeap(Heap, 0, 0);
    Check("no bytes", Block != NULL && RtlSizeHeap(Heap, 0, Block) == 0);
    RtlFreeHeap(Heap, 0, Block);
    Block = RtlAllocateHeap(Heap, 0, 3 << 20);
    Check("three MiB", Block != NULL && RtlSizeHeap(Heap, 0, Block) == 3 << 20);
    memset(Block, 1, 3 << 20);
    Check("freed", RtlFreeHeap(Heap, 0, Block));
    Check("too much", RtlAllocateHeap(Heap, 0, (SIZE_T)-64) == NULL);
    Churn(Heap);
    Exit(0);
}
