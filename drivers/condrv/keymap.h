/*
 * keymap.h - keys to characters (keymap.c)
 */
#ifndef VITRINE_KEYMAP_H
#define VITRINE_KEYMAP_H

#include "ntdef.h"

/* Which keys are down that change what others mean; the keyboard's DPC alone. */
typedef struct _CON_KEYS {
    BOOLEAN LeftShift, RightShift, Control, CapsLock;
} CON_KEYS, *PCON_KEYS;

/* The character of a key that was pressed, 0 for none. */
UCHAR ConTranslateKey(_Inout_ PCON_KEYS Keys, _In_ USHORT MakeCode, _In_ USHORT Flags);

#endif
