/* I/O completion objects: packets in order, depth, timeouts, several at once, threads, names. */
#include "nt.h"

typedef struct _COMPLETION_ENTRY {
    PVOID Key, Context;
    IO_STATUS_BLOCK Io;
} COMPLETION_ENTRY;

NTSYS NTSTATUS NTAPI NtCreateIoCompletion(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, ULONG);
NTSYS NTSTATUS NTAPI NtOpenIoCompletion(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtQueryIoCompletion(HANDLE, int, PVOID, ULONG, PULONG);
NTSYS NTSTATUS NTAPI NtSetIoCompletion(HANDLE, ULONG_PTR, ULONG_PTR, NTSTATUS, SIZE_T);
NTSYS NTSTATUS NTAPI NtRemoveIoCompletion(HANDLE, PVOID *, PVOID *, PIO_STATUS_BLOCK,
                                          PLARGE_INTEGER);
NTSYS NTSTATUS NTAPI NtRemoveIoCompletionEx(HANDLE, COMPLETION_ENTRY *, ULONG, PULONG,
                                            PLARGE_INTEGER, BOOLEAN);

#define ALL_ACCESS 0x1F0003
#define THREADS    4
#define PACKETS    100

static HANDLE Port, Done;
static volatile LONG Sum, Taken;

static NTSTATUS Remove(HANDLE From, LONG64 Time) {
    PVOID Key = (PVOID)-1, Context = (PVOID)-1;
    IO_STATUS_BLOCK Io = {.Information = 77};
    LARGE_INTEGER Timeout = {.QuadPart = Time};
    NTSTATUS Status = NtRemoveIoCompletion(From, &Key, &Context, &Io, &Timeout);
    Print(" remove: %08x", (unsigned)Status);
    if (Status == STATUS_SUCCESS) {
        Print(" key %x context %x status %08x information %x", (unsigned)(ULONG_PTR)Key,
              (unsigned)(ULONG_PTR)Context, (unsigned)Io.Status, (unsigned)Io.Information);
    }
    Print("\n");
    return Status;
}

static void Depth(HANDLE Of) {
    LONG Count = -1;
    ULONG Length = 0;
    NTSTATUS Status = NtQueryIoCompletion(Of, 0, &Count, sizeof(Count), &Length);
    Print(" query: %08x depth %d length %u\n", (unsigned)Status, Count, Length);
}

static void InOrder(void) {
    Print("in order\n");
    ShowStatus(" create", NtCreateIoCompletion(&Port, ALL_ACCESS, NULL, 0));
    Remove(Port, 0);
    Remove(Port, -200000);
    for (ULONG i = 1; i <= 3; i++) {
        ShowStatus(" set",
                   NtSetIoCompletion(Port, i, 0x10 * i, STATUS_PENDING + (NTSTATUS)i, 0x100 * i));
        Depth(Port);
    }
    for (ULONG i = 0; i < 4; i++) {
        Remove(Port, 0);
        Depth(Port);
    }
}

static void Several(void) {
    COMPLETION_ENTRY Entries[4];
    LARGE_INTEGER Now = {.QuadPart = 0};
    ULONG Count = 99;
    Print("several\n");
    ShowStatus(" none there", NtRemoveIoCompletionEx(Port, Entries, 4, &Count, &Now, FALSE));
    for (ULONG i = 1; i <= 6; i++) {
        NtSetIoCompletion(Port, i, 0, STATUS_SUCCESS, i);
    }
    for (ULONG Round = 0; Round < 2; Round++) {
        ShowStatus(" remove", NtRemoveIoCompletionEx(Port, Entries, 4, &Count, NULL, FALSE));
        Print(" count %u:", Count);
        for (ULONG i = 0; i < Count && i < 4; i++) {
            Print(" %u", (unsigned)(ULONG_PTR)Entries[i].Key);
        }
        Print("\n");
    }
}

static NTSTATUS NTAPI Worker(PVOID Parameter) {
    (void)Parameter;
    for (;;) {
        PVOID Key, Context;
        IO_STATUS_BLOCK Io;
        NTSTATUS Status = NtRemoveIoCompletion(Port, &Key, &Context, &Io, NULL);
        if (Status != STATUS_SUCCESS || Key == NULL) {
            break;
        }
        __atomic_add_fetch(&Sum, (LONG)(ULONG_PTR)Key, __ATOMIC_SEQ_CST);
        if (__atomic_add_fetch(&Taken, 1, __ATOMIC_SEQ_CST) == PACKETS) {
            NtSetEvent(Done, NULL);
        }
        if ((ULONG_PTR)Key % 7 == 0) {
            LARGE_INTEGER Nap = {.QuadPart = -10000};
            NtDelayExecution(FALSE, &Nap);
        }
    }
    RtlExitUserThread(STATUS_SUCCESS);
    return 0;
}

static void Threads(void) {
    HANDLE Handles[THREADS];
    CLIENT_ID Id;
    Print("threads\n");
    NtCreateEvent(&Done, EVENT_ALL_ACCESS, NULL, 0, FALSE);
    for (ULONG i = 0; i < THREADS; i++) {
        ShowStatus(" thread", RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, (PVOID)Worker, NULL,
                                                  &Handles[i], &Id));
    }
    for (ULONG_PTR i = 1; i <= PACKETS; i++) {
        NtSetIoCompletion(Port, i, 0, STATUS_SUCCESS, 0);
    }
    ShowStatus(" all done", NtWaitForSingleObject(Done, FALSE, NULL));
    Print(" sum %d of %d packets\n", (int)Sum, (int)Taken);
    for (ULONG i = 0; i < THREADS; i++) {
        NtSetIoCompletion(Port, 0, 0, STATUS_SUCCESS, 0);
    }
    for (ULONG i = 0; i < THREADS; i++) {
        ShowStatus(" end", NtWaitForSingleObject(Handles[i], FALSE, NULL));
        NtClose(Handles[i]);
    }
    Depth(Port);
}

static void Names(void) {
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
    HANDLE First = NULL, Second = NULL, Event = NULL;
    LONG Count;
    Print("names and access\n");
    RtlInitUnicodeString(&Name, L"\\BaseNamedObjects\\ConformancePort");
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    ShowStatus(" open none", NtOpenIoCompletion(&Second, ALL_ACCESS, &Attributes));
    ShowStatus(" create", NtCreateIoCompletion(&First, ALL_ACCESS, &Attributes, 2));
    ShowStatus(" open for query", NtOpenIoCompletion(&Second, 1, &Attributes));
    ShowStatus(" set", NtSetIoCompletion(First, 5, 6, STATUS_SUCCESS, 7));
    Depth(Second);
    ShowStatus(" set without access", NtSetIoCompletion(Second, 0, 0, 0, 0));
    Remove(Second, 0);
    Remove(First, 0);
    ShowStatus(" short", NtQueryIoCompletion(First, 0, &Count, 2, NULL));
    NtCreateEvent(&Event, EVENT_ALL_ACCESS, NULL, 0, FALSE);
    ShowStatus(" set an event", NtSetIoCompletion(Event, 0, 0, 0, 0));
    ShowStatus(" set nothing", NtSetIoCompletion(NULL, 0, 0, 0, 0));
    NtSetIoCompletion(First, 1, 1, 1, 1); /* left in it */
    ShowStatus(" close", NtClose(First));
    ShowStatus(" close", NtClose(Second));
    ShowStatus(" open when gone", NtOpenIoCompletion(&Second, ALL_ACCESS, &Attributes));
}

void Start(void) {
    InOrder();
    Several();
    Threads();
    Names();
    Exit(0);
}
