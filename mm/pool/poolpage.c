/*
 * Pool, lower half: whole pages of nonpaged and paged pool, and the table of big blocks.
 *
 * Each pool is a range of system addresses that gets memory page by page as it is used, and gives
 * it back. When memory is plenty, nonpaged pool begins with a 2 MiB page that always stays. Paged
 * pool has a range and an IRQL rule of its own but is resident: there is no page file.
 *
 * A block of a page or more has no header in front of it, so its size and tag stand in a hash table
 * by address (Windows' PoolBigPageTable), with open addressing; a freed entry keeps a mark so that
 * searches go on past it.
 */
#include "mip.h"

#define MI_NONPAGED_POOL_BASE 0xFFFFFAA000000000ULL
#define MI_PAGED_POOL_BASE    0xFFFFF8A000000000ULL
#define MI_POOL_PAGES         (1u << 18) /* 1 GiB of addresses each */
#define MI_LARGE_POOL_PAGES   (LARGE_PAGE_SIZE / PAGE_SIZE)

static MI_SYSTEM_RANGE MiPoolRange[2];
static ULONG MiPoolBits[2][MI_POOL_PAGES / 32];
static ULONG_PTR MiLargePoolEnd; /* below it nonpaged pool is mapped for good */

VOID MiInitializePoolRanges(VOID) {
    MiInitializeSystemRange(&MiPoolRange[MI_NONPAGED], MI_NONPAGED_POOL_BASE,
                            MiPoolBits[MI_NONPAGED], MI_POOL_PAGES);
    MiInitializeSystemRange(&MiPoolRange[MI_PAGED], MI_PAGED_POOL_BASE, MiPoolBits[MI_PAGED],
                            MI_POOL_PAGES);
    MiLargePoolEnd = MI_NONPAGED_POOL_BASE;
    if (MiMemoryIsPlenty) {
        PMMPTE Pde = MiGetPdeAddress((PVOID)MI_NONPAGED_POOL_BASE);
        PFN_NUMBER Page = MiTakeEarlyPages(MI_LARGE_POOL_PAGES, MI_LARGE_POOL_PAGES);
        MiMakeEarlyPageTables(MI_NONPAGED_POOL_BASE + LARGE_PAGE_SIZE);
        MiWritePte(Pde, MiMakeValidKernelPte(Page) | MM_PTE_LARGE_PAGE);
        MiLargePoolEnd = MI_NONPAGED_POOL_BASE + LARGE_PAGE_SIZE;
    }
}

ULONG MiPoolOfAddress(_In_ PVOID Va) {
    return (ULONG_PTR)Va >= MI_NONPAGED_POOL_BASE ? MI_NONPAGED : MI_PAGED;
}

/* How many of the pages at Va lie in the part that is always mapped. */
static ULONG MiLargePoolPages(PVOID Va, ULONG Pages) {
    ULONG_PTR Start = (ULONG_PTR)Va;
    if (Start < MI_NONPAGED_POOL_BASE || Start >= MiLargePoolEnd) {
        return 0;
    }
    return (ULONG)min((ULONG_PTR)Pages, (MiLargePoolEnd - Start) >> PAGE_SHIFT);
}

PVOID MiAllocatePoolPages(_In_ ULONG Pool, _In_ ULONG Pages) {
    ULONG Mapped;
    PUCHAR Va;
    /* A small one may find room in the part that is always mapped. */
    if (Pages > MI_LARGE_POOL_PAGES && !MiIsCommitmentLeft(Pages)) {
        return NULL;
    }
    Va = MiReserveSystemRange(&MiPoolRange[Pool], Pages);
    if (Va == NULL) {
        return NULL;
    }
    Mapped = MiLargePoolPages(Va, Pages);
    if (Mapped < Pages && !MiMapSystemPages(Va + ((SIZE_T)Mapped << PAGE_SHIFT), Pages - Mapped)) {
        MiReleaseSystemRange(&MiPoolRange[Pool], Va, Pages);
        return NULL;
    }
    InterlockedAdd64(
        Pool == MI_PAGED ? &MiStatistics.PagedPoolPages : &MiStatistics.NonPagedPoolPages, Pages);
    return Va;
}

VOID MiFreePoolPages(_In_ PVOID Va, _In_ ULONG Pages) {
    ULONG Pool = MiPoolOfAddress(Va);
    ULONG Mapped = MiLargePoolPages(Va, Pages);
    MiUnmapSystemPages((PUCHAR)Va + ((SIZE_T)Mapped << PAGE_SHIFT), Pages - Mapped);
    MiReleaseSystemRange(&MiPoolRange[Pool], Va, Pages);
    InterlockedAdd64(Pool == MI_PAGED ? &MiStatistics.PagedPoolPages
                                      : &MiStatistics.NonPagedPoolPages,
                     -(LONG64)Pages);
}

/* ---- Big blocks ---- */

#define MI_BIG_FREE    ((PVOID)1)
#define MI_BIG_INITIAL 256

/* Windows' POOL_TRACKER_BIG_PAGES. Va: the block, NULL never used, MI_BIG_FREE used before. */
typedef struct _POOL_TRACKER_BIG_PAGES {
    PVOID Va;
    ULONG Key;
    ULONG NumberOfPages;
    PEPROCESS_QUOTA_BLOCK QuotaBlock; /* what it is charged to, or NULL */
} POOL_TRACKER_BIG_PAGES, *PPOOL_TRACKER_BIG_PAGES;

