/*
 * Private memory: reserve and commit.
 *
 * To reserve is to put a VAD into the tree: addresses, no memory. To commit is to promise memory:
 * the pages are charged against what the machine has, so the promise can be kept, and the first
 * touch finds a zeroed page (fault.c). Freeing is in freevm.c, protecting in protect.c.
 */
#include "mip.h"

/* Highest page number for the ZeroBits argument: a count of high zero bits, or a mask. */
static ULONG_PTR MiHighestVpn(ULONG_PTR ZeroBits) {
    ULONG_PTR Highest = (ULONG_PTR)MM_HIGHEST_USER_ADDRESS;
    if (ZeroBits != 0 && ZeroBits < 32) {
        Highest = 0xFFFFFFFFULL >> ZeroBits;
    } else if (ZeroBits >= 32) {
        ULONG_PTR Mask = ~0ULL >> __builtin_clzll(ZeroBits);
        Highest = min(Highest, Mask);
    }
    return MI_VA_TO_VPN(Highest);
}

/* 22 to 31 high zero bits of 32 leave too little to be meant. */
NTSTATUS MiCheckZeroBits(_In_ ULONG_PTR ZeroBits) {
    return ZeroBits > 21 && ZeroBits < 32 ? STATUS_INVALID_PARAMETER_3 : STATUS_SUCCESS;
}

NTSTATUS MiSelectAddress(_In_ PEPROCESS Process, _In_ SIZE_T Size, _In_ ULONG_PTR ZeroBits,
                         _In_ BOOLEAN TopDown, _Out_ PULONG_PTR StartingVpn) {
    ULONG_PTR Pages = BYTES_TO_PAGES(Size);
    ULONG_PTR Lowest = MI_VA_TO_VPN(MM_LOWEST_USER_ADDRESS);
    ULONG_PTR Highest = MiHighestVpn(ZeroBits);
    BOOLEAN Found = TopDown
                        ? MiFindEmptyAddressRangeDown(&Process->VadRoot, Pages, MI_ALLOCATION_PAGES,
                                                      Lowest, Highest, StartingVpn)
                        : MiFindEmptyAddressRange(&Process->VadRoot, Pages, MI_ALLOCATION_PAGES,
                                                  Lowest, Highest, StartingVpn);
    return Found ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

VOID MiInsertProcessVad(_Inout_ PEPROCESS Process, _Inout_ PMMVAD_SHORT Vad) {
    SIZE_T Size = (MiGetVadEndingVpn(Vad) - MiGetVadStartingVpn(Vad) + 1) << PAGE_SHIFT;
    NT_ASSERT(MiIsPlaceForVad(MI_VPN_TO_VA(MiGetVadStartingVpn(Vad)), Size));
    MiLockWorkingSet(Process);
    MiInsertVad(&Process->VadRoot, Vad);
    Process->VadCount++;
    MiUnlockWorkingSet(Process);
    Process->VirtualSize += Size;
    if (Process->VirtualSize > Process->PeakVirtualSize) {
        Process->PeakVirtualSize = Process->VirtualSize;
    }
}

/* ---- Reserve ---- */

/* Where the new range goes: *First holds the wish (0: none) and receives the answer. */
static NTSTATUS MiPlaceRange(PEPROCESS Process, PULONG_PTR First, PULONG_PTR Last, PVOID Base,
                             SIZE_T Size, ULONG_PTR ZeroBits, ULONG AllocationType) {
    NTSTATUS Status;
    if (Base == NULL) {
        Status =
            MiSelectAddress(Process, Size, ZeroBits, (AllocationType & MEM_TOP_DOWN) != 0, First);
        *Last = *First + BYTES_TO_PAGES(Size) - 1;
        return Status;
    }
    *First = MI_VA_TO_VPN(ALIGN_DOWN_BY(Base, X64K));
    *Last = MI_VA_TO_VPN((ULONG_PTR)Base + Size - 1);
    return MiCheckForConflictingVad(&Process->VadRoot, *First, *Last) != NULL
               ? STATUS_CONFLICTING_ADDRESSES
               : STATUS_SUCCESS;
}

static NTSTATUS MiReserveMemory(PEPROCESS Process, PVOID *Base, ULONG_PTR ZeroBits, PSIZE_T Size,
                                ULONG AllocationType, ULONG Protection) {
    BOOLEAN Commit = (AllocationType & MEM_COMMIT) != 0;
    ULONG_PTR First, Last;
    PMMVAD_SHORT Vad;
    NTSTATUS Status = MiPlaceRange(Process, &First, &Last, *Base, *Size, ZeroBits, AllocationType);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = MiAllocateVad(Process, sizeof(*Vad), (PVOID *)&Vad);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Commit && !MiChargeCommitment(Last - First + 1)) {
        MiFreeVad(Process, Vad);
        return STATUS_COMMITMENT_LIMIT;
    }
    MiSetVadRange(Vad, First, Last);
    Vad->u.VadFlags.PrivateMemory = 1;
    Vad->u1.VadFlags1.MemCommit = Commit;
    Vad->u.VadFlags.Protection = Protection;
    MiInsertProcessVad(Process, Vad);
    if (Commit) {
        MiChargeProcess(Process, Vad, (SSIZE_T)(Last - First + 1));
    }
    *Base = MI_VPN_TO_VA(First);
    *Size = (Last - First + 1) << PAGE_SHIFT;
    return STATUS_SUCCESS;
}

