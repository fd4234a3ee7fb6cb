/*
 * observice.c - what the services that create and open objects have in common
 *
 * Each of them returns a handle through a pointer of its caller. The order is the same for all:
 *
 *   1. the caller's handle becomes zero, before anything else is looked at: a bad pointer changes
 *      nothing, and a service that fails leaves zero (ObPrepareHandle)
 *   2. parameters are checked, the object is made or found, a handle is made
 *   3. the handle is written; if the memory has gone since, the handle is closed again
 */
#include "obp.h"

NTSTATUS ObPrepareHandle(_Out_ PHANDLE Destination) {
    if (ExGetPreviousMode() == KernelMode) {
        *Destination = NULL;
        return STATUS_SUCCESS;
    }
    __try {
        WriteHandleToUser(Destination, NULL);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

NTSTATUS ObRefuseHandle(_Out_ PHANDLE Destination, _In_ NTSTATUS Status) {
    NTSTATUS Prepared = ObPrepareHandle(Destination);
    return NT_SUCCESS(Prepared) ? Status : Prepared;
}

NTSTATUS ObReturnHandle(_Out_ PHANDLE Destination, _In_ HANDLE Handle, _In_ NTSTATUS Status,
                        _In_ KPROCESSOR_MODE Mode) {
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Mode == KernelMode) {
        *Destination = Handle;
        return Status;
    }
    __try {
        WriteHandleToUser(Destination, Handle);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
        ObCloseHandle(Handle, Mode);
    }
    return Status;
}

NTSTATUS ObCreateObjectHandle(_Out_ PHANDLE Destination, _In_ ACCESS_MASK DesiredAccess,
                              _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                              _In_ POBJECT_TYPE ObjectType, _In_ ULONG BodySize,
                              _In_opt_ OB_INITIALIZE_BODY Initialize,
                              _In_opt_ const VOID *Context) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    PVOID Object;
    HANDLE Handle;
    NTSTATUS Status = ObPrepareHandle(Destination);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status =
        ObCreateObject(Mode, ObjectType, ObjectAttributes, Mode, NULL, BodySize, 0, 0, &Object);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Initialize != NULL) {
        Initialize(Object, Context);
    }
    Status = ObInsertObject(Object, NULL, DesiredAccess, 0, NULL, &Handle);
    return ObReturnHandle(Destination, Handle, Status, Mode);
}

NTSTATUS ObOpenObjectHandle(_Out_ PHANDLE Destination, _In_ ACCESS_MASK DesiredAccess,
                            _In_ POBJECT_ATTRIBUTES ObjectAttributes,
                            _In_ POBJECT_TYPE ObjectType) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    HANDLE Handle;
    NTSTATUS Status = ObPrepareHandle(Destination);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status =
        ObOpenObjectByName(ObjectAttributes, ObjectType, Mode, NULL, DesiredAccess, NULL, &Handle);
    return ObReturnHandle(Destination, Handle, Status, Mode);
}

NTSTATUS ObOpenPointerHandle(_Out_ PHANDLE Destination, _In_ ACCESS_MASK DesiredAccess,
                             _In_ PVOID Object, _In_ ULONG HandleAttributes,
                             _In_ POBJECT_TYPE ObjectType) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    HANDLE Handle;
    NTSTATUS Status = ObOpenObjectByPointer(Object, HandleAttributes, NULL, DesiredAccess,
                                            ObjectType, Mode, &Handle);
    ObfDereferenceObject(Object);
    return ObReturnHandle(Destination, Handle, Status, Mode);
}
