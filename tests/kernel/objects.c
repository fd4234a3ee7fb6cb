/* objects.c - tests of the object manager: references, handles, names, deletion */
#include "kmtest.h"
#include "ob.h"
#include "ps.h"

static POBJECT_TYPE TestType;
static ULONG Deleted;

static VOID DeleteTestObject(_In_ PVOID Object) {
    Deleted++;
}

static VOID MakeType(VOID) {
    UNICODE_STRING Name = {.Length = 12, .MaximumLength = 12, .Buffer = (PWSTR)L"KmTest"};
    OBJECT_TYPE_INITIALIZER Initializer = {.Length = sizeof(Initializer),
                                           .UseDefaultObject = TRUE,
                                           .ValidAccessMask = STANDARD_RIGHTS_ALL,
                                           .PoolType = NonPagedPoolNx,
                                           .DeleteProcedure = DeleteTestObject};
    if (TestType == NULL) {
        NTSTATUS Status = ObCreateObjectType(&Name, &Initializer, NULL, &TestType);
        KMT_CHECK(NT_SUCCESS(Status));
    }
}

static PVOID MakeObject(POBJECT_ATTRIBUTES Attributes) {
    PVOID Object = NULL;
    MakeType();
    NTSTATUS Status =
        ObCreateObject(KernelMode, TestType, Attributes, KernelMode, NULL, 64, 0, 0, &Object);
    KMT_CHECK(NT_SUCCESS(Status) && Object != NULL);
    return Object;
}

KMT_TEST(object_is_deleted_with_its_last_reference) {
    PVOID Object = MakeObject(NULL);
    ULONG Before = Deleted;
    ObReferenceObject(Object);
    ObDereferenceObject(Object);
    KMT_CHECK(Deleted == Before);
    ObDereferenceObject(Object);
    KMT_CHECK(Deleted == Before + 1);
}

KMT_TEST(object_handle_gives_the_object_back) {
    PVOID Object = MakeObject(NULL), Found = NULL;
    HANDLE Handle = NULL;
    ULONG Before = Deleted;
    KMT_CHECK(NT_SUCCESS(ObInsertObject(Object, NULL, STANDARD_RIGHTS_ALL, 0, NULL, &Handle)));
    KMT_CHECK(((ULONG_PTR)Handle & 3) == 0 && Handle != NULL);
    KMT_CHECK(NT_SUCCESS(ObReferenceObjectByHandle(Handle, 0, TestType, KernelMode, &Found, NULL)));
    KMT_CHECK(Found == Object);
    KMT_CHECK(ObReferenceObjectByHandle(Handle, 0, ObGetObjectType(PsGetCurrentProcess()),
                                        KernelMode, &Found, NULL) == STATUS_OBJECT_TYPE_MISMATCH);
    KMT_CHECK(NT_SUCCESS(ObCloseHandle(Handle, KernelMode)));
    KMT_CHECK(Deleted == Before);
    KMT_CHECK(ObReferenceObjectByHandle(Handle, 0, TestType, KernelMode, &Found, NULL) ==
              STATUS_INVALID_HANDLE);
    ObDereferenceObject(Object);
    KMT_CHECK(Deleted == Before + 1);
}

KMT_TEST(object_of_a_process_by_pseudo_handle) {
    PVOID Found = NULL;
    KMT_CHECK(NT_SUCCESS(ObReferenceObjectByHandle(
        (HANDLE)-1, 0, ObGetObjectType(PsGetCurrentProcess()), KernelMode, &Found, NULL)));
    KMT_CHECK(Found == PsGetCurrentProcess());
    ObDereferenceObject(Found);
}

KMT_TEST(object_many_handles) {
    enum { Handles = 1000 };
    static HANDLE Handle[Handles];
    PVOID Found;
    ULONG Before = Deleted;
    for (ULONG i = 0; i < Handles; i++) {
        PULONG Object = MakeObject(NULL);
        *Object = i;
        KMT_CHECK(
            NT_SUCCESS(ObInsertObject(Object, NULL, STANDARD_RIGHTS_ALL, 0, NULL, &Handle[i])));
    }
    for (ULONG i = 0; i < Handles; i++) {
        KMT_CHECK(NT_SUCCESS(
            ObReferenceObjectByHandle(Handle[i], 0, TestType, KernelMode, &Found, NULL)));
        KMT_CHECK(*(PULONG)Found == i);
        ObDereferenceObject(Found);
        KMT_CHECK(NT_SUCCESS(ObCloseHandle(Handle[i], KernelMode)));
    }
    KMT_CHECK(Deleted == Before + Handles);
}

