/*
 * obp.h - what the files of ob/ share
 *
 * Locks, in the order in which they may be nested:
 *
 *   1. OBJECT_DIRECTORY.Lock          the chains of one directory, one directory at a time
 *   2. a HANDLE_TABLE_ENTRY's lock    one handle (ex/exp.h goes on from here)
 *   3. OBJECT_HEADER.Lock             flags, handle counts per process, NameInfo->Directory
 *   4. OBJECT_TYPE.TypeLock           the list of the type's objects
 *
 * An open by name holds the directory's lock until the handle exists, so that the name cannot go
 * away in between. 1, 3 and 4 are push locks, taken in a critical region. PointerCount needs no
 * lock. Parse, close and delete procedures are called with none of them; an open procedure may be
 * called with 1 and 2 held, an okay-to-close procedure with 2.
 *
 * Who holds which reference (PointerCount):
 *
 *   every handle                          1
 *   the directory entry of a named object 1  (given up when the name goes)
 *   NameInfo->Directory                   1  on the directory
 *   whoever has a pointer                 1
 */
#ifndef VITRINE_OBP_H
#define VITRINE_OBP_H

#include "ob.h"
#include "ps.h"
#include "kd.h"
#include "ntobapi.h"
#include "ntrtl.h"
#include "ntstatus.h"

#define OBP_TAG_NAME         0x6d4e624f /* 'ObNm' */
#define OBP_TAG_CREATE_INFO  0x6943624f /* 'ObCi' */
#define OBP_TAG_DIRECTORY    0x6944624f /* 'ObDi' */
#define OBP_TAG_HANDLE_COUNT 0x6448624f /* 'ObHd' */
#define OBP_TAG_LINK         0x796d7953 /* 'Symy' */

/* ---- Directories and links ---- */

#define NUMBER_HASH_BUCKETS 37

typedef struct _OBJECT_DIRECTORY_ENTRY {
    struct _OBJECT_DIRECTORY_ENTRY *ChainLink;
    PVOID Object; /* body; one reference */
    ULONG HashValue;
} OBJECT_DIRECTORY_ENTRY, *POBJECT_DIRECTORY_ENTRY;

struct _OBJECT_DIRECTORY {
    POBJECT_DIRECTORY_ENTRY HashBuckets[NUMBER_HASH_BUCKETS]; /* Lock */
    EX_PUSH_LOCK Lock;
    struct _DEVICE_MAP *DeviceMap;
    POBJECT_DIRECTORY ShadowDirectory;
    PVOID NamespaceEntry;
    PVOID SessionObject;
    ULONG Flags;
    ULONG SessionId;
};
_Static_assert(__builtin_offsetof(OBJECT_DIRECTORY, Lock) == 37 * 8, "OBJECT_DIRECTORY");

typedef struct _OBJECT_SYMBOLIC_LINK {
    LARGE_INTEGER CreationTime;
    UNICODE_STRING LinkTarget; /* constant; buffer from paged pool */
    ULONG DosDeviceDriveIndex;
    ULONG Flags;
    ACCESS_MASK AccessMask;
} OBJECT_SYMBOLIC_LINK, *POBJECT_SYMBOLIC_LINK;

/* What a lookup leaves locked, for the caller to release when the handle has been made. */
typedef struct _OBP_LOOKUP_CONTEXT {
    POBJECT_DIRECTORY Directory; /* referenced and locked; or NULL */
    BOOLEAN Exclusive;
} OBP_LOOKUP_CONTEXT, *POBP_LOOKUP_CONTEXT;

extern POBJECT_DIRECTORY ObpRootDirectoryObject;
extern POBJECT_DIRECTORY ObpTypeDirectoryObject;
extern POBJECT_DIRECTORY ObpGlobalDosDevices; /* \GLOBAL??, which \?? leads to */

/* ---- Headers ---- */

extern const UCHAR ObpInfoMaskToOffset[32];

/* The inverse of what ObpGetObjectType does. */
FORCEINLINE UCHAR ObpEncodeTypeIndex(_In_ const OBJECT_HEADER *Header, _In_ UCHAR Index) {
    return (UCHAR)(Index ^ ObHeaderCookie ^ (UCHAR)((ULONG_PTR)Header >> 8));
}

