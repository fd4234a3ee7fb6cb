/*
 * What a process can be asked, and told: NtQueryInformationProcess, NtSetInformationProcess.
 *
 * A table says what each class takes: its size, and the right that the handle must grant. Windows
 * checks in the same order: the class, the length, the handle. Source: winternl.h; phnt.
 */
#include "psp.h"
#include "ntapi.h"
#include "ntobapi.h"

typedef union _PSP_PROCESS_INFORMATION {
    PROCESS_BASIC_INFORMATION Basic;
    PROCESS_EXTENDED_BASIC_INFORMATION ExtendedBasic; /* its size */
    QUOTA_LIMITS QuotaLimits;
    VM_COUNTERS_EX VmCounters;
    SECTION_IMAGE_INFORMATION Image;
    KERNEL_USER_TIMES Times;
    PROCESS_SESSION_INFORMATION Session;
    PROCESS_PRIORITY_CLASS PriorityClass;
    ULONG64 Value;
    ULONG Value32;
} PSP_PROCESS_INFORMATION;

typedef struct _PSP_TIMES {
    ULONG KernelTime, UserTime; /* clock ticks */
} PSP_TIMES;

static VOID PspAddThreadTimes(ETHREAD *Thread, PVOID Context) {
    PSP_TIMES *Times = Context;
    if (Thread->Terminated) /* in the process's own already */
        return;
    Times->KernelTime += Thread->Tcb.KernelTime;
    Times->UserTime += Thread->Tcb.UserTime;
}

static VOID PspQueryProcessTimes(EPROCESS *Process, PKERNEL_USER_TIMES Result) {
    PSP_TIMES Times = {Process->Pcb.KernelTime, Process->Pcb.UserTime};
    PspEnumThreads(Process, PspAddThreadTimes, &Times);
    *Result = (KERNEL_USER_TIMES){
        .CreateTime = Process->CreateTime,
        .ExitTime = Process->ExitTime,
        .KernelTime.QuadPart = (LONGLONG)Times.KernelTime * KeQueryTimeIncrement(),
        .UserTime.QuadPart = (LONGLONG)Times.UserTime * KeQueryTimeIncrement()};
}

static VOID PspQueryVmCounters(const EPROCESS *Process, PVM_COUNTERS_EX Counters) {
    const EPROCESS_QUOTA_ENTRY *Paged = &Process->QuotaBlock->QuotaEntry[PsPagedPool];
    const EPROCESS_QUOTA_ENTRY *NonPaged = &Process->QuotaBlock->QuotaEntry[PsNonPagedPool];
    *Counters =
        (VM_COUNTERS_EX){.PeakVirtualSize = Process->PeakVirtualSize,
                         .VirtualSize = Process->VirtualSize,
                         .PageFaultCount = Process->Vm.Instance.PageFaultCount,
                         .PeakWorkingSetSize = Process->Vm.Instance.PeakWorkingSetSize * PAGE_SIZE,
                         .WorkingSetSize = Process->Vm.Instance.WorkingSetSize * PAGE_SIZE,
                         .QuotaPeakPagedPoolUsage = (SIZE_T)Paged->Peak,
                         .QuotaPagedPoolUsage = (SIZE_T)Paged->Usage,
                         .QuotaPeakNonPagedPoolUsage = (SIZE_T)NonPaged->Peak,
                         .QuotaNonPagedPoolUsage = (SIZE_T)NonPaged->Usage,
                         .PagefileUsage = Process->CommitCharge * PAGE_SIZE,
                         .PeakPagefileUsage = Process->CommitChargePeak * PAGE_SIZE,
                         .PrivateUsage = Process->CommitCharge * PAGE_SIZE};
}

static ULONG PspProcessInformationSize(PROCESSINFOCLASS Class) {
    switch (Class) {
    case ProcessBasicInformation:
        return sizeof(PROCESS_BASIC_INFORMATION);
    case ProcessQuotaLimits:
        return sizeof(QUOTA_LIMITS);
    case ProcessVmCounters:
        return sizeof(VM_COUNTERS);
    case ProcessTimes:
        return sizeof(KERNEL_USER_TIMES);
    case ProcessSessionInformation:
        return sizeof(PROCESS_SESSION_INFORMATION);
    case ProcessPriorityClass:
        return sizeof(PROCESS_PRIORITY_CLASS);
    case ProcessHandleCount:
    case ProcessCookie:
    case ProcessDefaultHardErrorMode:
    case ProcessBreakOnTermination:
    case ProcessPriorityBoost:
    case ProcessDebugFlags:
        return sizeof(ULONG);
    case ProcessDebugPort:
    case ProcessDebugObjectHandle:
    case ProcessWow64Information:
    case ProcessAffinityMask:
        return sizeof(ULONG64);
    case ProcessImageInformation:
        return sizeof(SECTION_IMAGE_INFORMATION);
    default:
        return 0;
    }
}

