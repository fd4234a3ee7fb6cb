/*
 * The other processors: memory for each, and its start.
 */
#include "initp.h"

#define INIT_PROCESSOR_TAG 'corP'

/* /NUMPROC=n: how many processors are to be used; absent or senseless: all. */
static ULONG InitProcessorLimit(VOID) {
    PCSTR Value = HalQueryLoadOption("NUMPROC");
    ULONG Limit = 0;
    for (; Value && *Value >= '0' && *Value <= '9' && Limit < MAXIMUM_PROCESSORS; Value++)
        Limit = Limit * 10 + (ULONG)(*Value - '0');
    return Limit ? min(Limit, MAXIMUM_PROCESSORS) : MAXIMUM_PROCESSORS;
}

/* A processor's memory is never given back, unless it does not start: then it may still come to use
   it, late, so even then it is not. */
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
        MmCreateKernelStack(FALSE, 0); /* the first one's; without, it does as before */
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
