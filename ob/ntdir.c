/*
 * ntdir.c - services on directories
 *
 * NtQueryDirectoryObject answers with an array of OBJECT_DIRECTORY_INFORMATION, ended by one of
 * zeros, and the text behind it. The caller keeps the number of entries seen in Context and passes
 * it again for the next part. When there are no more entries the answer is the one of zeros alone.
 */
#include "obp.h"
#include "ntapi.h"

#define MAXIMUM_ANSWER 0x100000

/* Source: WDK, ZwCreateDirectoryObject. */
NTSTATUS NTAPI NtCreateDirectoryObjectEx(_Out_ PHANDLE DirectoryHandle,
                                         _In_ ACCESS_MASK DesiredAccess,
                                         _In_ POBJECT_ATTRIBUTES ObjectAttributes,
                                         _In_ HANDLE ShadowDirectoryHandle, _In_ ULONG Flags) {
    if (ShadowDirectoryHandle != NULL || Flags != 0) {
        return ObRefuseHandle(DirectoryHandle, STATUS_NOT_SUPPORTED);
    }
    return ObCreateObjectHandle(DirectoryHandle, DesiredAccess, ObjectAttributes,
                                ObpDirectoryObjectType, sizeof(OBJECT_DIRECTORY), NULL, NULL);
}

NTSTATUS NTAPI NtCreateDirectoryObject(_Out_ PHANDLE DirectoryHandle,
                                       _In_ ACCESS_MASK DesiredAccess,
                                       _In_ POBJECT_ATTRIBUTES ObjectAttributes) {
    return NtCreateDirectoryObjectEx(DirectoryHandle, DesiredAccess, ObjectAttributes, NULL, 0);
}

/* Source: WDK, ZwOpenDirectoryObject. */
NTSTATUS NTAPI NtOpenDirectoryObject(_Out_ PHANDLE DirectoryHandle, _In_ ACCESS_MASK DesiredAccess,
                                     _In_ POBJECT_ATTRIBUTES ObjectAttributes) {
    return ObOpenObjectHandle(DirectoryHandle, DesiredAccess, ObjectAttributes,
                              ObpDirectoryObjectType);
}

/* One question about a directory's contents. */
typedef struct _OBP_LISTING {
    ULONG First;        /* entries to pass over */
    ULONG Count;        /* entries that fit */
    ULONG Size;         /* bytes of the answer */
    ULONG NextSize;     /* bytes that one entry more would take; 0: there is none */
    PUCHAR Answer;      /* kernel memory */
    PUCHAR UserAddress; /* where it will lie */
    ULONG Length;       /* of both */
    BOOLEAN Single;
} OBP_LISTING, *POBP_LISTING;

static ULONG ObpEntrySize(POBJECT_DIRECTORY_ENTRY Entry) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Entry->Object);
    return (ULONG)(sizeof(OBJECT_DIRECTORY_INFORMATION) +
                   OBJECT_HEADER_TO_NAME_INFO(Header)->Name.Length + sizeof(WCHAR) +
                   ObpGetObjectType(Header)->Name.Length + sizeof(WCHAR));
}

/* Calls for each entry from First on, in the order of the chains; FALSE ends it. */
static VOID ObpEnumerateDirectory(POBJECT_DIRECTORY Directory, POBP_LISTING Listing,
                                  BOOLEAN (*Visit)(POBP_LISTING, POBJECT_DIRECTORY_ENTRY, ULONG)) {
    ULONG Index = 0;
    for (ULONG i = 0; i < NUMBER_HASH_BUCKETS; i++) {
        for (POBJECT_DIRECTORY_ENTRY Entry = Directory->HashBuckets[i]; Entry != NULL;
             Entry = Entry->ChainLink, Index++) {
            if (Index >= Listing->First && !Visit(Listing, Entry, Index - Listing->First)) {
                return;
            }
        }
    }
}

/* First pass: how many entries fit? */
static BOOLEAN ObpMeasureEntry(POBP_LISTING Listing, POBJECT_DIRECTORY_ENTRY Entry, ULONG Index) {
    ULONG Size = Listing->Size + ObpEntrySize(Entry);
    if (Size > Listing->Length || (Listing->Single && Listing->Count == 1)) {
        Listing->NextSize = Size;
        return FALSE;
    }
    Listing->Size = Size;
    Listing->Count++;
    return TRUE;
}

/* Puts a string at Size in the answer, and moves on. */
static UNICODE_STRING ObpPutString(POBP_LISTING Listing, PCUNICODE_STRING String) {
    UNICODE_STRING Result = {String->Length, (USHORT)(String->Length + sizeof(WCHAR)),
                             (PWSTR)(Listing->UserAddress + Listing->Size)};
    memcpy(Listing->Answer + Listing->Size, String->Buffer, String->Length);
    Listing->Size += Result.MaximumLength;
    return Result;
}

