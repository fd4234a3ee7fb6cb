/*
 * The scheduler: which thread runs, and where.
 *
 * A processor has 32 ready queues, one a priority, and a summary with a bit for each that holds a
 * thread: the highest bit names the best thread. KPRCB.NextThread is a thread that has been chosen
 * already (Standby) because it is better than the one that runs; the switch follows as soon as the
 * processor leaves DISPATCH_LEVEL: in KiExitDispatcher, or in the dispatch interrupt.
 *
 * A thread that becomes ready goes to an idle processor of its affinity, if there is one
 * (KiIdleSummary), else to its ideal processor, there to preempt or to queue. A processor with
 * nothing to do takes a thread out of another's queue (affinity.c). KTHREAD.NextProcessor says where a
 * thread is ready, standing by, running, or ran last.
 *
 * A thread runs for its quantum, counted in clock intervals. At its end it goes behind the others
 * of its priority, and gives back one level of a boost. The idle thread is in no queue: it runs
 * when nobody else can.
 *
 * Ready queues, NextThread, CurrentThread and the step between Ready, Standby and Running are
 * guarded by PrcbLock, every other change of a thread's state by its ThreadLock. SwapBusy is set
 * while a processor still stands on the stack of a thread that it is leaving: who is to run that
 * thread waits for it, in KiSwapContext, having left its own stack before, so that no two can wait
 * for each other.
 */
#include "ki.h"

/* Everything but its stack that a thread leaves behind on its processor. */
static VOID KiSaveThreadState(PKTHREAD Thread) {
    if (Thread->StateSaveArea == NULL) {
        return;
    }
    if (Thread->Header.DebugActive) {
        KiUnloadDebugRegisters();
    }
    KiSaveExtendedState(Thread);
}

/* An APC that came while the thread was not running has interrupted nobody (KiInterruptThread). */
static VOID KiRequestPendingApcs(PKTHREAD Thread) {
    if (Thread->ApcState.KernelApcPending && Thread->CombinedApcDisable == 0)
        HalRequestSoftwareInterrupt(APC_LEVEL);
}

/* The current thread, on its stack again, perhaps on another processor than before, or for the
   first time. */
VOID KiLoadThreadState(VOID) {
    PKPCR Pcr = KeGetPcr();
    PKTHREAD Thread = Pcr->Prcb.CurrentThread;
    Pcr->Prcb.RspBase = (ULONG64)Thread->InitialStack;
    Pcr->TssBase->Rsp0 = (ULONG64)Thread->InitialStack;
    if (Thread->Teb)
        __writemsr(0xC0000102, (ULONG64)Thread->Teb);
    if (Thread->StateSaveArea)
        KiLoadExtendedState(Thread);
    if (Thread->Header.DebugActive)
        KiLoadDebugRegisters(Thread);
    KiRequestPendingApcs(Thread);
}

/* PrcbLock held. */
static PKTHREAD KiSelectNextThread(PKPRCB Prcb) {
    PKTHREAD Next = Prcb->NextThread;
    Prcb->NextThread = NULL;
    if (!Next)
        Next = KiSelectReady(Prcb, LOW_PRIORITY);
    if (!Next) {
        Next = Prcb->IdleThread;
        InterlockedOr64(&KiIdleSummary, Prcb->SetMember);
    } else if (KiIdleSummary & Prcb->SetMember) {
        InterlockedAnd64(&KiIdleSummary, ~Prcb->SetMember);
    }
    Next->State = Running;
    Next->NextProcessor = Prcb->Number;
    Prcb->RunningPriority = Next->Priority;
    return Next;
}

/* KiSwapThread with PrcbLock held, which is given back. */
static LONG_PTR KiSwapToNext(PKPRCB Prcb, PKTHREAD Thread) {
    PKTHREAD Next = KiSelectNextThread(Prcb);
    if (Next == Thread) { /* woken before it had gone */
        KiReleasePrcbLock(Prcb);
        Thread->SwapBusy = FALSE;
        KiRequestPendingApcs(Thread);
        return Thread->WaitStatus;
    }
    _disable_interrupts(); /* until KiSwapContext: no interrupt sees the one's stack with the
                              other's name */
    Prcb->CurrentThread = Next;
    KiReleasePrcbLock(Prcb);
    if (Prcb->DpcData[0].DpcQueueDepth) /* sent while the idle thread was leaving: it would have
                                           looked, Next does not (KiIpiServiceRoutine) */
        HalRequestSoftwareInterrupt(DISPATCH_LEVEL);
    Prcb->KeContextSwitches++;
    Next->ContextSwitches++;
    KiSaveThreadState(Thread);
    KiSwapProcess(Next->ApcState.Process);
    KiSwapContext(Next, Thread);
    KiLoadThreadState();
    return Thread->WaitStatus;
}

