/*
 * Virtual memory against a model: random operations on parts of a few ranges, with the state,
 * protection and contents of every page known. By seed, so that each run does the same.
 */
#include "nt.h"

#define RANGES     6
#define MAX_PAGES  600 /* a range may reach over a page table: 512 pages */
#define OPERATIONS 6000

typedef struct _RANGE {
    PUCHAR Base; /* NULL: free */
    ULONG First; /* pages [First, Last) are still reserved; releasing parts narrows it */
    ULONG Last;
    ULONG Protect[MAX_PAGES]; /* 0: not committed */
    UCHAR Fill[MAX_PAGES];    /* what the page's first and last byte hold */
} RANGE;

static RANGE Ranges[RANGES];
static ULONG64 Seed = 88172645463325252ull;
static ULONG Surprises;

static ULONG Random(ULONG Limit) {
    Seed ^= Seed << 13;
    Seed ^= Seed >> 7;
    Seed ^= Seed << 17;
    return (ULONG)(Seed % Limit);
}

static void Expect(const char *What, BOOL Right) {
    if (!Right && ++Surprises <= 10) {
        Print("surprise: %s\n", What);
    }
}

static ULONG RandomProtection(void) {
    static const ULONG Kinds[] = {PAGE_READWRITE, PAGE_READWRITE,    PAGE_READONLY,
                                  PAGE_NOACCESS,  PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE};
    return Kinds[Random(6)];
}

static BOOL Writable(ULONG Protect) {
    return Protect == PAGE_READWRITE || Protect == PAGE_EXECUTE_READWRITE;
}

static BOOL Readable(ULONG Protect) {
    return Protect != 0 && Protect != PAGE_NOACCESS;
}

static void Reserve(RANGE *Range) {
    ULONG Pages = 1 + Random(MAX_PAGES);
    BOOL Commit = Random(2);
    ULONG Protect = RandomProtection();
    PVOID Base = NULL;
    SIZE_T Size = (SIZE_T)Pages * PAGE;
    NTSTATUS Status = NtAllocateVirtualMemory(
        SELF, &Base, 0, &Size,
        MEM_RESERVE | (Commit ? MEM_COMMIT : 0) | (Random(4) ? 0 : MEM_TOP_DOWN), Protect);
    Expect("reserve", Status == 0 && Size == (SIZE_T)Pages * PAGE);
    if (Status != 0) {
        return;
    }
    Range->Base = Base;
    Range->First = 0;
    Range->Last = Pages;
    for (ULONG i = 0; i < Pages; i++) {
        Range->Protect[i] = Commit ? Protect : 0;
        Range->Fill[i] = 0;
    }
}

static void Commit(RANGE *Range, ULONG From, ULONG To) {
    ULONG Protect = RandomProtection();
    PVOID Base = Range->Base + From * PAGE;
    SIZE_T Size = (SIZE_T)(To - From) * PAGE;
    Expect("commit", NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_COMMIT, Protect) == 0);
    for (ULONG i = From; i < To; i++) {
        Range->Protect[i] = Protect;
    }
}

static void Decommit(RANGE *Range, ULONG From, ULONG To) {
    PVOID Base = Range->Base + From * PAGE;
    SIZE_T Size = (SIZE_T)(To - From) * PAGE;
    Expect("decommit", NtFreeVirtualMemory(SELF, &Base, &Size, MEM_DECOMMIT) == 0);
    for (ULONG i = From; i < To; i++) {
        Range->Protect[i] = 0;
        Range->Fill[i] = 0;
    }
}

/* The old protection is that of the first page; one page that is not committed spoils it all. */
static void Protect(RANGE *Range, ULONG From, ULONG To) {
    ULONG New = RandomProtection(), Old = 0;
    PVOID Base = Range->Base + From * PAGE;
    SIZE_T Size = (SIZE_T)(To - From) * PAGE;
    BOOL All = TRUE;
    for (ULONG i = From; i < To; i++) {
        All &= Range->Protect[i] != 0;
    }
    NTSTATUS Status = NtProtectVirtualMemory(SELF, &Base, &Size, New, &Old);
    Expect("protect", Status == (All ? 0 : STATUS_NOT_COMMITTED));
    if (All) {
        Expect("old protection", Old == Range->Protect[From]);
        for (ULONG i = From; i < To; i++) {
            Range->Protect[i] = New;
        }
    }
}

static void Release(RANGE *Range) {
    PVOID Base = Range->Base + Range->First * PAGE;
    SIZE_T Size = 0;
    Expect("release", NtFreeVirtualMemory(SELF, &Base, &Size, MEM_RELEASE) == 0);
    Range->Base = NULL;
}

