/*
 * The scheduler: which thread runs.
 *
 * A processor has 32 ready queues, one a priority, and a summary with a bit for each that holds a
 * thread: the highest bit names the best thread. KPRCB.NextThread is a thread that has been chosen
 * already (Standby) because it is better than the one that runs; the switch follows as soon as the
 * processor leaves DISPATCH_LEVEL: in KiExitDispatcher, or in the dispatch interrupt.
 *
 * A thread runs for its quantum, counted in clock intervals. At its end it goes behind the others
 * of its priority, and gives back one level of a boost. The idle thread is in no queue: it runs
 * when nobody else can.
 *
 * Ready queues and NextThread are guarded by PrcbLock, a thread's state by its ThreadLock.
 */
#include "ki.h"

VOID KiInitializeScheduler(PKPRCB Prcb) {
    KeInitializeSpinLock(&Prcb->PrcbLock);
    for (ULONG i = 0; i < MAXIMUM_PRIORITY; i++)
        InitializeListHead(&Prcb->DispatcherReadyListHead[i]);
}

/* PrcbLock held. A preempted thread has not used up its quantum: it goes to the front. */
static VOID KiInsertReady(PKPRCB Prcb, PKTHREAD Thread, BOOLEAN Front) {
    PLIST_ENTRY Head = &Prcb->DispatcherReadyListHead[(UCHAR)Thread->Priority];
    Thread->State = Ready;
    Prcb->ReadySummary |= 1u << Thread->Priority;
    if (Front)
        InsertHeadList(Head, &Thread->WaitListEntry);
    else
        InsertTailList(Head, &Thread->WaitListEntry);
}

/* PrcbLock held. */
static VOID KiRemoveReady(PKPRCB Prcb, PKTHREAD Thread) {
    PLIST_ENTRY Head = &Prcb->DispatcherReadyListHead[(UCHAR)Thread->Priority];
    RemoveEntryList(&Thread->WaitListEntry);
    if (Head->Flink == Head)
        Prcb->ReadySummary &= ~(1u << Thread->Priority);
}

/* PrcbLock held. The best ready thread of at least priority Floor, taken out of its queue. */
static PKTHREAD KiSelectReady(PKPRCB Prcb, KPRIORITY Floor) {
    ULONG Candidates = Prcb->ReadySummary & (~0u << Floor);
    if (!Candidates)
        return NULL;
    ULONG Priority = 31 - (ULONG)__builtin_clz(Candidates);
    PKTHREAD Thread =
        CONTAINING_RECORD(Prcb->DispatcherReadyListHead[Priority].Flink, KTHREAD, WaitListEntry);
    KiRemoveReady(Prcb, Thread);
    return Thread;
}

/* PrcbLock held: the priority that a newcomer must beat. The idle thread is below all. */
static KPRIORITY KiRunningPriority(PKPRCB Prcb) {
    PKTHREAD Thread = Prcb->NextThread ? Prcb->NextThread : Prcb->CurrentThread;
    return Thread == Prcb->IdleThread || Thread->State == Waiting || Thread->State == Terminated
               ? -1
               : Thread->Priority;
}

/* ThreadLock held: Thread can run. */
VOID KiReadyThread(PKTHREAD Thread) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    BOOLEAN Preempted = Thread->Preempted;
    Thread->Preempted = FALSE;
    KeAcquireSpinLockAtDpcLevel(&Prcb->PrcbLock);
    if (Thread->Priority > KiRunningPriority(Prcb)) {
        if (Prcb->NextThread)
            KiInsertReady(Prcb, Prcb->NextThread, TRUE);
        Thread->State = Standby;
        Prcb->NextThread = Thread;
    } else {
        KiInsertReady(Prcb, Thread, Preempted);
    }
    KeReleaseSpinLockFromDpcLevel(&Prcb->PrcbLock);
}

/* Everything of NewThread but its stack, which KiSwapContext takes up. */
static VOID KiLoadThreadState(PKPRCB Prcb, PKTHREAD OldThread, PKTHREAD NewThread) {
    if (OldThread->StateSaveArea) {
        if (KiExtendedStateMask)
            __asm__ volatile("xsave64 (%0)"
                             :
                             : "r"(OldThread->StateSaveArea), "a"(-1), "d"(-1)
                             : "memory");
        else
            __asm__ volatile("fxsave64 (%0)" : : "r"(OldThread->StateSaveArea) : "memory");
    }
    KiSwapProcess(NewThread->ApcState.Process);
    Prcb->RspBase = (ULONG64)NewThread->InitialStack;
    KeGetPcr()->TssBase->Rsp0 = (ULONG64)NewThread->InitialStack;
    if (NewThread->Teb)
        __writemsr(0xC0000102, (ULONG64)NewThread->Teb);
    if (NewThread->StateSaveArea) {
        if (KiExtendedStateMask)
            __asm__ volatile("xrstor64 (%0)"
                             :
                             : "r"(NewThread->StateSaveArea), "a"(-1), "d"(-1)
                             : "memory");
        else
            __asm__ volatile("fxrstor64 (%0)" : : "r"(NewThread->StateSaveArea) : "memory");
    }
}

