/*
 * obcapture.c - OBJECT_ATTRIBUTES, taken from the caller
 *
 * A program's memory can change while the kernel looks at it. So everything is copied once, checked
 * on the copy, and the original is never looked at again.
 */
#include "obp.h"

/* What no attributes at all mean. Shared and never written: an unnamed object needs no memory for
 * them. */
OBJECT_CREATE_INFORMATION ObpDefaultCreateInformation;

static NTSTATUS ObpAllocateName(ULONG Length, PVOID *Buffer) {
    return MmAllocatePoolWithQuota(NULL, POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED,
                                   Length + sizeof(WCHAR), OBP_TAG_NAME, Buffer);
}

VOID ObpFreeName(_Inout_ PUNICODE_STRING Name) {
    if (Name->Buffer != NULL && Name->MaximumLength != 0) {
        ExFreePoolWithTag(Name->Buffer, OBP_TAG_NAME);
    }
    Name->Length = Name->MaximumLength = 0;
    Name->Buffer = NULL;
}

/* The UNICODE_STRING itself, from where ProbeMode says; may raise. */
static UNICODE_STRING ObpReadStringHeader(KPROCESSOR_MODE ProbeMode, PCUNICODE_STRING Source) {
    UNICODE_STRING Result = {0};
    if (ProbeMode == KernelMode) {
        return *Source;
    }
    ProbeForRead(Source, sizeof(*Source), sizeof(ULONG_PTR));
    CopyFromUser(&Result, Source, sizeof(Result));
    return Result;
}

/* Copies the text of a string whose header has been read and is good into Buffer, which has room
   for it and a null. The source may be user memory. MaximumLength 0: the buffer is not from pool. */
FORCEINLINE NTSTATUS ObpCopyText(KPROCESSOR_MODE ProbeMode, PCUNICODE_STRING From,
                                 PUNICODE_STRING Name, PWSTR Buffer, USHORT MaximumLength) {
    NTSTATUS Status = STATUS_SUCCESS;
    if (ProbeMode == KernelMode) {
        memcpy(Buffer, From->Buffer, From->Length);
    } else {
        __try {
            ProbeForRead(From->Buffer, From->Length, sizeof(WCHAR));
            CopyFromUser(Buffer, From->Buffer, From->Length);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            Status = GetExceptionCode();
        }
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Buffer[From->Length / sizeof(WCHAR)] = UNICODE_NULL;
    Name->Buffer = Buffer;
    Name->Length = From->Length;
    Name->MaximumLength = MaximumLength;
    return STATUS_SUCCESS;
}

/* The same, into pool. */
static __attribute__((noinline)) NTSTATUS ObpCaptureLongText(KPROCESSOR_MODE ProbeMode,
                                                             PCUNICODE_STRING From,
                                                             PUNICODE_STRING Name) {
    PVOID Buffer;
    NTSTATUS Status = ObpAllocateName(From->Length, &Buffer);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObpCopyText(ProbeMode, From, Name, Buffer, From->Length + sizeof(WCHAR));
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Buffer, OBP_TAG_NAME);
    }
    return Status;
}

/* What fits goes into Room, if there is one. */
static NTSTATUS ObpCaptureText(KPROCESSOR_MODE ProbeMode, PCUNICODE_STRING From,
                               PUNICODE_STRING Name, POBP_NAME_ROOM Room) {
    if (Room == NULL || From->Length >= sizeof(Room->Letters)) {
        return ObpCaptureLongText(ProbeMode, From, Name);
    }
    return ObpCopyText(ProbeMode, From, Name, Room->Letters, 0);
}

static NTSTATUS ObpCaptureName(KPROCESSOR_MODE ProbeMode, PCUNICODE_STRING Source,
                               PUNICODE_STRING Name, POBP_NAME_ROOM Room) {
    UNICODE_STRING From;
    Name->Length = Name->MaximumLength = 0;
    Name->Buffer = NULL;
    __try {
        From = ObpReadStringHeader(ProbeMode, Source);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    if (From.Length == 0) {
        return STATUS_SUCCESS;
    }
    if (From.Length % sizeof(WCHAR) != 0 || From.Length >= UNICODE_STRING_MAX_BYTES) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    return ObpCaptureText(ProbeMode, &From, Name, Room);
}

/*
 * Copies a name into pool, with a terminating null, free it with ObpFreeName. An empty one needs no
 * memory. STATUS_OBJECT_NAME_INVALID (odd length, or no room for the null),
 * STATUS_ACCESS_VIOLATION, STATUS_DATATYPE_MISALIGNMENT, STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS ObpCaptureString(_In_ KPROCESSOR_MODE ProbeMode, _In_ PCUNICODE_STRING Source,
                          _Out_ PUNICODE_STRING Name) {
    return ObpCaptureName(ProbeMode, Source, Name, NULL);
}

/* Copies the text of a user's string whose header the caller has read and checked. */
NTSTATUS ObpCaptureUserBuffer(_In_ PCUNICODE_STRING Header, _Out_ PUNICODE_STRING Text) {
    Text->Length = Text->MaximumLength = 0;
    Text->Buffer = NULL;
    if (Header->Length >= UNICODE_STRING_MAX_BYTES) {
        return STATUS_INVALID_PARAMETER;
    }
    return Header->Length == 0 ? STATUS_SUCCESS : ObpCaptureText(UserMode, Header, Text, NULL);
}

static NTSTATUS ObpReadAttributes(KPROCESSOR_MODE ProbeMode, POBJECT_ATTRIBUTES Source,
                                  POBJECT_ATTRIBUTES Copy) {
    if (ProbeMode == KernelMode) {
        *Copy = *Source;
        return STATUS_SUCCESS;
    }
    __try {
        ProbeForRead(Source, sizeof(*Source), sizeof(ULONG_PTR));
        CopyFromUser(Copy, Source, sizeof(*Copy));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/*
 * Captures OBJECT_ATTRIBUTES. Name gets a buffer from pool, or none; or it goes into Room, where
 * the caller has some and needs the name no longer than that. The security descriptor is not
 * looked at yet (se/access.c). STATUS_INVALID_PARAMETER for a bad Length or unknown attributes, and
 * the statuses of ObpCaptureString.
 */
NTSTATUS ObpCaptureObjectCreateInformation(_In_ KPROCESSOR_MODE ProbeMode,
                                           _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                                           _Out_ POBJECT_CREATE_INFORMATION Information,
                                           _Out_ PUNICODE_STRING Name,
                                           _In_opt_ POBP_NAME_ROOM Room) {
    *Information = (OBJECT_CREATE_INFORMATION){.ProbeMode = ProbeMode};
    Name->Length = Name->MaximumLength = 0;
    Name->Buffer = NULL;
    if (ObjectAttributes == NULL) {
        return STATUS_SUCCESS;
    }
    OBJECT_ATTRIBUTES Copy;
    NTSTATUS Status = ObpReadAttributes(ProbeMode, ObjectAttributes, &Copy);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Copy.Length != sizeof(Copy) || (Copy.Attributes & ~OBJ_VALID_ATTRIBUTES) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    Information->RootDirectory = Copy.RootDirectory;
    Information->Attributes = ObpSanitizeHandleAttributes(Copy.Attributes, ProbeMode);
    if (Copy.ObjectName != NULL) {
        return ObpCaptureName(ProbeMode, Copy.ObjectName, Name, Room);
    }
    /* A directory to start from, and nowhere to go. */
    return Copy.RootDirectory != NULL ? STATUS_OBJECT_NAME_INVALID : STATUS_SUCCESS;
}
