/*
 * bugcheck.c - the end: what is left to do when the kernel cannot trust itself
 *
 * A bugcheck is for what cannot be: a broken invariant, a fault where none is allowed. Going on
 * would destroy data, so the machine is stopped, and all that is known is written down first: the
 * code and its four parameters (whose meaning depends on the code; the WDK lists them), the
 * registers and the stack, to the kernel log and to the screen. The last line, for programs, goes
 * to the outcome port. The other processors are stopped before anything is written, by an NMI,
 * which also reaches one that has interrupts off; each leaves a note of where it was.
 *
 * Nothing here may rely on what may be broken: no locks, no memory allocation, no waiting. If the
 * report itself fails, it comes back here as a second bugcheck, which only writes the outcome of
 * the first one. KiBugCheckData keeps code and parameters for a debugger.
 */

#include "bugcheckp.h"
#include "bugcodes.h"
#include "hal.h"
#include "kd.h"
#include "ntrtl.h"

/* How long the other processors may take to stop: steps, and microseconds of each. */
#define FREEZE_STEPS 1000
#define FREEZE_STEP  100

ULONG64 KiBugCheckData[5];
volatile ULONG KeBugCheckActive; /* 0, or 1 + the number of the processor that stops the machine */

VOID KiBugPrint(PCSTR Format, ...) {
    CHAR Buffer[256];
    va_list Arguments;
    int Length;
    va_start(Arguments, Format);
    Length = _vsnprintf(Buffer, sizeof(Buffer) - 1, Format, Arguments);
    va_end(Arguments);
    if (Length < 0 || Length > (int)sizeof(Buffer) - 1) {
        Length = sizeof(Buffer) - 1;
    }
    KdPutString(Buffer, (ULONG)Length);
    HalDisplayBytes(Buffer, (SIZE_T)Length);
}

static DECLSPEC_NORETURN VOID KiHaltForEver(VOID) {
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

/* One line of hexadecimal numbers, made by hand: the printing may be what is broken. */
static VOID KiWriteOutcome(VOID) {
    static const CHAR Digits[] = "0123456789ABCDEF";
    CHAR Line[5 * 17 + 16] = "bugcheck";
    ULONG At = 8;
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(KiBugCheckData); Index += 1) {
        Line[At++] = ' ';
        for (int Shift = Index == 0 ? 28 : 60; Shift >= 0; Shift -= 4) {
            Line[At++] = Digits[(KiBugCheckData[Index] >> Shift) & 15];
        }
    }
    Line[At++] = '\n';
    Line[At] = 0;
    HalWriteOutcome(Line);
}

/* The NMI that KiTakeBugCheck has sent. */
DECLSPEC_NORETURN VOID KiFreeze(PKTRAP_FRAME TrapFrame) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    Prcb->FrozenRip = TrapFrame->Rip;
    Prcb->FrozenRsp = TrapFrame->Rsp;
    Prcb->Frozen = TRUE;
    KiHaltForEver();
}

/* Gives the other processors time to stop; one that does not is shown as such. */
static VOID KiAwaitFreeze(KAFFINITY Others) {
    for (ULONG Step = 0; Step < FREEZE_STEPS; Step += 1) {
        KAFFINITY Running = Others;
        for (KAFFINITY Left = Others; Left != 0; Left &= Left - 1) {
            PKPRCB Prcb = KiProcessorBlock[__builtin_ctzll(Left)];
            if (Prcb == NULL || Prcb->Frozen) {
                Running &= ~(Left & (~Left + 1));
            }
        }
        if (Running == 0) {
            return;
        }
        KeStallExecutionProcessor(FREEZE_STEP);
    }
}

/* Stops the others; or, if one of them was first, or this is a second bugcheck, itself. */
static VOID KiTakeBugCheck(VOID) {
    ULONG Mine = KeGetPcr() != NULL ? KeGetCurrentProcessorNumber() + 1 : 1;
    ULONG Before = 0;
    if (!__atomic_compare_exchange_n(&KeBugCheckActive, &Before, Mine, FALSE, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST)) {
        if (Before == Mine) {
            KiWriteOutcome();
        }
        KiHaltForEver();
    }
    KAFFINITY Others = KeActiveProcessors & ~(1ULL << (Mine - 1));
    if (Others != 0) {
        HalSendNMI(Others);
        KiAwaitFreeze(Others);
    }
}

