/*
 * A process from its creation to its deletion.
 *
 *   created      an EPROCESS with an id, an empty handle table and an empty address space
 *   running      as long as it has threads; each holds a reference on it
 *   exiting      its last thread closes the handles, empties the address space and signals it
 *   deleted      when the last reference (a handle somewhere, a thread object) has gone
 */
#include "psp.h"

VOID PspInitializeProcessFields(EPROCESS *Process, PCSTR Name) {
    KeInitializeProcess(&Process->Pcb, 8, KeActiveProcessors, Process->Pcb.DirectoryTableBase);
    ExInitializePushLock(&Process->ProcessLock);
    InitializeListHead(&Process->ThreadListHead);
    InitializeListHead(&Process->ActiveProcessLinks);
    KeQuerySystemTime(&Process->CreateTime);
    Process->ExitStatus = STATUS_PENDING;
    Process->PriorityClass = 2; /* normal */
    Process->DefaultHardErrorProcessing = 1;
    for (ULONG i = 0; Name[i] && i < sizeof(Process->ImageFileName) - 1; i++)
        Process->ImageFileName[i] = (UCHAR)Name[i];
}

NTSTATUS PspCreateProcess(EPROCESS *Parent, PCSTR Name, EPROCESS **NewProcess) {
    PVOID Object;
    NTSTATUS Status = ObCreateObject(KernelMode, PsProcessType, NULL, KernelMode, NULL,
                                     sizeof(EPROCESS), 0, 0, &Object);
    if (!NT_SUCCESS(Status))
        return Status;
    EPROCESS *Process = Object;
    Process->QuotaBlock = MmCreateQuotaBlock();
    if (!Process->QuotaBlock) {
        ObDereferenceObject(Process);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    PspInitializeProcessFields(Process, Name);
    Process->InheritedFromUniqueProcessId = Parent ? Parent->UniqueProcessId : NULL;
    Status = MmCreateProcessAddressSpace(Process);
    if (NT_SUCCESS(Status)) {
        Process->UniqueProcessId = PspCreateCid(Process);
        if (!Process->UniqueProcessId)
            Status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (NT_SUCCESS(Status))
        Status = ObInitProcess(NULL, Process); /* the table bears the id */
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(Process);
        return Status;
    }
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&PspActiveProcessLock);
    InsertTailList(&PsActiveProcessHead, &Process->ActiveProcessLinks);
    ExReleasePushLockExclusive(&PspActiveProcessLock);
    KeLeaveCriticalRegion();
    *NewProcess = Process;
    return STATUS_SUCCESS;
}

PEPROCESS PsGetNextProcess(PEPROCESS Process) {
    EPROCESS *Next = NULL;
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&PspActiveProcessLock);
    PLIST_ENTRY Entry = Process ? Process->ActiveProcessLinks.Flink : PsActiveProcessHead.Flink;
    for (; Entry != &PsActiveProcessHead && !Next; Entry = Entry->Flink) {
        EPROCESS *Candidate = CONTAINING_RECORD(Entry, EPROCESS, ActiveProcessLinks);
        if (ObReferenceObjectSafe(Candidate))
            Next = Candidate;
    }
    ExReleasePushLockExclusive(&PspActiveProcessLock);
    KeLeaveCriticalRegion();
    if (Process)
        ObDereferenceObject(Process);
    return Next;
}

/* The type's delete procedure. Also undoes a creation that stopped half-way. */
VOID PspProcessDelete(PVOID Object) {
    EPROCESS *Process = Object;
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&PspActiveProcessLock);
    if (Process->ActiveProcessLinks.Flink)
        RemoveEntryList(&Process->ActiveProcessLinks);
    ExReleasePushLockExclusive(&PspActiveProcessLock);
    KeLeaveCriticalRegion();
    PspDeleteCid(Process->UniqueProcessId);
    if (Process->ObjectTable)
        ObKillProcess(Process);
    if (Process->Pcb.DirectoryTableBase)
        MmDeleteProcessAddressSpace(Process);
    if (Process->SectionObject)
        ObDereferenceObject(Process->SectionObject);
    if (Process->SeAuditProcessCreationInfo.ImageFileName)
        ExFreePoolWithTag(Process->SeAuditProcessCreationInfo.ImageFileName, PSP_TAG);
    if (Process->QuotaBlock)
        MmDereferenceQuotaBlock(Process->QuotaBlock);
}

/* By the last thread, in its own context: what the process holds is given back before it is
 * signalled. */
VOID PspExitProcess(EPROCESS *Process) {
    ULONG Increment;
    KeQuerySystemTime(&Process->ExitTime);
    ExWithdrawTimerResolution(&Process->TimerResolution, &Increment);
    ObKillProcess(Process);
    MmCleanProcessAddressSpace(Process);
    Process->Peb = NULL;
    KeSetProcessSignal(&Process->Pcb, 0);
}

static VOID PspTerminateOther(ETHREAD *Thread, PVOID Context) {
    if (Thread != PsGetCurrentThread())
        PspTerminateThread(Thread, *(PNTSTATUS)Context);
}

VOID PspTerminateOtherThreads(EPROCESS *Process, NTSTATUS ExitStatus) {
    PspEnumThreads(Process, PspTerminateOther, &ExitStatus);
}

/* All threads but the current one are told to end; who ends last ends the process. The first
   caller's status is the process's. */
NTSTATUS PsTerminateProcess(PEPROCESS Process, NTSTATUS ExitStatus) {
    if (Process == PsInitialSystemProcess || Process == PsIdleProcess)
        return STATUS_ACCESS_DENIED;
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&Process->ProcessLock);
    BOOLEAN First = !Process->ProcessExiting;
    InterlockedOr(&Process->Flags, PS_PROCESS_FLAGS_PROCESS_EXITING);
    if (First)
        Process->ExitStatus = ExitStatus;
    ExReleasePushLockExclusive(&Process->ProcessLock);
    KeLeaveCriticalRegion();
    PspTerminateOtherThreads(Process, ExitStatus);
    return First ? STATUS_SUCCESS : STATUS_PROCESS_IS_TERMINATING;
}

VOID PsTerminateCurrentProcess(NTSTATUS ExitStatus) {
    PsTerminateProcess(PsGetCurrentProcess(), ExitStatus);
    PspExitThread(ExitStatus);
}
