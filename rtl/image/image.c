/*
 * image.c - what may be believed of a PE file.
 *
 * A PE image is a file that describes its own place in memory: headers first, then sections, each
 * with a place in the file (PointerToRawData, SizeOfRawData) and a place in memory, relative to
 * the image's base (VirtualAddress, VirtualSize: a "relative virtual address", an RVA).
 *
 *      file                      memory
 *      +--------------+          +--------------+  base
 *      | MZ, PE, table| -------> | headers      |
 *      +--------------+          +--------------+  SectionAlignment (a page or more)
 *      | .text        | -------> | .text        |
 *      | .data        | --+      +--------------+
 *      +--------------+   +----> | .data, zeroes|
 *                                +--------------+  SizeOfImage
 *
 * Everything else in the image (exports, imports, relocations) is found through a table of
 * directories, in RVAs. All these numbers come from whoever made the file, so this code treats them
 * as hostile: sums are made in 64 bits, and each range is compared with the size of what holds it
 * before it is touched. RtlpValidateImage looks at everything that can be checked on the headers
 * alone. What depends on the contents (relocations, exports, imports) is checked when it is read,
 * in imagereloc.c and imagebind.c, because Mm and ntdll see those pages only when they touch them.
 *
 * The rules are Windows': sections follow each other without holes, in ascending order, and the
 * base is a multiple of 64 KiB. An image whose sections are aligned to less than a page is *flat*:
 * it looks in memory as it does in the file, so each section's RVA is its place in the file.
 *
 * The same source is compiled into the loader, the kernel, ntdll and the host tests.
 * Source: Microsoft, "PE Format"; Windows Internals, part 1, chapter 5 (section objects).
 */
#include "ntstatus.h"
#include "rtlimage.h"

#include <stddef.h>

#define IMAGE_PAGE               0x1000ULL
#define MM_SIZE_OF_LARGEST_IMAGE 0x77000000ULL
#define IMAGE_BASE_ALIGNMENT     0x10000ULL
#define MAXIMUM_DIRECTORIES      16

/* Headers lie at multiples of 4 in a file, so the structures must not ask for more. */
_Static_assert(_Alignof(IMAGE_NT_HEADERS64) <= 4, "ntimage.h packs PE structures to 4");
_Static_assert(sizeof(IMAGE_SECTION_HEADER) == 40, "section header as in the PE format");

static ULONG64 RoundUp(ULONG64 Value, ULONG64 Alignment) {
    return (Value + Alignment - 1) & ~(Alignment - 1);
}

static BOOLEAN IsPowerOfTwo(ULONG Value) {
    return Value != 0 && (Value & (Value - 1)) == 0;
}

ULONG RtlpSectionVirtualSize(const IMAGE_SECTION_HEADER *Section) {
    return Section->Misc.VirtualSize != 0 ? Section->Misc.VirtualSize : Section->SizeOfRawData;
}

/* File data reach to the end of the section's last page, even past VirtualSize, as in Windows. */
ULONG RtlpSectionFileSize(const IMAGE_SECTION_HEADER *Section) {
    ULONG64 Room = RoundUp(RtlpSectionVirtualSize(Section), IMAGE_PAGE);
    if (Section->PointerToRawData == 0)
        return 0;
    return Section->SizeOfRawData < Room ? Section->SizeOfRawData : (ULONG)Room;
}

/* MZ, then PE at e_lfanew: which kind of file is it at all? */
static NTSTATUS FindNtHeaders(const UCHAR *Headers, ULONG64 Size, ULONG *Offset) {
    const IMAGE_DOS_HEADER *Dos = (const IMAGE_DOS_HEADER *)Headers;
    if (Size < sizeof(IMAGE_DOS_HEADER) || Dos->e_magic != IMAGE_DOS_SIGNATURE)
        return STATUS_INVALID_IMAGE_NOT_MZ;
    ULONG64 At = (ULONG)Dos->e_lfanew;
    if (At + sizeof(ULONG) > Size)
        return STATUS_INVALID_IMAGE_PROTECT;
    if ((At & 3) != 0)
        return STATUS_INVALID_IMAGE_FORMAT;
    ULONG Signature = *(const ULONG *)(Headers + At);
    if ((USHORT)Signature == IMAGE_OS2_SIGNATURE)
        return STATUS_INVALID_IMAGE_NE_FORMAT;
    if ((USHORT)Signature == IMAGE_OS2_SIGNATURE_LE)
        return STATUS_INVALID_IMAGE_LE_FORMAT;
    if (Signature != IMAGE_NT_SIGNATURE)
        return STATUS_INVALID_IMAGE_PROTECT;
    *Offset = (ULONG)At;
    return STATUS_SUCCESS;
}

