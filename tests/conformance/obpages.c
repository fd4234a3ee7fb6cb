/*
 * A million handles to one event: what they cost, and that all of it comes back when the process
 * that has them ends.
 *
 *     obpages [handles]
 *
 * The parent looks at the machine's memory and pool before a child makes the handles, while it has
 * them, and after it has ended. The first child is not measured: it fills caches that stay.
 */
#include "objects.h"

typedef struct {
    volatile LONG Full, Go;
    ULONG Handles;
    NTSTATUS Status;
} SHARED;

typedef struct {
    ULONG64 Pages; /* committed by the kernel and by processes */
    ULONG64 Available;
    ULONG64 Paged, NonPaged; /* pool bytes of all tags */
} MEMORY;

static SHARED *Shared;

/* SystemPoolTagInformation: a count, then 40 bytes a tag: bytes in paged pool at 16, in the other
 * at 32. */
static MEMORY Look(void) {
    static UCHAR Answer[0x10000];
    MEMORY Memory = {0, 0, 0, 0};
    ULONG Length = 0;
    if (NtQuerySystemInformation(22, Answer, sizeof(Answer), &Length) == 0) {
        for (ULONG i = 0; i < *(ULONG *)Answer; i++) {
            Memory.Paged += AT(Answer, 8 + 40 * i + 16, ULONG64);
            Memory.NonPaged += AT(Answer, 8 + 40 * i + 32, ULONG64);
        }
    }
    ULONG Performance[80] = {0};
    if (NtQuerySystemInformation(2, Performance, 0x138, &Length) == 0 ||
        NtQuerySystemInformation(2, Performance, sizeof(Performance), &Length) == 0) {
        Memory.Available = Performance[11]; /* AvailablePages, CommittedPages */
        Memory.Pages = Performance[12];
    }
    return Memory;
}

static void RunChild(void) {
    HANDLE Event = NULL, Copy;
    NTSTATUS Status = NtCreateEvent(&Event, EVENT_ALL, NULL, 0, FALSE);
    for (ULONG i = 0; i < Shared->Handles && Status == 0; i++) {
        Status = NtDuplicateObject(SELF, Event, SELF, &Copy, 0, 0, DUPLICATE_SAME_ACCESS);
    }
    Shared->Status = Status;
    Shared->Full = TRUE;
    while (!Shared->Go) {
        Sleep1(10);
    }
    Exit(0); /* with all handles open */
}

/* One child, from birth to end; the pool while its table was full. */
static MEMORY OneChild(ULONG Handles) {
    Shared->Full = Shared->Go = 0;
    Shared->Handles = Handles;
    HANDLE Process = SpawnChild(0);
    if (Process == NULL) {
        Print("no second process\n");
        Exit(1);
    }
    while (!Shared->Full) {
        Sleep1(10);
    }
    MEMORY Memory = Look();
    Shared->Go = TRUE;
    NtWaitForSingleObject(Process, FALSE, NULL);
    NtClose(Process);
    return Memory;
}

static BOOL Same(MEMORY One, MEMORY Other) {
    return One.Pages == Other.Pages && One.Available == Other.Available &&
           One.Paged == Other.Paged && One.NonPaged == Other.NonPaged;
}

void Start(void) {
    Shared = MapShared();
    if (IsChildProcess()) {
        RunChild();
    }
    ULONG Handles = (ULONG)NumberArgument(0, 1000000);
    OneChild(Handles);
    Sleep1(200);
    MEMORY Empty = OneChild(0), Before = Look();
    for (ULONG Try = 0; Try < 100; Try++) { /* until the child's remains have been cleared away */
        MEMORY Earlier = Before;
        Sleep1(20);
        Before = Look();
        if (Same(Before, Earlier) && Try > 5) {
            break;
        }
    }
    MEMORY Full = OneChild(Handles);
    /* Nothing is printed before all is measured: that would touch pages of the parent's own. */
    MEMORY After = Look();
    for (ULONG Try = 0; Try < 500 && !Same(Before, After); Try++) {
        Sleep1(20);
        After = Look();
    }
    ULONG64 Bytes = Full.Paged + Full.NonPaged - Empty.Paged - Empty.NonPaged;
    ShowStatus("the last one", Shared->Status);
    if (Bytes > (ULONG64)Handles * 17) {
        Print("%I64u bytes\n", Bytes);
    }
    Check("handles cost at least 16 bytes each", Bytes >= (ULONG64)Handles * 16);
    Check("and at most 17", Bytes <= (ULONG64)Handles * 17);
    Check("pool is as before", After.Paged == Before.Paged && After.NonPaged == Before.NonPaged);
    Check("memory is as before, to the page",
          After.Pages == Before.Pages && After.Available == Before.Available);
    Check("memory is measured", Before.Pages != 0);
    if (!Same(Before, After)) {
        Print("%I64d pages more, %I64d free, %I64d and %I64d bytes of pool more\n",
              After.Pages - Before.Pages, After.Available - Before.Available,
              After.Paged - Before.Paged, After.NonPaged - Before.NonPaged);
    }
    Exit(0);
}
