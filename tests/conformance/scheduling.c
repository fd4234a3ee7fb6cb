/*
 * Priorities, affinity, ideal processors and raises through the services, line by line (TAP). What
 * Windows documents; Wine leaves priorities and processors to its host.
 */
#include "threading.h"

#define INVALID_PARAMETER 0xC000000Du
#define LENGTH_MISMATCH   0xC0000004u
#define ACCESS_DENIED     0xC0000022u

typedef struct {
    NTSTATUS ExitStatus;
    PVOID Teb;
    HANDLE Process, Thread;
    ULONG64 AffinityMask;
    LONG Priority, BasePriority;
} BASIC; /* THREAD_BASIC_INFORMATION */

typedef struct {
    ULONG64 Mask;
    USHORT Group, Reserved[3];
} GROUP;

typedef struct {
    USHORT Group;
    UCHAR Number, Reserved;
} PROCESSOR;

static ULONG Number, Processors;
static HANDLE Gate;

static void Expect(const char *What, ULONG64 Value, ULONG64 Wanted) {
    if (Value == Wanted) {
        Print("ok %u - %s\n", ++Number, What);
    } else {
        Print("not ok %u - %s: %I64x, not %I64x\n", ++Number, What, Value, Wanted);
    }
}

static BASIC Basic(HANDLE Thread) {
    BASIC Info = {0};
    NtQueryInformationThread(Thread, 0, &Info, sizeof(Info), NULL);
    return Info;
}

static ULONG SetThread(HANDLE Thread, int Class, LONG Value) {
    return (ULONG)NtSetInformationThread(Thread, Class, &Value, sizeof(Value));
}

static ULONG SetProcess(int Class, ULONG Value) {
    return (ULONG)NtSetInformationProcess(SELF, Class, &Value, sizeof(Value));
}

static ULONG SetClass(UCHAR Class) {
    UCHAR Value[2] = {0, Class}; /* not in the foreground */
    return (ULONG)NtSetInformationProcess(SELF, 18, Value, sizeof(Value));
}

static NTSTATUS NTAPI WaitAtGate(PVOID Parameter) {
    (void)Parameter;
    return NtWaitForSingleObject(Gate, FALSE, NULL);
}

static void Priorities(HANDLE Thread) {
    Expect("normal", (ULONG)Basic(Thread).Priority, 8);
    Expect("priority 0", SetThread(Thread, 2, 0), INVALID_PARAMETER);
    Expect("priority 32", SetThread(Thread, 2, 32), INVALID_PARAMETER);
    Expect("priority 12", SetThread(Thread, 2, 12), 0);
    Expect("is 12", (ULONG)Basic(Thread).Priority, 12);
    Expect("increment 3", SetThread(Thread, 3, 3), INVALID_PARAMETER);
    Expect("increment -3", SetThread(Thread, 3, -3), INVALID_PARAMETER);
    Expect("increment -2", SetThread(Thread, 3, -2), 0);
    Expect("is 6", (ULONG)Basic(Thread).Priority, 6);
    Expect("increment 15", SetThread(Thread, 3, 15), 0);
    Expect("is 15", (ULONG)Basic(Thread).Priority, 15);
    Expect("increment -15", SetThread(Thread, 3, -15), 0);
    Expect("is 1", (ULONG)Basic(Thread).Priority, 1);
    Expect("increment 2", SetThread(Thread, 3, 2), 0);
    SHORT Half = 1;
    Expect("half a number", (ULONG)NtSetInformationThread(Thread, 3, &Half, sizeof(Half)),
           LENGTH_MISMATCH);
}

/* The thread is two above its process. */
static void Classes(HANDLE Thread) {
    static const UCHAR Expected[] = {[1] = 6, [2] = 10, [3] = 15, [4] = 26, [5] = 8, [6] = 12};
    for (UCHAR Class = 1; Class <= 6; Class++) {
        Expect("class", SetClass(Class), 0);
        Expect("thread goes with its process", (ULONG)Basic(Thread).Priority, Expected[Class]);
        SetThread(Thread, 3, 2); /* at the top of its class there was no room for two */
    }
    Expect("class 0", SetClass(0), INVALID_PARAMETER);
    Expect("class 7", SetClass(7), INVALID_PARAMETER);
    Expect("back to normal", SetClass(2), 0);
    Expect("base of the process 0", SetProcess(5, 0), INVALID_PARAMETER);
    Expect("base of the process 32", SetProcess(5, 32), INVALID_PARAMETER);
    Expect("base of the process 9", SetProcess(5, 9), 0);
    Expect("thread is two above", (ULONG)Basic(Thread).Priority, 11);
    Expect("base of the process 8", SetProcess(5, 8), 0);
}

static void Boosts(HANDLE Thread) {
    ULONG Value = 7;
    Expect("thread's raises are on",
           (ULONG)NtQueryInformationThread(Thread, 14, &Value, sizeof(Value), NULL), 0);
    Expect("on", Value, 0);
    Expect("process's raises off", SetProcess(22, 1), 0);
    NtQueryInformationProcess(SELF, 22, &Value, sizeof(Value), NULL);
    Expect("off", Value, 1);
    NtQueryInformationThread(Thread, 14, &Value, sizeof(Value), NULL);
    Expect("off for the thread there is", Value, 1);
    HANDLE Late = Begin(WaitAtGate, NULL, FALSE);
    NtQueryInformationThread(Late, 14, &Value, sizeof(Value), NULL);
    Expect("off for one to come", Value, 1);
    NtClose(Late);
    Expect("process's raises on", SetProcess(22, 0), 0);
    NtQueryInformationThread(Thread, 14, &Value, sizeof(Value), NULL);
    Expect("on for the thread", Value, 0);
    Expect("thread's raises off", SetThread(Thread, 14, 1), 0);
    NtQueryInformationProcess(SELF, 22, &Value, sizeof(Value), NULL);
    Expect("the process's are not", Value, 0);
}

