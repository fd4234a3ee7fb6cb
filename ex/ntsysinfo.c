/*
 * ntsysinfo.c - NtQuerySystemInformation
 *
 * Each class has one function that fills a structure; the table below says how large it is. The
 * size must be exact, as in Windows, and ReturnLength is written in any case.
 */
#include "exp.h"
#include "ntapi.h"
#include "hal.h"
#include "ob.h"

#define PROCESSOR_ARCHITECTURE_AMD64 9
#define ALLOCATION_GRANULARITY       0x10000

static VOID ExpQueryBasic(PVOID Buffer) {
    PSYSTEM_BASIC_INFORMATION Basic = Buffer;
    MM_STATISTICS Memory;
    MmQueryStatistics(&Memory);
    Basic->TimerResolution = KeMaximumIncrement;
    Basic->PageSize = PAGE_SIZE;
    Basic->NumberOfPhysicalPages = (ULONG)Memory.NumberOfPhysicalPages;
    Basic->LowestPhysicalPageNumber = (ULONG)Memory.LowestPhysicalPage;
    Basic->HighestPhysicalPageNumber = (ULONG)Memory.HighestPhysicalPage;
    Basic->AllocationGranularity = ALLOCATION_GRANULARITY;
    Basic->MinimumUserModeAddress = (ULONG_PTR)MM_LOWEST_USER_ADDRESS;
    Basic->MaximumUserModeAddress = (ULONG_PTR)MM_HIGHEST_USER_ADDRESS;
    Basic->ActiveProcessorsAffinityMask =
        KeNumberProcessors >= 64 ? ~0ull : (1ull << KeNumberProcessors) - 1;
    Basic->NumberOfProcessors = (CHAR)KeNumberProcessors;
}

static VOID ExpQueryProcessor(PVOID Buffer) {
    PSYSTEM_PROCESSOR_INFORMATION Processor = Buffer;
    PKPRCB Prcb = KeGetCurrentPrcb();
    Processor->ProcessorArchitecture = PROCESSOR_ARCHITECTURE_AMD64;
    Processor->ProcessorLevel = Prcb->CpuType;
    Processor->ProcessorRevision = Prcb->CpuStep;
    Processor->MaximumProcessors = (USHORT)KeNumberProcessors;
    Processor->ProcessorFeatureBits = KeFeatureBits;
}

/* The clock was right at boot, so boot was as long ago as the machine has been running. */
static VOID ExpQueryTimeOfDay(PVOID Buffer) {
    PSYSTEM_TIMEOFDAY_INFORMATION Time = Buffer;
    KeQuerySystemTime(&Time->CurrentTime);
    Time->BootTime.QuadPart = Time->CurrentTime.QuadPart - (LONGLONG)KeQueryInterruptTime();
}

static VOID ExpQueryKernelDebugger(PVOID Buffer) {
    PSYSTEM_KERNEL_DEBUGGER_INFORMATION Debugger = Buffer;
    Debugger->KernelDebuggerEnabled = FALSE;
    Debugger->KernelDebuggerNotPresent = TRUE;
}

static VOID ExpQueryFlags(PVOID Buffer) {
    *(PULONG)Buffer = NtGlobalFlag;
}

static VOID ExpQueryRangeStart(PVOID Buffer) {
    *(PULONG_PTR)Buffer = (ULONG_PTR)MmSystemRangeStart;
}

typedef struct _EXP_SYSTEM_CLASS {
    SYSTEM_INFORMATION_CLASS Class;
    ULONG Size;
    VOID (*Query)(PVOID Buffer); /* fills a zeroed structure of that size */
} EXP_SYSTEM_CLASS;

static const EXP_SYSTEM_CLASS ExpSystemClasses[] = {
    {SystemBasicInformation, sizeof(SYSTEM_BASIC_INFORMATION), ExpQueryBasic},
    {SystemProcessorInformation, sizeof(SYSTEM_PROCESSOR_INFORMATION), ExpQueryProcessor},
    {SystemPerformanceInformation, sizeof(SYSTEM_PERFORMANCE_INFORMATION), ExpQueryPerformance},
    {SystemFlagsInformation, sizeof(ULONG), ExpQueryFlags},
    {SystemTimeOfDayInformation, sizeof(SYSTEM_TIMEOFDAY_INFORMATION), ExpQueryTimeOfDay},
    {SystemKernelDebuggerInformation, sizeof(SYSTEM_KERNEL_DEBUGGER_INFORMATION),
     ExpQueryKernelDebugger},
    {SystemRangeStartInformation, sizeof(ULONG_PTR), ExpQueryRangeStart},
    {SystemEmulationBasicInformation, sizeof(SYSTEM_BASIC_INFORMATION), ExpQueryBasic},
    {SystemEmulationProcessorInformation, sizeof(SYSTEM_PROCESSOR_INFORMATION), ExpQueryProcessor},
};

/* Tells the caller how long the answer is; returns Status, or the exception's. */
NTSTATUS ExpWriteReturnLength(_Out_opt_ PULONG ReturnLength, _In_ ULONG Length,
                              _In_ NTSTATUS Status) {
    if (ReturnLength != NULL) {
        __try {
            WriteULongToUser(ReturnLength, Length);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            return GetExceptionCode();
        }
    }
    return Status;
}

/*
 * Time of day may be asked for in part, from the front; performance with more room than it needs,
 * or without the four numbers that Windows 8 added; all other classes only as a whole.
 */
static BOOLEAN ExpLengthIsGood(const EXP_SYSTEM_CLASS *Class, ULONG Length) {
    switch (Class->Class) {
    case SystemTimeOfDayInformation:
        return Length <= Class->Size;
    case SystemPerformanceInformation:
        return Length >= UFIELD_OFFSET(SYSTEM_PERFORMANCE_INFORMATION, CcTotalDirtyPages);
    default:
        return Length == Class->Size;
    }
}

/*
 * Source: Windows SDK, NtQuerySystemInformation; phnt. STATUS_INVALID_INFO_CLASS,
 * STATUS_INFO_LENGTH_MISMATCH (with *ReturnLength), STATUS_ACCESS_VIOLATION.
 */
NTSTATUS NTAPI NtQuerySystemInformation(_In_ SYSTEM_INFORMATION_CLASS SystemInformationClass,
                                        _Out_opt_ PVOID SystemInformation,
                                        _In_ ULONG SystemInformationLength,
                                        _Out_opt_ PULONG ReturnLength) {
    ULONG64 Buffer[43] = {0};
    _Static_assert(sizeof(Buffer) >= sizeof(SYSTEM_PERFORMANCE_INFORMATION), "the largest class");
    const EXP_SYSTEM_CLASS *Class = ExpSystemClasses;
    while (Class->Class != SystemInformationClass) {
        if (++Class == ExpSystemClasses + ARRAYSIZE(ExpSystemClasses)) {
            return ExpQuerySystemList(SystemInformationClass, SystemInformation,
                                      SystemInformationLength, ReturnLength);
        }
    }
    if (!ExpLengthIsGood(Class, SystemInformationLength)) {
        return ExpWriteReturnLength(ReturnLength, Class->Size, STATUS_INFO_LENGTH_MISMATCH);
    }
    Class->Query(Buffer);
    return ObReturnInformation(SystemInformation, Buffer, min(SystemInformationLength, Class->Size),
                               ReturnLength);
}