/* The optional header Bit of an object that has it, else NULL. */
FORCEINLINE PVOID ObpOptionalHeader(_In_ POBJECT_HEADER Header, _In_ UCHAR Bit) {
    if ((Header->InfoMask & Bit) == 0) {
        return NULL;
    }
    return (PUCHAR)Header - ObpInfoMaskToOffset[Header->InfoMask & (Bit | (Bit - 1))];
}

FORCEINLINE POBJECT_HEADER_NAME_INFO OBJECT_HEADER_TO_NAME_INFO(_In_ POBJECT_HEADER Header) {
    return (POBJECT_HEADER_NAME_INFO)ObpOptionalHeader(Header, OB_INFOMASK_NAME);
}

FORCEINLINE POBJECT_HEADER_HANDLE_INFO OBJECT_HEADER_TO_HANDLE_INFO(_In_ POBJECT_HEADER Header) {
    return (POBJECT_HEADER_HANDLE_INFO)ObpOptionalHeader(Header, OB_INFOMASK_HANDLE);
}

FORCEINLINE VOID ObpLockObject(_Inout_ POBJECT_HEADER Header) {
    ExAcquirePushLockExclusive(&Header->Lock);
}

FORCEINLINE VOID ObpUnlockObject(_Inout_ POBJECT_HEADER Header) {
    ExReleasePushLockExclusive(&Header->Lock);
}

/* ---- Handles ---- */

#define OBP_PSEUDO_HANDLE_LAST ((LONG_PTR) - 6) /* -1 process, -2 thread, -4..-6 tokens */
#define KERNEL_HANDLE_MASK     ((ULONG_PTR)0xFFFFFFFF80000000ull)
#define OBP_HANDLE_ATTRIBUTES  (OBJ_PROTECT_CLOSE | OBJ_INHERIT | OBJ_AUDIT_OBJECT_CLOSE)

FORCEINLINE BOOLEAN ObpIsPseudoHandle(_In_ HANDLE Handle) {
    return (LONG_PTR)Handle < 0 && (LONG_PTR)Handle >= OBP_PSEUDO_HANDLE_LAST;
}

FORCEINLINE BOOLEAN ObpIsKernelHandle(_In_ HANDLE Handle, _In_ KPROCESSOR_MODE Mode) {
    return ((ULONG_PTR)Handle & KERNEL_HANDLE_MASK) == KERNEL_HANDLE_MASK && Mode == KernelMode &&
           !ObpIsPseudoHandle(Handle);
}

/* A program cannot ask for kernel handles, and gets none by asking. */
FORCEINLINE ULONG ObpSanitizeHandleAttributes(_In_ ULONG Attributes, _In_ KPROCESSOR_MODE Mode) {
    return Mode == KernelMode ? Attributes : Attributes & ~OBJ_KERNEL_HANDLE;
}

/* In whose name is access checked? A driver can ask to be treated like a program. */
FORCEINLINE KPROCESSOR_MODE ObpCheckMode(_In_ KPROCESSOR_MODE Mode, _In_ ULONG Attributes) {
    return (Attributes & OBJ_FORCE_ACCESS_CHECK) != 0 ? UserMode : Mode;
}

/* Attributes of a handle that is made after this access check: is its close to be audited? */
FORCEINLINE ULONG ObpAuditedAttributes(_In_ ULONG Attributes, _In_ const ACCESS_STATE *State) {
    return Attributes | (State->GenerateOnClose ? OBJ_AUDIT_OBJECT_CLOSE : 0);
}

/* The table a handle belongs to; *Handle becomes its value in that table. */
FORCEINLINE PHANDLE_TABLE ObpSelectHandleTable(_Inout_ PHANDLE Handle, _In_ KPROCESSOR_MODE Mode) {
    if (ObpIsKernelHandle(*Handle, Mode)) {
        *Handle = (HANDLE)((ULONG_PTR)*Handle & ~KERNEL_HANDLE_MASK);
        return ObpKernelHandleTable;
    }
    return PsGetCurrentProcess()->ObjectTable;
}

