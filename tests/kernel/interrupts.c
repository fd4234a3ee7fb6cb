/* interrupts.c - tests of KINTERRUPT objects: software-triggered vectors, chains, and the real-time
 * clock's line, which ticks for the latched tests and is left active for the storm */
#include "kmtest.h"
#include "hal.h"
#include "ntrtl.h"
#include "io.h"
#include "ob.h"
#include "ps.h"

/* HalRequestSoftwareInterrupt(TEST_LEVEL) raises TEST_VECTOR, which belongs to no line. */
#define TEST_LEVEL  8
#define TEST_VECTOR (TEST_LEVEL << 4 | 0xF)

typedef struct _DEVICE {
    KINTERRUPT Interrupt;
    LONG Pending; /* asks that are left to claim */
    LONG Calls;
    LONG Claims;
    KIRQL Irql;
    LONG Order;
} DEVICE;

static LONG CallOrder;

static BOOLEAN CountingIsr(PKINTERRUPT Interrupt, PVOID Context) {
    DEVICE *Device = Context;
    UNREFERENCED_PARAMETER(Interrupt);
    Device->Calls++;
    Device->Irql = KeGetCurrentIrql();
    Device->Order = ++CallOrder;
    if (Device->Pending == 0) {
        return FALSE;
    }
    Device->Pending--;
    Device->Claims++;
    return TRUE;
}

static VOID Prepare(DEVICE *Device, KINTERRUPT_MODE Mode, BOOLEAN Share, KIRQL SynchronizeIrql) {
    RtlZeroMemory(Device, sizeof(*Device));
    KeInitializeInterrupt(&Device->Interrupt, CountingIsr, Device, NULL, TEST_VECTOR, TEST_LEVEL,
                          SynchronizeIrql, Mode, Share, 0, FALSE);
}

/* On the processor that the test runs on; it has come when this returns. */
static VOID Trigger(VOID) {
    HalRequestSoftwareInterrupt(TEST_LEVEL);
    for (ULONG Try = 0; Try < 1000; Try++) {
        YieldProcessor();
    }
}

KMT_TEST(interrupt_reaches_its_routine) {
    DEVICE Device;
    Prepare(&Device, Latched, FALSE, TEST_LEVEL + 1);
    Device.Pending = 2;
    KMT_CHECK(KeConnectInterrupt(&Device.Interrupt));
    KMT_CHECK(!KeConnectInterrupt(&Device.Interrupt));
    Trigger();
    KMT_CHECK(Device.Calls == 1 && Device.Claims == 1 && Device.Irql == TEST_LEVEL + 1);
    Trigger();
    KMT_CHECK(Device.Calls == 2);
    KMT_CHECK(KeDisconnectInterrupt(&Device.Interrupt));
    KMT_CHECK(!KeDisconnectInterrupt(&Device.Interrupt));
}

KMT_TEST(interrupt_waits_until_irql_falls) {
    DEVICE Device;
    KIRQL Old;
    Prepare(&Device, Latched, FALSE, TEST_LEVEL);
    Device.Pending = 1;
    KMT_CHECK(KeConnectInterrupt(&Device.Interrupt));
    KeRaiseIrql(TEST_LEVEL, &Old);
    Trigger();
    LONG Held = Device.Calls;
    KeLowerIrql(TEST_LEVEL - 1);
    for (ULONG Try = 0; Try < 1000; Try++) {
        YieldProcessor();
    }
    LONG After = Device.Calls;
    KeLowerIrql(Old);
    KMT_CHECK(Held == 0 && After == 1);
    KeDisconnectInterrupt(&Device.Interrupt);
}

KMT_TEST(interrupt_without_routine_is_counted) {
    KIRQL Old;
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    volatile ULONG *Count = &KeGetCurrentPrcb()->UnexpectedInterrupts[TEST_VECTOR];
    ULONG Before = *Count;
    Trigger();
    ULONG After = *Count;
    KeLowerIrql(Old);
    KMT_CHECK(After == Before + 1);
}

