/* ntcontext.h - processor contexts, exception records and x64 unwind data.
 *
 * CONTEXT is what user mode sees of the registers; EXCEPTION_RECORD says what went wrong;
 * RUNTIME_FUNCTION and UNWIND_INFO are the tables (.pdata, .xdata) by which any frame of any image
 * can be undone. DISPATCHER_CONTEXT is what a language handler gets.
 *
 * Sources: Windows SDK documentation (CONTEXT, EXCEPTION_RECORD), "x64 exception handling"
 * in the Microsoft C++ documentation.
 */
#ifndef _NTCONTEXT_H_
#define _NTCONTEXT_H_

#include "ntdef.h"
#include "ntlayout.h"

/* ---- Registers ---- */

typedef struct DECLSPEC_ALIGN(16) _M128A {
    ULONGLONG Low;
    LONGLONG High;
} M128A, *PM128A;

/* The legacy area that FXSAVE64 and XSAVE write. */
typedef struct DECLSPEC_ALIGN(16) _XSAVE_FORMAT {
    USHORT ControlWord;
    USHORT StatusWord;
    UCHAR TagWord;
    UCHAR Reserved1;
    USHORT ErrorOpcode;
    ULONG ErrorOffset;
    USHORT ErrorSelector;
    USHORT Reserved2;
    ULONG DataOffset;
    USHORT DataSelector;
    USHORT Reserved3;
    ULONG MxCsr;
    ULONG MxCsr_Mask;
    M128A FloatRegisters[8];
    M128A XmmRegisters[16];
    UCHAR Reserved4[96];
} XSAVE_FORMAT, *PXSAVE_FORMAT, XMM_SAVE_AREA32, *PXMM_SAVE_AREA32;

CHECK_OFFSET(XSAVE_FORMAT, MxCsr, 0x18);
CHECK_OFFSET(XSAVE_FORMAT, XmmRegisters, 0xA0);
CHECK_SIZE(XSAVE_FORMAT, 0x200);

typedef struct DECLSPEC_ALIGN(8) _XSAVE_AREA_HEADER {
    ULONG64 Mask;
    ULONG64 CompactionMask;
    ULONG64 Reserved2[6];
} XSAVE_AREA_HEADER, *PXSAVE_AREA_HEADER;

typedef struct DECLSPEC_ALIGN(16) _XSAVE_AREA {
    XSAVE_FORMAT LegacyState;
    XSAVE_AREA_HEADER Header;
} XSAVE_AREA, *PXSAVE_AREA;

CHECK_SIZE(XSAVE_AREA, 0x240);

#define INITIAL_MXCSR 0x1F80
#define INITIAL_FPCSR 0x027F

#define CONTEXT_AMD64               0x00100000
#define CONTEXT_CONTROL             (CONTEXT_AMD64 | 0x00000001)
#define CONTEXT_INTEGER             (CONTEXT_AMD64 | 0x00000002)
#define CONTEXT_SEGMENTS            (CONTEXT_AMD64 | 0x00000004)
#define CONTEXT_FLOATING_POINT      (CONTEXT_AMD64 | 0x00000008)
#define CONTEXT_DEBUG_REGISTERS     (CONTEXT_AMD64 | 0x00000010)
#define CONTEXT_FULL                (CONTEXT_CONTROL | CONTEXT_INTEGER | CONTEXT_FLOATING_POINT)
#define CONTEXT_ALL                 (CONTEXT_FULL | CONTEXT_SEGMENTS | CONTEXT_DEBUG_REGISTERS)
#define CONTEXT_XSTATE              (CONTEXT_AMD64 | 0x00000040)
#define CONTEXT_UNWOUND_TO_CALL     0x20000000
#define CONTEXT_EXCEPTION_ACTIVE    0x08000000
#define CONTEXT_SERVICE_ACTIVE      0x10000000
#define CONTEXT_EXCEPTION_REQUEST   0x40000000
#define CONTEXT_EXCEPTION_REPORTING 0x80000000

