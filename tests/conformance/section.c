/* Sections: memory mapped twice, an image and a file as memory, views and what they refuse. */
#include "guard.h"

NTSYS NTSTATUS NTAPI NtQuerySection(HANDLE, int, PVOID, SIZE_T, PSIZE_T);
NTSYS NTSTATUS NTAPI NtOpenSection(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);

#define VIEW_UNMAP 2

static void Touch(PVOID Where) {
    *(volatile char *)Where = 1;
}

static void Look(PVOID Where) {
    (void)*(volatile char *)Where;
}

static NTSTATUS Create(PHANDLE Section, ULONG64 Size, ULONG Protect, ULONG Attributes,
                       HANDLE File) {
    LARGE_INTEGER Maximum = {.QuadPart = (LONGLONG)Size};
    *Section = NULL;
    return NtCreateSection(Section, SECTION_ALL_ACCESS, NULL, Size ? &Maximum : NULL, Protect,
                           Attributes, File);
}

static NTSTATUS MapAt(HANDLE Section, PVOID *Base, ULONG64 Offset, PSIZE_T Size, ULONG Protect) {
    LARGE_INTEGER At = {.QuadPart = (LONGLONG)Offset};
    return NtMapViewOfSection(Section, SELF, Base, 0, 0, &At, Size, VIEW_UNMAP, 0, Protect);
}

static NTSTATUS Map(HANDLE Section, PVOID *Base, ULONG Protect) {
    SIZE_T Size = 0;
    *Base = NULL;
    return MapAt(Section, Base, 0, &Size, Protect);
}

static void ShowRegion(const char *What, PVOID Address, PVOID Origin) {
    MEMORY_BASIC_INFORMATION Info;
    NTSTATUS Status = NtQueryVirtualMemory(SELF, Address, 0, &Info, sizeof(Info), NULL);
    Print("%s: %08x base+%x size %x state %x protect %x allocation protect %x type %x\n", What,
          (unsigned)Status, (ULONG)((PUCHAR)Info.BaseAddress - (PUCHAR)Origin),
          (ULONG)Info.RegionSize, Info.State, Info.Protect, Info.AllocationProtect, Info.Type);
}

static void SharedMemory(void) {
    HANDLE Section;
    PVOID First, Second, Part = NULL;
    SIZE_T Size = PAGE;
    ShowStatus("create", Create(&Section, 0x21000, PAGE_READWRITE, SEC_COMMIT, NULL));
    ShowStatus("map", Map(Section, &First, PAGE_READWRITE));
    ShowStatus("map again", Map(Section, &Second, PAGE_READONLY));
    Check("on a 64 KiB boundary", ((ULONG_PTR)First & 0xFFFF) == 0);
    ShowRegion("view", First, First);
    ((PULONG)First)[0x11000 / 4] = 12345;
    Print("seen through the other view: %u\n", ((PULONG)Second)[0x11000 / 4]);
    ShowStatus("write through a read-only view", Guard(Touch, Second));
    ShowStatus("map a part", MapAt(Section, &Part, 0x10000, &Size, PAGE_READWRITE));
    Print("size %x, holds %u\n", (ULONG)Size, (ULONG)((PULONG)Part)[0]);
    Print("beyond it: %08x\n", (unsigned)Guard(Look, (PUCHAR)Part + PAGE));
    ShowStatus("unmap", NtUnmapViewOfSection(SELF, First));
    ShowStatus("look", Guard(Look, First));
    ShowStatus("unmap again", NtUnmapViewOfSection(SELF, First));
    ShowStatus("close", NtClose(Section));
    Print("the other view lives on: %u\n", ((PULONG)Second)[0x11000 / 4]);
    ShowStatus("unmap", NtUnmapViewOfSection(SELF, (PUCHAR)Second + 0x1234));
    ShowStatus("unmap", NtUnmapViewOfSection(SELF, Part));
}

static void CopyOnWrite(void) {
    HANDLE Section;
    PVOID Shared, Copy;
    Create(&Section, PAGE, PAGE_READWRITE, SEC_COMMIT, NULL);
    Map(Section, &Shared, PAGE_READWRITE);
    ShowStatus("map for copy on write", Map(Section, &Copy, PAGE_WRITECOPY));
    *(PULONG)Shared = 1;
    Print("before: %u\n", *(PULONG)Copy);
    *(PULONG)Copy = 2;
    Print("after: shared %u copy %u\n", *(PULONG)Shared, *(PULONG)Copy);
    *(PULONG)Shared = 3;
    Print("apart: shared %u copy %u\n", *(PULONG)Shared, *(PULONG)Copy);
    NtUnmapViewOfSection(SELF, Copy);
    NtUnmapViewOfSection(SELF, Shared);
    NtClose(Section);
}

