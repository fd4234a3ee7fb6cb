/*
 * map.c - device registers and firmware tables in the HAL's part of the address space
 *
 * The last 4 MiB of the address space, FFFFFFFF'FFC00000 and up, belong to the HAL, as in Windows.
 * The loader gives them page tables, all empty. Page table entries are written through the
 * self-map: slot 1EDh of the top table points to that table itself, so the entry that maps address
 * V is at FFFFF680'00000000 + (V >> 12) * 8. No memory is allocated, so this works before the
 * memory manager is initialized.
 *
 * A framebuffer is larger than that. It is mapped with 2 MiB pages one gigabyte lower, through the
 * page directory that the same slot already has.
 *
 * Mapping is done on the boot processor before others run, so it needs no lock.
 */
#include "halp.h"

#define HAL_VA_START            0xFFFFFFFFFFC00000ull
#define HAL_VA_PAGES            1023 /* the last page stays empty: its end would be address 0 */
#define HAL_FRAMEBUFFER_VA      0xFFFFFFFFC0000000ull
#define HAL_FRAMEBUFFER_MAXIMUM (64ull << 20)
#define PTE_BASE                0xFFFFF68000000000ull
#define PDE_BASE                0xFFFFF6FB40000000ull

#define PTE_VALID          0x001ull
#define PTE_WRITE          0x002ull
#define PTE_UNCACHED       0x018ull /* PCD and PWT: entry 3 of the page attribute table */
#define PTE_ACCESSED_DIRTY 0x060ull
#define PTE_LARGE          0x080ull
#define PTE_GLOBAL         0x100ull
#define PTE_LARGE_PAT      0x1000ull /* entry 4 of the page attribute table */
#define PTE_NX             0x8000000000000000ull
#define PTE_DEVICE         (PTE_VALID | PTE_WRITE | PTE_ACCESSED_DIRTY | PTE_GLOBAL | PTE_NX)

#define PHYSICAL_LIMIT (1ull << 46)

#define MSR_PAT 0x277

/*
 * Entry 4 of the page attribute table becomes write-combining. The other entries keep their
 * power-on meaning, so no other code is affected. Each processor does this for itself.
 */
VOID HalpInitializePageAttributes(VOID) {
    ULONG Eax, Ebx, Ecx, Edx;
    HalpCpuid(1, &Eax, &Ebx, &Ecx, &Edx);
    if (Edx & (1u << 16)) {
        HalpWriteMsr(MSR_PAT, 0x0007040100070406ull);
    }
}

static volatile ULONG64 *HalpPteAddress(ULONG64 Va) {
    return (volatile ULONG64 *)(PTE_BASE + ((Va >> 9) & 0x7FFFFFFFF8ull));
}

static volatile ULONG64 *HalpPdeAddress(ULONG64 Va) {
    return (volatile ULONG64 *)(PDE_BASE + ((Va >> 18) & 0x3FFFFFF8ull));
}

static VOID HalpInvalidatePage(ULONG64 Va) {
    __asm__ volatile("invlpg (%0)" : : "r"(Va) : "memory");
}

/* The first index of Pages consecutive empty entries; HAL_VA_PAGES if there are none. */
static ULONG HalpFindFreePages(ULONG Pages) {
    volatile ULONG64 *Ptes = HalpPteAddress(HAL_VA_START);
    ULONG Run = 0;
    for (ULONG Index = 0; Index < HAL_VA_PAGES; Index++) {
        Run = Ptes[Index] == 0 ? Run + 1 : 0;
        if (Run == Pages) {
            return Index + 1 - Pages;
        }
    }
    return HAL_VA_PAGES;
}

PVOID HalpMapPhysicalMemory(_In_ ULONG64 PhysicalAddress, _In_ SIZE_T Length,
                            _In_ HAL_CACHE_TYPE CacheType) {
    if (Length == 0 || Length > HAL_VA_PAGES * (SIZE_T)PAGE_SIZE ||
        PhysicalAddress >= PHYSICAL_LIMIT) {
        return NULL;
    }
    ULONG Pages = (ULONG)((BYTE_OFFSET(PhysicalAddress) + Length + PAGE_SIZE - 1) >> PAGE_SHIFT);
    ULONG First = HalpFindFreePages(Pages);
    if (First == HAL_VA_PAGES) {
        return NULL;
    }
    ULONG64 Va = HAL_VA_START + (ULONG64)First * PAGE_SIZE;
    ULONG64 Pte = (PhysicalAddress & ~(ULONG64)(PAGE_SIZE - 1)) | PTE_DEVICE |
                  (CacheType == HalpUncached ? PTE_UNCACHED : 0);
    for (ULONG Page = 0; Page < Pages; Page++) {
        *HalpPteAddress(Va + (ULONG64)Page * PAGE_SIZE) = Pte + (ULONG64)Page * PAGE_SIZE;
    }
    return (PVOID)(Va + BYTE_OFFSET(PhysicalAddress));
}

VOID HalpUnmapVirtualAddress(_In_ PVOID VirtualAddress, _In_ SIZE_T Length) {
    ULONG64 Va = (ULONG64)PAGE_ALIGN(VirtualAddress);
    ULONG64 End = (ULONG64)VirtualAddress + Length;
    for (; Va < End; Va += PAGE_SIZE) {
        *HalpPteAddress(Va) = 0;
        HalpInvalidatePage(Va);
    }
}

PVOID HalpMapFrameBuffer(_In_ ULONG64 PhysicalAddress, _In_ SIZE_T Length) {
    ULONG64 Offset = PhysicalAddress & (LARGE_PAGE_SIZE - 1);
    if (Length == 0 || Length > HAL_FRAMEBUFFER_MAXIMUM || PhysicalAddress >= PHYSICAL_LIMIT) {
        return NULL;
    }
    for (ULONG64 Done = 0; Done < Offset + Length; Done += LARGE_PAGE_SIZE) {
        volatile ULONG64 *Pde = HalpPdeAddress(HAL_FRAMEBUFFER_VA + Done);
        if (*Pde != 0) {
            return NULL;
        }
        *Pde = (PhysicalAddress - Offset + Done) | PTE_DEVICE | PTE_LARGE | PTE_LARGE_PAT;
    }
    return (PVOID)(HAL_FRAMEBUFFER_VA + Offset);
}
