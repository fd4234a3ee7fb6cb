/*
 * Several threads end the process at once, each with a status of its own and each in another way:
 * the process's status is one that somebody gave. Run many times in one boot (test_processes.py).
 */
#include "threading.h"

#define THREADS 4

NTSYS void NTAPI RtlExitUserProcess(NTSTATUS);

static volatile LONG Arrived, Way, Ending;
static HANDLE Threads[THREADS];

/* 0xC0DE0WNN: way W, who NN. Nobody waits for the others for ever: there may be one processor. */
static NTSTATUS NTAPI End(PVOID Parameter) {
    ULONG Who = (ULONG)(ULONG_PTR)Parameter;
    NTSTATUS Status = (NTSTATUS)(0xC0DE0000u | (ULONG)Way << 8 | (Who + 1));
    InterlockedIncrement(&Arrived);
    for (int i = 0; i < 200 && Arrived < THREADS; i++) {
        NtYieldExecution();
    }
    switch (Way) {
    case 0: /* all end the process */
        NtTerminateProcess(SELF, Status);
        break;
    case 1: /* all in order, with what goes before: one gets through */
        RtlExitUserProcess(Status);
        break;
    case 2: /* one the process; the others themselves, at the same time: that counts for nothing */
        if (Who == 2) {
            Ending = TRUE;
            NtTerminateProcess(SELF, Status);
        }
        while (!Ending) {
            NtYieldExecution();
        }
        NtTerminateThread(SELF_THREAD, 0);
        break;
    case 3: /* each itself, by its handle or by returning: the last one's is the process's */
        if (Who & 1) {
            NtTerminateThread(SELF_THREAD, Status);
        }
        return Status;
    case 4: /* each the next, then itself; never one that may hold the loader's lock yet */
        if (Arrived == THREADS) {
            NtTerminateThread(Threads[(Who + 1) % THREADS], Status);
        }
        NtTerminateThread(SELF_THREAD, Status);
        break;
    default: /* alone first, then with a status */
        NtTerminateProcess(NULL, Status);
        NtTerminateProcess(SELF, Status);
        break;
    }
    return Status;
}

void Start(void) {
    LARGE_INTEGER Now;
    NtQueryPerformanceCounter(&Now, NULL);
    Way = (LONG)((Now.QuadPart >> 3) % 6);
    NtDuplicateObject(SELF, SELF_THREAD, SELF, &Threads[0], 0, 0, 2);
    for (ULONG_PTR i = 1; i < THREADS; i++) {
        Threads[i] = Begin(End, (PVOID)i, TRUE);
    }
    for (ULONG i = 1; i < THREADS; i++) {
        NtResumeThread(Threads[i], NULL);
    }
    RtlExitUserThread(End(NULL));
}
