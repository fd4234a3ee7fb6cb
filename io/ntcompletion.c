/*
 * ntcompletion.c - I/O completion objects ("completion ports")
 *
 * An I/O completion object is a KQUEUE with an object header: Ke limits the number of threads that
 * process packets (kernel/object/queue.c); Ob provides handles, names and access. A packet carries
 * four values from one thread to another: a key, a context, a status and a count of bytes. Packets
 * are in nonpaged pool, because the queue is accessed at DISPATCH_LEVEL, and the thread that
 * removes a packet frees it. They are charged to the process that posts them or whose request they
 * report.
 */
#include "iop.h"
#include "ntapi.h"

#define IOP_TAG_PACKET 0x20706349 /* 'Icp ' */

/* KeRemoveQueue returns a packet or a status; every status is below this value. */
#define STATUS_LIMIT 0x10000

typedef struct _IOP_MINI_COMPLETION_PACKET {
    LIST_ENTRY ListEntry; /* KQUEUE.EntryListHead */
    ULONG PacketType;
    PVOID KeyContext;
    PVOID ApcContext;
    NTSTATUS IoStatus;
    ULONG_PTR IoStatusInformation;
} IOP_MINI_COMPLETION_PACKET, *PIOP_MINI_COMPLETION_PACKET;

#define IopCompletionPacketMini 1

POBJECT_TYPE IoCompletionObjectType;

/* The last reference is gone, so no thread is waiting. */
static VOID IopDeleteIoCompletion(_In_ PVOID Object) {
    PLIST_ENTRY First = KeRundownQueue(Object), Entry = First;
    while (Entry != NULL) {
        PLIST_ENTRY Next = Entry->Flink;
        ExFreePoolWithTag(CONTAINING_RECORD(Entry, IOP_MINI_COMPLETION_PACKET, ListEntry),
                          IOP_TAG_PACKET);
        Entry = Next == First ? NULL : Next;
    }
}

BOOLEAN IopCreateCompletionType(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"IoCompletion");
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .DispatcherBody = TRUE,
        .InvalidAttributes = OBJ_OPENLINK,
        .GenericMapping = {STANDARD_RIGHTS_READ | IO_COMPLETION_QUERY_STATE,
                           STANDARD_RIGHTS_WRITE | IO_COMPLETION_MODIFY_STATE,
                           STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, IO_COMPLETION_ALL_ACCESS},
        .ValidAccessMask = IO_COMPLETION_ALL_ACCESS,
        .PoolType = NonPagedPoolNx,
        .DefaultNonPagedPoolCharge = sizeof(KQUEUE),
        .DeleteProcedure = IopDeleteIoCompletion,
    };
    return NT_SUCCESS(ObCreateObjectType(&Name, &Initializer, NULL, &IoCompletionObjectType));
}

static VOID IopInitializeCompletion(PVOID Queue, const VOID *Count) {
    KeInitializeQueue(Queue, *(const ULONG *)Count);
}

/*
 * Count: the number of threads that should run at once; 0 for one per processor. Source: Windows
 * SDK, CreateIoCompletionPort.
 */
NTSTATUS NTAPI NtCreateIoCompletion(_Out_ PHANDLE IoCompletionHandle,
                                    _In_ ACCESS_MASK DesiredAccess,
                                    _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                                    _In_opt_ ULONG Count) {
    return ObCreateObjectHandle(IoCompletionHandle, DesiredAccess, ObjectAttributes,
                                IoCompletionObjectType, sizeof(KQUEUE), IopInitializeCompletion,
                                &Count);
}

NTSTATUS NTAPI NtOpenIoCompletion(_Out_ PHANDLE IoCompletionHandle, _In_ ACCESS_MASK DesiredAccess,
                                  _In_ POBJECT_ATTRIBUTES ObjectAttributes) {
    return ObOpenObjectHandle(IoCompletionHandle, DesiredAccess, ObjectAttributes,
                              IoCompletionObjectType);
}

