/*
 * mm.h - the door of the memory manager: physical pages, page tables, pools, address spaces,
 * sections. The essay is at the head of mm/mminit.c, the picture in docs/memory.md; what stays
 * inside is in mm/mip.h.
 *
 * Order of initialisation (init/ calls it):
 *
 *   MmInitSystem(0, LoaderBlock)    page frames, system PTEs, pools, the user shared page. From
 *                                   here on pool works.
 *   MmInitSystem(1, LoaderBlock)    memory that only the loader needed is given back
 *   MmInitializeSectionObjects()    after ObInitSystem: the Section object type
 *   MmRegisterFileOperations(...)   by io/, before the first section over a file
 */
#ifndef VITRINE_MM_H
#define VITRINE_MM_H

#include "ntdef.h"
#include "arc.h"
#include "ke.h"
#include "ntmmapi.h"

typedef struct _EPROCESS EPROCESS, *PEPROCESS;
typedef struct _FILE_OBJECT FILE_OBJECT, *PFILE_OBJECT;
typedef struct _SECTION_OBJECT_POINTERS SECTION_OBJECT_POINTERS, *PSECTION_OBJECT_POINTERS;
typedef struct _OBJECT_TYPE OBJECT_TYPE, *POBJECT_TYPE;

/* ---- Address space map (DESIGN section 4; drawn in docs/memory.md) ---- */

#define MM_LOWEST_USER_ADDRESS  ((PVOID)0x10000)
#define MM_HIGHEST_USER_ADDRESS ((PVOID)0x00007FFFFFFEFFFFULL)
#define MM_SHARED_USER_DATA_VA  0x7FFE0000ULL
#define MM_KSHARED_USER_DATA_VA 0xFFFFF78000000000ULL

/* Kernel stacks: 24 KiB as on Windows x64, with a guard page below. */
#ifndef KERNEL_STACK_SIZE
#define KERNEL_STACK_SIZE 0x6000
#endif
#ifndef KERNEL_LARGE_STACK_SIZE
#define KERNEL_LARGE_STACK_SIZE 0x12000
#endif

/* First address above user memory, and the first that no user pointer may reach (64 KiB less). */
extern PVOID MmHighestUserAddress;
extern PVOID MmSystemRangeStart;

/* Type of section objects; valid after MmInitializeSectionObjects. */
extern POBJECT_TYPE MmSectionObjectType;

/* ---- Initialisation ---- */

/*
 * Phase 0 and 1 as above, on the boot processor, IRQL <= APC_LEVEL. FALSE for an unknown phase; a
 * machine with too little memory is bug check MEMORY1_INITIALIZATION_FAILED.
 */
BOOLEAN MmInitSystem(_In_ ULONG Phase, _In_ PLOADER_PARAMETER_BLOCK LoaderBlock);

/*
 * Prepares what Mm keeps for processor Number (mapping slots, pool lists), before that processor
 * runs its first thread; MmInitSystem does it for the boot processor. PASSIVE_LEVEL.
 */
NTSTATUS MmInitializeProcessor(_In_ ULONG Number);

/* Creates the Section object type. PASSIVE_LEVEL. FALSE if that fails. */
BOOLEAN MmInitializeSectionObjects(VOID);

/* ---- Faults ---- */

/*
 * Resolves a page fault; Ke's trap 0Eh calls it through KeUpcalls.AccessFault.
 *
 * FaultStatus: the processor's error code. VirtualAddress: CR2. PreviousMode: mode of the faulting
 * instruction. TrapInformation: the trap frame, may be NULL. Called with interrupts on, at the IRQL
 * of the faulting code.
 * Returns a success status if the instruction can be tried again; otherwise the status to raise:
 * STATUS_ACCESS_VIOLATION, STATUS_GUARD_PAGE_VIOLATION, STATUS_STACK_OVERFLOW,
 * STATUS_IN_PAGE_ERROR, STATUS_NO_MEMORY. What only a kernel bug can cause is a bug check:
 * IRQL_NOT_LESS_OR_EQUAL, PAGE_FAULT_IN_NONPAGED_AREA, ATTEMPTED_WRITE_TO_READONLY_MEMORY,
 * ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY.
 */
