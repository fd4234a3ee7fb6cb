/*
 * A processor becomes the kernel's: its KPCR, descriptor tables, features, queues.
 *
 * The boot processor finds its structures in the image, because there is no memory manager yet.
 * Every other one gets a KI_PROCESSOR from init/, which may allocate, and is started by
 * KeStartProcessor. It prepares itself, and becomes a member of KeActiveProcessors as its last step
 * before it takes interrupts: from then on it is scheduled on, and others wait for it in a
 * shootdown (tb.c). What it may have cached of the page tables before, when nobody told it of
 * changes, it drops then.
 */
#include "ki.h"

PKPRCB KiProcessorBlock[MAXIMUM_PROCESSORS];
ULONG KeNumberProcessors = 1;
volatile KAFFINITY KeActiveProcessors = 1;

static DECLSPEC_ALIGN(64) KPCR KiBootPcr;
#if DBG
static KI_LOCK_STATE KiBootLockState;
#endif

/* How long a processor may take from its start to KeActiveProcessors, in steps of 100 microseconds.
 */
#define START_STEPS 20000
#define START_STEP  100

/* All that a processor but the first needs besides its idle thread. */
typedef struct _KI_PROCESSOR {
    KPCR Pcr;
    KI_DESCRIPTOR_TABLES Tables;
#if DBG
    KI_LOCK_STATE LockState;
#endif
} KI_PROCESSOR, *PKI_PROCESSOR;

static VOID KiInitializePcr(PKPCR Pcr, ULONG Number, PKTHREAD IdleThread) {
    PKPRCB Prcb = &Pcr->Prcb;
    Pcr->Self = Pcr->Used_Self = (PVOID)Pcr;
    Pcr->CurrentPrcb = Prcb;
    Pcr->MajorVersion = Pcr->MinorVersion = 1;
    Prcb->MxCsr = 0x1F80;
    Prcb->Number = Number;
    Prcb->LegacyNumber = (UCHAR)Number;
    Prcb->SetMember = 1ull << Number;
    Prcb->CurrentThread = Prcb->IdleThread = IdleThread;
    Prcb->RspBase = (ULONG64)IdleThread->InitialStack;
    Prcb->CurrentAddressSpace = IdleThread->Process;
    IdleThread->NextProcessor = IdleThread->IdealProcessor = Number;
    KeInitializeSpinLock(&Prcb->PrcbLock);
    KeNameSpinLock(&Prcb->PrcbLock, KiClassPrcb);
    KiInitializeReadyQueues(Prcb);
    KiInitializeDpcQueue(Prcb);
    KiProcessorBlock[Number] = Prcb;
}

/* The thread that runs already, on StackBase: KiSwapContext fills in the rest when it first goes.
 */
VOID KeInitializeIdleThread(PKTHREAD Thread, PKPROCESS Process, PVOID StackBase, SIZE_T StackSize) {
    KiInitializeThreadObject(Thread, Process);
    Thread->StackBase = Thread->InitialStack = StackBase;
    Thread->StackLimit = (PUCHAR)StackBase - StackSize;
    Thread->State = Running;
    Thread->PreviousMode = KernelMode;
}

/* First of all: from here on exceptions are taken, gs is the KPCR's, IRQL is HIGH_LEVEL. */
VOID KeInitializeProcessor(PKTHREAD IdleThread) {
    KiInitializeIdt();
    KiInitializePcr(&KiBootPcr, 0, IdleThread);
#if DBG
    KiBootPcr.Prcb.LockState = &KiBootLockState;
#endif
    KiInitializeBootDescriptorTables(&KiBootPcr);
    KiLoadIdt(&KiBootPcr);
    KiWriteIrql(HIGH_LEVEL);
    KiSetProcessorFeatures(&KiBootPcr.Prcb);
    KiInitializeMachineType(&KiBootPcr.Prcb);
    KeCompactServiceTable();
    KiInitializeTimers(&KiBootPcr.Prcb);
    KiWriteIrql(PASSIVE_LEVEL); /* interrupts are still off at the processor */
}

DECLSPEC_NORETURN VOID KeEnterIdleLoop(VOID) {
    KiIdleLoop();
}

/* --- the other processors ------------------------------------------------------------------------
 */

SIZE_T KeProcessorSize(VOID) {
    return sizeof(KI_PROCESSOR);
}

/* The first C code of a processor, on its idle thread's stack. */
static VOID KiProcessorStartup(PVOID Argument) {
    PKI_PROCESSOR Processor = Argument;
    PKPRCB Prcb = &Processor->Pcr.Prcb;

    KiInitializeDescriptorTables(&Processor->Pcr, &Processor->Tables);
    KiLoadIdt(&Processor->Pcr);
    KiWriteIrql(HIGH_LEVEL);
    KiSetProcessorFeatures(Prcb);
    KiInitializeMachineType(Prcb);
    HalInitializeProcessor(Prcb->Number, KeLoaderBlock);
    KiInitializeTimers(Prcb);
    InterlockedOr64(&Prcb->CurrentAddressSpace->ActiveProcessors.Bitmap[0], Prcb->SetMember);
    InterlockedOr64(&KeActiveProcessors, Prcb->SetMember);
    KiFlushAllLocally();
    HalStartClockInterrupt();
    KiWriteIrql(DISPATCH_LEVEL);
    _enable_interrupts();
    KiIdleLoop();
}

/* Memory: KeProcessorSize() bytes, zeroed, nonpaged. IdleThread: on the stack that it will run on.
 */
BOOLEAN KeStartProcessor(PVOID Memory, PKTHREAD IdleThread, PVOID DpcStack) {
    PKI_PROCESSOR Processor = Memory;
    ULONG Number = KeNumberProcessors;
    HAL_PROCESSOR_START Start = {.Number = Number,
                                 .DirectoryTableBase = IdleThread->Process->DirectoryTableBase,
                                 .Stack = IdleThread->StackBase,
                                 .Routine = KiProcessorStartup,
                                 .Argument = Processor};

    KiInitializePcr(&Processor->Pcr, Number, IdleThread);
    Processor->Pcr.Prcb.DpcStack = DpcStack;
#if DBG
    Processor->Pcr.Prcb.LockState = &Processor->LockState;
#endif
    if (HalStartNextProcessor(KeLoaderBlock, &Start)) {
        for (ULONG Step = 0; Step < START_STEPS; Step++) {
            if (KeActiveProcessors & 1ull << Number) {
                KeNumberProcessors = Number + 1;
                return TRUE;
            }
            KeStallExecutionProcessor(START_STEP);
        }
    }
    KiProcessorBlock[Number] = NULL;
    HalForgetProcessor(Number);
    return FALSE;
}
