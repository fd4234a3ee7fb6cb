; Traps and interrupts: how the processor enters the kernel, and leaves it.
;
; Every entry builds a KTRAP_FRAME. The processor has pushed rip, cs, eflags, rsp and ss (and for some
; traps an error code); the entry code pushes what is below them: rbp and the volatile registers.
; rbp then points 80h into the frame, for as long as the frame is on top. Non-volatile registers
; are the compiler's business: every C function gives them back. Only who needs all registers (an
; exception, a user APC) has them put in a KEXCEPTION_FRAME, by KiCallWithExceptionFrame.
;
; On every entry, whoever writes this code keeps five things in mind:
;   gs          user mode's on entry from ring 3: swapgs there, and only there
;   direction   C code wants DF clear; a trap leaves it as it was
;   AC          with SMAP, AC set means that user memory may be touched: cleared on entry,
;               given back by iretq where an accessor was interrupted
;   IRQL        interrupts raise it to their vector's level and lower it again (irql.c)
;   user APCs   are delivered on the way out to ring 3, with interrupts off at the last look

%include "ks.inc"
%include "macamd64.inc"

extern KeFeatureBits
extern KiMemoryFault, KiPageFaultException, KiTrapException, KiFatalTrap, KiNmi
extern KiInterruptDispatch, KiSpuriousInterrupt
extern KiDeliverUserApc, KiDebugServicePrint

%define KF_SMAP 2
%define FRAME(x) rbp + (x) - 80h

; --- the parts of an entry ----------------------------------------------------------------------

%macro SAVE_VOLATILES 0
    mov [FRAME(TrRax)], rax
    mov [FRAME(TrRcx)], rcx
    mov [FRAME(TrRdx)], rdx
    mov [FRAME(TrR8)], r8
    mov [FRAME(TrR9)], r9
    mov [FRAME(TrR10)], r10
    mov [FRAME(TrR11)], r11
    cld
    test byte [KeFeatureBits], KF_SMAP
    jz %%no_smap
    clac
%%no_smap:
%endmacro

%macro RESTORE_VOLATILES 0
    mov rax, [FRAME(TrRax)]
    mov rcx, [FRAME(TrRcx)]
    mov rdx, [FRAME(TrRdx)]
    mov r8, [FRAME(TrR8)]
    mov r9, [FRAME(TrR9)]
    mov r10, [FRAME(TrR10)]
    mov r11, [FRAME(TrR11)]
%endmacro

; The function of a trap, up to where rbp points into its frame. 1: name, 2: error code?
%macro TRAP_PROLOGUE 2
NESTED_ENTRY %1
  %if %2
    push_frame_code
  %else
    push_frame
    alloc_stack 8
  %endif
    push_reg rbp
    alloc_stack TrRbp
    set_frame rbp, 80h
    END_PROLOGUE
%endmacro

; Begins a trap's function. 1: name, 2: whether the processor pushed an error code.
%macro TRAP_ENTRY 2
    TRAP_PROLOGUE %1, %2
    test byte [FRAME(TrSegCs)], RPL_MASK
    jz %%kernel
    swapgs
%%kernel:
    mov byte [FRAME(TrExceptionActive)], 1
    SAVE_VOLATILES
%endmacro

; Gives interrupts back if the interrupted code had them.
%macro ENABLE_AS_INTERRUPTED 0
    test dword [FRAME(TrEFlags)], 200h
    jz %%off
    sti
%%off:
%endmacro

; Sets IRQL to rax. What the old level held back arrives once interrupts are on.
%macro WRITE_IRQL 0
    mov cr8, rax
    mov [gs:PcIrql], al
%endmacro

; --- the way out --------------------------------------------------------------------------------

