/*
 * Locks of ntdll under contention: four threads, a counted number of operations, and what must hold
 * whatever the order is: nobody is inside with a writer, no count is lost, no sleeper is forgotten.
 */
#include "threading.h"

NTSYS ULONG NTAPI RtlTryEnterCriticalSection(RTL_CRITICAL_SECTION *);
NTSYS NTSTATUS NTAPI RtlInitializeCriticalSectionEx(RTL_CRITICAL_SECTION *, ULONG, ULONG);
NTSYS ULONG NTAPI RtlIsCriticalSectionLockedByThread(RTL_CRITICAL_SECTION *);

#define THREADS 4
#define ROUNDS  1800

static HANDLE Threads[THREADS];
static volatile LONG Wrong;

static void RunAll(const char *What, PUSER_THREAD_START_ROUTINE Routine) {
    Wrong = 0;
    for (ULONG_PTR i = 0; i < THREADS; i++) {
        Threads[i] = Begin(Routine, (PVOID)i, FALSE);
    }
    for (int i = 0; i < THREADS; i++) {
        EndOf(Threads[i]);
    }
    Print("%s: %d wrong", What, (int)Wrong);
}

static void Expected(LONG Value, LONG Wanted) {
    Print(", %s\n", Value == Wanted ? "nothing lost" : "lost");
}

static ULONG Random(ULONG *Seed) {
    *Seed = *Seed * 1103515245 + 12345;
    return *Seed >> 16;
}

/* --- critical sections: recursion, trying, spinning
 * ----------------------------------------------- */

static RTL_CRITICAL_SECTION Section;
static volatile LONG Inside, Plain;

static NTSTATUS NTAPI Sections(PVOID Parameter) {
    ULONG Seed = (ULONG)(ULONG_PTR)Parameter + 1;
    for (int i = 0; i < ROUNDS; i++) {
        ULONG Depth = Random(&Seed) % 3 + 1;
        if (Random(&Seed) % 4 == 0) {
            while (!RtlTryEnterCriticalSection(&Section)) {
                NtYieldExecution();
            }
        } else {
            RtlEnterCriticalSection(&Section);
        }
        for (ULONG d = 1; d < Depth; d++) {
            RtlEnterCriticalSection(&Section);
        }
        Wrong += InterlockedIncrement(&Inside) != 1;
        Wrong += !RtlIsCriticalSectionLockedByThread(&Section);
        LONG Value = Plain;
        if (Random(&Seed) % 16 == 0) {
            NtYieldExecution();
        }
        Plain = Value + 1;
        InterlockedDecrement(&Inside);
        for (ULONG d = 0; d < Depth; d++) {
            RtlLeaveCriticalSection(&Section);
        }
    }
    return 0;
}

/* --- reader/writer locks
 * -------------------------------------------------------------------------- */

static RTL_SRWLOCK Lock;
static volatile LONG Readers, Writers;

static void WriteOnce(ULONG *Seed, BOOL Try) {
    if (Try) {
        while (!RtlTryAcquireSRWLockExclusive(&Lock)) {
            NtYieldExecution();
        }
    } else {
        RtlAcquireSRWLockExclusive(&Lock);
    }
    if (InterlockedIncrement(&Writers) != 1 || Readers != 0) {
        InterlockedIncrement(&Wrong);
    }
    LONG Value = Plain;
    if (Random(Seed) % 16 == 0) {
        NtYieldExecution();
    }
    Plain = Value + 1;
    InterlockedDecrement(&Writers);
    RtlReleaseSRWLockExclusive(&Lock);
}

static void ReadOnce(ULONG *Seed, BOOL Try) {
    if (Try) {
        while (!RtlTryAcquireSRWLockShared(&Lock)) {
            NtYieldExecution();
        }
    } else {
        RtlAcquireSRWLockShared(&Lock);
    }
    InterlockedIncrement(&Readers);
    LONG Value = Plain;
    if (Random(Seed) % 16 == 0) {
        NtYieldExecution();
    }
    if (Writers != 0 || Plain != Value) {
        InterlockedIncrement(&Wrong);
    }
    InterlockedDecrement(&Readers);
    RtlReleaseSRWLockShared(&Lock);
}

static NTSTATUS NTAPI ReadersAndWriters(PVOID Parameter) {
    ULONG Seed = (ULONG)(ULONG_PTR)Parameter + 77;
    for (int i = 0; i < ROUNDS; i++) {
        BOOL Try = Random(&Seed) % 4 == 0;
        if (i % 3 == 0) {
            WriteOnce(&Seed, Try);
        } else {
            ReadOnce(&Seed, Try);
        }
    }
    return 0;
}

/* --- condition variables: a bounded buffer
 * -------------------------------------------------------- */

#define SLOTS 3

static RTL_CONDITION_VARIABLE NotFull, NotEmpty;
static ULONG64 Slots[SLOTS];
static volatile LONG Filled;
static ULONG Head, Tail;
static volatile LONG64 Sum;
static BOOL WithSection;

static void LockBuffer(void) {
    WithSection ? (void)RtlEnterCriticalSection(&Section) : RtlAcquireSRWLockExclusive(&Lock);
}

static void UnlockBuffer(void) {
    WithSection ? (void)RtlLeaveCriticalSection(&Section) : RtlReleaseSRWLockExclusive(&Lock);
}

