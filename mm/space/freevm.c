/*
 * Freeing private memory: decommit (the memory goes, the addresses stay taken) and release.
 */
#include "mip.h"

VOID MiDeleteVad(_Inout_ PEPROCESS Process, _In_ PMMVAD_SHORT Vad) {
    MiLockWorkingSet(Process);
    MiDeletePteRange(Process, MiGetVadStartingVpn(Vad), MiGetVadEndingVpn(Vad));
    MiRemoveVad(&Process->VadRoot, Vad);
    Process->VadHint = NULL;
    Process->VadCount--;
    MiUnlockWorkingSet(Process);
    Process->VirtualSize -= (MiGetVadEndingVpn(Vad) - MiGetVadStartingVpn(Vad) + 1) << PAGE_SHIFT;
    MiChargeProcess(Process, Vad, -(SSIZE_T)MiGetVadCommitCharge(Vad));
    if (Vad->u.VadFlags.VadType == VadImageMap) {
        MiTellDebugger(Process, MiGetVadControlArea(Vad), MI_VPN_TO_VA(MiGetVadStartingVpn(Vad)),
                       FALSE);
    }
    if (!Vad->u.VadFlags.PrivateMemory) {
        MiDereferenceView(MiGetVadControlArea(Vad));
    }
    MiFreeVad(Process, Vad);
}

