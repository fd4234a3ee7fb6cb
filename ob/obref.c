/*
 * obref.c - references, and what happens when the last one goes
 *
 * PointerCount counts those who rely on the object being there. Taking a reference is one
 * interlocked increment, and is allowed only to those who know that the object cannot go away
 * meanwhile: because they have a reference already, or hold the lock of the handle or directory
 * entry that has one. Who finds a pointer in a list that holds no reference must use
 * ObReferenceObjectSafe, which refuses an object whose count has reached 0.
 *
 * When the count reaches 0 the object is deleted on the spot, at PASSIVE_LEVEL and with enough of
 * the kernel stack left. Delete procedures take locks, free pages and close files, so at a raised
 * IRQL the object is put into a list instead, and a worker thread deletes it. The list is linked
 * through NextToFree, which lies over HandleCount: that is 0, and stays so.
 *
 * Why the stack is looked at: a delete procedure may drop the last reference to another object,
 * whose procedure drops the next one. Where a program can make such a chain it chooses the length,
 * so the recursion must end by itself. The worker takes the list from its loop, on a stack that is
 * empty again.
 */
#include "obp.h"

/* What one delete procedure may need of the stack, the driver that it calls included. */
#define OBP_DELETION_STACK 0x2000

static PVOID volatile ObpRemoveObjectList;
static WORK_QUEUE_ITEM ObpRemoveObjectWorkItem;

/* The object's security descriptor is its type's to free. */
static __attribute__((noinline)) VOID ObpDeleteSecurity(POBJECT_HEADER Header, POBJECT_TYPE Type) {
    OB_SECURITY_METHOD Security = Type->TypeInfo.SecurityProcedure;
    if (Security != NULL) {
        Security(Header->Body, DeleteSecurityDescriptor, NULL, NULL, NULL,
                 &Header->SecurityDescriptor, Type->TypeInfo.PoolType,
                 &Type->TypeInfo.GenericMapping, KernelMode);
    }
}

/* The last reference has gone: the type's procedures, then the memory. PASSIVE_LEVEL. */
static VOID ObpDeleteObject(POBJECT_HEADER Header) {
    POBJECT_TYPE Type = ObpGetObjectType(Header);
    ASSERT(Header->HandleCount == 0);
    if (Header->SecurityDescriptor != NULL) {
        ObpDeleteSecurity(Header, Type);
    }
    if (Type->TypeInfo.DeleteProcedure != NULL) {
        Type->TypeInfo.DeleteProcedure(Header->Body);
    }
    ObpFreeObject(Header, Type);
}

/* Runs in a worker thread; deletes what has come together until the list is empty. */
static VOID ObpProcessRemoveObjectQueue(PVOID Context) {
    POBJECT_HEADER Header = InterlockedExchangePointer(&ObpRemoveObjectList, NULL);
    while (Header != NULL) {
        POBJECT_HEADER Next = Header->NextToFree;
        Header->HandleCount = 0;
        ObpDeleteObject(Header);
        Header = Next;
    }
}

/* Leaves an object to the worker. Who puts the first one into an empty list wakes it. */
static VOID ObpDeferObjectDeletion(POBJECT_HEADER Header) {
    PVOID Old;
    do {
        Old = ObpRemoveObjectList;
        Header->NextToFree = Old;
    } while (InterlockedCompareExchangePointer(&ObpRemoveObjectList, (PVOID)Header, Old) != Old);
    if (Old == NULL) {
        ExQueueWorkItem(&ObpRemoveObjectWorkItem, DelayedWorkQueue);
    }
}

VOID ObpInitializeDeletion(VOID) {
    ExInitializeWorkItem(&ObpRemoveObjectWorkItem, ObpProcessRemoveObjectQueue, NULL);
}

/* WDK: ObReferenceObjectWithTag. Returns the new count, which is of use to debuggers only. The tag
 * says what the reference is for; only traces remember it (obtrace.c). */
LONG_PTR ObfReferenceObjectWithTag(_In_ PVOID Object, _In_ ULONG Tag) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    ObpTrace(Header, 1, Tag);
    LONG_PTR Count = InterlockedIncrement64(&Header->PointerCount);
    ASSERT(Count > 1);
    return Count;
}

/* WDK: ObReferenceObject. */
LONG_PTR ObfReferenceObject(_In_ PVOID Object) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    ObpTrace(Header, 1, OBP_TAG_DEFAULT);
    LONG_PTR Count = InterlockedIncrement64(&Header->PointerCount);
    ASSERT(Count > 1);
    return Count;
}

BOOLEAN ObReferenceObjectSafe(_In_ PVOID Object) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    LONGLONG Count = Header->PointerCount;
    while (Count != 0) {
        LONGLONG Seen = InterlockedCompareExchange64(&Header->PointerCount, Count + 1, Count);
        if (Seen == Count) {
            ObpTrace(Header, 1, OBP_TAG_DEFAULT);
            return TRUE;
        }
        Count = Seen;
    }
    return FALSE;
}

static BOOLEAN ObpMayDeleteHere(VOID) {
    ULONG_PTR Bottom = (ULONG_PTR)KeGetCurrentThread()->StackLimit;
    return KeGetCurrentIrql() == PASSIVE_LEVEL &&
           (ULONG_PTR)__builtin_frame_address(0) - Bottom >= OBP_DELETION_STACK;
}

/* The last reference has gone, at whatever IRQL and depth. */
VOID ObpDeleteUnreferenced(_Inout_ POBJECT_HEADER Header) {
    if (ObpMayDeleteHere()) {
        ObpDeleteObject(Header);
    } else {
        ObpDeferObjectDeletion(Header);
    }
}

static DECLSPEC_RARE VOID ObpLoseLastReference(POBJECT_HEADER Header) {
    ObpDeleteUnreferenced(Header);
}

/* WDK: ObDereferenceObjectWithTag. */
LONG_PTR ObfDereferenceObjectWithTag(_In_ PVOID Object, _In_ ULONG Tag) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    ObpTrace(Header, -1, Tag);
    LONG_PTR Count = InterlockedDecrement64(&Header->PointerCount);
    ASSERT(Count >= 0);
    if (Count == 0) {
        ObpLoseLastReference(Header);
    }
    return Count;
}

/* WDK: ObDereferenceObject. */
LONG_PTR ObfDereferenceObject(_In_ PVOID Object) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    ObpTrace(Header, -1, OBP_TAG_DEFAULT);
    LONG_PTR Count = InterlockedDecrement64(&Header->PointerCount);
    ASSERT(Count >= 0);
    if (Count == 0) {
        ObpLoseLastReference(Header);
    }
    return Count;
}

/* WDK: ObDereferenceObjectDeferDelete. For callers whose locks a delete procedure might want. */
VOID ObDereferenceObjectDeferDelete(_In_ PVOID Object) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    ObpTrace(Header, -1, OBP_TAG_DEFAULT);
    if (InterlockedDecrement64(&Header->PointerCount) == 0) {
        ObpDeferObjectDeletion(Header);
    }
}

NTSTATUS ObReferenceObjectByPointer(_In_ PVOID Object, _In_ ACCESS_MASK DesiredAccess,
                                    _In_opt_ POBJECT_TYPE ObjectType,
                                    _In_ KPROCESSOR_MODE AccessMode) {
    POBJECT_TYPE Type = ObGetObjectType(Object);
    /* As in Windows: the kernel may pass any type, except for symbolic links. */
    if (Type != ObjectType &&
        (AccessMode != KernelMode || ObjectType == ObpSymbolicLinkObjectType)) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    ObfReferenceObject(Object);
    return STATUS_SUCCESS;
}
