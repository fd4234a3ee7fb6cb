/* ntpebteb.h - the structures of a process and of a thread that live in user memory.
 *
 * PEB: one per process, made by the kernel, completed by ntdll. TEB: one per thread, found at
 * gs:[0]. RTL_USER_PROCESS_PARAMETERS: what the creator handed over (command line, environment,
 * standard handles). PEB_LDR_DATA and LDR_DATA_TABLE_ENTRY: the modules, in three orders.
 *
 * Programs and debuggers know these by offset, so all offsets are those of Windows 10 22H2 x64,
 * and so are the names, fields that nothing here uses included.
 *
 * Sources: public symbols, phnt, Windows Internals 7th edition part 1, chapters 3 and 4.
 */
#ifndef _NTPEBTEB_H_
#define _NTPEBTEB_H_

#include "ntdef.h"
#include "ntlayout.h"

struct _PEB;
struct _TEB;
struct _RTL_CRITICAL_SECTION;
struct _ACTIVATION_CONTEXT_DATA;
struct _RTL_ACTIVATION_CONTEXT_STACK_FRAME;

/* ---- Balanced tree nodes: here because loader entries hold two of them ---- */

typedef struct _RTL_BALANCED_NODE {
    union {
        struct _RTL_BALANCED_NODE *Children[2];
        struct {
            struct _RTL_BALANCED_NODE *Left;
            struct _RTL_BALANCED_NODE *Right;
        };
    };
    union {
        UCHAR Red : 1;
        UCHAR Balance : 2;
        ULONG_PTR ParentValue; /* the parent; bits 0 and 1 are colour or balance */
    };
} RTL_BALANCED_NODE, *PRTL_BALANCED_NODE;

CHECK_SIZE(RTL_BALANCED_NODE, 0x18);

#define RTL_BALANCED_NODE_RESERVED_PARENT_MASK 3
#define RTL_BALANCED_NODE_GET_PARENT_POINTER(Node)                                                 \
    ((PRTL_BALANCED_NODE)((Node)->ParentValue & ~RTL_BALANCED_NODE_RESERVED_PARENT_MASK))

typedef struct _RTL_RB_TREE {
    PRTL_BALANCED_NODE Root;
    union {
        UCHAR Encoded : 1;
        PRTL_BALANCED_NODE Min;
    };
} RTL_RB_TREE, *PRTL_RB_TREE;

CHECK_SIZE(RTL_RB_TREE, 0x10);

typedef struct _RTL_AVL_TREE {
    PRTL_BALANCED_NODE Root;
} RTL_AVL_TREE, *PRTL_AVL_TREE;

CHECK_SIZE(RTL_AVL_TREE, 8);

/* ---- Process parameters ---- */

typedef struct _CURDIR {
    UNICODE_STRING DosPath;
    HANDLE Handle;
} CURDIR, *PCURDIR;

typedef struct _RTL_DRIVE_LETTER_CURDIR {
    USHORT Flags;
    USHORT Length;
    ULONG TimeStamp;
    STRING DosPath;
} RTL_DRIVE_LETTER_CURDIR, *PRTL_DRIVE_LETTER_CURDIR;

#define RTL_MAX_DRIVE_LETTERS 32

#define RTL_USER_PROC_PARAMS_NORMALIZED     0x00000001
#define RTL_USER_PROC_PROFILE_USER          0x00000002
#define RTL_USER_PROC_RESERVE_1MB           0x00000020
#define RTL_USER_PROC_DLL_REDIRECTION_LOCAL 0x00001000
#define RTL_USER_PROC_APP_MANIFEST_PRESENT  0x00002000
#define RTL_USER_PROC_IMAGE_KEY_MISSING     0x00004000

