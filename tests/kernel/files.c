/*
 * files.c - tests of the I/O manager: names of files whose device has lost its own
 */
#include "kmtest.h"
#include "io.h"
#include "ntrtl.h"

static NTSTATUS Succeed(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* Opens Path, takes the name from the device, and returns the file, whose references go with it. */
static PFILE_OBJECT OpenOnNamelessDevice(PCWSTR Path) {
    UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\KmtLoses"), Name;
    PDEVICE_OBJECT Device, Top;
    PFILE_OBJECT File = NULL;
    KmtDriver->MajorFunction[IRP_MJ_CREATE] = Succeed;
    KmtDriver->MajorFunction[IRP_MJ_CLEANUP] = Succeed;
    KmtDriver->MajorFunction[IRP_MJ_CLOSE] = Succeed;
    NTSTATUS Status =
        IoCreateDevice(KmtDriver, 0, &DeviceName, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
    KMT_CHECK(NT_SUCCESS(Status));
    Device->Flags &= ~DO_DEVICE_INITIALIZING;
    RtlInitUnicodeString(&Name, Path);
    KMT_CHECK(NT_SUCCESS(IoGetDeviceObjectPointer(&Name, FILE_READ_DATA, &File, &Top)));
    IoDeleteDevice(Device);
    return File;
}

typedef struct _NAME_BUFFER {
    OBJECT_NAME_INFORMATION Information;
    WCHAR Text[32];
} NAME_BUFFER;

/* Its own part of the name is the whole name; there is none without. */
KMT_TEST(file_on_a_nameless_device_has_its_own_name) {
    NAME_BUFFER Name = {0};
    ULONG Length;
    PFILE_OBJECT File = OpenOnNamelessDevice(L"\\Device\\KmtLoses\\x");
    KMT_CHECK(ObQueryNameString(File, &Name.Information, sizeof(Name), &Length) == STATUS_SUCCESS);
    KMT_CHECK(Length == sizeof(Name.Information) + 3 * sizeof(WCHAR));
    KMT_CHECK(Name.Information.Name.Length == 2 * sizeof(WCHAR));
    KMT_CHECK(Name.Information.Name.Buffer == (PWSTR)(&Name.Information + 1));
    KMT_CHECK(Name.Information.Name.Buffer[1] == L'x' && Name.Information.Name.Buffer[2] == 0);
    KMT_CHECK(ObQueryNameString(File, &Name.Information, Length - 1, &Length) ==
              STATUS_INFO_LENGTH_MISMATCH);
    KMT_CHECK(Length == sizeof(Name.Information) + 3 * sizeof(WCHAR));
    ObDereferenceObject(File);
}

KMT_TEST(file_without_any_name_has_an_empty_one) {
    NAME_BUFFER Name = {0};
    ULONG Length;
    PFILE_OBJECT File = OpenOnNamelessDevice(L"\\Device\\KmtLoses");
    KMT_CHECK(ObQueryNameString(File, &Name.Information, sizeof(Name), &Length) == STATUS_SUCCESS);
    KMT_CHECK(Length == sizeof(Name.Information) && Name.Information.Name.Length == 0);
    ObDereferenceObject(File);
}
