; System services: syscall and int 2Eh.
;
; A stub in ntdll puts the service number in eax and the first argument in r10 (syscall destroys
; rcx). Here the frame is built, the number looked up in KiServiceTable, arguments past the fourth
; copied from the user's stack, and the service called. An entry of the table is the service's
; distance from the table, shifted left by 4, with the number of stack arguments in the low bits.
;
; The straight way, without stack arguments, is meant to be read instruction by instruction: it is
; all that a system service costs.

%include "ks.inc"
%include "macamd64.inc"

extern KeFeatureBits, KiServiceTable, KiServiceLimit, KiExceptionExit
%if DBG
extern KiCheckServiceExit
%endif

%define KF_SMAP 2
%define FRAME(x) rbp + (x) - 80h
%define MM_USER_PROBE_ADDRESS 7FFFFFFF0000h
%define STACK_ARGUMENTS 90h             ; room for 15 arguments and the home of four registers

; The checked build guards the frame: a canary below it, with room for the home of four registers, and
; the arguments in registers kept for the bug check screen. servicecheck.c looks at it on the way out.
%macro GUARD_FRAME 0
  %if DBG
    mov [FRAME(TrRcx)], rcx
    mov [FRAME(TrRdx)], rdx
    mov [FRAME(TrR8)], r8
    mov [FRAME(TrR9)], r9
    sub rsp, 30h
    mov r11, SERVICE_CANARY
    mov [rbp - 80h - 8], r11
  %endif
%endmacro

%macro CHECK_SERVICE_EXIT 0
  %if DBG
    mov rcx, rbp
    mov rdx, rax
    call KiCheckServiceExit         ; returns the status
  %endif
%endmacro

; The long way out: the status goes into the frame, and nothing of the kernel's with it.
%macro LEAVE_BY_FRAME 0
    mov [FRAME(TrRax)], rax
    xor eax, eax
    mov [FRAME(TrRcx)], rax
    mov [FRAME(TrRdx)], rax
    mov [FRAME(TrR8)], rax
    mov [FRAME(TrR9)], rax
    mov [FRAME(TrR10)], rax
    mov [FRAME(TrR11)], rax
    cli
    jmp KiExceptionExit
%endmacro

; The target of syscall: rcx = the caller's rip, r11 = its flags; interrupts, direction, trap and AC
; are off (SFMASK). The stack is still the user's.
NESTED_ENTRY KiSystemCall64
    swapgs
    mov [gs:PcUserRsp], rsp
    mov rsp, [gs:PcRspBase]
    push KGDT64_R3_DATA | RPL_MASK
    push qword [gs:PcUserRsp]
    push r11
    push KGDT64_R3_CODE | RPL_MASK
    push rcx
    frame_pushed
    mov rcx, r10
    alloc_stack 8 + 8 + TrRbp
    save_reg rbp, TrRbp
    set_frame rbp, 80h
    END_PROLOGUE
    mov byte [FRAME(TrExceptionActive)], 2
    sti
    GUARD_FRAME
    mov r11, [gs:PcCurrentThread]
    mov [r11 + ThSystemCallNumber], eax
    mov eax, eax
    cmp eax, [KiServiceLimit]
    jae KiSystemServiceExit.invalid
    lea r10, [KiServiceTable]
    movsxd rax, dword [r10 + rax * 4]
    test al, 0Fh
    jnz KiSystemServiceExit.stack_arguments
    sar rax, 4
    add rax, r10
    call rax
global KiSystemServiceExit
KiSystemServiceExit:
    CHECK_SERVICE_EXIT
    cli
    mov rcx, [gs:PcCurrentThread]
    cmp byte [rcx + ThUserApcPending], 0
    jne .slowly
    mov rcx, [FRAME(TrRip)]
    mov r11, [FRAME(TrEFlags)]
    xor edx, edx                    ; nothing of the kernel's stays in a register
    xor r8d, r8d
    xor r9d, r9d
    xor r10d, r10d
    mov rsp, [FRAME(TrRsp)]
    mov rbp, [FRAME(TrRbp)]
    swapgs
    o64 sysret
.slowly:
    LEAVE_BY_FRAME
.stack_arguments:
    call KiSystemServiceCopy
    jmp KiSystemServiceExit
