/* Ends by an exception that nobody handles: the exit status is the exception's code. */
#include "nt.h"

static BOOL Named(PCWSTR Name) {
    UNICODE_STRING *Line = &AT(Parameters(), 0x70, UNICODE_STRING);
    PCWSTR At = Line->Buffer + Line->Length / 2;
    while (At > Line->Buffer && At[-1] != ' ') {
        At--;
    }
    while (*At && *At == *Name) {
        At++, Name++;
    }
    return *At == *Name;
}

static ULONG __attribute__((noinline)) Recurse(volatile ULONG Depth) {
    volatile char Room[512];
    Room[Depth % 512] = 1;
    return Recurse(Depth + 1) + Room[0];
}

static void Exception(ULONG Code) {
    EXCEPTION_RECORD Record = {.ExceptionCode = Code};
    RtlRaiseException(&Record);
}

void Start(void) {
    Print("before\n");
    if (Named(L"jump-kernel")) {
        ((void (*)(void))0xFFFFF80000001000)();
    } else if (Named(L"jump-hole")) {
        ((void (*)(void))0x8000000000000000)();
    } else if (Named(L"jump-null")) {
        ((void (*)(void))0)();
    } else if (Named(L"read-kernel")) {
        (void)*(volatile char *)0xFFFFF80000001000;
    } else if (Named(L"write-self-map")) {
        *(volatile ULONG64 *)0xFFFFF6FB7DBED000 = 0;
    } else if (Named(L"hlt")) {
        __asm__ volatile("hlt");
    } else if (Named(L"cli")) {
        __asm__ volatile("cli");
    } else if (Named(L"divide")) {
        __asm__ volatile("xorl %%ecx, %%ecx\n movl $1, %%eax\n cltd\n idivl %%ecx" ::
                             : "eax", "ecx", "edx");
    } else if (Named(L"ud2")) {
        __asm__ volatile("ud2");
    } else if (Named(L"int3")) {
        __asm__ volatile("int3");
    } else if (Named(L"stack")) {
        Recurse(0);
    } else if (Named(L"bad-stack")) {
        __asm__ volatile("movq $0x1000, %%rsp\n pushq %%rax" ::: "memory");
    } else if (Named(L"kernel-stack")) {
        __asm__ volatile("movq $0xFFFFF80000100000, %%rsp\n pushq %%rax" ::: "memory");
    } else if (Named(L"raise")) {
        Exception(0xE0001234);
    }
    Print("after\n");
    Exit(1);
}
