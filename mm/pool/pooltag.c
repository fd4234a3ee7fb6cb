/*
 * Pool tags: how much of the pool each tag holds.
 *
 * Every allocation is counted under its four-letter tag, in a small hash table of the processor
 * that made it, so that counting needs no lock. A block may be freed on another processor than the
 * one that allocated it: only the sum over all tables means anything.
 */
#include "mip.h"

PMI_POOL_PROCESSOR MiPoolProcessor[MAXIMUM_PROCESSORS];

/* Where the counts of tags go that no longer fit: 'Othr', the last entry of each table. */
#define MI_TAG_OTHER 0x7268744F

PPOOL_TRACKER_TABLE MiFindTag(_Inout_ PMI_POOL_PROCESSOR Processor, _In_ ULONG Tag) {
    ULONG Index = MiHashTag(Tag);
    for (ULONG Probe = 0; Probe < MI_POOL_TAGS; Probe++) {
        PPOOL_TRACKER_TABLE Entry = &Processor->Tags[(Index + Probe) % MI_POOL_TAGS];
        if (Entry->Key == Tag) {
            return Entry;
        }
        if (Entry->Key == 0) {
            Entry->Key = Tag;
            return Entry;
        }
    }
    Processor->Tags[MI_POOL_TAGS].Key = MI_TAG_OTHER;
    return &Processor->Tags[MI_POOL_TAGS];
}

static VOID MiAddCounts(PPOOL_TRACKER_TABLE Sum, const POOL_TRACKER_TABLE *Entry) {
    Sum->NonPagedAllocs += Entry->NonPagedAllocs;
    Sum->NonPagedFrees += Entry->NonPagedFrees;
    Sum->PagedAllocs += Entry->PagedAllocs;
    Sum->PagedFrees += Entry->PagedFrees;
    Sum->NonPagedBytes += Entry->NonPagedBytes;
    Sum->PagedBytes += Entry->PagedBytes;
}

/* Adds one processor's entry to the caller's table; *Used counts entries, even without room. */
static VOID MiMergeTag(PPOOL_TRACKER_TABLE Table, ULONG Count, PULONG Used,
                       const POOL_TRACKER_TABLE *Entry) {
    ULONG Filled = min(*Used, Count);
    for (ULONG i = 0; i < Filled; i++) {
        if (Table[i].Key == Entry->Key) {
            MiAddCounts(&Table[i], Entry);
            return;
        }
    }
    if (*Used < Count) {
        Table[*Used] = *Entry;
    }
    ++*Used;
}

NTSTATUS MmQueryPoolTags(_Out_writes_(Count) PPOOL_TRACKER_TABLE Table, _In_ ULONG Count,
                         _Out_ PULONG Needed) {
    ULONG Used = 0;
    for (ULONG Number = 0; Number < MAXIMUM_PROCESSORS; Number++) {
        PMI_POOL_PROCESSOR Processor = MiPoolProcessor[Number];
        for (ULONG i = 0; Processor != NULL && i <= MI_POOL_TAGS; i++) {
            if (Processor->Tags[i].Key != 0) {
                MiMergeTag(Table, Count, &Used, &Processor->Tags[i]);
            }
        }
    }
    *Needed = Used;
    return Used <= Count ? STATUS_SUCCESS : STATUS_INFO_LENGTH_MISMATCH;
}
