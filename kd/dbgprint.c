/*
 * dbgprint.c - DbgPrint, and telling a debugger of loaded images
 */

#include "ke.h"
#include "kd.h"
#include "ntrtl.h"

/* The maximum length of one message, as in Windows. */
#define KDP_PRINT_LENGTH 512

/* Levels that are written: error, and warning in the checked build. The name is Windows'. */
ULONG Kd_DEFAULT_Mask = DBG ? 0x3 : 0x1;

static BOOLEAN KdpFiltered(ULONG Level) {
    ULONG Mask = Level < 32 ? 1U << Level : Level;
    return (Mask & (Kd_DEFAULT_Mask | 1U)) == 0;
}

static VOID KdpPrint(PCSTR Format, va_list Arguments) {
    CHAR Buffer[KDP_PRINT_LENGTH];
    int Length = _vsnprintf(Buffer, sizeof(Buffer), Format, Arguments);
    if (Length < 0 || Length > (int)sizeof(Buffer)) {
        Length = sizeof(Buffer);
        Buffer[sizeof(Buffer) - 1] = '\n';
    }
    KdPutString(Buffer, (ULONG)Length);
}

ULONG NTAPI vDbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, va_list ArgList) {
    UNREFERENCED_PARAMETER(ComponentId); /* all components share one mask */
    if (!KdpFiltered(Level)) {
        KdpPrint(Format, ArgList);
    }
    return STATUS_SUCCESS;
}

ULONG __cdecl DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...) {
    va_list Arguments;
    va_start(Arguments, Format);
    vDbgPrintEx(ComponentId, Level, Format, Arguments);
    va_end(Arguments);
    return STATUS_SUCCESS;
}

ULONG __cdecl DbgPrint(PCSTR Format, ...) {
    va_list Arguments;
    va_start(Arguments, Format);
    KdpPrint(Format, Arguments);
    va_end(Arguments);
    return STATUS_SUCCESS;
}

__attribute__((noinline)) VOID NTAPI DbgLoadImageSymbols(PCUNICODE_STRING FileName, PVOID ImageBase,
                                                         ULONG_PTR ProcessId) {
    /* The debugger reads the arguments from the registers in which they were passed. */
    __asm__ volatile("" : : "r"(FileName), "r"(ImageBase), "r"(ProcessId) : "memory");
}

__attribute__((noinline)) VOID NTAPI DbgUnLoadImageSymbols(PCUNICODE_STRING FileName,
                                                           PVOID ImageBase, ULONG_PTR ProcessId) {
    __asm__ volatile("" : : "r"(FileName), "r"(ImageBase), "r"(ProcessId) : "memory");
}
