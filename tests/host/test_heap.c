// sources: user/ntdll/heap/heap.c user/ntdll/heap/heapblock.c user/ntdll/heap/heapsegment.c
//
// The heap against a model: random allocations, reallocations and frees, with the contents of every
// block known; the whole heap is validated along the way, and at the end all memory has gone back.

#include "heap/heapp.h"

#include "host.h"

#include <sys/mman.h>

#define SLOTS 400
#define STEPS 60000

static PEB FakePeb;
static SIZE_T Reserved;  // bytes of address space that the heap holds
static SIZE_T FailAfter; // from the n-th on, allocations fail; 0: none does

PPEB NtCurrentPeb(VOID) {
    return &FakePeb;
}

// Sizes of reservations, to release them whole and to know at the end that none is left.
static struct {
    PVOID Base;
    SIZE_T Size;
} Regions[256];

NTSTATUS NTAPI NtAllocateVirtualMemory(HANDLE Process, PVOID *Base, ULONG_PTR ZeroBits,
                                       PSIZE_T Size, ULONG Type, ULONG Protect) {
    *Size = ROUND_TO_PAGES(*Size);
    if (FailAfter == 1) {
        return STATUS_NO_MEMORY;
    }
    FailAfter -= FailAfter != 0;
    if (!(Type & MEM_RESERVE)) {
        mprotect(*Base, *Size, PROT_READ | PROT_WRITE);
        return STATUS_SUCCESS;
    }
    *Base = mmap(NULL, *Size, Type & MEM_COMMIT ? PROT_READ | PROT_WRITE : PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (*Base == MAP_FAILED) {
        return STATUS_NO_MEMORY;
    }
    for (int Index = 0; Index < 256; Index++) {
        if (Regions[Index].Base == NULL) {
            Regions[Index].Base = *Base;
            Regions[Index].Size = *Size;
            Reserved += *Size;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_NO_MEMORY;
}

NTSTATUS NTAPI NtFreeVirtualMemory(HANDLE Process, PVOID *Base, PSIZE_T Size, ULONG Type) {
    if (Type == MEM_DECOMMIT) {
        madvise(*Base, *Size, MADV_DONTNEED);
        mprotect(*Base, *Size, PROT_NONE);
        return STATUS_SUCCESS;
    }
    for (int Index = 0; Index < 256; Index++) {
        if (Regions[Index].Base == *Base) {
            munmap(*Base, Regions[Index].Size);
            Reserved -= Regions[Index].Size;
            Regions[Index].Base = NULL;
            return STATUS_SUCCESS;
        }
    }
    CHECK(!"freed what was not reserved");
    return STATUS_INVALID_PARAMETER;
}

static int LockDepth;

NTSTATUS NTAPI RtlInitializeCriticalSection(PRTL_CRITICAL_SECTION Section) {
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI RtlDeleteCriticalSection(PRTL_CRITICAL_SECTION Section) {
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI RtlEnterCriticalSection(PRTL_CRITICAL_SECTION Section) {
    LockDepth++;
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI RtlLeaveCriticalSection(PRTL_CRITICAL_SECTION Section) {
    LockDepth--;
    return STATUS_SUCCESS;
}
VOID NTAPI RtlAcquirePebLock(VOID) {}
VOID NTAPI RtlReleasePebLock(VOID) {}
VOID NTAPI RtlSetLastWin32ErrorAndNtStatusFromNtStatus(NTSTATUS Status) {}
VOID NTAPI RtlRaiseStatus(NTSTATUS Status) {
    abort();
}
PIMAGE_NT_HEADERS64 RtlImageNtHeader(PVOID Base) {
    return NULL;
}

static struct {
    PUCHAR Block;
    SIZE_T Size;
    UCHAR Fill;
} Slots[SLOTS];

static ULONG64 Seed = 1;

static ULONG Random(ULONG Limit) {
    Seed = Seed * 6364136223846793005ull + 1442695040888963407ull;
    return (ULONG)(Seed >> 33) % Limit;
}

static SIZE_T RandomSize(void) {
    switch (Random(20)) {
    case 0:
        return 0;
    case 1:
        return Random(2000000);
    case 2:
    case 3:
        return Random(60000);
    default:
        return Random(600);
    }
}

static void CheckBlock(PVOID Heap, int Slot) {
    SIZE_T Size = Slots[Slot].Size;
    SIZE_T Step = Size > 4096 ? 511 : 1;

    CHECK(((ULONG_PTR)Slots[Slot].Block & 15) == 0);
    CHECK(RtlSizeHeap(Heap, 0, Slots[Slot].Block) == Size);
    for (SIZE_T Index = 0; Index < Size; Index += Step) {
        if (Slots[Slot].Block[Index] != Slots[Slot].Fill) {
            CHECK(!"a block's contents have changed");
            return;
        }
    }
}

static void Fill(int Slot, PUCHAR Block, SIZE_T Size) {
    Slots[Slot].Block = Block;
    Slots[Slot].Size = Size;
    Slots[Slot].Fill = (UCHAR)(1 + Random(255));
    memset(Block, Slots[Slot].Fill, Size);
}

static BOOLEAN IsZero(PUCHAR From, SIZE_T Length) {
    while (Length-- > 0) {
        if (*From++ != 0) {
            return FALSE;
        }
    }
    return TRUE;
}

static void Allocate(PVOID Heap, int Slot) {
    SIZE_T Size = RandomSize();
    ULONG Flags = Random(2) ? HEAP_ZERO_MEMORY : 0;
    PUCHAR Block = RtlAllocateHeap(Heap, Flags, Size);

    CHECK(Block != NULL);
    CHECK(!Flags || IsZero(Block, Size));
    Fill(Slot, Block, Size);
}

static void Reallocate(PVOID Heap, int Slot) {
    SIZE_T OldSize = Slots[Slot].Size;
    SIZE_T Size = RandomSize();
    ULONG Flags =
        (Random(2) ? HEAP_ZERO_MEMORY : 0) | (Random(4) == 0 ? HEAP_REALLOC_IN_PLACE_ONLY : 0);
    PUCHAR Block = RtlReAllocateHeap(Heap, Flags, Slots[Slot].Block, Size);

    if (Block == NULL) {
        CHECK(Flags & HEAP_REALLOC_IN_PLACE_ONLY);
        CheckBlock(Heap, Slot);
        return;
    }
    CHECK(!(Flags & HEAP_REALLOC_IN_PLACE_ONLY) || Block == Slots[Slot].Block);
    Slots[Slot].Block = Block;
    Slots[Slot].Size = min(OldSize, Size);
    for (SIZE_T Index = 0; Index < Slots[Slot].Size; Index++) {
        if (Block[Index] != Slots[Slot].Fill) {
            CHECK(!"reallocation lost contents");
            break;
        }
    }
    CHECK(Size <= OldSize || !(Flags & HEAP_ZERO_MEMORY) ||
          IsZero(Block + OldSize, Size - OldSize));
    Fill(Slot, Block, Size);
}

TEST(RandomOperationsAgainstAModel) {
    PVOID Heap = RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, NULL, NULL);

    for (int Step = 0; Step < STEPS; Step++) {
        int Slot = (int)Random(SLOTS);

        if (Slots[Slot].Block == NULL) {
            Allocate(Heap, Slot);
        } else {
            CheckBlock(Heap, Slot);
            if (Random(3) == 0) {
                Reallocate(Heap, Slot);
            } else {
                CHECK(RtlFreeHeap(Heap, 0, Slots[Slot].Block));
                Slots[Slot].Block = NULL;
            }
        }
        if (Step % 500 == 0) {
            CHECK(RtlValidateHeap(Heap, 0, NULL));
        }
    }
    for (int Slot = 0; Slot < SLOTS; Slot++) {
        CHECK(Slots[Slot].Block == NULL || RtlFreeHeap(Heap, 0, Slots[Slot].Block));
        Slots[Slot].Block = NULL;
    }
    CHECK(RtlValidateHeap(Heap, 0, NULL));
    CHECK(((PHEAP)Heap)->SegmentList.Flink == ((PHEAP)Heap)->SegmentList.Blink);
    CHECK(IsListEmpty(&((PHEAP)Heap)->VirtualAllocdBlocks));
    CHECK(RtlDestroyHeap(Heap) == NULL);
    CHECK(Reserved == 0);
    CHECK(LockDepth == 0);
}

TEST(BadFreesAreRefused) {
    PVOID Heap = RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, NULL, NULL);
    PUCHAR A = RtlAllocateHeap(Heap, 0, 100);
    PUCHAR B = RtlAllocateHeap(Heap, 0, 100);
    PUCHAR C = RtlAllocateHeap(Heap, 0, 100);

    memset(A, 0, 100);
    CHECK(RtlFreeHeap(Heap, 0, NULL));
    CHECK(!RtlFreeHeap(Heap, 0, A + 8));
    CHECK(!RtlFreeHeap(Heap, 0, A + 32));
    CHECK(RtlFreeHeap(Heap, 0, A));
    CHECK(!RtlFreeHeap(Heap, 0, A));
    CHECK(RtlFreeHeap(Heap, 0, B));
    CHECK(!RtlFreeHeap(Heap, 0, B));
    CHECK(!RtlFreeHeap(Heap, 0, A));
    CHECK(RtlFreeHeap(Heap, 0, C));
    CHECK(RtlSizeHeap(Heap, 0, A) == (SIZE_T)-1);
    CHECK(RtlReAllocateHeap(Heap, 0, A, 10) == NULL);
    CHECK(RtlReAllocateHeap(Heap, 0, NULL, 10) == NULL);
    CHECK(RtlValidateHeap(Heap, 0, NULL));
    A = RtlAllocateHeap(Heap, 0, 64);
    A[64] ^= 0xFF; // one byte past the end: the next tag
    CHECK(!RtlValidateHeap(Heap, 0, NULL));
    A[64] ^= 0xFF;
    CHECK(RtlDestroyHeap(Heap) == NULL && Reserved == 0);
}

// No memory: a status, and the heap is as it was.
TEST(NoMemoryIsAStatus) {
    PVOID Heap = RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, NULL, NULL);

    for (SIZE_T Nth = 1; Nth < 6; Nth++) {
        PVOID Blocks[64];
        ULONG Count = 0;

        FailAfter = Nth;
        while (Count < 64 && (Blocks[Count] = RtlAllocateHeap(Heap, 0, 900000)) != NULL) {
            Count++;
        }
        FailAfter = 0;
        CHECK(Count < 64 && RtlValidateHeap(Heap, 0, NULL));
        while (Count > 0) {
            CHECK(RtlFreeHeap(Heap, 0, Blocks[--Count]));
        }
        CHECK(RtlValidateHeap(Heap, 0, NULL));
    }
    CHECK(RtlAllocateHeap(Heap, 0, ~(SIZE_T)0) == NULL);
    CHECK(RtlAllocateHeap(Heap, 0, ~(SIZE_T)0 - 100) == NULL);
    CHECK(RtlDestroyHeap(Heap) == NULL && Reserved == 0);
    FailAfter = 1;
    CHECK(RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, NULL, NULL) == NULL);
    FailAfter = 2;
    CHECK(RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, NULL, NULL) == NULL);
    FailAfter = 0;
    CHECK(Reserved == 0);
}
