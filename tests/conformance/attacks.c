/*
 * What programs did to stop the machine, each fault with its relatives: names of the system, waits
 * on what has no dispatcher header, ranges at the end of user space, chains of objects, buffers
 * with a guard page. The statuses are those that Windows documents; see DEVIATIONS.md.
 */
#include "objects.h"
#include "ownfile.h"
#include "tap.h"

NTSYS NTSTATUS NTAPI NtSetInformationFile(HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG,
                                          FILE_INFORMATION_CLASS);

NTSYS NTSTATUS NTAPI NtGetNextThread(HANDLE, HANDLE, ACCESS_MASK, ULONG, ULONG, PHANDLE);

#define DENIED      STATUS_ACCESS_DENIED
#define HIGHEST     0x7FFFFFFEFFFF
#define GRANULARITY 0x10000
#define UNTOUCHED   0x77777777

static void Gives(const char *What, NTSTATUS Status, NTSTATUS Wanted) {
    Expect(What, (ULONG)Status, (ULONG)Wanted);
}

static UNICODE_STRING Text(PCWSTR Source) {
    USHORT Length = 0;
    while (Source[Length] != 0) {
        Length++;
    }
    return (UNICODE_STRING){2 * Length, 2 * Length + 2, (PWSTR)Source};
}

static OBJECT_ATTRIBUTES Named(UNICODE_STRING *Name, HANDLE Root) {
    return (OBJECT_ATTRIBUTES){.Length = sizeof(OBJECT_ATTRIBUTES),
                               .RootDirectory = Root,
                               .ObjectName = Name,
                               .Attributes = OBJ_CASE_INSENSITIVE};
}

/* ---- The system's own objects cannot be taken from it ---- */

static ULONG GrantedAccess(HANDLE Handle) {
    BASIC_INFORMATION Basic = {0};
    NtQueryObject(Handle, 0, &Basic, sizeof(Basic), NULL);
    return Basic.GrantedAccess;
}

static NTSTATUS OpenNamed(KIND Kind, PCWSTR Path, ACCESS_MASK Access, PHANDLE Handle) {
    UNICODE_STRING Name = Text(Path);
    OBJECT_ATTRIBUTES Attributes = Named(&Name, NULL);
    *Handle = NULL;
    return OpenObject(Kind, Handle, Access, &Attributes);
}

static void TakeSystemObject(KIND Kind, PCWSTR Path) {
    HANDLE Handle, More;
    Gives("DELETE", OpenNamed(Kind, Path, DELETE, &Handle), DENIED);
    Gives("WRITE_DAC", OpenNamed(Kind, Path, WRITE_DAC, &Handle), DENIED);
    Gives("WRITE_OWNER", OpenNamed(Kind, Path, WRITE_OWNER, &Handle), DENIED);
    Gives("all access", OpenNamed(Kind, Path, GENERIC_ALL, &Handle), DENIED);
    Gives("the most", OpenNamed(Kind, Path, MAXIMUM_ALLOWED, &Handle), 0);
    Expect("is less", GrantedAccess(Handle) & (DELETE | WRITE_DAC | WRITE_OWNER), 0);
    Gives("to make it temporary", NtMakeTemporaryObject(Handle), DENIED);
    Gives("more by a duplicate", NtDuplicateObject(SELF, Handle, SELF, &More, DELETE, 0, 0),
          DENIED);
    NtClose(Handle);
    Gives("to read it", OpenNamed(Kind, Path, 1, &Handle), 0);
    NtClose(Handle);
}

static void SystemObjects(void) {
    static const PCWSTR Directories[] = {L"\\",         L"\\Device",           L"\\GLOBAL??",
                                         L"\\??",       L"\\BaseNamedObjects", L"\\ObjectTypes",
                                         L"\\Sessions", L"\\KernelObjects"};
    HANDLE Handle;
    for (ULONG i = 0; i < ARRAYSIZE(Directories); i++) {
        TakeSystemObject(Directory, Directories[i]);
    }
    TakeSystemObject(Link, L"\\??\\C:");
    TakeSystemObject(Link, L"\\DosDevices");
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name = Text(L"\\BaseNamedObjects\\ours");
    Attributes = Named(&Name, NULL);
    Attributes.Attributes |= OBJ_PERMANENT;
    Gives("our own", NtCreateDirectoryObject(&Handle, DIRECTORY_ALL, &Attributes), 0);
    NtClose(Handle);
    Gives("for DELETE", OpenNamed(Directory, L"\\BaseNamedObjects\\ours", DELETE, &Handle), 0);
    Gives("made temporary", NtMakeTemporaryObject(Handle), 0);
    NtClose(Handle);
    Gives("is gone", OpenNamed(Directory, L"\\BaseNamedObjects\\ours", 1, &Handle),
          STATUS_OBJECT_NAME_NOT_FOUND);
}

