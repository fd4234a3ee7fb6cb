/*
 * paging.c - the address space in which the kernel starts
 *
 *   low half                  the firmware's one-to-one map, needed between loading CR3 and the
 *                             jump; the kernel removes it
 *   FFFFF680'00000000         the self-map: PML4 slot 1EDh points at the PML4 itself
 *   FFFFF800'00000000         images: headers read-only, each section with the rights it asks for
 *   FFFFF800'10000000         loader block, boot files (read-only), initial stack above a hole
 *   FFFFFFFF'FFC00000         empty page tables, in which the HAL maps devices
 *
 * No page is both writable and executable. Entries are global, accessed and dirty from the start:
 * the kernel's half is the same in every process, and the processor then need not set the bits.
 */
#include "boot.h"

#define PTE_VALID      0x001ULL
#define PTE_WRITE      0x002ULL
#define PTE_ACCESSED   0x020ULL
#define PTE_DIRTY      0x040ULL
#define PTE_LARGE      0x080ULL
#define PTE_GLOBAL     0x100ULL
#define PTE_NO_EXECUTE (1ULL << 63)
#define PTE_FRAME      0x000FFFFFFFFFF000ULL

#define TABLE_ENTRIES 512
#define TABLE_CHUNK   16
#define SELF_MAP_SLOT 0x1ED
#define HAL_VA        0xFFFFFFFFFFC00000ULL
#define HAL_SIZE      0x400000ULL
#define CR4_LA57      0x1000ULL

static ULONG64 *Pml4;
static PUCHAR TableChunk;
static ULONG TablesLeft;
static ULONG64 NextDataVa = BOOT_DATA_BASE + BOOT_ARENA_SIZE;

static ULONG64 *NewTable(VOID) {
    if (TablesLeft == 0) {
        TableChunk = BootAllocatePages(LoaderMemoryData, TABLE_CHUNK, 1, NULL);
        TablesLeft = TABLE_CHUNK;
    }
    PVOID Table = TableChunk;
    TableChunk += PAGE_SIZE;
    TablesLeft--;
    return memset(Table, 0, PAGE_SIZE);
}

static ULONG Index(ULONG64 Va, ULONG Level) {
    return (ULONG)(Va >> (PAGE_SHIFT + 9 * Level)) & (TABLE_ENTRIES - 1);
}

/* Returns the entry for Va in the table of Level (0: page table); creates the tables above it. */
static ULONG64 *FindEntry(ULONG64 Va, ULONG Level) {
    ULONG64 *Table = Pml4;
    for (ULONG At = 3; At > Level; At--) {
        ULONG64 *Entry = &Table[Index(Va, At)];
        if (*Entry == 0)
            *Entry = (ULONG64)NewTable() | PTE_VALID | PTE_WRITE | PTE_ACCESSED;
        Table = (ULONG64 *)(*Entry & PTE_FRAME);
    }
    return &Table[Index(Va, Level)];
}

static ULONG64 RightsToPte(BOOT_RIGHTS Rights) {
    ULONG64 Pte = PTE_VALID | PTE_ACCESSED | PTE_GLOBAL;
    if (Rights == BootReadWrite)
        Pte |= PTE_WRITE | PTE_DIRTY;
    return Rights == BootReadExecute ? Pte : Pte | PTE_NO_EXECUTE;
}

/* Maps whole pages (4 KiB, or 2 MiB if Large) at Va to the memory at Memory. */
VOID BootMap(ULONG64 Va, const VOID *Memory, ULONG64 Size, BOOT_RIGHTS Rights, BOOLEAN Large) {
    ULONG64 Pte = (ULONG64)Memory | RightsToPte(Rights) | (Large ? PTE_LARGE : 0);
    ULONG64 Step = Large ? LARGE_PAGE_SIZE : PAGE_SIZE;
    ULONG64 *Entry = NULL;
    for (ULONG64 End = Va + Size; Va < End; Va += Step, Pte += Step) {
        BOOLEAN IsFirstOfTable = Index(Va, Large ? 1 : 0) == 0;
        Entry = Entry == NULL || IsFirstOfTable ? FindEntry(Va, Large ? 1 : 0) : Entry + 1;
        *Entry = Pte;
    }
}

