/*
 * obdir.c - directories
 *
 * A directory is a hash table from names to objects: 37 chains. The hash does not tell small
 * letters from capitals, so that one table serves for lookups with and without regard to case; the
 * comparison tells them apart. An entry holds a reference to its object, and the object's name
 * header one to the directory.
 */
#include "obp.h"

POBJECT_TYPE ObpDirectoryObjectType;

ULONG ObpHashName(_In_ PCUNICODE_STRING Name) {
    ULONG Hash = 0;
    for (ULONG i = 0; i < Name->Length / sizeof(WCHAR); i++) {
        Hash = ObpHashLetter(Hash, Name->Buffer[i]);
    }
    return Hash;
}

/* The same letters, in the same case? Most who open a name spell it as its creator did. */
FORCEINLINE BOOLEAN ObpSameText(PCWSTR Left, PCWSTR Right, ULONG64 Letters) {
    for (; Letters >= 4; Letters -= 4, Left += 4, Right += 4) {
        if (*(const ULONG64 *)Left != *(const ULONG64 *)Right) {
            return FALSE;
        }
    }
    for (; Letters != 0; Letters--, Left++, Right++) {
        if (*Left != *Right) {
            return FALSE;
        }
    }
    return TRUE;
}

static DECLSPEC_RARE BOOLEAN ObpSameTextButCase(PCUNICODE_STRING Left, PCUNICODE_STRING Right) {
    return RtlEqualUnicodeString(Left, Right, TRUE);
}

FORCEINLINE BOOLEAN ObpEntryHasName(POBJECT_DIRECTORY_ENTRY Entry, PCUNICODE_STRING Name,
                                    BOOLEAN CaseInsensitive) {
    PCUNICODE_STRING Its =
        &OBJECT_HEADER_TO_NAME_INFO(OBJECT_TO_OBJECT_HEADER(Entry->Object))->Name;
    if (Its->Length != Name->Length) {
        return FALSE;
    }
    return ObpSameText(Its->Buffer, Name->Buffer, Name->Length / sizeof(WCHAR)) ||
           (CaseInsensitive && ObpSameTextButCase(Its, Name));
}

/* The object of that name, not referenced, or NULL. The directory is locked. */
PVOID ObpLookupDirectoryEntry(_In_ POBJECT_DIRECTORY Directory, _In_ PCUNICODE_STRING Name,
                              _In_ ULONG HashValue, _In_ BOOLEAN CaseInsensitive) {
    POBJECT_DIRECTORY_ENTRY Entry = Directory->HashBuckets[ObpBucketOf(HashValue)];
    for (; Entry != NULL; Entry = Entry->ChainLink) {
        if (Entry->HashValue == HashValue && ObpEntryHasName(Entry, Name, CaseInsensitive)) {
            return Entry->Object;
        }
    }
    return NULL;
}

/*
 * Enters an object under Name, which it gets as its own; the path it was created with is freed. The
 * directory is locked exclusively and has no such name. STATUS_INSUFFICIENT_RESOURCES or
 * STATUS_QUOTA_EXCEEDED: nothing has changed.
 */
NTSTATUS ObpInsertDirectoryEntry(_Inout_ POBJECT_DIRECTORY Directory, _In_ PVOID Object,
                                 _In_ PCUNICODE_STRING Name, _In_ ULONG HashValue) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    POBJECT_HEADER_NAME_INFO NameInfo = OBJECT_HEADER_TO_NAME_INFO(Header);
    UNICODE_STRING OwnName;
    NTSTATUS Status = ObpCaptureString(KernelMode, Name, &OwnName);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    POBJECT_DIRECTORY_ENTRY Entry;
    Status = MmAllocatePoolWithQuota(NULL, POOL_FLAG_PAGED, sizeof(*Entry), OBP_TAG_DIRECTORY,
                                     (PVOID *)&Entry);
    if (!NT_SUCCESS(Status)) {
        ObpFreeName(&OwnName);
        return Status;
    }
    ObpFreeName(&NameInfo->Name);
    NameInfo->Name = OwnName;
    Entry->Object = Object;
    Entry->HashValue = HashValue;
    POBJECT_DIRECTORY_ENTRY *Bucket = &Directory->HashBuckets[ObpBucketOf(HashValue)];
    Entry->ChainLink = *Bucket;
    *Bucket = Entry;
    ObfReferenceObjectWithTag(Object, OBP_TAG_OF_NAME);
    ObfReferenceObjectWithTag(Directory, OBP_TAG_OF_NAME);
    ObpLockObject(Header);
    NameInfo->Directory = Directory;
    ObpUnlockObject(Header);
    return STATUS_SUCCESS;
}

