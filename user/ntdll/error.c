/*
 * error.c - the thread's last error and last status, and the log
 */

#include "ntdllp.h"

/* RtlGetLastWin32Error, RtlSetLastWin32Error - TEB.LastErrorValue. */
ULONG NTAPI RtlGetLastWin32Error(VOID) {
    return NtCurrentTeb()->LastErrorValue;
}

VOID NTAPI RtlSetLastWin32Error(_In_ ULONG Error) {
    NtCurrentTeb()->LastErrorValue = Error;
}

VOID NTAPI RtlRestoreLastWin32Error(_In_ ULONG Error) {
    NtCurrentTeb()->LastErrorValue = Error;
}

/* RtlGetLastNtStatus - TEB.LastStatusValue. */
NTSTATUS NTAPI RtlGetLastNtStatus(VOID) {
    return NtCurrentTeb()->LastStatusValue;
}

/* RtlSetLastWin32ErrorAndNtStatusFromNtStatus - both, the error translated from the status. */
VOID NTAPI RtlSetLastWin32ErrorAndNtStatusFromNtStatus(_In_ NTSTATUS Status) {
    NtCurrentTeb()->LastErrorValue = RtlNtStatusToDosError(Status);
    NtCurrentTeb()->LastStatusValue = Status;
}

/* The bits that Windows has: RTL_ERRORMODE_FAILCRITICALERRORS, _NOGPFAULTERRORBOX and
 * _NOOPENFILEERRORBOX. */
#define RTL_ERRORMODE_VALID 0x70u

/*
 * RtlGetThreadErrorMode, RtlSetThreadErrorMode - TEB.HardErrorMode; nothing here shows error boxes.
 * STATUS_INVALID_PARAMETER_1: other bits; then nothing has changed.
 */
ULONG NTAPI RtlGetThreadErrorMode(VOID) {
    return NtCurrentTeb()->HardErrorMode;
}

NTSTATUS NTAPI RtlSetThreadErrorMode(_In_ ULONG NewMode, _Out_opt_ PULONG OldMode) {
    if ((NewMode & ~RTL_ERRORMODE_VALID) != 0) {
        return STATUS_INVALID_PARAMETER_1;
    }
    if (OldMode != NULL) {
        *OldMode = NtCurrentTeb()->HardErrorMode;
    }
    NtCurrentTeb()->HardErrorMode = NewMode;
    return STATUS_SUCCESS;
}
