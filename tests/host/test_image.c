/*
 * PE images: what validation refuses, and what relocation, exports and imports do with bad tables.
 * Sources: rtl/image/image.c rtl/image/imagereloc.c rtl/image/imagebind.c
 */
#include "ntstatus.h"
#include "rtlimage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int Failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                 \
            Failures++;                                                                            \
        }                                                                                          \
    } while (0)

/* An image of one page of headers, .text and .data, small enough to be on the stack. */
#define FILE_SIZE   0xC00
#define IMAGE_SIZE  0x3000
#define TEXT        0x1000
#define DATA        0x2000
#define EXPORTS     (DATA + 0x000)
#define IMPORTS     (DATA + 0x100)
#define RELOCATIONS (DATA + 0x180)
#define PREFERRED   0x140000000ULL

typedef struct _SAMPLE {
    _Alignas(16) UCHAR File[FILE_SIZE];
    _Alignas(16) UCHAR Image[IMAGE_SIZE];
    IMAGE_NT_HEADERS64 *Nt;
    IMAGE_SECTION_HEADER *Section;
    RTL_IMAGE_INFO Info;
} SAMPLE;

static void Put32(UCHAR *At, ULONG Value) {
    memcpy(At, &Value, sizeof(Value));
}

static void Put64(UCHAR *At, ULONG64 Value) {
    memcpy(At, &Value, sizeof(Value));
}

/* Where an RVA of .data is in the file. */
static UCHAR *Place(SAMPLE *S, ULONG Rva) {
    return S->File + 0x800 + (Rva - DATA);
}

/* Three exports: alpha (code), beta (a forwarder), gamma (code); ordinals 5, 6, 7. */
static void MakeExports(SAMPLE *S) {
    static const char Names[] = "alpha\0beta\0gamma\0other.#17";
    IMAGE_EXPORT_DIRECTORY Directory = {.Base = 5,
                                        .NumberOfFunctions = 3,
                                        .NumberOfNames = 3,
                                        .AddressOfFunctions = EXPORTS + 0x40,
                                        .AddressOfNames = EXPORTS + 0x50,
                                        .AddressOfNameOrdinals = EXPORTS + 0x60};
    memcpy(Place(S, EXPORTS), &Directory, sizeof(Directory));
    ULONG Functions[3] = {TEXT, EXPORTS + 0x80 + 17, TEXT + 0x10};
    ULONG NameRvas[3] = {EXPORTS + 0x80, EXPORTS + 0x80 + 6, EXPORTS + 0x80 + 11};
    USHORT Ordinals[3] = {0, 1, 2};
    memcpy(Place(S, EXPORTS + 0x40), Functions, sizeof(Functions));
    memcpy(Place(S, EXPORTS + 0x50), NameRvas, sizeof(NameRvas));
    memcpy(Place(S, EXPORTS + 0x60), Ordinals, sizeof(Ordinals));
    memcpy(Place(S, EXPORTS + 0x80), Names, sizeof(Names));
}

/* One module, two imports: by name (hint 3) and by ordinal 9. */
static void MakeImports(SAMPLE *S) {
    IMAGE_IMPORT_DESCRIPTOR Descriptor = {0};
    Descriptor.OriginalFirstThunk = IMPORTS + 0x28;
    Descriptor.FirstThunk = IMPORTS + 0x40;
    Descriptor.Name = IMPORTS + 0x58;
    memcpy(Place(S, IMPORTS), &Descriptor, sizeof(Descriptor));
    Put64(Place(S, IMPORTS + 0x28), IMPORTS + 0x64);
    Put64(Place(S, IMPORTS + 0x30), 1ULL << 63 | 9);
    memcpy(Place(S, IMPORTS + 0x58), "lib.dll", 8);
    memcpy(Place(S, IMPORTS + 0x64), "\3\0name", 7);
}

