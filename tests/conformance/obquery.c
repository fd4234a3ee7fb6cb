/*
 * obquery.c - what queries of objects, directories and links answer, byte by byte: lengths, short
 * buffers, exact fits, what is written after a failure; names of types; limits of names
 */
#include "objects.h"

#define FILL      0xCC
#define UNTOUCHED 0xDEADBEEF
#define ROOM      1024

static DECLSPEC_ALIGN(16) UCHAR Buffer[ROOM];

static POBJECT_ATTRIBUTES Named(HANDLE Root, PCWSTR Text, ULONG Flags) {
    static UNICODE_STRING Name;
    static OBJECT_ATTRIBUTES Result;
    RtlInitUnicodeString(&Name, Text);
    InitializeObjectAttributes(&Result, Text != NULL ? &Name : NULL, Flags, Root, NULL);
    return &Result;
}

/* How many bytes at the beginning of the buffer were written? */
static ULONG Written(void) {
    ULONG Count = ROOM;
    while (Count != 0 && Buffer[Count - 1] == FILL) {
        Count--;
    }
    return Count;
}

static const char *Number(ULONG Value) {
    static char Text[2][12];
    static ULONG Next;
    if (Value == UNTOUCHED) {
        return "untouched";
    }
    char *Place = Text[Next++ % 2] + 11;
    *Place = 0;
    do {
        *--Place = (char)('0' + Value % 10);
        Value /= 10;
    } while (Value != 0);
    return Place;
}

/* ---- NtQueryObject ---- */

static void Query(const char *What, HANDLE Handle, int Class, ULONG Length) {
    ULONG Returned = UNTOUCHED;
    memset(Buffer, FILL, ROOM);
    NTSTATUS Status = NtQueryObject(Handle, Class, Buffer, Length, &Returned);
    Print("  %s, %lu: %08x, returned %s", What, Length, (unsigned)Status, Number(Returned));
    if (NT_SUCCESS(Status)) {
        Print(", written %lu", Written());
    }
    Print("\n");
    if (Status == STATUS_SUCCESS && (Class == 1 || Class == 2)) {
        UNICODE_STRING *Name = (PVOID)Buffer;
        Print("    \"%.*ls\" %u %u %s\n", (int)(Name->Length / 2), Name->Buffer, Name->Length,
              Name->MaximumLength,
              Name->Buffer == NULL                                       ? "null"
              : (PUCHAR)Name->Buffer == Buffer + (Class == 1 ? 16 : 104) ? "behind it"
                                                                         : "elsewhere");
    }
}

/* Each class with every length around those that matter. */
static void QueryAll(const char *What, HANDLE Handle, ULONG NameLength, ULONG TypeLength) {
    ULONG Name = NameLength != 0 ? 16 + NameLength + 2 : 16;
    ULONG Type = 104 + ((TypeLength + 2 + 3) & ~3u);
    Print("%s\n", What);
    ULONG Lengths[] = {0, 1, 15, 16, 17, Name - 2, Name - 1, Name, Name + 1, 512};
    for (ULONG i = 0; i < sizeof(Lengths) / sizeof(Lengths[0]); i++) {
        Query("name", Handle, 1, Lengths[i]);
    }
    ULONG Types[] = {0, 16, 104, Type - 4, Type - 1, Type, Type + 4, 512};
    for (ULONG i = 0; i < sizeof(Types) / sizeof(Types[0]); i++) {
        Query("type", Handle, 2, Types[i]);
    }
    ULONG Basics[] = {0, 55, 56};
    for (ULONG i = 0; i < sizeof(Basics) / sizeof(Basics[0]); i++) {
        Query("basic", Handle, 0, Basics[i]);
    }
    Query("flags", Handle, 4, 2);
}

static void QueryObject(void) {
    HANDLE Event = NULL, Plain = NULL;
    NtCreateEvent(&Event, EVENT_ALL, Named(NULL, L"\\BaseNamedObjects\\VitrineQ", 0), 0, FALSE);
    NtCreateEvent(&Plain, EVENT_ALL, NULL, 0, FALSE);
    QueryAll("a named event", Event, 2 * 26, 2 * 5);
    QueryAll("an unnamed event", Plain, 0, 2 * 5);
    Print("bad handles and classes\n");
    Query("no handle", (HANDLE)0x7FFC, 1, 512);
    Query("null", NULL, 2, 512);
    Print("without a return length\n");
    memset(Buffer, FILL, ROOM);
    ShowStatus("  name", NtQueryObject(Event, 1, Buffer, 512, NULL));
    ShowStatus("  name, short", NtQueryObject(Event, 1, Buffer, 20, NULL));
    ShowStatus("  type", NtQueryObject(Event, 2, Buffer, 512, NULL));
    ShowStatus("  basic", NtQueryObject(Event, 0, Buffer, 56, NULL));
    NtClose(Event);
    NtClose(Plain);
}

