/*
 * unwindp.h - inside the unwinder: the state of one step, shared by unwind.c and unwindepi.c
 */
#ifndef _UNWINDP_H_
#define _UNWINDP_H_

#include "ntdef.h"
#include "ntstatus.h"
#include "ntimage.h"
#include "ntcontext.h"
#include "ntrtl.h"
#include "rtlexcept.h"
#include "rtlimage.h"

#ifdef NTOS_USER
#include "ntpebteb.h"
#define RtlProcessHeap() (NtCurrentPeb()->ProcessHeap)
#endif

/* One step of a virtual unwind, from one frame to its caller's. */
typedef struct _RTLP_UNWIND_STEP {
    ULONG64 ImageBase;
    PCONTEXT Context;                        /* changed as registers are found */
    PKNONVOLATILE_CONTEXT_POINTERS Pointers; /* where they were found, or NULL */
    ULONG64 Low, High;                       /* stack reads stay in [Low, High) */
    ULONG64 FrameBase;                       /* what save offsets count from */
    BOOLEAN MachineFrame;                    /* passed a trap or interrupt frame */
} RTLP_UNWIND_STEP, *PRTLP_UNWIND_STEP;

/* Registers by the number that the processor and the unwind codes give them. */
static inline PULONG64 RtlpRegister(PCONTEXT Context, ULONG Number) {
    return &Context->Rax + Number;
}

/* Reads a stack slot; FALSE, and nothing read, if it is outside the bounds or misaligned. */
static inline BOOLEAN RtlpReadStack(const RTLP_UNWIND_STEP *Step, ULONG64 Address, PULONG64 Value) {
    if ((Address & 7) != 0 || Address < Step->Low || Address > Step->High - sizeof(ULONG64)) {
        return FALSE;
    }
    *Value = *(const ULONG64 *)Address;
    return TRUE;
}

/* Takes the slot at Rsp off the stack. */
static inline BOOLEAN RtlpPopStack(const RTLP_UNWIND_STEP *Step, PULONG64 Value) {
    if (!RtlpReadStack(Step, Step->Context->Rsp, Value)) {
        return FALSE;
    }
    Step->Context->Rsp += sizeof(ULONG64);
    return TRUE;
}

/* Pops register Number, noting where it lay. */
BOOLEAN RtlpPopRegister(PRTLP_UNWIND_STEP Step, ULONG Number);

/* Does the code at ControlPc belong to an epilog? See unwindepi.c. */
BOOLEAN RtlpIsEpilog(ULONG64 ImageBase, ULONG64 ControlPc, PRUNTIME_FUNCTION FunctionEntry);

/* Carries out the rest of the epilog that RtlpIsEpilog found. */
NTSTATUS RtlpUnwindEpilog(PRTLP_UNWIND_STEP Step, ULONG64 ControlPc);

/* The entry that an indirect or chained entry stands for. */
PRUNTIME_FUNCTION RtlpDirectEntry(ULONG64 ImageBase, PRUNTIME_FUNCTION FunctionEntry);

#endif
