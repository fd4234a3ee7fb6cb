/*
 * Services of the kernel layer: delays, yields, alerts.
 */
#include "ki.h"

NTSTATUS NTAPI NtDelayExecution(BOOLEAN Alertable, PLARGE_INTEGER DelayInterval) {
    LARGE_INTEGER Interval;
    __try {
        Interval.QuadPart = (LONGLONG)ReadULong64FromUser(DelayInterval);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return KeDelayExecutionThread(ExGetPreviousMode(), Alertable, &Interval);
}

NTSTATUS NTAPI NtYieldExecution(VOID) {
    return KeYieldExecution();
}

/* Delivers what is queued, as an alertable wait that need not wait would. */
NTSTATUS NTAPI NtTestAlert(VOID) {
    return KeTestAlertThread(ExGetPreviousMode()) ? STATUS_ALERTED : STATUS_SUCCESS;
}

ULONG NTAPI NtGetCurrentProcessorNumber(VOID) {
    return KeGetCurrentProcessorNumber();
}