typedef struct _RTL_USER_PROCESS_PARAMETERS {
    ULONG MaximumLength;
    ULONG Length;
    ULONG Flags;
    ULONG DebugFlags;
    HANDLE ConsoleHandle;
    ULONG ConsoleFlags;
    HANDLE StandardInput;
    HANDLE StandardOutput;
    HANDLE StandardError;
    CURDIR CurrentDirectory;
    UNICODE_STRING DllPath;
    UNICODE_STRING ImagePathName;
    UNICODE_STRING CommandLine;
    PVOID Environment;
    ULONG StartingX;
    ULONG StartingY;
    ULONG CountX;
    ULONG CountY;
    ULONG CountCharsX;
    ULONG CountCharsY;
    ULONG FillAttribute;
    ULONG WindowFlags;
    ULONG ShowWindowFlags;
    UNICODE_STRING WindowTitle;
    UNICODE_STRING DesktopInfo;
    UNICODE_STRING ShellInfo;
    UNICODE_STRING RuntimeData;
    RTL_DRIVE_LETTER_CURDIR CurrentDirectores[RTL_MAX_DRIVE_LETTERS]; /* so spelt in Windows */
    ULONGLONG EnvironmentSize;
    ULONGLONG EnvironmentVersion;
    PVOID PackageDependencyData;
    ULONG ProcessGroupId;
    ULONG LoaderThreads;
    UNICODE_STRING RedirectionDllName;
    UNICODE_STRING HeapPartitionName;
    PULONGLONG DefaultThreadpoolCpuSetMasks;
    ULONG DefaultThreadpoolCpuSetMaskCount;
    ULONG DefaultThreadpoolThreadMaximum;
} RTL_USER_PROCESS_PARAMETERS, *PRTL_USER_PROCESS_PARAMETERS;

CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, Flags, 0x008);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, ConsoleHandle, 0x010);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, StandardInput, 0x020);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, StandardOutput, 0x028);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, StandardError, 0x030);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, CurrentDirectory, 0x038);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, DllPath, 0x050);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, ImagePathName, 0x060);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, CommandLine, 0x070);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, Environment, 0x080);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, StartingX, 0x088);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, WindowFlags, 0x0A4);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, WindowTitle, 0x0B0);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, DesktopInfo, 0x0C0);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, ShellInfo, 0x0D0);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, RuntimeData, 0x0E0);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, CurrentDirectores, 0x0F0);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, EnvironmentSize, 0x3F0);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, EnvironmentVersion, 0x3F8);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, ProcessGroupId, 0x408);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, RedirectionDllName, 0x410);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, HeapPartitionName, 0x420);
CHECK_OFFSET(RTL_USER_PROCESS_PARAMETERS, DefaultThreadpoolThreadMaximum, 0x43C);
CHECK_SIZE(RTL_USER_PROCESS_PARAMETERS, 0x440);

/* ---- Loader data ---- */

typedef struct _PEB_LDR_DATA {
    ULONG Length;
    BOOLEAN Initialized;
    HANDLE SsHandle;
    LIST_ENTRY InLoadOrderModuleList;
    LIST_ENTRY InMemoryOrderModuleList;
    LIST_ENTRY InInitializationOrderModuleList;
    PVOID EntryInProgress;
    BOOLEAN ShutdownInProgress;
    HANDLE ShutdownThreadId;
} PEB_LDR_DATA, *PPEB_LDR_DATA;

CHECK_OFFSET(PEB_LDR_DATA, Initialized, 0x04);
CHECK_OFFSET(PEB_LDR_DATA, InLoadOrderModuleList, 0x10);
CHECK_OFFSET(PEB_LDR_DATA, InMemoryOrderModuleList, 0x20);
CHECK_OFFSET(PEB_LDR_DATA, InInitializationOrderModuleList, 0x30);
CHECK_OFFSET(PEB_LDR_DATA, EntryInProgress, 0x40);
CHECK_OFFSET(PEB_LDR_DATA, ShutdownInProgress, 0x48);
CHECK_OFFSET(PEB_LDR_DATA, ShutdownThreadId, 0x50);
CHECK_SIZE(PEB_LDR_DATA, 0x58);

typedef enum _LDR_DDAG_STATE {
    LdrModulesMerged = -5,
    LdrModulesInitError = -4,
    LdrModulesSnapError = -3,
    LdrModulesUnloaded = -2,
    LdrModulesUnloading = -1,
    LdrModulesPlaceHolder = 0,
    LdrModulesMapping = 1,
    LdrModulesMapped = 2,
    LdrModulesWaitingForDependencies = 3,
    LdrModulesSnapping = 4,
    LdrModulesSnapped = 5,
    LdrModulesCondensed = 6,
    LdrModulesReadyToInit = 7,
    LdrModulesInitializing = 8,
    LdrModulesReadyToRun = 9
} LDR_DDAG_STATE;