NTSTATUS MmAccessFault(_In_ ULONG64 FaultStatus, _In_ PVOID VirtualAddress,
                       _In_ KPROCESSOR_MODE PreviousMode, _In_opt_ PKTRAP_FRAME TrapInformation);

/* Is the address mapped now? Only a hint unless the caller keeps it so. Any IRQL. */
BOOLEAN MmIsAddressValid(_In_ PVOID VirtualAddress);

/* Physical address behind a mapped virtual one, 0 if it is not mapped. Any IRQL. */
PHYSICAL_ADDRESS MmGetPhysicalAddress(_In_ PVOID BaseAddress);

/* ---- Pool (WDK pages of the same names) ---- */

typedef enum _POOL_TYPE {
    NonPagedPool = 0,
    NonPagedPoolExecute = 0,
    PagedPool = 1,
    NonPagedPoolMustSucceed = 2,
    NonPagedPoolCacheAligned = 4,
    PagedPoolCacheAligned = 5,
    POOL_QUOTA_FAIL_INSTEAD_OF_RAISE = 8, /* or'ed in: ExAllocatePoolWithQuotaTag */
    NonPagedPoolNx = 512,
    NonPagedPoolNxCacheAligned = 516
} POOL_TYPE;

typedef ULONG64 POOL_FLAGS;

#define POOL_FLAG_USE_QUOTA         0x0000000000000001ULL
#define POOL_FLAG_UNINITIALIZED     0x0000000000000002ULL
#define POOL_FLAG_SESSION           0x0000000000000004ULL
#define POOL_FLAG_CACHE_ALIGNED     0x0000000000000008ULL
#define POOL_FLAG_RAISE_ON_FAILURE  0x0000000000000020ULL
#define POOL_FLAG_NON_PAGED         0x0000000000000040ULL
#define POOL_FLAG_NON_PAGED_EXECUTE 0x0000000000000080ULL
#define POOL_FLAG_PAGED             0x0000000000000100ULL

/*
 * Allocates pool. ExAllocatePool2 zeroes the block unless POOL_FLAG_UNINITIALIZED is given;
 * ExAllocatePoolWithTag does not. All pool is NX here, NonPagedPoolExecute too (different from
 * Windows: nothing generates code in pool). Blocks are aligned to 16 bytes, those of a page or more
 * to a page; with POOL_FLAG_CACHE_ALIGNED (or a pool type of that name) no cache line of the block
 * belongs to another one. NULL if there is no memory (STATUS_INSUFFICIENT_RESOURCES is raised with
 * POOL_FLAG_RAISE_ON_FAILURE) or if Tag or Flags are invalid.
 * IRQL: <= APC_LEVEL for paged, <= DISPATCH_LEVEL for nonpaged pool.
 */
PVOID ExAllocatePool2(_In_ POOL_FLAGS Flags, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag);
PVOID ExAllocatePoolWithTag(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag);
PVOID ExAllocatePoolZero(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag);

/*
 * Pool that is charged to the quota of a process until it is freed (quota.h): with
 * POOL_FLAG_USE_QUOTA to the current one; by MmAllocatePoolWithQuota, whose Flags are
 * ExAllocatePool2's, to any (NULL: the current one). STATUS_QUOTA_EXCEEDED, or
 * STATUS_INSUFFICIENT_RESOURCES if there is no memory. ExAllocatePoolWithQuotaTag raises these
 * unless POOL_QUOTA_FAIL_INSTEAD_OF_RAISE is given, ExAllocatePool2 with
 * POOL_FLAG_RAISE_ON_FAILURE. IRQL as above.
 */
NTSTATUS MmAllocatePoolWithQuota(_In_opt_ PEPROCESS Process, _In_ POOL_FLAGS Flags,
                                 _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag, _Out_ PVOID *Memory);
PVOID ExAllocatePoolWithQuotaTag(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                 _In_ ULONG Tag);

/*
 * Frees pool. Tag must be the allocation's or 0; a block that is no pool block, freed twice, of
 * another tag or with a damaged header is bug check BAD_POOL_CALLER or BAD_POOL_HEADER.
 * IRQL as for the allocation.
 */
