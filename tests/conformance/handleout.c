/*
 * handleout.c - what the services that create and open leave in the caller's handle
 *
 * Every call begins with a handle of a value that no service returns. What is there afterwards is
 * one of: untouched, zero, a handle.
 */
#include "objects.h"

#define BEFORE ((HANDLE)(ULONG_PTR)0xDEADBEEF0BADCAFE)

NTSYS NTSTATUS NTAPI NtOpenProcess(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, CLIENT_ID *);
NTSYS NTSTATUS NTAPI NtOpenThread(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, CLIENT_ID *);
NTSYS NTSTATUS NTAPI NtGetNextThread(HANDLE, HANDLE, ACCESS_MASK, ULONG, ULONG, PHANDLE);
NTSYS NTSTATUS NTAPI NtCreateThreadEx(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, HANDLE, PVOID,
                                      PVOID, ULONG, SIZE_T, SIZE_T, SIZE_T, PVOID);

static const char *Left(HANDLE Handle) {
    return Handle == BEFORE ? "untouched" : Handle == NULL ? "zero" : "a handle";
}

/* Prints a call's outcome and closes what it made. */
static void Show(const char *What, NTSTATUS Status, HANDLE Handle) {
    Print("  %s: %08x, %s\n", What, (unsigned)Status, Left(Handle));
    if (NT_SUCCESS(Status) && Handle != BEFORE && Handle != NULL) {
        NtClose(Handle);
    }
}

/* Where Wine's status is not Windows'. */
static void ShowLeft(const char *What, NTSTATUS Status, HANDLE Handle) {
    Print("  %s: %s, %s\n", What, NT_SUCCESS(Status) ? "succeeds" : "fails", Left(Handle));
}

/* ---- Object attributes that are wrong in one way ---- */

typedef struct {
    const char *What;
    PCWSTR Name; /* NULL: no name */
    ULONG Length, Attributes;
    LONG NameLength; /* bytes; -1: of the text */
    HANDLE Root;
    BOOL BadPointer, OfDirectory;
} WRONG;

static const WRONG Wrongs[] = {
    {"length", L"\\BaseNamedObjects\\VitrineOut", 0, 0, -1, NULL, FALSE, FALSE},
    {"length too large", L"\\BaseNamedObjects\\VitrineOut", 0x38, 0, -1, NULL, FALSE, FALSE},
    {"odd name", L"\\BaseNamedObjects\\VitrineOut", 0x30, 0, 55, NULL, FALSE, FALSE},
    {"missing directory", L"\\BaseNamedObjects\\VitrineNone\\x", 0x30, 0, -1, NULL, FALSE, FALSE},
    {"no backslash", L"VitrineOut", 0x30, 0, -1, NULL, FALSE, FALSE},
    {"root that is no handle", L"VitrineOut", 0x30, 0, -1, (HANDLE)0x7FFC, FALSE, FALSE},
    {"root, no name", NULL, 0x30, 0, -1, (HANDLE)0x7FFC, FALSE, FALSE},
    {"name of a directory", L"\\BaseNamedObjects", 0x30, 0, -1, NULL, FALSE, TRUE},
    {"empty name", L"", 0x30, 0, -1, NULL, FALSE, FALSE},
    {"name not readable", L"\\x", 0x30, 0, -1, NULL, TRUE, FALSE},
};

typedef NTSTATUS (*SERVICE)(KIND Kind, PHANDLE Handle, POBJECT_ATTRIBUTES Attributes);

static NTSTATUS Create(KIND Kind, PHANDLE Handle, POBJECT_ATTRIBUTES Attributes) {
    UNICODE_STRING Target;
    RtlInitUnicodeString(&Target, L"\\");
    return CreateObject(Kind, Handle, Kinds[Kind].All, Attributes, &Target);
}

static NTSTATUS Open(KIND Kind, PHANDLE Handle, POBJECT_ATTRIBUTES Attributes) {
    return OpenObject(Kind, Handle, Kinds[Kind].All, Attributes);
}

