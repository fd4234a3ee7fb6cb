/*
 * Pool: the kernel's allocator of small blocks.
 *
 * A page of pool is cut into blocks whose sizes are multiples of 16 bytes. Each begins with a
 * POOL_HEADER that says how large it is, how large the block before it is, whose it is (a tag of
 * four letters) and whether it is in use. A block is found in one of three places:
 *
 *   1. on a list of this processor, by exact size: freed a moment ago, taken again in a dozen
 *      instructions without a lock. It still counts as in use for its neighbours.
 *   2. on a list of the pool, by exact size, or larger and then split; a bitmap says which lists
 *      are not empty. One spin lock per pool.
 *   3. in a fresh page.
 *
 * Each pool, nonpaged and paged, has a second set of pages in which all blocks begin and end at
 * cache lines, for those who ask for that: no line of such a block belongs to anything else, so two
 * processors that use two of them never write to the same line.
 *
 * A block that goes back to the pool is joined with free neighbours; a page that becomes whole goes
 * back to poolpage.c. Blocks that do not fit into a page are whole pages without a header.
 *
 * The checked build fills what is freed with a pattern and looks, when it hands the block out
 * again, whether anybody has written to it.
 */
#include "mip.h"
#include "bugcodes.h"

#define POOL_UNIT       16
#define POOL_LINE_UNITS (MI_CACHE_LINE / POOL_UNIT)
#define POOL_PAGE_UNITS (PAGE_SIZE / POOL_UNIT)
#define POOL_SMALL_MAX  ((POOL_PAGE_UNITS - 1) * POOL_UNIT - sizeof(POOL_HEADER))
#define POOL_IN_USE     0x02 /* PoolType: allocated */
#define POOL_KEPT       0x04 /* PoolType: freed, on a processor's list */
#define POOL_QUOTA      0x08 /* PoolType: allocated, and charged to a process's quota */
#define POOL_KEPT_MAX   (MI_LOOKASIDE_UNITS * POOL_UNIT - sizeof(POOL_HEADER))
#define POOL_LIST_DEPTH 64
#define POOL_POISON     0xDE

/* Same layout as in Windows x64. PoolType 0: free, on a list of the pool. */
typedef struct _POOL_HEADER {
    USHORT PreviousSize : 8; /* of the block before, in units; 0: first of its page */
    USHORT PoolIndex : 8;    /* MI_NONPAGED or MI_PAGED, | MI_ALIGNED */
    USHORT BlockSize : 8;    /* of this block, header included, in units */
    USHORT PoolType : 8;     /* MI_NONPAGED or MI_PAGED, | POOL_* */
    ULONG PoolTag;
    PEPROCESS_QUOTA_BLOCK ProcessBilled; /* with POOL_QUOTA; Windows has the process here */
} POOL_HEADER, *PPOOL_HEADER;
C_ASSERT(sizeof(POOL_HEADER) == POOL_UNIT);
#define OFFSETS_POOL
#include "offsets.h"

/* Guarded by Lock. */
typedef struct _POOL_DESCRIPTOR {
    KSPIN_LOCK Lock;
    ULONG64 NotEmpty[POOL_PAGE_UNITS / 64]; /* bit n: ListHeads[n] holds a block */
    LIST_ENTRY ListHeads[POOL_PAGE_UNITS];
} POOL_DESCRIPTOR, *PPOOL_DESCRIPTOR;

static POOL_DESCRIPTOR MiPool[MI_POOLS];

static PPOOL_HEADER MiNextBlock(PPOOL_HEADER Block) {
    return Block + Block->BlockSize;
}
static PPOOL_HEADER MiPreviousBlock(PPOOL_HEADER Block) {
    return Block - Block->PreviousSize;
}
static BOOLEAN MiIsPageEnd(PPOOL_HEADER Block) {
    return BYTE_OFFSET(Block) == 0;
}

VOID MiInitializePool(VOID) {
    MiInitializePoolRanges();
    for (ULONG Pool = 0; Pool < MI_POOLS; Pool++) {
        for (ULONG i = 0; i < POOL_PAGE_UNITS; i++) {
            PLIST_ENTRY Head = &MiPool[Pool].ListHeads[i];
            Head->Flink = Head->Blink = Head;
        }
    }
}

/* ---- The pool's lists; all under its lock ---- */

