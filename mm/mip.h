/*
 * mip.h - the inside of the memory manager: page table entries, page frames, sections, and the
 * locks that guard them. The essay is at the head of mminit.c.
 *
 * Locks, in the order of acquisition (outermost first). A thread that holds one may take only those
 * further down.
 *
 *   AddressCreationLock   EPROCESS, push lock. Held exclusively by whatever changes the set of
 *                         VADs or the state of their pages: allocate, free, protect, map, unmap.
 *                         No user memory is touched under it (a stack that grows takes it).
 *   SegmentLock           SEGMENT, push lock. A prototype PTE becomes valid under it; it is held
 *                         while a page is read from its file. Never under a WorkingSetLock.
 *   WorkingSetLock        EPROCESS, push lock. The process's page tables and the PTEs in them. The
 *                         fault handler holds only this one, and no user memory is touched and no
 *                         file read under it.
 *   MiSystemSpaceLock     spin lock: ranges of system addresses, kernel page tables.
 *   MiPoolLock[]          spin locks: one per pool, its free lists. Pages come and go outside it.
 *   MmPfnLock             spin lock: page lists, MMPFN contents, share counts. The innermost.
 *
 *   VAD tree              is changed only under both process locks; so either is enough to read it.
 *   MiSectionLock         push lock: SECTION_OBJECT_POINTERS and the reference counts of control
 *                         areas. Taken with none of the above but AddressCreationLock.
 *   Commit charge         interlocked arithmetic.
 *
 * Push locks are held with normal kernel APCs disabled (KeEnterCriticalRegion).
 */
#ifndef VITRINE_MM_MIP_H
#define VITRINE_MM_MIP_H

#include "ex.h"
#include "ke.h"
#include "mm.h"
#include "ntrtl.h"
#include "ntstatus.h"
#include "phys/mmpte.h"
#include "ps.h"
#include "section/mmsection.h"
#include "space/vad.h"

/* ---- Protections: five bits in software PTEs and VADs ---- */

#define MM_ZERO_ACCESS        0
#define MM_READONLY           1
#define MM_EXECUTE            2
#define MM_EXECUTE_READ       3
#define MM_READWRITE          4
#define MM_WRITECOPY          5
#define MM_EXECUTE_READWRITE  6
#define MM_EXECUTE_WRITECOPY  7
#define MM_NOCACHE            0x08
#define MM_GUARD_PAGE         0x10
#define MM_NOACCESS           0x18
#define MM_DECOMMIT           0x10 /* a guard page of no access: not committed although its VAD is */
#define MM_PROTECTION_ACCESS  0x07
#define MM_INVALID_PROTECTION 0xFFFFFFFFu

/* ---- Page tables ---- */

/* The page tables appear in one slot of the top level: entry 1EDh of the PML4 points at itself. */
#define PTE_BASE    0xFFFFF68000000000ULL
#define PDE_BASE    0xFFFFF6FB40000000ULL
#define PPE_BASE    0xFFFFF6FB7DA00000ULL
#define PXE_BASE    0xFFFFF6FB7DBED000ULL
#define PTE_TOP     0xFFFFF6FFFFFFFFFFULL
#define PXE_SELFMAP 0x1ED

#define PDI_SHIFT    21
#define PPI_SHIFT    30
#define PXI_SHIFT    39
#define PTE_PER_PAGE 512
#define MI_VA_MASK   0x0000FFFFFFFFFFFFULL

FORCEINLINE PMMPTE MiGetPteAddress(const volatile VOID *Va) {
    return (PMMPTE)(PTE_BASE + ((((ULONG_PTR)Va & MI_VA_MASK) >> PAGE_SHIFT) << 3));
}
FORCEINLINE PMMPTE MiGetPdeAddress(const volatile VOID *Va) {
    return (PMMPTE)(PDE_BASE + ((((ULONG_PTR)Va & MI_VA_MASK) >> PDI_SHIFT) << 3));
}
FORCEINLINE PMMPTE MiGetPpeAddress(const volatile VOID *Va) {
    return (PMMPTE)(PPE_BASE + ((((ULONG_PTR)Va & MI_VA_MASK) >> PPI_SHIFT) << 3));
}
FORCEINLINE PMMPTE MiGetPxeAddress(const volatile VOID *Va) {
    return (PMMPTE)(PXE_BASE + ((((ULONG_PTR)Va & MI_VA_MASK) >> PXI_SHIFT) << 3));
}
/* The inverse: the address that a PTE maps. Bits 0 to 47, sign-extended by the two shifts. */
FORCEINLINE PVOID MiGetVirtualAddressMappedByPte(PMMPTE Pte) {
    return (PVOID)((LONG64)(((ULONG_PTR)Pte - PTE_BASE) << 25) >> 16);
}
FORCEINLINE BOOLEAN MI_IS_USER_ADDRESS(const volatile VOID *Va) {
    return (ULONG_PTR)Va <= (ULONG_PTR)MM_HIGHEST_USER_ADDRESS;
}