typedef struct DECLSPEC_ALIGN(16) _CONTEXT {
    ULONG64 P1Home; /* room for the register arguments of whoever is called with this */
    ULONG64 P2Home; /* structure at the top of its stack                              */
    ULONG64 P3Home;
    ULONG64 P4Home;
    ULONG64 P5Home;
    ULONG64 P6Home;

    ULONG ContextFlags;
    ULONG MxCsr;

    USHORT SegCs;
    USHORT SegDs;
    USHORT SegEs;
    USHORT SegFs;
    USHORT SegGs;
    USHORT SegSs;
    ULONG EFlags;

    ULONG64 Dr0;
    ULONG64 Dr1;
    ULONG64 Dr2;
    ULONG64 Dr3;
    ULONG64 Dr6;
    ULONG64 Dr7;

    ULONG64 Rax;
    ULONG64 Rcx;
    ULONG64 Rdx;
    ULONG64 Rbx;
    ULONG64 Rsp;
    ULONG64 Rbp;
    ULONG64 Rsi;
    ULONG64 Rdi;
    ULONG64 R8;
    ULONG64 R9;
    ULONG64 R10;
    ULONG64 R11;
    ULONG64 R12;
    ULONG64 R13;
    ULONG64 R14;
    ULONG64 R15;
    ULONG64 Rip;

    union {
        XMM_SAVE_AREA32 FltSave;
        struct {
            M128A Header[2];
            M128A Legacy[8];
            M128A Xmm0;
            M128A Xmm1;
            M128A Xmm2;
            M128A Xmm3;
            M128A Xmm4;
            M128A Xmm5;
            M128A Xmm6;
            M128A Xmm7;
            M128A Xmm8;
            M128A Xmm9;
            M128A Xmm10;
            M128A Xmm11;
            M128A Xmm12;
            M128A Xmm13;
            M128A Xmm14;
            M128A Xmm15;
        };
    };

    M128A VectorRegister[26];
    ULONG64 VectorControl;

    ULONG64 DebugControl;
    ULONG64 LastBranchToRip;
    ULONG64 LastBranchFromRip;
    ULONG64 LastExceptionToRip;
    ULONG64 LastExceptionFromRip;
} CONTEXT, *PCONTEXT;

CHECK_OFFSET(CONTEXT, ContextFlags, 0x30);
CHECK_OFFSET(CONTEXT, MxCsr, 0x34);
CHECK_OFFSET(CONTEXT, SegCs, 0x38);
CHECK_OFFSET(CONTEXT, SegSs, 0x42);
CHECK_OFFSET(CONTEXT, EFlags, 0x44);
CHECK_OFFSET(CONTEXT, Dr0, 0x48);
CHECK_OFFSET(CONTEXT, Dr6, 0x68);
CHECK_OFFSET(CONTEXT, Dr7, 0x70);
CHECK_OFFSET(CONTEXT, Rax, 0x78);
CHECK_OFFSET(CONTEXT, Rcx, 0x80);
CHECK_OFFSET(CONTEXT, Rdx, 0x88);
CHECK_OFFSET(CONTEXT, Rbx, 0x90);
CHECK_OFFSET(CONTEXT, Rsp, 0x98);
CHECK_OFFSET(CONTEXT, Rbp, 0xA0);
CHECK_OFFSET(CONTEXT, Rsi, 0xA8);
CHECK_OFFSET(CONTEXT, Rdi, 0xB0);
CHECK_OFFSET(CONTEXT, R8, 0xB8);
CHECK_OFFSET(CONTEXT, R15, 0xF0);
CHECK_OFFSET(CONTEXT, Rip, 0xF8);
CHECK_OFFSET(CONTEXT, FltSave, 0x100);
CHECK_OFFSET(CONTEXT, Xmm0, 0x1A0);
CHECK_OFFSET(CONTEXT, Xmm6, 0x200);
CHECK_OFFSET(CONTEXT, Xmm15, 0x290);
CHECK_OFFSET(CONTEXT, VectorRegister, 0x300);
CHECK_OFFSET(CONTEXT, VectorControl, 0x4A0);
CHECK_OFFSET(CONTEXT, LastExceptionFromRip, 0x4C8);
CHECK_SIZE(CONTEXT, 0x4D0);

