/*
 * Priorities and quanta.
 *
 * A thread has a base priority, which its process and whoever sets it decide, and a current one,
 * which the scheduler goes by. From 16 on (real time) both are always the same. Below, the current
 * one is now and then higher: who is woken is raised by the Increment that the waker gives, so that
 * a thread that mostly waits answers soon, and who has been ready for long without a turn is raised
 * by the balance set manager (balance.c). Raises stop at 15, and none is for ever: at the end of
 * each quantum one level is taken back, down to the base, and all of PriorityDecrement, which is
 * how much of the raise is for one quantum only.
 *
 * A quantum is counted in units. A clock interval costs three, and for a thread with a base below
 * 14 a wait costs one, so that one which waits just before each tick pays as well. Who is preempted
 * keeps what is left.
 */
#include "ki.h"

/* Threads of at least this base priority are not charged for waits. */
#define TIME_CRITICAL_BOUND 14

/* ThreadLock held. What is left of a raise after another quantum. */
static KPRIORITY KiDecayedPriority(PKTHREAD Thread) {
    KPRIORITY Priority = Thread->Priority;
    if (Priority < LOW_REALTIME_PRIORITY && Priority > Thread->BasePriority)
        Priority = max(Thread->BasePriority, Priority - Thread->PriorityDecrement - 1);
    Thread->PriorityDecrement = 0;
    return Priority;
}

/* ThreadLock held; the thread runs or waits. */
VOID KiRenewQuantum(PKTHREAD Thread) {
    Thread->Quantum = Thread->QuantumReset;
    Thread->Priority = (CHAR)KiDecayedPriority(Thread);
}

/* ThreadLock held: a wait has ended. */
VOID KiBoostThread(PKTHREAD Thread, KPRIORITY Increment) {
    if (Thread->Priority >= LOW_REALTIME_PRIORITY)
        return;
    if (Thread->BasePriority < TIME_CRITICAL_BOUND && --Thread->Quantum <= 0)
        KiRenewQuantum(Thread);
    KPRIORITY Boosted = Thread->BasePriority + Increment;
    if (Boosted > Thread->Priority && !Thread->DisableBoost)
        Thread->Priority = (CHAR)min(Boosted, LOW_REALTIME_PRIORITY - 1);
}

/* The dispatch interrupt: the current thread's quantum has run out, or it has to leave this
   processor. */
VOID KiQuantumEnd(VOID) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    PKTHREAD Thread = Prcb->CurrentThread;
    Prcb->QuantumEnd = FALSE;
    if (Thread == Prcb->IdleThread)
        return;
    KiAcquireThreadLock(Thread);
    BOOLEAN Over = Thread->Quantum <= 0; /* not if it began only after the tick */
    if (Over)
        KiRenewQuantum(Thread);
    KiAcquirePrcbLock(Prcb);
    if (Over && !Prcb->NextThread) {
        PKTHREAD Next = KiSelectReady(Prcb, Thread->Priority);
        if (Next)
            KiSetStandby(Prcb, Next);
        else
            Prcb->RunningPriority = Thread->Priority;
    }
    KiReleasePrcbLock(Prcb);
    KiReleaseThreadLock(Thread);
    if (Prcb->NextThread || !(Thread->Affinity.Mask & Prcb->SetMember))
        KiPreempt(Prcb, !Over);
}

/* ThreadLock held. */
static VOID KiSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority) {
    PKPRCB Prcb = KiLockProcessorOf(Thread);
    if (!Prcb) {
        Thread->Priority = (CHAR)Priority;
        return;
    }
    BOOLEAN WasReady = Thread->State == Ready, Better = FALSE;
    if (WasReady) {
        KiRemoveReady(Prcb, Thread);
        Thread->State = DeferredReady;
    }
    Thread->Priority = (CHAR)Priority;
    if (!WasReady)
        Better = KiChooseAgain(Prcb);
    KiReleasePrcbLock(Prcb);
    if (WasReady)
        KiReadyThread(Thread);
    else if (Better && Prcb != KeGetCurrentPrcb())
        KiIpiSend(Prcb, IPI_DPC);
}