; Leaves by the trap frame at rbp - 80h. Jumped to by all entries but system calls, with interrupts off:
; the unwinder takes the jump, which ends a function, for an epilogue, and no APC may come in there.
NESTED_ENTRY KiExceptionExit
    push_frame_code
    note_alloc 8 + TrRbp
    set_frame_noted rbp, 80h
    END_PROLOGUE
    test byte [FRAME(TrSegCs)], RPL_MASK
    jz .kernel
.apcs:
    mov rcx, [gs:PcCurrentThread]
    cmp byte [rcx + ThUserApcPending], 0
    jne .deliver
    RESTORE_VOLATILES
    lea rsp, [FRAME(TrRip)]
    mov rbp, [FRAME(TrRbp)]
    swapgs
    iretq
.kernel:
    RESTORE_VOLATILES
    lea rsp, [FRAME(TrRip)]
    mov rbp, [FRAME(TrRbp)]
    iretq
.deliver:
    lea rdx, [KiDeliverUserApc]
    call KiCallWithExceptionFrame
    cli
    jmp .apcs
NESTED_END KiExceptionExit

; KiServiceExit2(TrapFrame, ExceptionFrame): loads the whole of a user context; no return. Comes at
; APC_LEVEL, and lets APCs in again when only the processor holds the registers.
LEAF_ENTRY KiServiceExit2
    cli
    xor eax, eax
    WRITE_IRQL
    mov rbx, [rdx + ExRbx]
    mov rdi, [rdx + ExRdi]
    mov rsi, [rdx + ExRsi]
    mov r12, [rdx + ExR12]
    mov r13, [rdx + ExR13]
    mov r14, [rdx + ExR14]
    mov r15, [rdx + ExR15]
    mov rsp, rcx
    lea rbp, [rcx + 80h]
    jmp KiExceptionExit
LEAF_END KiServiceExit2

; KiCallWithExceptionFrame: calls rdx(rcx, trap frame, exception frame) with the non-volatile
; registers in a KEXCEPTION_FRAME, and takes them back from it, changed or not. rbp: trap frame + 80h.
NESTED_ENTRY KiCallWithExceptionFrame
    EXCEPTION_FRAME_PROLOGUE
    END_PROLOGUE
    mov [rsp + ExRbp], rbp
    mov rax, rdx
    lea rdx, [rbp - 80h]
    mov [rsp + ExTrapFrame], rdx
    mov r8, rsp
    call rax
    EXCEPTION_FRAME_RETURN
NESTED_END KiCallWithExceptionFrame

; --- exceptions ---------------------------------------------------------------------------------

; 1: vector
%macro DISPATCH_EXCEPTION 1
    ENABLE_AS_INTERRUPTED
    mov ecx, %1
    lea rdx, [KiTrapException]
    call KiCallWithExceptionFrame
    cli
    jmp KiExceptionExit
%endmacro

; 1: name, 2: vector, 3: error code pushed by the processor
%macro EXCEPTION 3
TRAP_ENTRY %1, %3
  %if %3 == 0
    mov qword [FRAME(TrErrorCode)], 0
  %endif
    DISPATCH_EXCEPTION %2
NESTED_END %1
%endmacro

EXCEPTION KiDivideErrorFault,        00h, 0
EXCEPTION KiBreakpointTrap,          03h, 0
EXCEPTION KiOverflowTrap,            04h, 0
EXCEPTION KiBoundFault,              05h, 0
EXCEPTION KiInvalidOpcodeFault,      06h, 0
EXCEPTION KiNpxNotAvailableFault,    07h, 0
EXCEPTION KiNpxSegmentOverrunAbort,  09h, 0
EXCEPTION KiInvalidTssFault,         0Ah, 1
EXCEPTION KiSegmentNotPresentFault,  0Bh, 1
EXCEPTION KiStackFault,              0Ch, 1
EXCEPTION KiGeneralProtectionFault,  0Dh, 1
EXCEPTION KiFloatingErrorFault,      10h, 0
EXCEPTION KiAlignmentFault,          11h, 1
EXCEPTION KiXmmException,            13h, 0
EXCEPTION KiVirtualizationException, 14h, 0
EXCEPTION KiControlProtectionFault,  15h, 1
EXCEPTION KiRaiseSecurityCheckFailure, 29h, 0
EXCEPTION KiRaiseAssertion,          2Ch, 0