static NTSTATUS IopReferenceQueue(HANDLE Handle, ACCESS_MASK Access, PKQUEUE *Queue) {
    return ObReferenceObjectByHandle(Handle, Access, IoCompletionObjectType, ExGetPreviousMode(),
                                     (PVOID *)Queue, NULL);
}

/* Called before the request is sent, so that reporting its completion cannot fail. */
NTSTATUS IopAllocateCompletionPacket(_Out_ PVOID *Packet) {
    return MmAllocatePoolWithQuota(NULL, POOL_FLAG_NON_PAGED, sizeof(IOP_MINI_COMPLETION_PACKET),
                                   IOP_TAG_PACKET, Packet);
}

VOID IopFreeCompletionPacket(_In_ PVOID Packet) {
    ExFreePoolWithTag(Packet, IOP_TAG_PACKET);
}

VOID IopPostCompletionPacket(_In_ PVOID Packet, _In_ const IO_COMPLETION_CONTEXT *Target,
                             _In_opt_ PVOID ApcContext, _In_ const IO_STATUS_BLOCK *Result) {
    PIOP_MINI_COMPLETION_PACKET Mini = Packet;
    Mini->PacketType = IopCompletionPacketMini;
    Mini->KeyContext = Target->Key;
    Mini->ApcContext = ApcContext;
    Mini->IoStatus = Result->Status;
    Mini->IoStatusInformation = Result->Information;
    KeInsertQueue(Target->Port, &Mini->ListEntry);
}

/*
 * IopTieFileToPort - FileCompletionInformation: asynchronous transfers on the file are reported to
 * the given port from now on.
 *
 * STATUS_INVALID_PARAMETER: the file is synchronous or already has a port. Source: WDK,
 * FILE_COMPLETION_INFORMATION.
 */
