/*
 * console.c - the loader's messages, and how it ends when it cannot continue
 *
 * If the files come from QEMU (fwcfg.c), a program such as vmrun is watching. Messages then go to
 * the first serial port, which is the log; a failure writes a machine-readable line to the exit
 * port and powers the machine off. Otherwise a person is watching. A failure is then also shown on
 * the firmware's console, and the loader waits for a key before it returns to the firmware. Most
 * firmware copies its console to the serial port, so the message is not repeated there.
 */
#include "boot.h"

#define COM1            0x3F8
#define COM_LINE_STATUS 5
#define COM_THRE        0x20 /* the next byte can be written */
#define COM_TEMT        0x40 /* the last byte has been sent */
#define COM_TRIES       (1u << 25)
#define KEY_WAIT        100000000ULL /* 10 s in units of 100 ns */

static USHORT ExitPort;
static BOOLEAN IsWatchedByProgram;
static BOOLEAN SerialIsStuck;

VOID BootSetExitPort(USHORT Port) {
    ExitPort = Port;
}

VOID BootSetWatchedByProgram(VOID) {
    IsWatchedByProgram = TRUE;
}

static BOOLEAN HasSerialConsole(VOID) {
    static EFI_GUID SerialGuid = SERIAL_IO_PROTOCOL;
    void *Interface;
    return !EFI_ERROR(BootServices->LocateProtocol(&SerialGuid, NULL, &Interface));
}

/*
 * Waits until all of Bits are set in the port's line status. The firmware has set the port up, or
 * it does not exist (and reads as ones). A port that is not ready for several seconds is given up.
 */
static VOID WaitForSerial(UCHAR Bits) {
    for (ULONG Try = 0; !SerialIsStuck && Try < COM_TRIES; Try++) {
        if ((BootIn8(COM1 + COM_LINE_STATUS) & Bits) == Bits)
            return;
    }
    SerialIsStuck = TRUE;
}

static VOID PutSerial(CHAR Byte) {
    WaitForSerial(COM_THRE);
    if (!SerialIsStuck)
        BootOut8(COM1, (UCHAR)Byte);
}

VOID BootPrint(PCSTR Text) {
    for (; *Text != 0; Text++)
        PutSerial(*Text);
}

static VOID PrintOnFirmwareConsole(PCSTR Text) {
    WCHAR Wide[LOADER_ERROR_TEXT * 4];
    SIZE_T Length = 0;
    if (BootSystemTable->ConOut == NULL)
        return;
    while (Text[Length] != 0)
        Length++;
    BootWiden(Wide, ARRAYSIZE(Wide), Text, Length);
    BootSystemTable->ConOut->OutputString(BootSystemTable->ConOut, (CHAR16 *)Wide);
}

static VOID WriteOutcome(NTSTATUS Status) {
    CHAR Line[32];
    PSTR To = BootAppend(Line, Line + sizeof(Line), "nostart ");
    To = BootAppendHex(To, Line + sizeof(Line), (ULONG)Status);
    BootAppend(To, Line + sizeof(Line), "\n");
    for (PCSTR At = Line; *At != 0; At++)
        BootOut8(ExitPort, (UCHAR)*At);
}

/* Waits for a key, at most for KEY_WAIT, since there may be no keyboard. */
static VOID WaitForKey(VOID) {
    EFI_EVENT Events[2];
    UINTN Which;
    PrintOnFirmwareConsole("Press a key.\r\n");
    if (BootSystemTable->ConIn == NULL ||
        EFI_ERROR(BootServices->CreateEvent(EVT_TIMER, 0, NULL, NULL, &Events[1])))
        return;
    Events[0] = BootSystemTable->ConIn->WaitForKey;
    BootSystemTable->ConIn->Reset(BootSystemTable->ConIn, FALSE);
    BootServices->SetTimer(Events[1], TimerRelative, KEY_WAIT);
    BootServices->WaitForEvent(2, Events, &Which);
}

static PSTR AppendWide(PSTR To, PCSTR End, PCWSTR Text) {
    for (; *Text != 0; Text++) {
        CHAR One[2] = {*Text < 0x80 ? (CHAR)*Text : '?', 0};
        To = BootAppend(To, End, One);
    }
    return To;
}

/*
 * Ends the boot: reports the file (may be NULL), the reason and the status. Allocated memory is not
 * freed, since the firmware is about to stop or to try another boot option.
 */
VOID BootFail(NTSTATUS Status, PCWSTR File, PCSTR Reason, PCSTR Detail) {
    CHAR Text[LOADER_ERROR_TEXT * 4];
    PCSTR End = Text + sizeof(Text);
    PSTR To = BootAppend(Text, End, "Vitrine cannot start: ");
    if (File != NULL)
        To = BootAppend(AppendWide(To, End, File), End, ": ");
    To = BootAppend(To, End, Reason);
    if (Detail != NULL)
        To = BootAppend(BootAppend(To, End, " "), End, Detail);
    To = BootAppend(To, End, " (status ");
    To = BootAppendHex(To, End, (ULONG)Status);
    BootAppend(To, End, ")\r\n");

    if (IsWatchedByProgram || !HasSerialConsole())
        BootPrint(Text);
    if (!IsWatchedByProgram)
        PrintOnFirmwareConsole(Text);
    WaitForSerial(COM_TEMT); /* the last bytes must be sent before the machine stops */
    if (ExitPort != 0)
        WriteOutcome(Status);
    if (IsWatchedByProgram || ExitPort != 0)
        BootSystemTable->RuntimeServices->ResetSystem(EfiResetShutdown, EFI_LOAD_ERROR, 0, NULL);
    WaitForKey();
    BootServices->Exit(BootImageHandle, EFI_LOAD_ERROR, 0, NULL);
    for (;;)
        __asm__ volatile("cli; hlt");
}
