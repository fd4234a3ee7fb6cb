/* hal.c - stands in for hal.dll: it and the test kernel import from each other. */
#include "ntdef.h"

__declspec(dllimport) ULONG KeTestNumber(VOID);

__declspec(dllexport) ULONG HalTestNumber(VOID) {
    return KeTestNumber() + 2;
}
