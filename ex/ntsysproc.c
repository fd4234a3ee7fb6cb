/*
 * ntsysproc.c - NtQuerySystemInformation(SystemProcessInformation): all processes, all threads
 *
 * One entry after the other: the process, its threads, the text of its name; NextEntryOffset leads
 * to the next. The first is the idle process, which has no object: its threads are the processors'
 * idle threads.
 */
#include "exp.h"
#include "ntapi.h"
#include "ob.h"
#include "ps.h"

typedef struct _EXP_PROCESS_LIST {
    EXP_WRITER Writer;
    PSYSTEM_PROCESS_INFORMATION Last;
} EXP_PROCESS_LIST, *PEXP_PROCESS_LIST;

static PSYSTEM_PROCESS_INFORMATION ExpBeginProcess(PEXP_PROCESS_LIST List) {
    List->Writer.Used = ALIGN_UP_BY(List->Writer.Used, 8);
    PSYSTEM_PROCESS_INFORMATION Info = ExpReserve(&List->Writer, sizeof(*Info));
    if (Info != NULL) {
        if (List->Last != NULL) {
            List->Last->NextEntryOffset = (ULONG)((PUCHAR)Info - (PUCHAR)List->Last);
        }
        List->Last = Info;
    }
    return Info;
}

static VOID ExpListThread(PEXP_PROCESS_LIST List, PKTHREAD Tcb, PETHREAD Thread) {
    PSYSTEM_THREAD_INFORMATION Info = ExpReserve(&List->Writer, sizeof(*Info));
    LONGLONG Tick = KeQueryTimeIncrement();
    if (Info == NULL) {
        return;
    }
    Info->KernelTime.QuadPart = Tcb->KernelTime * Tick;
    Info->UserTime.QuadPart = Tcb->UserTime * Tick;
    Info->WaitTime = Tcb->WaitTime;
    Info->Priority = Tcb->Priority;
    Info->BasePriority = Tcb->BasePriority;
    Info->ContextSwitches = Tcb->ContextSwitches;
    Info->ThreadState = Tcb->State;
    Info->WaitReason = Tcb->WaitReason;
    if (Thread != NULL) {
        Info->CreateTime = Thread->CreateTime;
        Info->StartAddress = Thread->StartAddress;
        Info->ClientId = Thread->Cid;
    }
}

static VOID ExpListIdleProcess(PEXP_PROCESS_LIST List) {
    PSYSTEM_PROCESS_INFORMATION Info = ExpBeginProcess(List);
    if (Info != NULL) {
        Info->NumberOfThreads = Info->NumberOfThreadsHighWatermark = (ULONG)KeNumberProcessors;
    }
    for (ULONG i = 0; i < KeNumberProcessors; i++) {
        PKTHREAD Idle = KiProcessorBlock[i]->IdleThread;
        ExpListThread(List, Idle, NULL);
        if (Info != NULL) {
            Info->KernelTime.QuadPart += (LONGLONG)Idle->KernelTime * KeQueryTimeIncrement();
        }
    }
}

/* The last part of the image's path; a process without one (System) has its short name. */
static VOID ExpListName(PEXP_PROCESS_LIST List, PSYSTEM_PROCESS_INFORMATION Info,
                        PEPROCESS Process) {
    POBJECT_NAME_INFORMATION Name = Process->SeAuditProcessCreationInfo.ImageFileName;
    PUNICODE_STRING Path = Name != NULL ? &Name->Name : NULL;
    ULONG Letters = 0, Start = Path != NULL ? Path->Length / sizeof(WCHAR) : 0;
    BOOLEAN FromPath = Start != 0;
    while (Start > 0 && Path->Buffer[Start - 1] != L'\\') {
        Start--;
    }
    if (FromPath) {
        Letters = Path->Length / sizeof(WCHAR) - Start;
    } else {
        while (Letters < sizeof(Process->ImageFileName) && Process->ImageFileName[Letters] != 0) {
            Letters++;
        }
    }
    PWSTR Text = ExpReserve(&List->Writer, (Letters + 1) * (ULONG)sizeof(WCHAR));
    if (Text == NULL || Info == NULL) {
        return;
    }
    for (ULONG i = 0; i < Letters; i++) {
        Text[i] = FromPath ? Path->Buffer[Start + i] : Process->ImageFileName[i];
    }
    Info->ImageName.Length = (USHORT)(Letters * sizeof(WCHAR));
    Info->ImageName.MaximumLength = (USHORT)(Info->ImageName.Length + sizeof(WCHAR));
    Info->ImageName.Buffer =
        (PWSTR)(List->Writer.UserAddress + ((PUCHAR)Text - List->Writer.Answer));
}

