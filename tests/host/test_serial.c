/*
 * Serial output on model UARTs, whose line moves only when the HAL looks at its status: what the
 * machine has sent when the HAL switches it off. A byte is written to the FIFO, moves into the
 * shift register, and leaves it some looks later; THRE and TEMT are told as a 16550 tells them.
 * Sources: hal/serial.c hal/power.c
 */
#include "halmachine.h"

#include "host.h"

#define LOOKS_PER_BYTE 7

HAL_ACPI_FACTS HalpAcpi;

typedef struct _MODEL {
    USHORT Base;
    UCHAR Scratch;
    UCHAR LineControl;
    UCHAR Fifo[16];
    ULONG Waiting;   /* bytes in the FIFO */
    LONG Shifting;   /* the byte in the shift register, or -1 */
    ULONG LooksLeft; /* until it has left */
    char Sent[256];
    ULONG SentLength;
    ULONG Lost; /* written to a full FIFO, or destroyed by an initialisation */
    BOOLEAN Stuck;
} MODEL;

static MODEL Models[2];
static ULONG PowerOffs, SentAtPowerOff[2], ResetRegisterWrites, SentAtReset;

static MODEL *ModelOf(USHORT Port) {
    for (ULONG i = 0; i < 2; i++)
        if ((Port & ~7) == Models[i].Base)
            return &Models[i];
    return NULL;
}

static void MoveLine(MODEL *Model) {
    if (Model->Stuck)
        return;
    if (Model->Shifting >= 0 && --Model->LooksLeft == 0) {
        Model->Sent[Model->SentLength++] = (char)Model->Shifting;
        Model->Shifting = -1;
    }
    if (Model->Shifting < 0 && Model->Waiting != 0) {
        Model->Shifting = Model->Fifo[0];
        Model->LooksLeft = LOOKS_PER_BYTE;
        memmove(Model->Fifo, Model->Fifo + 1, --Model->Waiting);
    }
}

static ULONG ReadPort(USHORT Port, ULONG Bytes) {
    MODEL *Model = ModelOf(Port);
    if (Model == NULL)
        return Port == 0x604 ? 1 /* SCI_EN */ : ~0u;
    if ((Port & 7) == 7)
        return Model->Scratch;
    if ((Port & 7) != 5)
        return 0;
    MoveLine(Model);
    return (Model->Waiting == 0 ? 0x20u : 0u) |
           (Model->Waiting == 0 && Model->Shifting < 0 ? 0x40u : 0u);
}

static void WritePort(USHORT Port, ULONG Bytes, ULONG Value) {
    MODEL *Model = ModelOf(Port);
    if (Model == NULL) {
        if (Port == 0x604 && (Value & 0x2000) != 0) { /* SLP_EN */
            PowerOffs++;
            SentAtPowerOff[0] = Models[0].SentLength;
            SentAtPowerOff[1] = Models[1].SentLength;
            longjmp(MachineStopped, 1);
        }
        if (Port == 0xCF9) {
            ResetRegisterWrites++;
            SentAtReset = Models[0].SentLength;
            longjmp(MachineStopped, 1);
        }
    } else if ((Port & 7) == 0 && (Model->LineControl & 0x80) == 0) {
        if (Model->Waiting == 16)
            Model->Lost++;
        else
            Model->Fifo[Model->Waiting++] = (UCHAR)Value;
    } else if ((Port & 7) == 2 || (Port & 7) == 3) { /* FIFO control, line control */
        Model->Lost += Model->Waiting + (Model->Shifting >= 0);
        Model->Waiting = 0;
        Model->Shifting = -1;
        Model->LineControl = (Port & 7) == 3 ? (UCHAR)Value : Model->LineControl;
    } else if ((Port & 7) == 7) {
        Model->Scratch = (UCHAR)Value;
    }
}

VOID KeStallExecutionProcessor(ULONG MicroSeconds) {
    (void)MicroSeconds;
}

