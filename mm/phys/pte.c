/*
 * Page table entries: making them, finding them, and the page tables they live in.
 *
 * The top-level table holds an entry that points at itself, so all page tables of the current
 * address space appear as one array of PTEs at FFFFF680'00000000, indexed by page number; the
 * tables above appear inside that array. To find a PTE is arithmetic; whether its table is there is
 * asked from the top down.
 *
 * A page table of the user half is made with the first entry it must hold and freed with the last:
 * UsedPageTableEntries in the OriginalPte of its MMPFN counts the entries that are not zero. Page
 * tables of the system half are made on demand and stay; the top-level entries of that half are all
 * made by phase 0 and copied into each new address space.
 */
#include "mip.h"

/* Windows protection for each of the eight kinds of access. */
static const UCHAR MiWin32Access[8] = {
    PAGE_NOACCESS,  PAGE_READONLY,  PAGE_EXECUTE,           PAGE_EXECUTE_READ,
    PAGE_READWRITE, PAGE_WRITECOPY, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY};

/* The processor's bits for each of them. A write to a copy-on-write page must fault. */
#define MI_RW (MM_PTE_DIRTY1 | MM_PTE_WRITE | MM_PTE_DIRTY)
static const ULONG64 MiPteAccess[8] = {MM_PTE_NX,
                                       MM_PTE_NX, /* none, read */
                                       0,
                                       0, /* execute, execute and read */
                                       MI_RW | MM_PTE_NX,
                                       MM_PTE_COPY_ON_WRITE |
                                           MM_PTE_NX, /* read and write, write copy */
                                       MI_RW,
                                       MM_PTE_COPY_ON_WRITE}; /* the same with execute */

/* Translates PAGE_* into MM_*; MM_INVALID_PROTECTION for a combination that Windows refuses. */
ULONG MiMakeProtectionMask(_In_ ULONG Win32Protect) {
    ULONG Access = Win32Protect & 0xFF;
    ULONG Modifiers = Win32Protect & ~0xFFu;
    ULONG Protection;
    for (Protection = 0; Protection < 8; Protection++) {
        if (MiWin32Access[Protection] == Access) {
            break;
        }
    }
    if (Protection == 8 || (Modifiers & ~(PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE)) != 0 ||
        (Modifiers & (PAGE_NOCACHE | PAGE_WRITECOMBINE)) == (PAGE_NOCACHE | PAGE_WRITECOMBINE)) {
        return MM_INVALID_PROTECTION;
    }
    if (Protection == MM_ZERO_ACCESS) {
        return Modifiers == 0 ? MM_NOACCESS : MM_INVALID_PROTECTION;
    }
    if (Modifiers & PAGE_GUARD) {
        return Modifiers == PAGE_GUARD ? Protection | MM_GUARD_PAGE : MM_INVALID_PROTECTION;
    }
    return Modifiers & PAGE_NOCACHE ? Protection | MM_NOCACHE : Protection;
}

ULONG MiGetWin32Protection(_In_ ULONG Protection) {
    ULONG Access = MiWin32Access[Protection & MM_PROTECTION_ACCESS];
    if (Protection == MM_NOACCESS || Protection == MM_ZERO_ACCESS) {
        return PAGE_NOACCESS;
    }
    if (Protection & MM_GUARD_PAGE) {
        return Access | PAGE_GUARD;
    }
    return Protection & MM_NOCACHE ? Access | PAGE_NOCACHE : Access;
}

ULONG64 MiMakeValidUserPte(_In_ PFN_NUMBER Page, _In_ ULONG Protection) {
    ULONG64 Access = Protection & MM_PROTECTION_ACCESS;
    ULONG64 Pte = (Page << PAGE_SHIFT) | MM_PTE_VALID | MM_PTE_OWNER | MM_PTE_ACCESSED |
                  MiPteAccess[Access] | (Access << MM_PTE_PROTECTION_SHIFT);
    return Protection & MM_NOCACHE ? Pte | MM_PTE_CACHE_DISABLE | MM_PTE_WRITE_THROUGH : Pte;
}

