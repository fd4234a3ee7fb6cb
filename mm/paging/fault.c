/*
 * Page faults: from the processor's complaint to a page, or to an exception.
 *
 * A fault on a user address is decided under the process's WorkingSetLock by what the PTE says and,
 * if that is zero, by the VAD: a fresh zeroed page, the shared page behind a prototype PTE, a
 * private copy of it, or no. A guard page loses its guard and raises STATUS_GUARD_PAGE_VIOLATION,
 * except at the end of the thread's stack, where it makes the stack grow. If a page has to be read
 * from a file, the lock is dropped, the page is made resident (section.c), and the fault is tried
 * again from the start, since anything may have changed.
 *
 * All kernel memory is resident, so a kernel fault on a kernel address is a bug.
 */
#include "mip.h"
#include "bugcodes.h"
#include "rtlexcept.h"

/* The processor's error code. */
#define MI_FAULT_PRESENT 0x01
#define MI_FAULT_WRITE   0x02
#define MI_FAULT_USER    0x04
#define MI_FAULT_EXECUTE 0x10
#define EFLAGS_AC        0x40000u

typedef struct _MI_FAULT {
    PEPROCESS Process;
    PVOID Va;
    BOOLEAN Write;
    BOOLEAN Execute;
    PMMVAD_SHORT Vad;
    PCONTROL_AREA ControlArea; /* with STATUS_MORE_PROCESSING_REQUIRED: referenced, */
    PMMPTE ProtoPte;           /* its prototype PTE must be made resident */
} MI_FAULT, *PMI_FAULT;

/* ---- User addresses; WorkingSetLock held ---- */

static BOOLEAN MiIsAccessAllowed(ULONG Protection, PMI_FAULT Fault) {
    ULONG Access = Protection & MM_PROTECTION_ACCESS;
    if (Fault->Execute) {
        return (Access & MM_EXECUTE) != 0;
    }
    return !Fault->Write || (Access & MM_READWRITE) != 0;
}

/* Protection of the private copy of a copy-on-write page. */
static ULONG MiCopiedProtection(ULONG Protection) {
    return (Protection & MM_EXECUTE) ? MM_EXECUTE_READWRITE : MM_READWRITE;
}

/* Gives the PTE, which may be zero or not, a page of the process's own. */
static VOID MiInstallPrivatePage(PMI_FAULT Fault, PMMPTE Pte, PFN_NUMBER Page, ULONG Protection) {
    if (Pte->u.Long == 0) {
        MiAddUsedPte(Pte);
    }
    MiWritePte(Pte, MiMakeValidUserPte(Page, Protection));
    Fault->Process->NumberOfPrivatePages++;
    MiAddWorkingSetPage(Fault->Process);
}

/* The first touch of private memory. */
static NTSTATUS MiResolveDemandZero(PMI_FAULT Fault, PMMPTE Pte, ULONG Protection) {
    PFN_NUMBER Page = MiAllocateZeroedPage(Pte);
    if (Page == 0) {
        return STATUS_NO_MEMORY;
    }
    MI_PFN_ELEMENT(Page)->OriginalPte.u.Long = MiMakeSoftwarePte(Protection);
    MiInstallPrivatePage(Fault, Pte, Page, Protection);
    MiStatistics.DemandZeroCount++;
    return STATUS_PAGE_FAULT_DEMAND_ZERO;
}

/* A private copy of Source goes behind Pte, which maps nothing. */
static NTSTATUS MiCopyPrivate(PMI_FAULT Fault, PMMPTE Pte, PFN_NUMBER Source, ULONG Protection) {
    PFN_NUMBER Page = MiAllocatePage(Pte);
    if (Page == 0) {
        return STATUS_NO_MEMORY;
    }
    MiCopyPhysicalPage(Page, Source);
    MI_PFN_ELEMENT(Page)->OriginalPte.u.Long = MiMakeSoftwarePte(MiCopiedProtection(Protection));
    MiInstallPrivatePage(Fault, Pte, Page, MiCopiedProtection(Protection));
    MiStatistics.CopyOnWriteCount++;
    return STATUS_PAGE_FAULT_COPY_ON_WRITE;
}