static void TryWrong(KIND Kind, SERVICE Service, const WRONG *Wrong) {
    UNICODE_STRING Name;
    HANDLE Handle = BEFORE;
    RtlInitUnicodeString(&Name, Wrong->Name);
    if (Wrong->NameLength >= 0) {
        Name.Length = (USHORT)Wrong->NameLength;
    }
    if (Wrong->BadPointer) {
        Name.Buffer = (PWSTR)8;
    }
    OBJECT_ATTRIBUTES Attributes;
    InitializeObjectAttributes(&Attributes, Wrong->Name != NULL ? &Name : NULL, Wrong->Attributes,
                               Wrong->Root, NULL);
    Attributes.Length = Wrong->Length;
    NTSTATUS Status = Service(Kind, &Handle, &Attributes);
    Show(Wrong->What, Status, Handle);
}

static void TryKind(KIND Kind, const char *Verb, SERVICE Service) {
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Handle = BEFORE;
    Print("%s %s\n", Verb, Kinds[Kind].Name);
    for (ULONG i = 0; i < sizeof(Wrongs) / sizeof(Wrongs[0]); i++) {
        if (Kind == Directory && Service == Open && Wrongs[i].OfDirectory) {
            continue; /* not wrong */
        }
        TryWrong(Kind, Service, &Wrongs[i]);
    }
    RtlInitUnicodeString(&Name, L"\\BaseNamedObjects\\VitrineOut");
    InitializeObjectAttributes(&Attributes, &Name, 0, NULL, NULL);
    NTSTATUS Status = Service(Kind, &Handle, &Attributes);
    Show("name of a free place", Status, Handle);
    Handle = BEFORE;
    Status = Service(Kind, &Handle, (POBJECT_ATTRIBUTES)8);
    Show("attributes not readable", Status, Handle);
    if (Service == Open) {
        Handle = BEFORE;
        Status = Service(Kind, &Handle, NULL);
        Show("no attributes", Status, Handle);
    }
}

/* The name is taken by an object of the same type, and of another. */
static void Collisions(void) {
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Holder = NULL;
    RtlInitUnicodeString(&Name, L"\\BaseNamedObjects\\VitrineOut");
    InitializeObjectAttributes(&Attributes, &Name, 0, NULL, NULL);
    NtCreateEvent(&Holder, EVENT_ALL, &Attributes, 0, FALSE);
    Print("the name is an event's\n");
    for (KIND Kind = Directory; Kind < KINDS; Kind++) {
        HANDLE Handle = BEFORE;
        Attributes.Attributes = 0;
        NTSTATUS Status = Create(Kind, &Handle, &Attributes);
        Show(Kinds[Kind].Name, Status, Handle);
        Handle = BEFORE;
        Attributes.Attributes = OBJ_OPENIF;
        Status = Create(Kind, &Handle, &Attributes);
        Show("with OBJ_OPENIF", Status, Handle);
        Handle = BEFORE;
        Status = Open(Kind, &Handle, &Attributes);
        Show("open", Status, Handle);
    }
    NtClose(Holder);
}

/* ---- Wrong parameters of single services ---- */

static void BadParameters(void) {
    LARGE_INTEGER Zero = {.QuadPart = 0}, Size = {.QuadPart = PAGE};
    UNICODE_STRING Target = {0, 0, NULL};
    HANDLE Handle = BEFORE;
    NTSTATUS Status;
    Print("wrong parameters\n");
    Status = NtCreateEvent(&Handle, EVENT_ALL, NULL, 2, FALSE);
    Show("event type", Status, Handle);
    Handle = BEFORE;
    Status = NtCreateSemaphore(&Handle, SEMAPHORE_ALL, NULL, 2, 1);
    Show("semaphore count", Status, Handle);
    Handle = BEFORE;
    Status = NtCreateSemaphore(&Handle, SEMAPHORE_ALL, NULL, 0, 0);
    Show("semaphore limit", Status, Handle);
    Handle = BEFORE;
    Status = NtCreateTimer(&Handle, TIMER_ALL, NULL, 2);
    ShowLeft("timer type", Status, Handle);
    Handle = BEFORE;
    Status = NtCreateSection(&Handle, SECTION_ALL, NULL, &Zero, PAGE_READWRITE, SEC_COMMIT, NULL);
    ShowLeft("section size", Status, Handle);
    Handle = BEFORE;
    Status = NtCreateSection(&Handle, SECTION_ALL, NULL, &Size, 0, SEC_COMMIT, NULL);
    Show("section protection", Status, Handle);
    Handle = BEFORE;
    Status = NtCreateSection(&Handle, SECTION_ALL, NULL, &Size, PAGE_READWRITE, SEC_COMMIT,
                             (HANDLE)0x7FFC);
    Show("section file", Status, Handle);
    Handle = BEFORE;
    Status = NtCreateSymbolicLinkObject(&Handle, LINK_ALL, NULL, &Target);
    Show("link target", Status, Handle);
}

