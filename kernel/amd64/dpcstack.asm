; The stack on which DPCs run.
;
; A DPC comes on top of whatever thread happened to be interrupted, perhaps deep in calls of its own.
; So each processor has a stack for DPCs (KPRCB.DpcStack), and a thread's need not be large enough for
; both. rbp keeps the way back: that is all an unwinder needs to pass from one stack to the other.

%include "ks.inc"
%include "macamd64.inc"

; KiCallOnStack(Routine, Argument, Stack): calls Routine(Argument) with Stack as its stack, which grows
; down from that address (a multiple of 16).
NESTED_ENTRY KiCallOnStack
    push_reg rbp
    set_frame rbp, 0
    END_PROLOGUE
    mov rsp, r8
    sub rsp, 20h
    mov rax, rcx
    mov rcx, rdx
    call rax
    nop                             ; a return address that lies in the body for every unwinder
    lea rsp, [rbp + 0]
    pop rbp
    ret
global KiCallOnStackEnd
KiCallOnStackEnd:
NESTED_END KiCallOnStack
