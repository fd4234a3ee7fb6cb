; KiCallWithNonvolatiles(Routine, Argument): calls Routine(Argument) with all non-volatile registers saved
; in a KEXCEPTION_FRAME, from which they are taken back, changed or not. Whoever unwinds the stack below
; finds a place in memory for each of them.

%include "ks.inc"
%include "macamd64.inc"

NESTED_ENTRY KiCallWithNonvolatiles
    EXCEPTION_FRAME_PROLOGUE
    END_PROLOGUE
    mov rax, rcx
    mov rcx, rdx
    call rax
    EXCEPTION_FRAME_RETURN
NESTED_END KiCallWithNonvolatiles
