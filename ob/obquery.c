/*
 * obquery.c - the full name of an object
 *
 * An object knows the last component of its name and the directory it is in; the rest is found by
 * going up. Meanwhile names may go away. So the walk is made twice, once to measure and once to
 * write from the right, and it starts again when the second does not fit the first.
 */
#include "obp.h"

/*
 * Goes up from an object, writing its path before End (measuring only, when End is NULL) until Room
 * bytes are used. Returns the length of the path in bytes; 0 if it has none.
 */
static ULONG ObpWritePath(PVOID Object, PWSTR End, ULONG Room) {
    ULONG Length = 0;
    ObfReferenceObject(Object);
    while (Object != ObpRootDirectoryObject) {
        POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
        POBJECT_DIRECTORY Directory = ObpReferenceNameDirectory(Header);
        if (Directory != NULL) {
            PUNICODE_STRING Name = &OBJECT_HEADER_TO_NAME_INFO(Header)->Name;
            Length += Name->Length + sizeof(WCHAR);
            if (End != NULL && Length <= Room) {
                PUCHAR Place = (PUCHAR)End - Length;
                *(PWSTR)Place = OBJ_NAME_PATH_SEPARATOR;
                memcpy(Place + sizeof(WCHAR), Name->Buffer, Name->Length);
            }
        }
        ObfDereferenceObject(Object);
        if (Directory == NULL) {
            return 0; /* the name of the object, or of a directory above it, has gone */
        }
        Object = Directory;
    }
    ObfDereferenceObject(Object);
    return Length;
}

static NTSTATUS ObpQueryRootName(POBJECT_NAME_INFORMATION Information, ULONG Length,
                                 PULONG ReturnLength) {
    *ReturnLength = sizeof(*Information) + 2 * sizeof(WCHAR);
    if (Length < *ReturnLength) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    Information->Name.Buffer = (PWSTR)(Information + 1);
    Information->Name.Length = sizeof(WCHAR);
    Information->Name.MaximumLength = 2 * sizeof(WCHAR);
    Information->Name.Buffer[0] = OBJ_NAME_PATH_SEPARATOR;
    Information->Name.Buffer[1] = UNICODE_NULL;
    return STATUS_SUCCESS;
}

static NTSTATUS ObpNoName(POBJECT_NAME_INFORMATION Information, ULONG Length, PULONG ReturnLength) {
    *ReturnLength = sizeof(*Information);
    if (Length < sizeof(*Information)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    Information->Name.Length = Information->Name.MaximumLength = 0;
    Information->Name.Buffer = NULL;
    return STATUS_SUCCESS;
}

/*
 * The full name of an object (WDK: ObQueryNameString). Types with a query name procedure (files)
 * answer themselves. An object without a name has an empty one. STATUS_INFO_LENGTH_MISMATCH with
 * *ReturnLength. IRQL PASSIVE_LEVEL.
 */
NTSTATUS ObQueryNameString(_In_ PVOID Object, _Out_opt_ POBJECT_NAME_INFORMATION ObjectNameInfo,
                           _In_ ULONG Length, _Out_ PULONG ReturnLength) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    OB_QUERYNAME_METHOD QueryName = ObpGetObjectType(Header)->TypeInfo.QueryNameProcedure;
    if (QueryName != NULL) {
        return QueryName(Object, OBJECT_HEADER_TO_NAME_INFO(Header) != NULL, ObjectNameInfo, Length,
                         ReturnLength, KernelMode);
    }
    if (Object == ObpRootDirectoryObject) {
        return ObpQueryRootName(ObjectNameInfo, Length, ReturnLength);
    }
    for (;;) {
        ULONG PathLength = ObpWritePath(Object, NULL, 0);
        if (PathLength == 0) {
            return ObpNoName(ObjectNameInfo, Length, ReturnLength);
        }
        if (PathLength >= UNICODE_STRING_MAX_BYTES) {
            return STATUS_NAME_TOO_LONG;
        }
        *ReturnLength = sizeof(*ObjectNameInfo) + PathLength + sizeof(WCHAR);
        if (Length < *ReturnLength) {
            return STATUS_INFO_LENGTH_MISMATCH;
        }
        PWSTR Buffer = (PWSTR)(ObjectNameInfo + 1);
        PWSTR End = Buffer + PathLength / sizeof(WCHAR);
        if (ObpWritePath(Object, End, PathLength) == PathLength) {
            *End = UNICODE_NULL;
            ObjectNameInfo->Name.Buffer = Buffer;
            ObjectNameInfo->Name.Length = (USHORT)PathLength;
            ObjectNameInfo->Name.MaximumLength = (USHORT)(PathLength + sizeof(WCHAR));
            return STATUS_SUCCESS;
        }
    }
}

/* The checked kernels of old had this for their debugger; a driver can use it for itself. */
NTSTATUS ObDumpObjectByHandle(_In_ HANDLE Handle, _In_opt_ POBJECT_DUMP_CONTROL Control) {
    PVOID Object;
    NTSTATUS Status = ObReferenceObjectByHandle(Handle, 0, NULL, KernelMode, &Object, NULL);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    OB_DUMP_METHOD Dump = ObGetObjectType(Object)->TypeInfo.DumpProcedure;
    if (Dump != NULL) {
        Dump(Object, Control);
    } else {
        Status = STATUS_NOT_SUPPORTED;
    }
    ObfDereferenceObject(Object);
    return Status;
}
