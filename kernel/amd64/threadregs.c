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

/* KTRAP_FRAME.ExceptionActive */
#define TRAP_BY_EXCEPTION 1
#define TRAP_BY_SERVICE   2

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

/* An unwind that stops on the way: the stack, or what describes it, is broken. */
static DECLSPEC_NORETURN VOID KiStopUnwind(PCONTEXT Context, ULONG64 Rsp, NTSTATUS Status) {
    KeBugCheckEx(UNWIND_ON_INVALID_STACK, Rsp, (ULONG_PTR)KeGetCurrentThread()->StackBase,
                 (ULONG_PTR)Context, (ULONG)Status);
}

/*
 * Where user mode was left is decided by the place of the frame, at the end of the kernel stack,
 * never by what is in it: a program chooses its rip and rsp. It is the trap frame, or the start
 * frame of a thread that has not been in user mode yet; every walk from here reaches one of the
 * two. Code without an unwind entry is a leaf function, whose return address is at rsp.
 */
VOID KiUnwindToUser(PCONTEXT Context, PKNONVOLATILE_CONTEXT_POINTERS Pointers) {
    PKTHREAD Thread = KeGetCurrentThread();
    ULONG64 Low = (ULONG64)Thread->StackLimit, High = (ULONG64)Thread->StackBase;
    ULONG64 ImageBase, Frame;
    BOOLEAN MachineFrame;

    RtlCaptureContext(Context);
    do {
        PVOID HandlerData;
        PEXCEPTION_ROUTINE Handler;
        ULONG64 Rsp = Context->Rsp;
        PRUNTIME_FUNCTION Entry = RtlLookupFunctionEntry(Context->Rip, &ImageBase, NULL);
        NTSTATUS Status = RtlVirtualUnwind2(UNW_FLAG_NHANDLER, ImageBase, Context->Rip, Entry,
                                            Context, &MachineFrame, &HandlerData, &Frame, Pointers,
                                            &Low, &High, &Handler, 0);
        if (!NT_SUCCESS(Status) || (!MachineFrame && Context->Rsp <= Rsp)) {
            KiStopUnwind(Context, Rsp, Status);
        }
    } while (!MachineFrame || (Frame != (ULONG64)KeGetTrapFrame(Thread) &&
                               Frame != (ULONG64)KiGetStartFrame(Thread)));
}

/* Where each non-volatile register will be taken from. Below KiCallWithNonvolatiles all are saved
   somewhere. */
static VOID KiFindNonvolatiles(PULONG64 Where[NONVOLATILES]) {
    CONTEXT Context;
    KNONVOLATILE_CONTEXT_POINTERS Pointers = {0};
    KiUnwindToUser(&Context, &Pointers);
    for (ULONG i = 0; i < NONVOLATILES; i++) {
        Where[i] = Pointers.IntegerContext[KiNonvolatileNumber[i]];
        NT_ASSERT(Where[i] != NULL);
    }
}

VOID KiClearVolatiles(PKTRAP_FRAME TrapFrame) {
    TrapFrame->Rax = TrapFrame->Rcx = TrapFrame->Rdx = 0;
    TrapFrame->R8 = TrapFrame->R9 = TrapFrame->R10 = TrapFrame->R11 = 0;
}

/* What a service's caller finds in its volatile registers: what sysret needs, and zeros. The places
   in the frame have been written by the kernel, and what is there is not for everybody to see. */
static VOID KiShowServiceVolatiles(PKTRAP_FRAME TrapFrame) {
    KiClearVolatiles(TrapFrame);
    TrapFrame->Rcx = TrapFrame->Rip;
    TrapFrame->R11 = TrapFrame->EFlags;
}

/*
 * CONTEXT_EXCEPTION_REQUEST asks what the thread is doing in the kernel. The answer is in the
 * flags: that there is one, and whether the thread is in a service or in an exception, so that its
 * registers may not be those with which it goes on. Source: winnt.h; CoreCLR, threadsuspend.cpp.
 */
static VOID KiReportException(PCONTEXT Context, UCHAR ExceptionActive) {
    if ((Context->ContextFlags & CONTEXT_EXCEPTION_REQUEST) == 0) {
        return;
    }
    Context->ContextFlags &= ~(CONTEXT_EXCEPTION_ACTIVE | CONTEXT_SERVICE_ACTIVE);
    Context->ContextFlags |= CONTEXT_EXCEPTION_REPORTING;
    if (ExceptionActive == TRAP_BY_EXCEPTION) {
        Context->ContextFlags |= CONTEXT_EXCEPTION_ACTIVE;
    } else if (ExceptionActive == TRAP_BY_SERVICE) {
        Context->ContextFlags |= CONTEXT_SERVICE_ACTIVE;
    }
}

static VOID KiReadContext(PKTRAP_FRAME TrapFrame, PKEXCEPTION_FRAME Frame, PCONTEXT Context) {
    KTRAP_FRAME Shown = *TrapFrame;
    if (TrapFrame->ExceptionActive == TRAP_BY_SERVICE) {
        KiShowServiceVolatiles(&Shown);
    }
    KeContextFromKframes(&Shown, Frame, Context);
    KiReportException(Context, TrapFrame->ExceptionActive);
}

/* A service returns to the code segment of its caller: sysret knows no other. */
static VOID KiWriteContext(PKTRAP_FRAME TrapFrame, PKEXCEPTION_FRAME Frame, PCONTEXT Context) {
    if (TrapFrame->ExceptionActive == TRAP_BY_SERVICE) {
        Context->SegCs = TrapFrame->SegCs;
    }
    KeContextToKframes(TrapFrame, Frame, Context, Context->ContextFlags, UserMode);
}

/* By KiCallWithNonvolatiles, in the thread, <= APC_LEVEL. */
static VOID KiTransferContext(PVOID Argument) {
    PKI_CONTEXT_TRANSFER Transfer = Argument;
    PKTRAP_FRAME TrapFrame = KeGetTrapFrame(KeGetCurrentThread());
    KEXCEPTION_FRAME Frame;
    PULONG64 Registers = &Frame.Rbx, Where[NONVOLATILES];

    KiFindNonvolatiles(Where);
    Frame.Rbp = TrapFrame->Rbp;
    for (ULONG i = 0; i < NONVOLATILES; i++) {
        Registers[i] = *Where[i];
    }
    if (!Transfer->Set) {
        KiReadContext(TrapFrame, &Frame, Transfer->Context);
        return;
    }
    KiWriteContext(TrapFrame, &Frame, Transfer->Context);
    for (ULONG i = 0; i < NONVOLATILES; i++) {
        *Where[i] = Registers[i];
    }
}

static VOID KiContextApc(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext,
                         PVOID *SystemArgument1, PVOID *SystemArgument2) {
    PKI_CONTEXT_TRANSFER Transfer = CONTAINING_RECORD(Apc, KI_CONTEXT_TRANSFER, Apc);
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    KiCallWithNonvolatiles(KiTransferContext, Transfer);
    KeSetEvent(&Transfer->Done, EVENT_INCREMENT, FALSE);
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
