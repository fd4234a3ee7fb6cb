; dispatch.asm - where the kernel enters user mode
;
; Five doors. Through each the kernel comes not by a call but by loading rip and rsp, having left what
; the code needs on the user stack:
;
;   LdrInitializeThunk           a new thread: rcx = CONTEXT to go on with, rdx = base of ntdll
;   KiUserExceptionDispatcher    rsp -> CONTEXT, CONTEXT_EX, at 4F0h EXCEPTION_RECORD, at 590h machine frame
;   KiUserApcDispatcher          rsp -> CONTEXT, whose home fields hold the APC's three arguments and the
;                                routine; at 4F0h machine frame
;   KiUserCallbackDispatcher     rsp -> home, at 20h buffer, 28h its length, 2Ch the function's number,
;                                at 30h machine frame
;   RtlUserThreadStart           (thread.c) from LdrInitializeThunk by NtContinue
;
; The unwind data below say that the interrupted code's registers lie in the CONTEXT and its rip and
; rsp in the machine frame, so that a stack walk, and the search for an exception handler, run
; through a dispatcher into the code that was interrupted.

%include "macamd64.inc"

extern LdrpInitialize, NtContinue, NtRaiseException, NtCallbackReturn
extern RtlDispatchException, RtlRaiseStatus

CONTEXT_P1HOME equ 0
CONTEXT_P2HOME equ 8
CONTEXT_P3HOME equ 10h
CONTEXT_P4HOME equ 18h

EXCEPTION_FRAME_RECORD equ 4F0h
EXCEPTION_FRAME_LENGTH equ 590h
APC_FRAME_LENGTH       equ 4F0h
CALLOUT_FRAME_LENGTH   equ 30h

PEB_KERNEL_CALLBACK_TABLE equ 58h

; VOID LdrInitializeThunk(PCONTEXT Context, PVOID NtDllBase): the first code of every thread.
NESTED_ENTRY LdrInitializeThunk
    push_reg rbx
    alloc_stack 20h
    END_PROLOGUE
    mov rbx, rcx
    call LdrpInitialize
    mov rcx, rbx
    mov edx, 1              ; an APC that came meanwhile is delivered first
    call NtContinue
    mov ecx, eax
    call RtlRaiseStatus
    int3
NESTED_END LdrInitializeThunk

; An exception. A handler repaired the cause: go on with the context. Nobody did: second chance.
NESTED_ENTRY KiUserExceptionDispatcher
    push_frame
    note_alloc EXCEPTION_FRAME_LENGTH
    note_saved_context
    END_PROLOGUE
    cld
    lea rcx, [rsp + EXCEPTION_FRAME_RECORD]
    mov rdx, rsp
    call RtlDispatchException
    test al, al
    jz .unhandled
    mov rcx, rsp
    xor edx, edx
    call NtContinue
    jmp .failed
.unhandled:
    lea rcx, [rsp + EXCEPTION_FRAME_RECORD]
    mov rdx, rsp
    xor r8d, r8d
    call NtRaiseException
.failed:
    mov ecx, eax
    call RtlRaiseStatus
    int3
NESTED_END KiUserExceptionDispatcher

; A user APC: NormalRoutine(NormalContext, SystemArgument1, SystemArgument2, Context).
NESTED_ENTRY KiUserApcDispatcher
    push_frame
    note_alloc APC_FRAME_LENGTH
    note_saved_context
    END_PROLOGUE
    mov rcx, [rsp + CONTEXT_P1HOME]
    mov rdx, [rsp + CONTEXT_P2HOME]
    mov r8, [rsp + CONTEXT_P3HOME]
    mov rax, [rsp + CONTEXT_P4HOME]
    mov r9, rsp
    call rax
    mov rcx, rsp
    mov edx, 1              ; the next APC comes from here, without going back in between
    call NtContinue
    mov ecx, eax
    call RtlRaiseStatus
    int3
NESTED_END KiUserApcDispatcher

; A call from the kernel: PEB->KernelCallbackTable[number](buffer, length), its status goes back.
NESTED_ENTRY KiUserCallbackDispatcher
    push_frame
    note_alloc CALLOUT_FRAME_LENGTH
    END_PROLOGUE
    mov rcx, [rsp + 20h]
    mov edx, [rsp + 28h]
    mov r8d, [rsp + 2Ch]
    mov rax, [gs:60h]
    mov r9, [rax + PEB_KERNEL_CALLBACK_TABLE]
    call [r9 + r8 * 8]
    xor ecx, ecx
    xor edx, edx
    mov r8d, eax
    call NtCallbackReturn
    mov ecx, eax
    call RtlRaiseStatus
    int3
NESTED_END KiUserCallbackDispatcher

; NTSTATUS DebugService(Service, Buffer, Length, ComponentId, Level)
LEAF_ENTRY DebugService
    mov eax, ecx
    mov rcx, rdx
    mov edx, r8d
    mov r8d, r9d
    mov r9d, [rsp + 28h]
    int 2Dh
    int3                    ; skipped by the kernel
    ret
LEAF_END DebugService

; VOID DbgBreakPoint(VOID), VOID DbgUserBreakPoint(VOID)
LEAF_ENTRY DbgBreakPoint
    int3
    ret
LEAF_END DbgBreakPoint

LEAF_ENTRY DbgUserBreakPoint
    int3
    ret
LEAF_END DbgUserBreakPoint
