/*
 * Image segments: a PE file as a set of subsections.
 *
 * The headers are read and validated once, by the same code that the loader uses (rtl/image/image.c); the
 * file's data are read page by page when they are touched. Each PE section becomes a subsection
 * whose protection follows its characteristics: code is execute-read, constants are read-only, data
 * are copy-on-write, so that nothing is ever both writable and executable unless the image asks for
 * it. What the file does not fill (.bss, the tail of a section) is zero.
 *
 * An image whose sections are aligned to less than a page cannot have protections of its own for
 * each section. As in Windows it is one subsection, flat as in the file, and all of it may be read,
 * written (copy-on-write) and executed.
 */
#include "mip.h"
#include "rtlimage.h"

#define MI_HEADERS_MAXIMUM (64 * 1024)

/* Protection of a PE section by its characteristics: bit 2 write, bit 1 read, bit 0 execute. */
static ULONG MiSectionProtection(ULONG Characteristics) {
    static const UCHAR Protections[8] = {MM_NOACCESS,     MM_EXECUTE,          MM_READONLY,
                                         MM_EXECUTE_READ, MM_WRITECOPY,        MM_EXECUTE_WRITECOPY,
                                         MM_WRITECOPY,    MM_EXECUTE_WRITECOPY};
    ULONG Index = ((Characteristics & IMAGE_SCN_MEM_EXECUTE) ? 1 : 0) |
                  ((Characteristics & IMAGE_SCN_MEM_READ) ? 2 : 0) |
                  ((Characteristics & IMAGE_SCN_MEM_WRITE) ? 4 : 0);
    return Protections[Index];
}

/* Sets the prototype PTEs of a subsection: pages with file data, then zeroed ones. */
static VOID MiFillSubsection(PSEGMENT Segment, PSUBSECTION Subsection, ULONG64 FirstPage,
                             ULONG64 Pages, ULONG Protection, ULONG64 Offset, ULONG64 FileBytes) {
    ULONG64 Template = MiMakeSoftwarePte(Protection);
    *Subsection = (SUBSECTION){.ControlArea = Segment->ControlArea,
                               .SubsectionBase = Segment->PrototypePte + FirstPage,
                               .PtesInSubsection = (ULONG)Pages,
                               .u.SubsectionFlags.Protection = (USHORT)Protection};
    MiSetFileRange(Subsection, Offset, FileBytes);
    if (Subsection > Segment->Subsections) {
        Subsection[-1].NextSubsection = Subsection;
    }
    for (ULONG64 i = 0; i < Pages; i++) {
        BOOLEAN FromFile = (i << PAGE_SHIFT) < FileBytes;
        MiWritePte(&Subsection->SubsectionBase[i],
                   FromFile ? Template | MM_PTE_PROTOTYPE : Template);
    }
}

static VOID MiFillImageInformation(const RTL_IMAGE_INFO *Info, ULONG64 FileSize,
                                   PSECTION_IMAGE_INFORMATION Image) {
    const IMAGE_OPTIONAL_HEADER64 *Header = &Info->NtHeaders->OptionalHeader;
    Image->TransferAddress = (PVOID)(Info->ImageBase + Info->AddressOfEntryPoint);
    Image->MaximumStackSize = Info->SizeOfStackReserve;
    Image->CommittedStackSize = Info->SizeOfStackCommit;
    Image->SubSystemType = Info->Subsystem;
    Image->SubSystemMajorVersion = Header->MajorSubsystemVersion;
    Image->SubSystemMinorVersion = Header->MinorSubsystemVersion;
    Image->MajorOperatingSystemVersion = Header->MajorOperatingSystemVersion;
    Image->MinorOperatingSystemVersion = Header->MinorOperatingSystemVersion;
    Image->ImageCharacteristics = Info->Characteristics;
    Image->DllCharacteristics = Info->DllCharacteristics;
    Image->Machine = Info->Machine;
    Image->ImageContainsCode = Header->SizeOfCode != 0 || Header->AddressOfEntryPoint != 0;
    Image->LoaderFlags = Header->LoaderFlags;
    Image->ImageFileSize = (ULONG)FileSize;
    Image->CheckSum = Header->CheckSum;
}

/* One subsection for the headers, one for each section; or one for all of a flat image. */
static VOID MiFillImageSubsections(PSEGMENT Segment, const RTL_IMAGE_INFO *Info, ULONG64 FileSize) {
    if (Info->Flat) {
        MiFillSubsection(Segment, &Segment->Subsections[0], 0, Segment->TotalNumberOfPtes,
                         MM_EXECUTE_WRITECOPY, 0, Info->FlatBytes);
        return;
    }
    MiFillSubsection(Segment, &Segment->Subsections[0], 0, BYTES_TO_PAGES(Info->SizeOfHeaders),
                     MM_READONLY, 0, min((ULONG64)Info->SizeOfHeaders, FileSize));
    for (ULONG i = 0; i < Info->NumberOfSections; i++) {
        const IMAGE_SECTION_HEADER *Header = &Info->Sections[i];
        MiFillSubsection(Segment, &Segment->Subsections[i + 1],
                         Header->VirtualAddress >> PAGE_SHIFT,
                         BYTES_TO_PAGES(RtlpSectionVirtualSize(Header)),
                         MiSectionProtection(Header->Characteristics), Header->PointerToRawData,
                         RtlpSectionFileSize(Header));
    }
}

