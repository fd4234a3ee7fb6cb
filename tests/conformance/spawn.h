/*
 * spawn.h - programs of two processes
 *
 * A program starts itself once more, with other arguments, and shares a page with the child.
 * Vitrine has no service for that yet; tests/drivers/spawn.c stands in for it. Elsewhere
 * RtlCreateUserProcess is asked, which is looked up when the program runs.
 */
#include "threading.h"

#define SHARED_SIZE 0x10000

NTSYS void NTAPI RtlInitAnsiString(PANSI_STRING, PCSTR);
NTSYS NTSTATUS NTAPI NtOpenSection(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);

static UNICODE_STRING *ImagePath(void) {
    return &AT(Parameters(), 0x60, UNICODE_STRING);
}

/* The n-th number on the command line, counted from 0; Default if there are fewer. */
static ULONG64 NumberArgument(ULONG n, ULONG64 Default) {
    UNICODE_STRING *Line = &AT(Parameters(), 0x70, UNICODE_STRING);
    ULONG Count = Line->Length / 2, Seen = 0;
    for (ULONG i = 0; i < Count; i++) {
        if (Line->Buffer[i] != ' ' || i + 1 == Count || Line->Buffer[i + 1] < '0' ||
            Line->Buffer[i + 1] > '9') {
            continue;
        }
        ULONG64 Value = 0;
        for (i++; i < Count && Line->Buffer[i] >= '0' && Line->Buffer[i] <= '9'; i++) {
            Value = Value * 10 + (Line->Buffer[i] - '0');
        }
        if (Seen++ == n) {
            return Value;
        }
        i--;
    }
    return Default;
}

/* Is this the child? Its command line has the word "child". */
static BOOL IsChildProcess(void) {
    UNICODE_STRING *Line = &AT(Parameters(), 0x70, UNICODE_STRING);
    static const WCHAR Word[] = L" child";
    for (ULONG i = 0; i + 6 <= Line->Length / 2; i++) {
        ULONG j = 0;
        while (j < 6 && Line->Buffer[i + j] == Word[j]) {
            j++;
        }
        if (j == 6) {
            return TRUE;
        }
    }
    return FALSE;
}

static PVOID NtdllExport(PCSTR Name) {
    UNICODE_STRING Dll = {18, 20, (PWSTR)L"ntdll.dll"};
    ANSI_STRING Procedure;
    HANDLE Module = NULL;
    PVOID Address = NULL;
    RtlInitAnsiString(&Procedure, Name);
    if (LdrGetDllHandle(NULL, NULL, &Dll, &Module) != 0 ||
        LdrGetProcedureAddress(Module, &Procedure, 0, &Address) != 0) {
        return NULL;
    }
    return Address;
}

static POBJECT_ATTRIBUTES NamedBy(PCWSTR Text) {
    static UNICODE_STRING Name;
    static OBJECT_ATTRIBUTES Result;
    RtlInitUnicodeString(&Name, Text);
    InitializeObjectAttributes(&Result, &Name, OBJ_CASE_INSENSITIVE | OBJ_OPENIF, NULL, NULL);
    return &Result;
}

/* Memory that parent and children see, at an address of each one's own. */
static PVOID MapShared(void) {
    LARGE_INTEGER Size = {.QuadPart = SHARED_SIZE};
    HANDLE Section = NULL;
    PVOID Base = NULL;
    SIZE_T ViewSize = 0;
    NTSTATUS Status = NtCreateSection(
        &Section, SECTION_MAP_READ | SECTION_MAP_WRITE | SECTION_QUERY,
        NamedBy(L"\\BaseNamedObjects\\VitrineShared"), &Size, PAGE_READWRITE, SEC_COMMIT, NULL);
    if (NT_SUCCESS(Status)) {
        Status =
            NtMapViewOfSection(Section, SELF, &Base, 0, 0, NULL, &ViewSize, 2, 0, PAGE_READWRITE);
    }
    if (!NT_SUCCESS(Status)) {
        ShowStatus("shared memory", Status);
        Exit(1);
    }
    return Base;
}

static ULONG AppendText(PWSTR To, ULONG At, const WCHAR *From, ULONG Length) {
    for (ULONG i = 0; i < Length; i++) {
        To[At++] = From[i];
    }
    return At;
}

