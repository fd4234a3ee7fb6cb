/* ntrtl.h - the run-time library, the same in the kernel, in ntdll.dll and in the host tests.
 *
 * The functions are described where they are defined (rtl/). None of them touches a lock; those
 * that allocate say so and take their memory by RtlAllocateStringRoutine.
 *
 * Sources: WDK (Rtl* pages), Windows SDK, phnt.
 */
#ifndef _NTRTL_H_
#define _NTRTL_H_

#include "ntdef.h"
#include "ntcontext.h"
#include "ntpebteb.h"
#include "ntstatus.h"

/* ---- Memory (rtl/memory.c) ---- */

void *memcpy(void *Destination, const void *Source, size_t Length);
void *memmove(void *Destination, const void *Source, size_t Length);
void *memset(void *Destination, int Value, size_t Length);
int memcmp(const void *Left, const void *Right, size_t Length);

#define RtlCopyMemory(Destination, Source, Length) memcpy((Destination), (Source), (Length))
#define RtlMoveMemory(Destination, Source, Length) memmove((Destination), (Source), (Length))
#define RtlFillMemory(Destination, Length, Fill)   memset((Destination), (Fill), (Length))
#define RtlZeroMemory(Destination, Length)         memset((Destination), 0, (Length))
#define RtlEqualMemory(Left, Right, Length)        (memcmp((Left), (Right), (Length)) == 0)

SIZE_T NTAPI RtlCompareMemory(_In_ const VOID *Source1, _In_ const VOID *Source2,
                              _In_ SIZE_T Length);
SIZE_T NTAPI RtlCompareMemoryUlong(_In_ PVOID Source, _In_ SIZE_T Length, _In_ ULONG Pattern);
VOID NTAPI RtlFillMemoryUlong(_Out_ PVOID Destination, _In_ SIZE_T Length, _In_ ULONG Pattern);
VOID NTAPI RtlFillMemoryUlonglong(_Out_ PVOID Destination, _In_ SIZE_T Length,
                                  _In_ ULONGLONG Pattern);

/* Clears memory that holds a secret; no compiler may leave it out. */
FORCEINLINE PVOID RtlSecureZeroMemory(_Out_ PVOID Destination, _In_ SIZE_T Length) {
    volatile UCHAR *Byte = (volatile UCHAR *)Destination;
    while (Length-- != 0) {
        *Byte++ = 0;
    }
    return Destination;
}

/* ---- Doubly linked lists: a head that points at itself is an empty list ---- */

FORCEINLINE VOID InitializeListHead(_Out_ PLIST_ENTRY ListHead) {
    ListHead->Flink = ListHead->Blink = ListHead;
}

FORCEINLINE BOOLEAN IsListEmpty(_In_ const LIST_ENTRY *ListHead) {
    return ListHead->Flink == ListHead;
}

/* Unlinks an entry; TRUE if the list is empty after it. */
FORCEINLINE BOOLEAN RemoveEntryList(_In_ PLIST_ENTRY Entry) {
    PLIST_ENTRY Flink = Entry->Flink;
    PLIST_ENTRY Blink = Entry->Blink;
    Blink->Flink = Flink;
    Flink->Blink = Blink;
    return Flink == Blink;
}

FORCEINLINE PLIST_ENTRY RemoveHeadList(_Inout_ PLIST_ENTRY ListHead) {
    PLIST_ENTRY Entry = ListHead->Flink;
    RemoveEntryList(Entry);
    return Entry;
}

FORCEINLINE PLIST_ENTRY RemoveTailList(_Inout_ PLIST_ENTRY ListHead) {
    PLIST_ENTRY Entry = ListHead->Blink;
    RemoveEntryList(Entry);
    return Entry;
}

FORCEINLINE VOID InsertHeadList(_Inout_ PLIST_ENTRY ListHead, _Out_ PLIST_ENTRY Entry) {
    PLIST_ENTRY Flink = ListHead->Flink;
    Entry->Flink = Flink;
    Entry->Blink = ListHead;
    Flink->Blink = Entry;
    ListHead->Flink = Entry;
}

FORCEINLINE VOID InsertTailList(_Inout_ PLIST_ENTRY ListHead, _Out_ PLIST_ENTRY Entry) {
    PLIST_ENTRY Blink = ListHead->Blink;
    Entry->Flink = ListHead;
    Entry->Blink = Blink;
    Blink->Flink = Entry;
    ListHead->Blink = Entry;
}

/* Joins the ring of ListToAppend, which has no head of its own, to the end of a list. */
FORCEINLINE VOID AppendTailList(_Inout_ PLIST_ENTRY ListHead, _Inout_ PLIST_ENTRY ListToAppend) {
    PLIST_ENTRY ListEnd = ListHead->Blink;
    ListHead->Blink->Flink = ListToAppend;
    ListHead->Blink = ListToAppend->Blink;
    ListToAppend->Blink->Flink = ListHead;
    ListToAppend->Blink = ListEnd;
}

