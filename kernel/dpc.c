/*
 * Deferred procedure calls: what an interrupt routine leaves for later, at DISPATCH_LEVEL.
 *
 * Each processor has a queue. A DPC goes into that of the processor that queues it, or of the one
 * that KeSetTargetProcessorDpc has named. When it runs depends on its importance:
 *
 *                here                          on another processor
 *   High         first of the queue, at once   first of the queue, at once: an interrupt is sent
 *   MediumHigh   at once                       at once
 *   Medium       at once                       with the next reason to look (its clock interrupt at
 *   Low          with the next reason          the latest), or at once if it is idle
 *
 * "At once" is as soon as the processor's IRQL is below DISPATCH_LEVEL. A queue that has grown
 * longer than MaximumDpcQueueDepth is served at once, whatever is in it. DPCs run one after
 * another, on a stack of their own (dpcstack.asm), until the queue is empty.
 */
#include "ki.h"
#include "ntteb.h"

#define MAXIMUM_DPC_QUEUE_DEPTH 4

VOID KiInitializeDpcQueue(PKPRCB Prcb) {
    InitializeListHead(&Prcb->DpcData[0].DpcListHead);
    KeInitializeSpinLock(&Prcb->DpcData[0].DpcLock);
    Prcb->MaximumDpcQueueDepth = MAXIMUM_DPC_QUEUE_DEPTH;
}

VOID NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE Routine, PVOID Context) {
    memset(Dpc, 0, sizeof(*Dpc));
    Dpc->Type = DpcObject;
    Dpc->Importance = MediumImportance;
    Dpc->DeferredRoutine = Routine;
    Dpc->DeferredContext = Context;
}

VOID NTAPI KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance) {
    Dpc->Importance = (UCHAR)Importance;
}

#define DPC_TARGETED 0x500 /* in KDPC.Number, with the processor's */

VOID NTAPI KeSetTargetProcessorDpc(PRKDPC Dpc, CHAR Number) {
    Dpc->Number = (USHORT)(DPC_TARGETED + (UCHAR)Number);
}

NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber) {
    if (ProcNumber->Group != 0 || ProcNumber->Reserved != 0 ||
        ProcNumber->Number >= KeNumberProcessors)
        return STATUS_INVALID_PARAMETER;
    KeSetTargetProcessorDpc(Dpc, (CHAR)ProcNumber->Number);
    return STATUS_SUCCESS;
}

static PKPRCB KiTargetOfDpc(PKDPC Dpc, PKPRCB Current) {
    ULONG Number = (ULONG)Dpc->Number - DPC_TARGETED;
    return Dpc->Number >= DPC_TARGETED && Number < KeNumberProcessors ? KiProcessorBlock[Number]
                                                                      : Current;
}

/* The DPC is in Target's queue. The fence: the queue is written before it is asked who is idle, and
   an idle processor says so before it looks at its queue. */
static VOID KiRequestDpcInterrupt(PKPRCB Target, PKPRCB Current, UCHAR Importance) {
    BOOLEAN Long = Target->DpcData[0].DpcQueueDepth > Target->MaximumDpcQueueDepth;
    if (Target == Current) {
        if (!Current->DpcRoutineActive && (Long || Importance != LowImportance))
            HalRequestSoftwareInterrupt(DISPATCH_LEVEL);
        return;
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (Long || Importance >= HighImportance ||
        *(PKTHREAD volatile *)&Target->CurrentThread == Target->IdleThread)
        KiIpiSend(Target, IPI_DPC);
}

/* Any IRQL: the queue's lock is held with interrupts off. FALSE if it was queued already. */
BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2) {
    BOOLEAN Enabled = KeDisableInterrupts();
    KIRQL OldIrql = KeGetCurrentIrql();
    if (OldIrql < DISPATCH_LEVEL)
        KiWriteIrql(DISPATCH_LEVEL);
    PKPRCB Prcb = KeGetCurrentPrcb(), Target = KiTargetOfDpc(Dpc, Prcb);
    PKDPC_DATA Data = &Target->DpcData[0];
    UCHAR Importance = Dpc->Importance; /* it may run, and be freed, as soon as it is queued */
    KiAcquireSpinLock(&Data->DpcLock, KiClassDpc);
    PVOID Free = NULL; /* two processors may queue it at once, each into its own queue */
    BOOLEAN Inserted = __atomic_compare_exchange_n(&Dpc->DpcData, &Free, Data, FALSE,
                                                   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    if (Inserted) {
        Dpc->SystemArgument1 = SystemArgument1;
        Dpc->SystemArgument2 = SystemArgument2;
        Data->DpcQueueDepth++;
        Data->DpcCount++;
        if (Importance == HighImportance)
            InsertHeadList(&Data->DpcListHead, &Dpc->DpcListEntry);
        else
            InsertTailList(&Data->DpcListHead, &Dpc->DpcListEntry);
    }
    KeReleaseSpinLockFromDpcLevel(&Data->DpcLock);
    if (Inserted)
        KiRequestDpcInterrupt(Target, Prcb, Importance);
    if (OldIrql < DISPATCH_LEVEL)
        KiWriteIrql(OldIrql);
    KeRestoreInterrupts(Enabled);
    return Inserted;
}

BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc) {
    BOOLEAN Enabled = KeDisableInterrupts(), Removed = FALSE;
    KIRQL OldIrql = KeGetCurrentIrql();
    if (OldIrql < DISPATCH_LEVEL)
        KiWriteIrql(DISPATCH_LEVEL);
    PKDPC_DATA Data = Dpc->DpcData;
    if (Data) {
        KiAcquireSpinLock(&Data->DpcLock, KiClassDpc);
        if (Dpc->DpcData == Data) {
            RemoveEntryList(&Dpc->DpcListEntry);
            Dpc->DpcData = NULL;
            Data->DpcQueueDepth--;
            Removed = TRUE;
        }
        KeReleaseSpinLockFromDpcLevel(&Data->DpcLock);
    }
    if (OldIrql < DISPATCH_LEVEL)
        KiWriteIrql(OldIrql);
    KeRestoreInterrupts(Enabled);
    return Removed;
}

