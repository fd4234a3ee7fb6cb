/*
 * DLLs by names of several types: the same file is one module, whatever it is called.
 */
#include "nt.h"

static HANDLE First;

/* The program's directory, with its backslash, and Rest behind it; Slash: with slashes. */
static void Load(const char *What, PCWSTR Before, BOOL Directory, PCWSTR Rest, BOOL Slash) {
    UNICODE_STRING *Image = (UNICODE_STRING *)((ULONG_PTR)Parameters() + 0x60);
    static WCHAR Text[1024];
    UNICODE_STRING Name = {.Buffer = Text};
    ULONG Length = 0, Count = Directory ? Image->Length / 2 : 0;
    while (Count > 0 && Image->Buffer[Count - 1] != '\\') {
        Count--;
    }
    while (*Before) {
        Text[Length++] = *Before++;
    }
    for (ULONG i = 0; i < Count; i++) {
        Text[Length++] = Slash && Image->Buffer[i] == '\\' ? '/' : Image->Buffer[i];
    }
    while (*Rest) {
        Text[Length++] = *Rest++;
    }
    Text[Length] = 0;
    Name.Length = Name.MaximumLength = (USHORT)(Length * 2);
    HANDLE Module = NULL;
    NTSTATUS Status = LdrLoadDll(NULL, NULL, &Name, &Module);
    Print("%s: %08x, the module: %s\n", What, (unsigned)Status, YesNo(Module == First));
    if (NT_SUCCESS(Status)) {
        LdrUnloadDll(Module);
    }
}

void Start(void) {
    UNICODE_STRING Name = {20, 22, (PWSTR)L"second.dll"};
    LdrLoadDll(NULL, NULL, &Name, &First);
    Load("by name", L"", FALSE, L"second.dll", FALSE);
    Load("in capitals", L"", FALSE, L"SECOND.DLL", FALSE);
    Load("without its extension", L"", FALSE, L"second", FALSE);
    Load("by full path", L"", TRUE, L"second.dll", FALSE);
    Load("by full path without its extension", L"", TRUE, L"second", FALSE);
    Load("with slashes", L"", TRUE, L"second.dll", TRUE);
    Load("with a dot", L"", TRUE, L".\\second.dll", FALSE);
    Load("with two dots", L"", TRUE, L"nope\\..\\second.dll", FALSE);
    Load("with doubled separators", L"", TRUE, L"\\\\second.dll", FALSE);
    Load("with dots and blanks behind", L"", TRUE, L"second.dll. .", FALSE);
    Load("relative with a dot", L"", FALSE, L".\\second.dll", FALSE);
    Load("relative with a slash", L"", FALSE, L"./second.dll", FALSE);
    Load("relative with two dots", L"", FALSE, L"nope\\..\\second.dll", FALSE);
    Load("verbatim", L"\\\\?\\", TRUE, L"second.dll", FALSE);
    Load("as a device", L"\\\\.\\", TRUE, L"second.dll", FALSE);
    Load("missing", L"", FALSE, L"nope.dll", FALSE);
    Load("missing by path", L"", TRUE, L"nope.dll", FALSE);
    Load("in a missing directory", L"", TRUE, L"nope\\second.dll", FALSE);
    Load("on a missing drive", L"Q:\\second.dll", FALSE, L"", FALSE);
    Load("on a server", L"\\\\server\\share\\second.dll", FALSE, L"", FALSE);
    Load("a directory", L"", TRUE, L"", FALSE);
    Load("an empty name", L"", FALSE, L"", FALSE);
    Exit(0);
}