/* ---- The types ---- */

typedef struct {
    UNICODE_STRING Name;
    ULONG Counts[12];
    ULONG InvalidAttributes;
    GENERIC_MAPPING Mapping;
    ULONG ValidAccess;
    BOOLEAN SecurityRequired, MaintainHandleCount;
    UCHAR TypeIndex;
    CHAR Reserved;
    ULONG PoolType, Paged, NonPaged;
} TYPE_INFORMATION;

static void ShowType(const char *What, HANDLE Handle) {
    ULONG Returned = UNTOUCHED;
    TYPE_INFORMATION *Type = (PVOID)Buffer;
    NTSTATUS Status = NtQueryObject(Handle, 2, Buffer, ROOM, &Returned);
    if (!NT_SUCCESS(Status)) {
        Print("  %s: %08x\n", What, (unsigned)Status);
        return;
    }
    Print("  %s: %ls, valid %08lx, mapping %08lx %08lx %08lx %08lx\n", What, Type->Name.Buffer,
          Type->ValidAccess, Type->Mapping.GenericRead, Type->Mapping.GenericWrite,
          Type->Mapping.GenericExecute, Type->Mapping.GenericAll);
}

static void Types(void) {
    UNICODE_STRING Target;
    RtlInitUnicodeString(&Target, L"\\");
    Print("types\n");
    for (KIND Kind = Directory; Kind < KINDS; Kind++) {
        HANDLE Handle = NULL;
        CreateObject(Kind, &Handle, Kinds[Kind].All,
                     Named(NULL, L"\\BaseNamedObjects\\VitrineT", 0), &Target);
        ShowType(Kinds[Kind].Name, Handle);
        NtClose(Handle);
    }
    ShowType("process", SELF);
    ShowType("thread", SELF_THREAD);
    ShowType("standard output", StandardOutput());
}

/* ---- NtQueryDirectoryObject ---- */

static void ShowEntries(ULONG Count) {
    DIRECTORY_ENTRY *Entry = (PVOID)Buffer;
    for (ULONG i = 0; i < Count; i++) {
        if (Entry[i].Name.Buffer == NULL) {
            Print("    [%lu] zeros: %s\n", i,
                  YesNo(Entry[i].Name.Length == 0 && Entry[i].Name.MaximumLength == 0 &&
                        Entry[i].TypeName.Length == 0 && Entry[i].TypeName.MaximumLength == 0 &&
                        Entry[i].TypeName.Buffer == NULL));
            return;
        }
        Print("    [%lu] \"%ls\" %u %u, \"%ls\" %u %u\n", i, Entry[i].Name.Buffer,
              Entry[i].Name.Length, Entry[i].Name.MaximumLength, Entry[i].TypeName.Buffer,
              Entry[i].TypeName.Length, Entry[i].TypeName.MaximumLength);
    }
}

static NTSTATUS List(HANDLE Dir, ULONG Length, BOOLEAN Single, BOOLEAN Restart, ULONG Context) {
    ULONG Returned = UNTOUCHED;
    memset(Buffer, FILL, ROOM);
    NTSTATUS Status =
        NtQueryDirectoryObject(Dir, Buffer, Length, Single, Restart, &Context, &Returned);
    Print("  %lu%s%s: %08x, context %s, returned %s, written %lu\n", Length,
          Single ? ", single" : "", Restart ? ", restart" : "", (unsigned)Status, Number(Context),
          Number(Returned), Written());
    if (Written() >= sizeof(DIRECTORY_ENTRY)) {
        ShowEntries(3);
    }
    return Status;
}

static void Lists(HANDLE Dir, ULONG One) {
    ULONG Lengths[] = {0, 1, 31, 63, 64, One - 1, One, One + 1, 512};
    for (ULONG i = 0; i < sizeof(Lengths) / sizeof(Lengths[0]); i++) {
        List(Dir, Lengths[i], TRUE, TRUE, UNTOUCHED);
    }
}

