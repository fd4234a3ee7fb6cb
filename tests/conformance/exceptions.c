/* Hardware exceptions and raised ones, as a vectored handler sees them. */
#include "guard.h"

static void DivideByZero(PVOID P) {
    (void)P;
    __asm__ volatile("xorl %%ecx, %%ecx\n movl $1, %%eax\n cltd\n idivl %%ecx" ::
                         : "eax", "ecx", "edx");
}
static void Illegal(PVOID P) {
    (void)P;
    __asm__ volatile("ud2");
}
static void Breakpoint(PVOID P) {
    (void)P;
    __asm__ volatile("int3");
}
static void Halt(PVOID P) {
    (void)P;
    __asm__ volatile("hlt");
}
static void Port(PVOID P) {
    (void)P;
    __asm__ volatile("outb %al, $0x80");
}
static void Control(PVOID P) {
    (void)P;
    __asm__ volatile("movq %%cr3, %%rax" ::: "rax");
}
static void Read(PVOID P) {
    (void)*(volatile char *)P;
}
static void Write(PVOID P) {
    *(volatile char *)P = 0;
}
static void Jump(PVOID P) {
    ((void (*)(void))P)();
}
static void Raise(PVOID P) {
    EXCEPTION_RECORD Record = {.ExceptionCode = 0xE0001234, .NumberParameters = 2};
    Record.ExceptionInformation[0] = 5;
    Record.ExceptionInformation[1] = (ULONG_PTR)P;
    RtlRaiseException(&Record);
}
static void RaiseStatus(PVOID P) {
    RtlRaiseStatus((NTSTATUS)(ULONG_PTR)P);
}
static void Misaligned(PVOID P) {
    __asm__ volatile("movaps (%0), %%xmm0" ::"r"((PUCHAR)P + 1) : "xmm0");
}

static void Try(const char *What, GUARDED Function, PVOID Argument) {
    NTSTATUS Status = Guard(Function, Argument);
    Print("%s: %08x noncontinuable %u parameters %u", What, (unsigned)Status,
          GuardedRecord.ExceptionFlags & 1, GuardedRecord.NumberParameters);
    if (Status == STATUS_ACCESS_VIOLATION) {
        Print(" access %u address %s", (ULONG)GuardedRecord.ExceptionInformation[0],
              (PVOID)GuardedRecord.ExceptionInformation[1] == Argument ? "as given" : "another");
    }
    Print("\n");
}

static LONG Order[4], Orders;

static LONG CALLBACK FirstHandler(PEXCEPTION_POINTERS P) {
    (void)P;
    Order[Orders++ & 3] = 1;
    return EXCEPTION_CONTINUE_SEARCH;
}

/* Skips the ud2: two bytes. */
static LONG CALLBACK SecondHandler(PEXCEPTION_POINTERS P) {
    Order[Orders++ & 3] = 2;
    P->ContextRecord->Rip += 2;
    P->ContextRecord->Rbx = 0x1234567;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void Continue(void) {
    ULONG64 Changed = 0;
    PVOID Second = RtlAddVectoredExceptionHandler(0, SecondHandler);
    PVOID First = RtlAddVectoredExceptionHandler(1, FirstHandler);
    __asm__ volatile("ud2\n movq %%rbx, %0" : "=r"(Changed) : : "rbx");
    Print("handlers: %d %d, register changed to %x\n", Order[0], Order[1], (ULONG)Changed);
    Print("removed: %u %u\n", RtlRemoveVectoredExceptionHandler(First),
          RtlRemoveVectoredExceptionHandler(Second));
}

void Start(void) {
    static ULONG64 Data[4] __attribute__((aligned(16)));
    Try("divide by zero", DivideByZero, NULL);
    Try("illegal instruction", Illegal, NULL);
    Try("breakpoint", Breakpoint, NULL);
    Try("hlt", Halt, NULL);
    Try("out", Port, NULL);
    Try("mov cr3", Control, NULL);
    Try("read null", Read, NULL);
    Try("write null", Write, NULL);
    Try("jump to null", Jump, NULL);
    Try("read low", Read, (PVOID)0x1234);
    Try("write code", Write, (PVOID)(ULONG_PTR)Start);
    Try("raise", Raise, (PVOID)0x99);
    Try("raise status", RaiseStatus, (PVOID)0xC000009A);
    Try("misaligned SSE", Misaligned, Data);
    Try("no exception", Read, Data);
    Continue();
    Exit(0);
}
