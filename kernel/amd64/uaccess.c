/*
 * The user-mode accessors: how services read and write a program's memory.
 *
 * The pattern of every service is the same: inside __try, probe, copy what the program gave once,
 * then work on the copy. A bad address raises an exception that the service turns into its status.
 * Whether an address belongs to user space is checked here at every access; whether memory is
 * there, the processor finds out.
 */
#include "ki.h"

extern UCHAR KiUserAccessorsStart[], KiUserAccessorsEnd[];
VOID KiCopyUserMemory(volatile VOID *Destination, const volatile VOID *Source, SIZE_T Length);
VOID KiFillUserMemory(volatile VOID *Destination, SIZE_T Length, UCHAR Value);
UCHAR KiReadUserUChar(const volatile VOID *Source);
USHORT KiReadUserUShort(const volatile VOID *Source);
ULONG KiReadUserULong(const volatile VOID *Source);
ULONG64 KiReadUserULong64(const volatile VOID *Source);
VOID KiWriteUserUChar(volatile VOID *Destination, UCHAR Value);
VOID KiWriteUserUShort(volatile VOID *Destination, USHORT Value);
VOID KiWriteUserULong(volatile VOID *Destination, ULONG Value);
VOID KiWriteUserULong64(volatile VOID *Destination, ULONG64 Value);

BOOLEAN KiIsUserAccessor(ULONG64 Rip) {
    return (Rip >= (ULONG64)KiUserAccessorsStart && Rip < (ULONG64)KiUserAccessorsEnd) ||
           (Rip >= (ULONG64)KiSystemServiceCopyStart && Rip < (ULONG64)KiSystemServiceCopyEnd);
}

static DECLSPEC_NORETURN VOID KiRaiseUserAccess(const volatile VOID *Address) {
    EXCEPTION_RECORD Record = {.ExceptionCode = STATUS_ACCESS_VIOLATION,
                               .NumberParameters = 2,
                               .ExceptionInformation = {0, (ULONG64)Address}};
    RtlRaiseException(&Record);
    __builtin_unreachable();
}

/* Cheapest where Length is a constant. */
FORCEINLINE VOID KiCheckUserRange(const volatile VOID *Address, SIZE_T Length) {
    if (Length > MM_USER_PROBE_ADDRESS || (ULONG64)Address > MM_USER_PROBE_ADDRESS - Length)
        KiRaiseUserAccess(Address);
}

static VOID KiProbe(const volatile VOID *Address, SIZE_T Length, ULONG Alignment) {
    if (Length == 0)
        return;
    if ((ULONG64)Address & (Alignment - 1))
        RtlRaiseStatus(STATUS_DATATYPE_MISALIGNMENT);
    KiCheckUserRange(Address, Length);
}

VOID NTAPI ProbeForRead(const volatile VOID *Address, SIZE_T Length, ULONG Alignment) {
    KiProbe(Address, Length, Alignment);
}

/* Touches every page, so that a read-only one is found before anything has been done. */
VOID NTAPI ProbeForWrite(volatile VOID *Address, SIZE_T Length, ULONG Alignment) {
    KiProbe(Address, Length, Alignment);
    if (Length == 0)
        return;
    ULONG64 At = (ULONG64)Address, Last = At + Length - 1;
    for (;;) {
        KiWriteUserUChar((PVOID)At, KiReadUserUChar((PVOID)At));
        if ((At | (PAGE_SIZE - 1)) >= Last)
            break;
        At = (At & ~(ULONG64)(PAGE_SIZE - 1)) + PAGE_SIZE;
    }
}

VOID NTAPI CopyFromUser(VOID *Destination, const volatile VOID *Source, SIZE_T Length) {
    if (Length == 0)
        return;
    KiCheckUserRange(Source, Length);
    KiCopyUserMemory(Destination, Source, Length);
}

VOID NTAPI CopyToUser(volatile VOID *Destination, const VOID *Source, SIZE_T Length) {
    if (Length == 0)
        return;
    KiCheckUserRange(Destination, Length);
    KiCopyUserMemory(Destination, Source, Length);
}

VOID NTAPI FillUserMemory(volatile VOID *Destination, SIZE_T Length, UCHAR Value) {
    if (Length == 0)
        return;
    KiCheckUserRange(Destination, Length);
    KiFillUserMemory(Destination, Length, Value);
}

#define ACCESSORS(NAME, TYPE)                                                                      \
    TYPE NTAPI Read##NAME##FromUser(const volatile VOID *Source) {                                 \
        KiCheckUserRange(Source, sizeof(TYPE));                                                    \
        return KiReadUser##NAME(Source);                                                           \
    }                                                                                              \
    VOID NTAPI Write##NAME##ToUser(volatile VOID *Destination, TYPE Value) {                       \
        KiCheckUserRange(Destination, sizeof(TYPE));                                               \
        KiWriteUser##NAME(Destination, Value);                                                     \
    }
ACCESSORS(UChar, UCHAR)
ACCESSORS(UShort, USHORT)
ACCESSORS(ULong, ULONG)
ACCESSORS(ULong64, ULONG64)
