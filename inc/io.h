/*
 * io.h - the interface of the I/O manager: drivers, devices, open files and I/O request packets
 *
 *   \Driver\Name                     \Device\Name
 *   DRIVER_OBJECT --DeviceObject---> DEVICE_OBJECT --NextDevice--> ...
 *        ^  MajorFunction[28]          |  ^  |
 *        +------- DriverObject --------+  |  +--AttachedDevice--> the device stacked on top
 *                                         |
 *   handle --> FILE_OBJECT --DeviceObject-+
 *
 *   IRP: one request. Its IO_STACK_LOCATIONs follow it, one for each device of the stack, the
 *   topmost last.
 *
 * A FILE_OBJECT references its DEVICE_OBJECT, and a DEVICE_OBJECT its DRIVER_OBJECT. An IRP holds
 * no reference: the service that waits for it references the FILE_OBJECT. docs/io.md follows one
 * request.
 *
 * Fields are in the order of the WDK's wdm.h, where names, flags and values are public.
 */
#ifndef VITRINE_IO_H
#define VITRINE_IO_H

#include "ntdef.h"
#include "arc.h"
#include "ke.h"
#include "ntobapi.h"
#include "ob.h"
#include "ntexapi.h"
#include "ntioapi.h"

/* ---- Type codes (first field of each structure) ---- */

#define IO_TYPE_ADAPTER    1
#define IO_TYPE_CONTROLLER 2
#define IO_TYPE_DEVICE     3
#define IO_TYPE_DRIVER     4
#define IO_TYPE_FILE       5
#define IO_TYPE_IRP        6

/* ---- Major and minor functions ---- */

#define IRP_MJ_CREATE                   0x00
#define IRP_MJ_CREATE_NAMED_PIPE        0x01
#define IRP_MJ_CLOSE                    0x02
#define IRP_MJ_READ                     0x03
#define IRP_MJ_WRITE                    0x04
#define IRP_MJ_QUERY_INFORMATION        0x05
#define IRP_MJ_SET_INFORMATION          0x06
#define IRP_MJ_QUERY_EA                 0x07
#define IRP_MJ_SET_EA                   0x08
#define IRP_MJ_FLUSH_BUFFERS            0x09
#define IRP_MJ_QUERY_VOLUME_INFORMATION 0x0a
#define IRP_MJ_SET_VOLUME_INFORMATION   0x0b
#define IRP_MJ_DIRECTORY_CONTROL        0x0c
#define IRP_MJ_FILE_SYSTEM_CONTROL      0x0d
#define IRP_MJ_DEVICE_CONTROL           0x0e
#define IRP_MJ_INTERNAL_DEVICE_CONTROL  0x0f
#define IRP_MJ_SHUTDOWN                 0x10
#define IRP_MJ_LOCK_CONTROL             0x11
#define IRP_MJ_CLEANUP                  0x12
#define IRP_MJ_CREATE_MAILSLOT          0x13
#define IRP_MJ_QUERY_SECURITY           0x14
#define IRP_MJ_SET_SECURITY             0x15
#define IRP_MJ_POWER                    0x16
#define IRP_MJ_SYSTEM_CONTROL           0x17
#define IRP_MJ_DEVICE_CHANGE            0x18
#define IRP_MJ_QUERY_QUOTA              0x19
#define IRP_MJ_SET_QUOTA                0x1a
#define IRP_MJ_PNP                      0x1b
#define IRP_MJ_MAXIMUM_FUNCTION         0x1b

/* ---- Flags ---- */

/* DEVICE_OBJECT.Flags */
#define DO_VERIFY_VOLUME       0x00000002
#define DO_BUFFERED_IO         0x00000004
#define DO_EXCLUSIVE           0x00000008
#define DO_DIRECT_IO           0x00000010
#define DO_DEVICE_HAS_NAME     0x00000040
#define DO_DEVICE_INITIALIZING 0x00000080

