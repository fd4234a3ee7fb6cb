/*
 * Page frames: who owns each page of physical memory.
 *
 * MmPfnDatabase has one 48-byte MMPFN for each page, at FFFFFA80'00000000 + 48 * page number. It is
 * mapped where there is memory and nowhere else. A page is active (somebody's: share count 1 or
 * more), or on the free or the zeroed list, linked by u1.Flink, or still *fresh*: part of a run of
 * memory that nothing has asked for since the start. Fresh pages have no valid MMPFN; they become
 * free ones a batch at a time. So the start costs the same on 96 MB and on 4 GB.
 *
 * A page's share count says how many PTEs map it: 1 for private memory, for a page of a section one
 * for the prototype PTE and one for each process that has it.
 *
 * Commit charge is kept here too: every page that may be written by a program is charged before it
 * is promised, so that a promise can always be kept (there is no page file).
 */
#include "mip.h"
#include "bugcodes.h"

KSPIN_LOCK MmPfnLock;
MMPFNLIST MmFreePageListHead = {.ListName = FreePageList};
MMPFNLIST MmZeroedPageListHead = {.ListName = ZeroedPageList};
volatile LONG64 MmAvailablePages;
PFN_NUMBER MmNumberOfPhysicalPages;
PFN_NUMBER MmLowestPhysicalPage;
PFN_NUMBER MmHighestPhysicalPage;
BOOLEAN MiMemoryIsPlenty;
volatile LONG64 MmTotalCommittedPages;
LONG64 MmTotalCommitLimit;
MM_STATISTICS MiStatistics;

/* Fresh memory: runs of pages that were never on a list. Guarded by MmPfnLock. */
typedef struct _MI_FRESH_RUN {
    PFN_NUMBER BasePage;
    PFN_NUMBER PageCount;
} MI_FRESH_RUN;

#define MI_MAXIMUM_RUNS 128
static MI_FRESH_RUN MiFreshRuns[MI_MAXIMUM_RUNS];
static ULONG MiFreshRunCount;

/* From here on 2 MiB pages are spent on the database and the first pool. */
#define MI_PLENTY_PAGES ((192ULL << 20) >> PAGE_SHIFT)
/* Fresh pages become free ones in batches of this size. */
#define MI_FRESH_BATCH 64

/* ---- Lists; all under MmPfnLock ---- */

static PFN_NUMBER MiRemoveFromList(MMPFNLIST *List) {
    PFN_NUMBER Page = List->Flink;
    List->Flink = MI_PFN_ELEMENT(Page)->u1.Flink;
    List->Total--;
    return Page;
}

static VOID MiInsertInFreeList(PFN_NUMBER Page) {
    PMMPFN Pfn = MI_PFN_ELEMENT(Page);
    Pfn->u1.Flink = MmFreePageListHead.Flink;
    Pfn->u2.ShareCount = 0;
    Pfn->u3.e1.PageLocation = FreePageList;
    MmFreePageListHead.Flink = Page;
    MmFreePageListHead.Total++;
}

/* Turns the end of the last fresh run into free pages. FALSE if no fresh memory is left. */
static BOOLEAN MiRefillFreeList(VOID) {
    MI_FRESH_RUN *Run;
    PFN_NUMBER Count;
    if (MiFreshRunCount == 0) {
        return FALSE;
    }
    Run = &MiFreshRuns[MiFreshRunCount - 1];
    Count = min(Run->PageCount, (PFN_NUMBER)MI_FRESH_BATCH);
    Run->PageCount -= Count;
    for (PFN_NUMBER i = 0; i < Count; i++) {
        *MI_PFN_ELEMENT(Run->BasePage + Run->PageCount + i) = (MMPFN){0};
        MiInsertInFreeList(Run->BasePage + Run->PageCount + i);
    }
    if (Run->PageCount == 0) {
        MiFreshRunCount--;
    }
    return TRUE;
}

