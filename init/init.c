/*
 * init.c - the start of the kernel
 *
 * The loader enters KiSystemStartup with interrupts off and the kernel mapped, on a stack that the
 * loader allocated. Phase 0 runs there, on what becomes the idle thread. It initializes the
 * components from the bottom up; each uses only those before it:
 *
 *   Ke   descriptor tables, processor features: exceptions work from here on
 *   Hal  ACPI tables, interrupt controllers, clocks
 *   Kd   the log
 *   Mm   physical pages, page tables, pools
 *   Ex, Ob, Se, Ps   handle tables, objects, the System process
 *
 * Then it starts the first system thread, which does the rest under the scheduler (phase 1: time,
 * drivers, files, ntdll), runs the first program, and powers the machine off when the program has
 * ended.
 *
 * This folder is the only one that knows all components. It gives the lower layers the pointers
 * through which they call the upper ones.
 */
#include "initp.h"
#include "bugcodes.h"

PLOADER_PARAMETER_BLOCK KeLoaderBlock;
EPROCESS *PsIdleProcess;

/* The boot thread and its process exist before memory can be allocated, so they are static. */
static ETHREAD InitIdleThread;
static EPROCESS InitIdleProcess;

static VOID InitConnectLayers(VOID) {
    KeUpcalls = (KE_UPCALLS){.AccessFault = MmAccessFault,
                             .TerminateCurrentProcess = PsTerminateCurrentProcess,
                             .DebugPrint = InitDebugPrint,
                             .CurrentImageName = InitCurrentImageName};
}

/* Writes to the kernel's log what a program prints with int 2Dh. */
VOID InitDebugPrint(PCSTR Text, ULONG Length) {
    KdPutString(Text, Length);
}

PCSTR InitCurrentImageName(VOID) {
    return (PCSTR)PsGetCurrentProcess()->ImageFileName;
}

static VOID InitIdleObjects(PLOADER_PARAMETER_BLOCK LoaderBlock) {
    ULONG64 Cr3;
    __asm__ volatile("mov %%cr3, %0" : "=r"(Cr3));
    PsIdleProcess = &InitIdleProcess;
    KeInitializeProcess(&InitIdleProcess.Pcb, 0, 1, Cr3);
    InitIdleProcess.Pcb.ActiveProcessors.Bitmap[0] = 1;
    InitIdleProcess.QuotaBlock = &PspDefaultQuotaBlock;
    memcpy(InitIdleProcess.ImageFileName, "Idle", 5);
    KeInitializeIdleThread(&InitIdleThread.Tcb, &InitIdleProcess.Pcb,
                           (PVOID)LoaderBlock->KernelStack, LoaderBlock->KernelStackSize);
    InitIdleThread.Tcb.SystemThread = 1;
}

static VOID InitRequire(BOOLEAN Done, ULONG BugCheckCode, ULONG Phase) {
    if (!Done)
        KeBugCheckEx(BugCheckCode, Phase, 0, 0, 0);
}

static VOID InitPhase0(PLOADER_PARAMETER_BLOCK LoaderBlock) {
    InitRequire(HalInitSystem(0, LoaderBlock), HAL_INITIALIZATION_FAILED, 0);
    KdInitSystem(LoaderBlock);
    DbgPrint("Vitrine %s, NT 10.0 build 19045\n", DBG ? "checked build" : "free build");
    InitRequire(MmInitSystem(0, LoaderBlock), MEMORY1_INITIALIZATION_FAILED, 0);
    InitSharedUserData(LoaderBlock);
    InitRequire(ExInitSystem(0), PHASE0_INITIALIZATION_FAILED, 0);
    InitRequire(ObInitSystem(0), OBJECT_INITIALIZATION_FAILED, 0);
    InitRequire(SeInitSystem(0), PHASE0_INITIALIZATION_FAILED, 1);
    InitRequire(PsInitSystem(0, LoaderBlock), PROCESS_INITIALIZATION_FAILED, 0);
}

/* Sets system time; the clock interrupt advances it from here on. */
static VOID InitTime(VOID) {
    TIME_FIELDS Fields;
    LARGE_INTEGER Time;
    if (HalQueryRealTimeClock(&Fields) && RtlTimeFieldsToTime(&Fields, &Time))
        KeSetSystemTime(&Time);
    HalStartClockInterrupt();
}

static BOOLEAN InitStartThread(PKSTART_ROUTINE Routine) {
    HANDLE Thread;
    NTSTATUS Status =
        PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, NULL);
    if (NT_SUCCESS(Status))
        ObCloseHandle(Thread, KernelMode);
    return NT_SUCCESS(Status);
}

/* The first system thread. */
static VOID InitPhase1(PVOID Context) {
    PLOADER_PARAMETER_BLOCK LoaderBlock = Context;

    InitRequire(HalInitSystem(1, LoaderBlock), HAL1_INITIALIZATION_FAILED, 1);
    InitTime();
    InitRequire(MmInitSystem(1, LoaderBlock), MEMORY1_INITIALIZATION_FAILED, 1);
    InitRequire(ObInitSystem(1), OBJECT1_INITIALIZATION_FAILED, 1);
    InitRequire(ExInitSystem(1), PHASE1_INITIALIZATION_FAILED, 1);
    InitRequire(SeInitSystem(1), PHASE1_INITIALIZATION_FAILED, 2);
    InitRequire(MmInitializeSectionObjects(), MEMORY1_INITIALIZATION_FAILED, 2);
    InitRequire(PsInitSystem(1, LoaderBlock), PROCESS1_INITIALIZATION_FAILED, 1);
    InitRequire(InitStartThread(ExWorkerThread), PHASE1_INITIALIZATION_FAILED, 3);
    InitRequire(InitStartThread(KeBalanceSetManager), PHASE1_INITIALIZATION_FAILED, 4);
    InitStartProcessors();
    InitRequire(IoInitSystem(LoaderBlock), IO1_INITIALIZATION_FAILED, 1);
    InitRunFirstProgram(LoaderBlock);
    HalReturnToFirmware(HalPowerDownRoutine);
}

DECLSPEC_NORETURN VOID KiSystemStartup(PLOADER_PARAMETER_BLOCK LoaderBlock) {
    HANDLE Thread;

    KeLoaderBlock = LoaderBlock;
    PsInitializeModuleList(LoaderBlock); /* stacks can be unwound from here on */
    InitIdleObjects(LoaderBlock);
    KeInitializeProcessor(&InitIdleThread.Tcb);
    KeEnterCriticalRegion(); /* as in every thread that takes push locks */
    InitConnectLayers();
    if (LoaderBlock->Size != sizeof(*LoaderBlock))
        KeBugCheckEx(MISMATCHED_HAL, LoaderBlock->Size, sizeof(*LoaderBlock), 0, 0);
    InitPhase0(LoaderBlock);
    _enable_interrupts();
    NTSTATUS Status =
        PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, InitPhase1, LoaderBlock);
    if (!NT_SUCCESS(Status))
        KeBugCheckEx(PHASE0_INITIALIZATION_FAILED, (ULONG_PTR)Status, 2, 0, 0);
    ObCloseHandle(Thread, KernelMode);
    KeLeaveCriticalRegion();
    KeEnterIdleLoop();
}