/* Two relocations in .text: DIR64 at 8 and HIGHLOW at 32. */
static void MakeRelocations(SAMPLE *S) {
    USHORT Entries[4] = {0xA008, 0x3020, 0x0000, 0x0000};
    Put32(Place(S, RELOCATIONS), TEXT);
    Put32(Place(S, RELOCATIONS + 4), 16);
    memcpy(Place(S, RELOCATIONS + 8), Entries, sizeof(Entries));
    Put64(S->File + 0x400 + 8, PREFERRED + 0x1234);
    Put32(S->File + 0x400 + 32, 0x40001234);
}

static void MakeHeaders(SAMPLE *S) {
    IMAGE_DOS_HEADER *Dos = (IMAGE_DOS_HEADER *)S->File;
    Dos->e_magic = IMAGE_DOS_SIGNATURE;
    Dos->e_lfanew = 0x80;
    S->Nt = (IMAGE_NT_HEADERS64 *)(S->File + 0x80);
    S->Section = (IMAGE_SECTION_HEADER *)(S->Nt + 1);
    S->Nt->Signature = IMAGE_NT_SIGNATURE;
    S->Nt->FileHeader.Machine = IMAGE_FILE_MACHINE_AMD64;
    S->Nt->FileHeader.NumberOfSections = 2;
    S->Nt->FileHeader.SizeOfOptionalHeader = sizeof(IMAGE_OPTIONAL_HEADER64);
    S->Nt->FileHeader.Characteristics = IMAGE_FILE_EXECUTABLE_IMAGE;
    IMAGE_OPTIONAL_HEADER64 *Optional = &S->Nt->OptionalHeader;
    Optional->Magic = IMAGE_NT_OPTIONAL_HDR64_MAGIC;
    Optional->AddressOfEntryPoint = TEXT;
    Optional->ImageBase = PREFERRED;
    Optional->SectionAlignment = 0x1000;
    Optional->FileAlignment = 0x200;
    Optional->SizeOfImage = IMAGE_SIZE;
    Optional->SizeOfHeaders = 0x400;
    Optional->NumberOfRvaAndSizes = 16;
    Optional->DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT] = (IMAGE_DATA_DIRECTORY){EXPORTS, 0x100};
    Optional->DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT] = (IMAGE_DATA_DIRECTORY){IMPORTS, 0x28};
    Optional->DataDirectory[IMAGE_DIRECTORY_ENTRY_BASERELOC] =
        (IMAGE_DATA_DIRECTORY){RELOCATIONS, 16};
}

static void MakeSample(SAMPLE *S) {
    memset(S, 0, sizeof(*S));
    MakeHeaders(S);
    S->Section[0] = (IMAGE_SECTION_HEADER){.Misc.VirtualSize = 0x800,
                                           .VirtualAddress = TEXT,
                                           .SizeOfRawData = 0x400,
                                           .PointerToRawData = 0x400};
    S->Section[1] = (IMAGE_SECTION_HEADER){.Misc.VirtualSize = 0x1000,
                                           .VirtualAddress = DATA,
                                           .SizeOfRawData = 0x400,
                                           .PointerToRawData = 0x800};
    MakeExports(S);
    MakeImports(S);
    MakeRelocations(S);
}

static NTSTATUS Validate(SAMPLE *S) {
    return RtlpValidateImage(S->File, FILE_SIZE, FILE_SIZE, &S->Info);
}

static void Layout(SAMPLE *S) {
    CHECK(Validate(S) == STATUS_SUCCESS);
    memset(S->Image, 0xCC, sizeof(S->Image));
    RtlpLayoutImage(S->File, &S->Info, S->Image);
}

