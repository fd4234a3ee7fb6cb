/*
 * heapsegment.c - where a heap's memory comes from: segments and large blocks
 *
 * A segment is reserved as a whole and committed from its start. The last entry, a busy tag without
 * a body, stands at the end of the committed part; to grow, more is committed, the last entry moves
 * up, and the new room is freed like any block. To shrink, the reverse.
 */

#include "heapp.h"

#define HEAP_COMMIT_STEP     0x4000  /* bytes committed at a time, at least */
#define HEAP_TRIM_THRESHOLD  0x10000 /* a free tail of this size is given back */
#define HEAP_MAXIMUM_SEGMENT 0x10000000ull
#define HEAP_MAXIMUM_BLOCK   0x800000000000ull /* all of user space */

static VOID RtlpPlaceLastEntry(_Inout_ PHEAP_SEGMENT Segment, _In_ ULONG PreviousSize) {
    PHEAP_ENTRY Last = (PHEAP_ENTRY)Segment->Committed - 1;

    RtlZeroMemory(Last, sizeof(*Last));
    Last->Size = 1;
    Last->PreviousSize = PreviousSize;
    Last->Flags = HEAP_ENTRY_BUSY | HEAP_ENTRY_LAST_ENTRY;
    RtlpSealEntry(Last);
}

/*
 * Makes a segment of reserved memory whose first Committed bytes are committed. The first
 * HeaderSize bytes are taken already.
 */
NTSTATUS RtlpInitializeSegment(_Inout_ PHEAP Heap, _Inout_ PHEAP_SEGMENT Segment,
                               _In_ SIZE_T HeaderSize, _In_ SIZE_T Committed,
                               _In_ SIZE_T Reserved) {
    PHEAP_ENTRY First = (PHEAP_ENTRY)((PUCHAR)Segment + ALIGN_UP_BY(HeaderSize, HEAP_GRANULARITY));
    ULONG Units;

    Segment->SegmentSignature = HEAP_SEGMENT_SIGNATURE;
    Segment->Heap = Heap;
    Segment->BaseAddress = (PUCHAR)Segment;
    Segment->Committed = Segment->BaseAddress + Committed;
    Segment->Reserved = Segment->BaseAddress + Reserved;
    Segment->FirstEntry = First;
    if ((PUCHAR)(First + HEAP_MINIMUM_UNITS + 1) > Segment->Committed) {
        return STATUS_INVALID_PARAMETER;
    }
    InsertTailList(&Heap->SegmentList, &Segment->SegmentListEntry);
    Units = (ULONG)((PHEAP_ENTRY)Segment->Committed - 1 - First);
    RtlpPlaceLastEntry(Segment, Units);
    First->PreviousSize = 0;
    RtlpInsertFree(Heap, First, Units);
    return STATUS_SUCCESS;
}

/* Commits more of a segment, so that a block of Units fits at its end. */
static NTSTATUS RtlpExtendSegment(_Inout_ PHEAP Heap, _Inout_ PHEAP_SEGMENT Segment,
                                  _In_ ULONG Units) {
    PHEAP_ENTRY Entry = (PHEAP_ENTRY)Segment->Committed - 1;
    SIZE_T Left = (SIZE_T)(Segment->Reserved - Segment->Committed);
    SIZE_T Size = ROUND_TO_PAGES(((SIZE_T)Units + 1) * HEAP_GRANULARITY);
    PVOID Base = Segment->Committed;
    NTSTATUS Status;

    if (Size > Left) {
        return STATUS_NO_MEMORY;
    }
    Size = min(max(Size, HEAP_COMMIT_STEP), Left);
    Status =
        NtAllocateVirtualMemory(NtCurrentProcess(), &Base, 0, &Size, MEM_COMMIT, PAGE_READWRITE);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Segment->Committed += Size;
    Entry->Size = (ULONG)(Size / HEAP_GRANULARITY);
    RtlpPlaceLastEntry(Segment, Entry->Size);
    Entry = RtlpCoalesce(Heap, Entry);
    RtlpInsertFree(Heap, Entry, Entry->Size);
    return STATUS_SUCCESS;
}

static NTSTATUS RtlpAddSegment(_Inout_ PHEAP Heap, _In_ ULONG Units) {
    SIZE_T Needed = ((SIZE_T)Units + 1) * HEAP_GRANULARITY + sizeof(HEAP_SEGMENT);
    SIZE_T Reserve = max(Heap->SegmentReserve, ALIGN_UP_BY(Needed, 0x10000));
    SIZE_T Commit = max(ROUND_TO_PAGES(Needed), HEAP_COMMIT_STEP);
    PVOID Base = NULL;
    NTSTATUS Status;

    Status = NtAllocateVirtualMemory(NtCurrentProcess(), &Base, 0, &Reserve, MEM_RESERVE,
                                     PAGE_READWRITE);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status =
        NtAllocateVirtualMemory(NtCurrentProcess(), &Base, 0, &Commit, MEM_COMMIT, PAGE_READWRITE);
    if (!NT_SUCCESS(Status)) {
        Reserve = 0;
        NtFreeVirtualMemory(NtCurrentProcess(), &Base, &Reserve, MEM_RELEASE);
        return Status;
    }
    Heap->SegmentReserve = min(Heap->SegmentReserve * 2, HEAP_MAXIMUM_SEGMENT);
    return RtlpInitializeSegment(Heap, Base, sizeof(HEAP_SEGMENT), Commit, Reserve);
}

