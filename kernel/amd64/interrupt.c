/*
 * Device interrupts.
 *
 * A device's line becomes a vector (hal/ioapic.c), a vector selects an entry of the IDT, all
 * entries that are nobody's own lead to KiInterruptDispatch (trap.c), and from there it comes here.
 * What is to be done about a vector is said by KINTERRUPT objects: a driver's service routine, its
 * context, a lock. A vector has none, one, or several in a chain when lines are shared.
 *
 *   exclusive       the one routine is called
 *   shared, level   routines are called until one says that its device had asked: if another one
 *                   asks too, the line is still active, and the interrupt comes again
 *   shared, edge    all are called, again and again, until none has anything to do: an edge that
 *                   came while the line was active already is never seen
 *
 * A routine runs at its SynchronizeIrql with the interrupt's lock held, and so does the routine
 * that a driver gives to KeSynchronizeExecution: that is how a driver keeps its ISR out.
 *
 * An interrupt that no routine claims is counted. A line that stays active and that nobody claims
 * would come for ever, so when STORM_LIMIT of them have come within a second, the line is masked
 * and the log says so. A vector without routines is counted too (KPRCB.UnexpectedInterrupts).
 *
 * Locks: KI_VECTOR.Lock guards a vector's chain. The dispatcher holds it, at the vector's level,
 * for as long as routines run; connecting and disconnecting take it with interrupts off. So no
 * routine can run once its object is disconnected. Below it comes the lock of one interrupt.
 *
 * Different from Windows: there is one table of vectors for all processors, not one in each KPRCB,
 * and all processors share the IDT. The line of a vector goes to one processor: that of the first
 * interrupt that is connected to it (KINTERRUPT.Number).
 */
#include "ki.h"

#define STORM_LIMIT  1000
#define STORM_WINDOW (10000000 / HAL_CLOCK_INCREMENT) /* ticks in a second */

typedef struct _KI_VECTOR {
    KSPIN_LOCK Lock;
    PKINTERRUPT First; /* the head of the chain */
    ULONG Unclaimed;   /* since WindowStart */
    BOOLEAN Masked;    /* after a storm */
    ULONG64 WindowStart;
} KI_VECTOR, *PKI_VECTOR;

KI_VECTOR KiVectors[256];

VOID NTAPI KeInitializeInterrupt(PKINTERRUPT Interrupt, PKSERVICE_ROUTINE ServiceRoutine,
                                 PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector,
                                 KIRQL Irql, KIRQL SynchronizeIrql, KINTERRUPT_MODE InterruptMode,
                                 BOOLEAN ShareVector, CHAR ProcessorNumber, BOOLEAN FloatingSave) {
    memset(Interrupt, 0, sizeof(*Interrupt));
    Interrupt->Type = InterruptObject;
    Interrupt->Size = sizeof(*Interrupt);
    InitializeListHead(&Interrupt->InterruptListEntry);
    Interrupt->ServiceRoutine = ServiceRoutine;
    Interrupt->ServiceContext = ServiceContext;
    KeInitializeSpinLock(&Interrupt->SpinLock);
    Interrupt->ActualLock = SpinLock ? SpinLock : &Interrupt->SpinLock;
    Interrupt->Vector = Vector;
    Interrupt->Irql = Irql;
    Interrupt->SynchronizeIrql = SynchronizeIrql;
    Interrupt->Mode = InterruptMode;
    Interrupt->ShareVector = ShareVector;
    Interrupt->Number = (UCHAR)ProcessorNumber;
    Interrupt->FloatingSave = FloatingSave;
}

/* --- running the service routines ----------------------------------------------------------------
 */

static BOOLEAN KiCallServiceRoutine(PKINTERRUPT Interrupt) {
    KIRQL Irql = Interrupt->SynchronizeIrql;
    KiWriteIrql(Irql);
    KiAcquireSpinLock(Interrupt->ActualLock, KiClassInterrupt);
    BOOLEAN Claimed = Interrupt->ServiceRoutine(Interrupt, Interrupt->ServiceContext);
    if (KeGetCurrentIrql() != Irql)
        KeBugCheckEx(IRQL_UNEXPECTED_VALUE, KeGetCurrentIrql(), Irql,
                     (ULONG_PTR)Interrupt->ServiceRoutine, (ULONG_PTR)Interrupt);
    KeReleaseSpinLockFromDpcLevel(Interrupt->ActualLock);
    KiWriteIrql(Interrupt->Irql);
    Interrupt->ServiceCount++;
    Interrupt->DispatchCount += Claimed;
    return Claimed;
}

