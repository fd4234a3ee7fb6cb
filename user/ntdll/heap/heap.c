/*
 * heap.c - the heap: RtlAllocateHeap and its family
 *
 * A heap turns pages into blocks of any size, aligned to 16 bytes. It is made of *segments*:
 *
 *      segment   [HEAP or HEAP_SEGMENT | tag+block | tag+block | ... | last
 * tag]......reserved......] ^FirstEntry                              ^Committed     ^Reserved
 *
 * The committed part of a segment is cut into blocks without gaps. In front of every block stands
 * its *tag* (HEAP_ENTRY): the size of the block and of the one in front of it, whether it is busy,
 * and a check byte. So from any block both neighbours are found by arithmetic (Knuth's boundary
 * tags), and a freed block joins free neighbours at once: two free blocks never touch.
 *
 * Free blocks hang in lists by size class (heapblock.c); an allocation takes the first that is
 * large enough, cuts off what it needs and frees the rest. When there is none, the heap grows
 * (heapsegment.c): more of a segment is committed, or a further segment reserved, each twice as
 * large as the one before. Blocks of about 1 MiB and more are allocations of their own.
 *
 * One lock, LockVariable, guards everything in a heap; HEAP_NO_SERIALIZE leaves it out. Bad frees
 * are caught where that is cheap: a pointer that is not aligned, whose tag does not add up or says
 * that the block is free already, is refused with STATUS_INVALID_PARAMETER, and nothing is changed.
 *
 * As in Windows: functions, flags, alignment, the threshold of large blocks, the check byte.
 * Different, because short: no low fragmentation heap in front, no segment heap, no tagging, and
 * the fields of HEAP lie where they like. The walk behind RtlWalkHeap is RtlValidateHeap's only.
 */

#include "heapp.h"

#define HEAP_DEFAULT_RESERVE       0x100000
#define HEAP_DEFAULT_COMMIT        0x2000
#define HEAP_MAXIMUM_PROCESS_HEAPS 64

static PVOID
    RtlpProcessHeaps[HEAP_MAXIMUM_PROCESS_HEAPS]; /* PEB->ProcessHeaps, under FastPebLock */

static BOOLEAN RtlpLockHeap(_In_ PHEAP Heap, _In_ ULONG Flags) {
    if ((Heap->Flags | Flags) & HEAP_NO_SERIALIZE) {
        return FALSE;
    }
    RtlEnterCriticalSection(Heap->LockVariable);
    return TRUE;
}

static VOID RtlpUnlockHeap(_In_ PHEAP Heap, _In_ BOOLEAN Locked) {
    if (Locked) {
        RtlLeaveCriticalSection(Heap->LockVariable);
    }
}

/* Enters a heap in PEB->ProcessHeaps; when that is full the heap works as well, unlisted. */
static VOID RtlpListHeap(_Inout_ PHEAP Heap) {
    PPEB Peb = NtCurrentPeb();

    RtlAcquirePebLock();
    Peb->ProcessHeaps = RtlpProcessHeaps;
    Peb->MaximumNumberOfHeaps = HEAP_MAXIMUM_PROCESS_HEAPS;
    if (Peb->NumberOfHeaps < HEAP_MAXIMUM_PROCESS_HEAPS) {
        RtlpProcessHeaps[Peb->NumberOfHeaps++] = Heap;
        Heap->ProcessHeapsListIndex = Peb->NumberOfHeaps;
    }
    RtlReleasePebLock();
}

static VOID RtlpUnlistHeap(_In_ PHEAP Heap) {
    PPEB Peb = NtCurrentPeb();

    RtlAcquirePebLock();
    if (Heap->ProcessHeapsListIndex != 0) {
        PHEAP Moved = RtlpProcessHeaps[--Peb->NumberOfHeaps];

        RtlpProcessHeaps[Heap->ProcessHeapsListIndex - 1] = Moved;
        Moved->ProcessHeapsListIndex = Heap->ProcessHeapsListIndex;
        RtlpProcessHeaps[Peb->NumberOfHeaps] = NULL;
    }
    RtlReleasePebLock();
}

