/*
 * ntkeyed.c - keyed events
 *
 * A keyed event is a place where threads meet in pairs. One waits for a key, the other releases the
 * same key; whoever comes first sleeps until its partner is there. A key is an address of the
 * process that uses it, so one event serves any number of locks, and no lock needs an object of its
 * own: a lock that could not get memory for one falls back to the event that every process shares,
 * \KernelObjects\CritSecOutOfMemoryEvent, for which no handle is needed.
 *
 * Who sleeps has an entry on its own stack in the event's list, found by process, key and side. Its
 * partner takes the entry out and sets the event in it, with the list's lock held: the sleeper
 * takes that lock too before it leaves, so its stack is not left while somebody writes to it.
 */
#include "exp.h"
#include "ntapi.h"
#include "ob.h"
#include "ps.h"

typedef struct _KEYED_EVENT_OBJECT {
    EX_PUSH_LOCK Lock;    /* guards the list and what it holds */
    LIST_ENTRY WaitQueue; /* EXP_KEYED_WAIT.Link */
} KEYED_EVENT_OBJECT, *PKEYED_EVENT_OBJECT;

typedef struct _EXP_KEYED_WAIT {
    LIST_ENTRY Link;
    PEPROCESS Process;
    PVOID KeyValue;
    BOOLEAN Release; /* the sleeper's side */
    BOOLEAN Paired;  /* its partner has come and taken it out */
    KEVENT Event;
} EXP_KEYED_WAIT, *PEXP_KEYED_WAIT;

POBJECT_TYPE ExpKeyedEventObjectType;
static PKEYED_EVENT_OBJECT ExpCritSecOutOfMemoryEvent;

static VOID ExpInitializeKeyedEvent(PVOID Object, const VOID *Context) {
    PKEYED_EVENT_OBJECT KeyedEvent = Object;
    UNREFERENCED_PARAMETER(Context);
    ExInitializePushLock(&KeyedEvent->Lock);
    InitializeListHead(&KeyedEvent->WaitQueue);
}

/* The event for everybody: permanent, and referenced for ever. */
static NTSTATUS ExpCreateSharedKeyedEvent(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\KernelObjects\\CritSecOutOfMemoryEvent");
    OBJECT_ATTRIBUTES Attributes;
    PVOID Object;
    HANDLE Handle;
    InitializeObjectAttributes(&Attributes, &Name, OBJ_PERMANENT | OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS Status = ObCreateObject(KernelMode, ExpKeyedEventObjectType, &Attributes, KernelMode,
                                     NULL, sizeof(KEYED_EVENT_OBJECT), 0, 0, &Object);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    ExpInitializeKeyedEvent(Object, NULL);
    ObReferenceObject(Object);
    Status = ObInsertObject(Object, NULL, KEYEDEVENT_ALL_ACCESS, 0, NULL, &Handle);
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(Object);
        return Status;
    }
    ExpCritSecOutOfMemoryEvent = Object;
    return ObCloseHandle(Handle, KernelMode);
}

NTSTATUS ExpInitializeKeyedEvents(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"KeyedEvent");
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .InvalidAttributes = OBJ_OPENLINK,
        .UseDefaultObject = TRUE,
        .GenericMapping = {STANDARD_RIGHTS_READ | KEYEDEVENT_WAIT,
                           STANDARD_RIGHTS_WRITE | KEYEDEVENT_WAKE, STANDARD_RIGHTS_EXECUTE,
                           KEYEDEVENT_ALL_ACCESS},
        .ValidAccessMask = KEYEDEVENT_ALL_ACCESS,
        .PoolType = PagedPool,
        .DefaultPagedPoolCharge = sizeof(KEYED_EVENT_OBJECT),
    };
    NTSTATUS Status = ObCreateObjectType(&Name, &Initializer, NULL, &ExpKeyedEventObjectType);
    return NT_SUCCESS(Status) ? ExpCreateSharedKeyedEvent() : Status;
}

/* STATUS_INVALID_PARAMETER_4: there are no flags. Source: phnt. */
/* STATUS_INVALID_PARAMETER_4: there are no flags. Source: phnt. */
NTSTATUS NTAPI NtCreateKeyedEvent(_Out_ PHANDLE KeyedEventHandle, _In_ ACCESS_MASK DesiredAccess,
                                  _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes, _In_ ULONG Flags) {
    if (Flags != 0) {
        return ObRefuseHandle(KeyedEventHandle, STATUS_INVALID_PARAMETER_4);
    }
    return ObCreateObjectHandle(KeyedEventHandle, DesiredAccess, ObjectAttributes,
                                ExpKeyedEventObjectType, sizeof(KEYED_EVENT_OBJECT),
                                ExpInitializeKeyedEvent, NULL);
}

NTSTATUS NTAPI NtOpenKeyedEvent(_Out_ PHANDLE KeyedEventHandle, _In_ ACCESS_MASK DesiredAccess,
                                _In_ POBJECT_ATTRIBUTES ObjectAttributes) {
    return ObOpenObjectHandle(KeyedEventHandle, DesiredAccess, ObjectAttributes,
                              ExpKeyedEventObjectType);
}

