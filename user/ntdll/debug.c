/*
 * debug.c - DbgPrint: text from a program to the kernel's log
 *
 * Not a system service but an interrupt of its own, 2Dh, with the text in registers: a kernel
 * debugger takes the same way, and user and kernel mode share it. One byte after the interrupt is
 * skipped by the kernel (dispatch.asm has an int 3 there).
 */

#include "ntdllp.h"

#define BREAKPOINT_PRINT   1
#define DPFLTR_DEFAULT_ID  101
#define DPFLTR_ERROR_LEVEL 0
#define DPFLTR_INFO_LEVEL  3

/* vDbgPrintExWithPrefix - the text of the format behind a prefix; at most 511 characters in all. */
ULONG NTAPI vDbgPrintExWithPrefix(_In_ PCSTR Prefix, _In_ ULONG ComponentId, _In_ ULONG Level,
                                  _In_ PCSTR Format, _In_ va_list Arguments) {
    CHAR Buffer[512];
    SIZE_T Start = strlen(Prefix);
    int Length;

    Start = min(Start, sizeof(Buffer) - 1);
    RtlCopyMemory(Buffer, Prefix, Start);
    Length = _vsnprintf(Buffer + Start, sizeof(Buffer) - Start, Format, Arguments);
    if (Length < 0 || (SIZE_T)Length > sizeof(Buffer) - Start) {
        Length = (int)(sizeof(Buffer) - Start);
        Buffer[sizeof(Buffer) - 1] = '\n';
    }
    return (ULONG)DebugService(BREAKPOINT_PRINT, Buffer, (ULONG)(Start + (SIZE_T)Length),
                               ComponentId, Level);
}

/* vDbgPrintEx - DbgPrintEx with the arguments as a list. */
ULONG NTAPI vDbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_ PCSTR Format,
                        _In_ va_list Arguments) {
    return vDbgPrintExWithPrefix("", ComponentId, Level, Format, Arguments);
}

/* DbgPrint, DbgPrintEx - formatted text to the kernel's log. */
ULONG DbgPrint(_In_ PCSTR Format, ...) {
    va_list Arguments;
    ULONG Status;

    va_start(Arguments, Format);
    Status = vDbgPrintExWithPrefix("", DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, Format, Arguments);
    va_end(Arguments);
    return Status;
}

ULONG DbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_ PCSTR Format, ...) {
    va_list Arguments;
    ULONG Status;

    va_start(Arguments, Format);
    Status = vDbgPrintExWithPrefix("", ComponentId, Level, Format, Arguments);
    va_end(Arguments);
    return Status;
}

/* RtlAssert - a failed assertion of code that ntdll shares with the kernel: said, then a
 * breakpoint. */
VOID NTAPI RtlAssert(_In_ PVOID FailedAssertion, _In_ PVOID FileName, _In_ ULONG LineNumber,
                     _In_opt_ PSTR Message) {
    DbgPrint("*** Assertion failed: %s%s\n***   Source File: %s, line %u\n",
             Message != NULL ? Message : "", (PCSTR)FailedAssertion, (PCSTR)FileName, LineNumber);
    DbgBreakPoint();
}
