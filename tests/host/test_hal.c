/*
 * The parts of the HAL that only look at bytes: the S5 package in AML, boot options, port names.
 * Sources: hal/aml.c hal/exitport.c hal/serial.c
 */
#include "halmachine.h"

#include <stdlib.h>

static int Failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                 \
            Failures++;                                                                            \
        }                                                                                          \
    } while (0)

/* The search runs on a heap copy of exactly this size, so that a read past the end is caught. */
static BOOLEAN Find(const char *Aml, size_t Length, UCHAR *A, UCHAR *B) {
    UCHAR *Copy = malloc(Length ? Length : 1);
    memcpy(Copy, Aml, Length);
    BOOLEAN Found = HalpFindSleepType(Copy, (ULONG)Length, A, B);
    free(Copy);
    return Found;
}

static void TestSleepTypeForms(void) {
    static const char Bytes[] = "xx\x08_S5_\x12\x08\x04\x0A\x05\x0A\x06\x00\x00";
    static const char Rooted[] = "\x08\\_S5_\x12\x06\x04\x00\x01\x00\x00";
    static const char OneElement[] = "\x08_S5_\x12\x04\x01\x0A\x07";
    static const char LongLength[] = "\x08_S5_\x12\x4A\x00\x02\x01\x00";
    UCHAR A, B;
    CHECK(Find(Bytes, sizeof(Bytes) - 1, &A, &B) && A == 5 && B == 6);
    CHECK(Find(Rooted, sizeof(Rooted) - 1, &A, &B) && A == 0 && B == 1);
    CHECK(Find(OneElement, sizeof(OneElement) - 1, &A, &B) && A == 7 && B == 7);
    CHECK(Find(LongLength, sizeof(LongLength) - 1, &A, &B) && A == 1 && B == 0);
}

static void TestSleepTypeRefused(void) {
    static const char NotNamed[] = "\x14_S5_\x12\x06\x04\x00\x01\x00\x00"; /* a method's name */
    static const char TooLarge[] = "\x08_S5_\x12\x08\x04\x0A\x08\x0A\x00\x00\x00";
    static const char NoPackage[] = "\x08_S5_\x0A\x05\x0A\x05";
    static const char Empty[] = "\x08_S5_\x12\x02\x00";
    UCHAR A, B;
    CHECK(!Find(NotNamed, sizeof(NotNamed) - 1, &A, &B));
    CHECK(!Find(TooLarge, sizeof(TooLarge) - 1, &A, &B));
    CHECK(!Find(NoPackage, sizeof(NoPackage) - 1, &A, &B));
    CHECK(!Find(Empty, sizeof(Empty) - 1, &A, &B));
    CHECK(!Find("", 0, &A, &B));
}

/* Cut anywhere, a good package is either complete or not found. */
static void TestSleepTypeTruncated(void) {
    static const char Bytes[] = "\x08_S5_\x12\x08\x04\x0A\x05\x0A\x06";
    UCHAR A, B;
    for (size_t Length = 0; Length < sizeof(Bytes) - 1; Length++) {
        CHECK(!Find(Bytes, Length, &A, &B));
    }
}

static void TestOptions(void) {
    LOADER_PARAMETER_BLOCK Block = {0};
    Block.LoadOptions = "/DEBUGPORT=COM1 /console=com3 x/INT2E /BREAK";
    HalpInitializeOptions(&Block);
    CHECK(strncmp(HalQueryLoadOption("DEBUGPORT"), "COM1 ", 5) == 0);
    CHECK(HalParseSerialPort(HalQueryLoadOption("CONSOLE")) == 3);
    CHECK(HalQueryLoadOption("BREAK") != NULL);
    CHECK(HalQueryLoadOption("INT2E") == NULL);
    CHECK(HalQueryLoadOption("DEBUG") == NULL);
    CHECK(HalQueryLoadOption("BREAKPOINT") == NULL);
    Block.LoadOptions = "";
    HalpInitializeOptions(&Block);
    CHECK(HalQueryLoadOption("BREAK") == NULL);
}

static void TestPortNames(void) {
    CHECK(HalParseSerialPort("COM1") == 1 && HalParseSerialPort("com4 x") == 4);
    CHECK(HalParseSerialPort("COM0") == 0 && HalParseSerialPort("COM5") == 0);
    CHECK(HalParseSerialPort("COM12") == 0 && HalParseSerialPort("LPT1") == 0);
    CHECK(HalParseSerialPort("") == 0 && HalParseSerialPort("CO") == 0);
    CHECK(HalParseSerialPort(NULL) == 0);
}

int main(void) {
    TestSleepTypeForms();
    TestSleepTypeRefused();
    TestSleepTypeTruncated();
    TestOptions();
    TestPortNames();
    return Failures != 0;
}
