/*
 * ntpath.c - DOS paths to NT paths
 */

#include "pathp.h"

/* MAX_PATH, and the longest prefix with its terminating zero, as Windows counts them. */
#define RTLP_LONGEST_NT_PATH (260 + 8 + 9)

/* RtlGetLongestNtPathLength - see ntrtlpath.h. */
ULONG NTAPI RtlGetLongestNtPathLength(VOID) {
    return RTLP_LONGEST_NT_PATH;
}

/* Prefix and Rest in a new block. */
static NTSTATUS RtlpJoin(_In_ PCWSTR Prefix, _In_ PCWSTR Rest, _In_ SIZE_T Length,
                         _Out_ PUNICODE_STRING NtName) {
    SIZE_T PrefixLength = RtlpPathLength(Prefix);
    SIZE_T Size = (PrefixLength + Length + 1) * sizeof(WCHAR);
    PWSTR Buffer;

    if (PrefixLength + Length > RTLP_MAX_PATH_CHARACTERS) {
        return STATUS_NAME_TOO_LONG;
    }
    Buffer = RtlAllocateHeap(LdrpHeap(), 0, Size);
    if (Buffer == NULL) {
        return STATUS_NO_MEMORY;
    }
    RtlCopyMemory(Buffer, Prefix, PrefixLength * sizeof(WCHAR));
    RtlCopyMemory(Buffer + PrefixLength, Rest, Length * sizeof(WCHAR));
    Buffer[PrefixLength + Length] = UNICODE_NULL;
    NtName->Buffer = Buffer;
    NtName->Length = (USHORT)(Size - sizeof(WCHAR));
    NtName->MaximumLength = (USHORT)Size;
    return STATUS_SUCCESS;
}

/* \\?\ and \??\ with something behind them, in just these characters, switch all rules off. */
static BOOLEAN RtlpIsVerbatim(_In_ PCWSTR Name, _In_ SIZE_T Length) {
    return Length > 4 && Name[0] == L'\\' && (Name[1] == L'\\' || Name[1] == L'?') &&
           Name[2] == L'?' && Name[3] == L'\\';
}

static NTSTATUS RtlpVerbatimToNt(_In_ PCWSTR Name, _In_ SIZE_T Length, _Out_ PUNICODE_STRING NtName,
                                 _Out_ PSIZE_T Part) {
    *Part = Length;
    while (Name[*Part - 1] != L'\\') {
        --*Part;
    }
    return RtlpJoin(L"\\??\\", Name + 4, Length - 4, NtName);
}

