/*
 * Quota: a greedy program gets STATUS_QUOTA_EXCEEDED while another goes on, for each thing that is
 * charged; what is charged is returned; a charge outlives its process; limits can be asked and set.
 *
 * The child is greedy in one kind of thing, the number on its command line. It tells the status with
 * which it was refused, and holds what it has until the parent has done its own work. With the
 * argument 0 the parent leaves the greedy ones out.
 */
#include "spawn.h"
#include "tap.h"

NTSYS NTSTATUS NTAPI NtCreateMutant(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, BOOLEAN);
NTSYS NTSTATUS NTAPI NtCreateSemaphore(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, LONG, LONG);
NTSYS NTSTATUS NTAPI NtCreateDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtCreateSymbolicLinkObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES,
                                                PUNICODE_STRING);
NTSYS NTSTATUS NTAPI NtCreateIoCompletion(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, ULONG);
NTSYS NTSTATUS NTAPI NtSetIoCompletion(HANDLE, PVOID, PVOID, NTSTATUS, ULONG_PTR);
NTSYS NTSTATUS NTAPI NtRemoveIoCompletion(HANDLE, PVOID *, PVOID *, PIO_STATUS_BLOCK,
                                          PLARGE_INTEGER);

#define QUOTA_EXCEEDED 0xC0000044
#define ALL            0x1F0003
#define LONG_NAME      30000 /* letters */

typedef struct _SHARED {
    volatile LONG Full, Go;
    volatile NTSTATUS Status;
    volatile ULONG Count;
    volatile HANDLE Event; /* of the child */
} SHARED;

static SHARED *Shared;
static HANDLE Port, Single, Held[2048];
static ULONG HeldCount, Serial;
static WCHAR Name[LONG_NAME];

#define FIRST_RANGE 0x200000000000
static ULONG64 NextRange = FIRST_RANGE;

static void NTAPI NoApc(PVOID First, PVOID Second, PVOID Third) {
    (void)First, (void)Second, (void)Third;
}

/* A name that was not used before, of so many letters. */
static POBJECT_ATTRIBUTES NewName(ULONG Letters) {
    static const WCHAR Prefix[] = L"\\BaseNamedObjects\\quota";
    static UNICODE_STRING String;
    static OBJECT_ATTRIBUTES Attributes;
    ULONG Length = AppendText(Name, 0, Prefix, sizeof(Prefix) / 2 - 1);
    ULONG Number = ++Serial;
    Name[Length++] = IsChildProcess() ? 'c' : 'p';
    for (; Length < Letters; Number /= 10) {
        Name[Length++] = (WCHAR)('0' + Number % 10);
    }
    String = (UNICODE_STRING){(USHORT)(Length * 2), (USHORT)(Length * 2), Name};
    InitializeObjectAttributes(&Attributes, &String, 0, NULL, NULL);
    return &Attributes;
}

/* --- what can be had without end: one more of it, as a handle or nothing ---------------------- */