VOID ExFreePoolWithTag(_In_ PVOID P, _In_ ULONG Tag);
VOID ExFreePool(_In_ PVOID P);

/* Counts of one tag, summed over all processors. */
typedef struct _POOL_TRACKER_TABLE {
    ULONG Key;
    ULONG NonPagedAllocs;
    ULONG NonPagedFrees;
    ULONG PagedAllocs;
    ULONG PagedFrees;
    SIZE_T NonPagedBytes;
    SIZE_T PagedBytes;
} POOL_TRACKER_TABLE, *PPOOL_TRACKER_TABLE;

/*
 * Returns the tags in use: at most Count entries into Table, *Needed how many there are.
 * STATUS_INFO_LENGTH_MISMATCH if Count is less. IRQL <= DISPATCH_LEVEL, Table nonpaged.
 */
NTSTATUS MmQueryPoolTags(_Out_writes_(Count) PPOOL_TRACKER_TABLE Table, _In_ ULONG Count,
                         _Out_ PULONG Needed);

/* ---- Failure injection: checked build only (mm/pool/poolfail.c) ---- */

/* What a thread asked for, and what came of it. sdk/ntexapi.h has the same for programs. */
typedef struct _MM_ALLOCATION_FAILURE {
    ULONG First;       /* the first allocation to be refused, counted from 1; 0: none, only count */
    ULONG Number;      /* how many in a row */
    ULONG Allocations; /* out: tried since armed */
    ULONG Refused;     /* out */
} MM_ALLOCATION_FAILURE, *PMM_ALLOCATION_FAILURE;

#if DBG
/*
 * Arms the current thread (New), or disarms it (NULL), and tells in Old what happened since it was
 * armed. STATUS_INSUFFICIENT_RESOURCES: too many threads are armed. Allocates nothing.
 * IRQL <= DISPATCH_LEVEL.
 */
NTSTATUS MmSetAllocationFailure(_In_opt_ const MM_ALLOCATION_FAILURE *New,
                                _Out_ PMM_ALLOCATION_FAILURE Old);

/* Disarms the current thread, which ends. */
VOID MmStopAllocationFailures(VOID);
#endif

/* ---- Kernel stacks and system mappings ---- */

/* The checked build fills a new kernel stack with it. */
#define KERNEL_STACK_POISON 0xDB

/*
 * Creates a kernel stack of KERNEL_STACK_SIZE (or KERNEL_LARGE_STACK_SIZE) bytes above a guard page
 * and returns its upper end, NULL without memory. PASSIVE or APC_LEVEL.
 */
PVOID MmCreateKernelStack(_In_ BOOLEAN LargeStack, _In_ UCHAR Node);

/* Deletes a stack by its upper end. IRQL <= DISPATCH_LEVEL; not the stack one runs on. */
VOID MmDeleteKernelStack(_In_ PVOID StackBase, _In_ BOOLEAN LargeStack);

typedef enum _MEMORY_CACHING_TYPE {
    MmNonCached = 0,
    MmCached = 1,
    MmWriteCombined = 2
} MEMORY_CACHING_TYPE;

/*
 * Maps device memory; Protect is PAGE_READONLY or PAGE_READWRITE, or'ed with PAGE_NOCACHE or
 * PAGE_WRITECOMBINE. NULL without system PTEs or for a bad Protect. IRQL <= DISPATCH_LEVEL.
 */
PVOID MmMapIoSpaceEx(_In_ PHYSICAL_ADDRESS PhysicalAddress, _In_ SIZE_T NumberOfBytes,
                     _In_ ULONG Protect);
PVOID MmMapIoSpace(_In_ PHYSICAL_ADDRESS PhysicalAddress, _In_ SIZE_T NumberOfBytes,
                   _In_ MEMORY_CACHING_TYPE CacheType);
VOID MmUnmapIoSpace(_In_ PVOID BaseAddress, _In_ SIZE_T NumberOfBytes);