FORCEINLINE PSINGLE_LIST_ENTRY PopEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead) {
    PSINGLE_LIST_ENTRY First = ListHead->Next;
    if (First != NULL) {
        ListHead->Next = First->Next;
    }
    return First;
}

FORCEINLINE VOID PushEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead,
                               _Inout_ PSINGLE_LIST_ENTRY Entry) {
    Entry->Next = ListHead->Next;
    ListHead->Next = Entry;
}

/* ---- Strings (rtl/string/string.c, rtl/stringa.c, rtl/string/stringcmp.c, rtl/string/stringalloc.c) ---- */

/* Where strings that a function makes come from: each side defines both (ex/, ntdll). */
extern PVOID (*const RtlAllocateStringRoutine)(SIZE_T NumberOfBytes);
extern VOID (*const RtlFreeStringRoutine)(PVOID Buffer);

VOID NTAPI RtlInitString(_Out_ PSTRING DestinationString, _In_opt_ PCSZ SourceString);
VOID NTAPI RtlInitAnsiString(_Out_ PANSI_STRING DestinationString, _In_opt_ PCSZ SourceString);
VOID NTAPI RtlInitUTF8String(_Out_ PUTF8_STRING DestinationString, _In_opt_ PCSZ SourceString);
VOID NTAPI RtlInitUnicodeString(_Out_ PUNICODE_STRING DestinationString,
                                _In_opt_ PCWSTR SourceString);
NTSTATUS NTAPI RtlInitStringEx(_Out_ PSTRING DestinationString, _In_opt_ PCSZ SourceString);
NTSTATUS NTAPI RtlInitAnsiStringEx(_Out_ PANSI_STRING DestinationString,
                                   _In_opt_ PCSZ SourceString);
NTSTATUS NTAPI RtlInitUTF8StringEx(_Out_ PUTF8_STRING DestinationString,
                                   _In_opt_ PCSZ SourceString);
NTSTATUS NTAPI RtlInitUnicodeStringEx(_Out_ PUNICODE_STRING DestinationString,
                                      _In_opt_ PCWSTR SourceString);

/* A UNICODE_STRING over a buffer that holds nothing yet. */
FORCEINLINE VOID RtlInitEmptyUnicodeString(_Out_ PUNICODE_STRING UnicodeString, _In_ PWSTR Buffer,
                                           _In_ USHORT BufferSize) {
    UnicodeString->Length = 0;
    UnicodeString->MaximumLength = BufferSize;
    UnicodeString->Buffer = Buffer;
}

FORCEINLINE VOID RtlInitEmptyAnsiString(_Out_ PANSI_STRING AnsiString, _In_ PCHAR Buffer,
                                        _In_ USHORT BufferSize) {
    AnsiString->Length = 0;
    AnsiString->MaximumLength = BufferSize;
    AnsiString->Buffer = Buffer;
}

VOID NTAPI RtlCopyString(_Inout_ PSTRING DestinationString, _In_opt_ const STRING *SourceString);
VOID NTAPI RtlCopyUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                _In_opt_ PCUNICODE_STRING SourceString);
LONG NTAPI RtlCompareString(_In_ const STRING *String1, _In_ const STRING *String2,
                            _In_ BOOLEAN CaseInSensitive);
LONG NTAPI RtlCompareUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                   _In_ BOOLEAN CaseInSensitive);
LONG NTAPI RtlCompareUnicodeStrings(_In_ PCWCH String1, _In_ SIZE_T String1Length,
                                    _In_ PCWCH String2, _In_ SIZE_T String2Length,
                                    _In_ BOOLEAN CaseInSensitive);
BOOLEAN NTAPI RtlEqualString(_In_ const STRING *String1, _In_ const STRING *String2,
                             _In_ BOOLEAN CaseInSensitive);
BOOLEAN NTAPI RtlEqualUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                    _In_ BOOLEAN CaseInSensitive);
BOOLEAN NTAPI RtlPrefixString(_In_ const STRING *String1, _In_ const STRING *String2,
                              _In_ BOOLEAN CaseInSensitive);
BOOLEAN NTAPI RtlPrefixUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                     _In_ BOOLEAN CaseInSensitive);
BOOLEAN NTAPI RtlSuffixUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                     _In_ BOOLEAN CaseInSensitive);
VOID NTAPI RtlUpperString(_Inout_ PSTRING DestinationString, _In_ const STRING *SourceString);
NTSTATUS NTAPI RtlAppendStringToString(_Inout_ PSTRING Destination, _In_ const STRING *Source);
NTSTATUS NTAPI RtlAppendAsciizToString(_Inout_ PSTRING Destination, _In_opt_ PCSZ Source);
NTSTATUS NTAPI RtlAppendUnicodeToString(_Inout_ PUNICODE_STRING Destination,
                                        _In_opt_ PCWSTR Source);
