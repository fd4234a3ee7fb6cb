/*
 * imagebind.c - exports and imports: how one image finds a function of another.
 *
 * The exporter has three tables: addresses (by ordinal minus Base), names (sorted, so that they can
 * be searched by halves) and, beside the names, the index of each name's address. An address that
 * points into the export directory itself is no code but a string, a *forwarder*: "look in that
 * module, under that name".
 *
 * The importer has one descriptor per module it needs, each with two parallel lists of 64-bit
 * entries ended by zero: the lookup list, which names what is wanted (top bit: by ordinal; else
 * the RVA of a hint and a name), and the address list, which the binder overwrites with addresses.
 * Source: Microsoft, "PE Format", the .edata and .idata sections.
 */
#include "ntstatus.h"
#include "rtlimage.h"

#define IMPORT_BY_ORDINAL (1ULL << 63)

/* The place of Length bytes at Rva, or NULL if they are not all inside the image. */
static PVOID Inside(const VOID *Image, SIZE_T ImageSize, ULONG64 Rva, ULONG64 Length) {
    if (Rva > ImageSize || Length > ImageSize - Rva)
        return NULL;
    return (PUCHAR)(ULONG_PTR)Image + Rva;
}

/* The string at Rva, or NULL if the image ends before it does. */
static PCSTR StringInside(const VOID *Image, SIZE_T ImageSize, ULONG64 Rva) {
    for (ULONG64 At = Rva; At < ImageSize; At++) {
        if (((const CHAR *)Image)[At] == 0)
            return (PCSTR)Image + Rva;
    }
    return NULL;
}

static LONG CompareNames(PCSTR A, PCSTR B) {
    while (*A != 0 && *A == *B) {
        A++;
        B++;
    }
    return (LONG)(UCHAR)*A - (LONG)(UCHAR)*B;
}

/* A data directory that is there and wholly inside the image. */
static NTSTATUS FindDirectory(const VOID *Image, SIZE_T ImageSize, ULONG Index,
                              IMAGE_DATA_DIRECTORY *Directory) {
    RTL_IMAGE_INFO Info;
    NTSTATUS Status = RtlpValidateMappedImage(Image, ImageSize, &Info);
    if (!NT_SUCCESS(Status))
        return Status;
    Directory->VirtualAddress = 0;
    Directory->Size = 0;
    if (Index < Info.NumberOfDirectories)
        *Directory = Info.NtHeaders->OptionalHeader.DataDirectory[Index];
    return STATUS_SUCCESS;
}

/* The three tables of an export directory, each known to be inside the image. */
typedef struct _EXPORT_TABLES {
    const VOID *Image;
    SIZE_T ImageSize;
    IMAGE_DATA_DIRECTORY Directory;
    ULONG Base;
    ULONG NumberOfFunctions;
    ULONG NumberOfNames;
    const UNALIGNED_ULONG *Functions;
    const UNALIGNED_ULONG *Names;
    const UNALIGNED_USHORT *NameOrdinals;
} EXPORT_TABLES;

static NTSTATUS OpenExports(const VOID *Image, SIZE_T ImageSize, EXPORT_TABLES *Tables) {
    NTSTATUS Status =
        FindDirectory(Image, ImageSize, IMAGE_DIRECTORY_ENTRY_EXPORT, &Tables->Directory);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Tables->Directory.VirtualAddress == 0)
        return STATUS_NOT_FOUND;
    IMAGE_EXPORT_DIRECTORY Exports;
    const VOID *Place = Inside(Image, ImageSize, Tables->Directory.VirtualAddress, sizeof(Exports));
    if (Place == NULL)
        return STATUS_INVALID_IMAGE_FORMAT;
    __builtin_memcpy(&Exports, Place, sizeof(Exports));
    Tables->Image = Image;
    Tables->ImageSize = ImageSize;
    Tables->Base = Exports.Base;
    Tables->NumberOfFunctions = Exports.NumberOfFunctions;
    Tables->NumberOfNames = Exports.NumberOfNames;
    Tables->Functions = Inside(Image, ImageSize, Exports.AddressOfFunctions,
                               (ULONG64)Exports.NumberOfFunctions * sizeof(ULONG));
    Tables->Names = Inside(Image, ImageSize, Exports.AddressOfNames,
                           (ULONG64)Exports.NumberOfNames * sizeof(ULONG));
    Tables->NameOrdinals = Inside(Image, ImageSize, Exports.AddressOfNameOrdinals,
                                  (ULONG64)Exports.NumberOfNames * sizeof(USHORT));
    if (Tables->Functions == NULL || Tables->Names == NULL || Tables->NameOrdinals == NULL)
        return STATUS_INVALID_IMAGE_FORMAT;
    return STATUS_SUCCESS;
}

