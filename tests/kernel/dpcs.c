/* dpcs.c - DPCs: their order, how soon each importance runs, where, on which stack, and
 * KeFlushQueuedDpcs */
#include "kmtest.h"
#include "ntrtl.h"
#include "ntteb.h"
#include "ob.h"
#include "ps.h"

#define MANY 8

static struct {
    KDPC Dpc[MANY];
    CHAR Order[MANY + 1];
    volatile LONG Ran;
} Dpcs;

/* Context is the letter by which it is known in Order. */
static VOID NoteOrder(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
    LONG At = InterlockedIncrement(&Dpcs.Ran) - 1;
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    if (At < MANY) {
        Dpcs.Order[At] = (CHAR)(ULONG_PTR)Context;
    }
}

static BOOLEAN RanAs(PCSTR Names) {
    ULONG i = 0;
    while (Names[i] != 0 && Names[i] == Dpcs.Order[i]) {
        i++;
    }
    return Names[i] == Dpcs.Order[i];
}

static VOID Forget(VOID) {
    RtlZeroMemory(&Dpcs, sizeof(Dpcs));
}

/* The next of Dpcs.Dpc, queued; to Target, or, if that is negative, to nobody. */
static BOOLEAN Queue(ULONG Index, CHAR Name, KDPC_IMPORTANCE Importance, LONG Target) {
    KeInitializeDpc(&Dpcs.Dpc[Index], NoteOrder, (PVOID)(ULONG_PTR)Name);
    KeSetImportanceDpc(&Dpcs.Dpc[Index], Importance);
    if (Target >= 0) {
        KeSetTargetProcessorDpc(&Dpcs.Dpc[Index], (CHAR)Target);
    }
    return KeInsertQueueDpc(&Dpcs.Dpc[Index], NULL, NULL);
}

KMT_TEST(dpc_order_is_that_of_insertion_but_high_comes_first) {
    KIRQL Old;
    Forget();
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    Queue(0, 'a', MediumImportance, -1);
    Queue(1, 'b', LowImportance, -1);
    Queue(2, 'c', HighImportance, -1);
    Queue(3, 'd', MediumHighImportance, -1);
    KMT_CHECK(Dpcs.Ran == 0);
    KeLowerIrql(Old);
    KMT_CHECK(Dpcs.Ran == 4 && RanAs("cabd"));
}

KMT_TEST(dpc_is_queued_once_and_can_be_removed) {
    KIRQL Old;
    Forget();
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    KMT_CHECK(Queue(0, 'a', MediumImportance, -1));
    KMT_CHECK(!KeInsertQueueDpc(&Dpcs.Dpc[0], NULL, NULL));
    KMT_CHECK(Queue(1, 'b', MediumImportance, -1));
    KMT_CHECK(KeRemoveQueueDpc(&Dpcs.Dpc[0]));
    KMT_CHECK(!KeRemoveQueueDpc(&Dpcs.Dpc[0]));
    KeLowerIrql(Old);
    KMT_CHECK(RanAs("b"));
    KMT_CHECK(!KeRemoveQueueDpc(&Dpcs.Dpc[1]));
}

/* Clock interrupts come when they like, and serve the queue: some rounds are without one. */
KMT_TEST(dpc_of_low_importance_waits_for_a_reason) {
    ULONG Waited = 0;
    for (ULONG Round = 0; Round < 20; Round++) {
        Forget();
        Queue(0, 'l', LowImportance, -1);
        Waited += Dpcs.Ran == 0;
        Queue(1, 'm', MediumImportance, -1); /* a reason */
        KeFlushQueuedDpcs();
        KMT_CHECK(RanAs("lm"));
    }
    KMT_CHECK(Waited != 0);
}

KMT_TEST(dpc_queue_that_is_long_is_served) {
    KIRQL Old;
    Forget();
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    for (ULONG i = 0; i <= KeGetCurrentPrcb()->MaximumDpcQueueDepth; i++) {
        Queue(i, (CHAR)('a' + i), LowImportance, -1);
    }
    KeLowerIrql(Old);
    KMT_CHECK(Dpcs.Ran >= 5);
    KeFlushQueuedDpcs();
    KMT_CHECK(RanAs("abcde"));
}

KMT_TEST(dpc_flush_waits_for_all_processors) {
    ULONG Count = min(KeQueryActiveProcessorCount(NULL), MANY);
    for (ULONG Round = 0; Round < 50; Round++) {
        Forget();
        for (ULONG i = 0; i < Count; i++) {
            Queue(i, (CHAR)('a' + i), LowImportance, (LONG)i);
        }
        KeFlushQueuedDpcs();
        KMT_CHECK(Dpcs.Ran == (LONG)Count);
    }
}

KMT_TEST(dpc_target_that_is_none_is_refused) {
    PROCESSOR_NUMBER Number = {.Number = (UCHAR)KeQueryActiveProcessorCount(NULL)};
    KDPC Dpc;
    KeInitializeDpc(&Dpc, NoteOrder, NULL);
    KMT_CHECK(KeSetTargetProcessorDpcEx(&Dpc, &Number) == STATUS_INVALID_PARAMETER);
    Number = (PROCESSOR_NUMBER){.Group = 1};
    KMT_CHECK(KeSetTargetProcessorDpcEx(&Dpc, &Number) == STATUS_INVALID_PARAMETER);
    Number = (PROCESSOR_NUMBER){0};
    KMT_CHECK(KeSetTargetProcessorDpcEx(&Dpc, &Number) == STATUS_SUCCESS);
}