NTSTATUS IopTieFileToPort(_Inout_ PFILE_OBJECT FileObject,
                          _In_ const FILE_COMPLETION_INFORMATION *Information) {
    PKQUEUE Queue;
    if (FileObject->Flags & FO_SYNCHRONOUS_IO) {
        return STATUS_INVALID_PARAMETER;
    }
    NTSTATUS Status = IopReferenceQueue(Information->Port, IO_COMPLETION_MODIFY_STATE, &Queue);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    PIO_COMPLETION_CONTEXT Context;
    Status = MmAllocatePoolWithQuota(NULL, POOL_FLAG_NON_PAGED, sizeof(*Context), IOP_TAG_PACKET,
                                     (PVOID *)&Context);
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(Queue);
        return Status;
    }
    *Context = (IO_COMPLETION_CONTEXT){.Port = Queue, .Key = Information->Key};
    if (InterlockedCompareExchangePointer(&FileObject->CompletionContext, Context, NULL) != NULL) {
        IopFreeCompletionContext(Context);
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

VOID IopFreeCompletionContext(_In_ PIO_COMPLETION_CONTEXT Context) {
    ObDereferenceObject(Context->Port);
    ExFreePoolWithTag(Context, IOP_TAG_PACKET);
}

/*
 * Source: phnt; Windows SDK, PostQueuedCompletionStatus. STATUS_INSUFFICIENT_RESOURCES,
 * STATUS_QUOTA_EXCEEDED.
 */
NTSTATUS NTAPI NtSetIoCompletion(_In_ HANDLE IoCompletionHandle, _In_opt_ PVOID KeyContext,
                                 _In_opt_ PVOID ApcContext, _In_ NTSTATUS IoStatus,
                                 _In_ ULONG_PTR IoStatusInformation) {
    PKQUEUE Queue;
    NTSTATUS Status = IopReferenceQueue(IoCompletionHandle, IO_COMPLETION_MODIFY_STATE, &Queue);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    PVOID Packet;
    Status = IopAllocateCompletionPacket(&Packet);
    if (NT_SUCCESS(Status)) {
        IO_COMPLETION_CONTEXT Target = {.Port = Queue, .Key = KeyContext};
        IO_STATUS_BLOCK Result = {.Status = IoStatus, .Information = IoStatusInformation};
        IopPostCompletionPacket(Packet, &Target, ApcContext, &Result);
    }
    ObDereferenceObject(Queue);
    return Status;
}

/* Removes a packet and copies it to *Information. Returns the wait's status or STATUS_SUCCESS. */
static NTSTATUS IopTakePacket(PKQUEUE Queue, BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                              PFILE_IO_COMPLETION_INFORMATION Information) {
    PLIST_ENTRY Entry = KeRemoveQueueAlertable(Queue, ExGetPreviousMode(), Alertable, Timeout);
    if ((ULONG_PTR)Entry < STATUS_LIMIT) {
        return (NTSTATUS)(LONG_PTR)Entry;
    }
    PIOP_MINI_COMPLETION_PACKET Packet =
        CONTAINING_RECORD(Entry, IOP_MINI_COMPLETION_PACKET, ListEntry);
    *Information = (FILE_IO_COMPLETION_INFORMATION){
        .KeyContext = Packet->KeyContext,
        .ApcContext = Packet->ApcContext,
        .IoStatusBlock = {.Status = Packet->IoStatus, .Information = Packet->IoStatusInformation}};
    ExFreePoolWithTag(Packet, IOP_TAG_PACKET);
    return STATUS_SUCCESS;
}

static NTSTATUS IopCaptureTimeout(PLARGE_INTEGER *Timeout, PLARGE_INTEGER Local) {
    if (*Timeout == NULL) {
        return STATUS_SUCCESS;
    }
    __try {
        Local->QuadPart = (LONGLONG)ReadULong64FromUser(*Timeout);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    *Timeout = Local;
    return STATUS_SUCCESS;
}

/* Source: phnt; Windows SDK, GetQueuedCompletionStatus. STATUS_TIMEOUT, STATUS_USER_APC. */
NTSTATUS NTAPI NtRemoveIoCompletion(_In_ HANDLE IoCompletionHandle, _Out_ PVOID *KeyContext,
                                    _Out_ PVOID *ApcContext, _Out_ PIO_STATUS_BLOCK IoStatusBlock,
                                    _In_opt_ PLARGE_INTEGER Timeout) {
    FILE_IO_COMPLETION_INFORMATION Packet;
    LARGE_INTEGER Local;
    PKQUEUE Queue;
    NTSTATUS Status = ObProbeForWrite(KeyContext, sizeof(PVOID), sizeof(PVOID));
    if (NT_SUCCESS(Status)) {
        Status = ObProbeForWrite(ApcContext, sizeof(PVOID), sizeof(PVOID));
    }
    if (NT_SUCCESS(Status)) {
        Status = ObProbeForWrite(IoStatusBlock, sizeof(*IoStatusBlock), sizeof(PVOID));
    }
    if (NT_SUCCESS(Status)) {
        Status = IopCaptureTimeout(&Timeout, &Local);
    }
    if (NT_SUCCESS(Status)) {
        Status = IopReferenceQueue(IoCompletionHandle, IO_COMPLETION_MODIFY_STATE, &Queue);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = IopTakePacket(Queue, FALSE, Timeout, &Packet);
    ObDereferenceObject(Queue);
    if (Status != STATUS_SUCCESS) {
        return Status;
    }
    __try {
        WritePointerToUser(ApcContext, Packet.ApcContext);
        WritePointerToUser(KeyContext, Packet.KeyContext);
        CopyToUser(IoStatusBlock, &Packet.IoStatusBlock, sizeof(*IoStatusBlock));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    return Status;
}

/* Waits only for the first packet; takes others that are queued with it, up to Count. */
static NTSTATUS IopTakePackets(PKQUEUE Queue, PFILE_IO_COMPLETION_INFORMATION User, ULONG Count,
                               PULONG Taken, BOOLEAN Alertable, PLARGE_INTEGER Timeout) {
    LARGE_INTEGER Now = {.QuadPart = 0};
    NTSTATUS Status = STATUS_SUCCESS;
    for (*Taken = 0; *Taken < Count && Status == STATUS_SUCCESS;) {
        FILE_IO_COMPLETION_INFORMATION Packet;
        Status =
            IopTakePacket(Queue, *Taken == 0 && Alertable, *Taken == 0 ? Timeout : &Now, &Packet);
        if (Status != STATUS_SUCCESS) {
            return *Taken != 0 ? STATUS_SUCCESS : Status;
        }
        __try {
            CopyToUser(&User[*Taken], &Packet, sizeof(Packet));
            *Taken += 1;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            Status = GetExceptionCode();
        }
    }
    return Status;
}

/*
 * Source: phnt; Windows SDK, GetQueuedCompletionStatusEx. STATUS_INVALID_PARAMETER if Count is 0;
 * STATUS_TIMEOUT, STATUS_USER_APC, STATUS_ALERTED.
 */
NTSTATUS NTAPI NtRemoveIoCompletionEx(_In_ HANDLE IoCompletionHandle,
                                      _Out_ PFILE_IO_COMPLETION_INFORMATION IoCompletionInformation,
                                      _In_ ULONG Count, _Out_ PULONG NumEntriesRemoved,
                                      _In_opt_ PLARGE_INTEGER Timeout, _In_ BOOLEAN Alertable) {
    LARGE_INTEGER Local;
    PKQUEUE Queue;
    ULONG Taken;
    if (Count == 0 || Count > MAXULONG / sizeof(*IoCompletionInformation)) {
        return STATUS_INVALID_PARAMETER;
    }
    NTSTATUS Status = ObProbeForWrite(IoCompletionInformation,
                                      Count * (ULONG)sizeof(*IoCompletionInformation), 8);
    if (NT_SUCCESS(Status)) {
        Status = ObProbeForWrite(NumEntriesRemoved, sizeof(ULONG), sizeof(ULONG));
    }
    if (NT_SUCCESS(Status)) {
        Status = IopCaptureTimeout(&Timeout, &Local);
    }
    if (NT_SUCCESS(Status)) {
        Status = IopReferenceQueue(IoCompletionHandle, IO_COMPLETION_MODIFY_STATE, &Queue);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = IopTakePackets(Queue, IoCompletionInformation, Count, &Taken, Alertable, Timeout);
    ObDereferenceObject(Queue);
    if (Status != STATUS_SUCCESS) {
        return Status;
    }
    return ObReturnInformation(NumEntriesRemoved, &Taken, sizeof(Taken), NULL);
}

/* Source: phnt. STATUS_INVALID_INFO_CLASS, STATUS_INFO_LENGTH_MISMATCH. */
NTSTATUS NTAPI
NtQueryIoCompletion(_In_ HANDLE IoCompletionHandle,
                    _In_ IO_COMPLETION_INFORMATION_CLASS IoCompletionInformationClass,
                    _Out_ PVOID IoCompletionInformation, _In_ ULONG IoCompletionInformationLength,
                    _Out_opt_ PULONG ReturnLength) {
    IO_COMPLETION_BASIC_INFORMATION Information;
    PKQUEUE Queue;
    if (IoCompletionInformationClass != IoCompletionBasicInformation) {
        return STATUS_INVALID_INFO_CLASS;
    }
    if (IoCompletionInformationLength != sizeof(Information)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    NTSTATUS Status = ObProbeForWrite(IoCompletionInformation, sizeof(Information), sizeof(ULONG));
    if (NT_SUCCESS(Status)) {
        Status = IopReferenceQueue(IoCompletionHandle, IO_COMPLETION_QUERY_STATE, &Queue);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Information.Depth = KeReadStateQueue(Queue);
    ObDereferenceObject(Queue);
    return ObReturnInformation(IoCompletionInformation, &Information, sizeof(Information),
                               ReturnLength);
}