/* Two classes have a second, longer form. */
static BOOLEAN PspIsLongForm(PROCESSINFOCLASS Class, ULONG Length) {
    return (Class == ProcessBasicInformation &&
            Length == sizeof(PROCESS_EXTENDED_BASIC_INFORMATION)) ||
           (Class == ProcessVmCounters && Length == sizeof(VM_COUNTERS_EX));
}

/* What lets one see into the process wants the greater right. */
static ACCESS_MASK PspQueryProcessRight(PROCESSINFOCLASS Class) {
    switch (Class) {
    case ProcessDebugPort:
    case ProcessDebugObjectHandle:
    case ProcessDebugFlags:
    case ProcessHandleInformation:
    case ProcessImageInformation:
        return PROCESS_QUERY_INFORMATION;
    default:
        return PROCESS_QUERY_LIMITED_INFORMATION;
    }
}

/* What ntdll encodes pointers with: random enough to differ between runs, fixed for a process. */
static ULONG PspProcessCookie(EPROCESS *Process) {
    if (!Process->Cookie)
        Process->Cookie = (ULONG)(Process->CreateTime.QuadPart ^ (ULONG_PTR)Process >> 4 ^
                                  (ULONG64)KeQueryPerformanceCounter(NULL).QuadPart) |
                          1;
    return Process->Cookie;
}

static VOID PspQueryBasic(EPROCESS *Process, PPROCESS_BASIC_INFORMATION Basic) {
    *Basic = (PROCESS_BASIC_INFORMATION){.ExitStatus = Process->ExitStatus,
                                         .PebBaseAddress = Process->Peb,
                                         .AffinityMask = Process->Pcb.Affinity.Bitmap[0],
                                         .BasePriority = Process->Pcb.BasePriority,
                                         .UniqueProcessId = (ULONG_PTR)Process->UniqueProcessId,
                                         .InheritedFromUniqueProcessId =
                                             (ULONG_PTR)Process->InheritedFromUniqueProcessId};
}

static VOID PspQueryProcess(EPROCESS *Process, PROCESSINFOCLASS Class,
                            PSP_PROCESS_INFORMATION *Information) {
    switch (Class) {
    case ProcessBasicInformation:
        PspQueryBasic(Process, &Information->Basic);
        return;
    case ProcessQuotaLimits:
        PspQueryQuotaLimits(Process, &Information->QuotaLimits);
        return;
    case ProcessVmCounters:
        PspQueryVmCounters(Process, &Information->VmCounters);
        return;
    case ProcessTimes:
        PspQueryProcessTimes(Process, &Information->Times);
        return;
    case ProcessSessionInformation:
        Information->Session.SessionId = Process->SessionId;
        return;
    case ProcessPriorityClass:
        Information->PriorityClass.PriorityClass = Process->PriorityClass;
        return;
    case ProcessHandleCount:
        Information->Value32 = ObGetProcessHandleCount(Process);
        return;
    case ProcessCookie:
        Information->Value32 = PspProcessCookie(Process);
        return;
    case ProcessDefaultHardErrorMode:
        Information->Value32 = Process->DefaultHardErrorProcessing;
        return;
    case ProcessBreakOnTermination:
        Information->Value32 = Process->BreakOnTermination;
        return;
    case ProcessPriorityBoost:
        Information->Value32 = Process->Pcb.DisableBoost;
        return;
    case ProcessAffinityMask:
        Information->Value = Process->Pcb.Affinity.Bitmap[0];
        return;
    case ProcessDebugFlags:
        Information->Value32 = 1; /* a debugger's children would be debugged too */
        return;
    case ProcessImageInformation:
        MmGetImageInformation(Process->SectionObject, &Information->Image);
        return;
    default: /* no debug port, no 32-bit subsystem */
        Information->Value = 0;
        return;
    }
}

/* The longer form begins with its size, which the caller must have put there. No flag is set: not
   protected, not of 32 bits, not frozen. */
