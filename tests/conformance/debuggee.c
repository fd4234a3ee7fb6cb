/*
 * What tests/gdb looks at: one of each thing that a debugger command shows, and a record of what
 * the program knows of it. Everything stands when NtTestAlert is called; the program never ends.
 */
#include "threading.h"

NTSYS NTSTATUS NTAPI NtCreateMutant(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, BOOLEAN);
NTSYS NTSTATUS NTAPI NtCreateSemaphore(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, LONG, LONG);
NTSYS NTSTATUS NTAPI NtDuplicateObject(HANDLE, HANDLE, HANDLE, PHANDLE, ACCESS_MASK, ULONG, ULONG);
NTSYS NTSTATUS NTAPI NtSetInformationObject(HANDLE, int, PVOID, ULONG);
NTSYS NTSTATUS NTAPI NtCreateDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtCreateSymbolicLinkObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES,
                                                PUNICODE_STRING);

#define DIRECTORY_ALL     0x000F000F
#define SYMBOLIC_LINK_ALL 0x000F0001

/* What tests/gdb reads, by name. */
HANDLE Event, Copy, Mutant, Semaphore, Directory, Link, Section, Waiter, Sleeper, Spinner;
CLIENT_ID WaiterId, SleeperId, SpinnerId;
PVOID Memory, View, Reserved;
volatile LONG Steps;

static OBJECT_ATTRIBUTES *Named(PCWSTR Name) {
    static OBJECT_ATTRIBUTES Attributes;
    static UNICODE_STRING String;
    USHORT Length = 0;
    while (Name[Length]) {
        Length++;
    }
    String = (UNICODE_STRING){Length * 2, Length * 2 + 2, (PWSTR)Name};
    InitializeObjectAttributes(&Attributes, &String, 0, Directory, NULL);
    return &Attributes;
}

static NTSTATUS NTAPI Wait(PVOID Unused) {
    (void)Unused;
    Steps++;
    NtWaitForSingleObject(Mutant, FALSE, NULL);
    return 0;
}

static NTSTATUS NTAPI Sleep_(PVOID Unused) {
    LARGE_INTEGER Hour = {.QuadPart = -36000000000ll};
    (void)Unused;
    Steps++;
    NtDelayExecution(FALSE, &Hour);
    return 0;
}

/* Always ready to run: it comes to its turn again and again. */
static NTSTATUS NTAPI Spin(PVOID Unused) {
    (void)Unused;
    Steps++;
    for (;;) {
        NtYieldExecution();
    }
    return 0;
}

static void CreateObjects(void) {
    UNICODE_STRING Target = {16, 18, L"\\Device\\"};
    BYTE Flags[2] = {TRUE, TRUE}; /* inherit, protect from close */

    NtCreateDirectoryObject(&Directory, DIRECTORY_ALL, Named(L"\\debuggee"));
    NtCreateEvent(&Event, EVENT_ALL_ACCESS, Named(L"an event"), 0, FALSE);
    NtCreateSymbolicLinkObject(&Link, SYMBOLIC_LINK_ALL, Named(L"a link"), &Target);
    NtDuplicateObject(SELF, Event, SELF, &Copy, SYNCHRONIZE, 0, 0);
    NtSetInformationObject(Event, 4, Flags, sizeof(Flags));
    NtCreateMutant(&Mutant, MAXIMUM_ALLOWED, NULL, TRUE);
    NtCreateSemaphore(&Semaphore, MAXIMUM_ALLOWED, NULL, 3, 7);
}

static void CreateMemory(void) {
    SIZE_T Size = 3 * PAGE;
    LARGE_INTEGER Pages = {.QuadPart = 5 * PAGE};
    PVOID Middle;
    ULONG Old;

    NtAllocateVirtualMemory(SELF, &Memory, 0, &Size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    *(volatile ULONG *)Memory = 0x64656262;
    Middle = (PBYTE)Memory + PAGE;
    Size = PAGE;
    NtProtectVirtualMemory(SELF, &Middle, &Size, PAGE_READONLY, &Old);
    Size = 0x100000;
    NtAllocateVirtualMemory(SELF, &Reserved, 0, &Size, MEM_RESERVE, PAGE_READWRITE);
    NtCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Pages, PAGE_READWRITE, SEC_COMMIT, NULL);
    Size = 0;
    NtMapViewOfSection(Section, SELF, &View, 0, 0, NULL, &Size, 2, 0, PAGE_READWRITE);
}

static void CreateThreads(void) {
    RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, Wait, NULL, &Waiter, &WaiterId);
    RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, Sleep_, NULL, &Sleeper, &SleeperId);
    while (Steps < 2) {
        NtYieldExecution();
    }
    UntilItWaits(WaiterId.UniqueThread);
    UntilItWaits(SleeperId.UniqueThread);
    /* The waiter does not wait alertably, so this stays in its queue. */
    NtQueueApcThread(Waiter, (PVOID)0x1111, (PVOID)0x2222, (PVOID)0x3333, (PVOID)0x4444);
    RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, Spin, NULL, &Spinner, &SpinnerId);
    while (Steps < 3) {
        NtYieldExecution();
    }
}

void Start(void) {
    CreateObjects();
    CreateMemory();
    CreateThreads();
    NtTestAlert();
    NtTerminateProcess(SELF, 0);
}
