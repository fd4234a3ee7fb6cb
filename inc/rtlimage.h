/*
 * rtlimage.h - reading PE32+ images: the loader, Mm and ntdll all see a PE file through this door.
 *
 * A file is first *validated* (its headers against its size), then laid out, relocated, and its
 * exports and imports are walked. No function here allocates, and each checks every offset, so
 * that a hostile file yields a status and never a wild access. rtl/image/image.c tells the whole story.
 */
#ifndef _RTLIMAGE_H_
#define _RTLIMAGE_H_

#include "ntdef.h"
#include "ntimage.h"

/* PE tables may stand at any address: these are read and written without assuming alignment. */
typedef ULONG64 __attribute__((aligned(1))) UNALIGNED_ULONG64;
typedef ULONG __attribute__((aligned(1))) UNALIGNED_ULONG;
typedef USHORT __attribute__((aligned(1))) UNALIGNED_USHORT;

/* What the headers say, checked. Pointers point into the caller's copy of the file or image. */
typedef struct _RTL_IMAGE_INFO {
    const IMAGE_NT_HEADERS64 *NtHeaders;
    const IMAGE_SECTION_HEADER *Sections; /* NumberOfSections of them, ascending; contiguous unless
                                             the image is flat */
    ULONG64 ImageBase;                    /* preferred base, a multiple of 64 KiB */
    ULONG64 SizeOfStackReserve;
    ULONG64 SizeOfStackCommit;
    ULONG SizeOfImage;      /* rounded up to pages, never 0 */
    ULONG SizeOfHeaders;    /* with all of the section table */
    ULONG SectionAlignment; /* a power of two; less than a page if Flat */
    BOOLEAN Flat;           /* in memory as in the file: FlatBytes of it, then zeroes */
    ULONG FlatBytes;
    ULONG AddressOfEntryPoint;
    ULONG NumberOfDirectories; /* that are really in the header, at most 16 */
    ULONG NumberOfSections;
    USHORT Machine;
    USHORT Subsystem;
    USHORT Characteristics;
    USHORT DllCharacteristics;
} RTL_IMAGE_INFO, *PRTL_IMAGE_INFO;

/*
 * Checks the headers of a PE file before anything in it is trusted.
 *   Headers, HeadersSize  the first bytes of the file: all of its headers, or the whole file
 *   FileSize              size of the whole file; section data are checked against it
 *   Info                  filled on success; Machine is also set when the machine is refused
 * Any IRQL at which Headers is resident. STATUS_SUCCESS; STATUS_INVALID_IMAGE_NOT_MZ;
 * STATUS_INVALID_IMAGE_NE_FORMAT, _LE_FORMAT, _PROTECT (MZ, but no PE); STATUS_INVALID_IMAGE_WIN_32
 * (a 32-bit x86 image); STATUS_INVALID_IMAGE_FORMAT for all else.
 */
NTSTATUS RtlpValidateImage(_In_ const VOID *Headers, _In_ SIZE_T HeadersSize, _In_ ULONG64 FileSize,
                           _Out_ PRTL_IMAGE_INFO Info);

/* The same for an image that is already mapped (Size bytes at Image): headers only. */
NTSTATUS RtlpValidateMappedImage(_In_ const VOID *Image, _In_ SIZE_T Size,
                                 _Out_ PRTL_IMAGE_INFO Info);

/*
 * How many bytes of a section come from the file (the rest of VirtualSize is zero), and how many
 * bytes of address space it takes, unrounded. Both are inside the bounds that validation checked.
 */
ULONG RtlpSectionFileSize(_In_ const IMAGE_SECTION_HEADER *Section);
ULONG RtlpSectionVirtualSize(_In_ const IMAGE_SECTION_HEADER *Section);

/*
 * Lays a validated file out in memory: headers and sections at their RVAs, the rest of their pages
 * zeroed; a flat image as it is in the file. Image has Info->SizeOfImage bytes. Where sections are aligned to more than a page, the
 * pages between them are left as they are. The file must be complete.
 */
VOID RtlpLayoutImage(_In_ const VOID *File, _In_ const RTL_IMAGE_INFO *Info, _Out_ PVOID Image);

/*
 * Applies base relocations to an image laid out at Image (writable), which is to run at NewBase.
 * STATUS_SUCCESS; STATUS_CONFLICTING_ADDRESSES (stripped of relocations, cannot move);
 * STATUS_INVALID_IMAGE_FORMAT (a block or a fixup outside the image, an unknown type).
 */