/* A single unit has no room for links: such a sliver waits for its neighbours. */
static VOID MiLinkFree(PPOOL_DESCRIPTOR Pool, PPOOL_HEADER Block) {
    ULONG Units = Block->BlockSize;
    Block->PoolType = 0;
    if (Units > 1) {
        InsertHeadList(&Pool->ListHeads[Units], (PLIST_ENTRY)(Block + 1));
        Pool->NotEmpty[Units / 64] |= 1ULL << (Units % 64);
    }
}

static VOID MiUnlinkFree(PPOOL_DESCRIPTOR Pool, PPOOL_HEADER Block) {
    ULONG Units = Block->BlockSize;
    if (Units > 1 && RemoveEntryList((PLIST_ENTRY)(Block + 1))) {
        Pool->NotEmpty[Units / 64] &= ~(1ULL << (Units % 64));
    }
}

/* The smallest free block of at least Units units, off its list; NULL if there is none. */
static PPOOL_HEADER MiTakeFree(PPOOL_DESCRIPTOR Pool, ULONG Units) {
    ULONG64 Mask = ~0ULL << (Units % 64);
    for (ULONG Word = Units / 64; Word < ARRAYSIZE(Pool->NotEmpty); Word++) {
        ULONG64 Bits = Pool->NotEmpty[Word] & Mask;
        if (Bits != 0) {
            ULONG Size = Word * 64 + (ULONG)__builtin_ctzll(Bits);
            PPOOL_HEADER Block = (PPOOL_HEADER)Pool->ListHeads[Size].Flink - 1;
            MiUnlinkFree(Pool, Block);
            return Block;
        }
        Mask = ~0ULL;
    }
    return NULL;
}

/* Cuts Block, whose true size is Total, down to Units; the rest becomes a free block. */
static VOID MiSplit(PPOOL_DESCRIPTOR Pool, PPOOL_HEADER Block, ULONG Units, ULONG Total) {
    PPOOL_HEADER Rest = Block + Units;
    Block->BlockSize = (UCHAR)Units;
    if (Total == Units) {
        return;
    }
    Rest->BlockSize = (UCHAR)(Total - Units);
    Rest->PreviousSize = (UCHAR)Units;
    Rest->PoolIndex = Block->PoolIndex;
    if (!MiIsPageEnd(MiNextBlock(Rest))) {
        MiNextBlock(Rest)->PreviousSize = Rest->BlockSize;
    }
    MiLinkFree(Pool, Rest);
}

/* A block of Units units, marked in use, from the lists or a fresh page. IRQL DISPATCH_LEVEL. */
MI_SLOW static PPOOL_HEADER MiCarveBlock(ULONG PoolNumber, ULONG Units) {
    PPOOL_DESCRIPTOR Pool = &MiPool[PoolNumber];
    ULONG Total;
    PPOOL_HEADER Block;
    KeAcquireSpinLockAtDpcLevel(&Pool->Lock);
    Block = MiTakeFree(Pool, Units);
    if (Block == NULL) {
        KeReleaseSpinLockFromDpcLevel(&Pool->Lock);
        Block = MiAllocatePoolPages(PoolNumber & MI_PAGED, 1);
        if (Block == NULL) {
            return NULL;
        }
        *Block = (POOL_HEADER){.PoolIndex = (UCHAR)PoolNumber};
        Total = POOL_PAGE_UNITS;
        KeAcquireSpinLockAtDpcLevel(&Pool->Lock);
    } else {
        Total = Block->BlockSize;
    }
    MiSplit(Pool, Block, Units, Total);
    Block->PoolType = (PoolNumber & MI_PAGED) | POOL_IN_USE;
    KeReleaseSpinLockFromDpcLevel(&Pool->Lock);
    return Block;
}

