/*
 * obhandle.c - handles: making them, and finding what they lead to
 *
 * The object manager's handle table entries point to OBJECT_HEADERs and carry the granted access.
 * An entry in use owns one reference to the object and one unit of its HandleCount.
 *
 * There are two tables at any moment: the current process's, and the kernel's. Handles of the
 * kernel's table have all high bits set (0xFFFFFFFF80000004, ...), are valid in every process, and
 * only for callers in kernel mode: to a program such a value is just an invalid handle. -1 and -2
 * are no entries at all: they mean the current process and thread.
 */
#include "obp.h"

/* A program cannot ask for kernel handles, and gets none by asking. */
ULONG ObpSanitizeHandleAttributes(_In_ ULONG Attributes, _In_ KPROCESSOR_MODE Mode) {
    return Mode == KernelMode ? Attributes : Attributes & ~OBJ_KERNEL_HANDLE;
}

/* Counts the handle to be made: here for plain objects, which need neither lock nor procedure. */
static NTSTATUS ObpCountHandle(const OBP_HANDLE_REQUEST *Request, PEPROCESS Process, PVOID Object,
                               PACCESS_MASK Access) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    POBJECT_TYPE Type = ObpGetObjectType(Header);
    if (ObpCountsSimply(Header) && Type->TypeInfo.OpenProcedure == NULL &&
        (Request->Attributes & OBJ_EXCLUSIVE) == 0) {
        InterlockedIncrement64(&Header->HandleCount);
        ObpCountTypeHandle(Type);
        return STATUS_SUCCESS;
    }
    return ObpIncrementHandleCount(Request->OpenReason, Process, Object, Access,
                                   Request->AccessMode, Request->Attributes);
}

/*
 * Makes a handle. On success it owns the reference that the caller had; on failure the caller still
 * has it. STATUS_INSUFFICIENT_RESOURCES, STATUS_PROCESS_IS_TERMINATING, the open procedure's
 * statuses. The process is the current one, or the caller keeps its table from going away.
 */
NTSTATUS ObpCreateHandle(_In_ PVOID Object, _In_ const OBP_HANDLE_REQUEST *Request,
                         _Out_ PHANDLE Handle) {
    BOOLEAN Kernel = (Request->Attributes & OBJ_KERNEL_HANDLE) != 0;
    PEPROCESS Process = Request->Process != NULL ? Request->Process : PsGetCurrentProcess();
    PHANDLE_TABLE Table = Kernel ? ObpKernelHandleTable : Process->ObjectTable;
    if (Table == NULL) {
        return STATUS_PROCESS_IS_TERMINATING;
    }
    ACCESS_MASK Access = Request->Access;
    KeEnterCriticalRegion();
    NTSTATUS Status = ObpCountHandle(Request, Process, Object, &Access);
    if (NT_SUCCESS(Status)) {
        HANDLE_TABLE_ENTRY Entry = {0};
        ExSetHandlePointer(&Entry, OBJECT_TO_OBJECT_HEADER(Object),
                           Request->Attributes & OBP_HANDLE_ATTRIBUTES);
        Entry.GrantedAccessBits = Access;
        HANDLE Value = ExCreateHandle(Table, &Entry);
        if (Value != NULL) {
            *Handle = Kernel ? (HANDLE)((ULONG_PTR)Value | KERNEL_HANDLE_MASK) : Value;
        } else {
            ObpDecrementHandleCount(Process, OBJECT_TO_OBJECT_HEADER(Object));
            Status = STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    KeLeaveCriticalRegion();
    return Status;
}

/* Gives up what a handle to this object held; the handle itself is gone already. */
VOID ObpReleaseHandle(_In_opt_ PEPROCESS Process, _In_ POBJECT_HEADER Header) {
    ObpDecrementHandleCount(Process, Header);
    ObfDereferenceObject(Header->Body);
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

NTSTATUS ObReferenceObjectByHandle(_In_ HANDLE Handle, _In_ ACCESS_MASK DesiredAccess,
                                   _In_opt_ POBJECT_TYPE ObjectType,
                                   _In_ KPROCESSOR_MODE AccessMode, _Out_ PVOID *Object,
                                   _Out_opt_ POBJECT_HANDLE_INFORMATION HandleInformation) {
    ASSERT_IRQL(<= APC_LEVEL);
    *Object = NULL;
    if (ObpIsPseudoHandle(Handle)) {
        return ObpReferencePseudoHandle(Handle, ObjectType, Object, HandleInformation);
    }
    NTSTATUS Status = STATUS_SUCCESS;
    PHANDLE_TABLE Table = ObpSelectHandleTable(&Handle, AccessMode);
    KeEnterCriticalRegion();
    PHANDLE_TABLE_ENTRY Entry = Table != NULL ? ExMapHandleToPointer(Table, Handle) : NULL;
    if (Entry == NULL) {
        KeLeaveCriticalRegion();
        return STATUS_INVALID_HANDLE;
    }
    POBJECT_HEADER Header = ExGetHandlePointer(Entry);
    ACCESS_MASK Granted = Entry->GrantedAccessBits;
    if (ObjectType != NULL && ObpGetObjectType(Header) != ObjectType) {
        Status = STATUS_OBJECT_TYPE_MISMATCH;
    } else if (AccessMode != KernelMode && (DesiredAccess & ~Granted) != 0) {
        Status = STATUS_ACCESS_DENIED;
    } else {
        InterlockedIncrement64(&Header->PointerCount);
        *Object = Header->Body;
        if (HandleInformation != NULL) {
            HandleInformation->HandleAttributes = Entry->Attributes;
            HandleInformation->GrantedAccess = Granted;
        }
    }
    ExUnlockHandleTableEntry(Table, Entry);
    KeLeaveCriticalRegion();
    return Status;
}