NTSTATUS NTAPI RtlAppendUnicodeStringToString(_Inout_ PUNICODE_STRING Destination,
                                              _In_ PCUNICODE_STRING Source);
VOID NTAPI RtlEraseUnicodeString(_Inout_ PUNICODE_STRING String);
NTSTATUS NTAPI RtlValidateUnicodeString(_In_ ULONG Flags, _In_ PCUNICODE_STRING String);

#define HASH_STRING_ALGORITHM_DEFAULT 0
#define HASH_STRING_ALGORITHM_X65599  1
#define HASH_STRING_ALGORITHM_INVALID 0xFFFFFFFF
NTSTATUS NTAPI RtlHashUnicodeString(_In_ PCUNICODE_STRING String, _In_ BOOLEAN CaseInSensitive,
                                    _In_ ULONG HashAlgorithm, _Out_ PULONG HashValue);

#define RTL_FIND_CHAR_IN_UNICODE_STRING_START_AT_END        0x00000001
#define RTL_FIND_CHAR_IN_UNICODE_STRING_COMPLEMENT_CHAR_SET 0x00000002
#define RTL_FIND_CHAR_IN_UNICODE_STRING_CASE_INSENSITIVE    0x00000004
NTSTATUS NTAPI RtlFindCharInUnicodeString(_In_ ULONG Flags, _In_ PCUNICODE_STRING StringToSearch,
                                          _In_ PCUNICODE_STRING CharSet,
                                          _Out_ PUSHORT NonInclusivePrefixLength);

NTSTATUS NTAPI RtlUpcaseUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                      _In_ PCUNICODE_STRING SourceString,
                                      _In_ BOOLEAN AllocateDestinationString);
NTSTATUS NTAPI RtlDowncaseUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                        _In_ PCUNICODE_STRING SourceString,
                                        _In_ BOOLEAN AllocateDestinationString);
BOOLEAN NTAPI RtlCreateUnicodeString(_Out_ PUNICODE_STRING DestinationString,
                                     _In_ PCWSTR SourceString);
BOOLEAN NTAPI RtlCreateUnicodeStringFromAsciiz(_Out_ PUNICODE_STRING DestinationString,
                                               _In_ PCSZ SourceString);

#define RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE       0x00000001
#define RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING 0x00000002
NTSTATUS NTAPI RtlDuplicateUnicodeString(_In_ ULONG Flags, _In_ PCUNICODE_STRING StringIn,
                                         _Out_ PUNICODE_STRING StringOut);
VOID NTAPI RtlFreeUnicodeString(_Inout_ PUNICODE_STRING UnicodeString);
VOID NTAPI RtlFreeAnsiString(_Inout_ PANSI_STRING AnsiString);
VOID NTAPI RtlFreeOemString(_Inout_ POEM_STRING OemString);
VOID NTAPI RtlFreeUTF8String(_Inout_ PUTF8_STRING Utf8String);

/* ---- Case (rtl/string/upcase.c) ---- */

WCHAR NTAPI RtlUpcaseUnicodeChar(_In_ WCHAR SourceCharacter);
WCHAR NTAPI RtlDowncaseUnicodeChar(_In_ WCHAR SourceCharacter);
CHAR NTAPI RtlUpperChar(_In_ CHAR Character);

/* ---- Code pages (rtl/string/codepage.c, rtl/string/utf8.c, rtl/string/stringconv.c) ---- */

NTSTATUS NTAPI RtlMultiByteToUnicodeN(_Out_ PWSTR UnicodeString, _In_ ULONG MaxBytesInUnicodeString,
                                      _Out_opt_ PULONG BytesInUnicodeString,
                                      _In_ PCSTR MultiByteString,
                                      _In_ ULONG BytesInMultiByteString);
NTSTATUS NTAPI RtlMultiByteToUnicodeSize(_Out_ PULONG BytesInUnicodeString,
                                         _In_ PCSTR MultiByteString,
                                         _In_ ULONG BytesInMultiByteString);
NTSTATUS NTAPI RtlUnicodeToMultiByteN(_Out_ PCHAR MultiByteString,
                                      _In_ ULONG MaxBytesInMultiByteString,
                                      _Out_opt_ PULONG BytesInMultiByteString,
                                      _In_ PCWCH UnicodeString, _In_ ULONG BytesInUnicodeString);
NTSTATUS NTAPI RtlUnicodeToMultiByteSize(_Out_ PULONG BytesInMultiByteString,
                                         _In_ PCWCH UnicodeString, _In_ ULONG BytesInUnicodeString);
NTSTATUS NTAPI RtlUpcaseUnicodeToMultiByteN(_Out_ PCHAR MultiByteString,
                                            _In_ ULONG MaxBytesInMultiByteString,
                                            _Out_opt_ PULONG BytesInMultiByteString,
                                            _In_ PCWCH UnicodeString,
                                            _In_ ULONG BytesInUnicodeString);
