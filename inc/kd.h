/*
 * kd.h - kernel debugger support: the log, breakpoints, and the news of loaded images
 *
 * The kernel log is what DbgPrint writes. It goes to the debug port that the HAL opened (boot
 * option /DEBUGPORT), and to a ring in memory that a debugger can read when nobody listened to the
 * port. All of this may be called at any IRQL, on any processor, before the HAL is up (the ring
 * takes the text) and after a bugcheck.
 */

#pragma once

#include <ntdef.h>
#include <stdarg.h>

struct _LOADER_PARAMETER_BLOCK;

/* Component ids of DbgPrintEx that this system uses; the numbers are those of dpfilter.h. */
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
 * Level 0 to 31 is a bit number, more is a mask; the text is written when the component's filter
 * (Kd_DEFAULT_Mask for all) has the bit. Level DPFLTR_ERROR_LEVEL always passes.
 */
ULONG __cdecl DbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_ PCSTR Format, ...);

/* vDbgPrintEx - DbgPrintEx with the arguments as a list. */
ULONG NTAPI vDbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_ PCSTR Format,
                        _In_ va_list ArgList);

/* DbgBreakPoint - an int 3 that a debugger finds under a name of its own. */
VOID NTAPI DbgBreakPoint(VOID);

/*
 * DbgLoadImageSymbols - tells a debugger that an image was mapped.
 *
 * FileName is the image's name or path, ImageBase where it lies, ProcessId the process that it was
 * mapped into ((ULONG_PTR)-1 for images of the kernel's own). Does nothing: the debugger has a
 * breakpoint on it (tools/gdb/ntdbg/symbols.py). To be called in the address space of the
 * process, before its first instruction runs. IRQL: <= APC_LEVEL.
 */
VOID NTAPI DbgLoadImageSymbols(_In_ PCUNICODE_STRING FileName, _In_ PVOID ImageBase,
                               _In_ ULONG_PTR ProcessId);

/* DbgUnLoadImageSymbols - the reverse, before the image goes away. */
VOID NTAPI DbgUnLoadImageSymbols(_In_ PCUNICODE_STRING FileName, _In_ PVOID ImageBase,
                                 _In_ ULONG_PTR ProcessId);

/*
 * KdInitSystem - starts the log on the HAL's debug port and writes out what was held back.
 *
 * Called once by init/ when the HAL has done phase 0. IRQL: any.
 */
VOID NTAPI KdInitSystem(_In_ struct _LOADER_PARAMETER_BLOCK *LoaderBlock);

/*
 * KdPutString - Length bytes, as they are, to the log: what DbgPrint comes down to.
 *
 * Also the upcall for what a program says with int 2Dh. IRQL: any.
 */
VOID NTAPI KdPutString(_In_reads_bytes_(Length) PCSTR Text, _In_ ULONG Length);

/*
 * KdEnterBugCheck - from here on the log takes no lock that a stopped processor could hold.
 */
VOID NTAPI KdEnterBugCheck(VOID);