/* A write to a valid copy-on-write page: the shared page leaves, the copy comes. */
static NTSTATUS MiCopyOnWrite(PMI_FAULT Fault, PMMPTE Pte) {
    PFN_NUMBER Shared = Pte->u.Hard.PageFrameNumber;
    NTSTATUS Status = MiCopyPrivate(Fault, Pte, Shared, MiGetPteProtection(*Pte));
    if (NT_SUCCESS(Status)) {
        MiFlushTb(Fault->Process, PAGE_ALIGN(Fault->Va), 1);
        Fault->Process->Vm.Instance.WorkingSetSize--;
        MiDecrementShareCount(Shared);
    }
    return Status;
}

static NTSTATUS MiFaultOnValidPage(PMI_FAULT Fault, PMMPTE Pte) {
    if (Fault->Execute && Pte->u.Hard.NoExecute) {
        return STATUS_ACCESS_VIOLATION;
    }
    if (Fault->Write && Pte->u.Hard.CopyOnWrite) {
        return MiCopyOnWrite(Fault, Pte);
    }
    if (Fault->Write && !Pte->u.Hard.Write) {
        return STATUS_ACCESS_VIOLATION;
    }
    MiInvalidatePage(Fault->Va); /* another thread was faster */
    return STATUS_SUCCESS;
}