NTSTATUS NTAPI RtlOemToUnicodeN(_Out_ PWSTR UnicodeString, _In_ ULONG MaxBytesInUnicodeString,
                                _Out_opt_ PULONG BytesInUnicodeString, _In_ PCSTR OemString,
                                _In_ ULONG BytesInOemString);
NTSTATUS NTAPI RtlUnicodeToOemN(_Out_ PCHAR OemString, _In_ ULONG MaxBytesInOemString,
                                _Out_opt_ PULONG BytesInOemString, _In_ PCWCH UnicodeString,
                                _In_ ULONG BytesInUnicodeString);
NTSTATUS NTAPI RtlUpcaseUnicodeToOemN(_Out_ PCHAR OemString, _In_ ULONG MaxBytesInOemString,
                                      _Out_opt_ PULONG BytesInOemString, _In_ PCWCH UnicodeString,
                                      _In_ ULONG BytesInUnicodeString);
NTSTATUS NTAPI RtlUTF8ToUnicodeN(_Out_opt_ PWSTR UnicodeStringDestination,
                                 _In_ ULONG UnicodeStringMaxByteCount,
                                 _Out_opt_ PULONG UnicodeStringActualByteCount,
                                 _In_ PCSTR UTF8StringSource, _In_ ULONG UTF8StringByteCount);
NTSTATUS NTAPI RtlUnicodeToUTF8N(_Out_opt_ PCHAR UTF8StringDestination,
                                 _In_ ULONG UTF8StringMaxByteCount,
                                 _Out_opt_ PULONG UTF8StringActualByteCount,
                                 _In_ PCWCH UnicodeStringSource, _In_ ULONG UnicodeStringByteCount);

ULONG NTAPI RtlxAnsiStringToUnicodeSize(_In_ PCANSI_STRING AnsiString);
ULONG NTAPI RtlxOemStringToUnicodeSize(_In_ PCOEM_STRING OemString);
ULONG NTAPI RtlxUnicodeStringToAnsiSize(_In_ PCUNICODE_STRING UnicodeString);
ULONG NTAPI RtlxUnicodeStringToOemSize(_In_ PCUNICODE_STRING UnicodeString);
#define RtlAnsiStringToUnicodeSize(String) RtlxAnsiStringToUnicodeSize(String)
#define RtlOemStringToUnicodeSize(String)  RtlxOemStringToUnicodeSize(String)
#define RtlUnicodeStringToAnsiSize(String) RtlxUnicodeStringToAnsiSize(String)
#define RtlUnicodeStringToOemSize(String)  RtlxUnicodeStringToOemSize(String)

WCHAR NTAPI RtlAnsiCharToUnicodeChar(_Inout_ PSTR *SourceCharacter);
NTSTATUS NTAPI RtlAnsiStringToUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                            _In_ PCANSI_STRING SourceString,
                                            _In_ BOOLEAN AllocateDestinationString);
NTSTATUS NTAPI RtlUnicodeStringToAnsiString(_Inout_ PANSI_STRING DestinationString,
                                            _In_ PCUNICODE_STRING SourceString,
                                            _In_ BOOLEAN AllocateDestinationString);
NTSTATUS NTAPI RtlUpcaseUnicodeStringToAnsiString(_Inout_ PANSI_STRING DestinationString,
                                                  _In_ PCUNICODE_STRING SourceString,
                                                  _In_ BOOLEAN AllocateDestinationString);
NTSTATUS NTAPI RtlOemStringToUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                           _In_ PCOEM_STRING SourceString,
                                           _In_ BOOLEAN AllocateDestinationString);
NTSTATUS NTAPI RtlUnicodeStringToOemString(_Inout_ POEM_STRING DestinationString,
                                           _In_ PCUNICODE_STRING SourceString,
                                           _In_ BOOLEAN AllocateDestinationString);
NTSTATUS NTAPI RtlUpcaseUnicodeStringToOemString(_Inout_ POEM_STRING DestinationString,
                                                 _In_ PCUNICODE_STRING SourceString,
                                                 _In_ BOOLEAN AllocateDestinationString);
NTSTATUS NTAPI RtlUTF8StringToUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                            _In_ const UTF8_STRING *SourceString,
                                            _In_ BOOLEAN AllocateDestinationString);
NTSTATUS NTAPI RtlUnicodeStringToUTF8String(_Inout_ PUTF8_STRING DestinationString,
                                            _In_ PCUNICODE_STRING SourceString,
                                            _In_ BOOLEAN AllocateDestinationString);

/* ---- Numbers (rtl/integer.c) ---- */

