/* Event objects: both kinds, previous states, waits that time out. */
#include "nt.h"

static NTSTATUS Wait(HANDLE Event, LONG64 Time) {
    LARGE_INTEGER Timeout = {.QuadPart = Time};
    return NtWaitForSingleObject(Event, FALSE, &Timeout);
}

static void Kind(const char *Name, int Type) {
    HANDLE Event = NULL;
    LONG Previous = 9;
    Print("%s\n", Name);
    ShowStatus(" create", NtCreateEvent(&Event, EVENT_ALL_ACCESS, NULL, Type, FALSE));
    ShowStatus(" wait, poll", Wait(Event, 0));
    ShowStatus(" wait, 20 ms", Wait(Event, -200000));
    ShowStatus(" set", NtSetEvent(Event, &Previous));
    Print(" previous: %d\n", Previous);
    ShowStatus(" set", NtSetEvent(Event, &Previous));
    Print(" previous: %d\n", Previous);
    ShowStatus(" wait", Wait(Event, 0));
    ShowStatus(" wait", Wait(Event, 0));
    ShowStatus(" reset", NtResetEvent(Event, &Previous));
    Print(" previous: %d\n", Previous);
    ShowStatus(" set", NtSetEvent(Event, NULL));
    ShowStatus(" clear", NtClearEvent(Event));
    ShowStatus(" wait", Wait(Event, 0));
    ShowStatus(" close", NtClose(Event));
    ShowStatus(" set closed", NtSetEvent(Event, NULL));
}

static void Names(void) {
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
    HANDLE First = NULL, Second = NULL, Third = NULL;
    RtlInitUnicodeString(&Name, L"\\BaseNamedObjects\\ConformanceEvent");
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    ShowStatus("create named", NtCreateEvent(&First, EVENT_ALL_ACCESS, &Attributes, 0, TRUE));
    ShowStatus("create again", NtCreateEvent(&Second, EVENT_ALL_ACCESS, &Attributes, 0, TRUE));
    ShowStatus("open", NtOpenEvent(&Third, EVENT_ALL_ACCESS, &Attributes));
    ShowStatus("clear the first", NtClearEvent(First));
    ShowStatus("wait for the third", Wait(Third, 0));
    NtClose(First);
    NtClose(Second);
    NtClose(Third);
    ShowStatus("open when gone", NtOpenEvent(&Third, EVENT_ALL_ACCESS, &Attributes));
}

void Start(void) {
    HANDLE Event;
    Kind("notification", 0);
    Kind("synchronization", 1);
    Names();
    ShowStatus("kind 2", NtCreateEvent(&Event, EVENT_ALL_ACCESS, NULL, 2, FALSE));
    ShowStatus("wait for this process", Wait(SELF, 0));
    Exit(0);
}
