/*
 * ob.h - the object manager's public door. The essay is at the head of ob/obinit.c; docs/objects.md
 * tells it at length.
 *
 * An object is a body, which belongs to the component that defined its type, behind an
 * OBJECT_HEADER, which belongs to the object manager. Everybody outside ob/ holds pointers to
 * bodies.
 */
#ifndef _OB_H_
#define _OB_H_

#include "ex.h"
#include "ntdef.h"
#include "ntobapi.h"
#include "se.h"

struct _OBJECT_TYPE;
struct _OBJECT_DIRECTORY;
struct _EPROCESS;
typedef struct _OBJECT_TYPE OBJECT_TYPE, *POBJECT_TYPE;
typedef struct _OBJECT_DIRECTORY OBJECT_DIRECTORY, *POBJECT_DIRECTORY;

/* ---------------------------------------------------------------------------------------------
 * Types
 */

typedef enum _OB_OPEN_REASON {
    ObCreateHandle,
    ObOpenHandle,
    ObDuplicateHandle,
    ObInheritHandle,
    ObMaxOpenReason
} OB_OPEN_REASON;

typedef struct _OBJECT_DUMP_CONTROL {
    PVOID Stream;
    ULONG Detail;
} OBJECT_DUMP_CONTROL, *POBJECT_DUMP_CONTROL;

/* Says with DbgPrint what an object holds. Called by ObDumpObjectByHandle. */
typedef VOID (*OB_DUMP_METHOD)(_In_ PVOID Object, _In_opt_ POBJECT_DUMP_CONTROL Control);
/* A handle is about to be made. A failure status refuses it. */
typedef NTSTATUS (*OB_OPEN_METHOD)(_In_ OB_OPEN_REASON OpenReason, _In_ KPROCESSOR_MODE AccessMode,
                                   _In_opt_ struct _EPROCESS *Process, _In_ PVOID Object,
                                   _Inout_ PACCESS_MASK GrantedAccess, _In_ ULONG HandleCount);
/* A handle has gone. ProcessHandleCount is what this process had before, SystemHandleCount all. */
typedef VOID (*OB_CLOSE_METHOD)(_In_opt_ struct _EPROCESS *Process, _In_ PVOID Object,
                                _In_ ULONGLONG ProcessHandleCount,
                                _In_ ULONGLONG SystemHandleCount);
/* The last reference has gone; the body is freed after the call. IRQL PASSIVE_LEVEL. */
typedef VOID (*OB_DELETE_METHOD)(_In_ PVOID Object);
/*
 * A name goes on past an object of this type. *Object is to be a referenced object; or
 * STATUS_REPARSE, with a new full name in CompleteName (its buffer from pool, NonPaged or paged;
 * the object manager frees the old and the new one).
 */
typedef NTSTATUS (*OB_PARSE_METHOD)(_In_ PVOID ParseObject, _In_opt_ POBJECT_TYPE ObjectType,
                                    _Inout_ PACCESS_STATE AccessState,
                                    _In_ KPROCESSOR_MODE AccessMode, _In_ ULONG Attributes,
                                    _Inout_ PUNICODE_STRING CompleteName,
                                    _Inout_ PUNICODE_STRING RemainingName,
                                    _Inout_opt_ PVOID Context, _In_opt_ PVOID SecurityQos,
                                    _Out_ PVOID *Object);
/* What concerns the object's security descriptor; so far the object manager calls it to delete one,
 * before the delete procedure (the other pointers are NULL then). */
typedef NTSTATUS (*OB_SECURITY_METHOD)(_In_ PVOID Object, _In_ SECURITY_OPERATION_CODE Operation,
                                       _In_ PULONG SecurityInformation,
                                       _Inout_ PVOID SecurityDescriptor,
                                       _Inout_ PULONG CapturedLength,
                                       _Inout_ PVOID *ObjectsSecurityDescriptor,
                                       _In_ ULONG PoolType, _In_ PGENERIC_MAPPING GenericMapping,
                                       _In_ KPROCESSOR_MODE AccessMode);
