/*
 * Quota: a process may hold so much pool and no more.
 *
 * Pool belongs to all. A program that queues packets without end, or creates objects until nothing
 * is left, would take it from the others, so what a program causes to be allocated is charged to
 * its process: to the EPROCESS_QUOTA_BLOCK that the process points to. When the charge would exceed
 * the block's limit the allocation is refused with STATUS_QUOTA_EXCEEDED, and only that program
 * notices.
 *
 * Who charges:
 *
 *   objects          Ob, when an object gets its first handle: header and body, by the charges of
 *                    its type. The object keeps the block in QuotaBlockCharged.
 *   blocks of pool   POOL_FLAG_USE_QUOTA, or MmAllocatePoolWithQuota for a process that is not the
 *                    current one: the block's whole size, as long as it is allocated. The pool
 *                    keeps the quota block with it. This is for names, directory entries, handle
 *                    tables, segments of sections, queued APCs and completion packets.
 *   VADs             Mm: they never outlive their process, so its block is charged and that is all.
 *   drivers          PsChargePoolQuota and relatives.
 *
 * An object may outlive the process that made it: another process has a handle. So charges of the
 * first two kinds hold a reference to the quota block, and the block outlives the process, too.
 *
 * Counters are changed by interlocked operations, without a lock. A charge adds first and looks at
 * the result; if that is too much it is taken back. So near the limit one charge may be refused
 * because of another one that is being refused at the same moment, but the limit is never exceeded.
 *
 * Different from Windows: each process has a block, while in Windows the processes of a logon
 * session share one; and the limits are fixed shares of memory, while Windows raises them as long
 * as there is memory. What a process holds is the usage of its block, where Windows counts only
 * what the process itself holds.
 */
#include "mip.h"

#define MI_TAG_QUOTA 0x6F757150 /* 'Pquo' */

/* Shares of all memory that a process may hold as pool: at most three eighths together. */
#define MI_PAGED_SHARE    4
#define MI_NONPAGED_SHARE 8

#define MI_NO_LIMIT 0x7FFFFFFFFFFFFFFFLL

EPROCESS_QUOTA_BLOCK PspDefaultQuotaBlock = {
    .QuotaEntry = {{.Limit = MI_NO_LIMIT}, {.Limit = MI_NO_LIMIT}}, .ReferenceCount = 1};

/* ---- One counter ---- */

static VOID MiRaiseTo(volatile LONG64 *Value, LONG64 Least) {
    LONG64 Seen = *Value;
    while (Seen < Least) {
        LONG64 Before = InterlockedCompareExchange64(Value, Least, Seen);
        if (Before == Seen) {
            return;
        }
        Seen = Before;
    }
}

/* Usage, with Amount in it, is above the mark: a new peak, or too much. */
MI_SLOW static BOOLEAN MiRaiseQuotaPeak(PEPROCESS_QUOTA_ENTRY Entry, LONG64 Usage, LONG64 Amount) {
    if (Usage > Entry->Limit) {
        InterlockedAdd64(&Entry->Usage, -Amount);
        return FALSE;
    }
    MiRaiseTo(&Entry->Peak, Usage);
    MiRaiseTo(&Entry->Mark, Usage);
    return TRUE;
}

static BOOLEAN MiCharge(PEPROCESS_QUOTA_BLOCK Block, PS_QUOTA_TYPE Type, SIZE_T Amount) {
    PEPROCESS_QUOTA_ENTRY Entry = &Block->QuotaEntry[Type];
    /* What can never be granted does not disturb the others of the process. */
    if (Amount > (SIZE_T)Entry->Limit || !MiMayAllocate()) {
        return FALSE;
    }
    LONG64 Usage = InterlockedAdd64(&Entry->Usage, (LONG64)Amount);
    return Usage <= Entry->Mark || MiRaiseQuotaPeak(Entry, Usage, (LONG64)Amount);
}

static VOID MiReturn(PEPROCESS_QUOTA_BLOCK Block, PS_QUOTA_TYPE Type, SIZE_T Amount) {
    LONG64 Left = InterlockedAdd64(&Block->QuotaEntry[Type].Usage, -(LONG64)Amount);
    NT_ASSERT(Left >= 0);
    UNREFERENCED_PARAMETER(Left);
}

/* ---- Blocks ---- */

static LONG64 MiDefaultLimit(ULONG Share) {
    return (LONG64)((MmTotalCommitLimit / Share) << PAGE_SHIFT);
}

PEPROCESS_QUOTA_BLOCK MmCreateQuotaBlock(VOID) {
    PEPROCESS_QUOTA_BLOCK Block = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED,
                                                  sizeof(*Block), MI_TAG_QUOTA);
    if (Block != NULL) {
        Block->QuotaEntry[PsPagedPool].Limit = MiDefaultLimit(MI_PAGED_SHARE);
        Block->QuotaEntry[PsNonPagedPool].Limit = MiDefaultLimit(MI_NONPAGED_SHARE);
        Block->ReferenceCount = 1;
    }
    return Block;
}

DECLSPEC_RARE VOID MmDeleteQuotaBlock(_In_ PEPROCESS_QUOTA_BLOCK Block) {
    NT_ASSERT(Block->QuotaEntry[PsPagedPool].Usage == 0);
    NT_ASSERT(Block->QuotaEntry[PsNonPagedPool].Usage == 0);
    ExFreePoolWithTag(Block, MI_TAG_QUOTA);
}

