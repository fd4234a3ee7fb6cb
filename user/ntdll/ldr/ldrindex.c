/*
 * ldrindex.c - which image holds this address?
 *
 * The unwinder asks that for every frame of every exception, perhaps while another thread holds the
 * loader's lock and waits for this very thread. So the answer comes without a lock: from a table
 * sorted by address, and an epoch that is odd while a writer, who does hold the loader's lock,
 * moves entries about. A reader who saw an odd epoch, or two different ones, reads again. (Windows
 * keeps the same table under the name LdrpInvertedFunctionTable.)
 */

#include "ntdllp.h"
#include <rtlexcept.h>

#define LDRP_INDEX_SIZE 512

typedef struct _LDRP_INDEX_ENTRY {
    ULONG64 Base;
    ULONG64 Size;
} LDRP_INDEX_ENTRY;

static struct {
    volatile ULONG Epoch;
    volatile ULONG Count;
    volatile ULONG Overflow; /* images that found no room: they are looked for in the lists */
    LDRP_INDEX_ENTRY Entries[LDRP_INDEX_SIZE];
} LdrpIndex;

static VOID LdrpIndexBeginWrite(VOID) {
    __atomic_add_fetch(&LdrpIndex.Epoch, 1, __ATOMIC_SEQ_CST);
}

static VOID LdrpIndexEndWrite(VOID) {
    __atomic_add_fetch(&LdrpIndex.Epoch, 1, __ATOMIC_SEQ_CST);
}

/* Adds an image; the caller holds the loader's lock. */
VOID LdrpIndexInsert(_In_ PVOID Base, _In_ ULONG Size) {
    ULONG Place = LdrpIndex.Count;

    LdrpIndexBeginWrite();
    if (LdrpIndex.Count == LDRP_INDEX_SIZE) {
        LdrpIndex.Overflow++;
    } else {
        for (; Place > 0 && LdrpIndex.Entries[Place - 1].Base > (ULONG64)Base; Place--) {
            LdrpIndex.Entries[Place] = LdrpIndex.Entries[Place - 1];
        }
        LdrpIndex.Entries[Place].Base = (ULONG64)Base;
        LdrpIndex.Entries[Place].Size = Size;
        LdrpIndex.Count++;
    }
    LdrpIndexEndWrite();
}

/* Removes an image before it is unmapped; the caller holds the loader's lock. */
VOID LdrpIndexRemove(_In_ PVOID Base) {
    ULONG Place = 0;

    while (Place < LdrpIndex.Count && LdrpIndex.Entries[Place].Base != (ULONG64)Base) {
        Place++;
    }
    LdrpIndexBeginWrite();
    if (Place == LdrpIndex.Count) {
        LdrpIndex.Overflow--;
    } else {
        LdrpIndex.Count--;
        for (; Place < LdrpIndex.Count; Place++) {
            LdrpIndex.Entries[Place] = LdrpIndex.Entries[Place + 1];
        }
    }
    LdrpIndexEndWrite();
}

static BOOLEAN LdrpSearchIndex(_In_ ULONG64 Pc, _Out_ PULONG64 Base, _Out_ PULONG Size) {
    ULONG Low = 0, High = min(LdrpIndex.Count, LDRP_INDEX_SIZE);

    while (Low < High) {
        ULONG Middle = (Low + High) / 2;
        LDRP_INDEX_ENTRY Entry = LdrpIndex.Entries[Middle];

        if (Pc < Entry.Base) {
            High = Middle;
        } else if (Pc - Entry.Base >= Entry.Size) {
            Low = Middle + 1;
        } else {
            *Base = Entry.Base;
            *Size = (ULONG)Entry.Size;
            return TRUE;
        }
    }
    return FALSE;
}

static BOOLEAN LdrpSearchLists(_In_ ULONG64 Pc, _Out_ PULONG64 Base, _Out_ PULONG Size) {
    PLDR_DATA_TABLE_ENTRY Entry;

    RtlEnterCriticalSection(&LdrpLoaderLock);
    Entry = LdrpFindByAddress((PVOID)Pc);
    if (Entry != NULL) {
        *Base = (ULONG64)Entry->DllBase;
        *Size = Entry->SizeOfImage;
    }
    RtlLeaveCriticalSection(&LdrpLoaderLock);
    return Entry != NULL;
}

/* RtlpFindImage - the unwinder's question; see rtlexcept.h. */
BOOLEAN NTAPI RtlpFindImage(_In_ ULONG64 Pc, _Out_ PULONG64 ImageBase, _Out_ PULONG ImageSize) {
    ULONG Epoch;
    BOOLEAN Found;

    *ImageBase = 0;
    *ImageSize = 0;
    do {
        Epoch = __atomic_load_n(&LdrpIndex.Epoch, __ATOMIC_ACQUIRE) & ~1u;
        Found = LdrpSearchIndex(Pc, ImageBase, ImageSize);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (Epoch != __atomic_load_n(&LdrpIndex.Epoch, __ATOMIC_ACQUIRE));
    if (!Found && LdrpIndex.Overflow != 0) {
        Found = LdrpSearchLists(Pc, ImageBase, ImageSize);
    }
    return Found;
}

/* RtlpGetStackLimits - the current thread's stack, as its TEB has it. */
VOID NTAPI RtlpGetStackLimits(_Out_ PULONG64 Low, _Out_ PULONG64 High) {
    *Low = (ULONG64)NtCurrentTeb()->NtTib.StackLimit;
    *High = (ULONG64)NtCurrentTeb()->NtTib.StackBase;
}
