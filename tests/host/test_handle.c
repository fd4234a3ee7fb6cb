// sources:
//
// Handle tables: values, growth through three levels, order of reuse, invalid handles, sweep,
// enumeration, inheritance, failing allocations, a random model, and threads that use and close
// the same handles. ex/handle/handle.c and its neighbours are compiled into this file on top of a small
// imitation of what is below them.

#define _GNU_SOURCE
#include "ntdef.h"
#include "ntstatus.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- What the handle tables stand on ----

#define ASSERT(Condition)         ((void)0)
#define InterlockedExchange(p, v) __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define POOL_FLAG_PAGED           0x100ull
#define POOL_FLAG_CACHE_ALIGNED   0x008ull
typedef ULONG64 POOL_FLAGS;

static int PoolBlocks;             // allocated and not freed
static int Charged;                // of them, charged to the process
static int FailAfter = 0x7FFFFFFF; // allocations that still succeed

static PVOID ExAllocatePool2(ULONG64 Flags, SIZE_T Size, ULONG Tag) {
    PVOID Block;
    if (FailAfter-- <= 0 || posix_memalign(&Block, Size >= PAGE_SIZE ? PAGE_SIZE : 16, Size)) {
        return NULL;
    }
    memset(Block, 0, Size);
    __atomic_add_fetch(&PoolBlocks, 1, __ATOMIC_RELAXED);
    return Block;
}

struct _EPROCESS;
static int QuotaLeft = 0x7FFFFFFF;

