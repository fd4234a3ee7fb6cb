/*
 * The page that the kernel shares with all programs: KUSER_SHARED_DATA.
 *
 * One page, mapped twice: writable at FFFFF780'00000000 for the kernel, read-only at 7FFE0000 in
 * every process, where programs read the time and the version without a system call. In a process
 * it is a VAD like others, except that a program can neither protect nor free it.
 */
#include "mip.h"

static PFN_NUMBER MiSharedUserDataPage;

/* Makes the kernel's mapping; phase 0. Whoever knows the facts fills them in. */
VOID MiInitializeSharedUserData(VOID) {
    PVOID Va = (PVOID)MM_KSHARED_USER_DATA_VA;
    MiMakeEarlyPageTables((ULONG_PTR)Va);
    MiSharedUserDataPage = MiTakeEarlyPages(1, 1);
    MiWritePte(MiGetPteAddress(Va), MiMakeValidKernelPte(MiSharedUserDataPage));
    RtlZeroMemory(Va, PAGE_SIZE);
    *MI_PFN_ELEMENT(MiSharedUserDataPage) =
        (MMPFN){.u2.ShareCount = 1,
                .PteAddress = MiGetPteAddress(Va),
                .u3 = {.ReferenceCount = 1, .e1 = {.PageLocation = ActiveAndValid}},
                .u4.PrototypePte = 1};
}

NTSTATUS MiMapSharedUserData(_In_ PEPROCESS Process) {
    PVOID Va = (PVOID)MM_SHARED_USER_DATA_VA;
    PMMVAD_SHORT Vad;
    KAPC_STATE ApcState;
    PMMPTE Pte;
    NTSTATUS Status = MiAllocateVad(Process, sizeof(*Vad), (PVOID *)&Vad);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = STATUS_NO_MEMORY;
    MiSetVadRange(Vad, MI_VA_TO_VPN(Va), MI_VA_TO_VPN(Va));
    Vad->u.VadFlags.PrivateMemory = 1;
    Vad->u.VadFlags.NoChange = 1;
    Vad->u.VadFlags.Protection = MM_READONLY;
    MiAttachProcess(Process, &ApcState);
    MiLockAddressSpace(Process);
    MiLockWorkingSet(Process);
    Pte = MiMakeUserPte(Process, Va);
    if (Pte != NULL) {
        MiAddUsedPte(Pte);
        MiIncrementShareCount(MiSharedUserDataPage);
        MiWritePte(Pte, MiMakeValidUserPte(MiSharedUserDataPage, MM_READONLY));
        MiAddWorkingSetPage(Process);
        Status = STATUS_SUCCESS;
    }
    MiUnlockWorkingSet(Process);
    if (NT_SUCCESS(Status)) {
        MiInsertProcessVad(Process, Vad);
    } else {
        MiFreeVad(Process, Vad);
    }
    MiUnlockAddressSpace(Process);
    MiDetachProcess(Process, &ApcState);
    return Status;
}
