/*
 * ntrtldebug.h - what a process tells a debugging tool about itself (ntdll.dll)
 *
 * Public source: phnt, ntldr.h and ntrtl.h.
 */
#ifndef VITRINE_NTRTLDEBUG_H
#define VITRINE_NTRTLDEBUG_H

#include "ntdef.h"

typedef struct _RTL_PROCESS_MODULE_INFORMATION {
    HANDLE Section;
    PVOID MappedBase;
    PVOID ImageBase;
    ULONG ImageSize;
    ULONG Flags; /* of the loader's entry */
    USHORT LoadOrderIndex;
    USHORT InitOrderIndex;
    USHORT LoadCount;
    USHORT OffsetToFileName;
    UCHAR FullPathName[256];
} RTL_PROCESS_MODULE_INFORMATION, *PRTL_PROCESS_MODULE_INFORMATION;

CHECK_SIZE(RTL_PROCESS_MODULE_INFORMATION, 0x128);

typedef struct _RTL_PROCESS_MODULES {
    ULONG NumberOfModules;
    RTL_PROCESS_MODULE_INFORMATION Modules[1];
} RTL_PROCESS_MODULES, *PRTL_PROCESS_MODULES;

/* Flags of RtlQueryProcessDebugInformation. */
#define RTL_QUERY_PROCESS_MODULES 0x00000001

typedef struct _RTL_DEBUG_INFORMATION {
    HANDLE SectionHandleClient;
    PVOID ViewBaseClient;
    PVOID ViewBaseTarget;
    ULONG_PTR ViewBaseDelta;
    HANDLE EventPairClient;
    HANDLE EventPairTarget;
    HANDLE TargetProcessId;
    HANDLE TargetThreadHandle;
    ULONG Flags;
    SIZE_T OffsetFree; /* where the unused part of the buffer begins */
    SIZE_T CommitSize;
    SIZE_T ViewSize;
    PRTL_PROCESS_MODULES Modules;
    PVOID BackTraces;
    PVOID Heaps;
    PVOID Locks;
    PVOID SpecificHeap;
    HANDLE TargetProcessHandle;
    PVOID VerifierOptions;
    PVOID ProcessHeap;
    HANDLE CriticalSectionHandle;
    HANDLE CriticalSectionOwnerThread;
    PVOID Reserved[4];
} RTL_DEBUG_INFORMATION, *PRTL_DEBUG_INFORMATION;

CHECK_OFFSET(RTL_DEBUG_INFORMATION, Modules, 0x60);
CHECK_SIZE(RTL_DEBUG_INFORMATION, 0xD0);

/* ldr/ldrquery.c, which documents it */
NTSTATUS NTAPI LdrQueryProcessModuleInformation(_Out_writes_bytes_(Size)
                                                    PRTL_PROCESS_MODULES Modules,
                                                _In_ ULONG Size, _Out_opt_ PULONG ReturnLength);

/*
 * RtlCreateQueryDebugBuffer - a buffer for RtlQueryProcessDebugInformation; NULL: no memory.
 *
 * MaximumCommit: its size, 0 for 4 MiB. UseEventPair is
 * for queries of other processes and is not used.
 */
PRTL_DEBUG_INFORMATION NTAPI RtlCreateQueryDebugBuffer(_In_opt_ ULONG MaximumCommit,
                                                       _In_ BOOLEAN UseEventPair);

/* RtlDestroyQueryDebugBuffer - frees such a buffer. Statuses of NtFreeVirtualMemory. */
NTSTATUS NTAPI RtlDestroyQueryDebugBuffer(_In_ PRTL_DEBUG_INFORMATION Buffer);

/*
 * RtlQueryProcessDebugInformation - puts into Buffer what Flags ask for.
 *
 * STATUS_INVALID_CID: there is no such process. STATUS_NOT_IMPLEMENTED: another process than the
 * caller's, or another flag than RTL_QUERY_PROCESS_MODULES. STATUS_NO_MEMORY: the buffer is full.
 */
NTSTATUS NTAPI RtlQueryProcessDebugInformation(_In_ HANDLE UniqueProcessId, _In_ ULONG Flags,
                                               _Inout_ PRTL_DEBUG_INFORMATION Buffer);

#endif