/* FILE_OBJECT.Flags */
#define FO_FILE_OPEN                 0x00000001
#define FO_SYNCHRONOUS_IO            0x00000002
#define FO_ALERTABLE_IO              0x00000004
#define FO_NO_INTERMEDIATE_BUFFERING 0x00000008
#define FO_WRITE_THROUGH             0x00000010
#define FO_SEQUENTIAL_ONLY           0x00000020
#define FO_NAMED_PIPE                0x00000080
#define FO_STREAM_FILE               0x00000100
#define FO_CLEANUP_COMPLETE          0x00004000
#define FO_OPENED_CASE_SENSITIVE     0x00020000
#define FO_HANDLE_CREATED            0x00040000
#define FO_RANDOM_ACCESS             0x00100000
#define FO_VOLUME_OPEN               0x00400000
#define FO_SKIP_COMPLETION_PORT      0x02000000
#define FO_SKIP_SET_EVENT            0x04000000
#define FO_SKIP_SET_FAST_IO          0x08000000

/* IRP.Flags */
#define IRP_NOCACHE           0x00000001
#define IRP_SYNCHRONOUS_API   0x00000004
#define IRP_CREATE_OPERATION  0x00000008
#define IRP_BUFFERED_IO       0x00000010
#define IRP_DEALLOCATE_BUFFER 0x00000020
#define IRP_INPUT_OPERATION   0x00000040
#define IRP_CLOSE_OPERATION   0x00000080
#define IRP_READ_OPERATION    0x00000100
#define IRP_WRITE_OPERATION   0x00000200
#define IRP_OB_QUERY_NAME     0x00001000

/* IO_STACK_LOCATION.Control and .Flags */
#define SL_PENDING_RETURNED      0x01
#define SL_ERROR_RETURNED        0x02
#define SL_INVOKE_ON_CANCEL      0x20
#define SL_INVOKE_ON_SUCCESS     0x40
#define SL_INVOKE_ON_ERROR       0x80
#define SL_CASE_SENSITIVE        0x80
#define SL_OPEN_TARGET_DIRECTORY 0x04

/* ByteOffset values that mean "the end of the file" and "the file object's position". */
#define FILE_WRITE_TO_END_OF_FILE      0xffffffff
#define FILE_USE_FILE_POINTER_POSITION 0xfffffffe

/* Priority increments for IoCompleteRequest. */
#define IO_NO_INCREMENT       0
#define IO_SERIAL_INCREMENT   2
#define IO_KEYBOARD_INCREMENT 6

/* ---- Structures ---- */

typedef struct _DRIVER_OBJECT DRIVER_OBJECT, *PDRIVER_OBJECT;
typedef struct _DEVICE_OBJECT DEVICE_OBJECT, *PDEVICE_OBJECT;
typedef struct _FILE_OBJECT FILE_OBJECT, *PFILE_OBJECT;
typedef struct _IRP IRP, *PIRP;
typedef struct _IO_STACK_LOCATION IO_STACK_LOCATION, *PIO_STACK_LOCATION;
typedef struct _IO_SECURITY_CONTEXT IO_SECURITY_CONTEXT, *PIO_SECURITY_CONTEXT;
/* Connects a file to a completion port; set once, freed with the file. */
typedef struct _IO_COMPLETION_CONTEXT {
    PVOID Port; /* the I/O completion object, referenced */
    PVOID Key;
} IO_COMPLETION_CONTEXT, *PIO_COMPLETION_CONTEXT;
typedef struct _SECTION_OBJECT_POINTERS SECTION_OBJECT_POINTERS, *PSECTION_OBJECT_POINTERS;
typedef struct _VPB VPB, *PVPB;
typedef struct _MDL MDL, *PMDL;
typedef struct _ETHREAD ETHREAD, *PETHREAD;
typedef struct _EPROCESS EPROCESS, *PEPROCESS;

typedef char CCHAR;

