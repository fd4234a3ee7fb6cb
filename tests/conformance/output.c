/* As many bytes of output as the first argument says, and nothing else: the alphabet, again and
 * again. */
#include "nt.h"

static char Bytes[4096];

static ULONG Argument(void) {
    UNICODE_STRING *CommandLine = &AT(Parameters(), 0x70, UNICODE_STRING);
    PCWSTR At = CommandLine->Buffer;
    ULONG Number = 0;
    while (*At != 0 && *At != ' ') {
        At++;
    }
    for (; *At != 0; At++) {
        Number = *At >= '0' && *At <= '9' ? Number * 10 + *At - '0' : Number;
    }
    return Number;
}

void Start(void) {
    ULONG Length = Argument();
    for (ULONG Written = 0; Written < Length;) {
        ULONG Piece = Length - Written < sizeof(Bytes) ? Length - Written : sizeof(Bytes);
        for (ULONG i = 0; i < Piece; i++) {
            Bytes[i] = (char)('a' + (Written + i) % 26);
        }
        Emit(Bytes, Piece);
        Written += Piece;
    }
    Exit(0);
}
