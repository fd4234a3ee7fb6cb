/* A TLS directory: initial data copied for each thread, callbacks with their reasons. */
#include "nt.h"

static ULONG Calls;
static ULONG Reasons[16];
ULONG _tls_index = 99;

__attribute__((section(".tls$AAA"))) ULONG _tls_start[4] = {11, 22, 33, 44};
__attribute__((section(".tls$ZZZ"))) ULONG _tls_end[1] = {0};

static void NTAPI First(PVOID Module, ULONG Reason, PVOID Context) {
    (void)Module, (void)Context;
    Reasons[Calls++ & 15] = 10 + Reason;
}

static void NTAPI Second(PVOID Module, ULONG Reason, PVOID Context) {
    (void)Module, (void)Context;
    Reasons[Calls++ & 15] = 20 + Reason;
}

static const PIMAGE_TLS_CALLBACK Callbacks[] = {First, Second, NULL};

const IMAGE_TLS_DIRECTORY64 _tls_used = {
    .StartAddressOfRawData = (ULONG_PTR)_tls_start,
    .EndAddressOfRawData = (ULONG_PTR)_tls_end,
    .AddressOfIndex = (ULONG_PTR)&_tls_index,
    .AddressOfCallBacks = (ULONG_PTR)Callbacks,
    .SizeOfZeroFill = 0,
};

static ULONG *Mine(void) {
    return AT(TebPointer(), 0x58, ULONG **)[_tls_index];
}

static NTSTATUS NTAPI Thread(PVOID Parameter) {
    Print("in the thread: %u %u %u %u\n", Mine()[0], Mine()[1], Mine()[2], Mine()[3]);
    Mine()[0] = 77;
    *(ULONG **)Parameter = Mine();
    RtlExitUserThread(0);
    return 0;
}

void Start(void) {
    HANDLE Handle;
    ULONG *Theirs = NULL;
    Print("index: %u\n", _tls_index);
    Print("at the start: %u %u %u %u\n", Mine()[0], Mine()[1], Mine()[2], Mine()[3]);
    Check("a copy, not the template", Mine() != _tls_start);
    Mine()[0] = 55;
    ShowStatus("thread",
               RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, Thread, &Theirs, &Handle, NULL));
    ShowStatus("wait", NtWaitForSingleObject(Handle, FALSE, NULL));
    Check("each its own", Theirs != NULL && Theirs != Mine() && Mine()[0] == 55);
    Print("callbacks:");
    for (ULONG i = 0; i < Calls; i++) {
        Print(" %u", Reasons[i]);
    }
    Print("\n");
    Exit(0);
}
