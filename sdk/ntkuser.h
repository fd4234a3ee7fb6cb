/* ntkuser.h - KUSER_SHARED_DATA, the page that the kernel shares with every process.
 *
 * User mode reads the time, the tick count, the version and the way of the system call here without
 * entering the kernel. It is mapped read-only at 7FFE0000 in each process, writable at
 * FFFFF780'00000000 in the kernel. Layout of Windows 10 22H2.
 *
 * Source: WDK ntddk.h documentation of KUSER_SHARED_DATA.
 */
#ifndef _NTKUSER_H_
#define _NTKUSER_H_

#include "ntdef.h"
#include "ntlayout.h"

#define MM_SHARED_USER_DATA_VA 0x7FFE0000ULL
#define KI_USER_SHARED_DATA    0xFFFFF78000000000ULL

/* A 64-bit time that is read without a lock: the writer stores High2Time, LowPart, High1Time; a
 * reader that sees High1Time == High2Time has a whole value. */
typedef struct _KSYSTEM_TIME {
    ULONG LowPart;
    LONG High1Time;
    LONG High2Time;
} KSYSTEM_TIME, *PKSYSTEM_TIME;

CHECK_SIZE(KSYSTEM_TIME, 12);

typedef enum _NT_PRODUCT_TYPE {
    NtProductWinNt = 1,
    NtProductLanManNt,
    NtProductServer
} NT_PRODUCT_TYPE;

typedef enum _ALTERNATIVE_ARCHITECTURE_TYPE {
    StandardDesign,
    NEC98x86,
    EndAlternatives
} ALTERNATIVE_ARCHITECTURE_TYPE;

#define PROCESSOR_FEATURE_MAX               64
#define PF_FLOATING_POINT_PRECISION_ERRATA  0
#define PF_FLOATING_POINT_EMULATED          1
#define PF_COMPARE_EXCHANGE_DOUBLE          2
#define PF_MMX_INSTRUCTIONS_AVAILABLE       3
#define PF_XMMI_INSTRUCTIONS_AVAILABLE      6
#define PF_3DNOW_INSTRUCTIONS_AVAILABLE     7
#define PF_RDTSC_INSTRUCTION_AVAILABLE      8
#define PF_PAE_ENABLED                      9
#define PF_XMMI64_INSTRUCTIONS_AVAILABLE    10
#define PF_NX_ENABLED                       12
#define PF_SSE3_INSTRUCTIONS_AVAILABLE      13
#define PF_COMPARE_EXCHANGE128              14
#define PF_XSAVE_ENABLED                    17
#define PF_SECOND_LEVEL_ADDRESS_TRANSLATION 20
#define PF_VIRT_FIRMWARE_ENABLED            21
#define PF_RDWRFSGSBASE_AVAILABLE           22
#define PF_FASTFAIL_AVAILABLE               23
#define PF_RDRAND_INSTRUCTION_AVAILABLE     28
#define PF_RDTSCP_INSTRUCTION_AVAILABLE     32
#define PF_SSSE3_INSTRUCTIONS_AVAILABLE     36
#define PF_SSE4_1_INSTRUCTIONS_AVAILABLE    37
#define PF_SSE4_2_INSTRUCTIONS_AVAILABLE    38
#define PF_AVX_INSTRUCTIONS_AVAILABLE       39
#define PF_AVX2_INSTRUCTIONS_AVAILABLE      40
#define PF_AVX512F_INSTRUCTIONS_AVAILABLE   41
#define PF_ERMS_AVAILABLE                   42

#define PROCESSOR_ARCHITECTURE_INTEL 0
#define PROCESSOR_ARCHITECTURE_ARM   5
#define PROCESSOR_ARCHITECTURE_AMD64 9
#define PROCESSOR_ARCHITECTURE_ARM64 12

/* SystemCall: how a stub enters the kernel. */
#define SYSTEM_CALL_SYSCALL 0
#define SYSTEM_CALL_INT_2E  1

#define MAXIMUM_XSTATE_FEATURES 64

typedef struct _XSTATE_FEATURE {
    ULONG Offset;
    ULONG Size;
} XSTATE_FEATURE, *PXSTATE_FEATURE;

typedef struct _XSTATE_CONFIGURATION {
    ULONG64 EnabledFeatures;
    ULONG64 EnabledVolatileFeatures;
    ULONG Size;
    union {
        ULONG ControlFlags;
        struct {
            ULONG OptimizedSave : 1;
            ULONG CompactionEnabled : 1;
            ULONG ExtendedFeatureDisable : 1;
        };
    };
    XSTATE_FEATURE Features[MAXIMUM_XSTATE_FEATURES];
    ULONG64 EnabledSupervisorFeatures;
    ULONG64 AlignedFeatures;
    ULONG AllFeatureSize;
    ULONG AllFeatures[MAXIMUM_XSTATE_FEATURES];
    ULONG64 EnabledUserVisibleSupervisorFeatures;
} XSTATE_CONFIGURATION, *PXSTATE_CONFIGURATION;

