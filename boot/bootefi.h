/*
 * bootefi.h - GNU-EFI's headers and NT's in one translation unit
 *
 * Both define a few of the same names, similarly but not identically. EFI's are moved aside:
 * LIST_ENTRY is renamed, and VOID and the constants are undefined so that ntdef.h can define them.
 */
#ifndef _BOOTEFI_H_
#define _BOOTEFI_H_

#define _LIST_ENTRY _EFI_LINK
#define LIST_ENTRY  EFI_LINK
#include <efi.h>
#undef _LIST_ENTRY
#undef LIST_ENTRY
#undef VOID
#undef TRUE
#undef FALSE
#undef NULL
#undef CONST

#include "ntdef.h"

#endif /* _BOOTEFI_H_ */
