/*
 * tap.h - programs that check themselves, line by line, where Wine cannot be asked (TAP)
 */
#include "nt.h"

static ULONG Number;

static void Expect(const char *What, ULONG64 Value, ULONG64 Wanted) {
    if (Value == Wanted) {
        Print("ok %u - %s\n", ++Number, What);
    } else {
        Print("not ok %u - %s: %I64x, not %I64x\n", ++Number, What, Value, Wanted);
    }
}

static DECLSPEC_NORETURN void Done(void) {
    Print("1..%u\n", Number);
    Exit(0);
}
