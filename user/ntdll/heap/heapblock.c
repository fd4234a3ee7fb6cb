/*
 * heapblock.c - free lists and boundary tags
 *
 * Free blocks hang in lists by size class. A bit per list says whether it has anything, so the next
 * larger block is found by counting zeroes, not by walking. Neighbours are found by arithmetic: a
 * tag knows its own size and that of the block in front of it, and a freed block joins free
 * neighbours at once, so that two free blocks never touch.
 */

#include "heapp.h"

/* Any value but zero: a page of zeroes must not look like a sealed tag. */
#define ENTRY_SEAL 0xA5

static UCHAR RtlpEntryCheck(_In_ const HEAP_ENTRY *Entry) {
    ULONG Mix = Entry->Size ^ Entry->PreviousSize ^ Entry->UnusedBytes ^ Entry->Flags;

    Mix ^= Mix >> 16;
    return (UCHAR)(Mix ^ (Mix >> 8) ^ ENTRY_SEAL);
}

VOID RtlpSealEntry(_Inout_ PHEAP_ENTRY Entry) {
    Entry->SmallTagIndex = RtlpEntryCheck(Entry);
}

BOOLEAN RtlpEntryIsSealed(_In_ const HEAP_ENTRY *Entry) {
    return Entry->SmallTagIndex == RtlpEntryCheck(Entry);
}

PHEAP_ENTRY RtlpNextEntry(_In_ PHEAP_ENTRY Entry) {
    return Entry + Entry->Size;
}

static ULONG RtlpSizeClass(_In_ ULONG Units) {
    ULONG Log;

    if (Units < 64) {
        return Units;
    }
    Log = 31 - (ULONG)__builtin_clz(Units);
    return min(64 + (Log - 6) * 4 + ((Units >> (Log - 2)) & 3), HEAP_CLASSES - 1);
}

/* Makes Entry a free block of Units and hangs it in its list; the next block learns of its size. */
VOID RtlpInsertFree(_Inout_ PHEAP Heap, _Inout_ PHEAP_ENTRY Entry, _In_ ULONG Units) {
    ULONG Class = RtlpSizeClass(Units);
    PHEAP_ENTRY Next;

    Entry->Size = Units;
    Entry->Flags = 0;
    Entry->UnusedBytes = 0;
    RtlpSealEntry(Entry);
    Next = RtlpNextEntry(Entry);
    Next->PreviousSize = Units;
    RtlpSealEntry(Next);
    InsertHeadList(&Heap->FreeLists[Class], &((PHEAP_FREE_ENTRY)Entry)->FreeList);
    Heap->FreeListsInUse[Class / 64] |= 1ull << (Class % 64);
    Heap->TotalFreeSize += Units;
}

VOID RtlpRemoveFree(_Inout_ PHEAP Heap, _Inout_ PHEAP_ENTRY Entry) {
    ULONG Class = RtlpSizeClass(Entry->Size);

    RemoveEntryList(&((PHEAP_FREE_ENTRY)Entry)->FreeList);
    if (IsListEmpty(&Heap->FreeLists[Class])) {
        Heap->FreeListsInUse[Class / 64] &= ~(1ull << (Class % 64));
    }
    Heap->TotalFreeSize -= Entry->Size;
}

/* The first class at or above Class that has a block, or HEAP_CLASSES. */
static ULONG RtlpNextClassInUse(_In_ PHEAP Heap, _In_ ULONG Class) {
    ULONG Word;

    for (Word = Class / 64; Word < HEAP_CLASSES / 64; Word++) {
        ULONG64 Bits = Heap->FreeListsInUse[Word];

        if (Word == Class / 64) {
            Bits &= ~0ull << (Class % 64);
        }
        if (Bits != 0) {
            return Word * 64 + (ULONG)__builtin_ctzll(Bits);
        }
    }
    return HEAP_CLASSES;
}

/* A free block of at least Units, taken out of its list; NULL if there is none. */
PHEAP_ENTRY RtlpFindFree(_Inout_ PHEAP Heap, _In_ ULONG Units) {
    ULONG Class;

    for (Class = RtlpNextClassInUse(Heap, RtlpSizeClass(Units)); Class < HEAP_CLASSES;
         Class = RtlpNextClassInUse(Heap, Class + 1)) {
        PLIST_ENTRY Head = &Heap->FreeLists[Class];
        PLIST_ENTRY Link;

        /* Only in the class of Units itself can a block be too small. */
        for (Link = Head->Flink; Link != Head; Link = Link->Flink) {
            PHEAP_ENTRY Entry = &CONTAINING_RECORD(Link, HEAP_FREE_ENTRY, FreeList)->Entry;

            if (Entry->Size >= Units) {
                RtlpRemoveFree(Heap, Entry);
                return Entry;
            }
        }
        if (Class == HEAP_CLASSES - 1) {
            break;
        }
    }
    return NULL;
}

/*
 * Cuts Entry, which is in no list, down to Units; the rest becomes a free block unless it is too
 * small to be one. The caller sets UnusedBytes and seals.
 */
VOID RtlpCarve(_Inout_ PHEAP Heap, _Inout_ PHEAP_ENTRY Entry, _In_ ULONG Units) {
    ULONG Rest = Entry->Size - Units;
    PHEAP_ENTRY Next = RtlpNextEntry(Entry);

    Entry->Flags = HEAP_ENTRY_BUSY;
    if (Rest >= HEAP_MINIMUM_UNITS) {
        Entry->Size = Units;
        Next = RtlpNextEntry(Entry);
        Next->PreviousSize = Units;
        Next->Size = Rest;
        Next = RtlpCoalesce(Heap, Next);
        RtlpInsertFree(Heap, Next, Next->Size);
    } else {
        Next->PreviousSize = Entry->Size;
        RtlpSealEntry(Next);
    }
}

/*
 * Joins Entry, which is in no list, with free neighbours, which leave theirs. Returns the block
 * that they make together; the caller hangs it in a list.
 */
PHEAP_ENTRY RtlpCoalesce(_Inout_ PHEAP Heap, _Inout_ PHEAP_ENTRY Entry) {
    PHEAP_ENTRY Next = RtlpNextEntry(Entry);

    if (!(Next->Flags & HEAP_ENTRY_BUSY)) {
        RtlpRemoveFree(Heap, Next);
        Entry->Size += Next->Size;
    }
    if (Entry->PreviousSize != 0) {
        PHEAP_ENTRY Previous = Entry - Entry->PreviousSize;

        if (!(Previous->Flags & HEAP_ENTRY_BUSY)) {
            RtlpRemoveFree(Heap, Previous);
            Previous->Size += Entry->Size;
            return Previous;
        }
    }
    return Entry;
}
