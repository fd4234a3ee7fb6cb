/*
 * curdir.c - the current directory, and those of the other drives
 *
 * The process's parameters hold the current directory's path, always with a final backslash, and a
 * handle that keeps the directory from being removed. The PEB's lock guards both.
 *
 * Names relative to the directory use the handle, perhaps after another thread has changed the
 * directory: so the handle is counted, and RtlReleaseRelativeName or the change closes it.
 *
 * The other drives have their directories in variables "=D:" of the environment. The system reads
 * them but does not set them: the C library's _chdir and the command interpreter do that. A
 * directory that does not exist counts as the drive's root.
 */

#include "pathp.h"

static PRTLP_CURDIR_REF RtlpCurDirRef; /* the PEB's lock */

static PCURDIR RtlpCurrentDirectory(VOID) {
    return &NtCurrentPeb()->ProcessParameters->CurrentDirectory;
}

/* ---- Copies for names that start from a directory ---- */

static NTSTATUS RtlpCopyDirectory(_In_ PCWSTR Text, _In_ SIZE_T Length, _Out_ PRTLP_PATH Copy) {
    RtlZeroMemory(Copy, sizeof(*Copy));
    Copy->Buffer = RtlAllocateHeap(LdrpHeap(), 0, (Length + 1) * sizeof(WCHAR));
    if (Copy->Buffer == NULL) {
        return STATUS_NO_MEMORY;
    }
    RtlCopyMemory(Copy->Buffer, Text, Length * sizeof(WCHAR));
    Copy->Buffer[Length] = UNICODE_NULL;
    Copy->Length = Length;
    Copy->Capacity = Length + 1;
    Copy->Type = RtlpPathType(Text, Length);
    return STATUS_SUCCESS;
}

/* A program can write to its parameters: what is no absolute path there counts as C:\. */
NTSTATUS RtlpCopyCurrentDirectory(_Out_ PRTLP_PATH Directory) {
    PUNICODE_STRING Current = &RtlpCurrentDirectory()->DosPath;
    NTSTATUS Status;

    RtlAcquirePebLock();
    Status = RtlpCopyDirectory(Current->Buffer, Current->Length / sizeof(WCHAR), Directory);
    RtlReleasePebLock();
    if (NT_SUCCESS(Status) && RtlpPathTypes[Directory->Type].NtPrefix == NULL) {
        RtlpFreePath(Directory);
        Status = RtlpCopyDirectory(L"C:\\", 3, Directory);
    }
    return Status;
}