/* --- creating, inserting, finding ----------------------------------------------------------- */

static VOID SetName(POBJECT_ATTRIBUTES Attributes, PUNICODE_STRING Name, PCWSTR Text, ULONG Flags) {
    RtlInitUnicodeString(Name, Text);
    InitializeObjectAttributes(Attributes, Name, Flags, NULL, NULL);
}

static LONGLONG Pointers(PVOID Object) {
    return OBJECT_TO_OBJECT_HEADER(Object)->PointerCount;
}

static LONGLONG Handles(PVOID Object) {
    return OBJECT_TO_OBJECT_HEADER(Object)->HandleCount;
}

KMT_TEST(object_counts_from_creation_to_deletion) {
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    PVOID Found = NULL, Object;
    HANDLE Handle = NULL;
    ULONG Before = Deleted;
    SetName(&Attributes, &Name, L"\\KmtCounts", 0);
    Object = MakeObject(&Attributes);
    KMT_CHECK(Pointers(Object) == 1 && Handles(Object) == 0);
    KMT_CHECK(ObReferenceObjectByName(&Name, 0, NULL, 0, TestType, KernelMode, NULL, &Found) ==
              STATUS_OBJECT_NAME_NOT_FOUND);
    KMT_CHECK(ObInsertObject(Object, NULL, STANDARD_RIGHTS_ALL, 1, NULL, &Handle) ==
              STATUS_SUCCESS);
    /* The handle's, the directory's and the one asked for. */
    KMT_CHECK(Pointers(Object) == 3 && Handles(Object) == 1);
    KMT_CHECK(
        NT_SUCCESS(ObReferenceObjectByName(&Name, 0, NULL, 0, TestType, KernelMode, NULL, &Found)));
    KMT_CHECK(Found == Object && Pointers(Object) == 4 && Handles(Object) == 1);
    ObDereferenceObject(Found);
    KMT_CHECK(ObReferenceObjectByName(&Name, 0, NULL, 0, ObGetObjectType(PsGetCurrentProcess()),
                                      KernelMode, NULL, &Found) == STATUS_OBJECT_TYPE_MISMATCH);
    KMT_CHECK(NT_SUCCESS(ObCloseHandle(Handle, KernelMode)));
    KMT_CHECK(Pointers(Object) == 1 && Handles(Object) == 0); /* and the name has gone */
    KMT_CHECK(ObReferenceObjectByName(&Name, 0, NULL, 0, TestType, KernelMode, NULL, &Found) ==
              STATUS_OBJECT_NAME_NOT_FOUND);
    KMT_CHECK(Deleted == Before);
    ObDereferenceObject(Object);
    KMT_CHECK(Deleted == Before + 1);
}

KMT_TEST(object_that_cannot_be_inserted_dies) {
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    PVOID First, Found;
    HANDLE Handle = NULL, Second = NULL;
    ULONG Before = Deleted;
    SetName(&Attributes, &Name, L"\\KmtTwice", 0);
    First = MakeObject(&Attributes);
    KMT_CHECK(NT_SUCCESS(ObInsertObject(First, NULL, STANDARD_RIGHTS_ALL, 0, NULL, &Handle)));
    KMT_CHECK(ObInsertObject(MakeObject(&Attributes), NULL, STANDARD_RIGHTS_ALL, 0, NULL,
                             &Second) == STATUS_OBJECT_NAME_COLLISION);
    KMT_CHECK(Deleted == Before + 1);
    Attributes.Attributes = OBJ_OPENIF;
    KMT_CHECK(ObInsertObject(MakeObject(&Attributes), NULL, STANDARD_RIGHTS_ALL, 0, &Found,
                             &Second) == STATUS_OBJECT_NAME_EXISTS);
    KMT_CHECK(Found == First && Handles(First) == 2 && Deleted == Before + 2);
    SetName(&Attributes, &Name, L"\\KmtNowhere\\Object", 0);
    KMT_CHECK(ObInsertObject(MakeObject(&Attributes), NULL, 0, 0, NULL, NULL) ==
              STATUS_OBJECT_PATH_NOT_FOUND);
    KMT_CHECK(Deleted == Before + 3);
    ObCloseHandle(Handle, KernelMode);
    ObCloseHandle(Second, KernelMode);
    KMT_CHECK(Deleted == Before + 4);
}