/* Locations of a context in the memory of its owner (KiUserExceptionDispatcher's frame). */
typedef struct _CONTEXT_CHUNK {
    LONG Offset;
    ULONG Length;
} CONTEXT_CHUNK, *PCONTEXT_CHUNK;

typedef struct _CONTEXT_EX {
    CONTEXT_CHUNK All;
    CONTEXT_CHUNK Legacy;
    CONTEXT_CHUNK XState;
} CONTEXT_EX, *PCONTEXT_EX;

CHECK_SIZE(CONTEXT_EX, 0x18);

/* ---- Exceptions ---- */

#define EXCEPTION_NONCONTINUABLE     0x01
#define EXCEPTION_UNWINDING          0x02
#define EXCEPTION_EXIT_UNWIND        0x04
#define EXCEPTION_STACK_INVALID      0x08
#define EXCEPTION_NESTED_CALL        0x10
#define EXCEPTION_TARGET_UNWIND      0x20
#define EXCEPTION_COLLIDED_UNWIND    0x40
#define EXCEPTION_SOFTWARE_ORIGINATE 0x80
#define EXCEPTION_UNWIND                                                                           \
    (EXCEPTION_UNWINDING | EXCEPTION_EXIT_UNWIND | EXCEPTION_TARGET_UNWIND |                       \
     EXCEPTION_COLLIDED_UNWIND)

#define IS_UNWINDING(Flag)     (((Flag) & EXCEPTION_UNWIND) != 0)
#define IS_DISPATCHING(Flag)   (((Flag) & EXCEPTION_UNWIND) == 0)
#define IS_TARGET_UNWIND(Flag) (((Flag) & EXCEPTION_TARGET_UNWIND) != 0)

#define EXCEPTION_MAXIMUM_PARAMETERS 15

/* ExceptionInformation[0] of an access violation or in-page error. */
#define EXCEPTION_READ_FAULT    0
#define EXCEPTION_WRITE_FAULT   1
#define EXCEPTION_EXECUTE_FAULT 8

/* What a filter expression yields. */
#define EXCEPTION_EXECUTE_HANDLER    1
#define EXCEPTION_CONTINUE_SEARCH    0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

