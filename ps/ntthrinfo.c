/*
 * What a thread can be asked, and told: NtQueryInformationThread, NtSetInformationThread.
 *
 * Checked in Windows' order: the class, the length, the handle. Source: winternl.h; phnt.
 */
#include "psp.h"
#include "ntapi.h"

typedef union _PSP_THREAD_INFORMATION {
    THREAD_BASIC_INFORMATION Basic;
    KERNEL_USER_TIMES Times;
    PVOID Pointer;
    KAFFINITY Affinity;
    GROUP_AFFINITY Group;
    PROCESSOR_NUMBER Processor;
    KPRIORITY Priority;
    UNICODE_STRING Name;
    ULONG Value32;
    BOOLEAN Flag;
} PSP_THREAD_INFORMATION;

static ULONG PspThreadInformationSize(THREADINFOCLASS Class) {
    switch (Class) {
    case ThreadBasicInformation:
        return sizeof(THREAD_BASIC_INFORMATION);
    case ThreadTimes:
        return sizeof(KERNEL_USER_TIMES);
    case ThreadQuerySetWin32StartAddress:
        return sizeof(PVOID);
    case ThreadAmILastThread:
    case ThreadIsTerminated:
    case ThreadSuspendCount:
    case ThreadPriorityBoost:
        return sizeof(ULONG);
    case ThreadGroupInformation:
        return sizeof(GROUP_AFFINITY);
    case ThreadIdealProcessorEx:
        return sizeof(PROCESSOR_NUMBER);
    case ThreadHideFromDebugger:
        return sizeof(BOOLEAN);
    default:
        return 0;
    }
}

/* What of a thread anybody may know who knows it at all. */
static ACCESS_MASK PspQueryRight(THREADINFOCLASS Class) {
    return Class == ThreadBasicInformation || Class == ThreadTimes || Class == ThreadIsTerminated ||
                   Class == ThreadNameInformation
               ? THREAD_QUERY_LIMITED_INFORMATION
               : THREAD_QUERY_INFORMATION;
}

static VOID PspQueryThreadBasic(ETHREAD *Thread, PTHREAD_BASIC_INFORMATION Basic) {
    *Basic = (THREAD_BASIC_INFORMATION){.ExitStatus = Thread->ExitStatus,
                                        .TebBaseAddress = Thread->Tcb.Teb,
                                        .ClientId = Thread->Cid,
                                        .AffinityMask = Thread->Tcb.Affinity.Mask,
                                        .Priority = Thread->Tcb.Priority,
                                        .BasePriority = KeQueryBasePriorityThread(&Thread->Tcb)};
}

static VOID PspQueryThread(ETHREAD *Thread, THREADINFOCLASS Class,
                           PSP_THREAD_INFORMATION *Information) {
    LONGLONG Tick = KeQueryTimeIncrement();
    switch (Class) {
    case ThreadBasicInformation:
        PspQueryThreadBasic(Thread, &Information->Basic);
        return;
    case ThreadTimes:
        Information->Times =
            (KERNEL_USER_TIMES){.CreateTime = Thread->CreateTime,
                                .ExitTime = Thread->ExitTime,
                                .KernelTime.QuadPart = Thread->Tcb.KernelTime * Tick,
                                .UserTime.QuadPart = Thread->Tcb.UserTime * Tick};
        return;
    case ThreadQuerySetWin32StartAddress:
        Information->Pointer = Thread->Win32StartAddress;
        return;
    case ThreadAmILastThread:
        Information->Value32 = PsGetCurrentProcess()->ActiveThreads == 1;
        return;
    case ThreadIsTerminated:
        Information->Value32 = Thread->Terminated;
        return;
    case ThreadSuspendCount:
        Information->Value32 = Thread->Tcb.SuspendCount;
        return;
    case ThreadPriorityBoost:
        Information->Value32 = Thread->Tcb.DisableBoost;
        return;
    case ThreadGroupInformation:
        Information->Group.Mask = Thread->Tcb.Affinity.Mask;
        return;
    case ThreadIdealProcessorEx:
        Information->Processor.Number = (UCHAR)Thread->Tcb.IdealProcessor;
        return;
    default: /* ThreadHideFromDebugger */
        Information->Flag = (BOOLEAN)Thread->HideFromDebugger;
        return;
    }
}

NTSTATUS NTAPI NtQueryInformationThread(HANDLE ThreadHandle, THREADINFOCLASS Class, PVOID Buffer,
                                        ULONG Length, PULONG ReturnLength) {
    PSP_THREAD_INFORMATION Information = {0};
    PVOID Thread;
    ULONG Size = PspThreadInformationSize(Class);
    if (Class != ThreadNameInformation) {
        if (Size == 0)
            return STATUS_INVALID_INFO_CLASS;
        if (Length != Size)
            return STATUS_INFO_LENGTH_MISMATCH;
    }
    NTSTATUS Status = ObReferenceObjectByHandle(ThreadHandle, PspQueryRight(Class), PsThreadType,
                                                ExGetPreviousMode(), &Thread, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Class == ThreadNameInformation) {
        Status = PspReturnThreadName(Thread, Buffer, Length, ReturnLength);
    } else {
        PspQueryThread(Thread, Class, &Information);
        Status = ObReturnInformation(Buffer, &Information, Size, ReturnLength);
    }
    ObDereferenceObject(Thread);
    return Status;
}

/* --- setting --------------------------------------------------------------------------------- */

