/*
 * stringalloc.c - strings in memory of their own
 *
 * The memory comes from RtlAllocateStringRoutine and goes back by RtlFreeStringRoutine: paged pool
 * in the kernel (so IRQL <= APC_LEVEL), the process heap in ntdll.
 */
#include "ntdef.h"
#include "ntrtl.h"

/* Gives String Room bytes and no text. */
static NTSTATUS RtlpAllocate(PUNICODE_STRING String, SIZE_T Room) {
    PWSTR Buffer = RtlAllocateStringRoutine(Room);

    if (Buffer == NULL) {
        return STATUS_NO_MEMORY;
    }
    String->Buffer = Buffer;
    String->Length = 0;
    String->MaximumLength = (USHORT)Room;
    return STATUS_SUCCESS;
}

/*
 * RtlCreateUnicodeString - a copy of a terminated string, terminated. FALSE if there is no memory
 * or the text is longer than a UNICODE_STRING can be. Source: phnt.
 */
BOOLEAN NTAPI RtlCreateUnicodeString(_Out_ PUNICODE_STRING DestinationString,
                                     _In_ PCWSTR SourceString) {
    UNICODE_STRING Source;

    if (!NT_SUCCESS(RtlInitUnicodeStringEx(&Source, SourceString)) ||
        !NT_SUCCESS(RtlpAllocate(DestinationString, Source.Length + sizeof(WCHAR)))) {
        return FALSE;
    }
    RtlCopyUnicodeString(DestinationString, &Source);
    return TRUE;
}

/* RtlCreateUnicodeStringFromAsciiz - the same from text in the ANSI code page. Source: phnt. */
BOOLEAN NTAPI RtlCreateUnicodeStringFromAsciiz(_Out_ PUNICODE_STRING DestinationString,
                                               _In_ PCSZ SourceString) {
    ANSI_STRING Source;

    RtlInitAnsiString(&Source, SourceString);
    return NT_SUCCESS(RtlAnsiStringToUnicodeString(DestinationString, &Source, TRUE));
}

/*
 * RtlDuplicateUnicodeString - copies a counted string into memory of its own.
 *
 * Flags: NULL_TERMINATE adds a terminator; ALLOCATE_NULL_STRING, only with it, gives even an empty
 * string a buffer. STATUS_INVALID_PARAMETER: a bad string or bad flags; STATUS_NAME_TOO_LONG: no
 * room for the terminator; STATUS_NO_MEMORY. Source: phnt.
 */
NTSTATUS NTAPI RtlDuplicateUnicodeString(_In_ ULONG Flags, _In_ PCUNICODE_STRING StringIn,
                                         _Out_ PUNICODE_STRING StringOut) {
    BOOLEAN Terminate = (Flags & RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE) != 0;
    BOOLEAN AllocateNull = (Flags & RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING) != 0;
    NTSTATUS Status;

    if ((Flags & ~3u) != 0 || (AllocateNull && !Terminate) || StringIn == NULL ||
        StringOut == NULL || !NT_SUCCESS(RtlValidateUnicodeString(0, StringIn))) {
        return STATUS_INVALID_PARAMETER;
    }
    if (StringIn->Length == 0 && !AllocateNull) {
        StringOut->Length = 0;
        StringOut->MaximumLength = 0;
        StringOut->Buffer = NULL;
        return STATUS_SUCCESS;
    }
    if (Terminate && StringIn->Length == UNICODE_STRING_MAX_BYTES) {
        return STATUS_NAME_TOO_LONG;
    }
    Status = RtlpAllocate(StringOut, StringIn->Length + (Terminate ? sizeof(WCHAR) : 0));
    if (NT_SUCCESS(Status)) {
        RtlCopyUnicodeString(StringOut, StringIn);
    }
    return Status;
}

/* Maps every unit of Source by Map into Destination, which is allocated or large enough. */
static NTSTATUS RtlpMapString(PUNICODE_STRING Destination, PCUNICODE_STRING Source,
                              BOOLEAN Allocate, WCHAR(NTAPI *Map)(WCHAR)) {
    if (Allocate) {
        NTSTATUS Status = RtlpAllocate(Destination, Source->Length);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    } else if (Source->Length > Destination->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (ULONG Index = 0; Index < Source->Length / sizeof(WCHAR); Index++) {
        Destination->Buffer[Index] = Map(Source->Buffer[Index]);
    }
    Destination->Length = Source->Length;
    return STATUS_SUCCESS;
}

/*
 * RtlUpcaseUnicodeString - the upper case of a string; the two may be the same string. No
 * terminator is added. STATUS_BUFFER_OVERFLOW: the destination is too small; STATUS_NO_MEMORY.
 * Source: WDK.
 */
NTSTATUS NTAPI RtlUpcaseUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                      _In_ PCUNICODE_STRING SourceString,
                                      _In_ BOOLEAN AllocateDestinationString) {
    return RtlpMapString(DestinationString, SourceString, AllocateDestinationString,
                         RtlUpcaseUnicodeChar);
}

/* RtlDowncaseUnicodeString - the same for lower case. Source: WDK. */
NTSTATUS NTAPI RtlDowncaseUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                        _In_ PCUNICODE_STRING SourceString,
                                        _In_ BOOLEAN AllocateDestinationString) {
    return RtlpMapString(DestinationString, SourceString, AllocateDestinationString,
                         RtlDowncaseUnicodeChar);
}

/* RtlFreeUnicodeString - gives the buffer back, if there is one, and clears the string. */
VOID NTAPI RtlFreeUnicodeString(_Inout_ PUNICODE_STRING UnicodeString) {
    if (UnicodeString->Buffer != NULL) {
        RtlFreeStringRoutine(UnicodeString->Buffer);
        UnicodeString->Buffer = NULL;
        UnicodeString->Length = 0;
        UnicodeString->MaximumLength = 0;
    }
}

/* RtlFreeAnsiString - the same for a string of bytes. */
VOID NTAPI RtlFreeAnsiString(_Inout_ PANSI_STRING AnsiString) {
    if (AnsiString->Buffer != NULL) {
        RtlFreeStringRoutine(AnsiString->Buffer);
        AnsiString->Buffer = NULL;
        AnsiString->Length = 0;
        AnsiString->MaximumLength = 0;
    }
}

VOID NTAPI RtlFreeOemString(_Inout_ POEM_STRING OemString) {
    RtlFreeAnsiString(OemString);
}

VOID NTAPI RtlFreeUTF8String(_Inout_ PUTF8_STRING Utf8String) {
    RtlFreeAnsiString(Utf8String);
}
