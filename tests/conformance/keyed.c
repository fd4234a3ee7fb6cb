/* Keyed events and alerts by thread id: pairs, keys, timeouts, bad arguments. */
#include "threading.h"

#define KEY(n) ((PVOID)(ULONG_PTR)(0x10000 + 16 * (n)))

static HANDLE Keyed;
static volatile LONG Order;

static NTSTATUS NTAPI WaitKey(PVOID Parameter) {
    NTSTATUS Status = NtWaitForKeyedEvent(Keyed, Parameter, FALSE, NULL);
    InterlockedIncrement(&Order);
    return Status;
}

static NTSTATUS NTAPI ReleaseKey(PVOID Parameter) {
    return NtReleaseKeyedEvent(Keyed, Parameter, FALSE, NULL);
}

static void NTAPI Nothing(PVOID First, PVOID Second, PVOID Third) {
    (void)First;
    (void)Second;
    (void)Third;
    Print("  apc\n");
}

static void Pairs(void) {
    HANDLE Thread = Begin(WaitKey, KEY(1), FALSE);
    Sleep1(20);
    ShowStatus("other key", NtReleaseKeyedEvent(Keyed, KEY(2), FALSE, MILLISECONDS(20)));
    ShowStatus("still waits", NtWaitForSingleObject(Thread, FALSE, MILLISECONDS(20)));
    ShowStatus("its key", NtReleaseKeyedEvent(Keyed, KEY(1), FALSE, NULL));
    Print("waiter: %08x\n", EndOf(Thread));
    Thread = Begin(ReleaseKey, KEY(3), FALSE);
    Sleep1(20);
    ShowStatus("release waits for a waiter",
               NtWaitForSingleObject(Thread, FALSE, MILLISECONDS(20)));
    ShowStatus("wait", NtWaitForKeyedEvent(Keyed, KEY(3), FALSE, NULL));
    Print("releaser: %08x\n", EndOf(Thread));
    ShowStatus("nobody comes", NtWaitForKeyedEvent(Keyed, KEY(3), FALSE, MILLISECONDS(10)));
    ShowStatus("nobody comes", NtReleaseKeyedEvent(Keyed, KEY(3), FALSE, MILLISECONDS(0)));
}

static void Many(void) {
    HANDLE Threads[6];
    Order = 0;
    for (int i = 0; i < 6; i++) {
        Threads[i] = Begin(WaitKey, KEY(i % 2), FALSE);
    }
    for (int i = 0; i < 6; i++) {
        NtReleaseKeyedEvent(Keyed, KEY(i % 2), FALSE, NULL);
    }
    for (int i = 0; i < 6; i++) {
        Print("%x ", EndOf(Threads[i]));
    }
    Print("\nwoken: %d\n", Order);
}

static void WithApc(void) {
    NtQueueApcThread(SELF_THREAD, Nothing, NULL, NULL, NULL);
    ShowStatus("not alertable", NtWaitForKeyedEvent(Keyed, KEY(1), FALSE, MILLISECONDS(10)));
    ShowStatus("alertable", NtWaitForKeyedEvent(Keyed, KEY(1), TRUE, MILLISECONDS(60000)));
    ShowStatus("nobody is left behind",
               NtReleaseKeyedEvent(Keyed, KEY(1), FALSE, MILLISECONDS(10)));
}

static void Arguments(void) {
    HANDLE Event = EventOf(0), Weak = Weaker(Keyed, 1);
    ShowStatus("odd key", NtWaitForKeyedEvent(Keyed, (PVOID)3, FALSE, MILLISECONDS(1)));
    ShowStatus("odd key, release", NtReleaseKeyedEvent(Keyed, (PVOID)3, FALSE, MILLISECONDS(1)));
    ShowStatus("key 0", NtWaitForKeyedEvent(Keyed, NULL, FALSE, MILLISECONDS(1)));
    ShowStatus("an event", NtWaitForKeyedEvent(Event, KEY(1), FALSE, MILLISECONDS(1)));
    ShowStatus("stale", NtWaitForKeyedEvent(Stale(), KEY(1), FALSE, MILLISECONDS(1)));
    ShowStatus("wait right", NtWaitForKeyedEvent(Weak, KEY(1), FALSE, MILLISECONDS(1)));
    ShowStatus("no wake right", NtReleaseKeyedEvent(Weak, KEY(1), FALSE, MILLISECONDS(1)));
    ShowStatus("bad pointer", NtCreateKeyedEvent(KERNEL_POINTER, GENERIC_ALL, NULL, 0));
    NtClose(Event);
    NtClose(Weak);
}

/* The one that every process shares, by its name and without a handle. */
static NTSTATUS NTAPI WaitShared(PVOID Parameter) {
    return NtWaitForKeyedEvent(NULL, Parameter, FALSE, NULL);
}

/* Wait and wake: what a program may do with a keyed event of the system. */
#define KEYED_EVENT_USE 3

static void Shared(void) {
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
    InitializeObjectAttributes(&Attributes, &Name, 0, NULL, NULL);
    HANDLE Event = NULL, Thread = Begin(WaitShared, KEY(5), FALSE);
    RtlInitUnicodeString(&Name, L"\\KernelObjects\\CritSecOutOfMemoryEvent");
    ShowStatus("open", NtOpenKeyedEvent(&Event, KEYED_EVENT_USE, &Attributes));
    ShowStatus("release", NtReleaseKeyedEvent(NULL, KEY(5), FALSE, NULL));
    Print("waiter without a handle: %08x\n", EndOf(Thread));
    NtClose(Event);
}

static HANDLE Main;

static NTSTATUS NTAPI AlertMain(PVOID Parameter) {
    Sleep1(20);
    (void)Parameter;
    return NtAlertThreadByThreadId(Main);
}

static void Alerts(void) {
    Main = MyThreadId();
    ShowStatus("alert myself", NtAlertThreadByThreadId(Main));
    ShowStatus("twice is once", NtAlertThreadByThreadId(Main));
    ShowStatus("wait", NtWaitForAlertByThreadId(NULL, NULL));
    ShowStatus("wait again", NtWaitForAlertByThreadId(NULL, MILLISECONDS(10)));
    ShowStatus("no time", NtWaitForAlertByThreadId(NULL, MILLISECONDS(0)));
    HANDLE Thread = Begin(AlertMain, NULL, FALSE);
    ShowStatus("from another", NtWaitForAlertByThreadId(&Main, NULL));
    Print("which got %08x\n", EndOf(Thread));
    ShowStatus("id 0", NtAlertThreadByThreadId(NULL));
    ShowStatus("no such id", NtAlertThreadByThreadId((HANDLE)0x7FFFFFF0));
}

void Start(void) {
    ShowStatus("create", NtCreateKeyedEvent(&Keyed, 0x000F0003, NULL, 0));
    Pairs();
    Many();
    WithApc();
    Arguments();
    Shared();
    Alerts();
    Exit(0);
}