/*
 * Keeps a process's handle table from going away. That of the process that the current thread
 * belongs to goes away with its last thread, and so not now.
 */
FORCEINLINE BOOLEAN ObpProtectHandleTable(_Inout_ PEPROCESS Process) {
    return &Process->Pcb == KeGetCurrentThread()->Process ||
           ExAcquireRundownProtection(&Process->RundownProtect);
}

FORCEINLINE VOID ObpUnprotectHandleTable(_Inout_ PEPROCESS Process) {
    if (&Process->Pcb != KeGetCurrentThread()->Process) {
        ExReleaseRundownProtection(&Process->RundownProtect);
    }
}

/*
 * Most objects count their handles with one interlocked operation: those without a handle header
 * (handles per process) and without a process header (exclusive). The others use their lock.
 */
FORCEINLINE BOOLEAN ObpCountsSimply(_In_ const OBJECT_HEADER *Header) {
    return (Header->InfoMask & (OB_INFOMASK_HANDLE | OB_INFOMASK_PROCESS_INFO)) == 0;
}

/*
 * How many objects and handles a type has. Each processor counts in a row of its own, so that
 * processors that create and close do not write to the same cache lines; only the sum over all rows
 * means anything. Interlocked, since a thread may move to another processor between the choice of
 * the row and the count.
 */
typedef struct _OBP_TYPE_COUNTS {
    volatile LONG Objects;
    volatile LONG Handles;
} OBP_TYPE_COUNTS;

extern DECLSPEC_ALIGN(64)
    OBP_TYPE_COUNTS ObpTypeCounts[MAXIMUM_PROCESSORS][OBP_MAX_DEFINED_OBJECT_TYPES];
C_ASSERT(sizeof(ObpTypeCounts[0]) % 64 == 0);

FORCEINLINE OBP_TYPE_COUNTS *ObpCountsOf(_In_ POBJECT_TYPE Type) {
    return &ObpTypeCounts[KiGetProcessorIndex()][Type->Index];
}

/*
 * The common case: a new handle to this object, with these attributes, in the current process, is a
 * count more and an entry.
 */
FORCEINLINE BOOLEAN ObpOpensPlainly(_In_ const OBJECT_HEADER *Header, _In_ POBJECT_TYPE Type,
                                    _In_ ULONG Attributes) {
    return ObpCountsSimply(Header) && Type->TypeInfo.OpenProcedure == NULL &&
           (Attributes & (OBJ_EXCLUSIVE | OBJ_KERNEL_HANDLE)) == 0 &&
           PsGetCurrentProcess()->ObjectTable != NULL;
}

/* And one less is a count less and an entry; the last one may take a name with it. */
FORCEINLINE BOOLEAN ObpClosesPlainly(_In_ const OBJECT_HEADER *Header, _In_ POBJECT_TYPE Type) {
    return ObpCountsSimply(Header) && Type->TypeInfo.CloseProcedure == NULL;
}

/* Replaces the generic rights by what they mean for a type. */
FORCEINLINE ACCESS_MASK ObpMapGenericMask(_In_ ACCESS_MASK Mask,
                                          _In_ const GENERIC_MAPPING *Mapping) {
    const ACCESS_MASK Generic = GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL;
    if ((Mask & Generic) == 0) {
        return Mask;
    }
    ACCESS_MASK Mapped = Mask & ~Generic;
    Mapped |= (Mask & GENERIC_READ) != 0 ? Mapping->GenericRead : 0;
    Mapped |= (Mask & GENERIC_WRITE) != 0 ? Mapping->GenericWrite : 0;
    Mapped |= (Mask & GENERIC_EXECUTE) != 0 ? Mapping->GenericExecute : 0;
    Mapped |= (Mask & GENERIC_ALL) != 0 ? Mapping->GenericAll : 0;
    return Mapped;
}

/* What ObpCreateHandle needs to know. */
typedef struct _OBP_HANDLE_REQUEST {
    OB_OPEN_REASON OpenReason;
    KPROCESSOR_MODE AccessMode;
    ULONG Attributes;   /* OBJ_INHERIT, OBJ_EXCLUSIVE, OBJ_KERNEL_HANDLE, OBJ_PROTECT_CLOSE */
    ACCESS_MASK Access; /* granted: checked and mapped */
    PEPROCESS Process;  /* whose table; NULL: the current process's */
} OBP_HANDLE_REQUEST, *POBP_HANDLE_REQUEST;

