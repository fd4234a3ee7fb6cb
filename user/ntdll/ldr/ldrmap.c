/*
 * ldrmap.c - from a DLL's name to an image in memory
 *
 * A name with a drive, a server or a root is that file; another is looked for in the directory that
 * the program came from, then in System32. ".dll" is added where the last component has no dot.
 * (Windows looks in more places: its own directory, the current one and PATH.) What comes out of that
 * goes through the rules of DOS paths (path/), so one file has one full name, by which a module that
 * is loaded already is found. The file is opened, made a section with
 * SEC_IMAGE, which is where the kernel checks the headers, and mapped; if it could not be mapped at
 * the address that it was linked for, it is relocated here unless the kernel has done it.
 */

#include "ntdllp.h"

static const UNICODE_STRING LdrpSystem32 = RTL_CONSTANT_STRING(L"\\System32\\");
static const UNICODE_STRING LdrpNtPrefix = RTL_CONSTANT_STRING(L"\\??\\");
static const UNICODE_STRING LdrpDotDll = RTL_CONSTANT_STRING(L".dll");

static BOOLEAN LdrpHasCharacter(_In_ PCUNICODE_STRING Name, _In_ WCHAR Character) {
    USHORT Index;

    for (Index = Name->Length / sizeof(WCHAR); Index > 0; Index--) {
        if (Name->Buffer[Index - 1] == Character) {
            return TRUE;
        }
        if (Name->Buffer[Index - 1] == L'\\' || Name->Buffer[Index - 1] == L'/') {
            return FALSE;
        }
    }
    return FALSE;
}

/* The program's directory, with the backslash; empty if its path has none. */
static UNICODE_STRING LdrpApplicationDirectory(VOID) {
    UNICODE_STRING Directory = LdrpImageEntry->FullDllName;

    Directory.Length -= LdrpImageEntry->BaseDllName.Length;
    return Directory;
}

/* Opens \??\Path as a section of an image. */
static NTSTATUS LdrpOpenImageSection(_In_ PUNICODE_STRING NtPath, _Out_ PHANDLE Section) {
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK IoStatus;
    HANDLE File;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, NtPath, OBJ_CASE_INSENSITIVE, NULL, NULL);
    Status = NtOpenFile(&File, SYNCHRONIZE | FILE_READ_DATA | FILE_EXECUTE, &Attributes, &IoStatus,
                        FILE_SHARE_READ | FILE_SHARE_DELETE,
                        FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = NtCreateSection(
        Section, SECTION_MAP_READ | SECTION_MAP_WRITE | SECTION_MAP_EXECUTE | SECTION_QUERY, NULL,
        NULL, PAGE_EXECUTE, SEC_IMAGE, File);
    NtClose(File);
    return Status;
}

static BOOLEAN LdrpIsNotFound(_In_ NTSTATUS Status) {
    return Status == STATUS_OBJECT_NAME_NOT_FOUND || Status == STATUS_OBJECT_PATH_NOT_FOUND ||
           Status == STATUS_OBJECT_NAME_INVALID || Status == STATUS_OBJECT_PATH_INVALID ||
           Status == STATUS_OBJECT_PATH_SYNTAX_BAD || Status == STATUS_NO_SUCH_FILE ||
           Status == STATUS_NOT_A_DIRECTORY;
}