/* Compares Name with the name at Index of the table. */
static NTSTATUS CompareAt(const EXPORT_TABLES *Tables, PCSTR Name, ULONG Index, PLONG Order) {
    PCSTR Found = StringInside(Tables->Image, Tables->ImageSize, Tables->Names[Index]);
    if (Found == NULL)
        return STATUS_INVALID_IMAGE_FORMAT;
    *Order = CompareNames(Name, Found);
    return STATUS_SUCCESS;
}

/* Tries the hint, then searches by halves. */
static NTSTATUS FindName(const EXPORT_TABLES *Tables, PCSTR Name, ULONG Hint, PULONG Index) {
    LONG Order = 1;
    NTSTATUS Status = STATUS_SUCCESS;
    if (Hint < Tables->NumberOfNames)
        Status = CompareAt(Tables, Name, Hint, &Order);
    ULONG Low = 0;
    ULONG High = Tables->NumberOfNames;
    ULONG At = Hint;
    while (NT_SUCCESS(Status) && Order != 0) {
        if (Low >= High)
            return STATUS_ENTRYPOINT_NOT_FOUND;
        At = Low + (High - Low) / 2;
        Status = CompareAt(Tables, Name, At, &Order);
        if (Order < 0)
            High = At;
        else
            Low = At + 1;
    }
    if (NT_SUCCESS(Status))
        *Index = Tables->NameOrdinals[At];
    return Status;
}

static NTSTATUS FillExport(const EXPORT_TABLES *Tables, ULONG Rva, PRTL_EXPORT Export) {
    ULONG Start = Tables->Directory.VirtualAddress;
    Export->Rva = Rva;
    Export->Address = NULL;
    Export->Forwarder = NULL;
    if (Rva >= Tables->ImageSize)
        return STATUS_INVALID_IMAGE_FORMAT;
    if (Rva < Start || Rva - Start >= Tables->Directory.Size) {
        Export->Address = (PUCHAR)(ULONG_PTR)Tables->Image + Rva;
        return STATUS_SUCCESS;
    }
    Export->Forwarder = StringInside(Tables->Image, Tables->ImageSize, Rva);
    return Export->Forwarder != NULL ? STATUS_SUCCESS : STATUS_INVALID_IMAGE_FORMAT;
}

NTSTATUS RtlpFindExport(const VOID *Image, SIZE_T ImageSize, PCSTR Name, ULONG Hint, ULONG Ordinal,
                        PRTL_EXPORT Export) {
    EXPORT_TABLES Tables;
    NTSTATUS NotFound = Name != NULL ? STATUS_ENTRYPOINT_NOT_FOUND : STATUS_ORDINAL_NOT_FOUND;
    NTSTATUS Status = OpenExports(Image, ImageSize, &Tables);
    if (!NT_SUCCESS(Status))
        return Status == STATUS_NOT_FOUND ? NotFound : Status;
    ULONG Index = Ordinal - Tables.Base;
    if (Name != NULL)
        Status = FindName(&Tables, Name, Hint, &Index);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Index >= Tables.NumberOfFunctions || Tables.Functions[Index] == 0)
        return NotFound;
    return FillExport(&Tables, Tables.Functions[Index], Export);
}

/* "#12" after the dot of a forwarder. */
static NTSTATUS ParseOrdinal(PCSTR Digits, PULONG Ordinal) {
    ULONG Value = 0;
    if (*Digits == 0)
        return STATUS_INVALID_IMAGE_FORMAT;
    for (; *Digits != 0; Digits++) {
        if (*Digits < '0' || *Digits > '9' || Value > 0xFFFF)
            return STATUS_INVALID_IMAGE_FORMAT;
        Value = Value * 10 + (ULONG)(*Digits - '0');
    }
    *Ordinal = Value;
    return STATUS_SUCCESS;
}