/*
 * Does a range of Size bytes (0: of one) end within user space? The one question about the bounds
 * of user ranges: every service asks it before it makes page numbers of them, with the size that it
 * then uses. MiInsertProcessVad asserts the answer, MiWritePte asserts it of each page.
 */
FORCEINLINE BOOLEAN MiIsUserRange(const volatile VOID *Base, ULONG64 Size) {
    ULONG_PTR Highest = (ULONG_PTR)MM_HIGHEST_USER_ADDRESS;
    return (ULONG_PTR)Base <= Highest && (Size == 0 || Size - 1 <= Highest - (ULONG_PTR)Base);
}

/* The same, and nothing of it in the 64 KiB where null pointers point: may a VAD be put there? */
FORCEINLINE BOOLEAN MiIsPlaceForVad(const volatile VOID *Base, ULONG64 Size) {
    return (ULONG_PTR)Base >= (ULONG_PTR)MM_LOWEST_USER_ADDRESS && Size != 0 &&
           MiIsUserRange(Base, Size);
}

/* Views of files will live here. The region's top-level entry is made with the others, because address
   spaces share the kernel's PML4 entries from their beginning; stock tools count six of them. */
#define MI_SYSTEM_CACHE_BASE 0xFFFFF98000000000ULL

/* pte.c: stops the machine if a PTE gives user mode what is not user space. */
#if DBG
VOID MiCheckPte(_In_ PMMPTE Pte, _In_ ULONG64 Value);
#else
#define MiCheckPte(Pte, Value) ((VOID)0)
#endif

/* Writes a PTE: one store, so that a processor walking the tables sees the old or the new one. */
FORCEINLINE VOID MiWritePte(PMMPTE Pte, ULONG64 Value) {
    MiCheckPte(Pte, Value);
    Pte->u.Long = Value;
}

/* pte.c */
ULONG MiMakeProtectionMask(_In_ ULONG Win32Protect);
ULONG MiGetWin32Protection(_In_ ULONG Protection);
ULONG64 MiMakeValidUserPte(_In_ PFN_NUMBER Page, _In_ ULONG Protection);
ULONG64 MiMakeValidKernelPte(_In_ PFN_NUMBER Page);
ULONG64 MiMakeSoftwarePte(_In_ ULONG Protection);
ULONG MiGetPteProtection(_In_ MMPTE Pte);
PMMPTE MiGetUserPteIfPresent(_In_ PVOID Va);
PMMPTE MiMakeUserPte(_In_ PEPROCESS Process, _In_ PVOID Va);
VOID MiAddUsedPte(_In_ PMMPTE Pte);
VOID MiReleaseUsedPte(_In_ PEPROCESS Process, _In_ PMMPTE Pte);
VOID MiTrimPageTables(_In_ PEPROCESS Process, _In_ PVOID Va);
VOID MiFlushTb(_In_opt_ PEPROCESS Process, _In_ PVOID Va, _In_ ULONG_PTR Pages);
BOOLEAN MiMakeSystemPageTables(_In_ ULONG_PTR Start, _In_ ULONG_PTR End);

FORCEINLINE VOID MiInvalidatePage(const volatile VOID *Va) {
    __asm__ volatile("invlpg (%0)" : : "r"(Va) : "memory");
}

/* ---- Page frames (pfn.c) ---- */

typedef struct _MMPFNLIST {
    PFN_NUMBER Total;
    MMLISTS ListName;
    PFN_NUMBER Flink;
    PFN_NUMBER Blink;
} MMPFNLIST;

#define MM_PFN_DATABASE 0xFFFFFA8000000000ULL
#define MmPfnDatabase   ((PMMPFN)MM_PFN_DATABASE)

