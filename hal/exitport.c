/*
 * exitport.c - boot options, and the port that tools listen on
 *
 * boot.ini is one line of options of the form /NAME or /NAME=VALUE. The HAL is the first to read
 * it, so the parser is here. With /EXITPORT=0xE9 each outcome of the system ("exit 0000002A",
 * "bugcheck ...") is also written to that port as a line of text. QEMU's isa-debugcon copies the
 * bytes into a file, from which tools/vmrun learns a program's exit status.
 */
#include "halp.h"

static PCSTR HalpLoadOptions = "";
static USHORT HalpExitPort;

static CHAR HalpLower(CHAR Character) {
    return Character >= 'A' && Character <= 'Z' ? (CHAR)(Character | 0x20) : Character;
}

/* If At starts with Name as a whole word, returns what follows "/NAME", else NULL. */
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

/* Parses a number in C notation; 0 if there is none or it exceeds 16 bits. */
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
