/*
 * What is at an address: MEMORY_BASIC_INFORMATION.
 *
 * A region is a run of pages of one VAD (or of none) with the same state and protection.
 */
#include "mip.h"

static VOID MiDescribeFree(PEPROCESS Process, ULONG_PTR Vpn, PMEMORY_BASIC_INFORMATION Info) {
    ULONG_PTR End = MI_VA_TO_VPN(MM_HIGHEST_USER_ADDRESS);
    PMMVAD_SHORT Next = MiCheckForConflictingVad(&Process->VadRoot, Vpn, End);
    Info->RegionSize = ((Next != NULL ? MiGetVadStartingVpn(Next) : End + 1) - Vpn) << PAGE_SHIFT;
    Info->State = MEM_FREE;
    Info->Protect = PAGE_NOACCESS;
}

/* The first page from Vpn on that differs from the one at Vpn. */
static ULONG_PTR MiFindRegionEnd(PMMVAD_SHORT Vad, ULONG_PTR Vpn) {
    ULONG Protection = MiGetPageProtection(Vad, Vpn);
    ULONG Default = Vad->u1.VadFlags1.MemCommit ? Vad->u.VadFlags.Protection : MM_ZERO_ACCESS;
    for (Vpn++; Vpn <= MiGetVadEndingVpn(Vad); Vpn++) {
        if (Vad->u.VadFlags.PrivateMemory && Protection == Default) {
            Vpn = MiSkipAbsentPageTables(Vpn);
            if (Vpn > MiGetVadEndingVpn(Vad)) {
                return MiGetVadEndingVpn(Vad) + 1;
            }
        }
        if (MiGetPageProtection(Vad, Vpn) != Protection) {
            break;
        }
    }
    return Vpn;
}

static VOID MiDescribePages(PMMVAD_SHORT Vad, ULONG_PTR Vpn, PMEMORY_BASIC_INFORMATION Info) {
    ULONG Protection = MiGetPageProtection(Vad, Vpn);
    Info->AllocationBase = MI_VPN_TO_VA(MiGetVadStartingVpn(Vad));
    Info->AllocationProtect = MiGetWin32Protection(Vad->u.VadFlags.Protection);
    Info->RegionSize = (MiFindRegionEnd(Vad, Vpn) - Vpn) << PAGE_SHIFT;
    Info->State = Protection == MM_ZERO_ACCESS ? MEM_RESERVE : MEM_COMMIT;
    Info->Protect = Protection == MM_ZERO_ACCESS ? 0 : MiGetWin32Protection(Protection);
    Info->Type = Vad->u.VadFlags.PrivateMemory            ? MEM_PRIVATE
                 : Vad->u.VadFlags.VadType == VadImageMap ? MEM_IMAGE
                                                          : MEM_MAPPED;
}

NTSTATUS MmQueryVirtualMemory(_Inout_ PEPROCESS Process, _In_ PVOID BaseAddress,
                              _Out_ PMEMORY_BASIC_INFORMATION Information) {
    ULONG_PTR Vpn = MI_VA_TO_VPN(BaseAddress);
    KAPC_STATE ApcState;
    PMMVAD_SHORT Vad;
    if (!MI_IS_USER_ADDRESS(BaseAddress)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlZeroMemory(Information, sizeof(*Information));
    Information->BaseAddress = MI_VPN_TO_VA(Vpn);
    MiAttachProcess(Process, &ApcState);
    MiLockWorkingSet(Process);
    Vad = MiLocateVad(&Process->VadRoot, Vpn);
    if (Vad == NULL) {
        MiDescribeFree(Process, Vpn, Information);
    } else {
        MiDescribePages(Vad, Vpn, Information);
    }
    MiUnlockWorkingSet(Process);
    MiDetachProcess(Process, &ApcState);
    return STATUS_SUCCESS;
}

/*
 * The control area of the view at an address, with one view reference that the caller gives back,
 * and where the view begins; NULL if there is no view.
 */
PCONTROL_AREA MiReferenceViewAt(_In_ PEPROCESS Process, _In_ PVOID Address, _Out_ PVOID *Base) {
    PCONTROL_AREA ControlArea = NULL;
    KAPC_STATE ApcState;
    PMMVAD_SHORT Vad;
    MiAttachProcess(Process, &ApcState);
    MiLockWorkingSet(Process);
    Vad = MiLocateVad(&Process->VadRoot, MI_VA_TO_VPN(Address));
    if (Vad != NULL && !Vad->u.VadFlags.PrivateMemory) {
        ControlArea = MiGetVadControlArea(Vad);
        MiReferenceView(ControlArea);
        *Base = MI_VPN_TO_VA(MiGetVadStartingVpn(Vad));
    }
    MiUnlockWorkingSet(Process);
    MiDetachProcess(Process, &ApcState);
    return ControlArea;
}
