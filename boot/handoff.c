/*
 * handoff.c - the last steps: check the processor's features and jump to the kernel
 *
 * At KiSystemStartup interrupts are off; CR0.WP, EFER.NXE and EFER.SCE are on; the stack is the
 * loader's. GDT and IDT are still the firmware's, in memory that the kernel may not rely on.
 */
#include "boot.h"

#define KERNEL_STACK_SIZE       0x8000ULL
#define CPUID_NX                (1u << 20)
#define CPUID_EXTENDED_FEATURES 0x80000001u
#define MSR_EFER                0xC0000080u
#define EFER_SYSCALL            0x001u
#define EFER_NO_EXECUTE         0x800u
#define CR0_WRITE_PROTECT       0x10000ULL

VOID BootCheckProcessor(VOID) {
    ULONG Eax, Ecx, Edx;
    BootCpuid(CPUID_EXTENDED_FEATURES, &Eax, &Ecx, &Edx);
    if ((Edx & CPUID_NX) == 0)
        BootFail(STATUS_NOT_SUPPORTED, NULL, "the processor has no NX bit", NULL);
}

/* The page below the stack is unmapped, so that an overflow faults instead of corrupting memory. */
VOID BootCreateKernelStack(VOID) {
    PVOID Stack =
        BootAllocatePages(LoaderStartupKernelStack, KERNEL_STACK_SIZE / PAGE_SIZE, 1, NULL);
    BootReserveVa(PAGE_SIZE);
    ULONG64 Va = BootReserveVa(KERNEL_STACK_SIZE);
    BootMap(Va, Stack, KERNEL_STACK_SIZE, BootReadWrite, FALSE);
    BootBlock->KernelStack = Va + KERNEL_STACK_SIZE;
    BootBlock->KernelStackSize = KERNEL_STACK_SIZE;
}

static VOID SetControlRegisters(VOID) {
    ULONG Low, High;
    ULONG64 Cr0;
    __asm__ volatile("rdmsr" : "=a"(Low), "=d"(High) : "c"(MSR_EFER));
    Low |= EFER_SYSCALL | EFER_NO_EXECUTE;
    __asm__ volatile("wrmsr" : : "a"(Low), "d"(High), "c"(MSR_EFER));
    __asm__ volatile("mov %%cr0, %0" : "=r"(Cr0));
    __asm__ volatile("mov %0, %%cr0" : : "r"(Cr0 | CR0_WRITE_PROTECT));
}

/*
 * The new page tables take effect here. This code is in the low half, which they share with the
 * firmware's tables. The kernel is entered as if called: 32 bytes of home space above a return
 * address of zero, where every stack walk ends.
 */
VOID BootEnterKernel(ULONG64 PageTable) {
    const BOOT_IMAGE *Kernel = &BootImages[0];
    ULONG64 Entry = Kernel->Base + Kernel->Info.AddressOfEntryPoint;
    __asm__ volatile("cli; cld");
    SetControlRegisters();
    BootExtension->KernelEntryTsc = BootReadTsc();
    __asm__ volatile("mov %0, %%cr3\n\t"
                     "lea -0x20(%1), %%rsp\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "push %%rbp\n\t"
                     "jmp *%2"
                     :
                     : "r"(PageTable), "a"(BootBlock->KernelStack), "d"(Entry),
                       "c"(BootToVa(BootBlock))
                     : "memory");
    __builtin_unreachable();
}
