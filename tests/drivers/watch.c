/*
 * watch.c - \Device\Watch: a test driver that ends the process that asks for it, after a time
 *
 * A process writes a number of milliseconds (a ULONG) to the device; when they are over and it still
 * exists, it is terminated. A process that does not end then, within the same time and a minute more,
 * shows a fault of the kernel: the machine stops with MANUALLY_INITIATED_CRASH.
 */
#include "bugcodes.h"
#include "io.h"
#include "kd.h"
#include "ps.h"

#define WATCH_TAG   'hctW'
#define WATCH_GRACE 60000

typedef struct _WATCH {
    PEPROCESS Process;
    ULONG Milliseconds;
} WATCH, *PWATCH;

static NTSTATUS WatchWait(PEPROCESS Process, ULONG Milliseconds) {
    LARGE_INTEGER Timeout = {.QuadPart = -(LONGLONG)Milliseconds * 10000};
    return KeWaitForSingleObject(Process, Executive, KernelMode, FALSE, &Timeout);
}

static VOID NTAPI WatchThread(_In_ PVOID Context) {
    PWATCH Watch = Context;
    if (WatchWait(Watch->Process, Watch->Milliseconds) == STATUS_TIMEOUT) {
        PsTerminateProcess(Watch->Process, STATUS_TIMEOUT);
        if (WatchWait(Watch->Process, Watch->Milliseconds + WATCH_GRACE) == STATUS_TIMEOUT) {
            DbgPrint("watch: %s (%p) does not end\n", Watch->Process->ImageFileName,
                     Watch->Process);
            KeBugCheckEx(MANUALLY_INITIATED_CRASH, (ULONG_PTR)Watch->Process, 0, 0, 0);
        }
    }
    ObDereferenceObject(Watch->Process);
    ExFreePoolWithTag(Watch, WATCH_TAG);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS WatchProcess(ULONG Milliseconds) {
    HANDLE Thread;
    PWATCH Watch = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Watch), WATCH_TAG);
    if (Watch == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Watch->Process = PsGetCurrentProcess();
    Watch->Milliseconds = Milliseconds;
    ObReferenceObject(Watch->Process);
    NTSTATUS Status =
        PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, WatchThread, Watch);
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(Watch->Process);
        ExFreePoolWithTag(Watch, WATCH_TAG);
        return Status;
    }
    ObCloseHandle(Thread, KernelMode);
    return STATUS_SUCCESS;
}

static NTSTATUS WatchComplete(PIRP Irp, NTSTATUS Status) {
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = NT_SUCCESS(Status) ? sizeof(ULONG) : 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS WatchSucceed(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNREFERENCED_PARAMETER(DeviceObject);
    return WatchComplete(Irp, STATUS_SUCCESS);
}

/* A few milliseconds would end a program that writes random bytes to the device. */
static NTSTATUS WatchWrite(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    PULONG Milliseconds = Irp->AssociatedIrp.SystemBuffer;
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Length != sizeof(ULONG) || *Milliseconds < 1000 || *Milliseconds > 1000000) {
        return WatchComplete(Irp, STATUS_INVALID_PARAMETER);
    }
    return WatchComplete(Irp, WatchProcess(*Milliseconds));
}

NTSTATUS DriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\Watch");
    PDEVICE_OBJECT Device;
    UNREFERENCED_PARAMETER(RegistryPath);
    NTSTATUS Status =
        IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
    if (NT_SUCCESS(Status)) {
        Device->Flags |= DO_BUFFERED_IO;
        DriverObject->MajorFunction[IRP_MJ_CREATE] = WatchSucceed;
        DriverObject->MajorFunction[IRP_MJ_CLEANUP] = WatchSucceed;
        DriverObject->MajorFunction[IRP_MJ_CLOSE] = WatchSucceed;
        DriverObject->MajorFunction[IRP_MJ_WRITE] = WatchWrite;
    }
    return Status;
}
