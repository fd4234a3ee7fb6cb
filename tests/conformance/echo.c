/* Copies standard input to standard output; says at the end how it ended. */
#include "nt.h"

void Start(void) {
    char Buffer[4096];
    IO_STATUS_BLOCK Io;
    ULONG Total = 0;
    for (;;) {
        NTSTATUS Status =
            NtReadFile(StandardInput(), NULL, NULL, NULL, &Io, Buffer, sizeof(Buffer), NULL, NULL);
        if (Status || Io.Information == 0) {
            break;
        }
        Total += (ULONG)Io.Information;
        Emit(Buffer, (ULONG)Io.Information);
    }
    Exit(Total & 0xFF);
}
