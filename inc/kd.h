/*
 * kd.h - kernel debugger support: the log, breakpoints and notice of loaded images
 *
 * The kernel log is what DbgPrint writes. It goes to the debug port that the HAL opened (boot
 * option /DEBUGPORT) and to a ring in memory, which a debugger can read if nothing listened to the
 * port. All of this may be called at any IRQL, on any processor, before the HAL is initialized (the
 * ring keeps the text) and after a bug check.
 */

#pragma once

#include <ntdef.h>
#include <stdarg.h>

struct _LOADER_PARAMETER_BLOCK;

/* The component ids of DbgPrintEx used here; the numbers are those of dpfilter.h. */
#define DPFLTR_SYSTEM_ID    0
#define DPFLTR_IHVDRIVER_ID 77
#define DPFLTR_DEFAULT_ID   101

#define DPFLTR_ERROR_LEVEL   0
#define DPFLTR_WARNING_LEVEL 1
#define DPFLTR_TRACE_LEVEL   2
#define DPFLTR_INFO_LEVEL    3

/*
 * DbgPrint - writes formatted text to the kernel log.
 *
 * IRQL: any (the %ws, %wZ and similar conversions only at PASSIVE_LEVEL when the text is pageable).
 * Returns STATUS_SUCCESS. Public source: WDK, "DbgPrint".
 */
ULONG __cdecl DbgPrint(_In_ PCSTR Format, ...);

/*
 * DbgPrintEx - the same, filtered by component and level.
 *
 * A Level of 0 to 31 is a bit number, a larger one a mask. The text is written if the component's
 * filter (Kd_DEFAULT_Mask for all components) has the bit. DPFLTR_ERROR_LEVEL is always written.
 */
ULONG __cdecl DbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_ PCSTR Format, ...);

/* vDbgPrintEx - DbgPrintEx with the arguments as a list. */
ULONG NTAPI vDbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_ PCSTR Format,
                        _In_ va_list ArgList);

/* DbgBreakPoint - an int 3 at a name that a debugger can find. */
VOID NTAPI DbgBreakPoint(VOID);

/*
 * DbgLoadImageSymbols - tells a debugger that an image was mapped.
 *
 * FileName is the image's name or path, ImageBase its address, ProcessId the process into which it
 * was mapped ((ULONG_PTR)-1 for kernel images). The function does nothing; the debugger sets a
 * breakpoint on it (tools/gdb/ntdbg/symbols.py). It must be called in the address space of the
 * process, before the image's first instruction runs. IRQL: <= APC_LEVEL.
 */
VOID NTAPI DbgLoadImageSymbols(_In_ PCUNICODE_STRING FileName, _In_ PVOID ImageBase,
                               _In_ ULONG_PTR ProcessId);

/* DbgUnLoadImageSymbols - tells a debugger that an image is about to be unmapped. */
VOID NTAPI DbgUnLoadImageSymbols(_In_ PCUNICODE_STRING FileName, _In_ PVOID ImageBase,
                                 _In_ ULONG_PTR ProcessId);

/*
 * KdInitSystem - starts the log on the HAL's debug port and writes out what the ring holds.
 *
 * init/ calls it once, after phase 0 of the HAL. IRQL: any.
 */
VOID NTAPI KdInitSystem(_In_ struct _LOADER_PARAMETER_BLOCK *LoaderBlock);

/*
 * KdPutString - writes Length bytes to the log unchanged; DbgPrint ends here.
 *
 * It is also the upcall for what a program prints with int 2Dh. IRQL: any.
 */
VOID NTAPI KdPutString(_In_reads_bytes_(Length) PCSTR Text, _In_ ULONG Length);

/* KdEnterBugCheck - from now on the log ignores its lock, which a stopped processor may hold. */
VOID NTAPI KdEnterBugCheck(VOID);