typedef enum _LDR_DLL_LOAD_REASON {
    LoadReasonUnknown = -1,
    LoadReasonStaticDependency = 0,
    LoadReasonStaticForwarderDependency,
    LoadReasonDynamicForwarderDependency,
    LoadReasonDelayloadDependency,
    LoadReasonDynamicLoad,
    LoadReasonAsImageLoad,
    LoadReasonAsDataLoad,
    LoadReasonEnclavePrimary,
    LoadReasonEnclaveDependency,
    LoadReasonPatchImage
} LDR_DLL_LOAD_REASON;

typedef struct _LDR_SERVICE_TAG_RECORD {
    struct _LDR_SERVICE_TAG_RECORD *Next;
    ULONG ServiceTag;
} LDR_SERVICE_TAG_RECORD, *PLDR_SERVICE_TAG_RECORD;

typedef struct _LDRP_CSLIST {
    PSINGLE_LIST_ENTRY Tail;
} LDRP_CSLIST, *PLDRP_CSLIST;

/* A node of the dependency graph; modules that depend on each other share one. */
typedef struct _LDR_DDAG_NODE {
    LIST_ENTRY Modules;
    PLDR_SERVICE_TAG_RECORD ServiceTagList;
    ULONG LoadCount;
    ULONG LoadWhileUnloadingCount;
    ULONG LowestLink;
    LDRP_CSLIST Dependencies;
    LDRP_CSLIST IncomingDependencies;
    LDR_DDAG_STATE State;
    SINGLE_LIST_ENTRY CondenseLink;
    ULONG PreorderNumber;
} LDR_DDAG_NODE, *PLDR_DDAG_NODE;

CHECK_OFFSET(LDR_DDAG_NODE, LoadCount, 0x18);
CHECK_OFFSET(LDR_DDAG_NODE, State, 0x38);
CHECK_SIZE(LDR_DDAG_NODE, 0x50);

#define LDRP_PACKAGED_BINARY       0x00000001
#define LDRP_STATIC_LINK           0x00000002
#define LDRP_IMAGE_DLL             0x00000004
#define LDRP_LOAD_IN_PROGRESS      0x00001000
#define LDRP_ENTRY_PROCESSED       0x00004000
#define LDRP_DONT_CALL_FOR_THREADS 0x00040000
#define LDRP_PROCESS_ATTACH_CALLED 0x00080000
#define LDRP_PROCESS_ATTACH_FAILED 0x00100000
#define LDRP_IMAGE_NOT_AT_BASE     0x10000000

typedef BOOLEAN(NTAPI *PLDR_INIT_ROUTINE)(PVOID DllHandle, ULONG Reason, PVOID Context);

#define DLL_PROCESS_DETACH 0
#define DLL_PROCESS_ATTACH 1
#define DLL_THREAD_ATTACH  2
#define DLL_THREAD_DETACH  3