typedef NTSTATUS DRIVER_INITIALIZE(_In_ PDRIVER_OBJECT DriverObject,
                                   _In_ PUNICODE_STRING RegistryPath);
typedef NTSTATUS DRIVER_DISPATCH(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp);
typedef VOID DRIVER_STARTIO(_Inout_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp);
typedef VOID DRIVER_UNLOAD(_In_ PDRIVER_OBJECT DriverObject);
typedef VOID DRIVER_CANCEL(_Inout_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp);
typedef NTSTATUS IO_COMPLETION_ROUTINE(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp,
                                       _In_opt_ PVOID Context);
typedef NTSTATUS DRIVER_ADD_DEVICE(_In_ PDRIVER_OBJECT DriverObject,
                                   _In_ PDEVICE_OBJECT PhysicalDeviceObject);
typedef DRIVER_INITIALIZE *PDRIVER_INITIALIZE;
typedef DRIVER_DISPATCH *PDRIVER_DISPATCH;
typedef DRIVER_STARTIO *PDRIVER_STARTIO;
typedef DRIVER_UNLOAD *PDRIVER_UNLOAD;
typedef DRIVER_CANCEL *PDRIVER_CANCEL;
typedef DRIVER_ADD_DEVICE *PDRIVER_ADD_DEVICE;
typedef IO_COMPLETION_ROUTINE *PIO_COMPLETION_ROUTINE;

typedef struct _DRIVER_EXTENSION {
    struct _DRIVER_OBJECT *DriverObject;
    PDRIVER_ADD_DEVICE AddDevice;
    ULONG Count;
    UNICODE_STRING ServiceKeyName;
} DRIVER_EXTENSION, *PDRIVER_EXTENSION;

/* IopDatabaseLock guards the device list. */
struct _DRIVER_OBJECT {
    CSHORT Type;
    CSHORT Size;
    PDEVICE_OBJECT DeviceObject; /* head of the list linked by NextDevice */
    ULONG Flags;
    PVOID DriverStart;
    ULONG DriverSize;
    PVOID DriverSection; /* LDR_DATA_TABLE_ENTRY of the image */
    PDRIVER_EXTENSION DriverExtension;
    UNICODE_STRING DriverName;
    PUNICODE_STRING HardwareDatabase;
    PVOID FastIoDispatch; /* always NULL: every request is an IRP */
    PDRIVER_INITIALIZE DriverInit;
    PDRIVER_STARTIO DriverStartIo;
    PDRIVER_UNLOAD DriverUnload;
    PDRIVER_DISPATCH MajorFunction[IRP_MJ_MAXIMUM_FUNCTION + 1];
};

#define DRVO_BUILTIN_DRIVER 0x00000004
#define DRVO_INITIALIZED    0x00000010

/* A device's queue of requests (WDK: KDEVICE_QUEUE). Nothing here uses it but the layout. */
typedef struct _KDEVICE_QUEUE_ENTRY {
    LIST_ENTRY DeviceListEntry;
    ULONG SortKey;
    BOOLEAN Inserted;
} KDEVICE_QUEUE_ENTRY, *PKDEVICE_QUEUE_ENTRY;

typedef struct _KDEVICE_QUEUE {
    CSHORT Type;
    CSHORT Size;
    LIST_ENTRY DeviceListHead;
    KSPIN_LOCK Lock;
    BOOLEAN Busy;
} KDEVICE_QUEUE, *PKDEVICE_QUEUE;

/* For adapters' map registers. Only its size matters here: it fixes later offsets. */
typedef struct _WAIT_CONTEXT_BLOCK {
    KDEVICE_QUEUE_ENTRY WaitQueueEntry;
    PVOID DeviceRoutine;
    PVOID DeviceContext;
    ULONG NumberOfMapRegisters;
    PVOID DeviceObject;
    PVOID CurrentIrp;
    PKDPC BufferChainingDpc;
} WAIT_CONTEXT_BLOCK, *PWAIT_CONTEXT_BLOCK;

