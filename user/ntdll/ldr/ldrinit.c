/*
 * ldrinit.c - how a process starts in user mode
 *
 * The kernel makes a process of little: the program's image, ntdll.dll, a PEB with the parameters,
 * a thread with a TEB and a stack. On that stack it leaves a CONTEXT that says where the thread is
 * really to start (RtlUserThreadStart, with the program's entry point as argument), and enters
 * user mode here instead:
 *
 *   kernel --> LdrInitializeThunk(Context, base of ntdll)              dispatch.asm
 *                LdrpInitialize                                        this file
 *                  first thread: LdrpInitializeProcess
 *                     locks, process heap                              heap.c, sync.c
 *                     PEB->Ldr with its three lists, entries for the program and ntdll   ldrlist.c
 *                     the program is relocated, if it lies elsewhere   ldrmap.c
 *                     its imports are bound, DLLs mapped on the way    ldrsnap.c
 *                     thread-local storage                             ldrtls.c
 *                     DllMain, TLS callbacks                           ldrrun.c
 *                  other threads: LdrpInitializeThread                 ldrrun.c
 *                NtContinue(Context) --> RtlUserThreadStart            thread.c
 *                                          --> the program
 *
 * A thread that comes while the first is still at work waits for it. If anything fails, the process
 * ends with the status of what failed, which is what Windows' users see as "the application was
 * unable to start correctly (0xc0000135)"; the names are in the log.
 *
 * LdrpLoaderLock, a critical section that PEB->LoaderLock points to, is held from the beginning of
 * process initialisation to its end, by each load and unload, and while DllMain runs. Lock order:
 * loader lock, PEB lock, a heap's lock.
 */

#include "ntdllp.h"

RTL_CRITICAL_SECTION LdrpLoaderLock;
PLDR_DATA_TABLE_ENTRY LdrpImageEntry;
PLDR_DATA_TABLE_ENTRY LdrpNtDllEntry;

static PEB_LDR_DATA PebLdr;
static RTL_BITMAP RtlpTlsBitMap, RtlpTlsExpansionBitMap;

/* 0: no thread has come yet, 1: the first is initialising the process, 2: done. */
static volatile LONG LdrpProcessState;

static VOID LdrpInitializeLists(VOID) {
    PebLdr.Length = sizeof(PebLdr);
    InitializeListHead(&PebLdr.InLoadOrderModuleList);
    InitializeListHead(&PebLdr.InMemoryOrderModuleList);
    InitializeListHead(&PebLdr.InInitializationOrderModuleList);
    NtCurrentPeb()->Ldr = &PebLdr;
    NtCurrentPeb()->LoaderLock = &LdrpLoaderLock;
}

/* The slots that TlsAlloc will hand out. */
static VOID LdrpInitializeTlsBitmaps(VOID) {
    PPEB Peb = NtCurrentPeb();

    RtlInitializeBitMap(&RtlpTlsBitMap, Peb->TlsBitmapBits, TLS_MINIMUM_AVAILABLE);
    RtlInitializeBitMap(&RtlpTlsExpansionBitMap, Peb->TlsExpansionBitmapBits, TLS_EXPANSION_SLOTS);
    Peb->TlsBitmap = &RtlpTlsBitMap;
    Peb->TlsExpansionBitmap = &RtlpTlsExpansionBitMap;
    RtlSetBits(&RtlpTlsBitMap, 0, 1); /* slot 0 is never given out, as in Windows */
}

/* An entry for an image that the kernel has mapped already. It stays for good. */
static NTSTATUS LdrpEnterMapped(_In_ PVOID Base, _In_ PCUNICODE_STRING Name,
                                _Out_ PLDR_DATA_TABLE_ENTRY *Entry) {
    PIMAGE_NT_HEADERS64 Headers = RtlImageNtHeader(Base);
    NTSTATUS Status;

    if (Headers == NULL) {
        return STATUS_INVALID_IMAGE_FORMAT;
    }
    Status = LdrpAllocateEntry(Base, (ULONG)ROUND_TO_PAGES(Headers->OptionalHeader.SizeOfImage),
                               Name, Entry);
    if (NT_SUCCESS(Status)) {
        (*Entry)->DdagNode->LoadCount = LDRP_PINNED;
        (*Entry)->DdagNode->State = LdrModulesReadyToRun;
        (*Entry)->ObsoleteLoadCount = (USHORT)-1;
        (*Entry)->Flags |= LDRP_PROCESS_STATIC_IMPORT | LDRP_ENTRY_PROCESSED;
        LdrpInsertEntry(*Entry);
    }
    return Status;
}

/* The program comes first in the lists, ntdll second; ntdll needs no initialisation of its own. */
static NTSTATUS LdrpEnterFirstModules(_In_ PVOID NtDllBase) {
    PPEB Peb = NtCurrentPeb();
    WCHAR Buffer[ARRAYSIZE(((PKUSER_SHARED_DATA)0)->NtSystemRoot) + 24];
    UNICODE_STRING Name = {0, sizeof(Buffer), Buffer};
    NTSTATUS Status;

    Status = LdrpEnterMapped(Peb->ImageBaseAddress, &Peb->ProcessParameters->ImagePathName,
                             &LdrpImageEntry);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    RtlAppendUnicodeToString(&Name, (PWSTR)USER_SHARED_DATA->NtSystemRoot);
    RtlAppendUnicodeToString(&Name, L"\\System32\\ntdll.dll");
    Status = LdrpEnterMapped(NtDllBase, &Name, &LdrpNtDllEntry);
    if (NT_SUCCESS(Status)) {
        LdrpInsertInitOrder(LdrpNtDllEntry);
    }
    return Status;
}

