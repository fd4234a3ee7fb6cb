/*
 * ntwait.c - waits on handles
 *
 * What is waited on is not always the object itself: a file has an event inside, a directory is
 * always signalled. The type says which (ObGetWaitObject). The references are held for the whole
 * wait, so an object that is waited on outlives its last handle.
 */
#include "exp.h"
#include "ntapi.h"
#include "ob.h"

/* Copies the caller's timeout into Local and points *Timeout at it; NULL stays NULL. */
static __attribute__((noinline)) NTSTATUS ExpCaptureTimeout(PLARGE_INTEGER *Timeout,
                                                            PLARGE_INTEGER Local) {
    __try {
        Local->QuadPart = (LONGLONG)ReadULong64FromUser(*Timeout);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    *Timeout = Local;
    return STATUS_SUCCESS;
}

static NTSTATUS ExpWaitByHandle(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    PVOID Object;
    NTSTATUS Status = ObReferenceObjectByHandle(Handle, SYNCHRONIZE, NULL, Mode, &Object, NULL);
    if (NT_SUCCESS(Status)) {
        Status =
            KiWaitForSingleObject(ObGetWaitObject(Object), UserRequest, Mode, Alertable, Timeout);
        ObfDereferenceObject(Object);
    }
    return Status;
}

static __attribute__((noinline)) NTSTATUS ExpWaitWithTimeout(HANDLE Handle, BOOLEAN Alertable,
                                                             PLARGE_INTEGER Timeout) {
    LARGE_INTEGER Local;
    NTSTATUS Status = ExpCaptureTimeout(&Timeout, &Local);
    return NT_SUCCESS(Status) ? ExpWaitByHandle(Handle, Alertable, Timeout) : Status;
}

/* Needs SYNCHRONIZE. Source: WDK, ZwWaitForSingleObject. */
NTSTATUS NTAPI NtWaitForSingleObject(_In_ HANDLE Handle, _In_ BOOLEAN Alertable,
                                     _In_opt_ PLARGE_INTEGER Timeout) {
    if (Timeout != NULL) {
        return ExpWaitWithTimeout(Handle, Alertable, Timeout);
    }
    return ExpWaitByHandle(Handle, Alertable, NULL);
}

/* The objects of one wait on many. */
typedef struct _EXP_WAIT_SET {
    ULONG Count; /* of the references held */
    PVOID Objects[MAXIMUM_WAIT_OBJECTS];
    PVOID WaitObjects[MAXIMUM_WAIT_OBJECTS];
} EXP_WAIT_SET, *PEXP_WAIT_SET;

static VOID ExpReleaseWaitSet(PEXP_WAIT_SET Set) {
    while (Set->Count != 0) {
        ObfDereferenceObject(Set->Objects[--Set->Count]);
    }
}

static NTSTATUS ExpReferenceWaitSet(PEXP_WAIT_SET Set, const HANDLE *Handles, ULONG Count) {
    for (Set->Count = 0; Set->Count < Count; Set->Count++) {
        PVOID *Object = &Set->Objects[Set->Count];
        NTSTATUS Status = ObReferenceObjectByHandle(Handles[Set->Count], SYNCHRONIZE, NULL,
                                                    ExGetPreviousMode(), Object, NULL);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        Set->WaitObjects[Set->Count] = ObGetWaitObject(*Object);
    }
    return STATUS_SUCCESS;
}

/* A wait for all of them cannot be for the same one twice. */
static BOOLEAN ExpHasDuplicates(PEXP_WAIT_SET Set) {
    for (ULONG i = 1; i < Set->Count; i++) {
        for (ULONG j = 0; j < i; j++) {
            if (Set->WaitObjects[i] == Set->WaitObjects[j]) {
                return TRUE;
            }
        }
    }
    return FALSE;
}

static NTSTATUS ExpWaitForSet(PEXP_WAIT_SET Set, WAIT_TYPE WaitType, BOOLEAN Alertable,
                              PLARGE_INTEGER Timeout) {
    PKWAIT_BLOCK Blocks = NULL;
    if (Set->Count > THREAD_WAIT_OBJECTS) {
        Blocks = ExAllocatePool2(POOL_FLAG_NON_PAGED, Set->Count * sizeof(KWAIT_BLOCK), 0x74696157);
        if (Blocks == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    NTSTATUS Status = KiWaitForMultipleObjects(Set->Count, Set->WaitObjects, WaitType, UserRequest,
                                               ExGetPreviousMode(), Alertable, Timeout, Blocks);
    if (Blocks != NULL) {
        ExFreePoolWithTag(Blocks, 0x74696157);
    }
    return Status;
}

/*
 * STATUS_INVALID_PARAMETER_1 (count), _3 (type), STATUS_INVALID_PARAMETER_MIX (the same object
 * twice in a wait for all). Source: phnt; Windows SDK, WaitForMultipleObjects.
 */
NTSTATUS NTAPI NtWaitForMultipleObjects(_In_ ULONG Count, _In_reads_(Count) PHANDLE Handles,
                                        _In_ WAIT_TYPE WaitType, _In_ BOOLEAN Alertable,
                                        _In_opt_ PLARGE_INTEGER Timeout) {
    HANDLE Captured[MAXIMUM_WAIT_OBJECTS];
    EXP_WAIT_SET Set;
    LARGE_INTEGER Local;
    if (Count == 0 || Count > MAXIMUM_WAIT_OBJECTS) {
        return STATUS_INVALID_PARAMETER_1;
    }
    if (WaitType != WaitAll && WaitType != WaitAny) {
        return STATUS_INVALID_PARAMETER_3;
    }
    NTSTATUS Status = Timeout == NULL ? STATUS_SUCCESS : ExpCaptureTimeout(&Timeout, &Local);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    __try {
        CopyFromUser(Captured, Handles, Count * sizeof(HANDLE));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    Status = ExpReferenceWaitSet(&Set, Captured, Count);
    if (NT_SUCCESS(Status)) {
        Status = WaitType == WaitAll && ExpHasDuplicates(&Set)
                     ? STATUS_INVALID_PARAMETER_MIX
                     : ExpWaitForSet(&Set, WaitType, Alertable, Timeout);
    }
    ExpReleaseWaitSet(&Set);
    return Status;
}

/* Signals an event, mutant or semaphore; a wait of this thread is to follow at once. */
static NTSTATUS ExpSignalObject(PVOID Object, ACCESS_MASK Granted) {
    POBJECT_TYPE Type = ObGetObjectType(Object);
    __try {
        if (Type == ExEventObjectType) {
            if ((Granted & EVENT_MODIFY_STATE) == 0) {
                return STATUS_ACCESS_DENIED;
            }
            KeSetEvent(Object, EVENT_INCREMENT, TRUE);
        } else if (Type == ExMutantObjectType) {
            KeReleaseMutant(Object, MUTANT_INCREMENT, FALSE, TRUE);
        } else if (Type == ExSemaphoreObjectType) {
            if ((Granted & SEMAPHORE_MODIFY_STATE) == 0) {
                return STATUS_ACCESS_DENIED;
            }
            KeReleaseSemaphore(Object, SEMAPHORE_INCREMENT, 1, TRUE);
        } else {
            return STATUS_OBJECT_TYPE_MISMATCH;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/*
 * On this processor nobody runs between the signal and the wait; on others somebody may see the one
 * before the other has begun, as Windows says too. Source: Windows SDK, SignalObjectAndWait.
 */
NTSTATUS NTAPI NtSignalAndWaitForSingleObject(_In_ HANDLE SignalHandle, _In_ HANDLE WaitHandle,
                                              _In_ BOOLEAN Alertable,
                                              _In_opt_ PLARGE_INTEGER Timeout) {
    LARGE_INTEGER Local;
    PVOID Signal, Wait;
    OBJECT_HANDLE_INFORMATION Information;
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    NTSTATUS Status = Timeout == NULL ? STATUS_SUCCESS : ExpCaptureTimeout(&Timeout, &Local);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObReferenceObjectByHandle(SignalHandle, 0, NULL, Mode, &Signal, &Information);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObReferenceObjectByHandle(WaitHandle, SYNCHRONIZE, NULL, Mode, &Wait, NULL);
    if (NT_SUCCESS(Status)) {
        PVOID WaitObject = ObGetWaitObject(Wait);
        Status = ExpSignalObject(Signal, Information.GrantedAccess);
        if (NT_SUCCESS(Status)) {
            Status = KiWaitForSingleObject(WaitObject, UserRequest, Mode, Alertable, Timeout);
        }
        ObfDereferenceObject(Wait);
    }
    ObfDereferenceObject(Signal);
    return Status;
}