static void Refusals(void) {
    HANDLE Section;
    PVOID Base = NULL;
    SIZE_T Size = 0;
    ShowStatus("no protection", Create(&Section, PAGE, 0, SEC_COMMIT, NULL));
    ShowFailure("no attributes", Create(&Section, PAGE, PAGE_READWRITE, 0, NULL));
    ShowFailure("no size", Create(&Section, 0, PAGE_READWRITE, SEC_COMMIT, NULL));
    ShowStatus("image without a file", Create(&Section, 0, PAGE_EXECUTE, SEC_IMAGE, NULL));
    ShowStatus("bad file", Create(&Section, 0, PAGE_READONLY, SEC_COMMIT, (HANDLE)0x1234));
    ShowStatus("read-only", Create(&Section, PAGE, PAGE_READONLY, SEC_COMMIT, NULL));
    ShowFailure("offset past the end", MapAt(Section, &Base, 0x10000, &Size, PAGE_READONLY));
    ShowStatus("offset not aligned", MapAt(Section, &Base, 0x1000, &Size, PAGE_READONLY));
    Size = 0x2000;
    ShowStatus("view too large", MapAt(Section, &Base, 0, &Size, PAGE_READONLY));
    Size = 0;
    Base = (PVOID)0x12345000;
    ShowStatus("address not aligned", MapAt(Section, &Base, 0, &Size, PAGE_READONLY));
    NtClose(Section);
    ShowStatus("map a closed handle", Map(Section, &Base, PAGE_READONLY));
    Base = NULL;
    Size = PAGE;
    NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    ShowStatus("unmap private memory", NtUnmapViewOfSection(SELF, Base));
    Size = 0;
    ShowStatus("it is still there", NtFreeVirtualMemory(SELF, &Base, &Size, MEM_RELEASE));
    ShowStatus("unmap nothing", NtUnmapViewOfSection(SELF, Base));
}

/* Its own file, as NtCreateFile wants it named. */
static NTSTATUS OpenSelf(PHANDLE File) {
    UNICODE_STRING *Image = (UNICODE_STRING *)((ULONG_PTR)Parameters() + 0x60);
    ULONG Skip = Image->Length >= 8 && Image->Buffer[0] == '\\' ? 4 : 0;
    WCHAR Path[600] = L"\\??\\";
    UNICODE_STRING Name = {.Buffer = Path};
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Io;
    memcpy(Path + 4, Image->Buffer + Skip, Image->Length - 2 * Skip);
    Name.Length = Name.MaximumLength = (USHORT)(Image->Length + 8 - 2 * Skip);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    return NtOpenFile(File, FILE_GENERIC_READ | FILE_GENERIC_EXECUTE, &Attributes, &Io,
                      FILE_SHARE_READ | FILE_SHARE_DELETE, FILE_SYNCHRONOUS_IO_NONALERT);
}

static volatile ULONG Initialised = 0x1234; /* in .data */

static void ImageTwice(HANDLE File) {
    HANDLE Section;
    PVOID Base;
    PULONG Variable;
    PUCHAR Own = AT(__readgsqword(0x60), 0x10, PUCHAR);
    SIZE_T Size = 0;
    ShowStatus("image section", Create(&Section, 0, PAGE_EXECUTE, SEC_IMAGE, File));
    ShowStatus("mapped a second time", Map(Section, &Base, PAGE_EXECUTE));
    Check("elsewhere", Base != Own);
    Variable = (PULONG)((PUCHAR)Base + ((PUCHAR)&Initialised - Own));
    Initialised = 0x5678;
    Print("its data are its own: %x\n", *Variable);
    *Variable = 0x9999;
    Print("both ways: %x %x\n", Initialised, *Variable);
    ShowRegion("headers", Base, Base);
    ShowStatus("write to the headers", Guard(Touch, Base));
    ShowStatus("unmap", NtUnmapViewOfSection(SELF, Base));
    Base = NULL;
    ShowStatus("map with a size", MapAt(Section, &Base, 0, &Size, PAGE_READONLY));
    NtUnmapViewOfSection(SELF, Base);
    NtClose(Section);
}

