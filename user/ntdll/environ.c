/*
 * environ.c - environment variables
 *
 * An environment is one block of text: NAME=VALUE, a zero, the next, and one more zero at the end.
 * A name may begin with '=', so the sign that ends it is looked for from the second character on.
 * Names do not differ by case. A change makes a new block; the PEB's lock guards the process's own.
 */

#include "ntdllp.h"

static SIZE_T RtlpEntryLength(_In_ PCWSTR Entry) {
    SIZE_T Length = 0;

    while (Entry[Length] != 0) {
        Length++;
    }
    return Length;
}

/* Splits NAME=VALUE; FALSE if the entry has no value. */
static BOOLEAN RtlpSplitEntry(_In_ PWSTR Entry, _Out_ PUNICODE_STRING Name,
                              _Out_ PUNICODE_STRING Value) {
    SIZE_T Length = RtlpEntryLength(Entry);
    SIZE_T Sign = 1;

    while (Sign < Length && Entry[Sign] != L'=') {
        Sign++;
    }
    if (Sign >= Length) {
        return FALSE;
    }
    Name->Buffer = Entry;
    Name->Length = Name->MaximumLength = (USHORT)(Sign * sizeof(WCHAR));
    Value->Buffer = Entry + Sign + 1;
    Value->Length = Value->MaximumLength = (USHORT)((Length - Sign - 1) * sizeof(WCHAR));
    return TRUE;
}

/* The entry of that name, or the block's final zero; its value if there is one. */
static PWSTR RtlpFindVariable(_In_ PWSTR Block, _In_ PCUNICODE_STRING Name, _Out_ PBOOLEAN Found,
                              _Out_ PUNICODE_STRING Value) {
    UNICODE_STRING EntryName;

    for (*Found = FALSE; *Block != 0; Block += RtlpEntryLength(Block) + 1) {
        if (RtlpSplitEntry(Block, &EntryName, Value) &&
            RtlEqualUnicodeString(&EntryName, Name, TRUE)) {
            *Found = TRUE;
            break;
        }
    }
    return Block;
}

/*
 * RtlQueryEnvironmentVariable_U - a variable's value.
 *
 * Environment: a block, or NULL for the process's. Value: its buffer is filled, Length set; a zero
 * is added if there is room. STATUS_VARIABLE_NOT_FOUND; STATUS_BUFFER_TOO_SMALL, with the length in
 * Value.
 */
NTSTATUS NTAPI RtlQueryEnvironmentVariable_U(_In_opt_ PVOID Environment, _In_ PCUNICODE_STRING Name,
                                             _Inout_ PUNICODE_STRING Value) {
    PWSTR Block;
    UNICODE_STRING Text;
    BOOLEAN Found = FALSE;
    NTSTATUS Status = STATUS_VARIABLE_NOT_FOUND;

    RtlAcquirePebLock();
    Block = Environment != NULL ? Environment : NtCurrentPeb()->ProcessParameters->Environment;
    if (Block != NULL) {
        RtlpFindVariable(Block, Name, &Found, &Text);
    }
    if (Found) {
        Value->Length = Text.Length;
        Status = STATUS_BUFFER_TOO_SMALL;
        if (Text.Length <= Value->MaximumLength) {
            RtlCopyMemory(Value->Buffer, Text.Buffer, Text.Length);
            Status = STATUS_SUCCESS;
        }
        if ((ULONG)Text.Length + sizeof(WCHAR) <= Value->MaximumLength) {
            Value->Buffer[Text.Length / sizeof(WCHAR)] = UNICODE_NULL;
        }
    }
    RtlReleasePebLock();
    return Status;
}

static SIZE_T RtlpBlockLength(_In_ PWSTR Block) {
    PWSTR End = Block;

    while (*End != 0) {
        End += RtlpEntryLength(End) + 1;
    }
    return (SIZE_T)(End - Block) + 1;
}

/* A copy of Block in which Entry (or nothing, at the end) is replaced by NAME=VALUE, or left out.
 */
