/* Threads: parameter, exit status, waiting, events between them. */
#include "threading.h"

static HANDLE Go, Done;
static volatile LONG Count;

static NTSTATUS NTAPI Adder(PVOID Parameter) {
    for (int i = 0; i < 1000; i++) {
        InterlockedAdd(&Count, *(LONG *)Parameter);
        if (i % 100 == 0) {
            NtYieldExecution();
        }
    }
    RtlExitUserThread(5);
    return 0;
}

static NTSTATUS NTAPI Returner(PVOID Parameter) {
    return (NTSTATUS)(ULONG_PTR)Parameter;
}

static NTSTATUS NTAPI Partner(PVOID Parameter) {
    (void)Parameter;
    for (int i = 0; i < 100; i++) {
        NtWaitForSingleObject(Go, FALSE, NULL);
        Count++;
        NtSetEvent(Done, NULL);
    }
    return 0;
}

static void Many(void) {
    HANDLE Threads[8];
    LONG Steps[8];
    for (int i = 0; i < 8; i++) {
        Steps[i] = i + 1;
        Threads[i] = Begin(Adder, &Steps[i], FALSE);
    }
    for (int i = 0; i < 8; i++) {
        Print("%u ", EndOf(Threads[i]));
    }
    Print("\nsum: %d\n", Count);
}

static void PingPong(void) {
    NtCreateEvent(&Go, EVENT_ALL_ACCESS, NULL, 1, FALSE);
    NtCreateEvent(&Done, EVENT_ALL_ACCESS, NULL, 1, FALSE);
    Count = 0;
    HANDLE Thread = Begin(Partner, NULL, FALSE);
    for (int i = 0; i < 100; i++) {
        NtSetEvent(Go, NULL);
        NtWaitForSingleObject(Done, FALSE, NULL);
    }
    Print("partner ended with %u after %d turns\n", EndOf(Thread), Count);
}

void Start(void) {
    LARGE_INTEGER Soon = {.QuadPart = -100000};
    Many();
    Print("returned: %x\n", EndOf(Begin(Returner, (PVOID)0xCAFE, FALSE)));
    PingPong();
    HANDLE Waiter = Begin(Partner, NULL, FALSE);
    ShowStatus("wait for a waiter", NtWaitForSingleObject(Waiter, FALSE, &Soon));
    ShowStatus("terminate it", NtTerminateThread(Waiter, 0x99));
    Print("ended with %x\n", EndOf(Waiter));
    Exit(3);
}