/* obhandle.c */
/* For what ObpOpensPlainly approves of: the handle, or NULL: the status is ObpNoHandleStatus's. */
HANDLE ObpCreatePlainHandle(_In_ POBJECT_HEADER Header, _In_ POBJECT_TYPE Type,
                            _In_ ULONG Attributes, _In_ ACCESS_MASK Access);
/* Why a handle table did not grow: no memory, or the quota of its process. */
FORCEINLINE NTSTATUS ObpNoHandleStatus(_In_ const HANDLE_TABLE *Table) {
    return Table->GrowthStatus;
}
NTSTATUS ObpCreateHandle(_In_ PVOID Object, _In_ const OBP_HANDLE_REQUEST *Request,
                         _Out_ PHANDLE Handle);
VOID ObpReleaseHandle(_In_opt_ PEPROCESS Process, _In_ POBJECT_HEADER Header);

/* obdup.c */
NTSTATUS ObpDuplicateOwnHandle(_In_ HANDLE SourceHandle, _In_ ULONG HandleAttributes,
                               _In_ KPROCESSOR_MODE Mode, _Out_ PHANDLE TargetHandle);

/* obcount.c */
NTSTATUS ObpIncrementHandleCount(_In_ OB_OPEN_REASON OpenReason, _In_opt_ PEPROCESS Process,
                                 _In_ PVOID Object, _Inout_ PACCESS_MASK Access,
                                 _In_ KPROCESSOR_MODE AccessMode, _In_ ULONG Attributes);
VOID ObpDecrementHandleCount(_In_opt_ PEPROCESS Process, _In_ POBJECT_HEADER Header);

/* obaccess.c */
NTSTATUS ObpGrantAccess(_In_ PVOID Object, _Inout_ PACCESS_STATE AccessState,
                        _In_ KPROCESSOR_MODE AccessMode, _Out_ PACCESS_MASK Granted);
NTSTATUS ObpPrepareAccessState(_Out_ PACCESS_STATE Local, _Inout_ PACCESS_STATE *AccessState,
                               _In_ ACCESS_MASK DesiredAccess, _In_opt_ POBJECT_TYPE ObjectType);

/* obcapture.c */
/* Room for a name of usual length, on the stack of whoever only looks it up. */
typedef struct _OBP_NAME_ROOM {
    WCHAR Letters[80];
} OBP_NAME_ROOM, *POBP_NAME_ROOM;
extern OBJECT_CREATE_INFORMATION ObpDefaultCreateInformation;
NTSTATUS ObpCaptureObjectCreateInformation(_In_ KPROCESSOR_MODE ProbeMode,
                                           _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                                           _Out_ POBJECT_CREATE_INFORMATION Information,
                                           _Out_ PUNICODE_STRING Name,
                                           _In_opt_ POBP_NAME_ROOM Room);
NTSTATUS ObpCaptureString(_In_ KPROCESSOR_MODE ProbeMode, _In_ PCUNICODE_STRING Source,
                          _Out_ PUNICODE_STRING Name);
NTSTATUS ObpCaptureUserBuffer(_In_ PCUNICODE_STRING Header, _Out_ PUNICODE_STRING Text);
VOID ObpFreeName(_Inout_ PUNICODE_STRING Name);

/* obcreate.c */
NTSTATUS ObpAllocateObject(_In_ POBJECT_CREATE_INFORMATION Information,
                           _In_ KPROCESSOR_MODE OwnershipMode, _In_opt_ POBJECT_TYPE ObjectType,
                           _In_opt_ PUNICODE_STRING Name, _In_ ULONG ObjectBodySize,
                           _Out_ POBJECT_HEADER *Header);
VOID ObpFreeObject(_In_ POBJECT_HEADER Header, _In_ POBJECT_TYPE Type);
DECLSPEC_RARE VOID ObpFreeInformation(_In_ POBJECT_CREATE_INFORMATION Information);

