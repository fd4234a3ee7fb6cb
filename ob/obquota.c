/*
 * obquota.c - what objects are charged with
 *
 * An object is charged when it gets its first handle, to the process that made it: with the charges
 * of its type, or with others that its creator gave (OBJECT_HEADER_QUOTA_INFO). They stand for the
 * header and the body; names and what else an object holds are blocks of pool with charges of their
 * own. The charge is returned with the object's memory. An object that never gets a handle, and
 * stays the kernel's own affair, is charged too, once it is inserted.
 */
#include "obp.h"

typedef struct _OBP_CHARGES {
    SIZE_T Paged, NonPaged;
} OBP_CHARGES;

static OBP_CHARGES ObpChargesOf(POBJECT_HEADER Header, POBJECT_TYPE Type) {
    POBJECT_HEADER_QUOTA_INFO Quota = ObpOptionalHeader(Header, OB_INFOMASK_QUOTA);
    if (Quota != NULL) {
        return (OBP_CHARGES){Quota->PagedPoolCharge, Quota->NonPagedPoolCharge};
    }
    return (OBP_CHARGES){Type->TypeInfo.DefaultPagedPoolCharge,
                         Type->TypeInfo.DefaultNonPagedPoolCharge};
}

DECLSPEC_RARE BOOLEAN ObpEndAnyCreation(_Inout_ POBJECT_HEADER Header) {
    OBP_CHARGES Charges = ObpChargesOf(Header, ObpGetObjectType(Header));
    PEPROCESS_QUOTA_BLOCK Block =
        PsChargeSharedPoolQuota(PsGetCurrentProcess(), Charges.Paged, Charges.NonPaged);
    if (Block == NULL) {
        return FALSE;
    }
    ObpFreeCreateInformation(Header);
    Header->QuotaBlockCharged = Block;
    return TRUE;
}

VOID ObpReturnAnyQuota(_In_ POBJECT_HEADER Header, _In_ POBJECT_TYPE Type) {
    OBP_CHARGES Charges = ObpChargesOf(Header, Type);
    if (Header->QuotaBlockCharged != NULL) {
        PsReturnSharedPoolQuota(Header->QuotaBlockCharged, Charges.Paged, Charges.NonPaged);
    }
}
