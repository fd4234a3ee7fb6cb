/*
 * mpstart.c - starting the other processors
 *
 * After power-on only one processor runs; the firmware has parked the others. One is started by
 * three messages of the local APIC: INIT puts it into its reset state, and STARTUP, sent twice
 * because the first may be lost, makes it begin in real mode at a page below 1 MiB whose number is
 * in the message. The loader has put four such pages aside:
 *
 *      0   the code of mpstart.asm, and the parameters of the processor that is being started
 *      1   a top-level page table: the kernel's upper half; its lower half is
 *      2   a page directory pointer table, and
 *      3   a page directory with one entry: the first 2 MiB, as they are
 *
 * Processors are started one after another, by one processor, which waits for each (the kernel sees
 * to that), so the pages need no lock. They stay mapped for good: nobody has to forget them.
 */
#include "halp.h"
#include "ntrtl.h"

#define INIT_WAIT    10000 /* microseconds, as the specification of multiprocessors wants */
#define STARTUP_WAIT 200
#define ENTRIES      512
#define PXE_BASE     0xFFFFF6FB7DBED000ull /* the top-level table, through the self-map */
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

/* Once: copies the code, makes the page tables. */
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

/* The processor did not come: it is parked again, and the next one takes its number. */
VOID HalForgetProcessor(_In_ ULONG Number) {
    HalpSendInit(Number);
    HalpAcpi.ProcessorsLeftOut = TRUE;
    HalpAcpi.ProcessorCount--;
    for (ULONG Index = Number; Index < HalpAcpi.ProcessorCount; Index++) {
        HalpAcpi.ApicIds[Index] = HalpAcpi.ApicIds[Index + 1];
    }
}
