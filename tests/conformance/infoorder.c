/*
 * infoorder.c - the services that query and set by a class: in which order they check the class, the
 * length, the handle and the access; error modes
 */
#include "nt.h"

NTSYS NTSTATUS NTAPI NtSetInformationThread(HANDLE, int, PVOID, ULONG);
NTSYS NTSTATUS NTAPI RtlSetThreadErrorMode(ULONG, PULONG);
NTSYS ULONG NTAPI RtlGetThreadErrorMode(void);

#define NO_HANDLE ((HANDLE)0x7FFC)

static DECLSPEC_ALIGN(16) UCHAR Buffer[2048];
static HANDLE Event;

typedef NTSTATUS (*SERVICE)(HANDLE Handle, int Class, PVOID Information, ULONG Length);

static NTSTATUS QueryFile(HANDLE Handle, int Class, PVOID Information, ULONG Length) {
    IO_STATUS_BLOCK Io;
    return NtQueryInformationFile(Handle, &Io, Information, Length, Class);
}

static NTSTATUS SetFile(HANDLE Handle, int Class, PVOID Information, ULONG Length) {
    IO_STATUS_BLOCK Io;
    return NtSetInformationFile(Handle, &Io, Information, Length, Class);
}

static NTSTATUS QueryVolume(HANDLE Handle, int Class, PVOID Information, ULONG Length) {
    IO_STATUS_BLOCK Io;
    return NtQueryVolumeInformationFile(Handle, &Io, Information, Length, Class);
}

static NTSTATUS QueryProcess(HANDLE Handle, int Class, PVOID Information, ULONG Length) {
    return NtQueryInformationProcess(Handle, Class, Information, Length, NULL);
}

static NTSTATUS QueryThread(HANDLE Handle, int Class, PVOID Information, ULONG Length) {
    return NtQueryInformationThread(Handle, Class, Information, Length, NULL);
}

static NTSTATUS SetProcess(HANDLE Handle, int Class, PVOID Information, ULONG Length) {
    return NtSetInformationProcess(Handle, Class, Information, Length);
}

static NTSTATUS SetThread(HANDLE Handle, int Class, PVOID Information, ULONG Length) {
    return NtSetInformationThread(Handle, Class, Information, Length);
}

typedef struct {
    const char *Name;
    SERVICE Service;
    int Class;
    ULONG Length;
    BOOL Short; /* does Wine check the length before the handle, with Windows' status? */
} ROW;

static const ROW Rows[] = {
    {"file basic", QueryFile, 4, 40, TRUE},
    {"file standard", QueryFile, 5, 24, TRUE},
    {"file internal", QueryFile, 6, 8, TRUE},
    {"file ea", QueryFile, 7, 4, TRUE},
    {"file access", QueryFile, 8, 4, FALSE},
    {"file name", QueryFile, 9, 8, TRUE},
    {"file position", QueryFile, 14, 8, TRUE},
    {"file mode", QueryFile, 16, 4, FALSE},
    {"file alignment", QueryFile, 17, 4, TRUE},
    {"file notification", QueryFile, 41, 4, FALSE},
    {"set file basic", SetFile, 4, 40, FALSE},
    {"set file disposition", SetFile, 13, 1, FALSE},
    {"set file position", SetFile, 14, 8, FALSE},
    {"set file end", SetFile, 20, 8, FALSE},
    {"set file completion", SetFile, 30, 16, FALSE},
    {"set file notification", SetFile, 41, 4, TRUE},
    {"volume", QueryVolume, 1, 24, FALSE},
    {"volume size", QueryVolume, 3, 24, FALSE},
    {"volume device", QueryVolume, 4, 8, FALSE},
    {"volume attributes", QueryVolume, 5, 16, FALSE},
    {"process basic", QueryProcess, 0, 48, TRUE},
    {"process times", QueryProcess, 4, 32, TRUE},

    {"process image", QueryProcess, 37, 64, TRUE},
    {"process debug", QueryProcess, 7, 8, TRUE},
    {"process vm", QueryProcess, 3, 88, TRUE},
    {"thread basic", QueryThread, 0, 48, FALSE},
    {"thread times", QueryThread, 1, 32, FALSE},
    {"thread last", QueryThread, 12, 4, TRUE},

    {"set thread base", SetThread, 3, 4, FALSE},

};

static void ShowRow(const ROW *Row) {
    memset(Buffer, 0, sizeof(Buffer));
    Print("%s: none %08x, event %08x, null %08x", Row->Name,
          (unsigned)Row->Service(NO_HANDLE, Row->Class, Buffer, Row->Length),
          (unsigned)Row->Service(Event, Row->Class, Buffer, Row->Length),
          (unsigned)Row->Service(NULL, Row->Class, Buffer, Row->Length));
    if (Row->Short) {
        Print(", short: none %08x, event %08x",
              (unsigned)Row->Service(NO_HANDLE, Row->Class, Buffer, Row->Length - 1),
              (unsigned)Row->Service(Event, Row->Class, Buffer, Row->Length - 1));
    }
    Print("\n");
}

static void ErrorModes(void) {
    Print("error modes\n");
    for (ULONG Bit = 0; Bit < 32; Bit++) {
        ULONG Old = 0x77;
        NTSTATUS Status = RtlSetThreadErrorMode(1u << Bit, &Old);
        Print("  %08lx: %08x, old %lx, now %lx\n", 1ul << Bit, (unsigned)Status, Old,
              RtlGetThreadErrorMode());
    }
    ShowStatus("  all", RtlSetThreadErrorMode(0x70, NULL));
    ShowStatus("  all and one", RtlSetThreadErrorMode(0x71, NULL));
    Print("  now %lx\n", RtlGetThreadErrorMode());
}

void Start(void) {
    NtCreateEvent(&Event, EVENT_ALL_ACCESS, NULL, 0, FALSE);
    for (ULONG i = 0; i < sizeof(Rows) / sizeof(Rows[0]); i++) {
        ShowRow(&Rows[i]);
    }
    ErrorModes();
    Exit(0);
}
