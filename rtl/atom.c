/*
 * atom.c - atom tables: short names that are known by a number of 16 bits
 *
 * A table maps names to numbers and back. Names are the same whatever their case. Adding a name
 * that is there counts one user more; deleting counts one less, and the atom goes with its last
 * user. A pinned atom is not deleted.
 *
 *      C000h to FFFFh   string atoms: index in the table's array of entries
 *      1 to BFFFh       integer atoms: they stand for themselves, are always there, and have the
 *                       name "#" and their decimal digits; no table holds them
 *
 * An entry is found by its name through a chain of its hash bucket, by its number through the
 * array, which grows by doubling. All of a table is guarded by its lock. The kernel has one table
 * for everybody (ex/ntatom.c); a program may make its own.
 *
 * Source: phnt; Windows SDK, "About Atom Tables".
 */
#include "ntdef.h"
#include "ntrtl.h"

#define RTL_ATOM_SIGNATURE       0x6D6F7441 /* 'Atom' */
#define RTL_ATOM_FIRST_STRING    0xC000
#define RTL_ATOM_MAXIMUM_ENTRIES 0x4000
#define RTL_ATOM_DEFAULT_BUCKETS 37
#define RTL_ATOM_FIRST_ENTRIES   16

typedef struct _RTL_ATOM_TABLE_ENTRY {
    struct _RTL_ATOM_TABLE_ENTRY *HashLink;
    USHORT HandleIndex; /* in Entries */
    RTL_ATOM Atom;
    USHORT ReferenceCount;
    UCHAR Flags; /* RTL_ATOM_PINNED */
    UCHAR NameLength;
    WCHAR Name[1]; /* terminated */
} RTL_ATOM_TABLE_ENTRY, *PRTL_ATOM_TABLE_ENTRY;

struct _RTL_ATOM_TABLE {
    ULONG Signature;
    ULONG NumberOfBuckets;
    PVOID Lock;                     /* guards all that follows */
    PRTL_ATOM_TABLE_ENTRY *Entries; /* by index; NULL: free */
    ULONG Capacity;
    ULONG FirstFree; /* no free index is lower */
    PRTL_ATOM_TABLE_ENTRY Buckets[1];
};

/* ---- Names ---- */

/*
 * Is this the name of an integer atom? Either the pointer itself is the number, or the text is "#"
 * and digits. Numbers wrap at 16 bits, as in Windows; 0 is what is no integer atom's number.
 */
static BOOLEAN RtlpGetIntegerAtom(PCWSTR Name, PRTL_ATOM Atom) {
    ULONG Value = 0;
    if (((ULONG_PTR)Name >> 16) == 0) {
        Value = (ULONG)(ULONG_PTR)Name;
    } else {
        if (Name[0] != L'#' || Name[1] == UNICODE_NULL) {
            return FALSE;
        }
        for (PCWSTR Digit = Name + 1; *Digit != UNICODE_NULL; Digit++) {
            if (*Digit < L'0' || *Digit > L'9') {
                return FALSE;
            }
            Value = Value * 10 + (*Digit - L'0');
        }
    }
    *Atom = (USHORT)Value < RTL_ATOM_FIRST_STRING ? (RTL_ATOM)Value : 0;
    return TRUE;
}

/* Letters of a name; STATUS_OBJECT_NAME_INVALID if it is empty, STATUS_INVALID_PARAMETER too long.
 */