/* The page that the file ends in: as it is read, then zeroes. */
static void LastPage(HANDLE File, PUCHAR Base) {
    static UCHAR Read[PAGE];
    FILE_STANDARD_INFORMATION Info;
    IO_STATUS_BLOCK Io;
    LARGE_INTEGER Offset;
    ULONG Length, Zeroes = 0;
    NtQueryInformationFile(File, &Io, &Info, sizeof(Info), FileStandardInformation);
    Offset.QuadPart = Info.EndOfFile.QuadPart & ~(LONGLONG)(PAGE - 1);
    Length = (ULONG)(Info.EndOfFile.QuadPart - Offset.QuadPart);
    NtReadFile(File, NULL, NULL, NULL, &Io, Read, PAGE, &Offset, NULL);
    for (ULONG i = 0; i < Length; i++) {
        Zeroes += Read[i] == 0;
    }
    Check("the file ends inside a page, and not with zeroes alone", Length != Zeroes);
    Check("the last page is the file's", memcmp(Base + Offset.QuadPart, Read, Length) == 0);
    for (Zeroes = Length; Zeroes < PAGE && Base[Offset.QuadPart + Zeroes] == 0; Zeroes++) {
    }
    Check("zeroes follow", Zeroes == PAGE);
}

static void FileAsMemory(HANDLE File) {
    HANDLE Section;
    PVOID Base;
    ShowStatus("data section", Create(&Section, 0, PAGE_READONLY, SEC_COMMIT, File));
    ShowStatus("map", Map(Section, &Base, PAGE_READONLY));
    Print("begins with %c%c\n", ((char *)Base)[0], ((char *)Base)[1]);
    Check("and has a PE header", *(PULONG)((PUCHAR)Base + ((PULONG)Base)[15]) == 0x4550);
    LastPage(File, Base);
    ShowStatus("write", Guard(Touch, Base));
    ShowStatus("unmap", NtUnmapViewOfSection(SELF, Base));
    ShowStatus("map copy on write", Map(Section, &Base, PAGE_WRITECOPY));
    ShowStatus("write", Guard(Touch, Base));
    NtUnmapViewOfSection(SELF, Base);
    Map(Section, &Base, PAGE_READONLY);
    Print("still %c%c\n", ((char *)Base)[0], ((char *)Base)[1]);
    NtUnmapViewOfSection(SELF, Base);
    NtClose(Section);
}

/* Protections of an image's pages, as the headers ask, and changed. */
static void ImagePages(void) {
    PUCHAR Own = AT(__readgsqword(0x60), 0x10, PUCHAR);
    MEMORY_BASIC_INFORMATION Info;
    PVOID Page = (PVOID)((ULONG_PTR)ImagePages & ~0xFFFull);
    SIZE_T Size = PAGE;
    ULONG Old;
    NtQueryVirtualMemory(SELF, Own, 0, &Info, sizeof(Info), NULL);
    Print("headers: state %x protect %x type %x\n", Info.State, Info.Protect, Info.Type);
    NtQueryVirtualMemory(SELF, (PVOID)ImagePages, 0, &Info, sizeof(Info), NULL);
    Print("code: state %x protect %x type %x\n", Info.State, Info.Protect, Info.Type);
    ShowStatus("write to code", Guard(Touch, (PVOID)ImagePages));
    ShowStatus("make code writable",
               NtProtectVirtualMemory(SELF, &Page, &Size, PAGE_EXECUTE_READWRITE, &Old));
    Print("old %x\n", Old);
    *(volatile UCHAR *)ImagePages = *(volatile UCHAR *)ImagePages;
    ShowStatus("and back", NtProtectVirtualMemory(SELF, &Page, &Size, PAGE_EXECUTE_READ, &Old));
    ShowStatus("write to code", Guard(Touch, (PVOID)ImagePages));
}

void Start(void) {
    HANDLE File;
    SharedMemory();
    CopyOnWrite();
    Refusals();
    ShowStatus("open the program", OpenSelf(&File));
    ImageTwice(File);
    FileAsMemory(File);
    NtClose(File);
    ImagePages();
    Exit(0);
}
