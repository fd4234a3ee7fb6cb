/* irqls.c - tests of IRQL: noted when it is raised, and in cr8 only once something came too early
 */
#include "kmtest.h"
#include "hal.h"
#include "ntrtl.h"

#define LEVEL 8
#define TRIES 100

static ULONG64 ReadCr8(VOID) {
    ULONG64 Cr8;
    __asm__ volatile("mov %%cr8, %0" : "=r"(Cr8));
    return Cr8;
}

static VOID Linger(VOID) {
    for (ULONG Try = 0; Try < 1000; Try++) {
        YieldProcessor();
    }
}

typedef struct _SOURCE {
    KINTERRUPT Interrupt;
    volatile LONG Calls;
    LONG Turn; /* of its last call among those of all sources */
    KIRQL Irql;
    ULONG64 Cr8;
} SOURCE;

static LONG Turns;

static BOOLEAN SourceIsr(PKINTERRUPT Interrupt, PVOID Context) {
    SOURCE *Source = Context;
    UNREFERENCED_PARAMETER(Interrupt);
    Source->Calls++;
    Source->Turn = ++Turns;
    Source->Irql = KeGetCurrentIrql();
    Source->Cr8 = ReadCr8();
    return TRUE;
}

static VOID Connect(SOURCE *Source, KIRQL Level) {
    RtlZeroMemory(Source, sizeof(*Source));
    KeInitializeInterrupt(&Source->Interrupt, SourceIsr, Source, NULL, Level << 4 | 0xF, Level,
                          Level, Latched, FALSE, 0, FALSE);
    KMT_CHECK(KeConnectInterrupt(&Source->Interrupt));
}

/* With interrupts off nothing comes, so nothing is owed. */
KMT_TEST(irql_is_noted_and_cr8_stays) {
    BOOLEAN Enabled = KeDisableInterrupts();
    PKPCR Pcr = KeGetPcr();
    KIRQL Old, Before = Pcr->HardwareIrql;
    KeRaiseIrql(LEVEL, &Old);
    KIRQL Raised = KeGetCurrentIrql(), Hardware = Pcr->HardwareIrql;
    ULONG64 Cr8 = ReadCr8();
    KeLowerIrql(Old);
    KIRQL Lowered = KeGetCurrentIrql();
    KeRestoreInterrupts(Enabled);
    KMT_CHECK(Raised == LEVEL && Lowered == Old && Old == PASSIVE_LEVEL);
    KMT_CHECK(Before == PASSIVE_LEVEL && Hardware == PASSIVE_LEVEL && Cr8 == PASSIVE_LEVEL);
}

/* A clock interrupt in between may have brought cr8 up already: then there is nothing to defer, and
   it is tried again. */
KMT_TEST(irql_what_comes_early_is_deferred_once) {
    SOURCE Source;
    ULONG Deferred = 0, Try = 0;
    Connect(&Source, LEVEL);
    while (Deferred == 0 && Try++ < TRIES) {
        KIRQL Old;
        LONG Calls = Source.Calls;
        KeRaiseIrql(LEVEL, &Old);
        PKPCR Pcr = KeGetPcr();
        ULONG Before = Pcr->Prcb.DeferredInterrupts;
        HalRequestSoftwareInterrupt(LEVEL);
        Linger();
        LONG Held = Source.Calls;
        KIRQL Hardware = Pcr->HardwareIrql;
        ULONG64 Cr8 = ReadCr8();
        Deferred = Pcr->Prcb.DeferredInterrupts - Before;
        KeLowerIrql(LEVEL - 1);
        Linger();
        LONG After = Source.Calls;
        BOOLEAN Enabled = KeDisableInterrupts();
        KIRQL Lowered = Pcr->HardwareIrql;
        ULONG64 LoweredCr8 = ReadCr8();
        KeRestoreInterrupts(Enabled);
        KeLowerIrql(Old);
        KMT_CHECK(Held == Calls && After == Calls + 1);
        KMT_CHECK(Source.Irql == LEVEL && Source.Cr8 == LEVEL); /* drivers may look there */
        KMT_CHECK(Hardware == LEVEL && Cr8 == LEVEL);
        KMT_CHECK(Lowered < LEVEL && LoweredCr8 == Lowered);
        KMT_CHECK(Deferred <= 1);
    }
    KMT_CHECK(Deferred == 1);
    KeDisconnectInterrupt(&Source.Interrupt);
}

/* Two that come in the wrong order go off in the right one, each when its turn has come. */
KMT_TEST(irql_deferred_ones_come_by_level) {
    SOURCE Lower, Higher;
    KIRQL Old;
    Turns = 0;
    Connect(&Lower, LEVEL);
    Connect(&Higher, LEVEL + 1);
    KeRaiseIrql(HIGH_LEVEL, &Old);
    HalRequestSoftwareInterrupt(LEVEL);
    Linger();
    HalRequestSoftwareInterrupt(LEVEL + 1);
    Linger();
    LONG Held = Turns;
    KeLowerIrql(LEVEL);
    Linger();
    LONG Between = Turns;
    KeLowerIrql(Old);
    Linger();
    KMT_CHECK(Held == 0 && Between == 1);
    KMT_CHECK(Higher.Calls == 1 && Higher.Turn == 1 && Lower.Calls == 1 && Lower.Turn == 2);
    KeDisconnectInterrupt(&Lower.Interrupt);
    KeDisconnectInterrupt(&Higher.Interrupt);
}

static ULONG64 SeenCr8;

static BOOLEAN NoteCr8(PVOID Context) {
    UNREFERENCED_PARAMETER(Context);
    SeenCr8 = ReadCr8();
    return TRUE;
}

KMT_TEST(irql_of_a_synchronized_routine_is_in_cr8) {
    SOURCE Source;
    Connect(&Source, LEVEL);
    KMT_CHECK(KeSynchronizeExecution(&Source.Interrupt, NoteCr8, NULL));
    KMT_CHECK(SeenCr8 == LEVEL && KeGetCurrentIrql() == PASSIVE_LEVEL);
    KeDisconnectInterrupt(&Source.Interrupt);
}

static VOID NoteDpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    *(volatile LONG *)Context = (LONG)ReadCr8();
}

/* Who asks at DISPATCH_LEVEL for the dispatch interrupt knows that it is too early. */
KMT_TEST(irql_dpc_queued_at_dispatch_level_costs_no_trap) {
    volatile LONG Ran = 0;
    KDPC Dpc;
    KIRQL Old;
    KeInitializeDpc(&Dpc, NoteDpc, (PVOID)&Ran);
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    PKPCR Pcr = KeGetPcr();
    ULONG Before = Pcr->Prcb.DeferredInterrupts;
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    Linger();
    ULONG Deferred = Pcr->Prcb.DeferredInterrupts - Before;
    LONG Early = Ran;
    KIRQL Hardware = Pcr->HardwareIrql;
    KeLowerIrql(Old);
    Linger();
    KMT_CHECK(Early == 0 && Hardware == DISPATCH_LEVEL && Deferred == 0);
    KMT_CHECK(Ran == DISPATCH_LEVEL);
    KeFlushQueuedDpcs();
}
