/* Names: paths and what is wrong with them, directories, symbolic links, case, OBJ_OPENIF. */
#include "nt.h"

NTSYS NTSTATUS NTAPI NtCreateDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtOpenDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtQueryDirectoryObject(HANDLE, PVOID, ULONG, BOOLEAN, BOOLEAN, PULONG, PULONG);
NTSYS NTSTATUS NTAPI NtCreateSymbolicLinkObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES,
                                                PUNICODE_STRING);
NTSYS NTSTATUS NTAPI NtOpenSymbolicLinkObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtQuerySymbolicLinkObject(HANDLE, PUNICODE_STRING, PULONG);
NTSYS NTSTATUS NTAPI NtCreateMutant(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, BOOLEAN);
NTSYS NTSTATUS NTAPI NtMakeTemporaryObject(HANDLE);

#define DIRECTORY_ALL 0xF000F
#define LINK_ALL      0xF0001

static HANDLE Base; /* \BaseNamedObjects\VitrineNames */

static POBJECT_ATTRIBUTES Attributes(HANDLE Root, PCWSTR Text, ULONG Flags) {
    static UNICODE_STRING Name;
    static OBJECT_ATTRIBUTES Result;
    RtlInitUnicodeString(&Name, Text);
    InitializeObjectAttributes(&Result, Text ? &Name : NULL, Flags, Root, NULL);
    return &Result;
}

static void Close(PHANDLE Handle) {
    if (*Handle) {
        NtClose(*Handle);
        *Handle = NULL;
    }
}

/* Opens a directory and creates and opens an event by the same name; each only for its status. */
static void Try(const char *What, HANDLE Root, PCWSTR Text) {
    HANDLE Handle = NULL;
    NTSTATUS Directory = NtOpenDirectoryObject(&Handle, 3, Attributes(Root, Text, 0));
    Close(&Handle);
    NTSTATUS Opened = NtOpenEvent(&Handle, SYNCHRONIZE, Attributes(Root, Text, 0));
    Close(&Handle);
    NTSTATUS Created =
        NtCreateEvent(&Handle, EVENT_ALL_ACCESS, Attributes(Root, Text, 0), 0, FALSE);
    Close(&Handle);
    Print(" %s: open directory %08x, open event %08x, create event %08x\n", What,
          (unsigned)Directory, (unsigned)Opened, (unsigned)Created);
}

static void Paths(void) {
    HANDLE Event = NULL, Below = NULL;
    Print("paths\n");
    Try("no name", NULL, NULL);
    Try("empty", NULL, L"");
    Try("no backslash", NULL, L"VitrineNone");
    Try("two backslashes", NULL, L"\\\\BaseNamedObjects\\x");
    Try("empty component", NULL, L"\\BaseNamedObjects\\\\x");
    Try("backslash at the end", NULL, L"\\BaseNamedObjects\\VitrineNames\\");
    Try("missing", NULL, L"\\BaseNamedObjects\\VitrineNames\\Missing");
    Try("missing directory", NULL, L"\\BaseNamedObjects\\VitrineNames\\Missing\\x");
    Try("relative, empty", Base, L"");
    Try("relative, none", Base, NULL);
    Try("relative", Base, L"Relative");
    Try("relative, with backslash", Base, L"\\Relative");
    Try("relative, missing directory", Base, L"Missing\\x");
    Try("relative to nothing", (HANDLE)0xBADC, L"x");
    NtCreateEvent(&Event, EVENT_ALL_ACCESS, Attributes(Base, L"There", 0), 0, FALSE);
    Try("an event", Base, L"There");
    ShowFailure(" open below an event",
                NtOpenEvent(&Below, SYNCHRONIZE, Attributes(Base, L"There\\x", 0)));
    ShowStatus(" create below an event",
               NtCreateEvent(&Below, EVENT_ALL_ACCESS, Attributes(Base, L"There\\x", 0), 0, FALSE));
    Try("relative to an event", Event, L"x");
    Try("other case", Base, L"THERE");
    Try("a directory", NULL, L"\\BaseNamedObjects\\VitrineNames");
    Close(&Event);
    Try("an event that is gone", Base, L"There");
}

