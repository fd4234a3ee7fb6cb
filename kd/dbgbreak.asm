; dbgbreak.asm - breakpoints with names that a debugger can find

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
