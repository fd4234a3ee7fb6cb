// sources:
//
// The pool's block layer against a model: random sizes, every block's contents known, pages
// counted, and what is charged to quota. mm/pool/pool.c and quota.c are compiled into this file on top
// of a small imitation of what is below them.

#define VITRINE_MM_MIP_H
#include "ntdef.h"
#include "ntrtl.h"
#include "ntstatus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- What pool.c stands on ----

typedef ULONG_PTR KSPIN_LOCK, *PKSPIN_LOCK;
#define KeForgetSpinLocks(Memory, Size) ((void)(Memory))
typedef ULONG64 POOL_FLAGS;
typedef int POOL_TYPE;
enum { PagedPool = 1, NonPagedPoolCacheAligned = 4, APC_LEVEL = 1, DISPATCH_LEVEL = 2 };
enum { POOL_QUOTA_FAIL_INSTEAD_OF_RAISE = 8 };
#define POOL_FLAG_USE_QUOTA 0x01ull
#define MI_SLOW
#define InterlockedAdd64(p, v)                    __atomic_add_fetch((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedIncrement64(p)                 InterlockedAdd64(p, 1)
#define InterlockedCompareExchange64(p, New, Old) HostCompareExchange((p), (New), (Old))
#define POOL_FLAG_UNINITIALIZED                   0x02ull
#define POOL_FLAG_RAISE_ON_FAILURE                0x20ull
#define POOL_FLAG_NON_PAGED                       0x40ull
#define POOL_FLAG_NON_PAGED_EXECUTE               0x80ull
#define POOL_FLAG_PAGED                           0x100ull
#define ASSERT_IRQL(Rule)                         ((void)0)
#define NT_ASSERT(Condition)                      ((void)0)
#define MI_NONPAGED                               0
#define MI_PAGED                                  1
#define MI_ALIGNED                                2
#define MI_POOLS                                  4
#define MI_CACHE_LINE                             64
#define MI_LOOKASIDE_UNITS                        32
#define POOL_FLAG_CACHE_ALIGNED                   0x08ull
#define MiMayAllocate()                           (!RefuseCharges)

static LONG64 HostCompareExchange(volatile LONG64 *Value, LONG64 New, LONG64 Old) {
    __atomic_compare_exchange_n(Value, &Old, New, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return Old;
}

#include "quota.h"

struct _EPROCESS {
    PEPROCESS_QUOTA_BLOCK QuotaBlock;
};
static EPROCESS Current;
#define PsGetCurrentProcess() (&Current)
static LONG64 MmTotalCommitLimit = 1024; // pages: limits of 1 MiB and 512 KiB
static BOOLEAN RefuseCharges;

NTSTATUS MmAllocatePoolWithQuota(PEPROCESS, POOL_FLAGS, SIZE_T, ULONG, PVOID *);
SIZE_T MiPoolBytes(ULONG, SIZE_T);
VOID MiBillPool(PVOID, PEPROCESS_QUOTA_BLOCK);
VOID MiReturnPoolQuota(PEPROCESS_QUOTA_BLOCK, ULONG, SIZE_T);

typedef struct _MI_POOL_LIST {
    SINGLE_LIST_ENTRY Head;
    ULONG Depth;
} MI_POOL_LIST;
typedef struct _POOL_TRACKER_TABLE {
    ULONG Key;
} *PPOOL_TRACKER_TABLE;
typedef struct _MI_POOL_PROCESSOR {
    MI_POOL_LIST Lookaside[MI_LOOKASIDE_UNITS + 1][MI_POOLS];
    struct _POOL_TRACKER_TABLE Tags[256];
} MI_POOL_PROCESSOR, *PMI_POOL_PROCESSOR;

static MI_POOL_PROCESSOR Processor;
static PMI_POOL_PROCESSOR MiPoolProcessor[1] = {&Processor};
static KIRQL Irql;
static SSIZE_T PagesInUse[2], BytesInUse[2];
static ULONG FailAfter; // the n-th page allocation from now on fails; 0: none does
static ULONG BugCode;
static int Checks, Failures;

static KIRQL KeRaiseIrqlToDpcLevel(void) {
    KIRQL Old = Irql;
    Irql = DISPATCH_LEVEL;
    return Old;
}
static void KeLowerIrql(KIRQL New) {
    Irql = New;
}
static void KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK Lock) {
    if (*Lock != 0) {
        abort();
    }
    *Lock = 1;
}
static void KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK Lock) {
    *Lock = 0;
}
static ULONG64 KiGetProcessorIndex(void) {
    return 0;
}
static _Noreturn void KeBugCheckEx(ULONG Code, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3,
                                   ULONG_PTR P4) {
    printf("# bugcheck %x %llx %llx %llx %llx\n", Code, P1, P2, P3, P4);
    exit(BugCode == Code ? 0 : 1);
}
_Noreturn void NTAPI RtlRaiseStatus(NTSTATUS Status) {
    printf("# raise %x\n", (unsigned)Status);
    exit(1);
}
static void MiInitializePoolRanges(void) {}