static void TestGoodImage(void) {
    SAMPLE S;
    MakeSample(&S);
    Layout(&S);
    CHECK(S.Info.SizeOfImage == IMAGE_SIZE && S.Info.ImageBase == PREFERRED);
    CHECK(S.Info.NumberOfSections == 2 && S.Info.NumberOfDirectories == 16);
    CHECK(memcmp(S.Image, S.File, 0x400) == 0);
    CHECK(memcmp(S.Image + DATA, S.File + 0x800, 0x400) == 0);
    for (ULONG At = 0x400; At < 0x1000; At++)
        CHECK(S.Image[At] == 0 && S.Image[TEXT + At] == 0 && S.Image[DATA + At] == 0);
}

static void TestKindsOfFile(void) {
    SAMPLE S;
    MakeSample(&S);
    CHECK(RtlpValidateImage(S.File, 0, 0, &S.Info) == STATUS_INVALID_IMAGE_NOT_MZ);
    CHECK(RtlpValidateImage(S.File, 63, 63, &S.Info) == STATUS_INVALID_IMAGE_NOT_MZ);
    S.File[0] = 'Z';
    CHECK(Validate(&S) == STATUS_INVALID_IMAGE_NOT_MZ);
    MakeSample(&S);
    memcpy(&S.Nt->Signature, "NE\0\0", 4);
    CHECK(Validate(&S) == STATUS_INVALID_IMAGE_NE_FORMAT);
    memcpy(&S.Nt->Signature, "LE\0\0", 4);
    CHECK(Validate(&S) == STATUS_INVALID_IMAGE_LE_FORMAT);
    memcpy(&S.Nt->Signature, "PF\0\0", 4);
    CHECK(Validate(&S) == STATUS_INVALID_IMAGE_PROTECT);
    MakeSample(&S);
    Put32(S.File + 0x3C, 0xFFFFFFF0);
    CHECK(Validate(&S) == STATUS_INVALID_IMAGE_PROTECT);
    Put32(S.File + 0x3C, FILE_SIZE - 4);
    CHECK(Validate(&S) == STATUS_INVALID_IMAGE_PROTECT);
}

static void TestMachines(void) {
    SAMPLE S;
    MakeSample(&S);
    S.Nt->FileHeader.Machine = IMAGE_FILE_MACHINE_I386;
    CHECK(Validate(&S) == STATUS_INVALID_IMAGE_WIN_32);
    S.Nt->FileHeader.Machine = 0xAA64;
    CHECK(Validate(&S) == STATUS_INVALID_IMAGE_FORMAT && S.Info.Machine == 0xAA64);
}

/* Every truncation is refused, and none is read beyond its end (each has a heap block of its own).
 */
static void TestTruncation(void) {
    SAMPLE S;
    MakeSample(&S);
    for (SIZE_T Size = 0; Size < FILE_SIZE; Size++) {
        UCHAR *Copy = malloc(Size + 1);
        UCHAR *Exact = realloc(Copy, Size != 0 ? Size : 1);
        memcpy(Exact, S.File, Size);
        CHECK(RtlpValidateImage(Exact, Size, Size, &S.Info) != STATUS_SUCCESS);
        free(Exact);
    }
}

/* One field at a time is set to a bad value; all must be refused with the same status. */
#define REFUSES(field, value)                                                                      \
    do {                                                                                           \
        MakeSample(&S);                                                                            \
        CHECK(Validate(&S) == STATUS_SUCCESS);                                                     \
        S.field = (value);                                                                         \
        CHECK(Validate(&S) == STATUS_INVALID_IMAGE_FORMAT);                                        \
    } while (0)

