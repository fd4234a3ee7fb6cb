/* ntmmapi.h - virtual memory and sections: constants and what their services return.
 *
 * Sources: Windows SDK (VirtualAlloc, MEMORY_BASIC_INFORMATION), WDK (ZwCreateSection,
 * ZwMapViewOfSection), phnt (SECTION_IMAGE_INFORMATION).
 */
#ifndef _NTMMAPI_H_
#define _NTMMAPI_H_

#include "ntdef.h"
#include "ntlayout.h"

/* ---- Page protection ---- */

#define PAGE_NOACCESS           0x01
#define PAGE_READONLY           0x02
#define PAGE_READWRITE          0x04
#define PAGE_WRITECOPY          0x08
#define PAGE_EXECUTE            0x10
#define PAGE_EXECUTE_READ       0x20
#define PAGE_EXECUTE_READWRITE  0x40
#define PAGE_EXECUTE_WRITECOPY  0x80
#define PAGE_GUARD              0x100
#define PAGE_NOCACHE            0x200
#define PAGE_WRITECOMBINE       0x400
#define PAGE_TARGETS_INVALID    0x40000000
#define PAGE_TARGETS_NO_UPDATE  0x40000000
#define PAGE_REVERT_TO_FILE_MAP 0x80000000

/* ---- Allocation types and states ---- */

#define MEM_COMMIT                0x00001000
#define MEM_RESERVE               0x00002000
#define MEM_REPLACE_PLACEHOLDER   0x00004000
#define MEM_DECOMMIT              0x00004000
#define MEM_RELEASE               0x00008000
#define MEM_FREE                  0x00010000
#define MEM_PRIVATE               0x00020000
#define MEM_MAPPED                0x00040000
#define MEM_RESET                 0x00080000
#define MEM_TOP_DOWN              0x00100000
#define MEM_WRITE_WATCH           0x00200000
#define MEM_PHYSICAL              0x00400000
#define MEM_ROTATE                0x00800000
#define MEM_IMAGE                 0x01000000
#define MEM_RESET_UNDO            0x01000000
#define MEM_LARGE_PAGES           0x20000000
#define MEM_4MB_PAGES             0x80000000
#define MEM_COALESCE_PLACEHOLDERS 0x00000001
#define MEM_PRESERVE_PLACEHOLDER  0x00000002

#define MEM_EXECUTE_OPTION_DISABLE   0x01
#define MEM_EXECUTE_OPTION_ENABLE    0x02
#define MEM_EXECUTE_OPTION_PERMANENT 0x08

/* ---- Sections ---- */

#define SEC_FILE             0x00800000
#define SEC_IMAGE            0x01000000
#define SEC_PROTECTED_IMAGE  0x02000000
#define SEC_RESERVE          0x04000000
#define SEC_COMMIT           0x08000000
#define SEC_NOCACHE          0x10000000
#define SEC_WRITECOMBINE     0x40000000
#define SEC_LARGE_PAGES      0x80000000
#define SEC_IMAGE_NO_EXECUTE (SEC_IMAGE | SEC_NOCACHE)

#define SECTION_QUERY                0x0001
#define SECTION_MAP_WRITE            0x0002
#define SECTION_MAP_READ             0x0004
#define SECTION_MAP_EXECUTE          0x0008
#define SECTION_EXTEND_SIZE          0x0010
#define SECTION_MAP_EXECUTE_EXPLICIT 0x0020
#define SECTION_ALL_ACCESS                                                                         \
    (STANDARD_RIGHTS_REQUIRED | SECTION_QUERY | SECTION_MAP_WRITE | SECTION_MAP_READ |             \
     SECTION_MAP_EXECUTE | SECTION_EXTEND_SIZE)

typedef enum _SECTION_INHERIT { ViewShare = 1, ViewUnmap = 2 } SECTION_INHERIT;

typedef enum _SECTION_INFORMATION_CLASS {
    SectionBasicInformation,
    SectionImageInformation,
    SectionRelocationInformation,
    SectionOriginalBaseInformation,
    SectionInternalImageInformation,
    MaxSectionInfoClass
} SECTION_INFORMATION_CLASS;

typedef struct _SECTION_BASIC_INFORMATION {
    PVOID BaseAddress;
    ULONG AllocationAttributes;
    LARGE_INTEGER MaximumSize;
} SECTION_BASIC_INFORMATION, *PSECTION_BASIC_INFORMATION;

