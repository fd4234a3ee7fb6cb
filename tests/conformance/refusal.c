/* refusal.dll: does not want to be loaded. */
#include "nt.h"

int Refusal(void) {
    return 1;
}

BOOL NTAPI DllMain(PVOID Module, ULONG Reason, PVOID Context) {
    (void)Module, (void)Context;
    Print("refusal DllMain %u\n", Reason);
    return Reason != 1;
}
