/*
 * spawn.c - \Device\Spawn: a test driver that starts programs
 *
 * Who writes a command line (UTF-16, no null) to the device starts that program as a process; the
 * number of bytes "written" is the new process's id. It has no standard handles: a test that wants
 * a second process shares memory and named objects with it (tests/conformance/spawn.h).
 */
#include "io.h"
#include "ntmmapi.h"
#include "ntrtl.h"
#include "ps.h"

static NTSTATUS SpawnComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS SpawnSucceed(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNREFERENCED_PARAMETER(DeviceObject);
    return SpawnComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS SpawnNoHandles(_Out_ PHANDLE Input, _Out_ PHANDLE Output, _Out_ PHANDLE Error) {
    *Input = *Output = *Error = NULL;
    return STATUS_SUCCESS;
}

/* An image section of the program that the first word of the command line names. */
static NTSTATUS SpawnOpenImage(PCUNICODE_STRING Image, PVOID *Section) {
    WCHAR Path[128];
    UNICODE_STRING NtPath = {.Buffer = Path, .MaximumLength = sizeof(Path)};
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK IoStatus;
    HANDLE File;
    RtlAppendUnicodeToString(&NtPath, L"\\??\\");
    NTSTATUS Status = RtlAppendUnicodeStringToString(&NtPath, Image);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    InitializeObjectAttributes(&Attributes, &NtPath, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    Status = IoCreateFile(&File, FILE_GENERIC_READ | FILE_EXECUTE, &Attributes, &IoStatus, NULL, 0,
                          FILE_SHARE_READ, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0,
                          CreateFileTypeNone, NULL, IO_NO_PARAMETER_CHECKING);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    /* By its object: a kernel handle would not do in a service that a program called. */
    PVOID FileObject;
    Status = ObReferenceObjectByHandle(File, FILE_EXECUTE, NULL, KernelMode, &FileObject, NULL);
    if (NT_SUCCESS(Status)) {
        Status = MmCreateSection(Section, SECTION_ALL_ACCESS, NULL, NULL, PAGE_EXECUTE, SEC_IMAGE,
                                 NULL, FileObject);
        ObDereferenceObject(FileObject);
    }
    ObCloseHandle(File, KernelMode);
    return Status;
}

static NTSTATUS SpawnWrite(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNICODE_STRING CommandLine = {.Buffer = Irp->AssociatedIrp.SystemBuffer}, Image;
    PEPROCESS Process;
    PVOID Section;
    HANDLE Id = NULL;
    UNREFERENCED_PARAMETER(DeviceObject);
    CommandLine.Length = (USHORT)(IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length & ~1u);
    CommandLine.MaximumLength = CommandLine.Length;
    Image = CommandLine;
    Image.Length = 0;
    while (Image.Length < CommandLine.Length && Image.Buffer[Image.Length / 2] != L' ') {
        Image.Length += sizeof(WCHAR);
    }
    NTSTATUS Status = SpawnOpenImage(&Image, &Section);
    if (NT_SUCCESS(Status)) {
        PS_PROGRAM Program = {.Section = Section,
                              .ImagePath = &Image,
                              .CommandLine = &CommandLine,
                              .OpenHandles = SpawnNoHandles};
        Status = PsCreateUserProcess(&Program, &Process);
        ObDereferenceObject(Section);
    }
    if (NT_SUCCESS(Status)) {
        Id = Process->UniqueProcessId;
        ObDereferenceObject(Process);
    }
    return SpawnComplete(Irp, Status, (ULONG_PTR)Id);
}

NTSTATUS DriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\Spawn");
    PDEVICE_OBJECT Device;
    UNREFERENCED_PARAMETER(RegistryPath);
    NTSTATUS Status =
        IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
    if (NT_SUCCESS(Status)) {
        Device->Flags |= DO_BUFFERED_IO;
        DriverObject->MajorFunction[IRP_MJ_CREATE] = SpawnSucceed;
        DriverObject->MajorFunction[IRP_MJ_CLEANUP] = SpawnSucceed;
        DriverObject->MajorFunction[IRP_MJ_CLOSE] = SpawnSucceed;
        DriverObject->MajorFunction[IRP_MJ_WRITE] = SpawnWrite;
    }
    return Status;
}
