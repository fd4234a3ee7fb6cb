/*
 * apic.c - the local APIC of each processor
 *
 * Its registers appear in one of two ways: as 32-bit words of a page of memory (xAPIC), or, where
 * CPUID offers it, as machine specific registers (x2APIC), which need no mapping and whose
 * interrupt command is one atomic write. HalpX2Apic says which; register numbers are those of the
 * memory page, and MSR = 800h + number / 16.
 *
 * The task priority register is not touched here: it is CR8, and CR8 is IRQL.
 */
#include "halp.h"

#define MSR_APIC_BASE       0x1B
#define APIC_BASE_X2        (1ull << 10)
#define APIC_BASE_ENABLE    (1ull << 11)
#define APIC_BASE_MASK      0x000FFFFFFFFFF000ull
#define MSR_X2APIC          0x800
#define MSR_X2APIC_ICR      0x830
#define MSR_X2APIC_SELF_IPI 0x83F

#define APIC_SVR_ENABLE 0x100
#define ICR_PENDING     0x1000
#define ICR_SELF        0x40000
#define ICR_ASSERT      0x4000
#define ICR_NMI         0x400
#define ICR_INIT        0x500
#define ICR_STARTUP     0x600
#define ICR_WAIT_LIMIT  100000

#define CPUID_EDX_APIC   (1u << 9)
#define CPUID_ECX_X2APIC (1u << 21)

static BOOLEAN HalpX2Apic;
static volatile UCHAR *HalpApicPage;

VOID HalpApicWrite(_In_ ULONG Register, _In_ ULONG Value) {
    if (HalpX2Apic) {
        HalpWriteMsr(MSR_X2APIC + (Register >> 4), Value);
    } else {
        WRITE_REGISTER_ULONG((volatile ULONG *)(HalpApicPage + Register), Value);
    }
}

ULONG HalpApicRead(_In_ ULONG Register) {
    if (HalpX2Apic) {
        return (ULONG)HalpReadMsr(MSR_X2APIC + (Register >> 4));
    }
    return READ_REGISTER_ULONG((volatile ULONG *)(HalpApicPage + Register));
}

/*
 * Chooses the mode and finds the registers. The processor's own base register is believed, not the
 * MADT: it is where the hardware looks.
 */
static VOID HalpEnableApicMode(VOID) {
    ULONG Eax, Ebx, Ecx, Edx;
    HalpCpuid(1, &Eax, &Ebx, &Ecx, &Edx);
    if ((Edx & CPUID_EDX_APIC) == 0) {
        KeBugCheckEx(HAL_INITIALIZATION_FAILED, 1, Edx, 0, 0);
    }
    ULONG64 Base = HalpReadMsr(MSR_APIC_BASE);
    if (Ecx & CPUID_ECX_X2APIC) {
        HalpWriteMsr(MSR_APIC_BASE, Base | APIC_BASE_ENABLE);
        HalpWriteMsr(MSR_APIC_BASE, Base | APIC_BASE_ENABLE | APIC_BASE_X2);
        HalpX2Apic = TRUE;
        return;
    }
    HalpWriteMsr(MSR_APIC_BASE, Base | APIC_BASE_ENABLE);
    if (HalpApicPage == NULL) {
        HalpApicPage = HalpMapPhysicalMemory(Base & APIC_BASE_MASK, PAGE_SIZE, HalpUncached);
    }
    if (HalpApicPage == NULL) {
        KeBugCheckEx(HAL_INITIALIZATION_FAILED, 2, Base, 0, 0);
    }
}

/* Without x2APIC an interrupt command has 8 bits for the receiver, of which FFh means everybody. */
BOOLEAN HalpApicIdUsable(_In_ ULONG ApicId) {
    ULONG Eax, Ebx, Ecx, Edx;
    HalpCpuid(1, &Eax, &Ebx, &Ecx, &Edx);
    return ApicId < 0xFF || ((Ecx & CPUID_ECX_X2APIC) != 0 && ApicId != 0xFFFFFFFF);
}

/* All local sources masked, spurious vector set, APIC on, anything left in service ended. */
VOID HalpInitializeLocalApic(VOID) {
    HalpEnableApicMode();
    HalpApicWrite(APIC_SVR, APIC_SVR_ENABLE | HAL_SPURIOUS_VECTOR);
    HalpApicWrite(APIC_LVT_TIMER, APIC_LVT_MASKED | HAL_CLOCK_VECTOR);
    HalpApicWrite(APIC_LVT_LINT0, APIC_LVT_MASKED);
    HalpApicWrite(APIC_LVT_LINT1, ICR_NMI);
    HalpApicWrite(APIC_LVT_ERROR, APIC_LVT_MASKED | HAL_ERROR_VECTOR);
    HalpApicWrite(APIC_EOI, 0);
}

VOID HalEndSystemInterrupt(VOID) {
    HalpApicWrite(APIC_EOI, 0);
}

ULONG HalQueryLocalApicId(VOID) {
    ULONG Id = HalpApicRead(APIC_ID);
    return HalpX2Apic ? Id : Id >> 24;
}

static VOID HalpWaitForIcr(VOID) {
    for (ULONG Try = 0; Try < ICR_WAIT_LIMIT && (HalpApicRead(APIC_ICR_LOW) & ICR_PENDING); Try++) {
        HalpPause();
    }
}

VOID HalRequestSoftwareInterrupt(_In_ KIRQL RequestIrql) {
    ULONG Vector = (ULONG)RequestIrql << 4 | 0xF;
    if (HalpX2Apic) {
        HalpWriteMsr(MSR_X2APIC_SELF_IPI, Vector);
        return;
    }
    HalpWaitForIcr();
    HalpApicWrite(APIC_ICR_LOW, ICR_SELF | ICR_ASSERT | Vector);
}

/* Sends one interrupt command; with interrupts off, as xAPIC needs two writes for it. */
static VOID HalpSendCommand(ULONG ApicId, ULONG Command) {
    if (HalpX2Apic) {
        HalpWriteMsr(MSR_X2APIC_ICR, (ULONG64)ApicId << 32 | Command);
        return;
    }
    HalpWaitForIcr();
    HalpApicWrite(APIC_ICR_HIGH, ApicId << 24);
    HalpApicWrite(APIC_ICR_LOW, Command);
}

static VOID HalpSendToMask(ULONG64 Targets, ULONG Command) {
    ULONG64 Flags = HalpDisableInterrupts();
    for (ULONG Number = 0; Number < HalpAcpi.ProcessorCount; Number++) {
        if (Targets & (1ull << Number)) {
            HalpSendCommand(HalpAcpi.ApicIds[Number], Command);
        }
    }
    HalpRestoreInterrupts(Flags);
}

VOID HalpSendInit(_In_ ULONG Number) {
    HalpSendToMask(1ull << Number, ICR_ASSERT | ICR_INIT);
}

VOID HalpSendStartup(_In_ ULONG Number, _In_ ULONG Page) {
    HalpSendToMask(1ull << Number, ICR_ASSERT | ICR_STARTUP | Page);
}

VOID HalRequestIpi(_In_ ULONG64 TargetProcessors) {
    HalpSendToMask(TargetProcessors, ICR_ASSERT | HAL_IPI_VECTOR);
}

VOID HalSendNMI(_In_ ULONG64 TargetProcessors) {
    HalpSendToMask(TargetProcessors, ICR_ASSERT | ICR_NMI);
}
