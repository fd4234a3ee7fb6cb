/*
 * serial.c - COM1 to COM4, 16550 UARTs
 *
 * Output waits until the transmitter's FIFO is empty, then writes up to 16 bytes with one string
 * instruction. This is slower than interrupts, but it works at any IRQL, inside a bug check and
 * before the kernel has an IDT: the kernel's log must not depend on what it reports. Input is
 * polled by the caller; a driver can enable the port's interrupt for received data.
 *
 * Two bits of the line status register show the progress of output. THRE: the FIFO is empty and
 * more bytes can be written. TEMT: the last bit has left the line. In between the UART still holds
 * bytes, which are lost if the machine is switched off or reset, so power.c calls HalSerialFlush
 * first. (Under QEMU the UART holds them while the program at the other end does not read.)
 *
 * A port is used if its scratch register keeps what is written to it. A port that accepts no output
 * for several seconds is disabled permanently, so that an unplugged line cannot stop the system.
 *
 * There are no locks: the log (Kd) and the console driver each serialise their own port. If two
 * callers write to one port, only their bytes are mixed.
 */
#include "halp.h"

#define UART_DATA             0
#define UART_INTERRUPT_ENABLE 1
#define UART_FIFO_CONTROL     2
#define UART_LINE_CONTROL     3
#define UART_MODEM_CONTROL    4
#define UART_LINE_STATUS      5
#define UART_SCRATCH          7

#define INTERRUPT_RECEIVED 0x01
#define LINE_STATUS_DATA   0x01
#define LINE_STATUS_THRE   0x20
#define LINE_STATUS_TEMT   0x40
#define LINE_CONTROL_DLAB  0x80
#define LINE_CONTROL_8N1   0x03
#define FIFO_ENABLE        0x01
#define MODEM_DTR_RTS_OUT2 0x0B
#define FIFO_DEPTH         16
#define DIVISOR_115200     1
#define SEND_TRIES         (1u << 25)

/* Written by HalpInitializeSerial; later only EarlyInput changes, by the reader of that port. */
typedef struct _HALP_UART {
    USHORT Base;
    BOOLEAN Present;
    UCHAR EarlyCount;
    UCHAR EarlyNext;
    UCHAR EarlyInput[FIFO_DEPTH];
} HALP_UART, *PHALP_UART;

static HALP_UART HalpUart[] = {{.Base = 0x3F8}, {.Base = 0x2F8}, {.Base = 0x3E8}, {.Base = 0x2E8}};

static BOOLEAN HalpProbeUart(USHORT Base) {
    WRITE_PORT_UCHAR(Base + UART_SCRATCH, 0x5A);
    if (READ_PORT_UCHAR(Base + UART_SCRATCH) != 0x5A) {
        return FALSE;
    }
    WRITE_PORT_UCHAR(Base + UART_SCRATCH, 0xA5);
    return READ_PORT_UCHAR(Base + UART_SCRATCH) == 0xA5;
}

/* Enabling the FIFO empties it, so what has arrived is saved first. */
static VOID HalpSaveEarlyInput(PHALP_UART Uart) {
    while (Uart->EarlyCount < FIFO_DEPTH &&
           (READ_PORT_UCHAR(Uart->Base + UART_LINE_STATUS) & LINE_STATUS_DATA)) {
        Uart->EarlyInput[Uart->EarlyCount++] = READ_PORT_UCHAR(Uart->Base + UART_DATA);
    }
}

/* Waits until all of Bits are set in the line status. On FALSE the port has been disabled. */
static BOOLEAN HalpWaitForTransmitter(PHALP_UART Uart, UCHAR Bits) {
    for (ULONG Try = 0; Try < SEND_TRIES; Try++) {
        if ((READ_PORT_UCHAR(Uart->Base + UART_LINE_STATUS) & Bits) == Bits) {
            return TRUE;
        }
        HalpPause();
    }
    Uart->Present = FALSE;
    return FALSE;
}