/* The current thread's state says already why it stops. Comes back when it runs again. */
LONG_PTR KiSwapThread(PKTHREAD Thread) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    KiCheckNoLocks();
    KiAcquirePrcbLock(Prcb);
    return KiSwapToNext(Prcb, Thread);
}

/* DISPATCH_LEVEL: the current thread makes way for NextThread, or for an equal if Yield; or for
   anybody, if it may no longer run here. */
VOID KiPreempt(PKPRCB Prcb, BOOLEAN Front) {
    PKTHREAD Thread = Prcb->CurrentThread;
    if (Thread == Prcb->IdleThread) {
        KiSwapThread(Thread);
        return;
    }
    KiAcquireThreadLock(Thread);
    Thread->SwapBusy = TRUE;
    if (Thread->Affinity.Mask & Prcb->SetMember) {
        KiAcquirePrcbLock(Prcb);
        KiInsertReady(Prcb, Thread, Front);
        KiReleaseThreadLock(Thread);
        KiSwapToNext(Prcb, Thread);
    } else {
        Thread->State = DeferredReady;
        KiReadyThread(Thread);
        KiReleaseThreadLock(Thread);
        KiSwapThread(Thread);
    }
}

VOID KiExitDispatcher(KIRQL OldIrql) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    if (Prcb->NextThread) {
        if (OldIrql >= DISPATCH_LEVEL) {
            if (!Prcb->DpcRoutineActive)
                HalRequestSoftwareInterrupt(DISPATCH_LEVEL);
            return;
        }
        KiPreempt(Prcb, TRUE);
    }
    KeLowerIrql(OldIrql);
}

/* The dispatch interrupt: timers, DPCs, the end of a quantum, a better thread. */
VOID KiDispatchInterruptC(VOID) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    if (Prcb->DpcInterruptRequested) {
        Prcb->DpcInterruptRequested = FALSE;
        Prcb->DpcRoutineActive = TRUE;
        KiTimerExpiration();
        Prcb->DpcRoutineActive = FALSE;
    }
    if (Prcb->DpcData[0].DpcQueueDepth)
        KiRetireDpcList(Prcb);
    if (Prcb->QuantumEnd)
        KiQuantumEnd();
    else if (Prcb->NextThread)
        KiPreempt(Prcb, TRUE);
}

/* Another ready thread, of whatever priority, if there is one. */
NTSTATUS KeYieldExecution(VOID) {
    PKTHREAD Thread = KeGetCurrentThread();
    NTSTATUS Status = STATUS_NO_YIELD_PERFORMED;

    if (!KeGetCurrentPrcb()->ReadySummary)
        return Status;
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    PKPRCB Prcb = KeGetCurrentPrcb();
    KiAcquirePrcbLock(Prcb);
    if (!Prcb->NextThread) {
        PKTHREAD Next = KiSelectReady(Prcb, 1);
        if (Next)
            KiSetStandby(Prcb, Next);
    }
    KiReleasePrcbLock(Prcb);
    if (Prcb->NextThread) {
        KiAcquireThreadLock(Thread);
        KiRenewQuantum(Thread);
        KiReleaseThreadLock(Thread);
        Thread->WaitReason = WrYieldExecution;
        KiPreempt(Prcb, FALSE);
        Status = STATUS_SUCCESS;
    }
    KeLowerIrql(OldIrql);
    return Status;
}

static BOOLEAN KiHasWork(PKPRCB Prcb) {
    return Prcb->DpcInterruptRequested || Prcb->DpcData[0].DpcQueueDepth ||
           *(PKTHREAD volatile *)&Prcb->NextThread || *(volatile ULONG *)&Prcb->ReadySummary;
}

/* A processor with nothing to do: interrupts wake it, and what they leave is done here. Work
   elsewhere is looked for each time it wakes. */
DECLSPEC_NORETURN VOID KiIdleLoop(VOID) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    KiWriteIrql(DISPATCH_LEVEL);
    KiAcquirePrcbLock(Prcb);
    InterlockedOr64(&KiIdleSummary, Prcb->SetMember);
    KiReleasePrcbLock(Prcb);
    for (;;) {
        if (KiHasWork(Prcb)) {
            KiDispatchInterruptC();
            if (Prcb->ReadySummary)
                KiSwapThread(Prcb->IdleThread);
            continue;
        }
        if (KeNumberProcessors > 1 && KiStealThread(Prcb))
            continue;
        _disable_interrupts();
        __atomic_thread_fence(__ATOMIC_SEQ_CST); /* it is seen to be idle before it looks: dpc.c */
        if (KiHasWork(Prcb))
            _enable_interrupts();
        else
            __asm__ volatile("sti; hlt" : : : "memory");
    }
}