/* Writes an OBJECT_NAME_INFORMATION with its text; STATUS_INFO_LENGTH_MISMATCH and *ReturnLength
 * when too small. */
typedef NTSTATUS (*OB_QUERYNAME_METHOD)(_In_ PVOID Object, _In_ BOOLEAN HasObjectName,
                                        _Out_ struct _OBJECT_NAME_INFORMATION *ObjectNameInfo,
                                        _In_ ULONG Length, _Out_ PULONG ReturnLength,
                                        _In_ KPROCESSOR_MODE AccessMode);
typedef BOOLEAN (*OB_OKAYTOCLOSE_METHOD)(_In_opt_ struct _EPROCESS *Process, _In_ PVOID Object,
                                         _In_ HANDLE Handle, _In_ KPROCESSOR_MODE PreviousMode);

typedef struct _OBJECT_TYPE_INITIALIZER {
    USHORT Length; /* sizeof(OBJECT_TYPE_INITIALIZER) */
    union {
        USHORT ObjectTypeFlags;
        struct {
            UCHAR CaseInsensitive : 1;
            UCHAR UnnamedObjectsOnly : 1;
            UCHAR UseDefaultObject : 1; /* a wait on such an object is always satisfied */
            UCHAR SecurityRequired : 1; /* unnamed objects are checked too */
            UCHAR MaintainHandleCount : 1;
            UCHAR MaintainTypeList : 1;
            UCHAR SupportsObjectCallbacks : 1;
            UCHAR CacheAligned : 1;
            UCHAR UseExtendedParameters : 1;
            UCHAR DispatcherBody : 1; /* private: the body begins with a DISPATCHER_HEADER */
            UCHAR OwnCharges : 1;     /* private, Ob's: charged for paged pool */
            UCHAR Reserved : 5;
        };
    };
#define TYPE_FLAG_MAINTAIN_HANDLE_COUNT 0x10
#define TYPE_FLAG_MAINTAIN_TYPE_LIST    0x20
#define TYPE_FLAG_OWN_CHARGES           0x400
    ULONG ObjectTypeCode;
    ULONG InvalidAttributes;
    GENERIC_MAPPING GenericMapping;
    ULONG ValidAccessMask;
    ULONG RetainAccess;
    ULONG PoolType; /* POOL_TYPE: where objects live; one that is waited on is NonPagedPoolNx */
    ULONG DefaultPagedPoolCharge;
    ULONG DefaultNonPagedPoolCharge;
    OB_DUMP_METHOD DumpProcedure;
    OB_OPEN_METHOD OpenProcedure;
    OB_CLOSE_METHOD CloseProcedure;
    OB_DELETE_METHOD DeleteProcedure;
    OB_PARSE_METHOD ParseProcedure;
    OB_SECURITY_METHOD SecurityProcedure;
    OB_QUERYNAME_METHOD QueryNameProcedure;
    OB_OKAYTOCLOSE_METHOD OkayToCloseProcedure;
    ULONG WaitObjectFlagMask;
    USHORT WaitObjectFlagOffset;
    USHORT WaitObjectPointerOffset; /* not 0, and no mask: offset of the KEVENT that a wait uses */
} OBJECT_TYPE_INITIALIZER, *POBJECT_TYPE_INITIALIZER;
_Static_assert(sizeof(OBJECT_TYPE_INITIALIZER) == 0x78, "OBJECT_TYPE_INITIALIZER");