/* Puts Directory Middle Name [.dll] and a zero together in Path. */
static NTSTATUS LdrpComposePath(_Inout_ PUNICODE_STRING Path, _In_ PCUNICODE_STRING Directory,
                                _In_opt_ PCUNICODE_STRING Middle, _In_ PCUNICODE_STRING Name) {
    NTSTATUS Status;

    Path->Length = 0;
    Status = RtlAppendUnicodeStringToString(Path, Directory);
    if (NT_SUCCESS(Status) && Middle != NULL) {
        Status = RtlAppendUnicodeStringToString(Path, Middle);
    }
    if (NT_SUCCESS(Status)) {
        Status = RtlAppendUnicodeStringToString(Path, Name);
    }
    if (NT_SUCCESS(Status) && !LdrpHasCharacter(Name, L'.')) {
        Status = RtlAppendUnicodeStringToString(Path, &LdrpDotDll);
    }
    if (NT_SUCCESS(Status) && Path->Length == Path->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (NT_SUCCESS(Status)) {
        Path->Buffer[Path->Length / sizeof(WCHAR)] = UNICODE_NULL;
    }
    return Status;
}

/* Opens what the parts make; Path is left with the NT path. A path that is too long, or is none, is
 * a file that is not there. */
static NTSTATUS LdrpTryPath(_Inout_ PUNICODE_STRING Path, _In_ PCUNICODE_STRING Directory,
                            _In_opt_ PCUNICODE_STRING Middle, _In_ PCUNICODE_STRING Name,
                            _Out_ PHANDLE Section) {
    UNICODE_STRING NtPath;
    NTSTATUS Status = LdrpComposePath(Path, Directory, Middle, Name);

    if (NT_SUCCESS(Status)) {
        Status = RtlDosPathNameToNtPathName_U_WithStatus(Path->Buffer, &NtPath, NULL, NULL);
        if (Status == STATUS_NO_MEMORY) {
            return Status;
        }
    }
    if (NT_SUCCESS(Status)) {
        Path->Length = 0;
        Status = RtlAppendUnicodeStringToString(Path, &NtPath);
        RtlFreeUnicodeString(&NtPath);
    }
    if (!NT_SUCCESS(Status)) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    return LdrpOpenImageSection(Path, Section);
}

/* FALSE for a name that says by itself where the file is. */
static BOOLEAN LdrpIsSearchedFor(_In_ PCUNICODE_STRING Name) {
    WCHAR First[5] = {0};

    for (USHORT i = 0; i < 4 && i < Name->Length / sizeof(WCHAR); i++) {
        First[i] = Name->Buffer[i];
    }
    return RtlDetermineDosPathNameType_U(First) == RtlPathTypeRelative;
}

/* Finds the file of a DLL; Path is left with the NT path where it was found. */
static NTSTATUS LdrpFindDll(_In_ PCUNICODE_STRING Name, _Inout_ PUNICODE_STRING Path,
                            _Out_ PHANDLE Section) {
    UNICODE_STRING Directory = {0, 0, NULL};
    NTSTATUS Status;

    if (!LdrpIsSearchedFor(Name)) {
        Status = LdrpTryPath(Path, &Directory, NULL, Name, Section);
    } else {
        Directory = LdrpApplicationDirectory();
        Status = LdrpTryPath(Path, &Directory, NULL, Name, Section);
        if (LdrpIsNotFound(Status)) {
            RtlInitUnicodeString(&Directory, USER_SHARED_DATA->NtSystemRoot);
            Status = LdrpTryPath(Path, &Directory, &LdrpSystem32, Name, Section);
        }
    }
    return LdrpIsNotFound(Status) ? STATUS_DLL_NOT_FOUND : Status;
}

/*
 * Makes read-only sections writable (or, the second time, what they were) for relocation. Sections
 * that share pages have no protections of their own: such an image is writable as it is.
 */
static NTSTATUS LdrpProtectSections(_In_ PVOID Base, _In_ BOOLEAN Writable) {
    PIMAGE_NT_HEADERS64 Headers = RtlImageNtHeader(Base);
    PIMAGE_SECTION_HEADER Section = IMAGE_FIRST_SECTION(Headers);
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Index, Old;

    if (Headers->OptionalHeader.SectionAlignment < PAGE_SIZE) {
        return STATUS_SUCCESS;
    }
    for (Index = 0; NT_SUCCESS(Status) && Index < Headers->FileHeader.NumberOfSections; Index++) {
        PVOID Start = (PUCHAR)Base + Section[Index].VirtualAddress;
        SIZE_T Size = RtlpSectionVirtualSize(&Section[Index]);
        BOOLEAN Execute = (Section[Index].Characteristics & IMAGE_SCN_MEM_EXECUTE) != 0;
        ULONG Protect = Execute ? PAGE_EXECUTE_READ : PAGE_READONLY;

        if ((Section[Index].Characteristics & IMAGE_SCN_MEM_WRITE) || Size == 0) {
            continue;
        }
        Status = NtProtectVirtualMemory(NtCurrentProcess(), &Start, &Size,
                                        Writable ? PAGE_READWRITE : Protect, &Old);
    }
    return Status;
}

/* The header's ImageBase says where the image runs, as it does in Windows. */
static NTSTATUS LdrpSetHeaderBase(_In_ PVOID Base) {
    PIMAGE_NT_HEADERS64 Headers = RtlImageNtHeader(Base);
    PVOID Page = &Headers->OptionalHeader.ImageBase;
    SIZE_T Size = sizeof(ULONG64);
    ULONG Old;
    NTSTATUS Status;

    Status = NtProtectVirtualMemory(NtCurrentProcess(), &Page, &Size, PAGE_READWRITE, &Old);
    if (NT_SUCCESS(Status)) {
        Headers->OptionalHeader.ImageBase = (ULONG64)Base;
        Status = NtProtectVirtualMemory(NtCurrentProcess(), &Page, &Size, Old, &Old);
    }
    return Status;
}

/* Fixups may be where the image has no memory, or none that can be written (its headers). */
static NTSTATUS LdrpApplyRelocations(_In_ PVOID Base, _In_ ULONG Size) {
    __try {
        return RtlpRelocateImage(Base, Size, (ULONG64)Base);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return STATUS_INVALID_IMAGE_FORMAT;
    }
}

/* Moves an image to where it was mapped, unless the kernel has done so already. */
NTSTATUS LdrpRelocateImage(_In_ PVOID Base, _In_ ULONG Size) {
    PIMAGE_NT_HEADERS64 Headers = RtlImageNtHeader(Base);
    NTSTATUS Status;

    if (Headers == NULL) {
        return STATUS_INVALID_IMAGE_FORMAT;
    }
    if (Headers->OptionalHeader.ImageBase == (ULONG64)Base) {
        return STATUS_SUCCESS;
    }
    Status = LdrpProtectSections(Base, TRUE);
    if (NT_SUCCESS(Status)) {
        Status = LdrpApplyRelocations(Base, Size);
    }
    if (NT_SUCCESS(Status)) {
        Status = LdrpSetHeaderBase(Base);
    }
    if (NT_SUCCESS(Status)) {
        Status = LdrpProtectSections(Base, FALSE);
    }
    return Status;
}

/* Maps a section and, where it must move, relocates it. */
static NTSTATUS LdrpMapSection(_In_ HANDLE Section, _Out_ PVOID *Base, _Out_ PULONG Size) {
    SIZE_T ViewSize = 0;
    NTSTATUS Status;

    *Base = NULL;
    Status = NtMapViewOfSection(Section, NtCurrentProcess(), Base, 0, 0, NULL, &ViewSize, ViewShare,
                                0, PAGE_READWRITE);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    *Size = (ULONG)ViewSize;
    if (Status == STATUS_IMAGE_MACHINE_TYPE_MISMATCH) {
        Status = STATUS_INVALID_IMAGE_FORMAT;
    } else {
        Status = LdrpRelocateImage(*Base, *Size);
    }
    if (!NT_SUCCESS(Status)) {
        NtUnmapViewOfSection(NtCurrentProcess(), *Base);
    }
    return Status;
}

static NTSTATUS LdrpMapFoundDll(_In_ HANDLE Section, _In_ PCUNICODE_STRING NtPath,
                                _Out_ PLDR_DATA_TABLE_ENTRY *Entry) {
    UNICODE_STRING FullName = *NtPath;
    PVOID Base;
    ULONG Size;
    NTSTATUS Status;

    FullName.Buffer += LdrpNtPrefix.Length / sizeof(WCHAR);
    FullName.Length -= LdrpNtPrefix.Length;
    *Entry = LdrpFindByFullName(&FullName);
    if (*Entry != NULL) {
        return STATUS_SUCCESS;
    }
    Status = LdrpMapSection(Section, &Base, &Size);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = LdrpAllocateEntry(Base, Size, &FullName, Entry);
    if (!NT_SUCCESS(Status)) {
        NtUnmapViewOfSection(NtCurrentProcess(), Base);
        return Status;
    }
    (*Entry)->Flags |= LDRP_LOAD_IN_PROGRESS;
    LdrpInsertEntry(*Entry);
    return STATUS_SUCCESS;
}

/*
 * LdrpMapDll - maps the DLL of that name, or finds that the file is mapped already.
 *
 * The caller holds the loader's lock. The new entry is in the lists, its imports not bound, its
 * LoadCount 0. STATUS_DLL_NOT_FOUND, or what opening, checking or mapping said.
 */
NTSTATUS LdrpMapDll(_In_ PCUNICODE_STRING Name, _Out_ PLDR_DATA_TABLE_ENTRY *Entry) {
    UNICODE_STRING Path = {0, LDRP_MAX_PATH * sizeof(WCHAR), NULL};
    HANDLE Section;
    NTSTATUS Status;

    *Entry = NULL;
    Path.Buffer = RtlAllocateHeap(LdrpHeap(), 0, Path.MaximumLength);
    if (Path.Buffer == NULL) {
        return STATUS_NO_MEMORY;
    }
    Status = LdrpFindDll(Name, &Path, &Section);
    if (NT_SUCCESS(Status)) {
        Status = LdrpMapFoundDll(Section, &Path, Entry);
        NtClose(Section);
    }
    RtlFreeHeap(LdrpHeap(), 0, Path.Buffer);
    return Status;
}

/* Takes a module out of the lists and out of memory. */
VOID LdrpUnmapDll(_In_ PLDR_DATA_TABLE_ENTRY Entry) {
    LdrpRemoveEntry(Entry);
    NtUnmapViewOfSection(NtCurrentProcess(), Entry->DllBase);
    LdrpFreeEntry(Entry);
}
