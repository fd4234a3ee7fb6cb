/*
 * memmap.c - the firmware's memory map, at the start and at the end
 *
 * At the start the map says how much memory there is. At the end it is read again; its key lets the
 * loader leave the firmware, and the map is converted to the kernel's list of
 * MEMORY_ALLOCATION_DESCRIPTORs: sorted, with adjacent runs of one type merged. The loader's own
 * allocations carry their TYPE_OF_MEMORY as the firmware's memory type; pages that it did not need
 * are in its list of free runs (memory.c).
 */
#include "boot.h"

#define MAP_PAGES  16
#define MAP_SLACK  128
#define EXIT_TRIES 4

static PUCHAR Map;
static UINTN MapSize;
static UINTN MapKey;
static UINTN DescriptorSize;
static ULONG64 TotalMemory;
static PMEMORY_ALLOCATION_DESCRIPTOR Runs;
static ULONG RunCount;

static VOID GetMap(VOID) {
    UINT32 Version;
    MapSize = MAP_PAGES * PAGE_SIZE;
    EFI_STATUS Status = BootServices->GetMemoryMap(&MapSize, (EFI_MEMORY_DESCRIPTOR *)Map, &MapKey,
                                                   &DescriptorSize, &Version);
    if (EFI_ERROR(Status))
        BootFail(STATUS_INSUFFICIENT_RESOURCES, NULL, "the memory map cannot be read", NULL);
}

static const EFI_MEMORY_DESCRIPTOR *Descriptor(ULONG Index) {
    return (const EFI_MEMORY_DESCRIPTOR *)(Map + Index * DescriptorSize);
}

static TYPE_OF_MEMORY TranslateType(UINT32 Type) {
    if (Type >= 0x80000000u)
        return (TYPE_OF_MEMORY)(Type - 0x80000000u);
    switch (Type) {
    case EfiConventionalMemory:
        return LoaderFree;
    case EfiLoaderCode:
    case EfiLoaderData:
        return LoaderLoadedProgram;
    case EfiBootServicesCode:
    case EfiBootServicesData:
        return LoaderFirmwareTemporary;
    case EfiACPIReclaimMemory:
        return LoaderAcpiTables;
    case EfiUnusableMemory:
        return LoaderBad;
    default:
        return LoaderFirmwarePermanent;
    }
}

static DECLSPEC_NORETURN VOID FailMemory(ULONG64 Free) {
    CHAR Text[64];
    PCSTR End = Text + sizeof(Text);
    PSTR To = BootAppendDecimal(Text, End, Free >> 20);
    To = BootAppend(To, End, " MB are free, ");
    To = BootAppendDecimal(To, End, BOOT_MINIMUM_MEMORY >> 20);
    BootAppend(To, End, " MB are needed");
    BootFail(STATUS_NO_MEMORY, NULL, "not enough memory:", Text);
}

/* Adds up the memory; fails if too little is free for the rest of the boot. */
VOID BootMeasureMemory(VOID) {
    ULONG64 Free = 0;
    Map = BootAllocatePages(LoaderLoadedProgram, MAP_PAGES, 1, NULL);
    GetMap();
    for (ULONG Index = 0; Index < MapSize / DescriptorSize; Index++) {
        ULONG64 Size = Descriptor(Index)->NumberOfPages * PAGE_SIZE;
        TYPE_OF_MEMORY Type = TranslateType(Descriptor(Index)->Type);
        if (Type != LoaderFirmwarePermanent && Type != LoaderBad)
            TotalMemory += Size;
        if (Type == LoaderFree)
            Free += Size;
    }
    if (Free < BOOT_MINIMUM_MEMORY)
        FailMemory(Free);
}

BOOLEAN BootHasLargePages(VOID) {
    return TotalMemory >= BOOT_LARGE_PAGE_MEMORY;
}

