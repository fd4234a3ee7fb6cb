/*
 * The boot processor becomes the kernel's: its KPCR, descriptor tables, features, queues.
 */
#include "ki.h"

PKPRCB KiProcessorBlock[MAXIMUM_PROCESSORS];
ULONG KeNumberProcessors = 1;

static DECLSPEC_ALIGN(64) KPCR KiBootPcr;

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
    KiInitializeScheduler(Prcb);
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
    KiInitializeDescriptorTables(&KiBootPcr);
    KiLoadIdt(&KiBootPcr);
    KiWriteIrql(HIGH_LEVEL);
    KiSetProcessorFeatures(&KiBootPcr.Prcb);
    KiInitializeMachineType(&KiBootPcr.Prcb);
    KeCompactServiceTable();
    KiInitializeTimerTable(&KiBootPcr.Prcb);
    KiWriteIrql(PASSIVE_LEVEL); /* interrupts are still off at the processor */
}

DECLSPEC_NORETURN VOID KeEnterIdleLoop(VOID) {
    KiIdleLoop();
}
