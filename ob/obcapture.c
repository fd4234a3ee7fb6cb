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

static PVOID ObpAllocateName(ULONG Length) {
    return ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED, Length + sizeof(WCHAR),
                           OBP_TAG_NAME);
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

/*
 * Copies a name into pool, with a terminating null, free it with ObpFreeName. An empty one needs no
 * memory. STATUS_OBJECT_NAME_INVALID (odd length, or no room for the null),
 * STATUS_ACCESS_VIOLATION, STATUS_DATATYPE_MISALIGNMENT, STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS ObpCaptureString(_In_ KPROCESSOR_MODE ProbeMode, _In_ PCUNICODE_STRING Source,
                          _Out_ PUNICODE_STRING Name) {
    NTSTATUS Status = STATUS_SUCCESS;
    Name->Length = Name->MaximumLength = 0;
    Name->Buffer = NULL;
    __try {
        UNICODE_STRING From = ObpReadStringHeader(ProbeMode, Source);
        if (From.Length == 0) {
            return STATUS_SUCCESS;
        }
        if (From.Length % sizeof(WCHAR) != 0 || From.Length >= UNICODE_STRING_MAX_BYTES) {
            return STATUS_OBJECT_NAME_INVALID;
        }
        if (ProbeMode != KernelMode) {
            ProbeForRead(From.Buffer, From.Length, sizeof(WCHAR));
        }
        Name->Buffer = ObpAllocateName(From.Length);
        if (Name->Buffer == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        Name->Length = From.Length;
        Name->MaximumLength = From.Length + sizeof(WCHAR);
        if (ProbeMode != KernelMode) {
            CopyFromUser(Name->Buffer, From.Buffer, From.Length);
        } else {
            memcpy(Name->Buffer, From.Buffer, From.Length);
        }
        Name->Buffer[From.Length / sizeof(WCHAR)] = UNICODE_NULL;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    if (!NT_SUCCESS(Status)) {
        ObpFreeName(Name);
    }
    return Status;
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
 * Captures OBJECT_ATTRIBUTES. Name gets a buffer from pool, or none. The security descriptor is not
 * looked at yet (se/access.c). STATUS_INVALID_PARAMETER for a bad Length or unknown attributes, and
 * the statuses of ObpCaptureString.
 */
NTSTATUS ObpCaptureObjectCreateInformation(_In_ KPROCESSOR_MODE ProbeMode,
                                           _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                                           _Out_ POBJECT_CREATE_INFORMATION Information,
                                           _Out_ PUNICODE_STRING Name) {
    *Information = ObpDefaultCreateInformation;
    Information->ProbeMode = ProbeMode;
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
        return ObpCaptureString(ProbeMode, Copy.ObjectName, Name);
    }
    /* A directory to start from, and nowhere to go. */
    return Copy.RootDirectory != NULL ? STATUS_OBJECT_NAME_INVALID : STATUS_SUCCESS;
}
