/*
 * What Windows documents about paths and environments where Wine differs, or has nothing (TAP).
 *
 * Sources, by the letter at each row:
 *   P  CPython's Lib/test/test_ntpath.py, test_abspath, which is run on Windows
 *   N  learn.microsoft.com/dotnet/standard/io/file-path-formats: a series of slashes becomes one;
 *      of a directory's name that ends in a single period the period is removed; of three or more
 *      it is not
 *   F  "Naming Files, Paths, and Namespaces": superscript digits are digits in COM# and LPT#
 *   E  github.com/python/cpython/pull/117855: the directory of another drive is in "=X:", and is
 *      the root where that is not set or does not exist
 *   B  nullprogram.com/blog/2023/08/23: a block is kept sorted by name, without regard to case
 *   H  phnt's and mingw's prototypes; GetFullPathName, which stands on RtlGetFullPathName_UEx
 */
#include "pathnames.h"
#include "tap.h"

typedef struct {
    UNICODE_STRING Name;
    HANDLE Directory;
    PVOID Reference;
} RELATIVE_NAME;

NTSYS ULONG NTAPI RtlGetFullPathName_U(PCWSTR, ULONG, PWSTR, PWSTR *);
NTSYS NTSTATUS NTAPI RtlGetFullPathName_UEx(PCWSTR, ULONG, PWSTR, PWSTR *, PULONG);
NTSYS ULONG NTAPI RtlIsDosDeviceName_U(PCWSTR);
NTSYS NTSTATUS NTAPI RtlSetCurrentDirectory_U(PUNICODE_STRING);
NTSYS ULONG NTAPI RtlGetCurrentDirectory_U(ULONG, PWSTR);
NTSYS NTSTATUS NTAPI RtlDosPathNameToNtPathName_U_WithStatus(PCWSTR, PUNICODE_STRING, PWSTR *,
                                                             RELATIVE_NAME *);
NTSYS NTSTATUS NTAPI RtlDosPathNameToRelativeNtPathName_U_WithStatus(PCWSTR, PUNICODE_STRING,
                                                                     PWSTR *, RELATIVE_NAME *);
NTSYS BOOLEAN NTAPI RtlDosPathNameToRelativeNtPathName_U(PCWSTR, PUNICODE_STRING, PWSTR *,
                                                         RELATIVE_NAME *);
NTSYS void NTAPI RtlReleaseRelativeName(RELATIVE_NAME *);
NTSYS NTSTATUS NTAPI RtlCreateEnvironmentEx(PVOID, PWSTR *, ULONG);
NTSYS NTSTATUS NTAPI RtlDestroyEnvironment(PWSTR);
NTSYS NTSTATUS NTAPI RtlSetEnvironmentVar(PWSTR *, PCWSTR, SIZE_T, PCWSTR, SIZE_T);
NTSYS NTSTATUS NTAPI NtOpenFile(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, PIO_STATUS_BLOCK, ULONG,
                                ULONG);

static BOOL Same(PCWSTR Left, PCWSTR Right) {
    while (*Left && *Left == *Right) {
        Left++;
        Right++;
    }
    return *Left == *Right;
}

/* A line named by the text that was asked about. */
static void ExpectSame(PCWSTR Asked, PCWSTR Value, PCWSTR Wanted) {
    BOOL Right = Same(Value, Wanted);
    Print("%s %u - [", Right ? "ok" : "not ok", ++Number);
    Show(Asked, Letters(Asked));
    Print("]");
    if (!Right) {
        Print(" gives [");
        Show(Value, Letters(Value));
        Print("]");
    }
    Print("\n");
}

