/*
 * ntatom.c - the system's atom table and its services
 *
 * Programs agree on names (of messages, of clipboard formats) by the numbers they get for them
 * here. Simplified: one table for everybody; Windows has one for each window station, which its
 * window manager provides, and this one without. Atoms outlive the programs that add them, as in
 * Windows.
 */
#include "exp.h"
#include "ntapi.h"
#include "ntrtl.h"
#include "ob.h"

#define EXP_TAG_ATOM 0x6D6F7441 /* 'Atom' */

static PRTL_ATOM_TABLE ExpGlobalAtomTable;

/* ---- What tables stand on in the kernel ---- */

VOID RtlpLockAtomTable(_Inout_ PVOID *Lock) {
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive((PEX_PUSH_LOCK)Lock);
}

VOID RtlpUnlockAtomTable(_Inout_ PVOID *Lock) {
    ExReleasePushLockExclusive((PEX_PUSH_LOCK)Lock);
    KeLeaveCriticalRegion();
}

PVOID RtlpAllocateAtom(_In_ SIZE_T Size) {
    return ExAllocatePool2(POOL_FLAG_PAGED, Size, EXP_TAG_ATOM);
}

VOID RtlpFreeAtom(_In_ PVOID Block) {
    ExFreePoolWithTag(Block, EXP_TAG_ATOM);
}

NTSTATUS ExpInitializeAtoms(VOID) {
    return RtlCreateAtomTable(0, &ExpGlobalAtomTable);
}

/* ---- Services ---- */

#define EXP_ATOM_LETTERS (RTL_ATOM_MAXIMUM_NAME_LENGTH + 1)

/*
 * Checks a caller's arguments, in Windows' order: the length, the place for the answer, the name.
 * *Captured is a copy of the name in Buffer, ended, or NULL where there is none. An odd byte at the
 * end does not count. As in Windows a null letter ends the name early.
 */
