/*
 * obname.c - from a name to an object
 *
 * A lookup starts at the root (the name begins with a backslash) or at the object of a
 * RootDirectory handle (it does not), and goes on component by component:
 *
 *   - at a directory, the next component is looked up in it;
 *   - at an object whose type has a parse procedure, the procedure gets the rest of the name;
 *   - at any other object the name must be at its end.
 *
 * A parse procedure returns an object, and the lookup is done; or STATUS_REPARSE and a new full
 * name, and the lookup starts again from the root. Symbolic links do that; at most 32 times, so
 * that a circle of links ends.
 *
 * A lookup that finds an object returns it referenced. A lookup for an object that is to be
 * inserted succeeds where the other would fail: when only the last component is missing, the object
 * is entered there, under the same lock, so two threads cannot enter the same name.
 *
 * \?? is no entry of the root: it stands for the caller's DOS devices. Simplified: that is
 * \GLOBAL?? for everybody; Windows looks into a directory of the logon session first.
 *
 *   missing last component               STATUS_OBJECT_NAME_NOT_FOUND
 *   missing component before the last    STATUS_OBJECT_PATH_NOT_FOUND
 *   not a directory, and not the last    STATUS_OBJECT_TYPE_MISMATCH
 *   empty component (\a\\b, \a\)         STATUS_OBJECT_NAME_INVALID
 *   no backslash and no root directory   STATUS_OBJECT_PATH_SYNTAX_BAD, and so does a backslash
 * with one name is taken                        STATUS_OBJECT_NAME_COLLISION, or as OBJ_OPENIF says
 */
#include "obp.h"

#define OBJ_MAX_REPARSE_ATTEMPTS 32

POBJECT_DIRECTORY ObpRootDirectoryObject;
POBJECT_DIRECTORY ObpGlobalDosDevices;

/* One lookup under way. */
typedef struct _OBP_WALK {
    const OBP_NAME_REQUEST *Request;
    POBP_LOOKUP_CONTEXT Context;
    UNICODE_STRING CompleteName; /* the requester's, or what the last reparse made of it */
    UNICODE_STRING Remaining;    /* the part not yet walked, in CompleteName's buffer */
    PVOID OwnedBuffer;           /* CompleteName's buffer if it is ours to free */
} OBP_WALK, *POBP_WALK;

static VOID ObpSkip(PUNICODE_STRING Name, ULONG Bytes) {
    Name->Buffer += Bytes / sizeof(WCHAR);
    Name->Length -= (USHORT)Bytes;
    Name->MaximumLength = Name->Length;
}

static BOOLEAN ObpStartsWithSeparator(PCUNICODE_STRING Name) {
    return Name->Length != 0 && Name->Buffer[0] == OBJ_NAME_PATH_SEPARATOR;
}

/*
 * Takes the next component off Remaining; what is left begins with a backslash, or is empty.
 * Finding its end and its hash is one pass.
 */
static UNICODE_STRING ObpNextComponent(PUNICODE_STRING Remaining, PULONG Hash) {
    if (ObpStartsWithSeparator(Remaining)) {
        ObpSkip(Remaining, sizeof(WCHAR));
    }
    UNICODE_STRING Component = *Remaining;
    ULONG64 Letters = 0, Most = Remaining->Length / sizeof(WCHAR);
    ULONG Value = 0;
    for (; Letters != Most; Letters++) {
        ULONG Letter = Remaining->Buffer[Letters];
        if (Letter == OBJ_NAME_PATH_SEPARATOR) {
            break;
        }
        Value = ObpHashLetter(Value, Letter);
    }
    *Hash = Value;
    Component.Length = (USHORT)(Letters * sizeof(WCHAR));
    Component.MaximumLength = Component.Length;
    ObpSkip(Remaining, Component.Length);
    return Component;
}

/* ---- Directory locks ---- */

FORCEINLINE VOID ObpLockDirectory(POBJECT_DIRECTORY Directory, BOOLEAN Exclusive) {
    KeEnterCriticalRegionThread(KeGetCurrentThread());
    if (Exclusive) {
        ExAcquirePushLockExclusive(&Directory->Lock);
    } else {
        ExAcquirePushLockShared(&Directory->Lock);
    }
}

