/*
 * ddkirql.c - a driver built with mingw's DDK headers, which raise and lower IRQL inline
 *
 * Every routine that changes IRQL exists twice: inline in the headers, where it writes cr8 and nothing
 * else, and exported by the kernel. Stock drivers mix them freely. This driver goes through all pairs of
 * an inline or exported raise and an inline or exported lower, at each level, with a DPC queued in
 * between, and through spin locks, DPCs and an interrupt routine in the same mixture. After each step the
 * level that cr8 holds, that both forms of KeGetCurrentIrql report and that KPCR.Irql copies must be the
 * same. The log says "DDKIRQL done: N checks, M wrong".
 */
#include <ntddk.h>

#define IRQL_LEVELS 16 /* 0 to HIGH_LEVEL */

/* The exported forms. The headers' inline ones have the same names, so these go by pointers that
   the import table fills. */
extern KIRQL(NTAPI *const ImportGet)(VOID) __asm__("__imp_KeGetCurrentIrql");
extern KIRQL(NTAPI *const ImportRaise)(KIRQL NewIrql) __asm__("__imp_KfRaiseIrql");
extern KIRQL(NTAPI *const ImportRaiseToDpc)(VOID) __asm__("__imp_KeRaiseIrqlToDpcLevel");
extern VOID(NTAPI *const ImportLower)(KIRQL NewIrql) __asm__("__imp_KeLowerIrql");

static LONG Checks, Wrong;

static VOID Check(PCSTR What, KIRQL Wanted, KIRQL Found) {
    Checks++;
    if (Found != Wanted && Wrong++ < 10) {
        DbgPrint("DDKIRQL wrong: %s: %u, not %u\n", What, Found, Wanted);
    }
}

/* The inline form and cr8 first: the exported one brings KPCR.Irql in line. */
static VOID CheckLevel(PCSTR What, KIRQL Wanted) {
    Check(What, Wanted, KeGetCurrentIrql());
    Check(What, Wanted, (KIRQL)__readcr8());
    Check(What, Wanted, ImportGet());
    Check(What, Wanted, KeGetPcr()->Irql);
}

/* ---- Raise and lower ---- */

typedef KIRQL (*RAISE)(KIRQL NewIrql);
typedef VOID (*LOWER)(KIRQL NewIrql);

static KIRQL RaiseInline(KIRQL NewIrql) {
    KIRQL Old;
    KeRaiseIrql(NewIrql, &Old);
    return Old;
}

static VOID LowerInline(KIRQL NewIrql) {
    KeLowerIrql(NewIrql);
}

static KIRQL RaiseByExport(KIRQL NewIrql) {
    return ImportRaise(NewIrql);
}

static VOID LowerByExport(KIRQL NewIrql) {
    ImportLower(NewIrql);
}

static volatile LONG DpcRuns;

static VOID NTAPI CountDpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
    CheckLevel("in a DPC", DISPATCH_LEVEL);
    InterlockedIncrement(&DpcRuns);
}

static VOID Linger(VOID) {
    for (ULONG i = 0; i < 200; i++) {
        YieldProcessor();
    }
}

/* A DPC that is queued at Level runs before the level has fallen to PASSIVE_LEVEL again, and never at
   DISPATCH_LEVEL or above. */
static VOID TryPair(RAISE Raise, LOWER Lower, KIRQL Level) {
    KDPC Dpc;
    KeInitializeDpc(&Dpc, CountDpc, NULL);
    DpcRuns = 0;
    KIRQL Old = Raise(Level);
    Check("level before", PASSIVE_LEVEL, Old);
    CheckLevel("raised", Level);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    Linger();
    if (Level >= DISPATCH_LEVEL) {
        Check("DPCs that ran too early", 0, (KIRQL)DpcRuns);
    }
    CheckLevel("still raised", Level);
    Lower(Old);
    Linger();
    KeFlushQueuedDpcs();
    Check("DPCs that ran", 1, (KIRQL)DpcRuns);
    CheckLevel("lowered", PASSIVE_LEVEL);
}

