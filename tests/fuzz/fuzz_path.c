/*
 * libFuzzer target: whatever the name, the path code stays within its buffers, loses no memory, and
 * gives a path that is what it promises.
 *
 * Input: one byte that chooses a current directory, two bytes of buffer size, then the name in
 * UTF-16. The first letters of most inputs come from a table of beginnings, so that all types are
 * met.
 */
#include "pathp.h"

#include <stdlib.h>
#include <string.h>

#define BEGINNINGS 22

static PEB FakePeb;
static RTL_USER_PROCESS_PARAMETERS FakeParameters;
static WCHAR DirectoryText[260];
static ULONG Handles; /* directories that are open */

static void Assert(int Condition) {
    if (!Condition) {
        abort();
    }
}

/* ---- What the code stands on ---- */

PPEB NtCurrentPeb(VOID) {
    FakePeb.ProcessParameters = &FakeParameters;
    return &FakePeb;
}

PVOID NTAPI RtlAllocateHeap(PVOID Heap, ULONG Flags, SIZE_T Size) {
    return malloc(Size);
}

BOOLEAN NTAPI RtlFreeHeap(PVOID Heap, ULONG Flags, PVOID Block) {
    free(Block);
    return TRUE;
}

static PVOID AllocateString(SIZE_T Size) {
    return malloc(Size);
}

PVOID (*const RtlAllocateStringRoutine)(SIZE_T) = AllocateString;
VOID (*const RtlFreeStringRoutine)(PVOID) = free;

VOID NTAPI RtlAcquirePebLock(VOID) {}

VOID NTAPI RtlReleasePebLock(VOID) {}

