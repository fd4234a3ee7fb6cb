/*
 * iop.h - declarations shared by the files of io/ (see the essay in ioinit.c)
 */
#ifndef VITRINE_IOP_H
#define VITRINE_IOP_H

#include "ntobapi.h"
#include "io.h"
#include "bugcodes.h"
#include "ex.h"
#include "mm.h"
#include "ps.h"
#include "kd.h"
#include "ntrtl.h"
#include "ntstatus.h"

#define IOP_TAG_IRP    0x20707249 /* 'Irp ' */
#define IOP_TAG_BUFFER 0x42536F49 /* 'IoSB': system buffers of buffered requests */
#define IOP_TAG_NAME   0x6D4E6F49 /* 'IoNm' */
#define IOP_TAG_DRIVER 0x20766744 /* 'Dgv ' */

/*
 * Largest piece of a buffered transfer. Longer transfers are split into several requests, so that a
 * program cannot make the kernel allocate arbitrary amounts of pool.
 */
#define IOP_TRANSFER_CHUNK 0x10000u

/*
 * The parameters of an open request, passed through the object manager to IopParseDevice. The
 * packet is on the stack of the service.
 */
#define OPEN_PACKET_PATTERN 0xBEAA0251u

typedef struct _OPEN_PACKET {
    CSHORT Type; /* IO_TYPE_OPEN_PACKET */
    CSHORT Size;
    PFILE_OBJECT FileObject;
    NTSTATUS FinalStatus;
    ULONG_PTR Information;
    ULONG ParseCheck; /* OPEN_PACKET_PATTERN once the parse procedure has run */
    PFILE_OBJECT RelatedFileObject;
    LARGE_INTEGER AllocationSize;
    ULONG CreateOptions;
    USHORT FileAttributes;
    USHORT ShareAccess;
    ULONG Disposition;
    /* If not NULL, only this information is wanted and no handle (NtQueryAttributesFile). */
    PFILE_BASIC_INFORMATION BasicInformation;
} OPEN_PACKET, *POPEN_PACKET;

#define IO_TYPE_OPEN_PACKET 8

/* Guards device lists, reference counts and stack links; DISPATCH_LEVEL. */
extern KSPIN_LOCK IopDatabaseLock;

/* driver.c */
/* What the types of drivers, devices and files have in common: the access rights of a file. */
#define IOP_FILE_LIKE_TYPE                                                                         \
    .Length = sizeof(OBJECT_TYPE_INITIALIZER), .CaseInsensitive = TRUE,                            \
    .InvalidAttributes = OBJ_OPENLINK,                                                             \
    .GenericMapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,                \
                       FILE_ALL_ACCESS},                                                           \
    .ValidAccessMask = FILE_ALL_ACCESS, .PoolType = NonPagedPoolNx

BOOLEAN IopCreateDriverType(VOID);
NTSTATUS IopInitializeDriver(_In_ PUNICODE_STRING DriverName, _In_ PUNICODE_STRING RegistryPath,
                             _In_ PDRIVER_INITIALIZE DriverInit,
                             _In_opt_ PKLDR_DATA_TABLE_ENTRY LdrEntry);

/* device.c */
BOOLEAN IopCreateDeviceType(VOID);
NTSTATUS IopReferenceDevice(_In_ PDEVICE_OBJECT DeviceObject);
VOID IopDereferenceDevice(_In_ PDEVICE_OBJECT DeviceObject);

/* file.c */
BOOLEAN IopCreateFileType(VOID);
NTSTATUS IopAcquireFileObjectLock(_Inout_ PFILE_OBJECT FileObject);
VOID IopReleaseFileObjectLock(_Inout_ PFILE_OBJECT FileObject);

/* parse.c */
NTSTATUS IopParseDevice(_In_ PVOID ParseObject, _In_opt_ POBJECT_TYPE ObjectType,
                        _Inout_ PACCESS_STATE AccessState, _In_ KPROCESSOR_MODE AccessMode,
                        _In_ ULONG Attributes, _Inout_ PUNICODE_STRING CompleteName,
                        _Inout_ PUNICODE_STRING RemainingName, _Inout_opt_ PVOID Context,
                        _In_opt_ PVOID SecurityQos, _Out_ PVOID *Object);
NTSTATUS IopParseFile(_In_ PVOID ParseObject, _In_opt_ POBJECT_TYPE ObjectType,
                      _Inout_ PACCESS_STATE AccessState, _In_ KPROCESSOR_MODE AccessMode,
                      _In_ ULONG Attributes, _Inout_ PUNICODE_STRING CompleteName,
                      _Inout_ PUNICODE_STRING RemainingName, _Inout_opt_ PVOID Context,
                      _In_opt_ PVOID SecurityQos, _Out_ PVOID *Object);

/*
 * TRUE if a transfer or query failed. Besides errors this includes two warnings that mean a fault
 * in the caller's buffer: a guard page and a misaligned access. Other warnings, such as
 * STATUS_BUFFER_OVERFLOW, come with data.
 */
FORCEINLINE BOOLEAN IopHasFailed(_In_ NTSTATUS Status) {
    return NT_ERROR(Status) || Status == STATUS_GUARD_PAGE_VIOLATION ||
           Status == STATUS_DATATYPE_MISALIGNMENT;
}

/* request.c: requests that the calling thread waits for */
PIRP IopAllocateRequest(_In_ PFILE_OBJECT FileObject, _In_ UCHAR MajorFunction,
                        _In_ KPROCESSOR_MODE Mode);
NTSTATUS IopCallDriverAndWait(_In_ PFILE_OBJECT FileObject, _Inout_ PIRP Irp,
                              _Out_ PIO_STATUS_BLOCK IoStatus);
NTSTATUS IopQueryFileInformation(_In_ PFILE_OBJECT FileObject,
                                 _In_ FILE_INFORMATION_CLASS FileInformationClass,
                                 _Out_writes_bytes_(Length) PVOID Buffer, _In_ ULONG Length,
                                 _Out_ PIO_STATUS_BLOCK IoStatus);
#define IOP_MAXIMUM_STACK 8 /* devices in a stack */
NTSTATUS IopSendSimpleRequest(_In_ PFILE_OBJECT FileObject, _In_ UCHAR MajorFunction,
                              _Out_ PIO_STATUS_BLOCK IoStatus);

/* ntcompletion.c */
BOOLEAN IopCreateCompletionType(VOID);
NTSTATUS IopAllocateCompletionPacket(_Out_ PVOID *Packet);
VOID IopFreeCompletionPacket(_In_ PVOID Packet);
/* The port takes over the packet. IRQL <= DISPATCH_LEVEL. */
VOID IopPostCompletionPacket(_In_ PVOID Packet, _In_ const IO_COMPLETION_CONTEXT *Target,
                             _In_opt_ PVOID ApcContext, _In_ const IO_STATUS_BLOCK *Result);
NTSTATUS IopTieFileToPort(_Inout_ PFILE_OBJECT FileObject,
                          _In_ const FILE_COMPLETION_INFORMATION *Information);
VOID IopFreeCompletionContext(_In_ PIO_COMPLETION_CONTEXT Context);

/* ioinit.c */
VOID IopRegisterFileOperations(VOID);

/* The built-in drivers (drivers/), started before the boot drivers. */
DRIVER_INITIALIZE NullDriverEntry;
DRIVER_INITIALIZE I8042DriverEntry;
DRIVER_INITIALIZE ConDrvDriverEntry;
DRIVER_INITIALIZE BootFsDriverEntry;

#endif
