/*
 * Ps starts: its object types, the System process, and the list of loaded kernel images.
 *
 * Phase 0 runs on the boot thread, which belongs to the idle process: it turns what the
 * loader left into objects. From then on there is a System process (id 4) for kernel threads.
 */
#include "psp.h"
#include "rtlexcept.h"

POBJECT_TYPE PsProcessType;
POBJECT_TYPE PsThreadType;
PEPROCESS PsInitialSystemProcess;
LIST_ENTRY PsLoadedModuleList = {&PsLoadedModuleList, &PsLoadedModuleList};
LIST_ENTRY PsActiveProcessHead;
PSP_SYSTEM_DLL PspSystemDll;
PVOID PspLoaderInitRoutine;
EX_PUSH_LOCK PspActiveProcessLock;

/* The loader's entries become the kernel's list; they live in loader memory that is never freed. */
VOID PsInitializeModuleList(PLOADER_PARAMETER_BLOCK LoaderBlock) {
    while (!IsListEmpty(&LoaderBlock->LoadOrderListHead)) {
        PLIST_ENTRY Entry = RemoveHeadList(&LoaderBlock->LoadOrderListHead);
        InsertTailList(&PsLoadedModuleList, Entry);
    }
}

/* For unwinding: the image that holds an address. The list only changes while the system starts. */
BOOLEAN NTAPI RtlpFindImage(ULONG64 Pc, PULONG64 ImageBase, PULONG ImageSize) {
    for (PLIST_ENTRY Entry = PsLoadedModuleList.Flink; Entry != &PsLoadedModuleList;
         Entry = Entry->Flink) {
        PKLDR_DATA_TABLE_ENTRY Image =
            CONTAINING_RECORD(Entry, KLDR_DATA_TABLE_ENTRY, InLoadOrderLinks);
        if (Pc - (ULONG64)Image->DllBase < Image->SizeOfImage) {
            *ImageBase = (ULONG64)Image->DllBase;
            *ImageSize = Image->SizeOfImage;
            return TRUE;
        }
    }
    return FALSE;
}

VOID NTAPI RtlpGetStackLimits(PULONG64 Low, PULONG64 High) {
    KeQueryStackLimits((ULONG64)__builtin_frame_address(0), Low, High);
}

/* What a program may have of the System process and its threads: to look at them, and to wait. */
#define PSP_SYSTEM_ACCESS        (SYNCHRONIZE | READ_CONTROL)
#define PSP_SYSTEM_PROCESS_QUERY (PROCESS_QUERY_INFORMATION | PROCESS_QUERY_LIMITED_INFORMATION)
#define PSP_SYSTEM_THREAD_QUERY  (THREAD_QUERY_INFORMATION | THREAD_QUERY_LIMITED_INFORMATION)

/*
 * The kernel's own threads do the work of all: a program that suspended or ended one would stop the
 * machine. Simplified: in Windows the System process is a protected one, whose security descriptor
 * moreover keeps ordinary programs off. Source: Windows SDK, "Process Security and Access Rights".
 */
static NTSTATUS PspCheckSystem(PEPROCESS Process, KPROCESSOR_MODE Mode, ACCESS_MASK Access,
                               ACCESS_MASK Allowed) {
    BOOLEAN System = Process == PsInitialSystemProcess || Process == PsIdleProcess;
    return System && Mode == UserMode && (Access & ~Allowed) != 0 ? STATUS_ACCESS_DENIED
                                                                  : STATUS_SUCCESS;
}

/* A right implies its weaker form: who may ask everything may ask the little. */
static NTSTATUS PspProcessOpen(OB_OPEN_REASON Reason, KPROCESSOR_MODE Mode, PEPROCESS Process,
                               PVOID Object, PACCESS_MASK Granted, ULONG HandleCount) {
    UNREFERENCED_PARAMETER(Reason);
    UNREFERENCED_PARAMETER(Process);
    UNREFERENCED_PARAMETER(HandleCount);
    if (*Granted & PROCESS_QUERY_INFORMATION)
        *Granted |= PROCESS_QUERY_LIMITED_INFORMATION;
    if (*Granted & PROCESS_SET_INFORMATION)
        *Granted |= PROCESS_SET_LIMITED_INFORMATION;
    return PspCheckSystem(Object, Mode, *Granted, PSP_SYSTEM_ACCESS | PSP_SYSTEM_PROCESS_QUERY);
}

static NTSTATUS PspThreadOpen(OB_OPEN_REASON Reason, KPROCESSOR_MODE Mode, PEPROCESS Process,
                              PVOID Object, PACCESS_MASK Granted, ULONG HandleCount) {
    PETHREAD Thread = Object;
    UNREFERENCED_PARAMETER(Reason);
    UNREFERENCED_PARAMETER(Process);
    UNREFERENCED_PARAMETER(HandleCount);
    if (*Granted & THREAD_QUERY_INFORMATION)
        *Granted |= THREAD_QUERY_LIMITED_INFORMATION;
    if (*Granted & THREAD_SET_INFORMATION)
        *Granted |= THREAD_SET_LIMITED_INFORMATION;
    if (*Granted & THREAD_SUSPEND_RESUME)
        *Granted |= THREAD_RESUME;
    return PspCheckSystem(PsGetThreadProcess(Thread), Mode, *Granted,
                          PSP_SYSTEM_ACCESS | PSP_SYSTEM_THREAD_QUERY);
}