/* IopDatabaseLock guards ReferenceCount (open files), NextDevice and AttachedDevice. */
struct DECLSPEC_ALIGN(16) _DEVICE_OBJECT {
    CSHORT Type;
    USHORT Size;
    LONG ReferenceCount;
    PDRIVER_OBJECT DriverObject;
    PDEVICE_OBJECT NextDevice;
    PDEVICE_OBJECT AttachedDevice;
    PIRP CurrentIrp;
    PVOID Timer;
    ULONG Flags;
    ULONG Characteristics;
    PVPB Vpb;
    PVOID DeviceExtension;
    DEVICE_TYPE DeviceType;
    CCHAR StackSize;
    union {
        LIST_ENTRY ListEntry;
        WAIT_CONTEXT_BLOCK Wcb;
    } Queue;
    ULONG AlignmentRequirement;
    KDEVICE_QUEUE DeviceQueue;
    KDPC Dpc;
    ULONG ActiveThreadCount;
    PVOID SecurityDescriptor;
    KEVENT DeviceLock;
    USHORT SectorSize;
    USHORT Spare1;
    PVOID DeviceObjectExtension;
    PVOID Reserved;
};

/* What Mm keeps for the file's sections. The file system owns the structure, Mm the fields. */
struct _SECTION_OBJECT_POINTERS {
    PVOID DataSectionObject;
    PVOID SharedCacheMap;
    PVOID ImageSectionObject;
};

/*
 * One open of a file or device. A file opened for synchronous I/O (FO_SYNCHRONOUS_IO) serialises
 * its requests: Busy is the lock, Lock the event on which threads wait for it, and it guards
 * CurrentByteOffset.
 */
struct _FILE_OBJECT {
    CSHORT Type;
    CSHORT Size;
    PDEVICE_OBJECT DeviceObject;
    PVPB Vpb;
    PVOID FsContext;
    PVOID FsContext2;
    PSECTION_OBJECT_POINTERS SectionObjectPointer;
    PVOID PrivateCacheMap;
    NTSTATUS FinalStatus;
    PFILE_OBJECT RelatedFileObject;
    BOOLEAN LockOperation;
    BOOLEAN DeletePending;
    BOOLEAN ReadAccess;
    BOOLEAN WriteAccess;
    BOOLEAN DeleteAccess;
    BOOLEAN SharedRead;
    BOOLEAN SharedWrite;
    BOOLEAN SharedDelete;
    ULONG Flags;
    UNICODE_STRING FileName;
    LARGE_INTEGER CurrentByteOffset;
    volatile ULONG Waiters;
    volatile ULONG Busy;
    PVOID LastLock;
    KEVENT Lock;
    KEVENT Event;
    PIO_COMPLETION_CONTEXT CompletionContext;
    KSPIN_LOCK IrpListLock;
    LIST_ENTRY IrpList;
    PVOID FileObjectExtension;
};

/* Counts the opens of a file by access and sharing. The file system's lock guards it. */
typedef struct _SHARE_ACCESS {
    ULONG OpenCount;
    ULONG Readers;
    ULONG Writers;
    ULONG Deleters;
    ULONG SharedRead;
    ULONG SharedWrite;
    ULONG SharedDelete;
} SHARE_ACCESS, *PSHARE_ACCESS;

struct _IO_SECURITY_CONTEXT {
    PVOID SecurityQos;
    PVOID AccessState;
    ACCESS_MASK DesiredAccess;
    ULONG FullCreateOptions;
};