static VOID TryPairs(VOID) {
    static const RAISE Raises[] = {RaiseInline, RaiseByExport};
    static const LOWER Lowers[] = {LowerInline, LowerByExport};
    for (ULONG i = 0; i < 4; i++) {
        for (KIRQL Level = PASSIVE_LEVEL; Level < IRQL_LEVELS; Level++) {
            TryPair(Raises[i & 1], Lowers[i >> 1], Level);
        }
    }
}

/* Two levels, each raised and lowered its own way. */
static VOID TryNested(VOID) {
    for (ULONG i = 0; i < 16; i++) {
        KIRQL Outer = i & 1 ? RaiseInline(APC_LEVEL) : RaiseByExport(APC_LEVEL);
        KIRQL Inner = i & 2 ? RaiseInline(HIGH_LEVEL) : RaiseByExport(HIGH_LEVEL);
        CheckLevel("nested", HIGH_LEVEL);
        (i & 4 ? LowerInline : LowerByExport)(Inner);
        CheckLevel("between", APC_LEVEL);
        (i & 8 ? LowerInline : LowerByExport)(Outer);
        CheckLevel("after both", PASSIVE_LEVEL);
    }
}

/* ---- Spin locks ---- */

static VOID TrySpinLocks(VOID) {
    KSPIN_LOCK Lock;
    KIRQL Old;
    KeInitializeSpinLock(&Lock);
    KeAcquireSpinLock(&Lock, &Old);
    CheckLevel("lock by export", DISPATCH_LEVEL);
    KeReleaseSpinLockFromDpcLevel(&Lock);
    KeLowerIrql(Old);
    CheckLevel("released, lowered inline", PASSIVE_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    KeAcquireSpinLockAtDpcLevel(&Lock);
    CheckLevel("raised inline, lock by export", DISPATCH_LEVEL);
    KeReleaseSpinLock(&Lock, Old);
    CheckLevel("released by export", PASSIVE_LEVEL);
    Old = ImportRaiseToDpc();
    KeAcquireSpinLockAtDpcLevel(&Lock);
    CheckLevel("raised by export", DISPATCH_LEVEL);
    KeReleaseSpinLockFromDpcLevel(&Lock);
    KeLowerIrql(Old);
    CheckLevel("lowered inline", PASSIVE_LEVEL);
    Old = KeRaiseIrqlToDpcLevel();
    CheckLevel("KeRaiseIrqlToDpcLevel", DISPATCH_LEVEL);
    ImportLower(Old);
    Old = KeRaiseIrqlToSynchLevel();
    CheckLevel("KeRaiseIrqlToSynchLevel", 12);
    ImportLower(Old);
    CheckLevel("lowered by export", PASSIVE_LEVEL);
}

/* A wait and a fast mutex leave the level as they found it, however it was set. */
static VOID TryWaits(VOID) {
    KEVENT Event;
    FAST_MUTEX Mutex;
    LARGE_INTEGER Soon = {.QuadPart = -10000};
    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    KIRQL Old = RaiseInline(APC_LEVEL);
    KeSetEvent(&Event, 0, FALSE);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    CheckLevel("a wait at APC_LEVEL", APC_LEVEL);
    KeDelayExecutionThread(KernelMode, FALSE, &Soon);
    CheckLevel("a delay at APC_LEVEL", APC_LEVEL);
    LowerInline(Old);
    ExInitializeFastMutex(&Mutex);
    ExAcquireFastMutex(&Mutex);
    CheckLevel("a fast mutex", APC_LEVEL);
    ExReleaseFastMutex(&Mutex);
    CheckLevel("a fast mutex released", PASSIVE_LEVEL);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    CheckLevel("at entry", PASSIVE_LEVEL);
    TryPairs();
    TryNested();
    TrySpinLocks();
    TryWaits();
    DbgPrint("DDKIRQL done: %u checks, %u wrong\n", Checks, Wrong);
    return STATUS_UNSUCCESSFUL; /* nothing of it stays loaded */
}
