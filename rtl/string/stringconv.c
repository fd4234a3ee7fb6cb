/*
 * stringconv.c - counted strings between Unicode and ANSI, OEM, UTF-8
 *
 * All have one shape. The result is terminated, so it needs the size of the text and of a
 * terminator; STATUS_INVALID_PARAMETER_2 if that is more than a string can have. With
 * AllocateDestinationString the memory is made (STATUS_NO_MEMORY; give it back with
 * RtlFreeUnicodeString and the like; IRQL <= APC_LEVEL in the kernel). Otherwise, if the
 * destination is too small, STATUS_BUFFER_OVERFLOW: text made Unicode is then not written at all,
 * text made bytes is cut off to fit, as in Windows.
 *
 * Source: WDK pages of the same names.
 */
#include "ntdef.h"
#include "ntrtl.h"

typedef NTSTATUS(NTAPI *PRTLP_WIDEN)(PWSTR, ULONG, PULONG, PCSTR, ULONG);
typedef NTSTATUS(NTAPI *PRTLP_NARROW)(PCHAR, ULONG, PULONG, PCWCH, ULONG);

/* ---- Sizes, terminator included ---- */

ULONG NTAPI RtlxAnsiStringToUnicodeSize(_In_ PCANSI_STRING AnsiString) {
    return (AnsiString->Length + 1u) * (ULONG)sizeof(WCHAR);
}

ULONG NTAPI RtlxOemStringToUnicodeSize(_In_ PCOEM_STRING OemString) {
    return RtlxAnsiStringToUnicodeSize(OemString);
}

ULONG NTAPI RtlxUnicodeStringToAnsiSize(_In_ PCUNICODE_STRING UnicodeString) {
    return UnicodeString->Length / (ULONG)sizeof(WCHAR) + 1;
}

ULONG NTAPI RtlxUnicodeStringToOemSize(_In_ PCUNICODE_STRING UnicodeString) {
    return RtlxUnicodeStringToAnsiSize(UnicodeString);
}

/* Memory of Total bytes for a result that the caller did not make room for. STRING and
   UNICODE_STRING are alike but for the type of Buffer. */
static NTSTATUS RtlpAllocateResult(PVOID *Buffer, PUSHORT MaximumLength, ULONG Total) {
    *Buffer = RtlAllocateStringRoutine(Total);
    if (*Buffer == NULL) {
        return STATUS_NO_MEMORY;
    }
    *MaximumLength = (USHORT)Total;
    return STATUS_SUCCESS;
}

/* ---- To Unicode ---- */

static NTSTATUS RtlpStringToUnicode(PUNICODE_STRING To, const STRING *From, BOOLEAN Allocate,
                                    ULONG Total, PRTLP_WIDEN Widen) {
    NTSTATUS Status = STATUS_SUCCESS;

    if (Total > UNICODE_STRING_MAX_BYTES) {
        return STATUS_INVALID_PARAMETER_2;
    }
    To->Length = (USHORT)(Total - sizeof(WCHAR)); /* even if it is too long, as in Windows */
    if (Allocate) {
        Status = RtlpAllocateResult((PVOID *)&To->Buffer, &To->MaximumLength, Total);
    } else if (Total > To->MaximumLength) {
        Status = STATUS_BUFFER_OVERFLOW;
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = From->Length == 0 ? STATUS_SUCCESS
                               : Widen(To->Buffer, To->Length, NULL, From->Buffer, From->Length);
    To->Buffer[To->Length / sizeof(WCHAR)] = UNICODE_NULL;
    return Status;
}

NTSTATUS NTAPI RtlAnsiStringToUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                            _In_ PCANSI_STRING SourceString,
                                            _In_ BOOLEAN AllocateDestinationString) {
    return RtlpStringToUnicode(DestinationString, SourceString, AllocateDestinationString,
                               RtlxAnsiStringToUnicodeSize(SourceString), RtlMultiByteToUnicodeN);
}

NTSTATUS NTAPI RtlOemStringToUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                           _In_ PCOEM_STRING SourceString,
                                           _In_ BOOLEAN AllocateDestinationString) {
    return RtlpStringToUnicode(DestinationString, SourceString, AllocateDestinationString,
                               RtlxOemStringToUnicodeSize(SourceString), RtlOemToUnicodeN);
}