/* The variable's value in a new block; none is STATUS_VARIABLE_NOT_FOUND. */
static NTSTATUS RtlpQueryDriveVariable(_In_ WCHAR Drive, _Out_ PUNICODE_STRING Value) {
    WCHAR Letters[4] = {L'=', RtlUpcaseUnicodeChar(Drive), L':', UNICODE_NULL};
    UNICODE_STRING Name;
    NTSTATUS Status;

    RtlInitUnicodeString(&Name, Letters);
    RtlInitEmptyUnicodeString(Value, NULL, 0);
    Status = RtlQueryEnvironmentVariable_U(NULL, &Name, Value);
    while (Status == STATUS_BUFFER_TOO_SMALL) { /* it may grow from one question to the next */
        if (Value->Buffer != NULL) {
            RtlFreeHeap(LdrpHeap(), 0, Value->Buffer);
        }
        Value->MaximumLength = Value->Length;
        Value->Buffer = RtlAllocateHeap(LdrpHeap(), 0, Value->MaximumLength);
        if (Value->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        Status = RtlQueryEnvironmentVariable_U(NULL, &Name, Value);
    }
    return Status;
}

static BOOLEAN RtlpIsOnDrive(_In_ PCWSTR Path, _In_ SIZE_T Length, _In_ WCHAR Drive) {
    return RtlpPathType(Path, Length) == RtlPathTypeDriveAbsolute &&
           RtlUpcaseUnicodeChar(Path[0]) == RtlUpcaseUnicodeChar(Drive);
}

NTSTATUS RtlpCopyDriveDirectory(_In_ WCHAR Drive, _Out_ PRTLP_PATH Directory) {
    WCHAR Root[] = {Drive, L':', L'\\'};
    UNICODE_STRING Value;
    NTSTATUS Status = RtlpCopyCurrentDirectory(Directory);

    if (!NT_SUCCESS(Status) || RtlpIsOnDrive(Directory->Buffer, Directory->Length, Drive)) {
        return Status;
    }
    RtlpFreePath(Directory);
    Status = RtlpQueryDriveVariable(Drive, &Value);
    if (NT_SUCCESS(Status) && RtlpIsOnDrive(Value.Buffer, Value.Length / sizeof(WCHAR), Drive) &&
        RtlpPathExists(Value.Buffer, Value.Length / sizeof(WCHAR))) {
        Status = RtlpCopyDirectory(Value.Buffer, Value.Length / sizeof(WCHAR), Directory);
    } else if (Status != STATUS_NO_MEMORY) {
        Status = RtlpCopyDirectory(Root, 3, Directory);
    }
    if (Value.Buffer != NULL) {
        RtlFreeHeap(LdrpHeap(), 0, Value.Buffer);
    }
    return Status;
}

/* ---- The directory's handle ---- */

static VOID RtlpDereferenceDirectory(_In_ PRTLP_CURDIR_REF Reference) {
    if (__atomic_sub_fetch(&Reference->ReferenceCount, 1, __ATOMIC_ACQ_REL) == 0) {
        NtClose(Reference->DirectoryHandle);
        RtlFreeHeap(LdrpHeap(), 0, Reference);
    }
}

/* Opens a directory for RtlSetCurrentDirectory_U. */
static NTSTATUS RtlpOpenDirectory(_In_ PUNICODE_STRING NtName, _Out_ PRTLP_CURDIR_REF *Reference) {
    PRTLP_CURDIR_REF New = RtlAllocateHeap(LdrpHeap(), 0, sizeof(*New));
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Io;
    NTSTATUS Status;

    if (New == NULL) {
        return STATUS_NO_MEMORY;
    }
    InitializeObjectAttributes(&Attributes, NtName, OBJ_CASE_INSENSITIVE | OBJ_INHERIT, NULL, NULL);
    New->ReferenceCount = 1;
    Status = NtOpenFile(&New->DirectoryHandle, FILE_TRAVERSE | SYNCHRONIZE, &Attributes, &Io,
                        FILE_SHARE_READ | FILE_SHARE_WRITE,
                        FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT);
    if (!NT_SUCCESS(Status)) {
        RtlFreeHeap(LdrpHeap(), 0, New);
        return Status;
    }
    *Reference = New;
    return STATUS_SUCCESS;
}

/* Makes Path, which has been opened, the current directory. Its final backslash has room. */
static NTSTATUS RtlpReplaceDirectory(_Inout_ PRTLP_PATH Path, _In_ PRTLP_CURDIR_REF Reference) {
    PCURDIR Current = RtlpCurrentDirectory();
    PRTLP_CURDIR_REF Old = Reference;
    SIZE_T Length = Path->Length;
    NTSTATUS Status = STATUS_NAME_TOO_LONG;

    if (Path->Buffer[Length - 1] != L'\\') {
        Path->Buffer[Length++] = L'\\'; /* over the terminating zero */
    }
    RtlAcquirePebLock();
    if ((Length + 1) * sizeof(WCHAR) <= Current->DosPath.MaximumLength) {
        RtlCopyMemory(Current->DosPath.Buffer, Path->Buffer, Length * sizeof(WCHAR));
        Current->DosPath.Buffer[Length] = UNICODE_NULL;
        Current->DosPath.Length = (USHORT)(Length * sizeof(WCHAR));
        Current->Handle = Reference->DirectoryHandle;
        Old = RtlpCurDirRef;
        RtlpCurDirRef = Reference;
        Status = STATUS_SUCCESS;
    }
    RtlReleasePebLock();
    if (Old != NULL) {
        RtlpDereferenceDirectory(Old);
    }
    return Status;
}

/* RtlSetCurrentDirectory_U - see ntrtlpath.h. */
NTSTATUS NTAPI RtlSetCurrentDirectory_U(_In_ PCUNICODE_STRING PathName) {
    SIZE_T Length = PathName->Length / sizeof(WCHAR);
    PRTLP_CURDIR_REF Reference;
    UNICODE_STRING NtName;
    RTLP_PATH Path, Name;
    NTSTATUS Status = RtlpCopyDirectory(PathName->Buffer, Length, &Name);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = RtlDosPathNameToNtPathName_U_WithStatus(Name.Buffer, &NtName, NULL, NULL);
    if (NT_SUCCESS(Status)) {
        Status = RtlIsDosDeviceName_U(Name.Buffer) != 0 ? STATUS_NOT_A_DIRECTORY
                                                        : RtlpOpenDirectory(&NtName, &Reference);
        RtlFreeUnicodeString(&NtName);
    }
    if (NT_SUCCESS(Status)) {
        Status = RtlpMakeFullPath(Name.Buffer, RtlpPathLength(Name.Buffer), &Path);
        if (NT_SUCCESS(Status)) {
            Status = RtlpReplaceDirectory(&Path, Reference);
            RtlpFreePath(&Path);
        } else {
            RtlpDereferenceDirectory(Reference);
        }
    }
    RtlpFreePath(&Name);
    return Status;
}

/* The kernel leaves a path and no handle. Without the directory, names relative to it are refused
 * when they are opened. */
VOID RtlpOpenFirstDirectory(VOID) {
    UNICODE_STRING Path = RtlpCurrentDirectory()->DosPath;

    RtlSetCurrentDirectory_U(&Path);
}

/* RtlGetCurrentDirectory_U - see ntrtlpath.h. */
ULONG NTAPI RtlGetCurrentDirectory_U(_In_ ULONG BufferLength, _Out_ PWSTR Buffer) {
    PUNICODE_STRING Current = &RtlpCurrentDirectory()->DosPath;
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

/* ---- Names relative to it ---- */

/* What of FullPath lies below the current directory; RelativeName stays empty if nothing does. */
VOID RtlpMakeRelative(_In_ PCUNICODE_STRING NtName, _In_ const RTLP_PATH *FullPath,
                      _Out_ PRTL_RELATIVE_NAME_U RelativeName) {
    PUNICODE_STRING Current = &RtlpCurrentDirectory()->DosPath;
    UNICODE_STRING Path;
    USHORT Rest;

    Path.Buffer = FullPath->Buffer;
    Path.Length = Path.MaximumLength = (USHORT)(FullPath->Length * sizeof(WCHAR));
    RtlAcquirePebLock();
    if (RtlpCurDirRef != NULL && Current->Length != 0 && Path.Length > Current->Length &&
        Path.Buffer[Current->Length / sizeof(WCHAR) - 1] == L'\\' &&
        RtlPrefixUnicodeString(Current, &Path, TRUE)) {
        Rest = Path.Length - Current->Length;
        RelativeName->RelativeName.Buffer =
            NtName->Buffer + (NtName->Length - Rest) / sizeof(WCHAR);
        RelativeName->RelativeName.Length = Rest;
        RelativeName->RelativeName.MaximumLength = Rest + sizeof(WCHAR);
        RelativeName->ContainingDirectory = RtlpCurDirRef->DirectoryHandle;
        RelativeName->CurDirRef = RtlpCurDirRef;
        __atomic_fetch_add(&RtlpCurDirRef->ReferenceCount, 1, __ATOMIC_RELAXED);
    }
    RtlReleasePebLock();
}

/* RtlReleaseRelativeName - see ntrtlpath.h. */
VOID NTAPI RtlReleaseRelativeName(_Inout_ PRTL_RELATIVE_NAME_U RelativeName) {
    PRTLP_CURDIR_REF Reference = RelativeName->CurDirRef;

    RelativeName->CurDirRef = NULL;
    if (Reference != NULL) {
        RtlpDereferenceDirectory(Reference);
    }
}
