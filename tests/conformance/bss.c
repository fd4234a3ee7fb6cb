/* Four MiB of .bss, zero until written, and initialised data beside it. */
#include "nt.h"

static ULONG64 Large[512 * 1024];
static ULONG64 Filled[1024] = {1, 2, 3};
static const char Constant[] = "constant";

void Start(void) {
    ULONG64 Sum = 0;
    for (ULONG i = 0; i < 512 * 1024; i++) {
        Sum |= Large[i];
    }
    Check("zero", Sum == 0);
    for (ULONG i = 0; i < 512 * 1024; i += 512) {
        Large[i] = i;
    }
    for (ULONG i = 0; i < 512 * 1024; i += 512) {
        Sum += Large[i];
    }
    Print("sum: %u\n", (ULONG)Sum);
    Print("data: %u %u %u %u\n", (ULONG)Filled[0], (ULONG)Filled[1], (ULONG)Filled[2],
          (ULONG)Filled[3]);
    Print("%s\n", Constant);
    Exit(0);
}
