/*
 * The pages of a range: what the VAD and the PTEs say together.
 *
 * A VAD gives the default for all of its pages, a PTE the exception. A zero PTE, or no page table,
 * means "as the VAD says": committed with its protection (MemCommit), reserved, or, in a view, the
 * prototype PTE at that place. So a gigabyte can be committed without one page table.
 *
 *   PTE             private memory                     view of a section
 *   valid           the page                           the shared page, or a private copy of it
 *   zero            the VAD's state                    the prototype PTE's state
 *   software        not touched yet, own protection    -
 *   MM_DECOMMIT     not committed, though the VAD is   -
 *   prototype       -                                  behind the VAD's prototype, own protection
 *   transition      in memory, guard or no access      a private copy, guard or no access
 */
#include "mip.h"

/* Faults come in flocks: the last VAD found is tried first. */
PMMVAD_SHORT MiFindVad(_In_ PEPROCESS Process, _In_ ULONG_PTR Vpn) {
    PMMVAD_SHORT Vad = Process->VadHint;
    if (Vad != NULL && MiGetVadStartingVpn(Vad) <= Vpn && Vpn <= MiGetVadEndingVpn(Vad)) {
        return Vad;
    }
    Vad = MiLocateVad(&Process->VadRoot, Vpn);
    if (Vad != NULL) {
        Process->VadHint = Vad;
    }
    return Vad;
}

PMMPTE MiGetPrototypePte(_In_ PMMVAD_SHORT Vad, _In_ ULONG_PTR Vpn) {
    PMMVAD View = (PMMVAD)Vad;
    PMMPTE Proto;
    if (Vad->u.VadFlags.PrivateMemory) {
        return NULL;
    }
    Proto = View->FirstPrototypePte + (Vpn - MiGetVadStartingVpn(Vad));
    return Proto <= View->LastContiguousPte ? Proto : NULL;
}

/* Protection of a page whose PTE is zero. */
static ULONG MiDefaultProtection(PMMVAD_SHORT Vad, ULONG_PTR Vpn) {
    PMMPTE Proto;
    if (Vad->u.VadFlags.PrivateMemory) {
        return Vad->u1.VadFlags1.MemCommit ? Vad->u.VadFlags.Protection : MM_ZERO_ACCESS;
    }
    Proto = MiGetPrototypePte(Vad, Vpn);
    if (Proto == NULL || Proto->u.Long == 0) {
        return MM_ZERO_ACCESS;
    }
    return Vad->u.VadFlags.VadType == VadImageMap ? MiGetPteProtection(*Proto)
                                                  : Vad->u.VadFlags.Protection;
}

ULONG MiGetPageProtection(_In_ PMMVAD_SHORT Vad, _In_ ULONG_PTR Vpn) {
    PMMPTE Pte = MiGetUserPteIfPresent(MI_VPN_TO_VA(Vpn));
    ULONG Protection;
    if (Pte == NULL || Pte->u.Long == 0) {
        return MiDefaultProtection(Vad, Vpn);
    }
    Protection = MiGetPteProtection(*Pte);
    return Protection == MM_DECOMMIT ? MM_ZERO_ACCESS : Protection;
}

ULONG_PTR MiSkipAbsentPageTables(_In_ ULONG_PTR Vpn) {
    static const ULONG Shift[] = {PXI_SHIFT - PAGE_SHIFT, PPI_SHIFT - PAGE_SHIFT,
                                  PDI_SHIFT - PAGE_SHIFT};
    ULONG_PTR Last = MI_VA_TO_VPN(MM_HIGHEST_USER_ADDRESS);
    while (Vpn <= Last) {
        PVOID Va = MI_VPN_TO_VA(Vpn);
        ULONG Level;
        if (!MiGetPxeAddress(Va)->u.Hard.Valid) {
            Level = 0;
        } else if (!MiGetPpeAddress(Va)->u.Hard.Valid) {
            Level = 1;
        } else if (!MiGetPdeAddress(Va)->u.Hard.Valid) {
            Level = 2;
        } else {
            break;
        }
        Vpn = (Vpn | (((ULONG_PTR)1 << Shift[Level]) - 1)) + 1;
    }
    return Vpn;
}

