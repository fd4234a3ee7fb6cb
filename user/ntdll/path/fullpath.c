/*
 * fullpath.c - any path made absolute
 */

#include "pathp.h"

#define RTLP_ROOT_SIZE 8 /* more than any root has that is not copied from a name */

VOID RtlpFreePath(_Inout_ PRTLP_PATH Path) {
    if (Path->Buffer != NULL) {
        RtlFreeHeap(LdrpHeap(), 0, Path->Buffer);
        Path->Buffer = NULL;
    }
}

static NTSTATUS RtlpAllocatePath(_Out_ PRTLP_PATH Path, _In_ SIZE_T Capacity) {
    RtlZeroMemory(Path, sizeof(*Path));
    Path->Capacity = Capacity;
    Path->Buffer = RtlAllocateHeap(LdrpHeap(), 0, Capacity * sizeof(WCHAR));
    return Path->Buffer != NULL ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* The directory from which a name starts that is not absolute; none for the others. */
static NTSTATUS RtlpCopyBase(_In_ PCWSTR Name, _In_ RTLP_ROOT Root, _Out_ PRTLP_PATH Base) {
    RtlZeroMemory(Base, sizeof(*Base));
    switch (Root) {
    case RtlpRootDriveDirectory:
        return RtlpCopyDriveDirectory(Name[0], Base);
    case RtlpRootCurrentRoot:
    case RtlpRootCurrentDirectory:
        return RtlpCopyCurrentDirectory(Base);
    default:
        return STATUS_SUCCESS;
    }
}

/* Puts a base's root and, unless only that is wanted, the rest of it with a final backslash. */
static VOID RtlpPutBase(_Inout_ PRTLP_PATH Path, _In_ const RTLP_PATH *Base, _In_ BOOLEAN All) {
    RTL_PATH_TYPE Type = RtlpPathType(Base->Buffer, Base->Length);
    SIZE_T Taken = RtlpPutRoot(Path, Base->Buffer, Base->Length, Type);

    if (All && Taken < Base->Length) {
        RtlpPutText(Path, Base->Buffer + Taken, Base->Length - Taken);
        if (Path->Buffer[Path->Length - 1] != L'\\') {
            RtlpPut(Path, L'\\');
        }
    }
}

/*
 * The full path of a name that is no DOS device, in a new block. The finished path is absolute: its
 * type is one that has an NtPrefix.
 */
NTSTATUS RtlpMakeFullPath(_In_ PCWSTR Name, _In_ SIZE_T Length, _Out_ PRTLP_PATH Path) {
    RTL_PATH_TYPE Type = RtlpPathType(Name, Length);
    RTLP_ROOT Root = RtlpPathTypes[Type].Root;
    SIZE_T Taken = RtlpPathTypes[Type].Taken;
    RTLP_PATH Base;
    NTSTATUS Status;

    RtlZeroMemory(Path, sizeof(*Path));
    Status = RtlpCopyBase(Name, Root, &Base);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = RtlpAllocatePath(Path, Base.Length + Length + RTLP_ROOT_SIZE);
    if (NT_SUCCESS(Status)) {
        if (Base.Buffer != NULL) {
            RtlpPutBase(Path, &Base, Root != RtlpRootCurrentRoot);
        } else {
            Taken = RtlpPutRoot(Path, Name, Length, Type);
        }
        RtlpPutComponents(Path, Name + Taken, Length - Taken);
        RtlpFinishPath(Path);
    }
    RtlpFreePath(&Base);
    if (NT_SUCCESS(Status) && Path->Length > RTLP_MAX_PATH_CHARACTERS) {
        RtlpFreePath(Path);
        Status = STATUS_NAME_TOO_LONG;
    }
    return Status;
}

/* An empty name is blank too. */
BOOLEAN RtlpIsBlank(_In_ PCWSTR Name, _In_ SIZE_T Length) {
    while (Length > 0 && Name[Length - 1] == L' ') {
        Length--;
    }
    return Length == 0;
}

/* The device's own name behind \\.\, without a part that is a file. */
static NTSTATUS RtlpMakeDevicePath(_In_ PCWSTR Name, _In_ ULONG Device, _Out_ PRTLP_PATH Path) {
    SIZE_T Letters = (Device & 0xFFFF) / sizeof(WCHAR);
    NTSTATUS Status = RtlpAllocatePath(Path, Letters + RTLP_ROOT_SIZE);

    if (NT_SUCCESS(Status)) {
        Path->Type = RtlPathTypeLocalDevice;
        RtlpPutText(Path, L"\\\\.\\", 4);
        RtlpPutText(Path, Name + (Device >> 16) / sizeof(WCHAR), Letters);
        RtlpFinishPath(Path);
        Path->Part = Path->Length;
    }
    return Status;
}

/* RtlGetFullPathName_UEx - see ntrtlpath.h. */
NTSTATUS NTAPI RtlGetFullPathName_UEx(_In_opt_ PCWSTR FileName, _In_ ULONG BufferLength,
                                      _Out_ PWSTR Buffer, _Out_opt_ PWSTR *FilePart,
                                      _Out_opt_ PULONG BytesRequired) {
    SIZE_T Length = FileName != NULL ? RtlpPathLength(FileName) : 0;
    ULONG Size, Device;
    RTLP_PATH Path;
    NTSTATUS Status;

    if (BytesRequired != NULL) {
        *BytesRequired = 0;
    }
    if (Length == 0) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    if (FilePart != NULL) {
        *FilePart = NULL;
    }
    if (Length > RTLP_MAX_PATH_CHARACTERS) {
        return STATUS_NAME_TOO_LONG;
    }
    if (RtlpIsBlank(FileName, Length)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    Device = RtlpDosDevice(FileName, Length, RtlpPathType(FileName, Length));
    Status = Device != 0 ? RtlpMakeDevicePath(FileName, Device, &Path)
                         : RtlpMakeFullPath(FileName, Length, &Path);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Size = (ULONG)((Path.Length + 1) * sizeof(WCHAR));
    if (Size <= BufferLength) {
        RtlCopyMemory(Buffer, Path.Buffer, Size);
        if (FilePart != NULL && Path.Part < Path.Length) {
            *FilePart = Buffer + Path.Part;
        }
        Size -= sizeof(WCHAR);
    }
    if (BytesRequired != NULL) {
        *BytesRequired = Size;
    }
    RtlpFreePath(&Path);
    return STATUS_SUCCESS;
}

/* RtlGetFullPathName_U - see ntrtlpath.h. */
ULONG NTAPI RtlGetFullPathName_U(_In_opt_ PCWSTR FileName, _In_ ULONG BufferLength,
                                 _Out_ PWSTR Buffer, _Out_opt_ PWSTR *FilePart) {
    ULONG Size;
    NTSTATUS Status = RtlGetFullPathName_UEx(FileName, BufferLength, Buffer, FilePart, &Size);

    return NT_SUCCESS(Status) ? Size : 0;
}
