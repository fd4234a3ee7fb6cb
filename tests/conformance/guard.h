/*
 * guard.h - runs a function that may fault, and goes on after it
 *
 * A vectored handler takes the exception and continues at GuardResume with the stack pointer that
 * GuardCall kept: no compiler support for SEH is needed, which mingw's C compiler lacks.
 */
#include "nt.h"

typedef void (*GUARDED)(PVOID Argument);

EXCEPTION_RECORD GuardedRecord;
ULONG64 GuardStack __asm__("GuardStack");
static BOOL GuardActive;

NTSTATUS GuardCall(GUARDED Function, PVOID Argument) __asm__("GuardCall");
void GuardResume(void) __asm__("GuardResume");

__asm__(".text\n"
        ".globl GuardCall\n"
        ".seh_proc GuardCall\n"
        "GuardCall:\n"
        "  pushq %rbx\n .seh_pushreg %rbx\n"
        "  pushq %rbp\n .seh_pushreg %rbp\n"
        "  pushq %rsi\n .seh_pushreg %rsi\n"
        "  pushq %rdi\n .seh_pushreg %rdi\n"
        "  pushq %r12\n .seh_pushreg %r12\n"
        "  pushq %r13\n .seh_pushreg %r13\n"
        "  pushq %r14\n .seh_pushreg %r14\n"
        "  pushq %r15\n .seh_pushreg %r15\n"
        "  subq $0x28, %rsp\n .seh_stackalloc 0x28\n"
        ".seh_endprologue\n"
        "  movq %rsp, GuardStack(%rip)\n"
        "  movq %rcx, %rax\n"
        "  movq %rdx, %rcx\n"
        "  callq *%rax\n"
        "  xorl %eax, %eax\n"
        ".globl GuardResume\n"
        "GuardResume:\n"
        "  addq $0x28, %rsp\n"
        "  popq %r15\n popq %r14\n popq %r13\n popq %r12\n"
        "  popq %rdi\n popq %rsi\n popq %rbp\n popq %rbx\n"
        "  retq\n"
        ".seh_endproc\n");

static LONG CALLBACK GuardHandler(PEXCEPTION_POINTERS Pointers) {
    if (!GuardActive) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    GuardedRecord = *Pointers->ExceptionRecord;
    Pointers->ContextRecord->Rsp = GuardStack;
    Pointers->ContextRecord->Rip = (ULONG64)GuardResume;
    Pointers->ContextRecord->Rax = (ULONG)GuardedRecord.ExceptionCode;
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* Runs Function(Argument); returns the code of the exception that it raised, 0 if none. */
static NTSTATUS Guard(GUARDED Function, PVOID Argument) {
    PVOID Handler = RtlAddVectoredExceptionHandler(1, GuardHandler);
    GuardActive = TRUE;
    NTSTATUS Status = GuardCall(Function, Argument);
    GuardActive = FALSE;
    RtlRemoveVectoredExceptionHandler(Handler);
    return Status;
}