KMT_TEST(object_permanent_until_it_is_made_temporary) {
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    PVOID Object, Found = NULL;
    HANDLE Handle = NULL;
    ULONG Before = Deleted;
    SetName(&Attributes, &Name, L"\\KmtPermanent", OBJ_PERMANENT);
    Object = MakeObject(&Attributes);
    KMT_CHECK(NT_SUCCESS(ObInsertObject(Object, NULL, STANDARD_RIGHTS_ALL, 0, NULL, &Handle)));
    ObCloseHandle(Handle, KernelMode);
    KMT_CHECK(Deleted == Before);
    KMT_CHECK(
        NT_SUCCESS(ObReferenceObjectByName(&Name, 0, NULL, 0, TestType, KernelMode, NULL, &Found)));
    KMT_CHECK(Found == Object && Pointers(Object) == 2);
    ObMakeTemporaryObject(Object);
    KMT_CHECK(Pointers(Object) == 1);
    ObDereferenceObject(Object);
    KMT_CHECK(Deleted == Before + 1);
}

/* --- deletion at a raised level -------------------------------------------------------------- */

static VOID WaitForDeleted(ULONG Wanted) {
    LARGE_INTEGER Nap = {.QuadPart = -10000};
    for (ULONG Try = 0; Try < 10000 && *(volatile ULONG *)&Deleted != Wanted; Try++) {
        KeDelayExecutionThread(KernelMode, FALSE, &Nap);
    }
    KMT_CHECK(Deleted == Wanted);
}

KMT_TEST(object_deletion_is_put_off_at_dispatch_level) {
    enum { Objects = 100 };
    PVOID Object[Objects];
    ULONG Before = Deleted;
    for (ULONG i = 0; i < Objects; i++) {
        Object[i] = MakeObject(NULL);
    }
    KIRQL OldIrql = KeRaiseIrqlToDpcLevel();
    for (ULONG i = 0; i < Objects / 2; i++) {
        ObDereferenceObject(Object[i]);
    }
    KMT_CHECK(KeQueryActiveProcessorCount(NULL) > 1 || Deleted == Before);
    KeLowerIrql(OldIrql);
    for (ULONG i = Objects / 2; i < Objects; i++) {
        ObDereferenceObjectDeferDelete(Object[i]);
    }
    WaitForDeleted(Before + Objects);
}

/* --- the type's procedures -------------------------------------------------------------------- */

static POBJECT_TYPE LoudType;
static CHAR Said[32];
static ULONG SaidCount;
static BOOLEAN RefuseOpen, RefuseClose;
static ULONGLONG LastProcessCount, LastSystemCount;

static VOID Say(CHAR Letter) {
    if (SaidCount < sizeof(Said) - 1) {
        Said[SaidCount++] = Letter;
        Said[SaidCount] = 0;
    }
}

static BOOLEAN Heard(PCSTR Wanted) {
    ULONG i = 0;
    while (Wanted[i] != 0 && Wanted[i] == Said[i]) {
        i++;
    }
    BOOLEAN Same = Wanted[i] == Said[i];
    SaidCount = 0;
    Said[0] = 0;
    return Same;
}

