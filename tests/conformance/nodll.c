/* Imports from a DLL that is not there: must not start. */
#include "nt.h"

__declspec(dllimport) int SecondValue(void);

void Start(void) {
    Print("started all the same\n");
    Exit(SecondValue());
}