static void QueryDirectory(void) {
    HANDLE Dir = NULL, First = NULL;
    NtCreateDirectoryObject(&Dir, DIRECTORY_ALL, NULL);
    Print("an empty directory\n");
    Lists(Dir, 84);
    List(Dir, 512, TRUE, FALSE, 0);
    List(Dir, 512, TRUE, FALSE, UNTOUCHED);
    Print("a directory with one entry\n");
    NtCreateEvent(&First, EVENT_ALL, Named(Dir, L"abc", 0), 0, FALSE);
    Lists(Dir, 64 + 8 + 12);
    List(Dir, 512, TRUE, FALSE, 0);
    List(Dir, 512, TRUE, FALSE, 1);
    List(Dir, 16, TRUE, FALSE, 1);
    List(Dir, 512, TRUE, FALSE, 7);
    Print("no return length\n");
    ULONG Context = 0;
    ShowStatus("  one", NtQueryDirectoryObject(Dir, Buffer, 512, TRUE, TRUE, &Context, NULL));
    ShowStatus("  short", NtQueryDirectoryObject(Dir, Buffer, 16, TRUE, TRUE, &Context, NULL));
    Print("bad handles\n");
    List((HANDLE)0x7FFC, 512, TRUE, TRUE, UNTOUCHED);
    List(First, 512, TRUE, TRUE, UNTOUCHED);
    NtClose(First);
    NtClose(Dir);
}

/* ---- NtQuerySymbolicLinkObject ---- */

static void QueryTarget(HANDLE LinkHandle, USHORT Length, USHORT Maximum, BOOL WithLength) {
    ULONG Returned = UNTOUCHED;
    UNICODE_STRING Target = {Length, Maximum, (PWSTR)Buffer};
    memset(Buffer, FILL, ROOM);
    NTSTATUS Status = NtQuerySymbolicLinkObject(LinkHandle, &Target, WithLength ? &Returned : NULL);
    Print("  %u of %u%s: %08x, returned %s, length %u, maximum %u, written %lu\n", Length, Maximum,
          WithLength ? "" : ", no return length", (unsigned)Status, Number(Returned), Target.Length,
          Target.MaximumLength, Written());
}

static void QueryLink(void) {
    HANDLE LinkHandle = NULL;
    UNICODE_STRING Target;
    RtlInitUnicodeString(&Target, L"\\DosDevices\\x");
    NtCreateSymbolicLinkObject(&LinkHandle, LINK_ALL,
                               Named(NULL, L"\\BaseNamedObjects\\VitrineL", 0), &Target);
    Print("a link of %u bytes\n", Target.Length);
    static const USHORT Maxima[] = {0, 1, 24, 25, 26, 27, 28, 29, 64};
    for (ULONG i = 0; i < sizeof(Maxima) / sizeof(Maxima[0]); i++) {
        QueryTarget(LinkHandle, 0, Maxima[i], TRUE);
        if (Maxima[i] < 26 || Maxima[i] > 27) {
            QueryTarget(LinkHandle, 0, Maxima[i], FALSE); /* Wine wants room for a null */
        }
    }
    QueryTarget(LinkHandle, 64, 64, TRUE);
    QueryTarget(LinkHandle, 64, 4, TRUE);
    QueryTarget((HANDLE)0x7FFC, 0, 64, TRUE);
    NtClose(LinkHandle);
}

/* ---- Limits of names ---- */

static WCHAR Long[0x8000 + 8];

static void TryName(const char *What, HANDLE Root, ULONG Bytes) {
    UNICODE_STRING Name = {(USHORT)Bytes, (USHORT)Bytes, Long};
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Handle = NULL;
    InitializeObjectAttributes(&Attributes, &Name, 0, Root, NULL);
    NTSTATUS Status = NtCreateEvent(&Handle, EVENT_ALL, &Attributes, 0, FALSE);
    Print("  %s, %lu bytes: create %08x", What, Bytes, (unsigned)Status);
    if (NT_SUCCESS(Status)) {
        HANDLE Again = NULL;
        Print(", open %08x", (unsigned)NtOpenEvent(&Again, EVENT_ALL, &Attributes));
        NtClose(Again);
        NtClose(Handle);
    }
    Print("\n");
}

