/*
 * bootefi.h - GNU-EFI's headers and NT's in one translation unit.
 *
 * Both define a handful of the same names, alike but not identically. EFI's go out of the way:
 * LIST_ENTRY under another name, VOID and the constants undone so that ntdef.h can define its own.
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