static void Malformed(void) {
    static WCHAR Long[0x8000];
    UNICODE_STRING Name = {3, 4, L"ab"};
    OBJECT_ATTRIBUTES Object = {
        .Length = sizeof(Object), .RootDirectory = Base, .ObjectName = &Name};
    HANDLE Handle = NULL;
    Print("malformed\n");
    ShowStatus(" odd length", NtOpenEvent(&Handle, SYNCHRONIZE, &Object));
    Name.Length = 4;
    Object.Length = 40;
    ShowStatus(" length of the structure", NtOpenEvent(&Handle, SYNCHRONIZE, &Object));
    Object.Length = sizeof(Object);
    ShowStatus(" no attributes", NtOpenEvent(&Handle, SYNCHRONIZE, NULL));
    Name.Buffer = NULL;
    ShowStatus(" no buffer", NtOpenEvent(&Handle, SYNCHRONIZE, &Object));
    Name.Buffer = (PWSTR)0x10;
    ShowStatus(" bad buffer", NtOpenEvent(&Handle, SYNCHRONIZE, &Object));
    for (int i = 0; i < 0x7FFF; i++) {
        Long[i] = L'a';
    }
    Name.Buffer = Long;
    Name.Length = 0xFFFE;
    Name.MaximumLength = 0xFFFE;
    ShowStatus(" 32767 characters", NtOpenEvent(&Handle, SYNCHRONIZE, &Object));
    Name.Length = 0xFFFC;
    ShowStatus(" 32766 characters", NtOpenEvent(&Handle, SYNCHRONIZE, &Object));
    Name.Length = 4;
    Name.MaximumLength = 2;
    ShowStatus(" longer than its buffer", NtOpenEvent(&Handle, SYNCHRONIZE, &Object));
}

static void Create(void) {
    HANDLE First = NULL, Second = NULL, Third = NULL;
    Print("create\n");
    ShowStatus(" new",
               NtCreateEvent(&First, EVENT_ALL_ACCESS, Attributes(Base, L"One", 0), 0, FALSE));
    ShowStatus(" again",
               NtCreateEvent(&Second, EVENT_ALL_ACCESS, Attributes(Base, L"One", 0), 0, FALSE));
    ShowStatus(" again, open if", NtCreateEvent(&Second, EVENT_ALL_ACCESS,
                                                Attributes(Base, L"One", OBJ_OPENIF), 0, FALSE));
    NtSetEvent(Second, NULL);
    LARGE_INTEGER Now = {.QuadPart = 0};
    ShowStatus(" wait for the first", NtWaitForSingleObject(First, FALSE, &Now));
    ShowStatus(" a mutant",
               NtCreateMutant(&Third, GENERIC_ALL, Attributes(Base, L"One", 0), FALSE));
    ShowStatus(" a mutant, open if",
               NtCreateMutant(&Third, GENERIC_ALL, Attributes(Base, L"One", OBJ_OPENIF), FALSE));
    ShowStatus(" other case",
               NtCreateEvent(&Third, EVENT_ALL_ACCESS, Attributes(Base, L"ONE", 0), 0, FALSE));
    Close(&Third);
    ShowStatus(" other case, insensitive",
               NtCreateEvent(&Third, EVENT_ALL_ACCESS,
                             Attributes(Base, L"ONE", OBJ_CASE_INSENSITIVE), 0, FALSE));
    ShowStatus(" open, other case", NtOpenEvent(&Third, SYNCHRONIZE, Attributes(Base, L"oNE", 0)));
    ShowStatus(" open, other case, insensitive",
               NtOpenEvent(&Third, SYNCHRONIZE, Attributes(Base, L"oNE", OBJ_CASE_INSENSITIVE)));
    Close(&Third);
    Close(&First);
    ShowStatus(" one handle left", NtOpenEvent(&Third, SYNCHRONIZE, Attributes(Base, L"One", 0)));
    Close(&Third);
    Close(&Second);
    ShowStatus(" none left", NtOpenEvent(&Third, SYNCHRONIZE, Attributes(Base, L"One", 0)));
}

