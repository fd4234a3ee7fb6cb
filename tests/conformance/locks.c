/* Locks of user mode: SRW locks, condition variables, waits on addresses, one-time initialisation.
 */
#include "threading.h"

#define THREADS 6
#define ROUNDS  300

static RTL_SRWLOCK Lock;
static RTL_CRITICAL_SECTION Section;
static RTL_CONDITION_VARIABLE Changed;
static RTL_RUN_ONCE Once;
static LONG Plain;
static volatile LONG Word, Readers, Torn, Made, Woken;
static volatile LONG Pair[2];

static void Run(PUSER_THREAD_START_ROUTINE Routine, int Count) {
    HANDLE Threads[THREADS];
    for (int i = 0; i < Count; i++) {
        Threads[i] = Begin(Routine, (PVOID)(ULONG_PTR)i, FALSE);
    }
    for (int i = 0; i < Count; i++) {
        EndOf(Threads[i]);
    }
}

static NTSTATUS NTAPI InSection(PVOID Parameter) {
    (void)Parameter;
    for (int i = 0; i < ROUNDS; i++) {
        RtlEnterCriticalSection(&Section);
        LONG Old = Plain;
        if (i % 16 == 0) {
            NtYieldExecution();
        }
        Plain = Old + 1;
        RtlLeaveCriticalSection(&Section);
    }
    return 0;
}

/* Even threads read, odd ones write: two words that must always be equal. */
static NTSTATUS NTAPI ReadOrWrite(PVOID Parameter) {
    for (int i = 0; i < ROUNDS; i++) {
        if ((ULONG_PTR)Parameter & 1) {
            RtlAcquireSRWLockExclusive(&Lock);
            Pair[0]++;
            if (i % 16 == 0) {
                NtYieldExecution();
            }
            Pair[1]++;
            RtlReleaseSRWLockExclusive(&Lock);
        } else {
            RtlAcquireSRWLockShared(&Lock);
            LONG First = Pair[0];
            if (i % 16 == 0) {
                NtYieldExecution();
            }
            if (First != Pair[1]) {
                InterlockedIncrement(&Torn);
            }
            RtlReleaseSRWLockShared(&Lock);
        }
    }
    return 0;
}

static void Srw(void) {
    RtlInitializeSRWLock(&Lock);
    Check("exclusive", RtlTryAcquireSRWLockExclusive(&Lock));
    Check("exclusive twice", RtlTryAcquireSRWLockExclusive(&Lock));
    Check("shared meanwhile", RtlTryAcquireSRWLockShared(&Lock));
    RtlReleaseSRWLockExclusive(&Lock);
    Check("shared", RtlTryAcquireSRWLockShared(&Lock));
    Check("shared twice", RtlTryAcquireSRWLockShared(&Lock));
    Check("exclusive meanwhile", RtlTryAcquireSRWLockExclusive(&Lock));
    RtlReleaseSRWLockShared(&Lock);
    Check("exclusive, one reader", RtlTryAcquireSRWLockExclusive(&Lock));
    RtlReleaseSRWLockShared(&Lock);
    Run(ReadOrWrite, THREADS);
    Print("pair: %d %d, torn %d\n", Pair[0], Pair[1], Torn);
    Check("free at the end", Lock.Ptr == NULL);
}

static NTSTATUS NTAPI Consumer(PVOID Parameter) {
    if ((ULONG_PTR)Parameter & 1) {
        RtlEnterCriticalSection(&Section);
        while (!Word) {
            RtlSleepConditionVariableCS(&Changed, &Section, NULL);
        }
        Woken++;
        RtlLeaveCriticalSection(&Section);
    } else {
        RtlAcquireSRWLockShared(&Lock);
        while (!Word) {
            RtlSleepConditionVariableSRW(&Changed, &Lock, NULL, 1);
        }
        RtlReleaseSRWLockShared(&Lock);
        InterlockedIncrement(&Readers);
    }
    return 0;
}

static void Conditions(void) {
    HANDLE Threads[THREADS];
    RtlInitializeConditionVariable(&Changed);
    RtlEnterCriticalSection(&Section);
    ShowStatus("time runs out", RtlSleepConditionVariableCS(&Changed, &Section, MILLISECONDS(20)));
    RtlLeaveCriticalSection(&Section);
    RtlAcquireSRWLockExclusive(&Lock);
    ShowStatus("with a lock", RtlSleepConditionVariableSRW(&Changed, &Lock, MILLISECONDS(20), 0));
    Check("is owned again", !RtlTryAcquireSRWLockShared(&Lock));
    RtlReleaseSRWLockExclusive(&Lock);
    for (int i = 0; i < THREADS; i++) {
        Threads[i] = Begin(Consumer, (PVOID)(ULONG_PTR)i, FALSE);
    }
    Sleep1(30);
    RtlWakeConditionVariable(&Changed);
    Sleep1(10);
    Print("woken for nothing: %d %d\n", Woken, Readers);
    RtlEnterCriticalSection(&Section);
    RtlAcquireSRWLockExclusive(&Lock);
    Word = 1;
    RtlReleaseSRWLockExclusive(&Lock);
    RtlLeaveCriticalSection(&Section);
    RtlWakeAllConditionVariable(&Changed);
    for (int i = 0; i < THREADS; i++) {
        EndOf(Threads[i]);
    }
    Print("woken: %d %d\n", Woken, Readers);
}

