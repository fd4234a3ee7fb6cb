/*
 * obhandle.c - handles: making them, and finding what they lead to
 *
 * The object manager's handle table entries point to OBJECT_HEADERs and carry the granted access.
 * An entry in use owns one reference to the object and one unit of its HandleCount.
 *
 * There are two tables at any moment: the current process's, and the kernel's. Handles of the
 * kernel's table have all high bits set (0xFFFFFFFF80000004, ...), are valid in every process, and
 * only for callers in kernel mode: to a program such a value is just an invalid handle. Whoever
 * makes or closes them, they count as handles of the System process. -1 and -2
 * are no entries at all: they mean the current process and thread.
 */
#include "obp.h"

/* A handle value for a counted object, or NULL. In a critical region. */
FORCEINLINE HANDLE ObpEnterHandle(PHANDLE_TABLE Table, POBJECT_HEADER Header, ULONG Attributes,
                                  ACCESS_MASK Access) {
    HANDLE_TABLE_ENTRY Entry = {.GrantedAccessBits = Access};
    ExSetHandlePointer(&Entry, Header, Attributes & OBP_HANDLE_ATTRIBUTES);
    ObpTraceTransfer(Header, OBP_TAG_DEFAULT, OBP_TAG_OF_HANDLE);
    return ExCreateHandleEntry(Table, Entry.LowValue, Entry.HighValue);
}

/* No memory for the handle of an object that was counted already. */
static DECLSPEC_RARE VOID ObpUncountHandle(POBJECT_HEADER Header) {
    ObpTraceTransfer(Header, OBP_TAG_OF_HANDLE, OBP_TAG_DEFAULT);
    ObpDecrementHandleCount(PsGetCurrentProcess(), Header);
}

HANDLE ObpCreatePlainHandle(_In_ POBJECT_HEADER Header, _In_ POBJECT_TYPE Type,
                            _In_ ULONG Attributes, _In_ ACCESS_MASK Access) {
    PKTHREAD Thread = KeGetCurrentThread();
    KeEnterCriticalRegionThread(Thread);
    InterlockedIncrement64(&Header->HandleCount);
    InterlockedIncrement(&ObpCountsOf(Type)->Handles);
    HANDLE Value = ObpEnterHandle(((PEPROCESS)Thread->ApcState.Process)->ObjectTable, Header,
                                  Attributes, Access);
    if (Value == NULL) {
        ObpUncountHandle(Header);
    }
    KeLeaveCriticalRegionThread(Thread);
    return Value;
}

/* Every case but the common one. */
static __attribute__((noinline)) NTSTATUS ObpCreateCountedHandle(PVOID Object,
                                                                 const OBP_HANDLE_REQUEST *Request,
                                                                 PHANDLE Handle) {
    BOOLEAN Kernel = (Request->Attributes & OBJ_KERNEL_HANDLE) != 0;
    PEPROCESS Process = Request->Process != NULL ? Request->Process : PsGetCurrentProcess();
    PHANDLE_TABLE Table = Kernel ? ObpKernelHandleTable : Process->ObjectTable;
    Process = Kernel ? PsInitialSystemProcess : Process;
    if (Table == NULL) {
        return STATUS_PROCESS_IS_TERMINATING;
    }
    ACCESS_MASK Access = Request->Access;
    KeEnterCriticalRegion();
    NTSTATUS Status = ObpIncrementHandleCount(Request->OpenReason, Process, Object, &Access,
                                              Request->AccessMode, Request->Attributes);
    if (NT_SUCCESS(Status)) {
        POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
        HANDLE Value = ObpEnterHandle(Table, Header, Request->Attributes, Access);
        if (Value != NULL) {
            *Handle = Kernel ? (HANDLE)((ULONG_PTR)Value | KERNEL_HANDLE_MASK) : Value;
        } else {
            ObpTraceTransfer(Header, OBP_TAG_OF_HANDLE, OBP_TAG_DEFAULT);
            ObpDecrementHandleCount(Process, Header);
            Status = ObpNoHandleStatus(Table);
        }
    }
    KeLeaveCriticalRegion();
    return Status;
}

/*
 * Makes a handle. On success it owns the reference that the caller had; on failure the caller still
 * has it. STATUS_INSUFFICIENT_RESOURCES, STATUS_QUOTA_EXCEEDED, STATUS_PROCESS_IS_TERMINATING, the open procedure's
 * statuses. The process is the current one, or the caller keeps its table from going away.
 */
NTSTATUS ObpCreateHandle(_In_ PVOID Object, _In_ const OBP_HANDLE_REQUEST *Request,
                         _Out_ PHANDLE Handle) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    POBJECT_TYPE Type = ObpGetObjectType(Header);
    if (Request->Process != NULL || !ObpOpensPlainly(Header, Type, Request->Attributes)) {
        return ObpCreateCountedHandle(Object, Request, Handle);
    }
    *Handle = ObpCreatePlainHandle(Header, Type, Request->Attributes, Request->Access);
    return *Handle != NULL ? STATUS_SUCCESS : ObpNoHandleStatus(PsGetCurrentProcess()->ObjectTable);
}

