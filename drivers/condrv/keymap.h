/*
 * keymap.h - keys to characters (keymap.c)
 */
#ifndef VITRINE_KEYMAP_H
#define VITRINE_KEYMAP_H

#include "ntdef.h"

/* Which modifier keys are down. Used only by the keyboard's DPC. */
typedef struct _CON_KEYS {
    BOOLEAN LeftShift, RightShift, Control, CapsLock;
} CON_KEYS, *PCON_KEYS;

/* Returns the character of a pressed key, or 0 if it has none. */
UCHAR ConTranslateKey(_Inout_ PCON_KEYS Keys, _In_ USHORT MakeCode, _In_ USHORT Flags);

#endif
