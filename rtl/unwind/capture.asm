; capture.asm - registers to and from a CONTEXT, and calls of language handlers
;
; The same code runs in the kernel and in user mode; where they differ, the current privilege level
; (the low bits of cs) decides. The kernel's own code uses no SSE, so there the floating-point
; registers, which hold the user's values, are neither captured nor loaded.

%include "macamd64.inc"

CX_FLAGS    equ 30h
CX_MXCSR    equ 34h
CX_SEGCS    equ 38h
CX_SEGDS    equ 3Ah
CX_SEGES    equ 3Ch
CX_SEGFS    equ 3Eh
CX_SEGGS    equ 40h
CX_SEGSS    equ 42h
CX_EFLAGS   equ 44h
CX_RAX      equ 78h
CX_RCX      equ 80h
CX_RDX      equ 88h
CX_RBX      equ 90h
CX_RSP      equ 98h
CX_RBP      equ 0A0h
CX_RSI      equ 0A8h
CX_RDI      equ 0B0h
CX_R8       equ 0B8h
CX_R9       equ 0C0h
CX_R10      equ 0C8h
CX_R11      equ 0D0h
CX_R12      equ 0D8h
CX_R13      equ 0E0h
CX_R14      equ 0E8h
CX_R15      equ 0F0h
CX_RIP      equ 0F8h
CX_FLTSAVE  equ 100h

CONTEXT_FULL_SEGMENTS equ 10000Fh   ; control, integer, segments, floating point
CONTEXT_NO_FLOAT      equ 100007h
CONTEXT_FLOAT_BIT     equ 8

DC_LANGUAGE_HANDLER   equ 30h
DC_ESTABLISHER_FRAME  equ 18h
DC_SIZE               equ 50h

EXCEPTION_UNWIND_BITS equ 66h       ; unwinding, exit, target, collided

ExceptionContinueSearch  equ 1
ExceptionNestedException equ 2
ExceptionCollidedUnwind  equ 3

; VOID RtlCaptureContext(PCONTEXT ContextRecord) - the caller's registers, as they are on return.
NESTED_ENTRY RtlCaptureContext
    pushfq
    uw_here
    uw_note {db uw_offset, UWOP_ALLOC_SMALL}
    END_PROLOGUE
    mov [rcx + CX_RAX], rax
    mov [rcx + CX_RCX], rcx
    mov [rcx + CX_RDX], rdx
    mov [rcx + CX_RBX], rbx
    mov [rcx + CX_RBP], rbp
    mov [rcx + CX_RSI], rsi
    mov [rcx + CX_RDI], rdi
    mov [rcx + CX_R8], r8
    mov [rcx + CX_R9], r9
    mov [rcx + CX_R10], r10
    mov [rcx + CX_R11], r11
    mov [rcx + CX_R12], r12
    mov [rcx + CX_R13], r13
    mov [rcx + CX_R14], r14
    mov [rcx + CX_R15], r15
    mov rax, [rsp + 8]
    mov [rcx + CX_RIP], rax
    lea rax, [rsp + 16]
    mov [rcx + CX_RSP], rax
    mov eax, [rsp]
    mov [rcx + CX_EFLAGS], eax
    mov [rcx + CX_SEGDS], ds
    mov [rcx + CX_SEGES], es
    mov [rcx + CX_SEGFS], fs
    mov [rcx + CX_SEGGS], gs
    mov [rcx + CX_SEGSS], ss
    mov eax, cs
    mov [rcx + CX_SEGCS], ax
    mov dword [rcx + CX_FLAGS], CONTEXT_NO_FLOAT
    test al, 3
    jz .done
    stmxcsr [rcx + CX_MXCSR]
    fxsave [rcx + CX_FLTSAVE]
    mov dword [rcx + CX_FLAGS], CONTEXT_FULL_SEGMENTS
.done:
    mov rax, [rcx + CX_RAX]
    add rsp, 8
    ret
NESTED_END RtlCaptureContext