/* ---- Commit ---- */

/* Makes one page of private memory committed with Protection; *Taken counts those that were not. */
static NTSTATUS MiCommitPage(PEPROCESS Process, PMMVAD_SHORT Vad, ULONG_PTR Vpn, ULONG Protection,
                             PULONG_PTR Taken) {
    ULONG Old = MiGetPageProtection(Vad, Vpn);
    NTSTATUS Status = STATUS_SUCCESS;
    if (Old != Protection) {
        Status = MiSetPageProtection(Process, Vad, Vpn, Protection);
    }
    if (NT_SUCCESS(Status) && Old == MM_ZERO_ACCESS) {
        ++*Taken;
    }
    return Status;
}

/*
 * Commits pages of private memory. Without memory for page tables the pages done so far stay
 * committed, as charged.
 */
static NTSTATUS MiCommitPrivate(PEPROCESS Process, PMMVAD_SHORT Vad, ULONG_PTR First,
                                ULONG_PTR Last, ULONG Protection) {
    ULONG_PTR Needed = Last - First + 1 - MiCountCommittedPages(Vad, First, Last);
    ULONG_PTR Taken = 0;
    NTSTATUS Status = STATUS_SUCCESS;
    if (!MiChargeCommitment(Needed)) {
        return STATUS_COMMITMENT_LIMIT;
    }
    MiLockWorkingSet(Process);
    if (MiGetVadCommitCharge(Vad) == 0 && !Vad->u1.VadFlags1.MemCommit &&
        First == MiGetVadStartingVpn(Vad) && Last == MiGetVadEndingVpn(Vad)) {
        Vad->u1.VadFlags1.MemCommit = 1; /* all of it at once: the VAD says so for every page */
        Vad->u.VadFlags.Protection = Protection;
        Taken = Needed;
    } else {
        for (ULONG_PTR Vpn = First; Vpn <= Last && NT_SUCCESS(Status); Vpn++) {
            Status = MiCommitPage(Process, Vad, Vpn, Protection, &Taken);
        }
    }
    MiUnlockWorkingSet(Process);
    MiReturnCommitment(Needed - Taken);
    MiChargeProcess(Process, Vad, (SSIZE_T)Taken);
    return Status;
}

/* Commits pages of a section of memory (SEC_RESERVE), for all who map it. */
static NTSTATUS MiCommitSection(PMMVAD_SHORT Vad, ULONG_PTR First, ULONG_PTR Last) {
    PCONTROL_AREA ControlArea = MiGetVadControlArea(Vad);
    PMMPTE FirstPte = MiGetPrototypePte(Vad, First);
    PMMPTE LastPte = MiGetPrototypePte(Vad, Last);
    if (FirstPte == NULL || LastPte == NULL) {
        return STATUS_CONFLICTING_ADDRESSES;
    }
    return MiCommitPrototypes(ControlArea, FirstPte, LastPte);
}

