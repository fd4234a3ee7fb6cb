/*
 * Races between the services on objects, on several processors: closing against using, duplicating
 * and opening by name, one handle closed by all, values used again, directories read while they
 * change, threads and processes that end while others open them or duplicate into them, timers that
 * expire while they are closed.
 *
 *     obraces [rounds]
 *
 * Every status must be one that the service documents for that moment, and after each race there
 * must be as many objects and handles as before it. One line for each race.
 */
#include "objects.h"

#define RACERS 8

NTSYS NTSTATUS NTAPI NtQuerySemaphore(HANDLE, int, PVOID, ULONG, PULONG);

typedef struct {
    PCSTR Name;
    void (*Prepare)(void);    /* by one thread, before each round */
    void (*Act)(ULONG Racer); /* by all at once */
    void (*Clear)(void);      /* by one thread, after it */
    ULONG Share;              /* of the rounds asked for: one in so many */
} RACE;

static volatile LONG Arrived, Turn, Surprises, Successes;
static const RACE *Race;
static ULONG Rounds;
static ULONG64 States[RACERS];
static HANDLE Shared, Root, Child;
static HANDLE Copies[RACERS];
static volatile HANDLE LastId;

#define NAME_NOT_FOUND ((NTSTATUS)0xC0000034)
#define COLLISION      ((NTSTATUS)0xC0000035)
#define BAD_HANDLE     ((NTSTATUS)0xC0000008)
#define BAD_CID        ((NTSTATUS)0xC000000B)
#define TERMINATING    ((NTSTATUS)0xC000010A)
#define NOT_CLOSABLE   ((NTSTATUS)0xC0000235)

static void Expect(PCSTR What, BOOL Right, ULONG Value) {
    if (!Right && InterlockedIncrement(&Surprises) <= 10) {
        Print("%s: %s: %08x\n", Race->Name, What, (unsigned)Value);
    }
}

static void ExpectStatus(PCSTR What, NTSTATUS Status, NTSTATUS Other) {
    Expect(What, Status == STATUS_SUCCESS || Status == Other, (ULONG)Status);
}

static ULONG Pick(ULONG Racer, ULONG Limit) {
    return Random(&States[Racer], Limit);
}

/* A moment of a random length, so that the racers meet at different places. */
static void Dawdle(ULONG Racer) {
    for (volatile ULONG i = Pick(Racer, 200); i != 0; i--) {
    }
}

static POBJECT_ATTRIBUTES Named(OBJECT_ATTRIBUTES *Attributes, UNICODE_STRING *Name, PCWSTR Text,
                                ULONG Flags) {
    RtlInitUnicodeString(Name, Text);
    InitializeObjectAttributes(Attributes, Name, Flags, Root, NULL);
    return Attributes;
}

/* --- one handle ----------------------------------------------------------------------------- */

static void MakeEvent(void) {
    Expect("create", NtCreateEvent(&Shared, EVENT_ALL, NULL, 0, TRUE) == 0, 0);
    Successes = 0;
}

static void CloseIt(ULONG Racer) {
    (void)Racer;
    NTSTATUS Status = NtClose(Shared);
    ExpectStatus("close", Status, BAD_HANDLE);
    if (Status == 0) {
        InterlockedIncrement(&Successes);
    }
}

static void OneClosed(void) {
    Expect("closed once", Successes == 1, (ULONG)Successes);
}

static void UseOrClose(ULONG Racer) {
    LARGE_INTEGER Now = {.QuadPart = 0};
    ULONG State[2];
    Dawdle(Racer);
    switch (Racer % 4) {
    case 0:
        ExpectStatus("set", NtSetEvent(Shared, NULL), BAD_HANDLE);
        break;
    case 1:
        ExpectStatus("wait", NtWaitForSingleObject(Shared, FALSE, &Now), BAD_HANDLE);
        break;
    case 2:
        ExpectStatus("query", NtQueryObject(Shared, 4, State, 2, NULL), BAD_HANDLE);
        break;
    default:
        CloseIt(Racer);
    }
}