/* The copy that a processor works on leads to the DPC itself. */
static BOOLEAN KiIsDpcActive(PKDPC_DATA Data, PRKDPC Dpc) {
    BOOLEAN Enabled = KeDisableInterrupts();
    KIRQL OldIrql = KeGetCurrentIrql();
    if (OldIrql < DISPATCH_LEVEL) {
        KiWriteIrql(DISPATCH_LEVEL);
    }
    KiAcquireSpinLock(&Data->DpcLock, KiClassDpc);
    PKDPC Active = Data->ActiveDpc;
    BOOLEAN Found = Active != NULL && *(PVOID volatile *)&Active->DpcData == Dpc;
    KeReleaseSpinLockFromDpcLevel(&Data->DpcLock);
    if (OldIrql < DISPATCH_LEVEL) {
        KiWriteIrql(OldIrql);
    }
    KeRestoreInterrupts(Enabled);
    return Found;
}

BOOLEAN KeRemoveQueueDpcEx(_Inout_ PRKDPC Dpc, _In_ BOOLEAN WaitIfActive) {
    BOOLEAN Removed = KeRemoveQueueDpc(Dpc);
    for (ULONG i = 0; WaitIfActive && i < KeNumberProcessors; i++) {
        while (KiIsDpcActive(&KiProcessorBlock[i]->DpcData[0], Dpc)) {
            YieldProcessor();
        }
    }
    return Removed;
}

static BOOLEAN KiTakeDpc(PKDPC_DATA Data, PKDPC Copy) {
    BOOLEAN Enabled = KeDisableInterrupts(), Found;
    KiAcquireSpinLock(&Data->DpcLock, KiClassDpc);
    Found = Data->DpcListHead.Flink != &Data->DpcListHead;
    if (Found) {
        PKDPC Dpc = CONTAINING_RECORD(Data->DpcListHead.Flink, KDPC, DpcListEntry);
        RemoveEntryList(&Dpc->DpcListEntry);
        *Copy = *Dpc; /* the routine may free or queue it again */
        Copy->DpcData = Dpc;
        Dpc->DpcData = NULL;
        Data->DpcQueueDepth--;
        Data->ActiveDpc =
            Copy; /* with the lock held: it is in the queue or active, never neither */
    }
    KeReleaseSpinLockFromDpcLevel(&Data->DpcLock);
    KeRestoreInterrupts(Enabled);
    return Found;
}

/* A routine must leave the level as it found it, and no spin lock behind. */
static VOID KiRunDpc(PKPRCB Prcb, PKDPC Dpc) {
    Prcb->DpcTimeCount = 0;
    Dpc->DeferredRoutine(Dpc->DpcData, Dpc->DeferredContext, Dpc->SystemArgument1,
                         Dpc->SystemArgument2);
    Prcb->DpcData[0].ActiveDpc = NULL;
    if (KeGetCurrentIrql() != DISPATCH_LEVEL)
        KeBugCheckEx(IRQL_NOT_DISPATCH_LEVEL, (ULONG_PTR)Dpc->DeferredRoutine, KeGetCurrentIrql(),
                     0, 0);
    KiCheckNoLocks();
}

static VOID KiRunQueuedDpcs(PVOID Argument) {
    PKPRCB Prcb = Argument;
    do {
        KDPC Dpc;
        Prcb->DpcRoutineActive = TRUE;
        while (KiTakeDpc(&Prcb->DpcData[0], &Dpc))
            KiRunDpc(Prcb, &Dpc);
        Prcb->DpcRoutineActive = FALSE; /* from here on an insertion asks for an interrupt */
    } while (*(volatile ULONG *)&Prcb->DpcData[0].DpcQueueDepth);
}

/* DISPATCH_LEVEL: runs what is queued, and what that queues. */
VOID KiRetireDpcList(PKPRCB Prcb) {
    if (Prcb->DpcStack) /* not while the system starts */
        KiCallOnStack(KiRunQueuedDpcs, Prcb, Prcb->DpcStack);
    else
        KiRunQueuedDpcs(Prcb);
}

VOID KeSetDpcStack(PVOID Stack) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL); /* the queue is not being served */
    KeGetCurrentPrcb()->DpcStack = Stack;
    KeLowerIrql(OldIrql);
}

/* --- waiting for them ---------------------------------------------------------------------------
 */

static VOID KiFlushDpcRoutine(PKDPC Dpc, PVOID Done, PVOID Unused1, PVOID Unused2) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Unused1);
    UNREFERENCED_PARAMETER(Unused2);
    KeSetEvent(Done, 0, FALSE);
}

/* A DPC to each processor in turn, behind all that are there. */
VOID NTAPI KeFlushQueuedDpcs(VOID) {
    KEVENT Done;
    KDPC Dpc;
    ASSERT_IRQL(== PASSIVE_LEVEL);
    KeInitializeEvent(&Done, SynchronizationEvent, FALSE);
    for (ULONG Number = 0; Number < KeNumberProcessors; Number++) {
        KeInitializeDpc(&Dpc, KiFlushDpcRoutine, &Done);
        KeSetImportanceDpc(&Dpc, MediumHighImportance);
        KeSetTargetProcessorDpc(&Dpc, (CHAR)Number);
        KeInsertQueueDpc(&Dpc, NULL, NULL);
        KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    }
}