/* Gives a block back to its pool, joined with free neighbours. IRQL DISPATCH_LEVEL. */
MI_SLOW static VOID MiJoinBlock(PPOOL_HEADER Block) {
    PPOOL_DESCRIPTOR Pool = &MiPool[Block->PoolIndex];
    ULONG Units = Block->BlockSize;
    PPOOL_HEADER Next;
    KeAcquireSpinLockAtDpcLevel(&Pool->Lock);
    Next = Block + Units;
    if (!MiIsPageEnd(Next) && Next->PoolType == 0) {
        MiUnlinkFree(Pool, Next);
        Units += Next->BlockSize;
    }
    if (Block->PreviousSize != 0 && MiPreviousBlock(Block)->PoolType == 0) {
        Block = MiPreviousBlock(Block);
        MiUnlinkFree(Pool, Block);
        Units += Block->BlockSize;
    }
    if (Units == POOL_PAGE_UNITS) {
        KeReleaseSpinLockFromDpcLevel(&Pool->Lock);
        MiFreePoolPages(Block, 1);
        return;
    }
    Block->BlockSize = (UCHAR)Units;
    Next = Block + Units;
    if (!MiIsPageEnd(Next)) {
        Next->PreviousSize = (UCHAR)Units;
    }
    MiLinkFree(Pool, Block);
    KeReleaseSpinLockFromDpcLevel(&Pool->Lock);
}

/* ---- The checked build's watch over freed blocks ---- */

static VOID MiPoisonBlock(PPOOL_HEADER Block) {
#if DBG
    RtlFillMemory(Block + 1, (SIZE_T)(Block->BlockSize - 1) * POOL_UNIT, POOL_POISON);
    KeForgetSpinLocks(Block + 1, (SIZE_T)(Block->BlockSize - 1) * POOL_UNIT);
#else
    UNREFERENCED_PARAMETER(Block);
#endif
}

/* A kept block must still hold the pattern, behind the link in its first eight bytes. */
static VOID MiCheckPoison(PPOOL_HEADER Block) {
#if DBG
    PUCHAR Byte = (PUCHAR)(Block + 1);
    SIZE_T Size = (SIZE_T)(Block->BlockSize - 1) * POOL_UNIT;
    for (SIZE_T i = sizeof(SINGLE_LIST_ENTRY); i < Size; i++) {
        if (Byte[i] != POOL_POISON) { /* written to after it was freed */
            KeBugCheckEx(BAD_POOL_HEADER, 0x3, (ULONG_PTR)Block, (ULONG_PTR)&Byte[i],
                         Block->PoolTag);
        }
    }
#else
    UNREFERENCED_PARAMETER(Block);
#endif
}

/* ---- Allocate ---- */

/* How many units a block of Size bytes takes in a pool. */
FORCEINLINE ULONG MiUnitsOf(ULONG Pool, SIZE_T Size) {
    ULONG Units = (ULONG)((Size + sizeof(POOL_HEADER) + POOL_UNIT - 1) / POOL_UNIT);
    if ((Pool & MI_ALIGNED) != 0) {
        Units = (Units + POOL_LINE_UNITS - 1) & ~(ULONG)(POOL_LINE_UNITS - 1);
    }
    return Units;
}

/* The first block of a processor's list, marked in use; NULL if the list is empty. */
FORCEINLINE PPOOL_HEADER MiPopBlock(MI_POOL_LIST *List) {
    PSINGLE_LIST_ENTRY Link = List->Head.Next;
    if (Link == NULL) {
        return NULL;
    }
    PPOOL_HEADER Block = (PPOOL_HEADER)Link - 1;
    MiCheckPoison(Block);
    List->Head.Next = Link->Next;
    List->Depth--;
    Block->PoolType ^= POOL_KEPT | POOL_IN_USE;
    return Block;
}

FORCEINLINE PVOID MiFinishAllocation(PPOOL_HEADER Block, ULONG Units, ULONG Tag, ULONG Pool,
                                     PPOOL_TRACKER_TABLE Entry) {
    Block->PoolTag = Tag;
    MiCountAllocated(Entry, Pool & MI_PAGED, (SIZE_T)Units * POOL_UNIT);
    return Block + 1;
}

/* A block of less than a page, from wherever there is one. */
MI_SLOW static PVOID MiAllocateSmall(ULONG Pool, SIZE_T Size, ULONG Tag) {
    ULONG Units = MiUnitsOf(Pool, Size);
    KIRQL OldIrql = KeRaiseIrqlToDpcLevel();
    PMI_POOL_PROCESSOR Processor = MiPoolProcessor[KiGetProcessorIndex()];
    PPOOL_HEADER Block = NULL;
    PVOID P = NULL;
    if (Units <= MI_LOOKASIDE_UNITS) {
        Block = MiPopBlock(&Processor->Lookaside[Units][Pool]);
    }
    if (Block == NULL) {
        Block = MiCarveBlock(Pool, Units);
    }
    if (Block != NULL) {
        P = MiFinishAllocation(Block, Units, Tag, Pool, MiFindTag(Processor, Tag));
    }
    KeLowerIrql(OldIrql);
    return P;
}

