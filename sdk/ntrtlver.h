/*
 * ntrtlver.h - the version of the system, and what a 64-bit process is told about 32-bit ones
 *
 * Any IRQL. Sources: WDK, RtlGetVersion, RtlVerifyVersionInfo, VER_SET_CONDITION; MSDN,
 * VerSetConditionMask, IsWow64Process2, Wow64EnableWow64FsRedirection; phnt.
 */
#ifndef VITRINE_NTRTLVER_H
#define VITRINE_NTRTLVER_H

#include "ntdef.h"
#include "ntkuser.h"

typedef struct _OSVERSIONINFOW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
} RTL_OSVERSIONINFOW, *PRTL_OSVERSIONINFOW;

typedef struct _OSVERSIONINFOEXW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
    USHORT wServicePackMajor;
    USHORT wServicePackMinor;
    USHORT wSuiteMask;
    UCHAR wProductType;
    UCHAR wReserved;
} RTL_OSVERSIONINFOEXW, *PRTL_OSVERSIONINFOEXW;
C_ASSERT(sizeof(RTL_OSVERSIONINFOW) == 276);
C_ASSERT(sizeof(RTL_OSVERSIONINFOEXW) == 284);

#define VER_PLATFORM_WIN32_NT 2

/* Which fields RtlVerifyVersionInfo compares. */
#define VER_MINORVERSION     0x0000001
#define VER_MAJORVERSION     0x0000002
#define VER_BUILDNUMBER      0x0000004
#define VER_PLATFORMID       0x0000008
#define VER_SERVICEPACKMINOR 0x0000010
#define VER_SERVICEPACKMAJOR 0x0000020
#define VER_SUITENAME        0x0000040
#define VER_PRODUCT_TYPE     0x0000080

/* How; three bits of the mask for each field. The last two are for the suites alone. */
#define VER_EQUAL         1
#define VER_GREATER       2
#define VER_GREATER_EQUAL 3
#define VER_LESS          4
#define VER_LESS_EQUAL    5
#define VER_AND           6
#define VER_OR            7

#define VER_CONDITION_MASK              7
#define VER_NUM_BITS_PER_CONDITION_MASK 3

/* ---- Versions (rtl/version.c) ---- */

/* Windows 10 22H2. STATUS_INVALID_PARAMETER: the size is that of neither structure. */
NTSTATUS NTAPI RtlGetVersion(_Inout_ PRTL_OSVERSIONINFOW VersionInformation);

/* The same as three numbers; the high bits of the build say that it is a free one. */
VOID NTAPI RtlGetNtVersionNumbers(_Out_opt_ PULONG Major, _Out_opt_ PULONG Minor,
                                  _Out_opt_ PULONG Build);
BOOLEAN NTAPI RtlGetNtProductType(_Out_ NT_PRODUCT_TYPE *NtProductType);
ULONG NTAPI RtlGetSuiteMask(VOID);

/* Adds a condition for the highest field of TypeMask. */
ULONGLONG NTAPI VerSetConditionMask(_In_ ULONGLONG ConditionMask, _In_ ULONG TypeMask,
                                    _In_ UCHAR Condition);

/*
 * Does this system meet what VersionInfo asks for? The version and the service pack count as one
 * number of four digits: the highest that is asked for and differs decides. Each has its own
 * condition, or, without one or with an opposed one, that of the digit above.
 * STATUS_REVISION_MISMATCH: it does not; STATUS_INVALID_PARAMETER: nothing is asked for, or a
 * condition is none.
 */
NTSTATUS NTAPI RtlVerifyVersionInfo(_In_ PRTL_OSVERSIONINFOEXW VersionInfo, _In_ ULONG TypeMask,
                                    _In_ ULONGLONG ConditionMask);

/* ---- ntdll.dll only (user/ntdll/wow64.c) ---- */

BOOLEAN NTAPI RtlIsProcessorFeaturePresent(_In_ ULONG ProcessorFeature);

/* The descriptor of a selector, as GetThreadSelectorEntry gives it. */
typedef struct _THREAD_DESCRIPTOR_INFORMATION {
    ULONG Selector;
    ULONG LimitAndBase; /* the descriptor's two halves, as in the descriptor table */
    ULONG BaseAndFlags;
} THREAD_DESCRIPTOR_INFORMATION, *PTHREAD_DESCRIPTOR_INFORMATION;

/* A 64-bit process has no redirection: STATUS_NOT_IMPLEMENTED. */
NTSTATUS NTAPI RtlWow64EnableFsRedirection(_In_ BOOLEAN Enable);
NTSTATUS NTAPI RtlWow64EnableFsRedirectionEx(_In_ ULONG DisableFsRedirection,
                                             _Out_ PULONG OldValue);

/* A 64-bit thread has no 32-bit context: STATUS_INVALID_PARAMETER. */
NTSTATUS NTAPI RtlWow64GetThreadContext(_In_ HANDLE ThreadHandle, _Inout_ PVOID ThreadContext);
NTSTATUS NTAPI RtlWow64SetThreadContext(_In_ HANDLE ThreadHandle, _In_ PVOID ThreadContext);

/*
 * The flat segments of 32-bit code and data. STATUS_UNSUCCESSFUL: another selector;
 * STATUS_INFO_LENGTH_MISMATCH: Length is not that of the structure.
 */
NTSTATUS NTAPI RtlWow64GetThreadSelectorEntry(
    _In_ HANDLE ThreadHandle, _Inout_ PTHREAD_DESCRIPTOR_INFORMATION DescriptorInformation,
    _In_ ULONG Length, _Out_opt_ PULONG ReturnLength);

/* A process's own machine, 0 for a native one, and the system's. STATUS_INVALID_HANDLE. */
NTSTATUS NTAPI RtlWow64GetProcessMachines(_In_ HANDLE ProcessHandle, _Out_ PUSHORT ProcessMachine,
                                          _Out_opt_ PUSHORT NativeMachine);
USHORT NTAPI RtlWow64GetCurrentMachine(VOID);

/* Whether 32-bit programs of a machine can run: none can. */
NTSTATUS NTAPI RtlWow64IsWowGuestMachineSupported(_In_ USHORT WowGuestMachine,
                                                  _Out_ PBOOLEAN MachineSupported);

#endif