/* All that the program is linked with stays as long as the process. */
static VOID LdrpPinStaticModules(VOID) {
    PLIST_ENTRY Head = &PebLdr.InLoadOrderModuleList;
    PLIST_ENTRY Link;

    for (Link = Head->Flink; Link != Head; Link = Link->Flink) {
        PLDR_DATA_TABLE_ENTRY Entry =
            CONTAINING_RECORD(Link, LDR_DATA_TABLE_ENTRY, InLoadOrderLinks);

        Entry->DdagNode->LoadCount = LDRP_PINNED;
        Entry->ObsoleteLoadCount = (USHORT)-1;
        Entry->Flags |= LDRP_PROCESS_STATIC_IMPORT;
    }
}

/* Relocates, binds and initialises the program and all that it is linked with. */
static NTSTATUS LdrpInitializeProgram(_In_ PCONTEXT Context) {
    NTSTATUS Status;

    Status = LdrpRelocateImage(LdrpImageEntry->DllBase, LdrpImageEntry->SizeOfImage);
    if (NT_SUCCESS(Status)) {
        Status = LdrpAllocateThreadTls();
    }
    if (NT_SUCCESS(Status)) {
        Status = LdrpHandleTlsData(LdrpImageEntry);
    }
    if (NT_SUCCESS(Status)) {
        Status = LdrpSnapImports(LdrpImageEntry);
    }
    if (NT_SUCCESS(Status)) {
        LdrpPinStaticModules();
        PebLdr.Initialized = TRUE;
        Status = LdrpRunInitializeRoutines(Context);
    }
    if (NT_SUCCESS(Status)) {
        LdrpCallTlsInitializers(LdrpImageEntry, DLL_PROCESS_ATTACH);
        LdrpImageEntry->Flags |= LDRP_PROCESS_ATTACH_CALLED;
    }
    return Status;
}

static NTSTATUS LdrpInitializeProcess(_In_ PCONTEXT Context, _In_ PVOID NtDllBase) {
    NTSTATUS Status;

    RtlInitializeCriticalSection(&LdrpLoaderLock);
    RtlpInitializePebLocks();
    RtlEnterCriticalSection(&LdrpLoaderLock);
    LdrpInitializeLists();
    LdrpInitializeTlsBitmaps();
    Status = RtlpInitializeProcessHeap();
    if (NT_SUCCESS(Status)) {
        RtlpOpenFirstDirectory();
        Status = LdrpEnterFirstModules(NtDllBase);
    }
    if (NT_SUCCESS(Status)) {
        Status = LdrpInitializeProgram(Context);
    }
    RtlLeaveCriticalSection(&LdrpLoaderLock);
    return Status;
}

/* TRUE for the one thread that has to initialise the process; all others wait until it is done. */
static BOOLEAN LdrpIsFirstThread(VOID) {
    LARGE_INTEGER Delay = {.QuadPart = -10000}; /* 1 ms */
    LONG None = 0;

    if (__atomic_compare_exchange_n(&LdrpProcessState, &None, 1, FALSE, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        return TRUE;
    }
    while (__atomic_load_n(&LdrpProcessState, __ATOMIC_ACQUIRE) != 2) {
        NtDelayExecution(FALSE, &Delay);
    }
    return FALSE;
}

/* A hostile image can make the loader fault: that, too, ends the process with its status. */
static LONG LdrpInitializeFilter(_In_ PEXCEPTION_POINTERS Pointers) {
    PEXCEPTION_RECORD Record = Pointers->ExceptionRecord;

    DbgPrint("LDR: exception %08x at %p while the process was initialised\n", Record->ExceptionCode,
             Record->ExceptionAddress);
    return EXCEPTION_EXECUTE_HANDLER;
}

/*
 * LdrpInitialize - called by LdrInitializeThunk on every new thread, before the thread's own code.
 *
 * Context is where the thread will go on; NtDllBase is where the kernel mapped this DLL. Does not
 * return if the process cannot be initialised.
 */
VOID NTAPI LdrpInitialize(_In_ PCONTEXT Context, _In_ PVOID NtDllBase) {
    BOOLEAN First = LdrpIsFirstThread();
    NTSTATUS Status;

    __try {
        Status = First ? LdrpInitializeProcess(Context, NtDllBase) : LdrpInitializeThread();
    } __except (LdrpInitializeFilter(GetExceptionInformation())) {
        Status = GetExceptionCode();
    }
    if (!NT_SUCCESS(Status)) {
        DbgPrint("LDR: %wZ: initialisation failed (%08x)\n",
                 &NtCurrentPeb()->ProcessParameters->ImagePathName, Status);
        NtTerminateProcess(NtCurrentProcess(), Status);
    }
    if (First) {
        __atomic_store_n(&LdrpProcessState, 2, __ATOMIC_RELEASE);
    }
}