NTSTATUS NTAPI RtlCharToInteger(_In_ PCSZ String, _In_ ULONG Base, _Out_ PULONG Value);
NTSTATUS NTAPI RtlIntegerToChar(_In_ ULONG Value, _In_ ULONG Base, _In_ LONG OutputLength,
                                _Out_ PCHAR String);
NTSTATUS NTAPI RtlLargeIntegerToChar(_In_ PLARGE_INTEGER Value, _In_ ULONG Base,
                                     _In_ LONG OutputLength, _Out_ PCHAR String);
NTSTATUS NTAPI RtlUnicodeStringToInteger(_In_ PCUNICODE_STRING String, _In_ ULONG Base,
                                         _Out_ PULONG Value);
NTSTATUS NTAPI RtlUnicodeStringToInt64(_In_ PCUNICODE_STRING String, _In_ ULONG Base,
                                       _Out_ PLONG64 Number, _Out_opt_ PWSTR *EndPointer);
NTSTATUS NTAPI RtlIntegerToUnicodeString(_In_ ULONG Value, _In_ ULONG Base,
                                         _Inout_ PUNICODE_STRING String);
NTSTATUS NTAPI RtlInt64ToUnicodeString(_In_ ULONGLONG Value, _In_ ULONG Base,
                                       _Inout_ PUNICODE_STRING String);
NTSTATUS NTAPI RtlGUIDFromString(_In_ PCUNICODE_STRING GuidString, _Out_ GUID *Guid);
NTSTATUS NTAPI RtlStringFromGUID(_In_ const GUID *Guid, _Out_ PUNICODE_STRING GuidString);

/* ---- Atom tables (rtl/atom.c): not in kernel mode at IRQL > APC_LEVEL ---- */

#define RTL_ATOM_MAXIMUM_NAME_LENGTH 255 /* letters */
#define RTL_ATOM_PINNED              1

typedef struct _RTL_ATOM_TABLE RTL_ATOM_TABLE, *PRTL_ATOM_TABLE;

NTSTATUS NTAPI RtlCreateAtomTable(_In_ ULONG NumberOfBuckets, _Inout_ PRTL_ATOM_TABLE *AtomTable);
NTSTATUS NTAPI RtlDestroyAtomTable(_In_ PRTL_ATOM_TABLE AtomTable);
NTSTATUS NTAPI RtlEmptyAtomTable(_In_ PRTL_ATOM_TABLE AtomTable, _In_ BOOLEAN IncludePinnedAtoms);
NTSTATUS NTAPI RtlAddAtomToAtomTable(_In_ PRTL_ATOM_TABLE AtomTable, _In_opt_ PCWSTR AtomName,
                                     _Out_opt_ PRTL_ATOM Atom);
NTSTATUS NTAPI RtlLookupAtomInAtomTable(_In_ PRTL_ATOM_TABLE AtomTable, _In_opt_ PCWSTR AtomName,
                                        _Out_opt_ PRTL_ATOM Atom);
NTSTATUS NTAPI RtlDeleteAtomFromAtomTable(_In_ PRTL_ATOM_TABLE AtomTable, _In_ RTL_ATOM Atom);
NTSTATUS NTAPI RtlPinAtomInAtomTable(_In_ PRTL_ATOM_TABLE AtomTable, _In_ RTL_ATOM Atom);
NTSTATUS NTAPI RtlQueryAtomInAtomTable(_In_ PRTL_ATOM_TABLE AtomTable, _In_ RTL_ATOM Atom,
                                       _Out_opt_ PULONG AtomUsage, _Out_opt_ PULONG AtomFlags,
                                       _Out_opt_ PWSTR AtomName, _Inout_opt_ PULONG AtomNameLength);
NTSTATUS NTAPI RtlQueryAtomListInAtomTable(_In_ PRTL_ATOM_TABLE AtomTable,
                                           _In_ ULONG MaximumNumberOfAtoms,
                                           _Out_ PULONG NumberOfAtoms, _Out_ PRTL_ATOM AtomList);

/* What tables stand on: a lock, which is one pointer, zero at first; zeroed memory. The kernel has
 * them in ex/ntatom.c, ntdll.dll in user/ntdll/atom.c. */
VOID RtlpLockAtomTable(_Inout_ PVOID *Lock);
VOID RtlpUnlockAtomTable(_Inout_ PVOID *Lock);
PVOID RtlpAllocateAtom(_In_ SIZE_T Size);
VOID RtlpFreeAtom(_In_ PVOID Block);

/* ---- Time (rtl/time.c) ---- */

