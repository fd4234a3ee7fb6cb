/*
 * Ke: the kernel layer. Processor state, traps, IRQL, DPCs and APCs, dispatcher objects and waits,
 * threads and their scheduling, the service dispatcher.
 *
 * Layouts. KTRAP_FRAME, the first fields of KPCR and KPRCB and the dispatcher header are Windows'
 * to the byte (assembly, debuggers and books rely on them). KTHREAD, KPROCESS and the objects have
 * Windows' names in Windows' order, not its offsets.
 *
 * Locks: kelock.h lists them in the order in which they are taken; docs/locks.md says more.
 */
#ifndef VITRINE_KE_H
#define VITRINE_KE_H

#include "ntdef.h"
#include "ntcontext.h"
#include "ketypes.h"
#include "kelock.h"
#include "ntstatus.h"
#include "ntkuser.h"
#include "arc.h"

typedef struct _ETHREAD *PETHREAD;
typedef struct _EPROCESS *PEPROCESS;
struct _PROCESSOR_NUMBER;

/* --- IRQL --------------------------------------------------------------------------------------
 */

#define PASSIVE_LEVEL  0
#define APC_LEVEL      1
#define DISPATCH_LEVEL 2
#define CMCI_LEVEL     5
#define CLOCK_LEVEL    13
#define IPI_LEVEL      14
#define PROFILE_LEVEL  15
#define HIGH_LEVEL     15

FORCEINLINE KIRQL KeGetCurrentIrql(VOID) {
    ULONG64 Cr8;
    __asm__ volatile("mov %%cr8, %0" : "=r"(Cr8));
    return (KIRQL)Cr8;
}

FORCEINLINE VOID KiWriteIrql(KIRQL Irql) {
    __asm__ volatile("mov %0, %%cr8" : : "r"((ULONG64)Irql) : "memory");
}

/* Bugchecks with the rule that was broken (checked build); see kernel/irql.c. */
DECLSPEC_NORETURN VOID KiBadIrql(_In_ KIRQL Wanted, _In_ PCSTR Rule);