extern KSPIN_LOCK MmPfnLock;
extern MMPFNLIST MmFreePageListHead;
extern MMPFNLIST MmZeroedPageListHead;
extern volatile LONG64 MmAvailablePages;
extern PFN_NUMBER MmNumberOfPhysicalPages;
extern PFN_NUMBER MmLowestPhysicalPage;
extern PFN_NUMBER MmHighestPhysicalPage;
extern BOOLEAN MiMemoryIsPlenty; /* enough to spend 2 MiB pages on the database and the pool */

FORCEINLINE PMMPFN MI_PFN_ELEMENT(PFN_NUMBER Page) {
    return &MmPfnDatabase[Page];
}

/* A page on no list, for a single owner (share count 1); 0 if there is none. Contents unknown. */
PFN_NUMBER MiAllocatePage(_In_opt_ PMMPTE Pte);
/* The same, filled with zeroes. */
PFN_NUMBER MiAllocateZeroedPage(_In_opt_ PMMPTE Pte);
VOID MiFreePage(_In_ PFN_NUMBER Page);
/* A chain of pages over u1.Flink, freed in one go; ends with 0. */
VOID MiFreePageChain(_In_ PFN_NUMBER First);
/* One more mapping, one less; the page is freed with its last. */
VOID MiIncrementShareCount(_In_ PFN_NUMBER Page);
BOOLEAN MiDecrementShareCount(_In_ PFN_NUMBER Page);
VOID MiInitializePfnDatabase(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock);
VOID MiMakeEarlyPageTables(_In_ ULONG_PTR Va);
PFN_NUMBER MiTakeEarlyPages(_In_ PFN_NUMBER Pages, _In_ PFN_NUMBER Alignment);

/* ---- Commit charge (pfn.c): promises of memory never exceed what there is ---- */

/*
 * Pages that nobody can commit: for page tables (one for each 512 pages of densely used memory) and
 * other memory that is not charged. In addition to them, one page in 256.
 */
#define MI_RESERVED_PAGES 256
extern volatile LONG64 MmTotalCommittedPages;
extern LONG64 MmTotalCommitLimit;
BOOLEAN MiChargeCommitment(_In_ ULONG_PTR Pages);
VOID MiReturnCommitment(_In_ ULONG_PTR Pages);
/*
 * Could so many pages be charged now? Asked before addresses are taken for a large block: the page
 * tables of a system range stay for ever and are charged to no one, so a request that must fail may
 * not make them. Only a hint: the charge itself comes later.
 */
BOOLEAN MiIsCommitmentLeft(_In_ ULONG_PTR Pages);

/* ---- Mapping slots (hyper.c) ---- */

VOID MiInitializeHyperSpace(VOID);
VOID MiZeroPhysicalPage(_In_ PFN_NUMBER Page);
VOID MiCopyPhysicalPage(_In_ PFN_NUMBER Destination, _In_ PFN_NUMBER Source);
/* Maps a page at DISPATCH_LEVEL or above; the mapping lasts until the next call or lower IRQL. */
PVOID MiMapPageInHyperSpace(_In_ PFN_NUMBER Page);

/* ---- Ranges of system addresses (sysptes.c) ---- */

/* Taken pages are set bits. Guarded by MiSystemSpaceLock. */
typedef struct _MI_SYSTEM_RANGE {
    ULONG_PTR Base;
    RTL_BITMAP BitMap;
    ULONG Hint;
    ULONG InUse;
} MI_SYSTEM_RANGE, *PMI_SYSTEM_RANGE;

extern KSPIN_LOCK MiSystemSpaceLock;
extern MI_SYSTEM_RANGE MiSystemPtes;

VOID MiInitializeSystemRange(_Out_ PMI_SYSTEM_RANGE Range, _In_ ULONG_PTR Base, _In_ PULONG Bits,
                             _In_ ULONG Pages);
VOID MiInitializeSystemPtes(VOID);
/* Addresses for Pages pages, page tables included; NULL if there are none. IRQL <= DISPATCH. */
PVOID MiReserveSystemRange(_Inout_ PMI_SYSTEM_RANGE Range, _In_ ULONG Pages);
VOID MiReleaseSystemRange(_Inout_ PMI_SYSTEM_RANGE Range, _In_ PVOID Va, _In_ ULONG Pages);
/* Backs addresses with fresh pages, all or none; takes them away again. */
BOOLEAN MiMapSystemPages(_In_ PVOID Va, _In_ ULONG Pages);
VOID MiUnmapSystemPages(_In_ PVOID Va, _In_ ULONG Pages);
PVOID MiMapPhysicalPage(_In_ PFN_NUMBER Page);
VOID MiUnmapPhysicalPage(_In_ PVOID Va);

