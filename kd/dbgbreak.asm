; dbgbreak.asm - a breakpoint under a name that a debugger finds

%include "macamd64.inc"

; VOID DbgBreakPoint(VOID), VOID DbgBreakPointWithStatus(ULONG Status)
LEAF_ENTRY DbgBreakPoint
    int3
    ret
LEAF_END DbgBreakPoint

LEAF_ENTRY DbgBreakPointWithStatus
    int3
    ret
LEAF_END DbgBreakPointWithStatus
