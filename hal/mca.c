/*
 * mca.c - machine checks: hardware errors that the processor reports
 *
 * The processor records errors in banks of registers, one for each part of the machine (Intel SDM
 * volume 3, "Machine-Check Architecture"). An error that cannot be corrected raises exception 12h
 * if CR4 enables it; otherwise it shuts the processor down silently. So each processor enables the
 * exception and all banks, and clears what the banks hold from before the start.
 */
#include "halp.h"

#define CPUID_EDX_MCE (1u << 7)
#define CPUID_EDX_MCA (1u << 14)

#define MSR_MCG_CAP    0x179
#define MSR_MCG_CTL    0x17B
#define MSR_MC_CTL     0x400 /* of bank 0; each has four registers */
#define MSR_MC_STATUS  0x401
#define MSR_MC_ADDRESS 0x402
#define BANK_REGISTERS 4

#define MCG_CAP_BANKS      0xFF
#define MCG_CAP_CTL        0x100
#define STATUS_VALID       (1ull << 63)
#define STATUS_UNCORRECTED (1ull << 61)
#define STATUS_HAS_ADDRESS (1ull << 58)

static BOOLEAN HalpHasBanks(VOID) {
    ULONG Eax, Ebx, Ecx, Edx;
    HalpCpuid(1, &Eax, &Ebx, &Ecx, &Edx);
    return (Edx & CPUID_EDX_MCE) != 0 && (Edx & CPUID_EDX_MCA) != 0;
}

VOID HalpEnableMachineChecks(VOID) {
    if (!HalpHasBanks()) {
        return;
    }
    ULONG64 Capabilities = HalpReadMsr(MSR_MCG_CAP);
    if (Capabilities & MCG_CAP_CTL) {
        HalpWriteMsr(MSR_MCG_CTL, ~0ull);
    }
    for (ULONG Bank = 0; Bank < (Capabilities & MCG_CAP_BANKS); Bank++) {
        HalpWriteMsr(MSR_MC_CTL + Bank * BANK_REGISTERS, ~0ull);
        HalpWriteMsr(MSR_MC_STATUS + Bank * BANK_REGISTERS, 0);
    }
    HalpEnableMachineCheckException();
}

/* Returns the uncorrected error if there is one, else any error. */
BOOLEAN HalQueryMachineCheck(_Out_ PULONG Bank, _Out_ PULONG64 Status, _Out_ PULONG64 Address) {
    *Bank = 0;
    *Status = *Address = 0;
    if (!HalpHasBanks()) {
        return FALSE;
    }
    ULONG Banks = HalpReadMsr(MSR_MCG_CAP) & MCG_CAP_BANKS;
    for (ULONG Index = 0; Index < Banks && (*Status & STATUS_UNCORRECTED) == 0; Index++) {
        ULONG64 Found = HalpReadMsr(MSR_MC_STATUS + Index * BANK_REGISTERS);
        if ((Found & STATUS_VALID) && (*Status == 0 || (Found & STATUS_UNCORRECTED))) {
            *Bank = Index;
            *Status = Found;
        }
    }
    if (*Status & STATUS_HAS_ADDRESS) {
        *Address = HalpReadMsr(MSR_MC_ADDRESS + *Bank * BANK_REGISTERS);
    }
    return *Status != 0;
}