struct _OBJECT_TYPE {
    LIST_ENTRY TypeList; /* creator infos of the objects of this type, under TypeLock */
    UNICODE_STRING Name;
    PVOID DefaultObject; /* what is waited on: NULL the body, small: an offset in it, else an object
                          */
    UCHAR Index;         /* in ObTypeIndexTable */
    ULONG TotalNumberOfObjects; /* these four as of the last ObQueryTypeCounts (ob/obtype.c) */
    ULONG TotalNumberOfHandles;
    ULONG HighWaterNumberOfObjects;
    ULONG HighWaterNumberOfHandles;
    OBJECT_TYPE_INITIALIZER TypeInfo; /* constant once created */
    EX_PUSH_LOCK TypeLock;
    ULONG Key; /* pool tag: the first four letters of the name */
    LIST_ENTRY CallbackList;
};
_Static_assert(__builtin_offsetof(OBJECT_TYPE, TypeInfo) == 0x40, "debuggers read it");

/*
 * Objects of a type that keeps them in a list (MaintainTypeList; all types under
 * FLG_MAINTAIN_OBJECT_TYPELIST): the one after Object, the first after NULL, NULL at the end.
 * Returns a reference and gives back Object's. PASSIVE_LEVEL.
 */
PVOID ObGetNextObject(_In_ POBJECT_TYPE Type, _In_opt_ PVOID Object);
HANDLE ObGetObjectCreator(_In_ PVOID Object);
/* Brings the four counts in Type up to date. */
VOID ObQueryTypeCounts(_Inout_ POBJECT_TYPE Type);

extern POBJECT_TYPE ObpTypeObjectType; /* "Type": the type of types */
extern POBJECT_TYPE ObpDirectoryObjectType;
extern POBJECT_TYPE ObpSymbolicLinkObjectType;
#define OBP_MAX_DEFINED_OBJECT_TYPES 64
extern POBJECT_TYPE ObTypeIndexTable[OBP_MAX_DEFINED_OBJECT_TYPES];
extern UCHAR ObHeaderCookie;

/* ---------------------------------------------------------------------------------------------
 * Headers. Optional headers stand before the OBJECT_HEADER, the one with the highest bit in
 * InfoMask first:
 *
 *     [process] [quota] [handle] [name] [creator] OBJECT_HEADER body
 */

typedef struct _OBJECT_CREATE_INFORMATION {
    ULONG Attributes;
    HANDLE RootDirectory;
    KPROCESSOR_MODE ProbeMode;
    ULONG PagedPoolCharge;
    ULONG NonPagedPoolCharge;
    ULONG SecurityDescriptorCharge;
    PVOID SecurityDescriptor;
    PVOID SecurityQos;
} OBJECT_CREATE_INFORMATION, *POBJECT_CREATE_INFORMATION;

typedef struct _OBJECT_HEADER {
    volatile LONGLONG PointerCount; /* references: every handle holds one too */
    union {
        volatile LONGLONG HandleCount;
        PVOID NextToFree; /* once PointerCount is 0: the list of deferred deletions */
    };
    EX_PUSH_LOCK Lock; /* HandleCount from and to 0, flags, SecurityDescriptor */
    UCHAR TypeIndex;   /* ^ ObHeaderCookie ^ second byte of the header's address */
    union {
        UCHAR TraceFlags;
        struct {
            UCHAR DbgRefTrace : 1;
            UCHAR DbgTracePermanent : 1;
        };
    };
    UCHAR InfoMask; /* which optional headers there are */
    union {
        UCHAR Flags; /* OB_FLAG_... */
        struct {
            UCHAR NewObject : 1;
            UCHAR KernelObject : 1;
            UCHAR KernelOnlyAccess : 1;
            UCHAR ExclusiveObject : 1;
            UCHAR PermanentObject : 1;
            UCHAR DefaultSecurityQuota : 1;
            UCHAR SingleHandleEntry : 1;
            UCHAR DeletedInline : 1;
        };
    };
    ULONG Reserved;
    union {
        POBJECT_CREATE_INFORMATION ObjectCreateInfo; /* while NewObject is set */
        PVOID QuotaBlockCharged;
    };
    PVOID SecurityDescriptor;
    ULONG64 Body[]; /* the object */
} OBJECT_HEADER, *POBJECT_HEADER;
_Static_assert(sizeof(OBJECT_HEADER) == 0x30, "the body follows at +0x30");
_Static_assert(__builtin_offsetof(OBJECT_HEADER, TypeIndex) == 0x18, "OBJECT_HEADER");
_Static_assert(__builtin_offsetof(OBJECT_HEADER, SecurityDescriptor) == 0x28, "OBJECT_HEADER");

