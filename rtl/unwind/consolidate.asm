; consolidate.asm - the frames above a target become one, and a callback runs on top of it
;
; A C++ catch block runs before the frames of its throw are gone: the thrown object is one of their
; locals. Its unwind (STATUS_UNWIND_CONSOLIDATE) has called every cleanup, but leaves rsp where it
; is. The dead frames must be invisible to an exception that the catch block itself raises. So their
; stack is covered by one frame, whose unwind data lead straight into the target frame:
;
;       rsp -> CONTEXT of the target frame      nonvolatile registers   } the frame of
;              machine frame: its rip, its rsp                          } RtlpCallConsolidated
;              RtlRestoreContext, RtlUnwindEx, the dispatcher, the thrower, ...   (hidden)
;              the target frame
;
; Kernel and user mode share the code.

%include "macamd64.inc"

extern RtlRestoreContext

CX_EFLAGS      equ 44h
CX_RSP         equ 98h
CX_RIP         equ 0F8h
CONTEXT_LENGTH equ 4D0h

MF_RIP         equ CONTEXT_LENGTH
MF_CS          equ CONTEXT_LENGTH + 8
MF_EFLAGS      equ CONTEXT_LENGTH + 10h
MF_RSP         equ CONTEXT_LENGTH + 18h
MF_SS          equ CONTEXT_LENGTH + 20h
FRAME_LENGTH   equ CONTEXT_LENGTH + 28h

ER_INFORMATION equ 20h

; VOID RtlpConsolidateFrames(PCONTEXT ContextRecord, PEXCEPTION_RECORD ExceptionRecord)
; Builds the frame. The context is copied, because it may be in one of the frames to be hidden.
NESTED_ENTRY RtlpConsolidateFrames
    alloc_stack FRAME_LENGTH
    END_PROLOGUE
    mov r9d, CONTEXT_LENGTH / 8
.copy:
    mov rax, [rcx + r9 * 8 - 8]
    mov [rsp + r9 * 8 - 8], rax
    dec r9d
    jnz .copy
    mov rax, [rcx + CX_RIP]
    mov [rsp + MF_RIP], rax
    mov eax, cs
    mov [rsp + MF_CS], rax
    mov eax, [rcx + CX_EFLAGS]
    mov [rsp + MF_EFLAGS], rax
    mov rax, [rcx + CX_RSP]
    mov [rsp + MF_RSP], rax
    mov eax, ss
    mov [rsp + MF_SS], rax
    jmp RtlpCallConsolidated
NESTED_END RtlpConsolidateFrames

; ExceptionInformation[0](Record) returns where the target frame goes on. rdx is the record; the
; home fields of the CONTEXT are the callback's home space.
NESTED_ENTRY RtlpCallConsolidated
    push_frame
    note_alloc CONTEXT_LENGTH
    note_saved_context
    END_PROLOGUE
    mov rcx, rdx
    call [rdx + ER_INFORMATION]
    mov [rsp + CX_RIP], rax
    mov rcx, rsp
    xor edx, edx
    call RtlRestoreContext
    int3
NESTED_END RtlpCallConsolidated
