/* bugcheckp.h - between the parts of the bugcheck */
#ifndef _BUGCHECKP_H_
#define _BUGCHECKP_H_

#include "ke.h"

/* The name of a code; never NULL. */
PCSTR KiBugCheckName(_In_ ULONG Code);

/* Prints to the kernel log and the screen. */
VOID KiBugPrint(_In_ _Printf_format_string_ PCSTR Format, ...);

/* Prints the registers, and the stack from Context on, one line a frame. */
VOID KiBugRegisters(_In_ const CONTEXT *Context);
VOID KiBugStack(_In_ const CONTEXT *Context);

#endif