#define OB_FLAG_NEW_OBJECT             0x01
#define OB_FLAG_KERNEL_OBJECT          0x02
#define OB_FLAG_KERNEL_ONLY_ACCESS     0x04
#define OB_FLAG_EXCLUSIVE_OBJECT       0x08
#define OB_FLAG_PERMANENT_OBJECT       0x10
#define OB_FLAG_DEFAULT_SECURITY_QUOTA 0x20
#define OB_FLAG_SINGLE_HANDLE_ENTRY    0x40
#define OB_FLAG_DELETED_INLINE         0x80

#define OB_INFOMASK_CREATOR_INFO 0x01
#define OB_INFOMASK_NAME         0x02
#define OB_INFOMASK_HANDLE       0x04
#define OB_INFOMASK_QUOTA        0x08
#define OB_INFOMASK_PROCESS_INFO 0x10

typedef struct _OBJECT_HEADER_CREATOR_INFO {
    LIST_ENTRY TypeList; /* under the type's TypeLock */
    PVOID CreatorUniqueProcess;
    USHORT CreatorBackTraceIndex;
    USHORT Reserved;
} OBJECT_HEADER_CREATOR_INFO, *POBJECT_HEADER_CREATOR_INFO;
_Static_assert(sizeof(OBJECT_HEADER_CREATOR_INFO) == 0x20, "OBJECT_HEADER_CREATOR_INFO");

typedef struct _OBJECT_HEADER_NAME_INFO {
    POBJECT_DIRECTORY Directory; /* NULL once the name is gone; under the directory's lock */
    UNICODE_STRING Name;         /* the last component; constant while the object lives */
    LONG ReferenceCount;
    ULONG Reserved;
} OBJECT_HEADER_NAME_INFO, *POBJECT_HEADER_NAME_INFO;
_Static_assert(sizeof(OBJECT_HEADER_NAME_INFO) == 0x20, "OBJECT_HEADER_NAME_INFO");

typedef struct _OBJECT_HANDLE_COUNT_ENTRY {
    struct _EPROCESS *Process;
    struct {
        ULONG HandleCount : 24;
        ULONG LockCount : 8;
    };
} OBJECT_HANDLE_COUNT_ENTRY, *POBJECT_HANDLE_COUNT_ENTRY;

typedef struct _OBJECT_HANDLE_COUNT_DATABASE {
    ULONG CountEntries;
    OBJECT_HANDLE_COUNT_ENTRY HandleCountEntries[1];
} OBJECT_HANDLE_COUNT_DATABASE, *POBJECT_HANDLE_COUNT_DATABASE;

/* Handles per process; under the object's Lock. */
typedef struct _OBJECT_HEADER_HANDLE_INFO {
    union {
        POBJECT_HANDLE_COUNT_DATABASE HandleCountDataBase;
        OBJECT_HANDLE_COUNT_ENTRY SingleEntry; /* while OB_FLAG_SINGLE_HANDLE_ENTRY */
    };
} OBJECT_HEADER_HANDLE_INFO, *POBJECT_HEADER_HANDLE_INFO;
_Static_assert(sizeof(OBJECT_HEADER_HANDLE_INFO) == 0x10, "OBJECT_HEADER_HANDLE_INFO");