/* An IRP belongs to its current holder, so it needs no lock. Its stack locations follow it. */
struct _IRP {
    CSHORT Type;
    USHORT Size;
    PMDL MdlAddress;
    ULONG Flags;
    union {
        PIRP MasterIrp;
        LONG IrpCount;
        PVOID SystemBuffer;
    } AssociatedIrp;
    LIST_ENTRY ThreadListEntry;
    IO_STATUS_BLOCK IoStatus;
    KPROCESSOR_MODE RequestorMode;
    BOOLEAN PendingReturned;
    CHAR StackCount;
    CHAR CurrentLocation;
    BOOLEAN Cancel;
    KIRQL CancelIrql;
    CCHAR ApcEnvironment;
    UCHAR AllocationFlags;
    PIO_STATUS_BLOCK UserIosb;
    PKEVENT UserEvent;
    union {
        struct {
            PVOID UserApcRoutine;
            PVOID UserApcContext;
        } AsynchronousParameters;
        LARGE_INTEGER AllocationSize;
    } Overlay;
    volatile PDRIVER_CANCEL CancelRoutine;
    PVOID UserBuffer;
    union {
        struct {
            PVOID DriverContext[4];
            PETHREAD Thread;
            PCHAR AuxiliaryBuffer;
            LIST_ENTRY ListEntry;
            PIO_STACK_LOCATION CurrentStackLocation;
            PFILE_OBJECT OriginalFileObject;
        } Overlay;
        KAPC Apc;
        PVOID CompletionKey;
    } Tail;
};

struct _IO_STACK_LOCATION {
    UCHAR MajorFunction;
    UCHAR MinorFunction;
    UCHAR Flags;
    UCHAR Control;
    union {
        struct {
            PIO_SECURITY_CONTEXT SecurityContext;
            ULONG Options; /* disposition in the high byte */
            USHORT __declspec(align(8)) FileAttributes;
            USHORT ShareAccess;
            ULONG __declspec(align(8)) EaLength;
        } Create;
        struct {
            ULONG Length;
            ULONG __declspec(align(8)) Key;
            LARGE_INTEGER ByteOffset;
        } Read;
        struct {
            ULONG Length;
            ULONG __declspec(align(8)) Key;
            LARGE_INTEGER ByteOffset;
        } Write;
        struct {
            ULONG Length;
            PUNICODE_STRING FileName;
            FILE_INFORMATION_CLASS FileInformationClass;
            ULONG __declspec(align(8)) FileIndex;
        } QueryDirectory;
        struct {
            ULONG Length;
            FILE_INFORMATION_CLASS __declspec(align(8)) FileInformationClass;
        } QueryFile;
        struct {
            ULONG Length;
            FILE_INFORMATION_CLASS __declspec(align(8)) FileInformationClass;
            PFILE_OBJECT FileObject;
            BOOLEAN ReplaceIfExists;
            BOOLEAN AdvanceOnly;
        } SetFile;
        struct {
            ULONG Length;
            FS_INFORMATION_CLASS __declspec(align(8)) FsInformationClass;
        } QueryVolume;
        struct {
            ULONG OutputBufferLength;
            ULONG __declspec(align(8)) InputBufferLength;
            ULONG __declspec(align(8)) IoControlCode;
            PVOID Type3InputBuffer;
        } DeviceIoControl;
        struct {
            PVOID Argument1;
            PVOID Argument2;
            PVOID Argument3;
            PVOID Argument4;
        } Others;
    } Parameters;
    PDEVICE_OBJECT DeviceObject;
    PFILE_OBJECT FileObject;
    PIO_COMPLETION_ROUTINE CompletionRoutine;
    PVOID Context;
};

_Static_assert(sizeof(IO_STACK_LOCATION) == 0x48, "IO_STACK_LOCATION as in the x64 WDK");

/* ---- Object types, created by IoInitSystem ---- */

extern POBJECT_TYPE IoDriverObjectType;
extern POBJECT_TYPE IoDeviceObjectType;
extern POBJECT_TYPE IoFileObjectType;
extern POBJECT_TYPE IoCompletionObjectType;

/* ---- Initialization ---- */

