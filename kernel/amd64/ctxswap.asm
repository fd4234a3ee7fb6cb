; The switch from one thread to another.
;
; Stack and non-volatile registers; KiSwapThread's C code does the rest: it has saved the old thread's
; extended state and changed the address space, and what belongs to the new thread is loaded by that
; thread itself (KiLoadThreadState). A new thread's stack has been laid out by KeInitThread so that this
; function "returns" to KiStartUserThread or KiStartSystemThread.

%include "ks.inc"
%include "macamd64.inc"

; KiSwapContext(NewThread, OldThread), at DISPATCH_LEVEL, interrupts off. Comes back when OldThread runs
; again, with interrupts on.
NESTED_ENTRY KiSwapContext
    push_reg rbp
    push_reg rbx
    push_reg rsi
    push_reg rdi
    push_reg r12
    push_reg r13
    push_reg r14
    push_reg r15
    END_PROLOGUE
    mov [rdx + ThKernelStack], rsp
    mov byte [rdx + ThSwapBusy], 0  ; another processor may take OldThread from here on
.busy:                              ; NewThread's last one may not have left its stack yet
    cmp byte [rcx + ThSwapBusy], 0
    jne .wait
    mov rsp, [rcx + ThKernelStack]
    sti
    pop r15
    pop r14
    pop r13
    pop r12
    pop rdi
    pop rsi
    pop rbx
    pop rbp
    ret
.wait:
    pause
    jmp .busy
NESTED_END KiSwapContext