/* Inserts a run in order. The firmware's map is nearly sorted, so the search starts at the end. */
static VOID InsertRun(TYPE_OF_MEMORY Type, ULONG64 BasePage, ULONG64 PageCount) {
    ULONG At = RunCount++;
    for (; At > 0 && Runs[At - 1].BasePage > BasePage; At--)
        Runs[At] = Runs[At - 1];
    Runs[At].MemoryType = Type;
    Runs[At].BasePage = BasePage;
    Runs[At].PageCount = PageCount;
}

/* Page 0 is left out: a null physical address must not be a page that can be allocated. */
static VOID AddRun(const EFI_MEMORY_DESCRIPTOR *Entry) {
    TYPE_OF_MEMORY Type = TranslateType(Entry->Type);
    ULONG64 BasePage = Entry->PhysicalStart >> PAGE_SHIFT;
    ULONG64 PageCount = Entry->NumberOfPages;
    if (Entry->Type == EfiMemoryMappedIO || Entry->Type == EfiMemoryMappedIOPortSpace)
        return;
    if (BasePage == 0 && PageCount != 0) {
        InsertRun(LoaderFirmwarePermanent, 0, 1);
        BasePage++;
        PageCount--;
    }
    if (PageCount != 0)
        InsertRun(Type, BasePage, PageCount);
}

/* Cuts an unused run out of the allocation that contains it. */
static VOID CutFreeRun(const BOOT_FREE_RUN *Free) {
    ULONG At = 0;
    while (Runs[At].BasePage + Runs[At].PageCount <= Free->BasePage)
        At++;
    TYPE_OF_MEMORY Type = Runs[At].MemoryType;
    ULONG64 End = Runs[At].BasePage + Runs[At].PageCount;
    ULONG64 FreeEnd = Free->BasePage + Free->PageCount;
    Runs[At].PageCount = Free->BasePage - Runs[At].BasePage;
    InsertRun(LoaderFree, Free->BasePage, Free->PageCount);
    if (End > FreeEnd)
        InsertRun(Type, FreeEnd, End - FreeEnd);
}

/* Links the runs; drops empty ones and merges adjacent runs of one type. */
static VOID LinkRuns(VOID) {
    ULONG Last = 0;
    for (ULONG Index = 1; Index < RunCount; Index++) {
        if (Runs[Last].PageCount == 0)
            Runs[Last] = Runs[Index];
        else if (Runs[Index].MemoryType == Runs[Last].MemoryType &&
                 Runs[Index].BasePage == Runs[Last].BasePage + Runs[Last].PageCount)
            Runs[Last].PageCount += Runs[Index].PageCount;
        else if (Runs[Index].PageCount != 0)
            Runs[++Last] = Runs[Index];
    }
    for (ULONG Index = 0; Index <= Last; Index++)
        BootAppendList(&BootBlock->MemoryDescriptorListHead, &Runs[Index].ListEntry);
}

/*
 * Reads the map and leaves the firmware. A firmware event between the two calls may change the map
 * and make the key stale; both are then repeated. Memory for the list is allocated before, from the
 * map's size at the start: loading adds a few entries, fewer than MAP_SLACK.
 */
VOID BootLeaveFirmware(VOID) {
    EFI_STATUS Status = EFI_INVALID_PARAMETER;
    ULONG Room = (ULONG)(MapSize / DescriptorSize) + MAP_SLACK;
    Runs = BootAllocate((Room + 2 * BootFreeRunCount + 1) * sizeof(*Runs));
    for (ULONG Try = 0; Try < EXIT_TRIES && EFI_ERROR(Status); Try++) {
        GetMap();
        if (MapSize / DescriptorSize <= Room)
            Status = BootServices->ExitBootServices(BootImageHandle, MapKey);
    }
    if (EFI_ERROR(Status))
        BootFail(STATUS_UNSUCCESSFUL, NULL, "the firmware does not let go", NULL);
    for (ULONG Index = 0; Index < MapSize / DescriptorSize; Index++)
        AddRun(Descriptor(Index));
    for (ULONG Index = 0; Index < BootFreeRunCount; Index++)
        CutFreeRun(&BootFreeRuns[Index]);
    LinkRuns();
}