#if DBG
/* ASSERT_IRQL(<= APC_LEVEL): the checked build stops where the rule is broken. */
#define ASSERT_IRQL(rule)                                                                          \
    do {                                                                                           \
        if (!(KeGetCurrentIrql() rule))                                                            \
            KiBadIrql(KeGetCurrentIrql(), #rule);                                                  \
    } while (0)
#define NT_ASSERT(e) ((e) ? (void)0 : RtlAssert((PVOID) #e, (PVOID)__FILE__, __LINE__, NULL))
#else
#define ASSERT_IRQL(rule) ((void)0)
#define NT_ASSERT(e)      ((void)0)
#endif
#define ASSERT(e) NT_ASSERT(e)
VOID NTAPI RtlAssert(_In_ PVOID FailedAssertion, _In_ PVOID FileName, _In_ ULONG LineNumber,
                     _In_opt_ PSTR Message);

/* Raises to NewIrql and returns the old one; NewIrql must not be lower. (WDK: KeRaiseIrql) */
FORCEINLINE KIRQL KfRaiseIrql(_In_ KIRQL NewIrql) {
    KIRQL OldIrql = KeGetCurrentIrql();
#if DBG
    if (OldIrql > NewIrql)
        KiBadIrql(OldIrql, "KeRaiseIrql to a lower level");
#endif
    KiWriteIrql(NewIrql);
    return OldIrql;
}
#define KeRaiseIrql(new, old)   (*(old) = KfRaiseIrql(new))
#define KeRaiseIrqlToDpcLevel() KfRaiseIrql(DISPATCH_LEVEL)

/* Lowers to NewIrql; interrupts held off by the old level come in here. (WDK: KeLowerIrql) */
FORCEINLINE VOID KeLowerIrql(_In_ KIRQL NewIrql) {
#if DBG
    if (KeGetCurrentIrql() < NewIrql)
        KiBadIrql(NewIrql, "KeLowerIrql to a higher level");
#endif
    KiWriteIrql(NewIrql);
}

/* --- who and where -------------------------------------------------------------------------- */

FORCEINLINE PKTHREAD KeGetCurrentThread(VOID) {
    PKTHREAD Thread;
    __asm__("mov %%gs:0x188, %0" : "=r"(Thread));
    return Thread;
}
/* At DISPATCH_LEVEL, or the thread may be on another processor before the answer is used. Volatile,
   because a thread that has been switched away comes back on any processor. */
FORCEINLINE PKPCR KeGetPcr(VOID) {
    PKPCR Pcr;
    __asm__ volatile("mov %%gs:0x18, %0" : "=r"(Pcr));
    return Pcr;
}
FORCEINLINE PKPRCB KeGetCurrentPrcb(VOID) {
    PKPRCB Prcb;
    __asm__ volatile("mov %%gs:0x20, %0" : "=r"(Prcb));
    return Prcb;
}
FORCEINLINE ULONG KeGetCurrentProcessorNumber(VOID) {
    ULONG Number;
    __asm__ volatile("movl %%gs:0x1a4, %0" : "=r"(Number));
    return Number;
}
/* The same, as an index: of 64 bits, so that none are cleared twice. */
FORCEINLINE ULONG64 KiGetProcessorIndex(VOID) {
    ULONG64 Number;
    __asm__ volatile("movl %%gs:0x1a4, %k0" : "=r"(Number));
    return Number;
}
#define KeGetCurrentProcessorNumberEx(p) KeGetCurrentProcessorNumber()
FORCEINLINE KPROCESSOR_MODE ExGetPreviousMode(VOID) {
    return KeGetCurrentThread()->PreviousMode;
}
#define KeGetPreviousMode() ExGetPreviousMode()

#define MAXIMUM_PROCESSORS 64
extern PKPRCB KiProcessorBlock[MAXIMUM_PROCESSORS];
extern ULONG KeNumberProcessors;
extern volatile KAFFINITY KeActiveProcessors;
extern ULONG KeFeatureBits;
extern ULONG KeMaximumIncrement;       /* 100 ns between ticks, and the longest clock interval */
extern ULONG KeMinimumIncrement;       /* the shortest one */
extern volatile ULONG KeTimeIncrement; /* the present one */
#define SharedUserData        ((KUSER_SHARED_DATA *)0xFFFFF78000000000ull)
#define MM_USER_PROBE_ADDRESS 0x00007FFFFFFF0000ull
extern volatile ULONG64 KeTickCountStorage;

/* --- interrupts off and on ---------------------------------------------------------------------
 */

FORCEINLINE VOID _disable_interrupts(VOID) {
    __asm__ volatile("cli" : : : "memory");
}
FORCEINLINE VOID _enable_interrupts(VOID) {
    __asm__ volatile("sti" : : : "memory");
}
/* Disables interrupts; returns whether they were enabled. */
FORCEINLINE BOOLEAN KeDisableInterrupts(VOID) {
    ULONG64 Flags;
    __asm__ volatile("pushfq; popq %0; cli" : "=r"(Flags) : : "memory");
    return (Flags >> 9) & 1;
}
FORCEINLINE VOID KeRestoreInterrupts(BOOLEAN Enable) {
    if (Enable)
        _enable_interrupts();
}
FORCEINLINE VOID YieldProcessor(VOID) {
    __asm__ volatile("pause" : : : "memory");
}

/* --- interlocked and list helpers --------------------------------------------------------------
 */

#define InterlockedIncrement(p)          __atomic_add_fetch((p), 1, __ATOMIC_SEQ_CST)
#define InterlockedDecrement(p)          __atomic_sub_fetch((p), 1, __ATOMIC_SEQ_CST)
#define InterlockedIncrement64(p)        __atomic_add_fetch((p), 1, __ATOMIC_SEQ_CST)
#define InterlockedDecrement64(p)        __atomic_sub_fetch((p), 1, __ATOMIC_SEQ_CST)
#define InterlockedExchange(p, v)        __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedExchangePointer(p, v) __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedExchangeAdd(p, v)     __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedExchangeAdd64(p, v)   __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedAdd(p, v)             __atomic_add_fetch((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedAdd64(p, v)           __atomic_add_fetch((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedOr(p, v)              __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedAnd(p, v)             __atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedOr64(p, v)            __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedAnd64(p, v)           __atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST)
#define InterlockedCompareExchange(p, n, o)                                                        \
    ({                                                                                             \
        __typeof_unqual__(*(p)) _Old = (o);                                                        \
        __atomic_compare_exchange_n((p), &_Old, (n), 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);       \
        _Old;                                                                                      \
    })
#define InterlockedCompareExchange64(p, n, o)      InterlockedCompareExchange(p, n, o)
#define InterlockedCompareExchangePointer(p, n, o) InterlockedCompareExchange(p, n, o)

/* --- start-up ----------------------------------------------------------------------------------
 */

/* init/init.c: entered from the loader on its stack; never returns. */
DECLSPEC_NORETURN VOID KiSystemStartup(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock);
/* kernel/start.c, in this order: the thread that runs already, its processor, and at last what it
 * does. */
VOID KeInitializeIdleThread(_Out_ PKTHREAD Thread, _In_ PKPROCESS Process, _In_ PVOID StackBase,
                            _In_ SIZE_T StackSize);
VOID KeInitializeProcessor(_In_ PKTHREAD IdleThread);
DECLSPEC_NORETURN VOID KeEnterIdleLoop(VOID);
/* One more processor, with zeroed nonpaged Memory of KeProcessorSize() bytes and the idle thread
   that it will run. FALSE if it does not start. PASSIVE_LEVEL, one at a time. */
SIZE_T KeProcessorSize(VOID);
BOOLEAN KeStartProcessor(_Inout_ PVOID Memory, _Inout_ PKTHREAD IdleThread, _In_ PVOID DpcStack);
/* From now on DPCs of this processor run on Stack (its upper end, KERNEL_STACK_SIZE bytes). */
VOID KeSetDpcStack(_In_ PVOID Stack);
/* The bounds of the stack that Rsp lies on: the thread's, or one of the processor's own. */
VOID KeQueryStackLimits(_In_ ULONG64 Rsp, _Out_ PULONG64 Low, _Out_ PULONG64 High);
extern PLOADER_PARAMETER_BLOCK KeLoaderBlock;

/* --- bugcheck, exceptions (bugcheck.c, except.c, context.c) -------------------------------------
 */

DECLSPEC_NORETURN VOID NTAPI KeBugCheckEx(_In_ ULONG BugCheckCode, _In_ ULONG_PTR P1,
                                          _In_ ULONG_PTR P2, _In_ ULONG_PTR P3, _In_ ULONG_PTR P4);
DECLSPEC_NORETURN VOID NTAPI KeBugCheck(_In_ ULONG BugCheckCode);
/* The same with the frame at which the machine stopped. */
DECLSPEC_NORETURN VOID KeBugCheck2(_In_ ULONG BugCheckCode, _In_ ULONG_PTR P1, _In_ ULONG_PTR P2,
                                   _In_ ULONG_PTR P3, _In_ ULONG_PTR P4,
                                   _In_opt_ PKTRAP_FRAME TrapFrame);

/* Gives an exception to whom it belongs: the kernel's handlers, or the user mode dispatcher. */
VOID KiDispatchException(_Inout_ PEXCEPTION_RECORD ExceptionRecord,
                         _Inout_ PKEXCEPTION_FRAME ExceptionFrame, _Inout_ PKTRAP_FRAME TrapFrame,
                         _In_ KPROCESSOR_MODE PreviousMode, _In_ BOOLEAN FirstChance);
VOID KeContextFromKframes(_In_ PKTRAP_FRAME TrapFrame, _In_ PKEXCEPTION_FRAME ExceptionFrame,
                          _Inout_ PCONTEXT Context);
VOID KeContextToKframes(_Inout_ PKTRAP_FRAME TrapFrame, _Inout_ PKEXCEPTION_FRAME ExceptionFrame,
                        _In_ PCONTEXT Context, _In_ ULONG ContextFlags,
                        _In_ KPROCESSOR_MODE PreviousMode);
/* getset.c: the user registers of a thread of user mode. PASSIVE_LEVEL. STATUS_UNSUCCESSFUL: it has
   ended. Set: not for the current thread, which leaves its service by KeContinue (ntexcept.c). */
NTSTATUS KeGetContextThread(_Inout_ PKTHREAD Thread, _Inout_ PCONTEXT Context);
NTSTATUS KeSetContextThread(_Inout_ PKTHREAD Thread, _In_ PCONTEXT Context);
DECLSPEC_NORETURN VOID KeContinue(_In_ PCONTEXT Context);
/* trap.asm: the trap frame of the service at hand is loaded into the processor, with the
   non-volatile registers of ExceptionFrame; never returns (NtContinue, NtRaiseException). */
DECLSPEC_NORETURN VOID KiServiceExit2(_In_ PKTRAP_FRAME TrapFrame,
                                      _In_ PKEXCEPTION_FRAME ExceptionFrame);
/* The frame of this thread's entry from user mode: always at the top of its kernel stack. */
FORCEINLINE PKTRAP_FRAME KeGetTrapFrame(_In_ PKTHREAD Thread) {
    return (PKTRAP_FRAME)((ULONG_PTR)Thread->InitialStack - sizeof(KTRAP_FRAME));
}

/* Entry points of ntdll.dll that the kernel returns to; set by ps when ntdll is known. */
extern PVOID KeUserExceptionDispatcher;
extern PVOID KeUserApcDispatcher;
extern PVOID KeUserCallbackDispatcher;
extern PVOID KeRaiseUserExceptionDispatcher;

/* What Ke calls in the layers above; init/ sets them before the first thread of user mode. */
typedef struct _KE_UPCALLS {
    /* Mm: a page fault; success: the access can be tried again. IRQL <= APC_LEVEL. */
    NTSTATUS (*AccessFault)(_In_ ULONG64 FaultStatus, _In_ PVOID VirtualAddress,
                            _In_ KPROCESSOR_MODE Mode, _In_opt_ PKTRAP_FRAME TrapInformation);
    /* Ps: ends the current process (an exception that nobody handles). Does not return. */
    VOID (*TerminateCurrentProcess)(_In_ NTSTATUS ExitStatus);
    /* Kd: prints what a program says with int 2Dh. */
    VOID (*DebugPrint)(_In_reads_bytes_(Length) PCSTR Text, _In_ ULONG Length);
    /* Ps: name of the current process for a bugcheck; never NULL. */
    PCSTR (*CurrentImageName)(VOID);
} KE_UPCALLS;
extern KE_UPCALLS KeUpcalls;

/* --- user memory (kernel/uaccess.c) -------------------------------------------------------------
 */

/* Touch user memory, after a probe, with SMAP lifted; raise STATUS_ACCESS_VIOLATION (bad memory or
   an address outside user space) or STATUS_DATATYPE_MISALIGNMENT (probes). Call inside __try. IRQL
   <= APC_LEVEL. (WDK: "User-mode accessors", ProbeForRead, ProbeForWrite) */
VOID NTAPI ProbeForRead(_In_ const volatile VOID *Address, _In_ SIZE_T Length,
                        _In_ ULONG Alignment);
VOID NTAPI ProbeForWrite(_Inout_ volatile VOID *Address, _In_ SIZE_T Length, _In_ ULONG Alignment);
VOID NTAPI ProbeForWriteHandle(_Inout_ volatile HANDLE *Address);
VOID NTAPI CopyFromUser(_Out_writes_bytes_(Length) VOID *Destination,
                        _In_reads_bytes_(Length) const volatile VOID *Source, _In_ SIZE_T Length);
VOID NTAPI CopyToUser(_Out_writes_bytes_(Length) volatile VOID *Destination,
                      _In_reads_bytes_(Length) const VOID *Source, _In_ SIZE_T Length);
VOID NTAPI FillUserMemory(_Out_writes_bytes_(Length) volatile VOID *Destination, _In_ SIZE_T Length,
                          _In_ UCHAR Value);
UCHAR NTAPI ReadUCharFromUser(_In_ const volatile VOID *Source);
USHORT NTAPI ReadUShortFromUser(_In_ const volatile VOID *Source);
ULONG NTAPI ReadULongFromUser(_In_ const volatile VOID *Source);
ULONG64 NTAPI ReadULong64FromUser(_In_ const volatile VOID *Source);
VOID NTAPI WriteUCharToUser(_Out_ volatile VOID *Destination, _In_ UCHAR Value);
VOID NTAPI WriteUShortToUser(_Out_ volatile VOID *Destination, _In_ USHORT Value);
VOID NTAPI WriteULongToUser(_Out_ volatile VOID *Destination, _In_ ULONG Value);
VOID NTAPI WriteULong64ToUser(_Out_ volatile VOID *Destination, _In_ ULONG64 Value);
#define ReadPointerFromUser(p)   ((PVOID)ReadULong64FromUser(p))
#define WritePointerToUser(p, v) WriteULong64ToUser((p), (ULONG64)(v))
#define ReadHandleFromUser(p)    ((HANDLE)ReadULong64FromUser(p))
#define WriteHandleToUser(p, v)  WriteULong64ToUser((p), (ULONG64)(v))
/* Whether an address lies in the accessors' code: only there may the kernel fault on user memory.
 */
BOOLEAN KiIsUserAccessor(_In_ ULONG64 Rip);

/* --- dispatcher objects and waits ---------------------------------------------------------------
 */

/* What Windows gives a thread that an object wakes (WDK). */
#define EVENT_INCREMENT     1
#define MUTANT_INCREMENT    1
#define SEMAPHORE_INCREMENT 1

/* Each as in the WDK. Initialise: any IRQL. Set/release: <= DISPATCH_LEVEL. Return the previous
   signal state. Increment: the boost given to whoever is woken. Wait: the caller is going to wait
   next, by one of the calls below and with nothing in between: IRQL stays at DISPATCH_LEVEL until
   then, so that nobody else runs on this processor. */
VOID NTAPI KeInitializeEvent(_Out_ PRKEVENT Event, _In_ EVENT_TYPE Type, _In_ BOOLEAN State);
LONG NTAPI KeSetEvent(_Inout_ PRKEVENT Event, _In_ KPRIORITY Increment, _In_ BOOLEAN Wait);
LONG NTAPI KeResetEvent(_Inout_ PRKEVENT Event);
VOID NTAPI KeClearEvent(_Inout_ PRKEVENT Event);
LONG NTAPI KePulseEvent(_Inout_ PRKEVENT Event, _In_ KPRIORITY Increment, _In_ BOOLEAN Wait);
LONG NTAPI KeReadStateEvent(_In_ PRKEVENT Event);
VOID NTAPI KeInitializeSemaphore(_Out_ PRKSEMAPHORE Semaphore, _In_ LONG Count, _In_ LONG Limit);
/* Raises STATUS_SEMAPHORE_LIMIT_EXCEEDED past the limit. */
LONG NTAPI KeReleaseSemaphore(_Inout_ PRKSEMAPHORE Semaphore, _In_ KPRIORITY Increment,
                              _In_ LONG Adjustment, _In_ BOOLEAN Wait);
LONG NTAPI KeReadStateSemaphore(_In_ PRKSEMAPHORE Semaphore);
VOID NTAPI KeInitializeMutant(_Out_ PRKMUTANT Mutant, _In_ BOOLEAN InitialOwner);
VOID NTAPI KeInitializeMutex(_Out_ PRKMUTEX Mutex, _In_ ULONG Level);
/* Raises STATUS_MUTANT_NOT_OWNED / STATUS_ABANDONED. */
LONG NTAPI KeReleaseMutant(_Inout_ PRKMUTANT Mutant, _In_ KPRIORITY Increment,
                           _In_ BOOLEAN Abandoned, _In_ BOOLEAN Wait);
LONG NTAPI KeReleaseMutex(_Inout_ PRKMUTEX Mutex, _In_ BOOLEAN Wait);
LONG NTAPI KeReadStateMutant(_In_ PRKMUTANT Mutant);
VOID NTAPI KeInitializeTimer(_Out_ PKTIMER Timer);
VOID NTAPI KeInitializeTimerEx(_Out_ PKTIMER Timer, _In_ TIMER_TYPE Type);
BOOLEAN NTAPI KeSetTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime, _In_opt_ PKDPC Dpc);
BOOLEAN NTAPI KeSetTimerEx(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime, _In_ LONG Period,
                           _In_opt_ PKDPC Dpc);
