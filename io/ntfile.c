/*
 * ntfile.c - NtReadFile, NtWriteFile
 *
 * Both transfers take the same path. First every argument is turned into kernel objects and values,
 * in the order in which Windows checks them: file handle, access, addresses, event. Then the data
 * moves:
 *
 *   buffered device (DO_BUFFERED_IO)  through a system buffer in pool, at most IOP_TRANSFER_CHUNK
 *                                     bytes at a time, with one request for each piece
 *   any other                         in one request; the driver copies to or from the caller's
 *                                     memory, since it runs in the caller's context
 *
 * Before a buffered write of several pieces the caller's whole buffer is touched, so that a bad
 * buffer is rejected before the first byte is sent, as with one large system buffer.
 */
#include "iop.h"

typedef struct _IOP_TRANSFER {
    PFILE_OBJECT FileObject;
    PKEVENT Event;
    PKAPC Apc;
    PVOID Packet;     /* for the file's completion port */
    PVOID ApcContext; /* the context that it carries */
    PIO_STATUS_BLOCK UserIosb;
    PUCHAR Buffer;
    ULONG Length;
    ULONG Key;
    LARGE_INTEGER Offset;
    KPROCESSOR_MODE Mode;
    UCHAR MajorFunction;
    BOOLEAN OffsetGiven;
} IOP_TRANSFER, *PIOP_TRANSFER;

/* The caller's arguments, unchecked. */
typedef struct _IOP_TRANSFER_ARGUMENTS {
    HANDLE FileHandle;
    HANDLE Event;
    PIO_APC_ROUTINE ApcRoutine;
    PVOID ApcContext;
    PLARGE_INTEGER ByteOffset;
    PULONG Key;
} IOP_TRANSFER_ARGUMENTS;

static VOID IopFreeTransferApc(_In_ PKAPC Apc) {
    ExFreePoolWithTag(Apc, IOP_TAG_IRP);
}

static VOID IopTransferApcKernelRoutine(_In_ PKAPC Apc, _Inout_ PKNORMAL_ROUTINE *NormalRoutine,
                                        _Inout_ PVOID *NormalContext, _Inout_ PVOID *Argument1,
                                        _Inout_ PVOID *Argument2) {
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    IopFreeTransferApc(Apc);
}

/* A transfer with a context, on a file with a port, is reported to the port. */
static NTSTATUS IopPrepareTransferPacket(PIOP_TRANSFER Transfer,
                                         const IOP_TRANSFER_ARGUMENTS *Args) {
    if (Transfer->FileObject->CompletionContext == NULL) {
        return STATUS_SUCCESS;
    }
    if (Args->ApcRoutine != NULL) {
        return STATUS_INVALID_PARAMETER; /* an APC and a port exclude each other */
    }
    if (Args->ApcContext == NULL) {
        return STATUS_SUCCESS;
    }
    Transfer->ApcContext = Args->ApcContext;
    return IopAllocateCompletionPacket(&Transfer->Packet);
}

static NTSTATUS IopPrepareTransferApc(PIOP_TRANSFER Transfer, const IOP_TRANSFER_ARGUMENTS *Args) {
    if (Args->ApcRoutine == NULL) {
        return STATUS_SUCCESS;
    }
    NTSTATUS Status = MmAllocatePoolWithQuota(NULL, POOL_FLAG_NON_PAGED, sizeof(KAPC), IOP_TAG_IRP,
                                              (PVOID *)&Transfer->Apc);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    KeInitializeApc(Transfer->Apc, KeGetCurrentThread(), OriginalApcEnvironment,
                    IopTransferApcKernelRoutine, IopFreeTransferApc,
                    (PKNORMAL_ROUTINE)(PVOID)Args->ApcRoutine, Transfer->Mode, Args->ApcContext);
    return STATUS_SUCCESS;
}