typedef struct _EXCEPTION_RECORD {
    NTSTATUS ExceptionCode;
    ULONG ExceptionFlags;
    struct _EXCEPTION_RECORD *ExceptionRecord;
    PVOID ExceptionAddress;
    ULONG NumberParameters;
    ULONG_PTR ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD, *PEXCEPTION_RECORD;

CHECK_OFFSET(EXCEPTION_RECORD, ExceptionFlags, 0x04);
CHECK_OFFSET(EXCEPTION_RECORD, ExceptionRecord, 0x08);
CHECK_OFFSET(EXCEPTION_RECORD, ExceptionAddress, 0x10);
CHECK_OFFSET(EXCEPTION_RECORD, NumberParameters, 0x18);
CHECK_OFFSET(EXCEPTION_RECORD, ExceptionInformation, 0x20);
CHECK_SIZE(EXCEPTION_RECORD, 0x98);

typedef struct _EXCEPTION_POINTERS {
    PEXCEPTION_RECORD ExceptionRecord;
    PCONTEXT ContextRecord;
} EXCEPTION_POINTERS, *PEXCEPTION_POINTERS;

/* What a language handler answers. */
typedef enum _EXCEPTION_DISPOSITION {
    ExceptionContinueExecution,
    ExceptionContinueSearch,
    ExceptionNestedException,
    ExceptionCollidedUnwind
} EXCEPTION_DISPOSITION;

struct _DISPATCHER_CONTEXT;

typedef EXCEPTION_DISPOSITION(NTAPI EXCEPTION_ROUTINE)(PEXCEPTION_RECORD ExceptionRecord,
                                                       PVOID EstablisherFrame,
                                                       PCONTEXT ContextRecord,
                                                       struct _DISPATCHER_CONTEXT *Dispatcher);
typedef EXCEPTION_ROUTINE *PEXCEPTION_ROUTINE;

typedef LONG(NTAPI *PVECTORED_EXCEPTION_HANDLER)(PEXCEPTION_POINTERS ExceptionInfo);
typedef LONG(NTAPI *PEXCEPTION_FILTER)(PEXCEPTION_POINTERS ExceptionPointers,
                                       PVOID EstablisherFrame);
typedef VOID(NTAPI *PTERMINATION_HANDLER)(BOOLEAN AbnormalTermination, PVOID EstablisherFrame);

/* ---- Unwind data ---- */

typedef enum _UNWIND_OP_CODES {
    UWOP_PUSH_NONVOL = 0,
    UWOP_ALLOC_LARGE = 1,
    UWOP_ALLOC_SMALL = 2,
    UWOP_SET_FPREG = 3,
    UWOP_SAVE_NONVOL = 4,
    UWOP_SAVE_NONVOL_FAR = 5,
    UWOP_EPILOG = 6,
    UWOP_SPARE_CODE = 7,
    UWOP_SAVE_XMM128 = 8,
    UWOP_SAVE_XMM128_FAR = 9,
    UWOP_PUSH_MACHFRAME = 10
} UNWIND_OP_CODES;

typedef union _UNWIND_CODE {
    struct {
        UCHAR CodeOffset;
        UCHAR UnwindOp : 4;
        UCHAR OpInfo : 4;
    };
    USHORT FrameOffset;
} UNWIND_CODE, *PUNWIND_CODE;

CHECK_SIZE(UNWIND_CODE, 2);

#define UNW_FLAG_NHANDLER  0x0
#define UNW_FLAG_EHANDLER  0x1
#define UNW_FLAG_UHANDLER  0x2
#define UNW_FLAG_CHAININFO 0x4

/* Followed, at the next multiple of four bytes, by the handler's RVA and its data, or by the
 * chained RUNTIME_FUNCTION. */
typedef struct _UNWIND_INFO {
    UCHAR Version : 3;
    UCHAR Flags : 5;
    UCHAR SizeOfProlog;
    UCHAR CountOfCodes;
    UCHAR FrameRegister : 4;
    UCHAR FrameOffset : 4;
    UNWIND_CODE UnwindCode[1];
} UNWIND_INFO, *PUNWIND_INFO;

CHECK_OFFSET(UNWIND_INFO, UnwindCode, 4);

typedef struct _RUNTIME_FUNCTION {
    ULONG BeginAddress;
    ULONG EndAddress;
    union {
        ULONG UnwindInfoAddress;
        ULONG UnwindData;
    };
} RUNTIME_FUNCTION, *PRUNTIME_FUNCTION, IMAGE_RUNTIME_FUNCTION_ENTRY;

CHECK_SIZE(RUNTIME_FUNCTION, 12);

#define RUNTIME_FUNCTION_INDIRECT 0x1

/* The data of __C_specific_handler: one record per __try, inner ones first. */
typedef struct _SCOPE_TABLE_AMD64 {
    ULONG Count;
    struct {
        ULONG BeginAddress;
        ULONG EndAddress;
        ULONG HandlerAddress; /* filter or finally funclet; 1: EXCEPTION_EXECUTE_HANDLER */
        ULONG JumpTarget;     /* 0: __finally */
    } ScopeRecord[1];
} SCOPE_TABLE_AMD64, SCOPE_TABLE, *PSCOPE_TABLE_AMD64, *PSCOPE_TABLE;

#define UNWIND_HISTORY_TABLE_SIZE 12

typedef struct _UNWIND_HISTORY_TABLE_ENTRY {
    ULONG64 ImageBase;
    PRUNTIME_FUNCTION FunctionEntry;
} UNWIND_HISTORY_TABLE_ENTRY, *PUNWIND_HISTORY_TABLE_ENTRY;

typedef struct _UNWIND_HISTORY_TABLE {
    ULONG Count;
    UCHAR LocalHint;
    UCHAR GlobalHint;
    UCHAR Search;
    UCHAR Once;
    ULONG64 LowAddress;
    ULONG64 HighAddress;
    UNWIND_HISTORY_TABLE_ENTRY Entry[UNWIND_HISTORY_TABLE_SIZE];
} UNWIND_HISTORY_TABLE, *PUNWIND_HISTORY_TABLE;

CHECK_SIZE(UNWIND_HISTORY_TABLE, 0xD8);

typedef struct _DISPATCHER_CONTEXT {
    ULONG64 ControlPc;
    ULONG64 ImageBase;
    PRUNTIME_FUNCTION FunctionEntry;
    ULONG64 EstablisherFrame;
    ULONG64 TargetIp;
    PCONTEXT ContextRecord;
    PEXCEPTION_ROUTINE LanguageHandler;
    PVOID HandlerData;
    PUNWIND_HISTORY_TABLE HistoryTable;
    ULONG ScopeIndex;
    ULONG Fill0;
} DISPATCHER_CONTEXT, *PDISPATCHER_CONTEXT;

CHECK_OFFSET(DISPATCHER_CONTEXT, LanguageHandler, 0x30);
CHECK_OFFSET(DISPATCHER_CONTEXT, ScopeIndex, 0x48);
CHECK_SIZE(DISPATCHER_CONTEXT, 0x50);

typedef struct _KNONVOLATILE_CONTEXT_POINTERS {
    union {
        PM128A FloatingContext[16];
        struct {
            PM128A Xmm0;
            PM128A Xmm1;
            PM128A Xmm2;
            PM128A Xmm3;
            PM128A Xmm4;
            PM128A Xmm5;
            PM128A Xmm6;
            PM128A Xmm7;
            PM128A Xmm8;
            PM128A Xmm9;
            PM128A Xmm10;
            PM128A Xmm11;
            PM128A Xmm12;
            PM128A Xmm13;
            PM128A Xmm14;
            PM128A Xmm15;
        };
    };
    union {
        PULONG64 IntegerContext[16];
        struct {
            PULONG64 Rax;
            PULONG64 Rcx;
            PULONG64 Rdx;
            PULONG64 Rbx;
            PULONG64 Rsp;
            PULONG64 Rbp;
            PULONG64 Rsi;
            PULONG64 Rdi;
            PULONG64 R8;
            PULONG64 R9;
            PULONG64 R10;
            PULONG64 R11;
            PULONG64 R12;
            PULONG64 R13;
            PULONG64 R14;
            PULONG64 R15;
        };
    };
} KNONVOLATILE_CONTEXT_POINTERS, *PKNONVOLATILE_CONTEXT_POINTERS;

CHECK_SIZE(KNONVOLATILE_CONTEXT_POINTERS, 0x100);

typedef PRUNTIME_FUNCTION(NTAPI *PGET_RUNTIME_FUNCTION_CALLBACK)(ULONG64 ControlPc, PVOID Context);

/* What setjmp keeps for longjmp (setjmp.h has it as _JUMP_BUFFER). */
typedef struct _JUMP_BUFFER {
    ULONG64 Frame;
    ULONG64 Rbx;
    ULONG64 Rsp;
    ULONG64 Rbp;
    ULONG64 Rsi;
    ULONG64 Rdi;
    ULONG64 R12;
    ULONG64 R13;
    ULONG64 R14;
    ULONG64 R15;
    ULONG64 Rip;
    ULONG MxCsr;
    USHORT FpCsr;
    USHORT Spare;
    M128A Xmm6;
    M128A Xmm7;
    M128A Xmm8;
    M128A Xmm9;
    M128A Xmm10;
    M128A Xmm11;
    M128A Xmm12;
    M128A Xmm13;
    M128A Xmm14;
    M128A Xmm15;
} JUMP_BUFFER, *PJUMP_BUFFER;

CHECK_OFFSET(JUMP_BUFFER, MxCsr, 0x58);
CHECK_OFFSET(JUMP_BUFFER, Xmm6, 0x60);
CHECK_SIZE(JUMP_BUFFER, 0x100);

/* What the kernel leaves on the user stack for an interrupted thread. */
typedef struct _MACHINE_FRAME {
    ULONG64 Rip;
    USHORT SegCs;
    USHORT Fill1[3];
    ULONG EFlags;
    ULONG Fill2;
    ULONG64 Rsp;
    USHORT SegSs;
    USHORT Fill3[3];
} MACHINE_FRAME, *PMACHINE_FRAME;

CHECK_SIZE(MACHINE_FRAME, 0x28);

#endif /* _NTCONTEXT_H_ */