/* Second pass: writes them. */
static BOOLEAN ObpWriteEntry(POBP_LISTING Listing, POBJECT_DIRECTORY_ENTRY Entry, ULONG Index) {
    POBJECT_DIRECTORY_INFORMATION Information = (POBJECT_DIRECTORY_INFORMATION)Listing->Answer;
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Entry->Object);
    if (Index == Listing->Count) {
        return FALSE;
    }
    Information[Index].Name = ObpPutString(Listing, &OBJECT_HEADER_TO_NAME_INFO(Header)->Name);
    Information[Index].TypeName = ObpPutString(Listing, &ObpGetObjectType(Header)->Name);
    return TRUE;
}

static NTSTATUS ObpListDirectory(POBJECT_DIRECTORY Directory, POBP_LISTING Listing) {
    Listing->Size = sizeof(OBJECT_DIRECTORY_INFORMATION); /* the one of zeros */
    KeEnterCriticalRegion();
    ExAcquirePushLockShared(&Directory->Lock);
    ObpEnumerateDirectory(Directory, Listing, ObpMeasureEntry);
    if (Listing->Count != 0) {
        Listing->Size = (Listing->Count + 1) * (ULONG)sizeof(OBJECT_DIRECTORY_INFORMATION);
        ObpEnumerateDirectory(Directory, Listing, ObpWriteEntry);
    }
    ExReleasePushLockShared(&Directory->Lock);
    KeLeaveCriticalRegion();
    if (Listing->Count == 0) {
        if (Listing->NextSize == 0) {
            return STATUS_NO_MORE_ENTRIES; /* Size is that of the zeros */
        }
        Listing->Size = Listing->NextSize;
        return Listing->Single ? STATUS_BUFFER_TOO_SMALL : STATUS_MORE_ENTRIES;
    }
    return Listing->NextSize != 0 && !Listing->Single ? STATUS_MORE_ENTRIES : STATUS_SUCCESS;
}

static NTSTATUS ObpAnswerListing(POBJECT_DIRECTORY Directory, POBP_LISTING Listing, PULONG Context,
                                 PULONG ReturnLength) {
    ULONG Length = max(Listing->Length, (ULONG)sizeof(OBJECT_DIRECTORY_INFORMATION));
    Listing->Answer = ExAllocatePool2(POOL_FLAG_PAGED, Length, OBP_TAG_DIRECTORY);
    if (Listing->Answer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NTSTATUS Status = ObpListDirectory(Directory, Listing);
    __try {
        if (Listing->Count != 0) {
            CopyToUser(Listing->UserAddress, Listing->Answer, Listing->Size);
            WriteULongToUser(Context, Listing->First + Listing->Count);
        } else if (Status == STATUS_NO_MORE_ENTRIES && Listing->Length >= Listing->Size) {
            CopyToUser(Listing->UserAddress, Listing->Answer, Listing->Size);
        }
        if (ReturnLength != NULL) {
            WriteULongToUser(ReturnLength, Listing->Size);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    ExFreePoolWithTag(Listing->Answer, OBP_TAG_DIRECTORY);
    return Status;
}

/*
 * Needs DIRECTORY_QUERY. STATUS_MORE_ENTRIES (a success: the buffer is full),
 * STATUS_NO_MORE_ENTRIES, STATUS_BUFFER_TOO_SMALL (for the one entry asked for). Source: WDK,
 * ZwQueryDirectoryObject.
 */
NTSTATUS NTAPI NtQueryDirectoryObject(_In_ HANDLE DirectoryHandle, _Out_opt_ PVOID Buffer,
                                      _In_ ULONG Length, _In_ BOOLEAN ReturnSingleEntry,
                                      _In_ BOOLEAN RestartScan, _Inout_ PULONG Context,
                                      _Out_opt_ PULONG ReturnLength) {
    PVOID Directory;
    OBP_LISTING Listing = {.UserAddress = Buffer,
                           .Length = min(Length, (ULONG)MAXIMUM_ANSWER),
                           .Single = ReturnSingleEntry};
    __try {
        ProbeForWrite(Buffer, Length, sizeof(WCHAR));
        ProbeForWrite(Context, sizeof(ULONG), sizeof(ULONG));
        Listing.First = RestartScan ? 0 : ReadULongFromUser(Context);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    NTSTATUS Status =
        ObReferenceObjectByHandle(DirectoryHandle, DIRECTORY_QUERY, ObpDirectoryObjectType,
                                  ExGetPreviousMode(), &Directory, NULL);
    if (NT_SUCCESS(Status)) {
        Status = ObpAnswerListing(Directory, &Listing, Context, ReturnLength);
        ObfDereferenceObject(Directory);
    }
    return Status;
}
