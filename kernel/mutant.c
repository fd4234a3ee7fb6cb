/*
 * Mutants (mutexes to user mode): owned by a thread, which may take them again and again.
 *
 * SignalState is 1 when free and falls by one with each acquisition. A mutant whose owner ends
 * without giving it up is abandoned: the next owner's wait returns STATUS_ABANDONED. Kernel mutexes
 * (KeInitializeMutex) also keep normal kernel APCs from their owner.
 */
#include "ki.h"

VOID NTAPI KeInitializeMutant(PRKMUTANT Mutant, BOOLEAN InitialOwner) {
    KiInitializeHeader(&Mutant->Header, MutantObject, sizeof(KMUTANT), InitialOwner ? 0 : 1);
    Mutant->OwnerThread = NULL;
    Mutant->Abandoned = FALSE;
    Mutant->ApcDisable = 0;
    InitializeListHead(&Mutant->MutantListEntry);
    if (InitialOwner) {
        Mutant->OwnerThread = KeGetCurrentThread();
        KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
        InsertTailList(&Mutant->OwnerThread->MutantListHead, &Mutant->MutantListEntry);
        KeLowerIrql(OldIrql);
    }
}

VOID NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG Level) {
    UNREFERENCED_PARAMETER(Level);
    KeInitializeMutant(Mutex, FALSE);
    Mutex->ApcDisable = 1;
}

/* Object lock held, the mutant free of its last acquisition. */
static VOID KiFreeMutant(PRKMUTANT Mutant, BOOLEAN Abandoned, KPRIORITY Increment) {
    RemoveEntryList(&Mutant->MutantListEntry);
    InitializeListHead(&Mutant->MutantListEntry);
    Mutant->OwnerThread = NULL;
    Mutant->Abandoned |= Abandoned;
    Mutant->Header.SignalState = 1;
    KiWaitTest(&Mutant->Header, Increment);
}

LONG NTAPI KeReleaseMutant(PRKMUTANT Mutant, KPRIORITY Increment, BOOLEAN Abandoned, BOOLEAN Wait) {
    UNREFERENCED_PARAMETER(Wait);
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(&Mutant->Header);
    LONG Previous = Mutant->Header.SignalState;
    BOOLEAN Freed = FALSE;
    if (!Abandoned && Mutant->OwnerThread != KeGetCurrentThread()) {
        NTSTATUS Status = Mutant->Abandoned ? STATUS_ABANDONED : STATUS_MUTANT_NOT_OWNED;
        KiReleaseObjectLock(&Mutant->Header);
        KeLowerIrql(OldIrql);
        RtlRaiseStatus(Status);
    }
    if (Abandoned || Previous == 0) {
        KiFreeMutant(Mutant, Abandoned, Increment);
        Freed = TRUE;
    } else {
        Mutant->Header.SignalState = Previous + 1;
    }
    BOOLEAN LeaveRegion = Freed && Mutant->ApcDisable;
    KiReleaseObjectLock(&Mutant->Header);
    KiExitDispatcher(OldIrql);
    if (LeaveRegion)
        KeLeaveCriticalRegion();
    return Previous;
}

LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait) {
    return KeReleaseMutant(Mutex, 1, FALSE, Wait);
}

LONG NTAPI KeReadStateMutant(PRKMUTANT Mutant) {
    return *(volatile LONG *)&Mutant->Header.SignalState;
}

VOID KiAbandonMutants(PKTHREAD Thread) {
    while (Thread->MutantListHead.Flink != &Thread->MutantListHead) {
        PKMUTANT Mutant = CONTAINING_RECORD(Thread->MutantListHead.Flink, KMUTANT, MutantListEntry);
        if (Mutant->ApcDisable)
            KeBugCheckEx(THREAD_TERMINATE_HELD_MUTEX, (ULONG_PTR)Thread, (ULONG_PTR)Mutant, 0, 0);
        KeReleaseMutant(Mutant, 1, TRUE, FALSE);
    }
}
