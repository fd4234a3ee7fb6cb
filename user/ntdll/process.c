/*
 * process.c - the process about itself: its PEB, its end, the system's version and clock
 */

#include "ntdllp.h"

static RTL_CRITICAL_SECTION RtlpPebLock;

#define RTL_BUILD_NUMBER 19045
#define RTL_BUILD_FREE   0xF0000000

/* The PEB's lock guards the parameters, the environment and the list of heaps. */
VOID RtlpInitializePebLocks(VOID) {
    RtlInitializeCriticalSection(&RtlpPebLock);
    NtCurrentPeb()->FastPebLock = &RtlpPebLock;
}

/* RtlAcquirePebLock, RtlReleasePebLock - hold still what the PEB points to. */
VOID NTAPI RtlAcquirePebLock(VOID) {
    RtlEnterCriticalSection(&RtlpPebLock);
}

VOID NTAPI RtlReleasePebLock(VOID) {
    RtlLeaveCriticalSection(&RtlpPebLock);
}

/* RtlGetCurrentPeb - the process environment block. */
PPEB NTAPI RtlGetCurrentPeb(VOID) {
    return NtCurrentPeb();
}

/*
 * RtlExitUserProcess - ends the process in order: all other threads, then DLL_PROCESS_DETACH, then
 * the process. Does not return.
 */
DECLSPEC_NORETURN VOID NTAPI RtlExitUserProcess(_In_ NTSTATUS ExitStatus) {
    RtlEnterCriticalSection(&LdrpLoaderLock);
    RtlAcquirePebLock();
    NtTerminateProcess(NULL, ExitStatus);
    RtlReleasePebLock();
    LdrShutdownProcess();
    NtTerminateProcess(NtCurrentProcess(), ExitStatus);
    __builtin_trap();
}

/* RtlGetVersion - the version that this system stands for: Windows 10 22H2. */
NTSTATUS NTAPI RtlGetVersion(_Inout_ PRTL_OSVERSIONINFOW VersionInformation) {
    ULONG Size = VersionInformation->dwOSVersionInfoSize;

    if (Size != sizeof(RTL_OSVERSIONINFOW) && Size != sizeof(RTL_OSVERSIONINFOEXW)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlZeroMemory((PUCHAR)VersionInformation + sizeof(ULONG), Size - sizeof(ULONG));
    VersionInformation->dwMajorVersion = USER_SHARED_DATA->NtMajorVersion;
    VersionInformation->dwMinorVersion = USER_SHARED_DATA->NtMinorVersion;
    VersionInformation->dwBuildNumber = RTL_BUILD_NUMBER;
    VersionInformation->dwPlatformId = 2; /* VER_PLATFORM_WIN32_NT */
    if (Size == sizeof(RTL_OSVERSIONINFOEXW)) {
        ((PRTL_OSVERSIONINFOEXW)VersionInformation)->wProductType =
            (UCHAR)USER_SHARED_DATA->NtProductType;
        ((PRTL_OSVERSIONINFOEXW)VersionInformation)->wSuiteMask =
            (USHORT)USER_SHARED_DATA->SuiteMask;
    }
    return STATUS_SUCCESS;
}

/* RtlGetNtVersionNumbers - the same as three numbers; the build says that it is a free one. */
VOID NTAPI RtlGetNtVersionNumbers(_Out_opt_ PULONG Major, _Out_opt_ PULONG Minor,
                                  _Out_opt_ PULONG Build) {
    if (Major != NULL) {
        *Major = USER_SHARED_DATA->NtMajorVersion;
    }
    if (Minor != NULL) {
        *Minor = USER_SHARED_DATA->NtMinorVersion;
    }
    if (Build != NULL) {
        *Build = RTL_BUILD_FREE | RTL_BUILD_NUMBER;
    }
}

/* RtlGetTickCount - milliseconds since the start, from the shared page, without entering the
 * kernel. */
ULONG NTAPI RtlGetTickCount(VOID) {
    ULONG64 Ticks = USER_SHARED_DATA->TickCountQuad;

    return (ULONG)((Ticks * USER_SHARED_DATA->TickCountMultiplier) >> 24);
}

/* RtlQueryPerformanceCounter, RtlQueryPerformanceFrequency - the fine clock; always TRUE. */
BOOLEAN NTAPI RtlQueryPerformanceCounter(_Out_ PLARGE_INTEGER Counter) {
    return NT_SUCCESS(NtQueryPerformanceCounter(Counter, NULL));
}

BOOLEAN NTAPI RtlQueryPerformanceFrequency(_Out_ PLARGE_INTEGER Frequency) {
    LARGE_INTEGER Counter;

    return NT_SUCCESS(NtQueryPerformanceCounter(&Counter, Frequency));
}

/* RtlGetCurrentServiceSessionId - there is one session. */
ULONG NTAPI RtlGetCurrentServiceSessionId(VOID) {
    return 0;
}

/* What rtl/ allocates strings with: the process heap. */
static PVOID RtlpAllocateString(_In_ SIZE_T Size) {
    return RtlAllocateHeap(LdrpHeap(), 0, Size);
}

static VOID RtlpFreeString(_In_ PVOID Buffer) {
    RtlFreeHeap(LdrpHeap(), 0, Buffer);
}

PVOID (*const RtlAllocateStringRoutine)(SIZE_T) = RtlpAllocateString;
VOID (*const RtlFreeStringRoutine)(PVOID) = RtlpFreeString;