/* By tests/drivers/spawn.c. The child cannot have ended yet: children wait for their parent. */
static NTSTATUS SpawnByDriver(const WCHAR *CommandLine, ULONG Length, PHANDLE Process) {
    HANDLE Device = NULL;
    IO_STATUS_BLOCK Io = {0};
    NTSTATUS Status = NtOpenFile(&Device, FILE_WRITE_DATA | SYNCHRONIZE,
                                 NamedBy(L"\\Device\\Spawn"), &Io, 0, 0x20);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = NtWriteFile(Device, NULL, NULL, NULL, &Io, CommandLine, Length * 2, NULL, NULL);
    NtClose(Device);
    if (NT_SUCCESS(Status)) {
        CLIENT_ID Id = {(HANDLE)Io.Information, NULL};
        OBJECT_ATTRIBUTES Attributes = {.Length = sizeof(Attributes)};
        Status = NtOpenProcess(Process, MAXIMUM_ALLOWED, &Attributes, &Id);
    }
    return Status;
}

typedef struct {
    ULONG Length;
    HANDLE Process, Thread;
    CLIENT_ID Id;
    ULONG64 Image[8];
} USER_PROCESS;

/* The documented functions, where there are any. */
static NTSTATUS SpawnByRtl(WCHAR *CommandLine, ULONG Length, PHANDLE Process) {
    typedef NTSTATUS(NTAPI * CREATE_PARAMETERS)(PVOID *, UNICODE_STRING *, PVOID, PVOID,
                                                UNICODE_STRING *, PVOID, PVOID, PVOID, PVOID, PVOID,
                                                ULONG);
    typedef NTSTATUS(NTAPI * CREATE_PROCESS)(UNICODE_STRING *, ULONG, PVOID, PVOID, PVOID, HANDLE,
                                             BOOLEAN, HANDLE, HANDLE, USER_PROCESS *);
    CREATE_PARAMETERS Create = (CREATE_PARAMETERS)NtdllExport("RtlCreateProcessParametersEx");
    CREATE_PROCESS Run = (CREATE_PROCESS)NtdllExport("RtlCreateUserProcess");
    UNICODE_STRING Line = {(USHORT)(Length * 2), (USHORT)(Length * 2 + 2), CommandLine}, Path;
    static WCHAR Text[300];
    USER_PROCESS Information = {.Length = sizeof(Information)};
    PVOID Parameters = NULL;
    if (Create == NULL || Run == NULL) {
        return STATUS_NOT_IMPLEMENTED;
    }
    ULONG End = AppendText(Text, 0, L"\\??\\", 4);
    End = AppendText(Text, End, ImagePath()->Buffer, ImagePath()->Length / 2);
    Path = (UNICODE_STRING){(USHORT)(End * 2), (USHORT)(End * 2 + 2), Text};
    NTSTATUS Status =
        Create(&Parameters, ImagePath(), NULL, NULL, &Line, NULL, NULL, NULL, NULL, NULL, 1);
    if (NT_SUCCESS(Status)) {
        Status = Run(&Path, OBJ_CASE_INSENSITIVE, Parameters, NULL, NULL, NULL, FALSE, NULL, NULL,
                     &Information);
    }
    if (NT_SUCCESS(Status)) {
        NtResumeThread(Information.Thread, NULL);
        NtClose(Information.Thread);
        *Process = Information.Process;
    }
    return Status;
}

static NTSTATUS SpawnStatus;

/* Starts this program once more with " child" and a number behind its name. NULL: not possible. */
static HANDLE SpawnChild(ULONG64 Number) {
    static WCHAR CommandLine[300];
    char Digits[24];
    HANDLE Process = NULL;
    ULONG Length = AppendText(CommandLine, 0, ImagePath()->Buffer, ImagePath()->Length / 2);
    Length = AppendText(CommandLine, Length, L" child ", 7);
    ULONG Count = 0;
    do {
        Digits[Count++] = (char)('0' + Number % 10);
        Number /= 10;
    } while (Number != 0);
    while (Count != 0) {
        CommandLine[Length++] = (WCHAR)Digits[--Count];
    }
    CommandLine[Length] = 0;
    NTSTATUS Status = SpawnByDriver(CommandLine, Length, &Process);
    if (Status == STATUS_OBJECT_NAME_NOT_FOUND || Status == STATUS_OBJECT_PATH_NOT_FOUND) {
        Status = SpawnByRtl(CommandLine, Length, &Process);
    }
    SpawnStatus = Status;
    return NT_SUCCESS(Status) ? Process : NULL;
}
