/* kdp.h - inside Kd */
#ifndef _KDP_H_
#define _KDP_H_

#include "ntdef.h"

/* Formats into a buffer as Windows' _vsnprintf does: -1, and no terminator, if it does not fit. */
int __cdecl _vsnprintf(char *Buffer, size_t Count, const char *Format, va_list Arguments);

#endif
