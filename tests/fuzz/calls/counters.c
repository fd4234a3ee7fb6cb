/*
 * counters.c - what the machine holds at the beginning of a round, as one line; and what rounds leave
 *
 *     @round 3 calls=61234 good=20712 ... avail=50321 objects.Event=5 pool.Thre=4096 ...
 *
 * campaign.py reads the lines and fails the run if a counter still grows over its last half.
 */
#include "fuzz.h"

NTSYS NTSTATUS NTAPI NtOpenDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtQueryDirectoryObject(HANDLE, PVOID, ULONG, BOOLEAN, BOOLEAN, PULONG, PULONG);
NTSYS NTSTATUS NTAPI NtMakeTemporaryObject(HANDLE);
NTSYS NTSTATUS NTAPI NtOpenMutant(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtOpenSemaphore(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtOpenIoCompletion(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtOpenSymbolicLinkObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtDeleteAtom(USHORT);

#define PATIENCE      200 /* looks for a machine that is quiet */
#define PERFORMANCE   2
#define POOL_TAGS     22
#define OBJECT_TYPES  3
#define FIRST_ATOM    0xC000
#define ATOMS         0x400
#define DELETE_ACCESS 0x10000

static UCHAR Buffer[0x10000], Again[0x10000];
static char Line[0x6000];
static ULONG LineLength;

static void Add(const char *Format, ...) {
    va_list Arguments;
    va_start(Arguments, Format);
    int Length = _vsnprintf(Line + LineLength, sizeof(Line) - LineLength, Format, Arguments);
    va_end(Arguments);
    if (Length > 0) {
        LineLength += (ULONG)Length;
    }
}

/* ---- A quiet machine ---- */

/* Bytes of pool by tag: what is deleted late changes them. */
static ULONG ReadPool(PUCHAR To) {
    memset(To, 0, sizeof(Buffer));
    if (NtQuerySystemInformation(POOL_TAGS, To, sizeof(Buffer), NULL) != 0) {
        return 0;
    }
    return *(PULONG)To;
}

static BOOL SamePool(ULONG Count) {
    for (ULONG i = 0; i < Count; i++) {
        ULONG At = 8 + i * 0x28;
        if (AT(Buffer, At + 0x10, SIZE_T) != AT(Again, At + 0x10, SIZE_T) ||
            AT(Buffer, At + 0x20, SIZE_T) != AT(Again, At + 0x20, SIZE_T)) {
            return FALSE;
        }
    }
    return TRUE;
}

/*
 * Pages of an image stay in memory once they have been touched. So that those of ntdll and of this
 * program do not count as lost when a round comes to them, all are touched at once.
 */
static void TouchImage(PVOID Base) {
    ULONG Pages = RtlImageNtHeader(Base)->OptionalHeader.SizeOfImage / PAGE;
    for (ULONG i = 0; i < Pages; i++) {
        PVOID Page = (PUCHAR)Base + i * PAGE;
        MEMORY_BASIC_INFORMATION Info;
        if (NtQueryVirtualMemory(SELF, Page, 0, &Info, sizeof(Info), NULL) == 0 &&
            Info.State == MEM_COMMIT && (Info.Protect & (PAGE_NOACCESS | PAGE_GUARD)) == 0) {
            (void)*(volatile UCHAR *)Page;
        }
    }
}

static void TouchImages(void) {
    UNICODE_STRING Ntdll;
    HANDLE Module = NULL;
    RtlInitUnicodeString(&Ntdll, L"ntdll.dll");
    TouchImage(AT(PebPointer(), 0x10, PVOID));
    if (LdrGetDllHandle(NULL, NULL, &Ntdll, &Module) == 0) {
        TouchImage(Module);
    }
}

/* Processes, threads and files of the round before may still be on their way out. */
static void WaitUntilQuiet(void) {
    ULONG Same = 0;
    for (ULONG i = 0; i < PATIENCE && Same < 3; i++) {
        ULONG Count = ReadPool(Buffer);
        Sleep1(10);
        Same = ReadPool(Again) == Count && SamePool(Count) ? Same + 1 : 0;
    }
}

/* ---- The line ---- */

static void AddPerformance(void) {
    static ULONG Values[0x158 / 4];
    if (NtQuerySystemInformation(PERFORMANCE, Values, sizeof(Values), NULL) == 0) {
        Add(" avail=%u commit=%u paged=%u nonpaged=%u ptes=%u", Values[0x2C / 4], Values[0x30 / 4],
            Values[0x70 / 4], Values[0x74 / 4], Values[0x88 / 4]);
    }
}

static void AddObjects(void) {
    if (NtQueryObject(NULL, OBJECT_TYPES, Buffer, sizeof(Buffer), NULL) != 0) {
        return;
    }
    PUCHAR Type = Buffer + 8;
    for (ULONG i = 0; i < *(PULONG)Buffer; i++) {
        PUNICODE_STRING Name = (PUNICODE_STRING)Type;
        Add(" objects.%.*ls=%u handles.%.*ls=%u", Name->Length / 2, Name->Buffer,
            AT(Type, 0x10, ULONG), Name->Length / 2, Name->Buffer, AT(Type, 0x14, ULONG));
        Type += 0x68 + ((AT(Type, 2, USHORT) + 7) & ~7);
    }
}

static void AddPool(void) {
    ULONG Count = ReadPool(Buffer);
    for (ULONG i = 0; i < Count; i++) {
        PUCHAR Tag = Buffer + 8 + i * 0x28;
        ULONG64 Bytes = AT(Tag, 0x10, ULONG64) + AT(Tag, 0x20, ULONG64);
        char Name[5] = {0};
        for (ULONG j = 0; j < 4; j++) {
            Name[j] = Tag[j] > ' ' && Tag[j] < 0x7F ? (char)Tag[j] : '_';
        }
        if (Bytes != 0) {
            Add(" pool.%s=%I64u", Name, Bytes);
        }
    }
}

static void AddCases(const LEDGER *Before) {
    for (ULONG i = 0; i < EntryCount; i++) {
        if (Before->Cases[i] != 0) {
            Add(" case.%s=%u", EntryName(i), (unsigned)Before->Cases[i]);
        }
    }
}

void PrintCounters(const LEDGER *Before) {
    TouchImages();
    WaitUntilQuiet();
    LineLength = 0;
    Add("\n@round %u calls=%I64u good=%I64u restarts=%I64u images=%I64u loaded=%I64u",
        (unsigned)Before->Round, Before->Calls, Before->Good, Before->Restarts, Before->Images,
        Before->Loaded);
    AddCases(Before);
    AddPerformance();
    AddObjects();
    AddPool();
    Add(" .\n");
    Emit(Line, LineLength);
}

/* ---- What rounds may leave behind: permanent objects and atoms ---- */

typedef NTSTATUS(NTAPI *OPEN)(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);

static void MakeTemporary(HANDLE Directory, PUNICODE_STRING Name) {
    static const OPEN Opens[] = {
        NtOpenEvent,          NtOpenMutant,     NtOpenSemaphore,    NtOpenTimer,
        NtOpenSection,        NtOpenKeyedEvent, NtOpenIoCompletion, NtOpenSymbolicLinkObject,
        NtOpenDirectoryObject};
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Handle;
    InitializeObjectAttributes(&Attributes, Name, 0, Directory, NULL);
    for (ULONG i = 0; i < ARRAYSIZE(Opens); i++) {
        if (Opens[i](&Handle, DELETE_ACCESS, &Attributes) >= 0) {
            NtMakeTemporaryObject(Handle);
            NtClose(Handle);
        }
    }
}

static BOOL IsOurs(PUNICODE_STRING Name) {
    return Name->Length >= 4 && (Name->Buffer[0] | 0x20) == 'f' && (Name->Buffer[1] | 0x20) == 'z';
}

static void CleanDirectory(HANDLE Root, PUNICODE_STRING Path, ULONG Depth) {
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Directory;
    ULONG Context = 0;
    struct {
        UNICODE_STRING Name, TypeName, End[2];
        WCHAR Text[300];
    } Entry;
    InitializeObjectAttributes(&Attributes, Path, 0, Root, NULL);
    if (NtOpenDirectoryObject(&Directory, 3, &Attributes) < 0) {
        return;
    }
    while (NtQueryDirectoryObject(Directory, &Entry, sizeof(Entry), TRUE, FALSE, &Context, NULL) ==
           0) {
        if (Depth < 6 && Entry.TypeName.Length == 18 && Entry.TypeName.Buffer[0] == 'D') {
            CleanDirectory(Directory, &Entry.Name, Depth + 1);
        }
        if (IsOurs(&Entry.Name)) {
            MakeTemporary(Directory, &Entry.Name);
        }
    }
    NtClose(Directory);
}

void RemoveTraces(void) {
    UNICODE_STRING Root;
    RtlInitUnicodeString(&Root, L"\\");
    for (ULONG i = 0; i < 3; i++) { /* removing an entry moves others, which the walk misses */
        CleanDirectory(NULL, &Root, 0);
    }
    for (ULONG i = 0; i < ATOMS; i++) {
        for (ULONG Count = 0; Count < 10000 && NtDeleteAtom((USHORT)(FIRST_ATOM + i)) == 0;
             Count++) {
        }
    }
}