/* Builds the segment from validated headers. */
static NTSTATUS MiBuildImageSegment(PFILE_OBJECT FileObject, const RTL_IMAGE_INFO *Info,
                                    ULONG64 FileSize, PSEGMENT *Segment) {
    PMI_SECTION_IMAGE_INFORMATION Image;
    NTSTATUS Status = MiCreateSegment(FileObject, BYTES_TO_PAGES(Info->SizeOfImage),
                                      Info->Flat ? 1 : Info->NumberOfSections + 1, Segment);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Image = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*Image), MI_TAG_IMAGE);
    if (Image == NULL) {
        MiDeleteSegment(*Segment);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MiFillImageInformation(Info, FileSize, &Image->ExportedImageInformation);
    (*Segment)->u2.ImageInformation = Image;
    (*Segment)->BasedAddress = (PVOID)Info->ImageBase;
    (*Segment)->ControlArea->u.Flags.Image = 1;
    MiFillImageSubsections(*Segment, Info, FileSize);
    return STATUS_SUCCESS;
}

/* Are all headers in the first Size bytes, as far as these tell? A wrong answer only costs time. */
static BOOLEAN MiHeadersFit(const VOID *Headers, SIZE_T Size) {
    const IMAGE_DOS_HEADER *Dos = Headers;
    const IMAGE_NT_HEADERS64 *Nt;
    if (Size < sizeof(*Dos) || Dos->e_magic != IMAGE_DOS_SIGNATURE || Dos->e_lfanew < 0 ||
        (SIZE_T)Dos->e_lfanew + sizeof(*Nt) > Size) {
        return FALSE;
    }
    Nt = (const VOID *)((const UCHAR *)Headers + Dos->e_lfanew);
    SIZE_T Table = (SIZE_T)Dos->e_lfanew + FIELD_OFFSET(IMAGE_NT_HEADERS64, OptionalHeader) +
                   Nt->FileHeader.SizeOfOptionalHeader +
                   Nt->FileHeader.NumberOfSections * sizeof(IMAGE_SECTION_HEADER);
    return Nt->OptionalHeader.SizeOfHeaders <= Size && Table <= Size;
}

/* Reads the headers of a file into pool: all of them that matter stand in its first 64 KiB. */
static NTSTATUS MiReadHeaders(PFILE_OBJECT FileObject, ULONG64 FileSize, PVOID *Headers,
                              PSIZE_T Size) {
    NTSTATUS Status;
    *Size = (SIZE_T)min(FileSize, (ULONG64)PAGE_SIZE);
    for (;;) {
        *Headers = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED, *Size, MI_TAG_IMAGE);
        if (*Headers == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        Status = MiFileOperations->ReadFile(FileObject, 0, *Headers, *Size);
        if (!NT_SUCCESS(Status) || *Size == FileSize || *Size == MI_HEADERS_MAXIMUM ||
            MiHeadersFit(*Headers, *Size)) {
            break;
        }
        ExFreePoolWithTag(*Headers, MI_TAG_IMAGE);
        *Size = (SIZE_T)min(FileSize, (ULONG64)MI_HEADERS_MAXIMUM);
    }
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(*Headers, MI_TAG_IMAGE);
    }
    return Status;
}

/*
 * Makes the segment of an image file, without references. STATUS_INVALID_IMAGE_NOT_MZ,
 * STATUS_INVALID_IMAGE_FORMAT and the other statuses of RtlpValidateImage,
 * STATUS_INVALID_FILE_FOR_SECTION (empty), those of the file system,
 * STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS MiCreateImageSegment(_In_ PFILE_OBJECT FileObject, _Out_ PSEGMENT *Segment) {
    ULONG64 FileSize;
    RTL_IMAGE_INFO Info;
    PVOID Headers;
    SIZE_T Size;
    NTSTATUS Status = MiFileOperations->QueryFileSize(FileObject, &FileSize);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (FileSize == 0) {
        return STATUS_INVALID_FILE_FOR_SECTION;
    }
    Status = MiReadHeaders(FileObject, FileSize, &Headers, &Size);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = RtlpValidateImage(Headers, Size, FileSize, &Info);
    if (NT_SUCCESS(Status)) {
        Status = MiBuildImageSegment(FileObject, &Info, FileSize, Segment);
    }
    ExFreePoolWithTag(Headers, MI_TAG_IMAGE);
    return Status;
}
