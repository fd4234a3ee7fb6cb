/*
 * npx.c - a thread's x87, SSE and AVX registers across a context switch
 *
 * The kernel is compiled without these registers, so user mode's values stay in them until another
 * thread runs. The switch saves them into the area above the thread's kernel stack and loads those of
 * the next thread: XSAVE where the processor has it, else FXSAVE. A system thread has no such area.
 */
#include "ki.h"

/* The current thread has a StateSaveArea. DISPATCH_LEVEL or interrupts off. */
VOID KiSaveExtendedState(_In_ PKTHREAD Thread) {
    if (KiExtendedStateMask != 0) {
        __asm__ volatile("xsave64 (%0)"
                         :
                         : "r"(Thread->StateSaveArea), "a"(-1), "d"(-1)
                         : "memory");
    } else {
        __asm__ volatile("fxsave64 (%0)" : : "r"(Thread->StateSaveArea) : "memory");
    }
}

VOID KiLoadExtendedState(_In_ PKTHREAD Thread) {
    if (KiExtendedStateMask != 0) {
        __asm__ volatile("xrstor64 (%0)"
                         :
                         : "r"(Thread->StateSaveArea), "a"(-1), "d"(-1)
                         : "memory");
    } else {
        __asm__ volatile("fxrstor64 (%0)" : : "r"(Thread->StateSaveArea) : "memory");
    }
}
