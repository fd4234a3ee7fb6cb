/* Start returns: what it returns becomes the exit status, as with any thread's start routine. */
#include "nt.h"

ULONG Returns(void) {
    Print("leaving by return\n");
    return 0x12345678;
}

__asm__(".globl Start\nStart:\n jmp Returns\n");