typedef struct _OBJECT_HEADER_QUOTA_INFO {
    ULONG PagedPoolCharge;
    ULONG NonPagedPoolCharge;
    ULONG SecurityDescriptorCharge;
    ULONG Reserved1;
    PVOID SecurityDescriptorQuotaBlock;
    ULONGLONG Reserved2;
} OBJECT_HEADER_QUOTA_INFO, *POBJECT_HEADER_QUOTA_INFO;
_Static_assert(sizeof(OBJECT_HEADER_QUOTA_INFO) == 0x20, "OBJECT_HEADER_QUOTA_INFO");

typedef struct _OBJECT_HEADER_PROCESS_INFO {
    struct _EPROCESS *ExclusiveProcess;
    ULONGLONG Reserved;
} OBJECT_HEADER_PROCESS_INFO, *POBJECT_HEADER_PROCESS_INFO;
_Static_assert(sizeof(OBJECT_HEADER_PROCESS_INFO) == 0x10, "OBJECT_HEADER_PROCESS_INFO");

FORCEINLINE POBJECT_HEADER OBJECT_TO_OBJECT_HEADER(_In_ PVOID Object) {
    return (POBJECT_HEADER)((PUCHAR)Object - sizeof(OBJECT_HEADER));
}

/* TypeIndex of a header, decoded. */
FORCEINLINE UCHAR ObpGetTypeIndex(_In_ const OBJECT_HEADER *Header) {
    return (UCHAR)(Header->TypeIndex ^ ObHeaderCookie ^ (UCHAR)((ULONG_PTR)Header >> 8));
}

/* The type of an object (WDK: ObGetObjectType). Any IRQL at which the header may be touched. */
FORCEINLINE POBJECT_TYPE ObpGetObjectType(_In_ const OBJECT_HEADER *Header) {
    return ObTypeIndexTable[ObpGetTypeIndex(Header)];
}
POBJECT_TYPE ObGetObjectType(_In_ PVOID Object);

/* ---------------------------------------------------------------------------------------------
 * Making types and objects
 */

/*
 * Creates a type and enters it into \ObjectTypes (once that exists).
 *
 * A type whose handles can grant SYNCHRONIZE says where the dispatcher header of its objects is, in
 * exactly one way: UseDefaultObject (there is none, a wait is always satisfied), DispatcherBody (at
 * the beginning of the body) or WaitObjectPointerOffset. In the last two cases the objects are in
 * nonpaged pool. A type that says nothing gets the default object.
 *
 * STATUS_SUCCESS, STATUS_INVALID_PARAMETER (this rule, or another field), STATUS_NOT_IMPLEMENTED (a
 * WaitObjectFlagMask), STATUS_OBJECT_NAME_COLLISION, STATUS_INSUFFICIENT_RESOURCES. Source: Windows
 * Internals, "Object structure".
 */
NTSTATUS ObCreateObjectType(_In_ PUNICODE_STRING TypeName,
                            _In_ POBJECT_TYPE_INITIALIZER ObjectTypeInitializer,
                            _In_opt_ PVOID SecurityDescriptor, _Out_ POBJECT_TYPE *ObjectType);

/*
 * Makes an object with one reference, no handle and not in the namespace yet. ObjectAttributes is
 * captured by the rules of ProbeMode (a user pointer when UserMode). The body is zeroed. Statuses
 * of the capture, or STATUS_INSUFFICIENT_RESOURCES. IRQL PASSIVE_LEVEL.
 */
NTSTATUS ObCreateObject(_In_ KPROCESSOR_MODE ProbeMode, _In_ POBJECT_TYPE ObjectType,
                        _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                        _In_ KPROCESSOR_MODE OwnershipMode, _Inout_opt_ PVOID ParseContext,
                        _In_ ULONG ObjectBodySize, _In_ ULONG PagedPoolCharge,
                        _In_ ULONG NonPagedPoolCharge, _Out_ PVOID *Object);