static VOID KiPrintHeader(VOID) {
    ULONG Code = (ULONG)KiBugCheckData[0];
    PCSTR Process = KeUpcalls.CurrentImageName != NULL ? KeUpcalls.CurrentImageName() : "System";
    KiBugPrint("\n*** STOP: 0x%08X (0x%016llX,0x%016llX,0x%016llX,0x%016llX)\n", Code,
               KiBugCheckData[1], KiBugCheckData[2], KiBugCheckData[3], KiBugCheckData[4]);
    KiBugPrint("*** %s\n\n", KiBugCheckName(Code));
    KiBugPrint("processor %u  irql %u  process %s  thread %p\n\n", KeGetCurrentProcessorNumber(),
               (ULONG)KeGetCurrentIrql(), Process, (PVOID)KeGetCurrentThread());
    KiPrintLastService();
}

/* Where the others were when they were stopped. */
static VOID KiPrintOthers(VOID) {
    for (ULONG Number = 0; Number < MAXIMUM_PROCESSORS; Number += 1) {
        PKPRCB Prcb = KiProcessorBlock[Number];
        if (Prcb == NULL || Number == KeGetCurrentProcessorNumber()) {
            continue;
        }
        if (Prcb->Frozen) {
            KiBugPrint("processor %u  rip %016llX  rsp %016llX  thread %p%s\n", Number,
                       Prcb->FrozenRip, Prcb->FrozenRsp, (PVOID)Prcb->CurrentThread,
                       Prcb->CurrentThread == Prcb->IdleThread ? " (idle)" : "");
        } else {
            KiBugPrint("processor %u  does not stop  thread %p\n", Number,
                       (PVOID)Prcb->CurrentThread);
        }
    }
}

/* The registers of the interrupted code, as far as a trap frame has them. */
static VOID KiContextOfTrap(PKTRAP_FRAME TrapFrame, PCONTEXT Context) {
    Context->Rax = TrapFrame->Rax;
    Context->Rcx = TrapFrame->Rcx;
    Context->Rdx = TrapFrame->Rdx;
    Context->R8 = TrapFrame->R8;
    Context->R9 = TrapFrame->R9;
    Context->R10 = TrapFrame->R10;
    Context->R11 = TrapFrame->R11;
    Context->Rbp = TrapFrame->Rbp;
    Context->Rsp = TrapFrame->Rsp;
    Context->Rip = TrapFrame->Rip;
    Context->EFlags = TrapFrame->EFlags;
}

/* The stack is walked from here, through the trap where there is one. */
DECLSPEC_NORETURN VOID KeBugCheckWithReport(ULONG BugCheckCode, ULONG_PTR P1, ULONG_PTR P2,
                                            ULONG_PTR P3, ULONG_PTR P4, PKTRAP_FRAME TrapFrame,
                                            VOID (*Report)(PVOID Context), PVOID ReportContext) {
    CONTEXT Context;
    CONTEXT Trapped;

    _disable_interrupts();
    RtlCaptureContext(&Context);
    KiTakeBugCheck();
    KiBugCheckData[0] = BugCheckCode;
    KiBugCheckData[1] = P1;
    KiBugCheckData[2] = P2;
    KiBugCheckData[3] = P3;
    KiBugCheckData[4] = P4;
    KdEnterBugCheck();
    HalDisplayBugCheckScreen();
    KiPrintHeader();
    Trapped = Context;
    if (TrapFrame != NULL) {
        KiContextOfTrap(TrapFrame, &Trapped);
    }
    KiBugRegisters(&Trapped);
    KiBugStack(&Context);
    if (Report != NULL) {
        Report(ReportContext);
    }
    KiPrintOthers();
    HalSerialFlush(); /* whoever reads the outcome may switch the machine off */
    KiWriteOutcome();
    KiHaltForEver();
}

/*
 * KeBugCheck2 - stops the machine, showing the registers of TrapFrame where there is one.
 *
 * Does not return. Any IRQL.
 */
DECLSPEC_NORETURN VOID KeBugCheck2(ULONG BugCheckCode, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3,
                                   ULONG_PTR P4, PKTRAP_FRAME TrapFrame) {
    KeBugCheckWithReport(BugCheckCode, P1, P2, P3, P4, TrapFrame, NULL, NULL);
}

/* KeBugCheckEx - see the WDK. */
DECLSPEC_NORETURN VOID NTAPI KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR P1, ULONG_PTR P2,
                                          ULONG_PTR P3, ULONG_PTR P4) {
    KeBugCheck2(BugCheckCode, P1, P2, P3, P4, NULL);
}

DECLSPEC_NORETURN VOID NTAPI KeBugCheck(ULONG BugCheckCode) {
    KeBugCheck2(BugCheckCode, 0, 0, 0, 0, NULL);
}