/* A page of a view. */
static NTSTATUS MiResolveProtoPte(PMI_FAULT Fault, PMMPTE Pte, ULONG Protection) {
    PMMPTE Proto = MiGetPrototypePte(Fault->Vad, MI_VA_TO_VPN(Fault->Va));
    PFN_NUMBER Page;
    if (Proto == NULL || Proto->u.Long == 0) {
        return STATUS_ACCESS_VIOLATION;
    }
    if (!Proto->u.Hard.Valid) {
        Fault->ProtoPte = Proto;
        Fault->ControlArea = MiGetVadControlArea(Fault->Vad);
        MiReferenceView(Fault->ControlArea);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    Page = Proto->u.Hard.PageFrameNumber;
    if (Fault->Write && (Protection & MM_WRITECOPY) == MM_WRITECOPY) {
        return MiCopyPrivate(Fault, Pte, Page, Protection);
    }
    if (Pte->u.Long == 0) {
        MiAddUsedPte(Pte);
    }
    MiIncrementShareCount(Page);
    MiWritePte(Pte, MiMakeValidUserPte(Page, Protection));
    MiAddWorkingSetPage(Fault->Process);
    return STATUS_PAGE_FAULT_TRANSITION;
}

/* The first touch of a guard page makes it an ordinary one. */
static NTSTATUS MiRemoveGuard(PMI_FAULT Fault, ULONG Protection) {
    NTSTATUS Status = MiSetPageProtection(Fault->Process, Fault->Vad, MI_VA_TO_VPN(Fault->Va),
                                          Protection & ~(ULONG)MM_GUARD_PAGE);
    return NT_SUCCESS(Status) ? STATUS_GUARD_PAGE_VIOLATION : Status;
}

static NTSTATUS MiFaultOnInvalidPage(PMI_FAULT Fault) {
    ULONG_PTR Vpn = MI_VA_TO_VPN(Fault->Va);
    ULONG Protection;
    PMMPTE Pte;
    Fault->Vad = MiFindVad(Fault->Process, Vpn);
    if (Fault->Vad == NULL) {
        return STATUS_ACCESS_VIOLATION;
    }
    Protection = MiGetPageProtection(Fault->Vad, Vpn);
    if (Protection == MM_ZERO_ACCESS || Protection == MM_NOACCESS) {
        return STATUS_ACCESS_VIOLATION;
    }
    if (Protection & MM_GUARD_PAGE) {
        return MiRemoveGuard(Fault, Protection);
    }
    if (!MiIsAccessAllowed(Protection, Fault)) {
        return STATUS_ACCESS_VIOLATION;
    }
    Pte = MiMakeUserPte(Fault->Process, Fault->Va);
    if (Pte == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (!Pte->u.Soft.Prototype && Pte->u.Soft.Transition) {
        MiWritePte(Pte, MiMakeValidUserPte(Pte->u.Trans.PageFrameNumber, Protection));
        return STATUS_PAGE_FAULT_TRANSITION;
    }
    return Fault->Vad->u.VadFlags.PrivateMemory ? MiResolveDemandZero(Fault, Pte, Protection)
                                                : MiResolveProtoPte(Fault, Pte, Protection);
}

static NTSTATUS MiResolveUserFault(PMI_FAULT Fault) {
    PMMPTE Pte;
    NTSTATUS Status;
    MiLockWorkingSet(Fault->Process);
    Fault->Process->Vm.Instance.PageFaultCount++;
    Pte = MiGetUserPteIfPresent(Fault->Va);
    Status = Pte != NULL && Pte->u.Hard.Valid ? MiFaultOnValidPage(Fault, Pte)
                                              : MiFaultOnInvalidPage(Fault);
    if (Pte == NULL && !NT_SUCCESS(Status)) {
        MiTrimPageTables(Fault->Process, Fault->Va);
    }
    MiUnlockWorkingSet(Fault->Process);
    return Status;
}

static NTSTATUS MiUserFault(ULONG64 FaultStatus, PVOID Va) {
    MI_FAULT Fault = {.Process = MiCurrentProcess(),
                      .Va = Va,
                      .Write = (FaultStatus & MI_FAULT_WRITE) != 0,
                      .Execute = (FaultStatus & MI_FAULT_EXECUTE) != 0};
    NTSTATUS Status;
    MiStatistics.PageFaultCount++;
    if (!MI_IS_USER_ADDRESS(Va)) {
        return STATUS_ACCESS_VIOLATION;
    }
    while ((Status = MiResolveUserFault(&Fault)) == STATUS_MORE_PROCESSING_REQUIRED) {
        Status = MiMakePrototypeResident(Fault.ControlArea, Fault.ProtoPte);
        MiDereferenceView(Fault.ControlArea);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    return Status == STATUS_GUARD_PAGE_VIOLATION ? MiCheckForUserStackGrowth(Va) : Status;
}

/* ---- Kernel addresses, and what the kernel must not do ---- */

/* Second parameter of PAGE_FAULT_IN_NONPAGED_AREA: 0 read, 2 write, 10h execute. */
static ULONG_PTR MiAccessKind(ULONG64 FaultStatus) {
    return FaultStatus & (MI_FAULT_WRITE | MI_FAULT_EXECUTE);
}

DECLSPEC_NORETURN static VOID MiBugFault(ULONG64 FaultStatus, PVOID Va, PMMPTE Pte,
                                         PKTRAP_FRAME TrapFrame) {
    ULONG_PTR Entry = Pte != NULL ? Pte->u.Long : 0;
    ULONG_PTR Rip = TrapFrame != NULL ? TrapFrame->Rip : 0;
    if ((FaultStatus & MI_FAULT_EXECUTE) && (Entry & MM_PTE_VALID)) {
        KeBugCheck2(ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, (ULONG_PTR)Va, Entry,
                    (ULONG_PTR)TrapFrame, 2, TrapFrame);
    }
    if ((FaultStatus & MI_FAULT_WRITE) && (Entry & MM_PTE_VALID)) {
        KeBugCheck2(ATTEMPTED_WRITE_TO_READONLY_MEMORY, (ULONG_PTR)Va, Entry, (ULONG_PTR)TrapFrame,
                    0xA, TrapFrame);
    }
    KeBugCheck2(PAGE_FAULT_IN_NONPAGED_AREA, (ULONG_PTR)Va, MiAccessKind(FaultStatus), Rip, 2,
                TrapFrame);
}

/* The entry that maps an address, at whatever level; NULL if there is none. */
static PMMPTE MiFindMapping(PVOID Va) {
    PMMPTE Pxe = MiGetPxeAddress(Va), Ppe = MiGetPpeAddress(Va), Pde = MiGetPdeAddress(Va);
    if (!Pxe->u.Hard.Valid || !Ppe->u.Hard.Valid) {
        return NULL;
    }
    if (Ppe->u.Hard.LargePage) {
        return Ppe;
    }
    if (!Pde->u.Hard.Valid || Pde->u.Hard.LargePage) {
        return Pde->u.Hard.Valid ? Pde : NULL;
    }
    return MiGetPteAddress(Va)->u.Hard.Valid ? MiGetPteAddress(Va) : NULL;
}

static NTSTATUS MiSystemFault(ULONG64 FaultStatus, PVOID Va, KPROCESSOR_MODE PreviousMode,
                              PKTRAP_FRAME TrapFrame) {
    PMMPTE Pte;
    if (PreviousMode == UserMode || (TrapFrame != NULL && KiIsUserAccessor(TrapFrame->Rip))) {
        return STATUS_ACCESS_VIOLATION;
    }
    Pte = MiFindMapping(Va);
    if (Pte != NULL && !((FaultStatus & MI_FAULT_WRITE) && !Pte->u.Hard.Dirty1) &&
        !((FaultStatus & MI_FAULT_EXECUTE) && Pte->u.Hard.NoExecute)) {
        MiInvalidatePage(Va); /* mapped since, by another processor */
        return STATUS_SUCCESS;
    }
    MiBugFault(FaultStatus, Va, Pte, TrapFrame);
}

/*
 * The kernel may touch user memory only through the accessors, which lift SMAP for the time; and
 * may never run it. Where the processor has these guards, a fault tells.
 */
static VOID MiCheckKernelAccess(ULONG64 FaultStatus, PVOID Va, PKTRAP_FRAME TrapFrame) {
    if (TrapFrame == NULL) {
        return;
    }
    if ((FaultStatus & MI_FAULT_EXECUTE) ||
        ((KeFeatureBits & KF_SMAP) && !(TrapFrame->EFlags & EFLAGS_AC))) {
        MiBugFault(FaultStatus, Va, MiGetUserPteIfPresent(Va), TrapFrame);
    }
}

NTSTATUS MmAccessFault(_In_ ULONG64 FaultStatus, _In_ PVOID VirtualAddress,
                       _In_ KPROCESSOR_MODE PreviousMode, _In_opt_ PKTRAP_FRAME TrapInformation) {
    if (KeGetCurrentIrql() >= DISPATCH_LEVEL) {
        KeBugCheck2(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)VirtualAddress, KeGetCurrentIrql(),
                    (FaultStatus & MI_FAULT_EXECUTE) ? 8 : (FaultStatus & MI_FAULT_WRITE) != 0,
                    TrapInformation != NULL ? TrapInformation->Rip : 0, TrapInformation);
    }
    if ((LONG_PTR)VirtualAddress < 0) {
        return MiSystemFault(FaultStatus, VirtualAddress, PreviousMode, TrapInformation);
    }
    if (PreviousMode == KernelMode) {
        MiCheckKernelAccess(FaultStatus, VirtualAddress, TrapInformation);
    }
    return MiUserFault(FaultStatus, VirtualAddress);
}

/* ---- Questions about addresses ---- */

BOOLEAN MmIsAddressValid(_In_ PVOID VirtualAddress) {
    LONG64 High = (LONG64)VirtualAddress >> 47;
    return (High == 0 || High == -1) && MiFindMapping(VirtualAddress) != NULL;
}

PHYSICAL_ADDRESS MmGetPhysicalAddress(_In_ PVOID BaseAddress) {
    PHYSICAL_ADDRESS Physical = {.QuadPart = 0};
    ULONG64 OffsetMask = PAGE_SIZE - 1;
    PMMPTE Pte;
    if (!MmIsAddressValid(BaseAddress)) {
        return Physical;
    }
    Pte = MiFindMapping(BaseAddress);
    if (Pte == MiGetPdeAddress(BaseAddress)) {
        OffsetMask = LARGE_PAGE_SIZE - 1;
    } else if (Pte == MiGetPpeAddress(BaseAddress)) {
        OffsetMask = (1ULL << PPI_SHIFT) - 1;
    }
    Physical.QuadPart = (LONGLONG)((Pte->u.Long & MM_PTE_FRAME_MASK & ~OffsetMask) |
                                   ((ULONG64)BaseAddress & OffsetMask));
    return Physical;
}
