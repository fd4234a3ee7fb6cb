/*
 * What a thread needs in user mode: a stack that grows, a TEB, and what to start with.
 *
 * A stack is reserved whole, committed at its upper end, and has a guard page below what is
 * committed: touching it commits the next piece (mm/paging/fault.c), until only the last pages are left.
 */
#include "psp.h"

#define DEFAULT_STACK_RESERVE 0x100000
#define DEFAULT_STACK_COMMIT  0x4000

NTSTATUS PspCreateUserStack(EPROCESS *Process, SIZE_T Reserve, SIZE_T Commit,
                            PSP_USER_STACK *Stack) {
    PVOID Base = NULL, Top, Guard;
    SIZE_T Size, GuardSize = PAGE_SIZE;
    ULONG Old;

    Commit = ROUND_TO_PAGES(Commit ? Commit : DEFAULT_STACK_COMMIT);
    Reserve = Reserve ? Reserve : DEFAULT_STACK_RESERVE;
    if (Reserve < Commit + 3 * PAGE_SIZE)
        Reserve = ALIGN_UP_BY(Commit + 3 * PAGE_SIZE, 0x100000);
    Size = ALIGN_UP_BY(Reserve, 0x10000);
    NTSTATUS Status =
        MmAllocateVirtualMemory(Process, &Base, 0, &Size, MEM_RESERVE, PAGE_READWRITE);
    if (!NT_SUCCESS(Status))
        return Status;
    Stack->AllocationBase = Base;
    Stack->Base = (PUCHAR)Base + Size;
    Stack->Limit = (PUCHAR)Stack->Base - Commit;
    Top = Guard = (PUCHAR)Stack->Limit - PAGE_SIZE;
    Size = Commit + PAGE_SIZE;
    Status = MmAllocateVirtualMemory(Process, &Top, 0, &Size, MEM_COMMIT, PAGE_READWRITE);
    if (NT_SUCCESS(Status))
        Status =
            MmProtectVirtualMemory(Process, &Guard, &GuardSize, PAGE_READWRITE | PAGE_GUARD, &Old);
    if (!NT_SUCCESS(Status))
        PspDeleteUserMemory(Process, Base);
    return Status;
}

VOID PspDeleteUserMemory(EPROCESS *Process, PVOID Address) {
    SIZE_T Size = 0;
    if (Address)
        MmFreeVirtualMemory(Process, &Address, &Size, MEM_RELEASE);
}

/* Attached to Process. */
static VOID PspFillTeb(PTEB Teb, EPROCESS *Process, const PSP_USER_STACK *Stack, PCLIENT_ID Cid) {
    WritePointerToUser(&Teb->NtTib.ExceptionList, NULL);
    WritePointerToUser(&Teb->NtTib.StackBase, Stack->Base);
    WritePointerToUser(&Teb->NtTib.StackLimit, Stack->Limit);
    WritePointerToUser(&Teb->NtTib.Self, Teb);
    WritePointerToUser(&Teb->DeallocationStack, Stack->AllocationBase);
    CopyToUser(&Teb->ClientId, Cid, sizeof(*Cid));
    CopyToUser(&Teb->RealClientId, Cid, sizeof(*Cid));
    WritePointerToUser(&Teb->ProcessEnvironmentBlock, Process->Peb);
    WriteULongToUser(&Teb->CurrentLocale, 0x0409);
    WriteUShortToUser(&Teb->StaticUnicodeString.MaximumLength, sizeof(Teb->StaticUnicodeBuffer));
    WritePointerToUser(&Teb->StaticUnicodeString.Buffer, Teb->StaticUnicodeBuffer);
}

NTSTATUS PspCreateTeb(EPROCESS *Process, const PSP_USER_STACK *Stack, PCLIENT_ID Cid, PTEB *Teb) {
    PVOID Base = NULL;
    SIZE_T Size = sizeof(TEB);
    KAPC_STATE ApcState;
    NTSTATUS Status =
        MmAllocateVirtualMemory(Process, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!NT_SUCCESS(Status))
        return Status;
    KeStackAttachProcess(&Process->Pcb, &ApcState);
    __try {
        PspFillTeb(Base, Process, Stack, Cid);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    KeUnstackDetachProcess(&ApcState);
    if (NT_SUCCESS(Status))
        *Teb = Base;
    else
        PspDeleteUserMemory(Process, Base);
    return Status;
}

/* The TEB holds the thread's id, which exists with its object: it is written last. */
static NTSTATUS PspWriteTebCid(EPROCESS *Process, PTEB Teb, PCLIENT_ID Cid) {
    NTSTATUS Status = STATUS_SUCCESS;
    KAPC_STATE ApcState;
    KeStackAttachProcess(&Process->Pcb, &ApcState);
    __try {
        CopyToUser(&Teb->ClientId, Cid, sizeof(*Cid));
        CopyToUser(&Teb->RealClientId, Cid, sizeof(*Cid));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    KeUnstackDetachProcess(&ApcState);
    return Status;
}

NTSTATUS PspCreateUserThread(EPROCESS *Process, PVOID StartRoutine, PVOID Argument,
                             SIZE_T StackReserve, SIZE_T StackCommit, BOOLEAN CreateSuspended,
                             ETHREAD **Thread) {
    PSP_USER_STACK Stack;
    CLIENT_ID NoCid = {0};
    PTEB Teb = NULL;
    NTSTATUS Status = PspCreateUserStack(Process, StackReserve, StackCommit, &Stack);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PspCreateTeb(Process, &Stack, &NoCid, &Teb);
    if (NT_SUCCESS(Status)) {
        DECLSPEC_ALIGN(16)
        CONTEXT Context = {.ContextFlags = CONTEXT_FULL | CONTEXT_SEGMENTS,
                           .Rip = (ULONG64)PspSystemDll.RtlUserThreadStart,
                           .Rcx = (ULONG64)StartRoutine,
                           .Rdx = (ULONG64)Argument,
                           .Rsp = (ULONG64)Stack.Base - 0x28,
                           .EFlags = 0x200,
                           .SegCs = KGDT64_R3_CODE | RPL_MASK,
                           .SegSs = KGDT64_R3_DATA | RPL_MASK,
                           .MxCsr = 0x1F80};
        PSP_THREAD_PARAMETERS Parameters = {.Process = Process,
                                            .Context = &Context,
                                            .Teb = Teb,
                                            .StartAddress = StartRoutine,
                                            .UserStackAllocation = Stack.AllocationBase,
                                            .CreateSuspended = CreateSuspended};
        Status = PspCreateThread(&Parameters, Thread);
    }
    if (!NT_SUCCESS(Status)) {
        PspDeleteUserMemory(Process, Teb);
        PspDeleteUserMemory(Process, Stack.AllocationBase);
        return Status;
    }
    return PspWriteTebCid(Process, Teb, &(*Thread)->Cid);
}