/* Up to TolerableDelay ms late, where that lets timers expire together. */
BOOLEAN NTAPI KeSetCoalescableTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime,
                                    _In_ ULONG Period, _In_ ULONG TolerableDelay,
                                    _In_opt_ PKDPC Dpc);
BOOLEAN NTAPI KeCancelTimer(_Inout_ PKTIMER Timer);
BOOLEAN NTAPI KeReadStateTimer(_In_ PKTIMER Timer);

/* IRQL <= APC_LEVEL (DISPATCH_LEVEL with a timeout of zero). Timeout: NULL for ever, negative:
   relative, else absolute, 100 ns. STATUS_WAIT_0+n, STATUS_ABANDONED_WAIT_0+n, STATUS_TIMEOUT,
   STATUS_USER_APC, STATUS_ALERTED. Raise STATUS_MUTANT_LIMIT_EXCEEDED. */
NTSTATUS NTAPI KeWaitForSingleObject(_In_ PVOID Object, _In_ KWAIT_REASON WaitReason,
                                     _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                     _In_opt_ PLARGE_INTEGER Timeout);
NTSTATUS NTAPI KeWaitForMultipleObjects(_In_ ULONG Count, _In_reads_(Count) PVOID Object[],
                                        _In_ WAIT_TYPE WaitType, _In_ KWAIT_REASON WaitReason,
                                        _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                        _In_opt_ PLARGE_INTEGER Timeout,
                                        _Out_opt_ PKWAIT_BLOCK WaitBlockArray);