/* ---- Pool (poolpage.c: whole pages; pool.c: blocks; pooltag.c: counts) ---- */

#define MI_NONPAGED   0
#define MI_PAGED      1
#define MI_ALIGNED    2 /* | one of the two: blocks that are whole cache lines (pool.c) */
#define MI_POOLS      4
#define MI_CACHE_LINE 64
VOID MiInitializePool(VOID);
VOID MiInitializePoolRanges(VOID);
PVOID MiAllocatePoolPages(_In_ ULONG Pool, _In_ ULONG Pages);
VOID MiFreePoolPages(_In_ PVOID Va, _In_ ULONG Pages);
ULONG MiPoolOfAddress(_In_ PVOID Va);

/* What is seldom needed stays out of the functions that are often called. */
#define MI_SLOW __attribute__((noinline, cold))

/* Blocks of a page and more: their size, tag and quota by address. */
BOOLEAN MiInsertBigPool(_In_ PVOID Va, _In_ ULONG Tag, _In_ ULONG Pages);
VOID MiBillBigPool(_In_ PVOID Va, _In_ PEPROCESS_QUOTA_BLOCK QuotaBlock);
ULONG MiRemoveBigPool(_In_ PVOID Va, _Out_ PULONG Tag, _Out_ PEPROCESS_QUOTA_BLOCK *QuotaBlock);

/* Quota (quota.c). pool.c: how many bytes an allocation takes from a pool; and a block that has just
   been allocated is charged to QuotaBlock, which MiReturnPoolQuota is told of when it is freed. */
SIZE_T MiPoolBytes(_In_ ULONG Pool, _In_ SIZE_T Size);
VOID MiBillPool(_In_ PVOID P, _In_ PEPROCESS_QUOTA_BLOCK QuotaBlock);
VOID MiReturnPoolQuota(_In_ PEPROCESS_QUOTA_BLOCK QuotaBlock, _In_ ULONG Pool, _In_ SIZE_T Bytes);

/* Pool state of one processor: touched only by it, at DISPATCH_LEVEL. */
#define MI_POOL_TAGS       256
#define MI_LOOKASIDE_UNITS 32 /* blocks of up to 512 bytes, header included */
typedef struct _MI_POOL_LIST {
    SINGLE_LIST_ENTRY Head;
    ULONG Depth;
} MI_POOL_LIST;
typedef struct DECLSPEC_ALIGN(MI_CACHE_LINE) _MI_POOL_PROCESSOR {
    MI_POOL_LIST Lookaside[MI_LOOKASIDE_UNITS + 1][MI_POOLS];
    POOL_TRACKER_TABLE Tags[MI_POOL_TAGS + 1]; /* the last is for all that found no room */
} MI_POOL_PROCESSOR, *PMI_POOL_PROCESSOR;
extern PMI_POOL_PROCESSOR MiPoolProcessor[MAXIMUM_PROCESSORS];

/* poolfail.c: is this allocation to go on? In the free build always. */
#if DBG
extern volatile LONG MiFailingThreads;
BOOLEAN MiCountAllocation(VOID);
#define MiMayAllocate() (__builtin_expect(MiFailingThreads == 0, TRUE) || MiCountAllocation())
#else
#define MiMayAllocate() TRUE
#endif

/* pooltag.c: the entry of a tag on this processor, made if need be. */
PPOOL_TRACKER_TABLE MiFindTag(_Inout_ PMI_POOL_PROCESSOR Processor, _In_ ULONG Tag);
FORCEINLINE ULONG MiHashTag(ULONG Tag) {
    return (Tag * 0x9E3779B1u) >> 24;
}

/* Counts an allocation or a free under its tag on this processor, at DISPATCH_LEVEL. */
FORCEINLINE VOID MiCountAllocated(PPOOL_TRACKER_TABLE Entry, ULONG Pool, SIZE_T Bytes) {
    *(Pool == MI_PAGED ? &Entry->PagedAllocs : &Entry->NonPagedAllocs) += 1;
    *(Pool == MI_PAGED ? &Entry->PagedBytes : &Entry->NonPagedBytes) += Bytes;
}

