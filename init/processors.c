/*
 * processors.c - memory for the other processors, and their start
 */
#include "initp.h"

#define INIT_PROCESSOR_TAG 'corP'

/* /NUMPROC=n limits the number of processors. Without it, or if it is invalid, all are used. */
static ULONG InitProcessorLimit(VOID) {
    PCSTR Value = HalQueryLoadOption("NUMPROC");
    ULONG Limit = 0;
    for (; Value && *Value >= '0' && *Value <= '9' && Limit < MAXIMUM_PROCESSORS; Value++)
        Limit = Limit * 10 + (ULONG)(*Value - '0');
    return Limit ? min(Limit, MAXIMUM_PROCESSORS) : MAXIMUM_PROCESSORS;
}

/*
 * A processor's memory is never freed, even if the processor does not start: it may start late and
 * still use it.
 */
static BOOLEAN InitStartProcessor(VOID) {
    PVOID Memory = MmAllocateSystemPages(KeProcessorSize());
    PVOID Stack = MmCreateKernelStack(FALSE, 0), DpcStack = MmCreateKernelStack(FALSE, 0);
    ETHREAD *IdleThread = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(ETHREAD), INIT_PROCESSOR_TAG);
    if (!Memory || !Stack || !DpcStack || !IdleThread ||
        !NT_SUCCESS(MmInitializeProcessor(KeNumberProcessors)))
        return FALSE;
    KeInitializeIdleThread(&IdleThread->Tcb, &PsIdleProcess->Pcb, Stack, KERNEL_STACK_SIZE);
    IdleThread->Tcb.SystemThread = 1;
    return KeStartProcessor(Memory, &IdleThread->Tcb, DpcStack);
}

VOID InitStartProcessors(VOID) {
    ULONG Limit = InitProcessorLimit();
    PVOID DpcStack =
        MmCreateKernelStack(FALSE, 0); /* the boot processor's; if NULL, its DPCs run as before */
    if (DpcStack)
        KeSetDpcStack(DpcStack);
    for (ULONG Left = HalQueryProcessorCount() - 1; Left && KeNumberProcessors < Limit; Left--)
        if (!InitStartProcessor())
            DbgPrint("processor %u does not start\n", KeNumberProcessors);
    SharedUserData->ActiveProcessorCount = KeNumberProcessors;
    KeSetAffinityProcess(&PsInitialSystemProcess->Pcb, KeActiveProcessors);
    if (KeNumberProcessors > 1)
        DbgPrint("%u processors\n", KeNumberProcessors);
}
