/*
 * device.c - DEVICE_OBJECTs, in \Device: the targets of requests
 *
 * A device is in its driver's list and holds a reference to the driver. Another device may be
 * attached above it; requests enter the stack at the topmost device. ReferenceCount counts the
 * files that are open on the device. IoDeleteDevice removes the device's name; its memory is freed
 * when the last file is closed, because each FILE_OBJECT holds an object reference.
 *
 * IopDatabaseLock guards the lists, ReferenceCount and AttachedDevice.
 */
#include "iop.h"

POBJECT_TYPE IoDeviceObjectType;
KSPIN_LOCK IopDatabaseLock;

static VOID IopDeleteDeviceObject(_In_ PVOID Object) {
    PDEVICE_OBJECT Device = Object;
    if (Device->DriverObject != NULL) {
        ObDereferenceObject(Device->DriverObject);
    }
}

BOOLEAN IopCreateDeviceType(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Device");
    OBJECT_TYPE_INITIALIZER Initializer = {
        IOP_FILE_LIKE_TYPE,
        .UseDefaultObject = TRUE,
        .DeleteProcedure = IopDeleteDeviceObject,
        .ParseProcedure = IopParseDevice,
        .DefaultNonPagedPoolCharge = sizeof(DEVICE_OBJECT),
    };
    return NT_SUCCESS(ObCreateObjectType(&Name, &Initializer, NULL, &IoDeviceObjectType));
}

/* The offset of the extension, which follows the object at pool alignment. */
static SIZE_T IopDeviceObjectSize(VOID) {
    return ALIGN_UP_BY(sizeof(DEVICE_OBJECT), 16);
}

static VOID IopInitializeDevice(PDEVICE_OBJECT Device, PDRIVER_OBJECT Driver, ULONG ExtensionSize,
                                DEVICE_TYPE DeviceType, ULONG Characteristics) {
    Device->Type = IO_TYPE_DEVICE;
    Device->Size = (USHORT)(sizeof(DEVICE_OBJECT) + ExtensionSize);
    Device->DriverObject = Driver;
    Device->Characteristics = Characteristics;
    Device->DeviceType = DeviceType;
    Device->StackSize = 1;
    Device->Flags = DO_DEVICE_INITIALIZING;
    Device->DeviceExtension = ExtensionSize != 0 ? (PUCHAR)Device + IopDeviceObjectSize() : NULL;
    InitializeListHead(&Device->Queue.ListEntry);
    KeInitializeEvent(&Device->DeviceLock, SynchronizationEvent, TRUE);
    ObReferenceObject(Driver);
}

static VOID IopLinkDevice(PDEVICE_OBJECT Device) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&IopDatabaseLock, &OldIrql);
    Device->NextDevice = Device->DriverObject->DeviceObject;
    Device->DriverObject->DeviceObject = Device;
    KeReleaseSpinLock(&IopDatabaseLock, OldIrql);
}

/* Source: WDK page of IoCreateDevice. PASSIVE_LEVEL. */
NTSTATUS IoCreateDevice(_In_ PDRIVER_OBJECT DriverObject, _In_ ULONG DeviceExtensionSize,
                        _In_opt_ PUNICODE_STRING DeviceName, _In_ DEVICE_TYPE DeviceType,
                        _In_ ULONG DeviceCharacteristics, _In_ BOOLEAN Exclusive,
                        _Out_ PDEVICE_OBJECT *DeviceObject) {
    OBJECT_ATTRIBUTES Attributes;
    PDEVICE_OBJECT Device;
    *DeviceObject = NULL;
    if (DeviceExtensionSize > MAXUSHORT - sizeof(DEVICE_OBJECT)) {
        return STATUS_INVALID_PARAMETER;
    }
    InitializeObjectAttributes(&Attributes, DeviceName,
                               OBJ_CASE_INSENSITIVE | (DeviceName != NULL ? OBJ_PERMANENT : 0) |
                                   (Exclusive ? OBJ_EXCLUSIVE : 0),
                               NULL, NULL);
    NTSTATUS Status = ObCreateObject(KernelMode, IoDeviceObjectType, &Attributes, KernelMode, NULL,
                                     (ULONG)(IopDeviceObjectSize() + DeviceExtensionSize), 0, 0,
                                     (PVOID *)&Device);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    IopInitializeDevice(Device, DriverObject, DeviceExtensionSize, DeviceType,
                        DeviceCharacteristics);
    Device->Flags |= (Exclusive ? DO_EXCLUSIVE : 0) | (DeviceName ? DO_DEVICE_HAS_NAME : 0);
    if (DeviceName != NULL) {
        PDEVICE_OBJECT Inserted;
        Status = ObInsertObject(Device, NULL, 0, 0, (PVOID *)&Inserted, NULL);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    IopLinkDevice(Device);
    *DeviceObject = Device;
    return STATUS_SUCCESS;
}

/* The device can no longer be opened; its memory stays while files are open. PASSIVE_LEVEL. */
VOID IoDeleteDevice(_In_ PDEVICE_OBJECT DeviceObject) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&IopDatabaseLock, &OldIrql);
    PDEVICE_OBJECT *Link = &DeviceObject->DriverObject->DeviceObject;
    while (*Link != NULL && *Link != DeviceObject) {
        Link = &(*Link)->NextDevice;
    }
    if (*Link != NULL) {
        *Link = DeviceObject->NextDevice;
    }
    DeviceObject->Flags |= DO_DEVICE_INITIALIZING; /* rejects opens that are in progress */
    KeReleaseSpinLock(&IopDatabaseLock, OldIrql);
    if (DeviceObject->Flags & DO_DEVICE_HAS_NAME) {
        ObMakeTemporaryObject(DeviceObject);
    }
    ObDereferenceObject(DeviceObject);
}

