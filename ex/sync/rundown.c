/*
 * rundown.c - rundown protection
 *
 * Something (a process's address space, a thread's stack) is used by many and taken away by one. A
 * user acquires protection, which fails once the taking away has begun; the one who takes away
 * waits until the users that came earlier have left. The word counts users in steps of two while
 * that is allowed. To begin, the waiter puts the address of a block on its stack there, with the
 * low bit set; users that leave then count down in the block, and the last wakes it.
 */
#include "exp.h"

typedef struct _EX_RUNDOWN_WAIT_BLOCK {
    volatile LONG64 Count;
    KEVENT WakeEvent;
} EX_RUNDOWN_WAIT_BLOCK, *PEX_RUNDOWN_WAIT_BLOCK;

VOID ExInitializeRundownProtection(_Out_ PEX_RUNDOWN_REF RunRef) {
    RunRef->Count = 0;
}

BOOLEAN ExAcquireRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef) {
    for (;;) {
        ULONG_PTR Value = RunRef->Count;
        if ((Value & EX_RUNDOWN_ACTIVE) != 0) {
            return FALSE;
        }
        if (InterlockedCompareExchange64(&RunRef->Count, Value + EX_RUNDOWN_COUNT_INC, Value) ==
            Value) {
            return TRUE;
        }
    }
}

VOID ExReleaseRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef) {
    for (;;) {
        ULONG_PTR Value = RunRef->Count;
        if ((Value & EX_RUNDOWN_ACTIVE) != 0) {
            PEX_RUNDOWN_WAIT_BLOCK Block =
                (PEX_RUNDOWN_WAIT_BLOCK)(Value & ~(ULONG_PTR)EX_RUNDOWN_ACTIVE);
            if (InterlockedDecrement64(&Block->Count) == 0) {
                KeSetEvent(&Block->WakeEvent, 1, FALSE);
            }
            return;
        }
        if (InterlockedCompareExchange64(&RunRef->Count, Value - EX_RUNDOWN_COUNT_INC, Value) ==
            Value) {
            return;
        }
    }
}

VOID ExWaitForRundownProtectionRelease(_Inout_ PEX_RUNDOWN_REF RunRef) {
    EX_RUNDOWN_WAIT_BLOCK Block;
    KeInitializeEvent(&Block.WakeEvent, SynchronizationEvent, FALSE);
    for (;;) {
        ULONG_PTR Value = RunRef->Count;
        if ((Value & EX_RUNDOWN_ACTIVE) != 0) {
            return; /* it was run down before */
        }
        Block.Count = (LONG64)(Value / EX_RUNDOWN_COUNT_INC);
        ULONG_PTR New = Value == 0 ? EX_RUNDOWN_ACTIVE : (ULONG_PTR)&Block | EX_RUNDOWN_ACTIVE;
        if (InterlockedCompareExchange64(&RunRef->Count, New, Value) == Value) {
            if (Value != 0) {
                KeWaitForSingleObject(&Block.WakeEvent, WrRundown, KernelMode, FALSE, NULL);
                RunRef->Count = EX_RUNDOWN_ACTIVE;
            }
            return;
        }
    }
}

/* Says that there will be no users any more, without waiting: the caller knows that there are none.
 */
VOID ExRundownCompleted(_Inout_ PEX_RUNDOWN_REF RunRef) {
    RunRef->Count = EX_RUNDOWN_ACTIVE;
}
