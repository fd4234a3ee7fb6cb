/* second.dll: imports from testlib.dll, which imports from it. */
#include "nt.h"

__declspec(dllimport) int Add(int A, int B);

int SecondValue(void) {
    return Add(20, 22);
}

BOOL NTAPI DllMain(PVOID Module, ULONG Reason, PVOID Context) {
    (void)Module, (void)Context;
    Print("second DllMain %u\n", Reason);
    return TRUE;
}