/* ---- The System process and its threads can be looked at, and not stopped ---- */

#define SYSTEM_ID          ((HANDLE)4)
#define THREAD_ALERT_RIGHT 4

static void SystemProcess(void) {
    static const ACCESS_MASK Refused[] = {
        PROCESS_TERMINATE, PROCESS_SUSPEND_RESUME, PROCESS_DUP_HANDLE,      PROCESS_VM_OPERATION,
        PROCESS_VM_WRITE,  PROCESS_CREATE_THREAD,  PROCESS_SET_INFORMATION, PROCESS_ALL_ACCESS};
    CLIENT_ID Id = {SYSTEM_ID, NULL};
    OBJECT_ATTRIBUTES Attributes = {.Length = sizeof(Attributes)};
    HANDLE Process = NULL, More = NULL;
    for (ULONG i = 0; i < ARRAYSIZE(Refused); i++) {
        Gives("System", NtOpenProcess(&Process, Refused[i], &Attributes, &Id), DENIED);
    }
    Gives("to look at it",
          NtOpenProcess(&Process, PROCESS_QUERY_INFORMATION | SYNCHRONIZE, &Attributes, &Id), 0);
    Gives("more by a duplicate",
          NtDuplicateObject(SELF, Process, SELF, &More, PROCESS_SUSPEND_RESUME, 0, 0), DENIED);
    static const ACCESS_MASK OfThreads[] = {THREAD_SUSPEND_RESUME,  THREAD_TERMINATE,
                                            THREAD_SET_CONTEXT,     THREAD_GET_CONTEXT,
                                            THREAD_SET_INFORMATION, THREAD_ALERT_RIGHT};
    for (ULONG i = 0; i < ARRAYSIZE(OfThreads); i++) {
        Gives("its first thread", NtGetNextThread(Process, NULL, OfThreads[i], 0, 0, &More),
              DENIED);
    }
    Gives("to look at it", NtGetNextThread(Process, NULL, THREAD_QUERY_INFORMATION, 0, 0, &More),
          0);
    NtClose(More);
    NtClose(Process);
}

/* ---- Waits on every kind of object ---- */

static void WaitOn(const char *What, HANDLE Handle, NTSTATUS Wanted) {
    LARGE_INTEGER Soon = {.QuadPart = -10000};
    HANDLE Waitable = NULL, Many[2];
    Gives(What, NtDuplicateObject(SELF, Handle, SELF, &Waitable, SYNCHRONIZE, 0, 0), 0);
    Many[0] = Many[1] = Waitable;
    Gives("one", NtWaitForSingleObject(Waitable, FALSE, &Soon), Wanted);
    Gives("any of two", NtWaitForMultipleObjects(2, Many, 1, FALSE, &Soon), Wanted);
    Gives("again", NtWaitForSingleObject(Waitable, FALSE, &Soon), Wanted);
    NtClose(Waitable);
}

static void Waits(void) {
    static const KIND Never[] = {Directory, Link}; /* their types do not know SYNCHRONIZE */
    static const KIND Signalled[] = {Section, Keyed};
    static const KIND Not[] = {Event, Semaphore, Timer, Completion};
    UNICODE_STRING Target = Text(L"\\");
    OBJECT_ATTRIBUTES Attributes = {.Length = sizeof(Attributes)};
    HANDLE Handle;
    for (ULONG i = 0; i < ARRAYSIZE(Never); i++) {
        CreateObject(Never[i], &Handle, Kinds[Never[i]].All, &Attributes, &Target);
        WaitOn(Kinds[Never[i]].Name, Handle, DENIED);
        NtClose(Handle);
    }
    for (ULONG i = 0; i < ARRAYSIZE(Signalled); i++) {
        CreateObject(Signalled[i], &Handle, Kinds[Signalled[i]].All, &Attributes, &Target);
        WaitOn(Kinds[Signalled[i]].Name, Handle, STATUS_SUCCESS);
        NtClose(Handle);
    }
    for (ULONG i = 0; i < ARRAYSIZE(Not); i++) {
        CreateObject(Not[i], &Handle, Kinds[Not[i]].All, &Attributes, &Target);
        WaitOn(Kinds[Not[i]].Name, Handle, STATUS_TIMEOUT);
        NtClose(Handle);
    }
    WaitOn("Process", SELF, STATUS_TIMEOUT);
    WaitOn("Thread", SELF_THREAD, STATUS_TIMEOUT);
}

/* ---- Ranges that would reach past the end of user space ---- */