/* Reserves and commits a heap's first memory; *Base NULL lets the system choose. */
static NTSTATUS RtlpReserveHeap(_Inout_ PVOID *Base, _Inout_ PSIZE_T Reserve,
                                _Inout_ PSIZE_T Commit) {
    BOOLEAN Ours = *Base == NULL;
    SIZE_T Whole = 0;
    NTSTATUS Status = STATUS_SUCCESS;

    *Commit = max(ROUND_TO_PAGES(*Commit), HEAP_DEFAULT_COMMIT);
    *Reserve = ALIGN_UP_BY(max(*Reserve ? *Reserve : HEAP_DEFAULT_RESERVE, *Commit), 0x10000);
    if (Ours) {
        Status = NtAllocateVirtualMemory(NtCurrentProcess(), Base, 0, Reserve, MEM_RESERVE,
                                         PAGE_READWRITE);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status =
        NtAllocateVirtualMemory(NtCurrentProcess(), Base, 0, Commit, MEM_COMMIT, PAGE_READWRITE);
    if (!NT_SUCCESS(Status) && Ours) {
        NtFreeVirtualMemory(NtCurrentProcess(), Base, &Whole, MEM_RELEASE);
    }
    return Status;
}

static NTSTATUS RtlpInitializeHeap(_Inout_ PHEAP Heap, _In_ ULONG Flags, _In_opt_ PVOID Lock,
                                   _In_ SIZE_T Commit, _In_ SIZE_T Reserve) {
    ULONG Class;

    Heap->Signature = HEAP_SIGNATURE;
    Heap->Flags = Flags;
    Heap->ForceFlags = Flags & (HEAP_NO_SERIALIZE | HEAP_GENERATE_EXCEPTIONS | HEAP_ZERO_MEMORY |
                                HEAP_REALLOC_IN_PLACE_ONLY);
    Heap->SegmentReserve = max(Reserve, HEAP_DEFAULT_RESERVE);
    InitializeListHead(&Heap->SegmentList);
    InitializeListHead(&Heap->VirtualAllocdBlocks);
    for (Class = 0; Class < HEAP_CLASSES; Class++) {
        InitializeListHead(&Heap->FreeLists[Class]);
    }
    Heap->LockVariable = Lock ? Lock : &Heap->Lock;
    if (Lock == NULL && !(Flags & HEAP_NO_SERIALIZE)) {
        RtlInitializeCriticalSection(&Heap->Lock);
    }
    return RtlpInitializeSegment(Heap, &Heap->Segment, sizeof(HEAP), Commit, Reserve);
}

/*
 * RtlCreateHeap - makes a heap; returns NULL if there is no memory.
 *
 * Flags: HEAP_GROWABLE, HEAP_NO_SERIALIZE, HEAP_GENERATE_EXCEPTIONS, HEAP_ZERO_MEMORY,
 * HEAP_CREATE_ENABLE_EXECUTE is ignored. HeapBase: reserved memory of the caller's, or NULL.
 * ReserveSize, CommitSize: 0 for the defaults. Lock: a critical section of the caller's, or NULL.
 * Public source: WDK, "RtlCreateHeap".
 */
PVOID NTAPI RtlCreateHeap(_In_ ULONG Flags, _In_opt_ PVOID HeapBase, _In_opt_ SIZE_T ReserveSize,
                          _In_opt_ SIZE_T CommitSize, _In_opt_ PVOID Lock,
                          _In_opt_ PVOID Parameters) {
    PVOID Base = HeapBase;
    PHEAP Heap;

    UNREFERENCED_PARAMETER(Parameters);
    if (!NT_SUCCESS(RtlpReserveHeap(&Base, &ReserveSize, &CommitSize))) {
        return NULL;
    }
    Heap = Base;
    Heap->BaseIsCallers = HeapBase != NULL;
    if (!NT_SUCCESS(RtlpInitializeHeap(Heap, Flags, Lock, CommitSize, ReserveSize))) {
        RtlpDestroySegments(Heap);
        return NULL;
    }
    RtlpListHeap(Heap);
    return Heap;
}

/* RtlDestroyHeap - frees a heap with all its blocks. Returns NULL, or the heap if it is the
 * process's. */
PVOID NTAPI RtlDestroyHeap(_In_ PVOID HeapHandle) {
    PHEAP Heap = HeapHandle;

    if (Heap == NULL || Heap->Signature != HEAP_SIGNATURE ||
        HeapHandle == NtCurrentPeb()->ProcessHeap) {
        return HeapHandle;
    }
    RtlpUnlistHeap(Heap);
    Heap->Signature = 0;
    if (Heap->LockVariable == &Heap->Lock && !(Heap->Flags & HEAP_NO_SERIALIZE)) {
        RtlDeleteCriticalSection(&Heap->Lock);
    }
    RtlpDestroySegments(Heap);
    return NULL;
}

/* The units that a request of Size bytes takes; Size is below the threshold of large blocks. */
static ULONG RtlpUnits(_In_ SIZE_T Size) {
    SIZE_T Units = (Size + sizeof(HEAP_ENTRY) + HEAP_GRANULARITY - 1) / HEAP_GRANULARITY;

    return (ULONG)max(Units, HEAP_MINIMUM_UNITS);
}

static BOOLEAN RtlpIsLarge(_In_ SIZE_T Size) {
    return Size >= (SIZE_T)(HEAP_VIRTUAL_THRESHOLD - 1) * HEAP_GRANULARITY;
}

static SIZE_T RtlpBlockSize(_In_ PHEAP_ENTRY Entry) {
    if (Entry->Flags & HEAP_ENTRY_VIRTUAL_ALLOC) {
        return CONTAINING_RECORD(Entry, HEAP_VIRTUAL_ALLOC_ENTRY, BusyBlock)->RequestedSize;
    }
    return (SIZE_T)Entry->Size * HEAP_GRANULARITY - Entry->UnusedBytes;
}

/* Notes how many bytes were asked for, and seals the tag. */
static VOID RtlpSetRequest(_Inout_ PHEAP_ENTRY Entry, _In_ SIZE_T Size) {
    Entry->UnusedBytes = (ULONG)((SIZE_T)Entry->Size * HEAP_GRANULARITY - Size);
    RtlpSealEntry(Entry);
}

/* The tag of a busy block, or NULL if Base cannot be one. */
static PHEAP_ENTRY RtlpEntryFromUser(_In_opt_ PCVOID Base) {
    PHEAP_ENTRY Entry = NULL;

    if (Base != NULL && ((ULONG_PTR)Base & (HEAP_GRANULARITY - 1)) == 0) {
        Entry = (PHEAP_ENTRY)Base - 1;
    }
    if (Entry == NULL || !RtlpEntryIsSealed(Entry) || !(Entry->Flags & HEAP_ENTRY_BUSY) ||
        (Entry->Flags & HEAP_ENTRY_LAST_ENTRY)) {
        RtlSetLastWin32ErrorAndNtStatusFromNtStatus(STATUS_INVALID_PARAMETER);
        return NULL;
    }
    return Entry;
}

static PVOID RtlpAllocateSmall(_Inout_ PHEAP Heap, _In_ SIZE_T Size) {
    ULONG Units = RtlpUnits(Size);
    PHEAP_ENTRY Entry = RtlpFindFree(Heap, Units);

    if (Entry == NULL && NT_SUCCESS(RtlpGrowHeap(Heap, Units))) {
        Entry = RtlpFindFree(Heap, Units);
    }
    if (Entry == NULL) {
        return NULL;
    }
    RtlpCarve(Heap, Entry, Units);
    RtlpSetRequest(Entry, Size);
    return Entry + 1;
}

static PVOID RtlpAllocationFailed(_In_ PHEAP Heap, _In_ ULONG Flags) {
    if ((Heap->Flags | Flags) & HEAP_GENERATE_EXCEPTIONS) {
        RtlRaiseStatus(STATUS_NO_MEMORY);
    }
    RtlSetLastWin32ErrorAndNtStatusFromNtStatus(STATUS_NO_MEMORY);
    return NULL;
}

/*
 * RtlAllocateHeap - a block of Size bytes, aligned to 16.
 *
 * Flags: HEAP_ZERO_MEMORY, HEAP_GENERATE_EXCEPTIONS, HEAP_NO_SERIALIZE. NULL, or STATUS_NO_MEMORY
 * raised, when there is no memory. Public source: WDK, "RtlAllocateHeap".
 */
PVOID NTAPI RtlAllocateHeap(_In_ PVOID HeapHandle, _In_ ULONG Flags, _In_ SIZE_T Size) {
    PHEAP Heap = HeapHandle;
    BOOLEAN Large = RtlpIsLarge(Size);
    BOOLEAN Locked = RtlpLockHeap(Heap, Flags);
    PVOID Block = Large ? RtlpAllocateLarge(Heap, Size) : RtlpAllocateSmall(Heap, Size);

    RtlpUnlockHeap(Heap, Locked);
    if (Block == NULL) {
        return RtlpAllocationFailed(Heap, Flags);
    }
    if (!Large && ((Heap->Flags | Flags) & HEAP_ZERO_MEMORY)) {
        RtlZeroMemory(Block, Size);
    }
    return Block;
}

/* RtlFreeHeap - frees a block. NULL is freed by doing nothing; FALSE for what is not a busy block.
 */
BOOLEAN NTAPI RtlFreeHeap(_In_ PVOID HeapHandle, _In_ ULONG Flags, _In_opt_ PVOID BaseAddress) {
    PHEAP Heap = HeapHandle;
    PHEAP_ENTRY Entry;
    BOOLEAN Locked;

    if (BaseAddress == NULL) {
        return TRUE;
    }
    Locked = RtlpLockHeap(Heap, Flags);
    Entry = RtlpEntryFromUser(BaseAddress);
    if (Entry != NULL && (Entry->Flags & HEAP_ENTRY_VIRTUAL_ALLOC)) {
        RtlpFreeLarge(CONTAINING_RECORD(Entry, HEAP_VIRTUAL_ALLOC_ENTRY, BusyBlock));
    } else if (Entry != NULL) {
        PHEAP_ENTRY Joined = RtlpCoalesce(Heap, Entry);

        /* The tag may now lie inside a larger free block: a second free of it must not look good.
         */
        Entry->Flags = 0;
        RtlpInsertFree(Heap, Joined, Joined->Size);
        RtlpTrimSegment(Heap, Joined);
    }
    RtlpUnlockHeap(Heap, Locked);
    return Entry != NULL;
}

/* RtlSizeHeap - the size that a block was allocated with; (SIZE_T)-1 for what is not a busy block.
 */
SIZE_T NTAPI RtlSizeHeap(_In_ PVOID HeapHandle, _In_ ULONG Flags, _In_ const VOID *BaseAddress) {
    BOOLEAN Locked = RtlpLockHeap(HeapHandle, Flags);
    PHEAP_ENTRY Entry = RtlpEntryFromUser(BaseAddress);
    SIZE_T Size = Entry != NULL ? RtlpBlockSize(Entry) : (SIZE_T)-1;

    RtlpUnlockHeap(HeapHandle, Locked);
    return Size;
}

/* Changes a block's size where it stands. FALSE if there is no room behind it. */
static BOOLEAN RtlpResizeInPlace(_Inout_ PHEAP Heap, _Inout_ PHEAP_ENTRY Entry, _In_ SIZE_T Size) {
    ULONG Units = RtlpUnits(Size);
    PHEAP_ENTRY Next;

    if (Entry->Flags & HEAP_ENTRY_VIRTUAL_ALLOC) {
        PHEAP_VIRTUAL_ALLOC_ENTRY Block =
            CONTAINING_RECORD(Entry, HEAP_VIRTUAL_ALLOC_ENTRY, BusyBlock);

        if (!RtlpIsLarge(Size) || Size > Block->CommitSize - sizeof(*Block)) {
            return FALSE;
        }
        Block->RequestedSize = Size;
        return TRUE;
    }
    if (RtlpIsLarge(Size)) {
        return FALSE;
    }
    Next = RtlpNextEntry(Entry);
    if (Units > Entry->Size) {
        if ((Next->Flags & HEAP_ENTRY_BUSY) || Entry->Size + Next->Size < Units) {
            return FALSE;
        }
        RtlpRemoveFree(Heap, Next);
        Entry->Size += Next->Size;
    }
    RtlpCarve(Heap, Entry, Units);
    RtlpSetRequest(Entry, Size);
    return TRUE;
}

static PVOID RtlpMoveBlock(_Inout_ PHEAP Heap, _In_ PVOID Block, _In_ SIZE_T OldSize,
                           _In_ SIZE_T Size) {
    PVOID New = RtlpIsLarge(Size) ? RtlpAllocateLarge(Heap, Size) : RtlpAllocateSmall(Heap, Size);

    if (New != NULL) {
        RtlCopyMemory(New, Block, min(OldSize, Size));
        RtlFreeHeap(Heap, HEAP_NO_SERIALIZE, Block);
    }
    return New;
}

/*
 * RtlReAllocateHeap - changes the size of a block, which may move unless
 * HEAP_REALLOC_IN_PLACE_ONLY is given. New bytes are zero with HEAP_ZERO_MEMORY. On failure NULL,
 * and the block is as it was.
 */
PVOID NTAPI RtlReAllocateHeap(_In_ PVOID HeapHandle, _In_ ULONG Flags, _In_opt_ PVOID BaseAddress,
                              _In_ SIZE_T Size) {
    PHEAP Heap = HeapHandle;
    PVOID Block = BaseAddress;
    BOOLEAN Locked = RtlpLockHeap(Heap, Flags);
    PHEAP_ENTRY Entry = RtlpEntryFromUser(BaseAddress);
    SIZE_T OldSize;

    if (Entry == NULL) {
        RtlpUnlockHeap(Heap, Locked);
        return NULL;
    }
    OldSize = RtlpBlockSize(Entry);
    if (!RtlpResizeInPlace(Heap, Entry, Size)) {
        Block =
            (Flags & HEAP_REALLOC_IN_PLACE_ONLY) ? NULL : RtlpMoveBlock(Heap, Block, OldSize, Size);
    }
    RtlpUnlockHeap(Heap, Locked);
    if (Block == NULL) {
        return RtlpAllocationFailed(Heap, Flags);
    }
    if (Size > OldSize && ((Heap->Flags | Flags) & HEAP_ZERO_MEMORY)) {
        RtlZeroMemory((PUCHAR)Block + OldSize, Size - OldSize);
    }
    return Block;
}

static BOOLEAN RtlpValidateSegment(_In_ PHEAP_SEGMENT Segment, _Inout_ PSIZE_T FreeUnits) {
    PHEAP_ENTRY Entry = Segment->FirstEntry;
    PHEAP_ENTRY Last = (PHEAP_ENTRY)Segment->Committed - 1;
    ULONG PreviousSize = 0;
    BOOLEAN PreviousFree = FALSE;

    while (Entry < Last) {
        BOOLEAN Free = !(Entry->Flags & HEAP_ENTRY_BUSY);

        if (!RtlpEntryIsSealed(Entry) || Entry->PreviousSize != PreviousSize ||
            Entry->Size < HEAP_MINIMUM_UNITS || Entry->Size > (SIZE_T)(Last - Entry) ||
            (Free && PreviousFree)) {
            return FALSE;
        }
        *FreeUnits += Free ? Entry->Size : 0;
        PreviousFree = Free;
        PreviousSize = Entry->Size;
        Entry = RtlpNextEntry(Entry);
    }
    return Entry == Last && RtlpEntryIsSealed(Last) && Last->PreviousSize == PreviousSize;
}

/* RtlValidateHeap - checks one block, or with BaseAddress NULL the whole heap. */
BOOLEAN NTAPI RtlValidateHeap(_In_opt_ PVOID HeapHandle, _In_ ULONG Flags,
                              _In_opt_ const VOID *BaseAddress) {
    PHEAP Heap = HeapHandle;
    BOOLEAN Locked, Valid = TRUE;
    SIZE_T FreeUnits = 0;
    PLIST_ENTRY Link;

    if (Heap == NULL || Heap->Signature != HEAP_SIGNATURE) {
        return FALSE;
    }
    Locked = RtlpLockHeap(Heap, Flags);
    if (BaseAddress != NULL) {
        Valid = RtlpEntryFromUser(BaseAddress) != NULL;
    } else {
        for (Link = Heap->SegmentList.Flink; Valid && Link != &Heap->SegmentList;
             Link = Link->Flink) {
            Valid = RtlpValidateSegment(CONTAINING_RECORD(Link, HEAP_SEGMENT, SegmentListEntry),
                                        &FreeUnits);
        }
        Valid = Valid && FreeUnits == Heap->TotalFreeSize;
    }
    RtlpUnlockHeap(Heap, Locked);
    return Valid;
}

/* RtlLockHeap, RtlUnlockHeap - keep other threads out of a heap. */
BOOLEAN NTAPI RtlLockHeap(_In_ PVOID HeapHandle) {
    RtlpLockHeap(HeapHandle, 0);
    return TRUE;
}

BOOLEAN NTAPI RtlUnlockHeap(_In_ PVOID HeapHandle) {
    RtlpUnlockHeap(HeapHandle, !(((PHEAP)HeapHandle)->Flags & HEAP_NO_SERIALIZE));
    return TRUE;
}

/* RtlGetProcessHeaps - how many heaps there are; the first NumberOfHeaps of them are written. */
ULONG NTAPI RtlGetProcessHeaps(_In_ ULONG NumberOfHeaps, _Out_ PVOID *ProcessHeaps) {
    ULONG Count, Index;

    RtlAcquirePebLock();
    Count = NtCurrentPeb()->NumberOfHeaps;
    for (Index = 0; Index < min(Count, NumberOfHeaps); Index++) {
        ProcessHeaps[Index] = RtlpProcessHeaps[Index];
    }
    RtlReleasePebLock();
    return Count;
}

NTSTATUS RtlpInitializeProcessHeap(VOID) {
    PIMAGE_NT_HEADERS64 Headers = RtlImageNtHeader(NtCurrentPeb()->ImageBaseAddress);
    SIZE_T Reserve = Headers != NULL ? Headers->OptionalHeader.SizeOfHeapReserve : 0;
    SIZE_T Commit = Headers != NULL ? Headers->OptionalHeader.SizeOfHeapCommit : 0;

    NtCurrentPeb()->ProcessHeap = RtlCreateHeap(HEAP_GROWABLE, NULL, Reserve, Commit, NULL, NULL);
    return NtCurrentPeb()->ProcessHeap != NULL ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}
