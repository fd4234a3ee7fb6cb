/*
 * Mutants (mutexes to user mode): owned by a thread, which may take them again and again.
 *
 * SignalState is 1 when free and falls by one with each acquisition, as far as a LONG goes: the
 * next one after that is refused (STATUS_MUTANT_LIMIT_EXCEEDED). A mutant whose owner ends without
 * giving it up is abandoned: the next owner's wait returns STATUS_ABANDONED. Kernel mutexes
 * (KeInitializeMutex) also keep normal kernel APCs from their owner.
 *
 * A thread's list of the mutants that it owns is guarded by its ThreadLock, because a mutant can
 * leave it in another thread: the one that closes the last handle. A mutant is out of the list
 * before it is freed, and for that its own lock is needed: so who comes to it by the list holds
 * ThreadLock until it has that lock too (KiFirstMutant).
 */
#include "ki.h"

VOID NTAPI KeInitializeMutant(PRKMUTANT Mutant, BOOLEAN InitialOwner) {
    KiInitializeHeader(&Mutant->Header, MutantObject, sizeof(KMUTANT), 1);
    Mutant->OwnerThread = NULL;
    Mutant->Abandoned = FALSE;
    Mutant->ApcDisable = 0;
    InitializeListHead(&Mutant->MutantListEntry);
    if (InitialOwner) {
        PKTHREAD Thread = KeGetCurrentThread();
        KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
        KiAcquireThreadLock(Thread);
        KiTakeMutant(Mutant, Thread);
        KiReleaseThreadLock(Thread);
        KeLowerIrql(OldIrql);
    }
}

VOID NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG Level) {
    UNREFERENCED_PARAMETER(Level);
    KeInitializeMutant(Mutex, FALSE);
    Mutex->ApcDisable = 1;
}

NTSTATUS KiTakeMutant(PKMUTANT Mutant, PKTHREAD Thread) {
    NTSTATUS Abandoned = Mutant->Abandoned ? STATUS_ABANDONED_WAIT_0 : 0;
    if (Mutant->Header.SignalState-- == 1) {
        Mutant->OwnerThread = Thread;
        Mutant->Abandoned = FALSE;
        InsertTailList(&Thread->MutantListHead, &Mutant->MutantListEntry);
        if (Mutant->ApcDisable)
            Thread->KernelApcDisable--;
    }
    return Abandoned;
}

BOOLEAN KiMutantLimitReached(PDISPATCHER_HEADER Object) {
    return Object->SignalState == MINLONG && KiObjectType(Object) == MutantObject;
}

/* Mutant's lock held. */
static VOID KiFreeMutant(PRKMUTANT Mutant, BOOLEAN Abandoned, KPRIORITY Increment) {
    PKTHREAD Owner = Mutant->OwnerThread;
    if (Owner) {
        KiAcquireThreadLock(Owner);
        RemoveEntryList(&Mutant->MutantListEntry);
        KiReleaseThreadLock(Owner);
    }
    Mutant->OwnerThread = NULL;
    Mutant->Abandoned |= Abandoned;
    Mutant->Header.SignalState = 1;
    KiWaitTest(&Mutant->Header, Increment);
}

/* Mutant's lock held: the current thread may release it, or why not. */
static NTSTATUS KiCheckOwner(PRKMUTANT Mutant) {
    if (Mutant->OwnerThread == KeGetCurrentThread())
        return STATUS_SUCCESS;
    return Mutant->Abandoned ? STATUS_ABANDONED : STATUS_MUTANT_NOT_OWNED;
}

LONG NTAPI KeReleaseMutant(PRKMUTANT Mutant, KPRIORITY Increment, BOOLEAN Abandoned, BOOLEAN Wait) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(&Mutant->Header);
    LONG Previous = Mutant->Header.SignalState;
    NTSTATUS Status = Abandoned ? STATUS_SUCCESS : KiCheckOwner(Mutant);
    if (Status != STATUS_SUCCESS) { /* STATUS_ABANDONED counts as a success elsewhere */
        KiReleaseObjectLock(&Mutant->Header);
        KeLowerIrql(OldIrql);
        RtlRaiseStatus(Status);
    }
    BOOLEAN Freed = Abandoned || Previous == 0;
    if (Freed)
        KiFreeMutant(Mutant, Abandoned, Increment);
    else
        Mutant->Header.SignalState = Previous + 1;
    BOOLEAN LeaveRegion = Freed && Mutant->ApcDisable;
    KiReleaseObjectLock(&Mutant->Header);
    KiExitSignal(OldIrql, Wait);
    if (LeaveRegion)
        KeLeaveCriticalRegion();
    return Previous;
}

LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait) {
    return KeReleaseMutant(Mutex, MUTANT_INCREMENT, FALSE, Wait);
}

LONG NTAPI KeReadStateMutant(PRKMUTANT Mutant) {
    return *(volatile LONG *)&Mutant->Header.SignalState;
}

/* DISPATCH_LEVEL. The first mutant that Thread owns, locked; NULL if it owns none. From the thread
   to the mutant is against the order of the locks, so the mutant's is only tried. */
static PKMUTANT KiFirstMutant(PKTHREAD Thread) {
    for (;;) {
        PKMUTANT Mutant = NULL;
        KiAcquireThreadLock(Thread);
        if (!IsListEmpty(&Thread->MutantListHead))
            Mutant = CONTAINING_RECORD(Thread->MutantListHead.Flink, KMUTANT, MutantListEntry);
        BOOLEAN Done = !Mutant || KiTryObjectLock(&Mutant->Header);
        KiReleaseThreadLock(Thread);
        if (Done)
            return Mutant;
        YieldProcessor();
    }
}

VOID KiAbandonMutants(PKTHREAD Thread) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    PKMUTANT Mutant;
    while ((Mutant = KiFirstMutant(Thread)) != NULL) {
        if (Mutant->ApcDisable)
            KeBugCheckEx(THREAD_TERMINATE_HELD_MUTEX, (ULONG_PTR)Thread, (ULONG_PTR)Mutant, 0, 0);
        KiFreeMutant(Mutant, TRUE, MUTANT_INCREMENT);
        KiReleaseObjectLock(&Mutant->Header);
    }
    KiExitDispatcher(OldIrql);
}
