/*
 * console.c - the standard handles of the first process
 *
 * A program started from the boot options has no parent to inherit handles from, so the kernel
 * opens them for it, all synchronous and on the console device: one for input, one for output and
 * one for errors.
 */
#include "iop.h"

static NTSTATUS IopOpenConsoleHandle(PCWSTR Path, ACCESS_MASK Access, PHANDLE Handle) {
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK IoStatus;
    RtlInitUnicodeString(&Name, Path);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_INHERIT, NULL, NULL);
    return IoCreateFile(Handle, Access | SYNCHRONIZE, &Attributes, &IoStatus, NULL, 0,
                        FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT,
                        NULL, 0, CreateFileTypeNone, NULL, IO_NO_PARAMETER_CHECKING);
}

NTSTATUS IoOpenConsole(_In_ ACCESS_MASK InputAccess, _Out_ PHANDLE StandardInput,
                       _Out_ PHANDLE StandardOutput, _Out_ PHANDLE StandardError) {
    ACCESS_MASK OutputAccess = FILE_GENERIC_READ | FILE_GENERIC_WRITE;
    if (InputAccess == 0) {
        InputAccess = FILE_GENERIC_READ | FILE_GENERIC_WRITE;
    }
    NTSTATUS Status = IopOpenConsoleHandle(L"\\Device\\ConDrv\\Input", InputAccess, StandardInput);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = IopOpenConsoleHandle(L"\\Device\\ConDrv\\Output", OutputAccess, StandardOutput);
    if (NT_SUCCESS(Status)) {
        Status = IopOpenConsoleHandle(L"\\Device\\ConDrv\\Output", OutputAccess, StandardError);
        if (NT_SUCCESS(Status)) {
            return Status;
        }
        ObCloseHandle(*StandardOutput, KernelMode);
    }
    ObCloseHandle(*StandardInput, KernelMode);
    return Status;
}