FORCEINLINE VOID MiCountFreed(PPOOL_TRACKER_TABLE Entry, ULONG Pool, SIZE_T Bytes) {
    *(Pool == MI_PAGED ? &Entry->PagedFrees : &Entry->NonPagedFrees) += 1;
    *(Pool == MI_PAGED ? &Entry->PagedBytes : &Entry->NonPagedBytes) -= Bytes;
}

/* ---- Sections (section.c, image.c) ---- */

extern EX_PUSH_LOCK MiSectionLock;
extern const MM_FILE_OPERATIONS *MiFileOperations;

/* section.c: creation is for the service layer, which owns the Section objects (ntsection.c). */
NTSTATUS MiCheckSectionParameters(_In_ ULONG PageProtection, _In_ ULONG AllocationAttributes,
                                  _In_ BOOLEAN FileGiven);
NTSTATUS MiCreateControlArea(_In_opt_ PFILE_OBJECT FileObject, _In_ ULONG64 MaximumSize,
                             _In_ ULONG PageProtection, _In_ ULONG AllocationAttributes,
                             _Out_ PSECTION Section);
NTSTATUS MiCreateSegment(_In_opt_ PFILE_OBJECT FileObject, _In_ ULONG64 Ptes,
                         _In_ ULONG Subsections, _Out_ PSEGMENT *Segment);
VOID MiDeleteSegment(_In_ PSEGMENT Segment);
/* An image is mapped, or about to go: news for a kernel debugger (kd.h, DbgLoadImageSymbols). */
VOID MiTellDebugger(_In_ PEPROCESS Process, _In_ PCONTROL_AREA ControlArea, _In_ PVOID BaseAddress,
                    _In_ BOOLEAN Mapped);
VOID MiReferenceView(_Inout_ PCONTROL_AREA ControlArea);
VOID MiDereferenceView(_Inout_ PCONTROL_AREA ControlArea);
VOID MiDereferenceSection(_Inout_ PCONTROL_AREA ControlArea);
PSUBSECTION MiFindSubsection(_In_ PSEGMENT Segment, _In_ PMMPTE ProtoPte);
NTSTATUS MiCommitPrototypes(_In_ PCONTROL_AREA ControlArea, _In_ PMMPTE First, _In_ PMMPTE Last);
NTSTATUS MiMakePrototypeResident(_In_ PCONTROL_AREA ControlArea, _In_ PMMPTE ProtoPte);
NTSTATUS MiCreateImageSegment(_In_ PFILE_OBJECT FileObject, _Out_ PSEGMENT *Segment);

/* ---- Address spaces ---- */

FORCEINLINE PEPROCESS MiCurrentProcess(VOID) {
    return (PEPROCESS)KeGetCurrentThread()->ApcState.Process;
}

/* EPROCESS.AddressSpaceInitialized */
#define MI_ADDRESS_SPACE_NONE    0
#define MI_ADDRESS_SPACE_LIVE    1
#define MI_ADDRESS_SPACE_DELETED 3 /* from LIVE by setting a bit */
#define MI_ADDRESS_SPACE_SHIFT   10

VOID MiLockWorkingSet(_Inout_ PEPROCESS Process);
VOID MiUnlockWorkingSet(_Inout_ PEPROCESS Process);
VOID MiLockAddressSpace(_Inout_ PEPROCESS Process);
VOID MiUnlockAddressSpace(_Inout_ PEPROCESS Process);

/* process.c: the current process becomes Process until MiDetachProcess. */
VOID MiAttachProcess(_In_ PEPROCESS Process, _Out_ PKAPC_STATE ApcState);
VOID MiDetachProcess(_In_ PEPROCESS Process, _In_ PKAPC_STATE ApcState);

/*
 * vadptes.c: the pages of a range. All want the process attached and, to change anything, its
 * WorkingSetLock.
 */
PMMVAD_SHORT MiFindVad(_In_ PEPROCESS Process, _In_ ULONG_PTR Vpn);
PMMPTE MiGetPrototypePte(_In_ PMMVAD_SHORT Vad, _In_ ULONG_PTR Vpn);
/* MM_* of a page; MM_ZERO_ACCESS: not committed. */
ULONG MiGetPageProtection(_In_ PMMVAD_SHORT Vad, _In_ ULONG_PTR Vpn);
/* Is the page in memory and the process's own, valid or in transition? */
BOOLEAN MiIsPrivatePage(_In_ MMPTE Pte);
/* The first page from Vpn on whose page table is there. */
ULONG_PTR MiSkipAbsentPageTables(_In_ ULONG_PTR Vpn);
ULONG_PTR MiCountCommittedPages(_In_ PMMVAD_SHORT Vad, _In_ ULONG_PTR FirstVpn,
                                _In_ ULONG_PTR LastVpn);