static void DuplicateOrClose(ULONG Racer) {
    HANDLE Copy = NULL;
    Dawdle(Racer);
    if (Racer % 4 == 3) {
        CloseIt(Racer);
        return;
    }
    NTSTATUS Status = NtDuplicateObject(SELF, Shared, SELF, &Copy, 0, 0, DUPLICATE_SAME_ACCESS);
    ExpectStatus("duplicate", Status, BAD_HANDLE);
    if (Status == 0) {
        /* The copy may have got the value that has just been closed: then it is closed too. */
        Copies[Racer] = Copy;
    }
}

static void CloseCopies(void) {
    for (ULONG i = 0; i < RACERS; i++) {
        if (Copies[i] != NULL) {
            ExpectStatus("close a copy", NtClose(Copies[i]), BAD_HANDLE);
            Copies[i] = NULL;
        }
    }
}

static void ProtectOrClose(ULONG Racer) {
    BYTE Flags[2] = {0, Racer % 2 == 0};
    Dawdle(Racer);
    if (Racer < 4) {
        ExpectStatus("set flags", NtSetInformationObject(Shared, 4, Flags, 2), BAD_HANDLE);
    } else {
        NTSTATUS Status = NtClose(Shared);
        Expect("close", Status == 0 || Status == BAD_HANDLE || Status == NOT_CLOSABLE,
               (ULONG)Status);
    }
}

static void CloseProtected(void) {
    BYTE Flags[2] = {0, 0};
    NtSetInformationObject(Shared, 4, Flags, 2);
    ExpectStatus("close", NtClose(Shared), BAD_HANDLE);
}

/* --- values used again ---------------------------------------------------------------------- */

/* Whatever others open and close: a handle leads to the object that it was made for. */
static void OwnObjects(ULONG Racer) {
    for (LONG i = 0; i < 20; i++) {
        HANDLE Handle = NULL;
        LONG State[2] = {0, 0}, Limit = (LONG)(Racer + 1) * 1000 + i;
        NTSTATUS Status = NtCreateSemaphore(&Handle, SEMAPHORE_ALL, NULL, 0, Limit);
        Expect("create", Status == 0, (ULONG)Status);
        Status = NtQuerySemaphore(Handle, 0, State, sizeof(State), NULL);
        Expect("query", Status == 0 && State[1] == Limit, (ULONG)State[1]);
        Status = NtClose(Handle);
        Expect("close", Status == 0, (ULONG)Status);
    }
}

/* --- names ------------------------------------------------------------------------------------ */

static void LastCloseOrOpen(ULONG Racer) {
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    HANDLE Handle = NULL;
    NTSTATUS Status;
    for (ULONG i = 0; i < 10; i++) {
        if (Racer % 2 == 0) {
            Status = NtCreateEvent(&Handle, EVENT_ALL, Named(&Attributes, &Name, L"Fleeting", 0), 0,
                                   FALSE);
            ExpectStatus("create", Status, COLLISION);
        } else {
            Status = NtOpenEvent(&Handle, EVENT_ALL, Named(&Attributes, &Name, L"Fleeting", 0));
            ExpectStatus("open", Status, NAME_NOT_FOUND);
        }
        if (Status == 0) {
            Status = NtSetEvent(Handle, NULL);
            Expect("set", Status == 0, (ULONG)Status);
            NtClose(Handle);
        }
    }
}

static NTSTATUS(NTAPI *MakePermanent)(HANDLE);

/* Before the race: threads that meet in the loader make an event there, which stays. */
static void FindMakePermanent(void) {
    MakePermanent = (NTSTATUS(NTAPI *)(HANDLE))NtdllExport("NtMakePermanentObject");
}

/* Named for good and for a while, by turns; nobody's handle or name may be lost by that. */
static void ChangePermanence(ULONG Racer) {
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    HANDLE Handle = NULL;
    for (ULONG i = 0; i < 10; i++) {
        NTSTATUS Status = NtCreateMutant(&Handle, MUTANT_ALL,
                                         Named(&Attributes, &Name, L"Wavering", OBJ_OPENIF), FALSE);
        Expect("create", NT_SUCCESS(Status), (ULONG)Status);
        if (Pick(Racer, 2)) {
            Expect("make permanent", MakePermanent(Handle) == 0, 0);
        } else {
            Expect("make temporary", NtMakeTemporaryObject(Handle) == 0, 0);
        }
        NtClose(Handle);
    }
}