; Debug exceptions come on a stack of their own: a data breakpoint on the operand of "mov ss" before a
; syscall comes at the service's first instruction, in ring 0 on the user's stack and gs. In the kernel
; they are always such, or an accessor that touched what a program watches: dropped. Those of user mode
; go on as if they had come on the thread's stack, where they may wait.
%define DR6_EMPTY 0FFFF0FF0h

NESTED_ENTRY KiDebugTrapOrFault
    push_frame
    END_PROLOGUE
    test byte [rsp + 8], RPL_MASK
    jz .kernel
    swapgs
    mov [gs:PcUserRsp], rax         ; free between two system calls
    mov rax, [gs:PcRspBase]
    pop qword [rax - 28h]
    pop qword [rax - 20h]
    pop qword [rax - 18h]
    pop qword [rax - 10h]
    pop qword [rax - 8]
    lea rsp, [rax - 28h]
    mov rax, [gs:PcUserRsp]
    swapgs
    jmp KiDebugTrap
.kernel:
    push rax
    mov eax, DR6_EMPTY
    mov dr6, rax
    pop rax
    iretq
NESTED_END KiDebugTrapOrFault

TRAP_ENTRY KiDebugTrap, 0
    mov qword [FRAME(TrErrorCode)], 0
    mov rax, dr6                    ; before interrupts are on: it is the processor's
    mov [FRAME(TrDr6)], rax
    mov eax, DR6_EMPTY
    mov dr6, rax
    DISPATCH_EXCEPTION 01h
NESTED_END KiDebugTrap

; A page fault goes to Mm first; only what Mm cannot mend is an exception.
TRAP_ENTRY KiPageFault, 1
    mov rax, cr2
    mov [FRAME(TrFaultAddress)], rax
    ENABLE_AS_INTERRUPTED
    lea rcx, [rbp - 80h]
    call KiMemoryFault
    test eax, eax
    jns .mended
    mov ecx, eax
    lea rdx, [KiPageFaultException]
    call KiCallWithExceptionFrame
.mended:
    cli
    jmp KiExceptionExit
NESTED_END KiPageFault

; int 2Dh: DebugService. eax 1 (BREAKPOINT_PRINT) prints rcx (dx bytes); anything else is a
; breakpoint. The instruction is followed by an int 3 that is skipped.
TRAP_ENTRY KiDebugServiceTrap, 0
    inc qword [FRAME(TrRip)]
    sti
    cmp eax, 1
    jne .breakpoint
    lea rcx, [rbp - 80h]
    call KiDebugServicePrint
    mov [FRAME(TrRax)], rax
    cli
    jmp KiExceptionExit
.breakpoint:
    mov ecx, 3
    lea rdx, [KiTrapException]
    call KiCallWithExceptionFrame
    cli
    jmp KiExceptionExit
NESTED_END KiDebugServiceTrap

; --- traps on stacks of their own (IST) ----------------------------------------------------------

; They may come anywhere, also between the entry of a system call and its swapgs, so the sign of
; the gs base says whose gs it is: the kernel's addresses are negative. 1: name, 2: error code,
; 3: C routine, 4: vector
%macro IST_TRAP 4
    TRAP_PROLOGUE %1, %2
    SAVE_VOLATILES
    mov ecx, 0C0000101h             ; MSR_GS_BASE
    rdmsr
    mov byte [FRAME(TrPreviousIrql)], 0
    test edx, edx
    js %%kernel_gs
    mov byte [FRAME(TrPreviousIrql)], 1 ; not an IRQL here: gs was swapped
    swapgs