static NTSTATUS OneEvent(PHANDLE Handle) {
    return NtCreateEvent(Handle, ALL, NULL, 0, FALSE);
}
static NTSTATUS OneMutant(PHANDLE Handle) {
    return NtCreateMutant(Handle, ALL, NULL, FALSE);
}
static NTSTATUS OneSemaphore(PHANDLE Handle) {
    return NtCreateSemaphore(Handle, ALL, NULL, 0, 1);
}
static NTSTATUS OneTimer(PHANDLE Handle) {
    return NtCreateTimer(Handle, ALL, NULL, 0);
}
static NTSTATUS OneKeyedEvent(PHANDLE Handle) {
    return NtCreateKeyedEvent(Handle, 0xF0003, NULL, 0);
}
static NTSTATUS OneDirectory(PHANDLE Handle) {
    OBJECT_ATTRIBUTES Attributes = {.Length = sizeof(Attributes)};
    return NtCreateDirectoryObject(Handle, 0xF000F, &Attributes);
}
static NTSTATUS OneLink(PHANDLE Handle) {
    OBJECT_ATTRIBUTES Attributes = {.Length = sizeof(Attributes)};
    UNICODE_STRING Target = {LONG_NAME, LONG_NAME, Name};
    return NtCreateSymbolicLinkObject(Handle, 0xF0001, &Attributes, &Target);
}
static NTSTATUS OnePort(PHANDLE Handle) {
    return NtCreateIoCompletion(Handle, ALL, NULL, 0);
}
static NTSTATUS OneName(PHANDLE Handle) {
    return NtCreateEvent(Handle, ALL, NewName(LONG_NAME), 0, FALSE);
}
static NTSTATUS OneSection(PHANDLE Handle) {
    LARGE_INTEGER Size = {.QuadPart = 4 << 20};
    return NtCreateSection(Handle, SECTION_ALL_ACCESS, NULL, &Size, PAGE_READWRITE, SEC_RESERVE,
                           NULL);
}
static NTSTATUS OneFile(PHANDLE Handle) {
    IO_STATUS_BLOCK Io;
    return NtOpenFile(Handle, FILE_WRITE_DATA | SYNCHRONIZE, NamedBy(L"\\Device\\Spawn"), &Io, 0,
                      0x20);
}
static NTSTATUS OneDuplicate(PHANDLE Handle) {
    return NtDuplicateObject(SELF, Single, SELF, Handle, 0, 0, DUPLICATE_SAME_ACCESS);
}
static NTSTATUS OnePacket(PHANDLE Handle) {
    *Handle = NULL;
    return NtSetIoCompletion(Port, NULL, NULL, 0, 0);
}
static NTSTATUS OneApc(PHANDLE Handle) {
    *Handle = NULL;
    return NtQueueApcThread(SELF_THREAD, NoApc, NULL, NULL, NULL);
}
/* At places of its own choice, so that no gap has to be looked for. */
static NTSTATUS OneRange(PHANDLE Handle) {
    PVOID Base = (PVOID)(NextRange += 0x10000);
    SIZE_T Size = 0x1000;
    *Handle = NULL;
    return NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE, PAGE_READWRITE);
}

static const struct {
    const char *Name;
    NTSTATUS (*One)(PHANDLE Handle);
} Kinds[] = {
    {"events", OneEvent},
    {"mutants", OneMutant},
    {"semaphores", OneSemaphore},
    {"timers", OneTimer},
    {"keyed events", OneKeyedEvent},
    {"directories", OneDirectory},
    {"links", OneLink},
    {"ports", OnePort},
    {"names", OneName},
    {"sections", OneSection},
    {"files", OneFile},
    {"handles", OneDuplicate},
    {"packets", OnePacket},
    {"APCs", OneApc},
    {"ranges of memory", OneRange},
};
#define KINDS (sizeof(Kinds) / sizeof(Kinds[0]))

/* --- the child -------------------------------------------------------------------------------- */

static DECLSPEC_NORETURN void Child(ULONG Kind) {
    HANDLE Handle;
    ULONG Count = 0;
    NtCreateIoCompletion(&Port, ALL, NULL, 0);
    NtCreateEvent(&Single, ALL, NULL, 0, FALSE);
    Shared->Event = Single;
    NTSTATUS Status = 0;
    while (Kind < KINDS && (Status = Kinds[Kind].One(&Handle)) == 0) {
        Count++;
    }
    Shared->Status = Status;
    Shared->Count = Count;
    Shared->Full = TRUE;
    while (!Shared->Go) {
        Sleep1(1);
    }
    Exit(0);
}

static HANDLE StartChild(ULONG Kind) {
    Shared->Full = Shared->Go = 0;
    HANDLE Process = SpawnChild(Kind);
    if (Process == NULL) {
        Print("not ok - no second process: %08x\n", (unsigned)SpawnStatus);
        Exit(1);
    }
    while (!Shared->Full) {
        Sleep1(1);
    }
    return Process;
}

static void EndChild(HANDLE Process) {
    Shared->Go = TRUE;
    NtWaitForSingleObject(Process, FALSE, NULL);
    NtClose(Process);
}

/* --- the parent ------------------------------------------------------------------------------- */

typedef struct _USAGE {
    SIZE_T Paged, NonPaged, PeakPaged, PeakNonPaged;
} USAGE;

static USAGE UsageOf(HANDLE Process) {
    SIZE_T Counters[11] = {0};
    NtQueryInformationProcess(Process, 3, Counters, sizeof(Counters), NULL);
    return (USAGE){Counters[6], Counters[8], Counters[5], Counters[7]};
}