/* The same, but they return STATUS_MUTANT_LIMIT_EXCEEDED; for the services. */
NTSTATUS KiWaitForSingleObject(_In_ PVOID Object, _In_ KWAIT_REASON WaitReason,
                               _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                               _In_opt_ PLARGE_INTEGER Timeout);
NTSTATUS KiWaitForMultipleObjects(_In_ ULONG Count, _In_reads_(Count) PVOID Object[],
                                  _In_ WAIT_TYPE WaitType, _In_ KWAIT_REASON WaitReason,
                                  _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                  _In_opt_ PLARGE_INTEGER Timeout,
                                  _Out_opt_ PKWAIT_BLOCK WaitBlockArray);
NTSTATUS NTAPI KeDelayExecutionThread(_In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                      _In_ PLARGE_INTEGER Interval);

/* --- DPCs and APCs ------------------------------------------------------------------------------
 */

/* In nonpaged memory that stays while the DPC is queued; its routine may free it. Any IRQL. */
VOID NTAPI KeInitializeDpc(_Out_ PRKDPC Dpc, _In_ PKDEFERRED_ROUTINE Routine,
                           _In_opt_ PVOID Context);
/* FALSE: it was queued already, and keeps its arguments. Any IRQL. */
BOOLEAN NTAPI KeInsertQueueDpc(_Inout_ PRKDPC Dpc, _In_opt_ PVOID SystemArgument1,
                               _In_opt_ PVOID SystemArgument2);
