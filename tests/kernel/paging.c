/* paging.c - tests of page tables: the self-map's arithmetic, W^X of the images, guard pages */
#include "kmtest.h"

#define PTE_VALID      0x1ull
#define PTE_WRITE      0x2ull
#define PTE_USER       0x4ull
#define PTE_LARGE      0x80ull
#define PTE_NO_EXECUTE 0x8000000000000000ull
#define PAGE_BYTES     0x1000ull

/* The self-map: level 1 of the tables begins at FFFFF680'00000000 (slot 0x1ED of the top table). */
static PULONG64 EntryOf(ULONG64 Address, ULONG Level) {
    ULONG64 At = Address & 0x0000FFFFFFFFFFFFull;
    static const ULONG64 Base[] = {0, 0xFFFFF68000000000, 0xFFFFF6FB40000000, 0xFFFFF6FB7DA00000,
                                   0xFFFFF6FB7DBED000};
    return (PULONG64)(Base[Level] + (At >> (12 + 9 * (Level - 1))) * 8);
}

typedef struct _WALK {
    ULONG64 Pages; /* mapped at the lowest level, 4 KiB or larger */
    ULONG64 LargePages;
    ULONG64 WriteExecute;
    ULONG64 User;
} WALK;

/* Rights are what all levels grant together. */
static VOID Walk(ULONG64 Address, ULONG Level, ULONG64 Rights, WALK *Result) {
    ULONG64 Step = PAGE_BYTES << (9 * (Level - 1));
    for (ULONG i = 0; i < 512; i++, Address += Step) {
        ULONG64 Entry = *EntryOf(Address, Level);
        if (!(Entry & PTE_VALID)) {
            continue;
        }
        ULONG64 Now =
            (Rights & Entry & (PTE_WRITE | PTE_USER)) | ((Rights | Entry) & PTE_NO_EXECUTE);
        BOOLEAN Large = Level > 1 && (Entry & PTE_LARGE);
        if (Level > 1 && !Large) {
            Walk(Address, Level - 1, Now, Result);
            continue;
        }
        Result->Pages++;
        Result->LargePages += Large;
        Result->WriteExecute += (Now & PTE_WRITE) && !(Now & PTE_NO_EXECUTE);
        Result->User += (Now & PTE_USER) != 0;
    }
}

KMT_TEST(paging_self_map_leads_to_itself) {
    ULONG64 Top = *EntryOf(0xFFFFF6FB7DBED000, 4);
    KMT_CHECK(Top & PTE_VALID);
    KMT_CHECK((ULONG64)EntryOf(0xFFFFF68000000000, 4) == 0xFFFFF6FB7DBEDF68);
    KMT_CHECK((MmGetPhysicalAddress((PVOID)0xFFFFF6FB7DBED000).QuadPart ^ (LONGLONG)Top) < 0x1000);
}

KMT_TEST(paging_kernel_images_are_never_writable_and_executable) {
    WALK Images = {0};
    ULONG64 Entry = *EntryOf(0xFFFFF80000000000, 4);
    KMT_CHECK(Entry & PTE_VALID);
    Walk(0xFFFFF80000000000, 3, Entry, &Images);
    KMT_CHECK(Images.Pages > 0);
    KMT_CHECK(Images.WriteExecute == 0);
    KMT_CHECK(Images.User == 0);
}

KMT_TEST(paging_the_kernel_uses_large_pages) {
    WALK Images = {0};
    Walk(0xFFFFF80000000000, 3, *EntryOf(0xFFFFF80000000000, 4), &Images);
    KMT_CHECK(Images.LargePages > 0);
}

KMT_TEST(paging_pools_are_not_executable) {
    WALK Pool = {0};
    ULONG64 Entry = *EntryOf(0xFFFFFA8000000000, 4);
    KMT_CHECK(Entry & PTE_VALID);
    Walk(0xFFFFFA8000000000, 3, Entry, &Pool);
    KMT_CHECK(Pool.Pages > 0 && Pool.WriteExecute == 0 && Pool.User == 0);
}

KMT_TEST(paging_user_half_of_the_identity_map_is_gone) {
    KMT_CHECK(!MmIsAddressValid((PVOID)0x1000));
    KMT_CHECK(!MmIsAddressValid((PVOID)0x100000));
}

KMT_TEST(paging_kernel_stack_has_a_guard_page) {
    MM_STATISTICS Before, After;
    MmQueryStatistics(&Before);
    PUCHAR Top = MmCreateKernelStack(FALSE, 0);
    KMT_CHECK(Top != NULL);
    KMT_CHECK(MmIsAddressValid(Top - 1));
    KMT_CHECK(MmIsAddressValid(Top - KERNEL_STACK_SIZE));
    KMT_CHECK(!MmIsAddressValid(Top - KERNEL_STACK_SIZE - 1));
    *(volatile UCHAR *)(Top - KERNEL_STACK_SIZE) = 1;
    MmDeleteKernelStack(Top, FALSE);
    MmQueryStatistics(&After);
    KMT_CHECK(After.KernelStackPages == Before.KernelStackPages);
}

KMT_TEST(paging_system_pages_come_and_go) {
    MM_STATISTICS Before, After;
    MmFreeSystemPages(MmAllocateSystemPages(64 * PAGE_BYTES), 64 * PAGE_BYTES);
    MmQueryStatistics(&Before);
    for (ULONG i = 0; i < 50; i++) {
        PULONG64 Pages = MmAllocateSystemPages(64 * PAGE_BYTES);
        KMT_CHECK(Pages != NULL);
        for (ULONG j = 0; Pages != NULL && j < 64; j++) {
            Pages[j * 512] = j;
        }
        MmFreeSystemPages(Pages, 64 * PAGE_BYTES);
        KMT_CHECK(!MmIsAddressValid(Pages));
    }
    MmQueryStatistics(&After);
    KMT_CHECK(After.AvailablePages == Before.AvailablePages);
}

/* Stock tools look for System's PML4: one self-reference, and six kernel entries that are present,
   writable, supervisor and executable. */
KMT_TEST(paging_top_level_is_as_stock_tools_expect) {
    const ULONG64 *Table = (const ULONG64 *)0xFFFFF6FB7DBED000;
    ULONG Kernel = 0, SelfReferences = 0;
    for (ULONG i = 256; i < 512; i++) {
        if ((Table[i] & 1) == 0) {
            continue;
        }
        if ((Table[i] & 0xFFFFFFFFFF000) == (Table[0x1ED] & 0xFFFFFFFFFF000)) {
            SelfReferences++;
        } else if ((Table[i] & (1ull << 63 | 7)) == 3) {
            Kernel++;
        }
    }
    KMT_EQUAL(SelfReferences, 1);
    KMT_CHECK(Kernel >= 6);
}
