/* testlib.dll: exports by name, by ordinal only and forwarded; its own TLS; imports in a circle. */
#include "nt.h"

__declspec(dllimport) int SecondValue(void);

ULONG _tls_index;
__attribute__((section(".tls$AAA"))) ULONG _tls_start[2] = {500, 600};
__attribute__((section(".tls$ZZZ"))) ULONG _tls_end[1] = {0};

static void NTAPI TlsCallback(PVOID Module, ULONG Reason, PVOID Context) {
    (void)Module, (void)Context;
    Print("testlib TLS callback %u\n", Reason);
}

static const PIMAGE_TLS_CALLBACK Callbacks[] = {TlsCallback, NULL};
const IMAGE_TLS_DIRECTORY64 _tls_used = {(ULONG_PTR)_tls_start, (ULONG_PTR)_tls_end,
                                         (ULONG_PTR)&_tls_index, (ULONG_PTR)Callbacks,
                                         .SizeOfZeroFill = 16};

int Exported = 4711;

int Add(int A, int B) {
    return A + B;
}

int ByOrdinalOnly(void) {
    return 7007;
}

int AskSecond(void) {
    return SecondValue() + 1;
}

ULONG TlsValue(ULONG Index) {
    return AT(TebPointer(), 0x58, ULONG **)[_tls_index][Index];
}

BOOL NTAPI DllMain(PVOID Module, ULONG Reason, PVOID Context) {
    (void)Module;
    Print("testlib DllMain %u %s\n", Reason, Context ? "static" : "dynamic");
    return TRUE;
}
