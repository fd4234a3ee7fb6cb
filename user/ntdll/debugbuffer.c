/*
 * debugbuffer.c - a process's description of itself, in a buffer for a debugging tool
 *
 * Windows has a second process in view: it maps the buffer there too and lets a thread in that
 * process fill it. Simplified: only the caller's own process can be asked, and only for its modules.
 */

#include "ntdllp.h"
#include <ntrtldebug.h>

#define RTLP_DEBUG_BUFFER_SIZE 0x400000

PRTL_DEBUG_INFORMATION NTAPI RtlCreateQueryDebugBuffer(_In_opt_ ULONG MaximumCommit,
                                                       _In_ BOOLEAN UseEventPair) {
    ULONG Length = MaximumCommit != 0 ? MaximumCommit : RTLP_DEBUG_BUFFER_SIZE;
    PRTL_DEBUG_INFORMATION Buffer;
    PVOID Base = NULL;
    SIZE_T Size;

    UNREFERENCED_PARAMETER(UseEventPair);
    Length = max(Length, sizeof(RTL_DEBUG_INFORMATION));
    Size = Length;
    if (!NT_SUCCESS(NtAllocateVirtualMemory(NtCurrentProcess(), &Base, 0, &Size,
                                            MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE))) {
        return NULL;
    }
    Buffer = Base;
    Buffer->ViewBaseClient = Base;
    Buffer->ViewBaseTarget = Base;
    Buffer->OffsetFree = sizeof(RTL_DEBUG_INFORMATION);
    Buffer->CommitSize = Size;
    Buffer->ViewSize = Length;
    return Buffer;
}

NTSTATUS NTAPI RtlDestroyQueryDebugBuffer(_In_ PRTL_DEBUG_INFORMATION Buffer) {
    PVOID Base = Buffer;
    SIZE_T Size = 0;

    return NtFreeVirtualMemory(NtCurrentProcess(), &Base, &Size, MEM_RELEASE);
}

static NTSTATUS RtlpQueryOwnModules(_Inout_ PRTL_DEBUG_INFORMATION Buffer) {
    PRTL_PROCESS_MODULES Modules = (PRTL_PROCESS_MODULES)((PUCHAR)Buffer + Buffer->OffsetFree);
    ULONG Room = (ULONG)(Buffer->ViewSize - Buffer->OffsetFree);
    ULONG Size = 0;
    NTSTATUS Status = LdrQueryProcessModuleInformation(Modules, Room, &Size);

    if (!NT_SUCCESS(Status)) {
        return STATUS_NO_MEMORY;
    }
    Buffer->Modules = Modules;
    Buffer->OffsetFree += ALIGN_UP_BY(Size, sizeof(PVOID));
    return STATUS_SUCCESS;
}

/* STATUS_NOT_IMPLEMENTED for a process that exists and is not the caller's. */
static NTSTATUS RtlpCheckOwnProcess(_In_ HANDLE UniqueProcessId) {
    CLIENT_ID ClientId = {UniqueProcessId, NULL};
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Process;
    NTSTATUS Status;

    if (UniqueProcessId == NtCurrentTeb()->ClientId.UniqueProcess) {
        return STATUS_SUCCESS;
    }
    InitializeObjectAttributes(&Attributes, NULL, 0, NULL, NULL);
    Status = NtOpenProcess(&Process, PROCESS_QUERY_LIMITED_INFORMATION, &Attributes, &ClientId);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    NtClose(Process);
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS NTAPI RtlQueryProcessDebugInformation(_In_ HANDLE UniqueProcessId, _In_ ULONG Flags,
                                               _Inout_ PRTL_DEBUG_INFORMATION Buffer) {
    NTSTATUS Status = RtlpCheckOwnProcess(UniqueProcessId);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if ((Flags & ~RTL_QUERY_PROCESS_MODULES) != 0) {
        return STATUS_NOT_IMPLEMENTED;
    }
    Buffer->Flags = Flags;
    Buffer->TargetProcessId = UniqueProcessId;
    Buffer->OffsetFree = sizeof(RTL_DEBUG_INFORMATION);
    Buffer->Modules = NULL;
    return Flags & RTL_QUERY_PROCESS_MODULES ? RtlpQueryOwnModules(Buffer) : STATUS_SUCCESS;
}