static const struct {
    PCWSTR Name, Full;
} FullPaths[] = {
    /* P */
    {L"//spam//eggs. . .", L"\\\\spam\\eggs"},
    {L"\\\\spam\\\\eggs. . .", L"\\\\spam\\eggs"},
    {L"\\\\?\\C:////spam////eggs. . .", L"\\\\?\\C:\\spam\\eggs"},
    {L"\\\\.\\C:////spam////eggs. . .", L"\\\\.\\C:\\spam\\eggs"},
    {L"C:/spam. . .", L"C:\\spam"},
    {L"C:/nul", L"\\\\.\\nul"},
    {L"C:\\nul. . .", L"\\\\.\\nul"},
    {L"//..", L"\\\\"},
    {L"//../", L"\\\\..\\"},
    {L"//../..", L"\\\\..\\"},
    {L"//../../", L"\\\\..\\..\\"},
    {L"//../../../", L"\\\\..\\..\\"},
    {L"//../../../..", L"\\\\..\\..\\"},
    {L"//../../../../", L"\\\\..\\..\\"},
    {L"//server/..", L"\\\\server\\"},
    {L"//server/../", L"\\\\server\\..\\"},
    {L"//server/../..", L"\\\\server\\..\\"},
    {L"//server/../../../", L"\\\\server\\..\\"},
    {L"//server/share/..", L"\\\\server\\share\\"},
    {L"//server/share/../../", L"\\\\server\\share\\"},
    {L"//... . .", L"\\\\"},
    {L"//.. . . .", L"\\\\"},
    {L"//../... . .", L"\\\\..\\"},
    {L"//../.. . . .", L"\\\\..\\"},
    /* N */
    {L"C:\\a\\...\\b", L"C:\\a\\...\\b"},
    {L"C:\\a\\....\\b", L"C:\\a\\....\\b"},
    {L"C:\\a.\\b", L"C:\\a\\b"},
    {L"C:\\a..\\b", L"C:\\a..\\b"},
    {L"C:\\a...\\b", L"C:\\a...\\b"},
    {L"C:\\a..\\", L"C:\\a..\\"},
    {L"....\\a", L"C:\\m\\....\\a"},
    {L"\\\\server\\share\\\\a", L"\\\\server\\share\\a"},
    {L"\\\\server\\share\\\\\\..\\a", L"\\\\server\\share\\a"},
    {L"\\\\\\\\server\\share\\a", L"\\\\\\server\\share\\a"},
    {L"/", L"C:\\"},
    {L"/a/b", L"C:\\a\\b"},
    /* F */
    {L"COM\x00B9", L"\\\\.\\COM\x00B9"},
    {L"com\x00B2.txt", L"\\\\.\\com\x00B2"},
    {L"C:\\windows\\COM\x00B3", L"\\\\.\\COM\x00B3"},
    {L"LPT\x00B9:", L"\\\\.\\LPT\x00B9"},
    {L"COM\x2074", L"C:\\m\\COM\x2074"},
    /* E: "=D:" names a directory that does not exist, "=E:" none */
    {L"D:a", L"D:\\a"},
    {L"D:", L"D:\\"},
    {L"E:a", L"E:\\a"},
};

static void SetVariable(PCWSTR Name, PCWSTR Value) {
    RtlSetEnvironmentVar(NULL, Name, Letters(Name), Value, Letters(Value));
}

static void Full(void) {
    WCHAR Buffer[300];
    PretendDirectory(L"C:\\m\\");
    SetVariable(L"=D:", L"D:\\p\\q");
    SetVariable(L"=E:", L"none");
    for (ULONG i = 0; i < COUNT(FullPaths); i++) {
        Buffer[0] = 0;
        RtlGetFullPathName_U(FullPaths[i].Name, sizeof(Buffer), Buffer, NULL);
        ExpectSame(FullPaths[i].Name, Buffer, FullPaths[i].Full);
    }
    PretendDirectory(L"\\\\server\\share\\m\\");
    RtlGetFullPathName_U(L"/a/b", sizeof(Buffer), Buffer, NULL);
    ExpectSame(L"/a/b on a share", Buffer, L"\\\\server\\share\\a\\b");
    PretendDirectory(L"C:\\");
    UNICODE_STRING Nt = {0};
    RtlDosPathNameToNtPathName_U_WithStatus(L"\\\\?. ", &Nt, NULL, NULL);
    ExpectSame(L"\\\\?. as an NT path", Nt.Buffer, L"\\??\\UNC\\?");
    RtlFreeUnicodeString(&Nt);
    Expect("no name is no device", RtlIsDosDeviceName_U(NULL), 0);
}