/*
 * Creates the types, \Device, \Driver and \FileSystem, starts the built-in drivers and then the
 * boot drivers that the loader mapped. Phase 1 of the kernel, PASSIVE_LEVEL. Returns FALSE if a
 * part without which the system cannot run has failed.
 */
BOOLEAN IoInitSystem(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock);

/*
 * Opens the console for the first process: three handles in the current process's table for
 * RTL_USER_PROCESS_PARAMETERS. InputAccess 0: read and write, as with Windows' console. On failure
 * no handle stays open. PASSIVE_LEVEL.
 */
NTSTATUS IoOpenConsole(_In_ ACCESS_MASK InputAccess, _Out_ PHANDLE StandardInput,
                       _Out_ PHANDLE StandardOutput, _Out_ PHANDLE StandardError);

/* ---- Drivers and devices (WDK pages of the same names) ---- */

NTSTATUS IoCreateDriver(_In_opt_ PUNICODE_STRING DriverName,
                        _In_ PDRIVER_INITIALIZE InitializationFunction);
NTSTATUS IoCreateDevice(_In_ PDRIVER_OBJECT DriverObject, _In_ ULONG DeviceExtensionSize,
                        _In_opt_ PUNICODE_STRING DeviceName, _In_ DEVICE_TYPE DeviceType,
                        _In_ ULONG DeviceCharacteristics, _In_ BOOLEAN Exclusive,
                        _Out_ PDEVICE_OBJECT *DeviceObject);
VOID IoDeleteDevice(_In_ PDEVICE_OBJECT DeviceObject);
NTSTATUS IoCreateSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName,
                              _In_ PUNICODE_STRING DeviceName);
NTSTATUS IoDeleteSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName);
PDEVICE_OBJECT IoAttachDeviceToDeviceStack(_In_ PDEVICE_OBJECT SourceDevice,
                                           _In_ PDEVICE_OBJECT TargetDevice);
VOID IoDetachDevice(_Inout_ PDEVICE_OBJECT TargetDevice);
PDEVICE_OBJECT IoGetRelatedDeviceObject(_In_ PFILE_OBJECT FileObject);
PDEVICE_OBJECT IoGetAttachedDevice(_In_ PDEVICE_OBJECT DeviceObject);
NTSTATUS IoGetDeviceObjectPointer(_In_ PUNICODE_STRING ObjectName, _In_ ACCESS_MASK DesiredAccess,
                                  _Out_ PFILE_OBJECT *FileObject,
                                  _Out_ PDEVICE_OBJECT *DeviceObject);

/* ---- Interrupts (WDK pages of the same names; interrupt.c) ---- */

NTSTATUS IoConnectInterrupt(_Out_ PKINTERRUPT *Interrupt, _In_ PKSERVICE_ROUTINE ServiceRoutine,
                            _In_opt_ PVOID ServiceContext, _In_opt_ PKSPIN_LOCK SpinLock,
                            _In_ ULONG Vector, _In_ KIRQL Irql, _In_ KIRQL SynchronizeIrql,
                            _In_ KINTERRUPT_MODE InterruptMode, _In_ BOOLEAN ShareVector,
                            _In_ KAFFINITY ProcessorEnableMask, _In_ BOOLEAN FloatingSave);
VOID IoDisconnectInterrupt(_In_ PKINTERRUPT InterruptObject);

/* Each device has one DPC for its service routine: DpcRoutine(Dpc, DeviceObject, Irp, Context). */
static inline VOID IoInitializeDpcRequest(_Inout_ PDEVICE_OBJECT DeviceObject,
                                          _In_ PKDEFERRED_ROUTINE DpcRoutine) {
    KeInitializeDpc(&DeviceObject->Dpc, DpcRoutine, DeviceObject);
}

static inline VOID IoRequestDpc(_Inout_ PDEVICE_OBJECT DeviceObject, _In_opt_ PIRP Irp,
                                _In_opt_ PVOID Context) {
    KeInsertQueueDpc(&DeviceObject->Dpc, Irp, Context);
}

