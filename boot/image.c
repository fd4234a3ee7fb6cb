/*
 * image.c - loading ntoskrnl.exe, hal.dll and the boot drivers
 *
 * Each image gets a range of the boot slot and contiguous memory for all of it. The range is at the
 * image's preferred address if that is in the slot and free, else at the next free address.
 * ntoskrnl and hal align their sections to 2 MiB, so that each section can be mapped with large
 * pages. If memory is short, small pages are used and the memory between sections is released
 * (BootMapImages).
 */
#include "boot.h"

#define DRIVERS              L"\\vitrine\\System32\\drivers\\"
#define DRIVERS_LENGTH       (ARRAYSIZE(DRIVERS) - 1)
#define SYSTEM_ROOT          L"\\vitrine"
#define SERVICES             L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"
#define LDRP_ENTRY_PROCESSED 0x00004000

BOOT_IMAGE BootImages[BOOT_MAXIMUM_IMAGES];
ULONG BootImageCount;

static ULONG64 NextVa = BOOT_SLOT_BASE;

static PCSTR ExplainStatus(NTSTATUS Status, const RTL_IMAGE_INFO *Info) {
    switch (Status) {
    case STATUS_INVALID_IMAGE_NOT_MZ:
    case STATUS_INVALID_IMAGE_PROTECT:
        return "the file is not a PE image";
    case STATUS_INVALID_IMAGE_WIN_32:
        return "the file is a 32-bit image";
    default:
        if (Info->Machine != IMAGE_FILE_MACHINE_UNKNOWN &&
            Info->Machine != IMAGE_FILE_MACHINE_AMD64)
            return "the file is an image for another machine";
        return "the image is damaged or truncated: its headers do not fit the file";
    }
}

/* W^X rejects a section that is writable and executable, and sections that share pages. */
static VOID CheckSections(const BOOT_IMAGE *Image) {
    ULONG Both = IMAGE_SCN_MEM_WRITE | IMAGE_SCN_MEM_EXECUTE;
    if (Image->Info.Flat)
        BootFail(STATUS_INVALID_IMAGE_FORMAT, BootFilePath(Image->File),
                 "the sections are aligned to less than a page", NULL);
    for (ULONG Index = 0; Index < Image->Info.NumberOfSections; Index++) {
        if ((Image->Info.Sections[Index].Characteristics & Both) == Both)
            BootFail(STATUS_INVALID_IMAGE_FORMAT, BootFilePath(Image->File),
                     "a section is both writable and executable", NULL);
    }
}

static VOID Validate(PLOADER_BOOT_FILE File, PRTL_IMAGE_INFO Info) {
    NTSTATUS Status = RtlpValidateImage(BootFileData(File), File->Size, File->Size, Info);
    if (!NT_SUCCESS(Status))
        BootFail(Status, BootFilePath(File), ExplainStatus(Status, Info), NULL);
}

static VOID ChooseAddress(PBOOT_IMAGE Image) {
    ULONG64 Wanted = Image->Info.ImageBase;
    ULONG64 Size = ALIGN_UP_BY(Image->Info.SizeOfImage, Image->Info.SectionAlignment);
    Image->Base = ALIGN_UP_BY(NextVa, Image->Info.SectionAlignment);
    if (Wanted >= NextVa && Wanted < BOOT_DATA_BASE)
        Image->Base = ALIGN_UP_BY(Wanted, Image->Info.SectionAlignment);
    if (Size > BOOT_DATA_BASE - Image->Base)
        BootFail(STATUS_NO_MEMORY, BootFilePath(Image->File), "no room for the image", NULL);
    NextVa = Image->Base + Size;
}

static VOID Relocate(const BOOT_IMAGE *Image) {
    NTSTATUS Status = RtlpRelocateImage(Image->Memory, Image->Info.SizeOfImage, Image->Base);
    if (Status == STATUS_CONFLICTING_ADDRESSES)
        BootFail(Status, BootFilePath(Image->File), "the image cannot be relocated", NULL);
    if (!NT_SUCCESS(Status))
        BootFail(Status, BootFilePath(Image->File), "the image's relocations are damaged", NULL);
}

static VOID LoadImage(PLOADER_BOOT_FILE File, TYPE_OF_MEMORY Type) {
    if (BootImageCount == BOOT_MAXIMUM_IMAGES)
        BootFail(STATUS_INSUFFICIENT_RESOURCES, BootFilePath(File), "too many boot drivers", NULL);
    PBOOT_IMAGE Image = &BootImages[BootImageCount++];
    Image->File = File;
    Image->Type = Type;
    Image->BaseName = BootFilePath(File);
    for (PCWSTR At = Image->BaseName; *At != 0; At++) {
        if (*At == '\\')
            Image->BaseName = At + 1;
    }
    Validate(File, &Image->Info);
    CheckSections(Image);
    ChooseAddress(Image);

    Image->LargePages = BootHasLargePages() && Image->Info.SectionAlignment == LARGE_PAGE_SIZE;
    ULONG64 Alignment = Image->LargePages ? LARGE_PAGE_SIZE : PAGE_SIZE;
    ULONG64 Size = ALIGN_UP_BY(Image->Info.SizeOfImage, Alignment);
    Image->Memory =
        BootAllocatePages(Type, Size / PAGE_SIZE, Alignment / PAGE_SIZE, BootFilePath(File));
    RtlpLayoutImage(BootFileData(File), &Image->Info, Image->Memory);
    Relocate(Image);
}