CHECK_SIZE(SECTION_BASIC_INFORMATION, 0x18);

typedef struct _SECTION_IMAGE_INFORMATION {
    PVOID TransferAddress;
    ULONG ZeroBits;
    SIZE_T MaximumStackSize;
    SIZE_T CommittedStackSize;
    ULONG SubSystemType;
    union {
        struct {
            USHORT SubSystemMinorVersion;
            USHORT SubSystemMajorVersion;
        };
        ULONG SubSystemVersion;
    };
    union {
        struct {
            USHORT MajorOperatingSystemVersion;
            USHORT MinorOperatingSystemVersion;
        };
        ULONG OperatingSystemVersion;
    };
    USHORT ImageCharacteristics;
    USHORT DllCharacteristics;
    USHORT Machine;
    BOOLEAN ImageContainsCode;
    union {
        UCHAR ImageFlags;
        struct {
            UCHAR ComPlusNativeReady : 1;
            UCHAR ComPlusILOnly : 1;
            UCHAR ImageDynamicallyRelocated : 1;
            UCHAR ImageMappedFlat : 1;
            UCHAR BaseBelow4gb : 1;
            UCHAR ComPlusPrefer32bit : 1;
            UCHAR Reserved : 2;
        };
    };
    ULONG LoaderFlags;
    ULONG ImageFileSize;
    ULONG CheckSum;
} SECTION_IMAGE_INFORMATION, *PSECTION_IMAGE_INFORMATION;

CHECK_OFFSET(SECTION_IMAGE_INFORMATION, MaximumStackSize, 0x10);
CHECK_OFFSET(SECTION_IMAGE_INFORMATION, SubSystemType, 0x20);
CHECK_OFFSET(SECTION_IMAGE_INFORMATION, Machine, 0x30);
CHECK_OFFSET(SECTION_IMAGE_INFORMATION, ImageFlags, 0x33);
CHECK_SIZE(SECTION_IMAGE_INFORMATION, 0x40);

/* ---- NtQueryVirtualMemory ---- */

typedef enum _MEMORY_INFORMATION_CLASS {
    MemoryBasicInformation,
    MemoryWorkingSetInformation,
    MemoryMappedFilenameInformation,
    MemoryRegionInformation,
    MemoryWorkingSetExInformation,
    MemorySharedCommitInformation,
    MemoryImageInformation,
    MemoryRegionInformationEx,
    MemoryPrivilegedBasicInformation,
    MemoryEnclaveImageInformation,
    MemoryBasicInformationCapped,
    MemoryPhysicalContiguityInformation,
    MaxMemoryInfoClass
} MEMORY_INFORMATION_CLASS;

typedef struct _MEMORY_BASIC_INFORMATION {
    PVOID BaseAddress;
    PVOID AllocationBase;
    ULONG AllocationProtect;
    USHORT PartitionId;
    SIZE_T RegionSize;
    ULONG State;
    ULONG Protect;
    ULONG Type;
} MEMORY_BASIC_INFORMATION, *PMEMORY_BASIC_INFORMATION;

CHECK_OFFSET(MEMORY_BASIC_INFORMATION, AllocationProtect, 0x10);
CHECK_OFFSET(MEMORY_BASIC_INFORMATION, RegionSize, 0x18);
CHECK_OFFSET(MEMORY_BASIC_INFORMATION, State, 0x20);
CHECK_SIZE(MEMORY_BASIC_INFORMATION, 0x30);

typedef struct _MEMORY_REGION_INFORMATION {
    PVOID AllocationBase;
    ULONG AllocationProtect;
    ULONG
    RegionType; /* bit 0 private, 1 mapped data file, 2 mapped image, 3 page file, 4 physical */
    SIZE_T RegionSize;
    SIZE_T CommitSize;
    ULONG_PTR PartitionId;
    ULONG_PTR NodePreference;
} MEMORY_REGION_INFORMATION, *PMEMORY_REGION_INFORMATION;

typedef struct _MEMORY_IMAGE_INFORMATION {
    PVOID ImageBase;
    SIZE_T SizeOfImage;
    ULONG ImageFlags;
} MEMORY_IMAGE_INFORMATION, *PMEMORY_IMAGE_INFORMATION;

CHECK_SIZE(MEMORY_IMAGE_INFORMATION, 0x18);

#endif /* _NTMMAPI_H_ */