KMT_TEST(interrupt_connect_refuses_nonsense) {
    DEVICE First, Second;
    Prepare(&First, Latched, FALSE, TEST_LEVEL);
    Prepare(&Second, Latched, FALSE, TEST_LEVEL);
    KMT_CHECK(KeConnectInterrupt(&First.Interrupt));
    KMT_CHECK(!KeConnectInterrupt(&Second.Interrupt)); /* exclusive */
    Second.Interrupt.ShareVector = TRUE;
    KMT_CHECK(!KeConnectInterrupt(&Second.Interrupt)); /* the first does not share */
    KMT_CHECK(KeDisconnectInterrupt(&First.Interrupt));
    First.Interrupt.ShareVector = TRUE;
    KMT_CHECK(KeConnectInterrupt(&First.Interrupt));
    Second.Interrupt.Mode = LevelSensitive;
    KMT_CHECK(!KeConnectInterrupt(&Second.Interrupt));
    KMT_CHECK(KeDisconnectInterrupt(&First.Interrupt));
    Prepare(&Second, Latched, FALSE, TEST_LEVEL - 1);
    KMT_CHECK(!KeConnectInterrupt(&Second.Interrupt)); /* synchronizes below its level */
    Prepare(&Second, Latched, FALSE, TEST_LEVEL);
    Second.Interrupt.Vector = HAL_CLOCK_VECTOR;
    Second.Interrupt.Irql = Second.Interrupt.SynchronizeIrql = CLOCK_LEVEL;
    KMT_CHECK(!KeConnectInterrupt(&Second.Interrupt));
    Second.Interrupt.Vector = TEST_VECTOR;
    KMT_CHECK(!KeConnectInterrupt(&Second.Interrupt)); /* not the vector's level */
}

static VOID ConnectThree(DEVICE Devices[3], KINTERRUPT_MODE Mode) {
    CallOrder = 0;
    for (ULONG i = 0; i < 3; i++) {
        Prepare(&Devices[i], Mode, TRUE, TEST_LEVEL);
        KMT_CHECK(KeConnectInterrupt(&Devices[i].Interrupt));
    }
}

static VOID DisconnectThree(DEVICE Devices[3]) {
    for (ULONG i = 0; i < 3; i++) {
        KMT_CHECK(KeDisconnectInterrupt(&Devices[i].Interrupt));
    }
}

KMT_TEST(interrupt_level_chain_stops_at_the_first_claim) {
    DEVICE Devices[3];
    ConnectThree(Devices, LevelSensitive);
    Devices[1].Pending = Devices[2].Pending = 1;
    Trigger();
    KMT_CHECK(Devices[0].Calls == 1 && Devices[1].Calls == 1 && Devices[2].Calls == 0);
    KMT_CHECK(Devices[0].Order == 1 && Devices[1].Order == 2);
    KMT_CHECK(KeDisconnectInterrupt(&Devices[0].Interrupt)); /* the head: the others stay */
    Trigger();
    KMT_CHECK(Devices[0].Calls == 1 && Devices[1].Calls == 2 && Devices[2].Claims == 1);
    KMT_CHECK(KeConnectInterrupt(&Devices[0].Interrupt));
    DisconnectThree(Devices);
}

KMT_TEST(interrupt_edge_chain_goes_on_until_nobody_claims) {
    DEVICE Devices[3];
    ConnectThree(Devices, Latched);
    Devices[0].Pending = 2;
    Devices[2].Pending = 3;
    Trigger();
    KMT_CHECK(Devices[0].Claims == 2 && Devices[1].Claims == 0 && Devices[2].Claims == 3);
    KMT_CHECK(Devices[0].Calls == 4 && Devices[1].Calls == 4 && Devices[2].Calls == 4);
    DisconnectThree(Devices);
}

static BOOLEAN TriggerInside(PVOID Context) {
    DEVICE *Device = Context;
    Trigger();
    return Device->Calls == 0 && KeGetCurrentIrql() == TEST_LEVEL;
}