/* ---- Packets (WDK pages of the same names) ---- */

USHORT IoSizeOfIrp(_In_ CCHAR StackSize);
PIRP IoAllocateIrp(_In_ CCHAR StackSize, _In_ BOOLEAN ChargeQuota);
VOID IoInitializeIrp(_Out_ PIRP Irp, _In_ USHORT PacketSize, _In_ CCHAR StackSize);
VOID IoFreeIrp(_In_ PIRP Irp);
PIRP IoBuildSynchronousFsdRequest(_In_ ULONG MajorFunction, _In_ PDEVICE_OBJECT DeviceObject,
                                  _Inout_opt_ PVOID Buffer, _In_opt_ ULONG Length,
                                  _In_opt_ PLARGE_INTEGER StartingOffset, _In_ PKEVENT Event,
                                  _Out_ PIO_STATUS_BLOCK IoStatusBlock);
PIRP IoBuildDeviceIoControlRequest(_In_ ULONG IoControlCode, _In_ PDEVICE_OBJECT DeviceObject,
                                   _In_opt_ PVOID InputBuffer, _In_ ULONG InputBufferLength,
                                   _Out_opt_ PVOID OutputBuffer, _In_ ULONG OutputBufferLength,
                                   _In_ BOOLEAN InternalDeviceIoControl, _In_ PKEVENT Event,
                                   _Out_ PIO_STATUS_BLOCK IoStatusBlock);
NTSTATUS IofCallDriver(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp);
VOID IofCompleteRequest(_In_ PIRP Irp, _In_ CCHAR PriorityBoost);
#define IoCallDriver(DeviceObject, Irp)       IofCallDriver(DeviceObject, Irp)
#define IoCompleteRequest(Irp, PriorityBoost) IofCompleteRequest(Irp, PriorityBoost)

BOOLEAN IoCancelIrp(_In_ PIRP Irp);
VOID IoAcquireCancelSpinLock(_Out_ PKIRQL Irql);
VOID IoReleaseCancelSpinLock(_In_ KIRQL Irql);

static inline PDRIVER_CANCEL IoSetCancelRoutine(_Inout_ PIRP Irp,
                                                _In_opt_ PDRIVER_CANCEL CancelRoutine) {
    return (PDRIVER_CANCEL)__atomic_exchange_n((PVOID volatile *)&Irp->CancelRoutine,
                                               (PVOID)CancelRoutine, __ATOMIC_SEQ_CST);
}

static inline PIO_STACK_LOCATION IoGetCurrentIrpStackLocation(_In_ PIRP Irp) {
    return Irp->Tail.Overlay.CurrentStackLocation;
}

static inline PIO_STACK_LOCATION IoGetNextIrpStackLocation(_In_ PIRP Irp) {
    return Irp->Tail.Overlay.CurrentStackLocation - 1;
}

static inline VOID IoSetNextIrpStackLocation(_Inout_ PIRP Irp) {
    Irp->CurrentLocation--;
    Irp->Tail.Overlay.CurrentStackLocation--;
}

static inline VOID IoSkipCurrentIrpStackLocation(_Inout_ PIRP Irp) {
    Irp->CurrentLocation++;
    Irp->Tail.Overlay.CurrentStackLocation++;
}

/* Passes the request on unchanged; the completion routine of this location is not copied. */
static inline VOID IoCopyCurrentIrpStackLocationToNext(_Inout_ PIRP Irp) {
    PIO_STACK_LOCATION Next = IoGetNextIrpStackLocation(Irp);
    *Next = *IoGetCurrentIrpStackLocation(Irp);
    Next->Control = 0;
    Next->CompletionRoutine = NULL;
    Next->Context = NULL;
}

