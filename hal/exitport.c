/*
 * exitport.c - boot options, and the port on which tools listen
 *
 * boot.ini is one line of options of the form /NAME or /NAME=VALUE; the HAL reads it first, so it
 * keeps the parser. With /EXITPORT=0xE9 each outcome of the system ("exit 0000002A", "bugcheck
 * ...") also goes out as a line of text on that port: QEMU's isa-debugcon writes what arrives there
 * into a file, which is how tools/vmrun learns a program's exit status.
 */
#include "halp.h"

static PCSTR HalpLoadOptions = "";
static USHORT HalpExitPort;

static CHAR HalpLower(CHAR Character) {
    return Character >= 'A' && Character <= 'Z' ? (CHAR)(Character | 0x20) : Character;
}

/* Behind "/NAME" if At starts with it as a whole word, else NULL. */
static PCSTR HalpMatchOption(PCSTR At, PCSTR Name) {
    for (At++; *Name != '\0'; At++, Name++) {
        if (HalpLower(*At) != HalpLower(*Name)) {
            return NULL;
        }
    }
    if (*At == '=') {
        return At + 1;
    }
    return *At == '\0' || *At == ' ' || *At == '\t' || *At == '\r' || *At == '\n' ? At : NULL;
}

PCSTR HalQueryLoadOption(_In_ PCSTR Name) {
    PCSTR At = HalpLoadOptions;
    for (CHAR Before = ' '; *At != '\0'; Before = *At++) {
        if (*At == '/' && (UCHAR)Before <= ' ') {
            PCSTR Value = HalpMatchOption(At, Name);
            if (Value != NULL) {
                return Value;
            }
        }
    }
    return NULL;
}

/* A number in C notation; 0 where there is none or it exceeds 16 bits. */
static USHORT HalpParsePort(PCSTR Value) {
    ULONG Base = 10;
    ULONG Number = 0;
    if (Value[0] == '0' && HalpLower(Value[1]) == 'x') {
        Base = 16;
        Value += 2;
    }
    for (; *Value != '\0' && *Value != ' '; Value++) {
        CHAR Digit = HalpLower(*Value);
        ULONG Weight = Digit >= 'a' ? (ULONG)(Digit - 'a') + 10 : (ULONG)(Digit - '0');
        if (Weight >= Base) {
            break;
        }
        Number = Number * Base + Weight;
        if (Number > MAXUSHORT) {
            return 0;
        }
    }
    return (USHORT)Number;
}

VOID HalpInitializeOptions(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock) {
    HalpLoadOptions = LoaderBlock->LoadOptions;
    PCSTR Value = HalQueryLoadOption("EXITPORT");
    HalpExitPort = Value != NULL ? HalpParsePort(Value) : 0;
}

VOID HalWriteOutcome(_In_ PCSZ Line) {
    for (; HalpExitPort != 0 && *Line != '\0'; Line++) {
        WRITE_PORT_UCHAR(HalpExitPort, (UCHAR)*Line);
    }
}
