/*
 * keymap.c - scan codes (set 1) to characters, US keyboard
 *
 * A scan code is the position of a key, counted row by row from Esc. The key's character depends on
 * Shift and, for letters, on Caps Lock; Ctrl with a letter gives the control characters 1 to 26.
 * Keys with the prefix E0 were added later. Of these only the second Ctrl, the keypad's Enter and
 * its slash have a meaning here. This file uses no hardware, so tests/host/test_keymap.c tests it.
 */
#include "keymap.h"
#include "kbdmou.h"

#define SCAN_CONTROL     0x1D
#define SCAN_LEFT_SHIFT  0x2A
#define SCAN_RIGHT_SHIFT 0x36
#define SCAN_CAPS_LOCK   0x3A
#define SCAN_ENTER       0x1C
#define SCAN_SLASH       0x35

static const CHAR ConPlain[] = "\0\x1b"
                               "1234567890-=\b\t"
                               "qwertyuiop[]\r\0"
                               "asdfghjkl;'`\0\\"
                               "zxcvbnm,./\0*\0 ";
static const CHAR ConShifted[] = "\0\x1b"
                                 "!@#$%^&*()_+\b\t"
                                 "QWERTYUIOP{}\r\0"
                                 "ASDFGHJKL:\"~\0|"
                                 "ZXCVBNM<>?\0*\0 ";

/* TRUE if the key only modifies other keys. */
static BOOLEAN ConTrackModifier(PCON_KEYS Keys, USHORT MakeCode, USHORT Flags) {
    BOOLEAN Down = (Flags & KEY_BREAK) == 0;
    switch (MakeCode) {
    case SCAN_CONTROL:
        Keys->Control = Down;
        return TRUE;
    case SCAN_LEFT_SHIFT: /* with E0 the keyboard simulates it; ignored */
        Keys->LeftShift = (Flags & KEY_E0) == 0 ? Down : Keys->LeftShift;
        return TRUE;
    case SCAN_RIGHT_SHIFT:
        Keys->RightShift = (Flags & KEY_E0) == 0 ? Down : Keys->RightShift;
        return TRUE;
    case SCAN_CAPS_LOCK:
        Keys->CapsLock ^= Down;
        return TRUE;
    }
    return FALSE;
}

UCHAR ConTranslateKey(_Inout_ PCON_KEYS Keys, _In_ USHORT MakeCode, _In_ USHORT Flags) {
    if ((Flags & KEY_E1) != 0 || ConTrackModifier(Keys, MakeCode, Flags) ||
        (Flags & KEY_BREAK) != 0 || MakeCode >= sizeof(ConPlain) - 1) {
        return 0;
    }
    if ((Flags & KEY_E0) != 0 && MakeCode != SCAN_ENTER && MakeCode != SCAN_SLASH) {
        return 0;
    }
    BOOLEAN Shift = Keys->LeftShift || Keys->RightShift;
    BOOLEAN Letter = ConPlain[MakeCode] >= 'a' && ConPlain[MakeCode] <= 'z';
    if (Letter && Keys->Control) {
        return (UCHAR)(ConPlain[MakeCode] - 'a' + 1);
    }
    if ((Flags & KEY_E0) != 0) {
        Shift = FALSE;
    } else if (Letter && Keys->CapsLock) {
        Shift = !Shift;
    }
    return (UCHAR)(Shift ? ConShifted[MakeCode] : ConPlain[MakeCode]);
}
