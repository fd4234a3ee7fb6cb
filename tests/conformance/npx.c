/*
 * npx.c - x87 registers belong to the thread: kept over switches, and never those of another
 *
 * Threads that use them in different ways take turns on one processor. Who uses none finds them as
 * at its start, whatever the others leave behind: values, values under tags that say "empty", MMX.
 * Checks itself: under Wine a thread begins with what the host's libraries have left.
 */
#include "tap.h"

#define ROUNDS   300
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

NTSYS NTSTATUS NTAPI NtSetInformationThread(HANDLE, int, const void *, ULONG);

typedef struct __attribute__((aligned(16))) {
    USHORT Control, Status;
    UCHAR Tags, Reserved;
    USHORT Opcode;
    ULONG64 Instruction, Data;
    ULONG MxCsr, MxCsrMask;
    struct {
        ULONG64 Mantissa;
        USHORT Exponent, Unused[3];
    } St[8];
    UCHAR Rest[352];
} FXSAVE;

static const FXSAVE Initial = {.Control = 0x27F};

typedef struct {
    void (*Use)(void); /* NULL: the registers stay as they are at a thread's start */
    ULONG Lost;        /* rounds in which the registers were not as they were left */
} USER;

static void Look(FXSAVE *Image) {
    __asm__ volatile("fxsave64 %0" : "=m"(*Image));
}

static BOOLEAN SameRegisters(const FXSAVE *One, const FXSAVE *Other) {
    ULONG64 Different = One->Control ^ Other->Control;
    Different |= (One->Status ^ Other->Status) | (One->Tags ^ Other->Tags);
    for (int i = 0; i < 8; i++) {
        Different |= One->St[i].Mantissa ^ Other->St[i].Mantissa;
        Different |= One->St[i].Exponent ^ Other->St[i].Exponent;
    }
    return Different == 0;
}

static const USHORT StartControl = 0x27F; /* fninit's has more precision */

static void Values(void) {
    __asm__ volatile("fldpi; fldl2e; fld1; fldln2; fldlg2; fldl2t; fldz; fld1");
}
static void EmptyAgain(void) {
    __asm__ volatile("fldl2t; fldlg2; fldpi; fldpi; fldpi; fldln2; fld1; fldl2e; fninit; fldcw %0"
                     :
                     : "m"(StartControl));
}
static void OneExponent(void) { /* a register of which nothing but the exponent is not 0 */
    static const UCHAR Number[10] = {[8] = 0x34, [9] = 0x12};
    __asm__ volatile("fldt %0; fninit; fldcw %1" : : "m"(*Number), "m"(StartControl));
}
static void OneMantissa(void) {
    static const UCHAR Number[10] = {1};
    __asm__ volatile("fldt %0; fninit; fldcw %1" : : "m"(*Number), "m"(StartControl));
}
static void Mmx(void) {
    __asm__ volatile("movq %0, %%mm3" : : "r"(0x1122334455667788ull));
}
static void Precision(void) {
    USHORT Control = 0x37F;
    __asm__ volatile("fldcw %0" : : "m"(Control));
}

static void YieldOften(USER *User) {
    FXSAVE Before = Initial, After;
    if (User->Use != NULL) {
        User->Use();
        Look(&Before);
    }
    for (int i = 0; i < ROUNDS; i++) {
        NtYieldExecution();
        Look(&After);
        User->Lost += !SameRegisters(&Before, &After);
    }
}

static NTSTATUS NTAPI UserThread(PVOID Parameter) {
    YieldOften(Parameter);
    RtlExitUserThread(0);
    return 0;
}

static void ExpectUntouched(const char *What) {
    FXSAVE Found;
    Look(&Found);
    Expect(What, SameRegisters(&Found, &Initial), TRUE);
}

void Start(void) {
    static USER Users[] = {{Values, 0},      {EmptyAgain, 0}, {OneExponent, 0}, {NULL, 0},
                           {OneMantissa, 0}, {NULL, 0},       {Mmx, 0},         {Precision, 0}};
    HANDLE Threads[COUNT(Users)];
    ULONG64 Processor = 1;
    NtSetInformationThread(SELF_THREAD, 4 /* ThreadAffinityMask */, &Processor, sizeof(Processor));
    ExpectUntouched("registers as a thread starts");
    for (ULONG i = 0; i < COUNT(Users); i++) {
        RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, UserThread, &Users[i], &Threads[i], NULL);
    }
    for (int i = 0; i < ROUNDS; i++) {
        NtYieldExecution();
    }
    ExpectUntouched("registers after turns of others");
    for (ULONG i = 0; i < COUNT(Users); i++) {
        NtWaitForSingleObject(Threads[i], FALSE, NULL);
        Expect("rounds in which a user lost something", Users[i].Lost, 0);
    }
    ExpectUntouched("registers after all others");
    Done();
}
