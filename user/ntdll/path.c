/*
 * path.c - DOS paths, as programs write them, and NT paths, as the object manager wants them
 *
 * NT knows one name space and no current directory: \??\C:\dir\file. All else is made here, in user
 * mode: drive letters, the current directory, "." and "..", slashes either way, names that end in
 * dots or spaces, and the device names that DOS left behind. "\\?\" in front switches all of that
 * off.
 *
 * Simplified: one current directory for all drives (Windows keeps one for each in variables named
 * "=C:"), and paths that begin with two backslashes are taken as they are.
 */

#include "ntdllp.h"

static BOOLEAN RtlpIsSeparator(_In_ WCHAR Character) {
    return Character == L'\\' || Character == L'/';
}

/* RtlDetermineDosPathNameType_U - what kind of path this is, by its first characters. */
RTL_PATH_TYPE NTAPI RtlDetermineDosPathNameType_U(_In_ PCWSTR Path) {
    if (RtlpIsSeparator(Path[0])) {
        if (!RtlpIsSeparator(Path[1])) {
            return RtlPathTypeRooted;
        }
        if (Path[2] != L'.' && Path[2] != L'?') {
            return RtlPathTypeUncAbsolute;
        }
        if (RtlpIsSeparator(Path[3])) {
            return RtlPathTypeLocalDevice;
        }
        return Path[3] == 0 ? RtlPathTypeRootLocalDevice : RtlPathTypeUncAbsolute;
    }
    if (Path[0] != 0 && Path[1] == L':') {
        return RtlpIsSeparator(Path[2]) ? RtlPathTypeDriveAbsolute : RtlPathTypeDriveRelative;
    }
    return RtlPathTypeRelative;
}

/* A path that is being put together, in a buffer that is large enough. In characters. */
typedef struct _PATH_BUILDER {
    PWSTR Buffer;
    SIZE_T Length;
    SIZE_T Root; /* ".." does not go below this */
} PATH_BUILDER, *PPATH_BUILDER;

static VOID RtlpPutCharacter(_Inout_ PPATH_BUILDER Path, _In_ WCHAR Character) {
    Path->Buffer[Path->Length++] = Character;
}

static WCHAR RtlpLastCharacter(_In_ PPATH_BUILDER Path) {
    return Path->Length > 0 ? Path->Buffer[Path->Length - 1] : UNICODE_NULL;
}

static VOID RtlpDropComponent(_Inout_ PPATH_BUILDER Path) {
    Path->Length -= Path->Length > Path->Root ? 1 : 0;
    while (Path->Length > Path->Root && RtlpLastCharacter(Path) != L'\\') {
        Path->Length--;
    }
}

/* Adds what lies between two separators; "." and ".." do what they mean. */
static VOID RtlpPutComponent(_Inout_ PPATH_BUILDER Path, _In_ PCWSTR Component, _In_ SIZE_T Length,
                             _In_ BOOLEAN IsLast) {
    if (Length == 1 && Component[0] == L'.') {
        return;
    }
    if (Length == 2 && Component[0] == L'.' && Component[1] == L'.') {
        RtlpDropComponent(Path);
        return;
    }
    while (IsLast && Length > 0 &&
           (Component[Length - 1] == L'.' || Component[Length - 1] == L' ')) {
        Length--;
    }
    while (Length-- > 0) {
        RtlpPutCharacter(Path, *Component++);
    }
    if (!IsLast) {
        RtlpPutCharacter(Path, L'\\');
    }
}

static VOID RtlpPutPath(_Inout_ PPATH_BUILDER Path, _In_ PCWSTR Text, _In_ SIZE_T TextLength) {
    PCWSTR End = Text + TextLength;

    while (Text < End) {
        PCWSTR Start = Text;

        while (Text < End && !RtlpIsSeparator(*Text)) {
            Text++;
        }
        if (Text > Start) {
            RtlpPutComponent(Path, Start, (SIZE_T)(Text - Start), Text == End);
        }
        Text += Text < End ? 1 : 0;
    }
}

static SIZE_T RtlpStringLength(_In_ PCWSTR Text) {
    SIZE_T Length = 0;

    while (Text[Length] != 0) {
        Length++;
    }
    return Length;
}

