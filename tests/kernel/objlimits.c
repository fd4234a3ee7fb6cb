/*
 * objlimits.c - tests of the object manager: types that are refused, chains of deletions
 */
#include "kmtest.h"
#include "ob.h"

static NTSTATUS TryType(OBJECT_TYPE_INITIALIZER Initializer) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"KmRefused");
    POBJECT_TYPE Type;
    Initializer.Length = sizeof(Initializer);
    return ObCreateObjectType(&Name, &Initializer, NULL, &Type);
}

/* A type whose handles can be waited on says where the dispatcher header is, in one way. */
KMT_TEST(object_type_says_where_a_wait_leads) {
    const ULONG All = STANDARD_RIGHTS_ALL;
    KMT_CHECK(TryType((OBJECT_TYPE_INITIALIZER){
                  .ValidAccessMask = All, .PoolType = NonPagedPoolNx}) == STATUS_INVALID_PARAMETER);
    KMT_CHECK(TryType((OBJECT_TYPE_INITIALIZER){
                  .ValidAccessMask = All, .PoolType = PagedPool, .DispatcherBody = TRUE}) ==
              STATUS_INVALID_PARAMETER);
    KMT_CHECK(TryType((OBJECT_TYPE_INITIALIZER){
                  .ValidAccessMask = All, .PoolType = PagedPool, .WaitObjectPointerOffset = 8}) ==
              STATUS_INVALID_PARAMETER);
    KMT_CHECK(TryType((OBJECT_TYPE_INITIALIZER){.ValidAccessMask = All,
                                                .PoolType = NonPagedPoolNx,
                                                .DispatcherBody = TRUE,
                                                .UseDefaultObject = TRUE}) ==
              STATUS_INVALID_PARAMETER);
    KMT_CHECK(TryType((OBJECT_TYPE_INITIALIZER){.ValidAccessMask = All,
                                                .PoolType = NonPagedPoolNx,
                                                .DispatcherBody = TRUE,
                                                .WaitObjectPointerOffset = 8}) ==
              STATUS_INVALID_PARAMETER);
    KMT_CHECK(TryType((OBJECT_TYPE_INITIALIZER){.ValidAccessMask = All,
                                                .PoolType = NonPagedPoolNx,
                                                .WaitObjectFlagMask = 1,
                                                .WaitObjectPointerOffset = 8}) ==
              STATUS_NOT_IMPLEMENTED);
}

static POBJECT_TYPE ChainType;
static volatile LONG ChainDeleted;

/* Each object of a chain holds the one reference to the next. */
static VOID DeleteChained(_In_ PVOID Object) {
    PVOID Next = *(PVOID *)Object;
    InterlockedIncrement(&ChainDeleted);
    if (Next != NULL) {
        ObDereferenceObject(Next);
    }
}

static VOID MakeChainType(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"KmChain");
    OBJECT_TYPE_INITIALIZER Initializer = {.Length = sizeof(Initializer),
                                           .PoolType = NonPagedPoolNx,
                                           .DeleteProcedure = DeleteChained};
    if (ChainType == NULL) {
        KMT_CHECK(NT_SUCCESS(ObCreateObjectType(&Name, &Initializer, NULL, &ChainType)));
    }
}

#define CHAIN 20000

KMT_TEST(object_chain_of_deletions_does_not_fill_the_stack) {
    LARGE_INTEGER Tick = {.QuadPart = -10000};
    PVOID Last = NULL;
    MakeChainType();
    ChainDeleted = 0;
    for (ULONG i = 0; i < CHAIN; i++) {
        PVOID Object;
        NTSTATUS Status =
            ObCreateObject(KernelMode, ChainType, NULL, KernelMode, NULL, 64, 0, 0, &Object);
        KMT_CHECK(NT_SUCCESS(Status));
        *(PVOID *)Object = Last;
        Last = Object;
    }
    ObDereferenceObject(Last);
    while (ChainDeleted != CHAIN) { /* the worker deletes what was too deep */
        KeDelayExecutionThread(KernelMode, FALSE, &Tick);
    }
}

/* A type that says nothing about waits has objects that are always signalled. */
KMT_TEST(object_type_without_a_header_is_always_signalled) {
    LARGE_INTEGER Now = {.QuadPart = 0};
    MakeChainType();
    KMT_CHECK((LONG_PTR)ChainType->DefaultObject < 0);
    KMT_CHECK(KeWaitForSingleObject(ChainType->DefaultObject, Executive, KernelMode, FALSE, &Now) ==
              STATUS_SUCCESS);
}
