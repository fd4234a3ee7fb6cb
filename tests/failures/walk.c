/*
 * walk.c - failure injection: for each service, the n-th allocation fails, for every n
 *
 * Runs in the checked build only, whose NtSystemDebugControl can refuse memory to the calling
 * thread. Each row of services.h is called as it is first, then with its first allocation refused,
 * then with the second, and so on until a call gets through without a refusal; and the same again
 * with all allocations from the n-th on refused. After each call everything must be counted as it
 * was before: handles, objects and handles by type, pool by tag.
 *
 * Output: "ok - SERVICE WHAT: N refusals" for each row, "not ok - ..." with the reason otherwise.
 */
#include "walk.h"

#define FAIL_ALLOCATIONS 0x100 /* SysDbgFailAllocations */
#define MANY             2000  /* no service allocates that often */
#define HANDLES_TO_GROW  1200
#define SLACK            4   /* pages that pool may keep */
#define PATIENCE         500 /* looks for a state that must come; a hang detector */

NTSYS NTSTATUS NTAPI NtSystemDebugControl(int, PVOID, ULONG, PVOID, ULONG, PULONG);

typedef struct _FAILURE {
    ULONG First, Number, Allocations, Refused;
} FAILURE;

static FAILURE Result;
static ULONG Quota; /* refusals that were charges */

/* The call with Number allocations refused from the First on; what happened is in Result. */
static NTSTATUS Refuse(const ROW *Row, ULONG First, ULONG Number) {
    FAILURE Request = {.First = First, .Number = Number};
    NtSystemDebugControl(FAIL_ALLOCATIONS, &Request, sizeof(Request), NULL, 0, NULL);
    NTSTATUS Status = Row->Call();
    NtSystemDebugControl(FAIL_ALLOCATIONS, NULL, 0, &Result, sizeof(Result), NULL);
    return Status;
}

/* Threads and deferred deletions take their time: waits until everything is as it was. */
static const char *Settle(const STATE *Before) {
    static STATE Now;
    const char *Difference = NULL;
    for (ULONG i = 0; i < PATIENCE; i++) {
        TakeState(&Now);
        Difference = CompareStates(Before, &Now);
        if (Difference == NULL) {
            break;
        }
        Sleep1(1);
    }
    return Difference;
}

/*
 * The state after a row's first calls: all objects are gone again, but its pool may have grown, and
 * counts when it has come to rest.
 */
static void TakeBase(const STATE *Start, STATE *Base) {
    static STATE Again;
    for (ULONG i = 0; i < PATIENCE; i++) {
        TakeState(Base);
        Sleep1(1);
        TakeState(&Again);
        if (CompareObjects(Start, Base) == NULL && CompareStates(Base, &Again) == NULL) {
            break;
        }
    }
}

static BOOL Allowed(const ROW *Row, NTSTATUS Status) {
    switch (Status) {
    case STATUS_INSUFFICIENT_RESOURCES:
        return (Row->Allowed & POOL) != 0;
    case STATUS_QUOTA_EXCEEDED:
        Quota++;
        return (Row->Allowed & (POOL | MEMORY)) != 0;
    case STATUS_NO_MEMORY:
    case STATUS_COMMITMENT_LIMIT:
        return (Row->Allowed & MEMORY) != 0;
    default:
        return Status >= 0 && (Row->Allowed & TOLERANT) != 0;
    }
}

static BOOL Fails(const ROW *Row, ULONG n, const char *Why, NTSTATUS Status) {
    Print("not ok - %s %s: allocation %u refused: %s (%08x)\n", Row->Service, Row->What, n, Why,
          (unsigned)Status);
    return FALSE;
}

/* One step of the walk. Sets *Done when nothing was left to refuse. */
static BOOL Step(const ROW *Row, const STATE *Before, ULONG n, ULONG Number, BOOL *Done) {
    NTSTATUS Status = Refuse(Row, n, Number);
    ULONG Refused = Result.Refused;
    if (Status >= 0) {
        Row->Undo();
    }
    if (Refused == 0 ? Status < 0 : !Allowed(Row, Status)) {
        return Fails(Row, n, "wrong status", Status);
    }
    const char *Difference = Settle(Before);
    if (Difference != NULL) {
        return Fails(Row, n, Difference, Status);
    }
    *Done = Refused == 0;
    return TRUE;
}

