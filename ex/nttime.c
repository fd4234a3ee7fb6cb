/*
 * nttime.c - what time is it, and how finely the clock divides it
 */
#include "exp.h"
#include "ntapi.h"
#include "hal.h"
#include "ob.h"
#include "ps.h"

/* 100 ns since 1601, UTC. Source: winternl.h. */
NTSTATUS NTAPI NtQuerySystemTime(_Out_ PLARGE_INTEGER SystemTime) {
    LARGE_INTEGER Time;
    KeQuerySystemTime(&Time);
    return ObReturnInformation(SystemTime, &Time, sizeof(Time), NULL);
}

/* Source: Windows SDK, QueryPerformanceCounter; phnt. */
NTSTATUS NTAPI NtQueryPerformanceCounter(_Out_ PLARGE_INTEGER PerformanceCounter,
                                         _Out_opt_ PLARGE_INTEGER PerformanceFrequency) {
    LARGE_INTEGER Frequency;
    LARGE_INTEGER Counter = KeQueryPerformanceCounter(&Frequency);
    NTSTATUS Status = ObReturnInformation(PerformanceCounter, &Counter, sizeof(Counter), NULL);
    if (NT_SUCCESS(Status) && PerformanceFrequency != NULL) {
        Status = ObReturnInformation(PerformanceFrequency, &Frequency, sizeof(Frequency), NULL);
    }
    return Status;
}

/* Longest, shortest and present interval of the clock. Source: phnt. */
NTSTATUS NTAPI NtQueryTimerResolution(_Out_ PULONG MaximumTime, _Out_ PULONG MinimumTime,
                                      _Out_ PULONG CurrentTime) {
    ULONG Current = KeTimeIncrement;
    NTSTATUS Status = ObReturnInformation(MaximumTime, &KeMaximumIncrement, sizeof(ULONG), NULL);
    if (NT_SUCCESS(Status)) {
        Status = ObReturnInformation(MinimumTime, &KeMinimumIncrement, sizeof(ULONG), NULL);
    }
    if (NT_SUCCESS(Status)) {
        Status = ObReturnInformation(CurrentTime, &Current, sizeof(Current), NULL);
    }
    return Status;
}

/*
 * SetResolution: the process wants DesiredTime, and has no other wish; else it wants nothing any
 * more, which is STATUS_TIMER_RESOLUTION_NOT_SET if it did not before. What became of it is in
 * ActualTime in each case. Source: phnt.
 */
NTSTATUS NTAPI NtSetTimerResolution(_In_ ULONG DesiredTime, _In_ BOOLEAN SetResolution,
                                    _Out_ PULONG ActualTime) {
    PEX_TIMER_RESOLUTION Wish = &PsGetCurrentProcess()->TimerResolution;
    NTSTATUS Status = ObProbeForWrite(ActualTime, sizeof(ULONG), 1);
    ULONG Actual;
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (SetResolution) {
        Actual = ExRequestTimerResolution(Wish, DesiredTime);
    } else if (!ExWithdrawTimerResolution(Wish, &Actual)) {
        Status = STATUS_TIMER_RESOLUTION_NOT_SET;
    }
    NTSTATUS Returned = ObReturnInformation(ActualTime, &Actual, sizeof(Actual), NULL);
    return NT_SUCCESS(Returned) ? Status : Returned;
}
