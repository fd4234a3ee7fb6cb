/*
 * rtlexcept.h - what exception dispatching and unwinding ask of the side they run on
 *
 * rtl/unwind/unwind.c, rtl/unwind/except.c and their neighbours are compiled into ntoskrnl.exe and into
 * ntdll.dll. The documented functions (RtlVirtualUnwind, RtlUnwindEx, ...) are declared in
 * ntrtl.h; here stand the questions that only the kernel, or only ntdll, can answer, and the
 * parts of the machinery that the two share.
 */
#ifndef _RTLEXCEPT_H_
#define _RTLEXCEPT_H_

#include "ntdef.h"
#include "ntcontext.h"

/*
 * Hooks: each side defines them.
 *
 * RtlpFindImage - finds the loaded image that holds Pc. Any IRQL, no locks that the faulting code
 * could hold. FALSE if no image has it.
 */
BOOLEAN NTAPI RtlpFindImage(_In_ ULONG64 Pc, _Out_ PULONG64 ImageBase, _Out_ PULONG ImageSize);

/* RtlpGetStackLimits - the bounds of the stack that the caller runs on: [Low, High). */
VOID NTAPI RtlpGetStackLimits(_Out_ PULONG64 Low, _Out_ PULONG64 High);

/*
 * RtlpUnhandledException - nobody handled an exception raised by RtlRaiseException, or an unwind
 * ran off the stack. The kernel stops the machine, ntdll asks the kernel for the second chance.
 */
DECLSPEC_NORETURN VOID NTAPI RtlpUnhandledException(_In_ PEXCEPTION_RECORD ExceptionRecord,
                                                    _In_ PCONTEXT ContextRecord);

/* RtlpCallVectoredHandlers - ntdll only: TRUE if a vectored handler took the exception. */
BOOLEAN NTAPI RtlpCallVectoredHandlers(_Inout_ PEXCEPTION_RECORD ExceptionRecord,
                                       _Inout_ PCONTEXT ContextRecord);

/*
 * RtlpHoldApcs, RtlpReleaseApcs, RtlpReleaseApcsAtJump - kernel only: no APC comes in between.
 *
 * An unwind reads saved registers, and loads them later. An APC that changes the thread's context
 * in between would change what has been read already. RtlpReleaseApcsAtJump leaves interrupts
 * disabled, until RtlpContinue enables them: an APC that was held back comes in the target frame.
 * The calls nest. Any IRQL.
 */
#if defined(NTOS_KERNEL)
VOID RtlpHoldApcs(VOID);
VOID RtlpReleaseApcs(VOID);
VOID RtlpReleaseApcsAtJump(VOID);
#else
#define RtlpHoldApcs()          ((void)0)
#define RtlpReleaseApcs()       ((void)0)
#define RtlpReleaseApcsAtJump() ((void)0)
#endif

/*
 * RtlpLookupDynamicFunctionEntry - ntdll only: the unwind entry of generated code, NULL if none.
 * *ImageBase is what its addresses are relative to, 0 if no range that a program registered has
 * ControlPc.
 */
PRUNTIME_FUNCTION NTAPI RtlpLookupDynamicFunctionEntry(_In_ ULONG64 ControlPc,
                                                       _Out_ PULONG64 ImageBase);

/* RtlpSearchFunctionTable - binary search of Count sorted entries for an RVA; NULL: none has it. */
PRUNTIME_FUNCTION RtlpSearchFunctionTable(_In_ PRUNTIME_FUNCTION Table, _In_ ULONG Count,
                                          _In_ ULONG Rva);

/*
 * RtlVirtualUnwind2 - RtlVirtualUnwind with bounds and a status.
 *
 * Reads the stack only inside [*LowLimit, *HighLimit) where limits are given; this is what makes
 * it safe on a stack that may be damaged (a bugcheck's stack walk). FunctionEntry NULL is a leaf
 * function: only the return address is taken. MachineFrameUnwound tells that a machine frame was
 * passed, so that ControlPc of the next frame is exactly where it was interrupted. UnwindFlags is
 * reserved. Any IRQL. STATUS_SUCCESS, STATUS_BAD_STACK, STATUS_BAD_FUNCTION_TABLE.
 * Public source: Windows SDK, winnt.h; Microsoft Learn, "x64 exception handling".
 */
NTSTATUS NTAPI RtlVirtualUnwind2(_In_ ULONG HandlerType, _In_ ULONG64 ImageBase,
                                 _In_ ULONG64 ControlPc, _In_opt_ PRUNTIME_FUNCTION FunctionEntry,
                                 _Inout_ PCONTEXT ContextRecord,
                                 _Out_opt_ PBOOLEAN MachineFrameUnwound, _Out_ PVOID *HandlerData,
                                 _Out_ PULONG64 EstablisherFrame,
                                 _Inout_opt_ PKNONVOLATILE_CONTEXT_POINTERS ContextPointers,
                                 _In_opt_ PULONG64 LowLimit, _In_opt_ PULONG64 HighLimit,
                                 _Out_ PEXCEPTION_ROUTINE *HandlerRoutine, _In_ ULONG UnwindFlags);

/*
 * RtlpExecuteHandlerForException, RtlpExecuteHandlerForUnwind (capture.asm) - call a language
 * handler from a frame that has a handler of its own, by which an exception inside the handler is
 * recognised as nested, and an unwind through it as collided.
 */
EXCEPTION_DISPOSITION RtlpExecuteHandlerForException(PEXCEPTION_RECORD ExceptionRecord,
                                                     ULONG64 EstablisherFrame,
                                                     PCONTEXT ContextRecord,
                                                     PDISPATCHER_CONTEXT DispatcherContext);
EXCEPTION_DISPOSITION RtlpExecuteHandlerForUnwind(PEXCEPTION_RECORD ExceptionRecord,
                                                  ULONG64 EstablisherFrame, PCONTEXT ContextRecord,
                                                  PDISPATCHER_CONTEXT DispatcherContext);

/* RtlpContinue (capture.asm) - loads the whole context and goes on there. */
DECLSPEC_NORETURN VOID RtlpContinue(_In_ PCONTEXT ContextRecord);

/*
 * RtlpConsolidateFrames (consolidate.asm) - hides all frames above that of ContextRecord, calls the
 * function in ExceptionInformation[0] with the record, and goes on in that frame at the address
 * that the function returns.
 */
DECLSPEC_NORETURN VOID RtlpConsolidateFrames(_In_ PCONTEXT ContextRecord,
                                             _In_ PEXCEPTION_RECORD ExceptionRecord);

#endif
