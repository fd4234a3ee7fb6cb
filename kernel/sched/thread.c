/*
 * The kernel's part of a thread: its stack laid out, started, its priority, its end.
 *
 * From the top of a new kernel stack downwards: the areas for the extended state and the debug registers
 * (threads of user mode only), the trap and exception frame with which it will enter user mode, and what
 * KiSwapContext pops when the thread is switched to for the first time: it then runs
 * KiStartUserThread or KiStartSystemThread.
 */
#include "ki.h"

VOID (*KeReapThreadRoutine)(PKTHREAD Thread);

/* What KiSwapContext pops. */
typedef struct _KSTART_FRAME {
    ULONG64 R15, R14, R13, R12, Rdi, Rsi, Rbx, Rbp;
    ULONG64 Return;
    ULONG64 Home[6]; /* rsp at Return is a multiple of 16 */
} KSTART_FRAME, *PKSTART_FRAME;

VOID KiInitializeThreadObject(PKTHREAD Thread, PKPROCESS Process) {
    memset(Thread, 0, sizeof(*Thread));
    KiInitializeHeader(&Thread->Header, ThreadObject, 0, 0);
    KeInitializeSpinLock(&Thread->ThreadLock);
    for (ULONG Mode = 0; Mode < MaximumMode; Mode++)
        InitializeListHead(&Thread->ApcState.ApcListHead[Mode]);
    InitializeListHead(&Thread->MutantListHead);
    KeInitializeTimer(&Thread->Timer);
    KiInitializeSuspend(Thread);
    Thread->ApcState.Process = Process;
    Thread->Process = Process;
    Thread->Priority = Thread->BasePriority = Process->BasePriority;
    Thread->Affinity.Mask = Process->Affinity.Bitmap[0];
    Thread->Quantum = Thread->QuantumReset = Process->QuantumReset;
    Thread->DisableBoost = Process->DisableBoost;
    Thread->ApcQueueable = TRUE;
    if (KeNumberProcessors > 1)
        Thread->NextProcessor = Thread->IdealProcessor =
            KiChooseIdealProcessor(Thread->Affinity.Mask);
    Thread->State = Initialized;
}

/* The frames of a thread that will go to user mode. Returns the exception frame. */
static PKEXCEPTION_FRAME KiInitializeUserStart(PKTHREAD Thread, PCONTEXT Context) {
    PKTRAP_FRAME TrapFrame = KeGetTrapFrame(Thread);
    PKEXCEPTION_FRAME ExceptionFrame = KiGetStartFrame(Thread);
    memset(ExceptionFrame, 0, sizeof(KEXCEPTION_FRAME) + sizeof(KTRAP_FRAME));
    KeContextToKframes(TrapFrame, ExceptionFrame, Context,
                       CONTEXT_AMD64 | CONTEXT_CONTROL | CONTEXT_INTEGER, UserMode);
    return ExceptionFrame;
}

NTSTATUS KeInitThread(PKTHREAD Thread, PVOID KernelStack, SIZE_T StackSize,
                      PKSYSTEM_ROUTINE SystemRoutine, PKSTART_ROUTINE StartRoutine,
                      PVOID StartContext, PCONTEXT Context, PVOID Teb, PKPROCESS Process) {
    PKEXCEPTION_FRAME ExceptionFrame = NULL;
    ULONG_PTR Top = (ULONG_PTR)KernelStack;

    KiInitializeThreadObject(Thread, Process);
    Thread->StackBase = KernelStack;
    Thread->StackLimit = (PVOID)(Top - StackSize);
    Thread->Teb = Teb;
    Thread->PreviousMode = Context ? UserMode : KernelMode;
    if (Context) {
        Top -= KiExtendedStateSize();
        Thread->StateSaveArea = (PXSAVE_FORMAT)Top;
        KiInitializeExtendedState(Thread->StateSaveArea);
        Top -= ALIGN_UP_BY(sizeof(KDEBUG_REGISTERS), 64);
        Thread->DebugRegisters = (PKDEBUG_REGISTERS)Top;
        memset(Thread->DebugRegisters, 0, sizeof(KDEBUG_REGISTERS));
    }
    Thread->InitialStack = (PVOID)Top;
    if (Context) {
        ExceptionFrame = KiInitializeUserStart(Thread, Context);
        Top = (ULONG_PTR)ExceptionFrame;
    }
    PKSTART_FRAME Start = (PKSTART_FRAME)(Top - sizeof(KSTART_FRAME));
    *Start = (KSTART_FRAME){.Rbp = (ULONG64)ExceptionFrame + 0x80,
                            .Rbx = (ULONG64)SystemRoutine,
                            .Rsi = (ULONG64)StartRoutine,
                            .Rdi = (ULONG64)StartContext,
                            .Return = Context != NULL ? (ULONG64)KiStartUserThread
                                                      : (ULONG64)KiStartSystemThread};
    Thread->KernelStack = Start;
    return STATUS_SUCCESS;
}

/* A system thread came back from its system routine, which must end it instead. */
DECLSPEC_NORETURN VOID KiThreadReturned(VOID) {
    KeBugCheckEx(NO_USER_MODE_CONTEXT, (ULONG_PTR)KeGetCurrentThread(), 0, 0, 0);
}

VOID KeStartThread(PKTHREAD Thread) {
    PKPROCESS Process = Thread->Process;
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireSpinLock(&Process->ProcessLock, KiClassProcess);
    InsertTailList(&Process->ThreadListHead, &Thread->ThreadListEntry);
    Thread->Priority = Thread->BasePriority = Process->BasePriority; /* if changed meanwhile */
    Thread->Affinity.Mask = Process->Affinity.Bitmap[0];
    Thread->DisableBoost = Process->DisableBoost;
    KeReleaseSpinLock(&Process->ProcessLock, OldIrql);
}

VOID KeReadyThread(PKTHREAD Thread) {
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireThreadLock(Thread);
    KiReadyThread(Thread);
    KiReleaseThreadLock(Thread);
    KiExitDispatcher(OldIrql);
}

DECLSPEC_NORETURN VOID KeTerminateThread(KPRIORITY Increment) {
    PKTHREAD Thread = KeGetCurrentThread();
    KiLeaveQueue(Thread);
    KiAbandonMutants(Thread);
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireSpinLock(&Thread->Process->ProcessLock, KiClassProcess);
    UNREFERENCED_PARAMETER(OldIrql);
    RemoveEntryList(&Thread->ThreadListEntry);
    KeReleaseSpinLockFromDpcLevel(&Thread->Process->ProcessLock);

    KiAcquireObjectLock(&Thread->Header);
    Thread->Header.SignalState = 1;
    KiWaitTest(&Thread->Header, Increment);
    KiReleaseObjectLock(&Thread->Header);

    KiAcquireThreadLock(Thread);
    Thread->SwapBusy = TRUE;
    Thread->State = Terminated;
    KiReleaseThreadLock(Thread);
    KeReapThreadRoutine(Thread);
    KiSwapThread(Thread);
    __builtin_unreachable();
}
