/* Several processors: threads run on all of them, and share memory, locks and each other's ends. */
#include "nt.h"

#define MAXIMUM 16

ULONG NTAPI NtGetCurrentProcessorNumber(void);
NTSTATUS NTAPI RtlInitializeCriticalSection(PRTL_CRITICAL_SECTION Section);
NTSTATUS NTAPI RtlEnterCriticalSection(PRTL_CRITICAL_SECTION Section);
NTSTATUS NTAPI RtlLeaveCriticalSection(PRTL_CRITICAL_SECTION Section);
NTSTATUS NTAPI NtCreateMutant(PHANDLE Mutant, ACCESS_MASK Access, POBJECT_ATTRIBUTES Attributes,
                              BOOLEAN InitialOwner);
NTSTATUS NTAPI NtSetInformationThread(HANDLE Thread, int Class, PVOID Buffer, ULONG Length);
NTSTATUS NTAPI NtReleaseMutant(HANDLE Mutant, PLONG PreviousCount);

static volatile LONG Go, Used, Faults;
static volatile ULONG64 Counts[4];
static RTL_CRITICAL_SECTION Section;
static LONG Guarded;
static HANDLE Mutant;
static LONG Owned;
static ULONG Processors;

static HANDLE Begin(PUSER_THREAD_START_ROUTINE Routine, PVOID Parameter) {
    HANDLE Thread = NULL;
    NTSTATUS Status =
        RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, Routine, Parameter, &Thread, NULL);
    if (Status) {
        ShowStatus("create", Status);
    }
    return Thread;
}

static void RunAll(PUSER_THREAD_START_ROUTINE Routine, ULONG Count) {
    HANDLE Threads[MAXIMUM];
    for (ULONG i = 0; i < Count; i++) {
        Threads[i] = Begin(Routine, (PVOID)(ULONG_PTR)i);
    }
    for (ULONG i = 0; i < Count; i++) {
        NtWaitForSingleObject(Threads[i], FALSE, NULL);
        NtClose(Threads[i]);
    }
}

/* Until every processor has been seen: no thread gives its own away. */
static NTSTATUS NTAPI Spread(PVOID Parameter) {
    LONG All = (LONG)((1ull << Processors) - 1);
    (void)Parameter;
    while ((Used & All) != All) {
        __atomic_fetch_or(&Used, 1 << NtGetCurrentProcessorNumber(), __ATOMIC_SEQ_CST);
    }
    return 0;
}

/* A thread that is given one processor is on it when the call comes back. */
static void Visit(void) {
    int Wrong = 0;
    for (ULONG i = 0; i < 4 * Processors; i++) {
        ULONG64 Affinity = 1ull << (i % Processors);
        if (NtSetInformationThread(SELF_THREAD, 4 /* ThreadAffinityMask */, &Affinity,
                                   sizeof(Affinity)) ||
            NtGetCurrentProcessorNumber() != i % Processors) {
            Wrong++;
        }
    }
    ULONG64 All = (1ull << Processors) - 1, None = 1ull << Processors;
    NtSetInformationThread(SELF_THREAD, 4, &All, sizeof(All));
    Print("wrong processors: %d, one that is not there: %x\n", Wrong,
          (ULONG)NtSetInformationThread(SELF_THREAD, 4, &None, sizeof(None)));
}

static NTSTATUS NTAPI Share(PVOID Parameter) {
    (void)Parameter;
    for (int i = 0; i < 3000; i++) {
        RtlEnterCriticalSection(&Section);
        Guarded++;
        RtlLeaveCriticalSection(&Section);
        if (i % 10 == 0) {
            NtWaitForSingleObject(Mutant, FALSE, NULL);
            Owned++;
            NtReleaseMutant(Mutant, NULL);
        }
    }
    return 0;
}

/* Memory that comes and goes, at addresses that others have just had: a stale translation shows. */
static NTSTATUS NTAPI Memory(PVOID Parameter) {
    for (int i = 0; i < 15; i++) {
        PVOID Base = NULL;
        SIZE_T Size = 0x3000 + 0x1000 * (i * 4 % 50);
        if (NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT,
                                    PAGE_READWRITE)) {
            __atomic_fetch_add(&Faults, 1, __ATOMIC_SEQ_CST);
            continue;
        }
        volatile ULONG64 *Words = Base;
        for (SIZE_T j = 0; j < Size / 8; j += 512) {
            if (Words[j] != 0) {
                __atomic_fetch_add(&Faults, 1, __ATOMIC_SEQ_CST);
            }
            Words[j] = (ULONG64)(ULONG_PTR)Parameter + 1;
        }
        for (SIZE_T j = 0; j < Size / 8; j += 512) {
            if (Words[j] != (ULONG64)(ULONG_PTR)Parameter + 1) {
                __atomic_fetch_add(&Faults, 1, __ATOMIC_SEQ_CST);
            }
        }
        Size = 0;
        NtFreeVirtualMemory(SELF, &Base, &Size, MEM_RELEASE);
    }
    return 0;
}

static DECLSPEC_NORETURN NTSTATUS NTAPI ForEver(PVOID Parameter) {
    volatile ULONG64 *Count = Parameter;
    for (;;) {
        (*Count)++;
    }
}

/*
 * Threads that never enter the kernel end when they are told to. Each has begun to count by then:
 * one that ends while it is still in the loader may hold the loader's lock, and no thread could
 * start after it.
 */
static void Terminate(void) {
    for (int i = 0; i < 5; i++) {
        HANDLE Threads[4];
        for (int j = 0; j < 4; j++) {
            Counts[j] = 0;
            Threads[j] = Begin(ForEver, (PVOID)&Counts[j]);
        }
        for (int j = 0; j < 4; j++) {
            while (Counts[j] == 0) {
                NtYieldExecution();
            }
        }
        for (int j = 0; j < 4; j++) {
            NtTerminateThread(Threads[j], 7);
        }
        for (int j = 0; j < 4; j++) {
            NtWaitForSingleObject(Threads[j], FALSE, NULL);
            NtClose(Threads[j]);
        }
    }
}

void Start(void) {
    Processors = *(ULONG *)((char *)PebPointer() + 0xB8);
    Processors = Processors > MAXIMUM ? MAXIMUM : Processors;
    RunAll(Spread, Processors);
    Print("all processors seen: %s\n", Used == (LONG)((1ull << Processors) - 1) ? "yes" : "no");
    Visit();
    RtlInitializeCriticalSection(&Section);
    NtCreateMutant(&Mutant, MUTANT_ALL_ACCESS, NULL, FALSE);
    RunAll(Share, 8);
    Print("guarded: %d, owned: %d\n", Guarded, Owned);
    RunAll(Memory, 8);
    Print("memory that was wrong: %d\n", Faults);
    Terminate();
    Print("all ended\n");
    Exit(0);
}
