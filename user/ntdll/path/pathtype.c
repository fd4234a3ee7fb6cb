/*
 * pathtype.c - the types of DOS paths, and the one table of what each type stands for
 */

#include "pathp.h"

const RTLP_PATH_TYPE RtlpPathTypes[RtlPathTypeMaximum] = {
    [RtlPathTypeUnknown] = {0, RtlpRootNone, 0, NULL},
    [RtlPathTypeUncAbsolute] = {2, RtlpRootServer, 2, L"\\??\\UNC\\"},
    [RtlPathTypeDriveAbsolute] = {3, RtlpRootDrive, 0, L"\\??\\"},
    [RtlPathTypeDriveRelative] = {2, RtlpRootDriveDirectory, 0, NULL},
    [RtlPathTypeRooted] = {1, RtlpRootCurrentRoot, 0, NULL},
    [RtlPathTypeRelative] = {0, RtlpRootCurrentDirectory, 0, NULL},
    [RtlPathTypeLocalDevice] = {4, RtlpRootDevice, 4, L"\\??\\"},
    [RtlPathTypeRootLocalDevice] = {3, RtlpRootDevice, 0, NULL},
};

/* The type of a name of Length characters. */
RTL_PATH_TYPE RtlpPathType(_In_ PCWSTR Name, _In_ SIZE_T Length) {
    WCHAR First[4] = {0};

    for (SIZE_T i = 0; i < Length && i < 4; i++) {
        First[i] = Name[i];
    }
    if (RtlpIsSeparator(First[0])) {
        if (!RtlpIsSeparator(First[1])) {
            return RtlPathTypeRooted;
        }
        if (First[2] != L'.' && First[2] != L'?') {
            return RtlPathTypeUncAbsolute;
        }
        if (RtlpIsSeparator(First[3])) {
            return RtlPathTypeLocalDevice;
        }
        return First[3] == UNICODE_NULL ? RtlPathTypeRootLocalDevice : RtlPathTypeUncAbsolute;
    }
    if (First[0] != UNICODE_NULL && First[1] == L':') {
        return RtlpIsSeparator(First[2]) ? RtlPathTypeDriveAbsolute : RtlPathTypeDriveRelative;
    }
    return RtlPathTypeRelative;
}

/* RtlDetermineDosPathNameType_U - see ntrtlpath.h. */
RTL_PATH_TYPE NTAPI RtlDetermineDosPathNameType_U(_In_ PCWSTR DosFileName) {
    SIZE_T Length = 0;

    while (Length < 4 && DosFileName[Length] != UNICODE_NULL) {
        Length++;
    }
    return RtlpPathType(DosFileName, Length);
}

/* Stops at the first length that is too long for any path. */
SIZE_T RtlpPathLength(_In_ PCWSTR Name) {
    SIZE_T Length = 0;

    while (Length <= RTLP_MAX_PATH_CHARACTERS && Name[Length] != UNICODE_NULL) {
        Length++;
    }
    return Length;
}
