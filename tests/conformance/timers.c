/* Timer objects: types, states, periods, APCs, cancelling, names, bad arguments. */
#include "threading.h"

#define TIMER_ALL 0x1F0003

static volatile LONG Calls;
static HANDLE Keeper;

static void NTAPI Due(PVOID Context, ULONG Low, LONG High) {
    Calls++;
    Print("  timer apc %d, at some time: %s\n", (int)(ULONG_PTR)Context,
          YesNo(((ULONG64)(ULONG)High << 32 | Low) != 0));
}

static HANDLE Create(int Type) {
    HANDLE Timer = NULL;
    NTSTATUS Status = NtCreateTimer(&Timer, TIMER_ALL, NULL, Type);
    if (Status) {
        ShowStatus("create", Status);
    }
    return Timer;
}

static int State(HANDLE Timer) {
    struct {
        LARGE_INTEGER Remaining;
        BOOLEAN State;
    } Information = {{{0, 0}}, 9};
    NtQueryTimer(Timer, 0, &Information, sizeof(Information), NULL);
    return Information.State;
}

static void Once(int Type) {
    HANDLE Timer = Create(Type);
    BOOLEAN Before = 9;
    Print("type %d, state %d\n", Type, State(Timer));
    ShowStatus("not set", NtWaitForSingleObject(Timer, FALSE, MILLISECONDS(10)));
    ShowStatus("set", NtSetTimer(Timer, MILLISECONDS(20), NULL, NULL, FALSE, 0, &Before));
    Print("before: %d\n", Before);
    ShowStatus("wait", NtWaitForSingleObject(Timer, FALSE, NULL));
    ShowStatus("again", NtWaitForSingleObject(Timer, FALSE, MILLISECONDS(0)));
    Print("state %d\n", State(Timer));
    NtSetTimer(Timer, MILLISECONDS(60000), NULL, NULL, FALSE, 0, &Before);
    Print("before: %d, state %d\n", Before, State(Timer));
    ShowStatus("cancel", NtCancelTimer(Timer, &Before));
    Print("state at cancel: %d\n", Before);
    ShowStatus("cancelled", NtWaitForSingleObject(Timer, FALSE, MILLISECONDS(10)));
    ShowStatus("in the past",
               NtSetTimer(Timer, &(LARGE_INTEGER){.QuadPart = 1}, NULL, NULL, FALSE, 0, NULL));
    ShowStatus("is due", NtWaitForSingleObject(Timer, FALSE, MILLISECONDS(1000)));
    NtClose(Timer);
}

static void Periodic(void) {
    HANDLE Timer = Create(1);
    NtSetTimer(Timer, MILLISECONDS(10), NULL, NULL, FALSE, 20, NULL);
    for (int i = 0; i < 4; i++) {
        Print("%x ", NtWaitForSingleObject(Timer, FALSE, NULL));
    }
    NtCancelTimer(Timer, NULL);
    NtWaitForSingleObject(Timer, FALSE, MILLISECONDS(0));
    Print("then %x\n", NtWaitForSingleObject(Timer, FALSE, MILLISECONDS(60)));
    NtClose(Timer);
}

static void Apcs(void) {
    HANDLE Timer = Create(0), Never = EventOf(0);
    NtSetTimer(Timer, MILLISECONDS(10), Due, (PVOID)1, FALSE, 0, NULL);
    Sleep1(50);
    Print("not alertable: %d\n", Calls);
    ShowStatus("alertable", NtWaitForSingleObject(Never, TRUE, MILLISECONDS(60000)));
    ShowStatus("once", NtWaitForSingleObject(Never, TRUE, MILLISECONDS(30)));
    NtSetTimer(Timer, MILLISECONDS(10), Due, (PVOID)2, FALSE, 0, NULL);
    Sleep1(40);
    NtCancelTimer(Timer, NULL);
    ShowStatus("queued, then cancelled", NtWaitForSingleObject(Never, TRUE, MILLISECONDS(10)));
    NtSetTimer(Timer, MILLISECONDS(10), Due, (PVOID)3, FALSE, 0, NULL);
    Sleep1(40);
    NtSetTimer(Timer, MILLISECONDS(60000), Due, (PVOID)4, FALSE, 0, NULL);
    ShowStatus("queued, then set again", NtWaitForSingleObject(Never, TRUE, MILLISECONDS(10)));
    NtClose(Timer);
    NtClose(Never);
}