/* One pass through a chain; Until: whether to stop at the first routine that claims. */
static BOOLEAN KiCallChain(PKINTERRUPT First, BOOLEAN Until) {
    PKINTERRUPT Interrupt = First;
    BOOLEAN Claimed = FALSE;
    do {
        PLIST_ENTRY Next = Interrupt->InterruptListEntry.Flink;
        Claimed |= KiCallServiceRoutine(Interrupt);
        Interrupt = CONTAINING_RECORD(Next, KINTERRUPT, InterruptListEntry);
    } while (Interrupt != First && !(Claimed && Until));
    return Claimed;
}

static BOOLEAN KiChainedDispatch(PKINTERRUPT First) {
    if (First->Mode == LevelSensitive)
        return KiCallChain(First, TRUE);
    BOOLEAN Claimed = FALSE;
    while (KiCallChain(First, FALSE))
        Claimed = TRUE;
    return Claimed;
}

/* The vector's lock held. */
static VOID KiCountUnclaimed(PKI_VECTOR Slot, ULONG Vector) {
    if (KeTickCountStorage - Slot->WindowStart > STORM_WINDOW) {
        Slot->WindowStart = KeTickCountStorage;
        Slot->Unclaimed = 0;
    }
    if (++Slot->Unclaimed < STORM_LIMIT || Slot->Masked)
        return;
    HalDisableSystemInterrupt(Vector, (KIRQL)(Vector >> 4));
    Slot->Masked = TRUE;
    DbgPrint("KE: interrupt storm: nobody claims vector %02x (first routine %p), masked\n", Vector,
             (PVOID)Slot->First->ServiceRoutine);
}

/* At the level of Vector, interrupts off; comes back with them off. FALSE: no routine claimed it.
 */
BOOLEAN KiDispatchDeviceInterrupt(ULONG Vector) {
    PKI_VECTOR Slot = &KiVectors[Vector];
    BOOLEAN Claimed = FALSE;
    KiAcquireSpinLock(&Slot->Lock, KiClassVector);
    if (Slot->First && !Slot->Masked) {
        _enable_interrupts();
        Claimed = Slot->First->DispatchAddress(Slot->First);
        _disable_interrupts();
        if (!Claimed)
            KiCountUnclaimed(Slot, Vector);
    }
    KeReleaseSpinLockFromDpcLevel(&Slot->Lock);
    return Claimed;
}

/* --- connecting ----------------------------------------------------------------------------------
 */

/* With interrupts off, so that no interrupt of this vector comes on top of the lock's owner. */
static PKI_VECTOR KiLockVector(ULONG Vector, PKIRQL OldIrql, PBOOLEAN Enabled) {
    *OldIrql = KfRaiseIrql(HIGH_LEVEL);
    *Enabled = KeDisableInterrupts();
    KiAcquireSpinLock(&KiVectors[Vector].Lock, KiClassVector);
    return &KiVectors[Vector];
}

static VOID KiUnlockVector(PKI_VECTOR Slot, KIRQL OldIrql, BOOLEAN Enabled) {
    KeReleaseSpinLockFromDpcLevel(&Slot->Lock);
    KeRestoreInterrupts(Enabled);
    KeLowerIrql(OldIrql);
}

static BOOLEAN KiInterruptIsSane(PKINTERRUPT Interrupt) {
    return Interrupt->Vector >= KI_FIRST_DEVICE_VECTOR &&
           Interrupt->Vector <= KI_LAST_DEVICE_VECTOR &&
           Interrupt->Irql == Interrupt->Vector >> 4 && Interrupt->Number < KeNumberProcessors &&
           Interrupt->SynchronizeIrql >= Interrupt->Irql &&
           Interrupt->SynchronizeIrql <= HIGH_LEVEL;
}

