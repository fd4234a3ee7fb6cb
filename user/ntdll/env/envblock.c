/*
 * envblock.c - reading environment blocks, and making and replacing them
 */

#include "envp.h"

static SIZE_T RtlpEntryLength(_In_ PCWSTR Entry) {
    SIZE_T Length = 0;

    while (Entry[Length] != UNICODE_NULL) {
        Length++;
    }
    return Length;
}

/* With its last zero. */
SIZE_T RtlpBlockLength(_In_ PCWSTR Block) {
    PCWSTR End = Block;

    while (*End != UNICODE_NULL) {
        End += RtlpEntryLength(End) + 1;
    }
    return (SIZE_T)(End - Block) + 1;
}

/* Never NULL. */
PCWSTR RtlpBlockOf(_In_opt_ PVOID Environment) {
    PVOID Block =
        Environment != NULL ? Environment : NtCurrentPeb()->ProcessParameters->Environment;

    return Block != NULL ? Block : L"";
}

/* Where NAME ends in NAME=VALUE; the entry's length if it has no sign. */
static SIZE_T RtlpNameLength(_In_ PCWSTR Entry, _In_ SIZE_T Length) {
    SIZE_T Sign = 1;

    while (Sign < Length && Entry[Sign] != L'=') {
        Sign++;
    }
    return Sign < Length ? Sign : Length;
}

/*
 * Looks for a variable. Entry: its whole text; if it is not there, an empty text where it would be
 * inserted. Value: its value.
 */
BOOLEAN RtlpFindVariable(_In_ PCWSTR Block, _In_ RTLP_TEXT Name, _Out_ PRTLP_TEXT Entry,
                         _Out_ PRTLP_TEXT Value) {
    PCWSTR Place = NULL;

    while (*Block != UNICODE_NULL) {
        SIZE_T Length = RtlpEntryLength(Block);
        SIZE_T NameLength = RtlpNameLength(Block, Length);
        LONG Order = RtlCompareUnicodeStrings(Block, NameLength, Name.Buffer, Name.Length, TRUE);

        if (Order == 0 && NameLength < Length) {
            *Entry = RtlpText(Block, Length);
            *Value = RtlpText(Block + NameLength + 1, Length - NameLength - 1);
            return TRUE;
        }
        /* The whole block is searched: a program may have made one that is not sorted. */
        if (Order > 0 && Place == NULL) {
            Place = Block;
        }
        Block += Length + 1;
    }
    *Entry = RtlpText(Place != NULL ? Place : Block, 0);
    *Value = RtlpText(NULL, 0);
    return FALSE;
}

/* ---- Making blocks ---- */

