/*
 * typelist.c - the lists that Wine's kernel cannot give: all objects by type, lengths of lists.
 * Run by tests/test_sysinfo.py, with the global flag that keeps objects in lists and without.
 */
#include "threading.h"
#include "tap.h"

NTSYS NTSTATUS NTAPI NtQueryInformationProcess(HANDLE, PROCESSINFOCLASS, PVOID, ULONG, PULONG);

static UCHAR Buffer[0x80000];

static BOOL Same(PUNICODE_STRING Name, PCWSTR Text) {
    ULONG n = 0;
    while (Text[n] && n < Name->Length / 2 && Name->Buffer[n] == Text[n]) {
        n++;
    }
    return !Text[n] && n == Name->Length / 2;
}

/* The entry of a type in Buffer. */
static PUCHAR FindType(PCWSTR Name) {
    ULONG Offset = 0;
    do {
        PUCHAR Type = Buffer + Offset;
        if (Same(&AT(Type, 0x30, UNICODE_STRING), Name)) {
            return Type;
        }
        Offset = AT(Type, 0, ULONG);
    } while (Offset);
    return NULL;
}

/* Counts a type's objects; the one of that name is *Found. */
static ULONG CountObjects(PUCHAR Type, PCWSTR Name, PUCHAR *Found) {
    ULONG Count = 0;
    PUCHAR Object = Type + 0x40 + AT(Type, 0x32, USHORT);
    Object = Buffer + (((Object - Buffer) + 7) & ~7);
    for (; AT(Type, 4, ULONG) != 0; Count++) {
        if (Same(&AT(Object, 0x40, UNICODE_STRING), Name)) {
            *Found = Object;
        }
        if (!AT(Object, 0, ULONG)) {
            return Count + 1;
        }
        Object = Buffer + AT(Object, 0, ULONG);
    }
    return 0;
}

static NTSTATUS Query(void) {
    return NtQuerySystemInformation(17, Buffer, sizeof(Buffer), NULL);
}

static void Objects(void) {
    static WCHAR Path[] = L"\\BaseNamedObjects\\typelist";
    UNICODE_STRING Name = {sizeof(Path) - 2, sizeof(Path), Path};
    OBJECT_ATTRIBUTES Attributes;
    HANDLE One, Two;
    ULONG Needed = 0;
    PUCHAR Event = NULL;
    InitializeObjectAttributes(&Attributes, &Name, 0, NULL, NULL);
    NtCreateEvent(&One, EVENT_ALL_ACCESS, &Attributes, 0, FALSE);
    NtOpenEvent(&Two, EVENT_ALL_ACCESS, &Attributes);
    Expect("no room", (ULONG)NtQuerySystemInformation(17, Buffer, 0, &Needed), 0xC0000004);
    Expect("says how much", Needed > 0x1000 && Needed < sizeof(Buffer), 1);
    Expect("objects", (ULONG)Query(), 0);
    PUCHAR Type = FindType(L"Event");
    Expect("has events", Type != NULL, 1);
    Expect("as many as it counts", CountObjects(Type, Path, &Event), AT(Type, 4, ULONG));
    Expect("and the one of that name", Event != NULL, 1);
    Expect("with two handles", AT(Event, 0x20, ULONG), 2);
    Expect("three references", AT(Event, 0x1C, ULONG), 3);
    Expect("made by this process", AT(Event, 0x10, ULONG64), (ULONG64)MyProcessId());
    Type = FindType(L"Type");
    /* All but the first: it was made before there was a list. */
    Expect("types are objects", CountObjects(Type, L"\\ObjectTypes\\Event", &Event),
           AT(Type, 4, ULONG) - 1);
    NtClose(One);
    NtClose(Two);
    Expect("objects again", (ULONG)Query(), 0);
    Event = NULL;
    CountObjects(FindType(L"Event"), Path, &Event);
    Expect("gone", Event == NULL, 1);
}

static void Lengths(void) {
    ULONG Needed = 0, Handles = 0, Got = 0;
    Expect("handles, no room", (ULONG)NtQuerySystemInformation(64, NULL, 0, &Needed), 0xC0000004);
    NtQuerySystemInformation(64, Buffer, sizeof(Buffer), &Got);
    Expect("handles, how much", Needed, Got);
    NtQuerySystemInformation(5, Buffer, sizeof(Buffer), &Got);
    Expect("processes, no room", (ULONG)NtQuerySystemInformation(5, NULL, 0, &Needed), 0xC0000004);
    Expect("processes, how much", Needed, Got);
    Expect("processes, into the kernel",
           (ULONG)NtQuerySystemInformation(5, KERNEL_POINTER, sizeof(Buffer), NULL), 0xC0000005);
    NtQueryInformationProcess(SELF, 20, &Handles, sizeof(Handles), NULL);
    PUCHAR Entry = Buffer;
    while (AT(Entry, 0x50, HANDLE) != MyProcessId() && AT(Entry, 0, ULONG)) {
        Entry += AT(Entry, 0, ULONG);
    }
    Expect("handles of this process", AT(Entry, 0x60, ULONG), Handles);
    Expect("the first process is the idle one", AT(Buffer, 0x50, ULONG64), 0);
    Expect("performance, long", (ULONG)NtQuerySystemInformation(2, Buffer, 400, &Got), 0);
    Expect("its length", Got, 344);
    Expect("committed within the limit", AT(Buffer, 0x30, ULONG) < AT(Buffer, 0x34, ULONG), 1);
    Expect("interrupts", (ULONG)NtQuerySystemInformation(23, Buffer, 64 * 24, &Got), 0);
    Expect("switches", AT(Buffer, 0, ULONG) != 0, 1);
    Expect("interrupts, too short", (ULONG)NtQuerySystemInformation(23, Buffer, 23, &Got),
           0xC0000004);
    Expect("flags, too long", (ULONG)NtQuerySystemInformation(9, Buffer, 8, &Got), 0xC0000004);
}

void Start(void) {
    ULONG Flags = 0;
    NtQuerySystemInformation(9, &Flags, sizeof(Flags), NULL);
    Print("flags %x\n", Flags);
    Lengths();
    if (Flags & 0x4000) {
        Objects();
    } else {
        Expect("no lists", (ULONG)Query(), 0xC0000001);
    }
    Print("1..%u\n", Number);
    Exit(0);
}