/*
 * Allocates page-aligned resident kernel memory, zeroed, mapped readable and writable; for what
 * wants whole pages and no pool header. NULL without memory. IRQL <= DISPATCH_LEVEL.
 */
PVOID MmAllocateSystemPages(_In_ SIZE_T NumberOfBytes);
VOID MmFreeSystemPages(_In_ PVOID BaseAddress, _In_ SIZE_T NumberOfBytes);

/* ---- Address spaces ---- */

/*
 * Gives Process an address space of its own: a top-level page table with the system half, empty
 * user half, VAD tree, locks and counters. Sets Process->Pcb.DirectoryTableBase.
 * STATUS_NO_MEMORY. PASSIVE_LEVEL. MmDeleteProcessAddressSpace undoes it.
 */
NTSTATUS MmCreateProcessAddressSpace(_Inout_ PEPROCESS Process);

/*
 * Fills the user half with what every process has: the shared user data page; and, if Section (a
 * Section object of an image) is given, a view of it, whose address goes to SectionBaseAddress of
 * the process. Attaches by itself. Statuses as of MmMapViewOfSection; STATUS_IMAGE_NOT_AT_BASE is a
 * success.
 */
NTSTATUS MmInitializeProcessAddressSpace(_Inout_ PEPROCESS Process, _In_opt_ PVOID Section);

/*
 * Deletes all user memory of Process, whose threads have ended or never ran user code again.
 * Attaches by itself if need be. May be called twice. PASSIVE_LEVEL.
 */
VOID MmCleanProcessAddressSpace(_Inout_ PEPROCESS Process);

/*
 * Gives back the page tables; the last step, never in the address space itself. Calls
 * MmCleanProcessAddressSpace if that was not done. PASSIVE_LEVEL.
 */
VOID MmDeleteProcessAddressSpace(_Inout_ PEPROCESS Process);

/*
 * Allocate, free, protect and query user memory of Process; the work of the Nt services of like
 * names, with kernel pointers as arguments and the statuses that the services document.
 * PASSIVE_LEVEL. They attach to Process if it is not the current one.
 */
NTSTATUS MmAllocateVirtualMemory(_Inout_ PEPROCESS Process, _Inout_ PVOID *BaseAddress,
                                 _In_ ULONG_PTR ZeroBits, _Inout_ PSIZE_T RegionSize,
                                 _In_ ULONG AllocationType, _In_ ULONG Protect);
NTSTATUS MmFreeVirtualMemory(_Inout_ PEPROCESS Process, _Inout_ PVOID *BaseAddress,
                             _Inout_ PSIZE_T RegionSize, _In_ ULONG FreeType);
NTSTATUS MmProtectVirtualMemory(_Inout_ PEPROCESS Process, _Inout_ PVOID *BaseAddress,
                                _Inout_ PSIZE_T RegionSize, _In_ ULONG NewProtect,
                                _Out_ PULONG OldProtect);
NTSTATUS MmQueryVirtualMemory(_Inout_ PEPROCESS Process, _In_ PVOID BaseAddress,
                              _Out_ PMEMORY_BASIC_INFORMATION Information);

/* ---- Sections ---- */

/*
 * What Mm asks of the file system, by FILE_OBJECT. All run at PASSIVE or APC_LEVEL.
 * ReadFile reads exactly Length bytes at Offset into kernel memory or fails.
 * GetSectionObjectPointers may be NULL: then each section over the file is read on its own.
 * GetFileName may be NULL: then NtQueryVirtualMemory knows no file names. It fills Name (whose
 * buffer it allocates from paged pool) with the full device path.
 */
typedef struct _MM_FILE_OPERATIONS {
    NTSTATUS (*ReadFile)(PVOID FileObject, ULONG64 Offset, PVOID Buffer, SIZE_T Length);
    NTSTATUS (*QueryFileSize)(PVOID FileObject, PULONG64 Size);
    VOID (*Reference)(PVOID FileObject);
    VOID (*Dereference)(PVOID FileObject);
    PSECTION_OBJECT_POINTERS (*GetSectionObjectPointers)(PVOID FileObject);
    NTSTATUS (*GetFileName)(PVOID FileObject, PUNICODE_STRING Name);
} MM_FILE_OPERATIONS, *PMM_FILE_OPERATIONS;

