/*
 * Services on threads.
 */
#include "psp.h"
#include "ntobapi.h"

#define THREAD_CREATE_FLAGS_SUPPORTED                                                              \
    (THREAD_CREATE_FLAGS_CREATE_SUSPENDED | THREAD_CREATE_FLAGS_HIDE_FROM_DEBUGGER)
#define PSP_MAXIMUM_STACK      0x40000000ull
#define PSP_MAXIMUM_ATTRIBUTES 32

/* What a caller wants to know of its new thread, out of its attribute list. */
typedef struct _PSP_THREAD_RESULTS {
    PVOID ClientId;
    PVOID TebAddress;
    ULONG HandleAttributes;
} PSP_THREAD_RESULTS;

/*
 * Out of the object attributes only those of the handle are used: threads have no names here. The
 * object manager looks at the handle's attributes later. Raises for bad pointers.
 */
static NTSTATUS PspCaptureThreadHandle(POBJECT_ATTRIBUTES Source, PSP_THREAD_RESULTS *Results) {
    OBJECT_ATTRIBUTES Copy;
    Results->HandleAttributes = 0;
    if (!Source)
        return STATUS_SUCCESS;
    ProbeForRead(Source, sizeof(Copy), sizeof(ULONG));
    CopyFromUser(&Copy, Source, sizeof(Copy));
    if (Copy.Length != sizeof(Copy) || (Copy.Attributes & ~OBJ_VALID_ATTRIBUTES))
        return STATUS_INVALID_PARAMETER;
    if (Copy.ObjectName)
        return STATUS_NOT_SUPPORTED;
    Results->HandleAttributes = Copy.Attributes;
    return STATUS_SUCCESS;
}

/* Raises for bad pointers. */
static NTSTATUS PspCaptureThreadAttributes(PVOID List, PSP_THREAD_RESULTS *Results) {
    memset(Results, 0, sizeof(*Results));
    if (!List)
        return STATUS_SUCCESS;
    SIZE_T Length = ReadULong64FromUser(&((PPS_ATTRIBUTE_LIST)List)->TotalLength);
    SIZE_T Count = (Length - sizeof(SIZE_T)) / sizeof(PS_ATTRIBUTE);
    if (Length < sizeof(SIZE_T) || (Length - sizeof(SIZE_T)) % sizeof(PS_ATTRIBUTE) ||
        Count > PSP_MAXIMUM_ATTRIBUTES)
        return STATUS_INVALID_PARAMETER;
    for (SIZE_T i = 0; i < Count; i++) {
        PS_ATTRIBUTE Attribute;
        CopyFromUser(&Attribute, &((PPS_ATTRIBUTE_LIST)List)->Attributes[i], sizeof(Attribute));
        if (Attribute.Attribute == PS_ATTRIBUTE_CLIENT_ID && Attribute.Size == sizeof(CLIENT_ID))
            Results->ClientId = Attribute.ValuePtr;
        else if (Attribute.Attribute == PS_ATTRIBUTE_TEB_ADDRESS && Attribute.Size == sizeof(PVOID))
            Results->TebAddress = Attribute.ValuePtr;
        else
            return STATUS_NOT_SUPPORTED;
    }
    return STATUS_SUCCESS;
}

/* The thread exists but does not run; a fault here ends it before it has run. */
static NTSTATUS PspReturnThread(ETHREAD *Thread, HANDLE Handle, PHANDLE ThreadHandle,
                                const PSP_THREAD_RESULTS *Results) {
    __try {
        WriteHandleToUser(ThreadHandle, Handle);
        if (Results->ClientId)
            CopyToUser(Results->ClientId, &Thread->Cid, sizeof(Thread->Cid));
        if (Results->TebAddress)
            WritePointerToUser(Results->TebAddress, Thread->Tcb.Teb);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS PspCreateThreadForUser(EPROCESS *Process, PHANDLE ThreadHandle,
                                       ACCESS_MASK DesiredAccess, PVOID StartRoutine,
                                       PVOID Argument, ULONG CreateFlags, SIZE_T StackSize,
                                       SIZE_T MaximumStackSize, const PSP_THREAD_RESULTS *Results) {
    ETHREAD *Thread;
    HANDLE Handle;
    BOOLEAN Suspended = (CreateFlags & THREAD_CREATE_FLAGS_CREATE_SUSPENDED) != 0;
    NTSTATUS Status = PspCreateUserThread(Process, StartRoutine, Argument, MaximumStackSize,
                                          StackSize, Suspended, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObOpenObjectByPointer(Thread, Results->HandleAttributes, NULL, DesiredAccess,
                                   PsThreadType, ExGetPreviousMode(), &Handle);
    if (NT_SUCCESS(Status)) {
        Status = PspReturnThread(Thread, Handle, ThreadHandle, Results);
        if (!NT_SUCCESS(Status))
            ObCloseHandle(Handle, ExGetPreviousMode());
    }
    if (!NT_SUCCESS(Status))
        PspTerminateThread(Thread, Status);
    PspReadyThread(Thread);
    ObDereferenceObject(Thread);
    return Status;
}

NTSTATUS NTAPI NtCreateThreadEx(PHANDLE ThreadHandle, ACCESS_MASK DesiredAccess,
                                POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                                PUSER_THREAD_START_ROUTINE StartRoutine, PVOID Argument,
                                ULONG CreateFlags, SIZE_T ZeroBits, SIZE_T StackSize,
                                SIZE_T MaximumStackSize, PPS_ATTRIBUTE_LIST AttributeList) {
    PSP_THREAD_RESULTS Results;
    PVOID Process;
    NTSTATUS Status;
    UNREFERENCED_PARAMETER(ZeroBits);

    __try {
        ProbeForWrite(ThreadHandle, sizeof(HANDLE), sizeof(HANDLE));
        Status = PspCaptureThreadAttributes(AttributeList, &Results);
        if (NT_SUCCESS(Status))
            Status = PspCaptureThreadHandle(ObjectAttributes, &Results);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    if (!NT_SUCCESS(Status))
        return Status;
    if (CreateFlags & ~THREAD_CREATE_FLAGS_SUPPORTED)
        return STATUS_NOT_SUPPORTED;
    if (StackSize > PSP_MAXIMUM_STACK || MaximumStackSize > PSP_MAXIMUM_STACK)
        return STATUS_NO_MEMORY;
    Status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_CREATE_THREAD, PsProcessType,
                                       ExGetPreviousMode(), &Process, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PspCreateThreadForUser(Process, ThreadHandle, DesiredAccess, (PVOID)StartRoutine,
                                    Argument, CreateFlags, StackSize, MaximumStackSize, &Results);
    ObDereferenceObject(Process);
    return Status;
}

/* A NULL handle is the current thread, which then must not be the last of its process. */
NTSTATUS NTAPI NtTerminateThread(HANDLE ThreadHandle, NTSTATUS ExitStatus) {
    PVOID Object;
    if (!ThreadHandle) {
        if (PsGetCurrentProcess()->ActiveThreads == 1)
            return STATUS_CANT_TERMINATE_SELF;
        PspExitThread(ExitStatus);
    }
    NTSTATUS Status = ObReferenceObjectByHandle(ThreadHandle, THREAD_TERMINATE, PsThreadType,
                                                ExGetPreviousMode(), &Object, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Object == PsGetCurrentThread()) {
        ObDereferenceObject(Object);
        PspExitThread(ExitStatus);
    }
    Status = PspTerminateThread(Object, ExitStatus);
    ObDereferenceObject(Object);
    return Status;
}
