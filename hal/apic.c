/*
 * apic.c - the local APIC of each processor
 *
 * The registers are reached in one of two ways: as 32-bit words of a page of memory (xAPIC) or, if
 * CPUID offers it, as machine specific registers (x2APIC), which need no mapping and take an
 * interrupt command in one atomic write. HalpApic points to the way in use. Register numbers are
 * those of the memory page; the MSR is 800h + number / 16.
 *
 * The two modes differ in two more points:
 * - An id has 8 bits in xAPIC, in the upper byte of its register, and 32 bits in x2APIC.
 * - The memory page is uncached, so a processor that receives an interrupt command sees what was
 *   written before it. A write to an MSR guarantees no such order, so fences are needed.
 *
 * The task priority register is not used here: it is CR8, which belongs to Ke
 * (kernel/amd64/irql.c).
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
#define ICR_OTHERS      0xC0000
#define ICR_ASSERT      0x4000
#define ICR_NMI         0x400
#define ICR_INIT        0x500
#define ICR_STARTUP     0x600
#define ICR_WAIT_LIMIT  100000
#define LINT_LOW_ACTIVE 0x2000

#define CPUID_EDX_APIC   (1u << 9)
#define CPUID_ECX_X2APIC (1u << 21)

typedef struct _HALP_APIC {
    PCSTR Name;
    ULONG (*Read)(ULONG Register);
    VOID (*Write)(ULONG Register, ULONG Value);
    VOID (*Send)(ULONG ApicId, ULONG Command);
    VOID (*SendToSelf)(ULONG Vector);
    ULONG IdShift; /* position of the id in APIC_ID */
} HALP_APIC;

static volatile UCHAR *HalpApicPage;
static volatile ULONG64 HalpStarted; /* mask of processors, set with interlocked operations */

/* ---- xAPIC: a page of memory ---- */

static ULONG HalpReadPage(ULONG Register) {
    return READ_REGISTER_ULONG((volatile ULONG *)(HalpApicPage + Register));
}

static VOID HalpWritePage(ULONG Register, ULONG Value) {
    WRITE_REGISTER_ULONG((volatile ULONG *)(HalpApicPage + Register), Value);
}

/* The previous command may still be in progress. */
static VOID HalpWaitForIcr(VOID) {
    for (ULONG Try = 0; Try < ICR_WAIT_LIMIT && (HalpReadPage(APIC_ICR_LOW) & ICR_PENDING); Try++) {
        HalpPause();
    }
}

/* Interrupts are off, so that no interrupt handler sends a command between the two writes. */
static VOID HalpSendByPage(ULONG ApicId, ULONG Command) {
    HalpWaitForIcr();
    HalpWritePage(APIC_ICR_HIGH, ApicId << 24);
    HalpWritePage(APIC_ICR_LOW, Command);
}

static VOID HalpSendToSelfByPage(ULONG Vector) {
    ULONG64 Flags = HalpDisableInterrupts();
    HalpWaitForIcr();
    HalpWritePage(APIC_ICR_LOW, ICR_SELF | ICR_ASSERT | Vector);
    HalpRestoreInterrupts(Flags);
}

/* ---- x2APIC: machine specific registers ---- */

static ULONG HalpReadApicMsr(ULONG Register) {
    return (ULONG)HalpReadMsr(MSR_X2APIC + (Register >> 4));
}

static VOID HalpWriteApicMsr(ULONG Register, ULONG Value) {
    HalpWriteMsr(MSR_X2APIC + (Register >> 4), Value);
}

static VOID HalpSendByMsr(ULONG ApicId, ULONG Command) {
    HalpMemoryFence();
    HalpWriteMsr(MSR_X2APIC_ICR, (ULONG64)ApicId << 32 | Command);
}

static VOID HalpSendToSelfByMsr(ULONG Vector) {
    HalpMemoryFence();
    HalpWriteMsr(MSR_X2APIC_SELF_IPI, Vector);
}

/* ---- Both modes ---- */

static const HALP_APIC HalpXApic = {"xAPIC",        HalpReadPage,         HalpWritePage,
                                    HalpSendByPage, HalpSendToSelfByPage, 24};
static const HALP_APIC HalpX2Apic = {"x2APIC",      HalpReadApicMsr,     HalpWriteApicMsr,
                                     HalpSendByMsr, HalpSendToSelfByMsr, 0};
static const HALP_APIC *HalpApic = &HalpXApic;

VOID HalpApicWrite(_In_ ULONG Register, _In_ ULONG Value) {
    HalpApic->Write(Register, Value);
}

ULONG HalpApicRead(_In_ ULONG Register) {
    return HalpApic->Read(Register);
}

PCSTR HalpApicName(VOID) {
    return HalpApic->Name;
}

