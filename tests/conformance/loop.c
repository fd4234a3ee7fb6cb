/* Never ends: for the time limit and for signals. */
#include "nt.h"

void Start(void) {
    Print("looping\n");
    for (;;) {
        NtYieldExecution();
    }
}