static void TestBadHeaders(void) {
    SAMPLE S;
    REFUSES(Nt->FileHeader.NumberOfSections, 0);
    REFUSES(Nt->FileHeader.NumberOfSections, 0xFFFF);
    REFUSES(Nt->FileHeader.SizeOfOptionalHeader, 0x60);
    REFUSES(Nt->FileHeader.SizeOfOptionalHeader, 0xFFFC);
    REFUSES(Nt->FileHeader.Characteristics, 0);
    REFUSES(Nt->OptionalHeader.Magic, 0x10B);
    REFUSES(Nt->OptionalHeader.SectionAlignment, 0);
    REFUSES(Nt->OptionalHeader.SectionAlignment, 0x200);
    REFUSES(Nt->OptionalHeader.SectionAlignment, 0x1800);
    REFUSES(Nt->OptionalHeader.FileAlignment, 0);
    REFUSES(Nt->OptionalHeader.FileAlignment, 0x2000);
    REFUSES(Nt->OptionalHeader.FileAlignment, 0x100);
    REFUSES(Nt->OptionalHeader.ImageBase, PREFERRED + 0x1000);
    REFUSES(Nt->OptionalHeader.SizeOfImage, 0);
    REFUSES(Nt->OptionalHeader.SizeOfImage, 0x2000);
    REFUSES(Nt->OptionalHeader.SizeOfImage, 0xFFFFFFFF);
    REFUSES(Nt->OptionalHeader.SizeOfHeaders, 0);
    REFUSES(Nt->OptionalHeader.SizeOfHeaders, 0xFFFFFFFF);
    REFUSES(Nt->OptionalHeader.AddressOfEntryPoint, IMAGE_SIZE);
    REFUSES(Nt->OptionalHeader.DataDirectory[0].VirtualAddress, 0xFFFFFF00);
    REFUSES(Nt->OptionalHeader.DataDirectory[5].Size, 0xFFFFFFFF);
}

/* SizeOfHeaders may end before the section table does: the table counts all the same. */
static void TestHeadersThatEndEarly(void) {
    SAMPLE S;
    MakeSample(&S);
    S.Nt->OptionalHeader.SizeOfHeaders = 0x40;
    Layout(&S);
    SIZE_T End = (SIZE_T)((UCHAR *)(S.Section + 2) - S.File);
    CHECK(S.Info.SizeOfHeaders == End && memcmp(S.Image, S.File, End) == 0);
}

/* Aligned to less than a page: in memory as in the file, and each section must be where it is. */
static void MakeFlat(SAMPLE *S) {
    MakeSample(S);
    S->Nt->OptionalHeader.SectionAlignment = S->Nt->OptionalHeader.FileAlignment = 0x10;
    S->Nt->OptionalHeader.AddressOfEntryPoint = 0x400;
    for (ULONG i = 0; i < 2; i++) {
        S->Section[i].VirtualAddress = S->Section[i].PointerToRawData;
        S->Section[i].Misc.VirtualSize = S->Section[i].SizeOfRawData;
    }
}

#define FLAT_REFUSES(field, value)                                                                 \
    do {                                                                                           \
        MakeFlat(&S);                                                                              \
        S.field = (value);                                                                         \
        CHECK(Validate(&S) == STATUS_INVALID_IMAGE_FORMAT);                                        \
    } while (0)

static void TestFlatImage(void) {
    SAMPLE S;
    MakeFlat(&S);
    Layout(&S);
    CHECK(S.Info.Flat && S.Info.FlatBytes == FILE_SIZE);
    CHECK(memcmp(S.Image, S.File, FILE_SIZE) == 0);
    for (ULONG At = FILE_SIZE; At < IMAGE_SIZE; At++) {
        CHECK(S.Image[At] == 0);
    }
    FLAT_REFUSES(Nt->OptionalHeader.FileAlignment, 0x200);
    FLAT_REFUSES(Section[0].VirtualAddress, 0x410);
    FLAT_REFUSES(Section[1].PointerToRawData, 0x810);
    FLAT_REFUSES(Section[1].Misc.VirtualSize, 0x410);
    FLAT_REFUSES(Section[1].SizeOfRawData, 0xFFFFFFFF);
    MakeFlat(&S);
    S.Nt->OptionalHeader.SizeOfImage = 0x900;
    S.Section[1].VirtualAddress = S.Section[1].PointerToRawData = 0xFFFFF000;
    CHECK(Validate(&S) == STATUS_INVALID_IMAGE_FORMAT);
}

