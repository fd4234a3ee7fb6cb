; KiCallWithNonvolatiles(Routine, Argument): calls Routine(Argument) with all non-volatile registers saved
; in a KEXCEPTION_FRAME, from which they are taken back, changed or not. Whoever unwinds the stack below
; finds a place in memory for each of them.

%include "ks.inc"
%include "macamd64.inc"

NESTED_ENTRY KiCallWithNonvolatiles
    alloc_stack KEXCEPTION_FRAME_LENGTH - 8
    save_reg rbx, ExRbx
    save_reg rdi, ExRdi
    save_reg rsi, ExRsi
    save_reg r12, ExR12
    save_reg r13, ExR13
    save_reg r14, ExR14
    save_reg r15, ExR15
    END_PROLOGUE
    mov rax, rcx
    mov rcx, rdx
    call rax
    mov rbx, [rsp + ExRbx]
    mov rdi, [rsp + ExRdi]
    mov rsi, [rsp + ExRsi]
    mov r12, [rsp + ExR12]
    mov r13, [rsp + ExR13]
    mov r14, [rsp + ExR14]
    mov r15, [rsp + ExR15]
    add rsp, KEXCEPTION_FRAME_LENGTH - 8
    ret
NESTED_END KiCallWithNonvolatiles