; VOID RtlpContinue(PCONTEXT ContextRecord) - loads every register and goes on there. The jump is
; an iretq, the one instruction that sets rip, rsp and rflags at once; cs and ss stay those of the
; mode that runs, whatever the context says. In the kernel without interrupts: while only a part of the
; registers is loaded the stack cannot be unwound, which an APC may want to do.
NESTED_ENTRY RtlpContinue
    alloc_stack 28h
    END_PROLOGUE
    mov eax, cs
    test al, 3
    jnz .frame
    cli
.frame:
    mov eax, ss
    mov [rsp + 20h], rax
    mov rax, [rcx + CX_RSP]
    mov [rsp + 18h], rax
    mov eax, [rcx + CX_EFLAGS]
    mov [rsp + 10h], rax
    mov eax, cs
    mov [rsp + 8], rax
    mov rdx, [rcx + CX_RIP]
    mov [rsp], rdx
    test al, 3
    jz .integer
    test dword [rcx + CX_FLAGS], CONTEXT_FLOAT_BIT
    jz .integer
    fxrstor [rcx + CX_FLTSAVE]
    ldmxcsr [rcx + CX_MXCSR]
.integer:
    mov rax, [rcx + CX_RAX]
    mov rdx, [rcx + CX_RDX]
    mov rbx, [rcx + CX_RBX]
    mov rbp, [rcx + CX_RBP]
    mov rsi, [rcx + CX_RSI]
    mov rdi, [rcx + CX_RDI]
    mov r8, [rcx + CX_R8]
    mov r9, [rcx + CX_R9]
    mov r10, [rcx + CX_R10]
    mov r11, [rcx + CX_R11]
    mov r12, [rcx + CX_R12]
    mov r13, [rcx + CX_R13]
    mov r14, [rcx + CX_R14]
    mov r15, [rcx + CX_R15]
    mov rcx, [rcx + CX_RCX]
    iretq
NESTED_END RtlpContinue

; EXCEPTION_DISPOSITION RtlpExceptionHandler(Record, EstablisherFrame, Context, Dispatcher)
; The handler of RtlpExecuteHandlerForException's own frame. A search that comes here was raised by
; the handler that was called: it is nested, up to the frame that the handler belonged to.
LEAF_ENTRY RtlpExceptionHandler
    mov eax, ExceptionContinueSearch
    test dword [rcx + 4], EXCEPTION_UNWIND_BITS
    jnz .done
    mov rax, [rdx + 20h]
    mov rax, [rax + DC_ESTABLISHER_FRAME]
    mov [r9 + DC_ESTABLISHER_FRAME], rax
    mov eax, ExceptionNestedException
.done:
    ret
LEAF_END RtlpExceptionHandler

; EXCEPTION_DISPOSITION RtlpExecuteHandlerForException(Record, EstablisherFrame, Context, Dispatcher)
NESTED_ENTRY RtlpExecuteHandlerForException
    alloc_stack 28h
    END_PROLOGUE
    mov [rsp + 20h], r9
    call [r9 + DC_LANGUAGE_HANDLER]
    nop                                 ; so that the return address is not in the epilog
    add rsp, 28h
    ret
NESTED_END RtlpExecuteHandlerForException, RtlpExceptionHandler

; EXCEPTION_DISPOSITION RtlpUnwindHandler(Record, EstablisherFrame, Context, Dispatcher)
; The same for unwinds: whoever comes here has run into an unwind that did not finish, and gets the
; dispatcher context of that unwind in place of its own.
LEAF_ENTRY RtlpUnwindHandler
    mov r10, [rdx + 20h]
%assign offset 0
%rep DC_SIZE / 8
  %if offset != 20h                     ; all but TargetIp, which is the new unwind's
    mov rax, [r10 + offset]
    mov [r9 + offset], rax
  %endif
  %assign offset offset + 8
%endrep
    mov eax, ExceptionCollidedUnwind
    ret
LEAF_END RtlpUnwindHandler

; EXCEPTION_DISPOSITION RtlpExecuteHandlerForUnwind(Record, EstablisherFrame, Context, Dispatcher)
NESTED_ENTRY RtlpExecuteHandlerForUnwind
    alloc_stack 28h
    END_PROLOGUE
    mov [rsp + 20h], r9
    call [r9 + DC_LANGUAGE_HANDLER]
    nop
    add rsp, 28h
    ret
NESTED_END RtlpExecuteHandlerForUnwind, RtlpUnwindHandler
