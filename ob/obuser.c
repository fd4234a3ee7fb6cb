/*
 * obuser.c - results of services, on their way to the caller's memory
 *
 * A service probes where its results will go before it does anything, so that a bad pointer changes
 * nothing. The memory can still go away before the result is written; then the service returns the
 * exception's status.
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