/* The part of the path that comes from the current directory or from the kind of path. */
static PCWSTR RtlpPutPrefix(_Inout_ PPATH_BUILDER Path, _In_ PCWSTR Name) {
    PUNICODE_STRING Current = &NtCurrentPeb()->ProcessParameters->CurrentDirectory.DosPath;
    RTL_PATH_TYPE Type = RtlDetermineDosPathNameType_U(Name);
    WCHAR Drive = Current->Length >= sizeof(WCHAR) ? Current->Buffer[0] : L'C';
    BOOLEAN SameDrive = TRUE;

    if (Type == RtlPathTypeUncAbsolute || Type == RtlPathTypeLocalDevice ||
        Type == RtlPathTypeRootLocalDevice) {
        RtlpPutCharacter(Path, L'\\');
        RtlpPutCharacter(Path, L'\\');
        Path->Root = 2;
        return Name + 2;
    }
    if (Type == RtlPathTypeDriveAbsolute || Type == RtlPathTypeDriveRelative) {
        SameDrive = RtlUpcaseUnicodeChar(Name[0]) == RtlUpcaseUnicodeChar(Drive);
        Drive = Name[0];
        Name += 2;
    }
    RtlpPutCharacter(Path, Drive);
    RtlpPutCharacter(Path, L':');
    RtlpPutCharacter(Path, L'\\');
    Path->Root = 3;
    if ((Type == RtlPathTypeRelative || Type == RtlPathTypeDriveRelative) && SameDrive &&
        Current->Length > 3 * sizeof(WCHAR)) {
        RtlpPutPath(Path, Current->Buffer + 3, Current->Length / sizeof(WCHAR) - 3);
        if (RtlpLastCharacter(Path) != L'\\') {
            RtlpPutCharacter(Path, L'\\');
        }
    }
    return Name;
}

/*
 * Makes a full path in a block of the heap. Returns NULL when there is no memory or the name is
 * empty; *FilePart is where the last component begins, which is *Length if the path ends with a
 * separator.
 */
static PWSTR RtlpBuildFullPath(_In_ PCWSTR Name, _Out_ PSIZE_T Length, _Out_ PSIZE_T FilePart) {
    PATH_BUILDER Path = {NULL, 0, 0};
    PCWSTR Rest;
    SIZE_T Size;

    if (Name[0] == 0) {
        return NULL;
    }
    RtlAcquirePebLock();
    Size = NtCurrentPeb()->ProcessParameters->CurrentDirectory.DosPath.Length +
           (RtlpStringLength(Name) + 8) * sizeof(WCHAR);
    Path.Buffer = RtlAllocateHeap(LdrpHeap(), 0, Size);
    if (Path.Buffer != NULL) {
        Rest = RtlpPutPrefix(&Path, Name);
        RtlpPutPath(&Path, Rest, RtlpStringLength(Rest));
    }
    RtlReleasePebLock();
    if (Path.Buffer != NULL) {
        Path.Buffer[Path.Length] = UNICODE_NULL;
        *Length = *FilePart = Path.Length;
        while (*FilePart > 0 && Path.Buffer[*FilePart - 1] != L'\\') {
            --*FilePart;
        }
    }
    return Path.Buffer;
}

/*
 * RtlGetFullPathName_U - a path made absolute and free of "." and "..".
 *
 * Buffer: BufferLength bytes. FilePart: points to the last component, or NULL if the path ends with
 * a separator. Returns the length in bytes without the terminating zero; if that does not fit, the
 * size that is needed with it; 0 for an empty name or without memory.
 */
ULONG NTAPI RtlGetFullPathName_U(_In_ PCWSTR FileName, _In_ ULONG BufferLength, _Out_ PWSTR Buffer,
                                 _Out_opt_ PWSTR *FilePart) {
    SIZE_T Length, Part;
    PWSTR Full = RtlpBuildFullPath(FileName, &Length, &Part);
    ULONG Result = 0;

    if (FilePart != NULL) {
        *FilePart = NULL;
    }
    if (Full == NULL) {
        return 0;
    }
    Result = (ULONG)(Length * sizeof(WCHAR));
    if (Result + sizeof(WCHAR) > BufferLength) {
        Result += sizeof(WCHAR);
    } else {
        RtlCopyMemory(Buffer, Full, Result + sizeof(WCHAR));
        if (FilePart != NULL && Part < Length) {
            *FilePart = Buffer + Part;
        }
    }
    RtlFreeHeap(LdrpHeap(), 0, Full);
    return Result;
}