static NTSTATUS Map(HANDLE Object, ULONG64 At, SIZE_T *Size) {
    PVOID Base = (PVOID)At;
    NTSTATUS Status =
        NtMapViewOfSection(Object, SELF, &Base, 0, 0, NULL, Size, 2, 0, PAGE_READONLY);
    if (NT_SUCCESS(Status)) {
        NtUnmapViewOfSection(SELF, Base);
    }
    return Status;
}

/* Whole sections mapped downwards from the end: none goes past it, and one fits in the end. */
static void MapAtTheEnd(const char *What, HANDLE Object, SIZE_T Large) {
    ULONG64 At = HIGHEST + 1 - GRANULARITY, Beyond = 0;
    NTSTATUS Status = STATUS_CONFLICTING_ADDRESSES;
    for (; At > HIGHEST - 0x100000 && !NT_SUCCESS(Status); At -= GRANULARITY) {
        SIZE_T Size = 0;
        Status = Map(Object, At, &Size);
        if (NT_SUCCESS(Status)) {
            Beyond += At + Size - 1 > HIGHEST;
        } else if (Status != STATUS_CONFLICTING_ADDRESSES) {
            Gives(What, Status, STATUS_CONFLICTING_ADDRESSES);
        }
    }
    Expect(What, NT_SUCCESS(Status), TRUE);
    Expect("within user space", Beyond, 0);
    Gives("a size that does not fit", Map(Object, HIGHEST + 1 - GRANULARITY, &Large),
          STATUS_INVALID_PARAMETER_3);
    Large = ~0ull;
    Gives("a size that wraps", Map(Object, GRANULARITY * 16, &Large), STATUS_INVALID_PARAMETER_3);
    Large = 0;
    Gives("above the end", Map(Object, HIGHEST + 1, &Large), STATUS_INVALID_PARAMETER_3);
}

static void Sections(void) {
    LARGE_INTEGER Size = {.QuadPart = 4 * GRANULARITY};
    UNICODE_STRING Name = Text(L"\\SystemRoot\\System32\\ntdll.dll");
    OBJECT_ATTRIBUTES Attributes = Named(&Name, NULL);
    IO_STATUS_BLOCK Io;
    HANDLE File, Image, Data;
    NtCreateSection(&Data, SECTION_ALL, NULL, &Size, PAGE_READWRITE, SEC_COMMIT, NULL);
    MapAtTheEnd("memory", Data, 4 * GRANULARITY);
    Gives("ntdll.dll",
          NtOpenFile(&File, FILE_GENERIC_READ | FILE_EXECUTE, &Attributes, &Io, 7, 0x20), 0);
    Gives("as an image",
          NtCreateSection(&Image, SECTION_ALL, NULL, NULL, PAGE_EXECUTE, SEC_IMAGE, File), 0);
    MapAtTheEnd("an image", Image, 0x200000);
    Gives("as data",
          NtCreateSection(&Data, SECTION_MAP_READ, NULL, NULL, PAGE_READONLY, SEC_COMMIT, File), 0);
    MapAtTheEnd("a file", Data, GRANULARITY * 2);
}

static void Allocations(void) {
    ULONG64 Last = HIGHEST + 1 - GRANULARITY;
    PVOID Base = (PVOID)Last;
    SIZE_T Size = GRANULARITY + 1;
    ULONG Old;
    Gives("reserve over the end",
          NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE, PAGE_READWRITE),
          STATUS_INVALID_PARAMETER_4);
    Size = ~0ull;
    Gives("reserve all there is",
          NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE, PAGE_READWRITE),
          STATUS_INVALID_PARAMETER_4);
    Size = GRANULARITY + 1;
    Gives("free over the end", NtFreeVirtualMemory(SELF, &Base, &Size, MEM_RELEASE),
          STATUS_INVALID_PARAMETER_3);
    Gives("protect over the end", NtProtectVirtualMemory(SELF, &Base, &Size, PAGE_READONLY, &Old),
          STATUS_INVALID_PARAMETER_3);
}

/* What is told of the address space ends where it ends, and has no gaps. */
static void WalkAddressSpace(void) {
    MEMORY_BASIC_INFORMATION Region;
    ULONG64 At = 0;
    while (At <= HIGHEST &&
           NtQueryVirtualMemory(SELF, (PVOID)At, 0, &Region, sizeof(Region), NULL) == 0) {
        At += Region.RegionSize;
    }
    Expect("the walk ends at the end", At, HIGHEST + 1);
    Gives("and not behind it",
          NtQueryVirtualMemory(SELF, (PVOID)At, 0, &Region, sizeof(Region), NULL),
          STATUS_INVALID_PARAMETER);
}

/* ---- Chains ---- */

#define CHAIN 3000
static HANDLE Chain[CHAIN];

