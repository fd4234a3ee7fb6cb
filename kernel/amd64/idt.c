/*
 * The descriptor tables: GDT and TSS of a processor, and the IDT with its 256 entries.
 *
 * The selectors are Windows' (user code 33h, user data 2Bh, ...), in the order that syscall and
 * sysret want. Vectors that the processor defines have functions of their own; all others go
 * through KiIsrThunk to KiInterruptDispatch. Double fault, NMI and machine check have stacks of
 * their own, because the stack at hand may be what is broken; debug exceptions, because a program
 * can have one come at the first instruction of a service, where the stack is still the user's.
 */
#include "ki.h"

/* All processors share it. */
static DECLSPEC_ALIGN(16) KIDTENTRY64 KiIdt[256];

/* For the first processor; the others get theirs from init/ (start.c). */
static KI_DESCRIPTOR_TABLES KiBootTables;

static ULONG64 KiSegment(ULONG Type, ULONG Dpl, BOOLEAN Code, BOOLEAN Long) {
    return 0xFFFFull | (ULONG64)Type << 40 | 1ull << 44 | (ULONG64)Dpl << 45 | 1ull << 47 |
           0xFull << 48 | (ULONG64)(Code && Long) << 53 | (ULONG64)(!Long || !Code) << 54 |
           1ull << 55;
}

static VOID KiSetTssDescriptor(PULONG64 Gdt, PKTSS64 Tss) {
    ULONG64 Base = (ULONG64)Tss;
    Gdt[KGDT64_SYS_TSS / 8] =
        (sizeof(KTSS64) - 1) | (Base & 0xFFFFFF) << 16 | 0x89ull << 40 | (Base >> 24 & 0xFF) << 56;
    Gdt[KGDT64_SYS_TSS / 8 + 1] = Base >> 32;
}

static VOID KiLoadSegments(PKGDTENTRY64 Gdt, PKPCR Pcr) {
    KDESCRIPTOR Descriptor = {.Limit = KGDT64_LAST - 1, .Base = Gdt};
    __asm__ volatile("lgdt %0" : : "m"(Descriptor.Limit));
    __asm__ volatile("pushq %0\n\tleaq 1f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n1:"
                     :
                     : "i"(KGDT64_R0_CODE)
                     : "rax", "memory");
    USHORT User = KGDT64_R3_DATA | RPL_MASK;
    __asm__ volatile("mov %0, %%ss" : : "r"((USHORT)KGDT64_R0_DATA));
    __asm__ volatile("mov %0, %%ds\n\tmov %0, %%es\n\tmov %0, %%gs" : : "r"(User));
    __asm__ volatile("mov %0, %%fs" : : "r"((USHORT)(KGDT64_R3_CMTEB | RPL_MASK)));
    __writemsr(0xC0000101, (ULONG64)Pcr); /* loading gs has cleared its base */
    __writemsr(0xC0000102, 0);
    __asm__ volatile("ltr %0" : : "r"((USHORT)KGDT64_SYS_TSS));
}

VOID KiInitializeDescriptorTables(PKPCR Pcr, PKI_DESCRIPTOR_TABLES Tables) {
    PULONG64 Gdt = (PULONG64)Tables->Gdt;
    Gdt[KGDT64_R0_CODE / 8] = KiSegment(0xB, 0, TRUE, TRUE);
    Gdt[KGDT64_R0_DATA / 8] = KiSegment(0x3, 0, FALSE, TRUE);
    Gdt[KGDT64_R3_CMCODE / 8] = KiSegment(0xB, 3, TRUE, FALSE);
    Gdt[KGDT64_R3_DATA / 8] = KiSegment(0x3, 3, FALSE, TRUE);
    Gdt[KGDT64_R3_CODE / 8] = KiSegment(0xB, 3, TRUE, TRUE);
    Gdt[KGDT64_R3_CMTEB / 8] = KiSegment(0x3, 3, FALSE, FALSE);
    for (ULONG i = 0; i < ARRAYSIZE(Tables->IstStacks); i++)
        Tables->Tss.Ist[i + 1] = (ULONG64)&Tables->IstStacks[i][SYSTEM_STACK_SIZE];
    Tables->Tss.IoMapBase = sizeof(KTSS64);
    KiSetTssDescriptor(Gdt, &Tables->Tss);
    Pcr->GdtBase = Tables->Gdt;
    Pcr->TssBase = &Tables->Tss;
    Pcr->IdtBase = KiIdt;
    KiLoadSegments(Tables->Gdt, Pcr);
}

