/*
 * ntevent.c - events
 *
 * An event object is a KEVENT with a header: Ke's event does the work, Ob gives it handles, names
 * and access. A notification event stays set until it is reset and lets all waiters go; a
 * synchronization event lets one go and resets itself.
 */
#include "exp.h"
#include "ntapi.h"
#include "ob.h"

POBJECT_TYPE ExEventObjectType;

NTSTATUS ExpInitializeEvents(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Event");
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .DispatcherBody = TRUE,
        .InvalidAttributes = OBJ_OPENLINK,
        .GenericMapping = {STANDARD_RIGHTS_READ | EVENT_QUERY_STATE,
                           STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE,
                           STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, EVENT_ALL_ACCESS},
        .ValidAccessMask = EVENT_ALL_ACCESS,
        .PoolType = NonPagedPoolNx,
        .DefaultNonPagedPoolCharge = sizeof(KEVENT),
    };
    return ObCreateObjectType(&Name, &Initializer, NULL, &ExEventObjectType);
}

typedef struct _EXP_NEW_EVENT {
    EVENT_TYPE Type;
    BOOLEAN State;
} EXP_NEW_EVENT;

static VOID ExpInitializeEvent(PVOID Event, const VOID *Context) {
    const EXP_NEW_EVENT *New = Context;
    KeInitializeEvent(Event, New->Type, New->State);
}

/* Source: WDK, ZwCreateEvent. STATUS_INVALID_PARAMETER for a bad type; statuses of ObInsertObject.
 */
/* Source: WDK, ZwCreateEvent. STATUS_INVALID_PARAMETER for a bad type; statuses of ObInsertObject.
 */
NTSTATUS NTAPI NtCreateEvent(_Out_ PHANDLE EventHandle, _In_ ACCESS_MASK DesiredAccess,
                             _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                             _In_ EVENT_TYPE EventType, _In_ BOOLEAN InitialState) {
    EXP_NEW_EVENT New = {EventType, InitialState};
    if (EventType != NotificationEvent && EventType != SynchronizationEvent) {
        return ObRefuseHandle(EventHandle, STATUS_INVALID_PARAMETER);
    }
    return ObCreateObjectHandle(EventHandle, DesiredAccess, ObjectAttributes, ExEventObjectType,
                                sizeof(KEVENT), ExpInitializeEvent, &New);
}

/* Source: Windows SDK, OpenEvent; winternl.h. */
NTSTATUS NTAPI NtOpenEvent(_Out_ PHANDLE EventHandle, _In_ ACCESS_MASK DesiredAccess,
                           _In_ POBJECT_ATTRIBUTES ObjectAttributes) {
    return ObOpenObjectHandle(EventHandle, DesiredAccess, ObjectAttributes, ExEventObjectType);
}

static NTSTATUS ExpReferenceEvent(HANDLE Handle, ACCESS_MASK Access, PKEVENT *Event) {
    return ObReferenceObjectByHandle(Handle, Access, ExEventObjectType, ExGetPreviousMode(),
                                     (PVOID *)Event, NULL);
}

/* What set, reset and pulse have in common; returns the state before through PreviousState. */
static __attribute__((noinline)) NTSTATUS ExpChangeEvent(HANDLE EventHandle, PLONG PreviousState,
                                                         LONG (*Change)(PKEVENT)) {
    PKEVENT Event;
    NTSTATUS Status = STATUS_SUCCESS;
    if (PreviousState != NULL) {
        Status = ObProbeForWrite(PreviousState, sizeof(LONG), sizeof(LONG));
    }
    if (NT_SUCCESS(Status)) {
        Status = ExpReferenceEvent(EventHandle, EVENT_MODIFY_STATE, &Event);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    LONG State = Change(Event);
    ObfDereferenceObject(Event);
    if (PreviousState != NULL) {
        Status = ObReturnInformation(PreviousState, &State, sizeof(State), NULL);
    }
    return Status;
}

static LONG ExpSetEvent(PKEVENT Event) {
    return KeSetEvent(Event, EVENT_INCREMENT, FALSE);
}

static LONG ExpPulseEvent(PKEVENT Event) {
    return KePulseEvent(Event, EVENT_INCREMENT, FALSE);
}

static LONG ExpResetEvent(PKEVENT Event) {
    return KeResetEvent(Event);
}

/* Hardly anybody asks for the state before: the straight way is for the others. Source: WDK,
   ZwSetEvent. */
NTSTATUS NTAPI NtSetEvent(_In_ HANDLE EventHandle, _Out_opt_ PLONG PreviousState) {
    PKEVENT Event;
    if (PreviousState != NULL) {
        return ExpChangeEvent(EventHandle, PreviousState, ExpSetEvent);
    }
    NTSTATUS Status = ExpReferenceEvent(EventHandle, EVENT_MODIFY_STATE, &Event);
    if (NT_SUCCESS(Status)) {
        KeSetEvent(Event, EVENT_INCREMENT, FALSE);
        ObfDereferenceObject(Event);
    }
    return Status;
}

NTSTATUS NTAPI NtResetEvent(_In_ HANDLE EventHandle, _Out_opt_ PLONG PreviousState) {
    return ExpChangeEvent(EventHandle, PreviousState, ExpResetEvent);
}

NTSTATUS NTAPI NtPulseEvent(_In_ HANDLE EventHandle, _Out_opt_ PLONG PreviousState) {
    return ExpChangeEvent(EventHandle, PreviousState, ExpPulseEvent);
}

NTSTATUS NTAPI NtClearEvent(_In_ HANDLE EventHandle) {
    return ExpChangeEvent(EventHandle, NULL, ExpResetEvent);
}

/* Source: phnt. STATUS_INVALID_INFO_CLASS, STATUS_INFO_LENGTH_MISMATCH. */
NTSTATUS NTAPI NtQueryEvent(_In_ HANDLE EventHandle,
                            _In_ EVENT_INFORMATION_CLASS EventInformationClass,
                            _Out_ PVOID EventInformation, _In_ ULONG EventInformationLength,
                            _Out_opt_ PULONG ReturnLength) {
    EVENT_BASIC_INFORMATION Information;
    PVOID Object;
    if (EventInformationClass != EventBasicInformation) {
        return STATUS_INVALID_INFO_CLASS;
    }
    if (EventInformationLength != sizeof(Information)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    NTSTATUS Status = ObProbeForWrite(EventInformation, sizeof(Information), sizeof(ULONG));
    if (NT_SUCCESS(Status)) {
        Status = ObReferenceObjectByHandle(EventHandle, EVENT_QUERY_STATE, ExEventObjectType,
                                           ExGetPreviousMode(), &Object, NULL);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    PKEVENT Event = Object;
    Information.EventState = KeReadStateEvent(Event);
    Information.EventType = (Event->Header.Type & ~KOBJECT_LOCK_BIT) == EventNotificationObject
                                ? NotificationEvent
                                : SynchronizationEvent;
    ObfDereferenceObject(Object);
    return ObReturnInformation(EventInformation, &Information, sizeof(Information), ReturnLength);
}
