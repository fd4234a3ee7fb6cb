/*
 * Around the names: sizes of buffers, names that are too long, the current directory, what exists.
 */
#include "pathnames.h"

NTSYS int NTAPI RtlDetermineDosPathNameType_U(PCWSTR);
NTSYS ULONG NTAPI RtlGetFullPathName_U(PCWSTR, ULONG, PWSTR, PWSTR *);
NTSYS ULONG NTAPI RtlIsDosDeviceName_U(PCWSTR);
NTSYS ULONG NTAPI RtlGetLongestNtPathLength(void);
NTSYS ULONG NTAPI RtlGetCurrentDirectory_U(ULONG, PWSTR);
NTSYS NTSTATUS NTAPI RtlSetCurrentDirectory_U(PUNICODE_STRING);
NTSYS BOOLEAN NTAPI RtlDoesFileExists_U(PCWSTR);
NTSYS NTSTATUS NTAPI RtlDosPathNameToNtPathName_U_WithStatus(PCWSTR, PUNICODE_STRING, PWSTR *,
                                                             PVOID);
NTSYS NTSTATUS NTAPI RtlQueryEnvironmentVariable_U(PWSTR, PUNICODE_STRING, PUNICODE_STRING);

#define UNTOUCHED 0xEEEE

static BOOL Written(const WCHAR *Buffer, ULONG Count) {
    for (ULONG i = 0; i < Count; i++) {
        if (Buffer[i] != UNTOUCHED) {
            return TRUE;
        }
    }
    return FALSE;
}

/* --- sizes --- */

typedef struct {
    ULONG Result;
    BOOL Written;
    int Part;
} OUTCOME;

static OUTCOME FullPath(PCWSTR Name, ULONG Size) {
    WCHAR Buffer[64];
    PWSTR Part = (PWSTR)1;
    OUTCOME Outcome;
    memset(Buffer, 0xEE, sizeof(Buffer));
    Outcome.Result = RtlGetFullPathName_U(Name, Size, Buffer, &Part);
    Outcome.Written = Written(Buffer, 64);
    Outcome.Part = Part == NULL ? -1 : Part == (PWSTR)1 ? -2 : (int)(Part - Buffer);
    return Outcome;
}

/* All sizes; a line for each that gives another outcome than the one before it. */
static void FullPathSizes(PCWSTR Name) {
    OUTCOME Old = {~0u, FALSE, 0};
    for (ULONG Size = 0; Size <= 128; Size++) {
        OUTCOME New = FullPath(Name, Size);
        if (New.Result != Old.Result || New.Written != Old.Written || New.Part != Old.Part) {
            Show(Name, Letters(Name));
            Print(" from size %u on: %u, written: %s, part %d\n", Size, New.Result,
                  YesNo(New.Written), New.Part);
            Old = New;
        }
    }
}

static void CurrentDirectorySizes(void) {
    ULONG OldResult = ~0u;
    BOOL OldWritten = FALSE;
    for (ULONG Size = 0; Size <= 64; Size++) {
        WCHAR Buffer[64];
        memset(Buffer, 0xEE, sizeof(Buffer));
        ULONG Result = RtlGetCurrentDirectory_U(Size, Buffer);
        BOOL NewWritten = Written(Buffer, 64);
        if (Result != OldResult || NewWritten != OldWritten) {
            Print("current directory from size %u on: %u, written: %s\n", Size, Result,
                  YesNo(NewWritten));
            OldResult = Result;
            OldWritten = NewWritten;
        }
    }
    Print("no buffer: %u\n", RtlGetCurrentDirectory_U(0, NULL));
}