%%kernel_gs:
    mov ecx, %4
    lea rdx, [%3]
    call KiCallWithExceptionFrame
    cmp byte [FRAME(TrPreviousIrql)], 0
    je %%leave
    swapgs
%%leave:
    RESTORE_VOLATILES
    lea rsp, [FRAME(TrRip)]
    mov rbp, [FRAME(TrRbp)]
    iretq
NESTED_END %1
%endmacro

IST_TRAP KiNmiInterrupt,    0, KiNmi,       02h
IST_TRAP KiDoubleFaultAbort, 1, KiFatalTrap, 08h
IST_TRAP KiMcheckAbort,     0, KiFatalTrap, 12h

; --- interrupts ----------------------------------------------------------------------------------

; The common part: rax holds the vector, and the stub below has pushed it where an error code goes.
NESTED_ENTRY KiInterruptCommon
    push_frame_code
    push_reg rbp
    alloc_stack TrRbp
    set_frame rbp, 80h
    END_PROLOGUE
    test byte [FRAME(TrSegCs)], RPL_MASK
    jz .kernel
    swapgs
.kernel:
    mov byte [FRAME(TrExceptionActive)], 0
    SAVE_VOLATILES
    mov edx, [FRAME(TrErrorCode)]
    mov ecx, edx
    shr ecx, 4                      ; the level of a vector is its upper half
    mov rax, cr8
    mov [FRAME(TrPreviousIrql)], al
    cmp ecx, eax
    jbe .spurious
    mov eax, ecx
    WRITE_IRQL
    lea rcx, [rbp - 80h]
    call KiInterruptDispatch        ; (TrapFrame, Vector); returns with interrupts off
    movzx eax, byte [FRAME(TrPreviousIrql)]
    WRITE_IRQL
    jmp KiExceptionExit
.spurious:                          ; no other ignores cr8
    mov ecx, edx
    call KiSpuriousInterrupt
    jmp KiExceptionExit
NESTED_END KiInterruptCommon

; One stub a vector: KiIsrThunk[n] is 16 bytes.
section .text
align 16
global KiIsrThunk
KiIsrThunk:
%assign vector 0
%rep 256
    align 16
    push qword vector
    jmp near KiInterruptCommon
  %assign vector vector + 1
%endrep

; Where a new thread begins, by KiSwapContext's return. rbx: the system routine, rsi: start routine,
; rdi: start context; rsp is a multiple of 16, with room for four registers above it.
extern KiThreadReturned, KiLoadThreadState
%macro CALL_SYSTEM_ROUTINE 0
    call KiLoadThreadState
    mov eax, APC_LEVEL
    WRITE_IRQL
    mov rcx, rsi
    mov rdx, rdi
    call rbx
%endmacro

; A thread of user mode has an exception frame at rbp - 80h and its trap frame behind it, and goes to
; user mode by them when the system routine returns, at APC_LEVEL. To the unwinder these two frames are
; where the registers have been saved, so a thread that has never been in user mode looks like any other.
NESTED_ENTRY KiStartUserThread
    push_frame
    note_alloc KEXCEPTION_FRAME_LENGTH + TrRip
    note_save rbp, ExRbp
    note_save rbx, ExRbx
    note_save rdi, ExRdi
    note_save rsi, ExRsi
    note_save r12, ExR12
    note_save r13, ExR13
    note_save r14, ExR14
    note_save r15, ExR15
    set_frame_noted rbp, 80h
    END_PROLOGUE
    CALL_SYSTEM_ROUTINE
    lea rcx, [rbp - 80h + KEXCEPTION_FRAME_LENGTH]
    lea rdx, [rbp - 80h]
    call KiServiceExit2             ; not a jump, which the unwinder would take for an epilogue
    int3
NESTED_END KiStartUserThread

NESTED_ENTRY KiStartSystemThread
    alloc_stack 20h
    END_PROLOGUE
    CALL_SYSTEM_ROUTINE
    call KiThreadReturned
    int3
NESTED_END KiStartSystemThread
