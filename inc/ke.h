/*
 * Ke: the kernel layer. Processor state, traps, IRQL, DPCs and APCs, dispatcher objects and waits,
 * threads and their scheduling, the service dispatcher.
 *
 * This header has what the whole kernel needs of the processor, of traps, of user memory and of the
 * time; it brings in ketypes.h (structures), kelock.h (spin locks), kewait.h (dispatcher objects
 * and waits), keapc.h (DPCs and APCs), kesched.h (threads, processes, scheduling) and keint.h
 * (interrupts, queues).
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
#include "kethread.h"
#include "kepcr.h"
#include "kelock.h"
#include "kewait.h"
#include "keapc.h"
#include "kesched.h"
#include "ntstatus.h"
#include "ntkuser.h"
#include "arc.h"

typedef struct _ETHREAD *PETHREAD;
typedef struct _EPROCESS *PEPROCESS;

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

/* The calling processor's level, from cr8. Any IRQL. (WDK: KeGetCurrentIrql) */
FORCEINLINE KIRQL KeGetCurrentIrql(VOID) {
    ULONG64 Irql;
    __asm__ volatile("mov %%cr8, %0" : "=r"(Irql));
    return (KIRQL)Irql;
}

/* Sets the level, up or down, without checking; for Ke's own code. Interrupts that the old level held
   back arrive here. kernel/amd64/irql.c tells why cr8 is written first. */
FORCEINLINE VOID KiWriteIrql(KIRQL Irql) {
    __asm__ volatile("mov %0, %%cr8\n\tmovb %b0, %%gs:0x50" : : "r"((ULONG64)Irql) : "memory");
}

/* Bugcheck IRQL_NOT_LESS_OR_EQUAL with the level that was wanted and the rule that was broken, for
   the checked build; see kernel/amd64/irql.c. Any IRQL. */
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
/* Says in the log which assertion failed, Message (or nothing) before it, and stops the machine:
   bugcheck MANUALLY_INITIATED_CRASH1. Any IRQL. (The name: Windows' checked builds) */
VOID NTAPI RtlAssert(_In_ PVOID FailedAssertion, _In_ PVOID FileName, _In_ ULONG LineNumber,
                     _In_opt_ PSTR Message);

/* Raises to NewIrql and returns the old one; NewIrql must not be lower. IRQL <= NewIrql.
   (WDK: KeRaiseIrql, KeRaiseIrqlToDpcLevel) */
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

/* Lowers to NewIrql; interrupts held off by the old level come in here. IRQL >= NewIrql.
   (WDK: KeLowerIrql) */
FORCEINLINE VOID KeLowerIrql(_In_ KIRQL NewIrql) {
#if DBG
    if (KeGetCurrentIrql() < NewIrql)
        KiBadIrql(NewIrql, "KeLowerIrql to a higher level");
#endif
    KiWriteIrql(NewIrql);
}

/* --- who and where -------------------------------------------------------------------------- */

/* The thread that calls; in an interrupt or DPC, the one that was interrupted. Any IRQL.
   (WDK: KeGetCurrentThread) */
FORCEINLINE PKTHREAD KeGetCurrentThread(VOID) {
    PKTHREAD Thread;
    __asm__("mov %%gs:0x188, %0" : "=r"(Thread));
    return Thread;
}
/* The processor's KPCR, KPRCB and number (0 first). Any IRQL; but below DISPATCH_LEVEL the thread
   may be on another processor before the answer is used. Volatile, because a thread that has been
   switched away comes back on any processor. (WDK: KeGetCurrentProcessorNumberEx) */
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
/* The mode that the current thread's service was called from: UserMode means that its pointers are
   not to be believed. In a thread, <= APC_LEVEL. (WDK: ExGetPreviousMode) */
FORCEINLINE KPROCESSOR_MODE ExGetPreviousMode(VOID) {
    return KeGetCurrentThread()->PreviousMode;
}
#define KeGetPreviousMode() ExGetPreviousMode()

#define MAXIMUM_PROCESSORS 64
/* By number, NULL for what does not run; and how many run. Once a processor runs it stays. */
extern PKPRCB KiProcessorBlock[MAXIMUM_PROCESSORS];
extern ULONG KeNumberProcessors;
extern volatile KAFFINITY KeActiveProcessors; /* bit n: processor n */
extern ULONG KeFeatureBits;                   /* KF_ */
extern ULONG KeMaximumIncrement;       /* 100 ns between ticks, and the longest clock interval */
extern ULONG KeMinimumIncrement;       /* the shortest one */
extern volatile ULONG KeTimeIncrement; /* the present one */
#define SharedUserData ((KUSER_SHARED_DATA *)0xFFFFF78000000000ull)
/* init/shareddata.c: the build, 19045, and in the upper half whether it is a free build. */
extern ULONG NtBuildNumber;

