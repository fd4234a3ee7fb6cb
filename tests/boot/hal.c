/* hal.c - stands in for hal.dll: it and the test kernel import from each other. */
#include "ntdef.h"

__declspec(dllimport) ULONG KeTestNumber(VOID);

/* A pointer, so that the image has a relocation. */
static ULONG Two = 2;
ULONG *volatile PointerToTwo = &Two;

__declspec(dllexport) ULONG HalTestNumber(VOID) {
    return KeTestNumber() + *PointerToTwo;
}
