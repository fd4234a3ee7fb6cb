; The only instructions of the kernel that touch user memory.
;
; They lie between KiUserAccessorsStart and KiUserAccessorsEnd; a page fault on a user address is
; mended, or raised as an exception, only for these. AC is set around the access where the
; processor has SMAP. The addresses were checked by the C callers (uaccess.c).

%include "ks.inc"
%include "macamd64.inc"

extern KeFeatureBits
%define KF_SMAP 2

%macro ALLOW_USER 0
    test byte [KeFeatureBits], KF_SMAP
    jz %%none
    stac
%%none:
%endmacro
%macro FORBID_USER 0
    test byte [KeFeatureBits], KF_SMAP
    jz %%none
    clac
%%none:
%endmacro

section .text
global KiUserAccessorsStart, KiUserAccessorsEnd
KiUserAccessorsStart:

; KiCopyUserMemory(Destination, Source, Length): eight bytes at a time, then the rest.
NESTED_ENTRY KiCopyUserMemory
    push_reg rsi
    push_reg rdi
    END_PROLOGUE
    mov rdi, rcx
    mov rsi, rdx
    mov rcx, r8
    shr rcx, 3
    and r8d, 7
    ALLOW_USER
    rep movsq
    mov ecx, r8d
    rep movsb
    FORBID_USER
    pop rdi
    pop rsi
    ret
NESTED_END KiCopyUserMemory

; KiFillUserMemory(Destination, Length, Value)
NESTED_ENTRY KiFillUserMemory
    push_reg rdi
    END_PROLOGUE
    mov rdi, rcx
    mov rcx, rdx
    mov eax, r8d
    ALLOW_USER
    rep stosb
    FORBID_USER
    pop rdi
    ret
NESTED_END KiFillUserMemory

%macro READER 2                     ; 1: name, 2: the load
LEAF_ENTRY %1
    ALLOW_USER
    %2
    FORBID_USER
    ret
LEAF_END %1
%endmacro
READER KiReadUserUChar,  {movzx eax, byte [rcx]}
READER KiReadUserUShort, {movzx eax, word [rcx]}
READER KiReadUserULong,  {mov eax, [rcx]}
READER KiReadUserULong64, {mov rax, [rcx]}
READER KiWriteUserUChar,  {mov [rcx], dl}
READER KiWriteUserUShort, {mov [rcx], dx}
READER KiWriteUserULong,  {mov [rcx], edx}
READER KiWriteUserULong64, {mov [rcx], rdx}

KiUserAccessorsEnd:
