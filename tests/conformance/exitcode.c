/* An exit status with all 32 bits in use. */
#include "nt.h"

void Start(void) {
    Exit((NTSTATUS)0xDEADBEEF);
}