static NTSTATUS NTAPI WaitsForWord(PVOID Parameter) {
    LONG Zero = 0;
    (void)Parameter;
    while (!Word) {
        RtlWaitOnAddress((const void *)&Word, &Zero, sizeof(Zero), NULL);
    }
    return 0;
}

static void Addresses(void) {
    HANDLE Threads[3];
    LONG Zero = 0, One = 1;
    ULONG64 Wide = 5, Same = 5;
    Word = 0;
    ShowStatus("differs", RtlWaitOnAddress((const void *)&Word, &One, sizeof(One), NULL));
    ShowStatus("same", RtlWaitOnAddress((const void *)&Word, &Zero, 4, MILLISECONDS(10)));
    ShowStatus("1 byte", RtlWaitOnAddress((const void *)&Word, &Zero, 1, MILLISECONDS(10)));
    ShowStatus("2 bytes", RtlWaitOnAddress((const void *)&Word, &Zero, 2, MILLISECONDS(10)));
    ShowStatus("8 bytes", RtlWaitOnAddress(&Wide, &Same, 8, MILLISECONDS(10)));
    ShowStatus("3 bytes", RtlWaitOnAddress(&Wide, &Same, 3, MILLISECONDS(10)));
    RtlWakeAddressAll(&Wide);
    RtlWakeAddressSingle(&Wide);
    for (int i = 0; i < 3; i++) {
        Threads[i] = Begin(WaitsForWord, NULL, FALSE);
    }
    Sleep1(20);
    Word = 1;
    RtlWakeAddressSingle((const void *)&Word);
    RtlWakeAddressAll((const void *)&Word);
    for (int i = 0; i < 3; i++) {
        Print("%x ", EndOf(Threads[i]));
    }
    Print("all woken\n");
}

static DWORD WINAPI Make(RTL_RUN_ONCE *Which, PVOID Parameter, PVOID *Context) {
    (void)Which;
    InterlockedIncrement(&Made);
    Sleep1(20);
    *Context = (PVOID)0x40;
    return Parameter != NULL;
}

static NTSTATUS NTAPI WantsIt(PVOID Parameter) {
    PVOID Context = NULL;
    (void)Parameter;
    NTSTATUS Status = RtlRunOnceExecuteOnce(&Once, Make, (PVOID)1, &Context);
    if (Status || Context != (PVOID)0x40) {
        Print("once: %08x %p\n", (unsigned)Status, Context);
    }
    return 0;
}

static void OneTime(void) {
    PVOID Context = NULL;
    RtlRunOnceInitialize(&Once);
    ShowStatus("only ask", RtlRunOnceBeginInitialize(&Once, 1, &Context));
    ShowStatus("it fails", RtlRunOnceExecuteOnce(&Once, Make, NULL, &Context));
    Run(WantsIt, THREADS);
    Print("made %d times\n", Made);
    ShowStatus("ask again", RtlRunOnceBeginInitialize(&Once, 1, &Context));
    Print("context %x\n", (unsigned)(ULONG_PTR)Context);
    ShowStatus("complete twice", RtlRunOnceComplete(&Once, 0, NULL));
    RtlRunOnceInitialize(&Once);
    ShowStatus("async", RtlRunOnceBeginInitialize(&Once, 2, &Context));
    ShowStatus("async, another", RtlRunOnceBeginInitialize(&Once, 2, &Context));
    ShowStatus("not async", RtlRunOnceBeginInitialize(&Once, 0, &Context));
    ShowStatus("bad context", RtlRunOnceComplete(&Once, 2, (PVOID)0x41));
    ShowStatus("complete", RtlRunOnceComplete(&Once, 2, (PVOID)0x80));
    ShowStatus("too late", RtlRunOnceComplete(&Once, 2, (PVOID)0x90));
    ShowStatus("done", RtlRunOnceBeginInitialize(&Once, 0, &Context));
    Print("context %x\n", (unsigned)(ULONG_PTR)Context);
}

void Start(void) {
    RtlInitializeCriticalSection(&Section);
    Run(InSection, THREADS);
    Print("in the section: %d\n", Plain);
    Srw();
    Conditions();
    Addresses();
    OneTime();
    RtlDeleteCriticalSection(&Section);
    Exit(0);
}
