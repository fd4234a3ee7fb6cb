/*
 * objects.h - prototypes of the object services, for the programs that try them at random
 */
#include "spawn.h"

#define DIRECTORY_ALL  0xF000F
#define LINK_ALL       0xF0001
#define EVENT_ALL      0x1F0003
#define MUTANT_ALL     0x1F0001
#define SEMAPHORE_ALL  0x1F0003
#define TIMER_ALL      0x1F0003
#define SECTION_ALL    0xF001F
#define KEYED_ALL      0xF0003
#define COMPLETION_ALL 0x1F0003

#define DUPLICATE_SAME_ATTRIBUTES 4
#define HANDLE_CLOSE_PROTECT      1 /* OBJ_PROTECT_CLOSE */

NTSYS NTSTATUS NTAPI NtCreateDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtOpenDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtQueryDirectoryObject(HANDLE, PVOID, ULONG, BOOLEAN, BOOLEAN, PULONG, PULONG);
NTSYS NTSTATUS NTAPI NtCreateSymbolicLinkObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES,
                                                PUNICODE_STRING);
NTSYS NTSTATUS NTAPI NtOpenSymbolicLinkObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtQuerySymbolicLinkObject(HANDLE, PUNICODE_STRING, PULONG);
NTSYS NTSTATUS NTAPI NtCreateMutant(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, BOOLEAN);
NTSYS NTSTATUS NTAPI NtOpenMutant(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtCreateSemaphore(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, LONG, LONG);
NTSYS NTSTATUS NTAPI NtOpenSemaphore(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtCreateIoCompletion(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, ULONG);
NTSYS NTSTATUS NTAPI NtOpenIoCompletion(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtMakeTemporaryObject(HANDLE);
NTSYS NTSTATUS NTAPI NtSetInformationObject(HANDLE, int, PVOID, ULONG);
NTSYS NTSTATUS NTAPI NtCompareObjects(HANDLE, HANDLE);

typedef struct {
    ULONG Attributes, GrantedAccess, HandleCount, PointerCount, Charges[2], Reserved[3];
    ULONG NameInfoSize, TypeInfoSize, SecurityDescriptorSize;
    LARGE_INTEGER CreationTime;
} BASIC_INFORMATION;

typedef struct {
    UNICODE_STRING Name, TypeName;
} DIRECTORY_ENTRY;

typedef enum {
    Directory,
    Link,
    Event,
    Mutant,
    Semaphore,
    Timer,
    Section,
    Keyed,
    Completion,
    KINDS
} KIND;

static const struct {
    PCSTR Name;
    ACCESS_MASK All;
} Kinds[KINDS] = {
    {"Directory", DIRECTORY_ALL}, {"SymbolicLink", LINK_ALL},   {"Event", EVENT_ALL},
    {"Mutant", MUTANT_ALL},       {"Semaphore", SEMAPHORE_ALL}, {"Timer", TIMER_ALL},
    {"Section", SECTION_ALL},     {"KeyedEvent", KEYED_ALL},    {"IoCompletion", COMPLETION_ALL}};

/* Target is for links only. */
static NTSTATUS CreateObject(KIND Kind, PHANDLE Handle, ACCESS_MASK Access,
                             POBJECT_ATTRIBUTES Attributes, UNICODE_STRING *Target) {
    LARGE_INTEGER Size = {.QuadPart = PAGE};
    switch (Kind) {
    case Directory:
        return NtCreateDirectoryObject(Handle, Access, Attributes);
    case Link:
        return NtCreateSymbolicLinkObject(Handle, Access, Attributes, Target);
    case Event:
        return NtCreateEvent(Handle, Access, Attributes, 0, FALSE);
    case Mutant:
        return NtCreateMutant(Handle, Access, Attributes, FALSE);
    case Semaphore:
        return NtCreateSemaphore(Handle, Access, Attributes, 0, 1);
    case Timer:
        return NtCreateTimer(Handle, Access, Attributes, 0);
    case Section:
        return NtCreateSection(Handle, Access, Attributes, &Size, PAGE_READWRITE, SEC_COMMIT, NULL);
    case Keyed:
        return NtCreateKeyedEvent(Handle, Access, Attributes, 0);
    default:
        return NtCreateIoCompletion(Handle, Access, Attributes, 0);
    }
}

static NTSTATUS OpenObject(KIND Kind, PHANDLE Handle, ACCESS_MASK Access,
                           POBJECT_ATTRIBUTES Attributes) {
    switch (Kind) {
    case Directory:
        return NtOpenDirectoryObject(Handle, Access, Attributes);
    case Link:
        return NtOpenSymbolicLinkObject(Handle, Access, Attributes);
    case Event:
        return NtOpenEvent(Handle, Access, Attributes);
    case Mutant:
        return NtOpenMutant(Handle, Access, Attributes);
    case Semaphore:
        return NtOpenSemaphore(Handle, Access, Attributes);
    case Timer:
        return NtOpenTimer(Handle, Access, Attributes);
    case Section:
        return NtOpenSection(Handle, Access, Attributes);
    case Keyed:
        return NtOpenKeyedEvent(Handle, Access, Attributes);
    default:
        return NtOpenIoCompletion(Handle, Access, Attributes);
    }
}

static ULONG Random(ULONG64 *State, ULONG Limit) {
    *State ^= *State << 13;
    *State ^= *State >> 7;
    *State ^= *State << 17;
    return (ULONG)((*State >> 11) % Limit);
}

static ULONG64 SeedOf(ULONG64 Number) {
    return Number * 0x9E3779B97F4A7C15ull + 0xD1B54A32D192ED03ull;
}

static BOOL UnderWine(void) {
    return NtdllExport("wine_get_version") != NULL;
}

/* Everything that is counted by type: objects, and handles in all processes. */
typedef struct {
    ULONG Objects, Handles;
} TOTALS;

static TOTALS Totals(KIND Kind) {
    struct {
        UNICODE_STRING Name;
        ULONG Objects, Handles, Rest[500];
    } Information;
    TOTALS Result = {0, 0};
    HANDLE Handle = NULL;
    UNICODE_STRING Target = {2, 4, (PWSTR)L"\\"};
    OBJECT_ATTRIBUTES Attributes = {.Length = sizeof(Attributes)};
    CreateObject(Kind, &Handle, Kinds[Kind].All, &Attributes, &Target);
    if (NtQueryObject(Handle, 2, &Information, sizeof(Information), NULL) == 0) {
        Result = (TOTALS){Information.Objects - 1, Information.Handles - 1};
    }
    NtClose(Handle);
    return Result;
}

static ULONG HandleCountOf(HANDLE Process) {
    ULONG Count = 0;
    NtQueryInformationProcess(Process, 20, &Count, sizeof(Count), NULL);
    return Count;
}