static ULONG SetMask(HANDLE Thread, ULONG64 Mask) {
    return (ULONG)NtSetInformationThread(Thread, 4, &Mask, sizeof(Mask));
}

static ULONG SetProcessMask(ULONG64 Mask) {
    return (ULONG)NtSetInformationProcess(SELF, 21, &Mask, sizeof(Mask));
}

static ULONG SetGroup(HANDLE Thread, GROUP Group) {
    return (ULONG)NtSetInformationThread(Thread, 30, &Group, sizeof(Group));
}

static void Affinity(HANDLE Thread) {
    ULONG64 All = (1ull << Processors) - 1, Last = 1ull << (Processors - 1);
    GROUP Group;
    Expect("all processors", Basic(Thread).AffinityMask, All);
    Expect("none", SetMask(Thread, 0), INVALID_PARAMETER);
    Expect("one that is not there", SetMask(Thread, All + 1), INVALID_PARAMETER);
    Expect("one of them is not there", SetMask(Thread, 2 * All + 1), INVALID_PARAMETER);
    Expect("the last", SetMask(Thread, Last), 0);
    Expect("is the last", Basic(Thread).AffinityMask, Last);
    Expect("by group", (ULONG)NtQueryInformationThread(Thread, 30, &Group, sizeof(Group), NULL), 0);
    Expect("is the last by group", Group.Mask, Last);
    Expect("is in group 0", Group.Group, 0);
    Expect("all by group", SetGroup(Thread, (GROUP){.Mask = All}), 0);
    Expect("another group", SetGroup(Thread, (GROUP){.Mask = All, .Group = 1}), INVALID_PARAMETER);
    Expect("reserved", SetGroup(Thread, (GROUP){.Mask = All, .Reserved = {1}}), INVALID_PARAMETER);
    Expect("none by group", SetGroup(Thread, (GROUP){0}), INVALID_PARAMETER);
    Expect("process: none", SetProcessMask(0), INVALID_PARAMETER);
    Expect("process: one that is not there", SetProcessMask(All + 1), INVALID_PARAMETER);
    Expect("process: the last", SetProcessMask(Last), 0);
    Expect("its thread too", Basic(Thread).AffinityMask, Last);
    if (Processors > 1) {
        Expect("outside the process", SetMask(Thread, 1), INVALID_PARAMETER);
    }
    Expect("process: all", SetProcessMask(All), 0);
}

static void Ideal(HANDLE Thread) {
    PROCESSOR Now = {0}, Away = {.Number = (UCHAR)Processors}, Other = {.Group = 1};
    ULONG Last = Processors - 1;
    SetThread(Thread, 13, (LONG)Last);
    Expect("asked for", SetThread(Thread, 13, 64), Last);
    Expect("none such", SetThread(Thread, 13, 65), INVALID_PARAMETER);
    Expect("0, was the last", SetThread(Thread, 13, 0), Last);
    Expect("not there: unchanged", SetThread(Thread, 13, 63), 0);
    Expect("ex", (ULONG)NtQueryInformationThread(Thread, 33, &Now, sizeof(Now), NULL), 0);
    Expect("is 0", Now.Number, 0);
    Now.Number = (UCHAR)Last;
    Expect("ex: the last", (ULONG)NtSetInformationThread(Thread, 33, &Now, sizeof(Now)), 0);
    Expect("is the last", SetThread(Thread, 13, 64), Last);
    Expect("ex: not there", (ULONG)NtSetInformationThread(Thread, 33, &Away, sizeof(Away)),
           INVALID_PARAMETER);
    Expect("ex: another group", (ULONG)NtSetInformationThread(Thread, 33, &Other, sizeof(Other)),
           INVALID_PARAMETER);
}

static void Rights(HANDLE Thread) {
    HANDLE Weak = NULL;
    NtDuplicateObject(SELF, Thread, SELF, &Weak, THREAD_QUERY_INFORMATION, 0, 0);
    Expect("priority without the right", SetThread(Weak, 2, 9), ACCESS_DENIED);
    Expect("affinity without the right", SetMask(Weak, 1), ACCESS_DENIED);
    Expect("ideal processor without the right", SetThread(Weak, 13, 0), ACCESS_DENIED);
    NtClose(Weak);
}

void Start(void) {
    NtCreateEvent(&Gate, EVENT_ALL_ACCESS, NULL, 0, FALSE);
    for (ULONG64 Mask = Basic(SELF_THREAD).AffinityMask; Mask; Mask &= Mask - 1) {
        Processors++;
    }
    HANDLE Thread = Begin(WaitAtGate, NULL, FALSE);
    Priorities(Thread);
    Classes(Thread);
    Boosts(Thread);
    Affinity(Thread);
    Ideal(Thread);
    Rights(Thread);
    NtSetEvent(Gate, NULL);
    NtWaitForSingleObject(Thread, FALSE, NULL);
    Print("1..%u\n", Number);
    Exit(0);
}
