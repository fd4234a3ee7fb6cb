/*
 * A program without imports, aligned to 16 bytes (tests.mk): it knows the services by number, as
 * the tiny programs do that people publish. 2Ch is NtTerminateProcess in Windows 10 22H2.
 */
static volatile int Data = 0x2A;

void Start(void) {
    register long long Service __asm__("rax") = 0x2C;
    register long long Process __asm__("r10") = -1;
    register long long Status __asm__("rdx");
    Data++;
    Status = Data;
    __asm__ volatile("syscall"
                     : "+r"(Service)
                     : "r"(Process), "r"(Status)
                     : "rcx", "r11", "memory");
    __builtin_trap();
}