static void Limits(void) {
    static const WCHAR Nulls[] = L"a\0b";
    HANDLE Dir = NULL, Event = NULL, Again = NULL;
    UNICODE_STRING Name = {6, 6, (PWSTR)Nulls}, Short = {2, 2, (PWSTR)Nulls};
    OBJECT_ATTRIBUTES Attributes;
    Print("limits of names\n");
    for (ULONG i = 0; i < sizeof(Long) / sizeof(Long[0]); i++) {
        Long[i] = L'x';
    }
    NtCreateDirectoryObject(&Dir, DIRECTORY_ALL, NULL);
    TryName("relative", Dir, 65532);
    TryName("relative", Dir, 65534);
    TryName("relative", Dir, 65535);
    TryName("relative", Dir, 3);
    memcpy(Long, L"\\BaseNamedObjects\\", 36);
    TryName("from the root", NULL, 65532);
    TryName("from the root", NULL, 65534);
    Print("a null within a name\n");
    InitializeObjectAttributes(&Attributes, &Name, 0, Dir, NULL);
    ShowStatus("  create a?b", NtCreateEvent(&Event, EVENT_ALL, &Attributes, 0, FALSE));
    ShowStatus("  open a?b", NtOpenEvent(&Again, EVENT_ALL, &Attributes));
    NtClose(Again);
    Attributes.ObjectName = &Short;
    ShowStatus("  open a", NtOpenEvent(&Again, EVENT_ALL, &Attributes));
    NtClose(Event);
    NtClose(Dir);
}

/* ---- NtCompareObjects ---- */

static void Compare(void) {
    HANDLE Event = NULL, Other = NULL, Process = NULL, Thread = NULL;
    NtCreateEvent(&Event, EVENT_ALL, NULL, 0, FALSE);
    NtCreateEvent(&Other, EVENT_ALL, NULL, 0, FALSE);
    NtDuplicateObject(SELF, SELF, SELF, &Process, 0, 0, DUPLICATE_SAME_ACCESS);
    NtDuplicateObject(SELF, SELF_THREAD, SELF, &Thread, 0, 0, DUPLICATE_SAME_ACCESS);
    Print("comparisons\n");
    ShowStatus("  event, itself", NtCompareObjects(Event, Event));
    ShowStatus("  event, another", NtCompareObjects(Event, Other));
    ShowStatus("  process, pseudo", NtCompareObjects(Process, SELF));
    ShowStatus("  pseudo, process", NtCompareObjects(SELF, Process));
    ShowStatus("  pseudo, pseudo", NtCompareObjects(SELF, SELF));
    ShowStatus("  thread, pseudo", NtCompareObjects(Thread, SELF_THREAD));
    ShowStatus("  pseudo thread, pseudo thread", NtCompareObjects(SELF_THREAD, SELF_THREAD));
    ShowStatus("  process, thread", NtCompareObjects(SELF, SELF_THREAD));
    ShowStatus("  event, none", NtCompareObjects(Event, (HANDLE)0x7FFC));
    ShowStatus("  none, event", NtCompareObjects((HANDLE)0x7FFC, Event));
    ShowStatus("  null, null", NtCompareObjects(NULL, NULL));
    NtClose(Event);
    NtClose(Other);
    NtClose(Process);
    NtClose(Thread);
}

/* ---- Other services that take any handle, with pseudo handles ---- */

static void Pseudo(HANDLE Handle) {
    HANDLE Copy = NULL;
    UCHAR Flags[2] = {0, 0};
    LARGE_INTEGER Zero = {.QuadPart = 0};
    Print("pseudo handle %d\n", (int)(LONG_PTR)Handle);
    ShowStatus("  close", NtClose(Handle));
    Query("basic", Handle, 0, 56);
    Query("flags", Handle, 4, 2);
    ShowStatus("  set flags", NtSetInformationObject(Handle, 4, Flags, 2));
    ShowStatus("  duplicate", NtDuplicateObject(SELF, Handle, SELF, &Copy, 0, 0, 2));
    NtClose(Copy);
    ShowStatus("  wait", NtWaitForSingleObject(Handle, FALSE, &Zero));
    ShowStatus("  make temporary", NtMakeTemporaryObject(Handle));
    ShowStatus("  set event", NtSetEvent(Handle, NULL));
}

void Start(void) {
    QueryObject();
    Types();
    QueryDirectory();
    QueryLink();
    Limits();
    Compare();
    Pseudo(SELF);
    Pseudo(SELF_THREAD);
    Pseudo((HANDLE)(LONG_PTR)-3);
    Pseudo((HANDLE)(LONG_PTR)-7);
    Exit(0);
}