/*
 * Names the object, if it was created with a name, and makes a handle if Handle is given (WDK:
 * ObInsertObject).
 *
 * Failure: the creator's reference is gone, and with it the object. Success without Handle: the
 * reference stays with the caller. Success with Handle: the handle takes the reference over, and
 * ObjectPointerBias (0 or 1) more are left to the caller. *NewObject is the object that now has the
 * name: with OBJ_OPENIF it may be another one, which existed before (STATUS_OBJECT_NAME_EXISTS, a
 * success; the references are then to that one). IRQL PASSIVE_LEVEL.
 */
NTSTATUS ObInsertObject(_In_ PVOID Object, _Inout_opt_ PACCESS_STATE PassedAccessState,
                        _In_opt_ ACCESS_MASK DesiredAccess, _In_ ULONG ObjectPointerBias,
                        _Out_opt_ PVOID *NewObject, _Out_opt_ PHANDLE Handle);

/* ---------------------------------------------------------------------------------------------
 * References. Any IRQL <= DISPATCH_LEVEL for the counting ones.
 */

typedef struct _OBJECT_HANDLE_INFORMATION {
    ULONG HandleAttributes;
    ACCESS_MASK GrantedAccess;
} OBJECT_HANDLE_INFORMATION, *POBJECT_HANDLE_INFORMATION;

/*
 * Turns a handle of the current process (or a kernel handle, or -1/-2) into a referenced pointer.
 * STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED (UserMode only), in this
 * order.
 */
NTSTATUS ObReferenceObjectByHandle(_In_ HANDLE Handle, _In_ ACCESS_MASK DesiredAccess,
                                   _In_opt_ POBJECT_TYPE ObjectType,
                                   _In_ KPROCESSOR_MODE AccessMode, _Out_ PVOID *Object,
                                   _Out_opt_ POBJECT_HANDLE_INFORMATION HandleInformation);
NTSTATUS ObReferenceObjectByPointer(_In_ PVOID Object, _In_ ACCESS_MASK DesiredAccess,
                                    _In_opt_ POBJECT_TYPE ObjectType,
                                    _In_ KPROCESSOR_MODE AccessMode);
NTSTATUS ObReferenceObjectByName(_In_ PUNICODE_STRING ObjectName, _In_ ULONG Attributes,
                                 _In_opt_ PACCESS_STATE AccessState,
                                 _In_opt_ ACCESS_MASK DesiredAccess,
                                 _In_opt_ POBJECT_TYPE ObjectType, _In_ KPROCESSOR_MODE AccessMode,
                                 _Inout_opt_ PVOID ParseContext, _Out_ PVOID *Object);
LONG_PTR ObfReferenceObject(_In_ PVOID Object);
LONG_PTR ObfDereferenceObject(_In_ PVOID Object);
/* For a pointer found in a list or table: FALSE if the object is being deleted already. */
BOOLEAN ObReferenceObjectSafe(_In_ PVOID Object);
VOID ObDereferenceObjectDeferDelete(_In_ PVOID Object);
#define ObReferenceObject(Object)   ObfReferenceObject(Object)
#define ObDereferenceObject(Object) ObfDereferenceObject(Object)
/* The traced forms: the tag says who. */
LONG_PTR ObfReferenceObjectWithTag(_In_ PVOID Object, _In_ ULONG Tag);
LONG_PTR ObfDereferenceObjectWithTag(_In_ PVOID Object, _In_ ULONG Tag);
#define ObReferenceObjectWithTag(Object, Tag)   ObfReferenceObjectWithTag(Object, Tag)
#define ObDereferenceObjectWithTag(Object, Tag) ObfDereferenceObjectWithTag(Object, Tag)

/* ---------------------------------------------------------------------------------------------
 * Handles
 */

NTSTATUS ObOpenObjectByName(_In_ POBJECT_ATTRIBUTES ObjectAttributes,
                            _In_opt_ POBJECT_TYPE ObjectType, _In_ KPROCESSOR_MODE AccessMode,
                            _Inout_opt_ PACCESS_STATE AccessState,
                            _In_opt_ ACCESS_MASK DesiredAccess, _Inout_opt_ PVOID ParseContext,
                            _Out_ PHANDLE Handle);