/* Gives up what a handle to this object held; the handle itself is gone already. */
VOID ObpReleaseHandle(_In_opt_ PEPROCESS Process, _In_ POBJECT_HEADER Header) {
    ObpDecrementHandleCount(Process, Header);
    ObfDereferenceObjectWithTag(Header->Body, OBP_TAG_OF_HANDLE);
}

/* -1 and -2. They grant everything, and there is nothing to look up. */
static NTSTATUS ObpReferencePseudoHandle(HANDLE Handle, POBJECT_TYPE ObjectType, PVOID *Object,
                                         POBJECT_HANDLE_INFORMATION Information) {
    PVOID Found;
    if (Handle == NtCurrentProcess()) {
        Found = PsGetCurrentProcess();
    } else if (Handle == NtCurrentThread()) {
        Found = PsGetCurrentThread();
    } else {
        return STATUS_INVALID_HANDLE;
    }
    POBJECT_TYPE Type = ObGetObjectType(Found);
    if (ObjectType != NULL && ObjectType != Type) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (Information != NULL) {
        Information->HandleAttributes = 0;
        Information->GrantedAccess = Type->TypeInfo.ValidAccessMask;
    }
    ObfReferenceObject(Found);
    *Object = Found;
    return STATUS_SUCCESS;
}

/* The locked entry does not do for what is wanted of it. */
static __attribute__((noinline)) NTSTATUS ObpRefuseEntry(PHANDLE_TABLE Table,
                                                         PHANDLE_TABLE_ENTRY Entry,
                                                         NTSTATUS Status) {
    ExUnlockHandleTableEntry(Table, Entry);
    KeLeaveCriticalRegion();
    return Status;
}

/*
 * What ObReferenceObjectByHandle does once the entry is locked, whose LowValue is Value: unlocks it
 * and leaves the critical region.
 */
FORCEINLINE NTSTATUS ObpReferenceEntry(PKTHREAD Thread, PHANDLE_TABLE Table,
                                       PHANDLE_TABLE_ENTRY Entry, LONGLONG Value,
                                       ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                       KPROCESSOR_MODE AccessMode, PVOID *Object,
                                       POBJECT_HANDLE_INFORMATION Information) {
    POBJECT_HEADER Header = ExGetValuePointer(Value);
    if (ObjectType != NULL && ObpGetTypeIndex(Header) != ObjectType->Index) {
        return ObpRefuseEntry(Table, Entry, STATUS_OBJECT_TYPE_MISMATCH);
    }
    ACCESS_MASK Granted = Entry->GrantedAccessBits;
    if (AccessMode != KernelMode && (DesiredAccess & ~Granted) != 0) {
        return ObpRefuseEntry(Table, Entry, STATUS_ACCESS_DENIED);
    }
    if (Information != NULL) {
        Information->HandleAttributes = Entry->Attributes;
        Information->GrantedAccess = Granted;
    }
    ObpTrace(Header, 1, OBP_TAG_DEFAULT);
    InterlockedIncrement64(&Header->PointerCount);
    *Object = Header->Body;
    ExUnlockHandleTableEntry(Table, Entry);
    KeLeaveCriticalRegionThread(Thread);
    return STATUS_SUCCESS;
}

/* Every case but the common one: pseudo and kernel handles, bad handles, locked entries. */
static __attribute__((noinline)) NTSTATUS ObpReferenceObjectByHandle(
    HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
    PVOID *Object, POBJECT_HANDLE_INFORMATION HandleInformation) {
    if (ObpIsPseudoHandle(Handle)) {
        return ObpReferencePseudoHandle(Handle, ObjectType, Object, HandleInformation);
    }
    PHANDLE_TABLE Table = ObpSelectHandleTable(&Handle, AccessMode);
    KeEnterCriticalRegion();
    PHANDLE_TABLE_ENTRY Entry = Table != NULL ? ExMapHandleToPointer(Table, Handle) : NULL;
    if (Entry == NULL) {
        KeLeaveCriticalRegion();
        return STATUS_INVALID_HANDLE;
    }
    return ObpReferenceEntry(KeGetCurrentThread(), Table, Entry, Entry->LowValue, DesiredAccess,
                             ObjectType, AccessMode, Object, HandleInformation);
}

NTSTATUS ObReferenceObjectByHandle(_In_ HANDLE Handle, _In_ ACCESS_MASK DesiredAccess,
                                   _In_opt_ POBJECT_TYPE ObjectType,
                                   _In_ KPROCESSOR_MODE AccessMode, _Out_ PVOID *Object,
                                   _Out_opt_ POBJECT_HANDLE_INFORMATION HandleInformation) {
    ASSERT_IRQL(<= APC_LEVEL);
    PKTHREAD Thread = KeGetCurrentThread();
    PHANDLE_TABLE Table;
    PHANDLE_TABLE_ENTRY Entry;
    LONGLONG Value;
    *Object = NULL;
    if (ObpLockPlainHandle(Thread, Handle, &Table, &Entry, &Value)) {
        return ObpReferenceEntry(Thread, Table, Entry, Value, DesiredAccess, ObjectType, AccessMode,
                                 Object, HandleInformation);
    }
    return ObpReferenceObjectByHandle(Handle, DesiredAccess, ObjectType, AccessMode, Object,
                                      HandleInformation);
}
