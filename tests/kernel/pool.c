/* pool.c - tests of the pools */
#include "kmtest.h"

static POOL_TRACKER_TABLE Usage(ULONG Tag) {
    static POOL_TRACKER_TABLE Table[512];
    POOL_TRACKER_TABLE None = {.Key = Tag};
    ULONG Needed = 0;
    if (!NT_SUCCESS(MmQueryPoolTags(Table, 512, &Needed))) {
        KMT_CHECK(!"MmQueryPoolTags");
    }
    for (ULONG i = 0; i < 512 && i < Needed; i++) {
        if (Table[i].Key == Tag) {
            return Table[i];
        }
    }
    return None;
}

KMT_TEST(pool_zeroes_and_aligns) {
    for (SIZE_T Size = 1; Size <= 20000; Size = Size * 3 + 1) {
        PUCHAR Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, Size, KMT_TAG);
        KMT_CHECK(Block != NULL && ((ULONG_PTR)Block & 15) == 0);
        for (SIZE_T i = 0; Block != NULL && i < Size; i++) {
            KMT_CHECK(Block[i] == 0);
            Block[i] = 0xA5;
        }
        ExFreePoolWithTag(Block, KMT_TAG);
    }
}

/* Block and header together are whole cache lines: no line belongs to two blocks. */
KMT_TEST(pool_cache_aligned_blocks_share_no_line) {
    enum { Blocks = 40 };
    PUCHAR Block[Blocks];
    for (ULONG i = 0; i < Blocks; i++) {
        Block[i] =
            ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, 8 + i * 13, KMT_TAG);
        KMT_CHECK(Block[i] != NULL && ((ULONG_PTR)Block[i] & 63) == 16);
    }
    for (ULONG i = 0; i < Blocks; i++) {
        for (ULONG j = 0; j < i; j++) {
            PUCHAR Low = Block[i] < Block[j] ? Block[i] : Block[j];
            PUCHAR High = Block[i] < Block[j] ? Block[j] : Block[i];
            SIZE_T Size = 8 + (Low == Block[i] ? i : j) * 13;
            KMT_CHECK((ULONG_PTR)(Low + Size - 1) / 64 < (ULONG_PTR)(High - 16) / 64);
        }
    }
    for (ULONG i = 0; i < Blocks; i++) {
        ExFreePoolWithTag(Block[i], KMT_TAG);
    }
}

KMT_TEST(pool_page_sized_blocks_are_page_aligned) {
    PVOID Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 0x1000, KMT_TAG);
    KMT_CHECK(((ULONG_PTR)Block & 0xFFF) == 0);
    ExFreePoolWithTag(Block, KMT_TAG);
}

KMT_TEST(pool_blocks_do_not_overlap) {
    enum { Blocks = 300 };
    static PULONG Block[Blocks];
    for (ULONG i = 0; i < Blocks; i++) {
        ULONG Size = 8 + i * 37 % 3000;
        Block[i] = ExAllocatePool2(i & 1 ? POOL_FLAG_PAGED : POOL_FLAG_NON_PAGED, Size, KMT_TAG);
        KMT_CHECK(Block[i] != NULL);
        for (ULONG j = 0; j < Size / 4; j++) {
            Block[i][j] = i;
        }
    }
    for (ULONG i = 0; i < Blocks; i++) {
        for (ULONG j = 0; j < (8 + i * 37 % 3000) / 4; j++) {
            KMT_CHECK(Block[i][j] == i);
        }
        ExFreePoolWithTag(Block[i], KMT_TAG);
    }
}

KMT_TEST(pool_counts_by_tag) {
    ULONG Tag = 'gaTK';
    POOL_TRACKER_TABLE Before = Usage(Tag);
    PVOID NonPaged = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, Tag);
    PVOID Paged = ExAllocatePool2(POOL_FLAG_PAGED, 5000, Tag);
    POOL_TRACKER_TABLE During = Usage(Tag);
    KMT_CHECK(During.NonPagedAllocs == Before.NonPagedAllocs + 1);
    KMT_CHECK(During.PagedAllocs == Before.PagedAllocs + 1);
    KMT_CHECK(During.NonPagedBytes >= Before.NonPagedBytes + 100);
    KMT_CHECK(During.PagedBytes >= Before.PagedBytes + 5000);
    ExFreePoolWithTag(NonPaged, Tag);
    ExFreePool(Paged);
    POOL_TRACKER_TABLE After = Usage(Tag);
    KMT_CHECK(After.NonPagedBytes == Before.NonPagedBytes && After.PagedBytes == Before.PagedBytes);
    KMT_CHECK(After.NonPagedFrees == Before.NonPagedFrees + 1);
}

KMT_TEST(pool_works_at_dispatch_level) {
    KIRQL Old;
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    PVOID Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, KMT_TAG);
    KMT_CHECK(Block != NULL);
    ExFreePoolWithTag(Block, KMT_TAG);
    KeLowerIrql(Old);
}

KMT_TEST(pool_refuses_what_cannot_be) {
    KMT_CHECK(ExAllocatePool2(POOL_FLAG_NON_PAGED, (SIZE_T)1 << 45, KMT_TAG) == NULL);
    KMT_CHECK(ExAllocatePool2(POOL_FLAG_PAGED, ~(SIZE_T)0, KMT_TAG) == NULL);
    KMT_CHECK(ExAllocatePool2(POOL_FLAG_NON_PAGED, ~(SIZE_T)0 - 8, KMT_TAG) == NULL);
}
