/*
 * condrv.h - declarations shared by the files of the console driver (see the essay in condrv.c)
 */
#ifndef VITRINE_CONDRV_H
#define VITRINE_CONDRV_H

#include "ex.h"
#include "hal.h"
#include "io.h"
#include "keymap.h"
#include "ntrtl.h"

#define CON_LINE_LENGTH 1024
#define CON_RING_SIZE   1024

/* The only console. Port, Interactive and Interrupt are written once, at start. */
typedef struct _CON_EXTENSION {
    ULONG Port;          /* serial port of input and output */
    BOOLEAN Interactive; /* a person types: echo and edit */
    FAST_MUTEX OutputLock;
    KEVENT InputLock;  /* not signalled while held by a reader; guards the line */
    BOOLEAN EndOfFile; /* a tool has sent Ctrl-Z; never cleared */
    ULONG LineStart;   /* first unread byte of Line */
    ULONG LineEnd;
    UCHAR Line[CON_LINE_LENGTH];
    PKINTERRUPT Interrupt;     /* the port's; NULL: it cannot interrupt */
    BOOLEAN Listening;         /* the port's interrupt is enabled (the interrupt's lock) */
    KEVENT InputEvent;         /* set when bytes have arrived */
    KSPIN_LOCK RingLock;       /* guards the ring */
    ULONG RingFirst, RingNext; /* free-running; modulo CON_RING_SIZE */
    UCHAR Ring[CON_RING_SIZE];
    CON_KEYS Keys;
} CON_EXTENSION, *PCON_EXTENSION;

/* Writes bytes, uninterrupted, to the serial port and the screen. IRQL <= APC_LEVEL. */
VOID ConWriteBytes(_Inout_ PCON_EXTENSION Console, _In_reads_bytes_(Length) const VOID *Bytes,
                   _In_ SIZE_T Length);

/*
 * Returns up to Length bytes of the current line; if there is none, waits in Mode for one. *Read is
 * 0 after Ctrl-Z. PASSIVE_LEVEL. STATUS_SUCCESS, STATUS_END_OF_FILE, STATUS_CANCELLED.
 */
NTSTATUS ConReadBytes(_Inout_ PCON_EXTENSION Console, _In_ KPROCESSOR_MODE Mode,
                      _Out_writes_bytes_(Length) PUCHAR Buffer, _In_ ULONG Length,
                      _Out_ PULONG Read);

/* receive.c. ConTakeByte returns the next received byte, or FALSE if none. PASSIVE_LEVEL. */
VOID ConStartReceiving(_Inout_ PDEVICE_OBJECT Device);
BOOLEAN ConTakeByte(_Inout_ PCON_EXTENSION Console, _Out_ PUCHAR Byte);
/* Adds a typed byte; the byte is lost if the ring is full. DISPATCH_LEVEL. */
VOID ConPutByte(_Inout_ PCON_EXTENSION Console, _In_ UCHAR Byte);

/* keyboard.c */
VOID ConConnectKeyboard(_Inout_ PDEVICE_OBJECT Device);

#endif
