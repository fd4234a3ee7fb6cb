/*
 * ionotify.c - FileIoCompletionNotificationInformation: what can be set and asked, on which files,
 * and what it does to packets and events
 */
#include "nt.h"
#include "ownfile.h"

NTSYS NTSTATUS NTAPI NtCreateIoCompletion(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, ULONG);
NTSYS NTSTATUS NTAPI NtRemoveIoCompletion(HANDLE, PVOID *, PVOID *, PIO_STATUS_BLOCK,
                                          PLARGE_INTEGER);

#define NOTIFICATION 41
#define COMPLETION   30

static NTSTATUS SetFlags(HANDLE File, ULONG Flags, ULONG Length) {
    IO_STATUS_BLOCK Io;
    ULONG Value[2] = {Flags, 0};
    return NtSetInformationFile(File, &Io, Value, Length, NOTIFICATION);
}

static void Query(HANDLE File, ULONG Length) {
    IO_STATUS_BLOCK Io = {.Information = 77};
    ULONG Flags[2] = {0xDEAD, 0xBEEF};
    NTSTATUS Status = NtQueryInformationFile(File, &Io, Flags, Length, NOTIFICATION);
    Print("  query of %lu: %08x %lx %lx\n", Length, (unsigned)Status, Flags[0], Flags[1]);
}

static void Synchronous(void) {
    HANDLE File = OpenOwnFile(FILE_SYNCHRONOUS_IO_NONALERT);
    Print("a synchronous file\n");
    Query(File, 4);
    for (ULONG Flags = 0; Flags < 9; Flags++) {
        Print("  %lu", Flags);
        ShowStatus("", SetFlags(File, Flags, 4));
    }
    Query(File, 4);
    NtClose(File);
}

static void Asynchronous(void) {
    HANDLE File = OpenOwnFile(0);
    Print("an asynchronous file\n");
    Query(File, 4);
    Query(File, 8);
    ShowStatus("  short", SetFlags(File, 0, 3));
    ShowStatus("  long", SetFlags(File, 0, 8));
    ShowStatus("  8", SetFlags(File, 8, 4));
    ShowStatus("  80000000", SetFlags(File, 0x80000000, 4));
    Query(File, 4);
    for (ULONG Flags = 1; Flags < 8; Flags *= 2) {
        Print("  %lu", Flags);
        ShowStatus("", SetFlags(File, Flags, 4));
        Query(File, 4);
    }
    ShowStatus("  0", SetFlags(File, 0, 4));
    Query(File, 4);
    NtClose(File);
}

/* One read of the beginning; what tells of its end? */
static void Read(HANDLE File, HANDLE Port, const char *What) {
    static UCHAR Buffer[16];
    IO_STATUS_BLOCK Io = {.Information = 0};
    LARGE_INTEGER Offset = {.QuadPart = 0}, Second = {.QuadPart = -10000000};
    HANDLE Event = NULL;
    PVOID Key = NULL, Context = NULL;
    NtCreateEvent(&Event, EVENT_ALL_ACCESS, NULL, 0, FALSE);
    NTSTATUS Status = NtReadFile(File, Event, NULL, (PVOID)0x55, &Io, Buffer, 16, &Offset, NULL);
    NTSTATUS Set = NtWaitForSingleObject(Event, FALSE, &Second);
    LARGE_INTEGER Short = {.QuadPart = -500000};
    NTSTATUS Packet = NtRemoveIoCompletion(Port, &Key, &Context, &Io, &Short);
    Print("  %s: %s, event %08x, packet %08x\n", What, NT_SUCCESS(Status) ? "read" : "failed",
          (unsigned)Set, (unsigned)Packet);
    NtClose(Event);
}

static void Packets(void) {
    HANDLE Port = NULL, File = OpenOwnFile(0);
    IO_STATUS_BLOCK Io;
    Print("packets\n");
    NtCreateIoCompletion(&Port, 0x1F0003, NULL, 0);
    struct {
        HANDLE Port;
        PVOID Key;
    } Completion = {Port, (PVOID)7};
    ShowStatus("  tie",
               NtSetInformationFile(File, &Io, &Completion, sizeof(Completion), COMPLETION));
    Read(File, Port, "a packet");
    ShowStatus("  set 2", SetFlags(File, 2, 4));
    Read(File, Port, "a packet");
    /* Where a read of a file succeeds at once: Wine's does not. */
    if (LastArgumentIs(L"documented")) {
        ShowStatus("  set 1", SetFlags(File, 1, 4));
        Read(File, Port, "no packet");
    }
    NtClose(File);
    NtClose(Port);
}

void Start(void) {
    if (!LastArgumentIs(L"documented")) {
        Synchronous();
        Asynchronous();
    }
    Packets();
    Exit(0);
}
