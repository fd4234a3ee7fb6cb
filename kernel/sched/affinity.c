/*
 * On which processor a thread is made ready; and what concerns a thread that may be in another
 * processor's hands: its priority, its affinity, stealing.
 *
 * While a thread is Ready, Standby or Running, its NextProcessor names the PrcbLock that keeps it
 * so. Who wants to change it takes that lock and looks again, because the thread may have moved. A
 * thread that is being carried from one processor to another is DeferredReady, for a few
 * instructions.
 */
#include "ki.h"

volatile KAFFINITY
    KiIdleSummary; /* processors that run their idle thread, and will go on (interlocked) */

static ULONG KiPreferredProcessor(PKTHREAD Thread, KAFFINITY Set) {
    if (Set & 1ull << Thread->IdealProcessor)
        return Thread->IdealProcessor;
    if (Set & 1ull << Thread->NextProcessor)
        return Thread->NextProcessor;
    return (ULONG)__builtin_ctzll(Set);
}

USHORT KiChooseIdealProcessor(KAFFINITY Set) {
    static volatile LONG Seed;
    ULONG Number = (ULONG)InterlockedIncrement(&Seed) % MAXIMUM_PROCESSORS;
    KAFFINITY Candidates = Set & KeActiveProcessors, Above = Candidates & (~0ull << Number);
    return (USHORT)__builtin_ctzll(Above ? Above : Candidates);
}

/* --- the place for a thread that has become ready -----------------------------------------------
 */

/* No processor is idle and Thread would have to queue at Prcb, whose PrcbLock is held. If it is
   better than what runs on another processor, that one is returned instead, locked. */
static PKPRCB KiLockWorseProcessor(PKPRCB Prcb, PKTHREAD Thread) {
    PKPRCB Worst = NULL;
    for (KAFFINITY Left = Thread->Affinity.Mask & KeActiveProcessors; Left; Left &= Left - 1) {
        PKPRCB Other = KiProcessorBlock[__builtin_ctzll(Left)];
        if (Other->RunningPriority < (Worst ? Worst->RunningPriority : Thread->Priority))
            Worst = Other;
    }
    if (!Worst || Worst == Prcb)
        return Prcb;
    KiReleasePrcbLock(Prcb);
    KiAcquirePrcbLock(Worst);
    if (Thread->Priority > KiRunningPriority(Worst))
        return Worst;
    KiReleasePrcbLock(Worst); /* not any more */
    KiAcquirePrcbLock(Prcb);
    return Prcb;
}

/* The processor for a thread that has become ready, its PrcbLock held. */
static PKPRCB KiLockProcessorFor(PKTHREAD Thread) {
    for (;;) {
        KAFFINITY Idle = KiIdleSummary & Thread->Affinity.Mask;
        KAFFINITY Set = Idle ? Idle : Thread->Affinity.Mask & KeActiveProcessors;
        PKPRCB Prcb = KiProcessorBlock[KiPreferredProcessor(Thread, Set)];
        KiAcquirePrcbLock(Prcb);
        if (!Idle && Thread->Priority <= KiRunningPriority(Prcb))
            return KiLockWorseProcessor(Prcb, Thread);
        if (!Idle || (KiIdleSummary & Prcb->SetMember))
            return Prcb;
        KiReleasePrcbLock(Prcb); /* somebody has given it work meanwhile */
    }
}

/* ThreadLock held: Thread can run. */
VOID KiReadyThread(PKTHREAD Thread) {
    PKPRCB Current = KeGetCurrentPrcb(), Prcb = Current;
    BOOLEAN Chosen = FALSE;
    if (KeNumberProcessors == 1)
        KiAcquirePrcbLock(Prcb);
    else
        Prcb = KiLockProcessorFor(Thread);
    Thread->NextProcessor = Prcb->Number;
    if (Thread->Priority > KiRunningPriority(Prcb)) {
        if (Prcb->NextThread)
            KiInsertReady(Prcb, Prcb->NextThread, TRUE);
        KiSetStandby(Prcb, Thread);
        if (KiIdleSummary & Prcb->SetMember)
            InterlockedAnd64(&KiIdleSummary, ~Prcb->SetMember);
        Chosen = TRUE;
    } else {
        KiInsertReady(Prcb, Thread, FALSE);
    }
    KiReleasePrcbLock(Prcb);
    if (Chosen && Prcb != Current)
        KiIpiSend(Prcb, IPI_DPC);
}

ULONG NTAPI KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors) {
    if (ActiveProcessors)
        *ActiveProcessors = KeActiveProcessors;
    return KeNumberProcessors;
}

KAFFINITY NTAPI KeQueryActiveProcessors(VOID) {
    return KeActiveProcessors;
}

/* ThreadLock held. The processor where Thread is ready, standing by or running, its PrcbLock held;
   NULL if it is none of these. */