MI_SLOW static PVOID MiAllocateBig(ULONG Pool, SIZE_T Size, ULONG Tag) {
    SIZE_T Pages = BYTES_TO_PAGES(Size);
    KIRQL OldIrql;
    PVOID Va;
    if (Size + PAGE_SIZE < Size || Pages > MAXLONG) {
        return NULL;
    }
    Va = MiAllocatePoolPages(Pool & MI_PAGED, (ULONG)Pages);
    if (Va == NULL) {
        return NULL;
    }
    if (!MiInsertBigPool(Va, Tag, (ULONG)Pages)) {
        MiFreePoolPages(Va, (ULONG)Pages);
        return NULL;
    }
    OldIrql = KeRaiseIrqlToDpcLevel();
    MiCountAllocated(MiFindTag(MiPoolProcessor[KiGetProcessorIndex()], Tag), Pool & MI_PAGED,
                     Pages << PAGE_SHIFT);
    KeLowerIrql(OldIrql);
    return Va;
}

/* Whether a block has a header. Rounded up to lines, the largest ones would not fit into a page. */
static BOOLEAN MiIsSmall(ULONG Pool, SIZE_T Size) {
    return Size <= POOL_SMALL_MAX - ((Pool & MI_ALIGNED) != 0 ? MI_CACHE_LINE : 0);
}

/* Every case but the common one. */
MI_SLOW static PVOID MiAllocateSlowly(ULONG Pool, SIZE_T Size, ULONG Tag) {
    if (Tag == 0) {
        return NULL;
    }
    return MiIsSmall(Pool, Size) ? MiAllocateSmall(Pool, Size, Tag)
                                 : MiAllocateBig(Pool, Size, Tag);
}

SIZE_T MiPoolBytes(_In_ ULONG Pool, _In_ SIZE_T Size) {
    if (MiIsSmall(Pool, Size)) {
        return (SIZE_T)MiUnitsOf(Pool, Size) * POOL_UNIT;
    }
    return (Size + PAGE_SIZE - 1) & ~(SIZE_T)(PAGE_SIZE - 1);
}

VOID MiBillPool(_In_ PVOID P, _In_ PEPROCESS_QUOTA_BLOCK QuotaBlock) {
    if (BYTE_OFFSET(P) == 0) {
        MiBillBigPool(P, QuotaBlock);
        return;
    }
    PPOOL_HEADER Block = (PPOOL_HEADER)P - 1;
    Block->ProcessBilled = QuotaBlock;
    Block->PoolType |= POOL_QUOTA;
}

/*
 * The common case: a small block of a tag and a size that this processor had before. It has no
 * registers to save, because what is less common is called last.
 */
static PVOID MiAllocatePool(ULONG Pool, SIZE_T Size, ULONG Tag) {
    ASSERT_IRQL(<= DISPATCH_LEVEL);
    if ((Pool & MI_PAGED) != 0) {
        ASSERT_IRQL(<= APC_LEVEL);
    }
    if (!MiMayAllocate()) {
        return NULL;
    }
    ULONG Units = MiUnitsOf(Pool, Size);
    if (Size > POOL_KEPT_MAX - MI_CACHE_LINE || Tag == 0) {
        return MiAllocateSlowly(Pool, Size, Tag);
    }
    KIRQL OldIrql = KeRaiseIrqlToDpcLevel();
    PMI_POOL_PROCESSOR Processor = MiPoolProcessor[KiGetProcessorIndex()];
    PPOOL_TRACKER_TABLE Entry = &Processor->Tags[MiHashTag(Tag)];
    PPOOL_HEADER Block = NULL;
    if (Entry->Key == Tag) {
        Block = MiPopBlock(&Processor->Lookaside[Units][Pool]);
    }
    if (Block == NULL) {
        KeLowerIrql(OldIrql);
        return MiAllocateSlowly(Pool, Size, Tag);
    }
    PVOID P = MiFinishAllocation(Block, Units, Tag, Pool, Entry);
    KeLowerIrql(OldIrql);
    return P;
}