VOID NTAPI RtlTimeToTimeFields(_In_ PLARGE_INTEGER Time, _Out_ PTIME_FIELDS TimeFields);
BOOLEAN NTAPI RtlTimeFieldsToTime(_In_ PTIME_FIELDS TimeFields, _Out_ PLARGE_INTEGER Time);
VOID NTAPI RtlTimeToElapsedTimeFields(_In_ PLARGE_INTEGER Time, _Out_ PTIME_FIELDS TimeFields);
BOOLEAN NTAPI RtlTimeToSecondsSince1970(_In_ PLARGE_INTEGER Time, _Out_ PULONG ElapsedSeconds);
BOOLEAN NTAPI RtlTimeToSecondsSince1980(_In_ PLARGE_INTEGER Time, _Out_ PULONG ElapsedSeconds);
VOID NTAPI RtlSecondsSince1970ToTime(_In_ ULONG ElapsedSeconds, _Out_ PLARGE_INTEGER Time);
VOID NTAPI RtlSecondsSince1980ToTime(_In_ ULONG ElapsedSeconds, _Out_ PLARGE_INTEGER Time);

/* ---- Statuses (rtl/ntdos.c) ---- */

ULONG NTAPI RtlNtStatusToDosErrorNoTeb(_In_ NTSTATUS Status);
ULONG NTAPI RtlNtStatusToDosError(_In_ NTSTATUS Status); /* ntdll: also sets TEB.LastStatusValue */

/* ---- Bitmaps (rtl/bitmap.c) ---- */

typedef struct _RTL_BITMAP {
    ULONG SizeOfBitMap; /* in bits */
    PULONG Buffer;
} RTL_BITMAP, *PRTL_BITMAP;

typedef struct _RTL_BITMAP_RUN {
    ULONG StartingIndex;
    ULONG NumberOfBits;
} RTL_BITMAP_RUN, *PRTL_BITMAP_RUN;

VOID NTAPI RtlInitializeBitMap(_Out_ PRTL_BITMAP BitMapHeader, _In_opt_ PULONG BitMapBuffer,
                               _In_ ULONG SizeOfBitMap);
VOID NTAPI RtlClearBit(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber);
VOID NTAPI RtlSetBit(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber);
BOOLEAN NTAPI RtlTestBit(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber);
VOID NTAPI RtlClearAllBits(_In_ PRTL_BITMAP BitMapHeader);
VOID NTAPI RtlSetAllBits(_In_ PRTL_BITMAP BitMapHeader);
VOID NTAPI RtlClearBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                        _In_ ULONG NumberToClear);
VOID NTAPI RtlSetBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                      _In_ ULONG NumberToSet);
ULONG NTAPI RtlFindClearBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                             _In_ ULONG HintIndex);
ULONG NTAPI RtlFindSetBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                           _In_ ULONG HintIndex);
ULONG NTAPI RtlFindClearBitsAndSet(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                                   _In_ ULONG HintIndex);
ULONG NTAPI RtlFindSetBitsAndClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                                   _In_ ULONG HintIndex);
ULONG NTAPI RtlNumberOfClearBits(_In_ PRTL_BITMAP BitMapHeader);
ULONG NTAPI RtlNumberOfSetBits(_In_ PRTL_BITMAP BitMapHeader);
BOOLEAN NTAPI RtlAreBitsClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                              _In_ ULONG Length);
BOOLEAN NTAPI RtlAreBitsSet(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                            _In_ ULONG Length);
ULONG NTAPI RtlFindNextForwardRunClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG FromIndex,
                                       _Out_ PULONG StartingRunIndex);
ULONG NTAPI RtlFindLongestRunClear(_In_ PRTL_BITMAP BitMapHeader, _Out_ PULONG StartingIndex);
ULONG NTAPI RtlFindFirstRunClear(_In_ PRTL_BITMAP BitMapHeader, _Out_ PULONG StartingIndex);
CHAR NTAPI RtlFindMostSignificantBit(_In_ ULONGLONG Set);
CHAR NTAPI RtlFindLeastSignificantBit(_In_ ULONGLONG Set);

/* ---- Red-black and AVL trees (rtl/tree); nodes and trees are in ntpebteb.h ---- */

VOID NTAPI RtlRbInsertNodeEx(_Inout_ PRTL_RB_TREE Tree, _In_opt_ PRTL_BALANCED_NODE Parent,
                             _In_ BOOLEAN Right, _Out_ PRTL_BALANCED_NODE Node);
VOID NTAPI RtlRbRemoveNode(_Inout_ PRTL_RB_TREE Tree, _In_ PRTL_BALANCED_NODE Node);
VOID NTAPI RtlAvlInsertNodeEx(_Inout_ PRTL_AVL_TREE Tree, _In_opt_ PRTL_BALANCED_NODE Parent,
                              _In_ BOOLEAN Right, _Out_ PRTL_BALANCED_NODE Node);
VOID NTAPI RtlAvlRemoveNode(_Inout_ PRTL_AVL_TREE Tree, _In_ PRTL_BALANCED_NODE Node);

