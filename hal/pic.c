/*
 * pic.c - the two 8259 interrupt controllers, masked
 *
 * Interrupts are delivered by the APICs. Most machines still have the old controllers, which may
 * raise a spurious IRQ 7 or 15 even with all lines masked. The firmware's vectors for them may
 * overlap exceptions 8 to 15, so they are first moved to vectors that no exception uses.
 */
#include "halp.h"

#define PIC1_COMMAND    0x20
#define PIC1_DATA       0x21
#define PIC2_COMMAND    0xA0
#define PIC2_DATA       0xA1
#define PIC_VECTOR_BASE 0x30 /* the same vectors as in Windows */

VOID HalpMaskPics(VOID) {
    WRITE_PORT_UCHAR(PIC1_COMMAND, 0x11); /* ICW1: cascade, ICW4 follows */
    WRITE_PORT_UCHAR(PIC2_COMMAND, 0x11);
    WRITE_PORT_UCHAR(PIC1_DATA, PIC_VECTOR_BASE);
    WRITE_PORT_UCHAR(PIC2_DATA, PIC_VECTOR_BASE + 8);
    WRITE_PORT_UCHAR(PIC1_DATA, 4); /* ICW3: the second controller is on line 2 */
    WRITE_PORT_UCHAR(PIC2_DATA, 2);
    WRITE_PORT_UCHAR(PIC1_DATA, 1); /* ICW4: 8086 mode */
    WRITE_PORT_UCHAR(PIC2_DATA, 1);
    WRITE_PORT_UCHAR(PIC1_DATA, 0xFF);
    WRITE_PORT_UCHAR(PIC2_DATA, 0xFF);
}
