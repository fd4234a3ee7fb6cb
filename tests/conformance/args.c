/* The command line behind the program's name, byte for byte, as the process parameters hold it. */
#include "nt.h"

static PCWSTR SkipProgramName(PCWSTR At) {
    BOOL Quoted = FALSE;
    while (*At && (Quoted || *At != ' ')) {
        Quoted ^= *At++ == '"';
    }
    return At;
}

void Start(void) {
    UNICODE_STRING *CommandLine = &AT(Parameters(), 0x70, UNICODE_STRING);
    Check("terminated", CommandLine->Buffer[CommandLine->Length / 2] == 0);
    Check("maximum beyond length", CommandLine->MaximumLength > CommandLine->Length);
    Print("tail:");
    for (PCWSTR At = SkipProgramName(CommandLine->Buffer); *At; At++) {
        Print(*At < 0x80 ? "%c" : "<%04x>", *At);
    }
    Print("\n");
    Exit(0);
}
