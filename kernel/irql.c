/*
 * IRQL is the processor's own: cr8 holds it, and the local APIC keeps back every interrupt whose
 * vector's upper half is not above it. Raising and lowering are inline (ke.h); here is what the
 * checked build does when a rule is broken, and the exported functions that drivers call.
 */
#include "ki.h"

DECLSPEC_NORETURN VOID KiBadIrql(KIRQL Wanted, PCSTR Rule) {
    DbgPrint("IRQL rule broken: %s, at IRQL %u\n", Rule, KeGetCurrentIrql());
    KeBugCheckEx(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Rule, KeGetCurrentIrql(), Wanted,
                 (ULONG_PTR)__builtin_return_address(0));
}