static void LetGo(void) {
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    HANDLE Handle = NULL;
    NTSTATUS Status = NtOpenMutant(&Handle, DELETE, Named(&Attributes, &Name, L"Wavering", 0));
    ExpectStatus("open", Status, NAME_NOT_FOUND);
    if (Status == 0) {
        NtMakeTemporaryObject(Handle);
        NtClose(Handle);
        Status = NtOpenMutant(&Handle, DELETE, Named(&Attributes, &Name, L"Wavering", 0));
        Expect("gone", Status == NAME_NOT_FOUND, (ULONG)Status);
    }
}

/* Half of them fill and empty the directory, the others read it. */
static void ListOrChange(ULONG Racer) {
    UCHAR Buffer[700];
    DIRECTORY_ENTRY *Listed = (DIRECTORY_ENTRY *)Buffer;
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    WCHAR Text[] = L"Name00";
    if (Racer % 2 == 0) {
        HANDLE Handles[6] = {0};
        for (ULONG i = 0; i < 6; i++) {
            Text[4] = (WCHAR)('0' + Racer);
            Text[5] = (WCHAR)('0' + i);
            NTSTATUS Status =
                NtCreateEvent(&Handles[i], EVENT_ALL, Named(&Attributes, &Name, Text, 0), 0, FALSE);
            Expect("create", Status == 0, (ULONG)Status);
        }
        for (ULONG i = 0; i < 6; i++) {
            NtClose(Handles[i]);
        }
        return;
    }
    ULONG Context = 0;
    for (ULONG Try = 0; Try < 100; Try++) {
        NTSTATUS Status = NtQueryDirectoryObject(Root, Buffer, sizeof(Buffer), Racer % 4 == 1,
                                                 FALSE, &Context, NULL);
        if (Status == STATUS_NO_MORE_ENTRIES) {
            return;
        }
        ExpectStatus("list", Status, STATUS_MORE_ENTRIES);
        for (ULONG i = 0; NT_SUCCESS(Status) && Listed[i].Name.Length != 0; i++) {
            Expect("a name", Listed[i].Name.Length == 12 && Listed[i].Name.Buffer[0] == 'N',
                   Listed[i].Name.Length);
            Expect("a type", Listed[i].TypeName.Length == 10, Listed[i].TypeName.Length);
        }
    }
}

/* --- threads and processes -------------------------------------------------------------------- */

static NTSTATUS NTAPI Mayfly(PVOID Parameter) {
    (void)Parameter;
    RtlExitUserThread(0);
    return 0;
}

static void OpenTheThread(void) {
    CLIENT_ID Id = {NULL, (HANDLE)LastId};
    OBJECT_ATTRIBUTES Attributes = {.Length = sizeof(Attributes)};
    HANDLE Thread = NULL;
    if (Id.UniqueThread == NULL) {
        return;
    }
    NTSTATUS Status = NtOpenThread(&Thread, THREAD_QUERY_INFORMATION, &Attributes, &Id);
    ExpectStatus("open", Status, BAD_CID);
    if (Status == 0) {
        ULONG64 Information[6];
        Status = NtQueryInformationThread(Thread, 0, Information, sizeof(Information), NULL);
        Expect("query", Status == 0, (ULONG)Status);
        NtClose(Thread);
    }
}

static void ThreadEndOrOpen(ULONG Racer) {
    for (ULONG i = 0; i < 4; i++) {
        if (Racer == 0) {
            HANDLE Thread = Begin(Mayfly, NULL, FALSE);
            LastId = ThreadIdOf(Thread);
            EndOf(Thread);
        } else {
            Dawdle(Racer);
            OpenTheThread();
        }
    }
}

static void StartChild(void) {
    MakeEvent();
    Child = SpawnChild(1);
    Expect("second process", Child != NULL, 0);
}