/* The file header: the machine, and whether optional header and section table are there. */
static NTSTATUS CheckFileHeader(const UCHAR *Headers, ULONG64 Size, ULONG Offset,
                                PRTL_IMAGE_INFO Info) {
    const IMAGE_NT_HEADERS64 *Nt = (const IMAGE_NT_HEADERS64 *)(Headers + Offset);
    ULONG64 Optional = (ULONG64)Offset + offsetof(IMAGE_NT_HEADERS64, OptionalHeader);
    if (Optional > Size)
        return STATUS_INVALID_IMAGE_FORMAT;
    Info->Machine = Nt->FileHeader.Machine;
    if (Info->Machine == IMAGE_FILE_MACHINE_I386)
        return STATUS_INVALID_IMAGE_WIN_32;
    if (Info->Machine != IMAGE_FILE_MACHINE_AMD64)
        return STATUS_INVALID_IMAGE_FORMAT;

    ULONG64 Table = Optional + Nt->FileHeader.SizeOfOptionalHeader;
    ULONG64 Count = Nt->FileHeader.NumberOfSections;
    if (Count == 0 || (Table & 3) != 0 || Table + Count * sizeof(IMAGE_SECTION_HEADER) > Size ||
        Nt->FileHeader.SizeOfOptionalHeader < offsetof(IMAGE_OPTIONAL_HEADER64, DataDirectory) ||
        (Nt->FileHeader.Characteristics & IMAGE_FILE_EXECUTABLE_IMAGE) == 0)
        return STATUS_INVALID_IMAGE_FORMAT;
    Info->NtHeaders = Nt;
    Info->Sections = (const IMAGE_SECTION_HEADER *)(Headers + Table);
    Info->NumberOfSections = (ULONG)Count;
    Info->Characteristics = Nt->FileHeader.Characteristics;
    return STATUS_SUCCESS;
}

static BOOLEAN IsAlignmentValid(const IMAGE_OPTIONAL_HEADER64 *Optional) {
    if (!IsPowerOfTwo(Optional->SectionAlignment) || !IsPowerOfTwo(Optional->FileAlignment) ||
        (Optional->ImageBase & (IMAGE_BASE_ALIGNMENT - 1)) != 0)
        return FALSE;
    if (Optional->SectionAlignment < IMAGE_PAGE)
        return Optional->FileAlignment == Optional->SectionAlignment;
    return Optional->SectionAlignment >= Optional->FileAlignment &&
           (Optional->FileAlignment & 511) == 0;
}

/* SizeOfHeaders may end inside the section table, as in Windows: the table is there all the same. */
static VOID FillInfo(const IMAGE_OPTIONAL_HEADER64 *Optional, ULONG64 TableEnd, ULONG64 FileSize,
                     PRTL_IMAGE_INFO Info) {
    Info->ImageBase = Optional->ImageBase;
    Info->SizeOfStackReserve = Optional->SizeOfStackReserve;
    Info->SizeOfStackCommit = Optional->SizeOfStackCommit;
    Info->SizeOfImage = (ULONG)RoundUp(Optional->SizeOfImage, IMAGE_PAGE);
    Info->SizeOfHeaders =
        Optional->SizeOfHeaders > TableEnd ? Optional->SizeOfHeaders : (ULONG)TableEnd;
    Info->Flat = Optional->SectionAlignment < IMAGE_PAGE;
    Info->FlatBytes = FileSize < Info->SizeOfImage ? (ULONG)FileSize : Info->SizeOfImage;
    Info->SectionAlignment = Optional->SectionAlignment;
    Info->AddressOfEntryPoint = Optional->AddressOfEntryPoint;
    Info->Subsystem = Optional->Subsystem;
    Info->DllCharacteristics = Optional->DllCharacteristics;
    ULONG Room = (Info->NtHeaders->FileHeader.SizeOfOptionalHeader -
                  (ULONG)offsetof(IMAGE_OPTIONAL_HEADER64, DataDirectory)) /
                 (ULONG)sizeof(IMAGE_DATA_DIRECTORY);
    ULONG Count = Optional->NumberOfRvaAndSizes;
    Count = Count < Room ? Count : Room;
    Info->NumberOfDirectories = Count < MAXIMUM_DIRECTORIES ? Count : MAXIMUM_DIRECTORIES;
}

