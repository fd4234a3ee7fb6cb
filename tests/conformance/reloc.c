/* Linked for the address of KUSER_SHARED_DATA (tests.mk), which is always taken: must be relocated.
 */
#include "nt.h"

extern IMAGE_DOS_HEADER __ImageBase;

static int Numbers[4] = {1, 20, 300, 4000};
static int *const Pointers[] = {&Numbers[3], &Numbers[2], &Numbers[1], &Numbers[0]};
static void Hello(void) {
    Print("through a function pointer\n");
}
static void (*Function)(void) = Hello;

void Start(void) {
    Check("away from the preferred base", (ULONG_PTR)&__ImageBase != 0x7FFE0000);
    for (int i = 0; i < 4; i++) {
        Print("%d ", **(int *const volatile *)&Pointers[i]);
    }
    Print("\n");
    Function();
    Check("header names the real base",
          RtlImageNtHeader(&__ImageBase)->OptionalHeader.ImageBase == (ULONG_PTR)&__ImageBase);
    Exit(0);
}