static NTSTATUS PspReturnExtendedBasic(PSP_PROCESS_INFORMATION *Information, PVOID Buffer,
                                       PULONG ReturnLength) {
    PROCESS_EXTENDED_BASIC_INFORMATION Extended = {.Size = sizeof(Extended),
                                                   .BasicInfo = Information->Basic};
    __try {
        if (ReadULong64FromUser(Buffer) != sizeof(Extended))
            return STATUS_INVALID_PARAMETER;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return ObReturnInformation(Buffer, &Extended, sizeof(Extended), ReturnLength);
}

static NTSTATUS PspReturnInformation(EPROCESS *Process, PROCESSINFOCLASS Class, PVOID Buffer,
                                     ULONG Length, PULONG ReturnLength) {
    PSP_PROCESS_INFORMATION Information = {0};
    if (PspProcessInformationVaries(Class))
        return PspReturnVariable(Process, Class, Buffer, Length, ReturnLength);
    if (Class == ProcessDebugObjectHandle)
        return STATUS_PORT_NOT_SET; /* nobody debugs it */
    if (Class == ProcessImageInformation && !Process->SectionObject)
        return STATUS_INVALID_PARAMETER; /* the System process has no image */
    PspQueryProcess(Process, Class, &Information);
    if (Class == ProcessBasicInformation && Length == sizeof(Information.ExtendedBasic))
        return PspReturnExtendedBasic(&Information, Buffer, ReturnLength);
    return ObReturnInformation(Buffer, &Information, Length, ReturnLength);
}

NTSTATUS NTAPI NtQueryInformationProcess(HANDLE ProcessHandle, PROCESSINFOCLASS Class, PVOID Buffer,
                                         ULONG Length, PULONG ReturnLength) {
    PVOID Process;
    ULONG Size = PspProcessInformationSize(Class);
    if (!PspProcessInformationVaries(Class)) {
        if (Size == 0)
            return STATUS_INVALID_INFO_CLASS;
        if (Length != Size && !PspIsLongForm(Class, Length))
            return STATUS_INFO_LENGTH_MISMATCH;
    }
    NTSTATUS Status = ObReferenceObjectByHandle(ProcessHandle, PspQueryProcessRight(Class),
                                                PsProcessType, ExGetPreviousMode(), &Process, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PspReturnInformation(Process, Class, Buffer, Length, ReturnLength);
    ObDereferenceObject(Process);
    return Status;
}

/* --- setting --------------------------------------------------------------------------------- */

/* Base priorities of the classes: unknown, idle, normal, high, real time, below and above normal.
 */
static const SCHAR PspClassPriority[] = {8, 4, 8, 13, 24, 6, 10};

static NTSTATUS PspSetPriorityClass(EPROCESS *Process, const PROCESS_PRIORITY_CLASS *Class) {
    if (Class->PriorityClass == 0 || Class->PriorityClass >= RTL_NUMBER_OF(PspClassPriority))
        return STATUS_INVALID_PARAMETER;
    Process->PriorityClass = Class->PriorityClass;
    KeSetPriorityProcess(&Process->Pcb, PspClassPriority[Class->PriorityClass]);
    return STATUS_SUCCESS;
}

static NTSTATUS PspSetProcessBase(EPROCESS *Process, KPRIORITY Priority) {
    if (Priority <= LOW_PRIORITY || Priority > HIGH_PRIORITY)
        return STATUS_INVALID_PARAMETER;
    KeSetPriorityProcess(&Process->Pcb, Priority);
    return STATUS_SUCCESS;
}

static NTSTATUS PspSetProcess(EPROCESS *Process, PROCESSINFOCLASS Class,
                              const PSP_PROCESS_INFORMATION *Information) {
    switch (Class) {
    case ProcessQuotaLimits:
        return PspSetQuotaLimits(Process, &Information->QuotaLimits);
    case ProcessPriorityClass:
        return PspSetPriorityClass(Process, &Information->PriorityClass);
    case ProcessDefaultHardErrorMode:
        Process->DefaultHardErrorProcessing = Information->Value32;
        return STATUS_SUCCESS;
    case ProcessBasePriority:
        return PspSetProcessBase(Process, (KPRIORITY)Information->Value32);
    case ProcessPriorityBoost:
        KeSetDisableBoostProcess(&Process->Pcb, Information->Value32 != 0);
        return STATUS_SUCCESS;
    default: /* ProcessAffinityMask */
        if (!Information->Value || (Information->Value & ~KeActiveProcessors))
            return STATUS_INVALID_PARAMETER;
        KeSetAffinityProcess(&Process->Pcb, Information->Value);
        return STATUS_SUCCESS;
    }
}

/* 0: it cannot be set. */
static ULONG PspProcessSetSize(PROCESSINFOCLASS Class) {
    switch (Class) {
    case ProcessQuotaLimits:
        return sizeof(QUOTA_LIMITS);
    case ProcessBasePriority: /* Windows answers no query for it */
        return sizeof(KPRIORITY);
    case ProcessPriorityClass:
    case ProcessDefaultHardErrorMode:
    case ProcessPriorityBoost:
    case ProcessAffinityMask:
        return PspProcessInformationSize(Class);
    default:
        return 0;
    }
}

/* STATUS_INVALID_INFO_CLASS, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_PARAMETER. */
NTSTATUS NTAPI NtSetInformationProcess(HANDLE ProcessHandle, PROCESSINFOCLASS Class, PVOID Buffer,
                                       ULONG Length) {
    PSP_PROCESS_INFORMATION Information = {0};
    PVOID Process;
    ULONG Size = PspProcessSetSize(Class);
    if (Size == 0)
        return STATUS_INVALID_INFO_CLASS;
    if (Length != Size)
        return STATUS_INFO_LENGTH_MISMATCH;
    __try {
        CopyFromUser(&Information, Buffer, Length);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    ACCESS_MASK Right = Class == ProcessQuotaLimits ? PROCESS_SET_QUOTA : PROCESS_SET_INFORMATION;
    NTSTATUS Status = ObReferenceObjectByHandle(ProcessHandle, Right, PsProcessType,
                                                ExGetPreviousMode(), &Process, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PspSetProcess(Process, Class, &Information);
    ObDereferenceObject(Process);
    return Status;
}