static inline VOID IoSetCompletionRoutine(_Inout_ PIRP Irp,
                                          _In_opt_ PIO_COMPLETION_ROUTINE CompletionRoutine,
                                          _In_opt_ PVOID Context, _In_ BOOLEAN InvokeOnSuccess,
                                          _In_ BOOLEAN InvokeOnError, _In_ BOOLEAN InvokeOnCancel) {
    PIO_STACK_LOCATION Next = IoGetNextIrpStackLocation(Irp);
    Next->CompletionRoutine = CompletionRoutine;
    Next->Context = Context;
    Next->Control = (UCHAR)((InvokeOnSuccess ? SL_INVOKE_ON_SUCCESS : 0) |
                            (InvokeOnError ? SL_INVOKE_ON_ERROR : 0) |
                            (InvokeOnCancel ? SL_INVOKE_ON_CANCEL : 0));
}

static inline VOID IoMarkIrpPending(_Inout_ PIRP Irp) {
    IoGetCurrentIrpStackLocation(Irp)->Control |= SL_PENDING_RETURNED;
}

/* ---- Files ---- */

typedef enum _CREATE_FILE_TYPE {
    CreateFileTypeNone,
    CreateFileTypeNamedPipe,
    CreateFileTypeMailslot
} CREATE_FILE_TYPE;

/*
 * Opens or creates a file, like NtCreateFile, also for kernel callers. If the previous mode is
 * KernelMode, all pointers may be kernel addresses. Options: IO_* below.
 * PASSIVE_LEVEL. Source: WDK page of IoCreateFile.
 */
NTSTATUS IoCreateFile(_Out_ PHANDLE FileHandle, _In_ ACCESS_MASK DesiredAccess,
                      _In_ POBJECT_ATTRIBUTES ObjectAttributes,
                      _Out_ PIO_STATUS_BLOCK IoStatusBlock, _In_opt_ PLARGE_INTEGER AllocationSize,
                      _In_ ULONG FileAttributes, _In_ ULONG ShareAccess, _In_ ULONG Disposition,
                      _In_ ULONG CreateOptions, _In_opt_ PVOID EaBuffer, _In_ ULONG EaLength,
                      _In_ CREATE_FILE_TYPE CreateFileType, _In_opt_ PVOID InternalParameters,
                      _In_ ULONG Options);

#define IO_FORCE_ACCESS_CHECK    0x0001
#define IO_NO_PARAMETER_CHECKING 0x0100

/*
 * Reads synchronously for kernel callers (Mm's pager, Ps); Buffer is a kernel address.
 * IoStatus->Information is the number of bytes read. PASSIVE_LEVEL.
 */
NTSTATUS IoReadFileObject(_In_ PFILE_OBJECT FileObject, _Out_writes_bytes_(Length) PVOID Buffer,
                          _In_ ULONG Length, _In_ ULONG64 Offset, _Out_ PIO_STATUS_BLOCK IoStatus);

/* Returns the size of an open file. PASSIVE_LEVEL. Source: WDK page of FsRtlGetFileSize. */
NTSTATUS FsRtlGetFileSize(_In_ PFILE_OBJECT FileObject, _Out_ PLARGE_INTEGER FileSize);

/* Share access of files. File systems call these under their lock (WDK pages of the same names). */
NTSTATUS IoCheckShareAccess(_In_ ACCESS_MASK DesiredAccess, _In_ ULONG DesiredShareAccess,
                            _Inout_ PFILE_OBJECT FileObject, _Inout_ PSHARE_ACCESS ShareAccess,
                            _In_ BOOLEAN Update);
VOID IoUpdateShareAccess(_In_ PFILE_OBJECT FileObject, _Inout_ PSHARE_ACCESS ShareAccess);
VOID IoRemoveShareAccess(_In_ PFILE_OBJECT FileObject, _Inout_ PSHARE_ACCESS ShareAccess);

/* ---- Boot volume: the files that the loader read (used by the bootfs driver) ---- */

/* The loader block, valid as long as the I/O manager runs. */
extern PLOADER_PARAMETER_BLOCK IoLoaderBlock;

#endif