PKPRCB KiLockProcessorOf(PKTHREAD Thread) {
    for (;;) {
        UCHAR State = *(volatile UCHAR *)&Thread->State;
        if (State == DeferredReady) {
            YieldProcessor();
            continue;
        }
        if (State != Ready && State != Standby && State != Running)
            return NULL;
        PKPRCB Prcb = KiProcessorBlock[*(volatile ULONG *)&Thread->NextProcessor];
        KiAcquirePrcbLock(Prcb);
        State = Thread->State;
        if (Thread->NextProcessor == Prcb->Number && State != DeferredReady)
            return Prcb;
        KiReleasePrcbLock(Prcb);
    }
}

/* ThreadLock held, and what the thread is to see is written. A thread becomes Running under
   PrcbLock and looks afterwards: so either it is seen here, or it sees. */
VOID KiInterruptThread(PKTHREAD Thread, ULONG Request) {
    PKPRCB Prcb = KiLockProcessorOf(Thread);
    if (!Prcb)
        return;
    BOOLEAN Elsewhere = Thread->State == Running && Prcb != KeGetCurrentPrcb();
    KiReleasePrcbLock(Prcb);
    if (Elsewhere)
        KiIpiSend(Prcb, Request);
}

/* ThreadLock held: Thread leaves a processor that its affinity no longer has. TRUE if that is the
   current thread, which must do so itself. */
static BOOLEAN KiMoveThread(PKTHREAD Thread) {
    PKPRCB Prcb = KiLockProcessorOf(Thread);
    if (!Prcb)
        return FALSE;
    UCHAR State = Thread->State;
    if (Thread->Affinity.Mask & Prcb->SetMember) {
        KiReleasePrcbLock(Prcb);
        return FALSE;
    }
    if (State == Running) {
        Prcb->QuantumEnd = TRUE;
        KiReleasePrcbLock(Prcb);
        if (Prcb == KeGetCurrentPrcb())
            return TRUE;
        KiIpiSend(Prcb, IPI_DPC);
        return FALSE;
    }
    if (State == Ready) {
        KiRemoveReady(Prcb, Thread);
    } else {
        Prcb->NextThread = NULL;
        if (Prcb->CurrentThread == Prcb->IdleThread)
            InterlockedOr64(&KiIdleSummary, Prcb->SetMember);
    }
    Thread->State = DeferredReady;
    KiReleasePrcbLock(Prcb);
    KiReadyThread(Thread);
    return FALSE;
}

/* Affinity must have a processor of KeActiveProcessors. */
KAFFINITY NTAPI KeSetAffinityThread(PKTHREAD Thread, KAFFINITY Affinity) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    NT_ASSERT(Affinity & KeActiveProcessors);
    KiAcquireThreadLock(Thread);
    KAFFINITY Old = Thread->Affinity.Mask;
    Thread->Affinity.Mask = Affinity;
    if (!(Affinity & 1ull << Thread->IdealProcessor))
        Thread->IdealProcessor = KiChooseIdealProcessor(Affinity);
    BOOLEAN Leave = KiMoveThread(Thread);
    KiReleaseThreadLock(Thread);
    if (Leave && OldIrql < DISPATCH_LEVEL)
        KiPreempt(KeGetCurrentPrcb(), FALSE);
    else if (Leave)
        HalRequestSoftwareInterrupt(DISPATCH_LEVEL);
    KiExitDispatcher(OldIrql);
    return Old;
}

ULONG NTAPI KeSetIdealProcessorThread(PKTHREAD Thread, ULONG Processor) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireThreadLock(Thread);
    ULONG Old = Thread->IdealProcessor;
    if (Thread->Affinity.Mask & KeActiveProcessors & 1ull << Processor)
        Thread->IdealProcessor = Processor;
    KiReleaseThreadLock(Thread);
    KeLowerIrql(OldIrql);
    return Old;
}

/* The idle thread, DISPATCH_LEVEL: takes a ready thread from another processor. TRUE if there was
 * one. */
BOOLEAN KiStealThread(PKPRCB Prcb) {
    PKTHREAD Thread = NULL;
    for (ULONG i = 1; i < KeNumberProcessors && !Thread; i++) {
        PKPRCB Victim = KiProcessorBlock[(Prcb->Number + i) % KeNumberProcessors];
        if (!Victim || !*(volatile ULONG *)&Victim->ReadySummary)
            continue;
        KiAcquirePrcbLock(Victim);
        Thread = KiSelectReadyFor(Victim, Prcb->SetMember);
        if (Thread) {
            Thread->State = DeferredReady;
            Thread->NextProcessor = Prcb->Number;
        }
        KiReleasePrcbLock(Victim);
    }
    if (!Thread)
        return FALSE;
    KiAcquirePrcbLock(Prcb);
    if (Prcb->NextThread) { /* somebody was faster */
        KiInsertReady(Prcb, Thread, FALSE);
    } else {
        KiSetStandby(Prcb, Thread);
        InterlockedAnd64(&KiIdleSummary, ~Prcb->SetMember);
    }
    KiReleasePrcbLock(Prcb);
    return TRUE;
}
