/* Asynchronous files: the end of a read told by an event, an APC, the file itself, a port. */
#include "threading.h"
#include "ownfile.h"

NTSYS NTSTATUS NTAPI NtCreateIoCompletion(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, ULONG);
NTSYS NTSTATUS NTAPI NtRemoveIoCompletion(HANDLE, PVOID *, PVOID *, PIO_STATUS_BLOCK,
                                          const LARGE_INTEGER *);
NTSYS NTSTATUS NTAPI NtSetInformationFile(HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG,
                                          FILE_INFORMATION_CLASS);

#define COMPLETION 30

typedef struct _PORT_AND_KEY {
    HANDLE Port;
    PVOID Key;
} PORT_AND_KEY;

static HANDLE Port;
static BYTE Bytes[64];

static NTSTATUS Read(HANDLE File, HANDLE Event, PIO_APC_ROUTINE Apc, PVOID Context,
                     PIO_STATUS_BLOCK Io) {
    LARGE_INTEGER Offset = {.QuadPart = 0};
    memset(Bytes, 0, sizeof(Bytes));
    return NtReadFile(File, Event, Apc, Context, Io, Bytes, sizeof(Bytes), &Offset, NULL);
}

static void ShowRead(const char *What, const IO_STATUS_BLOCK *Io) {
    Print("%s: %08x, %d bytes, %c%c\n", What, (unsigned)Io->Status, (int)Io->Information, Bytes[0],
          Bytes[1]);
}

static void ShowPacket(void) {
    PVOID Key = NULL, Context = NULL;
    IO_STATUS_BLOCK Io = {0};
    NTSTATUS Status = NtRemoveIoCompletion(Port, &Key, &Context, &Io, MILLISECONDS(0));
    Print("packet: %08x, key %x, context %x, %08x, %d bytes\n", (unsigned)Status,
          (unsigned)(ULONG_PTR)Key, (unsigned)(ULONG_PTR)Context, (unsigned)Io.Status,
          (int)Io.Information);
}

static NTSTATUS Tie(HANDLE File, HANDLE To, ULONG_PTR Key) {
    PORT_AND_KEY Information = {To, (PVOID)Key};
    IO_STATUS_BLOCK Io;
    return NtSetInformationFile(File, &Io, &Information, sizeof(Information), COMPLETION);
}

static int Apcs;

static void NTAPI OnRead(PVOID Context, PIO_STATUS_BLOCK Io, ULONG Reserved) {
    Apcs++;
    Print("apc: context %x, reserved %lx, ", (unsigned)(ULONG_PTR)Context, Reserved);
    ShowRead("read", Io);
}

static void WithoutPort(void) {
    static IO_STATUS_BLOCK Io;
    HANDLE File = OpenOwnFile(0), Event = EventOf(0);
    NtSetEvent(Event, NULL);
    Check("read with an event", NT_SUCCESS(Read(File, Event, NULL, NULL, &Io)));
    ShowStatus("the event", NtWaitForSingleObject(Event, FALSE, MILLISECONDS(10000)));
    ShowRead("read", &Io);
    Check("read with nothing", NT_SUCCESS(Read(File, NULL, NULL, NULL, &Io)));
    ShowStatus("the file", NtWaitForSingleObject(File, FALSE, MILLISECONDS(10000)));
    ShowRead("read", &Io);
    Check("read with an apc", NT_SUCCESS(Read(File, NULL, OnRead, (PVOID)0x77, &Io)));
    Print("before a wait: %d\n", Apcs);
    ShowStatus("alertable wait", NtDelayExecution(TRUE, MILLISECONDS(10000)));
    Print("after it: %d\n", Apcs);
    ShowStatus("no offset", NtReadFile(File, NULL, NULL, NULL, &Io, Bytes, 4, NULL, NULL));
    NtClose(File);
}

static void WithPort(void) {
    static IO_STATUS_BLOCK Io;
    HANDLE File = OpenOwnFile(0), Synchronous = OpenOwnFile(0x20), Event = EventOf(0);
    HANDLE Weak = Weaker(Port, 1);
    ShowStatus("a synchronous file", Tie(Synchronous, Port, 1));
    ShowStatus("no handle", Tie(File, Stale(), 1));
    ShowStatus("not a port", Tie(File, Event, 1));
    ShowStatus("no right", Tie(File, Weak, 1));
    ShowStatus("tie", Tie(File, Port, 0xAB));
    ShowStatus("tie again", Tie(File, Port, 0xCD));
    ShowPacket();
    Check("read with a context", NT_SUCCESS(Read(File, NULL, NULL, (PVOID)0x55, &Io)));
    ShowPacket();
    ShowRead("read", &Io);
    Check("read with an event too", NT_SUCCESS(Read(File, Event, NULL, (PVOID)0x56, &Io)));
    ShowStatus("the event", NtWaitForSingleObject(Event, FALSE, MILLISECONDS(10000)));
    ShowPacket();
    ShowPacket();
    ShowStatus("bad buffer", NtReadFile(File, NULL, NULL, (PVOID)0x57, &Io, KERNEL_POINTER, 4,
                                        &(LARGE_INTEGER){.QuadPart = 0}, NULL));
    ShowPacket();
    NtClose(Port); /* the file still has it */
    Check("read into a port without a handle", NT_SUCCESS(Read(File, NULL, NULL, (PVOID)2, &Io)));
    NtClose(File);
}

void Start(void) {
    NtCreateIoCompletion(&Port, 0x1F0003, NULL, 0);
    WithoutPort();
    WithPort();
    Exit(0);
}