/* H: as GetFullPathName has it, a short buffer is no failure. */
static void FullEx(void) {
    WCHAR Buffer[64];
    PWSTR Part = NULL;
    ULONG Size = 0;
    Expect("UEx", (ULONG)RtlGetFullPathName_UEx(L"C:\\a\\bc", sizeof(Buffer), Buffer, &Part, &Size),
           0);
    Expect("its length", Size, 14);
    Expect("its last part", Part - Buffer, 5);
    Expect("short", (ULONG)RtlGetFullPathName_UEx(L"C:\\a\\bc", 14, Buffer, &Part, &Size), 0);
    Expect("the size needed", Size, 16);
    Expect("no last part", (ULONG_PTR)Part, 0);
    Expect("no size wanted", (ULONG)RtlGetFullPathName_UEx(L"C:\\a", 64, Buffer, NULL, NULL), 0);
    Expect("empty", (ULONG)RtlGetFullPathName_UEx(L"", 64, Buffer, &Part, &Size), 0xC0000033);
    Expect("no name", (ULONG)RtlGetFullPathName_UEx(NULL, 64, Buffer, &Part, &Size), 0xC0000033);
    Expect("blank", (ULONG)RtlGetFullPathName_UEx(L"  ", 64, Buffer, &Part, &Size), 0xC0000033);
}

/* H: UNICODE_STRING counts 65,535 bytes; "the maximum path is 32,767 characters" (F). */
static void TooLong(void) {
    static WCHAR Name[40000];
    static WCHAR Buffer[40000];
    UNICODE_STRING Nt;
    for (ULONG i = 0; i < 32767; i++) {
        Name[i] = 'a';
    }
    memcpy(Name, L"C:\\", 6);
    Expect("longer than any path", RtlGetFullPathName_U(Name, sizeof(Buffer), Buffer, NULL), 0);
    Expect("to an NT path", (ULONG)RtlDosPathNameToNtPathName_U_WithStatus(Name, &Nt, NULL, NULL),
           0xC0000106);
    Name[32766] = 0;
    Expect("the longest", RtlGetFullPathName_U(Name, sizeof(Buffer), Buffer, NULL), 65532);
    Expect("its NT path is too long",
           (ULONG)RtlDosPathNameToNtPathName_U_WithStatus(Name, &Nt, NULL, NULL), 0xC0000106);
    Name[32762] = 0;
    Expect("the longest with an NT path",
           (ULONG)RtlDosPathNameToNtPathName_U_WithStatus(Name, &Nt, NULL, NULL), 0);
    Expect("its length", Nt.Length, 65532);
    Expect("with its zero", Nt.MaximumLength, 65534);
    RtlFreeUnicodeString(&Nt);
    Name[32762] = 'a';
    Name[0] = 'a';
    Name[1] = 'a';
    PretendDirectory(L"C:\\windows\\");
    Expect("too long with the directory", RtlGetFullPathName_U(Name, sizeof(Buffer), Buffer, NULL),
           0);
}

static HANDLE OpenRelative(RELATIVE_NAME *Relative) {
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Io;
    HANDLE File = NULL;
    InitializeObjectAttributes(&Attributes, &Relative->Name, OBJ_CASE_INSENSITIVE,
                               Relative->Directory, NULL);
    NtOpenFile(&File, FILE_GENERIC_READ, &Attributes, &Io, 7, FILE_SYNCHRONOUS_IO_NONALERT);
    return File;
}

static void SetDirectory(PCWSTR Name) {
    UNICODE_STRING String;
    RtlInitUnicodeString(&String, Name);
    RtlSetCurrentDirectory_U(&String);
}

static void ExpectRelative(PCWSTR Name, PCWSTR Wanted) {
    RELATIVE_NAME Relative;
    UNICODE_STRING Nt;
    WCHAR Text[64] = {0};
    memset(&Relative, 0xEE, sizeof(Relative));
    RtlDosPathNameToRelativeNtPathName_U_WithStatus(Name, &Nt, NULL, &Relative);
    memcpy(Text, Relative.Name.Buffer, Relative.Name.Length);
    ExpectSame(Name, Text, Wanted);
    Expect("the directory's handle goes with it", Relative.Directory != NULL,
           Relative.Name.Length != 0);
    RtlReleaseRelativeName(&Relative);
    RtlFreeUnicodeString(&Nt);
}

