/*
 * Rounds of one kind of work after another: at the end of each kind the machine has what it had
 * after the first rounds: available pages, commit charge, pool by tag and pool pages.
 *
 *     leaks [rounds]
 *
 * The first quarter of the rounds fills what is kept on purpose (lists of free blocks of each
 * processor, page tables of the kernel's ranges); from then on nothing may grow. A page of slack is
 * a list that fills later.
 */
#include "objects.h"
#include "ownfile.h"
#include "tap.h"

NTSYS NTSTATUS NTAPI NtCreateThreadEx(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, HANDLE, PVOID,
                                      PVOID, ULONG, SIZE_T, SIZE_T, SIZE_T, PVOID);
NTSYS NTSTATUS NTAPI NtSetIoCompletion(HANDLE, ULONG_PTR, ULONG_PTR, NTSTATUS, SIZE_T);

#define FAR_AWAY 0x10000000000ull /* nothing else is there, so page tables come and go */
#define GIB      0x40000000ull
#define MANY     64

typedef struct {
    LONG64 Available, Committed, PoolPages;
    ULONG Tags;
    struct {
        ULONG Tag;
        SIZE_T Bytes;
    } Tag[500];
} STATE;

static STATE Before, After;

/* SystemPerformanceInformation and SystemPoolTagInformation. */
static void Take(STATE *State) {
    static UCHAR Answer[0x10000];
    ULONG Performance[344 / 4] = {0}, Length;
    NtQuerySystemInformation(2, Performance, sizeof(Performance), NULL);
    State->Available = Performance[0x2C / 4];
    State->Committed = Performance[0x30 / 4];
    State->PoolPages = Performance[0x74 / 4] + Performance[0x78 / 4];
    State->Tags = 0;
    if (NtQuerySystemInformation(22, Answer, sizeof(Answer), &Length) == 0) {
        State->Tags = *(ULONG *)Answer;
    }
    for (ULONG i = 0; i < State->Tags && i < ARRAYSIZE(State->Tag); i++) {
        PUCHAR Entry = Answer + 8 + i * 0x28;
        State->Tag[i].Tag = AT(Entry, 0, ULONG);
        State->Tag[i].Bytes = AT(Entry, 0x10, SIZE_T) + AT(Entry, 0x20, SIZE_T);
    }
}

static SIZE_T BytesOf(const STATE *State, ULONG Tag) {
    for (ULONG i = 0; i < State->Tags; i++) {
        if (State->Tag[i].Tag == Tag) {
            return State->Tag[i].Bytes;
        }
    }
    return 0;
}

/* The first tag that has grown, 0 if none has. */
static ULONG GrownTag(void) {
    for (ULONG i = 0; i < After.Tags; i++) {
        if (After.Tag[i].Bytes > BytesOf(&Before, After.Tag[i].Tag)) {
            return After.Tag[i].Tag;
        }
    }
    return 0;
}

static BOOL Grown(LONG64 Slack) {
    return After.Available < Before.Available - Slack ||
           After.Committed > Before.Committed + Slack ||
           After.PoolPages > Before.PoolPages + Slack || GrownTag() != 0;
}

/* ---- The kinds of work ---- */

static NTSTATUS NTAPI EndAtOnce(PVOID Parameter) {
    (void)Parameter;
    return 0;
}

/* One after the other: ntdll's locks, contended for the first time, make events that stay. */
static void Threads(ULONG Round) {
    (void)Round;
    for (ULONG i = 0; i < 4; i++) {
        HANDLE Thread = NULL;
        NtCreateThreadEx(&Thread, THREAD_ALL_ACCESS, NULL, SELF, EndAtOnce, NULL, 0, 0, 0, 0, NULL);
        NtWaitForSingleObject(Thread, FALSE, NULL);
        NtClose(Thread);
    }
}