typedef struct _LDR_DATA_TABLE_ENTRY {
    LIST_ENTRY InLoadOrderLinks;
    LIST_ENTRY InMemoryOrderLinks;
    LIST_ENTRY InInitializationOrderLinks;
    PVOID DllBase;
    PLDR_INIT_ROUTINE EntryPoint;
    ULONG SizeOfImage;
    UNICODE_STRING FullDllName;
    UNICODE_STRING BaseDllName;
    union {
        UCHAR FlagGroup[4];
        ULONG Flags;
        struct {
            ULONG PackagedBinary : 1;
            ULONG MarkedForRemoval : 1;
            ULONG ImageDll : 1;
            ULONG LoadNotificationsSent : 1;
            ULONG TelemetryEntryProcessed : 1;
            ULONG ProcessStaticImport : 1;
            ULONG InLegacyLists : 1;
            ULONG InIndexes : 1;
            ULONG ShimDll : 1;
            ULONG InExceptionTable : 1;
            ULONG ReservedFlags1 : 2;
            ULONG LoadInProgress : 1;
            ULONG LoadConfigProcessed : 1;
            ULONG EntryProcessed : 1;
            ULONG ProtectDelayLoad : 1;
            ULONG ReservedFlags3 : 2;
            ULONG DontCallForThreads : 1;
            ULONG ProcessAttachCalled : 1;
            ULONG ProcessAttachFailed : 1;
            ULONG CorDeferredValidate : 1;
            ULONG CorImage : 1;
            ULONG DontRelocate : 1;
            ULONG CorILOnly : 1;
            ULONG ChpeImage : 1;
            ULONG ReservedFlags5 : 2;
            ULONG Redirected : 1;
            ULONG ReservedFlags6 : 2;
            ULONG CompatDatabaseProcessed : 1;
        };
    };
    USHORT ObsoleteLoadCount;
    USHORT TlsIndex;
    LIST_ENTRY HashLinks;
    ULONG TimeDateStamp;
    PVOID EntryPointActivationContext;
    PVOID Lock;
    PLDR_DDAG_NODE DdagNode;
    LIST_ENTRY NodeModuleLink;
    PVOID LoadContext;
    PVOID ParentDllBase;
    PVOID SwitchBackContext;
    RTL_BALANCED_NODE BaseAddressIndexNode;
    RTL_BALANCED_NODE MappingInfoIndexNode;
    ULONGLONG OriginalBase;
    LARGE_INTEGER LoadTime;
    ULONG BaseNameHashValue;
    LDR_DLL_LOAD_REASON LoadReason;
    ULONG ImplicitPathOptions;
    ULONG ReferenceCount;
    ULONG DependentLoadFlags;
    UCHAR SigningLevel;
    ULONG CheckSum;
    PVOID ActivePatchImageBase;
    ULONG HotPatchState;
} LDR_DATA_TABLE_ENTRY, *PLDR_DATA_TABLE_ENTRY;

CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, InMemoryOrderLinks, 0x010);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, InInitializationOrderLinks, 0x020);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, DllBase, 0x030);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, EntryPoint, 0x038);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, SizeOfImage, 0x040);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, FullDllName, 0x048);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, BaseDllName, 0x058);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, Flags, 0x068);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, ObsoleteLoadCount, 0x06C);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, TlsIndex, 0x06E);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, HashLinks, 0x070);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, TimeDateStamp, 0x080);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, Lock, 0x090);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, DdagNode, 0x098);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, NodeModuleLink, 0x0A0);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, LoadContext, 0x0B0);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, ParentDllBase, 0x0B8);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, BaseAddressIndexNode, 0x0C8);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, MappingInfoIndexNode, 0x0E0);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, OriginalBase, 0x0F8);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, LoadTime, 0x100);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, BaseNameHashValue, 0x108);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, LoadReason, 0x10C);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, ReferenceCount, 0x114);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, CheckSum, 0x120);
CHECK_OFFSET(LDR_DATA_TABLE_ENTRY, HotPatchState, 0x130);
CHECK_SIZE(LDR_DATA_TABLE_ENTRY, 0x138);

/* ---- PEB ---- */

#define GDI_HANDLE_BUFFER_SIZE  60
#define TLS_MINIMUM_AVAILABLE   64
#define TLS_EXPANSION_SLOTS     1024
#define WAIT_ON_ADDRESS_BUCKETS 128