/* Reads the small arguments and probes addresses. On x64 the status block need not be aligned. */
static NTSTATUS IopCaptureTransfer(PIOP_TRANSFER Transfer, const IOP_TRANSFER_ARGUMENTS *Args) {
    Transfer->OffsetGiven = Args->ByteOffset != NULL;
    if (Transfer->Mode == KernelMode) {
        Transfer->Offset.QuadPart = Args->ByteOffset != NULL ? Args->ByteOffset->QuadPart : 0;
        Transfer->Key = Args->Key != NULL ? *Args->Key : 0;
        return STATUS_SUCCESS;
    }
    __try {
        ProbeForWrite(Transfer->UserIosb, sizeof(IO_STATUS_BLOCK), 1);
        if (Transfer->MajorFunction == IRP_MJ_READ) {
            ProbeForWrite(Transfer->Buffer, Transfer->Length, sizeof(UCHAR));
        } else {
            ProbeForRead(Transfer->Buffer, Transfer->Length, sizeof(UCHAR));
        }
        if (Args->ByteOffset != NULL) {
            Transfer->Offset.QuadPart = (LONGLONG)ReadULong64FromUser(Args->ByteOffset);
        }
        if (Args->Key != NULL) {
            Transfer->Key = ReadULongFromUser(Args->Key);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* References the file if the handle allows the transfer; append access is enough to write. */
static NTSTATUS IopReferenceTransferFile(PIOP_TRANSFER Transfer, HANDLE FileHandle,
                                         PBOOLEAN AppendOnly) {
    OBJECT_HANDLE_INFORMATION Information;
    ACCESS_MASK Needed = Transfer->MajorFunction == IRP_MJ_READ
                             ? FILE_READ_DATA
                             : FILE_WRITE_DATA | FILE_APPEND_DATA;
    NTSTATUS Status = ObReferenceObjectByHandle(FileHandle, 0, IoFileObjectType, Transfer->Mode,
                                                (PVOID *)&Transfer->FileObject, &Information);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Transfer->Mode != KernelMode && (Information.GrantedAccess & Needed) == 0) {
        ObDereferenceObject(Transfer->FileObject);
        Transfer->FileObject = NULL;
        return STATUS_ACCESS_DENIED;
    }
    *AppendOnly =
        Transfer->MajorFunction == IRP_MJ_WRITE &&
        (Information.GrantedAccess & (FILE_WRITE_DATA | FILE_APPEND_DATA)) == FILE_APPEND_DATA;
    return STATUS_SUCCESS;
}

/* Decides where the transfer begins. The caller holds the lock of a synchronous file. */
static NTSTATUS IopChooseOffset(PIOP_TRANSFER Transfer, BOOLEAN AppendOnly) {
    PFILE_OBJECT FileObject = Transfer->FileObject;
    BOOLEAN FromPosition = Transfer->Offset.HighPart == -1 &&
                           Transfer->Offset.LowPart == FILE_USE_FILE_POINTER_POSITION;
    BOOLEAN ToEnd =
        Transfer->Offset.HighPart == -1 && Transfer->Offset.LowPart == FILE_WRITE_TO_END_OF_FILE;
    if (AppendOnly) {
        Transfer->Offset.HighPart = -1;
        Transfer->Offset.LowPart = FILE_WRITE_TO_END_OF_FILE;
        return STATUS_SUCCESS;
    }
    if (FileObject->Flags & FO_SYNCHRONOUS_IO) {
        if (!Transfer->OffsetGiven || FromPosition) {
            Transfer->Offset = FileObject->CurrentByteOffset;
            return STATUS_SUCCESS;
        }
    } else if (!Transfer->OffsetGiven && !(FileObject->Flags & FO_NAMED_PIPE)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Transfer->Offset.QuadPart < 0 && !(ToEnd && Transfer->MajorFunction == IRP_MJ_WRITE)) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* Sends one request for Length bytes at Buffer; System is a buffered device's system buffer. */
static NTSTATUS IopTransferPiece(PIOP_TRANSFER Transfer, PVOID System, PUCHAR Buffer, ULONG Length,
                                 PIO_STATUS_BLOCK IoStatus) {
    PIRP Irp = IopAllocateRequest(Transfer->FileObject, Transfer->MajorFunction, Transfer->Mode);
    if (Irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    PIO_STACK_LOCATION Location = IoGetNextIrpStackLocation(Irp);
    Location->Parameters.Write.Length = Length;
    Location->Parameters.Write.Key = Transfer->Key;
    Location->Parameters.Write.ByteOffset = Transfer->Offset;
    Irp->AssociatedIrp.SystemBuffer = System;
    Irp->UserBuffer = Buffer;
    Irp->Flags |= Transfer->MajorFunction == IRP_MJ_READ ? IRP_READ_OPERATION : IRP_WRITE_OPERATION;
    Irp->Flags |= System != NULL ? IRP_BUFFERED_IO : 0;
    NTSTATUS Status = IopCallDriverAndWait(Transfer->FileObject, Irp, IoStatus);
    IoFreeIrp(Irp);
    return Status;
}

static NTSTATUS IopCopyIn(PVOID System, const UCHAR *Buffer, SIZE_T Length, KPROCESSOR_MODE Mode) {
    if (Mode == KernelMode) {
        RtlCopyMemory(System, Buffer, Length);
        return STATUS_SUCCESS;
    }
    __try {
        CopyFromUser(System, Buffer, Length);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS IopCopyOut(PUCHAR Buffer, const VOID *System, SIZE_T Length, KPROCESSOR_MODE Mode) {
    if (Mode == KernelMode) {
        RtlCopyMemory(Buffer, System, Length);
        return STATUS_SUCCESS;
    }
    __try {
        CopyToUser(Buffer, System, Length);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* Reads one byte of each page, so that a bad buffer is found before anything is sent. */
static NTSTATUS IopTouchUserBuffer(const UCHAR *Buffer, SIZE_T Length) {
    __try {
        for (SIZE_T Done = 0; Done < Length; Done += PAGE_SIZE - BYTE_OFFSET(Buffer + Done)) {
            (VOID) ReadUCharFromUser(Buffer + Done);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* Transfers one piece through the system buffer, copying before or after the request. */
static NTSTATUS IopTransferBufferedPiece(PIOP_TRANSFER Transfer, PVOID System, PUCHAR Buffer,
                                         ULONG Length, PIO_STATUS_BLOCK IoStatus) {
    BOOLEAN Reading = Transfer->MajorFunction == IRP_MJ_READ;
    NTSTATUS Status = Reading ? STATUS_SUCCESS : IopCopyIn(System, Buffer, Length, Transfer->Mode);
    if (NT_SUCCESS(Status)) {
        Status = IopTransferPiece(Transfer, System, Buffer, Length, IoStatus);
    }
    if (Reading && !IopHasFailed(Status)) {
        NTSTATUS CopyStatus =
            IopCopyOut(Buffer, System, min(IoStatus->Information, Length), Transfer->Mode);
        if (!NT_SUCCESS(CopyStatus)) {
            Status = CopyStatus;
        }
    }
    return Status;
}

static NTSTATUS IopTransferBuffered(PIOP_TRANSFER Transfer, PIO_STATUS_BLOCK IoStatus) {
    ULONG Chunk = min(Transfer->Length, IOP_TRANSFER_CHUNK);
    ULONG Done = 0;
    NTSTATUS Status = STATUS_SUCCESS;
    if (Transfer->Length > Chunk && Transfer->MajorFunction == IRP_MJ_WRITE &&
        Transfer->Mode != KernelMode) {
        Status = IopTouchUserBuffer(Transfer->Buffer, Transfer->Length);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    PVOID System = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED,
                                   Chunk != 0 ? Chunk : 1, IOP_TAG_BUFFER);
    if (System == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    do {
        ULONG Piece = min(Transfer->Length - Done, Chunk);
        IoStatus->Information = 0;
        Status =
            IopTransferBufferedPiece(Transfer, System, Transfer->Buffer + Done, Piece, IoStatus);
        if (IopHasFailed(Status)) {
            break;
        }
        Done += (ULONG)IoStatus->Information;
        if (Transfer->Offset.QuadPart >= 0) {
            Transfer->Offset.QuadPart += Piece;
        }
        if (IoStatus->Information != Piece) {
            break; /* less: end of data; more: the driver counts something else */
        }
    } while (Done < Transfer->Length);
    ExFreePoolWithTag(System, IOP_TAG_BUFFER);
    /* Bytes already transferred count, even if a later piece failed. */
    IoStatus->Status = Done != 0 && IopHasFailed(Status) ? STATUS_SUCCESS : Status;
    IoStatus->Information = Done;
    return IoStatus->Status;
}

/* Either event may be disabled (FileIoCompletionNotificationInformation). */
static VOID IopSetTransferEvent(PIOP_TRANSFER Transfer) {
    ULONG Skip = Transfer->Event != NULL ? FO_SKIP_SET_FAST_IO : FO_SKIP_SET_EVENT;
    if ((Transfer->FileObject->Flags & Skip) == 0) {
        KeSetEvent(Transfer->Event != NULL ? Transfer->Event : &Transfer->FileObject->Event,
                   IO_NO_INCREMENT, FALSE);
    }
}

/*
 * Reports the result to the caller. A transfer that fails at once leaves the status block and the
 * event alone, as in Windows; end of file is also reported in the block, as by Windows' fast path.
 */
static NTSTATUS IopReportTransfer(PIOP_TRANSFER Transfer, const IO_STATUS_BLOCK *IoStatus) {
    NTSTATUS Status = IoStatus->Status;
    if (IopHasFailed(Status) && Status != STATUS_END_OF_FILE) {
        return Status;
    }
    if (Transfer->Mode == KernelMode) {
        *Transfer->UserIosb = *IoStatus;
    } else {
        __try {
            WriteULong64ToUser(&Transfer->UserIosb->Information, IoStatus->Information);
            WriteULongToUser(&Transfer->UserIosb->Status, (ULONG)Status);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            /* The caller unmapped its status block; the transfer itself has happened. */
            (VOID)0;
        }
    }
    Transfer->FileObject->FinalStatus = Status;
    IopSetTransferEvent(Transfer);
    if (Transfer->Packet != NULL && !IopHasFailed(Status) &&
        ((Transfer->FileObject->Flags & FO_SKIP_COMPLETION_PORT) == 0 || !NT_SUCCESS(Status))) {
        IopPostCompletionPacket(Transfer->Packet, Transfer->FileObject->CompletionContext,
                                Transfer->ApcContext, IoStatus);
        Transfer->Packet = NULL;
    }
    if (Transfer->Apc != NULL && !IopHasFailed(Status)) {
        PKAPC Apc = Transfer->Apc;
        Transfer->Apc = NULL;
        if (!KeInsertQueueApc(Apc, Transfer->UserIosb, NULL, IO_NO_INCREMENT)) {
            IopFreeTransferApc(Apc);
        }
    }
    return Status;
}

/* Runs the transfer. The caller holds the lock of a synchronous file. */
static NTSTATUS IopRunTransfer(PIOP_TRANSFER Transfer, BOOLEAN AppendOnly) {
    PDEVICE_OBJECT Device = IoGetRelatedDeviceObject(Transfer->FileObject);
    IO_STATUS_BLOCK IoStatus = {0};
    NTSTATUS Status = IopChooseOffset(Transfer, AppendOnly);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    KeClearEvent(&Transfer->FileObject->Event);
    if (Device->Flags & DO_DIRECT_IO) {
        return STATUS_NOT_SUPPORTED; /* needs MDLs */
    }
    if (Device->Flags & DO_BUFFERED_IO) {
        Status = IopTransferBuffered(Transfer, &IoStatus);
    } else {
        Status = IopTransferPiece(Transfer, NULL, Transfer->Buffer, Transfer->Length, &IoStatus);
    }
    IoStatus.Status = Status;
    return IopReportTransfer(Transfer, &IoStatus);
}

static NTSTATUS IopReferenceTransferEvent(PIOP_TRANSFER Transfer, HANDLE Event) {
    if (Event == NULL) {
        return STATUS_SUCCESS;
    }
    NTSTATUS Status = ObReferenceObjectByHandle(Event, EVENT_MODIFY_STATE, ExEventObjectType,
                                                Transfer->Mode, (PVOID *)&Transfer->Event, NULL);
    if (NT_SUCCESS(Status)) {
        KeClearEvent(Transfer->Event);
    }
    return Status;
}

static NTSTATUS IopTransfer(PIOP_TRANSFER Transfer, const IOP_TRANSFER_ARGUMENTS *Args) {
    BOOLEAN AppendOnly;
    NTSTATUS Status = IopReferenceTransferFile(Transfer, Args->FileHandle, &AppendOnly);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = IopCaptureTransfer(Transfer, Args);
    if (NT_SUCCESS(Status)) {
        Status = IopReferenceTransferEvent(Transfer, Args->Event);
    }
    if (NT_SUCCESS(Status)) {
        Status = IopPrepareTransferPacket(Transfer, Args);
    }
    if (NT_SUCCESS(Status)) {
        Status = IopPrepareTransferApc(Transfer, Args);
    }
    if (NT_SUCCESS(Status)) {
        BOOLEAN Synchronous = (Transfer->FileObject->Flags & FO_SYNCHRONOUS_IO) != 0;
        if (Synchronous) {
            IopAcquireFileObjectLock(Transfer->FileObject);
        }
        Status = IopRunTransfer(Transfer, AppendOnly);
        if (Synchronous) {
            IopReleaseFileObjectLock(Transfer->FileObject);
        }
    }
    if (Transfer->Apc != NULL) {
        IopFreeTransferApc(Transfer->Apc);
    }
    if (Transfer->Packet != NULL) {
        IopFreeCompletionPacket(Transfer->Packet);
    }
    if (Transfer->Event != NULL) {
        ObDereferenceObject(Transfer->Event);
    }
    ObDereferenceObject(Transfer->FileObject);
    return Status;
}

/* Source: WDK page of ZwReadFile. */
NTSTATUS NtReadFile(_In_ HANDLE FileHandle, _In_opt_ HANDLE Event,
                    _In_opt_ PIO_APC_ROUTINE ApcRoutine, _In_opt_ PVOID ApcContext,
                    _Out_ PIO_STATUS_BLOCK IoStatusBlock, _Out_writes_bytes_(Length) PVOID Buffer,
                    _In_ ULONG Length, _In_opt_ PLARGE_INTEGER ByteOffset, _In_opt_ PULONG Key) {
    IOP_TRANSFER_ARGUMENTS Args = {FileHandle, Event, ApcRoutine, ApcContext, ByteOffset, Key};
    IOP_TRANSFER Transfer = {.UserIosb = IoStatusBlock,
                             .Buffer = Buffer,
                             .Length = Length,
                             .Mode = ExGetPreviousMode(),
                             .MajorFunction = IRP_MJ_READ};
    return IopTransfer(&Transfer, &Args);
}

/* Source: WDK page of ZwWriteFile. */
NTSTATUS NtWriteFile(_In_ HANDLE FileHandle, _In_opt_ HANDLE Event,
                     _In_opt_ PIO_APC_ROUTINE ApcRoutine, _In_opt_ PVOID ApcContext,
                     _Out_ PIO_STATUS_BLOCK IoStatusBlock, _In_reads_bytes_(Length) PVOID Buffer,
                     _In_ ULONG Length, _In_opt_ PLARGE_INTEGER ByteOffset, _In_opt_ PULONG Key) {
    IOP_TRANSFER_ARGUMENTS Args = {FileHandle, Event, ApcRoutine, ApcContext, ByteOffset, Key};
    IOP_TRANSFER Transfer = {.UserIosb = IoStatusBlock,
                             .Buffer = Buffer,
                             .Length = Length,
                             .Mode = ExGetPreviousMode(),
                             .MajorFunction = IRP_MJ_WRITE};
    return IopTransfer(&Transfer, &Args);
}