/* ThreadLock held: Base is the new base, and all raises are forgotten. */
static VOID KiSetBase(PKTHREAD Thread, KPRIORITY Base) {
    Thread->BasePriority = (CHAR)Base;
    Thread->PriorityDecrement = 0;
    Thread->Quantum = Thread->QuantumReset;
    if (Thread->Priority != Base)
        KiSetPriorityThread(Thread, Base);
}

KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireThreadLock(Thread);
    KPRIORITY Old = Thread->Priority;
    KiSetBase(Thread, Priority);
    KiReleaseThreadLock(Thread);
    KiExitDispatcher(OldIrql);
    return Old;
}

/* What Increment makes of the process's priority; a thread stays in the class of its process. */
static KPRIORITY KiComputeBase(PKTHREAD Thread, LONG Increment) {
    KPRIORITY Base = Thread->Process->BasePriority;
    BOOLEAN RealTime = Base >= LOW_REALTIME_PRIORITY;
    KPRIORITY Lowest = RealTime ? LOW_REALTIME_PRIORITY : LOW_PRIORITY + 1;
    KPRIORITY Highest = RealTime ? HIGH_PRIORITY : LOW_REALTIME_PRIORITY - 1;
    if (Thread->Saturation)
        return Thread->Saturation > 0 ? Highest : Lowest;
    return max(Lowest, min(Highest, Base + Increment));
}

LONG NTAPI KeQueryBasePriorityThread(PKTHREAD Thread) {
    return Thread->Saturation ? Thread->Saturation * (MAXIMUM_PRIORITY / 2)
                              : Thread->BasePriority - Thread->Process->BasePriority;
}

LONG NTAPI KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireThreadLock(Thread);
    LONG Old = KeQueryBasePriorityThread(Thread);
    Thread->Saturation = (CHAR)(Increment >= MAXIMUM_PRIORITY / 2    ? 1
                                : Increment <= -MAXIMUM_PRIORITY / 2 ? -1
                                                                     : 0);
    KiSetBase(Thread, KiComputeBase(Thread, Increment));
    KiReleaseThreadLock(Thread);
    KiExitDispatcher(OldIrql);
    return Old;
}

KPRIORITY NTAPI KeQueryPriorityThread(PKTHREAD Thread) {
    return Thread->Priority;
}

/* ProcessLock held. What a thread had above the old base it keeps above the new one. */
static VOID KiMoveBase(PKTHREAD Thread, KPRIORITY OldBase) {
    LONG Increment =
        Thread->Saturation ? KeQueryBasePriorityThread(Thread) : Thread->BasePriority - OldBase;
    KeSetBasePriorityThread(Thread, Increment);
}

KPRIORITY KeSetPriorityProcess(PKPROCESS Process, KPRIORITY Priority) {
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&Process->ProcessLock);
    KPRIORITY Old = Process->BasePriority;
    Process->BasePriority = (CHAR)Priority;
    for (PLIST_ENTRY Entry = Process->ThreadListHead.Flink; Entry != &Process->ThreadListHead;
         Entry = Entry->Flink)
        KiMoveBase(CONTAINING_RECORD(Entry, KTHREAD, ThreadListEntry), Old);
    KeReleaseSpinLockFromDpcLevel(&Process->ProcessLock);
    KiExitDispatcher(OldIrql);
    return Old;
}

BOOLEAN KeSetDisableBoostThread(PKTHREAD Thread, BOOLEAN Disable) {
    BOOLEAN Old = Thread->DisableBoost;
    Thread->DisableBoost = Disable;
    return Old;
}

BOOLEAN KeSetDisableBoostProcess(PKPROCESS Process, BOOLEAN Disable) {
    KIRQL OldIrql = KeAcquireSpinLockRaiseToDpc(&Process->ProcessLock);
    BOOLEAN Old = Process->DisableBoost;
    Process->DisableBoost = Disable;
    for (PLIST_ENTRY Entry = Process->ThreadListHead.Flink; Entry != &Process->ThreadListHead;
         Entry = Entry->Flink)
        KeSetDisableBoostThread(CONTAINING_RECORD(Entry, KTHREAD, ThreadListEntry), Disable);
    KeReleaseSpinLock(&Process->ProcessLock, OldIrql);
    return Old;
}