/* Neighbours in order, in either kind of tree; NULL at the ends. */
PRTL_BALANCED_NODE NTAPI RtlpNextNode(_In_ PRTL_BALANCED_NODE Node);
PRTL_BALANCED_NODE NTAPI RtlpPreviousNode(_In_ PRTL_BALANCED_NODE Node);

/* ---- Formatted output (rtl/format/format.c, rtl/format/printf.c) ---- */

int _vsnprintf(char *Buffer, size_t Count, const char *Format, va_list Arguments);
int _snprintf(char *Buffer, size_t Count, const char *Format, ...);
int _vsnwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, va_list Arguments);
int _snwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, ...);

/* ---- Exceptions and unwinding (rtl/unwind/unwind.c, rtl/except*.c, rtl/unwind/capture.asm) ---- */

VOID NTAPI RtlCaptureContext(_Out_ PCONTEXT ContextRecord);
DECLSPEC_NORETURN VOID NTAPI RtlRestoreContext(_In_ PCONTEXT ContextRecord,
                                               _In_opt_ PEXCEPTION_RECORD ExceptionRecord);
VOID NTAPI RtlRaiseException(_In_ PEXCEPTION_RECORD ExceptionRecord);
DECLSPEC_NORETURN VOID NTAPI RtlRaiseStatus(_In_ NTSTATUS Status);
PRUNTIME_FUNCTION NTAPI RtlLookupFunctionEntry(_In_ ULONG64 ControlPc, _Out_ PULONG64 ImageBase,
                                               _Inout_opt_ PUNWIND_HISTORY_TABLE HistoryTable);
PEXCEPTION_ROUTINE NTAPI RtlVirtualUnwind(
    _In_ ULONG HandlerType, _In_ ULONG64 ImageBase, _In_ ULONG64 ControlPc,
    _In_ PRUNTIME_FUNCTION FunctionEntry, _Inout_ PCONTEXT ContextRecord, _Out_ PVOID *HandlerData,
    _Out_ PULONG64 EstablisherFrame, _Inout_opt_ PKNONVOLATILE_CONTEXT_POINTERS ContextPointers);
VOID NTAPI RtlUnwindEx(_In_opt_ PVOID TargetFrame, _In_opt_ PVOID TargetIp,
                       _In_opt_ PEXCEPTION_RECORD ExceptionRecord, _In_ PVOID ReturnValue,
                       _In_ PCONTEXT ContextRecord, _In_opt_ PUNWIND_HISTORY_TABLE HistoryTable);
VOID NTAPI RtlUnwind(_In_opt_ PVOID TargetFrame, _In_opt_ PVOID TargetIp,
                     _In_opt_ PEXCEPTION_RECORD ExceptionRecord, _In_ PVOID ReturnValue);
PVOID NTAPI RtlPcToFileHeader(_In_ PVOID PcValue, _Out_ PVOID *BaseOfImage);
USHORT NTAPI RtlCaptureStackBackTrace(_In_ ULONG FramesToSkip, _In_ ULONG FramesToCapture,
                                      _Out_ PVOID *BackTrace, _Out_opt_ PULONG BackTraceHash);
BOOLEAN NTAPI RtlDispatchException(_In_ PEXCEPTION_RECORD ExceptionRecord,
                                   _In_ PCONTEXT ContextRecord);
EXCEPTION_DISPOSITION __C_specific_handler(_In_ PEXCEPTION_RECORD ExceptionRecord,
                                           _In_ PVOID EstablisherFrame,
                                           _Inout_ PCONTEXT ContextRecord,
                                           _Inout_ PDISPATCHER_CONTEXT DispatcherContext);

#if defined(NTOS_USER)
/* ---- ntdll.dll only ---- */

#define HEAP_NO_SERIALIZE          0x00000001
#define HEAP_GROWABLE              0x00000002
#define HEAP_GENERATE_EXCEPTIONS   0x00000004
#define HEAP_ZERO_MEMORY           0x00000008
#define HEAP_REALLOC_IN_PLACE_ONLY 0x00000010

typedef struct _RTL_CRITICAL_SECTION_DEBUG {
    USHORT Type;
    USHORT CreatorBackTraceIndex;
    struct _RTL_CRITICAL_SECTION *CriticalSection;
    LIST_ENTRY ProcessLocksList;
    ULONG EntryCount;
    ULONG ContentionCount;
    ULONG Flags;
    USHORT CreatorBackTraceIndexHigh;
    USHORT Identifier;
} RTL_CRITICAL_SECTION_DEBUG, *PRTL_CRITICAL_SECTION_DEBUG;

typedef struct _RTL_CRITICAL_SECTION {
    PRTL_CRITICAL_SECTION_DEBUG DebugInfo;
    LONG LockCount;
    LONG RecursionCount;
    HANDLE OwningThread;
    HANDLE LockSemaphore;
    ULONG_PTR SpinCount;
} RTL_CRITICAL_SECTION, *PRTL_CRITICAL_SECTION;