/* A DOS path's counterpart in \??\; Full is a full path, Type what kind it is of. */
static NTSTATUS RtlpMakeNtPath(_In_ PCWSTR Full, _In_ SIZE_T Length, _In_ RTL_PATH_TYPE Type,
                               _Out_ PUNICODE_STRING NtName, _Out_ PSIZE_T Skipped,
                               _Out_ PSIZE_T Added) {
    PCWSTR Prefix = Type == RtlPathTypeUncAbsolute ? L"\\??\\UNC\\" : L"\\??\\";
    SIZE_T Size;

    *Skipped = Type == RtlPathTypeLocalDevice ? 4 : Type == RtlPathTypeUncAbsolute ? 2 : 0;
    *Added = RtlpStringLength(Prefix);
    Length -= *Skipped;
    Size = (*Added + Length + 1) * sizeof(WCHAR);
    if (Size > UNICODE_STRING_MAX_BYTES) {
        return STATUS_NAME_TOO_LONG;
    }
    NtName->Buffer = RtlAllocateHeap(LdrpHeap(), 0, Size);
    if (NtName->Buffer == NULL) {
        return STATUS_NO_MEMORY;
    }
    RtlCopyMemory(NtName->Buffer, Prefix, *Added * sizeof(WCHAR));
    RtlCopyMemory(NtName->Buffer + *Added, Full + *Skipped, (Length + 1) * sizeof(WCHAR));
    NtName->Length = (USHORT)(Size - sizeof(WCHAR));
    NtName->MaximumLength = (USHORT)Size;
    return STATUS_SUCCESS;
}

/*
 * RtlDosPathNameToNtPathName_U_WithStatus - \??\... for a DOS path; NtName is to be freed with
 * RtlFreeUnicodeString.
 *
 * PartName: the last component inside NtName. RelativeName: filled with "not relative".
 * STATUS_OBJECT_NAME_INVALID (an empty name), STATUS_NAME_TOO_LONG, STATUS_NO_MEMORY.
 */
NTSTATUS NTAPI RtlDosPathNameToNtPathName_U_WithStatus(
    _In_ PCWSTR DosName, _Out_ PUNICODE_STRING NtName, _Out_opt_ PWSTR *PartName,
    _Out_opt_ PRTL_RELATIVE_NAME_U RelativeName) {
    RTL_PATH_TYPE Type = RtlDetermineDosPathNameType_U(DosName);
    BOOLEAN Verbatim = Type == RtlPathTypeLocalDevice && DosName[2] == L'?';
    SIZE_T Length, Part, Skipped, Added;
    PWSTR Full;
    NTSTATUS Status;

    if (RelativeName != NULL) {
        RtlZeroMemory(RelativeName, sizeof(*RelativeName));
    }
    if (DosName[0] == 0) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    Full = RtlpBuildFullPath(DosName, &Length, &Part);
    if (Full == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (Verbatim) {
        Length = RtlpStringLength(DosName);
        RtlCopyMemory(Full, DosName, (Length + 1) * sizeof(WCHAR));
        for (Part = Length; Full[Part - 1] != L'\\';) {
            Part--;
        }
    }
    Status = RtlpMakeNtPath(Full, Length, Type, NtName, &Skipped, &Added);
    if (NT_SUCCESS(Status) && PartName != NULL) {
        *PartName = Part < Length ? NtName->Buffer + Part - Skipped + Added : NULL;
    }
    RtlFreeHeap(LdrpHeap(), 0, Full);
    return Status;
}

/* RtlDosPathNameToNtPathName_U - the same; FALSE for any failure. */
BOOLEAN NTAPI RtlDosPathNameToNtPathName_U(_In_ PCWSTR DosName, _Out_ PUNICODE_STRING NtName,
                                           _Out_opt_ PWSTR *PartName,
                                           _Out_opt_ PRTL_RELATIVE_NAME_U RelativeName) {
    return NT_SUCCESS(
        RtlDosPathNameToNtPathName_U_WithStatus(DosName, NtName, PartName, RelativeName));
}

/* RtlGetCurrentDirectory_U - its length in bytes, or the size needed; without a final backslash but
 * for a root. */
ULONG NTAPI RtlGetCurrentDirectory_U(_In_ ULONG BufferLength, _Out_ PWSTR Buffer) {
    PUNICODE_STRING Current = &NtCurrentPeb()->ProcessParameters->CurrentDirectory.DosPath;
    ULONG Length;

    RtlAcquirePebLock();
    Length = Current->Length;
    if (Length > 3 * sizeof(WCHAR) && Current->Buffer[Length / sizeof(WCHAR) - 1] == L'\\') {
        Length -= sizeof(WCHAR);
    }
    if (Length + sizeof(WCHAR) > BufferLength) {
        Length += sizeof(WCHAR);
    } else {
        RtlCopyMemory(Buffer, Current->Buffer, Length);
        Buffer[Length / sizeof(WCHAR)] = UNICODE_NULL;
    }
    RtlReleasePebLock();
    return Length;
}