/* Some directories exist, some do not. */
NTSTATUS NTAPI NtQueryAttributesFile(POBJECT_ATTRIBUTES Attributes,
                                     PFILE_BASIC_INFORMATION Information) {
    return Attributes->ObjectName->Length % 4 == 0 ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS NTAPI NtOpenFile(PHANDLE File, ACCESS_MASK Access, POBJECT_ATTRIBUTES Attributes,
                          PIO_STATUS_BLOCK Io, ULONG Share, ULONG Options) {
    *File = (HANDLE)(ULONG_PTR)4;
    Handles++;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtClose(HANDLE File) {
    Handles--;
    return STATUS_SUCCESS;
}

/* The environment has a good directory, a bad one, and one of another drive. */
NTSTATUS NTAPI RtlQueryEnvironmentVariable_U(PVOID Environment, PCUNICODE_STRING Name,
                                             PUNICODE_STRING Value) {
    static const PCWSTR Values[] = {L"D:\\p\\q", L"none", L"", L"C:\\x", L"F:\\a\\"};
    WCHAR Drive = Name->Buffer[1];
    PCWSTR Text;
    if (Drive < L'D' || Drive > L'H') {
        Value->Length = 0;
        return STATUS_VARIABLE_NOT_FOUND;
    }
    Text = Values[Drive - L'D'];
    Value->Length = (USHORT)(RtlpPathLength(Text) * sizeof(WCHAR));
    if (Value->Length > Value->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (Value->Length != 0) {
        memcpy(Value->Buffer, Text, Value->Length);
    }
    return STATUS_SUCCESS;
}

/* ---- What must be so ---- */

/* A real one first, so that there is a handle: each input begins alike. */
static void SetDirectory(UCHAR Choice) {
    UNICODE_STRING Root = {6, 8, L"C:\\"};
    static const PCWSTR Directories[] = {L"C:\\",
                                         L"C:\\m\\n\\",
                                         L"D:\\a.\\ b\\",
                                         L"\\\\server\\share\\",
                                         L"\\\\server\\share\\m\\",
                                         L"\\\\?\\C:\\m\\",
                                         L"\\\\.\\pipe\\",
                                         L"nonsense",
                                         L"",
                                         L"\\\\s"};
    PCWSTR Text = Directories[Choice % RTL_NUMBER_OF(Directories)];
    PUNICODE_STRING Current = &FakeParameters.CurrentDirectory.DosPath;
    memset(DirectoryText, 0, sizeof(DirectoryText));
    Current->Buffer = DirectoryText;
    Current->MaximumLength = sizeof(DirectoryText);
    Assert(RtlSetCurrentDirectory_U(&Root) == STATUS_SUCCESS && Handles == 1);
    memcpy(DirectoryText, Text, RtlpPathLength(Text) * sizeof(WCHAR));
    Current->Length = (USHORT)(RtlpPathLength(Text) * sizeof(WCHAR));
}

/* Absolute, no component "." or ".." behind the root, no dot or blank at the end. */
static void CheckFullPath(PCWSTR Path, SIZE_T Length) {
    RTL_PATH_TYPE Type = RtlpPathType(Path, Length);
    SIZE_T Start = Type == RtlPathTypeUncAbsolute ? Length : 3;
    /* Of the server "?." its dot is removed. */
    Assert(RtlpPathTypes[Type].NtPrefix != NULL || (Length == 3 && memcmp(Path, L"\\\\?", 6) == 0));
    Assert(Path[Length] == UNICODE_NULL && Path[Length - 1] != L'.' && Path[Length - 1] != L' ');
    for (SIZE_T i = Start; i < Length; i++) {
        Assert(Path[i] != L'/');
        if (i > Start && Path[i - 1] == L'\\') {
            Assert(Path[i] != L'\\');
            Assert(Path[i] != L'.' || (Path[i + 1] != L'\\' && Path[i + 1] != UNICODE_NULL));
            Assert(Path[i] != L'.' || Path[i + 1] != L'.' || Path[i + 2] != L'\\');
        }
    }
}

static void CheckGetFullPath(PCWSTR Name, ULONG Size) {
    ULONG Needed = RtlGetFullPathName_U(Name, 0, NULL, NULL);
    PWSTR Buffer = malloc(Size + 1), Part = NULL;
    ULONG Length = RtlGetFullPathName_U(Name, Size, Buffer, &Part);
    if (Needed == 0 || Size < Needed) {
        Assert(Length == Needed && Part == NULL);
    } else {
        Assert(Length + sizeof(WCHAR) == Needed);
        CheckFullPath(Buffer, Length / sizeof(WCHAR));
        Assert(Part == NULL ||
               (Part > Buffer + 2 && Part[-1] == L'\\' && *Part != UNICODE_NULL &&
                RtlpPathLength(Part) + (SIZE_T)(Part - Buffer) == Length / sizeof(WCHAR)));
    }
    free(Buffer);
}

static void CheckNtPath(PCWSTR Name) {
    RTL_RELATIVE_NAME_U Relative;
    UNICODE_STRING Nt;
    PWSTR Part = NULL;
    NTSTATUS Status = RtlDosPathNameToRelativeNtPathName_U_WithStatus(Name, &Nt, &Part, &Relative);
    if (!NT_SUCCESS(Status)) {
        Assert(Relative.CurDirRef == NULL);
        return;
    }
    SIZE_T Length = Nt.Length / sizeof(WCHAR);
    Assert(Length >= 4 && memcmp(Nt.Buffer, L"\\??\\", 8) == 0);
    Assert(Nt.Buffer[Length] == UNICODE_NULL && Nt.MaximumLength == Nt.Length + sizeof(WCHAR));
    Assert(Part == NULL || (Part >= Nt.Buffer + 4 && Part < Nt.Buffer + Length));
    if (Relative.CurDirRef != NULL) {
        PUNICODE_STRING Rest = &Relative.RelativeName;
        Assert(Rest->Length != 0 && Rest->Buffer >= Nt.Buffer + 4 && Rest->Buffer[-1] == L'\\' &&
               Rest->Buffer + Rest->Length / sizeof(WCHAR) == Nt.Buffer + Length);
    }
    RtlReleaseRelativeName(&Relative);
    RtlFreeUnicodeString(&Nt);
}

static void CheckDevice(PCWSTR Name, SIZE_T Length) {
    ULONG Device = RtlIsDosDeviceName_U(Name);
    SIZE_T Start = (Device >> 16) / sizeof(WCHAR), Letters = (Device & 0xFFFF) / sizeof(WCHAR);
    Assert(Device == 0 || (Letters >= 3 && Letters <= 7 && Start + Letters <= Length));
}

/* Any directory opens; the process's parameters have room for MAX_PATH characters. */
static void CheckSetDirectory(PCWSTR Name, SIZE_T Length) {
    PUNICODE_STRING Current = &FakeParameters.CurrentDirectory.DosPath;
    UNICODE_STRING String = {(USHORT)(Length * sizeof(WCHAR)), 0, (PWSTR)Name};
    WCHAR Buffer[260];
    if (Length < 0x7FFF && NT_SUCCESS(RtlSetCurrentDirectory_U(&String))) {
        Assert(Handles == 1 && Current->Length + sizeof(WCHAR) <= sizeof(DirectoryText));
        Assert(DirectoryText[Current->Length / sizeof(WCHAR) - 1] == L'\\');
        Assert(RtlGetCurrentDirectory_U(sizeof(Buffer), Buffer) <= Current->Length);
        CheckNtPath(L"below\\it");
    }
    Assert(Handles <= 1);
}

/* A name in a block of just its size, so that one character too far is found. */
static PWSTR MakeName(const uint8_t *Data, size_t Size) {
    static const PCWSTR Beginnings[BEGINNINGS] = {
        L"C:\\", L"C:",   L"\\\\",   L"\\\\.\\",    L"\\\\?\\", L"\\??\\",
        L"\\",   L"D:",   L"//./",   L"\\\\s\\h\\", L"\\\\.",   L"..\\",
        L"NUL",  L"COM1", L"F:..",   L"CONIN$",     L"\\\\?",   L"C:\\a\\..\\b. ",
        L".",    L" ",    L"\\\\?.", L"\\\\? "};
    PCWSTR Beginning = Data[0] < BEGINNINGS ? Beginnings[Data[0]] : L"";
    SIZE_T First = RtlpPathLength(Beginning), Count = (Size - 1) / sizeof(WCHAR);
    PWSTR Name = malloc((First + Count + 1) * sizeof(WCHAR));
    memcpy(Name, Beginning, First * sizeof(WCHAR));
    memcpy(Name + First, Data + 1, Count * sizeof(WCHAR));
    Name[First + Count] = UNICODE_NULL;
    return Name;
}

int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
    if (Size < 4) {
        return 0;
    }
    PWSTR Name = MakeName(Data + 3, Size - 3);
    SIZE_T Length = RtlpPathLength(Name);
    /* The block ends where the name does. */
    Name = realloc(Name, (Length + 1) * sizeof(WCHAR));
    SetDirectory(Data[0]);
    RtlDetermineDosPathNameType_U(Name);
    CheckDevice(Name, Length);
    CheckGetFullPath(Name, Data[1]);
    CheckGetFullPath(Name, 0x20000 + Data[2]);
    CheckNtPath(Name);
    CheckSetDirectory(Name, Length);
    free(Name);
    return 0;
}