/* Takes a page from List or, if that is empty, from the other one; 0 if there is none. */
static PFN_NUMBER MiTakePage(MMPFNLIST *List, MMPFNLIST *Other, PMMPTE Pte) {
    PFN_NUMBER Page;
    PMMPFN Pfn;
    if (List->Flink == 0) {
        List = Other->Flink != 0 ? Other : &MmFreePageListHead;
        if (List->Flink == 0 && !MiRefillFreeList()) {
            return 0;
        }
    }
    Page = MiRemoveFromList(List);
    MmAvailablePages--;
    Pfn = MI_PFN_ELEMENT(Page);
    NT_ASSERT(Pfn->u3.e1.PageLocation == List->ListName);
    Pfn->u1.Flink = 0;
    Pfn->u2.ShareCount = 1;
    Pfn->PteAddress = Pte;
    Pfn->u3.ReferenceCount = 1;
    Pfn->u3.e1 = (MMPFNENTRY1){.PageLocation = ActiveAndValid};
    Pfn->OriginalPte.u.Long = 0;
    Pfn->u4.EntireField = 0;
    return Page;
}

PFN_NUMBER MiAllocatePage(_In_opt_ PMMPTE Pte) {
    if (!MiMayAllocate()) {
        return 0;
    }
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&MmPfnLock);
    PFN_NUMBER Page = MiTakePage(&MmFreePageListHead, &MmZeroedPageListHead, Pte);
    KeReleaseSpinLock(&MmPfnLock, OldIrql);
    return Page;
}

PFN_NUMBER MiAllocateZeroedPage(_In_opt_ PMMPTE Pte) {
    if (!MiMayAllocate()) {
        return 0;
    }
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&MmPfnLock);
    BOOLEAN Zeroed = MmZeroedPageListHead.Flink != 0;
    PFN_NUMBER Page = MiTakePage(&MmZeroedPageListHead, &MmFreePageListHead, Pte);
    KeReleaseSpinLock(&MmPfnLock, OldIrql);
    if (Page != 0 && !Zeroed) {
        MiZeroPhysicalPage(Page);
    }
    return Page;
}

/* Under MmPfnLock. */
static VOID MiPutPage(PFN_NUMBER Page) {
    PMMPFN Pfn = MI_PFN_ELEMENT(Page);
    NT_ASSERT(Pfn->u3.e1.PageLocation == ActiveAndValid && Pfn->u3.ReferenceCount == 1);
    Pfn->u3.ReferenceCount = 0;
    Pfn->PteAddress = NULL;
    MiInsertInFreeList(Page);
    MmAvailablePages++;
}

VOID MiFreePage(_In_ PFN_NUMBER Page) {
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&MmPfnLock);
    MiPutPage(Page);
    KeReleaseSpinLock(&MmPfnLock, OldIrql);
}

VOID MiFreePageChain(_In_ PFN_NUMBER First) {
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&MmPfnLock);
    while (First != 0) {
        PFN_NUMBER Next = MI_PFN_ELEMENT(First)->u1.Flink;
        MiPutPage(First);
        First = Next;
    }
    KeReleaseSpinLock(&MmPfnLock, OldIrql);
}

VOID MiIncrementShareCount(_In_ PFN_NUMBER Page) {
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&MmPfnLock);
    MI_PFN_ELEMENT(Page)->u2.ShareCount++;
    KeReleaseSpinLock(&MmPfnLock, OldIrql);
}

/* TRUE if that was the last mapping: the page is free then. */
BOOLEAN MiDecrementShareCount(_In_ PFN_NUMBER Page) {
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&MmPfnLock);
    BOOLEAN Last = --MI_PFN_ELEMENT(Page)->u2.ShareCount == 0;
    if (Last) {
        MiPutPage(Page);
    }
    KeReleaseSpinLock(&MmPfnLock, OldIrql);
    return Last;
}

/* ---- Commit charge ---- */

BOOLEAN MiChargeCommitment(_In_ ULONG_PTR Pages) {
    if (Pages > (ULONG_PTR)MmTotalCommitLimit || !MiMayAllocate()) {
        return FALSE;
    }
    if (InterlockedAdd64(&MmTotalCommittedPages, (LONG64)Pages) > MmTotalCommitLimit) {
        InterlockedAdd64(&MmTotalCommittedPages, -(LONG64)Pages);
        return FALSE;
    }
    return TRUE;
}

BOOLEAN MiIsCommitmentLeft(_In_ ULONG_PTR Pages) {
    return Pages <= (ULONG_PTR)MmTotalCommitLimit &&
           MmTotalCommittedPages <= MmTotalCommitLimit - (LONG64)Pages;
}