#define MM_USER_PROBE_ADDRESS 0x00007FFFFFFF0000ull
extern volatile ULONG64 KeTickCountStorage; /* ticks of KeMaximumIncrement since the boot */

/* --- interrupts off and on ---------------------------------------------------------------------
 */

/* The processor's own switch, of the calling processor: what is off stays off even at
   PASSIVE_LEVEL. Any IRQL. (The compiler's intrinsics of these names) */
FORCEINLINE VOID _disable_interrupts(VOID) {
    __asm__ volatile("cli" : : : "memory");
}
FORCEINLINE VOID _enable_interrupts(VOID) {
    __asm__ volatile("sti" : : : "memory");
}
/* Disables interrupts; returns whether they were enabled. Any IRQL. */
FORCEINLINE BOOLEAN KeDisableInterrupts(VOID) {
    ULONG64 Flags;
    __asm__ volatile("pushfq; popq %0; cli" : "=r"(Flags) : : "memory");
    return (Flags >> 9) & 1;
}
/* Enables them again if Enable, the answer of KeDisableInterrupts, says so. Any IRQL. */
FORCEINLINE VOID KeRestoreInterrupts(BOOLEAN Enable) {
    if (Enable)
        _enable_interrupts();
}
/* Tells the processor that this is a loop that waits; the thread goes on. Any IRQL. (WDK:
   YieldProcessor) */
FORCEINLINE VOID YieldProcessor(VOID) {
    __asm__ volatile("pause" : : : "memory");
}

/* --- interlocked and list helpers --------------------------------------------------------------
 */

/* One step for all processors, and a full barrier; of the size that p points to. Increment,
   Decrement and Add give the new value, the others the old one. Any IRQL. (WDK pages of these
   names) */
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

/* init/init.c: entered from the loader on its stack, on the boot processor, interrupts off; never
   returns. */
DECLSPEC_NORETURN VOID KiSystemStartup(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock);
/*
 * kernel/start.c, in this order on the boot processor: the thread that runs already, on the stack
 * below StackBase (its upper end; StackSize: bytes); its processor; and at last what it does.
 * KeInitializeProcessor comes with interrupts off, and leaves them off, at PASSIVE_LEVEL; from
 * there on exceptions are taken. KeEnterIdleLoop: IRQL <= DISPATCH_LEVEL. KeInitializeIdleThread
 * also makes the idle threads of other processors. This system's own.
 */
VOID KeInitializeIdleThread(_Out_ PKTHREAD Thread, _In_ PKPROCESS Process, _In_ PVOID StackBase,
                            _In_ SIZE_T StackSize);
VOID KeInitializeProcessor(_In_ PKTHREAD IdleThread);
DECLSPEC_NORETURN VOID KeEnterIdleLoop(VOID);
/* One more processor, with zeroed nonpaged Memory of KeProcessorSize() bytes, the idle thread that
   it will run and a stack for its DPCs (as below). FALSE if it does not start within two seconds;
   it may still touch what it was given. PASSIVE_LEVEL, one at a time. This system's own. */
SIZE_T KeProcessorSize(VOID);
BOOLEAN KeStartProcessor(_Inout_ PVOID Memory, _Inout_ PKTHREAD IdleThread, _In_ PVOID DpcStack);
/* From now on DPCs of this processor run on Stack (its upper end, KERNEL_STACK_SIZE bytes).
   IRQL < DISPATCH_LEVEL. */
VOID KeSetDpcStack(_In_ PVOID Stack);
/* The bounds of the stack that Rsp lies on: the thread's, or one of the processor's own; its page,
   where it lies on none of them. *High is the first byte behind. Any IRQL. */
VOID KeQueryStackLimits(_In_ ULONG64 Rsp, _Out_ PULONG64 Low, _Out_ PULONG64 High);
extern PLOADER_PARAMETER_BLOCK KeLoaderBlock;

/* --- bugcheck, exceptions (bugcheck.c, except.c, context.c) -------------------------------------
 */

/*
 * Stops the machine, all processors, and writes down why: the code (inc/bugcodes.h), its four
 * parameters, registers and stack. KeBugCheck: the parameters are 0. Any IRQL. Source: WDK pages of
 * these names, and "Bug Check Code Reference" for what codes and parameters mean.
 */
DECLSPEC_NORETURN VOID NTAPI KeBugCheckEx(_In_ ULONG BugCheckCode, _In_ ULONG_PTR P1,
                                          _In_ ULONG_PTR P2, _In_ ULONG_PTR P3, _In_ ULONG_PTR P4);
