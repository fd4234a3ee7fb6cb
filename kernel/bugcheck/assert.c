/*
 * A failed NT_ASSERT of the checked build: says which, and stops the machine where it stands.
 */
#include "ki.h"

VOID NTAPI RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PSTR Message) {
    DbgPrint("*** Assertion failed: %s%s\n***   Source File: %s, line %u\n", Message ? Message : "",
             FailedAssertion, FileName, LineNumber);
    KeBugCheckEx(MANUALLY_INITIATED_CRASH1, (ULONG_PTR)FailedAssertion, (ULONG_PTR)FileName,
                 LineNumber, (ULONG_PTR)__builtin_return_address(0));
}