/*
 * obquota.c: the object is no longer new, so the current process is charged with it, and the
 * attributes with which it was created are forgotten. FALSE: the quota is exceeded, and the object
 * is as it was.
 */
DECLSPEC_RARE BOOLEAN ObpEndAnyCreation(_Inout_ POBJECT_HEADER Header);
VOID ObpReturnAnyQuota(_In_ POBJECT_HEADER Header, _In_ POBJECT_TYPE Type);

/* An object that does not come to be: its attributes are forgotten. */
FORCEINLINE VOID ObpFreeCreateInformation(_Inout_ POBJECT_HEADER Header) {
    POBJECT_CREATE_INFORMATION Information = Header->ObjectCreateInfo;
    Header->ObjectCreateInfo = NULL;
    Header->Flags &= (UCHAR)~OB_FLAG_NEW_OBJECT;
    if (Information != &ObpDefaultCreateInformation) {
        ObpFreeInformation(Information);
    }
}

/*
 * The same in line for a plain object, which has no optional header and was made without
 * attributes: its charge is its type's, for nonpaged pool. FALSE: that does not do.
 */
FORCEINLINE BOOLEAN ObpEndPlainCreation(_Inout_ POBJECT_HEADER Header, _In_ POBJECT_TYPE Type) {
    PEPROCESS_QUOTA_BLOCK Block = PsGetCurrentProcess()->QuotaBlock;
    if (!QUOTA_IN_LINE || Header->InfoMask != 0 ||
        Header->ObjectCreateInfo != &ObpDefaultCreateInformation ||
        !PsChargeQuotaInLine(&Block->QuotaEntry[PsNonPagedPool],
                             Type->TypeInfo.DefaultNonPagedPoolCharge)) {
        return FALSE;
    }
    InterlockedIncrement64(&Block->ReferenceCount);
    Header->QuotaBlockCharged = Block;
    Header->Flags &= (UCHAR)~OB_FLAG_NEW_OBJECT;
    return TRUE;
}

/* The other end: an object without optional headers that is not new. */
FORCEINLINE VOID ObpReturnPlainQuota(_In_ POBJECT_HEADER Header, _In_ POBJECT_TYPE Type) {
    PEPROCESS_QUOTA_BLOCK Block = Header->QuotaBlockCharged;
    PsReturnQuotaInLine(&Block->QuotaEntry[PsNonPagedPool],
                        Type->TypeInfo.DefaultNonPagedPoolCharge);
    MmDereferenceQuotaBlock(Block);
}

/* ---- Traces of references: checked build only (obtrace.c) ---- */

#define OBP_TAG_DEFAULT   0x746C6644 /* 'Dflt' */
#define OBP_TAG_OF_HANDLE 0x6C646E48 /* 'Hndl' */
#define OBP_TAG_OF_NAME   0x656D614E /* 'Name' */

#if DBG
extern ULONG64 ObpTracedTypes;
VOID ObpTraceType(_In_ POBJECT_TYPE Type);
VOID ObpTraceNewObject(_Inout_ POBJECT_HEADER Header);
VOID ObpTraceDeletedObject(_In_ POBJECT_HEADER Header);
VOID ObpTraceReference(_In_ POBJECT_HEADER Header, _In_ LONG Change, _In_ ULONG Tag);
#define ObpTrace(Header, Change, Tag)                                                              \
    ((Header)->DbgRefTrace ? ObpTraceReference(Header, Change, Tag) : (VOID)0)
#else
#define ObpTrace(Header, Change, Tag) ((VOID)0)
#endif

/* A reference changes hands: the count stays. */
#define ObpTraceTransfer(Header, OldTag, NewTag)                                                   \
    (ObpTrace(Header, 1, NewTag), ObpTrace(Header, -1, OldTag))

/* obref.c */
VOID ObpDeleteUnreferenced(_Inout_ POBJECT_HEADER Header);
VOID ObpInitializeDeletion(VOID);