DECLSPEC_NORETURN VOID NTAPI KeBugCheck(_In_ ULONG BugCheckCode);
/* The same with the frame at which the machine stopped, whose registers are shown. Any IRQL. */
DECLSPEC_NORETURN VOID KeBugCheck2(_In_ ULONG BugCheckCode, _In_ ULONG_PTR P1, _In_ ULONG_PTR P2,
                                   _In_ ULONG_PTR P3, _In_ ULONG_PTR P4,
                                   _In_opt_ PKTRAP_FRAME TrapFrame);

/*
 * Gives an exception to whom it belongs: the kernel's handlers, or the user mode dispatcher. The
 * frames have the registers of the interrupted code, and may be changed; the caller loads them
 * afterwards. PreviousMode: that code's. FirstChance: FALSE if its handlers have been asked
 * already. What nobody handles is a bugcheck in kernel mode (SYSTEM_SERVICE_EXCEPTION,
 * KMODE_EXCEPTION_NOT_HANDLED) and the end of the process in user mode. IRQL: the code's, of user
 * mode <= APC_LEVEL; interrupts on. Source: Windows Internals, part 2, "Exception dispatching".
 */
VOID KiDispatchException(_Inout_ PEXCEPTION_RECORD ExceptionRecord,
                         _Inout_ PKEXCEPTION_FRAME ExceptionFrame, _Inout_ PKTRAP_FRAME TrapFrame,
                         _In_ KPROCESSOR_MODE PreviousMode, _In_ BOOLEAN FirstChance);
/*
 * Between a CONTEXT and the frames of an entry into the kernel: the parts that
 * Context->ContextFlags, or ContextFlags, name. Floating-point and debug registers are always those
 * of the current thread. PreviousMode: UserMode makes what is not to be believed harmless:
 * segments, flags, an address that the way back would fault on, debug registers.
 * IRQL <= APC_LEVEL; for kernel frames any. Source: the SDK's page of CONTEXT.
 */
VOID KeContextFromKframes(_In_ PKTRAP_FRAME TrapFrame, _In_ PKEXCEPTION_FRAME ExceptionFrame,
                          _Inout_ PCONTEXT Context);
VOID KeContextToKframes(_Inout_ PKTRAP_FRAME TrapFrame, _Inout_ PKEXCEPTION_FRAME ExceptionFrame,
                        _In_ PCONTEXT Context, _In_ ULONG ContextFlags,
                        _In_ KPROCESSOR_MODE PreviousMode);
/*
 * context.c: the only two ways to say where user mode goes on. KeSetUserMachineFrame sets rip, rsp,
 * cs, ss and the flags, each made safe for the return; KeEnterUserRoutine goes on in a routine of
 * ntdll, as 64-bit code. For the current thread, or one that has not started. Any IRQL. Source:
 * Intel SDM, volume 2, "IRET" and "SYSRET".
 */
VOID KeSetUserMachineFrame(_Inout_ PKTRAP_FRAME TrapFrame, _In_ USHORT SegCs, _In_ ULONG64 Rip,
                           _In_ ULONG64 Rsp, _In_ ULONG EFlags);
VOID KeEnterUserRoutine(_Inout_ PKTRAP_FRAME TrapFrame, _In_ PVOID Routine, _In_ ULONG64 Rsp);
/*
 * threadregs.c: the user registers of a thread of user mode, as far as ContextFlags name them. Set: not
 * for the current thread, which leaves its service by KeContinue (ntexcept.c). STATUS_SUCCESS, or
 * STATUS_UNSUCCESSFUL: it has ended. PASSIVE_LEVEL. Source: the SDK's pages of GetThreadContext and
 * SetThreadContext.
 */
NTSTATUS KeGetContextThread(_Inout_ PKTHREAD Thread, _Inout_ PCONTEXT Context);
NTSTATUS KeSetContextThread(_Inout_ PKTHREAD Thread, _In_ PCONTEXT Context);
/* Leaves the current service for user mode with the registers that Context names; of the others the
   volatile ones are 0, the rest is as at the call. PASSIVE_LEVEL. */
DECLSPEC_NORETURN VOID KeContinue(_In_ PCONTEXT Context);
/* trap.asm: the trap frame of the service at hand is loaded into the processor, with the
   non-volatile registers of ExceptionFrame; never returns (NtContinue, NtRaiseException).
   IRQL == APC_LEVEL. */
DECLSPEC_NORETURN VOID KiServiceExit2(_In_ PKTRAP_FRAME TrapFrame,
                                      _In_ PKEXCEPTION_FRAME ExceptionFrame);
