/*
 * envquery.c - the values of variables, and texts that name them
 */

#include "envp.h"

/* RtlQueryEnvironmentVariable_U - see ntrtlenv.h. */
NTSTATUS NTAPI RtlQueryEnvironmentVariable_U(_In_opt_ PVOID Environment, _In_ PCUNICODE_STRING Name,
                                             _Inout_ PUNICODE_STRING Value) {
    SIZE_T Length = 0;
    NTSTATUS Status;

    Status =
        RtlQueryEnvironmentVariable(Environment, Name->Buffer, Name->Length / sizeof(WCHAR),
                                    Value->Buffer, Value->MaximumLength / sizeof(WCHAR), &Length);
    if (Status == STATUS_BUFFER_TOO_SMALL) {
        Length--; /* this form does not count the zero */
    }
    Value->Length = (USHORT)(Length * sizeof(WCHAR));
    return Status;
}

/* RtlQueryEnvironmentVariable - see ntrtlenv.h. */
NTSTATUS NTAPI RtlQueryEnvironmentVariable(_In_opt_ PVOID Environment, _In_ PCWSTR Name,
                                           _In_ SIZE_T NameLength, _Out_ PWSTR Value,
                                           _In_ SIZE_T ValueLength, _Out_ PSIZE_T ReturnLength) {
    RTLP_TEXT Entry, Text;
    NTSTATUS Status = STATUS_SUCCESS;

    if (NameLength == 0) {
        return STATUS_VARIABLE_NOT_FOUND;
    }
    RtlAcquirePebLock();
    if (!RtlpFindVariable(RtlpBlockOf(Environment), RtlpText(Name, NameLength), &Entry, &Text)) {
        *ReturnLength = 0;
        Status = STATUS_VARIABLE_NOT_FOUND;
    } else if (Text.Length > ValueLength) {
        *ReturnLength = Text.Length + 1;
        Status = STATUS_BUFFER_TOO_SMALL;
    } else {
        *ReturnLength = Text.Length;
        RtlCopyMemory(Value, Text.Buffer, Text.Length * sizeof(WCHAR));
        if (Text.Length < ValueLength) {
            Value[Text.Length] = UNICODE_NULL;
        }
    }
    RtlReleasePebLock();
    return Status;
}

/* ---- %NAME% ---- */

/* Where an expanded text goes. Length counts what does not fit, too. */
typedef struct _RTLP_EXPANSION {
    PWSTR Buffer;
    SIZE_T Size;
    SIZE_T Length;
} RTLP_EXPANSION, *PRTLP_EXPANSION;

static VOID RtlpPutExpanded(_Inout_ PRTLP_EXPANSION To, _In_ RTLP_TEXT Text) {
    if (To->Length < To->Size) {
        SIZE_T Room = To->Size - To->Length;

        RtlCopyMemory(To->Buffer + To->Length, Text.Buffer,
                      (Text.Length < Room ? Text.Length : Room) * sizeof(WCHAR));
    }
    To->Length += Text.Length;
}

static SIZE_T RtlpFindPercent(_In_ RTLP_TEXT Text, _In_ SIZE_T From) {
    while (From < Text.Length && Text.Buffer[From] != L'%') {
        From++;
    }
    return From;
}

/* Expands all of Source; the PEB's lock is held. */
static VOID RtlpExpand(_In_ PCWSTR Block, _In_ RTLP_TEXT Source, _Inout_ PRTLP_EXPANSION To) {
    RTLP_TEXT Entry, Value;
    SIZE_T i = 0;

    while (i < Source.Length) {
        SIZE_T First = RtlpFindPercent(Source, i);
        SIZE_T Second = RtlpFindPercent(Source, First + 1);
        RTLP_TEXT Name;

        if (Second >= Source.Length) {
            break;
        }
        Name = RtlpText(Source.Buffer + First + 1, Second - First - 1);
        RtlpPutExpanded(To, RtlpText(Source.Buffer + i, First - i));
        if (Name.Length != 0 && RtlpFindVariable(Block, Name, &Entry, &Value)) {
            RtlpPutExpanded(To, Value);
        } else {
            RtlpPutExpanded(To, RtlpText(Source.Buffer + First, Second - First + 1));
        }
        i = Second + 1;
    }
    RtlpPutExpanded(To, RtlpText(Source.Buffer + i, Source.Length - i));
    RtlpPutExpanded(To, RtlpText(L"", 1));
}

/* RtlExpandEnvironmentStrings - see ntrtlenv.h. */
NTSTATUS NTAPI RtlExpandEnvironmentStrings(_In_opt_ PVOID Environment, _In_ PCWSTR Source,
                                           _In_ SIZE_T SourceLength, _Out_ PWSTR Destination,
                                           _In_ SIZE_T DestinationLength,
                                           _Out_opt_ PSIZE_T ReturnLength) {
    RTLP_EXPANSION To = {Destination, DestinationLength, 0};

    RtlAcquirePebLock();
    RtlpExpand(RtlpBlockOf(Environment), RtlpText(Source, SourceLength), &To);
    RtlReleasePebLock();
    if (ReturnLength != NULL) {
        *ReturnLength = To.Length;
    }
    return To.Length <= To.Size ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}

/* RtlExpandEnvironmentStrings_U - see ntrtlenv.h. */
NTSTATUS NTAPI RtlExpandEnvironmentStrings_U(_In_opt_ PVOID Environment,
                                             _In_ PCUNICODE_STRING Source,
                                             _Inout_ PUNICODE_STRING Destination,
                                             _Out_opt_ PULONG ReturnedLength) {
    SIZE_T Length;
    NTSTATUS Status = RtlExpandEnvironmentStrings(
        Environment, Source->Buffer, Source->Length / sizeof(WCHAR), Destination->Buffer,
        Destination->MaximumLength / sizeof(WCHAR), &Length);

    if (ReturnedLength != NULL) {
        *ReturnedLength = (ULONG)(Length * sizeof(WCHAR));
    }
    if (NT_SUCCESS(Status)) {
        Destination->Length = (USHORT)((Length - 1) * sizeof(WCHAR));
    }
    return Status;
}