static PWSTR RtlpCopyBlockWith(_In_ PWSTR Block, _In_ PWSTR Entry, _In_ BOOLEAN Found,
                               _In_ PCUNICODE_STRING Name, _In_opt_ PCUNICODE_STRING Value) {
    SIZE_T Length = RtlpBlockLength(Block);
    SIZE_T Before = (SIZE_T)(Entry - Block);
    SIZE_T Old = Found ? RtlpEntryLength(Entry) + 1 : 0;
    SIZE_T New = Value != NULL ? ((SIZE_T)Name->Length + Value->Length) / sizeof(WCHAR) + 2 : 0;
    PWSTR Copy = RtlAllocateHeap(LdrpHeap(), 0, (Length - Old + New) * sizeof(WCHAR));
    PWSTR To = Copy;

    if (Copy == NULL) {
        return NULL;
    }
    RtlCopyMemory(To, Block, Before * sizeof(WCHAR));
    To += Before;
    if (Value != NULL) {
        RtlCopyMemory(To, Name->Buffer, Name->Length);
        To += Name->Length / sizeof(WCHAR);
        *To++ = L'=';
        RtlCopyMemory(To, Value->Buffer, Value->Length);
        To += Value->Length / sizeof(WCHAR);
        *To++ = UNICODE_NULL;
    }
    RtlCopyMemory(To, Entry + Old, (Length - Before - Old) * sizeof(WCHAR));
    return Copy;
}

/*
 * RtlSetEnvironmentVariable - sets a variable, or with Value NULL removes it.
 *
 * Environment: *Environment is a block of RtlCreateEnvironment and is replaced; NULL means the
 * process's. STATUS_INVALID_PARAMETER (no name, or '=' inside it), STATUS_VARIABLE_NOT_FOUND
 * (nothing to remove), STATUS_NO_MEMORY.
 */
NTSTATUS NTAPI RtlSetEnvironmentVariable(_Inout_opt_ PVOID *Environment, _In_ PCUNICODE_STRING Name,
                                         _In_opt_ PCUNICODE_STRING Value) {
    static PWSTR
        OwnBlock; /* the process's block, once it is one of ours; the first is the kernel's */
    static WCHAR Empty[1];
    PRTL_USER_PROCESS_PARAMETERS Parameters = NtCurrentPeb()->ProcessParameters;
    PWSTR Block, Entry, New;
    UNICODE_STRING Text;
    BOOLEAN Found;
    ULONG Index;

    for (Index = 1; Index < Name->Length / sizeof(WCHAR); Index++) {
        if (Name->Buffer[Index] == L'=') {
            return STATUS_INVALID_PARAMETER;
        }
    }
    if (Name->Length == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlAcquirePebLock();
    Block = Environment != NULL ? *Environment : Parameters->Environment;
    Block = Block != NULL ? Block : Empty;
    Entry = RtlpFindVariable(Block, Name, &Found, &Text);
    New = Found || Value != NULL ? RtlpCopyBlockWith(Block, Entry, Found, Name, Value) : NULL;
    if (New != NULL && Environment != NULL) {
        *Environment = New;
    } else if (New != NULL) {
        Parameters->Environment = New;
        Parameters->EnvironmentSize = RtlpBlockLength(New) * sizeof(WCHAR);
        Block = OwnBlock;
        OwnBlock = New;
    }
    RtlReleasePebLock();
    if (New == NULL) {
        return Found || Value != NULL ? STATUS_NO_MEMORY : STATUS_VARIABLE_NOT_FOUND;
    }
    if (Block != Empty) {
        RtlFreeHeap(LdrpHeap(), 0, Block);
    }
    return STATUS_SUCCESS;
}

/* RtlCreateEnvironment - an empty block, or a copy of the process's. */
NTSTATUS NTAPI RtlCreateEnvironment(_In_ BOOLEAN CloneCurrent, _Out_ PVOID *Environment) {
    static WCHAR Empty[2];
    PWSTR Block = Empty;
    SIZE_T Size;

    RtlAcquirePebLock();
    if (CloneCurrent && NtCurrentPeb()->ProcessParameters->Environment != NULL) {
        Block = NtCurrentPeb()->ProcessParameters->Environment;
    }
    Size = RtlpBlockLength(Block) * sizeof(WCHAR);
    *Environment = RtlAllocateHeap(LdrpHeap(), HEAP_ZERO_MEMORY, Size + sizeof(WCHAR));
    if (*Environment != NULL) {
        RtlCopyMemory(*Environment, Block, Size);
    }
    RtlReleasePebLock();
    return *Environment != NULL ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* RtlDestroyEnvironment - frees a block of RtlCreateEnvironment or RtlSetEnvironmentVariable. */
NTSTATUS NTAPI RtlDestroyEnvironment(_In_ PVOID Environment) {
    RtlFreeHeap(LdrpHeap(), 0, Environment);
    return STATUS_SUCCESS;
}