// Big blocks and their pages: a table of base, pages, pool and tag.
static struct {
    PVOID Va;
    ULONG Pages, Pool, Tag;
    PEPROCESS_QUOTA_BLOCK QuotaBlock;
} Runs[4096];

static PVOID MiAllocatePoolPages(ULONG Pool, ULONG Pages) {
    if (FailAfter != 0 && --FailAfter == 0) {
        return NULL;
    }
    for (int i = 0; i < 4096; i++) {
        if (Runs[i].Va == NULL) {
            Runs[i].Va = aligned_alloc(PAGE_SIZE, (size_t)Pages * PAGE_SIZE);
            Runs[i].Pages = Pages;
            Runs[i].Pool = Pool;
            Runs[i].Tag = 0;
            PagesInUse[Pool] += Pages;
            return Runs[i].Va;
        }
    }
    return NULL;
}
static int FindRun(PVOID Va) {
    for (int i = 0; i < 4096; i++) {
        if (Runs[i].Va == Va) {
            return i;
        }
    }
    abort();
}
static void MiFreePoolPages(PVOID Va, ULONG Pages) {
    int i = FindRun(Va);
    if (Runs[i].Pages != Pages) {
        abort();
    }
    PagesInUse[Runs[i].Pool] -= Pages;
    free(Va);
    Runs[i].Va = NULL;
}
static ULONG MiPoolOfAddress(PVOID Va) {
    return Runs[FindRun(Va)].Pool;
}
static BOOLEAN MiInsertBigPool(PVOID Va, ULONG Tag, ULONG Pages) {
    (void)Pages;
    Runs[FindRun(Va)].Tag = Tag;
    Runs[FindRun(Va)].QuotaBlock = NULL;
    return TRUE;
}
static void MiBillBigPool(PVOID Va, PEPROCESS_QUOTA_BLOCK QuotaBlock) {
    Runs[FindRun(Va)].QuotaBlock = QuotaBlock;
}
static ULONG MiRemoveBigPool(PVOID Va, PULONG Tag, PEPROCESS_QUOTA_BLOCK *QuotaBlock) {
    *Tag = Runs[FindRun(Va)].Tag;
    *QuotaBlock = Runs[FindRun(Va)].QuotaBlock;
    return Runs[FindRun(Va)].Pages;
}
static ULONG MiHashTag(ULONG Tag) {
    return Tag & 0xFF;
}
static PPOOL_TRACKER_TABLE MiFindTag(PMI_POOL_PROCESSOR P, ULONG Tag) {
    P->Tags[MiHashTag(Tag)].Key = Tag;
    return &P->Tags[MiHashTag(Tag)];
}
static void MiCountAllocated(PPOOL_TRACKER_TABLE Entry, ULONG Pool, SIZE_T Bytes) {
    BytesInUse[Pool] += (SSIZE_T)Bytes;
}
static void MiCountFreed(PPOOL_TRACKER_TABLE Entry, ULONG Pool, SIZE_T Bytes) {
    BytesInUse[Pool] -= (SSIZE_T)Bytes;
}

#undef DBG
#define DBG 1
#define VITRINE_PS_H
#include "../../mm/pool/pool.c"
#include "../../mm/pool/quota.c"

// ---- The test ----

#define CHECK(Condition)                                                                           \
    do {                                                                                           \
        Checks++;                                                                                  \
        if (!(Condition)) {                                                                        \
            Failures++;                                                                            \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #Condition);                               \
        }                                                                                          \
    } while (0)

#define SLOTS 700
#define STEPS 200000
#define TAG   0x74736554

static struct {
    PUCHAR Block;
    SIZE_T Size;
    UCHAR Fill;
    BOOLEAN Charged;
} Slots[SLOTS];

static LONG64 Charges[2], ChargedBlocks, Refusals; // what the model says

static ULONG64 Seed = 88172645463325252ull;

static ULONG Random(ULONG Limit) {
    Seed ^= Seed << 13;
    Seed ^= Seed >> 7;
    Seed ^= Seed << 17;
    return (ULONG)(Seed % Limit);
}

// Mostly small, sometimes around a page, sometimes several pages.
static SIZE_T RandomSize(void) {
    ULONG Kind = Random(20);
    if (Kind == 0) {
        return 1 + Random(5 * PAGE_SIZE);
    }
    return Kind < 4 ? 3900 + Random(300) : 1 + Random(600);
}