FORCEINLINE VOID ObpUnlockDirectory(POBJECT_DIRECTORY Directory, BOOLEAN Exclusive) {
    if (Exclusive) {
        ExReleasePushLockExclusive(&Directory->Lock);
    } else {
        ExReleasePushLockShared(&Directory->Lock);
    }
    KeLeaveCriticalRegionThread(KeGetCurrentThread());
}

VOID ObpReleaseLookupContext(_Inout_ POBP_LOOKUP_CONTEXT Context) {
    if (Context->Directory != NULL) {
        ObpUnlockDirectory(Context->Directory, Context->Exclusive);
        ObfDereferenceObject(Context->Directory);
        Context->Directory = NULL;
    }
}

/* ---- The walk ---- */

/*
 * One step down from a directory. *Next is referenced, or it is the object to insert, which now has
 * its name. After the last step the directory stays locked, in the context, which has a reference
 * of its own.
 */
static NTSTATUS ObpStepDown(POBP_WALK Walk, POBJECT_DIRECTORY Directory, PVOID *Next) {
    const OBP_NAME_REQUEST *Request = Walk->Request;
    ULONG Hash;
    UNICODE_STRING Component = ObpNextComponent(&Walk->Remaining, &Hash);
    if (Component.Length == 0) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    BOOLEAN Last = Walk->Remaining.Length == 0;
    BOOLEAN Insert = Last && Request->InsertObject != NULL;
    NTSTATUS Status = STATUS_SUCCESS;
    ObpLockDirectory(Directory, Insert);
    *Next = ObpLookupDirectoryEntry(Directory, &Component, Hash,
                                    (Request->Attributes & OBJ_CASE_INSENSITIVE) != 0);
    if (*Next != NULL) {
        ObfReferenceObject(*Next);
    } else if (Insert) {
        *Next = Request->InsertObject;
        Status = ObpInsertDirectoryEntry(Directory, *Next, &Component, Hash);
    } else {
        Status = Last ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_OBJECT_PATH_NOT_FOUND;
    }
    if (Last && NT_SUCCESS(Status)) {
        ObfReferenceObject(Directory);
        Walk->Context->Directory = Directory;
        Walk->Context->Exclusive = Insert;
    } else {
        ObpUnlockDirectory(Directory, Insert);
    }
    return Status;
}

/* Does the rest of the name belong to this object's parse procedure? */
static BOOLEAN ObpHasParse(POBP_WALK Walk, POBJECT_TYPE Type) {
    if (Type->TypeInfo.ParseProcedure == NULL) {
        return FALSE;
    }
    if (Type == ObpSymbolicLinkObjectType) {
        /* Who asks for a link, and has come to it, means the link. */
        return Walk->Remaining.Length != 0 ||
               (Walk->Request->ObjectType != ObpSymbolicLinkObjectType &&
                (Walk->Request->Attributes & OBJ_OPENLINK) == 0);
    }
    return Walk->Request->InsertObject == NULL;
}

static NTSTATUS ObpCallParse(POBP_WALK Walk, PVOID Object, POBJECT_TYPE Type, PVOID *Found) {
    const OBP_NAME_REQUEST *Request = Walk->Request;
    ObpReleaseLookupContext(Walk->Context);
    UNICODE_STRING Name = Walk->CompleteName;
    UNICODE_STRING Remaining = Walk->Remaining;
    *Found = NULL;
    NTSTATUS Status = Type->TypeInfo.ParseProcedure(
        Object, Request->ObjectType, Request->AccessState, Request->AccessMode, Request->Attributes,
        &Name, &Remaining, Request->ParseContext, Request->SecurityQos, Found);
    if (Name.Buffer != Walk->CompleteName.Buffer) {
        if (Walk->OwnedBuffer != NULL) {
            ExFreePool(Walk->OwnedBuffer);
        }
        Walk->OwnedBuffer = Name.Buffer;
        Walk->CompleteName = Name;
    }
    if (NT_SUCCESS(Status) && Status != STATUS_REPARSE && *Found == NULL) {
        Status = STATUS_OBJECT_NAME_NOT_FOUND;
    }
    return Status;
}