/* Block, which may be the process's own, as a new one. */
static NTSTATUS RtlpCopyBlock(_In_ PCWSTR Block, _Out_ PVOID *Environment) {
    SIZE_T Length = RtlpBlockLength(Block);
    PWSTR Copy = RtlAllocateHeap(LdrpHeap(), 0, (Length + 1) * sizeof(WCHAR));

    *Environment = Copy;
    if (Copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    RtlCopyMemory(Copy, Block, Length * sizeof(WCHAR));
    Copy[Length] = UNICODE_NULL; /* an empty block has two zeros as well */
    return STATUS_SUCCESS;
}

/* RtlCreateEnvironment - see ntrtlenv.h. */
NTSTATUS NTAPI RtlCreateEnvironment(_In_ BOOLEAN CloneCurrentEnvironment,
                                    _Out_ PVOID *Environment) {
    return RtlCreateEnvironmentEx(NULL, Environment,
                                  CloneCurrentEnvironment ? 0 : RTL_CREATE_ENVIRONMENT_EMPTY);
}

static ULONG RtlpNarrowBlockLength(_In_ PCSTR Block) {
    ULONG Length = 0;

    while (Block[Length] != 0) {
        Length += (ULONG)strlen(Block + Length) + 1;
    }
    return Length + 1;
}

static NTSTATUS RtlpTranslateBlock(_In_ PCSTR Block, _In_ BOOLEAN FromOem,
                                   _Out_ PVOID *Environment) {
    ULONG Length = RtlpNarrowBlockLength(Block);
    ULONG Size = (Length + 1) * sizeof(WCHAR); /* a byte never becomes more than one character */
    PWSTR Copy = RtlAllocateHeap(LdrpHeap(), HEAP_ZERO_MEMORY, Size);
    NTSTATUS Status;

    *Environment = NULL;
    if (Copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    Status = FromOem ? RtlOemToUnicodeN(Copy, Size, NULL, Block, Length)
                     : RtlMultiByteToUnicodeN(Copy, Size, NULL, Block, Length);
    if (!NT_SUCCESS(Status)) {
        RtlFreeHeap(LdrpHeap(), 0, Copy);
        return Status;
    }
    *Environment = Copy;
    return STATUS_SUCCESS;
}

/* RtlCreateEnvironmentEx - see ntrtlenv.h. */
NTSTATUS NTAPI RtlCreateEnvironmentEx(_In_opt_ PVOID SourceEnvironment, _Out_ PVOID *Environment,
                                      _In_ ULONG Flags) {
    const ULONG Translate = RTL_CREATE_ENVIRONMENT_TRANSLATE;
    const ULONG FromOem = RTL_CREATE_ENVIRONMENT_TRANSLATE_FROM_OEM;
    NTSTATUS Status;

    *Environment = NULL;
    if ((Flags & ~(Translate | FromOem | RTL_CREATE_ENVIRONMENT_EMPTY)) != 0 ||
        ((Flags & FromOem) != 0 && (Flags & Translate) == 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    if ((Flags & RTL_CREATE_ENVIRONMENT_EMPTY) != 0) {
        return RtlpCopyBlock(L"", Environment);
    }
    if ((Flags & Translate) != 0 && SourceEnvironment != NULL) {
        return RtlpTranslateBlock(SourceEnvironment, (Flags & FromOem) != 0, Environment);
    }
    RtlAcquirePebLock();
    Status = RtlpCopyBlock(RtlpBlockOf(SourceEnvironment), Environment);
    RtlReleasePebLock();
    return Status;
}

/* The first block of a process is a part of its parameters, and not of the heap. */
static VOID RtlpFreeBlock(_In_opt_ PVOID Block) {
    PRTL_USER_PROCESS_PARAMETERS Parameters = NtCurrentPeb()->ProcessParameters;

    if (Block == NULL || (ULONG_PTR)Block - (ULONG_PTR)Parameters < Parameters->MaximumLength) {
        return;
    }
    RtlFreeHeap(LdrpHeap(), 0, Block);
}

/* RtlDestroyEnvironment - see ntrtlenv.h. */
NTSTATUS NTAPI RtlDestroyEnvironment(_In_opt_ PVOID Environment) {
    RtlpFreeBlock(Environment);
    return STATUS_SUCCESS;
}

/* RtlSetCurrentEnvironment - see ntrtlenv.h. */
NTSTATUS NTAPI RtlSetCurrentEnvironment(_In_ PVOID Environment,
                                        _Out_opt_ PVOID *PreviousEnvironment) {
    PRTL_USER_PROCESS_PARAMETERS Parameters = NtCurrentPeb()->ProcessParameters;
    PVOID Previous;

    RtlAcquirePebLock();
    Previous = Parameters->Environment;
    Parameters->Environment = Environment;
    Parameters->EnvironmentSize = RtlpBlockLength(RtlpBlockOf(NULL)) * sizeof(WCHAR);
    RtlReleasePebLock();
    if (PreviousEnvironment != NULL) {
        *PreviousEnvironment = Previous;
    } else {
        RtlpFreeBlock(Previous);
    }
    return STATUS_SUCCESS;
}

/* ---- Changing blocks ---- */

static PWSTR RtlpAppend(_Out_ PWSTR To, _In_ PCWSTR From, _In_ SIZE_T Length) {
    RtlCopyMemory(To, From, Length * sizeof(WCHAR));
    return To + Length;
}

/* A copy of Block that has NAME=VALUE, or with no value nothing, in the place of Entry. */
static PWSTR RtlpCopyBlockWith(_In_ PCWSTR Block, _In_ RTLP_TEXT Entry, _In_ RTLP_TEXT Name,
                               _In_ RTLP_TEXT Value) {
    SIZE_T Length = RtlpBlockLength(Block);
    SIZE_T Before = (SIZE_T)(Entry.Buffer - Block);
    SIZE_T Old = Entry.Length != 0 ? Entry.Length + 1 : 0;
    SIZE_T New = Value.Buffer != NULL ? Name.Length + Value.Length + 2 : 0;
    PWSTR Copy = RtlAllocateHeap(LdrpHeap(), 0, (Length - Old + New + 1) * sizeof(WCHAR));
    PWSTR To = Copy;

    if (Copy == NULL) {
        return NULL;
    }
    To = RtlpAppend(To, Block, Before);
    if (Value.Buffer != NULL) {
        To = RtlpAppend(To, Name.Buffer, Name.Length);
        *To++ = L'=';
        To = RtlpAppend(To, Value.Buffer, Value.Length);
        *To++ = UNICODE_NULL;
    }
    To = RtlpAppend(To, Entry.Buffer + Old, Length - Before - Old);
    *To = UNICODE_NULL; /* an empty block has two zeros as well */
    return Copy;
}

/* A name or value that would break the block apart, or that no UNICODE_STRING can hold. */
static BOOLEAN RtlpIsUsableText(_In_ RTLP_TEXT Text, _In_ BOOLEAN IsName) {
    if (Text.Length >= UNICODE_STRING_MAX_BYTES / sizeof(WCHAR)) {
        return FALSE;
    }
    for (SIZE_T i = 0; i < Text.Length; i++) {
        if (Text.Buffer[i] == UNICODE_NULL || (IsName && i > 0 && Text.Buffer[i] == L'=')) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Puts a changed copy in the place of a block and frees that; the PEB's lock is held. */
static NTSTATUS RtlpChangeBlock(_Inout_ PVOID *Environment, _In_ RTLP_TEXT Name,
                                _In_ RTLP_TEXT Value) {
    PCWSTR Block = *Environment != NULL ? *Environment : L"";
    RTLP_TEXT Entry, OldValue;
    PWSTR New;

    if (!RtlpFindVariable(Block, Name, &Entry, &OldValue) && Value.Buffer == NULL) {
        return STATUS_SUCCESS;
    }
    New = RtlpCopyBlockWith(Block, Entry, Name, Value);
    if (New == NULL) {
        return STATUS_NO_MEMORY;
    }
    RtlpFreeBlock(*Environment);
    *Environment = New;
    return STATUS_SUCCESS;
}

/* RtlSetEnvironmentVar - see ntrtlenv.h. */
NTSTATUS NTAPI RtlSetEnvironmentVar(_Inout_opt_ PVOID *Environment, _In_ PCWSTR Name,
                                    _In_ SIZE_T NameLength, _In_opt_ PCWSTR Value,
                                    _In_ SIZE_T ValueLength) {
    PRTL_USER_PROCESS_PARAMETERS Parameters = NtCurrentPeb()->ProcessParameters;
    RTLP_TEXT NameText = RtlpText(Name, NameLength);
    RTLP_TEXT ValueText = RtlpText(Value, Value != NULL ? ValueLength : 0);
    NTSTATUS Status;

    if (NameLength == 0) {
        return STATUS_INVALID_PARAMETER_1;
    }
    if (!RtlpIsUsableText(NameText, TRUE) || !RtlpIsUsableText(ValueText, FALSE)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlAcquirePebLock();
    if (Environment != NULL) {
        Status = RtlpChangeBlock(Environment, NameText, ValueText);
    } else {
        Status = RtlpChangeBlock(&Parameters->Environment, NameText, ValueText);
        Parameters->EnvironmentSize = RtlpBlockLength(RtlpBlockOf(NULL)) * sizeof(WCHAR);
    }
    RtlReleasePebLock();
    return Status;
}

/* RtlSetEnvironmentVariable - see ntrtlenv.h. */
NTSTATUS NTAPI RtlSetEnvironmentVariable(_Inout_opt_ PVOID *Environment, _In_ PCUNICODE_STRING Name,
                                         _In_opt_ PCUNICODE_STRING Value) {
    PCWSTR Text = NULL;
    SIZE_T Length = 0;

    if (Value != NULL) {
        Text = Value->Buffer != NULL ? Value->Buffer : L"";
        Length = Value->Length / sizeof(WCHAR);
    }
    return RtlSetEnvironmentVar(Environment, Name->Buffer, Name->Length / sizeof(WCHAR), Text,
                                Length);
}