static void AllocateSlot(int i) {
    SIZE_T Size = RandomSize();
    BOOLEAN Aligned = (i & 2) != 0;
    int Kind = (i & 1 ? PagedPool : 0) | (Aligned ? NonPagedPoolCacheAligned : 0);
    Slots[i].Charged = (i & 4) != 0;
    if (Slots[i].Charged) {
        PS_QUOTA_TYPE Type = i & 1 ? PsPagedPool : PsNonPagedPool;
        LONG64 Bytes = (LONG64)MiPoolBytes((i & 1) | (Aligned ? MI_ALIGNED : 0), Size);
        CHECK(Bytes >= (LONG64)Size);
        Slots[i].Block =
            ExAllocatePoolWithQuotaTag(Kind | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, Size, TAG);
        if (Charges[Type] + Bytes > Current.QuotaBlock->QuotaEntry[Type].Limit) {
            CHECK(Slots[i].Block == NULL);
            Refusals++;
            return;
        }
        Charges[Type] += Bytes;
        ChargedBlocks++;
    } else {
        Slots[i].Block = ExAllocatePoolWithTag(Kind, Size, TAG);
    }
    CHECK(Slots[i].Block != NULL && Irql == 0);
    CHECK(((ULONG_PTR)Slots[i].Block & 15) == 0);
    // With its header, a block of whole lines begins and ends with a line.
    PPOOL_HEADER Header = (PPOOL_HEADER)Slots[i].Block - 1;
    CHECK(!Aligned || ((ULONG_PTR)Slots[i].Block & (PAGE_SIZE - 1)) == 0 ||
          (((ULONG_PTR)Header | Header->BlockSize * POOL_UNIT) & (MI_CACHE_LINE - 1)) == 0);
    CHECK(Size < PAGE_SIZE || ((ULONG_PTR)Slots[i].Block & (PAGE_SIZE - 1)) == 0);
    Slots[i].Size = Size;
    Slots[i].Fill = (UCHAR)Random(256);
    memset(Slots[i].Block, Slots[i].Fill, Size);
}

static void FreeSlot(int i) {
    SIZE_T Bad = 0;
    for (SIZE_T n = 0; n < Slots[i].Size; n++) {
        Bad += Slots[i].Block[n] != Slots[i].Fill;
    }
    CHECK(Bad == 0);
    if (Slots[i].Charged) {
        BOOLEAN Aligned = (i & 2) != 0;
        Charges[i & 1] -= (LONG64)MiPoolBytes((i & 1) | (Aligned ? MI_ALIGNED : 0), Slots[i].Size);
        ChargedBlocks--;
    }
    ExFreePoolWithTag(Slots[i].Block, Random(2) ? TAG : 0);
    Slots[i].Block = NULL;
}

// Blocks that the processor keeps go back to the pool, so that every page can be accounted for.
static void EmptyLookaside(void) {
    for (ULONG Pool = 0; Pool < MI_POOLS; Pool++) {
        for (ULONG Units = 0; Units <= MI_LOOKASIDE_UNITS; Units++) {
            PPOOL_HEADER Block;
            while ((Block = MiPopBlock(&Processor.Lookaside[Units][Pool])) != NULL) {
                MiJoinBlock(Block);
            }
        }
    }
}

static void TestFailure(void) {
    PVOID Blocks[64];
    int n = 0;
    FailAfter = 1;
    CHECK(ExAllocatePoolWithTag(0, 3000, TAG) == NULL && Irql == 0);
    FailAfter = 1;
    CHECK(ExAllocatePoolWithTag(0, 9000, TAG) == NULL);
    FailAfter = 0;
    CHECK(ExAllocatePoolWithTag(0, ~0ull, TAG) == NULL);
    CHECK(ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_NON_PAGED, 16, TAG) == NULL);
    CHECK(ExAllocatePool2(POOL_FLAG_PAGED, 0, TAG) == NULL);
    CHECK(ExAllocatePool2(POOL_FLAG_PAGED, 16, 0) == NULL);
    for (n = 0; n < 64; n++) {
        Blocks[n] = ExAllocatePool2(POOL_FLAG_PAGED, 100, TAG);
        CHECK(Blocks[n] != NULL && *(PULONG)Blocks[n] == 0 && ((PUCHAR)Blocks[n])[99] == 0);
    }
    while (n-- > 0) {
        ExFreePool(Blocks[n]);
    }
}

static BOOLEAN QuotaAgrees(void) {
    const EPROCESS_QUOTA_BLOCK *Block = Current.QuotaBlock;
    BOOLEAN Agrees = Block->ReferenceCount == 1 + ChargedBlocks;
    for (int Type = 0; Type < PsPoolQuotaTypes; Type++) {
        const EPROCESS_QUOTA_ENTRY *Entry = &Block->QuotaEntry[Type];
        Agrees = Agrees && Entry->Usage == Charges[Type] && Entry->Peak >= Entry->Usage &&
                 Entry->Peak <= Entry->Limit && Entry->Mark == Entry->Peak;
    }
    return Agrees;
}

