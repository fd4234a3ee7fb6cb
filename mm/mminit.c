/*
 * The memory manager.
 *
 * Memory is physical pages. Everything else here is a way to say who has which page under which
 * address, who may do what with it, and what happens when somebody touches an address that has no
 * page yet.
 *
 *   pfn.c       Every physical page has an MMPFN: free, or somebody's. Promises of pages that are
 *               not given out yet are counted as commit charge, and never exceed what there is.
 *   pte.c       The page tables seen as one array, through the self-map. A PTE is one of several
 *               things (mip.h): valid, for the processor; or a note for the fault handler.
 *   hyper.c     A look at a page that is mapped nowhere.
 *   sysptes.c   Kernel addresses that come and go: stacks, device registers.
 *   poolpage.c, pool.c, pooltag.c
 *               The kernel's heap, nonpaged and paged.
 *   vad.c       What a program has asked for: a tree of address ranges for each process.
 *   vadptes.c   VAD and PTE together: the state of a page.
 *   virtual.c, freevm.c, protect.c, queryvm.c
 *               Private memory: reserve, commit, decommit, release, protect, ask.
 *   section.c, image.c, view.c
 *               Shared memory, files and programs as memory, mapped into address spaces.
 *   fault.c, userstk.c
 *               The page fault: where all promises are kept. And the growth of stacks.
 *   process.c, shared.c
 *               Address spaces from birth to end, and the page they all share with the kernel.
 *   ntvm.c, ntsection.c
 *               The system services and the Section object type: the thin layer above Ob.
 *
 * The life of a page of private memory: NtAllocateVirtualMemory puts a VAD into the tree and
 * charges the page, and nothing else happens. The first touch faults; the fault handler finds a
 * zero PTE, asks the VAD, takes a zeroed page and makes the PTE valid. NtFreeVirtualMemory takes
 * PTE and VAD away, flushes the translation, and only then gives the page to the free list.
 *
 * Who holds what: a VAD of a view and a Section object each hold a reference on a CONTROL_AREA;
 * that holds its file and its pages. A page is shared by as many as its share count says. A process
 * holds its VADs, page tables and private pages, and MmCleanProcessAddressSpace ends all of that.
 *
 * Locks: the table at the head of mip.h. Kernel memory is never paged out; there is no page file
 * and no working-set trimming yet, but each structure has the place for it that NT has.
 */
#include "mip.h"
#include "bugcodes.h"

/* For drivers (WDK): the bounds of user and system space. */
PVOID MmHighestUserAddress = MM_HIGHEST_USER_ADDRESS;
ULONG_PTR MmUserProbeAddress = MM_USER_PROBE_ADDRESS;
PVOID MmSystemRangeStart = (PVOID)0xFFFF800000000000ULL;

static MI_POOL_PROCESSOR MiBootPoolProcessor;

/* The loader's identity map of the low half has served its purpose. */
static VOID MiDropLowHalf(VOID) {
    PMMPTE Table = (PMMPTE)PXE_BASE;
    for (ULONG i = 0; i < PTE_PER_PAGE / 2; i++) {
        if (Table[i].u.Long != 0) {
            MiWritePte(&Table[i], 0);
        }
    }
    KeFlushEntireTb();
}

/*
 * Each step uses what the one before has made: pages, then addresses for them, then windows, then
 * pool. All entries of the top-level table's upper half exist when it is done.
 */
static VOID MiInitializePhase0(PLOADER_PARAMETER_BLOCK LoaderBlock) {
    MiDropLowHalf();
    MiInitializePfnDatabase(LoaderBlock);
    MiInitializeSharedUserData();
    MiInitializeSystemPtes();
    MiInitializeHyperSpace();
    MiPoolProcessor[0] = &MiBootPoolProcessor;
    MiInitializePool();
    MmTotalCommitLimit = MmAvailablePages - MI_RESERVED_PAGES - MmAvailablePages / 256;
}

BOOLEAN MmInitSystem(_In_ ULONG Phase, _In_ PLOADER_PARAMETER_BLOCK LoaderBlock) {
    switch (Phase) {
    case 0:
        MiInitializePhase0(LoaderBlock);
        return TRUE;
    case 1:
        return TRUE; /* what the loader left behind is in use: page tables, images, files */
    default:
        return FALSE;
    }
}

NTSTATUS MmInitializeProcessor(_In_ ULONG Number) {
    if (Number >= MAXIMUM_PROCESSORS) {
        return STATUS_INVALID_PARAMETER_1;
    }
    if (MiPoolProcessor[Number] == NULL) {
        MiPoolProcessor[Number] = MmAllocateSystemPages(sizeof(MI_POOL_PROCESSOR));
    }
    return MiPoolProcessor[Number] != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

VOID MmQueryStatistics(_Out_ PMM_STATISTICS Statistics) {
    *Statistics = MiStatistics;
    Statistics->NumberOfPhysicalPages = MmNumberOfPhysicalPages;
    Statistics->AvailablePages = (ULONG64)MmAvailablePages;
    Statistics->TotalCommittedPages = (ULONG64)MmTotalCommittedPages;
    Statistics->TotalCommitLimit = (ULONG64)MmTotalCommitLimit;
    Statistics->LowestPhysicalPage = MmLowestPhysicalPage;
    Statistics->HighestPhysicalPage = MmHighestPhysicalPage;
}