/* The frame of this thread's entry from user mode: always at the top of its kernel stack. Any IRQL;
   what is in it is the thread's own. */
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
    /* Ps: ends the current process (an exception that nobody handles). PASSIVE_LEVEL. Does not
       return. */
    VOID (*TerminateCurrentProcess)(_In_ NTSTATUS ExitStatus);
    /* Kd: prints what a program says with int 2Dh; kernel memory, Length bytes. PASSIVE_LEVEL. */
    VOID (*DebugPrint)(_In_reads_bytes_(Length) PCSTR Text, _In_ ULONG Length);
    /* Ps: name of the current process for a bugcheck; never NULL. Any IRQL. */
    PCSTR (*CurrentImageName)(VOID);
} KE_UPCALLS;
extern KE_UPCALLS KeUpcalls;

/* --- user memory (kernel/amd64/uaccess.c) -------------------------------------------------------------
 */

/*
 * The only ways to a program's memory, with SMAP lifted. All raise, so call them inside __try:
 * STATUS_ACCESS_VIOLATION (bad memory, or an address outside user space, which each of them checks)
 * or what else the page fault ended with, such as STATUS_GUARD_PAGE_VIOLATION or
 * STATUS_IN_PAGE_ERROR. Lengths are in bytes; with a Length of 0 nothing is looked at. IRQL <=
 * APC_LEVEL. Source: WDK pages of these names, and "User-mode accessors".
 */

/*
 * Raise if the range does not lie in user space, or (STATUS_DATATYPE_MISALIGNMENT) does not begin
 * at a multiple of Alignment, a power of two. ProbeForRead touches nothing. ProbeForWrite
 * also writes to each page what is there. Memory that was good may still be gone at the access.
 */
VOID NTAPI ProbeForRead(_In_ const volatile VOID *Address, _In_ SIZE_T Length,
                        _In_ ULONG Alignment);
VOID NTAPI ProbeForWrite(_Inout_ volatile VOID *Address, _In_ SIZE_T Length, _In_ ULONG Alignment);

/* Copies into the kernel, or out of it; fills. Where they raise, a part may have been copied. */
VOID NTAPI CopyFromUser(_Out_writes_bytes_(Length) VOID *Destination,
                        _In_reads_bytes_(Length) const volatile VOID *Source, _In_ SIZE_T Length);
VOID NTAPI CopyToUser(_Out_writes_bytes_(Length) volatile VOID *Destination,
                      _In_reads_bytes_(Length) const VOID *Source, _In_ SIZE_T Length);
VOID NTAPI FillUserMemory(_Out_writes_bytes_(Length) volatile VOID *Destination, _In_ SIZE_T Length,
                          _In_ UCHAR Value);

/* One number in one access, of any alignment. */
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
   Any IRQL. */
BOOLEAN KiIsUserAccessor(_In_ ULONG64 Rip);

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
 * Clock interrupts come every Increment (100 ns) from now on, on all processors, within the bounds
 * that the clock has; returns what it has become. Any IRQL. This system's own.
 */
ULONG KeSetTimeIncrement(_In_ ULONG Increment);
/* Ticks since the boot, and what a tick is: KeMaximumIncrement, in 100 ns, whatever KeTimeIncrement
   says. Any IRQL. (WDK pages of these names) */
VOID NTAPI KeQueryTickCount(_Out_ PLARGE_INTEGER TickCount);
ULONG NTAPI KeQueryTimeIncrement(VOID);
/* The system time becomes NewTime (100 ns since 1601); timers and waits that were set to a system
   time move along. IRQL <= DISPATCH_LEVEL. */
VOID KeSetSystemTime(_In_ PLARGE_INTEGER NewTime);

/* --- others --------------------------------------------------------------------------------------
 */

/*
 * Pages from Virtual on are forgotten by all processors that may have them: those that run Process,
 * or all where it is NULL. When it returns nobody uses what their PTEs said before. Any IRQL, but
 * with no lock that others wait for with interrupts off; kernel/amd64/tb.c tells why. Source: Intel's
 * manual, volume 3, "Propagation of paging-structure changes".
 */
VOID KeFlushRangeTb(_In_opt_ PKPROCESS Process, _In_ PVOID Virtual, _In_ ULONG_PTR Pages);
/* The same for one page, for everything that is not global, for everything: on all processors. IRQL
   as above. */
VOID KeFlushSingleTb(_In_ PVOID Virtual);
VOID KeFlushCurrentTb(VOID);
VOID KeFlushEntireTb(VOID);

/* How many services there are; debuggers want it too. */
extern ULONG KiServiceLimit;

#include "keint.h"

#endif
