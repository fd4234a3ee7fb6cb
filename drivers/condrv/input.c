/*
 * input.c - builds lines from received or typed bytes
 *
 * A read returns at most one line, including its line feed. What does not fit in the buffer stays
 * for the next read. Bytes from a tool (not Interactive) pass unchanged, and Ctrl-Z ends the input
 * permanently: this and every later read returns STATUS_END_OF_FILE. For a person, Enter (CR)
 * becomes CR LF as on a Windows console, typed characters are echoed, Backspace deletes, Ctrl-C and
 * Esc clear the line, and Ctrl-Z at the start of a line makes one read return no bytes.
 *
 * A reader without input waits for InputEvent, which the DPCs of the port and the keyboard set. It
 * waits in its own processor mode at PASSIVE_LEVEL, so terminating the thread cancels the read.
 */
#include "condrv.h"

#define CTRL_C 0x03
#define CTRL_Z 0x1A
#define ESCAPE 0x1B
#define RUBOUT 0x7F

/* FALSE if the thread is being terminated instead. */
static BOOLEAN ConWaitForByte(PCON_EXTENSION Console, KPROCESSOR_MODE Mode, PUCHAR Byte) {
    while (!ConTakeByte(Console, Byte)) {
        NTSTATUS Status =
            KeWaitForSingleObject(&Console->InputEvent, UserRequest, Mode, FALSE, NULL);
        if (Status != STATUS_SUCCESS) {
            return FALSE;
        }
    }
    return TRUE;
}

static VOID ConEcho(PCON_EXTENSION Console, PCSTR Text) {
    SIZE_T Length = 0;
    while (Text[Length] != '\0') {
        Length++;
    }
    ConWriteBytes(Console, Text, Length);
}

static VOID ConEraseOne(PCON_EXTENSION Console) {
    if (Console->LineEnd != 0) {
        Console->LineEnd--;
        ConEcho(Console, "\b \b");
    }
}

static VOID ConAppend(PCON_EXTENSION Console, UCHAR Byte) {
    Console->Line[Console->LineEnd++] = Byte;
}

/* Handles one key of a typed line. TRUE: the line is complete. */
static BOOLEAN ConTypeByte(PCON_EXTENSION Console, UCHAR Byte) {
    switch (Byte) {
    case '\r':
    case '\n':
        ConAppend(Console, '\r');
        ConAppend(Console, '\n');
        ConEcho(Console, "\r\n");
        return TRUE;
    case '\b':
    case RUBOUT:
        ConEraseOne(Console);
        return FALSE;
    case CTRL_C:
    case ESCAPE:
        while (Console->LineEnd != 0) {
            ConEraseOne(Console);
        }
        return FALSE;
    case CTRL_Z:
        if (Console->LineEnd == 0) {
            ConEcho(Console, "^Z\r\n");
            return TRUE;
        }
        break;
    }
    if (Byte >= ' ' && Console->LineEnd < CON_LINE_LENGTH - 2) {
        ConAppend(Console, Byte);
        ConWriteBytes(Console, &Byte, 1);
    }
    return FALSE;
}

static BOOLEAN ConTypeLine(PCON_EXTENSION Console, KPROCESSOR_MODE Mode) {
    UCHAR Byte;
    do {
        if (!ConWaitForByte(Console, Mode, &Byte)) {
            return FALSE;
        }
    } while (!ConTypeByte(Console, Byte));
    return TRUE;
}

/* Receives a line, or as much of it as fits, from a tool. */
static BOOLEAN ConReceiveLine(PCON_EXTENSION Console, KPROCESSOR_MODE Mode) {
    UCHAR Byte = 0;
    while (Console->LineEnd < CON_LINE_LENGTH && Byte != '\n') {
        if (!ConWaitForByte(Console, Mode, &Byte)) {
            return FALSE;
        }
        if (Byte == CTRL_Z) {
            Console->EndOfFile = TRUE;
            return TRUE;
        }
        ConAppend(Console, Byte);
    }
    return TRUE;
}

/* Refills the line buffer after all of it has been read. An interrupted line is discarded. */
static NTSTATUS ConFillLine(PCON_EXTENSION Console, KPROCESSOR_MODE Mode) {
    Console->LineStart = Console->LineEnd = 0;
    if (Console->EndOfFile) {
        return STATUS_END_OF_FILE;
    }
    BOOLEAN Complete =
        Console->Interactive ? ConTypeLine(Console, Mode) : ConReceiveLine(Console, Mode);
    if (!Complete) {
        Console->LineEnd = 0;
        return STATUS_CANCELLED;
    }
    return Console->LineEnd == 0 && Console->EndOfFile ? STATUS_END_OF_FILE : STATUS_SUCCESS;
}

NTSTATUS ConReadBytes(_Inout_ PCON_EXTENSION Console, _In_ KPROCESSOR_MODE Mode,
                      _Out_writes_bytes_(Length) PUCHAR Buffer, _In_ ULONG Length,
                      _Out_ PULONG Read) {
    *Read = 0;
    NTSTATUS Status = KeWaitForSingleObject(&Console->InputLock, UserRequest, Mode, FALSE, NULL);
    if (Status != STATUS_SUCCESS) {
        return STATUS_CANCELLED;
    }
    if (Console->LineStart == Console->LineEnd) {
        Status = ConFillLine(Console, Mode);
    }
    if (NT_SUCCESS(Status)) {
        ULONG Count = min(Console->LineEnd - Console->LineStart, Length);
        RtlCopyMemory(Buffer, Console->Line + Console->LineStart, Count);
        Console->LineStart += Count;
        *Read = Count;
    }
    KeSetEvent(&Console->InputLock, IO_NO_INCREMENT, FALSE);
    return Status;
}
