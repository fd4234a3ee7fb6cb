/*
 * The translation buffer: forgetting what page tables said before.
 */
#include "ki.h"

#define CR4_PGE 0x80ull

VOID KeFlushSingleTb(PVOID Virtual) {
    __asm__ volatile("invlpg (%0)" : : "r"(Virtual) : "memory");
}

/* All but global pages. */
VOID KeFlushCurrentTb(VOID) {
    ULONG64 Cr3;
    __asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(Cr3) : : "memory");
}

/* Global pages too: clearing CR4.PGE drops everything. */
VOID KeFlushEntireTb(VOID) {
    ULONG64 Cr4;
    BOOLEAN Enabled = KeDisableInterrupts();
    __asm__ volatile("mov %%cr4, %0" : "=r"(Cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(Cr4 & ~CR4_PGE) : "memory");
    __asm__ volatile("mov %0, %%cr4" : : "r"(Cr4) : "memory");
    KeRestoreInterrupts(Enabled);
}
