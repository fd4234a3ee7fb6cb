/*
 * System addresses: who has which page of the kernel's own ranges.
 *
 * A range (system PTEs here, the two pools in poolpage.c) is a bitmap with one bit for each page of
 * addresses. Taking a run of addresses sets its bits and makes sure that the page tables are there;
 * what the PTEs then say is the taker's business: fresh memory (stacks, pool), device registers,
 * or nothing (guard pages).
 *
 * On top of it: kernel stacks and the mapping of device memory.
 */
#include "mip.h"

KSPIN_LOCK MiSystemSpaceLock;
MI_SYSTEM_RANGE MiSystemPtes;

#define MI_SYSTEM_PTE_BASE 0xFFFFF88000000000ULL
#define MI_SYSTEM_PTES     (1u << 17) /* 512 MiB of addresses */
static ULONG MiSystemPteBits[MI_SYSTEM_PTES / 32];

/* ---- Ranges ---- */

VOID MiInitializeSystemRange(_Out_ PMI_SYSTEM_RANGE Range, _In_ ULONG_PTR Base, _In_ PULONG Bits,
                             _In_ ULONG Pages) {
    Range->Base = Base;
    Range->Hint = 0;
    Range->InUse = 0;
    RtlInitializeBitMap(&Range->BitMap, Bits, Pages);
}

/* The first pages of the range serve phase 0; their tables are made while it is alone. */
VOID MiInitializeSystemPtes(VOID) {
    KeNameSpinLock(&MiSystemSpaceLock, KiClassSystemSpace);
    MiMakeEarlyPageTables(MI_SYSTEM_PTE_BASE);
    MiMakeEarlyPageTables(MI_SYSTEM_CACHE_BASE);
    MiInitializeSystemRange(&MiSystemPtes, MI_SYSTEM_PTE_BASE, MiSystemPteBits, MI_SYSTEM_PTES);
}

PVOID MiReserveSystemRange(_Inout_ PMI_SYSTEM_RANGE Range, _In_ ULONG Pages) {
    if (!MiMayAllocate()) {
        return NULL;
    }
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&MiSystemSpaceLock);
    ULONG Index = RtlFindClearBits(&Range->BitMap, Pages, Range->Hint);
    ULONG_PTR Va = 0;
    if (Index != MAXULONG) {
        RtlSetBits(&Range->BitMap, Index, Pages);
        Va = Range->Base + ((ULONG_PTR)Index << PAGE_SHIFT);
        if (MiMakeSystemPageTables(Va, Va + ((ULONG_PTR)Pages << PAGE_SHIFT) - 1)) {
            Range->Hint = Index + Pages;
            Range->InUse += Pages;
        } else {
            RtlClearBits(&Range->BitMap, Index, Pages);
            Va = 0;
        }
    }
    KeReleaseSpinLock(&MiSystemSpaceLock, OldIrql);
    return (PVOID)Va;
}

VOID MiReleaseSystemRange(_Inout_ PMI_SYSTEM_RANGE Range, _In_ PVOID Va, _In_ ULONG Pages) {
    ULONG Index = (ULONG)(((ULONG_PTR)Va - Range->Base) >> PAGE_SHIFT);
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&MiSystemSpaceLock);
    NT_ASSERT(RtlAreBitsSet(&Range->BitMap, Index, Pages));
    RtlClearBits(&Range->BitMap, Index, Pages);
    Range->Hint = min(Range->Hint, Index);
    Range->InUse -= Pages;
    KeReleaseSpinLock(&MiSystemSpaceLock, OldIrql);
}

/* ---- Memory behind addresses ---- */

BOOLEAN MiMapSystemPages(_In_ PVOID Va, _In_ ULONG Pages) {
    PMMPTE Pte = MiGetPteAddress(Va);
    if (!MiChargeCommitment(Pages)) {
        return FALSE;
    }
    for (ULONG i = 0; i < Pages; i++) {
        PFN_NUMBER Page = MiAllocatePage(&Pte[i]);
        if (Page == 0) {
            MiUnmapSystemPages(Va, i);
            MiReturnCommitment(Pages - i);
            return FALSE;
        }
        MiWritePte(&Pte[i], MiMakeValidKernelPte(Page));
    }
    return TRUE;
}

