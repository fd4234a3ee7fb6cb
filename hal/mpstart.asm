; mpstart.asm - brings another processor from real mode to the kernel's code
;
; hal/mpstart.c copies the code between HalpStartCode and HalpStartCodeEnd to the first of the
; loader's pages below 1 MiB. The processor begins there in 16-bit mode with cs = page / 16, ip = 0.
; It enters long mode directly, with the page tables in the next three pages: they map the first
; 2 MiB one to one and the kernel's half as the kernel has it. Then it jumps to the HAL's own copy
; of the last instructions, which load the kernel's page tables and the stack.
;
; The page's address varies, so every address in the code is relative to its beginning.
; The code runs wherever the page is, so every address in it is relative to its beginning.

%include "macamd64.inc"

%define START(x) ((x) - HalpStartCode)

%define CR4_PAE     20h
%define EFER_BITS   901h              ; syscall, long mode, no-execute
%define MSR_EFER    0C0000080h
%define CR0_BITS    80010033h         ; paging, write protect, numeric errors, protection; caches on

section .rdata
global HalpStartCode, HalpStartCodeEnd, HalpStartParameters
align 16
HalpStartCode:
bits 16
    cli
    cld
    mov ax, cs
    mov ds, ax
    movzx ebx, ax
    shl ebx, 4                        ; where this page is
    lea eax, [ebx + START(Gdt)]
    mov [START(GdtPointer) + 2], eax
    lea eax, [ebx + START(Code64)]
    mov [START(Code64Pointer)], eax
    lgdt [START(GdtPointer)]
    mov eax, CR4_PAE
    mov cr4, eax
    lea eax, [ebx + 1000h]
    mov cr3, eax
    mov ecx, MSR_EFER
    rdmsr
    or eax, EFER_BITS
    wrmsr
    mov eax, CR0_BITS
    mov cr0, eax
    jmp far dword [START(Code64Pointer)]

bits 64
Code64:
    mov ebx, ebx
    mov eax, 10h
    mov ss, eax
    mov ds, eax
    mov es, eax
    lea rsi, [rbx + START(HalpStartParameters)]
    mov r8, [rsi]                     ; HAL_START_PARAMETERS
    mov rsp, [rsi + 8]
    mov rdx, [rsi + 16]
    mov rcx, [rsi + 24]
    mov rax, [rsi + 32]
    jmp rax

align 8
Code64Pointer:
    dd 0
    dw 8
align 8
GdtPointer:
    dw 23
    dd 0
align 8
Gdt:
    dq 0
    dq 00AF9B000000FFFFh              ; code, 64 bits
    dq 00CF93000000FFFFh              ; data
align 8
HalpStartParameters:
    times 5 dq 0
HalpStartCodeEnd:

; r8: the kernel's page tables; rsp: the processor's stack; rdx(rcx): the routine to continue in. The
; low half is no longer mapped after the first instruction.
LEAF_ENTRY HalpEnterKernel
    mov cr3, r8
    xor ebp, ebp
    sub rsp, 20h
    push rbp                          ; every stack walk ends here
    jmp rdx
LEAF_END HalpEnterKernel