/* FALSE: it was not queued; it may be running. Any IRQL. */
BOOLEAN NTAPI KeRemoveQueueDpc(_Inout_ PRKDPC Dpc);
/* On which processor the DPC runs, whoever queues it; without, on the one that queues it. Before
   it is queued. The second refuses what is no processor: STATUS_INVALID_PARAMETER. (WDK) */
VOID NTAPI KeSetTargetProcessorDpc(_Inout_ PRKDPC Dpc, _In_ CHAR Number);
NTSTATUS NTAPI KeSetTargetProcessorDpcEx(_Inout_ PKDPC Dpc,
                                         _In_ struct _PROCESSOR_NUMBER *ProcNumber);
/* How soon it runs: dpc.c has the table. Before it is queued. (WDK) */
VOID NTAPI KeSetImportanceDpc(_Inout_ PRKDPC Dpc, _In_ KDPC_IMPORTANCE Importance);
/* Returns when all DPCs that were queued at the call, on any processor, have run.
   PASSIVE_LEVEL. (WDK) */
VOID NTAPI KeFlushQueuedDpcs(VOID);

VOID NTAPI KeInitializeApc(_Out_ PRKAPC Apc, _In_ PKTHREAD Thread,
                           _In_ KAPC_ENVIRONMENT Environment, _In_ PKKERNEL_ROUTINE KernelRoutine,
                           _In_opt_ PKRUNDOWN_ROUTINE RundownRoutine,
                           _In_opt_ PKNORMAL_ROUTINE NormalRoutine, _In_ KPROCESSOR_MODE ApcMode,
                           _In_opt_ PVOID NormalContext);
