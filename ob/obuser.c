/*
 * obuser.c - results of services, on their way to the caller's memory
 *
 * A service probes where its results will go before it does anything, so that a bad pointer changes
 * nothing. The memory can still go away before the result is written; then the service says so, and
 * a handle nobody got to know is closed.
 */
#include "obp.h"

NTSTATUS ObProbeForWrite(_In_ PVOID Destination, _In_ ULONG Size, _In_ ULONG Alignment) {
    __try {
        ProbeForWrite(Destination, Size, Alignment);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

NTSTATUS ObProbeForWriteHandle(_In_ PHANDLE Destination) {
    __try {
        ProbeForWriteHandle(Destination);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

NTSTATUS ObReturnInformation(_Out_ PVOID Destination, _In_ const VOID *Source, _In_ ULONG Size,
                             _Out_opt_ PULONG ReturnLength) {
    __try {
        CopyToUser(Destination, Source, Size);
        if (ReturnLength != NULL) {
            WriteULongToUser(ReturnLength, Size);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
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