KMT_TEST(interrupt_synchronize_execution_keeps_the_routine_out) {
    DEVICE Device;
    Prepare(&Device, Latched, FALSE, TEST_LEVEL);
    Device.Pending = 2;
    KMT_CHECK(KeConnectInterrupt(&Device.Interrupt));
    KMT_CHECK(KeSynchronizeExecution(&Device.Interrupt, TriggerInside, &Device));
    KMT_CHECK(Device.Calls == 1);
    KMT_CHECK(!KeSynchronizeExecution(&Device.Interrupt, TriggerInside, &Device));
    KIRQL Old = KeAcquireInterruptSpinLock(&Device.Interrupt);
    KMT_CHECK(Old == PASSIVE_LEVEL && KeGetCurrentIrql() == TEST_LEVEL);
    KeReleaseInterruptSpinLock(&Device.Interrupt, Old);
    KeDisconnectInterrupt(&Device.Interrupt);
}

/* --- how far it is from an interrupt to the thread that waits for it
 * --------------------------------- */

typedef struct _RELAY {
    KINTERRUPT Interrupt;
    KDPC Dpc;
    KEVENT Event, Done;
    ULONG64 Woken;
} RELAY;

static ULONG64 TimeStamp(VOID) {
    ULONG Low, High;
    __asm__ volatile("rdtsc" : "=a"(Low), "=d"(High));
    return (ULONG64)High << 32 | Low;
}

static BOOLEAN RelayIsr(PKINTERRUPT Interrupt, PVOID Context) {
    UNREFERENCED_PARAMETER(Interrupt);
    return KeInsertQueueDpc(&((RELAY *)Context)->Dpc, NULL, NULL);
}

static VOID RelayDpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    KeSetEvent(&((RELAY *)Context)->Event, 0, FALSE);
}

#define RELAYS 8

static VOID RelayThread(PVOID Context) {
    RELAY *Relay = Context;
    KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY);
    for (ULONG i = 0; i < RELAYS; i++) {
        KeSetEvent(&Relay->Done, 0, FALSE);
        KeWaitForSingleObject(&Relay->Event, Executive, KernelMode, FALSE, NULL);
        Relay->Woken = TimeStamp();
    }
    KeSetEvent(&Relay->Done, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* Ticks of the time stamp counter: instructions, under vmrun --icount. The best of some rounds. */
KMT_TEST(interrupt_wakes_a_thread) {
    static RELAY Relay;
    ULONG64 Best = ~0ull;
    HANDLE Thread;
    KeInitializeInterrupt(&Relay.Interrupt, RelayIsr, &Relay, NULL, TEST_VECTOR, TEST_LEVEL,
                          TEST_LEVEL, Latched, FALSE, 0, FALSE);
    KeInitializeDpc(&Relay.Dpc, RelayDpc, &Relay);
    KeInitializeEvent(&Relay.Event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Relay.Done, SynchronizationEvent, FALSE);
    KMT_CHECK(KeConnectInterrupt(&Relay.Interrupt));
    KMT_CHECK(NT_SUCCESS(
        PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, RelayThread, &Relay)));
    KeWaitForSingleObject(&Relay.Done, Executive, KernelMode, FALSE, NULL);
    for (ULONG i = 0; i < RELAYS; i++) {
        ULONG64 Start = TimeStamp();
        HalRequestSoftwareInterrupt(TEST_LEVEL);
        KeWaitForSingleObject(&Relay.Done, Executive, KernelMode, FALSE, NULL);
        Best = min(Best, Relay.Woken - Start);
    }
    DbgPrint("KMTEST figure: interrupt, routine, DPC, thread: %I64u ticks\n", Best);
    ObCloseHandle(Thread, KernelMode);
    KeDisconnectInterrupt(&Relay.Interrupt);
}

/* --- the real-time clock: a device with a line
 * ------------------------------------------------------ */

#define RTC_IRQ       8
#define RTC_STATUS_A  0x0A
#define RTC_STATUS_B  0x0B
#define RTC_STATUS_C  0x0C
#define RTC_RATE_1024 0x26
#define RTC_PERIODIC  0x40
#define CMOS_INDEX    0x70
#define CMOS_DATA     0x71