/* A device is in every directory, but not in one that is missing. */
static NTSTATUS RtlpDeviceToNt(_In_ PCWSTR Name, _In_ ULONG Device, _Out_ PUNICODE_STRING NtName,
                               _Out_ PSIZE_T Part) {
    SIZE_T Start = (Device >> 16) / sizeof(WCHAR);
    SIZE_T Letters = (Device & 0xFFFF) / sizeof(WCHAR);

    *Part = 4 + Letters;
    if (Start != 0 && !RtlpPathExists(Name, Start)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    return RtlpJoin(L"\\??\\", Name + Start, Letters, NtName);
}

static NTSTATUS RtlpFullToNt(_In_ const RTLP_PATH *Path, _Out_ PUNICODE_STRING NtName,
                             _Out_ PSIZE_T Part) {
    const RTLP_PATH_TYPE *Type = &RtlpPathTypes[Path->Type];

    *Part = Path->Part - Type->Replaced + RtlpPathLength(Type->NtPrefix);
    return RtlpJoin(Type->NtPrefix, Path->Buffer + Type->Replaced, Path->Length - Type->Replaced,
                    NtName);
}

static NTSTATUS RtlpPathToNt(_In_ PCWSTR Name, _In_ SIZE_T Length, _Out_ PUNICODE_STRING NtName,
                             _Out_ PSIZE_T Part, _Out_opt_ PRTL_RELATIVE_NAME_U RelativeName) {
    RTLP_PATH Path;
    NTSTATUS Status = RtlpMakeFullPath(Name, Length, &Path);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = RtlpFullToNt(&Path, NtName, Part);
    if (NT_SUCCESS(Status) && RelativeName != NULL) {
        RtlpMakeRelative(NtName, &Path, RelativeName);
    }
    RtlpFreePath(&Path);
    return Status;
}

/* Relative: a relative path is to be told apart in RelativeName. */
static NTSTATUS RtlpDosToNt(_In_opt_ PCWSTR Name, _Out_ PUNICODE_STRING NtName,
                            _Out_opt_ PWSTR *FilePart, _In_ BOOLEAN Relative,
                            _Out_opt_ PRTL_RELATIVE_NAME_U RelativeName) {
    SIZE_T Length = Name != NULL ? RtlpPathLength(Name) : 0;
    RTL_PATH_TYPE Type;
    ULONG Device = 0;
    SIZE_T Part;
    NTSTATUS Status;

    if (RelativeName != NULL) {
        RtlZeroMemory(RelativeName, sizeof(*RelativeName));
    }
    if (Length > RTLP_MAX_PATH_CHARACTERS) {
        return STATUS_NAME_TOO_LONG;
    }
    if (RtlpIsBlank(Name, Length)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    Type = RtlpPathType(Name, Length);
    if (Type != RtlPathTypeLocalDevice) {
        Device = RtlpDosDevice(Name, Length, Type);
    }
    if (RtlpIsVerbatim(Name, Length)) {
        Status = RtlpVerbatimToNt(Name, Length, NtName, &Part);
    } else if (Device != 0) {
        Status = RtlpDeviceToNt(Name, Device, NtName, &Part);
    } else {
        Relative = Relative && Type == RtlPathTypeRelative;
        Status = RtlpPathToNt(Name, Length, NtName, &Part, Relative ? RelativeName : NULL);
    }
    if (NT_SUCCESS(Status) && FilePart != NULL) {
        *FilePart = Part < NtName->Length / sizeof(WCHAR) ? NtName->Buffer + Part : NULL;
    }
    return Status;
}

/* ---- What programs call; see ntrtlpath.h ---- */

NTSTATUS NTAPI RtlDosPathNameToNtPathName_U_WithStatus(
    _In_opt_ PCWSTR DosFileName, _Out_ PUNICODE_STRING NtFileName, _Out_opt_ PWSTR *FilePart,
    _Out_opt_ PRTL_RELATIVE_NAME_U RelativeName) {
    return RtlpDosToNt(DosFileName, NtFileName, FilePart, FALSE, RelativeName);
}

BOOLEAN NTAPI RtlDosPathNameToNtPathName_U(_In_opt_ PCWSTR DosFileName,
                                           _Out_ PUNICODE_STRING NtFileName,
                                           _Out_opt_ PWSTR *FilePart,
                                           _Out_opt_ PRTL_RELATIVE_NAME_U RelativeName) {
    return NT_SUCCESS(RtlpDosToNt(DosFileName, NtFileName, FilePart, FALSE, RelativeName));
}

NTSTATUS NTAPI RtlDosPathNameToRelativeNtPathName_U_WithStatus(
    _In_opt_ PCWSTR DosFileName, _Out_ PUNICODE_STRING NtFileName, _Out_opt_ PWSTR *FilePart,
    _Out_ PRTL_RELATIVE_NAME_U RelativeName) {
    return RtlpDosToNt(DosFileName, NtFileName, FilePart, TRUE, RelativeName);
}

BOOLEAN NTAPI RtlDosPathNameToRelativeNtPathName_U(_In_opt_ PCWSTR DosFileName,
                                                   _Out_ PUNICODE_STRING NtFileName,
                                                   _Out_opt_ PWSTR *FilePart,
                                                   _Out_ PRTL_RELATIVE_NAME_U RelativeName) {
    return NT_SUCCESS(RtlpDosToNt(DosFileName, NtFileName, FilePart, TRUE, RelativeName));
}

/* ---- Does it exist? ---- */

/* A file that may not be looked at, or is open without sharing, is there nevertheless. */
static BOOLEAN RtlpNtPathExists(_In_ PUNICODE_STRING NtName) {
    OBJECT_ATTRIBUTES Attributes;
    FILE_BASIC_INFORMATION Information;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, NtName, OBJ_CASE_INSENSITIVE, NULL, NULL);
    Status = NtQueryAttributesFile(&Attributes, &Information);
    return NT_SUCCESS(Status) || Status == STATUS_SHARING_VIOLATION ||
           Status == STATUS_ACCESS_DENIED;
}

/* For a name that is no DOS device: it ends with a separator, or is a drive. */
BOOLEAN RtlpPathExists(_In_ PCWSTR Name, _In_ SIZE_T Length) {
    UNICODE_STRING NtName;
    SIZE_T Part;
    BOOLEAN Exists;

    if (!NT_SUCCESS(RtlpPathToNt(Name, Length, &NtName, &Part, NULL))) {
        return FALSE;
    }
    Exists = RtlpNtPathExists(&NtName);
    RtlFreeUnicodeString(&NtName);
    return Exists;
}

/* RtlDoesFileExists_U - see ntrtlpath.h. */
BOOLEAN NTAPI RtlDoesFileExists_U(_In_ PCWSTR FileName) {
    UNICODE_STRING NtName;
    BOOLEAN Exists;

    if (!NT_SUCCESS(RtlpDosToNt(FileName, &NtName, NULL, FALSE, NULL))) {
        return FALSE;
    }
    Exists = RtlpNtPathExists(&NtName);
    RtlFreeUnicodeString(&NtName);
    return Exists;
}
