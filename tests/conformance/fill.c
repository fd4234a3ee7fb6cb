/* Strings changed in place within their buffers, and frames that are larger than a guard page. */
#include "nt.h"

#define C(Type) NTSYS Type __cdecl
C(int) _strlwr_s(char *, size_t);
C(int) _strupr_s(char *, size_t);
C(int) _strset_s(char *, size_t, int);
C(int) _strnset_s(char *, size_t, int, size_t);
C(int) _wcslwr_s(WCHAR *, size_t);
C(int) _wcsupr_s(WCHAR *, size_t);
C(int) _wcsset_s(WCHAR *, size_t, WCHAR);
C(int) _wcsnset_s(WCHAR *, size_t, WCHAR, size_t);

static void Bytes(void) {
    char Text[8] = "MiXed1";
    int Result = _strlwr_s(Text, sizeof(Text));
    Print("%d %s\n", Result, Text);
    Result = _strupr_s(Text, sizeof(Text));
    Print("%d %s\n", Result, Text);
    Result = _strnset_s(Text, sizeof(Text), '-', 2);
    Print("%d %s\n", Result, Text);
    Result = _strset_s(Text, sizeof(Text), '*');
    Print("%d %s\n", Result, Text);
    Result = _strlwr_s(Text, 3);
    Print("%d [%s]\n", Result, Text);
    Print("%d %d %d\n", _strupr_s(NULL, 4), _strset_s(Text, 0, 'x'), _strnset_s(NULL, 0, 'x', 0));
}

static void Wide(void) {
    WCHAR Text[8] = L"MiXed1";
    int Result = _wcslwr_s(Text, 8);
    Print("%d %ws\n", Result, Text);
    Result = _wcsupr_s(Text, 8);
    Print("%d %ws\n", Result, Text);
    Result = _wcsnset_s(Text, 8, '-', 2);
    Print("%d %ws\n", Result, Text);
    Result = _wcsset_s(Text, 8, '*');
    Print("%d %ws\n", Result, Text);
    Result = _wcsset_s(Text, 6, 'x');
    Print("%d [%ws]\n", Result, Text);
}

/* The lowest page of a frame can be written after the probe, and not a page is skipped on the way.
 */
static void Frame(void) {
    WCHAR Dll[] = L"ntdll.dll";
    char Name[] = "__chkstk";
    UNICODE_STRING DllName = {sizeof(Dll) - sizeof(WCHAR), sizeof(Dll), Dll};
    ANSI_STRING ProbeName = {sizeof(Name) - 1, sizeof(Name), Name};
    HANDLE Module;
    PVOID Probe = NULL;
    ULONG64 Before = __readgsqword(0x10), Bottom;
    LdrGetDllHandle(NULL, NULL, &DllName, &Module);
    ShowStatus("__chkstk", LdrGetProcedureAddress(Module, &ProbeName, 0, &Probe));
    __asm__ volatile("movq %%rsp, %%rbx\n"
                     "subq $0x20, %%rsp\n"
                     "movl $0x40000, %%eax\n"
                     "callq *%1\n"
                     "subq %%rax, %%rsp\n"
                     "movb $1, (%%rsp)\n"
                     "movq %%rsp, %0\n"
                     "movq %%rbx, %%rsp"
                     : "=&r"(Bottom)
                     : "r"(Probe)
                     : "rax", "rbx", "r10", "r11", "memory");
    Check("the stack grew", __readgsqword(0x10) < Before && __readgsqword(0x10) <= Bottom);
}

void Start(void) {
    Bytes();
    Wide();
    Frame();
    Exit(0);
}