CHECK_OFFSET(XSTATE_CONFIGURATION, Features, 0x18);
CHECK_OFFSET(XSTATE_CONFIGURATION, EnabledSupervisorFeatures, 0x218);
CHECK_SIZE(XSTATE_CONFIGURATION, 0x338);

typedef struct _KUSER_SHARED_DATA {
    ULONG TickCountLowDeprecated;
    ULONG TickCountMultiplier; /* milliseconds per tick, times 2^24 */
    volatile KSYSTEM_TIME InterruptTime;
    volatile KSYSTEM_TIME SystemTime;
    volatile KSYSTEM_TIME TimeZoneBias;
    USHORT ImageNumberLow;
    USHORT ImageNumberHigh;
    WCHAR NtSystemRoot[260];
    ULONG MaxStackTraceDepth;
    ULONG CryptoExponent;
    ULONG TimeZoneId;
    ULONG LargePageMinimum;
    ULONG AitSamplingValue;
    ULONG AppCompatFlag;
    ULONGLONG RNGSeedVersion;
    ULONG GlobalValidationRunlevel;
    volatile LONG TimeZoneBiasStamp;
    ULONG NtBuildNumber;
    NT_PRODUCT_TYPE NtProductType;
    BOOLEAN ProductTypeIsValid;
    BOOLEAN Reserved0[1];
    USHORT NativeProcessorArchitecture;
    ULONG NtMajorVersion;
    ULONG NtMinorVersion;
    BOOLEAN ProcessorFeatures[PROCESSOR_FEATURE_MAX];
    ULONG Reserved1;
    ULONG Reserved3;
    volatile ULONG TimeSlip;
    ALTERNATIVE_ARCHITECTURE_TYPE AlternativeArchitecture;
    ULONG BootId;
    LARGE_INTEGER SystemExpirationDate;
    ULONG SuiteMask;
    BOOLEAN KdDebuggerEnabled;
    union {
        UCHAR MitigationPolicies;
        struct {
            UCHAR NXSupportPolicy : 2;
            UCHAR SEHValidationPolicy : 2;
            UCHAR CurDirDevicesSkippedForDlls : 2;
            UCHAR Reserved : 2;
        };
    };
    USHORT CyclesPerYield;
    volatile ULONG ActiveConsoleId;
    volatile ULONG DismountCount;
    ULONG ComPlusPackage;
    ULONG LastSystemRITEventTickCount;
    ULONG NumberOfPhysicalPages;
    BOOLEAN SafeBootMode;
    UCHAR VirtualizationFlags;
    UCHAR Reserved12[2];
    union {
        ULONG SharedDataFlags;
        struct {
            ULONG DbgErrorPortPresent : 1;
            ULONG DbgElevationEnabled : 1;
            ULONG DbgVirtEnabled : 1;
            ULONG DbgInstallerDetectEnabled : 1;
            ULONG DbgLkgEnabled : 1;
            ULONG DbgDynProcessorEnabled : 1;
            ULONG DbgConsoleBrokerEnabled : 1;
            ULONG DbgSecureBootEnabled : 1;
            ULONG DbgMultiSessionSku : 1;
            ULONG DbgMultiUsersInSessionSku : 1;
            ULONG DbgStateSeparationEnabled : 1;
            ULONG SpareBits : 21;
        };
    };
    ULONG DataFlagsPad[1];
    ULONGLONG TestRetInstruction;
    LONGLONG QpcFrequency;
    ULONG SystemCall; /* the byte that each stub tests */
    ULONG Reserved2;
    ULONGLONG SystemCallPad[2];
    union {
        volatile KSYSTEM_TIME TickCount;
        volatile ULONG64 TickCountQuad;
        ULONG ReservedTickCountOverlay[3];
    };
    ULONG Cookie;
    ULONG CookiePad[1];
    LONGLONG ConsoleSessionForegroundProcessId;
    ULONGLONG TimeUpdateLock;
    ULONGLONG BaselineSystemTimeQpc;
    ULONGLONG BaselineInterruptTimeQpc;
    ULONGLONG QpcSystemTimeIncrement;
    ULONGLONG QpcInterruptTimeIncrement;
    UCHAR QpcSystemTimeIncrementShift;
    UCHAR QpcInterruptTimeIncrementShift;
    USHORT UnparkedProcessorCount;
    ULONG EnclaveFeatureMask[4];
    ULONG TelemetryCoverageRound;
    USHORT UserModeGlobalLogger[16];
    ULONG ImageFileExecutionOptions;
    ULONG LangGenerationCount;
    ULONGLONG Reserved4;
    volatile ULONGLONG InterruptTimeBias;
    volatile ULONGLONG QpcBias;
    ULONG ActiveProcessorCount;
    volatile UCHAR ActiveGroupCount;
    UCHAR Reserved9;
    union {
        USHORT QpcData;
        struct {
            volatile UCHAR QpcBypassEnabled; /* bit 0: rdtsc may be used without a call */
            UCHAR QpcShift;
        };
    };
    LARGE_INTEGER TimeZoneBiasEffectiveStart;
    LARGE_INTEGER TimeZoneBiasEffectiveEnd;
    XSTATE_CONFIGURATION XState;
    KSYSTEM_TIME FeatureConfigurationChangeStamp;
    ULONG Spare;
} KUSER_SHARED_DATA, *PKUSER_SHARED_DATA;