static UCHAR ReadCmos(UCHAR Index) {
    WRITE_PORT_UCHAR(CMOS_INDEX, Index);
    return READ_PORT_UCHAR(CMOS_DATA);
}

static VOID WriteCmos(UCHAR Index, UCHAR Value) {
    WRITE_PORT_UCHAR(CMOS_INDEX, Index);
    WRITE_PORT_UCHAR(CMOS_DATA, Value);
}

typedef struct _RTC {
    PKINTERRUPT Interrupt;
    KDPC Dpc;
    KEVENT Event;
    volatile LONG Ticks;
    volatile LONG Dpcs;
    volatile ULONG Processors; /* a bit for each that the routine ran on */
} RTC;

static BOOLEAN RtcPeriodic(PVOID On) {
    UCHAR Control = ReadCmos(RTC_STATUS_B);
    WriteCmos(RTC_STATUS_A, RTC_RATE_1024);
    WriteCmos(RTC_STATUS_B, On ? Control | RTC_PERIODIC : Control & ~RTC_PERIODIC);
    ReadCmos(RTC_STATUS_C);
    return TRUE;
}

static BOOLEAN RtcIsr(PKINTERRUPT Interrupt, PVOID Context) {
    RTC *Clock = Context;
    UNREFERENCED_PARAMETER(Interrupt);
    if ((ReadCmos(RTC_STATUS_C) & RTC_PERIODIC) == 0) { /* reading it lets go of the line */
        return FALSE;
    }
    Clock->Ticks++;
    Clock->Processors |= 1u << KeGetCurrentProcessorNumber();
    KeInsertQueueDpc(&Clock->Dpc, NULL, NULL);
    return TRUE;
}

static VOID RtcDpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
    RTC *Clock = Context;
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    if (++Clock->Dpcs == 5) {
        KeSetEvent(&Clock->Event, 0, FALSE);
    }
}

/* Mask: the processors that may serve it; the lowest does. */
static NTSTATUS ConnectRtc(RTC *Clock, PKSERVICE_ROUTINE Isr, KINTERRUPT_MODE Mode,
                           KAFFINITY Mask) {
    KIRQL Irql, AgainIrql;
    KAFFINITY Affinity;
    RtlZeroMemory(Clock, sizeof(*Clock));
    KeInitializeDpc(&Clock->Dpc, RtcDpc, Clock);
    KeInitializeEvent(&Clock->Event, NotificationEvent, FALSE);
    ULONG Vector = HalGetInterruptVector(Isa, 0, RTC_IRQ, RTC_IRQ, &Irql, &Affinity);
    KMT_CHECK(Vector != 0 && Irql == Vector >> 4 && Affinity == KeQueryActiveProcessors());
    KMT_CHECK(HalGetInterruptVector(Isa, 0, RTC_IRQ, RTC_IRQ, &AgainIrql, &Affinity) == Vector);
    return IoConnectInterrupt(&Clock->Interrupt, Isr, Clock, NULL, Vector, Irql, Irql, Mode, FALSE,
                              Affinity & Mask, FALSE);
}

/* The line's ticks, until five DPCs have run; the processors that they came to. */
static ULONG RtcProcessors(KAFFINITY Mask) {
    RTC Clock;
    LARGE_INTEGER Limit = {.QuadPart = -100000000};
    KMT_CHECK(ConnectRtc(&Clock, RtcIsr, Latched, Mask) == STATUS_SUCCESS);
    if (Clock.Interrupt == NULL) {
        return 0;
    }
    KeSynchronizeExecution(Clock.Interrupt, RtcPeriodic, (PVOID)1);
    KMT_CHECK(KeWaitForSingleObject(&Clock.Event, Executive, KernelMode, FALSE, &Limit) ==
              STATUS_SUCCESS);
    KeSynchronizeExecution(Clock.Interrupt, RtcPeriodic, NULL);
    IoDisconnectInterrupt(Clock.Interrupt);
    /* at PASSIVE_LEVEL on the processor of the line: its DPC has run to its end */
    KeSetAffinityThread(KeGetCurrentThread(), Clock.Processors);
    KeSetAffinityThread(KeGetCurrentThread(), KeQueryActiveProcessors());
    KMT_CHECK(Clock.Ticks >= 5 && Clock.Dpcs >= 5);
    return Clock.Processors;
}