static NTSTATUS PspCreateTypes(VOID) {
    UNICODE_STRING ProcessName = RTL_CONSTANT_STRING(L"Process");
    UNICODE_STRING ThreadName = RTL_CONSTANT_STRING(L"Thread");
    OBJECT_TYPE_INITIALIZER Type = {.Length = sizeof(Type),
                                    .SecurityRequired = 1,
                                    .DispatcherBody = 1,
                                    .PoolType = NonPagedPoolNx,
                                    .InvalidAttributes =
                                        OBJ_PERMANENT | OBJ_EXCLUSIVE | OBJ_OPENIF};
    Type.GenericMapping =
        (GENERIC_MAPPING){STANDARD_RIGHTS_READ | PROCESS_VM_READ | PROCESS_QUERY_INFORMATION,
                          STANDARD_RIGHTS_WRITE | PROCESS_CREATE_PROCESS | PROCESS_CREATE_THREAD |
                              PROCESS_VM_OPERATION | PROCESS_VM_WRITE | PROCESS_DUP_HANDLE |
                              PROCESS_SET_QUOTA | PROCESS_SET_INFORMATION | PROCESS_SUSPEND_RESUME,
                          STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE |
                              PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE,
                          PROCESS_ALL_ACCESS};
    Type.ValidAccessMask = PROCESS_ALL_ACCESS;
    Type.DefaultNonPagedPoolCharge = sizeof(EPROCESS);
    Type.OpenProcedure = PspProcessOpen;
    Type.DeleteProcedure = PspProcessDelete;
    NTSTATUS Status = ObCreateObjectType(&ProcessName, &Type, NULL, &PsProcessType);
    if (!NT_SUCCESS(Status))
        return Status;
    Type.GenericMapping = (GENERIC_MAPPING){
        STANDARD_RIGHTS_READ | THREAD_GET_CONTEXT | THREAD_QUERY_INFORMATION,
        STANDARD_RIGHTS_WRITE | THREAD_TERMINATE | THREAD_SUSPEND_RESUME | THREAD_ALERT |
            THREAD_SET_INFORMATION | THREAD_SET_CONTEXT | THREAD_SET_LIMITED_INFORMATION,
        STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE | THREAD_QUERY_LIMITED_INFORMATION | THREAD_RESUME,
        THREAD_ALL_ACCESS};
    Type.ValidAccessMask = THREAD_ALL_ACCESS;
    Type.DefaultNonPagedPoolCharge = sizeof(ETHREAD);
    Type.OpenProcedure = PspThreadOpen;
    Type.DeleteProcedure = PspThreadDelete;
    return ObCreateObjectType(&ThreadName, &Type, NULL, &PsThreadType);
}

/* The System process shares the address space that the kernel was started in. */
static NTSTATUS PspCreateSystemProcess(VOID) {
    PVOID Object;
    NTSTATUS Status = ObCreateObject(KernelMode, PsProcessType, NULL, KernelMode, NULL,
                                     sizeof(EPROCESS), 0, 0, &Object);
    if (!NT_SUCCESS(Status))
        return Status;
    PsInitialSystemProcess = Object;
    PsInitialSystemProcess->QuotaBlock = &PspDefaultQuotaBlock;
    PspInitializeProcessFields(PsInitialSystemProcess, "System");
    PsInitialSystemProcess->Pcb.DirectoryTableBase = PsIdleProcess->Pcb.DirectoryTableBase;
    PsInitialSystemProcess->UniqueProcessId = PspCreateCid(PsInitialSystemProcess);
    Status = ObInitProcess(NULL, PsInitialSystemProcess);
    if (NT_SUCCESS(Status))
        InsertTailList(&PsActiveProcessHead, &PsInitialSystemProcess->ActiveProcessLinks);
    return Status;
}

BOOLEAN PsInitSystem(ULONG Phase, PLOADER_PARAMETER_BLOCK LoaderBlock) {
    UNREFERENCED_PARAMETER(LoaderBlock);
    if (Phase != 0)
        return PspInitializeReaper();
    InitializeListHead(&PsActiveProcessHead);
    ExInitializePushLock(&PspActiveProcessLock);
    return PspInitializeCidTable() && NT_SUCCESS(PspCreateTypes()) &&
           NT_SUCCESS(PspCreateSystemProcess());
}

VOID PsSetSystemDll(PVOID Section, PVOID RtlUserThreadStart) {
    PspSystemDll.Section = Section;
    PspSystemDll.RtlUserThreadStart = RtlUserThreadStart;
}