static NTSTATUS CheckOptionalHeader(const UCHAR *Headers, ULONG64 FileSize, PRTL_IMAGE_INFO Info) {
    const IMAGE_OPTIONAL_HEADER64 *Optional = &Info->NtHeaders->OptionalHeader;
    if (Optional->Magic != IMAGE_NT_OPTIONAL_HDR64_MAGIC || !IsAlignmentValid(Optional))
        return STATUS_INVALID_IMAGE_FORMAT;
    ULONG64 TableEnd =
        (ULONG64)((const UCHAR *)(Info->Sections + Info->NumberOfSections) - Headers);
    if (Optional->SizeOfImage == 0 || Optional->SizeOfImage > MM_SIZE_OF_LARGEST_IMAGE ||
        Optional->SizeOfHeaders == 0 || Optional->SizeOfHeaders > Optional->SizeOfImage ||
        Optional->SizeOfHeaders > FileSize || TableEnd > Optional->SizeOfImage ||
        TableEnd > FileSize || Optional->AddressOfEntryPoint >= Optional->SizeOfImage)
        return STATUS_INVALID_IMAGE_FORMAT;
    FillInfo(Optional, TableEnd, FileSize, Info);
    return STATUS_SUCCESS;
}

/* Sections stand in memory one after the other without a hole, and in the file inside it. */
static NTSTATUS CheckSections(const RTL_IMAGE_INFO *Info, ULONG64 FileSize) {
    ULONG FileAlignment = Info->NtHeaders->OptionalHeader.FileAlignment;
    ULONG64 Next = RoundUp(Info->SizeOfHeaders, Info->SectionAlignment);
    for (ULONG Index = 0; Index < Info->NumberOfSections; Index++) {
        const IMAGE_SECTION_HEADER *Section = &Info->Sections[Index];
        ULONG64 Size = RtlpSectionVirtualSize(Section);
        if (Size == 0 || Section->VirtualAddress != Next ||
            Next + RoundUp(Size, IMAGE_PAGE) > Info->SizeOfImage)
            return STATUS_INVALID_IMAGE_FORMAT;
        Next = RoundUp(Next + Size, Info->SectionAlignment);

        ULONG64 RawEnd = (ULONG64)Section->PointerToRawData + Section->SizeOfRawData;
        if (Section->PointerToRawData != 0 &&
            (RawEnd > FileSize || (Section->PointerToRawData & (FileAlignment - 1)) != 0))
            return STATUS_INVALID_IMAGE_FORMAT;
    }
    return STATUS_SUCCESS;
}

/* A flat image is mapped by the file, so a section must be where the file has it, with all of it. */
static NTSTATUS CheckFlatSections(const RTL_IMAGE_INFO *Info, ULONG64 FileSize) {
    for (ULONG Index = 0; Index < Info->NumberOfSections; Index++) {
        const IMAGE_SECTION_HEADER *Section = &Info->Sections[Index];
        ULONG64 RawEnd = (ULONG64)Section->PointerToRawData + Section->SizeOfRawData;
        if (Section->PointerToRawData != Section->VirtualAddress ||
            Section->SizeOfRawData < Section->Misc.VirtualSize || RawEnd > FileSize ||
            (ULONG64)Section->VirtualAddress + Section->Misc.VirtualSize > Info->SizeOfImage)
            return STATUS_INVALID_IMAGE_FORMAT;
    }
    return STATUS_SUCCESS;
}

