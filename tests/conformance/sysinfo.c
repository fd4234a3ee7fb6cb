/* NtQuerySystemInformation: lengths and statuses, and that what it says of this process is true. */
#include "threading.h"

static UCHAR Buffer[0x40000];

/* A list: nothing fits, then what was asked for fits. */
static void List(const char *What, int Class) {
    ULONG Got = 0;
    NTSTATUS Status = NtQuerySystemInformation(Class, Buffer, 0, NULL);
    Print("%s, no room: %08x\n", What, (unsigned)Status);
    Status = NtQuerySystemInformation(Class, Buffer, sizeof(Buffer), &Got);
    Print("%s: %08x, length told: %s\n", What, (unsigned)Status, YesNo(Got != 0));
}

static void Exact(const char *What, int Class, ULONG Size) {
    ULONG Got = 0;
    Print("%s: too short %08x", What,
          (unsigned)NtQuerySystemInformation(Class, Buffer, Size - 1, NULL));
    Print(", exact %08x", (unsigned)NtQuerySystemInformation(Class, Buffer, Size, &Got));
    Print(", length %s\n", Got == Size ? "as asked" : "another");
}

/* This process's entry in the list of processes. */
static PUCHAR Me(void) {
    PUCHAR Entry = Buffer;
    NtQuerySystemInformation(5, Buffer, sizeof(Buffer), NULL);
    for (;;) {
        if (AT(Entry, 0x50, HANDLE) == MyProcessId()) {
            return Entry;
        }
        if (AT(Entry, 0, ULONG) == 0) {
            return NULL;
        }
        Entry += AT(Entry, 0, ULONG);
    }
}

static BOOL HasThread(PUCHAR Entry, HANDLE Id) {
    for (ULONG i = 0; i < AT(Entry, 4, ULONG); i++) {
        if (AT(Entry + 0x100 + i * 0x50, 0x30, HANDLE) == Id) {
            return TRUE;
        }
    }
    return FALSE;
}

static HANDLE Stop;

static NTSTATUS NTAPI Wait(PVOID Parameter) {
    (void)Parameter;
    NtWaitForSingleObject(Stop, FALSE, NULL);
    return 0;
}

static void Processes(void) {
    PUCHAR Entry = Me();
    Check("this process is listed", Entry != NULL);
    ULONG Threads = AT(Entry, 4, ULONG);
    Check("with this thread", HasThread(Entry, MyThreadId()));
    UNICODE_STRING Name = AT(Entry, 0x38, UNICODE_STRING);
    Print("named %u letters, ", Name.Length / 2);
    Check("inside the buffer",
          (PUCHAR)Name.Buffer > Entry && (PUCHAR)Name.Buffer < Buffer + sizeof(Buffer));
    Print("%c%c%c\n", Name.Buffer[0], Name.Buffer[1], Name.Buffer[2]);
    NtCreateEvent(&Stop, EVENT_ALL_ACCESS, NULL, 0, FALSE);
    HANDLE First = Begin(Wait, NULL, FALSE), Second = Begin(Wait, NULL, FALSE);
    Entry = Me();
    Check("two threads more", AT(Entry, 4, ULONG) == Threads + 2);
    NtSetEvent(Stop, NULL);
    NtWaitForSingleObject(First, FALSE, NULL);
    NtWaitForSingleObject(Second, FALSE, NULL);
}

/* The handle's entry in the list of all handles; its object. */
static PVOID ObjectOf(HANDLE Handle, PULONG Access, PULONG Found) {
    PVOID Object = NULL;
    *Found = 0;
    NtQuerySystemInformation(64, Buffer, sizeof(Buffer), NULL);
    for (ULONG i = 0; i < AT(Buffer, 0, ULONG); i++) {
        PUCHAR Entry = Buffer + 16 + i * 0x28;
        if (AT(Entry, 8, HANDLE) == MyProcessId() && AT(Entry, 16, HANDLE) == Handle) {
            Object = AT(Entry, 0, PVOID);
            *Access = AT(Entry, 24, ULONG);
            *Found += 1;
        }
    }
    return Object;
}

static void HandleList(void) {
    HANDLE One, Two;
    ULONG Access = 0, Found;
    NtCreateEvent(&One, EVENT_ALL_ACCESS, NULL, 0, FALSE);
    NtDuplicateObject(SELF, One, SELF, &Two, SYNCHRONIZE, 0, 0);
    PVOID Object = ObjectOf(One, &Access, &Found);
    Print("a handle is listed %u times, access %x\n", Found, Access);
    PVOID Other = ObjectOf(Two, &Access, &Found);
    Print("its duplicate %u times, access %x\n", Found, Access);
    Check("the same object", Object == Other);
    NtClose(Two);
    ObjectOf(Two, &Access, &Found);
    Print("closed: %u times\n", Found);
    NtClose(One);
}

static void Processors(void) {
    ULONG Got = 0, Basic[16];
    NtQuerySystemInformation(0, Basic, 64, NULL);
    ULONG Count = ((PUCHAR)Basic)[56];
    NTSTATUS Status = NtQuerySystemInformation(8, Buffer, 64 * 48, &Got);
    Print("processors: %08x, ", (unsigned)Status);
    Check("an entry for each", Got == Count * 48);
    BOOL Sane = TRUE;
    for (ULONG i = 0; i < Count; i++) {
        Sane &= AT(Buffer, i * 48, LONG64) <= AT(Buffer, i * 48 + 8, LONG64);
    }
    Check("idle time is kernel time", Sane);
}

void Start(void) {
    List("processes", 5);
    List("handles", 64);
    Exact("basic", 0, 64);
    Exact("processor", 1, 12);
    Exact("time of day", 3, 48);
    ShowFailure("performance, too short", NtQuerySystemInformation(2, Buffer, 311, NULL));
    ShowFailure("performance", NtQuerySystemInformation(2, Buffer, 344, NULL));
    ShowStatus("no such class", NtQuerySystemInformation(0x1234, Buffer, 64, NULL));
    Processes();
    HandleList();
    Processors();
    Exit(0);
}
