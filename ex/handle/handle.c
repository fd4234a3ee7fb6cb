/*
 * handle.c - handle tables
 *
 * A handle is a number that a program holds in place of a pointer that it must not have. The kernel
 * keeps, for every process, a table from these numbers to the real pointers; a program can try any
 * number it likes, and the worst that happens is STATUS_INVALID_HANDLE. The same code maps process
 * and thread ids to their objects: PspCidTable is a handle table whose pointers are EPROCESSes and
 * ETHREADs.
 *
 * The number
 *
 * A handle is four times an index. The two low bits belong to the program (they are ignored here),
 * and 0 is never a handle. The index picks a HANDLE_TABLE_ENTRY, 16 bytes, out of a tree of pages:
 *
 *    TableCode = page | 0
 *
 *        +-- leaf ---+
 *        | reserved  |        TableCode = page | 1
 *        | 4         |
 *        | 8         |            +-- mid --+    +-- leaf ---+
 *        | ...       |            | leaf 0  |--->| reserved  |
 *        | 3FC       |            | leaf 1  |    | 4 ... 3FC |
 *        +-----------+            | ...     |    +-----------+
 *                                 | leaf 511|
 *                                 +---------+
 *    TableCode = page | 2
 *
 *        +-- top --+    +-- mid --+    +-- leaf ---+
 *        | mid 0   |--->| leaf 0  |--->| reserved  |
 *        | ...     |    | ...     |    | 4 ... 3FC |
 *        | mid 127 |    | leaf 511|    +-----------+
 *        +---------+    +---------+
 *
 * A new table is one leaf of 256 entries. When it is full, a mid page of 512 leaf pointers is put
 * above it, and when that is full a top page of 128 mid pointers: 16,777,216 handles. The low two
 * bits of TableCode say how many levels there are above the leaves. Entry 0 of every leaf is
 * reserved: it is never in use, and its LeafHandleValue says which handle the leaf begins with, so
 * that an entry's address gives its handle.
 *
 * Pages are only ever added, and a leaf never moves, so a lookup needs no lock for the tree: it
 * compares the handle with NextHandleNeedingPool and follows at most three pointers. When the table
 * grows, the new page is linked in first and NextHandleNeedingPool is raised last; a reader that
 * sees the new limit sees the pages below it (x64 keeps stores in order, and loads in order;
 * ExpPublish keeps the compiler from moving them).
 *
 * The states of an entry
 *
 *      free        LowValue is 0; NextFreeHandleEntry chains it in the free list
 *      in use      LowValue holds pointer and attributes, and bit 0 (Unlocked) is set
 *      locked      the same with bit 0 clear: one thread may read, change or free it
 *
 *                   ExCreateHandle                lock (compare-exchange)
 *            free ------------------> in use <------------------------> locked
 *             ^                                         unlock              |
 *             +-------------------------------------------------------------+
 *                                    ExDestroyHandle
 *
 * Locking an entry is one compare-exchange on LowValue, which at the same time makes sure that the
 * handle is still the one that was looked at: a thread that closes a handle and a thread that uses
 * it meet here and nowhere else. Whoever finds the entry locked sleeps on the table's
 * HandleContentionEvent until some entry is unlocked or freed, and then looks again. The owner of
 * an entry must not be suspended, so it is in a critical region; callers see to that.
 *
 * While an entry is in use it owns whatever its creator put in: for the object manager, one
 * reference and one handle count of the object. A thread that locks the entry may take a reference
 * of its own, because the entry's reference cannot go away meanwhile. That is all of the proof that
 * a handle never leads to freed memory.
 *
 * The free list is last in, first out: the value closed last is given out next, and its entry is
 * still in the cache. StrictFIFO tables (process ids) reuse a value as late as possible instead.
 *
 * As in Windows: formats, values, growth, limits. Different: Windows keeps a cache of references to
 * the object in the entry (RefCnt), so that a lookup need not touch the object; here an object's
 * PointerCount is the number of references that exist, which is worth more to whoever wants to add
 * them up. One free list per table; Windows may use several.
 */
#include "exp.h"

