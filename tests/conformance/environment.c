/*
 * Environments: set, query, expand, copy. Variables are set in their order, since Windows keeps a
 * block sorted and Wine does not.
 */
#include "pathnames.h"

NTSYS NTSTATUS NTAPI RtlCreateEnvironment(BOOLEAN, PWSTR *);
NTSYS NTSTATUS NTAPI RtlDestroyEnvironment(PWSTR);
NTSYS void NTAPI RtlSetCurrentEnvironment(PWSTR, PWSTR *);
NTSYS NTSTATUS NTAPI RtlSetEnvironmentVariable(PWSTR *, PUNICODE_STRING, PUNICODE_STRING);
NTSYS NTSTATUS NTAPI RtlQueryEnvironmentVariable_U(PWSTR, PUNICODE_STRING, PUNICODE_STRING);
NTSYS NTSTATUS NTAPI RtlQueryEnvironmentVariable(PWSTR, PCWSTR, SIZE_T, PWSTR, SIZE_T, PSIZE_T);
NTSYS NTSTATUS NTAPI RtlExpandEnvironmentStrings_U(PWSTR, PUNICODE_STRING, PUNICODE_STRING, PULONG);
NTSYS NTSTATUS NTAPI RtlExpandEnvironmentStrings(PWSTR, PCWSTR, SIZE_T, PWSTR, SIZE_T, PSIZE_T);

#define UNTOUCHED 0xEEEE
#define LARGEST   100

static PWSTR Block; /* of most of the calls here */

static UNICODE_STRING Text(PCWSTR Characters) {
    UNICODE_STRING String;
    RtlInitUnicodeString(&String, Characters);
    return String;
}

static void ShowBlock(PWSTR At) {
    while (*At) {
        Print(" [");
        Show(At, Letters(At));
        Print("]");
        At += Letters(At) + 1;
    }
    Print("\n");
}

/* How much of a buffer was written, by the last character that is no longer what it was. */
static ULONG Written(const WCHAR *Buffer) {
    ULONG Last = 0;
    for (ULONG i = 0; i < LARGEST; i++) {
        if (Buffer[i] != UNTOUCHED) {
            Last = i + 1;
        }
    }
    return Last;
}

static void Set(PCWSTR Name, PCWSTR Value) {
    UNICODE_STRING NameString = Text(Name), ValueString = Text(Value);
    Show(Name, Letters(Name));
    if (Value) {
        Print(" = ");
        Show(Value, Letters(Value));
    }
    Print(": %08x",
          (unsigned)RtlSetEnvironmentVariable(&Block, &NameString, Value ? &ValueString : NULL));
    ShowBlock(Block);
}

static void Setting(void) {
    static const struct {
        PCWSTR Name, Value;
    } Steps[] = {
        {L"=D:", L"D:\\x"},
        {L"=E:", L"E:\\"},
        {L"a", L"1"},
        {L"A", L"2"},
        {L"aa", L"3"},
        {L"b", L""},
        {L"b", L"4"},
        {L"b", L""},
        {L"c", L"=x="},
        {L"c=", L"1"},
        {L"==", L"1"},
        {L"=D:=", L"1"},
        {L"", L"1"},
        {L"", NULL},
        {L"no", NULL},
        {L"x=y", NULL},
        {L"aa", NULL},
        {L"=e:", L"E:\\y"},
        {L"\x00E9", L"e"},
        {L"\x00C9", L"E"},
        {L"\x0416", L"\x0436"},
        {L"\x0436", NULL},
        {L"\x00E9", NULL},
        {L"v", L"value"},
        {L"w", L"0123456789012345678901234567890123456789"},
        {L"w", L"x"},
        {L"w", L"%v%"},
    };
    for (ULONG i = 0; i < COUNT(Steps); i++) {
        Set(Steps[i].Name, Steps[i].Value);
    }
}

static void QueryString(PCWSTR Name, USHORT Size) {
    WCHAR Buffer[LARGEST];
    UNICODE_STRING NameString = Text(Name), Value = {77, Size, Buffer};
    memset(Buffer, 0xEE, sizeof(Buffer));
    NTSTATUS Status = RtlQueryEnvironmentVariable_U(Block, &NameString, &Value);
    Show(Name, Letters(Name));
    Print(" into %u bytes: %08x, length %u [", Size, (unsigned)Status, Value.Length);
    Show(Buffer, Written(Buffer));
    Print("]\n");
}

static void QueryCounted(PCWSTR Name, SIZE_T Length, SIZE_T Size) {
    WCHAR Buffer[LARGEST];
    SIZE_T Returned = 999;
    memset(Buffer, 0xEE, sizeof(Buffer));
    NTSTATUS Status = RtlQueryEnvironmentVariable(Block, Name, Length, Buffer, Size, &Returned);
    Show(Name, (ULONG)Length);
    Print(" into %u characters: %08x, length %u [", (unsigned)Size, (unsigned)Status,
          (unsigned)Returned);
    Show(Buffer, Written(Buffer));
    Print("]\n");
}