KMT_TEST(interrupt_isr_dpc_event_of_a_device) {
    KMT_CHECK(RtcProcessors(~0ull) == 1);
}

KMT_TEST(interrupt_line_goes_to_the_processor_asked_for) {
    for (ULONG Number = KeQueryActiveProcessorCount(NULL); Number-- > 0;) {
        KMT_CHECK(RtcProcessors(~0ull << Number) == 1u << Number);
    }
}

/* Leaves the line active: with a level-triggered entry the interrupt comes again at once. */
static BOOLEAN DeafIsr(PKINTERRUPT Interrupt, PVOID Context) {
    UNREFERENCED_PARAMETER(Interrupt);
    ((RTC *)Context)->Ticks++;
    return FALSE;
}

KMT_TEST(interrupt_storm_is_masked) {
    RTC Clock;
    LARGE_INTEGER Nap = {.QuadPart = -500000};
    KMT_CHECK(ConnectRtc(&Clock, DeafIsr, LevelSensitive, ~0ull) == STATUS_SUCCESS);
    if (Clock.Interrupt == NULL) {
        return;
    }
    KeSynchronizeExecution(Clock.Interrupt, RtcPeriodic, (PVOID)1);
    for (ULONG Try = 0; Try < 200 && Clock.Ticks < 1000; Try++) {
        KeDelayExecutionThread(KernelMode, FALSE, &Nap);
    }
    LONG Masked = Clock.Ticks;
    KeSetAffinityThread(KeGetCurrentThread(), 1); /* where the line goes to */
    ULONG Vector = Clock.Interrupt->Vector;
    ULONG Unexpected = KeGetCurrentPrcb()->UnexpectedInterrupts[Vector];
    KeDelayExecutionThread(KernelMode, FALSE, &Nap);
    KMT_CHECK(Masked == 1000 && Clock.Ticks == Masked);
    KMT_CHECK(KeGetCurrentPrcb()->UnexpectedInterrupts[Vector] == Unexpected);
    KeSetAffinityThread(KeGetCurrentThread(), KeQueryActiveProcessors());
    RtcPeriodic(NULL);
    IoDisconnectInterrupt(Clock.Interrupt);
}

KMT_TEST(interrupt_lines_that_are_not_there) {
    KIRQL Irql = 7;
    KAFFINITY Affinity = 7;
    PKINTERRUPT Interrupt = (PKINTERRUPT)7;
    KMT_CHECK(HalGetInterruptVector(Isa, 0, 16, 16, &Irql, &Affinity) == 0);
    KMT_CHECK(Irql == 0 && Affinity == 0);
    KMT_CHECK(HalGetInterruptVector(PCIBus, 0, 255, 0, &Irql, &Affinity) == 0);
    KMT_CHECK(HalGetInterruptVector(TurboChannel, 0, 1, 1, &Irql, &Affinity) == 0);
    KMT_CHECK(!HalEnableSystemInterrupt(TEST_VECTOR, TEST_LEVEL, Latched, 0));
    KMT_CHECK(IoConnectInterrupt(&Interrupt, DeafIsr, NULL, NULL, TEST_VECTOR, TEST_LEVEL,
                                 TEST_LEVEL, Latched, FALSE, 0, FALSE) == STATUS_INVALID_PARAMETER);
    KMT_CHECK(Interrupt == NULL);
    KMT_CHECK(IoConnectInterrupt(&Interrupt, DeafIsr, NULL, NULL, 0x0E, 0, 0, Latched, FALSE, 1,
                                 FALSE) == STATUS_INVALID_PARAMETER);
}
