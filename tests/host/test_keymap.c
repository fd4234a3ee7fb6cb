/*
 * Scan codes to characters.
 * Sources: drivers/condrv/keymap.c
 */
#include "../../drivers/condrv/keymap.h"
#include "kbdmou.h"

#include <stdio.h>

static int Failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                 \
            Failures++;                                                                            \
        }                                                                                          \
    } while (0)

#define CONTROL 0x1D
#define LEFT    0x2A
#define RIGHT   0x36
#define CAPS    0x3A

static UCHAR Press(PCON_KEYS Keys, USHORT Code) {
    UCHAR Character = ConTranslateKey(Keys, Code, KEY_MAKE);
    CHECK(ConTranslateKey(Keys, Code, KEY_BREAK) == 0);
    return Character;
}

int main(void) {
    static const USHORT Word[] = {0x2F, 0x17, 0x14, 0x13, 0x17, 0x31, 0x12}; /* vitrine */
    CON_KEYS Keys = {0};
    for (ULONG i = 0; i < RTL_NUMBER_OF(Word); i++) {
        CHECK(Press(&Keys, Word[i]) == "vitrine"[i]);
    }
    CHECK(Press(&Keys, 0x01) == 0x1B && Press(&Keys, 0x0E) == '\b' && Press(&Keys, 0x0F) == '\t');
    CHECK(Press(&Keys, 0x1C) == '\r' && Press(&Keys, 0x39) == ' ' && Press(&Keys, 0x2B) == '\\');
    CHECK(Press(&Keys, 0x02) == '1' && Press(&Keys, 0x0B) == '0' && Press(&Keys, 0x29) == '`');

    ConTranslateKey(&Keys, LEFT, KEY_MAKE);
    ConTranslateKey(&Keys, RIGHT, KEY_MAKE);
    ConTranslateKey(&Keys, LEFT, KEY_BREAK); /* the other one is still down */
    CHECK(Press(&Keys, 0x1E) == 'A' && Press(&Keys, 0x02) == '!' && Press(&Keys, 0x35) == '?');
    ConTranslateKey(&Keys, RIGHT, KEY_E0 | KEY_BREAK); /* made up by the keyboard */
    CHECK(Press(&Keys, 0x2C) == 'Z');
    ConTranslateKey(&Keys, RIGHT, KEY_BREAK);

    CHECK(Press(&Keys, CAPS) == 0);
    CHECK(Press(&Keys, 0x1E) == 'A' && Press(&Keys, 0x02) == '1');
    ConTranslateKey(&Keys, LEFT, KEY_MAKE);
    CHECK(Press(&Keys, 0x1E) == 'a');
    ConTranslateKey(&Keys, LEFT, KEY_BREAK);
    CHECK(Press(&Keys, CAPS) == 0 && Press(&Keys, 0x1E) == 'a');

    ConTranslateKey(&Keys, CONTROL, KEY_E0);
    CHECK(Press(&Keys, 0x2C) == 0x1A && Press(&Keys, 0x2E) == 0x03);
    ConTranslateKey(&Keys, CONTROL, KEY_E0 | KEY_BREAK);
    CHECK(Press(&Keys, 0x2C) == 'z');

    CHECK(ConTranslateKey(&Keys, 0x1C, KEY_E0) == '\r' &&
          ConTranslateKey(&Keys, 0x35, KEY_E0) == '/');
    CHECK(ConTranslateKey(&Keys, 0x48, KEY_E0) == 0);                  /* cursor up */
    CHECK(ConTranslateKey(&Keys, 0x1D, KEY_E1) == 0 && !Keys.Control); /* pause */
    for (ULONG Code = 0x3B; Code < 0x80; Code++) {
        CHECK(ConTranslateKey(&Keys, (USHORT)Code, KEY_MAKE) == 0);
    }
    return Failures != 0;
}
