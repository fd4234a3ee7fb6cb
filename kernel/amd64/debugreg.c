/*
 * debugreg.c - the processor's debug registers, of which each thread of user mode has its own
 *
 * Four addresses to watch (Dr0 to Dr3), Dr7 saying which are in use, for what and how wide, Dr6
 * what has been hit. They are part of a thread's CONTEXT; a hit is STATUS_SINGLE_STEP. They are in
 * the processor while the thread runs, in the kernel too: a hit there is dropped (trap.asm), which
 * is harmless because only addresses of user mode are let in.
 *
 * Different from Windows, which keeps them in the trap frame and turns them off on every entry.
 */
#include "ki.h"

/* The local enables, LE and the four fields of type and width: no global enable, no GD. */
#define DR7_LEGAL  0xFFFF0155ull
#define DR7_ACTIVE 0x55ull
#define DR6_LEGAL  0xE00Full
#define DR6_EMPTY  0xFFFF0FF0ull

#define DR7_TYPE(Dr7, n) ((Dr7) >> (16 + 4 * (n)) & 3)
#define DR7_TYPE_IO      2
#define DR7_LOCAL(n)     (1ull << (2 * (n)))

/* The current thread's, with interrupts off or at DISPATCH_LEVEL. */
VOID KiLoadDebugRegisters(PKTHREAD Thread) {
    const KDEBUG_REGISTERS *r = Thread->DebugRegisters;
    __asm__ volatile("mov %0, %%dr0\n\tmov %1, %%dr1\n\tmov %2, %%dr2\n\tmov %3, %%dr3\n\t"
                     "mov %4, %%dr6\n\tmov %5, %%dr7"
                     :
                     : "r"(r->Dr[0]), "r"(r->Dr[1]), "r"(r->Dr[2]), "r"(r->Dr[3]), "r"(DR6_EMPTY),
                       "r"(r->Dr7 | 0x400)
                     : "memory");
}

VOID KiUnloadDebugRegisters(VOID) {
    __asm__ volatile("mov %0, %%dr7" : : "r"(0x400ull) : "memory");
}

/* Reads Context's debug registers for the current thread. <= APC_LEVEL. */
VOID KiGetDebugRegisters(PCONTEXT Context) {
    const KDEBUG_REGISTERS *r = KeGetCurrentThread()->DebugRegisters;
    Context->Dr0 = r->Dr[0];
    Context->Dr1 = r->Dr[1];
    Context->Dr2 = r->Dr[2];
    Context->Dr3 = r->Dr[3];
    Context->Dr6 = r->Dr6;
    Context->Dr7 = r->Dr7;
}

/* An address of the kernel becomes 0; watching ports is not known to this processor's mode. */
static VOID KiSanitizeDebugRegisters(PKDEBUG_REGISTERS r) {
    r->Dr6 &= DR6_LEGAL;
    r->Dr7 &= DR7_LEGAL;
    for (ULONG n = 0; n < RTL_NUMBER_OF(r->Dr); n++) {
        if (r->Dr[n] >= MM_USER_PROBE_ADDRESS)
            r->Dr[n] = 0;
        if (DR7_TYPE(r->Dr7, n) == DR7_TYPE_IO)
            r->Dr7 &= ~DR7_LOCAL(n);
    }
}

/* The current thread's from now on. <= APC_LEVEL. */
VOID KiSetDebugRegisters(const CONTEXT *Context) {
    PKTHREAD Thread = KeGetCurrentThread();
    KDEBUG_REGISTERS New = {.Dr = {Context->Dr0, Context->Dr1, Context->Dr2, Context->Dr3},
                            .Dr6 = Context->Dr6,
                            .Dr7 = Context->Dr7};
    KiSanitizeDebugRegisters(&New);
    KIRQL OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    *Thread->DebugRegisters = New;
    Thread->Header.DebugActive = (New.Dr7 & DR7_ACTIVE) != 0;
    if (Thread->Header.DebugActive)
        KiLoadDebugRegisters(Thread);
    else
        KiUnloadDebugRegisters();
    KeLowerIrql(OldIrql);
}

/* STATUS_SINGLE_STEP in user mode; Dr6 as the trap found it. */
VOID KiNoteDebugTrap(PKTRAP_FRAME TrapFrame) {
    KeGetCurrentThread()->DebugRegisters->Dr6 = TrapFrame->Dr6 & DR6_LEGAL;
}
