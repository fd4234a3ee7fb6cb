/*
 * kbench.sys - what can only be measured inside the kernel, in guest instructions (QEMU's icount).
 * A boot driver; each line of the log: "KBENCH", operation, median, parted by tabs.
 */
#include "ntdef.h"
#include "ntstatus.h"
#include "ke.h"
#include "mm.h"
#include "kd.h"
#include "hal.h"
#include "io.h"
#include "ob.h"
#include "ps.h"

#define ROUNDS     201
#define KBENCH_TAG 'hcbK'
/* HalRequestSoftwareInterrupt raises the vector of this level, which belongs to no line. */
#define BENCH_LEVEL  8
#define BENCH_VECTOR (BENCH_LEVEL << 4 | 0xF)
#define MANY_TIMERS  100000

static ULONG64 Samples[ROUNDS];

static inline ULONG64 Now(VOID) {
    ULONG Low, High;
    __asm__ volatile("rdtsc" : "=a"(Low), "=d"(High) : : "memory");
    return (ULONG64)High << 32 | Low;
}

static VOID Report(PCSTR Name) {
    for (int i = 1; i < ROUNDS; i++) {
        ULONG64 Value = Samples[i];
        int j = i;
        for (; j > 0 && Samples[j - 1] > Value; j--) {
            Samples[j] = Samples[j - 1];
        }
        Samples[j] = Value;
    }
    DbgPrint("KBENCH\t%s\t%u\n", Name, (ULONG)Samples[ROUNDS / 2]);
}

/* --- from an interrupt to a thread ---------------------------------------------------------------
 */

static KINTERRUPT Interrupt;
static KDPC Dpc;
static KEVENT Wake, Ended;
static volatile ULONG64 Woken; /* when the thread ran */
static volatile BOOLEAN Stop;

static BOOLEAN Isr(PKINTERRUPT Object, PVOID Context) {
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(Context);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    return TRUE;
}

static VOID DpcRoutine(PKDPC Object, PVOID Context, PVOID First, PVOID Second) {
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    KeSetEvent(&Wake, 0, FALSE);
}

static VOID Sleeper(PVOID Context) {
    UNREFERENCED_PARAMETER(Context);
    KeSetPriorityThread(KeGetCurrentThread(), HIGH_PRIORITY / 2 + 3);
    for (;;) {
        KeWaitForSingleObject(&Wake, Executive, KernelMode, FALSE, NULL);
        Woken = Now();
        if (Stop) {
            break;
        }
    }
    KeSetEvent(&Ended, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID MeasureInterrupt(VOID) {
    HANDLE Thread;
    KeInitializeEvent(&Wake, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Ended, NotificationEvent, FALSE);
    KeInitializeDpc(&Dpc, DpcRoutine, NULL);
    KeInitializeInterrupt(&Interrupt, Isr, NULL, NULL, BENCH_VECTOR, BENCH_LEVEL, BENCH_LEVEL,
                          Latched, FALSE, 0, FALSE);
    if (!KeConnectInterrupt(&Interrupt) ||
        !NT_SUCCESS(
            PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, Sleeper, NULL))) {
        return;
    }
    KeDelayExecutionThread(KernelMode, FALSE, &(LARGE_INTEGER){.QuadPart = -500000});
    for (int i = 0; i < ROUNDS; i++) {
        Woken = 0;
        ULONG64 Before = Now();
        HalRequestSoftwareInterrupt(BENCH_LEVEL);
        while (Woken == 0) {
            YieldProcessor();
        }
        Samples[i] = Woken - Before;
    }
    Report("interrupt, ISR, DPC, woken thread");
    Stop = TRUE;
    HalRequestSoftwareInterrupt(BENCH_LEVEL);
    KeWaitForSingleObject(&Ended, Executive, KernelMode, FALSE, NULL);
    KeDisconnectInterrupt(&Interrupt);
    ObCloseHandle(Thread, KernelMode);
}

/* --- timers
 * ---------------------------------------------------------------------------------------- */

static KTIMER *Timers;

static LARGE_INTEGER DueTime(ULONG i) {
    return (LARGE_INTEGER){.QuadPart = -(LONGLONG)(6000000000ull + i * 31337ull)};
}

/* With Pending others set. */
static VOID MeasureTimer(ULONG Pending, PCSTR Name) {
    KTIMER Timer;
    KeInitializeTimer(&Timer);
    for (ULONG i = 0; i < Pending; i++) {
        KeInitializeTimer(&Timers[i]);
        KeSetTimer(&Timers[i], DueTime(i), NULL);
    }
    for (ULONG i = 0; i < ROUNDS; i++) {
        ULONG64 Before = Now();
        KeSetTimer(&Timer, DueTime(i * 17), NULL);
        KeCancelTimer(&Timer);
        Samples[i] = Now() - Before;
    }
    Report(Name);
    for (ULONG i = 0; i < Pending; i++) {
        KeCancelTimer(&Timers[i]);
    }
}

NTSTATUS DriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath) {
    MeasureInterrupt();
    Timers = ExAllocatePool2(POOL_FLAG_NON_PAGED, MANY_TIMERS * sizeof(KTIMER), KBENCH_TAG);
    if (Timers == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MeasureTimer(10, "set + cancel a timer, 10 pending");
    MeasureTimer(MANY_TIMERS, "set + cancel a timer, 100,000 pending");
    ExFreePoolWithTag(Timers, KBENCH_TAG);
    return STATUS_SUCCESS;
}
