/*
 * pairs.exe - pairs of threads that play ping-pong over two events, as many pairs as processors
 *
 * Prints the round trips of all pairs together in each second, for a number of short runs; the
 * caller takes the best, since other work on the machine can only make a run slower. Wall time: not
 * a counted figure, and no test asserts it.
 */
#include "nt.h"

NTSYS NTSTATUS NTAPI NtQueryPerformanceCounter(PLARGE_INTEGER, PLARGE_INTEGER);

#define MOST   16
#define RUNS   5
#define ROUNDS 60000 /* of a pair in a run */

typedef struct {
    HANDLE Ping, Pong, Threads[2];
} PAIR;

static PAIR Pairs[MOST];
static HANDLE Gate;

static NTSTATUS NTAPI Serve(PVOID Parameter) {
    PAIR *Pair = Parameter;
    NtWaitForSingleObject(Gate, FALSE, NULL);
    for (ULONG i = 0; i < ROUNDS; i++) {
        NtSetEvent(Pair->Ping, NULL);
        NtWaitForSingleObject(Pair->Pong, FALSE, NULL);
    }
    RtlExitUserThread(0);
    return 0;
}

static NTSTATUS NTAPI Return(PVOID Parameter) {
    PAIR *Pair = Parameter;
    for (ULONG i = 0; i < ROUNDS; i++) {
        NtWaitForSingleObject(Pair->Ping, FALSE, NULL);
        NtSetEvent(Pair->Pong, NULL);
    }
    RtlExitUserThread(0);
    return 0;
}

static HANDLE Begin(PUSER_THREAD_START_ROUTINE Routine, PVOID Parameter) {
    HANDLE Thread = NULL;
    RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, Routine, Parameter, &Thread, NULL);
    return Thread;
}

/* Round trips in a second. */
static ULONG64 Run(ULONG Count) {
    LARGE_INTEGER Before, After, Frequency;
    NtResetEvent(Gate, NULL);
    for (ULONG i = 0; i < Count; i++) {
        Pairs[i].Threads[0] = Begin(Serve, &Pairs[i]);
        Pairs[i].Threads[1] = Begin(Return, &Pairs[i]);
    }
    NtQueryPerformanceCounter(&Before, &Frequency);
    NtSetEvent(Gate, NULL);
    for (ULONG i = 0; i < 2 * Count; i++) {
        NtWaitForSingleObject(Pairs[i / 2].Threads[i % 2], FALSE, NULL);
        NtClose(Pairs[i / 2].Threads[i % 2]);
    }
    NtQueryPerformanceCounter(&After, &Frequency);
    return (ULONG64)Count * ROUNDS * (ULONG64)Frequency.QuadPart /
           (ULONG64)(After.QuadPart - Before.QuadPart);
}

void Start(void) {
    ULONG64 Info[6] = {0};
    ULONG Count = 0;
    NtQueryInformationThread(SELF_THREAD, 0, Info, sizeof(Info), NULL);
    for (ULONG64 Mask = Info[4]; Mask && Count < MOST; Mask &= Mask - 1) {
        Count++;
    }
    NtCreateEvent(&Gate, EVENT_ALL_ACCESS, NULL, 0, FALSE);
    for (ULONG i = 0; i < Count; i++) {
        NtCreateEvent(&Pairs[i].Ping, EVENT_ALL_ACCESS, NULL, 1, FALSE);
        NtCreateEvent(&Pairs[i].Pong, EVENT_ALL_ACCESS, NULL, 1, FALSE);
    }
    for (ULONG i = 0; i < RUNS; i++) {
        Print("%u pairs\t%I64u\n", Count, Run(Count));
    }
    Exit(0);
}
