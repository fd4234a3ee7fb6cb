/* objtypes.c - tests of the object manager: what a type's procedures are told, and when */
#include "kmtest.h"
#include "ob.h"
#include "ps.h"
#include "se.h"

static struct {
    ULONG Opened, Closed, Deleted, Dumped, SecurityDeleted;
    BOOLEAN MayClose;
    KIRQL DeleteIrql;
    PKTHREAD DeleteThread;
    PEPROCESS CloseProcess;
    ULONGLONG ProcessCount, SystemCount; /* as the close procedure was told */
} Told;

static POBJECT_TYPE CountedType, PlainType;
static ULONG Descriptor; /* stands for a security descriptor */

static NTSTATUS TypeOpens(_In_ OB_OPEN_REASON Reason, _In_ KPROCESSOR_MODE Mode,
                          _In_opt_ PEPROCESS Process, _In_ PVOID Object,
                          _Inout_ PACCESS_MASK GrantedAccess, _In_ ULONG HandleCount) {
    Told.Opened++;
    return STATUS_SUCCESS;
}

static VOID TypeCloses(_In_opt_ PEPROCESS Process, _In_ PVOID Object, _In_ ULONGLONG ProcessCount,
                       _In_ ULONGLONG SystemCount) {
    Told.Closed++;
    Told.CloseProcess = Process;
    Told.ProcessCount = ProcessCount;
    Told.SystemCount = SystemCount;
}

static VOID TypeDeletes(_In_ PVOID Object) {
    Told.DeleteIrql = KeGetCurrentIrql();
    Told.DeleteThread = KeGetCurrentThread();
    InterlockedIncrement((volatile LONG *)&Told.Deleted);
}

static VOID TypeDumps(_In_ PVOID Object, _In_opt_ POBJECT_DUMP_CONTROL Control) {
    Told.Dumped++;
}

static BOOLEAN TypeMayClose(_In_opt_ PEPROCESS Process, _In_ PVOID Object, _In_ HANDLE Handle,
                            _In_ KPROCESSOR_MODE Mode) {
    return Told.MayClose;
}

static NTSTATUS TypeSecurity(_In_ PVOID Object, _In_ SECURITY_OPERATION_CODE Operation,
                             _In_ PULONG Information, _Inout_ PVOID SecurityDescriptor,
                             _Inout_ PULONG Length, _Inout_ PVOID *ObjectsDescriptor,
                             _In_ ULONG PoolType, _In_ PGENERIC_MAPPING Mapping,
                             _In_ KPROCESSOR_MODE Mode) {
    Told.SecurityDeleted +=
        Operation == DeleteSecurityDescriptor && *ObjectsDescriptor == &Descriptor;
    *ObjectsDescriptor = NULL;
    return STATUS_SUCCESS;
}

static PVOID MakeObject(POBJECT_TYPE *Type, POBJECT_ATTRIBUTES Attributes) {
    UNICODE_STRING Counted = RTL_CONSTANT_STRING(L"KmCounted");
    UNICODE_STRING Plain = RTL_CONSTANT_STRING(L"KmPlain");
    OBJECT_TYPE_INITIALIZER Initializer = {.Length = sizeof(Initializer),
                                           .UseDefaultObject = TRUE,
                                           .GenericMapping = {1, 2, 4, STANDARD_RIGHTS_ALL | 7},
                                           .ValidAccessMask = STANDARD_RIGHTS_ALL | 7,
                                           .PoolType = NonPagedPoolNx,
                                           .DefaultNonPagedPoolCharge = 100,
                                           .DumpProcedure = TypeDumps,
                                           .DeleteProcedure = TypeDeletes,
                                           .SecurityProcedure = TypeSecurity};
    PVOID Object = NULL;
    if (PlainType == NULL) {
        KMT_CHECK(NT_SUCCESS(ObCreateObjectType(&Plain, &Initializer, NULL, &PlainType)));
        Initializer.MaintainHandleCount = TRUE;
        Initializer.OpenProcedure = TypeOpens;
        Initializer.CloseProcedure = TypeCloses;
        Initializer.OkayToCloseProcedure = TypeMayClose;
        KMT_CHECK(NT_SUCCESS(ObCreateObjectType(&Counted, &Initializer, NULL, &CountedType)));
    }
    Told = (__typeof__(Told)){.MayClose = TRUE};
    KMT_CHECK(NT_SUCCESS(
        ObCreateObject(KernelMode, *Type, Attributes, KernelMode, NULL, 64, 0, 0, &Object)));
    return Object;
}