/* How many quota blocks there are, in bytes. */
static ULONG64 QuotaBlocks(void) {
    static UCHAR List[0x8000] __attribute__((aligned(8)));
    if (NtQuerySystemInformation(22, List, sizeof(List), NULL) != 0) {
        return ~0ull;
    }
    for (ULONG i = 0; i < AT(List, 0, ULONG); i++) {
        if (AT(List, 8 + i * 0x28, ULONG) == 0x6F757150) {
            return AT(List, 8 + i * 0x28 + 0x20, SIZE_T);
        }
    }
    return 0;
}

/* Takes back all that Several has made, of packets up to Count. */
static void Undo(ULONG Count) {
    for (; HeldCount != 0; HeldCount--) {
        NtClose(Held[HeldCount - 1]);
    }
    for (ULONG i = 0; i < Count; i++) {
        PVOID Key, Context;
        IO_STATUS_BLOCK Io;
        LARGE_INTEGER Now = {.QuadPart = 0};
        NtRemoveIoCompletion(Port, &Key, &Context, &Io, &Now);
    }
    NtTestAlert();
    for (; NextRange != FIRST_RANGE; NextRange -= 0x10000) {
        PVOID Base = (PVOID)NextRange;
        SIZE_T Size = 0;
        NtFreeVirtualMemory(SELF, &Base, &Size, MEM_RELEASE);
    }
}

static NTSTATUS Several(ULONG Kind, ULONG Count) {
    NTSTATUS Status = 0;
    for (ULONG i = 0; i < Count && Status == 0; i++) {
        Status = Kinds[Kind].One(&Held[HeldCount]);
        HeldCount += Status == 0 && Held[HeldCount] != NULL;
    }
    return Status;
}

/* A hundred of a kind, and none again: what was charged is returned, and the peak has it. */
static void Returns(ULONG Kind) {
    Several(Kind, 300); /* the handle table has grown then, and stays so */
    Undo(300);
    USAGE Before = UsageOf(SELF);
    Several(Kind, 100);
    USAGE Full = UsageOf(SELF);
    Undo(400);
    USAGE After = UsageOf(SELF);
    Print("# %s: %u bytes each\n", Kinds[Kind].Name,
          (unsigned)((Full.Paged + Full.NonPaged - Before.Paged - Before.NonPaged) / 100));
    Expect("they are charged",
           Kind == 11 /* handles: none grows the table */ ||
               Full.Paged + Full.NonPaged >= Before.Paged + Before.NonPaged + 100 * 40,
           TRUE);
    Expect("and the charge is returned: paged", After.Paged, Before.Paged);
    Expect("nonpaged", After.NonPaged, Before.NonPaged);
    Expect("peaks", After.PeakPaged >= Full.Paged && After.PeakNonPaged >= Full.NonPaged, TRUE);
}

/* While the child has all that it may, the parent has what it wants. */
static void GoesOn(ULONG Kind) {
    HANDLE Process = StartChild(Kind);
    NTSTATUS Status = 0;
    for (ULONG i = 0; i < KINDS && Status == 0; i++) {
        Status = Several(i, 20);
    }
    Undo(500);
    Print("# %s: %u until the quota was exceeded\n", Kinds[Kind].Name, (unsigned)Shared->Count);
    Expect("a greedy program is refused", (ULONG)Shared->Status, QUOTA_EXCEEDED);
    Expect("another goes on", (ULONG)Status, 0);
    Expect("many were granted", Shared->Count > 100, TRUE);
    EndChild(Process);
}

/* A process itself goes a moment after its end. */
static void UntilThereAre(ULONG64 Blocks) {
    for (ULONG Try = 0; Try < 500 && QuotaBlocks() != Blocks; Try++) {
        Sleep1(10);
    }
}

/* An event of the child, duplicated here, stays charged to the child's block when that is gone. */
static void Outlives(ULONG64 Blocks) {
    HANDLE Copy = NULL;
    UntilThereAre(Blocks);
    HANDLE Process = StartChild(KINDS);
    USAGE Before = UsageOf(SELF);
    NTSTATUS Status = NtDuplicateObject(Process, Shared->Event, SELF, &Copy, 0, 0, 2);
    Expect("a handle to the child's event", (ULONG)Status, 0);
    Expect("it is the child's charge", UsageOf(SELF).NonPaged, Before.NonPaged);
    EndChild(Process);
    Sleep1(20);
    Expect("the event lives", (ULONG)NtSetEvent(Copy, NULL), 0);
    Expect("and so does the quota block", QuotaBlocks() > Blocks, TRUE);
    NtClose(Copy);
    UntilThereAre(Blocks);
    Expect("until the event is gone", QuotaBlocks(), Blocks);
}

