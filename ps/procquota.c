/*
 * ProcessQuotaLimits: how much pool a process may hold (mm/pool/quota.c).
 *
 * Windows keeps the sizes of the working set in the same structure. Working sets are not limited
 * here, so the query gives the sizes that Windows gives to a new process, and nothing but these can
 * be set. Source: winnt.h, QUOTA_LIMITS; phnt.
 */
#include "psp.h"

/* A new process's, as Windows has it: 50 and 345 pages. */
#define PSP_MINIMUM_WORKING_SET (50 * PAGE_SIZE)
#define PSP_MAXIMUM_WORKING_SET (345 * PAGE_SIZE)
#define PSP_NO_LIMIT            (~(SIZE_T)0)

VOID PspQueryQuotaLimits(const EPROCESS *Process, PQUOTA_LIMITS Limits) {
    const EPROCESS_QUOTA_BLOCK *Block = Process->QuotaBlock;
    *Limits = (QUOTA_LIMITS){
        .PagedPoolLimit = (SIZE_T)Block->QuotaEntry[PsPagedPool].Limit,
        .NonPagedPoolLimit = (SIZE_T)Block->QuotaEntry[PsNonPagedPool].Limit,
        .MinimumWorkingSetSize = PSP_MINIMUM_WORKING_SET,
        .MaximumWorkingSetSize = PSP_MAXIMUM_WORKING_SET,
        .PagefileLimit = PSP_NO_LIMIT,
        .TimeLimit.QuadPart = -1,
    };
}

/* What cannot be changed must be what it is, or 0, which leaves it. */
static BOOLEAN PspKeepsOtherLimits(const QUOTA_LIMITS *Limits) {
    return (Limits->MinimumWorkingSetSize == 0 ||
            Limits->MinimumWorkingSetSize == PSP_MINIMUM_WORKING_SET) &&
           (Limits->MaximumWorkingSetSize == 0 ||
            Limits->MaximumWorkingSetSize == PSP_MAXIMUM_WORKING_SET) &&
           (Limits->PagefileLimit == 0 || Limits->PagefileLimit == PSP_NO_LIMIT) &&
           (Limits->TimeLimit.QuadPart == 0 || Limits->TimeLimit.QuadPart == -1);
}

static NTSTATUS PspSetQuotaLimit(PEPROCESS_QUOTA_BLOCK Block, PS_QUOTA_TYPE Type, SIZE_T Limit) {
    return Limit != 0 ? MmSetQuotaLimit(Block, Type, Limit) : STATUS_SUCCESS;
}

/* A program may lower limits; raising one takes SeIncreaseQuotaPrivilege, which no program has.
   STATUS_PRIVILEGE_NOT_HELD, STATUS_QUOTA_EXCEEDED, STATUS_NOT_IMPLEMENTED. */
NTSTATUS PspSetQuotaLimits(EPROCESS *Process, const QUOTA_LIMITS *Limits) {
    PEPROCESS_QUOTA_BLOCK Block = Process->QuotaBlock;
    if (!PspKeepsOtherLimits(Limits))
        return STATUS_NOT_IMPLEMENTED;
    if (ExGetPreviousMode() != KernelMode &&
        (Limits->PagedPoolLimit > (SIZE_T)Block->QuotaEntry[PsPagedPool].Limit ||
         Limits->NonPagedPoolLimit > (SIZE_T)Block->QuotaEntry[PsNonPagedPool].Limit))
        return STATUS_PRIVILEGE_NOT_HELD;
    NTSTATUS Status = PspSetQuotaLimit(Block, PsPagedPool, Limits->PagedPoolLimit);
    if (NT_SUCCESS(Status))
        Status = PspSetQuotaLimit(Block, PsNonPagedPool, Limits->NonPagedPoolLimit);
    return Status;
}
