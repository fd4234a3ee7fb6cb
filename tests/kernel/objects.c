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
