/* Uses testlib.dll: all kinds of imports, initialisation order, lookups at run time. */
#include "nt.h"

__declspec(dllimport) int Add(int, int);
__declspec(dllimport) int AskSecond(void);
__declspec(dllimport) ULONG TlsValue(ULONG);
__declspec(dllimport) int ByOrdinalOnly(void);
__declspec(dllimport) size_t ForwardedLength(const char *);
__declspec(dllimport) int ForwardedSecond(void);
__declspec(dllimport) extern int Exported;

static NTSTATUS NTAPI Thread(PVOID Parameter) {
    (void)Parameter;
    Print("in the thread: TLS %u\n", TlsValue(0));
    RtlExitUserThread(0);
    return 0;
}

static void Lookups(void) {
    UNICODE_STRING Name;
    ANSI_STRING Function;
    HANDLE Module = NULL;
    PVOID Address = NULL;
    RtlInitUnicodeString(&Name, L"testlib.dll");
    ShowStatus("handle", LdrGetDllHandle(NULL, NULL, &Name, &Module));
    RtlInitAnsiString(&Function, "Add");
    ShowStatus("by name", LdrGetProcedureAddress(Module, &Function, 0, &Address));
    Check("the same", Address == (PVOID)Add);
    ShowStatus("by ordinal", LdrGetProcedureAddress(Module, NULL, 40, &Address));
    Check("the same", Address == (PVOID)ByOrdinalOnly);
    RtlInitAnsiString(&Function, "ForwardedLength");
    ShowStatus("forwarded", LdrGetProcedureAddress(Module, &Function, 0, &Address));
    Check("the same", Address == (PVOID)strlen);
    RtlInitAnsiString(&Function, "add");
    ShowFailure("wrong case", LdrGetProcedureAddress(Module, &Function, 0, &Address));
    ShowFailure("no such ordinal", LdrGetProcedureAddress(Module, NULL, 999, &Address));
    RtlInitUnicodeString(&Name, L"TESTLIB.DLL");
    ShowStatus("handle, upper case", LdrGetDllHandle(NULL, NULL, &Name, &Module));
    RtlInitUnicodeString(&Name, L"nothere.dll");
    ShowStatus("handle of nothing", LdrGetDllHandle(NULL, NULL, &Name, &Module));
}

void Start(void) {
    HANDLE Handle;
    Print("%d %d %d %u %d %d\n", Add(1, 2), AskSecond(), ByOrdinalOnly(),
          (ULONG)ForwardedLength("seven!!"), ForwardedSecond(), Exported);
    Print("TLS %u %u\n", TlsValue(0), TlsValue(1));
    Lookups();
    RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, Thread, NULL, &Handle, NULL);
    NtWaitForSingleObject(Handle, FALSE, NULL);
    Exit(0);
}
