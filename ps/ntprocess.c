/*
 * Services on processes.
 */
#include "psp.h"

/*
 * A NULL handle ends all other threads of the current process, and returns: ntdll's way to be alone
 * before it runs the DLLs' last calls.
 */
NTSTATUS NTAPI NtTerminateProcess(HANDLE ProcessHandle, NTSTATUS ExitStatus) {
    PVOID Process;
    if (!ProcessHandle) {
        PsTerminateProcess(PsGetCurrentProcess(), ExitStatus);
        return STATUS_SUCCESS;
    }
    NTSTATUS Status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_TERMINATE, PsProcessType,
                                                ExGetPreviousMode(), &Process, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Process != PsGetCurrentProcess()) {
        Status = PsTerminateProcess(Process, ExitStatus);
        ObDereferenceObject(Process);
        return Status;
    }
    PsTerminateProcess(Process, ExitStatus);
    ObDereferenceObject(Process);
    PspExitThread(ExitStatus);
}

static VOID PspQueryVmCounters(const EPROCESS *Process, PVM_COUNTERS Counters) {
    *Counters = (VM_COUNTERS){.PeakVirtualSize = Process->PeakVirtualSize,
                              .VirtualSize = Process->VirtualSize,
                              .PageFaultCount = Process->Vm.PageFaultCount,
                              .PeakWorkingSetSize = Process->Vm.PeakWorkingSetSize * PAGE_SIZE,
                              .WorkingSetSize = Process->Vm.WorkingSetSize * PAGE_SIZE,
                              .PagefileUsage = Process->CommitCharge * PAGE_SIZE,
                              .PeakPagefileUsage = Process->CommitChargePeak * PAGE_SIZE};
}

typedef union _PSP_PROCESS_INFORMATION {
    PROCESS_BASIC_INFORMATION Basic;
    VM_COUNTERS VmCounters;
    PROCESS_SESSION_INFORMATION Session;
    ULONG64 Value;
    ULONG Value32;
} PSP_PROCESS_INFORMATION;

static ULONG PspProcessInformationSize(PROCESSINFOCLASS Class) {
    switch (Class) {
    case ProcessBasicInformation:
        return sizeof(PROCESS_BASIC_INFORMATION);
    case ProcessVmCounters:
        return sizeof(VM_COUNTERS);
    case ProcessSessionInformation:
        return sizeof(PROCESS_SESSION_INFORMATION);
    case ProcessHandleCount:
    case ProcessCookie:
        return sizeof(ULONG);
    case ProcessDebugPort:
    case ProcessWow64Information:
        return sizeof(ULONG64);
    default:
        return 0;
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

static VOID PspQueryProcess(EPROCESS *Process, PROCESSINFOCLASS Class,
                            PSP_PROCESS_INFORMATION *Information) {
    switch (Class) {
    case ProcessBasicInformation:
        Information->Basic = (PROCESS_BASIC_INFORMATION){
            .ExitStatus = Process->ExitStatus,
            .PebBaseAddress = Process->Peb,
            .AffinityMask = Process->Pcb.Affinity,
            .BasePriority = Process->Pcb.BasePriority,
            .UniqueProcessId = (ULONG_PTR)Process->UniqueProcessId,
            .InheritedFromUniqueProcessId = (ULONG_PTR)Process->InheritedFromUniqueProcessId};
        return;
    case ProcessVmCounters:
        PspQueryVmCounters(Process, &Information->VmCounters);
        return;
    case ProcessSessionInformation:
        Information->Session.SessionId = Process->SessionId;
        return;
    case ProcessHandleCount:
        Information->Value32 = ObGetProcessHandleCount(Process);
        return;
    case ProcessCookie:
        Information->Value32 = PspProcessCookie(Process);
        return;
    default: /* no debug port, no 32-bit subsystem */
        Information->Value = 0;
        return;
    }
}

NTSTATUS NTAPI NtQueryInformationProcess(HANDLE ProcessHandle, PROCESSINFOCLASS Class, PVOID Buffer,
                                         ULONG Length, PULONG ReturnLength) {
    PSP_PROCESS_INFORMATION Information = {0};
    PVOID Process;
    ULONG Size = PspProcessInformationSize(Class);
    if (Size == 0)
        return STATUS_INVALID_INFO_CLASS;
    if (Length != Size)
        return STATUS_INFO_LENGTH_MISMATCH;
    NTSTATUS Status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_QUERY_LIMITED_INFORMATION,
                                                PsProcessType, ExGetPreviousMode(), &Process, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    PspQueryProcess(Process, Class, &Information);
    ObDereferenceObject(Process);
    __try {
        CopyToUser(Buffer, &Information, Size);
        if (ReturnLength)
            WriteULongToUser(ReturnLength, Size);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}