static HANDLE OpenAgain(PVOID Object, ULONG Attributes) {
    HANDLE Handle = NULL;
    KMT_CHECK(
        NT_SUCCESS(ObOpenObjectByPointer(Object, Attributes, NULL, 1, NULL, KernelMode, &Handle)));
    return Handle;
}

/* Until the worker has deleted the object. */
static VOID WaitForDeletion(VOID) {
    LARGE_INTEGER Tick = {.QuadPart = -10000};
    while (*(volatile ULONG *)&Told.Deleted == 0) {
        KeDelayExecutionThread(KernelMode, FALSE, &Tick);
    }
}

KMT_TEST(object_type_deletes_later_at_raised_irql) {
    PVOID Object = MakeObject(&PlainType, NULL);
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    ObDereferenceObject(Object);
    KMT_CHECK(Told.Deleted == 0);
    KeLowerIrql(OldIrql);
    WaitForDeletion();
    KMT_CHECK(Told.DeleteIrql == PASSIVE_LEVEL && Told.DeleteThread != KeGetCurrentThread());
    Object = MakeObject(&PlainType, NULL);
    ObDereferenceObjectDeferDelete(Object);
    WaitForDeletion();
    KMT_CHECK(Told.DeleteThread != KeGetCurrentThread());
    Object = MakeObject(&PlainType, NULL);
    ObDereferenceObject(Object);
    KMT_CHECK(Told.Deleted == 1 && Told.DeleteThread == KeGetCurrentThread());
}

/* The close procedure hears how many handles there were before: in the process, and in all. */
KMT_TEST(object_type_counts_handles_by_process) {
    PEPROCESS Self = PsGetCurrentProcess();
    PVOID Object = MakeObject(&CountedType, NULL);
    HANDLE First = NULL, Second, Third;
    KMT_CHECK(NT_SUCCESS(ObInsertObject(Object, NULL, 1, 0, NULL, &First)));
    Second = OpenAgain(Object, 0);
    Third = OpenAgain(Object, OBJ_KERNEL_HANDLE);
    KMT_CHECK(Told.Opened == 3 && (LONG_PTR)Third < 0);
    ObCloseHandle(Second, KernelMode);
    KMT_CHECK(Told.ProcessCount == 3 && Told.SystemCount == 3 && Told.CloseProcess == Self);
    /* A kernel handle is the System process's, wherever it is closed. */
    KAPC_STATE State;
    KeStackAttachProcess(KeGetCurrentPrcb()->IdleThread->ApcState.Process, &State);
    ObReferenceObject(Object);
    KMT_CHECK(NT_SUCCESS(ObCloseHandle(Third, KernelMode)));
    KeUnstackDetachProcess(&State);
    KMT_CHECK(Told.ProcessCount == 2 && Told.SystemCount == 2 && Told.CloseProcess == Self);
    ObCloseHandle(First, KernelMode);
    KMT_CHECK(Told.ProcessCount == 1 && Told.SystemCount == 1 && Told.Deleted == 0);
    ObDereferenceObject(Object);
    KMT_CHECK(Told.Deleted == 1);
}