static NTSTATUS LoudOpen(OB_OPEN_REASON Reason, KPROCESSOR_MODE Mode, struct _EPROCESS *Process,
                         PVOID Object, PACCESS_MASK Access, ULONG HandleCount) {
    Say(Reason == ObCreateHandle ? 'c' : Reason == ObOpenHandle ? 'o' : 'd');
    KMT_CHECK(Process == PsGetCurrentProcess());
    return RefuseOpen ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

static VOID LoudClose(struct _EPROCESS *Process, PVOID Object, ULONGLONG ProcessHandleCount,
                      ULONGLONG SystemHandleCount) {
    Say('C');
    LastProcessCount = ProcessHandleCount;
    LastSystemCount = SystemHandleCount;
}

static VOID LoudDelete(PVOID Object) {
    Say('D');
    KMT_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

static BOOLEAN LoudOkay(struct _EPROCESS *Process, PVOID Object, HANDLE Handle,
                        KPROCESSOR_MODE PreviousMode) {
    Say('?');
    return !RefuseClose;
}

static NTSTATUS LoudParse(PVOID ParseObject, POBJECT_TYPE ObjectType, PACCESS_STATE AccessState,
                          KPROCESSOR_MODE AccessMode, ULONG Attributes,
                          PUNICODE_STRING CompleteName, PUNICODE_STRING RemainingName,
                          PVOID Context, PVOID SecurityQos, PVOID *Object) {
    Say('P');
    KMT_CHECK(CompleteName->Length == 2 * 12); /* \KmtLoud\ab\ */
    if (RemainingName->Length != 2 * 4) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    ObReferenceObject(ParseObject);
    *Object = ParseObject;
    return STATUS_SUCCESS;
}

static VOID MakeLoudType(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"KmLoud");
    OBJECT_TYPE_INITIALIZER Initializer = {.Length = sizeof(Initializer),
                                           .UseDefaultObject = TRUE,
                                           .ValidAccessMask = STANDARD_RIGHTS_ALL,
                                           .PoolType = PagedPool,
                                           .MaintainHandleCount = TRUE,
                                           .OpenProcedure = LoudOpen,
                                           .CloseProcedure = LoudClose,
                                           .DeleteProcedure = LoudDelete,
                                           .ParseProcedure = LoudParse,
                                           .OkayToCloseProcedure = LoudOkay};
    RefuseOpen = RefuseClose = FALSE;
    if (LoudType == NULL) {
        KMT_CHECK(NT_SUCCESS(ObCreateObjectType(&Name, &Initializer, NULL, &LoudType)));
    }
    Heard("");
}

static PVOID MakeLoudObject(HANDLE *Handle, NTSTATUS Wanted, POBJECT_ATTRIBUTES Attributes) {
    PVOID Object = NULL;
    KMT_CHECK(NT_SUCCESS(
        ObCreateObject(KernelMode, LoudType, Attributes, KernelMode, NULL, 64, 0, 0, &Object)));
    KMT_CHECK(Heard(""));
    KMT_CHECK(ObInsertObject(Object, NULL, STANDARD_RIGHTS_ALL, 0, NULL, Handle) == Wanted);
    return Object;
}

KMT_TEST(object_type_procedures_are_called_in_order) {
    HANDLE First = NULL, Second = NULL;
    MakeLoudType();
    PVOID Object = MakeLoudObject(&First, STATUS_SUCCESS, NULL);
    KMT_CHECK(Heard("c"));
    KMT_CHECK(NT_SUCCESS(ObOpenObjectByPointer(Object, 0, NULL, STANDARD_RIGHTS_READ, LoudType,
                                               KernelMode, &Second)));
    KMT_CHECK(Heard("o") && Handles(Object) == 2 && Pointers(Object) == 2);
    KMT_CHECK(NT_SUCCESS(ObCloseHandle(First, KernelMode)));
    KMT_CHECK(Heard("?C") && LastProcessCount == 2 && LastSystemCount == 2);
    KMT_CHECK(NT_SUCCESS(ObCloseHandle(Second, KernelMode)));
    KMT_CHECK(Heard("?CD") && LastProcessCount == 1 && LastSystemCount == 1);
}

KMT_TEST(object_type_procedures_refuse) {
    HANDLE Handle = NULL, Second = NULL;
    MakeLoudType();
    RefuseOpen = TRUE;
    MakeLoudObject(&Handle, STATUS_ACCESS_DENIED, NULL);
    KMT_CHECK(Heard("cD"));
    RefuseOpen = FALSE;
    PVOID Object = MakeLoudObject(&Handle, STATUS_SUCCESS, NULL);
    RefuseOpen = TRUE;
    KMT_CHECK(ObOpenObjectByPointer(Object, 0, NULL, 0, LoudType, KernelMode, &Second) ==
              STATUS_ACCESS_DENIED);
    KMT_CHECK(Heard("co") && Handles(Object) == 1 && Pointers(Object) == 1);
    RefuseClose = TRUE;
    KMT_CHECK(ObCloseHandle(Handle, KernelMode) == STATUS_HANDLE_NOT_CLOSABLE);
    KMT_CHECK(Heard("?") && Handles(Object) == 1);
    RefuseClose = FALSE;
    KMT_CHECK(NT_SUCCESS(ObCloseHandle(Handle, KernelMode)));
    KMT_CHECK(Heard("?CD"));
}

KMT_TEST(object_parse_procedure_gets_the_rest_of_the_name) {
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name, Below = RTL_CONSTANT_STRING(L"\\KmtLoud\\ab\\");
    HANDLE Handle = NULL;
    PVOID Found = NULL;
    MakeLoudType();
    SetName(&Attributes, &Name, L"\\KmtLoud", 0);
    PVOID Object = MakeLoudObject(&Handle, STATUS_SUCCESS, &Attributes);
    KMT_CHECK(Heard("c"));
    KMT_CHECK(NT_SUCCESS(
        ObReferenceObjectByName(&Below, 0, NULL, 0, LoudType, KernelMode, NULL, &Found)));
    KMT_CHECK(Heard("P") && Found == Object);
    ObDereferenceObject(Found);
    KMT_CHECK(NT_SUCCESS(ObCloseHandle(Handle, KernelMode)));
    KMT_CHECK(Heard("?CD"));
}

/* --- kernel handles --------------------------------------------------------------------------- */

KMT_TEST(object_kernel_handles_are_the_kernels_alone) {
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Handle = NULL;
    PVOID Found = NULL;
    ULONG Before = Deleted;
    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    PVOID Object = MakeObject(&Attributes);
    KMT_CHECK(NT_SUCCESS(ObInsertObject(Object, NULL, STANDARD_RIGHTS_ALL, 0, NULL, &Handle)));
    KMT_CHECK(((ULONG_PTR)Handle & 0xFFFFFFFF80000003) == 0xFFFFFFFF80000000);
    KMT_CHECK(NT_SUCCESS(ObReferenceObjectByHandle(Handle, 0, TestType, KernelMode, &Found, NULL)));
    KMT_CHECK(Found == Object);
    ObDereferenceObject(Found);
    KMT_CHECK(ObReferenceObjectByHandle(Handle, 0, TestType, UserMode, &Found, NULL) ==
              STATUS_INVALID_HANDLE);
    KMT_CHECK(ObCloseHandle(Handle, UserMode) == STATUS_INVALID_HANDLE);
    KMT_CHECK(NT_SUCCESS(ObCloseHandle(Handle, KernelMode)));
    KMT_CHECK(Deleted == Before + 1);
    KMT_CHECK(ObCloseHandle(Handle, KernelMode) == STATUS_INVALID_HANDLE);
}

KMT_TEST(object_access_of_a_handle_binds_user_mode_only) {
    HANDLE Handle = NULL;
    PVOID Found = NULL;
    OBJECT_HANDLE_INFORMATION Information;
    PVOID Object = MakeObject(NULL);
    KMT_CHECK(NT_SUCCESS(ObInsertObject(Object, NULL, READ_CONTROL, 0, NULL, &Handle)));
    KMT_CHECK(ObReferenceObjectByHandle(Handle, DELETE, TestType, UserMode, &Found, &Information) ==
              STATUS_ACCESS_DENIED);
    /* The type is looked at before the access. */
    KMT_CHECK(ObReferenceObjectByHandle(Handle, DELETE, ObGetObjectType(PsGetCurrentProcess()),
                                        UserMode, &Found, NULL) == STATUS_OBJECT_TYPE_MISMATCH);
    KMT_CHECK(NT_SUCCESS(
        ObReferenceObjectByHandle(Handle, DELETE, TestType, KernelMode, &Found, &Information)));
    KMT_CHECK(Information.GrantedAccess == READ_CONTROL);
    ObDereferenceObject(Found);
    KMT_CHECK(Pointers(Object) == 1);
    KMT_CHECK(NT_SUCCESS(ObReferenceObjectByPointer(Object, DELETE, TestType, UserMode)));
    KMT_CHECK(Pointers(Object) == 2);
    KMT_CHECK(ObReferenceObjectByPointer(Object, 0, ObGetObjectType(PsGetCurrentProcess()),
                                         UserMode) == STATUS_OBJECT_TYPE_MISMATCH);
    ObDereferenceObject(Object);
    ObCloseHandle(Handle, KernelMode);
}

/* --- on several processors -------------------------------------------------------------------- */

#define CLIMBERS 4

static volatile LONG Climbing;

static VOID Climb(PVOID Object) {
    for (ULONG i = 0; i < 20000; i++) {
        ObReferenceObject(Object);
        ObDereferenceObject(Object);
    }
    ObDereferenceObject(Object);
    InterlockedDecrement(&Climbing);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* Every thread has one reference; the object goes with the last, whoever that is, once. */
KMT_TEST(object_references_of_many_threads) {
    LARGE_INTEGER Nap = {.QuadPart = -10000};
    PVOID Object = MakeObject(NULL);
    ULONG Before = Deleted;
    HANDLE Thread;
    Climbing = CLIMBERS;
    for (ULONG i = 0; i < CLIMBERS; i++) {
        ObReferenceObject(Object);
        KMT_CHECK(NT_SUCCESS(
            PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, Climb, Object)));
        ObCloseHandle(Thread, KernelMode);
    }
    ObDereferenceObject(Object);
    while (Climbing != 0) {
        KeDelayExecutionThread(KernelMode, FALSE, &Nap);
    }
    KMT_CHECK(Deleted == Before + 1);
}