static void FullName(HANDLE Handle) {
    struct {
        UNICODE_STRING Name;
        WCHAR Text[200];
    } Information;
    ULONG Length = 0;
    NTSTATUS Status = NtQueryObject(Handle, 1, &Information, sizeof(Information), &Length);
    /* A session may have a directory of its own for what is called \BaseNamedObjects. */
    PWSTR Text = Information.Name.Buffer, Tail = Text;
    for (int i = 0; NT_SUCCESS(Status) && i < Information.Name.Length / 2; i++) {
        if (Text[i] == L'V') {
            Tail = Text + i;
            break;
        }
    }
    Print(" name: %08x, ...%ls\n", (unsigned)Status, NT_SUCCESS(Status) ? Tail : L"");
    ShowStatus(" name, too short", NtQueryObject(Handle, 1, &Information, 18, &Length));
}

static void Directories(void) {
    HANDLE Inner = NULL, Event = NULL, Other = NULL;
    Print("directories\n");
    ShowStatus(" create",
               NtCreateDirectoryObject(&Inner, DIRECTORY_ALL, Attributes(Base, L"Inner", 0)));
    ShowStatus(" again",
               NtCreateDirectoryObject(&Other, DIRECTORY_ALL, Attributes(Base, L"Inner", 0)));
    ShowStatus(" again, open if", NtCreateDirectoryObject(&Other, DIRECTORY_ALL,
                                                          Attributes(Base, L"Inner", OBJ_OPENIF)));
    Close(&Other);
    ShowStatus(" event inside",
               NtCreateEvent(&Event, EVENT_ALL_ACCESS, Attributes(Inner, L"Event", 0), 0, FALSE));
    FullName(Event);
    FullName(Inner);
    ShowStatus(" open by path",
               NtOpenEvent(&Other, SYNCHRONIZE, Attributes(Base, L"Inner\\Event", 0)));
    Close(&Other);
    ShowStatus(" directory as event",
               NtOpenEvent(&Other, SYNCHRONIZE, Attributes(Base, L"Inner", 0)));
    ShowStatus(" event as directory",
               NtOpenDirectoryObject(&Other, 1, Attributes(Inner, L"Event", 0)));
    Close(&Event);
    ShowStatus(" event closed",
               NtOpenEvent(&Other, SYNCHRONIZE, Attributes(Base, L"Inner\\Event", 0)));
    Close(&Inner);
    ShowStatus(" directory closed",
               NtOpenDirectoryObject(&Other, 1, Attributes(Base, L"Inner", 0)));
    ShowStatus(" no name",
               NtCreateDirectoryObject(&Other, DIRECTORY_ALL, Attributes(NULL, NULL, 0)));
    Close(&Other);
}