KMT_TEST(object_type_and_attributes_keep_a_handle_open) {
    PVOID Object = MakeObject(&CountedType, NULL), Found;
    OBJECT_HANDLE_INFORMATION Information;
    HANDLE Handle = NULL, Protected;
    KMT_CHECK(NT_SUCCESS(ObInsertObject(Object, NULL, 1, 0, NULL, &Handle)));
    Told.MayClose = FALSE;
    KMT_CHECK(ObCloseHandle(Handle, KernelMode) == STATUS_HANDLE_NOT_CLOSABLE);
    Told.MayClose = TRUE;
    Protected = OpenAgain(Object, OBJ_PROTECT_CLOSE);
    KMT_CHECK(ObCloseHandle(Protected, UserMode) == STATUS_HANDLE_NOT_CLOSABLE);
    KMT_CHECK(NT_SUCCESS(
        ObReferenceObjectByHandle(Protected, 0, NULL, KernelMode, &Found, &Information)));
    KMT_CHECK(Information.HandleAttributes == OBJ_PROTECT_CLOSE && Information.GrantedAccess == 1);
    ObDereferenceObject(Found);
    KMT_CHECK(ObReferenceObjectByHandle(Protected, 2, NULL, UserMode, &Found, NULL) ==
              STATUS_ACCESS_DENIED);
    KMT_CHECK(Told.Closed == 0 && NT_SUCCESS(ObCloseHandle(Protected, KernelMode)));
    KMT_CHECK(NT_SUCCESS(ObCloseHandle(Handle, KernelMode)) && Told.Deleted == 1);
}

static ULONG AccessChecks;

static BOOLEAN DenyRightFour(PVOID SecurityDescriptor, PSECURITY_SUBJECT_CONTEXT Context,
                             BOOLEAN Locked, ACCESS_MASK DesiredAccess, ACCESS_MASK Granted,
                             struct _PRIVILEGE_SET **Privileges, PGENERIC_MAPPING Mapping,
                             KPROCESSOR_MODE Mode, ACCESS_MASK *GrantedAccess, NTSTATUS *Status) {
    if (SecurityDescriptor != &Descriptor) {
        return SeAccessCheck(SecurityDescriptor, Context, Locked, DesiredAccess, Granted,
                             Privileges, Mapping, Mode, GrantedAccess, Status);
    }
    AccessChecks++;
    *GrantedAccess = DesiredAccess | Granted;
    *Status = (DesiredAccess & 4) != 0 ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
    return NT_SUCCESS(*Status);
}

/* Every open asks the one access check; the kernel only if it wants to be asked about. */
KMT_TEST(object_access_check_is_asked) {
    PVOID Object = MakeObject(&PlainType, NULL);
    HANDLE First = NULL, Handle = NULL;
    AccessChecks = 0;
    KMT_CHECK(NT_SUCCESS(ObInsertObject(Object, NULL, 1, 0, NULL, &First)));
    OBJECT_TO_OBJECT_HEADER(Object)->SecurityDescriptor = &Descriptor;
    ObSetAccessCheckRoutine(DenyRightFour);
    KMT_CHECK(NT_SUCCESS(ObOpenObjectByPointer(Object, 0, NULL, 4, NULL, KernelMode, &Handle)));
    KMT_CHECK(NT_SUCCESS(ObCloseHandle(Handle, KernelMode)) && AccessChecks == 0);
    KMT_CHECK(ObOpenObjectByPointer(Object, OBJ_FORCE_ACCESS_CHECK, NULL, 4, NULL, KernelMode,
                                    &Handle) == STATUS_ACCESS_DENIED);
    KMT_CHECK(ObOpenObjectByPointer(Object, 0, NULL, GENERIC_EXECUTE, NULL, UserMode, &Handle) ==
              STATUS_ACCESS_DENIED);
    KMT_CHECK(NT_SUCCESS(ObOpenObjectByPointer(Object, 0, NULL, 2, NULL, UserMode, &Handle)));
    KMT_CHECK(NT_SUCCESS(ObCloseHandle(Handle, UserMode)) && AccessChecks == 3);
    ObSetAccessCheckRoutine(SeAccessCheck);
    KMT_CHECK(OBJECT_TO_OBJECT_HEADER(Object)->PointerCount == 1);
    ObCloseHandle(First, KernelMode);
    KMT_CHECK(Told.Deleted == 1 && Told.SecurityDeleted == 1);
}

