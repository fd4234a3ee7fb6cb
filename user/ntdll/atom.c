/*
 * atom.c - what atom tables stand on in a program: an SRW lock and the process heap (rtl/atom.c)
 */
#include "ntdllp.h"

VOID NTAPI RtlAcquireSRWLockExclusive(_Inout_ PRTL_SRWLOCK Lock);
VOID NTAPI RtlReleaseSRWLockExclusive(_Inout_ PRTL_SRWLOCK Lock);

VOID RtlpLockAtomTable(_Inout_ PVOID *Lock) {
    RtlAcquireSRWLockExclusive((PRTL_SRWLOCK)Lock);
}

VOID RtlpUnlockAtomTable(_Inout_ PVOID *Lock) {
    RtlReleaseSRWLockExclusive((PRTL_SRWLOCK)Lock);
}

PVOID RtlpAllocateAtom(_In_ SIZE_T Size) {
    return RtlAllocateHeap(NtCurrentPeb()->ProcessHeap, HEAP_ZERO_MEMORY, Size);
}

VOID RtlpFreeAtom(_In_ PVOID Block) {
    RtlFreeHeap(NtCurrentPeb()->ProcessHeap, 0, Block);
}