CHECK_SIZE(RTL_CRITICAL_SECTION, 0x28);

typedef struct _RTL_SRWLOCK {
    PVOID Ptr;
} RTL_SRWLOCK, *PRTL_SRWLOCK;

typedef struct _RTL_CONDITION_VARIABLE {
    PVOID Ptr;
} RTL_CONDITION_VARIABLE, *PRTL_CONDITION_VARIABLE;

typedef union _RTL_RUN_ONCE {
    PVOID Ptr;
    ULONG_PTR Value;
} RTL_RUN_ONCE, *PRTL_RUN_ONCE;

PVOID NTAPI RtlCreateHeap(_In_ ULONG Flags, _In_opt_ PVOID HeapBase, _In_opt_ SIZE_T ReserveSize,
                          _In_opt_ SIZE_T CommitSize, _In_opt_ PVOID Lock,
                          _In_opt_ PVOID Parameters);
PVOID NTAPI RtlDestroyHeap(_In_ PVOID HeapHandle);
PVOID NTAPI RtlAllocateHeap(_In_ PVOID HeapHandle, _In_ ULONG Flags, _In_ SIZE_T Size);
PVOID NTAPI RtlReAllocateHeap(_In_ PVOID HeapHandle, _In_ ULONG Flags, _In_opt_ PVOID BaseAddress,
                              _In_ SIZE_T Size);
BOOLEAN NTAPI RtlFreeHeap(_In_ PVOID HeapHandle, _In_ ULONG Flags, _In_opt_ PVOID BaseAddress);
SIZE_T NTAPI RtlSizeHeap(_In_ PVOID HeapHandle, _In_ ULONG Flags, _In_ const VOID *BaseAddress);
BOOLEAN NTAPI RtlValidateHeap(_In_opt_ PVOID HeapHandle, _In_ ULONG Flags,
                              _In_opt_ const VOID *BaseAddress);

NTSTATUS NTAPI RtlInitializeCriticalSection(_Out_ PRTL_CRITICAL_SECTION CriticalSection);
NTSTATUS NTAPI RtlInitializeCriticalSectionAndSpinCount(_Out_ PRTL_CRITICAL_SECTION CriticalSection,
                                                        _In_ ULONG SpinCount);
NTSTATUS NTAPI RtlEnterCriticalSection(_Inout_ PRTL_CRITICAL_SECTION CriticalSection);
NTSTATUS NTAPI RtlLeaveCriticalSection(_Inout_ PRTL_CRITICAL_SECTION CriticalSection);
ULONG NTAPI RtlTryEnterCriticalSection(_Inout_ PRTL_CRITICAL_SECTION CriticalSection);
NTSTATUS NTAPI RtlDeleteCriticalSection(_Inout_ PRTL_CRITICAL_SECTION CriticalSection);

NTSTATUS NTAPI RtlCreateUserThread(_In_ HANDLE ProcessHandle, _In_opt_ PVOID SecurityDescriptor,
                                   _In_ BOOLEAN CreateSuspended, _In_ ULONG ZeroBits,
                                   _In_opt_ SIZE_T MaximumStackSize,
                                   _In_opt_ SIZE_T CommittedStackSize, _In_ PVOID StartAddress,
                                   _In_opt_ PVOID Parameter, _Out_opt_ PHANDLE ThreadHandle,
                                   _Out_opt_ PCLIENT_ID ClientId);
DECLSPEC_NORETURN VOID NTAPI RtlExitUserThread(_In_ NTSTATUS ExitStatus);
DECLSPEC_NORETURN VOID NTAPI RtlExitUserProcess(_In_ NTSTATUS ExitStatus);
PVOID NTAPI RtlAddVectoredExceptionHandler(_In_ ULONG First,
                                           _In_ PVECTORED_EXCEPTION_HANDLER Handler);
ULONG NTAPI RtlRemoveVectoredExceptionHandler(_In_ PVOID Handle);

NTSTATUS NTAPI LdrLoadDll(_In_opt_ PWSTR DllPath, _In_opt_ PULONG DllCharacteristics,
                          _In_ PUNICODE_STRING DllName, _Out_ PVOID *DllHandle);
NTSTATUS NTAPI LdrUnloadDll(_In_ PVOID DllHandle);
NTSTATUS NTAPI LdrGetDllHandle(_In_opt_ PWSTR DllPath, _In_opt_ PULONG DllCharacteristics,
                               _In_ PUNICODE_STRING DllName, _Out_ PVOID *DllHandle);
NTSTATUS NTAPI LdrGetProcedureAddress(_In_ PVOID DllHandle, _In_opt_ PANSI_STRING ProcedureName,
                                      _In_opt_ ULONG ProcedureNumber,
                                      _Out_ PVOID *ProcedureAddress);
ULONG DbgPrint(_In_ PCSTR Format, ...);
#endif

#endif /* _NTRTL_H_ */
