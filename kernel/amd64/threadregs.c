/*
 * threadregs.c - a thread's user registers, read and changed while it is in the kernel
 *
 * They are in three places. The trap frame at the top of the kernel stack has the volatile ones,
 * rbp and where user mode was left. The other non-volatile ones have been saved by whatever
 * function on the stack wanted them; unwinding finds each slot, and the outermost one is what the
 * thread will take up again on its way out. The floating-point registers are in the processor
 * itself, because this runs in the thread: for another one it is a special kernel APC, which a
 * suspended thread gets too.
 *
 * A thread that is in a service has given its volatile registers away: they read as what sysret
 * leaves in them, and what is set is lost, but for rip, rsp, rbp and the flags.
 */
#include "ki.h"
#include "rtlexcept.h"

#define TRAP_BY_SERVICE 2 /* KTRAP_FRAME.ExceptionActive */

/* The non-volatile registers in the order in which KEXCEPTION_FRAME has them, by number. */
static const UCHAR KiNonvolatileNumber[] = {3, 7, 6, 12, 13, 14, 15};
#define NONVOLATILES RTL_NUMBER_OF(KiNonvolatileNumber)
static_assert(offsetof(KEXCEPTION_FRAME, R15) - offsetof(KEXCEPTION_FRAME, Rbx) ==
                  (NONVOLATILES - 1) * sizeof(ULONG64),
              "they lie side by side");

typedef struct _KI_CONTEXT_TRANSFER {
    KAPC Apc;
    KEVENT Done;
    PCONTEXT Context;
    BOOLEAN Set;
} KI_CONTEXT_TRANSFER, *PKI_CONTEXT_TRANSFER;

/* FALSE: the thread has not been in user mode yet. Interrupts of the kernel may be on the way. */
BOOLEAN KiUnwindToUser(PCONTEXT Context, PKNONVOLATILE_CONTEXT_POINTERS Pointers) {
    ULONG64 Low = (ULONG64)KeGetCurrentThread()->StackLimit;
    ULONG64 High = (ULONG64)KeGetCurrentThread()->StackBase;
    BOOLEAN MachineFrame = FALSE;

    RtlCaptureContext(Context);
    while (!MachineFrame || Context->Rip >= MM_USER_PROBE_ADDRESS) {
        ULONG64 ImageBase, Establisher;
        PVOID HandlerData;
        PEXCEPTION_ROUTINE Handler;
        PRUNTIME_FUNCTION Entry = RtlLookupFunctionEntry(Context->Rip, &ImageBase, NULL);
        if (!Entry || !NT_SUCCESS(RtlVirtualUnwind2(
                          UNW_FLAG_NHANDLER, ImageBase, Context->Rip, Entry, Context, &MachineFrame,
                          &HandlerData, &Establisher, Pointers, &Low, &High, &Handler, 0)))
            return FALSE;
    }
    return TRUE;
}

/* Where each non-volatile register will be taken from. Below KiCallWithNonvolatiles all are saved
   somewhere; a thread that has not started has them in the frame that KeInitThread laid out. */
static VOID KiFindNonvolatiles(PKTRAP_FRAME TrapFrame, PULONG64 Where[NONVOLATILES]) {
    CONTEXT Context;
    KNONVOLATILE_CONTEXT_POINTERS Pointers = {0};
    PKEXCEPTION_FRAME Start = (PKEXCEPTION_FRAME)TrapFrame - 1;
    BOOLEAN User = KiUnwindToUser(&Context, &Pointers);
    for (ULONG i = 0; i < NONVOLATILES; i++)
        Where[i] = User ? Pointers.IntegerContext[KiNonvolatileNumber[i]] : &Start->Rbx + i;
}

VOID KiClearVolatiles(PKTRAP_FRAME TrapFrame) {
    TrapFrame->Rax = TrapFrame->Rcx = TrapFrame->Rdx = 0;
    TrapFrame->R8 = TrapFrame->R9 = TrapFrame->R10 = TrapFrame->R11 = 0;
}

/* What stands in their places has been written by the kernel, and is not for everybody to see. */
static VOID KiShowServiceVolatiles(PKTRAP_FRAME TrapFrame) {
    KiClearVolatiles(TrapFrame);
    TrapFrame->Rcx = TrapFrame->Rip;
    TrapFrame->R11 = TrapFrame->EFlags;
}

/* By KiCallWithNonvolatiles, in the thread, <= APC_LEVEL. */
static VOID KiTransferContext(PVOID Argument) {
    PKI_CONTEXT_TRANSFER Transfer = Argument;
    PKTRAP_FRAME TrapFrame = KeGetTrapFrame(KeGetCurrentThread());
    KEXCEPTION_FRAME Frame;
    PULONG64 Registers = &Frame.Rbx, Where[NONVOLATILES];

    KiFindNonvolatiles(TrapFrame, Where);
    Frame.Rbp = TrapFrame->Rbp;
    for (ULONG i = 0; i < NONVOLATILES; i++)
        Registers[i] = *Where[i];
    if (TrapFrame->ExceptionActive == TRAP_BY_SERVICE)
        KiShowServiceVolatiles(TrapFrame);
    if (!Transfer->Set) {
        KeContextFromKframes(TrapFrame, &Frame, Transfer->Context);
        return;
    }
    KeContextToKframes(TrapFrame, &Frame, Transfer->Context, Transfer->Context->ContextFlags,
                       UserMode);
    for (ULONG i = 0; i < NONVOLATILES; i++)
        *Where[i] = Registers[i];
}

static VOID KiContextApc(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext,
                         PVOID *SystemArgument1, PVOID *SystemArgument2) {
    PKI_CONTEXT_TRANSFER Transfer = CONTAINING_RECORD(Apc, KI_CONTEXT_TRANSFER, Apc);
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    KiCallWithNonvolatiles(KiTransferContext, Transfer);
    KeSetEvent(&Transfer->Done, 0, FALSE);
}

static NTSTATUS KiTransferByApc(PKTHREAD Thread, PKI_CONTEXT_TRANSFER Transfer) {
    KeInitializeEvent(&Transfer->Done, NotificationEvent, FALSE);
    KeInitializeApc(&Transfer->Apc, Thread, OriginalApcEnvironment, KiContextApc, NULL, NULL,
                    KernelMode, NULL);
    if (!KeInsertQueueApc(&Transfer->Apc, NULL, NULL, 0))
        return STATUS_UNSUCCESSFUL;
    return KeWaitForSingleObject(&Transfer->Done, Executive, KernelMode, FALSE, NULL);
}

/*
 * KeGetContextThread - fills the parts of Context that its ContextFlags name with the user
 * registers of Thread, a thread of user mode.
 *
 * PASSIVE_LEVEL. STATUS_UNSUCCESSFUL: the thread has ended.
 */
NTSTATUS KeGetContextThread(PKTHREAD Thread, PCONTEXT Context) {
    KI_CONTEXT_TRANSFER Transfer = {.Context = Context};
    if (Thread != KeGetCurrentThread())
        return KiTransferByApc(Thread, &Transfer);
    KiCallWithNonvolatiles(KiTransferContext, &Transfer);
    return STATUS_SUCCESS;
}

/*
 * KeSetContextThread - the reverse, for another thread than the current one, which has KeContinue.
 *
 * PASSIVE_LEVEL. STATUS_UNSUCCESSFUL: the thread has ended.
 */
NTSTATUS KeSetContextThread(PKTHREAD Thread, PCONTEXT Context) {
    KI_CONTEXT_TRANSFER Transfer = {.Context = Context, .Set = TRUE};
    return KiTransferByApc(Thread, &Transfer);
}