NTSTATUS ObOpenObjectByPointer(_In_ PVOID Object, _In_ ULONG HandleAttributes,
                               _In_opt_ PACCESS_STATE PassedAccessState,
                               _In_ ACCESS_MASK DesiredAccess, _In_opt_ POBJECT_TYPE ObjectType,
                               _In_ KPROCESSOR_MODE AccessMode, _Out_ PHANDLE Handle);
NTSTATUS ObCloseHandle(_In_ HANDLE Handle, _In_ KPROCESSOR_MODE PreviousMode);
/* Both processes are referenced by the caller; a NULL target process with DUPLICATE_CLOSE_SOURCE
 * only closes. */
NTSTATUS ObDuplicateObject(_In_ struct _EPROCESS *SourceProcess, _In_ HANDLE SourceHandle,
                           _In_opt_ struct _EPROCESS *TargetProcess, _Out_opt_ PHANDLE TargetHandle,
                           _In_ ACCESS_MASK DesiredAccess, _In_ ULONG HandleAttributes,
                           _In_ ULONG Options, _In_ KPROCESSOR_MODE PreviousMode);

/* ---------------------------------------------------------------------------------------------
 * Names
 */

VOID ObMakeTemporaryObject(_In_ PVOID Object);
/* Has the type of the object behind a handle describe it. STATUS_INVALID_HANDLE,
 * STATUS_NOT_SUPPORTED (no dump procedure). IRQL PASSIVE_LEVEL. */
NTSTATUS ObDumpObjectByHandle(_In_ HANDLE Handle, _In_opt_ POBJECT_DUMP_CONTROL Control);
/* ObjectNameInfo is kernel memory. STATUS_INFO_LENGTH_MISMATCH with *ReturnLength when it is too
 * small. */
NTSTATUS ObQueryNameString(_In_ PVOID Object,
                           _Out_opt_ struct _OBJECT_NAME_INFORMATION *ObjectNameInfo,
                           _In_ ULONG Length, _Out_ PULONG ReturnLength);
/* Permanent directories and links made by the kernel at start-up; an existing one is success. */
NTSTATUS ObCreateDirectory(_In_ PCWSTR Path);
NTSTATUS ObCreateSymbolicLink(_In_ PCUNICODE_STRING Path, _In_ PCUNICODE_STRING Target);
NTSTATUS ObDeleteSymbolicLink(_In_ PCUNICODE_STRING Path);

/* ---------------------------------------------------------------------------------------------
 * Services that return a handle (observice.c)
 *
 * Destination is a user pointer when the previous mode is UserMode, of any alignment. IRQL
 * PASSIVE_LEVEL.
 */

/*
 * The first step of such a service: Destination becomes zero, so that it is zero after every
 * failure. STATUS_SUCCESS, or the status of the exception.
 */
NTSTATUS ObPrepareHandle(_Out_ PHANDLE Destination);

/* For a service whose parameters are wrong: Destination becomes zero. Returns Status, or the status
 * of the exception. */
NTSTATUS ObRefuseHandle(_Out_ PHANDLE Destination, _In_ NTSTATUS Status);

/*
 * The last step: writes the handle if Status is a success. If the memory has gone, closes the handle
 * and returns the status of the exception; otherwise returns Status.
 */
NTSTATUS ObReturnHandle(_Out_ PHANDLE Destination, _In_ HANDLE Handle, _In_ NTSTATUS Status,
                        _In_ KPROCESSOR_MODE Mode);

/* Fills in the body of a new object (zeroed) before any other thread can see it. */
typedef VOID (*OB_INITIALIZE_BODY)(_Inout_ PVOID Object, _In_opt_ const VOID *Context);

/*
 * A whole create service: all steps, by ObCreateObject and ObInsertObject, with their statuses.
 * Without Initialize the body stays zero.
 */