VOID MiDeletePteRange(_In_ PEPROCESS Process, _In_ ULONG_PTR FirstVpn, _In_ ULONG_PTR LastVpn);
NTSTATUS MiSetPageProtection(_In_ PEPROCESS Process, _In_ PMMVAD_SHORT Vad, _In_ ULONG_PTR Vpn,
                             _In_ ULONG Protection);
VOID MiChargeProcess(_Inout_ PEPROCESS Process, _Inout_ PMMVAD_SHORT Vad, _In_ SSIZE_T Pages);
VOID MiAddWorkingSetPage(_Inout_ PEPROCESS Process);

/* virtual.c, freevm.c. AddressCreationLock held, process attached. */
NTSTATUS MiSelectAddress(_In_ PEPROCESS Process, _In_ SIZE_T Size, _In_ ULONG_PTR ZeroBits,
                         _In_ BOOLEAN TopDown, _Out_ PULONG_PTR StartingVpn);
NTSTATUS MiCheckZeroBits(_In_ ULONG_PTR ZeroBits);
NTSTATUS MiCheckAllocationType(_In_ ULONG_PTR ZeroBits, _In_ ULONG AllocationType,
                               _In_ ULONG Protect);
NTSTATUS MiCheckAllocationRange(_In_ PVOID Base, _In_ SIZE_T Size, _In_ ULONG AllocationType);
VOID MiInsertProcessVad(_Inout_ PEPROCESS Process, _Inout_ PMMVAD_SHORT Vad);
VOID MiDeleteVad(_Inout_ PEPROCESS Process, _In_ PMMVAD_SHORT Vad);

/* userstk.c */
NTSTATUS MiCheckForUserStackGrowth(_In_ PVOID Va);

/* queryvm.c */
PCONTROL_AREA MiReferenceViewAt(_In_ PEPROCESS Process, _In_ PVOID Address, _Out_ PVOID *Base);

/* shared.c */
VOID MiInitializeSharedUserData(VOID);
NTSTATUS MiMapSharedUserData(_In_ PEPROCESS Process);

/* ---- Pool tags ---- */
#define MI_TAG_VAD 0x20646156 /* 'Vad ' */

/* What a process is charged with for a VAD, of either kind. */
#define MI_VAD_CHARGE sizeof(MMVAD)

/* Memory for a VAD of Process, charged to its quota. STATUS_INSUFFICIENT_RESOURCES,
   STATUS_QUOTA_EXCEEDED. */
FORCEINLINE NTSTATUS MiAllocateVad(_In_ PEPROCESS Process, _In_ SIZE_T Size, _Out_ PVOID *Vad) {
    PEPROCESS_QUOTA_ENTRY Entry = &Process->QuotaBlock->QuotaEntry[PsNonPagedPool];
    if (!(QUOTA_IN_LINE && PsChargeQuotaInLine(Entry, MI_VAD_CHARGE)) &&
        !NT_SUCCESS(PsChargeProcessPoolQuota(Process, NonPagedPool, MI_VAD_CHARGE))) {
        return STATUS_QUOTA_EXCEEDED;
    }
    *Vad = ExAllocatePool2(POOL_FLAG_NON_PAGED, Size, MI_TAG_VAD);
    if (*Vad == NULL) {
        PsReturnQuotaInLine(Entry, MI_VAD_CHARGE);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

FORCEINLINE VOID MiFreeVad(_In_ PEPROCESS Process, _In_ PVOID Vad) {
    ExFreePoolWithTag(Vad, MI_TAG_VAD);
    PsReturnQuotaInLine(&Process->QuotaBlock->QuotaEntry[PsNonPagedPool], MI_VAD_CHARGE);
}
#define MI_TAG_SEGMENT 0x6765534D /* 'MSeg' */
#define MI_TAG_IMAGE   0x676D494D /* 'MImg' */

/* Counters for MmQueryStatistics. */
extern MM_STATISTICS MiStatistics;

#endif
