; The switch from one thread to another.
;
; Everything but the stack and the non-volatile registers has been switched by KiSwapThread's C code
; (address space, extended state, the stacks for entries from user mode). A new thread's stack has
; been laid out by KeInitThread so that this function "returns" to KiThreadStartup.

%include "ks.inc"
%include "macamd64.inc"

; KiSwapContext(NewThread, OldThread), at DISPATCH_LEVEL. Comes back when OldThread runs again.
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
    mov rsp, [rcx + ThKernelStack]
    mov byte [rdx + ThSwapBusy], 0  ; another processor may take OldThread from here on
    pop r15
    pop r14
    pop r13
    pop r12
    pop rdi
    pop rsi
    pop rbx
    pop rbp
    ret
NESTED_END KiSwapContext