/* --- ProcessQuotaLimits ------------------------------------------------------------------------ */

static NTSTATUS SetLimits(HANDLE Process, SIZE_T Paged, SIZE_T NonPaged) {
    SIZE_T Limits[6] = {Paged, NonPaged};
    return NtSetInformationProcess(Process, 1, Limits, sizeof(Limits));
}

static void Limits(void) {
    SIZE_T Limits[7] = {0}, Again[6] = {0};
    ULONG Length = 0;
    Expect("query, too short", (ULONG)NtQueryInformationProcess(SELF, 1, Limits, 40, NULL),
           0xC0000004);
    Expect("too long", (ULONG)NtQueryInformationProcess(SELF, 1, Limits, 56, NULL), 0xC0000004);
    Expect("query", (ULONG)NtQueryInformationProcess(SELF, 1, Limits, 48, &Length), 0);
    Expect("length", Length, 48);
    Expect("working set, minimum", Limits[2], 204800);
    Expect("working set, maximum", Limits[3], 1413120);
    Expect("no limit of time", Limits[5], ~(SIZE_T)0);
    USAGE Usage = UsageOf(SELF);
    Expect("usage is below the limits", Usage.Paged < Limits[0] && Usage.NonPaged < Limits[1],
           TRUE);
    Expect("set, too short", (ULONG)NtSetInformationProcess(SELF, 1, Limits, 40), 0xC0000004);
    HANDLE Weak = NULL;
    CLIENT_ID Id = {MyProcessId(), NULL};
    OBJECT_ATTRIBUTES Attributes = {.Length = sizeof(Attributes)};
    NtOpenProcess(&Weak, 0x1200 /* query, set information */, &Attributes, &Id);
    Expect("without PROCESS_SET_QUOTA", (ULONG)SetLimits(Weak, 0, 0), 0xC0000022);
    Expect("zero leaves a limit", (ULONG)SetLimits(SELF, 0, 0), 0);
    NtQueryInformationProcess(SELF, 1, Again, sizeof(Again), NULL);
    Expect("it was left", Again[0] == Limits[0] && Again[1] == Limits[1], TRUE);
    Expect("raise paged", (ULONG)SetLimits(SELF, Limits[0] + 1, 0), 0xC0000061);
    Expect("raise nonpaged", (ULONG)SetLimits(SELF, 0, Limits[1] + 1), 0xC0000061);
    Expect("below what is in use", (ULONG)SetLimits(SELF, 1, 0), QUOTA_EXCEEDED);
    SIZE_T Size[6] = {0, 0, 0x1000, 0x2000};
    Expect("working sets cannot be set", (ULONG)NtSetInformationProcess(SELF, 1, Size, 48),
           0xC0000002);
    Usage = UsageOf(SELF);
    Expect("lower", (ULONG)SetLimits(SELF, 0, Usage.NonPaged + 1000), 0);
    Expect("packets up to there", (ULONG)Several(12, 1000), QUOTA_EXCEEDED);
    Expect("no further", UsageOf(SELF).NonPaged <= Usage.NonPaged + 1000, TRUE);
    Undo(1000);
    Expect("and back", UsageOf(SELF).NonPaged, Usage.NonPaged);
    NtQueryInformationProcess(SELF, 1, Again, sizeof(Again), NULL);
    Expect("the new limit", Again[1], Usage.NonPaged + 1000);
    NtClose(Weak);
}

void Start(void) {
    Shared = MapShared();
    if (IsChildProcess()) {
        Child((ULONG)NumberArgument(0, KINDS));
    }
    NtCreateIoCompletion(&Port, ALL, NULL, 0);
    NtCreateEvent(&Single, ALL, NULL, 0, FALSE);
    for (ULONG i = 0; i < KINDS; i++) {
        Returns(i);
    }
    ULONG64 Blocks = QuotaBlocks();
    for (ULONG i = 0; i < KINDS && NumberArgument(0, 1); i++) {
        GoesOn(i);
    }
    Outlives(Blocks);
    Limits();
    Done();
}
