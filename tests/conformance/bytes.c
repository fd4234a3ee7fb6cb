/* Every byte value in one write, then a long write: nothing is translated on the way out. */
#include "nt.h"

static unsigned char Bytes[20000];

void Start(void) {
    for (ULONG i = 0; i < sizeof(Bytes); i++) {
        Bytes[i] = (unsigned char)(i + i / 256);
    }
    Emit(Bytes, 256);
    Emit(Bytes, sizeof(Bytes));
    Emit(Bytes, 0);
    Exit(0);
}
