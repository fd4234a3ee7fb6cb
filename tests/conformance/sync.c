/* Mutants, semaphores, waits on many objects, signal-and-wait. */
#include "nt.h"

NTSYS NTSTATUS NTAPI NtCreateMutant(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, BOOLEAN);
NTSYS NTSTATUS NTAPI NtReleaseMutant(HANDLE, PLONG);
NTSYS NTSTATUS NTAPI NtQueryMutant(HANDLE, int, PVOID, ULONG, PULONG);
NTSYS NTSTATUS NTAPI NtCreateSemaphore(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, LONG, LONG);
NTSYS NTSTATUS NTAPI NtReleaseSemaphore(HANDLE, LONG, PLONG);
NTSYS NTSTATUS NTAPI NtQuerySemaphore(HANDLE, int, PVOID, ULONG, PULONG);
NTSYS NTSTATUS NTAPI NtWaitForMultipleObjects(ULONG, const HANDLE *, int, BOOLEAN, PLARGE_INTEGER);
NTSYS NTSTATUS NTAPI NtSignalAndWaitForSingleObject(HANDLE, HANDLE, BOOLEAN, PLARGE_INTEGER);
NTSYS NTSTATUS NTAPI NtPulseEvent(HANDLE, PLONG);
NTSYS NTSTATUS NTAPI NtQueryEvent(HANDLE, int, PVOID, ULONG, PULONG);

enum { All, Any };

static LARGE_INTEGER Now;

static NTSTATUS Poll(HANDLE Handle) {
    return NtWaitForSingleObject(Handle, FALSE, &Now);
}

static void ShowMutant(HANDLE Mutant) {
    struct {
        LONG Count;
        BOOLEAN Owned, Abandoned;
    } Basic = {9, 9, 9};
    NTSTATUS Status = NtQueryMutant(Mutant, 0, &Basic, sizeof(Basic), NULL);
    Print(" query %08x: count %d, owned %d, abandoned %d\n", (unsigned)Status, (int)Basic.Count,
          Basic.Owned, Basic.Abandoned);
}

static NTSTATUS NTAPI TakeAndEnd(PVOID Mutant) {
    NtWaitForSingleObject(Mutant, FALSE, NULL);
    RtlExitUserThread(0);
    return 0;
}

static NTSTATUS NTAPI Release(PVOID Mutant) {
    RtlExitUserThread(NtReleaseMutant(Mutant, NULL));
    return 0;
}

static void RunThread(PVOID Routine, PVOID Argument) {
    HANDLE Thread = NULL;
    NTSTATUS Status =
        RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, Routine, Argument, &Thread, NULL);
    if (!NT_SUCCESS(Status)) {
        ShowStatus(" thread", Status);
        return;
    }
    NtWaitForSingleObject(Thread, FALSE, NULL);
    NtClose(Thread);
}

static void Mutants(void) {
    HANDLE Mutant = NULL;
    LONG Previous = 9;
    Print("mutants\n");
    ShowStatus(" create", NtCreateMutant(&Mutant, MAXIMUM_ALLOWED, NULL, FALSE));
    ShowMutant(Mutant);
    ShowStatus(" release, not owned", NtReleaseMutant(Mutant, &Previous));
    ShowStatus(" acquire", Poll(Mutant));
    ShowStatus(" acquire", Poll(Mutant));
    ShowMutant(Mutant);
    RunThread(Release, Mutant);
    ShowMutant(Mutant);
    for (int i = 0; i < 2; i++) {
        ShowStatus(" release", NtReleaseMutant(Mutant, &Previous));
        Print(" previous: %d\n", (int)Previous);
    }
    ShowStatus(" release", NtReleaseMutant(Mutant, NULL));
    ShowMutant(Mutant);
    RunThread(TakeAndEnd, Mutant);
    ShowMutant(Mutant);
    ShowStatus(" acquire, abandoned", Poll(Mutant));
    ShowMutant(Mutant);
    ShowStatus(" release", NtReleaseMutant(Mutant, NULL));
    ShowMutant(Mutant);
    NtClose(Mutant);
    ShowStatus(" create, owned", NtCreateMutant(&Mutant, MAXIMUM_ALLOWED, NULL, TRUE));
    ShowMutant(Mutant);
    NtClose(Mutant); /* while it is owned */
}