/* Makes room for a block of Units: in a segment that has some left, else in a new one. */
NTSTATUS RtlpGrowHeap(_Inout_ PHEAP Heap, _In_ ULONG Units) {
    PLIST_ENTRY Link;

    for (Link = Heap->SegmentList.Flink; Link != &Heap->SegmentList; Link = Link->Flink) {
        PHEAP_SEGMENT Segment = CONTAINING_RECORD(Link, HEAP_SEGMENT, SegmentListEntry);

        if (NT_SUCCESS(RtlpExtendSegment(Heap, Segment, Units))) {
            return STATUS_SUCCESS;
        }
    }
    return (Heap->Flags & HEAP_GROWABLE) ? RtlpAddSegment(Heap, Units) : STATUS_NO_MEMORY;
}

static PHEAP_SEGMENT RtlpSegmentOfLastEntry(_In_ PHEAP Heap, _In_ PHEAP_ENTRY Last) {
    PLIST_ENTRY Link;

    for (Link = Heap->SegmentList.Flink; Link != &Heap->SegmentList; Link = Link->Flink) {
        PHEAP_SEGMENT Segment = CONTAINING_RECORD(Link, HEAP_SEGMENT, SegmentListEntry);

        if (Segment->Committed == (PUCHAR)(Last + 1)) {
            return Segment;
        }
    }
    return NULL;
}

/*
 * Gives memory back when the free block Free, which hangs in its list, ends a segment: all of a
 * segment that has become empty (but the heap's first), else the pages of a long tail.
 */
VOID RtlpTrimSegment(_Inout_ PHEAP Heap, _In_ PHEAP_ENTRY Free) {
    PHEAP_ENTRY Last = RtlpNextEntry(Free);
    PHEAP_SEGMENT Segment;
    PVOID Base;
    SIZE_T Size = 0;

    if (!(Last->Flags & HEAP_ENTRY_LAST_ENTRY) ||
        Free->Size < HEAP_TRIM_THRESHOLD / HEAP_GRANULARITY) {
        return;
    }
    Segment = RtlpSegmentOfLastEntry(Heap, Last);
    if (Segment == NULL) {
        return;
    }
    if (Free == Segment->FirstEntry && Segment != &Heap->Segment) {
        RtlpRemoveFree(Heap, Free);
        RemoveEntryList(&Segment->SegmentListEntry);
        Base = Segment;
        NtFreeVirtualMemory(NtCurrentProcess(), &Base, &Size, MEM_RELEASE);
        return;
    }
    Base = (PVOID)ROUND_TO_PAGES(Free + HEAP_MINIMUM_UNITS + 1);
    Size = (SIZE_T)(Segment->Committed - (PUCHAR)Base);
    RtlpRemoveFree(Heap, Free);
    if (NT_SUCCESS(NtFreeVirtualMemory(NtCurrentProcess(), &Base, &Size, MEM_DECOMMIT))) {
        Segment->Committed = Base;
        Free->Size = (ULONG)((PHEAP_ENTRY)Segment->Committed - 1 - Free);
        RtlpPlaceLastEntry(Segment, Free->Size);
    }
    RtlpInsertFree(Heap, Free, Free->Size);
}

/* A block with an allocation of its own. The memory is zero, as all fresh pages are. */
PVOID RtlpAllocateLarge(_Inout_ PHEAP Heap, _In_ SIZE_T Size) {
    SIZE_T CommitSize = Size + sizeof(HEAP_VIRTUAL_ALLOC_ENTRY);
    PVOID Base = NULL;
    PHEAP_VIRTUAL_ALLOC_ENTRY Block;

    if (Size > HEAP_MAXIMUM_BLOCK || !(Heap->Flags & HEAP_GROWABLE) ||
        !NT_SUCCESS(NtAllocateVirtualMemory(NtCurrentProcess(), &Base, 0, &CommitSize,
                                            MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE))) {
        return NULL;
    }
    Block = Base;
    Block->CommitSize = CommitSize;
    Block->RequestedSize = Size;
    Block->BusyBlock.Flags = HEAP_ENTRY_BUSY | HEAP_ENTRY_VIRTUAL_ALLOC;
    RtlpSealEntry(&Block->BusyBlock);
    InsertTailList(&Heap->VirtualAllocdBlocks, &Block->ListEntry);
    return Block + 1;
}

VOID RtlpFreeLarge(_In_ PHEAP_VIRTUAL_ALLOC_ENTRY Block) {
    PVOID Base = Block;
    SIZE_T Size = 0;

    RemoveEntryList(&Block->ListEntry);
    NtFreeVirtualMemory(NtCurrentProcess(), &Base, &Size, MEM_RELEASE);
}

/* Frees all the memory of a heap; the first segment, which holds the heap itself, last. */
VOID RtlpDestroySegments(_In_ PHEAP Heap) {
    PVOID Base = Heap;
    SIZE_T Size = 0;

    while (!IsListEmpty(&Heap->VirtualAllocdBlocks)) {
        RtlpFreeLarge(CONTAINING_RECORD(Heap->VirtualAllocdBlocks.Flink, HEAP_VIRTUAL_ALLOC_ENTRY,
                                        ListEntry));
    }
    while (Heap->SegmentList.Blink != &Heap->Segment.SegmentListEntry) {
        PVOID Segment = CONTAINING_RECORD(Heap->SegmentList.Blink, HEAP_SEGMENT, SegmentListEntry);
        SIZE_T Whole = 0;

        RemoveTailList(&Heap->SegmentList);
        NtFreeVirtualMemory(NtCurrentProcess(), &Segment, &Whole, MEM_RELEASE);
    }
    if (!Heap->BaseIsCallers) {
        NtFreeVirtualMemory(NtCurrentProcess(), &Base, &Size, MEM_RELEASE);
    }
}
