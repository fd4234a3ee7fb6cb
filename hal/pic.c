/*
 * pic.c - the two 8259 interrupt controllers, put to sleep
 *
 * Interrupts come through the APICs. The old controllers still exist on most machines and may raise
 * a spurious IRQ 7 or 15 even when all their lines are masked, so they are first given vectors
 * where nobody confuses them with an exception (the firmware's choice may overlap vectors 8 to 15).
 */
#include "halp.h"

#define PIC1_COMMAND    0x20
#define PIC1_DATA       0x21
#define PIC2_COMMAND    0xA0
#define PIC2_DATA       0xA1
#define PIC_VECTOR_BASE 0x30 /* the same slots that Windows gives them */

VOID HalpMaskPics(VOID) {
    WRITE_PORT_UCHAR(PIC1_COMMAND, 0x11); /* ICW1: cascade, ICW4 follows */
    WRITE_PORT_UCHAR(PIC2_COMMAND, 0x11);
    WRITE_PORT_UCHAR(PIC1_DATA, PIC_VECTOR_BASE);
    WRITE_PORT_UCHAR(PIC2_DATA, PIC_VECTOR_BASE + 8);
    WRITE_PORT_UCHAR(PIC1_DATA, 4); /* ICW3: the second one sits on line 2 */
    WRITE_PORT_UCHAR(PIC2_DATA, 2);
    WRITE_PORT_UCHAR(PIC1_DATA, 1); /* ICW4: 8086 mode */
    WRITE_PORT_UCHAR(PIC2_DATA, 1);
    WRITE_PORT_UCHAR(PIC1_DATA, 0xFF);
    WRITE_PORT_UCHAR(PIC2_DATA, 0xFF);
}