static PLOADER_BOOT_FILE RequireFile(PCWSTR Path, NTSTATUS Missing) {
    PLOADER_BOOT_FILE File = BootFindFile(Path);
    if (File == NULL)
        BootFail(Missing, Path, "the file is missing", NULL);
    return File;
}

static BOOLEAN IsDriver(PLOADER_BOOT_FILE File) {
    static const WCHAR Extension[] = L".sys";
    SIZE_T Length = File->Path.Length / sizeof(WCHAR);
    SIZE_T Tail = ARRAYSIZE(Extension) - 1;
    PCWSTR Path = BootFilePath(File);
    return Length > DRIVERS_LENGTH + Tail &&
           BootEqualNames(Path, DRIVERS_LENGTH, DRIVERS, DRIVERS_LENGTH) &&
           BootEqualNames(Path + Length - Tail, Tail, Extension, Tail);
}

/* The kernel maps ntdll.dll, but a broken one is reported here, before the kernel runs. */
VOID BootLoadImages(VOID) {
    RTL_IMAGE_INFO Ignored;
    LoadImage(RequireFile(L"\\vitrine\\System32\\ntoskrnl.exe", STATUS_NO_SUCH_FILE),
              LoaderSystemCode);
    LoadImage(RequireFile(L"\\vitrine\\System32\\hal.dll", STATUS_DLL_NOT_FOUND), LoaderHalCode);
    Validate(RequireFile(L"\\vitrine\\System32\\ntdll.dll", STATUS_DLL_NOT_FOUND), &Ignored);
    for (PLOADER_BOOT_FILE File = BootNextFile(NULL); File != NULL; File = BootNextFile(File)) {
        if (IsDriver(File))
            LoadImage(File, LoaderBootDriver);
    }
}

/* Makes a UNICODE_STRING for the kernel from Head + Tail. */
static VOID MakeString(PUNICODE_STRING String, PCWSTR Head, PCWSTR Tail, SIZE_T TailLength) {
    SIZE_T HeadLength = BootWideLength(Head);
    PWSTR Text = BootAllocate((HeadLength + TailLength + 1) * sizeof(WCHAR));
    memcpy(Text, Head, HeadLength * sizeof(WCHAR));
    memcpy(Text + HeadLength, Tail, TailLength * sizeof(WCHAR));
    String->Length = (USHORT)((HeadLength + TailLength) * sizeof(WCHAR));
    String->MaximumLength = String->Length + (USHORT)sizeof(WCHAR);
    String->Buffer = BootToVa(Text);
}

static VOID DescribeImage(const BOOT_IMAGE *Image, PKLDR_DATA_TABLE_ENTRY Entry) {
    const RTL_IMAGE_INFO *Info = &Image->Info;
    PCWSTR BelowRoot = BootFilePath(Image->File) + ARRAYSIZE(SYSTEM_ROOT) - 1;
    if (Info->NumberOfDirectories > IMAGE_DIRECTORY_ENTRY_EXCEPTION) {
        const IMAGE_DATA_DIRECTORY *Directory =
            &Info->NtHeaders->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXCEPTION];
        if (Directory->VirtualAddress != 0)
            Entry->ExceptionTable = (PVOID)(Image->Base + Directory->VirtualAddress);
        Entry->ExceptionTableSize = Directory->Size;
    }
    Entry->DllBase = (PVOID)Image->Base;
    if (Info->AddressOfEntryPoint != 0)
        Entry->EntryPoint = (PVOID)(Image->Base + Info->AddressOfEntryPoint);
    Entry->SizeOfImage = Info->SizeOfImage;
    Entry->Flags = LDRP_ENTRY_PROCESSED;
    Entry->LoadCount = 1;
    Entry->CheckSum = Info->NtHeaders->OptionalHeader.CheckSum;
    Entry->TimeDateStamp = Info->NtHeaders->FileHeader.TimeDateStamp;
    MakeString(&Entry->FullDllName, L"\\SystemRoot", BelowRoot, BootWideLength(BelowRoot));
    MakeString(&Entry->BaseDllName, L"", Image->BaseName, BootWideLength(Image->BaseName));
    BootAppendList(&BootBlock->LoadOrderListHead, &Entry->InLoadOrderLinks);
}

static VOID DescribeDriver(const BOOT_IMAGE *Image, PKLDR_DATA_TABLE_ENTRY LdrEntry) {
    PBOOT_DRIVER_LIST_ENTRY Entry = BootAllocate(sizeof(*Entry));
    SIZE_T NameLength = BootWideLength(Image->BaseName) - (ARRAYSIZE(L".sys") - 1);
    Entry->FilePath = LdrEntry->FullDllName;
    Entry->LdrEntry = BootToVa(LdrEntry);
    MakeString(&Entry->RegistryPath, SERVICES, Image->BaseName, NameLength);
    BootAppendList(&BootBlock->BootDriverListHead, &Entry->Link);
}

VOID BootDescribeImages(VOID) {
    for (ULONG Index = 0; Index < BootImageCount; Index++) {
        PKLDR_DATA_TABLE_ENTRY Entry = BootAllocate(sizeof(*Entry));
        DescribeImage(&BootImages[Index], Entry);
        if (BootImages[Index].Type == LoaderBootDriver)
            DescribeDriver(&BootImages[Index], Entry);
    }
}
