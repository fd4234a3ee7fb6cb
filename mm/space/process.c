/*
 * Address spaces: made, entered, emptied, deleted.
 *
 * An address space is a top-level page table of its own. Its upper half is a copy of the system's
 * entries, which never change after phase 0, so all kernel memory is the same everywhere; one entry
 * of it points at the table itself. Its lower half is filled by faults.
 *
 * The end has two steps, as threads of the process may still run on kernel stacks in it:
 * MmCleanProcessAddressSpace deletes all user memory while the process is attached,
 * MmDeleteProcessAddressSpace frees the table when the last reference to the process has gone.
 */
#include "mip.h"
#include "bugcodes.h"

/* ---- Locks (the table is in mip.h) ---- */

VOID MiLockWorkingSet(_Inout_ PEPROCESS Process) {
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&Process->WorkingSetLock);
}

VOID MiUnlockWorkingSet(_Inout_ PEPROCESS Process) {
    ExReleasePushLockExclusive(&Process->WorkingSetLock);
    KeLeaveCriticalRegion();
}

VOID MiLockAddressSpace(_Inout_ PEPROCESS Process) {
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&Process->AddressCreationLock);
}

VOID MiUnlockAddressSpace(_Inout_ PEPROCESS Process) {
    ExReleasePushLockExclusive(&Process->AddressCreationLock);
    KeLeaveCriticalRegion();
}

/* ---- Attaching ---- */

VOID MiAttachProcess(_In_ PEPROCESS Process, _Out_ PKAPC_STATE ApcState) {
    if (Process != MiCurrentProcess()) {
        KeStackAttachProcess(&Process->Pcb, ApcState);
    } else {
        ApcState->Process = NULL;
    }
}

VOID MiDetachProcess(_In_ PEPROCESS Process, _In_ PKAPC_STATE ApcState) {
    UNREFERENCED_PARAMETER(Process);
    if (ApcState->Process != NULL) {
        KeUnstackDetachProcess(ApcState);
    }
}

/* ---- Making ---- */

/* Top-level table of a new address space: the system half as it is here, the user half empty. */
static VOID MiFillTopLevel(PFN_NUMBER Page) {
    KIRQL OldIrql = KeRaiseIrqlToDpcLevel();
    PMMPTE Table = MiMapPageInHyperSpace(Page);
    PMMPTE Current = (PMMPTE)PXE_BASE;
    for (ULONG i = PTE_PER_PAGE / 2; i < PTE_PER_PAGE; i++) {
        Table[i].u.Long = Current[i].u.Long;
    }
    Table[PXE_SELFMAP].u.Long = (Page << PAGE_SHIFT) | MM_PTE_VALID | MM_PTE_DIRTY1 | MM_PTE_WRITE |
                                MM_PTE_ACCESSED | MM_PTE_DIRTY | MM_PTE_NX;
    KeLowerIrql(OldIrql);
}

NTSTATUS MmCreateProcessAddressSpace(_Inout_ PEPROCESS Process) {
    PFN_NUMBER Page;
    if (!MiChargeCommitment(1)) {
        return STATUS_COMMITMENT_LIMIT;
    }
    Page = MiAllocateZeroedPage(NULL);
    if (Page == 0) {
        MiReturnCommitment(1);
        return STATUS_NO_MEMORY;
    }
    InterlockedIncrement64(&MiStatistics.PageTablePages);
    MiFillTopLevel(Page);
    ExInitializePushLock(&Process->AddressCreationLock);
    ExInitializePushLock(&Process->WorkingSetLock);
    Process->VadRoot = (RTL_AVL_TREE){0};
    Process->VadHint = NULL;
    Process->VadCount = 0;
    Process->Vm = (MMSUPPORT_FULL){0};
    Process->CommitCharge = Process->CommitChargePeak = 0;
    Process->VirtualSize = Process->PeakVirtualSize = 0;
    Process->NumberOfPrivatePages = 0;
    Process->Pcb.DirectoryTableBase = Page << PAGE_SHIFT;
    InterlockedOr(&Process->Flags, MI_ADDRESS_SPACE_LIVE << MI_ADDRESS_SPACE_SHIFT);
    return STATUS_SUCCESS;
}

NTSTATUS MmInitializeProcessAddressSpace(_Inout_ PEPROCESS Process, _In_opt_ PVOID Section) {
    NTSTATUS Status = MiMapSharedUserData(Process);
    PVOID Base = NULL;
    SIZE_T ViewSize = 0;
    if (!NT_SUCCESS(Status) || Section == NULL) {
        return Status;
    }
    Status = MmMapViewOfSection(Section, Process, &Base, 0, 0, NULL, &ViewSize, ViewUnmap, 0,
                                PAGE_EXECUTE_READ);
    if (NT_SUCCESS(Status)) {
        Process->SectionBaseAddress = Base;
    }
    return Status;
}

/* ---- Ending ---- */

VOID MmCleanProcessAddressSpace(_Inout_ PEPROCESS Process) {
    KAPC_STATE ApcState;
    PMMVAD_SHORT Vad;
    if (Process->AddressSpaceInitialized != MI_ADDRESS_SPACE_LIVE) {
        return;
    }
    MiAttachProcess(Process, &ApcState);
    MiLockAddressSpace(Process);
    InterlockedOr(&Process->Flags, MI_ADDRESS_SPACE_DELETED << MI_ADDRESS_SPACE_SHIFT);
    while ((Vad = MiGetFirstVad(&Process->VadRoot)) != NULL) {
        MiDeleteVad(Process, Vad);
    }
    MiUnlockAddressSpace(Process);
    MiDetachProcess(Process, &ApcState);
    NT_ASSERT(Process->Vm.Instance.WorkingSetSize == 0 && Process->NumberOfPrivatePages == 0);
    NT_ASSERT(Process->CommitCharge == 0 && Process->VirtualSize == 0);
}

VOID MmDeleteProcessAddressSpace(_Inout_ PEPROCESS Process) {
    if (Process->AddressSpaceInitialized == MI_ADDRESS_SPACE_NONE) {
        return; /* creation had failed */
    }
    MmCleanProcessAddressSpace(Process);
    NT_ASSERT(Process != MiCurrentProcess());
    MiFreePage(Process->Pcb.DirectoryTableBase >> PAGE_SHIFT);
    MiReturnCommitment(1);
    InterlockedDecrement64(&MiStatistics.PageTablePages);
    Process->Pcb.DirectoryTableBase = 0;
    InterlockedAnd(&Process->Flags, ~(ULONG)(MI_ADDRESS_SPACE_DELETED << MI_ADDRESS_SPACE_SHIFT));
}
