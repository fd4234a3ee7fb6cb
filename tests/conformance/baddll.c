/*
 * baddll.c - loads bad.dll, whose tables are where the image has no memory (test_images.py)
 *
 * The statuses are for the test to judge. What matters as well: the loader still works afterwards,
 * for this thread and for another.
 */
#include "threading.h"

static NTSTATUS NTAPI Nothing(PVOID Unused) {
    (void)Unused;
    return 0x33;
}

void Start(void) {
    UNICODE_STRING Bad = {14, 16, L"bad.dll"}, Own = {18, 20, L"ntdll.dll"};
    ANSI_STRING Name = {1, 2, "f"};
    HANDLE Dll = NULL;
    PVOID Address = NULL;
    NTSTATUS Status = LdrLoadDll(NULL, NULL, &Bad, &Dll);
    ShowStatus("load", Status);
    if (NT_SUCCESS(Status)) {
        ShowStatus("export", LdrGetProcedureAddress(Dll, &Name, 0, &Address));
    }
    Print("another thread: %x\n", EndOf(Begin(Nothing, NULL, FALSE)));
    ShowStatus("ntdll", LdrGetDllHandle(NULL, NULL, &Own, &Dll));
    Exit(0);
}
