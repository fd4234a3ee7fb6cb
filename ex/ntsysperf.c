/*
 * ntsysperf.c - the classes of NtQuerySystemInformation that count: memory, processors, interrupts
 *
 * The numbers are kept by whoever counts: Mm in MM_STATISTICS, each processor in its KPRCB. Here
 * they are only added up and named as Windows names them. What is not counted is 0.
 */
#include "exp.h"
#include "ntapi.h"
#include "ob.h"

/* Clock ticks in units of 100 ns. */
static LARGE_INTEGER ExpTicksToTime(ULONG64 Ticks) {
    return (LARGE_INTEGER){.QuadPart = (LONGLONG)(Ticks * KeQueryTimeIncrement())};
}

VOID ExpQueryPerformance(_Out_ PVOID Buffer) {
    PSYSTEM_PERFORMANCE_INFORMATION Answer = Buffer;
    MM_STATISTICS Memory;
    ULONG64 Idle = 0;
    MmQueryStatistics(&Memory);
    for (ULONG i = 0; i < KeNumberProcessors; i++) {
        PKPRCB Prcb = KiProcessorBlock[i];
        Idle += Prcb->IdleThread->KernelTime;
        Answer->ContextSwitches += Prcb->KeContextSwitches;
        Answer->SystemCalls += Prcb->KeSystemCalls;
    }
    Answer->IdleProcessTime = ExpTicksToTime(Idle);
    Answer->AvailablePages = (ULONG)Memory.AvailablePages;
    Answer->CommittedPages = (ULONG)Memory.TotalCommittedPages;
    Answer->CommitLimit = (ULONG)Memory.TotalCommitLimit;
    Answer->PageFaultCount = (ULONG)Memory.PageFaultCount;
    Answer->CopyOnWriteCount = (ULONG)Memory.CopyOnWriteCount;
    Answer->DemandZeroCount = (ULONG)Memory.DemandZeroCount;
    Answer->PagedPoolPages = (ULONG)Memory.PagedPoolPages;
    Answer->NonPagedPoolPages = (ULONG)Memory.NonPagedPoolPages;
    Answer->ResidentPagedPoolPage = Answer->PagedPoolPages; /* there is no page file */
    Answer->ResidentAvailablePages = (LONGLONG)Memory.AvailablePages;
}

VOID ExpQueryProcessorTimes(_In_ ULONG Number, _Out_ PVOID Buffer) {
    PSYSTEM_PROCESSOR_PERFORMANCE_INFORMATION Answer = Buffer;
    PKPRCB Prcb = KiProcessorBlock[Number];
    Answer->IdleTime = ExpTicksToTime(Prcb->IdleThread->KernelTime);
    Answer->KernelTime = ExpTicksToTime(Prcb->KernelTime); /* idle time is kernel time */
    Answer->UserTime = ExpTicksToTime(Prcb->UserTime);
    Answer->DpcTime = ExpTicksToTime(Prcb->DpcTime);
    Answer->InterruptTime = ExpTicksToTime(Prcb->InterruptTime);
    Answer->InterruptCount = Prcb->InterruptCount;
}

VOID ExpQueryInterrupts(_In_ ULONG Number, _Out_ PVOID Buffer) {
    PSYSTEM_INTERRUPT_INFORMATION Answer = Buffer;
    PKPRCB Prcb = KiProcessorBlock[Number];
    Answer->ContextSwitches = Prcb->KeContextSwitches;
    Answer->DpcCount = Prcb->DpcData[0].DpcCount;
    Answer->TimeIncrement = KeQueryTimeIncrement();
}

typedef struct _EXP_PROCESSOR_CLASS {
    SYSTEM_INFORMATION_CLASS Class;
    ULONG Size; /* for one processor */
    VOID (*Query)(ULONG Number, PVOID Buffer);
} EXP_PROCESSOR_CLASS;

static const EXP_PROCESSOR_CLASS ExpProcessorClasses[] = {
    {SystemProcessorPerformanceInformation, sizeof(SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION),
     ExpQueryProcessorTimes},
    {SystemInterruptInformation, sizeof(SYSTEM_INTERRUPT_INFORMATION), ExpQueryInterrupts},
};

/*
 * Classes with an entry for each processor: as many whole entries as there is room for, one at
 * least. STATUS_INVALID_INFO_CLASS if Class is none of them.
 */
NTSTATUS ExpQueryProcessors(_In_ SYSTEM_INFORMATION_CLASS Class, _Out_ PVOID Destination,
                            _In_ ULONG Length, _Out_opt_ PULONG ReturnLength) {
    const EXP_PROCESSOR_CLASS *Found = ExpProcessorClasses;
    while (Found->Class != Class) {
        if (++Found == ExpProcessorClasses + ARRAYSIZE(ExpProcessorClasses)) {
            return STATUS_INVALID_INFO_CLASS;
        }
    }
    ULONG Count = min(Length / Found->Size, (ULONG)KeNumberProcessors);
    if (Count == 0) {
        return ExpWriteReturnLength(ReturnLength, KeNumberProcessors * Found->Size,
                                    STATUS_INFO_LENGTH_MISMATCH);
    }
    for (ULONG i = 0; i < Count; i++) {
        ULONG64 Buffer[8] = {0};
        _Static_assert(sizeof(Buffer) >= sizeof(SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION), "room");
        Found->Query(i, Buffer);
        NTSTATUS Status =
            ObReturnInformation((PUCHAR)Destination + i * Found->Size, Buffer, Found->Size, NULL);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    return ExpWriteReturnLength(ReturnLength, Count * Found->Size, STATUS_SUCCESS);
}
