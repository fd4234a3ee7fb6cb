/*
 * process.c - the process about itself: its PEB, its end, the system's clock
 */

#include "ntdllp.h"

static RTL_CRITICAL_SECTION RtlpPebLock;

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
