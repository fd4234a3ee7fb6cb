/* The least program: one write to standard output, an exit status of its own. */
#include "nt.h"

void Start(void) {
    static const char Text[] = "Hello from a Windows program.\n";
    IO_STATUS_BLOCK Io = {0};
    NTSTATUS Status =
        NtWriteFile(StandardOutput(), NULL, NULL, NULL, &Io, Text, sizeof(Text) - 1, NULL, NULL);
    NtTerminateProcess(SELF, NT_SUCCESS(Status) && Io.Information == sizeof(Text) - 1 ? 42 : 1);
}