/* The current thread's state says already why it stops. Comes back when it runs again. */
LONG_PTR KiSwapThread(PKTHREAD Thread) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    KeAcquireSpinLockAtDpcLevel(&Prcb->PrcbLock);
    PKTHREAD Next = Prcb->NextThread;
    Prcb->NextThread = NULL;
    if (!Next)
        Next = KiSelectReady(Prcb, LOW_PRIORITY);
    if (!Next)
        Next = Prcb->IdleThread;
    Next->State = Running;
    KeReleaseSpinLockFromDpcLevel(&Prcb->PrcbLock); /* by the thread that took it */
    Prcb->CurrentThread = Next;
    if (Next == Thread) { /* woken before it had gone */
        Thread->SwapBusy = FALSE;
        return Thread->WaitStatus;
    }
    while (Next->SwapBusy)
        YieldProcessor();
    Prcb->KeContextSwitches++;
    Next->ContextSwitches++;
    KiLoadThreadState(Prcb, Thread, Next);
    KiSwapContext(Next, Thread);
    if (Thread->ApcState.KernelApcPending && Thread->CombinedApcDisable == 0)
        HalRequestSoftwareInterrupt(APC_LEVEL);
    return Thread->WaitStatus;
}

/* DISPATCH_LEVEL: the current thread makes way for NextThread, or for an equal if Yield. */
static VOID KiPreempt(PKPRCB Prcb, BOOLEAN Front) {
    PKTHREAD Thread = Prcb->CurrentThread;
    if (Thread != Prcb->IdleThread) {
        KiAcquireThreadLock(Thread);
        Thread->SwapBusy = TRUE;
        KeAcquireSpinLockAtDpcLevel(&Prcb->PrcbLock);
        KiInsertReady(Prcb, Thread, Front);
        KeReleaseSpinLockFromDpcLevel(&Prcb->PrcbLock);
        KiReleaseThreadLock(Thread);
    }
    KiSwapThread(Thread);
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

/* The quantum of the current thread has run out. */
VOID KiQuantumEnd(VOID) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    PKTHREAD Thread = Prcb->CurrentThread;
    Prcb->QuantumEnd = FALSE;
    if (Thread == Prcb->IdleThread)
        return;
    KiAcquireThreadLock(Thread);
    Thread->Quantum = Thread->QuantumReset;
    if (Thread->PriorityDecrement > 0) {
        Thread->PriorityDecrement--;
        Thread->Priority--;
    }
    KeAcquireSpinLockAtDpcLevel(&Prcb->PrcbLock);
    if (!Prcb->NextThread) {
        PKTHREAD Next = KiSelectReady(Prcb, Thread->Priority);
        if (Next) {
            Next->State = Standby;
            Prcb->NextThread = Next;
        }
    }
    KeReleaseSpinLockFromDpcLevel(&Prcb->PrcbLock);
    KiReleaseThreadLock(Thread);
    if (Prcb->NextThread)
        KiPreempt(Prcb, FALSE);
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

/* Another thread of the same or a higher priority, if there is one. */
NTSTATUS KeYieldExecution(VOID) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    PKTHREAD Thread = KeGetCurrentThread();
    NTSTATUS Status = STATUS_NO_YIELD_PERFORMED;

    if (!Prcb->ReadySummary)
        return Status;
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KeAcquireSpinLockAtDpcLevel(&Prcb->PrcbLock);
    if (!Prcb->NextThread) {
        PKTHREAD Next = KiSelectReady(Prcb, 1);
        if (Next) {
            Next->State = Standby;
            Prcb->NextThread = Next;
        }
    }
    KeReleaseSpinLockFromDpcLevel(&Prcb->PrcbLock);
    if (Prcb->NextThread) {
        Thread->Quantum = Thread->QuantumReset;
        Thread->WaitReason = WrYieldExecution;
        KiPreempt(Prcb, FALSE);
        Status = STATUS_SUCCESS;
    }
    KeLowerIrql(OldIrql);
    return Status;
}

/* ThreadLock held. */
VOID KiSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    if (Thread->State != Ready) {
        Thread->Priority = (CHAR)Priority;
        return;
    }
    KeAcquireSpinLockAtDpcLevel(&Prcb->PrcbLock);
    KiRemoveReady(Prcb, Thread);
    Thread->Priority = (CHAR)Priority;
    KeReleaseSpinLockFromDpcLevel(&Prcb->PrcbLock);
    KiReadyThread(Thread);
}

/* A processor with nothing to do: interrupts wake it, and what they leave is done here. */
DECLSPEC_NORETURN VOID KiIdleLoop(VOID) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    KiWriteIrql(DISPATCH_LEVEL);
    for (;;) {
        _disable_interrupts();
        if (Prcb->DpcInterruptRequested || Prcb->DpcData[0].DpcQueueDepth || Prcb->NextThread ||
            Prcb->ReadySummary) {
            _enable_interrupts();
            KiDispatchInterruptC();
            if (Prcb->ReadySummary)
                KiSwapThread(Prcb->IdleThread);
            continue;
        }
        __asm__ volatile("sti; hlt" : : : "memory");
    }
}