static BOOLEAN PspSetSize(THREADINFOCLASS Class, PULONG Size) {
    switch (Class) {
    case ThreadPriority:
    case ThreadBasePriority:
    case ThreadPriorityBoost:
    case ThreadIdealProcessor:
        *Size = sizeof(ULONG);
        return TRUE;
    case ThreadIdealProcessorEx:
        *Size = sizeof(PROCESSOR_NUMBER);
        return TRUE;
    case ThreadGroupInformation:
        *Size = sizeof(GROUP_AFFINITY);
        return TRUE;
    case ThreadAffinityMask:
    case ThreadQuerySetWin32StartAddress:
        *Size = sizeof(ULONG64);
        return TRUE;
    case ThreadNameInformation:
        *Size = sizeof(THREAD_NAME_INFORMATION);
        return TRUE;
    case ThreadHideFromDebugger:
        *Size = 0;
        return TRUE;
    default:
        return FALSE;
    }
}

/* Two levels either way, or all the way: 15 and -15 are Win32's time critical and idle. */
static NTSTATUS PspSetBasePriority(ETHREAD *Thread, LONG Increment) {
    if (Increment == LOW_REALTIME_PRIORITY - 1)
        Increment = MAXIMUM_PRIORITY / 2;
    else if (Increment == 1 - LOW_REALTIME_PRIORITY)
        Increment = -MAXIMUM_PRIORITY / 2;
    else if (Increment < -2 || Increment > 2)
        return STATUS_INVALID_PARAMETER;
    KeSetBasePriorityThread(&Thread->Tcb, Increment);
    return STATUS_SUCCESS;
}

static NTSTATUS PspSetAffinity(ETHREAD *Thread, KAFFINITY Affinity) {
    if (!Affinity || (Affinity & ~PsGetThreadProcess(Thread)->Pcb.Affinity.Bitmap[0]))
        return STATUS_INVALID_PARAMETER;
    KeSetAffinityThread(&Thread->Tcb, Affinity);
    return STATUS_SUCCESS;
}

static NTSTATUS PspSetGroupAffinity(ETHREAD *Thread, const GROUP_AFFINITY *Group) {
    if (Group->Group || Group->Reserved[0] || Group->Reserved[1] || Group->Reserved[2])
        return STATUS_INVALID_PARAMETER;
    return PspSetAffinity(Thread, Group->Mask);
}

/* The status is the ideal processor until now. MAXIMUM_PROCESSORS: it is only asked for. */
static NTSTATUS PspSetIdealProcessor(ETHREAD *Thread, ULONG Processor) {
    if (Processor > MAXIMUM_PROCESSORS)
        return STATUS_INVALID_PARAMETER;
    return (NTSTATUS)(Processor == MAXIMUM_PROCESSORS
                          ? Thread->Tcb.IdealProcessor
                          : KeSetIdealProcessorThread(&Thread->Tcb, Processor));
}

static NTSTATUS PspSetIdealProcessorEx(ETHREAD *Thread, const PROCESSOR_NUMBER *Processor) {
    if (Processor->Group || Processor->Reserved || Processor->Number >= KeNumberProcessors)
        return STATUS_INVALID_PARAMETER;
    KeSetIdealProcessorThread(&Thread->Tcb, Processor->Number);
    return STATUS_SUCCESS;
}

static NTSTATUS PspSetThread(ETHREAD *Thread, THREADINFOCLASS Class,
                             const PSP_THREAD_INFORMATION *Information) {
    switch (Class) {
    case ThreadPriority:
        if (Information->Priority <= LOW_PRIORITY || Information->Priority > HIGH_PRIORITY)
            return STATUS_INVALID_PARAMETER;
        KeSetPriorityThread(&Thread->Tcb, Information->Priority);
        return STATUS_SUCCESS;
    case ThreadBasePriority:
        return PspSetBasePriority(Thread, Information->Priority);
    case ThreadPriorityBoost:
        KeSetDisableBoostThread(&Thread->Tcb, Information->Value32 != 0);
        return STATUS_SUCCESS;
    case ThreadIdealProcessor:
        return PspSetIdealProcessor(Thread, Information->Value32);
    case ThreadIdealProcessorEx:
        return PspSetIdealProcessorEx(Thread, &Information->Processor);
    case ThreadGroupInformation:
        return PspSetGroupAffinity(Thread, &Information->Group);
    case ThreadAffinityMask:
        return PspSetAffinity(Thread, Information->Affinity);
    case ThreadQuerySetWin32StartAddress:
        Thread->Win32StartAddress = Information->Pointer;
        return STATUS_SUCCESS;
    case ThreadNameInformation:
        return PspSetThreadName(Thread, &Information->Name);
    default: /* ThreadHideFromDebugger */
        InterlockedOr(&Thread->CrossThreadFlags, PS_CROSS_THREAD_FLAGS_HIDEFROMDBG);
        return STATUS_SUCCESS;
    }
}

/*
 * STATUS_INVALID_INFO_CLASS, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_PARAMETER.
 * Simplified: a real-time priority needs no privilege.
 */
NTSTATUS NTAPI NtSetInformationThread(HANDLE ThreadHandle, THREADINFOCLASS Class, PVOID Buffer,
                                      ULONG Length) {
    PSP_THREAD_INFORMATION Information = {0};
    PVOID Thread;
    ULONG Size;
    if (!PspSetSize(Class, &Size))
        return STATUS_INVALID_INFO_CLASS;
    if (Length != Size)
        return STATUS_INFO_LENGTH_MISMATCH;
    __try {
        CopyFromUser(&Information, Buffer, Size);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    NTSTATUS Status = ObReferenceObjectByHandle(
        ThreadHandle,
        Class == ThreadNameInformation ? THREAD_SET_LIMITED_INFORMATION : THREAD_SET_INFORMATION,
        PsThreadType, ExGetPreviousMode(), &Thread, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PspSetThread(Thread, Class, &Information);
    ObDereferenceObject(Thread);
    return Status;
}