/* All under MiBigPoolLock. */
static KSPIN_LOCK MiBigPoolLock;
static POOL_TRACKER_BIG_PAGES MiFirstBigTable[MI_BIG_INITIAL];
static PPOOL_TRACKER_BIG_PAGES PoolBigPageTable = MiFirstBigTable;
static ULONG PoolBigPageTableSize = MI_BIG_INITIAL; /* a power of two */
static ULONG MiBigPoolUsed;                         /* entries that are not NULL */

static ULONG MiHashBigPool(PVOID Va, ULONG Size) {
    return (ULONG)((((ULONG_PTR)Va >> PAGE_SHIFT) * 0x9E3779B97F4A7C15ULL) >> 40) & (Size - 1);
}

static PPOOL_TRACKER_BIG_PAGES MiFindFreeBigEntry(PPOOL_TRACKER_BIG_PAGES Table, ULONG Size,
                                                  PVOID Va) {
    ULONG Index = MiHashBigPool(Va, Size);
    while (Table[Index].Va != NULL && Table[Index].Va != MI_BIG_FREE) {
        Index = (Index + 1) & (Size - 1);
    }
    return &Table[Index];
}

/* Moves the entries in use to a table of twice the size. Under the lock. */
static VOID MiMoveBigPool(PPOOL_TRACKER_BIG_PAGES Table, ULONG Size) {
    MiBigPoolUsed = 0;
    for (ULONG i = 0; i < PoolBigPageTableSize; i++) {
        PPOOL_TRACKER_BIG_PAGES Old = &PoolBigPageTable[i];
        if (Old->Va != NULL && Old->Va != MI_BIG_FREE) {
            *MiFindFreeBigEntry(Table, Size, Old->Va) = *Old;
            MiBigPoolUsed++;
        }
    }
    PoolBigPageTable = Table;
    PoolBigPageTableSize = Size;
}

/* Doubles the table. FALSE without memory. */
static BOOLEAN MiGrowBigPool(ULONG OldSize) {
    ULONG Pages = (ULONG)BYTES_TO_PAGES((SIZE_T)OldSize * 2 * sizeof(POOL_TRACKER_BIG_PAGES));
    PPOOL_TRACKER_BIG_PAGES Table = MiAllocatePoolPages(MI_NONPAGED, Pages);
    PPOOL_TRACKER_BIG_PAGES Spare = Table;
    KIRQL OldIrql;
    if (Table == NULL) {
        return FALSE;
    }
    RtlZeroMemory(Table, (SIZE_T)Pages << PAGE_SHIFT);
    OldIrql = KeAcquireSpinLockRaiseToDpc(&MiBigPoolLock);
    if (PoolBigPageTableSize == OldSize) {
        Spare = PoolBigPageTable == MiFirstBigTable ? NULL : PoolBigPageTable;
        MiMoveBigPool(Table, OldSize * 2);
        Pages /= 2;
    }
    KeReleaseSpinLock(&MiBigPoolLock, OldIrql);
    if (Spare != NULL) {
        MiFreePoolPages(Spare, Pages);
    }
    return TRUE;
}

BOOLEAN MiInsertBigPool(_In_ PVOID Va, _In_ ULONG Tag, _In_ ULONG Pages) {
    for (;;) {
        KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&MiBigPoolLock);
        ULONG Size = PoolBigPageTableSize;
        if (MiBigPoolUsed < Size - Size / 4) {
            PPOOL_TRACKER_BIG_PAGES Entry = MiFindFreeBigEntry(PoolBigPageTable, Size, Va);
            MiBigPoolUsed += Entry->Va == NULL;
            *Entry = (POOL_TRACKER_BIG_PAGES){Va, Tag, Pages, NULL};
            KeReleaseSpinLock(&MiBigPoolLock, OldIrql);
            return TRUE;
        }
        KeReleaseSpinLock(&MiBigPoolLock, OldIrql);
        if (!MiGrowBigPool(Size)) {
            return FALSE;
        }
    }
}

/* The entry of a block, NULL if there is no such block. Under the lock. */
static PPOOL_TRACKER_BIG_PAGES MiFindBigEntry(PVOID Va) {
    ULONG Index = MiHashBigPool(Va, PoolBigPageTableSize);
    while (PoolBigPageTable[Index].Va != NULL && PoolBigPageTable[Index].Va != Va) {
        Index = (Index + 1) & (PoolBigPageTableSize - 1);
    }
    return PoolBigPageTable[Index].Va == Va ? &PoolBigPageTable[Index] : NULL;
}

VOID MiBillBigPool(_In_ PVOID Va, _In_ PEPROCESS_QUOTA_BLOCK QuotaBlock) {
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&MiBigPoolLock);
    MiFindBigEntry(Va)->QuotaBlock = QuotaBlock;
    KeReleaseSpinLock(&MiBigPoolLock, OldIrql);
}

/* Number of pages of the block, 0 if there is no such block. */
ULONG MiRemoveBigPool(_In_ PVOID Va, _Out_ PULONG Tag, _Out_ PEPROCESS_QUOTA_BLOCK *QuotaBlock) {
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&MiBigPoolLock);
    PPOOL_TRACKER_BIG_PAGES Entry = MiFindBigEntry(Va);
    ULONG Pages = 0;
    *QuotaBlock = NULL;
    if (Entry != NULL) {
        Pages = Entry->NumberOfPages;
        *Tag = Entry->Key;
        *QuotaBlock = Entry->QuotaBlock;
        Entry->Va = MI_BIG_FREE;
    }
    KeReleaseSpinLock(&MiBigPoolLock, OldIrql);
    return Pages;
}
