/*
 * heapp.h - the shape of a heap; heap.c tells how it works
 */

#pragma once

#include "ntdllp.h"

#define HEAP_GRANULARITY       16
#define HEAP_SIGNATURE         0xEEFFEEFF
#define HEAP_SEGMENT_SIGNATURE 0xFFEEFFEE

/* Blocks of this many units (just under 1 MiB) and more have address space of their own. */
#define HEAP_VIRTUAL_THRESHOLD 0xFF00

#define HEAP_ENTRY_BUSY          0x01
#define HEAP_ENTRY_VIRTUAL_ALLOC 0x02
#define HEAP_ENTRY_LAST_ENTRY    0x04

/*
 * The boundary tag, 16 bytes in front of every block. Size counts the tag itself. The check byte
 * makes the eight bytes before it add up to zero by exclusive or, so that a pointer that never came
 * from a heap, or a tag that was written over, is seen before it is believed.
 */
typedef struct _HEAP_ENTRY {
    ULONG Size;         /* of this block, in units of 16 bytes; of a large block: 0 */
    ULONG PreviousSize; /* of the block in front of it; 0 for a segment's first */
    ULONG UnusedBytes;  /* how much less than Size was asked for, the tag included */
    UCHAR Flags;
    UCHAR Spare[2];
    UCHAR SmallTagIndex; /* the check byte */
} HEAP_ENTRY, *PHEAP_ENTRY;
C_ASSERT(sizeof(HEAP_ENTRY) == HEAP_GRANULARITY);

typedef struct _HEAP_FREE_ENTRY {
    HEAP_ENTRY Entry;
    LIST_ENTRY FreeList;
} HEAP_FREE_ENTRY, *PHEAP_FREE_ENTRY;

#define HEAP_MINIMUM_UNITS (sizeof(HEAP_FREE_ENTRY) / HEAP_GRANULARITY)

/* A stretch of reserved address space; [FirstEntry, Committed) is cut into blocks. */
typedef struct _HEAP_SEGMENT {
    ULONG64 SegmentSignature;
    LIST_ENTRY SegmentListEntry; /* in HEAP.SegmentList */
    struct _HEAP *Heap;
    PUCHAR BaseAddress;
    PUCHAR Committed; /* end of the committed part; the last entry lies right below it */
    PUCHAR Reserved;  /* end of the segment */
    PHEAP_ENTRY FirstEntry;
} HEAP_SEGMENT, *PHEAP_SEGMENT;

/* A large block: this header at the start of its own allocation, the user's bytes behind it. */
typedef struct _HEAP_VIRTUAL_ALLOC_ENTRY {
    LIST_ENTRY ListEntry; /* in HEAP.VirtualAllocdBlocks */
    SIZE_T CommitSize;
    SIZE_T RequestedSize;
    HEAP_ENTRY BusyBlock;
} HEAP_VIRTUAL_ALLOC_ENTRY, *PHEAP_VIRTUAL_ALLOC_ENTRY;
C_ASSERT(sizeof(HEAP_VIRTUAL_ALLOC_ENTRY) % HEAP_GRANULARITY == 0);

/*
 * Size classes: one for each size up to 63 units, then four for each doubling. Class 63 and above
 * hold ranges, and the last one all that is left.
 */
#define HEAP_CLASSES 128

/* Guarded by LockVariable, but for what RtlCreateHeap sets once. */
typedef struct _HEAP {
    HEAP_SEGMENT Segment; /* the first segment, which also holds this structure */
    ULONG Signature;
    ULONG Flags;
    ULONG ForceFlags;
    ULONG ProcessHeapsListIndex; /* one-based index in PEB->ProcessHeaps */
    LIST_ENTRY SegmentList;
    LIST_ENTRY VirtualAllocdBlocks;
    SIZE_T SegmentReserve; /* of the next segment; doubles */
    SIZE_T TotalFreeSize;  /* in units */
    ULONG64 FreeListsInUse[HEAP_CLASSES / 64];
    LIST_ENTRY FreeLists[HEAP_CLASSES];
    BOOLEAN
    BaseIsCallers; /* the first segment was given to RtlCreateHeap, which must not free it */
    PRTL_CRITICAL_SECTION LockVariable;
    RTL_CRITICAL_SECTION Lock;
} HEAP, *PHEAP;

/* heapblock.c: free lists and boundary tags; the caller holds the heap's lock */
VOID RtlpSealEntry(_Inout_ PHEAP_ENTRY Entry);
BOOLEAN RtlpEntryIsSealed(_In_ const HEAP_ENTRY *Entry);
PHEAP_ENTRY RtlpNextEntry(_In_ PHEAP_ENTRY Entry);
VOID RtlpInsertFree(_Inout_ PHEAP Heap, _Inout_ PHEAP_ENTRY Entry, _In_ ULONG Units);
VOID RtlpRemoveFree(_Inout_ PHEAP Heap, _Inout_ PHEAP_ENTRY Entry);
PHEAP_ENTRY RtlpFindFree(_Inout_ PHEAP Heap, _In_ ULONG Units);
VOID RtlpCarve(_Inout_ PHEAP Heap, _Inout_ PHEAP_ENTRY Entry, _In_ ULONG Units);
PHEAP_ENTRY RtlpCoalesce(_Inout_ PHEAP Heap, _Inout_ PHEAP_ENTRY Entry);

/* heapsegment.c: segments and large blocks */
NTSTATUS RtlpInitializeSegment(_Inout_ PHEAP Heap, _Inout_ PHEAP_SEGMENT Segment,
                               _In_ SIZE_T HeaderSize, _In_ SIZE_T Committed, _In_ SIZE_T Reserved);
NTSTATUS RtlpGrowHeap(_Inout_ PHEAP Heap, _In_ ULONG Units);
VOID RtlpTrimSegment(_Inout_ PHEAP Heap, _In_ PHEAP_ENTRY Free);
PVOID RtlpAllocateLarge(_Inout_ PHEAP Heap, _In_ SIZE_T Size);
VOID RtlpFreeLarge(_In_ PHEAP_VIRTUAL_ALLOC_ENTRY Block);
VOID RtlpDestroySegments(_In_ PHEAP Heap);