static void Objects(ULONG Round) {
    static HANDLE Made[KINDS][MANY];
    UNICODE_STRING Target = {2, 4, (PWSTR)L"\\"};
    (void)Round;
    for (ULONG Kind = 0; Kind < KINDS; Kind++) {
        for (ULONG i = 0; i < MANY; i++) {
            WCHAR Text[] = L"\\BaseNamedObjects\\leaks--";
            UNICODE_STRING Name = {sizeof(Text) - 2, sizeof(Text), Text};
            OBJECT_ATTRIBUTES Attributes;
            Text[ARRAYSIZE(Text) - 3] = (WCHAR)('a' + Kind);
            Text[ARRAYSIZE(Text) - 2] = (WCHAR)('0' + i);
            InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
            Made[Kind][i] = NULL;
            CreateObject(Kind, &Made[Kind][i], Kinds[Kind].All, i % 2 ? &Attributes : NULL,
                         &Target);
        }
    }
    for (ULONG i = 0; i < KINDS * MANY; i++) {
        NtClose(Made[i % KINDS][i / KINDS]);
    }
}

/* Writes to what may be written, reads what may be read. */
static void TouchView(PUCHAR Base, SIZE_T Size) {
    for (SIZE_T Offset = 0; Offset < Size; Offset += PAGE) {
        MEMORY_BASIC_INFORMATION Page;
        NtQueryVirtualMemory(SELF, Base + Offset, 0, &Page, sizeof(Page), NULL);
        if (Page.Protect & (PAGE_READWRITE | PAGE_WRITECOPY)) {
            *(volatile UCHAR *)(Base + Offset) = 1;
        } else if (Page.Protect & (PAGE_READONLY | PAGE_EXECUTE_READ)) {
            (void)*(volatile UCHAR *)(Base + Offset);
        }
    }
}

static void MapAndUnmap(HANDLE Section, ULONG64 At) {
    PVOID Base = (PVOID)At;
    SIZE_T Size = 0;
    if (NT_SUCCESS(
            NtMapViewOfSection(Section, SELF, &Base, 0, 0, NULL, &Size, 2, 0, PAGE_READWRITE))) {
        TouchView(Base, Size);
        NtUnmapViewOfSection(SELF, Base);
    }
}

static void Maps(ULONG Round) {
    LARGE_INTEGER Size = {.QuadPart = 0x100000};
    HANDLE Section = NULL, File = OpenOwnFile(0x20);
    NtCreateSection(&Section, SECTION_ALL, NULL, &Size, PAGE_READWRITE, SEC_COMMIT, NULL);
    for (ULONG i = 0; i < 8; i++) {
        MapAndUnmap(Section, FAR_AWAY + (Round * 8 + i) % 4000 * GIB);
    }
    NtClose(Section);
    NtCreateSection(&Section, SECTION_ALL, NULL, NULL, PAGE_EXECUTE, SEC_IMAGE, File);
    for (ULONG i = 0; i < 4; i++) {
        MapAndUnmap(Section, 0);
    }
    NtClose(Section);
    NtClose(File);
}

static void Free(PUCHAR Base, ULONG Page, ULONG Pages, ULONG Type) {
    PVOID At = Base + Page * PAGE;
    SIZE_T Size = Pages * PAGE;
    NtFreeVirtualMemory(SELF, &At, &Size, Type);
}

static void Protect(PUCHAR Base, ULONG Page, ULONG Protection) {
    PVOID At = Base + Page * PAGE;
    SIZE_T Size = PAGE;
    ULONG Old;
    NtProtectVirtualMemory(SELF, &At, &Size, Protection, &Old);
}

static void Allocations(ULONG Round) {
    for (ULONG i = 0; i < 20; i++) {
        PVOID Base = i % 2 ? NULL : (PVOID)(FAR_AWAY + (Round * 20 + i) % 4000 * GIB);
        SIZE_T Size = 0x10000;
        if (NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT,
                                    PAGE_READWRITE)) {
            continue;
        }
        memset(Base, 1, Size);
        Protect(Base, 1, PAGE_NOACCESS);
        Protect(Base, 2, PAGE_READWRITE | PAGE_GUARD);
        Free(Base, 4, 1, MEM_DECOMMIT);
        if (i % 3 == 0) {
            Free(Base, 6, 1, MEM_RELEASE);
            Free(Base, 7, 0, MEM_RELEASE);
        }
        Free(Base, 0, 0, MEM_RELEASE);
    }
}