ULONG_PTR MiCountCommittedPages(_In_ PMMVAD_SHORT Vad, _In_ ULONG_PTR FirstVpn,
                                _In_ ULONG_PTR LastVpn) {
    BOOLEAN Default = Vad->u1.VadFlags1.MemCommit;
    ULONG_PTR Count = 0;
    ULONG_PTR Vpn = FirstVpn;
    while (Vpn <= LastVpn) {
        ULONG_PTR Next = min(MiSkipAbsentPageTables(Vpn), LastVpn + 1);
        if (Next > Vpn) {
            Count += Default ? Next - Vpn : 0;
            Vpn = Next;
        } else {
            Count += MiGetPageProtection(Vad, Vpn) != MM_ZERO_ACCESS;
            Vpn++;
        }
    }
    return Count;
}

VOID MiAddWorkingSetPage(_Inout_ PEPROCESS Process) {
    Process->Vm.Instance.WorkingSetSize++;
    if (Process->Vm.Instance.WorkingSetSize > Process->Vm.Instance.PeakWorkingSetSize) {
        Process->Vm.Instance.PeakWorkingSetSize = Process->Vm.Instance.WorkingSetSize;
    }
}

/* Books charged pages (Pages > 0), or gives them back, to the range and its process. */
VOID MiChargeProcess(_Inout_ PEPROCESS Process, _Inout_ PMMVAD_SHORT Vad, _In_ SSIZE_T Pages) {
    MiSetVadCommitCharge(Vad, MiGetVadCommitCharge(Vad) + (SIZE_T)Pages);
    Process->CommitCharge += (SIZE_T)Pages;
    if (Process->CommitCharge > Process->CommitChargePeak) {
        Process->CommitChargePeak = Process->CommitCharge;
    }
    if (Pages < 0) {
        MiReturnCommitment((ULONG_PTR)-Pages);
    }
}

/* Takes the page behind a PTE away from the process. A private one is added to *Chain. */
static VOID MiRemovePage(PEPROCESS Process, MMPTE Pte, PPFN_NUMBER Chain) {
    PFN_NUMBER Page = Pte.u.Hard.PageFrameNumber; /* at the same place in a transition PTE */
    PMMPFN Pfn = MI_PFN_ELEMENT(Page);
    Process->Vm.Instance.WorkingSetSize--;
    if (Pfn->u4.PrototypePte) {
        MiDecrementShareCount(Page);
        return;
    }
    Process->NumberOfPrivatePages--;
    Pfn->u1.Flink = *Chain;
    *Chain = Page;
}

/*
 * Empties the PTEs of a range. The pages are freed only after no processor can have their old
 * translations any more.
 */
VOID MiDeletePteRange(_In_ PEPROCESS Process, _In_ ULONG_PTR FirstVpn, _In_ ULONG_PTR LastVpn) {
    PFN_NUMBER Chain = 0;
    BOOLEAN Flush = FALSE;
    for (ULONG_PTR Vpn = MiSkipAbsentPageTables(FirstVpn); Vpn <= LastVpn;
         Vpn = MiSkipAbsentPageTables(Vpn + 1)) {
        PMMPTE Pte = MiGetPteAddress(MI_VPN_TO_VA(Vpn));
        MMPTE Old = *Pte;
        if (Old.u.Long == 0) {
            continue;
        }
        MiWritePte(Pte, 0);
        if (Old.u.Hard.Valid || (!Old.u.Soft.Prototype && Old.u.Soft.Transition)) {
            MiRemovePage(Process, Old, &Chain);
            Flush |= Old.u.Hard.Valid;
        }
        MiReleaseUsedPte(Process, Pte);
    }
    if (Flush) {
        MiFlushTb(Process, MI_VPN_TO_VA(FirstVpn), LastVpn - FirstVpn + 1);
    }
    MiFreePageChain(Chain);
}

