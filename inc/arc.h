/*
 * arc.h - the LOADER_PARAMETER_BLOCK, which the loader passes to the kernel
 *
 * The names are those of Windows' block (public symbols: nt!_LOADER_PARAMETER_BLOCK); fields that
 * this system does not use are left out. Every pointer in the block is a kernel virtual address in
 * the boot slot (FFFFF800'00000000) that the loader has mapped. The block, the strings and the
 * lists are writable; boot files are read-only.
 */
#ifndef VITRINE_ARC_H
#define VITRINE_ARC_H

#include "ntdef.h"

/* The contents of a run of physical pages (Windows' TYPE_OF_MEMORY, the values used here). */
typedef enum _TYPE_OF_MEMORY {
    LoaderExceptionBlock,
    LoaderSystemBlock,
    LoaderFree, /* free for the memory manager */
    LoaderBad,
    LoaderLoadedProgram,     /* the loader: free when the kernel has unmapped the low half */
    LoaderFirmwareTemporary, /* UEFI boot services: free once the kernel runs */
    LoaderFirmwarePermanent, /* runtime services, ACPI NVS, reserved: never touched */
    LoaderOsloaderHeap,
    LoaderOsloaderStack,
    LoaderSystemCode, /* ntoskrnl.exe */
    LoaderHalCode,    /* hal.dll */
    LoaderBootDriver, /* *.sys */
    LoaderStartupKernelStack,
    LoaderMemoryData, /* the loader's page tables, the loader block */
    LoaderBootFile,   /* files of the boot volume */
    LoaderAcpiTables, /* ACPI reclaimable: kept while the HAL reads tables */
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

/* A boot driver; the I/O manager calls its DriverEntry. */
typedef struct _BOOT_DRIVER_LIST_ENTRY {
    LIST_ENTRY Link;
    UNICODE_STRING FilePath;
    UNICODE_STRING RegistryPath; /* \Registry\Machine\System\CurrentControlSet\Services\x */
    PKLDR_DATA_TABLE_ENTRY LdrEntry;
} BOOT_DRIVER_LIST_ENTRY, *PBOOT_DRIVER_LIST_ENTRY;

/* A file of the boot volume: all of it in memory, page aligned, the tail of its last page zero. */
typedef struct _LOADER_BOOT_FILE {
    LIST_ENTRY Link;
    UNICODE_STRING Path; /* from the volume's root, as \vitrine\System32\ntdll.dll */
    PVOID Data;
    ULONG64 Size; /* bytes */
    PFN_NUMBER BasePage;
    LARGE_INTEGER LastWriteTime; /* 100 ns since 1601; 0: unknown */
} LOADER_BOOT_FILE, *PLOADER_BOOT_FILE;

typedef enum _LOADER_PIXEL_FORMAT { LoaderPixelRgb, LoaderPixelBgr } LOADER_PIXEL_FORMAT;

/* The linear framebuffer of UEFI's graphics output; Base.QuadPart is 0 if there is none. */
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
    ULONG64 KernelEntryTsc; /* the same, just before the jump to the kernel */
    ULONG64 BootVaEnd;      /* first address of the boot slot that the loader did not use */
    /* LOADER_START_PAGES pages below 1 MiB, in which other processors can start; 0: none */
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
    PSTR CommandLine; /* the part after it, UTF-8; may be "", never NULL */
    PLOADER_PARAMETER_EXTENSION Extension;
} LOADER_PARAMETER_BLOCK, *PLOADER_PARAMETER_BLOCK;

#endif
