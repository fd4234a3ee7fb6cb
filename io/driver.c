/*
 * driver.c - DRIVER_OBJECTs: one for each loaded driver, in \Driver (file systems in \FileSystem)
 *
 * A driver object is a table of entry points and the head of a list of devices. It is created
 * before the driver's code runs; DriverEntry fills in the entry points. An entry point that the
 * driver leaves out completes requests with STATUS_INVALID_DEVICE_REQUEST, so that no caller has to
 * test for NULL.
 *
 * After a successful DriverEntry the object is permanent; if DriverEntry fails, it is deleted.
 */
#include "iop.h"

POBJECT_TYPE IoDriverObjectType;

static NTSTATUS IopInvalidDeviceRequest(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

static VOID IopDeleteDriver(_In_ PVOID Object) {
    PDRIVER_OBJECT Driver = Object;
    ASSERT(Driver->DeviceObject == NULL);
    if (Driver->DriverName.Buffer != NULL) {
        ExFreePoolWithTag(Driver->DriverName.Buffer, IOP_TAG_DRIVER);
    }
}

BOOLEAN IopCreateDriverType(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Driver");
    OBJECT_TYPE_INITIALIZER Initializer = {
        IOP_FILE_LIKE_TYPE,
        .UseDefaultObject = TRUE,
        .DeleteProcedure = IopDeleteDriver,
        .DefaultNonPagedPoolCharge = sizeof(DRIVER_OBJECT),
    };
    return NT_SUCCESS(ObCreateObjectType(&Name, &Initializer, NULL, &IoDriverObjectType));
}

/* Copies the driver's name into the object, including the terminator. */
static NTSTATUS IopSetDriverName(PDRIVER_OBJECT Driver, PUNICODE_STRING DriverName) {
    SIZE_T Size = DriverName->Length + sizeof(WCHAR);
    PWSTR Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, Size, IOP_TAG_DRIVER);
    if (Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlCopyMemory(Buffer, DriverName->Buffer, DriverName->Length);
    Driver->DriverName = (UNICODE_STRING){DriverName->Length, (USHORT)Size, Buffer};
    return STATUS_SUCCESS;
}

/* Creates the object, with a name and one reference. */
static NTSTATUS IopCreateDriverObject(PUNICODE_STRING DriverName, PDRIVER_INITIALIZE DriverInit,
                                      PDRIVER_OBJECT *Driver) {
    OBJECT_ATTRIBUTES Attributes;
    PDRIVER_OBJECT Object;
    SIZE_T Size = sizeof(DRIVER_OBJECT) + sizeof(DRIVER_EXTENSION);
    InitializeObjectAttributes(&Attributes, DriverName, OBJ_CASE_INSENSITIVE | OBJ_PERMANENT, NULL,
                               NULL);
    NTSTATUS Status = ObCreateObject(KernelMode, IoDriverObjectType, &Attributes, KernelMode, NULL,
                                     (ULONG)Size, 0, 0, (PVOID *)&Object);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Object->Type = IO_TYPE_DRIVER;
    Object->Size = sizeof(DRIVER_OBJECT);
    Object->DriverInit = DriverInit;
    Object->DriverExtension = (PDRIVER_EXTENSION)(Object + 1);
    Object->DriverExtension->DriverObject = Object;
    for (ULONG Major = 0; Major <= IRP_MJ_MAXIMUM_FUNCTION; Major++) {
        Object->MajorFunction[Major] = IopInvalidDeviceRequest;
    }
    Status = IopSetDriverName(Object, DriverName);
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(Object);
        return Status;
    }
    return ObInsertObject(Object, NULL, 0, 0, (PVOID *)Driver, NULL);
}

/* Devices created by DriverEntry can be opened only after it has returned. */
static VOID IopClearInitializing(PDRIVER_OBJECT Driver) {
    for (PDEVICE_OBJECT Device = Driver->DeviceObject; Device != NULL;
         Device = Device->NextDevice) {
        Device->Flags &= ~DO_DEVICE_INITIALIZING;
    }
}

/*
 * Creates the driver object DriverName and runs DriverInit. LdrEntry is the driver's image, or NULL
 * if the driver is part of the kernel. Returns DriverEntry's status, or the reason why the object
 * could not be created. PASSIVE_LEVEL.
 */
NTSTATUS IopInitializeDriver(_In_ PUNICODE_STRING DriverName, _In_ PUNICODE_STRING RegistryPath,
                             _In_ PDRIVER_INITIALIZE DriverInit,
                             _In_opt_ PKLDR_DATA_TABLE_ENTRY LdrEntry) {
    PDRIVER_OBJECT Driver;
    NTSTATUS Status = IopCreateDriverObject(DriverName, DriverInit, &Driver);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Driver->Flags = LdrEntry == NULL ? DRVO_BUILTIN_DRIVER : 0;
    if (LdrEntry != NULL) {
        Driver->DriverStart = LdrEntry->DllBase;
        Driver->DriverSize = LdrEntry->SizeOfImage;
        Driver->DriverSection = LdrEntry;
    }
    Status = DriverInit(Driver, RegistryPath);
    if (NT_SUCCESS(Status)) {
        Driver->Flags |= DRVO_INITIALIZED;
        IopClearInitializing(Driver);
    } else {
        while (Driver->DeviceObject != NULL) {
            IoDeleteDevice(Driver->DeviceObject);
        }
        ObMakeTemporaryObject(Driver);
    }
    ObDereferenceObject(Driver);
    return Status;
}

/* Creates a driver object for loaded code. DriverName is required here, unlike in Windows. */
NTSTATUS IoCreateDriver(_In_opt_ PUNICODE_STRING DriverName,
                        _In_ PDRIVER_INITIALIZE InitializationFunction) {
    if (DriverName == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    UNICODE_STRING NoRegistryPath = {0};
    return IopInitializeDriver(DriverName, &NoRegistryPath, InitializationFunction, NULL);
}