/* H: the rest of a relative path below the current directory, and that directory's handle. */
static void BelowDirectory(void) {
    RELATIVE_NAME Relative;
    UNICODE_STRING Nt;
    SetDirectory(L"C:\\windows");
    ExpectRelative(L"a", L"a");
    ExpectRelative(L"a\\b\\..\\c.", L"a\\c");
    ExpectRelative(L"system32/", L"system32\\");
    ExpectRelative(L"..\\windows\\b", L"b");
    ExpectRelative(L"..\\WINDOWS\\b", L"b");
    ExpectRelative(L"..\\a", L"");
    ExpectRelative(L".", L"");
    ExpectRelative(L"..\\windows2", L"");
    ExpectRelative(L"C:a", L"");
    ExpectRelative(L"\\windows\\a", L"");
    ExpectRelative(L"C:\\windows\\a", L"");
    ExpectRelative(L"NUL", L"");
    Expect("TRUE",
           RtlDosPathNameToRelativeNtPathName_U(L"system32\\ntdll.dll", &Nt, NULL, &Relative), 1);
    Expect("within the NT path", Relative.Name.Buffer - Nt.Buffer, 15);
    SetDirectory(L"C:\\");
    HANDLE File = OpenRelative(&Relative);
    Expect("opens after the directory has changed", File != NULL, 1);
    NtClose(File);
    HANDLE Directory = Relative.Directory;
    RtlReleaseRelativeName(&Relative);
    Expect("the handle is closed with the last name", (ULONG)NtClose(Directory), 0xC0000008);
    RtlReleaseRelativeName(&Relative);
    RtlFreeUnicodeString(&Nt);
    Expect("FALSE", RtlDosPathNameToRelativeNtPathName_U(L"", &Nt, NULL, &Relative), 0);
}

/* H: Length counts; a device is no directory. */
static void CurrentDirectory(void) {
    static const WCHAR Text[] = L"C:\\windows\\system32";
    static WCHAR Long[300];
    UNICODE_STRING Name = {20, 20, (PWSTR)Text};
    WCHAR Buffer[64];
    Expect("the first ten characters", (ULONG)RtlSetCurrentDirectory_U(&Name), 0);
    RtlGetCurrentDirectory_U(sizeof(Buffer), Buffer);
    ExpectSame(L"current directory", Buffer, L"C:\\windows");
    RtlInitUnicodeString(&Name, L"NUL");
    Expect("a device", (ULONG)RtlSetCurrentDirectory_U(&Name), 0xC0000103);
    memcpy(Long, L"\\\\?\\C:\\", 14);
    for (ULONG i = 7; i < 299; i++) {
        Long[i] = '\\';
    }
    RtlInitUnicodeString(&Name, Long);
    Expect("one that is not there", (LONG)RtlSetCurrentDirectory_U(&Name) < 0, 1);
}

/* H, B */
static void Environments(void) {
    static const PCWSTR Names[] = {L"m", L"B", L"a", L"C", L"=D:", L"z", L"b", L"aa"};
    static char Narrow[] = "one=1\0two=2\0";
    PWSTR Block = NULL, Copy = NULL;
    Expect("empty", (ULONG)RtlCreateEnvironmentEx(NULL, &Block, 4), 0);
    for (ULONG i = 0; i < COUNT(Names); i++) {
        Expect("set", (ULONG)RtlSetEnvironmentVar(&Block, Names[i], Letters(Names[i]), L"xy", 1),
               0);
    }
    static const PCWSTR Sorted[] = {L"=D:=x", L"a=x", L"aa=x", L"b=x", L"C=x", L"m=x", L"z=x"};
    PWSTR At = Block;
    for (ULONG i = 0; i < COUNT(Sorted); i++) {
        ExpectSame(Sorted[i], At, Sorted[i]);
        At += Letters(At) + 1;
    }
    Expect("the end", *At, 0);
    Expect("copy", (ULONG)RtlCreateEnvironmentEx(Block, &Copy, 0), 0);
    ExpectSame(L"of a block", Copy, L"=D:=x");
    RtlDestroyEnvironment(Copy);
    Expect("from bytes", (ULONG)RtlCreateEnvironmentEx(Narrow, &Copy, 1), 0);
    ExpectSame(L"first", Copy, L"one=1");
    ExpectSame(L"second", Copy + 6, L"two=2");
    Expect("the end", Copy[12], 0);
    RtlDestroyEnvironment(Copy);
    Expect("unknown flag", (ULONG)RtlCreateEnvironmentEx(NULL, &Copy, 8), 0xC000000D);
    Expect("a zero in the name", (ULONG)RtlSetEnvironmentVar(&Block, L"a\0b", 3, L"x", 1),
           0xC000000D);
    Expect("a zero in the value", (ULONG)RtlSetEnvironmentVar(&Block, L"a", 1, L"x\0y", 3),
           0xC000000D);
    RtlDestroyEnvironment(Block);
}

void Start(void) {
    Full();
    FullEx();
    TooLong();
    BelowDirectory();
    CurrentDirectory();
    Environments();
    Done();
}
