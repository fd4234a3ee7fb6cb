/*
 * Deferred procedure calls: what an interrupt routine leaves for later, at DISPATCH_LEVEL.
 */
#include "ki.h"

VOID KiInitializeDpcQueue(PKPRCB Prcb) {
    InitializeListHead(&Prcb->DpcData[0].DpcListHead);
    KeInitializeSpinLock(&Prcb->DpcData[0].DpcLock);
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

static PKPRCB KiTargetOfDpc(PKDPC Dpc, PKPRCB Current) {
    ULONG Number = (ULONG)Dpc->Number - DPC_TARGETED;
    return Dpc->Number >= DPC_TARGETED && Number < KeNumberProcessors ? KiProcessorBlock[Number]
                                                                      : Current;
}

/* The DPC's processor is to run it: at once if it is another, or else when this one's IRQL drops.
 */
static VOID KiRequestDpcInterrupt(PKPRCB Target, PKPRCB Current) {
    if (Target != Current)
        KiIpiSend(Target, IPI_DPC);
    else if (!Current->DpcRoutineActive)
        HalRequestSoftwareInterrupt(DISPATCH_LEVEL);
}

/* Any IRQL: the queue's lock is held with interrupts off. FALSE if it was queued already. */
BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2) {
    BOOLEAN Enabled = KeDisableInterrupts();
    KIRQL OldIrql = KeGetCurrentIrql();
    if (OldIrql < DISPATCH_LEVEL)
        KiWriteIrql(DISPATCH_LEVEL);
    PKPRCB Prcb = KeGetCurrentPrcb(), Target = KiTargetOfDpc(Dpc, Prcb);
    PKDPC_DATA Data = &Target->DpcData[0];
    KiAcquireSpinLock(&Data->DpcLock, KiClassDpc);
    PVOID Free = NULL; /* two processors may queue it at once, each into its own queue */
    BOOLEAN Inserted = __atomic_compare_exchange_n(&Dpc->DpcData, &Free, Data, FALSE,
                                                   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    if (Inserted) {
        Dpc->SystemArgument1 = SystemArgument1;
        Dpc->SystemArgument2 = SystemArgument2;
        Data->DpcQueueDepth++;
        Data->DpcCount++;
        if (Dpc->Importance == HighImportance)
            InsertHeadList(&Data->DpcListHead, &Dpc->DpcListEntry);
        else
            InsertTailList(&Data->DpcListHead, &Dpc->DpcListEntry);
    }
    KeReleaseSpinLockFromDpcLevel(&Data->DpcLock);
    if (Inserted)
        KiRequestDpcInterrupt(Target, Prcb);
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
    }
    KeReleaseSpinLockFromDpcLevel(&Data->DpcLock);
    KeRestoreInterrupts(Enabled);
    return Found;
}

/* DISPATCH_LEVEL: runs what is queued, and what that queues. */
VOID KiRetireDpcList(PKPRCB Prcb) {
    do {
        KDPC Dpc;
        Prcb->DpcRoutineActive = TRUE;
        while (KiTakeDpc(&Prcb->DpcData[0], &Dpc)) {
            Prcb->DpcTimeCount = 0;
            Prcb->DpcData[0].ActiveDpc = &Dpc;
            Dpc.DeferredRoutine(Dpc.DpcData, Dpc.DeferredContext, Dpc.SystemArgument1,
                                Dpc.SystemArgument2);
            Prcb->DpcData[0].ActiveDpc = NULL;
            if (KeGetCurrentIrql() != DISPATCH_LEVEL)
                KeBugCheckEx(IRQL_NOT_DISPATCH_LEVEL, (ULONG_PTR)Dpc.DeferredRoutine,
                             KeGetCurrentIrql(), 0, 0);
        }
        Prcb->DpcRoutineActive = FALSE; /* from here on an insertion asks for an interrupt */
    } while (*(volatile ULONG *)&Prcb->DpcData[0].DpcQueueDepth);
}