/* A thread that ends takes its timers' APCs with it; the timer stays. */
static NTSTATUS NTAPI Setter(PVOID Parameter) {
    (void)Parameter;
    NtSetTimer(Keeper, MILLISECONDS(30), Due, (PVOID)6, FALSE, 10, NULL);
    HANDLE Own = Create(0);
    NtSetTimer(Own, MILLISECONDS(1), Due, (PVOID)7, FALSE, 0, NULL);
    Sleep1(40);
    return 0;
}

static void EndsFirst(void) {
    Keeper = Create(0);
    for (int i = 0; i < 5; i++) {
        EndOf(Begin(Setter, NULL, FALSE));
    }
    HANDLE Never = EventOf(0);
    ShowStatus("nothing came", NtWaitForSingleObject(Never, TRUE, MILLISECONDS(50)));
    NtClose(Never);
    ShowStatus("works still", NtSetTimer(Keeper, MILLISECONDS(5), Due, (PVOID)8, FALSE, 0, NULL));
    ShowStatus("apc", NtDelayExecution(TRUE, MILLISECONDS(60000)));
    NtClose(Keeper);
}

static void Names(void) {
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
    InitializeObjectAttributes(&Attributes, &Name, 0, NULL, NULL);
    HANDLE Timer = NULL, Other = NULL, Event = NULL;
    RtlInitUnicodeString(&Name, L"\\BaseNamedObjects\\vitrine timer");
    ShowStatus("create", NtCreateTimer(&Timer, TIMER_ALL, &Attributes, 0));
    ShowStatus("again", NtCreateTimer(&Other, TIMER_ALL, &Attributes, 0));
    ShowStatus("open", NtOpenTimer(&Other, TIMER_ALL, &Attributes));
    ShowStatus("open as an event", NtOpenEvent(&Event, EVENT_ALL_ACCESS, &Attributes));
    NtSetTimer(Other, MILLISECONDS(1), NULL, NULL, FALSE, 0, NULL);
    ShowStatus("it is the same", NtWaitForSingleObject(Timer, FALSE, MILLISECONDS(5000)));
    NtClose(Other);
    NtClose(Timer);
    ShowStatus("gone", NtOpenTimer(&Other, TIMER_ALL, &Attributes));
}

static void Arguments(void) {
    HANDLE Timer = Create(0), Event = EventOf(0), None = NULL;
    HANDLE Weak = Weaker(Timer, 1 | SYNCHRONIZE);
    ULONG64 Information[2];
    ShowStatus("no right to set", NtSetTimer(Weak, MILLISECONDS(1), NULL, NULL, FALSE, 0, NULL));
    ShowStatus("no right to cancel", NtCancelTimer(Weak, NULL));
    ShowStatus("set an event", NtSetTimer(Event, MILLISECONDS(1), NULL, NULL, FALSE, 0, NULL));
    ShowStatus("set stale", NtSetTimer(Stale(), MILLISECONDS(1), NULL, NULL, FALSE, 0, NULL));
    ShowStatus("cancel an event", NtCancelTimer(Event, NULL));
    ShowStatus("class", NtQueryTimer(Timer, 7, Information, sizeof(Information), NULL));
    ShowStatus("short", NtQueryTimer(Timer, 0, Information, 8, NULL));
    ShowStatus("query an event", NtQueryTimer(Event, 0, Information, sizeof(Information), NULL));
    Check("type 2 refused", !NT_SUCCESS(NtCreateTimer(&None, TIMER_ALL, NULL, 2)));
    NtClose(Weak);
    NtClose(Event);
    NtClose(Timer);
}

void Start(void) {
    Once(0);
    Once(1);
    Periodic();
    Apcs();
    EndsFirst();
    Names();
    Arguments();
    Exit(0);
}
