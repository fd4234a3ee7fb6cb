/*
 * main.c - the campaign's program: a round, its partner and the ledger
 */
#include "fuzz.h"

NTSYS NTSTATUS NTAPI NtResumeProcess(HANDLE);
NTSYS NTSTATUS NTAPI NtMakePermanentObject(HANDLE);

#define LEDGER_MAGIC  0x7265676465ull
#define ROUND_LIMIT   10000 /* milliseconds, until the watch ends a round */
#define PARTNER_LIMIT 12000
#define PARTNER_LOOKS 25 /* milliseconds */
#define STUCK         12 /* looks at which nothing has gone on */

LEDGER *Ledger;

/* ---- The ledger ---- */

static BOOL OpenLedger(void) {
    LARGE_INTEGER Size = {.QuadPart = sizeof(LEDGER)};
    HANDLE Section = NULL;
    PVOID Base = NULL;
    SIZE_T ViewSize = 0;
    NTSTATUS Status =
        NtCreateSection(&Section, SECTION_ALL_ACCESS, NamedBy(L"\\BaseNamedObjects\\Ledger"), &Size,
                        PAGE_READWRITE, SEC_COMMIT, NULL);
    if (Status >= 0) {
        NtMakePermanentObject(Section);
        Status =
            NtMapViewOfSection(Section, SELF, &Base, 0, 0, NULL, &ViewSize, 2, 0, PAGE_READWRITE);
        NtClose(Section);
    }
    Ledger = Base;
    if (Status >= 0 && Ledger->Magic != LEDGER_MAGIC) {
        memset(Ledger, 0, sizeof(*Ledger));
        Ledger->Magic = LEDGER_MAGIC;
    }
    return Status >= 0;
}

/* ---- The partner ---- */

static BOOL Waits(HANDLE Process, ULONG Milliseconds) {
    return NtWaitForSingleObject(Process, FALSE, MILLISECONDS(Milliseconds)) == STATUS_TIMEOUT;
}

static void Watch(ULONG Milliseconds) {
    HANDLE Device = NULL;
    IO_STATUS_BLOCK Io;
    if (NtOpenFile(&Device, FILE_WRITE_DATA | SYNCHRONIZE, NamedBy(L"\\Device\\Watch"), &Io, 0,
                   0x20) >= 0) {
        NtWriteFile(Device, NULL, NULL, NULL, &Io, &Milliseconds, sizeof(Milliseconds), NULL, NULL);
        NtClose(Device);
    }
}

/* Number: the process id of the round. */
static DECLSPEC_NORETURN void RunPartner(ULONG64 Number) {
    CLIENT_ID Id = {(HANDLE)Number, NULL};
    OBJECT_ATTRIBUTES Attributes = {.Length = sizeof(Attributes)};
    HANDLE Round = NULL;
    Watch(PARTNER_LIMIT);
    if (NtOpenProcess(&Round, MAXIMUM_ALLOWED, &Attributes, &Id) < 0) {
        Exit(1);
    }
    LONG64 Calls = 0;
    for (ULONG Same = 0; Waits(Round, PARTNER_LOOKS);) {
        Same = Ledger->Calls == Calls ? Same + 1 : 0;
        Calls = Ledger->Calls;
        NtResumeProcess(Round);
        if (Same == STUCK) {
            NtTerminateProcess(Round, STATUS_TIMEOUT);
        }
    }
    Exit(0);
}

/* ---- A round ---- */

static BOOL Mode(const WCHAR *Word) {
    UNICODE_STRING *Text = &AT(Parameters(), 0x70, UNICODE_STRING);
    ULONG Length = 0;
    while (Word[Length] != 0) {
        Length++;
    }
    for (ULONG i = 0; i + Length <= Text->Length / 2; i++) {
        ULONG j = 0;
        while (j < Length && Text->Buffer[i + j] == Word[j]) {
            j++;
        }
        if (j == Length) {
            return TRUE;
        }
    }
    return FALSE;
}

static DECLSPEC_NORETURN void RunRound(ULONG Round) {
    ULONG64 Seed = NumberArgument(0, 1) * 0x9E3779B97F4A7C15 + Round * 0xD1B54A32D192ED03 + 1;
    ULONG64 Calls = NumberArgument(2, 4000);
    RtlAddVectoredExceptionHandler(1, RestartAfterException);
    NtClose(StandardInput());
    NtClose(StandardOutput()); /* what is written at random would hold up the machine */
    if (Mode(L" images")) {
        RunImages(Seed, Round * (ULONG)Calls, (ULONG)Calls);
    }
    Partner = SpawnChild((ULONG64)MyProcessId());
    if (Mode(L" entry")) {
        RunEntries(Seed, Calls);
    }
    RunWorkers(Seed, Calls);
}

void Start(void) {
    if (!OpenLedger()) {
        Print("@ledger cannot be opened\n");
        Exit(1);
    }
    if (IsChildProcess()) {
        RunPartner(NumberArgument(0, 0));
    }
    ULONG Rounds = (ULONG)NumberArgument(1, 4);
    Watch(ROUND_LIMIT);
    RemoveTraces();
    PrintCounters(Ledger);
    if (Ledger->Round >= Rounds) {
        Print("@end\n");
        Exit(0);
    }
    RunRound(Ledger->Round++);
}