NTSTATUS ObCreateObjectHandle(_Out_ PHANDLE Destination, _In_ ACCESS_MASK DesiredAccess,
                              _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                              _In_ POBJECT_TYPE ObjectType, _In_ ULONG BodySize,
                              _In_opt_ OB_INITIALIZE_BODY Initialize, _In_opt_ const VOID *Context);

/* A whole open service: all steps, by ObOpenObjectByName, with its statuses. */
NTSTATUS ObOpenObjectHandle(_Out_ PHANDLE Destination, _In_ ACCESS_MASK DesiredAccess,
                            _In_ POBJECT_ATTRIBUTES ObjectAttributes, _In_ POBJECT_TYPE ObjectType);

/* The last steps for an object at hand: a handle, by ObOpenObjectByPointer. Takes the caller's
 * reference over, on failure too. The caller has called ObPrepareHandle. */
NTSTATUS ObOpenPointerHandle(_Out_ PHANDLE Destination, _In_ ACCESS_MASK DesiredAccess,
                             _In_ PVOID Object, _In_ ULONG HandleAttributes,
                             _In_ POBJECT_TYPE ObjectType);

/*
 * The two ends of a service, for user pointers; they return the exception's status instead of
 * raising it. ObProbe...: may the result be written there? ObReturnInformation: copies Size bytes
 * and their number; ReturnLength may be NULL. (services of all components use these)
 */
NTSTATUS ObProbeForWrite(_In_ PVOID Destination, _In_ ULONG Size, _In_ ULONG Alignment);
NTSTATUS ObReturnInformation(_Out_ PVOID Destination, _In_ const VOID *Source, _In_ ULONG Size,
                             _Out_opt_ PULONG ReturnLength);

/* ---------------------------------------------------------------------------------------------
 * Start-up, processes
 */

/* Phase 0: types Type, Directory, SymbolicLink, the kernel's handle table. Phase 1: the namespace.
 */
BOOLEAN ObInitSystem(_In_ ULONG Phase);
/* Se gives the access check here, because calls go down (see se.h). */
typedef BOOLEAN (*OB_ACCESS_CHECK_ROUTINE)(PVOID, PSECURITY_SUBJECT_CONTEXT, BOOLEAN, ACCESS_MASK,
                                           ACCESS_MASK, struct _PRIVILEGE_SET **, PGENERIC_MAPPING,
                                           KPROCESSOR_MODE, ACCESS_MASK *, NTSTATUS *);
VOID ObSetAccessCheckRoutine(_In_ OB_ACCESS_CHECK_ROUTINE Routine);
/* Gives Process a handle table; with a Parent, one with the inheritable handles. */
NTSTATUS ObInitProcess(_In_opt_ struct _EPROCESS *Parent, _Inout_ struct _EPROCESS *Process);
/* Closes every handle of Process and frees its table. Called in the context of any thread, once. */
VOID ObKillProcess(_Inout_ struct _EPROCESS *Process);
/* Number of handles of Process (NtQueryInformationProcess, ProcessHandleCount). */
ULONG ObGetProcessHandleCount(_In_ struct _EPROCESS *Process);
/*
 * What a wait on Object waits for: the body, a part of it, or an event that is always set. Never
 * fails.
 */
FORCEINLINE PVOID ObGetWaitObject(_In_ PVOID Object) {
    POBJECT_TYPE Type = ObpGetObjectType(OBJECT_TO_OBJECT_HEADER(Object));
    if ((LONG_PTR)Type->DefaultObject < 0) {
        return Type->DefaultObject;
    }
    return (PUCHAR)Object + (ULONG_PTR)Type->DefaultObject;
}

#define OBJECT_TO_DEFAULT_WAIT_OBJECT(Object) ObGetWaitObject(Object)
extern PHANDLE_TABLE ObpKernelHandleTable;

#endif /* _OB_H_ */
