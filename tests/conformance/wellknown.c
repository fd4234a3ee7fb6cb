/*
 * wellknown.c - the directories and links that are there from the start, and where paths through
 * them lead. Wine's namespace is another, so tests/test_sysinfo.py runs it.
 */
#include "tap.h"

NTSYS NTSTATUS NTAPI NtOpenDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtQueryDirectoryObject(HANDLE, PVOID, ULONG, BOOLEAN, BOOLEAN, PULONG, PULONG);
NTSYS NTSTATUS NTAPI NtOpenSymbolicLinkObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtQuerySymbolicLinkObject(HANDLE, PUNICODE_STRING, PULONG);
NTSYS NTSTATUS NTAPI NtOpenKeyedEvent(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);

static POBJECT_ATTRIBUTES Path(PCWSTR Text) {
    static UNICODE_STRING Name;
    static OBJECT_ATTRIBUTES Attributes;
    RtlInitUnicodeString(&Name, Text);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    return &Attributes;
}

static BOOL Same(PUNICODE_STRING Name, PCWSTR Text) {
    ULONG n = 0;
    while (Text[n] && n < Name->Length / 2u && Name->Buffer[n] == Text[n]) {
        n++;
    }
    return !Text[n] && n == Name->Length / 2u;
}

static void Directory(const char *What, PCWSTR Text) {
    HANDLE Handle;
    Expect(What, (ULONG)NtOpenDirectoryObject(&Handle, 3, Path(Text)), 0);
    NtClose(Handle);
}

static void Link(const char *What, PCWSTR Text, PCWSTR Target) {
    WCHAR Buffer[100];
    UNICODE_STRING Found = {0, sizeof(Buffer), Buffer};
    HANDLE Handle = NULL;
    NtOpenSymbolicLinkObject(&Handle, 1, Path(Text));
    NtQuerySymbolicLinkObject(Handle, &Found, NULL);
    Expect(What, Same(&Found, Target), 1);
    NtClose(Handle);
}

/* An event made in one place is found in the other. */
static void OnePlace(const char *What, PCWSTR Made, PCWSTR Found) {
    HANDLE One, Two = NULL;
    NTSTATUS Status = NtCreateEvent(&One, EVENT_ALL_ACCESS, Path(Made), 0, FALSE);
    Expect(What, Status ? (ULONG)Status : (ULONG)NtOpenEvent(&Two, EVENT_ALL_ACCESS, Path(Found)),
           0);
    NtClose(Two);
    NtClose(One);
}

/* Is there an object of that name and type in a directory, by its listing? */
static BOOL Listed(PCWSTR Where, PCWSTR Name, PCWSTR Type) {
    static UCHAR Buffer[0x4000];
    ULONG Context = 0;
    BOOL Found = FALSE;
    HANDLE Handle = NULL;
    NtOpenDirectoryObject(&Handle, 1, Path(Where));
    if (NtQueryDirectoryObject(Handle, Buffer, sizeof(Buffer), FALSE, TRUE, &Context, NULL) == 0) {
        for (PUNICODE_STRING Entry = (PVOID)Buffer; Entry->Buffer; Entry += 2) {
            Found |= Same(&Entry[0], Name) && Same(&Entry[1], Type);
        }
    }
    NtClose(Handle);
    return Found;
}

void Start(void) {
    HANDLE Handle;
    Directory("\\", L"\\");
    Directory("\\ObjectTypes", L"\\ObjectTypes");
    Directory("\\Device", L"\\device");
    Directory("\\Driver", L"\\Driver");
    Directory("\\GLOBAL??", L"\\GLOBAL\x3F\x3F");
    Directory("\\??", L"\\\x3F\x3F");
    Directory("\\DosDevices", L"\\DosDevices");
    Directory("\\BaseNamedObjects", L"\\BaseNamedObjects");
    Directory("\\KnownDlls", L"\\KnownDlls");
    Directory("\\KernelObjects", L"\\KernelObjects");
    Directory("\\Sessions\\0\\DosDevices", L"\\Sessions\\0\\DosDevices");
    Directory("\\Sessions\\BNOLINKS", L"\\Sessions\\BNOLINKS");
    Link("Local", L"\\BaseNamedObjects\\Local", L"\\BaseNamedObjects");
    Link("Global", L"\\BaseNamedObjects\\Global", L"\\BaseNamedObjects");
    Link("Session", L"\\BaseNamedObjects\\Session", L"\\Sessions\\BNOLINKS");
    Link("BNOLINKS\\0", L"\\Sessions\\BNOLINKS\\0", L"\\BaseNamedObjects");
    Link("GLOBALROOT", L"\\GLOBAL\x3F\x3F\\GLOBALROOT", L"");
    OnePlace("Local is BaseNamedObjects", L"\\BaseNamedObjects\\Local\\one",
             L"\\BaseNamedObjects\\ONE");
    OnePlace("the session's, by its number", L"\\BaseNamedObjects\\Session\\0\\two",
             L"\\BaseNamedObjects\\Global\\two");
    OnePlace("by \\??\\GLOBALROOT", L"\\\x3F\x3F\\GLOBALROOT\\BaseNamedObjects\\three",
             L"\\Sessions\\0\\BaseNamedObjects\\three");
    OnePlace("\\?? is \\GLOBAL??", L"\\\x3F\x3F\\four", L"\\GLOBAL\x3F\x3F\\Global\\four");
    Expect("the types", Listed(L"\\ObjectTypes", L"Directory", L"Type"), 1);
    Expect("the root", Listed(L"\\", L"ObjectTypes", L"Directory"), 1);
    Expect("the drive", Listed(L"\\GLOBAL\x3F\x3F", L"C:", L"SymbolicLink"), 1);
    Expect("the null device", Listed(L"\\Device", L"Null", L"Device"), 1);
    Expect("its driver", Listed(L"\\Driver", L"Null", L"Driver"), 1);
    Expect("the event without memory",
           (ULONG)NtOpenKeyedEvent(&Handle, 3, Path(L"\\KernelObjects\\CritSecOutOfMemoryEvent")),
           0);
    Expect("a type is no directory",
           (ULONG)NtOpenDirectoryObject(&Handle, 1, Path(L"\\ObjectTypes\\Event")), 0xC0000024);
    Expect("nothing is below a type",
           (ULONG)NtOpenEvent(&Handle, 1, Path(L"\\ObjectTypes\\Event\\x")), 0xC0000024);
    Print("1..%u\n", Number);
    Exit(0);
}