static NTSTATUS RtlpMeasureAtom(PCWSTR Name, PULONG Length) {
    for (*Length = 0; Name[*Length] != UNICODE_NULL; *Length += 1) {
        if (*Length == RTL_ATOM_MAXIMUM_NAME_LENGTH) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    return *Length != 0 ? STATUS_SUCCESS : STATUS_OBJECT_NAME_INVALID;
}

/* "#" and digits; returns the number of letters. */
static ULONG RtlpNameIntegerAtom(RTL_ATOM Atom, PWSTR Name) {
    WCHAR Digits[5];
    ULONG Count = 0, Length = 0;
    for (; Atom != 0; Atom /= 10) {
        Digits[Count++] = (WCHAR)(L'0' + Atom % 10);
    }
    Name[Length++] = L'#';
    while (Count != 0) {
        Name[Length++] = Digits[--Count];
    }
    return Length;
}

/* ---- The table; under its lock ---- */

/* The link that leads to the entry of this name, or to the end of its chain. */
static PRTL_ATOM_TABLE_ENTRY *RtlpFindAtom(PRTL_ATOM_TABLE Table, PCWSTR Name, ULONG Length) {
    ULONG Hash = 0;
    for (ULONG i = 0; i < Length; i++) {
        Hash = Hash * 31 + RtlUpcaseUnicodeChar(Name[i]);
    }
    UNICODE_STRING Wanted = {(USHORT)(Length * sizeof(WCHAR)), (USHORT)(Length * sizeof(WCHAR)),
                             (PWSTR)Name};
    PRTL_ATOM_TABLE_ENTRY *Link = &Table->Buckets[Hash % Table->NumberOfBuckets];
    for (; *Link != NULL; Link = &(*Link)->HashLink) {
        UNICODE_STRING Here = {(USHORT)((*Link)->NameLength * sizeof(WCHAR)),
                               (USHORT)((*Link)->NameLength * sizeof(WCHAR)), (*Link)->Name};
        if (RtlEqualUnicodeString(&Here, &Wanted, TRUE)) {
            break;
        }
    }
    return Link;
}

static PRTL_ATOM_TABLE_ENTRY RtlpMapAtom(PRTL_ATOM_TABLE Table, RTL_ATOM Atom) {
    ULONG Index = (ULONG)Atom - RTL_ATOM_FIRST_STRING;
    return Atom >= RTL_ATOM_FIRST_STRING && Index < Table->Capacity ? Table->Entries[Index] : NULL;
}

/* Makes room for another index. STATUS_NO_MEMORY, also when all numbers are taken. */
static NTSTATUS RtlpGrowAtomTable(PRTL_ATOM_TABLE Table) {
    ULONG Capacity = Table->Capacity != 0 ? Table->Capacity * 2 : RTL_ATOM_FIRST_ENTRIES;
    if (Capacity > RTL_ATOM_MAXIMUM_ENTRIES) {
        return STATUS_NO_MEMORY;
    }
    PRTL_ATOM_TABLE_ENTRY *Entries = RtlpAllocateAtom(Capacity * sizeof(*Entries));
    if (Entries == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (Table->Entries != NULL) {
        RtlCopyMemory(Entries, Table->Entries, Table->Capacity * sizeof(*Entries));
        RtlpFreeAtom(Table->Entries);
    }
    Table->Entries = Entries;
    Table->Capacity = Capacity;
    return STATUS_SUCCESS;
}

/* Enters a new name at the end of its chain. */
static NTSTATUS RtlpInsertAtom(PRTL_ATOM_TABLE Table, PRTL_ATOM_TABLE_ENTRY *Link, PCWSTR Name,
                               ULONG Length, PRTL_ATOM Atom) {
    ULONG Index = Table->FirstFree;
    while (Index < Table->Capacity && Table->Entries[Index] != NULL) {
        Index++;
    }
    if (Index == Table->Capacity) {
        NTSTATUS Status = RtlpGrowAtomTable(Table);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    PRTL_ATOM_TABLE_ENTRY Entry =
        RtlpAllocateAtom(sizeof(RTL_ATOM_TABLE_ENTRY) + Length * sizeof(WCHAR));
    if (Entry == NULL) {
        return STATUS_NO_MEMORY;
    }
    Entry->HandleIndex = (USHORT)Index;
    Entry->Atom = (RTL_ATOM)(RTL_ATOM_FIRST_STRING + Index);
    Entry->ReferenceCount = 1;
    Entry->NameLength = (UCHAR)Length;
    RtlCopyMemory(Entry->Name, Name, Length * sizeof(WCHAR));
    Table->Entries[Index] = Entry;
    Table->FirstFree = Index + 1;
    *Link = Entry;
    *Atom = Entry->Atom;
    return STATUS_SUCCESS;
}

/* One user more. A count that is full stays so: the atom is pinned. */
static VOID RtlpReferenceAtom(PRTL_ATOM_TABLE_ENTRY Entry) {
    if (Entry->ReferenceCount == MAXUSHORT) {
        Entry->Flags |= RTL_ATOM_PINNED;
    } else {
        Entry->ReferenceCount++;
    }
}

static VOID RtlpRemoveAtom(PRTL_ATOM_TABLE Table, PRTL_ATOM_TABLE_ENTRY Entry) {
    *RtlpFindAtom(Table, Entry->Name, Entry->NameLength) = Entry->HashLink;
    Table->Entries[Entry->HandleIndex] = NULL;
    if (Entry->HandleIndex < Table->FirstFree) {
        Table->FirstFree = Entry->HandleIndex;
    }
    RtlpFreeAtom(Entry);
}

/* ---- Tables ---- */

/*
 * RtlCreateAtomTable - makes a table unless *AtomTable holds one. 0 buckets: 37.
 * STATUS_INVALID_PARAMETER (there is one, and buckets are asked for), STATUS_NO_MEMORY.
 */
NTSTATUS NTAPI RtlCreateAtomTable(_In_ ULONG NumberOfBuckets, _Inout_ PRTL_ATOM_TABLE *AtomTable) {
    if (*AtomTable != NULL) {
        return NumberOfBuckets != 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    }
    ULONG Buckets = NumberOfBuckets > 1 ? NumberOfBuckets : RTL_ATOM_DEFAULT_BUCKETS;
    PRTL_ATOM_TABLE Table =
        RtlpAllocateAtom(sizeof(*Table) + (SIZE_T)Buckets * sizeof(Table->Buckets[0]));
    if (Table == NULL) {
        return STATUS_NO_MEMORY;
    }
    Table->Signature = RTL_ATOM_SIGNATURE;
    Table->NumberOfBuckets = Buckets;
    *AtomTable = Table;
    return STATUS_SUCCESS;
}

static BOOLEAN RtlpIsAtomTable(PRTL_ATOM_TABLE Table) {
    return Table != NULL && Table->Signature == RTL_ATOM_SIGNATURE;
}

/* RtlEmptyAtomTable - deletes all atoms, whoever uses them; the pinned ones only if asked to. */
NTSTATUS NTAPI RtlEmptyAtomTable(_In_ PRTL_ATOM_TABLE AtomTable, _In_ BOOLEAN IncludePinnedAtoms) {
    if (!RtlpIsAtomTable(AtomTable)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlpLockAtomTable(&AtomTable->Lock);
    for (ULONG i = 0; i < AtomTable->Capacity; i++) {
        PRTL_ATOM_TABLE_ENTRY Entry = AtomTable->Entries[i];
        if (Entry != NULL && (IncludePinnedAtoms || (Entry->Flags & RTL_ATOM_PINNED) == 0)) {
            RtlpRemoveAtom(AtomTable, Entry);
        }
    }
    RtlpUnlockAtomTable(&AtomTable->Lock);
    return STATUS_SUCCESS;
}

/* RtlDestroyAtomTable - the end of a table that nobody uses any more. */
NTSTATUS NTAPI RtlDestroyAtomTable(_In_ PRTL_ATOM_TABLE AtomTable) {
    NTSTATUS Status = RtlEmptyAtomTable(AtomTable, TRUE);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    AtomTable->Signature = 0;
    if (AtomTable->Entries != NULL) {
        RtlpFreeAtom(AtomTable->Entries);
    }
    RtlpFreeAtom(AtomTable);
    return STATUS_SUCCESS;
}

/* ---- Atoms ---- */

/* What adding and looking up have in common: everything but a name that is not there. */
static NTSTATUS RtlpAddOrFindAtom(PRTL_ATOM_TABLE Table, PCWSTR Name, BOOLEAN Add, PRTL_ATOM Atom) {
    ULONG Length;
    if (!RtlpIsAtomTable(Table)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (RtlpGetIntegerAtom(Name, Atom)) {
        return *Atom != 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    NTSTATUS Status = RtlpMeasureAtom(Name, &Length);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    RtlpLockAtomTable(&Table->Lock);
    PRTL_ATOM_TABLE_ENTRY *Link = RtlpFindAtom(Table, Name, Length);
    if (*Link != NULL) {
        *Atom = (*Link)->Atom;
        if (Add) {
            RtlpReferenceAtom(*Link);
        }
    } else {
        Status =
            Add ? RtlpInsertAtom(Table, Link, Name, Length, Atom) : STATUS_OBJECT_NAME_NOT_FOUND;
    }
    RtlpUnlockAtomTable(&Table->Lock);
    return Status;
}

/*
 * RtlAddAtomToAtomTable - a name's number; the name is entered, or has one user more.
 * STATUS_OBJECT_NAME_INVALID (empty), STATUS_INVALID_PARAMETER (too long; no integer atom),
 * STATUS_NO_MEMORY.
 */
NTSTATUS NTAPI RtlAddAtomToAtomTable(_In_ PRTL_ATOM_TABLE AtomTable, _In_opt_ PCWSTR AtomName,
                                     _Out_opt_ PRTL_ATOM Atom) {
    RTL_ATOM Found = 0;
    NTSTATUS Status = RtlpAddOrFindAtom(AtomTable, AtomName, TRUE, &Found);
    if (NT_SUCCESS(Status) && Atom != NULL) {
        *Atom = Found;
    }
    return Status;
}

/* RtlLookupAtomInAtomTable - the same, without a change. STATUS_OBJECT_NAME_NOT_FOUND. */
NTSTATUS NTAPI RtlLookupAtomInAtomTable(_In_ PRTL_ATOM_TABLE AtomTable, _In_opt_ PCWSTR AtomName,
                                        _Out_opt_ PRTL_ATOM Atom) {
    RTL_ATOM Found = 0;
    NTSTATUS Status = RtlpAddOrFindAtom(AtomTable, AtomName, FALSE, &Found);
    if (NT_SUCCESS(Status) && Atom != NULL) {
        *Atom = Found;
    }
    return Status;
}

/*
 * RtlDeleteAtomFromAtomTable - one user less. Integer atoms stay. STATUS_INVALID_HANDLE (no such
 * atom), STATUS_WAS_LOCKED (a success: it is pinned).
 */
NTSTATUS NTAPI RtlDeleteAtomFromAtomTable(_In_ PRTL_ATOM_TABLE AtomTable, _In_ RTL_ATOM Atom) {
    NTSTATUS Status = STATUS_SUCCESS;
    if (!RtlpIsAtomTable(AtomTable)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Atom != 0 && Atom < RTL_ATOM_FIRST_STRING) {
        return STATUS_SUCCESS;
    }
    RtlpLockAtomTable(&AtomTable->Lock);
    PRTL_ATOM_TABLE_ENTRY Entry = RtlpMapAtom(AtomTable, Atom);
    if (Entry == NULL) {
        Status = STATUS_INVALID_HANDLE;
    } else if ((Entry->Flags & RTL_ATOM_PINNED) != 0) {
        Status = STATUS_WAS_LOCKED;
    } else if (--Entry->ReferenceCount == 0) {
        RtlpRemoveAtom(AtomTable, Entry);
    }
    RtlpUnlockAtomTable(&AtomTable->Lock);
    return Status;
}

/* RtlPinAtomInAtomTable - from now on the atom stays. STATUS_INVALID_HANDLE. */
NTSTATUS NTAPI RtlPinAtomInAtomTable(_In_ PRTL_ATOM_TABLE AtomTable, _In_ RTL_ATOM Atom) {
    NTSTATUS Status = STATUS_SUCCESS;
    if (!RtlpIsAtomTable(AtomTable)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Atom != 0 && Atom < RTL_ATOM_FIRST_STRING) {
        return STATUS_SUCCESS;
    }
    RtlpLockAtomTable(&AtomTable->Lock);
    PRTL_ATOM_TABLE_ENTRY Entry = RtlpMapAtom(AtomTable, Atom);
    if (Entry == NULL) {
        Status = STATUS_INVALID_HANDLE;
    } else {
        Entry->Flags |= RTL_ATOM_PINNED;
    }
    RtlpUnlockAtomTable(&AtomTable->Lock);
    return Status;
}

/* A copy of a name, cut to what there is room for, and terminated. */
static NTSTATUS RtlpReturnAtomName(PCWSTR Name, ULONG Length, PWSTR Buffer, PULONG BufferLength) {
    ULONG Bytes = Length * (ULONG)sizeof(WCHAR);
    if (*BufferLength < sizeof(WCHAR)) {
        *BufferLength = Bytes;
        return STATUS_BUFFER_TOO_SMALL;
    }
    Bytes = min(Bytes, (*BufferLength - (ULONG)sizeof(WCHAR)) & ~1u);
    RtlCopyMemory(Buffer, Name, Bytes);
    Buffer[Bytes / sizeof(WCHAR)] = UNICODE_NULL;
    *BufferLength = Bytes;
    return STATUS_SUCCESS;
}

/* What there is to say about an atom: how many users, pinned or not, its name. */
typedef struct _RTLP_ATOM_FACTS {
    ULONG Usage;
    ULONG Flags;
    PCWSTR Name;
    ULONG Length;
} RTLP_ATOM_FACTS;

static NTSTATUS RtlpTellAtom(const RTLP_ATOM_FACTS *Facts, PULONG AtomUsage, PULONG AtomFlags,
                             PWSTR AtomName, PULONG AtomNameLength) {
    if (AtomUsage != NULL) {
        *AtomUsage = Facts->Usage;
    }
    if (AtomFlags != NULL) {
        *AtomFlags = Facts->Flags;
    }
    return AtomName == NULL || AtomNameLength == NULL
               ? STATUS_SUCCESS
               : RtlpReturnAtomName(Facts->Name, Facts->Length, AtomName, AtomNameLength);
}

/*
 * RtlQueryAtomInAtomTable - *AtomNameLength: bytes of AtomName, then of the name in it, without its
 * end. A name that is too long is cut. Without a length nothing is written to AtomName. STATUS_INVALID_HANDLE,
 * STATUS_INVALID_PARAMETER (atom 0), STATUS_BUFFER_TOO_SMALL (no room for the end even;
 * *AtomNameLength is what the name has).
 */
NTSTATUS NTAPI RtlQueryAtomInAtomTable(_In_ PRTL_ATOM_TABLE AtomTable, _In_ RTL_ATOM Atom,
                                       _Out_opt_ PULONG AtomUsage, _Out_opt_ PULONG AtomFlags,
                                       _Out_opt_ PWSTR AtomName,
                                       _Inout_opt_ PULONG AtomNameLength) {
    if (!RtlpIsAtomTable(AtomTable) || Atom == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Atom < RTL_ATOM_FIRST_STRING) {
        WCHAR Name[6];
        RTLP_ATOM_FACTS Facts = {1, RTL_ATOM_PINNED, Name, RtlpNameIntegerAtom(Atom, Name)};
        return RtlpTellAtom(&Facts, AtomUsage, AtomFlags, AtomName, AtomNameLength);
    }
    NTSTATUS Status = STATUS_INVALID_HANDLE;
    RtlpLockAtomTable(&AtomTable->Lock);
    PRTL_ATOM_TABLE_ENTRY Entry = RtlpMapAtom(AtomTable, Atom);
    if (Entry != NULL) {
        RTLP_ATOM_FACTS Facts = {Entry->ReferenceCount, Entry->Flags, Entry->Name,
                                 Entry->NameLength};
        Status = RtlpTellAtom(&Facts, AtomUsage, AtomFlags, AtomName, AtomNameLength);
    }
    RtlpUnlockAtomTable(&AtomTable->Lock);
    return Status;
}

/*
 * RtlQueryAtomListInAtomTable - all string atoms of a table, at most MaximumNumberOfAtoms into
 * AtomList; *NumberOfAtoms is how many there are. STATUS_INFO_LENGTH_MISMATCH: not all fitted.
 */
NTSTATUS NTAPI RtlQueryAtomListInAtomTable(_In_ PRTL_ATOM_TABLE AtomTable,
                                           _In_ ULONG MaximumNumberOfAtoms,
                                           _Out_ PULONG NumberOfAtoms, _Out_ PRTL_ATOM AtomList) {
    ULONG Count = 0;
    if (!RtlpIsAtomTable(AtomTable)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlpLockAtomTable(&AtomTable->Lock);
    for (ULONG i = 0; i < AtomTable->Capacity; i++) {
        if (AtomTable->Entries[i] != NULL && Count++ < MaximumNumberOfAtoms) {
            AtomList[Count - 1] = AtomTable->Entries[i]->Atom;
        }
    }
    RtlpUnlockAtomTable(&AtomTable->Lock);
    *NumberOfAtoms = Count;
    return Count <= MaximumNumberOfAtoms ? STATUS_SUCCESS : STATUS_INFO_LENGTH_MISMATCH;
}