NTSTATUS RtlpSplitForwarder(PCSTR Forwarder, PSTR Module, SIZE_T Size, PCSTR *Name,
                            PULONG Ordinal) {
    SIZE_T Dot = 0;
    for (SIZE_T At = 0; Forwarder[At] != 0; At++) {
        if (Forwarder[At] == '.')
            Dot = At;
    }
    if (Dot == 0 || Dot >= Size || Forwarder[Dot + 1] == 0)
        return STATUS_INVALID_IMAGE_FORMAT;
    __builtin_memcpy(Module, Forwarder, Dot);
    Module[Dot] = 0;
    *Ordinal = 0;
    *Name = Forwarder + Dot + 1;
    if (**Name != '#')
        return STATUS_SUCCESS;
    PCSTR Digits = *Name + 1;
    *Name = NULL;
    return ParseOrdinal(Digits, Ordinal);
}

NTSTATUS RtlpStartImportWalk(PRTL_IMPORT_WALK Walk, PVOID Image, SIZE_T ImageSize) {
    IMAGE_DATA_DIRECTORY Directory;
    __builtin_memset(Walk, 0, sizeof(*Walk));
    NTSTATUS Status = FindDirectory(Image, ImageSize, IMAGE_DIRECTORY_ENTRY_IMPORT, &Directory);
    if (!NT_SUCCESS(Status))
        return Status;
    Walk->Image = Image;
    Walk->ImageSize = ImageSize;
    Walk->Descriptor = Directory.VirtualAddress;
    return STATUS_SUCCESS;
}

NTSTATUS RtlpNextImportModule(PRTL_IMPORT_WALK Walk) {
    IMAGE_IMPORT_DESCRIPTOR Descriptor;
    if (Walk->Descriptor == 0)
        return STATUS_NO_MORE_ENTRIES;
    const VOID *Place = Inside(Walk->Image, Walk->ImageSize, Walk->Descriptor, sizeof(Descriptor));
    if (Place == NULL)
        return STATUS_INVALID_IMAGE_FORMAT;
    __builtin_memcpy(&Descriptor, Place, sizeof(Descriptor));
    if (Descriptor.Name == 0 || Descriptor.FirstThunk == 0) {
        Walk->Descriptor = 0;
        return STATUS_NO_MORE_ENTRIES;
    }
    Walk->ModuleName = StringInside(Walk->Image, Walk->ImageSize, Descriptor.Name);
    if (Walk->ModuleName == NULL)
        return STATUS_INVALID_IMAGE_FORMAT;
    Walk->Lookup =
        Descriptor.OriginalFirstThunk != 0 ? Descriptor.OriginalFirstThunk : Descriptor.FirstThunk;
    Walk->Address = Descriptor.FirstThunk;
    Walk->Descriptor += (ULONG)sizeof(Descriptor);
    return STATUS_SUCCESS;
}

/* A name entry: the hint, then the name. */
static NTSTATUS ReadNameEntry(PRTL_IMPORT_WALK Walk, ULONG64 Rva) {
    const UNALIGNED_USHORT *Hint = Inside(Walk->Image, Walk->ImageSize, Rva, sizeof(USHORT));
    Walk->Name = StringInside(Walk->Image, Walk->ImageSize, Rva + sizeof(USHORT));
    if (Hint == NULL || Walk->Name == NULL)
        return STATUS_INVALID_IMAGE_FORMAT;
    Walk->Hint = *Hint;
    return STATUS_SUCCESS;
}

NTSTATUS RtlpNextImport(PRTL_IMPORT_WALK Walk) {
    const UNALIGNED_ULONG64 *Lookup =
        Inside(Walk->Image, Walk->ImageSize, Walk->Lookup, sizeof(ULONG64));
    Walk->Slot = Inside(Walk->Image, Walk->ImageSize, Walk->Address, sizeof(ULONG64));
    if (Lookup == NULL || Walk->Slot == NULL)
        return STATUS_INVALID_IMAGE_FORMAT;
    ULONG64 Entry = *Lookup;
    if (Entry == 0)
        return STATUS_NO_MORE_ENTRIES;
    Walk->Lookup += (ULONG)sizeof(ULONG64);
    Walk->Address += (ULONG)sizeof(ULONG64);
    Walk->Name = NULL;
    Walk->Hint = 0;
    Walk->Ordinal = (USHORT)Entry;
    return (Entry & IMPORT_BY_ORDINAL) != 0 ? STATUS_SUCCESS : ReadNameEntry(Walk, Entry);
}