/*
 * Chooses the mode and finds the registers. The address comes from the processor's base register,
 * not from the MADT, because that is the address the hardware uses.
 */
static VOID HalpEnableApicMode(VOID) {
    ULONG Eax, Ebx, Ecx, Edx;
    HalpCpuid(1, &Eax, &Ebx, &Ecx, &Edx);
    if ((Edx & CPUID_EDX_APIC) == 0) {
        KeBugCheckEx(HAL_INITIALIZATION_FAILED, 1, Edx, 0, 0);
    }
    ULONG64 Base = HalpReadMsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;
    HalpWriteMsr(MSR_APIC_BASE, Base);
    if (Ecx & CPUID_ECX_X2APIC) { /* must follow the enable bit in a separate write */
        HalpWriteMsr(MSR_APIC_BASE, Base | APIC_BASE_X2);
        HalpApic = &HalpX2Apic;
        return;
    }
    if (HalpApicPage == NULL) {
        HalpApicPage = HalpMapPhysicalMemory(Base & APIC_BASE_MASK, PAGE_SIZE, HalpUncached);
    }
    if (HalpApicPage == NULL) {
        KeBugCheckEx(HAL_INITIALIZATION_FAILED, 2, Base, 0, 0);
    }
}

/* Without x2APIC a command has 8 bits for the receiver, and FFh addresses all processors. */
BOOLEAN HalpApicIdUsable(_In_ ULONG ApicId) {
    ULONG Eax, Ebx, Ecx, Edx;
    HalpCpuid(1, &Eax, &Ebx, &Ecx, &Edx);
    return ApicId < 0xFF || ((Ecx & CPUID_ECX_X2APIC) != 0 && ApicId != 0xFFFFFFFF);
}

/* Masks all local sources, sets the spurious vector, enables the APIC, ends what is in service. */
VOID HalpInitializeLocalApic(VOID) {
    HalpEnableApicMode();
    HalpApicWrite(APIC_SVR, APIC_SVR_ENABLE | HAL_SPURIOUS_VECTOR);
    HalpApicWrite(APIC_LVT_TIMER, APIC_LVT_MASKED | HAL_CLOCK_VECTOR);
    ULONG Nmi = ICR_NMI | (HalpAcpi.NmiActiveLow ? LINT_LOW_ACTIVE : 0);
    HalpApicWrite(APIC_LVT_LINT0, HalpAcpi.NmiInput == 0 ? Nmi : APIC_LVT_MASKED);
    HalpApicWrite(APIC_LVT_LINT1, HalpAcpi.NmiInput == 1 ? Nmi : APIC_LVT_MASKED);
    HalpApicWrite(APIC_LVT_ERROR, APIC_LVT_MASKED | HAL_ERROR_VECTOR);
    HalpApicWrite(APIC_EOI, 0);
}

VOID HalpNoteStarted(_In_ ULONG Number) {
    __atomic_fetch_or(&HalpStarted, 1ull << Number, __ATOMIC_SEQ_CST);
}

ULONG64 HalpStartedProcessors(VOID) {
    return HalpStarted;
}

VOID HalEndSystemInterrupt(VOID) {
    HalpApic->Write(APIC_EOI, 0);
}

ULONG HalQueryLocalApicId(VOID) {
    return HalpApic->Read(APIC_ID) >> HalpApic->IdShift;
}

VOID HalRequestSoftwareInterrupt(_In_ KIRQL RequestIrql) {
    HalpApic->SendToSelf((ULONG)RequestIrql << 4 | 0xF);
}

/*
 * TRUE if Targets are all processors of the machine except the calling one, so that one command
 * reaches them. FALSE if some processor does not run the kernel, since an NMI would wake it.
 */
static BOOLEAN HalpIsEverybodyElse(ULONG64 Targets) {
    ULONG64 All = ~0ull >> (64 - HalpAcpi.ProcessorCount);
    ULONG64 Rest = All & ~Targets;
    if (HalpStarted != All || HalpAcpi.ProcessorsLeftOut || (Targets & ~All) != 0 || Rest == 0 ||
        (Rest & (Rest - 1)) != 0 || (Targets & (Targets - 1)) == 0) {
        return FALSE;
    }
    return HalpAcpi.ApicIds[__builtin_ctzll(Rest)] == HalQueryLocalApicId();
}

static VOID HalpSendToMask(ULONG64 Targets, ULONG Command) {
    ULONG64 Flags = HalpDisableInterrupts();
    if (HalpIsEverybodyElse(Targets)) {
        HalpApic->Send(0, ICR_OTHERS | Command);
    } else {
        for (ULONG Number = 0; Number < HalpAcpi.ProcessorCount; Number++) {
            if (Targets & (1ull << Number)) {
                HalpApic->Send(HalpAcpi.ApicIds[Number], Command);
            }
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
