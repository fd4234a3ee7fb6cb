/*
 * The rules of spin locks, kept in the checked build.
 *
 * A spin lock that is used wrongly does no harm most of the time: the one deadlock in a million
 * needs two processors, or an interrupt, at the right instant. So each use is looked at, not each
 * accident. Every processor has a list of the locks that it holds, with the level, the thread and
 * a piece of the stack of each acquire (a copy, to be unwound only if it is needed; unwinding each
 * would make every acquire a hundred times slower). With it these rules are checked:
 *
 *   own       a lock is not taken by the processor that holds it, nor given back by another
 *   level     it is taken at DISPATCH_LEVEL or above and given back at the level at which it was
 *             taken; between the two the level does not fall below DISPATCH_LEVEL
 *   order     taken in the order of the list in kelock.h, or, if it is not in that list, always in
 *             the same order (lockorder.c)
 *   routine   a lock that an interrupt routine takes is taken elsewhere with that interrupt held
 *             off (lockorder.c)
 *   time      given back before LOCK_TIME_LIMIT clock interrupts have come to this processor. Not
 *             counted is time in which it waits for another lock, since the other processor may
 *             be a virtual one that does not run at present
 *
 * Who breaks one is stopped with the code that Windows, or its Driver Verifier, has for it. The
 * report names the rule and shows the stack at hand and that of the earlier acquire.
 */
#include "ki.h"
#include "bugcheck/bugcheckp.h"

#if DBG

#define LOCK_TIME_LIMIT 256 /* ticks: four seconds */

/* 0xC4's first parameter (WDK, deadlock detection). */
#define VERIFIER_LOCK_ORDER 0x1001

typedef struct _KI_LOCK_REPORT {
    PCSTR Rule;
    const KI_LOCK_USE *Use;      /* the lock that it is about */
    const KI_HELD_LOCK *Earlier; /* the acquire before, if there was one */
    KI_STACK_LIST Where;         /* and another stack that says why */
} KI_LOCK_REPORT, *PKI_LOCK_REPORT;

static PKI_LOCK_STATE KiLockState(VOID) {
    return KeBugCheckActive ? NULL : KeGetCurrentPrcb()->LockState;
}

/* --- the report ---------------------------------------------------------------------------------
 */

static VOID KiPrintLock(PCSTR Title, const KI_LOCK_USE *Use) {
    KiBugPrint("%s %p %s at IRQL %u\n", Title, Use->Lock, KiLockClassName(Use->Class), Use->Irql);
}

static VOID KiPrintLockReport(PVOID Context) {
    PKI_LOCK_REPORT Report = Context;
    KiBugPrint("\nlock rule broken: %s\n", Report->Rule);
    if (Report->Use)
        KiPrintLock("the lock", Report->Use);
    if (Report->Earlier) {
        KiPrintLock("the earlier acquire, of", &Report->Earlier->Use);
        KiBugPrint("by thread %p, %u ticks ago:\n", (PVOID)Report->Earlier->Thread,
                   Report->Earlier->Ticks);
        KiBugStackCopy(&Report->Earlier->Stack);
    }
    if (Report->Where.Address[0]) {
        KiBugPrint("the opposite was seen here first:\n");
        KiBugStackList(&Report->Where);
    }
    KiBugPrint("\n");
}

static DECLSPEC_NORETURN VOID KiLockBugCheck(ULONG Code, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3,
                                             PKI_LOCK_REPORT Report) {
    KeBugCheckWithReport(Code, P1, P2, P3, (ULONG_PTR)Report->Rule, NULL, KiPrintLockReport,
                         Report);
}

/* --- the list of a processor --------------------------------------------------------------------
 */

static PKI_HELD_LOCK KiFindHeld(PKI_LOCK_STATE State, PVOID Lock) {
    for (ULONG i = State->Count; i > 0; i--)
        if (State->Held[i - 1].Use.Lock == Lock)
            return &State->Held[i - 1];
    return NULL;
}

