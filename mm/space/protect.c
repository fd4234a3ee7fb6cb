/*
 * Changing the protection of committed pages.
 *
 * All pages must belong to one VAD and be committed; that is checked before any is changed. A page
 * of a view may be given no more than its section allows. In an image "writable" means
 * copy-on-write, and the pages that become so are charged: each may become a private page.
 */
#include "mip.h"

static BOOLEAN MiIsCopyOnWrite(ULONG Protection) {
    return Protection != MM_NOACCESS && (Protection & MM_WRITECOPY) == MM_WRITECOPY;
}

/* May a view whose section was made with SectionProtect be given Protection? */
static NTSTATUS MiCheckViewProtection(PMMVAD Vad, ULONG Protection) {
    ULONG Access = Protection & MM_PROTECTION_ACCESS;
    ULONG Section = Vad->SectionProtection & MM_PROTECTION_ACCESS;
    if (Vad->Core.u.VadFlags.VadType == VadImageMap || Protection == MM_NOACCESS) {
        return STATUS_SUCCESS;
    }
    if ((Access == MM_READWRITE || Access == MM_EXECUTE_READWRITE) && Section != MM_READWRITE &&
        Section != MM_EXECUTE_READWRITE) {
        return STATUS_SECTION_PROTECTION;
    }
    if ((Access & MM_EXECUTE) && !(Section & MM_EXECUTE)) {
        return STATUS_SECTION_PROTECTION;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS MiCheckProtection(PMMVAD_SHORT Vad, ULONG_PTR First, ULONG_PTR Last,
                                  ULONG Protection) {
    if (Vad->u.VadFlags.NoChange) {
        return STATUS_INVALID_PAGE_PROTECTION;
    }
    if (Vad->u.VadFlags.PrivateMemory) {
        if (MiIsCopyOnWrite(Protection)) {
            return STATUS_INVALID_PAGE_PROTECTION;
        }
    } else {
        NTSTATUS Status = MiCheckViewProtection((PMMVAD)Vad, Protection);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    for (ULONG_PTR Vpn = First; Vpn <= Last; Vpn++) {
        if (Vad->u.VadFlags.PrivateMemory && Vad->u1.VadFlags1.MemCommit) {
            Vpn = MiSkipAbsentPageTables(Vpn); /* as the VAD says: committed */
            if (Vpn > Last) {
                break;
            }
        }
        if (MiGetPageProtection(Vad, Vpn) == MM_ZERO_ACCESS) {
            return STATUS_NOT_COMMITTED;
        }
    }
    return STATUS_SUCCESS;
}

/* What a page of a view is charged under a protection: a private copy is there, or may come. */
static SSIZE_T MiPageCharge(PMMVAD_SHORT Vad, ULONG_PTR Vpn, ULONG Protection) {
    PMMPTE Pte = MiGetUserPteIfPresent(MI_VPN_TO_VA(Vpn));
    BOOLEAN Image = Vad->u.VadFlags.VadType == VadImageMap;
    if (Pte != NULL && MiIsPrivatePage(*Pte)) {
        return 1;
    }
    return MiIsCopyOnWrite(Protection) ||
           (Image && Protection != MM_NOACCESS && (Protection & MM_READWRITE) != 0);
}

/* Pages of charge that a range of a view needs more (or less) than it has. */
static SSIZE_T MiCountNewCharge(PMMVAD_SHORT Vad, ULONG_PTR First, ULONG_PTR Last,
                                ULONG Protection) {
    SSIZE_T Count = 0;
    if (Vad->u.VadFlags.PrivateMemory) {
        return 0;
    }
    for (ULONG_PTR Vpn = First; Vpn <= Last; Vpn++) {
        Count += MiPageCharge(Vad, Vpn, Protection) -
                 MiPageCharge(Vad, Vpn, MiGetPageProtection(Vad, Vpn));
    }
    return Count;
}

static NTSTATUS MiProtectRange(PEPROCESS Process, PMMVAD_SHORT Vad, ULONG_PTR First, ULONG_PTR Last,
                               ULONG Protection, PULONG OldProtection) {
    NTSTATUS Status;
    SSIZE_T Charge;
    MiLockWorkingSet(Process);
    *OldProtection = MiGetPageProtection(Vad, First);
    Status = MiCheckProtection(Vad, First, Last, Protection);
    Charge = NT_SUCCESS(Status) ? MiCountNewCharge(Vad, First, Last, Protection) : 0;
    if (Charge > 0 && !MiChargeCommitment((ULONG_PTR)Charge)) {
        Charge = 0;
        Status = STATUS_COMMITMENT_LIMIT;
    }
    for (ULONG_PTR Vpn = First; Vpn <= Last && NT_SUCCESS(Status); Vpn++) {
        Status = MiSetPageProtection(Process, Vad, Vpn, Protection);
    }
    MiUnlockWorkingSet(Process);
    MiChargeProcess(Process, Vad, Charge);
    return Status;
}

NTSTATUS MmProtectVirtualMemory(_Inout_ PEPROCESS Process, _Inout_ PVOID *BaseAddress,
                                _Inout_ PSIZE_T RegionSize, _In_ ULONG NewProtect,
                                _Out_ PULONG OldProtect) {
    ULONG Protection = MiMakeProtectionMask(NewProtect);
    ULONG_PTR Base = (ULONG_PTR)*BaseAddress;
    ULONG_PTR First = MI_VA_TO_VPN(Base);
    ULONG_PTR Last = MI_VA_TO_VPN(Base + *RegionSize - 1);
    ULONG OldProtection = MM_ZERO_ACCESS;
    KAPC_STATE ApcState;
    PMMVAD_SHORT Vad;
    NTSTATUS Status;
    if (Protection == MM_INVALID_PROTECTION) {
        return STATUS_INVALID_PAGE_PROTECTION;
    }
    if (!MI_IS_USER_ADDRESS(*BaseAddress)) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (*RegionSize == 0 || !MiIsUserRange(*BaseAddress, *RegionSize)) {
        return STATUS_INVALID_PARAMETER_3;
    }
    MiAttachProcess(Process, &ApcState);
    MiLockAddressSpace(Process);
    Vad = MiLocateVad(&Process->VadRoot, First);
    if (Vad == NULL || Last > MiGetVadEndingVpn(Vad)) {
        Status = STATUS_CONFLICTING_ADDRESSES;
    } else {
        Status = MiProtectRange(Process, Vad, First, Last, Protection, &OldProtection);
    }
    MiUnlockAddressSpace(Process);
    MiDetachProcess(Process, &ApcState);
    *OldProtect = MiGetWin32Protection(OldProtection);
    if (NT_SUCCESS(Status)) {
        *BaseAddress = MI_VPN_TO_VA(First);
        *RegionSize = (Last - First + 1) << PAGE_SHIFT;
    }
    return Status;
}