/* Counts another open file, if the device can be opened. */
NTSTATUS IopReferenceDevice(_In_ PDEVICE_OBJECT DeviceObject) {
    NTSTATUS Status = STATUS_SUCCESS;
    KIRQL OldIrql;
    KeAcquireSpinLock(&IopDatabaseLock, &OldIrql);
    if (DeviceObject->Flags & DO_DEVICE_INITIALIZING) {
        Status = STATUS_NO_SUCH_DEVICE;
    } else if ((DeviceObject->Flags & DO_EXCLUSIVE) && DeviceObject->ReferenceCount != 0) {
        Status = STATUS_ACCESS_DENIED;
    } else {
        DeviceObject->ReferenceCount++;
    }
    KeReleaseSpinLock(&IopDatabaseLock, OldIrql);
    if (NT_SUCCESS(Status)) {
        ObReferenceObject(DeviceObject);
    }
    return Status;
}

VOID IopDereferenceDevice(_In_ PDEVICE_OBJECT DeviceObject) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&IopDatabaseLock, &OldIrql);
    DeviceObject->ReferenceCount--;
    KeReleaseSpinLock(&IopDatabaseLock, OldIrql);
    ObDereferenceObject(DeviceObject);
}

PDEVICE_OBJECT IoGetAttachedDevice(_In_ PDEVICE_OBJECT DeviceObject) {
    while (DeviceObject->AttachedDevice != NULL) {
        DeviceObject = DeviceObject->AttachedDevice;
    }
    return DeviceObject;
}

PDEVICE_OBJECT IoGetRelatedDeviceObject(_In_ PFILE_OBJECT FileObject) {
    return IoGetAttachedDevice(FileObject->DeviceObject);
}

/*
 * Puts SourceDevice on top of TargetDevice's stack. Returns the previous topmost device, or NULL if
 * the stack has its maximum height.
 */
PDEVICE_OBJECT IoAttachDeviceToDeviceStack(_In_ PDEVICE_OBJECT SourceDevice,
                                           _In_ PDEVICE_OBJECT TargetDevice) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&IopDatabaseLock, &OldIrql);
    PDEVICE_OBJECT Top = IoGetAttachedDevice(TargetDevice);
    if (Top->StackSize >= IOP_MAXIMUM_STACK) {
        Top = NULL;
    } else {
        Top->AttachedDevice = SourceDevice;
        SourceDevice->StackSize = (CCHAR)(Top->StackSize + 1);
        SourceDevice->AlignmentRequirement = Top->AlignmentRequirement;
        SourceDevice->SectorSize = Top->SectorSize;
    }
    KeReleaseSpinLock(&IopDatabaseLock, OldIrql);
    return Top;
}

VOID IoDetachDevice(_Inout_ PDEVICE_OBJECT TargetDevice) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&IopDatabaseLock, &OldIrql);
    TargetDevice->AttachedDevice = NULL;
    KeReleaseSpinLock(&IopDatabaseLock, OldIrql);
}

NTSTATUS IoCreateSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName,
                              _In_ PUNICODE_STRING DeviceName) {
    return ObCreateSymbolicLink(SymbolicLinkName, DeviceName);
}

NTSTATUS IoDeleteSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName) {
    return ObDeleteSymbolicLink(SymbolicLinkName);
}

/*
 * Opens a device by name; returns the file, referenced, and the top of the device's stack.
 * Source: WDK page of IoGetDeviceObjectPointer. PASSIVE_LEVEL.
 */
NTSTATUS IoGetDeviceObjectPointer(_In_ PUNICODE_STRING ObjectName, _In_ ACCESS_MASK DesiredAccess,
                                  _Out_ PFILE_OBJECT *FileObject,
                                  _Out_ PDEVICE_OBJECT *DeviceObject) {
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK IoStatus;
    HANDLE Handle;
    InitializeObjectAttributes(&Attributes, ObjectName, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               NULL, NULL);
    NTSTATUS Status = IoCreateFile(&Handle, DesiredAccess, &Attributes, &IoStatus, NULL, 0, 0,
                                   FILE_OPEN, FILE_NON_DIRECTORY_FILE, NULL, 0, CreateFileTypeNone,
                                   NULL, IO_NO_PARAMETER_CHECKING);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObReferenceObjectByHandle(Handle, 0, IoFileObjectType, KernelMode, (PVOID *)FileObject,
                                       NULL);
    if (NT_SUCCESS(Status)) {
        *DeviceObject = IoGetRelatedDeviceObject(*FileObject);
    }
    ObCloseHandle(Handle, KernelMode);
    return Status;
}