/* --- the interrupt to another processor ---------------------------------------------------------
 */

static struct {
    volatile KPRCB *volatile Prcb; /* of the processor that spins */
    volatile BOOLEAN Stop;
    KDPC Dpc;
    volatile LONG Ran;
    volatile ULONG Ticks; /* of its processor, when the DPC ran */
} Distant;

static ULONG TicksThere(VOID) {
    return Distant.Prcb->KernelTime + Distant.Prcb->UserTime;
}

static VOID DistantDpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    Distant.Ticks = TicksThere();
    InterlockedIncrement(&Distant.Ran);
}

static VOID SpinThere(PVOID Processor) {
    KeSetAffinityThread(KeGetCurrentThread(), 1ull << (ULONG_PTR)Processor);
    Distant.Prcb = KeGetCurrentPrcb();
    while (!Distant.Stop) {
        YieldProcessor();
    }
}

/* How many of Rounds DPCs ran on Processor before its next clock interrupt. */
static ULONG CountPrompt(ULONG Processor, ULONG Rounds, KDPC_IMPORTANCE Importance) {
    ULONG Prompt = 0;
    Distant.Ran = 0;
    for (ULONG Round = 0; Round < Rounds; Round++) {
        KeInitializeDpc(&Distant.Dpc, DistantDpc, NULL);
        KeSetTargetProcessorDpc(&Distant.Dpc, (CHAR)Processor);
        KeSetImportanceDpc(&Distant.Dpc, Importance);
        ULONG Before = TicksThere();
        KeInsertQueueDpc(&Distant.Dpc, NULL, NULL);
        while (Distant.Ran == (LONG)Round) {
            YieldProcessor();
        }
        Prompt += Distant.Ticks == Before;
    }
    return Prompt;
}

/* The other processor has a thread that does nothing but run, so only an interrupt gets a DPC in:
   the one that is sent for it, or the clock's. On a busy host the clock's may be first many a time,
   but not nearly always. */
KMT_TEST(dpc_interrupts_a_busy_processor) {
    HANDLE Handle;
    PVOID Thread;
    if (KeQueryActiveProcessorCount(NULL) == 1) {
        return;
    }
    Distant.Prcb = NULL;
    Distant.Stop = FALSE;
    KeSetAffinityThread(KeGetCurrentThread(), 1);
    KMT_CHECK(NT_SUCCESS(
        PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, SpinThere, (PVOID)1)));
    ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, NULL, KernelMode, &Thread, NULL);
    while (Distant.Prcb == NULL) {
        YieldProcessor();
    }
    ULONG High = CountPrompt(1, 100, HighImportance);
    ULONG MediumHigh = CountPrompt(1, 100, MediumHighImportance);
    ULONG Medium = CountPrompt(1, 10, MediumImportance);
    Distant.Stop = TRUE;
    KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Thread);
    ObCloseHandle(Handle, KernelMode);
    KeSetAffinityThread(KeGetCurrentThread(), KeQueryActiveProcessors());
    DbgPrint("KMTEST figure: prompt DPCs: high %u, medium high %u of 100, medium %u of 10\n", High,
             MediumHigh, Medium);
    KMT_CHECK(High >= 10 && MediumHigh >= 10);
    KMT_CHECK(Medium < 10);
}

/* --- the stack ----------------------------------------------------------------------------------
 */

static struct {
    ULONG64 Sp, Low, High;
    ULONG Frames;
    NTSTATUS Caught;
} Stack;

static __attribute__((noinline)) VOID RaiseHere(VOID) {
    RtlRaiseStatus(STATUS_DEVICE_NOT_READY);
}

static VOID StackDpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
    PVOID Addresses[8];
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    Stack.Sp = (ULONG64)__builtin_frame_address(0);
    Stack.Frames = RtlCaptureStackBackTrace(0, ARRAYSIZE(Addresses), Addresses, NULL);
    __try {
        RaiseHere();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Stack.Caught = GetExceptionCode();
    }
}

KMT_TEST(dpc_runs_on_a_stack_of_its_own) {
    KDPC Dpc;
    PKTHREAD Thread = KeGetCurrentThread();
    KIRQL Old;
    RtlZeroMemory(&Stack, sizeof(Stack));
    KeInitializeDpc(&Dpc, StackDpc, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &Old);
    ULONG64 Top = (ULONG64)KeGetCurrentPrcb()->DpcStack;
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    KeLowerIrql(Old);
    KMT_CHECK(Stack.Sp < Top && Top - Stack.Sp < 0x1000);
    KMT_CHECK(Stack.Sp < (ULONG64)Thread->StackLimit || Stack.Sp >= (ULONG64)Thread->StackBase);
    KMT_CHECK(Stack.Frames >= 2);
    KMT_CHECK(Stack.Caught == STATUS_DEVICE_NOT_READY);
}