static void TestBadSections(void) {
    SAMPLE S;
    REFUSES(Section[0].VirtualAddress, 0x400);
    REFUSES(Section[1].VirtualAddress, TEXT);
    REFUSES(Section[1].VirtualAddress, 0xFFFFF000);
    REFUSES(Section[0].Misc.VirtualSize, 0x1001);
    REFUSES(Section[1].Misc.VirtualSize, 0xFFFFFFFF);
    REFUSES(Section[0].SizeOfRawData, 0xFFFFFFFF);
    REFUSES(Section[1].SizeOfRawData, 0x600);
    REFUSES(Section[1].PointerToRawData, 0xFFFFFE00);
    REFUSES(Section[1].PointerToRawData, 0x801);
}

static void TestRelocation(void) {
    SAMPLE S;
    ULONG64 Wide;
    ULONG Narrow;
    MakeSample(&S);
    Layout(&S);
    CHECK(RtlpRelocateImage(S.Image, IMAGE_SIZE, PREFERRED + 0x10000) == STATUS_SUCCESS);
    memcpy(&Wide, S.Image + TEXT + 8, sizeof(Wide));
    memcpy(&Narrow, S.Image + TEXT + 32, sizeof(Narrow));
    CHECK(Wide == PREFERRED + 0x11234 && Narrow == 0x40011234);

    MakeSample(&S);
    S.Nt->FileHeader.Characteristics |= IMAGE_FILE_RELOCS_STRIPPED;
    Layout(&S);
    CHECK(RtlpRelocateImage(S.Image, IMAGE_SIZE, PREFERRED) == STATUS_SUCCESS);
    CHECK(RtlpRelocateImage(S.Image, IMAGE_SIZE, 0x10000) == STATUS_CONFLICTING_ADDRESSES);
}

/* Page, size of the block and first entry, each wild: refused, and the image is as it was. */
static void CheckWildRelocation(ULONG Page, ULONG Size, USHORT Entry) {
    SAMPLE S;
    UCHAR Before[IMAGE_SIZE];
    MakeSample(&S);
    Put32(Place(&S, RELOCATIONS), Page);
    Put32(Place(&S, RELOCATIONS + 4), Size);
    memcpy(Place(&S, RELOCATIONS + 8), &Entry, sizeof(Entry));
    Layout(&S);
    memcpy(Before, S.Image, sizeof(Before));
    CHECK(RtlpRelocateImage(S.Image, IMAGE_SIZE, 0x10000) == STATUS_INVALID_IMAGE_FORMAT);
    CHECK(memcmp(Before, S.Image, sizeof(Before)) == 0);
}

static void TestWildRelocations(void) {
    CheckWildRelocation(IMAGE_SIZE, 16, 0xA000);
    CheckWildRelocation(0xFFFFF000, 16, 0xA000);
    CheckWildRelocation(DATA, 16, 0xAFF9);
    CheckWildRelocation(TEXT, 16, 0xB000);
    CheckWildRelocation(TEXT, 4, 0xA000);
    CheckWildRelocation(TEXT, 0, 0xA000);
    CheckWildRelocation(TEXT, 0x80000000, 0xA000);
    CheckWildRelocation(DATA, 16, 0xA184);
}

