/*
 * What the processor can do, and the control registers and MSRs that turn it on.
 *
 * The kernel needs what every x64 processor has. SMEP, SMAP, UMIP and XSAVE are used where CPUID
 * offers them; KeFeatureBits says so to the code that must know (KF_SMAP: trap.asm).
 */
#include "ki.h"

#define MSR_EFER  0xC0000080
#define MSR_STAR  0xC0000081
#define MSR_LSTAR 0xC0000082
#define MSR_CSTAR 0xC0000083
#define MSR_FMASK 0xC0000084

#define CR0_MP 0x00000002ull
#define CR0_EM 0x00000004ull
#define CR0_TS 0x00000008ull
#define CR0_NE 0x00000020ull
#define CR0_WP 0x00010000ull
#define CR0_AM 0x00040000ull

#define CR4_DE         0x00000008ull
#define CR4_PAE        0x00000020ull
#define CR4_PGE        0x00000080ull
#define CR4_OSFXSR     0x00000200ull
#define CR4_OSXMMEXCPT 0x00000400ull
#define CR4_UMIP       0x00000800ull
#define CR4_OSXSAVE    0x00040000ull
#define CR4_SMEP       0x00100000ull
#define CR4_SMAP       0x00200000ull

#define EFLAGS_TF 0x00000100
#define EFLAGS_IF 0x00000200
#define EFLAGS_DF 0x00000400
#define EFLAGS_NT 0x00004000
#define EFLAGS_AC 0x00040000

/* x87, SSE, AVX, AVX-512: what programs may use and a switch keeps. */
#define XSTATE_MASK_KEPT 0xE7ull

ULONG KeFeatureBits;
ULONG64 KiExtendedStateMask; /* 0: FXSAVE is all there is */
static ULONG KiExtendedStateBytes = 512;

typedef struct _CPUID {
    ULONG Eax, Ebx, Ecx, Edx;
} CPUID;

static CPUID KiCpuId(ULONG Function, ULONG SubFunction) {
    CPUID r;
    __asm__ volatile("cpuid"
                     : "=a"(r.Eax), "=b"(r.Ebx), "=c"(r.Ecx), "=d"(r.Edx)
                     : "a"(Function), "c"(SubFunction));
    return r;
}

static ULONG64 KiReadCr4(VOID) {
    ULONG64 Value;
    __asm__ volatile("mov %%cr4, %0" : "=r"(Value));
    return Value;
}
static VOID KiWriteCr4(ULONG64 Value) {
    __asm__ volatile("mov %0, %%cr4" : : "r"(Value) : "memory");
}

/* XCR0 and the size of the area that a thread's extended state needs. */
static VOID KiEnableXsave(VOID) {
    CPUID Leaf = KiCpuId(0xD, 0);
    ULONG64 Mask = ((ULONG64)Leaf.Edx << 32 | Leaf.Eax) & XSTATE_MASK_KEPT;
    __asm__ volatile("xsetbv" : : "c"(0), "a"((ULONG)Mask), "d"((ULONG)(Mask >> 32)));
    KiExtendedStateMask = Mask;
    KiExtendedStateBytes = KiCpuId(0xD, 0).Ebx; /* for the features in XCR0 now */
}

static ULONG KiDetectFeatures(VOID) {
    ULONG MaxLeaf = KiCpuId(0, 0).Eax, Bits = 0;
    CPUID Leaf7 = MaxLeaf >= 7 ? KiCpuId(7, 0) : (CPUID){0};
    Bits |= Leaf7.Ebx & 1u << 7 ? KF_SMEP : 0;
    Bits |= Leaf7.Ebx & 1u << 20 ? KF_SMAP : 0;
    Bits |= Leaf7.Ecx & 1u << 2 ? KF_UMIP : 0;
    Bits |= MaxLeaf >= 0xD && KiCpuId(1, 0).Ecx & 1u << 26 ? KF_XSAVE : 0;
    return Bits;
}