/* Now and then with a short time: what is woken too late must not be lost. */
static void SleepOn(RTL_CONDITION_VARIABLE *Variable, ULONG *Seed) {
    LARGE_INTEGER *Timeout = Random(Seed) % 8 == 0 ? MILLISECONDS(1) : NULL;
    if (WithSection) {
        RtlSleepConditionVariableCS(Variable, &Section, Timeout);
    } else {
        RtlSleepConditionVariableSRW(Variable, &Lock, Timeout, 0);
    }
}

static NTSTATUS NTAPI Buffer(PVOID Parameter) {
    ULONG_PTR Who = (ULONG_PTR)Parameter;
    ULONG Seed = (ULONG)Who + 5;
    for (int i = 1; i <= ROUNDS; i++) {
        LockBuffer();
        if (Who % 2 == 0) {
            while (Filled == SLOTS) {
                SleepOn(&NotFull, &Seed);
            }
            Slots[Head++ % SLOTS] = (ULONG64)i;
            Filled++;
        } else {
            while (Filled == 0) {
                SleepOn(&NotEmpty, &Seed);
            }
            Sum += (LONG64)Slots[Tail++ % SLOTS];
            Filled--;
        }
        Wrong += Filled < 0 || Filled > SLOTS;
        UnlockBuffer();
        RTL_CONDITION_VARIABLE *Variable = Who % 2 == 0 ? &NotEmpty : &NotFull;
        Random(&Seed) % 8 == 0 ? RtlWakeAllConditionVariable(Variable)
                               : RtlWakeConditionVariable(Variable);
    }
    return 0;
}

/* --- waits on addresses: a token goes round, in words of each size
 * ---------------------------------- */

static union {
    volatile UCHAR Byte;
    volatile USHORT Word;
    volatile ULONG Dword;
    volatile ULONG64 Qword;
} Turn;
static ULONG TurnSize;

static ULONG64 ReadTurn(void) {
    return TurnSize == 1   ? Turn.Byte
           : TurnSize == 2 ? Turn.Word
           : TurnSize == 4 ? Turn.Dword
                           : Turn.Qword;
}

static NTSTATUS NTAPI Ring(PVOID Parameter) {
    ULONG64 Who = (ULONG64)(ULONG_PTR)Parameter, Now;
    for (int i = 0; i < ROUNDS / 10; i++) {
        while ((Now = ReadTurn()) != Who) {
            RtlWaitOnAddress((const void *)&Turn, &Now, TurnSize, NULL);
        }
        Plain++;
        Turn.Byte = (UCHAR)((Who + 1) % THREADS); /* the other bytes are 0 */
        RtlWakeAddressAll((const void *)&Turn);
    }
    return 0;
}

/* --- once
 * ------------------------------------------------------------------------------------------ */

#define ONCES 300

static RTL_RUN_ONCE Onces[ONCES];
static volatile LONG Runs[ONCES], Attempts[ONCES];

/* Every third initialisation fails the first time. */
static DWORD WINAPI Initialize(PRTL_RUN_ONCE Once, PVOID Parameter, PVOID *Context) {
    ULONG_PTR n = (ULONG_PTR)(Once - Onces);
    (void)Parameter;
    if (n % 3 == 0 && InterlockedIncrement(&Attempts[n]) == 1) {
        return FALSE;
    }
    InterlockedIncrement(&Runs[n]);
    NtYieldExecution();
    *Context = (PVOID)((n + 1) << 4);
    return TRUE;
}

static NTSTATUS NTAPI Once(PVOID Parameter) {
    (void)Parameter;
    for (ULONG_PTR n = 0; n < ONCES; n++) {
        PVOID Context = NULL;
        while (RtlRunOnceExecuteOnce(&Onces[n], Initialize, NULL, &Context) != 0) {
        }
        if (Context != (PVOID)((n + 1) << 4)) {
            InterlockedIncrement(&Wrong);
        }
    }
    return 0;
}

void Start(void) {
    for (ULONG Spin = 0; Spin <= 400; Spin += 400) {
        RtlInitializeCriticalSectionEx(&Section, Spin, 0);
        Plain = 0;
        RunAll("critical section", Sections);
        Expected(Plain, THREADS * ROUNDS);
        Print("free: %ld, %ld\n", Section.LockCount, Section.RecursionCount);
        RtlDeleteCriticalSection(&Section);
    }
    Plain = 0;
    RunAll("reader/writer lock", ReadersAndWriters);
    Expected(Plain, THREADS * ROUNDS / 3);
    Check("free", Lock.Ptr == NULL);
    RtlInitializeCriticalSectionEx(&Section, 0, 0);
    for (WithSection = FALSE; WithSection <= TRUE; WithSection++) {
        Sum = 0;
        RunAll(WithSection ? "buffer, critical section" : "buffer, reader/writer lock", Buffer);
        Expected((LONG)(Sum == (LONG64)ROUNDS * (ROUNDS + 1)) + Filled, 1);
    }
    for (TurnSize = 1; TurnSize <= 8; TurnSize *= 2) {
        Turn.Qword = 0;
        Plain = 0;
        RunAll("ring", Ring);
        Expected(Plain, THREADS * (ROUNDS / 10));
    }
    RunAll("once", Once);
    LONG Total = 0;
    for (int n = 0; n < ONCES; n++) {
        Total += Runs[n];
    }
    Expected(Total, ONCES);
    Exit(0);
}