NTSTATUS NTAPI RtlUTF8StringToUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                            _In_ const UTF8_STRING *SourceString,
                                            _In_ BOOLEAN AllocateDestinationString) {
    ULONG Length = 0;

    if (SourceString->Length != 0) {
        RtlUTF8ToUnicodeN(NULL, 0, &Length, SourceString->Buffer, SourceString->Length);
    }
    return RtlpStringToUnicode(DestinationString, SourceString, AllocateDestinationString,
                               Length + (ULONG)sizeof(WCHAR), RtlUTF8ToUnicodeN);
}

/* ---- From Unicode ---- */

static NTSTATUS RtlpStringFromUnicode(PSTRING To, PCUNICODE_STRING From, BOOLEAN Allocate,
                                      ULONG Total, PRTLP_NARROW Narrow) {
    NTSTATUS Status = STATUS_SUCCESS;
    NTSTATUS Converted;
    ULONG Length = 0;

    if (Total > MAXUSHORT) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (Allocate) {
        Status = RtlpAllocateResult((PVOID *)&To->Buffer, &To->MaximumLength, Total);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    } else if (Total > To->MaximumLength) {
        Status = STATUS_BUFFER_OVERFLOW;
        if (To->MaximumLength == 0) {
            To->Length = (USHORT)(Total - 1);
            return Status;
        }
        Total = To->MaximumLength;
    }
    Converted = Narrow(To->Buffer, Total - 1, &Length, From->Buffer, From->Length);
    To->Length = (USHORT)Length;
    To->Buffer[Length] = '\0';
    return Status == STATUS_SUCCESS ? Converted : Status;
}

NTSTATUS NTAPI RtlUnicodeStringToAnsiString(_Inout_ PANSI_STRING DestinationString,
                                            _In_ PCUNICODE_STRING SourceString,
                                            _In_ BOOLEAN AllocateDestinationString) {
    return RtlpStringFromUnicode(DestinationString, SourceString, AllocateDestinationString,
                                 RtlxUnicodeStringToAnsiSize(SourceString), RtlUnicodeToMultiByteN);
}

NTSTATUS NTAPI RtlUpcaseUnicodeStringToAnsiString(_Inout_ PANSI_STRING DestinationString,
                                                  _In_ PCUNICODE_STRING SourceString,
                                                  _In_ BOOLEAN AllocateDestinationString) {
    return RtlpStringFromUnicode(DestinationString, SourceString, AllocateDestinationString,
                                 RtlxUnicodeStringToAnsiSize(SourceString),
                                 RtlUpcaseUnicodeToMultiByteN);
}

NTSTATUS NTAPI RtlUnicodeStringToOemString(_Inout_ POEM_STRING DestinationString,
                                           _In_ PCUNICODE_STRING SourceString,
                                           _In_ BOOLEAN AllocateDestinationString) {
    return RtlpStringFromUnicode(DestinationString, SourceString, AllocateDestinationString,
                                 RtlxUnicodeStringToOemSize(SourceString), RtlUnicodeToOemN);
}

NTSTATUS NTAPI RtlUpcaseUnicodeStringToOemString(_Inout_ POEM_STRING DestinationString,
                                                 _In_ PCUNICODE_STRING SourceString,
                                                 _In_ BOOLEAN AllocateDestinationString) {
    return RtlpStringFromUnicode(DestinationString, SourceString, AllocateDestinationString,
                                 RtlxUnicodeStringToOemSize(SourceString), RtlUpcaseUnicodeToOemN);
}

NTSTATUS NTAPI RtlUnicodeStringToUTF8String(_Inout_ PUTF8_STRING DestinationString,
                                            _In_ PCUNICODE_STRING SourceString,
                                            _In_ BOOLEAN AllocateDestinationString) {
    static const WCHAR Nothing[1];
    UNICODE_STRING Source = *SourceString;
    ULONG Length = 0;

    if (Source.Length == 0) {
        Source.Buffer = (PWSTR)Nothing;
    }
    RtlUnicodeToUTF8N(NULL, 0, &Length, Source.Buffer, Source.Length);
    return RtlpStringFromUnicode(DestinationString, &Source, AllocateDestinationString, Length + 1,
                                 RtlUnicodeToUTF8N);
}