/* The name leads to an object that exists. */
static NTSTATUS ObpEndOfName(POBP_WALK Walk, POBJECT_TYPE Type) {
    const OBP_NAME_REQUEST *Request = Walk->Request;
    if (Walk->Remaining.Length != 0) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (Request->InsertObject == NULL) {
        return STATUS_SUCCESS;
    }
    if ((Request->Attributes & OBJ_OPENIF) == 0) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    return Type == Request->ObjectType ? STATUS_OBJECT_NAME_EXISTS : STATUS_OBJECT_TYPE_MISMATCH;
}

/* Walks from Object, whose reference it takes over, to the end of the name or to STATUS_REPARSE. */
static NTSTATUS ObpWalkName(POBP_WALK Walk, PVOID Object, PVOID *Found) {
    for (;;) {
        NTSTATUS Status;
        POBJECT_TYPE Type = ObpGetObjectType(OBJECT_TO_OBJECT_HEADER(Object));
        if (Type == ObpDirectoryObjectType && Walk->Remaining.Length != 0) {
            PVOID Next = NULL;
            Status = ObpStepDown(Walk, Object, &Next);
            ObfDereferenceObject(Object);
            if (!NT_SUCCESS(Status) || Next == Walk->Request->InsertObject) {
                *Found = Next;
                return Status;
            }
            Object = Next;
            continue;
        }
        if (ObpHasParse(Walk, Type)) {
            Status = ObpCallParse(Walk, Object, Type, Found);
            ObfDereferenceObject(Object);
            return Status;
        }
        Status = ObpEndOfName(Walk, Type);
        if (NT_SUCCESS(Status)) {
            *Found = Object;
        } else {
            ObpReleaseLookupContext(Walk->Context);
            ObfDereferenceObject(Object);
        }
        return Status;
    }
}

/* ---- Where to start ---- */