/* Releases the lower or the upper part of a range. */
static void Narrow(RANGE *Range, ULONG From, ULONG To) {
    BOOL Lower = Random(2);
    ULONG First = Lower ? Range->First : From;
    ULONG Last = Lower ? To : Range->Last;
    PVOID Base = Range->Base + First * PAGE;
    SIZE_T Size = (SIZE_T)(Last - First) * PAGE;
    Expect("release a part", NtFreeVirtualMemory(SELF, &Base, &Size, MEM_RELEASE) == 0);
    if (Lower) {
        Range->First = Last;
    } else {
        Range->Last = First;
    }
    if (Range->First == Range->Last) {
        Range->Base = NULL;
    }
}

static void Touch(RANGE *Range, ULONG From, ULONG To) {
    for (ULONG i = From; i < To; i++) {
        volatile UCHAR *Page = Range->Base + (SIZE_T)i * PAGE;
        if (Readable(Range->Protect[i])) {
            Expect("contents", Page[0] == Range->Fill[i] && Page[PAGE - 1] == Range->Fill[i]);
        }
        if (Writable(Range->Protect[i])) {
            Range->Fill[i] = (UCHAR)(1 + Random(255));
            Page[0] = Page[PAGE - 1] = Range->Fill[i];
        }
    }
}

/* Regions as the system tells them, against the model. */
static void Query(RANGE *Range) {
    ULONG At = Range->First;
    while (At < Range->Last) {
        MEMORY_BASIC_INFORMATION Info;
        ULONG End = At;
        NTSTATUS Status = NtQueryVirtualMemory(SELF, Range->Base + (SIZE_T)At * PAGE, 0, &Info,
                                               sizeof(Info), NULL);
        while (End < Range->Last && Range->Protect[End] == Range->Protect[At]) {
            End++;
        }
        Expect("query", Status == 0 && Info.Protect == Range->Protect[At] &&
                            Info.Type == MEM_PRIVATE &&
                            Info.State == (Range->Protect[At] ? MEM_COMMIT : MEM_RESERVE));
        Expect("size of a region", Info.RegionSize == (SIZE_T)(End - At) * PAGE);
        At = End;
    }
}

static void Step(RANGE *Range) {
    ULONG From, To;
    if (Range->Base == NULL) {
        Reserve(Range);
        return;
    }
    From = Range->First + Random(Range->Last - Range->First);
    To = From + 1 + Random(Range->Last - From);
    switch (Random(16)) {
    case 0:
        Release(Range);
        break;
    case 1:
        Narrow(Range, From, To);
        break;
    case 2:
    case 3:
    case 4:
        Commit(Range, From, To);
        break;
    case 5:
    case 6:
        Decommit(Range, From, To);
        break;
    case 7:
    case 8:
    case 9:
        Protect(Range, From, To);
        break;
    case 10:
        Query(Range);
        break;
    default:
        Touch(Range, From, To);
        break;
    }
}

/* Out of the middle: two allocations remain. */
static void Split(void) {
    MEMORY_BASIC_INFORMATION Info;
    PVOID Base = NULL, Middle, Upper;
    SIZE_T Size = 8 * PAGE, Part = 2 * PAGE, All = 0;
    NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    memset(Base, 7, 8 * PAGE);
    Middle = (PUCHAR)Base + 3 * PAGE;
    Upper = (PUCHAR)Base + 5 * PAGE;
    Expect("release the middle", NtFreeVirtualMemory(SELF, &Middle, &Part, MEM_RELEASE) == 0);
    NtQueryVirtualMemory(SELF, Base, 0, &Info, sizeof(Info), NULL);
    Expect("lower part", Info.RegionSize == 3 * PAGE && Info.AllocationBase == Base);
    NtQueryVirtualMemory(SELF, Middle, 0, &Info, sizeof(Info), NULL);
    Expect("the hole", Info.RegionSize == 2 * PAGE && Info.State == MEM_FREE);
    NtQueryVirtualMemory(SELF, Upper, 0, &Info, sizeof(Info), NULL);
    Expect("upper part", Info.RegionSize == 3 * PAGE && Info.AllocationBase == Upper);
    Expect("contents", ((PUCHAR)Base)[3 * PAGE - 1] == 7 && *(PUCHAR)Upper == 7);
    Expect("release the upper part", NtFreeVirtualMemory(SELF, &Upper, &All, MEM_RELEASE) == 0);
    All = 0;
    Expect("release the lower part", NtFreeVirtualMemory(SELF, &Base, &All, MEM_RELEASE) == 0);
}

void Start(void) {
    Split();
    for (ULONG i = 0; i < OPERATIONS; i++) {
        Step(&Ranges[Random(RANGES)]);
    }
    for (ULONG i = 0; i < RANGES; i++) {
        if (Ranges[i].Base) {
            Query(&Ranges[i]);
            Touch(&Ranges[i], Ranges[i].First, Ranges[i].Last);
            Release(&Ranges[i]);
        }
    }
    Print("%u operations, %u surprises\n", OPERATIONS, Surprises);
    Exit(0);
}
