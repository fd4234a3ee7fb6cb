/*
 * lines.c - what four processors do at the same time, each in a process of its own
 *
 * The first process starts three more; each keeps to one processor and opens and closes handles
 * there, between marks that stores.c understands. For the test (tests/test_lines.py) it prints the
 * addresses of the objects that all of them use.
 */
#include "spawn.h"

#define WARM_UP 40
#define ROUNDS  100

NTSYS NTSTATUS NTAPI NtCreateSemaphore(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, LONG, LONG);
NTSYS NTSTATUS NTAPI NtOpenSemaphore(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtReleaseSemaphore(HANDLE, LONG, PLONG);
NTSYS NTSTATUS NTAPI NtOpenDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);

/* kind: 0 begin, 1 end, 2 report */
#define MARK(kind, phase)                                                                          \
    __asm__ volatile(".byte 0x0F, 0x1F, 0x84, 0x00, 'V', 'T', %c0, %c1"                            \
                     :                                                                             \
                     : "i"(kind), "i"(phase)                                                       \
                     : "memory")

static HANDLE Shared, Go, Ready;
static OBJECT_ATTRIBUTES SharedName;

static POBJECT_ATTRIBUTES Name(PCWSTR Text) {
    static UNICODE_STRING String;
    static OBJECT_ATTRIBUTES Attributes;
    RtlInitUnicodeString(&String, Text);
    InitializeObjectAttributes(&Attributes, &String, 0, NULL, NULL);
    return &Attributes;
}

static void CreateClose(void) {
    HANDLE Handle;
    NtCreateEvent(&Handle, EVENT_ALL_ACCESS, NULL, 1, FALSE);
    NtClose(Handle);
}

static void DuplicateClose(void) {
    HANDLE Handle;
    NtDuplicateObject(SELF, Shared, SELF, &Handle, 0, 0, DUPLICATE_SAME_ACCESS);
    NtClose(Handle);
}

static void OpenClose(void) {
    HANDLE Handle;
    NtOpenEvent(&Handle, EVENT_ALL_ACCESS, &SharedName);
    NtClose(Handle);
}

/* What all processes do, each on its own processor. */
static void Work(ULONG64 Processor) {
    ULONG64 Mask = 1ull << Processor;
    NtSetInformationThread(SELF_THREAD, 4 /* ThreadAffinityMask */, &Mask, sizeof(Mask));
    for (int i = 0; i < WARM_UP; i++) {
        CreateClose();
        DuplicateClose();
        OpenClose();
    }
    NtReleaseSemaphore(Ready, 1, NULL);
    NtWaitForSingleObject(Go, FALSE, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        MARK(0, 1);
        CreateClose();
        MARK(1, 1);
        MARK(0, 2);
        DuplicateClose();
        MARK(1, 2);
        MARK(0, 3);
        OpenClose();
        MARK(1, 3);
    }
    NtReleaseSemaphore(Ready, 1, NULL);
}

static void PrintAddress(PCSTR What, HANDLE Handle) {
    static struct {
        ULONG64 Count, Reserved;
        struct {
            ULONG64 Object, Process, Handle;
            ULONG64 Rest[2];
        } Handles[4000];
    } List;
    ULONG64 Self = (ULONG64)AT(NtCurrentTeb(), 0x40, HANDLE);
    NtQuerySystemInformation(64 /* SystemExtendedHandleInformation */, &List, sizeof(List), NULL);
    for (ULONG64 i = 0; i < List.Count && i < 4000; i++) {
        if (List.Handles[i].Process == Self && List.Handles[i].Handle == (ULONG64)Handle) {
            Print("%s %I64x\n", What, List.Handles[i].Object);
        }
    }
}

static void Child(ULONG64 Number) {
    NtOpenEvent(&Shared, EVENT_ALL_ACCESS, Name(L"\\BaseNamedObjects\\LinesShared"));
    NtOpenEvent(&Go, EVENT_ALL_ACCESS, Name(L"\\BaseNamedObjects\\LinesGo"));
    NtOpenSemaphore(&Ready, 0x1F0003, Name(L"\\BaseNamedObjects\\LinesReady"));
    SharedName = *Name(L"\\BaseNamedObjects\\LinesShared");
    Work(Number);
}

static void Parent(void) {
    HANDLE Root, Base, Children[3];
    NtCreateEvent(&Shared, EVENT_ALL_ACCESS, Name(L"\\BaseNamedObjects\\LinesShared"), 1, FALSE);
    NtCreateEvent(&Go, EVENT_ALL_ACCESS, Name(L"\\BaseNamedObjects\\LinesGo"), 0, FALSE);
    NtCreateSemaphore(&Ready, 0x1F0003, Name(L"\\BaseNamedObjects\\LinesReady"), 0, 100);
    NtOpenDirectoryObject(&Root, 3, Name(L"\\"));
    NtOpenDirectoryObject(&Base, 3, Name(L"\\BaseNamedObjects"));
    PrintAddress("shared", Shared);
    PrintAddress("directory", Root);
    PrintAddress("directory", Base);
    for (ULONG64 i = 0; i < 3; i++) {
        Children[i] = SpawnChild(i + 1);
        if (Children[i] == NULL) {
            Print("no child\n");
            Exit(1);
        }
    }
    for (int i = 0; i < 3; i++) {
        NtWaitForSingleObject(Ready, FALSE, NULL);
    }
    NtSetEvent(Go, NULL);
    SharedName = *Name(L"\\BaseNamedObjects\\LinesShared");
    Work(0);
    for (int i = 0; i < 3; i++) {
        NtWaitForSingleObject(Children[i], FALSE, NULL);
    }
    MARK(2, 0);
    Print("done\n");
}

void Start(void) {
    if (IsChildProcess()) {
        Child(NumberArgument(0, 1));
    } else {
        Parent();
    }
    Exit(0);
}