static VOID ExpLockKeyedEvent(PKEYED_EVENT_OBJECT KeyedEvent) {
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&KeyedEvent->Lock);
}

static VOID ExpUnlockKeyedEvent(PKEYED_EVENT_OBJECT KeyedEvent) {
    ExReleasePushLockExclusive(&KeyedEvent->Lock);
    KeLeaveCriticalRegion();
}

/* Lock held: the sleeper of the other side that has waited longest for the same key, or NULL. */
static PEXP_KEYED_WAIT ExpFindPartner(PKEYED_EVENT_OBJECT KeyedEvent, const EXP_KEYED_WAIT *Wait) {
    PLIST_ENTRY Head = &KeyedEvent->WaitQueue;
    for (PLIST_ENTRY Entry = Head->Flink; Entry != Head; Entry = Entry->Flink) {
        PEXP_KEYED_WAIT Other = CONTAINING_RECORD(Entry, EXP_KEYED_WAIT, Link);
        if (Other->KeyValue == Wait->KeyValue && Other->Process == Wait->Process &&
            Other->Release != Wait->Release) {
            return Other;
        }
    }
    return NULL;
}

/* Either pairs with who is there already, or sleeps in the list. */
static NTSTATUS ExpMeet(PKEYED_EVENT_OBJECT KeyedEvent, PVOID KeyValue, BOOLEAN Release,
                        BOOLEAN Alertable, PLARGE_INTEGER Timeout) {
    EXP_KEYED_WAIT Wait = {.Process = PsGetThreadProcess(PsGetCurrentThread()),
                           .KeyValue = KeyValue,
                           .Release = Release};

    KeInitializeEvent(&Wait.Event, SynchronizationEvent, FALSE);
    ExpLockKeyedEvent(KeyedEvent);
    PEXP_KEYED_WAIT Partner = ExpFindPartner(KeyedEvent, &Wait);
    if (Partner != NULL) {
        RemoveEntryList(&Partner->Link);
        Partner->Paired = TRUE;
        KeSetEvent(&Partner->Event, 1, FALSE);
        ExpUnlockKeyedEvent(KeyedEvent);
        return STATUS_SUCCESS;
    }
    InsertTailList(&KeyedEvent->WaitQueue, &Wait.Link);
    ExpUnlockKeyedEvent(KeyedEvent);

    NTSTATUS Status =
        KeWaitForSingleObject(&Wait.Event, WrKeyedEvent, ExGetPreviousMode(), Alertable, Timeout);
    ExpLockKeyedEvent(KeyedEvent);
    if (Wait.Paired) {
        Status = STATUS_SUCCESS; /* the partner came, perhaps while the time ran out */
    } else {
        RemoveEntryList(&Wait.Link);
    }
    ExpUnlockKeyedEvent(KeyedEvent);
    return Status;
}

static NTSTATUS ExpReferenceKeyedEvent(HANDLE Handle, ACCESS_MASK Access, PVOID *KeyedEvent) {
    if (Handle == NULL) {
        *KeyedEvent = ExpCritSecOutOfMemoryEvent;
        ObReferenceObject(*KeyedEvent);
        return STATUS_SUCCESS;
    }
    return ObReferenceObjectByHandle(Handle, Access, ExpKeyedEventObjectType, ExGetPreviousMode(),
                                     KeyedEvent, NULL);
}

static NTSTATUS ExpUseKeyedEvent(HANDLE Handle, PVOID KeyValue, BOOLEAN Release, BOOLEAN Alertable,
                                 PLARGE_INTEGER Timeout) {
    LARGE_INTEGER Local;
    PVOID KeyedEvent;
    if (((ULONG_PTR)KeyValue & 1) != 0) {
        return STATUS_INVALID_PARAMETER_1;
    }
    if (Timeout != NULL) {
        __try {
            Local.QuadPart = (LONGLONG)ReadULong64FromUser(Timeout);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            return GetExceptionCode();
        }
        Timeout = &Local;
    }
    NTSTATUS Status =
        ExpReferenceKeyedEvent(Handle, Release ? KEYEDEVENT_WAKE : KEYEDEVENT_WAIT, &KeyedEvent);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ExpMeet(KeyedEvent, KeyValue, Release, Alertable, Timeout);
    ObDereferenceObject(KeyedEvent);
    return Status;
}

/* STATUS_INVALID_PARAMETER_1: keys are even. Source: phnt. */
NTSTATUS NTAPI NtWaitForKeyedEvent(_In_opt_ HANDLE KeyedEventHandle, _In_ PVOID KeyValue,
                                   _In_ BOOLEAN Alertable, _In_opt_ PLARGE_INTEGER Timeout) {
    return ExpUseKeyedEvent(KeyedEventHandle, KeyValue, FALSE, Alertable, Timeout);
}

NTSTATUS NTAPI NtReleaseKeyedEvent(_In_opt_ HANDLE KeyedEventHandle, _In_ PVOID KeyValue,
                                   _In_ BOOLEAN Alertable, _In_opt_ PLARGE_INTEGER Timeout) {
    return ExpUseKeyedEvent(KeyedEventHandle, KeyValue, TRUE, Alertable, Timeout);
}
