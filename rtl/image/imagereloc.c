/*
 * imagereloc.c - base relocations: making an image run where it was not linked to run.
 *
 * The relocation directory is a chain of blocks, one per page: a header (the page's RVA, the size
 * of the block) and 16-bit entries, type in the top four bits, offset in the page in the rest. Each
 * entry names a place that holds an address, to which the distance between the base wished for and
 * the base given is added. All blocks are checked before the first is applied, so that a
 * refused image is an unchanged image.
 * Source: Microsoft, "PE Format", the .reloc section.
 */
#include "ntstatus.h"
#include "rtlimage.h"

#define RELOCATION_PAGE 0x1000ULL

/* Size of the place that a relocation of this type changes; 0: nothing to do, -1: unknown type. */
static LONG FixupWidth(ULONG Type) {
    switch (Type) {
    case IMAGE_REL_BASED_ABSOLUTE:
        return 0;
    case IMAGE_REL_BASED_HIGHLOW:
        return sizeof(ULONG);
    case IMAGE_REL_BASED_DIR64:
        return sizeof(ULONG64);
    default:
        return -1;
    }
}

/*
 * A fixup must lie inside the image, and not in the relocations themselves: applying it would
 * change what was checked. Neither can happen in nearly all pages, whose entries need no closer
 * look.
 */
static NTSTATUS CheckBlock(const UNALIGNED_USHORT *Entry, ULONG Count, ULONG64 Page,
                           ULONG64 ImageSize, const IMAGE_DATA_DIRECTORY *Directory) {
    ULONG64 Start = Directory->VirtualAddress;
    ULONG64 End = Start + Directory->Size;
    ULONG64 PageEnd = Page + RELOCATION_PAGE + sizeof(ULONG64); /* the last fixup may hang over */
    BOOLEAN Harmless = PageEnd <= ImageSize && (PageEnd <= Start || Page >= End);
    for (ULONG Index = 0; Index < Count; Index++) {
        LONG Width = FixupWidth(Entry[Index] >> 12);
        ULONG64 Place = Page + (Entry[Index] & 0xFFF);
        if (Width < 0)
            return STATUS_INVALID_IMAGE_FORMAT;
        if (Harmless || Width == 0)
            continue;
        if (Place + (ULONG)Width > ImageSize || (Place < End && Place + (ULONG)Width > Start))
            return STATUS_INVALID_IMAGE_FORMAT;
    }
    return STATUS_SUCCESS;
}

static VOID ApplyBlock(const UNALIGNED_USHORT *Entry, ULONG Count, PUCHAR Page, ULONG64 Delta) {
    for (ULONG Index = 0; Index < Count; Index++) {
        PUCHAR Place = Page + (Entry[Index] & 0xFFF);
        ULONG Type = Entry[Index] >> 12;
        if (Type == IMAGE_REL_BASED_DIR64)
            *(UNALIGNED_ULONG64 *)Place += Delta;
        else if (Type == IMAGE_REL_BASED_HIGHLOW)
            *(UNALIGNED_ULONG *)Place += (ULONG)Delta;
    }
}

/* One pass over all blocks: to check them, or, when Apply is set, to apply them. */
static NTSTATUS WalkBlocks(PUCHAR Image, ULONG64 ImageSize, const IMAGE_DATA_DIRECTORY *Directory,
                           ULONG64 Delta, BOOLEAN Apply) {
    ULONG64 At = Directory->VirtualAddress;
    ULONG64 End = At + Directory->Size;
    while (At + sizeof(IMAGE_BASE_RELOCATION) <= End) {
        ULONG Page = *(UNALIGNED_ULONG *)(Image + At);
        ULONG Size = *(UNALIGNED_ULONG *)(Image + At + sizeof(ULONG));
        if (Size < sizeof(IMAGE_BASE_RELOCATION) || At + Size > End || Page >= ImageSize)
            return STATUS_INVALID_IMAGE_FORMAT;
        const UNALIGNED_USHORT *Entry =
            (const UNALIGNED_USHORT *)(Image + At + sizeof(IMAGE_BASE_RELOCATION));
        ULONG Count = (Size - (ULONG)sizeof(IMAGE_BASE_RELOCATION)) / (ULONG)sizeof(USHORT);
        if (Apply)
            ApplyBlock(Entry, Count, Image + Page, Delta);
        else if (!NT_SUCCESS(CheckBlock(Entry, Count, Page, ImageSize, Directory)))
            return STATUS_INVALID_IMAGE_FORMAT;
        At += Size;
    }
    return STATUS_SUCCESS;
}

NTSTATUS RtlpRelocateImage(PVOID Image, SIZE_T ImageSize, ULONG64 NewBase) {
    RTL_IMAGE_INFO Info;
    NTSTATUS Status = RtlpValidateMappedImage(Image, ImageSize, &Info);
    if (!NT_SUCCESS(Status))
        return Status;
    ULONG64 Delta = NewBase - Info.ImageBase;
    if (Delta == 0)
        return STATUS_SUCCESS;
    if ((Info.Characteristics & IMAGE_FILE_RELOCS_STRIPPED) != 0)
        return STATUS_CONFLICTING_ADDRESSES;
    if (Info.NumberOfDirectories <= IMAGE_DIRECTORY_ENTRY_BASERELOC)
        return STATUS_SUCCESS;
    IMAGE_DATA_DIRECTORY Directory =
        Info.NtHeaders->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_BASERELOC];
    if (Directory.VirtualAddress == 0)
        return STATUS_SUCCESS;
    Status = WalkBlocks(Image, Info.SizeOfImage, &Directory, Delta, FALSE);
    if (!NT_SUCCESS(Status))
        return Status;
    return WalkBlocks(Image, Info.SizeOfImage, &Directory, Delta, TRUE);
}
