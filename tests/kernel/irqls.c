/* irqls.c - tests of IRQL: cr8 holds it, KPCR.Irql is its copy, the APIC holds back what cr8 forbids */
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

/* Every level, raised and lowered by the kernel's routines: cr8 and its copy agree. */
KMT_TEST(irql_is_cr8) {
    for (KIRQL Level = PASSIVE_LEVEL; Level <= HIGH_LEVEL; Level++) {
        KIRQL Old;
        KeRaiseIrql(Level, &Old);
        KIRQL Raised = KeGetCurrentIrql(), Copy = KeGetPcr()->Irql;
        ULONG64 Cr8 = ReadCr8();
        KeLowerIrql(Old);
        KMT_EQUAL(Raised, Level);
        KMT_EQUAL(Cr8, Level);
        KMT_EQUAL(Copy, Level);
        KMT_EQUAL(Old, PASSIVE_LEVEL);
        KMT_EQUAL(KeGetPcr()->Irql, PASSIVE_LEVEL);
        KMT_EQUAL(ReadCr8(), PASSIVE_LEVEL);
    }
}

/* The APIC keeps an interrupt that cr8 forbids, and delivers it once. */
KMT_TEST(irql_holds_interrupts_back) {
    SOURCE Source;
    KIRQL Old;
    Connect(&Source, LEVEL);
    KeRaiseIrql(LEVEL, &Old);
    HalRequestSoftwareInterrupt(LEVEL);
    Linger();
    KMT_EQUAL(Source.Calls, 0);
    KeLowerIrql(LEVEL - 1);
    Linger();
    KMT_EQUAL(Source.Calls, 1);
    KMT_EQUAL(KeGetCurrentIrql(), LEVEL - 1);
    KeLowerIrql(Old);
    Linger();
    KMT_EQUAL(Source.Calls, 1);
    KMT_EQUAL(Source.Irql, LEVEL);
    KMT_EQUAL(Source.Cr8, LEVEL);
    KeDisconnectInterrupt(&Source.Interrupt);
}

/* A driver's inline routines write cr8 and nothing else. What is held back by such a level arrives when
   it falls, and an interrupt in between leaves the level as it found it. */
KMT_TEST(irql_written_inline_is_obeyed) {
    SOURCE Lower, Higher;
    Connect(&Lower, LEVEL);
    Connect(&Higher, LEVEL + 1);
    __asm__ volatile("mov %0, %%cr8" : : "r"((ULONG64)LEVEL) : "memory");
    HalRequestSoftwareInterrupt(LEVEL);
    HalRequestSoftwareInterrupt(LEVEL + 1);
    Linger();
    KMT_EQUAL(Lower.Calls, 0);
    KMT_EQUAL(Higher.Calls, 1);
    KMT_EQUAL(KeGetCurrentIrql(), LEVEL);
    __asm__ volatile("mov %0, %%cr8" : : "r"((ULONG64)PASSIVE_LEVEL) : "memory");
    Linger();
    KMT_EQUAL(Lower.Calls, 1);
    KMT_EQUAL(Lower.Cr8, LEVEL);
    KMT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KMT_EQUAL(KeGetPcr()->Irql, PASSIVE_LEVEL);
    KeDisconnectInterrupt(&Lower.Interrupt);
    KeDisconnectInterrupt(&Higher.Interrupt);
}

/* Two that are sent in the wrong order are delivered in the right one, each at its turn. */
KMT_TEST(irql_what_is_held_back_comes_by_level) {
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

KMT_TEST(irql_dpc_queued_at_dispatch_level_runs_when_it_falls) {
    volatile LONG Ran = 0;
    KDPC Dpc;
    KIRQL Old;
    KeInitializeDpc(&Dpc, NoteDpc, (PVOID)&Ran);
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    Linger();
    KMT_EQUAL(Ran, 0);
    KeLowerIrql(Old);
    Linger();
    KMT_EQUAL(Ran, DISPATCH_LEVEL);
    KeFlushQueuedDpcs();
}