static VOID ExpFillProcess(PSYSTEM_PROCESS_INFORMATION Info, PEPROCESS Process) {
    LONGLONG Tick = KeQueryTimeIncrement();
    Info->CreateTime = Process->CreateTime;
    Info->KernelTime.QuadPart =
        Process->Pcb.KernelTime * Tick; /* of ended threads; others follow */
    Info->UserTime.QuadPart = Process->Pcb.UserTime * Tick;
    Info->BasePriority = Process->Pcb.BasePriority;
    Info->UniqueProcessId = Process->UniqueProcessId;
    Info->InheritedFromUniqueProcessId = Process->InheritedFromUniqueProcessId;
    Info->HandleCount = ObGetProcessHandleCount(Process);
    Info->SessionId = Process->SessionId;
    Info->PeakVirtualSize = Process->PeakVirtualSize;
    Info->VirtualSize = Process->VirtualSize;
    Info->PageFaultCount = Process->Vm.Instance.PageFaultCount;
    Info->PeakWorkingSetSize = Process->Vm.Instance.PeakWorkingSetSize * PAGE_SIZE;
    Info->WorkingSetSize = Process->Vm.Instance.WorkingSetSize * PAGE_SIZE;
    Info->PagefileUsage = Process->CommitCharge * PAGE_SIZE;
    Info->PeakPagefileUsage = Process->CommitChargePeak * PAGE_SIZE;
    Info->PrivatePageCount = Process->CommitCharge * PAGE_SIZE;
}

static VOID ExpListProcess(PEXP_PROCESS_LIST List, PEPROCESS Process) {
    PSYSTEM_PROCESS_INFORMATION Info = ExpBeginProcess(List);
    LONGLONG Tick = KeQueryTimeIncrement();
    PETHREAD Thread = NULL;
    ULONG Threads = 0;
    if (Info != NULL) {
        ExpFillProcess(Info, Process);
    }
    while ((Thread = PsGetNextProcessThread(Process, Thread)) != NULL) {
        if (Thread->Terminated) {
            continue;
        }
        ExpListThread(List, &Thread->Tcb, Thread);
        Threads++;
        if (Info != NULL) {
            Info->KernelTime.QuadPart += Thread->Tcb.KernelTime * Tick;
            Info->UserTime.QuadPart += Thread->Tcb.UserTime * Tick;
        }
    }
    if (Info != NULL) {
        Info->NumberOfThreads = Info->NumberOfThreadsHighWatermark = Threads;
    }
    ExpListName(List, Info, Process);
}

/* Called by ex/ntsyslists.c: returns the bytes needed. */
ULONG ExpListProcesses(_Out_ PVOID Answer, _In_ ULONG Length, _In_ PVOID UserAddress) {
    EXP_PROCESS_LIST List = {
        .Writer = {.Answer = Answer, .UserAddress = UserAddress, .Length = Length}};
    PEPROCESS Process = NULL;
    ExpListIdleProcess(&List);
    while ((Process = PsGetNextProcess(Process)) != NULL) {
        ExpListProcess(&List, Process);
    }
    return List.Writer.Used;
}