VOID MiUnmapSystemPages(_In_ PVOID Va, _In_ ULONG Pages) {
    PMMPTE Pte = MiGetPteAddress(Va);
    PFN_NUMBER Chain = 0;
    if (Pages == 0) {
        return;
    }
    for (ULONG i = 0; i < Pages; i++) {
        PFN_NUMBER Page = Pte[i].u.Hard.PageFrameNumber;
        MiWritePte(&Pte[i], 0);
        MI_PFN_ELEMENT(Page)->u1.Flink = Chain;
        Chain = Page;
    }
    MiFlushTb(NULL, Va, Pages);
    MiFreePageChain(Chain);
    MiReturnCommitment(Pages);
}

PVOID MiMapPhysicalPage(_In_ PFN_NUMBER Page) {
    PVOID Va = MiReserveSystemRange(&MiSystemPtes, 1);
    if (Va != NULL) {
        MiWritePte(MiGetPteAddress(Va), MiMakeValidKernelPte(Page));
    }
    return Va;
}

VOID MiUnmapPhysicalPage(_In_ PVOID Va) {
    MiWritePte(MiGetPteAddress(Va), 0);
    MiFlushTb(NULL, Va, 1);
    MiReleaseSystemRange(&MiSystemPtes, Va, 1);
}

PVOID MmAllocateSystemPages(_In_ SIZE_T NumberOfBytes) {
    ULONG Pages = (ULONG)BYTES_TO_PAGES(NumberOfBytes);
    PVOID Va;
    if (NumberOfBytes == 0 || NumberOfBytes > (SIZE_T)MI_SYSTEM_PTES << PAGE_SHIFT ||
        !MiIsCommitmentLeft(Pages)) {
        return NULL;
    }
    Va = MiReserveSystemRange(&MiSystemPtes, Pages);
    if (Va != NULL && !MiMapSystemPages(Va, Pages)) {
        MiReleaseSystemRange(&MiSystemPtes, Va, Pages);
        return NULL;
    }
    if (Va != NULL) {
        RtlZeroMemory(Va, (SIZE_T)Pages << PAGE_SHIFT);
    }
    return Va;
}

VOID MmFreeSystemPages(_In_ PVOID BaseAddress, _In_ SIZE_T NumberOfBytes) {
    ULONG Pages = (ULONG)BYTES_TO_PAGES(NumberOfBytes);
    MiUnmapSystemPages(BaseAddress, Pages);
    MiReleaseSystemRange(&MiSystemPtes, BaseAddress, Pages);
}

/* ---- Kernel stacks: one page of addresses below each stays without memory ---- */

static ULONG MiStackPages(BOOLEAN LargeStack) {
    return (LargeStack ? KERNEL_LARGE_STACK_SIZE : KERNEL_STACK_SIZE) >> PAGE_SHIFT;
}

PVOID MmCreateKernelStack(_In_ BOOLEAN LargeStack, _In_ UCHAR Node) {
    ULONG Pages = MiStackPages(LargeStack);
    PUCHAR Guard = MiReserveSystemRange(&MiSystemPtes, Pages + 1);
    UNREFERENCED_PARAMETER(Node);
    if (Guard == NULL) {
        return NULL;
    }
    if (!MiMapSystemPages(Guard + PAGE_SIZE, Pages)) {
        MiReleaseSystemRange(&MiSystemPtes, Guard, Pages + 1);
        return NULL;
    }
#if DBG
    /* What reads its stack before writing it finds this, and a debugger sees how deep the stack went. */
    memset(Guard + PAGE_SIZE, KERNEL_STACK_POISON, (SIZE_T)Pages << PAGE_SHIFT);
#endif
    InterlockedAdd64(&MiStatistics.KernelStackPages, Pages);
    return Guard + ((SIZE_T)(Pages + 1) << PAGE_SHIFT);
}