typedef struct _PEB {
    BOOLEAN InheritedAddressSpace;
    BOOLEAN ReadImageFileExecOptions;
    BOOLEAN BeingDebugged;
    union {
        UCHAR BitField;
        struct {
            UCHAR ImageUsesLargePages : 1;
            UCHAR IsProtectedProcess : 1;
            UCHAR IsImageDynamicallyRelocated : 1;
            UCHAR SkipPatchingUser32Forwarders : 1;
            UCHAR IsPackagedProcess : 1;
            UCHAR IsAppContainer : 1;
            UCHAR IsProtectedProcessLight : 1;
            UCHAR IsLongPathAwareProcess : 1;
        };
    };
    UCHAR Padding0[4];
    HANDLE Mutant;
    PVOID ImageBaseAddress;
    PPEB_LDR_DATA Ldr;
    PRTL_USER_PROCESS_PARAMETERS ProcessParameters;
    PVOID SubSystemData;
    PVOID ProcessHeap;
    struct _RTL_CRITICAL_SECTION *FastPebLock;
    PVOID AtlThunkSListPtr;
    PVOID IFEOKey;
    union {
        ULONG CrossProcessFlags;
        struct {
            ULONG ProcessInJob : 1;
            ULONG ProcessInitializing : 1;
            ULONG ProcessUsingVEH : 1;
            ULONG ProcessUsingVCH : 1;
            ULONG ProcessUsingFTH : 1;
            ULONG ProcessPreviouslyThrottled : 1;
            ULONG ProcessCurrentlyThrottled : 1;
            ULONG ProcessImagesHotPatched : 1;
            ULONG ReservedBits0 : 24;
        };
    };
    UCHAR Padding1[4];
    union {
        PVOID KernelCallbackTable;
        PVOID UserSharedInfoPtr;
    };
    ULONG SystemReserved;
    ULONG AtlThunkSListPtr32;
    PVOID ApiSetMap;
    ULONG TlsExpansionCounter;
    UCHAR Padding2[4];
    PVOID TlsBitmap;
    ULONG TlsBitmapBits[2];
    PVOID ReadOnlySharedMemoryBase;
    PVOID SharedData;
    PVOID *ReadOnlyStaticServerData;
    PVOID AnsiCodePageData;
    PVOID OemCodePageData;
    PVOID UnicodeCaseTableData;
    ULONG NumberOfProcessors;
    ULONG NtGlobalFlag;
    LARGE_INTEGER CriticalSectionTimeout;
    ULONGLONG HeapSegmentReserve;
    ULONGLONG HeapSegmentCommit;
    ULONGLONG HeapDeCommitTotalFreeThreshold;
    ULONGLONG HeapDeCommitFreeBlockThreshold;
    ULONG NumberOfHeaps;
    ULONG MaximumNumberOfHeaps;
    PVOID *ProcessHeaps;
    PVOID GdiSharedHandleTable;
    PVOID ProcessStarterHelper;
    ULONG GdiDCAttributeList;
    UCHAR Padding3[4];
    struct _RTL_CRITICAL_SECTION *LoaderLock;
    ULONG OSMajorVersion;
    ULONG OSMinorVersion;
    USHORT OSBuildNumber;
    USHORT OSCSDVersion;
    ULONG OSPlatformId;
    ULONG ImageSubsystem;
    ULONG ImageSubsystemMajorVersion;
    ULONG ImageSubsystemMinorVersion;
    UCHAR Padding4[4];
    ULONGLONG ActiveProcessAffinityMask;
    ULONG GdiHandleBuffer[GDI_HANDLE_BUFFER_SIZE];
    VOID(NTAPI *PostProcessInitRoutine)(VOID);
    PVOID TlsExpansionBitmap;
    ULONG TlsExpansionBitmapBits[TLS_EXPANSION_SLOTS / 32];
    ULONG SessionId;
    UCHAR Padding5[4];
    ULARGE_INTEGER AppCompatFlags;
    ULARGE_INTEGER AppCompatFlagsUser;
    PVOID pShimData;
    PVOID AppCompatInfo;
    UNICODE_STRING CSDVersion;
    const struct _ACTIVATION_CONTEXT_DATA *ActivationContextData;
    PVOID ProcessAssemblyStorageMap;
    const struct _ACTIVATION_CONTEXT_DATA *SystemDefaultActivationContextData;
    PVOID SystemAssemblyStorageMap;
    ULONGLONG MinimumStackCommit;
    PVOID SparePointers[4];
    ULONG SpareUlongs[5];
    PVOID WerRegistrationData;
    PVOID WerShipAssertPtr;
    PVOID pUnused;
    PVOID pImageHeaderHash;
    union {
        ULONG TracingFlags;
        struct {
            ULONG HeapTracingEnabled : 1;
            ULONG CritSecTracingEnabled : 1;
            ULONG LibLoaderTracingEnabled : 1;
            ULONG SpareTracingBits : 29;
        };
    };
    UCHAR Padding6[4];
    ULONGLONG CsrServerReadOnlySharedMemoryBase;
    ULONGLONG TppWorkerpListLock;
    LIST_ENTRY TppWorkerpList;
    PVOID WaitOnAddressHashTable[WAIT_ON_ADDRESS_BUCKETS];
    PVOID TelemetryCoverageHeader;
    ULONG CloudFileFlags;
    ULONG CloudFileDiagFlags;
    CHAR PlaceholderCompatibilityMode;
    CHAR PlaceholderCompatibilityModeReserved[7];
    PVOID LeapSecondData;
    union {
        ULONG LeapSecondFlags;
        struct {
            ULONG SixtySecondEnabled : 1;
            ULONG Reserved : 31;
        };
    };
    ULONG NtGlobalFlag2;
} PEB, *PPEB;