static NTSTATUS MiCommitMemory(PEPROCESS Process, PVOID *Base, PSIZE_T Size, ULONG Protection) {
    ULONG_PTR First = MI_VA_TO_VPN(*Base);
    ULONG_PTR Last = MI_VA_TO_VPN((ULONG_PTR)*Base + *Size - 1);
    PMMVAD_SHORT Vad = MiLocateVad(&Process->VadRoot, First);
    NTSTATUS Status;
    if (Vad == NULL || Last > MiGetVadEndingVpn(Vad) || Vad->u.VadFlags.NoChange) {
        return STATUS_CONFLICTING_ADDRESSES;
    }
    if (Vad->u.VadFlags.PrivateMemory) {
        Status = MiCommitPrivate(Process, Vad, First, Last, Protection);
    } else if (MiGetControlAreaFile(MiGetVadControlArea(Vad)) == NULL) {
        Status = MiCommitSection(Vad, First, Last);
    } else {
        Status = STATUS_ALREADY_COMMITTED;
    }
    *Base = MI_VPN_TO_VA(First);
    *Size = (Last - First + 1) << PAGE_SHIFT;
    return Status;
}

/* ---- The door ---- */

#define MI_ALLOCATION_TYPES (MEM_COMMIT | MEM_RESERVE | MEM_TOP_DOWN | MEM_RESET | MEM_WRITE_WATCH)

/* What can be said without the region. */
NTSTATUS MiCheckAllocationType(_In_ ULONG_PTR ZeroBits, _In_ ULONG AllocationType,
                               _In_ ULONG Protect) {
    ULONG Kind = AllocationType & (MEM_COMMIT | MEM_RESERVE | MEM_RESET);
    ULONG Protection = MiMakeProtectionMask(Protect);
    NTSTATUS Status = MiCheckZeroBits(ZeroBits);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if ((AllocationType & ~(ULONG)MI_ALLOCATION_TYPES) != 0 || Kind == 0 ||
        ((Kind & MEM_RESET) != 0 && Kind != MEM_RESET)) {
        return STATUS_INVALID_PARAMETER_5;
    }
    if (Protection == MM_INVALID_PROTECTION || Protection == MM_WRITECOPY ||
        Protection == MM_EXECUTE_WRITECOPY) {
        return STATUS_INVALID_PAGE_PROTECTION;
    }
    return STATUS_SUCCESS;
}

/* And with it. */
NTSTATUS MiCheckAllocationRange(_In_ PVOID Base, _In_ SIZE_T Size, _In_ ULONG AllocationType) {
    if (!MI_IS_USER_ADDRESS(Base) ||
        (Base != NULL && (AllocationType & MEM_RESERVE) && Base < MM_LOWEST_USER_ADDRESS)) {
        return STATUS_INVALID_PARAMETER_2;
    }
    return Size != 0 && MiIsUserRange(Base, Size) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER_4;
}

NTSTATUS MmAllocateVirtualMemory(_Inout_ PEPROCESS Process, _Inout_ PVOID *BaseAddress,
                                 _In_ ULONG_PTR ZeroBits, _Inout_ PSIZE_T RegionSize,
                                 _In_ ULONG AllocationType, _In_ ULONG Protect) {
    ULONG Protection = MiMakeProtectionMask(Protect);
    KAPC_STATE ApcState;
    NTSTATUS Status = MiCheckAllocationType(ZeroBits, AllocationType, Protect);
    if (NT_SUCCESS(Status)) {
        Status = MiCheckAllocationRange(*BaseAddress, *RegionSize, AllocationType);
    }
    if (!NT_SUCCESS(Status) || (AllocationType & MEM_RESET)) {
        return Status; /* MEM_RESET is advice: the contents may be kept */
    }
    if (*BaseAddress == NULL) {
        AllocationType |= MEM_RESERVE;
    }
    MiAttachProcess(Process, &ApcState);
    MiLockAddressSpace(Process);
    if (Process->AddressSpaceInitialized == MI_ADDRESS_SPACE_DELETED) {
        Status = STATUS_PROCESS_IS_TERMINATING;
    } else if (AllocationType & MEM_RESERVE) {
        Status =
            MiReserveMemory(Process, BaseAddress, ZeroBits, RegionSize, AllocationType, Protection);
    } else {
        Status = MiCommitMemory(Process, BaseAddress, RegionSize, Protection);
    }
    MiUnlockAddressSpace(Process);
    MiDetachProcess(Process, &ApcState);
    return Status;
}