VOID KiInitializeBootDescriptorTables(PKPCR Pcr) {
    KiInitializeDescriptorTables(Pcr, &KiBootTables);
}

static VOID KiSetIdtEntry(ULONG Vector, PVOID Handler, ULONG Dpl, ULONG Ist) {
    ULONG64 Address = (ULONG64)Handler;
    KiIdt[Vector] = (KIDTENTRY64){.OffsetLow = (USHORT)Address,
                                  .Selector = KGDT64_R0_CODE,
                                  .IstIndex = (USHORT)(Ist & 7),
                                  .Type = 0xE,
                                  .Dpl = (USHORT)(Dpl & 3),
                                  .Present = 1,
                                  .OffsetMiddle = (USHORT)(Address >> 16),
                                  .OffsetHigh = (ULONG)(Address >> 32)};
}

VOID KiInitializeIdt(VOID) {
    static const struct {
        UCHAR Vector, Dpl, Ist;
        KI_ENTRY *Entry;
    } Traps[] = {{0x00, 0, 0, KiDivideErrorFault},
                 {0x01, 0, TSS_IST_DEBUG, KiDebugTrapOrFault},
                 {0x02, 0, TSS_IST_NMI, KiNmiInterrupt},
                 {0x03, 3, 0, KiBreakpointTrap},
                 {0x04, 3, 0, KiOverflowTrap},
                 {0x05, 0, 0, KiBoundFault},
                 {0x06, 0, 0, KiInvalidOpcodeFault},
                 {0x07, 0, 0, KiNpxNotAvailableFault},
                 {0x08, 0, TSS_IST_PANIC, KiDoubleFaultAbort},
                 {0x09, 0, 0, KiNpxSegmentOverrunAbort},
                 {0x0A, 0, 0, KiInvalidTssFault},
                 {0x0B, 0, 0, KiSegmentNotPresentFault},
                 {0x0C, 0, 0, KiStackFault},
                 {0x0D, 0, 0, KiGeneralProtectionFault},
                 {0x0E, 0, 0, KiPageFault},
                 {0x10, 0, 0, KiFloatingErrorFault},
                 {0x11, 0, 0, KiAlignmentFault},
                 {0x12, 0, TSS_IST_MCA, KiMcheckAbort},
                 {0x13, 0, 0, KiXmmException},
                 {0x14, 0, 0, KiVirtualizationException},
                 {0x15, 0, 0, KiControlProtectionFault},
                 {0x29, 3, 0, KiRaiseSecurityCheckFailure},
                 {0x2C, 3, 0, KiRaiseAssertion},
                 {0x2D, 3, 0, KiDebugServiceTrap},
                 {0x2E, 3, 0, KiSystemService}};

    for (ULONG Vector = 0; Vector < 256; Vector++)
        KiSetIdtEntry(Vector, KiIsrThunk[Vector], 0, 0);
    for (ULONG i = 0; i < ARRAYSIZE(Traps); i++)
        KiSetIdtEntry(Traps[i].Vector, (PVOID)Traps[i].Entry, Traps[i].Dpl, Traps[i].Ist);
}

VOID KiLoadIdt(PKPCR Pcr) {
    KDESCRIPTOR Descriptor = {.Limit = sizeof(KiIdt) - 1, .Base = Pcr->IdtBase};
    __asm__ volatile("lidt %0" : : "m"(Descriptor.Limit));
}
