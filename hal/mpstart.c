/*
 * mpstart.c - starting the other processors
 *
 * After power-on only one processor runs; the firmware has parked the others. The local APIC starts
 * one with three messages: INIT resets it, and STARTUP, sent twice because the first may be lost,
 * makes it begin in real mode at a page below 1 MiB whose number is in the message. The loader has
 * reserved four such pages:
 *
 *      0   the code of mpstart.asm, and the parameters of the processor that is being started
 *      1   a top-level page table: the kernel's upper half, and page 2 for the lower half
 *      2   a page directory pointer table, which points to page 3
 *      3   a page directory with one entry: the first 2 MiB, mapped one to one
 *
 * One processor starts the others one after another and waits for each (the kernel ensures this),
 * so the pages need no lock. They stay mapped permanently.
 */
#include "halp.h"
#include "ntrtl.h"

#define INIT_WAIT    10000 /* microseconds, from the MultiProcessor Specification */
#define STARTUP_WAIT 200
#define ENTRIES      512
#define PXE_BASE     0xFFFFF6FB7DBED000ull /* the top-level table in the self-map */
#define TABLE_ENTRY  0x003ull              /* valid, writable */
#define LARGE_ENTRY  0x083ull

/* mpstart.asm */
extern const UCHAR HalpStartCode[], HalpStartCodeEnd[], HalpStartParameters[];
VOID HalpEnterKernel(VOID);

typedef struct _HAL_START_PARAMETERS {
    ULONG64 PageTable;
    ULONG64 Stack;
    ULONG64 Routine;
    ULONG64 Argument;
    ULONG64 Entry;
} HAL_START_PARAMETERS, *PHAL_START_PARAMETERS;

static PUCHAR HalpStartPages;

/* The first call copies the code and builds the page tables; later calls find them. */
static BOOLEAN HalpPrepareStartPages(ULONG64 Physical) {
    if (HalpStartPages != NULL) {
        return TRUE;
    }
    if (Physical == 0) {
        return FALSE;
    }
    PUCHAR Pages = HalpMapPhysicalMemory(Physical, LOADER_START_PAGES * PAGE_SIZE, HalpWriteBack);
    if (Pages == NULL) {
        return FALSE;
    }
    RtlZeroMemory(Pages, LOADER_START_PAGES * PAGE_SIZE);
    RtlCopyMemory(Pages, HalpStartCode, (SIZE_T)(HalpStartCodeEnd - HalpStartCode));
    PULONG64 Top = (PULONG64)(Pages + PAGE_SIZE);
    for (ULONG Index = ENTRIES / 2; Index < ENTRIES; Index++) {
        Top[Index] = ((volatile ULONG64 *)PXE_BASE)[Index];
    }
    Top[0] = (Physical + 2 * PAGE_SIZE) | TABLE_ENTRY;
    *(PULONG64)(Pages + 2 * PAGE_SIZE) = (Physical + 3 * PAGE_SIZE) | TABLE_ENTRY;
    *(PULONG64)(Pages + 3 * PAGE_SIZE) = LARGE_ENTRY;
    HalpStartPages = Pages;
    return TRUE;
}

BOOLEAN HalStartNextProcessor(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock,
                              _In_ const HAL_PROCESSOR_START *Start) {
    ULONG64 Physical = (ULONG64)LoaderBlock->Extension->ProcessorStartPages.QuadPart;
    ULONG Number = Start->Number;
    if (Number >= HalpAcpi.ProcessorCount || !HalpPrepareStartPages(Physical)) {
        return FALSE;
    }
    PHAL_START_PARAMETERS Parameters =
        (PHAL_START_PARAMETERS)(HalpStartPages + (HalpStartParameters - HalpStartCode));
    *Parameters = (HAL_START_PARAMETERS){.PageTable = Start->DirectoryTableBase,
                                         .Stack = (ULONG64)Start->Stack,
                                         .Routine = (ULONG64)Start->Routine,
                                         .Argument = (ULONG64)Start->Argument,
                                         .Entry = (ULONG64)HalpEnterKernel};
    HalpSendInit(Number);
    KeStallExecutionProcessor(INIT_WAIT);
    for (ULONG Try = 0; Try < 2; Try++) {
        HalpSendStartup(Number, (ULONG)(Physical >> PAGE_SHIFT));
        KeStallExecutionProcessor(STARTUP_WAIT);
    }
    return TRUE;
}

/* The processor did not respond. Parks it again; the next one takes its number. */
VOID HalForgetProcessor(_In_ ULONG Number) {
    HalpSendInit(Number);
    HalpAcpi.ProcessorsLeftOut = TRUE;
    HalpAcpi.ProcessorCount--;
    for (ULONG Index = Number; Index < HalpAcpi.ProcessorCount; Index++) {
        HalpAcpi.ApicIds[Index] = HalpAcpi.ApicIds[Index + 1];
    }
}