static void Sizes(void) {
    static const PCWSTR Names[] = {
        L"C:\\a\\bc", L"C:\\",        L"a",        L"a\\", L"..", L"\\\\s\\h\\a\\..",
        L"NUL",       L"\\\\.\\COM1", L"C:\\a\\.", L"",    L" "};
    PretendDirectory(L"C:\\m\\");
    for (ULONG i = 0; i < COUNT(Names); i++) {
        FullPathSizes(Names[i]);
    }
    Print("no buffer: %u\n", RtlGetFullPathName_U(L"abc", 0, NULL, NULL));
    Print("no part: %u\n", RtlGetFullPathName_U(L"abcd", 0, NULL, NULL));
    CurrentDirectorySizes();
    PretendDirectory(L"C:\\");
    CurrentDirectorySizes();
    PretendDirectory(L"\\\\server\\share\\");
    CurrentDirectorySizes();
}

/* --- long names --- */

static WCHAR Long[40000];
static WCHAR Full[40000];

static void LongName(PCWSTR Beginning, ULONG Length) {
    UNICODE_STRING Nt = {0};
    PWSTR Part = NULL;
    for (ULONG i = 0; i < Length; i++) {
        Long[i] = i % 100 == 99 ? '\\' : 'a';
    }
    memcpy(Long, Beginning, Letters(Beginning) * 2);
    Long[Length - 1] = 'z';
    Long[Length] = 0;
    Show(Beginning, Letters(Beginning));
    Print("... %u: type %d, device %u", Length, RtlDetermineDosPathNameType_U(Long),
          RtlIsDosDeviceName_U(Long));
    if (Length < 32760) {
        ULONG Size = RtlGetFullPathName_U(Long, sizeof(Full), Full, &Part);
        Print(", full %u, part %d, ends with %c", Size, (int)(Part - Full), Full[Size / 2 - 1]);
    }
    NTSTATUS Status = RtlDosPathNameToNtPathName_U_WithStatus(Long, &Nt, &Part, NULL);
    Print(", nt %s %u\n", NT_SUCCESS(Status) ? "succeeds" : "fails", Nt.Length);
    if (NT_SUCCESS(Status)) {
        RtlFreeUnicodeString(&Nt);
    }
}

static void LongNames(void) {
    static const ULONG Lengths[] = {259, 260, 261, 300, 4096, 32000, 32740};
    static const PCWSTR Beginnings[] = {L"C:\\", L"\\\\s\\h\\", L"aaa", L"\\\\?\\C:\\", L"\\\\.\\"};
    PretendDirectory(L"C:\\m\\");
    for (ULONG i = 0; i < COUNT(Lengths); i++) {
        for (ULONG j = 0; j < COUNT(Beginnings); j++) {
            LongName(Beginnings[j], Lengths[i]);
        }
    }
    LongName(L"\\\\?\\C:\\", 32766);
    LongName(L"C:\\", 32766);
    LongName(L"a", 32766);
    LongName(L"C:\\", 33000);
    /* A name that is too long, but not what becomes of it. */
    for (ULONG i = 0; i < 32700; i++) {
        Long[i] = "\\.b\\.."[i % 6];
    }
    memcpy(Long, L"C:", 4);
    Long[32700] = 0;
    Print("full of dots: %u\n", RtlGetFullPathName_U(Long, sizeof(Full), Full, NULL));
    Print("longest: %u\n", RtlGetLongestNtPathLength());
}

/* --- the current directory --- */

static void ShowDirectory(void) {
    WCHAR Buffer[300];
    ULONG Size = RtlGetCurrentDirectory_U(sizeof(Buffer), Buffer);
    UNICODE_STRING *Current = (UNICODE_STRING *)((ULONG_PTR)Parameters() + 0x38);
    Print(" %u [", Size);
    Show(Buffer, Size / 2);
    Print("], ends with a backslash: %s, handle: %s\n",
          YesNo(Current->Buffer[Current->Length / 2 - 1] == '\\'),
          YesNo(AT(Parameters(), 0x48, HANDLE) != NULL));
}

static void SetDirectory(PCWSTR Name) {
    UNICODE_STRING String;
    RtlInitUnicodeString(&String, Name);
    Print("set ");
    Show(Name, Letters(Name));
    Print(": %08x", (unsigned)RtlSetCurrentDirectory_U(&String));
    ShowDirectory();
}

