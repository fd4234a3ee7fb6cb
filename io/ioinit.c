/*
 * ioinit.c - the start of the I/O manager, and its essay
 *
 * The I/O manager knows no device; it carries requests to the drivers that do. It finds a device by
 * name, creates a FILE_OBJECT for each open, packs each request into an IRP, sends it to the
 * topmost device of a stack and returns the result. Drivers know nothing of handles or callers.
 *
 *   driver.c    DRIVER_OBJECT: entry points           request.c     send a request, wait for it
 *   device.c    DEVICE_OBJECT: names, stacks          build.c       packets for drivers' own use
 *   file.c      FILE_OBJECT: lock, cleanup, close     share.c       share access of files
 *   parse.c     from a name to IRP_MJ_CREATE          create.c      IoCreateFile
 *   irp.c       IRPs down and up the stack            mmfile.c      files for the memory manager
 *   ntfile.c    read, write                           ntfileinfo.c  open, flush, information
 *   console.c   handles of the first process          ntcompletion.c  completion ports
 *   interrupt.c  service routines of drivers
 *
 * References:
 * - A handle references its file object, a file object its device object, a device its driver.
 * - An IRP needs no reference: the service that waits for it holds the file.
 * - Named drivers and devices are permanent.
 *
 * Locks, in order: a synchronous file's lock (FILE_OBJECT.Busy), the driver's locks, then
 * IopDatabaseLock (spin lock: device lists and counts). The cancel spin lock is independent.
 *
 * Built-in drivers are linked into the kernel, which keeps a small machine simple, but they are
 * ordinary drivers: each gets a DRIVER_OBJECT and sees only IRPs.
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

/* Names the driver object \Driver\x if the driver's registry path ends in \x. */
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

/* A boot driver that fails is reported and skipped: the system may work without it. */
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
