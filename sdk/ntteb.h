/*
 * ntteb.h - the TEB: what a thread of user mode has, found at gs:[0]. Part of ntpebteb.h.
 */
#ifndef _NTTEB_H_
#define _NTTEB_H_

#include "ntdef.h"
#include "ntlayout.h"

struct _PEB;

/* ---- TEB ---- */

typedef struct _NT_TIB {
    struct _EXCEPTION_REGISTRATION_RECORD *ExceptionList;
    PVOID StackBase;  /* highest address, exclusive */
    PVOID StackLimit; /* lowest committed address   */
    PVOID SubSystemTib;
    union {
        PVOID FiberData;
        ULONG Version;
    };
    PVOID ArbitraryUserPointer;
    struct _NT_TIB *Self;
} NT_TIB, *PNT_TIB;

CHECK_OFFSET(NT_TIB, Self, 0x30);
CHECK_SIZE(NT_TIB, 0x38);

typedef struct _ACTIVATION_CONTEXT_STACK {
    struct _RTL_ACTIVATION_CONTEXT_STACK_FRAME *ActiveFrame;
    LIST_ENTRY FrameListCache;
    ULONG Flags;
    ULONG NextCookieSequenceNumber;
    ULONG StackId;
} ACTIVATION_CONTEXT_STACK, *PACTIVATION_CONTEXT_STACK;

CHECK_SIZE(ACTIVATION_CONTEXT_STACK, 0x28);

#define GDI_BATCH_BUFFER_SIZE 310

typedef struct _GDI_TEB_BATCH {
    ULONG Offset : 31;
    ULONG HasRenderingCommand : 1;
    ULONGLONG HDC;
    ULONG Buffer[GDI_BATCH_BUFFER_SIZE];
} GDI_TEB_BATCH, *PGDI_TEB_BATCH;

CHECK_SIZE(GDI_TEB_BATCH, 0x4E8);

