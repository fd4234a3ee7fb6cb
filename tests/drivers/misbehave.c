/*
 * misbehave.c - \\Device\\Misbehave: a test driver that leaves a service with a rule broken
 *
 * A letter written to the device says which: what the checked build must notice at the service's exit
 * (kernel/check/servicecheck.c).
 */
#include "io.h"
#include "ntrtl.h"
#include "ps.h"

static PULONG64 FrameOfCaller(VOID) {
    return (PULONG64)((PUCHAR)KeGetCurrentThread()->InitialStack - sizeof(KTRAP_FRAME));
}

/* The rbp that the service has saved, wherever on the stack: it will restore another one. */
static VOID SpoilSavedRbp(VOID) {
    PULONG64 Frame = FrameOfCaller();
    for (PULONG64 At = (PULONG64)__builtin_frame_address(0); At < Frame; At++) {
        if (*At == (ULONG64)Frame + 0x80) {
            *At += 0x10;
        }
    }
}

static VOID Misbehave(CHAR How) {
    static KAPC_STATE ApcState;
    PEPROCESS System;
    KIRQL OldIrql;
    switch (How) {
    case 'i':
        KeRaiseIrql(APC_LEVEL, &OldIrql);
        break;
    case 'a':
        KeEnterCriticalRegion();
        break;
    case 'p':
        PsLookupProcessByProcessId((HANDLE)4, &System);
        KeStackAttachProcess(&System->Pcb, &ApcState);
        KeLeaveGuardedRegion();
        break;
    case 'c':
        FrameOfCaller()[-1] ^= 1;
        break;
    case 'r':
        SpoilSavedRbp();
        break;
    default:
        break;
    }
}

static NTSTATUS MisbehaveWrite(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNREFERENCED_PARAMETER(DeviceObject);
    CHAR How = *(PCHAR)Irp->AssociatedIrp.SystemBuffer;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 1;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    Misbehave(How);
    return STATUS_SUCCESS;
}

static NTSTATUS MisbehaveSucceed(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\Misbehave");
    PDEVICE_OBJECT Device;
    UNREFERENCED_PARAMETER(RegistryPath);
    NTSTATUS Status =
        IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Device->Flags |= DO_BUFFERED_IO;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = MisbehaveSucceed;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = MisbehaveSucceed;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = MisbehaveSucceed;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = MisbehaveWrite;
    Device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