.invalid:
    mov eax, STATUS_INVALID_SYSTEM_SERVICE
    jmp KiSystemServiceExit
NESTED_END KiSystemCall64

; Calls a service that has stack arguments. rax: its table entry, r10: the table, rbp: the frame.
; The caller's arguments start above its return address and the home of four registers.
NESTED_ENTRY KiSystemServiceCopy
    alloc_stack STACK_ARGUMENTS + 28h
    save_reg rsi, STACK_ARGUMENTS + 18h
    save_reg rdi, STACK_ARGUMENTS + 20h
    END_PROLOGUE
    mov [rsp + STACK_ARGUMENTS + 10h], rcx
    mov ecx, eax
    and ecx, 0Fh                    ; how many
    sar rax, 4
    add rax, r10
    mov rsi, [FRAME(TrRsp)]
    add rsi, 28h
    mov rdi, MM_USER_PROBE_ADDRESS - 80h
    cmp rsi, rdi
    ja KiSystemServiceCopyFault.bad_stack
    lea rdi, [rsp + 20h]
    test byte [KeFeatureBits], KF_SMAP
    jz .copy
    stac
.copy:
global KiSystemServiceCopyStart, KiSystemServiceCopyEnd, KiSystemServiceCopyFault
KiSystemServiceCopyStart:
    rep movsq
KiSystemServiceCopyEnd:
    test byte [KeFeatureBits], KF_SMAP
    jz KiSystemServiceCopyCall
    clac
KiSystemServiceCopyCall:
    mov rcx, [rsp + STACK_ARGUMENTS + 10h]
    call rax
KiSystemServiceCopyDone:
    mov rsi, [rsp + STACK_ARGUMENTS + 18h]
    mov rdi, [rsp + STACK_ARGUMENTS + 20h]
    add rsp, STACK_ARGUMENTS + 28h
    ret
; A fault between Start and End comes here (KiPageFaultException): the stack was bad.
KiSystemServiceCopyFault:
    test byte [KeFeatureBits], KF_SMAP
    jz .bad_stack
    clac
.bad_stack:
    mov eax, 0C0000005h             ; STATUS_ACCESS_VIOLATION
    jmp KiSystemServiceCopyDone
NESTED_END KiSystemServiceCopy

; The target of syscall in 32-bit code, which a program reaches by a far jump to selector 23h. There
; are no 32-bit services; but left unset, MSR_CSTAR would name address 0, in ring 0.
NESTED_ENTRY KiSystemCall32
    swapgs
    mov [gs:PcUserRsp], rsp
    mov rsp, [gs:PcRspBase]
    push KGDT64_R3_DATA | RPL_MASK
    push qword [gs:PcUserRsp]
    push r11
    push KGDT64_R3_CMCODE | RPL_MASK
    push rcx
    frame_pushed
    alloc_stack 8 + 8 + TrRbp
    save_reg rbp, TrRbp
    set_frame rbp, 80h
    END_PROLOGUE
    mov byte [FRAME(TrExceptionActive)], 2
    mov eax, STATUS_INVALID_SYSTEM_SERVICE
    LEAVE_BY_FRAME
NESTED_END KiSystemCall32

; int 2Eh: the older way in, and the same services. Leaves by iretq.
NESTED_ENTRY KiSystemService
    push_frame
    alloc_stack 8
    push_reg rbp
    alloc_stack TrRbp
    set_frame rbp, 80h
    END_PROLOGUE
    swapgs                          ; the gate's DPL lets both rings in; ring 0 never uses it
    mov byte [FRAME(TrExceptionActive)], 2
    cld
    test byte [KeFeatureBits], KF_SMAP
    jz .no_smap
    clac
.no_smap:
    sti
    mov rcx, r10
    GUARD_FRAME
    mov r11, [gs:PcCurrentThread]
    mov [r11 + ThSystemCallNumber], eax
    mov eax, eax
    cmp eax, [KiServiceLimit]
    jae .invalid
    lea r10, [KiServiceTable]
    movsxd rax, dword [r10 + rax * 4]
    call KiSystemServiceCopy
    jmp .exit
.invalid:
    mov eax, STATUS_INVALID_SYSTEM_SERVICE
.exit:
    CHECK_SERVICE_EXIT
    LEAVE_BY_FRAME
NESTED_END KiSystemService
