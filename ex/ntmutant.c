/*
 * ntmutant.c - mutants
 *
 * A mutant belongs to the thread that acquired it, as often as that thread did; Win32 calls it a
 * mutex. If its owner ends first it is abandoned, and the next to acquire it is told.
 */
#include "exp.h"
#include "ntapi.h"
#include "ob.h"
#include "ps.h"

POBJECT_TYPE ExMutantObjectType;

/* The last reference goes, perhaps while a thread owns it: the thread's list must not keep it. An
   owner that ends at the same time must be through with it too, so it is released in any case. */
static VOID ExpDeleteMutant(PVOID Object) {
    KeReleaseMutant(Object, MUTANT_INCREMENT, TRUE, FALSE);
}

NTSTATUS ExpInitializeMutants(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Mutant");
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .DispatcherBody = TRUE,
        .InvalidAttributes = OBJ_OPENLINK,
        .GenericMapping = {STANDARD_RIGHTS_READ | MUTANT_QUERY_STATE, STANDARD_RIGHTS_WRITE,
                           STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, MUTANT_ALL_ACCESS},
        .ValidAccessMask = MUTANT_ALL_ACCESS,
        .PoolType = NonPagedPoolNx,
        .DefaultNonPagedPoolCharge = sizeof(KMUTANT),
        .DeleteProcedure = ExpDeleteMutant,
    };
    return ObCreateObjectType(&Name, &Initializer, NULL, &ExMutantObjectType);
}

static VOID ExpInitializeMutant(PVOID Mutant, const VOID *InitialOwner) {
    KeInitializeMutant(Mutant, *(const BOOLEAN *)InitialOwner);
}

/* Source: Windows SDK, CreateMutex; phnt. */
/* Source: Windows SDK, CreateMutex; phnt. */
NTSTATUS NTAPI NtCreateMutant(_Out_ PHANDLE MutantHandle, _In_ ACCESS_MASK DesiredAccess,
                              _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                              _In_ BOOLEAN InitialOwner) {
    return ObCreateObjectHandle(MutantHandle, DesiredAccess, ObjectAttributes, ExMutantObjectType,
                                sizeof(KMUTANT), ExpInitializeMutant, &InitialOwner);
}

NTSTATUS NTAPI NtOpenMutant(_Out_ PHANDLE MutantHandle, _In_ ACCESS_MASK DesiredAccess,
                            _In_ POBJECT_ATTRIBUTES ObjectAttributes) {
    return ObOpenObjectHandle(MutantHandle, DesiredAccess, ObjectAttributes, ExMutantObjectType);
}

/* Needs no access right but to be the owner. STATUS_MUTANT_NOT_OWNED. Source: phnt. */
NTSTATUS NTAPI NtReleaseMutant(_In_ HANDLE MutantHandle, _Out_opt_ PLONG PreviousCount) {
    PVOID Mutant;
    LONG Count = 0;
    NTSTATUS Status = STATUS_SUCCESS;
    if (PreviousCount != NULL) {
        Status = ObProbeForWrite(PreviousCount, sizeof(LONG), sizeof(LONG));
    }
    if (NT_SUCCESS(Status)) {
        Status = ObReferenceObjectByHandle(MutantHandle, 0, ExMutantObjectType, ExGetPreviousMode(),
                                           &Mutant, NULL);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    __try {
        Count = KeReleaseMutant(Mutant, MUTANT_INCREMENT, FALSE, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    ObfDereferenceObject(Mutant);
    if (NT_SUCCESS(Status) && PreviousCount != NULL) {
        Status = ObReturnInformation(PreviousCount, &Count, sizeof(Count), NULL);
    }
    return Status;
}

static NTSTATUS ExpReturnMutant(PKMUTANT Mutant, MUTANT_INFORMATION_CLASS Class, PVOID Destination,
                                PULONG ReturnLength) {
    PKTHREAD Owner = Mutant->OwnerThread;
    if (Class == MutantBasicInformation) {
        MUTANT_BASIC_INFORMATION Basic = {.CurrentCount = KeReadStateMutant(Mutant),
                                          .OwnedByCaller = Owner == KeGetCurrentThread(),
                                          .AbandonedState = Mutant->Abandoned};
        return ObReturnInformation(Destination, &Basic, sizeof(Basic), ReturnLength);
    }
    MUTANT_OWNER_INFORMATION Information = {0};
    if (Owner == KeGetCurrentThread()) {
        Information.ClientId = PsGetCurrentThread()->Cid;
    }
    return ObReturnInformation(Destination, &Information, sizeof(Information), ReturnLength);
}

/* Simplified: the owner is named only if it is the caller. Source: phnt. */
NTSTATUS NTAPI NtQueryMutant(_In_ HANDLE MutantHandle,
                             _In_ MUTANT_INFORMATION_CLASS MutantInformationClass,
                             _Out_ PVOID MutantInformation, _In_ ULONG MutantInformationLength,
                             _Out_opt_ PULONG ReturnLength) {
    PVOID Mutant;
    if (MutantInformationClass != MutantBasicInformation &&
        MutantInformationClass != MutantOwnerInformation) {
        return STATUS_INVALID_INFO_CLASS;
    }
    ULONG Size = MutantInformationClass == MutantBasicInformation
                     ? sizeof(MUTANT_BASIC_INFORMATION)
                     : sizeof(MUTANT_OWNER_INFORMATION);
    if (MutantInformationLength != Size) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    NTSTATUS Status = ObProbeForWrite(MutantInformation, Size, sizeof(ULONG));
    if (NT_SUCCESS(Status)) {
        Status = ObReferenceObjectByHandle(MutantHandle, MUTANT_QUERY_STATE, ExMutantObjectType,
                                           ExGetPreviousMode(), &Mutant, NULL);
    }
    if (NT_SUCCESS(Status)) {
        Status = ExpReturnMutant(Mutant, MutantInformationClass, MutantInformation, ReturnLength);
        ObfDereferenceObject(Mutant);
    }
    return Status;
}
