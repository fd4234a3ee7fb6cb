/*
 * The DPC watchdog of the checked build: a DPC that does not end is named.
 *
 * While a DPC runs no thread does, on its processor: one that takes its time makes the system jerk,
 * one that loops stops it without a word. So each clock interrupt that finds a DPC at work counts,
 * and a DPC that is still there at the limit is the reason for a bugcheck. (Windows allows ten
 * seconds; a DPC that needs two is wrong as well.)
 */
#include "ki.h"

#define DPC_TIME_LIMIT 128 /* ticks: two seconds */

/* CLOCK_LEVEL: the clock interrupt came on top of what runs. */
VOID KiCheckDpcWatchdog(PKPRCB Prcb) {
    PKDPC Dpc = Prcb->DpcData[0].ActiveDpc;
    if (!Dpc || ++Prcb->DpcTimeCount <= DPC_TIME_LIMIT)
        return;
    DbgPrint("KE: the DPC %p (routine %p, context %p) has run for %u ticks\n", Dpc->DpcData,
             (PVOID)Dpc->DeferredRoutine, Dpc->DeferredContext, Prcb->DpcTimeCount);
    KeBugCheckEx(DPC_WATCHDOG_VIOLATION, 0, Prcb->DpcTimeCount, DPC_TIME_LIMIT,
                 (ULONG_PTR)Dpc->DeferredRoutine);
}
