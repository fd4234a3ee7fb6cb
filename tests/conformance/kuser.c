/* KUSER_SHARED_DATA at 7FFE0000: versions, system root, clocks that run, and no writing. */
#include "guard.h"

#define SHARED 0x7FFE0000

static void WriteShared(PVOID Where) {
    *(volatile ULONG *)Where = 1;
}

static ULONG64 SystemTime(ULONG Offset) {
    volatile LONG *Part = (volatile LONG *)(ULONG_PTR)(SHARED + Offset);
    LONG High, Low;
    do {
        High = Part[1];
        Low = Part[0];
    } while (High != Part[2]);
    return (ULONG64)(ULONG)High << 32 | (ULONG)Low;
}

static BOOL Advances(ULONG Offset) {
    ULONG64 Before = SystemTime(Offset);
    LARGE_INTEGER Wait = {.QuadPart = -500000};
    NtDelayExecution(FALSE, &Wait);
    return SystemTime(Offset) > Before;
}

void Start(void) {
    LARGE_INTEGER Now;
    Print("NtMajorVersion: %u\n", AT(SHARED, 0x26C, ULONG));
    Print("NtMinorVersion: %u\n", AT(SHARED, 0x270, ULONG));
    Print("NtProductType: %u\n", AT(SHARED, 0x264, ULONG));
    Print("ProductTypeIsValid: %u\n", AT(SHARED, 0x268, UCHAR));
    Print("system drive: %c%c\n", AT(SHARED, 0x30, WCHAR), AT(SHARED, 0x32, WCHAR));
    Check("InterruptTime advances", Advances(0x08));
    Check("SystemTime advances", Advances(0x14));
    Check("TickCount advances", Advances(0x320));
    NtQuerySystemTime(&Now);
    ULONG64 Shared = SystemTime(0x14);
    Check("SystemTime agrees with NtQuerySystemTime",
          (ULONG64)Now.QuadPart + 50000000 > Shared && Shared + 50000000 > (ULONG64)Now.QuadPart);
    Check("PF_XMMI64_INSTRUCTIONS_AVAILABLE", AT(SHARED, 0x274 + 10, BOOLEAN));
    Check("PF_COMPARE_EXCHANGE_DOUBLE", AT(SHARED, 0x274 + 2, BOOLEAN));
    Check("NumberOfPhysicalPages", AT(SHARED, 0x2E8, ULONG) > 1000);
    ShowStatus("writing to it", Guard(WriteShared, (PVOID)SHARED));
    Exit(0);
}