/* Kernel data: readable and writable, never executable, the same in all address spaces. */
ULONG64 MiMakeValidKernelPte(_In_ PFN_NUMBER Page) {
    return (Page << PAGE_SHIFT) | MM_PTE_VALID | MM_PTE_DIRTY1 | MM_PTE_WRITE | MM_PTE_DIRTY |
           MM_PTE_ACCESSED | MM_PTE_GLOBAL | MM_PTE_NX;
}

ULONG64 MiMakeSoftwarePte(_In_ ULONG Protection) {
    return (ULONG64)Protection << 5;
}

/* Protection of a PTE that is not zero. */
ULONG MiGetPteProtection(_In_ MMPTE Pte) {
    if (Pte.u.Hard.Valid) {
        return (ULONG)Pte.u.Hard.WsleProtection | (Pte.u.Hard.CacheDisable ? MM_NOCACHE : 0);
    }
    return (ULONG)Pte.u.Soft.Protection;
}

#if DBG
/*
 * No PTE of user space outside user space, ever: the lower half of the page tables ends at
 * MM_HIGHEST_USER_ADDRESS, and no entry of the upper half is open to user mode. Entries of the
 * upper levels are judged by the first address that they lead to; prototype PTEs are not in the
 * page tables, and are made valid by a PTE that is.
 */
VOID MiCheckPte(_In_ PMMPTE Pte, _In_ ULONG64 Value) {
    ULONG_PTR Va = (ULONG_PTR)Pte;
    for (ULONG Level = 0; Level < 4 && Va >= PTE_BASE && Va <= PTE_TOP; Level++) {
        Va = (ULONG_PTR)MiGetVirtualAddressMappedByPte((PMMPTE)Va);
    }
    if (Va == (ULONG_PTR)Pte) {
        return;
    }
    if ((LONG_PTR)Va >= 0) {
        NT_ASSERT(MI_IS_USER_ADDRESS((PVOID)Va) || Value == 0);
    } else {
        NT_ASSERT((Value & (MM_PTE_VALID | MM_PTE_OWNER)) != (MM_PTE_VALID | MM_PTE_OWNER));
    }
}
#endif

/* Is the page table that holds the PTE of Va there? */
static BOOLEAN MiPageTablePresent(PVOID Va) {
    return MiGetPxeAddress(Va)->u.Hard.Valid && MiGetPpeAddress(Va)->u.Hard.Valid &&
           MiGetPdeAddress(Va)->u.Hard.Valid;
}

PMMPTE MiGetUserPteIfPresent(_In_ PVOID Va) {
    return MiPageTablePresent(Va) ? MiGetPteAddress(Va) : NULL;
}

/* The page of the page table that Pte lies in. */
static PMMPFN MiPageTablePfn(PMMPTE Pte) {
    return MI_PFN_ELEMENT(MiGetPteAddress(Pte)->u.Hard.PageFrameNumber);
}

VOID MiAddUsedPte(_In_ PMMPTE Pte) {
    MiPageTablePfn(Pte)->OriginalPte.u.Soft.UsedPageTableEntries++;
}

/* Makes the page table that Entry is to point at, unless it is there. */
static BOOLEAN MiMakePageTable(PMMPTE Entry, ULONG64 Owner) {
    PFN_NUMBER Page;
    if (Entry->u.Hard.Valid) {
        return TRUE;
    }
    Page = MiAllocateZeroedPage(Entry);
    if (Page == 0) {
        return FALSE;
    }
    MiWritePte(Entry, (Page << PAGE_SHIFT) | MM_PTE_VALID | MM_PTE_DIRTY1 | MM_PTE_WRITE |
                          MM_PTE_ACCESSED | MM_PTE_DIRTY | Owner);
    InterlockedIncrement64(&MiStatistics.PageTablePages);
    return TRUE;
}

