/*
 * ketrap.h - trap frames and the descriptor tables of the processor
 */
#ifndef VITRINE_KETRAP_H
#define VITRINE_KETRAP_H

#include "ntdef.h"
#include "ntcontext.h"

/* The frame that traps, interrupts and system services build; exact (ntddk.h, amd64). */
typedef struct _KTRAP_FRAME {
    ULONG64 P1Home, P2Home, P3Home, P4Home, P5;
    KPROCESSOR_MODE PreviousMode;
    KIRQL PreviousIrql;
    UCHAR FaultIndicator;  /* page fault: bit 0 write, bit 3 execute */
    UCHAR ExceptionActive; /* 0 interrupt, 1 exception, 2 system service */
    ULONG MxCsr;
    ULONG64 Rax, Rcx, Rdx, R8, R9, R10, R11;
    union {
        ULONG64 GsBase;
        ULONG64 GsSwap;
    };
    M128A Xmm0, Xmm1, Xmm2, Xmm3, Xmm4, Xmm5;
    union {
        ULONG64 FaultAddress;
        ULONG64 ContextRecord;
    };
    ULONG64 Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;
    ULONG64 DebugControl, LastBranchToRip, LastBranchFromRip, LastExceptionToRip,
        LastExceptionFromRip;
    USHORT SegDs, SegEs, SegFs, SegGs;
    ULONG64 TrapFrame;
    ULONG64 Rbx, Rdi, Rsi;
    ULONG64 Rbp;
    union {
        ULONG64 ErrorCode;
        ULONG64 ExceptionFrame;
    };
    ULONG64 Rip;
    USHORT SegCs;
    UCHAR Fill0;
    UCHAR Logging;
    USHORT Fill1[2];
    ULONG EFlags;
    ULONG Fill2;
    ULONG64 Rsp;
    USHORT SegSs;
    USHORT Fill3;
    ULONG Fill4;
} KTRAP_FRAME, *PKTRAP_FRAME;
static_assert(offsetof(KTRAP_FRAME, PreviousMode) == 0x28, "ks.inc");
static_assert(offsetof(KTRAP_FRAME, Rax) == 0x30 && offsetof(KTRAP_FRAME, GsBase) == 0x68,
              "ks.inc");
static_assert(offsetof(KTRAP_FRAME, Xmm0) == 0x70, "ks.inc");
static_assert(offsetof(KTRAP_FRAME, FaultAddress) == 0xD0, "ks.inc");
static_assert(offsetof(KTRAP_FRAME, Dr6) == 0xF8, "ks.inc");
static_assert(offsetof(KTRAP_FRAME, SegDs) == 0x130, "ks.inc");
static_assert(offsetof(KTRAP_FRAME, Rbx) == 0x140 && offsetof(KTRAP_FRAME, Rbp) == 0x158, "ks.inc");
static_assert(offsetof(KTRAP_FRAME, ErrorCode) == 0x160, "ks.inc");
static_assert(offsetof(KTRAP_FRAME, Rip) == 0x168 && offsetof(KTRAP_FRAME, SegCs) == 0x170,
              "ks.inc");
static_assert(offsetof(KTRAP_FRAME, EFlags) == 0x178 && offsetof(KTRAP_FRAME, Rsp) == 0x180,
              "ks.inc");
static_assert(sizeof(KTRAP_FRAME) == 0x190, "ks.inc");

/* The non-volatile registers, saved beside a trap frame where they matter (ntddk.h, amd64). */
typedef struct _KEXCEPTION_FRAME {
    ULONG64 P1Home, P2Home, P3Home, P4Home, P5;
    ULONG64 Spare1;
    M128A Xmm6, Xmm7, Xmm8, Xmm9, Xmm10, Xmm11, Xmm12, Xmm13, Xmm14, Xmm15;
    ULONG64 TrapFrame;
    ULONG64 OutputBuffer;
    ULONG64 OutputLength;
    ULONG64 Spare2;
    ULONG64 MxCsr;
    ULONG64 Rbp, Rbx, Rdi, Rsi, R12, R13, R14, R15;
    ULONG64 Return;
} KEXCEPTION_FRAME, *PKEXCEPTION_FRAME;
static_assert(offsetof(KEXCEPTION_FRAME, TrapFrame) == 0xD0, "ks.inc");
static_assert(offsetof(KEXCEPTION_FRAME, Rbp) == 0xF8, "ks.inc");
static_assert(sizeof(KEXCEPTION_FRAME) == 0x140, "ks.inc");

#define KGDT64_NULL      0x00
#define KGDT64_R0_CODE   0x10
#define KGDT64_R0_DATA   0x18
#define KGDT64_R3_CMCODE 0x20
#define KGDT64_R3_DATA   0x28
#define KGDT64_R3_CODE   0x30
#define KGDT64_SYS_TSS   0x40
#define KGDT64_R3_CMTEB  0x50
#define KGDT64_LAST      0x60
#define RPL_MASK         3

typedef union _KGDTENTRY64 {
    struct {
        USHORT LimitLow;
        USHORT BaseLow;
        UCHAR BaseMiddle;
        UCHAR Flags1;
        UCHAR Flags2;
        UCHAR BaseHigh;
        ULONG BaseUpper;
        ULONG MustBeZero;
    };
    ULONG64 Alignment[2];
} KGDTENTRY64, *PKGDTENTRY64;

typedef union _KIDTENTRY64 {
    struct {
        USHORT OffsetLow;
        USHORT Selector;
        USHORT IstIndex : 3;
        USHORT Reserved0 : 5;
        USHORT Type : 5;
        USHORT Dpl : 2;
        USHORT Present : 1;
        USHORT OffsetMiddle;
        ULONG OffsetHigh;
        ULONG Reserved1;
    };
    ULONG64 Alignment[2];
} KIDTENTRY64, *PKIDTENTRY64;
static_assert(sizeof(KIDTENTRY64) == 16, "hardware");

#pragma pack(push, 4)
typedef struct _KTSS64 {
    ULONG Reserved0;
    ULONG64 Rsp0, Rsp1, Rsp2;
    ULONG64 Ist[8]; /* Ist[0] is reserved */
    ULONG64 Reserved1;
    USHORT Reserved2;
    USHORT IoMapBase;
} KTSS64, *PKTSS64;
#pragma pack(pop)
static_assert(sizeof(KTSS64) == 0x68, "hardware");

/* Interrupt stacks (IST numbers), as on Windows. */
#define TSS_IST_PANIC 1 /* double fault */
#define TSS_IST_MCA   2 /* machine check */
#define TSS_IST_NMI   3
#define TSS_IST_DEBUG 4

typedef struct _KDESCRIPTOR {
    USHORT Pad[3];
    USHORT Limit;
    PVOID Base;
} KDESCRIPTOR, *PKDESCRIPTOR;

#endif