typedef struct _PROCESSOR_NUMBER {
    USHORT Group;
    UCHAR Number;
    UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;

#define STATIC_UNICODE_BUFFER_LENGTH 261

typedef struct _TEB {
    NT_TIB NtTib;
    PVOID EnvironmentPointer;
    CLIENT_ID ClientId;
    PVOID ActiveRpcHandle;
    PVOID ThreadLocalStoragePointer;
    struct _PEB *ProcessEnvironmentBlock;
    ULONG LastErrorValue;
    ULONG CountOfOwnedCriticalSections;
    PVOID CsrClientThread;
    PVOID Win32ThreadInfo;
    ULONG User32Reserved[26];
    ULONG UserReserved[5];
    PVOID WOW32Reserved;
    ULONG CurrentLocale;
    ULONG FpSoftwareStatusRegister;
    PVOID ReservedForDebuggerInstrumentation[16];
    PVOID SystemReserved1[30];
    CHAR PlaceholderCompatibilityMode;
    UCHAR PlaceholderHydrationAlwaysExplicit;
    CHAR PlaceholderReserved[10];
    ULONG ProxiedProcessId;
    ACTIVATION_CONTEXT_STACK _ActivationStack;
    UCHAR WorkingOnBehalfTicket[8];
    NTSTATUS ExceptionCode;
    UCHAR Padding0[4];
    PACTIVATION_CONTEXT_STACK ActivationContextStackPointer;
    ULONGLONG InstrumentationCallbackSp;
    ULONGLONG InstrumentationCallbackPreviousPc;
    ULONGLONG InstrumentationCallbackPreviousSp;
    ULONG TxFsContext;
    BOOLEAN InstrumentationCallbackDisabled;
    BOOLEAN UnalignedLoadStoreExceptions;
    UCHAR Padding1[2];
    GDI_TEB_BATCH GdiTebBatch;
    CLIENT_ID RealClientId;
    HANDLE GdiCachedProcessHandle;
    ULONG GdiClientPID;
    ULONG GdiClientTID;
    PVOID GdiThreadLocalInfo;
    ULONGLONG Win32ClientInfo[62];
    PVOID glDispatchTable[233];
    ULONGLONG glReserved1[29];
    PVOID glReserved2;
    PVOID glSectionInfo;
    PVOID glSection;
    PVOID glTable;
    PVOID glCurrentRC;
    PVOID glContext;
    NTSTATUS LastStatusValue;
    UCHAR Padding2[4];
    UNICODE_STRING StaticUnicodeString;
    WCHAR StaticUnicodeBuffer[STATIC_UNICODE_BUFFER_LENGTH];
    UCHAR Padding3[6];
    PVOID DeallocationStack;
    PVOID TlsSlots[TLS_MINIMUM_AVAILABLE];
    LIST_ENTRY TlsLinks;
    PVOID Vdm;
    PVOID ReservedForNtRpc;
    PVOID DbgSsReserved[2];
    ULONG HardErrorMode;
    UCHAR Padding4[4];
    PVOID Instrumentation[11];
    GUID ActivityId;
    PVOID SubProcessTag;
    PVOID PerflibData;
    PVOID EtwTraceData;
    PVOID WinSockData;
    ULONG GdiBatchCount;
    union {
        PROCESSOR_NUMBER CurrentIdealProcessor;
        ULONG IdealProcessorValue;
        struct {
            UCHAR ReservedPad0;
            UCHAR ReservedPad1;
            UCHAR ReservedPad2;
            UCHAR IdealProcessor;
        };
    };
    ULONG GuaranteedStackBytes;
    UCHAR Padding5[4];
    PVOID ReservedForPerf;
    PVOID ReservedForOle;
    ULONG WaitingOnLoaderLock;
    UCHAR Padding6[4];
    PVOID SavedPriorityState;
    ULONGLONG ReservedForCodeCoverage;
    PVOID ThreadPoolData;
    PVOID *TlsExpansionSlots;
    PVOID DeallocationBStore;
    PVOID BStoreLimit;
    ULONG MuiGeneration;
    ULONG IsImpersonating;
    PVOID NlsCache;
    PVOID pShimData;
    ULONG HeapData;
    UCHAR Padding7[4];
    PVOID CurrentTransactionHandle;
    PVOID ActiveFrame;
    PVOID FlsData;
    PVOID PreferredLanguages;
    PVOID UserPrefLanguages;
    PVOID MergedPrefLanguages;
    ULONG MuiImpersonation;
    union {
        volatile USHORT CrossTebFlags;
        USHORT SpareCrossTebBits : 16;
    };
    union {
        USHORT SameTebFlags;
        struct {
            USHORT SafeThunkCall : 1;
            USHORT InDebugPrint : 1;
            USHORT HasFiberData : 1;
            USHORT SkipThreadAttach : 1;
            USHORT WerInShipAssertCode : 1;
            USHORT RanProcessInit : 1;
            USHORT ClonedThread : 1;
            USHORT SuppressDebugMsg : 1;
            USHORT DisableUserStackWalk : 1;
            USHORT RtlExceptionAttached : 1;
            USHORT InitialThread : 1;
            USHORT SessionAware : 1;
            USHORT LoadOwner : 1;
            USHORT LoaderWorker : 1;
            USHORT SkipLoaderInit : 1;
            USHORT SpareSameTebBits : 1;
        };
    };
    PVOID TxnScopeEnterCallback;
    PVOID TxnScopeExitCallback;
    PVOID TxnScopeContext;
    ULONG LockCount;
    LONG WowTebOffset;
    PVOID ResourceRetValue;
    PVOID ReservedForWdf;
    ULONGLONG ReservedForCrt;
    GUID EffectiveContainerId;
} TEB, *PTEB;

CHECK_OFFSET(TEB, EnvironmentPointer, 0x0038);
CHECK_OFFSET(TEB, ClientId, 0x0040);
CHECK_OFFSET(TEB, ActiveRpcHandle, 0x0050);
CHECK_OFFSET(TEB, ThreadLocalStoragePointer, 0x0058);
CHECK_OFFSET(TEB, ProcessEnvironmentBlock, 0x0060);
CHECK_OFFSET(TEB, LastErrorValue, 0x0068);
CHECK_OFFSET(TEB, CountOfOwnedCriticalSections, 0x006C);
CHECK_OFFSET(TEB, Win32ThreadInfo, 0x0078);
CHECK_OFFSET(TEB, WOW32Reserved, 0x0100);
CHECK_OFFSET(TEB, CurrentLocale, 0x0108);
CHECK_OFFSET(TEB, SystemReserved1, 0x0190);
CHECK_OFFSET(TEB, ProxiedProcessId, 0x028C);
CHECK_OFFSET(TEB, _ActivationStack, 0x0290);
CHECK_OFFSET(TEB, ExceptionCode, 0x02C0);
CHECK_OFFSET(TEB, ActivationContextStackPointer, 0x02C8);
CHECK_OFFSET(TEB, InstrumentationCallbackSp, 0x02D0);
CHECK_OFFSET(TEB, InstrumentationCallbackDisabled, 0x02EC);
CHECK_OFFSET(TEB, GdiTebBatch, 0x02F0);
CHECK_OFFSET(TEB, RealClientId, 0x07D8);
CHECK_OFFSET(TEB, GdiClientPID, 0x07F0);
CHECK_OFFSET(TEB, Win32ClientInfo, 0x0800);
CHECK_OFFSET(TEB, glDispatchTable, 0x09F0);
CHECK_OFFSET(TEB, glReserved1, 0x1138);
CHECK_OFFSET(TEB, LastStatusValue, 0x1250);
CHECK_OFFSET(TEB, StaticUnicodeString, 0x1258);
CHECK_OFFSET(TEB, StaticUnicodeBuffer, 0x1268);
CHECK_OFFSET(TEB, DeallocationStack, 0x1478);
CHECK_OFFSET(TEB, TlsSlots, 0x1480);
CHECK_OFFSET(TEB, TlsLinks, 0x1680);
CHECK_OFFSET(TEB, ReservedForNtRpc, 0x1698);
CHECK_OFFSET(TEB, HardErrorMode, 0x16B0);
CHECK_OFFSET(TEB, Instrumentation, 0x16B8);
CHECK_OFFSET(TEB, ActivityId, 0x1710);
CHECK_OFFSET(TEB, SubProcessTag, 0x1720);
CHECK_OFFSET(TEB, WinSockData, 0x1738);
CHECK_OFFSET(TEB, CurrentIdealProcessor, 0x1744);
CHECK_OFFSET(TEB, GuaranteedStackBytes, 0x1748);
CHECK_OFFSET(TEB, ReservedForOle, 0x1758);
CHECK_OFFSET(TEB, WaitingOnLoaderLock, 0x1760);
CHECK_OFFSET(TEB, TlsExpansionSlots, 0x1780);
CHECK_OFFSET(TEB, IsImpersonating, 0x179C);
CHECK_OFFSET(TEB, NlsCache, 0x17A0);
CHECK_OFFSET(TEB, HeapData, 0x17B0);
CHECK_OFFSET(TEB, FlsData, 0x17C8);
CHECK_OFFSET(TEB, CrossTebFlags, 0x17EC);
CHECK_OFFSET(TEB, SameTebFlags, 0x17EE);
CHECK_OFFSET(TEB, LockCount, 0x1808);
CHECK_OFFSET(TEB, WowTebOffset, 0x180C);
CHECK_OFFSET(TEB, ReservedForWdf, 0x1818);
CHECK_OFFSET(TEB, EffectiveContainerId, 0x1828);
CHECK_SIZE(TEB, 0x1838);

/* What the kernel leaves in a new thread's TEB about its stack (NtCreateThread). */
typedef struct _INITIAL_TEB {
    struct {
        PVOID OldStackBase;
        PVOID OldStackLimit;
    } OldInitialTeb;
    PVOID StackBase;
    PVOID StackLimit;
    PVOID StackAllocationBase;
} INITIAL_TEB, *PINITIAL_TEB;

CHECK_SIZE(INITIAL_TEB, 0x28);

#endif /* _NTTEB_H_ */