/* Stock tools know the kernel's image by a section of this name, as Windows' pool has. */
#pragma code_seg("POOLCODE")
PVOID ExAllocatePoolWithTag(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag) {
    ULONG Pool = (PoolType & PagedPool) != 0 ? MI_PAGED : MI_NONPAGED;
    Pool |= (PoolType & NonPagedPoolCacheAligned) != 0 ? MI_ALIGNED : 0;
    return MiAllocatePool(Pool, NumberOfBytes, Tag);
}

PVOID ExAllocatePoolZero(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag) {
    PVOID Block = ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
    if (Block != NULL) {
        RtlZeroMemory(Block, NumberOfBytes);
    }
    return Block;
}

#define MI_POOL_KINDS (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED)

MI_SLOW static PVOID MiAllocateWithQuota(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag) {
    PVOID Block;
    NTSTATUS Status = MmAllocatePoolWithQuota(NULL, Flags, NumberOfBytes, Tag, &Block);
    if (!NT_SUCCESS(Status) && (Flags & POOL_FLAG_RAISE_ON_FAILURE) != 0) {
        RtlRaiseStatus(Status);
    }
    return Block;
}

PVOID ExAllocatePool2(_In_ POOL_FLAGS Flags, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag) {
    POOL_FLAGS Kind = Flags & MI_POOL_KINDS;
    PVOID Block = NULL;
    if ((Flags & POOL_FLAG_USE_QUOTA) != 0) {
        return MiAllocateWithQuota(Flags, NumberOfBytes, Tag);
    }
    if (Kind != 0 && (Kind & (Kind - 1)) == 0 && NumberOfBytes != 0) {
        ULONG Pool = Kind == POOL_FLAG_PAGED ? MI_PAGED : MI_NONPAGED;
        Pool |= (Flags & POOL_FLAG_CACHE_ALIGNED) != 0 ? MI_ALIGNED : 0;
        Block = MiAllocatePool(Pool, NumberOfBytes, Tag);
    }
    if (Block == NULL) {
        if (Flags & POOL_FLAG_RAISE_ON_FAILURE) {
            RtlRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
        }
        return NULL;
    }
    if (!(Flags & POOL_FLAG_UNINITIALIZED)) {
        RtlZeroMemory(Block, NumberOfBytes);
    }
    return Block;
}

/* ---- Free ---- */

MI_SLOW static VOID MiFreeBig(PVOID P, ULONG Tag) {
    ULONG AllocatedTag = 0;
    ULONG Pool = MiPoolOfAddress(P);
    PEPROCESS_QUOTA_BLOCK QuotaBlock;
    ULONG Pages = MiRemoveBigPool(P, &AllocatedTag, &QuotaBlock);
    KIRQL OldIrql;
    if (Pages == 0) { /* no such block: never allocated, or freed already */
        KeBugCheckEx(BAD_POOL_CALLER, 0x46, (ULONG_PTR)P, 0, 0);
    }
    if (Tag != 0 && Tag != AllocatedTag) {
        KeBugCheckEx(BAD_POOL_CALLER, 0xA, (ULONG_PTR)P, AllocatedTag, Tag);
    }
    KeForgetSpinLocks(P, (SIZE_T)Pages << PAGE_SHIFT);
    if (QuotaBlock != NULL) {
        MiReturnPoolQuota(QuotaBlock, Pool, (SIZE_T)Pages << PAGE_SHIFT);
    }
    OldIrql = KeRaiseIrqlToDpcLevel();
    MiCountFreed(MiFindTag(MiPoolProcessor[KiGetProcessorIndex()], AllocatedTag), Pool,
                 (SIZE_T)Pages << PAGE_SHIFT);
    KeLowerIrql(OldIrql);
    MiFreePoolPages(P, Pages);
}

/* A block in use that is charged: its quota is returned. Anything else is no block in use, and
   stops the machine. */
