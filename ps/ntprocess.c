/*
 * Services on processes.
 */
#include "psp.h"

/*
 * A NULL handle ends all other threads of the current process, and returns: ntdll's way to be alone
 * before it runs the DLLs' last calls.
 */
NTSTATUS NTAPI NtTerminateProcess(HANDLE ProcessHandle, NTSTATUS ExitStatus) {
    PVOID Process;
    if (!ProcessHandle) {
        PspTerminateOtherThreads(PsGetCurrentProcess(), ExitStatus);
        return STATUS_SUCCESS;
    }
    NTSTATUS Status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_TERMINATE, PsProcessType,
                                                ExGetPreviousMode(), &Process, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Process != PsGetCurrentProcess()) {
        Status = PsTerminateProcess(Process, ExitStatus);
        ObDereferenceObject(Process);
        return Status;
    }
    PsTerminateProcess(Process, ExitStatus);
    ObDereferenceObject(Process);
    PspExitThread(ExitStatus);
}
