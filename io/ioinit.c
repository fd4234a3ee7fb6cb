/*
 * ioinit.c - the start of the I/O manager, and its essay
 *
 * The I/O manager knows no device. It knows how to carry a request to whoever does: it finds the
 * device by name, makes a FILE_OBJECT for each open, packs each request into an IRP, sends it to
 * the topmost device of a stack and brings the answer back. Drivers know nothing of handles or
 * callers.
 *
 *   driver.c   DRIVER_OBJECT: entry points              request.c  send a request, wait for it
 *   device.c   DEVICE_OBJECT: names, stacks             build.c    packets for drivers' own use
 *   file.c     FILE_OBJECT: lock, cleanup, close        share.c    share access of files
 *   parse.c    from a name to IRP_MJ_CREATE             create.c   IoCreateFile
 *   irp.c      IRPs down and up the stack               mmfile.c   files for the memory manager
 *   ntfile.c   read, write, flush                       ntfileinfo.c open, query and set
 * information console.c  the standard handles of the first process
 *
 * Who holds what: a handle references its file object; a file object its device object, and the
 * file it was opened relative to; a device its driver. An IRP of a service needs no reference of
 * its own: the service that waits for it holds the file. Named drivers and devices are permanent.
 *
 * Locks, in order: a synchronous file's lock (FILE_OBJECT.Busy), then the driver's own, then
 * IopDatabaseLock (spin lock: device lists and counts). The cancel spin lock stands alone.
 *
 * Built-in drivers are linked into the kernel for the sake of a small machine, but they are drivers
 * like any other: they get a DRIVER_OBJECT and see only IRPs.
 */
#include "iop.h"

PLOADER_PARAMETER_BLOCK IoLoaderBlock;

static const struct {
    PCWSTR Name;
    PCWSTR ServiceKey;
    PDRIVER_INITIALIZE DriverEntry;
} IopBuiltinDrivers[] = {
    {L"\\Driver\\Null", L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\Null",
     NullDriverEntry},
    {L"\\Driver\\i8042prt", L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\i8042prt",
     I8042DriverEntry},
    {L"\\Driver\\ConDrv", L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\ConDrv",
     ConDrvDriverEntry},
    {L"\\FileSystem\\BootFs", L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\BootFs",
     BootFsDriverEntry},
};

static BOOLEAN IopInitializeBuiltinDrivers(VOID) {
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(IopBuiltinDrivers); Index++) {
        UNICODE_STRING Name, Key;
        RtlInitUnicodeString(&Name, IopBuiltinDrivers[Index].Name);
        RtlInitUnicodeString(&Key, IopBuiltinDrivers[Index].ServiceKey);
        NTSTATUS Status =
            IopInitializeDriver(&Name, &Key, IopBuiltinDrivers[Index].DriverEntry, NULL);
        if (!NT_SUCCESS(Status)) {
            DbgPrint("IO: built-in driver %wZ failed with %08x\n", &Name, Status);
            return FALSE;
        }
    }
    return TRUE;
}

/* \Driver\x for a driver whose registry path ends in \x. */
static NTSTATUS IopStartBootDriver(PBOOT_DRIVER_LIST_ENTRY Entry) {
    static const WCHAR Prefix[] = L"\\Driver\\";
    WCHAR Buffer[64];
    PWCHAR Path = Entry->RegistryPath.Buffer;
    ULONG Start = Entry->RegistryPath.Length / sizeof(WCHAR);
    ULONG End = Start;
    while (Start > 0 && Path[Start - 1] != L'\\') {
        Start--;
    }
    SIZE_T NameBytes = (End - Start) * sizeof(WCHAR);
    SIZE_T PrefixBytes = sizeof(Prefix) - sizeof(WCHAR);
    if (NameBytes == 0 || PrefixBytes + NameBytes > sizeof(Buffer)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    RtlCopyMemory(Buffer, Prefix, PrefixBytes);
    RtlCopyMemory((PUCHAR)Buffer + PrefixBytes, Path + Start, NameBytes);
    UNICODE_STRING Name = {(USHORT)(PrefixBytes + NameBytes), sizeof(Buffer), Buffer};
    return IopInitializeDriver(&Name, &Entry->RegistryPath,
                               (PDRIVER_INITIALIZE)Entry->LdrEntry->EntryPoint, Entry->LdrEntry);
}

/* A boot driver that fails is reported and left behind: the system may do without it. */
static VOID IopInitializeBootDrivers(PLOADER_PARAMETER_BLOCK LoaderBlock) {
    PLIST_ENTRY Head = &LoaderBlock->BootDriverListHead;
    for (PLIST_ENTRY Link = Head->Flink; Link != Head; Link = Link->Flink) {
        PBOOT_DRIVER_LIST_ENTRY Entry = CONTAINING_RECORD(Link, BOOT_DRIVER_LIST_ENTRY, Link);
        NTSTATUS Status = IopStartBootDriver(Entry);
        if (!NT_SUCCESS(Status)) {
            DbgPrint("IO: boot driver %wZ failed with %08x\n", &Entry->FilePath, Status);
        }
    }
}

BOOLEAN IoInitSystem(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock) {
    IoLoaderBlock = LoaderBlock;
    KeNameSpinLock(&IopDatabaseLock, KiClassIoDatabase);
    if (!IopCreateDriverType() || !IopCreateDeviceType() || !IopCreateFileType() ||
        !IopCreateCompletionType()) {
        return FALSE;
    }
    if (!NT_SUCCESS(ObCreateDirectory(L"\\Device")) ||
        !NT_SUCCESS(ObCreateDirectory(L"\\Driver")) ||
        !NT_SUCCESS(ObCreateDirectory(L"\\FileSystem"))) {
        return FALSE;
    }
    if (!IopInitializeBuiltinDrivers()) {
        return FALSE;
    }
    IopRegisterFileOperations();
    IopInitializeBootDrivers(LoaderBlock);
    return TRUE;
}
