/*
 * The balance set manager: once a second, threads that have been ready for about four seconds and
 * have had no turn, because there was always somebody better, get priority 15 for two quanta. So a
 * thread that holds what a better one waits for (by spinning, say) gets on at last.
 *
 * A pass looks at 16 threads at most and raises ten; the next one goes on where it stopped. It
 * comes from the queue to the thread, against the order of the locks, so it only tries the
 * thread's: one that somebody holds has its turn a second later.
 */
#include "ki.h"

#define PASS_INTERVAL         10000000 /* 100 ns */
#define READY_WITHOUT_RUNNING 256      /* ticks: 4 seconds */
#define LOOKED_AT             16
#define RAISED                10
#define RAISED_PRIORITY       (LOW_REALTIME_PRIORITY - 1)
#define RAISED_QUANTA         2

/* Where the last pass stopped. */
static ULONG KiScanProcessor, KiScanPriority;

typedef struct _KI_SCAN {
    ULONG Now; /* ticks */
    ULONG Looks, Raises;
} KI_SCAN, *PKI_SCAN;

/* PrcbLock held, Thread is ready. TRUE if it was raised. */
static BOOLEAN KiRelieve(PKPRCB Prcb, PKTHREAD Thread, ULONG Now) {
    if (Now - Thread->WaitTime < READY_WITHOUT_RUNNING)
        return FALSE;
    if (!KeTryToAcquireSpinLockAtDpcLevel(&Thread->ThreadLock))
        return FALSE;
    KiRemoveReady(Prcb, Thread);
    Thread->PriorityDecrement = (CHAR)(RAISED_PRIORITY - Thread->BasePriority);
    Thread->Priority = RAISED_PRIORITY;
    Thread->Quantum = (CHAR)(Thread->QuantumReset * RAISED_QUANTA);
    KiInsertReady(Prcb, Thread, FALSE);
    KiReleaseThreadLock(Thread);
    return TRUE;
}

/* PrcbLock held: one queue, from its front, where those stand that have waited longest. */
static VOID KiScanQueue(PKPRCB Prcb, ULONG Priority, PKI_SCAN Scan) {
    PLIST_ENTRY Head = &Prcb->DispatcherReadyListHead[Priority], Entry = Head->Flink;
    while (Entry != Head && Scan->Looks && Scan->Raises) {
        PKTHREAD Thread = CONTAINING_RECORD(Entry, KTHREAD, WaitListEntry);
        Entry = Entry->Flink;
        Scan->Looks--;
        if (KiRelieve(Prcb, Thread, Scan->Now))
            Scan->Raises--;
    }
}

/* DISPATCH_LEVEL: the queues of priorities 1 to 14, each once. TRUE if all were seen. */
static BOOLEAN KiScanReadyQueues(PKPRCB Prcb, PKI_SCAN Scan) {
    ULONG Seen = 0, Before = Scan->Raises;
    KiAcquirePrcbLock(Prcb);
    for (; Seen < RAISED_PRIORITY - 1 && Scan->Looks && Scan->Raises; Seen++) {
        KiScanPriority = KiScanPriority % (RAISED_PRIORITY - 1) + 1;
        if (Prcb->ReadySummary & 1u << KiScanPriority)
            KiScanQueue(Prcb, KiScanPriority, Scan);
    }
    BOOLEAN Better = Scan->Raises != Before && KiChooseAgain(Prcb);
    KiReleasePrcbLock(Prcb);
    if (Better && Prcb != KeGetCurrentPrcb())
        KiIpiSend(Prcb, IPI_DPC);
    return Seen == RAISED_PRIORITY - 1;
}

static VOID KiBalance(VOID) {
    KI_SCAN Scan = {.Now = (ULONG)KeTickCountStorage, .Looks = LOOKED_AT, .Raises = RAISED};
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    for (ULONG i = 0; i < KeNumberProcessors; i++) {
        PKPRCB Prcb = KiProcessorBlock[KiScanProcessor % KeNumberProcessors];
        if (Prcb->ReadySummary && !KiScanReadyQueues(Prcb, &Scan))
            break;
        KiScanProcessor++;
    }
    KiExitDispatcher(OldIrql);
}

DECLSPEC_NORETURN VOID KeBalanceSetManager(PVOID Context) {
    LARGE_INTEGER Interval = {.QuadPart = -PASS_INTERVAL};
    UNREFERENCED_PARAMETER(Context);
    KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY);
    for (;;) {
        KeDelayExecutionThread(KernelMode, FALSE, &Interval);
        KiBalance();
    }
}