VOID MmDeleteKernelStack(_In_ PVOID StackBase, _In_ BOOLEAN LargeStack) {
    ULONG Pages = MiStackPages(LargeStack);
    PUCHAR Bottom = (PUCHAR)StackBase - ((SIZE_T)Pages << PAGE_SHIFT);
    MiUnmapSystemPages(Bottom, Pages);
    MiReleaseSystemRange(&MiSystemPtes, Bottom - PAGE_SIZE, Pages + 1);
    InterlockedAdd64(&MiStatistics.KernelStackPages, -(LONG64)Pages);
}

/* ---- Device memory ---- */

/* Bits of an I/O mapping; 0 for a protection that MmMapIoSpaceEx does not take. */
static ULONG64 MiMakeIoPte(ULONG Protect) {
    ULONG64 Pte = MiMakeValidKernelPte(0);
    ULONG Access = Protect & 0xFF;
    ULONG Caching = Protect & ~0xFFu;
    if (Access == PAGE_READONLY) {
        Pte &= ~(MM_PTE_DIRTY1 | MM_PTE_WRITE | MM_PTE_DIRTY);
    } else if (Access != PAGE_READWRITE) {
        return 0;
    }
    switch (Caching) {
    case 0:
        return Pte;
    case PAGE_NOCACHE:
        return Pte | MM_PTE_CACHE_DISABLE | MM_PTE_WRITE_THROUGH;
    case PAGE_WRITECOMBINE: /* entry 4 of the page attribute table, which the HAL sets */
        return Pte | MM_PTE_PAT;
    default:
        return 0;
    }
}

PVOID MmMapIoSpaceEx(_In_ PHYSICAL_ADDRESS PhysicalAddress, _In_ SIZE_T NumberOfBytes,
                     _In_ ULONG Protect) {
    ULONG64 Physical = (ULONG64)PhysicalAddress.QuadPart;
    SIZE_T Offset = Physical & (PAGE_SIZE - 1);
    SIZE_T Pages = BYTES_TO_PAGES(NumberOfBytes + Offset);
    ULONG64 Template = MiMakeIoPte(Protect);
    PUCHAR Va;
    PMMPTE Pte;
    if (Template == 0 || NumberOfBytes == 0 || NumberOfBytes + Offset < Offset ||
        Pages > MI_SYSTEM_PTES) {
        return NULL;
    }
    Va = MiReserveSystemRange(&MiSystemPtes, (ULONG)Pages);
    if (Va == NULL) {
        return NULL;
    }
    Pte = MiGetPteAddress(Va);
    for (SIZE_T i = 0; i < Pages; i++) {
        ULONG64 Frame = (Physical & ~(ULONG64)(PAGE_SIZE - 1)) + (i << PAGE_SHIFT);
        MiWritePte(&Pte[i], (Frame & MM_PTE_FRAME_MASK) | Template);
    }
    return Va + Offset;
}

PVOID MmMapIoSpace(_In_ PHYSICAL_ADDRESS PhysicalAddress, _In_ SIZE_T NumberOfBytes,
                   _In_ MEMORY_CACHING_TYPE CacheType) {
    static const ULONG Caching[] = {PAGE_NOCACHE, 0, PAGE_WRITECOMBINE};
    if ((ULONG)CacheType >= ARRAYSIZE(Caching)) {
        return NULL;
    }
    return MmMapIoSpaceEx(PhysicalAddress, NumberOfBytes, PAGE_READWRITE | Caching[CacheType]);
}

VOID MmUnmapIoSpace(_In_ PVOID BaseAddress, _In_ SIZE_T NumberOfBytes) {
    ULONG Pages = (ULONG)BYTES_TO_PAGES(NumberOfBytes + BYTE_OFFSET(BaseAddress));
    PVOID Va = PAGE_ALIGN(BaseAddress);
    PMMPTE Pte = MiGetPteAddress(Va);
    for (ULONG i = 0; i < Pages; i++) {
        MiWritePte(&Pte[i], 0);
    }
    MiFlushTb(NULL, Va, Pages);
    MiReleaseSystemRange(&MiSystemPtes, Va, Pages);
}