static void Querying(void) {
    static const PCWSTR Names[] = {L"V", L"none", L"",   L"=D:", L"=d:", L"b",
                                   L"c", L"vv",   L"V=", L"=",   L"D:"};
    for (USHORT i = 0; i < 16; i += 2) {
        QueryString(L"v", i);
    }
    for (ULONG i = 0; i < COUNT(Names); i++) {
        QueryString(Names[i], 150);
        QueryString(Names[i], 0);
    }
    for (SIZE_T i = 0; i < 8; i++) {
        QueryCounted(L"v", 1, i);
    }
    QueryCounted(L"Vx", 1, 10);
    QueryCounted(L"none", 4, 10);
    QueryCounted(L"b", 1, 0);
    QueryCounted(L"b", 1, 1);
    QueryCounted(L"", 0, 10);
    QueryCounted(L"=d:x", 3, 10);
}

static void ExpandString(PCWSTR Source, USHORT Size) {
    WCHAR Buffer[LARGEST];
    UNICODE_STRING SourceString = Text(Source), Value = {77, Size, Buffer};
    ULONG Returned = 999;
    memset(Buffer, 0xEE, sizeof(Buffer));
    NTSTATUS Status = RtlExpandEnvironmentStrings_U(Block, &SourceString, &Value, &Returned);
    Show(Source, Letters(Source));
    Print(" into %u bytes: %08x, length %u, returned %u [", Size, (unsigned)Status, Value.Length,
          Returned);
    Show(Buffer, Written(Buffer));
    Print("]\n");
}

static void ExpandCounted(PCWSTR Source, SIZE_T Length, SIZE_T Size) {
    WCHAR Buffer[LARGEST];
    SIZE_T Returned = 999;
    memset(Buffer, 0xEE, sizeof(Buffer));
    NTSTATUS Status = RtlExpandEnvironmentStrings(Block, Source, Length, Buffer, Size, &Returned);
    Show(Source, (ULONG)Length);
    Print(" into %u characters: %08x, returned %u [", (unsigned)Size, (unsigned)Status,
          (unsigned)Returned);
    Show(Buffer, Written(Buffer));
    Print("]\n");
}

static void Expanding(void) {
    static const PCWSTR Sources[] = {
        L"",     L"plain",  L"%",          L"%%",       L"%%%",       L"%%%%",          L"%v",
        L"v%",   L"%v%",    L"%V%%v%",     L"%none%",   L"%none%%v%", L"%none%v%",      L"%v%v%",
        L"% v%", L"%b%",    L"%=D:%",      L"a%%v%",    L"%v%%",      L"%%v%%",         L"100% %v%",
        L"%c%",  L"%%none", L"%none%x%V%", L"%v:~0,1%", L"%w%",       L"%v%\x00E9%=E:%"};
    UNICODE_STRING Source = Text(L"%v%"), Nothing = {0};
    ULONG Returned = 999;
    for (USHORT i = 0; i < 19; i++) {
        ExpandString(L"a%v%b", i);
    }
    for (ULONG i = 0; i < COUNT(Sources); i++) {
        ExpandString(Sources[i], 190);
    }
    for (SIZE_T i = 0; i < 10; i++) {
        ExpandCounted(L"a%v%bXX", 5, i);
    }
    ExpandCounted(L"a\0b", 3, 20);
    ExpandCounted(L"%v%", 2, 20);
    ExpandCounted(L"", 0, 20);
    ExpandCounted(L"", 0, 0);
    ShowStatus("no buffer", RtlExpandEnvironmentStrings_U(Block, &Source, &Nothing, &Returned));
    Print("needs %u\n", Returned);
}

static void Own(void) {
    WCHAR Buffer[20];
    UNICODE_STRING Name = Text(L"v"), Value = {0, sizeof(Buffer), Buffer}, New = Text(L"new");
    PWSTR Old = NULL, Copy = NULL, Empty = NULL;
    RtlSetCurrentEnvironment(Block, &Old);
    Check("the old block", Old != NULL && Old != Block);
    Check("the new block", AT(Parameters(), 0x80, PWSTR) == Block);
    ShowStatus("query", RtlQueryEnvironmentVariable_U(NULL, &Name, &Value));
    ShowStatus("set", RtlSetEnvironmentVariable(NULL, &Name, &New));
    ShowBlock(AT(Parameters(), 0x80, PWSTR));
    ShowStatus("copy", RtlCreateEnvironment(TRUE, &Copy));
    ShowBlock(Copy);
    Check("another block", Copy != AT(Parameters(), 0x80, PWSTR));
    ShowStatus("destroy", RtlDestroyEnvironment(Copy));
    ShowStatus("empty", RtlCreateEnvironment(FALSE, &Empty));
    ShowBlock(Empty);
    ShowStatus("destroy", RtlDestroyEnvironment(Empty));
    RtlSetCurrentEnvironment(Old, NULL);
    ShowStatus("query", RtlQueryEnvironmentVariable_U(NULL, &Name, &Value));
    Name = Text(L"SystemDrive");
    ShowStatus("the first block", RtlQueryEnvironmentVariable_U(NULL, &Name, &Value));
}

void Start(void) {
    ShowStatus("create", RtlCreateEnvironment(FALSE, &Block));
    ShowBlock(Block);
    Setting();
    Querying();
    Expanding();
    Own();
    Exit(0);
}