/* Marks emptied pages of a range that is committed as a whole. STATUS_NO_MEMORY: page tables. */
static NTSTATUS MiMarkDecommitted(PEPROCESS Process, ULONG_PTR First, ULONG_PTR Last,
                                  PULONG_PTR Marked) {
    for (ULONG_PTR Vpn = First; Vpn <= Last; Vpn++) {
        PMMPTE Pte = MiMakeUserPte(Process, MI_VPN_TO_VA(Vpn));
        if (Pte == NULL) {
            return STATUS_NO_MEMORY;
        }
        if (Pte->u.Long == 0) {
            MiAddUsedPte(Pte);
        }
        MiWritePte(Pte, MiMakeSoftwarePte(MM_DECOMMIT));
        ++*Marked;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS MiDecommitRange(PEPROCESS Process, PMMVAD_SHORT Vad, ULONG_PTR First,
                                ULONG_PTR Last) {
    ULONG_PTR Committed, Left = 0, Marked = 0;
    NTSTATUS Status = STATUS_SUCCESS;
    MiLockWorkingSet(Process);
    Committed = MiCountCommittedPages(Vad, First, Last);
    MiDeletePteRange(Process, First, Last);
    if (First == MiGetVadStartingVpn(Vad) && Last == MiGetVadEndingVpn(Vad)) {
        Vad->u1.VadFlags1.MemCommit = 0;
    } else if (Vad->u1.VadFlags1.MemCommit) {
        Status = MiMarkDecommitted(Process, First, Last, &Marked);
        Left = Last - First + 1 - Marked; /* could not be marked: empty but committed */
    }
    MiUnlockWorkingSet(Process);
    MiChargeProcess(Process, Vad, (SSIZE_T)Left - (SSIZE_T)Committed);
    return Status;
}

/* Takes [First, Last] out of the middle of Vad: what lies behind becomes a VAD of its own. */
static NTSTATUS MiSplitVad(PEPROCESS Process, PMMVAD_SHORT Vad, ULONG_PTR First, ULONG_PTR Last) {
    PMMVAD_SHORT Tail;
    NTSTATUS Status = MiAllocateVad(Process, sizeof(*Tail), (PVOID *)&Tail);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    MiLockWorkingSet(Process);
    *Tail = *Vad;
    SIZE_T TailCharge = MiCountCommittedPages(Vad, Last + 1, MiGetVadEndingVpn(Vad));
    MiSetVadRange(Tail, Last + 1, MiGetVadEndingVpn(Vad));
    MiSetVadCommitCharge(Tail, TailCharge);
    MiSetVadCommitCharge(Vad, MiGetVadCommitCharge(Vad) - TailCharge);
    MiSetVadRange(Vad, MiGetVadStartingVpn(Vad), First - 1);
    MiInsertVad(&Process->VadRoot, Tail);
    Process->VadHint = NULL;
    Process->VadCount++;
    MiUnlockWorkingSet(Process);
    return STATUS_SUCCESS;
}

/*
 * Releases a part of a private range. Its pages go first, while the VAD still holds their place;
 * then the VAD shrinks. A split is prepared before anything is lost.
 */
static NTSTATUS MiReleasePart(PEPROCESS Process, PMMVAD_SHORT Vad, ULONG_PTR First,
                              ULONG_PTR Last) {
    ULONG_PTR Committed;
    NTSTATUS Status;
    MiLockWorkingSet(Process);
    Committed = MiCountCommittedPages(Vad, First, Last);
    MiUnlockWorkingSet(Process);
    if (First != MiGetVadStartingVpn(Vad) && Last != MiGetVadEndingVpn(Vad)) {
        Status = MiSplitVad(Process, Vad, First, Last);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    MiLockWorkingSet(Process);
    MiDeletePteRange(Process, First, Last);
    if (First == MiGetVadStartingVpn(Vad)) {
        MiSetVadRange(
            Vad, Last + 1,
            MiGetVadEndingVpn(Vad)); /* keeps its place in the tree: no other VAD is in between */
    } else if (Last == MiGetVadEndingVpn(Vad)) {
        MiSetVadRange(Vad, MiGetVadStartingVpn(Vad), First - 1);
    }
    MiUnlockWorkingSet(Process);
    Process->VirtualSize -= (Last - First + 1) << PAGE_SHIFT;
    MiChargeProcess(Process, Vad, -(SSIZE_T)Committed);
    return STATUS_SUCCESS;
}

static NTSTATUS MiFreeRange(PEPROCESS Process, PVOID *Base, PSIZE_T Size, ULONG FreeType) {
    ULONG_PTR First = MI_VA_TO_VPN(*Base);
    ULONG_PTR Last = MI_VA_TO_VPN((ULONG_PTR)*Base + *Size - 1);
    PMMVAD_SHORT Vad = MiLocateVad(&Process->VadRoot, First);
    NTSTATUS Status;
    if (Vad == NULL) {
        return STATUS_MEMORY_NOT_ALLOCATED;
    }
    if (Vad->u.VadFlags.NoChange) {
        return STATUS_INVALID_PAGE_PROTECTION;
    }
    if (!Vad->u.VadFlags.PrivateMemory) {
        return STATUS_UNABLE_TO_DELETE_SECTION;
    }
    if (*Size == 0) {
        if (First != MiGetVadStartingVpn(Vad)) {
            return STATUS_FREE_VM_NOT_AT_BASE;
        }
        Last = MiGetVadEndingVpn(Vad);
    } else if (Last > MiGetVadEndingVpn(Vad)) {
        return STATUS_UNABLE_TO_FREE_VM;
    }
    *Base = MI_VPN_TO_VA(First);
    *Size = (Last - First + 1) << PAGE_SHIFT;
    if (FreeType == MEM_DECOMMIT) {
        Status = MiDecommitRange(Process, Vad, First, Last);
    } else if (First == MiGetVadStartingVpn(Vad) && Last == MiGetVadEndingVpn(Vad)) {
        MiDeleteVad(Process, Vad);
        Status = STATUS_SUCCESS;
    } else {
        Status = MiReleasePart(Process, Vad, First, Last);
    }
    return Status;
}

NTSTATUS MmFreeVirtualMemory(_Inout_ PEPROCESS Process, _Inout_ PVOID *BaseAddress,
                             _Inout_ PSIZE_T RegionSize, _In_ ULONG FreeType) {
    KAPC_STATE ApcState;
    NTSTATUS Status;
    if (FreeType != MEM_DECOMMIT && FreeType != MEM_RELEASE) {
        return STATUS_INVALID_PARAMETER_4;
    }
    if (!MI_IS_USER_ADDRESS(*BaseAddress)) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (!MiIsUserRange(*BaseAddress, *RegionSize)) {
        return STATUS_INVALID_PARAMETER_3;
    }
    MiAttachProcess(Process, &ApcState);
    MiLockAddressSpace(Process);
    Status = MiFreeRange(Process, BaseAddress, RegionSize, FreeType);
    MiUnlockAddressSpace(Process);
    MiDetachProcess(Process, &ApcState);
    return Status;
}