static NTSTATUS ExpAllocateFor(struct _EPROCESS *Process, POOL_FLAGS Flags, SIZE_T Size,
                               PVOID *Memory) {
    if (Process != NULL) {
        return MmAllocatePoolWithQuota(Process, Flags, Size, EXP_TAG_HANDLE_TABLE, Memory);
    }
    *Memory = ExAllocatePool2(Flags, Size, EXP_TAG_HANDLE_TABLE); /* a table of the kernel's */
    return *Memory != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* Charged to the process whose handles these are. NULL: GrowthStatus says why; a success of another
   thread does not change it. */
static PVOID ExpAllocatePage(PHANDLE_TABLE HandleTable, SIZE_T Size) {
    PVOID Page;
    NTSTATUS Status = ExpAllocateFor(HandleTable->QuotaProcess, POOL_FLAG_PAGED, Size, &Page);
    if (!NT_SUCCESS(Status)) {
        HandleTable->GrowthStatus = Status;
    }
    return Page;
}

static VOID ExpFreePage(PVOID Page) {
    ExFreePoolWithTag(Page, EXP_TAG_HANDLE_TABLE);
}

/* From a handle to its entry: ExLookupHandleTableEntry (inc/ex.h). */
static HANDLE ExpHandleOfEntry(PHANDLE_TABLE_ENTRY Entry) {
    PHANDLE_TABLE_ENTRY Leaf = (PHANDLE_TABLE_ENTRY)PAGE_ALIGN(Entry);
    return (HANDLE)(Leaf->LeafHandleValue.Value + (ULONG_PTR)(Entry - Leaf) * HANDLE_VALUE_INC);
}

/* ---- The entry lock ---- */

/*
 * Sleeps until some entry of the table has been unlocked. The entry is looked at once more after
 * the thread has been entered into the list of sleepers: whoever unlocks it from then on will see
 * the sleeper.
 */
static VOID ExpBlockOnLockedHandleEntry(PHANDLE_TABLE HandleTable, PHANDLE_TABLE_ENTRY Entry) {
    EX_PUSH_LOCK_WAIT_BLOCK WaitBlock;
    ExBlockPushLock(&HandleTable->HandleContentionEvent, &WaitBlock);
    LONGLONG Value = Entry->VolatileLowValue;
    if (Value == 0 || (Value & EXHANDLE_TABLE_ENTRY_LOCK_BIT) != 0) {
        ExUnblockPushLock(&HandleTable->HandleContentionEvent, &WaitBlock);
    } else {
        ExWaitForUnblockPushLock(&HandleTable->HandleContentionEvent, &WaitBlock);
    }
}

/*
 * Locks an entry. FALSE: it is not in use. IRQL <= APC_LEVEL, in a critical region until the entry
 * is unlocked.
 */
BOOLEAN ExLockHandleTableEntry(_In_ PHANDLE_TABLE HandleTable, _Inout_ PHANDLE_TABLE_ENTRY Entry) {
    while (!ExTryLockHandleTableEntry(Entry)) {
        LONGLONG Value = Entry->VolatileLowValue;
        if (Value == 0) {
            return FALSE;
        }
        if ((Value & EXHANDLE_TABLE_ENTRY_LOCK_BIT) == 0) {
            ExpBlockOnLockedHandleEntry(HandleTable, Entry);
        }
    }
    return TRUE;
}

/* Wakes the threads that wait for some entry to be unlocked. */
DECLSPEC_RARE VOID ExpWakeHandleWaiters(_In_ PHANDLE_TABLE HandleTable) {
    ExUnblockPushLock(&HandleTable->HandleContentionEvent, NULL);
}

/*
 * The entry of a handle, locked; NULL if there is no such handle. The caller unlocks it, or hands
 * it to ExDestroyHandle. IRQL <= APC_LEVEL, in a critical region.
 */
PHANDLE_TABLE_ENTRY ExMapHandleToPointer(_In_ PHANDLE_TABLE HandleTable, _In_ HANDLE Handle) {
    PHANDLE_TABLE_ENTRY Entry = ExLookupHandleTableEntry(HandleTable, Handle);
    if (Entry == NULL || !ExLockHandleTableEntry(HandleTable, Entry)) {
        return NULL; /* entry 0 of a leaf is never in use, so 0, 400h, 800h, ... end here */
    }
    return Entry;
}

/* ---- Growth ---- */

/* Puts an entry at the far end of the free list; its lock is held, or the table is private. */
DECLSPEC_RARE VOID ExpAppendFreeEntry(_Inout_ PHANDLE_TABLE_FREE_LIST FreeList,
                                      _Inout_ PHANDLE_TABLE_ENTRY Entry) {
    Entry->NextFreeHandleEntry = NULL;
    if (FreeList->FirstFreeHandleEntry == NULL) {
        FreeList->FirstFreeHandleEntry = Entry;
    } else {
        FreeList->LastFreeHandleEntry->NextFreeHandleEntry = Entry;
    }
    FreeList->LastFreeHandleEntry = Entry;
}

/*
 * Finds, or makes, the place in the tree where the pointer to the leaf that begins with handle
 * Value belongs. NULL without memory; pages added by then stay, and the next attempt uses them.
 * HandleTableLock is held.
 */
static PVOID *ExpPlaceOfLeaf(PHANDLE_TABLE HandleTable, ULONG Value) {
    ULONGLONG Code = HandleTable->TableCode;
    ULONG Levels = Value >= MID_SPAN ? 2 : 1;
    while ((Code & LEVEL_CODE_MASK) < Levels) {
        BOOLEAN Top = (Code & LEVEL_CODE_MASK) == 1;
        PVOID *Page =
            ExpAllocatePage(HandleTable, Top ? HIGHLEVEL_COUNT * sizeof(PVOID) : PAGE_SIZE);
        if (Page == NULL) {
            return NULL;
        }
        Page[0] = (PVOID)(Code & ~LEVEL_CODE_MASK);
        Code = (ULONGLONG)Page | (Top ? 2 : 1);
        ExpPublish(HandleTable->TableCode, Code);
    }
    PVOID *Page = (PVOID *)(Code & ~LEVEL_CODE_MASK);
    if ((Code & LEVEL_CODE_MASK) == 2) {
        PVOID *Mid = &Page[Value / MID_SPAN];
        if (*Mid == NULL) {
            PVOID NewMid = ExpAllocatePage(HandleTable, PAGE_SIZE);
            if (NewMid == NULL) {
                return NULL;
            }
            ExpPublish(*Mid, NewMid);
        }
        Page = *Mid;
    }
    return &Page[Value / LEAF_SPAN % MIDLEVEL_COUNT];
}

/* Chains the 255 usable entries of a new leaf and names its first handle. */
static VOID ExpInitializeLeaf(PHANDLE_TABLE_ENTRY Leaf, ULONG FirstHandle) {
    Leaf->LeafHandleValue.Value = FirstHandle;
    for (ULONG i = 1; i < LOWLEVEL_COUNT - 1; i++) {
        Leaf[i].NextFreeHandleEntry = &Leaf[i + 1];
    }
}

/* Hands the entries of a new leaf to the free list, lowest first. */
static VOID ExpFreeLeafEntries(PHANDLE_TABLE HandleTable, PHANDLE_TABLE_ENTRY Leaf) {
    PHANDLE_TABLE_FREE_LIST FreeList = &HandleTable->FreeLists[0];
    ExAcquirePushLockExclusive(&FreeList->FreeListLock);
    if (FreeList->FirstFreeHandleEntry == NULL) {
        FreeList->FirstFreeHandleEntry = &Leaf[1];
    } else {
        FreeList->LastFreeHandleEntry->NextFreeHandleEntry = &Leaf[1];
    }
    FreeList->LastFreeHandleEntry = &Leaf[LOWLEVEL_COUNT - 1];
    ExReleasePushLockExclusive(&FreeList->FreeListLock);
}

/*
 * Adds one leaf. Without Always nothing is done when the free list has filled up meanwhile. FALSE:
 * no memory, or the table has all the handles there can be. HandleTableLock is held, or the table
 * is private.
 */
BOOLEAN ExpGrowHandleTable(_Inout_ PHANDLE_TABLE HandleTable, _In_ BOOLEAN Always) {
    if (!Always && *(PVOID volatile *)&HandleTable->FreeLists[0].FirstFreeHandleEntry != NULL) {
        return TRUE;
    }
    ULONG Value = HandleTable->NextHandleNeedingPool;
    if (Value >= MAX_HANDLES * HANDLE_VALUE_INC) {
        HandleTable->GrowthStatus = STATUS_INSUFFICIENT_RESOURCES;
        return FALSE;
    }
    PHANDLE_TABLE_ENTRY Leaf = ExpAllocatePage(HandleTable, PAGE_SIZE);
    if (Leaf == NULL) {
        return FALSE;
    }
    ExpInitializeLeaf(Leaf, Value);
    if (Value == 0) {
        ExpPublish(HandleTable->TableCode, (ULONGLONG)Leaf);
    } else {
        PVOID *Place = ExpPlaceOfLeaf(HandleTable, Value);
        if (Place == NULL) {
            ExpFreePage(Leaf);
            return FALSE;
        }
        ExpPublish(*Place, (PVOID)Leaf);
    }
    ExpPublish(HandleTable->NextHandleNeedingPool, Value + (ULONG)LEAF_SPAN);
    ExpFreeLeafEntries(HandleTable, Leaf);
    return TRUE;
}

/* ---- Creating and destroying handles ---- */

/* Takes an entry off the free list; NULL if that is empty. */
static PHANDLE_TABLE_ENTRY ExpPopFreeEntry(PHANDLE_TABLE_FREE_LIST FreeList) {
    ExAcquirePushLockExclusive(&FreeList->FreeListLock);
    PHANDLE_TABLE_ENTRY Entry = FreeList->FirstFreeHandleEntry;
    if (Entry != NULL) {
        FreeList->FirstFreeHandleEntry = Entry->NextFreeHandleEntry;
        if (++FreeList->HandleCount > (LONG)FreeList->HighWaterMark) {
            FreeList->HighWaterMark = (ULONG)FreeList->HandleCount;
        }
    }
    ExReleasePushLockExclusive(&FreeList->FreeListLock);
    return Entry;
}

/* The free list is empty: lets the table grow until there is an entry. NULL without memory. */
static DECLSPEC_RARE PHANDLE_TABLE_ENTRY ExpGrowAndPopEntry(PHANDLE_TABLE HandleTable) {
    PHANDLE_TABLE_ENTRY Entry = NULL;
    BOOLEAN Grown = TRUE;
    while (Entry == NULL && Grown) {
        ExAcquirePushLockExclusive(&HandleTable->HandleTableLock);
        Grown = ExpGrowHandleTable(HandleTable, FALSE);
        ExReleasePushLockExclusive(&HandleTable->HandleTableLock);
        if (Grown) {
            Entry = ExpPopFreeEntry(&HandleTable->FreeLists[0]);
        }
    }
    return Entry;
}

/*
 * Makes a handle for what Template describes (made with ExSetHandlePointer and GrantedAccessBits; a
 * pointer that is aligned to 16 bytes and not NULL). NULL without memory. The handle can be used by
 * others before this returns. IRQL <= APC_LEVEL, in a critical region.
 */
HANDLE ExCreateHandle(_Inout_ PHANDLE_TABLE HandleTable, _In_ const HANDLE_TABLE_ENTRY *Template) {
    return ExCreateHandleEntry(HandleTable, Template->LowValue, Template->HighValue);
}

/* The same, with the template in registers. */
HANDLE ExCreateHandleEntry(_Inout_ PHANDLE_TABLE HandleTable, _In_ LONGLONG LowValue,
                           _In_ LONGLONG HighValue) {
    PHANDLE_TABLE_ENTRY Entry = ExpPopFreeEntry(&HandleTable->FreeLists[0]);
    if (Entry == NULL) {
        Entry = ExpGrowAndPopEntry(HandleTable);
    }
    if (Entry == NULL) {
        return NULL;
    }
    Entry->HighValue = HighValue;
    ExpPublish(Entry->VolatileLowValue, LowValue | EXHANDLE_TABLE_ENTRY_LOCK_BIT);
    return ExpHandleOfEntry(Entry);
}

/* Puts an entry whose LowValue is 0 back into the free list. */
FORCEINLINE VOID ExpFreeHandleTableEntry(PHANDLE_TABLE HandleTable, PHANDLE_TABLE_ENTRY Entry) {
    PHANDLE_TABLE_FREE_LIST FreeList = &HandleTable->FreeLists[0];
    ExAcquirePushLockExclusive(&FreeList->FreeListLock);
    FreeList->HandleCount--;
    PHANDLE_TABLE_ENTRY First = FreeList->FirstFreeHandleEntry;
    if (HandleTable->StrictFIFO || First == NULL) {
        ExpAppendFreeEntry(FreeList, Entry);
    } else {
        Entry->NextFreeHandleEntry = First;
        FreeList->FirstFreeHandleEntry = Entry;
    }
    ExReleasePushLockExclusive(&FreeList->FreeListLock);
}

/*
 * Frees the handle of a locked entry. What the entry held is the caller's to give up. IRQL <=
 * APC_LEVEL, in a critical region.
 */
VOID ExFreeLockedHandle(_Inout_ PHANDLE_TABLE HandleTable, _Inout_ PHANDLE_TABLE_ENTRY Entry) {
    InterlockedExchange(&Entry->VolatileLowValue, 0);
    if (HandleTable->HandleContentionEvent.Value != 0) {
        ExpWakeHandleWaiters(HandleTable);
    }
    ExpFreeHandleTableEntry(HandleTable, Entry);
}

/*
 * Frees a handle. Entry is the handle's entry, locked; with NULL it is looked up here. FALSE: there
 * is no such handle. IRQL and region as above.
 */
BOOLEAN ExDestroyHandle(_Inout_ PHANDLE_TABLE HandleTable, _In_ HANDLE Handle,
                        _In_opt_ PHANDLE_TABLE_ENTRY Entry) {
    if (Entry == NULL) {
        Entry = ExMapHandleToPointer(HandleTable, Handle);
        if (Entry == NULL) {
            return FALSE;
        }
    }
    ExFreeLockedHandle(HandleTable, Entry);
    return TRUE;
}

/*
 * Lets ChangeRoutine change the entry of a handle while it is locked. STATUS_INVALID_HANDLE, or
 * what the routine returns. IRQL <= APC_LEVEL, in a critical region.
 */
NTSTATUS ExChangeHandle(_Inout_ PHANDLE_TABLE HandleTable, _In_ HANDLE Handle,
                        _In_ EX_CHANGE_HANDLE_ROUTINE ChangeRoutine, _In_opt_ PVOID Parameter) {
    PHANDLE_TABLE_ENTRY Entry = ExMapHandleToPointer(HandleTable, Handle);
    if (Entry == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    NTSTATUS Status = ChangeRoutine(Entry, Parameter);
    ExUnlockHandleTableEntry(HandleTable, Entry);
    return Status;
}

/* ---- Whole tables ---- */

/* A table with its first leaf, not yet in the list of tables; NULL without memory. */
PHANDLE_TABLE ExpAllocateHandleTable(_In_opt_ struct _EPROCESS *Process) {
    /* Its free list is written by every create and close: not in a line of some other table. */
    PHANDLE_TABLE HandleTable;
    if (!NT_SUCCESS(ExpAllocateFor(Process, POOL_FLAG_PAGED | POOL_FLAG_CACHE_ALIGNED,
                                   sizeof(HANDLE_TABLE), (PVOID *)&HandleTable))) {
        return NULL;
    }
    HandleTable->QuotaProcess = Process;
    HandleTable->HandleTableList.Flink = &HandleTable->HandleTableList;
    HandleTable->HandleTableList.Blink = &HandleTable->HandleTableList;
    if (!ExpGrowHandleTable(HandleTable, TRUE)) {
        ExpFreePage(HandleTable);
        return NULL;
    }
    return HandleTable;
}

static VOID ExpFreeMidPage(PVOID *Mid) {
    for (ULONG i = 0; i < MIDLEVEL_COUNT && Mid[i] != NULL; i++) {
        ExpFreePage(Mid[i]);
    }
    ExpFreePage(Mid);
}

/* Frees all pages of a table that nobody uses and that holds nothing any more. */
VOID ExpFreeHandleTable(_In_ PHANDLE_TABLE HandleTable) {
    PVOID *Page = (PVOID *)(HandleTable->TableCode & ~LEVEL_CODE_MASK);
    switch (HandleTable->TableCode & LEVEL_CODE_MASK) {
    case 0:
        ExpFreePage(Page);
        break;
    case 1:
        ExpFreeMidPage(Page);
        break;
    default:
        for (ULONG i = 0; i < HIGHLEVEL_COUNT && Page[i] != NULL; i++) {
            ExpFreeMidPage(Page[i]);
        }
        ExpFreePage(Page);
    }
    ExpFreePage(HandleTable);
}

/* How many handles there are. Exact only while nobody else uses the table. */
ULONG ExGetHandleTableCount(_In_ PHANDLE_TABLE HandleTable) {
    return (ULONG) * (volatile LONG *)&HandleTable->FreeLists[0].HandleCount;
}

/* Has the table reuse values as late as possible; before its first handle is destroyed. */
VOID ExSetHandleTableStrictFIFO(_Inout_ PHANDLE_TABLE HandleTable) {
    HandleTable->StrictFIFO = 1;
}