static void Semaphores(void) {
    HANDLE Semaphore = NULL;
    LONG Previous = 9, Basic[2] = {9, 9};
    Print("semaphores\n");
    ShowStatus(" -1 of 1", NtCreateSemaphore(&Semaphore, MAXIMUM_ALLOWED, NULL, -1, 1));
    ShowStatus(" 2 of 1", NtCreateSemaphore(&Semaphore, MAXIMUM_ALLOWED, NULL, 2, 1));
    ShowStatus(" 0 of 0", NtCreateSemaphore(&Semaphore, MAXIMUM_ALLOWED, NULL, 0, 0));
    ShowStatus(" 1 of 3", NtCreateSemaphore(&Semaphore, MAXIMUM_ALLOWED, NULL, 1, 3));
    ShowStatus(" wait", Poll(Semaphore));
    ShowStatus(" wait", Poll(Semaphore));
    ShowStatus(" release 2", NtReleaseSemaphore(Semaphore, 2, &Previous));
    Print(" previous: %d\n", (int)Previous);
    ShowStatus(" release 2", NtReleaseSemaphore(Semaphore, 2, &Previous));
    ShowStatus(" query", NtQuerySemaphore(Semaphore, 0, Basic, sizeof(Basic), NULL));
    Print(" %d of %d\n", (int)Basic[0], (int)Basic[1]);
    ShowStatus(" release 0x7FFFFFFF", NtReleaseSemaphore(Semaphore, 0x7FFFFFFF, &Previous));
    ShowStatus(" release 1", NtReleaseSemaphore(Semaphore, 1, NULL));
    NtClose(Semaphore);
}

static void Many(void) {
    HANDLE Events[66];
    Print("many\n");
    for (int i = 0; i < 66; i++) {
        NtCreateEvent(&Events[i], EVENT_ALL_ACCESS, NULL, i & 1, FALSE);
    }
    ShowStatus(" none, any", NtWaitForMultipleObjects(64, Events, Any, FALSE, &Now));
    NtSetEvent(Events[7], NULL);
    NtSetEvent(Events[5], NULL);
    ShowStatus(" 5 and 7, any", NtWaitForMultipleObjects(64, Events, Any, FALSE, &Now));
    ShowStatus(" 7, any", NtWaitForMultipleObjects(64, Events, Any, FALSE, &Now));
    ShowStatus(" none, any", NtWaitForMultipleObjects(64, Events, Any, FALSE, &Now));
    NtSetEvent(Events[0], NULL);
    NtSetEvent(Events[1], NULL);
    ShowStatus(" 2 of 3, all", NtWaitForMultipleObjects(3, Events, All, FALSE, &Now));
    ShowStatus(" 1 is still set", Poll(Events[1]));
    NtSetEvent(Events[1], NULL);
    ShowStatus(" 2 of 2, all", NtWaitForMultipleObjects(2, Events, All, FALSE, &Now));
    ShowStatus(" 1 is set no more", Poll(Events[1]));
    ShowStatus(" 65", NtWaitForMultipleObjects(65, Events, Any, FALSE, &Now));
    ShowStatus(" 0", NtWaitForMultipleObjects(0, Events, Any, FALSE, &Now));
    Events[65] = Events[0];
    ShowStatus(" one is closed",
               (NtClose(Events[3]), NtWaitForMultipleObjects(5, Events, Any, FALSE, &Now)));
    Events[3] = Events[2];
    NtSetEvent(Events[2], NULL);
    ShowStatus(" twice the same, any", NtWaitForMultipleObjects(4, Events + 1, Any, FALSE, &Now));
    LARGE_INTEGER Soon = {.QuadPart = -100000};
    ShowStatus(" 10 ms", NtWaitForMultipleObjects(2, Events + 4, Any, FALSE, &Soon));
}

static void SignalAndWait(void) {
    HANDLE First = NULL, Second = NULL, Semaphore = NULL;
    LONG Previous = 9;
    Print("signal and wait\n");
    NtCreateEvent(&First, EVENT_ALL_ACCESS, NULL, 0, FALSE);
    NtCreateEvent(&Second, EVENT_ALL_ACCESS, NULL, 1, TRUE);
    NtCreateSemaphore(&Semaphore, MAXIMUM_ALLOWED, NULL, 0, 1);
    ShowStatus(" event", NtSignalAndWaitForSingleObject(First, Second, FALSE, &Now));
    ShowStatus(" is set", Poll(First));
    ShowStatus(" once more", NtSignalAndWaitForSingleObject(First, Second, FALSE, &Now));
    ShowStatus(" semaphore", NtSignalAndWaitForSingleObject(Semaphore, First, FALSE, &Now));
    ShowStatus(" semaphore, full", NtSignalAndWaitForSingleObject(Semaphore, First, FALSE, &Now));
    ShowStatus(" process", NtSignalAndWaitForSingleObject(SELF, First, FALSE, &Now));
    ShowStatus(" no handle", NtSignalAndWaitForSingleObject(NULL, First, FALSE, &Now));
    ShowStatus(" pulse", NtPulseEvent(First, &Previous));
    Print(" previous: %d\n", (int)Previous);
    ShowStatus(" after it", Poll(First));
    NtClose(First);
    NtClose(Second);
    NtClose(Semaphore);
}

void Start(void) {
    Mutants();
    Semaphores();
    Many();
    SignalAndWait();
    Exit(0);
}