/* ---- Processes, threads, duplicates ---- */

static void Clients(void) {
    OBJECT_ATTRIBUTES Attributes;
    CLIENT_ID None = {(HANDLE)0x7FFFFFFC, NULL}, NoThread = {NULL, (HANDLE)0x7FFFFFFC};
    HANDLE Handle = BEFORE;
    InitializeObjectAttributes(&Attributes, NULL, 0, NULL, NULL);
    Print("processes and threads\n");
    NTSTATUS Status = NtOpenProcess(&Handle, 0x1FFFFF, &Attributes, &None);
    Show("open process that is none", Status, Handle);
    Handle = BEFORE;
    Status = NtOpenThread(&Handle, 0x1FFFFF, &Attributes, &NoThread);
    Show("open thread that is none", Status, Handle);
    Handle = BEFORE;
    Status = NtGetNextThread((HANDLE)0x7FFC, NULL, 0x1FFFFF, 0, 0, &Handle);
    Show("next thread of no process", Status, Handle);
    Handle = BEFORE;
    Status = NtGetNextThread(SELF, SELF_THREAD, 0x1FFFFF, 0, 0, &Handle);
    Show("next thread after the last", Status, Handle);
    Handle = BEFORE;
    Status = NtCreateThreadEx(&Handle, 0x1FFFFF, NULL, (HANDLE)0x7FFC, (PVOID)Clients, NULL, 1, 0,
                              0, 0, NULL);
    Show("thread of no process", Status, Handle);
}

static void Duplicates(void) {
    HANDLE Handle = BEFORE, Event = NULL;
    NtCreateEvent(&Event, 1, NULL, 0, FALSE);
    Print("duplicates\n");
    NTSTATUS Status = NtDuplicateObject(SELF, (HANDLE)0x7FFC, SELF, &Handle, 0, 0, 2);
    Show("no source", Status, Handle);
    Handle = BEFORE;
    Status = NtDuplicateObject((HANDLE)0x7FFC, Event, SELF, &Handle, 0, 0, 2);
    Show("no source process", Status, Handle);
    Handle = BEFORE;
    Status = NtDuplicateObject(SELF, Event, (HANDLE)0x7FFC, &Handle, 0, 0, 2);
    Show("no target process", Status, Handle);
    Handle = BEFORE;
    Status = NtDuplicateObject(Event, Event, SELF, &Handle, 0, 0, 2);
    Show("source process is an event", Status, Handle);
    Handle = BEFORE;
    Status = NtDuplicateObject(SELF, Event, SELF, &Handle, 0, 0, 2);
    Show("a good one", Status, Handle);
    Handle = BEFORE;
    Status = NtDuplicateObject(SELF, NULL, SELF, &Handle, 0, 0, 2);
    Show("null source", Status, Handle);
}

/* ---- Files ---- */

static void File(const char *What, PCWSTR Path, ULONG Disposition, ULONG Options, BOOL Open_) {
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Io;
    HANDLE Handle = BEFORE;
    RtlInitUnicodeString(&Name, Path);
    InitializeObjectAttributes(&Attributes, &Name, 0, NULL, NULL);
    NTSTATUS Status =
        Open_ ? NtOpenFile(&Handle, SYNCHRONIZE | FILE_READ_DATA, &Attributes, &Io, 7, Options)
              : NtCreateFile(&Handle, SYNCHRONIZE | FILE_READ_DATA, &Attributes, &Io, NULL, 0, 7,
                             Disposition, Options, NULL, 0);
    Show(What, Status, Handle);
}

static void Files(void) {
    Print("files\n");
    for (ULONG i = 0; i < 2; i++) {
        File("missing", L"\\??\\C:\\VitrineNone", 1, 0x20, i);
        File("no backslash", L"VitrineNone", 1, 0x20, i);
        File("missing device", L"\\Device\\VitrineNone", 1, 0x20, i);
    }
    File("disposition", L"\\??\\C:\\VitrineNone", 9, 0x20, FALSE);
}

void Start(void) {
    for (KIND Kind = Directory; Kind < KINDS; Kind++) {
        TryKind(Kind, "create", Create);
        TryKind(Kind, "open", Open);
    }
    Collisions();
    BadParameters();
    Clients();
    Duplicates();
    Files();
    Exit(0);
}