/* Frees the page table behind Entry, which is empty, and whatever tables above become empty. */
static VOID MiFreeEmptyPageTables(PEPROCESS Process, PMMPTE Entry) {
    while (Entry < (PMMPTE)PXE_BASE + PTE_PER_PAGE && Entry->u.Hard.Valid) {
        PFN_NUMBER Page = Entry->u.Hard.PageFrameNumber;
        if (MI_PFN_ELEMENT(Page)->OriginalPte.u.Soft.UsedPageTableEntries != 0) {
            return;
        }
        MiWritePte(Entry, 0);
        MiFlushTb(Process, MiGetVirtualAddressMappedByPte(Entry), 1);
        MiFreePage(Page);
        InterlockedDecrement64(&MiStatistics.PageTablePages);
        if (Entry >= (PMMPTE)PXE_BASE) {
            return; /* the top level is not counted: it lives as long as its process */
        }
        MiPageTablePfn(Entry)->OriginalPte.u.Soft.UsedPageTableEntries--;
        Entry = MiGetPteAddress(Entry);
    }
}

/*
 * Makes the tables for a user address; returns its PTE or NULL without memory. Tables that were
 * made before the failure stay only if they are in use.
 */
PMMPTE MiMakeUserPte(_In_ PEPROCESS Process, _In_ PVOID Va) {
    PMMPTE Pxe = MiGetPxeAddress(Va);
    PMMPTE Ppe = MiGetPpeAddress(Va);
    PMMPTE Pde = MiGetPdeAddress(Va);
    NT_ASSERT(MI_IS_USER_ADDRESS(Va));
    if (!MiMakePageTable(Pxe, MM_PTE_OWNER)) {
        return NULL;
    }
    if (!Ppe->u.Hard.Valid) {
        if (!MiMakePageTable(Ppe, MM_PTE_OWNER)) {
            MiFreeEmptyPageTables(Process, Pxe);
            return NULL;
        }
        MiAddUsedPte(Ppe);
    }
    if (!Pde->u.Hard.Valid) {
        if (!MiMakePageTable(Pde, MM_PTE_OWNER)) {
            MiFreeEmptyPageTables(Process, Ppe);
            return NULL;
        }
        MiAddUsedPte(Pde);
    }
    return MiGetPteAddress(Va);
}

/* Frees the page tables of Va that hold nothing: they were made for a fault that then failed. */
VOID MiTrimPageTables(_In_ PEPROCESS Process, _In_ PVOID Va) {
    if (MiPageTablePresent(Va)) {
        MiFreeEmptyPageTables(Process, MiGetPdeAddress(Va));
    }
}

/* A user PTE has become zero: forgets it, and its page table if it was the last. */
VOID MiReleaseUsedPte(_In_ PEPROCESS Process, _In_ PMMPTE Pte) {
    PMMPFN Pfn = MiPageTablePfn(Pte);
    NT_ASSERT(Pfn->OriginalPte.u.Soft.UsedPageTableEntries != 0);
    if (--Pfn->OriginalPte.u.Soft.UsedPageTableEntries == 0) {
        MiFreeEmptyPageTables(Process, MiGetPteAddress(Pte));
    }
}

/*
 * Makes the page tables of a range of system addresses, which stay for ever. The caller holds
 * MiSystemSpaceLock or is alone. Top-level entries can be added only while there is one address
 * space, in phase 0.
 */
BOOLEAN MiMakeSystemPageTables(_In_ ULONG_PTR Start, _In_ ULONG_PTR End) {
    for (ULONG_PTR Va = Start; Va <= End; Va = (Va | (LARGE_PAGE_SIZE - 1)) + 1) {
        if (!MiMakePageTable(MiGetPxeAddress((PVOID)Va), 0) ||
            !MiMakePageTable(MiGetPpeAddress((PVOID)Va), 0) ||
            !MiMakePageTable(MiGetPdeAddress((PVOID)Va), 0)) {
            return FALSE;
        }
    }
    return TRUE;
}

/*
 * Makes sure that no processor uses an old translation of the range. Process is the owner of user
 * addresses, NULL for system addresses. All of Mm's invalidations come through here, and Ke
 * reaches the other processors, once for the whole range.
 */
VOID MiFlushTb(_In_opt_ PEPROCESS Process, _In_ PVOID Va, _In_ ULONG_PTR Pages) {
    KeFlushRangeTb(Process != NULL ? &Process->Pcb : NULL, Va, Pages);
}
