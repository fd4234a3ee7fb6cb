/* A DllMain that returns FALSE: the process ends with STATUS_DLL_INIT_FAILED. */
#include "nt.h"

__declspec(dllimport) int Refusal(void);

void Start(void) {
    Print("started all the same\n");
    Exit(Refusal());
}