static void Files(ULONG Round) {
    static UCHAR Buffer[0x11000];
    LARGE_INTEGER Zero = {.QuadPart = 0};
    IO_STATUS_BLOCK Io;
    (void)Round;
    for (ULONG i = 0; i < 20; i++) {
        HANDLE File = OpenOwnFile(0x20);
        NtReadFile(File, NULL, NULL, NULL, &Io, Buffer, sizeof(Buffer), &Zero, NULL);
        NtQueryInformationFile(File, &Io, Buffer, 1000, (FILE_INFORMATION_CLASS)9);
        NtClose(File);
    }
}

static void Packets(ULONG Round) {
    LARGE_INTEGER Later = {.QuadPart = -100000000};
    HANDLE Port, Timer;
    (void)Round;
    NtCreateIoCompletion(&Port, COMPLETION_ALL, NULL, 0);
    for (ULONG i = 0; i < 100; i++) {
        NtSetIoCompletion(Port, 1, 2, 0, 0);
    }
    NtClose(Port);
    NtCreateTimer(&Timer, TIMER_ALL, NULL, 0);
    NtSetTimer(Timer, &Later, NULL, NULL, FALSE, 0, NULL);
    NtClose(Timer);
}

/*
 * What fails late: sections larger than the machine, each larger than the one before (their
 * prototype PTEs alone are more than there is), views and threads that do not fit.
 */
static void Failures(ULONG Round) {
    LARGE_INTEGER Size = {.QuadPart = (LONGLONG)(Round + 30) << 33};
    HANDLE Section = NULL, Thread;
    for (ULONG i = 0; i < 2; i++) {
        NTSTATUS Status = NtCreateSection(&Section, SECTION_ALL, NULL, &Size, PAGE_READWRITE,
                                          i == 0 ? SEC_RESERVE : SEC_COMMIT, NULL);
        if (NT_SUCCESS(Status)) {
            MapAndUnmap(Section, (ULONG64)TebPointer() & ~0xFFFFull);
            NtClose(Section);
        }
    }
    NtCreateThreadEx(&Thread, THREAD_ALL_ACCESS, NULL, SELF, EndAtOnce, NULL, 0, 0, 1ull << 46,
                     1ull << 46, NULL);
    NtCreateThreadEx(NULL, THREAD_ALL_ACCESS, NULL, SELF, EndAtOnce, NULL, 0, 0, 0, 0, NULL);
    for (ULONG64 Bits = 12; Bits < 47; Bits++) {
        PVOID Base = NULL;
        SIZE_T Bytes = 1ull << Bits;
        if (NT_SUCCESS(NtAllocateVirtualMemory(SELF, &Base, 0, &Bytes, MEM_RESERVE | MEM_COMMIT,
                                               PAGE_READWRITE))) {
            Free(Base, 0, 0, MEM_RELEASE);
        }
    }
}

/* Threads and objects go a little after their last handle: Vitrine's reaper is a thread too. */
static void Kind(const char *Name, void (*Work)(ULONG), ULONG Rounds, LONG64 Slack) {
    LARGE_INTEGER Soon = {.QuadPart = -100000};
    for (ULONG i = 0; i < Rounds; i++) {
        if (i == Rounds / 4) {
            NtDelayExecution(FALSE, &Soon);
            Take(&Before);
        }
        Work(i);
    }
    for (ULONG i = 0; i < 200; i++) {
        Take(&After);
        if (!Grown(Slack)) {
            break;
        }
        NtDelayExecution(FALSE, &Soon);
    }
    Expect(Name, Grown(Slack), FALSE);
    if (Grown(Slack)) {
        Print("# available %I64d, committed %I64d, pool pages %I64d, tag %x\n",
              After.Available - Before.Available, After.Committed - Before.Committed,
              After.PoolPages - Before.PoolPages, GrownTag());
    }
}

void Start(void) {
    ULONG Rounds = (ULONG)NumberArgument(0, 40);
    Take(&Before); /* the memory of this program's own notes */
    Take(&After);
    Kind("threads", Threads, Rounds, 2);
    Kind("objects", Objects, Rounds, 2);
    Kind("views", Maps, Rounds, 2);
    Kind("allocations", Allocations, Rounds, 2);
    Kind("files", Files, Rounds, 2);
    Kind("packets and timers", Packets, Rounds, 2);
    Kind("what fails", Failures, Rounds, 2);
    Done();
}
