/*
 * nttime.c - what time is it
 */
#include "exp.h"
#include "ntapi.h"
#include "hal.h"
#include "ob.h"

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

/* The clock's interval cannot be changed: longest, shortest and current are the same. */
NTSTATUS NTAPI NtQueryTimerResolution(_Out_ PULONG MaximumTime, _Out_ PULONG MinimumTime,
                                      _Out_ PULONG CurrentTime) {
    ULONG Increment = KeMaximumIncrement;
    NTSTATUS Status = ObReturnInformation(MaximumTime, &Increment, sizeof(Increment), NULL);
    if (NT_SUCCESS(Status)) {
        Status = ObReturnInformation(MinimumTime, &Increment, sizeof(Increment), NULL);
    }
    if (NT_SUCCESS(Status)) {
        Status = ObReturnInformation(CurrentTime, &Increment, sizeof(Increment), NULL);
    }
    return Status;
}
