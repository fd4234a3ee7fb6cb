/*
 * condrv.h - what the files of the console driver share; the essay is in condrv.c.
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

/* The one console. Written at start: Port, Interactive, Interrupt. */
typedef struct _CON_EXTENSION {
    ULONG Port;          /* serial port of input and output */
    BOOLEAN Interactive; /* somebody types: echo and edit */
    FAST_MUTEX OutputLock;
    KEVENT InputLock;  /* not signalled: a reader waits for input; guards the rest */
    BOOLEAN EndOfFile; /* Ctrl-Z has come and Interactive is not set: for good */
    ULONG LineStart;   /* first byte of Line that nobody has read yet */
    ULONG LineEnd;
    UCHAR Line[CON_LINE_LENGTH];
    PKINTERRUPT Interrupt;     /* the port's, NULL: it cannot interrupt */
    BOOLEAN Listening;         /* the port interrupts when a byte comes (the interrupt's lock) */
    KEVENT InputEvent;         /* set when bytes have come */
    KSPIN_LOCK RingLock;       /* guards the ring */
    ULONG RingFirst, RingNext; /* counted on, modulo CON_RING_SIZE */
    UCHAR Ring[CON_RING_SIZE];
    CON_KEYS Keys;
} CON_EXTENSION, *PCON_EXTENSION;

/* Writes to serial port and screen, as one piece. IRQL <= APC_LEVEL. */
VOID ConWriteBytes(_Inout_ PCON_EXTENSION Console, _In_reads_bytes_(Length) const VOID *Bytes,
                   _In_ SIZE_T Length);

/*
 * Gives up to Length bytes of the current line, waiting for one in Mode if there is none. *Read is
 * 0 after Ctrl-Z. PASSIVE_LEVEL. STATUS_SUCCESS, STATUS_END_OF_FILE, STATUS_CANCELLED.
 */
NTSTATUS ConReadBytes(_Inout_ PCON_EXTENSION Console, _In_ KPROCESSOR_MODE Mode,
                      _Out_writes_bytes_(Length) PUCHAR Buffer, _In_ ULONG Length,
                      _Out_ PULONG Read);

/* receive.c. ConTakeByte: the next byte that has come, FALSE if none has. PASSIVE_LEVEL. */
VOID ConStartReceiving(_Inout_ PDEVICE_OBJECT Device);
BOOLEAN ConTakeByte(_Inout_ PCON_EXTENSION Console, _Out_ PUCHAR Byte);
/* A byte that was typed; lost if the ring is full. DISPATCH_LEVEL. */
VOID ConPutByte(_Inout_ PCON_EXTENSION Console, _In_ UCHAR Byte);

/* keyboard.c */
VOID ConConnectKeyboard(_Inout_ PDEVICE_OBJECT Device);

#endif