VOID MiReturnCommitment(_In_ ULONG_PTR Pages) {
    LONG64 Left = InterlockedAdd64(&MmTotalCommittedPages, -(LONG64)Pages);
    NT_ASSERT(Left >= 0);
    UNREFERENCED_PARAMETER(Left);
}

/* ---- Start ---- */

static BOOLEAN MiIsFreeMemory(TYPE_OF_MEMORY Type) {
    return Type == LoaderFree || Type == LoaderLoadedProgram || Type == LoaderFirmwareTemporary ||
           Type == LoaderOsloaderStack;
}

/* Memory that is not ours to touch has no MMPFN. */
static BOOLEAN MiIsMemory(TYPE_OF_MEMORY Type) {
    return Type != LoaderBad && Type != LoaderFirmwarePermanent;
}

/* Adds free pages to the runs, joining neighbours. Page 0 stays out: 0 means "no page". */
static VOID MiAddFreshRun(PFN_NUMBER BasePage, PFN_NUMBER PageCount) {
    MI_FRESH_RUN *Last = MiFreshRunCount != 0 ? &MiFreshRuns[MiFreshRunCount - 1] : NULL;
    if (BasePage == 0) {
        BasePage++;
        PageCount--;
    }
    if (PageCount == 0) {
        return;
    }
    MmAvailablePages += (LONG64)PageCount;
    if (Last != NULL && Last->BasePage + Last->PageCount == BasePage) {
        Last->PageCount += PageCount;
    } else if (MiFreshRunCount < MI_MAXIMUM_RUNS) {
        MiFreshRuns[MiFreshRunCount++] = (MI_FRESH_RUN){BasePage, PageCount};
    } else {
        MmAvailablePages -= (LONG64)PageCount; /* a map of rags: what does not fit stays unused */
    }
}

/*
 * Takes contiguous pages out of the largest fresh run, from its end: for the database itself and
 * other memory that is needed before there are page lists. A machine without is too small.
 */
PFN_NUMBER MiTakeEarlyPages(_In_ PFN_NUMBER Pages, _In_ PFN_NUMBER Alignment) {
    MI_FRESH_RUN *Largest = &MiFreshRuns[0];
    PFN_NUMBER Page;
    for (ULONG i = 1; i < MiFreshRunCount; i++) {
        if (MiFreshRuns[i].PageCount > Largest->PageCount) {
            Largest = &MiFreshRuns[i];
        }
    }
    Page = ALIGN_DOWN_BY(Largest->BasePage + Largest->PageCount - Pages, Alignment);
    if (Largest->PageCount <= Pages || Page <= Largest->BasePage) {
        KeBugCheckEx(INSTALL_MORE_MEMORY, MmNumberOfPhysicalPages, MmLowestPhysicalPage,
                     MmHighestPhysicalPage, Pages);
    }
    /* What alignment cuts off above the block becomes a run of its own. */
    PFN_NUMBER Above = Largest->BasePage + Largest->PageCount - (Page + Pages);
    MmAvailablePages -= (LONG64)(Largest->BasePage + Largest->PageCount - Page);
    Largest->PageCount = Page - Largest->BasePage;
    if (Above != 0) {
        MiAddFreshRun(Page + Pages, Above);
    }
    return Page;
}

/* Puts a fresh, zeroed page behind Entry, a PTE at any level; used before hyper space exists. */
static VOID MiMakeEarlyPageTable(PMMPTE Entry) {
    if (!Entry->u.Hard.Valid) {
        PVOID Table = MiGetVirtualAddressMappedByPte(Entry);
        MiWritePte(Entry, (MiTakeEarlyPages(1, 1) << PAGE_SHIFT) | MM_PTE_VALID | MM_PTE_DIRTY1 |
                              MM_PTE_WRITE | MM_PTE_ACCESSED | MM_PTE_DIRTY);
        RtlZeroMemory(Table, PAGE_SIZE);
        MiStatistics.PageTablePages++;
    }
}

/* The three tables that lead to the PTE of a system address. */
VOID MiMakeEarlyPageTables(_In_ ULONG_PTR Va) {
    MiMakeEarlyPageTable(MiGetPxeAddress((PVOID)Va));
    MiMakeEarlyPageTable(MiGetPpeAddress((PVOID)Va));
    MiMakeEarlyPageTable(MiGetPdeAddress((PVOID)Va));
}