static void TestExports(void) {
    SAMPLE S;
    RTL_EXPORT Export;
    CHAR Module[16];
    PCSTR Name;
    ULONG Ordinal;
    MakeSample(&S);
    Layout(&S);
    for (ULONG Hint = 0; Hint < 5; Hint++) {
        CHECK(RtlpFindExport(S.Image, IMAGE_SIZE, "alpha", Hint, 0, &Export) == STATUS_SUCCESS);
        CHECK(Export.Address == S.Image + TEXT && Export.Rva == TEXT && Export.Forwarder == NULL);
        CHECK(RtlpFindExport(S.Image, IMAGE_SIZE, "gamma", Hint, 0, &Export) == STATUS_SUCCESS);
        CHECK(Export.Rva == TEXT + 0x10);
        CHECK(RtlpFindExport(S.Image, IMAGE_SIZE, "delta", Hint, 0, &Export) ==
              STATUS_ENTRYPOINT_NOT_FOUND);
    }
    CHECK(RtlpFindExport(S.Image, IMAGE_SIZE, NULL, 0, 7, &Export) == STATUS_SUCCESS);
    CHECK(Export.Rva == TEXT + 0x10);
    CHECK(RtlpFindExport(S.Image, IMAGE_SIZE, NULL, 0, 4, &Export) == STATUS_ORDINAL_NOT_FOUND);
    CHECK(RtlpFindExport(S.Image, IMAGE_SIZE, NULL, 0, 8, &Export) == STATUS_ORDINAL_NOT_FOUND);
    CHECK(RtlpFindExport(S.Image, IMAGE_SIZE, "beta", 1, 0, &Export) == STATUS_SUCCESS);
    CHECK(Export.Address == NULL && strcmp(Export.Forwarder, "other.#17") == 0);
    CHECK(RtlpSplitForwarder(Export.Forwarder, Module, sizeof(Module), &Name, &Ordinal) ==
          STATUS_SUCCESS);
    CHECK(strcmp(Module, "other") == 0 && Name == NULL && Ordinal == 17);
}

static void CheckBadExports(ULONG Field, ULONG Value) {
    SAMPLE S;
    RTL_EXPORT Export;
    MakeSample(&S);
    Put32(Place(&S, EXPORTS + Field), Value);
    Layout(&S);
    CHECK(RtlpFindExport(S.Image, IMAGE_SIZE, "alpha", 0, 0, &Export) ==
          STATUS_INVALID_IMAGE_FORMAT);
}

static void TestBadExports(void) {
    CheckBadExports(offsetof(IMAGE_EXPORT_DIRECTORY, NumberOfFunctions), 0x40000000);
    CheckBadExports(offsetof(IMAGE_EXPORT_DIRECTORY, NumberOfNames), 0xFFFFFFFF);
    CheckBadExports(offsetof(IMAGE_EXPORT_DIRECTORY, AddressOfFunctions), IMAGE_SIZE - 8);
    CheckBadExports(offsetof(IMAGE_EXPORT_DIRECTORY, AddressOfNames), 0xFFFFFFF8);
    CheckBadExports(offsetof(IMAGE_EXPORT_DIRECTORY, AddressOfNameOrdinals), IMAGE_SIZE);
    CheckBadExports(0x40, 0x80000000); /* the function */
    CheckBadExports(0x50, IMAGE_SIZE); /* the name */
}

static void TestForwarders(void) {
    CHAR Module[8];
    PCSTR Name;
    ULONG Ordinal;
    CHECK(RtlpSplitForwarder("a.b.Fn", Module, sizeof(Module), &Name, &Ordinal) == STATUS_SUCCESS);
    CHECK(strcmp(Module, "a.b") == 0 && strcmp(Name, "Fn") == 0);
    static const char *const Bad[] = {"", "nodot", ".Fn", "mod.", "toolong8.Fn", "m.#", "m.#1x"};
    for (ULONG At = 0; At < ARRAYSIZE(Bad); At++)
        CHECK(RtlpSplitForwarder(Bad[At], Module, sizeof(Module), &Name, &Ordinal) ==
              STATUS_INVALID_IMAGE_FORMAT);
}