MI_SLOW static VOID MiCheckRareFree(PPOOL_HEADER Block) {
    if (((ULONG_PTR)Block & (POOL_UNIT - 1)) != 0 ||
        (Block->PoolType & ~1u) != (POOL_IN_USE | POOL_QUOTA) || Block->BlockSize == 0) {
        /* 7: the block is free already */
        KeBugCheckEx(BAD_POOL_CALLER, 7, 0, Block->PoolTag, (ULONG_PTR)(Block + 1));
    }
    Block->PoolType ^= POOL_QUOTA;
    MiReturnPoolQuota(Block->ProcessBilled, Block->PoolIndex & MI_PAGED,
                      (SIZE_T)Block->BlockSize * POOL_UNIT);
}

static VOID MiCheckFree(PPOOL_HEADER Block, ULONG Tag) {
    if (((ULONG_PTR)Block & (POOL_UNIT - 1)) != 0 || (Block->PoolType & ~1u) != POOL_IN_USE ||
        Block->BlockSize == 0) {
        MiCheckRareFree(Block);
    }
    if (Tag != 0 && Tag != Block->PoolTag) {
        KeBugCheckEx(BAD_POOL_CALLER, 0xA, (ULONG_PTR)(Block + 1), Block->PoolTag, Tag);
    }
#if DBG
    if (!MiIsPageEnd(MiNextBlock(Block)) && MiNextBlock(Block)->PreviousSize != Block->BlockSize) {
        KeBugCheckEx(BAD_POOL_HEADER, 0x20, (ULONG_PTR)Block, (ULONG_PTR)MiNextBlock(Block),
                     Block->PoolTag);
    }
#endif
}

/* Puts a block in front of a processor's list. */
FORCEINLINE VOID MiPushBlock(MI_POOL_LIST *List, PPOOL_HEADER Block) {
    PSINGLE_LIST_ENTRY Link = (PSINGLE_LIST_ENTRY)(Block + 1);
    Block->PoolType ^= POOL_KEPT | POOL_IN_USE;
    Link->Next = List->Head.Next;
    List->Head.Next = Link;
    List->Depth++;
}

/* A checked block whose processor has no room for it, or has never seen its tag. */
MI_SLOW static VOID MiFreeSmall(PPOOL_HEADER Block) {
    KIRQL OldIrql = KeRaiseIrqlToDpcLevel();
    PMI_POOL_PROCESSOR Processor = MiPoolProcessor[KiGetProcessorIndex()];
    ULONG Units = Block->BlockSize;
    MiCountFreed(MiFindTag(Processor, Block->PoolTag), Block->PoolIndex & MI_PAGED,
                 (SIZE_T)Units * POOL_UNIT);
    if (Units > 1 && Units <= MI_LOOKASIDE_UNITS &&
        Processor->Lookaside[Units][Block->PoolIndex].Depth < POOL_LIST_DEPTH) {
        MiPushBlock(&Processor->Lookaside[Units][Block->PoolIndex], Block);
    } else {
        MiJoinBlock(Block);
    }
    KeLowerIrql(OldIrql);
}

VOID ExFreePoolWithTag(_In_ PVOID P, _In_ ULONG Tag) {
    PPOOL_HEADER Block = (PPOOL_HEADER)P - 1;
    ASSERT_IRQL(<= DISPATCH_LEVEL);
    if (BYTE_OFFSET(P) == 0) {
        MiFreeBig(P, Tag);
        return;
    }
    MiCheckFree(Block, Tag);
    MiPoisonBlock(Block);
    ULONG Units = Block->BlockSize;
    if (Units < 2 || Units > MI_LOOKASIDE_UNITS) {
        MiFreeSmall(Block);
        return;
    }
    KIRQL OldIrql = KeRaiseIrqlToDpcLevel();
    PMI_POOL_PROCESSOR Processor = MiPoolProcessor[KiGetProcessorIndex()];
    MI_POOL_LIST *List = &Processor->Lookaside[Units][Block->PoolIndex];
    PPOOL_TRACKER_TABLE Entry = &Processor->Tags[MiHashTag(Block->PoolTag)];
    if (Entry->Key != Block->PoolTag || List->Depth >= POOL_LIST_DEPTH) {
        KeLowerIrql(OldIrql);
        MiFreeSmall(Block);
        return;
    }
    MiCountFreed(Entry, Block->PoolIndex & MI_PAGED, (SIZE_T)Units * POOL_UNIT);
    MiPushBlock(List, Block);
    KeLowerIrql(OldIrql);
}

VOID ExFreePool(_In_ PVOID P) {
    ExFreePoolWithTag(P, 0);
}
#pragma code_seg()