static ULONG FilesInAll(HANDLE File) {
    struct {
        UNICODE_STRING Name;
        ULONG Objects, Handles, Rest[500];
    } Information = {0};
    NtQueryObject(File, 2, &Information, sizeof(Information), NULL);
    return Information.Objects;
}

/* Each file is opened relative to the one before; closed from the first on, they go one by one. */
static void ChainOfFiles(PCWSTR Path, ULONG Options) {
    UNICODE_STRING Name = Text(Path), Empty = Text(L"");
    OBJECT_ATTRIBUTES Attributes = Named(&Name, NULL);
    IO_STATUS_BLOCK Io;
    NTSTATUS Status = NtOpenFile(&Chain[0], SYNCHRONIZE | 1, &Attributes, &Io, 7, Options);
    ULONG Before = FilesInAll(Chain[0]), Count = 1;
    for (; Count < CHAIN && NT_SUCCESS(Status); Count++) {
        Attributes = Named(&Empty, Chain[Count - 1]);
        Status = NtOpenFile(&Chain[Count], SYNCHRONIZE | 1, &Attributes, &Io, 7, Options);
    }
    Gives("a chain of files", Status, 0);
    for (ULONG i = 0; i < CHAIN - 1; i++) {
        NtClose(Chain[i]);
    }
    Expect("only the last is left", FilesInAll(Chain[CHAIN - 1]), Before);
    NtClose(Chain[CHAIN - 1]);
}

static void ChainOfDirectories(BOOL FromTheEnd) {
    UNICODE_STRING Name = Text(L"x");
    TOTALS Before = Totals(Directory);
    NTSTATUS Status = STATUS_SUCCESS;
    for (ULONG i = 0; i < CHAIN && NT_SUCCESS(Status); i++) {
        OBJECT_ATTRIBUTES Attributes = Named(i != 0 ? &Name : NULL, i != 0 ? Chain[i - 1] : NULL);
        Status = NtCreateDirectoryObject(&Chain[i], DIRECTORY_ALL, &Attributes);
    }
    Gives("a chain of directories", Status, 0);
    for (ULONG i = 0; i < CHAIN; i++) {
        NtClose(Chain[FromTheEnd ? CHAIN - 1 - i : i]);
    }
    Expect("all are gone", Totals(Directory).Objects, Before.Objects);
}

/* ---- Buffers that raise what is a warning by its number ---- */

static PVOID GuardPage(void) {
    PVOID Base = NULL;
    SIZE_T Size = PAGE;
    NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT,
                            PAGE_READWRITE | PAGE_GUARD);
    return Base;
}

static void Nothing(const char *What, NTSTATUS Status, const IO_STATUS_BLOCK *Io) {
    Gives(What, Status, STATUS_GUARD_PAGE_VIOLATION);
    Expect("the status block is untouched", (ULONG)Io->Status, UNTOUCHED);
}

static void GuardedBuffers(void) {
    LARGE_INTEGER Zero = {.QuadPart = 0};
    UNICODE_STRING Name = Text(L"\\Device\\ConDrv");
    OBJECT_ATTRIBUTES Attributes = Named(&Name, NULL);
    IO_STATUS_BLOCK Io;
    HANDLE File, Own = OpenOwnFile(0x20), Done;
    NtCreateEvent(&Done, EVENT_ALL, NULL, 0, FALSE);
    Gives("a buffered device",
          NtOpenFile(&File, FILE_WRITE_DATA | SYNCHRONIZE, &Attributes, &Io, 7, 0), 0);
    Io.Status = UNTOUCHED;
    Nothing("write from a guard page",
            NtWriteFile(File, Done, NULL, NULL, &Io, GuardPage(), 8, &Zero, NULL), &Io);
    Gives("the event is not set", NtWaitForSingleObject(Done, FALSE, &Zero), STATUS_TIMEOUT);
    Nothing("read to a guard page",
            NtReadFile(Own, Done, NULL, NULL, &Io, GuardPage(), 8, &Zero, NULL), &Io);
    Gives("the event is not set", NtWaitForSingleObject(Done, FALSE, &Zero), STATUS_TIMEOUT);
    Nothing("query to a guard page",
            NtQueryInformationFile(Own, &Io, GuardPage(), PAGE, (FILE_INFORMATION_CLASS)5), &Io);
    Nothing("set from a guard page",
            NtSetInformationFile(Own, &Io, GuardPage(), 8, (FILE_INFORMATION_CLASS)14), &Io);
}

void Start(void) {
    SystemObjects();
    SystemProcess();
    Waits();
    Sections();
    Allocations();
    WalkAddressSpace();
    ChainOfFiles(L"\\??\\C:\\", 0x21);
    ChainOfFiles(L"\\Device\\Null", 0x20);
    ChainOfDirectories(FALSE);
    ChainOfDirectories(TRUE);
    GuardedBuffers();
    Done();
}