/* Takes an object's entry out; the references of entry and name are the caller's now. Locked
 * exclusively. */
VOID ObpRemoveDirectoryEntry(_Inout_ POBJECT_DIRECTORY Directory, _In_ PVOID Object) {
    POBJECT_HEADER_NAME_INFO NameInfo = OBJECT_HEADER_TO_NAME_INFO(OBJECT_TO_OBJECT_HEADER(Object));
    ULONG HashValue = ObpHashName(&NameInfo->Name);
    POBJECT_DIRECTORY_ENTRY *Link = &Directory->HashBuckets[ObpBucketOf(HashValue)];
    while ((*Link)->Object != Object) {
        Link = &(*Link)->ChainLink;
    }
    POBJECT_DIRECTORY_ENTRY Entry = *Link;
    *Link = Entry->ChainLink;
    ExFreePoolWithTag(Entry, OBP_TAG_DIRECTORY);
}

/* Enters an object into a directory by a plain name; for objects that did not come by
 * ObInsertObject. */
NTSTATUS ObpNameObject(_Inout_ POBJECT_DIRECTORY Directory, _In_ PVOID Object,
                       _In_ PCUNICODE_STRING Name) {
    ULONG HashValue = ObpHashName(Name);
    NTSTATUS Status = STATUS_OBJECT_NAME_COLLISION;
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&Directory->Lock);
    if (ObpLookupDirectoryEntry(Directory, Name, HashValue, FALSE) == NULL) {
        Status = ObpInsertDirectoryEntry(Directory, Object, Name, HashValue);
    }
    ExReleasePushLockExclusive(&Directory->Lock);
    KeLeaveCriticalRegion();
    return Status;
}

/* Phase 0: the type. */
NTSTATUS ObpInitializeDirectories(VOID) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Directory");
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .CaseInsensitive = TRUE,
        .InvalidAttributes = OBJ_OPENLINK,
        .GenericMapping = {STANDARD_RIGHTS_READ | DIRECTORY_QUERY | DIRECTORY_TRAVERSE,
                           STANDARD_RIGHTS_WRITE | DIRECTORY_CREATE_OBJECT |
                               DIRECTORY_CREATE_SUBDIRECTORY,
                           STANDARD_RIGHTS_EXECUTE | DIRECTORY_QUERY | DIRECTORY_TRAVERSE,
                           DIRECTORY_ALL_ACCESS},
        .ValidAccessMask = DIRECTORY_ALL_ACCESS,
        .PoolType = PagedPool,
        .DefaultPagedPoolCharge = sizeof(OBJECT_DIRECTORY),
    };
    return ObCreateObjectType(&Name, &Initializer, NULL, &ObpDirectoryObjectType);
}

/* Phase 1: "\", the one directory without a name. */
NTSTATUS ObpCreateRootDirectory(VOID) {
    PVOID Root;
    NTSTATUS Status = ObCreateObject(KernelMode, ObpDirectoryObjectType, NULL, KernelMode, NULL,
                                     sizeof(OBJECT_DIRECTORY), 0, 0, &Root);
    if (NT_SUCCESS(Status)) {
        Status = ObInsertObject(Root, NULL, 0, 0, NULL, NULL);
    }
    if (NT_SUCCESS(Status)) {
        ObpRootDirectoryObject = Root; /* the creator's reference keeps it for ever */
    }
    return Status;
}

NTSTATUS ObCreateDirectory(_In_ PCWSTR Path) {
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
    PVOID Directory;
    RtlInitUnicodeString(&Name, Path);
    InitializeObjectAttributes(&Attributes, &Name,
                               OBJ_PERMANENT | OBJ_OPENIF | OBJ_CASE_INSENSITIVE, NULL, NULL);
    NTSTATUS Status = ObCreateObject(KernelMode, ObpDirectoryObjectType, &Attributes, KernelMode,
                                     NULL, sizeof(OBJECT_DIRECTORY), 0, 0, &Directory);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObInsertObject(Directory, NULL, 0, 0, &Directory, NULL);
    if (NT_SUCCESS(Status)) {
        ObfDereferenceObject(Directory); /* it is permanent: its name keeps it */
        Status = STATUS_SUCCESS;
    }
    return Status;
}
