/* Pointers that services cannot use: a status each, and the machine goes on. */
#include "guard.h"

#define KERNEL       ((PVOID)0xFFFFF80000000000)
#define NONCANONICAL ((PVOID)0x8000000000000000)

static const struct {
    const char *Name;
    PVOID Pointer;
} Bad[] = {{"null", NULL},
           {"low", (PVOID)0x10},
           {"kernel", KERNEL},
           {"last", (PVOID)-16},
           {"hole", NONCANONICAL}};

void Start(void) {
    IO_STATUS_BLOCK Io;
    for (ULONG i = 0; i < sizeof(Bad) / sizeof(Bad[0]); i++) {
        PVOID P = Bad[i].Pointer;
        Print("%s:", Bad[i].Name);
        Print(" time %08x", (unsigned)NtQuerySystemTime(P));
        Print(" counter %08x", (unsigned)NtQueryPerformanceCounter(P, NULL));
        Print(" event %08x", (unsigned)NtCreateEvent(P, EVENT_ALL_ACCESS, NULL, 0, FALSE));
        Print(" process %08x", (unsigned)NtQueryInformationProcess(SELF, 0, P, 48, NULL));
        Print(" system %08x", (unsigned)NtQuerySystemInformation(0, P, 64, NULL));
        Print(" status block %08x\n",
              (unsigned)NtWriteFile(StandardOutput(), NULL, NULL, NULL, P, "", 0, NULL, NULL));
        if (P) {
            NTSTATUS Status =
                NtWriteFile(StandardOutput(), NULL, NULL, NULL, &Io, P, 8, NULL, NULL);
            ShowFailure("  buffer", Status);
            Print("  delay %08x\n", (unsigned)NtDelayExecution(FALSE, P));
        }
    }
    ShowStatus("close 0", NtClose(NULL));
    ShowStatus("close junk", NtClose((HANDLE)0xDEAD0));
    ShowStatus("close odd", NtClose((HANDLE)0x123457));
    ShowStatus("wait for junk", NtWaitForSingleObject((HANDLE)0xDEAD0, FALSE, NULL));
    ShowStatus("set junk", NtSetEvent((HANDLE)0xDEAD0, NULL));
    ShowStatus("write to junk",
               NtWriteFile((HANDLE)0xDEAD0, NULL, NULL, NULL, &Io, "", 0, NULL, NULL));
    Exit(7);
}
