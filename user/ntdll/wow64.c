/*
 * wow64.c - what a 64-bit process is told about 32-bit programs, and about the processor
 *
 * There are no 32-bit processes here (WOW64), so each answer is the one that Windows gives for a
 * native process. Source: phnt; MSDN, IsWow64Process2, Wow64GetThreadContext,
 * Wow64GetThreadSelectorEntry, IsProcessorFeaturePresent.
 */
#include "ntdllp.h"

/* Descriptors of flat segments: base 0, limit 4 GiB, privilege level 3. */
#define FLAT_LIMIT 0x0000FFFF
#define FLAT_CODE  0x00CFFB00
#define FLAT_DATA  0x00CFF300

#define SELECTOR_RPL_MASK 3
#define SELECTOR_CODE     0x20
#define SELECTOR_DATA     0x28

BOOLEAN NTAPI RtlIsProcessorFeaturePresent(_In_ ULONG ProcessorFeature) {
    return ProcessorFeature < PROCESSOR_FEATURE_MAX &&
           USER_SHARED_DATA->ProcessorFeatures[ProcessorFeature];
}

NTSTATUS NTAPI RtlWow64EnableFsRedirection(_In_ BOOLEAN Enable) {
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS NTAPI RtlWow64EnableFsRedirectionEx(_In_ ULONG DisableFsRedirection,
                                             _Out_ PULONG OldValue) {
    return STATUS_NOT_IMPLEMENTED;
}

/* A thread that exists has no 32-bit context; a handle that names none fails for what it is. */
static NTSTATUS RtlpRefuseContext(HANDLE ThreadHandle) {
    THREAD_BASIC_INFORMATION Basic;
    NTSTATUS Status =
        NtQueryInformationThread(ThreadHandle, ThreadBasicInformation, &Basic, sizeof(Basic), NULL);

    return NT_SUCCESS(Status) ? STATUS_INVALID_PARAMETER : Status;
}

NTSTATUS NTAPI RtlWow64GetThreadContext(_In_ HANDLE ThreadHandle, _Inout_ PVOID ThreadContext) {
    return RtlpRefuseContext(ThreadHandle);
}

NTSTATUS NTAPI RtlWow64SetThreadContext(_In_ HANDLE ThreadHandle, _In_ PVOID ThreadContext) {
    return RtlpRefuseContext(ThreadHandle);
}

/* FALSE: the selector is neither null nor one of a 32-bit program's flat segments. */
static BOOLEAN RtlpDescribeSelector(PTHREAD_DESCRIPTOR_INFORMATION Information) {
    ULONG Selector = Information->Selector & ~(ULONG)SELECTOR_RPL_MASK;

    Information->LimitAndBase = Selector == 0 ? 0 : FLAT_LIMIT;
    switch (Selector) {
    case 0:
        Information->BaseAndFlags = 0;
        return TRUE;
    case SELECTOR_CODE:
        Information->BaseAndFlags = FLAT_CODE;
        return TRUE;
    case SELECTOR_DATA:
        Information->BaseAndFlags = FLAT_DATA;
        return TRUE;
    default:
        return FALSE;
    }
}

NTSTATUS NTAPI RtlWow64GetThreadSelectorEntry(
    _In_ HANDLE ThreadHandle, _Inout_ PTHREAD_DESCRIPTOR_INFORMATION DescriptorInformation,
    _In_ ULONG Length, _Out_opt_ PULONG ReturnLength) {
    THREAD_DESCRIPTOR_INFORMATION Information;

    if (Length != sizeof(Information)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    Information = *DescriptorInformation;
    if (!RtlpDescribeSelector(&Information)) {
        return STATUS_UNSUCCESSFUL;
    }
    *DescriptorInformation = Information;
    if (ReturnLength != NULL) {
        *ReturnLength = sizeof(Information) - sizeof(Information.Selector);
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlWow64GetProcessMachines(_In_ HANDLE ProcessHandle, _Out_ PUSHORT ProcessMachine,
                                          _Out_opt_ PUSHORT NativeMachine) {
    PROCESS_BASIC_INFORMATION Basic;
    NTSTATUS Status = NtQueryInformationProcess(ProcessHandle, ProcessBasicInformation, &Basic,
                                                sizeof(Basic), NULL);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    *ProcessMachine = IMAGE_FILE_MACHINE_UNKNOWN;
    if (NativeMachine != NULL) {
        *NativeMachine = IMAGE_FILE_MACHINE_AMD64;
    }
    return STATUS_SUCCESS;
}

USHORT NTAPI RtlWow64GetCurrentMachine(VOID) {
    return IMAGE_FILE_MACHINE_AMD64;
}

NTSTATUS NTAPI RtlWow64IsWowGuestMachineSupported(_In_ USHORT WowGuestMachine,
                                                  _Out_ PBOOLEAN MachineSupported) {
    *MachineSupported = FALSE;
    return STATUS_SUCCESS;
}