static KI_LOCK_USE KiDescribeUse(PVOID Lock, KI_LOCK_CLASS Class) {
    ULONG64 Flags;
    KIRQL Irql = KeGetCurrentIrql();
    __asm__ volatile("pushfq; popq %0" : "=r"(Flags));
    return (KI_LOCK_USE){.Lock = Lock,
                         .Class = Class == KiClassUnnamed ? KiClassOfLock(Lock) : Class,
                         .Irql = Irql,
                         .Effective = Flags & 0x200 ? Irql : HIGH_LEVEL};
}

/* Inlined into who calls it, so that its registers are a frame that can be unwound from. */
FORCEINLINE VOID KiCopyStack(PKI_STACK_COPY Copy) {
    ULONG64 Low, High;
    __asm__ volatile("leaq 0(%%rip), %0; mov %%rsp, %1; mov %%rbp, %2"
                     : "=r"(Copy->Rip), "=r"(Copy->Rsp), "=r"(Copy->Rbp));
    KeQueryStackLimits(Copy->Rsp, &Low, &High);
    Copy->Words = (ULONG)min((High - Copy->Rsp) / 8, KI_STACK_WORDS);
    for (ULONG i = 0; i < Copy->Words; i++)
        Copy->Memory[i] = ((volatile ULONG64 *)Copy->Rsp)[i];
}

VOID KiLockTaken(PVOID Lock, KI_LOCK_CLASS Class) {
    PKI_LOCK_STATE State = KiLockState();
    if (!State)
        return;
    KI_LOCK_USE Use = KiDescribeUse(Lock, Class);
    BOOLEAN Enabled = KeDisableInterrupts();
    if (State->Count == KI_HELD_LOCKS)
        KeBugCheckEx(DRIVER_VERIFIER_DETECTED_VIOLATION, VERIFIER_LOCK_ORDER, (ULONG_PTR)Lock,
                     KI_HELD_LOCKS, 0);
    PKI_HELD_LOCK Held = &State->Held[State->Count];
    Held->Use = Use;
    Held->Ticks = 0;
    Held->Thread = KeGetCurrentThread();
    KiCopyStack(&Held->Stack);
    State->Count++;
    KeRestoreInterrupts(Enabled);
}

/* --- the rules ----------------------------------------------------------------------------------
 */

static VOID KiCheckLevel(const KI_LOCK_USE *Use, PKI_LOCK_REPORT Report) {
    if (Use->Irql < DISPATCH_LEVEL) {
        Report->Rule = "a spin lock is taken below DISPATCH_LEVEL";
        KiLockBugCheck(IRQL_NOT_GREATER_OR_EQUAL, (ULONG_PTR)Use->Lock, Use->Irql, DISPATCH_LEVEL,
                       Report);
    }
    Report->Rule = KiCheckLockIrql(Use, &Report->Where);
    if (Report->Rule)
        KiLockBugCheck(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Use->Lock, Use->Irql, DISPATCH_LEVEL,
                       Report);
}

VOID KiLockWanted(PVOID Lock, KI_LOCK_CLASS Class) {
    PKI_LOCK_STATE State = KiLockState();
    if (!State)
        return;
    KI_LOCK_USE Use = KiDescribeUse(Lock, Class);
    KI_LOCK_REPORT Report = {.Use = &Use};
    KiCheckLevel(&Use, &Report);
    Report.Earlier = KiFindHeld(State, Lock);
    if (Report.Earlier) {
        Report.Rule = "a spin lock is taken by the processor that holds it";
        KiLockBugCheck(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)Lock, Use.Irql, 0, &Report);
    }
    for (ULONG i = 0; i < State->Count; i++) {
        Report.Rule = KiCheckLockOrder(&State->Held[i].Use, &Use, &Report.Where);
        Report.Earlier = &State->Held[i];
        if (Report.Rule)
            KiLockBugCheck(DRIVER_VERIFIER_DETECTED_VIOLATION, VERIFIER_LOCK_ORDER, (ULONG_PTR)Lock,
                           (ULONG_PTR)State->Held[i].Use.Lock, &Report);
    }
    if (State->Waiting == KI_WANTED_LOCKS)
        KeBugCheckEx(DRIVER_VERIFIER_DETECTED_VIOLATION, VERIFIER_LOCK_ORDER, (ULONG_PTR)Lock, 0,
                     KI_WANTED_LOCKS);
    BOOLEAN Enabled = KeDisableInterrupts();
    State->Wanted[State->Waiting++] = (KI_WANTED_LOCK){.Lock = Lock};
    KeRestoreInterrupts(Enabled);
}