static void TestImports(void) {
    SAMPLE S;
    RTL_IMPORT_WALK Walk;
    MakeSample(&S);
    Layout(&S);
    CHECK(RtlpStartImportWalk(&Walk, S.Image, IMAGE_SIZE) == STATUS_SUCCESS);
    CHECK(RtlpNextImportModule(&Walk) == STATUS_SUCCESS && strcmp(Walk.ModuleName, "lib.dll") == 0);
    CHECK(RtlpNextImport(&Walk) == STATUS_SUCCESS && strcmp(Walk.Name, "name") == 0);
    CHECK(Walk.Hint == 3 && (UCHAR *)Walk.Slot == S.Image + IMPORTS + 0x40);
    CHECK(RtlpNextImport(&Walk) == STATUS_SUCCESS && Walk.Name == NULL && Walk.Ordinal == 9);
    CHECK((UCHAR *)Walk.Slot == S.Image + IMPORTS + 0x48);
    CHECK(RtlpNextImport(&Walk) == STATUS_NO_MORE_ENTRIES);
    CHECK(RtlpNextImportModule(&Walk) == STATUS_NO_MORE_ENTRIES);
    CHECK(RtlpNextImportModule(&Walk) == STATUS_NO_MORE_ENTRIES);
}

static void CheckBadImports(ULONG Rva, ULONG Value) {
    SAMPLE S;
    RTL_IMPORT_WALK Walk;
    MakeSample(&S);
    Put32(Place(&S, Rva), Value);
    Layout(&S);
    CHECK(RtlpStartImportWalk(&Walk, S.Image, IMAGE_SIZE) == STATUS_SUCCESS);
    NTSTATUS Status = RtlpNextImportModule(&Walk);
    if (Status == STATUS_SUCCESS)
        Status = RtlpNextImport(&Walk);
    CHECK(Status == STATUS_INVALID_IMAGE_FORMAT);
}

static void TestBadImports(void) {
    CheckBadImports(IMPORTS + 0, 0xFFFFFFF8);      /* lookup list */
    CheckBadImports(IMPORTS + 12, IMAGE_SIZE);     /* name of the module */
    CheckBadImports(IMPORTS + 16, IMAGE_SIZE - 4); /* address list */
    CheckBadImports(IMPORTS + 0x28, 0xFFFFFFFE);   /* name of the import */
}

static void TestWindowsAccess(void) {
    SAMPLE S;
    ULONG Size;
    PIMAGE_NT_HEADERS64 Nt;
    MakeSample(&S);
    Layout(&S);
    CHECK(RtlImageNtHeader(S.Image) == (PVOID)(S.Image + 0x80));
    CHECK(RtlImageNtHeaderEx(0, S.Image, 0x84, &Nt) == STATUS_INVALID_IMAGE_FORMAT && Nt == NULL);
    CHECK(RtlImageNtHeaderEx(2, S.Image, 0x84, &Nt) == STATUS_INVALID_PARAMETER);
    CHECK(RtlImageDirectoryEntryToData(S.Image, TRUE, IMAGE_DIRECTORY_ENTRY_EXPORT, &Size) ==
          S.Image + EXPORTS);
    CHECK(Size == 0x100);
    CHECK(RtlImageDirectoryEntryToData(S.File, FALSE, IMAGE_DIRECTORY_ENTRY_IMPORT, &Size) ==
          Place(&S, IMPORTS));
    CHECK(RtlImageDirectoryEntryToData(S.Image, TRUE, IMAGE_DIRECTORY_ENTRY_TLS, &Size) == NULL);
    CHECK(RtlImageRvaToSection(S.Nt, S.File, DATA + 4) == &S.Section[1]);
    CHECK(RtlImageRvaToSection(S.Nt, S.File, 0x100) == NULL);
}

int main(void) {
    TestGoodImage();
    TestKindsOfFile();
    TestMachines();
    TestTruncation();
    TestBadHeaders();
    TestHeadersThatEndEarly();
    TestFlatImage();
    TestBadSections();
    TestRelocation();
    TestWildRelocations();
    TestExports();
    TestBadExports();
    TestForwarders();
    TestImports();
    TestBadImports();
    TestWindowsAccess();
    return Failures != 0;
}
