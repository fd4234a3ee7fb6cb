/*
 * Calls system services at random, with arguments out of a box of bad and half-good ones.
 *
 * What the services answer does not matter, and the program may well destroy itself (free its
 * stack, close its handles): what is tested is that the kernel lives on. The command line's last
 * word is the seed. fuzz_services.h is made from sdk/services.tbl: number and argument count of
 * every service that is there, but those that end or stop the caller by what they are for.
 */
#include "nt.h"

static const struct {
    USHORT Number, Arguments;
} Services[] = {
#include "fuzz_services.h"
};

#define CALLS 4000

static ULONG64 State;

static ULONG64 Random(void) {
    State ^= State << 13;
    State ^= State >> 7;
    State ^= State << 17;
    return State;
}

NTSTATUS Call(ULONG64 Number, const ULONG64 *Arguments);
__asm__(".globl Call\nCall:\n"
        "pushq %rsi\n pushq %rdi\n subq $0xA8, %rsp\n"
        "movq %rcx, %rax\n"
        "leaq 0x20(%rdx), %rsi\n leaq 0x28(%rsp), %rdi\n movl $12, %ecx\n rep movsq\n"
        "movq (%rdx), %r10\n movq 0x10(%rdx), %r8\n movq 0x18(%rdx), %r9\n movq 8(%rdx), %rdx\n"
        "syscall\n"
        "addq $0xA8, %rsp\n popq %rdi\n popq %rsi\n ret\n");

static UCHAR Buffer[2 * PAGE];
static UNICODE_STRING Name;
static OBJECT_ATTRIBUTES Attributes;
static WCHAR Text[] = L"\\??\\C:\\vitrine\\System32\\ntdll.dll";

/* A structure with something plausible in it, in a part of the buffer. */
static ULONG64 Structure(void) {
    Name.Length = (USHORT)(Random() % 4 ? sizeof(Text) - 2 : Random());
    Name.MaximumLength = (USHORT)(Random() % 4 ? sizeof(Text) : Random());
    Name.Buffer = Random() % 8 ? Text : (PWSTR)0xFFFFF80000000000;
    Attributes.Length = Random() % 8 ? sizeof(Attributes) : (ULONG)Random();
    Attributes.RootDirectory = Random() % 4 ? NULL : (HANDLE)(Random() % 64 * 4);
    Attributes.ObjectName = Random() % 4 ? &Name : NULL;
    Attributes.Attributes = Random() % 2 ? 0x40 : (ULONG)Random() & 0x1FFF;
    return (ULONG64)&Attributes;
}

static ULONG64 Argument(void) {
    static const ULONG64 Fixed[] = {0,
                                    1,
                                    2,
                                    4,
                                    8,
                                    0x1000,
                                    0x3000,
                                    0x10000,
                                    0xFFFFFFFF,
                                    (ULONG64)-1,
                                    (ULONG64)-2,
                                    0x7FFE0000,
                                    0x7FFFFFFEFFFF,
                                    0x7FFFFFFF0000,
                                    0x800000000000,
                                    0xFFFFF80000200000,
                                    0xFFFFF6FB7DBED000,
                                    0x8000000000000000,
                                    0x1F0003,
                                    0x80000000};
    ULONG64 Kind = Random() % 16;
    if (Kind < 5)
        return Fixed[Random() % ARRAYSIZE(Fixed)];
    if (Kind < 8)
        return (ULONG64)Buffer + (Random() % sizeof(Buffer) & ~7ull);
    if (Kind < 9)
        return (ULONG64)Buffer + Random() % sizeof(Buffer);
    if (Kind < 11)
        return Structure();
    if (Kind < 14)
        return Random() % 64 * 4;
    if (Kind < 15)
        return Random() % 0x100;
    return Random();
}

static void Fill(void) {
    for (ULONG i = 0; i < sizeof(Buffer) / 8; i++)
        ((ULONG64 *)Buffer)[i] = Random() % 4 ? 0 : Argument();
}

static ULONG64 Seed(void) {
    UNICODE_STRING *Line = &NtCurrentTeb()->ProcessEnvironmentBlock->ProcessParameters->CommandLine;
    ULONG64 Value = 0;
    for (USHORT i = 0; i < Line->Length / 2; i++) {
        WCHAR Letter = Line->Buffer[i];
        Value = Letter >= '0' && Letter <= '9' ? Value * 10 + (Letter - '0') : 0;
    }
    return Value;
}

void Start(void) {
    State = Seed() * 0x9E3779B97F4A7C15 + 1;
    for (ULONG i = 0; i < CALLS; i++) {
        ULONG64 Arguments[16];
        ULONG Service = (ULONG)(Random() % ARRAYSIZE(Services));
        if (i % 64 == 0)
            Fill();
        for (ULONG j = 0; j < ARRAYSIZE(Arguments); j++)
            Arguments[j] = j < Services[Service].Arguments ? Argument() : Random();
        Call(Services[Service].Number, Arguments);
    }
    NtTerminateProcess(SELF, 0);
}