static void TestQuota(void) {
    PEPROCESS_QUOTA_BLOCK Block = MmCreateQuotaBlock();
    PEPROCESS_QUOTA_ENTRY Entry = &Block->QuotaEntry[PsPagedPool];
    PVOID P;
    Current.QuotaBlock = Block;
    CHECK(Entry->Limit == 1024 / 4 * PAGE_SIZE);
    CHECK(Block->QuotaEntry[PsNonPagedPool].Limit == 1024 / 8 * PAGE_SIZE);
    CHECK(PsChargeProcessPoolQuota(&Current, PagedPool, (SIZE_T)Entry->Limit) == STATUS_SUCCESS);
    CHECK(PsChargeProcessPoolQuota(&Current, PagedPool, 1) == STATUS_QUOTA_EXCEEDED);
    CHECK(PsChargeProcessPoolQuota(&Current, PagedPool, ~0ull) == STATUS_QUOTA_EXCEEDED);
    CHECK(PsChargeSharedPoolQuota(&Current, 0, ~0ull) == NULL);
    CHECK(PsChargeSharedPoolQuota(&Current, 1, 1) == NULL && Block->ReferenceCount == 1);
    CHECK(MmSetQuotaLimit(Block, PsPagedPool, 5) == STATUS_QUOTA_EXCEEDED);
    PsReturnPoolQuota(&Current, PagedPool, (SIZE_T)Entry->Limit);
    CHECK(Entry->Usage == 0 && Entry->Peak == Entry->Limit);
    // Nonpaged pool is refused: what was charged as paged is returned.
    CHECK(PsChargeSharedPoolQuota(&Current, 100, 1 << 20) == NULL && Entry->Usage == 0);
    // Below the old peak, above the new limit.
    CHECK(MmSetQuotaLimit(Block, PsPagedPool, 1000) == STATUS_SUCCESS);
    CHECK(Entry->Peak == 1024 / 4 * PAGE_SIZE);
    CHECK(!PsChargeQuotaInLine(Entry, 1001) && PsChargeQuotaInLine(Entry, 1000));
    CHECK(PsChargeProcessPoolQuota(&Current, PagedPool, 1) == STATUS_QUOTA_EXCEEDED);
    PsReturnQuotaInLine(Entry, 1000);
    CHECK(MmAllocatePoolWithQuota(NULL, POOL_FLAG_PAGED, 1000, TAG, &P) == STATUS_QUOTA_EXCEEDED);
    CHECK(P == NULL);
    RefuseCharges = TRUE; // as failure injection does
    CHECK(MmAllocatePoolWithQuota(NULL, POOL_FLAG_PAGED, 10, TAG, &P) == STATUS_QUOTA_EXCEEDED);
    RefuseCharges = FALSE;
    // No memory: nothing stays charged.
    FailAfter = 1;
    CHECK(MmAllocatePoolWithQuota(NULL, POOL_FLAG_NON_PAGED, 9000, TAG, &P) ==
          STATUS_INSUFFICIENT_RESOURCES);
    FailAfter = 0;
    CHECK(Entry->Usage == 0 && Block->ReferenceCount == 1);
    // A block of pool outlives its process, and with it the quota block.
    CHECK(MmAllocatePoolWithQuota(NULL, POOL_FLAG_PAGED, 10, TAG, &P) == STATUS_SUCCESS);
    MmDereferenceQuotaBlock(Block);
    CHECK(Block->ReferenceCount == 1 && Entry->Usage == 32);
    ExFreePool(P);
    CHECK(Block->ReferenceCount != 1); // freed, and overwritten
    MmTotalCommitLimit = 128;          // little enough for the random steps to meet it
    Current.QuotaBlock = MmCreateQuotaBlock();
}

int main(void) {
    MiInitializePool();
    TestQuota();
    TestFailure();
    for (int Step = 0; Step < STEPS; Step++) {
        int i = (int)Random(SLOTS);
        if (Slots[i].Block == NULL) {
            AllocateSlot(i);
        } else {
            FreeSlot(i);
        }
        if (Step % 64 == 0) {
            CHECK(QuotaAgrees());
        }
    }
    for (int i = 0; i < SLOTS; i++) {
        if (Slots[i].Block != NULL) {
            FreeSlot(i);
        }
    }
    CHECK(QuotaAgrees() && Charges[0] == 0 && Charges[1] == 0 && Refusals > 100);
    MmDereferenceQuotaBlock(Current.QuotaBlock);
    EmptyLookaside();
    CHECK(BytesInUse[0] == 0 && BytesInUse[1] == 0);
    CHECK(PagesInUse[0] == 0 && PagesInUse[1] == 0);
    printf("%s - pool blocks against a model (%d checks)\n", Failures ? "not ok" : "ok", Checks);
    return Failures != 0;
}
