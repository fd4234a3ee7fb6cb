/*
 * quota.h - how much pool a process may hold (mm/pool/quota.c has the essay)
 *
 * Pool is shared by all programs, so each allocation that a program causes and that outlives the
 * call is charged to its process, up to a limit. Included by ps.h.
 */
#ifndef VITRINE_QUOTA_H
#define VITRINE_QUOTA_H

#include "ntdef.h"

typedef struct _EPROCESS EPROCESS, *PEPROCESS;

typedef enum _PS_QUOTA_TYPE {
    PsNonPagedPool = 0,
    PsPagedPool = 1,
    PsPoolQuotaTypes = 2 /* Windows has PsPageFile next: commit is not limited by process here */
} PS_QUOTA_TYPE;

/*
 * Bytes. Usage is changed by interlocked operations only. Mark is the smaller one of Peak and
 * Limit: a charge that stays below it needs no further look. Mark, Peak and Limit change under no
 * lock and may lag a moment behind each other.
 */
typedef struct _EPROCESS_QUOTA_ENTRY {
    volatile LONG64 Usage;
    volatile LONG64 Mark;
    volatile LONG64 Peak;
    volatile LONG64 Limit;
} EPROCESS_QUOTA_ENTRY, *PEPROCESS_QUOTA_ENTRY;

/* From pool in whole cache lines, since each charge writes to it. ReferenceCount: one for the
 * process, one for each shared charge. */
typedef struct _EPROCESS_QUOTA_BLOCK {
    EPROCESS_QUOTA_ENTRY QuotaEntry[PsPoolQuotaTypes]; /* PS_QUOTA_TYPE */
    volatile LONG64 ReferenceCount;
} EPROCESS_QUOTA_BLOCK, *PEPROCESS_QUOTA_BLOCK;

/* The System process's: without a limit. It is never freed. */
extern EPROCESS_QUOTA_BLOCK PspDefaultQuotaBlock;

/* ---- Blocks ---- */

/*
 * A block with the default limits and one reference, the process's; NULL without memory. Blocks
 * vanish with their last reference: objects that outlive their process stay charged to its block.
 * IRQL <= DISPATCH_LEVEL.
 */
PEPROCESS_QUOTA_BLOCK MmCreateQuotaBlock(VOID);
DECLSPEC_RARE VOID MmDeleteQuotaBlock(_In_ PEPROCESS_QUOTA_BLOCK Block);

FORCEINLINE VOID MmDereferenceQuotaBlock(_In_ PEPROCESS_QUOTA_BLOCK Block) {
    if (__atomic_sub_fetch(&Block->ReferenceCount, 1, __ATOMIC_SEQ_CST) == 0) {
        MmDeleteQuotaBlock(Block);
    }
}

/*
 * Sets a limit in bytes. STATUS_QUOTA_EXCEEDED: more is in use. IRQL <= DISPATCH_LEVEL.
 */
NTSTATUS MmSetQuotaLimit(_Inout_ PEPROCESS_QUOTA_BLOCK Block, _In_ PS_QUOTA_TYPE Type,
                         _In_ SIZE_T Limit);

/* ---- One counter, in line ---- */

/* The checked build goes the long way, where a charge can be refused for a test (poolfail.c). */
#if DBG
#define QUOTA_IN_LINE FALSE
#else
#define QUOTA_IN_LINE TRUE
#endif

/* Charges what does not make a new peak. FALSE: nothing has changed. */
FORCEINLINE BOOLEAN PsChargeQuotaInLine(_Inout_ PEPROCESS_QUOTA_ENTRY Entry, _In_ LONG64 Amount) {
    if (__atomic_fetch_add(&Entry->Usage, Amount, __ATOMIC_SEQ_CST) + Amount <= Entry->Mark) {
        return TRUE;
    }
    __atomic_sub_fetch(&Entry->Usage, Amount, __ATOMIC_SEQ_CST);
    return FALSE;
}

FORCEINLINE VOID PsReturnQuotaInLine(_Inout_ PEPROCESS_QUOTA_ENTRY Entry, _In_ LONG64 Amount) {
    __atomic_sub_fetch(&Entry->Usage, Amount, __ATOMIC_SEQ_CST);
}

/* ---- Charges that the process itself holds ---- */

/*
 * Charges Amount bytes of the pool type to a process, which has to live until they are returned.
 * STATUS_QUOTA_EXCEEDED; PsChargePoolQuota raises it. IRQL <= DISPATCH_LEVEL, PsChargePoolQuota <=
 * APC_LEVEL. Source: WDK, ntifs.h.
 */
NTSTATUS PsChargeProcessPoolQuota(_In_ PEPROCESS Process, _In_ int PoolType, _In_ SIZE_T Amount);
VOID PsChargePoolQuota(_In_ PEPROCESS Process, _In_ int PoolType, _In_ SIZE_T Amount);
VOID PsReturnPoolQuota(_In_ PEPROCESS Process, _In_ int PoolType, _In_ SIZE_T Amount);

/* ---- Charges that may outlive the process ---- */

/*
 * Charges both kinds of pool, and references the block that was charged, which is returned; NULL:
 * the quota is exceeded. PsReturnSharedPoolQuota takes all of it back. IRQL <= DISPATCH_LEVEL.
 */
PEPROCESS_QUOTA_BLOCK PsChargeSharedPoolQuota(_In_ PEPROCESS Process, _In_ SIZE_T PagedAmount,
                                              _In_ SIZE_T NonPagedAmount);
VOID PsReturnSharedPoolQuota(_In_ PEPROCESS_QUOTA_BLOCK Block, _In_ SIZE_T PagedAmount,
                             _In_ SIZE_T NonPagedAmount);

#endif