BOOLEAN NTAPI KeInsertQueueApc(_Inout_ PRKAPC Apc, _In_opt_ PVOID SystemArgument1,
                               _In_opt_ PVOID SystemArgument2, _In_ KPRIORITY Increment);
BOOLEAN NTAPI KeTestAlertThread(_In_ KPROCESSOR_MODE AlertMode);
/* Has a user APC delivered at the next return to user mode, out of any wait in user mode. */
BOOLEAN KeForceUserApc(_Inout_ PKAPC Apc);
/* Takes Apc out of its queue. FALSE: it was in none, or its kernel routine is about to run. */
BOOLEAN KeRemoveQueueApc(_Inout_ PKAPC Apc);
/* For a thread that ends: no more APCs; the user APCs left, one at a time; no more suspension. */
VOID KeStopApcs(_Inout_ PKTHREAD Thread);
PKAPC KeTakeUserApc(_Inout_ PKTHREAD Thread);
VOID KeForceResumeThread(_Inout_ PKTHREAD Thread);
BOOLEAN NTAPI KeAlertThread(_Inout_ PKTHREAD Thread, _In_ KPROCESSOR_MODE AlertMode);
VOID NTAPI KeEnterCriticalRegion(VOID);
VOID NTAPI KeLeaveCriticalRegion(VOID);
/* The same, inline, for the kernel itself. */
DECLSPEC_RARE VOID KiCheckPendingApcs(VOID);
FORCEINLINE VOID KeEnterCriticalRegionThread(_Inout_ PKTHREAD Thread) {
    Thread->KernelApcDisable--;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
FORCEINLINE VOID KeLeaveCriticalRegionThread(_Inout_ PKTHREAD Thread) {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (++Thread->KernelApcDisable == 0 && Thread->ApcState.KernelApcPending)
        KiCheckPendingApcs();
}
VOID NTAPI KeEnterGuardedRegion(VOID);
VOID NTAPI KeLeaveGuardedRegion(VOID);
BOOLEAN NTAPI KeAreApcsDisabled(VOID);

/* --- threads, processes, scheduling --------------------------------------------------------------
 */

VOID KeInitializeProcess(_Out_ PKPROCESS Process, _In_ KPRIORITY Priority, _In_ KAFFINITY Affinity,
                         _In_ ULONG64 DirectoryTableBase);
/* KernelStack: its highest address (MmCreateKernelStack). Context: NULL for a system thread, else
   the user context that it starts with after SystemRoutine returns. */
NTSTATUS KeInitThread(_Out_ PKTHREAD Thread, _In_ PVOID KernelStack, _In_ SIZE_T StackSize,
                      _In_ PKSYSTEM_ROUTINE SystemRoutine, _In_opt_ PKSTART_ROUTINE StartRoutine,
                      _In_opt_ PVOID StartContext, _In_opt_ PCONTEXT Context, _In_opt_ PVOID Teb,
                      _In_ PKPROCESS Process);
VOID KeStartThread(_Inout_ PKTHREAD Thread); /* adds it to its process */
VOID KeReadyThread(_Inout_ PKTHREAD Thread); /* makes it ready for the first time */
/* The current thread ends: its object is signalled, its processor goes on with another. */
DECLSPEC_NORETURN VOID KeTerminateThread(_In_ KPRIORITY Increment);
/* Called by the reaper (ps) with threads whose stacks nobody stands on any more. */
extern VOID (*KeReapThreadRoutine)(PKTHREAD Thread);
KPRIORITY NTAPI KeSetPriorityThread(_Inout_ PKTHREAD Thread, _In_ KPRIORITY Priority);
KPRIORITY NTAPI KeQueryPriorityThread(_In_ PKTHREAD Thread);
/* The base becomes the process's plus Increment, within the class; +-MAXIMUM_PRIORITY/2 or beyond:
   its highest or lowest priority. Return the increment in force before, or now. */
LONG NTAPI KeSetBasePriorityThread(_Inout_ PKTHREAD Thread, _In_ LONG Increment);
LONG NTAPI KeQueryBasePriorityThread(_In_ PKTHREAD Thread);
/* As in the WDK. */
ULONG NTAPI KeQueryActiveProcessorCount(_Out_opt_ PKAFFINITY ActiveProcessors);
KAFFINITY NTAPI KeQueryActiveProcessors(VOID);
KAFFINITY NTAPI KeSetAffinityThread(_Inout_ PKTHREAD Thread, _In_ KAFFINITY Affinity);
/* For a process and all its threads. Affinity: processors of KeActiveProcessors. Returns the old
 * one. */
KAFFINITY KeSetAffinityProcess(_Inout_ PKPROCESS Process, _In_ KAFFINITY Affinity);
/* The quantum of processes to come: THREAD_QUANTUM, or THREAD_QUANTUM_SERVER (/SERVER). */
extern CHAR KeThreadQuantum;
/* The base priority of a process; its threads keep their distance from it. Returns the old one. */
KPRIORITY KeSetPriorityProcess(_Inout_ PKPROCESS Process, _In_ KPRIORITY Priority);
/* No raises at the end of waits, or raises again. For a process: for all its threads, those to come
   too. Return what held before. */
BOOLEAN KeSetDisableBoostThread(_Inout_ PKTHREAD Thread, _In_ BOOLEAN Disable);
BOOLEAN KeSetDisableBoostProcess(_Inout_ PKPROCESS Process, _In_ BOOLEAN Disable);
/* Where the thread should run when there is a choice. Processor: of KeActiveProcessors; one that is
   not in the thread's affinity changes nothing. Returns the old one. */
ULONG NTAPI KeSetIdealProcessorThread(_Inout_ PKTHREAD Thread, _In_ ULONG Processor);
/* The body of a system thread (init starts it): relief for threads that starve. */
DECLSPEC_NORETURN VOID KeBalanceSetManager(_In_opt_ PVOID Context);
LONG NTAPI KeSetProcessSignal(_Inout_ PKPROCESS Process, _In_ KPRIORITY Increment);
ULONG NTAPI KeSuspendThread(_Inout_ PKTHREAD Thread);
ULONG NTAPI KeResumeThread(_Inout_ PKTHREAD Thread);
/* Attaches the current thread to another address space, and back. IRQL <= DISPATCH_LEVEL. */
VOID NTAPI KeStackAttachProcess(_Inout_ PKPROCESS Process, _Out_ PKAPC_STATE ApcState);
VOID NTAPI KeUnstackDetachProcess(_In_ PKAPC_STATE ApcState);
NTSTATUS KeYieldExecution(VOID);

/* --- time ----------------------------------------------------------------------------------------
 */

/*
 * System time (since 1601) and interrupt time (since the boot), both in 100 ns: as they were at the
 * last clock interrupt, or, the Precise forms, as they are now. QpcTimeStamp receives the
 * performance counter of that moment. Any IRQL. Source: WDK pages of these names.
 */
VOID NTAPI KeQuerySystemTime(_Out_ PLARGE_INTEGER CurrentTime);
ULONG64 NTAPI KeQueryInterruptTime(VOID);
VOID NTAPI KeQuerySystemTimePrecise(_Out_ PLARGE_INTEGER CurrentTime);
ULONG64 NTAPI KeQueryInterruptTimePrecise(_Out_ PULONG64 QpcTimeStamp);
/*
 * Clock interrupts come every Increment from now on, on all processors, within the bounds that the
 * clock has; returns what it has become. Any IRQL. This system's own.
 */
ULONG KeSetTimeIncrement(_In_ ULONG Increment);
VOID NTAPI KeQueryTickCount(_Out_ PLARGE_INTEGER TickCount);
ULONG NTAPI KeQueryTimeIncrement(VOID);
VOID KeSetSystemTime(_In_ PLARGE_INTEGER NewTime);

/* --- others --------------------------------------------------------------------------------------
 */

/* Pages from Virtual on are forgotten by all processors that may have them: those that run Process,
   or all where it is NULL. Any IRQL, but with no lock that others wait for with interrupts off. */
VOID KeFlushRangeTb(_In_opt_ PKPROCESS Process, _In_ PVOID Virtual, _In_ ULONG_PTR Pages);
/* The same for one page, for everything that is not global, for everything: on all processors. */
VOID KeFlushSingleTb(_In_ PVOID Virtual);
VOID KeFlushCurrentTb(VOID);
VOID KeFlushEntireTb(VOID);

/* Numbers that debuggers and NtQuerySystemInformation want. */
extern ULONG KiServiceLimit;

#include "keint.h"

#endif