CHECK_OFFSET(KUSER_SHARED_DATA, TickCountMultiplier, 0x004);
CHECK_OFFSET(KUSER_SHARED_DATA, InterruptTime, 0x008);
CHECK_OFFSET(KUSER_SHARED_DATA, SystemTime, 0x014);
CHECK_OFFSET(KUSER_SHARED_DATA, TimeZoneBias, 0x020);
CHECK_OFFSET(KUSER_SHARED_DATA, NtSystemRoot, 0x030);
CHECK_OFFSET(KUSER_SHARED_DATA, TimeZoneId, 0x240);
CHECK_OFFSET(KUSER_SHARED_DATA, LargePageMinimum, 0x244);
CHECK_OFFSET(KUSER_SHARED_DATA, RNGSeedVersion, 0x250);
CHECK_OFFSET(KUSER_SHARED_DATA, TimeZoneBiasStamp, 0x25C);
CHECK_OFFSET(KUSER_SHARED_DATA, NtBuildNumber, 0x260);
CHECK_OFFSET(KUSER_SHARED_DATA, NtProductType, 0x264);
CHECK_OFFSET(KUSER_SHARED_DATA, ProductTypeIsValid, 0x268);
CHECK_OFFSET(KUSER_SHARED_DATA, NativeProcessorArchitecture, 0x26A);
CHECK_OFFSET(KUSER_SHARED_DATA, NtMajorVersion, 0x26C);
CHECK_OFFSET(KUSER_SHARED_DATA, NtMinorVersion, 0x270);
CHECK_OFFSET(KUSER_SHARED_DATA, ProcessorFeatures, 0x274);
CHECK_OFFSET(KUSER_SHARED_DATA, TimeSlip, 0x2BC);
CHECK_OFFSET(KUSER_SHARED_DATA, BootId, 0x2C4);
CHECK_OFFSET(KUSER_SHARED_DATA, SystemExpirationDate, 0x2C8);
CHECK_OFFSET(KUSER_SHARED_DATA, SuiteMask, 0x2D0);
CHECK_OFFSET(KUSER_SHARED_DATA, KdDebuggerEnabled, 0x2D4);
CHECK_OFFSET(KUSER_SHARED_DATA, CyclesPerYield, 0x2D6);
CHECK_OFFSET(KUSER_SHARED_DATA, ActiveConsoleId, 0x2D8);
CHECK_OFFSET(KUSER_SHARED_DATA, NumberOfPhysicalPages, 0x2E8);
CHECK_OFFSET(KUSER_SHARED_DATA, SharedDataFlags, 0x2F0);
CHECK_OFFSET(KUSER_SHARED_DATA, TestRetInstruction, 0x2F8);
CHECK_OFFSET(KUSER_SHARED_DATA, QpcFrequency, 0x300);
CHECK_OFFSET(KUSER_SHARED_DATA, SystemCall, 0x308);
CHECK_OFFSET(KUSER_SHARED_DATA, TickCount, 0x320);
CHECK_OFFSET(KUSER_SHARED_DATA, Cookie, 0x330);
CHECK_OFFSET(KUSER_SHARED_DATA, ConsoleSessionForegroundProcessId, 0x338);
CHECK_OFFSET(KUSER_SHARED_DATA, TimeUpdateLock, 0x340);
CHECK_OFFSET(KUSER_SHARED_DATA, QpcSystemTimeIncrementShift, 0x368);
CHECK_OFFSET(KUSER_SHARED_DATA, UnparkedProcessorCount, 0x36A);
CHECK_OFFSET(KUSER_SHARED_DATA, EnclaveFeatureMask, 0x36C);
CHECK_OFFSET(KUSER_SHARED_DATA, UserModeGlobalLogger, 0x380);
CHECK_OFFSET(KUSER_SHARED_DATA, ImageFileExecutionOptions, 0x3A0);
CHECK_OFFSET(KUSER_SHARED_DATA, InterruptTimeBias, 0x3B0);
CHECK_OFFSET(KUSER_SHARED_DATA, QpcBias, 0x3B8);
CHECK_OFFSET(KUSER_SHARED_DATA, ActiveProcessorCount, 0x3C0);
CHECK_OFFSET(KUSER_SHARED_DATA, ActiveGroupCount, 0x3C4);
CHECK_OFFSET(KUSER_SHARED_DATA, QpcData, 0x3C6);
CHECK_OFFSET(KUSER_SHARED_DATA, TimeZoneBiasEffectiveStart, 0x3C8);
CHECK_OFFSET(KUSER_SHARED_DATA, XState, 0x3D8);
CHECK_OFFSET(KUSER_SHARED_DATA, FeatureConfigurationChangeStamp, 0x710);
CHECK_SIZE(KUSER_SHARED_DATA, 0x720);

#if defined(NTOS_USER)
#define SharedUserData   ((const KUSER_SHARED_DATA *)MM_SHARED_USER_DATA_VA)
#define USER_SHARED_DATA SharedUserData
#endif

#endif /* _NTKUSER_H_ */
