/*
 * Stacks of user threads: growth by guard pages.
 *
 * A stack is a reserved range of which the upper part is committed, with a guard page below it. The
 * TEB tells the thread's StackBase, StackLimit (lowest committed page) and DeallocationStack
 * (lowest reserved page). A touch of the guard page moves the guard down by one page. When the
 * guard would reach the last page of the range, the thread gets STATUS_STACK_OVERFLOW, with the
 * page it touched to handle it on.
 */
#include "mip.h"
#include "ntpebteb.h"
#include "rtlexcept.h"

typedef struct _MI_STACK {
    ULONG_PTR StackBase;
    ULONG_PTR StackLimit;
    ULONG_PTR DeallocationStack;
    ULONG GuaranteedStackBytes;
} MI_STACK, *PMI_STACK;

static NTSTATUS MiReadStack(PTEB Teb, PMI_STACK Stack) {
    __try {
        Stack->StackBase = ReadULong64FromUser(&Teb->NtTib.StackBase);
        Stack->StackLimit = ReadULong64FromUser(&Teb->NtTib.StackLimit);
        Stack->DeallocationStack = ReadULong64FromUser(&Teb->DeallocationStack);
        Stack->GuaranteedStackBytes = ReadULongFromUser(&Teb->GuaranteedStackBytes);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS MiWriteStackLimit(PTEB Teb, ULONG_PTR StackLimit) {
    __try {
        WriteULong64ToUser(&Teb->NtTib.StackLimit, StackLimit);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* A guard page at Va has been touched: is it the current thread's stack, and can that grow? */
NTSTATUS MiCheckForUserStackGrowth(_In_ PVOID Va) {
    PTEB Teb = KeGetCurrentThread()->Teb;
    ULONG_PTR Page = (ULONG_PTR)PAGE_ALIGN(Va);
    MI_STACK Stack;
    SIZE_T GuardSize;
    PVOID Guard;
    if (Teb == NULL || KeGetCurrentThread()->Process != &MiCurrentProcess()->Pcb ||
        !NT_SUCCESS(MiReadStack(Teb, &Stack)) || Page < Stack.DeallocationStack ||
        Page >= Stack.StackBase) {
        return STATUS_GUARD_PAGE_VIOLATION;
    }
    GuardSize = max((SIZE_T)PAGE_SIZE, ROUND_TO_PAGES(Stack.GuaranteedStackBytes));
    if (Page - Stack.DeallocationStack <= GuardSize) {
        MiWriteStackLimit(Teb, Page);
        return STATUS_STACK_OVERFLOW;
    }
    Guard = (PVOID)(Page - GuardSize);
    if (!NT_SUCCESS(MmAllocateVirtualMemory(MiCurrentProcess(), &Guard, 0, &GuardSize, MEM_COMMIT,
                                            PAGE_READWRITE | PAGE_GUARD))) {
        return STATUS_STACK_OVERFLOW;
    }
    return NT_SUCCESS(MiWriteStackLimit(Teb, Page)) ? STATUS_PAGE_FAULT_GUARD_PAGE
                                                    : STATUS_GUARD_PAGE_VIOLATION;
}