/* Registers the file system's callbacks, once; the table is kept by reference. */
VOID MmRegisterFileOperations(_In_ const MM_FILE_OPERATIONS *Operations);

/*
 * Creates a section object, referenced once. FileObject or FileHandle name the file, both NULL for
 * a section backed by memory. SEC_IMAGE validates the file as an executable image.
 * STATUS_INVALID_PAGE_PROTECTION, STATUS_INVALID_IMAGE_NOT_MZ, STATUS_INVALID_IMAGE_FORMAT,
 * STATUS_INVALID_FILE_FOR_SECTION, STATUS_SECTION_TOO_BIG, STATUS_MAPPED_FILE_SIZE_ZERO,
 * STATUS_COMMITMENT_LIMIT, STATUS_INSUFFICIENT_RESOURCES. PASSIVE_LEVEL.
 */
NTSTATUS MmCreateSection(_Out_ PVOID *SectionObject, _In_ ACCESS_MASK DesiredAccess,
                         _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                         _In_opt_ PLARGE_INTEGER MaximumSize, _In_ ULONG SectionPageProtection,
                         _In_ ULONG AllocationAttributes, _In_opt_ HANDLE FileHandle,
                         _In_opt_ PFILE_OBJECT FileObject);

/*
 * Maps a view of a section into Process. *BaseAddress NULL: Mm chooses, an image goes to its
 * preferred address when that is free. STATUS_IMAGE_NOT_AT_BASE (a success): the image must be
 * relocated. STATUS_CONFLICTING_ADDRESSES, STATUS_MAPPED_ALIGNMENT, STATUS_INVALID_VIEW_SIZE,
 * STATUS_SECTION_PROTECTION, STATUS_NO_MEMORY, STATUS_COMMITMENT_LIMIT. PASSIVE_LEVEL.
 */
NTSTATUS MmMapViewOfSection(_In_ PVOID SectionObject, _Inout_ PEPROCESS Process,
                            _Inout_ PVOID *BaseAddress, _In_ ULONG_PTR ZeroBits,
                            _In_ SIZE_T CommitSize, _Inout_opt_ PLARGE_INTEGER SectionOffset,
                            _Inout_ PSIZE_T ViewSize, _In_ SECTION_INHERIT InheritDisposition,
                            _In_ ULONG AllocationType, _In_ ULONG Win32Protect);

/* Unmaps the view that holds BaseAddress. STATUS_NOT_MAPPED_VIEW. PASSIVE_LEVEL. */
NTSTATUS MmUnmapViewOfSection(_Inout_ PEPROCESS Process, _In_ PVOID BaseAddress);

/*
 * What an image section's headers say, as NtQuerySection(SectionImageInformation) returns it.
 * STATUS_SECTION_NOT_IMAGE.
 */
NTSTATUS MmGetImageInformation(_In_ PVOID SectionObject,
                               _Out_ PSECTION_IMAGE_INFORMATION ImageInformation);

/* The file of a file-backed section (not referenced), NULL otherwise. */
PFILE_OBJECT MmGetFileObjectForSection(_In_ PVOID SectionObject);

/* ---- Counters ---- */

/* A snapshot of Mm's page counts; what a test compares before and after. All in pages. */
typedef struct _MM_STATISTICS {
    ULONG64 NumberOfPhysicalPages;
    ULONG64 AvailablePages;
    ULONG64 TotalCommittedPages;
    ULONG64 TotalCommitLimit;
    ULONG64 NonPagedPoolPages;
    ULONG64 PagedPoolPages;
    ULONG64 KernelStackPages;
    ULONG64 PageTablePages;
    ULONG64 PageFaultCount;
    ULONG64 DemandZeroCount;
    ULONG64 CopyOnWriteCount;
    PFN_NUMBER LowestPhysicalPage;
    PFN_NUMBER HighestPhysicalPage;
} MM_STATISTICS, *PMM_STATISTICS;

VOID MmQueryStatistics(_Out_ PMM_STATISTICS Statistics);

#endif