/* Every directory lies inside the image; only the certificate table counts in file offsets. */
static NTSTATUS CheckDirectories(const RTL_IMAGE_INFO *Info) {
    const IMAGE_DATA_DIRECTORY *Directory = Info->NtHeaders->OptionalHeader.DataDirectory;
    for (ULONG Index = 0; Index < Info->NumberOfDirectories; Index++) {
        ULONG64 End = (ULONG64)Directory[Index].VirtualAddress + Directory[Index].Size;
        if (Index != IMAGE_DIRECTORY_ENTRY_SECURITY && Directory[Index].VirtualAddress != 0 &&
            End > Info->SizeOfImage)
            return STATUS_INVALID_IMAGE_FORMAT;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS ValidateHeaders(const UCHAR *Headers, ULONG64 HeadersSize, ULONG64 FileSize,
                                PRTL_IMAGE_INFO Info) {
    ULONG Offset;
    Info->Machine = IMAGE_FILE_MACHINE_UNKNOWN;
    NTSTATUS Status = FindNtHeaders(Headers, HeadersSize, &Offset);
    if (NT_SUCCESS(Status))
        Status = CheckFileHeader(Headers, HeadersSize, Offset, Info);
    if (NT_SUCCESS(Status))
        Status = CheckOptionalHeader(Headers, FileSize, Info);
    return Status;
}

NTSTATUS RtlpValidateImage(const VOID *Headers, SIZE_T HeadersSize, ULONG64 FileSize,
                           PRTL_IMAGE_INFO Info) {
    NTSTATUS Status = ValidateHeaders(Headers, HeadersSize, FileSize, Info);
    if (NT_SUCCESS(Status))
        Status = Info->Flat ? CheckFlatSections(Info, FileSize) : CheckSections(Info, FileSize);
    if (NT_SUCCESS(Status))
        Status = CheckDirectories(Info);
    return Status;
}

/* In memory PointerToRawData says nothing any more: any value will do. */
NTSTATUS RtlpValidateMappedImage(const VOID *Image, SIZE_T Size, PRTL_IMAGE_INFO Info) {
    NTSTATUS Status = RtlpValidateImage(Image, Size, ~0ULL, Info);
    if (NT_SUCCESS(Status) && Info->SizeOfImage > Size)
        Status = STATUS_INVALID_IMAGE_FORMAT;
    return Status;
}

/* Copies Size bytes and zeroes what follows them, to the end of the last of Room bytes' pages. */
static VOID CopyAndPad(PUCHAR To, const UCHAR *From, ULONG Size, ULONG Room) {
    __builtin_memcpy(To, From, Size);
    __builtin_memset(To + Size, 0, RoundUp(Room, IMAGE_PAGE) - Size);
}

VOID RtlpLayoutImage(const VOID *File, const RTL_IMAGE_INFO *Info, PVOID Image) {
    if (Info->Flat) {
        CopyAndPad(Image, File, Info->FlatBytes, Info->SizeOfImage);
        return;
    }
    CopyAndPad(Image, File, Info->SizeOfHeaders, Info->SizeOfHeaders);
    for (ULONG Index = 0; Index < Info->NumberOfSections; Index++) {
        const IMAGE_SECTION_HEADER *Section = &Info->Sections[Index];
        ULONG Size = RtlpSectionFileSize(Section);
        const UCHAR *From = Size == 0 ? File : (const UCHAR *)File + Section->PointerToRawData;
        CopyAndPad((PUCHAR)Image + Section->VirtualAddress, From, Size,
                   RtlpSectionVirtualSize(Section));
    }
}

NTSTATUS RtlImageNtHeaderEx(ULONG Flags, PVOID BaseOfImage, ULONG64 Size,
                            PIMAGE_NT_HEADERS64 *OutHeaders) {
    ULONG Offset;
    if (BaseOfImage == NULL || OutHeaders == NULL)
        return STATUS_INVALID_PARAMETER;
    *OutHeaders = NULL;
    if ((Flags & ~RTL_IMAGE_NT_HEADER_EX_FLAG_NO_RANGE_CHECK) != 0)
        return STATUS_INVALID_PARAMETER;
    if ((Flags & RTL_IMAGE_NT_HEADER_EX_FLAG_NO_RANGE_CHECK) != 0)
        Size = ~0ULL;
    NTSTATUS Status = FindNtHeaders(BaseOfImage, Size, &Offset);
    if (!NT_SUCCESS(Status))
        return Status == STATUS_INVALID_IMAGE_NOT_MZ ? Status : STATUS_INVALID_IMAGE_FORMAT;
    if ((ULONG64)Offset + sizeof(IMAGE_NT_HEADERS64) > Size)
        return STATUS_INVALID_IMAGE_FORMAT;
    *OutHeaders = (PIMAGE_NT_HEADERS64)((PUCHAR)BaseOfImage + Offset);
    return STATUS_SUCCESS;
}

PIMAGE_NT_HEADERS64 RtlImageNtHeader(PVOID BaseOfImage) {
    PIMAGE_NT_HEADERS64 Headers;
    NTSTATUS Status =
        RtlImageNtHeaderEx(RTL_IMAGE_NT_HEADER_EX_FLAG_NO_RANGE_CHECK, BaseOfImage, 0, &Headers);
    return NT_SUCCESS(Status) ? Headers : NULL;
}

PIMAGE_SECTION_HEADER RtlImageRvaToSection(PIMAGE_NT_HEADERS64 NtHeaders, PVOID BaseOfImage,
                                           ULONG Rva) {
    PIMAGE_SECTION_HEADER Section =
        (PIMAGE_SECTION_HEADER)((PUCHAR)&NtHeaders->OptionalHeader +
                                NtHeaders->FileHeader.SizeOfOptionalHeader);
    (void)BaseOfImage;
    for (ULONG Index = 0; Index < NtHeaders->FileHeader.NumberOfSections; Index++, Section++) {
        if (Rva >= Section->VirtualAddress &&
            Rva - Section->VirtualAddress < Section->SizeOfRawData)
            return Section;
    }
    return NULL;
}

PVOID RtlImageRvaToVa(PIMAGE_NT_HEADERS64 NtHeaders, PVOID BaseOfImage, ULONG Rva,
                      PIMAGE_SECTION_HEADER *LastRvaSection) {
    PIMAGE_SECTION_HEADER Section = RtlImageRvaToSection(NtHeaders, BaseOfImage, Rva);
    if (Section == NULL)
        return NULL;
    if (LastRvaSection != NULL)
        *LastRvaSection = Section;
    return (PUCHAR)BaseOfImage + Section->PointerToRawData + (Rva - Section->VirtualAddress);
}

/* Low bits of BaseOfImage are a module handle's flags (LDR_IS_DATAFILE), not an address. */
PVOID RtlImageDirectoryEntryToData(PVOID BaseOfImage, BOOLEAN MappedAsImage, USHORT DirectoryEntry,
                                   PULONG Size) {
    if (((ULONG_PTR)BaseOfImage & 3) != 0) {
        BaseOfImage = (PVOID)((ULONG_PTR)BaseOfImage & ~(ULONG_PTR)3);
        MappedAsImage = FALSE;
    }
    *Size = 0;
    PIMAGE_NT_HEADERS64 Nt = RtlImageNtHeader(BaseOfImage);
    if (Nt == NULL || Nt->OptionalHeader.Magic != IMAGE_NT_OPTIONAL_HDR64_MAGIC ||
        DirectoryEntry >= MAXIMUM_DIRECTORIES ||
        DirectoryEntry >= Nt->OptionalHeader.NumberOfRvaAndSizes)
        return NULL;
    const IMAGE_DATA_DIRECTORY *Directory = &Nt->OptionalHeader.DataDirectory[DirectoryEntry];
    ULONG Rva = Directory->VirtualAddress;
    if (Rva == 0)
        return NULL;
    *Size = Directory->Size;
    if (!MappedAsImage && Rva >= Nt->OptionalHeader.SizeOfHeaders)
        return RtlImageRvaToVa(Nt, BaseOfImage, Rva, NULL);
    return Rva < Nt->OptionalHeader.SizeOfImage ? (PUCHAR)BaseOfImage + Rva : NULL;
}
