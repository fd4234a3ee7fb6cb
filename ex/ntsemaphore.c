/*
 * ntsemaphore.c - semaphores: a count that waits take from and releases add to, up to a limit
 */
#include "exp.h"
#include "ntapi.h"
#include "ob.h"

POBJECT_TYPE ExSemaphoreObjectType;

NTSTATUS ExpInitializeSemaphores(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Semaphore");
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .DispatcherBody = TRUE,
        .InvalidAttributes = OBJ_OPENLINK,
        .GenericMapping = {STANDARD_RIGHTS_READ | SEMAPHORE_QUERY_STATE,
                           STANDARD_RIGHTS_WRITE | SEMAPHORE_MODIFY_STATE,
                           STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, SEMAPHORE_ALL_ACCESS},
        .ValidAccessMask = SEMAPHORE_ALL_ACCESS,
        .PoolType = NonPagedPoolNx,
        .DefaultNonPagedPoolCharge = sizeof(KSEMAPHORE),
    };
    return ObCreateObjectType(&Name, &Initializer, NULL, &ExSemaphoreObjectType);
}

typedef struct _EXP_NEW_SEMAPHORE {
    LONG Count;
    LONG Limit;
} EXP_NEW_SEMAPHORE;

static VOID ExpInitializeSemaphore(PVOID Semaphore, const VOID *Context) {
    const EXP_NEW_SEMAPHORE *New = Context;
    KeInitializeSemaphore(Semaphore, New->Count, New->Limit);
}

/* STATUS_INVALID_PARAMETER for counts that make no sense. Source: Windows SDK, CreateSemaphore. */
/* STATUS_INVALID_PARAMETER for counts that make no sense. Source: Windows SDK, CreateSemaphore. */
NTSTATUS NTAPI NtCreateSemaphore(_Out_ PHANDLE SemaphoreHandle, _In_ ACCESS_MASK DesiredAccess,
                                 _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                                 _In_ LONG InitialCount, _In_ LONG MaximumCount) {
    EXP_NEW_SEMAPHORE New = {InitialCount, MaximumCount};
    if (MaximumCount <= 0 || InitialCount < 0 || InitialCount > MaximumCount) {
        return ObRefuseHandle(SemaphoreHandle, STATUS_INVALID_PARAMETER);
    }
    return ObCreateObjectHandle(SemaphoreHandle, DesiredAccess, ObjectAttributes,
                                ExSemaphoreObjectType, sizeof(KSEMAPHORE), ExpInitializeSemaphore,
                                &New);
}

NTSTATUS NTAPI NtOpenSemaphore(_Out_ PHANDLE SemaphoreHandle, _In_ ACCESS_MASK DesiredAccess,
                               _In_ POBJECT_ATTRIBUTES ObjectAttributes) {
    return ObOpenObjectHandle(SemaphoreHandle, DesiredAccess, ObjectAttributes,
                              ExSemaphoreObjectType);
}

/* STATUS_SEMAPHORE_LIMIT_EXCEEDED: nothing has changed. Source: Windows SDK, ReleaseSemaphore. */
NTSTATUS NTAPI NtReleaseSemaphore(_In_ HANDLE SemaphoreHandle, _In_ LONG ReleaseCount,
                                  _Out_opt_ PLONG PreviousCount) {
    PVOID Semaphore;
    LONG Count = 0;
    NTSTATUS Status = STATUS_SUCCESS;
    if (PreviousCount != NULL) {
        Status = ObProbeForWrite(PreviousCount, sizeof(LONG), sizeof(LONG));
    }
    if (NT_SUCCESS(Status) && ReleaseCount <= 0) {
        Status = STATUS_INVALID_PARAMETER;
    }
    if (NT_SUCCESS(Status)) {
        Status =
            ObReferenceObjectByHandle(SemaphoreHandle, SEMAPHORE_MODIFY_STATE,
                                      ExSemaphoreObjectType, ExGetPreviousMode(), &Semaphore, NULL);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    __try {
        Count = KeReleaseSemaphore(Semaphore, SEMAPHORE_INCREMENT, ReleaseCount, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    ObfDereferenceObject(Semaphore);
    if (NT_SUCCESS(Status) && PreviousCount != NULL) {
        Status = ObReturnInformation(PreviousCount, &Count, sizeof(Count), NULL);
    }
    return Status;
}

NTSTATUS NTAPI NtQuerySemaphore(_In_ HANDLE SemaphoreHandle,
                                _In_ SEMAPHORE_INFORMATION_CLASS SemaphoreInformationClass,
                                _Out_ PVOID SemaphoreInformation,
                                _In_ ULONG SemaphoreInformationLength,
                                _Out_opt_ PULONG ReturnLength) {
    SEMAPHORE_BASIC_INFORMATION Information;
    PVOID Semaphore;
    if (SemaphoreInformationClass != SemaphoreBasicInformation) {
        return STATUS_INVALID_INFO_CLASS;
    }
    if (SemaphoreInformationLength != sizeof(Information)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    NTSTATUS Status = ObProbeForWrite(SemaphoreInformation, sizeof(Information), sizeof(ULONG));
    if (NT_SUCCESS(Status)) {
        Status =
            ObReferenceObjectByHandle(SemaphoreHandle, SEMAPHORE_QUERY_STATE, ExSemaphoreObjectType,
                                      ExGetPreviousMode(), &Semaphore, NULL);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Information.CurrentCount = KeReadStateSemaphore(Semaphore);
    Information.MaximumCount = ((PKSEMAPHORE)Semaphore)->Limit;
    ObfDereferenceObject(Semaphore);
    return ObReturnInformation(SemaphoreInformation, &Information, sizeof(Information),
                               ReturnLength);
}
