/*
 * ntdebugctl.c - NtSystemDebugControl
 *
 * Windows' door for debuggers that look at the machine they run on. Its commands need a kernel
 * booted for debugging; without, all are refused, and so they are here. The checked build has one
 * command of its own, with which a test has its allocations fail (mm/pool/poolfail.c).
 */
#include "exp.h"
#include "ntapi.h"
#include "ob.h"

#if DBG
static NTSTATUS ExpFailAllocations(PVOID Input, ULONG InputLength, PVOID Output, ULONG OutputLength,
                                   PULONG ReturnLength) {
    SYSDBG_FAIL_ALLOCATIONS Request;
    MM_ALLOCATION_FAILURE New, Old;
    if ((Input != NULL && InputLength != sizeof(Request)) ||
        (Output != NULL && OutputLength != sizeof(Request))) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    if (Input != NULL) {
        __try {
            CopyFromUser(&Request, Input, sizeof(Request));
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            return GetExceptionCode();
        }
        New = (MM_ALLOCATION_FAILURE){.First = Request.First, .Number = Request.Number};
    }
    NTSTATUS Status = MmSetAllocationFailure(Input != NULL ? &New : NULL, &Old);
    if (!NT_SUCCESS(Status) || Output == NULL) {
        return Status;
    }
    Request = (SYSDBG_FAIL_ALLOCATIONS){Old.First, Old.Number, Old.Allocations, Old.Refused};
    return ObReturnInformation(Output, &Request, sizeof(Request), ReturnLength);
}
#endif

/*
 * STATUS_DEBUGGER_INACTIVE for Windows' commands, STATUS_INVALID_INFO_CLASS for others. Source:
 * phnt.
 */
NTSTATUS NTAPI NtSystemDebugControl(_In_ SYSDBG_COMMAND Command, _In_opt_ PVOID InputBuffer,
                                    _In_ ULONG InputBufferLength, _Out_opt_ PVOID OutputBuffer,
                                    _In_ ULONG OutputBufferLength, _Out_opt_ PULONG ReturnLength) {
#if DBG
    if (Command == SysDbgFailAllocations) {
        return ExpFailAllocations(InputBuffer, InputBufferLength, OutputBuffer, OutputBufferLength,
                                  ReturnLength);
    }
#endif
    return (ULONG)Command < SysDbgMaximumCommand ? STATUS_DEBUGGER_INACTIVE
                                                 : STATUS_INVALID_INFO_CLASS;
}