static void NewMachine(void) {
    memset(Models, 0, sizeof(Models));
    Models[0] = (MODEL){.Base = 0x3F8, .Shifting = -1};
    Models[1] = (MODEL){.Base = 0x3E8, .Shifting = -1};
    PowerOffs = ResetRegisterWrites = SentAtReset = SentAtPowerOff[0] = SentAtPowerOff[1] = 0;
    Machine.ReadPort = ReadPort;
    Machine.WritePort = WritePort;
    HalpAcpi = (HAL_ACPI_FACTS){.Pm1aControlPort = 0x604, .SleepTypeValid = TRUE};
}

static void PowerOff(void) {
    HalReturnToFirmware(HalPowerDownRoutine);
}
static void Reset(void) {
    HalReturnToFirmware(HalRebootRoutine);
}

TEST(NoByteIsLostOrSentTwice) {
    char Text[200];
    for (ULONG i = 0; i < sizeof(Text); i++)
        Text[i] = (char)(i * 7);
    NewMachine();
    HalpInitializeSerial();
    for (ULONG i = 0; i < sizeof(Text); i += 20)
        HalSerialWrite(1, Text + i, 20);
    HalSerialFlush();
    CHECK_EQ(Models[0].Lost, 0);
    CHECK_EQ(Models[0].SentLength, sizeof(Text));
    CHECK(memcmp(Models[0].Sent, Text, sizeof(Text)) == 0);
}

TEST(EveryLengthIsOutBeforePowerOff) {
    for (ULONG Length = 0; Length < 70; Length++) {
        char Text[70] = {0};
        NewMachine();
        HalpInitializeSerial();
        HalSerialWrite(1, Text, Length);
        HalSerialWrite(3, Text, 69 - Length);
        BugCheckOf(PowerOff);
        CHECK_EQ(PowerOffs, 1);
        CHECK_EQ(SentAtPowerOff[0], Length);
        CHECK_EQ(SentAtPowerOff[1], 69 - Length);
    }
}

TEST(OutputIsOutBeforeReset) {
    NewMachine();
    HalpInitializeSerial();
    HalSerialWrite(1, "the last words", 14);
    HalpAcpi.ResetRegisterValid = TRUE;
    HalpAcpi.ResetRegister = (GEN_ADDR){.AddressSpaceID = GEN_ADDR_IO, .Address = 0xCF9};
    BugCheckOf(Reset);
    CHECK_EQ(ResetRegisterWrites, 1);
    CHECK_EQ(SentAtReset, 14);
}

/* A way that does nothing but leave its line in the log. */
static PVOID MapAndSay(ULONG64 PhysicalAddress, SIZE_T Length) {
    (void)PhysicalAddress, (void)Length;
    HalSerialWrite(1, "no reset", 8);
    return NULL;
}

TEST(WhatIsSaidBetweenTwoWaysIsOutToo) {
    NewMachine();
    HalpInitializeSerial();
    Machine.Map = MapAndSay;
    HalpAcpi.ResetRegisterValid = TRUE;
    HalpAcpi.ResetRegister = (GEN_ADDR){.AddressSpaceID = GEN_ADDR_MEMORY, .Address = 0x1000};
    BugCheckOf(Reset);
    CHECK_EQ(ResetRegisterWrites, 1);
    CHECK_EQ(SentAtReset, 8);
}

TEST(WhatTheLoaderSaidIsOutBeforeThePortIsSetUp) {
    NewMachine();
    for (ULONG i = 0; i < 16; i++)
        WritePort(0x3F8, 1, 'x');
    HalpInitializeSerial();
    CHECK_EQ(Models[0].Lost, 0);
    CHECK_EQ(Models[0].SentLength, 16);
}

TEST(AStuckPortDoesNotKeepTheMachineOn) {
    NewMachine();
    HalpInitializeSerial();
    HalSerialWrite(1, "never sent", 10);
    HalSerialWrite(3, "sent", 4);
    Models[0].Stuck = TRUE;
    BugCheckOf(PowerOff);
    CHECK_EQ(PowerOffs, 1);
    CHECK_EQ(SentAtPowerOff[1], 4);
    CHECK(!HalSerialPresent(1) && HalSerialPresent(3));
}