static void SetDirectoryCounted(const char *What, PCWSTR Text, USHORT Length) {
    UNICODE_STRING String = {Length, Length, (PWSTR)Text};
    Print("%s: %08x", What, (unsigned)RtlSetCurrentDirectory_U(&String));
    ShowDirectory();
}

static void Directories(void) {
    static const PCWSTR Names[] = {L"C:\\windows",
                                   L"system32",
                                   L"..",
                                   L"C:\\nope",
                                   L"nope\\x",
                                   L"C:/windows/",
                                   L"",
                                   L"\\",
                                   L"C:windows",
                                   L".",
                                   L"SYSTEM32\\..\\system32. ",
                                   L"\\windows",
                                   L"*",
                                   L"C:\\windows\\system32\\ntdll.dll",
                                   L"..\\..\\..",
                                   L"windows/system32",
                                   L"C:\\WINDOWS\\System32",
                                   L"system32",
                                   L"C:"};
    UNICODE_STRING Name, Value = {0};
    for (ULONG i = 0; i < COUNT(Names); i++) {
        SetDirectory(Names[i]);
    }
    SetDirectoryCounted("a zero inside", L"C:\\windows\\system32\0x", 42);
    SetDirectoryCounted("no buffer", NULL, 0);
    RtlInitUnicodeString(&Name, L"=C:");
    ShowStatus("variable =C:", RtlQueryEnvironmentVariable_U(NULL, &Name, &Value));
}

/* --- what is there --- */

static void Existence(void) {
    static const PCWSTR Names[] = {L"C:\\windows",
                                   L"C:\\windows\\",
                                   L"C:\\nope",
                                   L"system32",
                                   L"C:\\windows\\system32\\ntdll.dll",
                                   L"system32\\ntdll.dll",
                                   L"system32/nope",
                                   L"C:\\",
                                   L"C:",
                                   L".",
                                   L"",
                                   L"\\\\?\\C:\\windows",
                                   L"\\\\.\\C:\\windows",
                                   L"Q:\\"};
    static const PCWSTR Devices[] = {L"NUL",           L"C:\\NUL",           L"C:\\windows\\NUL",
                                     L"C:\\nope\\NUL", L"system32\\nul.txt", L"nope\\nul.txt",
                                     L"..\\NUL",       L"Q:\\NUL",           L"C:NUL",
                                     L"Q:NUL",         L"\\nope\\..\\NUL",   L"\\windows\\.\\NUL"};
    SetDirectory(L"C:\\windows");
    for (ULONG i = 0; i < COUNT(Names); i++) {
        Print("exists ");
        Show(Names[i], Letters(Names[i]));
        Print(": %s\n", YesNo(RtlDoesFileExists_U(Names[i])));
    }
    for (ULONG i = 0; i < COUNT(Devices); i++) {
        UNICODE_STRING Nt = {0};
        Print("device ");
        Show(Devices[i], Letters(Devices[i]));
        Print(": %08x ",
              (unsigned)RtlDosPathNameToNtPathName_U_WithStatus(Devices[i], &Nt, NULL, NULL));
        Show(Nt.Buffer, Nt.Length / 2);
        Print("\n");
        RtlFreeUnicodeString(&Nt);
    }
}

static void Plain(void) {
    struct {
        UNICODE_STRING Name;
        PVOID Directory, Reference;
    } Relative;
    UNICODE_STRING Nt;
    PWSTR Part;
    memset(&Relative, 0xEE, sizeof(Relative));
    Check("TRUE",
          RtlDosPathNameToNtPathName_U(L"C:\\a", &Nt, (const WCHAR **)&Part, (PVOID)&Relative));
    RtlFreeUnicodeString(&Nt);
    Print("relative: %u, %d, %d\n", Relative.Name.Length, Relative.Name.Buffer != NULL,
          Relative.Directory != NULL);
    Check("FALSE", RtlDosPathNameToNtPathName_U(L"", &Nt, (const WCHAR **)&Part, NULL));
}

void Start(void) {
    Sizes();
    LongNames();
    Directories();
    Existence();
    Plain();
    Exit(0);
}
