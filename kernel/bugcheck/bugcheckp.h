/* bugcheckp.h - between the parts of the bugcheck */
#ifndef _BUGCHECKP_H_
#define _BUGCHECKP_H_

#include "ke.h"
#include "check/kilock.h"

/* The name of a code; never NULL. */
PCSTR KiBugCheckName(_In_ ULONG Code);

/* Prints to the kernel log and the screen. */
VOID KiBugPrint(_In_ _Printf_format_string_ PCSTR Format, ...);

/* Prints the registers, and the stack from Context on, one line a frame. */
VOID KiBugRegisters(_In_ const CONTEXT *Context);
VOID KiBugStack(_In_ const CONTEXT *Context);
/* The same for a stack that was copied once, and for one of which only the addresses were kept. */
VOID KiBugStackCopy(_In_ const KI_STACK_COPY *Copy);
VOID KiBugStackList(_In_ const KI_STACK_LIST *List);

/* KeBugCheck2, which calls Report after it has shown the stack: whatever more there is to say. */
DECLSPEC_NORETURN VOID KeBugCheckWithReport(_In_ ULONG BugCheckCode, _In_ ULONG_PTR P1,
                                            _In_ ULONG_PTR P2, _In_ ULONG_PTR P3, _In_ ULONG_PTR P4,
                                            _In_opt_ PKTRAP_FRAME TrapFrame,
                                            _In_opt_ VOID (*Report)(PVOID Context),
                                            _In_opt_ PVOID ReportContext);

/* bugservice.c */
VOID KiPrintLastService(VOID);

#endif