static NTSTATUS MmAllocatePoolWithQuota(struct _EPROCESS *Process, POOL_FLAGS Flags, SIZE_T Size,
                                        ULONG Tag, PVOID *Block) {
    *Block = NULL;
    if (QuotaLeft-- <= 0) {
        return STATUS_QUOTA_EXCEEDED;
    }
    Charged++;
    *Block = ExAllocatePool2(Flags, Size, Tag);
    return *Block != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID ExFreePoolWithTag(PVOID Block, ULONG Tag) {
    __atomic_sub_fetch(&PoolBlocks, 1, __ATOMIC_RELAXED);
    free(Block);
}

static VOID KeEnterCriticalRegion(VOID) {}
static VOID KeLeaveCriticalRegion(VOID) {}

#include "ex.h"

typedef struct {
    int Unused;
} EX_PUSH_LOCK_WAIT_BLOCK, *PEX_PUSH_LOCK_WAIT_BLOCK;

static VOID ExAcquirePushLockExclusive(PEX_PUSH_LOCK Lock) {
    while (__atomic_exchange_n(&Lock->Value, 1, __ATOMIC_ACQUIRE) != 0) {
        sched_yield();
    }
}

static VOID ExReleasePushLockExclusive(PEX_PUSH_LOCK Lock) {
    __atomic_store_n(&Lock->Value, 0, __ATOMIC_RELEASE);
}

#define ExAcquirePushLockShared ExAcquirePushLockExclusive
#define ExReleasePushLockShared ExReleasePushLockExclusive

// Waiting for an entry is polling here.
static VOID ExBlockPushLock(PEX_PUSH_LOCK Lock, PEX_PUSH_LOCK_WAIT_BLOCK Block) {}
static VOID ExUnblockPushLock(PEX_PUSH_LOCK Lock, PEX_PUSH_LOCK_WAIT_BLOCK Block) {}
static VOID ExWaitForUnblockPushLock(PEX_PUSH_LOCK Lock, PEX_PUSH_LOCK_WAIT_BLOCK Block) {
    sched_yield();
}

#include "../../ex/handle/handle.c"
#include "../../ex/handle/handlewalk.c"
#include "../../ex/handle/handlelist.c"

// ---- Checks ----

static int Checks, Failures;

#define CHECK(Condition)                                                                           \
    do {                                                                                           \
        Checks++;                                                                                  \
        if (!(Condition)) {                                                                        \
            if (Failures++ < 20) {                                                                 \
                printf("# %s:%d: %s\n", __FILE__, __LINE__, #Condition);                           \
            }                                                                                      \
        }                                                                                          \
    } while (0)

static ULONG64 Seed = 88172645463325252ull;

static ULONG Random(ULONG Limit) {
    Seed ^= Seed << 13;
    Seed ^= Seed >> 7;
    Seed ^= Seed << 17;
    return (ULONG)(Seed % Limit);
}

// Objects are addresses only: in the upper half, as in a kernel.
static PVOID ObjectOf(ULONG64 Number) {
    return (PVOID)(0xFFFFFA8000000000ull + Number * 16);
}

static HANDLE Create(PHANDLE_TABLE Table, PVOID Object, ULONG Attributes, ULONG Access) {
    HANDLE_TABLE_ENTRY Entry = {0};
    ExSetHandlePointer(&Entry, Object, Attributes);
    Entry.GrantedAccessBits = Access;
    return ExCreateHandle(Table, &Entry);
}

static PVOID Lookup(PHANDLE_TABLE Table, HANDLE Handle) {
    PHANDLE_TABLE_ENTRY Entry = ExMapHandleToPointer(Table, Handle);
    if (Entry == NULL) {
        return NULL;
    }
    PVOID Object = ExGetHandlePointer(Entry);
    ExUnlockHandleTableEntry(Table, Entry);
    return Object;
}

// The handle that comes n-th in a new table.
static ULONG_PTR NthHandle(ULONG n) {
    return (n / 255 * 256 + n % 255 + 1) * 4;
}

static VOID CountSweep(PHANDLE_TABLE Table, const HANDLE_TABLE_ENTRY *Entry, HANDLE Handle,
                       PVOID Parameter) {
    ++*(PULONG)Parameter;
}

static ULONG SweepAndDestroy(PHANDLE_TABLE Table) {
    ULONG Count = 0;
    ExSweepHandleTable(Table, CountSweep, &Count);
    CHECK(ExGetHandleTableCount(Table) == 0);
    ExDestroyHandleTable(Table);
    return Count;
}

// The formats, bit by bit, as a debugger that knows Windows 10 reads them.
static void TestFormat(void) {
    PHANDLE_TABLE Table = ExCreateHandleTable(NULL);
    PVOID Object = (PVOID)0xFFFFE00112345670ull;
    HANDLE Handle = Create(Table, Object, OBJ_INHERIT, 0x1F0003);
    CHECK(Handle == (HANDLE)4);
    CHECK((Table->TableCode & 3) == 0);
    PHANDLE_TABLE_ENTRY Entry = (PHANDLE_TABLE_ENTRY)Table->TableCode + 1;
    CHECK(Entry->Unlocked == 1 && Entry->Attributes == 2);
    CHECK(Entry->ObjectPointerBits == 0xE0011234567ull);
    CHECK(Entry->GrantedAccessBits == 0x1F0003);
    CHECK((ULONGLONG)Entry->LowValue == (0xE0011234567ull << 20 | 2 << 17 | 1));
    CHECK(ExMapHandleToPointer(Table, Handle) == Entry && Entry->Unlocked == 0);
    ExUnlockHandleTableEntry(Table, Entry);
    CHECK(Entry->Unlocked == 1 && ExGetHandlePointer(Entry) == Object);
    CHECK(SweepAndDestroy(Table) == 1);
}

// What is no handle, and what the tag bits mean: nothing.
static void TestInvalid(void) {
    PHANDLE_TABLE Table = ExCreateHandleTable(NULL);
    HANDLE Handle = Create(Table, ObjectOf(1), 0, 0);
    static const ULONG64 Bad[] = {0,
                                  1,
                                  3,
                                  8,
                                  0x3FC,
                                  0x400,
                                  0x404,
                                  0x80000004,
                                  0x100000004,
                                  0x7FFFFFFFFFFFFFFC,
                                  ~0ull,
                                  ~0ull - 1,
                                  0xFFFFFFFF80000004};
    for (ULONG i = 0; i < ARRAYSIZE(Bad); i++) {
        CHECK(ExMapHandleToPointer(Table, (HANDLE)Bad[i]) == NULL);
        CHECK(!ExDestroyHandle(Table, (HANDLE)Bad[i], NULL));
    }
    for (ULONG Tag = 0; Tag < 4; Tag++) {
        CHECK(Lookup(Table, (HANDLE)((ULONG_PTR)Handle + Tag)) == ObjectOf(1));
    }
    CHECK(ExDestroyHandle(Table, Handle, NULL));
    CHECK(!ExDestroyHandle(Table, Handle, NULL));
    CHECK(Lookup(Table, Handle) == NULL);
    CHECK(SweepAndDestroy(Table) == 0);
}

// The value freed last comes first; with StrictFIFO it comes last.
static void TestReuse(void) {
    PHANDLE_TABLE Table = ExCreateHandleTable(NULL);
    for (ULONG i = 0; i < 10; i++) {
        CHECK((ULONG_PTR)Create(Table, ObjectOf(i + 1), 0, 0) == NthHandle(i));
    }
    ExDestroyHandle(Table, (HANDLE)12, NULL);
    ExDestroyHandle(Table, (HANDLE)24, NULL);
    CHECK(Create(Table, ObjectOf(1), 0, 0) == (HANDLE)24);
    CHECK(Create(Table, ObjectOf(1), 0, 0) == (HANDLE)12);
    CHECK(Create(Table, ObjectOf(1), 0, 0) == (HANDLE)44);
    CHECK(SweepAndDestroy(Table) == 11);

    Table = ExCreateHandleTable(NULL);
    ExSetHandleTableStrictFIFO(Table);
    Create(Table, ObjectOf(1), 0, 0);
    ExDestroyHandle(Table, (HANDLE)4, NULL);
    for (ULONG i = 1; i < 255; i++) {
        CHECK((ULONG_PTR)Create(Table, ObjectOf(1), 0, 0) == NthHandle(i));
    }
    CHECK(Create(Table, ObjectOf(1), 0, 0) == (HANDLE)4);
    CHECK(SweepAndDestroy(Table) == 255);
}

// All three levels: every handle is what the order of the tree says, and finds its object.
static void TestGrowth(ULONG Count, ULONG Level) {
    int Before = PoolBlocks;
    PHANDLE_TABLE Table = ExCreateHandleTable(NULL);
    for (ULONG i = 0; i < Count; i++) {
        HANDLE Handle = Create(Table, ObjectOf(i + 1), 0, i & 0x1FFFFFF);
        if ((ULONG_PTR)Handle != NthHandle(i)) {
            CHECK((ULONG_PTR)Handle == NthHandle(i));
            break;
        }
    }
    CHECK((Table->TableCode & 3) == Level);
    CHECK(ExGetHandleTableCount(Table) == Count);
    ULONG Wrong = 0;
    for (ULONG i = 0; i < Count; i++) {
        Wrong += Lookup(Table, (HANDLE)NthHandle(i)) != ObjectOf(i + 1);
    }
    CHECK(Wrong == 0);
    for (ULONG Value = 0; Value < NthHandle(Count - 1); Value += 0x400) {
        Wrong += Lookup(Table, (HANDLE)(ULONG_PTR)Value) != NULL;
    }
    CHECK(Wrong == 0);
    // Bytes per handle: 16 for the entry, and less than one for the tree.
    CHECK((ULONG64)(PoolBlocks - Before - 1) * PAGE_SIZE <= (ULONG64)Count * 17 + 3 * PAGE_SIZE);
    CHECK(SweepAndDestroy(Table) == Count);
    CHECK(PoolBlocks == Before);
}

// The limit of 16,777,216 values, of which one in 256 is reserved.
static void TestLimit(void) {
    PHANDLE_TABLE Table = ExCreateHandleTable(NULL);
    ULONG Count = 0;
    while (Create(Table, ObjectOf(1), 0, 0) != NULL) {
        Count++;
    }
    CHECK(Count == MAX_HANDLES / 256 * 255);
    CHECK(Lookup(Table, (HANDLE)(ULONG_PTR)(MAX_HANDLES * 4 - 4)) == ObjectOf(1));
    CHECK(Lookup(Table, (HANDLE)(ULONG_PTR)(MAX_HANDLES * 4)) == NULL);
    CHECK(ExDestroyHandle(Table, (HANDLE)0x1234, NULL));
    CHECK(Create(Table, ObjectOf(2), 0, 0) == (HANDLE)0x1234);
    CHECK(SweepAndDestroy(Table) == Count);
}

static BOOLEAN InheritEven(struct _EPROCESS *Process, PHANDLE_TABLE OldTable,
                           PHANDLE_TABLE_ENTRY Old, PHANDLE_TABLE_ENTRY New) {
    New->GrantedAccessBits = 7;
    return ((ULONG_PTR)ExGetHandlePointer(Old) & 0x10) == 0;
}

static BOOLEAN FindObject(PHANDLE_TABLE Table, PHANDLE_TABLE_ENTRY Entry, HANDLE Handle,
                          PVOID Object) {
    return ExGetHandlePointer(Entry) == Object;
}

// A child's table: same values for what is inherited, the others free and given out in order.
static void TestDuplicate(void) {
    PHANDLE_TABLE Parent = ExCreateHandleTable(NULL);
    ULONG Inherited = 0;
    for (ULONG i = 0; i < 1000; i++) {
        Create(Parent, ObjectOf(i), i % 3 == 0 ? OBJ_INHERIT : 0, 1);
        Inherited += i % 3 == 0 && i % 2 == 0;
    }
    PHANDLE_TABLE Child = ExDupHandleTable(NULL, Parent, InheritEven, OBJ_INHERIT);
    CHECK(ExGetHandleTableCount(Child) == Inherited);
    for (ULONG i = 0; i < 1000; i++) {
        BOOLEAN Expected = i % 3 == 0 && i % 2 == 0;
        CHECK(Lookup(Child, (HANDLE)NthHandle(i)) == (Expected ? ObjectOf(i) : NULL));
        CHECK(Lookup(Parent, (HANDLE)NthHandle(i)) == ObjectOf(i));
    }
    HANDLE Found;
    CHECK(ExEnumHandleTable(Child, FindObject, ObjectOf(6), &Found));
    CHECK((ULONG_PTR)Found == NthHandle(6));
    CHECK(!ExEnumHandleTable(Child, FindObject, ObjectOf(3), NULL));
    CHECK((ULONG_PTR)Create(Child, ObjectOf(1), 0, 0) == NthHandle(1));
    CHECK((ULONG_PTR)Create(Child, ObjectOf(1), 0, 0) == NthHandle(2));
    CHECK(SweepAndDestroy(Child) == Inherited + 2);
    CHECK(SweepAndDestroy(Parent) == 1000);
}

// The pages of a process's table are charged to it, and the status says what was missing.
static void TestQuota(void) {
    struct _EPROCESS *Process = (struct _EPROCESS *)0xFFFFFA8000001000ull;
    int Before = PoolBlocks;
    Charged = 0;
    QuotaLeft = 4; // the table and its first leaf, then a leaf and a mid page
    PHANDLE_TABLE Table = ExCreateHandleTable(Process);
    ULONG Count = 0;
    while (Count < 1500 && Create(Table, ObjectOf(Count + 2), 0, 0) != NULL) {
        Count++;
    }
    CHECK(Count == 510 && Table->GrowthStatus == STATUS_QUOTA_EXCEEDED);
    CHECK(Charged == 4 && PoolBlocks - Before == 4);
    QuotaLeft = 0x7FFFFFFF;
    FailAfter = 0;
    CHECK(Create(Table, ObjectOf(1), 0, 0) == NULL);
    CHECK(Table->GrowthStatus == STATUS_INSUFFICIENT_RESOURCES);
    FailAfter = 0x7FFFFFFF;
    CHECK(Create(Table, ObjectOf(1), 0, 0) != NULL);
    CHECK(Table->GrowthStatus != STATUS_SUCCESS);
    CHECK(SweepAndDestroy(Table) == Count + 1);
    CHECK(PoolBlocks == Before);
    Charged = 0;
    Table = ExCreateHandleTable(NULL);
    CHECK(Charged == 0 && SweepAndDestroy(Table) == 0);
}

// Let every allocation fail in turn: nothing is lost and nothing breaks.
static void TestFailures(void) {
    for (int Fail = 0; Fail < 12; Fail++) {
        int Before = PoolBlocks;
        FailAfter = Fail;
        PHANDLE_TABLE Table = ExCreateHandleTable(NULL), Copy = NULL;
        ULONG Count = 0;
        if (Table != NULL) {
            while (Count < 1500 && Create(Table, ObjectOf(Count + 2), OBJ_INHERIT, 0) != NULL) {
                Count++;
            }
            CHECK(Count % 255 == 0 || Count == 1500);
            Copy = ExDupHandleTable(NULL, Table, InheritEven, OBJ_INHERIT);
        }
        FailAfter = 0x7FFFFFFF;
        if (Copy != NULL) {
            CHECK(SweepAndDestroy(Copy) == Count / 2);
        }
        if (Table != NULL) {
            CHECK(Create(Table, ObjectOf(1), 0, 0) != NULL);
            CHECK(SweepAndDestroy(Table) == Count + 1);
        }
        CHECK(PoolBlocks == Before);
    }
}

// ---- Random operations against a model ----

#define MODEL_VALUES 4096

static NTSTATUS Change(PHANDLE_TABLE_ENTRY Entry, PVOID Parameter) {
    Entry->GrantedAccessBits = *(PULONG)Parameter;
    return STATUS_SUCCESS;
}

static void TestModel(void) {
    static PVOID Objects[MODEL_VALUES];
    static ULONG Access[MODEL_VALUES];
    PHANDLE_TABLE Table = ExCreateHandleTable(NULL);
    ULONG Count = 0;
    for (ULONG Step = 0; Step < 300000; Step++) {
        ULONG Index = Random(MODEL_VALUES), New = Random(1 << 25);
        HANDLE Handle = (HANDLE)(ULONG_PTR)(Index * 4);
        if (Random(100) < 45 + (Step / 50000 % 2) * 10 && Count < 3000) {
            Handle = Create(Table, ObjectOf(Step + 1), Step & 7, New);
            Index = (ULONG)((ULONG_PTR)Handle / 4);
            CHECK(Index % 256 != 0 && Index < MODEL_VALUES && Objects[Index] == NULL);
            Objects[Index] = ObjectOf(Step + 1);
            Access[Index] = New;
            Count++;
        } else if (Random(4) == 0) {
            NTSTATUS Expected = Objects[Index] ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
            CHECK(ExChangeHandle(Table, Handle, Change, &New) == Expected);
            Access[Index] = New;
        } else {
            PHANDLE_TABLE_ENTRY Entry = ExMapHandleToPointer(Table, Handle);
            CHECK((Entry != NULL) == (Objects[Index] != NULL));
            if (Entry != NULL) {
                CHECK(ExGetHandlePointer(Entry) == Objects[Index]);
                CHECK(Entry->GrantedAccessBits == Access[Index]);
                ExDestroyHandle(Table, Handle, Entry);
                Objects[Index] = NULL;
                Count--;
            }
        }
        CHECK(ExGetHandleTableCount(Table) == Count);
    }
    CHECK(SweepAndDestroy(Table) == Count);
}

// ---- Threads: each handle is closed by exactly one, and never leads to a wrong object ----

#define RACE_THREADS 4
#define RACE_STEPS   60000

static PHANDLE_TABLE RaceTable;
static ULONG RaceCreated, RaceClosed, RaceWrong;

static void *RaceThread(void *Argument) {
    ULONG64 State = (ULONG64)Argument * 0x9E3779B97F4A7C15ull + 1;
    for (ULONG Step = 0; Step < RACE_STEPS; Step++) {
        State = State * 6364136223846793005ull + 1442695040888963407ull;
        HANDLE Handle = (HANDLE)(ULONG_PTR)((State >> 33) % 600 * 4);
        if (State >> 62 == 0) {
            // The object's number is the handle's to be, so that a mix-up shows.
            __atomic_add_fetch(&RaceCreated, Create(RaceTable, ObjectOf(77), 0, 77) != NULL,
                               __ATOMIC_RELAXED);
        } else if (State >> 62 == 1) {
            __atomic_add_fetch(&RaceClosed, ExDestroyHandle(RaceTable, Handle, NULL),
                               __ATOMIC_RELAXED);
        } else {
            PHANDLE_TABLE_ENTRY Entry = ExMapHandleToPointer(RaceTable, Handle);
            if (Entry != NULL) {
                BOOLEAN Wrong = ExGetHandlePointer(Entry) != ObjectOf(77) ||
                                Entry->GrantedAccessBits != 77 || Entry->Unlocked;
                ExUnlockHandleTableEntry(RaceTable, Entry);
                __atomic_add_fetch(&RaceWrong, Wrong, __ATOMIC_RELAXED);
            }
        }
    }
    return NULL;
}

static void TestRace(void) {
    pthread_t Threads[RACE_THREADS];
    RaceTable = ExCreateHandleTable(NULL);
    for (ULONG64 i = 0; i < RACE_THREADS; i++) {
        pthread_create(&Threads[i], NULL, RaceThread, (void *)(i + 1));
    }
    for (ULONG i = 0; i < RACE_THREADS; i++) {
        pthread_join(Threads[i], NULL);
    }
    CHECK(RaceWrong == 0 && RaceClosed != 0);
    CHECK(SweepAndDestroy(RaceTable) == RaceCreated - RaceClosed);
}

int main(void) {
    TestFormat();
    TestInvalid();
    TestReuse();
    TestGrowth(255, 0);
    TestGrowth(256, 1);
    TestGrowth(255 * 512, 1);
    TestGrowth(255 * 512 + 1, 2);
    TestGrowth(1000000, 2);
    TestLimit();
    TestDuplicate();
    TestQuota();
    TestFailures();
    TestModel();
    TestRace();
    CHECK(PoolBlocks == 0);
    printf("%s - handle tables (%d checks)\n", Failures ? "not ok" : "ok", Checks);
    return Failures != 0;
}