/* The new PTE for a page that is in memory; a shared page that may not be touched leaves it. */
static ULONG64 MiReprotectPresentPage(PEPROCESS Process, MMPTE Old, ULONG Protection) {
    PFN_NUMBER Page = Old.u.Hard.PageFrameNumber;
    if ((Protection & MM_GUARD_PAGE) == 0) {
        return MiMakeValidUserPte(Page, Protection);
    }
    if (!MI_PFN_ELEMENT(Page)->u4.PrototypePte) {
        return MiMakeSoftwarePte(Protection) | MM_PTE_TRANSITION | (Page << PAGE_SHIFT);
    }
    Process->Vm.Instance.WorkingSetSize--;
    MiDecrementShareCount(Page);
    return MiMakeSoftwarePte(Protection) | MM_PTE_PROTOTYPE | (MI_PTE_LOOKUP_NEEDED << 16);
}

BOOLEAN MiIsPrivatePage(_In_ MMPTE Pte) {
    if (Pte.u.Hard.Valid) {
        return !MI_PFN_ELEMENT(Pte.u.Hard.PageFrameNumber)->u4.PrototypePte;
    }
    return !Pte.u.Soft.Prototype && Pte.u.Soft.Transition;
}

/* In an image writable means copy-on-write, and copy-on-write of what is private means writable. */
static ULONG MiAdjustProtection(PMMVAD_SHORT Vad, MMPTE Pte, ULONG Protection) {
    ULONG Access = Protection & MM_PROTECTION_ACCESS;
    ULONG Flags = Protection & ~(ULONG)MM_PROTECTION_ACCESS;
    if (Vad->u.VadFlags.PrivateMemory || Protection == MM_NOACCESS) {
        return Protection;
    }
    if (MiIsPrivatePage(Pte)) {
        Access = Access == MM_WRITECOPY           ? MM_READWRITE
                 : Access == MM_EXECUTE_WRITECOPY ? MM_EXECUTE_READWRITE
                                                  : Access;
    } else if (Vad->u.VadFlags.VadType == VadImageMap) {
        Access = Access == MM_READWRITE           ? MM_WRITECOPY
                 : Access == MM_EXECUTE_READWRITE ? MM_EXECUTE_WRITECOPY
                                                  : Access;
    }
    return Access | Flags;
}

/* Gives one committed page a protection of its own. STATUS_NO_MEMORY: no page table. */
NTSTATUS MiSetPageProtection(_In_ PEPROCESS Process, _In_ PMMVAD_SHORT Vad, _In_ ULONG_PTR Vpn,
                             _In_ ULONG Protection) {
    PMMPTE Pte = MiMakeUserPte(Process, MI_VPN_TO_VA(Vpn));
    MMPTE Old;
    if (Pte == NULL) {
        return STATUS_NO_MEMORY;
    }
    Old = *Pte;
    Protection = MiAdjustProtection(Vad, Old, Protection);
    if (Old.u.Hard.Valid || (!Old.u.Soft.Prototype && Old.u.Soft.Transition)) {
        MiWritePte(Pte, MiReprotectPresentPage(Process, Old, Protection));
        if (Old.u.Hard.Valid) {
            MiFlushTb(Process, MI_VPN_TO_VA(Vpn), 1);
        }
        return STATUS_SUCCESS;
    }
    if (Old.u.Long == 0) {
        MiAddUsedPte(Pte);
    }
    MiWritePte(Pte, Vad->u.VadFlags.PrivateMemory
                        ? MiMakeSoftwarePte(Protection)
                        : MiMakeSoftwarePte(Protection) | MM_PTE_PROTOTYPE |
                              (MI_PTE_LOOKUP_NEEDED << 16));
    return STATUS_SUCCESS;
}
