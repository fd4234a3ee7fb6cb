/* Imports a function that ntdll does not have: must not start. */
#include "nt.h"

__declspec(dllimport) int RtlNoSuchFunction(void);

void Start(void) {
    Print("started all the same\n");
    Exit(RtlNoSuchFunction());
}