static BOOL Walk(const ROW *Row, const STATE *Before, ULONG Number, ULONG *Refusals) {
    BOOL Done = FALSE;
    for (ULONG n = 1; !Done; n++) {
        if (n == MANY) {
            return Fails(Row, n, "no end", 0);
        }
        if (!Step(Row, Before, n, Number, &Done)) {
            return FALSE;
        }
        *Refusals += !Done;
    }
    return TRUE;
}

static void WalkRow(const ROW *Row) {
    static STATE Start, Before;
    ULONG Refusals = 0;
    TakeState(&Start);
    for (ULONG i = 0; i < 2; i++) { /* what grows with the first use has grown then */
        NTSTATUS Status = Refuse(Row, 0, 0);
        if (Status < 0) {
            Fails(Row, 0, "fails by itself", Status);
            return;
        }
        Row->Undo();
    }
    TakeBase(&Start, &Before);
    if (!Walk(Row, &Before, ~0u, &Refusals) || !Walk(Row, &Before, 1, &Refusals)) {
        return;
    }
    /* Once more, now that pool has what it needs: no page may be missing. */
    ULONG Pages = AvailablePages(), Again = 0;
    if (!Walk(Row, &Before, 1, &Again)) {
        return;
    }
    if (AvailablePages() + SLACK < Pages) {
        Print("not ok - %s %s: %u pages are missing\n", Row->Service, Row->What,
              Pages - AvailablePages());
    } else {
        Print("ok - %s %s: %u refusals\n", Row->Service, Row->What, Refusals);
    }
}

static BOOL FailsToGrow(ULONG Held, const char *Why, NTSTATUS Status) {
    Print("not ok - %s %s: %u handles: %s (%08x)\n", GrowthRow.Service, GrowthRow.What, Held, Why,
          (unsigned)Status);
    return FALSE;
}

/* One more handle, with each of the allocations that this takes refused before. */
static BOOL GrowByOne(ULONG Held, ULONG *Refusals) {
    static STATE First, Now;
    for (ULONG n = 1; n < MANY; n++) {
        NTSTATUS Status = Refuse(&GrowthRow, n, 1);
        if (Result.Refused == 0) {
            return Status == STATUS_SUCCESS || FailsToGrow(Held, "fails by itself", Status);
        }
        Quota += Status == STATUS_QUOTA_EXCEEDED;
        if (Status != STATUS_INSUFFICIENT_RESOURCES && Status != STATUS_QUOTA_EXCEEDED) {
            return FailsToGrow(Held, "wrong status", Status);
        }
        *Refusals += 1;
        TakeState(n == 1 ? &First : &Now);
        if (n != 1 && CompareStates(&First, &Now) != NULL) {
            return FailsToGrow(Held, CompareStates(&First, &Now), Status);
        }
    }
    return FailsToGrow(Held, "no end", 0);
}

/*
 * A handle table only grows, so a row of the list would find it grown after its first step. Here
 * each step that grows it is walked on its own: from one leaf to two levels and some leaves on.
 */
static void WalkGrowth(void) {
    ULONG Refusals = 0, Held = 0;
    Refuse(&GrowthRow, 0, 0); /* its code is in memory then */
    GrowthRow.Undo();
    while (Held < HANDLES_TO_GROW && GrowByOne(Held, &Refusals)) {
        Held++;
    }
    for (ULONG i = Held; i--;) {
        GrowthRow.Undo();
    }
    if (Held == HANDLES_TO_GROW && Refusals != 0) {
        Print("ok - %s %s: %u refusals\n", GrowthRow.Service, GrowthRow.What, Refusals);
    }
}

void Start(void) {
    Prepare();
    WalkGrowth();
    for (ULONG i = 0; i < RowCount; i++) {
        WalkRow(&Rows[i]);
    }
    Print("%u charges refused\n1..%u\n", Quota, RowCount + 1);
    Exit(0);
}