/* Maps [Start, End) of the database: 2 MiB pages when memory is plenty, else 4 KiB pages. */
static VOID MiMapDatabase(ULONG_PTR Start, ULONG_PTR End) {
    ULONG_PTR Step = MiMemoryIsPlenty ? LARGE_PAGE_SIZE : PAGE_SIZE;
    for (ULONG_PTR Va = ALIGN_DOWN_BY(Start, Step); Va < End; Va += Step) {
        PMMPTE Pte = MiGetPdeAddress((PVOID)Va);
        ULONG64 Large = MM_PTE_LARGE_PAGE;
        MiMakeEarlyPageTable(MiGetPxeAddress((PVOID)Va));
        MiMakeEarlyPageTable(MiGetPpeAddress((PVOID)Va));
        if (!MiMemoryIsPlenty) {
            MiMakeEarlyPageTable(Pte);
            Pte = MiGetPteAddress((PVOID)Va);
            Large = 0;
        }
        if (!Pte->u.Hard.Valid) {
            PFN_NUMBER Pages = Step >> PAGE_SHIFT;
            MiWritePte(Pte, MiMakeValidKernelPte(MiTakeEarlyPages(Pages, Pages)) | Large);
        }
    }
}

/* Pages that the loader has filled belong to somebody from the start. */
static VOID MiMarkInUse(PFN_NUMBER BasePage, PFN_NUMBER PageCount) {
    for (PFN_NUMBER Page = BasePage; Page < BasePage + PageCount; Page++) {
        PMMPFN Pfn = MI_PFN_ELEMENT(Page);
        *Pfn = (MMPFN){.u2.ShareCount = 1,
                       .u3 = {.ReferenceCount = 1, .e1 = {.PageLocation = ActiveAndValid}}};
    }
}

#define MI_FOR_EACH_DESCRIPTOR(Head, D)                                                            \
    for (PMEMORY_ALLOCATION_DESCRIPTOR D =                                                         \
             CONTAINING_RECORD((Head)->Flink, MEMORY_ALLOCATION_DESCRIPTOR, ListEntry);            \
         &D->ListEntry != (Head);                                                                  \
         D = CONTAINING_RECORD(D->ListEntry.Flink, MEMORY_ALLOCATION_DESCRIPTOR, ListEntry))

/* First walk: how much memory there is, and which of it is free. */
static VOID MiScanMemory(PLIST_ENTRY Head) {
    MmLowestPhysicalPage = ~0ULL;
    MI_FOR_EACH_DESCRIPTOR(Head, D) {
        if (!MiIsMemory(D->MemoryType) || D->PageCount == 0) {
            continue;
        }
        MmNumberOfPhysicalPages += D->PageCount;
        MmLowestPhysicalPage = min(MmLowestPhysicalPage, D->BasePage);
        MmHighestPhysicalPage = max(MmHighestPhysicalPage, D->BasePage + D->PageCount - 1);
        if (MiIsFreeMemory(D->MemoryType)) {
            MiAddFreshRun(D->BasePage, D->PageCount);
        }
    }
    MiMemoryIsPlenty = MmNumberOfPhysicalPages >= MI_PLENTY_PAGES;
}

VOID MiInitializePfnDatabase(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock) {
    KeNameSpinLock(&MmPfnLock, KiClassPfn);
    PLIST_ENTRY Head = &LoaderBlock->MemoryDescriptorListHead;
    MiScanMemory(Head);
    if (MiFreshRunCount == 0) {
        KeBugCheckEx(INSTALL_MORE_MEMORY, MmNumberOfPhysicalPages, 0, 0, 0);
    }
    MI_FOR_EACH_DESCRIPTOR(Head, D) {
        if (MiIsMemory(D->MemoryType) && D->PageCount != 0) {
            MiMapDatabase((ULONG_PTR)MI_PFN_ELEMENT(D->BasePage),
                          (ULONG_PTR)MI_PFN_ELEMENT(D->BasePage + D->PageCount));
        }
    }
    MI_FOR_EACH_DESCRIPTOR(Head, D) {
        if (MiIsMemory(D->MemoryType) && !MiIsFreeMemory(D->MemoryType)) {
            MiMarkInUse(D->BasePage, D->PageCount);
        }
    }
}