static NTSTATUS ExpCaptureAtomName(PCWSTR AtomName, ULONG Length, PRTL_ATOM Atom, PWSTR Buffer,
                                   PCWSTR *Captured) {
    *Captured = NULL;
    if (Length > RTL_ATOM_MAXIMUM_NAME_LENGTH * sizeof(WCHAR)) {
        return STATUS_INVALID_PARAMETER;
    }
    __try {
        if (Atom != NULL) {
            ProbeForWrite(Atom, sizeof(*Atom), sizeof(*Atom));
        }
        if (AtomName != NULL) {
            ProbeForRead(AtomName, Length, sizeof(WCHAR));
            CopyFromUser(Buffer, AtomName, Length);
            Buffer[Length / sizeof(WCHAR)] = UNICODE_NULL;
            *Captured = Buffer;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS ExpReturnAtom(PRTL_ATOM Atom, RTL_ATOM Value) {
    if (Atom != NULL) {
        __try {
            WriteUShortToUser(Atom, Value);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            return GetExceptionCode();
        }
    }
    return STATUS_SUCCESS;
}

/*
 * Flags: ATOM_FLAG_GLOBAL makes no difference while there is one table. Who cannot be told the
 * atom has not added it. STATUS_INVALID_PARAMETER (name too long, unknown flags),
 * STATUS_OBJECT_NAME_INVALID, STATUS_NO_MEMORY. Source: phnt.
 */
NTSTATUS NTAPI NtAddAtomEx(_In_opt_ PCWSTR AtomName, _In_ ULONG Length, _Out_opt_ PRTL_ATOM Atom,
                           _In_ ULONG Flags) {
    WCHAR Buffer[EXP_ATOM_LETTERS];
    PCWSTR Name;
    RTL_ATOM Value = 0;
    if ((Flags & ~(ULONG)ATOM_FLAG_GLOBAL) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    NTSTATUS Status = ExpCaptureAtomName(AtomName, Length, Atom, Buffer, &Name);
    if (NT_SUCCESS(Status)) {
        Status = RtlAddAtomToAtomTable(ExpGlobalAtomTable, Name, &Value);
    }
    if (NT_SUCCESS(Status)) {
        Status = ExpReturnAtom(Atom, Value);
        if (!NT_SUCCESS(Status)) {
            RtlDeleteAtomFromAtomTable(ExpGlobalAtomTable, Value);
        }
    }
    return Status;
}

NTSTATUS NTAPI NtAddAtom(_In_opt_ PCWSTR AtomName, _In_ ULONG Length, _Out_opt_ PRTL_ATOM Atom) {
    return NtAddAtomEx(AtomName, Length, Atom, 0);
}

/* STATUS_OBJECT_NAME_NOT_FOUND and the statuses of NtAddAtom. Source: phnt. */
NTSTATUS NTAPI NtFindAtom(_In_opt_ PCWSTR AtomName, _In_ ULONG Length, _Out_opt_ PRTL_ATOM Atom) {
    WCHAR Buffer[EXP_ATOM_LETTERS];
    PCWSTR Name;
    RTL_ATOM Value = 0;
    NTSTATUS Status = ExpCaptureAtomName(AtomName, Length, Atom, Buffer, &Name);
    if (NT_SUCCESS(Status)) {
        Status = RtlLookupAtomInAtomTable(ExpGlobalAtomTable, Name, &Value);
    }
    return NT_SUCCESS(Status) ? ExpReturnAtom(Atom, Value) : Status;
}

/* STATUS_INVALID_HANDLE; STATUS_WAS_LOCKED, a success: the atom is pinned. Source: phnt. */
NTSTATUS NTAPI NtDeleteAtom(_In_ RTL_ATOM Atom) {
    return RtlDeleteAtomFromAtomTable(ExpGlobalAtomTable, Atom);
}

/*
 * Count, flags and name. A name that does not fit is cut; where there is no room for one character
 * and the null, nothing but the fixed part is written, and the whole length is returned.
 */
static NTSTATUS ExpQueryAtomBasic(RTL_ATOM Atom, PVOID Destination, ULONG Length,
                                  PULONG ReturnLength) {
    const ULONG Head = UFIELD_OFFSET(ATOM_BASIC_INFORMATION, Name);
    struct {
        ATOM_BASIC_INFORMATION Basic;
        WCHAR Name[EXP_ATOM_LETTERS];
    } Answer;
    ULONG Usage, Flags;
    if (Length < sizeof(Answer.Basic)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    ULONG Room = min(Length - Head, (ULONG)(EXP_ATOM_LETTERS * sizeof(WCHAR)));
    ULONG NameLength = Room >= 2 * sizeof(WCHAR) ? Room : 0;
    NTSTATUS Status = RtlQueryAtomInAtomTable(ExpGlobalAtomTable, Atom, &Usage, &Flags,
                                              Answer.Basic.Name, &NameLength);
    if (!NT_SUCCESS(Status) && Status != STATUS_BUFFER_TOO_SMALL) {
        return Status;
    }
    Answer.Basic.UsageCount = (USHORT)Usage;
    Answer.Basic.Flags = (USHORT)Flags;
    Answer.Basic.NameLength = (USHORT)NameLength;
    ULONG Whole = Head + NameLength + (ULONG)sizeof(WCHAR);
    ULONG Written = NT_SUCCESS(Status) ? Whole : Head;
    NTSTATUS Returned = ObReturnInformation(Destination, &Answer, Written, NULL);
    return NT_SUCCESS(Returned) ? ExpWriteReturnLength(ReturnLength, Whole, Status) : Returned;
}

/* The numbers of all string atoms. */
static NTSTATUS ExpQueryAtomTable(PVOID Destination, ULONG Length, PULONG ReturnLength) {
    const ULONG Head = UFIELD_OFFSET(ATOM_TABLE_INFORMATION, Atoms);
    if (Length < Head) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    ULONG Room = min((Length - Head) / (ULONG)sizeof(RTL_ATOM), 0x4000u), Count;
    PATOM_TABLE_INFORMATION Answer =
        ExAllocatePool2(POOL_FLAG_PAGED, Head + (SIZE_T)Room * sizeof(RTL_ATOM), EXP_TAG_ATOM);
    if (Answer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NTSTATUS Status = RtlQueryAtomListInAtomTable(ExpGlobalAtomTable, Room, &Count, Answer->Atoms);
    ULONG Needed = Head + Count * (ULONG)sizeof(RTL_ATOM);
    if (NT_SUCCESS(Status)) {
        Answer->NumberOfAtoms = Count;
        Status = ObReturnInformation(Destination, Answer, Needed, ReturnLength);
    } else {
        Status = ExpWriteReturnLength(ReturnLength, Needed, Status);
    }
    ExFreePoolWithTag(Answer, EXP_TAG_ATOM);
    return Status;
}

/*
 * STATUS_INVALID_INFO_CLASS, STATUS_INFO_LENGTH_MISMATCH, STATUS_BUFFER_TOO_SMALL,
 * STATUS_INVALID_HANDLE (no such atom), STATUS_INVALID_PARAMETER (atom 0). Source: phnt.
 */
NTSTATUS NTAPI NtQueryInformationAtom(_In_ RTL_ATOM Atom,
                                      _In_ ATOM_INFORMATION_CLASS AtomInformationClass,
                                      _Out_ PVOID AtomInformation, _In_ ULONG AtomInformationLength,
                                      _Out_opt_ PULONG ReturnLength) {
    switch (AtomInformationClass) {
    case AtomBasicInformation:
        return ExpQueryAtomBasic(Atom, AtomInformation, AtomInformationLength, ReturnLength);
    case AtomTableInformation:
        return ExpQueryAtomTable(AtomInformation, AtomInformationLength, ReturnLength);
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
}