static BOOLEAN KiInsertInterrupt(PKI_VECTOR Slot, PKINTERRUPT Interrupt) {
    PKINTERRUPT First = Slot->First;
    if (Interrupt->Connected)
        return FALSE;
    if (!First) {
        InitializeListHead(&Interrupt->InterruptListEntry);
        Interrupt->DispatchAddress = KiCallServiceRoutine;
        Slot->First = Interrupt;
        Slot->Unclaimed = Slot->Masked = 0;
        /* FALSE only tells that no line belongs to the vector: software may raise it */
        HalEnableSystemInterrupt(Interrupt->Vector, Interrupt->Irql, Interrupt->Mode,
                                 Interrupt->Number);
    } else {
        if (!First->ShareVector || !Interrupt->ShareVector || First->Mode != Interrupt->Mode)
            return FALSE;
        First->DispatchAddress = Interrupt->DispatchAddress = KiChainedDispatch;
        InsertTailList(&First->InterruptListEntry, &Interrupt->InterruptListEntry);
    }
    Interrupt->Connected = TRUE;
    return TRUE;
}

BOOLEAN NTAPI KeConnectInterrupt(PKINTERRUPT Interrupt) {
    KIRQL OldIrql;
    BOOLEAN Enabled;
    ASSERT_IRQL(<= DISPATCH_LEVEL);
    if (!KiInterruptIsSane(Interrupt))
        return FALSE;
    PKI_VECTOR Slot = KiLockVector(Interrupt->Vector, &OldIrql, &Enabled);
    BOOLEAN Connected = KiInsertInterrupt(Slot, Interrupt);
    KiUnlockVector(Slot, OldIrql, Enabled);
    return Connected;
}

static VOID KiRemoveInterrupt(PKI_VECTOR Slot, PKINTERRUPT Interrupt) {
    PLIST_ENTRY Next = Interrupt->InterruptListEntry.Flink;
    BOOLEAN Last = Next == &Interrupt->InterruptListEntry;
    RemoveEntryList(&Interrupt->InterruptListEntry);
    Interrupt->Connected = FALSE;
    if (Last) {
        HalDisableSystemInterrupt(Interrupt->Vector, Interrupt->Irql);
        Slot->First = NULL;
        return;
    }
    if (Slot->First == Interrupt)
        Slot->First = CONTAINING_RECORD(Next, KINTERRUPT, InterruptListEntry);
    if (Slot->First->InterruptListEntry.Flink == &Slot->First->InterruptListEntry)
        Slot->First->DispatchAddress = KiCallServiceRoutine;
}

BOOLEAN NTAPI KeDisconnectInterrupt(PKINTERRUPT Interrupt) {
    KIRQL OldIrql;
    BOOLEAN Enabled;
    ASSERT_IRQL(<= DISPATCH_LEVEL);
    PKI_VECTOR Slot = KiLockVector(Interrupt->Vector & 0xFF, &OldIrql, &Enabled);
    BOOLEAN Connected = Interrupt->Connected;
    if (Connected)
        KiRemoveInterrupt(Slot, Interrupt);
    KiUnlockVector(Slot, OldIrql, Enabled);
    return Connected;
}

/* --- keeping the service routine out
 * -------------------------------------------------------------- */

KIRQL NTAPI KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt) {
    KIRQL OldIrql = KfRaiseIrql(Interrupt->SynchronizeIrql);
    KiAcquireSpinLock(Interrupt->ActualLock, KiClassInterrupt);
    return OldIrql;
}

VOID NTAPI KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql) {
    KeReleaseSpinLockFromDpcLevel(Interrupt->ActualLock);
    KeLowerIrql(OldIrql);
}

BOOLEAN NTAPI KeSynchronizeExecution(PKINTERRUPT Interrupt,
                                     PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                     PVOID SynchronizeContext) {
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Interrupt);
    BOOLEAN Result = SynchronizeRoutine(SynchronizeContext);
    KeReleaseInterruptSpinLock(Interrupt, OldIrql);
    return Result;
}
