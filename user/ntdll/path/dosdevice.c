/*
 * dosdevice.c - the device names that DOS left behind
 *
 * NUL is the null device in whatever directory it is named, and so is NUL.txt: DOS had no
 * directories when these names were given, and compared the name without its extension. Windows 10
 * does so still (Windows 11 no longer looks at names with a directory or an extension).
 *
 * Sources: learn.microsoft.com/windows/win32/devnotes/rtlisdosdevicename_u; "Naming Files, Paths,
 * and Namespaces", which has the superscript digits 1 to 3 too.
 */

#include "pathp.h"

static const struct {
    PCWSTR Name;
    UCHAR Length;
    BOOLEAN Numbered; /* a digit follows */
} RtlpDosDevices[] = {
    {L"CON", 3, FALSE},    {L"PRN", 3, FALSE},     {L"AUX", 3, FALSE}, {L"NUL", 3, FALSE},
    {L"CONIN$", 6, FALSE}, {L"CONOUT$", 7, FALSE}, {L"COM", 3, TRUE},  {L"LPT", 3, TRUE},
};

/* COM0 and LPT0 are names like any other. */
static BOOLEAN RtlpIsDeviceDigit(_In_ WCHAR Character) {
    return (Character >= L'1' && Character <= L'9') || Character == 0x00B9 || Character == 0x00B2 ||
           Character == 0x00B3;
}

static BOOLEAN RtlpEqualAscii(_In_ PCWSTR Name, _In_ PCWSTR Upper, _In_ SIZE_T Length) {
    for (SIZE_T i = 0; i < Length; i++) {
        WCHAR Character = Name[i];

        if (Character >= L'a' && Character <= L'z') {
            Character -= L'a' - L'A';
        }
        if (Character != Upper[i]) {
            return FALSE;
        }
    }
    return TRUE;
}

static BOOLEAN RtlpIsDeviceName(_In_ PCWSTR Name, _In_ SIZE_T Length) {
    for (ULONG i = 0; i < RTL_NUMBER_OF(RtlpDosDevices); i++) {
        SIZE_T Letters = RtlpDosDevices[i].Length;

        if (Length == Letters + RtlpDosDevices[i].Numbered &&
            RtlpEqualAscii(Name, RtlpDosDevices[i].Name, Letters) &&
            (!RtlpDosDevices[i].Numbered || RtlpIsDeviceDigit(Name[Letters]))) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Offset and length in bytes, as RtlIsDosDeviceName_U returns them. */
static ULONG RtlpDevicePosition(_In_ SIZE_T Start, _In_ SIZE_T Length) {
    return (ULONG)(Start * sizeof(WCHAR)) << 16 | (ULONG)(Length * sizeof(WCHAR));
}

/* The last component, up to the first dot or colon, without the blanks before that. */
static ULONG RtlpDeviceInName(_In_ PCWSTR Name, _In_ SIZE_T Length, _In_ SIZE_T Start) {
    SIZE_T End;

    for (SIZE_T i = Start; i < Length; i++) {
        if (RtlpIsSeparator(Name[i])) {
            Start = i + 1;
        }
    }
    End = Start;
    while (End < Length && Name[End] != L'.' && Name[End] != L':') {
        End++;
    }
    while (End > Start && Name[End - 1] == L' ') {
        End--;
    }
    return RtlpIsDeviceName(Name + Start, End - Start) ? RtlpDevicePosition(Start, End - Start) : 0;
}

ULONG RtlpDosDevice(_In_ PCWSTR Name, _In_ SIZE_T Length, _In_ RTL_PATH_TYPE Type) {
    switch (Type) {
    case RtlPathTypeUnknown:
    case RtlPathTypeUncAbsolute:
    case RtlPathTypeRootLocalDevice:
        return 0;
    case RtlPathTypeLocalDevice:
        /* The console is found behind \\.\ too; all others are ordinary names there. */
        return Length == 7 && RtlpEqualAscii(Name, L"\\\\.\\CON", 7) ? RtlpDevicePosition(4, 3) : 0;
    case RtlPathTypeDriveAbsolute:
    case RtlPathTypeDriveRelative:
        return RtlpDeviceInName(Name, Length, 2);
    default:
        return RtlpDeviceInName(Name, Length, 0);
    }
}

/* RtlIsDosDeviceName_U - see ntrtlpath.h. */
ULONG NTAPI RtlIsDosDeviceName_U(_In_opt_ PCWSTR DosFileName) {
    SIZE_T Length = DosFileName != NULL ? RtlpPathLength(DosFileName) : 0;

    if (Length == 0 || Length > RTLP_MAX_PATH_CHARACTERS) {
        return 0;
    }
    return RtlpDosDevice(DosFileName, Length, RtlpPathType(DosFileName, Length));
}