NTSTATUS RtlpRelocateImage(_Inout_ PVOID Image, _In_ SIZE_T ImageSize, _In_ ULONG64 NewBase);

/* One export. Exactly one of Address and Forwarder is not NULL. */
typedef struct _RTL_EXPORT {
    ULONG Rva;
    PVOID Address;   /* Image + Rva */
    PCSTR Forwarder; /* "module.name" or "module.#ordinal", NUL-terminated inside the image */
} RTL_EXPORT, *PRTL_EXPORT;

/*
 * Looks up an export of a mapped image, by name (Hint is where the importer expects it) or, with
 * Name NULL, by Ordinal. STATUS_SUCCESS; STATUS_ENTRYPOINT_NOT_FOUND, STATUS_ORDINAL_NOT_FOUND;
 * STATUS_INVALID_IMAGE_FORMAT (tables outside the image).
 */
NTSTATUS RtlpFindExport(_In_ const VOID *Image, _In_ SIZE_T ImageSize, _In_opt_ PCSTR Name,
                        _In_ ULONG Hint, _In_ ULONG Ordinal, _Out_ PRTL_EXPORT Export);

/*
 * Splits a forwarder "module.name" or "module.#12" at its last dot: the module's name is copied to
 * Module (Size bytes, NUL-terminated; usually without an extension, the caller adds ".dll"), *Name
 * is what follows, or NULL and *Ordinal. STATUS_SUCCESS or STATUS_INVALID_IMAGE_FORMAT.
 */
NTSTATUS RtlpSplitForwarder(_In_ PCSTR Forwarder, _Out_ PSTR Module, _In_ SIZE_T Size,
                            _Out_ PCSTR *Name, _Out_ PULONG Ordinal);

/*
 * A walk over the imports of a mapped image. RtlpStartImportWalk, then RtlpNextImportModule until
 * STATUS_NO_MORE_ENTRIES; for each module RtlpNextImport until STATUS_NO_MORE_ENTRIES.
 * All pointers are inside the image. An image without imports has a walk of no modules.
 */
typedef struct _RTL_IMPORT_WALK {
    PUCHAR Image;
    SIZE_T ImageSize;
    ULONG Descriptor; /* RVA of the next IMAGE_IMPORT_DESCRIPTOR, 0: none */
    ULONG Lookup;     /* RVA of the next entry that names an import */
    ULONG Address;    /* RVA of the next slot to fill */
    PCSTR ModuleName; /* valid after RtlpNextImportModule */
    PCSTR Name;       /* valid after RtlpNextImport: NULL means by ordinal */
    ULONG Hint;
    ULONG Ordinal;
    UNALIGNED_ULONG64 *Slot; /* where the address of the import goes */
} RTL_IMPORT_WALK, *PRTL_IMPORT_WALK;

NTSTATUS RtlpStartImportWalk(_Out_ PRTL_IMPORT_WALK Walk, _In_ PVOID Image, _In_ SIZE_T ImageSize);
NTSTATUS RtlpNextImportModule(_Inout_ PRTL_IMPORT_WALK Walk);
NTSTATUS RtlpNextImport(_Inout_ PRTL_IMPORT_WALK Walk);

/* Windows' own access functions (ntdll and ntoskrnl export them). */
#define RTL_IMAGE_NT_HEADER_EX_FLAG_NO_RANGE_CHECK 0x00000001

NTSTATUS RtlImageNtHeaderEx(_In_ ULONG Flags, _In_ PVOID BaseOfImage, _In_ ULONG64 Size,
                            _Out_ PIMAGE_NT_HEADERS64 *OutHeaders);
PIMAGE_NT_HEADERS64 RtlImageNtHeader(_In_ PVOID BaseOfImage);
PVOID RtlImageDirectoryEntryToData(_In_ PVOID BaseOfImage, _In_ BOOLEAN MappedAsImage,
                                   _In_ USHORT DirectoryEntry, _Out_ PULONG Size);
PIMAGE_SECTION_HEADER RtlImageRvaToSection(_In_ PIMAGE_NT_HEADERS64 NtHeaders,
                                           _In_ PVOID BaseOfImage, _In_ ULONG Rva);
PVOID RtlImageRvaToVa(_In_ PIMAGE_NT_HEADERS64 NtHeaders, _In_ PVOID BaseOfImage, _In_ ULONG Rva,
                      _Inout_opt_ PIMAGE_SECTION_HEADER *LastRvaSection);

#endif /* _RTLIMAGE_H_ */