/* The loader's last messages may still be in the UART; initializing it would discard them. */
static VOID HalpInitializeUart(PHALP_UART Uart) {
    USHORT Base = Uart->Base;
    Uart->Present = HalpProbeUart(Base);
    if (!Uart->Present || !HalpWaitForTransmitter(Uart, LINE_STATUS_TEMT)) {
        return;
    }
    HalpSaveEarlyInput(Uart);
    WRITE_PORT_UCHAR(Base + UART_INTERRUPT_ENABLE, 0);
    WRITE_PORT_UCHAR(Base + UART_LINE_CONTROL, LINE_CONTROL_DLAB | LINE_CONTROL_8N1);
    WRITE_PORT_UCHAR(Base + UART_DATA, DIVISOR_115200);
    WRITE_PORT_UCHAR(Base + UART_INTERRUPT_ENABLE, 0);
    WRITE_PORT_UCHAR(Base + UART_LINE_CONTROL, LINE_CONTROL_8N1);
    WRITE_PORT_UCHAR(Base + UART_FIFO_CONTROL, FIFO_ENABLE);
    WRITE_PORT_UCHAR(Base + UART_MODEM_CONTROL, MODEM_DTR_RTS_OUT2);
}

VOID HalpInitializeSerial(VOID) {
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(HalpUart); Index++) {
        HalpInitializeUart(&HalpUart[Index]);
    }
}

static PHALP_UART HalpFindUart(ULONG Port) {
    if (Port < 1 || Port > RTL_NUMBER_OF(HalpUart) || !HalpUart[Port - 1].Present) {
        return NULL;
    }
    return &HalpUart[Port - 1];
}

BOOLEAN HalSerialPresent(_In_ ULONG Port) {
    return HalpFindUart(Port) != NULL;
}

VOID HalSerialWrite(_In_ ULONG Port, _In_reads_bytes_(Length) const VOID *Buffer,
                    _In_ SIZE_T Length) {
    PHALP_UART Uart = HalpFindUart(Port);
    const UCHAR *Bytes = Buffer;
    while (Uart != NULL && Length != 0) {
        ULONG Chunk = Length < FIFO_DEPTH ? (ULONG)Length : FIFO_DEPTH;
        if (!HalpWaitForTransmitter(Uart, LINE_STATUS_THRE)) {
            return;
        }
        WRITE_PORT_BUFFER_UCHAR(Uart->Base + UART_DATA, Bytes, Chunk);
        Bytes += Chunk;
        Length -= Chunk;
    }
}

VOID HalSerialFlush(VOID) {
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(HalpUart); Index++) {
        if (HalpUart[Index].Present) {
            HalpWaitForTransmitter(&HalpUart[Index], LINE_STATUS_TEMT);
        }
    }
}

BOOLEAN HalSerialInputReady(_In_ ULONG Port) {
    PHALP_UART Uart = HalpFindUart(Port);
    return Uart != NULL && (READ_PORT_UCHAR(Uart->Base + UART_LINE_STATUS) & LINE_STATUS_DATA) != 0;
}

VOID HalSerialEnableInterrupt(_In_ ULONG Port, _In_ BOOLEAN Enable) {
    PHALP_UART Uart = HalpFindUart(Port);
    if (Uart != NULL) {
        WRITE_PORT_UCHAR(Uart->Base + UART_INTERRUPT_ENABLE, Enable ? INTERRUPT_RECEIVED : 0);
    }
}

ULONG HalSerialQueryInterruptLevel(_In_ ULONG Port) {
    return Port % 2 != 0 ? 4 : 3; /* COM1 and COM3 share a line, COM2 and COM4 another */
}

BOOLEAN HalSerialRead(_In_ ULONG Port, _Out_ PUCHAR Byte) {
    PHALP_UART Uart = HalpFindUart(Port);
    if (Uart == NULL) {
        return FALSE;
    }
    if (Uart->EarlyNext < Uart->EarlyCount) {
        *Byte = Uart->EarlyInput[Uart->EarlyNext++];
        return TRUE;
    }
    if ((READ_PORT_UCHAR(Uart->Base + UART_LINE_STATUS) & LINE_STATUS_DATA) == 0) {
        return FALSE;
    }
    *Byte = READ_PORT_UCHAR(Uart->Base + UART_DATA);
    return TRUE;
}

ULONG HalParseSerialPort(_In_opt_ PCSTR Value) {
    if (Value == NULL || (Value[0] | 0x20) != 'c' || (Value[1] | 0x20) != 'o' ||
        (Value[2] | 0x20) != 'm' || Value[3] < '1' || Value[3] > '4' ||
        (Value[4] != '\0' && Value[4] != ' ')) {
        return 0;
    }
    return (ULONG)(Value[3] - '0');
}