CHECK_OFFSET(PEB, BeingDebugged, 0x002);
CHECK_OFFSET(PEB, Mutant, 0x008);
CHECK_OFFSET(PEB, ImageBaseAddress, 0x010);
CHECK_OFFSET(PEB, Ldr, 0x018);
CHECK_OFFSET(PEB, ProcessParameters, 0x020);
CHECK_OFFSET(PEB, ProcessHeap, 0x030);
CHECK_OFFSET(PEB, FastPebLock, 0x038);
CHECK_OFFSET(PEB, CrossProcessFlags, 0x050);
CHECK_OFFSET(PEB, KernelCallbackTable, 0x058);
CHECK_OFFSET(PEB, ApiSetMap, 0x068);
CHECK_OFFSET(PEB, TlsExpansionCounter, 0x070);
CHECK_OFFSET(PEB, TlsBitmap, 0x078);
CHECK_OFFSET(PEB, TlsBitmapBits, 0x080);
CHECK_OFFSET(PEB, ReadOnlySharedMemoryBase, 0x088);
CHECK_OFFSET(PEB, AnsiCodePageData, 0x0A0);
CHECK_OFFSET(PEB, NumberOfProcessors, 0x0B8);
CHECK_OFFSET(PEB, NtGlobalFlag, 0x0BC);
CHECK_OFFSET(PEB, CriticalSectionTimeout, 0x0C0);
CHECK_OFFSET(PEB, HeapSegmentReserve, 0x0C8);
CHECK_OFFSET(PEB, NumberOfHeaps, 0x0E8);
CHECK_OFFSET(PEB, ProcessHeaps, 0x0F0);
CHECK_OFFSET(PEB, LoaderLock, 0x110);
CHECK_OFFSET(PEB, OSMajorVersion, 0x118);
CHECK_OFFSET(PEB, OSMinorVersion, 0x11C);
CHECK_OFFSET(PEB, OSBuildNumber, 0x120);
CHECK_OFFSET(PEB, OSPlatformId, 0x124);
CHECK_OFFSET(PEB, ImageSubsystem, 0x128);
CHECK_OFFSET(PEB, ActiveProcessAffinityMask, 0x138);
CHECK_OFFSET(PEB, PostProcessInitRoutine, 0x230);
CHECK_OFFSET(PEB, TlsExpansionBitmap, 0x238);
CHECK_OFFSET(PEB, TlsExpansionBitmapBits, 0x240);
CHECK_OFFSET(PEB, SessionId, 0x2C0);
CHECK_OFFSET(PEB, AppCompatFlags, 0x2C8);
CHECK_OFFSET(PEB, pShimData, 0x2D8);
CHECK_OFFSET(PEB, CSDVersion, 0x2E8);
CHECK_OFFSET(PEB, ActivationContextData, 0x2F8);
CHECK_OFFSET(PEB, MinimumStackCommit, 0x318);
CHECK_OFFSET(PEB, WerRegistrationData, 0x358);
CHECK_OFFSET(PEB, TracingFlags, 0x378);
CHECK_OFFSET(PEB, TppWorkerpList, 0x390);
CHECK_OFFSET(PEB, WaitOnAddressHashTable, 0x3A0);
CHECK_OFFSET(PEB, TelemetryCoverageHeader, 0x7A0);
CHECK_OFFSET(PEB, LeapSecondData, 0x7B8);
CHECK_OFFSET(PEB, NtGlobalFlag2, 0x7C4);
CHECK_SIZE(PEB, 0x7C8);

#include "ntteb.h"

#if defined(NTOS_USER)
FORCEINLINE PTEB NtCurrentTeb(VOID) {
    PTEB Teb;
    __asm__("movq %%gs:0x30, %0" : "=r"(Teb));
    return Teb;
}

FORCEINLINE PPEB NtCurrentPeb(VOID) {
    PPEB Peb;
    __asm__("movq %%gs:0x60, %0" : "=r"(Peb));
    return Peb;
}
#endif

#endif /* _NTPEBTEB_H_ */