static void Links(void) {
    HANDLE Link = NULL, Event = NULL, Other = NULL;
    WCHAR Text[64];
    UNICODE_STRING Target, Back = {0, sizeof(Text), Text};
    ULONG Length = 0;
    Print("links\n");
    RtlInitUnicodeString(&Target, L"\\BaseNamedObjects\\VitrineNames");
    ShowStatus(" create",
               NtCreateSymbolicLinkObject(&Link, LINK_ALL, Attributes(Base, L"Link", 0), &Target));
    NtCreateEvent(&Event, EVENT_ALL_ACCESS, Attributes(Base, L"Behind", 0), 0, FALSE);
    ShowStatus(" open through it",
               NtOpenEvent(&Other, SYNCHRONIZE, Attributes(Base, L"Link\\Behind", 0)));
    Close(&Other);
    ShowStatus(" create through it", NtCreateEvent(&Other, EVENT_ALL_ACCESS,
                                                   Attributes(Base, L"Link\\New", 0), 0, FALSE));
    ShowStatus(" open what was created",
               NtOpenEvent(&Event, SYNCHRONIZE, Attributes(Base, L"New", 0)));
    Close(&Other);
    Close(&Event);
    ShowStatus(" missing behind it",
               NtOpenEvent(&Other, SYNCHRONIZE, Attributes(Base, L"Link\\x", 0)));
    ShowStatus(" as a directory", NtOpenDirectoryObject(&Other, 1, Attributes(Base, L"Link", 0)));
    Close(&Other);
    ShowStatus(" open the link", NtOpenSymbolicLinkObject(&Other, 1, Attributes(Base, L"Link", 0)));
    ShowStatus(" query", NtQuerySymbolicLinkObject(Other, &Back, &Length));
    Print(" %u bytes, target %.*ls\n", (unsigned)Length, Back.Length / 2, Text);
    Back.MaximumLength = 10;
    ShowStatus(" query, too short", NtQuerySymbolicLinkObject(Other, &Back, &Length));
    Print(" %u bytes\n", (unsigned)Length);
    Close(&Other);
    ShowStatus(" open the directory as link",
               NtOpenSymbolicLinkObject(&Other, 1, Attributes(NULL, L"\\BaseNamedObjects", 0)));
    RtlInitUnicodeString(&Target, L"\\BaseNamedObjects\\VitrineNames\\Circle");
    ShowStatus(" circle", NtCreateSymbolicLinkObject(&Event, LINK_ALL,
                                                     Attributes(Base, L"Circle", 0), &Target));
    ShowFailure(" open through the circle",
                NtOpenEvent(&Other, SYNCHRONIZE, Attributes(Base, L"Circle\\x", 0)));
    Close(&Event);
    Close(&Link);
    ShowStatus(" link closed",
               NtOpenEvent(&Other, SYNCHRONIZE, Attributes(Base, L"Link\\Behind", 0)));
    Target.Length = 0;
    Target.MaximumLength = 0;
    ShowStatus(" empty target", NtCreateSymbolicLinkObject(&Event, LINK_ALL,
                                                           Attributes(Base, L"Empty", 0), &Target));
    Close(&Event);
}

static void List(void) {
    struct {
        UNICODE_STRING Name, Type;
        BYTE Rest[500];
    } Buffer;
    HANDLE Inner = NULL, Event[3] = {0};
    static const PCWSTR Names[] = {L"a", L"bb", L"ccc"};
    ULONG Context = 0, Length = 0, Seen = 0;
    NTSTATUS Status;
    Print("list\n");
    NtCreateDirectoryObject(&Inner, DIRECTORY_ALL, Attributes(Base, L"List", 0));
    Status = NtQueryDirectoryObject(Inner, &Buffer, sizeof(Buffer), TRUE, TRUE, &Context, &Length);
    Print(" empty: %08x\n", (unsigned)Status);
    for (int i = 0; i < 3; i++) {
        NtCreateEvent(&Event[i], EVENT_ALL_ACCESS, Attributes(Inner, Names[i], 0), 0, FALSE);
    }
    for (int i = 0; i < 4; i++) {
        Status =
            NtQueryDirectoryObject(Inner, &Buffer, sizeof(Buffer), TRUE, i == 0, &Context, &Length);
        Print(" one: %08x, context %u\n", (unsigned)Status, (unsigned)Context);
        if (NT_SUCCESS(Status)) {
            Seen += Buffer.Name.Length / 2;
            Print("  type %.*ls\n", Buffer.Type.Length / 2, Buffer.Type.Buffer);
        }
    }
    Print(" letters seen: %u\n", (unsigned)Seen);
    Status = NtQueryDirectoryObject(Inner, &Buffer, 40, TRUE, TRUE, &Context, &Length);
    Print(" too short: %08x\n", (unsigned)Status);
    for (int i = 0; i < 3; i++) {
        Close(&Event[i]);
    }
    Close(&Inner);
}

void Start(void) {
    ShowStatus("directory",
               NtCreateDirectoryObject(
                   &Base, DIRECTORY_ALL,
                   Attributes(NULL, L"\\BaseNamedObjects\\VitrineNames", OBJ_CASE_INSENSITIVE)));
    Paths();
    Malformed();
    Create();
    Directories();
    Links();
    List();
    Exit(0);
}