/* obname.c */
typedef struct _OBP_NAME_REQUEST {
    HANDLE RootDirectory;
    PCUNICODE_STRING Name;
    ULONG Attributes;
    POBJECT_TYPE ObjectType; /* expected, may be NULL */
    KPROCESSOR_MODE AccessMode;
    PVOID ParseContext;
    PVOID SecurityQos;
    PVOID InsertObject; /* the object that is to get the name; NULL: find one */
    PACCESS_STATE AccessState;
} OBP_NAME_REQUEST, *POBP_NAME_REQUEST;
NTSTATUS ObpLookupObjectName(_In_ const OBP_NAME_REQUEST *Request,
                             _Inout_ POBP_LOOKUP_CONTEXT Context, _Out_ PVOID *Object);
VOID ObpReleaseLookupContext(_Inout_ POBP_LOOKUP_CONTEXT Context);
VOID ObpDeleteNameCheck(_In_ PVOID Object);
POBJECT_DIRECTORY ObpReferenceNameDirectory(_In_ POBJECT_HEADER Header);

/* obdir.c */
NTSTATUS ObpInitializeDirectories(VOID);
NTSTATUS ObpCreateRootDirectory(VOID);
/*
 * Two spellings of a name hash alike: letters lose the bit that tells small from capital. That some
 * other characters lose it too does no harm.
 */
FORCEINLINE ULONG ObpHashLetter(_In_ ULONG Hash, _In_ ULONG Letter) {
    if (Letter >= 0x80) {
        Letter = RtlUpcaseUnicodeChar((WCHAR)Letter);
    }
    return Hash * 9 + (Letter & ~0x20u);
}
/* Spreads a hash over the buckets: its product with a large odd number has all bits mixed. */
FORCEINLINE ULONG ObpBucketOf(_In_ ULONG HashValue) {
    return (ULONG)((ULONG64)(HashValue * 0x9E3779B1u) * NUMBER_HASH_BUCKETS >> 32);
}
ULONG ObpHashName(_In_ PCUNICODE_STRING Name);
PVOID ObpLookupDirectoryEntry(_In_ POBJECT_DIRECTORY Directory, _In_ PCUNICODE_STRING Name,
                              _In_ ULONG HashValue, _In_ BOOLEAN CaseInsensitive);
NTSTATUS ObpInsertDirectoryEntry(_Inout_ POBJECT_DIRECTORY Directory, _In_ PVOID Object,
                                 _In_ PCUNICODE_STRING Name, _In_ ULONG HashValue);
VOID ObpRemoveDirectoryEntry(_Inout_ POBJECT_DIRECTORY Directory, _In_ PVOID Object);
NTSTATUS ObpNameObject(_Inout_ POBJECT_DIRECTORY Directory, _In_ PVOID Object,
                       _In_ PCUNICODE_STRING Name);

/* oblink.c */
NTSTATUS ObpInitializeSymbolicLinks(VOID);
NTSTATUS ObpMakeSymbolicLink(_In_ KPROCESSOR_MODE ProbeMode, _In_ POBJECT_ATTRIBUTES Attributes,
                             _In_ PCUNICODE_STRING Target, _Out_ POBJECT_SYMBOLIC_LINK *Link);

/* obtype.c */
NTSTATUS ObpCreateTypeType(VOID);
NTSTATUS ObpNameObjectTypes(VOID);

/*
 * The common way from a handle of the current process: its entry, locked, in a critical region, and
 * what its LowValue was. FALSE, and nothing done, for all others: pseudo and kernel handles (which
 * are negative, and so above the limit of any table), bad ones, and entries that are locked.
 */
FORCEINLINE BOOLEAN ObpLockPlainHandle(_Inout_ PKTHREAD Thread, _In_ HANDLE Handle,
                                       _Out_ PHANDLE_TABLE *Table, _Out_ PHANDLE_TABLE_ENTRY *Entry,
                                       _Out_ PLONGLONG Value) {
    *Table = ((PEPROCESS)Thread->ApcState.Process)->ObjectTable;
    *Entry = *Table != NULL ? ExLookupHandleTableEntry(*Table, Handle) : NULL;
    if (*Entry == NULL) {
        return FALSE;
    }
    KeEnterCriticalRegionThread(Thread);
    *Value = ExTryLockHandleTableEntry(*Entry);
    if (*Value == 0) {
        KeLeaveCriticalRegionThread(Thread);
    }
    return *Value != 0;
}

#endif
