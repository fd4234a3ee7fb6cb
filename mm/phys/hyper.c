/*
 * Hyper space: windows through which the kernel looks at any page of physical memory.
 *
 * There is no map of all memory in the kernel (as in NT). To fill or copy a page that is mapped
 * nowhere, its number is written into a PTE that belongs to the processor at hand. Nobody else uses
 * the slots of this processor, and IRQL DISPATCH_LEVEL keeps the thread on it, so there is no lock.
 */
#include "mip.h"

/* Slots of a processor: destination and source of a copy. */
#define MI_HYPER_SLOTS 2

static PUCHAR MiHyperBase;

VOID MiInitializeHyperSpace(VOID) {
    MiHyperBase = MiReserveSystemRange(&MiSystemPtes, MAXIMUM_PROCESSORS * MI_HYPER_SLOTS);
}

static PVOID MiMapHyperSlot(PFN_NUMBER Page, ULONG Slot) {
    PVOID Va = MiHyperBase +
               ((SIZE_T)(KeGetCurrentProcessorNumber() * MI_HYPER_SLOTS + Slot) << PAGE_SHIFT);
    MiWritePte(MiGetPteAddress(Va), MiMakeValidKernelPte(Page));
    MiInvalidatePage(Va);
    return Va;
}

PVOID MiMapPageInHyperSpace(_In_ PFN_NUMBER Page) {
    ASSERT_IRQL(>= DISPATCH_LEVEL);
    return MiMapHyperSlot(Page, 0);
}

VOID MiZeroPhysicalPage(_In_ PFN_NUMBER Page) {
    KIRQL OldIrql = KeRaiseIrqlToDpcLevel();
    PVOID Va = MiMapHyperSlot(Page, 0);
    SIZE_T Count = PAGE_SIZE / sizeof(ULONG64);
    __asm__ volatile("rep stosq" : "+D"(Va), "+c"(Count) : "a"(0ULL) : "memory");
    KeLowerIrql(OldIrql);
}

VOID MiCopyPhysicalPage(_In_ PFN_NUMBER Destination, _In_ PFN_NUMBER Source) {
    KIRQL OldIrql = KeRaiseIrqlToDpcLevel();
    PVOID To = MiMapHyperSlot(Destination, 0);
    PVOID From = MiMapHyperSlot(Source, 1);
    SIZE_T Count = PAGE_SIZE / sizeof(ULONG64);
    __asm__ volatile("rep movsq" : "+D"(To), "+S"(From), "+c"(Count) : : "memory");
    KeLowerIrql(OldIrql);
}
