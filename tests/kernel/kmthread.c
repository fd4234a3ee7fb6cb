/* kmthread.c - waiting for what other threads do */
#include "kmtest.h"

#define PATIENCE 1000 /* naps; a hang detector */

VOID KmtNap(_In_ ULONG Milliseconds) {
    LARGE_INTEGER Time = {.QuadPart = -10000ll * Milliseconds};
    KeDelayExecutionThread(KernelMode, FALSE, &Time);
}

BOOLEAN KmtUntilWaiting(_In_ PKTHREAD Thread, _In_ KWAIT_REASON Reason) {
    volatile KTHREAD *Seen = Thread;
    for (ULONG Try = 0; Try < PATIENCE; Try++) {
        if (Seen->State == Waiting && Seen->WaitReason == Reason && !Seen->SwapBusy) {
            return TRUE;
        }
        KmtNap(1);
    }
    return FALSE;
}

BOOLEAN KmtUntil(_In_ volatile LONG *Value, _In_ LONG Wanted) {
    for (ULONG Try = 0; Try < PATIENCE && *Value != Wanted; Try++) {
        KmtNap(1);
    }
    return *Value == Wanted;
}
