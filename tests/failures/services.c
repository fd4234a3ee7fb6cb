/*
 * services.c - failure injection: what the rows of services.h use, and the table of them
 *
 * services.h is read twice: once to make a function of each call and of what undoes it, once to
 * make the table. The line of a row is its number.
 */
#include "walk.h"

NTSYS NTSTATUS NTAPI NtCreateMutant(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, BOOLEAN);
NTSYS NTSTATUS NTAPI NtOpenMutant(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtReleaseMutant(HANDLE, PLONG);
NTSYS NTSTATUS NTAPI NtQueryMutant(HANDLE, int, PVOID, ULONG, PULONG);
NTSYS NTSTATUS NTAPI NtCreateSemaphore(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, LONG, LONG);
NTSYS NTSTATUS NTAPI NtOpenSemaphore(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtReleaseSemaphore(HANDLE, LONG, PLONG);
NTSYS NTSTATUS NTAPI NtQuerySemaphore(HANDLE, int, PVOID, ULONG, PULONG);
NTSYS NTSTATUS NTAPI NtQueryEvent(HANDLE, int, PVOID, ULONG, PULONG);
NTSYS NTSTATUS NTAPI NtPulseEvent(HANDLE, PLONG);
NTSYS NTSTATUS NTAPI NtCreateDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtCreateDirectoryObjectEx(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, HANDLE,
                                               ULONG);
NTSYS NTSTATUS NTAPI NtOpenDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtQueryDirectoryObject(HANDLE, PVOID, ULONG, BOOLEAN, BOOLEAN, PULONG, PULONG);
NTSYS NTSTATUS NTAPI NtCreateSymbolicLinkObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES,
                                                PUNICODE_STRING);
NTSYS NTSTATUS NTAPI NtOpenSymbolicLinkObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtQuerySymbolicLinkObject(HANDLE, PUNICODE_STRING, PULONG);
NTSYS NTSTATUS NTAPI NtMakePermanentObject(HANDLE);
NTSYS NTSTATUS NTAPI NtMakeTemporaryObject(HANDLE);
NTSYS NTSTATUS NTAPI NtSetTimerEx(HANDLE, int, PVOID, ULONG);
NTSYS NTSTATUS NTAPI NtCompareObjects(HANDLE, HANDLE);
NTSYS NTSTATUS NTAPI NtSetInformationObject(HANDLE, int, PVOID, ULONG);
NTSYS NTSTATUS NTAPI NtSignalAndWaitForSingleObject(HANDLE, HANDLE, BOOLEAN, const LARGE_INTEGER *);
NTSYS NTSTATUS NTAPI NtCreateIoCompletion(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, ULONG);
NTSYS NTSTATUS NTAPI NtOpenIoCompletion(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtQueryIoCompletion(HANDLE, int, PVOID, ULONG, PULONG);
NTSYS NTSTATUS NTAPI NtSetIoCompletion(HANDLE, ULONG_PTR, ULONG_PTR, NTSTATUS, SIZE_T);
NTSYS NTSTATUS NTAPI NtRemoveIoCompletion(HANDLE, PVOID *, PVOID *, PIO_STATUS_BLOCK,
                                          PLARGE_INTEGER);
NTSYS NTSTATUS NTAPI NtRemoveIoCompletionEx(HANDLE, PVOID, ULONG, PULONG, PLARGE_INTEGER, BOOLEAN);
NTSYS NTSTATUS NTAPI NtOpenSection(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtQuerySection(HANDLE, int, PVOID, SIZE_T, PSIZE_T);
NTSYS NTSTATUS NTAPI NtCreateThreadEx(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, HANDLE, PVOID,
                                      PVOID, ULONG, SIZE_T, SIZE_T, SIZE_T, PVOID);
NTSYS NTSTATUS NTAPI NtQueryInformationProcess(HANDLE, PROCESSINFOCLASS, PVOID, ULONG, PULONG);
NTSYS NTSTATUS NTAPI NtQueryInformationThread(HANDLE, THREADINFOCLASS, PVOID, ULONG, PULONG);
NTSYS NTSTATUS NTAPI NtQueryInformationFile(HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG,
                                            FILE_INFORMATION_CLASS);
NTSYS NTSTATUS NTAPI NtSetInformationFile(HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG,
                                          FILE_INFORMATION_CLASS);
NTSYS NTSTATUS NTAPI NtQueryAttributesFile(POBJECT_ATTRIBUTES, PVOID);
NTSYS NTSTATUS NTAPI NtQuerySystemTime(PLARGE_INTEGER);
NTSYS NTSTATUS NTAPI NtQueryTimerResolution(PULONG, PULONG, PULONG);
NTSYS NTSTATUS NTAPI NtSetTimerResolution(ULONG, BOOLEAN, PULONG);
NTSYS NTSTATUS NTAPI NtGetNextProcess(HANDLE, ACCESS_MASK, ULONG, ULONG, PHANDLE);
NTSYS NTSTATUS NTAPI NtGetNextThread(HANDLE, HANDLE, ACCESS_MASK, ULONG, ULONG, PHANDLE);
NTSYS NTSTATUS NTAPI NtResumeProcess(HANDLE);
NTSYS NTSTATUS NTAPI NtGetContextThread(HANDLE, PCONTEXT);
NTSYS NTSTATUS NTAPI NtSetContextThread(HANDLE, const CONTEXT *);
NTSYS ULONG NTAPI NtGetCurrentProcessorNumber(void);

NTSYS NTSTATUS NTAPI NtAddAtom(PCWSTR, ULONG, USHORT *);
NTSYS NTSTATUS NTAPI NtAddAtomEx(PCWSTR, ULONG, USHORT *, ULONG);
NTSYS NTSTATUS NTAPI NtFindAtom(PCWSTR, ULONG, USHORT *);
NTSYS NTSTATUS NTAPI NtDeleteAtom(USHORT);
NTSYS NTSTATUS NTAPI NtQueryInformationAtom(USHORT, int, PVOID, ULONG, PULONG);

#define ALL             0x1F0003
#define LEVELS          L"\\BaseNamedObjects\\failures"
#define MAXIMUM_HANDLES 64

static HANDLE H, Handles[MAXIMUM_HANDLES];
static HANDLE Directory, Event, Mutant, Semaphore, Timer, Keyed, Port, Link, File, Null, Section,
    Image;
static HANDLE Sleeper;
static HANDLE Stack[2000];
static ULONG StackTop;
static PVOID Reserved;  /* four pages of address space, none committed */
static PVOID Committed; /* four pages, all touched */
static UCHAR Answer[0x4000];
static IO_STATUS_BLOCK Io;
static USHORT Atom;
static LARGE_INTEGER Now;
static const LARGE_INTEGER Zero;

/* Attributes with a full path; good until the next call. */
static POBJECT_ATTRIBUTES Path(const WCHAR *Text, ULONG Flags) {
    static UNICODE_STRING Name;
    static OBJECT_ATTRIBUTES Attributes;
    Name.Buffer = (PWSTR)Text;
    for (Name.Length = 0; Text[Name.Length / 2] != 0; Name.Length += 2) {
    }
    Name.MaximumLength = Name.Length;
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | Flags, NULL, NULL);
    return &Attributes;
}

/* A name two levels down. */
#define NAMED(Name) Path(LEVELS L"\\deeper\\" Name, 0)

static POBJECT_ATTRIBUTES Below(HANDLE Root, const WCHAR *Text) {
    POBJECT_ATTRIBUTES Attributes = Path(Text, 0);
    Attributes->RootDirectory = Root;
    return Attributes;
}

static PUNICODE_STRING ImagePath(void) {
    static UNICODE_STRING Name;
    static WCHAR Buffer[300] = L"\\??\\";
    PUNICODE_STRING Own = &AT(Parameters(), 0x60, UNICODE_STRING);
    memcpy(Buffer + 4, Own->Buffer, Own->Length);
    Name = (UNICODE_STRING){.Length = (USHORT)(Own->Length + 8),
                            .MaximumLength = (USHORT)(Own->Length + 8),
                            .Buffer = Buffer};
    return &Name;
}

static POBJECT_ATTRIBUTES ImageAttributes(void) {
    static OBJECT_ATTRIBUTES Attributes;
    InitializeObjectAttributes(&Attributes, ImagePath(), OBJ_CASE_INSENSITIVE, NULL, NULL);
    return &Attributes;
}

static NTSTATUS NTAPI SleepHere(PVOID Parameter) {
    (void)Parameter;
    NtWaitForSingleObject(Semaphore, FALSE, NULL);
    return 0;
}

static void NTAPI NoApc(PVOID First, PVOID Second, PVOID Third) {
    (void)First, (void)Second, (void)Third;
}

static void NTAPI NoTimerApc(PVOID Context, ULONG Low, LONG High) {
    (void)Context, (void)Low, (void)High;
}

static void NTAPI NoIoApc(PVOID Context, PIO_STATUS_BLOCK Block, ULONG Unused) {
    (void)Context, (void)Block, (void)Unused;
}

static void CloseIt(void) {
    NtClose(H);
}

/* Threads end by themselves; their objects a little later, which the walk waits for. */
static void EndThread(void) {
    NtTerminateThread(H, 0);
    NtWaitForSingleObject(H, FALSE, NULL);
    NtClose(H);
}

static void Unmap(PVOID Base) {
    NtUnmapViewOfSection(SELF, Base);
}

static void Release(PVOID Base) {
    SIZE_T Size = 0;
    NtFreeVirtualMemory(SELF, &Base, &Size, MEM_RELEASE);
}

static NTSTATUS Reserve(PVOID *Base, SIZE_T Size, ULONG Type) {
    *Base = NULL;
    return NtAllocateVirtualMemory(SELF, Base, 0, &Size, Type, PAGE_READWRITE);
}

static NTSTATUS Map(HANDLE Of, PVOID *Base, SIZE_T Size, ULONG Protect) {
    *Base = NULL;
    return NtMapViewOfSection(Of, SELF, Base, 0, 0, NULL, &Size, 1, 0, Protect);
}

static PVOID View;
static SIZE_T ViewSize;

void Prepare(void) {
    HANDLE Deeper;
    UNICODE_STRING Target;
    LARGE_INTEGER Size = {.QuadPart = 4 * PAGE};
    SIZE_T Region = 4 * PAGE;
    NtCreateDirectoryObject(&Directory, 0xF000F, Path(LEVELS, 0));
    NtCreateDirectoryObject(&Deeper, 0xF000F, Path(LEVELS L"\\deeper", 0));
    NtCreateEvent(&Event, ALL, NAMED(L"event"), 0, TRUE);
    NtCreateMutant(&Mutant, ALL, NAMED(L"mutant"), FALSE);
    NtCreateSemaphore(&Semaphore, ALL, NAMED(L"semaphore"), 0, 10);
    NtCreateTimer(&Timer, ALL, NAMED(L"timer"), 0);
    NtCreateKeyedEvent(&Keyed, 0xF0003, NAMED(L"keyed"), 0);
    NtCreateIoCompletion(&Port, ALL, NAMED(L"port"), 0);
    Target = *Path(LEVELS L"\\deeper", 0)->ObjectName;
    NtCreateSymbolicLinkObject(&Link, 0xF0001, Path(LEVELS L"\\link", 0), &Target);
    NtOpenFile(&File, FILE_GENERIC_READ | FILE_GENERIC_EXECUTE, ImageAttributes(), &Io,
               FILE_SHARE_READ, FILE_SYNCHRONOUS_IO_NONALERT);
    NtOpenFile(&Null, FILE_GENERIC_WRITE, Path(L"\\Device\\Null", 0), &Io, 7,
               FILE_SYNCHRONOUS_IO_NONALERT);
    NtCreateSection(&Section, SECTION_ALL_ACCESS, NAMED(L"section"), &Size, PAGE_READWRITE,
                    SEC_COMMIT, NULL);
    NtCreateSection(&Image, SECTION_ALL_ACCESS, NULL, NULL, PAGE_EXECUTE, SEC_IMAGE, File);
    Sleeper = Begin(SleepHere, NULL, FALSE);
    Reserve(&Reserved, 4 * PAGE, MEM_RESERVE);
    Reserve(&Committed, Region, MEM_RESERVE | MEM_COMMIT);
    memset(Committed, 1, Region);
    NtAddAtom(L"that stays", 20, NULL);
    memset(Stack, 1, sizeof(Stack));
    memset(Answer, 1, sizeof(Answer));
    for (ULONG i = 0; i < MAXIMUM_HANDLES; i++) {
        NtCreateEvent(&Handles[i], ALL, NULL, 0, TRUE);
    }
}

#define FUNCTION(Line)      Call##Line
#define UNDO(Line)          Undo##Line
#define EXPAND(Macro, Line) Macro(Line)

#define ROW(Service, What, Allowed, Call, Undo)                                                    \
    static NTSTATUS EXPAND(FUNCTION, __LINE__)(void) {                                             \
        return Call;                                                                               \
    }                                                                                              \
    static void EXPAND(UNDO, __LINE__)(void) {                                                     \
        Undo;                                                                                      \
    }
#include "services.h"
#undef ROW

#define ROW(Service, What, Allowed, Call, Undo)                                                    \
    {#Service, What, Allowed, EXPAND(FUNCTION, __LINE__), EXPAND(UNDO, __LINE__)},
const ROW Rows[] = {
#include "services.h"
};
const ULONG RowCount = sizeof(Rows) / sizeof(Rows[0]);

static NTSTATUS Push(void) {
    NTSTATUS Status = NtDuplicateObject(SELF, Event, SELF, &Stack[StackTop], 0, 0, 2);
    StackTop += Status == STATUS_SUCCESS;
    return Status;
}

static void Pop(void) {
    NtClose(Stack[--StackTop]);
}

const ROW GrowthRow = {"NtDuplicateObject", "while the table grows", POOL, Push, Pop};
