/* Clocks run forwards; the performance counter's frequency; delays last at least as long as asked.
 */
#include "nt.h"

static ULONG64 Counter(void) {
    LARGE_INTEGER Value;
    NtQueryPerformanceCounter(&Value, NULL);
    return (ULONG64)Value.QuadPart;
}

void Start(void) {
    LARGE_INTEGER Before, After, Value, Frequency, Delay;
    BOOL Forwards = TRUE;
    ULONG64 Last = Counter();
    for (int i = 0; i < 1000; i++) {
        ULONG64 Now = Counter();
        Forwards = Forwards && Now >= Last;
        Last = Now;
    }
    Check("counter never runs back", Forwards);
    ShowStatus("with frequency", NtQueryPerformanceCounter(&Value, &Frequency));
    Print("frequency: %u\n", (ULONG)Frequency.QuadPart);
    ShowStatus("time", NtQuerySystemTime(&Before));
    Check("after 2020", Before.QuadPart > 132223104000000000);
    Delay.QuadPart = -300000;
    Last = Counter();
    ShowStatus("delay of 30 ms", NtDelayExecution(FALSE, &Delay));
    Check("by the counter at least 15 ms",
          (Counter() - Last) * 1000 / (ULONG64)Frequency.QuadPart >= 15);
    NtQuerySystemTime(&After);
    Check("by the clock at least 15 ms", After.QuadPart - Before.QuadPart >= 150000);
    Delay.QuadPart = 0;
    Check("delay 0", NT_SUCCESS(NtDelayExecution(FALSE, &Delay)));
    Delay.QuadPart = Before.QuadPart;
    Check("delay until the past", NT_SUCCESS(NtDelayExecution(FALSE, &Delay)));
    Check("yield", NT_SUCCESS(NtYieldExecution()));
    ShowStatus("test alert", NtTestAlert());
    Exit(0);
}