/* One ends it, the others go on putting handles into its table and closing them there. */
static void ProcessEndOrDuplicate(ULONG Racer) {
    if (Racer == 0) {
        Dawdle(Racer);
        NTSTATUS Status = NtTerminateProcess(Child, 5);
        Expect("terminate", Status == 0, (ULONG)Status);
        return;
    }
    for (ULONG i = 0; i < 20; i++) {
        HANDLE Copy = NULL;
        NTSTATUS Status =
            NtDuplicateObject(SELF, Shared, Child, &Copy, 0, 0, DUPLICATE_SAME_ACCESS);
        ExpectStatus("duplicate", Status, TERMINATING);
        if (Status == 0 && Pick(Racer, 2)) {
            Status = NtDuplicateObject(Child, Copy, NULL, NULL, 0, 0, DUPLICATE_CLOSE_SOURCE);
            Expect("close there", Status == 0 || Status == TERMINATING || Status == BAD_HANDLE,
                   (ULONG)Status);
        }
    }
}

static void ChildIsGone(void) {
    BASIC_INFORMATION Basic;
    NtWaitForSingleObject(Child, FALSE, NULL);
    NTSTATUS Status = NtQueryObject(Shared, 0, &Basic, sizeof(Basic), NULL);
    Expect("its handles are closed", Status == 0 && Basic.HandleCount == 1, Basic.HandleCount);
    Status = NtDuplicateObject(SELF, Shared, Child, NULL, 0, 0, DUPLICATE_SAME_ACCESS);
    Expect("duplicate into it", Status == TERMINATING, (ULONG)Status);
    NtClose(Child);
    NtClose(Shared);
}

/* --- timers ----------------------------------------------------------------------------------- */

#define TIMERS 32

static HANDLE Timers[RACERS / 2][TIMERS];
static volatile LONG TimersSet[RACERS / 2];

static void NTAPI NoTimerApc(PVOID Context, ULONG Low, LONG High) {
    (void)Context, (void)Low, (void)High;
}

static void SetTimers(ULONG Racer, HANDLE *Of) {
    for (ULONG i = 0; i < TIMERS; i++) {
        NTSTATUS Status = NtCreateTimer(&Of[i], TIMER_ALL, NULL, (int)(i % 2));
        Expect("create", Status == 0, (ULONG)Status);
    }
    LARGE_INTEGER Due = {.QuadPart = -1 - (LONGLONG)Pick(Racer, 3) * 5000};
    for (ULONG i = 0; i < TIMERS; i++) {
        NTSTATUS Status = NtSetTimer(Of[i], &Due, NoTimerApc, NULL, FALSE, 0, NULL);
        Expect("set", Status == 0, (ULONG)Status);
    }
}

/* One sets timers, which expire on its processor; its partner sees the first and closes them all. */
static void TimerExpiryOrClose(ULONG Racer) {
    ULONG Pair = Racer / 2;
    if (Racer % 2 == 0) {
        SetTimers(Racer, Timers[Pair]);
        TimersSet[Pair] = 1;
        while (TimersSet[Pair] != 0) {
            NtDelayExecution(TRUE, MILLISECONDS(1)); /* APCs */
        }
        return;
    }
    while (TimersSet[Pair] == 0) {
        NtYieldExecution();
    }
    ULONG64 State[2] = {0, 0}; /* RemainingTime, TimerState */
    while ((UCHAR)State[1] == 0) {
        NtQueryTimer(Timers[Pair][0], 0, State, sizeof(State), NULL);
    }
    Dawdle(Racer);
    for (ULONG i = 0; i < TIMERS; i++) {
        NTSTATUS Status = Pick(Racer, 2) ? NtCancelTimer(Timers[Pair][i], NULL) : 0;
        Expect("cancel", Status == 0, (ULONG)Status);
        Status = NtClose(Timers[Pair][i]);
        Expect("close", Status == 0, (ULONG)Status);
    }
    TimersSet[Pair] = 0;
}

/* --- the races -------------------------------------------------------------------------------- */

