/*
 * The kernel's part of a process: an address space that threads run in, and attaching to another.
 */
#include "ki.h"

CHAR KeThreadQuantum = THREAD_QUANTUM;

VOID KeInitializeProcess(PKPROCESS Process, KPRIORITY Priority, KAFFINITY Affinity,
                         ULONG64 DirectoryTableBase) {
    memset(Process, 0, sizeof(*Process));
    KiInitializeHeader(&Process->Header, ProcessObject, 0, 0);
    InitializeListHead(&Process->ProfileListHead);
    InitializeListHead(&Process->ThreadListHead);
    KeInitializeSpinLock(&Process->ProcessLock);
    Process->DirectoryTableBase = DirectoryTableBase;
    Process->BasePriority = (CHAR)Priority;
    Process->QuantumReset = KeThreadQuantum;
    Process->Affinity.Bitmap[0] = Affinity;
}

/* The kernel's half is the same in all address spaces, so this is safe at any point. */
VOID KiSwapProcess(PKPROCESS Process) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    if (Prcb->CurrentAddressSpace == Process)
        return;
    PKPROCESS Old = Prcb->CurrentAddressSpace;
    InterlockedOr64(&Process->ActiveProcessors.Bitmap[0], Prcb->SetMember);
    Prcb->CurrentAddressSpace = Process;
    __asm__ volatile("mov %0, %%cr3" : : "r"(Process->DirectoryTableBase) : "memory");
    if (Old) /* only now: until cr3 has changed, its flushes concern this processor */
        InterlockedAnd64(&Old->ActiveProcessors.Bitmap[0], ~Prcb->SetMember);
}

KAFFINITY KeSetAffinityProcess(PKPROCESS Process, KAFFINITY Affinity) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireSpinLock(&Process->ProcessLock, KiClassProcess);
    KAFFINITY Old = Process->Affinity.Bitmap[0];
    Process->Affinity.Bitmap[0] = Affinity;
    for (PLIST_ENTRY Entry = Process->ThreadListHead.Flink; Entry != &Process->ThreadListHead;
         Entry = Entry->Flink)
        KeSetAffinityThread(CONTAINING_RECORD(Entry, KTHREAD, ThreadListEntry), Affinity);
    KeReleaseSpinLockFromDpcLevel(&Process->ProcessLock);
    KiExitDispatcher(OldIrql);
    return Old;
}

LONG NTAPI KeSetProcessSignal(PKPROCESS Process, KPRIORITY Increment) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireObjectLock(&Process->Header);
    LONG Previous = Process->Header.SignalState;
    Process->Header.SignalState = 1;
    KiWaitTest(&Process->Header, Increment);
    KiReleaseObjectLock(&Process->Header);
    KiExitDispatcher(OldIrql);
    return Previous;
}

/* Only the address space changes: APCs stay the thread's own while it is attached, because
   kernel APCs are held off (guarded region) until it is back. */
VOID NTAPI KeStackAttachProcess(PKPROCESS Process, PKAPC_STATE ApcState) {
    PKTHREAD Thread = KeGetCurrentThread();
    KeEnterGuardedRegion();
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    ApcState->Process = Thread->ApcState.Process;
    Thread->ApcState.Process = Process;
    KiSwapProcess(Process);
    KeLowerIrql(OldIrql);
}

VOID NTAPI KeUnstackDetachProcess(PKAPC_STATE ApcState) {
    PKTHREAD Thread = KeGetCurrentThread();
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    Thread->ApcState.Process = ApcState->Process;
    KiSwapProcess(ApcState->Process);
    KeLowerIrql(OldIrql);
    KeLeaveGuardedRegion();
}