/* Reserves the next free addresses in the data part of the boot slot. */
ULONG64 BootReserveVa(ULONG64 Size) {
    ULONG64 Va = NextDataVa;
    if (Size > BOOT_SLOT_END - Va)
        BootFail(STATUS_NO_MEMORY, NULL, "the boot volume is too large", NULL);
    NextDataVa += Size;
    return Va;
}

VOID BootCreateAddressSpace(VOID) {
    ULONG64 Cr3, Cr4;
    __asm__("mov %%cr3, %0" : "=r"(Cr3));
    __asm__("mov %%cr4, %0" : "=r"(Cr4));
    if ((Cr4 & CR4_LA57) != 0)
        BootFail(STATUS_NOT_SUPPORTED, NULL, "the firmware uses five-level page tables", NULL);
    Pml4 = NewTable();
    memcpy(Pml4, (PVOID)(Cr3 & PTE_FRAME), TABLE_ENTRIES / 2 * sizeof(ULONG64));
    Pml4[SELF_MAP_SLOT] = (ULONG64)Pml4 | RightsToPte(BootReadWrite);
    Pml4[SELF_MAP_SLOT] &= ~PTE_GLOBAL;
    for (ULONG64 At = 0; At < HAL_SIZE; At += LARGE_PAGE_SIZE)
        FindEntry(HAL_VA + At, 0);
}

static BOOT_RIGHTS SectionRights(const IMAGE_SECTION_HEADER *Section) {
    if ((Section->Characteristics & IMAGE_SCN_MEM_EXECUTE) != 0)
        return BootReadExecute;
    return (Section->Characteristics & IMAGE_SCN_MEM_WRITE) != 0 ? BootReadWrite : BootRead;
}

/* Maps Size bytes at Rva, rounded up to the page size in use; *Used is the end of the mapping. */
static VOID MapPart(const BOOT_IMAGE *Image, ULONG Rva, ULONG Size, BOOT_RIGHTS Rights,
                    BOOLEAN Large, ULONG64 *Used) {
    ULONG64 Rounded = ALIGN_UP_BY(Size, Large ? LARGE_PAGE_SIZE : PAGE_SIZE);
    BootFreePages(Image->Memory + *Used, (Rva - *Used) / PAGE_SIZE);
    BootMap(Image->Base + Rva, Image->Memory + Rva, Rounded, Rights, Large);
    *Used = Rva + Rounded;
}

/* Maps headers and sections; records memory of the image that no page needs as unused. */
static VOID MapImage(const BOOT_IMAGE *Image) {
    ULONG64 Used = 0;
    MapPart(Image, 0, Image->Info.SizeOfHeaders, BootRead, FALSE, &Used);
    for (ULONG Index = 0; Index < Image->Info.NumberOfSections; Index++) {
        const IMAGE_SECTION_HEADER *Section = &Image->Info.Sections[Index];
        MapPart(Image, Section->VirtualAddress, RtlpSectionVirtualSize(Section),
                SectionRights(Section), Image->LargePages, &Used);
    }
    ULONG64 Size =
        ALIGN_UP_BY(Image->Info.SizeOfImage, Image->LargePages ? LARGE_PAGE_SIZE : PAGE_SIZE);
    BootFreePages(Image->Memory + Used, (Size - Used) / PAGE_SIZE);
}

VOID BootMapImages(VOID) {
    for (ULONG Index = 0; Index < BootImageCount; Index++)
        MapImage(&BootImages[Index]);
}

/* Releases unused tables and returns the value for CR3. Nothing can be mapped afterwards. */
ULONG64 BootFinishAddressSpace(VOID) {
    BootExtension->BootVaEnd = NextDataVa;
    BootFreePages(TableChunk, TablesLeft);
    TablesLeft = 0;
    return (ULONG64)Pml4;
}
