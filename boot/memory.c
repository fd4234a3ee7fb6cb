/*
 * memory.c - pages by purpose, and the arena
 *
 * UEFI lets a loader mark allocations with its own memory types (80000000 and up) and reports them
 * in the final memory map. So each page is allocated under its TYPE_OF_MEMORY, and the map is the
 * loader's only record. Pages that are not needed after all are not freed to the firmware, which
 * may fill them (OVMF does: 15 million instructions for the gaps of two images). They are recorded
 * and cut out of the map at the end.
 *
 * The arena holds the loader block, the lists and the strings. The kernel sees it at
 * BOOT_DATA_BASE, so an arena pointer and its kernel address differ by a constant. The lists are
 * linked by kernel addresses, and with this constant the loader can walk them too.
 */
#include "boot.h"

PLOADER_PARAMETER_BLOCK BootBlock;
PLOADER_PARAMETER_EXTENSION BootExtension;

static PUCHAR Arena;
static SIZE_T ArenaUsed;

static DECLSPEC_NORETURN VOID FailMemory(PCWSTR For, ULONG64 Pages) {
    CHAR Detail[32];
    PSTR To = BootAppendDecimal(Detail, Detail + sizeof(Detail), (Pages + 3) / 4 * 16);
    BootAppend(To, Detail + sizeof(Detail), " KB");
    BootFail(STATUS_NO_MEMORY, For, "not enough memory for", Detail);
}

BOOT_FREE_RUN BootFreeRuns[BOOT_MAXIMUM_FREE_RUNS];
ULONG BootFreeRunCount;

/* Allocates pages, not zeroed, at a multiple of Alignment pages. Messages name the file For. */
PVOID BootAllocatePages(TYPE_OF_MEMORY Type, ULONG64 Pages, ULONG64 Alignment, PCWSTR For) {
    EFI_PHYSICAL_ADDRESS Address = 0;
    ULONG64 Total = Pages + Alignment - 1;
    EFI_MEMORY_TYPE EfiType = (EFI_MEMORY_TYPE)(0x80000000u + (ULONG)Type);
    if (EFI_ERROR(BootServices->AllocatePages(AllocateAnyPages, EfiType, Total, &Address)))
        FailMemory(For, Total);
    ULONG64 Start = ALIGN_UP_BY(Address, Alignment * PAGE_SIZE);
    ULONG64 Before = (Start - Address) / PAGE_SIZE;
    BootFreePages((PVOID)Address, Before);
    BootFreePages((PVOID)(Start + Pages * PAGE_SIZE), Total - Before - Pages);
    return (PVOID)Start;
}

/*
 * A processor starts in real mode, in the first megabyte. If no memory is free there, the machine
 * runs with one processor.
 */
PHYSICAL_ADDRESS BootAllocateStartPages(VOID) {
    EFI_PHYSICAL_ADDRESS Address = 0xFFFFF;
    PHYSICAL_ADDRESS Start = {.QuadPart = 0};
    EFI_MEMORY_TYPE EfiType = (EFI_MEMORY_TYPE)(0x80000000u + (ULONG)LoaderMemoryData);
    if (!EFI_ERROR(
            BootServices->AllocatePages(AllocateMaxAddress, EfiType, LOADER_START_PAGES, &Address)))
        Start.QuadPart = (LONGLONG)Address;
    return Start;
}

VOID BootFreePages(PVOID Memory, ULONG64 Pages) {
    if (Pages == 0)
        return;
    if (BootFreeRunCount == BOOT_MAXIMUM_FREE_RUNS)
        BootFail(STATUS_INSUFFICIENT_RESOURCES, NULL, "the images have too many sections", NULL);
    BootFreeRuns[BootFreeRunCount].BasePage = (ULONG64)Memory >> PAGE_SHIFT;
    BootFreeRuns[BootFreeRunCount++].PageCount = Pages;
}

VOID BootCreateArena(VOID) {
    Arena = BootAllocatePages(LoaderMemoryData, BOOT_ARENA_SIZE / PAGE_SIZE, 1, NULL);
    BootBlock = BootAllocate(sizeof(*BootBlock));
    BootExtension = BootAllocate(sizeof(*BootExtension));
    BootBlock->OsMajorVersion = 10;
    BootBlock->Size = sizeof(*BootBlock);
    BootBlock->Extension = BootToVa(BootExtension);
    BootExtension->Size = sizeof(*BootExtension);
    BootInitializeList(&BootBlock->LoadOrderListHead);
    BootInitializeList(&BootBlock->MemoryDescriptorListHead);
    BootInitializeList(&BootBlock->BootDriverListHead);
    BootInitializeList(&BootExtension->BootFiles);
}

/* Allocates zeroed arena memory. */
PVOID BootAllocate(SIZE_T Size) {
    SIZE_T Rounded = ALIGN_UP_BY(Size, 16);
    if (Rounded > BOOT_ARENA_SIZE - ArenaUsed)
        BootFail(STATUS_INSUFFICIENT_RESOURCES, NULL, "too many files on the boot volume", NULL);
    PVOID Memory = Arena + ArenaUsed;
    ArenaUsed += Rounded;
    return memset(Memory, 0, Rounded);
}

PVOID BootToVa(const VOID *Memory) {
    return (PVOID)(BOOT_DATA_BASE + (ULONG64)((const UCHAR *)Memory - Arena));
}

PVOID BootFromVa(const VOID *Va) {
    return Arena + ((ULONG64)Va - BOOT_DATA_BASE);
}

VOID BootInitializeList(PLIST_ENTRY Head) {
    Head->Flink = Head->Blink = BootToVa(Head);
}

/* InsertTailList for entries that are linked by kernel addresses. */
VOID BootAppendList(PLIST_ENTRY Head, PLIST_ENTRY Entry) {
    PLIST_ENTRY Last = BootFromVa(Head->Blink);
    Entry->Flink = BootToVa(Head);
    Entry->Blink = Head->Blink;
    Last->Flink = Head->Blink = BootToVa(Entry);
}

VOID BootMapArena(VOID) {
    BootMap(BOOT_DATA_BASE, Arena, BOOT_ARENA_SIZE, BootReadWrite, FALSE);
}