NTSTATUS MmSetQuotaLimit(_Inout_ PEPROCESS_QUOTA_BLOCK Block, _In_ PS_QUOTA_TYPE Type,
                         _In_ SIZE_T Limit) {
    PEPROCESS_QUOTA_ENTRY Entry = &Block->QuotaEntry[Type];
    if (Limit > MI_NO_LIMIT) {
        Limit = MI_NO_LIMIT;
    }
    if (Entry->Usage > (LONG64)Limit) {
        return STATUS_QUOTA_EXCEEDED;
    }
    Entry->Limit = (LONG64)Limit;
    if (Entry->Mark > (LONG64)Limit) {
        Entry->Mark = (LONG64)Limit;
    }
    return STATUS_SUCCESS;
}

/* ---- Charges ---- */

static PS_QUOTA_TYPE MiQuotaTypeOf(int PoolType) {
    return (PoolType & PagedPool) != 0 ? PsPagedPool : PsNonPagedPool;
}

NTSTATUS PsChargeProcessPoolQuota(_In_ PEPROCESS Process, _In_ int PoolType, _In_ SIZE_T Amount) {
    return MiCharge(Process->QuotaBlock, MiQuotaTypeOf(PoolType), Amount) ? STATUS_SUCCESS
                                                                          : STATUS_QUOTA_EXCEEDED;
}

VOID PsChargePoolQuota(_In_ PEPROCESS Process, _In_ int PoolType, _In_ SIZE_T Amount) {
    NTSTATUS Status = PsChargeProcessPoolQuota(Process, PoolType, Amount);
    if (!NT_SUCCESS(Status)) {
        RtlRaiseStatus(Status);
    }
}

VOID PsReturnPoolQuota(_In_ PEPROCESS Process, _In_ int PoolType, _In_ SIZE_T Amount) {
    MiReturn(Process->QuotaBlock, MiQuotaTypeOf(PoolType), Amount);
}

PEPROCESS_QUOTA_BLOCK PsChargeSharedPoolQuota(_In_ PEPROCESS Process, _In_ SIZE_T PagedAmount,
                                              _In_ SIZE_T NonPagedAmount) {
    PEPROCESS_QUOTA_BLOCK Block = Process->QuotaBlock;
    if (PagedAmount != 0 && !MiCharge(Block, PsPagedPool, PagedAmount)) {
        return NULL;
    }
    if (NonPagedAmount != 0 && !MiCharge(Block, PsNonPagedPool, NonPagedAmount)) {
        MiReturn(Block, PsPagedPool, PagedAmount);
        return NULL;
    }
    InterlockedIncrement64(&Block->ReferenceCount);
    return Block;
}

VOID PsReturnSharedPoolQuota(_In_ PEPROCESS_QUOTA_BLOCK Block, _In_ SIZE_T PagedAmount,
                             _In_ SIZE_T NonPagedAmount) {
    MiReturn(Block, PsPagedPool, PagedAmount);
    MiReturn(Block, PsNonPagedPool, NonPagedAmount);
    MmDereferenceQuotaBlock(Block);
}

/* ---- Pool that is charged as long as it is allocated ---- */

VOID MiReturnPoolQuota(_In_ PEPROCESS_QUOTA_BLOCK Block, _In_ ULONG Pool, _In_ SIZE_T Bytes) {
    PsReturnSharedPoolQuota(Block, Pool == MI_PAGED ? Bytes : 0, Pool == MI_PAGED ? 0 : Bytes);
}

NTSTATUS MmAllocatePoolWithQuota(_In_opt_ PEPROCESS Process, _In_ POOL_FLAGS Flags,
                                 _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag, _Out_ PVOID *Memory) {
    ULONG Pool = (Flags & POOL_FLAG_PAGED) != 0 ? MI_PAGED : MI_NONPAGED;
    ULONG Kind = Pool | ((Flags & POOL_FLAG_CACHE_ALIGNED) != 0 ? MI_ALIGNED : 0);
    SIZE_T Bytes = MiPoolBytes(Kind, NumberOfBytes);
    *Memory = NULL;
    PEPROCESS_QUOTA_BLOCK Block =
        PsChargeSharedPoolQuota(Process != NULL ? Process : PsGetCurrentProcess(),
                                Pool == MI_PAGED ? Bytes : 0, Pool == MI_PAGED ? 0 : Bytes);
    if (Block == NULL) {
        return STATUS_QUOTA_EXCEEDED;
    }
    *Memory = ExAllocatePool2(Flags & ~(POOL_FLAG_USE_QUOTA | POOL_FLAG_RAISE_ON_FAILURE),
                              NumberOfBytes, Tag);
    if (*Memory == NULL) {
        MiReturnPoolQuota(Block, Pool, Bytes);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MiBillPool(*Memory, Block);
    return STATUS_SUCCESS;
}

PVOID ExAllocatePoolWithQuotaTag(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                 _In_ ULONG Tag) {
    POOL_FLAGS Flags = POOL_FLAG_UNINITIALIZED;
    Flags |= (PoolType & PagedPool) != 0 ? POOL_FLAG_PAGED : POOL_FLAG_NON_PAGED;
    Flags |= (PoolType & NonPagedPoolCacheAligned) != 0 ? POOL_FLAG_CACHE_ALIGNED : 0;
    PVOID Block;
    NTSTATUS Status = MmAllocatePoolWithQuota(NULL, Flags, NumberOfBytes, Tag, &Block);
    if (!NT_SUCCESS(Status) && (PoolType & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0) {
        RtlRaiseStatus(Status);
    }
    return Block;
}