static VOID KiIdentifyProcessor(PKPRCB Prcb) {
    CPUID Vendor = KiCpuId(0, 0), Version = KiCpuId(1, 0);
    ((PULONG)Prcb->VendorString)[0] = Vendor.Ebx;
    ((PULONG)Prcb->VendorString)[1] = Vendor.Edx;
    ((PULONG)Prcb->VendorString)[2] = Vendor.Ecx;
    ULONG Family = Version.Eax >> 8 & 0xF, Model = Version.Eax >> 4 & 0xF;
    if (Family == 0xF)
        Family += Version.Eax >> 20 & 0xFF;
    if (Family >= 6)
        Model |= Version.Eax >> 12 & 0xF0;
    Prcb->CpuType = (UCHAR)Family;
    Prcb->CpuStep = (USHORT)(Model << 8 | (Version.Eax & 0xF));
}

/* Control registers: protection first, so that nothing runs a moment without it. */
VOID KiSetProcessorFeatures(PKPRCB Prcb) {
    ULONG Bits = KiDetectFeatures();
    ULONG64 Cr0, Cr4 = KiReadCr4() | CR4_DE | CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;

    __asm__ volatile("mov %%cr0, %0" : "=r"(Cr0));
    Cr0 = (Cr0 & ~(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE | CR0_WP | CR0_AM;
    __asm__ volatile("mov %0, %%cr0" : : "r"(Cr0) : "memory");
    Cr4 |= Bits & KF_SMEP ? CR4_SMEP : 0;
    Cr4 |= Bits & KF_SMAP ? CR4_SMAP : 0;
    Cr4 |= Bits & KF_UMIP ? CR4_UMIP : 0;
    Cr4 |= Bits & KF_XSAVE ? CR4_OSXSAVE : 0;
    KiWriteCr4(Cr4);
    if (Bits & KF_XSAVE)
        KiEnableXsave();
    if (Prcb->Number != 0 &&
        Bits != KeFeatureBits) /* a thread runs on any, with the state it has */
        KeBugCheckEx(MULTIPROCESSOR_CONFIGURATION_NOT_SUPPORTED, Prcb->Number, Bits, KeFeatureBits,
                     0);
    KeFeatureBits = Prcb->FeatureBits = Bits;
    Prcb->ExtendedStateSize = KiExtendedStateBytes;
    KiIdentifyProcessor(Prcb);
}

/* syscall enters at KiSystemCall64 with ring 0's selectors, sysret leaves with 33h and 2Bh. */
VOID KiInitializeMachineType(PKPRCB Prcb) {
    UNREFERENCED_PARAMETER(Prcb);
    __writemsr(MSR_EFER, __readmsr(MSR_EFER) | 1);
    __writemsr(MSR_STAR,
               (ULONG64)(KGDT64_R3_CMCODE | RPL_MASK) << 48 | (ULONG64)KGDT64_R0_CODE << 32);
    __writemsr(MSR_LSTAR, (ULONG64)KiSystemCall64);
    __writemsr(MSR_CSTAR, (ULONG64)KiSystemCall32);
    __writemsr(MSR_FMASK, EFLAGS_TF | EFLAGS_IF | EFLAGS_DF | EFLAGS_NT | EFLAGS_AC);
}

ULONG KiExtendedStateSize(VOID) {
    return (KiExtendedStateBytes + 63) & ~63u;
}

/* The state a Windows thread starts with: x87 in 53-bit precision, all exceptions masked. */
VOID KiInitializeExtendedState(PVOID Area) {
    memset(Area, 0, KiExtendedStateSize());
    PXSAVE_FORMAT Legacy = Area;
    Legacy->ControlWord = 0x27F;
    Legacy->MxCsr = 0x1F80;
    if (KiExtendedStateMask)
        *(PULONG64)((PUCHAR)Area + 512) = 3; /* XSTATE_BV: x87 and SSE come from here */
}