static NTSTATUS ObpStartAtHandle(POBP_WALK Walk, PVOID *Start) {
    const OBP_NAME_REQUEST *Request = Walk->Request;
    NTSTATUS Status = ObReferenceObjectByHandle(Request->RootDirectory, 0, NULL,
                                                Request->AccessMode, Start, NULL);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    POBJECT_TYPE Type = ObGetObjectType(*Start);
    if (Type == ObpSymbolicLinkObjectType ||
        (Type != ObpDirectoryObjectType && Type->TypeInfo.ParseProcedure == NULL)) {
        Status = STATUS_OBJECT_TYPE_MISMATCH;
    } else if (Type == ObpDirectoryObjectType && ObpStartsWithSeparator(&Walk->CompleteName)) {
        Status = STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    if (!NT_SUCCESS(Status)) {
        ObfDereferenceObject(*Start);
    }
    return Status;
}

static BOOLEAN ObpIsDosDevicesName(PCUNICODE_STRING Name) {
    ULONG Characters = Name->Length / sizeof(WCHAR);
    return Characters >= 3 && Name->Buffer[1] == L'?' && Name->Buffer[2] == L'?' &&
           (Characters == 3 || Name->Buffer[3] == OBJ_NAME_PATH_SEPARATOR);
}

static NTSTATUS ObpStartAtRoot(POBP_WALK Walk, PVOID *Start) {
    if (!ObpStartsWithSeparator(&Walk->Remaining)) {
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    *Start = ObpRootDirectoryObject;
    if (Walk->Remaining.Length == sizeof(WCHAR)) {
        ObpSkip(&Walk->Remaining, sizeof(WCHAR)); /* "\" is the root itself */
    } else if (ObpIsDosDevicesName(&Walk->Remaining) && ObpGlobalDosDevices != NULL) {
        ObpSkip(&Walk->Remaining, 3 * sizeof(WCHAR));
        *Start = ObpGlobalDosDevices;
    }
    ObfReferenceObject(*Start);
    return STATUS_SUCCESS;
}

/*
 * Finds an object by name, or enters one under a name (Request->InsertObject).
 *
 * Success: *Object is referenced; except that an inserted object is the caller's own, with no new
 * reference. Context may hold the lock of the directory, which keeps the name where it is: the
 * caller releases it when the handle is made, or not. Failure: nothing is held.
 * STATUS_OBJECT_NAME_EXISTS is a success. IRQL PASSIVE_LEVEL.
 */
NTSTATUS ObpLookupObjectName(_In_ const OBP_NAME_REQUEST *Request,
                             _Inout_ POBP_LOOKUP_CONTEXT Context, _Out_ PVOID *Object) {
    OBP_WALK Walk = {.Request = Request, .Context = Context, .CompleteName = *Request->Name};
    BOOLEAN AtHandle = Request->RootDirectory != NULL;
    NTSTATUS Status = STATUS_REPARSE;
    *Object = NULL;
    for (ULONG Attempt = 0; Status == STATUS_REPARSE; Attempt++) {
        PVOID Start;
        if (Attempt > OBJ_MAX_REPARSE_ATTEMPTS) {
            Status = STATUS_OBJECT_NAME_NOT_FOUND;
            break;
        }
        Walk.Remaining = Walk.CompleteName;
        Status = AtHandle ? ObpStartAtHandle(&Walk, &Start) : ObpStartAtRoot(&Walk, &Start);
        if (!NT_SUCCESS(Status)) {
            break;
        }
        Status = ObpWalkName(&Walk, Start, Object);
        if (Status == STATUS_REPARSE && (Request->Attributes & OBJ_DONT_REPARSE) != 0) {
            Status = STATUS_REPARSE_POINT_ENCOUNTERED;
        }
        AtHandle = FALSE;
    }
    if (Walk.OwnedBuffer != NULL) {
        ExFreePool(Walk.OwnedBuffer);
    }
    if (!NT_SUCCESS(Status)) {
        *Object = NULL;
    }
    return Status;
}

/* ---- The loss of a name ---- */

/* The directory that an object is in, referenced; NULL if it has no name (any more). */
POBJECT_DIRECTORY ObpReferenceNameDirectory(_In_ POBJECT_HEADER Header) {
    POBJECT_HEADER_NAME_INFO NameInfo = OBJECT_HEADER_TO_NAME_INFO(Header);
    if (NameInfo == NULL) {
        return NULL;
    }
    KeEnterCriticalRegion();
    ObpLockObject(Header);
    POBJECT_DIRECTORY Directory = NameInfo->Directory;
    if (Directory != NULL) {
        ObfReferenceObject(Directory);
    }
    ObpUnlockObject(Header);
    KeLeaveCriticalRegion();
    return Directory;
}

/*
 * Takes an object's name away if nothing keeps it: no handles, and not permanent. The caller has a
 * reference. Somebody who opens the object by name at this moment either has the directory's lock,
 * and then has made a handle before we get it, or comes later and does not find the name.
 */
VOID ObpDeleteNameCheck(_In_ PVOID Object) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    POBJECT_HEADER_NAME_INFO NameInfo = OBJECT_HEADER_TO_NAME_INFO(Header);
    POBJECT_DIRECTORY Directory = ObpReferenceNameDirectory(Header);
    if (Directory == NULL) {
        return;
    }
    BOOLEAN Removed = FALSE;
    ObpLockDirectory(Directory, TRUE);
    ObpLockObject(Header);
    if (Header->HandleCount == 0 && (Header->Flags & OB_FLAG_PERMANENT_OBJECT) == 0 &&
        NameInfo->Directory == Directory) {
        ObpRemoveDirectoryEntry(Directory, Object);
        NameInfo->Directory = NULL;
        Removed = TRUE;
    }
    ObpUnlockObject(Header);
    ObpUnlockDirectory(Directory, TRUE);
    if (Removed) {
        ObfDereferenceObjectWithTag(Directory, OBP_TAG_OF_NAME); /* NameInfo's */
        ObfDereferenceObjectWithTag(Object, OBP_TAG_OF_NAME);    /* the directory entry's */
    }
    ObfDereferenceObject(Directory);
}

/* WDK: ObMakeTemporaryObject. The name goes as soon as there is no handle, perhaps now. */
VOID ObMakeTemporaryObject(_In_ PVOID Object) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    KeEnterCriticalRegion();
    ObpLockObject(Header);
    Header->Flags &= (UCHAR)~OB_FLAG_PERMANENT_OBJECT;
    ObpUnlockObject(Header);
    KeLeaveCriticalRegion();
    ObpDeleteNameCheck(Object);
}