/* Who checked the access can ask that the end of the handle be audited: the handle remembers. */
KMT_TEST(object_handle_remembers_its_audit) {
    PVOID Object = MakeObject(&PlainType, NULL), Found;
    OBJECT_HANDLE_INFORMATION Information = {0};
    ACCESS_STATE State;
    HANDLE First = NULL, Handle = NULL;
    KMT_CHECK(NT_SUCCESS(ObInsertObject(Object, NULL, 1, 0, NULL, &First)));
    State = (ACCESS_STATE){.RemainingDesiredAccess = 1, .GenerateOnClose = TRUE};
    KMT_CHECK(NT_SUCCESS(ObOpenObjectByPointer(Object, 0, &State, 0, NULL, KernelMode, &Handle)));
    KMT_CHECK(
        NT_SUCCESS(ObReferenceObjectByHandle(Handle, 0, NULL, KernelMode, &Found, &Information)));
    KMT_CHECK(Information.HandleAttributes == OBJ_AUDIT_OBJECT_CLOSE);
    ObDereferenceObject(Found);
    KMT_CHECK(NT_SUCCESS(ObCloseHandle(Handle, KernelMode)));
    KMT_CHECK(NT_SUCCESS(ObDumpObjectByHandle(First, NULL)) && Told.Dumped == 1);
    KMT_CHECK(ObDumpObjectByHandle(Handle, NULL) == STATUS_INVALID_HANDLE);
    KMT_CHECK(NT_SUCCESS(ObCloseHandle(First, KernelMode)) && Told.Deleted == 1);
}

KMT_TEST(object_charges_of_its_own_stand_in_a_header) {
    PVOID Usual = MakeObject(&PlainType, NULL), Same = NULL, Own = NULL;
    KMT_CHECK(NT_SUCCESS(ObCreateObject(KernelMode, PlainType, NULL, KernelMode, NULL, 64, 0,
                                        100 + sizeof(OBJECT_HEADER), &Same)));
    KMT_CHECK(NT_SUCCESS(
        ObCreateObject(KernelMode, PlainType, NULL, KernelMode, NULL, 64, 7, 300, &Own)));
    KMT_CHECK((OBJECT_TO_OBJECT_HEADER(Usual)->InfoMask & OB_INFOMASK_QUOTA) == 0);
    KMT_CHECK((OBJECT_TO_OBJECT_HEADER(Same)->InfoMask & OB_INFOMASK_QUOTA) == 0);
    KMT_CHECK((OBJECT_TO_OBJECT_HEADER(Own)->InfoMask & OB_INFOMASK_QUOTA) != 0);
    ObDereferenceObject(Usual);
    ObDereferenceObject(Same);
    ObDereferenceObject(Own);
    KMT_CHECK(Told.Deleted == 3);
}

KMT_TEST(object_is_referenced_by_name) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\KernelObjects\\KmNam\x0101");
    UNICODE_STRING Small = RTL_CONSTANT_STRING(L"\\kernelobjects\\kmnam\x0100");
    OBJECT_ATTRIBUTES Attributes;
    InitializeObjectAttributes(&Attributes, &Name, 0, NULL, NULL);
    PVOID Object = MakeObject(&PlainType, &Attributes), Found = NULL;
    HANDLE Handle = NULL;
    KMT_CHECK(NT_SUCCESS(ObInsertObject(Object, NULL, 1, 0, NULL, &Handle)));
    KMT_CHECK(NT_SUCCESS(
        ObReferenceObjectByName(&Name, 0, NULL, 1, PlainType, KernelMode, NULL, &Found)));
    KMT_CHECK(Found == Object);
    KMT_CHECK(ObReferenceObjectByName(&Small, 0, NULL, 1, PlainType, KernelMode, NULL, &Found) ==
                  STATUS_OBJECT_PATH_NOT_FOUND &&
              Found == NULL);
    KMT_CHECK(NT_SUCCESS(ObReferenceObjectByName(&Small, OBJ_CASE_INSENSITIVE, NULL, 1, PlainType,
                                                 KernelMode, NULL, &Found)));
    KMT_CHECK(ObReferenceObjectByName(&Name, 0, NULL, 1, CountedType, KernelMode, NULL, &Found) ==
              STATUS_OBJECT_TYPE_MISMATCH);
    KMT_CHECK(NT_SUCCESS(ObCloseHandle(Handle, KernelMode)));
    KMT_CHECK(ObReferenceObjectByName(&Name, 0, NULL, 1, PlainType, KernelMode, NULL, &Found) ==
              STATUS_OBJECT_NAME_NOT_FOUND);
    ObDereferenceObject(Object);
    KMT_CHECK(Told.Deleted == 0);
    ObDereferenceObject(Object);
    KMT_CHECK(Told.Deleted == 1);
}