static const RACE Races[] = {
    {"close against close", MakeEvent, CloseIt, OneClosed, 1},
    {"close against use", MakeEvent, UseOrClose, OneClosed, 1},
    {"close against duplicate", MakeEvent, DuplicateOrClose, CloseCopies, 1},
    {"close against protect", MakeEvent, ProtectOrClose, CloseProtected, 1},
    {"values used again", NULL, OwnObjects, NULL, 4},
    {"last close against open", NULL, LastCloseOrOpen, NULL, 4},
    {"temporary against permanent", FindMakePermanent, ChangePermanence, LetGo, 4},
    {"directory read while it changes", NULL, ListOrChange, NULL, 4},
    {"thread end against open", NULL, ThreadEndOrOpen, NULL, 10},
    {"timer expiry against close", NULL, TimerExpiryOrClose, NULL, 1},
    {"process end against duplicate", StartChild, ProcessEndOrDuplicate, ChildIsGone, 20},
};

static void Barrier(void) {
    LONG Now = Turn;
    if (InterlockedIncrement(&Arrived) == RACERS) {
        Arrived = 0;
        InterlockedIncrement(&Turn);
        return;
    }
    while (Turn == Now) {
        NtYieldExecution();
    }
}

/*
 * Threads begin and end one after the other: ntdll's locks, contended for the first time, would
 * make events of their own, and those stay.
 */
static volatile LONG Started, Ending;

static NTSTATUS NTAPI Run(PVOID Parameter) {
    ULONG Racer = (ULONG)(ULONG_PTR)Parameter;
    InterlockedIncrement(&Started);
    States[Racer] = SeedOf(Racer + 1);
    for (ULONG i = 0; i < Rounds / Race->Share; i++) {
        if (Racer == 0 && Race->Prepare != NULL) {
            Race->Prepare();
        }
        Barrier();
        Race->Act(Racer);
        Barrier();
        if (Racer == 0 && Race->Clear != NULL) {
            Race->Clear();
        }
        Barrier();
    }
    while (Ending != (LONG)Racer) {
        Sleep1(1);
    }
    RtlExitUserThread(0);
    return 0;
}

static BOOL AsBefore(const TOTALS *Before, BOOL Tell) {
    for (KIND Kind = Directory; Kind < KINDS; Kind++) {
        TOTALS Now = Totals(Kind);
        if (Now.Objects != Before[Kind].Objects || Now.Handles != Before[Kind].Handles) {
            if (Tell) {
                Print("%s: %u objects, %u handles, not %u, %u\n", Kinds[Kind].Name,
                      (unsigned)Now.Objects, (unsigned)Now.Handles, (unsigned)Before[Kind].Objects,
                      (unsigned)Before[Kind].Handles);
            }
            return FALSE;
        }
    }
    return TRUE;
}

static void RunRace(const RACE *This) {
    HANDLE Threads[RACERS];
    TOTALS Before[KINDS];
    ULONG Handles = HandleCountOf(SELF);
    for (KIND Kind = Directory; Kind < KINDS; Kind++) {
        Before[Kind] = Totals(Kind);
    }
    Race = This;
    Surprises = Started = 0;
    Ending = -1;
    for (ULONG_PTR i = 0; i < RACERS; i++) {
        Threads[i] = Begin(Run, (PVOID)i, FALSE);
        while (Started != (LONG)i + 1) {
            Sleep1(1);
        }
    }
    for (LONG i = 0; i < RACERS; i++) {
        Ending = i;
        EndOf(Threads[i]);
    }
    for (ULONG Try = 0; Try < 500 && !AsBefore(Before, FALSE); Try++) {
        Sleep1(10); /* what a process had goes a moment after its end */
    }
    Expect("objects are as many as before", AsBefore(Before, TRUE), 0);
    Expect("handles are as many as before", HandleCountOf(SELF) == Handles, HandleCountOf(SELF));
    Print("%s: %u surprises\n", This->Name, (unsigned)Surprises);
}

void Start(void) {
    if (IsChildProcess()) {
        for (;;) {
            Sleep1(1000);
        }
    }
    Rounds = (ULONG)NumberArgument(0, 100);
    OBJECT_ATTRIBUTES Attributes = {.Length = sizeof(Attributes)};
    NtCreateDirectoryObject(&Root, DIRECTORY_ALL, &Attributes);
    for (ULONG i = 0; i < ARRAYSIZE(Races); i++) {
        RunRace(&Races[i]);
    }
    Exit(0);
}