VOID KiLockQueued(PKSPIN_LOCK_QUEUE Handle) {
    PKI_LOCK_STATE State = KiLockState();
    if (State)
        State->Wanted[State->Waiting - 1].Handle = Handle;
}

VOID KiLockWaitedFor(PVOID Lock, KI_LOCK_CLASS Class) {
    PKI_LOCK_STATE State = KiLockState();
    if (!State)
        return;
    State->Waiting--;
    KiLockTaken(Lock, Class);
}

VOID KiLockReleased(PVOID Lock) {
    PKI_LOCK_STATE State = KiLockState();
    if (!State)
        return;
    KI_LOCK_USE Use = {.Lock = Lock, .Class = KiClassOfLock(Lock), .Irql = KeGetCurrentIrql()};
    KI_LOCK_REPORT Report = {.Use = &Use, .Earlier = KiFindHeld(State, Lock)};
    if (!Report.Earlier) {
        Report.Rule = "a spin lock is given back by a processor that does not hold it";
        KiLockBugCheck(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)Lock, Use.Irql, 0, &Report);
    }
    Use.Class = Report.Earlier->Use.Class;
    if (Use.Irql != Report.Earlier->Use.Irql) {
        Report.Rule = "a spin lock is given back at another level than that of its acquire";
        KiLockBugCheck(Use.Irql < Report.Earlier->Use.Irql ? IRQL_NOT_GREATER_OR_EQUAL
                                                           : IRQL_NOT_LESS_OR_EQUAL,
                       (ULONG_PTR)Lock, Use.Irql, Report.Earlier->Use.Irql, &Report);
    }
    BOOLEAN Enabled = KeDisableInterrupts();
    State->Count--;
    for (PKI_HELD_LOCK Held = (PKI_HELD_LOCK)Report.Earlier; Held < &State->Held[State->Count];
         Held++)
        *Held = Held[1];
    KeRestoreInterrupts(Enabled);
}

VOID KiCheckNoLocks(VOID) {
    PKI_LOCK_STATE State = KiLockState();
    if (!State || State->Count == 0)
        return;
    KI_LOCK_REPORT Report = {.Rule = "the level falls below DISPATCH_LEVEL under a spin lock",
                             .Use = &State->Held[State->Count - 1].Use,
                             .Earlier = &State->Held[State->Count - 1]};
    KiLockBugCheck(IRQL_NOT_GREATER_OR_EQUAL, (ULONG_PTR)Report.Use->Lock, KeGetCurrentIrql(),
                   DISPATCH_LEVEL, &Report);
}

VOID KiCheckLockTime(PKPRCB Prcb) {
    PKI_LOCK_STATE State = KiLockState();
    if (!State || State->Waiting)
        return;
    for (ULONG i = 0; i < State->Count; i++) {
        PKI_HELD_LOCK Held = &State->Held[i];
        KI_LOCK_REPORT Report = {
            .Rule = "a spin lock is held for too long", .Use = &Held->Use, .Earlier = Held};
        if (++Held->Ticks > LOCK_TIME_LIMIT)
            KiLockBugCheck(DPC_WATCHDOG_VIOLATION, 1, Held->Ticks, Prcb->Number, &Report);
    }
}

#endif
