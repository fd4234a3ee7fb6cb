/*
 * boot.h - declarations shared by the parts of the loader (main.c says how they work together)
 */
#ifndef _BOOT_H_
#define _BOOT_H_

#include "bootefi.h"

#include "arc.h"
#include "ntstatus.h"
#include "rtlimage.h"

/* The layout of the boot slot: images at the bottom, then the data that the loader passes on. */
#define BOOT_SLOT_BASE  0xFFFFF80000000000ULL
#define BOOT_DATA_BASE  0xFFFFF80010000000ULL
#define BOOT_SLOT_END   0xFFFFF80040000000ULL
#define BOOT_ARENA_SIZE 0x20000ULL

/* With less memory than this, images are mapped only with 4 KiB pages, which waste none. */
#define BOOT_LARGE_PAGE_MEMORY (192ULL << 20)
/* Memory that must be free at first, for the images, the files and the kernel. */
#define BOOT_MINIMUM_MEMORY (40ULL << 20)

#define BOOT_MAXIMUM_IMAGES    32
#define BOOT_MAXIMUM_FREE_RUNS 256
#define BOOT_MAXIMUM_PATH      260

#define LOADER_ERROR_TEXT 160

extern EFI_HANDLE BootImageHandle;
extern EFI_SYSTEM_TABLE *BootSystemTable;
extern EFI_BOOT_SERVICES *BootServices;

/* An image being loaded. Memory is its address now, Base the address where it will run. */
typedef struct _BOOT_IMAGE {
    PLOADER_BOOT_FILE File;
    PCWSTR BaseName; /* points into File's path */
    RTL_IMAGE_INFO Info;
    TYPE_OF_MEMORY Type;
    PUCHAR Memory;
    ULONG64 Base;
    BOOLEAN LargePages;
} BOOT_IMAGE, *PBOOT_IMAGE;

extern BOOT_IMAGE BootImages[BOOT_MAXIMUM_IMAGES];
extern ULONG BootImageCount;

/* console.c: messages on the screen or in the log. */
VOID BootPrint(PCSTR Text);
DECLSPEC_NORETURN VOID BootFail(NTSTATUS Status, PCWSTR File, PCSTR Reason, PCSTR Detail);
VOID BootSetExitPort(USHORT Port);
VOID BootSetWatchedByProgram(VOID);

/* text.c: strings, and the memory functions to which the compiler emits calls. */
void *memcpy(void *To, const void *From, size_t Size);
void *memset(void *To, int Value, size_t Size);
int memcmp(const void *A, const void *B, size_t Size);
PSTR BootAppend(PSTR To, PCSTR End, PCSTR Text);
PSTR BootAppendHex(PSTR To, PCSTR End, ULONG Value);
PSTR BootAppendDecimal(PSTR To, PCSTR End, ULONG64 Value);
SIZE_T BootWideLength(PCWSTR Text);
BOOLEAN BootEqualNames(PCWSTR A, SIZE_T LengthA, PCWSTR B, SIZE_T LengthB);
SIZE_T BootWiden(PWSTR To, SIZE_T Room, PCSTR From, SIZE_T Length);

/* memory.c: pages by purpose, and the arena that holds the loader block. */
PVOID BootAllocatePages(TYPE_OF_MEMORY Type, ULONG64 Pages, ULONG64 Alignment, PCWSTR For);
PHYSICAL_ADDRESS BootAllocateStartPages(VOID);
VOID BootFreePages(PVOID Memory, ULONG64 Pages);

/* Pages found to be unused; each run is inside one allocation. memmap.c cuts them out. */
typedef struct _BOOT_FREE_RUN {
    PFN_NUMBER BasePage;
    PFN_NUMBER PageCount;
} BOOT_FREE_RUN;

extern BOOT_FREE_RUN BootFreeRuns[BOOT_MAXIMUM_FREE_RUNS];
extern ULONG BootFreeRunCount;

VOID BootCreateArena(VOID);
PVOID BootAllocate(SIZE_T Size);
PVOID BootToVa(const VOID *Arena);
PVOID BootFromVa(const VOID *Va);
VOID BootInitializeList(PLIST_ENTRY Head);
VOID BootAppendList(PLIST_ENTRY Head, PLIST_ENTRY Entry);
VOID BootMapArena(VOID);
extern PLOADER_PARAMETER_BLOCK BootBlock; /* in the arena, with its extension */
extern PLOADER_PARAMETER_EXTENSION BootExtension;

/* files.c: the boot volume. */
VOID BootReadFiles(VOID);
PLOADER_BOOT_FILE BootAddFile(PCWSTR Path, ULONG64 Size, PVOID Data, ULONG64 LastWriteTime);
PLOADER_BOOT_FILE BootFindFile(PCWSTR Path);
PLOADER_BOOT_FILE BootNextFile(PLOADER_BOOT_FILE Previous);
PCWSTR BootFilePath(PLOADER_BOOT_FILE File);
PVOID BootFileData(PLOADER_BOOT_FILE File);
VOID BootMapFiles(VOID);
VOID BootReadOptions(VOID);

/* fwcfg.c: QEMU's firmware configuration device. */
VOID BootFindArchive(VOID);
BOOLEAN BootReadArchive(VOID);

/* image.c, bind.c */
VOID BootLoadImages(VOID);
VOID BootBindImages(VOID);
VOID BootDescribeImages(VOID);

/* paging.c */
typedef enum _BOOT_RIGHTS { BootRead, BootReadWrite, BootReadExecute } BOOT_RIGHTS;
VOID BootCreateAddressSpace(VOID);
VOID BootMap(ULONG64 Va, const VOID *Memory, ULONG64 Size, BOOT_RIGHTS Rights, BOOLEAN Large);
ULONG64 BootReserveVa(ULONG64 Size);
VOID BootMapImages(VOID);
ULONG64 BootFinishAddressSpace(VOID);

/* memmap.c */
VOID BootMeasureMemory(VOID);
BOOLEAN BootHasLargePages(VOID);
VOID BootLeaveFirmware(VOID);

/* handoff.c */
VOID BootCheckProcessor(VOID);
VOID BootCreateKernelStack(VOID);
DECLSPEC_NORETURN VOID BootEnterKernel(ULONG64 PageTable);

/* main.c */
FORCEINLINE VOID BootOut8(USHORT Port, UCHAR Value) {
    __asm__ volatile("outb %0, %1" : : "a"(Value), "Nd"(Port));
}

FORCEINLINE UCHAR BootIn8(USHORT Port) {
    UCHAR Value;
    __asm__ volatile("inb %1, %0" : "=a"(Value) : "Nd"(Port));
    return Value;
}

FORCEINLINE ULONG64 BootReadTsc(VOID) {
    ULONG Low, High;
    __asm__ volatile("rdtsc" : "=a"(Low), "=d"(High));
    return (ULONG64)High << 32 | Low;
}

FORCEINLINE VOID BootCpuid(ULONG Leaf, ULONG *Eax, ULONG *Ecx, ULONG *Edx) {
    ULONG Ebx;
    *Eax = Leaf;
    *Ecx = 0;
    __asm__ volatile("cpuid" : "+a"(*Eax), "=b"(Ebx), "+c"(*Ecx), "=d"(*Edx));
}

#endif /* _BOOT_H_ */
