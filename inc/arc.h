/*
 * What the loader hands to the kernel: the LOADER_PARAMETER_BLOCK.
 *
 * The names are those of Windows' own block (public symbols: nt!_LOADER_PARAMETER_BLOCK), the
 * fields that this system has no use for are left out. Every pointer in the block is a kernel
 * virtual address in the boot slot (FFFFF800'00000000) that the loader has mapped. The block, the
 * strings and the lists are writable; boot files are read-only.
 */
#ifndef VITRINE_ARC_H
#define VITRINE_ARC_H

#include "ntdef.h"

/* What a run of physical pages holds (Windows' TYPE_OF_MEMORY, the values used here). */
typedef enum _TYPE_OF_MEMORY {
    LoaderExceptionBlock,
    LoaderSystemBlock,
    LoaderFree, /* free for the memory manager */
    LoaderBad,
    LoaderLoadedProgram,     /* the loader itself: free once the kernel has dropped the low half */
    LoaderFirmwareTemporary, /* UEFI boot services: free once the kernel runs */
    LoaderFirmwarePermanent, /* runtime services, ACPI NVS, reserved: never touched */
    LoaderOsloaderHeap,
    LoaderOsloaderStack,
    LoaderSystemCode, /* ntoskrnl.exe */
    LoaderHalCode,    /* hal.dll */
    LoaderBootDriver, /* *.sys */
    LoaderStartupKernelStack,
    LoaderMemoryData, /* page tables made by the loader, the block itself */
    LoaderBootFile,   /* files of the boot volume */
    LoaderAcpiTables, /* ACPI reclaimable: tables are read for as long as the HAL needs */
    LoaderMaximum
} TYPE_OF_MEMORY;

/* A run of physical pages; the list is sorted by BasePage and its runs do not overlap. */
typedef struct _MEMORY_ALLOCATION_DESCRIPTOR {
    LIST_ENTRY ListEntry;
    TYPE_OF_MEMORY MemoryType;
    PFN_NUMBER BasePage;
    PFN_NUMBER PageCount;
} MEMORY_ALLOCATION_DESCRIPTOR, *PMEMORY_ALLOCATION_DESCRIPTOR;

/* A loaded image (Windows' KLDR_DATA_TABLE_ENTRY). Load order: ntoskrnl.exe, hal.dll, drivers. */
typedef struct _KLDR_DATA_TABLE_ENTRY {
    LIST_ENTRY InLoadOrderLinks;
    PVOID ExceptionTable;
    ULONG ExceptionTableSize; /* bytes */
    PVOID GpValue;
    PVOID NonPagedDebugInfo;
    PVOID DllBase;
    PVOID EntryPoint;
    ULONG SizeOfImage;
    UNICODE_STRING FullDllName; /* \SystemRoot\System32\drivers\x.sys */
    UNICODE_STRING BaseDllName; /* x.sys */
    ULONG Flags;
    USHORT LoadCount;
    union {
        USHORT EntireField;
        struct {
            USHORT SignatureLevel : 4;
            USHORT SignatureType : 3;
            USHORT Unused : 9;
        };
    } u1;
    PVOID SectionPointer;
    ULONG CheckSum;
    ULONG CoverageSectionSize;
    PVOID CoverageSection;
    PVOID LoadedImports;
    PVOID Spare;
    ULONG SizeOfImageNotRounded;
    ULONG TimeDateStamp;
} KLDR_DATA_TABLE_ENTRY, *PKLDR_DATA_TABLE_ENTRY;
static_assert(offsetof(KLDR_DATA_TABLE_ENTRY, DllBase) == 0x30, "as in Windows");
static_assert(offsetof(KLDR_DATA_TABLE_ENTRY, BaseDllName) == 0x58, "as in Windows");

/* A boot driver whose DriverEntry the I/O manager is to call. */
typedef struct _BOOT_DRIVER_LIST_ENTRY {
    LIST_ENTRY Link;
    UNICODE_STRING FilePath;
    UNICODE_STRING RegistryPath; /* \Registry\Machine\System\CurrentControlSet\Services\x */
    PKLDR_DATA_TABLE_ENTRY LdrEntry;
} BOOT_DRIVER_LIST_ENTRY, *PBOOT_DRIVER_LIST_ENTRY;

/* A file of the boot volume, wholly in memory, page aligned, the tail of its last page zero. */
typedef struct _LOADER_BOOT_FILE {
    LIST_ENTRY Link;
    UNICODE_STRING Path; /* from the volume's root: \vitrine\System32\ntdll.dll */
    PVOID Data;
    ULONG64 Size; /* bytes */
    PFN_NUMBER BasePage;
    LARGE_INTEGER LastWriteTime; /* 100 ns since 1601, 0 where unknown */
} LOADER_BOOT_FILE, *PLOADER_BOOT_FILE;

typedef enum _LOADER_PIXEL_FORMAT { LoaderPixelRgb, LoaderPixelBgr } LOADER_PIXEL_FORMAT;

/* The linear framebuffer of UEFI's graphics output; Base.QuadPart 0 where there is none. */
typedef struct _LOADER_FRAMEBUFFER {
    PHYSICAL_ADDRESS Base;
    ULONG64 Size;
    ULONG Width;
    ULONG Height;
    ULONG PixelsPerScanLine;
    LOADER_PIXEL_FORMAT Format;
} LOADER_FRAMEBUFFER;

#define LOADER_START_PAGES 4 /* real-mode code and three page tables (hal/mpstart.c) */

typedef struct _LOADER_PARAMETER_EXTENSION {
    ULONG Size;
    PHYSICAL_ADDRESS AcpiTable; /* the RSDP, physical */
    LOADER_FRAMEBUFFER Framebuffer;
    LIST_ENTRY BootFiles;   /* LOADER_BOOT_FILE.Link */
    ULONG64 LoaderEntryTsc; /* the time stamp counter at the loader's first instruction */
    ULONG64 KernelEntryTsc; /* and just before the jump to the kernel */
    ULONG64 BootVaEnd;      /* first address of the boot slot that the loader did not use */
    /* LOADER_START_PAGES pages below 1 MiB, where other processors can start; 0: there are none */
    PHYSICAL_ADDRESS ProcessorStartPages;
} LOADER_PARAMETER_EXTENSION, *PLOADER_PARAMETER_EXTENSION;

typedef struct _LOADER_PARAMETER_BLOCK {
    ULONG OsMajorVersion; /* 10 */
    ULONG OsMinorVersion; /* 0 */
    ULONG Size;           /* sizeof(LOADER_PARAMETER_BLOCK), checked by the kernel */
    ULONG OsLoaderSecurityVersion;
    LIST_ENTRY LoadOrderListHead;        /* KLDR_DATA_TABLE_ENTRY.InLoadOrderLinks */
    LIST_ENTRY MemoryDescriptorListHead; /* MEMORY_ALLOCATION_DESCRIPTOR.ListEntry */
    LIST_ENTRY BootDriverListHead;       /* BOOT_DRIVER_LIST_ENTRY.Link */
    ULONG64 KernelStack;                 /* its highest address, 16-byte aligned */
    ULONG64 KernelStackSize;
    PSTR LoadOptions; /* boot.ini up to " -- ", UTF-8, never NULL */
    PSTR CommandLine; /* what follows it, UTF-8; "" where nothing does */
    PLOADER_PARAMETER_EXTENSION Extension;
} LOADER_PARAMETER_BLOCK, *PLOADER_PARAMETER_BLOCK;

#endif
