/*
 * version.c - the version of the system, and comparing with it
 *
 * Sources: WDK, RtlGetVersion, RtlVerifyVersionInfo; MSDN, VerSetConditionMask, VerifyVersionInfo.
 */
#include "ntrtl.h"
#include "ntrtlver.h"

#define RTL_BUILD_NUMBER 19045
#define RTL_BUILD_FREE   0xF0000000

/* The shared page: programs and the kernel see it at addresses of their own. */
#if defined(NTOS_HOST)
extern const KUSER_SHARED_DATA *const RtlpSharedData;
#elif defined(NTOS_KERNEL)
#define RtlpSharedData ((const KUSER_SHARED_DATA *)KI_USER_SHARED_DATA)
#else
#define RtlpSharedData ((const KUSER_SHARED_DATA *)MM_SHARED_USER_DATA_VA)
#endif

NTSTATUS NTAPI RtlGetVersion(_Inout_ PRTL_OSVERSIONINFOW VersionInformation) {
    ULONG Size = VersionInformation->dwOSVersionInfoSize;

    if (Size != sizeof(RTL_OSVERSIONINFOW) && Size != sizeof(RTL_OSVERSIONINFOEXW)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlZeroMemory((PUCHAR)VersionInformation + sizeof(ULONG), Size - sizeof(ULONG));
    VersionInformation->dwMajorVersion = RtlpSharedData->NtMajorVersion;
    VersionInformation->dwMinorVersion = RtlpSharedData->NtMinorVersion;
    VersionInformation->dwBuildNumber = RTL_BUILD_NUMBER;
    VersionInformation->dwPlatformId = VER_PLATFORM_WIN32_NT;
    if (Size == sizeof(RTL_OSVERSIONINFOEXW)) {
        PRTL_OSVERSIONINFOEXW Ex = (PRTL_OSVERSIONINFOEXW)VersionInformation;
        Ex->wProductType = (UCHAR)RtlpSharedData->NtProductType;
        Ex->wSuiteMask = (USHORT)RtlpSharedData->SuiteMask;
    }
    return STATUS_SUCCESS;
}

VOID NTAPI RtlGetNtVersionNumbers(_Out_opt_ PULONG Major, _Out_opt_ PULONG Minor,
                                  _Out_opt_ PULONG Build) {
    if (Major != NULL) {
        *Major = RtlpSharedData->NtMajorVersion;
    }
    if (Minor != NULL) {
        *Minor = RtlpSharedData->NtMinorVersion;
    }
    if (Build != NULL) {
        *Build = RTL_BUILD_FREE | RTL_BUILD_NUMBER;
    }
}

BOOLEAN NTAPI RtlGetNtProductType(_Out_ NT_PRODUCT_TYPE *NtProductType) {
    *NtProductType = RtlpSharedData->NtProductType;
    return TRUE;
}

ULONG NTAPI RtlGetSuiteMask(VOID) {
    return RtlpSharedData->SuiteMask;
}

/* ---- Conditions ---- */

static ULONG RtlpConditionShift(ULONG Type) {
    return (ULONG)RtlFindLeastSignificantBit(Type) * VER_NUM_BITS_PER_CONDITION_MASK;
}

static UCHAR RtlpCondition(ULONGLONG ConditionMask, ULONG Type) {
    return (UCHAR)(ConditionMask >> RtlpConditionShift(Type) & VER_CONDITION_MASK);
}

ULONGLONG NTAPI VerSetConditionMask(_In_ ULONGLONG ConditionMask, _In_ ULONG TypeMask,
                                    _In_ UCHAR Condition) {
    for (ULONG Type = VER_PRODUCT_TYPE; Type != 0; Type >>= 1) {
        if ((TypeMask & Type) != 0) {
            return ConditionMask | (ULONGLONG)(Condition & VER_CONDITION_MASK)
                                       << RtlpConditionShift(Type);
        }
    }
    return ConditionMask;
}

/* Does the system's value meet a condition on the value that is asked for? */
static NTSTATUS RtlpCompareVersion(ULONG System, ULONG Asked, UCHAR Condition) {
    BOOLEAN Met;

    switch (Condition) {
    case VER_EQUAL:
        Met = System == Asked;
        break;
    case VER_GREATER:
        Met = System > Asked;
        break;
    case VER_GREATER_EQUAL:
        Met = System >= Asked;
        break;
    case VER_LESS:
        Met = System < Asked;
        break;
    case VER_LESS_EQUAL:
        Met = System <= Asked;
        break;
    default:
        Met = FALSE;
        break;
    }
    return Met ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH;
}

static NTSTATUS RtlpCompareSuites(USHORT System, USHORT Asked, UCHAR Condition) {
    BOOLEAN Met;

    switch (Condition) {
    case VER_AND:
        Met = (System & Asked) == Asked;
        break;
    case VER_OR:
        Met = (System & Asked) != 0 || Asked == 0;
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    return Met ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH;
}

/* Does one condition want more and the other less? */
static BOOLEAN RtlpAreOpposed(UCHAR One, UCHAR Other) {
    BOOLEAN OneGreater = One == VER_GREATER || One == VER_GREATER_EQUAL;
    BOOLEAN OneLess = One == VER_LESS || One == VER_LESS_EQUAL;

    return (OneGreater && (Other == VER_LESS || Other == VER_LESS_EQUAL)) ||
           (OneLess && (Other == VER_GREATER || Other == VER_GREATER_EQUAL));
}

/*
 * The digits of the version that are asked for, the highest first, up to one that differs. A digit
 * has its own condition; without one, or with one that is opposed to the digit above, it has that
 * digit's.
 */
static NTSTATUS RtlpVerifyDigits(const RTL_OSVERSIONINFOEXW *System,
                                 const RTL_OSVERSIONINFOEXW *Asked, ULONG TypeMask,
                                 ULONGLONG ConditionMask) {
    const struct {
        ULONG Type;
        ULONG System;
        ULONG Asked;
    } Digits[] = {{VER_MAJORVERSION, System->dwMajorVersion, Asked->dwMajorVersion},
                  {VER_MINORVERSION, System->dwMinorVersion, Asked->dwMinorVersion},
                  {VER_SERVICEPACKMAJOR, System->wServicePackMajor, Asked->wServicePackMajor},
                  {VER_SERVICEPACKMINOR, System->wServicePackMinor, Asked->wServicePackMinor}};
    NTSTATUS Status = STATUS_SUCCESS;
    UCHAR Condition = 0;

    for (ULONG i = 0; i < ARRAYSIZE(Digits); i++) {
        UCHAR Own = RtlpCondition(ConditionMask, Digits[i].Type);
        if ((TypeMask & Digits[i].Type) == 0) {
            continue;
        }
        if (Own != 0 && !RtlpAreOpposed(Condition, Own)) {
            Condition = Own;
        }
        Status = RtlpCompareVersion(Digits[i].System, Digits[i].Asked, Condition);
        if (Condition == 0 || Digits[i].System != Digits[i].Asked) {
            break;
        }
    }
    return Status;
}

static NTSTATUS RtlpVerifyOne(ULONG TypeMask, ULONGLONG ConditionMask, ULONG Type, ULONG System,
                              ULONG Asked) {
    if ((TypeMask & Type) == 0) {
        return STATUS_SUCCESS;
    }
    return RtlpCompareVersion(System, Asked, RtlpCondition(ConditionMask, Type));
}

NTSTATUS NTAPI RtlVerifyVersionInfo(_In_ PRTL_OSVERSIONINFOEXW VersionInfo, _In_ ULONG TypeMask,
                                    _In_ ULONGLONG ConditionMask) {
    RTL_OSVERSIONINFOEXW System = {.dwOSVersionInfoSize = sizeof(System)};
    NTSTATUS Status;

    if (TypeMask == 0 || ConditionMask == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlGetVersion((PRTL_OSVERSIONINFOW)&System);
    Status = RtlpVerifyOne(TypeMask, ConditionMask, VER_PRODUCT_TYPE, System.wProductType,
                           VersionInfo->wProductType);
    if (NT_SUCCESS(Status) && (TypeMask & VER_SUITENAME) != 0) {
        Status = RtlpCompareSuites(System.wSuiteMask, VersionInfo->wSuiteMask,
                                   RtlpCondition(ConditionMask, VER_SUITENAME));
    }
    if (NT_SUCCESS(Status)) {
        Status = RtlpVerifyOne(TypeMask, ConditionMask, VER_PLATFORMID, System.dwPlatformId,
                               VersionInfo->dwPlatformId);
    }
    if (NT_SUCCESS(Status)) {
        Status = RtlpVerifyOne(TypeMask, ConditionMask, VER_BUILDNUMBER, System.dwBuildNumber,
                               VersionInfo->dwBuildNumber);
    }
    if (NT_SUCCESS(Status)) {
        Status = RtlpVerifyDigits(&System, VersionInfo, TypeMask, ConditionMask);
    }
    return Status;
}
